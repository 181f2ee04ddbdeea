#include "core/image/mask.h"

#include "core/base/error.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace sapsam {

namespace {

void requireSameSize(const Mask &a, const Mask &b)
{
    if (a.width != b.width || a.height != b.height)
        throw Error(ErrorKind::InvalidInput, "mask: the sizes differ, " + std::to_string(a.width)
                                                 + "x" + std::to_string(a.height) + " and "
                                                 + std::to_string(b.width) + "x"
                                                 + std::to_string(b.height));
}

template <typename Operation>
Mask combine(const Mask &a, const Mask &b, Operation operation)
{
    requireSameSize(a, b);
    Mask result(a.width, a.height);
    for (std::size_t i = 0; i < a.bits.size(); ++i)
        result.bits[i] = operation(a.bits[i] != 0, b.bits[i] != 0) ? 1 : 0;
    return result;
}

struct LabelledComponent
{
    Component component;
    std::int32_t number = 0;
};

// Fills `numbers` with 0 outside and the component's number, from 1, inside.
std::vector<LabelledComponent> label(const Mask &mask, std::vector<std::int32_t> &numbers)
{
    numbers.assign(mask.bits.size(), 0);
    std::vector<LabelledComponent> found;
    std::vector<std::pair<int, int>> stack;
    for (int y = 0; y < mask.height; ++y) {
        for (int x = 0; x < mask.width; ++x) {
            const std::size_t start =
                static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width)
                + static_cast<std::size_t>(x);
            if (mask.bits[start] == 0 || numbers[start] != 0)
                continue;
            LabelledComponent entry;
            entry.number = static_cast<std::int32_t>(found.size()) + 1;
            entry.component.box = Box{x, y, x + 1, y + 1};
            numbers[start] = entry.number;
            stack.emplace_back(x, y);
            while (!stack.empty()) {
                const auto [px, py] = stack.back();
                stack.pop_back();
                ++entry.component.area;
                Box &box = entry.component.box;
                box.left = std::min(box.left, px);
                box.right = std::max(box.right, px + 1);
                box.bottom = std::max(box.bottom, py + 1);
                for (int ny = std::max(py - 1, 0); ny <= std::min(py + 1, mask.height - 1); ++ny) {
                    for (int nx = std::max(px - 1, 0); nx <= std::min(px + 1, mask.width - 1);
                         ++nx) {
                        const std::size_t next =
                            static_cast<std::size_t>(ny) * static_cast<std::size_t>(mask.width)
                            + static_cast<std::size_t>(nx);
                        if (mask.bits[next] != 0 && numbers[next] == 0) {
                            numbers[next] = entry.number;
                            stack.emplace_back(nx, ny);
                        }
                    }
                }
            }
            found.push_back(entry);
        }
    }
    // Stable: equal areas stay in reading order.
    std::stable_sort(found.begin(), found.end(),
                     [](const LabelledComponent &a, const LabelledComponent &b) {
                         return a.component.area > b.component.area;
                     });
    return found;
}

} // namespace

Mask maskOfClasses(const LabelMap &labels, const std::vector<int> &classes)
{
    std::array<std::uint8_t, 256> inside{};
    for (const int id : classes)
        if (id >= 0 && id < 256)
            inside[static_cast<std::size_t>(id)] = 1;
    Mask mask(labels.width, labels.height);
    for (std::size_t i = 0; i < labels.labels.size(); ++i)
        mask.bits[i] = inside[labels.labels[i]];
    return mask;
}

std::optional<Box> boundingBox(const Mask &mask)
{
    Box box{mask.width, mask.height, 0, 0};
    for (int y = 0; y < mask.height; ++y) {
        for (int x = 0; x < mask.width; ++x) {
            if (mask.at(x, y) == 0)
                continue;
            box.left = std::min(box.left, x);
            box.right = std::max(box.right, x + 1);
            box.top = std::min(box.top, y);
            box.bottom = std::max(box.bottom, y + 1);
        }
    }
    if (box.isEmpty())
        return std::nullopt;
    return box;
}

Mask unionOf(const Mask &a, const Mask &b)
{
    return combine(a, b, [](bool inA, bool inB) { return inA || inB; });
}

Mask intersectionOf(const Mask &a, const Mask &b)
{
    return combine(a, b, [](bool inA, bool inB) { return inA && inB; });
}

Mask differenceOf(const Mask &a, const Mask &b)
{
    return combine(a, b, [](bool inA, bool inB) { return inA && !inB; });
}

double intersectionOverUnion(const Mask &a, const Mask &b)
{
    requireSameSize(a, b);
    std::size_t both = 0;
    std::size_t either = 0;
    for (std::size_t i = 0; i < a.bits.size(); ++i) {
        both += a.bits[i] != 0 && b.bits[i] != 0;
        either += a.bits[i] != 0 || b.bits[i] != 0;
    }
    return static_cast<double>(both) / (static_cast<double>(either) + 1e-10);
}

std::vector<Component> components(const Mask &mask)
{
    std::vector<std::int32_t> numbers;
    std::vector<Component> result;
    for (const LabelledComponent &entry : label(mask, numbers))
        result.push_back(entry.component);
    return result;
}

Mask withoutSmallComponents(const Mask &mask, std::size_t minArea)
{
    std::vector<std::int32_t> numbers;
    const std::vector<LabelledComponent> found = label(mask, numbers);
    std::vector<std::uint8_t> keep(found.size() + 1, 0);
    for (std::size_t i = 0; i < found.size(); ++i)
        if (i == 0 || found[i].component.area >= minArea)
            keep[static_cast<std::size_t>(found[i].number)] = 1;
    Mask result(mask.width, mask.height);
    for (std::size_t i = 0; i < numbers.size(); ++i)
        result.bits[i] = keep[static_cast<std::size_t>(numbers[i])];
    return result;
}

} // namespace sapsam
