#include "core/base/file.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/mask_edit.h"
#include "core/image/rle.h"
#include "core/pipeline/part_checks.h"
#include "core/store/edits.h"
#include "core/store/label_maps.h"
#include "tests/support/error_of.h"
#include "tests/ui/support/people_project.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>

using namespace sapsam;
using namespace sapsam::test;

namespace {

constexpr int kWidth = 40;
constexpr int kHeight = 100;

RegionRecord regionOf(const std::string &group, const Mask &mask)
{
    RegionRecord region;
    region.group = group;
    region.width = mask.width;
    region.height = mask.height;
    region.rle = rleToString(rleOfMask(mask));
    region.bounds = boundingBox(mask).value_or(Box{});
    region.area = static_cast<double>(mask.area()) / (mask.width * mask.height);
    region.origin = "model";
    return region;
}

Mask boxMask(const Box &box)
{
    Mask mask(kWidth, kHeight);
    paintBox(mask, box, true);
    return mask;
}

// A person of boxes that touch: hair, clothes, pants, shoes.
std::vector<RegionRecord> wholePerson()
{
    return {regionOf("hair", boxMask({15, 5, 25, 20})),
            regionOf("clothes", boxMask({10, 20, 30, 50})),
            regionOf("pants", boxMask({10, 50, 30, 85})),
            regionOf("shoes", boxMask({10, 85, 30, 95}))};
}

const PartFinding *find(const PictureCheck &check, PartFindingKind kind)
{
    for (const PartFinding &finding : check.findings) {
        if (finding.kind == kind)
            return &finding;
    }
    return nullptr;
}

PictureCheck checked(const std::vector<RegionRecord> &regions, const LabelMap *labels = nullptr,
                     const Taxonomy &taxonomy = defaultTaxonomy(),
                     const PartCheckOptions &options = {})
{
    return checkParts(regions, kWidth, kHeight, labels, taxonomy, options);
}

void write(LabelMap &labels, const Box &box, int id)
{
    for (int y = box.top; y < box.bottom; ++y) {
        for (int x = box.left; x < box.right; ++x)
            labels.at(x, y) = static_cast<std::uint8_t>(id);
    }
}

} // namespace

class TestPartChecks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aWholePersonHasNothingToMend()
    {
        const PictureCheck check = checked(wholePerson());

        QVERIFY(check.findings.empty());
        QCOMPARE(check.badness, 0.0);
        QCOMPARE(check.personPixels, std::int64_t(150 + 600 + 700 + 200));
        QVERIFY(!check.isExact);
        QVERIFY(checked({}).findings.empty());
    }

    void aGapBetweenPartsIsUnlabelled()
    {
        std::vector<RegionRecord> regions = wholePerson();
        regions[1] = regionOf("clothes", boxMask({10, 20, 30, 46})); // 4 rows short

        const PictureCheck check = checked(regions);

        const PartFinding *gap = find(check, PartFindingKind::Unlabelled);
        QVERIFY(gap != nullptr);
        QCOMPARE(gap->pixels, std::int64_t(80));
        QVERIFY(gap->box == (Box{10, 46, 30, 50}));
        QCOMPARE(check.findings.size(), std::size_t(1));
        // The legs of somebody without shoes on the picture are no gap.
        regions.pop_back();
        QCOMPARE(find(checked(regions), PartFindingKind::Unlabelled)->pixels, std::int64_t(80));
    }

    void aTrueLabelMapSaysWhatIsMissing()
    {
        LabelMap labels(kWidth, kHeight);
        write(labels, {15, 5, 25, 20}, 2);
        write(labels, {10, 20, 30, 50}, 4);
        write(labels, {30, 20, 36, 50}, 14); // an arm: in no group
        write(labels, {10, 50, 30, 85}, 6);
        write(labels, {10, 85, 30, 95}, 9);
        std::vector<RegionRecord> regions = wholePerson();
        regions.erase(regions.begin() + 2);

        const PictureCheck check = checked(regions, &labels);

        QVERIFY(check.isExact);
        const PartFinding *missing = find(check, PartFindingKind::Unlabelled);
        QVERIFY(missing != nullptr);
        QCOMPARE(missing->pixels, std::int64_t(700));
        QCOMPARE(missing->other, std::string("pants"));
        QCOMPARE(check.orphanPixels, std::int64_t(180));
        QCOMPARE(check.personPixels, std::int64_t(150 + 600 + 180 + 700 + 200));
        // One of another size is done without.
        const LabelMap other(8, 8);
        QVERIFY(!checked(regions, &other).isExact);
    }

    void partsThatShareNoClassMustNotOverlap()
    {
        std::vector<RegionRecord> regions = wholePerson();
        regions[2] = regionOf("pants", boxMask({10, 45, 30, 85}));
        // Face is in both of these: that is how the merges are.
        regions.push_back(regionOf("glasses", boxMask({15, 5, 25, 20})));

        const PictureCheck check = checked(regions);

        const PartFinding *overlap = find(check, PartFindingKind::Overlap);
        QVERIFY(overlap != nullptr);
        QCOMPARE(overlap->group + "+" + overlap->other, std::string("clothes+pants"));
        QCOMPARE(overlap->pixels, std::int64_t(100));
        QCOMPARE(std::count_if(check.findings.begin(), check.findings.end(),
                               [](const PartFinding &finding) {
                                   return finding.kind == PartFindingKind::Overlap;
                               }),
                 std::ptrdiff_t(1));
    }

    void holesAndCrumbsAreCountedUnlessAnotherPartFillsThem()
    {
        std::vector<RegionRecord> regions = wholePerson();
        Mask coat = boxMask({10, 20, 30, 50});
        paintBox(coat, {14, 30, 18, 34}, false);
        paintBox(coat, {20, 30, 24, 34}, false);
        paintBox(coat, {1, 60, 3, 61}, true); // two pixels far away
        regions[1] = regionOf("clothes", coat);

        const PictureCheck holes = checked(regions);
        regions.push_back(regionOf("bag", boxMask({14, 30, 18, 34})));
        const PictureCheck filled = checked(regions);

        QCOMPARE(find(holes, PartFindingKind::Hole)->count, 2);
        QCOMPARE(find(holes, PartFindingKind::Hole)->pixels, std::int64_t(32));
        QCOMPARE(find(holes, PartFindingKind::Island)->count, 1);
        QCOMPARE(find(holes, PartFindingKind::Island)->pixels, std::int64_t(2));
        QCOMPARE(find(filled, PartFindingKind::Hole)->count, 1);
        QVERIFY(filled.badness < holes.badness);
    }

    void swappedSidesStandAgainstTheRestOfTheBody()
    {
        LabelMap labels(kWidth, kHeight);
        write(labels, {22, 85, 30, 95}, 9); // left shoe
        write(labels, {10, 85, 18, 95}, 10);
        write(labels, {22, 60, 30, 85}, 12); // left leg
        write(labels, {10, 60, 18, 85}, 13);
        write(labels, {4, 20, 8, 50}, 14); // the left arm on the wrong side
        write(labels, {32, 20, 36, 50}, 15);
        const std::vector<RegionRecord> regions = {
            regionOf("shoes", maskOfClasses(labels, {9, 10, 12, 13}))};

        const PictureCheck check = checked(regions, &labels);

        const PartFinding *swapped = find(check, PartFindingKind::SideSwap);
        QVERIFY(swapped != nullptr);
        QCOMPARE(swapped->group, std::string("left-arm"));
        QVERIFY(find(check, PartFindingKind::PairMissing) == nullptr);
        // Groups of one side each are judged by their masks.
        Taxonomy sides = defaultTaxonomy();
        sides.groups.push_back({"left leg", "Left leg", {12}, "the left leg", {}});
        sides.groups.push_back({"right leg", "Right leg", {13}, "the right leg", {}});
        const PictureCheck halved =
            checked({regionOf("right leg", boxMask({22, 60, 30, 85}))}, nullptr, sides);
        QCOMPARE(find(halved, PartFindingKind::PairMissing)->group, std::string("left leg"));
    }

    void shoesBelongBelowTheHair()
    {
        std::vector<RegionRecord> regions = wholePerson();
        std::swap(regions[0].group, regions[3].group);

        const PictureCheck check = checked(regions);

        QVERIFY(find(check, PartFindingKind::Order) != nullptr);
        QVERIFY(check.badness >= 0.25);
    }

    void aMaskOfAnotherSizeIsSaidAndNotJudged()
    {
        std::vector<RegionRecord> regions = wholePerson();
        regions.push_back(regionOf("bag", Mask(10, 10)));
        regions.back().area = 0.5;

        const PictureCheck check = checked(regions);

        QCOMPARE(check.findings.size(), std::size_t(1));
        QCOMPARE(check.findings[0].kind, PartFindingKind::WrongSize);
        QCOMPARE(check.findings[0].group, std::string("bag"));
    }

    void namesAreReadAndUnknownOnesRefused()
    {
        for (const PartFindingKind kind : {PartFindingKind::Unlabelled, PartFindingKind::Overlap,
                                           PartFindingKind::Hole, PartFindingKind::SideSwap})
            QCOMPARE(partFindingKindFromName(nameOf(kind)), kind);
        VERIFY_ERROR(partFindingKindFromName("crumbs"), ErrorKind::InvalidInput, "island");
    }

    void aProjectIsListedWorstFirst()
    {
        QTemporaryDir folder;
        const std::string project = folder.filePath(QStringLiteral("a.sapsam")).toStdString();
        PeopleProject people;
        people.identities = 3;
        makePeopleProject(project, people);
        ProjectStore store = ProjectStore::open(project);
        int number = 0;
        for (const ImageRecord &image : store.images()) {
            const LabelMap labels = peopleLabels(people, number++);
            const std::string path =
                folder.filePath(QStringLiteral("%1.png").arg(image.id)).toStdString();
            writeFileAtomically(path, encodeLabels(labels));
            setLabelMap(store, makeLabelMapRecord(image.id, path, labels));
        }
        // Made of the true label maps: no part overlaps or misses anything.
        PartCheckOptions coverage;
        coverage.kinds = {PartFindingKind::Unlabelled, PartFindingKind::Overlap};
        const PartCheckReport whole = checkProject(store, {}, coverage);
        QCOMPARE(whole.checked, std::int64_t(6));
        QVERIFY(whole.pictures.empty());

        // The clothes of one are gone, another's lose a stripe.
        const std::int64_t worst = store.imageIds()[4];
        const std::int64_t bad = store.imageIds()[1];
        EditJournal journal(store);
        const auto change = [&journal](std::int64_t region, const Json &value) {
            Edit edit;
            edit.title = "Damage";
            edit.changes.push_back({EditKind::Region, std::to_string(region), {}, value});
            journal.apply(edit);
        };
        for (const RegionRecord &region : store.regions(worst)) {
            if (region.group == "clothes" || region.group == "dress")
                change(region.id, nullptr);
        }
        for (RegionRecord region : store.regions(bad)) {
            if (region.group != "clothes" && region.group != "dress")
                continue;
            Mask mask = maskOfRle(rleFromString(region.rle, region.width, region.height));
            const Box box = *boundingBox(mask);
            paintBox(mask, {box.left, box.top, box.right, box.top + box.height() / 3}, false);
            region.rle = rleToString(rleOfMask(mask));
            change(region.id, regionValue(region));
        }

        const PartCheckReport report = checkProject(store, {}, coverage);

        QCOMPARE(report.pictures.size(), std::size_t(2));
        QCOMPARE(report.pictures[0].imageId, worst);
        QCOMPARE(report.pictures[1].imageId, bad);
        QVERIFY(report.pictures[0].badness > report.pictures[1].badness);
        QCOMPARE(checkPicture(store, bad, coverage).badness, report.pictures[1].badness);
        QCOMPARE(checkProject(store, {bad}, coverage).pictures.size(), std::size_t(1));
        VERIFY_ERROR(checkProject(store, {999}), ErrorKind::NotFound, "999");
        CancelSource cancel;
        cancel.cancel();
        QVERIFY(checkProject(store, {}, {}, cancel.token()).cancelled);
    }
};

QTEST_GUILESS_MAIN(TestPartChecks)
#include "tst_part_checks.moc"
