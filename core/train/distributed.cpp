#include "core/train/distributed.h"

#include "core/base/error.h"

#if defined(SAPSAM_GLOO)
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO // libtorch's header is empty without
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#if defined(SAPSAM_NCCL)
#ifndef USE_C10D_NCCL
#define USE_C10D_NCCL
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#if defined(SAPSAM_GLOO) || defined(SAPSAM_NCCL)
#define SAPSAM_C10D
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace sapsam::training {

namespace {

thread_local const RankGroup *currentGroup = nullptr;

int numberFromEnvironment(const char *name, int least, int most, int fallback)
{
    const char *text = std::getenv(name);
    if (text == nullptr || *text == '\0')
        return fallback;
    int value = 0;
    const char *end = text + std::strlen(text);
    const auto read = std::from_chars(text, end, value);
    if (read.ec != std::errc() || read.ptr != end || value < least || value > most)
        throw Error(ErrorKind::InvalidInput, std::string("the environment variable ") + name
                                                 + " is '" + text + "', not a number from "
                                                 + std::to_string(least) + " to "
                                                 + std::to_string(most));
    return value;
}

class GatherFunction final : public torch::autograd::Function<GatherFunction>
{
public:
    static torch::Tensor forward(torch::autograd::AutogradContext *context,
                                 const torch::Tensor &rows, std::int64_t group)
    {
        context->saved_data["group"] = group;
        return reinterpret_cast<const RankGroup *>(group)->gather(rows);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   const torch::autograd::variable_list &gradients)
    {
        const auto *group =
            reinterpret_cast<const RankGroup *>(context->saved_data["group"].toInt());
        torch::Tensor sum = gradients[0].contiguous().clone();
        group->sum(sum);
        const std::int64_t count = sum.size(0) / group->count();
        return {sum.narrow(0, group->rank() * count, count), torch::Tensor()};
    }
};

} // namespace

RankPlace rankFromEnvironment()
{
    constexpr int kMany = 65535;
    RankPlace place;
    place.count = numberFromEnvironment("WORLD_SIZE", 1, kMany, 1);
    if (place.count == 1)
        return place;
    if (std::getenv("RANK") == nullptr)
        throw Error(ErrorKind::InvalidInput,
                    "WORLD_SIZE is " + std::to_string(place.count)
                        + ", but RANK is not set; start the ranks with `sapsam train --launch N`, "
                          "or give each its RANK, MASTER_ADDR and MASTER_PORT");
    place.rank = numberFromEnvironment("RANK", 0, place.count - 1, 0);
    place.localRank = numberFromEnvironment("LOCAL_RANK", 0, kMany, 0);
    if (const char *address = std::getenv("MASTER_ADDR"))
        place.masterAddress = address;
    place.masterPort = numberFromEnvironment("MASTER_PORT", 1, kMany, place.masterPort);
    return place;
}

#if defined(SAPSAM_C10D)

namespace {

// Long enough for an evaluation, which rank 0 does alone; a rank that dies is noticed at once.
constexpr std::chrono::hours kPatience(6);

#if TORCH_VERSION_MAJOR >= 2
using Backend = c10d::Backend;
#else
using Backend = c10d::ProcessGroup;
#endif

} // namespace

struct RankGroup::Private
{
    RankPlace place;
    torch::Device device{torch::kCPU};
    c10::intrusive_ptr<Backend> backend;

    // Runs something on a copy where the group needs it, contiguous, and copies the result back.
    template <typename Function>
    void inPlace(torch::Tensor &values, Function &&function)
    {
        const torch::NoGradGuard noGrad;
        const bool isCopy = values.device() != device || !values.is_contiguous();
        torch::Tensor used = isCopy ? values.to(device).contiguous() : values.detach();
        wait([&] {
            std::vector<torch::Tensor> list{used};
            return function(list);
        });
        if (isCopy)
            values.copy_(used);
    }

    template <typename Function>
    void wait(Function &&function)
    {
        try {
            function()->wait();
        } catch (const std::exception &error) {
            const std::string text = error.what();
            throw Error(ErrorKind::Io,
                        "rank " + std::to_string(place.rank)
                            + " has lost another rank: " + text.substr(0, text.find('\n')));
        }
    }
};

RankGroup::RankGroup() : d(std::make_unique<Private>()) {}

std::unique_ptr<RankGroup> RankGroup::join(const RankPlace &place, const torch::Device &device)
{
    std::unique_ptr<RankGroup> group(new RankGroup);
    group->d->place = place;
    group->d->device = device;
    const std::string where = place.masterAddress + ":" + std::to_string(place.masterPort);
    try {
        c10d::TCPStoreOptions options;
        options.port = static_cast<std::uint16_t>(place.masterPort);
        options.isServer = place.rank == 0;
        options.numWorkers = static_cast<std::size_t>(place.count);
        options.waitWorkers = true;
        options.timeout = std::chrono::minutes(5);
        c10::intrusive_ptr<c10d::Store> store =
            c10::make_intrusive<c10d::TCPStore>(place.masterAddress, options);
        store = c10::make_intrusive<c10d::PrefixStore>("sapsam", store);
        if (device.is_cpu()) {
#if defined(SAPSAM_GLOO)
            auto gloo = c10d::ProcessGroupGloo::Options::create();
            gloo->timeout = kPatience;
            const char *interface = std::getenv("GLOO_SOCKET_IFNAME");
            const bool isLocal =
                place.masterAddress == "127.0.0.1" || place.masterAddress == "localhost";
            gloo->devices.push_back(
                interface != nullptr ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                : isLocal            ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                     : c10d::ProcessGroupGloo::createDefaultDevice());
            group->d->backend =
                c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.count, gloo);
#else
            throw Error(ErrorKind::Unsupported,
                        "this program was built without gloo, which joins processes on the CPU; "
                        "install libgloo-dev and build again");
#endif
        } else {
#if defined(SAPSAM_NCCL)
            auto nccl = c10d::ProcessGroupNCCL::Options::create();
            nccl->timeout = kPatience;
            group->d->backend =
                c10::make_intrusive<c10d::ProcessGroupNCCL>(store, place.rank, place.count, nccl);
#else
            throw Error(ErrorKind::Unsupported,
                        "this program was built without NCCL, which joins CUDA devices; build it "
                        "with a libtorch for CUDA and the header nccl.h");
#endif
        }
        torch::Tensor hello = torch::ones({1});
        group->sum(hello); // all connections are made here
    } catch (const Error &) {
        throw;
    } catch (const std::exception &error) {
        const std::string text = error.what();
        throw Error(ErrorKind::Io, "rank " + std::to_string(place.rank) + " of "
                                       + std::to_string(place.count) + " cannot join the others at "
                                       + where + ": " + text.substr(0, text.find('\n')));
    }
    return group;
}

void RankGroup::sum(torch::Tensor &values) const
{
    d->inPlace(values, [this](std::vector<torch::Tensor> &list) {
        c10d::AllreduceOptions options;
        options.reduceOp = c10d::ReduceOp::SUM;
        return d->backend->allreduce(list, options);
    });
}

void RankGroup::largest(torch::Tensor &values) const
{
    d->inPlace(values, [this](std::vector<torch::Tensor> &list) {
        c10d::AllreduceOptions options;
        options.reduceOp = c10d::ReduceOp::MAX;
        return d->backend->allreduce(list, options);
    });
}

void RankGroup::broadcast(torch::Tensor &values) const
{
    d->inPlace(values, [this](std::vector<torch::Tensor> &list) {
        c10d::BroadcastOptions options;
        options.rootRank = 0;
        return d->backend->broadcast(list, options);
    });
}

torch::Tensor RankGroup::gather(const torch::Tensor &rows) const
{
    const torch::NoGradGuard noGrad;
    std::vector<torch::Tensor> mine{rows.detach().to(d->device).contiguous()};
    std::vector<std::vector<torch::Tensor>> all(1);
    for (int i = 0; i < count(); ++i)
        all.front().push_back(torch::empty_like(mine.front()));
    d->wait([&] { return d->backend->allgather(all, mine); });
    return torch::cat(all.front()).to(rows.device());
}

#else

struct RankGroup::Private
{
    RankPlace place;
};

RankGroup::RankGroup() : d(std::make_unique<Private>()) {}

std::unique_ptr<RankGroup> RankGroup::join(const RankPlace &, const torch::Device &)
{
    throw Error(ErrorKind::Unsupported,
                "this program was built without gloo and NCCL, which join processes; install "
                "libgloo-dev and build again");
}

void RankGroup::sum(torch::Tensor &) const {}
void RankGroup::largest(torch::Tensor &) const {}
void RankGroup::broadcast(torch::Tensor &) const {}

torch::Tensor RankGroup::gather(const torch::Tensor &rows) const
{
    return rows;
}

#endif

RankGroup::~RankGroup() = default;

int RankGroup::rank() const
{
    return d->place.rank;
}

int RankGroup::count() const
{
    return d->place.count;
}

void RankGroup::sumAll(std::vector<torch::Tensor> &tensors) const
{
    const torch::NoGradGuard noGrad;
    constexpr std::int64_t kMessage = 8 << 20; // elements
    for (std::size_t first = 0; first < tensors.size();) {
        std::vector<torch::Tensor> flat;
        std::int64_t elements = 0;
        std::size_t end = first;
        for (; end < tensors.size() && (end == first || elements < kMessage)
               && tensors[end].scalar_type() == tensors[first].scalar_type();
             ++end) {
            flat.push_back(tensors[end].reshape({-1}));
            elements += tensors[end].numel();
        }
        torch::Tensor message = torch::cat(flat);
        sum(message);
        std::int64_t offset = 0;
        for (; first < end; ++first) {
            torch::Tensor &tensor = tensors[first];
            tensor.copy_(message.narrow(0, offset, tensor.numel()).view(tensor.sizes()));
            offset += tensor.numel();
        }
    }
}

GatherScope::GatherScope(const RankGroup *group) : m_before(currentGroup)
{
    currentGroup = group;
}

GatherScope::~GatherScope()
{
    currentGroup = m_before;
}

torch::Tensor gathered(const torch::Tensor &rows)
{
    if (currentGroup == nullptr || currentGroup->count() == 1)
        return rows;
    const auto group = reinterpret_cast<std::int64_t>(currentGroup);
    if (!torch::GradMode::is_enabled() || !rows.requires_grad())
        return currentGroup->gather(rows);
    return GatherFunction::apply(rows, group);
}

} // namespace sapsam::training
