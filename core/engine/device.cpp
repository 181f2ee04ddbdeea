#include "core/engine/engine_options.h"
#include "core/engine/translate.h"

#include <algorithm>
#include <dlfcn.h>
#include <fstream>
#include <sched.h>
#include <thread>

namespace sapsam {

namespace {

// Which kernels OpenBLAS chose, or empty when another library does the products.
std::string openBlasCore()
{
    using NameFunction = char *(*)();
    void *symbol = dlsym(RTLD_DEFAULT, "openblas_get_corename");
    if (symbol == nullptr)
        return {};
    const char *name = reinterpret_cast<NameFunction>(symbol)();
    return name != nullptr ? name : "";
}

int usableCores()
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return std::max(1, CPU_COUNT(&set));
    return std::max(1U, std::thread::hardware_concurrency());
}

std::string processorName()
{
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("model name", 0) == 0) {
            const std::size_t colon = line.find(": ");
            if (colon != std::string::npos)
                return line.substr(colon + 2);
        }
    }
    return "processor";
}

int cudaIndex(const std::string &device)
{
    const std::string digits = device.size() > 5 ? device.substr(5) : std::string();
    if (digits.empty() || digits.size() > 3
        || digits.find_first_not_of("0123456789") != std::string::npos)
        throw Error(ErrorKind::InvalidInput,
                    "the device '" + device + "' is not known; use auto, cpu or cuda:N");
    return std::stoi(digits);
}

} // namespace

DeviceInfo resolveDevice(const EngineOptions &options)
{
    DeviceInfo info;
    info.libtorchVersion = TORCH_VERSION;
    info.threads = options.threads > 0 ? options.threads : usableCores();
    const int cards =
        torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
    const std::string noCard = at::globalContext().hasCUDART()
                                   ? "no usable NVIDIA card was found"
                                   : "this libtorch is built without CUDA";

    if (options.device == "auto") {
        info.device = cards > 0 ? "cuda:0" : "cpu";
    } else if (options.device == "cpu") {
        info.device = "cpu";
    } else if (options.device.rfind("cuda:", 0) == 0) {
        const int index = cudaIndex(options.device);
        if (index >= cards)
            throw Error(
                ErrorKind::NotFound,
                "the device '" + options.device + "' is not there: "
                    + (cards == 0 ? noCard : "there are " + std::to_string(cards) + " cards"));
        info.device = options.device;
    } else {
        throw Error(ErrorKind::InvalidInput,
                    "the device '" + options.device + "' is not known; use auto, cpu or cuda:N");
    }

    const bool onGpu = info.device != "cpu";
    info.name = onGpu ? "NVIDIA card " + info.device.substr(5) : processorName();
    if (!onGpu)
        info.whyNotGpu =
            options.device == "cpu" && cards > 0 ? "the processor was asked for" : noCard;
    if (options.precision == "auto" || options.precision == "fp32")
        info.precision = "fp32";
    else if (options.precision == "bf16" || options.precision == "int8")
        info.precision = options.precision;
    else
        throw Error(ErrorKind::InvalidInput, "the precision '" + options.precision
                                                 + "' is not known; use auto, fp32, bf16 or int8");
    if (info.precision == "int8" && onGpu)
        throw Error(ErrorKind::Unsupported, "8-bit weights are for the processor; use bf16 on "
                                                + info.device + " or the device cpu");
    const std::string core = openBlasCore();
    info.blas = !core.empty() ? "OpenBLAS (" + core + ")" : at::hasMKL() ? "MKL" : "built in";
    return info;
}

namespace engine {

Computing startComputing(const EngineOptions &options)
{
    Computing computing;
    computing.info = resolveDevice(options);
    computing.device = torch::Device(computing.info.device);
    computing.type = computing.info.precision == "fp32" ? torch::kFloat : torch::kBFloat16;
    at::set_num_threads(computing.info.threads);
    return computing;
}

} // namespace engine

} // namespace sapsam
