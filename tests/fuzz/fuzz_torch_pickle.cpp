// The pickle of a zip checkpoint in a sound archive with two storages, so that the search for
// weights is reached with every input.
#include "core/weights/torch_checkpoint.h"
#include "tests/core/weights/torch_file_builder.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::string bytes =
        sapsam::test::zipCheckpoint(std::string(sapsam::fuzz::textOf(data, size)),
                                    {std::string(64, '\x3f'), std::string(7, 1)});
    const sapsam::fuzz::FileInMemory input(bytes);
    sapsam::fuzz::expectRefusalOrSuccess([&] {
        const sapsam::TorchCheckpoint file(input.path());
        for (const auto &name : file.names())
            file.read(name);
    });
    return 0;
}
