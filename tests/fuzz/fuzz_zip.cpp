// The directory and the members of a zip archive.
#include "core/weights/zip_archive.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const sapsam::fuzz::FileInMemory input(sapsam::fuzz::textOf(data, size));
    sapsam::fuzz::expectRefusalOrSuccess([&] {
        const sapsam::MappedFile file(input.path());
        const sapsam::ZipArchive archive(file);
        for (const auto &name : archive.names()) {
            sapsam::fuzz::expectRefusalOrSuccess([&] {
                unsigned sum = 0;
                for (const char c : archive.member(name))
                    sum += static_cast<unsigned char>(c);
                static volatile unsigned sink;
                sink = sum;
            });
        }
    });
    return 0;
}
