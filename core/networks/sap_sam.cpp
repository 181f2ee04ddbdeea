#include "core/networks/sap_sam.h"

#include "core/base/error.h"
#include "core/networks/config_reader.h"
#include "core/nn/initialize.h"
#include "core/weights/published_names.h"
#include "core/weights/tensor_names.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace sapsam::nn {

namespace F = torch::nn::functional;

namespace {

constexpr double kEps = 1e-5;         // of every norm outside the encoders
constexpr double kTemperature = 0.02; // fixed, in the place of CLIP's learned one
constexpr char kBase[] = "base_model.";

bool startsWith(const std::string &text, const char *head)
{
    return text.rfind(head, 0) == 0;
}

// Some tensors of a source under other names.
class RenamedSource final : public TensorSource
{
public:
    RenamedSource(std::shared_ptr<const TensorSource> source,
                  const std::function<std::string(const std::string &)> &nameOf)
        : m_source(std::move(source))
    {
        for (const std::string &name : m_source->names()) {
            const std::string renamed = nameOf(name);
            if (!renamed.empty())
                m_names.emplace(renamed, name);
        }
    }

    const std::string &origin() const override { return m_source->origin(); }
    std::vector<std::string> names() const override
    {
        std::vector<std::string> result;
        for (const auto &item : m_names)
            result.push_back(item.first);
        return result;
    }
    const TensorInfo *find(const std::string &name) const override
    {
        const auto found = m_names.find(name);
        return found == m_names.end() ? nullptr : m_source->find(found->second);
    }
    torch::Tensor read(const std::string &name) const override
    {
        const auto found = m_names.find(name);
        return m_source->read(found == m_names.end() ? name : found->second);
    }
    void readInto(const std::string &name, const torch::Tensor &target) const override
    {
        const auto found = m_names.find(name);
        m_source->readInto(found == m_names.end() ? name : found->second, target);
    }

private:
    std::shared_ptr<const TensorSource> m_source;
    std::map<std::string, std::string> m_names; // new → old
};

// A source that the caller keeps alive.
std::shared_ptr<const TensorSource> borrowed(const TensorSource &source)
{
    return {&source, [](const TensorSource *) {}};
}

// The encoders' tensors of an authors' file under Hugging Face's names, behind "base_model.", and
// all others as they are.
std::shared_ptr<const TensorSource> withCommonNames(const TensorSource &source)
{
    const auto all = borrowed(source);
    const bool hasBase = [&] {
        for (const std::string &name : source.names()) {
            if (startsWith(name, kBase))
                return true;
        }
        return false;
    }();
    const std::size_t cut = std::string(kBase).size();
    std::shared_ptr<const TensorSource> encoders = all;
    if (hasBase)
        encoders = std::make_shared<RenamedSource>(all, [cut](const std::string &name) {
            return startsWith(name, kBase) ? name.substr(cut) : std::string();
        });
    std::vector<std::shared_ptr<const TensorSource>> parts;
    parts.push_back(std::make_shared<RenamedSource>(
        std::shared_ptr<const TensorSource>(withHuggingFaceNames(encoders)),
        [](const std::string &name) { return kBase + name; }));
    if (hasBase)
        parts.push_back(std::make_shared<RenamedSource>(all, [](const std::string &name) {
            return startsWith(name, kBase) ? std::string() : name;
        }));
    parts.push_back(std::make_shared<MemoryTensorSource>(
        source.origin(), std::map<std::string, torch::Tensor>{
                             {std::string(kBase) + "logit_scale",
                              torch::tensor(std::log(1.0 / kTemperature), torch::kFloat)}}));
    return combineSources(std::move(parts));
}

// ELCA. Only the row of the class token is used, so no other row of a region can matter: this is
// how the method is published. classTokens [P, 1, D], words [P, W, D] → [P, 2].
torch::Tensor matchRows(PackedAttention &attention, CrossHead &classifier,
                        const torch::Tensor &classTokens, const torch::Tensor &words,
                        const AttentionBias &bias)
{
    return classifier(attention->forward(classTokens, words, nullptr, bias).select(1, 0));
}

[[noreturn]] void throwWithout(const char *what)
{
    throw Error(ErrorKind::InvalidInput,
                std::string("this SAP-SAM model was built without ") + what);
}

} // namespace

std::vector<std::string> SapSamConfig::problems() const
{
    std::vector<std::string> found = clip.problems();
    if (crossHeads <= 0 || clip.embedDim % std::max<std::int64_t>(1, crossHeads) != 0)
        found.push_back("crossHeads must divide embedDim");
    if (decoderLayers <= 0)
        found.push_back("decoderLayers must be positive");
    if (imageCodes <= 0)
        found.push_back("imageCodes must be positive");
    if (identities < 0)
        found.push_back("identities must not be negative");
    return found;
}

CrossLayerImpl::CrossLayerImpl(std::int64_t width, std::int64_t heads)
{
    attn = register_module("attn", PackedAttention(width, heads));
    ln_1 = register_module("ln_1", makeLayerNorm(width, kEps));
    mlp = register_module("mlp", Mlp(width, 4 * width, Activation::QuickGelu, "c_fc", "c_proj"));
    ln_2 = register_module("ln_2", makeLayerNorm(width, kEps));
}

torch::Tensor CrossLayerImpl::forward(torch::Tensor x)
{
    const torch::Tensor normed = ln_1(x);
    x = x + attn(normed, normed);
    return x + mlp(ln_2(x));
}

CrossHeadImpl::CrossHeadImpl(std::int64_t width, std::int64_t classes)
{
    dense = register_module("dense", torch::nn::Linear(width, width));
    ln = register_module("ln", makeLayerNorm(width, kEps));
    fc = register_module("fc", torch::nn::Linear(width, classes));
}

torch::Tensor CrossHeadImpl::forward(const torch::Tensor &x)
{
    return fc(ln(activate(dense(x), Activation::QuickGelu)));
}

PhraseMatcherImpl::PhraseMatcherImpl(std::int64_t width, std::int64_t heads)
{
    cross_attn_matching = register_module("cross_attn_matching", PackedAttention(width, heads));
    classifier_matching = register_module("classifier_matching", CrossHead(width, 2));
}

torch::Tensor PhraseMatcherImpl::forward(const torch::Tensor &classTokens,
                                         const torch::Tensor &words)
{
    const torch::Tensor logits =
        matchRows(cross_attn_matching, classifier_matching, classTokens.unsqueeze(1),
                  words.unsqueeze(0).expand({classTokens.size(0), -1, -1}), {});
    return logits.select(1, 1) - logits.select(1, 0);
}

SapSamImpl::SapSamImpl(const SapSamConfig &config_) : config(config_)
{
    throwProblems("SAP-SAM", config.problems());

    const std::int64_t width = config.clip.embedDim;
    base_model = register_module("base_model", Clip(config.clip));
    const bool decodesImages = config.imageDecoding != ImageDecoding::None;
    if (config.wordDecoding || decodesImages) {
        cross_attn = register_module("cross_attn", PackedAttention(width, config.crossHeads));
        cross_layers = addGroup(*this, "cross_modal_transformer")
                           ->register_module("resblocks", torch::nn::ModuleList());
        for (std::int64_t i = 0; i < config.decoderLayers; ++i)
            cross_layers->push_back(CrossLayer(width, config.crossHeads));
        ln_pre_t = register_module("ln_pre_t", makeLayerNorm(width, kEps));
        ln_pre_i = register_module("ln_pre_i", makeLayerNorm(width, kEps));
        ln_post = register_module("ln_post", makeLayerNorm(width, kEps));
    }
    if (config.wordDecoding)
        mlm_head = register_module("mlm_head", CrossHead(width, config.clip.vocabSize));
    if (decodesImages) {
        const bool early = config.imageDecoding == ImageDecoding::PatchEmbeddings;
        mim_part_mask_token = register_parameter(
            "mim_part_mask_token", torch::zeros({1, early ? config.clip.visionWidth : width}));
        if (early || config.imageDecoding == ImageDecoding::Features)
            mim_decoder = register_module(
                "mim_decoder", torch::nn::Linear(width, early ? config.clip.visionWidth : width));
        else
            mim_head = register_module("mim_head", CrossHead(width, config.imageCodes));
    }
    switch (config.alignment) {
    case LocalAlignment::None:
    case LocalAlignment::Average:
        break;
    case LocalAlignment::Convolution:
        conv1d = register_module(
            "conv1d", torch::nn::Conv1d(torch::nn::Conv1dOptions(width, width, 3).padding(1)));
        break;
    case LocalAlignment::SelfAttention:
        mhsa = register_module("mhsa", PackedAttention(width, config.crossHeads));
        pool_token_image = mhsa->register_parameter("cls_v", torch::zeros({1, 1, width}));
        pool_token_text = mhsa->register_parameter("cls_t", torch::zeros({1, 1, width}));
        break;
    case LocalAlignment::CrossAttention:
        cross_attn_matching =
            register_module("cross_attn_matching", PackedAttention(width, config.crossHeads));
        classifier_matching = register_module("classifier_matching", CrossHead(width, 2));
        break;
    }
    if (config.identities > 0)
        classifier = register_module("classifier", torch::nn::Linear(width, config.identities));
    base_model->logit_scale.set_requires_grad(false); // the temperature is fixed
}

torch::Tensor SapSamImpl::decode(const torch::Tensor &query, const torch::Tensor &keyValue)
{
    torch::Tensor x = cross_attn(query, keyValue);
    for (std::size_t i = 0; i < cross_layers->size(); ++i)
        x = cross_layers->at<CrossLayerImpl>(i).forward(x);
    return ln_post(x);
}

torch::Tensor SapSamImpl::wordLogits(const torch::Tensor &textTokens,
                                     const torch::Tensor &imageTokens)
{
    if (!config.wordDecoding)
        throwWithout("decoding of words");
    return mlm_head(decode(ln_pre_t(textTokens), ln_pre_i(imageTokens)));
}

torch::Tensor SapSamImpl::imageDecodingLoss(const torch::Tensor &pixels,
                                            const torch::Tensor &imageTokens,
                                            const torch::Tensor &textTokens,
                                            const torch::Tensor &mask, const torch::Tensor &codes)
{
    if (config.imageDecoding == ImageDecoding::None)
        throwWithout("decoding of images");
    torch::Tensor target;
    torch::Tensor masked;
    const torch::Tensor patchMask = mask.slice(1, 1); // [B, N]
    if (config.imageDecoding == ImageDecoding::PatchEmbeddings) {
        // As published, the target is not taken out of the graph.
        target = base_model->patchEmbeddings(pixels);
        masked = base_model->encodePatches(
            torch::where(patchMask.unsqueeze(2), mim_part_mask_token.unsqueeze(0), target));
    } else {
        target = imageTokens.defined() ? imageTokens : base_model->encodeImageTokens(pixels);
        masked = torch::where(mask.unsqueeze(2), mim_part_mask_token.unsqueeze(0), target);
        target = target.slice(1, 1);
    }
    const torch::Tensor hidden =
        decode(ln_pre_i(masked), ln_pre_t(textTokens)).slice(1, 1); // [B, N, D]
    torch::Tensor places = patchMask;
    if (config.imageDecoding == ImageDecoding::CodesButZero)
        places = places.logical_and(codes.ne(0));
    const torch::Tensor rows = hidden.index({places});
    if (rows.size(0) == 0)
        return hidden.sum() * 0.0;
    if (mim_decoder)
        return F::mse_loss(mim_decoder(rows), target.index({places}));
    return F::cross_entropy(mim_head(rows), codes.index({places}));
}

torch::Tensor SapSamImpl::matchLogits(const torch::Tensor &region, const torch::Tensor &words)
{
    return matchLogits(region.unsqueeze(0), words.unsqueeze(0), {}).squeeze(0);
}

torch::Tensor SapSamImpl::matchLogits(const torch::Tensor &regions, const torch::Tensor &words,
                                      const torch::Tensor &wordMask)
{
    if (config.alignment != LocalAlignment::CrossAttention)
        throwWithout("cross-attention of parts and phrases");
    AttentionBias bias;
    if (wordMask.defined())
        bias.additive = paddingBias(wordMask, words.scalar_type());
    return matchRows(cross_attn_matching, classifier_matching, regions.slice(1, 0, 1), words, bias);
}

torch::Tensor SapSamImpl::pool(const torch::Tensor &tokens, bool ofImage)
{
    switch (config.alignment) {
    case LocalAlignment::Average:
        return tokens.mean(0);
    case LocalAlignment::Convolution:
        return std::get<0>(conv1d(tokens.t().unsqueeze(0)).squeeze(0).max(1));
    case LocalAlignment::SelfAttention: {
        const torch::Tensor rows =
            torch::cat({ofImage ? pool_token_image : pool_token_text, tokens.unsqueeze(0)}, 1);
        return mhsa(rows, rows).select(1, 0).squeeze(0);
    }
    case LocalAlignment::None:
    case LocalAlignment::CrossAttention:
        break;
    }
    throwWithout("pooling of parts and phrases");
}

torch::Tensor SapSamImpl::identityLogits(const torch::Tensor &features)
{
    if (!classifier)
        throwWithout("the identity classifier");
    return classifier(features);
}

LoadReport loadSapSam(SapSam &model, const TensorSource &source, bool partial,
                      std::vector<std::string> *missing)
{
    std::shared_ptr<const TensorSource> tensors = withCommonNames(source);
    if (partial) {
        // What the file lacks outside the encoders stays as it is.
        std::map<std::string, torch::Tensor> kept;
        for (const auto &[name, tensor] : namedTensorsOf(*model)) {
            if (startsWith(name, kBase) || tensors->find(name) != nullptr)
                continue;
            kept[name] = tensor.clone();
            if (missing != nullptr)
                missing->push_back(name);
        }
        tensors = combineSources(
            {tensors, std::make_shared<MemoryTensorSource>(source.origin(), std::move(kept))});
    }
    LoadOptions options;
    if (partial) {
        // Nor are heads of the file missed that this training does without.
        std::set<std::string> own;
        for (const auto &[name, tensor] : namedTensorsOf(*model))
            own.insert(name);
        for (const std::string &name : tensors->names()) {
            if (!startsWith(name, kBase) && own.count(name) == 0)
                options.ignorable.push_back(name);
        }
    }
    const ClipConfig &config = model->config.clip;
    options.adapt = [&config](const std::string &name, const torch::Tensor &stored,
                              torch::IntArrayRef wanted) -> torch::Tensor {
        return name == std::string(kBase) + kClipImagePositions
                   ? fittedPositions(config, stored, wanted)
                   : torch::Tensor();
    };
    return loadStrict(*model, *tensors, options);
}

void initializeWeights(SapSamImpl &model, std::uint64_t seed)
{
    const double width = static_cast<double>(model.config.clip.embedDim);
    const double layers = static_cast<double>(model.config.decoderLayers);
    const auto contains = [](const std::string &name, const char *part) {
        return name.find(part) != std::string::npos;
    };
    initializeTensors(model, seed, [&](const std::string &name, const torch::Tensor &tensor) {
        const bool isNorm = contains(name, "ln") && tensor.dim() == 1;
        if (isNorm)
            return InitialValue{contains(name, "bias") ? 0.0 : 1.0, 0.0};
        if (contains(name, "bias"))
            return InitialValue{};
        if (contains(name, "in_proj_weight"))
            return InitialValue{0.0, 1.0 / std::sqrt(width)};
        if (contains(name, "out_proj.weight") || contains(name, "c_proj.weight"))
            return InitialValue{0.0, 1.0 / std::sqrt(width * 2.0 * layers)};
        if (contains(name, "c_fc.weight"))
            return InitialValue{0.0, 1.0 / std::sqrt(2.0 * width)};
        if (contains(name, "dense.weight") || contains(name, "fc.weight"))
            return InitialValue{0.0, 1.0 / std::sqrt(width)};
        if (startsWith(name, "classifier."))
            return InitialValue{0.0, 0.001};
        return InitialValue{0.0, 0.02};
    });
    initializeWeights(*model.base_model, seed);
    const torch::NoGradGuard noGrad;
    model.base_model->logit_scale.fill_(std::log(1.0 / kTemperature));
}

} // namespace sapsam::nn
