#include "core/base/json_file.h"
#include "core/weights/checkpoint.h"
#include "core/weights/recognise.h"
#include "tests/support/error_of.h"
#include "tests/support/golden_folder.h"
#include "tests/support/outline_source.h"

#include <QTest>

#include <algorithm>
#include <set>

using namespace sapsam;
using namespace sapsam::test;

namespace {

std::shared_ptr<const TensorSource> named(const std::string &file)
{
    return withHuggingFaceNames(openCheckpoint(shippedPath(file)));
}

// The same names, shapes and (as float32) values.
void compare(const TensorSource &actual, const TensorSource &expected)
{
    QCOMPARE(actual.names(), expected.names());
    for (const auto &name : expected.names()) {
        const auto *info = actual.find(name);
        QVERIFY2(info->shape == expected.find(name)->shape, name.c_str());
        const auto tensor = actual.read(name);
        QVERIFY2(tensor.sizes().vec() == info->shape, name.c_str());
        QVERIFY2(tensor.scalar_type() == info->dtype, name.c_str());
        QVERIFY2(torch::equal(tensor.to(torch::kFloat), expected.read(name).to(torch::kFloat)),
                 name.c_str());
    }
}

struct Published
{
    const char *file;
    PublishedFormat format;
    const char *architecture;
};

const std::vector<Published> kCompleteFiles = {
    {"sam_vit_b_meta", PublishedFormat::SamMeta, "sam"},
    {"sam_vit_b_hf", PublishedFormat::SamHf, "sam"},
    {"clip_vit_b16_openai", PublishedFormat::ClipOpenAi, "clip"},
    {"clip_vit_b16_hf", PublishedFormat::ClipHf, "clip"},
    {"clip_vit_l14_openai", PublishedFormat::ClipOpenAi, "clip"},
    {"clip_vit_l14_hf", PublishedFormat::ClipHf, "clip"},
    {"bert_base_uncased_published", PublishedFormat::Bert, "bert"},
    {"bert_base_uncased_hf", PublishedFormat::Bert, "bert"},
    {"sap_sam_person_best", PublishedFormat::PersonSam, "person-sam"},
    {"dalle_encoder_pkl", PublishedFormat::DvaeOpenAi, "dvae"},
    {"dalle_encoder_hf", PublishedFormat::DvaeHf, "dvae"},
    {"blip2_opt_2.7b_hf", PublishedFormat::Blip2Hf, "blip2-opt"},
    {"blip2_flan_t5_xl_hf", PublishedFormat::Blip2Hf, "blip2-t5"},
    {"eva_vit_g", PublishedFormat::EvaVit, "eva-vit"},
    {"opt_2.7b_bin", PublishedFormat::Opt, "opt"},
    {"flan_t5_xl", PublishedFormat::T5, "t5"},
};

void addCompleteFiles()
{
    QTest::addColumn<int>("index");
    for (std::size_t i = 0; i < kCompleteFiles.size(); ++i)
        QTest::newRow(kCompleteFiles[i].file) << static_cast<int>(i);
}

std::shared_ptr<OutlineSource> outline(const std::string &name)
{
    return std::make_shared<OutlineSource>(name);
}

} // namespace

class TestPublishedNames : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void publishedFilesHoldTheTensorsOfTheCase_data()
    {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QStringList>("files");
        const auto row = [](const char *name, const char *folder, const char *files) {
            QTest::newRow(name) << QString::fromLatin1(folder)
                                << QString::fromLatin1(files).split(QLatin1Char(' '));
        };
        row("SAM of Meta", "sam_tiny", "weights_meta.pth");
        row("text-prompted SAM", "person_sam_tiny", "weights_best.pth");
        row("BERT, old names and container", "bert_tiny", "pytorch_model.bin");
        row("CLIP of OpenAI", "clip_tiny", "weights_openai.pt");
        row("CLIP as state dict", "clip_tiny", "weights_openai_state_dict.pt");
        row("BLIP-2 of LAVIS with OPT", "blip2_opt_tiny",
            "weights_lavis_blip2_opt.pth weights_eva_vit.pth weights_opt_lm.bin");
        row("BLIP-2 of LAVIS with T5", "blip2_t5_tiny",
            "weights_lavis_blip2_t5.pth weights_eva_vit.pth weights_t5_lm.bin");
        row("dVAE, zip", "dvae_tiny", "encoder.pkl");
        row("dVAE, legacy", "dvae_tiny", "encoder_legacy.pkl");
        for (const char *folder : {"sam_tiny", "person_sam_tiny", "bert_tiny", "clip_tiny",
                                   "blip2_opt_tiny", "blip2_t5_tiny", "dvae_tiny"})
            row((std::string("again ") + folder).c_str(), folder, "weights.safetensors");
    }

    void publishedFilesHoldTheTensorsOfTheCase()
    {
        QFETCH(QString, folder);
        QFETCH(QStringList, files);
        std::vector<std::shared_ptr<const TensorSource>> sources;
        for (const auto &file : files)
            sources.push_back(named((folder + QLatin1Char('/') + file).toStdString()));

        const std::shared_ptr<const TensorSource> actual = combineSources(sources);

        compare(*actual,
                *openCheckpoint(shippedPath(folder.toStdString() + "/weights.safetensors")));
        if (QTest::currentTestFailed())
            return;
        const auto result = recognise(actual);
        QVERIFY2(result.isComplete, result.advice.c_str());
        QVERIFY2(result.extra.empty(), result.extra.empty() ? "" : result.extra[0].c_str());
    }

    void publishedKeysAreRecognisedAndComplete_data() { addCompleteFiles(); }

    void publishedKeysAreRecognisedAndComplete()
    {
        QFETCH(int, index);
        const auto &published = kCompleteFiles[static_cast<std::size_t>(index)];

        const auto result = recognise(outline(published.file));

        QCOMPARE(nameOf(result.format), nameOf(published.format));
        QCOMPARE(result.architecture, std::string(published.architecture));
        QVERIFY2(result.isComplete, result.advice.c_str());
        QVERIFY2(result.extra.empty(), result.extra.empty() ? "" : result.extra[0].c_str());
        QCOMPARE(result.advice, std::string());
    }

    // Whatever single tensor is lost, exactly that is found.
    void everyLostTensorIsMissed_data() { addCompleteFiles(); }

    void everyLostTensorIsMissed()
    {
        QFETCH(int, index);
        const auto &published = kCompleteFiles[static_cast<std::size_t>(index)];
        const auto whole = outline(published.file);
        const auto names = whole->names();
        // Copies that published files may leave out.
        const std::set<std::string> dispensable = {
            "shared_image_embedding.positional_embedding",
            "prompt_encoder.shared_embedding.positional_embedding",
            "cls.predictions.decoder.weight",
            "cls.predictions.decoder.bias",
            "language_model.lm_head.weight",
            "encoder.embed_tokens.weight",
            "decoder.embed_tokens.weight",
            "language_model.encoder.embed_tokens.weight",
            "language_model.decoder.embed_tokens.weight"};
        // The big ones have the same layers many times; a sample suffices.
        const std::size_t step = std::max<std::size_t>(1, names.size() / 60);

        for (std::size_t i = 0; i < names.size(); i += step) {
            const auto part = std::make_shared<OutlineSource>(*whole);
            part->infos().erase(names[i]);
            const auto result = recognise(part);
            const bool isDispensable =
                dispensable.count(names[i]) != 0 && !(result.architecture == "person-sam")
                && !(result.architecture == "blip2-t5"
                     && names[i] == "language_model.lm_head.weight")
                && !(result.architecture == "opt" && names[i] == "decoder.embed_tokens.weight");
            QVERIFY2(result.architecture == published.architecture, names[i].c_str());
            QVERIFY2(result.isComplete == isDispensable, names[i].c_str());
            QVERIFY2(result.misshapen.empty(), names[i].c_str());
            QVERIFY2(result.extra.empty() || names[i].find("bias") != std::string::npos,
                     names[i].c_str());
        }
    }

    void everyWrongShapeIsFound_data() { addCompleteFiles(); }

    void everyWrongShapeIsFound()
    {
        QFETCH(int, index);
        const auto &published = kCompleteFiles[static_cast<std::size_t>(index)];
        const auto whole = outline(published.file);
        const auto names = whole->names();
        const std::size_t step = std::max<std::size_t>(1, names.size() / 60);

        for (std::size_t i = 0; i < names.size(); i += step) {
            const auto part = std::make_shared<OutlineSource>(*whole);
            part->infos()[names[i]].shape.push_back(2); // one side too many
            const auto error = errorOf([&] {
                const auto result = recognise(part);
                // Copies are left out whatever their shape.
                const bool isCopy = names[i].find("lm_head") != std::string::npos
                                    || names[i].find("embed_tokens") != std::string::npos
                                    || names[i].find("cls.predictions.decoder") == 0;
                QVERIFY2(!result.isComplete || isCopy, names[i].c_str());
            });
            QVERIFY2(!error || error->kind() == ErrorKind::Mismatch, names[i].c_str());
        }
    }

    void lavisFileTellsWhatToAdd()
    {
        const auto opt = recognise(outline("lavis_blip2_pretrain_opt2.7b"));
        const auto t5 = recognise(outline("lavis_blip2_pretrain_flant5xl"));
        const auto caption = recognise(outline("lavis_blip2_caption_opt2.7b"));

        QCOMPARE(opt.architecture, std::string("blip2-opt"));
        QCOMPARE(opt.missingParts, (std::vector<std::string>{"vision tower", "language model"}));
        QVERIFY(!opt.isComplete && opt.missing.empty() && opt.misshapen.empty());
        QVERIFY2(opt.advice.find("this LAVIS file holds no vision tower; add eva_vit_g.pth") == 0,
                 opt.advice.c_str());
        QVERIFY(opt.advice.find("facebook/opt-2.7b") != std::string::npos);
        QCOMPARE(t5.architecture, std::string("blip2-t5"));
        QVERIFY(t5.advice.find("google/flan-t5-xl") != std::string::npos);
        QCOMPARE(caption.missingParts, std::vector<std::string>{"language model"});
        QVERIFY(caption.missing.empty() && caption.extra.empty());
    }

    void partsOfLavisAreOneCompleteModel_data()
    {
        QTest::addColumn<QStringList>("files");
        QTest::addColumn<QString>("architecture");
        QTest::newRow("OPT") << QStringList{QStringLiteral("lavis_blip2_pretrain_opt2.7b"),
                                            QStringLiteral("eva_vit_g"),
                                            QStringLiteral("opt_2.7b_bin")}
                             << QStringLiteral("blip2-opt");
        QTest::newRow("T5") << QStringList{QStringLiteral("lavis_blip2_pretrain_flant5xl"),
                                           QStringLiteral("eva_vit_g"),
                                           QStringLiteral("flan_t5_xl")}
                            << QStringLiteral("blip2-t5");
        QTest::newRow("caption, its own tower first")
            << QStringList{QStringLiteral("lavis_blip2_caption_flant5xl"),
                           QStringLiteral("eva_vit_g"), QStringLiteral("flan_t5_xl")}
            << QStringLiteral("blip2-t5");
    }

    void partsOfLavisAreOneCompleteModel()
    {
        QFETCH(QStringList, files);
        QFETCH(QString, architecture);
        std::vector<std::shared_ptr<const TensorSource>> parts;
        for (const auto &file : files)
            parts.push_back(withHuggingFaceNames(outline(file.toStdString())));

        const std::shared_ptr<const TensorSource> whole = combineSources(parts);
        const auto result = recognise(whole);

        QCOMPARE(result.architecture, architecture.toStdString());
        QVERIFY2(result.isComplete, result.advice.c_str());
        QVERIFY(result.extra.empty());
        const bool isCaption = files[0].contains(QStringLiteral("caption"));
        QCOMPARE(whole->find("vision_model.embeddings.position_embedding")->shape[1],
                 std::int64_t(isCaption ? 677 : 257));
    }

    void leftoversOfPublishedFilesAreDropped()
    {
        const auto clip = outline("clip_vit_b16_openai");
        for (const char *name : {"input_resolution", "context_length", "vocab_size"})
            clip->infos()[name] = {torch::kLong, {}};
        const auto sam = outline("sam_vit_b_meta");
        sam->infos()["pixel_mean"] = {torch::kFloat, {3, 1, 1}};
        const auto eva = outline("eva_vit_g");
        eva->infos()["blocks.39.norm1.weight"] = {torch::kHalf, {1408}};
        eva->infos()["norm.weight"] = {torch::kHalf, {1408}};
        eva->infos()["head.weight"] = {torch::kHalf, {1000, 1408}};
        const auto lavis = outline("lavis_blip2_pretrain_opt2.7b");
        lavis->infos()["Qformer.bert.embeddings.position_ids"] = {torch::kLong, {1, 512}};
        lavis->infos()["Qformer.cls.predictions.bias"] = {torch::kFloat, {30523}};
        lavis->infos()["Qformer.bert.encoder.layer.0.intermediate.dense.weight"] = {torch::kFloat,
                                                                                    {3072, 768}};
        lavis->infos()["Qformer.bert.encoder.layer.0.output.dense.weight"] = {torch::kFloat,
                                                                              {768, 3072}};

        for (const auto &source : {clip, sam, eva, lavis}) {
            const auto result = recognise(source);
            QVERIFY2(result.extra.empty(), source->origin().c_str());
            QVERIFY2(result.missing.empty(), source->origin().c_str());
        }
    }

    void networkInsideATrainingModelIsFound()
    {
        const auto clip = openCheckpoint(shippedPath("clip_tiny/weights_openai_state_dict.pt"));
        std::map<std::string, torch::Tensor> tensors;
        for (const auto &name : clip->names())
            tensors["base_model." + name] = clip->read(name);
        tensors["classifier.weight"] = torch::ones({3, 40});

        const auto found = withHuggingFaceNames(
            std::make_shared<MemoryTensorSource>("best.pth", std::move(tensors)));

        compare(*found, *openCheckpoint(shippedPath("clip_tiny/weights.safetensors")));
    }

    void splitBiasesOfEarlyBlip2FilesAreJoined()
    {
        std::map<std::string, torch::Tensor> tensors;
        const std::string block = "vision_model.encoder.layers.0.self_attn.";
        tensors["qformer.embeddings.layernorm.weight"] = torch::ones({4});
        tensors[block + "q_bias"] = torch::full({2}, 3.0);
        tensors[block + "v_bias"] = torch::full({2}, 5.0);

        const auto found =
            withHuggingFaceNames(std::make_shared<MemoryTensorSource>("early", std::move(tensors)));

        QCOMPARE(found->names(),
                 (std::vector<std::string>{"qformer.layernorm.weight", block + "qkv.bias"}));
        QVERIFY(torch::equal(found->read(block + "qkv.bias"),
                             torch::tensor({3.f, 3.f, 0.f, 0.f, 5.f, 5.f})));
    }

    void fusedTensorOfOddHeightIsAMismatch()
    {
        std::map<std::string, torch::Tensor> tensors;
        tensors["transformer.resblocks.0.attn.in_proj_weight"] = torch::ones({4, 4});

        VERIFY_ERROR(
            withHuggingFaceNames(std::make_shared<MemoryTensorSource>("odd", std::move(tensors))),
            ErrorKind::Mismatch, "in_proj_weight");
    }

    void strangersAreUnknown()
    {
        std::map<std::string, torch::Tensor> tensors = {{"conv.weight", torch::ones({1})}};
        const auto stranger = std::make_shared<MemoryTensorSource>("stranger", std::move(tensors));

        const auto result = recognise(stranger);

        QCOMPARE(nameOf(result.format), "unknown");
        QVERIFY(!result.isComplete && !result.advice.empty());
        QCOMPARE(withHuggingFaceNames(stranger)->names(), stranger->names());
    }
};

QTEST_GUILESS_MAIN(TestPublishedNames)
#include "tst_published_names.moc"
