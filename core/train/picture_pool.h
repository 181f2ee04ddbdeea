#pragma once

#include "core/synth/pedestrian.h"
#include "core/train/query_text.h"
#include "core/train/settings.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace sapsam::training {

// People from here on are never trained on. Validation takes the first kind, final measurements the
// second.
constexpr std::uint64_t kValidationIdentities = 1'000'000'000ULL;
constexpr std::uint64_t kTestIdentities = 2'000'000'000ULL;

struct PoolPicture
{
    std::uint64_t identity = 0;
    SyntheticPerson person;
    SyntheticPicture picture;
    std::vector<std::string> captions; // descriptions
    PartWords words;                   // gathered when there are captions
};

// Synthetic pictures by number, drawn when first asked for and then kept: drawing one costs as much
// as training on it several times. What a number gives does not depend on when it is asked for.
// Safe to use from several threads.
class PicturePool
{
public:
    PicturePool(const TrainSettings &settings, std::uint64_t firstIdentity, int captions);

    std::shared_ptr<const PoolPicture> at(std::int64_t index);

    // How many pictures training may use at a step: `poolStart` and `poolGrowth` for each step.
    std::int64_t sizeAt(std::int64_t step) const;
    // Pictures drawn so far.
    std::int64_t drawn() const;

private:
    struct Slot;

    TrainSettings m_settings;
    std::uint64_t m_firstIdentity;
    int m_captions;
    mutable std::mutex m_mutex;
    std::unordered_map<std::int64_t, std::shared_ptr<Slot>> m_slots;
};

} // namespace sapsam::training
