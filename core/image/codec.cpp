#include "core/image/codec.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <png.h>

namespace sapsam {

namespace {

using Size = std::pair<int, int>;

std::uint32_t bigEndian(std::string_view bytes, std::size_t at, std::size_t count)
{
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

std::uint32_t littleEndian(std::string_view bytes, std::size_t at, std::size_t count)
{
    std::uint32_t value = 0;
    for (std::size_t i = count; i > 0; --i)
        value = value << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
    return value;
}

bool startsWith(std::string_view bytes, std::string_view magic)
{
    return bytes.substr(0, magic.size()) == magic;
}

constexpr std::string_view kPngMagic("\x89PNG\r\n\x1a\n", 8);
constexpr std::string_view kJpegMagic("\xff\xd8\xff", 3);

[[noreturn]] void throwTruncated(const std::string &origin)
{
    throw Error(ErrorKind::Corrupt,
                origin
                    + ": the picture is truncated or damaged; copy the file again or leave it out");
}

// Walks the chunks: size from the first, and the end chunk must be there.
Size checkedPngSize(std::string_view bytes, const std::string &origin)
{
    if (bytes.size() < 33)
        throwTruncated(origin);
    const Size size{static_cast<int>(bigEndian(bytes, 16, 4) & 0x7fffffffU),
                    static_cast<int>(bigEndian(bytes, 20, 4) & 0x7fffffffU)};
    std::size_t at = kPngMagic.size();
    while (at + 12 <= bytes.size()) {
        const std::size_t length = bigEndian(bytes, at, 4);
        const std::string_view kind = bytes.substr(at + 4, 4);
        if (length > bytes.size() - at - 12)
            break;
        if (kind == "IEND")
            return size;
        at += length + 12;
    }
    throwTruncated(origin);
}

// Walks the markers: size from the frame header, and the end marker must be there.
Size checkedJpegSize(std::string_view bytes, const std::string &origin)
{
    std::optional<Size> size;
    std::size_t at = 2;
    while (at + 1 < bytes.size()) {
        if (static_cast<unsigned char>(bytes[at]) != 0xff) {
            ++at; // inside compressed data
            continue;
        }
        const unsigned marker = static_cast<unsigned char>(bytes[at + 1]);
        if (marker == 0xd9) {
            if (size)
                return *size;
            break;
        }
        if (marker == 0xff) {
            ++at;
            continue;
        }
        if (marker == 0x00 || marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
            at += 2;
            continue;
        }
        if (at + 4 > bytes.size())
            break;
        const std::size_t length = bigEndian(bytes, at + 2, 2);
        const bool isFrame =
            marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (isFrame && at + 9 <= bytes.size())
            size = Size{static_cast<int>(bigEndian(bytes, at + 7, 2)),
                        static_cast<int>(bigEndian(bytes, at + 5, 2))};
        at += 2 + length;
    }
    throwTruncated(origin);
}

// The size where the header is simple to read; nothing for other kinds, which OpenCV may know.
std::optional<Size> headerSize(std::string_view bytes, const std::string &origin)
{
    if (startsWith(bytes, kPngMagic))
        return checkedPngSize(bytes, origin);
    if (startsWith(bytes, kJpegMagic))
        return checkedJpegSize(bytes, origin);
    if (startsWith(bytes, "BM") && bytes.size() >= 26)
        return Size{static_cast<int>(littleEndian(bytes, 18, 4)),
                    std::abs(static_cast<int>(littleEndian(bytes, 22, 4)))};
    if (startsWith(bytes, "RIFF") && bytes.size() >= 30 && bytes.substr(8, 4) == "WEBP") {
        const std::string_view kind = bytes.substr(12, 4);
        if (kind == "VP8X")
            return Size{static_cast<int>(littleEndian(bytes, 24, 3)) + 1,
                        static_cast<int>(littleEndian(bytes, 27, 3)) + 1};
        if (kind == "VP8 ")
            return Size{static_cast<int>(littleEndian(bytes, 26, 2) & 0x3fff),
                        static_cast<int>(littleEndian(bytes, 28, 2) & 0x3fff)};
        if (kind == "VP8L") {
            const std::uint32_t bits = littleEndian(bytes, 21, 4);
            return Size{static_cast<int>(bits & 0x3fff) + 1,
                        static_cast<int>(bits >> 14 & 0x3fff) + 1};
        }
    }
    return std::nullopt;
}

// Containers whose size is deep inside them; OpenCV decodes these where it was built to.
bool isOtherKnownKind(std::string_view bytes)
{
    return startsWith(bytes, std::string_view("II*\0", 4))
           || startsWith(bytes, std::string_view("MM\0*", 4))
           || startsWith(bytes, std::string_view("\0\0\0\x0cjP  ", 8))
           || startsWith(bytes, "#?RADIANCE")
           || (bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7');
}

void requireReasonable(const Size &size, const std::string &origin)
{
    if (size.first <= 0 || size.second <= 0)
        throwTruncated(origin);
    const std::int64_t area = static_cast<std::int64_t>(size.first) * size.second;
    if (area > kMaxPixels)
        throw Error(ErrorKind::Unsupported,
                    origin + ": the picture has " + std::to_string(size.first) + "x"
                        + std::to_string(size.second)
                        + " pixels, more than 100 megapixels; make it smaller first");
}

void requireBytes(std::string_view bytes, const std::string &origin)
{
    if (bytes.empty())
        throw Error(ErrorKind::Corrupt,
                    origin + ": the file is empty; copy it again or leave it out");
}

[[noreturn]] void throwNotAPicture(const std::string &origin)
{
    throw Error(ErrorKind::Unsupported,
                origin + ": not a picture of a known kind; use PNG, JPEG, WebP, BMP or TIFF");
}

// OpenCV writes its own messages to the terminal; ours name the file.
void silenceOpenCv()
{
    static const bool once = [] {
        cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
        return true;
    }();
    static_cast<void>(once);
}

std::string encode(const Image &image, const char *extension, const std::vector<int> &parameters)
{
    if (image.isEmpty() || (image.channels != 1 && image.channels != 3))
        throw Error(ErrorKind::InvalidInput, "encode: the picture is empty or not grey or RGB");
    silenceOpenCv();
    cv::Mat view(image.height, image.width, image.channels == 3 ? CV_8UC3 : CV_8UC1);
    const std::size_t area =
        static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
    if (image.channels == 1) {
        std::memcpy(view.data, image.pixels.data(), area);
    } else {
        for (std::size_t i = 0; i < area; ++i) { // OpenCV wants BGR
            view.data[i * 3] = image.pixels[i * 3 + 2];
            view.data[i * 3 + 1] = image.pixels[i * 3 + 1];
            view.data[i * 3 + 2] = image.pixels[i * 3];
        }
    }
    std::vector<std::uint8_t> bytes;
    try {
        if (!cv::imencode(extension, view, bytes, parameters))
            throw Error(ErrorKind::Internal,
                        std::string("encode: OpenCV cannot write ") + extension);
    } catch (const cv::Exception &error) {
        throw Error(ErrorKind::Internal, std::string("encode: ") + error.what());
    }
    return std::string(bytes.begin(), bytes.end());
}

// State of libpng's memory reader and writer.
struct PngSource
{
    std::string_view bytes;
    std::size_t at = 0;
};

void readPngBytes(png_structp png, png_bytep target, png_size_t count)
{
    auto *source = static_cast<PngSource *>(png_get_io_ptr(png));
    if (count > source->bytes.size() - source->at)
        png_error(png, "unexpected end");
    std::memcpy(target, source->bytes.data() + source->at, count);
    source->at += count;
}

void writePngBytes(png_structp png, png_bytep data, png_size_t count)
{
    static_cast<std::string *>(png_get_io_ptr(png))
        ->append(reinterpret_cast<const char *>(data), count);
}

void ignorePngWarning(png_structp, png_const_charp) {}

// libpng is C: an exception through its frames is undefined, a jump is what it expects.
void failPng(png_structp png, png_const_charp)
{
    png_longjmp(png, 1);
}

enum class PngOutcome { Read, Failed, NotLabels };

// No object with a destructor lives in this function, so that the jump skips none.
PngOutcome readIndexedPng(PngSource *source, LabelMap *labels, std::vector<png_bytep> *rows)
{
    png_structp png =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, failPng, ignorePngWarning);
    png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
    if (info == nullptr || setjmp(png_jmpbuf(png)) != 0) {
        png_destroy_read_struct(&png, &info, nullptr);
        return PngOutcome::Failed;
    }
    png_set_read_fn(png, source, readPngBytes);
    png_read_info(png, info);
    const int kind = png_get_color_type(png, info);
    const int depth = png_get_bit_depth(png, info);
    if ((kind != PNG_COLOR_TYPE_GRAY && kind != PNG_COLOR_TYPE_PALETTE) || depth > 8) {
        png_destroy_read_struct(&png, &info, nullptr);
        return PngOutcome::NotLabels;
    }
    png_set_packing(png); // one index a byte, not scaled to 255
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    const png_uint_32 width = png_get_image_width(png, info);
    const png_uint_32 height = png_get_image_height(png, info);
    labels->width = static_cast<int>(width);
    labels->height = static_cast<int>(height);
    labels->labels.assign(static_cast<std::size_t>(width) * height, 0);
    rows->resize(height);
    for (png_uint_32 y = 0; y < height; ++y)
        (*rows)[y] = labels->labels.data() + static_cast<std::size_t>(y) * width;
    png_read_image(png, rows->data());
    png_read_end(png, nullptr);
    png_destroy_read_struct(&png, &info, nullptr);
    return PngOutcome::Read;
}

bool writeIndexedPng(const LabelMap &labels, const std::vector<png_color> &palette,
                     std::string *bytes)
{
    png_structp png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, failPng, ignorePngWarning);
    png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
    if (info == nullptr || setjmp(png_jmpbuf(png)) != 0) {
        png_destroy_write_struct(&png, &info);
        return false;
    }
    png_set_write_fn(png, bytes, writePngBytes, nullptr);
    png_set_IHDR(png, info, static_cast<png_uint_32>(labels.width),
                 static_cast<png_uint_32>(labels.height), 8, PNG_COLOR_TYPE_PALETTE,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
    png_set_filter(png, 0, PNG_FILTER_NONE);
    png_write_info(png, info);
    for (int y = 0; y < labels.height; ++y)
        png_write_row(png,
                      labels.labels.data()
                          + static_cast<std::size_t>(y) * static_cast<std::size_t>(labels.width));
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return true;
}

} // namespace

std::pair<int, int> imageSizeOf(std::string_view bytes, const std::string &origin)
{
    requireBytes(bytes, origin);
    if (const std::optional<Size> size = headerSize(bytes, origin)) {
        requireReasonable(*size, origin);
        return *size;
    }
    const Image image = decodeImage(bytes, origin);
    return {image.width, image.height};
}

Image decodeImage(std::string_view bytes, const std::string &origin)
{
    requireBytes(bytes, origin);
    const std::optional<Size> size = headerSize(bytes, origin);
    if (size)
        requireReasonable(*size, origin);
    else if (!isOtherKnownKind(bytes))
        throwNotAPicture(origin);
    silenceOpenCv();
    cv::Mat decoded;
    try {
        const cv::Mat view(1, static_cast<int>(bytes.size()), CV_8UC1,
                           const_cast<char *>(bytes.data()));
        decoded = cv::imdecode(view, cv::IMREAD_COLOR);
    } catch (const cv::Exception &) {
        throwTruncated(origin);
    }
    if (decoded.empty() || decoded.type() != CV_8UC3)
        throwTruncated(origin);
    requireReasonable({decoded.cols, decoded.rows}, origin);
    Image image(decoded.cols, decoded.rows, 3);
    for (int y = 0; y < decoded.rows; ++y) {
        const std::uint8_t *in = decoded.ptr<std::uint8_t>(y);
        std::uint8_t *out = image.at(0, y);
        for (int x = 0; x < decoded.cols; ++x, in += 3, out += 3) {
            out[0] = in[2];
            out[1] = in[1];
            out[2] = in[0];
        }
    }
    return image;
}

Image readImage(const std::string &path)
{
    return decodeImage(readFile(path), path);
}

std::string encodePng(const Image &image)
{
    return encode(image, ".png", {});
}

std::string encodeJpeg(const Image &image, int quality)
{
    return encode(image, ".jpg", {cv::IMWRITE_JPEG_QUALITY, quality});
}

LabelMap decodeLabels(std::string_view bytes, const std::string &origin)
{
    requireBytes(bytes, origin);
    if (!startsWith(bytes, kPngMagic))
        throw Error(ErrorKind::Unsupported, origin + ": a label map must be a PNG file");
    requireReasonable(checkedPngSize(bytes, origin), origin);
    PngSource source{bytes, 0};
    LabelMap labels;
    std::vector<png_bytep> rows;
    switch (readIndexedPng(&source, &labels, &rows)) {
    case PngOutcome::Read:
        return labels;
    case PngOutcome::NotLabels:
        throw Error(
            ErrorKind::Unsupported,
            origin
                + ": a label map must be an 8-bit grey or palette PNG; this one is a colour "
                  "or 16-bit picture");
    case PngOutcome::Failed:
        break;
    }
    throwTruncated(origin);
}

LabelMap readLabels(const std::string &path)
{
    return decodeLabels(readFile(path), path);
}

std::string encodeLabels(const LabelMap &labels, const std::vector<Colour> &palette)
{
    if (labels.labels.empty())
        throw Error(ErrorKind::InvalidInput, "encode: the label map is empty");
    std::vector<png_color> colours;
    for (const Colour &colour : palette.empty() ? vocPalette() : palette)
        colours.push_back({colour[0], colour[1], colour[2]});
    const std::uint8_t highest = *std::max_element(labels.labels.begin(), labels.labels.end());
    if (highest >= colours.size() || colours.size() > 256)
        throw Error(ErrorKind::InvalidInput, "encode: label " + std::to_string(highest)
                                                 + " has no colour in a palette of "
                                                 + std::to_string(colours.size()));
    std::string bytes;
    if (!writeIndexedPng(labels, colours, &bytes))
        throw Error(ErrorKind::Internal, "encode: libpng cannot write the label map");
    return bytes;
}

std::vector<Colour> vocPalette(int count)
{
    std::vector<Colour> palette;
    for (int i = 0; i < count; ++i) {
        unsigned id = static_cast<unsigned>(i);
        unsigned channels[3] = {0, 0, 0};
        for (unsigned bit = 8; bit > 0; --bit) {
            for (unsigned c = 0; c < 3; ++c)
                channels[c] |= (id >> c & 1U) << (bit - 1);
            id >>= 3;
        }
        palette.push_back({static_cast<std::uint8_t>(channels[0]),
                           static_cast<std::uint8_t>(channels[1]),
                           static_cast<std::uint8_t>(channels[2])});
    }
    return palette;
}

} // namespace sapsam
