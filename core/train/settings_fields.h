#pragma once

#include "core/base/error.h"
#include "core/train/settings.h"

#include <set>
#include <string>
#include <vector>

// How the settings of a task are read from JSON, written and checked: each settings struct has one
// visitAll(settings, visitor) that names its fields, and everything else follows from it.
namespace sapsam::training {

// What all tasks have; a task names its own fields after these.
template <typename Settings, typename Visitor>
void visitCommon(Settings &s, Visitor &visit)
{
    visit("name", s.name);
    visit("steps", s.steps);
    visit("batchSize", s.batchSize);
    visit("optimizer", s.optimizer);
    visit("learningRate", s.learningRate);
    visit("beta1", s.beta1);
    visit("beta2", s.beta2);
    visit("epsilon", s.epsilon);
    visit("weightDecay", s.weightDecay);
    visit("warmUpSteps", s.warmUpSteps);
    visit("finalFactor", s.finalFactor);
    visit("gradientClip", s.gradientClip);
    visit("precision", s.precision);
    visit("accumulate", s.accumulate);
    visit("emaDecay", s.emaDecay);
    visit("earlyStop", s.earlyStop);
    visit("keepEvery", s.keepEvery);
    visit("channelsLast", s.channelsLast);
    visit("gradientCheckpointing", s.gradientCheckpointing);
    visit("memoryCheck", s.memoryCheck);
    visit("fitBatch", s.fitBatch);
    visit("memoryLimitMb", s.memoryLimitMb);
    visit("loaderThreads", s.loaderThreads);
    visit("queueLength", s.queueLength);
    visit("evaluateEvery", s.evaluateEvery);
    visit("checkpointEvery", s.checkpointEvery);
    visit("logEvery", s.logEvery);
    visit("heldOutCount", s.heldOutCount);
    visit("dataSeed", s.dataSeed);
    visit("poolStart", s.poolStart);
    visit("poolGrowth", s.poolGrowth);
    visit("picturesPerIdentity", s.picturesPerIdentity);
    visit("renderHeight", s.renderHeight);
    visit("renderWidth", s.renderWidth);
    visit("corpusLines", s.corpusLines);
    visit("augmentStrength", s.augmentStrength);
    visit("helperWeight", s.helperWeight);
    visit("helperUntil", s.helperUntil);
    visit("initialModel", s.initialModel);
}

// The known word that is nearest to a mistyped one, without regard to case; empty when none is
// near.
std::string nearestOf(const std::string &word, const std::set<std::string> &known);

// Fills fields from a JSON object; what does not fit becomes a line in `problems`.
class Reader
{
public:
    Reader(const Json &json, std::vector<std::string> &problems)
        : m_json(json), m_problems(problems)
    {
    }

    template <typename T>
    void operator()(const char *key, T &value)
    {
        m_known.insert(key);
        const auto found = m_json.find(key);
        if (found == m_json.end())
            return;
        try {
            if (!hasType(*found, value))
                throw Error(ErrorKind::InvalidInput, "has another type");
            value = found->template get<T>();
        } catch (const std::exception &) {
            m_problems.push_back("the setting '" + std::string(key)
                                 + "' has an unusable value: " + found->dump());
        }
    }

    void reportUnknown() const
    {
        for (const auto &item : m_json.items()) {
            if (m_known.count(item.key()) > 0 || item.key() == "task" || item.key() == "seed")
                continue;
            const std::string nearest = nearestOf(item.key(), m_known);
            m_problems.push_back(
                "the setting '" + item.key() + "' is not known"
                + (nearest.empty() ? std::string() : "; did you mean '" + nearest + "'?"));
        }
    }

private:
    static bool hasType(const Json &json, const std::string &) { return json.is_string(); }
    static bool hasType(const Json &json, double) { return json.is_number(); }
    static bool hasType(const Json &json, bool) { return json.is_boolean(); }
    static bool hasType(const Json &json, const std::vector<int> &) { return json.is_array(); }
    template <typename T>
    static bool hasType(const Json &json, T)
    {
        return json.is_number_integer();
    }

    const Json &m_json;
    std::vector<std::string> &m_problems;
    std::set<std::string> m_known;
};

class Writer
{
public:
    template <typename T>
    void operator()(const char *key, const T &value)
    {
        json[key] = value;
    }

    OrderedJson json = OrderedJson::object();
};

// Collects what is wrong with settings.
class Checker
{
public:
    void require(bool condition, const std::string &problem)
    {
        if (!condition)
            problems.push_back(problem);
    }
    void positive(const char *name, double value)
    {
        require(value > 0, std::string("'") + name + "' must be greater than 0");
    }
    void share(const char *name, double value)
    {
        require(value >= 0.0 && value <= 1.0, std::string("'") + name + "' must be in 0 to 1");
    }
    void multiple(const char *name, int value, const char *ofName, int of)
    {
        require(of > 0 && value > 0 && value % of == 0,
                std::string("'") + name + "' must be a multiple of '" + ofName + "'");
    }

    std::vector<std::string> problems;
};

// Adds every unusable value among the common settings.
void checkCommon(const TrainSettings &settings, Checker &check);

// Starts from the values that `settings` has. The overload of visitAll is found by its argument.
template <typename Settings>
void readInto(const Json &json, Settings &settings, std::vector<std::string> &problems)
{
    if (!json.is_object() && !json.is_null()) {
        problems.push_back("the configuration must be a JSON object");
        return;
    }
    const Json object = json.is_null() ? Json::object() : json;
    Reader reader(object, problems);
    visitAll(settings, reader);
    reader.reportUnknown();
}

template <typename Settings>
OrderedJson written(Settings settings)
{
    Writer writer;
    visitAll(settings, writer);
    return writer.json;
}

} // namespace sapsam::training
