#include "core/train/memory_check.h"

#include "core/base/error.h"
#include "core/base/file.h"

#if defined(SAPSAM_CUDA)
#include <c10/cuda/CUDACachingAllocator.h>

#include <cuda_runtime_api.h>
#endif

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <malloc.h>
#include <sstream>
#include <string>

namespace sapsam::training {

namespace {

constexpr std::int64_t kUnknown = -1;

// "VmHWM:   1234 kB" of /proc/self/status or /proc/meminfo, in bytes.
std::int64_t kilobytesOf(const char *file, const std::string &key)
{
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind(key + ":", 0) == 0)
            return std::stoll(line.substr(key.size() + 1)) * 1024;
    }
    return kUnknown;
}

// The number in a file; less than 0 for "max" and for what is not there.
std::int64_t numberIn(const std::filesystem::path &path)
{
    std::ifstream file(path);
    std::int64_t value = 0;
    return file >> value ? value : kUnknown;
}

std::int64_t keyIn(const std::filesystem::path &path, const std::string &key)
{
    std::ifstream file(path);
    std::string name;
    std::int64_t value = 0;
    while (file >> name >> value) {
        if (name == key)
            return value;
    }
    return 0;
}

// What the groups of this process and all above them leave, in version 2 or 1 of their file system.
std::int64_t freeInControlGroups()
{
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::ifstream groups("/proc/self/cgroup"); // "0::/path" or "5:memory:/path"
    for (std::string line; std::getline(groups, line);) {
        const std::size_t second = line.find(':');
        const std::size_t third = line.find(':', second + 1);
        if (second == std::string::npos || third == std::string::npos)
            continue;
        const std::string controllers = line.substr(second + 1, third - second - 1);
        const bool isUnified = controllers.empty();
        if (!isUnified && controllers != "memory")
            continue;
        const std::filesystem::path root = isUnified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
        std::filesystem::path folder = root / line.substr(third + 1).erase(0, 1);
        for (;; folder = folder.parent_path()) {
            const std::int64_t limit =
                numberIn(folder / (isUnified ? "memory.max" : "memory.limit_in_bytes"));
            const std::int64_t used =
                numberIn(folder / (isUnified ? "memory.current" : "memory.usage_in_bytes"));
            if (limit > 0 && used >= 0) {
                const std::int64_t given = keyIn(
                    folder / "memory.stat", isUnified ? "inactive_file" : "total_inactive_file");
                least = std::min(least, std::max<std::int64_t>(0, limit - used + given));
            }
            if (folder == root || !folder.has_relative_path())
                break;
        }
    }
    return least;
}

} // namespace

BatchFit fitBatch(std::int64_t wanted, std::int64_t limit,
                  const std::function<std::int64_t(std::int64_t)> &measure)
{
    constexpr std::int64_t kEnough = 4;
    std::int64_t size = 0; // the last that was measured
    std::int64_t bytes = 0;
    double slope = 0.0; // bytes a sample
    const auto upTo = [&](std::int64_t most) {
        const double more =
            slope > 0.0 ? static_cast<double>(limit - bytes) / slope : static_cast<double>(most);
        return std::clamp(size + static_cast<std::int64_t>(more), size, most);
    };
    const auto atWanted = [&] {
        return bytes + static_cast<std::int64_t>(slope * static_cast<double>(wanted - size));
    };
    while (size < wanted) {
        const std::int64_t next = size == 0 ? 1 : std::min(2 * size, wanted);
        const double foreseen =
            static_cast<double>(bytes) + slope * static_cast<double>(next - size);
        if (foreseen > static_cast<double>(limit))
            return {upTo(next - 1), atWanted()};
        const std::int64_t measured = measure(next);
        if (measured < 0)
            return {upTo(next - 1), std::max(atWanted(), limit)};
        const double found =
            static_cast<double>(measured - bytes) / static_cast<double>(next - size);
        if (measured > limit) {
            if (size == 0)
                return {0, measured * wanted};
            slope = found;
            return {upTo(next - 1), atWanted()};
        }
        slope = size == 0 ? 0.0 : std::max(0.0, found); // the first one pays for what all share
        size = next;
        bytes = measured;
        // Far from the limit the large ones would only take time. What is taken once, such as the
        // buffers of a thread that starts now, can hide how much a sample takes: it must be far
        // from the limit even if all of it grew with the samples.
        const double atMost =
            static_cast<double>(bytes) / static_cast<double>(size) * static_cast<double>(wanted);
        if (size >= kEnough && 2 * atWanted() < limit && atMost < static_cast<double>(limit))
            break;
    }
    return {wanted, atWanted()};
}

std::int64_t freeMemory(const torch::Device &device)
{
    if (device.is_cpu()) {
        const std::int64_t machine = kilobytesOf("/proc/meminfo", "MemAvailable");
        return machine < 0 ? kUnknown : std::min(machine, freeInControlGroups());
    }
#if defined(SAPSAM_CUDA)
    c10::cuda::CUDACachingAllocator::emptyCache();
    std::size_t free = 0;
    std::size_t total = 0;
    cudaSetDevice(device.has_index() ? device.index() : 0);
    if (cudaMemGetInfo(&free, &total) == cudaSuccess)
        return static_cast<std::int64_t>(free);
#endif
    return kUnknown;
}

MemoryUse memoryUse(const torch::Device &device)
{
    MemoryUse use;
    use.process = kilobytesOf("/proc/self/status", "VmRSS");
#if defined(SAPSAM_CUDA)
    if (device.is_cuda())
        use.device = c10::cuda::CUDACachingAllocator::getDeviceStats(
                         device.has_index() ? device.index() : 0)
                         .reserved_bytes[0]
                         .current;
#else
    static_cast<void>(device);
#endif
    return use;
}

PeakMemory::PeakMemory(const torch::Device &device) : m_device(device)
{
    if (device.is_cpu()) {
        malloc_trim(0);
        std::ofstream("/proc/self/clear_refs") << "5"; // the peak starts anew
        m_start = kilobytesOf("/proc/self/status", "VmRSS");
        return;
    }
#if defined(SAPSAM_CUDA)
    const int index = device.has_index() ? device.index() : 0;
    c10::cuda::CUDACachingAllocator::emptyCache();
    c10::cuda::CUDACachingAllocator::resetPeakStats(index);
    m_start = c10::cuda::CUDACachingAllocator::getDeviceStats(index).reserved_bytes[0].current;
#endif
}

std::int64_t PeakMemory::bytes() const
{
    if (m_device.is_cpu())
        return std::max<std::int64_t>(0, kilobytesOf("/proc/self/status", "VmHWM") - m_start);
#if defined(SAPSAM_CUDA)
    const int index = m_device.has_index() ? m_device.index() : 0;
    return c10::cuda::CUDACachingAllocator::getDeviceStats(index).reserved_bytes[0].peak - m_start;
#else
    return 0;
#endif
}

} // namespace sapsam::training
