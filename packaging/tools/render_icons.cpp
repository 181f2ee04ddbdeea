// render_icons SVG FOLDER SIZE…: writes FOLDER/SIZExSIZE/apps/NAME.png for the desktop's icon
// theme. Used by the build only.
#include <QDir>
#include <QFileInfo>
#include <QGuiApplication>
#include <QImage>
#include <QPainter>
#include <QSvgRenderer>

#include <cstdio>

int main(int argc, char **argv)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    const QGuiApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() < 4) {
        std::fprintf(stderr, "render_icons SVG FOLDER SIZE...\n");
        return 2;
    }
    QSvgRenderer renderer(arguments[1]);
    if (!renderer.isValid()) {
        std::fprintf(stderr, "'%s' is not an SVG picture\n", argv[1]);
        return 1;
    }
    const QString name = QFileInfo(arguments[1]).completeBaseName();
    for (qsizetype index = 3; index < arguments.size(); ++index) {
        const int size = arguments[index].toInt();
        QImage image(size, size, QImage::Format_ARGB32_Premultiplied);
        image.fill(Qt::transparent);
        QPainter painter(&image);
        renderer.render(&painter);
        painter.end();
        const QString folder = QStringLiteral("%1/%2x%2/apps").arg(arguments[2]).arg(size);
        if (!QDir().mkpath(folder)
            || !image.save(folder + QLatin1Char('/') + name + QStringLiteral(".png"))) {
            std::fprintf(stderr, "'%s' cannot be written\n", qPrintable(folder));
            return 1;
        }
    }
    return 0;
}
