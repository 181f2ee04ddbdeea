#include "ui/canvas/overlay.h"

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kDimAlpha = 150; // of the black that covers what is not highlighted

} // namespace

QImage composeOverlay(const std::vector<OverlayLayer> &layers, const OverlayLook &look)
{
    if (layers.empty())
        return {};
    const QSize size = layers.front().fill.size();
    const bool hasHighlight =
        look.highlighted >= 0 && look.highlighted < static_cast<int>(layers.size());
    QImage result(size, QImage::Format_ARGB32_Premultiplied);
    result.fill(hasHighlight ? QColor(0, 0, 0, kDimAlpha) : QColor(Qt::transparent));

    for (int number = 0; number < static_cast<int>(layers.size()); ++number) {
        const OverlayLayer &layer = layers[static_cast<std::size_t>(number)];
        const bool lit = hasHighlight && number == look.highlighted;
        // A highlighted part shows even when its group is switched off.
        if (hasHighlight ? !lit : look.hiddenGroups.contains(layer.group))
            continue;
        QColor inside = layer.color;
        inside.setAlphaF(static_cast<float>(look.opacityPercent) / (lit ? 200.0F : 100.0F));
        const QRgb fillPixel = qPremultiply(inside.rgba());
        const QRgb edgePixel = qPremultiply(layer.color.rgba());
        for (int y = 0; y < size.height(); ++y) {
            const uchar *fill = layer.fill.constScanLine(y);
            const uchar *edge = layer.outline.constScanLine(y);
            auto *to = reinterpret_cast<QRgb *>(result.scanLine(y));
            for (int x = 0; x < size.width(); ++x) {
                if (fill[x] == 0)
                    continue;
                to[x] = (look.outlines || lit) && edge[x] != 0 ? edgePixel : fillPixel;
            }
        }
    }
    return result;
}

int layerAt(const std::vector<OverlayLayer> &layers, const OverlayLook &look, const QPoint &point)
{
    int best = -1;
    qsizetype bestArea = 0;
    for (int number = 0; number < static_cast<int>(layers.size()); ++number) {
        const OverlayLayer &layer = layers[static_cast<std::size_t>(number)];
        if (look.hiddenGroups.contains(layer.group) || !layer.fill.rect().contains(point)
            || layer.fill.constScanLine(point.y())[point.x()] == 0)
            continue;
        qsizetype area = 0;
        for (int y = 0; y < layer.fill.height(); ++y) {
            const uchar *row = layer.fill.constScanLine(y);
            area += std::count_if(row, row + layer.fill.width(), [](uchar a) { return a != 0; });
        }
        if (best < 0 || area < bestArea) {
            best = number;
            bestArea = area;
        }
    }
    return best;
}

} // namespace sapsam::ui
