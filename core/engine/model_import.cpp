#include "core/engine/model_import.h"

#include "core/base/file.h"
#include "core/base/sha256.h"
#include "core/engine/model_folder.h"
#include "core/engine/network_outline.h"
#include "core/text/byte_bpe_tokenizer.h"
#include "core/text/clip_tokenizer.h"
#include "core/text/unigram_tokenizer.h"
#include "core/text/wordpiece_tokenizer.h"
#include "core/weights/checkpoint.h"
#include "core/weights/derive_config.h"
#include "core/weights/torch_checkpoint.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <sys/file.h>
#include <unistd.h>

namespace sapsam {

namespace fs = std::filesystem;

namespace {

constexpr const char *kConfig = "config.json";
constexpr const char *kOpenClipConfig = "open_clip_config.json";
constexpr const char *kPreprocessor = "preprocessor_config.json";
constexpr const char *kBeside[] = {"generation_config.json", "tokenizer_config.json",
                                   "special_tokens_map.json", "processor_config.json",
                                   "added_tokens.json"};
constexpr const char *kMarker = ".importing"; // a folder that is not in the manifest yet
constexpr const char *kLock = ".lock";
constexpr std::size_t kListed = 3; // names in a sentence

struct Opened
{
    std::string path;
    std::shared_ptr<const TensorSource> source, named;
    Recognition recognition;
    std::vector<std::string> files;
};

bool isFile(const fs::path &path)
{
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

// Where files that belong to a path would lie.
fs::path folderOf(const std::string &path)
{
    std::error_code ignored;
    if (fs::is_directory(path, ignored))
        return path;
    const fs::path parent = fs::path(path).parent_path();
    return parent.empty() ? fs::path(".") : parent;
}

Opened openPart(const std::string &path, const std::string &shown)
{
    Opened part;
    part.path = shown;
    part.source = openCheckpoint(path);
    part.named = withHuggingFaceNames(part.source);
    part.recognition = recognise(part.source);
    part.files = checkpointFiles(path);
    return part;
}

std::vector<Opened> openParts(const std::vector<std::string> &paths)
{
    if (paths.empty())
        throw Error(ErrorKind::InvalidInput, "name the file or folder with the weights");
    std::vector<Opened> parts;
    std::set<std::string> seen;
    for (const auto &path : paths) {
        // A folder of a registry says itself what to open.
        const fs::path config = fs::path(path) / kConfig;
        std::error_code ignored;
        if (fs::is_directory(path, ignored) && isFile(config)) {
            const Json json = readJsonFile(config.string());
            if (json.is_object() && json.contains("weights")) {
                for (const auto &name :
                     require<std::vector<std::string>>(json.at("weights"), "open", config.string()))
                    parts.push_back(openPart((fs::path(path) / name).string(), path));
                continue;
            }
        }
        parts.push_back(openPart(path, path));
    }
    for (const auto &part : parts) {
        for (const auto &file : part.files) {
            if (!seen.insert(fs::weakly_canonical(file).string()).second)
                throw Error(ErrorKind::InvalidInput, "'" + file + "' is named twice");
        }
    }
    return parts;
}

bool isPartOfBlip2(const std::string &architecture)
{
    return architecture == "blip2-opt" || architecture == "blip2-t5" || architecture == "eva-vit"
           || architecture == "opt" || architecture == "t5";
}

// The file with the Q-Former goes first: a vision tower that was trained with it counts.
void arrange(std::vector<Opened> &parts)
{
    for (const auto &part : parts) {
        if (parts.size() == 1 || isPartOfBlip2(part.recognition.architecture))
            continue;
        if (part.recognition.format == PublishedFormat::Unknown)
            throw Error(ErrorKind::InvalidInput, "'" + part.path + "': " + part.recognition.advice);
        throw Error(ErrorKind::InvalidInput,
                    "'" + part.path + "' holds " + part.recognition.summary
                        + ", which needs no other file; import it by itself");
    }
    std::stable_sort(parts.begin(), parts.end(), [](const Opened &a, const Opened &b) {
        const auto isWhole = [](const Opened &part) {
            return part.recognition.architecture == "blip2-opt"
                   || part.recognition.architecture == "blip2-t5";
        };
        return isWhole(a) && !isWhole(b);
    });
}

std::string taskOf(const std::string &architecture)
{
    if (architecture == "clip")
        return "retrieval";
    if (architecture == "blip2-opt" || architecture == "blip2-t5")
        return "phrases";
    // A SAM answers points and boxes; one with BERT before it, phrases.
    return architecture == "person-sam" || architecture == "sam" ? architecture : "network";
}

const char *nameOfType(torch::ScalarType type)
{
    switch (type) {
    case torch::kFloat:
        return "F32";
    case torch::kHalf:
        return "F16";
    case torch::kBFloat16:
        return "BF16";
    case torch::kDouble:
        return "F64";
    default:
        return "other";
    }
}

std::string firstLines(const std::string &text)
{
    std::string result;
    std::size_t begin = 0;
    for (int line = 0; line < 3 && begin < text.size(); ++line) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        if (!result.empty())
            result += ' ';
        result.append(text, begin, end - begin);
        begin = end + 1;
    }
    return result;
}

// Whether a network of this configuration takes these tensors; extra ones are no obstacle, they are
// left out. The reason of a refusal goes to `why`.
std::unique_ptr<engine::NetworkOutline> fittingOutline(const std::string &architecture,
                                                       const Json &config,
                                                       const std::string &origin,
                                                       const TensorSource &named, std::string &why)
{
    const bool hasHeads =
        named.find("cls.predictions.bias") && named.find("cls.seq_relationship.bias");
    try {
        auto outline = engine::outlineOf(architecture, config, origin, hasHeads);
        if (!outline)
            return nullptr;
        const FitReport fit = compareStrict(*outline->module, named, outline->names);
        if (fit.missing.empty() && fit.misshapen.empty() && fit.twice.empty())
            return outline;
        why = firstLines(fit.text(named.origin()));
    } catch (const Error &error) {
        why = firstLines(error.what());
    }
    return nullptr;
}

// A config.json of the language model alone completes that of a LAVIS file.
Json withTextConfig(Json config, Json text, const Json &derivedText)
{
    // The exact GELU of BLIP-2's T5 is in no config.json of the language model.
    if (derivedText.contains("dense_act_fn"))
        text["dense_act_fn"] = derivedText.at("dense_act_fn");
    config["text_config"] = std::move(text);
    return config;
}

Json withoutOwnKeys(Json config)
{
    for (const char *key : {"architecture", "weights"})
        config.erase(key);
    return config;
}

struct Tokenizer
{
    std::vector<std::string> files;
    std::size_t (*size)(const fs::path &folder);
};

// In the order of preference.
std::vector<Tokenizer> tokenizersOf(const std::string &architecture)
{
    if (architecture == "clip")
        return {{{"vocab.json", "merges.txt"},
                 [](const fs::path &folder) {
                     return ClipTokenizer::fromHuggingFace((folder / "vocab.json").string(),
                                                           (folder / "merges.txt").string())
                         .size();
                 }},
                {{"bpe_simple_vocab_16e6.txt.gz"},
                 [](const fs::path &folder) {
                     return ClipTokenizer::fromOpenAiMerges(
                                (folder / "bpe_simple_vocab_16e6.txt.gz").string())
                         .size();
                 }},
                {{"bpe_simple_vocab_16e6.txt"}, [](const fs::path &folder) {
                     return ClipTokenizer::fromOpenAiMerges(
                                (folder / "bpe_simple_vocab_16e6.txt").string())
                         .size();
                 }}};
    if (architecture == "bert" || architecture == "person-sam")
        return {{{"vocab.txt"}, [](const fs::path &folder) {
                     return WordPieceTokenizer::fromFile((folder / "vocab.txt").string()).size();
                 }}};
    if (architecture == "blip2-opt")
        return {{{"vocab.json", "merges.txt"}, [](const fs::path &folder) {
                     return ByteBpeTokenizer::fromFiles((folder / "vocab.json").string(),
                                                        (folder / "merges.txt").string())
                         .size();
                 }}};
    if (architecture == "blip2-t5" || architecture == "t5")
        return {{{"spiece.model"},
                 [](const fs::path &folder) {
                     return UnigramTokenizer::fromSentencePiece((folder / "spiece.model").string())
                         .size();
                 }},
                {{"tokenizer.json"}, [](const fs::path &folder) {
                     return UnigramTokenizer::fromTokenizerJson(
                                (folder / "tokenizer.json").string())
                         .size();
                 }}};
    return {};
}

class Examiner
{
public:
    Examiner(const std::vector<std::string> &paths, const std::string &configFile)
        : m_parts(openParts(paths))
    {
        arrange(m_parts);
        for (const auto &part : m_parts) {
            const fs::path folder = folderOf(part.path);
            if (std::find(m_folders.begin(), m_folders.end(), folder) == m_folders.end())
                m_folders.push_back(folder);
        }
        describe();
        if (m_result.architecture.empty())
            return;
        chooseConfig(configFile);
        choosePreprocessor();
        findTokenizer();
    }

    ModelExamination take() { return std::move(m_result); }

private:
    void describe();
    void chooseConfig(const std::string &configFile);
    bool useConfig(const Json &config, const std::string &file, std::string &why);
    void choosePreprocessor();
    void findTokenizer();

    std::vector<Opened> m_parts;
    std::vector<fs::path> m_folders;
    std::shared_ptr<const TensorSource> m_named;
    Recognition m_recognition;
    std::unique_ptr<engine::NetworkOutline> m_outline;
    ModelExamination m_result;
};

void Examiner::describe()
{
    std::vector<std::shared_ptr<const TensorSource>> sources;
    std::string known;
    std::set<std::string> files;
    for (const auto &part : m_parts) {
        sources.push_back(part.named);
        if (part.recognition.architecture == "blip2-t5")
            known = part.recognition.architecture;
        m_result.parts.push_back(
            {part.path, nameOf(part.recognition.format), part.recognition.summary, part.files});
        for (const auto &file : part.files) {
            std::error_code error;
            const auto size = fs::file_size(file, error);
            m_result.bytes += error ? 0 : static_cast<std::uint64_t>(size);
        }
    }
    if (m_parts.size() == 1) {
        m_named = sources.front();
        m_recognition = m_parts.front().recognition;
    } else {
        m_named = combineSources(sources);
        m_recognition = recognise(m_named, known);
    }
    m_result.architecture = m_recognition.architecture;
    m_result.task = taskOf(m_result.architecture);
    m_result.summary = m_recognition.summary;
    m_result.isComplete = m_recognition.isComplete;
    m_result.missingParts = m_recognition.missingParts;
    m_result.missing = m_recognition.missing;
    m_result.misshapen = m_recognition.misshapen;
    m_result.extra = m_recognition.extra;
    m_result.advice = m_recognition.advice;

    std::map<std::string, std::uint64_t> counts;
    for (const auto &name : m_named->names()) {
        const auto *info = m_named->find(name);
        std::uint64_t count = 1;
        for (const auto length : info->shape)
            count *= static_cast<std::uint64_t>(length);
        counts[nameOfType(info->dtype)] += count;
        m_result.parameters += count;
    }
    std::uint64_t most = 0;
    for (const auto &count : counts) {
        if (count.second > most) {
            most = count.second;
            m_result.dtype = count.first;
        }
    }
    if (!m_result.extra.empty()) {
        std::string names;
        for (std::size_t i = 0; i < m_result.extra.size() && i < kListed; ++i)
            names += (i == 0 ? "" : ", ") + m_result.extra[i];
        m_result.notes.push_back(std::to_string(m_result.extra.size())
                                 + " tensors that the network does not have are left out (" + names
                                 + (m_result.extra.size() > kListed ? ", …)" : ")"));
    }
}

bool Examiner::useConfig(const Json &config, const std::string &file, std::string &why)
{
    auto outline = fittingOutline(m_result.architecture, config,
                                  file.empty() ? m_named->origin() : file, *m_named, why);
    if (!outline)
        return false;
    m_outline = std::move(outline);
    m_result.config = config;
    m_result.configFrom = file;
    m_result.unknown.clear();
    return true;
}

void Examiner::chooseConfig(const std::string &configFile)
{
    DeriveHints hints;
    hints.format = m_parts.front().recognition.format;
    if (hints.format == PublishedFormat::ClipOpenAi) {
        for (const auto &folder : m_folders) {
            if (!isFile(folder / kOpenClipConfig))
                continue;
            const std::string path = (folder / kOpenClipConfig).string();
            const Json json = readJsonFile(path);
            const Json model = json.is_object() ? json.value("model_cfg", json) : Json();
            hints.isPlainGelu = !(model.is_object() && model.value("quick_gelu", Json()) == true);
            m_result.notes.push_back("'" + path + "' says that the activation is "
                                     + (hints.isPlainGelu ? "gelu" : "quick_gelu"));
        }
        const std::string name = fs::path(m_parts.front().files.front()).filename().string();
        if (m_result.notes.empty() && name.compare(0, 9, "open_clip") == 0) {
            hints.isPlainGelu = true;
            m_result.notes.push_back("the file comes from open_clip without its "
                                     "open_clip_config.json; its usual activation, gelu, is taken");
        }
    }
    DerivedConfig derived = deriveConfig(m_recognition, *m_named, hints);
    if (!m_result.isComplete || derived.config.is_null()) {
        m_result.config = derived.config;
        m_result.preprocessor = derived.preprocessor;
        m_result.unknown = derived.unknown;
        if (m_result.isComplete)
            m_result.advice =
                "this is a part of BLIP-2 and no network by itself; name it together with the "
                "LAVIS file that it belongs to";
        return;
    }

    std::string why;
    std::vector<std::string> candidates;
    if (!configFile.empty())
        candidates.push_back(configFile);
    for (const auto &folder : m_folders) {
        if (configFile.empty() && isFile(folder / kConfig))
            candidates.push_back((folder / kConfig).string());
    }
    Json wanted = derived.config;
    for (const auto &file : candidates) {
        const bool isAsked = !configFile.empty();
        const Json json = readJsonFile(file);
        const std::string type = engine::architectureOf(json);
        const bool isLanguageModel = type == "opt" || type == "t5";
        const bool isBlip2 = m_result.architecture.compare(0, 6, "blip2-") == 0;
        const Json whole = isBlip2 && isLanguageModel
                               ? withTextConfig(wanted, json, wanted.at("text_config"))
                               : withoutOwnKeys(json);
        if (type == m_result.architecture || (isBlip2 && isLanguageModel)) {
            if (useConfig(whole, file, why)) {
                wanted = whole;
                continue;
            }
        } else {
            why = "it is of the architecture '" + type + "'";
        }
        if (isAsked)
            throw Error(ErrorKind::Mismatch,
                        "'" + file + "' does not belong to these weights: " + why);
        m_result.notes.push_back("'" + file
                                 + "' does not belong to these weights and is passed "
                                   "over: "
                                 + why);
    }
    if (m_outline) {
        m_result.preprocessor = derived.preprocessor;
        return;
    }
    m_result.notes.insert(m_result.notes.end(), derived.notes.begin(), derived.notes.end());
    m_result.preprocessor = derived.preprocessor;
    m_result.config = derived.config;
    m_result.unknown = derived.unknown;
    if (m_result.unknown.empty() && !useConfig(derived.config, {}, why)) {
        m_result.isComplete = false;
        m_result.advice = "the tensors do not make one network: " + why;
    }
    if (!m_result.unknown.empty()) {
        m_result.advice = "the tensors do not tell ";
        for (std::size_t i = 0; i < m_result.unknown.size(); ++i)
            m_result.advice += (i == 0 ? "" : ", ") + m_result.unknown[i];
        m_result.advice += "; put the model's config.json beside the file or name it (--config)";
    }
}

void Examiner::choosePreprocessor()
{
    if (!m_outline || m_result.preprocessor.is_null())
        return;
    const auto height = m_outline->pictureHeight, width = m_outline->pictureWidth;
    for (const auto &folder : m_folders) {
        const std::string file = (folder / kPreprocessor).string();
        if (!isFile(file))
            continue;
        try {
            const auto found = engine::readPreparation(file, m_result.architecture);
            if (found.height == height && found.width == width) {
                m_result.preprocessor = readJsonFile(file);
                return;
            }
            m_result.notes.push_back("'" + file + "' prepares pictures of "
                                     + std::to_string(found.height) + " x "
                                     + std::to_string(found.width)
                                     + ", which is not what the network takes; it is passed over");
        } catch (const Error &error) {
            m_result.notes.push_back(std::string(error.what()) + "; the file is passed over");
        }
    }
    Json &size = m_result.preprocessor["size"];
    if (height != width || size.contains("height"))
        size = {{"height", height}, {"width", width}};
    else
        size.begin().value() = height; // shortest_edge or longest_edge
    m_result.notes.push_back("pictures are prepared for " + std::to_string(height) + " x "
                             + std::to_string(width) + " (height x width), "
                             + m_result.preprocessor.at("resample").get<std::string>());
}

void Examiner::findTokenizer()
{
    const auto known = tokenizersOf(m_result.architecture);
    if (known.empty())
        return;
    for (const auto &folder : m_folders) {
        for (const auto &tokenizer : known) {
            if (!std::all_of(tokenizer.files.begin(), tokenizer.files.end(),
                             [&](const std::string &name) { return isFile(folder / name); }))
                continue;
            try {
                const std::size_t size = tokenizer.size(folder);
                if (m_outline && static_cast<std::int64_t>(size) > m_outline->vocabulary) {
                    m_result.notes.push_back(
                        "'" + (folder / tokenizer.files.front()).string() + "' has "
                        + std::to_string(size) + " tokens, the network only "
                        + std::to_string(m_outline->vocabulary) + "; it is passed over");
                    continue;
                }
            } catch (const Error &error) {
                m_result.notes.push_back(std::string(error.what()) + "; it is passed over");
                continue;
            }
            for (const auto &name : tokenizer.files)
                m_result.tokenizer.push_back((folder / name).string());
            for (const char *name : kBeside) {
                if (isFile(folder / name))
                    m_result.beside.push_back((folder / name).string());
            }
            return;
        }
    }
    m_result.missingTokenizer = known.front().files;
}

std::string usableName(const std::string &wanted, const std::string &path,
                       const std::string &architecture)
{
    if (!wanted.empty()) {
        const bool isPlain = wanted.front() != '.' && wanted.size() <= 100
                             && std::all_of(wanted.begin(), wanted.end(), [](unsigned char c) {
                                    return c > ' ' && c != 0x7f && c != '/' && c != '\\';
                                });
        if (!isPlain)
            throw Error(ErrorKind::InvalidInput,
                        "'" + wanted
                            + "' cannot be the name of a model: use up to 100 letters, digits, "
                              "'-', '_' and '.', no space and no '/'");
        return wanted;
    }
    fs::path from = fs::path(path).lexically_normal();
    if (from.filename().empty() || from.filename() == ".")
        from = from.parent_path();
    std::error_code ignored;
    std::string name =
        fs::is_directory(path, ignored) ? from.filename().string() : from.stem().string();
    // "pytorch_model.bin" and the like say nothing; their folder does.
    for (const char *vague :
         {"model", "pytorch_model", "weights", "best", "open_clip_pytorch_model",
          "model.safetensors.index", "pytorch_model.bin.index"}) {
        if (name == vague && !from.parent_path().filename().empty())
            name = from.parent_path().filename().string() + (name == "best" ? "-best" : "");
    }
    for (char &c : name) {
        const bool isKept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                            || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        c = isKept ? c : '-';
    }
    name.resize(std::min<std::size_t>(name.size(), 100));
    const auto first = name.find_first_not_of(".-");
    return first == std::string::npos ? architecture : name.substr(first);
}

// One import at a time in a registry.
class RegistryLock
{
public:
    explicit RegistryLock(const std::string &folder)
    {
        const std::string path = (fs::path(folder) / kLock).string();
        m_file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (m_file < 0)
            throwSystemError("write", path, errno);
        if (::flock(m_file, LOCK_EX | LOCK_NB) != 0) {
            ::close(m_file);
            throw Error(ErrorKind::Busy, "another import into '" + folder
                                             + "' is going on; wait until it has finished");
        }
    }
    ~RegistryLock() { ::close(m_file); }
    RegistryLock(const RegistryLock &) = delete;
    RegistryLock &operator=(const RegistryLock &) = delete;

private:
    int m_file = -1;
};

// Removed unless kept.
class TemporaryFolder
{
public:
    explicit TemporaryFolder(fs::path path) : m_path(std::move(path)) {}
    ~TemporaryFolder()
    {
        std::error_code ignored;
        if (!m_path.empty())
            fs::remove_all(m_path, ignored);
    }
    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder &operator=(const TemporaryFolder &) = delete;

    void moveTo(const fs::path &target)
    {
        std::error_code error;
        fs::rename(m_path, target, error);
        if (error)
            throwSystemError("create the folder", target.string(), error.value());
        m_path = target;
    }
    void keep() { m_path.clear(); }
    const fs::path &path() const { return m_path; }

private:
    fs::path m_path;
};

OrderedJson readManifestJson(const std::string &path)
{
    if (!isFile(path))
        return {{"version", 1}, {"models", OrderedJson::array()}};
    const auto json = OrderedJson::parse(readFile(path), nullptr, false);
    if (!json.is_object() || !json.contains("models") || !json.at("models").is_array())
        throw Error(ErrorKind::Corrupt, "'" + path + "' is not a manifest of models; restore it");
    return json;
}

bool isListed(const OrderedJson &manifest, const char *key, const std::string &value)
{
    for (const auto &model : manifest.at("models")) {
        if (model.is_object() && model.contains(key) && model.at(key) == value)
            return true;
    }
    return false;
}

// What an import left that did not get to its end.
void removeLeftovers(const fs::path &folder, const OrderedJson &manifest)
{
    std::error_code error;
    std::vector<fs::path> found;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        if (fs::exists(it->path() / kMarker, error))
            found.push_back(it->path());
    }
    for (const auto &path : found) {
        if (isListed(manifest, "folder", path.filename().string()))
            fs::remove(path / kMarker, error);
        else
            fs::remove_all(path, error);
    }
}

// Copies through a buffer and hashes what it copies. Returns false when cancelled.
bool copyHashed(const std::string &from, const fs::path &to, std::string &sha256,
                const CancelToken &cancel, const std::function<void(std::size_t)> &advanced)
{
    struct Cancelled
    {
    };
    Sha256 hash;
    const int file = ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        throwSystemError("write", to.string(), errno);
    const std::unique_ptr<const int, void (*)(const int *)> closer(
        &file, [](const int *descriptor) { ::close(*descriptor); });
    try {
        readFileInPieces(from, [&](const char *data, std::size_t size) {
            if (cancel.isCancelled())
                throw Cancelled();
            hash.update(data, size);
            for (std::size_t done = 0; done < size;) {
                const auto count = ::write(file, data + done, size - done);
                if (count < 0 && errno != EINTR)
                    throwSystemError("write", to.string(), errno);
                done += count < 0 ? 0 : static_cast<std::size_t>(count);
            }
            advanced(size);
        });
    } catch (const Cancelled &) {
        return false;
    }
    if (::fsync(file) != 0)
        throwSystemError("write", to.string(), errno);
    sha256 = hash.hexDigest();
    return true;
}

bool hashCancelled(const std::string &path, std::string &sha256, const CancelToken &cancel,
                   const std::function<void(std::size_t)> &advanced)
{
    struct Cancelled
    {
    };
    Sha256 hash;
    try {
        readFileInPieces(path, [&](const char *data, std::size_t size) {
            if (cancel.isCancelled())
                throw Cancelled();
            hash.update(data, size);
            advanced(size);
        });
    } catch (const Cancelled &) {
        return false;
    }
    sha256 = hash.hexDigest();
    return true;
}

} // namespace

ModelExamination examineModel(const std::vector<std::string> &paths, const std::string &configFile)
{
    return Examiner(paths, configFile).take();
}

std::string modelNameFor(const ModelExamination &examination)
{
    return usableName({}, examination.parts.front().path, examination.architecture);
}

OrderedJson jsonOf(const ModelExamination &examination)
{
    OrderedJson parts = OrderedJson::array();
    for (const auto &part : examination.parts)
        parts.push_back({{"path", part.path},
                         {"format", part.format},
                         {"summary", part.summary},
                         {"files", part.files}});
    return {{"architecture", examination.architecture},
            {"task", examination.task},
            {"summary", examination.summary},
            {"complete", examination.isComplete},
            {"missing_parts", examination.missingParts},
            {"missing", examination.missing},
            {"misshapen", examination.misshapen},
            {"extra", examination.extra},
            {"advice", examination.advice},
            {"unknown", examination.unknown},
            {"dtype", examination.dtype},
            {"parameters", examination.parameters},
            {"bytes", examination.bytes},
            {"config_from", examination.configFrom},
            {"config", OrderedJson(examination.config)},
            {"tokenizer", examination.tokenizer},
            {"missing_tokenizer", examination.missingTokenizer},
            {"notes", examination.notes},
            {"parts", std::move(parts)}};
}

ModelImport importModel(const ModelImportRequest &request, const CancelToken &cancel,
                        const ProgressSink &progress)
{
    ModelImport result;
    result.examination = examineModel(request.paths, request.configFile);
    ModelExamination &found = result.examination;
    if (!found.isImportable()) {
        std::string message = found.architecture.empty() ? "the weights are of no known network"
                                                         : "the model is not complete";
        throw Error(ErrorKind::Mismatch,
                    "'" + request.paths.front() + "': " + message + ": " + found.advice);
    }

    result.modelsFolder = request.modelsFolder.empty() ? userModelsFolder() : request.modelsFolder;
    const fs::path registry(result.modelsFolder);
    const std::string name = usableName(request.name, found.parts.front().path, found.architecture);
    makeFolder(result.modelsFolder);
    const RegistryLock lock(result.modelsFolder);
    const std::string manifestPath = (registry / "manifest.json").string();
    OrderedJson manifest = readManifestJson(manifestPath);
    removeLeftovers(registry, manifest);
    std::error_code error;
    if (isListed(manifest, "name", name) || fs::exists(registry / name, error))
        throw Error(ErrorKind::InvalidInput, "there is a model '" + name + "' in '"
                                                 + result.modelsFolder
                                                 + "' already; choose another name (--name)");
    const auto space = fs::space(registry, error);
    if (!request.link && !error && space.available < found.bytes)
        throw Error(ErrorKind::NoSpace,
                    "'" + result.modelsFolder + "' has " + std::to_string(space.available >> 20)
                        + " MiB left, the model needs " + std::to_string(found.bytes >> 20)
                        + " MiB; free some space or link the weights (--link)");

    TemporaryFolder staging(registry / (std::string(kMarker) + "-" + name));
    makeFolder(staging.path().string());
    writeFileAtomically((staging.path() / kMarker).string(), {});

    // The weights, each part in a folder of its own where names repeat.
    ProgressMeter meter(request.link ? "checking weights" : "copying weights",
                        static_cast<std::int64_t>(found.bytes >> 20), progress);
    std::size_t pending = 0;
    const auto advanced = [&](std::size_t bytes) {
        pending += bytes;
        if (pending >> 20 != 0)
            meter.advance(static_cast<std::int64_t>(pending >> 20));
        pending &= (1u << 20) - 1;
    };
    Json open = Json::array(), files = Json::array();
    OrderedJson entryFiles = OrderedJson::array();
    std::vector<std::pair<std::string, std::string>> hashes;
    std::set<std::string> taken = {kConfig, kPreprocessor};
    for (const auto &path : found.tokenizer)
        taken.insert(fs::path(path).filename().string());
    std::vector<std::string> sourceNames;
    for (std::size_t i = 0; i < found.parts.size(); ++i) {
        const auto &part = found.parts[i];
        bool isFree = true;
        for (const auto &file : part.files)
            isFree = isFree && taken.count(fs::path(file).filename().string()) == 0;
        const std::string below = isFree ? "" : "part-" + std::to_string(i + 1) + "/";
        if (!isFree)
            makeFolder((staging.path() / below).string());
        for (std::size_t k = 0; k < part.files.size(); ++k) {
            const std::string fileName = fs::path(part.files[k]).filename().string();
            const std::string relative = below + fileName;
            const fs::path target = staging.path() / relative;
            const bool isIndex = part.files.size() > 1 && k == 0;
            std::string sha256;
            bool isDone = false;
            if (request.link && !isIndex) {
                fs::create_symlink(fs::canonical(part.files[k]), target, error);
                if (error)
                    throwSystemError("link", target.string(), error.value());
                isDone = hashCancelled(target.string(), sha256, cancel, advanced);
            } else {
                isDone = copyHashed(part.files[k], target, sha256, cancel, advanced);
            }
            if (!isDone) {
                result.wasCancelled = true;
                return result;
            }
            taken.insert(relative);
            const auto bytes = static_cast<std::uint64_t>(fs::file_size(target));
            hashes.emplace_back(relative, sha256);
            files.push_back({{"path", relative},
                             {"bytes", bytes},
                             {"changed", engine::changeStampOf(target.string())}});
            entryFiles.push_back({{"path", relative}, {"sha256", sha256}, {"bytes", bytes}});
            sourceNames.push_back(fileName);
            if (k == 0)
                open.push_back(relative);
        }
    }

    Json config = found.config;
    config["architecture"] = found.architecture;
    config["weights"] = {{"open", open},
                         {"files", files},
                         {"sha256", engine::combinedSha256(hashes)},
                         {"left_out", found.extra}};
    const auto addSmall = [&](const std::string &fileName, const std::string &content) {
        writeFileAtomically((staging.path() / fileName).string(), content);
        entryFiles.push_back(
            {{"path", fileName}, {"sha256", sha256Of(content)}, {"bytes", content.size()}});
    };
    addSmall(kConfig, config.dump(2) + "\n");
    if (!found.preprocessor.is_null())
        addSmall(kPreprocessor, found.preprocessor.dump(2) + "\n");
    for (const auto *list : {&found.tokenizer, &found.beside}) {
        for (const auto &path : *list)
            addSmall(fs::path(path).filename().string(), readFile(path));
    }
    // What was written is what the engine reads.
    engine::readModelFolder(staging.path().string(), found.task);
    if (cancel.isCancelled()) {
        result.wasCancelled = true;
        return result;
    }

    std::string sources;
    for (const auto &source : sourceNames)
        sources += (sources.empty() ? "" : ", ") + source;
    manifest["models"].push_back({{"name", name},
                                  {"task", found.task},
                                  {"architecture", found.architecture},
                                  {"folder", name},
                                  {"files", std::move(entryFiles)},
                                  {"licence", "as published with the weights"},
                                  {"source", "imported from " + sources},
                                  {"dtype", found.dtype},
                                  {"parameters", found.parameters},
                                  {"source_files", sourceNames},
                                  {"reproduce", "sapsam models import " + sources}});
    staging.moveTo(registry / name);
    writeJsonFile(manifestPath, manifest);
    staging.keep();
    fs::remove(registry / name / kMarker, error);

    result.folder = (registry / name).string();
    result.entry = *readModelManifest(result.modelsFolder).findByName(name);
    return result;
}

} // namespace sapsam
