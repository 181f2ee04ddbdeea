#include "core/networks/generation.h"

#include "core/base/error.h"
#include "core/base/random.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <string>

namespace sapsam::nn {

namespace {

using Ids = std::vector<std::int64_t>;

constexpr float kNever = -std::numeric_limits<float>::infinity();

// Forbids the tokens that would complete a run of n tokens for the second time.
void forbidRepeatedRuns(float *scores, const Ids &said, std::size_t n)
{
    if (said.size() + 1 < n)
        return;
    const auto last = said.end() - static_cast<std::ptrdiff_t>(n - 1);
    for (auto run = said.begin(); run + static_cast<std::ptrdiff_t>(n) <= said.end(); ++run) {
        if (std::equal(last, said.end(), run))
            scores[run[static_cast<std::ptrdiff_t>(n - 1)]] = kNever;
    }
}

// Makes tokens that were already said less likely (Keskar et al. 2019), forbids repeated runs, and
// the end before the shortest length. Works on one row of scores.
void processScores(float *scores, const Ids &generated, const GenerationOptions &options)
{
    const bool seesPlaceholder =
        options.placeholderCounts || options.lengthConvention == LengthConvention::WithPlaceholder;
    if (options.repetitionPenalty != 1.0) {
        const auto penalty = static_cast<float>(options.repetitionPenalty);
        std::set<std::int64_t> seen(generated.begin(), generated.end());
        if (seesPlaceholder)
            seen.insert(options.placeholderId);
        for (const auto id : seen)
            scores[id] = scores[id] < 0.0F ? scores[id] * penalty : scores[id] / penalty;
    }
    if (options.noRepeatNgram > 0) {
        Ids said;
        if (seesPlaceholder)
            said.push_back(options.placeholderId);
        said.insert(said.end(), generated.begin(), generated.end());
        forbidRepeatedRuns(scores, said, static_cast<std::size_t>(options.noRepeatNgram));
    }
    if (static_cast<std::int64_t>(generated.size()) < options.minNewTokens)
        scores[options.eosId] = kNever;
}

// Temperature, the k best, then the nucleus (Holtzman et al. 2020), of which `least` tokens stay.
void narrow(float *scores, std::int64_t count, const GenerationOptions &options, std::int64_t least)
{
    if (options.temperature != 1.0) {
        const auto temperature = static_cast<float>(options.temperature);
        std::transform(scores, scores + count, scores, [&](float s) { return s / temperature; });
    }
    const auto kept = std::max(options.topK, least);
    if (options.topK > 0 && kept < count) {
        std::vector<float> sorted(scores, scores + count);
        std::nth_element(sorted.begin(), sorted.begin() + (kept - 1), sorted.end(),
                         std::greater<float>());
        const float lowest = sorted[static_cast<std::size_t>(kept - 1)];
        std::replace_if(
            scores, scores + count, [lowest](float s) { return s < lowest; }, kNever);
    }
    if (options.topP < 1.0) {
        std::vector<std::int64_t> order;
        for (std::int64_t i = 0; i < count; ++i) {
            if (scores[i] > kNever)
                order.push_back(i);
        }
        std::stable_sort(order.begin(), order.end(), [scores](std::int64_t a, std::int64_t b) {
            return scores[a] > scores[b];
        });
        std::vector<double> weights;
        double sum = 0.0;
        for (const auto i : order) {
            weights.push_back(std::exp(static_cast<double>(scores[i] - scores[order.front()])));
            sum += weights.back();
        }
        // A token goes when those before it already reach p.
        double before = 0.0;
        for (std::size_t n = 0; n < order.size(); ++n) {
            if (before >= options.topP * sum && static_cast<std::int64_t>(n) >= least)
                scores[order[n]] = kNever;
            before += weights[n];
        }
    }
}

std::int64_t drawn(const float *scores, std::int64_t count, SeededRandom &random)
{
    const float *best = std::max_element(scores, scores + count);
    std::vector<double> weights(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i)
        weights[static_cast<std::size_t>(i)] = std::exp(static_cast<double>(scores[i] - *best));
    return static_cast<std::int64_t>(random.weighted(weights));
}

// `wanted` different indexes, drawn one after the other in proportion to exp(score): those with the
// largest score plus Gumbel noise (Kool et al. 2019). Best score first.
std::vector<std::int64_t> drawnWithoutReplacement(const float *scores, std::int64_t count,
                                                  std::int64_t wanted, SeededRandom &random)
{
    std::vector<double> keys(static_cast<std::size_t>(count), -HUGE_VAL);
    for (std::int64_t i = 0; i < count; ++i) {
        if (scores[i] > kNever)
            keys[static_cast<std::size_t>(i)] =
                static_cast<double>(scores[i]) - std::log(-std::log1p(-random.uniform()));
    }
    std::vector<std::int64_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + wanted, order.end(),
                      [&keys](std::int64_t a, std::int64_t b) {
                          return keys[static_cast<std::size_t>(a)]
                                 > keys[static_cast<std::size_t>(b)];
                      });
    order.resize(static_cast<std::size_t>(wanted));
    std::stable_sort(order.begin(), order.end(),
                     [scores](std::int64_t a, std::int64_t b) { return scores[a] > scores[b]; });
    return order;
}

std::vector<SeededRandom> streamsOf(std::int64_t rows, const GenerationOptions &options)
{
    std::vector<SeededRandom> streams;
    for (std::int64_t row = 0; row < rows; ++row)
        streams.push_back(options.rowSeeds.empty()
                              ? SeededRandom(options.seed).fork(static_cast<std::uint64_t>(row))
                              : SeededRandom(options.rowSeeds[static_cast<std::size_t>(row)]));
    return streams;
}

void requireVocabulary(const torch::Tensor &logits, const GenerationOptions &options)
{
    const auto vocabulary = logits.size(1);
    for (const auto id : {options.eosId, options.padId, options.placeholderId}) {
        if (id >= vocabulary)
            throw Error(ErrorKind::InvalidInput, "generation: the token id " + std::to_string(id)
                                                     + " is not in the vocabulary of "
                                                     + std::to_string(vocabulary));
    }
}

torch::Tensor longTensor(const Ids &values)
{
    return torch::tensor(values, torch::kLong);
}

// One sequence for each row: the best token every time, or a drawn one.
Generated singleSequence(std::int64_t rows, const NextTokenStep &step,
                         const GenerationOptions &options)
{
    Generated result;
    result.ids.resize(static_cast<std::size_t>(rows));
    std::vector<bool> isDone(static_cast<std::size_t>(rows), false);
    const auto order = torch::arange(rows, torch::kLong);
    auto streams = streamsOf(rows, options);
    torch::Tensor tokens;
    for (std::int64_t n = 0; n < options.maxNewTokens; ++n) {
        auto logits = step(tokens, tokens.defined() ? order : torch::Tensor())
                          .to(torch::kCPU, torch::kFloat)
                          .contiguous();
        requireVocabulary(logits, options);
        Ids next(static_cast<std::size_t>(rows), options.padId);
        bool isOver = true;
        for (std::int64_t row = 0; row < rows; ++row) {
            const auto r = static_cast<std::size_t>(row);
            if (isDone[r])
                continue;
            float *scores = logits.data_ptr<float>() + row * logits.size(1);
            processScores(scores, result.ids[r], options);
            if (options.sample) {
                narrow(scores, logits.size(1), options, 1);
                next[r] = drawn(scores, logits.size(1), streams[r]);
            } else {
                next[r] = std::max_element(scores, scores + logits.size(1)) - scores;
            }
            result.ids[r].push_back(next[r]);
            isDone[r] = next[r] == options.eosId;
            isOver = isOver && isDone[r];
        }
        if (isOver)
            break;
        tokens = longTensor(next);
    }
    return result;
}

// The complete sentences of one row, at most numBeams of them.
class Hypotheses
{
public:
    explicit Hypotheses(const GenerationOptions &options) : m_options(options) {}

    // `length` as the convention counts it.
    void add(const Ids &ids, double sum, std::int64_t length)
    {
        const double score = sum / std::pow(static_cast<double>(length), m_options.lengthPenalty);
        if (isFull() && score <= m_worst)
            return;
        m_items.push_back({score, ids});
        if (static_cast<std::int64_t>(m_items.size()) > m_options.numBeams)
            m_items.erase(std::min_element(m_items.begin(), m_items.end(), isWorse));
        m_worst = std::min_element(m_items.begin(), m_items.end(), isWorse)->score;
    }

    // Whether no running beam can get better than what is here.
    bool isFinal(double bestSum, std::int64_t length) const
    {
        if (!isFull())
            return false;
        if (m_options.earlyStopping)
            return true;
        return m_worst >= bestSum / std::pow(static_cast<double>(length), m_options.lengthPenalty);
    }

    struct Item
    {
        double score;
        Ids ids;
    };
    // Of equal scores the latest.
    const Item &best() const
    {
        const Item *found = &m_items.front();
        for (const auto &item : m_items) {
            if (item.score >= found->score)
                found = &item;
        }
        return *found;
    }

private:
    static bool isWorse(const Item &a, const Item &b) { return a.score < b.score; }
    bool isFull() const { return static_cast<std::int64_t>(m_items.size()) >= m_options.numBeams; }

    const GenerationOptions &m_options;
    std::vector<Item> m_items;
    double m_worst = std::numeric_limits<double>::infinity();
};

// With beams as many tokens stay as can both end and continue.
constexpr std::int64_t kLeastOfABeam = 2;

// The search over all rows at once; beams of row r are r · numBeams ….
class BeamSearch
{
public:
    BeamSearch(std::int64_t rows, const GenerationOptions &options)
        : m_rows(rows),
          m_beams(options.numBeams),
          m_options(options),
          m_ids(static_cast<std::size_t>(rows * options.numBeams)),
          m_sums(static_cast<std::size_t>(rows * options.numBeams), -1e9F),
          m_isDone(static_cast<std::size_t>(rows), false),
          m_streams(streamsOf(rows, options)),
          m_found(static_cast<std::size_t>(rows), Hypotheses(options))
    {
        // All beams begin equal: only the first of each row may be continued. Drawn ones part.
        for (std::size_t i = 0; i < m_sums.size(); ++i) {
            if (options.sample || i % static_cast<std::size_t>(m_beams) == 0)
                m_sums[i] = 0.0F;
        }
    }

    Generated run(const NextTokenStep &step)
    {
        torch::Tensor tokens, order;
        for (m_length = 0; m_length < m_options.maxNewTokens && !isOver(); ++m_length) {
            const auto logits = step(tokens, order).to(torch::kCPU, torch::kFloat);
            requireVocabulary(logits, m_options);
            advance(torch::log_softmax(logits, -1).contiguous());
            tokens = longTensor(m_tokens);
            order = longTensor(m_order);
        }
        return finish();
    }

private:
    bool isOver() const
    {
        return std::all_of(m_isDone.begin(), m_isDone.end(), [](bool done) { return done; });
    }

    // New tokens with the end token, or placeholder plus new tokens without it: for a sentence that
    // ends now both give the same number.
    std::int64_t closedLength() const { return m_length + 1; }

    void advance(torch::Tensor scores)
    {
        const auto vocabulary = scores.size(1);
        // The older convention narrows the sums, the newer one what is added to them.
        const bool narrowsSums = m_options.lengthConvention == LengthConvention::WithPlaceholder;
        for (std::size_t i = 0; i < m_ids.size(); ++i) {
            float *row = scores.data_ptr<float>() + static_cast<std::int64_t>(i) * vocabulary;
            processScores(row, m_ids[i], m_options);
            if (m_options.sample && !narrowsSums)
                narrow(row, vocabulary, m_options, kLeastOfABeam);
            for (std::int64_t v = 0; v < vocabulary; ++v)
                row[v] += m_sums[i];
            if (m_options.sample && narrowsSums)
                narrow(row, vocabulary, m_options, kLeastOfABeam);
        }
        const auto wanted = std::min(2 * m_beams, m_beams * vocabulary);
        const auto candidates = bestOrDrawn(scores.view({m_rows, m_beams * vocabulary}), wanted);
        const auto &values = candidates.first, &indexes = candidates.second;

        m_tokens.assign(m_ids.size(), m_options.padId);
        m_order.resize(m_ids.size());
        std::vector<Ids> nextIds(m_ids.size());
        std::vector<float> nextSums(m_ids.size(), 0.0F);
        for (std::int64_t row = 0; row < m_rows; ++row)
            advanceRow(row, values.data_ptr<float>() + row * wanted,
                       indexes.data_ptr<std::int64_t>() + row * wanted, wanted, vocabulary, nextIds,
                       nextSums);
        m_ids = std::move(nextIds);
        m_sums = std::move(nextSums);
    }

    // Scores and indexes of the candidates of every row, [rows, wanted], best first.
    std::pair<torch::Tensor, torch::Tensor> bestOrDrawn(const torch::Tensor &scores,
                                                        std::int64_t wanted)
    {
        if (!m_options.sample) {
            const auto top = scores.topk(wanted, 1);
            return {std::get<0>(top).contiguous(), std::get<1>(top).contiguous()};
        }
        std::vector<torch::Tensor> indexes;
        for (std::int64_t row = 0; row < m_rows; ++row)
            indexes.push_back(longTensor(drawnWithoutReplacement(
                scores.data_ptr<float>() + row * scores.size(1), scores.size(1), wanted,
                m_streams[static_cast<std::size_t>(row)])));
        const auto chosen = torch::stack(indexes);
        return {scores.gather(1, chosen), chosen};
    }

    void advanceRow(std::int64_t row, const float *sums, const std::int64_t *candidates,
                    std::int64_t count, std::int64_t vocabulary, std::vector<Ids> &nextIds,
                    std::vector<float> &nextSums)
    {
        const auto first = static_cast<std::size_t>(row * m_beams);
        const auto r = static_cast<std::size_t>(row);
        std::int64_t filled = 0;
        for (std::int64_t rank = 0; !m_isDone[r] && rank < count && filled < m_beams; ++rank) {
            const auto source = first + static_cast<std::size_t>(candidates[rank] / vocabulary);
            const auto token = candidates[rank] % vocabulary;
            if (token == m_options.eosId) {
                if (rank < m_beams)
                    m_found[r].add(m_ids[source], sums[rank], closedLength());
                continue;
            }
            const auto target = first + static_cast<std::size_t>(filled++);
            nextIds[target] = m_ids[source];
            nextIds[target].push_back(token);
            nextSums[target] = sums[rank];
            m_tokens[target] = token;
            m_order[target] = static_cast<std::int64_t>(source);
        }
        if (!m_isDone[r])
            m_isDone[r] = m_found[r].isFinal(sums[0], closedLength());
        for (; filled < m_beams; ++filled)
            m_order[first + static_cast<std::size_t>(filled)] =
                static_cast<std::int64_t>(first) + filled;
    }

    Generated finish()
    {
        const std::int64_t openLength =
            m_length + (m_options.lengthConvention == LengthConvention::WithPlaceholder ? 1 : 0);
        Generated result;
        for (std::int64_t row = 0; row < m_rows; ++row) {
            const auto r = static_cast<std::size_t>(row);
            for (std::int64_t beam = 0; !m_isDone[r] && beam < m_beams; ++beam) {
                const auto i = static_cast<std::size_t>(row * m_beams + beam);
                m_found[r].add(m_ids[i], m_sums[i], openLength);
            }
            const auto &best = m_found[r].best();
            result.ids.push_back(best.ids);
            if (static_cast<std::int64_t>(best.ids.size()) < m_options.maxNewTokens)
                result.ids.back().push_back(m_options.eosId);
            result.scores.push_back(best.score);
        }
        return result;
    }

    std::int64_t m_rows;
    std::int64_t m_beams;
    const GenerationOptions &m_options;
    std::int64_t m_length = 0; // tokens generated so far
    std::vector<Ids> m_ids;
    std::vector<float> m_sums;
    std::vector<bool> m_isDone;
    std::vector<SeededRandom> m_streams;
    std::vector<Hypotheses> m_found;
    Ids m_tokens, m_order;
};

} // namespace

void KeyValueCache::append(torch::Tensor &newKeys, torch::Tensor &newValues)
{
    if (keys.defined()) {
        newKeys = torch::cat({keys, newKeys}, 2);
        newValues = torch::cat({values, newValues}, 2);
    }
    keys = newKeys;
    values = newValues;
}

void KeyValueCache::repeatRows(std::int64_t times)
{
    keys = keys.repeat_interleave(times, 0);
    values = values.repeat_interleave(times, 0);
}

void KeyValueCache::selectRows(const torch::Tensor &order)
{
    keys = keys.index_select(0, order);
    values = values.index_select(0, order);
}

void GenerationOptions::check() const
{
    const auto fail = [](const std::string &what) {
        throw Error(ErrorKind::InvalidInput, "generation: " + what);
    };
    if (numBeams < 1)
        fail("numBeams must be at least 1");
    if (maxNewTokens < 1)
        fail("maxNewTokens must be at least 1");
    if (minNewTokens < 0 || minNewTokens > maxNewTokens)
        fail("minNewTokens must be from 0 to maxNewTokens");
    if (!(repetitionPenalty > 0.0))
        fail("repetitionPenalty must be positive");
    if (!std::isfinite(lengthPenalty))
        fail("lengthPenalty must be a number");
    if (noRepeatNgram < 0)
        fail("noRepeatNgram must be 0 or more");
    if (!(temperature > 0.0) || !std::isfinite(temperature))
        fail("temperature must be greater than 0");
    if (topK < 0)
        fail("topK must be 0 or more");
    if (!(topP > 0.0 && topP <= 1.0))
        fail("topP must be greater than 0 and at most 1");
    if (eosId < 0 || padId < 0 || placeholderId < 0)
        fail("token ids must not be negative");
}

Generated generateTokens(std::int64_t rows, const NextTokenStep &step,
                         const GenerationOptions &options)
{
    options.check();
    if (rows == 0)
        return {};
    if (!options.rowSeeds.empty() && static_cast<std::int64_t>(options.rowSeeds.size()) != rows)
        throw Error(ErrorKind::InvalidInput,
                    "generation: " + std::to_string(options.rowSeeds.size()) + " rowSeeds for "
                        + std::to_string(rows) + " rows");
    if (options.numBeams == 1)
        return singleSequence(rows, step, options);
    return BeamSearch(rows, options).run(step);
}

} // namespace sapsam::nn
