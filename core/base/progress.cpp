#include "core/base/progress.h"

namespace sapsam {

ProgressMeter::ProgressMeter(std::string stage, std::int64_t total, ProgressSink sink)
    : m_stage(std::move(stage)),
      m_total(total),
      m_sink(std::move(sink)),
      m_start(std::chrono::steady_clock::now())
{
    if (m_sink)
        m_sink({m_stage, 0, m_total, std::nullopt});
}

void ProgressMeter::advance(std::int64_t items)
{
    m_done += items;
    if (!m_sink)
        return;
    const double elapsed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    std::optional<double> eta;
    if (m_done > 0 && m_total > 0 && elapsed > 0.5)
        eta = elapsed / static_cast<double>(m_done) * static_cast<double>(m_total - m_done);
    m_sink({m_stage, m_done, m_total, eta});
}

} // namespace sapsam
