#include "core/base/file.h"
#include "core/dataset/synthetic_writer.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/rle.h"
#include "core/pipeline/import.h"
#include "core/pipeline/merge_preview.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>
#include <set>

using namespace sapsam;
using namespace sapsam::test;

namespace {

constexpr int kPictures = 24;
constexpr const char *kModel = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

PartGroup &groupOf(Taxonomy &taxonomy, const std::string &name)
{
    for (PartGroup &group : taxonomy.groups)
        if (group.name == name)
            return group;
    throw Error(ErrorKind::NotFound, "no group " + name);
}

void removeGroup(Taxonomy &taxonomy, const std::string &name)
{
    std::erase_if(taxonomy.groups, [&](const PartGroup &group) { return group.name == name; });
}

// Everything that people and models made, as text: two equal ones are byte-identical.
std::string contentOf(ProjectStore &store)
{
    std::string text;
    for (const std::int64_t id : store.imageIds()) {
        for (const RegionRecord &region : store.regions(id)) {
            text += std::to_string(region.id);
            text += regionValue(region).dump();
        }
        for (const PhraseRecord &phrase : store.phrases(id)) {
            text += std::to_string(phrase.regionId);
            text += phrase.text;
            text += phrase.templateVersion;
            text += phrase.modelHash;
        }
    }
    return text;
}

} // namespace

class TestMergePreview : public QObject
{
    Q_OBJECT

private:
    std::string path(const char *name) const
    {
        return m_folder->filePath(QString::fromUtf8(name)).toStdString();
    }

    // Drawn people in the ATR layout, imported with their label maps.
    ProjectStore labelledProject(const char *name = "people.sapsam") const
    {
        ProjectStore store = ProjectStore::create(path(name));
        ImportOptions options;
        options.paths = {path("data/ATR")};
        options.format = "atr";
        const ImportReport report = importPaths(store, options, {}, {});
        if (report.imported != kPictures || !report.skipped.empty())
            qFatal("the drawn people cannot be imported");
        return store;
    }

    // The true masks of the shipped groups as a model's regions, each with a phrase.
    static void addRegions(ProjectStore &store)
    {
        const Taxonomy taxonomy = defaultTaxonomy();
        for (const std::int64_t id : store.imageIds()) {
            const LabelMap labels = readLabels(labelMapOf(store, id)->path);
            std::vector<RegionRecord> regions;
            for (const PartGroup &group : taxonomy.groups) {
                const Mask mask = maskOfClasses(labels, group.classes);
                const auto bounds = boundingBox(mask);
                if (!bounds)
                    continue;
                RegionRecord region;
                region.group = group.name;
                region.width = mask.width;
                region.height = mask.height;
                region.rle = rleToString(rleOfMask(mask));
                region.bounds = *bounds;
                region.area = static_cast<double>(mask.area()) / (mask.width * mask.height);
                region.score = 0.9;
                region.prompt = group.phrase;
                regions.push_back(region);
            }
            store.replaceRegions(id, regions, kModel, taxonomy.version);
            for (const RegionRecord &region : store.regions(id)) {
                PhraseRecord phrase;
                phrase.regionId = region.id;
                phrase.text = region.group;
                phrase.modelHash = kModel;
                phrase.templateVersion = kModel;
                store.setPhrase(phrase);
            }
        }
    }

    std::unique_ptr<QTemporaryDir> m_folder;

private Q_SLOTS:
    void initTestCase()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        SyntheticOptions options;
        options.count = kPictures;
        options.seed = 5;
        writeSyntheticDataset(path("data"), options);
    }

    void cleanup()
    {
        for (const auto &entry : std::filesystem::directory_iterator(path(".")))
            if (entry.path().extension() == ".sapsam")
                std::filesystem::remove_all(entry.path());
    }

    void labelMapsAreKeptAtImport()
    {
        ProjectStore store = labelledProject();

        QCOMPARE(labelMapCount(store), std::int64_t(kPictures));
        for (const LabelMapRecord &record : labelMaps(store)) {
            const LabelMap labels = readLabels(record.path);
            std::int64_t sum = 0;
            for (const auto &[id, count] : record.pixels) {
                QCOMPARE(count, static_cast<std::int64_t>(maskOfClasses(labels, {id}).area()));
                sum += count;
            }
            QCOMPARE(sum, static_cast<std::int64_t>(labels.labels.size()));
        }
    }

    void labelMapsFindTheirPicturesByBytesAndByName()
    {
        ProjectStore store = ProjectStore::create(path("late.sapsam"));
        ImportOptions options;
        options.paths = {path("data/CUHK-PEDES")};
        options.format = "cuhk-pedes";
        importPaths(store, options, {}, {});
        QCOMPARE(labelMapCount(store), std::int64_t(0));

        // The same pictures under other names.
        const LabelMapReport report = attachLabelMaps(store, path("data/ATR"));

        QCOMPARE(report.attached, std::int64_t(kPictures));
        QVERIFY(report.skipped.empty());

        // By name, and what does not fit is told.
        const std::string folder = path("maps");
        std::filesystem::create_directories(folder);
        const ImageRecord first = store.images().front();
        const std::string stem = std::filesystem::path(first.path).stem().string();
        writeFileAtomically(folder + "/" + stem + ".png",
                            encodeLabels(LabelMap(first.width, first.height, 4)));
        const ImageRecord second = store.images()[1];
        writeFileAtomically(folder + "/" + std::filesystem::path(second.path).stem().string()
                                + ".png",
                            encodeLabels(LabelMap(3, 5, 4)));
        writeFileAtomically(folder + "/stranger.png", encodeLabels(LabelMap(3, 5, 4)));
        writeFileAtomically(folder + "/broken.png", "no picture");
        const LabelMapReport named = attachLabelMaps(store, folder);
        QCOMPARE(named.attached, std::int64_t(1));
        QCOMPARE(named.skipped.size(), std::size_t(3));
        QCOMPARE(labelMapOf(store, first.id)->pixels.size(), std::size_t(1));
        VERIFY_ERROR(attachLabelMaps(store, path("nowhere")), ErrorKind::NotFound, "nowhere");
        std::filesystem::create_directories(path("empty"));
        VERIFY_ERROR(attachLabelMaps(store, path("empty")), ErrorKind::NotFound, "ATR layout");
    }

    void countsAreThoseOfTheLabelMaps()
    {
        ProjectStore store = labelledProject();
        const Taxonomy before = defaultTaxonomy();
        Taxonomy after = before;
        groupOf(after, "shoes").trigger = TriggerRule::Any;
        const MergeFacts facts = readMergeFacts(store);
        const MergeImpact impact = mergeImpact(facts, before, after);

        // By hand, picture for picture.
        std::int64_t left = 0;
        std::int64_t any = 0;
        std::int64_t bothFaces = 0;
        std::vector<std::int64_t> touched;
        for (const LabelMapRecord &record : labelMaps(store)) {
            std::set<int> ids;
            for (const auto &[id, count] : record.pixels)
                ids.insert(id);
            const bool some =
                ids.contains(9) || ids.contains(10) || ids.contains(12) || ids.contains(13);
            left += ids.contains(9) ? 1 : 0;
            any += some ? 1 : 0;
            bothFaces += ids.contains(2) && ids.contains(3) && ids.contains(11) ? 1 : 0;
            if (some && !ids.contains(9))
                touched.push_back(record.imageId);
        }
        QCOMPARE(impact.labelled, std::int64_t(kPictures));
        QCOMPARE(impact.findGroup("shoes")->picturesBefore, left);
        QCOMPARE(impact.findGroup("shoes")->picturesAfter, any);
        QCOMPARE(impact.findGroup("shoes")->skipped, std::int64_t(0));
        QCOMPARE(mergeImpact(facts, before, before).findGroup("shoes")->skipped, any - left);
        QCOMPARE(impact.shared.size(), std::size_t(1));
        QCOMPARE(impact.shared[0].classId, 11);
        QCOMPARE(impact.shared[0].pictures, bothFaces);
        QCOMPARE(impact.touched, touched);
        // A trigger rule makes no mask wrong.
        QVERIFY(impact.staleRegions.empty());
    }

    void previewIsCutFromTheTrueLabels()
    {
        ProjectStore store = labelledProject();
        const Taxonomy before = defaultTaxonomy();
        Taxonomy after = before;
        groupOf(after, "hair").classes = {2};
        const MergeFacts facts = readMergeFacts(store);
        const std::vector<std::int64_t> sample = previewSample(facts, before, after, 5, 1);
        QCOMPARE(sample.size(), std::size_t(5));
        QCOMPARE(previewSample(facts, before, after, 5, 1), sample);
        const std::vector<std::int64_t> touched = mergeImpact(facts, before, after).touched;
        QVERIFY(std::binary_search(touched.begin(), touched.end(), sample[0]));

        const PreviewPicture preview = previewMerge(store, sample[0], before, after);

        QVERIFY(preview.isExact);
        QVERIFY(preview.isChanged);
        const LabelMap labels = readLabels(labelMapOf(store, sample[0])->path);
        const auto hairOf = [](const std::vector<PreviewPart> &parts) {
            return std::find_if(parts.begin(), parts.end(),
                                [](const PreviewPart &part) { return part.group == "hair"; })
                ->mask.bits;
        };
        QCOMPARE(hairOf(preview.before), maskOfClasses(labels, {2, 11}).bits);
        QCOMPARE(hairOf(preview.after), maskOfClasses(labels, {2}).bits);
        QVERIFY(!previewMerge(store, sample[0], before, before).isChanged);
    }

    void withoutLabelMapsThePreviewSaysWhatItIsMadeOf()
    {
        ProjectStore labelled = labelledProject();
        addRegions(labelled);
        // The same project, label maps gone from the disk of a colleague.
        const std::string folder = path("copy.sapsam");
        ProjectStore store = ProjectStore::create(folder);
        const ImageRecord image = labelled.images().front();
        const std::int64_t id = store.addImage(image).id;
        store.replaceRegions(id, labelled.regions(image.id), kModel, defaultTaxonomy().version);
        const Taxonomy before = defaultTaxonomy();
        Taxonomy after = before;
        groupOf(after, "hair").classes = {2};
        PartGroup legs = groupOf(after, "skirt");
        legs.name = "lower";
        legs.classes = {5, 6, 7};
        after.groups.push_back(legs);

        const MergeImpact impact = mergeImpact(readMergeFacts(store), before, after);
        QCOMPARE(impact.masked, std::int64_t(1));
        QVERIFY(impact.findGroup("hair")->isEstimate);
        QVERIFY(!impact.findGroup("lower")->isEstimate);
        const PreviewPicture preview = previewMerge(store, id, before, after);
        QVERIFY(!preview.isExact);
        QVERIFY2(preview.remark.find("cannot be split") != std::string::npos,
                 preview.remark.c_str());

        LabelMapRecord gone = *labelMapOf(labelled, image.id);
        gone.path = path("gone.png");
        setLabelMap(labelled, gone);
        const PreviewPicture other = previewMerge(labelled, image.id, before, after);
        QVERIFY(!other.isExact);
        QVERIFY2(other.remark.find("gone.png") != std::string::npos, other.remark.c_str());
        QVERIFY(!other.before.empty());
    }

    void exactlyTheConcernedMasksGetOutOfDate()
    {
        ProjectStore store = labelledProject();
        addRegions(store);
        const Taxonomy before = defaultTaxonomy();
        Taxonomy after = before;
        groupOf(after, "hair").classes = {2};
        groupOf(after, "bag").title = "Bags";
        groupOf(after, "bag").colour = {1, 2, 3};
        const MergeFacts facts = readMergeFacts(store);
        QVERIFY(mergeImpact(facts, before, before).staleRegions.empty());

        const MergeImpact impact = mergeImpact(facts, before, after);

        std::vector<std::int64_t> hair;
        for (const std::int64_t id : store.imageIds())
            for (const RegionRecord &region : store.regions(id))
                if (region.group == "hair")
                    hair.push_back(region.id);
        QVERIFY(!hair.empty());
        std::vector<std::int64_t> stale = impact.staleRegions;
        std::sort(stale.begin(), stale.end());
        QCOMPARE(stale, hair);
        QCOMPARE(impact.stalePhrases, static_cast<std::int64_t>(hair.size()));
        QCOMPARE(impact.findGroup("hair")->staleRegions, static_cast<std::int64_t>(hair.size()));
        QCOMPARE(impact.findGroup("bag")->staleRegions, std::int64_t(0));
    }

    void switchingIsOneEditAndItsUndoLeavesNoTrace()
    {
        ProjectStore store = labelledProject();
        addRegions(store);
        EditJournal journal(store);
        const std::string content = contentOf(store);
        const Taxonomy before = currentTaxonomy(store);
        QCOMPARE(before.version, defaultTaxonomy().version);
        Taxonomy after = before;
        // Rename, unite and remove at once.
        groupOf(after, "clothes").name = "top";
        groupOf(after, "skirt").name = "lower";
        groupOf(after, "lower").classes = {5, 6};
        removeGroup(after, "pants");
        removeGroup(after, "hat");
        const std::vector<GroupMapping> mapping = {
            {"clothes", "top"}, {"skirt", "lower"}, {"pants", "lower"}, {"hat", ""}};
        after = asNextVersion(store, after, "fewer groups");
        QCOMPARE(after.number, 2);
        QCOMPARE(after.parent, before.version);
        const MergeImpact impact = mergeImpact(readMergeFacts(store), before, after, mapping);
        QVERIFY(impact.staleRegions.empty());

        const Edit edit = journal.apply(mergeEdit(store, before, after, mapping, "Fewer groups"));

        QVERIFY(edit.id != 0);
        QCOMPARE(currentTaxonomy(store).version, after.version);
        QVERIFY(mergeImpact(readMergeFacts(store), after, after).staleRegions.empty());
        for (const std::int64_t id : store.imageIds()) {
            const LabelMap labels = readLabels(labelMapOf(store, id)->path);
            std::set<std::string> groups;
            for (const RegionRecord &region : store.regions(id)) {
                QVERIFY2(groups.insert(region.group).second, region.group.c_str());
                QVERIFY2(after.findGroup(region.group) != nullptr, region.group.c_str());
                if (region.group != "lower")
                    continue;
                const Mask mask = maskOfRle(rleFromString(region.rle, region.width, region.height));
                QCOMPARE(mask.bits, maskOfClasses(labels, {5, 6}).bits);
            }
        }
        QVERIFY(contentOf(store) != content);
        QCOMPARE(journal.undo().id, edit.id);
        QCOMPARE(contentOf(store), content);
        QCOMPARE(currentTaxonomy(store).version, before.version);
        QCOMPARE(journal.redo().id, edit.id);
        QCOMPARE(currentTaxonomy(store).version, after.version);
        QCOMPARE(journal.undo().id, edit.id);

        // The version stays in the history, with why it was made.
        const std::vector<TaxonomyVersionInfo> versions = taxonomyVersions(store);
        QCOMPARE(versions.size(), std::size_t(2));
        QCOMPARE(versions[0].version, after.version);
        QCOMPARE(versions[0].note, std::string("fewer groups"));
        QVERIFY(!versions[0].isCurrent);
        QVERIFY(versions[1].isCurrent);
        // The same content again is the same version.
        QCOMPARE(asNextVersion(store, after, "again").version, after.version);
    }

    void onlyTheConcernedGroupsAreSegmentedAgain()
    {
        ProjectStore store = labelledProject();
        addRegions(store);
        const Taxonomy before = currentTaxonomy(store);
        Taxonomy after = before;
        groupOf(after, "hair").classes = {2};
        after = asNextVersion(store, after);
        EditJournal(store).apply(mergeEdit(store, before, after, {}, "Hair alone"));
        const auto todo = imagesToSegmentByVersion(store, kModel, after.version);
        QCOMPARE(todo.size(), std::size_t(1));
        QCOMPARE(todo[0].version, before.version);
        QCOMPARE(todo[0].imageIds.size(), std::size_t(kPictures));

        const std::int64_t id = store.imageIds().front();
        std::vector<RegionRecord> others = store.regions(id);
        std::vector<std::string> known;
        for (const PartGroup &group : after.groups)
            known.push_back(group.name);
        RegionRecord fresh = others.front();
        fresh.group = "hair";
        replaceRegionsOfGroups(store, id, {"hair"}, known, {fresh}, kModel, after.version);

        std::size_t same = 0;
        for (const RegionRecord &region : store.regions(id)) {
            QCOMPARE(region.taxonomyVersion, after.version);
            for (const RegionRecord &old : others)
                same += old.id == region.id && old.rle == region.rle ? 1 : 0;
        }
        QCOMPARE(same, others.size() - 1); // all but the hair, with their phrases
        QCOMPARE(store.phrases(id).size(), others.size() - 1);
        QCOMPARE(imagesToSegmentByVersion(store, kModel, after.version)[0].imageIds.size(),
                 std::size_t(kPictures - 1));
    }

    void whatCannotBeUsedIsRefusedAndNothingIsLost()
    {
        ProjectStore store = labelledProject();
        addRegions(store);
        const std::string content = contentOf(store);
        const Taxonomy before = currentTaxonomy(store);
        Taxonomy unknown = before;
        groupOf(unknown, "bag").classes.push_back(40);
        VERIFY_ERROR(mergeEdit(store, before, unknown, {}, "x"), ErrorKind::InvalidInput,
                     "unknown class id 40");
        Taxonomy clash = before;
        groupOf(clash, "hair").exclusive = true;
        groupOf(clash, "glasses").exclusive = true;
        VERIFY_ERROR(mergeEdit(store, before, clash, {}, "x"), ErrorKind::InvalidInput,
                     "both exclusive");
        VERIFY_ERROR(mergeEdit(store, before, before, {{"hat", "wings"}}, "x"),
                     ErrorKind::InvalidInput, "wings");
        // Also past the front door: the journal itself refuses.
        Edit edit;
        edit.changes.push_back(
            {EditKind::Setting, kCurrentTaxonomyKey, {}, taxonomyJson(clash).dump()});
        VERIFY_ERROR(EditJournal(store).apply(edit), ErrorKind::InvalidInput, "both exclusive");
        QCOMPARE(currentTaxonomy(store).version, before.version);
        QCOMPARE(contentOf(store), content);

        store.setSetting(kCurrentTaxonomyKey, "{");
        VERIFY_ERROR(currentTaxonomy(store), ErrorKind::Corrupt, "sapsam taxonomy use");
    }

    void mergesThatCannotBeReadHaveAWayBack_data()
    {
        QTest::addColumn<QByteArray>("stored");
        const std::string whole = taxonomyJson(defaultTaxonomy()).dump();
        QTest::newRow("cut off") << QByteArray(whole.substr(0, whole.size() / 2).c_str());
        QTest::newRow("no groups") << QByteArray(R"({"name": "mine"})");
        QTest::newRow("no JSON") << QByteArray("groups");
        QTest::newRow("no object") << QByteArray("[1, 2]");
    }

    void mergesThatCannotBeReadHaveAWayBack()
    {
        QFETCH(QByteArray, stored);
        ProjectStore store = labelledProject();
        addRegions(store);
        EditJournal journal(store);
        Taxonomy own = defaultTaxonomy();
        groupOf(own, "hair").classes = {2};
        own = asNextVersion(store, own, "hair alone");
        journal.apply(mergeEdit(store, defaultTaxonomy(), own, {}, "Hair alone"));
        const std::string content = contentOf(store);
        store.setSetting(kCurrentTaxonomyKey, stored.toStdString());

        const CurrentTaxonomy current = currentTaxonomyOrDefault(store);
        QCOMPARE(current.taxonomy.version, defaultTaxonomy().version);
        QVERIFY2(current.problem.find("sapsam taxonomy use") != std::string::npos,
                 current.problem.c_str());
        for (const TaxonomyVersionInfo &info : taxonomyVersions(store))
            QVERIFY(!info.isCurrent);
        const Taxonomy shipped = asNextVersion(store, defaultTaxonomy());
        QCOMPARE(shipped.version, defaultTaxonomy().version);
        const Edit edit =
            journal.apply(mergeEdit(store, current.taxonomy, shipped, {}, "Back to the shipped"));

        QVERIFY(edit.id != 0);
        QCOMPARE(currentTaxonomy(store).version, shipped.version);
        QCOMPARE(contentOf(store), content);
        QCOMPARE(taxonomyOfVersion(store, own.version)->note, std::string("hair alone"));
        // Undo returns what was there, as everywhere, and the way back stays open.
        QCOMPARE(journal.undo().id, edit.id);
        QCOMPARE(store.setting(kCurrentTaxonomyKey), stored.toStdString());
        VERIFY_ERROR(currentTaxonomy(store), ErrorKind::Corrupt, "sapsam taxonomy use");
        QCOMPARE(journal.redo().id, edit.id);
        QCOMPARE(currentTaxonomy(store).version, shipped.version);
        // Any version of the project is as good a way.
        store.setSetting(kCurrentTaxonomyKey, stored.toStdString());
        journal.apply(mergeEdit(store, shipped, own, {}, "Hair alone again"));
        QCOMPARE(currentTaxonomy(store).version, own.version);
        QCOMPARE(contentOf(store), content);
    }

    void aCancelledReadingStops()
    {
        ProjectStore store = labelledProject();
        CancelSource cancel;
        cancel.cancel();
        const LabelMapReport report = attachLabelMaps(store, path("data/ATR"), cancel.token());
        QVERIFY(report.cancelled);
        QCOMPARE(report.attached, std::int64_t(0));
    }
};

QTEST_GUILESS_MAIN(TestMergePreview)
#include "tst_merge_preview.moc"
