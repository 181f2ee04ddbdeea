#include "core/dataset/picture_checks.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/image/codec.h"
#include "core/image/mask.h"

#include <filesystem>
#include <map>
#include <set>

namespace sapsam {

namespace {

DatasetFinding errorFinding(const std::string &code, const std::string &item,
                            const std::string &text)
{
    return {DatasetFinding::Severity::Error, code, item, text};
}

} // namespace

std::vector<DatasetFinding> checkPictures(const PersonDataset &dataset, const CancelToken &cancel,
                                          const ProgressSink &progress)
{
    std::vector<DatasetFinding> findings;
    ProgressMeter meter("check pictures", static_cast<std::int64_t>(dataset.images.size()),
                        progress);
    for (const PersonImage &image : dataset.images) {
        if (cancel.isCancelled())
            break;
        try {
            readImage(dataset.pathOf(image));
        } catch (const Error &error) {
            findings.push_back(errorFinding("unreadable-image", image.file, error.what()));
        }
        meter.advance();
    }
    return findings;
}

std::vector<DatasetFinding> checkAtrPictures(const AtrDataset &dataset, const CancelToken &cancel,
                                             const ProgressSink &progress)
{
    std::vector<DatasetFinding> findings;
    std::map<std::string, std::set<int>> present;
    ProgressMeter meter("check masks", static_cast<std::int64_t>(dataset.names.size()), progress);
    for (const std::string &name : dataset.names) {
        if (cancel.isCancelled())
            return findings;
        meter.advance();
        std::pair<int, int> size;
        try {
            const Image image = readImage(dataset.imagePath(name));
            size = {image.width, image.height};
        } catch (const Error &error) {
            findings.push_back(errorFinding("unreadable-image", name + ".jpg", error.what()));
            continue;
        }
        LabelMap labels;
        try {
            labels = readLabels(dataset.maskPath(name));
        } catch (const Error &error) {
            findings.push_back(errorFinding("bad-mask", name + ".png", error.what()));
            continue;
        }
        if (size != std::pair<int, int>{labels.width, labels.height})
            findings.push_back(errorFinding("size-mismatch", name,
                                            name + ": the picture is " + std::to_string(size.first)
                                                + "x" + std::to_string(size.second) + ", its mask "
                                                + std::to_string(labels.width) + "x"
                                                + std::to_string(labels.height)));
        std::set<int> &classes = present[name];
        constexpr int ignored = 255;
        for (const std::uint8_t label : labels.labels)
            classes.insert(label);
        for (const int label : classes)
            if (label >= kAtrClasses && label != ignored)
                findings.push_back(errorFinding("bad-label", name + ".png",
                                                name + ".png: the id " + std::to_string(label)
                                                    + " is no class; classes are 0 to 17"));
    }
    for (const auto &[split, phrases] : dataset.phrases) {
        for (const AtrPhrase &phrase : phrases) {
            const auto classes = present.find(std::filesystem::path(phrase.image).stem().string());
            if (classes == present.end())
                continue;
            bool found = false;
            for (const int target : atrTargetClasses(phrase.idx))
                found = found || classes->second.count(target) > 0;
            if (!found)
                findings.push_back({DatasetFinding::Severity::Warning, "empty-target", phrase.image,
                                    split + ": '" + phrase.text + "' names class "
                                        + std::to_string(phrase.idx) + ", which does not occur in "
                                        + phrase.image});
        }
    }
    return findings;
}

} // namespace sapsam
