#include "core/train/task_person_sam_data.h"

#include "core/base/error.h"
#include "core/eval/segmentation_metrics.h"
#include "core/image/mask.h"
#include "core/image/preprocess.h"
#include "core/networks/person_sam.h"
#include "core/nn/initialize.h"
#include "core/train/batching.h"
#include "core/train/epoch_order.h"
#include "core/train/initial_weights.h"
#include "core/train/losses.h"
#include "core/train/parsing_sets.h"
#include "core/train/tokenizers.h"
#include "core/weights/tensor_names.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>

namespace sapsam::training {

namespace {

bool startsWith(const std::string &text, const std::string &prefix)
{
    return text.compare(0, prefix.size(), prefix) == 0;
}

// vision_encoder and mask_decoder with everything that SAM brings, from SAM's file.
void loadSamParts(nn::PersonSam &model, const InitialWeights &sam)
{
    const auto load = [&](torch::nn::Module &part, const std::string &name) {
        LoadOptions names = sam.namesWith({});
        names.stripPrefixes = {name + "."};
        for (const char *other :
             {"vision_encoder", "mask_decoder", "prompt_encoder", "shared_image_embedding"})
            if (name != other)
                names.ignorable.push_back(std::string(other) + ".*");
        names.adapt = nn::fittedSamPositions;
        loadStrict(part, *sam.tensors, names);
    };
    load(*model->vision_encoder, "vision_encoder");
    load(*model->mask_decoder, "mask_decoder");
    const torch::NoGradGuard noGrad;
    const std::vector<std::pair<const char *, torch::Tensor>> single = {
        {"shared_image_embedding.positional_embedding",
         model->shared_image_embedding->positional_embedding},
        {"prompt_encoder.no_mask_embed.weight", model->no_mask_embed->weight}};
    for (const auto &[name, target] : single) {
        const torch::Tensor stored = sam.tensors->read(name);
        if (stored.sizes() != target.sizes())
            throw Error(ErrorKind::Mismatch, sam.origin + ": tensor '" + name + "' has shape "
                                                 + shapeText(stored.sizes()) + " instead of "
                                                 + shapeText(target.sizes()));
        torch::Tensor values = target;
        values.copy_(stored);
    }
}

// What a phrase asks for, at the size of the network's masks.
struct Frame
{
    enum class Mode { Published, Aspect, Squash };

    Mode mode = Mode::Published;
    int imageSide = 1024;
    int maskSide = 256;

    // Fills [3, imageSide, imageSide].
    void writePicture(const Image &picture, float *planes) const
    {
        if (mode == Mode::Squash) {
            writeNormalizedPlanes(
                resize(toRgb(picture), imageSide, imageSide, ResizeFilter::Bicubic),
                imageNetNormalization(), planes);
            return;
        }
        const SamInput input = samInput(toRgb(picture), imageSide);
        std::copy(input.planes.begin(), input.planes.end(), planes);
    }

    LabelMap fitted(const LabelMap &labels) const
    {
        if (mode != Mode::Aspect)
            return resize(labels, maskSide, maskSide);
        const double scale = static_cast<double>(maskSide) / std::max(labels.width, labels.height);
        const int width = std::max(1, static_cast<int>(labels.width * scale + 0.5));
        const int height = std::max(1, static_cast<int>(labels.height * scale + 0.5));
        const LabelMap content = resize(labels, width, height);
        LabelMap padded(maskSide, maskSide);
        for (int y = 0; y < height; ++y)
            std::copy_n(content.labels.data() + static_cast<std::ptrdiff_t>(y) * width, width,
                        padded.labels.data() + static_cast<std::ptrdiff_t>(y) * maskSide);
        return padded;
    }
};

// What a frozen encoder made of pictures, as long as there is room; nothing is ever forgotten, so
// that whoever found a picture here may rely on it. Safe to use from several threads.
class EmbeddingCache
{
public:
    void setRoom(std::int64_t bytes) { m_room = bytes; }

    bool has(std::size_t picture) const
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        return m_embeddings.count(picture) > 0;
    }

    torch::Tensor find(std::size_t picture) const // undefined when it is not here
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        const auto found = m_embeddings.find(picture);
        return found == m_embeddings.end() ? torch::Tensor() : found->second;
    }

    void keep(std::size_t picture, const torch::Tensor &embedding)
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        const auto bytes = static_cast<std::int64_t>(embedding.nbytes());
        if (bytes > m_room || !m_embeddings.emplace(picture, embedding).second)
            return;
        m_room -= bytes;
    }

private:
    mutable std::mutex m_mutex;
    std::map<std::size_t, torch::Tensor> m_embeddings; // [1, C, g, g]
    std::int64_t m_room = 0;
};

const char *nameOf(Frame::Mode mode)
{
    switch (mode) {
    case Frame::Mode::Aspect:
        return "aspect";
    case Frame::Mode::Squash:
        return "squash";
    case Frame::Mode::Published:
        break;
    }
    return "published";
}

class PersonSamDataTask final : public TrainTask
{
public:
    PersonSamDataTask(const PersonSamDataSettings &settings, const TaskInputs &inputs)
        : m_settings(settings), m_inputs(inputs)
    {
        m_settings.stepRepeats = m_settings.doubleStep ? 2 : 1;
    }

    const TrainSettings &settings() const override { return m_settings; }

    OrderedJson settingsJson() const override
    {
        OrderedJson json;
        json["task"] = "person-sam";
        json.update(toJson(m_settings));
        return json;
    }

    void prepare(std::uint64_t seed, const std::string &modelFolder, const CancelToken &cancel,
                 const ProgressSink &progress) override
    {
        if (m_settings.data != "synthetic" && (!m_inputs.readPicture || !m_inputs.readLabels))
            throw Error(ErrorKind::Unsupported,
                        "this build reads no pictures, which the task person-sam needs for "
                            + m_settings.data);
        ParsingOptions options;
        options.data = m_settings.data;
        options.splitFile = m_settings.splitFile;
        options.splitSeed = static_cast<std::uint64_t>(m_settings.splitSeed);
        options.taxonomy = m_settings.taxonomy;
        options.trigger = m_settings.trigger;
        options.phrases = m_settings.phrases;
        options.syntheticSeed = m_settings.dataSeed;
        options.syntheticIdentities = m_settings.syntheticIdentities;
        options.picturesPerIdentity = m_settings.picturesPerIdentity;
        options.pictureWidth = m_settings.renderWidth;
        options.pictureHeight = m_settings.renderHeight;
        m_sets = readParsingSets(options, m_inputs, cancel, progress);
        prepareModel(seed, modelFolder);
        if (cancel.isCancelled()) {
            m_order.emplace(1, 1, SeededRandom(seed)); // no batch is taken any more
            m_settings.steps = std::max<std::int64_t>(1, m_settings.steps);
            return;
        }
        limit("train", m_settings.trainLimit);
        limit("dev", m_settings.evaluateLimit);
        limit("test", m_settings.evaluateLimit);
        const auto count = static_cast<std::int64_t>(samplesOf("train").size());
        if (m_settings.evaluateTest && samplesOf("test").empty())
            throw Error(ErrorKind::InvalidInput,
                        m_sets.folder
                            + ": the set 'test' is empty, but 'evaluateTest' asks for it");
        if (m_settings.batchSize > count)
            throw Error(ErrorKind::InvalidInput,
                        "'batchSize' is " + std::to_string(m_settings.batchSize) + ", but "
                            + m_sets.folder + " has only " + std::to_string(count)
                            + " phrases to train on");

        m_order.emplace(count, m_settings.batchSize, SeededRandom(seed).fork("person-sam data"));
        m_stepsPerEpoch = (m_order->batchesPerEpoch() + m_settings.accumulate - 1)
                          / std::max(1, m_settings.accumulate);
        if (m_settings.steps == 0)
            m_settings.steps = m_settings.epochs * m_stepsPerEpoch;
        if (m_settings.evaluateEvery == 0)
            m_settings.evaluateEvery = m_settings.evaluateEpochs * m_stepsPerEpoch;
        if (m_settings.checkpointEvery == 0)
            m_settings.checkpointEvery = m_stepsPerEpoch;

        OrderedJson record = m_sets.record();
        record["frame"] = nameOf(m_frame.mode);
        record["loss"] = m_settings.loss;
        record["prompt_design"] = nn::nameOf(m_model->config.design);
        record["freeze"] = m_settings.freeze;
        record["mask_follows_merge"] = m_settings.maskFollowsMerge;
        record["steps_per_gradient"] = m_settings.stepRepeats;
        record["chosen_on"] = "dev";
        writeJsonFile(modelFolder + "/training.json", record);
    }

    torch::nn::Module &module() override { return *m_model; }

    std::int64_t stepsPerEpoch() const override { return m_stepsPerEpoch; }

    double rateAt(std::int64_t step) const override
    {
        const double warmUp = m_settings.warmUpEpochs * static_cast<double>(m_stepsPerEpoch);
        const double factor = static_cast<double>(step) < warmUp
                                  ? 0.1 + 0.9 * static_cast<double>(step) / warmUp
                                  : 1.0;
        return m_settings.learningRate * factor;
    }

    ParameterRule parameterRule() const override
    {
        return [](const std::string &name, const torch::Tensor &) {
            return ParameterRate{1.0, name.find("bias") == std::string::npos};
        };
    }

    std::int64_t sampleCount() const override
    {
        return static_cast<std::int64_t>(samplesOf("train").size());
    }

    Batch makeBatch(std::int64_t index) const override { return makePart(index, 0, 1); }

    Batch makePart(std::int64_t index, int rank, int count) const override
    {
        const std::vector<ParsingSample> &all = samplesOf("train");
        if (all.empty()) // cancelled while the sets were read
            return {};
        const std::vector<std::int64_t> numbers = m_order->batch(index);
        const auto size = static_cast<std::int64_t>(numbers.size());
        std::int64_t first = size * rank / count;
        std::int64_t end = size * (rank + 1) / count;
        if (first == end) { // the last batch of an epoch is smaller than the processes are many
            first = rank % size;
            end = first + 1;
        }
        std::vector<const ParsingSample *> samples;
        for (std::int64_t i = first; i < end; ++i)
            samples.push_back(&all[static_cast<std::size_t>(numbers[static_cast<std::size_t>(i)])]);
        return batchOf(samples);
    }

    Batch firstSamples(const Batch &batch, std::int64_t samples) const override
    {
        Batch result = batch;
        if (batch.empty())
            return result;
        for (const char *name : {"picture", "ids", "mask", "target"})
            result[name] = batch.at(name).slice(0, 0, samples);
        // Pictures are in the order in which the samples name them, pixels in that of the pictures.
        const std::int64_t pictures = result.at("picture").max().item<std::int64_t>() + 1;
        for (const char *name : {"number", "pixelRow"})
            result[name] = batch.at(name).slice(0, 0, pictures);
        result["pixels"] =
            batch.at("pixels").slice(0, 0, result.at("pixelRow").max().item<std::int64_t>() + 1);
        return result;
    }

    StepResult lossOf(const Batch &batch, torch::Device device, torch::ScalarType type) override
    {
        const nn::PersonSamOutput output = outputOf(batch, device, type);
        const torch::Tensor target = batch.at("target").to(device); // [P, 1, side, side]
        const torch::Tensor dice = diceLoss(output.maskLogits, target);
        const torch::Tensor overlap = binaryIou(output.maskLogits.detach(), target); // [P]
        StepResult result;
        result.loss = dice;
        result.details["dice"] = dice.item<double>();
        if (m_settings.loss == "dice+bce") {
            const torch::Tensor bce = bceLoss(output.maskLogits, target);
            result.loss = result.loss + bce;
            result.details["bce"] = bce.item<double>();
        }
        if (m_settings.scoreWeight > 0.0) {
            const torch::Tensor score =
                (output.iou.to(torch::kFloat).flatten() - overlap).square().mean();
            result.loss = result.loss + m_settings.scoreWeight * score;
            result.details["score"] = score.item<double>();
        }
        result.details["iou"] = overlap.mean().item<double>();
        return result;
    }

    Evaluation evaluate(torch::Device device, torch::ScalarType type,
                        const CancelToken &cancel) override
    {
        Evaluation evaluation;
        evaluation.metric = "dev-mIoU";
        evaluation.numbers = measured("dev", device, type, cancel, &evaluation.samples);
        evaluation.numbers["split"] = "dev";
        evaluation.value = evaluation.numbers.at("mIoU").get<double>();
        return evaluation;
    }

    OrderedJson measureFinally(torch::Device device, torch::ScalarType type,
                               const CancelToken &cancel) override
    {
        if (!m_settings.evaluateTest)
            return nullptr;
        OrderedJson numbers = {{"split", "test"}, {"chosen_on", "dev"}};
        numbers.update(measured("test", device, type, cancel));
        return numbers;
    }

    void writeModelFiles(const std::string &folder) const override
    {
        OrderedJson config = m_model->config.toJson();
        config["architecture"] = "person-sam";
        writeJsonFile(folder + "/config.json", config);
        OrderedJson preprocessor;
        preprocessor["task"] = "person-sam";
        if (m_frame.mode == Frame::Mode::Squash) {
            preprocessor["resize_mode"] = "squash";
            preprocessor["size"] = {{"height", m_frame.imageSide}, {"width", m_frame.imageSide}};
            preprocessor["resample"] = "bicubic";
        } else {
            preprocessor["size"] = {{"longest_edge", m_frame.imageSide}};
            preprocessor["resample"] = "bilinear";
            // Which part of the network's mask is the picture; published: all of it, stretched.
            if (m_frame.mode == Frame::Mode::Aspect)
                preprocessor["mask_frame"] = "aspect";
        }
        preprocessor["image_mean"] = imageNetNormalization().mean;
        preprocessor["image_std"] = imageNetNormalization().std;
        // A score that was not trained along tells nothing about parts that are not there.
        if (m_settings.scoreWeight > 0.0 && m_scoreThreshold > 0.0)
            preprocessor["score_threshold"] = m_scoreThreshold;
        writeJsonFile(folder + "/preprocessor_config.json", preprocessor);
    }

    LoadOptions tensorNames() const override { return personSamNames(); }

private:
    const std::vector<ParsingSample> &samplesOf(const std::string &split) const
    {
        static const std::vector<ParsingSample> kNone;
        const auto found = m_sets.samples.find(split);
        return found == m_sets.samples.end() ? kNone : found->second;
    }

    void limit(const std::string &split, std::int64_t most)
    {
        const auto found = m_sets.samples.find(split);
        if (most <= 0 || found == m_sets.samples.end()
            || static_cast<std::int64_t>(found->second.size()) <= most)
            return;
        found->second.resize(static_cast<std::size_t>(most));
        m_sets.notes.push_back(split + ": only the first " + std::to_string(most) + " phrases");
    }

    void prepareModel(std::uint64_t seed, const std::string &modelFolder)
    {
        const bool isWhole = !m_settings.initialModel.empty();
        const InitialWeights first =
            isWhole ? openInitialWeights(m_settings.initialModel, "initialModel")
                    : openInitialWeights(m_settings.initialSam, "initialSam");
        const InitialWeights text =
            isWhole ? first : openInitialWeights(m_settings.initialBert, "initialBert");
        nn::PersonSamConfig config;
        if (isWhole) {
            if (!first.config.contains("sam") || !first.config.contains("bert"))
                throw Error(ErrorKind::Mismatch,
                            first.origin
                                + ": is no Person-SAM; a SAM belongs into 'initialSam', a BERT "
                                  "into 'initialBert'");
            config = nn::personSamConfigFromJson(first.config, first.origin);
        } else {
            config.sam = nn::samConfigFromJson(first.config, first.origin);
            config.sam.decoderLayerNormEps = nn::PersonSamConfig().sam.decoderLayerNormEps;
            config.text = nn::bertConfigFromJson(text.config, text.origin);
        }
        config.maxPhraseTokens = m_settings.phraseLength;
        if (m_settings.imageSize > 0)
            config.sam.imageSize = m_settings.imageSize;
        if (!m_settings.promptDesign.empty())
            config.design =
                nn::promptDesignFromName(m_settings.promptDesign, "the setting 'promptDesign'");
        m_model = nn::PersonSam(config);
        nn::initializeWeights(*m_model, seed);
        const std::map<std::string, torch::Tensor> fresh = freshTensors();
        if (isWhole) {
            nn::loadPersonSam(m_model, *first.tensors);
        } else {
            loadSamParts(m_model, first);
            loadStrict(*m_model->text_prompt_encoder, *text.tensors,
                       text.namesWith(bertModelNames()));
        }
        {
            const torch::NoGradGuard noGrad;
            auto parameters = m_model->named_parameters();
            for (const auto &[name, values] : fresh)
                parameters[name].copy_(values);
        }
        for (auto &item : m_model->named_parameters())
            item.value().set_requires_grad(!isFrozen(item.key()));
        m_isVisionFrozen = m_settings.freeze != "none";
        constexpr std::int64_t kMiB = 1024 * 1024;
        m_embeddings.setRoom(m_isVisionFrozen ? m_settings.embeddingCacheMb * kMiB : 0);

        copyTextFiles(TextKind::WordPiece, text.folder, modelFolder);
        m_tokenizer = loadText(TextKind::WordPiece, modelFolder);
        if (m_tokenizer->vocabularySize() > config.text.vocabSize)
            throw Error(ErrorKind::Mismatch, text.folder + "/vocab.txt has "
                                                 + std::to_string(m_tokenizer->vocabularySize())
                                                 + " tokens, the model only "
                                                 + std::to_string(config.text.vocabSize));

        m_frame.imageSide = static_cast<int>(config.sam.imageSize);
        m_frame.maskSide = static_cast<int>(config.sam.maskSide());
        const Json preprocessor = isWhole ? first.preprocessor() : Json();
        const bool squashes =
            preprocessor.is_object() && preprocessor.value("resize_mode", Json()) == Json("squash");
        const bool hasAspect =
            preprocessor.is_object() && preprocessor.value("mask_frame", Json()) == Json("aspect");
        if (m_settings.frame == "squash" || (m_settings.frame.empty() && squashes))
            m_frame.mode = Frame::Mode::Squash;
        else if (m_settings.frame == "aspect" || (m_settings.frame.empty() && hasAspect))
            m_frame.mode = Frame::Mode::Aspect;
        if (preprocessor.is_object())
            m_scoreThreshold = valueOr(preprocessor, "score_threshold", 0.0,
                                       first.folder + "/preprocessor_config.json");
    }

    // Copies of the random weights that are to stay.
    std::map<std::string, torch::Tensor> freshTensors() const
    {
        std::map<std::string, torch::Tensor> fresh;
        if (m_settings.fresh == "nothing")
            return fresh;
        for (const auto &item : m_model->named_parameters()) {
            const bool isPrompt = startsWith(item.key(), "text_proj.")
                                  || startsWith(item.key(), "transform_")
                                  || item.key() == "fixed_query";
            if (isPrompt
                || (m_settings.fresh == "prompts+decoder"
                    && startsWith(item.key(), "mask_decoder.")))
                fresh.emplace(item.key(), item.value().detach().clone());
        }
        return fresh;
    }

    bool isFrozen(const std::string &name) const
    {
        if (m_settings.freeze == "none")
            return false;
        return startsWith(name, "vision_encoder.")
               || startsWith(name, "text_prompt_encoder.embeddings.")
               || startsWith(name, "text_prompt_encoder.encoder.")
               || (m_settings.freeze == "encoders" && startsWith(name, "text_prompt_encoder."));
    }

    // Rows are samples: "ids", "mask" [P, L] and "target" [P, 1, side, side]; "picture" [P] names
    // one of the batch's pictures, each of which is there once. Of these "number" [I] is the one in
    // the sets and "pixelRow" [I] the row of "pixels", -1 for a picture whose embedding is known.
    Batch batchOf(const std::vector<const ParsingSample *> &samples) const
    {
        std::map<std::size_t, std::int64_t> rows;
        std::vector<std::size_t> pictures;
        std::vector<std::int64_t> pictureRows;
        std::vector<std::vector<std::int64_t>> ids;
        for (const ParsingSample *sample : samples) {
            const auto [row, isNew] =
                rows.emplace(sample->picture, static_cast<std::int64_t>(pictures.size()));
            if (isNew)
                pictures.push_back(sample->picture);
            pictureRows.push_back(row->second);
            ids.push_back(m_tokenizer->encode(sample->text, m_settings.phraseLength));
            ids.back().resize(static_cast<std::size_t>(m_settings.phraseLength),
                              m_tokenizer->paddingId());
        }
        const std::int64_t side = m_frame.imageSide;
        const std::int64_t maskSide = m_frame.maskSide;
        std::vector<std::int64_t> numbers(pictures.begin(), pictures.end());
        std::vector<std::int64_t> pixelRows;
        std::int64_t unknown = 0;
        for (const std::size_t number : pictures)
            pixelRows.push_back(m_embeddings.has(number) ? -1 : unknown++);
        torch::Tensor pixels = torch::empty({unknown, 3, side, side}, torch::kFloat);
        std::vector<LabelMap> labels;
        for (std::size_t i = 0; i < pictures.size(); ++i) {
            const ParsingPicture &picture = m_sets.pictures[pictures[i]];
            const LabelMap map = labelsOf(picture, m_inputs);
            labels.push_back(m_frame.fitted(map));
            if (pixelRows[i] < 0)
                continue;
            const Image image = imageOf(picture, m_inputs);
            if (map.width != image.width || map.height != image.height)
                throw Error(ErrorKind::Mismatch, picture.labelPath + ": the label map is "
                                                     + std::to_string(map.width) + " x "
                                                     + std::to_string(map.height) + ", its picture "
                                                     + std::to_string(image.width) + " x "
                                                     + std::to_string(image.height));
            m_frame.writePicture(image, pixels.data_ptr<float>() + pixelRows[i] * 3 * side * side);
        }
        torch::Tensor targets = torch::empty(
            {static_cast<std::int64_t>(samples.size()), 1, maskSide, maskSide}, torch::kFloat);
        float *values = targets.data_ptr<float>();
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const Mask mask =
                maskOfClasses(labels[static_cast<std::size_t>(pictureRows[i])],
                              maskClasses(m_sets, *samples[i], m_settings.maskFollowsMerge));
            values = std::copy(mask.bits.begin(), mask.bits.end(), values);
        }
        Batch batch;
        batch["pixels"] = pixels;
        batch["pixelRow"] = torch::tensor(pixelRows, torch::kLong);
        batch["number"] = torch::tensor(numbers, torch::kLong);
        batch["picture"] = torch::tensor(pictureRows, torch::kLong);
        batch["ids"] = idBatch(ids, m_tokenizer->paddingId());
        batch["mask"] = batch["ids"].ne(m_tokenizer->paddingId()).to(torch::kLong);
        batch["target"] = targets;
        return batch;
    }

    torch::Tensor embeddingsOf(const Batch &batch, torch::Device device, torch::ScalarType type)
    {
        // A frozen encoder leaves nothing behind for the backward pass.
        const torch::AutoGradMode grad(at::GradMode::is_enabled() && !m_isVisionFrozen);
        const torch::Tensor &pixels = batch.at("pixels");
        if (!m_isVisionFrozen || m_settings.embeddingCacheMb == 0)
            return m_model->encodeImage(pixels.to(device, type));
        // One by one: what is made of a picture must not depend on its neighbours, which differ
        // from run to run by what is known already.
        std::vector<torch::Tensor> embeddings;
        for (std::int64_t i = 0; i < batch.at("number").size(0); ++i) {
            const auto number =
                static_cast<std::size_t>(batch.at("number")[i].item<std::int64_t>());
            torch::Tensor embedding = m_embeddings.find(number);
            if (!embedding.defined()) {
                const auto row = batch.at("pixelRow")[i].item<std::int64_t>();
                embedding = m_model->encodeImage(pixels.slice(0, row, row + 1).to(device, type));
                m_embeddings.keep(number, embedding);
            }
            embeddings.push_back(embedding);
        }
        return torch::cat(embeddings);
    }

    nn::PersonSamOutput outputOf(const Batch &batch, torch::Device device, torch::ScalarType type)
    {
        const torch::Tensor embeddings = embeddingsOf(batch, device, type);
        return m_model->decode(embeddings.index_select(0, batch.at("picture").to(device)),
                               batch.at("ids").to(device), batch.at("mask").to(device));
    }

    // Where the mask is of the picture alone, it is laid over the picture, else over what the
    // network saw.
    RunSample shownSample(const Batch &batch, const ParsingSample &asked,
                          const torch::Tensor &logits, std::int64_t row, double overlap) const
    {
        constexpr int kHeight = 160;
        Image picture = toRgb(imageOf(m_sets.pictures[asked.picture], m_inputs));
        if (m_frame.mode == Frame::Mode::Aspect) {
            const std::int64_t side = m_frame.imageSide;
            const torch::Tensor view = torch::empty({3, side, side}, torch::kFloat);
            m_frame.writePicture(picture, view.data_ptr<float>());
            picture = pictureOf(view, imageNetNormalization());
        }
        if (picture.height > kHeight)
            picture = resize(picture, std::max(1, picture.width * kHeight / picture.height),
                             kHeight, ResizeFilter::Bilinear);
        RunSample sample;
        sample.given = asked.text;
        sample.picture = withMask(picture, batch.at("target")[row][0]);
        sample.second = withMask(picture, logits[row][0]);
        sample.value = overlap;
        sample.valueName = "IoU";
        return sample;
    }

    // Both readings of mIoU over a set, for each group too.
    OrderedJson measured(const std::string &split, torch::Device device, torch::ScalarType type,
                         const CancelToken &cancel, std::vector<RunSample> *shown = nullptr)
    {
        // A picture's phrases stay together: the confusion matrix needs them all at once.
        std::map<std::size_t, std::vector<const ParsingSample *>> byPicture;
        for (const ParsingSample &sample : samplesOf(split))
            byPicture[sample.picture].push_back(&sample);
        const std::size_t groups = m_sets.taxonomy.groups.size();
        std::vector<double> sums(groups, 0.0);
        std::vector<double> counts(groups, 0.0);
        ConfusionMatrix confusion(static_cast<int>(groups) + 1);
        double scoreError = 0.0;
        constexpr std::size_t kChunk = 32;
        auto next = byPicture.begin();
        while (next != byPicture.end() && !cancel.isCancelled()) {
            std::vector<const ParsingSample *> samples;
            const auto first = next;
            for (; next != byPicture.end() && (samples.empty() || samples.size() < kChunk); ++next)
                samples.insert(samples.end(), next->second.begin(), next->second.end());
            const Batch batch = batchOf(samples);
            const nn::PersonSamOutput output = outputOf(batch, device, type);
            const torch::Tensor logits =
                output.maskLogits.detach().to(torch::kFloat).cpu().contiguous();
            const torch::Tensor overlap = binaryIou(logits, batch.at("target"));
            const torch::Tensor scores = output.iou.detach().to(torch::kFloat).cpu().flatten();
            for (std::size_t i = 0; i < samples.size(); ++i) {
                const double value = overlap[static_cast<std::int64_t>(i)].item<double>();
                sums[samples[i]->group] += value;
                counts[samples[i]->group] += 1.0;
                scoreError += std::abs(value - scores[static_cast<std::int64_t>(i)].item<double>());
                // The first phrase of each of the first pictures.
                if (shown != nullptr && shown->size() < kSamplesKept
                    && (i == 0 || samples[i]->picture != samples[i - 1]->picture))
                    shown->push_back(shownSample(batch, *samples[i], logits,
                                                 static_cast<std::int64_t>(i), value));
            }
            std::size_t row = 0;
            for (auto picture = first; picture != next; ++picture) {
                addPixels(confusion, picture->second, logits, batch.at("target"), row);
                row += picture->second.size();
            }
        }
        double sum = 0.0;
        double count = 0.0;
        OrderedJson perClass = OrderedJson::object();
        OrderedJson perClassPixels = OrderedJson::object();
        const std::vector<double> confusionIou = confusion.iou();
        for (std::size_t i = 0; i < groups; ++i) {
            if (counts[i] == 0.0)
                continue;
            sum += sums[i];
            count += counts[i];
            const std::string &name = m_sets.taxonomy.groups[i].name;
            perClass[name] = sums[i] / counts[i];
            perClassPixels[name] = confusionIou[i + 1];
        }
        OrderedJson numbers;
        numbers["mIoU"] = count > 0.0 ? sum / count : 0.0;
        numbers["samples"] = count;
        numbers["pictures"] = byPicture.size();
        numbers["per_class"] = perClass;
        numbers["confusion"] = {{"mIoU", confusion.meanIou()},
                                {"mIoU_of_present", confusion.meanIouOfPresent()},
                                {"pixel_accuracy", confusion.pixelAccuracy()},
                                {"per_class", perClassPixels}};
        numbers["score_error"] = count > 0.0 ? scoreError / count : 0.0;
        return numbers;
    }

    // One picture's phrases as label maps: a pixel belongs to the phrase that claims it most
    // strongly, in the truth to the first one. Class 0 is what no phrase claims.
    static void addPixels(ConfusionMatrix &confusion,
                          const std::vector<const ParsingSample *> &samples,
                          const torch::Tensor &logits, const torch::Tensor &targets,
                          std::size_t row)
    {
        const int side = static_cast<int>(logits.size(-1));
        const std::size_t area = static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
        LabelMap truth(side, side);
        LabelMap predicted(side, side);
        std::vector<float> strongest(area, 0.0F);
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const float *logit = logits.data_ptr<float>() + (row + i) * area;
            const float *target = targets.data_ptr<float>() + (row + i) * area;
            const auto label = static_cast<std::uint8_t>(samples[i]->group + 1);
            for (std::size_t p = 0; p < area; ++p) {
                if (target[p] > 0.5F && truth.labels[p] == 0)
                    truth.labels[p] = label;
                if (logit[p] > strongest[p]) {
                    strongest[p] = logit[p];
                    predicted.labels[p] = label;
                }
            }
        }
        confusion.add(truth, predicted);
    }

    PersonSamDataSettings m_settings;
    TaskInputs m_inputs;
    ParsingSets m_sets;
    std::optional<EpochOrder> m_order;
    std::int64_t m_stepsPerEpoch = 0;
    std::unique_ptr<TextCoder> m_tokenizer;
    nn::PersonSam m_model{nullptr};
    bool m_isVisionFrozen = true;
    EmbeddingCache m_embeddings;
    Frame m_frame;
    double m_scoreThreshold = 0.0;
};

} // namespace

std::unique_ptr<TrainTask> makePersonSamDataTask(const PersonSamDataSettings &settings,
                                                 const TaskInputs &inputs)
{
    return std::make_unique<PersonSamDataTask>(settings, inputs);
}

} // namespace sapsam::training
