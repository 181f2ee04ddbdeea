#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

// What a run measured, read from metrics.jsonl while the run goes on writing it.
namespace sapsam {

// Some neighbouring points of a curve as one column of a drawing.
struct CurveColumn
{
    double first = 0.0; // steps
    double last = 0.0;
    double low = 0.0;
    double high = 0.0;
    double mean = 0.0;
    std::int64_t count = 0;
};

// One number over the steps, with levels of 8, 64, 512, … points together, so that a drawing costs
// what it has columns, not what the curve has points.
class Curve
{
public:
    // Steps come in order; one that does not is dropped, and a value that is not finite too.
    void append(double step, double value);

    std::int64_t count() const { return static_cast<std::int64_t>(m_points.size()); }
    double firstStep() const { return m_points.empty() ? 0.0 : m_points.front().step; }
    double lastStep() const { return m_points.empty() ? 0.0 : m_points.back().step; }
    double lastValue() const;
    double largest() const;  // of an empty curve 0
    double smallest() const; //

    // The points from `from` to `to` and one more on each side, as at most 2 · `wanted` + 10
    // columns; single points as long as there are few.
    std::vector<CurveColumn> columns(double from, double to, int wanted) const;
    // The point nearest to a step; of an empty curve one with a count of 0.
    CurveColumn nearest(double step) const;

private:
    struct Point
    {
        double step;
        float value;
    };
    std::vector<Point> m_points;
    std::vector<std::vector<CurveColumn>> m_levels; // of 8, 64, … points
};

// Reads what has been added since the last time. A line that is still being written waits; a
// damaged one is counted and left out; a file that was replaced or cut (a run that was resumed) is
// read anew.
// Thread rule: update() on one thread; everything else on any thread, also meanwhile.
class RunMetrics
{
public:
    explicit RunMetrics(std::string path);
    ~RunMetrics();

    // Reads at most so many bytes; true when something came. A file that is not there is empty.
    // Throws Error(Io) naming it.
    bool update(std::int64_t maxBytes = INT64_MAX);

    const std::string &path() const;
    std::int64_t bytesRead() const;
    std::int64_t bytesTotal() const; // of the file when it was last looked at
    std::int64_t lines() const;
    std::int64_t damagedLines() const;

    // "loss", "learningRate", …; of the validations "validation/R@1", of the end "final/R@1".
    std::vector<std::string> names() const;
    Curve curve(const std::string &name) const; // a copy; empty for an unknown name
    std::vector<CurveColumn> columns(const std::string &name, double from, double to,
                                     int wanted) const;
    CurveColumn nearest(const std::string &name, double step) const;
    // The last value of every curve.
    std::map<std::string, double> lastValues() const;
    double lastStep() const;
    std::int64_t pointCount(const std::string &name) const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace sapsam
