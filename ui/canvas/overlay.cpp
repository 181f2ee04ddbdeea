#include "ui/canvas/overlay.h"

#include "core/image/mask.h"
#include "ui/support/pixels.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kDimAlpha = 150; // of the black that covers what is not highlighted
constexpr int kOverlayHeight = 960;
constexpr int kMaxOverlayFactor = 8;
constexpr int kPatternsInHeight = 90; // so many periods of a pattern from top to bottom
constexpr int kSmallestPeriod = 6;

// The colour of a pattern's lines: as far from the part's own as its lightness leaves room.
QColor lineColor(const QColor &color)
{
    return color.lightnessF() > 0.5F ? color.darker(190) : color.lighter(190);
}

QRect boundsOf(const OverlayLayer &layer)
{
    return layer.bounds.isNull() ? layer.fill.rect() : layer.bounds;
}

} // namespace

int overlayFactor(const QSize &mask)
{
    return std::clamp(kOverlayHeight / std::max(1, mask.height()), 1, kMaxOverlayFactor);
}

namespace {

// Fill and edge of a mask where it is, with a margin for what smoothing adds.
struct DrawnMask
{
    QImage fill; // null when the mask is empty
    QImage outline;
    QPoint offset; // in the overlay
};

DrawnMask drawMask(const Mask &mask, int factor)
{
    const std::optional<Box> box = boundingBox(mask);
    if (!box)
        return {};
    const Box near = {std::max(0, box->left - 2), std::max(0, box->top - 2),
                      std::min(mask.width, box->right + 2), std::min(mask.height, box->bottom + 2)};
    Mask piece(near.width(), near.height());
    for (int y = 0; y < piece.height; ++y) {
        for (int x = 0; x < piece.width; ++x)
            piece.at(x, y) = mask.at(near.left + x, near.top + y);
    }
    DrawnMask drawn;
    drawn.fill = smoothedMask(toQImage(piece), factor);
    drawn.outline = maskOutline(drawn.fill, std::max(1, (2 * factor + 1) / 3));
    drawn.offset = QPoint(near.left * factor, near.top * factor);
    return drawn;
}

} // namespace

OverlayLayer makeLayer(const QString &group, const QColor &color, int pattern, const Mask &mask,
                       int factor)
{
    OverlayLayer layer;
    layer.group = group;
    layer.color = color;
    layer.pattern = pattern;
    const QSize size(mask.width * factor, mask.height * factor);
    layer.fill = QImage(size, QImage::Format_Alpha8);
    layer.fill.fill(0);
    layer.outline = layer.fill;
    layer.bounds = QRect(0, 0, 1, 1);
    const DrawnMask drawn = drawMask(mask, factor);
    if (drawn.fill.isNull())
        return layer;
    for (int y = 0; y < drawn.fill.height(); ++y) {
        std::copy_n(drawn.fill.constScanLine(y), drawn.fill.width(),
                    layer.fill.scanLine(y + drawn.offset.y()) + drawn.offset.x());
        std::copy_n(drawn.outline.constScanLine(y), drawn.fill.width(),
                    layer.outline.scanLine(y + drawn.offset.y()) + drawn.offset.x());
    }
    layer.bounds = QRect(drawn.offset, drawn.fill.size());
    return layer;
}

MaskPreview makePreview(const Mask &mask, const QColor &color, int factor)
{
    const DrawnMask drawn = drawMask(mask, factor);
    if (drawn.fill.isNull())
        return {};
    MaskPreview preview;
    preview.image = QImage(drawn.fill.size(), QImage::Format_ARGB32_Premultiplied);
    preview.image.fill(Qt::transparent);
    preview.place = QRectF(QPointF(drawn.offset) / factor, QSizeF(drawn.fill.size()) / factor);
    QColor inside = color;
    inside.setAlphaF(0.5F);
    const QRgb fillPixel = qPremultiply(inside.rgba());
    const QRgb light = qRgb(255, 255, 255);
    const QRgb dark = qRgb(0, 0, 0);
    for (int y = 0; y < drawn.fill.height(); ++y) {
        const uchar *fill = drawn.fill.constScanLine(y);
        const uchar *edge = drawn.outline.constScanLine(y);
        auto *to = reinterpret_cast<QRgb *>(preview.image.scanLine(y));
        for (int x = 0; x < drawn.fill.width(); ++x) {
            // A dashed edge in black and white is seen on every picture.
            if (edge[x] != 0)
                to[x] = isOnPattern(8, x, y, 12) ? light : dark;
            else if (fill[x] != 0)
                to[x] = fillPixel;
        }
    }
    return preview;
}

QRect takePixels(OverlayLayer &layer, const Mask &mask, const Box &box, int factor)
{
    const QRect area =
        QRect(box.left * factor, box.top * factor, box.width() * factor, box.height() * factor)
            .intersected(layer.fill.rect());
    if (area.isEmpty())
        return {};
    for (int y = area.top(); y <= area.bottom(); ++y) {
        uchar *fill = layer.fill.scanLine(y);
        uchar *outline = layer.outline.scanLine(y);
        const int row = y / factor;
        for (int x = area.left(); x <= area.right(); ++x) {
            fill[x] = mask.at(x / factor, row) != 0 ? 255 : 0;
            outline[x] = 0;
        }
    }
    layer.bounds = boundsOf(layer).united(area);
    return area;
}

QRect takeStroke(OverlayLayer &layer, const Mask &mask, const Box &box)
{
    takePixels(layer, mask, box, 1);
    // The edge of the neighbours changes, too.
    const QRect area = QRect(box.left, box.top, box.width(), box.height())
                           .adjusted(-1, -1, 1, 1)
                           .intersected(layer.fill.rect());
    const QRect near = area.adjusted(-1, -1, 1, 1).intersected(layer.fill.rect());
    const QImage edge = maskOutline(layer.fill.copy(near), 1);
    for (int y = area.top(); y <= area.bottom(); ++y)
        std::copy_n(edge.constScanLine(y - near.top()) + (area.left() - near.left()), area.width(),
                    layer.outline.scanLine(y) + area.left());
    return area;
}

bool isOnPattern(int pattern, int x, int y, int period)
{
    const int line = std::max(1, period / 4);
    const auto at = [period](int value) { return ((value % period) + period) % period; };
    switch (pattern) {
    case 1:
        return at(x + y) < line;
    case 2:
        return at(x - y) < line;
    case 3:
        return at(y) < line;
    case 4:
        return at(x) < line;
    case 5: // dots
        return at(x) < 2 * line && at(y) < 2 * line;
    case 6: // grid
        return at(x) < line || at(y) < line;
    case 7: // crossed diagonals
        return at(x + y) < line || at(x - y) < line;
    case 8: // board
        return (at(x) < period / 2) == (at(y) < period / 2);
    default:
        return false;
    }
}

void paintSwatch(QPainter &painter, const QRectF &rect, const QColor &color, int pattern)
{
    painter.save();
    QPainterPath shape;
    shape.addRoundedRect(rect, 3, 3);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillPath(shape, color);
    if (pattern > 0) {
        // The pattern's own pixels, so that list and picture show the same.
        constexpr int kScale = 2;
        QImage lines((rect.size() * kScale).toSize(), QImage::Format_ARGB32_Premultiplied);
        lines.fill(Qt::transparent);
        QColor line = lineColor(color);
        line.setAlpha(color.alpha());
        const QRgb pixel = qPremultiply(line.rgba());
        for (int y = 0; y < lines.height(); ++y) {
            auto *row = reinterpret_cast<QRgb *>(lines.scanLine(y));
            for (int x = 0; x < lines.width(); ++x) {
                if (isOnPattern(pattern, x, y, 5 * kScale))
                    row[x] = pixel;
            }
        }
        painter.setClipPath(shape);
        painter.setRenderHint(QPainter::SmoothPixmapTransform);
        painter.drawImage(rect, lines);
    }
    painter.restore();
}

namespace {

// A pattern repeats after a period in both directions: row by row, once.
std::vector<char> patternTile(int pattern, int period)
{
    std::vector<char> tile;
    tile.reserve(static_cast<std::size_t>(period * period));
    for (int y = 0; y < period; ++y) {
        for (int x = 0; x < period; ++x)
            tile.push_back(isOnPattern(pattern, x, y, period) ? 1 : 0);
    }
    return tile;
}

} // namespace

QImage composeOverlay(const std::vector<OverlayLayer> &layers, const OverlayLook &look)
{
    if (layers.empty())
        return {};
    QImage result(layers.front().fill.size(), QImage::Format_ARGB32_Premultiplied);
    composeOverlay(result, layers, look, result.rect());
    return result;
}

void composeOverlay(QImage &overlay, const std::vector<OverlayLayer> &layers,
                    const OverlayLook &look, const QRect &area)
{
    const QRect place = area.intersected(overlay.rect());
    const bool hasHighlight =
        look.highlighted >= 0 && look.highlighted < static_cast<int>(layers.size());
    const QRgb ground = hasHighlight ? qPremultiply(qRgba(0, 0, 0, kDimAlpha)) : 0U;
    for (int y = place.top(); y <= place.bottom(); ++y)
        std::fill_n(reinterpret_cast<QRgb *>(overlay.scanLine(y)) + place.left(), place.width(),
                    ground);
    const int period = std::max(kSmallestPeriod, overlay.height() / kPatternsInHeight);

    for (int number = 0; number < static_cast<int>(layers.size()); ++number) {
        const OverlayLayer &layer = layers[static_cast<std::size_t>(number)];
        const bool lit = hasHighlight && number == look.highlighted;
        // A highlighted part shows even when its group is switched off.
        if (hasHighlight ? !lit : look.hiddenGroups.contains(layer.group))
            continue;
        const QRect inside = place.intersected(boundsOf(layer));
        if (inside.isEmpty())
            continue;
        const float opacity = look.labelMap && !lit ? 1.0F
                                                    : static_cast<float>(look.opacityPercent)
                                                          / (lit ? 200.0F : 100.0F);
        QColor fillColor = layer.color;
        fillColor.setAlphaF(opacity);
        QColor hatchColor = lineColor(layer.color);
        hatchColor.setAlphaF(std::min(1.0F, opacity * 1.4F));
        const QRgb fillPixel = qPremultiply(fillColor.rgba());
        const QRgb hatchPixel = qPremultiply(hatchColor.rgba());
        const QRgb edgePixel = qPremultiply(layer.color.rgba());
        const bool hatches = look.patterns && layer.pattern > 0 && !lit;
        const std::vector<char> tile =
            hatches ? patternTile(layer.pattern, period) : std::vector<char>();
        const bool outlines = look.outlines || lit;
        for (int y = inside.top(); y <= inside.bottom(); ++y) {
            const uchar *fill = layer.fill.constScanLine(y);
            const uchar *edge = layer.outline.constScanLine(y);
            auto *to = reinterpret_cast<QRgb *>(overlay.scanLine(y));
            const char *lines = hatches ? tile.data() + y % period * period : nullptr;
            int at = inside.left() % period; // in the tile
            for (int x = inside.left(); x <= inside.right(); ++x) {
                if (fill[x] != 0) {
                    if (outlines && edge[x] != 0)
                        to[x] = edgePixel;
                    else
                        to[x] = hatches && lines[at] != 0 ? hatchPixel : fillPixel;
                }
                if (++at == period)
                    at = 0;
            }
        }
    }
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
        const QRect bounds = boundsOf(layer);
        for (int y = bounds.top(); y <= bounds.bottom(); ++y) {
            const uchar *row = layer.fill.constScanLine(y);
            area += std::count_if(row + bounds.left(), row + bounds.right() + 1,
                                  [](uchar a) { return a != 0; });
        }
        if (best < 0 || area < bestArea) {
            best = number;
            bestArea = area;
        }
    }
    return best;
}

} // namespace sapsam::ui
