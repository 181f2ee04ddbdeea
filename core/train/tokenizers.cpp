#include "core/train/tokenizers.h"

#include "core/base/file.h"
#include "core/synth/pedestrian.h"
#include "core/text/byte_bpe_tokenizer.h"
#include "core/text/clip_tokenizer.h"
#include "core/text/tokenizer_training.h"
#include "core/text/wordpiece_tokenizer.h"
#include "core/train/picture_pool.h"
#include "core/train/query_text.h"

#include <algorithm>

namespace sapsam::training {

namespace {

class ClipText final : public TextCoder
{
public:
    explicit ClipText(const std::string &folder) : m_tokenizer(ClipTokenizer::fromFolder(folder)) {}

    std::int64_t vocabularySize() const override
    {
        return static_cast<std::int64_t>(m_tokenizer.size());
    }
    std::int64_t paddingId() const override { return m_tokenizer.padId(); }
    std::vector<std::int64_t> encode(const std::string &text, int maxLength) const override
    {
        std::vector<std::int64_t> ids = m_tokenizer.encode(text);
        ids.insert(ids.begin(), m_tokenizer.startId());
        if (maxLength > 0 && static_cast<int>(ids.size()) >= maxLength)
            ids.resize(static_cast<std::size_t>(maxLength) - 1);
        ids.push_back(m_tokenizer.endId());
        return ids;
    }
    std::string decode(const std::vector<std::int64_t> &ids) const override
    {
        return m_tokenizer.decode(ids);
    }

private:
    ClipTokenizer m_tokenizer;
};

class WordPieceText final : public TextCoder
{
public:
    explicit WordPieceText(const std::string &folder)
        : m_tokenizer(WordPieceTokenizer::fromFile(folder + "/vocab.txt"))
    {
    }

    std::int64_t vocabularySize() const override
    {
        return static_cast<std::int64_t>(m_tokenizer.size());
    }
    std::int64_t paddingId() const override { return m_tokenizer.padId(); }
    std::vector<std::int64_t> encode(const std::string &text, int maxLength) const override
    {
        return m_tokenizer
            .encodeWithSpecials(text, maxLength > 0 ? static_cast<std::size_t>(maxLength) : 512)
            .ids;
    }
    std::string decode(const std::vector<std::int64_t> &ids) const override
    {
        return m_tokenizer.decode(ids);
    }

private:
    WordPieceTokenizer m_tokenizer;
};

class OptText final : public TextCoder
{
public:
    explicit OptText(const std::string &folder) : m_tokenizer(ByteBpeTokenizer::fromFolder(folder))
    {
    }

    std::int64_t vocabularySize() const override
    {
        return static_cast<std::int64_t>(m_tokenizer.size());
    }
    std::int64_t paddingId() const override { return m_tokenizer.padId(); }
    std::vector<std::int64_t> encode(const std::string &text, int maxLength) const override
    {
        std::vector<std::int64_t> ids = m_tokenizer.encode(text);
        if (maxLength > 0 && static_cast<int>(ids.size()) > maxLength)
            ids.resize(static_cast<std::size_t>(maxLength));
        return ids;
    }
    std::string decode(const std::vector<std::int64_t> &ids) const override
    {
        return m_tokenizer.decode(ids);
    }

private:
    ByteBpeTokenizer m_tokenizer;
};

} // namespace

void trainTextFiles(TextKind kind, const std::vector<std::string> &lines, int vocabularySize,
                    const std::string &folder)
{
    const std::size_t size = static_cast<std::size_t>(vocabularySize);
    switch (kind) {
    case TextKind::Clip:
        writeBpeFiles(trainClipBpe(lines, size), folder);
        break;
    case TextKind::WordPiece:
        writeWordPieceFile(trainWordPiece(lines, size), folder + "/vocab.txt");
        break;
    case TextKind::Opt:
        writeBpeFiles(trainByteBpe(lines, size), folder);
        break;
    }
}

void copyTextFiles(TextKind kind, const std::string &fromFolder, const std::string &folder)
{
    const std::vector<std::string> names =
        kind == TextKind::WordPiece ? std::vector<std::string>{"vocab.txt"}
                                    : std::vector<std::string>{"vocab.json", "merges.txt"};
    for (const std::string &name : names)
        writeFileAtomically(folder + "/" + name, readFile(fromFolder + "/" + name));
}

std::unique_ptr<TextCoder> loadText(TextKind kind, const std::string &folder)
{
    switch (kind) {
    case TextKind::Clip:
        return std::make_unique<ClipText>(folder);
    case TextKind::WordPiece:
        return std::make_unique<WordPieceText>(folder);
    case TextKind::Opt:
        break;
    }
    return std::make_unique<OptText>(folder);
}

std::vector<std::string> trainingText(const TrainSettings &settings)
{
    std::vector<std::string> lines = textCorpus(settings.dataSeed, settings.corpusLines);
    // The wordings that training adds to the generator's own.
    const int repeats = std::max(2, settings.corpusLines / 500);
    for (const std::string &group : synthPartGroups()) {
        for (int i = 0; i < repeats; ++i) {
            lines.push_back(questionFor(group));
            for (const std::string &phrase : genericPhrases(group))
                lines.push_back(phrase);
        }
    }
    return lines;
}

std::unique_ptr<TextCoder> prepareText(TextKind kind, const TrainSettings &settings,
                                       int vocabularySize, const std::string &folder)
{
    if (settings.initialModel.empty())
        trainTextFiles(kind, trainingText(settings), vocabularySize, folder);
    else
        copyTextFiles(kind, settings.initialModel, folder);
    return loadText(kind, folder);
}

} // namespace sapsam::training
