#include "core/pipeline/part_checks.h"

#include "core/base/error.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/mask_edit.h"
#include "core/image/rle.h"
#include "core/store/label_maps.h"
#include "core/store/taxonomy_versions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace sapsam {

namespace {

struct KindName
{
    PartFindingKind kind;
    const char *name;
};

constexpr std::array kKindNames = {
    KindName{PartFindingKind::WrongSize, "size"},
    KindName{PartFindingKind::Unlabelled, "unlabelled"},
    KindName{PartFindingKind::Overlap, "overlap"},
    KindName{PartFindingKind::Hole, "hole"},
    KindName{PartFindingKind::Island, "island"},
    KindName{PartFindingKind::SideSwap, "sides"},
    KindName{PartFindingKind::Order, "order"},
    KindName{PartFindingKind::PairMissing, "pair"},
};

constexpr int kSmallestIsland = 4;     // pixels; of pictures that are very small
constexpr double kSideMargin = 0.02;   // of the width: nearer than that is neither left nor right
constexpr double kOrderMargin = 0.03;  // of the height
constexpr double kSwapBadness = 0.25;  // a body with a part on the wrong side
constexpr double kOrderBadness = 0.25; // a body upside down
constexpr double kPairBadness = 0.05;  // often hidden, seldom wrong

struct Centre
{
    double x = 0.0;
    double y = 0.0;
    std::int64_t pixels = 0;
};

Centre centreOf(const Mask &mask)
{
    Centre centre;
    for (int y = 0; y < mask.height; ++y) {
        for (int x = 0; x < mask.width; ++x) {
            if (mask.at(x, y) == 0)
                continue;
            centre.x += x;
            centre.y += y;
            ++centre.pixels;
        }
    }
    const double count = std::max<double>(1.0, static_cast<double>(centre.pixels));
    return {centre.x / count, centre.y / count, centre.pixels};
}

bool sharesClass(const PartGroup &a, const PartGroup &b)
{
    return std::any_of(a.classes.begin(), a.classes.end(), [&b](int id) {
        return std::find(b.classes.begin(), b.classes.end(), id) != b.classes.end();
    });
}

Box boxOr(const Mask &mask)
{
    return boundingBox(mask).value_or(Box{});
}

// How far down the body a shipped group belongs; nothing for one that may be anywhere.
std::optional<int> levelOf(const std::string &shippedGroup)
{
    static const std::map<std::string, int> levels = {
        {"hat", 0},     {"hair", 1},  {"glasses", 1}, {"clothes", 2},
        {"dress", 2},   {"skirt", 3}, {"pants", 3},   {"shoes", 4},
    };
    const auto found = levels.find(shippedGroup);
    return found == levels.end() ? std::nullopt : std::optional<int>(found->second);
}

// What lies between two parts, one above the other and not far, and what parts enclose.
Mask betweenParts(const Mask &parts, int farthest)
{
    Mask gaps = parts;
    fillAllHoles(gaps);
    for (int x = 0; x < parts.width; ++x) {
        int last = -1;
        for (int y = 0; y < parts.height; ++y) {
            if (parts.at(x, y) == 0)
                continue;
            if (last >= 0 && y - last - 1 <= farthest) {
                for (int between = last + 1; between < y; ++between)
                    gaps.at(x, between) = 1;
            }
            last = y;
        }
    }
    return differenceOf(gaps, parts);
}

// The checks of one picture, on masks of its size by group.
class Checker
{
public:
    Checker(int width, int height, const LabelMap *labels, const Taxonomy &taxonomy,
            const PartCheckOptions &options)
        : m_width(width),
          m_height(height),
          m_labels(labels),
          m_taxonomy(taxonomy),
          m_options(options),
          m_parts(width, height)
    {
    }

    PictureCheck check(const std::vector<RegionRecord> &regions)
    {
        if (m_labels != nullptr && (m_labels->width != m_width || m_labels->height != m_height))
            m_labels = nullptr;
        for (const RegionRecord &region : regions) {
            if (region.area <= 0.0)
                continue;
            if (region.width != m_width || region.height != m_height) {
                add({PartFindingKind::WrongSize, region.group, {}, 0, 1, {}}, 1.0);
                continue;
            }
            const Mask mask = maskOfRle(rleFromString(region.rle, region.width, region.height));
            const auto known = m_masks.find(region.group);
            if (known == m_masks.end())
                m_masks.emplace(region.group, mask);
            else
                known->second = unionOf(known->second, mask);
            m_parts = unionOf(m_parts, mask);
        }
        m_check.isExact = m_labels != nullptr;
        if (m_masks.empty())
            return std::move(m_check);
        unlabelled(); // says how big the person is
        overlaps();
        shapes();
        sides();
        order();
        std::stable_sort(
            m_check.findings.begin(), m_check.findings.end(),
            [](const PartFinding &a, const PartFinding &b) { return a.pixels > b.pixels; });
        return std::move(m_check);
    }

private:
    void add(PartFinding finding, double badness)
    {
        if (!m_options.kinds.empty()
            && std::find(m_options.kinds.begin(), m_options.kinds.end(), finding.kind)
                   == m_options.kinds.end())
            return;
        m_check.badness += badness;
        m_check.findings.push_back(std::move(finding));
    }

    double shareOf(std::int64_t pixels) const
    {
        return static_cast<double>(pixels)
               / std::max<double>(1.0, static_cast<double>(m_check.personPixels));
    }

    void unlabelled()
    {
        Mask missing;
        std::string words;
        if (m_labels != nullptr) {
            std::set<int> grouped;
            for (const PartGroup &group : m_taxonomy.groups)
                grouped.insert(group.classes.begin(), group.classes.end());
            missing = Mask(m_width, m_height);
            std::map<int, std::int64_t> classes;
            for (std::size_t i = 0; i < missing.bits.size(); ++i) {
                const int label = m_labels->labels[i];
                if (label == 0 || label == 255)
                    continue;
                ++m_check.personPixels;
                if (m_parts.bits[i] != 0)
                    continue;
                if (grouped.count(label) == 0) {
                    ++m_check.orphanPixels;
                    continue;
                }
                missing.bits[i] = 1;
                ++classes[label];
            }
            std::vector<std::pair<std::int64_t, int>> most;
            for (const auto &[label, pixels] : classes)
                most.emplace_back(pixels, label);
            std::sort(most.rbegin(), most.rend());
            for (std::size_t i = 0; i < std::min<std::size_t>(3, most.size()); ++i)
                words += (words.empty() ? "" : ", ") + m_taxonomy.className(most[i].second);
        } else {
            missing = betweenParts(m_parts, static_cast<int>(m_options.gapShare * m_height));
            m_check.personPixels = static_cast<std::int64_t>(m_parts.area() + missing.area());
        }
        const auto pixels = static_cast<std::int64_t>(missing.area());
        if (shareOf(pixels) >= m_options.smallestShare)
            add({PartFindingKind::Unlabelled, {}, words, pixels,
                 static_cast<int>(components(missing).size()), boxOr(missing)},
                shareOf(pixels));
    }

    void overlaps()
    {
        for (auto a = m_masks.begin(); a != m_masks.end(); ++a) {
            const PartGroup *first = m_taxonomy.findGroup(a->first);
            for (auto b = std::next(a); b != m_masks.end(); ++b) {
                const PartGroup *second = m_taxonomy.findGroup(b->first);
                // A group of older merges may mean anything.
                if (first == nullptr || second == nullptr || sharesClass(*first, *second))
                    continue;
                const Mask both = intersectionOf(a->second, b->second);
                const auto pixels = static_cast<std::int64_t>(both.area());
                if (pixels > 0 && shareOf(pixels) >= m_options.smallestShare)
                    add({PartFindingKind::Overlap, a->first, b->first, pixels,
                         static_cast<int>(components(both).size()), boxOr(both)},
                        shareOf(pixels));
            }
        }
    }

    void shapes()
    {
        const double island = m_options.islandShare * m_width * m_height;
        const auto smallest = static_cast<std::size_t>(std::max<double>(kSmallestIsland, island));
        for (const auto &[group, mask] : m_masks) {
            Mask filled = mask;
            fillAllHoles(filled);
            // What another part fills is no hole: a bag before a coat.
            const Mask holes = differenceOf(differenceOf(filled, mask), m_parts);
            const auto pixels = static_cast<std::int64_t>(holes.area());
            if (pixels > 0)
                add({PartFindingKind::Hole, group, {}, pixels,
                     static_cast<int>(components(holes).size()), boxOr(holes)},
                    shareOf(pixels));
            PartFinding islands{PartFindingKind::Island, group, {}, 0, 0, {}};
            const std::vector<Component> pieces = components(mask);
            for (std::size_t i = 1; i < pieces.size(); ++i) {
                if (pieces[i].area >= smallest)
                    continue;
                ++islands.count;
                islands.pixels += static_cast<std::int64_t>(pieces[i].area);
                islands.box = united(islands.box, pieces[i].box);
            }
            if (islands.count > 0) {
                const double share = shareOf(islands.pixels);
                add(std::move(islands), share);
            }
        }
    }

    // The pixels of a class: of the group that has it and not its mirror image, else of the label
    // map.
    std::optional<std::pair<std::string, Mask>> maskOfSide(int id, int mirrored) const
    {
        for (const PartGroup &group : m_taxonomy.groups) {
            const auto has = [&group](int wanted) {
                return std::find(group.classes.begin(), group.classes.end(), wanted)
                       != group.classes.end();
            };
            if (!has(id) || has(mirrored))
                continue;
            const auto found = m_masks.find(group.name);
            return std::pair(group.name,
                             found == m_masks.end() ? Mask(m_width, m_height) : found->second);
        }
        if (m_labels != nullptr)
            return std::pair(m_taxonomy.className(id), maskOfClasses(*m_labels, {id}));
        return std::nullopt;
    }

    void sides()
    {
        struct Pair
        {
            std::string left, right;
            Box box;
            std::int64_t pixels = 0;
            int direction = 0; // of left to right: -1 or 1; 0 for neither
        };
        std::vector<Pair> pairs;
        int votes = 0;
        for (const auto &[leftId, rightId] : m_taxonomy.mirrored) {
            const auto left = maskOfSide(leftId, rightId);
            const auto right = maskOfSide(rightId, leftId);
            if (!left || !right)
                continue;
            const Centre a = centreOf(left->second);
            const Centre b = centreOf(right->second);
            if (a.pixels == 0 && b.pixels == 0)
                continue;
            if (a.pixels == 0 || b.pixels == 0) {
                const bool lacksLeft = a.pixels == 0;
                add({PartFindingKind::PairMissing, lacksLeft ? left->first : right->first,
                     lacksLeft ? right->first : left->first, 0, 1,
                     boxOr(lacksLeft ? right->second : left->second)},
                    kPairBadness);
                continue;
            }
            Pair pair{left->first, right->first, united(boxOr(left->second), boxOr(right->second)),
                      a.pixels + b.pixels, 0};
            if (std::abs(a.x - b.x) > kSideMargin * m_width)
                pair.direction = a.x > b.x ? 1 : -1;
            votes += pair.direction;
            pairs.push_back(std::move(pair));
        }
        // Two against one; where it is even, nobody knows which is wrong, and both are shown.
        for (const Pair &pair : pairs) {
            const bool isEven = votes == 0;
            const bool isOther = pair.direction != 0
                                 && (isEven ? pairs.size() > 1 : pair.direction * votes < 0);
            if (isOther)
                add({PartFindingKind::SideSwap, pair.left, pair.right, pair.pixels, 1, pair.box},
                    isEven ? kSwapBadness / 2.0 : kSwapBadness);
        }
    }

    void order()
    {
        struct Level
        {
            std::string group;
            int level = 0;
            Centre centre;
            Box box;
        };
        std::vector<Level> levels;
        for (const auto &[group, mask] : m_masks) {
            if (m_taxonomy.findGroup(group) == nullptr)
                continue;
            if (const auto level = levelOf(shippedGroupFor(m_taxonomy, group)))
                levels.push_back({group, *level, centreOf(mask), boxOr(mask)});
        }
        for (const Level &upper : levels) {
            for (const Level &lower : levels) {
                if (upper.level >= lower.level
                    || upper.centre.y <= lower.centre.y + kOrderMargin * m_height)
                    continue;
                add({PartFindingKind::Order, upper.group, lower.group,
                     std::min(upper.centre.pixels, lower.centre.pixels), 1,
                     united(upper.box, lower.box)},
                    kOrderBadness);
            }
        }
    }

    int m_width;
    int m_height;
    const LabelMap *m_labels;
    const Taxonomy &m_taxonomy;
    const PartCheckOptions &m_options;
    std::map<std::string, Mask> m_masks;
    Mask m_parts; // of all groups
    PictureCheck m_check;
};

PictureCheck checkStored(ProjectStore &store, const ImageRecord &image, const Taxonomy &taxonomy,
                         const PartCheckOptions &options)
{
    std::optional<LabelMap> labels;
    if (const auto record = labelMapOf(store, image.id)) {
        try {
            labels = readLabels(record->path);
        } catch (const Error &) {
            labels.reset(); // judged by the parts alone, and said so by isExact
        }
    }
    PictureCheck check = checkParts(store.regions(image.id), image.width, image.height,
                                    labels ? &*labels : nullptr, taxonomy, options);
    check.imageId = image.id;
    return check;
}

} // namespace

const char *nameOf(PartFindingKind kind)
{
    for (const KindName &entry : kKindNames) {
        if (entry.kind == kind)
            return entry.name;
    }
    return "";
}

PartFindingKind partFindingKindFromName(const std::string &name)
{
    std::string known;
    for (const KindName &entry : kKindNames) {
        if (name == entry.name)
            return entry.kind;
        known += (known.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw Error(ErrorKind::InvalidInput,
                "'" + name + "' is no check of the parts; known are " + known);
}

PictureCheck checkParts(const std::vector<RegionRecord> &regions, int width, int height,
                        const LabelMap *labels, const Taxonomy &taxonomy,
                        const PartCheckOptions &options)
{
    return Checker(width, height, labels, taxonomy, options).check(regions);
}

PictureCheck checkPicture(ProjectStore &store, std::int64_t imageId,
                          const PartCheckOptions &options)
{
    return checkStored(store, store.image(imageId), currentTaxonomyOrDefault(store).taxonomy,
                       options);
}

PartCheckReport checkProject(ProjectStore &store, const std::vector<std::int64_t> &imageIds,
                             const PartCheckOptions &options, const CancelToken &cancel,
                             const ProgressSink &progress)
{
    const Taxonomy taxonomy = currentTaxonomy(store);
    std::vector<ImageRecord> images;
    if (imageIds.empty())
        images = store.images();
    for (const std::int64_t id : imageIds)
        images.push_back(store.image(id));
    PartCheckReport report;
    ProgressMeter meter("check parts", static_cast<std::int64_t>(images.size()), progress);
    for (const ImageRecord &image : images) {
        if (cancel.isCancelled()) {
            report.cancelled = true;
            break;
        }
        PictureCheck check = checkStored(store, image, taxonomy, options);
        report.checked += check.personPixels > 0 || !check.findings.empty() ? 1 : 0;
        if (!check.findings.empty())
            report.pictures.push_back(std::move(check));
        meter.advance();
    }
    std::stable_sort(report.pictures.begin(), report.pictures.end(),
                     [](const PictureCheck &a, const PictureCheck &b) {
                         return a.badness != b.badness ? a.badness > b.badness
                                                       : a.imageId < b.imageId;
                     });
    return report;
}

std::string textOf(const PartFinding &finding)
{
    const std::string pixels = std::to_string(finding.pixels) + " pixels";
    const auto counted = [&finding](const char *one, const char *many) {
        return std::to_string(finding.count) + " " + (finding.count == 1 ? one : many);
    };
    switch (finding.kind) {
    case PartFindingKind::WrongSize:
        return "the mask of " + finding.group + " is made for a picture of another size";
    case PartFindingKind::Unlabelled:
        return pixels + " of the person are in no part"
               + (finding.other.empty() ? "" : " (" + finding.other + ")");
    case PartFindingKind::Overlap:
        return finding.group + " and " + finding.other + " overlap (" + pixels + ")";
    case PartFindingKind::Hole:
        return counted("hole", "holes") + " in " + finding.group + " (" + pixels + ")";
    case PartFindingKind::Island:
        return counted("small piece", "small pieces") + " beside " + finding.group + " (" + pixels
               + ")";
    case PartFindingKind::SideSwap:
        return finding.group + " and " + finding.other + " may be swapped";
    case PartFindingKind::Order:
        return finding.group + " lies below " + finding.other;
    case PartFindingKind::PairMissing:
        return finding.group + " is missing beside " + finding.other;
    }
    return {};
}

OrderedJson pictureCheckJson(const PictureCheck &check)
{
    OrderedJson findings = OrderedJson::array();
    for (const PartFinding &finding : check.findings) {
        OrderedJson item{{"kind", nameOf(finding.kind)}};
        if (!finding.group.empty())
            item["group"] = finding.group;
        if (!finding.other.empty())
            item["other"] = finding.other;
        item["pixels"] = finding.pixels;
        item["count"] = finding.count;
        item["box"] = {finding.box.left, finding.box.top, finding.box.right, finding.box.bottom};
        item["text"] = textOf(finding);
        findings.push_back(std::move(item));
    }
    return {{"image", check.imageId},
            {"badness", check.badness},
            {"person_pixels", check.personPixels},
            {"orphan_pixels", check.orphanPixels},
            {"exact", check.isExact},
            {"findings", std::move(findings)}};
}

} // namespace sapsam
