#include "app/cli/context.h"
#include "core/base/error.h"
#include "core/base/random.h"
#include "core/engine/bench.h"
#include "core/search/ranking.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
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

// Unit vectors around a few centres, as embeddings lie.
FeatureTable makeTable(std::int64_t count, int dimension, std::uint64_t seed)
{
    FeatureTable table;
    table.dimension = dimension;
    table.ids.resize(static_cast<std::size_t>(count));
    table.rows.resize(static_cast<std::size_t>(count) * static_cast<std::size_t>(dimension));
    SeededRandom random(seed);
    for (std::int64_t i = 0; i < count; ++i) {
        table.ids[static_cast<std::size_t>(i)] = i + 1;
        float *row = table.rows.data() + i * dimension;
        double square = 0.0;
        for (int c = 0; c < dimension; ++c) {
            row[c] = static_cast<float>(random.uniform() - 0.5);
            square += static_cast<double>(row[c]) * row[c];
        }
        const auto factor = static_cast<float>(1.0 / std::sqrt(std::max(square, 1e-12)));
        std::for_each(row, row + dimension, [factor](float &value) { value *= factor; });
    }
    return table;
}

struct SearchArguments
{
    std::int64_t count = 100000;
    int dimension = 512;
    int queries = 20;
};

Answer benchSearch(const SearchArguments &arguments, std::uint64_t seed)
{
    const FeatureTable table = makeTable(arguments.count, arguments.dimension, seed);
    const FeatureTable queries = makeTable(arguments.queries, arguments.dimension, seed + 1);
    std::vector<double> times;
    for (int i = 0; i < arguments.queries; ++i) {
        const float *row = queries.rows.data() + static_cast<std::ptrdiff_t>(i) * table.dimension;
        const std::vector<float> query(row, row + table.dimension);
        const auto start = std::chrono::steady_clock::now();
        rankByCosine(table, query, 10);
        times.push_back(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    std::sort(times.begin(), times.end());
    const double exact = times[times.size() / 2];
    const double bytes = 4.0 * static_cast<double>(table.rows.size());
    Answer answer;
    // There is no approximate index in this build: nothing to time and nothing to compare.
    answer.json = {{"what", "search"},           {"count", arguments.count},
                   {"dim", arguments.dimension}, {"queries", arguments.queries},
                   {"exact_ms", 1000.0 * exact}, {"exact_gb_per_s", 1e-9 * bytes / exact},
                   {"approx_ms", nullptr},       {"recall_at_10", nullptr}};
    answer.text =
        line("exact", formatted("%.2f ms a query, %.1f GB/s", 1000.0 * exact, 1e-9 * bytes / exact))
        + line("index", "no approximate index in this build");
    return answer;
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
    bench->add_option("WHAT", options->network, names)->required()->check(CLI::IsMember(known));
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
                return benchSearch(*search, context.seed);
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
