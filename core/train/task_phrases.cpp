#include "core/image/mask.h"
#include "core/image/region_crop.h"
#include "core/networks/blip2.h"
#include "core/nn/initialize.h"
#include "core/train/augment.h"
#include "core/train/batching.h"
#include "core/train/losses.h"
#include "core/train/picture_pool.h"
#include "core/train/query_text.h"
#include "core/train/tasks.h"
#include "core/train/tokenizers.h"
#include "core/weights/tensor_names.h"

#include <algorithm>
#include <map>

namespace sapsam::training {

namespace {

// A mask as a segmenter of low resolution would find it: soft edges, a little too big or too small.
Mask roughened(const Mask &mask, SeededRandom &random)
{
    const int height = static_cast<int>(random.integer(40, 96));
    const int width = std::max(12, height * mask.width / mask.height);
    const Mask coarse = resize(mask, width, height);
    std::vector<float> plane(coarse.bits.begin(), coarse.bits.end());
    const float threshold = static_cast<float>(random.uniform(0.25, 0.75));
    Mask result = maskOfLogits(resizePlane(plane, width, height, mask.width, mask.height),
                               mask.width, mask.height, threshold);
    return result.area() > 0 ? result : mask;
}

// Index of a colour's canonical word; -100 for no colour.
std::int64_t colourClass(const std::string &colour)
{
    static const std::map<std::string, std::int64_t> kClasses = [] {
        std::map<std::string, std::int64_t> classes;
        for (int i = 0; i < kColourNameCount; ++i)
            classes.emplace(nameOf(static_cast<ColourName>(i)), i);
        return classes;
    }();
    const auto found = kClasses.find(colour);
    return found != kClasses.end() ? found->second : -100;
}

// Asks the picture encoder and the queries for the colour: phrases alone teach it late, because
// most of their tokens are about other things.
struct PhrasesHelperImpl final : torch::nn::Module
{
    PhrasesHelperImpl(std::int64_t visionWidth, std::int64_t textWidth)
    {
        vision = register_module("vision", torch::nn::Linear(visionWidth, kColourNameCount));
        queries = register_module("queries", torch::nn::Linear(textWidth, kColourNameCount));
    }

    torch::nn::Linear vision{nullptr}, queries{nullptr};
};
TORCH_MODULE(PhrasesHelper);

class PhrasesTask final : public TrainTask
{
public:
    explicit PhrasesTask(const PhrasesSettings &settings)
        : m_settings(settings), m_pool(settings, 0, 0)
    {
    }

    const TrainSettings &settings() const override { return m_settings; }

    OrderedJson settingsJson() const override
    {
        OrderedJson json;
        json["task"] = "phrases";
        json.update(toJson(m_settings));
        return json;
    }

    void prepare(std::uint64_t seed, const std::string &modelFolder, const CancelToken &cancel,
                 const ProgressSink &progress) override
    {
        m_random = SeededRandom(seed).fork("phrases");
        m_tokenizer =
            prepareText(TextKind::Opt, m_settings, m_settings.vocabularySize, modelFolder);
        std::size_t longestQuestion = 0;
        for (const std::string &group : synthPartGroups()) {
            const std::vector<std::int64_t> ids = m_tokenizer->encode(questionFor(group), 0);
            longestQuestion = std::max(longestQuestion, ids.size());
            m_questions.emplace(group, ids);
        }

        nn::Blip2Config config;
        config.vision.imageHeight = m_settings.imageSize;
        config.vision.imageWidth = m_settings.imageSize;
        config.vision.patchSize = m_settings.patchSize;
        config.vision.width = m_settings.visionWidth;
        config.vision.mlpDim = 4 * m_settings.visionWidth;
        config.vision.layers = m_settings.visionLayers;
        config.vision.heads = m_settings.visionHeads;
        config.qformer.queries = m_settings.queries;
        config.qformer.hiddenSize = m_settings.queryWidth;
        config.qformer.layers = m_settings.queryLayers;
        config.qformer.heads = m_settings.queryHeads;
        config.qformer.intermediateSize = 4 * m_settings.queryWidth;
        config.text.vocabSize = m_tokenizer->vocabularySize();
        config.text.hiddenSize = m_settings.textWidth;
        config.text.layers = m_settings.textLayers;
        config.text.heads = m_settings.textHeads;
        config.text.ffnDim = 4 * m_settings.textWidth;
        // Room for a longer question than ours.
        config.text.maxPositions = m_settings.queries
                                   + 2 * static_cast<std::int64_t>(longestQuestion)
                                   + m_settings.maxTokens;
        m_model = nn::Blip2(config);
        nn::initializeWeights(*m_model, seed);
        if (!m_settings.initialModel.empty())
            loadStrict(*m_model, SafetensorsFile(m_settings.initialModel + "/model.safetensors"),
                       blip2OptNames());
        if (m_settings.helperWeight > 0.0) {
            m_helper = PhrasesHelper(m_settings.visionWidth, m_settings.textWidth);
            m_model->register_module(kHelper, m_helper.ptr());
            nn::initializeTensors(*m_helper, seed,
                                  [](const std::string &name, const torch::Tensor &tensor) {
                                      return nn::commonInitialValue(name, tensor);
                                  });
        }

        prepareHeldOut(cancel, progress);
    }

    torch::nn::Module &module() override { return *m_model; }

    Batch makeBatch(std::int64_t step) const override
    {
        SeededRandom random = m_random.fork("batch").fork(static_cast<std::uint64_t>(step));
        AugmentOptions options;
        options.strength = 0.7 * m_settings.augmentStrength;
        options.rotation = 2.0;
        options.shift = 0.03;
        options.flip = 0.5;
        std::vector<Image> crops;
        std::vector<std::vector<std::int64_t>> rows;
        std::vector<std::vector<std::int64_t>> labels;
        std::vector<std::int64_t> colours;
        while (static_cast<int>(crops.size()) < m_settings.batchSize) {
            const std::shared_ptr<const PoolPicture> item =
                m_pool.at(random.integer(0, m_pool.sizeAt(step) - 1));
            const std::vector<PartPhrase> &phrases = item->picture.phrases;
            if (phrases.empty())
                continue;
            const PartPhrase &phrase = random.pick(phrases);
            const Mask exact =
                maskOfClasses(item->picture.labels, synthClassesOfGroup(phrase.group));
            const std::optional<Box> box = boundingBox(exact);
            if (!box || box->width() < 3 || box->height() < 3)
                continue;
            const Mask region = random.chance(0.8) ? roughened(exact, random) : exact;
            FilterCropOptions filter;
            filter.exact = true;
            const int room = std::max(1, item->picture.image.height / 40);
            for (int &side : filter.jitter)
                side = static_cast<int>(random.integer(0, room));
            const Image crop = filterCrop(item->picture.image, region, filter);
            crops.push_back(augment(crop, {}, m_settings.imageSize, m_settings.imageSize, options,
                                    random.fork("augment"))
                                .image);
            random.next();
            addRow(phrase, rows, labels);
            colours.push_back(colourClass(phrase.colour));
        }
        Batch batch;
        batch["pixels"] = pixelBatch(crops, clipNormalization());
        batch["ids"] = idBatch(rows, m_tokenizer->paddingId());
        batch["mask"] = maskBatch(rows);
        batch["colours"] = torch::tensor(colours, torch::kLong);
        batch["step"] = torch::tensor(step, torch::kLong);
        batch["labels"] = idBatch(labels, -100);
        return batch;
    }

    StepResult lossOf(const Batch &batch, torch::Device device, torch::ScalarType type) override
    {
        const torch::Tensor seen =
            m_model->imageEmbeddings(batch.at("pixels").to(device, type)); // [B, N, width]
        const torch::Tensor queries =
            m_model->language_projection(m_model->queryOutput(seen)); // [B, Q, text width]
        const torch::Tensor ids = batch.at("ids").to(device);
        const torch::Tensor logits = m_model->logits(queries, ids, batch.at("mask").to(device));
        // The logits that predict ids[:, t] are at position Q + t - 1.
        const std::int64_t first = m_settings.queries - 1;
        const torch::Tensor predicting = logits.slice(1, first, first + ids.size(1));
        StepResult result;
        result.loss = tokenLoss(predicting, batch.at("labels").to(device));
        const double helperWeight =
            helperWeightAt(m_settings, batch.at("step").item<std::int64_t>());
        if (helperWeight > 0.0) {
            const torch::Tensor colours = batch.at("colours").to(device);
            const torch::Tensor helper = tokenLoss(m_helper->vision(seen.mean(1)), colours)
                                         + tokenLoss(m_helper->queries(queries.mean(1)), colours);
            result.loss = result.loss + helperWeight * helper;
            result.details["helper"] = helper.item<double>();
        }
        result.details["pool"] = static_cast<double>(m_pool.drawn());
        return result;
    }

    Evaluation evaluate(torch::Device device, torch::ScalarType type,
                        const CancelToken &cancel) override
    {
        double withColour = 0.0;
        double named = 0.0;
        double exact = 0.0;
        double count = 0.0;
        nn::GenerationOptions options;
        options.eosId = m_model->config.text.eosId;
        options.padId = m_model->config.text.padId;
        options.placeholderId = m_model->config.text.bosId;
        options.maxNewTokens = m_settings.maxTokens;
        OrderedJson samples = OrderedJson::array();
        std::vector<RunSample> shown; // one of each part
        for (const auto &[group, held] : m_held) {
            if (cancel.isCancelled())
                break;
            const torch::Tensor prompt = idBatch({m_questions.at(group)}, 0);
            constexpr std::size_t kChunk = 64;
            for (std::size_t i = 0; i < held.size(); i += kChunk) {
                const std::size_t end = std::min(i + kChunk, held.size());
                std::vector<Image> crops;
                for (std::size_t k = i; k < end; ++k)
                    crops.push_back(held[k].crop);
                const torch::Tensor pixels = pixelBatch(crops, clipNormalization());
                const nn::Generated written =
                    m_model->generate(m_model->encodeImage(pixels.to(device, type)),
                                      prompt.repeat({pixels.size(0), 1}).to(device), options);
                for (std::size_t k = i; k < end; ++k) {
                    const std::string text = trimmed(m_tokenizer->decode(written.ids[k - i]));
                    const PartPhrase &truth = held[k].phrase;
                    count += 1.0;
                    exact += text == truth.text ? 1.0 : 0.0;
                    if (!truth.colour.empty()) {
                        withColour += 1.0;
                        named += textNamesColour(text, truth.colour) ? 1.0 : 0.0;
                    }
                    if (samples.size() < 12 && k % 7 == 0)
                        samples.push_back(truth.text + " -> " + text);
                    if (shown.size() < kSamplesKept && k == i)
                        shown.push_back({group, truth.text, text, held[k].crop, {}, {}, {},
                                         text == truth.text});
                }
            }
        }
        Evaluation evaluation;
        evaluation.metric = "val-colour";
        evaluation.value = withColour > 0.0 ? 100.0 * named / withColour : 0.0;
        evaluation.numbers["colour"] = evaluation.value;
        evaluation.numbers["exact"] = count > 0.0 ? 100.0 * exact / count : 0.0;
        evaluation.numbers["phrases"] = count;
        evaluation.numbers["samples"] = samples;
        evaluation.samples = std::move(shown);
        return evaluation;
    }

    void writeModelFiles(const std::string &folder) const override
    {
        OrderedJson config = m_model->config.toJson();
        config["architecture"] = "blip2-opt";
        writeJsonFile(folder + "/config.json", config);
        OrderedJson preprocessor;
        preprocessor["task"] = "phrases";
        preprocessor["resize_mode"] = "squash";
        preprocessor["size"] = {{"height", m_settings.imageSize}, {"width", m_settings.imageSize}};
        preprocessor["resample"] = "bicubic";
        preprocessor["image_mean"] = clipNormalization().mean;
        preprocessor["image_std"] = clipNormalization().std;
        writeJsonFile(folder + "/preprocessor_config.json", preprocessor);
    }

    LoadOptions tensorNames() const override { return blip2OptNames(); }

private:
    struct HeldOut
    {
        Image crop;
        PartPhrase phrase;
    };

    static std::string trimmed(const std::string &text)
    {
        const std::size_t first = text.find_first_not_of(" \n\t");
        if (first == std::string::npos)
            return {};
        return text.substr(first, text.find_last_not_of(" \n\t") - first + 1);
    }

    // [question][answer][end]; only the answer and the end are learned.
    void addRow(const PartPhrase &phrase, std::vector<std::vector<std::int64_t>> &rows,
                std::vector<std::vector<std::int64_t>> &labels) const
    {
        std::vector<std::int64_t> row = m_questions.at(phrase.group);
        std::vector<std::int64_t> label(row.size(), -100);
        std::vector<std::int64_t> answer = m_tokenizer->encode(" " + phrase.text, 0);
        answer.erase(answer.begin()); // every encoding begins with </s>
        if (static_cast<int>(answer.size()) >= m_settings.maxTokens)
            answer.resize(static_cast<std::size_t>(m_settings.maxTokens) - 1);
        answer.push_back(m_model->config.text.eosId);
        row.insert(row.end(), answer.begin(), answer.end());
        label.insert(label.end(), answer.begin(), answer.end());
        rows.push_back(std::move(row));
        labels.push_back(std::move(label));
    }

    void prepareHeldOut(const CancelToken &cancel, const ProgressSink &progress)
    {
        TrainSettings held = m_settings;
        held.picturesPerIdentity = 1;
        PicturePool pool(held, kValidationIdentities, 0);
        ProgressMeter meter("drawing held-out people", m_settings.heldOutCount, progress);
        for (int i = 0; i < m_settings.heldOutCount && !cancel.isCancelled(); ++i) {
            const std::shared_ptr<const PoolPicture> item = pool.at(i);
            for (const PartPhrase &phrase : item->picture.phrases) {
                const Mask mask =
                    maskOfClasses(item->picture.labels, synthClassesOfGroup(phrase.group));
                if (mask.area() == 0)
                    continue;
                FilterCropOptions filter;
                filter.exact = true;
                m_held[phrase.group].push_back(
                    {resize(filterCrop(item->picture.image, mask, filter), m_settings.imageSize,
                            m_settings.imageSize, ResizeFilter::Bicubic),
                     phrase});
            }
            meter.advance();
        }
    }

    PhrasesSettings m_settings;
    SeededRandom m_random{0};
    mutable PicturePool m_pool; // fills itself while it is read, and locks for that
    std::unique_ptr<TextCoder> m_tokenizer;
    std::map<std::string, std::vector<std::int64_t>> m_questions;
    nn::Blip2 m_model{nullptr};
    PhrasesHelper m_helper{nullptr};
    std::map<std::string, std::vector<HeldOut>> m_held;
};

} // namespace

std::unique_ptr<TrainTask> makePhrasesTask(const PhrasesSettings &settings)
{
    return std::make_unique<PhrasesTask>(settings);
}

} // namespace sapsam::training
