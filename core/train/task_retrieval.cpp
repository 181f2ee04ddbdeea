#include "core/base/file.h"
#include "core/networks/clip.h"
#include "core/nn/initialize.h"
#include "core/train/attributes.h"
#include "core/train/augment.h"
#include "core/train/batching.h"
#include "core/train/distributed.h"
#include "core/train/losses.h"
#include "core/train/picture_pool.h"
#include "core/train/query_text.h"
#include "core/train/tasks.h"
#include "core/train/tokenizers.h"
#include "core/weights/tensor_names.h"

#include <algorithm>

namespace sapsam::training {

namespace {

constexpr std::int64_t kLabelClasses = 18; // ATR

// What the two encoders are asked besides: the attributes of the person, with one head for pictures
// and texts as IRRA's identity loss has it, and how much of each patch every part covers.
struct RetrievalHelperImpl final : torch::nn::Module
{
    explicit RetrievalHelperImpl(std::int64_t width)
    {
        std::int64_t classes = 0;
        for (const std::int64_t size : attributeSizes())
            classes += size;
        attributes = register_module("attributes", torch::nn::Linear(width, classes));
        parts = register_module("parts", torch::nn::Linear(width, kLabelClasses));
    }

    torch::nn::Linear attributes{nullptr}, parts{nullptr};
};
TORCH_MODULE(RetrievalHelper);

// Share of every class in every patch, row-major: [patches * classes] values are appended.
void appendPatchShares(const LabelMap &labels, int patch, int stride, std::vector<float> &shares)
{
    const float unit = 1.0F / static_cast<float>(patch * patch);
    for (int top = 0; top + patch <= labels.height; top += stride) {
        for (int left = 0; left + patch <= labels.width; left += stride) {
            const std::size_t first = shares.size();
            shares.resize(first + kLabelClasses, 0.0F);
            for (int y = top; y < top + patch; ++y) {
                for (int x = left; x < left + patch; ++x)
                    shares[first + labels.at(x, y)] += unit;
            }
        }
    }
}

class RetrievalTask final : public TrainTask
{
public:
    explicit RetrievalTask(const RetrievalSettings &settings)
        : m_settings(settings), m_pool(settings, 0, settings.captionsPerPicture)
    {
    }

    const TrainSettings &settings() const override { return m_settings; }

    OrderedJson settingsJson() const override
    {
        OrderedJson json;
        json["task"] = "retrieval";
        json.update(toJson(m_settings));
        return json;
    }

    void prepare(std::uint64_t seed, const std::string &modelFolder, const CancelToken &cancel,
                 const ProgressSink &progress) override
    {
        m_random = SeededRandom(seed).fork("retrieval");
        m_tokenizer =
            prepareText(TextKind::Clip, m_settings, m_settings.vocabularySize, modelFolder);

        nn::ClipConfig config;
        config.embedDim = m_settings.embeddingSize;
        config.imageHeight = m_settings.imageHeight;
        config.imageWidth = m_settings.imageWidth;
        config.patchSize = m_settings.patchSize;
        config.stride = stride();
        config.visionWidth = m_settings.visionWidth;
        config.visionLayers = m_settings.visionLayers;
        config.visionHeads = m_settings.visionHeads;
        config.contextLength = m_settings.contextLength;
        config.vocabSize = m_tokenizer->vocabularySize();
        config.textWidth = m_settings.textWidth;
        config.textLayers = m_settings.textLayers;
        config.textHeads = m_settings.textHeads;
        config.logitScaleInit = std::log(m_settings.logitScale);
        config.activation = nn::Activation::Gelu; // one fused kernel, where QuickGELU is three
        m_model = nn::Clip(config);
        nn::initializeWeights(*m_model, seed);
        if (!m_settings.initialModel.empty())
            loadInitial(m_settings.initialModel);
        m_model->logit_scale.set_requires_grad(false); // fixed, as in IRRA
        if (m_settings.helperWeight > 0.0) {
            m_helper = RetrievalHelper(m_settings.embeddingSize);
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
        options.strength = m_settings.augmentStrength;
        options.erasing = m_settings.erasing;
        std::vector<Image> pictures;
        std::vector<std::vector<std::int64_t>> texts;
        std::vector<std::int64_t> identities;
        std::vector<std::int64_t> attributes;
        std::vector<float> parts;
        std::vector<std::shared_ptr<const PoolPicture>> people;
        std::vector<QueryText> queries; // without a text: a description
        for (const std::int64_t index :
             drawDistinct(m_pool.sizeAt(step), m_settings.batchSize, random)) {
            people.push_back(m_pool.at(index));
            const PoolPicture *item = people.back().get();
            queries.emplace_back();
            if (random.chance(m_settings.shortCaptionShare))
                queries.back() = drawQuery(item->person, item->picture, random);
            const std::string text =
                queries.back().text.empty() ? random.pick(item->captions) : queries.back().text;
            // Mirrored only when no word tells left from right.
            options.flip =
                text.find("left") == std::string::npos && text.find("right") == std::string::npos
                    ? 0.5
                    : 0.0;
            AugmentedPicture made =
                augment(item->picture.image, item->picture.labels, m_settings.imageWidth,
                        m_settings.imageHeight, options, random.fork("augment"));
            appendPatchShares(made.labels, m_settings.patchSize, stride(), parts);
            pictures.push_back(std::move(made.image));
            random.next();
            texts.push_back(m_tokenizer->encode(text, m_settings.contextLength));
            identities.push_back(static_cast<std::int64_t>(item->identity));
            for (const std::int64_t attribute : attributesOf(item->person, item->picture))
                attributes.push_back(attribute);
        }
        Batch batch;
        batch["pixels"] = pixelBatch(pictures, clipNormalization());
        batch["ids"] = idBatch(texts, 0);
        batch["attributes"] = torch::tensor(attributes, torch::kLong)
                                  .reshape({m_settings.batchSize,
                                            static_cast<std::int64_t>(attributeSizes().size())});
        batch["parts"] =
            torch::tensor(parts, torch::kFloat).reshape({m_settings.batchSize, -1, kLabelClasses});
        batch["step"] = torch::tensor(step, torch::kLong);
        batch["identities"] = torch::tensor(identities, torch::kLong);
        batch["leftOut"] = doubtfulPairs(people, queries);
        return batch;
    }

    // All processes compare all pictures with all texts, so that each needs to know of all pairs.
    Batch makePart(std::int64_t index, int rank, int count) const override
    {
        Batch whole = makeBatch(index);
        if (count == 1)
            return whole;
        const std::int64_t share = m_settings.batchSize / count;
        Batch part = rowsOf(whole, m_settings.batchSize, rank * share, share);
        for (const char *name : {"identities", "leftOut", "attributes"})
            part[name] = whole.at(name);
        return part;
    }

    Batch firstSamples(const Batch &batch, std::int64_t samples) const override
    {
        Batch part = rowsOf(batch, m_settings.batchSize, 0, samples);
        part["leftOut"] = part.at("leftOut").narrow(1, 0, samples);
        return part;
    }

    StepResult lossOf(const Batch &batch, torch::Device device, torch::ScalarType type) override
    {
        const torch::Tensor tokens =
            m_model->encodeImageTokens(batch.at("pixels").to(device, type)); // [B, 1 + N, D]
        // Of all processes.
        const torch::Tensor image = gathered(tokens.select(1, 0));
        const torch::Tensor text = gathered(m_model->textFeatures(batch.at("ids").to(device)));
        const torch::Tensor identities = batch.at("identities").to(device);
        StepResult result;
        const torch::Tensor leftOut = batch.at("leftOut").to(device);
        const torch::Tensor itc = itcLoss(image, text, m_settings.logitScale, leftOut);
        const torch::Tensor sdm =
            sdmLoss(image, text, identities, m_settings.logitScale, leftOut).total();
        const std::int64_t step = batch.at("step").item<std::int64_t>();
        const double progress = progressAt(m_settings, step);
        if (m_settings.loss == "sdm")
            result.loss = sdm;
        else if (m_settings.loss == "itc" || progress < m_settings.sdmFrom)
            result.loss = itc;
        else
            result.loss = itc + m_settings.sdmWeight * sdm;
        const double helperWeight = helperWeightAt(m_settings, step);
        if (helperWeight > 0.0) {
            const torch::Tensor attributes = batch.at("attributes").to(device);
            const torch::Tensor parts = torch::log_softmax(
                m_helper->parts(tokens.slice(1, 1)).to(torch::kFloat), 2); // [B, N, classes]
            const torch::Tensor partLoss = -(parts * batch.at("parts").to(device)).sum(2).mean();
            const torch::Tensor helper =
                helperLoss(image, attributes) + 0.5 * helperLoss(text, attributes) + partLoss;
            result.details["parts"] = partLoss.item<double>();
            result.loss = result.loss + helperWeight * helper;
            result.details["helper"] = helper.item<double>();
        }
        result.details["leftOut"] = leftOut.to(torch::kFloat).mean().item<double>();
        result.details["itc"] = itc.item<double>();
        result.details["sdm"] = sdm.item<double>();
        result.details["pool"] = static_cast<double>(m_pool.drawn());
        return result;
    }

    Evaluation evaluate(torch::Device device, torch::ScalarType type,
                        const CancelToken &cancel) override
    {
        const auto unit = [](const torch::Tensor &x) {
            const torch::Tensor values = x.to(torch::kFloat);
            return values / values.norm(2, {1}, true);
        };
        std::vector<torch::Tensor> images;
        std::vector<torch::Tensor> texts;
        constexpr std::int64_t kChunk = 64;
        for (std::int64_t i = 0; i < m_heldPixels.size(0) && !cancel.isCancelled(); i += kChunk) {
            const std::int64_t end = std::min(i + kChunk, m_heldPixels.size(0));
            images.push_back(
                unit(m_model->imageFeatures(m_heldPixels.slice(0, i, end).to(device, type))));
            texts.push_back(unit(m_model->textFeatures(m_heldIds.slice(0, i, end).to(device))));
        }
        Evaluation evaluation;
        evaluation.metric = "val-R1";
        if (cancel.isCancelled())
            return evaluation;
        const torch::Tensor scores =
            torch::cat(texts).matmul(torch::cat(images).t()).cpu(); // [Q, G]
        const torch::Tensor own = scores.diag().unsqueeze(1);
        const torch::Tensor better = scores.gt(own).to(torch::kFloat).sum(1); // rank - 1
        const auto recall = [&](double k) {
            return 100.0 * better.lt(k).to(torch::kFloat).mean().item<double>();
        };
        evaluation.value = recall(1);
        evaluation.numbers["R@1"] = recall(1);
        evaluation.numbers["R@5"] = recall(5);
        evaluation.numbers["R@10"] = recall(10);
        evaluation.numbers["mAP"] = 100.0 * (better + 1.0).reciprocal().mean().item<double>();
        evaluation.numbers["queries"] = scores.size(0);
        evaluation.samples = retrievalSamples(
            scores, [this](std::int64_t i) { return textOf(m_heldIds[i]); },
            [this](std::int64_t i) { return pictureOf(m_heldPixels[i], clipNormalization()); });
        return evaluation;
    }

    void writeModelFiles(const std::string &folder) const override
    {
        OrderedJson config = m_model->config.toJson();
        config["architecture"] = "clip";
        writeJsonFile(folder + "/config.json", config);
        OrderedJson preprocessor;
        preprocessor["task"] = "retrieval";
        preprocessor["resize_mode"] = "squash";
        preprocessor["size"] = {{"height", m_settings.imageHeight},
                                {"width", m_settings.imageWidth}};
        preprocessor["resample"] = "bicubic";
        preprocessor["image_mean"] = clipNormalization().mean;
        preprocessor["image_std"] = clipNormalization().std;
        preprocessor["average_mirrored"] = true;
        writeJsonFile(folder + "/preprocessor_config.json", preprocessor);
    }

    LoadOptions tensorNames() const override { return clipNames(); }

private:
    int stride() const { return m_settings.stride > 0 ? m_settings.stride : m_settings.patchSize; }

    // A short text is true of many people. Taking them for wrong answers would teach it to mean
    // nobody, so that pairs of which the generator cannot be sure are left out. [images, texts]
    torch::Tensor doubtfulPairs(const std::vector<std::shared_ptr<const PoolPicture>> &people,
                                const std::vector<QueryText> &queries) const
    {
        const std::int64_t count = static_cast<std::int64_t>(people.size());
        torch::Tensor pairs = torch::zeros({count, count}, torch::kBool);
        bool *values = pairs.data_ptr<bool>();
        for (std::size_t image = 0; image < people.size(); ++image) {
            const PoolPicture &other = *people[image];
            for (std::size_t text = 0; text < queries.size(); ++text, ++values) {
                const PoolPicture &asked = *people[text];
                if (image == text)
                    continue;
                *values = queries[text].text.empty()
                              ? asked.identity == other.identity
                              : mayBeTrueOf(queries[text], asked.person, other.person,
                                            other.picture, other.words);
            }
        }
        return pairs;
    }

    // Mean cross entropy over the attributes. Features are taken at unit length, as the ranking
    // does, times a fixed factor.
    torch::Tensor helperLoss(const torch::Tensor &features, const torch::Tensor &attributes)
    {
        const torch::Tensor values = features.to(torch::kFloat);
        const torch::Tensor unit = values / values.norm(2, {1}, true) * 12.0;
        const torch::Tensor logits = m_helper->attributes(unit.to(features.scalar_type()));
        torch::Tensor sum = torch::zeros({}, torch::kFloat).to(features.device());
        std::int64_t first = 0;
        for (std::size_t i = 0; i < attributeSizes().size(); ++i) {
            const std::int64_t size = attributeSizes()[i];
            sum = sum
                  + tokenLoss(logits.slice(1, first, first + size),
                              attributes.select(1, static_cast<std::int64_t>(i)));
            first += size;
        }
        return sum / static_cast<double>(attributeSizes().size());
    }

    std::string textOf(const torch::Tensor &ids) const
    {
        const torch::Tensor row = ids.to(torch::kCPU, torch::kLong).contiguous();
        const std::int64_t *first = row.data_ptr<std::int64_t>();
        return m_tokenizer->decode({first, first + row.numel()});
    }

    // A model whose patches lie closer together, or further apart, starts from this one's positions
    // as well: its own table says over which grid they were learned.
    void loadInitial(const std::string &folder)
    {
        const std::string path = folder + "/config.json";
        Json json = readJsonFile(path);
        json.erase("architecture"); // the program's own, not part of the network's
        const nn::ClipConfig old = nn::clipConfigFromJson(json, path);
        LoadOptions options = clipNames();
        const nn::ClipConfig &config = m_model->config;
        options.adapt = [&](const std::string &name, const torch::Tensor &stored,
                            torch::IntArrayRef) -> torch::Tensor {
            if (name != nn::kClipImagePositions)
                return {};
            return nn::resizePositionalTable(stored.to(torch::kFloat), old.gridHeight(),
                                             old.gridWidth(), config.gridHeight(),
                                             config.gridWidth());
        };
        loadStrict(*m_model, SafetensorsFile(folder + "/model.safetensors"), options);
    }

    void prepareHeldOut(const CancelToken &cancel, const ProgressSink &progress)
    {
        TrainSettings held = m_settings;
        held.picturesPerIdentity = 1;
        PicturePool pool(held, kValidationIdentities, 1);
        std::vector<Image> pictures;
        std::vector<std::vector<std::int64_t>> texts;
        ProgressMeter meter("drawing held-out people", m_settings.heldOutCount, progress);
        for (int i = 0; i < m_settings.heldOutCount && !cancel.isCancelled(); ++i) {
            const std::shared_ptr<const PoolPicture> item = pool.at(i);
            pictures.push_back(resize(item->picture.image, m_settings.imageWidth,
                                      m_settings.imageHeight, ResizeFilter::Bicubic));
            texts.push_back(m_tokenizer->encode(item->captions.front(), m_settings.contextLength));
            meter.advance();
        }
        if (pictures.empty())
            return;
        m_heldPixels = pixelBatch(pictures, clipNormalization());
        m_heldIds = idBatch(texts, 0);
    }

    RetrievalSettings m_settings;
    SeededRandom m_random{0};
    mutable PicturePool m_pool; // fills itself while it is read, and locks for that
    std::unique_ptr<TextCoder> m_tokenizer;
    nn::Clip m_model{nullptr};
    RetrievalHelper m_helper{nullptr};
    torch::Tensor m_heldPixels;
    torch::Tensor m_heldIds;
};

} // namespace

std::unique_ptr<TrainTask> makeRetrievalTask(const RetrievalSettings &settings)
{
    return std::make_unique<RetrievalTask>(settings);
}

} // namespace sapsam::training
