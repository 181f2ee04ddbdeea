// bench_curves [POINTS]: the live curve of a long run. Prints medians in milliseconds: reading the
// file anew, taking up one more line, and drawing the plot whole, zoomed and with smoothing.
#include "core/engine/run_metrics.h"
#include "ui/pages/training/curve_plot.h"
#include "ui/support/theme.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QImage>
#include <QTemporaryDir>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

double medianOf(std::vector<double> values)
{
    std::nth_element(values.begin(),
                     values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

template <typename Work>
double milliseconds(int times, Work work)
{
    std::vector<double> taken;
    for (int i = 0; i < times; ++i) {
        QElapsedTimer timer;
        timer.start();
        work();
        taken.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
    }
    return medianOf(taken);
}

} // namespace

int main(int argc, char **argv)
{
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    applyTheme(application, ThemeKind::Dark);
    const int points = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("metrics.jsonl"));
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return 1;
    const auto line = [](int step) {
        char text[200];
        const double noise = std::sin(step * 12.9898) * 0.2;
        const int length = std::snprintf(
            text, sizeof text,
            "{\"step\":%d,\"epoch\":0,\"loss\":%.9g,\"learningRate\":%.9g,\"gradientNorm\":%.9g,"
            "\"itc\":%.9g,\"samplesPerSecond\":%.9g,\"loaderWait\":%.9g}\n",
            step, 3.0 / (1.0 + step * 1e-5) + noise, 1e-3, 1.0 + noise, 2.0 + noise, 310.0, 0.01);
        return QByteArray(text, length);
    };
    for (int step = 1; step <= points; ++step)
        file.write(line(step));
    file.flush();

    const auto metrics = std::make_shared<RunMetrics>(path.toStdString());
    const double read = milliseconds(1, [&] { metrics->update(); });
    int step = points;
    const double tail = milliseconds(50, [&] {
        file.write(line(++step));
        file.flush();
        metrics->update();
    });

    CurvePlot plot(QStringLiteral("Loss"));
    plot.resize(1200, 420);
    plot.setSeries({{metrics, "loss", QStringLiteral("loss"), QColor(0x56b4e9), false},
                    {metrics, "itc", QStringLiteral("itc"), QColor(0xf28e4a), false}});
    QImage image(plot.size(), QImage::Format_ARGB32_Premultiplied);
    const auto draw = [&] { plot.render(&image); };
    draw();
    const double whole = milliseconds(100, draw);
    plot.setRange({{points * 0.4, points * 0.41}});
    const double zoomed = milliseconds(100, draw);
    plot.setRange({});
    plot.setSmoothing(0.95);
    plot.setLogarithmic(true);
    plot.setCursorStep(points * 0.5);
    const double smooth = milliseconds(100, draw);
    std::printf("%d points of 7 curves: read %.0f ms, one more line %.3f ms, two curves drawn in "
                "%.2f ms, zoomed %.2f ms, smoothed and logarithmic %.2f ms\n",
                points, read, tail, whole, zoomed, smooth);
    return 0;
}
