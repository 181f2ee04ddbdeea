#include "core/search/vector_index.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/base/sha256.h"
#include "core/search/half_float.h"
#include "core/search/half_kernels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <filesystem>
#include <limits>
#include <numeric>
#include <string_view>
#include <unordered_set>

namespace sapsam {

namespace {

// The sample asks with pictures; a sentence lies farther from all of them, so that its neighbours
// are spread over more lists.
constexpr int kFewestProbes = 8;
constexpr std::string_view kMagic = "SAPINDX1";
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kHashDigits = 64;
constexpr int kPointsPerList = 32; // that the clustering learns from; FAISS advises 39 and more
constexpr int kIterations = 8;
constexpr std::size_t kAssignedAtOnce = 8192;
constexpr std::size_t kSampleQueries = 24;
constexpr int kSampleTop = 10;

template <typename Value>
void append(std::string &content, const Value *values, std::size_t count)
{
    content.append(reinterpret_cast<const char *>(values), count * sizeof(Value));
}

template <typename Value>
Value valueAt(const std::string &content, std::size_t offset)
{
    Value value{};
    std::memcpy(&value, content.data() + offset, sizeof value);
    return value;
}

// Half of the digest is enough to notice a damaged file.
std::uint64_t checksumOf(std::string_view bytes)
{
    return fnv1a64(sha256Of(std::string(bytes)));
}

std::string bytesOfHex(const std::string &hex)
{
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return bytes;
}

[[noreturn]] void refuse(ErrorKind kind, const std::string &path, const std::string &what)
{
    throw Error(kind, "the index '" + path + "' " + what + "; build it again with `sapsam index`");
}

std::vector<float> floatsOf(const HalfRows &rows, std::size_t row)
{
    std::vector<float> values(static_cast<std::size_t>(rows.dimension));
    floatFromHalf(rows.row(row), values.data(), values.size());
    return values;
}

} // namespace

VectorIndex VectorIndex::build(const MappedFeatures &features, const IndexOptions &options,
                               const CancelToken &cancel, const ProgressSink &progress)
{
    const HalfRows &rows = features.rows();
    if (rows.count == 0 || rows.count > std::numeric_limits<std::uint32_t>::max())
        throw Error(ErrorKind::InvalidInput,
                    "there are " + std::to_string(rows.count)
                        + " embedded pictures: nothing that an index can be built of");
    const auto dimension = static_cast<std::size_t>(rows.dimension);
    VectorIndex index;
    index.m_dimension = rows.dimension;
    index.m_modelHash = features.modelHash();
    index.m_featuresChecksum = features.checksum();
    const auto usual =
        static_cast<std::size_t>(std::lround(4.0 * std::sqrt(static_cast<double>(rows.count))));
    const std::size_t lists =
        std::clamp<std::size_t>(options.lists > 0 ? static_cast<std::size_t>(options.lists) : usual,
                                1, std::max<std::size_t>(1, rows.count / 4));

    // Learn the centres from an even sample.
    SeededRandom random(options.seed);
    const std::size_t points = std::min(rows.count, lists * kPointsPerList);
    std::vector<float> sample(points * dimension);
    for (std::size_t i = 0; i < points; ++i) {
        const std::size_t from = i * rows.count / points;
        const std::size_t span = (i + 1) * rows.count / points - from;
        const auto row =
            from + static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(span) - 1));
        floatFromHalf(rows.row(row), sample.data() + i * dimension, dimension);
    }
    faiss::ClusteringParameters parameters;
    parameters.spherical = true;
    parameters.niter = kIterations;
    parameters.seed = static_cast<int>(options.seed & 0x7FFFFFFF);
    parameters.min_points_per_centroid = 1;
    parameters.max_points_per_centroid = kPointsPerList + 1;
    faiss::Clustering clustering(rows.dimension, static_cast<int>(lists), parameters);
    faiss::IndexFlatIP centres(rows.dimension);
    clustering.train(static_cast<faiss::Index::idx_t>(points), sample.data(), centres);
    if (cancel.isCancelled())
        return index;

    // Each row joins its nearest centre.
    ProgressMeter meter("building the index", static_cast<std::int64_t>(rows.count), progress);
    std::vector<std::uint32_t> listOf(rows.count);
    std::vector<float> batch;
    std::vector<float> distances(kAssignedAtOnce);
    std::vector<faiss::Index::idx_t> nearest(kAssignedAtOnce);
    for (std::size_t first = 0; first < rows.count; first += kAssignedAtOnce) {
        if (cancel.isCancelled())
            return index;
        const std::size_t count = std::min(kAssignedAtOnce, rows.count - first);
        batch.resize(count * dimension);
        floatFromHalf(rows.row(first), batch.data(), batch.size());
        centres.search(static_cast<faiss::Index::idx_t>(count), batch.data(), 1, distances.data(),
                       nearest.data());
        for (std::size_t i = 0; i < count; ++i)
            listOf[first + i] = static_cast<std::uint32_t>(std::max<std::int64_t>(0, nearest[i]));
        meter.advance(static_cast<std::int64_t>(count));
    }
    index.m_lists = static_cast<int>(lists);
    index.m_starts.assign(lists + 1, 0);
    for (const std::uint32_t list : listOf)
        ++index.m_starts[list + 1];
    std::partial_sum(index.m_starts.begin(), index.m_starts.end(), index.m_starts.begin());
    index.m_rows.resize(rows.count);
    std::vector<std::uint64_t> next(index.m_starts.begin(), index.m_starts.end() - 1);
    for (std::size_t i = 0; i < rows.count; ++i)
        index.m_rows[next[listOf[i]]++] = static_cast<std::uint32_t>(i);
    index.m_centres.resize(lists * dimension);
    halfFromFloat(clustering.centroids.data(), index.m_centres.data(), index.m_centres.size());

    // As many lists as the sample needs.
    std::vector<std::vector<float>> queries;
    std::vector<std::vector<RankedImage>> truths;
    for (std::size_t i = 0; i < std::min(kSampleQueries, rows.count); ++i) {
        queries.push_back(floatsOf(rows, static_cast<std::size_t>(random.integer(
                                             0, static_cast<std::int64_t>(rows.count) - 1))));
        truths.push_back(rankByCosine(rows, queries.back(), kSampleTop));
    }
    const auto isEnough = [&](int probes) {
        std::size_t found = 0;
        std::size_t wanted = 0;
        for (std::size_t q = 0; q < queries.size(); ++q) {
            std::unordered_set<std::int64_t> ids;
            for (const RankedImage &image : index.search(features, queries[q], kSampleTop, probes))
                ids.insert(image.imageId);
            for (const RankedImage &image : truths[q])
                found += ids.count(image.imageId);
            wanted += truths[q].size();
        }
        return static_cast<double>(found)
               >= options.wantedRecall * static_cast<double>(std::max<std::size_t>(1, wanted));
    };
    int tooFew = 0;
    int enough = std::min<int>(kFewestProbes, index.m_lists);
    while (enough < index.m_lists && !isEnough(enough)) {
        tooFew = enough;
        enough = std::min(index.m_lists, enough * 2);
    }
    // Recall grows with the lists: between the two, an eighth is near enough.
    while (tooFew > 0 && enough - tooFew > std::max(1, enough / 8)) {
        const int middle = (tooFew + enough) / 2;
        (isEnough(middle) ? enough : tooFew) = middle;
    }
    index.m_probes = enough;
    return index;
}

std::vector<RankedImage> VectorIndex::search(const MappedFeatures &features,
                                             const std::vector<float> &query, int top,
                                             int probes) const
{
    const HalfRows &rows = features.rows();
    if (query.size() != static_cast<std::size_t>(m_dimension) || rows.count != m_rows.size())
        throw Error(ErrorKind::InvalidInput, "the query or the features do not fit the index");
    const auto dimension = static_cast<std::size_t>(m_dimension);
    const HalfRows centres{nullptr, m_centres.data(), static_cast<std::size_t>(m_lists),
                           m_dimension};
    const std::vector<float> nearness = scoresOf(centres, query);
    std::vector<std::uint32_t> order(nearness.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto wanted =
        static_cast<std::ptrdiff_t>(std::clamp(probes > 0 ? probes : m_probes, 1, m_lists));
    std::partial_sort(order.begin(), order.begin() + wanted, order.end(),
                      [&](std::uint32_t a, std::uint32_t b) {
                          return nearness[a] > nearness[b] || (nearness[a] == nearness[b] && a < b);
                      });
    std::vector<RankedImage> ranked;
    for (std::ptrdiff_t i = 0; i < wanted; ++i) {
        const std::uint32_t list = order[static_cast<std::size_t>(i)];
        for (std::uint64_t at = m_starts[list]; at < m_starts[list + 1]; ++at) {
            // Rows of a list lie scattered in the file: ask for some that come later.
            if (at + 4 < m_starts[list + 1]) {
                const auto *later = reinterpret_cast<const char *>(rows.row(m_rows[at + 4]));
                for (std::size_t byte = 0; byte < dimension * sizeof(std::uint16_t); byte += 64)
                    __builtin_prefetch(later + byte);
            }
            const std::uint32_t row = m_rows[at];
            const float score = dotHalf(rows.row(row), query.data(), dimension);
            ranked.push_back({rows.ids[row],
                              std::isnan(score) ? -std::numeric_limits<float>::infinity() : score});
        }
    }
    sortRanking(ranked, top);
    return ranked;
}

void VectorIndex::write(const std::string &path) const
{
    std::string payload;
    const auto probes = static_cast<std::uint64_t>(m_probes);
    append(payload, &m_featuresChecksum, 1);
    append(payload, &probes, 1);
    append(payload, m_starts.data(), m_starts.size());
    append(payload, m_rows.data(), m_rows.size());
    append(payload, m_centres.data(), m_centres.size());
    std::string content;
    content.reserve(kHeaderBytes + payload.size());
    content.append(kMagic);
    const std::array<std::uint32_t, 2> shape{static_cast<std::uint32_t>(m_dimension),
                                             static_cast<std::uint32_t>(m_lists)};
    append(content, shape.data(), shape.size());
    const std::uint64_t count = m_rows.size();
    append(content, &count, 1);
    content.append(bytesOfHex(m_modelHash));
    const std::uint64_t sum = checksumOf(payload);
    append(content, &sum, 1);
    content.append(payload);
    writeFileAtomically(path, content);
}

VectorIndex VectorIndex::read(const std::string &path, const MappedFeatures &features)
{
    if (!std::filesystem::exists(path))
        throw Error(ErrorKind::NotFound,
                    "there is no index '" + path + "' yet; build it with `sapsam index`");
    const std::string content = readFile(path);
    if (content.size() < kHeaderBytes + 16
        || std::string_view(content).substr(0, kMagic.size()) != kMagic)
        refuse(ErrorKind::Corrupt, path, "is not an index, or only the beginning of one");
    VectorIndex index;
    index.m_dimension = static_cast<int>(valueAt<std::uint32_t>(content, 8));
    const std::size_t lists = valueAt<std::uint32_t>(content, 12);
    const std::size_t count = valueAt<std::uint64_t>(content, 16);
    const std::size_t centres = lists * static_cast<std::size_t>(index.m_dimension);
    const std::size_t room = content.size() - kHeaderBytes;
    if (lists == 0 || count > room / sizeof(std::uint32_t) || lists > room || centres > room
        || room
               != 16 + (lists + 1) * sizeof(std::uint64_t) + count * sizeof(std::uint32_t)
                      + centres * sizeof(std::uint16_t))
        refuse(ErrorKind::Corrupt, path, "is half-written");
    if (checksumOf(std::string_view(content).substr(kHeaderBytes))
        != valueAt<std::uint64_t>(content, 56))
        refuse(ErrorKind::Corrupt, path, "has a wrong checksum");
    if (content.compare(24, kHashDigits / 2, bytesOfHex(features.modelHash())) != 0)
        refuse(ErrorKind::Mismatch, path, "was made by another model than the features");
    index.m_modelHash = features.modelHash();
    index.m_featuresChecksum = valueAt<std::uint64_t>(content, kHeaderBytes);
    if (index.m_featuresChecksum != features.checksum() || count != features.rows().count
        || index.m_dimension != features.rows().dimension)
        refuse(ErrorKind::Mismatch, path, "belongs to earlier features of this project");
    index.m_lists = static_cast<int>(lists);
    index.m_probes = static_cast<int>(
        std::min<std::uint64_t>(lists, valueAt<std::uint64_t>(content, kHeaderBytes + 8)));
    index.m_starts.resize(lists + 1);
    index.m_rows.resize(count);
    index.m_centres.resize(centres);
    const char *at = content.data() + kHeaderBytes + 16;
    std::memcpy(index.m_starts.data(), at, (lists + 1) * sizeof(std::uint64_t));
    at += (lists + 1) * sizeof(std::uint64_t);
    std::memcpy(index.m_rows.data(), at, count * sizeof(std::uint32_t));
    at += count * sizeof(std::uint32_t);
    std::memcpy(index.m_centres.data(), at, centres * sizeof(std::uint16_t));
    const bool isSound = index.m_starts.front() == 0 && index.m_starts.back() == count
                         && std::is_sorted(index.m_starts.begin(), index.m_starts.end())
                         && std::all_of(index.m_rows.begin(), index.m_rows.end(),
                                        [&](std::uint32_t row) { return row < count; });
    if (!isSound)
        refuse(ErrorKind::Corrupt, path, "contradicts itself");
    return index;
}

} // namespace sapsam
