#include "core/pipeline/export.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/sha256.h"
#include "core/base/version.h"
#include "core/pipeline/contact_sheet.h"
#include "core/store/taxonomy_versions.h"
#include "core/taxonomy/taxonomy.h"

#include <array>
#include <charconv>
#include <ctime>
#include <initializer_list>
#include <unordered_map>

namespace sapsam {

namespace {

// One line of a table as RFC 4180 has it, with line feeds.
std::string csvLine(std::initializer_list<std::string> fields)
{
    std::string line;
    bool first = true;
    for (const std::string &field : fields) {
        if (!first)
            line += ',';
        first = false;
        if (field.find_first_of(",\"\r\n") == std::string::npos) {
            line += field;
            continue;
        }
        line += '"';
        for (const char c : field) {
            if (c == '"')
                line += '"';
            line += c;
        }
        line += '"';
    }
    return line + "\n";
}

// The shortest text that reads back as the same number, in every locale.
std::string numberText(double value)
{
    std::array<char, 32> buffer{};
    return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

std::string edgeText(const std::optional<Box> &box, int Box::*edge)
{
    return box ? std::to_string((*box).*edge) : std::string();
}

std::string now()
{
    const std::time_t time = std::time(nullptr);
    std::tm utc = {};
    ::gmtime_r(&time, &utc);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text.data();
}

// Writes the files of an export and remembers them for the manifest.
class ExportFolder
{
public:
    explicit ExportFolder(std::string folder) : m_folder(std::move(folder))
    {
        makeFolder(m_folder);
    }

    void write(const std::string &name, const std::string &content)
    {
        writeFileAtomically(m_folder + "/" + name, content);
        m_files.push_back(
            {{"path", name}, {"sha256", sha256Of(content)}, {"bytes", content.size()}});
    }
    const OrderedJson &files() const { return m_files; }
    std::string path(const std::string &name) const { return m_folder + "/" + name; }

private:
    std::string m_folder;
    OrderedJson m_files = OrderedJson::array();
};

void writeTables(ProjectStore &store, const ExportOptions &options, ExportFolder &folder,
                 ExportReport &report, const CancelToken &cancel, const ProgressSink &progress)
{
    std::string images =
        csvLine({"image", "path", "picture", "sha256", "width", "height", "source", "split",
                 "identity", "frame", "box_left", "box_top", "box_right", "box_bottom"});
    std::string captions = csvLine({"image", "text"});
    std::string regions =
        csvLine({"region",      "image",    "group",         "area",         "score",
                 "box_left",    "box_top",  "box_right",     "box_bottom",   "mask_width",
                 "mask_height", "mask_rle", "prompt",        "origin",       "model",
                 "taxonomy",    "phrase",   "phrase_origin", "phrase_model", "phrase_template"});
    const std::vector<ImageRecord> list = store.images();
    ProgressMeter meter("writing tables", static_cast<std::int64_t>(list.size()), progress);
    for (const ImageRecord &image : list) {
        if (cancel.isCancelled())
            return;
        const std::string id = std::to_string(image.id);
        images += csvLine({id, image.path, store.picturePath(image), image.sha256,
                           std::to_string(image.width), std::to_string(image.height), image.source,
                           image.split, image.identity,
                           image.frame ? std::to_string(*image.frame) : std::string(),
                           edgeText(image.box, &Box::left), edgeText(image.box, &Box::top),
                           edgeText(image.box, &Box::right), edgeText(image.box, &Box::bottom)});
        for (const CaptionRecord &caption : store.captions(image.id))
            captions += csvLine({id, caption.text});
        std::unordered_map<std::int64_t, PhraseRecord> phraseOf;
        for (PhraseRecord &phrase : store.phrases(image.id))
            phraseOf.emplace(phrase.regionId, std::move(phrase));
        for (const RegionRecord &region : store.regions(image.id)) {
            const auto found = phraseOf.find(region.id);
            const PhraseRecord phrase = found == phraseOf.end() ? PhraseRecord{} : found->second;
            regions += csvLine({std::to_string(region.id),
                                id,
                                region.group,
                                numberText(region.area),
                                numberText(region.score),
                                std::to_string(region.bounds.left),
                                std::to_string(region.bounds.top),
                                std::to_string(region.bounds.right),
                                std::to_string(region.bounds.bottom),
                                std::to_string(region.width),
                                std::to_string(region.height),
                                region.rle,
                                region.prompt,
                                region.origin,
                                region.modelHash,
                                region.taxonomyVersion,
                                phrase.text,
                                phrase.text.empty() ? std::string() : phrase.origin,
                                phrase.modelHash,
                                phrase.templateVersion});
        }
        ++report.written;
        meter.advance();
    }
    std::string rankings = csvLine({"query", "rank", "image", "path", "score"});
    for (const SearchResponse &search : options.searches) {
        for (const SearchHit &hit : search.hits)
            rankings += csvLine({search.query, std::to_string(hit.rank),
                                 std::to_string(hit.imageId), hit.path, numberText(hit.score)});
    }
    folder.write("images.csv", images);
    folder.write("captions.csv", captions);
    folder.write("regions.csv", regions);
    folder.write("rankings.csv", rankings);
}

} // namespace

ExportReport exportProject(ProjectStore &store, const ExportOptions &options,
                           const CancelToken &cancel, const ProgressSink &progress)
{
    if (options.format != "csv" && options.format != "html")
        throw Error(ErrorKind::InvalidInput,
                    "the export format '" + options.format + "' is not known; use csv or html");
    if (options.output.empty())
        throw Error(ErrorKind::InvalidInput, "no folder was named to write the export into");
    ExportReport report;
    ExportFolder folder(options.output);
    const Taxonomy taxonomy = currentTaxonomy(store);
    if (options.format == "csv")
        writeTables(store, options, folder, report, cancel, progress);
    else
        folder.write("index.html",
                     makeContactSheet(store, options, taxonomy, report, cancel, progress));
    report.cancelled = cancel.isCancelled();

    const ProjectCounts counts = store.counts();
    OrderedJson models = OrderedJson::object();
    for (const auto &[task, hash] : store.modelsInUse())
        models[task] = hash;
    OrderedJson queries = OrderedJson::array();
    for (const SearchResponse &search : options.searches)
        queries.push_back(
            {{"text", search.query}, {"model", search.modelHash}, {"hits", search.hits.size()}});
    OrderedJson skipped = OrderedJson::array();
    for (const SkippedItem &item : report.skipped)
        skipped.push_back({{"path", item.path}, {"reason", item.reason}});
    const OrderedJson manifest{
        {"program", "sapsam"},
        {"version", programVersion()},
        {"created", now()},
        {"project", store.name()},
        {"format", options.format},
        {"complete", !report.cancelled},
        {"models", std::move(models)},
        {"taxonomy", taxonomy.version},
        {"counts",
         {{"images", counts.images},
          {"regions", counts.regions},
          {"phrases", counts.phrases},
          {"embedded", counts.embedded},
          {"captions", counts.captions},
          {"written", report.written}}},
        {"queries", std::move(queries)},
        {"files", folder.files()},
        {"skipped", std::move(skipped)},
    };
    report.manifest = folder.path("manifest.json");
    writeJsonFile(report.manifest, manifest);
    return report;
}

} // namespace sapsam
