// Times what a person waits for in the viewer: strokes on a picture of 4 megapixels, undo, and the
// models' answer to a prompt on an encoded picture. What runs on the GUI thread is given in
// processor time of that thread, too, which other programs do not lengthen. Run by hand:
// bench_viewer [--models FOLDER]
#include "core/image/mask_edit.h"
#include "core/pipeline/engines.h"
#include "core/pipeline/interactive.h"
#include "ui/canvas/picture_canvas.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QMouseEvent>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

void report(const char *what, std::vector<double> times)
{
    std::sort(times.begin(), times.end());
    std::printf("%-44s median %7.2f ms   p99 %7.2f ms   (%zu)\n", what, times[times.size() / 2],
                times[std::min(times.size() - 1, times.size() * 99 / 100)], times.size());
}

double threadMs()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

Mask partOf(int width, int height, int number)
{
    Mask mask(width, height);
    paintSegment(mask, {width * 0.5, height * (0.1 + 0.09 * number)},
                 {width * 0.5, height * (0.15 + 0.09 * number)}, width * 0.18, true);
    return mask;
}

void send(QWidget &widget, QEvent::Type type, const QPointF &place)
{
    QMouseEvent event(type, place, widget.mapToGlobal(place), Qt::LeftButton, Qt::LeftButton, {});
    QCoreApplication::sendEvent(&widget, &event);
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    constexpr int kWidth = 1600;
    constexpr int kHeight = 2560; // 4.1 megapixels
    QImage picture(kWidth, kHeight, QImage::Format_RGB32);
    picture.fill(Qt::gray);
    std::vector<OverlayLayer> layers;
    for (int i = 0; i < 9; ++i)
        layers.push_back(makeLayer(QString::number(i), QColor::fromHsv(i * 40, 200, 200), i,
                                   partOf(kWidth, kHeight, i), 1));
    PictureCanvas canvas;
    canvas.resize(900, 1000);
    canvas.setPicture(picture, layers);
    canvas.setTarget(QStringLiteral("3"), Qt::blue, 3, partOf(kWidth, kHeight, 3));
    canvas.setTool(CanvasTool::Brush);
    canvas.setBrushRadius(20);
    canvas.show();
    QCoreApplication::processEvents();

    std::vector<double> moves;
    std::vector<double> ends, endsCpu, previews;
    for (int stroke = 0; stroke < 10; ++stroke) {
        QPointF place(300 + 10 * stroke, 200);
        send(canvas, QEvent::MouseButtonPress, place);
        QCoreApplication::processEvents();
        for (int i = 0; i < 60; ++i) {
            place += QPointF(2 + stroke % 3, 9);
            QElapsedTimer timer;
            timer.start();
            send(canvas, QEvent::MouseMove, place);
            QCoreApplication::processEvents(); // with what is drawn on the screen
            moves.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
        }
        QElapsedTimer timer;
        timer.start();
        const double before = threadMs();
        send(canvas, QEvent::MouseButtonRelease, place);
        QCoreApplication::processEvents();
        endsCpu.push_back(threadMs() - before);
        ends.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
    }
    for (int i = 0; i < 10; ++i) {
        const MaskPreview preview = makePreview(partOf(kWidth, kHeight, i % 9), Qt::blue, 1);
        const double before = threadMs();
        canvas.setPreview(preview);
        QCoreApplication::processEvents();
        previews.push_back(threadMs() - before);
    }
    std::vector<double> lit;
    for (int i = 0; i < 10; ++i) {
        const double before = threadMs();
        canvas.setHighlighted(i % 9);
        QCoreApplication::processEvents();
        lit.push_back(threadMs() - before);
    }
    report("brush step at 4.1 MP, drawn", moves);
    report("end of a stroke at 4.1 MP, drawn", ends);
    report("  processor time of it", endsCpu);
    report("another part lit at 4.1 MP, processor", lit);
    report("a model's mask shown at 4.1 MP, processor", previews);

    const auto journal = [](int width, int height, const char *name) {
        QTemporaryDir dir;
        ProjectStore store =
            ProjectStore::create(dir.filePath(QStringLiteral("a.sapsam")).toStdString());
        ImageRecord image;
        image.path = "/a.png";
        image.sha256 = std::string(64, 'a');
        image.width = width;
        image.height = height;
        const std::int64_t id = store.addImage(image).id;
        EditJournal edits(store);
        std::vector<double> commits, undos;
        for (int i = 0; i < 20; ++i) {
            PartChange change;
            change.imageId = id;
            change.group = "bag";
            change.mask = partOf(width, height, i % 9);
            change.title = "Paint";
            QElapsedTimer timer;
            timer.start();
            edits.apply(partEdit(storedParts(store, id), change));
            commits.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
        }
        for (int i = 0; i < 20; ++i) {
            QElapsedTimer timer;
            timer.start();
            const Edit edit = edits.undo();
            // And what the page shows of it.
            for (const Change &change : edit.changes) {
                if (!change.before.is_object())
                    continue;
                const std::vector<RegionRecord> regions = {regionOfValue(change.before)};
                makeLayer(QStringLiteral("bag"), Qt::blue, 1,
                          maskOfPart(regions, "bag", width, height),
                          overlayFactor({width, height}));
            }
            undos.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
        }
        std::printf("%s\n", name);
        report("  edit made and stored", commits);
        report("  undo, with the part's new layer", undos);
    };
    journal(128, 384, "picture of 128 x 384");
    journal(kWidth, kHeight, "picture of 1600 x 2560");

    const QStringList arguments = QCoreApplication::arguments();
    const qsizetype models = arguments.indexOf(QStringLiteral("--models"));
    const auto segmenter = openPromptedSegmenter(
        models > 0 ? arguments.value(models + 1).toStdString() : defaultModelsFolder(), {});
    Image person(128, 384, 3, 120);
    std::vector<double> encodes, phrases, points, mixed;
    for (int i = 0; i < 20; ++i) {
        QElapsedTimer timer;
        timer.start();
        segmenter->encode(i, person);
        encodes.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
        const auto ask = [&](const MaskPrompt &prompt, std::vector<double> &times) {
            timer.restart();
            segmenter->predict(i, prompt);
            times.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
        };
        MaskPrompt prompt;
        prompt.phrase = "a red jacket";
        ask(prompt, phrases);
        if (segmenter->pointModel() == nullptr)
            continue;
        prompt.points = {{64.0F, 120.0F, true}};
        ask(prompt, mixed);
        prompt.phrase.clear();
        ask(prompt, points);
    }
    report("encoding a picture", encodes);
    report("phrase on an encoded picture", phrases);
    if (!points.empty()) {
        report("click on an encoded picture", points);
        report("click and phrase on an encoded picture", mixed);
    }
    return 0;
}
