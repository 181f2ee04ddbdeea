#include "core/base/json_file.h"
#include "core/networks/sap_sam.h"
#include "core/train/losses.h"
#include "core/train/optimizer.h"
#include "core/train/part_alignment.h"
#include "core/weights/safetensors.h"
#include "tests/support/golden_case.h"

#include <QtTest>

#include <deque>
#include <filesystem>

using namespace sapsam;
using namespace sapsam::training;

namespace {

// A folder of the reference: tests/golden/README.md says how it is laid out.
struct Reference
{
    std::string folder = test::goldenFolder() + "/pipeline/sapsam_tiny";
    Json expected = readJsonFile(folder + "/expected.json");
    Json optimizer = readJsonFile(folder + "/optimizer.json");
    SafetensorsFile batch{folder + "/batch.safetensors"};
    SafetensorsFile features{folder + "/features.safetensors"};
    SafetensorsFile extras{folder + "/extras.safetensors"};

    double loss(const std::string &name) const { return expected.at("losses").at(name); }

    nn::SapSamConfig config() const
    {
        const Json &dims = expected.at("dims");
        nn::SapSamConfig config;
        config.clip.embedDim = dims.at("embed_dim");
        config.clip.imageHeight = dims.at("image").at(0);
        config.clip.imageWidth = dims.at("image").at(1);
        config.clip.patchSize = dims.at("patch");
        config.clip.stride = dims.at("patch");
        config.clip.visionWidth = dims.at("vision_width");
        config.clip.visionLayers = dims.at("vision_layers");
        config.clip.visionHeads = dims.at("vision_heads");
        config.clip.contextLength = dims.at("context");
        config.clip.vocabSize = dims.at("vocab");
        config.clip.textWidth = dims.at("text_width");
        config.clip.textLayers = dims.at("text_layers");
        config.clip.textHeads = dims.at("text_heads");
        config.crossHeads = dims.at("cross_heads");
        config.decoderLayers = dims.at("cmt_depth");
        config.imageCodes = dims.at("dvae_codes");
        return config;
    }
    double scale() const { return expected.at("dims").at("logit_scale"); }

    torch::Tensor pixels() const
    {
        const torch::Tensor small = batch.read("images_small_u8").to(torch::kFloat) / 255.0;
        const torch::Tensor large = small.repeat_interleave(4, 2).repeat_interleave(4, 3);
        const auto row = [](std::vector<double> values) {
            return torch::tensor(values).to(torch::kFloat).reshape({1, 3, 1, 1});
        };
        return (large - row({0.48145466, 0.4578275, 0.40821073}))
               / row({0.26862954, 0.26130258, 0.27577711});
    }

    BatchParts parts() const
    {
        return {batch.read("part_labels"), batch.read("spans"), batch.read("part_num"),
                batch.read("pids")};
    }

    // The recorded draws in the order in which they were made.
    std::function<std::int64_t(std::int64_t)> draws() const
    {
        auto left = std::make_shared<std::deque<std::pair<std::int64_t, std::int64_t>>>();
        for (const Json &pair : expected.at("negatives")) {
            left->emplace_back(pair.at("draw_candidate"), pair.at("n_candidates"));
            left->emplace_back(pair.at("draw_part"), pair.at("n_parts"));
        }
        return [left](std::int64_t count) {
            const auto [number, of] = left->front();
            left->pop_front();
            if (of != count)
                qFatal("a draw among %lld where the reference had %lld", qlonglong(count),
                       qlonglong(of));
            return number;
        };
    }
};

nn::SapSam modelOf(const Reference &reference, const nn::SapSamConfig &config, bool partial = false)
{
    nn::SapSam model(config);
    nn::loadSapSam(model, SafetensorsFile(reference.folder + "/model.safetensors"), partial);
    return model;
}

void setTensor(torch::Tensor target, const torch::Tensor &value)
{
    const torch::NoGradGuard noGrad;
    target.copy_(value);
}

bool near(double value, double expected, double tolerance)
{
    if (std::abs(value - expected) <= tolerance)
        return true;
    qWarning("got %.10g, expected %.10g", value, expected);
    return false;
}

// Losses: relative tolerance of the reference.
bool nearLoss(const torch::Tensor &value, double expected, double relative = 1e-5)
{
    return near(value.item<double>(), expected, relative * std::abs(expected));
}

double largestDifference(const torch::Tensor &a, const torch::Tensor &b)
{
    return (a - b).abs().max().item<double>();
}

// What the parameter of the reference is called here. OpenAI's fused projections are three.
std::vector<std::string> ownNames(std::string name)
{
    const auto replace = [&](const std::string &from, const std::string &to) {
        const std::size_t at = name.find(from);
        if (at != std::string::npos)
            name.replace(at, from.size(), to);
        return at != std::string::npos;
    };
    if (name.rfind("base_model.", 0) != 0)
        return {name};
    if (name == "base_model.positional_embedding")
        return {"base_model.text_model.embeddings.position_embedding.weight"};
    if (name == "base_model.text_projection")
        return {"base_model.text_projection.weight"};
    if (name == "base_model.visual.proj")
        return {"base_model.visual_projection.weight"};
    if (name == "base_model.visual.positional_embedding")
        return {"base_model.vision_model.embeddings.position_embedding.weight"};
    replace("base_model.token_embedding", "base_model.text_model.embeddings.token_embedding");
    replace("base_model.ln_final", "base_model.text_model.final_layer_norm");
    replace("visual.class_embedding", "vision_model.embeddings.class_embedding");
    replace("visual.conv1", "vision_model.embeddings.patch_embedding");
    replace("visual.ln_pre", "vision_model.pre_layrnorm");
    replace("visual.ln_post", "vision_model.post_layernorm");
    if (!replace("visual.transformer.resblocks", "vision_model.encoder.layers"))
        replace("base_model.transformer.resblocks", "base_model.text_model.encoder.layers");
    replace(".ln_1.", ".layer_norm1.");
    replace(".ln_2.", ".layer_norm2.");
    replace(".mlp.c_fc.", ".mlp.fc1.");
    replace(".mlp.c_proj.", ".mlp.fc2.");
    replace(".attn.out_proj.", ".self_attn.out_proj.");
    const std::size_t fused = name.find(".attn.in_proj_");
    if (fused == std::string::npos)
        return {name};
    const std::string head = name.substr(0, fused);
    const std::string tail = name.substr(fused + std::string(".attn.in_proj_").size());
    return {head + ".self_attn.q_proj." + tail, head + ".self_attn.k_proj." + tail,
            head + ".self_attn.v_proj." + tail};
}

struct Losses
{
    torch::Tensor sdm, words, matching;
    torch::Tensor total() const { return sdm + words + matching; }
};

Losses lossesOf(nn::SapSam &model, const Reference &reference)
{
    const torch::Tensor image = model->base_model->encodeImageTokens(reference.pixels());
    const torch::Tensor ids = reference.batch.read("caption_ids");
    const torch::Tensor text = model->base_model->encodeTextTokens(ids);
    const torch::Tensor pooled = text.index(
        {torch::arange(ids.size(0), torch::kLong), model->base_model->poolPositions(ids)});
    const BatchParts parts = reference.parts();
    const auto valid = validParts(parts);

    Losses losses;
    losses.sdm = sdmLoss(image.select(1, 0), pooled, parts.identities, reference.scale()).total();
    losses.words = tokenLoss(
        model->wordLogits(model->base_model->encodeTextTokens(reference.batch.read("mlm_part_ids")),
                          image),
        reference.batch.read("mlm_part_labels"), 0);
    losses.matching = matchingLoss(model, image, text, parts, ownPairs(valid),
                                   foreignPairs(valid, parts.identities, reference.draws()));
    return losses;
}

} // namespace

// Every number of the reference's retrieval model, at the tolerances that the reference states.
class TestSapSam : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (!std::filesystem::exists(test::goldenFolder() + "/pipeline/sapsam_tiny/expected.json"))
            QSKIP("no reference model of the pipeline in this golden folder");
        m_reference = std::make_unique<Reference>();
        m_model = modelOf(*m_reference, m_reference->config());
        const torch::NoGradGuard noGrad;
        m_image = m_model->base_model->encodeImageTokens(m_reference->pixels());
        m_text = m_model->base_model->encodeTextTokens(m_reference->batch.read("caption_ids"));
    }

    void featuresAgreeWithTheReference()
    {
        const SafetensorsFile &features = m_reference->features;
        const torch::Tensor samples = torch::tensor({0, 2, 5}, torch::kLong);
        const torch::Tensor ids = m_reference->batch.read("caption_ids");
        const torch::Tensor pooled = m_text.index(
            {torch::arange(ids.size(0), torch::kLong), m_model->base_model->poolPositions(ids)});

        QVERIFY(largestDifference(m_image.index_select(0, samples),
                                  features.read("image_features_samples_0_2_5"))
                <= 3e-5);
        QVERIFY(largestDifference(m_image.norm(2, {2}), features.read("image_token_l2")) <= 3e-5);
        QVERIFY(largestDifference(m_image.select(1, 0), features.read("image_global")) <= 3e-5);
        QVERIFY(largestDifference(m_text, features.read("text_features")) <= 3e-5);
        QVERIFY(largestDifference(pooled, features.read("text_global")) <= 3e-5);
    }

    void aPositionalTableOfASquareGridIsResizedAsPublished()
    {
        const torch::Tensor square =
            m_reference->extras.read("pretrained.visual.positional_embedding");
        const torch::Tensor expected = SafetensorsFile(m_reference->folder + "/model.safetensors")
                                           .read("base_model.visual.positional_embedding");

        QVERIFY(largestDifference(nn::resizePositionalTable(square, 14, 14, 24, 8), expected)
                <= 1e-6);
    }

    void lossesAgreeWithTheReference()
    {
        const torch::NoGradGuard noGrad;
        const Losses losses = lossesOf(m_model, *m_reference);

        QVERIFY(nearLoss(losses.sdm, m_reference->loss("sdm_loss")));
        QVERIFY(nearLoss(losses.words, m_reference->loss("mlm_part_loss")));
        QVERIFY(nearLoss(losses.matching, m_reference->loss("matching_loss")));
        QVERIFY(nearLoss(losses.total(), m_reference->loss("total_sdm_mlm_part_matching")));
    }

    void alternativeGlobalLossesAgreeWithTheReference()
    {
        const torch::NoGradGuard noGrad;
        const torch::Tensor image = m_reference->features.read("image_global");
        const torch::Tensor text = m_reference->features.read("text_global");
        const torch::Tensor identities = m_reference->batch.read("pids");
        const double scale = m_reference->scale();
        nn::SapSamConfig config = m_reference->config();
        config.identities = m_reference->expected.at("dims").at("n_classes");
        nn::SapSam model = modelOf(*m_reference, config, true);
        setTensor(model->classifier->weight, m_reference->extras.read("classifier.weight"));
        setTensor(model->classifier->bias, m_reference->extras.read("classifier.bias"));

        QVERIFY(nearLoss(cmpmLoss(image, text, identities), m_reference->loss("cmpm_loss")));
        QVERIFY(nearLoss(itcLoss(image, text, scale), m_reference->loss("itc_loss_infonce")));
        QVERIFY(nearLoss(softItcLoss(image, text, identities, scale, 0.3),
                         m_reference->loss("n_itc_loss_soft_alpha0.3")));
        QVERIFY(nearLoss(
            identityLoss(model->identityLogits(image), model->identityLogits(text), identities),
            m_reference->loss("id_loss")));
    }

    void maskedWordsAreRightAsOftenAsInTheReference()
    {
        const torch::NoGradGuard noGrad;
        const torch::Tensor labels = m_reference->batch.read("mlm_part_labels");
        const torch::Tensor guessed = m_model
                                          ->wordLogits(m_model->base_model->encodeTextTokens(
                                                           m_reference->batch.read("mlm_part_ids")),
                                                       m_image)
                                          .argmax(2);
        const torch::Tensor asked = labels.ne(0);

        const double right = guessed.eq(labels).logical_and(asked).sum().item<double>();

        QVERIFY(near(right / asked.sum().item<double>(), m_reference->loss("mlm_acc"), 1e-9));
    }

    void validPartsAndPairsAreThoseOfTheReference()
    {
        const torch::NoGradGuard noGrad;
        const BatchParts parts = m_reference->parts();
        const auto valid = validParts(parts);
        const std::vector<PartPair> own = ownPairs(valid);
        const std::vector<PartPair> foreign =
            foreignPairs(valid, parts.identities, m_reference->draws());
        const auto check = [&](const Json &expected, const std::vector<PartPair> &pairs,
                               bool isOwn) {
            const torch::Tensor logits =
                training::matchLogits(m_model, m_image, m_text, parts, pairs);
            QCOMPARE(pairs.size(), expected.size());
            for (std::size_t i = 0; i < pairs.size(); ++i) {
                const Json &pair = expected[i];
                QCOMPARE(pairs[i].image, pair.at("image").get<std::int64_t>());
                QCOMPARE(pairs[i].part, pair.at("part").get<std::int64_t>());
                if (!isOwn) {
                    QCOMPARE(pairs[i].text, pair.at("text").get<std::int64_t>());
                    QCOMPARE(pairs[i].textPart, pair.at("text_part").get<std::int64_t>());
                }
                const auto row = static_cast<std::int64_t>(i);
                QVERIFY(near(logits[row][0].item<double>(), pair.at("logits").at(0), 2e-5));
                QVERIFY(near(logits[row][1].item<double>(), pair.at("logits").at(1), 2e-5));
            }
        };

        QCOMPARE(Json(valid), m_reference->expected.at("valid_parts"));
        check(m_reference->expected.at("positives"), own, true);
        check(m_reference->expected.at("negatives"), foreign, false);
    }

    void theHeadByItselfAnswersLikeTheWholeModel()
    {
        const torch::NoGradGuard noGrad;
        const nn::SapSamConfig &config = m_model->config;
        nn::PhraseMatcher matcher(config.clip.embedDim, config.crossHeads);
        LoadOptions names;
        names.ignorable = {"*"};
        loadStrict(*matcher, SafetensorsFile(m_reference->folder + "/model.safetensors"), names);
        const torch::Tensor spans = m_reference->parts().spans;
        int asked = 0;
        for (const char *kind : {"positives", "negatives"}) {
            for (const Json &pair : m_reference->expected.at(kind)) {
                // A right pair names its picture alone.
                const std::int64_t text = pair.value("text", pair.at("image").get<std::int64_t>());
                const std::int64_t part =
                    pair.value("text_part", pair.at("part").get<std::int64_t>());
                const torch::Tensor words =
                    m_text[text].slice(0, spans[text][part][0].item<std::int64_t>(),
                                       spans[text][part][1].item<std::int64_t>() + 1);

                const double odds =
                    matcher(m_image.select(1, 0).narrow(0, pair.at("image").get<std::int64_t>(), 1),
                            words)
                        .item<double>();

                QVERIFY(near(odds,
                             pair.at("logits").at(1).get<double>()
                                 - pair.at("logits").at(0).get<double>(),
                             4e-5));
                ++asked;
            }
        }
        QVERIFY(asked > 4);
    }

    void aBatchWithoutPartsGivesNoMatchingLoss()
    {
        BatchParts parts = m_reference->parts();
        parts.patchLabels = torch::zeros_like(parts.patchLabels);
        const auto valid = validParts(parts);

        const torch::Tensor loss =
            matchingLoss(m_model, m_image, m_text, parts, ownPairs(valid),
                         foreignPairs(valid, parts.identities, [](std::int64_t) { return 0; }));

        QCOMPARE(loss.item<double>(), 0.0);
    }

    void gradientsAgreeWithTheReference()
    {
        nn::SapSam model = modelOf(*m_reference, m_reference->config());
        lossesOf(model, *m_reference).total().backward();
        const auto parameters = model->named_parameters();
        const Json &norms = m_reference->expected.at("grad_l2");
        for (const auto &item : norms.items()) {
            double squares = 0.0;
            for (const std::string &name : ownNames(item.key())) {
                const torch::Tensor *parameter = parameters.find(name);
                QVERIFY2(parameter != nullptr && parameter->grad().defined(), name.c_str());
                squares += parameter->grad().to(torch::kDouble).square().sum().item<double>();
            }
            const double expected = item.value();
            QVERIFY2(near(std::sqrt(squares), expected, 1e-4 * expected), item.key().c_str());
        }
        const SafetensorsFile gradients(m_reference->folder + "/grads.safetensors");
        for (const std::string &name : gradients.names()) {
            const torch::Tensor expected = gradients.read(name);
            const torch::Tensor own = parameters[ownNames(name).front()].grad();
            QVERIFY2(largestDifference(own, expected) <= 1e-4 * expected.abs().max().item<double>(),
                     name.c_str());
        }
        QVERIFY(norms.size() > 100);
    }

    void parameterGroupsAgreeWithTheReference()
    {
        const Json &groups =
            m_reference->optimizer.at("published_groups_base_lr_1e-5_with_id_and_mim_part");
        for (const auto &item : groups.items()) {
            for (const std::string &name : ownNames(item.key())) {
                const ParameterRate rate = sapSamRate(name, {});
                QVERIFY2(near(1e-5 * rate.factor, item.value().at("lr"), 1e-12), name.c_str());
                QVERIFY2(near(rate.decays ? 4e-5 : 0.0, item.value().at("weight_decay"), 1e-12),
                         name.c_str());
            }
        }
        QVERIFY(groups.size() > 100);
    }

    void threeStepsOfTheOptimizerAgreeWithTheReference()
    {
        nn::SapSam model = modelOf(*m_reference, m_reference->config());
        std::map<std::string, torch::Tensor> start;
        for (const auto &item : model->named_parameters())
            start[item.key()] = item.value().detach().clone();
        TrainSettings settings;
        settings.optimizer = "adam";
        settings.beta1 = m_reference->optimizer.at("adam").at("betas").at(0);
        settings.beta2 = m_reference->optimizer.at("adam").at("betas").at(1);
        settings.epsilon = m_reference->optimizer.at("adam").at("eps");
        settings.weightDecay = 4e-5;
        settings.gradientClip = 0.0;
        MasterOptimizer optimizer(*model, settings, sapSamRate);

        for (const Json &step : m_reference->optimizer.at("steps")) {
            const Losses losses = lossesOf(model, *m_reference);
            QVERIFY(nearLoss(losses.total(), step.at("loss_before_step"), 1e-4));
            QVERIFY(nearLoss(losses.sdm, step.at("sdm"), 1e-4));
            QVERIFY(nearLoss(losses.words, step.at("mlm_part"), 1e-4));
            QVERIFY(nearLoss(losses.matching, step.at("matching"), 1e-4));
            losses.total().backward();
            optimizer.step(2e-4);
            const auto parameters = model->named_parameters();
            for (const auto &item : step.at("checksums").items()) {
                double sum = 0.0;
                double count = 0.0;
                double squares = 0.0;
                double moved = 0.0;
                for (const std::string &name : ownNames(item.key())) {
                    const torch::Tensor now = parameters[name].detach().to(torch::kDouble);
                    sum += now.sum().item<double>();
                    count += static_cast<double>(now.numel());
                    squares += now.square().sum().item<double>();
                    moved += (now - start[name].to(torch::kDouble)).square().sum().item<double>();
                }
                const auto close = [](double value, double expected, double tolerance) {
                    return near(value, expected, tolerance * std::max(1.0, std::abs(expected)));
                };
                const double distance = item.value().at(2);
                QVERIFY2(close(sum / count, item.value().at(0), 1e-6), item.key().c_str());
                QVERIFY2(close(std::sqrt(squares), item.value().at(1), 1e-6), item.key().c_str());
                QVERIFY2(near(std::sqrt(moved), distance, 2e-3 * distance), item.key().c_str());
            }
        }
        const torch::NoGradGuard noGrad;
        QVERIFY(nearLoss(lossesOf(model, *m_reference).total(),
                         m_reference->optimizer.at("loss_after_3_steps"), 1e-4));
    }

    void theScheduleOfLearningRatesAgreesWithTheReference()
    {
        const Json &schedule = m_reference->optimizer.at("schedule");
        const auto &rates = schedule.at("lr_by_epoch_index");
        for (std::size_t epoch = 0; epoch < rates.size(); ++epoch) {
            const double factor =
                scheduleFactor(static_cast<std::int64_t>(epoch), schedule.at("epochs"),
                               schedule.at("warmup_epochs"), schedule.at("target_lr"));
            QVERIFY(near(1e-5 * factor, rates[epoch].at(0), 1e-13));
            QVERIFY(near(5e-5 * factor, rates[epoch].at(1), 5e-13));
        }
    }

    void imageDecodingAgreesWithTheReference_data()
    {
        QTest::addColumn<int>("kind");
        QTest::addColumn<QString>("loss");
        QTest::newRow("codes") << int(nn::ImageDecoding::Codes)
                               << QStringLiteral("table4_variant1_loss");
        QTest::newRow("codes but 0")
            << int(nn::ImageDecoding::CodesButZero) << QStringLiteral("table4_variant2_loss");
        QTest::newRow("patch embeddings")
            << int(nn::ImageDecoding::PatchEmbeddings) << QStringLiteral("table4_variant3_loss");
        QTest::newRow("features") << int(nn::ImageDecoding::Features)
                                  << QStringLiteral("table4_variant4_loss");
    }

    void imageDecodingAgreesWithTheReference()
    {
        QFETCH(int, kind);
        QFETCH(QString, loss);
        const torch::NoGradGuard noGrad;
        const SafetensorsFile &extras = m_reference->extras;
        nn::SapSamConfig config = m_reference->config();
        config.imageDecoding = static_cast<nn::ImageDecoding>(kind);
        nn::SapSam model = modelOf(*m_reference, config, true);
        if (config.imageDecoding == nn::ImageDecoding::PatchEmbeddings) {
            setTensor(model->mim_part_mask_token, extras.read("mim_part_mask_token"));
            setTensor(model->mim_decoder->weight, extras.read("mim_decoder.weight"));
            setTensor(model->mim_decoder->bias, extras.read("mim_decoder.bias"));
        } else if (config.imageDecoding == nn::ImageDecoding::Features) {
            setTensor(model->mim_part_mask_token, extras.read("mim4.mask_token"));
            setTensor(model->mim_decoder->weight, extras.read("mim4.decoder.weight"));
            setTensor(model->mim_decoder->bias, extras.read("mim4.decoder.bias"));
        } else {
            setTensor(model->mim_part_mask_token, extras.read("mim1.mask_token"));
            for (const auto &item : model->mim_head->named_parameters())
                setTensor(item.value(), extras.read("mim1.head." + item.key()));
        }

        const torch::Tensor value =
            model->imageDecodingLoss(m_reference->pixels(), m_image, m_text,
                                     m_reference->batch.read("mim_mask").to(torch::kBool),
                                     m_reference->batch.read("dvae_ids"));

        QVERIFY(nearLoss(value, m_reference->loss(loss.toStdString())));
    }

    void pooledAlignmentAgreesWithTheReference_data()
    {
        QTest::addColumn<int>("kind");
        QTest::addColumn<QString>("loss");
        QTest::newRow("average") << int(nn::LocalAlignment::Average)
                                 << QStringLiteral("table6_avgpool_infonce");
        QTest::newRow("convolution")
            << int(nn::LocalAlignment::Convolution) << QStringLiteral("table6_conv1d_infonce");
        QTest::newRow("self-attention")
            << int(nn::LocalAlignment::SelfAttention) << QStringLiteral("table6_mhsa_infonce");
    }

    void pooledAlignmentAgreesWithTheReference()
    {
        QFETCH(int, kind);
        QFETCH(QString, loss);
        const torch::NoGradGuard noGrad;
        const SafetensorsFile &extras = m_reference->extras;
        nn::SapSamConfig config = m_reference->config();
        config.alignment = static_cast<nn::LocalAlignment>(kind);
        // The file has ELCA's head, this model does not.
        nn::SapSam model(config);
        for (const auto &item : m_model->named_parameters()) {
            if (torch::Tensor *own = model->named_parameters().find(item.key()))
                setTensor(*own, item.value());
        }
        if (model->conv1d) {
            setTensor(model->conv1d->weight, extras.read("conv1d.weight"));
            setTensor(model->conv1d->bias, extras.read("conv1d.bias"));
        }
        if (model->mhsa) {
            for (const auto &item : model->mhsa->named_parameters())
                setTensor(item.value(), extras.read("mhsa." + item.key()));
        }
        const BatchParts parts = m_reference->parts();

        const torch::Tensor value = pooledAlignmentLoss(
            model, m_image, m_text, parts, ownPairs(validParts(parts)), m_reference->scale());

        QVERIFY(nearLoss(value, m_reference->loss(loss.toStdString())));
    }

private:
    std::unique_ptr<Reference> m_reference;
    nn::SapSam m_model{nullptr};
    torch::Tensor m_image, m_text;
};

QTEST_GUILESS_MAIN(TestSapSam)
#include "tst_sap_sam.moc"
