#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace sapsam {

// FNV-1a over the bytes of a name: a stable seed from a string.
constexpr std::uint64_t fnv1a64(std::string_view text)
{
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return hash;
}

// One step of SplitMix64 (Steele, Lea, Flood 2014): a good mixing of 64 bits.
constexpr std::uint64_t splitMix64(std::uint64_t x)
{
    x += 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

// Seeded generator whose numbers are the same on every platform and compiler
// (the distributions of <random> are not). A value type: copy it to fork the stream.
class SeededRandom
{
public:
    explicit SeededRandom(std::uint64_t seed) : m_state(splitMix64(seed)) {}

    // An independent stream for a named purpose or an item number.
    SeededRandom fork(std::uint64_t key) const { return SeededRandom(m_state ^ splitMix64(key)); }
    SeededRandom fork(std::string_view name) const { return fork(fnv1a64(name)); }

    std::uint64_t next()
    {
        m_state += 0x9E3779B97F4A7C15ULL;
        return splitMix64(m_state);
    }

    // Uniform in [0, 1).
    double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    double uniform(double low, double high) { return low + (high - low) * uniform(); }

    // Uniform integer in [low, high], both ends included.
    std::int64_t integer(std::int64_t low, std::int64_t high)
    {
        return low + static_cast<std::int64_t>(uniform() * static_cast<double>(high - low + 1));
    }

    bool chance(double probability) { return uniform() < probability; }

    // Standard normal by Box and Muller; two uniforms a call.
    double normal()
    {
        const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
        return radius * std::cos(6.283185307179586 * uniform());
    }
    double normal(double mean, double deviation) { return mean + deviation * normal(); }

    template <typename T>
    const T &pick(const std::vector<T> &items)
    {
        return items[static_cast<std::size_t>(
            integer(0, static_cast<std::int64_t>(items.size()) - 1))];
    }

    // Index drawn with probability proportional to its weight.
    std::size_t weighted(const std::vector<double> &weights)
    {
        double sum = 0.0;
        for (const double weight : weights)
            sum += weight;
        double left = uniform() * sum;
        for (std::size_t i = 0; i < weights.size(); ++i) {
            left -= weights[i];
            if (left < 0.0)
                return i;
        }
        return weights.size() - 1;
    }

    template <typename T>
    void shuffle(std::vector<T> &items)
    {
        for (std::size_t i = items.size(); i > 1; --i)
            std::swap(
                items[i - 1],
                items[static_cast<std::size_t>(integer(0, static_cast<std::int64_t>(i) - 1))]);
    }

    // The whole state, to be stored in a checkpoint and restored.
    std::uint64_t state() const { return m_state; }
    void setState(std::uint64_t state) { m_state = state; }

private:
    std::uint64_t m_state;
};

} // namespace sapsam
