#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/mask_edit.h"
#include "core/image/rle.h"
#include "core/pipeline/engines.h"
#include "core/pipeline/interactive.h"
#include "tests/support/error_of.h"
#include "tests/ui/support/people_project.h"

#include <QTemporaryDir>
#include <QTest>

#include <memory>

using namespace sapsam;

namespace {

RegionRecord regionOf(std::int64_t id, const std::string &group, const Box &box,
                      const std::string &origin = "model")
{
    Mask mask(20, 30);
    paintBox(mask, box, true);
    RegionRecord region;
    region.id = id;
    region.imageId = 1;
    region.group = group;
    region.width = 20;
    region.height = 30;
    region.rle = rleToString(rleOfMask(mask));
    region.bounds = box;
    region.area = static_cast<double>(mask.area()) / 600.0;
    region.origin = origin;
    region.modelHash = origin == "model" ? std::string(64, 'a') : std::string();
    return region;
}

PartChange changeOf(const std::string &group, const Box &box)
{
    PartChange change;
    change.imageId = 1;
    change.group = group;
    change.mask = Mask(20, 30);
    if (!box.isEmpty())
        paintBox(change.mask, box, true);
    change.title = "Paint";
    return change;
}

Mask maskAfter(const Edit &edit, const std::string &group)
{
    for (const Change &change : edit.changes) {
        if (change.after.is_object() && change.after.at("group") == group) {
            const RegionRecord region = regionOfValue(change.after);
            return maskOfRle(rleFromString(region.rle, region.width, region.height));
        }
    }
    return {};
}

} // namespace

class TestInteractive : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aRepaintedPartKeepsItsIdAndBecomesAPersons()
    {
        const Edit edit =
            partEdit({regionOf(7, "bag", {1, 1, 5, 5})}, changeOf("bag", {2, 2, 8, 9}));

        QCOMPARE(edit.changes.size(), std::size_t{1});
        QCOMPARE(edit.changes[0].key, std::string("7"));
        const RegionRecord stored = regionOfValue(edit.changes[0].after);
        QCOMPARE(stored.origin, std::string("human"));
        QVERIFY(stored.modelHash.empty());
        QVERIFY((stored.bounds == Box{2, 2, 8, 9}));
        QCOMPARE(stored.area, 42.0 / 600.0);
    }

    void aNewPartGetsANewRow()
    {
        const Edit edit = partEdit({}, changeOf("bag", {2, 2, 8, 9}));

        QCOMPARE(edit.changes.size(), std::size_t{1});
        QVERIFY(edit.changes[0].key.empty());
        QCOMPARE(edit.changes[0].after.at("image").get<int>(), 1);
    }

    void anEmptyMaskRemovesThePartAndSaysSo()
    {
        const Edit edit = partEdit({regionOf(7, "bag", {1, 1, 5, 5})}, changeOf("bag", {}));

        QCOMPARE(edit.changes.size(), std::size_t{2});
        QVERIFY(edit.changes[0].after.is_null());
        QCOMPARE(edit.changes[1].after.at("area").get<double>(), 0.0);
        QCOMPARE(edit.changes[1].after.at("origin").get<std::string>(), std::string("human"));
    }

    void severalRegionsOfAPartBecomeOne()
    {
        const Edit edit =
            partEdit({regionOf(7, "bag", {1, 1, 3, 3}), regionOf(8, "bag", {10, 10, 12, 12})},
                     changeOf("bag", {1, 1, 12, 12}));

        QCOMPARE(edit.changes.size(), std::size_t{2});
        QCOMPARE(edit.changes[0].key, std::string("8"));
        QVERIFY(edit.changes[0].after.is_null());
        QCOMPARE(edit.changes[1].key, std::string("7"));
    }

    void exclusivePartsLoseWhatAnotherGains()
    {
        const std::vector<RegionRecord> stored = {regionOf(1, "clothes", {0, 0, 10, 10}),
                                                  regionOf(2, "bag", {8, 0, 12, 4}),
                                                  regionOf(3, "pants", {0, 12, 10, 20})};
        PartChange change = changeOf("bag", {6, 0, 12, 4});
        change.exclusive = true;

        const Edit edit = partEdit(stored, change);

        // Only the pixels that are new: what overlapped before may overlap still.
        const Mask clothes = maskAfter(edit, "clothes");
        QCOMPARE(clothes.at(7, 1), std::uint8_t{0});
        QCOMPARE(clothes.at(9, 1), std::uint8_t{1});
        QCOMPARE(clothes.area(), std::size_t{100 - 8});
        QVERIFY(maskAfter(edit, "pants").bits.empty());
    }

    void lockedPartsKeepTheirPixels()
    {
        const std::vector<RegionRecord> stored = {regionOf(1, "clothes", {0, 0, 10, 10}),
                                                  regionOf(2, "bag", {10, 0, 12, 4})};
        PartChange change = changeOf("bag", {6, 0, 14, 4});
        change.exclusive = true;
        change.locked = {"clothes"};

        const Edit edit = partEdit(stored, change);

        QVERIFY(maskAfter(edit, "clothes").bits.empty());
        QVERIFY((*boundingBox(maskAfter(edit, "bag")) == Box{10, 0, 14, 4}));
        change.locked = {"bag"};
        VERIFY_ERROR(partEdit(stored, change), ErrorKind::InvalidInput, "locked");
    }

    void anUnchangedPartOfAPersonIsNoEdit()
    {
        QVERIFY(partEdit({regionOf(7, "bag", {1, 1, 5, 5}, "human")}, changeOf("bag", {1, 1, 5, 5}))
                    .changes.empty());
        // Taking over the model's mask is one: no run may change it any more.
        QCOMPARE(partEdit({regionOf(7, "bag", {1, 1, 5, 5})}, changeOf("bag", {1, 1, 5, 5}))
                     .changes.size(),
                 std::size_t{1});
    }

    void masksOfAnotherSizeAreRefused()
    {
        PartChange change = changeOf("bag", {1, 1, 5, 5});
        change.mask = Mask(10, 10);

        VERIFY_ERROR(partEdit({regionOf(7, "bag", {1, 1, 5, 5})}, change), ErrorKind::Mismatch,
                     "20 x 30");
    }

    void aFolderWithoutModelsSaysWhatToDo()
    {
        QTemporaryDir folder;
        VERIFY_ERROR(openPromptedSegmenter(folder.path().toStdString(), {}), ErrorKind::NotFound,
                     "manifest.json");
    }

    void thePhraseMovesTheMaskAndPointsNeedTheirModel()
    {
        const auto segmenter = openPromptedSegmenter(defaultModelsFolder(), {});
        const Image picture = personPicture();
        MaskPrompt clothes;
        clothes.phrase = "the clothes";
        VERIFY_ERROR(segmenter->predict(1, clothes), ErrorKind::InvalidInput, "not been encoded");

        segmenter->encode(1, picture);
        const PromptedMask top = segmenter->predict(1, clothes);
        MaskPrompt pants;
        pants.phrase = "the pants";
        const PromptedMask legs = segmenter->predict(1, pants);

        QVERIFY(top.mask.area() > 0);
        QCOMPARE(top.mask.width, picture.width);
        QCOMPARE(top.mask.height, picture.height);
        QVERIFY(intersectionOverUnion(top.mask, legs.mask) < 0.5);
        QVERIFY(!top.agreement.has_value());
        VERIFY_ERROR(segmenter->predict(1, {}), ErrorKind::InvalidInput, "nothing was asked");

        const Box box = *boundingBox(top.mask);
        MaskPrompt both = clothes;
        both.points = {{static_cast<float>(box.left + box.right) / 2.0F,
                        static_cast<float>(box.top + box.bottom) / 2.0F, true}};
        if (segmenter->pointModel() == nullptr) {
            VERIFY_ERROR(segmenter->predict(1, both), ErrorKind::Unsupported, "SAM");
            return;
        }
        const PromptedMask mixed = segmenter->predict(1, both);
        QVERIFY(mixed.agreement.has_value());
        QVERIFY(mixed.agreement.value() >= 0.0 && mixed.agreement.value() <= 1.0);
        QCOMPARE(mixed.agreement.value(),
                 intersectionOverUnion(*mixed.phraseMask, *mixed.placeMask));
    }

    void encodedPicturesAreKeptAndTheOldestGoes()
    {
        const auto segmenter = openPromptedSegmenter(defaultModelsFolder(), {});
        const Image picture = personPicture();
        const auto kept = static_cast<std::int64_t>(PromptedSegmenter::kKeptPictures);
        for (std::int64_t key = 1; key <= kept; ++key)
            segmenter->encode(key, picture);
        segmenter->encode(1, picture); // used again
        segmenter->encode(kept + 1, picture);

        QVERIFY(segmenter->isEncoded(1));
        QVERIFY(!segmenter->isEncoded(2));
        segmenter->forget(1);
        QVERIFY(!segmenter->isEncoded(1));
        VERIFY_ERROR(segmenter->encode(5000, Image()), ErrorKind::InvalidInput, "empty");
    }

private:
    static Image personPicture()
    {
        const QTemporaryDir folder;
        const std::string project = folder.filePath(QStringLiteral("a.sapsam")).toStdString();
        test::PeopleProject options;
        options.identities = 1;
        options.picturesPerIdentity = 1;
        test::makePeopleProject(project, options);
        ProjectStore store = ProjectStore::open(project, ProjectStore::Access::ReadOnly);
        return readImage(store.picturePath(store.images().front()));
    }
};

QTEST_GUILESS_MAIN(TestInteractive)
#include "tst_interactive.moc"
