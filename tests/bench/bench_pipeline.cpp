#include "core/base/file.h"
#include "core/base/random.h"
#include "core/image/codec.h"
#include "core/pipeline/import.h"
#include "core/search/feature_file.h"
#include "core/search/ranking.h"
#include "core/store/project_store.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <unistd.h>
#include <vector>

// bench_pipeline [pictures to import, 2000]
// What a project of 10,000 images costs: opening it, its first 200 records, ranking it; and the
// import of person pictures.
using namespace sapsam;
namespace fs = std::filesystem;

namespace {

constexpr int kImages = 10000;

double seconds(const std::function<void()> &work)
{
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The middle one of several runs.
double medianSeconds(int runs, const std::function<void()> &work)
{
    std::vector<double> times;
    for (int i = 0; i < runs; ++i)
        times.push_back(seconds(work));
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

void report(const char *what, double time)
{
    std::printf("%-52s %9.2f ms\n", what, 1000.0 * time);
}

FeatureTable makeTable(int count, int dimension)
{
    FeatureTable table;
    table.modelHash = std::string(64, 'b');
    table.dimension = dimension;
    SeededRandom random(1);
    table.rows.resize(static_cast<std::size_t>(count) * static_cast<std::size_t>(dimension));
    for (float &value : table.rows)
        value = static_cast<float>(random.normal() / std::sqrt(dimension));
    for (int i = 0; i < count; ++i)
        table.ids.push_back(i + 1);
    return table;
}

void benchProject(const std::string &folder)
{
    const std::string project = folder + "/big.sapsam";
    const Mask mask(64, 128);
    report("10,000 images with 6 regions and phrases: store", seconds([&] {
               ProjectStore store = ProjectStore::create(project);
               store.transaction([&] {
                   for (int i = 0; i < kImages; ++i) {
                       ImageRecord image;
                       image.path = "/pictures/folder/person_" + std::to_string(i) + ".png";
                       image.sha256 = std::string(64, 'a');
                       image.width = 64;
                       image.height = 128;
                       const std::int64_t id = store.addImage(image).id;
                       std::vector<RegionRecord> regions(6);
                       for (RegionRecord &region : regions) {
                           region.group = "clothes";
                           region.rle = std::string(180, 'x');
                       }
                       store.replaceRegions(id, regions, std::string(64, 'c'), "atr-1");
                       for (const RegionRecord &region : store.regions(id)) {
                           PhraseRecord phrase;
                           phrase.regionId = region.id;
                           phrase.text = "a red jacket with a hood";
                           phrase.modelHash = std::string(64, 'd');
                           phrase.templateVersion = "t1";
                           store.setPhrase(phrase);
                       }
                   }
               });
           }));
    report("open and the first 200 records", medianSeconds(5, [&] {
               ProjectStore store = ProjectStore::open(project);
               if (store.imagesAfter(0, 200).size() != 200 || store.counts().images != kImages)
                   std::abort();
           }));
    ProjectStore store = ProjectStore::open(project);
    report("all 10,000 records", medianSeconds(5, [&] { store.images(); }));
    report("regions and phrases of 100 images", medianSeconds(5, [&] {
               for (std::int64_t id = 1; id <= 100; ++id) {
                   store.regions(id);
                   store.phrases(id);
               }
           }));
    report("integrity check", seconds([&] { store.integrityProblems(); }));
}

void benchRanking(const std::string &folder)
{
    for (const int dimension : {256, 512}) {
        const FeatureTable table = makeTable(kImages, dimension);
        const std::string path = folder + "/table.feat";
        const std::vector<float> query(table.rows.begin(), table.rows.begin() + dimension);
        std::printf("10,000 x %d\n", dimension);
        report("  write features", seconds([&] { writeFeatures(path, table); }));
        report("  read features", medianSeconds(5, [&] { readFeatures(path); }));
        report("  rank, first 20", medianSeconds(21, [&] { rankByCosine(table, query, 20); }));
        report("  rank, all", medianSeconds(21, [&] { rankByCosine(table, query, 0); }));
    }
    const FeatureTable large = makeTable(10 * kImages, 512);
    const std::vector<float> query(large.rows.begin(), large.rows.begin() + 512);
    std::printf("100,000 x 512\n");
    report("  rank, first 20", medianSeconds(9, [&] { rankByCosine(large, query, 20); }));
}

void benchImport(const std::string &folder, int count)
{
    const std::string pictures = folder + "/pictures";
    makeFolder(pictures);
    SeededRandom random(5);
    for (int i = 0; i < count; ++i) {
        Image image(64, 128);
        for (std::uint8_t &value : image.pixels)
            value = static_cast<std::uint8_t>(random.next() & 0x3FU);
        writeFileAtomically(pictures + "/" + std::to_string(i) + ".jpg", encodeJpeg(image));
    }
    ImportOptions options;
    options.paths = {pictures};
    const double time = seconds([&] {
        ProjectStore store = ProjectStore::create(folder + "/import.sapsam");
        if (importPaths(store, options, {}, {}).imported != count)
            std::abort();
    });
    std::printf("%-52s %9.0f images/s\n", "import of 64x128 JPEG", count / time);
}

} // namespace

int main(int argc, char **argv)
{
    const int count = argc > 1 ? std::max(1, std::atoi(argv[1])) : 2000;
    std::string folder = (fs::temp_directory_path() / "bench_pipeline_XXXXXX").string();
    if (!::mkdtemp(folder.data()))
        return 1;
    benchProject(folder);
    benchRanking(folder);
    benchImport(folder, count);
    fs::remove_all(folder);
    return 0;
}
