#include "core/pipeline/jobs.h"
#include "core/pipeline/ranking_files.h"
#include "core/pipeline/searcher.h"
#include "tests/ui/support/people_project.h"
#include "ui/gallery/thumbnail_cache.h"
#include "ui/gallery/thumbnail_grid.h"
#include "ui/jobs/project_session.h"
#include "ui/pages/search/explanation_panel.h"
#include "ui/pages/search/search_page.h"
#include "ui/pages/search/term_chip.h"
#include "ui/support/picture_source.h"
#include "ui/support/text.h"
#include "ui/widgets/empty_state.h"

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <algorithm>
#include <cmath>
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

private:
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
