#pragma once

#include "core/base/json_file.h"
#include "core/weights/safetensors.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

// Reference values: folders with case.json (configuration, tolerances, notes), io.safetensors
// (inputs "in.*", expected "out.*" and "grad_*") and weights.safetensors or a formula for them.
// tests/golden/README.md describes the layout.
namespace sapsam::test {

// $SAPSAM_GOLDEN_DIR when set, else tests/golden of the source tree.
std::string goldenFolder();

// Every folder below goldenFolder() that holds a case.json, sorted. The kind of network is told by
// the shape of its configuration, not by the folder's name.
std::vector<std::string> goldenCaseFolders();

class GoldenCase
{
public:
    // Throws what the readers throw.
    explicit GoldenCase(const std::string &folder);

    const std::string &folder() const { return m_folder; }
    std::string name() const { return m_json.at("case").get<std::string>(); }
    const Json &config() const { return m_json.at("config"); }
    const Json &json() const { return m_json; }

    // "sam", "person-sam", "bert", "clip", "blip2-opt", "blip2-t5", "dvae", or empty for another
    // one.
    std::string kind() const;
    // Whether the parameters are given by a formula, at the size of a published network.
    bool isFormula() const { return m_json.contains("parameters"); }

    // Where input() puts its tensors from now on; check() takes them from anywhere.
    void computeOn(const torch::Device &device) { m_device = device; }

    bool hasInput(const std::string &name) const;
    // F16 becomes float32; integers become int64; "…_u8" images are asked for without that suffix
    // and come as (u8 - 128) / 64; images given by formula are computed.
    torch::Tensor input(const std::string &name) const;
    // What the weights can be read from: "weights.safetensors", every other container that holds
    // them all, and the files that hold them together, joined by " + ". "formula" for such a case.
    std::vector<std::string> weightSets() const;
    // One of them. The safetensors file comes with the names that it has, all others go through
    // the conversion of published names.
    std::unique_ptr<TensorSource> weights(const std::string &set = {}) const;
    // Notes every tensor of weights.safetensors that the source lacks or has other values of.
    void checkWeights(const TensorSource &source);

    bool hasOutput(const std::string &name) const { return m_json.at("outputs").contains(name); }
    std::vector<std::string> outputNames() const;
    torch::Tensor output(const std::string &name) const { return m_io->read(name); }

    // Compares within the output's measured.tol; 0 asks for equality. An output that the case does
    // not list is passed over.
    void check(const std::string &name, const torch::Tensor &actual);
    // The same for an output that holds every strides[d]-th entry of dimension d.
    void checkStrided(const std::string &name, const torch::Tensor &actual,
                      const std::vector<std::int64_t> &strides);
    // Packed booleans of logits > 0; may differ only where |logit| <= tolerance.
    void checkBits(const std::string &name, const torch::Tensor &logits, double tolerance);

    double tolerance(const std::string &name) const;

    // What went wrong so far and which outputs nobody compared; empty when all is well.
    std::string problems() const;

private:
    torch::Tensor formulaImage(const Json &formula) const;
    torch::Tensor inputHere(const std::string &name) const;

    std::string m_folder;
    Json m_json;
    std::unique_ptr<SafetensorsFile> m_io;
    std::set<std::string> m_checked;
    std::string m_failures;
    torch::Device m_device = torch::kCPU;
};

} // namespace sapsam::test
