#include "core/engine/run_samples.h"

#include "core/base/json_file.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>

namespace sapsam {

namespace fs = std::filesystem;

namespace {

// What a person reads of decoded tokens: not where the text begins and ends, nor what fills it up.
std::string readable(std::string text)
{
    const auto end = text.find("<|endoftext|>");
    if (end != std::string::npos)
        text.erase(end);
    const std::string begin = "<|startoftext|>";
    if (text.rfind(begin, 0) == 0)
        text.erase(0, begin.size());
    std::erase_if(text, [](unsigned char c) { return c < 0x20 && c != '\n'; });
    const auto first = text.find_first_not_of(' ');
    const auto last = text.find_last_not_of(' ');
    return first == std::string::npos ? std::string() : text.substr(first, last - first + 1);
}

} // namespace

std::vector<std::int64_t> sampleSteps(const std::string &runFolder)
{
    const std::string prefix = "step-";
    std::vector<std::int64_t> steps;
    std::error_code ignored;
    for (const auto &entry : fs::directory_iterator(runFolder + "/samples", ignored)) {
        const std::string stem = entry.path().stem().string();
        if (entry.path().extension() != ".json" || stem.rfind(prefix, 0) != 0)
            continue;
        std::int64_t step = 0;
        const char *end = stem.data() + stem.size();
        const auto read = std::from_chars(stem.data() + prefix.size(), end, step);
        if (read.ec == std::errc() && read.ptr == end)
            steps.push_back(step);
    }
    std::sort(steps.begin(), steps.end());
    return steps;
}

ShownSamples readRunSamples(const std::string &runFolder, std::int64_t step)
{
    char name[48];
    std::snprintf(name, sizeof name, "step-%08lld.json", static_cast<long long>(step));
    const std::string folder = runFolder + "/samples/";
    const std::string path = folder + name;
    const Json json = readJsonFile(path);
    ShownSamples shown;
    shown.step = require<std::int64_t>(json, "step", path);
    for (const Json &item : require<Json>(json, "samples", path)) {
        ShownSample sample;
        sample.given = readable(valueOr<std::string>(item, "given", {}, path));
        sample.expected = readable(valueOr<std::string>(item, "expected", {}, path));
        sample.predicted = readable(valueOr<std::string>(item, "predicted", {}, path));
        // Names only: what lies elsewhere is not of this run.
        const auto fileOf = [&](const char *key) {
            const auto file = fs::path(valueOr<std::string>(item, key, {}, path)).filename();
            return file.empty() ? std::string() : folder + file.string();
        };
        sample.picture = fileOf("picture");
        sample.second = fileOf("second");
        if (item.contains("value"))
            sample.value = require<double>(item, "value", path);
        sample.valueName = valueOr<std::string>(item, "value_name", {}, path);
        if (item.contains("right"))
            sample.isRight = require<bool>(item, "right", path);
        shown.samples.push_back(std::move(sample));
    }
    return shown;
}

} // namespace sapsam
