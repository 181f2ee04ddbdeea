#include "core/image/rle.h"

#include "core/base/error.h"

#include <algorithm>
#include <numeric>

namespace sapsam {

namespace {

void requireFullCover(const Rle &rle)
{
    const std::uint64_t sum =
        std::accumulate(rle.counts.begin(), rle.counts.end(), std::uint64_t{0});
    const std::uint64_t area = static_cast<std::uint64_t>(std::max(rle.width, 0))
                               * static_cast<std::uint64_t>(std::max(rle.height, 0));
    if (sum != area)
        throw Error(ErrorKind::Corrupt, "mask: the runs cover " + std::to_string(sum)
                                            + " pixels, the picture has " + std::to_string(area));
}

} // namespace

Rle rleOfMask(const Mask &mask)
{
    Rle rle;
    rle.width = mask.width;
    rle.height = mask.height;
    std::uint8_t current = 0;
    std::uint32_t run = 0;
    for (int x = 0; x < mask.width; ++x) {
        for (int y = 0; y < mask.height; ++y) {
            const std::uint8_t bit = mask.at(x, y) != 0 ? 1 : 0;
            if (bit != current) {
                rle.counts.push_back(run);
                run = 0;
                current = bit;
            }
            ++run;
        }
    }
    rle.counts.push_back(run);
    return rle;
}

Mask maskOfRle(const Rle &rle)
{
    requireFullCover(rle);
    Mask mask(rle.width, rle.height);
    const std::size_t height = static_cast<std::size_t>(rle.height);
    const std::size_t width = static_cast<std::size_t>(rle.width);
    std::size_t position = 0; // column-major
    for (std::size_t i = 0; i < rle.counts.size(); ++i) {
        const std::size_t end = position + rle.counts[i];
        if (i % 2 == 1)
            for (std::size_t p = position; p < end; ++p)
                mask.bits[(p % height) * width + p / height] = 1;
        position = end;
    }
    return mask;
}

std::string rleToString(const Rle &rle)
{
    std::string text;
    for (std::size_t i = 0; i < rle.counts.size(); ++i) {
        std::int64_t value = rle.counts[i];
        if (i > 2)
            value -= rle.counts[i - 2];
        bool more = true;
        while (more) {
            std::int64_t group = value & 0x1f;
            value >>= 5;
            more = (group & 0x10) != 0 ? value != -1 : value != 0;
            if (more)
                group |= 0x20;
            text.push_back(static_cast<char>(group + 48));
        }
    }
    return text;
}

Rle rleFromString(std::string_view text, int width, int height)
{
    Rle rle;
    rle.width = width;
    rle.height = height;
    std::size_t i = 0;
    while (i < text.size()) {
        std::int64_t value = 0;
        int shift = 0;
        bool more = true;
        while (more) {
            if (i >= text.size())
                throw Error(ErrorKind::Corrupt, "mask: the run-length string is cut off");
            const int group = static_cast<unsigned char>(text[i]) - 48;
            if (group < 0 || group > 63 || shift > 35)
                throw Error(ErrorKind::Corrupt, "mask: character " + std::to_string(i)
                                                    + " of the run-length string is not valid");
            value |= static_cast<std::int64_t>(group & 0x1f) << shift;
            more = (group & 0x20) != 0;
            shift += 5;
            ++i;
            if (!more && (group & 0x10) != 0)
                value |= -(std::int64_t{1} << shift);
        }
        if (rle.counts.size() > 2)
            value += rle.counts[rle.counts.size() - 2];
        if (value < 0 || value > 0xffffffffLL)
            throw Error(ErrorKind::Corrupt, "mask: run " + std::to_string(rle.counts.size())
                                                + " of the run-length string is out of range");
        rle.counts.push_back(static_cast<std::uint32_t>(value));
    }
    requireFullCover(rle);
    return rle;
}

std::uint64_t areaOf(const Rle &rle)
{
    std::uint64_t area = 0;
    for (std::size_t i = 1; i < rle.counts.size(); i += 2)
        area += rle.counts[i];
    return area;
}

} // namespace sapsam
