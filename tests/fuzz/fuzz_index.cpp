// The index of a checkpoint in several files, beside two small files that it may name.
#include "core/weights/checkpoint.h"
#include "tests/fuzz/fuzz_support.h"

#include <cstring>

namespace {

std::string safetensors(const std::string &header, std::size_t data)
{
    std::string bytes(8, '\0');
    const std::uint64_t size = header.size();
    std::memcpy(bytes.data(), &size, 8);
    return bytes + header + std::string(data, '\x01');
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const bool isReady = [] {
        sapsam::fuzz::writtenToMemory(
            "a.safetensors",
            safetensors(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8));
        sapsam::fuzz::writtenToMemory(
            "b.safetensors",
            safetensors(R"({"y":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", 3));
        return true;
    }();
    (void)isReady;
    const auto index = sapsam::fuzz::writtenToMemory("model.safetensors.index.json",
                                                     sapsam::fuzz::textOf(data, size));
    sapsam::fuzz::expectRefusalOrSuccess([&] {
        const sapsam::ShardedCheckpoint file(index);
        for (const auto &name : file.names())
            file.read(name);
    });
    return 0;
}
