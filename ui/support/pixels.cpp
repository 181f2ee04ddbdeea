#include "ui/support/pixels.h"

#include <algorithm>
#include <cstring>

namespace sapsam::ui {

QImage toQImage(const Image &image)
{
    if (image.isEmpty())
        return {};
    QImage result(image.width, image.height,
                  image.channels == 1 ? QImage::Format_Grayscale8 : QImage::Format_RGB888);
    const auto rowBytes =
        static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
    for (int y = 0; y < image.height; ++y)
        std::memcpy(result.scanLine(y), image.at(0, y), rowBytes);
    return result;
}

QImage toQImage(const Mask &mask)
{
    if (mask.bits.empty())
        return {};
    QImage result(mask.width, mask.height, QImage::Format_Alpha8);
    for (int y = 0; y < mask.height; ++y) {
        uchar *row = result.scanLine(y);
        for (int x = 0; x < mask.width; ++x)
            row[x] = mask.at(x, y) != 0 ? 255 : 0;
    }
    return result;
}

QImage smoothedMask(const QImage &mask, int factor)
{
    if (mask.isNull() || factor <= 1)
        return mask;
    // Scaling Alpha8 is not smooth in every Qt version; grey levels are.
    QImage grey(mask.size(), QImage::Format_Grayscale8);
    for (int y = 0; y < mask.height(); ++y)
        std::memcpy(grey.scanLine(y), mask.constScanLine(y),
                    static_cast<std::size_t>(mask.width()));
    grey = grey.scaled(mask.size() * factor, Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
               .convertToFormat(QImage::Format_Grayscale8);
    QImage result(grey.size(), QImage::Format_Alpha8);
    for (int y = 0; y < grey.height(); ++y) {
        const uchar *from = grey.constScanLine(y);
        uchar *to = result.scanLine(y);
        for (int x = 0; x < grey.width(); ++x)
            to[x] = from[x] >= 128 ? 255 : 0;
    }
    return result;
}

QImage maskOutline(const QImage &mask, int width)
{
    if (mask.isNull())
        return {};
    QImage result(mask.size(), QImage::Format_Alpha8);
    result.fill(0);
    const int columns = mask.width();
    const int rows = mask.height();
    const auto inside = [&](int x, int y) {
        return x >= 0 && y >= 0 && x < columns && y < rows && mask.constScanLine(y)[x] != 0;
    };
    for (int y = 0; y < rows; ++y) {
        uchar *row = result.scanLine(y);
        for (int x = 0; x < columns; ++x) {
            if (!inside(x, y))
                continue;
            const bool edge = !inside(x - width, y) || !inside(x + width, y)
                              || !inside(x, y - width) || !inside(x, y + width);
            if (edge)
                row[x] = 255;
        }
    }
    return result;
}

} // namespace sapsam::ui
