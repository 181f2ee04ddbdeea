#include "core/base/error.h"
#include "core/text/noun_phrases.h"
#include "core/text/prompt_template.h"

#include <QTest>

using namespace sapsam;

namespace {

ErrorKind kindOf(const std::string &json)
{
    try {
        parsePromptTemplate(json, "mine.json");
    } catch (const Error &error) {
        return error.kind();
    }
    return ErrorKind::Internal;
}

} // namespace

class TestPromptTemplate : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void shippedTemplateHasAPromptPerGroup()
    {
        const PromptTemplate prompts = readPromptTemplate(std::string(SAPSAM_SOURCE_DIR)
                                                          + "/resources/templates/default.json");

        QCOMPARE(prompts.prompts.size(), partGroups().size());
        for (const std::string &group : partGroups())
            QVERIFY(prompts.render(group).rfind("Question: What ", 0) == 0);
        QCOMPARE(prompts.render("shoes"),
                 std::string("Question: What shoes is she wearing? Answer: She is wearing"));
        QVERIFY_EXCEPTION_THROWN(prompts.render("belt"), Error);
    }

    void placeholdersAreFilled()
    {
        QCOMPARE(renderPrompt("the {colour} {part} {{x}}", {{"colour", "red"}, {"part", "hat"}}),
                 std::string("the red hat {x}"));
        QVERIFY_EXCEPTION_THROWN(renderPrompt("a {size} hat", {}), Error);
        QVERIFY_EXCEPTION_THROWN(renderPrompt("a {size hat", {{"size hat", ""}}), Error);
    }

    void hashChangesWithTheWording()
    {
        PromptTemplate a = parsePromptTemplate(
            R"({"name":"x","version":1,"prompts":{"hat":"What hat?"}})", "x.json");
        PromptTemplate b = a;
        b.prompts["hat"] = "Which hat?";
        PromptTemplate c = a;
        c.source = "elsewhere";

        QVERIFY(a.hash() != b.hash());
        QCOMPARE(a.hash(), c.hash());
    }

    void damagedTemplateIsCorrupt()
    {
        QCOMPARE(kindOf("{"), ErrorKind::Corrupt);
        QCOMPARE(kindOf("[]"), ErrorKind::Corrupt);
        QCOMPARE(kindOf(R"({"name":"x","version":1,"prompts":{}})"), ErrorKind::Corrupt);
        QCOMPARE(kindOf(R"({"name":"x","version":"one","prompts":{"a":"b"}})"), ErrorKind::Corrupt);
        QCOMPARE(kindOf(R"({"name":"x","version":1,"prompts":{"a":5}})"), ErrorKind::Corrupt);
    }
};

QTEST_GUILESS_MAIN(TestPromptTemplate)
#include "tst_prompt_template.moc"
