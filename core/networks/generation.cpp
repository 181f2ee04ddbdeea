#include "core/networks/generation.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>

namespace sapsam::nn {

namespace {

using Ids = std::vector<std::int64_t>;

constexpr float kNever = -std::numeric_limits<float>::infinity();

// Makes tokens that were already said less likely (Keskar et al. 2019) and forbids the end before
// the shortest length. Works on one row of scores.
void processScores(float *scores, const Ids &generated, const GenerationOptions &options)
{
    if (options.repetitionPenalty != 1.0) {
        const auto penalty = static_cast<float>(options.repetitionPenalty);
        std::set<std::int64_t> seen(generated.begin(), generated.end());
        if (options.lengthConvention == LengthConvention::WithPlaceholder)
            seen.insert(options.placeholderId);
        for (const auto id : seen)
            scores[id] = scores[id] < 0.0F ? scores[id] * penalty : scores[id] / penalty;
    }
    if (static_cast<std::int64_t>(generated.size()) < options.minNewTokens)
        scores[options.eosId] = kNever;
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

Generated greedy(std::int64_t rows, const NextTokenStep &step, const GenerationOptions &options)
{
    Generated result;
    result.ids.resize(static_cast<std::size_t>(rows));
    std::vector<bool> isDone(static_cast<std::size_t>(rows), false);
    const auto order = torch::arange(rows, torch::kLong);
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
            next[r] = std::max_element(scores, scores + logits.size(1)) - scores;
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
          m_found(static_cast<std::size_t>(rows), Hypotheses(options))
    {
        // All beams begin equal: only the first of each row may be continued.
        for (std::int64_t row = 0; row < rows; ++row)
            m_sums[static_cast<std::size_t>(row * m_beams)] = 0.0F;
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
        for (std::size_t i = 0; i < m_ids.size(); ++i) {
            float *row = scores.data_ptr<float>() + static_cast<std::int64_t>(i) * vocabulary;
            processScores(row, m_ids[i], m_options);
            for (std::int64_t v = 0; v < vocabulary; ++v)
                row[v] += m_sums[i];
        }
        const auto wanted = std::min(2 * m_beams, m_beams * vocabulary);
        const auto top = scores.view({m_rows, m_beams * vocabulary}).topk(wanted, 1);
        const auto values = std::get<0>(top).contiguous();
        const auto indexes = std::get<1>(top).contiguous();

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
    std::vector<Hypotheses> m_found;
    Ids m_tokens, m_order;
};

} // namespace

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
    if (eosId < 0 || padId < 0 || placeholderId < 0)
        fail("token ids must not be negative");
}

Generated generateTokens(std::int64_t rows, const NextTokenStep &step,
                         const GenerationOptions &options)
{
    options.check();
    if (rows == 0)
        return {};
    if (options.numBeams == 1)
        return greedy(rows, step, options);
    return BeamSearch(rows, options).run(step);
}

} // namespace sapsam::nn
