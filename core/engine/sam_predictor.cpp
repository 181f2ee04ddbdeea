#include "core/engine/sam_predictor.h"

#include "core/engine/model_loading.h"
#include "core/image/resize.h"
#include "core/networks/sam.h"
#include "core/weights/tensor_names.h"

namespace sapsam {

namespace {

// So many masks at a time are brought to the size of the picture.
constexpr std::int64_t kMasksAtOnce = 8;

} // namespace

struct SamPredictor::Private
{
    engine::Computing computing;
    engine::ModelFolder folder;
    nn::Sam network{nullptr};
    torch::Tensor embeddings;                // [1, C, g, g]; undefined without a picture
    int width = 0, height = 0;               // of the picture
    int contentWidth = 0, contentHeight = 0; // of the picture in the frame

    void requirePicture() const
    {
        if (!embeddings.defined())
            throw Error(ErrorKind::InvalidInput, "SAM: no picture was set");
    }

    float frameX(float x) const
    {
        return static_cast<float>(static_cast<double>(x) * contentWidth / width);
    }
    float frameY(float y) const
    {
        return static_cast<float>(static_cast<double>(y) * contentHeight / height);
    }

    // Logits [N, 4g, 4g] → [N, height, width] on the CPU.
    torch::Tensor inPicture(const torch::Tensor &logits) const
    {
        return nn::postprocessMasks(logits.unsqueeze(1).to(torch::kFloat),
                                    network->config.imageSize, contentHeight, contentWidth, height,
                                    width)
            .squeeze(1)
            .to(torch::kCPU)
            .contiguous();
    }
};

SamPredictor::SamPredictor(const std::string &modelFolder, const EngineOptions &options)
    : d(std::make_unique<Private>())
{
    d->computing = engine::startComputing(options);
    d->folder = engine::openModelFolder(modelFolder, "sam", "sam");
    engine::translated("loading " + modelFolder, [&] {
        d->network = engine::loadNetwork<nn::Sam>(
            d->folder, nn::samConfigFromJson(d->folder.config, d->folder.origin), samNames(),
            d->computing);
    });
}

SamPredictor::~SamPredictor() = default;

const ModelInfo &SamPredictor::model() const
{
    return d->folder.info;
}

void SamPredictor::setPicture(const Image &picture)
{
    if (picture.isEmpty())
        throw Error(ErrorKind::InvalidInput, "SAM: the picture is empty");
    const auto side = static_cast<int>(d->network->config.imageSize);
    SamInput input = samInput(toRgb(picture), side);
    d->embeddings = torch::Tensor();
    engine::translated("encoding a picture", [&] {
        const torch::NoGradGuard noGrad;
        const auto pixels = torch::from_blob(input.planes.data(), {1, 3, side, side}, torch::kFloat)
                                .to(d->computing.device, d->computing.type);
        d->embeddings = d->network->encodeImage(pixels);
    });
    d->width = picture.width;
    d->height = picture.height;
    d->contentWidth = input.contentWidth;
    d->contentHeight = input.contentHeight;
}

std::vector<SamAnswer> SamPredictor::predict(const SamQuery &query)
{
    d->requirePicture();
    const auto side = d->network->config.maskSide();
    if (!query.earlierLogits.empty()
        && query.earlierLogits.size() != static_cast<std::size_t>(side * side))
        throw Error(ErrorKind::InvalidInput, "SAM: an earlier mask of "
                                                 + std::to_string(query.earlierLogits.size())
                                                 + " values instead of " + std::to_string(side)
                                                 + " x " + std::to_string(side));
    nn::SamPrompts prompts;
    if (!query.points.empty()) {
        std::vector<float> places;
        std::vector<std::int64_t> labels;
        for (const auto &point : query.points) {
            places.insert(places.end(), {d->frameX(point.x), d->frameY(point.y)});
            labels.push_back(point.isInside ? 1 : 0);
        }
        prompts.points = torch::tensor(places).view({1, -1, 2});
        prompts.labels = torch::tensor(labels, torch::kLong).view({1, -1});
    }
    if (query.box) {
        const auto &box = *query.box;
        prompts.boxes = torch::tensor(std::vector<float>{d->frameX(box[0]), d->frameY(box[1]),
                                                         d->frameX(box[2]), d->frameY(box[3])})
                            .view({1, 4});
    }
    if (!query.earlierLogits.empty())
        prompts.masks = torch::tensor(query.earlierLogits).view({1, 1, side, side});

    std::vector<SamAnswer> answers;
    engine::translated("segmenting", [&] {
        const torch::NoGradGuard noGrad;
        const auto masks =
            nn::selectMasks(d->network->decode(d->embeddings, prompts), query.alternatives);
        const auto low = masks.logits[0].to(torch::kCPU, torch::kFloat).contiguous();
        const auto full = d->inPicture(masks.logits[0]);
        const auto iou = masks.iou[0].to(torch::kCPU, torch::kFloat).contiguous();
        for (std::int64_t i = 0; i < iou.size(0); ++i) {
            SamAnswer answer;
            const auto *values = full[i].data_ptr<float>();
            answer.mask = maskOfLogits({values, values + full[i].numel()}, d->width, d->height);
            answer.predictedIou = iou[i].item<float>();
            const auto *lowValues = low[i].data_ptr<float>();
            answer.logits.assign(lowValues, lowValues + low[i].numel());
            answers.push_back(std::move(answer));
        }
    });
    return answers;
}

std::vector<PointMask> SamPredictor::masksAt(const std::vector<std::pair<float, float>> &points,
                                             double iouThreshold)
{
    d->requirePicture();
    std::vector<PointMask> answers;
    if (points.empty())
        return answers;
    std::vector<float> places;
    for (const auto &point : points)
        places.insert(places.end(), {d->frameX(point.first), d->frameY(point.second)});
    const auto count = static_cast<std::int64_t>(points.size());
    engine::translated("segmenting", [&] {
        const torch::NoGradGuard noGrad;
        nn::SamPrompts prompts;
        prompts.points = torch::tensor(places).view({count, 1, 2});
        prompts.labels = torch::ones({count, 1}, torch::kLong);
        const auto masks = nn::selectMasks(d->network->decode(d->embeddings, prompts), true);
        const auto alternatives = masks.iou.size(1);
        const auto iou = masks.iou.flatten().to(torch::kCPU, torch::kFloat).contiguous();
        const auto logits = masks.logits.flatten(0, 1);
        std::vector<std::int64_t> wanted;
        for (std::int64_t i = 0; i < iou.numel(); ++i) {
            if (static_cast<double>(iou.data_ptr<float>()[i]) > iouThreshold)
                wanted.push_back(i);
        }
        for (std::size_t begin = 0; begin < wanted.size(); begin += kMasksAtOnce) {
            const std::size_t end = std::min(begin + kMasksAtOnce, wanted.size());
            const auto rows = torch::tensor(
                std::vector<std::int64_t>(wanted.begin() + static_cast<std::ptrdiff_t>(begin),
                                          wanted.begin() + static_cast<std::ptrdiff_t>(end)),
                torch::kLong);
            const auto full = d->inPicture(logits.index_select(0, rows.to(logits.device())));
            for (std::size_t i = begin; i < end; ++i) {
                PointMask answer;
                answer.point = static_cast<std::size_t>(wanted[i] / alternatives);
                answer.predictedIou = iou.data_ptr<float>()[wanted[i]];
                const auto plane = full[static_cast<std::int64_t>(i - begin)];
                answer.logits.assign(plane.data_ptr<float>(),
                                     plane.data_ptr<float>() + plane.numel());
                answers.push_back(std::move(answer));
            }
        }
    });
    return answers;
}

} // namespace sapsam
