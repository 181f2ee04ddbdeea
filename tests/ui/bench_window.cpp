// bench_window [PICTURES [FOLDER]]: makes a project of that many drawn people (10,000 unless told;
// in FOLDER, where it is kept and used again), opens it in the window, scrolls through it as a wheel
// does, opens it again with its thumbnails on disk, and moves about in a map of as many points. One
// JSON object on stdout. Times are of the GUI thread: wall time, and its own processor time, which a
// loaded machine changes less. Run it with QT_QPA_PLATFORM=offscreen on a machine without a screen.
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/image/codec.h"
#include "core/store/project_store.h"
#include "core/store/thumbnail_store.h"
#include "core/synth/pedestrian.h"
#include "core/taxonomy/taxonomy.h"
#include "ui/gallery/thumbnail_grid.h"
#include "ui/models/gallery_model.h"
#include "ui/pages/gallery/gallery_page.h"
#include "ui/pages/gallery/map_canvas.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/window/main_window.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QScrollBar>
#include <QTemporaryDir>
#include <QThread>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <vector>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

constexpr int kFiles = 256; // different pictures; the rest are links to them
constexpr int kWidth = 128;
constexpr int kHeight = 384;
constexpr int kFrames = 900;
constexpr int kFrameMs = 16;
constexpr int kScrollStep = 120; // pixels a frame: a fast wheel
constexpr int kMapFrames = 120;

void makeProject(const std::string &folder, int count)
{
    namespace fs = std::filesystem;
    const std::string pictures = folder + "-pictures";
    fs::create_directories(pictures);
    ProjectStore store = ProjectStore::create(folder);
    store.transaction([&] {
        for (int number = 0; number < count; ++number) {
            const std::string path = pictures + "/" + std::to_string(number) + ".jpg";
            if (number < kFiles)
                writeFileAtomically(
                    path,
                    encodeJpeg(renderPicture(makePerson(5, static_cast<std::uint64_t>(number)), 0,
                                             kWidth, kHeight)
                                   .image));
            else
                fs::create_hard_link(pictures + "/" + std::to_string(number % kFiles) + ".jpg",
                                     path);
            ImageRecord record;
            record.path = path;
            record.sha256 = std::string(64, '0');
            record.width = kWidth;
            record.height = kHeight;
            record.source = "folder";
            record.identity = std::to_string(number / 4);
            record.split = number % 10 == 0 ? "test" : "train";
            store.addImage(record);
        }
    });
}

double processorMs()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Frames
{
    std::vector<double> wall;
    std::vector<double> processor;

    template <typename Body>
    void measure(Body body)
    {
        QElapsedTimer clock;
        clock.start();
        const double before = processorMs();
        body();
        processor.push_back(processorMs() - before);
        wall.push_back(static_cast<double>(clock.nsecsElapsed()) / 1e6);
    }
    static double at(std::vector<double> values, double share)
    {
        std::sort(values.begin(), values.end());
        return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    }
    void print(const char *name) const
    {
        std::printf("\"%s\": {\"wall_p50_ms\": %.2f, \"wall_p99_ms\": %.2f, \"cpu_p50_ms\": %.2f, "
                    "\"cpu_p99_ms\": %.2f, \"cpu_max_ms\": %.2f}, ",
                    name, at(wall, 0.5), at(wall, 0.99), at(processor, 0.5), at(processor, 0.99),
                    at(processor, 1.0));
    }
};

bool visibleAreMade(const ThumbnailGrid &grid, const GalleryModel &model)
{
    const auto [first, last] = grid.visibleRows();
    for (int row = first; row <= last; ++row) {
        if (grid.thumbnails()->find(model.idAt(row)).isNull())
            return false;
    }
    return last >= first;
}

void waitForThumbnails(const ThumbnailGrid &grid, const GalleryModel &model, int count)
{
    while (model.rowCount() != count || !visibleAreMade(grid, model))
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 5);
}

long long residentMb()
{
    const std::string text = readFile("/proc/self/status");
    const std::size_t at = text.find("VmRSS:");
    return at == std::string::npos ? 0 : std::atoll(text.c_str() + at + 6) / 1024;
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    initializeResources();
    const int count = argc > 1 ? std::max(1, std::atoi(argv[1])) : 10'000;
    const QTemporaryDir temporary;
    const QString base = argc > 2 ? QString::fromLocal8Bit(argv[2]) : temporary.path();
    const QString project = base + QStringLiteral("/bench-%1.sapsam").arg(count);
    if (!ProjectStore::isProject(toStdString(project)))
        makeProject(toStdString(project), count);
    std::filesystem::remove(ThumbnailStore::fileOf(toStdString(project)));

    WindowOptions options;
    options.session.modelsFolder = temporary.path();
    options.session.palette = makePartPalette(defaultTaxonomy());
    options.configFolder = temporary.filePath(QStringLiteral("config"));
    options.stateFolder = options.configFolder;

    QElapsedTimer clock;
    clock.start();
    auto window = std::make_unique<MainWindow>(options);
    window->resize(1440, 900);
    window->show();
    QCoreApplication::processEvents();
    const auto shown = clock.elapsed();
    clock.restart();
    window->openProject(project);
    waitForThumbnails(*window->galleryPage().grid(), window->galleryModel(), count);
    const auto opened = clock.elapsed();
    std::printf("{\"pictures\": %d, \"window_usable_ms\": %lld, \"first_thumbnails_ms\": %lld, ",
                count, static_cast<long long>(shown), static_cast<long long>(opened));

    ThumbnailGrid *grid = window->galleryPage().grid();
    QScrollBar *bar = grid->verticalScrollBar();
    Frames scrolling;
    int blank = 0;
    for (int frame = 0; frame < kFrames; ++frame) {
        // A pause in the middle of each second, as a hand makes one.
        const bool rests = frame % 60 >= 45;
        clock.restart();
        scrolling.measure([&] {
            if (!rests)
                bar->setValue(std::min(bar->value() + kScrollStep, bar->maximum()));
            grid->viewport()->repaint();
            QCoreApplication::processEvents();
        });
        if (frame % 60 == 59 && !visibleAreMade(*grid, window->galleryModel()))
            ++blank;
        if (const auto left = kFrameMs - clock.elapsed(); left > 0)
            QThread::msleep(static_cast<unsigned long>(left));
    }
    scrolling.print("scroll");
    const int last = grid->visibleRows().second;
    clock.restart();
    bar->setValue(bar->maximum() / 2);
    waitForThumbnails(*grid, window->galleryModel(), count);
    std::printf("\"scrolled_rows\": %d, \"blank_rests\": %d, \"after_jump_ms\": %lld, "
                "\"thumbnail_mb\": %.1f, \"resident_mb\": %lld, ",
                last, blank, static_cast<long long>(clock.elapsed()),
                static_cast<double>(grid->thumbnails()->bytes()) / (1024.0 * 1024.0),
                residentMb());

    // Again, with what lies on disk now.
    window.reset();
    clock.restart();
    window = std::make_unique<MainWindow>(options);
    window->resize(1440, 900);
    window->show();
    QCoreApplication::processEvents();
    clock.restart();
    window->openProject(project);
    while (window->galleryModel().rowCount() != count)
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 5);
    const auto listed = clock.elapsed();
    waitForThumbnails(*window->galleryPage().grid(), window->galleryModel(), count);
    std::printf("\"reopened_list_ms\": %lld, \"reopened_thumbnails_ms\": %lld, "
                "\"from_disk\": %lld, ",
                static_cast<long long>(listed), static_cast<long long>(clock.elapsed()),
                static_cast<long long>(window->galleryPage().grid()->thumbnails()->diskHits()));
    window.reset();

    ThumbnailCache cache(readPicture, {});
    MapCanvas map(&cache);
    map.resize(1200, 760);
    SeededRandom random(3);
    std::vector<float> places;
    std::vector<QRgb> colours;
    for (int i = 0; i < count; ++i) {
        places.push_back(static_cast<float>(random.uniform()));
        places.push_back(static_cast<float>(random.uniform()));
        colours.push_back(qRgb(i % 256, i / 7 % 256, 128));
    }
    map.setPoints(places);
    map.setColours(colours);
    map.show();
    QCoreApplication::processEvents();
    Frames moving;
    for (int frame = 0; frame < kMapFrames; ++frame) {
        moving.measure([&] {
            map.zoomBy(frame % 40 < 20 ? 1.08 : 1.0 / 1.08);
            map.repaint();
        });
    }
    moving.print("map");
    Frames lasso;
    QPolygonF circle;
    for (int i = 0; i < 120; ++i)
        circle << QPointF(600 + 350 * std::cos(i * 0.0524), 380 + 350 * std::sin(i * 0.0524));
    for (int i = 0; i < 10; ++i)
        lasso.measure([&] { map.rowsWithin(circle); });
    lasso.print("lasso");
    std::printf("\"points\": %d}\n", count);
    return 0;
}
