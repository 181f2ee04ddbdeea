#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/sha256.h"
#include "core/weights/model_manifest.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace sapsam;

class TestModelManifest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    std::string folder() const { return m_folder.path().toStdString(); }

    Json manifest() const
    {
        return {
            {"models",
             {{{"name", "small-clip"},
               {"task", "retrieval"},
               {"architecture", "clip"},
               {"folder", "small-clip"},
               {"files", {{{"path", "model.bin"}, {"sha256", sha256Of("content")}, {"bytes", 7}}}},
               {"licence", "Apache-2.0"},
               {"source", "trained here"},
               {"reproduce", "sapsam train retrieval"}}}}};
    }

private Q_SLOTS:
    void init()
    {
        makeFolder(folder() + "/small-clip");
        writeFileAtomically(folder() + "/small-clip/model.bin", "content");
        writeJsonFile(folder() + "/manifest.json", manifest());
    }

    void completeModelIsVerified()
    {
        const auto read = readModelManifest(folder());
        const auto *model = read.findByTask("retrieval");

        QVERIFY(model);
        QCOMPARE(model->name, std::string("small-clip"));
        QCOMPARE(read.findByName("small-clip"), model);
        QVERIFY(!read.findByTask("phrases"));
        QCOMPARE(read.pathOf(*model, "model.bin"), folder() + "/small-clip/model.bin");
        QVERIFY(verifyModel(read, *model).empty());
    }

    void damagedModelFilesAreNamed()
    {
        const auto read = readModelManifest(folder());
        const auto &model = read.models.front();

        writeFileAtomically(folder() + "/small-clip/model.bin", "CONTENT");
        const auto changed = verifyModel(read, model);
        writeFileAtomically(folder() + "/small-clip/model.bin", "cont");
        const auto shorter = verifyModel(read, model);
        QFile::remove(m_folder.filePath(QStringLiteral("small-clip/model.bin")));
        const auto absent = verifyModel(read, model);

        QCOMPARE(changed.size(), std::size_t(1));
        QVERIFY(changed[0].find("sha256") != std::string::npos);
        QCOMPARE(shorter.size(), std::size_t(1));
        QVERIFY(shorter[0].find("4 bytes instead of 7") != std::string::npos);
        QCOMPARE(absent.size(), std::size_t(1));
        QVERIFY(absent[0].find("missing") != std::string::npos);
        QVERIFY(absent[0].find("sapsam train retrieval") != std::string::npos);
    }

    void brokenManifestIsCorrupt()
    {
        auto json = manifest();
        json["models"][0].erase("architecture");
        writeJsonFile(folder() + "/manifest.json", json);
        VERIFY_ERROR(readModelManifest(folder()), ErrorKind::Corrupt, "architecture");

        json = manifest();
        json["models"][0]["task"] = "cooking";
        writeJsonFile(folder() + "/manifest.json", json);
        VERIFY_ERROR(readModelManifest(folder()), ErrorKind::Corrupt, "cooking");

        json = manifest();
        json["models"][0]["files"][0]["path"] = "../../secret";
        writeJsonFile(folder() + "/manifest.json", json);
        VERIFY_ERROR(readModelManifest(folder()), ErrorKind::Corrupt, "../../secret");
    }

    void absentManifestIsNotFound()
    {
        VERIFY_ERROR(readModelManifest(folder() + "/nowhere"), ErrorKind::NotFound,
                     "manifest.json");
    }

    void environmentChoosesTheFolder()
    {
        qunsetenv("SAPSAM_MODELS_DIR");
        QCOMPARE(resolveModelsFolder("given"), std::string("given"));
        qputenv("SAPSAM_MODELS_DIR", "elsewhere");
        QCOMPARE(resolveModelsFolder("given"), std::string("elsewhere"));
        qunsetenv("SAPSAM_MODELS_DIR");
    }
};

QTEST_GUILESS_MAIN(TestModelManifest)
#include "tst_model_manifest.moc"
