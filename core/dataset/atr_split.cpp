#include "core/dataset/atr_split.h"

#include "core/base/json_file.h"
#include "core/base/random.h"

#include <algorithm>
#include <filesystem>

namespace sapsam {

namespace {

constexpr int kVersion = 1;

std::vector<std::string> namesOf(const SeededSplit &split)
{
    std::vector<std::string> names = split.train;
    names.insert(names.end(), split.dev.begin(), split.dev.end());
    names.insert(names.end(), split.test.begin(), split.test.end());
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace

SeededSplit makeSeededSplit(std::vector<std::string> names, std::uint64_t seed)
{
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
        throw Error(ErrorKind::InvalidInput, "split: the name '" + *twice + "' occurs twice");
    SeededRandom random = SeededRandom(seed).fork("split");
    random.shuffle(names);
    const auto tenth = static_cast<std::ptrdiff_t>(names.size() / 10);
    SeededSplit split;
    split.seed = seed;
    split.dev.assign(names.begin(), names.begin() + tenth);
    split.test.assign(names.begin() + tenth, names.begin() + 2 * tenth);
    split.train.assign(names.begin() + 2 * tenth, names.end());
    for (std::vector<std::string> *part : {&split.train, &split.dev, &split.test})
        std::sort(part->begin(), part->end());
    return split;
}

void writeSeededSplit(const SeededSplit &split, const std::string &path)
{
    writeJsonFile(path, OrderedJson{{"version", kVersion},
                                    {"seed", split.seed},
                                    {"shares", {8, 1, 1}},
                                    {"train", split.train},
                                    {"dev", split.dev},
                                    {"test", split.test}});
}

SeededSplit readSeededSplit(const std::string &path)
{
    const Json json = readJsonFile(path);
    if (require<int>(json, "version", path) != kVersion)
        throw Error(ErrorKind::Corrupt, path + ": a split of another version");
    SeededSplit split;
    split.seed = require<std::uint64_t>(json, "seed", path);
    split.train = require<std::vector<std::string>>(json, "train", path);
    split.dev = require<std::vector<std::string>>(json, "dev", path);
    split.test = require<std::vector<std::string>>(json, "test", path);
    const std::vector<std::string> names = namesOf(split);
    if (std::adjacent_find(names.begin(), names.end()) != names.end())
        throw Error(ErrorKind::Corrupt, path + ": a picture is in two of the splits");
    return split;
}

SeededSplit storedSplit(const std::string &path, const std::vector<std::string> &names,
                        std::uint64_t seed)
{
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        const SeededSplit split = makeSeededSplit(names, seed);
        writeSeededSplit(split, path);
        return split;
    }
    const SeededSplit split = readSeededSplit(path);
    std::vector<std::string> sorted = names;
    std::sort(sorted.begin(), sorted.end());
    if (split.seed != seed)
        throw Error(ErrorKind::Mismatch,
                    path + ": was drawn with seed " + std::to_string(split.seed) + ", asked for "
                        + std::to_string(seed)
                        + "; use that seed, or move the file away and train anew");
    if (namesOf(split) != sorted)
        throw Error(ErrorKind::Mismatch,
                    path + ": was made for other pictures than those of the folder ("
                        + std::to_string(namesOf(split).size()) + " there, "
                        + std::to_string(sorted.size())
                        + " here); restore them, or move the file away and train anew");
    return split;
}

} // namespace sapsam
