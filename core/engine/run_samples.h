#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// The predictions that a run kept of its evaluations (core/train/run_samples.h writes them).
namespace sapsam {

struct ShownSample
{
    std::string given;     // the question: a description, a part group
    std::string expected;  // a text; empty where a picture answers
    std::string predicted; //
    std::string picture;   // file of what was shown, or of the right answer; empty for none
    std::string second;    // file of what came out
    std::optional<double> value;
    std::string valueName; // "IoU", "rank"
    std::optional<bool> isRight;
};

struct ShownSamples
{
    std::int64_t step = 0;
    std::vector<ShownSample> samples;
};

// The steps of which samples are kept, rising; empty when there are none.
std::vector<std::int64_t> sampleSteps(const std::string &runFolder);

// Throws Error(NotFound) when there are none of this step, Error(Corrupt) naming the file.
ShownSamples readRunSamples(const std::string &runFolder, std::int64_t step);

} // namespace sapsam
