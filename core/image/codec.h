#pragma once

#include "core/image/colour.h"
#include "core/image/image.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Reading and writing picture files. Files are read whole and decoded from memory, so any name the
// file system allows works. All functions are safe to call in parallel.
namespace sapsam {

// Pictures beyond this many pixels are refused before they are decoded.
constexpr std::int64_t kMaxPixels = 100'000'000;

// Width and height as stored, before any EXIF rotation, read from the header alone.
// Throws as decodeImage does.
std::pair<int, int> imageSizeOf(std::string_view bytes, const std::string &origin);

// RGB, 8-bit. EXIF orientation is applied; palette and grey pictures become RGB, alpha is dropped
// and 16-bit values lose their low byte. `origin` names the file in errors. Throws Error(Corrupt)
// for an empty, truncated or damaged file, Error(Unsupported) for what is not a picture of a known
// kind and for more than kMaxPixels pixels.
Image decodeImage(std::string_view bytes, const std::string &origin);

// Throws also what readFile throws.
Image readImage(const std::string &path);

std::string encodePng(const Image &image);

// Quality 1 … 100.
std::string encodeJpeg(const Image &image, int quality = 90);

// Class ids from an 8-bit grey or palette PNG (depths 1, 2, 4 and 8): the stored values, never the
// palette's colours. Throws Error(Unsupported) for a colour or 16-bit PNG and what is not a PNG.
LabelMap decodeLabels(std::string_view bytes, const std::string &origin);
LabelMap readLabels(const std::string &path);

// 8-bit palette PNG. An empty palette means the Pascal VOC colour map.
std::string encodeLabels(const LabelMap &labels, const std::vector<Colour> &palette = {});

// The first `count` colours of the Pascal VOC colour map: the bits of the id are dealt to the three
// channels, high bits first.
std::vector<Colour> vocPalette(int count = 256);

} // namespace sapsam
