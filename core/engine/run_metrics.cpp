#include "core/engine/run_metrics.h"

#include "core/base/file.h"
#include "core/base/json_file.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <fcntl.h>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

namespace sapsam {

namespace {

constexpr std::size_t kFan = 8; // points of a level that make one of the next
constexpr std::size_t kPiece = 4U << 20;

struct Number
{
    std::string name;
    double value = 0.0;
};

// The numbers of one line. Most lines are flat objects of numbers, which are scanned by hand: a
// million of them are read while somebody waits.
class LineScanner
{
public:
    LineScanner(const char *begin, const char *end) : m_at(begin), m_end(end) {}

    // False for what is not such an object.
    bool scan(std::vector<Number> &numbers)
    {
        return object({}, numbers) && (blanks(), m_at == m_end);
    }

private:
    void blanks()
    {
        while (m_at != m_end && (*m_at == ' ' || *m_at == '\t' || *m_at == '\r'))
            ++m_at;
    }
    bool take(char c)
    {
        blanks();
        if (m_at == m_end || *m_at != c)
            return false;
        ++m_at;
        return true;
    }
    bool text(std::string &out)
    {
        if (!take('"'))
            return false;
        const char *start = m_at;
        while (m_at != m_end && *m_at != '"') {
            if (*m_at == '\\')
                return false;
            ++m_at;
        }
        if (m_at == m_end)
            return false;
        out.assign(start, m_at);
        ++m_at;
        return true;
    }
    bool object(const std::string &prefix, std::vector<Number> &numbers)
    {
        if (!take('{'))
            return false;
        if (take('}'))
            return true;
        std::string key;
        do {
            if (!text(key) || !take(':'))
                return false;
            blanks();
            if (m_at == m_end)
                return false;
            if (*m_at == '{') {
                if (!prefix.empty() || !object(key + "/", numbers))
                    return false;
            } else if (*m_at == '-' || (*m_at >= '0' && *m_at <= '9')) {
                Number number{prefix + key, 0.0};
                const auto result = std::from_chars(m_at, m_end, number.value);
                if (result.ec == std::errc::invalid_argument)
                    return false;
                m_at = result.ptr;
                numbers.push_back(std::move(number));
            } else if (*m_at == '"') {
                std::string ignored;
                if (!text(ignored))
                    return false;
            } else if (!word("null") && !word("true") && !word("false")) {
                return false;
            }
        } while (take(','));
        return take('}');
    }
    bool word(const std::string &expected)
    {
        if (static_cast<std::size_t>(m_end - m_at) < expected.size()
            || !std::equal(expected.begin(), expected.end(), m_at))
            return false;
        m_at += expected.size();
        return true;
    }

    const char *m_at;
    const char *m_end;
};

void collect(const Json &json, const std::string &prefix, std::vector<Number> &numbers)
{
    for (const auto &item : json.items()) {
        if (item.value().is_number())
            numbers.push_back({prefix + item.key(), item.value().get<double>()});
        else if (item.value().is_object() && prefix.empty())
            collect(item.value(), item.key() + "/", numbers);
    }
}

// False for a damaged line.
bool numbersOf(const char *begin, const char *end, std::vector<Number> &numbers)
{
    numbers.clear();
    if (LineScanner(begin, end).scan(numbers))
        return true;
    numbers.clear();
    const Json json = Json::parse(begin, end, nullptr, false);
    if (!json.is_object())
        return false;
    collect(json, {}, numbers);
    return true;
}

} // namespace

void Curve::append(double step, double value)
{
    if (!std::isfinite(value) || !std::isfinite(step)
        || (!m_points.empty() && step < m_points.back().step))
        return;
    m_points.push_back({step, static_cast<float>(value)});
    std::int64_t full = kFan;
    for (std::size_t level = 0;; ++level, full *= static_cast<std::int64_t>(kFan)) {
        if (level == m_levels.size()) {
            // A level pays when the one below it has more than one full column.
            if (static_cast<std::int64_t>(m_points.size()) < full)
                return;
            m_levels.emplace_back();
            const auto take = [&](const CurveColumn &column) {
                CurveColumn &sum = m_levels[level].back();
                const auto count = static_cast<double>(sum.count + column.count);
                sum.mean = (sum.mean * static_cast<double>(sum.count)
                            + column.mean * static_cast<double>(column.count))
                           / count;
                sum.low = std::min(sum.low, column.low);
                sum.high = std::max(sum.high, column.high);
                sum.last = column.last;
                sum.count += column.count;
            };
            for (std::size_t i = 0; i < m_points.size(); ++i) {
                const Point &point = m_points[i];
                const double number = static_cast<double>(point.value);
                const CurveColumn own{point.step, point.step, number, number, number, 1};
                if (m_levels[level].empty() || m_levels[level].back().count == full)
                    m_levels[level].push_back(own);
                else
                    take(own);
            }
            continue;
        }
        std::vector<CurveColumn> &columns = m_levels[level];
        const double number = static_cast<double>(m_points.back().value);
        if (columns.back().count == full) {
            columns.push_back({step, step, number, number, number, 1});
            continue;
        }
        CurveColumn &column = columns.back();
        column.mean += (number - column.mean) / static_cast<double>(++column.count);
        column.low = std::min(column.low, number);
        column.high = std::max(column.high, number);
        column.last = step;
    }
}

double Curve::lastValue() const
{
    return m_points.empty() ? 0.0 : static_cast<double>(m_points.back().value);
}

double Curve::largest() const
{
    double value = m_points.empty() ? 0.0 : static_cast<double>(m_points.front().value);
    if (m_levels.empty()) {
        for (const Point &point : m_points)
            value = std::max(value, static_cast<double>(point.value));
        return value;
    }
    for (const CurveColumn &column : m_levels.back())
        value = std::max(value, column.high);
    return value;
}

double Curve::smallest() const
{
    double value = m_points.empty() ? 0.0 : static_cast<double>(m_points.front().value);
    if (m_levels.empty()) {
        for (const Point &point : m_points)
            value = std::min(value, static_cast<double>(point.value));
        return value;
    }
    for (const CurveColumn &column : m_levels.back())
        value = std::min(value, column.low);
    return value;
}

std::vector<CurveColumn> Curve::columns(double from, double to, int wanted) const
{
    std::vector<CurveColumn> result;
    const std::size_t most = 2 * static_cast<std::size_t>(std::max(1, wanted));
    const auto begin = std::lower_bound(m_points.begin(), m_points.end(), from,
                                        [](const Point &p, double x) { return p.step < x; });
    const auto end = std::upper_bound(m_points.begin(), m_points.end(), to,
                                      [](double x, const Point &p) { return x < p.step; });
    if (end < begin)
        return result;
    std::size_t first = static_cast<std::size_t>(begin - m_points.begin());
    std::size_t last = static_cast<std::size_t>(end - m_points.begin()); // behind the last
    first = first > 0 ? first - 1 : 0;
    last = std::min(last + 1, m_points.size());
    std::size_t size = 1; // points in a column
    std::size_t level = 0;
    while ((last - first) / size > most && level < m_levels.size()) {
        size *= kFan;
        ++level;
    }
    if (level == 0) {
        for (std::size_t i = first; i < last; ++i) {
            const double value = static_cast<double>(m_points[i].value);
            result.push_back({m_points[i].step, m_points[i].step, value, value, value, 1});
        }
        return result;
    }
    const std::vector<CurveColumn> &columns = m_levels[level - 1];
    const std::size_t until = std::min((last + size - 1) / size, columns.size());
    for (std::size_t i = first / size; i < until; ++i)
        result.push_back(columns[i]);
    return result;
}

CurveColumn Curve::nearest(double step) const
{
    if (m_points.empty())
        return {};
    auto found = std::lower_bound(m_points.begin(), m_points.end(), step,
                                  [](const Point &p, double x) { return p.step < x; });
    if (found == m_points.end()
        || (found != m_points.begin() && step - (found - 1)->step < found->step - step))
        --found;
    const double value = static_cast<double>(found->value);
    return {found->step, found->step, value, value, value, 1};
}

struct RunMetrics::Private
{
    std::string path;
    // Of the thread that reads.
    ino_t inode = 0;
    std::string rest; // of a line that is still being written

    mutable std::mutex mutex;
    std::int64_t read = 0;
    std::int64_t total = 0;
    std::int64_t lines = 0;
    std::int64_t damaged = 0;
    std::map<std::string, Curve> curves;

    void clear()
    {
        const std::lock_guard<std::mutex> lock(mutex);
        read = total = lines = damaged = 0;
        curves.clear();
        rest.clear();
    }

    // All whole lines of a piece.
    void take(const std::string &piece)
    {
        struct Line
        {
            double step;
            std::vector<Number> numbers;
        };
        std::vector<Line> found;
        std::int64_t broken = 0;
        std::int64_t seen = 0;
        std::vector<Number> numbers;
        std::size_t start = 0;
        for (std::size_t end = piece.find('\n'); end != std::string::npos;
             start = end + 1, end = piece.find('\n', start)) {
            if (end == start)
                continue;
            ++seen;
            if (!numbersOf(piece.data() + start, piece.data() + end, numbers)) {
                ++broken;
                continue;
            }
            double step = 0.0;
            for (const Number &number : numbers) {
                if (number.name == "step")
                    step = number.value;
            }
            found.push_back({step, std::move(numbers)});
            numbers = {};
        }
        const std::lock_guard<std::mutex> lock(mutex);
        lines += seen;
        damaged += broken;
        for (const Line &line : found) {
            for (const Number &number : line.numbers) {
                if (number.name != "step" && number.name != "epoch")
                    curves[number.name].append(line.step, number.value);
            }
        }
    }
};

RunMetrics::RunMetrics(std::string path) : d(std::make_unique<Private>())
{
    d->path = std::move(path);
}

RunMetrics::~RunMetrics() = default;

bool RunMetrics::update(std::int64_t maxBytes)
{
    const int file = ::open(d->path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            throwSystemError("read", d->path, errno);
        const bool hadSome = bytesRead() > 0;
        d->inode = 0;
        d->clear();
        return hadSome;
    }
    struct Closer
    {
        int file;
        ~Closer() { ::close(file); }
    } const closer{file};
    struct stat info = {};
    if (::fstat(file, &info) != 0)
        throwSystemError("read", d->path, errno);
    bool isNews = false;
    if (info.st_ino != d->inode || info.st_size < d->read) {
        isNews = d->read > 0;
        d->clear();
        d->inode = info.st_ino;
    }
    {
        const std::lock_guard<std::mutex> lock(d->mutex);
        d->total = info.st_size;
    }
    std::int64_t left = std::min<std::int64_t>(maxBytes, info.st_size - d->read);
    std::string piece;
    while (left > 0) {
        const std::size_t kept = d->rest.size();
        piece = std::move(d->rest);
        d->rest.clear();
        const std::size_t wanted = static_cast<std::size_t>(
            std::min<std::int64_t>(left, static_cast<std::int64_t>(kPiece)));
        piece.resize(kept + wanted);
        const ssize_t count = ::pread(file, piece.data() + kept, wanted, d->read);
        if (count < 0)
            throwSystemError("read", d->path, errno);
        piece.resize(kept + static_cast<std::size_t>(count));
        if (count == 0) {
            d->rest = std::move(piece);
            break;
        }
        const std::size_t end = piece.find_last_of('\n');
        if (end == std::string::npos) {
            d->rest = std::move(piece);
        } else {
            d->rest = piece.substr(end + 1);
            piece.resize(end + 1);
            d->take(piece);
        }
        const std::lock_guard<std::mutex> lock(d->mutex);
        d->read += count;
        left -= count;
        isNews = true;
    }
    return isNews;
}

const std::string &RunMetrics::path() const
{
    return d->path;
}

std::int64_t RunMetrics::bytesRead() const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    return d->read;
}

std::int64_t RunMetrics::bytesTotal() const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    return d->total;
}

std::int64_t RunMetrics::lines() const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    return d->lines;
}

std::int64_t RunMetrics::damagedLines() const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    return d->damaged;
}

std::vector<std::string> RunMetrics::names() const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    std::vector<std::string> names;
    for (const auto &[name, curve] : d->curves)
        names.push_back(name);
    return names;
}

Curve RunMetrics::curve(const std::string &name) const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    const auto found = d->curves.find(name);
    return found == d->curves.end() ? Curve() : found->second;
}

std::vector<CurveColumn> RunMetrics::columns(const std::string &name, double from, double to,
                                             int wanted) const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    const auto found = d->curves.find(name);
    return found == d->curves.end() ? std::vector<CurveColumn>()
                                    : found->second.columns(from, to, wanted);
}

CurveColumn RunMetrics::nearest(const std::string &name, double step) const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    const auto found = d->curves.find(name);
    return found == d->curves.end() ? CurveColumn() : found->second.nearest(step);
}

std::map<std::string, double> RunMetrics::lastValues() const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    std::map<std::string, double> values;
    for (const auto &[name, curve] : d->curves)
        values[name] = curve.lastValue();
    return values;
}

double RunMetrics::lastStep() const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    double step = 0.0;
    for (const auto &[name, curve] : d->curves)
        step = std::max(step, curve.lastStep());
    return step;
}

std::int64_t RunMetrics::pointCount(const std::string &name) const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    const auto found = d->curves.find(name);
    return found == d->curves.end() ? 0 : found->second.count();
}

} // namespace sapsam
