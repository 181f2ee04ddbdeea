#include "core/base/file.h"
#include "core/pipeline/engines.h"
#include "core/pipeline/evaluation_report.h"
#include "core/store/edits.h"
#include "core/taxonomy/taxonomy.h"
#include "tests/ui/support/people_project.h"
#include "ui/pages/evaluation/evaluation_charts.h"
#include "ui/pages/evaluation/evaluation_page.h"
#include "ui/pages/evaluation/picture_strip.h"
#include "ui/support/action_registry.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"

#include <QAbstractItemModelTester>
#include <QAbstractSlider>
#include <QAction>
#include <QComboBox>
#include <QFile>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

constexpr int kSlowMs = 120'000; // for the real models on a loaded machine

QString modelsFolder()
{
    return QString::fromStdString(std::string(SAPSAM_SOURCE_DIR)) + QStringLiteral("/models");
}

template <typename Function>
ErrorReport errorOf(Function function)
{
    try {
        function();
    } catch (const std::exception &) {
        return reportOfCurrentException();
    }
    return {};
}

bool contains(const std::string &text, const char *part)
{
    return text.find(part) != std::string::npos;
}

const ProtocolBadge *badgeOf(const EvaluationReport &report, const char *code)
{
    for (const ProtocolBadge &badge : report.badges) {
        if (badge.code == code)
            return &badge;
    }
    return nullptr;
}

} // namespace

class TestEvaluationPage final : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    std::string m_project;
    std::unique_ptr<Engines> m_engines; // the real models, loaded once

    std::string makeProject(const char *name, const test::PeopleProject &options = {})
    {
        const std::string folder = toStdString(m_folder.filePath(QString::fromLatin1(name)));
        test::makePeopleProject(folder, options);
        return folder;
    }

    // The first two people are described by each other's words: misses, however good the model is.
    static void exchangeCaptions(const std::string &folder)
    {
        ProjectStore store = ProjectStore::open(folder);
        const std::vector<ImageRecord> images = store.images();
        Edit edit;
        edit.title = "Exchange captions";
        for (const auto &[to, from] : {std::pair{0, 1}, std::pair{1, 0}}) {
            const auto &mine = store.captions(images.at(std::size_t(to)).id);
            const auto &others = store.captions(images.at(std::size_t(from)).id);
            for (std::size_t i = 0; i < mine.size(); ++i) {
                Change change;
                change.kind = EditKind::Caption;
                change.key = std::to_string(mine[i].id);
                change.after = {{"image", images.at(std::size_t(to)).id},
                                {"text", others.at(i).text}};
                edit.changes.push_back(change);
            }
        }
        EditJournal(store).apply(edit);
    }

    // A page over a project of its own, with the paths that it asked the window to take.
    struct Window
    {
        std::unique_ptr<ProjectSession> session;
        ActionRegistry actions;
        std::unique_ptr<EvaluationPage> page;
        QList<qint64> opened;
        QStringList queries;
    };

    std::unique_ptr<Window> open(const std::string &project)
    {
        auto window = std::make_unique<Window>();
        SessionOptions options;
        options.modelsFolder = modelsFolder();
        options.engine.device = "cpu";
        options.palette = makePartPalette(defaultTaxonomy());
        window->session = std::make_unique<ProjectSession>(options);
        PageContext context;
        context.session = window->session.get();
        context.palette = options.palette;
        context.modelsFolder = options.modelsFolder;
        context.openPicture = [raw = window.get()](qint64 id) { raw->opened.append(id); };
        context.runQuery = [raw = window.get()](const QString &text) { raw->queries.append(text); };
        window->page = std::make_unique<EvaluationPage>(context);
        window->page->makeActions(window->actions);
        window->page->resize(1100, 760);
        QSignalSpy spy(window->session.get(), &ProjectSession::opened);
        window->session->open(toQString(project));
        if (spy.isEmpty())
            spy.wait(kSlowMs);
        return window;
    }

    void evaluate(Window &window, const EvaluationRequest &request, const char *kind = "retrieval")
    {
        window.page->startEvaluation(kind, {}, request);
        QTRY_VERIFY_WITH_TIMEOUT(!window.page->isEvaluating() && window.page->isSettled(), kSlowMs);
    }

private Q_SLOTS:
    void initTestCase()
    {
        initializeResources();
        QVERIFY(m_folder.isValid());
        EngineOptions options;
        options.device = "cpu";
        m_engines = std::make_unique<Engines>(toStdString(modelsFolder()), options);
        test::PeopleProject people;
        people.identities = 14;
        m_project = makeProject("people.sapsam", people);
    }

    void reportOfAProjectAgreesWithTheMetrics()
    {
        ProjectStore store = ProjectStore::open(m_project);
        EvaluationRequest request;
        request.split = "test";

        const EvaluationReport report = measureRetrieval(m_engines->retriever(), &store, request);

        QCOMPARE(report.gallery.size(), std::size_t(28));
        QCOMPARE(report.queries.size(), std::size_t(56));
        std::vector<QueryResult> results;
        for (const EvaluatedQuery &query : report.queries) {
            results.push_back(query.result);
            QCOMPARE(query.result.relevant, 2);
            QCOMPARE(query.top.size(), std::size_t(10));
            const int rank = query.result.firstRank;
            QVERIFY(rank >= 1);
            QCOMPARE(report.gallery[std::size_t(query.bestRight.picture)].identity, query.identity);
            if (rank <= 10)
                QCOMPARE(query.top[std::size_t(rank - 1)].picture, query.bestRight.picture);
            QCOMPARE(query.verdict.cause == FailureCause::None, rank == 1);
        }
        const RetrievalMetrics metrics = metricsOfResults(results);
        QVERIFY(std::abs(report.metric("R@1")->value.mean - metrics.rankOne) < 1e-9);
        QVERIFY(std::abs(report.metric("mAP")->value.mean - metrics.meanAveragePrecision) < 1e-9);
        QVERIFY(std::abs(report.cmc[4].mean - metrics.rankFive) < 1e-9);
        QVERIFY(report.metric("R@1")->value.low <= metrics.rankOne);
        QVERIFY(report.metric("R@1")->value.high >= metrics.rankOne);
        QVERIFY(badgeOf(report, "test-split"));
        QVERIFY(badgeOf(report, "no-leak"));
        QVERIFY(badgeOf(report, "few-people"));
    }

    void jsonRoundTripKeepsEverything()
    {
        ProjectStore store = ProjectStore::open(m_project);
        EvaluationRequest request;
        const EvaluationReport retrieval =
            measureRetrieval(m_engines->retriever(), &store, request);
        request.source = "synthetic";
        request.count = 3;
        const EvaluationReport parsing = measureParsing(m_engines->segmenter(), nullptr, request);
        for (const EvaluationReport *report : {&retrieval, &parsing}) {
            const OrderedJson json = jsonOf(*report);
            const EvaluationReport read = evaluationFromJson(Json(json), "test");
            QCOMPARE(jsonOf(read).dump(), json.dump());
            QVERIFY(contains(evaluationHtml(read), "</html>"));
        }
        QCOMPARE(parsing.pictures, 3);
        QCOMPARE(parsing.matrixNames.size(), std::size_t(10));
        QVERIFY(!parsing.classes.empty());
        const std::string csv = evaluationCsv(retrieval);
        QCOMPARE(std::count(csv.begin(), csv.end(), '\n'), std::ptrdiff_t(57));
    }

    void newerOrBrokenReportsAreRefused()
    {
        ProjectStore store = ProjectStore::open(m_project);
        Json json(jsonOf(measureRetrieval(m_engines->retriever(), &store, EvaluationRequest())));
        Json newer = json;
        newer["version"] = kEvaluationVersion + 1;
        const ErrorReport tooNew = errorOf([&] { evaluationFromJson(newer, "a.json"); });
        QCOMPARE(tooNew.kind, ErrorKind::Unsupported);
        QVERIFY(contains(tooNew.message, "newer version"));
        QVERIFY(contains(tooNew.message, "a.json"));
        Json broken = json;
        broken["queries"][0]["top"][0][0] = 4000;
        QCOMPARE(errorOf([&] { evaluationFromJson(broken, "a.json"); }).kind, ErrorKind::Corrupt);
        QCOMPARE(errorOf([&] { evaluationFromJson(Json::object(), "a.json"); }).kind,
                 ErrorKind::Corrupt);
        QCOMPARE(errorOf([&] { writeEvaluation({}, "report.pdf"); }).kind, ErrorKind::InvalidInput);
    }

    void projectsThatCannotBeMeasuredSayWhy()
    {
        const auto messageFor = [&](ProjectStore &store, const std::string &split) {
            EvaluationRequest request;
            request.split = split;
            return errorOf([&] { measureRetrieval(m_engines->retriever(), &store, request); });
        };
        test::PeopleProject silent;
        silent.withCaptions = false;
        silent.identities = 2;
        ProjectStore noCaptions = ProjectStore::open(makeProject("silent.sapsam", silent));
        QVERIFY(contains(messageFor(noCaptions, "test").message, "no caption"));
        const ErrorReport otherSplit = messageFor(noCaptions, "val");
        QCOMPARE(otherSplit.kind, ErrorKind::InvalidInput);
        QVERIFY(contains(otherSplit.message, "its splits are test"));
        ProjectStore empty =
            ProjectStore::create(toStdString(m_folder.filePath(QStringLiteral("empty.sapsam"))));
        QVERIFY(contains(messageFor(empty, "").message, "no picture"));
        ImageRecord record;
        record.path = "/nowhere/a.png";
        record.sha256 = std::string(64, 'a');
        record.width = 10;
        record.height = 10;
        record.source = "folder";
        const std::int64_t id = empty.addImage(record).id;
        empty.addCaption(id, "a man in a red coat");
        QVERIFY(contains(messageFor(empty, "").message, "identity"));
        QVERIFY(contains(errorOf([&] {
                             EvaluationRequest request;
                             measureParsing(m_engines->segmenter(), &empty, request);
                         }).message,
                         "nobody has drawn"));
    }

    void picturesThatVanishedAreNamedAndAnEmptyGalleryIsRefused()
    {
        test::PeopleProject few;
        few.identities = 2;
        ProjectStore store = ProjectStore::open(makeProject("vanishing.sapsam", few));
        const std::vector<ImageRecord> images = store.images();
        QVERIFY(QFile::remove(toQString(images.front().path)));
        const EvaluationReport report =
            measureRetrieval(m_engines->retriever(), &store, EvaluationRequest());
        QCOMPARE(report.skippedPictures.size(), std::size_t(1));
        QCOMPARE(report.gallery.size(), std::size_t(3));
        QCOMPARE(report.queries.size(), std::size_t(8)); // its captions are asked all the same
        QVERIFY(badgeOf(report, "skipped-pictures"));
        for (const ImageRecord &image : images)
            QFile::remove(toQString(image.path));
        const ErrorReport none =
            errorOf([&] { measureRetrieval(m_engines->retriever(), &store, EvaluationRequest()); });
        QVERIFY(contains(none.message, "gallery is empty"));
    }

    void featuresOfAnotherModelAreRefused()
    {
        ProjectStore store = ProjectStore::open(m_project);
        EvaluationRequest request;
        request.storedFeatures = true;
        const auto measureStored = [&] {
            return errorOf([&] { measureRetrieval(m_engines->retriever(), &store, request); });
        };
        QCOMPARE(measureStored().kind, ErrorKind::NotFound);
        const std::string other(64, 'b');
        store.recordModel("other", "retrieval", other, "clip");
        EmbeddingSetRecord set;
        set.modelName = "other";
        set.modelHash = other;
        set.dimension = 4;
        set.count = 0;
        set.file = "features/other.feat";
        store.recordEmbeddingSet(set);
        const ErrorReport mismatch = measureStored();
        QCOMPARE(mismatch.kind, ErrorKind::Mismatch);
        QVERIFY(contains(mismatch.message, "other"));
    }

    void leaksAndChangedCaptionsGetBadges()
    {
        test::PeopleProject few;
        few.identities = 3;
        const std::string folder = makeProject("leaky.sapsam", few);
        ProjectStore store = ProjectStore::open(folder);
        const ImageRecord first = store.images().front();
        ImageRecord copy = first;
        copy.path += "-copy.png";
        copy.split = "train";
        copy.id = 0;
        store.addImage(copy);
        Edit edit;
        edit.title = "Clean a caption";
        Change change;
        change.kind = EditKind::Caption;
        change.key = std::to_string(store.captions(first.id).front().id);
        change.after = {{"image", first.id}, {"text", "a clean caption"}};
        edit.changes = {change};
        EditJournal(store).apply(edit);
        EvaluationRequest request;
        request.split = "test";

        const EvaluationReport report = measureRetrieval(m_engines->retriever(), &store, request);

        QVERIFY(badgeOf(report, "identity-leak"));
        QCOMPARE(badgeOf(report, "identity-leak")->level, BadgeLevel::Problem);
        QVERIFY(badgeOf(report, "picture-leak"));
        QVERIFY(badgeOf(report, "edited-captions"));
        QVERIFY(!badgeOf(report, "no-leak"));
    }

    void runThatChoseOnTestIsFlagged_data()
    {
        QTest::addColumn<QString>("metrics");
        QTest::addColumn<QString>("badge");
        QTest::newRow("test") << R"({"step":1,"validation":{"R@1":50,"chosenOnTest":true}})"
                              << QStringLiteral("chosen-on-test");
        QTest::newRow("val, last line cut off")
            << "{\"step\":1,\"validation\":{\"R@1\":50}}\n{\"step\":2,\"valid"
            << QStringLiteral("chosen-on-val");
    }
    void runThatChoseOnTestIsFlagged()
    {
        QFETCH(QString, metrics);
        QFETCH(QString, badge);
        const std::string run =
            toStdString(m_folder.filePath(QStringLiteral("runs-") + badge + QStringLiteral("/r1")));
        makeFolder(run + "/model");
        const std::string shipped = toStdString(modelsFolder()) + "/sapsam-retrieval-small/";
        for (const char *file : {"config.json", "merges.txt", "model.safetensors",
                                 "preprocessor_config.json", "vocab.json"})
            writeFileAtomically(run + "/model/" + file, readFile(shipped + file));
        writeFileAtomically(run + "/config.json", R"({"task":"retrieval","name":"mine"})");
        writeFileAtomically(run + "/metrics.jsonl", toStdString(metrics));
        const auto models = evaluationModels(toStdString(modelsFolder()), run + "/..", "retrieval");
        QVERIFY(models.size() >= 2);
        QCOMPARE(models.front().name, std::string("sapsam-retrieval-small"));
        const auto mine = std::find_if(models.begin(), models.end(),
                                       [](const EvaluationModel &m) { return m.name == "mine"; });
        QVERIFY(mine != models.end());
        EvaluationRequest request;
        request.source = "synthetic";
        request.count = 2;

        const EvaluationReport report =
            measure("retrieval", mine->folder, *m_engines, nullptr, request);

        QVERIFY(badgeOf(report, badge.toUtf8().constData()));
        QVERIFY(!badgeOf(report, "unknown-choice"));
    }

    void diffNeedsTheSameGallery()
    {
        EvaluationRequest request;
        request.source = "synthetic";
        request.count = 4;
        const EvaluationReport four = measureRetrieval(m_engines->retriever(), nullptr, request);
        request.count = 5;
        const EvaluationReport five = measureRetrieval(m_engines->retriever(), nullptr, request);
        QCOMPARE(errorOf([&] { diffOf(four, five); }).kind, ErrorKind::Mismatch);
        const ModelDiff same = diffOf(four, four);
        QCOMPARE(same.same, 4);
        QCOMPARE(same.metrics.front().paired.difference.mean, 0.0);
        QVERIFY(four.anyLength.is_object());
        QVERIFY(badgeOf(four, "synthetic"));
        QVERIFY(!evaluationPicture(four.gallery.front().path).pixels.empty());
    }

    // The page --------------------------------------------------------------------------------

    void mainFlow()
    {
        test::PeopleProject people;
        people.identities = 30;
        people.picturesPerIdentity = 1;
        const std::string project = makeProject("flow.sapsam", people);
        exchangeCaptions(project);
        auto window = open(project);
        EvaluationPage &page = *window->page;
        const QAbstractItemModelTester listTester(
            page.list(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        const QAbstractItemModelTester causeTester(
            page.causes(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        const QAbstractItemModelTester missTester(
            page.misses(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        const QAbstractItemModelTester shiftTester(
            page.shifts(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        page.show();
        QTRY_VERIFY(page.isSettled());
        QVERIFY(page.report() == nullptr);

        EvaluationRequest request;
        request.split = "test";
        evaluate(*window, request);
        QVERIFY2(page.report() != nullptr, qPrintable(page.message()));
        QCOMPARE(page.list()->rowCount(), 1);
        QCOMPARE(page.report()->queries.size(), std::size_t(60));

        // Misses by cause: the counts add up to all of them.
        page.showTab(EvaluationPage::Failures);
        const int misses = static_cast<int>(page.report()->missesBeyond(1).size());
        QVERIFY(misses > 0);
        QCOMPARE(page.misses()->rowCount(), misses);
        int sum = 0;
        for (int row = 1; row < page.causes()->rowCount(); ++row) {
            const FailureCause cause = page.causes()->causeAt(row);
            sum += static_cast<int>(std::count_if(
                page.report()->queries.begin(), page.report()->queries.end(),
                [&](const EvaluatedQuery &query) { return query.verdict.cause == cause; }));
        }
        QCOMPARE(sum, misses);
        const EvaluatedQuery &shown =
            page.report()->queries[std::size_t(page.misses()->queryAt(0))];
        QCOMPARE(page.strip()->count(), 1 + std::min(10, shown.result.firstRank - 1));
        QTRY_VERIFY_WITH_TIMEOUT(page.isSettled(), kSlowMs);
        QTest::mouseClick(page.strip(), Qt::LeftButton, {}, {30, 60});
        QCOMPARE(window->opened.size(), 1);
        QCOMPARE(window->opened.front(),
                 qint64(page.report()->gallery[std::size_t(shown.bestRight.picture)].imageId));
        page.beyondBox()->setCurrentIndex(2);
        QCOMPARE(page.misses()->rowCount(),
                 static_cast<int>(page.report()->missesBeyond(10).size()));

        // A second evaluation, to compare with.
        evaluate(*window, request);
        QCOMPARE(page.list()->rowCount(), 2);
        page.showTab(EvaluationPage::Diff);
        QTRY_COMPARE_WITH_TIMEOUT(page.shifts()->rowCount(), 60, kSlowMs);

        for (int tab = 0; tab < EvaluationPage::TabCount; ++tab) {
            page.showTab(static_cast<EvaluationPage::Tab>(tab));
            QVERIFY(!page.grab().isNull());
        }

        const QString file = m_folder.filePath(QStringLiteral("bericht ä.json"));
        QSignalSpy exported(&page, &EvaluationPage::exported);
        page.exportTo(file);
        QTRY_COMPARE(exported.count(), 1);
        QCOMPARE(readEvaluation(toStdString(file)).galleryHash, page.report()->galleryHash);

        // What was kept is there again, newest first.
        const std::string hash = page.report()->queriesHash;
        window.reset();
        auto again = open(project);
        QTRY_VERIFY_WITH_TIMEOUT(again->page->report() != nullptr, kSlowMs);
        QCOMPARE(again->page->list()->rowCount(), 2);
        QCOMPARE(again->page->report()->queriesHash, hash);
    }

    void parsingFillsThePartsAndDisagreesWithRetrieval()
    {
        test::PeopleProject few;
        few.identities = 2;
        auto window = open(makeProject("parsing.sapsam", few));
        EvaluationRequest request;
        request.source = "synthetic";
        request.count = 3;
        evaluate(*window, request, "parsing");
        QVERIFY2(window->page->report() != nullptr, qPrintable(window->page->message()));
        QCOMPARE(window->page->report()->kind, std::string("parsing"));
        window->page->showTab(EvaluationPage::PerClass);
        auto *matrix = window->page->findChild<MatrixChart *>();
        QVERIFY(matrix != nullptr);
        matrix->resize(460, 380);
        QVERIFY(matrix->textAt({110, 20}).contains(QLatin1Char('%')));
        QVERIFY(matrix->textAt({2, 2}).isEmpty());
        QVERIFY(!window->page->grab().isNull());
    }

    void problemsAreShownAndNothingIsKept()
    {
        test::PeopleProject silent;
        silent.withCaptions = false;
        silent.identities = 2;
        auto window = open(makeProject("quiet.sapsam", silent));
        evaluate(*window, EvaluationRequest());
        QVERIFY(window->page->report() == nullptr);
        QVERIFY(window->page->message().contains(QStringLiteral("no caption")));
        QCOMPARE(window->page->list()->rowCount(), 0);
    }

    void dialogSaysWhatIsMissing()
    {
        EvaluateDialog::Choices choices;
        choices.splits = QStringList{QStringLiteral("train"), QStringLiteral("test")};
        choices.captioned = 4;
        EvaluateDialog none(choices);
        QVERIFY(none.problem().contains(QStringLiteral("no model")));
        QVERIFY(!none.startButton()->isEnabled());
        choices.retrieval = {{"small", "/models/small", "shipped"}};
        choices.parsing = {{"person", "/models/person", "shipped"}};
        EvaluateDialog dialog(choices);
        QVERIFY(dialog.problem().isEmpty());
        QCOMPARE(dialog.splitBox()->currentData().toString(), QStringLiteral("test"));
        QCOMPARE(dialog.request().split, std::string("test"));
        QCOMPARE(dialog.modelFolder(), std::string("/models/small"));
        dialog.kindBox()->setCurrentIndex(1);
        QVERIFY(!dialog.problem().isEmpty()); // nobody drew a part
        QCOMPARE(dialog.modelFolder(), std::string("/models/person"));
        dialog.sourceBox()->setCurrentIndex(1);
        QVERIFY(dialog.problem().contains(QStringLiteral("folder")));
        dialog.folderEdit()->setText(m_folder.filePath(QStringLiteral("not there")));
        QVERIFY(dialog.problem().contains(QStringLiteral("no such folder")));
        dialog.sourceBox()->setCurrentIndex(2);
        QVERIFY(dialog.startButton()->isEnabled());
        QCOMPARE(dialog.request().source, std::string("synthetic"));
    }

    void everyControlHasAName()
    {
        auto window = open(m_project);
        EvaluateDialog::Choices choices;
        EvaluateDialog dialog(choices);
        for (QWidget *root :
             {static_cast<QWidget *>(window->page.get()), static_cast<QWidget *>(&dialog)}) {
            for (QWidget *widget : root->findChildren<QWidget *>()) {
                if (qobject_cast<QScrollBar *>(widget) != nullptr
                    || widget->objectName().startsWith(QStringLiteral("qt_")))
                    continue;
                const auto *button = qobject_cast<QAbstractButton *>(widget);
                const bool isView = qobject_cast<QListView *>(widget) != nullptr
                                    || qobject_cast<QTableView *>(widget) != nullptr;
                // The popup lists of boxes are named by their boxes.
                if (isView && qobject_cast<QComboBox *>(widget->parentWidget()->parentWidget()))
                    continue;
                if (button != nullptr
                    && button->metaObject()->className() == QByteArray("QTableCornerButton"))
                    continue;
                if (button != nullptr && button->isHidden() && button->text().isEmpty())
                    continue; // an empty state that offers nothing
                if (button != nullptr || isView || qobject_cast<QComboBox *>(widget) != nullptr) {
                    QVERIFY2(!widget->accessibleName().isEmpty()
                                 || (button != nullptr && !button->text().isEmpty()),
                             widget->metaObject()->className());
                }
            }
        }
        QVERIFY(window->actions.clashes().isEmpty());
    }
};

QTEST_MAIN(TestEvaluationPage)
#include "tst_evaluation_page.moc"
