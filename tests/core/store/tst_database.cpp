#include "core/store/database.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

using namespace sapsam;

class TestDatabase : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void valuesComeBackAsTheyWent();
    void oneStatementRunsInsideItself();
    void aTransactionThatIsNotCommittedIsUndone();
    void anInnerTransactionIsUndoneAlone();
    void aFullDatabaseIsNoSpaceAndKeepsWhatItHas();
    void aLockedDatabaseIsBusy();
    void wrongSqlIsInternal();
    void aMissingTableIsCorrupt();
    void aFolderThatIsNotThereIsIo();

private:
    QTemporaryDir m_folder;
    std::string m_path;
    int m_count = 0;
};

void TestDatabase::init()
{
    m_path = m_folder.filePath(QStringLiteral("ä %41 ?#%1.sqlite").arg(++m_count)).toStdString();
    Database database(m_path, Database::Mode::Create);
    database.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT, weight REAL)");
}

void TestDatabase::valuesComeBackAsTheyWent()
{
    Database database(m_path, Database::Mode::ReadWrite);
    const std::string name("Grüße\0x", 9);

    database.run("INSERT INTO thing (name, weight) VALUES (?, ?)", name, 0.1);
    database.run("INSERT INTO thing (name, weight) VALUES (?, ?)", std::optional<std::string>(), 2);

    Statement rows = database.query("SELECT id, name, weight FROM thing ORDER BY id");
    QVERIFY(rows.step());
    QCOMPARE(rows.integer(0), std::int64_t{1});
    QCOMPARE(rows.text(1), name);
    QCOMPARE(rows.real(2), 0.1);
    QVERIFY(rows.step());
    QVERIFY(rows.isNull(1));
    QCOMPARE(rows.text(1), std::string());
    QCOMPARE(rows.real(2), 2.0);
    QVERIFY(!rows.step());
}

void TestDatabase::oneStatementRunsInsideItself()
{
    Database database(m_path, Database::Mode::ReadWrite);
    database.run("INSERT INTO thing (name) VALUES ('a'), ('b')");

    int pairs = 0;
    Statement outer = database.query("SELECT id FROM thing");
    while (outer.step()) {
        Statement inner = database.query("SELECT id FROM thing");
        while (inner.step())
            ++pairs;
    }

    QCOMPARE(pairs, 4);
}

void TestDatabase::aTransactionThatIsNotCommittedIsUndone()
{
    Database database(m_path, Database::Mode::ReadWrite);
    {
        const Transaction transaction(database);
        database.run("INSERT INTO thing (name) VALUES ('a')");
    }

    QCOMPARE(database.integer("SELECT count(*) FROM thing"), std::int64_t{0});
    QCOMPARE(database.transactionDepth(), 0);
}

void TestDatabase::anInnerTransactionIsUndoneAlone()
{
    Database database(m_path, Database::Mode::ReadWrite);
    Transaction outer(database);
    database.run("INSERT INTO thing (name) VALUES ('outer')");
    {
        const Transaction inner(database);
        database.run("INSERT INTO thing (name) VALUES ('inner')");
    }
    outer.commit();

    QCOMPARE(database.integer("SELECT count(*) FROM thing"), std::int64_t{1});
}

void TestDatabase::aFullDatabaseIsNoSpaceAndKeepsWhatItHas()
{
    Database database(m_path, Database::Mode::ReadWrite);
    database.run("INSERT INTO thing (name) VALUES ('kept')");
    database.execute("PRAGMA max_page_count = 4");

    const auto fill = [&] {
        Transaction transaction(database);
        for (int i = 0; i < 100; ++i)
            database.run("INSERT INTO thing (name) VALUES (?)", std::string(1000, 'x'));
        transaction.commit();
    };
    VERIFY_ERROR(fill(), ErrorKind::NoSpace, "free some space");
    VERIFY_ERROR(fill(), ErrorKind::NoSpace, m_path);

    QCOMPARE(database.transactionDepth(), 0);
    QCOMPARE(database.integer("SELECT count(*) FROM thing"), std::int64_t{1});
}

void TestDatabase::aLockedDatabaseIsBusy()
{
    Database first(m_path, Database::Mode::ReadWrite);
    Database second(m_path, Database::Mode::ReadWrite);
    second.execute("PRAGMA busy_timeout = 10");
    const Transaction held(first);

    VERIFY_ERROR(Transaction(second).commit(), ErrorKind::Busy, "another program");
}

void TestDatabase::wrongSqlIsInternal()
{
    Database database(m_path, Database::Mode::ReadWrite);

    VERIFY_ERROR(database.query("SELEKT 1"), ErrorKind::Internal, "syntax error");
}

void TestDatabase::aMissingTableIsCorrupt()
{
    Database database(m_path, Database::Mode::ReadWrite);

    VERIFY_ERROR(database.query("SELECT * FROM image"), ErrorKind::Corrupt, "sapsam doctor");
}

void TestDatabase::aFolderThatIsNotThereIsIo()
{
    VERIFY_ERROR(Database(m_path + "/x/y", Database::Mode::Create), ErrorKind::Io, "permissions");
}

QTEST_GUILESS_MAIN(TestDatabase)
#include "tst_database.moc"
