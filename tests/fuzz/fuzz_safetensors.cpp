// A safetensors file. With an odd first byte the rest is a header whose length is filled in, data
// behind its last brace, so that inputs need no matching number; otherwise the rest is a file.
#include "core/weights/safetensors.h"
#include "tests/fuzz/fuzz_support.h"

#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size == 0)
        return 0;
    auto bytes = std::string(sapsam::fuzz::textOf(data + 1, size - 1));
    if ((data[0] & 1) != 0) {
        const auto brace = bytes.rfind('}');
        const std::uint64_t length = brace == std::string::npos ? bytes.size() : brace + 1;
        std::string number(8, '\0');
        std::memcpy(number.data(), &length, 8);
        bytes.insert(0, number);
    }
    const sapsam::fuzz::FileInMemory input(bytes);
    sapsam::fuzz::expectRefusalOrSuccess([&] {
        const sapsam::SafetensorsFile file(input.path());
        for (const auto &name : file.names())
            file.read(name);
    });
    return 0;
}
