#pragma once

#include "core/dataset/person_dataset.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace sapsam {

// LIP (Look into Person): train_images/ and val_images/ (*.jpg), train_segmentations/ and
// val_segmentations/ (*.png with class ids 0 … 19), train_id.txt and val_id.txt with a stem a line.
struct LipPicture
{
    std::string name; // without extension
    Split split = Split::Train;
};

struct LipDataset
{
    std::string folder;
    std::vector<LipPicture> pictures; // train first, each in the order of its list
    std::vector<DatasetFinding> findings;

    std::string imagePath(const LipPicture &picture) const;
    std::string maskPath(const LipPicture &picture) const;
};

constexpr int kLipClasses = 20;

// "background", "hat", …; id in [0, kLipClasses).
const char *lipClassName(int id);

// The ATR class that means the same, 255 (ignored) for gloves and socks, which ATR does not label.
// A coat is an upper garment and a jumpsuit a dress, as in ATR's pictures.
const std::array<std::uint8_t, kLipClasses> &atrClassOfLip();

// `folder` is the one with train_images or the one above it, with LIP in it. Without a list the
// pictures of the folder are taken, sorted, with a note. Pictures without a mask and listed names
// without a picture are left out and reported. Throws DatasetError(NotFound) when a folder of the
// train split is missing.
LipDataset readLip(const std::string &folder);

// train_id.txt and val_id.txt; the pictures and masks are the caller's business.
void writeLipLists(const std::vector<LipPicture> &pictures, const std::string &folder);

} // namespace sapsam
