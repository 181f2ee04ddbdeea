#include "ui/pages/gallery/compared_picture.h"

#include "core/base/error.h"
#include "core/image/rle.h"
#include "core/store/edits.h"
#include "ui/support/picture_source.h"
#include "ui/support/text.h"

#include <QFileInfo>

#include <algorithm>

namespace sapsam::ui {

ComparedPicture loadComparedPicture(ProjectStore &store, qint64 id, const PartPalette &palette,
                                    bool withPicture)
{
    const ImageRecord record = store.image(id);
    ComparedPicture result;
    result.id = id;
    result.path = toQString(record.path);
    result.name = QFileInfo(result.path).fileName();
    if (record.frame)
        result.name += QStringLiteral(" · %1").arg(*record.frame);
    result.identity = toQString(record.identity);
    result.split = toQString(record.split);
    for (const CaptionRecord &caption : store.captions(id))
        result.captions.append(toQString(caption.text));
    EditJournal journal(store);
    for (const Json &tag : journal.value(EditKind::Tags, std::to_string(id)))
        result.tags.append(toQString(tag.get<std::string>()));
    const Json review = journal.value(EditKind::Review, std::to_string(id));
    if (review.is_object()) {
        result.rating = review.value("rating", 0);
        result.state = toQString(review.value("state", std::string()));
    }

    std::vector<RegionRecord> regions = store.regions(id);
    std::erase_if(regions, [](const RegionRecord &region) { return region.area <= 0.0; });
    std::stable_sort(regions.begin(), regions.end(),
                     [&](const RegionRecord &a, const RegionRecord &b) {
                         return palette.order(toQString(a.group))
                                < palette.order(toQString(b.group));
                     });
    const std::vector<PhraseRecord> phrases = store.phrases(id);
    // All layers share one size: that of the first mask.
    const QSize maskSize =
        regions.empty() ? QSize() : QSize(regions.front().width, regions.front().height);
    for (const RegionRecord &region : regions) {
        ComparedPart part;
        part.group = toQString(region.group);
        part.title = palette.title(part.group);
        part.color = palette.color(part.group);
        part.pattern = palette.order(part.group) % kPatternCount;
        part.score = region.score;
        for (const PhraseRecord &phrase : phrases) {
            if (phrase.regionId == region.id)
                part.phrase = toQString(phrase.text);
        }
        if (withPicture && QSize(region.width, region.height) == maskSize) {
            const Mask mask = maskOfRle(rleFromString(region.rle, region.width, region.height));
            result.layers.push_back(
                makeLayer(part.group, part.color, part.pattern, mask, overlayFactor(maskSize)));
        }
        result.parts.push_back(std::move(part));
    }
    if (!withPicture)
        return result;
    try {
        result.picture = readPicture(pictureRef(store, record), kMaxComparedSize);
    } catch (const Error &error) {
        result.problem = toQString(error.what());
        result.picture =
            QImage(std::max(1, record.width), std::max(1, record.height), QImage::Format_RGB32);
        result.picture.fill(QColor(128, 128, 128));
    }
    return result;
}

} // namespace sapsam::ui
