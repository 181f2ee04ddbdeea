#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/resources.h"
#include "core/taxonomy/taxonomy.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <set>

using namespace sapsam;

namespace {

Taxonomy parsed(const std::string &text)
{
    const QTemporaryDir folder;
    const std::string path = folder.filePath(QStringLiteral("t.json")).toStdString();
    writeFileAtomically(path, text);
    return readTaxonomy(path);
}

std::string messageOf(const std::string &text)
{
    try {
        parsed(text);
    } catch (const Error &error) {
        return error.what();
    }
    return {};
}

int count(const std::vector<TaxonomyFinding> &findings, TaxonomyFinding::Severity severity)
{
    return static_cast<int>(
        std::count_if(findings.begin(), findings.end(),
                      [&](const auto &finding) { return finding.severity == severity; }));
}

} // namespace

class TestTaxonomy : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theDefaultIsTheTableOfThePaper()
    {
        const Taxonomy taxonomy = defaultTaxonomy();

        QCOMPARE(taxonomy.classes.size(), std::size_t(18));
        QCOMPARE(taxonomy.groups.size(), std::size_t(9));
        QCOMPARE(taxonomy.findGroup("hair")->classes, (std::vector<int>{2, 11}));
        QCOMPARE(taxonomy.findGroup("glasses")->classes, (std::vector<int>{3, 11}));
        QCOMPARE(taxonomy.findGroup("shoes")->classes, (std::vector<int>{9, 10, 12, 13}));
        QCOMPARE(taxonomy.findClass(17)->name, std::string("scarf"));
        QVERIFY(taxonomy.findGroup("wings") == nullptr);
        std::set<Colour> colours;
        for (const PartGroup &group : taxonomy.groups)
            colours.insert(group.colour);
        QCOMPARE(colours.size(), taxonomy.groups.size());
    }

    void itsPitfallsAreFound()
    {
        const auto findings = taxonomyFindings(defaultTaxonomy());

        QCOMPARE(count(findings, TaxonomyFinding::Severity::Error), 0);
        // The face is in two groups.
        QCOMPARE(count(findings, TaxonomyFinding::Severity::Warning), 1);
        // Belt, two arms and the scarf are in none; three groups depend on their first class.
        QCOMPARE(count(findings, TaxonomyFinding::Severity::Note), 7);
    }

    void theTriggerRuleDecides()
    {
        Taxonomy taxonomy = defaultTaxonomy();
        const PartGroup &shoes = *taxonomy.findGroup("shoes");
        const std::vector<int> onlyTheRightShoe = {10};

        taxonomy.trigger = TriggerRule::First;
        QVERIFY(!taxonomy.isTriggered(shoes, onlyTheRightShoe));
        taxonomy.trigger = TriggerRule::Any;
        QVERIFY(taxonomy.isTriggered(shoes, onlyTheRightShoe));
        taxonomy.trigger = TriggerRule::All;
        QVERIFY(!taxonomy.isTriggered(shoes, onlyTheRightShoe));
        QVERIFY(taxonomy.isTriggered(shoes, {9, 10, 12, 13}));
    }

    void theVersionFollowsTheContent()
    {
        const std::string text = readFile(resourcePath("taxonomies/atr18.json"));
        std::string changed = text;
        changed.replace(changed.find("[2, 11]"), 7, "[2]");

        QCOMPARE(parsed(text).version, defaultTaxonomy().version);
        QVERIFY(parsed(changed).version != defaultTaxonomy().version);
    }

    void mistakesAreNamed()
    {
        QVERIFY(messageOf("{\"name\": \"x\"}").find("'version'") != std::string::npos);
        QVERIFY(messageOf("{\"name\": \"x\", \"version\": 1, \"trigger\": \"never\"}").find("never")
                != std::string::npos);
        QVERIFY(messageOf("{\"name\": \"x\", \"version\": 1, \"classes\": [], \"groups\": "
                          "[{\"name\": \"hat\"}]}")
                    .find("'hat'")
                != std::string::npos);
    }

    void unknownAndDuplicateIdsAreErrors()
    {
        const Taxonomy taxonomy = parsed(
            "{\"name\": \"x\", \"version\": 1, \"classes\": [{\"id\": 1, \"name\": \"a\", "
            "\"colour\": [0,0,0]}, {\"id\": 1, \"name\": \"b\", \"colour\": [0,0,0]}], \"groups\": "
            "[{\"name\": \"g\", \"classes\": [7], \"colour\": [1,2,3]}, {\"name\": \"g\", "
            "\"classes\": [], \"colour\": [1,2,3]}]}");

        QCOMPARE(count(taxonomyFindings(taxonomy), TaxonomyFinding::Severity::Error), 4);
    }

    void aMissingResourceNamesThePlaces()
    {
        try {
            resourcePath("no/such/file.json");
            QFAIL("nothing was thrown");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::NotFound);
            QVERIFY(std::string(error.what()).find("SAPSAM_RESOURCES_DIR") != std::string::npos);
        }
    }
};

QTEST_GUILESS_MAIN(TestTaxonomy)
#include "tst_taxonomy.moc"
