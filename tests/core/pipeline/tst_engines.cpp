#include "core/base/file.h"
#include "core/pipeline/doctor.h"
#include "core/pipeline/engines.h"
#include "core/pipeline/jobs.h"
#include "core/pipeline/part_prompts.h"
#include "core/pipeline/searcher.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>

using namespace sapsam;
namespace fs = std::filesystem;

// What happens before any model is there. The work of the models is tested in tst_pipeline.
class TestEngines : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void noModelsIsNotFoundAndSaysWhatToDo();
    void aManifestWithoutTheTaskIsNotFound();
    void aBrokenManifestIsCorrupt();
    void everyStepWithoutModelsLeavesTheProjectAsItWas();
    void anEmptyQueryIsInvalidInput();
    void everyGroupHasAPromptAndAQuestion();
    void theEnvironmentNamesTheModelsFolder();
    void theDoctorFindsMissingModelsAndProjects();
    void theDoctorFindsASoundProject();
    void theDoctorFindsADamagedDatabaseAndLostPictures();

private:
    static bool mentions(const std::vector<std::string> &lines, const std::string &text)
    {
        return std::any_of(lines.begin(), lines.end(), [&](const std::string &line) {
            return line.find(text) != std::string::npos;
        });
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_models;
    std::string m_project;
};

void TestEngines::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_models = m_folder->filePath(QStringLiteral("models")).toStdString();
    m_project = m_folder->filePath(QStringLiteral("p.sapsam")).toStdString();
    fs::create_directories(m_models);
}

void TestEngines::noModelsIsNotFoundAndSaysWhatToDo()
{
    Engines engines(m_models + "/absent", {});

    VERIFY_ERROR(engines.segmenter(), ErrorKind::NotFound, m_models + "/absent");
    VERIFY_ERROR(engines.phraseWriter(), ErrorKind::NotFound, "sapsam train");
    VERIFY_ERROR(engines.retriever(), ErrorKind::NotFound, "SAPSAM_MODELS_DIR");
}

void TestEngines::aManifestWithoutTheTaskIsNotFound()
{
    writeFileAtomically(m_models + "/manifest.json", "{\"models\": []}");
    Engines engines(m_models, {});

    VERIFY_ERROR(engines.retriever(), ErrorKind::NotFound, "retrieval");
}

void TestEngines::aBrokenManifestIsCorrupt()
{
    writeFileAtomically(m_models + "/manifest.json", "{\"models\": [");
    Engines engines(m_models, {});

    VERIFY_ERROR(engines.retriever(), ErrorKind::Corrupt, "manifest.json");
}

void TestEngines::everyStepWithoutModelsLeavesTheProjectAsItWas()
{
    ProjectStore store = ProjectStore::create(m_project);
    Engines engines(m_models, {});

    VERIFY_ERROR(segmentProject(store, engines, {}, {}), ErrorKind::NotFound, m_models);
    VERIFY_ERROR(phraseProject(store, engines, {}, {}), ErrorKind::NotFound, m_models);
    VERIFY_ERROR(embedProject(store, engines, {}, {}), ErrorKind::NotFound, m_models);
    Searcher searcher(store, engines);
    VERIFY_ERROR(searcher.search({"a man in black", 5}), ErrorKind::NotFound, m_models);

    QVERIFY(store.recentJobs(5).empty());
}

void TestEngines::anEmptyQueryIsInvalidInput()
{
    ProjectStore store = ProjectStore::create(m_project);
    Engines engines(m_models, {});
    Searcher searcher(store, engines);

    VERIFY_ERROR(searcher.search({"", 5}), ErrorKind::InvalidInput, "empty");
    VERIFY_ERROR(searcher.search({" \t\n", 5}), ErrorKind::InvalidInput,
                 "say what the person looks like");
}

void TestEngines::everyGroupHasAPromptAndAQuestion()
{
    const Taxonomy taxonomy = defaultTaxonomy();
    const PromptTemplate questions = defaultPromptTemplate();

    const std::vector<SegmentPrompt> prompts = segmentPrompts(taxonomy);

    QCOMPARE(prompts.size(), taxonomy.groups.size());
    for (const SegmentPrompt &prompt : prompts) {
        QVERIFY(!prompt.phrase.empty());
        QVERIFY(questions.render(prompt.group).find("Question") == 0);
    }
}

void TestEngines::theEnvironmentNamesTheModelsFolder()
{
    const QByteArray before = qgetenv("SAPSAM_MODELS_DIR");
    qputenv("SAPSAM_MODELS_DIR", m_models.c_str());

    const std::string folder = defaultModelsFolder();
    const Engines engines("", {});

    if (before.isEmpty())
        qunsetenv("SAPSAM_MODELS_DIR");
    else
        qputenv("SAPSAM_MODELS_DIR", before);
    QCOMPARE(folder, m_models);
    QCOMPARE(engines.modelsFolder(), m_models);
}

void TestEngines::theDoctorFindsMissingModelsAndProjects()
{
    const DoctorReport report = examine(m_project, m_models, {});

    QVERIFY(mentions(report.problems, "manifest.json"));
    QVERIFY(mentions(report.problems, m_project));
    QVERIFY(mentions(report.lines, "libtorch"));
    QCOMPARE(report.details.at("problems").size(), report.problems.size());
    QVERIFY(!report.details.at("device").at("device").get<std::string>().empty());
}

void TestEngines::theDoctorFindsASoundProject()
{
    ProjectStore::create(m_project);

    const DoctorReport report = examine(m_project, m_models, {});

    QVERIFY(!mentions(report.problems, m_project));
    QCOMPARE(report.details.at("project").at("sound").get<bool>(), true);
    QCOMPARE(report.details.at("project").at("images").get<int>(), 0);
}

void TestEngines::theDoctorFindsADamagedDatabaseAndLostPictures()
{
    {
        ProjectStore store = ProjectStore::create(m_project);
        ImageRecord image;
        image.path = m_models + "/gone.png";
        image.sha256 = std::string("x");
        store.addImage(image);
    }
    QVERIFY(mentions(examine(m_project, m_models, {}).problems, "gone.png"));

    const std::string bytes = readFile(m_project + "/project.sqlite");
    writeFileAtomically(m_project + "/project.sqlite", bytes.substr(0, bytes.size() / 2));
    const DoctorReport report = examine(m_project, m_models, {});

    QVERIFY(mentions(report.problems, "damaged"));
    QCOMPARE(report.details.at("project").at("sound").get<bool>(), false);
}

QTEST_GUILESS_MAIN(TestEngines)
#include "tst_engines.moc"
