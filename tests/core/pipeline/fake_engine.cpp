#include "tests/core/pipeline/fake_engine.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/engine/phrase_writer.h"
#include "core/engine/retriever.h"
#include "core/engine/segmenter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

namespace sapsam {

using test::FakeEngine;

namespace {

constexpr int kDimension = 12;

void enter(std::size_t items)
{
    ++FakeEngine::calls;
    if (items > FakeEngine::memory)
        throw Error(ErrorKind::OutOfMemory, "the device is full");
}

void refusePoison(const Image &picture)
{
    if (picture.pixels.at(0) == test::kPoison)
        throw Error(ErrorKind::Internal, "the network stumbled over this picture");
}

std::vector<float> unit(std::vector<float> values)
{
    float square = 1e-12F;
    for (const float value : values)
        square += value * value;
    for (float &value : values)
        value /= std::sqrt(square);
    return values;
}

// The words red, green and blue point along the colours of pictures; every other word adds a little
// of its own.
std::vector<float> vectorOf(const std::string &text)
{
    std::vector<float> values(kDimension, 0.01F);
    std::istringstream words(text);
    std::string word;
    while (words >> word) {
        if (word == "red")
            values[0] += 1.0F;
        else if (word == "green")
            values[1] += 1.0F;
        else if (word == "blue")
            values[2] += 1.0F;
        else
            values[3 + fnv1a64(word) % (kDimension - 3)] += 0.05F;
    }
    return unit(values);
}

std::array<double, 3> meanColour(const Image &picture)
{
    std::array<double, 3> sum{};
    double count = 0.0;
    for (std::size_t i = 0; i + 2 < picture.pixels.size(); i += 3) {
        if (picture.pixels[i] == 255 && picture.pixels[i + 1] == 255
            && picture.pixels[i + 2] == 255)
            continue; // blanked
        for (std::size_t c = 0; c < 3; ++c)
            sum[c] += picture.pixels[i + c];
        count += 1.0;
    }
    for (double &value : sum)
        value /= std::max(1.0, count);
    return sum;
}

} // namespace

struct Segmenter::Private
{
    ModelInfo model;
};

Segmenter::Segmenter(const std::string &modelFolder, const EngineOptions &)
    : d(new Private{
        {"fake-parts", "person-sam", "person-sam", modelFolder, FakeEngine::segmenterHash}})
{
}
Segmenter::~Segmenter() = default;
const ModelInfo &Segmenter::model() const
{
    return d->model;
}

std::vector<std::vector<PartMask>> Segmenter::segment(const std::vector<Image> &pictures,
                                                      const std::vector<SegmentPrompt> &prompts)
{
    enter(pictures.size());
    std::vector<std::vector<PartMask>> all;
    for (const Image &picture : pictures) {
        refusePoison(picture);
        std::vector<PartMask> parts;
        for (const SegmentPrompt &prompt : prompts) {
            PartMask part{prompt.group, prompt.phrase, Mask(picture.width, picture.height), 0.9F};
            int top = 0;
            int bottom = 0;
            if (prompt.group == "clothes")
                bottom = picture.height / 2;
            if (prompt.group == "pants") {
                top = picture.height / 2;
                bottom = picture.height;
            }
            if (prompt.group == "bag") { // drawn, but not believed
                bottom = picture.height;
                part.score = 0.2F;
            }
            for (int y = top; y < bottom; ++y) {
                for (int x = 0; x < picture.width; ++x)
                    part.mask.at(x, y) = 1;
            }
            if (prompt.group == "glasses") // believed, but a speck
                part.mask.at(1, 1) = 1;
            parts.push_back(std::move(part));
        }
        all.push_back(std::move(parts));
    }
    return all;
}

struct PhraseWriter::Private
{
    ModelInfo model;
};

PhraseWriter::PhraseWriter(const std::string &modelFolder, const EngineOptions &)
    : d(new Private{{"fake-phrases", "phrases", "blip2-opt", modelFolder, FakeEngine::phraseHash}})
{
}
PhraseWriter::~PhraseWriter() = default;
const ModelInfo &PhraseWriter::model() const
{
    return d->model;
}

std::vector<std::string> PhraseWriter::write(const std::vector<PhraseRequest> &requests,
                                             const PhraseDecoding &)
{
    enter(requests.size());
    std::vector<std::string> texts;
    for (const PhraseRequest &request : requests) {
        refusePoison(request.crop);
        const auto colour = meanColour(request.crop);
        const auto largest = std::max_element(colour.begin(), colour.end()) - colour.begin();
        constexpr std::array kNames = {"red", "green", "blue"};
        const bool upper = request.prompt.find("clothes") != std::string::npos;
        texts.push_back(FakeEngine::writesNothing
                            ? std::string()
                            : std::string(kNames.at(static_cast<std::size_t>(largest)))
                                  + (upper ? " jacket" : " jeans"));
    }
    return texts;
}

struct Retriever::Private
{
    ModelInfo model;
};

Retriever::Retriever(const std::string &modelFolder, const EngineOptions &)
    : d(new Private{
        {"fake-retrieval", "retrieval", "clip", modelFolder, FakeEngine::retrieverHash}})
{
}
Retriever::~Retriever() = default;
const ModelInfo &Retriever::model() const
{
    return d->model;
}
int Retriever::dimension() const
{
    return kDimension;
}
int Retriever::contextLength() const
{
    return 16;
}

std::vector<std::string> Retriever::unknownWords(const std::string &) const
{
    return {};
}
TextEmbedding Retriever::embedText(const std::string &text)
{
    return embedTexts({text}).at(0);
}

std::vector<TextEmbedding> Retriever::embedTexts(const std::vector<std::string> &texts)
{
    enter(1);
    std::vector<TextEmbedding> embeddings;
    for (const std::string &text : texts) {
        const int tokens = static_cast<int>(std::count(text.begin(), text.end(), ' ')) + 3;
        embeddings.push_back({vectorOf(text), tokens, tokens > contextLength()});
    }
    return embeddings;
}

bool Retriever::matchesPhrases() const
{
    return FakeEngine::matchesPhrases;
}
// The blue of a picture in its full length, whatever the phrase: nothing that a cosine tells.
std::vector<float> Retriever::matchPhrase(const std::string &, const std::vector<float> &pictures)
{
    enter(1);
    std::vector<float> odds;
    for (std::size_t i = 0; i + kDimension <= pictures.size(); i += kDimension)
        odds.push_back(pictures[i + 2]);
    return odds;
}

std::vector<float> Retriever::embedImages(const std::vector<Image> &pictures,
                                          std::vector<float> *lengths)
{
    enter(pictures.size());
    std::vector<float> rows;
    if (lengths)
        lengths->clear();
    for (const Image &picture : pictures) {
        refusePoison(picture);
        const auto colour = meanColour(picture);
        std::vector<float> values(kDimension, 0.01F);
        for (std::size_t c = 0; c < 3; ++c)
            values[c] = static_cast<float>(colour[c] / 255.0);
        const std::vector<float> whole = values;
        values = unit(values);
        if (lengths)
            lengths->push_back(whole[3] / values[3]);
        rows.insert(rows.end(), values.begin(), values.end());
    }
    return rows;
}

namespace test {

void makeFakeModels(const std::string &folder)
{
    makeFolder(folder);
    writeFileAtomically(folder + "/manifest.json", R"({"models": [
        {"name": "fake-parts", "task": "person-sam", "architecture": "person-sam", "folder": "a", "files": []},
        {"name": "fake-phrases", "task": "phrases", "architecture": "blip2-opt", "folder": "b", "files": []},
        {"name": "fake-retrieval", "task": "retrieval", "architecture": "clip", "folder": "c", "files": []}]})");
}

} // namespace test

} // namespace sapsam
