// Published weights, as people have them, become models that the engine opens.
#include "core/base/file.h"
#include "core/engine/model_import.h"
#include "core/engine/model_loading.h"
#include "core/engine/network_outline.h"
#include "core/engine/retriever.h"
#include "core/networks/blip2.h"
#include "core/networks/clip.h"
#include "core/networks/dvae.h"
#include "core/networks/person_sam.h"
#include "core/weights/checkpoint.h"
#include "core/weights/derive_config.h"
#include "core/weights/tensor_names.h"
#include "tests/support/error_of.h"
#include "tests/support/golden_folder.h"
#include "tests/support/outline_source.h"

#include <QTemporaryDir>
#include <QTest>

#include <filesystem>

using namespace sapsam;
using namespace sapsam::test;

namespace {

namespace fs = std::filesystem;

const char *kAllKeys[] = {"bert_base_uncased_hf",
                          "bert_base_uncased_published",
                          "blip2_flan_t5_xl_hf",
                          "blip2_opt_2.7b_hf",
                          "clip_vit_b16_hf",
                          "clip_vit_b16_openai",
                          "clip_vit_l14_hf",
                          "clip_vit_l14_openai",
                          "dalle_encoder_hf",
                          "dalle_encoder_pkl",
                          "flan_t5_xl",
                          "lavis_blip2_caption_flant5xl eva_vit_g flan_t5_xl",
                          "lavis_blip2_caption_opt2.7b opt_2.7b_bin",
                          "lavis_blip2_pretrain_flant5xl eva_vit_g flan_t5_xl",
                          "lavis_blip2_pretrain_opt2.7b eva_vit_g opt_2.7b_bin",
                          "sam_vit_b_hf",
                          "sam_vit_b_meta",
                          "sap_sam_person_best"};

struct Whole
{
    std::shared_ptr<const TensorSource> named;
    Recognition recognition;
    DerivedConfig derived;
};

Whole wholeOf(const QString &files)
{
    std::vector<std::shared_ptr<const TensorSource>> parts;
    DeriveHints hints;
    Whole whole;
    for (const auto &file : files.split(QLatin1Char(' '))) {
        const auto source = std::make_shared<OutlineSource>(file.toStdString());
        if (parts.empty()) {
            whole.recognition = recognise(source);
            hints.format = whole.recognition.format;
        }
        parts.push_back(withHuggingFaceNames(source));
    }
    whole.named = parts.front();
    if (parts.size() > 1) {
        whole.named = combineSources(parts);
        whole.recognition = recognise(whole.named, whole.recognition.architecture);
    }
    whole.derived = deriveConfig(whole.recognition, *whole.named, hints);
    return whole;
}

// A golden case: its files in one published form, and what its shapes do not tell.
struct TinyCase
{
    const char *name;
    const char *folder;
    const char *files;
    const char *facts; // a merge patch for the derived config.json
};

const TinyCase kTinyCases[] = {
    {"SAM of Meta", "sam_tiny", "weights_meta.pth", "{}"},
    {"SAM of Hugging Face", "sam_tiny", "weights.safetensors", "{}"},
    {"text-prompted SAM", "person_sam_tiny", "weights_best.pth",
     R"({"bert":{"num_attention_heads":4},"max_phrase_tokens":10})"},
    {"BERT, legacy container", "bert_tiny", "pytorch_model.bin", R"({"num_attention_heads":4})"},
    {"BERT, safetensors", "bert_tiny", "weights.safetensors", R"({"num_attention_heads":4})"},
    {"CLIP of OpenAI", "clip_tiny", "weights_openai.pt",
     R"({"vision_config":{"num_attention_heads":4},"text_config":{"num_attention_heads":3}})"},
    {"CLIP, state dict", "clip_tiny", "weights_openai_state_dict.pt",
     R"({"vision_config":{"num_attention_heads":4},"text_config":{"num_attention_heads":3}})"},
    {"CLIP of Hugging Face", "clip_tiny", "weights.safetensors",
     R"({"vision_config":{"num_attention_heads":4},"text_config":{"num_attention_heads":3}})"},
    {"BLIP-2 of LAVIS, OPT", "blip2_opt_tiny",
     "weights_opt_lm.bin weights_eva_vit.pth weights_lavis_blip2_opt.pth",
     R"({"vision_config":{"num_attention_heads":3},"qformer_config":{"num_attention_heads":4},
         "text_config":{"num_attention_heads":4}})"},
    {"BLIP-2 of Hugging Face, OPT", "blip2_opt_tiny", "weights.safetensors",
     R"({"vision_config":{"num_attention_heads":3},"qformer_config":{"num_attention_heads":4},
         "text_config":{"num_attention_heads":4}})"},
    {"BLIP-2 of LAVIS, T5", "blip2_t5_tiny",
     "weights_lavis_blip2_t5.pth weights_eva_vit.pth weights_t5_lm.bin",
     R"({"vision_config":{"num_attention_heads":3},"qformer_config":{"num_attention_heads":4},
         "text_config":{"relative_attention_max_distance":16}})"},
    {"BLIP-2 of Hugging Face, T5", "blip2_t5_tiny", "weights.safetensors",
     R"({"vision_config":{"num_attention_heads":3},"qformer_config":{"num_attention_heads":4},
         "text_config":{"relative_attention_max_distance":16}})"},
    {"dVAE, zip", "dvae_tiny", "encoder.pkl", "{}"},
    {"dVAE, legacy", "dvae_tiny", "encoder_legacy.pkl", "{}"},
};

std::vector<std::string> pathsOf(const TinyCase &tiny)
{
    std::vector<std::string> paths;
    for (const auto &file : QString::fromLatin1(tiny.files).split(QLatin1Char(' ')))
        paths.push_back(shippedPath(std::string(tiny.folder) + "/" + file.toStdString()));
    return paths;
}

// Inputs, outputs and tolerances of a case.
class Expected
{
public:
    explicit Expected(const std::string &folder)
        : m_json(readJsonFile(shippedPath(folder + "/case.json"))),
          m_io(shippedPath(folder + "/io.safetensors"))
    {
    }
    torch::Tensor input(const std::string &name) const
    {
        return m_io.find(name) ? m_io.read(name)
                               : (m_io.read(name + "_u8").to(torch::kFloat) - 128) / 64;
    }
    void check(const std::string &name, const torch::Tensor &actual) const
    {
        const auto wanted = m_io.read(name);
        const double tolerance =
            m_json.at("outputs").at(name).at("measured").at("tol").get<double>();
        QVERIFY2(actual.sizes() == wanted.sizes(), name.c_str());
        const auto distance = (actual - wanted).abs().max().item<double>();
        QVERIFY2(distance <= tolerance, (name + ": " + std::to_string(distance)).c_str());
    }

private:
    Json m_json;
    SafetensorsFile m_io;
};

engine::Computing onProcessor()
{
    return {};
}

// Every value of the network as the case has it, and a few outputs.
void openAndCompare(const engine::ModelFolder &model, const TinyCase &tiny)
{
    const Expected expected(tiny.folder);
    const torch::NoGradGuard noGrad;
    const auto computing = onProcessor();
    const bool isLavis = QString::fromLatin1(tiny.files).contains(QStringLiteral("lavis"));
    const bool isHf = std::string(tiny.files) == "weights.safetensors";
    std::shared_ptr<torch::nn::Module> module;
    LoadOptions names;
    const std::string &architecture = model.info.architecture;
    if (architecture == "clip") {
        auto clip = engine::loadNetwork<nn::Clip>(
            model, nn::clipConfigFromJson(model.config, model.origin), clipNames(), computing);
        expected.check("out.image_features", clip->imageFeatures(expected.input("in.image")));
        expected.check("out.text_features", clip->textFeatures(expected.input("in.input_ids")));
        module = clip.ptr();
        names = clipNames();
    } else if (architecture == "sam") {
        auto sam = engine::loadNetwork<nn::Sam>(
            model, nn::samConfigFromJson(model.config, model.origin), samNames(), computing);
        const auto image = sam->encodeImage(expected.input("in.pixel_values"));
        expected.check("out.image_embeddings", image);
        if (!isHf) { // the derived eps of the decoder is that of Meta
            const auto masks = sam->decode(
                image,
                {expected.input("in.point1.points"), expected.input("in.point1.labels"), {}, {}});
            expected.check("out.point1.masks", masks.logits);
        }
        module = sam.ptr();
        names = samNames();
    } else if (architecture == "person-sam") {
        auto net = engine::loadNetwork<nn::PersonSam>(
            model, nn::personSamConfigFromJson(model.config, model.origin), personSamNames(),
            computing);
        const auto masks =
            net(expected.input("in.pixel_values"), expected.input("in.input_ids"),
                expected.input("in.attention_mask"), expected.input("in.token_type_ids"));
        expected.check("out.mask_logits", masks.maskLogits.unsqueeze(1));
        module = net.ptr();
        names = personSamNames();
    } else if (architecture == "bert") {
        auto bert = engine::loadNetwork<nn::BertForPreTraining>(
            model, nn::bertConfigFromJson(model.config, model.origin), bertPretrainingNames(),
            computing);
        expected.check("out.last_hidden_state", bert->bert(expected.input("in.input_ids"),
                                                           expected.input("in.attention_mask"),
                                                           expected.input("in.token_type_ids")));
        module = bert.ptr();
        names = bertPretrainingNames();
    } else if (architecture == "blip2-opt" || architecture == "blip2-t5") {
        names = architecture == "blip2-t5" ? blip2T5Names() : blip2OptNames();
        auto blip2 = engine::loadNetwork<nn::Blip2>(
            model, nn::blip2ConfigFromJson(model.config, model.origin), names, computing);
        const auto queries = blip2->encodeImage(expected.input("in.image"));
        expected.check(isLavis ? "out.lavis.projected_queries" : "out.projected_queries", queries);
        if (!isLavis && architecture == "blip2-opt")
            expected.check("out.logits", blip2->logits(queries, expected.input("in.input_ids")));
        if (!isLavis && architecture == "blip2-t5")
            expected.check("out.logits",
                           blip2->answerLogits(queries, expected.input("in.input_ids"),
                                               expected.input("in.decoder_input_ids")));
        module = blip2.ptr();
    } else if (architecture == "dvae") {
        auto dvae = engine::loadNetwork<nn::DvaeEncoder>(
            model, nn::dvaeConfigFromJson(model.config, model.origin), dvaeNames(), computing);
        expected.check("out.logits", dvae(dvae->mapPixels(expected.input("in.image01"))));
        module = dvae.ptr();
        names = dvaeNames();
    }
    QVERIFY2(module, architecture.c_str());
    if (QTest::currentTestFailed())
        return;

    const auto wanted =
        openCheckpoint(shippedPath(std::string(tiny.folder) + "/weights.safetensors"));
    int compared = 0;
    for (const auto &item : namedTensorsOf(*module)) {
        if (!wanted->find(item.first))
            continue;
        QVERIFY2(torch::equal(item.second, wanted->read(item.first).to(torch::kFloat)),
                 item.first.c_str());
        ++compared;
    }
    QVERIFY(compared > 20);
}

} // namespace

class TestModelImport : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    int m_count = 0;

    std::string fresh(const std::string &name)
    {
        return m_folder.path().toStdString() + "/" + std::to_string(m_count++) + "-" + name;
    }

    // A config.json that says what the shapes of the case do not.
    std::string configFor(const TinyCase &tiny)
    {
        Json config = examineModel(pathsOf(tiny)).config;
        config.merge_patch(Json::parse(tiny.facts));
        const std::string path = fresh("config.json");
        writeJsonFile(path, config);
        return path;
    }

    ModelImport imported(const TinyCase &tiny, const std::string &registry, bool link = false)
    {
        ModelImportRequest request;
        request.paths = pathsOf(tiny);
        request.modelsFolder = registry;
        request.configFile = configFor(tiny);
        request.name = "it";
        request.link = link;
        return importModel(request, {}, {});
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        at::set_num_threads(2);
    }

    // The list of names and shapes that the program derives equals the published one, both ways.
    void publishedKeysAreExactlyThoseOfTheNetwork_data()
    {
        QTest::addColumn<QString>("files");
        for (const char *files : kAllKeys)
            QTest::newRow(files) << QString::fromLatin1(files);
    }

    void publishedKeysAreExactlyThoseOfTheNetwork()
    {
        QFETCH(QString, files);
        const Whole whole = wholeOf(files);
        QVERIFY2(whole.recognition.isComplete, whole.recognition.advice.c_str());
        QVERIFY2(whole.derived.unknown.empty(),
                 whole.derived.unknown.empty() ? "" : whole.derived.unknown[0].c_str());

        const bool hasHeads = whole.named->find("cls.predictions.bias") != nullptr;
        const auto outline = engine::outlineOf(whole.recognition.architecture, whole.derived.config,
                                               files.toStdString(), hasHeads);
        QVERIFY(outline != nullptr);
        const FitReport fit = compareStrict(*outline->module, *whole.named, outline->names);

        QVERIFY2(fit.fits(), fit.text(files.toStdString()).c_str());
        QVERIFY2(fit.report.ignored.empty(),
                 fit.report.ignored.empty() ? "" : fit.report.ignored[0].c_str());
        QCOMPARE(namedTensorsOf(*outline->module).size(), whole.named->names().size());
    }

    void everyListOfKeysIsCovered()
    {
        QSet<QString> covered;
        for (const char *files : kAllKeys)
            for (const auto &file : QString::fromLatin1(files).split(QLatin1Char(' ')))
                covered.insert(file);

        for (const auto &entry : fs::directory_iterator(shippedPath("keys"))) {
            const auto name = QString::fromStdString(entry.path().stem().string());
            QVERIFY2(name == QStringLiteral("index") || covered.contains(name),
                     name.toUtf8().constData());
        }
    }

    void publishedSizesAreDerived()
    {
        const auto clip = wholeOf(QStringLiteral("clip_vit_b16_openai")).derived.config;
        const auto large = wholeOf(QStringLiteral("clip_vit_l14_openai")).derived.config;
        const auto sam = wholeOf(QStringLiteral("sam_vit_b_meta")).derived.config;
        const auto bert = wholeOf(QStringLiteral("bert_base_uncased_published")).derived.config;
        const auto opt = wholeOf(QStringLiteral("blip2_opt_2.7b_hf")).derived.config;
        const auto t5 = wholeOf(QStringLiteral("flan_t5_xl")).derived.config;
        const auto dvae = wholeOf(QStringLiteral("dalle_encoder_pkl")).derived.config;

        // The defaults of the configurations are the published sizes.
        const auto same = [](const Json &a, const Json &b) {
            return a == b ? std::string() : Json::diff(a, b).dump();
        };
        QCOMPARE(same(nn::clipConfigFromJson(clip, "x").toJson(), nn::ClipConfig().toJson()),
                 std::string());
        QCOMPARE(same(nn::samConfigFromJson(sam, "x").toJson(), nn::SamConfig().toJson()),
                 std::string());
        QCOMPARE(same(nn::bertConfigFromJson(bert, "x").toJson(), nn::BertConfig().toJson()),
                 std::string());
        QCOMPARE(same(nn::blip2ConfigFromJson(opt, "x").toJson(), nn::Blip2Config().toJson()),
                 std::string());
        QCOMPARE(same(nn::t5ConfigFromJson(t5, "x").toJson(), nn::T5Config().toJson()),
                 std::string());
        QCOMPARE(same(nn::dvaeConfigFromJson(dvae, "x").toJson(), nn::DvaeConfig().toJson()),
                 std::string());
        const auto b = nn::clipConfigFromJson(large, "x");
        QCOMPARE(b.visionHeads, std::int64_t(16));
        QCOMPARE(b.textHeads, std::int64_t(12));
        QCOMPARE(b.imageWidth, std::int64_t(224));
    }

    // Half the memory of the machine that it must fit is left for pictures, caches and the system.
    void blip2InBfloat16FitsAMachineOf24Gigabytes()
    {
        const Whole whole =
            wholeOf(QStringLiteral("lavis_blip2_pretrain_opt2.7b eva_vit_g opt_2.7b_bin"));
        double numbers = 0, largest = 0;
        for (const auto &name : whole.named->names()) {
            double count = 1;
            for (const auto side : whole.named->find(name)->shape)
                count *= static_cast<double>(side);
            numbers += count;
            largest = std::max(largest, count);
        }

        QCOMPARE(numbers, 3'744'679'936.0);
        QVERIFY(1.15 * 2 * numbers < 12e9);
        QVERIFY(largest < 0.05 * numbers); // no single tensor matters
    }

    void importedFilesGiveTheGoldenOutputs_data()
    {
        QTest::addColumn<int>("index");
        for (std::size_t i = 0; i < std::size(kTinyCases); ++i)
            QTest::newRow(kTinyCases[i].name) << static_cast<int>(i);
    }

    void importedFilesGiveTheGoldenOutputs()
    {
        QFETCH(int, index);
        const TinyCase &tiny = kTinyCases[index];
        const std::string registry = fresh("registry");

        const ModelImport done = imported(tiny, registry);

        QVERIFY(!done.wasCancelled);
        const ModelManifest manifest = readModelManifest(registry);
        const ModelEntry *entry = manifest.findByName("it");
        QVERIFY(entry != nullptr);
        QVERIFY(verifyModel(manifest, *entry).empty());
        QCOMPARE(entry->architecture, done.examination.architecture);
        QVERIFY(!entry->dtype.empty());
        const auto model = engine::readModelFolder(manifest.pathOf(*entry), entry->task);
        openAndCompare(model, tiny);
        if (QTest::currentTestFailed())
            return;

        // What lies in the registry is examined like the files that came in.
        const auto again = examineModel({manifest.pathOf(*entry)});
        QVERIFY2(again.isImportable(), again.advice.c_str());
        QCOMPARE(again.architecture, done.examination.architecture);
    }

    void tinyNetworksNeedAConfigForTheirHeads()
    {
        const auto found = examineModel({shippedPath("clip_tiny/weights_openai.pt")});

        QVERIFY(found.isComplete);
        QVERIFY(!found.isImportable());
        QVERIFY2(found.advice.find("config.json") != std::string::npos, found.advice.c_str());
        ModelImportRequest request;
        request.paths = {shippedPath("clip_tiny/weights_openai.pt")};
        request.modelsFolder = fresh("registry");
        VERIFY_ERROR(importModel(request, {}, {}), ErrorKind::Mismatch, "attention heads");
        QVERIFY(!fs::exists(request.modelsFolder));
    }

    void configBesideTheFileIsUsedWhenItFits()
    {
        const std::string folder = fresh("download");
        makeFolder(folder);
        fs::copy_file(shippedPath("clip_tiny/weights_openai.pt"), folder + "/clip.pt");
        fs::copy_file(configFor(kTinyCases[5]), folder + "/config.json");
        const auto good = examineModel({folder + "/clip.pt"});
        Json other = readJsonFile(folder + "/config.json");
        other["text_config"]["hidden_size"] = 96;
        writeJsonFile(folder + "/config.json", other);

        const auto bad = examineModel({folder + "/clip.pt"});

        QCOMPARE(good.configFrom, folder + "/config.json");
        QVERIFY(good.isImportable());
        QVERIFY(!bad.isImportable());
        QVERIFY(!bad.notes.empty());
        QVERIFY2(bad.notes[0].find("does not belong") != std::string::npos, bad.notes[0].c_str());
        VERIFY_ERROR(examineModel({folder + "/clip.pt"}, folder + "/config.json"),
                     ErrorKind::Mismatch, "does not belong");
    }

    void missingPartsAreNamed()
    {
        const std::string lavis = shippedPath("blip2_t5_tiny/weights_lavis_blip2_t5.pth");
        const std::string eva = shippedPath("blip2_t5_tiny/weights_eva_vit.pth");
        ModelImportRequest request;
        request.modelsFolder = fresh("registry");
        request.paths = {lavis};
        VERIFY_ERROR(importModel(request, {}, {}), ErrorKind::Mismatch,
                     "this LAVIS file holds no vision tower; add eva_vit_g.pth");
        request.paths = {lavis, eva};
        VERIFY_ERROR(importModel(request, {}, {}), ErrorKind::Mismatch, "google/flan-t5-xl");
        request.paths = {eva};
        VERIFY_ERROR(importModel(request, {}, {}), ErrorKind::Mismatch, "part of BLIP-2");
        request.paths = {eva, shippedPath("bert_tiny/pytorch_model.bin")};
        VERIFY_ERROR(importModel(request, {}, {}), ErrorKind::InvalidInput, "by itself");
        request.paths = {eva, eva};
        VERIFY_ERROR(importModel(request, {}, {}), ErrorKind::InvalidInput, "twice");
        request.paths = {shippedPath("pipeline/checkpoints/zip_ordered.pth")};
        VERIFY_ERROR(importModel(request, {}, {}), ErrorKind::Mismatch, "no known network");
        request.paths = {};
        VERIFY_ERROR(importModel(request, {}, {}), ErrorKind::InvalidInput, "name the file");
        QVERIFY(!fs::exists(request.modelsFolder));
    }

    void missingTokenizerIsNamedAndTheImportWorks()
    {
        const auto done = imported(kTinyCases[5], fresh("registry"));

        QCOMPARE(done.examination.missingTokenizer,
                 (std::vector<std::string>{"vocab.json", "merges.txt"}));
        QVERIFY(done.examination.tokenizer.empty());
    }

    void cancelledImportLeavesNothing()
    {
        CancelSource cancel;
        cancel.cancel();
        ModelImportRequest request;
        request.paths = pathsOf(kTinyCases[0]);
        request.modelsFolder = fresh("registry");

        const auto done = importModel(request, cancel.token(), {});

        QVERIFY(done.wasCancelled);
        for (const auto &entry : fs::directory_iterator(request.modelsFolder))
            QCOMPARE(entry.path().filename().string(), std::string(".lock"));
    }

    void leftoversOfACrashAreRemoved()
    {
        const std::string registry = fresh("registry");
        imported(kTinyCases[0], registry);
        // One killed while it copied, one between its rename and the manifest, one behind it.
        for (const char *name : {".importing-a", "b"}) {
            makeFolder(registry + "/" + name);
            writeFileAtomically(registry + "/" + name + "/.importing", "");
            writeFileAtomically(registry + "/" + name + "/weights.pth", "half");
        }
        writeFileAtomically(registry + "/it/.importing", "");
        makeFolder(registry + "/somebody's");

        ModelImportRequest request;
        request.paths = pathsOf(kTinyCases[0]);
        request.modelsFolder = registry;
        request.name = "b";
        const auto done = importModel(request, {}, {});

        QCOMPARE(done.entry.name, std::string("b"));
        QVERIFY(!fs::exists(registry + "/.importing-a"));
        QVERIFY(!fs::exists(registry + "/it/.importing"));
        QVERIFY(!fs::exists(registry + "/b/.importing"));
        QVERIFY(fs::exists(registry + "/somebody's"));
        const ModelManifest manifest = readModelManifest(registry);
        QCOMPARE(manifest.models.size(), std::size_t(2));
        for (const auto &entry : manifest.models)
            QVERIFY(verifyModel(manifest, entry).empty());
    }

    void namesAreCheckedAndNotTakenTwice()
    {
        const std::string registry = fresh("registry");
        imported(kTinyCases[0], registry);

        VERIFY_ERROR(imported(kTinyCases[12], registry), ErrorKind::InvalidInput, "already");
        ModelImportRequest request;
        request.paths = pathsOf(kTinyCases[12]);
        request.modelsFolder = registry;
        for (const char *name : {"../up", ".hidden", "two words", "a/b", "a\\b"}) {
            request.name = name;
            VERIFY_ERROR(importModel(request, {}, {}), ErrorKind::InvalidInput, name);
        }
        request.name.clear();
        QCOMPARE(importModel(request, {}, {}).entry.name, std::string("encoder"));
        QCOMPARE(readModelManifest(registry).models.size(), std::size_t(2));
    }

    void linkedFilesAreNotCopiedAndWatched()
    {
        const std::string source = fresh("sam.pth");
        fs::copy_file(shippedPath("sam_tiny/weights_meta.pth"), source);
        ModelImportRequest request;
        request.paths = {source};
        request.modelsFolder = fresh("registry");
        request.link = true;
        request.name = "linked";
        const auto done = importModel(request, {}, {});
        const auto linked = done.folder + "/" + fs::path(source).filename().string();
        QVERIFY(fs::is_symlink(linked));
        const auto before = engine::readModelFolder(done.folder, "network");

        // The same size, another content.
        std::string bytes = readFile(source);
        bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
        writeFileAtomically(source, bytes);
        fs::last_write_time(source, fs::last_write_time(source) + std::chrono::seconds(2));
        const auto after = engine::readModelFolder(done.folder, "network");

        QVERIFY(before.info.sha256 != after.info.sha256);
        const ModelManifest manifest = readModelManifest(request.modelsFolder);
        QCOMPARE(verifyModel(manifest, manifest.models.front()).size(), std::size_t(1));
        fs::remove(source);
        VERIFY_ERROR(engine::readModelFolder(done.folder, "network"), ErrorKind::NotFound,
                     "import the model again");
    }

    void fineTunedClipLosesItsTrainingHeads()
    {
        // Person retrieval saves the whole training model: a prefix and heads of its own.
        const auto clip = openCheckpoint(shippedPath("clip_tiny/weights_openai_state_dict.pt"));
        NamedTensors tensors;
        for (const auto &name : clip->names())
            tensors.emplace_back("base_model." + name, clip->read(name).to(torch::kFloat));
        tensors.emplace_back("classifier.weight", torch::zeros({7, 40}));
        tensors.emplace_back("base_model.extra_head.weight", torch::zeros({3}));
        const std::string file = fresh("finetuned.safetensors");
        writeSafetensors(file, tensors);
        ModelImportRequest request;
        request.paths = {file};
        request.modelsFolder = fresh("registry");
        request.configFile = configFor(kTinyCases[5]);

        const auto done = importModel(request, {}, {});

        QCOMPARE(done.examination.extra, std::vector<std::string>{"extra_head.weight"});
        const auto model = engine::openModelFolder(done.folder, "retrieval", "clip");
        openAndCompare(model, kTinyCases[5]);
    }

    void peopleShapedTablesAreTakenForPeople()
    {
        const auto outline = std::make_shared<OutlineSource>("clip_vit_b16_openai");
        auto named = withHuggingFaceNames(outline);
        class Resized final : public TensorSource
        {
        public:
            explicit Resized(const TensorSource &base) : m_base(base) {}
            const std::string &origin() const override { return m_base.origin(); }
            std::vector<std::string> names() const override { return m_base.names(); }
            const TensorInfo *find(const std::string &name) const override
            {
                return name == "vision_model.embeddings.position_embedding.weight"
                           ? &m_table
                           : m_base.find(name);
            }
            torch::Tensor read(const std::string &name) const override { return m_base.read(name); }

        private:
            const TensorSource &m_base;
            TensorInfo m_table{torch::kFloat, {193, 768}};
        } resized(*named);

        const auto derived = deriveConfig(recognise(outline), resized);

        QVERIFY(derived.config.at("vision_config").at("image_height") == Json(384));
        QVERIFY(derived.config.at("vision_config").at("image_width") == Json(128));
        QVERIFY(derived.preprocessor.at("resample") == Json("bilinear"));
        QVERIFY(!derived.notes.empty());
    }

    void publishedPreprocessorsAreRead()
    {
        const std::string file = fresh("preprocessor_config.json");
        const auto read = [&](const char *json, const char *architecture) {
            writeFileAtomically(file, json);
            return engine::readPreparation(file, architecture);
        };

        const auto clip = read(R"({"crop_size":{"height":224,"width":224},"do_center_crop":true,
            "resample":3,"size":{"shortest_edge":224},"image_mean":[0.5,0.5,0.5]})",
                               "clip");
        const auto sam =
            read(R"({"size":{"longest_edge":1024},"resample":2,"do_pad":true})", "sam");
        const auto blip2 = read(R"({"size":{"height":364,"width":364},"resample":3})", "blip2-opt");

        QVERIFY(clip.mode == engine::PicturePreparation::Mode::ShortSideCrop);
        QVERIFY(clip.filter == ResizeFilter::Bicubic);
        QCOMPARE(clip.normalization.mean[0], 0.5F);
        QVERIFY(sam.mode == engine::PicturePreparation::Mode::LongSidePad);
        QVERIFY(sam.filter == ResizeFilter::Bilinear);
        QCOMPARE(sam.normalization.mean[0], 0.485F);
        QVERIFY(blip2.mode == engine::PicturePreparation::Mode::Squash);
        QCOMPARE(blip2.height, 364);
        VERIFY_ERROR(read(R"({"size":224,"crop_size":200})", "clip"), ErrorKind::Unsupported,
                     "crop_size");
        VERIFY_ERROR(read(R"({"size":224,"resample":5})", "clip"), ErrorKind::Unsupported,
                     "resampling");
    }

    void shippedModelsCanBeImportedAndSeeTheSame()
    {
        const std::string shipped =
            std::string(SAPSAM_SOURCE_DIR) + "/models/sapsam-retrieval-small";
        if (!fs::exists(shipped + "/model.safetensors"))
            QSKIP("the shipped models are not there");
        ModelImportRequest request;
        request.paths = {shipped};
        request.modelsFolder = fresh("registry");

        const auto done = importModel(request, {}, {});

        QCOMPARE(done.entry.name, std::string("sapsam-retrieval-small"));
        QCOMPARE(done.entry.task, std::string("retrieval"));
        QVERIFY(done.examination.missingTokenizer.empty());
        EngineOptions options;
        options.device = "cpu";
        Retriever original(shipped, options), brought(done.folder, options);
        QCOMPARE(brought.model().sha256, original.model().sha256);
        const std::string text = "a woman in a red coat";
        QVERIFY(brought.embedText(text).values == original.embedText(text).values);
    }
};

QTEST_GUILESS_MAIN(TestModelImport)
#include "tst_model_import.moc"
