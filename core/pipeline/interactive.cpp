#include "core/pipeline/interactive.h"

#include "core/base/error.h"
#include "core/engine/run_registry.h"
#include "core/image/mask.h"
#include "core/image/mask_edit.h"
#include "core/image/rle.h"
#include "core/pipeline/engines.h"
#include "core/weights/model_manifest.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

std::string sizeText(int width, int height)
{
    return std::to_string(width) + std::string(" x ") + std::to_string(height);
}

Mask maskOf(const RegionRecord &region)
{
    return maskOfRle(rleFromString(region.rle, region.width, region.height));
}

// The record with these pixels; what a person drew carries no model unless the person took it from
// one.
RegionRecord withMask(RegionRecord region, const Mask &mask)
{
    region.width = mask.width;
    region.height = mask.height;
    region.rle = rleToString(rleOfMask(mask));
    region.bounds = boundingBox(mask).value_or(Box{});
    region.area = static_cast<double>(mask.area())
                  / std::max(1.0, static_cast<double>(mask.width) * mask.height);
    region.origin = "human";
    return region;
}

Change changeOf(const RegionRecord *old, Json after)
{
    Change change;
    change.kind = EditKind::Region;
    change.key = old != nullptr && old->id != 0 ? std::to_string(old->id) : std::string();
    change.after = std::move(after);
    return change;
}

// Replaces all regions of a group by one, or by the word that it is not there.
void addChanges(Edit &edit, const std::vector<RegionRecord> &stored, const RegionRecord &wanted)
{
    const RegionRecord *kept = nullptr;
    for (const RegionRecord &region : stored) {
        if (region.group != wanted.group)
            continue;
        // A part that goes takes its phrases along; a row without pixels must have none. So does a
        // word that no longer holds.
        const bool goes = wanted.area <= 0.0 ? region.area > 0.0 : kept != nullptr;
        if (goes) {
            edit.changes.push_back(changeOf(&region, nullptr));
            continue;
        }
        if (kept == nullptr)
            kept = &region;
    }
    edit.changes.push_back(changeOf(kept, regionValue(wanted)));
}

} // namespace

std::vector<RegionRecord> storedParts(ProjectStore &store, std::int64_t imageId)
{
    std::vector<RegionRecord> parts = store.regions(imageId);
    for (RegionRecord &absent : store.absentRegions(imageId))
        parts.push_back(std::move(absent));
    return parts;
}

Mask maskOfPart(const std::vector<RegionRecord> &stored, const std::string &group, int width,
                int height)
{
    Mask mask(width, height);
    for (const RegionRecord &region : stored) {
        if (region.group != group || region.area <= 0.0)
            continue;
        if (region.width != width || region.height != height)
            throw Error(ErrorKind::Mismatch,
                        "the mask of “" + group + "” (region " + std::to_string(region.id) + ") is "
                            + sizeText(region.width, region.height) + ", its picture "
                            + sizeText(width, height) + "; segment the picture again");
        mask = unionOf(mask, maskOf(region));
    }
    return mask;
}

Edit partEdit(const std::vector<RegionRecord> &stored, const PartChange &change)
{
    if (change.group.empty())
        throw Error(ErrorKind::InvalidInput, "no part was chosen for the mask");
    if (change.locked.count(change.group) != 0)
        throw Error(ErrorKind::InvalidInput,
                    "the part “" + change.group + "” is locked; unlock it first");
    const int width = change.mask.width;
    const int height = change.mask.height;
    Edit edit;
    edit.title = change.title;

    const Mask before = maskOfPart(stored, change.group, width, height);
    Mask mask = change.mask;
    std::map<std::string, Mask> others; // what is left of parts that lose pixels
    if (change.exclusive) {
        Mask gained = differenceOf(mask, before);
        std::set<std::string> groups;
        for (const RegionRecord &region : stored) {
            if (region.group != change.group && region.area > 0.0)
                groups.insert(region.group);
        }
        for (const std::string &group : groups) {
            if (change.locked.count(group) == 0)
                continue;
            const Mask kept = maskOfPart(stored, group, width, height);
            mask = differenceOf(mask, intersectionOf(gained, kept));
            gained = differenceOf(gained, kept);
        }
        for (const std::string &group : groups) {
            if (change.locked.count(group) != 0)
                continue;
            Mask rest = maskOfPart(stored, group, width, height);
            if (!subtract(rest, gained).isEmpty())
                others.emplace(group, std::move(rest));
        }
    }

    const auto first = [&](const std::string &group) -> const RegionRecord * {
        const RegionRecord *found = nullptr;
        for (const RegionRecord &region : stored) {
            if (region.group == group && (found == nullptr || found->area <= 0.0))
                found = &region;
        }
        return found;
    };
    const auto described = [&](RegionRecord region, const Mask &pixels) {
        region = withMask(std::move(region), pixels);
        if (region.area <= 0.0) {
            region.score = 1.0;
            region.modelHash.clear();
            region.prompt.clear();
        }
        return region;
    };
    const RegionRecord *old = first(change.group);
    if (mask.bits != before.bits || (mask.area() == 0 && old == nullptr)
        || (old != nullptr && old->origin != "human")) {
        RegionRecord wanted = old != nullptr ? *old : RegionRecord();
        wanted.imageId = change.imageId;
        wanted.group = change.group;
        wanted.score = change.score;
        wanted.modelHash = change.modelHash;
        if (!change.prompt.empty())
            wanted.prompt = change.prompt;
        if (!change.taxonomyVersion.empty())
            wanted.taxonomyVersion = change.taxonomyVersion;
        addChanges(edit, stored, described(std::move(wanted), mask));
    }
    for (const auto &[group, rest] : others) {
        RegionRecord wanted = *first(group);
        wanted.modelHash.clear();
        wanted.score = 1.0;
        addChanges(edit, stored, described(std::move(wanted), rest));
    }
    return edit;
}

std::unique_ptr<PromptedSegmenter> openPromptedSegmenter(const std::string &modelsFolder,
                                                         const EngineOptions &options)
{
    const std::string folder = modelsFolder.empty() ? defaultModelsFolder() : modelsFolder;
    std::error_code ignored;
    if (!fs::exists(fs::path(folder) / "manifest.json", ignored))
        throw Error(ErrorKind::NotFound,
                    "there are no models in '" + folder
                        + "' (manifest.json is missing); give the right folder with --models or "
                          "SAPSAM_MODELS_DIR");
    const ModelManifest manifest = readModelManifest(folder);
    std::optional<ModelManifest> shipped; // a registry of imported models need not have both
    const auto folderOf = [&](const char *task) -> std::string {
        if (folder == defaultModelsFolder()) {
            std::string chosen = chosenModelFolder(task);
            if (!chosen.empty())
                return chosen;
        }
        if (const ModelEntry *entry = manifest.findByTask(task))
            return manifest.pathOf(*entry);
        if (folder == userModelsFolder()) {
            if (!shipped)
                shipped = readModelManifest(defaultModelsFolder());
            if (const ModelEntry *entry = shipped->findByTask(task))
                return shipped->pathOf(*entry);
        }
        return {};
    };
    const std::string phrases = folderOf("person-sam");
    const std::string points = folderOf("sam");
    if (phrases.empty() && points.empty())
        throw Error(ErrorKind::NotFound,
                    "no model of the tasks 'person-sam' and 'sam' is listed in '" + folder
                        + "/manifest.json'; choose another models folder or import one with "
                          "`sapsam models import`");
    return std::make_unique<PromptedSegmenter>(phrases, points, options);
}

} // namespace sapsam
