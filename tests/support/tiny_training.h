#pragma once

#include "core/base/json_file.h"

#include <string>

namespace sapsam::test {

// A run on drawn people that is small enough for a test, with every part of the real thing in it.
inline Json tinyTraining(const std::string &task, int steps)
{
    Json config = {{"steps", steps},        {"batchSize", 8},         {"warmUpSteps", 4},
                   {"learningRate", 2e-3},  {"logEvery", 1},          {"evaluateEvery", 10},
                   {"checkpointEvery", 10}, {"heldOutCount", 8},      {"poolStart", 8},
                   {"poolGrowth", 0.0},     {"renderHeight", 64},     {"renderWidth", 32},
                   {"corpusLines", 200},    {"augmentStrength", 0.0}, {"precision", "fp32"},
                   {"loaderThreads", 2},    {"queueLength", 3}};
    if (task == "retrieval")
        config.update({{"imageHeight", 32},
                       {"imageWidth", 16},
                       {"patchSize", 8},
                       {"visionWidth", 32},
                       {"visionLayers", 2},
                       {"visionHeads", 2},
                       {"textWidth", 32},
                       {"textLayers", 2},
                       {"textHeads", 2},
                       {"embeddingSize", 32},
                       {"contextLength", 40},
                       {"vocabularySize", 800},
                       {"erasing", 0.0}});
    if (task == "person-sam")
        config.update({{"imageSize", 32},
                       {"patchSize", 8},
                       {"visionWidth", 32},
                       {"visionLayers", 2},
                       {"visionHeads", 2},
                       {"windowSize", 2},
                       {"globalLayers", {1}},
                       {"decoderSize", 32},
                       {"decoderHeads", 2},
                       {"decoderMlp", 64},
                       {"textWidth", 32},
                       {"textLayers", 1},
                       {"textHeads", 2},
                       {"vocabularySize", 400},
                       {"promptsPerPicture", 2}});
    if (task == "sam")
        config.update({{"imageSize", 32},
                       {"patchSize", 8},
                       {"visionWidth", 32},
                       {"visionLayers", 2},
                       {"visionHeads", 2},
                       {"windowSize", 2},
                       {"globalLayers", {1}},
                       {"decoderSize", 32},
                       {"decoderHeads", 2},
                       {"decoderMlp", 64},
                       {"promptsPerPicture", 2}});
    if (task == "phrases")
        config.update({{"imageSize", 32},
                       {"patchSize", 8},
                       {"visionWidth", 32},
                       {"visionLayers", 1},
                       {"visionHeads", 2},
                       {"queries", 4},
                       {"queryWidth", 32},
                       {"queryLayers", 2},
                       {"queryHeads", 2},
                       {"textWidth", 32},
                       {"textLayers", 1},
                       {"textHeads", 2},
                       {"vocabularySize", 400}});
    return config;
}

// The same of the published method (task retrieval with a data set): two layers of everything.
inline Json tinyPublishedTraining()
{
    return {{"data", "synthetic"},
            {"syntheticIdentities", 40},
            {"architecture", "small"},
            {"imageHeight", 64},
            {"imageWidth", 32},
            {"vocabularySize", 800},
            {"decoderLayers", 1},
            {"batchSize", 8},
            {"steps", 12},
            {"warmUpSteps", 2},
            {"learningRate", 2e-3},
            {"epsilon", 1e-8},
            {"precision", "fp32"},
            {"logEvery", 1},
            {"evaluateEvery", 12},
            {"checkpointEvery", 6},
            {"renderHeight", 64},
            {"renderWidth", 32},
            {"augmentation", "none"},
            {"loaderThreads", 2},
            {"queueLength", 3}};
}

} // namespace sapsam::test
