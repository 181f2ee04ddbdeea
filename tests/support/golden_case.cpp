#include "tests/support/golden_case.h"

#include "core/base/random.h"
#include "core/weights/checkpoint.h"
#include "core/weights/published_names.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace sapsam::test {

namespace fs = std::filesystem;

namespace {

constexpr const char *kWeights = "weights.safetensors";
constexpr const char *kTogether = " + ";

// In [0, 1): the i-th number of the stream of that name.
double unitNumber(std::uint64_t stream, std::int64_t i)
{
    const auto h = splitMix64(stream + static_cast<std::uint64_t>(i));
    return static_cast<double>(h >> 40) * 0x1.0p-24;
}

// Tensors whose values follow from their names.
class FormulaSource final : public TensorSource
{
public:
    FormulaSource(std::string origin, const Json &parameters) : m_origin(std::move(origin))
    {
        for (const auto &item : parameters) {
            Parameter parameter;
            parameter.info.shape = item.at(1).get<std::vector<std::int64_t>>();
            parameter.isConstant = item.at(2) == "constant";
            parameter.scale = item.at(3).get<double>();
            parameter.centre = item.at(4).get<double>();
            m_parameters[item.at(0).get<std::string>()] = parameter;
        }
    }

    const std::string &origin() const override { return m_origin; }

    std::vector<std::string> names() const override
    {
        std::vector<std::string> result;
        for (const auto &item : m_parameters)
            result.push_back(item.first);
        return result;
    }

    const TensorInfo *find(const std::string &name) const override
    {
        const auto found = m_parameters.find(name);
        return found == m_parameters.end() ? nullptr : &found->second.info;
    }

    torch::Tensor read(const std::string &name) const override
    {
        const auto &parameter = m_parameters.at(name);
        auto tensor = torch::empty(parameter.info.shape, torch::kFloat);
        const bool isMatrix = name.find("positional_embedding") != std::string::npos;
        const auto stream =
            fnv1a64(isMatrix ? "shared_image_embedding.positional_embedding" : name);
        auto *data = tensor.data_ptr<float>();
        for (std::int64_t i = 0; i < tensor.numel(); ++i) {
            // Two roundings on purpose: the product must not be fused into the sum.
            const volatile double scaled = (unitNumber(stream, i) - 0.5) * parameter.scale;
            data[i] = static_cast<float>(parameter.isConstant ? parameter.centre
                                                              : scaled + parameter.centre);
        }
        return tensor;
    }

private:
    struct Parameter
    {
        TensorInfo info;
        bool isConstant = false;
        double scale = 0.0;
        double centre = 0.0;
    };
    std::string m_origin;
    std::map<std::string, Parameter> m_parameters;
};

} // namespace

std::string goldenFolder()
{
    if (const char *set = std::getenv("SAPSAM_GOLDEN_DIR"); set && *set)
        return set;
    const char *source = std::getenv("SAPSAM_SOURCE_DIR");
    return std::string(source && *source ? source : SAPSAM_SOURCE_DIR) + "/tests/golden";
}

std::vector<std::string> goldenCaseFolders()
{
    std::vector<std::string> folders;
    for (const auto &entry : fs::recursive_directory_iterator(goldenFolder())) {
        if (entry.path().filename() == "case.json")
            folders.push_back(entry.path().parent_path().string());
    }
    std::sort(folders.begin(), folders.end());
    return folders;
}

GoldenCase::GoldenCase(const std::string &folder)
    : m_folder(folder), m_json(readJsonFile(folder + "/case.json"))
{
    if (fs::exists(folder + "/io.safetensors"))
        m_io = std::make_unique<SafetensorsFile>(folder + "/io.safetensors");
}

std::string GoldenCase::kind() const
{
    if (!m_json.contains("config") || !m_io)
        return {};
    const auto &shape = config();
    const auto has = [&](const char *key) { return shape.contains(key); };
    if (has("sam") && has("bert"))
        return "person-sam";
    if (has("vision_width") && has("text_width"))
        return "clip";
    if (has("global_attn_indexes") && has("decoder_depth"))
        return "sam";
    if (has("type_vocab_size") && has("hidden_size"))
        return "bert";
    if (has("qformer") && has("text") && shape.at("text").contains("ffn_dim"))
        return "blip2-opt";
    if (has("qformer") && has("text") && shape.at("text").contains("d_model"))
        return "blip2-t5";
    if (has("n_hid") && has("n_blk_per_group"))
        return "dvae";
    return {};
}

bool GoldenCase::hasInput(const std::string &name) const
{
    const auto formula = m_json.find("input_formula");
    return m_io->find(name) || m_io->find(name + "_u8")
           || (formula != m_json.end() && formula->is_object() && formula->contains(name));
}

torch::Tensor GoldenCase::formulaImage(const Json &formula) const
{
    const auto tag = formula.at("tag").get<std::string>();
    const auto height = formula.at("height").get<std::int64_t>();
    const auto width = formula.at("width").get<std::int64_t>();
    const auto cell = formula.at("cell").get<std::int64_t>();
    const auto cells = fnv1a64(tag + ".cell"), pixels = fnv1a64(tag + ".pixel");
    auto image = torch::empty({1, 3, height, width}, torch::kFloat);
    auto *data = image.data_ptr<float>();
    for (std::int64_t c = 0; c < 3; ++c) {
        for (std::int64_t y = 0; y < height; ++y) {
            for (std::int64_t x = 0; x < width; ++x) {
                const auto coarse = (c * (height / cell) + y / cell) * (width / cell) + x / cell;
                const auto fine = (c * height + y) * width + x;
                const volatile double first = 3.0 * (unitNumber(cells, coarse) - 0.5);
                data[fine] = static_cast<float>(first + 1.5 * (unitNumber(pixels, fine) - 0.5));
            }
        }
    }
    // The only image with a remark: its lower quarter is padding.
    if (formula.contains("note"))
        image.slice(2, 3 * height / 4).zero_();
    return image;
}

torch::Tensor GoldenCase::input(const std::string &name) const
{
    return inputHere(name).to(m_device);
}

torch::Tensor GoldenCase::inputHere(const std::string &name) const
{
    if (m_io->find(name + "_u8"))
        return (m_io->read(name + "_u8").to(torch::kFloat) - 128) / 64;
    if (!m_io->find(name))
        return formulaImage(m_json.at("input_formula").at(name));
    const auto tensor = m_io->read(name);
    return tensor.to(tensor.is_floating_point() ? torch::kFloat : torch::kLong);
}

std::vector<std::string> GoldenCase::weightSets() const
{
    if (isFormula())
        return {"formula"};
    std::vector<std::string> sets = {kWeights};
    std::string lavis, parts;
    for (const auto &item : m_json.at("weights").items()) {
        if (item.key() == kWeights)
            continue;
        switch (publishedFormatOf(*openCheckpoint(m_folder + "/" + item.key()))) {
        case PublishedFormat::Blip2Lavis:
            lavis = item.key();
            break;
        case PublishedFormat::EvaVit:
        case PublishedFormat::Opt:
        case PublishedFormat::T5:
            parts += kTogether + item.key();
            break;
        default:
            sets.push_back(item.key());
        }
    }
    if (!lavis.empty())
        sets.push_back(lavis + parts);
    return sets;
}

std::unique_ptr<TensorSource> GoldenCase::weights(const std::string &set) const
{
    if (isFormula())
        return std::make_unique<FormulaSource>(m_folder + "/case.json", m_json.at("parameters"));
    if (set.empty() || set == kWeights)
        return std::make_unique<SafetensorsFile>(m_folder + "/" + kWeights);
    std::vector<std::shared_ptr<const TensorSource>> files;
    const std::string separator = kTogether;
    for (std::size_t begin = 0; begin < set.size();) {
        const auto end = std::min(set.find(separator, begin), set.size());
        files.push_back(
            withHuggingFaceNames(openCheckpoint(m_folder + "/" + set.substr(begin, end - begin))));
        begin = end == set.size() ? end : end + separator.size();
    }
    return combineSources(std::move(files));
}

void GoldenCase::checkWeights(const TensorSource &source)
{
    if (isFormula())
        return;
    const SafetensorsFile reference(m_folder + "/" + kWeights);
    for (const auto &name : reference.names()) {
        if (!source.find(name)) {
            m_failures += source.origin() + ": lacks " + name + "\n";
            continue;
        }
        const auto expected = reference.read(name).to(torch::kFloat);
        const auto found = source.read(name).to(torch::kFloat);
        if (!torch::equal(found, expected))
            m_failures += source.origin() + ": other values in " + name + "\n";
    }
}

std::vector<std::string> GoldenCase::outputNames() const
{
    std::vector<std::string> result;
    for (const auto &item : m_json.at("outputs").items())
        result.push_back(item.key());
    return result;
}

double GoldenCase::tolerance(const std::string &name) const
{
    return m_json.at("outputs").at(name).at("measured").at("tol").get<double>();
}

void GoldenCase::check(const std::string &name, const torch::Tensor &actual)
{
    if (!hasOutput(name))
        return;
    m_checked.insert(name);
    const auto expected = output(name);
    std::ostringstream problem;
    if (!actual.defined()) {
        problem << "there is no result";
    } else if (actual.sizes() != expected.sizes()) {
        problem << "shape " << actual.sizes() << " instead of " << expected.sizes();
    } else if (expected.numel() > 0) {
        const auto a = actual.detach().cpu().to(torch::kDouble), b = expected.to(torch::kDouble);
        const double difference = (a - b).abs().max().item<double>();
        // Written so that a NaN fails.
        if (!(difference <= tolerance(name)))
            problem << "differs by " << difference << ", allowed are " << tolerance(name);
    }
    if (!problem.str().empty())
        m_failures += name + ": " + problem.str() + "\n";
}

void GoldenCase::checkStrided(const std::string &name, const torch::Tensor &actual,
                              const std::vector<std::int64_t> &strides)
{
    auto part = actual;
    for (std::size_t d = 0; part.defined() && d < strides.size(); ++d) {
        const auto dimension = static_cast<std::int64_t>(d);
        part = part.slice(dimension, 0, part.size(dimension), strides[d]);
    }
    check(name, part);
}

void GoldenCase::checkBits(const std::string &name, const torch::Tensor &logits, double tolerance)
{
    if (!hasOutput(name))
        return;
    m_checked.insert(name);
    const auto bytes = output(name);
    const auto flat = logits.detach().cpu().to(torch::kFloat).contiguous().view({-1});
    if (bytes.numel() != (flat.numel() + 7) / 8) {
        m_failures += name + ": has another number of bits\n";
        return;
    }
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < flat.numel(); ++i) {
        const bool expected = (bytes.data_ptr<std::uint8_t>()[i / 8] >> (i % 8)) & 1;
        const float logit = flat.data_ptr<float>()[i];
        if (expected != (logit > 0.0F) && !(std::abs(static_cast<double>(logit)) <= tolerance))
            ++wrong;
    }
    if (wrong > 0)
        m_failures += name + ": " + std::to_string(wrong) + " bits differ\n";
}

std::string GoldenCase::problems() const
{
    std::string text = m_failures;
    for (const auto &name : outputNames()) {
        if (!m_checked.count(name))
            text += name + ": was not compared\n";
    }
    return text;
}

} // namespace sapsam::test
