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

// Where the values of a module lie in a source, and what is wrong.
struct Fit
{
    FitReport found;
    TensorMap wanted;
    std::map<std::string, std::string> stored; // module name → name in the source
    TensorMap adapted;
};

Fit fitOf(const torch::nn::Module &module, const TensorSource &source, const LoadOptions &options,
          bool mayRead)
{
    Fit fit;
    fit.wanted = tensorsOf(module);
    for (const auto &name : source.names()) {
        const auto final = moduleName(name, options);
        if (!fit.wanted.count(final)) {
            if (isIgnorable(final, options))
                fit.found.report.ignored.push_back(name);
            else
                fit.found.extra.push_back(name + " " + shapeText(source.find(name)->shape));
        } else if (!fit.stored.emplace(final, name).second) {
            fit.found.twice.push_back(final + ", as '" + fit.stored[final] + "' and '" + name
                                      + "'");
        }
    }
    for (const auto &pair : options.tied) {
        if (fit.wanted.count(pair.first) && !fit.stored.count(pair.first)
            && fit.stored.count(pair.second)) {
            fit.stored[pair.first] = fit.stored[pair.second];
            fit.found.report.tied.push_back(pair.first);
        }
    }
    for (const auto &item : fit.wanted) {
        const auto found = fit.stored.find(item.first);
        if (found == fit.stored.end()) {
            fit.found.missing.push_back(item.first + " " + shapeText(item.second.sizes()));
            continue;
        }
        const auto &shape = source.find(found->second)->shape;
        if (item.second.sizes() == torch::IntArrayRef(shape))
            continue;
        torch::Tensor fitted;
        if (options.adapt && mayRead)
            fitted = options.adapt(item.first, source.read(found->second), item.second.sizes());
        if (fitted.defined() && fitted.sizes() == item.second.sizes()) {
            fit.adapted[item.first] = fitted;
            fit.found.report.adapted.push_back(item.first);
        } else {
            fit.found.misshapen.push_back(item.first + ": expected "
                                          + shapeText(item.second.sizes()) + ", found "
                                          + shapeText(shape));
        }
    }
    return fit;
}

} // namespace

std::string FitReport::text(const std::string &origin) const
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

FitReport compareStrict(const torch::nn::Module &module, const TensorSource &source,
                        const LoadOptions &options)
{
    return fitOf(module, source, options, false).found;
}

LoadReport loadStrict(torch::nn::Module &module, const TensorSource &source,
                      const LoadOptions &options)
{
    const torch::NoGradGuard noGrad;
    const Fit fit = fitOf(module, source, options, true);
    if (!fit.found.fits())
        throw Error(ErrorKind::Mismatch, fit.found.text(source.origin()));
    for (const auto &item : fit.wanted) {
        const auto fitted = fit.adapted.find(item.first);
        auto target = item.second;
        if (fitted != fit.adapted.end())
            target.copy_(fitted->second);
        else
            source.readInto(fit.stored.at(item.first), target);
    }
    return fit.found.report;
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
