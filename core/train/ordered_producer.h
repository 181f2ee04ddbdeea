#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace sapsam::training {

// Makes items number first, first+1, … on threads of its own and hands them out in that order, so
// that what the consumer sees does not depend on timing. At most `capacity` items are ready or
// under way. `make` is called from several threads at once. The destructor stops and waits.
template <typename Item>
class OrderedProducer
{
public:
    OrderedProducer(std::int64_t first, std::int64_t end, int threads, int capacity,
                    std::function<Item(std::int64_t)> make)
        : m_make(std::move(make)), m_next(first), m_taken(first), m_end(end), m_capacity(capacity)
    {
        for (int i = 0; i < threads; ++i)
            m_threads.emplace_back([this] { work(); });
    }

    ~OrderedProducer()
    {
        {
            const std::lock_guard<std::mutex> lock(m_mutex);
            m_stop = true;
        }
        m_changed.notify_all();
        for (std::thread &thread : m_threads)
            thread.join();
    }

    OrderedProducer(const OrderedProducer &) = delete;
    OrderedProducer &operator=(const OrderedProducer &) = delete;

    // Waits for the next item; throws what making it threw. Not to be called beyond the end.
    Item take()
    {
        std::unique_lock<std::mutex> lock(m_mutex);
        m_changed.wait(lock, [this] { return m_ready.count(m_taken) > 0; });
        auto found = m_ready.find(m_taken);
        Result result = std::move(found->second);
        m_ready.erase(found);
        ++m_taken;
        lock.unlock();
        m_changed.notify_all();
        if (result.error)
            std::rethrow_exception(result.error);
        return std::move(result.item);
    }

private:
    struct Result
    {
        Item item{};
        std::exception_ptr error;
    };

    void work()
    {
        for (;;) {
            std::unique_lock<std::mutex> lock(m_mutex);
            m_changed.wait(lock, [this] {
                return m_stop || m_next >= m_end || m_next < m_taken + m_capacity;
            });
            if (m_stop || m_next >= m_end)
                return;
            const std::int64_t index = m_next++;
            lock.unlock();

            Result result;
            try {
                result.item = m_make(index);
            } catch (...) { // carried to the consumer, which rethrows it
                result.error = std::current_exception();
            }

            lock.lock();
            m_ready.emplace(index, std::move(result));
            lock.unlock();
            m_changed.notify_all();
        }
    }

    std::function<Item(std::int64_t)> m_make;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::map<std::int64_t, Result> m_ready;
    std::int64_t m_next;
    std::int64_t m_taken;
    std::int64_t m_end;
    std::int64_t m_capacity;
    bool m_stop = false;
    std::vector<std::thread> m_threads;
};

} // namespace sapsam::training
