#pragma once

#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/sha256.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace sapsam::test {

inline constexpr const char *kSecondPhraseModel = "phrases-without-a-layer";

// A models folder with two phrase writers that really differ: the shipped one, and one whose last
// feed-forward layer adds nothing any more. Other models of the shipped folder are linked.
inline void makeTwoPhraseModels(const std::string &shipped, const std::string &folder)
{
    namespace fs = std::filesystem;
    fs::create_directories(folder);
    Json manifest = readJsonFile(shipped + "/manifest.json");
    Json list = Json::array();
    Json second;
    for (const Json &entry : manifest["models"]) {
        const auto name = entry["folder"].get<std::string>();
        fs::create_directory_symlink(shipped + "/" + name, folder + "/" + name);
        list.push_back(entry);
        if (entry["task"] == "phrases")
            second = entry;
    }
    if (second.is_null())
        throw std::runtime_error("the shipped models have no phrase writer");
    const std::string from = shipped + "/" + second["folder"].get<std::string>();
    const std::string to = folder + "/" + kSecondPhraseModel;
    fs::create_directories(to);
    second["name"] = kSecondPhraseModel;
    second["folder"] = kSecondPhraseModel;
    for (Json &file : second["files"]) {
        const auto name = file["path"].get<std::string>();
        std::string bytes = readFile(from + "/" + name);
        if (name == "model.safetensors") {
            std::uint64_t length = 0; // little endian, as on every machine that this runs on
            std::memcpy(&length, bytes.data(), sizeof length);
            const Json header = Json::parse(bytes.substr(8, length));
            const Json &layer = header.at("language_model.model.decoder.layers.3.fc2.weight");
            const auto begin = layer["data_offsets"][0].get<std::size_t>() + 8 + length;
            const auto end = layer["data_offsets"][1].get<std::size_t>() + 8 + length;
            std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                      bytes.begin() + static_cast<std::ptrdiff_t>(end), '\0');
        }
        writeFileAtomically(to + "/" + name, bytes);
        file["sha256"] = sha256Of(bytes);
    }
    list.push_back(second);
    manifest["models"] = list;
    writeJsonFile(folder + "/manifest.json", manifest);
}

} // namespace sapsam::test
