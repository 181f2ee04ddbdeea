#pragma once

#include <atomic>
#include <memory>

namespace sapsam {

// Asks whether the work should stop. Copies share the flag; a default token never cancels.
// Readable from C++17 translation units (the lint of torch files), hence not std::stop_token.
class CancelToken
{
public:
    CancelToken() = default;

    bool isCancelled() const { return m_flag && m_flag->load(std::memory_order_relaxed); }

private:
    friend class CancelSource;
    explicit CancelToken(std::shared_ptr<const std::atomic<bool>> flag) : m_flag(std::move(flag)) {}

    std::shared_ptr<const std::atomic<bool>> m_flag;
};

// Owns the flag. cancel() may be called from any thread and from a signal handler.
class CancelSource
{
public:
    CancelSource() : m_flag(std::make_shared<std::atomic<bool>>(false)) {}

    void cancel() { m_flag->store(true, std::memory_order_relaxed); }
    bool isCancelled() const { return m_flag->load(std::memory_order_relaxed); }
    CancelToken token() const { return CancelToken(m_flag); }

private:
    std::shared_ptr<std::atomic<bool>> m_flag;
};

} // namespace sapsam
