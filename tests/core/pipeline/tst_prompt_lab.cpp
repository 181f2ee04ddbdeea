#include "core/base/random.h"
#include "core/pipeline/jobs.h"
#include "core/pipeline/part_prompts.h"
#include "core/pipeline/prompt_lab.h"
#include "tests/support/error_of.h"
#include "tests/support/second_phrase_model.h"
#include "tests/ui/support/people_project.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>
#include <memory>

using namespace sapsam;
using namespace sapsam::test;
namespace fs = std::filesystem;

namespace {

template <typename Function>
ErrorKind kindOf(Function function)
{
    const auto error = test::errorOf(function);
    return error ? error->kind() : ErrorKind::Internal;
}

std::string modelsFolder()
{
    return std::string(SAPSAM_SOURCE_DIR) + "/models";
}

// A red shirt on a grey picture, with a hole of background inside of the region's box.
struct Shirt
{
    Image picture{40, 60, 3, 128};
    Mask mask{40, 60};

    Shirt()
    {
        for (int y = 10; y < 40; ++y)
            for (int x = 8; x < 30; ++x) {
                if (y < 14 && x < 12)
                    continue;
                mask.at(x, y) = 1;
                picture.at(x, y)[0] = 200;
                picture.at(x, y)[1] = 20;
                picture.at(x, y)[2] = 30;
            }
    }
};

std::vector<PromptProblem> problemsOf(const std::string &group, const std::string &prompt)
{
    GroupTemplate content;
    content.prompt = prompt;
    std::vector<PromptProblem> problems;
    for (const PromptFinding &finding : promptFindings(group, content))
        problems.push_back(finding.problem);
    return problems;
}

bool contains(const std::vector<PromptProblem> &problems, PromptProblem wanted)
{
    return std::find(problems.begin(), problems.end(), wanted) != problems.end();
}

TrialDefinition makeDefinition(int crops = 4)
{
    TrialDefinition definition;
    definition.name = "Two ways to ask";
    definition.group = "clothes";
    definition.crops = crops;
    TrialTemplate published;
    published.name = "Published";
    published.content.prompt = "Question: What kind of clothes is this? Answer: It is";
    TrialTemplate beams = published;
    beams.name = "Beams";
    beams.content.decoding.beams = 3;
    beams.content.view.prompt = VisualPrompt::Box;
    definition.templates = {published, beams};
    return definition;
}

} // namespace

class TestPromptLab : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_project;

    ProjectStore open() { return ProjectStore::open(m_project); }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_project = m_folder->filePath(QStringLiteral("people.sapsam")).toStdString();
        test::makePeopleProject(m_project);
    }

    void everyVisualPromptIsTheSamePictureEveryTime()
    {
        const Shirt shirt;
        for (const VisualPrompt prompt : kVisualPrompts) {
            RegionView view;
            view.prompt = prompt;
            view.jitter = 2;
            view.seed = 4;

            const Image first = regionView(shirt.picture, shirt.mask, view, 7);

            QCOMPARE(first.pixels, regionView(shirt.picture, shirt.mask, view, 7).pixels);
            QCOMPARE(visualPromptFromName(nameOf(prompt)), prompt);
            // Only the filter cuts the picture.
            QCOMPARE(first.width == shirt.picture.width, prompt != VisualPrompt::Filter);
        }
        QCOMPARE(kindOf([&] { visualPromptFromName("arrow"); }), ErrorKind::InvalidInput);
    }

    void theFilterBlanksWithThePadAndGrowsByTheJitter()
    {
        const Shirt shirt;
        RegionView view;
        view.padColour = 77;

        const Image exact = regionView(shirt.picture, shirt.mask, view);

        QCOMPARE(exact.width, 22);
        QCOMPARE(exact.height, 30);
        QCOMPARE(static_cast<int>(exact.at(0, 0)[1]), 77); // the hole
        QCOMPARE(static_cast<int>(exact.at(21, 29)[0]), 200);

        view.jitter = 5;
        view.seed = 11;
        const Jitter grown = drawJitter(splitMix64(11 ^ splitMix64(3)), 5);
        const Image jittered = regionView(shirt.picture, shirt.mask, view, 3);
        QCOMPARE(jittered.width, 22 + grown[0] + grown[1]);
        QCOMPARE(jittered.height, 30 + grown[2] + grown[3]);

        view.padColour = 300;
        QCOMPARE(kindOf([&] { regionView(shirt.picture, shirt.mask, view); }),
                 ErrorKind::InvalidInput);
    }

    void promptsAreCheckedAsTheyAreTyped()
    {
        QVERIFY(
            contains(problemsOf("hat", "What is this? Answer: It is"), PromptProblem::MissingPart));
        QVERIFY(contains(problemsOf("hat", "What skirt is this? Answer: It is"),
                         PromptProblem::WrongPart));
        QVERIFY(contains(problemsOf("hat", "What {colour} hat is this? Answer:"),
                         PromptProblem::UnknownPlaceholder));
        QVERIFY(contains(problemsOf("hat", "What {part is this?"), PromptProblem::BrokenBraces));
        QVERIFY(contains(problemsOf("hat", "What hat does she wear? Answer:"),
                         PromptProblem::Gendered));
        QVERIFY(contains(problemsOf("hat", "a hat that is"), PromptProblem::NoQuestion));
        QVERIFY(contains(problemsOf("hat", "Describe the hat."), PromptProblem::EchoRisk));
        QVERIFY(contains(problemsOf("hat", "What hat is this? Answer: It is "),
                         PromptProblem::TrailingSpace));
        QVERIFY(problemsOf("hat", "Question: What kind of {part} is this? Answer: It is").empty());
        QVERIFY(contains(problemsOf("*", "Question: What hat is this? Answer: It is"),
                         PromptProblem::MissingPart));
    }

    void aPromptThatIsTooLongForTheModelSaysHowLong()
    {
        const PhraseModelFacts facts = phraseModelFacts(modelsFolder());
        GroupTemplate content;
        content.prompt = "Question: What kind of hat is this? Answer: It is";
        PromptRules rules;
        rules.countTokens = facts.countTokens;
        rules.maxTokens = facts.maxPromptTokens(content.decoding);
        QVERIFY(rules.maxTokens > 0);
        QVERIFY(promptFindings("hat", content, rules).empty());

        for (int i = 0; i < 40; ++i)
            content.prompt.insert(0, "hat ");

        const std::vector<PromptFinding> found = promptFindings("hat", content, rules);
        QCOMPARE(found.front().problem, PromptProblem::TooLong);
        QVERIFY(textOf(found.front()).find("room for " + std::to_string(rules.maxTokens))
                != std::string::npos);
    }

    void theShippedTemplatesAreGenderedTwiceAndUsable()
    {
        int gendered = 0;
        for (const PromptFinding &finding :
             templateFindings(defaultPromptTemplate(), defaultTaxonomy())) {
            QVERIFY2(!finding.isError(), textOf(finding).c_str());
            gendered += finding.problem == PromptProblem::Gendered ? 1 : 0;
        }
        QCOMPARE(gendered, 2); // hair and shoes
    }

    void templatesWithSettingsAreReadBackAsTheyWereWritten()
    {
        PromptTemplate set = defaultPromptTemplate();
        const std::string before = set.hash();
        GroupTemplate hat = set.group("hat");
        hat.decoding.beams = 4;
        hat.decoding.lengthPenalty = 0.5;
        hat.view.prompt = VisualPrompt::EdgePoints;
        set.setGroup("hat", hat);

        const PromptTemplate read = parsePromptTemplate(jsonOf(set).dump(), "mine");

        QVERIFY(read.group("hat") == hat);
        QCOMPARE(read.hash(), set.hash());
        QVERIFY(read.hash() != before);
        set.setGroup("hat", defaultPromptTemplate().group("hat"));
        QCOMPARE(set.hash(), before); // defaults leave no trace
        QCOMPARE(kindOf([] {
                     parsePromptTemplate(R"({"name":"x","version":1,"prompts":{"hat":"What hat?"},)"
                                         R"("decoding":{"hat":{"beams":99}}})",
                                         "mine");
                 }),
                 ErrorKind::InvalidInput);
        QCOMPARE(kindOf([] {
                     parsePromptTemplate(R"({"name":"x","version":1,"prompts":{"hat":"What hat?"},)"
                                         R"("views":{"bag":{"prompt":"box"}}})",
                                         "mine");
                 }),
                 ErrorKind::Corrupt);
    }

    void phrasesAreJudged_data()
    {
        QTest::addColumn<QString>("phrase");
        QTest::addColumn<QString>("group");
        QTest::addColumn<QString>("marks");
        const auto row = [](const char *phrase, const char *group, const char *marks) {
            QTest::newRow(phrase) << QString::fromLatin1(phrase) << QString::fromLatin1(group)
                                  << QString::fromLatin1(marks);
        };
        row("a red shirt", "clothes", "colour");
        row("a maroon shirt with white stripes", "clothes", "colour");
        row("a blue shirt", "clothes", "colour contradiction");
        row("a dress", "clothes", "other");
        row("a shirt", "clothes", "plain");
        row("a pair of sunglasses", "glasses", "plain");
        row("a striped shirt", "clothes", "");
        row("black pants", "clothes", "colour other contradiction");
        row("what kind of clothes is this", "clothes", "echo");
        row("red red red shirt", "clothes", "colour loop");
        row("a shirt and a shirt and a shirt", "clothes", "loop plain");
        row("", "clothes", "empty");
    }

    void phrasesAreJudged()
    {
        QFETCH(QString, phrase);
        QFETCH(QString, group);
        const Shirt shirt;
        const RegionColours colours = regionColours(shirt.picture, shirt.mask);
        QCOMPARE(colours.dominant, std::string("red"));

        const PhraseVerdict verdict =
            judgePhrase(phrase.toStdString(), group.toStdString(),
                        "Question: What kind of clothes is this? Answer: It is", colours);

        QStringList marks;
        if (verdict.isEmpty)
            marks.append(QStringLiteral("empty"));
        if (verdict.namesColour)
            marks.append(QStringLiteral("colour"));
        if (verdict.namesOtherPart)
            marks.append(QStringLiteral("other"));
        if (verdict.echoes)
            marks.append(QStringLiteral("echo"));
        if (verdict.loops)
            marks.append(QStringLiteral("loop"));
        if (verdict.isPlain)
            marks.append(QStringLiteral("plain"));
        if (verdict.contradicts)
            marks.append(QStringLiteral("contradiction"));
        QTEST(marks.join(QLatin1Char(' ')), "marks");
    }

    void aTrialFillsItsCellsAndIsNotDoneTwice()
    {
        ProjectStore store = open();
        Engines engines(modelsFolder(), EngineOptions{"cpu", "fp32", 1});
        int delivered = 0;
        const auto count = [&delivered](const TrialCell &) { ++delivered; };

        const Trial trial = runTrial(store, engines, makeDefinition(), {}, {}, count);

        QCOMPARE(delivered, 8);
        QCOMPARE(trial.crops.size(), std::size_t{4});
        for (const TrialCell &cell : trial.cells) {
            QVERIFY2(cell.isDone && cell.error.empty() && !cell.text.empty(), cell.error.c_str());
            QVERIFY(cell.tokens > 0 && cell.seconds > 0.0);
        }
        QCOMPARE(trial.statistics(0, 0).phrases, 4);
        QVERIFY(trial.best().first >= 0);

        const Trial again = runTrial(store, engines, makeDefinition(), {}, {}, count);
        QCOMPARE(delivered, 8);
        QCOMPARE(again.id, trial.id);
        const Trial loaded = loadTrial(store, trial.id);
        for (std::size_t i = 0; i < trial.cells.size(); ++i) {
            QCOMPARE(loaded.cells[i].text, trial.cells[i].text);
            QCOMPARE(loaded.cells[i].verdict.isGood(), trial.cells[i].verdict.isGood());
        }

        // An edited trial asks the model only for what is new in it.
        TrialDefinition edited = makeDefinition();
        edited.templates[1].content.decoding.beams = 2;
        const Trial other = runTrial(store, engines, edited);
        QVERIFY(other.id != trial.id);
        for (int position = 0; position < 4; ++position)
            QCOMPARE(other.cells[other.indexOf(0, 0, position)].seconds,
                     trial.cells[trial.indexOf(0, 0, position)].seconds);
    }

    void aCancelledTrialGoesOn()
    {
        ProjectStore store = open();
        Engines engines(modelsFolder(), EngineOptions{"cpu", "fp32", 1});
        CancelSource source;
        int delivered = 0;

        const Trial cut =
            runTrial(store, engines, makeDefinition(8), source.token(), {}, [&](const TrialCell &) {
                ++delivered;
                source.cancel();
            });

        QVERIFY(cut.cancelled);
        QVERIFY(delivered > 0 && delivered < 16);
        const int before = delivered;
        const Trial whole = runTrial(store, engines, makeDefinition(8), {}, {},
                                     [&](const TrialCell &) { ++delivered; });
        QCOMPARE(whole.id, cut.id);
        QCOMPARE(delivered, 16);
        QVERIFY(before < delivered);
    }

    void theSampleIsTheSeeds()
    {
        ProjectStore store = open();
        TrialDefinition definition = makeDefinition();

        const Trial a = planTrial(store, modelsFolder(), definition);
        const Trial b = planTrial(store, modelsFolder(), definition);
        definition.seed = 2;
        const Trial c = planTrial(store, modelsFolder(), definition);

        const auto regions = [](const Trial &trial) {
            std::vector<std::int64_t> ids;
            for (const TrialCrop &crop : trial.crops)
                ids.push_back(crop.region);
            return ids;
        };
        QCOMPARE(regions(a), regions(b));
        QVERIFY(regions(a) != regions(c));
        definition.group = "spaceship";
        QCOMPARE(kindOf([&] { planTrial(store, modelsFolder(), definition); }),
                 ErrorKind::NotFound);
        definition = makeDefinition();
        definition.templates[0].content.prompt = "What {size} is it?";
        QCOMPARE(kindOf([&] { planTrial(store, modelsFolder(), definition); }),
                 ErrorKind::InvalidInput);
        definition = makeDefinition();
        definition.models = {"nobody"};
        QCOMPARE(kindOf([&] { planTrial(store, modelsFolder(), definition); }),
                 ErrorKind::NotFound);
    }

    void aPictureThatVanishedCostsOnlyItsCells()
    {
        ProjectStore store = open();
        const Trial planned = planTrial(store, modelsFolder(), makeDefinition());
        fs::remove(planned.crops[1].path);
        Engines engines(modelsFolder(), EngineOptions{"cpu", "fp32", 1});

        const Trial trial = runTrial(store, engines, makeDefinition());

        for (const TrialCell &cell : trial.cells) {
            const bool isLost = trial.crops[static_cast<std::size_t>(cell.position)].image
                                == planned.crops[1].image;
            QCOMPARE(cell.error.empty(), !isLost);
        }
    }

    void everyShippedExperimentRuns()
    {
        ProjectStore store = open();
        Engines engines(modelsFolder(), EngineOptions{"cpu", "fp32", 1});
        const std::vector<ShippedExperiment> shipped = shippedExperiments();
        QCOMPARE(shipped.size(), std::size_t{3});
        for (ShippedExperiment experiment : shipped) {
            experiment.definition.crops = 2;
            const Trial trial = runTrial(store, engines, experiment.definition);
            for (const TrialCell &cell : trial.cells)
                QVERIFY2(cell.isDone && cell.error.empty(), cell.error.c_str());
        }
    }

    void theWinnerBecomesTheProjectsTemplateAndCanBeTakenBack()
    {
        ProjectStore store = open();
        Engines engines(modelsFolder(), EngineOptions{"cpu", "fp32", 1});
        const Trial trial = runTrial(store, engines, makeDefinition());
        EditJournal journal(store);

        journal.apply(winnerEdit(store, trial, 1, 0));

        const PromptTemplate used = projectTemplates(store);
        QVERIFY(used.group("clothes") == trial.definition.templates[1].content);
        QVERIFY(used.group("hat") == defaultPromptTemplate().group("hat"));
        QCOMPARE(used.version, 2);
        journal.undo();
        QCOMPARE(projectTemplates(store).hash(), defaultPromptTemplate().hash());
        journal.redo();
        QCOMPARE(projectTemplates(store).hash(), used.hash());
    }

    void aTemplateWithoutItsSlotIsRefusedAndNothingIsLost()
    {
        ProjectStore store = open();
        PromptTemplate next = projectTemplates(store);
        GroupTemplate broken = next.group("hat");
        broken.prompt = "Question: What is this? Answer: It is";
        next.setGroup("hat", broken);

        VERIFY_ERROR(templatesEdit(store, next, {"hat"}), ErrorKind::InvalidInput, "{part}");

        QCOMPARE(projectTemplates(store).hash(), defaultPromptTemplate().hash());
    }

    void onlyTheChangedGroupIsWrittenAgainAndOutdatedPhrasesComeFirst()
    {
        ProjectStore store = open();
        Engines engines(modelsFolder(), EngineOptions{"cpu", "fp32", 1});
        phraseProject(store, engines, {}, {});
        const std::string model = engines.phraseWriter().model().sha256;
        QVERIFY(regionsToPhrase(store, projectTemplates(store), model).empty());
        const std::vector<RegionState> clothes = regionStates(store, "clothes");
        QVERIFY(clothes.size() > 3);
        PhraseRecord human;
        human.regionId = clothes[0].region;
        human.text = "what a person wrote";
        human.origin = "human";
        store.setPhrase(human);

        const Trial trial = runTrial(store, engines, makeDefinition());
        const PhraseEstimate estimate = estimatePhrases(store, modelsFolder(), trial, 1, 0);
        QCOMPARE(estimate.regions, static_cast<std::int64_t>(clothes.size()) - 1);
        QCOMPARE(estimate.human, std::int64_t{1});
        QVERIFY(estimate.seconds > 0.0);
        EditJournal(store).apply(winnerEdit(store, trial, 1, 0));

        const std::vector<RegionState> todo =
            regionsToPhrase(store, projectTemplates(store), model);
        QCOMPARE(static_cast<std::int64_t>(todo.size()), estimate.regions);
        for (const RegionState &region : todo)
            QCOMPARE(region.group, std::string("clothes"));
        PhraseScope scope;
        scope.group = "clothes";
        scope.limit = 2;
        const PhraseReport report = phraseProject(store, engines, {}, {}, scope);
        QCOMPARE(report.phrases, std::int64_t{2});
        QCOMPARE(static_cast<std::int64_t>(
                     regionsToPhrase(store, projectTemplates(store), model).size()),
                 estimate.regions - 2);
        phraseProject(store, engines, {}, {});
        QVERIFY(regionsToPhrase(store, projectTemplates(store), model).empty());
        const std::vector<PhraseRecord> kept = store.phrases(clothes[0].image);
        QVERIFY(std::any_of(kept.begin(), kept.end(), [](const PhraseRecord &phrase) {
            return phrase.text == "what a person wrote";
        }));
        // Taking the template back makes the rewritten ones outdated, and nobody else.
        EditJournal(store).undo();
        QCOMPARE(static_cast<std::int64_t>(
                     regionsToPhrase(store, projectTemplates(store), model).size()),
                 estimate.regions);
    }

    void twoModelsThatDifferAreToldApart()
    {
        const std::string models = m_folder->filePath(QStringLiteral("two")).toStdString();
        makeTwoPhraseModels(modelsFolder(), models);
        ProjectStore store = open();
        Engines engines(models, EngineOptions{"cpu", "fp32", 1});
        TrialDefinition definition = makeDefinition(6);
        definition.models = {phraseModelNames(modelsFolder()).front(), kSecondPhraseModel};

        const Trial both = runTrial(store, engines, definition);

        // Each column is what its model writes alone.
        int different = 0;
        for (int column = 0; column < 2; ++column) {
            TrialDefinition alone = definition;
            alone.models = {definition.models[static_cast<std::size_t>(column)]};
            const Trial single = runTrial(store, engines, alone);
            QVERIFY(single.id != both.id);
            for (int row = 0; row < 2; ++row) {
                for (int position = 0; position < 6; ++position) {
                    const TrialCell &cell = both.cells[both.indexOf(row, column, position)];
                    QVERIFY2(cell.isDone && cell.error.empty(), cell.error.c_str());
                    QCOMPARE(cell.text, single.cells[single.indexOf(row, 0, position)].text);
                    different += cell.text != both.cells[both.indexOf(row, 0, position)].text;
                }
            }
        }
        QVERIFY(different > 0);
        QVERIFY(both.statistics(0, 0).phrases == 6 && both.statistics(0, 1).phrases == 6);
        // The winner brings its model along.
        EditJournal(store).apply(winnerEdit(store, both, 0, 1));
        QCOMPARE(projectPhraseModel(store), std::string(kSecondPhraseModel));
        EditJournal(store).undo();
        QVERIFY(projectPhraseModel(store) != kSecondPhraseModel);
    }

    void decodingIsTheTemplatesOwn()
    {
        ProjectStore store = open();
        Engines engines(modelsFolder(), EngineOptions{"cpu", "fp32", 1});
        TrialDefinition definition = makeDefinition(4);
        const TrialTemplate plain = definition.templates[0];
        definition.templates.clear();
        const auto add = [&](const char *name, auto &&change) {
            TrialTemplate row = plain;
            row.name = name;
            change(row.content.decoding);
            definition.templates.push_back(row);
        };
        add("short", [](DecodingSettings &d) { d.maxNewTokens = 2; });
        add("greedy", [](DecodingSettings &d) { d.beams = 1; });
        add("beams", [](DecodingSettings &d) { d.beams = 4; });
        add("long", [](DecodingSettings &d) {
            d.minNewTokens = 12;
            d.maxNewTokens = 16;
        });
        add("no repeats", [](DecodingSettings &d) {
            d.minNewTokens = 12;
            d.maxNewTokens = 16;
            d.repetitionPenalty = 1.8;
            d.noRepeatNgram = 2;
        });

        const Trial trial = runTrial(store, engines, definition);

        int changed = 0;
        for (int position = 0; position < 4; ++position) {
            const auto cell = [&](int row) { return trial.cells[trial.indexOf(row, 0, position)]; };
            QVERIFY2(cell(0).isDone && cell(0).tokens < cell(3).tokens, cell(0).text.c_str());
            QVERIFY2(cell(3).tokens >= 12, cell(3).text.c_str());
            changed += cell(3).text != cell(4).text ? 1 : 0;
        }
        QVERIFY(changed > 0);
        // Given to the project, phrases are written with it, and with nothing else.
        EditJournal(store).apply(winnerEdit(store, trial, 0, 0));
        QCOMPARE(projectTemplates(store).group(definition.group).decoding.maxNewTokens, 2);
        PhraseScope scope;
        scope.group = definition.group;
        const PhraseReport report = phraseProject(store, engines, {}, {}, scope);
        QVERIFY(report.phrases > 0 && report.failed.empty());
        for (const TrialCrop &crop : trial.crops) {
            const auto &cells = trial.cells;
            for (const PhraseRecord &phrase : store.phrases(crop.image)) {
                if (phrase.regionId != crop.region || phrase.origin != "model")
                    continue;
                const auto written =
                    std::find_if(cells.begin(), cells.end(), [&](const TrialCell &cell) {
                        return cell.row == 0
                               && trial.crops[static_cast<std::size_t>(cell.position)].region
                                      == crop.region;
                    });
                QCOMPARE(phrase.text, written->text);
            }
        }
    }

    void aDeletedTrialComesBackWhole()
    {
        ProjectStore store = open();
        PromptTrials trials(store);
        TrialRecord record;
        record.hash = std::string(64, 'a');
        record.name = "Two wordings";
        record.group = "clothes";
        record.definition = jsonOf(makeDefinition()).dump();
        const std::int64_t id = trials.add(record, {{1, 1}, {2, 1}});
        trials.setCells(id, {{0, 0, 0, "a red coat", "", 4, 0.123456789},
                             {1, 0, 1, "", "the picture is gone", 0, 0.0}});
        const TrialRecord before = trials.trial(id);
        const auto cellsText = [&] {
            std::string text;
            for (const TrialCellRecord &cell : trials.cells(id))
                text += std::to_string(cell.row) + "," + std::to_string(cell.position) + ","
                        + cell.text + "," + cell.error + "," + std::to_string(cell.tokens) + ","
                        + std::to_string(cell.seconds) + ";";
            return text;
        };
        const std::string cells = cellsText();
        EditJournal journal(store);

        const Edit gone = journal.apply(removeTrialEdit(store, id));

        QVERIFY(gone.id != 0);
        QVERIFY(trials.list().empty());
        QVERIFY(cellsText().empty());
        VERIFY_ERROR(removeTrialEdit(store, id), ErrorKind::NotFound, "lab list");
        // Its number is not given to another one meanwhile.
        TrialRecord other = record;
        other.hash = std::string(64, 'b');
        const std::int64_t next = trials.add(other, {{1, 1}});
        QVERIFY(next > id);
        QCOMPARE(journal.undo().id, gone.id);
        QCOMPARE(trials.trial(id).name, before.name);
        QCOMPARE(trials.trial(id).createdAt, before.createdAt);
        QCOMPARE(trials.crops(id).size(), std::size_t(2));
        QCOMPARE(cellsText(), cells);
        QCOMPARE(journal.redo().id, gone.id);
        QCOMPARE(trials.list().size(), std::size_t(1));
        // When the same trial has been run again, undo leaves that one alone.
        const std::int64_t again = trials.add(record, {{1, 1}, {2, 1}});
        QCOMPARE(journal.undo().id, gone.id);
        QCOMPARE(trials.list().size(), std::size_t(2));
        QCOMPARE(trials.trial(again).hash, record.hash);
    }

    void twoModelsStandSideBySide()
    {
        // The shipped model under two names.
        const std::string models = m_folder->filePath(QStringLiteral("models")).toStdString();
        fs::create_directories(models);
        Json manifest = readJsonFile(modelsFolder() + "/manifest.json");
        Json list = Json::array();
        for (Json entry : manifest["models"]) {
            if (entry["task"] != "phrases")
                continue;
            fs::create_directory_symlink(modelsFolder() + "/" + entry["folder"].get<std::string>(),
                                         models + "/" + entry["folder"].get<std::string>());
            list.push_back(entry);
            entry["name"] = "the-same-again";
            list.push_back(entry);
        }
        manifest["models"] = list;
        writeJsonFile(models + "/manifest.json", manifest);
        ProjectStore store = open();
        Engines engines(models, EngineOptions{"cpu", "fp32", 1});
        TrialDefinition definition = makeDefinition(3);
        definition.models = phraseModelNames(models);
        QCOMPARE(definition.models.size(), std::size_t{2});

        const Trial trial = runTrial(store, engines, definition);

        QCOMPARE(trial.cells.size(), std::size_t{2 * 2 * 3});
        for (int position = 0; position < 3; ++position)
            QCOMPARE(trial.cells[trial.indexOf(0, 0, position)].text,
                     trial.cells[trial.indexOf(0, 1, position)].text);
        EditJournal(store).apply(winnerEdit(store, trial, 0, 1));
        QCOMPARE(projectPhraseModel(store), std::string("the-same-again"));
    }
};

QTEST_GUILESS_MAIN(TestPromptLab)
#include "tst_prompt_lab.moc"
