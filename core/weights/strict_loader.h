#pragma once

#include "core/weights/safetensors.h"

#include <functional>

namespace sapsam {

// How the names in a file relate to the names in a module. tensor_names.h has one for each network.
struct LoadOptions
{
    // Applied to every name of the file, in this order: a prefix is removed where present, then
    // each pair replaces the first part by the second wherever it occurs.
    std::vector<std::string> stripPrefixes;
    std::vector<std::pair<std::string, std::string>> replace;

    // Extra tensors of the file that do not matter, by a pattern over their final name; '*' stands
    // for any run of characters.
    std::vector<std::string> ignorable;

    // Module tensors that a file may leave out because they equal another one: (name, the other).
    std::vector<std::pair<std::string, std::string>> tied;

    // May turn a tensor of another shape into the wanted one, such as a positional table that is
    // resized; an undefined result means that it cannot.
    std::function<torch::Tensor(const std::string &name, const torch::Tensor &stored,
                                torch::IntArrayRef wantedShape)>
        adapt;
};

struct LoadReport
{
    std::vector<std::string> ignored; // names in the file that were passed over
    std::vector<std::string> tied;    // filled from another tensor
    std::vector<std::string> adapted; // changed to fit
};

// Fills every parameter and buffer of the module, converting to the module's element type and
// device, one tensor after the other. Throws Error(Mismatch) listing every missing, extra and
// misshapen tensor with expected and found shapes; the module is unchanged then. Not for use while
// the module is in use elsewhere.
LoadReport loadStrict(torch::nn::Module &module, const TensorSource &source,
                      const LoadOptions &options = {});

// How far a source fits a module, told by names and shapes alone.
struct FitReport
{
    LoadReport report;
    // Each line names a tensor and its shape.
    std::vector<std::string> missing, misshapen, extra, twice;

    bool fits() const
    {
        return missing.empty() && misshapen.empty() && extra.empty() && twice.empty();
    }
    // "'file' does not fit this network" and everything that is wrong.
    std::string text(const std::string &origin) const;
};

// What loadStrict() would find, without reading a tensor; `options.adapt` is not asked. The module
// may be an outline, see bare_construction.h.
FitReport compareStrict(const torch::nn::Module &module, const TensorSource &source,
                        const LoadOptions &options = {});

// Every parameter and buffer under its name, tensors that are tied away left out.
NamedTensors namedTensorsOf(const torch::nn::Module &module, const LoadOptions &options = {});

// writeSafetensors of namedTensorsOf.
void saveModule(const torch::nn::Module &module, const std::string &path,
                const LoadOptions &names = {}, const SafetensorsOptions &options = {});

} // namespace sapsam
