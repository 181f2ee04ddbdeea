#include "core/base/file.h"
#include "core/image/codec.h"
#include "core/pipeline/import.h"
#include "core/pipeline/jobs.h"
#include "core/pipeline/ranking_files.h"
#include "core/pipeline/searcher.h"
#include "core/store/taxonomy_versions.h"
#include "tests/core/pipeline/fake_engine.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

using namespace sapsam;
using test::FakeEngine;

namespace {

constexpr int kPictures = 9;

Image twoColours(int upper, int lower)
{
    Image image(16, 32, 3, 20);
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x)
            image.at(x, y)[y < image.height / 2 ? upper : lower] = 200;
    }
    return image;
}

void use(ProjectStore &store, const Taxonomy &taxonomy)
{
    EditJournal journal(store);
    Edit edit;
    edit.title = "Other merges";
    edit.changes = {taxonomyChange(taxonomy)};
    journal.apply(edit);
}

// The shipped merges with other names: "tops" for the upper clothes, and the scarf as a part.
Taxonomy otherMerges()
{
    Taxonomy taxonomy = defaultTaxonomy();
    taxonomy.name = "mine";
    for (PartGroup &group : taxonomy.groups) {
        if (group.name == "clothes")
            group.name = "tops";
        if (group.name == "tops")
            group.title = "Tops";
    }
    std::erase_if(taxonomy.groups, [](const PartGroup &group) { return group.name == "skirt"; });
    PartGroup scarf;
    scarf.name = "neck";
    scarf.title = "Around the neck";
    scarf.classes = {17};
    scarf.phrase = "the scarf";
    scarf.colour = {10, 20, 30};
    taxonomy.groups.push_back(scarf);
    taxonomy.version = taxonomyVersionOf(taxonomy);
    return taxonomy;
}

} // namespace

// Which parts of the project answer a query, and what is said about the scores, without models.
class TestSearcher : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        FakeEngine::reset();
        m_folder = std::make_unique<QTemporaryDir>();
        const std::string pictures = path("pictures");
        std::filesystem::create_directories(pictures);
        test::makeFakeModels(path("models"));
        m_engines = std::make_unique<Engines>(path("models"), EngineOptions{});
        m_store = std::make_unique<ProjectStore>(ProjectStore::create(path("p.sapsam")));
        for (int i = 0; i < kPictures; ++i)
            writeFileAtomically(pictures + "/" + std::to_string(i) + ".png",
                                encodePng(twoColours(i % 3, i / 3)));
        ImportOptions options;
        options.paths = {pictures};
        importPaths(*m_store, options, {}, {});
        segmentProject(*m_store, *m_engines, {}, {});
        phraseProject(*m_store, *m_engines, {}, {});
        embedProject(*m_store, *m_engines, {}, {});
    }
    void cleanup()
    {
        m_store.reset();
        m_engines.reset();
    }

    void theGroupsOfTheProjectAnswer()
    {
        const std::string text = "a woman in a red jacket and blue jeans";
        const SearchResponse shipped = search(queryOf(text));
        use(*m_store, otherMerges());
        renameRegions("clothes", "tops");
        embedProject(*m_store, *m_engines, {}, {});

        const Taxonomy taxonomy = searchTaxonomy(*m_store);
        SearchQuery query = queryOf(text, taxonomy);
        query.reranking = Reranking::On;
        const SearchResponse response = search(query);

        QCOMPARE(response.taxonomyVersion, taxonomy.version);
        QCOMPARE(response.parts.at(0).group, std::string("tops"));
        QCOMPARE(response.termGroups.at(0), std::vector<std::string>{"tops"});
        QCOMPARE(response.termGroups.at(1), std::vector<std::string>{"pants"});
        for (const SearchHit &hit : response.hits) {
            QCOMPARE(hit.parts.at(0).group, std::string("tops"));
            QCOMPARE(hit.parts.at(0).queryPhrase, std::string("a red jacket"));
            QCOMPARE(hit.contributions.at(0).group, std::string("tops"));
            QVERIFY(!hit.contributions.at(0).phrase.empty());
        }
        // The names decide nothing: re-ranked under the shipped ones it is the same order.
        use(*m_store, defaultTaxonomy());
        renameRegions("tops", "clothes");
        embedProject(*m_store, *m_engines, {}, {});
        const SearchResponse again = search(query);
        QCOMPARE(again.hits.size(), response.hits.size());
        for (std::size_t i = 0; i < again.hits.size(); ++i) {
            QCOMPARE(again.hits[i].imageId, response.hits[i].imageId);
            QCOMPARE(again.hits[i].score, response.hits[i].score);
        }
        QCOMPARE(shipped.parts.at(0).group, std::string("clothes"));
    }

    void aPartOfTheProjectAloneIsUnderstood()
    {
        use(*m_store, otherMerges());
        const Taxonomy taxonomy = searchTaxonomy(*m_store);
        const SearchQuery query = queryOf("a man with a red scarf but no scarves", taxonomy);
        QCOMPARE(query.terms.size(), std::size_t{2});
        QCOMPARE(query.terms[0].group, std::string("neck"));
        QCOMPARE(query.terms[0].text, std::string("a red scarf"));
        QVERIFY(query.terms[1].negated);
        QVERIFY(queryOf("a man with a red scarf").terms.empty());
    }

    void whatIsDeniedIsDeniedInTheGroupsOfTheProject()
    {
        use(*m_store, otherMerges());
        renameRegions("clothes", "tops");
        SearchQuery query = queryOf("a person", searchTaxonomy(*m_store));
        QueryTerm term;
        term.group = "clothes";
        term.text = "a red jacket";
        term.negated = true;
        query.terms.push_back(term);
        const SearchResponse response = search(query);
        for (const SearchHit &hit : response.hits)
            QCOMPARE(hit.score < 0.0, hit.parts.at(0).phrase == "red jacket");
        // A part chosen by hand names a group of the project.
        query.terms[0].group = "tops";
        const SearchResponse byHand = search(query);
        for (std::size_t i = 0; i < byHand.hits.size(); ++i)
            QCOMPARE(byHand.hits[i].score, response.hits[i].score);
    }

    void aPartThatTheMergesLackIsTold()
    {
        use(*m_store, otherMerges());
        const SearchResponse response =
            search(queryOf("a woman in a red skirt", searchTaxonomy(*m_store)));
        QVERIFY(std::any_of(
            response.warnings.begin(), response.warnings.end(), [](const SearchWarning &warning) {
                return warning.text.find("no part for \"a red skirt\"") != std::string::npos;
            }));
        QCOMPARE(response.hits.size(), std::size_t{kPictures});
    }

    void damagedMergesDoNotStopTheSearch()
    {
        m_store->setSetting(kCurrentTaxonomyKey, "{\"groups\": 3");
        const SearchResponse response = search(queryOf("a red jacket"));
        QCOMPARE(response.hits.size(), std::size_t{kPictures});
        QVERIFY(response.warnings.at(0).text.find("shipped merges") != std::string::npos);
    }

    void aSavedSearchSaysThatTheMergesChanged()
    {
        const SearchResponse before = search(queryOf("a red jacket"));
        const std::string file = path("a.sapsamq");
        writeSession(file, sessionOf(*m_store, before));
        use(*m_store, otherMerges());
        const std::vector<std::string> changes =
            changesSince(readSession(file), *m_store, search(queryOf("a red jacket")));
        QCOMPARE(changes.size(), std::size_t{1});
        QVERIFY(changes[0].find("merges") != std::string::npos);
    }

    void theLineIsThatOfTheLength_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("reason");
        QTest::addColumn<double>("threshold");

        const auto none = static_cast<int>(NoLine::None);
        QTest::newRow("short") << "red jacket" << none << 0.25;
        QTest::newRow("long") << "a woman who walks in a red jacket" << none << 0.75;
        QTest::newRow("between") << "woman red jacket blue"
                                 << static_cast<int>(NoLine::OtherLength) << 0.0;
    }

    void theLineIsThatOfTheLength()
    {
        QFETCH(QString, text);
        QFETCH(int, reason);
        QFETCH(double, threshold);
        storeCalibration(*m_store, FakeEngine::retrieverHash, twoLengths());

        const SearchResponse response = search(queryOf(text.toStdString()));

        QCOMPARE(static_cast<int>(response.noLine), reason);
        QCOMPARE(response.line.has_value(), threshold > 0.0);
        QCOMPARE(response.lengths.size(), std::size_t{2});
        if (response.line) {
            QCOMPARE(response.line->threshold, threshold);
            const auto above = std::count_if(
                response.hits.begin(), response.hits.end(),
                [&](const SearchHit &hit) { return hit.score >= threshold; });
            QCOMPARE(response.line->above, static_cast<int>(above));
        } else {
            QVERIFY(response.lineNote.find("1 to 3, 6 and more") != std::string::npos);
        }
    }

    void judgedAndRerankedScoresHaveNoLine()
    {
        storeCalibration(*m_store, FakeEngine::retrieverHash, twoLengths());
        SearchQuery query = queryOf("red jacket");
        query.reranking = Reranking::On;
        QCOMPARE(search(query).noLine, NoLine::OtherReranking);
        query.reranking = Reranking::Off;
        query.feedback = {{m_store->imageIds().front(), "", true}};
        QCOMPARE(search(query).noLine, NoLine::NoPlainText);
    }

    void theLineMovesWithTheShareOfMatches()
    {
        StoredCalibration stored = twoLengths();
        for (LengthCalibration &length : stored.lengths) {
            length.calibration.pairs = 1000;
            length.calibration.matches = 10;
        }
        storeCalibration(*m_store, FakeEngine::retrieverHash, stored);
        const SearchResponse response = search(queryOf("red jacket"));
        QVERIFY(response.line.has_value());
        std::vector<double> scores;
        for (const SearchHit &hit : response.hits)
            scores.push_back(hit.score);
        const Calibration &fitted = stored.lengths[0].calibration;
        QVERIFY(std::abs(response.line->share - shareOfMatches(fitted, scores)) < 1e-6);
        QVERIFY(response.line->share > 0.01); // three of nine are red
        QVERIFY(response.line->threshold < fitted.threshold);
        QCOMPARE(response.line->here.threshold, response.line->threshold);
        QCOMPARE(response.line->fitted.calibration.threshold, fitted.threshold);
    }

    void whatAPartAddsIsWhatTheScoreLosesWithoutIt()
    {
        SearchQuery query = queryOf("a woman in a red jacket and blue jeans");
        query.reranking = Reranking::On;
        query.terms[1].weight = 1.5;
        const SearchResponse whole = search(query);
        for (std::size_t term = 0; term < query.terms.size(); ++term) {
            SearchQuery without = query;
            without.terms[term].enabled = false;
            const SearchResponse rest = search(without);
            for (const SearchHit &hit : whole.hits) {
                double sum = 0.0;
                for (const Contribution &contribution : hit.contributions)
                    sum += contribution.value;
                QVERIFY(std::abs(sum - hit.score) < 1e-9);
                const auto same =
                    std::find_if(rest.hits.begin(), rest.hits.end(), [&](const SearchHit &other) {
                        return other.imageId == hit.imageId;
                    });
                QVERIFY(same != rest.hits.end());
                QVERIFY(std::abs(hit.score - same->score - hit.contributions[term].value) < 1e-5);
            }
        }
    }

    void aHeadThatMatchesPhrasesCountsByItsShare()
    {
        SearchQuery query = queryOf("a woman in a red jacket and blue jeans");
        query.reranking = Reranking::On;
        StoredCalibration stored = twoLengths();
        stored.weights.phrase = stored.weights.region = 0.0;
        stored.weights.match = 0.5;
        storeCalibration(*m_store, FakeEngine::retrieverHash, stored);
        const SearchResponse without = search(query); // the model has none
        FakeEngine::matchesPhrases = true;
        const SearchResponse early = search(query); // embedded when it had none

        const EmbedReport again = embedProject(*m_store, *m_engines, {}, {});
        const SearchResponse matched = search(query);

        QCOMPARE(again.images, std::int64_t(kPictures)); // for the lengths
        QCOMPARE(embedProject(*m_store, *m_engines, {}, {}).images, std::int64_t(0));
        std::map<std::int64_t, double> plain, gained;
        for (const SearchHit &hit : without.hits)
            plain[hit.imageId] = hit.score;
        for (const SearchHit &hit : early.hits)
            QCOMPARE(hit.score, plain.at(hit.imageId));
        for (const SearchHit &hit : matched.hits) {
            gained[hit.imageId] = hit.score - plain.at(hit.imageId);
            double sum = 0.0;
            for (const Contribution &contribution : hit.contributions)
                sum += contribution.value;
            QVERIFY(std::abs(sum - hit.score) < 1e-9);
        }
        // Standardised: as much is gained as lost. Bluer pictures gain, and equal ones the same.
        double total = 0.0;
        for (const auto &[id, value] : gained)
            total += value;
        QVERIFY2(std::abs(total) < 1e-5, std::to_string(total).c_str());
        const auto [least, most] =
            std::minmax_element(gained.begin(), gained.end(),
                                [](const auto &a, const auto &b) { return a.second < b.second; });
        QVERIFY(least->second < -1e-3);
        QVERIFY(most->second > 1e-3);
        const auto blueOf = [&](std::int64_t id) {
            const Image picture = readImage(m_store->picturePath(m_store->image(id)));
            double sum = 0.0;
            for (int y = 0; y < picture.height; ++y)
                sum += picture.at(0, y)[2];
            return sum;
        };
        QVERIFY(blueOf(most->first) > blueOf(least->first));
        // A part that is switched off takes its share along.
        query.terms[0].enabled = query.terms[1].enabled = false;
        const SearchResponse off = search(query);
        FakeEngine::matchesPhrases = false;
        const SearchResponse offPlain = search(query);
        for (std::size_t i = 0; i < off.hits.size(); ++i)
            QCOMPARE(off.hits[i].score, offPlain.hits[i].score);
    }

    void theCalibrationBringsTheWeights()
    {
        SearchQuery query = queryOf("a red jacket");
        query.reranking = Reranking::Off;
        const SearchResponse plain = search(query);
        query.reranking = Reranking::On;
        const SearchResponse usual = search(query);
        StoredCalibration stored = twoLengths();
        stored.weights.phrase = stored.weights.region = 0.0;
        storeCalibration(*m_store, FakeEngine::retrieverHash, stored);
        const SearchResponse nothing = search(query);
        double moved = 0.0;
        for (std::size_t i = 0; i < plain.hits.size(); ++i) {
            QCOMPARE(nothing.hits[i].imageId, plain.hits[i].imageId);
            QCOMPARE(nothing.hits[i].score, plain.hits[i].score);
            moved += std::abs(usual.hits[i].score - plain.hits[i].score);
        }
        QVERIFY(moved > 0.0);
    }

    void rankingAllIsTheSearchWithoutHits()
    {
        SearchQuery query = queryOf("a red jacket without a hat");
        query.reranking = Reranking::On;
        const SearchResponse response = search(query);
        Searcher searcher(*m_store, *m_engines);
        const std::vector<RankedImage> ranked = searcher.rankAll(query);
        QCOMPARE(ranked.size(), response.hits.size());
        for (std::size_t i = 0; i < ranked.size(); ++i) {
            QCOMPARE(ranked[i].imageId, response.hits[i].imageId);
            QCOMPARE(static_cast<double>(ranked[i].score), response.hits[i].score);
        }
    }

    // What all pictures have in common is no reason to send one away.
    void rejectingTheWholeGallerySaysNothing()
    {
        SearchQuery query = queryOf("a red jacket");
        query.reranking = Reranking::Off;
        const SearchResponse plain = search(query);
        for (const std::int64_t id : m_store->imageIds())
            query.feedback.push_back({id, "", false});
        const SearchResponse rejected = search(query);
        for (std::size_t i = 0; i < plain.hits.size(); ++i)
            QVERIFY(std::abs(rejected.hits[i].score - (plain.hits[i].score - 1.0)) < 1e-4);
    }

    void aCalibrationIsStoredAsItIs()
    {
        StoredCalibration stored = twoLengths();
        stored.reranking = RerankingMeasure{81.5, 82.25, 200, "drawn people"};
        stored.rerankByParts = true;
        stored.weights.match = 0.4;
        stored.weights.phrase = 0.375;
        stored.weights.notRelevant = 0.125;
        stored.feedback = FeedbackMeasure{{80.0, 90.5}, {80.0, 90.0}, 75.5, 70.0, 60, "clicks"};
        storeCalibration(*m_store, FakeEngine::retrieverHash, stored);
        const auto read = storedCalibration(*m_store, FakeEngine::retrieverHash);
        QVERIFY(read.has_value());
        QCOMPARE(jsonOf(*read).dump(), jsonOf(stored).dump());
        QCOMPARE(search(queryOf("red jacket")).isReranked, true);
        VERIFY_ERROR(calibrationOfJson(Json::object(), "x.json"), ErrorKind::Corrupt, "x.json");
    }

private:
    std::string path(const char *name) const
    {
        return m_folder->filePath(QString::fromLatin1(name)).toStdString();
    }

    SearchResponse search(const SearchQuery &query)
    {
        Searcher searcher(*m_store, *m_engines);
        SearchRequest request;
        request.query = query;
        request.top = 0;
        return searcher.search(request);
    }

    // As a change of the merges does it.
    void renameRegions(const std::string &from, const std::string &to)
    {
        EditJournal journal(*m_store);
        Edit edit;
        edit.title = "Rename";
        for (const std::int64_t id : m_store->imageIds()) {
            for (const RegionRecord &region : m_store->regions(id)) {
                if (region.group != from)
                    continue;
                RegionRecord renamed = region;
                renamed.group = to;
                edit.changes.push_back({EditKind::Region, std::to_string(region.id), {},
                                        regionValue(renamed)});
            }
        }
        journal.apply(edit);
    }

    static StoredCalibration twoLengths()
    {
        const auto at = [](int from, int until, double threshold) {
            LengthCalibration length;
            length.minWords = from;
            length.maxWords = until;
            length.calibration.slope = 8.0;
            length.calibration.offset = -8.0 * threshold;
            length.calibration.threshold = threshold;
            length.calibration.measured = 90;
            length.calibration.bins = {{0.25, 0.5, 90}};
            return length;
        };
        StoredCalibration stored;
        stored.lengths = {at(1, 3, 0.25), at(6, 0, 0.75)};
        stored.source = "a test";
        return stored;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<ProjectStore> m_store;
    std::unique_ptr<Engines> m_engines;
};

QTEST_GUILESS_MAIN(TestSearcher)
#include "tst_searcher.moc"
