#include "core/engine/phrase_writer.h"

#include "core/base/random.h"
#include "core/engine/model_loading.h"
#include "core/networks/blip2.h"
#include "core/text/byte_bpe_tokenizer.h"
#include "core/text/unigram_tokenizer.h"
#include "core/weights/tensor_names.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

namespace sapsam {

namespace {

constexpr std::size_t kCropsAtOnce = 32;

std::string trimmed(const std::string &text)
{
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Of the two that write phrases, the one that the folder says; OPT for all others, which are then
// refused for not being it.
std::string architectureIn(const std::string &modelFolder)
{
    if (!std::filesystem::is_directory(modelFolder))
        return "blip2-opt";
    const std::string found = engine::architectureOf(readJsonFile(modelFolder + "/config.json"));
    return found == "blip2-t5" ? found : "blip2-opt";
}

} // namespace

struct PhraseWriter::Private
{
    engine::Computing computing;
    engine::ModelFolder folder;
    std::optional<ByteBpeTokenizer> optTokenizer; // one of the two
    std::optional<UnigramTokenizer> t5Tokenizer;
    nn::Blip2 network{nullptr};

    std::size_t tokens() const { return t5Tokenizer ? t5Tokenizer->size() : optTokenizer->size(); }
    std::vector<std::int64_t> encode(const std::string &prompt) const
    {
        return t5Tokenizer ? t5Tokenizer->encode(prompt) : optTokenizer->encode(prompt);
    }
    std::string decode(const std::vector<std::int64_t> &ids) const
    {
        return t5Tokenizer ? t5Tokenizer->decode(ids) : optTokenizer->decode(ids);
    }
};

PhraseWriter::PhraseWriter(const std::string &modelFolder, const EngineOptions &options)
    : d(std::make_unique<Private>())
{
    d->computing = engine::startComputing(options);
    d->folder = engine::openModelFolder(modelFolder, "phrases", architectureIn(modelFolder));
    if (d->folder.info.architecture == "blip2-t5")
        d->t5Tokenizer = UnigramTokenizer::fromFolder(modelFolder);
    else
        d->optTokenizer = ByteBpeTokenizer::fromFolder(modelFolder);
    engine::translated("loading " + modelFolder, [&] {
        const nn::Blip2Config config = nn::blip2ConfigFromJson(d->folder.config, d->folder.origin);
        if (config.textVocabSize() < static_cast<std::int64_t>(d->tokens()))
            throw Error(ErrorKind::Mismatch,
                        modelFolder + ": the tokenizer has " + std::to_string(d->tokens())
                            + " tokens, the model only " + std::to_string(config.textVocabSize()));
        if (config.vision.imageHeight != d->folder.preparation.height
            || config.vision.imageWidth != d->folder.preparation.width)
            throw Error(ErrorKind::Mismatch, modelFolder
                                                 + ": config.json and preprocessor_config.json "
                                                   "disagree about the size of pictures");
        d->network = engine::loadNetwork<nn::Blip2>(
            d->folder, config,
            config.language == nn::Blip2Language::T5 ? blip2T5Names() : blip2OptNames(),
            d->computing);
        if (d->computing.info.precision == "int8")
            d->network->quantizeLanguageModel();
    });
}

PhraseWriter::~PhraseWriter() = default;

const ModelInfo &PhraseWriter::model() const
{
    return d->folder.info;
}

std::vector<std::string> PhraseWriter::write(const std::vector<PhraseRequest> &requests,
                                             const PhraseDecoding &decoding)
{
    std::vector<std::string> result(requests.size());
    auto options = d->network->config.generationOptions();
    options.numBeams = decoding.numBeams;
    options.maxNewTokens = decoding.maxNewTokens;
    options.minNewTokens = decoding.minNewTokens;
    options.lengthPenalty = decoding.lengthPenalty;
    options.repetitionPenalty = decoding.repetitionPenalty;
    options.noRepeatNgram = decoding.noRepeatNgram;
    options.sample = decoding.sample;
    options.temperature = decoding.temperature;
    options.topK = decoding.topK;
    options.topP = decoding.topP;
    if (decoding.lavisLengths)
        options.lengthConvention = nn::LengthConvention::WithPlaceholder;
    options.check();

    // Equal prompts go together, so that no prompt needs padding and a phrase does not depend on
    // what it was written beside.
    std::map<std::string, std::vector<std::size_t>> rowsOfPrompt;
    for (std::size_t i = 0; i < requests.size(); ++i)
        rowsOfPrompt[requests[i].prompt].push_back(i);
    const std::int64_t height = d->network->config.vision.imageHeight;
    const std::int64_t width = d->network->config.vision.imageWidth;
    for (const auto &[prompt, rows] : rowsOfPrompt) {
        const torch::Tensor ids = torch::tensor(d->encode(prompt), torch::kLong);
        for (std::size_t begin = 0; begin < rows.size(); begin += kCropsAtOnce) {
            const std::size_t count = std::min(kCropsAtOnce, rows.size() - begin);
            options.rowSeeds.clear();
            for (std::size_t i = 0; i < count; ++i)
                options.rowSeeds.push_back(splitMix64(decoding.seed ^ splitMix64(rows[begin + i])));
            engine::translated("writing phrases", [&] {
                const torch::NoGradGuard noGrad;
                torch::Tensor pixels = torch::empty(
                    {static_cast<std::int64_t>(count), 3, height, width}, torch::kFloat);
                float *values = pixels.data_ptr<float>();
                at::parallel_for(
                    0, static_cast<std::int64_t>(count), 1,
                    [&](std::int64_t first, std::int64_t last) {
                        for (std::int64_t i = first; i < last; ++i)
                            d->folder.preparation.write(
                                requests[rows[begin + static_cast<std::size_t>(i)]].crop,
                                values + i * 3 * height * width);
                    });
                const torch::Tensor queries =
                    d->network->encodeImage(pixels.to(d->computing.device, d->computing.type));
                const nn::Generated written =
                    d->network->generate(queries,
                                         ids.unsqueeze(0)
                                             .repeat({static_cast<std::int64_t>(count), 1})
                                             .to(d->computing.device),
                                         options);
                for (std::size_t i = 0; i < count; ++i)
                    result[rows[begin + i]] = trimmed(d->decode(written.ids[i]));
            });
        }
    }
    return result;
}

} // namespace sapsam
