#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/random.h"
#include "core/base/sha256.h"
#include "core/dataset/atr.h"
#include "core/dataset/atr_split.h"
#include "core/dataset/cuhk_pedes.h"
#include "core/dataset/market1501.h"
#include "core/dataset/open_dataset.h"
#include "core/dataset/picture_checks.h"
#include "core/dataset/synthetic_writer.h"
#include "core/image/codec.h"
#include "core/image/resize.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>

using namespace sapsam;

namespace {

bool hasFinding(const std::vector<DatasetFinding> &findings, const std::string &code,
                const std::string &item = {})
{
    return std::any_of(findings.begin(), findings.end(), [&](const DatasetFinding &finding) {
        return finding.code == code && (item.empty() || finding.item == item);
    });
}

std::string textOf(const std::vector<DatasetFinding> &findings)
{
    std::string text;
    for (const DatasetFinding &finding : findings)
        text += finding.code + ": " + finding.text + "\n";
    return text;
}

// Three train pictures of two persons and a test picture of a third, each drawn differently, with
// two captions.
PersonDataset smallPeople(const std::string &root, PeopleLayout layout)
{
    PersonDataset people;
    people.name = nameOf(layout);
    people.imageFolder = root + "/imgs";
    makeFolder(people.imageFolder);
    const std::int64_t first = layout == PeopleLayout::CuhkPedes ? 1 : 0;
    const auto add = [&](std::int64_t person, Split split, std::vector<std::string> captions) {
        const auto number = static_cast<int>(people.images.size());
        Image image(64, 128);
        SeededRandom random(static_cast<std::uint64_t>(number) + 1);
        for (int block = 0; block < 8 * 16; ++block) {
            const auto value = static_cast<std::uint8_t>(random.integer(0, 255));
            for (int y = 0; y < 8; ++y)
                for (int x = 0; x < 8; ++x)
                    for (int c = 0; c < 3; ++c)
                        image.at(block % 8 * 8 + x, block / 8 * 8 + y)[c] = value;
        }
        const std::string file = std::to_string(number) + ".png";
        writeFileAtomically(people.imageFolder + "/" + file, encodePng(image));
        people.images.push_back({file, first + person, split, std::move(captions)});
    };
    add(0, Split::Train, {"A man in red.", "A red man."});
    add(0, Split::Train, {"A man, red.", "Red and tall."});
    add(1, Split::Train, {"A woman in blue.", "Blue."});
    add(2, Split::Test, {"A boy in green.", "Green."});
    return people;
}

SyntheticOptions smallOptions()
{
    SyntheticOptions options;
    options.count = 22;
    options.seed = 5;
    options.picturesPerIdentity = 2;
    options.threads = 2;
    return options;
}

} // namespace

class TestDataset : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void syntheticPeopleReadBackInBothLayouts()
    {
        const QTemporaryDir folder;
        const std::string out = folder.path().toStdString();

        const SyntheticReport report = writeSyntheticDataset(out, smallOptions());
        const PersonDataset people = readCuhkPedes(out);
        const AtrDataset parts = readAtr(out);

        QCOMPARE(report.images, std::int64_t{22});
        QCOMPARE(report.identities, std::int64_t{11});
        QCOMPARE(report.captions, std::int64_t{44});
        QVERIFY(!report.cancelled);
        QVERIFY(people.findings.empty());
        QCOMPARE(people.images.size(), std::size_t{22});
        QCOMPARE(people.counts(Split::Train).identities, std::int64_t{9});
        QCOMPARE(people.counts(Split::Val).identities, std::int64_t{1});
        QCOMPARE(people.counts(Split::Test).identities, std::int64_t{1});
        QVERIFY(checkPictures(people).empty());
        QVERIFY(parts.findings.empty());
        QCOMPARE(parts.names.size(), std::size_t{22});
        QCOMPARE(parts.labels.size(), std::size_t{18});
        QVERIFY(parts.phrases.at("train").size() > 30);
        QVERIFY(!parts.phrases.at("test").empty());
        QVERIFY(checkAtrPictures(parts).empty());
    }

    void sameSeedGivesTheSameFilesWithAnyNumberOfThreads()
    {
        const QTemporaryDir folder;
        const std::string base = folder.path().toStdString();
        SyntheticOptions options = smallOptions();
        options.count = 6;
        std::vector<std::string> digests;
        for (const int threads : {1, 3}) {
            options.threads = threads;
            const std::string out = base + "/" + std::to_string(threads);
            writeSyntheticDataset(out, options);
            digests.push_back(sha256OfFile(out + "/CUHK-PEDES/reid_raw.json")
                              + sha256OfFile(out + "/CUHK-PEDES/imgs/synth/000003_1.jpg")
                              + sha256OfFile(out + "/ATR/SegmentationClassAug/synth_000002.png"));
        }
        QCOMPARE(digests[0], digests[1]);
    }

    void cancelledRunLeavesAReadableDataset()
    {
        const QTemporaryDir folder;
        const std::string out = folder.path().toStdString();
        SyntheticOptions options = smallOptions();
        options.count = 1000;
        CancelSource source;

        const SyntheticReport report =
            writeSyntheticDataset(out, options, source.token(), [&](const Progress &progress) {
                if (progress.done >= 5)
                    source.cancel();
            });

        QVERIFY(report.cancelled);
        QVERIFY(report.images >= 1 && report.images < 1000);
        const PersonDataset people = readCuhkPedes(out);
        QVERIFY(people.findings.empty());
        QCOMPARE(static_cast<std::int64_t>(people.images.size()), report.images);
    }

    void unusableOptionsAndTakenFoldersAreInvalidInput()
    {
        const QTemporaryDir folder;
        const std::string out = folder.path().toStdString();
        SyntheticOptions options = smallOptions();
        options.count = 2;
        writeSyntheticDataset(out, options);
        for (const bool taken : {true, false}) {
            if (!taken)
                options.count = 0;
            try {
                writeSyntheticDataset(taken ? out : out + "/other", options);
                QFAIL("no error");
            } catch (const Error &error) {
                QCOMPARE(error.kind(), ErrorKind::InvalidInput);
            }
        }
    }

    void layoutsReadBackWhatWasWritten_data()
    {
        QTest::addColumn<int>("layout");
        for (const PeopleLayout layout :
             {PeopleLayout::CuhkPedes, PeopleLayout::IcfgPedes, PeopleLayout::RstpReid})
            QTest::newRow(nameOf(layout)) << static_cast<int>(layout);
    }

    void layoutsReadBackWhatWasWritten()
    {
        QFETCH(int, layout);
        const auto wanted = static_cast<PeopleLayout>(layout);
        const QTemporaryDir folder;
        const std::string root = folder.filePath(QStringLiteral("däta")).toStdString();
        const PersonDataset people = smallPeople(root, wanted);

        writePeople(wanted, people, root);
        const OpenedDataset opened = openDataset(root);
        const PersonDataset &read = opened.people.dataset;

        QVERIFY2(read.findings.empty(), textOf(read.findings).c_str());
        QCOMPARE(read.name, std::string(nameOf(wanted)));
        QCOMPARE(read.images.size(), people.images.size());
        for (std::size_t i = 0; i < read.images.size(); ++i) {
            QCOMPARE(read.images[i].file, people.images[i].file);
            QCOMPARE(read.images[i].identity, people.images[i].identity);
            QCOMPARE(read.images[i].split, people.images[i].split);
            QCOMPARE(read.images[i].captions, people.images[i].captions);
        }
        QCOMPARE(trainPairs(read).size(), std::size_t{6});
        QCOMPARE(trainPairs(read).back().label, std::int64_t{1});
    }

    void oddCaptionsAndLostFoldersAreReported()
    {
        const QTemporaryDir folder;
        const std::string root = folder.filePath(QStringLiteral("RSTPReid")).toStdString();
        PersonDataset people = smallPeople(root, PeopleLayout::RstpReid);
        people.images[0].captions[0] = "var x = {a: [1, 2]}; return x;";
        people.images[1].captions[0] = "\xe4\xb8\x80 man in a black coat";
        people.images[1].captions[1] = people.images[2].captions[0];
        people.images[2].captions[1] = "A man who has to return a black coat, in grey.";
        people.images.push_back({"gone/1.jpg", 1, Split::Test, {"A man."}});
        people.images.push_back({"gone/2.jpg", 1, Split::Test, {"A man in red."}});
        writePeople(PeopleLayout::RstpReid, people, root);

        const PersonDataset read = openPeople(root);

        QVERIFY(hasFinding(read.findings, "program-text", "0.png"));
        QVERIFY(!hasFinding(read.findings, "program-text", "2.png"));
        QVERIFY(hasFinding(read.findings, "other-script", "1.png"));
        QVERIFY(hasFinding(read.findings, "copied-caption"));
        QVERIFY(hasFinding(read.findings, "missing-folder", "gone"));
        QCOMPARE(read.images.size(), std::size_t{4});
    }

    void nearDuplicatesAcrossSplitsAreALeak()
    {
        const QTemporaryDir folder;
        const std::string root = folder.filePath(QStringLiteral("RSTPReid")).toStdString();
        const PersonDataset people = smallPeople(root, PeopleLayout::RstpReid);
        // The test picture becomes a smaller, recompressed copy of the first train picture.
        const Image first = readImage(people.pathOf(people.images[0]));
        writeFileAtomically(people.pathOf(people.images[3]),
                            encodeJpeg(resize(first, 48, 96, ResizeFilter::Bilinear), 80));
        std::vector<PictureFacts> facts;

        QVERIFY(checkPictures(people, {}, {}, &facts).empty());
        const std::vector<DatasetFinding> findings = findNearDuplicates(people, facts);

        QCOMPARE(findings.size(), std::size_t{1});
        QCOMPARE(findings[0].severity, DatasetFinding::Severity::Warning);
        QCOMPARE(findings[0].item, std::string("3.png"));
        QCOMPARE(findings[0].value, std::string("0.png"));
    }

    void partsReadBackWhatWasWrittenAndPhrasesComeFromElsewhere()
    {
        const QTemporaryDir folder;
        const std::string root = folder.filePath(QStringLiteral("CUHK-PEDES")).toStdString();
        const PersonDataset people = smallPeople(root, PeopleLayout::CuhkPedes);
        writePeople(PeopleLayout::CuhkPedes, people, root);
        const PeopleReading reading = readPeople(PeopleLayout::CuhkPedes, root);
        QVERIFY(!readParts(root, reading));
        std::vector<PartRow> rows;
        for (std::size_t i = 0; i < reading.trainRows.size(); ++i) {
            const TrainRow &train = reading.trainRows[i];
            const auto idx = static_cast<std::int64_t>(i);
            rows.push_back({idx,
                            static_cast<std::size_t>(train.image),
                            static_cast<std::size_t>(train.caption),
                            {{"a hat", "", 0.0F}, {"a bag", "", 0.0F}}});
        }

        const std::string list = writeParts(rows, reading.dataset, root);
        const std::optional<PartDataset> phrasesOnly = readParts(root, reading);
        makeFolder(root + "/segs");
        for (PartRow &row : rows)
            for (std::size_t k = 0; k < row.parts.size(); ++k) {
                row.parts[k].mask = maskStemOf(row.idx, people.images[row.image].file, k) + ".png";
                row.parts[k].score = 0.5F + 0.125F * static_cast<float>(k);
                writeFileAtomically(root + "/segs/" + row.parts[k].mask,
                                    encodeLabels(LabelMap(64, 128, 1)));
            }
        writeParts(rows, reading.dataset, root);
        const std::optional<PartDataset> parts = readParts(root, reading);

        QVERIFY(phrasesOnly && hasFinding(phrasesOnly->findings, "phrases-only"));
        QCOMPARE(phrasesOnly->maskCount(), std::size_t{0});
        QVERIFY(parts && parts->findings.empty());
        QCOMPARE(parts->maskCount(), std::size_t{12});
        QCOMPARE(parts->rows[1].parts[1].mask, std::string("1__0_1.png"));
        QCOMPARE(parts->rows[3].parts[1].score, 0.625F);
        QVERIFY(checkPartMasks(*parts, reading.dataset).empty());
        QCOMPARE(readPhrases(list, reading).rows.size(), std::size_t{6});
        const std::string plain = root + "/phrases.json";
        writeJsonFile(plain, OrderedJson{{reading.trainRows[2].sentence, {"a scarf"}},
                                         {"A caption of another set.", {"a hat"}}});
        const ImportedPhrases imported = readPhrases(plain, reading);
        QCOMPARE(imported.rows.size(), std::size_t{1});
        QCOMPARE(imported.rows[0].idx, std::int64_t{2});
        QVERIFY(hasFinding(imported.findings, "unknown-captions"));
    }

    void market1501ReadsAndWrites()
    {
        const QTemporaryDir folder;
        const std::string base = folder.path().toStdString();
        const std::string root = base + "/Market-1501";
        const PersonDataset people = smallPeople(base + "/from", PeopleLayout::RstpReid);
        writeMarket1501(people, root);
        for (const char *junk :
             {"bounding_box_test/-1_c1s1_000009_00.jpg",
              "bounding_box_test/0000_c2s1_000010_00.jpg", "bounding_box_test/nobody.jpg"})
            writeFileAtomically(root + "/" + junk, encodeJpeg(Image(8, 16)));

        const OpenedDataset opened = openDataset(base + "/Market-1501");
        const PersonDataset &read = opened.people.dataset;

        QCOMPARE(opened.kind, DatasetKind::Market1501);
        QCOMPARE(read.counts(Split::Train).images, std::int64_t{3});
        QCOMPARE(read.counts(Split::Test).images, std::int64_t{2}); // the query and a distractor
        QVERIFY(hasFinding(read.findings, "junk-boxes"));
        QVERIFY(hasFinding(read.findings, "bad-name", "bounding_box_test/nobody.jpg"));
        QCOMPARE(market1501Identity("0002_c1s1_000451_03.jpg"), std::optional<std::int64_t>(2));
        QVERIFY(!market1501Identity("x_c1.jpg") && !market1501Identity("12_b.jpg"));
    }

    void lipReadsListsAndReportsWhatIsMissing()
    {
        const QTemporaryDir folder;
        const std::string root = folder.path().toStdString() + "/LIP";
        for (const char *part :
             {"train_images", "train_segmentations", "val_images", "val_segmentations"})
            makeFolder(root + "/" + part);
        const std::vector<LipPicture> pictures{{"1_a", Split::Train}, {"2_b", Split::Val}};
        for (const LipPicture &picture : pictures) {
            const std::string prefix = root + "/" + nameOf(picture.split);
            writeFileAtomically(prefix + "_images/" + picture.name + ".jpg",
                                encodeJpeg(Image(8, 16, 3, 90)));
            writeFileAtomically(prefix + "_segmentations/" + picture.name + ".png",
                                encodeLabels(LabelMap(8, 16, 19)));
        }
        writeLipLists({pictures[0], {"gone", Split::Train}, pictures[1]}, root);

        const OpenedDataset opened = openDataset(folder.path().toStdString());

        QCOMPARE(opened.kind, DatasetKind::Lip);
        QCOMPARE(opened.lip.pictures.size(), std::size_t{2});
        QVERIFY(hasFinding(opened.lip.findings, "missing-image", "gone.jpg"));
        QVERIFY(checkLipPictures(opened.lip).empty());
        QCOMPARE(std::string(lipClassName(13)), std::string("face"));
        QCOMPARE(int(atrClassOfLip()[13]), 11);
    }

    void atrSplitIsEightToOneToOneSeededAndStored()
    {
        const QTemporaryDir folder;
        const std::string file = folder.path().toStdString() + "/split.json";
        std::vector<std::string> names;
        for (int i = 0; i < 105; ++i)
            names.push_back("2500_" + std::to_string(i));

        const SeededSplit split = storedSplit(file, names, 3);
        std::reverse(names.begin(), names.end());
        const SeededSplit again = storedSplit(file, names, 3);

        QCOMPARE(split.train.size(), std::size_t{85});
        QCOMPARE(split.dev.size(), std::size_t{10});
        QCOMPARE(split.test.size(), std::size_t{10});
        QCOMPARE(again.test, split.test);
        QCOMPARE(makeSeededSplit(names, 3).test, split.test);
        QVERIFY(makeSeededSplit(names, 4).test != split.test);
        VERIFY_ERROR(storedSplit(file, names, 4), ErrorKind::Mismatch, "seed 3");
        names.pop_back();
        VERIFY_ERROR(storedSplit(file, names, 3), ErrorKind::Mismatch, "other pictures");
        names.push_back(names.front());
        VERIFY_ERROR(makeSeededSplit(names, 3), ErrorKind::InvalidInput, "twice");
    }

    void foldersAreRecognisedByWhatLiesInThem()
    {
        const QTemporaryDir folder;
        const std::string out = folder.path().toStdString();
        VERIFY_ERROR(openDataset(out), ErrorKind::NotFound, "known layout");
        VERIFY_ERROR(openDataset(out + "/none"), ErrorKind::NotFound, "no such folder");
        SyntheticOptions options = smallOptions();
        options.count = 4;
        writeSyntheticDataset(out, options);

        VERIFY_ERROR(openDataset(out), ErrorKind::InvalidInput, "several");
        QCOMPARE(openPeople(out).name, std::string("CUHK-PEDES"));
        QCOMPARE(openDataset(out + "/ATR").kind, DatasetKind::Atr);
        VERIFY_ERROR(openPeople(out + "/ATR"), ErrorKind::Unsupported, "label maps");
        for (const DatasetPlace &place : findDatasets(out))
            QCOMPARE(datasetKindFromName(nameOf(place.kind)), std::optional(place.kind));
    }

    void pathsThatLeaveTheFolderAreUnsafe()
    {
        QVERIFY(isSafeRelativePath("cam_a/001_1.png"));
        QVERIFY(isSafeRelativePath("a/..b/c.png"));
        for (const char *path :
             {"", "/etc/x.png", "../x.png", "a/../../x.png", "C:/x.png", "\\\\x"})
            QVERIFY2(!isSafeRelativePath(path), path);
    }
};

QTEST_GUILESS_MAIN(TestDataset)
#include "tst_dataset.moc"
