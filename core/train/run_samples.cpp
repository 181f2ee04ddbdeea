#include "core/train/run_samples.h"

#include "core/base/file.h"
#include "core/base/json_file.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

namespace sapsam::training {

namespace fs = std::filesystem;

namespace {

std::string stemOf(std::int64_t step)
{
    char text[32];
    std::snprintf(text, sizeof text, "step-%08lld", static_cast<long long>(step));
    return text;
}

// PPM: needs no codec, and everything reads it.
std::string ppmOf(const Image &picture)
{
    std::string bytes = "P6\n" + std::to_string(picture.width) + " "
                        + std::to_string(picture.height) + "\n255\n";
    bytes.append(picture.pixels.begin(), picture.pixels.end());
    return bytes;
}

void removeSet(const fs::path &folder, const std::string &stem)
{
    std::error_code ignored;
    std::vector<fs::path> files;
    for (const auto &entry : fs::directory_iterator(folder, ignored)) {
        if (entry.path().filename().string().rfind(stem, 0) == 0)
            files.push_back(entry.path());
    }
    for (const fs::path &file : files)
        fs::remove(file, ignored);
}

} // namespace

void writeRunSamples(const std::string &runFolder, std::int64_t step,
                     const std::vector<RunSample> &samples)
{
    const std::string folder = runFolder + "/samples";
    makeFolder(folder);
    const std::string stem = stemOf(step);
    removeSet(folder, stem);
    OrderedJson list = OrderedJson::array();
    for (std::size_t i = 0; i < std::min(samples.size(), kSamplesKept); ++i) {
        const RunSample &sample = samples[i];
        OrderedJson item{{"given", sample.given},
                         {"expected", sample.expected},
                         {"predicted", sample.predicted}};
        const auto addPicture = [&](const char *key, const Image &picture) {
            if (picture.isEmpty() || picture.channels != 3)
                return;
            const std::string file = stem + "-" + std::to_string(i) + "-" + key + ".ppm";
            writeFileAtomically(folder + "/" + file, ppmOf(picture));
            item[key] = file;
        };
        addPicture("picture", sample.picture);
        addPicture("second", sample.second);
        if (sample.value) {
            item["value"] = *sample.value;
            item["value_name"] = sample.valueName;
        }
        if (sample.isRight)
            item["right"] = *sample.isRight;
        list.push_back(std::move(item));
    }
    // Last, so that a reader finds what it names.
    writeJsonFile(folder + "/" + stem + ".json",
                  OrderedJson{{"step", step}, {"samples", std::move(list)}});

    std::vector<std::string> sets;
    std::error_code ignored;
    for (const auto &entry : fs::directory_iterator(folder, ignored)) {
        if (entry.path().extension() == ".json")
            sets.push_back(entry.path().stem().string());
    }
    std::sort(sets.begin(), sets.end());
    for (std::size_t i = 0; i + kSampleSetsKept < sets.size(); ++i)
        removeSet(folder, sets[i]);
}

Image pictureOf(const torch::Tensor &pixels, const Normalization &normalization)
{
    const torch::Tensor values = pixels.detach().to(torch::kCPU, torch::kFloat).contiguous();
    Image picture(static_cast<int>(values.size(2)), static_cast<int>(values.size(1)));
    const float *source = values.data_ptr<float>();
    const std::size_t plane = static_cast<std::size_t>(picture.width)
                              * static_cast<std::size_t>(picture.height);
    for (std::size_t i = 0; i < plane; ++i) {
        for (std::size_t c = 0; c < 3; ++c) {
            const float value =
                255.0F * (source[c * plane + i] * normalization.std[c] + normalization.mean[c]);
            picture.pixels[3 * i + c] =
                static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
        }
    }
    return picture;
}

Image withMask(const Image &picture, const torch::Tensor &mask)
{
    const torch::Tensor values = mask.detach().to(torch::kCPU, torch::kFloat).contiguous();
    const auto height = values.size(0);
    const auto width = values.size(1);
    const float *source = values.data_ptr<float>();
    Image shown = picture;
    for (int y = 0; y < shown.height; ++y) {
        const std::int64_t row = y * height / shown.height;
        for (int x = 0; x < shown.width; ++x) {
            std::uint8_t *pixel = shown.at(x, y);
            if (source[row * width + x * width / shown.width] > 0.0F) {
                pixel[0] = static_cast<std::uint8_t>((pixel[0] + 255) / 2);
                pixel[1] = static_cast<std::uint8_t>((pixel[1] + 64) / 2);
                pixel[2] = static_cast<std::uint8_t>((pixel[2] + 160) / 2);
            } else {
                for (int c = 0; c < 3; ++c)
                    pixel[c] = static_cast<std::uint8_t>(pixel[c] / 2 + 20);
            }
        }
    }
    return shown;
}

std::int64_t evenly(std::size_t k, std::size_t count, std::int64_t size)
{
    return static_cast<std::int64_t>(k) * size
           / std::max<std::int64_t>(1, static_cast<std::int64_t>(count));
}

std::vector<RunSample> retrievalSamples(const torch::Tensor &scores,
                                        const std::function<std::string(std::int64_t)> &textOf,
                                        const std::function<Image(std::int64_t)> &pictureOf)
{
    std::vector<RunSample> samples;
    const std::int64_t queries = scores.size(0);
    const std::size_t count = std::min(kSamplesKept, static_cast<std::size_t>(queries));
    for (std::size_t k = 0; k < count; ++k) {
        const std::int64_t query = evenly(k, count, queries);
        const torch::Tensor row = scores[query];
        const std::int64_t first = row.argmax().item<std::int64_t>();
        RunSample sample;
        sample.given = textOf(query);
        sample.picture = pictureOf(query);
        sample.second = pictureOf(first);
        sample.valueName = "rank";
        sample.value = 1.0 + row.gt(row[query]).sum().item<double>();
        sample.isRight = first == query;
        samples.push_back(std::move(sample));
    }
    return samples;
}

} // namespace sapsam::training
