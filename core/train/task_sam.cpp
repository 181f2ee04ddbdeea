#include "core/image/mask.h"
#include "core/image/preprocess.h"
#include "core/image/resize.h"
#include "core/networks/person_sam.h"
#include "core/networks/sam.h"
#include "core/train/augment.h"
#include "core/train/batching.h"
#include "core/train/initial_weights.h"
#include "core/train/losses.h"
#include "core/train/picture_pool.h"
#include "core/train/tasks.h"
#include "core/weights/tensor_names.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace sapsam::training {

namespace F = torch::nn::functional;

namespace {

constexpr std::uint8_t kOutside = 255;      // label of the frame's padding
constexpr std::size_t kSmallestTarget = 12; // pixels of the frame

// Two rounds for every target, as SAM was trained in eleven (Kirillov et al. 2023, appendix A): a
// point inside or a loose box; then a point where the answer was wrong, with the answer's logits.
class SamTask final : public TrainTask
{
public:
    explicit SamTask(const SamSettings &settings) : m_settings(settings), m_pool(settings, 0, 0) {}

    const TrainSettings &settings() const override { return m_settings; }

    OrderedJson settingsJson() const override
    {
        OrderedJson json;
        json["task"] = "sam";
        json.update(toJson(m_settings));
        return json;
    }

    void prepare(std::uint64_t seed, const std::string & /*modelFolder*/, const CancelToken &cancel,
                 const ProgressSink &progress) override
    {
        m_random = SeededRandom(seed).fork("sam");
        nn::SamConfig config;
        config.imageSize = m_settings.imageSize;
        config.patchSize = m_settings.patchSize;
        config.width = m_settings.visionWidth;
        config.layers = m_settings.visionLayers;
        config.heads = m_settings.visionHeads;
        config.mlpDim = 4 * m_settings.visionWidth;
        config.windowSize = m_settings.windowSize;
        config.globalLayers.assign(m_settings.globalLayers.begin(), m_settings.globalLayers.end());
        config.promptDim = m_settings.decoderSize;
        config.decoderHeads = m_settings.decoderHeads;
        config.decoderMlpDim = m_settings.decoderMlp;
        config.iouHeadHidden = m_settings.decoderSize;
        // What Person-SAM's decoder uses, so that one can start from the other.
        config.decoderLayerNormEps = 1e-6;
        m_model = nn::Sam(config);
        nn::initializeWeights(*m_model, seed);
        if (!m_settings.initialModel.empty())
            loadInitial(m_settings.initialModel);
        m_maskSide = config.maskSide();
        prepareHeldOut(cancel, progress);
    }

    torch::nn::Module &module() override { return *m_model; }

    Batch makeBatch(std::int64_t step) const override
    {
        SeededRandom random = m_random.fork("batch").fork(static_cast<std::uint64_t>(step));
        const int side = m_settings.imageSize;
        const int perPicture = m_settings.promptsPerPicture;
        const std::int64_t rows = static_cast<std::int64_t>(m_settings.batchSize) * perPicture;
        torch::Tensor pixels = torch::empty({m_settings.batchSize, 3, side, side}, torch::kFloat);
        torch::Tensor targets = torch::zeros({rows, 1, side, side}, torch::kFloat);
        torch::Tensor points = torch::zeros({rows, 2}, torch::kFloat);
        torch::Tensor boxes = torch::zeros({rows, 4}, torch::kFloat);
        AugmentOptions augmentation;
        augmentation.strength = m_settings.augmentStrength;
        augmentation.erasing = 0.1;
        augmentation.flip = 0.5;
        std::int64_t picture = 0;
        for (const std::int64_t index :
             drawDistinct(m_pool.sizeAt(step), m_settings.batchSize, random)) {
            const std::shared_ptr<const PoolPicture> item = m_pool.at(index);
            const AugmentedPicture made =
                augment(item->picture.image, item->picture.labels, item->picture.image.width,
                        item->picture.image.height, augmentation, random.fork("augment"));
            random.next();
            const LabelMap labels =
                writeFrame(made.image, made.labels, pixels[picture].data_ptr<float>());
            for (int i = 0; i < perPicture; ++i) {
                const std::int64_t row = picture * perPicture + i;
                const Mask target = drawTarget(labels, random);
                float *values = targets[row].data_ptr<float>();
                std::vector<std::size_t> inside;
                for (std::size_t k = 0; k < target.bits.size(); ++k) {
                    values[k] = target.bits[k] != 0 ? 1.0F : 0.0F;
                    if (target.bits[k] != 0)
                        inside.push_back(k);
                }
                if (inside.empty())
                    inside.push_back(0);
                const std::size_t place = random.pick(inside);
                points[row][0] = static_cast<float>(place % static_cast<std::size_t>(side));
                points[row][1] = static_cast<float>(place / static_cast<std::size_t>(side));
                writeBox(target, boxes[row].data_ptr<float>(), random);
            }
            ++picture;
        }
        Batch batch;
        batch["pixels"] = pixels;
        batch["points"] = points;
        batch["boxes"] = boxes;
        batch["target"] =
            F::interpolate(targets, F::InterpolateFuncOptions()
                                        .size(std::vector<std::int64_t>{m_maskSide, m_maskSide})
                                        .mode(torch::kArea));
        return batch;
    }

    StepResult lossOf(const Batch &batch, torch::Device device, torch::ScalarType type) override
    {
        const torch::Tensor images = m_model->encodeImage(batch.at("pixels").to(device, type));
        const torch::Tensor target = batch.at("target").to(device); // [P, 1, s, s]
        const std::int64_t rows = target.size(0);
        const torch::Tensor embeddings =
            images.repeat_interleave(rows / std::max<std::int64_t>(1, images.size(0)), 0);
        const torch::Tensor points = batch.at("points").to(device).unsqueeze(1); // [P, 1, 2]
        const torch::Tensor boxes = batch.at("boxes").to(device);
        const torch::Tensor inside = torch::ones({rows, 1}, torch::kLong).to(device);

        nn::SamPrompts byPoint;
        byPoint.points = points;
        byPoint.labels = inside;
        const nn::SamMasks first = decode(embeddings, byPoint);
        const torch::Tensor whole =
            target.expand({rows, first.logits.size(1) - 1, m_maskSide, m_maskSide});
        const torch::Tensor alternatives = first.logits.slice(1, 1);
        // Only the best alternative learns: a point on a sleeve may mean the sleeve or the coat.
        const torch::Tensor perMask = maskLoss(alternatives, whole); // [P, M - 1]
        const torch::Tensor best = perMask.detach().argmin(1, true);
        const torch::Tensor pointLoss = perMask.gather(1, best).mean();
        const torch::Tensor overlaps = overlap(alternatives, whole);
        torch::Tensor score = (first.iou.slice(1, 1).to(torch::kFloat) - overlaps).square().mean();

        nn::SamPrompts byBox;
        byBox.boxes = boxes;
        const nn::SamMasks boxed = nn::selectMasks(decode(embeddings, byBox), false);
        const torch::Tensor boxLoss = maskLoss(boxed.logits, target).mean();
        score =
            score + (boxed.iou.to(torch::kFloat) - overlap(boxed.logits, target)).square().mean();

        // The second round: half of the rows go on from their point, half from their box.
        const torch::Tensor chosen = alternatives.gather(
            1, best.view({rows, 1, 1, 1}).expand({rows, 1, m_maskSide, m_maskSide}));
        const torch::Tensor fromBox =
            torch::arange(rows, torch::kLong).remainder(2).eq(1).view({rows, 1, 1, 1}).to(device);
        const torch::Tensor earlier =
            torch::where(fromBox, boxed.logits, chosen).detach().to(torch::kFloat);
        nn::SamPrompts corrected;
        torch::Tensor label;
        const torch::Tensor correction = errorPoints(earlier, target, label);
        corrected.points = torch::cat({points, correction}, 1);
        corrected.labels = torch::cat({inside, label}, 1);
        corrected.masks = earlier;
        const nn::SamMasks second = nn::selectMasks(decode(embeddings, corrected), false);
        const torch::Tensor refineLoss = maskLoss(second.logits, target).mean();
        const torch::Tensor secondOverlap = overlap(second.logits, target);
        score = score + (second.iou.to(torch::kFloat) - secondOverlap).square().mean();

        StepResult result;
        result.loss = pointLoss + boxLoss + refineLoss + m_settings.scoreWeight * score;
        result.details["point"] = pointLoss.item<double>();
        result.details["box"] = boxLoss.item<double>();
        result.details["refine"] = refineLoss.item<double>();
        result.details["score"] = score.item<double>();
        result.details["iou"] = secondOverlap.mean().item<double>();
        result.details["pool"] = static_cast<double>(m_pool.drawn());
        return result;
    }

    Evaluation evaluate(torch::Device device, torch::ScalarType type,
                        const CancelToken &cancel) override
    {
        // Every group of every held-out picture, asked for by one point and by its exact box.
        double pointSum = 0.0;
        double boxSum = 0.0;
        double count = 0.0;
        for (const HeldOut &held : m_held) {
            if (cancel.isCancelled())
                break;
            if (!held.targets.defined())
                continue;
            const torch::Tensor image =
                m_model->encodeImage(held.pixels.unsqueeze(0).to(device, type));
            const std::int64_t rows = held.targets.size(0);
            const torch::Tensor embeddings = image.expand({rows, -1, -1, -1});
            const torch::Tensor truth = held.targets.to(device);
            nn::SamPrompts byPoint;
            byPoint.points = held.points.unsqueeze(1);
            byPoint.labels = torch::ones({rows, 1}, torch::kLong);
            const nn::SamMasks masks = nn::selectMasks(decode(embeddings, byPoint), true);
            const torch::Tensor best = masks.iou.argmax(1, true).view({rows, 1, 1, 1});
            pointSum +=
                overlap(masks.logits.gather(1, best.expand({rows, 1, m_maskSide, m_maskSide})),
                        truth)
                    .sum()
                    .item<double>();
            nn::SamPrompts byBox;
            byBox.boxes = held.boxes;
            boxSum += overlap(nn::selectMasks(decode(embeddings, byBox), false).logits, truth)
                          .sum()
                          .item<double>();
            count += static_cast<double>(rows);
        }
        Evaluation evaluation;
        evaluation.metric = "val-IoU";
        const double divisor = std::max(1.0, count);
        evaluation.numbers["point"] = pointSum / divisor;
        evaluation.numbers["box"] = boxSum / divisor;
        evaluation.value = 0.5 * (pointSum + boxSum) / divisor;
        evaluation.numbers["mIoU"] = evaluation.value;
        return evaluation;
    }

    void writeModelFiles(const std::string &folder) const override
    {
        OrderedJson config = m_model->config.toJson();
        config["architecture"] = "sam";
        writeJsonFile(folder + "/config.json", config);
        // Pictures are prepared as SAM's are: the longer side to the frame, zeros below or beside.
        OrderedJson preprocessor;
        preprocessor["task"] = "sam";
        preprocessor["size"] = {{"longest_edge", m_settings.imageSize}};
        preprocessor["pad_size"] = {{"height", m_settings.imageSize},
                                    {"width", m_settings.imageSize}};
        preprocessor["image_mean"] = imageNetNormalization().mean;
        preprocessor["image_std"] = imageNetNormalization().std;
        writeJsonFile(folder + "/preprocessor_config.json", preprocessor);
    }

    LoadOptions tensorNames() const override { return samNames(); }

private:
    struct HeldOut
    {
        torch::Tensor pixels;  // [3, S, S]
        torch::Tensor targets; // [N, 1, s, s]; undefined without any
        torch::Tensor points;  // [N, 2]
        torch::Tensor boxes;   // [N, 4]
    };

    // The parts that SAM and Person-SAM share, or all of a SAM.
    void loadInitial(const std::string &folder)
    {
        const InitialWeights initial = openInitialWeights(folder, "initialModel");
        torch::NoGradGuard noGrad;
        torch::OrderedDict<std::string, torch::Tensor> source;
        const auto add = [&](torch::nn::Module &module) {
            source = module.named_parameters();
            for (const auto &buffer : module.named_buffers())
                source.insert(buffer.key(), buffer.value());
        };
        if (initial.config.contains("bert")) {
            nn::PersonSam person(nn::personSamConfigFromJson(initial.config, initial.origin));
            nn::loadPersonSam(person, *initial.tensors);
            add(*person);
        } else {
            nn::Sam sam(nn::samConfigFromJson(initial.config, initial.origin));
            loadStrict(*sam, *initial.tensors, initial.namesWith(samNames()));
            add(*sam);
        }
        const auto take = [&](const std::string &name, torch::Tensor &target) {
            const torch::Tensor *found = source.find(name);
            if (found == nullptr)
                return;
            if (found->sizes() != target.sizes())
                throw Error(ErrorKind::Mismatch,
                            "'initialModel': " + folder + ": the tensor " + name
                                + " has another shape than these settings give it");
            target.copy_(*found);
        };
        for (auto &parameter : m_model->named_parameters())
            take(parameter.key(), parameter.value());
        for (auto &buffer : m_model->named_buffers())
            take(buffer.key(), buffer.value());
    }

    nn::SamMasks decode(const torch::Tensor &embeddings, const nn::SamPrompts &prompts)
    {
        const nn::SamPromptEmbeddings prompt = m_model->prompt_encoder->forward(prompts);
        return m_model->mask_decoder->forward(embeddings, m_model->imagePe(), prompt.sparse,
                                              prompt.dense);
    }

    // Dice and cross entropy of each mask: [P, M, s, s] → [P, M].
    static torch::Tensor maskLoss(const torch::Tensor &logits, const torch::Tensor &target)
    {
        const torch::Tensor x = logits.to(torch::kFloat);
        const torch::Tensor flat = x.flatten(0, 1);
        const torch::Tensor dice = diceLossPerSample(flat, target.flatten(0, 1));
        const torch::Tensor cross =
            F::binary_cross_entropy_with_logits(
                flat, target.flatten(0, 1),
                F::BinaryCrossEntropyWithLogitsFuncOptions().reduction(torch::kNone))
                .flatten(1)
                .mean(1);
        return (dice + cross).view({x.size(0), x.size(1)});
    }

    static torch::Tensor overlap(const torch::Tensor &logits, const torch::Tensor &target)
    {
        return binaryIou(logits.detach().flatten(0, 1), target.flatten(0, 1))
            .view({logits.size(0), logits.size(1)});
    }

    // One point drawn from the pixels where the mask is wrong, in pixels of the frame: [P, 1, 2];
    // `label` [P, 1] is 1 where the mask misses the point.
    torch::Tensor errorPoints(const torch::Tensor &logits, const torch::Tensor &target,
                              torch::Tensor &label) const
    {
        const torch::Tensor truth = target.gt(0.5).flatten(1);
        const torch::Tensor answer = logits.gt(0).flatten(1);
        const torch::Tensor wrong = truth.ne(answer).to(torch::kFloat) + 1e-6;
        const torch::Tensor place = wrong.multinomial(1); // [P, 1]
        label = truth.gather(1, place).to(torch::kLong);
        const double scale =
            static_cast<double>(m_settings.imageSize) / static_cast<double>(m_maskSide);
        const torch::Tensor x = (place.remainder(m_maskSide).to(torch::kFloat) + 0.5) * scale - 0.5;
        const torch::Tensor y =
            (torch::floor_divide(place, m_maskSide).to(torch::kFloat) + 0.5) * scale - 0.5;
        return torch::stack({x, y}, -1);
    }

    // Writes [3, S, S] and returns the labels in the frame.
    LabelMap writeFrame(const Image &image, const LabelMap &labels, float *planes) const
    {
        const SamInput input = samInput(image, m_settings.imageSize);
        std::copy(input.planes.begin(), input.planes.end(), planes);
        const LabelMap content = resize(labels, input.contentWidth, input.contentHeight);
        LabelMap frame(m_settings.imageSize, m_settings.imageSize);
        std::fill(frame.labels.begin(), frame.labels.end(), kOutside);
        for (int y = 0; y < content.height; ++y)
            std::copy_n(content.labels.begin() + static_cast<std::ptrdiff_t>(y) * content.width,
                        content.width,
                        frame.labels.begin()
                            + static_cast<std::ptrdiff_t>(y) * m_settings.imageSize);
        return frame;
    }

    // The whole person, a part group, or one class such as the left shoe: what people click at.
    Mask drawTarget(const LabelMap &labels, SeededRandom &random) const
    {
        std::vector<std::size_t> areas(256, 0);
        for (const std::uint8_t label : labels.labels)
            ++areas[label];
        const auto area = [&](const std::vector<int> &classes) {
            std::size_t sum = 0;
            for (const int id : classes)
                sum += areas[static_cast<std::size_t>(id)];
            return sum;
        };
        std::vector<int> everything;
        std::vector<std::vector<int>> single;
        for (int id = 1; id < 18; ++id) {
            everything.push_back(id);
            if (area({id}) >= kSmallestTarget)
                single.push_back({id});
        }
        std::vector<std::vector<int>> groups;
        for (const std::string &group : synthPartGroups()) {
            // The group's own class must show: a face alone is neither hat nor glasses.
            const std::vector<int> &classes = synthClassesOfGroup(group);
            if (area({classes.front()}) > 0 && area(classes) >= kSmallestTarget)
                groups.push_back(classes);
        }
        if (groups.empty() || single.empty() || random.chance(m_settings.wholeShare))
            return maskOfClasses(labels, everything);
        if (random.chance(m_settings.classShare))
            return maskOfClasses(labels, random.pick(single));
        return maskOfClasses(labels, random.pick(groups));
    }

    // The tight box with every side moved by up to a tenth of its length.
    void writeBox(const Mask &target, float *values, SeededRandom &random) const
    {
        const std::optional<Box> tight = boundingBox(target);
        const Box box = tight ? *tight : Box{0, 0, 1, 1};
        const double width = box.right - box.left;
        const double height = box.bottom - box.top;
        const auto move = [&](double value, double length) {
            const double moved = value + (random.uniform() - 0.5) * 0.2 * length;
            return static_cast<float>(
                std::clamp(moved, 0.0, static_cast<double>(m_settings.imageSize)));
        };
        values[0] = move(box.left, width);
        values[1] = move(box.top, height);
        values[2] = move(box.right, width);
        values[3] = move(box.bottom, height);
    }

    // The pixel of the mask that is farthest from what is not the mask: where one would click.
    static std::pair<float, float> innermost(const Mask &mask)
    {
        std::vector<int> distance(mask.bits.size(), 0);
        const auto at = [&](int x, int y) -> int {
            if (x < 0 || y < 0 || x >= mask.width || y >= mask.height)
                return 0;
            return distance[static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width)
                            + static_cast<std::size_t>(x)];
        };
        for (int y = 0; y < mask.height; ++y)
            for (int x = 0; x < mask.width; ++x) {
                const std::size_t i =
                    static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width)
                    + static_cast<std::size_t>(x);
                distance[i] = mask.bits[i] == 0 ? 0 : 1 + std::min(at(x - 1, y), at(x, y - 1));
            }
        std::size_t best = 0;
        for (int y = mask.height - 1; y >= 0; --y)
            for (int x = mask.width - 1; x >= 0; --x) {
                const std::size_t i =
                    static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width)
                    + static_cast<std::size_t>(x);
                if (mask.bits[i] != 0)
                    distance[i] = std::min(distance[i], 1 + std::min(at(x + 1, y), at(x, y + 1)));
                if (distance[i] > distance[best])
                    best = i;
            }
        return {static_cast<float>(best % static_cast<std::size_t>(mask.width)),
                static_cast<float>(best / static_cast<std::size_t>(mask.width))};
    }

    void prepareHeldOut(const CancelToken &cancel, const ProgressSink &progress)
    {
        TrainSettings held = m_settings;
        held.picturesPerIdentity = 1;
        PicturePool pool(held, kValidationIdentities, 0);
        const int side = m_settings.imageSize;
        ProgressMeter meter("drawing held-out people", m_settings.heldOutCount, progress);
        for (int i = 0; i < m_settings.heldOutCount && !cancel.isCancelled(); ++i) {
            const std::shared_ptr<const PoolPicture> item = pool.at(i);
            HeldOut entry;
            entry.pixels = torch::empty({3, side, side}, torch::kFloat);
            const LabelMap labels = writeFrame(item->picture.image, item->picture.labels,
                                               entry.pixels.data_ptr<float>());
            std::vector<torch::Tensor> targets;
            std::vector<float> points;
            std::vector<float> boxes;
            for (const PartPhrase &phrase : item->picture.phrases) {
                const Mask mask = maskOfClasses(labels, synthClassesOfGroup(phrase.group));
                const std::optional<Box> box = boundingBox(mask);
                if (!box || mask.area() < kSmallestTarget)
                    continue;
                torch::Tensor target = torch::empty({1, 1, side, side}, torch::kFloat);
                std::copy(mask.bits.begin(), mask.bits.end(), target.data_ptr<float>());
                targets.push_back(F::interpolate(
                    target, F::InterpolateFuncOptions()
                                .size(std::vector<std::int64_t>{m_maskSide, m_maskSide})
                                .mode(torch::kArea)));
                const auto [x, y] = innermost(mask);
                points.insert(points.end(), {x, y});
                boxes.insert(boxes.end(),
                             {static_cast<float>(box->left), static_cast<float>(box->top),
                              static_cast<float>(box->right), static_cast<float>(box->bottom)});
            }
            if (!targets.empty()) {
                entry.targets = torch::cat(targets, 0).gt(0.5).to(torch::kFloat);
                entry.points = torch::tensor(points).view({-1, 2});
                entry.boxes = torch::tensor(boxes).view({-1, 4});
            }
            m_held.push_back(std::move(entry));
            meter.advance();
        }
    }

    SamSettings m_settings;
    SeededRandom m_random{0};
    mutable PicturePool m_pool; // fills itself while it is read, and locks for that
    nn::Sam m_model{nullptr};
    std::int64_t m_maskSide = 0;
    std::vector<HeldOut> m_held;
};

} // namespace

std::unique_ptr<TrainTask> makeSamTask(const SamSettings &settings)
{
    return std::make_unique<SamTask>(settings);
}

} // namespace sapsam::training
