#include "core/image/mask.h"
#include "core/networks/person_sam.h"
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

namespace sapsam::training {

namespace F = torch::nn::functional;

namespace {

// 0/1 values of the pixels whose label is one of the classes, written as float.
void writeTarget(const LabelMap &labels, const std::vector<int> &classes, float *values)
{
    for (std::size_t i = 0; i < labels.labels.size(); ++i)
        values[i] = std::find(classes.begin(), classes.end(), labels.labels[i]) != classes.end()
                        ? 1.0F
                        : 0.0F;
}

constexpr std::int64_t kLabelClasses = 18; // ATR

class PersonSamTask final : public TrainTask
{
public:
    explicit PersonSamTask(const PersonSamSettings &settings)
        : m_settings(settings), m_pool(settings, 0, 0)
    {
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
        m_random = SeededRandom(seed).fork("person-sam");
        m_tokenizer =
            prepareText(TextKind::WordPiece, m_settings, m_settings.vocabularySize, modelFolder);

        nn::PersonSamConfig config;
        config.sam.imageSize = m_settings.imageSize;
        config.sam.patchSize = m_settings.patchSize;
        config.sam.width = m_settings.visionWidth;
        config.sam.layers = m_settings.visionLayers;
        config.sam.heads = m_settings.visionHeads;
        config.sam.mlpDim = 4 * m_settings.visionWidth;
        config.sam.windowSize = m_settings.windowSize;
        config.sam.globalLayers.assign(m_settings.globalLayers.begin(),
                                       m_settings.globalLayers.end());
        config.sam.promptDim = m_settings.decoderSize;
        config.sam.decoderHeads = m_settings.decoderHeads;
        config.sam.decoderMlpDim = m_settings.decoderMlp;
        config.sam.iouHeadHidden = m_settings.decoderSize;
        config.text.vocabSize = m_tokenizer->vocabularySize();
        config.text.hiddenSize = m_settings.textWidth;
        config.text.layers = m_settings.textLayers;
        config.text.heads = m_settings.textHeads;
        config.text.intermediateSize = 4 * m_settings.textWidth;
        config.text.maxPositions = m_settings.phraseLength;
        config.attentionHeads = m_settings.decoderHeads;
        config.maxPhraseTokens = m_settings.phraseLength;
        m_model = nn::PersonSam(config);
        nn::initializeWeights(*m_model, seed);
        if (!m_settings.initialModel.empty())
            nn::loadPersonSam(m_model,
                              SafetensorsFile(m_settings.initialModel + "/model.safetensors"));
        m_maskSide = config.sam.maskSide();
        if (m_settings.helperWeight > 0.0) {
            // The whole label map from the image embedding, 4 x 4 pixels from each cell.
            m_helper = m_model->register_module(
                kHelper, torch::nn::Conv2d(torch::nn::Conv2dOptions(m_settings.decoderSize,
                                                                    kLabelClasses * 16, 1)));
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
        const double absentShare =
            progressAt(m_settings, step) < m_settings.absentFrom ? 0.0 : m_settings.absentShare;
        AugmentOptions augmentation;
        augmentation.strength = m_settings.augmentStrength;
        augmentation.erasing = 0.1;
        std::vector<Image> pictures;
        std::vector<LabelMap> labels;
        std::vector<std::vector<std::int64_t>> phrases;
        std::vector<std::vector<int>> classes;
        for (const std::int64_t index :
             drawDistinct(m_pool.sizeAt(step), m_settings.batchSize, random)) {
            const std::shared_ptr<const PoolPicture> item = m_pool.at(index);
            augmentation.flip = 0.5;
            AugmentedPicture made =
                augment(item->picture.image, item->picture.labels, m_settings.imageSize,
                        m_settings.imageSize, augmentation, random.fork("augment"));
            random.next();
            for (int i = 0; i < m_settings.promptsPerPicture; ++i) {
                const Prompt prompt = drawPrompt(*item, absentShare, random);
                phrases.push_back(m_tokenizer->encode(prompt.phrase, m_settings.phraseLength));
                classes.push_back(prompt.classes);
            }
            pictures.push_back(std::move(made.image));
            labels.push_back(std::move(made.labels));
        }
        const std::int64_t side = m_settings.imageSize;
        torch::Tensor targets =
            torch::empty({static_cast<std::int64_t>(phrases.size()), 1, side, side}, torch::kFloat);
        for (std::size_t i = 0; i < phrases.size(); ++i)
            writeTarget(labels[i / static_cast<std::size_t>(m_settings.promptsPerPicture)],
                        classes[i],
                        targets.data_ptr<float>() + static_cast<std::int64_t>(i) * side * side);
        torch::Tensor classes18 =
            torch::empty({m_settings.batchSize, m_maskSide, m_maskSide}, torch::kLong);
        std::int64_t *classValues = classes18.data_ptr<std::int64_t>();
        for (const LabelMap &map : labels) {
            const LabelMap small =
                resize(map, static_cast<int>(m_maskSide), static_cast<int>(m_maskSide));
            classValues = std::copy(small.labels.begin(), small.labels.end(), classValues);
        }
        Batch batch;
        batch["classes"] = classes18;
        batch["step"] = torch::tensor(step, torch::kLong);
        batch["pixels"] = pixelBatch(pictures, imageNetNormalization());
        batch["ids"] = paddedIds(phrases);
        batch["mask"] = batch["ids"].ne(m_tokenizer->paddingId()).to(torch::kLong);
        batch["target"] =
            F::interpolate(targets, F::InterpolateFuncOptions()
                                        .size(std::vector<std::int64_t>{m_maskSide, m_maskSide})
                                        .mode(torch::kArea));
        return batch;
    }

    StepResult lossOf(const Batch &batch, torch::Device device, torch::ScalarType type) override
    {
        const torch::Tensor embeddings = m_model->encodeImage(batch.at("pixels").to(device, type));
        const nn::PersonSamOutput output =
            m_model->decode(embeddings, batch.at("ids").to(device), batch.at("mask").to(device));
        const torch::Tensor target = batch.at("target").to(device); // [P, 1, side, side]
        const torch::Tensor present = target.flatten(1).sum(1).gt(0); // [P]
        // A part that is not there teaches the score only. It would teach the mask to be empty,
        // from which rare parts hardly come back.
        const torch::Tensor rows = present.nonzero().flatten();
        const torch::Tensor masks = output.maskLogits.index_select(0, rows);
        const torch::Tensor wanted = target.index_select(0, rows);
        const bool isAnyThere = rows.size(0) > 0;
        const torch::Tensor nothing = output.maskLogits.to(torch::kFloat).sum() * 0.0;
        const torch::Tensor dice = isAnyThere ? diceLoss(masks, wanted) : nothing;
        const torch::Tensor bce = isAnyThere ? bceLoss(masks, wanted) : nothing;
        const torch::Tensor overlap = binaryIou(output.maskLogits.detach(), target); // [P]
        const torch::Tensor seen = present.to(torch::kFloat);
        const torch::Tensor score =
            (output.iou.to(torch::kFloat).flatten() - overlap * seen).square().mean();
        StepResult result;
        result.loss = dice + bce + m_settings.scoreWeight * score;
        const double helperWeight =
            helperWeightAt(m_settings, batch.at("step").item<std::int64_t>());
        if (helperWeight > 0.0) {
            const torch::Tensor logits = torch::pixel_shuffle(m_helper->forward(embeddings), 4)
                                             .to(torch::kFloat); // [B, 18, side, side]
            const torch::Tensor helper = F::cross_entropy(logits, batch.at("classes").to(device));
            result.loss = result.loss + helperWeight * helper;
            result.details["helper"] = helper.item<double>();
        }
        result.details["dice"] = dice.item<double>();
        result.details["bce"] = bce.item<double>();
        result.details["score"] = score.item<double>();
        result.details["iou"] =
            ((overlap * seen).sum() / seen.sum().clamp_min(1.0)).item<double>();
        result.details["pool"] = static_cast<double>(m_pool.drawn());
        return result;
    }

    Evaluation evaluate(torch::Device device, torch::ScalarType type,
                        const CancelToken &cancel) override
    {
        // All groups for every held-out picture: those that are there count for the overlap, those
        // that are not for how well the score tells.
        const std::vector<std::string> &groups = synthPartGroups();
        const std::int64_t groupCount = static_cast<std::int64_t>(groups.size());
        std::vector<std::vector<std::int64_t>> phrases;
        for (const std::string &group : groups)
            phrases.push_back(
                m_tokenizer->encode(genericPhrases(group).front(), m_settings.phraseLength));
        const torch::Tensor ids = paddedIds(phrases);
        const torch::Tensor mask = ids.ne(m_tokenizer->paddingId()).to(torch::kLong);

        std::vector<double> sums(groups.size(), 0.0);
        std::vector<double> counts(groups.size(), 0.0);
        double scoreError = 0.0;
        double absentFound = 0.0;
        double absent = 0.0;
        std::vector<RunSample> samples;
        constexpr std::int64_t kChunk = 16;
        const std::int64_t total = m_heldPixels.defined() ? m_heldPixels.size(0) : 0;
        for (std::int64_t i = 0; i < total && !cancel.isCancelled(); i += kChunk) {
            const std::int64_t count = std::min(kChunk, total - i);
            const nn::PersonSamOutput output = m_model->forward(
                m_heldPixels.slice(0, i, i + count).to(device, type),
                ids.repeat({count, 1}).to(device), mask.repeat({count, 1}).to(device));
            // At the size of the picture the network saw, where the truth is exact.
            const torch::Tensor logits = F::interpolate(
                output.maskLogits.to(torch::kFloat).cpu(),
                F::InterpolateFuncOptions()
                    .size(std::vector<std::int64_t>{m_settings.imageSize, m_settings.imageSize})
                    .mode(torch::kBilinear)
                    .align_corners(false)); // [P, 1, S, S]
            const torch::Tensor truth =
                m_heldTargets.slice(0, i, i + count).reshape_as(logits).to(torch::kFloat);
            const torch::Tensor overlap = binaryIou(logits, truth);
            const torch::Tensor present = truth.flatten(1).sum(1).gt(0);
            const torch::Tensor score = output.iou.to(torch::kFloat).cpu().flatten();
            for (std::int64_t k = 0; k < count * groupCount; ++k) {
                const std::size_t group = static_cast<std::size_t>(k % groupCount);
                const double value = overlap[k].item<double>();
                const double predicted = score[k].item<double>();
                if (present[k].item<bool>()) {
                    // One part of each of the first pictures, another part each time.
                    if (samples.size() < kSamplesKept
                        && (i * groupCount + k) / groupCount
                               >= static_cast<std::int64_t>(samples.size())
                        && k % groupCount
                               >= static_cast<std::int64_t>(samples.size()) % groupCount) {
                        const Image picture = pictureOf(m_heldPixels[i + k / groupCount],
                                                        imageNetNormalization());
                        RunSample sample;
                        sample.given = groups[group];
                        sample.picture = withMask(picture, truth[k][0]);
                        sample.second = withMask(picture, logits[k][0]);
                        sample.value = value;
                        sample.valueName = "IoU";
                        samples.push_back(std::move(sample));
                    }
                    sums[group] += value;
                    counts[group] += 1.0;
                    scoreError += std::abs(predicted - value);
                } else {
                    absent += 1.0;
                    absentFound += predicted > 0.3 ? 1.0 : 0.0;
                }
            }
        }
        Evaluation evaluation;
        evaluation.metric = "val-IoU";
        double sum = 0.0;
        double count = 0.0;
        OrderedJson perGroup;
        for (std::size_t i = 0; i < groups.size(); ++i) {
            sum += sums[i];
            count += counts[i];
            perGroup[groups[i]] = counts[i] > 0.0 ? sums[i] / counts[i] : 0.0;
        }
        evaluation.value = count > 0.0 ? sum / count : 0.0;
        evaluation.numbers["mIoU"] = evaluation.value;
        evaluation.numbers["per_group"] = perGroup;
        evaluation.numbers["scoreError"] = count > 0.0 ? scoreError / count : 0.0;
        evaluation.numbers["absentFound"] = absent > 0.0 ? absentFound / absent : 0.0;
        evaluation.samples = std::move(samples);
        return evaluation;
    }

    void writeModelFiles(const std::string &folder) const override
    {
        OrderedJson config = m_model->config.toJson();
        config["architecture"] = "person-sam";
        writeJsonFile(folder + "/config.json", config);
        OrderedJson preprocessor;
        preprocessor["task"] = "person-sam";
        // Differs from the published pipeline, which keeps the aspect and pads.
        preprocessor["resize_mode"] = "squash";
        preprocessor["size"] = {{"height", m_settings.imageSize}, {"width", m_settings.imageSize}};
        preprocessor["resample"] = "bicubic";
        preprocessor["image_mean"] = imageNetNormalization().mean;
        preprocessor["image_std"] = imageNetNormalization().std;
        // Below this predicted overlap the part is taken as not there. Chosen on drawn people that
        // neither train nor test: few parts that are there may be lost.
        preprocessor["score_threshold"] = 0.07;
        preprocessor["average_mirrored"] = true;
        writeJsonFile(folder + "/preprocessor_config.json", preprocessor);
    }

    LoadOptions tensorNames() const override { return personSamNames(); }

private:
    struct Prompt
    {
        std::string phrase;
        std::vector<int> classes; // empty when the part is not there
    };

    Prompt drawPrompt(const PoolPicture &item, double absentShare, SeededRandom &random) const
    {
        const std::vector<PartPhrase> &visible = item.picture.phrases;
        Prompt prompt;
        if (visible.empty() || random.chance(absentShare)) {
            std::vector<std::string> absent;
            for (const std::string &group : synthPartGroups()) {
                if (std::none_of(visible.begin(), visible.end(),
                                 [&](const PartPhrase &phrase) { return phrase.group == group; })
                    && !hasPixels(item.picture.labels, group))
                    absent.push_back(group);
            }
            if (!absent.empty()) {
                const std::string &group = random.pick(absent);
                prompt.phrase = random.pick(genericPhrases(group));
                if (!random.chance(m_settings.genericShare))
                    prompt.phrase = borrowedPhrase(group, prompt.phrase, random);
                return prompt;
            }
        }
        if (visible.empty()) {
            prompt.phrase = genericPhrases("clothes").front();
            prompt.classes = synthClassesOfGroup("clothes");
            return prompt;
        }
        const PartPhrase &chosen = random.pick(visible);
        // The plain wording is what the program asks with by default: it comes often.
        prompt.phrase = !random.chance(m_settings.genericShare) ? chosen.text
                        : random.chance(0.5) ? genericPhrases(chosen.group).front()
                                             : random.pick(genericPhrases(chosen.group));
        prompt.classes = synthClassesOfGroup(chosen.group);
        return prompt;
    }

    // A group counts as absent only when its own class (the first) has no pixel: a face alone is
    // neither hat nor glasses.
    static bool hasPixels(const LabelMap &labels, const std::string &group)
    {
        const int own = synthClassesOfGroup(group).front();
        return std::find(labels.labels.begin(), labels.labels.end(), static_cast<std::uint8_t>(own))
               != labels.labels.end();
    }

    // How somebody else's part of that group is described.
    std::string borrowedPhrase(const std::string &group, const std::string &fallback,
                               SeededRandom &random) const
    {
        for (int attempt = 0; attempt < 6; ++attempt) {
            const std::shared_ptr<const PoolPicture> other =
                m_pool.at(random.integer(0, m_settings.poolStart - 1));
            for (const PartPhrase &phrase : other->picture.phrases) {
                if (phrase.group == group)
                    return phrase.text;
            }
        }
        return fallback;
    }

    torch::Tensor paddedIds(std::vector<std::vector<std::int64_t>> rows) const
    {
        for (auto &row : rows)
            row.resize(static_cast<std::size_t>(m_settings.phraseLength), m_tokenizer->paddingId());
        return idBatch(rows, m_tokenizer->paddingId());
    }

    void prepareHeldOut(const CancelToken &cancel, const ProgressSink &progress)
    {
        TrainSettings held = m_settings;
        held.picturesPerIdentity = 1;
        PicturePool pool(held, kValidationIdentities, 0);
        const std::int64_t side = m_settings.imageSize;
        const std::vector<std::string> &groups = synthPartGroups();
        std::vector<Image> pictures;
        m_heldTargets = torch::zeros(
            {m_settings.heldOutCount, static_cast<std::int64_t>(groups.size()), side, side},
            torch::kByte);
        ProgressMeter meter("drawing held-out people", m_settings.heldOutCount, progress);
        for (int i = 0; i < m_settings.heldOutCount && !cancel.isCancelled(); ++i) {
            const std::shared_ptr<const PoolPicture> item = pool.at(i);
            pictures.push_back(resize(item->picture.image, m_settings.imageSize,
                                      m_settings.imageSize, ResizeFilter::Bicubic));
            const LabelMap labels =
                resize(item->picture.labels, m_settings.imageSize, m_settings.imageSize);
            for (std::size_t k = 0; k < groups.size(); ++k) {
                const bool visible = std::any_of(
                    item->picture.phrases.begin(), item->picture.phrases.end(),
                    [&](const PartPhrase &phrase) { return phrase.group == groups[k]; });
                if (!visible)
                    continue;
                const Mask mask = maskOfClasses(labels, synthClassesOfGroup(groups[k]));
                std::copy(mask.bits.begin(), mask.bits.end(),
                          m_heldTargets[i][static_cast<std::int64_t>(k)].data_ptr<std::uint8_t>());
            }
            meter.advance();
        }
        if (pictures.empty())
            return;
        m_heldPixels = pixelBatch(pictures, imageNetNormalization());
    }

    PersonSamSettings m_settings;
    SeededRandom m_random{0};
    mutable PicturePool m_pool; // fills itself while it is read, and locks for that
    std::unique_ptr<TextCoder> m_tokenizer;
    nn::PersonSam m_model{nullptr};
    torch::nn::Conv2d m_helper{nullptr};
    std::int64_t m_maskSide = 0;
    torch::Tensor m_heldPixels;  // [N, 3, S, S]
    torch::Tensor m_heldTargets; // [N, groups, S, S]
};

} // namespace

std::unique_ptr<TrainTask> makePersonSamTask(const PersonSamSettings &settings)
{
    return std::make_unique<PersonSamTask>(settings);
}

} // namespace sapsam::training
