#include "ui/support/pixels.h"

#include <algorithm>
#include <cstring>
#include <vector>

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

namespace {

// Mean over 2 * radius + 1 values along one axis; outside counts as 0. In place, one line.
void blurLine(uchar *first, int count, int step, int radius, std::vector<int> &sums)
{
    sums.assign(static_cast<std::size_t>(count) + 1, 0);
    for (int i = 0; i < count; ++i)
        sums[static_cast<std::size_t>(i) + 1] = sums[static_cast<std::size_t>(i)] + first[i * step];
    const int window = 2 * radius + 1;
    for (int i = 0; i < count; ++i) {
        const auto from = static_cast<std::size_t>(std::max(0, i - radius));
        const auto to = static_cast<std::size_t>(std::min(count, i + radius + 1));
        first[i * step] = static_cast<uchar>((sums[to] - sums[from] + window / 2) / window);
    }
}

} // namespace

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
    // Half a pixel of the picture to both sides: rounds the staircase off, keeps what is one pixel
    // wide.
    const int radius = factor / 2;
    std::vector<int> sums;
    const auto stride = static_cast<int>(grey.bytesPerLine());
    for (int y = 0; y < grey.height(); ++y)
        blurLine(grey.scanLine(y), grey.width(), 1, radius, sums);
    for (int x = 0; x < grey.width(); ++x)
        blurLine(grey.bits() + x, grey.height(), stride, radius, sums);
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
    const std::vector<uchar> nothing(static_cast<std::size_t>(columns), 0); // beyond the picture
    const auto rowAt = [&](int y) {
        return y >= 0 && y < rows ? mask.constScanLine(y) : nothing.data();
    };
    for (int y = 0; y < rows; ++y) {
        const uchar *here = rowAt(y);
        const uchar *above = rowAt(y - width);
        const uchar *below = rowAt(y + width);
        uchar *row = result.scanLine(y);
        for (int x = 0; x < columns; ++x) {
            const bool isSurrounded = x >= width && x + width < columns && here[x - width] != 0
                                      && here[x + width] != 0 && above[x] != 0 && below[x] != 0;
            if (here[x] != 0 && !isSurrounded)
                row[x] = 255;
        }
    }
    return result;
}

} // namespace sapsam::ui
