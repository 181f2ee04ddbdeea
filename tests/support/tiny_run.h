#pragma once

#include "core/base/json_file.h"

namespace sapsam::test {

// Seconds of training with every part of the real thing.
inline Json tinyConfig(int steps)
{
    return {{"task", "retrieval"},   {"name", "tiny"},         {"seed", 5},
            {"steps", steps},        {"batchSize", 8},         {"warmUpSteps", 4},
            {"learningRate", 2e-3},  {"logEvery", 1},          {"evaluateEvery", 20},
            {"checkpointEvery", 10}, {"heldOutCount", 8},      {"poolStart", 8},
            {"poolGrowth", 0.0},     {"renderHeight", 64},     {"renderWidth", 32},
            {"corpusLines", 200},    {"augmentStrength", 0.0}, {"precision", "fp32"},
            {"imageHeight", 32},     {"imageWidth", 16},       {"patchSize", 8},
            {"visionWidth", 32},     {"visionLayers", 2},      {"visionHeads", 2},
            {"textWidth", 32},       {"textLayers", 2},        {"textHeads", 2},
            {"embeddingSize", 32},   {"contextLength", 40},    {"vocabularySize", 800},
            {"erasing", 0.0}};
}

} // namespace sapsam::test
