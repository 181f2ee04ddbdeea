#include "core/pipeline/merge_preview.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sha256.h"
#include "core/dataset/atr.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/resize.h"
#include "core/image/rle.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace sapsam {

namespace fs = std::filesystem;

namespace {

using GroupSet = std::set<std::string>;

// How often a walk over many rows looks whether it is still wanted.
constexpr std::size_t kCancelEvery = 4096;

bool shares(const std::vector<int> &a, const std::vector<int> &b)
{
    return std::any_of(a.begin(), a.end(),
                       [&](int id) { return std::find(b.begin(), b.end(), id) != b.end(); });
}

std::optional<std::string> targetOf(const std::vector<GroupMapping> &mapping,
                                    const std::string &group)
{
    for (const GroupMapping &entry : mapping) {
        if (entry.from == group)
            return entry.to;
    }
    return std::nullopt;
}

// Answers, for one pair of taxonomies, where masks go and whether they stay right.
class Carrier
{
public:
    Carrier(const Taxonomy &before, const Taxonomy &after, const std::vector<GroupMapping> &mapping)
        : m_before(before), m_after(after), m_mapping(mapping)
    {
        for (const PartGroup &group : before.groups) {
            const std::string to = target(group.name);
            if (!to.empty() && after.findGroup(to) != nullptr)
                m_sources[to].push_back(group.name);
        }
    }

    // "" when the mask is removed.
    std::string target(const std::string &group) const
    {
        return targetOf(m_mapping, group).value_or(group);
    }

    // The old groups whose masks the new one takes over.
    std::vector<std::string> sources(const std::string &group) const
    {
        const auto found = m_sources.find(group);
        return found == m_sources.end() ? std::vector<std::string>{} : found->second;
    }

    // Whether the masks of its sources, united, are just what the new group means.
    bool isCarriedWhole(const PartGroup &group) const
    {
        const std::vector<std::string> from = sources(group.name);
        if (from.size() == 1)
            return meansTheSame(*m_before.findGroup(from.front()), group);
        std::set<int> ids;
        for (const std::string &name : from) {
            const PartGroup *source = m_before.findGroup(name);
            ids.insert(source->classes.begin(), source->classes.end());
        }
        return !from.empty() && ids == std::set<int>(group.classes.begin(), group.classes.end());
    }

    // A mask that was made under `made` (null: not known) for the group.
    bool isStale(const Taxonomy *made, const std::string &group) const
    {
        const PartGroup *then = made != nullptr ? made->findGroup(group) : nullptr;
        const std::string to = target(group);
        const PartGroup *now = m_after.findGroup(to);
        if (then == nullptr || now == nullptr)
            return true;
        const PartGroup *old = m_before.findGroup(group);
        if (old != nullptr && targetOf(m_mapping, group))
            return !meansTheSame(*then, *old) || !isCarriedWhole(*now);
        return !meansTheSame(*then, *now);
    }

    const Taxonomy &before() const { return m_before; }
    const Taxonomy &after() const { return m_after; }

private:
    const Taxonomy &m_before;
    const Taxonomy &m_after;
    const std::vector<GroupMapping> &m_mapping;
    std::map<std::string, std::vector<std::string>> m_sources; // new group → old ones
};

// Which old groups' masks stand for a new group on a picture without a label map: those it takes
// over, and those that share a class with it.
std::vector<std::string> contributors(const Carrier &carrier, const PartGroup &group)
{
    std::vector<std::string> names = carrier.sources(group.name);
    for (const PartGroup &old : carrier.before().groups) {
        if (shares(old.classes, group.classes)
            && std::find(names.begin(), names.end(), old.name) == names.end())
            names.push_back(old.name);
    }
    return names;
}

bool isEstimate(const Carrier &carrier, const PartGroup &group)
{
    std::set<int> ids;
    for (const std::string &name : contributors(carrier, group)) {
        const PartGroup *old = carrier.before().findGroup(name);
        ids.insert(old->classes.begin(), old->classes.end());
    }
    return ids != std::set<int>(group.classes.begin(), group.classes.end());
}

std::int64_t pixelsOf(const PictureKind &kind, const PartGroup &group)
{
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < kind.classes.size(); ++i) {
        if (std::find(group.classes.begin(), group.classes.end(), kind.classes[i])
            != group.classes.end())
            sum += kind.pixels[i];
    }
    return sum;
}

// The class ids of a group that show in the picture.
std::set<int> shownClasses(const PictureKind &kind, const PartGroup &group)
{
    std::set<int> ids;
    for (const int id : group.classes) {
        if (std::binary_search(kind.classes.begin(), kind.classes.end(), id))
            ids.insert(id);
    }
    return ids;
}

bool hasGroup(const PictureKind &kind, const std::string &group)
{
    return std::binary_search(kind.groups.begin(), kind.groups.end(), group);
}

// Whether the group is there in these pictures, as far as is known.
bool firesBefore(const Carrier &carrier, const PictureKind &kind, const PartGroup &group)
{
    return kind.hasLabels ? carrier.before().isTriggered(group, kind.classes)
                          : hasGroup(kind, group.name);
}

bool firesAfter(const Carrier &carrier, const PictureKind &kind, const PartGroup &group)
{
    if (kind.hasLabels)
        return carrier.after().isTriggered(group, kind.classes);
    const std::vector<std::string> names = contributors(carrier, group);
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string &name) { return hasGroup(kind, name); });
}

// Whether these pictures look different under the new taxonomy.
bool isTouched(const Carrier &carrier, const PictureKind &kind)
{
    for (const PartGroup &group : carrier.after().groups) {
        const std::vector<std::string> from = carrier.sources(group.name);
        const bool fires = firesAfter(carrier, kind, group);
        if (from.size() != 1) {
            // New, or united of several: touched wherever it shows.
            if (fires)
                return true;
            continue;
        }
        const PartGroup &old = *carrier.before().findGroup(from.front());
        if (fires != firesBefore(carrier, kind, old))
            return true;
        if (!fires)
            continue;
        if (kind.hasLabels ? shownClasses(kind, old) != shownClasses(kind, group)
                           : !meansTheSame(old, group))
            return true;
    }
    for (const PartGroup &old : carrier.before().groups) {
        const std::string to = carrier.target(old.name);
        if (carrier.after().findGroup(to) == nullptr && firesBefore(carrier, kind, old))
            return true;
    }
    return false;
}

} // namespace

MergeFacts readMergeFacts(ProjectStore &store, const CancelToken &cancel)
{
    MergeFacts facts;
    facts.images = store.imageCount();
    std::map<std::vector<int>, PictureKind> labelled;
    std::unordered_set<std::int64_t> known;
    std::size_t step = 0;
    for (const LabelMapRecord &record : labelMaps(store)) {
        if (++step % kCancelEvery == 0 && cancel.isCancelled())
            return facts;
        std::vector<int> classes;
        std::vector<std::int64_t> pixels;
        for (const auto &[id, count] : record.pixels) {
            if (id == 0)
                continue;
            classes.push_back(id);
            pixels.push_back(count);
            ++facts.classPictures[id];
        }
        PictureKind &kind = labelled[classes];
        if (kind.imageIds.empty()) {
            kind.hasLabels = true;
            kind.classes = classes;
            kind.pixels.assign(classes.size(), 0);
        }
        for (std::size_t i = 0; i < pixels.size(); ++i)
            kind.pixels[i] += pixels[i];
        kind.imageIds.push_back(record.imageId);
        known.insert(record.imageId);
        ++facts.labelled;
    }

    facts.census = regionCensus(store);
    std::map<GroupSet, PictureKind> masked;
    const std::vector<RegionRow> &rows = facts.census.rows;
    for (std::size_t first = 0; first < rows.size();) {
        if (++step % kCancelEvery == 0 && cancel.isCancelled())
            return facts;
        const std::int64_t image = rows[first].imageId;
        GroupSet groups;
        std::size_t last = first;
        for (; last < rows.size() && rows[last].imageId == image; ++last)
            groups.insert(facts.census.kinds[static_cast<std::size_t>(rows[last].kind)].group);
        first = last;
        if (known.contains(image))
            continue;
        PictureKind &kind = masked[groups];
        kind.groups.assign(groups.begin(), groups.end());
        kind.imageIds.push_back(image);
        ++facts.masked;
    }
    for (auto &[classes, kind] : labelled)
        facts.kinds.push_back(std::move(kind));
    for (auto &[groups, kind] : masked)
        facts.kinds.push_back(std::move(kind));
    for (const RegionKind &kind : facts.census.kinds) {
        if (facts.versions.contains(kind.version))
            continue;
        if (std::optional<Taxonomy> taxonomy = taxonomyOfVersion(store, kind.version))
            facts.versions.emplace(kind.version, std::move(*taxonomy));
    }
    return facts;
}

const GroupImpact *MergeImpact::findGroup(const std::string &group) const
{
    const auto found = std::find_if(groups.begin(), groups.end(),
                                    [&](const GroupImpact &item) { return item.group == group; });
    return found == groups.end() ? nullptr : &*found;
}

MergeImpact mergeImpact(const MergeFacts &facts, const Taxonomy &before, const Taxonomy &after,
                        const std::vector<GroupMapping> &mapping)
{
    const Carrier carrier(before, after, mapping);
    MergeImpact impact;
    impact.images = facts.images;
    impact.labelled = facts.labelled;
    impact.masked = facts.masked;

    for (const PartGroup &group : after.groups) {
        GroupImpact item;
        item.group = group.name;
        item.from = carrier.sources(group.name);
        item.isNew = item.from.empty();
        item.isEstimate = facts.masked > 0 && isEstimate(carrier, group);
        for (const PictureKind &kind : facts.kinds) {
            const auto count = static_cast<std::int64_t>(kind.imageIds.size());
            bool was = false;
            std::set<int> classesBefore;
            for (const std::string &name : item.from) {
                const PartGroup &old = *before.findGroup(name);
                if (!firesBefore(carrier, kind, old))
                    continue;
                was = true;
                classesBefore.merge(shownClasses(kind, old));
            }
            const bool is = firesAfter(carrier, kind, group);
            item.picturesBefore += was ? count : 0;
            item.picturesAfter += is ? count : 0;
            item.gained += is && !was ? count : 0;
            item.lost += was && !is ? count : 0;
            if (!kind.hasLabels)
                continue;
            if (!is && !shownClasses(kind, group).empty())
                item.skipped += count;
            if (is)
                item.pixelsAfter += pixelsOf(kind, group);
            for (std::size_t i = 0; i < kind.classes.size(); ++i)
                item.pixelsBefore += classesBefore.contains(kind.classes[i]) ? kind.pixels[i] : 0;
        }
        impact.groups.push_back(std::move(item));
    }
    for (const PartGroup &old : before.groups) {
        if (after.findGroup(carrier.target(old.name)) != nullptr)
            continue;
        GroupImpact item;
        item.group = old.name;
        item.isGone = true;
        for (const PictureKind &kind : facts.kinds) {
            if (!firesBefore(carrier, kind, old))
                continue;
            item.picturesBefore += static_cast<std::int64_t>(kind.imageIds.size());
            item.pixelsBefore += kind.hasLabels ? pixelsOf(kind, old) : 0;
        }
        item.lost = item.picturesBefore;
        impact.groups.push_back(std::move(item));
    }

    for (const LabelClass &label : after.classes) {
        SharedClassImpact shared;
        shared.classId = label.id;
        std::vector<const PartGroup *> holders;
        for (const PartGroup &group : after.groups) {
            if (std::find(group.classes.begin(), group.classes.end(), label.id)
                != group.classes.end()) {
                holders.push_back(&group);
                shared.groups.push_back(group.name);
            }
        }
        if (holders.size() < 2)
            continue;
        for (const PictureKind &kind : facts.kinds) {
            if (!kind.hasLabels
                || !std::binary_search(kind.classes.begin(), kind.classes.end(), label.id))
                continue;
            const auto taking =
                std::count_if(holders.begin(), holders.end(), [&](const PartGroup *group) {
                    return after.isTriggered(*group, kind.classes);
                });
            if (taking > 1)
                shared.pictures += static_cast<std::int64_t>(kind.imageIds.size());
        }
        impact.shared.push_back(std::move(shared));
    }

    for (const PictureKind &kind : facts.kinds) {
        if (isTouched(carrier, kind))
            impact.touched.insert(impact.touched.end(), kind.imageIds.begin(), kind.imageIds.end());
    }
    std::sort(impact.touched.begin(), impact.touched.end());

    // Staleness is a property of a kind of regions; then one pass over the rows.
    struct Verdict
    {
        bool isStale = false;
        bool wasStale = false;
        bool isMoved = false;
        bool isRemoved = false;
        bool isHuman = false;
        GroupImpact *group = nullptr;
    };
    const std::vector<GroupMapping> noMapping;
    const Carrier staying(before, before, noMapping);
    std::vector<Verdict> verdicts;
    for (const RegionKind &kind : facts.census.kinds) {
        const auto made = facts.versions.find(kind.version);
        const Taxonomy *version = made == facts.versions.end() ? nullptr : &made->second;
        Verdict verdict;
        const std::string to = carrier.target(kind.group);
        verdict.isRemoved = to.empty();
        verdict.isMoved = !to.empty() && to != kind.group;
        verdict.isStale = !verdict.isRemoved && carrier.isStale(version, kind.group);
        verdict.wasStale = staying.isStale(version, kind.group);
        verdict.isHuman = kind.origin == "human";
        const std::string counted = verdict.isRemoved ? kind.group : to;
        for (GroupImpact &item : impact.groups) {
            if (item.group == counted)
                verdict.group = &item;
        }
        verdicts.push_back(verdict);
    }
    for (const RegionRow &row : facts.census.rows) {
        const Verdict &verdict = verdicts[static_cast<std::size_t>(row.kind)];
        impact.movedRegions += verdict.isMoved ? 1 : 0;
        impact.removedRegions += verdict.isRemoved ? 1 : 0;
        impact.alreadyStale += verdict.wasStale ? 1 : 0;
        if (!verdict.isStale)
            continue;
        impact.staleRegions.push_back(row.regionId);
        if (impact.stalePictures.empty() || impact.stalePictures.back() != row.imageId)
            impact.stalePictures.push_back(row.imageId);
        impact.stalePhrases += row.phrases;
        impact.staleHuman += verdict.isHuman || row.humanPhrases > 0 ? 1 : 0;
        if (verdict.group != nullptr) {
            ++verdict.group->staleRegions;
            verdict.group->stalePhrases += row.phrases;
        }
    }
    return impact;
}

OrderedJson impactJson(const MergeImpact &impact, bool lists)
{
    OrderedJson groups = OrderedJson::array();
    for (const GroupImpact &item : impact.groups)
        groups.push_back({{"group", item.group},
                          {"from", item.from},
                          {"new", item.isNew},
                          {"gone", item.isGone},
                          {"pictures_before", item.picturesBefore},
                          {"pictures_after", item.picturesAfter},
                          {"gained", item.gained},
                          {"lost", item.lost},
                          {"skipped_by_trigger", item.skipped},
                          {"pixels_before", item.pixelsBefore},
                          {"pixels_after", item.pixelsAfter},
                          {"stale_regions", item.staleRegions},
                          {"stale_phrases", item.stalePhrases},
                          {"estimate", item.isEstimate}});
    OrderedJson shared = OrderedJson::array();
    for (const SharedClassImpact &item : impact.shared)
        shared.push_back(
            {{"class", item.classId}, {"groups", item.groups}, {"pictures", item.pictures}});
    OrderedJson json{{"images", impact.images},
                     {"with_label_map", impact.labelled},
                     {"by_masks_only", impact.masked},
                     {"touched", impact.touched.size()},
                     {"stale_regions", impact.staleRegions.size()},
                     {"stale_pictures", impact.stalePictures.size()},
                     {"stale_phrases", impact.stalePhrases},
                     {"stale_by_people", impact.staleHuman},
                     {"stale_before", impact.alreadyStale},
                     {"moved_regions", impact.movedRegions},
                     {"removed_regions", impact.removedRegions},
                     {"groups", std::move(groups)},
                     {"shared_classes", std::move(shared)}};
    if (lists) {
        json["touched_ids"] = impact.touched;
        json["stale_picture_ids"] = impact.stalePictures;
        json["stale_region_ids"] = impact.staleRegions;
    }
    return json;
}

std::vector<std::int64_t> previewSample(const MergeFacts &facts, const Taxonomy &before,
                                        const Taxonomy &after, int count, std::uint64_t seed)
{
    const std::vector<GroupMapping> noMapping;
    const Carrier carrier(before, after, noMapping);
    // One list a kind, in an order that the seed decides; then one of each kind in turn.
    struct Pile
    {
        std::vector<std::pair<std::uint64_t, std::int64_t>> pictures;
        bool isTouched = false;
        bool hasLabels = false;
    };
    const auto mixed = [seed](std::int64_t id) {
        std::uint64_t x = static_cast<std::uint64_t>(id) + seed * 0x9E3779B97F4A7C15ULL;
        x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
        x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
        return x ^ (x >> 31U);
    };
    const auto wanted = static_cast<std::size_t>(std::max(0, count));
    std::vector<Pile> piles;
    for (const PictureKind &kind : facts.kinds) {
        Pile pile;
        pile.isTouched = isTouched(carrier, kind);
        pile.hasLabels = kind.hasLabels;
        for (const std::int64_t id : kind.imageIds)
            pile.pictures.emplace_back(mixed(id), id);
        const std::size_t front = std::min(wanted, pile.pictures.size());
        std::partial_sort(pile.pictures.begin(),
                          pile.pictures.begin() + static_cast<std::ptrdiff_t>(front),
                          pile.pictures.end());
        pile.pictures.resize(front);
        piles.push_back(std::move(pile));
    }
    std::stable_sort(piles.begin(), piles.end(), [](const Pile &a, const Pile &b) {
        return std::make_tuple(!a.isTouched, !a.hasLabels, a.pictures.front())
               < std::make_tuple(!b.isTouched, !b.hasLabels, b.pictures.front());
    });
    std::vector<std::int64_t> sample;
    for (const bool touched : {true, false}) {
        for (std::size_t round = 0; round < wanted && sample.size() < wanted; ++round) {
            for (const Pile &pile : piles) {
                if (pile.isTouched == touched && round < pile.pictures.size()
                    && sample.size() < wanted)
                    sample.push_back(pile.pictures[round].second);
            }
        }
    }
    return sample;
}

namespace {

bool sameParts(const std::vector<PreviewPart> &a, const std::vector<PreviewPart> &b)
{
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i].group != b[i].group || a[i].mask.bits != b[i].mask.bits)
            return false;
    }
    return true;
}

std::vector<PreviewPart> partsOfLabels(const Taxonomy &taxonomy, const LabelMap &labels,
                                       const std::vector<int> &present)
{
    std::vector<PreviewPart> parts;
    for (const PartGroup &group : taxonomy.groups) {
        if (taxonomy.isTriggered(group, present))
            parts.push_back({group.name, maskOfClasses(labels, group.classes), false});
    }
    return parts;
}

void previewByMasks(ProjectStore &store, PreviewPicture &preview, const Carrier &carrier)
{
    std::map<std::string, Mask> masks; // of the old groups
    for (const RegionRecord &region : store.regions(preview.imageId)) {
        Mask mask = maskOfRle(rleFromString(region.rle, region.width, region.height));
        if (mask.width != preview.picture.width || mask.height != preview.picture.height)
            mask = resize(mask, preview.picture.width, preview.picture.height);
        const auto [found, isNew] = masks.emplace(region.group, mask);
        if (!isNew)
            found->second = unionOf(found->second, mask);
    }
    std::string unsure;
    for (const PartGroup &group : carrier.before().groups) {
        const auto found = masks.find(group.name);
        if (found != masks.end())
            preview.before.push_back({group.name, found->second, false});
    }
    for (const PartGroup &group : carrier.after().groups) {
        std::optional<Mask> whole;
        for (const std::string &name : contributors(carrier, group)) {
            const auto found = masks.find(name);
            if (found != masks.end())
                whole = whole ? unionOf(*whole, found->second) : found->second;
        }
        const bool estimate = isEstimate(carrier, group);
        if (estimate) {
            unsure += unsure.empty() ? "" : ", ";
            unsure += group.title;
        }
        if (whole)
            preview.after.push_back({group.name, *whole, estimate});
    }
    if (masks.empty())
        preview.remark += "Nothing is known about the parts of this picture yet.";
    else if (unsure.empty())
        preview.remark += "Made of the part masks; no true label map is known.";
    else
        preview.remark += "Made of the part masks, which cannot be split; a guess: " + unsure + ".";
}

} // namespace

PreviewPicture previewMerge(ProjectStore &store, std::int64_t imageId, const Taxonomy &before,
                            const Taxonomy &after, const std::vector<GroupMapping> &mapping)
{
    const Carrier carrier(before, after, mapping);
    const ImageRecord record = store.image(imageId);
    PreviewPicture preview;
    preview.imageId = imageId;
    preview.path = record.path;
    preview.picture = readImage(store.picturePath(record));
    if (const auto map = labelMapOf(store, imageId)) {
        try {
            LabelMap labels = readLabels(map->path);
            if (labels.width != preview.picture.width || labels.height != preview.picture.height)
                labels = resize(labels, preview.picture.width, preview.picture.height);
            std::vector<int> present;
            for (const auto &[id, count] : makeLabelMapRecord(imageId, map->path, labels).pixels)
                present.push_back(id);
            preview.before = partsOfLabels(before, labels, present);
            preview.after = partsOfLabels(after, labels, present);
            preview.isExact = true;
        } catch (const Error &error) {
            preview.remark = std::string(error.what()) + ". ";
        }
    }
    if (!preview.isExact)
        previewByMasks(store, preview, carrier);
    // A group that only got another name looks the same.
    std::vector<PreviewPart> carried = preview.before;
    for (PreviewPart &part : carried)
        part.group = carrier.target(part.group);
    std::vector<PreviewPart> fresh = preview.after;
    const auto byGroup = [](const PreviewPart &a, const PreviewPart &b) {
        return a.group < b.group;
    };
    std::stable_sort(carried.begin(), carried.end(), byGroup);
    std::stable_sort(fresh.begin(), fresh.end(), byGroup);
    preview.isChanged = !sameParts(carried, fresh);
    return preview;
}

namespace {

// The regions of one picture that go into one group.
void uniteRegions(EditJournal &journal, std::vector<RegionRecord> regions,
                  const std::string &target, const std::string &version,
                  std::vector<Change> &changes)
{
    // The largest one stays; a person's before a model's.
    std::stable_sort(regions.begin(), regions.end(),
                     [](const RegionRecord &a, const RegionRecord &b) {
                         return std::make_tuple(a.origin != "human", -a.area)
                                < std::make_tuple(b.origin != "human", -b.area);
                     });
    RegionRecord whole = regions.front();
    Mask mask = maskOfRle(rleFromString(whole.rle, whole.width, whole.height));
    for (std::size_t i = 1; i < regions.size(); ++i) {
        const RegionRecord &other = regions[i];
        Mask more = maskOfRle(rleFromString(other.rle, other.width, other.height));
        if (more.width != mask.width || more.height != mask.height)
            more = resize(more, mask.width, mask.height);
        mask = unionOf(mask, more);
        whole.score = std::min(whole.score, other.score);
        changes.push_back({EditKind::Region, std::to_string(other.id), {}, nullptr});
    }
    const std::string key = std::to_string(whole.id);
    if (regions.size() > 1) {
        whole.rle = rleToString(rleOfMask(mask));
        whole.bounds = boundingBox(mask).value_or(Box{});
        whole.area = static_cast<double>(mask.area())
                     / (static_cast<double>(mask.width) * static_cast<double>(mask.height));
        if (!journal.value(EditKind::Phrase, key + "/model").is_null())
            changes.push_back({EditKind::Phrase, key + "/model", {}, nullptr});
    }
    whole.group = target;
    if (!version.empty())
        whole.taxonomyVersion = version;
    changes.push_back({EditKind::Region, key, {}, regionValue(whole)});
}

} // namespace

Edit mergeEdit(ProjectStore &store, const Taxonomy &before, const Taxonomy &after,
               const std::vector<GroupMapping> &mapping, const std::string &title,
               const CancelToken &cancel)
{
    for (const GroupMapping &entry : mapping) {
        if (!entry.to.empty() && after.findGroup(entry.to) == nullptr)
            throw Error(ErrorKind::InvalidInput,
                        "the masks of '" + entry.from + "' cannot go to '" + entry.to
                            + "', which is no group of '" + after.name
                            + "'; name one of its groups. Nothing was changed");
    }
    Edit edit;
    edit.title = title;
    edit.changes.push_back(taxonomyChange(after));

    const Carrier carrier(before, after, mapping);
    // Groups whose masks move, and those they move into, where both are already there.
    std::unordered_set<std::string> concerned;
    for (const GroupMapping &entry : mapping) {
        if (entry.to != entry.from) {
            concerned.insert(entry.from);
            concerned.insert(entry.to);
        }
    }
    if (concerned.empty())
        return edit;
    const RegionCensus census = regionCensus(store);
    std::vector<std::int64_t> images;
    for (const RegionRow &row : census.rows) {
        const RegionKind &kind = census.kinds[static_cast<std::size_t>(row.kind)];
        if (concerned.contains(kind.group) && (images.empty() || images.back() != row.imageId))
            images.push_back(row.imageId);
    }
    std::map<std::string, Taxonomy> versions;
    for (const RegionKind &kind : census.kinds) {
        if (!versions.contains(kind.version))
            if (auto taxonomy = taxonomyOfVersion(store, kind.version))
                versions.emplace(kind.version, std::move(*taxonomy));
    }
    EditJournal journal(store);
    for (const std::int64_t image : images) {
        if (cancel.isCancelled())
            break;
        std::map<std::string, std::vector<RegionRecord>> targets;
        for (RegionRecord &region : store.regions(image)) {
            if (!concerned.contains(region.group))
                continue;
            const std::string to = carrier.target(region.group);
            if (to.empty())
                edit.changes.push_back({EditKind::Region, std::to_string(region.id), {}, nullptr});
            else
                targets[to].push_back(std::move(region));
        }
        for (auto &[group, regions] : targets) {
            if (regions.size() == 1 && regions.front().group == group)
                continue; // nothing came to it
            // Up to date only when every source was; else it keeps the version it was made under
            // and stays marked as out of date.
            bool isFresh = true;
            for (const RegionRecord &region : regions) {
                const auto made = versions.find(region.taxonomyVersion);
                isFresh = isFresh
                          && !carrier.isStale(made == versions.end() ? nullptr : &made->second,
                                              region.group);
            }
            uniteRegions(journal, std::move(regions), group, isFresh ? after.version : "",
                         edit.changes);
        }
    }
    return edit;
}

Taxonomy asNextVersion(ProjectStore &store, Taxonomy taxonomy, const std::string &note)
{
    const CurrentTaxonomy current = currentTaxonomyOrDefault(store);
    // The same content under a number that is known already is that version again.
    for (const TaxonomyVersionInfo &info : taxonomyVersions(store)) {
        const std::optional<Taxonomy> known = taxonomyOfVersion(store, info.version);
        if (known && known->name == taxonomy.name && known->trigger == taxonomy.trigger
            && known->classes == taxonomy.classes && known->groups == taxonomy.groups)
            return *known;
    }
    taxonomy.number = nextTaxonomyNumber(store, taxonomy.name);
    taxonomy.parent = current.problem.empty() ? current.taxonomy.version : std::string();
    taxonomy.note = note;
    taxonomy.version = taxonomyVersionOf(taxonomy);
    return taxonomy;
}

LabelMapReport attachLabelMaps(ProjectStore &store, const std::string &folder,
                               const CancelToken &cancel, const ProgressSink &progress)
{
    LabelMapReport report;
    struct Candidate
    {
        std::string name; // stem
        std::string map;
        std::string picture; // whose bytes tell which one it is; "" for matching by name
    };
    std::vector<Candidate> candidates;
    std::error_code error;
    if (!fs::is_directory(folder, error))
        throw Error(ErrorKind::NotFound, "'" + folder + "' is no folder; check the name");
    const auto hasLayout = [&](const std::string &below) {
        return fs::is_directory(folder + below + "/SegmentationClassAug", error);
    };
    if (hasLayout("") || hasLayout("/ATR") || hasLayout("/humanparsing")) {
        const AtrDataset dataset = readAtr(folder);
        for (const std::string &name : dataset.names)
            candidates.push_back({name, dataset.maskPath(name), dataset.imagePath(name)});
        for (const DatasetFinding &finding : dataset.findings) {
            if (finding.severity == DatasetFinding::Severity::Error)
                report.skipped.emplace_back(finding.item, finding.text);
        }
    } else {
        for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
             it.increment(error)) {
            if (it->path().extension() == ".png" && it->is_regular_file(error))
                candidates.push_back({it->path().stem().string(), it->path().string(), {}});
        }
        std::sort(candidates.begin(), candidates.end(),
                  [](const Candidate &a, const Candidate &b) { return a.map < b.map; });
    }
    if (candidates.empty())
        throw Error(ErrorKind::NotFound,
                    "'" + folder
                        + "' holds no label maps; name a folder in the ATR layout, or one with "
                          "PNGs of class ids that are named like the pictures");

    std::unordered_map<std::string, std::vector<ImageRecord>> bySha;
    std::unordered_map<std::string, std::vector<ImageRecord>> byStem;
    for (ImageRecord &image : store.images()) {
        const std::string file = image.crop.empty() ? image.path : image.crop;
        byStem[fs::path(file).stem().string()].push_back(image);
        bySha[image.sha256].push_back(std::move(image));
    }
    constexpr std::size_t kBatch = 256;
    ProgressMeter meter("label maps", static_cast<std::int64_t>(candidates.size()), progress);
    for (std::size_t first = 0; first < candidates.size() && !cancel.isCancelled();
         first += kBatch) {
        const std::size_t last = std::min(candidates.size(), first + kBatch);
        std::vector<LabelMapRecord> records;
        for (std::size_t i = first; i < last && !cancel.isCancelled(); ++i) {
            const Candidate &candidate = candidates[i];
            try {
                const std::vector<ImageRecord> *images = nullptr;
                if (!candidate.picture.empty()) {
                    const auto found = bySha.find(sha256OfFile(candidate.picture));
                    images = found == bySha.end() ? nullptr : &found->second;
                }
                if (images == nullptr) {
                    const auto found = byStem.find(candidate.name);
                    images = found == byStem.end() ? nullptr : &found->second;
                    if (images != nullptr && images->size() > 1)
                        throw Error(ErrorKind::InvalidInput,
                                    "'" + candidate.map + "': " + std::to_string(images->size())
                                        + " pictures of the project are named like it, so nobody "
                                          "can tell which one it is of");
                }
                if (images == nullptr)
                    throw Error(ErrorKind::NotFound, "'" + candidate.map
                                                         + "': no picture of the project goes with "
                                                           "it; import the picture first");
                const LabelMap labels = readLabels(candidate.map);
                for (const ImageRecord &image : *images) {
                    if (labels.width != image.width || labels.height != image.height)
                        throw Error(ErrorKind::Mismatch,
                                    "'" + candidate.map + "' has " + std::to_string(labels.width)
                                        + " x " + std::to_string(labels.height)
                                        + " pixels, its picture " + std::to_string(image.width)
                                        + " x " + std::to_string(image.height)
                                        + "; use the map that belongs to the picture");
                    records.push_back(makeLabelMapRecord(
                        image.id, fs::absolute(candidate.map).lexically_normal().string(), labels));
                }
            } catch (const Error &problem) {
                report.skipped.emplace_back(candidate.map, problem.what());
            }
        }
        store.transaction([&] {
            for (const LabelMapRecord &record : records)
                setLabelMap(store, record);
        });
        report.attached += static_cast<std::int64_t>(records.size());
        meter.advance(static_cast<std::int64_t>(last - first));
    }
    report.cancelled = cancel.isCancelled();
    return report;
}

} // namespace sapsam
