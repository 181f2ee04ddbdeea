#include "core/engine/phrase_writer.h"

#include "core/engine/model_folder.h"
#include "core/engine/translate.h"
#include "core/networks/blip2.h"
#include "core/text/byte_bpe_tokenizer.h"
#include "core/weights/tensor_names.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <map>

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

} // namespace

struct PhraseWriter::Private
{
    engine::Computing computing;
    engine::ModelFolder folder;
    std::optional<ByteBpeTokenizer> tokenizer;
    nn::Blip2 network{nullptr};
};

PhraseWriter::PhraseWriter(const std::string &modelFolder, const EngineOptions &options)
    : d(std::make_unique<Private>())
{
    d->computing = engine::startComputing(options);
    d->folder = engine::openModelFolder(modelFolder, "phrases", "blip2-opt");
    d->tokenizer = ByteBpeTokenizer::fromFolder(modelFolder);
    engine::translated("loading " + modelFolder, [&] {
        const nn::Blip2Config config = nn::blip2ConfigFromJson(d->folder.config, d->folder.origin);
        if (config.text.vocabSize < static_cast<std::int64_t>(d->tokenizer->size()))
            throw Error(ErrorKind::Mismatch,
                        modelFolder + ": the tokenizer has " + std::to_string(d->tokenizer->size())
                            + " tokens, the model only " + std::to_string(config.text.vocabSize));
        if (config.vision.imageHeight != d->folder.preparation.height
            || config.vision.imageWidth != d->folder.preparation.width)
            throw Error(ErrorKind::Mismatch, modelFolder
                                                 + ": config.json and preprocessor_config.json "
                                                   "disagree about the size of pictures");
        d->network = nn::Blip2(config);
        loadStrict(*d->network, SafetensorsFile(d->folder.file("model.safetensors")),
                   blip2OptNames());
        d->network->to(d->computing.device, d->computing.type);
        d->network->eval();
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
    nn::GenerationOptions options;
    options.numBeams = decoding.numBeams;
    options.maxNewTokens = decoding.maxNewTokens;
    options.lengthPenalty = decoding.lengthPenalty;
    options.repetitionPenalty = decoding.repetitionPenalty;
    options.eosId = d->network->config.text.eosId;
    options.padId = d->network->config.text.padId;
    options.placeholderId = d->network->config.text.bosId;
    options.check();

    // Equal prompts go together, so that no prompt needs padding and a phrase does not depend on
    // what it was written beside.
    std::map<std::string, std::vector<std::size_t>> rowsOfPrompt;
    for (std::size_t i = 0; i < requests.size(); ++i)
        rowsOfPrompt[requests[i].prompt].push_back(i);
    const std::int64_t height = d->network->config.vision.imageHeight;
    const std::int64_t width = d->network->config.vision.imageWidth;
    for (const auto &[prompt, rows] : rowsOfPrompt) {
        const torch::Tensor ids = torch::tensor(d->tokenizer->encode(prompt), torch::kLong);
        for (std::size_t begin = 0; begin < rows.size(); begin += kCropsAtOnce) {
            const std::size_t count = std::min(kCropsAtOnce, rows.size() - begin);
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
                    result[rows[begin + i]] = trimmed(d->tokenizer->decode(written.ids[i]));
            });
        }
    }
    return result;
}

} // namespace sapsam
