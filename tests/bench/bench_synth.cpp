#include "core/base/file.h"
#include "core/image/codec.h"
#include "core/synth/pedestrian.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

using namespace sapsam;

namespace {

double picturesPerSecond(int width, int height, unsigned threads, double seconds)
{
    using Clock = std::chrono::steady_clock;
    std::vector<int> counts(threads, 0);
    std::vector<std::thread> workers;
    const auto start = Clock::now();
    for (unsigned t = 0; t < threads; ++t)
        workers.emplace_back([&, t] {
            while (std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
                const auto identity = static_cast<std::uint64_t>(counts[t]) * threads + t;
                renderPicture(makePerson(1, identity), identity % 4, width, height);
                ++counts[t];
            }
        });
    for (std::thread &worker : workers)
        worker.join();
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    int sum = 0;
    for (const int count : counts)
        sum += count;
    return sum / elapsed;
}

// Rows of people; with `labels` every second row shows the label maps.
Image contactSheet(std::uint64_t seed, int columns, int rows, int width, int height, bool labels)
{
    Image sheet(columns * width, rows * height);
    const auto palette = vocPalette(18);
    for (int row = 0; row < rows; ++row)
        for (int column = 0; column < columns; ++column) {
            const int person = (labels ? row / 2 : row) * columns + column;
            const SyntheticPicture picture = renderPicture(
                makePerson(seed, static_cast<std::uint64_t>(person)), 0, width, height);
            for (int y = 0; y < height; ++y)
                for (int x = 0; x < width; ++x) {
                    std::uint8_t *to = sheet.at(column * width + x, row * height + y);
                    if (labels && row % 2 == 1) {
                        std::copy_n(palette[picture.labels.at(x, y)].begin(), 3, to);
                    } else {
                        std::copy_n(picture.image.at(x, y), 3, to);
                    }
                }
        }
    return sheet;
}

} // namespace

// bench_synth                      pictures a second
// bench_synth --sheet FILE [SEED]  a contact sheet as PNG
int main(int argc, char **argv)
{
    if (argc > 2 && std::string(argv[1]) == "--sheet") {
        const std::uint64_t seed = argc > 3 ? std::stoull(argv[3]) : 1;
        writeFileAtomically(argv[2], encodePng(contactSheet(seed, 12, 6, 96, 192, true)));
        return 0;
    }
    const unsigned threads = std::max(1U, std::thread::hardware_concurrency());
    for (const auto &[width, height] : {std::pair{64, 128}, {128, 256}, {128, 384}})
        std::printf("%d x %d on %u threads: %.0f pictures/s\n", width, height, threads,
                    picturesPerSecond(width, height, threads, 3.0));
    return 0;
}
