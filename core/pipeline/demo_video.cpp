#include "core/pipeline/demo_video.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <zlib.h>

namespace sapsam {

namespace fs = std::filesystem;

namespace {

constexpr std::array kCandidates = {
    "/usr/share/doc/opencv-doc/examples/data/vtest.avi",
    "/usr/share/doc/opencv-doc/examples/data/vtest.avi.gz",
    "/usr/share/opencv4/samples/data/vtest.avi",
    "/usr/share/doc/opencv-doc/examples/vtest.avi.gz",
};

std::string unpacked(const std::string &path)
{
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(::gzopen(path.c_str(), "rb"), ::gzclose);
    if (!file)
        throw Error(ErrorKind::Io, "cannot open '" + path + "'");
    std::string content;
    std::array<char, 1 << 16> piece{};
    for (;;) {
        const int count = ::gzread(file.get(), piece.data(), piece.size());
        if (count < 0)
            throw Error(ErrorKind::Corrupt,
                        "'" + path + "' is a damaged gzip file; install it again");
        if (count == 0)
            return content;
        content.append(piece.data(), static_cast<std::size_t>(count));
    }
}

} // namespace

std::string findDemoVideo(const std::string &unpackFolder)
{
    std::error_code ignored;
    std::string found;
    if (const char *given = std::getenv("SAPSAM_DEMO_VIDEO"); given && *given) {
        found = given;
    } else {
        for (const char *candidate : kCandidates) {
            if (fs::is_regular_file(candidate, ignored)) {
                found = candidate;
                break;
            }
        }
    }
    if (!found.ends_with(".gz"))
        return found;
    const std::string target = unpackFolder + "/" + fs::path(found).stem().string();
    if (!fs::exists(target, ignored)) {
        makeFolder(unpackFolder);
        writeFileAtomically(target, unpacked(found));
    }
    return target;
}

} // namespace sapsam
