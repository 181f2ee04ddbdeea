#include "core/base/error.h"
#include "core/engine/training_form.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <set>

using namespace sapsam;

namespace {

// What a form needs beyond its defaults.
Json baseOf(const TrainingForm &form)
{
    Json config = {{"task", form.task}};
    if (form.onData)
        config["data"] = "synthetic";
    if (form.id == "person-sam-data" || form.id == "phrases-data")
        config["initialModel"] = "some-model";
    return config;
}

std::vector<std::string> messagesFor(const TrainingForm &form, const Json &config,
                                     const std::string &key)
{
    std::vector<std::string> messages;
    for (const SettingProblem &problem : checkSettings(form, config)) {
        if (problem.key == key)
            messages.push_back(problem.message);
    }
    return messages;
}

// Whether a message is about two settings that do not go together.
bool namesAnother(const TrainingForm &form, const std::string &message, const std::string &key)
{
    return std::any_of(form.fields.begin(), form.fields.end(), [&](const SettingField &field) {
        return field.key != key && message.find("'" + field.key + "'") != std::string::npos;
    });
}

void addForms()
{
    QTest::addColumn<QString>("id");
    for (const TrainingForm &form : trainingForms())
        QTest::newRow(form.id.c_str()) << QString::fromStdString(form.id);
}

} // namespace

class TestTrainingForm : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyFieldIsExplained_data() { addForms(); }
    void everyFieldIsExplained()
    {
        QFETCH(QString, id);
        const TrainingForm &form = trainingForm(id.toStdString());

        std::set<std::string> explanations;
        for (const SettingField &field : form.fields) {
            QVERIFY2(field.explanation.size() > 10 && field.explanation.back() == '.',
                     field.key.c_str());
            QVERIFY2(!field.label.empty() && !field.group.empty(), field.key.c_str());
            QVERIFY2(field.type != FieldType::Choice || field.choices.size() > 1,
                     field.key.c_str());
        }
        const auto basic = std::count_if(form.fields.begin(), form.fields.end(),
                                         [](const SettingField &field) { return field.isBasic; });
        QVERIFY(basic >= 5);
        QVERIFY(basic < static_cast<std::ptrdiff_t>(form.fields.size()) / 2);
    }

    void everyDefaultCanBeUsed_data() { addForms(); }
    void everyDefaultCanBeUsed()
    {
        QFETCH(QString, id);
        const TrainingForm &form = trainingForm(id.toStdString());
        Json config = baseOf(form);

        QVERIFY(checkSettings(form, config).empty());

        for (const SettingField &field : form.fields) {
            if (!config.contains(field.key))
                config[field.key] = field.fallback;
            if (field.fallback.is_number())
                QVERIFY2(field.range.contains(field.fallback.get<double>()), field.key.c_str());
            if (field.type == FieldType::Choice)
                QVERIFY2(std::count(field.choices.begin(), field.choices.end(),
                                    field.fallback.get<std::string>())
                             == 1,
                         field.key.c_str());
        }
        for (const SettingProblem &problem : checkSettings(form, config))
            QFAIL(problem.message.c_str());
    }

    void choicesAreThoseOfTheParser_data() { addForms(); }
    void choicesAreThoseOfTheParser()
    {
        QFETCH(QString, id);
        const TrainingForm &form = trainingForm(id.toStdString());

        for (const SettingField &field : form.fields) {
            if (field.type != FieldType::Choice)
                continue;
            for (const std::string &choice : field.choices) {
                Json config = baseOf(form);
                config[field.key] = choice;
                for (const std::string &message : messagesFor(form, config, field.key))
                    QVERIFY2(namesAnother(form, message, field.key), message.c_str());
            }
            Json config = baseOf(form);
            config[field.key] = "no-such-choice";
            QVERIFY2(!messagesFor(form, config, field.key).empty(), field.key.c_str());
        }
    }

    void valuesOutOfRangeAreNamedWithTheirKey_data() { addForms(); }
    void valuesOutOfRangeAreNamedWithTheirKey()
    {
        QFETCH(QString, id);
        const TrainingForm &form = trainingForm(id.toStdString());

        for (const SettingField &field : form.fields) {
            const bool isWhole = field.type == FieldType::Integer;
            if (!isWhole && field.type != FieldType::Number)
                continue;
            const auto with = [&](double value) {
                Json config = baseOf(form);
                if (isWhole)
                    config[field.key] = static_cast<std::int64_t>(value);
                else
                    config[field.key] = value;
                return messagesFor(form, config, field.key);
            };
            if (field.range.least) {
                const double least = *field.range.least;
                const double below =
                    field.range.leastIsOutside ? least : least - (isWhole ? 1.0 : 0.5);
                QVERIFY2(!with(below).empty(), field.key.c_str());
                if (!field.range.leastIsOutside) {
                    for (const std::string &message : with(least))
                        QVERIFY2(namesAnother(form, message, field.key)
                                     || message.find("multiple") != std::string::npos,
                                 message.c_str());
                }
            }
            if (field.range.most) {
                QVERIFY2(!with(*field.range.most + (isWhole ? 1.0 : 0.5)).empty(),
                         field.key.c_str());
                if (!field.range.mostIsOutside)
                    QVERIFY2(with(*field.range.most).empty(), field.key.c_str());
            }
        }
    }

    void textInThePlaceOfANumberIsNamedWithItsKey()
    {
        const TrainingForm &form = trainingForm("retrieval");

        const auto problems = checkSettings(form, Json{{"batchSize", "many"}, {"bachSize", 3}});

        QCOMPARE(problems.size(), std::size_t(2));
        QCOMPARE(problems[0].key, std::string("batchSize"));
        QCOMPARE(problems[1].key, std::string("bachSize"));
        QVERIFY(problems[1].message.find("did you mean 'batchSize'") != std::string::npos);
    }

    void settingsOfAnotherTaskAreRefused()
    {
        const auto problems =
            checkSettings(trainingForm("retrieval"), Json{{"task", "phrases"}, {"seed", -1}});

        QCOMPARE(problems.size(), std::size_t(2));
        QVERIFY(problems[0].message.find("task") != std::string::npos);
        QCOMPARE(problems[1].key, std::string("seed"));
    }

    void pathsThatAreNotThereAreNamed()
    {
        const QTemporaryDir models;
        const Json config = {{"data", "/nowhere/at/all"}, {"initialModel", "no-such-model"}};

        const auto problems =
            checkSettings(trainingForm("retrieval-data"), config, models.path().toStdString());

        QCOMPARE(problems.size(), std::size_t(2));
        QCOMPARE(problems[0].key, std::string("data"));
        QCOMPARE(problems[1].key, std::string("initialModel"));
    }

    void presetsAreReadFromTheModelsFolder()
    {
        std::vector<std::string> problems;

        const auto presets = trainingPresets(std::string(SAPSAM_SOURCE_DIR) + "/models", &problems);

        for (const std::string &problem : problems)
            QFAIL(problem.c_str());
        std::set<std::string> ids;
        for (const TrainingPreset &preset : presets) {
            ids.insert(preset.id);
            const TrainingForm &form = trainingForm(preset.form);
            for (const SettingProblem &problem : checkSettings(form, preset.config))
                QFAIL((preset.id + ": " + problem.message).c_str());
        }
        for (const char *id : {"retrieval", "person-sam", "person-sam-atr", "phrases",
                               "phrases-atr", "table-4-1", "table-6-5", "table-7-4"})
            QVERIFY2(ids.count(id) == 1, id);
    }

    void unknownFormIsNotFound() { QVERIFY_EXCEPTION_THROWN(trainingForm("nothing"), Error); }
};

QTEST_GUILESS_MAIN(TestTrainingForm)

#include "tst_training_form.moc"
