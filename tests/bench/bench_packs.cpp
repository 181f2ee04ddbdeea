// Images a second that the pack loader lays out, without augmentation and with the paper's: one
// JSON object on stdout. usage: bench_packs [pictures] [threads] [seconds]
#include "core/base/json_file.h"
#include "core/dataset/packs.h"
#include "core/dataset/paired_augment.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/resource.h>

using namespace sapsam;

namespace {

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string makePack(const std::string &folder, int pictures)
{
    PackSettings settings;
    settings.source = "noise";
    PackWriter writer(folder, settings);
    SeededRandom random(1);
    Image image(settings.width, settings.height);
    for (std::uint8_t &value : image.pixels)
        value = static_cast<std::uint8_t>(random.next());
    const LabelMap mask(settings.width, settings.height, 1);
    for (int i = static_cast<int>(writer.itemCount()); i < pictures; ++i) {
        PackedItem item;
        item.name = std::to_string(i);
        item.split = "train";
        item.rows.push_back({"a caption", {}, {}, {}, 0, 0});
        writer.add(item, image, {mask});
    }
    writer.finish();
    return folder;
}

double processorSeconds()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &time) {
        return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// One long epoch in random order until the time is over; the first batches are a warm-up. Beside
// the rate of the clock the processor time an image takes: on a busy machine only that is a fact.
OrderedJson measured(const Pack &pack, const PackLoaderOptions &options, double seconds)
{
    constexpr std::size_t epoch = 1'000'000;
    constexpr int warmUp = 8;
    std::vector<PackSample> samples;
    while (samples.size() < epoch)
        for (const PackSample &sample : captionSamples(pack, "train"))
            samples.push_back(sample);
    SeededRandom random(1);
    random.shuffle(samples);
    PackLoader loader(pack, std::move(samples), options);
    PackBatch batch;
    for (int i = 0; i < warmUp; ++i)
        loader.next(batch);
    const auto start = std::chrono::steady_clock::now();
    const double processor = processorSeconds();
    double images = 0.0;
    while (secondsSince(start) < seconds && loader.next(batch))
        images += static_cast<double>(batch.samples.size());
    return {{"images_per_s", images / secondsSince(start)},
            {"processor_us_per_image", 1e6 * (processorSeconds() - processor) / images}};
}

} // namespace

int main(int argc, char **argv)
{
    const int pictures = argc > 1 ? std::atoi(argv[1]) : 2000;
    const int threads = argc > 2 ? std::atoi(argv[2]) : 2;
    const double seconds = argc > 3 ? std::atof(argv[3]) : 5.0;
    const std::string folder =
        (std::filesystem::temp_directory_path() / "sapsam_bench_pack").string();
    std::filesystem::remove_all(folder);
    const auto start = std::chrono::steady_clock::now();
    const Pack pack(makePack(folder, pictures));
    const double written = pictures / secondsSince(start);

    PackLoaderOptions options;
    options.threads = threads;
    OrderedJson json = {{"what", "packs"},         {"width", 128},
                        {"height", 384},           {"pictures", pictures},
                        {"threads", threads},      {"batch", options.batchSize},
                        {"written_per_s", written}};
    json["bytes"] = measured(pack, options, seconds);
    options.masks = true;
    json["bytes_and_masks"] = measured(pack, options, seconds);
    options.layout = PackLayout::NormalizedFloats;
    json["floats_and_masks"] = measured(pack, options, seconds);
    options.layout = PackLayout::Bytes;
    options.transform = [](const PackSample &, Image &picture, LabelMap &labels,
                           SeededRandom random) {
        paired::AugmentedPair pair = paired::augmentPair(picture, labels, {}, random);
        picture = std::move(pair.picture);
        labels = std::move(pair.labels);
    };
    json["augmented"] = measured(pack, options, seconds);
    std::printf("%s\n", json.dump().c_str());
    std::filesystem::remove_all(folder);
    return 0;
}
