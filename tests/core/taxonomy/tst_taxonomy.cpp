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

using Kind = TaxonomyFinding::Kind;

// The first finding of the kind; one with the class -2 when there is none.
TaxonomyFinding find(const std::vector<TaxonomyFinding> &findings, Kind kind)
{
    for (const TaxonomyFinding &finding : findings)
        if (finding.kind == kind)
            return finding;
    TaxonomyFinding none;
    none.classId = -2;
    return none;
}

PartGroup &groupOf(Taxonomy &taxonomy, const std::string &name)
{
    for (PartGroup &group : taxonomy.groups)
        if (group.name == name)
            return group;
    throw Error(ErrorKind::NotFound, "no group " + name);
}

std::vector<std::string> textsOf(const std::vector<TaxonomyChange> &changes)
{
    std::vector<std::string> texts;
    for (const TaxonomyChange &change : changes)
        texts.push_back(change.text);
    return texts;
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
        // The face is in two groups; belt, two arms and the scarf are in none.
        QCOMPARE(count(findings, TaxonomyFinding::Severity::Warning), 5);
        QCOMPARE(find(findings, Kind::SharedClass).classId, 11);
        QCOMPARE(find(findings, Kind::SharedClass).group, std::string("hair"));
        QCOMPARE(find(findings, Kind::SharedClass).other, std::string("glasses"));
        QCOMPARE(find(findings, Kind::Orphan).classId, 8);
        // Three groups depend on their first class.
        QCOMPARE(count(findings, TaxonomyFinding::Severity::Note), 3);
        QCOMPARE(find(findings, Kind::FirstOnly).group, std::string("hair"));
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

    void aClassInTwoExclusiveGroupsIsAnErrorThatSaysWhatNext()
    {
        Taxonomy taxonomy = defaultTaxonomy();
        groupOf(taxonomy, "hair").exclusive = true;
        QCOMPARE(count(taxonomyFindings(taxonomy), TaxonomyFinding::Severity::Error), 0);
        groupOf(taxonomy, "glasses").exclusive = true;

        const TaxonomyFinding clash = find(taxonomyFindings(taxonomy), Kind::ExclusiveClash);

        QCOMPARE(clash.severity, TaxonomyFinding::Severity::Error);
        QCOMPARE(clash.classId, 11);
        const std::string problem = taxonomyProblem(taxonomy, "'mine.json'");
        for (const char *part : {"mine.json", "face", "hair", "glasses", "exclusive", "take it out",
                                 "Nothing was changed"})
            QVERIFY2(problem.find(part) != std::string::npos, problem.c_str());
    }

    void oneGroupMayHaveARuleOfItsOwn()
    {
        Taxonomy taxonomy = defaultTaxonomy();
        groupOf(taxonomy, "shoes").trigger = TriggerRule::Any;

        QVERIFY(taxonomy.isTriggered(groupOf(taxonomy, "shoes"), {10}));
        QVERIFY(!taxonomy.isTriggered(groupOf(taxonomy, "hair"), {11}));
        for (const TaxonomyFinding &finding : taxonomyFindings(taxonomy))
            QVERIFY(finding.kind != Kind::FirstOnly || finding.group != "shoes");
    }

    void aTaxonomyComesBackFromItsOwnText()
    {
        Taxonomy taxonomy = defaultTaxonomy();
        groupOf(taxonomy, "shoes").trigger = TriggerRule::Any;
        groupOf(taxonomy, "bag").exclusive = true;
        taxonomy.parent = taxonomy.version;
        taxonomy.note = "shoes, even one";

        const Taxonomy back = parseTaxonomy(taxonomyJson(taxonomy).dump(), "text");

        QVERIFY(back.groups == taxonomy.groups);
        QVERIFY(back.classes == taxonomy.classes);
        QCOMPARE(back.parent, taxonomy.parent);
        QCOMPARE(back.note, taxonomy.note);
        QCOMPARE(back.version, taxonomyVersionOf(taxonomy));
        // Why it was made is no part of what it is.
        taxonomy.note.clear();
        QCOMPARE(taxonomyVersionOf(taxonomy), back.version);
    }

    void aDifferenceIsToldInWords()
    {
        const Taxonomy before = defaultTaxonomy();
        Taxonomy after = before;
        groupOf(after, "glasses").classes = {3};
        groupOf(after, "glasses").title = "Glasses";
        groupOf(after, "shoes").trigger = TriggerRule::Any;
        groupOf(after, "shoes").classes = {10, 9, 12, 13};
        after.groups.erase(after.groups.begin());

        const auto changes = taxonomyDiff(before, after);

        QCOMPARE(textsOf(changes),
                 (std::vector<std::string>{
                     "“Hat” is gone (hat)", "“Glasses” loses face",
                     "“Glasses and face” is called “Glasses”",
                     "“Shoes and legs” lists right-shoe, left-shoe, left-leg, right-leg instead of "
                     "left-shoe, right-shoe, left-leg, right-leg",
                     "“Shoes and legs” has the trigger rule “any”"}));
        QVERIFY(taxonomyDiff(before, before).empty());
        QVERIFY(!meansTheSame(groupOf(after, "glasses"), *before.findGroup("glasses")));
        QVERIFY(meansTheSame(groupOf(after, "shoes"), *before.findGroup("shoes")));
    }

    void aRenamedGroupStillAnswersToItsShippedName()
    {
        Taxonomy taxonomy = defaultTaxonomy();
        groupOf(taxonomy, "clothes").name = "top";

        QCOMPARE(groupsForShipped(taxonomy, "clothes"), std::vector<std::string>{"top"});
        QCOMPARE(groupsForShipped(taxonomy, "hair"), std::vector<std::string>{"hair"});
        QCOMPARE(shippedGroupFor(taxonomy, "top"), std::string("clothes"));
        QCOMPARE(shippedGroupFor(taxonomy, "wings"), std::string());
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
