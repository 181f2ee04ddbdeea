// bench_gallery [PICTURES [FOLDER]]: makes a project of that many pictures with parts, phrases, tags
// and ratings (100,000 unless told; in FOLDER, where it is kept and used again), and asks the
// gallery's questions of it: alone, as the command line does, and with what the window keeps from
// the question before. One JSON object on stdout; processor time of the thread that asks, in
// milliseconds, the median of several and the worst.
#include "core/base/random.h"
#include "core/store/curation.h"
#include "core/store/edits.h"
#include "core/store/gallery_query.h"
#include "core/store/project_store.h"
#include "core/text/noun_phrases.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

using namespace sapsam;

namespace {

constexpr int kRounds = 7;

void makeProject(const std::string &folder, int count)
{
    ProjectStore store = ProjectStore::create(folder);
    const std::string hash(64, 'a');
    store.recordModel("bench", "person-sam", hash, "none");
    store.recordTaxonomy("bench", "");
    SeededRandom random(17);
    const auto &colours = commonColours();
    constexpr int kPortion = 2000;
    for (int first = 0; first < count; first += kPortion) {
        store.transaction([&] {
            for (int number = first; number < std::min(count, first + kPortion); ++number) {
                ImageRecord record;
                record.path = "/data/cam" + std::to_string(number % 6) + "/img"
                              + std::to_string(number) + ".jpg";
                record.sha256 = std::string(64, '0');
                record.width = 128;
                record.height = 384;
                record.source = "folder";
                record.identity = std::to_string(number / 4);
                record.split = number % 10 == 0 ? "test" : number % 10 == 1 ? "val" : "train";
                const std::int64_t id = store.addImage(record).id;
                std::vector<RegionRecord> regions;
                for (const std::string &group : partGroups()) {
                    if (!random.chance(0.55))
                        continue;
                    RegionRecord region;
                    region.group = group;
                    region.width = 128;
                    region.height = 384;
                    region.area = 0.1;
                    region.score = random.uniform();
                    regions.push_back(region);
                }
                store.replaceRegions(id, regions, hash, "bench");
                for (const RegionRecord &region : store.regions(id)) {
                    PhraseRecord phrase;
                    phrase.regionId = region.id;
                    phrase.text = "a " + random.pick(colours) + " " + region.group;
                    phrase.templateVersion = "bench";
                    phrase.modelHash = hash;
                    store.setPhrase(phrase);
                }
            }
        });
    }
    EditJournal journal(store);
    const auto some = [&](int step) {
        std::vector<std::int64_t> ids;
        for (int id = 1; id <= count; id += step)
            ids.push_back(id);
        return ids;
    };
    journal.apply(tagEdit(store, some(37), {"blurred"}, {}));
    journal.apply(ratingEdit(store, some(23), 4));
    journal.apply(reviewEdit(store, some(11), "accepted"));
}

double processorMs()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Times
{
    std::size_t found = 0;
    double median = 0.0;
    double worst = 0.0;
};

template <typename Body>
Times measure(Body body)
{
    Times result;
    std::vector<double> times;
    for (int round = 0; round < kRounds; ++round) {
        const double before = processorMs();
        result.found = body();
        times.push_back(processorMs() - before);
    }
    std::sort(times.begin(), times.end());
    result.median = times[times.size() / 2];
    result.worst = times.back();
    return result;
}

} // namespace

int main(int argc, char **argv)
{
    const int count = argc > 1 ? std::max(1, std::atoi(argv[1])) : 100'000;
    const std::string base =
        argc > 2 ? argv[2] : std::filesystem::temp_directory_path().string();
    const std::string folder = base + "/bench-gallery-" + std::to_string(count) + ".sapsam";
    if (!ProjectStore::isProject(folder))
        makeProject(folder, count);
    ProjectStore store = ProjectStore::open(folder, ProjectStore::Access::ReadOnly);
    std::printf("{");
    const struct
    {
        const char *filter;
        const char *sort;
    } questions[] = {
        {"", "id"},
        {"split:train", "id"},
        {"has:hat", "id"},
        {"has:hat colour:red", "id"},
        {"clothes.colour:red", "id"},
        {"score<0.2", "id"},
        {"hat.score<0.2", "id"},
        {"rating>=4", "id"},
        {"tag:blurred", "id"},
        {"review:accepted has:bag", "id"},
        {"identity:1234", "id"},
        {"name:img12*", "id"},
        {"red", "id"},
        {"", "name"},
        {"", "identity"},
        {"has:hat", "score"},
        {"split:train", "size:desc"},
    };
    GalleryCache cache;
    for (const auto &question : questions) {
        const Filter filter = requireFilter(question.filter);
        const GallerySort sort = *gallerySortFromName(question.sort);
        const Times alone =
            measure([&] { return askGallery(store, filter, sort).ids.size(); });
        // The order of a sort is kept, too: its first use is the one before.
        askGallery(store, cache, {}, sort);
        const Times kept =
            measure([&] { return askGallery(store, cache, filter, sort).ids.size(); });
        std::printf("\"%s by %s\": {\"found\": %zu, \"alone_ms\": %.1f, \"kept_ms\": %.1f, "
                    "\"kept_worst_ms\": %.1f},\n ",
                    question.filter, question.sort, kept.found, alone.median, kept.median,
                    kept.worst);
    }
    std::printf("\"pictures\": %d}\n", count);
    return 0;
}
