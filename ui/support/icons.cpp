#include "ui/support/icons.h"

#include <QFile>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>
#include <QtMath>

// Q_INIT_RESOURCE must stand outside of any namespace.
static void initializeQtResources()
{
    Q_INIT_RESOURCE(workbench);
#if defined(SAPSAM_TRANSLATED)
    Q_INIT_RESOURCE(sapsam_i18n);
#endif
}

namespace sapsam::ui {

void initializeResources()
{
    initializeQtResources();
}

QPixmap makeIconPixmap(const QString &name, const QColor &color, int size, qreal devicePixelRatio)
{
    const QString key = QStringLiteral("sapsam/%1/%2/%3/%4")
                            .arg(name, color.name(QColor::HexArgb))
                            .arg(size)
                            .arg(devicePixelRatio);
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QByteArray svg = file.readAll();
    svg.replace("currentColor", color.name().toLatin1());
    QSvgRenderer renderer(svg);
    pixmap = QPixmap(qCeil(size * devicePixelRatio), qCeil(size * devicePixelRatio));
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    renderer.render(&painter);
    painter.end();
    pixmap.setDevicePixelRatio(devicePixelRatio);
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

QIcon makeIcon(const QString &name, const QPalette &palette)
{
    QIcon icon;
    const QColor normal = palette.color(QPalette::Active, QPalette::ButtonText);
    const QColor disabled = palette.color(QPalette::Active, QPalette::Mid);
    const QColor on = palette.color(QPalette::Active, QPalette::Highlight);
    for (const int size : {16, 20, 24, 32, 48}) {
        const QPixmap plain = makeIconPixmap(name, normal, size, 1.0);
        if (plain.isNull())
            return {};
        icon.addPixmap(plain, QIcon::Normal, QIcon::Off);
        icon.addPixmap(makeIconPixmap(name, disabled, size, 1.0), QIcon::Disabled, QIcon::Off);
        icon.addPixmap(makeIconPixmap(name, on, size, 1.0), QIcon::Normal, QIcon::On);
    }
    return icon;
}

QIcon applicationIcon()
{
    QIcon icon;
    for (const int size : {16, 24, 32, 48, 64, 128, 256})
        icon.addPixmap(
            makeIconPixmap(QStringLiteral("org.sapsam.Workbench"), Qt::black, size, 1.0));
    return icon;
}

} // namespace sapsam::ui
