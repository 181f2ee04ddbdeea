#include "core/train/synthetic_pack.h"

#include "core/dataset/packs.h"
#include "core/dataset/part_labels.h"
#include "core/dataset/part_tokens.h"
#include "core/image/mask.h"
#include "core/image/resize.h"
#include "core/synth/pedestrian.h"
#include "core/text/noun_phrases.h"

#include <algorithm>

namespace sapsam::training {

namespace {

// Larger drawings cost far more and show little more.
constexpr int kLargestDrawing = 256;

const char *splitOf(std::int64_t identity)
{
    const std::int64_t tenth = identity % 10;
    return tenth == 8 ? "val" : tenth == 9 ? "test" : "train";
}

// The phrases of the caption whose part is in the picture, each with the pixels of the part.
void addParts(const SyntheticPicture &picture, PackedRow &row, std::vector<LabelMap> &masks)
{
    std::vector<LabelMap> parts;
    std::vector<double> scores;
    for (const NounPhrase &phrase : parseQuery(row.text)) {
        if (phrase.negated || phrase.group.empty() || parts.size() == kPartCount)
            continue;
        const std::vector<int> &classes = synthClassesOfGroup(phrase.group);
        LabelMap part = picture.labels;
        bool any = false;
        for (std::uint8_t &label : part.labels) {
            const bool inside = std::find(classes.begin(), classes.end(), label) != classes.end();
            label = inside ? 1 : 0;
            any = any || inside;
        }
        if (!any)
            continue;
        row.phrases.push_back(phrase.text);
        // No score is above another's: what overlaps belongs to the phrase that came first.
        row.scores.push_back(1.0F);
        scores.push_back(1.0);
        parts.push_back(std::move(part));
    }
    if (parts.empty())
        return;
    row.mask = static_cast<std::int64_t>(masks.size());
    masks.push_back(mergePartMasks(parts, scores));
}

} // namespace

std::string SyntheticPackOptions::fingerprint() const
{
    return "synthetic " + std::to_string(seed) + " " + std::to_string(identities) + " "
           + std::to_string(picturesPerIdentity) + " " + std::to_string(captionsPerPicture) + " "
           + std::to_string(width) + "x" + std::to_string(height);
}

void writeSyntheticPack(const std::string &folder, const SyntheticPackOptions &options,
                        const CancelToken &cancel, const ProgressSink &progress)
{
    PackSettings settings;
    settings.width = options.width;
    settings.height = options.height;
    settings.source = "drawn people, seed " + std::to_string(options.seed);
    settings.fingerprint = options.fingerprint();
    PackWriter writer(folder, settings);
    if (writer.isComplete())
        return;
    const std::int64_t total = options.identities * options.picturesPerIdentity;
    ProgressMeter meter("drawing people", total, progress);
    meter.advance(writer.itemCount());
    const int height = std::min(options.height, kLargestDrawing);
    const int width = std::max(16, options.width * height / options.height);
    for (std::int64_t i = writer.itemCount(); i < total; ++i) {
        if (cancel.isCancelled())
            return;
        const std::int64_t identity = i / options.picturesPerIdentity;
        const SyntheticPerson person =
            makePerson(options.seed, static_cast<std::uint64_t>(identity));
        const SyntheticPicture picture = renderPicture(
            person, static_cast<std::uint64_t>(i % options.picturesPerIdentity), width, height);
        PackedItem item;
        item.name = "person-" + std::to_string(identity) + "-"
                    + std::to_string(i % options.picturesPerIdentity);
        item.identity = identity;
        item.split = splitOf(identity);
        SeededRandom random =
            SeededRandom(options.seed).fork("captions").fork(static_cast<std::uint64_t>(i));
        std::vector<LabelMap> masks;
        for (const std::string &caption : makeCaptions(person, picture, options.captionsPerPicture,
                                                       random, CaptionStyle::Description)) {
            PackedRow row;
            row.text = caption;
            addParts(picture, row, masks);
            item.rows.push_back(std::move(row));
        }
        for (LabelMap &mask : masks)
            mask = resize(mask, options.width, options.height);
        writer.add(item,
                   resize(picture.image, options.width, options.height, ResizeFilter::Bicubic),
                   masks);
        meter.advance();
    }
    writer.finish();
}

} // namespace sapsam::training
