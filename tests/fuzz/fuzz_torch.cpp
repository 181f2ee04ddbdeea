// Whole files of PyTorch, of either container.
#include "core/weights/torch_checkpoint.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const sapsam::fuzz::FileInMemory input(sapsam::fuzz::textOf(data, size));
    sapsam::fuzz::expectRefusalOrSuccess([&] {
        const sapsam::TorchCheckpoint file(input.path());
        for (const auto &name : file.names())
            file.read(name);
    });
    return 0;
}
