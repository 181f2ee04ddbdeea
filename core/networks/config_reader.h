#pragma once

#include "core/base/json_file.h"

#include <set>
#include <string>
#include <vector>

namespace sapsam::nn {

// Reads one object of a published config.json and collects what is missing and what nobody asked
// for, so that one message names it all. Housekeeping keys of the transformers library pass.
class ConfigReader
{
public:
    // `where` begins the messages: the file and, for a part of it, the part's key.
    ConfigReader(const Json &json, std::string where);

    template <typename T>
    T require(const std::string &key)
    {
        m_known.insert(key);
        if (!m_json.contains(key)) {
            m_missing.push_back(key);
            return T();
        }
        return sapsam::require<T>(m_json, key, m_where);
    }

    template <typename T>
    T valueOr(const std::string &key, T fallback)
    {
        m_known.insert(key);
        return sapsam::valueOr<T>(m_json, key, fallback, m_where);
    }

    bool has(const std::string &key) const { return m_json.contains(key); }
    // A nested object; an empty one is reported as missing.
    ConfigReader part(const std::string &key);
    // Keys that are allowed to be there and are not used.
    void allow(std::initializer_list<const char *> keys);

    const std::string &where() const { return m_where; }

    // Throws Error(Corrupt) naming all missing and unknown keys.
    void finish() const;

private:
    Json m_json;
    std::string m_where;
    std::set<std::string> m_known;
    std::vector<std::string> m_missing;
};

// Throws Error(InvalidInput) with all problems, when there are any.
void throwProblems(const std::string &what, const std::vector<std::string> &problems);

} // namespace sapsam::nn
