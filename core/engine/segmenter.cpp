#include "core/engine/segmenter.h"

#include "core/engine/model_loading.h"
#include "core/networks/person_sam.h"
#include "core/text/wordpiece_tokenizer.h"
#include "core/weights/tensor_names.h"

#include <ATen/Parallel.h>

#include <algorithm>

namespace sapsam {

namespace {

// The part of a square plane of logits that shows the picture, when the rest is padding: as much of
// the longer side as there is. `width` and `height` are the picture's on entry and the part's on
// return.
std::vector<float> withoutPadding(const float *plane, int side, int &width, int &height)
{
    const double scale = static_cast<double>(side) / std::max(width, height);
    width = std::max(1, static_cast<int>(width * scale + 0.5));
    height = std::max(1, static_cast<int>(height * scale + 0.5));
    std::vector<float> content;
    for (int y = 0; y < height; ++y)
        content.insert(content.end(), plane + y * side, plane + y * side + width);
    return content;
}

// Picture-major: the row of picture i and prompt p is i·P + p. On the CPU, contiguous, float.
struct PhraseAnswers
{
    torch::Tensor logits; // [I·P, 1, s, s]
    torch::Tensor scores; // [I·P, 1], predicted overlap
};

} // namespace

struct Segmenter::Private
{
    engine::Computing computing;
    engine::ModelFolder folder;
    std::optional<WordPieceTokenizer> tokenizer;
    nn::PersonSam network{nullptr};
    // The text side of the last prompts: a gallery is segmented with the same ones.
    std::vector<std::string> phrases;
    nn::PhrasePrompts prompts;

    void encodePhrases(const std::vector<SegmentPrompt> &wanted);
    // What the network says of the last prompts on each picture; where the model asks for it, the
    // mean of the picture and its mirror image.
    PhraseAnswers answer(const Image *pictures, std::size_t count);
    // Small networks take several pictures at once, SAM's own size one.
    std::size_t picturesAtOnce() const { return network->config.sam.grid() <= 32 ? 8 : 1; }
};

void Segmenter::Private::encodePhrases(const std::vector<SegmentPrompt> &wanted)
{
    std::vector<std::string> texts;
    for (const SegmentPrompt &prompt : wanted)
        texts.push_back(prompt.phrase);
    if (texts == phrases && prompts.sparse.defined())
        return;
    const std::size_t length = static_cast<std::size_t>(network->config.maxPhraseTokens);
    const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(texts.size()),
                                             static_cast<std::int64_t>(length)};
    torch::Tensor ids = torch::zeros(shape, torch::kLong);
    torch::Tensor mask = torch::zeros(shape, torch::kLong);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const TokenSequence sequence = tokenizer->encodePadded(texts[i], length);
        std::copy(sequence.ids.begin(), sequence.ids.end(),
                  ids.data_ptr<std::int64_t>() + i * length);
        std::copy(sequence.attentionMask.begin(), sequence.attentionMask.end(),
                  mask.data_ptr<std::int64_t>() + i * length);
    }
    prompts = network->encodePhrases(ids.to(computing.device), mask.to(computing.device));
    phrases = std::move(texts);
}

PhraseAnswers Segmenter::Private::answer(const Image *pictures, std::size_t count)
{
    const std::int64_t side = network->config.sam.imageSize;
    torch::Tensor pixels =
        torch::empty({static_cast<std::int64_t>(count), 3, side, side}, torch::kFloat);
    float *values = pixels.data_ptr<float>();
    at::parallel_for(0, static_cast<std::int64_t>(count), 1,
                     [&](std::int64_t first, std::int64_t last) {
                         for (std::int64_t i = first; i < last; ++i)
                             folder.preparation.write(pictures[i], values + i * 3 * side * side);
                     });
    nn::PhrasePrompts repeated = prompts;
    if (count > 1) {
        const std::int64_t times = static_cast<std::int64_t>(count);
        repeated.sparse = repeated.sparse.repeat({times, 1, 1});
        if (repeated.dense.defined())
            repeated.dense = repeated.dense.repeat({times, 1, 1, 1});
        if (repeated.text.defined())
            repeated.text = repeated.text.repeat({times, 1, 1});
    }
    const auto decoded = [&](const torch::Tensor &input) {
        const torch::Tensor embeddings =
            network->encodeImage(input.to(computing.device, computing.type)).to(torch::kFloat);
        return network->decodePrompts(embeddings, repeated);
    };
    const nn::PersonSamOutput plain = decoded(pixels);
    torch::Tensor logits = plain.maskLogits.to(torch::kFloat);
    torch::Tensor scores = plain.iou.to(torch::kFloat);
    if (folder.preparation.averageMirrored) {
        const nn::PersonSamOutput mirrored = decoded(pixels.flip(3));
        logits = 0.5 * (logits + mirrored.maskLogits.to(torch::kFloat).flip(3));
        scores = 0.5 * (scores + mirrored.iou.to(torch::kFloat));
    }
    return {logits.cpu().contiguous(), scores.cpu().contiguous()};
}

Segmenter::Segmenter(const std::string &modelFolder, const EngineOptions &options)
    : d(std::make_unique<Private>())
{
    d->computing = engine::startComputing(options);
    d->folder = engine::openModelFolder(modelFolder, "person-sam", "person-sam");
    d->tokenizer = WordPieceTokenizer::fromFile(d->folder.file("vocab.txt"));
    engine::translated("loading " + modelFolder, [&] {
        const nn::PersonSamConfig config =
            nn::personSamConfigFromJson(d->folder.config, d->folder.origin);
        if (config.text.vocabSize < static_cast<std::int64_t>(d->tokenizer->size()))
            throw Error(ErrorKind::Mismatch,
                        modelFolder + ": the tokenizer has " + std::to_string(d->tokenizer->size())
                            + " tokens, the model only " + std::to_string(config.text.vocabSize));
        if (config.sam.imageSize != d->folder.preparation.height
            || config.sam.imageSize != d->folder.preparation.width)
            throw Error(ErrorKind::Mismatch, modelFolder
                                                 + ": config.json and preprocessor_config.json "
                                                   "disagree about the size of pictures");
        // Only the image encoder computes in bf16: nearly all the work is there, and where a mask
        // ends is decided by small differences of what comes behind it.
        engine::Computing whole = d->computing;
        whole.type = torch::kFloat;
        d->network = engine::loadNetwork<nn::PersonSam>(d->folder, config, personSamNames(), whole);
        d->network->vision_encoder->to(d->computing.type);
    });
}

Segmenter::~Segmenter() = default;

const ModelInfo &Segmenter::model() const
{
    return d->folder.info;
}

std::vector<std::vector<PartMask>> Segmenter::segment(const std::vector<Image> &pictures,
                                                      const std::vector<SegmentPrompt> &prompts)
{
    std::vector<std::vector<PartMask>> result(pictures.size());
    if (prompts.empty())
        return result;
    const std::size_t chunk = d->picturesAtOnce();
    for (std::size_t begin = 0; begin < pictures.size(); begin += chunk) {
        const std::size_t count = std::min(chunk, pictures.size() - begin);
        engine::translated("segmenting pictures", [&] {
            const torch::NoGradGuard noGrad;
            d->encodePhrases(prompts);
            const PhraseAnswers answers = d->answer(pictures.data() + begin, count);
            const torch::Tensor &logits = answers.logits; // [I·P, 1, s, s]
            const torch::Tensor &scores = answers.scores;
            const int maskSide = static_cast<int>(logits.size(-1));
            const std::size_t area =
                static_cast<std::size_t>(maskSide) * static_cast<std::size_t>(maskSide);
            const float threshold = static_cast<float>(d->folder.preparation.scoreThreshold);
            for (std::size_t i = 0; i < count; ++i)
                result[begin + i].resize(prompts.size());
            at::parallel_for(
                0, static_cast<std::int64_t>(count * prompts.size()), 1,
                [&](std::int64_t first, std::int64_t last) {
                    for (std::int64_t row = first; row < last; ++row) {
                        const std::size_t picture = static_cast<std::size_t>(row) / prompts.size();
                        const std::size_t prompt = static_cast<std::size_t>(row) % prompts.size();
                        const Image &image = pictures[begin + picture];
                        PartMask &part = result[begin + picture][prompt];
                        part.group = prompts[prompt].group;
                        part.phrase = prompts[prompt].phrase;
                        part.score = std::clamp(scores.data_ptr<float>()[row], 0.0F, 1.0F);
                        if (part.score < threshold) {
                            part.mask = Mask(image.width, image.height);
                            continue;
                        }
                        const float *plane =
                            logits.data_ptr<float>() + static_cast<std::size_t>(row) * area;
                        // Straight from the network's frame to the picture, as the published code
                        // does it, also where the frame was padded, unless the model was trained
                        // otherwise.
                        int width = d->folder.preparation.maskIsPadded ? image.width : maskSide;
                        int height = d->folder.preparation.maskIsPadded ? image.height : maskSide;
                        const std::vector<float> content =
                            withoutPadding(plane, maskSide, width, height);
                        part.mask = maskOfLogits(
                            resizePlane(content, width, height, image.width, image.height),
                            image.width, image.height);
                    }
                });
        });
    }
    return result;
}

} // namespace sapsam
