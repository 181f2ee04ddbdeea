#include "core/image/near_duplicates.h"

#include "core/base/error.h"
#include "core/image/resize.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

namespace sapsam {

namespace {

constexpr int kColumns = 8;
constexpr int kRows = 16;
constexpr int kColourColumns = 4;
constexpr int kColourRows = 8;
// Cells must differ by so much: a plain wall has no direction, whatever noise a codec leaves on it.
constexpr int kMinDifference = 3;
constexpr std::size_t kCancelStride = 512;

// ITU-R BT.601 luma, as Pillow's conversion to "L".
Image lumaOf(const Image &image)
{
    if (image.channels == 1)
        return image;
    Image luma(image.width, image.height, 1);
    for (std::size_t i = 0; i < luma.pixels.size(); ++i) {
        const std::uint8_t *pixel = image.pixels.data() + i * 3;
        luma.pixels[i] = static_cast<std::uint8_t>(
            (pixel[0] * 19595 + pixel[1] * 38470 + pixel[2] * 7471 + 0x8000) >> 16);
    }
    return luma;
}

int sumOf(const PerceptualHash &hash)
{
    return std::accumulate(hash.colours.begin(), hash.colours.end(), 0);
}

double shapeOf(const HashedPicture &picture)
{
    return static_cast<double>(picture.width) / std::max(1, picture.height);
}

bool isSameShape(const HashedPicture &a, const HashedPicture &b, double allowed)
{
    const double one = shapeOf(a);
    const double other = shapeOf(b);
    return std::abs(one - other) <= allowed * std::max(one, other);
}

// std::popcount without the instruction is a table walk; all-pairs needs the instruction.
#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target_clones("popcnt", "default")))
#endif
void candidatesOf(const std::uint64_t *bits, std::size_t from, std::size_t to, int most,
                  std::vector<std::uint32_t> &found)
{
    const std::uint64_t *own = bits + from * 4;
    for (std::size_t i = from + 1; i < to; ++i) {
        const std::uint64_t *other = bits + i * 4;
        int distance = std::popcount(own[0] ^ other[0]) + std::popcount(own[1] ^ other[1]);
        if (distance > most)
            continue;
        distance += std::popcount(own[2] ^ other[2]) + std::popcount(own[3] ^ other[3]);
        if (distance <= most)
            found.push_back(static_cast<std::uint32_t>(i));
    }
}

} // namespace

PerceptualHash perceptualHash(const Image &image)
{
    PerceptualHash hash;
    const Image luma = lumaOf(image);
    const Image across = resize(luma, kColumns + 1, kRows, ResizeFilter::Bilinear);
    const Image down = resize(luma, kColumns, kRows + 1, ResizeFilter::Bilinear);
    std::size_t bit = 0;
    const auto add = [&](int before, int after) {
        if (after - before >= kMinDifference)
            hash.bits[bit / 64] |= std::uint64_t{1} << (bit % 64);
        ++bit;
    };
    for (int y = 0; y < kRows; ++y) {
        for (int x = 0; x < kColumns; ++x)
            add(*across.at(x, y), *across.at(x + 1, y));
    }
    for (int y = 0; y < kRows; ++y) {
        for (int x = 0; x < kColumns; ++x)
            add(*down.at(x, y), *down.at(x, y + 1));
    }
    const Image cells = resize(image, kColourColumns, kColourRows, ResizeFilter::Bilinear);
    for (std::size_t i = 0; i < hash.colours.size(); ++i)
        hash.colours[i] = cells.pixels[image.channels == 1 ? i / 3 : i];
    return hash;
}

int bitDistance(const PerceptualHash &a, const PerceptualHash &b)
{
    int distance = 0;
    for (std::size_t i = 0; i < a.bits.size(); ++i)
        distance += std::popcount(a.bits[i] ^ b.bits[i]);
    return distance;
}

double colourDistance(const PerceptualHash &a, const PerceptualHash &b)
{
    int sum = 0;
    for (std::size_t i = 0; i < a.colours.size(); ++i)
        sum += std::abs(static_cast<int>(a.colours[i]) - static_cast<int>(b.colours[i]));
    return static_cast<double>(sum) / PerceptualHash::kColours;
}

std::string bytesOf(const PerceptualHash &hash)
{
    std::string bytes;
    for (const std::uint64_t word : hash.bits) {
        for (int byte = 0; byte < 8; ++byte)
            bytes.push_back(static_cast<char>((word >> (8 * byte)) & 0xFF));
    }
    for (const std::uint8_t value : hash.colours)
        bytes.push_back(static_cast<char>(value));
    return bytes;
}

PerceptualHash hashOfBytes(std::string_view bytes)
{
    if (bytes.size() != PerceptualHash::kBits / 8 + PerceptualHash::kColours)
        throw Error(ErrorKind::Corrupt, "a picture hash has " + std::to_string(bytes.size())
                                            + " bytes; look for duplicates again");
    PerceptualHash hash;
    std::size_t at = 0;
    for (std::uint64_t &word : hash.bits) {
        for (int byte = 0; byte < 8; ++byte)
            word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at++]))
                    << (8 * byte);
    }
    for (std::uint8_t &value : hash.colours)
        value = static_cast<std::uint8_t>(bytes[at++]);
    return hash;
}

std::vector<std::string> DuplicateOptions::problems() const
{
    std::vector<std::string> list;
    if (bits < 0 || bits > PerceptualHash::kBits)
        list.push_back("bits must be 0 to " + std::to_string(PerceptualHash::kBits));
    if (!(colours >= 0.0 && colours <= 255.0))
        list.emplace_back("colours must be 0 to 255");
    if (!(shape >= 0.0 && shape <= 1.0))
        list.emplace_back("shape must be 0 to 1");
    return list;
}

bool looksTheSame(const PerceptualHash &a, const PerceptualHash &b, const DuplicateOptions &options)
{
    return bitDistance(a, b) <= options.bits && colourDistance(a, b) <= options.colours;
}

std::vector<std::vector<std::int64_t>>
groupNearDuplicates(const std::vector<HashedPicture> &pictures, const DuplicateOptions &options,
                    const CancelToken &cancel)
{
    if (const auto problems = options.problems(); !problems.empty())
        throw Error(ErrorKind::InvalidInput, "duplicates: " + problems.front());

    // By the sum of all colours: its difference is at most kColours times the mean difference.
    std::vector<std::size_t> order(pictures.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<int> sums;
    for (const HashedPicture &picture : pictures)
        sums.push_back(sumOf(picture.hash));
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::pair(sums[a], pictures[a].id) < std::pair(sums[b], pictures[b].id);
    });
    std::vector<std::uint64_t> bits;
    bits.reserve(order.size() * 4);
    for (const std::size_t place : order)
        bits.insert(bits.end(), pictures[place].hash.bits.begin(), pictures[place].hash.bits.end());
    const double window = options.colours * PerceptualHash::kColours;

    std::vector<std::vector<std::uint32_t>> near(pictures.size()); // places in `pictures`
    std::vector<std::uint32_t> found;
    std::size_t end = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (i % kCancelStride == 0 && cancel.isCancelled())
            return {};
        while (end < order.size() && sums[order[end]] - sums[order[i]] <= window)
            ++end;
        found.clear();
        candidatesOf(bits.data(), i, end, options.bits, found);
        const HashedPicture &one = pictures[order[i]];
        for (const std::uint32_t candidate : found) {
            const HashedPicture &other = pictures[order[candidate]];
            if (!isSameShape(one, other, options.shape)
                || colourDistance(one.hash, other.hash) > options.colours)
                continue;
            near[order[i]].push_back(static_cast<std::uint32_t>(order[candidate]));
            near[order[candidate]].push_back(static_cast<std::uint32_t>(order[i]));
        }
    }

    const auto isBetter = [&](std::size_t a, std::size_t b) {
        const auto pixels = [&](std::size_t place) {
            return static_cast<std::int64_t>(pictures[place].width) * pictures[place].height;
        };
        if (pixels(a) != pixels(b))
            return pixels(a) > pixels(b);
        return pictures[a].id < pictures[b].id;
    };
    std::sort(order.begin(), order.end(), isBetter);
    std::vector<char> taken(pictures.size(), 0);
    std::vector<std::vector<std::int64_t>> groups;
    for (const std::size_t best : order) {
        if (taken[best] != 0)
            continue;
        taken[best] = 1;
        std::vector<std::size_t> copies;
        for (const std::uint32_t copy : near[best]) {
            if (taken[copy] == 0) {
                taken[copy] = 1;
                copies.push_back(copy);
            }
        }
        if (copies.empty())
            continue;
        std::sort(copies.begin(), copies.end(), isBetter);
        std::vector<std::int64_t> group{pictures[best].id};
        for (const std::size_t copy : copies)
            group.push_back(pictures[copy].id);
        groups.push_back(std::move(group));
    }
    std::sort(groups.begin(), groups.end(), [](const auto &a, const auto &b) {
        return *std::min_element(a.begin(), a.end()) < *std::min_element(b.begin(), b.end());
    });
    return groups;
}

} // namespace sapsam
