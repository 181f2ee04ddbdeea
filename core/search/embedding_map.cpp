#include "core/search/embedding_map.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/search/half_float.h"
#include "core/search/ranking.h"
#include "core/search/vector_index.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <thread>
#include <utility>

namespace sapsam {

namespace {

// Principal components are found on so many rows; more change the axes by less than a pixel.
constexpr std::size_t kSampleRows = 4096;
constexpr int kPowerSteps = 24;
constexpr int kBasis = 8; // directions carried along; two are used
// Up to so many rows the neighbours are found by comparing all with all.
constexpr std::size_t kExactRows = 4000;
constexpr int kNegatives = 5;          // pushed away for each that is pulled near
constexpr float kStartExtent = 10.0F;  // of the layout before the first epoch
constexpr float kMaxStep = 4.0F;       // of one move, as in UMAP
constexpr float kPushSoftener = 0.001F;
constexpr int kSigmaSteps = 48;
constexpr double kSigmaTolerance = 1e-5;
constexpr std::string_view kMagic = "SAPMAPS1";
constexpr std::size_t kHeaderBytes = 64;

// Rows of two components and the neighbours' graph, as they are found.
using Plane = std::vector<float>;

void normalise(std::vector<double> &vector)
{
    double sum = 0.0;
    for (const double value : vector)
        sum += value * value;
    const double length = std::sqrt(sum);
    for (double &value : vector)
        value = length > 0.0 ? value / length : 0.0;
}

// Projections of all rows on their first two principal components, by orthogonal iteration.
Plane principalPlane(const HalfRows &rows, std::uint64_t seed, const CancelToken &cancel)
{
    const auto dimension = static_cast<std::size_t>(rows.dimension);
    const std::size_t count = std::min(rows.count, kSampleRows);
    std::vector<float> sample(count * dimension);
    std::vector<double> mean(dimension, 0.0);
    for (std::size_t i = 0; i < count; ++i) {
        float *row = sample.data() + i * dimension;
        floatFromHalf(rows.row(i * rows.count / count), row, dimension);
        for (std::size_t d = 0; d < dimension; ++d)
            mean[d] += row[d] / static_cast<double>(count);
    }
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t d = 0; d < dimension; ++d)
            sample[i * dimension + d] -= static_cast<float>(mean[d]);
    }

    const auto wanted = std::min<std::size_t>(kBasis, dimension);
    SeededRandom random(seed);
    std::vector<std::vector<double>> basis(wanted, std::vector<double>(dimension));
    for (auto &direction : basis) {
        for (double &value : direction)
            value = random.normal();
    }
    for (int step = 0; step < kPowerSteps && !cancel.isCancelled(); ++step) {
        for (auto &direction : basis) {
            std::vector<float> now(direction.begin(), direction.end());
            std::vector<double> next(dimension, 0.0);
            for (std::size_t i = 0; i < count; ++i) {
                const float *row = sample.data() + i * dimension;
                const float product = dotProduct(row, now.data(), rows.dimension);
                for (std::size_t d = 0; d < dimension; ++d)
                    next[d] += static_cast<double>(product) * row[d];
            }
            direction = std::move(next);
        }
        // Gram and Schmidt; the strongest comes first by itself.
        for (std::size_t k = 0; k < basis.size(); ++k) {
            for (std::size_t j = 0; j < k; ++j) {
                double product = 0.0;
                for (std::size_t d = 0; d < dimension; ++d)
                    product += basis[k][d] * basis[j][d];
                for (std::size_t d = 0; d < dimension; ++d)
                    basis[k][d] -= product * basis[j][d];
            }
            normalise(basis[k]);
        }
    }

    Plane plane(rows.count * 2, 0.0F);
    std::vector<float> row(dimension);
    for (std::size_t axis = 0; axis < std::min<std::size_t>(2, basis.size()); ++axis) {
        // The sign is free: the greatest share points forward.
        auto &direction = basis[axis];
        const auto greatest =
            std::max_element(direction.begin(), direction.end(),
                             [](double a, double b) { return std::abs(a) < std::abs(b); });
        if (*greatest < 0.0) {
            for (double &value : direction)
                value = -value;
        }
        double offset = 0.0;
        for (std::size_t d = 0; d < dimension; ++d)
            offset += mean[d] * direction[d];
        const std::vector<float> now(direction.begin(), direction.end());
        for (std::size_t i = 0; i < rows.count; ++i) {
            floatFromHalf(rows.row(i), row.data(), dimension);
            plane[i * 2 + axis] =
                dotProduct(row.data(), now.data(), rows.dimension) - static_cast<float>(offset);
        }
    }
    return plane;
}

struct Graph
{
    int neighbours = 0;
    std::vector<std::uint32_t> heads; // rows * neighbours, nearest first, without the row itself
    std::vector<float> distances;     // cosine distance, as many
};

Graph neighboursOf(const MappedFeatures &features, int neighbours, std::uint64_t seed,
                   const CancelToken &cancel, const ProgressSink &progress)
{
    const HalfRows &rows = features.rows();
    Graph graph;
    graph.neighbours = static_cast<int>(
        std::min<std::size_t>(static_cast<std::size_t>(neighbours), rows.count - 1));
    const auto width = static_cast<std::size_t>(graph.neighbours);
    graph.heads.resize(rows.count * width);
    graph.distances.resize(rows.count * width);

    std::optional<VectorIndex> index;
    if (rows.count > kExactRows) {
        IndexOptions options;
        options.seed = seed;
        index = VectorIndex::build(features, options, cancel, progress);
        if (cancel.isCancelled())
            return graph;
    }
    // Hits are named by id; ids need not be in order.
    std::vector<std::pair<std::int64_t, std::uint32_t>> places;
    for (std::size_t i = 0; i < rows.count; ++i)
        places.emplace_back(rows.ids[i], static_cast<std::uint32_t>(i));
    std::sort(places.begin(), places.end());
    const auto placeOf = [&](std::int64_t id) {
        return std::lower_bound(places.begin(), places.end(), std::pair(id, std::uint32_t{0}))
            ->second;
    };

    ProgressMeter meter("finding neighbours", static_cast<std::int64_t>(rows.count), progress);
    constexpr std::size_t kPortion = 256;
    std::atomic<std::size_t> next{0};
    const auto work = [&](bool reports) {
        std::vector<float> query(static_cast<std::size_t>(rows.dimension));
        for (std::size_t first = next.fetch_add(kPortion);
             first < rows.count && !cancel.isCancelled(); first = next.fetch_add(kPortion)) {
            const std::size_t last = std::min(rows.count, first + kPortion);
            for (std::size_t i = first; i < last; ++i) {
                floatFromHalf(rows.row(i), query.data(), query.size());
                const std::vector<RankedImage> hits =
                    index ? index->search(features, query, graph.neighbours + 1)
                          : rankByCosine(rows, query, graph.neighbours + 1);
                std::size_t filled = 0;
                for (const RankedImage &hit : hits) {
                    const std::uint32_t place = placeOf(hit.imageId);
                    if (place == i || filled == width)
                        continue;
                    graph.heads[i * width + filled] = place;
                    graph.distances[i * width + filled] = std::max(0.0F, 1.0F - hit.score);
                    ++filled;
                }
                // Lists with fewer rows than that: the last one again weighs nothing more.
                for (; filled < width; ++filled) {
                    graph.heads[i * width + filled] =
                        filled == 0 ? static_cast<std::uint32_t>(i)
                                    : graph.heads[i * width + filled - 1];
                    graph.distances[i * width + filled] = 2.0F;
                }
            }
            if (reports)
                meter.advance(static_cast<std::int64_t>(last - first));
        }
    };
    // The exact ranking is parallel by itself.
    const unsigned threads = index ? std::max(1U, std::thread::hardware_concurrency()) : 1;
    std::vector<std::thread> helpers;
    for (unsigned i = 1; i < threads; ++i)
        helpers.emplace_back(work, false);
    work(true);
    for (std::thread &helper : helpers)
        helper.join();
    return graph;
}

struct Edge
{
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    float weight = 0.0F; // membership, in (0, 1]

    bool operator<(const Edge &other) const
    {
        return std::pair(from, to) < std::pair(other.from, other.to);
    }
};

// The fuzzy union of all neighbourhoods (UMAP, algorithms 2 and 3): within one, the nearest weighs
// 1 and the weights add up to log2(neighbours).
std::vector<Edge> fuzzyGraph(const Graph &graph, std::size_t count)
{
    const auto width = static_cast<std::size_t>(graph.neighbours);
    const double wanted = std::log2(static_cast<double>(graph.neighbours + 1));
    std::vector<Edge> edges;
    edges.reserve(count * width * 2);
    for (std::size_t i = 0; i < count; ++i) {
        const float *distances = graph.distances.data() + i * width;
        const double nearest = distances[0];
        double low = 0.0;
        double high = std::numeric_limits<double>::infinity();
        double sigma = 1.0;
        for (int step = 0; step < kSigmaSteps; ++step) {
            double sum = 0.0;
            for (std::size_t k = 0; k < width; ++k)
                sum += std::exp(-std::max(0.0, distances[k] - nearest) / sigma);
            if (std::abs(sum - wanted) < kSigmaTolerance)
                break;
            if (sum > wanted) {
                high = sigma;
                sigma = (low + high) / 2.0;
            } else {
                low = sigma;
                sigma = std::isinf(high) ? sigma * 2.0 : (low + high) / 2.0;
            }
        }
        sigma = std::max(sigma, 1e-6);
        for (std::size_t k = 0; k < width; ++k) {
            const std::uint32_t head = graph.heads[i * width + k];
            const double weight = std::exp(-std::max(0.0, distances[k] - nearest) / sigma);
            if (head == i || weight < 1e-4)
                continue;
            edges.push_back({static_cast<std::uint32_t>(i), head, static_cast<float>(weight)});
        }
    }
    // a + b - a b for what both say; each pair once.
    std::vector<Edge> both = edges;
    for (const Edge &edge : edges)
        both.push_back({edge.to, edge.from, edge.weight});
    std::sort(both.begin(), both.end());
    std::vector<Edge> merged;
    for (const Edge &edge : both) {
        if (edge.from >= edge.to)
            continue;
        if (!merged.empty() && merged.back().from == edge.from && merged.back().to == edge.to)
            merged.back().weight += edge.weight - merged.back().weight * edge.weight;
        else
            merged.push_back(edge);
    }
    return merged;
}

int epochsFor(const MapOptions &options, std::size_t count)
{
    if (options.epochs > 0)
        return options.epochs;
    return count <= 10'000 ? 400 : count <= 50'000 ? 250 : 150;
}

// Stochastic gradient descent on the cross entropy between the graph and the plane: near ones pull,
// random others push. One thread: the result depends on the order of the moves.
void layOut(Plane &plane, const std::vector<Edge> &edges, int epochs, std::uint64_t seed,
            const CancelToken &cancel, const ProgressSink &progress)
{
    const auto count = static_cast<std::int64_t>(plane.size() / 2);
    float greatest = 0.0F;
    for (const Edge &edge : edges)
        greatest = std::max(greatest, edge.weight);
    std::vector<float> every; // epochs between two turns of an edge
    std::vector<float> due;
    for (const Edge &edge : edges) {
        every.push_back(greatest / edge.weight);
        due.push_back(every.back());
    }
    SeededRandom random(seed);
    ProgressMeter meter("laying out", epochs, progress);
    const auto clamped = [](float step) { return std::clamp(step, -kMaxStep, kMaxStep); };
    for (int epoch = 0; epoch < epochs && !cancel.isCancelled(); ++epoch) {
        const float rate = 1.0F - static_cast<float>(epoch) / static_cast<float>(epochs);
        for (std::size_t e = 0; e < edges.size(); ++e) {
            if (due[e] > static_cast<float>(epoch + 1))
                continue;
            due[e] += every[e];
            float *a = plane.data() + std::size_t{2} * edges[e].from;
            float *b = plane.data() + std::size_t{2} * edges[e].to;
            {
                const float x = a[0] - b[0];
                const float y = a[1] - b[1];
                const float pull = -2.0F / (1.0F + x * x + y * y);
                const float stepX = clamped(pull * x) * rate;
                const float stepY = clamped(pull * y) * rate;
                a[0] += stepX;
                a[1] += stepY;
                b[0] -= stepX;
                b[1] -= stepY;
            }
            // Both ends have their turn.
            for (float *end : {a, b}) {
                for (int negative = 0; negative < kNegatives; ++negative) {
                    const auto other = static_cast<std::size_t>(
                        (static_cast<unsigned __int128>(random.next())
                         * static_cast<std::uint64_t>(count))
                        >> 64);
                    const float *c = plane.data() + 2 * other;
                    const float x = end[0] - c[0];
                    const float y = end[1] - c[1];
                    const float square = x * x + y * y;
                    if (square <= 0.0F)
                        continue;
                    const float push = 2.0F / ((kPushSoftener + square) * (1.0F + square));
                    end[0] += clamped(push * x) * rate;
                    end[1] += clamped(push * y) * rate;
                }
            }
        }
        meter.advance();
    }
}

// Into [0, 1] with one scale for both axes, in the middle of the other.
void fitIntoUnit(Plane &plane)
{
    std::array<float, 2> low{std::numeric_limits<float>::infinity(),
                             std::numeric_limits<float>::infinity()};
    std::array<float, 2> high{-low[0], -low[1]};
    for (std::size_t i = 0; i < plane.size(); ++i) {
        low[i % 2] = std::min(low[i % 2], plane[i]);
        high[i % 2] = std::max(high[i % 2], plane[i]);
    }
    const float extent = std::max(high[0] - low[0], high[1] - low[1]);
    for (std::size_t i = 0; i < plane.size(); ++i) {
        const float middle = (low[i % 2] + high[i % 2]) / 2.0F;
        const float place = extent > 0.0F ? (plane[i] - middle) / extent + 0.5F : 0.5F;
        plane[i] = std::clamp(place, 0.0F, 1.0F);
    }
}

void put(std::string &content, std::size_t at, std::uint64_t value, std::size_t bytes)
{
    for (std::size_t i = 0; i < bytes; ++i)
        content[at + i] = static_cast<char>((value >> (8 * i)) & 0xFF);
}

std::string headerOf(const MapOptions &options, std::size_t count, std::uint64_t featuresChecksum)
{
    std::string header(kHeaderBytes, '\0');
    std::copy(kMagic.begin(), kMagic.end(), header.begin());
    put(header, 8, static_cast<std::uint64_t>(options.method), 4);
    put(header, 12, static_cast<std::uint64_t>(options.neighbours), 4);
    put(header, 16, static_cast<std::uint64_t>(options.epochs), 4);
    put(header, 24, options.seed, 8);
    put(header, 32, count, 8);
    put(header, 40, featuresChecksum, 8);
    return header;
}

} // namespace

const char *nameOf(MapMethod method)
{
    return method == MapMethod::Components ? "components" : "neighbours";
}

std::optional<MapMethod> mapMethodFromName(std::string_view name)
{
    for (const MapMethod method : {MapMethod::Neighbours, MapMethod::Components}) {
        if (name == nameOf(method))
            return method;
    }
    return std::nullopt;
}

std::vector<std::string> MapOptions::problems() const
{
    std::vector<std::string> list;
    if (neighbours < 2 || neighbours > 100)
        list.emplace_back("neighbours must be 2 to 100");
    if (epochs < 0 || epochs > 10'000)
        list.emplace_back("epochs must be 0 to 10000");
    return list;
}

EmbeddingMap mapEmbeddings(const MappedFeatures &features, const MapOptions &options,
                           const CancelToken &cancel, const ProgressSink &progress)
{
    if (const auto problems = options.problems(); !problems.empty())
        throw Error(ErrorKind::InvalidInput, "map: " + problems.front());
    const HalfRows &rows = features.rows();
    if (rows.count == 0)
        throw Error(ErrorKind::InvalidInput,
                    "there are no embeddings to map; embed pictures first");
    EmbeddingMap map;
    map.ids.assign(rows.ids, rows.ids + rows.count);
    if (progress)
        progress({"principal components", 0, 0, std::nullopt});
    map.places = principalPlane(rows, options.seed, cancel);
    // With so few there is nothing to lay out.
    if (options.method == MapMethod::Neighbours && rows.count > 3) {
        const Graph graph =
            neighboursOf(features, options.neighbours, options.seed, cancel, progress);
        if (!cancel.isCancelled()) {
            fitIntoUnit(map.places);
            SeededRandom random(options.seed);
            for (float &place : map.places)
                place = (place - 0.5F) * 2.0F * kStartExtent
                        + static_cast<float>(random.normal()) * 1e-3F;
            layOut(map.places, fuzzyGraph(graph, rows.count), epochsFor(options, rows.count),
                   options.seed, cancel, progress);
        }
    }
    map.cancelled = cancel.isCancelled();
    if (map.cancelled)
        map.places.clear();
    else
        fitIntoUnit(map.places);
    return map;
}

void writeMap(const std::string &path, const EmbeddingMap &map, const MapOptions &options,
              std::uint64_t featuresChecksum)
{
    std::string content = headerOf(options, map.ids.size(), featuresChecksum);
    content.append(reinterpret_cast<const char *>(map.ids.data()),
                   map.ids.size() * sizeof(std::int64_t));
    content.append(reinterpret_cast<const char *>(map.places.data()),
                   map.places.size() * sizeof(float));
    put(content, 48, fnv1a64(std::string_view(content).substr(kHeaderBytes)), 8);
    writeFileAtomically(path, content);
}

std::optional<EmbeddingMap> readMap(const std::string &path, const MapOptions &options,
                                    std::uint64_t featuresChecksum)
{
    std::string content;
    try {
        content = readFile(path);
    } catch (const Error &) {
        return std::nullopt;
    }
    constexpr std::size_t kBytes = sizeof(std::int64_t) + 2 * sizeof(float); // of one picture
    if (content.size() < kHeaderBytes || (content.size() - kHeaderBytes) % kBytes != 0)
        return std::nullopt;
    const std::size_t count = (content.size() - kHeaderBytes) / kBytes;
    std::string header = headerOf(options, count, featuresChecksum);
    put(header, 48, fnv1a64(std::string_view(content).substr(kHeaderBytes)), 8);
    if (content.compare(0, kHeaderBytes, header) != 0)
        return std::nullopt;
    EmbeddingMap map;
    map.ids.resize(count);
    map.places.resize(count * 2);
    std::memcpy(map.ids.data(), content.data() + kHeaderBytes, count * sizeof(std::int64_t));
    std::memcpy(map.places.data(), content.data() + kHeaderBytes + count * sizeof(std::int64_t),
                count * 2 * sizeof(float));
    return map;
}

} // namespace sapsam
