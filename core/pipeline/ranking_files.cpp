#include "core/pipeline/ranking_files.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/pipeline/contact_sheet.h"
#include "core/pipeline/export.h"
#include "core/taxonomy/taxonomy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <unordered_map>

namespace sapsam {

namespace {

constexpr int kSessionVersion = 1;
constexpr const char *kSessionFormat = "sapsam-search";
// Scores that differ by less are the same: another processor adds in another order.
constexpr double kSameScore = 1e-4;

std::string now()
{
    const std::time_t time = std::time(nullptr);
    std::tm utc = {};
    ::gmtime_r(&time, &utc);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text.data();
}

std::string numberText(double value)
{
    std::array<char, 32> buffer{};
    return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

std::string csvField(const std::string &field)
{
    if (field.find_first_of(",\"\r\n") == std::string::npos)
        return field;
    std::string quoted(1, '"');
    for (const char c : field) {
        if (c == '"')
            quoted.push_back('"');
        quoted.push_back(c);
    }
    quoted.push_back('"');
    return quoted;
}

std::string nameOf(const Contribution &contribution)
{
    switch (contribution.kind) {
    case Contribution::Kind::Denied:
        return std::string("not ") + contribution.text;
    case Contribution::Kind::Example:
        return std::string("like ") + contribution.text;
    case Contribution::Kind::Feedback:
        return "judgements";
    case Contribution::Kind::Rest:
        return "rest";
    default:
        return contribution.text;
    }
}

std::string csvOf(const SearchResponse &response)
{
    std::string text = "rank,image,path,score";
    std::size_t columns = 0;
    if (!response.hits.empty()) {
        for (const Contribution &contribution : response.hits.front().contributions) {
            text.append(1, ',').append(csvField(nameOf(contribution)));
            ++columns;
        }
    }
    text += "\n";
    for (const SearchHit &hit : response.hits) {
        text += std::to_string(hit.rank);
        for (const std::string &field :
             {std::to_string(hit.imageId), csvField(hit.path), numberText(hit.score)})
            text.append(1, ',').append(field);
        for (std::size_t i = 0; i < columns; ++i) {
            text += ',';
            if (i < hit.contributions.size())
                text += numberText(hit.contributions[i].value);
        }
        text += "\n";
    }
    return text;
}

} // namespace

std::string rankingFormatOf(const std::string &path)
{
    const std::size_t dot = path.rfind('.');
    const std::string ending = dot == std::string::npos ? std::string() : path.substr(dot + 1);
    if (ending == "csv" || ending == "html" || ending == "trec")
        return ending;
    return ending == "run" ? "trec" : ending == "htm" ? "html" : std::string();
}

void exportRanking(ProjectStore &store, const SearchResponse &response, const std::string &format,
                   const std::string &path, const CancelToken &cancel, const ProgressSink &progress)
{
    if (format == "csv") {
        writeFileAtomically(path, csvOf(response));
    } else if (format == "trec") {
        std::string text;
        for (const SearchHit &hit : response.hits)
            text += "1 Q0 " + std::to_string(hit.imageId) + " " + std::to_string(hit.rank) + " "
                    + numberText(hit.score) + " sapsam-" + response.modelHash.substr(0, 8) + "\n";
        writeFileAtomically(path, text);
    } else if (format == "html") {
        ExportOptions options;
        options.format = "html";
        options.searches = {response};
        ExportReport report;
        const std::string page =
            makeContactSheet(store, options, searchTaxonomy(store), report, cancel, progress);
        if (!cancel.isCancelled())
            writeFileAtomically(path, page);
    } else {
        throw Error(ErrorKind::InvalidInput,
                    "a ranking cannot be written as '" + path + "'; use .csv, .html or .trec");
    }
}

SearchSession sessionOf(const ProjectStore &store, const SearchResponse &response)
{
    SearchSession session;
    session.query = response.structure;
    session.project = store.name();
    session.modelName = response.modelName;
    session.modelHash = response.modelHash;
    session.taxonomyVersion = response.taxonomyVersion;
    session.createdAt = now();
    for (const SearchHit &hit : response.hits)
        session.results.push_back({hit.imageId, hit.score, hit.path});
    return session;
}

void writeSession(const std::string &path, const SearchSession &session)
{
    OrderedJson results = OrderedJson::array();
    for (const SearchSession::Result &result : session.results)
        results.push_back(
            {{"image", result.imageId}, {"score", result.score}, {"path", result.path}});
    writeJsonFile(
        path, OrderedJson{{"format", kSessionFormat},
                          {"version", kSessionVersion},
                          {"created", session.createdAt},
                          {"project", session.project},
                          {"model", {{"name", session.modelName}, {"sha256", session.modelHash}}},
                          {"merges", session.taxonomyVersion},
                          {"query", OrderedJson(jsonOf(session.query))},
                          {"results", std::move(results)}});
}

SearchSession readSession(const std::string &path)
{
    const Json json = readJsonFile(path);
    if (!json.is_object() || json.value("format", std::string()) != kSessionFormat)
        throw Error(ErrorKind::Corrupt, "'" + path + "' is not a saved search (*.sapsamq)");
    if (require<int>(json, "version", path) > kSessionVersion)
        throw Error(ErrorKind::Unsupported,
                    "'" + path + "' was saved by a newer version of this program; update it");
    SearchSession session;
    session.createdAt = valueOr<std::string>(json, "created", {}, path);
    session.project = valueOr<std::string>(json, "project", {}, path);
    const Json model = require<Json>(json, "model", path);
    session.modelName = require<std::string>(model, "name", path);
    session.modelHash = require<std::string>(model, "sha256", path);
    session.taxonomyVersion = valueOr<std::string>(json, "merges", {}, path);
    session.query = queryOfJson(require<Json>(json, "query", path), path);
    for (const Json &item : require<Json>(json, "results", path))
        session.results.push_back({require<std::int64_t>(item, "image", path),
                                   require<double>(item, "score", path),
                                   valueOr<std::string>(item, "path", {}, path)});
    return session;
}

std::vector<std::string> changesSince(const SearchSession &session, const ProjectStore &store,
                                      const SearchResponse &response)
{
    std::vector<std::string> changes;
    if (session.project != store.name())
        changes.push_back("the search was saved in the project '" + session.project
                          + "', this one is '" + store.name() + "'");
    if (session.modelHash != response.modelHash)
        changes.push_back("the ranking was made by the model '" + session.modelName + "' ("
                          + session.modelHash.substr(0, 12) + "), now it is '" + response.modelName
                          + "' (" + response.modelHash.substr(0, 12) + ")");
    if (!session.taxonomyVersion.empty() && session.taxonomyVersion != response.taxonomyVersion)
        changes.push_back("the merges were '" + session.taxonomyVersion + "', now they are '"
                          + response.taxonomyVersion + "'");
    std::unordered_map<std::int64_t, const SearchHit *> now;
    for (const SearchHit &hit : response.hits)
        now.emplace(hit.imageId, &hit);
    std::unordered_map<std::int64_t, std::size_t> before;
    for (std::size_t i = 0; i < session.results.size(); ++i)
        before.emplace(session.results[i].imageId, i);
    std::int64_t gone = 0;
    std::int64_t moved = 0;
    std::int64_t rescored = 0;
    std::int64_t other = 0;
    for (std::size_t i = 0; i < session.results.size(); ++i) {
        const auto found = now.find(session.results[i].imageId);
        if (found == now.end()) {
            ++gone;
            continue;
        }
        moved += found->second->rank != static_cast<int>(i) + 1 ? 1 : 0;
        rescored += std::abs(found->second->score - session.results[i].score) > kSameScore ? 1 : 0;
        other += found->second->path != session.results[i].path ? 1 : 0;
    }
    const std::int64_t added =
        std::count_if(response.hits.begin(), response.hits.end(),
                      [&](const SearchHit &hit) { return before.count(hit.imageId) == 0; });
    if (gone > 0)
        changes.push_back(std::to_string(gone) + " pictures are no longer among the hits");
    if (added > 0)
        changes.push_back(std::to_string(added) + " pictures are new among the hits");
    if (moved > 0)
        changes.push_back(std::to_string(moved) + " pictures have another rank");
    if (rescored > 0)
        changes.push_back(std::to_string(rescored) + " pictures have another score");
    if (other > 0)
        changes.push_back(std::to_string(other) + " pictures are in another place");
    return changes;
}

} // namespace sapsam
