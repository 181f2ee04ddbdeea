#include "core/base/file.h"
#include "core/store/database.h"
#include "core/store/project_lock.h"
#include "core/store/project_store.h"
#include "core/store/schema.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <array>
#include <filesystem>
#include <functional>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace sapsam;
namespace fs = std::filesystem;

namespace {

ImageRecord pictureNumber(int number)
{
    ImageRecord image;
    image.path = "/pictures/" + std::to_string(number) + ".png";
    image.sha256 = std::string(64, 'c');
    image.width = 64;
    image.height = 128;
    image.source = "folder";
    return image;
}

// A child process that works until it says so, and is then held in that state.
class HeldChild
{
public:
    explicit HeldChild(const std::function<void()> &work)
    {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0)
            qFatal("no pipe");
        m_pid = ::fork();
        if (m_pid == 0) {
            // _exit everywhere: the child must not run the parent's destructors or test report.
            try {
                work();
            } catch (const std::exception &) {
                ::_exit(3);
            }
            const char ready = 'r';
            if (::write(ends[1], &ready, 1) != 1)
                ::_exit(4);
            for (;;)
                ::pause();
        }
        ::close(ends[1]);
        char ready = 0;
        m_isReady = ::read(ends[0], &ready, 1) == 1;
        ::close(ends[0]);
    }
    ~HeldChild() { kill(); }
    HeldChild(const HeldChild &) = delete;
    HeldChild &operator=(const HeldChild &) = delete;

    bool isReady() const { return m_isReady; }
    pid_t pid() const { return m_pid; }
    void kill()
    {
        if (m_pid <= 0)
            return;
        ::kill(m_pid, SIGKILL);
        ::waitpid(m_pid, nullptr, 0);
        m_pid = 0;
    }

private:
    pid_t m_pid = 0;
    bool m_isReady = false;
};

void overwrite(const std::string &path, std::size_t offset, const std::string &bytes)
{
    std::string content = readFile(path);
    content.replace(offset, bytes.size(), bytes);
    writeFileAtomically(path, content);
}

} // namespace

class TestProjectLifecycle : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void aFreshProjectIsEmptyAndSound();
    void theFileSaysWhatItIs();
    void aSecondProjectInTheSameFolderIsInvalidInput();
    void aFileInsteadOfAFolderIsInvalidInput();
    void noProjectIsNotFound();
    void theNameLosesItsSuffix();
    void anOlderProjectIsBroughtForwardAfterABackup();
    void anOlderProjectIsBroughtForwardForReadersToo();
    void aNewerProjectIsRefusedUntouched();
    void anotherDatabaseIsRefused();
    void damagedDatabasesAreCorrupt_data();
    void damagedDatabasesAreCorrupt();
    void damageInsideIsReportedAsAProblem();
    void damageIsFoundAfterAnUncleanExit();
    void aKilledWriterLeavesASoundProject();
    void aJobOfAKilledWriterIsNotRunningForEver();
    void aSecondWriterIsBusyAndNamesTheFirst();
    void readersAreNotHeldUpByAWriter();
    void twoStoresOfOneProcessShareTheLock();
    void theLockIsHeldWhileSomethingIsWritten();
    void aLockFromAnotherMachineIsBelievedUntilItIsBroken();
    void theLockOfALivingProcessIsNotBroken();
    void aReadOnlyFolderCanBeReadButNotWritten();
    void aFolderWithoutRightsIsIo();
    void writingThroughAReaderIsInvalidInput();
    void aFullDiskLosesNothing();

private:
    std::string databaseFile() const { return m_project + "/project.sqlite"; }
    // Version 1 with one image, as the first released schema had it.
    void makeVersionOne() const;

    QTemporaryDir m_folder;
    std::string m_project;
    int m_count = 0;
};

void TestProjectLifecycle::init()
{
    QVERIFY(m_folder.isValid());
    // Readable for the user that the tests of missing rights become.
    fs::permissions(m_folder.path().toStdString(), fs::perms::all);
    m_project = m_folder.filePath(QStringLiteral("Straße %1.sapsam").arg(++m_count)).toStdString();
}

void TestProjectLifecycle::makeVersionOne() const
{
    fs::create_directories(m_project);
    Database database(databaseFile(), Database::Mode::Create);
    database.execute("PRAGMA application_id = 1396789331");
    database.execute(migrations()[0].sql);
    database.execute("PRAGMA user_version = 1");
    database.execute(
        "INSERT INTO image (path, sha256, width, height) VALUES ('/a.png', 'ff', 1, 2)");
}

void TestProjectLifecycle::aFreshProjectIsEmptyAndSound()
{
    ProjectStore store = ProjectStore::create(m_project);

    const ProjectCounts counts = store.counts();
    QCOMPARE(counts.images, std::int64_t{0});
    QCOMPARE(counts.regions, std::int64_t{0});
    QCOMPARE(counts.phrases, std::int64_t{0});
    QCOMPARE(counts.embedded, std::int64_t{0});
    QCOMPARE(counts.captions, std::int64_t{0});
    QVERIFY(store.integrityProblems().empty());
    QVERIFY(!store.currentEmbeddingSet());
    QVERIFY(ProjectStore::isProject(m_project));
    QVERIFY(fs::is_directory(store.featuresFolder()));
    QVERIFY(fs::is_directory(store.runsFolder()));
    QVERIFY(fs::is_directory(store.cropsFolder()));
}

void TestProjectLifecycle::theFileSaysWhatItIs()
{
    ProjectStore::create(m_project);

    const std::string head = readFile(databaseFile()).substr(0, 100);

    QCOMPARE(head.substr(68, 4), std::string("SAPS"));
    QCOMPARE(static_cast<int>(head[63]), ProjectStore::latestVersion());
}

void TestProjectLifecycle::aSecondProjectInTheSameFolderIsInvalidInput()
{
    ProjectStore::create(m_project).addImage(pictureNumber(1));

    VERIFY_ERROR(ProjectStore::create(m_project), ErrorKind::InvalidInput, m_project);

    QCOMPARE(ProjectStore::open(m_project).counts().images, std::int64_t{1});
}

void TestProjectLifecycle::aFileInsteadOfAFolderIsInvalidInput()
{
    writeFileAtomically(m_project, "hello");

    VERIFY_ERROR(ProjectStore::create(m_project), ErrorKind::InvalidInput, m_project);
    VERIFY_ERROR(ProjectStore::open(m_project), ErrorKind::NotFound, m_project);
}

void TestProjectLifecycle::noProjectIsNotFound()
{
    VERIFY_ERROR(ProjectStore::open(m_project), ErrorKind::NotFound, "sapsam project create");
    QVERIFY(!ProjectStore::isProject(m_project));
}

void TestProjectLifecycle::theNameLosesItsSuffix()
{
    const ProjectStore store = ProjectStore::create(m_project + "/");

    QCOMPARE(store.name(), "Straße " + std::to_string(m_count));
    QCOMPARE(store.folder(), m_project);
}

void TestProjectLifecycle::anOlderProjectIsBroughtForwardAfterABackup()
{
    makeVersionOne();

    ProjectStore store = ProjectStore::open(m_project);

    QCOMPARE(store.images().size(), std::size_t{1});
    QCOMPARE(store.images()[0].path, std::string("/a.png"));
    QVERIFY(store.beginJob("import", "{}") > 0);
    QVERIFY(store.integrityProblems().empty());
    std::vector<std::string> backups;
    for (const auto &entry : fs::directory_iterator(m_project + "/backups"))
        backups.push_back(entry.path().string());
    QCOMPARE(backups.size(), std::size_t{1});
    Database backup(backups[0], Database::Mode::ReadOnly);
    QCOMPARE(backup.integer("PRAGMA user_version"), std::int64_t{1});
    QCOMPARE(backup.integer("SELECT count(*) FROM image"), std::int64_t{1});
}

void TestProjectLifecycle::anOlderProjectIsBroughtForwardForReadersToo()
{
    makeVersionOne();

    ProjectStore store = ProjectStore::open(m_project, ProjectStore::Access::ReadOnly);

    QVERIFY(store.recentJobs(5).empty());
    QCOMPARE(store.counts().images, std::int64_t{1});
}

void TestProjectLifecycle::aNewerProjectIsRefusedUntouched()
{
    ProjectStore::create(m_project);
    Database(databaseFile(), Database::Mode::ReadWrite).execute("PRAGMA user_version = 999");
    const std::string before = readFile(databaseFile());

    VERIFY_ERROR(ProjectStore::open(m_project), ErrorKind::Unsupported, "newer version");
    VERIFY_ERROR(ProjectStore::open(m_project, ProjectStore::Access::ReadOnly),
                 ErrorKind::Unsupported, "update the program");

    QVERIFY(readFile(databaseFile()) == before);
}

void TestProjectLifecycle::anotherDatabaseIsRefused()
{
    fs::create_directories(m_project);
    Database(databaseFile(), Database::Mode::Create).execute("CREATE TABLE recipes (name TEXT)");

    VERIFY_ERROR(ProjectStore::open(m_project), ErrorKind::Corrupt, "not of a project");
    QVERIFY(!ProjectStore::isProject(m_project));
}

void TestProjectLifecycle::damagedDatabasesAreCorrupt_data()
{
    QTest::addColumn<int>("damage");
    QTest::newRow("empty") << 0;
    QTest::newRow("text") << 1;
    QTest::newRow("cut off") << 2;
    QTest::newRow("first page overwritten") << 3;
}

void TestProjectLifecycle::damagedDatabasesAreCorrupt()
{
    QFETCH(int, damage);
    ProjectStore::create(m_project).addImage(pictureNumber(1));
    const std::string whole = readFile(databaseFile());
    switch (damage) {
    case 0:
        writeFileAtomically(databaseFile(), "");
        break;
    case 1:
        writeFileAtomically(databaseFile(), std::string(20000, 'x'));
        break;
    case 2:
        writeFileAtomically(databaseFile(), whole.substr(0, whole.size() / 2));
        break;
    default:
        overwrite(databaseFile(), 100, std::string(8000, '\x5A'));
    }

    for (const auto access : {ProjectStore::Access::ReadWrite, ProjectStore::Access::ReadOnly}) {
        VERIFY_ERROR(ProjectStore::open(m_project, access), ErrorKind::Corrupt, databaseFile());
        VERIFY_ERROR(ProjectStore::open(m_project, access), ErrorKind::Corrupt, "sapsam doctor");
    }
}

void TestProjectLifecycle::damageInsideIsReportedAsAProblem()
{
    {
        ProjectStore store = ProjectStore::create(m_project);
        store.transaction([&] {
            for (int i = 0; i < 2000; ++i)
                store.addImage(pictureNumber(i));
        });
    }
    const std::size_t size = readFile(databaseFile()).size();
    overwrite(databaseFile(), size / 8192 / 2 * 8192, std::string(8192, '\x11'));

    ProjectStore store = ProjectStore::open(m_project);

    QVERIFY(!store.integrityProblems().empty());
}

void TestProjectLifecycle::damageIsFoundAfterAnUncleanExit()
{
    {
        ProjectStore store = ProjectStore::create(m_project);
        store.transaction([&] {
            for (int i = 0; i < 2000; ++i)
                store.addImage(pictureNumber(i));
        });
    }
    const std::size_t size = readFile(databaseFile()).size();
    overwrite(databaseFile(), size / 8192 / 2 * 8192, std::string(8192, '\x11'));
    // What a writer that died in the middle leaves behind.
    HeldChild writer([&] {
        auto *store = new ProjectStore(ProjectStore::open(m_project));
        store->beginJob("import", "{}");
    });
    QVERIFY(writer.isReady());
    writer.kill();

    VERIFY_ERROR(ProjectStore::open(m_project), ErrorKind::Corrupt, "sapsam doctor");
}

void TestProjectLifecycle::aKilledWriterLeavesASoundProject()
{
    ProjectStore::create(m_project);
    // Two connections, so that one transaction is committed and another, large enough to have
    // spilled to the disk, is open when the process dies.
    HeldChild child([&] {
        auto *store = new ProjectStore(ProjectStore::open(m_project));
        store->transaction([&] {
            for (int i = 0; i < 101; ++i)
                store->addImage(pictureNumber(i));
        });
        store->beginJob("import", "{}");
        auto *database = new Database(databaseFile(), Database::Mode::ReadWrite);
        database->execute("PRAGMA cache_size = 10");
        new Transaction(*database);
        for (int i = 0; i < 50000; ++i)
            database->run("INSERT INTO image (path, sha256, width, height) VALUES (?, 'x', 1, 1)",
                          i);
    });
    QVERIFY(child.isReady());
    child.kill();
    QVERIFY(ProjectLock::isStale(m_project));

    ProjectStore store = ProjectStore::open(m_project);

    QVERIFY(store.integrityProblems().empty());
    QCOMPARE(store.counts().images, std::int64_t{101});
    QVERIFY(!ProjectLock::isStale(m_project));
    QVERIFY(store.addImage(pictureNumber(500)).isNew);
}

void TestProjectLifecycle::aJobOfAKilledWriterIsNotRunningForEver()
{
    ProjectStore::create(m_project);
    HeldChild child([&] {
        auto *store = new ProjectStore(ProjectStore::open(m_project));
        store->beginJob("embed", "{}");
    });
    QVERIFY(child.isReady());
    child.kill();

    ProjectStore store = ProjectStore::open(m_project);

    QCOMPARE(store.recentJobs(1).at(0).state, std::string("failed"));
}

void TestProjectLifecycle::aSecondWriterIsBusyAndNamesTheFirst()
{
    ProjectStore::create(m_project);
    HeldChild child([&] {
        auto *store = new ProjectStore(ProjectStore::open(m_project));
        store->setSetting("writer", "child");
        store->beginJob("import", "{}");
    });
    QVERIFY(child.isReady());

    ProjectStore store = ProjectStore::open(m_project);

    VERIFY_ERROR(store.setSetting("writer", "parent"), ErrorKind::Busy,
                 std::to_string(child.pid()));
    QCOMPARE(store.setting("writer"), std::string("child"));
    child.kill();
    store.setSetting("writer", "parent");
    QCOMPARE(store.setting("writer"), std::string("parent"));
}

void TestProjectLifecycle::readersAreNotHeldUpByAWriter()
{
    ProjectStore writer = ProjectStore::create(m_project);
    ProjectStore reader = ProjectStore::open(m_project, ProjectStore::Access::ReadOnly);
    const std::int64_t before = reader.dataVersion();

    writer.transaction([&] {
        writer.addImage(pictureNumber(1));
        QCOMPARE(reader.counts().images, std::int64_t{0});
        QCOMPARE(reader.dataVersion(), before);
    });

    QVERIFY(reader.dataVersion() != before);
    QCOMPARE(reader.counts().images, std::int64_t{1});
}

void TestProjectLifecycle::twoStoresOfOneProcessShareTheLock()
{
    ProjectStore first = ProjectStore::create(m_project);
    ProjectStore second = ProjectStore::open(m_project);

    first.setSetting("a", "1");
    second.setSetting("a", "2");

    QCOMPARE(first.setting("a"), std::string("2"));
}

void TestProjectLifecycle::theLockIsHeldWhileSomethingIsWritten()
{
    const std::string lock = m_project + "/project.lock";
    {
        ProjectStore store = ProjectStore::create(m_project);
        QVERIFY(!fs::exists(lock));
        store.transaction([&] {
            QVERIFY(fs::exists(lock));
            QVERIFY(!ProjectLock::isStale(m_project));
        });
        QVERIFY(!fs::exists(lock));
        const std::int64_t job = store.beginJob("import", "{}");
        store.setSetting("a", "1");
        QVERIFY(fs::exists(lock));
        store.endJob(job, "done");
        QVERIFY(!fs::exists(lock));
        store.beginJob("import", "{}");
    }

    QVERIFY(!fs::exists(lock));
    QVERIFY(!fs::exists(databaseFile() + "-wal"));
}

void TestProjectLifecycle::aLockFromAnotherMachineIsBelievedUntilItIsBroken()
{
    ProjectStore::create(m_project);
    writeFileAtomically(m_project + "/project.lock", "{\"pid\": 4711, \"host\": \"elsewhere\"}");
    ProjectStore store = ProjectStore::open(m_project);

    VERIFY_ERROR(store.setSetting("a", "1"), ErrorKind::Busy, "4711 on elsewhere");

    ProjectStore::breakLock(m_project);
    store.setSetting("a", "1");
    QCOMPARE(store.setting("a"), std::string("1"));
}

void TestProjectLifecycle::theLockOfALivingProcessIsNotBroken()
{
    ProjectStore store = ProjectStore::create(m_project);
    store.beginJob("import", "{}");

    VERIFY_ERROR(ProjectStore::breakLock(m_project), ErrorKind::Busy, std::to_string(::getpid()));
}

void TestProjectLifecycle::aReadOnlyFolderCanBeReadButNotWritten()
{
    ProjectStore::create(m_project).addImage(pictureNumber(1));
    fs::permissions(databaseFile(), fs::perms{0444});
    fs::permissions(m_project, fs::perms{0555});
    {
        const test::WithoutPrivileges nobody;
        VERIFY_ERROR(ProjectStore::open(m_project), ErrorKind::Io, databaseFile());
        VERIFY_ERROR(ProjectStore::open(m_project), ErrorKind::Io, "permissions");

        const auto problem = test::errorOf([&] {
            ProjectStore store = ProjectStore::open(m_project, ProjectStore::Access::ReadOnly);
            QCOMPARE(store.counts().images, std::int64_t{1});
            QVERIFY(store.isReadOnly());
        });
        QVERIFY2(!problem, problem ? problem->what() : "");
    }
    fs::permissions(m_project, fs::perms::owner_all);
}

void TestProjectLifecycle::aFolderWithoutRightsIsIo()
{
    ProjectStore::create(m_project);
    fs::permissions(m_project, fs::perms::none);
    {
        const test::WithoutPrivileges nobody;
        VERIFY_ERROR(ProjectStore::open(m_project), ErrorKind::Io, m_project);
        QVERIFY(!ProjectStore::isProject(m_project));
    }
    fs::permissions(m_project, fs::perms::owner_all);
}

void TestProjectLifecycle::writingThroughAReaderIsInvalidInput()
{
    ProjectStore::create(m_project);
    ProjectStore store = ProjectStore::open(m_project, ProjectStore::Access::ReadOnly);

    VERIFY_ERROR(store.addImage(pictureNumber(1)), ErrorKind::InvalidInput, "reading only");
    VERIFY_ERROR(store.transaction([] {}), ErrorKind::InvalidInput, "reading only");
}

void TestProjectLifecycle::aFullDiskLosesNothing()
{
    ProjectStore store = ProjectStore::create(m_project);
    store.addImage(pictureNumber(0));
    store.limitSize(400 * 1024);
    const auto fill = [&] {
        store.transaction([&] {
            for (int i = 1; i < 10000; ++i)
                store.addImage(pictureNumber(i));
        });
    };

    VERIFY_ERROR(fill(), ErrorKind::NoSpace, "free some space");

    QCOMPARE(store.counts().images, std::int64_t{1});
    QVERIFY(store.integrityProblems().empty());
    QVERIFY(store.addImage(pictureNumber(1)).isNew);
}

QTEST_GUILESS_MAIN(TestProjectLifecycle)
#include "tst_project_lifecycle.moc"
