#pragma once

#include "core/image/image.h"
#include "core/image/preprocess.h"
#include "core/nn/torch_compat.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

// A few predictions of each evaluation, for people to look at: the folder `samples` of a run holds
// step-NNNNNNNN.json and the small pictures it names. core/engine/run_samples.h reads them.
namespace sapsam::training {

struct RunSample
{
    std::string given;     // the question: a description, a part group
    std::string expected;  // a text; empty where a picture answers
    std::string predicted; //
    Image picture;         // what was shown, or the right answer; may be empty
    Image second;          // what came out, as a picture; may be empty
    std::optional<double> value; // how good it is, such as an IoU
    std::string valueName;       // "IoU", "rank"
    std::optional<bool> isRight;
};

// How many an evaluation keeps, and how many evaluations a run keeps: the newest ones.
constexpr std::size_t kSamplesKept = 6;
constexpr std::size_t kSampleSetsKept = 24;

// Replaces what is there of this step. Throws what writing throws.
void writeRunSamples(const std::string &runFolder, std::int64_t step,
                     const std::vector<RunSample> &samples);

// A normalised picture [3, H, W] as pixels again.
Image pictureOf(const torch::Tensor &pixels, const Normalization &normalization);
// The picture with a mask laid over it. `mask` [h, w], what is above 0 is in it; stretched to the
// picture.
Image withMask(const Image &picture, const torch::Tensor &mask);

// Evenly taken queries with the picture that belongs to them and the one that came first.
// scores [Q, G] with query i belonging to picture i.
std::vector<RunSample> retrievalSamples(const torch::Tensor &scores,
                                        const std::function<std::string(std::int64_t)> &textOf,
                                        const std::function<Image(std::int64_t)> &pictureOf);

// The k-th of `count` places of a list of this size, evenly taken.
std::int64_t evenly(std::size_t k, std::size_t count, std::int64_t size);

} // namespace sapsam::training
