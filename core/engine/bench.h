#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/engine/engine_options.h"

#include <cstdint>
#include <string>
#include <vector>

// How fast a network runs here, beside what the machine could do. Weights and inputs are random.
namespace sapsam {

struct NetworkBenchOptions
{
    std::string network;            // one of benchNetworks()
    std::string precision = "fp32"; // fp32 | bf16 | int8 (8-bit weights; decoding only)
    int runs = 5;                   // timed runs, after one to warm up
    int batch = 0;                  // pictures, prompts or sequences at once; 0: the usual number
    int layers = 0;                 // 0: the network's own; fewer make a large one fit
    std::string device = "auto";    // as in EngineOptions
    int threads = 0;
};

struct NetworkBenchReport
{
    std::string network, precision, device;
    int runs = 0, batch = 0, layers = 0, threads = 0;
    std::int64_t parameters = 0;
    double seconds = 0.0; // the median of one forward pass, or of one generated token
    double gflop = 0.0; // work of it, counted from the configuration: 10⁹ additions and products,
                        // also those of padding and unused tokens that the engine leaves out
    double gflops = 0.0; // GFLOP/s
    double peakGflops = 0.0; // of a matrix product of 2048 × 2048 in the same precision, the median
    double ofPeak = 0.0;     // the median over the runs, each beside a product measured next to it
    double peakMemoryMb = 0.0; // of the whole process so far, or of the card

    // Decoding only, else 0: what a token has to read, and how fast memory can be read.
    double bytesPerToken = 0.0;
    double gbPerSecond = 0.0, memoryGbPerSecond = 0.0, ofMemory = 0.0;
    double weightError = 0.0; // int8: ‖Ŵ − W‖ / ‖W‖
};

// What `network` may be: a name and what it stands for.
struct BenchNetwork
{
    std::string name, description;
};
std::vector<BenchNetwork> benchNetworks();

// Throws Error(InvalidInput) for an unknown network, precision or number, Error(Unsupported) for
// int8 with a network that does not decode, and Error(OutOfMemory). Cancelled: reports the runs so
// far. For one thread at a time.
NetworkBenchReport benchNetwork(const NetworkBenchOptions &options, const CancelToken &cancel = {},
                                const ProgressSink &progress = {});

} // namespace sapsam
