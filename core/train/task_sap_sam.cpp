#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sha256.h"
#include "core/dataset/packs.h"
#include "core/dataset/paired_augment.h"
#include "core/dataset/part_labels.h"
#include "core/dataset/part_tokens.h"
#include "core/eval/retrieval_metrics.h"
#include "core/networks/dvae.h"
#include "core/networks/sap_sam.h"
#include "core/text/clip_tokenizer.h"
#include "core/train/batching.h"
#include "core/train/distributed.h"
#include "core/train/losses.h"
#include "core/train/part_alignment.h"
#include "core/train/sap_sam_settings.h"
#include "core/train/synthetic_pack.h"
#include "core/train/tasks.h"
#include "core/train/tokenizers.h"
#include "core/weights/checkpoint.h"
#include "core/weights/derive_config.h"
#include "core/weights/tensor_names.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace sapsam::training {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kChunk = 64; // of pictures and captions that are measured at once
constexpr std::int64_t kHeadWidth = 64;

nn::LocalAlignment alignmentOf(const SapSamSettings &settings)
{
    if (!hasLoss(settings, "matching"))
        return nn::LocalAlignment::None;
    const std::map<std::string, nn::LocalAlignment> names = {
        {"elca", nn::LocalAlignment::CrossAttention},
        {"avgpool", nn::LocalAlignment::Average},
        {"conv1d", nn::LocalAlignment::Convolution},
        {"mhsa", nn::LocalAlignment::SelfAttention}};
    return names.at(settings.alignment);
}

nn::ImageDecoding decodingOf(const SapSamSettings &settings)
{
    if (!hasLoss(settings, "mim"))
        return nn::ImageDecoding::None;
    const std::map<std::string, nn::ImageDecoding> names = {
        {"codes", nn::ImageDecoding::Codes},
        {"codes-but-zero", nn::ImageDecoding::CodesButZero},
        {"patch-embeddings", nn::ImageDecoding::PatchEmbeddings},
        {"features", nn::ImageDecoding::Features}};
    return names.at(settings.imageDecoding);
}

bool predictsCodes(nn::ImageDecoding decoding)
{
    return decoding == nn::ImageDecoding::Codes || decoding == nn::ImageDecoding::CodesButZero;
}

nn::ClipConfig architectureOf(const std::string &name)
{
    nn::ClipConfig config;
    if (name == "vit-l-14") {
        config.embedDim = 768;
        config.patchSize = config.stride = 14;
        config.visionWidth = 1024;
        config.visionLayers = 24;
        config.visionHeads = 16;
        config.textWidth = 768;
        config.textHeads = 12;
    } else if (name == "small") {
        config.embedDim = 128;
        config.visionWidth = 128;
        config.visionLayers = 4;
        config.visionHeads = 2;
        config.textWidth = 128;
        config.textLayers = 3;
        config.textHeads = 2;
    }
    return config;
}

// The config.json beside the weights, or what the tensors say.
nn::ClipConfig configOf(const std::string &path, const TensorSource &source)
{
    const std::string folder =
        fs::is_directory(path) ? path : fs::path(path).parent_path().string();
    const std::string file = folder + "/config.json";
    if (fs::exists(file)) {
        Json json = readJsonFile(file);
        json.erase("architecture");
        return nn::clipConfigFromJson(json, file);
    }
    const std::shared_ptr<const TensorSource> whole(&source, [](const TensorSource *) {});
    const Recognition recognition = recognise(whole);
    if (recognition.architecture != "clip")
        throw Error(
            ErrorKind::Mismatch,
            path + ": this is not CLIP, from which retrieval starts"
                + (recognition.summary.empty() ? std::string() : " but " + recognition.summary));
    const std::shared_ptr<const TensorSource> named = withHuggingFaceNames(whole);
    return nn::clipConfigFromJson(deriveConfig(recognition, *named).config, path);
}

struct Pair
{
    PackSample sample;
    std::int64_t label = 0; // class of the person
};

// The people that something is measured on: pictures, and captions with their person.
struct HeldOut
{
    std::string name; // "val", "test", or how else they were chosen
    std::vector<std::int64_t> items;
};

class SapSamTask final : public TrainTask
{
public:
    SapSamTask(const SapSamSettings &settings, const TaskInputs &inputs)
        : m_settings(settings),
          m_inputs(inputs),
          m_alignment(alignmentOf(settings)),
          m_decoding(decodingOf(settings))
    {
    }

    const TrainSettings &settings() const override { return m_settings; }

    OrderedJson settingsJson() const override
    {
        OrderedJson json;
        json["task"] = "retrieval";
        json.update(toJson(m_settings));
        return json;
    }

    std::int64_t steps() const override { return m_steps; }
    std::int64_t stepsPerEpoch() const override { return m_epochSteps; }

    double rateAt(std::int64_t step) const override
    {
        const SapSamSettings &s = m_settings;
        if (s.steps > 0)
            return TrainTask::rateAt(step);
        const double factor =
            s.ratePerEpoch
                ? scheduleFactor(step / m_epochSteps, s.epochs, s.warmUpEpochs, s.finalFactor)
                : scheduleFactor(step, m_steps, s.warmUpEpochs * m_epochSteps, s.finalFactor);
        return s.learningRate * factor;
    }

    ParameterRule parameterRule() const override { return sapSamRate; }

    void prepare(std::uint64_t seed, const std::string &modelFolder, const CancelToken &cancel,
                 const ProgressSink &progress) override
    {
        m_random = SeededRandom(seed).fork("sap-sam");
        openModel();
        makePack(cancel, progress);
        if (cancel.isCancelled())
            return; // the pack is continued next time
        m_pack = std::make_unique<Pack>(m_settings.pack);
        if (!m_pack->isComplete())
            throw Error(ErrorKind::Corrupt, m_settings.pack
                                                + ": this pack is not finished; make it again with "
                                                  "'sapsam dataset pack'");
        readPeople(seed);
        prepareTokens(modelFolder);
        buildModel(seed);
        const auto size = static_cast<std::int64_t>(
            m_settings.sampler == "identity" ? identityEpoch(0).size() : m_pairs.size());
        if (size < m_settings.batchSize)
            throw Error(ErrorKind::InvalidInput,
                        "'batchSize' is " + std::to_string(m_settings.batchSize)
                            + ", but the train split has only " + std::to_string(m_pairs.size())
                            + " captions; choose a smaller batch");
        const std::int64_t batches = size / m_settings.batchSize;
        m_epochSteps = std::max<std::int64_t>(1, batches / m_settings.accumulate);
        m_epochBatches = std::min(m_epochSteps * m_settings.accumulate, batches);
        m_steps = m_settings.steps > 0 ? m_settings.steps : m_settings.epochs * m_epochSteps;
        if (m_settings.steps == 0)
            m_settings.evaluateEvery = m_settings.evaluateEpochs * m_epochSteps;
    }

    torch::nn::Module &module() override { return *m_model; }
    torch::nn::Module &exportedModule() override { return *m_model->base_model; }

    std::int64_t sampleCount() const override { return static_cast<std::int64_t>(m_pairs.size()); }

    Batch makeBatch(std::int64_t step) const override
    {
        const std::int64_t epoch = step / m_epochBatches;
        const std::shared_ptr<const std::vector<std::int64_t>> order = orderOf(epoch);
        const SeededRandom random = m_random.fork("batch").fork(static_cast<std::uint64_t>(step));
        const std::int64_t count = m_settings.batchSize;
        const nn::ClipConfig &clip = m_model->config.clip;
        const std::int64_t patches = clip.gridHeight() * clip.gridWidth();
        const std::int64_t context = clip.contextLength;

        std::vector<Image> pictures;
        std::vector<std::optional<Box>> erased;
        Batch batch;
        batch["ids"] = torch::zeros({count, context}, torch::kLong);
        batch["maskedIds"] = torch::zeros({count, context}, torch::kLong);
        batch["maskedLabels"] = torch::zeros({count, context}, torch::kLong);
        batch["spans"] =
            torch::full({count, static_cast<std::int64_t>(kPartCount), 2}, -1, torch::kLong);
        batch["counts"] = torch::zeros({count}, torch::kLong);
        batch["identities"] = torch::zeros({count}, torch::kLong);
        batch["patchLabels"] = torch::zeros({count, patches}, torch::kLong);
        batch["patchMask"] = torch::zeros({count, 1 + patches}, torch::kBool);
        batch["step"] = torch::tensor(step, torch::kLong);
        for (std::int64_t row = 0; row < count; ++row) {
            const Pair &pair = m_pairs[static_cast<std::size_t>(
                (*order)[static_cast<std::size_t>((step % m_epochBatches) * count + row)])];
            const SeededRandom own = random.fork(static_cast<std::uint64_t>(row));
            batch["identities"][row] = pair.label;
            LabelMap labels;
            pictures.push_back(pictureOf(pair.sample, own.fork("picture"), labels, erased));
            writePatches(labels, own.fork("patches"), batch, row);
            writeTokens(pair.sample, own, batch, row);
        }
        batch["pixels"] = pixelBatch(pictures, clipNormalization());
        const std::int64_t area = 3 * clip.imageHeight * clip.imageWidth;
        for (std::size_t i = 0; i < erased.size(); ++i) {
            if (erased[i])
                paired::eraseToMean(*erased[i], static_cast<int>(clip.imageWidth),
                                    static_cast<int>(clip.imageHeight),
                                    batch["pixels"].data_ptr<float>()
                                        + static_cast<std::int64_t>(i) * area);
        }
        batch["wordCount"] = batch["maskedLabels"].ne(0).sum();
        batch["patchCount"] = batch["patchMask"].sum();
        if (predictsCodes(m_decoding))
            batch["codePixels"] = codePixels(pictures);
        return batch;
    }

    // People, parts and phrases are compared over all processes.
    Batch makePart(std::int64_t index, int rank, int count) const override
    {
        Batch whole = makeBatch(index);
        if (count == 1)
            return whole;
        const std::int64_t share = m_settings.batchSize / count;
        Batch part = rowsOf(whole, m_settings.batchSize, rank * share, share);
        for (const char *name : {"identities", "patchLabels", "spans", "counts"})
            part[name] = whole.at(name);
        return part;
    }

    StepResult lossOf(const Batch &batch, torch::Device device, torch::ScalarType type) override
    {
        nn::Clip &clip = m_model->base_model;
        const torch::Tensor pixels = batch.at("pixels").to(device, type);
        const torch::Tensor ids = batch.at("ids").to(device);
        const torch::Tensor identities = batch.at("identities").to(device);
        torch::Tensor image, text; // of all tokens, [B, 1 + N, D] and [B, L, D]
        torch::Tensor v, t;
        if (needsTokens()) {
            image = clip->encodeImageTokens(pixels);
            text = clip->encodeTextTokens(ids);
            v = image.select(1, 0);
            t = text.index(
                {torch::arange(ids.size(0), torch::kLong).to(device), clip->poolPositions(ids)});
        } else {
            v = clip->imageFeatures(pixels);
            t = clip->textFeatures(ids);
        }
        v = gathered(v);
        t = gathered(t);

        StepResult result;
        result.loss = torch::zeros({}, torch::kFloat).to(device);
        const auto add = [&](const char *name, double weight, const torch::Tensor &loss) {
            result.loss = result.loss + weight * loss;
            result.details[name] = loss.item<double>();
        };
        const double scale = m_settings.logitScale;
        if (hasLoss(m_settings, "sdm"))
            add("sdm", 1.0, sdmLoss(v, t, identities, scale).total());
        if (hasLoss(m_settings, "itc"))
            add("itc", 1.0, itcLoss(v, t, scale));
        if (hasLoss(m_settings, "cmpm"))
            add("cmpm", 1.0, cmpmLoss(v, t, identities));
        if (hasLoss(m_settings, "id"))
            add("id", m_settings.idWeight,
                identityLoss(m_model->identityLogits(v), m_model->identityLogits(t), identities));
        if (m_model->config.wordDecoding) {
            const torch::Tensor masked = clip->encodeTextTokens(batch.at("maskedIds").to(device));
            const torch::Tensor labels = batch.at("maskedLabels");
            add("words", m_settings.wordWeight,
                tokenLoss(m_model->wordLogits(masked, image), labels.to(device), 0)
                    * shareOf(labels.ne(0).sum(), batch.at("wordCount"), batch));
        }
        if (m_alignment != nn::LocalAlignment::None)
            add("matching", m_settings.matchingWeight, partLoss(batch, image, text));
        if (m_decoding != nn::ImageDecoding::None) {
            torch::Tensor codes;
            if (predictsCodes(m_decoding)) {
                const torch::NoGradGuard noGrad;
                m_dvae->to(device);
                const torch::Tensor mapped = m_dvae->mapPixels(batch.at("codePixels").to(device));
                codes = m_dvae->tokens(mapped).flatten(1); // [B, N]
            }
            // Published training decodes against the words as the caption has them.
            add("image", m_settings.imageWeight,
                m_model->imageDecodingLoss(pixels, image, text, batch.at("patchMask").to(device),
                                           codes)
                    * shareOf(batch.at("patchMask").sum(), batch.at("patchCount"), batch));
        }
        return result;
    }

    Evaluation evaluate(torch::Device device, torch::ScalarType type,
                        const CancelToken &cancel) override
    {
        const HeldOut &held = m_settings.chooseOn == "test" ? m_test : m_val;
        Evaluation evaluation;
        evaluation.metric = m_settings.chooseOn + "-R1";
        evaluation.numbers = measure(held, device, type, cancel, &evaluation.samples);
        evaluation.value = evaluation.numbers.value("R@1", 0.0);
        if (m_settings.chooseOn == "test")
            evaluation.numbers["chosenOnTest"] = true;
        return evaluation;
    }

    OrderedJson measureFinally(torch::Device device, torch::ScalarType type,
                               const CancelToken &cancel) override
    {
        if (!m_settings.evaluateTest)
            return nullptr;
        return measure(m_test, device, type, cancel);
    }

    void writeModelFiles(const std::string &folder) const override
    {
        const nn::ClipConfig &clip = m_model->config.clip;
        OrderedJson config = clip.toJson();
        config["architecture"] = "clip";
        writeJsonFile(folder + "/config.json", config);
        OrderedJson preprocessor;
        preprocessor["task"] = "retrieval";
        preprocessor["resize_mode"] = "squash";
        preprocessor["size"] = {{"height", clip.imageHeight}, {"width", clip.imageWidth}};
        preprocessor["resample"] = "bicubic";
        preprocessor["image_mean"] = clipNormalization().mean;
        preprocessor["image_std"] = clipNormalization().std;
        writeJsonFile(folder + "/preprocessor_config.json", preprocessor);
    }

    // What only training and the explanation of matches use, under the published names.
    void writeExtraFiles(const std::string &folder) override
    {
        NamedTensors heads;
        for (const auto &[name, tensor] : namedTensorsOf(*m_model)) {
            if (name.rfind("base_model.", 0) != 0)
                heads.emplace_back(name, tensor);
        }
        SafetensorsOptions options;
        options.floatType = torch::kHalf;
        options.metadata = {{"format", "pt"},
                            {"alignment", m_settings.alignment},
                            {"cross_heads", std::to_string(m_model->config.crossHeads)}};
        if (!heads.empty())
            writeSafetensors(folder + "/heads.safetensors", heads, options);
    }

    LoadOptions tensorNames() const override { return clipNames(); }

private:
    // Whether a loss looks at more than the pooled features, which are cheaper by themselves.
    bool needsTokens() const
    {
        return m_model->config.wordDecoding || m_alignment != nn::LocalAlignment::None
               || m_decoding != nn::ImageDecoding::None;
    }

    void readPeople(std::uint64_t seed)
    {
        std::map<std::int64_t, std::int64_t> labels; // of train people
        std::map<std::string, std::int64_t> counts;
        for (std::int64_t i = 0; i < m_pack->size(); ++i) {
            const PackedItem &item = m_pack->item(i);
            ++counts[item.split];
            if (item.split == "train")
                labels.emplace(item.identity, 0);
            else if (item.split == "val")
                m_val.items.push_back(i);
            else if (item.split == "test")
                m_test.items.push_back(i);
        }
        m_val.name = "val";
        m_test.name = "test";
        if (labels.empty())
            throw Error(
                ErrorKind::InvalidInput,
                m_settings.pack + ": no picture is in the train split"
                    + (counts.empty() ? std::string("; the pack is empty") : std::string()));
        if (m_settings.trainLabels == "as-published"
            && labels.rbegin()->first - labels.begin()->first + 1
                   != static_cast<std::int64_t>(labels.size())
            && m_settings.data != "synthetic")
            throw Error(ErrorKind::Mismatch,
                        m_settings.pack + ": the numbers of the " + std::to_string(labels.size())
                            + " train people have holes; set 'trainLabels' to numbered-anew, or "
                              "look for what is missing with 'sapsam dataset doctor'");
        std::set<std::int64_t> heldOut;
        if (m_val.items.empty() && m_settings.chooseOn == "val")
            heldOut = holdOut(labels, seed);
        std::int64_t next = 0;
        for (auto &[identity, label] : labels) {
            if (heldOut.count(identity) == 0)
                label = next++;
        }
        for (std::int64_t i = 0; i < m_pack->size(); ++i) {
            const PackedItem &item = m_pack->item(i);
            if (item.split != "train")
                continue;
            if (heldOut.count(item.identity) > 0) {
                m_val.items.push_back(i);
                continue;
            }
            for (std::size_t row = 0; row < item.rows.size(); ++row) {
                if (!item.rows[row].text.empty())
                    m_pairs.push_back(
                        {{i, static_cast<std::int64_t>(row)}, labels.at(item.identity)});
            }
        }
        m_identities = next;
        if (m_settings.chooseOn == "test" || m_settings.evaluateTest) {
            if (m_test.items.empty())
                throw Error(ErrorKind::InvalidInput,
                            m_settings.pack
                                + ": the test split is empty; choose on val and leave "
                                  "'evaluateTest' out");
        }
    }

    std::set<std::int64_t> holdOut(const std::map<std::int64_t, std::int64_t> &labels,
                                   std::uint64_t seed)
    {
        std::vector<std::int64_t> people;
        for (const auto &[identity, label] : labels)
            people.push_back(identity);
        SeededRandom random = SeededRandom(seed).fork("validation");
        random.shuffle(people);
        const std::size_t count = std::max<std::size_t>(
            1, static_cast<std::size_t>(m_settings.validationShare
                                        * static_cast<double>(people.size())));
        if (count >= people.size())
            throw Error(ErrorKind::InvalidInput,
                        m_settings.pack
                            + ": there is no val split, and too few train people to "
                              "hold some out");
        m_val.name = "train, " + std::to_string(count) + " people held out";
        return {people.begin(), people.begin() + static_cast<std::ptrdiff_t>(count)};
    }

    void prepareTokens(const std::string &modelFolder)
    {
        if (m_settings.initialModel.empty()) {
            std::vector<std::string> lines;
            for (const Pair &pair : m_pairs)
                lines.push_back(textOf(pair.sample));
            trainTextFiles(TextKind::Clip, lines, m_settings.vocabularySize, modelFolder);
        } else {
            const std::string folder = initialFolder();
            bool any = false;
            for (const char *name : {"vocab.json", "merges.txt", "bpe_simple_vocab_16e6.txt.gz",
                                     "bpe_simple_vocab_16e6.txt"}) {
                if (!fs::exists(folder + "/" + name))
                    continue;
                writeFileAtomically(modelFolder + "/" + name, readFile(folder + "/" + name));
                any = true;
            }
            if (!any)
                throw Error(ErrorKind::NotFound,
                            folder
                                + ": there is no tokenizer; put vocab.json and merges.txt, or "
                                  "bpe_simple_vocab_16e6.txt.gz, beside the weights");
        }
        m_tokenizer.emplace(
            ClipTokenizer::fromFolder(modelFolder, ClipTokenizer::Variant::MaskToken));
    }

    std::string initialFolder() const
    {
        const std::string &path = m_settings.initialModel;
        if (!fs::exists(path))
            throw Error(ErrorKind::NotFound,
                        "'initialModel': there is no file or folder '" + path + "'");
        return fs::is_directory(path) ? path : fs::path(path).parent_path().string();
    }

    // The sizes, which decide how big the pack's pictures are; and the stored weights.
    void openModel()
    {
        nn::ClipConfig &clip = m_config.clip;
        if (m_settings.initialModel.empty()) {
            clip = architectureOf(m_settings.architecture);
        } else {
            initialFolder();
            m_initial = openCheckpoint(m_settings.initialModel);
            clip = configOf(m_settings.initialModel, *m_initial);
        }
        if (m_settings.imageHeight > 0)
            clip.imageHeight = m_settings.imageHeight;
        if (m_settings.imageWidth > 0)
            clip.imageWidth = m_settings.imageWidth;
        // 384 is no multiple of 14: the last pixels would belong to no patch.
        clip.imageHeight -= clip.imageHeight % clip.stride;
        clip.imageWidth -= clip.imageWidth % clip.stride;
    }

    // Packs are made once and serve every run of the same data and size.
    void makePack(const CancelToken &cancel, const ProgressSink &progress)
    {
        const nn::ClipConfig &clip = m_config.clip;
        const int width = static_cast<int>(clip.imageWidth);
        const int height = static_cast<int>(clip.imageHeight);
        std::string &pack = m_settings.pack;
        if (pack.empty() && fs::exists(m_settings.data + "/pack.json"))
            pack = m_settings.data;
        if (m_settings.data.empty() || pack == m_settings.data)
            return;
        SyntheticPackOptions drawn;
        drawn.seed = m_settings.dataSeed;
        drawn.identities = m_settings.syntheticIdentities;
        drawn.picturesPerIdentity = m_settings.picturesPerIdentity;
        drawn.width = width;
        drawn.height = height;
        const bool isDrawn = m_settings.data == "synthetic";
        if (pack.empty()) {
            const std::string content =
                isDrawn ? drawn.fingerprint()
                        : fs::absolute(m_settings.data).lexically_normal().string() + " "
                              + std::to_string(width) + "x" + std::to_string(height);
            pack = m_inputs.packsFolder + "/" + sha256Of(content).substr(0, 16);
        }
        if (!m_inputs.makesPacks) {
            waitForPack(cancel);
            return;
        }
        makeFolder(fs::path(pack).parent_path().string());
        if (isDrawn) {
            writeSyntheticPack(pack, drawn, cancel, progress);
        } else {
            if (!m_inputs.packPeople)
                throw Error(ErrorKind::Unsupported,
                            m_settings.data
                                + ": this build reads packs only; make one with "
                                  "'sapsam dataset pack' on a machine with a full one");
            m_inputs.packPeople(m_settings.data, pack, width, height,
                                m_settings.trainLabels == "numbered-anew", cancel, progress);
        }
    }

    // Another process makes it; if that one fails, whoever started both ends this one.
    void waitForPack(const CancelToken &cancel) const
    {
        while (!cancel.isCancelled()) {
            if (fs::exists(m_settings.pack + "/pack.json") && Pack(m_settings.pack).isComplete())
                return;
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
    }

    void buildModel(std::uint64_t seed)
    {
        nn::SapSamConfig config = m_config;
        if (!m_initial)
            config.clip.vocabSize = static_cast<std::int64_t>(m_tokenizer->size());
        config.crossHeads = std::max<std::int64_t>(1, config.clip.embedDim / kHeadWidth);
        config.decoderLayers = m_settings.decoderLayers;
        config.wordDecoding = hasLoss(m_settings, "mlm") || hasLoss(m_settings, "mlm_part");
        config.alignment = m_alignment;
        config.imageDecoding = m_decoding;
        config.identities = hasLoss(m_settings, "id") ? m_identities : 0;
        if (predictsCodes(m_decoding))
            buildDvae(seed, config);
        m_model = nn::SapSam(config);
        nn::initializeWeights(*m_model, seed);
        if (m_initial)
            nn::loadSapSam(m_model, *m_initial, true);
        m_initial.reset();
        m_model->base_model->logit_scale.set_requires_grad(false); // fixed, as published
    }

    void buildDvae(std::uint64_t seed, nn::SapSamConfig &config)
    {
        nn::DvaeConfig dvae;
        if (m_settings.dvae == "random") {
            dvae.width = 16;
            dvae.vocabSize = 256;
        } else {
            const std::string file = m_settings.dvae + "/config.json";
            if (fs::exists(file))
                dvae = nn::dvaeConfigFromJson(readJsonFile(file), file);
        }
        m_dvae = nn::DvaeEncoder(dvae);
        nn::initializeWeights(*m_dvae, seed);
        if (m_settings.dvae != "random") {
            const std::shared_ptr<const TensorSource> stored = openCheckpoint(m_settings.dvae);
            loadStrict(*m_dvae, *withHuggingFaceNames(stored), dvaeNames());
        }
        m_dvae->eval();
        config.imageCodes = dvae.vocabSize;
    }

    const std::string &textOf(const PackSample &sample) const
    {
        return m_pack->item(sample.item).rows[static_cast<std::size_t>(sample.row)].text;
    }

    // --- batches

    std::shared_ptr<const std::vector<std::int64_t>> orderOf(std::int64_t epoch) const
    {
        const std::lock_guard<std::mutex> lock(m_orderMutex);
        auto &kept = m_orders[epoch];
        if (!kept) {
            std::vector<std::int64_t> order;
            if (m_settings.sampler == "identity") {
                order = identityEpoch(epoch);
            } else {
                order.resize(m_pairs.size());
                for (std::size_t i = 0; i < order.size(); ++i)
                    order[i] = static_cast<std::int64_t>(i);
                m_random.fork("epoch").fork(static_cast<std::uint64_t>(epoch)).shuffle(order);
            }
            kept = std::make_shared<const std::vector<std::int64_t>>(std::move(order));
        }
        const auto result = kept;
        while (m_orders.size() > 2) // this epoch, and one that another thread still reads
            m_orders.erase(m_orders.begin()->first == epoch ? std::next(m_orders.begin())
                                                            : m_orders.begin());
        return result;
    }

    // Chunks of pairsPerIdentity pairs of one person. Every person gives a first chunk before any
    // gives a second one, so that a batch hardly ever has a person twice.
    std::vector<std::int64_t> identityEpoch(std::int64_t epoch) const
    {
        SeededRandom random = m_random.fork("epoch").fork(static_cast<std::uint64_t>(epoch));
        std::map<std::int64_t, std::vector<std::int64_t>> ofPerson;
        for (std::size_t i = 0; i < m_pairs.size(); ++i)
            ofPerson[m_pairs[i].label].push_back(static_cast<std::int64_t>(i));
        const std::size_t each = static_cast<std::size_t>(m_settings.pairsPerIdentity);
        std::vector<std::vector<std::vector<std::int64_t>>> rounds;
        for (auto &[person, pairs] : ofPerson) {
            random.shuffle(pairs);
            const std::size_t own = pairs.size();
            while (pairs.size() < each) // too few: some come twice
                pairs.push_back(pairs[static_cast<std::size_t>(
                    random.integer(0, static_cast<std::int64_t>(own) - 1))]);
            for (std::size_t k = 0; (k + 1) * each <= pairs.size(); ++k) {
                if (rounds.size() <= k)
                    rounds.emplace_back();
                rounds[k].emplace_back(pairs.begin() + static_cast<std::ptrdiff_t>(k * each),
                                       pairs.begin() + static_cast<std::ptrdiff_t>((k + 1) * each));
            }
        }
        std::vector<std::int64_t> order;
        for (auto &chunks : rounds) {
            random.shuffle(chunks);
            for (const auto &chunk : chunks)
                order.insert(order.end(), chunk.begin(), chunk.end());
        }
        return order;
    }

    Image pictureOf(const PackSample &sample, SeededRandom random, LabelMap &labels,
                    std::vector<std::optional<Box>> &erased) const
    {
        const PackedRow &row = m_pack->item(sample.item).rows[static_cast<std::size_t>(sample.row)];
        const nn::ClipConfig &clip = m_model->config.clip;
        const int width = static_cast<int>(clip.imageWidth);
        const int height = static_cast<int>(clip.imageHeight);
        Image picture = m_pack->picture(sample.item);
        if (row.mask >= 0)
            labels = m_pack->labels(row.mask);
        if (picture.width != width || picture.height != height) {
            picture = resize(picture, width, height, ResizeFilter::Bicubic);
            if (!labels.labels.empty())
                labels = resize(labels, width, height);
        }
        erased.emplace_back();
        if (m_settings.augmentation == "none")
            return picture;
        paired::RecipeOptions recipe;
        recipe.applyAll = m_settings.applyAll;
        recipe.erase = m_settings.erase;
        paired::AugmentedPair made = paired::augmentPair(picture, labels, recipe, random);
        labels = std::move(made.labels);
        erased.back() = made.erased;
        return std::move(made.picture);
    }

    // The part of every patch, and which patches are hidden.
    void writePatches(const LabelMap &labels, SeededRandom random, Batch &batch,
                      std::int64_t row) const
    {
        const nn::ClipConfig &clip = m_model->config.clip;
        std::int64_t *target = batch["patchLabels"][row].data_ptr<std::int64_t>();
        const std::int64_t patches = clip.gridHeight() * clip.gridWidth();
        if (!labels.labels.empty()) {
            const int side = static_cast<int>(clip.patchSize);
            const std::vector<std::uint8_t> found = patchLabels(labels, side, side);
            for (std::size_t i = 0; i < found.size(); ++i)
                target[i] = found[i] <= kPartCount ? found[i] : 0;
        }
        if (m_decoding == nn::ImageDecoding::None)
            return;
        bool *mask = batch["patchMask"][row].data_ptr<bool>() + 1; // the class token never
        const bool isNormal = m_settings.patchDraws == "normal";
        for (std::int64_t i = 0; i < patches; ++i) {
            const double share =
                target[i] > 0 ? m_settings.partPatchProbability : m_settings.patchProbability;
            mask[i] = (isNormal ? random.normal() : random.uniform()) < share;
        }
    }

    void writeTokens(const PackSample &sample, const SeededRandom &random, Batch &batch,
                     std::int64_t row) const
    {
        const std::size_t context = static_cast<std::size_t>(m_model->config.clip.contextLength);
        const PackedRow &packed =
            m_pack->item(sample.item).rows[static_cast<std::size_t>(sample.row)];
        const std::vector<std::int64_t> caption =
            m_tokenizer->encodePadded(packed.text, context).ids;
        std::vector<std::vector<std::int64_t>> phrases;
        for (const std::string &phrase : packed.phrases)
            phrases.push_back(m_tokenizer->encode(phrase));

        TokenMaskingOptions options;
        options.maskProbability = m_settings.maskProbability;
        options.partProbability = m_settings.partProbability;
        options.partTokens =
            m_settings.partTokens == "span" ? PartTokens::WholeSpan : PartTokens::Endpoints;
        options.maskId = m_tokenizer->maskId();
        options.lastRandomId = m_tokenizer->maskId() - 1;
        const CaptionCopies copies =
            m_settings.maskedCaptions ? CaptionCopies::SharedBuffer : CaptionCopies::CleanCopies;
        SeededDraws plain(random.fork("plain"));
        SeededDraws part(random.fork("part"));
        const bool hasPhrases = !phrases.empty();
        if (!hasPhrases)
            phrases.push_back({}); // is found nowhere
        const TrainingTokens tokens =
            trainingTokens(caption, phrases, options, copies, plain, part, kPartCount);

        const bool usesParts = hasLoss(m_settings, "mlm_part");
        const MaskedTokens &masked = usesParts ? tokens.part : tokens.plain;
        // Published plain masking hides the words once, in the caption that all losses see.
        const std::vector<std::int64_t> &seen =
            usesParts || !m_settings.maskedCaptions ? tokens.caption : tokens.plain.ids;
        const bool hides = m_model->config.wordDecoding;
        copyRow(hides ? seen : caption, batch["ids"], row);
        copyRow(masked.ids, batch["maskedIds"], row);
        copyRow(masked.labels, batch["maskedLabels"], row);
        batch["counts"][row] = hasPhrases ? static_cast<std::int64_t>(tokens.partNumber) : 0;
        std::int64_t *spans = batch["spans"][row].data_ptr<std::int64_t>();
        for (std::size_t k = 0; k < tokens.spans.size(); ++k) {
            spans[2 * k] = tokens.spans[k].start;
            spans[2 * k + 1] = tokens.spans[k].end;
        }
    }

    static void copyRow(const std::vector<std::int64_t> &values, torch::Tensor &target,
                        std::int64_t row)
    {
        std::copy(values.begin(), values.end(), target[row].data_ptr<std::int64_t>());
    }

    // Values in [0, 1] at the size at which the dVAE gives a code for every patch.
    torch::Tensor codePixels(const std::vector<Image> &pictures) const
    {
        const nn::ClipConfig &clip = m_model->config.clip;
        const int height = static_cast<int>(clip.gridHeight() * m_dvae->config.stride());
        const int width = static_cast<int>(clip.gridWidth() * m_dvae->config.stride());
        std::vector<Image> small;
        for (const Image &picture : pictures)
            small.push_back(resize(picture, width, height, ResizeFilter::Lanczos));
        Normalization plain;
        plain.mean = {0.0F, 0.0F, 0.0F};
        plain.std = {1.0F, 1.0F, 1.0F};
        return pixelBatch(small, plain);
    }

    // --- losses

    // A process takes the mean over its own masked places. Times this, the mean of the processes is
    // the mean over all places; 1 for one process.
    static double shareOf(const torch::Tensor &own, const torch::Tensor &all, const Batch &batch)
    {
        const double processes = static_cast<double>(batch.at("identities").size(0))
                                 / static_cast<double>(batch.at("ids").size(0));
        const double total = all.item<double>();
        return total > 0.0 && processes > 1.0 ? own.item<double>() * processes / total : 1.0;
    }

    torch::Tensor partLoss(const Batch &batch, const torch::Tensor &ownImage,
                           const torch::Tensor &ownText)
    {
        const torch::Tensor text = gathered(ownText);
        // The published head looks at the class token of a region alone.
        const torch::Tensor image = gathered(
            m_alignment == nn::LocalAlignment::CrossAttention ? ownImage.slice(1, 0, 1) : ownImage);
        const BatchParts parts = {batch.at("patchLabels"), batch.at("spans"), batch.at("counts"),
                                  batch.at("identities")};
        const auto valid = validParts(parts);
        const std::vector<PartPair> own = ownPairs(valid);
        if (m_alignment != nn::LocalAlignment::CrossAttention)
            return pooledAlignmentLoss(m_model, image, text, parts, own, m_settings.logitScale);
        SeededRandom random = m_random.fork("foreign").fork(
            static_cast<std::uint64_t>(batch.at("step").item<std::int64_t>()));
        const std::vector<PartPair> foreign =
            foreignPairs(valid, parts.identities,
                         [&random](std::int64_t count) { return random.integer(0, count - 1); });
        return matchingLoss(m_model, image, text, parts, own, foreign);
    }

    // --- measuring

    OrderedJson measure(const HeldOut &held, torch::Device device, torch::ScalarType type,
                        const CancelToken &cancel, std::vector<RunSample> *samples = nullptr)
    {
        nn::Clip &clip = m_model->base_model;
        const auto unit = [](const torch::Tensor &x) {
            const torch::Tensor values = x.to(torch::kFloat);
            return (values / values.norm(2, {1}, true)).cpu();
        };
        const int width = static_cast<int>(clip->config.imageWidth);
        const int height = static_cast<int>(clip->config.imageHeight);
        std::vector<torch::Tensor> images, texts;
        std::vector<std::int64_t> gallery, queries;
        std::vector<std::vector<std::int64_t>> captions;
        std::vector<std::pair<std::size_t, const std::string *>> asked; // item and caption
        for (std::size_t begin = 0; begin < held.items.size() && !cancel.isCancelled();
             begin += kChunk) {
            std::vector<Image> pictures;
            const std::size_t end = std::min(held.items.size(), begin + kChunk);
            for (std::size_t i = begin; i < end; ++i) {
                const PackedItem &item = m_pack->item(held.items[i]);
                Image picture = m_pack->picture(held.items[i]);
                if (picture.width != width || picture.height != height)
                    picture = resize(picture, width, height, ResizeFilter::Bicubic);
                pictures.push_back(std::move(picture));
                gallery.push_back(item.identity);
                for (const PackedRow &row : item.rows) {
                    if (row.text.empty())
                        continue;
                    captions.push_back(m_tokenizer
                                           ->encodePadded(row.text, static_cast<std::size_t>(
                                                                        clip->config.contextLength))
                                           .ids);
                    queries.push_back(item.identity);
                    asked.emplace_back(i, &row.text);
                }
            }
            images.push_back(unit(
                clip->imageFeatures(pixelBatch(pictures, clipNormalization()).to(device, type))));
        }
        for (std::size_t begin = 0; begin < captions.size() && !cancel.isCancelled();
             begin += kChunk) {
            const std::size_t end = std::min(captions.size(), begin + kChunk);
            texts.push_back(unit(
                clip->textFeatures(idBatch({captions.begin() + static_cast<std::ptrdiff_t>(begin),
                                            captions.begin() + static_cast<std::ptrdiff_t>(end)},
                                           0)
                                       .to(device))));
        }
        OrderedJson numbers;
        if (cancel.isCancelled())
            return numbers;
        if (images.empty() || texts.empty())
            throw Error(ErrorKind::InvalidInput, m_settings.pack + ": the split to measure on ("
                                                     + held.name + ") has no captions");
        // Row by row: the whole matrix of ICFG-PEDES would take 1.6 GB.
        const torch::Tensor all = torch::cat(images).t().contiguous(); // [D, G]
        RetrievalMetrics metrics;
        std::vector<QueryResult> results;
        std::size_t first = 0;
        for (const torch::Tensor &chunk : texts) {
            const torch::Tensor scores = chunk.matmul(all).contiguous();
            const float *values = scores.data_ptr<float>();
            const std::size_t rows = static_cast<std::size_t>(scores.size(0));
            const RetrievalMetrics part =
                retrievalMetrics({values, values + scores.numel()},
                                 {queries.begin() + static_cast<std::ptrdiff_t>(first),
                                  queries.begin() + static_cast<std::ptrdiff_t>(first + rows)},
                                 gallery);
            results.insert(results.end(), part.queries.begin(), part.queries.end());
            for (std::size_t k = samples != nullptr ? samples->size() : kSamplesKept;
                 k < kSamplesKept; ++k) {
                const auto query = static_cast<std::size_t>(
                    evenly(k, kSamplesKept, static_cast<std::int64_t>(captions.size())));
                if (query >= first + rows)
                    break;
                const torch::Tensor row = scores[static_cast<std::int64_t>(query - first)];
                const auto best = static_cast<std::size_t>(row.argmax().item<std::int64_t>());
                RunSample sample;
                sample.given = *asked[query].second;
                sample.picture = m_pack->picture(held.items[asked[query].first]);
                sample.second = m_pack->picture(held.items[best]);
                sample.isRight = gallery[best] == queries[query];
                samples->push_back(std::move(sample));
            }
            first += rows;
        }
        metrics = metricsOfResults(std::move(results));
        numbers["R@1"] = metrics.rankOne;
        numbers["R@5"] = metrics.rankFive;
        numbers["R@10"] = metrics.rankTen;
        numbers["mAP"] = metrics.meanAveragePrecision;
        numbers["mINP"] = metrics.meanInverseNegativePenalty;
        numbers["split"] = held.name;
        numbers["queries"] = metrics.usedQueries;
        numbers["gallery"] = gallery.size();
        return numbers;
    }

    SapSamSettings m_settings;
    TaskInputs m_inputs;
    nn::LocalAlignment m_alignment;
    nn::ImageDecoding m_decoding;
    SeededRandom m_random{0};
    std::unique_ptr<Pack> m_pack;
    std::optional<ClipTokenizer> m_tokenizer;
    std::vector<Pair> m_pairs; // of the train split
    HeldOut m_val, m_test;
    std::int64_t m_identities = 0;
    std::int64_t m_epochBatches = 0; // of batchSize samples
    std::int64_t m_epochSteps = 0;   // of `accumulate` batches each
    std::int64_t m_steps = 0;
    nn::SapSamConfig m_config;
    std::unique_ptr<TensorSource> m_initial;
    nn::SapSam m_model{nullptr};
    nn::DvaeEncoder m_dvae{nullptr};
    mutable std::mutex m_orderMutex;
    mutable std::map<std::int64_t, std::shared_ptr<const std::vector<std::int64_t>>> m_orders;
};

} // namespace

std::unique_ptr<TrainTask> makeSapSamTask(const SapSamSettings &settings, const TaskInputs &inputs)
{
    return std::make_unique<SapSamTask>(settings, inputs);
}

} // namespace sapsam::training
