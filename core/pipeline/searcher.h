#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/eval/calibration.h"
#include "core/pipeline/engines.h"
#include "core/search/ranking.h"
#include "core/search/search_query.h"
#include "core/store/project_store.h"
#include "core/taxonomy/taxonomy.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sapsam {

struct SearchRequest
{
    std::string text;     // a plain description; not looked at when there is a query
    int top = 20;         // 0 = the whole gallery
    int explainTop = 100; // hits that carry their parts; the others are explained when asked for
    std::optional<SearchQuery> query = std::nullopt;
    bool remember = true;     // in the project's history
    bool approximate = false; // candidates from the approximate index
};

// How one part of a hit answers the query.
struct PartMatch
{
    std::string group;
    std::string phrase; // what the engine wrote for that part
    std::string
        queryPhrase;    // the part of the description it answers; "" when none names this group
    double score = 0.0; // cosine of the two phrases' embeddings; 0 when queryPhrase is empty
};

// What one piece of the query did to the score of a hit: the score minus the score that the hit
// would have without this piece.
struct Contribution
{
    enum class Kind {
        Term,     // a part of the description
        Denied,   // a part that must not be there: 0, or negative where it is
        Example,  // the picture (or part) that shows what is looked for
        Feedback, // all judgements together
        Rest      // the score minus all others: what the pieces share, and words that are no part
    };
    Kind kind = Kind::Term;
    int term = -1;      // of SearchQuery::terms, for Term and Denied
    std::string group;  // of the region that answers, else of the query; may be empty
    std::string text;   // of the query
    std::string phrase; // of the region that answers; empty when none does
    double value = 0.0;
};

struct SearchHit
{
    int rank = 0; // from 1
    std::int64_t imageId = 0;
    std::string path;   // of the picture to show
    double score = 0.0; // see Searcher; a cosine in [-1, 1] for a plain description by the cosine
    std::vector<PartMatch> parts;
    std::vector<Contribution> contributions = {}; // add up to the score; empty when not explained
};

struct QueryPart
{
    std::string group;
    std::string text;
};

// What a score is worth for descriptions of so many words: a short one scores lower and is true of
// more people.
struct LengthCalibration
{
    int minWords = 1;
    int maxWords = 0; // 0: no end
    Calibration calibration;

    bool holdsFor(int words) const
    {
        return words >= minWords && (maxWords == 0 || words <= maxWords);
    }
};

// Where the hits stop being likely.
struct MatchLine
{
    double threshold = 0.0; // score
    int above = 0;          // hits that reach it
    bool isLast = false;    // the last hit shown reaches it: there may be more
    LengthCalibration fitted;
    Calibration here;   // the fitted one for the share of matches in this gallery
    double share = 0.0; // of the gallery that matches, as its scores tell: see shareOfMatches()
    std::string source; // what it was fitted on
};

// Why there is no line.
enum class NoLine {
    None, // there is one
    NoCalibration,
    NothingSaid,  // the scores of this model say too little
    NoPlainText,  // pictures and judgements are not calibrated
    OtherLength,  // the calibration holds for descriptions of another length
    OtherReranking // fitted with parts and asked without, or the other way round
};

// The weights of the score. The defaults are those that were best for the embedded models; a
// calibration may bring others.
struct ScoreWeights
{
    double phrase = 0.20;     // of the phrases of the parts, in deviations of the cosine
    double region = 0.05;     // of the pixels of the parts, likewise
    double match = 0.0;       // of ELCA's head where the model has one, likewise
    double denied = 1.0;      // a picture that has what must not be there falls below all others
    double relevant = 1.0;    // Rocchio's β, of the mean of what was judged relevant
    double notRelevant = 0.5; // Rocchio's γ
    double judgedPart = 0.15; // of each judged part's likeness
};

// What was measured of ranking by parts, mAP in percent.
struct RerankingMeasure
{
    double cosine = 0.0;
    double reranked = 0.0;
    std::int64_t queries = 0; // none of them used for fitting
    std::string source;       // on what
};

// What was measured of learning from judged hits, with a simulated user who judges the first hit
// that was not judged yet. Percent.
struct FeedbackMeasure
{
    // By the number of judged hits, from 0: how often a right picture has been met or stands first.
    std::vector<double> learned;
    std::vector<double> plain; // judged hits are only taken out
    // mAP of the pictures that were not judged, after the last of these.
    double restLearned = 0.0;
    double restPlain = 0.0;
    std::int64_t queries = 0;
    std::string source;
};

// What a search has to say about its answer. `text` is for the command line; a window words it by
// kind and values.
struct SearchWarning
{
    enum class Kind {
        CutOff,        // tokens of the description, tokens the model reads
        NoGroup,       // a part of the query and its group, which the merges do not have
        Merges,        // why the shipped merges stand in for the project's
        NoPart,        // nothing in the description names a part
        UnknownWords,  // each word
        NothingToDeny, // no part is known of any picture
        LatePhrases,   // how many are newer than the features
        NotEmbedded    // how many pictures
    };
    Kind kind = Kind::NoPart;
    std::vector<std::string> values;
    std::string text;
};

struct SearchResponse
{
    std::string query;
    std::string modelName;
    std::string modelHash;
    std::vector<QueryPart> parts;      // the description as understood, by the project's groups
    std::string taxonomyVersion;       // of the merges that were used
    // By term of the structure: the groups of the project that answer it, best first.
    std::vector<std::vector<std::string>> termGroups;
    std::vector<SearchWarning> warnings; // "the description is longer than the model reads: …"
    std::vector<SearchHit> hits;
    double encodeSeconds = 0.0;  // the text
    double rankSeconds = 0.0;    // everything after
    double explainSeconds = 0.0; // of rankSeconds
    SearchQuery structure;
    std::int64_t gallery = 0; // pictures that were ranked
    std::optional<MatchLine> line;
    NoLine noLine = NoLine::None;
    int words = 0;                          // of the description
    std::vector<LengthCalibration> lengths; // those that the model is calibrated for
    std::string calibrationSource;
    std::string lineNote;                   // why there is no line, in words
    bool isReranked = false;
    std::optional<RerankingMeasure> reranking; // nothing: not measured for this model
    std::string rerankingNote;                 // the same in words
    std::optional<FeedbackMeasure> feedback;   // nothing: not measured for this model
    std::int64_t queryId = 0;  // in the history; 0 when not kept
};

// The current merges of the project; the shipped ones, with the reason, when what is stored cannot be
// read: a search that can be done is not refused for them. Throws what reading the store throws.
Taxonomy searchTaxonomy(ProjectStore &store, std::string *problem = nullptr);

// Searches one project under its current merges (core/store/taxonomy_versions.h): they say which
// group answers which part of a description. Maps the features and reads them anew when they
// change. The same object serves the window and the command line, hence the same order.
//
// The score of a picture x, all vectors of unit length but F:
//   (1 − a) · Q·x + a · E(x) + σ/n · Σ w_t z_t(x) − Σ w_n g_n(x) + F·x + P(x)
// Q: the description. e is the embedding of its text without what is denied, e_t that without part
//    t as well ("a person" where nothing is left); Q is e + Σ (w_t − 1)(e − e_t), made a unit
//    vector: weight 1 is the text as said, weight 0 the text without the part.
// a, E: share and likeness of the example: its cosine, or for a part the largest cosine of the
//    regions of that group. a = 1 without a description.
// z_t: with re-ranking by parts, for the region of the part's group for which it is largest,
//    phrase · z(cosine of the part's words and the region's phrase)
//    + region · z(cosine of the part's words and the region's pixels);
//    z subtracts the mean over the gallery's regions of the group and divides by their deviation,
//    so it says how well a region answers compared with others, whatever the model's cosines are
//    like. 0 when the picture has no such region, or it has no phrase or pixels: not found says
//    nothing. Besides, where the model has ELCA's head, match · z(log odds that the part's words
//    belong to the picture), for the pictures whose cosine with e is largest where the
//    gallery is large; for the others this is 0, the mean.
// n: parts of the query that are not denied; σ: deviation of e·x over the gallery. Neither depends
//    on weights and switches, so what a part adds is what the score loses without it.
//    Means and deviations are those of an even sample where the gallery is large.
// g_n: what is denied: 1 when a region of the group is there and its phrase says the same (bare
//    "hat": any; with a colour that both name: the same colour; else a ramp over the cosine of the
//    phrases from 0.6 to 0.9), 0 when not.
// F: β · mean of what was judged relevant − γ · (mean of what was not − mean of the gallery): what
//    sets the wrong ones apart, not what all pictures have in common (Rocchio). P: what was said of
//    parts, likewise; a picture judged not relevant loses 1 besides.
// One thread at a time (the engine lane).
class Searcher
{
public:
    Searcher(ProjectStore &store, Engines &engines);
    ~Searcher();

    // What was asked and found is kept in the project's history, unless the project is read-only or
    // busy. Throws Error(InvalidInput) for an empty query, a filter that cannot be read (with the
    // place) and a part that the example has not, Error(NotFound) when nothing is embedded yet
    // (advice: embed) or an example is not there, Error(Mismatch) when the features come from
    // another model, Error(Corrupt) for damaged ones.
    SearchResponse search(const SearchRequest &request);

    // How the parts of any image answer the last search. Throws what ProjectStore throws.
    std::vector<PartMatch> explain(std::int64_t imageId);

    // The scores of all pictures, best first, and nothing else: for measuring. Throws as search().
    std::vector<RankedImage> rankAll(const SearchQuery &query);

    // Weights in place of those that the calibration of the model brings.
    void setWeights(const ScoreWeights &weights);
    // Those of the last search.
    const ScoreWeights &weights() const;

    // Builds and stores the approximate index; returns the number of its lists.
    int buildIndex(const CancelToken &cancel = {}, const ProgressSink &progress = {});

private:
    struct Private;
    std::unique_ptr<Private> d;
};

// The calibration of a model for this project: the project's own, else the one shipped with the
// program; nothing when there is none for this model.
struct StoredCalibration
{
    std::vector<LengthCalibration> lengths; // by rising length; they do not overlap
    std::string source;
    bool reranked = false;      // fitted on scores that were re-ranked by parts
    bool rerankByParts = false; // what was measured: parts raise the mAP
    std::optional<RerankingMeasure> reranking;
    std::optional<FeedbackMeasure> feedback;
    ScoreWeights weights;

    // Null when none holds for this length.
    const LengthCalibration *find(int words) const;
};
std::optional<StoredCalibration> storedCalibration(ProjectStore &store,
                                                   const std::string &modelHash);
// Throws what writing throws.
void storeCalibration(ProjectStore &store, const std::string &modelHash,
                      const StoredCalibration &calibration);
Json jsonOf(const StoredCalibration &calibration);
StoredCalibration calibrationOfJson(const Json &json, const std::string &origin);

} // namespace sapsam
