#include "core/engine/bench.h"

#include "core/engine/startup.h"
#include "core/engine/translate.h"
#include "core/networks/blip2.h"
#include "core/networks/clip.h"
#include "core/networks/sam.h"
#include "core/nn/linear.h"
#include "core/train/losses.h"
#include "core/train/optimizer.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <memory>

namespace sapsam {

namespace {

constexpr double kGiga = 1e-9;
constexpr std::int64_t kPeakSide = 2048;
constexpr std::int64_t kPromptTokens = 32, kTokensPerRun = 8;
constexpr std::int64_t kMemoryBytes = std::int64_t(1) << 29;

// A network that is ready to run.
struct Candidate
{
    std::function<void()> run; // one forward pass or one token
    std::function<void()> restart;
    double flop = 0.0;  // of one forward pass or one token
    double bytes = 0.0; // that one token reads; 0 for no decoder
    int layers = 0, batch = 0;
    std::int64_t parameters = 0;
    double weightError = 0.0;
    int steps = 1; // forward passes or tokens between two restarts
};

struct Setup
{
    torch::Device device = torch::kCPU;
    torch::ScalarType type = torch::kFloat;
    bool isInt8 = false;
    int batch = 0, layers = 0;
};

double toDouble(std::int64_t value)
{
    return static_cast<double>(value);
}

// Additions and products of a Linear.
double linearFlop(std::int64_t rows, std::int64_t in, std::int64_t out)
{
    return 2.0 * toDouble(rows) * toDouble(in) * toDouble(out);
}

// Scores and their sums of values; `width` over all heads.
double attentionFlop(std::int64_t queries, std::int64_t keys, std::int64_t width)
{
    return 4.0 * toDouble(queries) * toDouble(keys) * toDouble(width);
}

// A usual layer: query, key, value and output, attention, two layers of an MLP.
double layerFlop(std::int64_t tokens, std::int64_t width, std::int64_t mlp)
{
    return 4.0 * linearFlop(tokens, width, width) + attentionFlop(tokens, tokens, width)
           + 2.0 * linearFlop(tokens, width, mlp);
}

// Makes the module in the wanted type at once: a large one does not fit twice.
template <typename Make>
auto makeNetwork(const Setup &setup, Make make)
{
    const auto usual = torch::get_default_dtype();
    torch::set_default_dtype(c10::scalarTypeToTypeMeta(setup.type));
    try {
        auto network = make();
        torch::set_default_dtype(usual);
        network->to(setup.device, setup.type);
        network->eval();
        return network;
    } catch (...) {
        torch::set_default_dtype(usual);
        throw;
    }
}

std::int64_t parametersOf(const torch::nn::Module &module)
{
    std::int64_t count = 0;
    for (const auto &parameter : module.parameters())
        count += parameter.numel();
    return count;
}

torch::Tensor randomTensor(std::vector<std::int64_t> shape, const Setup &setup)
{
    return torch::randn(shape).to(setup.device, setup.type);
}

double encoderFlop(const nn::SamConfig &c)
{
    const auto grid = c.grid(), tokens = grid * grid;
    double flop = linearFlop(tokens, 3 * c.patchSize * c.patchSize, c.width);
    for (std::int64_t i = 0; i < c.layers; ++i) {
        const bool isGlobal =
            c.windowSize == 0
            || std::find(c.globalLayers.begin(), c.globalLayers.end(), i) != c.globalLayers.end();
        const auto side = isGlobal ? grid : c.windowSize;
        const auto windows = isGlobal ? 1 : (grid + side - 1) / side;
        const auto inside = windows * windows * side * side;
        flop += 4.0 * linearFlop(inside, c.width, c.width)
                + attentionFlop(inside, side * side, c.width)
                + linearFlop(inside, c.width, 2 * side) // relative positions
                + 2.0 * linearFlop(tokens, c.width, c.mlpDim);
    }
    return flop + linearFlop(tokens, c.width, c.promptDim)
           + linearFlop(tokens, 9 * c.promptDim, c.promptDim);
}

double decoderFlop(const nn::SamConfig &c, std::int64_t prompts)
{
    const auto keys = c.grid() * c.grid(), dim = c.promptDim, inner = dim / c.decoderDownsample;
    const auto tokens = 1 + c.maskTokens() + 2; // a point and its padding
    const double toImage = 2.0 * linearFlop(tokens, dim, inner) + 2.0 * linearFlop(keys, dim, inner)
                           + attentionFlop(tokens, keys, inner);
    const double layer = 4.0 * linearFlop(tokens, dim, dim) + 2.0 * toImage
                         + 2.0 * linearFlop(tokens, dim, c.decoderMlpDim);
    const double upscaling = linearFlop(keys, dim, dim) + linearFlop(4 * keys, dim / 4, dim / 2)
                             + linearFlop(16 * keys, dim / 8, c.maskTokens());
    return toDouble(prompts) * (toDouble(c.decoderLayers) * layer + toImage + upscaling);
}

Candidate makeSamEncoder(nn::SamConfig config, const Setup &setup)
{
    if (setup.layers > 0)
        config.layers = setup.layers;
    config.globalLayers.erase(std::remove_if(config.globalLayers.begin(), config.globalLayers.end(),
                                             [&](auto layer) { return layer >= config.layers; }),
                              config.globalLayers.end());
    Candidate candidate;
    candidate.batch = setup.batch > 0 ? setup.batch : 1;
    candidate.layers = static_cast<int>(config.layers);
    candidate.flop = candidate.batch * encoderFlop(config);
    auto encoder = makeNetwork(setup, [&] { return nn::SamImageEncoder(config); });
    const auto image =
        randomTensor({candidate.batch, 3, config.imageSize, config.imageSize}, setup);
    candidate.parameters = parametersOf(*encoder);
    candidate.run = [encoder, image]() mutable { encoder(image); };
    return candidate;
}

// One click after another on a picture that is encoded already.
Candidate makeSamDecoder(const Setup &setup)
{
    nn::SamConfig config;
    config.layers = 1; // of the encoder, which does not run here
    config.globalLayers.clear();
    Candidate candidate;
    candidate.batch = setup.batch > 0 ? setup.batch : 1;
    candidate.layers = static_cast<int>(config.decoderLayers);
    candidate.flop = decoderFlop(config, candidate.batch);
    auto sam = makeNetwork(setup, [&] { return nn::Sam(config); });
    const auto embeddings =
        randomTensor({1, config.promptDim, config.grid(), config.grid()}, setup);
    nn::SamPrompts prompts;
    prompts.points = torch::full({candidate.batch, 1, 2}, 500.0).to(setup.device);
    prompts.labels = torch::ones({candidate.batch, 1}, torch::kLong).to(setup.device);
    candidate.parameters = parametersOf(*sam->mask_decoder) + parametersOf(*sam->prompt_encoder);
    candidate.run = [sam, embeddings, prompts]() mutable { sam->decode(embeddings, prompts); };
    return candidate;
}

Candidate makeClipImage(nn::ClipConfig config, const Setup &setup)
{
    if (setup.layers > 0)
        config.visionLayers = setup.layers;
    config.textLayers = 1; // does not run here
    Candidate candidate;
    candidate.batch = setup.batch > 0 ? setup.batch : 16;
    candidate.layers = static_cast<int>(config.visionLayers);
    const auto patches = config.gridHeight() * config.gridWidth(), width = config.visionWidth;
    const auto mlp = static_cast<std::int64_t>(config.mlpRatio * toDouble(width) + 0.5);
    candidate.flop = candidate.batch
                     * (linearFlop(patches, 3 * config.patchSize * config.patchSize, width)
                        + toDouble(config.visionLayers) * layerFlop(1 + patches, width, mlp)
                        + linearFlop(1, width, config.embedDim));
    auto clip = makeNetwork(setup, [&] { return nn::Clip(config); });
    const auto images =
        randomTensor({candidate.batch, 3, config.imageHeight, config.imageWidth}, setup);
    candidate.parameters = parametersOf(*clip);
    candidate.run = [clip, images]() mutable { clip->imageFeatures(images); };
    return candidate;
}

// Both encoders, the loss over the batch, all gradients and the optimizer's step.
Candidate makeRetrievalStep(const Setup &setup)
{
    nn::ClipConfig config;
    config.imageHeight = 384;
    config.imageWidth = 128;
    if (setup.layers > 0)
        config.visionLayers = config.textLayers = setup.layers;
    keepFreedMemory();
    Candidate candidate;
    candidate.batch = setup.batch > 0 ? setup.batch : 8;
    candidate.layers = static_cast<int>(config.visionLayers);
    const auto patches = config.gridHeight() * config.gridWidth(), width = config.visionWidth;
    const auto tokens = config.contextLength, textWidth = config.textWidth;
    const auto mlpOf = [&](std::int64_t of) {
        return static_cast<std::int64_t>(config.mlpRatio * toDouble(of) + 0.5);
    };
    const double forward =
        linearFlop(patches, 3 * config.patchSize * config.patchSize, width)
        + toDouble(config.visionLayers) * layerFlop(1 + patches, width, mlpOf(width))
        + linearFlop(1 + patches, width, config.embedDim)
        + toDouble(config.textLayers) * layerFlop(tokens, textWidth, mlpOf(textWidth))
        + linearFlop(tokens, textWidth, config.embedDim);
    candidate.flop = 3.0 * candidate.batch * forward; // the backward pass is twice the forward one
    auto clip = makeNetwork(setup, [&] { return nn::Clip(config); });
    nn::initializeWeights(*clip, 1);
    clip->logit_scale.set_requires_grad(false);
    clip->train();
    candidate.parameters = parametersOf(*clip);
    const auto images =
        randomTensor({candidate.batch, 3, config.imageHeight, config.imageWidth}, setup);
    // Descriptions of 16 to 44 tokens, as people write them, and padding.
    auto ids = torch::randint(1, config.vocabSize - 1, {candidate.batch, tokens}, torch::kLong);
    for (std::int64_t i = 0; i < candidate.batch; ++i) {
        const auto length = 16 + 4 * (i % 8);
        ids[i].slice(0, length).zero_();
        ids[i][length - 1] = config.vocabSize - 1; // the end, where the feature is taken
    }
    ids = ids.to(setup.device);
    const auto people = torch::arange(candidate.batch, torch::kLong).to(setup.device);
    TrainSettings settings;
    settings.optimizer = "adam";
    settings.epsilon = 1e-3;
    settings.weightDecay = 4e-5;
    settings.gradientClip = 0.0;
    const auto optimizer =
        std::make_shared<training::MasterOptimizer>(*clip, settings, training::sapSamRate);
    candidate.run = [clip, images, ids, people, optimizer]() mutable {
        training::sdmLoss(clip->imageFeatures(images), clip->textFeatures(ids), people, 50.0)
            .total()
            .backward();
        optimizer->step(1e-5);
    };
    return candidate;
}

Candidate makeBert(nn::BertConfig config, const Setup &setup)
{
    constexpr std::int64_t kTokens = 64;
    if (setup.layers > 0)
        config.layers = setup.layers;
    Candidate candidate;
    candidate.batch = setup.batch > 0 ? setup.batch : 16;
    candidate.layers = static_cast<int>(config.layers);
    candidate.flop = candidate.batch * toDouble(config.layers)
                     * layerFlop(kTokens, config.hiddenSize, config.intermediateSize);
    auto bert = makeNetwork(setup, [&] { return nn::BertModel(config); });
    const auto ids =
        torch::randint(config.vocabSize, {candidate.batch, kTokens}, torch::kLong).to(setup.device);
    candidate.parameters = parametersOf(*bert);
    candidate.run = [bert, ids]() mutable { bert->forward(ids); };
    return candidate;
}

Candidate makeOpt(nn::OptConfig config, const Setup &setup)
{
    if (setup.layers > 0)
        config.layers = setup.layers;
    Candidate candidate;
    candidate.batch = setup.batch > 0 ? setup.batch : 1;
    candidate.layers = static_cast<int>(config.layers);
    candidate.steps = static_cast<int>(kTokensPerRun);
    auto opt = makeNetwork(setup, [&] { return nn::OptModel(config); });
    candidate.parameters = parametersOf(*opt);
    if (setup.isInt8)
        candidate.weightError = opt->quantize().relativeError;

    // Every weight but the position table is read once a token; the keys and values as well.
    const auto head = opt->embed_tokens->weight;
    for (const auto &parameter : opt->layers->parameters())
        candidate.bytes += toDouble(parameter.numel()) * toDouble(parameter.element_size());
    candidate.bytes +=
        toDouble(head.numel()) * (setup.isInt8 ? 1.0 : toDouble(head.element_size()));
    const auto seen = kPromptTokens + kTokensPerRun / 2;
    candidate.bytes += toDouble(candidate.batch) * 2.0 * toDouble(config.layers)
                       * toDouble(seen * config.hiddenSize) * toDouble(head.element_size());
    candidate.flop = candidate.batch
                     * (toDouble(config.layers)
                            * (4.0 * linearFlop(1, config.hiddenSize, config.hiddenSize)
                               + attentionFlop(1, seen, config.hiddenSize)
                               + 2.0 * linearFlop(1, config.hiddenSize, config.ffnDim))
                        + linearFlop(1, config.hiddenSize, config.vocabSize));

    const auto prompt =
        torch::randint(config.vocabSize, {candidate.batch, kPromptTokens}, torch::kLong)
            .to(setup.device);
    const auto cache = std::make_shared<std::vector<nn::KeyValueCache>>();
    candidate.restart = [opt, prompt, cache]() mutable {
        cache->clear();
        opt->forward(opt->embed(prompt), {}, cache.get());
    };
    const auto token = prompt.slice(1, 0, 1);
    candidate.run = [opt, token, cache]() mutable {
        opt->logits(opt->forward(opt->embed(token), {}, cache.get())).argmax(-1);
    };
    return candidate;
}

nn::ClipConfig largeClip()
{
    nn::ClipConfig config;
    config.visionWidth = 1024;
    config.visionLayers = 24;
    config.visionHeads = 16;
    config.patchSize = config.stride = 14;
    config.embedDim = 768;
    return config;
}

nn::ClipConfig pedestrianClip()
{
    nn::ClipConfig config;
    config.imageHeight = 384;
    config.imageWidth = 128;
    return config;
}

nn::SamConfig smallSam()
{
    nn::SamConfig config;
    config.imageSize = 256;
    config.width = 192;
    config.layers = 4;
    config.heads = 3;
    config.mlpDim = 768;
    config.globalLayers = {1, 3};
    return config;
}

nn::ClipConfig smallClip()
{
    nn::ClipConfig config = pedestrianClip();
    config.imageHeight = 192;
    config.imageWidth = 64;
    config.visionWidth = 192;
    config.visionLayers = 4;
    config.visionHeads = 3;
    config.textWidth = 192;
    config.textHeads = 3;
    return config;
}

nn::OptConfig smallOpt()
{
    nn::OptConfig config;
    config.vocabSize = 4096;
    config.hiddenSize = 512;
    config.layers = 4;
    config.heads = 8;
    config.ffnDim = 2048;
    return config;
}

nn::SamConfig widerSam(std::int64_t width, std::int64_t layers, std::int64_t heads)
{
    nn::SamConfig config;
    config.width = width;
    config.layers = layers;
    config.heads = heads;
    config.mlpDim = 4 * width;
    config.globalLayers = {layers / 4 - 1, layers / 2 - 1, 3 * layers / 4 - 1, layers - 1};
    return config;
}

struct Entry
{
    const char *name, *description;
    Candidate (*make)(const Setup &);
    bool isDecoder;
    bool trains = false;
};

const std::vector<Entry> &entries()
{
    static const std::vector<Entry> list = {
        {"sam-vit-b", "image encoder of SAM ViT-B at 1024 x 1024",
         [](const Setup &s) { return makeSamEncoder(nn::SamConfig(), s); }, false},
        {"sam-vit-l", "image encoder of SAM ViT-L at 1024 x 1024",
         [](const Setup &s) { return makeSamEncoder(widerSam(1024, 24, 16), s); }, false},
        {"sam-vit-h", "image encoder of SAM ViT-H at 1024 x 1024",
         [](const Setup &s) {
             auto config = widerSam(1280, 32, 16);
             return makeSamEncoder(config, s);
         },
         false},
        {"sam-decoder", "mask decoder of SAM, one point", makeSamDecoder, false},
        {"clip-vit-b16-384x128", "image encoder of CLIP ViT-B/16 at 384 x 128",
         [](const Setup &s) { return makeClipImage(pedestrianClip(), s); }, false},
        {"clip-vit-b16", "image encoder of CLIP ViT-B/16 at 224 x 224",
         [](const Setup &s) { return makeClipImage(nn::ClipConfig(), s); }, false},
        {"clip-vit-l14", "image encoder of CLIP ViT-L/14 at 224 x 224",
         [](const Setup &s) { return makeClipImage(largeClip(), s); }, false},
        {"retrieval-step-b16", "a training step of CLIP ViT-B/16 at 384 x 128: SDM, backward, Adam",
         makeRetrievalStep, false, true},
        {"bert-base", "BERT base, 64 tokens",
         [](const Setup &s) { return makeBert(nn::BertConfig(), s); }, false},
        {"opt-2.7b", "a token of OPT 2.7b (--layers for fewer than its 32)",
         [](const Setup &s) { return makeOpt(nn::OptConfig(), s); }, true},
        {"sam-small", "a small SAM encoder at 256 x 256",
         [](const Setup &s) { return makeSamEncoder(smallSam(), s); }, false},
        {"clip-small", "a small CLIP image encoder at 192 x 64",
         [](const Setup &s) { return makeClipImage(smallClip(), s); }, false},
        {"opt-small", "a token of a small OPT",
         [](const Setup &s) { return makeOpt(smallOpt(), s); }, true},
    };
    return list;
}

class Clock
{
public:
    double seconds() const
    {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    }

private:
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

double median(std::vector<double> values)
{
    if (values.empty())
        return 0.0;
    std::sort(values.begin(), values.end());
    const auto middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
}

void waitFor(const torch::Device &device)
{
    if (device.is_cuda())
        torch::cuda::synchronize(device.index());
}

double measure(const torch::Device &device, const std::function<void()> &work)
{
    waitFor(device);
    const Clock clock;
    work();
    waitFor(device);
    return clock.seconds();
}

// What the machine reaches in this precision with the friendliest work there is.
class Peak
{
public:
    explicit Peak(const Setup &setup)
        : m_device(setup.device),
          m_left(randomTensor({kPeakSide, kPeakSide}, setup)),
          m_right(randomTensor({kPeakSide, kPeakSide}, setup))
    {
        gflops();
    }
    double gflops()
    {
        const double seconds =
            measure(m_device, [this] { m_product = torch::mm(m_left, m_right); });
        return linearFlop(kPeakSide, kPeakSide, kPeakSide) / seconds * kGiga;
    }

private:
    torch::Device m_device;
    torch::Tensor m_left, m_right, m_product;
};

// Reads a buffer that no cache holds, on all threads.
class Memory
{
public:
    Memory() : m_words(static_cast<std::size_t>(kMemoryBytes / 8), 1) { gbPerSecond(); }
    double gbPerSecond()
    {
        const Clock clock;
        const auto *words = m_words.data();
        at::parallel_for(0, static_cast<std::int64_t>(m_words.size()), 4096,
                         [&](std::int64_t begin, std::int64_t end) {
                             std::uint64_t sums[32] = {};
                             std::int64_t i = begin;
                             for (; i + 32 <= end; i += 32)
                                 for (int lane = 0; lane < 32; ++lane)
                                     sums[lane] += words[i + lane];
                             for (const auto sum : sums)
                                 m_sum.fetch_add(sum, std::memory_order_relaxed);
                         });
        return toDouble(kMemoryBytes) / clock.seconds() * kGiga;
    }

private:
    std::vector<std::uint64_t> m_words;
    std::atomic<std::uint64_t> m_sum = 0;
};

double peakMemoryMb()
{
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("VmHWM:", 0) == 0)
            return std::stod(line.substr(6)) / 1024.0;
    }
    return 0.0;
}

const Entry &entryFor(const NetworkBenchOptions &options)
{
    std::string known;
    for (const Entry &entry : entries()) {
        if (options.network == entry.name) {
            if (options.precision == "int8" && !entry.isDecoder)
                throw Error(ErrorKind::Unsupported,
                            "8-bit weights are for decoding (opt-2.7b, opt-small); '"
                                + options.network + "' takes fp32 or bf16");
            return entry;
        }
        known += (known.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw Error(ErrorKind::InvalidInput,
                "the network '" + options.network + "' is not known; known are " + known);
}

Setup setupFor(const NetworkBenchOptions &options)
{
    if (options.runs < 1 || options.batch < 0 || options.layers < 0)
        throw Error(ErrorKind::InvalidInput, "a bench needs at least one run, and no negative "
                                             "batch or number of layers");
    EngineOptions engine;
    engine.device = options.device;
    engine.threads = options.threads;
    Setup setup;
    setup.isInt8 = options.precision == "int8";
    engine.precision = setup.isInt8 ? "bf16" : options.precision; // throws for an unknown one
    const auto computing = engine::startComputing(engine);
    setup.device = computing.device;
    setup.type = computing.type;
    setup.batch = options.batch;
    setup.layers = options.layers;
    if (setup.isInt8 && !setup.device.is_cpu())
        throw Error(ErrorKind::Unsupported,
                    "8-bit weights are for the processor; add --device cpu");
    return setup;
}

} // namespace

std::vector<BenchNetwork> benchNetworks()
{
    std::vector<BenchNetwork> list;
    for (const Entry &entry : entries())
        list.push_back({entry.name, entry.description});
    return list;
}

NetworkBenchReport benchNetwork(const NetworkBenchOptions &options, const CancelToken &cancel,
                                const ProgressSink &progress)
{
    const Entry &entry = entryFor(options);
    const Setup setup = setupFor(options);
    NetworkBenchReport report;
    report.network = options.network;
    report.precision = options.precision;
    report.device = setup.device.str();
    report.threads = at::get_num_threads();

    engine::translated("bench " + options.network, [&] {
        const torch::InferenceMode inference(!entry.trains);
        torch::manual_seed(1);
        Candidate candidate = entry.make(setup);
        const auto restart = [&] {
            if (candidate.restart)
                candidate.restart();
        };
        report.batch = candidate.batch;
        report.layers = candidate.layers;
        report.parameters = candidate.parameters;
        report.weightError = candidate.weightError;
        report.gflop = candidate.flop * kGiga;
        report.bytesPerToken = candidate.bytes;
        restart();
        // The memory of a training step, with the optimizer's state, settles in the first four.
        for (int i = 0; i < (entry.trains ? 4 : 1); ++i)
            measure(setup.device, candidate.run);
        // Before the measurements of the machine, whose buffers are not the network's.
        report.peakMemoryMb = peakMemoryMb();

        Peak peak(setup);
        std::unique_ptr<Memory> memory;
        if (candidate.bytes > 0.0 && setup.device.is_cpu())
            memory = std::make_unique<Memory>();
        std::vector<double> seconds, peaks, ofPeak, speeds, ofMemory;
        for (int i = 0; i < options.runs && !cancel.isCancelled(); ++i) {
            // Peak, network, peak: what else the machine does slows all three.
            const double before = peak.gflops();
            restart();
            double time = 0.0;
            for (int step = 0; step < candidate.steps; ++step) {
                // The speed of a shared memory changes from one second to the next.
                const double readBefore = memory ? memory->gbPerSecond() : 0.0;
                const double once = measure(setup.device, candidate.run);
                time += once / candidate.steps;
                if (memory) {
                    speeds.push_back((readBefore + memory->gbPerSecond()) / 2.0);
                    ofMemory.push_back(candidate.bytes / once * kGiga / speeds.back());
                }
            }
            const double after = peak.gflops();
            seconds.push_back(time);
            peaks.push_back((before + after) / 2.0);
            ofPeak.push_back(candidate.flop / time * kGiga / peaks.back());
            if (progress)
                progress(Progress{"bench", i + 1, options.runs, {}});
        }
        report.runs = static_cast<int>(seconds.size());
        report.seconds = median(seconds);
        report.gflops = report.seconds > 0.0 ? report.gflop / report.seconds : 0.0;
        report.peakGflops = median(peaks);
        report.ofPeak = median(ofPeak);
        if (memory) {
            report.gbPerSecond =
                report.seconds > 0.0 ? candidate.bytes / report.seconds * kGiga : 0.0;
            report.memoryGbPerSecond = median(speeds);
            report.ofMemory = median(ofMemory);
        }
    });
    return report;
}

} // namespace sapsam
