#include "app/cli/context.h"
#include "core/base/error.h"
#include "core/base/random.h"
#include "core/engine/bench.h"
#include "core/search/half_kernels.h"
#include "core/search/ranking.h"
#include "core/search/vector_index.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

namespace sapsam::cli {

namespace {

std::string line(const char *label, const std::string &value)
{
    char text[256];
    std::snprintf(text, sizeof text, "%-10s%s\n", label, value.c_str());
    return text;
}

std::string formatted(const char *format, double a, double b = 0.0, double c = 0.0)
{
    char text[256];
    std::snprintf(text, sizeof text, format, a, b, c);
    return text;
}

Answer answerOf(const NetworkBenchReport &report)
{
    Answer answer;
    answer.json = {{"what", report.network},          {"precision", report.precision},
                   {"device", report.device},         {"threads", report.threads},
                   {"batch", report.batch},           {"layers", report.layers},
                   {"parameters", report.parameters}, {"runs", report.runs},
                   {"seconds", report.seconds},       {"gflop", report.gflop},
                   {"gflops", report.gflops},         {"peak_gflops", report.peakGflops},
                   {"of_peak", report.ofPeak},        {"rss_mb", report.peakMemoryMb}};
    answer.text =
        line("network", report.network + ", " + report.precision + ", batch "
                            + std::to_string(report.batch) + ", " + std::to_string(report.threads)
                            + " threads")
        + line("time",
               formatted("%.2f ms, the median of %.0f runs", 1000.0 * report.seconds, report.runs))
        + line("work", formatted("%.2f GFLOP at %.1f GFLOP/s", report.gflop, report.gflops))
        + line("machine", formatted("%.1f GFLOP/s in a matrix product: %.0f %% of it",
                                    report.peakGflops, 100.0 * report.ofPeak))
        + line("memory", formatted("%.0f MB at most", report.peakMemoryMb));
    if (report.bytesPerToken > 0.0) {
        answer.json["bytes_per_token"] = report.bytesPerToken;
        answer.json["gb_per_s"] = report.gbPerSecond;
        answer.json["memory_gb_per_s"] = report.memoryGbPerSecond;
        answer.json["of_memory"] = report.ofMemory;
        answer.text += line("reading", formatted("%.2f GB a token at %.1f GB/s",
                                                 1e-9 * report.bytesPerToken, report.gbPerSecond))
                       + line("", formatted("memory reads %.1f GB/s: %.0f %% of it",
                                            report.memoryGbPerSecond, 100.0 * report.ofMemory));
    }
    if (report.precision == "int8") {
        answer.json["weight_error"] = report.weightError;
        answer.text += line("loss", formatted("weights differ by %.2f %% from what they stand for",
                                              100.0 * report.weightError));
    }
    return answer;
}

struct SearchArguments
{
    std::int64_t count = 100000;
    int dimension = 512;
    int queries = 20;
};

// Unit vectors as embeddings of people lie: a mixture with a centre for every hundred vectors, the
// centres spread evenly over the sphere, and around each of them noise in all directions of the
// same length as the centre times kNoise (a cosine of about 0.8 to the centre).
class Mixture
{
public:
    static constexpr double kNoise = 0.75;
    static constexpr std::int64_t kPerCentre = 100;

    Mixture(std::int64_t count, int dimension, std::uint64_t seed)
        : m_dimension(dimension), m_random(seed)
    {
        m_centres = std::max<std::int64_t>(1, count / kPerCentre);
        m_values.resize(static_cast<std::size_t>(m_centres) * static_cast<std::size_t>(dimension));
        for (std::int64_t c = 0; c < m_centres; ++c)
            addNoise(m_values.data() + c * dimension, 1.0);
    }

    std::int64_t centres() const { return m_centres; }

    void draw(float *row)
    {
        const std::int64_t centre = m_random.integer(0, m_centres - 1);
        std::copy_n(m_values.data() + centre * m_dimension, m_dimension, row);
        addNoise(row, kNoise);
    }

private:
    // Adds a vector of about this length in any direction, and makes the sum a unit vector. Three
    // uniform numbers stand for a normal one.
    void addNoise(float *row, double length)
    {
        const double scale = 2.0 * length / std::sqrt(static_cast<double>(m_dimension));
        double square = 0.0;
        for (int k = 0; k < m_dimension; ++k) {
            const std::uint64_t bits = m_random.next();
            const double normal =
                (static_cast<double>(bits & 0x1FFFFFU)
                 + static_cast<double>((bits >> 21) & 0x1FFFFFU) + static_cast<double>(bits >> 43))
                    * 0x1.0p-21
                - 1.5;
            row[k] += static_cast<float>(scale * normal);
            square += static_cast<double>(row[k]) * row[k];
        }
        const auto factor = static_cast<float>(1.0 / std::sqrt(std::max(square, 1e-12)));
        std::for_each(row, row + m_dimension, [factor](float &value) { value *= factor; });
    }

    int m_dimension;
    SeededRandom m_random;
    std::int64_t m_centres = 1;
    std::vector<float> m_values;
};

double medianOf(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

Answer benchSearch(const SearchArguments &arguments, std::uint64_t seed, const CancelToken &cancel,
                   const ProgressSink &progress)
{
    namespace fs = std::filesystem;
    const fs::path folder =
        fs::temp_directory_path() / ("sapsam-bench-" + std::to_string(std::random_device{}()));
    fs::create_directories(folder);
    const auto cleanUp = [&] {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    };
    try {
        const std::string file = (folder / "bench.feat").string();
        Mixture mixture(arguments.count, arguments.dimension, seed);
        std::vector<std::int64_t> ids(static_cast<std::size_t>(arguments.count));
        std::iota(ids.begin(), ids.end(), std::int64_t{1});
        {
            FeatureWriter writer(file, std::string(64, 'b'), arguments.dimension, ids);
            constexpr std::int64_t kBlock = 4096;
            std::vector<float> block;
            ProgressMeter meter("drawing vectors", arguments.count, progress);
            for (std::int64_t first = 0; first < arguments.count; first += kBlock) {
                const std::int64_t rows = std::min(kBlock, arguments.count - first);
                block.resize(static_cast<std::size_t>(rows * arguments.dimension));
                for (std::int64_t i = 0; i < rows; ++i)
                    mixture.draw(block.data() + i * arguments.dimension);
                writer.append(block.data(), static_cast<std::size_t>(rows));
                meter.advance(rows);
            }
            writer.finish();
        }
        const MappedFeatures features(file);
        const auto seconds = [](auto start) {
            return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        };
        const auto buildStart = std::chrono::steady_clock::now();
        const VectorIndex index = VectorIndex::build(features, {}, cancel, progress);
        const double buildSeconds = seconds(buildStart);
        Answer answer;
        if (cancel.isCancelled()) {
            cleanUp();
            answer.json = {{"what", "search"}, {"cancelled", true}};
            answer.exitCode = CancelledByUser;
            return answer;
        }
        constexpr int kTop = 10;
        std::vector<double> exact;
        std::vector<double> approximate;
        std::size_t found = 0;
        std::size_t wanted = 0;
        // New draws of the mixture, none of them a row.
        std::vector<float> query(static_cast<std::size_t>(arguments.dimension));
        for (int i = 0; i < arguments.queries; ++i) {
            mixture.draw(query.data());
            const auto exactStart = std::chrono::steady_clock::now();
            const std::vector<RankedImage> truth = rankByCosine(features.rows(), query, kTop);
            exact.push_back(seconds(exactStart));
            const auto start = std::chrono::steady_clock::now();
            const std::vector<RankedImage> answered = index.search(features, query, kTop);
            approximate.push_back(seconds(start));
            for (const RankedImage &image : truth) {
                wanted += 1;
                found += static_cast<std::size_t>(
                    std::any_of(answered.begin(), answered.end(), [&](const RankedImage &other) {
                        return other.imageId == image.imageId;
                    }));
            }
        }
        cleanUp();
        const double exactSeconds = medianOf(exact);
        const double approximateSeconds = medianOf(approximate);
        const double recall = static_cast<double>(found) / static_cast<double>(wanted);
        const double bytes = 2.0 * static_cast<double>(arguments.count) * arguments.dimension;
        const char *kernel = widestHalfKernel() == HalfKernel::Avx512 ? "avx512"
                             : widestHalfKernel() == HalfKernel::Avx2 ? "avx2"
                                                                      : "portable";
        answer.json = {{"what", "search"},
                       {"count", arguments.count},
                       {"dim", arguments.dimension},
                       {"queries", arguments.queries},
                       {"data", "unit vectors of a mixture, " + std::to_string(mixture.centres())
                                    + " centres, cosine to the centre about 0.8"},
                       {"kernel", kernel},
                       {"exact_ms", 1000.0 * exactSeconds},
                       {"exact_gb_per_s", 1e-9 * bytes / exactSeconds},
                       {"approx_ms", 1000.0 * approximateSeconds},
                       {"recall_at_10", recall},
                       {"lists", index.lists()},
                       {"probes", index.probes()},
                       {"build_s", buildSeconds}};
        answer.text = line("exact", formatted("%.2f ms a query, %.1f GB/s", 1000.0 * exactSeconds,
                                              1e-9 * bytes / exactSeconds))
                      + line("index", formatted("%.2f ms a query, recall@10 %.3f",
                                                1000.0 * approximateSeconds, recall))
                      + line("", formatted("%.0f of %.0f lists; built in %.1f s", index.probes(),
                                           index.lists(), buildSeconds))
                      + line("data", "unit vectors of a mixture, "
                                         + std::to_string(mixture.centres()) + " centres");
        return answer;
    } catch (...) {
        cleanUp();
        throw;
    }
}

} // namespace

void addBenchVerb(CLI::App &app, Context &context)
{
    auto options = std::make_shared<NetworkBenchOptions>();
    auto search = std::make_shared<SearchArguments>();
    options->precision.clear();
    std::string names = "search, or a network:";
    std::vector<std::string> known = {"search"};
    for (const BenchNetwork &network : benchNetworks()) {
        names += "\n" + network.name + " (" + network.description + ")";
        known.push_back(network.name);
    }
    auto *bench =
        app.add_subcommand("bench", "Time a network or the search beside what the machine can do");
    // OPT's is timed with weights that have only its shape, and known by that name, too.
    const std::map<std::string, std::string> otherNames = {{"opt-2.7b-shape", "opt-2.7b"}};
    bench->add_option("WHAT", options->network, names)
        ->required()
        ->transform(CLI::Transformer(otherNames))
        ->check(CLI::IsMember(known));
    bench->add_option("--precision", options->precision, "fp32, bf16 or int8 (8-bit weights)")
        ->check(CLI::IsMember({"fp32", "bf16", "int8"}));
    bench->add_option("--runs", options->runs, "Timed runs; the answer is their median")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    bench->add_option("--batch", options->batch, "Pictures or sequences at once; 0: the usual")
        ->check(CLI::Range(0, 4096));
    bench->add_option("--layers", options->layers, "Fewer layers than the network has; 0: all")
        ->check(CLI::Range(0, 1000));
    bench->add_option("--count", search->count, "search: vectors in the gallery")
        ->check(CLI::Range(std::int64_t(1), std::int64_t(1) << 32))
        ->capture_default_str();
    bench->add_option("--dim", search->dimension, "search: their dimension")
        ->check(CLI::Range(1, 65536))
        ->capture_default_str();
    bench->callback([&context, options, search] {
        context.verb = [&context, options, search] {
            if (options->network == "search")
                return benchSearch(*search, context.seed, context.cancel, context.progress);
            NetworkBenchOptions wanted = *options;
            if (wanted.precision.empty())
                wanted.precision =
                    context.engine.precision == "auto" ? "fp32" : context.engine.precision;
            wanted.device = context.engine.device;
            wanted.threads = context.engine.threads;
            return answerOf(benchNetwork(wanted, context.cancel, context.progress));
        };
    });
}

} // namespace sapsam::cli
