#include "ui/jobs/job_runner.h"
#include "ui/models/gallery_model.h"
#include "ui/models/job_log_model.h"
#include "ui/models/part_model.h"

#include <QAbstractItemModelTester>
#include <QRegularExpression>
#include <QSemaphore>
#include <QSignalSpy>
#include <QTest>
#include <QThread>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

std::vector<GalleryItem> makeItems(int count)
{
    std::vector<GalleryItem> items;
    for (int number = 1; number <= count; ++number) {
        GalleryItem item;
        item.id = number;
        item.name = QStringLiteral("%1.png").arg(number);
        item.picture.id = number;
        items.push_back(item);
    }
    return items;
}

QList<qint64> idsOf(const GalleryModel &model)
{
    QList<qint64> ids;
    for (int row = 0; row < model.rowCount(); ++row)
        ids.append(model.idAt(row));
    return ids;
}

std::vector<PartRow> makeParts()
{
    PartRow coat;
    coat.group = QStringLiteral("clothes");
    coat.title = QStringLiteral("Upper clothes");
    coat.phrase = QStringLiteral("a black coat");
    coat.score = 0.87;
    coat.area = 0.2;
    coat.maskOrigin = QStringLiteral("model");
    PartRow pants = coat;
    pants.group = QStringLiteral("pants");
    pants.title = QStringLiteral("Pants");
    pants.phrase.clear();
    return {coat, pants};
}

} // namespace

class TestUiModels : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void newPicturesAreInsertedWithoutAReset()
    {
        GalleryModel model;
        const QAbstractItemModelTester tester(&model);
        model.setItems(makeItems(3));
        QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
        QSignalSpy inserts(&model, &QAbstractItemModel::rowsInserted);

        model.setItems(makeItems(5));

        QCOMPARE(resets.count(), 0);
        QCOMPARE(inserts.count(), 1);
        QCOMPARE(inserts[0][1].toInt(), 3);
        QCOMPARE(inserts[0][2].toInt(), 4);
        QCOMPARE(idsOf(model), QList<qint64>({1, 2, 3, 4, 5}));
    }

    void rankingShowsItsOrderAndItsScores()
    {
        GalleryModel model;
        const QAbstractItemModelTester tester(&model);
        model.setItems(makeItems(4));

        model.setRanking({{3, 1, 0.9, QStringLiteral("black coat 0.310")}, {1, 2, 0.4, {}}});

        QVERIFY(model.isRanked());
        QCOMPARE(idsOf(model), QList<qint64>({3, 1}));
        QCOMPARE(model.index(0).data(GalleryModel::RankRole).toInt(), 1);
        QCOMPARE(model.index(1).data(GalleryModel::ScoreRole).toDouble(), 0.4);
        QCOMPARE(model.rowOf(1), 1);
        QCOMPARE(model.rowOf(2), -1);
        QVERIFY(model.index(0)
                    .data(Qt::AccessibleTextRole)
                    .toString()
                    .contains(QStringLiteral("black coat 0.310")));
        model.clearRanking();
        QCOMPARE(model.rowCount(), 4);
        QVERIFY(!model.index(0).data(GalleryModel::RankRole).isValid());
    }

    void hitsAppearOnceTheirPicturesAreLoaded()
    {
        GalleryModel model;
        const QAbstractItemModelTester tester(&model);
        model.setItems(makeItems(1));
        model.setRanking({{2, 1, 0.9, {}}, {1, 2, 0.4, {}}});
        QCOMPARE(idsOf(model), QList<qint64>({1}));

        model.setItems(makeItems(2));

        QCOMPARE(idsOf(model), QList<qint64>({2, 1}));
    }

    void anotherProjectReplacesEverything()
    {
        GalleryModel model;
        const QAbstractItemModelTester tester(&model);
        model.setItems(makeItems(5));
        QSignalSpy resets(&model, &QAbstractItemModel::modelReset);

        model.setItems({});

        QCOMPARE(resets.count(), 1);
        QCOMPARE(model.rowCount(), 0);
        QCOMPARE(model.itemAt(0), nullptr);
        QCOMPARE(model.idAt(-1), qint64{0});
    }

    void partsSwitchTheirWholeGroup()
    {
        PartModel model;
        const QAbstractItemModelTester tester(&model);
        model.setParts(makeParts());
        QSignalSpy changes(&model, &PartModel::hiddenGroupsChanged);

        QVERIFY(model.setData(model.index(0), Qt::Unchecked, Qt::CheckStateRole));

        QCOMPARE(changes.count(), 1);
        QVERIFY(model.hiddenGroups().contains(QStringLiteral("clothes")));
        QCOMPARE(model.index(0).data(Qt::CheckStateRole).toInt(), static_cast<int>(Qt::Unchecked));
        QCOMPARE(model.index(1).data(Qt::CheckStateRole).toInt(), static_cast<int>(Qt::Checked));
        // The choice stays for the next picture.
        model.setParts(makeParts());
        QCOMPARE(model.index(0).data(Qt::CheckStateRole).toInt(), static_cast<int>(Qt::Unchecked));
        model.toggleGroup(QStringLiteral("clothes"));
        QVERIFY(model.hiddenGroups().isEmpty());
    }

    void partsSayWhatTheyAre()
    {
        PartModel model;
        const QAbstractItemModelTester tester(&model);
        model.setParts(makeParts());

        QCOMPARE(model.index(0).data(PartModel::PhraseRole).toString(),
                 QStringLiteral("a black coat"));
        QVERIFY(
            model.index(0).data(PartModel::DetailRole).toString().contains(QStringLiteral("0.87")));
        QVERIFY(model.index(1)
                    .data(Qt::AccessibleTextRole)
                    .toString()
                    .contains(QStringLiteral("no phrase yet")));
        // A phrase that is typed is a wish: the model shows it once it is stored.
        QSignalSpy edited(&model, &PartModel::phraseEdited);
        QVERIFY(model.setData(model.index(0), QStringLiteral(" a  grey coat "), Qt::EditRole));
        QCOMPARE(edited.count(), 1);
        QCOMPARE(edited.first().at(1).toString(), QStringLiteral("a grey coat"));
        QVERIFY(!model.setData(model.index(0), QStringLiteral("a black coat"), Qt::EditRole));
        QVERIFY(!model.setData(model.index(0), QStringLiteral("x"), Qt::DecorationRole));
    }

    void jobLogFollowsAJobFromWaitingToItsEnd()
    {
        JobRunner runner(QStringLiteral("test"));
        JobLogModel model;
        const QAbstractItemModelTester tester(&model);
        model.listenTo(&runner);
        QSemaphore gate;

        JobId job = 0;
        job = runner.start(
            QStringLiteral("Segment"), &model,
            [&gate](const CancelToken &, const ProgressSink &sink) {
                sink({"segmenting", 3, 12, 9.0});
                gate.acquire();
            },
            [&] {
                model.setReport(job, QStringLiteral("pictures: 12"),
                                {QStringLiteral("bad.png: it is empty")});
            });
        QCOMPARE(model.rowCount(), 1);
        QTRY_COMPARE(model.entry(job)->progress.done, std::int64_t{3});
        QCOMPARE(model.entry(job)->state, JobState::Running);
        QCOMPARE(model.openCount(), 1);
        QCOMPARE(model.index(0, 0).data(JobLogModel::FractionRole).toDouble(), 0.25);
        QVERIFY(!model.index(0, JobLogModel::TimeColumn).data().toString().isEmpty());

        gate.release();

        QTRY_COMPARE(model.entry(job)->state, JobState::Done);
        QCOMPARE(model.entry(job)->notes.size(), qsizetype{1});
        QVERIFY(
            model.index(0, JobLogModel::StateColumn).data().toString().contains(QLatin1Char('1')));
        QCOMPARE(model.running(), nullptr);
        model.clearFinished();
        QCOMPARE(model.rowCount(), 0);
    }

    void jobLogKeepsFailedAndCancelledJobsApart()
    {
        JobRunner runner(QStringLiteral("test"));
        JobLogModel model;
        const QAbstractItemModelTester tester(&model);
        model.listenTo(&runner);

        const JobId bad = runner.start(
            QStringLiteral("Embed"), &model,
            [](const CancelToken &, const ProgressSink &) {
                throw Error(ErrorKind::NoSpace, "the disk is full");
            },
            [] {});
        QTRY_COMPARE(model.entry(bad)->state, JobState::Failed);
        const JobId stopped = runner.start(
            QStringLiteral("Embed"), &model,
            [](const CancelToken &cancel, const ProgressSink &) {
                while (!cancel.isCancelled())
                    QThread::yieldCurrentThread();
            },
            [] {});
        QTRY_COMPARE(model.entry(stopped)->state, JobState::Running);
        runner.cancel(stopped);
        QTRY_COMPARE(model.entry(stopped)->state, JobState::Cancelled);

        QCOMPARE(model.entryAt(1)->id, stopped); // in the order of their start
        QCOMPARE(model.entry(bad)->error.message, std::string("the disk is full"));
        QVERIFY(
            model.index(0, 0).data(Qt::ToolTipRole).toString().contains(QStringLiteral("disk")));
    }

    void jobsWithoutATitleAreNotLogged()
    {
        JobRunner runner(QStringLiteral("test"));
        JobLogModel model;
        model.listenTo(&runner);
        QSignalSpy finished(&runner, &JobRunner::finished);

        runner.start(
            QString(), &model, [](const CancelToken &, const ProgressSink &) {}, [] {});

        QVERIFY(finished.wait());
        QCOMPARE(model.rowCount(), 0);
    }
};

QTEST_GUILESS_MAIN(TestUiModels)
#include "tst_ui_models.moc"
