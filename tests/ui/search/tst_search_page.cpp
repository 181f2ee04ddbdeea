#include "core/pipeline/jobs.h"
#include "core/pipeline/ranking_files.h"
#include "core/pipeline/searcher.h"
#include "core/store/taxonomy_versions.h"
#include "tests/ui/support/people_project.h"
#include "ui/canvas/picture_canvas.h"
#include "ui/gallery/thumbnail_cache.h"
#include "ui/gallery/thumbnail_grid.h"
#include "ui/jobs/project_session.h"
#include "ui/pages/search/calibration_dialog.h"
#include "ui/pages/search/explanation_panel.h"
#include "ui/pages/search/part_adder.h"
#include "ui/pages/search/query_chip.h"
#include "ui/pages/search/search_page.h"
#include "ui/pages/search/term_chip.h"
#include "ui/support/picture_source.h"
#include "ui/support/text.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/filter_edit.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QEnterEvent>
#include <QFrame>
#include <QImage>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

constexpr int kSlowMs = 120'000; // loading the models

QString modelsFolder()
{
    return QStringLiteral(SAPSAM_SOURCE_DIR "/models");
}

EngineOptions engineOptions()
{
    EngineOptions options;
    options.device = "cpu";
    return options;
}

} // namespace

// The page with the shipped models on a small project of drawn people.
class TestSearchPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        m_project = m_folder.filePath(QStringLiteral("people.sapsam")).toStdString();
        test::makePeopleProject(m_project);
        ProjectStore store = ProjectStore::open(m_project);
        Engines engines(modelsFolder().toStdString(), engineOptions());
        m_count = static_cast<int>(embedProject(store, engines, {}, {}).images);
        QVERIFY(m_count > 4);
    }

    void init()
    {
        SessionOptions options;
        options.modelsFolder = modelsFolder();
        options.engine = engineOptions();
        m_session = std::make_unique<ProjectSession>(options);
        m_cache = std::make_unique<ThumbnailCache>(readPicture, ThumbnailCache::Options{});
        PageContext context;
        context.session = m_session.get();
        context.thumbnails = m_cache.get();
        context.modelsFolder = modelsFolder();
        context.openPicture = [](qint64) {};
        context.showProblem = [this](const QString &, const ErrorReport &error) {
            m_problem = toQString(error.message);
        };
        m_page = std::make_unique<SearchPage>(context);
        m_page->resize(1100, 700);
        m_page->show();
        QSignalSpy loaded(m_session.get(), &ProjectSession::imagesLoaded);
        m_session->open(toQString(m_project));
        QTRY_COMPARE(loaded.count(), 1);
    }

    void cleanup()
    {
        m_session.reset();
        m_page.reset();
        m_cache.reset();
    }

    void thePageShowsWhatTheSearcherFinds()
    {
        const QAbstractItemModelTester tester(m_page->model());
        const std::string text = "a person in a black jacket and blue jeans";
        m_page->search(toQString(text));
        QTRY_COMPARE_WITH_TIMEOUT(m_page->model()->rowCount(), m_count, kSlowMs);
        QTRY_VERIFY(m_page->isSettled());

        ProjectStore store = ProjectStore::open(m_project, ProjectStore::Access::ReadOnly);
        Engines engines(modelsFolder().toStdString(), engineOptions());
        Searcher searcher(store, engines);
        SearchRequest request;
        request.text = text;
        request.top = 0;
        const SearchResponse expected = searcher.search(request);
        for (int row = 0; row < m_count; ++row) {
            const SearchHit &hit = expected.hits[static_cast<std::size_t>(row)];
            QCOMPARE(m_page->model()->idAt(row), static_cast<qint64>(hit.imageId));
            QCOMPARE(m_page->model()->hitAt(row)->score, hit.score);
        }
        QCOMPARE(m_page->chips().size(), qsizetype{2});
    }

    void contributionsAreLeaveOneOutAndAddUp()
    {
        m_page->search(QStringLiteral("a person in a black jacket and blue jeans"));
        QTRY_COMPARE_WITH_TIMEOUT(m_page->model()->rowCount(), m_count, kSlowMs);
        QTRY_VERIFY(m_page->isSettled());
        const SearchResponse whole = m_page->response();
        for (const SearchHit &hit : whole.hits) {
            double sum = 0.0;
            for (const Contribution &contribution : hit.contributions)
                sum += contribution.value;
            QVERIFY(std::abs(sum - hit.score) < 1e-9);
        }

        // Switching the first part off gives the score without it.
        m_page->chips().first()->enabledBox()->setChecked(false);
        QTRY_VERIFY(!m_page->response().structure.terms.front().enabled);
        QTRY_VERIFY(m_page->isSettled());
        for (const SearchHit &without : m_page->response().hits) {
            for (const SearchHit &hit : whole.hits) {
                if (hit.imageId == without.imageId)
                    QVERIFY(std::abs(hit.score - hit.contributions.front().value - without.score)
                            < 1e-5);
            }
        }
    }

    void whatIsDeniedGoesToTheEnd()
    {
        m_page->search(QStringLiteral("a person with a bag"));
        QTRY_COMPARE_WITH_TIMEOUT(m_page->model()->rowCount(), m_count, kSlowMs);
        m_page->chips().first()->notButton()->setChecked(true);
        QTRY_VERIFY(m_page->response().structure.terms.front().negated);
        QTRY_VERIFY(m_page->isSettled());
        bool hasBagBefore = false;
        for (const SearchHit &hit : m_page->response().hits) {
            const bool hasBag =
                std::any_of(hit.parts.begin(), hit.parts.end(),
                            [](const PartMatch &part) { return part.group == "bag"; });
            QVERIFY(hasBag || !hasBagBefore);
            hasBagBefore = hasBagBefore || hasBag;
        }
    }

    void aRejectedHitFallsAndComesBackWithHistory()
    {
        m_page->search(QStringLiteral("a person in a black jacket"));
        QTRY_COMPARE_WITH_TIMEOUT(m_page->model()->rowCount(), m_count, kSlowMs);
        QTRY_VERIFY(m_page->isSettled());
        const qint64 first = m_page->model()->idAt(0);
        m_page->grid()->setCurrentIndex(m_page->model()->index(0));
        m_page->judge(false);
        QTRY_COMPARE(m_page->model()->idAt(m_count - 1), first);
        QTRY_VERIFY(m_page->isSettled());
        m_page->goBack();
        QTRY_COMPARE(m_page->model()->idAt(0), first);
        QTRY_VERIFY(m_page->isSettled());
    }

    void whoSendsAHitAwayStaysWhereTheyAre()
    {
        m_page->search(QStringLiteral("a person in a black jacket"));
        QTRY_COMPARE_WITH_TIMEOUT(m_page->model()->rowCount(), m_count, kSlowMs);
        QTRY_VERIFY(m_page->isSettled());
        QVERIFY(m_page->feedbackChip() == nullptr);
        const qint64 rejected = m_page->model()->idAt(1);
        m_page->grid()->setCurrentIndex(m_page->model()->index(1));

        m_page->judge(false);

        QTRY_COMPARE(m_page->model()->idAt(m_count - 1), rejected);
        QTRY_VERIFY(m_page->isSettled());
        QCOMPARE(m_page->grid()->currentIndex().row(), 1);
        QVERIFY(m_page->feedbackChip() != nullptr);
        QVERIFY(m_page->feedbackChip()->text().contains(QStringLiteral("1 wrong")));
        QVERIFY(m_page->note().contains(QStringLiteral("judgements count")));
        m_page->feedbackChip()->removeButton()->click();
        QTRY_COMPARE(m_page->model()->idAt(1), rejected);
        QTRY_VERIFY(m_page->isSettled());
        QVERIFY(m_page->feedbackChip() == nullptr);
    }

    void aNewDescriptionBeginsAtItsFirstHit()
    {
        m_page->search(QStringLiteral("a person in a black jacket"));
        QTRY_COMPARE_WITH_TIMEOUT(m_page->model()->rowCount(), m_count, kSlowMs);
        QTRY_VERIFY(m_page->isSettled());
        m_page->grid()->setCurrentIndex(m_page->model()->index(m_count - 1));

        m_page->search(QStringLiteral("a woman in a red skirt"));

        QTRY_VERIFY(m_page->response().query == "a woman in a red skirt");
        QTRY_VERIFY(m_page->isSettled());
        QCOMPARE(m_page->grid()->currentIndex().row(), 0);
    }

    void wordsComposeWithAPersonUntilTheyAreTakenOut()
    {
        m_page->search(QStringLiteral("a person in a black jacket"));
        QTRY_COMPARE_WITH_TIMEOUT(m_page->model()->rowCount(), m_count, kSlowMs);
        QTRY_VERIFY(m_page->isSettled());
        const qint64 example = m_page->model()->idAt(2);
        m_page->grid()->setCurrentIndex(m_page->model()->index(2));

        m_page->composeWithThis();
        QTRY_VERIFY(m_page->response().structure.like.has_value());
        QTRY_VERIFY(m_page->isSettled());
        QCOMPARE(m_page->query().text, std::string("a person in a black jacket"));
        QCOMPARE(m_page->response().structure.like->imageId, std::int64_t{example});
        QVERIFY(m_page->exampleChip() != nullptr);
        QVERIFY(m_page->exampleChip()->text().startsWith(QStringLiteral("like ")));

        m_page->search(QStringLiteral("a red skirt"));
        QTRY_VERIFY(m_page->response().structure.text == "a red skirt");
        QTRY_VERIFY(m_page->isSettled());
        QVERIFY(m_page->response().structure.like.has_value());

        m_page->exampleChip()->removeButton()->click();
        QTRY_VERIFY(!m_page->response().structure.like.has_value());
        QTRY_VERIFY(m_page->isSettled());
        QVERIFY(m_page->exampleChip() == nullptr);
    }

    void aPieceThatIsPointedAtLightsItsRegion()
    {
        m_page->search(QStringLiteral("a person in a black jacket and blue jeans"));
        QTRY_COMPARE_WITH_TIMEOUT(m_page->model()->rowCount(), m_count, kSlowMs);
        QTRY_VERIFY(m_page->isSettled());
        auto *canvas = m_page->findChild<PictureCanvas *>();
        QVERIFY(canvas != nullptr);
        const QImage before = canvas->grab().toImage();
        QFrame *piece = nullptr;
        for (QFrame *row : m_page->explanation()->findChildren<QFrame *>()) {
            if (row->accessibleName().contains(QStringLiteral("blue jeans")))
                piece = row;
        }
        QVERIFY(piece != nullptr);

        QEnterEvent enter(QPointF(2, 2), QPointF(2, 2), QPointF(2, 2));
        QApplication::sendEvent(piece, &enter);
        const QImage lit = canvas->grab().toImage();
        QEvent leave(QEvent::Leave);
        QApplication::sendEvent(piece, &leave);

        QVERIFY(lit != before);
        QCOMPARE(canvas->grab().toImage(), before);
    }

    void aSavedSearchReopensToTheSameRanking()
    {
        m_page->search(QStringLiteral("a person in a black jacket"));
        QTRY_COMPARE_WITH_TIMEOUT(m_page->model()->rowCount(), m_count, kSlowMs);
        QTRY_VERIFY(m_page->isSettled());
        const QString file = m_folder.filePath(QStringLiteral("a.sapsamq"));
        m_page->saveSession(file);
        QTRY_VERIFY(QFile::exists(file));
        m_page->openSession(file);
        QTRY_VERIFY(m_page->message().contains(QStringLiteral("as it was saved")));
        QVERIFY(!m_page->message().contains(QStringLiteral("Not as")));
    }

    void aFileThatIsNoSearchIsRefused()
    {
        const QString file = m_folder.filePath(QStringLiteral("b.sapsamq"));
        QFile other(file);
        QVERIFY(other.open(QIODevice::WriteOnly));
        other.write("{\"format\":\"x\"}");
        other.close();
        m_page->openSession(file);
        QTRY_VERIFY(m_problem.contains(QStringLiteral("b.sapsamq")));
    }

    void anEmptyDescriptionIsTold()
    {
        m_page->search(QString());
        QTRY_VERIFY_WITH_TIMEOUT(m_page->message().contains(QStringLiteral("description")),
                                 kSlowMs);
    }

    void theFilterIsAppliedWhileOneTypes()
    {
        search(QStringLiteral("a person in a black jacket"));
        m_page->filterEdit()->setText(QStringLiteral("has:bag"));
        QTRY_VERIFY_WITH_TIMEOUT(m_page->response().structure.filter == "has:bag", kSlowMs);
        QTRY_VERIFY(m_page->isSettled());
        QVERIFY(m_page->model()->rowCount() < m_count);

        SearchQuery query = queryOf("a person in a black jacket");
        query.filter = "has:bag";
        expectTheRankingOf(query);

        // What cannot be read is told, and what is shown stays.
        const int before = m_page->model()->rowCount();
        m_page->filterEdit()->setText(QStringLiteral("has:bag rating>>"));
        QTRY_VERIFY(m_page->message().contains(QStringLiteral("column")));
        QCOMPARE(m_page->model()->rowCount(), before);
        // Nobody has all that: the page says by which filter.
        m_page->filterEdit()->setText(QStringLiteral("rating:5"));
        QTRY_VERIFY(m_page->showsEmptyState());
        // The next description keeps the filter until it is taken out.
        m_page->search(QStringLiteral("a person"));
        QTRY_COMPARE(m_page->response().structure.filter, std::string("rating:5"));
        m_page->filterEdit()->clear();
        QTRY_COMPARE(m_page->model()->rowCount(), m_count);
        QTRY_VERIFY(m_page->isSettled());
    }

    void aPartIsAddedByHandAndTakenOut()
    {
        search(QStringLiteral("a person in a black jacket"));
        const SearchResponse before = m_page->response();
        PartAdder *adder = m_page->partAdder();
        QTRY_VERIFY(adder->groupBox()->count() > 0);
        adder->begin();
        QVERIFY(!adder->addButton()->isEnabled());
        adder->groupBox()->setCurrentIndex(
            adder->groupBox()->findData(QStringLiteral("bag")));
        QTest::keyClicks(adder->textEdit(), QStringLiteral("a red backpack"));
        QTest::keyClick(adder->textEdit(), Qt::Key_Return);
        QTRY_COMPARE(m_page->response().structure.terms.size(), std::size_t{2});
        QTRY_VERIFY(m_page->isSettled());
        QCOMPARE(m_page->chips().size(), qsizetype{2});
        SearchQuery query = queryOf("a person in a black jacket");
        QueryTerm term;
        term.group = "bag";
        term.text = "a red backpack";
        query.terms.push_back(term);
        expectTheRankingOf(query);

        QVERIFY(m_page->chips().first()->removeButton() == nullptr); // of the sentence
        QTest::mouseClick(m_page->chips().last()->removeButton(), Qt::LeftButton);
        QTRY_COMPARE(m_page->response().structure.terms.size(), std::size_t{1});
        QTRY_VERIFY(m_page->isSettled());
        for (std::size_t i = 0; i < before.hits.size(); ++i)
            QCOMPARE(m_page->response().hits[i].imageId, before.hits[i].imageId);
    }

    void theShareOfThePictureIsWeighed()
    {
        search(QStringLiteral("a person in a black jacket"));
        QVERIFY(!m_page->shareSlider()->isVisibleTo(m_page.get()));
        const std::string file = m_page->response().hits.back().path;
        m_page->setExamplePicture(toQString(file));
        QTRY_COMPARE_WITH_TIMEOUT(m_page->response().structure.imageFile, file, kSlowMs);
        QTRY_VERIFY(m_page->shareSlider()->isVisibleTo(m_page.get()));
        m_page->shareSlider()->setValue(100);
        QTRY_COMPARE(m_page->response().structure.exampleShare, 1.0);
        QTRY_VERIFY(m_page->isSettled());
        // The picture alone finds itself.
        QCOMPARE(m_page->response().hits.front().path, file);
        SearchQuery query = queryOf("a person in a black jacket");
        query.imageFile = file;
        query.exampleShare = 1.0;
        expectTheRankingOf(query);
    }

    void reRankingIsSwitchedAndSaysWhy()
    {
        search(QStringLiteral("a person in a black jacket and blue jeans"));
        QVERIFY2(m_page->note().contains(QStringLiteral("mAP")), qPrintable(m_page->note()));
        m_page->rerankingBox()->setCurrentIndex(1);
        QTRY_VERIFY(m_page->response().isReranked);
        QTRY_VERIFY(m_page->isSettled());
        SearchQuery query = queryOf("a person in a black jacket and blue jeans");
        query.reranking = Reranking::On;
        expectTheRankingOf(query);
        m_page->rerankingBox()->setCurrentIndex(2);
        QTRY_VERIFY(!m_page->response().isReranked);
        QTRY_VERIFY(m_page->isSettled());
    }

    void theLineIsDrawnWhereHitsStopBeingLikely()
    {
        search(QStringLiteral("a black jacket"));
        const std::vector<SearchHit> hits = m_page->response().hits;
        StoredCalibration stored;
        LengthCalibration length;
        length.calibration.slope = 10.0;
        length.calibration.threshold = 0.5 * (hits[2].score + hits[3].score);
        length.calibration.offset = -10.0 * length.calibration.threshold;
        length.calibration.measured = 10;
        length.calibration.bins = {{0.2, 0.3, 6}, {0.8, 0.7, 4}};
        stored.lengths = {length};
        stored.source = "a test";
        const std::string model = m_page->response().modelHash;
        {
            // The same ranking, whatever the shipped calibration of the model says.
            ProjectStore store = ProjectStore::open(m_project);
            stored.reranked = stored.rerankByParts = m_page->response().isReranked;
            if (const auto shipped = storedCalibration(store, model))
                stored.weights = shipped->weights;
            storeCalibration(store, model, stored);
        }
        search(QStringLiteral("a black jacket"));
        QTRY_COMPARE(m_page->grid()->dividerRow(), 3);
        QVERIFY(!m_page->grid()->dividerRect().isEmpty());
        // Between what is above and what is below, which begins a line of its own.
        const QRect above = m_page->grid()->visualRect(m_page->model()->index(2));
        const QRect below = m_page->grid()->visualRect(m_page->model()->index(3));
        QVERIFY(m_page->grid()->dividerRect().top() >= above.bottom());
        QVERIFY(m_page->grid()->dividerRect().bottom() <= below.top());
        QCOMPARE(below.left(), m_page->grid()->visualRect(m_page->model()->index(0)).left());
        QCOMPARE(m_page->grid()->indexAt(below.center()).row(), 3);
        QCOMPARE(m_page->grid()->indexAt(above.center()).row(), 2);

        CalibrationDialog *dialog = m_page->showCalibration();
        QVERIFY(dialog != nullptr);
        QCOMPARE(dialog->table()->rowCount(), 1);
        dialog->close();
        {
            ProjectStore store = ProjectStore::open(m_project);
            store.setSetting("search.calibration." + model, "");
        }
    }

    void theMergesOfTheProjectNameTheChips()
    {
        search(QStringLiteral("a person in a black jacket"));
        Taxonomy taxonomy = defaultTaxonomy();
        taxonomy.name = "mine";
        for (PartGroup &group : taxonomy.groups) {
            if (group.name != "clothes")
                continue;
            group.name = "tops";
            group.title = "Tops of all kinds";
            group.colour = {1, 2, 3};
        }
        Edit edit;
        edit.title = "Other merges";
        edit.changes = {taxonomyChange(taxonomy)};
        m_session->edit(edit);
        QTRY_COMPARE(m_page->parts().title(QStringLiteral("tops")),
                     QStringLiteral("Tops of all kinds"));
        QTRY_VERIFY(m_page->response().termGroups.at(0).at(0) == "tops");
        QTRY_VERIFY(m_page->isSettled());
        QVERIFY(m_page->chips().first()->accessibleName().startsWith(
            QStringLiteral("Tops of all kinds")));
        QCOMPARE(m_page->parts().color(QStringLiteral("tops")), QColor(1, 2, 3));
        QSignalSpy edited(m_session.get(), &ProjectSession::edited);
        m_session->undoStack()->undo();
        QTRY_COMPARE(edited.count(), 1);
        QTRY_VERIFY(m_page->isSettled());
    }

    void wordsThatTheModelDoesNotKnowAreNamed()
    {
        search(QStringLiteral("a person in a black jacket with a qzxwvkjq"));
        QVERIFY2(m_page->message().contains(QStringLiteral("qzxwvkjq")),
                 qPrintable(m_page->message()));
        QCOMPARE(m_page->model()->rowCount(), m_count);
    }

    void featuresThatCannotBeUsedAreOfferedToBeMadeAgain_data()
    {
        QTest::addColumn<bool>("isOtherModel");

        QTest::newRow("of another model") << true;
        QTest::newRow("half-written") << false;
    }

    void featuresThatCannotBeUsedAreOfferedToBeMadeAgain()
    {
        QFETCH(bool, isOtherModel);
        const std::string copy =
            m_folder.filePath(QStringLiteral("copy-%1.sapsam").arg(isOtherModel)).toStdString();
        if (isOtherModel) {
            test::makePeopleProject(copy);
            ProjectStore store = ProjectStore::open(copy);
            EmbeddingSetRecord set;
            set.modelName = "other";
            set.modelHash = std::string(64, 'a');
            set.dimension = 8;
            set.count = m_count;
            set.file = "features/other";
            store.recordModel("other", "retrieval", set.modelHash, "elsewhere");
            store.recordEmbeddingSet(set);
        } else {
            std::filesystem::copy(m_project, copy, std::filesystem::copy_options::recursive);
            ProjectStore store = ProjectStore::open(copy, ProjectStore::Access::ReadOnly);
            std::filesystem::resize_file(copy + "/" + store.currentEmbeddingSet()->file, 200);
        }
        QSignalSpy loaded(m_session.get(), &ProjectSession::imagesLoaded);
        m_session->open(toQString(copy));
        QTRY_COMPARE(loaded.count(), 1);
        QSignalSpy wanted(m_page.get(), &SearchPage::embedRequested);
        m_page->search(QStringLiteral("a person"));
        QTRY_COMPARE_WITH_TIMEOUT(m_page->emptyState()->title(),
                                  QStringLiteral("The features cannot be used"), kSlowMs);
        Q_EMIT m_page->emptyState()->buttonClicked();
        QCOMPARE(wanted.count(), 1);
    }

private:
    void search(const QString &text)
    {
        m_page->search(text);
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled() && !m_page->response().hits.empty()
                                     && m_page->response().structure.text == toStdString(text),
                                 kSlowMs);
    }

    // The page shows what the command line finds.
    void expectTheRankingOf(const SearchQuery &query)
    {
        ProjectStore store = ProjectStore::open(m_project, ProjectStore::Access::ReadOnly);
        Engines engines(modelsFolder().toStdString(), engineOptions());
        Searcher searcher(store, engines);
        SearchRequest request;
        request.query = query;
        request.top = 0;
        const SearchResponse expected = searcher.search(request);
        QCOMPARE(m_page->response().hits.size(), expected.hits.size());
        for (std::size_t i = 0; i < expected.hits.size(); ++i) {
            QCOMPARE(m_page->response().hits[i].imageId, expected.hits[i].imageId);
            QCOMPARE(m_page->response().hits[i].score, expected.hits[i].score);
        }
    }

    QTemporaryDir m_folder;
    std::string m_project;
    int m_count = 0;
    QString m_problem;
    std::unique_ptr<ProjectSession> m_session;
    std::unique_ptr<ThumbnailCache> m_cache;
    std::unique_ptr<SearchPage> m_page;
};

QTEST_MAIN(TestSearchPage)
#include "tst_search_page.moc"
