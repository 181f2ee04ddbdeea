#include "core/weights/strict_loader.h"

#include "core/base/error.h"

#include <set>
#include <sstream>

namespace sapsam {

namespace {

bool matches(const std::string &text, const std::string &pattern)
{
    // Greedy matching with one point of return: the classic for a single kind of wildcard.
    std::size_t t = 0, p = 0, starAt = std::string::npos, resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            starAt = p++;
            resume = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (starAt != std::string::npos) {
            p = starAt + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

bool isIgnorable(const std::string &name, const LoadOptions &options)
{
    for (const auto &pattern : options.ignorable) {
        if (matches(name, pattern))
            return true;
    }
    return false;
}

std::string moduleName(std::string name, const LoadOptions &options)
{
    for (const auto &prefix : options.stripPrefixes) {
        if (name.compare(0, prefix.size(), prefix) == 0)
            name.erase(0, prefix.size());
    }
    for (const auto &pair : options.replace) {
        std::size_t at = 0;
        while ((at = name.find(pair.first, at)) != std::string::npos) {
            name.replace(at, pair.first.size(), pair.second);
            at += pair.second.size();
        }
    }
    return name;
}

using TensorMap = std::map<std::string, torch::Tensor>;

TensorMap tensorsOf(const torch::nn::Module &module)
{
    TensorMap result;
    for (const auto &item : module.named_parameters())
        result[item.key()] = item.value();
    for (const auto &item : module.named_buffers())
        result[item.key()] = item.value();
    return result;
}

// Everything that is wrong, to be said at once.
struct Problems
{
    std::vector<std::string> missing, extra, misshapen, twice;

    bool isEmpty() const
    {
        return missing.empty() && extra.empty() && misshapen.empty() && twice.empty();
    }

    std::string text(const std::string &origin) const
    {
        std::ostringstream out;
        out << "'" << origin << "' does not fit this network";
        const auto list = [&out](const char *title, const std::vector<std::string> &lines) {
            if (lines.empty())
                return;
            out << "\n" << lines.size() << " " << title << ":";
            for (const auto &line : lines)
                out << "\n  " << line;
        };
        list("missing", missing);
        list("of another shape", misshapen);
        list("not known to the network", extra);
        list("named twice", twice);
        out << "\nChoose the configuration that belongs to the file, or another file.";
        return out.str();
    }
};

} // namespace

LoadReport loadStrict(torch::nn::Module &module, const TensorSource &source,
                      const LoadOptions &options)
{
    const torch::NoGradGuard noGrad;
    LoadReport report;
    Problems problems;
    const TensorMap wanted = tensorsOf(module);

    std::map<std::string, std::string> stored; // module name → name in the file
    for (const auto &name : source.names()) {
        const auto final = moduleName(name, options);
        if (!wanted.count(final)) {
            if (isIgnorable(final, options))
                report.ignored.push_back(name);
            else
                problems.extra.push_back(name + " " + shapeText(source.find(name)->shape));
        } else if (!stored.emplace(final, name).second) {
            problems.twice.push_back(final + ", as '" + stored[final] + "' and '" + name + "'");
        }
    }
    for (const auto &pair : options.tied) {
        if (wanted.count(pair.first) && !stored.count(pair.first) && stored.count(pair.second)) {
            stored[pair.first] = stored[pair.second];
            report.tied.push_back(pair.first);
        }
    }

    TensorMap adapted;
    for (const auto &item : wanted) {
        const auto found = stored.find(item.first);
        if (found == stored.end()) {
            problems.missing.push_back(item.first + " " + shapeText(item.second.sizes()));
            continue;
        }
        const auto &shape = source.find(found->second)->shape;
        if (item.second.sizes() == torch::IntArrayRef(shape))
            continue;
        torch::Tensor fitted;
        if (options.adapt)
            fitted = options.adapt(item.first, source.read(found->second), item.second.sizes());
        if (fitted.defined() && fitted.sizes() == item.second.sizes()) {
            adapted[item.first] = fitted;
            report.adapted.push_back(item.first);
        } else {
            problems.misshapen.push_back(item.first + ": expected " + shapeText(item.second.sizes())
                                         + ", found " + shapeText(shape));
        }
    }
    if (!problems.isEmpty())
        throw Error(ErrorKind::Mismatch, problems.text(source.origin()));

    for (const auto &item : wanted) {
        const auto fitted = adapted.find(item.first);
        auto target = item.second;
        target.copy_(fitted != adapted.end() ? fitted->second : source.read(stored.at(item.first)));
    }
    return report;
}

NamedTensors namedTensorsOf(const torch::nn::Module &module, const LoadOptions &options)
{
    std::set<std::string> left;
    for (const auto &pair : options.tied)
        left.insert(pair.first);
    NamedTensors result;
    for (const auto &item : tensorsOf(module)) {
        if (!left.count(item.first))
            result.emplace_back(item.first, item.second);
    }
    return result;
}

void saveModule(const torch::nn::Module &module, const std::string &path, const LoadOptions &names,
                const SafetensorsOptions &options)
{
    writeSafetensors(path, namedTensorsOf(module, names), options);
}

} // namespace sapsam
