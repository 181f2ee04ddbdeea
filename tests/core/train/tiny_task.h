#pragma once

#include "core/base/random.h"
#include "core/train/trainer_loop.h"

#include <functional>
#include <utility>
#include <vector>

// A task that trains in milliseconds: a small network with dropout on numbers that are a function
// of the batch's index, and places where a test can break in.
namespace sapsam::training {

class TinyTask final : public TrainTask
{
public:
    TinyTask()
    {
        own.name = "tiny";
        own.steps = 12;
        own.batchSize = 8;
        own.learningRate = 1e-2;
        own.warmUpSteps = 2;
        own.logEvery = 1;
        own.evaluateEvery = 4;
        own.checkpointEvery = 4;
        own.poolStart = 8;
        own.loaderThreads = 2;
    }

    const TrainSettings &settings() const override { return own; }
    OrderedJson settingsJson() const override { return {{"task", "tiny"}}; }
    void prepare(std::uint64_t seed, const std::string &, const CancelToken &,
                 const ProgressSink &) override
    {
        torch::manual_seed(seed);
        net = torch::nn::Sequential(torch::nn::Linear(4, 256), torch::nn::Tanh(),
                                    torch::nn::Dropout(dropout), torch::nn::Linear(256, 1));
    }
    torch::nn::Module &module() override { return *net; }
    std::int64_t sampleCount() const override { return samples; }
    std::int64_t stepsPerEpoch() const override { return epochSteps; }

    Batch makeBatch(std::int64_t index) const override
    {
        SeededRandom random = SeededRandom(77).fork(static_cast<std::uint64_t>(index));
        std::vector<float> values;
        for (int i = 0; i < own.batchSize * 4; ++i)
            values.push_back(static_cast<float>(random.normal()));
        const torch::Tensor x = torch::tensor(values).reshape({own.batchSize, 4});
        return {{"x", x}, {"y", x.sum(1, true)}, {"index", torch::tensor(index)}};
    }

    StepResult lossOf(const Batch &batch, torch::Device, torch::ScalarType) override
    {
        const auto index = batch.at("index").item<std::int64_t>();
        if (beforeLoss)
            beforeLoss(index);
        StepResult result;
        result.loss = (net->forward(batch.at("x")) - batch.at("y")).square().mean();
        result.details["square"] = result.loss.item<double>();
        if (changeResult)
            changeResult(index, batch, result);
        return result;
    }

    Evaluation evaluate(torch::Device, torch::ScalarType, const CancelToken &) override
    {
        Evaluation evaluation;
        evaluation.metric = "val-score";
        const Batch batch = makeBatch(1000000);
        evaluation.value =
            -(net->forward(batch.at("x")) - batch.at("y")).square().mean().item<double>();
        if (score)
            evaluation.value = score();
        evaluation.numbers["score"] = evaluation.value;
        evaluated.push_back(net->parameters()[0].detach().clone());
        return evaluation;
    }

    void writeModelFiles(const std::string &) const override {}
    LoadOptions tensorNames() const override { return {}; }

    TrainSettings own;
    double dropout = 0.2;
    std::int64_t samples = 0;
    std::int64_t epochSteps = 0;
    std::function<void(std::int64_t index)> beforeLoss;
    std::function<void(std::int64_t index, const Batch &batch, StepResult &result)> changeResult;
    std::function<double()> score;
    std::vector<torch::Tensor> evaluated; // the first weights at every evaluation
    torch::nn::Sequential net{nullptr};
};

} // namespace sapsam::training
