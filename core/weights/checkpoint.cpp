#include "core/weights/checkpoint.h"

#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/weights/mapped_file.h"
#include "core/weights/safetensors.h"
#include "core/weights/torch_checkpoint.h"

#include <filesystem>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

constexpr const char *kFolderFiles[] = {"model.safetensors", "model.safetensors.index.json",
                                        "pytorch_model.bin", "pytorch_model.bin.index.json"};
constexpr const char *kWeightEndings[] = {".safetensors", ".pth", ".pt", ".bin", ".pkl", ".ckpt"};
constexpr const char *kIndexEnding = ".index.json";
constexpr std::size_t kMaxIndexBytes = 64 << 20;
constexpr std::size_t kMaxIndexDepth = 8;
constexpr std::size_t kMaxFiles = 10'000;
constexpr std::size_t kTarMark = 257; // where "ustar" stands in a tar archive

bool endsWith(std::string_view text, std::string_view ending)
{
    return text.size() >= ending.size() && text.substr(text.size() - ending.size()) == ending;
}

// A file name and not a path: whatever an index says, it stays in its folder.
bool isPlainName(const std::string &name)
{
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos
           && name.find('\\') == std::string::npos && name.find('\0') == std::string::npos
           && name.size() <= 255;
}

// A safetensors file has no mark at its start; its header begins with a brace.
bool looksLikeSafetensors(std::string_view bytes, const std::string &path)
{
    return endsWith(path, ".safetensors") || (bytes.size() > 8 && bytes[8] == '{');
}

std::unique_ptr<TensorSource> openFile(const std::string &path)
{
    bool isTorch = false;
    {
        const MappedFile file(path);
        const auto bytes = file.bytes();
        isTorch = TorchCheckpoint::recognises(bytes);
        if (!isTorch && !looksLikeSafetensors(bytes, path)) {
            if (bytes.empty())
                throwBrokenCheckpoint(path, "it is empty");
            if (bytes.size() > kTarMark + 5 && bytes.substr(kTarMark, 5) == "ustar")
                throwForeignCheckpoint(path, "it is a tar archive, which PyTorch stopped writing "
                                             "in 2016; save it again with a newer PyTorch");
            if (bytes.size() > 2 && bytes[0] == '\x80' && bytes[1] <= 5)
                throwForeignCheckpoint(path, "it is a bare pickle and not what torch.save writes");
            throwBrokenCheckpoint(path, "it is neither a safetensors file nor one of PyTorch");
        }
    }
    if (isTorch)
        return std::make_unique<TorchCheckpoint>(path);
    return std::make_unique<SafetensorsFile>(path);
}

// Deep nesting is refused before the parser builds it.
Json parseIndex(const std::string &path)
{
    const MappedFile file(path);
    const auto bytes = file.bytes();
    if (bytes.size() > kMaxIndexBytes)
        throwBrokenCheckpoint(path, "the index is larger than any index");
    std::size_t depth = 0;
    bool isInText = false;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const char c = bytes[i];
        if (isInText) {
            i += c == '\\';
            isInText = c != '"';
        } else if (c == '"') {
            isInText = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kMaxIndexDepth)
                throwBrokenCheckpoint(path, "the index is nested too deeply");
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return parseJson(std::string(bytes), "'" + path + "'");
}

} // namespace

struct ShardedCheckpoint::Private
{
    std::string origin;
    std::map<std::string, std::unique_ptr<TensorSource>> files;
    std::map<std::string, const TensorSource *> tensors;
};

ShardedCheckpoint::ShardedCheckpoint(const std::string &index) : d(std::make_unique<Private>())
{
    d->origin = index;
    const Json json = parseIndex(index);
    const auto map = json.is_object() ? json.find("weight_map") : json.end();
    if (!json.is_object() || map == json.end() || !map->is_object() || map->empty())
        throwBrokenCheckpoint(index, "the index has no weight_map");
    const fs::path folder = fs::path(index).parent_path();

    for (const auto &item : map->items()) {
        const std::string tensor = "the index puts the tensor '" + printable(item.key()) + "' ";
        if (!item.value().is_string())
            throwBrokenCheckpoint(index, tensor + "into no file");
        const auto name = item.value().get<std::string>();
        if (!isPlainName(name) || endsWith(name, kIndexEnding))
            throwBrokenCheckpoint(index, tensor + "into '" + printable(name)
                                             + "', which is no file of its folder");
        auto &file = d->files[name];
        if (!file) {
            if (d->files.size() > kMaxFiles)
                throwBrokenCheckpoint(index, "the index names more files than any model has");
            const std::string path = (folder / name).string();
            std::error_code ignored;
            if (!fs::exists(path, ignored))
                throwBrokenCheckpoint(index,
                                      tensor + "into '" + printable(name) + "', which is absent");
            file = openFile(path);
        }
        if (!file->find(item.key()))
            throwBrokenCheckpoint(index, tensor + "into '" + printable(name)
                                             + "', which does not hold it");
        d->tensors.emplace(item.key(), file.get());
    }
}

ShardedCheckpoint::~ShardedCheckpoint() = default;

const std::string &ShardedCheckpoint::origin() const
{
    return d->origin;
}

std::vector<std::string> ShardedCheckpoint::names() const
{
    std::vector<std::string> result;
    for (const auto &tensor : d->tensors)
        result.push_back(tensor.first);
    return result;
}

const TensorInfo *ShardedCheckpoint::find(const std::string &name) const
{
    const auto found = d->tensors.find(name);
    return found == d->tensors.end() ? nullptr : found->second->find(name);
}

torch::Tensor ShardedCheckpoint::read(const std::string &name) const
{
    const auto found = d->tensors.find(name);
    if (found == d->tensors.end())
        throw Error(ErrorKind::NotFound, "'" + d->origin + "' has no tensor '" + name + "'");
    return found->second->read(name);
}

void ShardedCheckpoint::readInto(const std::string &name, const torch::Tensor &target) const
{
    const auto found = d->tensors.find(name);
    if (found == d->tensors.end())
        throw Error(ErrorKind::NotFound, "'" + d->origin + "' has no tensor '" + name + "'");
    found->second->readInto(name, target);
}

std::vector<std::string> ShardedCheckpoint::files() const
{
    std::vector<std::string> result;
    for (const auto &file : d->files)
        result.push_back(file.first);
    return result;
}

namespace {

// The file or index that a path stands for.
std::string checkpointOf(const std::string &path)
{
    std::error_code error;
    if (!fs::is_directory(path, error))
        return path;
    for (const char *name : kFolderFiles) {
        const std::string file = (fs::path(path) / name).string();
        if (fs::is_regular_file(file, error))
            return file;
    }
    std::vector<std::string> candidates;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
        const std::string name = it->path().filename().string();
        for (const char *ending : kWeightEndings) {
            std::error_code ignored;
            if (endsWith(name, ending) && it->is_regular_file(ignored))
                candidates.push_back(it->path().string());
        }
    }
    if (error)
        throwSystemError("list", path, error.value());
    if (candidates.size() == 1)
        return candidates.front();
    throw Error(candidates.empty() ? ErrorKind::NotFound : ErrorKind::Unsupported,
                "the folder '" + path + "' holds "
                    + (candidates.empty() ? "no weights" : "several files with weights")
                    + "; looked for model.safetensors, pytorch_model.bin and their indices, name "
                      "one file instead");
}

} // namespace

std::unique_ptr<TensorSource> openCheckpoint(const std::string &path)
{
    const std::string file = checkpointOf(path);
    if (endsWith(file, kIndexEnding))
        return std::make_unique<ShardedCheckpoint>(file);
    return openFile(file);
}

std::vector<std::string> checkpointFiles(const std::string &path)
{
    const std::string file = checkpointOf(path);
    std::vector<std::string> result = {file};
    if (endsWith(file, kIndexEnding)) {
        for (const auto &name : ShardedCheckpoint(file).files())
            result.push_back((fs::path(file).parent_path() / name).string());
    }
    return result;
}

} // namespace sapsam
