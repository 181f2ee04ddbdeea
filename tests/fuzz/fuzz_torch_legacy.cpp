// The container before torch 1.6, behind its magic number.
#include "core/weights/torch_checkpoint.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const std::string start("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e",
                                   15);
    const sapsam::fuzz::FileInMemory input(start + std::string(sapsam::fuzz::textOf(data, size)));
    sapsam::fuzz::expectRefusalOrSuccess([&] {
        const sapsam::TorchCheckpoint file(input.path());
        for (const auto &name : file.names())
            file.read(name);
    });
    return 0;
}
