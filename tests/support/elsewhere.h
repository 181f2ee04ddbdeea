#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>

// A device for those who have no GPU: its tensors lie in a memory of their own, as those of a GPU
// do, and every operation on them is computed by the processor's kernels. A program that links
// elsewhere.cpp has it; everything else of libtorch stays as it is. For libtorch 1.13: version 2
// asks such a device for kernels of its own.
namespace sapsam::test {

// A kind of device that libtorch knows and a machine of ours does not have.
constexpr auto kElsewhere = torch::kXPU;
constexpr char kElsewhereName[] = "xpu:0";

// Notes, while it lives, every operation of any thread that is given tensors of two devices, which
// a GPU refuses but for single numbers and copies. One at a time.
class DeviceWatch
{
public:
    DeviceWatch();
    ~DeviceWatch();
    DeviceWatch(const DeviceWatch &) = delete;
    DeviceWatch &operator=(const DeviceWatch &) = delete;

    std::string found() const; // names of the operations, separated by commas

private:
    struct Notes;
    std::unique_ptr<Notes> m_notes;
};

} // namespace sapsam::test
