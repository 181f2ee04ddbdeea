// The gallery on the command line: list, tag, rate, review, views, duplicates and map, end to end.
#include "core/base/file.h"
#include "core/search/feature_file.h"
#include "core/store/edits.h"
#include "core/store/gallery_query.h"
#include "core/store/project_store.h"
#include "tests/ui/support/people_project.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <memory>

using namespace sapsam;

namespace {

struct Run
{
    int exitCode = -1;
    QJsonObject json;
    QByteArray out;
    QByteArray err;

    QString error() const
    {
        return json[QStringLiteral("error")].toObject()[QStringLiteral("message")].toString();
    }
    QList<int> images() const { return idsOf(json[QStringLiteral("images")].toArray()); }
    static QList<int> idsOf(const QJsonArray &array)
    {
        QList<int> ids;
        for (const QJsonValue &value : array)
            ids.append(value.toObject()[QStringLiteral("image")].toInt());
        return ids;
    }
};

Run runProgram(const QStringList &arguments)
{
    QProcess process;
    process.start(QStringLiteral(SAPSAM_PROGRAM), arguments);
    Run run;
    if (!process.waitForFinished(240'000)) {
        process.kill();
        process.waitForFinished();
        run.err = "timed out";
        return run;
    }
    run.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    run.out = process.readAllStandardOutput();
    run.err = process.readAllStandardError();
    run.json = QJsonDocument::fromJson(run.out).object();
    return run;
}

// "list --filter has:hat" behind the project's folder; quotes are not needed anywhere here.
Run call(const QString &project, const char *line)
{
    QStringList words = QString::fromUtf8(line).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    const bool isGroup = words.first() == QLatin1String("views");
    words.insert(isGroup ? 2 : 1, project);
    words.prepend(QStringLiteral("--json"));
    return runProgram(words);
}

} // namespace

class TestCliGallery : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(m_folder->isValid());
        m_project = m_folder->filePath(QStringLiteral("p.sapsam"));
        test::makePeopleProject(m_project.toStdString());
    }

    void listGivesTheIdsOfTheGalleryInItsOrder()
    {
        ProjectStore store =
            ProjectStore::open(m_project.toStdString(), ProjectStore::Access::ReadOnly);
        const std::pair<const char *, const char *> questions[] = {{"has:shoes", "name:desc"},
                                                                   {"colour:black", "identity"},
                                                                   {"-identity:1", "parts"},
                                                                   {"identity:2,3", "id:desc"}};
        for (const auto &[filter, sort] : questions) {
            const auto expected =
                imagesMatching(store, requireFilter(filter), *gallerySortFromName(sort));
            const QByteArray line = QByteArray("list --filter=") + filter + " --sort " + sort;
            const Run run = call(m_project, line.constData());
            QCOMPARE(run.exitCode, 0);
            QCOMPARE(run.json[QStringLiteral("matching")].toInt(),
                     static_cast<int>(expected.size()));
            QList<int> ids;
            for (const std::int64_t id : expected)
                ids.append(static_cast<int>(id));
            QCOMPARE(run.images(), ids);
        }
    }

    void listCutsAtItsLimitAndCountsFacets()
    {
        const Run run = call(m_project, "list --limit 5 --facets");

        QCOMPARE(run.exitCode, 0);
        QCOMPARE(run.images(), (QList<int>{1, 2, 3, 4, 5}));
        QCOMPARE(run.json[QStringLiteral("matching")].toInt(), 12);
        const QJsonObject facets = run.json[QStringLiteral("facets")].toObject();
        QCOMPARE(facets[QStringLiteral("split")].toObject()[QStringLiteral("test")].toInt(), 12);
        QCOMPARE(facets[QStringLiteral("identity")].toObject()[QStringLiteral("4")].toInt(), 2);
        QCOMPARE(facets[QStringLiteral("review")].toObject()[QStringLiteral("none")].toInt(), 12);
        QVERIFY(facets[QStringLiteral("group")].toObject().size() >= 4);
    }

    void wrongFiltersAndSortsSayWhere()
    {
        const Run filter = call(m_project, "list --filter spilt:test");
        QCOMPARE(filter.exitCode, 1);
        QVERIFY2(filter.error().contains(QStringLiteral("split")), qPrintable(filter.error()));
        const Run sort = call(m_project, "list --sort beauty");
        QCOMPARE(sort.exitCode, 1);
        QVERIFY2(sort.error().contains(QStringLiteral("rating")), qPrintable(sort.error()));
        const Run view = call(m_project, "list --view Hats");
        QCOMPARE(view.exitCode, 1);
        QCOMPARE(call(m_project, "list --view a --filter b").exitCode, 2);
        QCOMPARE(runProgram({QStringLiteral("--json"), QStringLiteral("list"),
                         m_folder->filePath(QStringLiteral("none.sapsam"))})
                     .exitCode,
                 1);
    }

    void tagsComeAndGoAndCanBeUndone()
    {
        const Run tagged = call(m_project, "tag --images 2,5 --add blurred --add night");
        QCOMPARE(tagged.exitCode, 0);
        QCOMPARE(tagged.json[QStringLiteral("images")].toInt(), 2);
        QCOMPARE(tagged.json[QStringLiteral("changed")].toInt(), 2);
        QCOMPARE(call(m_project, "list --filter tag:blurred").images(), (QList<int>{2, 5}));

        // By a filter, and only what changes is counted.
        const Run removed = call(m_project, "tag --filter id<=4 --remove night");
        QCOMPARE(removed.json[QStringLiteral("changed")].toInt(), 1);
        QCOMPARE(call(m_project, "list --filter tag:night").images(), (QList<int>{5}));

        ProjectStore store = ProjectStore::open(m_project.toStdString());
        EditJournal(store).undo();
        QCOMPARE(call(m_project, "list --filter tag:night").images(), (QList<int>{2, 5}));
    }

    void tagErrorsChangeNothing()
    {
        QCOMPARE(call(m_project, "tag --images 1").exitCode, 1);
        const Run which = call(m_project, "tag --add x");
        QCOMPARE(which.exitCode, 1);
        QVERIFY2(which.error().contains(QStringLiteral("--filter")), qPrintable(which.error()));
        const Run missing = call(m_project, "tag --images 1,99 --add x");
        QCOMPARE(missing.exitCode, 1);
        QVERIFY2(missing.error().contains(QStringLiteral("99")), qPrintable(missing.error()));
        QCOMPARE(call(m_project, "tag --images 1 --filter id:1 --add x").exitCode, 2);
        QCOMPARE(call(m_project, "list --filter tag:x").images(), QList<int>());
    }

    void ratingsAndReviewsAreSeparate()
    {
        QCOMPARE(call(m_project, "rate 4 --filter id<=3").exitCode, 0);
        QCOMPARE(call(m_project, "review accepted --images 3,4").exitCode, 0);
        QCOMPARE(call(m_project, "rate 0 --images 1").exitCode, 0);

        QCOMPARE(call(m_project, "list --filter rating:4").images(), (QList<int>{2, 3}));
        QCOMPARE(call(m_project, "list --filter review:accepted").images(), (QList<int>{3, 4}));
        QCOMPARE(call(m_project, "review none --images 3").exitCode, 0);
        QCOMPARE(call(m_project, "list --filter review:accepted").images(), (QList<int>{4}));
        QCOMPARE(call(m_project, "list --filter rating:4").images(), (QList<int>{2, 3}));

        QCOMPARE(call(m_project, "rate 6 --images 1").exitCode, 2);
        QCOMPARE(call(m_project, "review fine --images 1").exitCode, 2);
    }

    void viewsAreSavedOpenedRenamedAndDeleted()
    {
        QCOMPARE(call(m_project, "views save Shoes --filter has:shoes --sort name:desc").exitCode,
                 0);
        const Run listed = call(m_project, "views list");
        const QJsonObject view =
            listed.json[QStringLiteral("views")].toArray().at(0).toObject();
        QCOMPARE(view[QStringLiteral("name")].toString(), QStringLiteral("Shoes"));
        QCOMPARE(view[QStringLiteral("filter")].toString(), QStringLiteral("has:shoes"));
        QCOMPARE(view[QStringLiteral("sort")].toString(), QStringLiteral("name:desc"));
        QCOMPARE(call(m_project, "list --view Shoes").images(),
                 call(m_project, "list --filter has:shoes --sort name:desc").images());

        QCOMPARE(call(m_project, "views rename Shoes Boots").exitCode, 0);
        QCOMPARE(call(m_project, "list --view Boots").exitCode, 0);
        QCOMPARE(call(m_project, "views rename Shoes Hats").exitCode, 1);
        QCOMPARE(call(m_project, "views save Bad --filter spilt:a").exitCode, 1);
        QCOMPARE(call(m_project, "views delete Boots").exitCode, 0);
        QCOMPARE(call(m_project, "views delete Boots").exitCode, 1);
        QVERIFY(call(m_project, "views list").json[QStringLiteral("views")].toArray().isEmpty());
    }

    void duplicatesAreGroupsWithTheBestFirst()
    {
        QCOMPARE(call(m_project, "duplicates --stored").json[QStringLiteral("searched")].toBool(),
                 false);
        // The bytes of picture 7 under another name.
        std::string copied;
        {
            ProjectStore store = ProjectStore::open(m_project.toStdString());
            copied = m_folder->filePath(QStringLiteral("copy.png")).toStdString();
            writeFileAtomically(copied, readFile(store.image(7).path));
        }
        QCOMPARE(call(m_project, qPrintable(QStringLiteral("import %1")
                                                .arg(QString::fromStdString(copied))))
                     .exitCode,
                 0);

        const Run found = call(m_project, "duplicates");
        QCOMPARE(found.exitCode, 0);
        const QJsonArray groups = found.json[QStringLiteral("groups")].toArray();
        QCOMPARE(groups.size(), 1);
        QCOMPARE(groups.at(0).toObject()[QStringLiteral("group")].toInt(), 7);
        QCOMPARE(Run::idsOf(groups.at(0).toObject()[QStringLiteral("images")].toArray()),
                 (QList<int>{7, 13}));
        QCOMPARE(found.json[QStringLiteral("copies")].toInt(), 1);
        QCOMPARE(call(m_project, "duplicates --stored").json[QStringLiteral("groups")].toArray(),
                 groups);
        QCOMPARE(call(m_project, "list --filter duplicate:copy").images(), (QList<int>{13}));
        QCOMPARE(call(m_project, "list --filter duplicate:yes --sort duplicates").images(),
                 (QList<int>{7, 13}));
        QCOMPARE(call(m_project, "duplicates --bits 300").exitCode, 2);
    }

    void theMapIsTheSameEachTimeAndSaysWhatToDoWithoutEmbeddings()
    {
        const Run none = call(m_project, "map");
        QCOMPARE(none.exitCode, 1);
        QVERIFY2(none.error().contains(QStringLiteral("sapsam embed")), qPrintable(none.error()));

        embed();
        const Run first = call(m_project, "map --neighbours 4");
        const Run again = call(m_project, "map --neighbours 4");
        QCOMPARE(first.exitCode, 0);
        const QJsonArray points = first.json[QStringLiteral("points")].toArray();
        QCOMPARE(points.size(), 12);
        QCOMPARE(again.json[QStringLiteral("points")].toArray(), points);
        for (const QJsonValue &value : points) {
            const double x = value.toObject()[QStringLiteral("x")].toDouble(-1.0);
            QVERIFY(x >= 0.0 && x <= 1.0);
        }
        QVERIFY(call(m_project, "map --method components")
                    .json[QStringLiteral("points")]
                    .toArray()
                != points);
        QCOMPARE(call(m_project, "map --method magic").exitCode, 2);
    }

private:
    void embed() const
    {
        ProjectStore store = ProjectStore::open(m_project.toStdString());
        FeatureTable table;
        table.modelHash = std::string(64, 'd');
        table.dimension = 4;
        for (int i = 0; i < 12; ++i) {
            table.ids.push_back(i + 1);
            const float angle = 0.1F * static_cast<float>(i * i);
            table.rows.insert(table.rows.end(), {std::cos(angle), std::sin(angle), 0.0F, 0.0F});
        }
        writeFeatures(store.featuresFolder() + "/test.images.feat", table);
        store.recordModel("test", "retrieval", table.modelHash, "test");
        EmbeddingSetRecord set;
        set.modelName = "test";
        set.modelHash = table.modelHash;
        set.dimension = 4;
        set.count = 12;
        set.file = "features/test.images.feat";
        store.recordEmbeddingSet(set);
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_project;
};

QTEST_GUILESS_MAIN(TestCliGallery)
#include "tst_cli_gallery.moc"
