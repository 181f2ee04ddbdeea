#pragma once

#include "core/base/cancel.h"
#include "core/image/image.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Pictures that show the same thing in other bytes: copies that were saved again, made smaller or
// larger, or changed a little in brightness. All functions are pure and safe to call in parallel.
namespace sapsam {

// How a picture looks, in 128 bytes: the signs of brightness differences between neighbouring cells
// of coarse grids (dHash, Krawetz 2013, in both directions), and the colours of a coarser one. The
// picture's shape does not matter: it is stretched.
struct PerceptualHash
{
    static constexpr int kBits = 256;   // 8 x 16 horizontal and 8 x 16 vertical differences
    static constexpr int kColours = 96; // RGB of 4 x 8 cells

    std::array<std::uint64_t, kBits / 64> bits{};
    std::array<std::uint8_t, kColours> colours{};

    bool operator==(const PerceptualHash &other) const = default;
};

// Throws Error(InvalidInput) for an empty picture.
PerceptualHash perceptualHash(const Image &image);

// How many bits differ, 0 … 256, and the mean difference of the colours, 0 … 255.
int bitDistance(const PerceptualHash &a, const PerceptualHash &b);
double colourDistance(const PerceptualHash &a, const PerceptualHash &b);

// The hash as bytes, for a database, and back. Throws Error(Corrupt) for bytes of another length.
std::string bytesOf(const PerceptualHash &hash);
PerceptualHash hashOfBytes(std::string_view bytes);

struct DuplicateOptions
{
    int bits = 20;        // bitDistance at most; copies differ in 10, other people in 60 and more
    double colours = 8.0; // colourDistance at most
    double shape = 0.06;  // relative difference of width / height at most

    std::vector<std::string> problems() const; // empty when usable
};

// Whether two pictures look the same, whatever their shape.
bool looksTheSame(const PerceptualHash &a, const PerceptualHash &b,
                  const DuplicateOptions &options = {});

struct HashedPicture
{
    std::int64_t id = 0;
    int width = 0;
    int height = 0;
    PerceptualHash hash;
};

// Groups of two and more near-identical pictures. The best picture of a group comes first (most
// pixels, then the smallest id), and every other one is near-identical to it: no chains of small
// steps. The others follow by the same order; groups by the smallest id in them. Ids are distinct.
// Compares all pairs whose mean colour can agree: 100,000 pictures take seconds. A cancelled call
// returns nothing. Throws Error(InvalidInput) for options with problems.
std::vector<std::vector<std::int64_t>>
groupNearDuplicates(const std::vector<HashedPicture> &pictures,
                    const DuplicateOptions &options = {}, const CancelToken &cancel = {});

} // namespace sapsam
