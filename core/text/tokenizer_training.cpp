#include "core/text/tokenizer_training.h"

#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/text/byte_bpe_tokenizer.h"
#include "core/text/byte_pair_encoding.h"
#include "core/text/text_cleaning.h"
#include "core/text/unicode.h"
#include "core/text/wordpiece_tokenizer.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

namespace sapsam {

namespace {

constexpr const char *kWordEnd = "</w>";

// A word as symbols, with how often it occurs.
struct CountedWord
{
    std::vector<int> symbols;
    std::size_t count = 0;
};

// Learns merges on words of numbered symbols.
class MergeLearner
{
public:
    using Join = std::string (*)(const std::string &, const std::string &);

    explicit MergeLearner(Join join) : m_join(join) {}

    void addWord(const std::vector<std::string> &symbols, std::size_t count)
    {
        CountedWord word;
        word.count = count;
        for (const std::string &symbol : symbols)
            word.symbols.push_back(numberOf(symbol));
        m_words.push_back(std::move(word));
    }

    // One merge at a time until `limit` are found or none occurs often enough.
    std::vector<std::pair<std::string, std::string>> learn(std::size_t limit, std::size_t minCount)
    {
        for (std::size_t i = 0; i < m_words.size(); ++i)
            countPairs(i, true);
        std::vector<std::pair<std::string, std::string>> merges;
        while (merges.size() < limit) {
            const Pair *best = nullptr;
            std::size_t bestCount = std::max<std::size_t>(minCount, 1);
            for (const auto &[pair, entry] : m_pairs) {
                if (entry.count < bestCount)
                    continue;
                if (best == nullptr || entry.count > bestCount || isBefore(pair, *best)) {
                    best = &pair;
                    bestCount = entry.count;
                }
            }
            if (best == nullptr)
                break;
            const Pair pair = *best;
            const std::string left = m_symbols[static_cast<std::size_t>(pair.first)];
            const std::string right = m_symbols[static_cast<std::size_t>(pair.second)];
            merges.emplace_back(left, right);
            merge(pair, numberOf(m_join(left, right)));
        }
        return merges;
    }

private:
    using Pair = std::pair<int, int>;

    struct PairHash
    {
        std::size_t operator()(const Pair &pair) const
        {
            return static_cast<std::size_t>(pair.first) * 1000003U
                   + static_cast<std::size_t>(pair.second);
        }
    };

    struct PairEntry
    {
        std::size_t count = 0;
        std::set<std::size_t> words;
    };

    int numberOf(const std::string &symbol)
    {
        const auto [found, added] = m_numbers.emplace(symbol, static_cast<int>(m_symbols.size()));
        if (added)
            m_symbols.push_back(symbol);
        return found->second;
    }

    bool isBefore(const Pair &a, const Pair &b) const
    {
        const auto text = [this](int number) -> const std::string & {
            return m_symbols[static_cast<std::size_t>(number)];
        };
        return std::tie(text(a.first), text(a.second)) < std::tie(text(b.first), text(b.second));
    }

    void countPairs(std::size_t index, bool add)
    {
        const CountedWord &word = m_words[index];
        for (std::size_t i = 0; i + 1 < word.symbols.size(); ++i) {
            const Pair pair{word.symbols[i], word.symbols[i + 1]};
            PairEntry &entry = m_pairs[pair];
            if (add) {
                entry.count += word.count;
                entry.words.insert(index);
            } else {
                entry.count -= word.count;
                entry.words.erase(index);
                if (entry.count == 0)
                    m_pairs.erase(pair);
            }
        }
    }

    void merge(const Pair &pair, int merged)
    {
        const std::set<std::size_t> words = m_pairs.at(pair).words;
        for (const std::size_t index : words) {
            countPairs(index, false);
            std::vector<int> &symbols = m_words[index].symbols;
            std::size_t out = 0;
            for (std::size_t i = 0; i < symbols.size(); ++i, ++out) {
                if (i + 1 < symbols.size() && symbols[i] == pair.first
                    && symbols[i + 1] == pair.second) {
                    symbols[out] = merged;
                    ++i;
                } else {
                    symbols[out] = symbols[i];
                }
            }
            symbols.resize(out);
            countPairs(index, true);
        }
    }

    Join m_join;
    std::vector<std::string> m_symbols;
    std::unordered_map<std::string, int> m_numbers;
    std::vector<CountedWord> m_words;
    std::unordered_map<Pair, PairEntry, PairHash> m_pairs;
};

std::string joinPlain(const std::string &left, const std::string &right)
{
    return left + right;
}

std::string joinPieces(const std::string &left, const std::string &right)
{
    return left + right.substr(2); // the right one continues a word: "##"
}

std::vector<std::string> bytesAsSymbols(const std::string &utf8)
{
    std::vector<std::string> symbols;
    for (const char byte : utf8)
        symbols.push_back(byteSymbols()[static_cast<unsigned char>(byte)]);
    return symbols;
}

// Different merges can give the same token; only the first takes a place.
void appendMerged(TrainedBpe &trained)
{
    std::set<std::string> known(trained.vocabulary.begin(), trained.vocabulary.end());
    for (const auto &[left, right] : trained.merges)
        if (known.insert(left + right).second)
            trained.vocabulary.push_back(left + right);
}

// Words of a cleaned text as CLIP splits them.
std::vector<std::string> clipWords(const std::string &utf8)
{
    const std::u32string text = unicode::decode(cleanForClip(utf8));
    std::vector<std::string> words;
    std::size_t i = 0;
    while (i < text.size()) {
        if (unicode::isRegexSpace(text[i])) {
            ++i;
            continue;
        }
        std::size_t end = i;
        for (const std::u32string_view ending :
             {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"})
            if (end == i && text.compare(i, ending.size(), ending) == 0)
                end = i + ending.size();
        if (end == i) {
            const bool letters = unicode::isLetter(text[i]);
            ++end;
            if (!unicode::isNumber(text[i]))
                while (end < text.size() && !unicode::isRegexSpace(text[end])
                       && !unicode::isNumber(text[end]) && unicode::isLetter(text[end]) == letters)
                    ++end;
        }
        words.push_back(unicode::encode(std::u32string_view(text).substr(i, end - i)));
        i = end;
    }
    return words;
}

} // namespace

TrainedBpe trainClipBpe(const std::vector<std::string> &corpus, std::size_t vocabSize,
                        std::size_t minCount)
{
    constexpr std::size_t fixed = 256 + 256 + 2;
    if (vocabSize < fixed)
        throw Error(ErrorKind::InvalidInput,
                    "tokenizer: a CLIP vocabulary has at least 514 tokens, not "
                        + std::to_string(vocabSize));
    std::map<std::string, std::size_t> counts;
    for (const std::string &text : corpus)
        for (const std::string &word : clipWords(text))
            ++counts[word];
    MergeLearner learner(joinPlain);
    for (const auto &[word, count] : counts) {
        std::vector<std::string> symbols = bytesAsSymbols(word);
        symbols.back() += kWordEnd;
        learner.addWord(symbols, count);
    }
    TrainedBpe trained;
    trained.merges = learner.learn(vocabSize - fixed, minCount);
    trained.vocabulary.assign(byteSymbols().begin(), byteSymbols().end());
    for (const std::string &symbol : byteSymbols())
        trained.vocabulary.push_back(symbol + kWordEnd);
    appendMerged(trained);
    trained.vocabulary.emplace_back("<|startoftext|>");
    trained.vocabulary.emplace_back("<|endoftext|>");
    return trained;
}

TrainedBpe trainByteBpe(const std::vector<std::string> &corpus, std::size_t vocabSize,
                        std::size_t minCount)
{
    TrainedBpe trained;
    trained.vocabulary = {"<s>", "<pad>", "</s>", "<unk>"};
    trained.vocabulary.insert(trained.vocabulary.end(), byteSymbols().begin(), byteSymbols().end());
    if (vocabSize < trained.vocabulary.size())
        throw Error(ErrorKind::InvalidInput,
                    "tokenizer: a byte-level vocabulary has at least 260 tokens, not "
                        + std::to_string(vocabSize));
    std::map<std::u32string, std::size_t> counts;
    for (const std::string &text : corpus)
        for (const std::u32string &piece : gpt2Pieces(unicode::decode(text)))
            ++counts[piece];
    MergeLearner learner(joinPlain);
    for (const auto &[piece, count] : counts)
        learner.addWord(bytesAsSymbols(unicode::encode(piece)), count);
    trained.merges = learner.learn(vocabSize - trained.vocabulary.size(), minCount);
    appendMerged(trained);
    return trained;
}

std::vector<std::string> trainWordPiece(const std::vector<std::string> &corpus,
                                        std::size_t vocabSize, std::size_t minCount)
{
    std::map<std::u32string, std::size_t> counts;
    for (const std::string &text : corpus)
        for (const std::u32string &word : bertWords(unicode::decode(text)))
            ++counts[word];
    std::set<std::string> alphabet;
    for (char c = '!'; c <= '~'; ++c)
        if (c < 'A' || c > 'Z')
            alphabet.insert(std::string(1, c));
    for (const char *range : {"abcdefghijklmnopqrstuvwxyz", "0123456789"})
        for (const char *c = range; *c != '\0'; ++c)
            alphabet.insert(std::string("##") + *c);
    MergeLearner learner(joinPieces);
    for (const auto &[word, count] : counts) {
        std::vector<std::string> symbols;
        for (const char32_t c : word)
            symbols.push_back((symbols.empty() ? "" : "##")
                              + unicode::encode(std::u32string_view(&c, 1)));
        alphabet.insert(symbols.begin(), symbols.end());
        learner.addWord(symbols, count);
    }
    std::vector<std::string> vocabulary{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    vocabulary.insert(vocabulary.end(), alphabet.begin(), alphabet.end());
    if (vocabSize < vocabulary.size())
        throw Error(ErrorKind::InvalidInput,
                    "tokenizer: the characters of this text alone need a vocabulary of "
                        + std::to_string(vocabulary.size()) + ", not " + std::to_string(vocabSize));
    // As in appendMerged: a piece takes one place.
    std::set<std::string> known(vocabulary.begin(), vocabulary.end());
    for (const auto &[left, right] : learner.learn(vocabSize - vocabulary.size(), minCount)) {
        const std::string piece = joinPieces(left, right);
        if (known.insert(piece).second)
            vocabulary.push_back(piece);
    }
    return vocabulary;
}

void writeBpeFiles(const TrainedBpe &trained, const std::string &folder)
{
    makeFolder(folder);
    OrderedJson vocabulary = OrderedJson::object();
    for (std::size_t id = 0; id < trained.vocabulary.size(); ++id)
        vocabulary[trained.vocabulary[id]] = id;
    std::string merges = "#version: 0.2\n";
    for (const auto &[left, right] : trained.merges)
        merges += left + ' ' + right + '\n';
    writeFileAtomically(folder + "/vocab.json", vocabulary.dump());
    writeFileAtomically(folder + "/merges.txt", merges);
}

void writeWordPieceFile(const std::vector<std::string> &vocabulary, const std::string &path)
{
    std::string text;
    for (const std::string &token : vocabulary)
        text += token + '\n';
    writeFileAtomically(path, text);
}

} // namespace sapsam
