#include "core/train/picture_pool.h"

namespace sapsam::training {

struct PicturePool::Slot
{
    std::once_flag once;
    std::shared_ptr<const PoolPicture> picture;
};

PicturePool::PicturePool(const TrainSettings &settings, std::uint64_t firstIdentity, int captions)
    : m_settings(settings), m_firstIdentity(firstIdentity), m_captions(captions)
{
}

std::shared_ptr<const PoolPicture> PicturePool::at(std::int64_t index)
{
    std::shared_ptr<Slot> slot;
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        std::shared_ptr<Slot> &entry = m_slots[index];
        if (!entry)
            entry = std::make_shared<Slot>();
        slot = entry;
    }
    std::call_once(slot->once, [&] {
        auto item = std::make_shared<PoolPicture>();
        const std::int64_t perIdentity = m_settings.picturesPerIdentity;
        item->identity = m_firstIdentity + static_cast<std::uint64_t>(index / perIdentity);
        item->person = makePerson(m_settings.dataSeed, item->identity);
        item->picture = renderPicture(item->person, static_cast<std::uint64_t>(index % perIdentity),
                                      m_settings.renderWidth, m_settings.renderHeight);
        if (m_captions > 0) {
            const SeededRandom random = SeededRandom(m_settings.dataSeed)
                                            .fork("captions")
                                            .fork(item->identity)
                                            .fork(static_cast<std::uint64_t>(index));
            item->captions = makeCaptions(item->person, item->picture, m_captions, random,
                                          CaptionStyle::Description);
            item->words = PartWords(item->person, item->picture, random.fork("words"));
        }
        slot->picture = std::move(item);
    });
    return slot->picture;
}

std::int64_t PicturePool::sizeAt(std::int64_t step) const
{
    return m_settings.poolStart
           + static_cast<std::int64_t>(m_settings.poolGrowth * static_cast<double>(step));
}

std::int64_t PicturePool::drawn() const
{
    const std::lock_guard<std::mutex> lock(m_mutex);
    return static_cast<std::int64_t>(m_slots.size());
}

} // namespace sapsam::training
