#include "core/image/mask_edit.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace sapsam {

namespace {

Box boxOf(const Mask &mask)
{
    return {0, 0, mask.width, mask.height};
}

Box cutTo(Box box, const Mask &mask)
{
    box.left = std::clamp(box.left, 0, mask.width);
    box.right = std::clamp(box.right, 0, mask.width);
    box.top = std::clamp(box.top, 0, mask.height);
    box.bottom = std::clamp(box.bottom, 0, mask.height);
    return box.isEmpty() ? Box{} : box;
}

// The connected pixels of one value around a place; `mark` gets 1 for each of them. Returns their
// box, and whether one of them lies at the border.
struct Flood
{
    Box box;
    bool atBorder = false;
};

Flood flood(const Mask &mask, int x, int y, bool diagonal, std::vector<std::uint8_t> &mark)
{
    const std::uint8_t value = mask.at(x, y) != 0 ? 1 : 0;
    const auto place = [&](int column, int row) {
        return static_cast<std::size_t>(row) * static_cast<std::size_t>(mask.width)
               + static_cast<std::size_t>(column);
    };
    Flood result{{x, y, x + 1, y + 1}, false};
    std::vector<std::pair<int, int>> open = {{x, y}};
    mark[place(x, y)] = 1;
    while (!open.empty()) {
        const auto [column, row] = open.back();
        open.pop_back();
        result.box = united(result.box, {column, row, column + 1, row + 1});
        if (column == 0 || row == 0 || column == mask.width - 1 || row == mask.height - 1)
            result.atBorder = true;
        for (int dy = -1; dy <= 1; ++dy) {
            for (int dx = -1; dx <= 1; ++dx) {
                if ((dx == 0 && dy == 0) || (!diagonal && dx != 0 && dy != 0))
                    continue;
                const int nextX = column + dx;
                const int nextY = row + dy;
                if (nextX < 0 || nextY < 0 || nextX >= mask.width || nextY >= mask.height)
                    continue;
                if (mark[place(nextX, nextY)] != 0 || (mask.at(nextX, nextY) != 0 ? 1 : 0) != value)
                    continue;
                mark[place(nextX, nextY)] = 1;
                open.emplace_back(nextX, nextY);
            }
        }
    }
    return result;
}

bool contains(const Mask &mask, int x, int y)
{
    return x >= 0 && y >= 0 && x < mask.width && y < mask.height;
}

} // namespace

Box united(const Box &a, const Box &b)
{
    if (a.isEmpty())
        return b;
    if (b.isEmpty())
        return a;
    return {std::min(a.left, b.left), std::min(a.top, b.top), std::max(a.right, b.right),
            std::max(a.bottom, b.bottom)};
}

Box paintSegment(Mask &mask, PointF from, PointF to, double radius, bool set)
{
    const double reach = std::max(radius, 0.0);
    const auto value = static_cast<std::uint8_t>(set ? 1 : 0);
    const Box box = cutTo({static_cast<int>(std::floor(std::min(from.x, to.x) - reach)),
                           static_cast<int>(std::floor(std::min(from.y, to.y) - reach)),
                           static_cast<int>(std::floor(std::max(from.x, to.x) + reach)) + 1,
                           static_cast<int>(std::floor(std::max(from.y, to.y) + reach)) + 1},
                          mask);
    const double dx = to.x - from.x;
    const double dy = to.y - from.y;
    const double length2 = dx * dx + dy * dy;
    for (int y = box.top; y < box.bottom; ++y) {
        for (int x = box.left; x < box.right; ++x) {
            const double px = x + 0.5 - from.x;
            const double py = y + 0.5 - from.y;
            const double t =
                length2 > 0.0 ? std::clamp((px * dx + py * dy) / length2, 0.0, 1.0) : 0.0;
            const double ex = px - t * dx;
            const double ey = py - t * dy;
            if (ex * ex + ey * ey <= reach * reach)
                mask.at(x, y) = value;
        }
    }
    for (const PointF &end : {from, to}) {
        const int x = static_cast<int>(std::floor(end.x));
        const int y = static_cast<int>(std::floor(end.y));
        if (contains(mask, x, y))
            mask.at(x, y) = value;
    }
    return box;
}

Box paintPolygon(Mask &mask, const std::vector<PointF> &corners, bool set)
{
    if (corners.size() < 3)
        return {};
    double top = corners[0].y, bottom = corners[0].y, left = corners[0].x, right = corners[0].x;
    for (const PointF &corner : corners) {
        top = std::min(top, corner.y);
        bottom = std::max(bottom, corner.y);
        left = std::min(left, corner.x);
        right = std::max(right, corner.x);
    }
    const Box box = cutTo({static_cast<int>(std::floor(left)), static_cast<int>(std::floor(top)),
                           static_cast<int>(std::ceil(right)), static_cast<int>(std::ceil(bottom))},
                          mask);
    const auto value = static_cast<std::uint8_t>(set ? 1 : 0);
    std::vector<double> crossings;
    for (int y = box.top; y < box.bottom; ++y) {
        const double centre = y + 0.5;
        crossings.clear();
        for (std::size_t i = 0; i < corners.size(); ++i) {
            const PointF &a = corners[i];
            const PointF &b = corners[(i + 1) % corners.size()];
            if ((a.y <= centre) != (b.y <= centre))
                crossings.push_back(a.x + (centre - a.y) / (b.y - a.y) * (b.x - a.x));
        }
        std::sort(crossings.begin(), crossings.end());
        for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
            // Pixels whose centre lies between the two crossings.
            const int first = std::max(box.left, static_cast<int>(std::ceil(crossings[i] - 0.5)));
            const int end =
                std::min(box.right, static_cast<int>(std::ceil(crossings[i + 1] - 0.5)));
            for (int x = first; x < end; ++x)
                mask.at(x, y) = value;
        }
    }
    return box;
}

Box paintBox(Mask &mask, const Box &box, bool set)
{
    const Box inside = cutTo(box, mask);
    for (int y = inside.top; y < inside.bottom; ++y) {
        for (int x = inside.left; x < inside.right; ++x)
            mask.at(x, y) = static_cast<std::uint8_t>(set ? 1 : 0);
    }
    return inside;
}

Box fillEnclosed(Mask &mask, int x, int y)
{
    if (!contains(mask, x, y) || mask.at(x, y) != 0)
        return {};
    std::vector<std::uint8_t> mark(mask.bits.size(), 0);
    const Flood found = flood(mask, x, y, false, mark);
    if (found.atBorder)
        return {};
    for (std::size_t i = 0; i < mark.size(); ++i)
        mask.bits[i] = static_cast<std::uint8_t>(mask.bits[i] | mark[i]);
    return found.box;
}

Box clearPiece(Mask &mask, int x, int y)
{
    if (!contains(mask, x, y) || mask.at(x, y) == 0)
        return {};
    std::vector<std::uint8_t> mark(mask.bits.size(), 0);
    const Flood found = flood(mask, x, y, true, mark);
    for (std::size_t i = 0; i < mark.size(); ++i) {
        if (mark[i] != 0)
            mask.bits[i] = 0;
    }
    return found.box;
}

Box fillAllHoles(Mask &mask)
{
    std::vector<std::uint8_t> seen(mask.bits.size(), 0);
    const Mask before = mask;
    Box changed;
    for (int y = 0; y < mask.height; ++y) {
        for (int x = 0; x < mask.width; ++x) {
            const auto place = static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width)
                               + static_cast<std::size_t>(x);
            if (before.at(x, y) != 0 || seen[place] != 0)
                continue;
            if (!flood(before, x, y, false, seen).atBorder)
                changed = united(changed, fillEnclosed(mask, x, y));
        }
    }
    return changed;
}

MaskShape shapeOf(const Mask &mask)
{
    MaskShape shape;
    std::vector<std::uint8_t> seen(mask.bits.size(), 0);
    for (int y = 0; y < mask.height; ++y) {
        for (int x = 0; x < mask.width; ++x) {
            const auto place = static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width)
                               + static_cast<std::size_t>(x);
            const bool isSet = mask.bits[place] != 0;
            shape.area += isSet ? 1 : 0;
            if (seen[place] != 0)
                continue;
            const Flood found = flood(mask, x, y, isSet, seen);
            if (isSet)
                ++shape.pieces;
            else if (!found.atBorder)
                ++shape.holes;
        }
    }
    return shape;
}

Box subtract(Mask &mask, const Mask &other)
{
    if (mask.width != other.width || mask.height != other.height)
        throw Error(ErrorKind::InvalidInput,
                    "masks of different sizes: " + std::to_string(mask.width) + " x "
                        + std::to_string(mask.height) + " and " + std::to_string(other.width)
                        + " x " + std::to_string(other.height));
    Box lost;
    const Box all = boxOf(mask);
    for (int y = all.top; y < all.bottom; ++y) {
        for (int x = all.left; x < all.right; ++x) {
            if (mask.at(x, y) != 0 && other.at(x, y) != 0) {
                mask.at(x, y) = 0;
                lost = united(lost, {x, y, x + 1, y + 1});
            }
        }
    }
    return lost;
}

} // namespace sapsam
