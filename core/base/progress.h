#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace sapsam {

struct Progress
{
    std::string stage;                // what is being done now, for people
    std::int64_t done = 0;            // items finished
    std::int64_t total = 0;           // items in all; 0 when not known
    std::optional<double> etaSeconds; // time left; empty until it can be estimated
};

// Called on the thread that does the work, as often as it likes: receivers throttle.
using ProgressSink = std::function<void(const Progress &)>;

// Counts items and estimates the time left from the rate so far. One thread only.
class ProgressMeter
{
public:
    ProgressMeter(std::string stage, std::int64_t total, ProgressSink sink);

    // Adds finished items and reports.
    void advance(std::int64_t items = 1);

private:
    std::string m_stage;
    std::int64_t m_total;
    std::int64_t m_done = 0;
    ProgressSink m_sink;
    std::chrono::steady_clock::time_point m_start;
};

} // namespace sapsam
