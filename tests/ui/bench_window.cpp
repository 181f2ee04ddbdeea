// bench_window [PICTURES]: makes a project of that many pictures (10,000 unless told), opens it in
// the window and scrolls through it; one JSON object on stdout. Run it with
// QT_QPA_PLATFORM=offscreen on a machine without a screen.
#include "core/base/file.h"
#include "core/image/codec.h"
#include "core/store/project_store.h"
#include "core/taxonomy/taxonomy.h"
#include "ui/gallery/thumbnail_grid.h"
#include "ui/window/main_window.h"
#include "ui/pages/gallery/gallery_page.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QScrollBar>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

constexpr int kFiles = 64; // different pictures; the rest are links to them
constexpr int kFrames = 600;
constexpr int kScrollStep = 37;

void makeProject(const std::string &folder, int count)
{
    namespace fs = std::filesystem;
    const std::string pictures = folder + "-pictures";
    fs::create_directories(pictures);
    ProjectStore store = ProjectStore::create(folder);
    store.transaction([&] {
        for (int number = 0; number < count; ++number) {
            const std::string path = pictures + "/" + std::to_string(number) + ".png";
            if (number < kFiles) {
                Image image(96, 256);
                for (int y = 0; y < image.height; ++y) {
                    for (int x = 0; x < image.width; ++x) {
                        image.at(x, y)[0] = static_cast<std::uint8_t>(number * 4);
                        image.at(x, y)[1] = static_cast<std::uint8_t>(x * 2);
                        image.at(x, y)[2] = static_cast<std::uint8_t>(y);
                    }
                }
                writeFileAtomically(path, encodePng(image));
            } else {
                fs::create_hard_link(pictures + "/" + std::to_string(number % kFiles) + ".png",
                                     path);
            }
            ImageRecord record;
            record.path = path;
            record.sha256 = std::string(64, '0');
            record.width = 96;
            record.height = 256;
            record.source = "folder";
            store.addImage(record);
        }
    });
}

void waitUntilSettled(const MainWindow &window)
{
    while (!window.isSettled() || window.showsStartPage())
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 5);
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    initializeResources();
    const int count = argc > 1 ? std::max(1, std::atoi(argv[1])) : 10'000;
    const QTemporaryDir folder;
    const QString project = folder.filePath(QStringLiteral("bench.sapsam"));
    makeProject(toStdString(project), count);

    WindowOptions options;
    options.session.modelsFolder = folder.path();
    options.session.palette = makePartPalette(defaultTaxonomy());
    options.configFolder = folder.filePath(QStringLiteral("config"));
    options.stateFolder = options.configFolder;
    QElapsedTimer clock;
    clock.start();
    MainWindow window(options);
    window.resize(1440, 900);
    window.show();
    const auto shown = clock.elapsed();
    window.openProject(project);
    waitUntilSettled(window);
    const auto opened = clock.elapsed();

    ThumbnailGrid *grid = window.galleryPage().grid();
    QScrollBar *bar = grid->verticalScrollBar();
    std::vector<double> frames;
    for (int frame = 0; frame < kFrames; ++frame) {
        clock.restart();
        bar->setValue(frame * kScrollStep % std::max(1, bar->maximum()));
        grid->viewport()->repaint();
        QCoreApplication::processEvents();
        frames.push_back(static_cast<double>(clock.nsecsElapsed()) / 1e6);
    }
    std::sort(frames.begin(), frames.end());
    clock.restart();
    bar->setValue(bar->maximum() / 2);
    waitUntilSettled(window);
    std::printf("{\"pictures\": %d, \"window_ms\": %lld, \"first_thumbnails_ms\": %lld, "
                "\"frame_median_ms\": %.2f, \"frame_p99_ms\": %.2f, \"settled_after_jump_ms\": "
                "%lld}\n",
                count, static_cast<long long>(shown), static_cast<long long>(opened),
                frames[frames.size() / 2], frames[frames.size() * 99 / 100],
                static_cast<long long>(clock.elapsed()));
    return 0;
}
