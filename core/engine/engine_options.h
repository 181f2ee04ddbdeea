#pragma once

#include <string>

namespace sapsam {

// How the engine computes. Plain values; copied in before work starts.
struct EngineOptions
{
    std::string device = "auto";    // auto | cpu | cuda:N
    std::string precision = "auto"; // auto (fp32 on the CPU) | fp32 | bf16 | int8, see DeviceInfo
    int threads = 0;                // CPU threads; 0 takes all cores
};

// What is really used, for the status bar and `sapsam doctor`.
struct DeviceInfo
{
    std::string device;    // "cpu" or "cuda:0": where the forward passes run
    std::string name;      // processor or card
    std::string whyNotGpu; // empty when a GPU is used
    std::string precision; // "fp32", "bf16"; "int8": language models in 8 bits, the rest in bf16
    std::string libtorchVersion;
    std::string blas; // which matrix library and kernels are in use
    int threads = 1;
};

// Resolves the options against this machine. Throws Error(InvalidInput) for an unknown device or
// precision and Error(NotFound) for a GPU that is not there.
DeviceInfo resolveDevice(const EngineOptions &options);

// To be called first in a program: threads and allocator (core/engine/startup.h tells what was
// settled). Variables of the environment are the launcher's business, before libraries are loaded.
// Does nothing the second time.
void prepareProcess(int argc, char **argv);

} // namespace sapsam
