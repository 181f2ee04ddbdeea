#include "core/engine/prompted_segmenter.h"

#include "core/engine/model_loading.h"
#include "core/image/mask.h"
#include "core/image/resize.h"
#include "core/networks/person_sam.h"
#include "core/networks/sam.h"
#include "core/text/wordpiece_tokenizer.h"
#include "core/weights/tensor_names.h"

#include <algorithm>
#include <list>

namespace sapsam {

namespace {

constexpr std::size_t kKeptPhrases = 64; // small tensors

// Where a picture stands in a square frame of `side`: as much of the longer side as there is.
struct Placing
{
    int width = 0;
    int height = 0;
};

Placing placed(int width, int height, int side)
{
    const double scale = static_cast<double>(side) / std::max(width, height);
    return {std::max(1, static_cast<int>(width * scale + 0.5)),
            std::max(1, static_cast<int>(height * scale + 0.5))};
}

} // namespace

struct PromptedSegmenter::Private
{
    struct PhraseAnswer
    {
        std::string phrase;
        torch::Tensor logits; // [1, 1, s, s]
        float score = 0.0F;
        Mask mask;
    };
    struct PlaceAnswer
    {
        Mask mask;
        float score = 0.0F;
    };

    struct Encoded
    {
        std::int64_t key = 0;
        int width = 0, height = 0;               // of the picture
        int contentWidth = 0, contentHeight = 0; // of the picture in SAM's frame
        torch::Tensor forPhrases;                // [1, C, g, g]; undefined without the model
        torch::Tensor forPoints;
        // The last answers: while a person adds points to a phrase or changes the phrase above
        // points, only what is new is computed.
        std::optional<PhraseAnswer> phrase;
        MaskPrompt placePrompt; // what `places` answers: points and box alone
        std::optional<PlaceAnswer> places;
    };

    engine::Computing computing;
    bool hasPhrases = false;
    bool hasPoints = false;
    engine::ModelFolder phraseFolder, pointFolder;
    std::optional<WordPieceTokenizer> tokenizer;
    nn::PersonSam phraseNetwork{nullptr};
    nn::Sam pointNetwork{nullptr};
    std::list<Encoded> pictures; // last used first
    // What the text encoder made of phrases, last used first: it is the same for every picture.
    std::list<std::pair<std::string, nn::PhrasePrompts>> phrases;

    Encoded &use(std::int64_t key)
    {
        for (auto picture = pictures.begin(); picture != pictures.end(); ++picture) {
            if (picture->key == key) {
                pictures.splice(pictures.begin(), pictures, picture);
                return pictures.front();
            }
        }
        throw Error(ErrorKind::InvalidInput,
                    "the picture " + std::to_string(key) + " has not been encoded");
    }

    const nn::PhrasePrompts &encodePhrase(const std::string &phrase)
    {
        for (auto known = phrases.begin(); known != phrases.end(); ++known) {
            if (known->first == phrase) {
                phrases.splice(phrases.begin(), phrases, known);
                return phrases.front().second;
            }
        }
        const auto length = static_cast<std::size_t>(phraseNetwork->config.maxPhraseTokens);
        const TokenSequence sequence = tokenizer->encodePadded(phrase, length);
        const std::vector<std::int64_t> shape = {1, static_cast<std::int64_t>(length)};
        torch::Tensor ids = torch::zeros(shape, torch::kLong);
        torch::Tensor mask = torch::zeros(shape, torch::kLong);
        std::copy(sequence.ids.begin(), sequence.ids.end(), ids.data_ptr<std::int64_t>());
        std::copy(sequence.attentionMask.begin(), sequence.attentionMask.end(),
                  mask.data_ptr<std::int64_t>());
        phrases.emplace_front(phrase, phraseNetwork->encodePhrases(ids.to(computing.device),
                                                                   mask.to(computing.device)));
        if (phrases.size() > kKeptPhrases)
            phrases.pop_back();
        return phrases.front().second;
    }

    const PhraseAnswer &answerPhrase(Encoded &picture, const std::string &phrase)
    {
        if (picture.phrase && picture.phrase->phrase == phrase)
            return *picture.phrase;
        const nn::PersonSamOutput output =
            phraseNetwork->decodePrompts(picture.forPhrases, encodePhrase(phrase));
        PhraseAnswer answer;
        answer.phrase = phrase;
        answer.logits = output.maskLogits;
        answer.score = std::clamp(output.iou.item<float>(), 0.0F, 1.0F);
        answer.mask = phraseMask(picture, output.maskLogits, answer.score);
        picture.phrase = std::move(answer);
        return *picture.phrase;
    }

    const PlaceAnswer &answerPlaces(Encoded &picture, MaskPrompt prompt)
    {
        prompt.phrase.clear();
        if (!picture.places || !(picture.placePrompt == prompt)) {
            picture.places = decodePlaces(picture, prompt, {});
            picture.placePrompt = std::move(prompt);
        }
        return *picture.places;
    }

    // The part of a plane of Person-SAM's logits that shows the picture, [height, width].
    torch::Tensor phraseContent(const Encoded &picture, const torch::Tensor &logits) const
    {
        const auto side = static_cast<int>(logits.size(-1));
        const torch::Tensor plane = logits.view({side, side});
        if (!phraseFolder.preparation.maskIsPadded)
            return plane;
        const Placing content = placed(picture.width, picture.height, side);
        return plane.slice(0, 0, content.height).slice(1, 0, content.width);
    }

    Mask phraseMask(const Encoded &picture, const torch::Tensor &logits, float score) const
    {
        // As in Segmenter: what is below the model's own threshold is not there.
        if (score < static_cast<float>(phraseFolder.preparation.scoreThreshold))
            return Mask(picture.width, picture.height);
        const torch::Tensor content =
            phraseContent(picture, logits).to(torch::kCPU, torch::kFloat).contiguous();
        const std::vector<float> values(content.data_ptr<float>(),
                                        content.data_ptr<float>() + content.numel());
        return maskOfLogits(resizePlane(values, static_cast<int>(content.size(1)),
                                        static_cast<int>(content.size(0)), picture.width,
                                        picture.height),
                            picture.width, picture.height);
    }

    // Person-SAM's answer as an earlier answer of SAM, [1, 1, s, s] in SAM's frame.
    torch::Tensor asEarlierAnswer(const Encoded &picture, const torch::Tensor &logits) const
    {
        const auto side = static_cast<int>(pointNetwork->config.maskSide());
        const Placing content = placed(picture.width, picture.height, side);
        const torch::Tensor fitted = torch::upsample_bilinear2d(
            phraseContent(picture, logits).unsqueeze(0).unsqueeze(0).to(torch::kFloat),
            {content.height, content.width}, false);
        // Padding is far outside of every part.
        torch::Tensor frame = torch::full({1, 1, side, side}, -10.0, fitted.options());
        frame.slice(2, 0, content.height).slice(3, 0, content.width).copy_(fitted);
        return frame;
    }

    PlaceAnswer decodePlaces(const Encoded &picture, const MaskPrompt &prompt,
                             const torch::Tensor &earlier)
    {
        const auto frameX = [&](float x) {
            return x * static_cast<float>(picture.contentWidth) / static_cast<float>(picture.width);
        };
        const auto frameY = [&](float y) {
            return y * static_cast<float>(picture.contentHeight)
                   / static_cast<float>(picture.height);
        };
        nn::SamPrompts prompts;
        if (!prompt.points.empty()) {
            std::vector<float> places;
            std::vector<std::int64_t> labels;
            for (const MaskPrompt::Point &point : prompt.points) {
                places.insert(places.end(), {frameX(point.x), frameY(point.y)});
                labels.push_back(point.isInside ? 1 : 0);
            }
            prompts.points = torch::tensor(places).view({1, -1, 2});
            prompts.labels = torch::tensor(labels, torch::kLong).view({1, -1});
        }
        if (prompt.box) {
            const auto &box = *prompt.box;
            prompts.boxes = torch::tensor(std::vector<float>{frameX(box[0]), frameY(box[1]),
                                                             frameX(box[2]), frameY(box[3])})
                                .view({1, 4});
        }
        if (earlier.defined())
            prompts.masks = earlier;
        // A single place can mean several things: the best of the alternatives. More of them, or a
        // mask to correct, mean one thing.
        const std::size_t places = prompt.points.size() + (prompt.box ? 2 : 0);
        const nn::SamMasks masks = nn::selectMasks(pointNetwork->decode(picture.forPoints, prompts),
                                                   places == 1 && !earlier.defined());
        const torch::Tensor iou = masks.iou[0].to(torch::kCPU, torch::kFloat).contiguous();
        const std::int64_t best = iou.argmax().item<std::int64_t>();
        const torch::Tensor full =
            nn::postprocessMasks(masks.logits.slice(1, best, best + 1).to(torch::kFloat),
                                 pointNetwork->config.imageSize, picture.contentHeight,
                                 picture.contentWidth, picture.height, picture.width)
                .to(torch::kCPU)
                .contiguous();
        const auto *values = full.data_ptr<float>();
        return {maskOfLogits({values, values + full.numel()}, picture.width, picture.height),
                std::clamp(iou.data_ptr<float>()[best], 0.0F, 1.0F)};
    }
};

PromptedSegmenter::PromptedSegmenter(const std::string &phraseModelFolder,
                                     const std::string &pointModelFolder,
                                     const EngineOptions &options)
    : d(std::make_unique<Private>())
{
    if (phraseModelFolder.empty() && pointModelFolder.empty())
        throw Error(ErrorKind::InvalidInput, "no model for prompts was given");
    d->computing = engine::startComputing(options);
    // Where a mask ends is decided by small differences behind the encoder: as in Segmenter only
    // the encoder computes in a shorter type.
    engine::Computing whole = d->computing;
    whole.type = torch::kFloat;
    if (!phraseModelFolder.empty()) {
        d->phraseFolder = engine::openModelFolder(phraseModelFolder, "person-sam", "person-sam");
        d->tokenizer = WordPieceTokenizer::fromFile(d->phraseFolder.file("vocab.txt"));
        engine::translated("loading " + phraseModelFolder, [&] {
            d->phraseNetwork = engine::loadNetwork<nn::PersonSam>(
                d->phraseFolder,
                nn::personSamConfigFromJson(d->phraseFolder.config, d->phraseFolder.origin),
                personSamNames(), whole);
            d->phraseNetwork->vision_encoder->to(d->computing.type);
        });
        d->hasPhrases = true;
    }
    if (!pointModelFolder.empty()) {
        d->pointFolder = engine::openModelFolder(pointModelFolder, "sam", "sam");
        engine::translated("loading " + pointModelFolder, [&] {
            d->pointNetwork = engine::loadNetwork<nn::Sam>(
                d->pointFolder, nn::samConfigFromJson(d->pointFolder.config, d->pointFolder.origin),
                samNames(), whole);
            d->pointNetwork->vision_encoder->to(d->computing.type);
        });
        d->hasPoints = true;
    }
}

PromptedSegmenter::~PromptedSegmenter() = default;

const ModelInfo *PromptedSegmenter::phraseModel() const
{
    return d->hasPhrases ? &d->phraseFolder.info : nullptr;
}

const ModelInfo *PromptedSegmenter::pointModel() const
{
    return d->hasPoints ? &d->pointFolder.info : nullptr;
}

bool PromptedSegmenter::isEncoded(std::int64_t key) const
{
    return std::any_of(d->pictures.begin(), d->pictures.end(),
                       [key](const Private::Encoded &picture) { return picture.key == key; });
}

void PromptedSegmenter::forget(std::int64_t key)
{
    d->pictures.remove_if([key](const Private::Encoded &picture) { return picture.key == key; });
}

void PromptedSegmenter::encode(std::int64_t key, const Image &picture)
{
    if (isEncoded(key)) {
        d->use(key);
        return;
    }
    if (picture.isEmpty())
        throw Error(ErrorKind::InvalidInput, "the picture is empty");
    Private::Encoded encoded;
    encoded.key = key;
    encoded.width = picture.width;
    encoded.height = picture.height;
    engine::translated("encoding a picture", [&] {
        const torch::NoGradGuard noGrad;
        if (d->hasPhrases) {
            const std::int64_t side = d->phraseNetwork->config.sam.imageSize;
            torch::Tensor pixels = torch::empty({1, 3, side, side}, torch::kFloat);
            d->phraseFolder.preparation.write(picture, pixels.data_ptr<float>());
            encoded.forPhrases =
                d->phraseNetwork->encodeImage(pixels.to(d->computing.device, d->computing.type))
                    .to(torch::kFloat);
        }
        if (d->hasPoints) {
            const auto side = static_cast<int>(d->pointNetwork->config.imageSize);
            SamInput input = samInput(toRgb(picture), side);
            encoded.contentWidth = input.contentWidth;
            encoded.contentHeight = input.contentHeight;
            encoded.forPoints =
                d->pointNetwork
                    ->encodeImage(
                        torch::from_blob(input.planes.data(), {1, 3, side, side}, torch::kFloat)
                            .to(d->computing.device, d->computing.type))
                    .to(torch::kFloat);
        }
    });
    d->pictures.push_front(std::move(encoded));
    if (d->pictures.size() > kKeptPictures)
        d->pictures.pop_back();
}

PromptedMask PromptedSegmenter::predict(std::int64_t key, const MaskPrompt &prompt)
{
    if (prompt.isEmpty())
        throw Error(ErrorKind::InvalidInput,
                    "nothing was asked for: give points, a box or a phrase");
    if (prompt.hasPlaces() && !d->hasPoints)
        throw Error(ErrorKind::Unsupported,
                    "points and boxes need a SAM model, and none is installed; import one with "
                    "`sapsam models import`, or ask with a phrase");
    if (!prompt.phrase.empty() && !d->hasPhrases)
        throw Error(ErrorKind::Unsupported,
                    "phrases need a Person-SAM model, and none is installed; ask with points or "
                    "a box");
    Private::Encoded &picture = d->use(key);
    PromptedMask answer;
    engine::translated("answering a prompt", [&] {
        const torch::NoGradGuard noGrad;
        torch::Tensor earlier;
        if (!prompt.phrase.empty()) {
            const Private::PhraseAnswer &phrase = d->answerPhrase(picture, prompt.phrase);
            answer.score = phrase.score;
            answer.phraseMask = phrase.mask;
            answer.modelHash = d->phraseFolder.info.sha256;
            // A part that the phrase did not find is nothing to start from.
            if (prompt.hasPlaces() && answer.phraseMask->area() > 0)
                earlier = d->asEarlierAnswer(picture, phrase.logits);
        }
        if (prompt.hasPlaces()) {
            Private::PlaceAnswer places = d->answerPlaces(picture, prompt);
            answer.placeMask = places.mask;
            if (earlier.defined())
                places = d->decodePlaces(picture, prompt, earlier);
            answer.mask = std::move(places.mask);
            answer.score = places.score;
            answer.modelHash = d->pointFolder.info.sha256;
        } else {
            answer.mask = *answer.phraseMask;
        }
        if (answer.phraseMask && answer.placeMask)
            answer.agreement = intersectionOverUnion(*answer.phraseMask, *answer.placeMask);
    });
    return answer;
}

} // namespace sapsam
