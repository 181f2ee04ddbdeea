#include "app/cli/run_comparison.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <vector>

namespace sapsam::cli {

namespace {

// What metrics.jsonl says, by the name of the number; absent ones are null.
struct Measured
{
    std::map<std::string, Json> last;
    std::map<std::string, Json> best; // the largest, of evaluations
};

void take(const Json &numbers, const std::string &prefix, Measured &measured)
{
    for (const auto &item : numbers.items()) {
        if (!item.value().is_number())
            continue;
        const std::string name = prefix + item.key();
        measured.last[name] = item.value();
        Json &best = measured.best[name];
        if (best.is_null() || item.value().get<double>() > best.get<double>())
            best = item.value();
    }
}

Measured measuredIn(const std::string &run)
{
    Measured measured;
    const std::string path = run + "/metrics.jsonl";
    if (!std::filesystem::exists(path))
        return measured;
    std::istringstream lines(readFile(path));
    for (std::string text; std::getline(lines, text);) {
        const Json line = Json::parse(text, nullptr, false);
        if (!line.is_object())
            continue; // the run is writing it
        if (line.contains("loss"))
            measured.last["loss"] = line.at("loss");
        if (line.contains("validation"))
            take(line.at("validation"), {}, measured);
        if (line.contains("final"))
            take(line.at("final"), "final ", measured);
    }
    return measured;
}

Json of(const std::map<std::string, Json> &values, const std::string &name)
{
    const auto found = values.find(name);
    return found == values.end() ? Json(nullptr) : found->second;
}

std::string shown(const Json &value)
{
    if (value.is_null())
        return "–";
    if (!value.is_number_float())
        return value.is_string() ? value.get<std::string>() : value.dump();
    char text[32];
    std::snprintf(text, sizeof text, "%.5g", value.get<double>());
    return text;
}

std::string row(const std::string &name, const Json &first, const Json &second)
{
    return "  " + name + ": " + shown(first) + " | " + shown(second) + "\n";
}

} // namespace

Answer compareRuns(const std::string &first, const std::string &second)
{
    const std::array<std::string, 2> runs = {first, second};
    std::array<Json, 2> configs;
    std::array<Json, 2> states;
    std::array<Measured, 2> measured;
    for (std::size_t i = 0; i < 2; ++i) {
        configs[i] = readJsonFile(runs[i] + "/config.json");
        states[i] = readJsonFile(runs[i] + "/status.json");
        measured[i] = measuredIn(runs[i]);
    }

    Answer answer;
    OrderedJson &json = answer.json;
    json["runs"] = OrderedJson::array();
    for (std::size_t i = 0; i < 2; ++i)
        json["runs"].push_back({{"run", runs[i]},
                                {"state", states[i].value("state", std::string("?"))},
                                {"step", states[i].value("step", std::int64_t(0))}});
    answer.text = first + " | " + second + "\n";
    answer.text += row("state", states[0].value("state", Json()), states[1].value("state", Json()));
    answer.text += row("step", states[0].value("step", Json()), states[1].value("step", Json()));

    json["settings"] = OrderedJson::object();
    answer.text += "settings that differ\n";
    std::set<std::string> keys;
    for (const Json &config : configs) {
        for (const auto &item : config.items())
            keys.insert(item.key());
    }
    for (const std::string &key : keys) {
        const Json a = configs[0].value(key, Json()), b = configs[1].value(key, Json());
        if (a == b)
            continue;
        json["settings"][key] = {a, b};
        answer.text += row(key, a, b);
    }

    json["metrics"] = OrderedJson::object();
    answer.text += "measured\n";
    std::set<std::string> names;
    for (const Measured &one : measured) {
        for (const auto &[name, value] : one.last)
            names.insert(name);
    }
    for (const std::string &name : names) {
        OrderedJson entry;
        const Json a = of(measured[0].last, name), b = of(measured[1].last, name);
        entry["last"] = {a, b};
        answer.text += row(name, a, b);
        const Json bestA = of(measured[0].best, name), bestB = of(measured[1].best, name);
        if (!bestA.is_null() || !bestB.is_null()) {
            entry["best"] = {bestA, bestB};
            if (name.rfind("final ", 0) != 0)
                answer.text += row(name + ", largest", bestA, bestB);
        }
        json["metrics"][name] = entry;
    }
    return answer;
}

void addRunComparison(CLI::App &runs, Context &context)
{
    auto *compare =
        runs.add_subcommand("compare", "What two runs were told, and what they measured");
    auto first = std::make_shared<std::string>();
    auto second = std::make_shared<std::string>();
    compare->add_option("A", *first)->required();
    compare->add_option("B", *second)->required();
    compare->callback([&context, first, second] {
        context.verb = [first, second] { return compareRuns(*first, *second); };
    });
}

} // namespace sapsam::cli
