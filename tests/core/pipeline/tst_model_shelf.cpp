// Which models can be chosen, and which one works.
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/pipeline/model_shelf.h"
#include "tests/support/error_of.h"

#include <QFile>
#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

using namespace sapsam;
using namespace sapsam::test;

namespace {

void writeManifest(const std::string &folder,
                   const std::vector<std::pair<std::string, std::string>> &nameAndTask)
{
    OrderedJson models = OrderedJson::array();
    for (const auto &[name, task] : nameAndTask)
        models.push_back({{"name", name},
                          {"task", task},
                          {"architecture", "clip"},
                          {"folder", name},
                          {"files", {{{"path", "a"}, {"sha256", ""}, {"bytes", 7}},
                                     {{"path", "b"}, {"sha256", ""}, {"bytes", 5}}}}});
    makeFolder(folder);
    writeJsonFile(folder + "/manifest.json", OrderedJson{{"version", 1}, {"models", models}});
}

QStringList namesOf(const std::vector<ShelvedModel> &models)
{
    QStringList names;
    for (const ShelvedModel &model : models)
        names.append(QString::fromStdString(model.entry.name)
                     + (model.isUsed ? QStringLiteral("*") : QString()));
    return names;
}

} // namespace

class TestModelShelf : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_own, m_brought;

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        const std::string root = m_folder->path().toStdString();
        m_own = root + "/own";
        m_brought = root + "/data/sapsam/models";
        qputenv("SAPSAM_MODELS_DIR", m_own.c_str());
        qputenv("XDG_DATA_HOME", (root + "/data").c_str());
        writeManifest(m_own, {{"parts", "person-sam"}, {"finder", "retrieval"}});
    }
    void cleanupTestCase()
    {
        qunsetenv("SAPSAM_MODELS_DIR");
        qunsetenv("XDG_DATA_HOME");
    }

    void theProgramsOwnWorkUntilOthersAreChosen()
    {
        writeManifest(m_brought, {{"clip-b16", "retrieval"}, {"bert", "network"}});

        const auto models = shelvedModels({});

        QCOMPARE(namesOf(models).join(u' '), QStringLiteral("parts* finder* clip-b16 bert"));
        QCOMPARE(models[0].registry, m_own);
        QCOMPARE(models[2].registry, m_brought);
        QCOMPARE(models[2].folder, m_brought + "/clip-b16");
        QCOMPARE(models[2].bytes, std::uint64_t(12));
    }

    void theUsersFolderFallsBackOnTheProgramsOwn()
    {
        writeManifest(m_brought, {{"clip-b16", "retrieval"}});

        QCOMPARE(namesOf(shelvedModels(m_brought)).join(u' '),
                 QStringLiteral("clip-b16* parts* finder"));
    }

    void aFolderWithoutManifestHasNone()
    {
        QCOMPARE(namesOf(shelvedModels({})).join(u' '), QStringLiteral("parts* finder*"));
        QVERIFY(shelvedModels(m_folder->path().toStdString() + "/nowhere").empty());
    }

    void aBrokenManifestIsNamed()
    {
        makeFolder(m_brought);
        writeFileAtomically(m_brought + "/manifest.json", "{\"models\": 3}");

        VERIFY_ERROR(shelvedModels({}), ErrorKind::Corrupt, m_brought);
    }

    void theChosenModelComesFirstOfItsTask()
    {
        writeManifest(m_brought, {{"b16", "retrieval"}, {"l14", "retrieval"}});

        QCOMPARE(chooseModel(m_brought, "l14"), m_brought);

        QCOMPARE(namesOf(shelvedModels(m_brought)).join(u' '),
                 QStringLiteral("l14* b16 parts* finder"));
        // Back to the program's own: its manifest need not change for that.
        QCOMPARE(chooseModel(m_own, "finder"), std::string());
    }

    void whatNoTaskUsesCannotBeChosen()
    {
        writeManifest(m_brought, {{"bert", "network"}});

        VERIFY_ERROR(chooseModel(m_brought, "bert"), ErrorKind::NotFound, "no task");
        VERIFY_ERROR(chooseModel(m_brought, "gone"), ErrorKind::NotFound, "gone");
    }

    void aManifestThatMustChangeAndCannotIsNamed()
    {
        writeManifest(m_own, {{"one", "retrieval"}, {"two", "retrieval"}});
        const auto mended = qScopeGuard([this] {
            QFile::setPermissions(QString::fromStdString(m_own),
                                  QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        });
        QFile::setPermissions(m_folder->path(),
                              QFile::ReadOther | QFile::ExeOther | QFile::ReadOwner
                                  | QFile::WriteOwner | QFile::ExeOwner);
        QFile::setPermissions(QString::fromStdString(m_own),
                              QFile::ReadOther | QFile::ExeOther | QFile::ReadOwner
                                  | QFile::ExeOwner);
        const WithoutPrivileges nobody;

        VERIFY_ERROR(chooseModel(m_own, "two"), ErrorKind::Io, m_own);
    }
};

QTEST_GUILESS_MAIN(TestModelShelf)
#include "tst_model_shelf.moc"
