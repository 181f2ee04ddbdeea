// The unpickler alone, on bytes as they are; several pickles may follow each other.
#include "core/weights/pickle.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const auto bytes = sapsam::fuzz::textOf(data, size);
    sapsam::fuzz::expectRefusalOrSuccess([&] {
        for (std::size_t position = 0; position < bytes.size();) {
            const sapsam::Pickle pickle(bytes, position, "input");
            for (sapsam::PickleRef ref = 0; ref < pickle.size(); ++ref) {
                pickle.describe(pickle[ref]);
                pickle.find(pickle[ref], "model");
            }
        }
    });
    return 0;
}
