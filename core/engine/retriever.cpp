#include "core/engine/retriever.h"

#include "core/engine/model_loading.h"
#include "core/networks/clip.h"
#include "core/networks/sap_sam.h"
#include "core/text/clip_tokenizer.h"
#include "core/text/query_parser.h"
#include "core/weights/safetensors.h"
#include "core/weights/tensor_names.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <filesystem>

namespace sapsam {

namespace {

constexpr std::size_t kPicturesAtOnce = 32;
constexpr std::size_t kTextsAtOnce = 64;
constexpr std::size_t kMatchedAtOnce = 1024;
constexpr char kHeads[] = "heads.safetensors";
constexpr std::int64_t kCrossHeadWidth = 64; // as published, where the file does not say

torch::Tensor unitRows(const torch::Tensor &features)
{
    const torch::Tensor values = features.to(torch::kFloat);
    return (values / values.norm(2, {1}, true).clamp_min(1e-12)).cpu().contiguous();
}

// ELCA's head of a model folder, from the file that a training leaves beside the encoders, or from
// published weights that hold all of a training; none when the model was trained without.
nn::PhraseMatcher readMatcher(const engine::ModelFolder &folder, std::int64_t width,
                              const engine::Computing &computing)
{
    std::shared_ptr<const TensorSource> source;
    std::int64_t heads = std::max<std::int64_t>(1, width / kCrossHeadWidth);
    if (std::filesystem::exists(folder.file(kHeads))) {
        const auto file = std::make_shared<SafetensorsFile>(folder.file(kHeads));
        const auto said = file->metadata().find("cross_heads");
        if (said != file->metadata().end())
            heads = std::atoll(said->second.c_str());
        source = file;
    } else {
        source = engine::openWeights(folder);
    }
    if (source->find("classifier_matching.fc.weight") == nullptr)
        return nullptr;
    nn::PhraseMatcher matcher(width, heads);
    LoadOptions names;
    names.ignorable = {"*"}; // the encoders, and heads that only training uses
    loadStrict(*matcher, *source, names);
    matcher->to(computing.device, computing.type);
    matcher->eval();
    return matcher;
}

} // namespace

struct Retriever::Private
{
    engine::Computing computing;
    engine::ModelFolder folder;
    std::optional<ClipTokenizer> tokenizer;
    nn::Clip clip{nullptr};
    nn::PhraseMatcher matcher{nullptr};
};

Retriever::Retriever(const std::string &modelFolder, const EngineOptions &options)
    : d(std::make_unique<Private>())
{
    d->computing = engine::startComputing(options);
    d->folder = engine::openModelFolder(modelFolder, "retrieval", "clip");
    d->tokenizer = ClipTokenizer::fromFolder(modelFolder);
    engine::translated("loading " + modelFolder, [&] {
        const nn::ClipConfig config = nn::clipConfigFromJson(d->folder.config, d->folder.origin);
        if (config.vocabSize < static_cast<std::int64_t>(d->tokenizer->size()))
            throw Error(ErrorKind::Mismatch,
                        modelFolder + ": the tokenizer has " + std::to_string(d->tokenizer->size())
                            + " tokens, the model only " + std::to_string(config.vocabSize));
        if (config.imageHeight != d->folder.preparation.height
            || config.imageWidth != d->folder.preparation.width)
            throw Error(ErrorKind::Mismatch, modelFolder
                                                 + ": config.json and preprocessor_config.json "
                                                   "disagree about the size of pictures");
        d->clip = engine::loadNetwork<nn::Clip>(d->folder, config, clipNames(), d->computing);
        d->matcher = readMatcher(d->folder, config.embedDim, d->computing);
    });
}

Retriever::~Retriever() = default;

const ModelInfo &Retriever::model() const
{
    return d->folder.info;
}

int Retriever::dimension() const
{
    return static_cast<int>(d->clip->config.embedDim);
}

int Retriever::contextLength() const
{
    return static_cast<int>(d->clip->config.contextLength);
}

std::vector<std::string> Retriever::unknownWords(const std::string &text) const
{
    constexpr std::size_t kShortest = 3;
    std::vector<std::string> unknown;
    for (const std::string &word : plainWords(text)) {
        if (word.size() >= kShortest && d->tokenizer->encode(word).size() > 1
            && std::find(unknown.begin(), unknown.end(), word) == unknown.end())
            unknown.push_back(word);
    }
    return unknown;
}

TextEmbedding Retriever::embedText(const std::string &text)
{
    return embedTexts({text}).front();
}

std::vector<TextEmbedding> Retriever::embedTexts(const std::vector<std::string> &texts)
{
    std::vector<TextEmbedding> result(texts.size());
    const std::size_t context = static_cast<std::size_t>(contextLength());
    for (std::size_t begin = 0; begin < texts.size(); begin += kTextsAtOnce) {
        const std::size_t end = std::min(begin + kTextsAtOnce, texts.size());
        std::size_t longest = 0;
        std::vector<TokenSequence> sequences;
        for (std::size_t i = begin; i < end; ++i) {
            if (texts[i].find_first_not_of(" \t\r\n") == std::string::npos)
                throw Error(ErrorKind::InvalidInput,
                            "the description is empty; type what the person looks like");
            TokenSequence sequence = d->tokenizer->encodePadded(texts[i], context);
            std::size_t used = 0;
            for (const std::int64_t one : sequence.attentionMask)
                used += static_cast<std::size_t>(one);
            longest = std::max(longest, used);
            result[i].truncated = sequence.truncated;
            result[i].tokens = sequence.truncated
                                   ? static_cast<int>(d->tokenizer->encode(texts[i]).size()) + 2
                                   : static_cast<int>(used);
            sequences.push_back(std::move(sequence));
        }
        engine::translated("encoding a description", [&] {
            const torch::NoGradGuard noGrad;
            // The text tower is causal: padding behind the end changes nothing and is not computed.
            torch::Tensor ids = torch::zeros(
                {static_cast<std::int64_t>(sequences.size()), static_cast<std::int64_t>(longest)},
                torch::kLong);
            for (std::size_t i = 0; i < sequences.size(); ++i)
                std::copy_n(sequences[i].ids.begin(), longest,
                            ids.data_ptr<std::int64_t>() + i * longest);
            const torch::Tensor rows = unitRows(d->clip->textFeatures(ids.to(d->computing.device)));
            const float *values = rows.data_ptr<float>();
            for (std::size_t i = begin; i < end; ++i) {
                result[i].values.assign(values, values + dimension());
                values += dimension();
            }
        });
    }
    return result;
}

bool Retriever::matchesPhrases() const
{
    return !d->matcher.is_empty();
}

std::vector<float> Retriever::matchPhrase(const std::string &phrase,
                                          const std::vector<float> &pictures)
{
    if (!matchesPhrases())
        throw Error(ErrorKind::Unsupported,
                    "the model '" + d->folder.info.name
                        + "' has no head that matches phrases; train it with part alignment");
    const TokenSequence sequence =
        d->tokenizer->encodePadded(phrase, static_cast<std::size_t>(contextLength()));
    std::int64_t used = 0;
    for (const std::int64_t one : sequence.attentionMask)
        used += one;
    if (used <= 2) // start and end
        throw Error(ErrorKind::InvalidInput, "the phrase to match is empty");
    const auto width = static_cast<std::size_t>(dimension());
    const std::size_t count = pictures.size() / width;
    std::vector<float> result(count);
    engine::translated("matching a phrase", [&] {
        const torch::NoGradGuard noGrad;
        const torch::Tensor ids =
            torch::tensor(
                std::vector<std::int64_t>(sequence.ids.begin(), sequence.ids.begin() + used))
                .unsqueeze(0);
        // Without start and end: training shows the head the words of a phrase alone.
        const torch::Tensor words =
            d->clip->encodeTextTokens(ids.to(d->computing.device)).squeeze(0).slice(0, 1, used - 1);
        for (std::size_t first = 0; first < count; first += kMatchedAtOnce) {
            const auto rows = static_cast<std::int64_t>(std::min(kMatchedAtOnce, count - first));
            const torch::Tensor tokens =
                torch::from_blob(const_cast<float *>(pictures.data()) + first * width,
                                 {rows, static_cast<std::int64_t>(width)}, torch::kFloat)
                    .to(d->computing.device, d->computing.type);
            const torch::Tensor odds =
                d->matcher(tokens, words).to(torch::kFloat).cpu().contiguous();
            std::copy_n(odds.data_ptr<float>(), rows, result.data() + first);
        }
    });
    return result;
}

std::vector<float> Retriever::embedImages(const std::vector<Image> &pictures,
                                          std::vector<float> *lengths)
{
    if (lengths)
        lengths->assign(pictures.size(), 0.0F);

    const std::size_t width = static_cast<std::size_t>(dimension());
    std::vector<float> result(pictures.size() * width);
    for (std::size_t begin = 0; begin < pictures.size(); begin += kPicturesAtOnce) {
        const std::size_t count = std::min(kPicturesAtOnce, pictures.size() - begin);
        engine::translated("embedding pictures", [&] {
            const torch::NoGradGuard noGrad;
            const std::int64_t height = d->clip->config.imageHeight;
            const std::int64_t columns = d->clip->config.imageWidth;
            torch::Tensor pixels =
                torch::empty({static_cast<std::int64_t>(count), 3, height, columns}, torch::kFloat);
            float *values = pixels.data_ptr<float>();
            at::parallel_for(
                0, static_cast<std::int64_t>(count), 1, [&](std::int64_t first, std::int64_t last) {
                    for (std::int64_t i = first; i < last; ++i)
                        d->folder.preparation.write(pictures[begin + static_cast<std::size_t>(i)],
                                                    values + i * 3 * height * columns);
                });
            const float share = d->folder.preparation.averageMirrored ? 0.5F : 1.0F;
            const auto embedded = [&](const torch::Tensor &input) {
                const torch::Tensor features =
                    d->clip->imageFeatures(input.to(d->computing.device, d->computing.type));
                if (lengths) {
                    const torch::Tensor norms =
                        features.to(torch::kFloat).norm(2, {1}).cpu().contiguous();
                    for (std::size_t i = 0; i < count; ++i)
                        (*lengths)[begin + i] += share * norms.data_ptr<float>()[i];
                }
                return unitRows(features);
            };
            torch::Tensor rows = embedded(pixels);
            if (d->folder.preparation.averageMirrored)
                rows = unitRows(rows + embedded(pixels.flip(3)));
            std::copy_n(rows.data_ptr<float>(), count * width, result.data() + begin * width);
        });
    }
    return result;
}

} // namespace sapsam
