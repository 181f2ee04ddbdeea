#pragma once

#include "core/base/error.h"

#include <nlohmann/json.hpp>

#include <string>

namespace sapsam {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

// Parses text; `origin` (a file name) is part of every message. Accepts a UTF-8 byte order mark.
// Throws Error(Corrupt) with the position of the first mistake.
Json parseJson(const std::string &text, const std::string &origin);

// Throws what readFile throws, and Error(Corrupt) for broken JSON.
Json readJsonFile(const std::string &path);

// Two spaces of indent and a newline at the end; atomic.
void writeJsonFile(const std::string &path, const Json &json);
void writeJsonFile(const std::string &path, const OrderedJson &json);

// The member `key` of an object as T. Throws Error(Corrupt) naming the origin, the key and what
// was found instead, when it is missing or of another type.
template <typename T>
T require(const Json &object, const std::string &key, const std::string &origin)
{
    const auto found = object.is_object() ? object.find(key) : object.end();
    if (!object.is_object() || found == object.end())
        throw Error(ErrorKind::Corrupt, origin + ": the key '" + key + "' is missing");
    try {
        return found->template get<T>();
    } catch (const nlohmann::json::exception &error) {
        throw Error(ErrorKind::Corrupt,
                    origin + ": the key '" + key + "' has an unusable value: " + error.what());
    }
}

// The same with a default for a missing key; a value of the wrong type is still an error.
template <typename T>
T valueOr(const Json &object, const std::string &key, T fallback, const std::string &origin)
{
    if (!object.is_object() || !object.contains(key) || object.at(key).is_null())
        return fallback;
    return require<T>(object, key, origin);
}

} // namespace sapsam
