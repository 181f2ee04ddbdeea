#include "core/train/task_phrases_data.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/resources.h"
#include "core/image/mask.h"
#include "core/image/region_crop.h"
#include "core/networks/blip2.h"
#include "core/text/byte_bpe_tokenizer.h"
#include "core/text/noun_phrases.h"
#include "core/text/prompt_template.h"
#include "core/text/unigram_tokenizer.h"
#include "core/train/batching.h"
#include "core/train/epoch_order.h"
#include "core/train/initial_weights.h"
#include "core/train/losses.h"
#include "core/train/parsing_sets.h"
#include "core/weights/bare_construction.h"
#include "core/weights/tensor_names.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <optional>
#include <set>

namespace sapsam::training {

namespace {

constexpr std::int64_t kNoTarget = -100;

std::string trimmed(const std::string &text)
{
    const std::size_t first = text.find_first_not_of(" \n\t");
    if (first == std::string::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \n\t") - first + 1);
}

// Everything a tokenizer may be made of.
void copyTokenizer(const std::string &from, const std::string &to)
{
    std::error_code ignored;
    for (const char *name :
         {"vocab.json", "merges.txt", "tokenizer.json", "spiece.model", "tokenizer_config.json",
          "special_tokens_map.json", "added_tokens.json"})
        if (std::filesystem::exists(from + "/" + name, ignored))
            writeFileAtomically(to + "/" + name, readFile(from + "/" + name));
}

class PhrasesDataTask final : public TrainTask
{
public:
    PhrasesDataTask(const PhrasesDataSettings &settings, const TaskInputs &inputs)
        : m_settings(settings), m_inputs(inputs)
    {
    }

    const TrainSettings &settings() const override { return m_settings; }

    OrderedJson settingsJson() const override
    {
        OrderedJson json;
        json["task"] = "phrases";
        json.update(toJson(m_settings));
        return json;
    }

    void prepare(std::uint64_t seed, const std::string &modelFolder, const CancelToken &cancel,
                 const ProgressSink &progress) override
    {
        if (m_settings.data != "synthetic" && (!m_inputs.readPicture || !m_inputs.readLabels))
            throw Error(ErrorKind::Unsupported,
                        "this build reads no pictures, which the task phrases needs for "
                            + m_settings.data);
        m_random = SeededRandom(seed).fork("phrases data");
        ParsingOptions options;
        options.data = m_settings.data;
        options.splitFile = m_settings.splitFile;
        options.splitSeed = static_cast<std::uint64_t>(m_settings.splitSeed);
        options.taxonomy = m_settings.taxonomy;
        options.trigger = m_settings.trigger;
        options.phrases = m_settings.phrases;
        options.syntheticSeed = m_settings.dataSeed;
        options.syntheticIdentities = m_settings.syntheticIdentities;
        options.picturesPerIdentity = m_settings.picturesPerIdentity;
        options.pictureWidth = m_settings.renderWidth;
        options.pictureHeight = m_settings.renderHeight;
        m_sets = readParsingSets(options, m_inputs, cancel, progress);
        const PromptTemplate prompts =
            readPromptTemplate(m_settings.prompts.empty() ? resourcePath("templates/default.json")
                                                          : m_settings.prompts);
        prepareModel(modelFolder, prompts);
        if (cancel.isCancelled()) {
            m_order.emplace(1, 1, m_random); // no batch is taken any more
            m_settings.steps = std::max<std::int64_t>(1, m_settings.steps);
            return;
        }
        limit("train", m_settings.trainLimit);
        limit("dev", m_settings.evaluateLimit);
        limit("test", m_settings.evaluateLimit);
        if (m_settings.evaluateTest && samplesOf("test").empty())
            throw Error(ErrorKind::InvalidInput,
                        m_sets.folder
                            + ": the set 'test' is empty, but 'evaluateTest' asks for it");
        if (m_settings.batchSize > sampleCount())
            throw Error(ErrorKind::InvalidInput,
                        "'batchSize' is " + std::to_string(m_settings.batchSize) + ", but "
                            + m_sets.folder + " has only " + std::to_string(sampleCount())
                            + " phrases to train on");
        m_order.emplace(sampleCount(), m_settings.batchSize, m_random.fork("order"));
        m_stepsPerEpoch = (m_order->batchesPerEpoch() + m_settings.accumulate - 1)
                          / std::max(1, m_settings.accumulate);
        if (m_settings.steps == 0)
            m_settings.steps = m_settings.epochs * m_stepsPerEpoch;
        if (m_settings.evaluateEvery == 0)
            m_settings.evaluateEvery = m_settings.evaluateEpochs * m_stepsPerEpoch;
        if (m_settings.checkpointEvery == 0)
            m_settings.checkpointEvery = m_stepsPerEpoch;

        OrderedJson record = m_sets.record();
        record["prompts"] = prompts.hash();
        record["trained"] = m_settings.train;
        record["jitter"] = m_settings.jitter;
        record["chosen_on"] = "dev";
        writeJsonFile(modelFolder + "/training.json", record);
    }

    torch::nn::Module &module() override { return *m_model; }

    std::int64_t stepsPerEpoch() const override { return m_stepsPerEpoch; }

    double rateAt(std::int64_t step) const override
    {
        const auto warmUp = static_cast<std::int64_t>(
            std::llround(m_settings.warmUpEpochs * static_cast<double>(m_stepsPerEpoch)));
        return m_settings.learningRate
               * scheduleFactor(step, steps(), warmUp, m_settings.finalFactor);
    }

    std::int64_t sampleCount() const override
    {
        return static_cast<std::int64_t>(samplesOf("train").size());
    }

    Batch makeBatch(std::int64_t index) const override { return makePart(index, 0, 1); }

    Batch makePart(std::int64_t index, int rank, int count) const override
    {
        const std::vector<ParsingSample> &all = samplesOf("train");
        if (all.empty()) // cancelled while the sets were read
            return {};
        const std::vector<std::int64_t> numbers = m_order->batch(index);
        const auto size = static_cast<std::int64_t>(numbers.size());
        std::int64_t first = size * rank / count;
        std::int64_t end = size * (rank + 1) / count;
        if (first == end) { // the last batch of an epoch is smaller than the processes are many
            first = rank % size;
            end = first + 1;
        }
        const SeededRandom random = m_random.fork("jitter").fork(static_cast<std::uint64_t>(index));
        std::vector<Row> rows;
        for (std::int64_t i = first; i < end; ++i) {
            const std::int64_t number = numbers[static_cast<std::size_t>(i)];
            SeededRandom own = random.fork(static_cast<std::uint64_t>(number));
            Jitter jitter{};
            for (int &side : jitter)
                side = static_cast<int>(own.integer(0, m_settings.jitter));
            rows.push_back({&all[static_cast<std::size_t>(number)], jitter});
        }
        return batchOf(rows);
    }

    StepResult lossOf(const Batch &batch, torch::Device device, torch::ScalarType type) override
    {
        StepResult result;
        result.loss = tokenLoss(predictions(queriesOf(batch, device, type), batch, device),
                                batch.at("labels").to(device), kNoTarget);
        return result;
    }

    Evaluation evaluate(torch::Device device, torch::ScalarType type,
                        const CancelToken &cancel) override
    {
        Evaluation evaluation;
        evaluation.metric = "dev-likelihood";
        evaluation.numbers = measured("dev", device, type, cancel, &evaluation.samples);
        evaluation.numbers["split"] = "dev";
        evaluation.value = evaluation.numbers.at("likelihood").get<double>();
        return evaluation;
    }

    OrderedJson measureFinally(torch::Device device, torch::ScalarType type,
                               const CancelToken &cancel) override
    {
        if (!m_settings.evaluateTest)
            return nullptr;
        OrderedJson numbers = {{"split", "test"}, {"chosen_on", "dev"}};
        numbers.update(measured("test", device, type, cancel));
        return numbers;
    }

    void writeModelFiles(const std::string &folder) const override
    {
        OrderedJson config = m_model->config.toJson();
        config["architecture"] = isT5() ? "blip2-t5" : "blip2-opt";
        writeJsonFile(folder + "/config.json", config);
        OrderedJson preprocessor;
        preprocessor["task"] = "phrases";
        preprocessor["resize_mode"] = "squash";
        preprocessor["size"] = {{"height", m_model->config.vision.imageHeight},
                                {"width", m_model->config.vision.imageWidth}};
        preprocessor["resample"] = "bicubic";
        preprocessor["image_mean"] = m_normalization.mean;
        preprocessor["image_std"] = m_normalization.std;
        writeJsonFile(folder + "/preprocessor_config.json", preprocessor);
    }

    LoadOptions tensorNames() const override { return isT5() ? blip2T5Names() : blip2OptNames(); }

private:
    struct Row
    {
        const ParsingSample *sample = nullptr;
        Jitter jitter{};
    };

    bool isT5() const { return m_model->config.language == nn::Blip2Language::T5; }

    const std::vector<ParsingSample> &samplesOf(const std::string &split) const
    {
        static const std::vector<ParsingSample> kNone;
        const auto found = m_sets.samples.find(split);
        return found == m_sets.samples.end() ? kNone : found->second;
    }

    void limit(const std::string &split, std::int64_t most)
    {
        const auto found = m_sets.samples.find(split);
        if (most <= 0 || found == m_sets.samples.end()
            || static_cast<std::int64_t>(found->second.size()) <= most)
            return;
        found->second.resize(static_cast<std::size_t>(most));
        m_sets.notes.push_back(split + ": only the first " + std::to_string(most) + " phrases");
    }

    void prepareModel(const std::string &modelFolder, const PromptTemplate &prompts)
    {
        const InitialWeights first = openInitialWeights(m_settings.initialModel, "initialModel");
        if (!first.config.contains("qformer_config"))
            throw Error(ErrorKind::Mismatch, first.origin + ": is no BLIP-2");
        const nn::Blip2Config config = nn::blip2ConfigFromJson(first.config, first.origin);
        m_model = [&] { // without the random weights of a network that may be very large
            const BareConstruction bare(torch::kFloat);
            return nn::Blip2(config);
        }();
        loadStrict(*m_model, *first.tensors, first.namesWith(tensorNames()));
        for (auto &item : m_model->named_parameters()) {
            const std::string &name = item.key();
            const bool isBridge = name == "query_tokens" || name.rfind("qformer.", 0) == 0
                                  || name.rfind("language_projection.", 0) == 0;
            item.value().set_requires_grad(isBridge || m_settings.train == "all");
        }

        copyTokenizer(first.folder, modelFolder);
        if (isT5())
            m_t5 = UnigramTokenizer::fromFolder(modelFolder);
        else
            m_opt = ByteBpeTokenizer::fromFolder(modelFolder);
        const auto tokens = static_cast<std::int64_t>(isT5() ? m_t5->size() : m_opt->size());
        if (tokens > m_model->config.textVocabSize())
            throw Error(ErrorKind::Mismatch, first.folder + ": the tokenizer has "
                                                 + std::to_string(tokens)
                                                 + " tokens, the model only "
                                                 + std::to_string(m_model->config.textVocabSize()));
        for (const PartGroup &group : m_sets.taxonomy.groups) {
            m_questions.push_back(encoded(prompts.render(group.name)));
            const std::int64_t needed = m_model->config.qformer.queries
                                        + static_cast<std::int64_t>(m_questions.back().size())
                                        + m_settings.maxTokens;
            if (!isT5() && needed > m_model->config.text.maxPositions)
                throw Error(ErrorKind::InvalidInput,
                            "the question about '" + group.name + "' and a phrase of 'maxTokens' "
                                + std::to_string(m_settings.maxTokens) + " need "
                                + std::to_string(needed) + " positions, the language model has "
                                + std::to_string(m_model->config.text.maxPositions));
        }

        m_normalization = clipNormalization();
        const Json preprocessor = first.preprocessor();
        if (preprocessor.is_null())
            return;
        const std::string origin = first.folder + "/preprocessor_config.json";
        m_normalization.mean = valueOr(preprocessor, "image_mean", m_normalization.mean, origin);
        m_normalization.std = valueOr(preprocessor, "image_std", m_normalization.std, origin);
        const Json size = preprocessor.value("size", Json());
        const Json &resample = preprocessor.value("resample", Json("bicubic"));
        if (!size.is_object() || !size.contains("height")
            || (resample != Json("bicubic") && resample != Json(3)))
            throw Error(ErrorKind::Unsupported,
                        origin
                            + ": BLIP-2 is trained on crops that are squashed with bicubic "
                              "weights, as it was published");
    }

    std::vector<std::int64_t> encoded(const std::string &text) const
    {
        return isT5() ? m_t5->encode(text) : m_opt->encode(text);
    }

    std::string decoded(const std::vector<std::int64_t> &ids) const
    {
        return trimmed(isT5() ? m_t5->decode(ids) : m_opt->decode(ids));
    }

    // The phrase with the end token.
    std::vector<std::int64_t> answerOf(const std::string &phrase) const
    {
        std::vector<std::int64_t> ids = encoded(isT5() ? phrase : " " + phrase);
        const std::int64_t end = isT5() ? m_model->config.t5.eosId : m_model->config.text.eosId;
        if (isT5())
            ids.pop_back(); // every encoding ends with </s>
        else
            ids.erase(ids.begin()); // every encoding begins with </s>
        if (static_cast<int>(ids.size()) >= m_settings.maxTokens)
            ids.resize(static_cast<std::size_t>(m_settings.maxTokens) - 1);
        ids.push_back(end);
        return ids;
    }

    Image cropOf(const Row &row) const
    {
        const ParsingPicture &picture = m_sets.pictures[row.sample->picture];
        const Image image = toRgb(imageOf(picture, m_inputs));
        const LabelMap labels = labelsOf(picture, m_inputs);
        if (labels.width != image.width || labels.height != image.height)
            throw Error(ErrorKind::Mismatch, picture.labelPath
                                                 + ": the label map has another size than its "
                                                   "picture");
        Mask region = maskOfClasses(labels, m_sets.taxonomy.groups[row.sample->group].classes);
        if (region.area() == 0) // a list may speak of what is not labelled
            std::fill(region.bits.begin(), region.bits.end(), std::uint8_t(1));
        FilterCropOptions options;
        options.jitter = row.jitter;
        const Box box = *boundingBox(region);
        options.exact = box.width() < 2 || box.height() < 2; // nothing would be left of it
        return resize(filterCrop(image, region, options),
                      static_cast<int>(m_model->config.vision.imageWidth),
                      static_cast<int>(m_model->config.vision.imageHeight), ResizeFilter::Bicubic);
    }

    // OPT: "ids" and "mask" [B, L] of question and phrase, "labels" [B, L] with the phrase alone.
    // T5: "ids" and "mask" of the question, "answer" [B, A] that the decoder reads and "labels".
    Batch batchOf(const std::vector<Row> &rows) const
    {
        std::vector<Image> crops;
        std::vector<std::vector<std::int64_t>> ids;
        std::vector<std::vector<std::int64_t>> answers;
        std::vector<std::vector<std::int64_t>> labels;
        for (const Row &row : rows) {
            crops.push_back(cropOf(row));
            const std::vector<std::int64_t> &question = m_questions[row.sample->group];
            const std::vector<std::int64_t> answer = answerOf(row.sample->text);
            ids.push_back(question);
            if (isT5()) {
                answers.push_back({m_model->config.t5.startId});
                answers.back().insert(answers.back().end(), answer.begin(), answer.end() - 1);
                labels.push_back(answer);
            } else {
                ids.back().insert(ids.back().end(), answer.begin(), answer.end());
                labels.emplace_back(question.size(), kNoTarget);
                labels.back().insert(labels.back().end(), answer.begin(), answer.end());
            }
        }
        Batch batch;
        batch["pixels"] = pixelBatch(crops, m_normalization);
        batch["ids"] = idBatch(ids, isT5() ? m_t5->padId() : m_opt->padId());
        batch["mask"] = maskBatch(ids);
        batch["labels"] = idBatch(labels, kNoTarget);
        if (isT5())
            batch["answer"] = idBatch(answers, m_t5->padId());
        return batch;
    }

    torch::Tensor queriesOf(const Batch &batch, torch::Device device, torch::ScalarType type)
    {
        torch::Tensor seen;
        {
            // A frozen encoder leaves nothing behind for the backward pass.
            const torch::AutoGradMode grad(at::GradMode::is_enabled() && m_settings.train == "all");
            seen = m_model->imageEmbeddings(batch.at("pixels").to(device, type));
        }
        return m_model->language_projection(m_model->queryOutput(seen));
    }

    // Logits at the place of each label.
    torch::Tensor predictions(const torch::Tensor &queries, const Batch &batch,
                              torch::Device device)
    {
        const torch::Tensor ids = batch.at("ids").to(device);
        const torch::Tensor mask = batch.at("mask").to(device);
        if (isT5())
            return m_model->answerLogits(queries, ids, batch.at("answer").to(device), mask);
        // The logits that predict ids[:, t] are at position Q + t - 1.
        const std::int64_t first = m_model->config.qformer.queries - 1;
        return m_model->logits(queries, ids, mask).slice(1, first, first + ids.size(1));
    }

    // Mean loss of the phrases' tokens, and how often what is written names the same colours.
    OrderedJson measured(const std::string &split, torch::Device device, torch::ScalarType type,
                         const CancelToken &cancel, std::vector<RunSample> *shown = nullptr)
    {
        nn::GenerationOptions options = m_model->config.generationOptions();
        options.maxNewTokens = m_settings.maxTokens;
        // Equal questions go together, so that none needs padding.
        std::map<std::size_t, std::vector<const ParsingSample *>> byGroup;
        for (const ParsingSample &sample : samplesOf(split))
            byGroup[sample.group].push_back(&sample);
        double lossSum = 0.0;
        double tokens = 0.0;
        double count = 0.0;
        double exact = 0.0;
        double coloured = 0.0;
        double agreed = 0.0;
        OrderedJson examples = OrderedJson::array();
        constexpr std::size_t kChunk = 32;
        for (const auto &[group, samples] : byGroup) {
            for (std::size_t i = 0; i < samples.size() && !cancel.isCancelled(); i += kChunk) {
                std::vector<Row> rows;
                for (std::size_t k = i; k < std::min(samples.size(), i + kChunk); ++k)
                    rows.push_back({samples[k], Jitter{}});
                const Batch batch = batchOf(rows);
                const torch::Tensor queries = queriesOf(batch, device, type);
                const auto targets = static_cast<double>(
                    batch.at("labels").ne(kNoTarget).sum().item<std::int64_t>());
                lossSum += targets
                           * tokenLoss(predictions(queries, batch, device),
                                       batch.at("labels").to(device), kNoTarget)
                                 .item<double>();
                tokens += targets;
                const torch::Tensor question = idBatch({m_questions[group]}, 0);
                const nn::Generated written = m_model->generate(
                    queries, question.repeat({queries.size(0), 1}).to(device), options);
                for (std::size_t k = 0; k < rows.size(); ++k) {
                    const std::string &truth = rows[k].sample->text;
                    const std::string text = decoded(written.ids[k]);
                    const std::vector<std::string> colours = coloursNamed(truth);
                    count += 1.0;
                    exact += text == truth ? 1.0 : 0.0;
                    coloured += colours.empty() ? 0.0 : 1.0;
                    agreed += !colours.empty() && coloursNamed(text) == colours ? 1.0 : 0.0;
                    if (examples.size() < 12 && k % 7 == 0)
                        examples.push_back(truth + " -> " + text);
                    if (shown != nullptr && shown->size() < kSamplesKept && i == 0 && k == 0)
                        shown->push_back({m_sets.taxonomy.groups[group].name, truth, text,
                                          pictureOf(batch.at("pixels")[0], m_normalization),
                                          {}, {}, {}, text == truth});
                }
            }
        }
        const double loss = tokens > 0.0 ? lossSum / tokens : 0.0;
        OrderedJson numbers;
        numbers["token_loss"] = loss;
        numbers["likelihood"] = tokens > 0.0 ? std::exp(-loss) : 0.0;
        numbers["colour"] = coloured > 0.0 ? agreed / coloured : 0.0;
        numbers["exact"] = count > 0.0 ? exact / count : 0.0;
        numbers["phrases"] = count;
        numbers["phrases_with_colour"] = coloured;
        numbers["samples"] = examples;
        return numbers;
    }

    PhrasesDataSettings m_settings;
    TaskInputs m_inputs;
    SeededRandom m_random{0};
    ParsingSets m_sets;
    std::optional<EpochOrder> m_order;
    std::int64_t m_stepsPerEpoch = 0;
    std::optional<ByteBpeTokenizer> m_opt; // one of the two
    std::optional<UnigramTokenizer> m_t5;
    std::vector<std::vector<std::int64_t>> m_questions; // of each group of the taxonomy
    nn::Blip2 m_model{nullptr};
    Normalization m_normalization;
};

} // namespace

std::unique_ptr<TrainTask> makePhrasesDataTask(const PhrasesDataSettings &settings,
                                               const TaskInputs &inputs)
{
    return std::make_unique<PhrasesDataTask>(settings, inputs);
}

std::vector<std::string> coloursNamed(const std::string &text)
{
    std::set<std::string> colours;
    std::string word;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const auto c = i < text.size() ? static_cast<unsigned char>(text[i]) : ' ';
        if (std::isalpha(c) != 0) {
            word += static_cast<char>(std::tolower(c));
            continue;
        }
        const std::string colour = word.empty() ? std::string() : commonColour(word);
        if (!colour.empty())
            colours.insert(colour);
        word.clear();
    }
    return {colours.begin(), colours.end()};
}

} // namespace sapsam::training
