#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/sha256.h"
#include "core/dataset/atr.h"
#include "core/dataset/cuhk_pedes.h"
#include "core/dataset/picture_checks.h"
#include "core/dataset/synthetic_writer.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "tests/support/shared_data.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>

using namespace sapsam;
using sapsam::test::sharedPath;

namespace {

std::string dataset(const std::string &relative)
{
    return sharedPath("datasets/" + relative);
}

bool hasFinding(const std::vector<DatasetFinding> &findings, const std::string &code,
                const std::string &item = {})
{
    return std::any_of(findings.begin(), findings.end(), [&](const DatasetFinding &finding) {
        return finding.code == code && (item.empty() || finding.item == item);
    });
}

ErrorKind kindOfReadingCuhk(const std::string &folder)
{
    try {
        readCuhkPedes(folder);
    } catch (const Error &error) {
        return error.kind();
    }
    return ErrorKind::Internal;
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
    void goodCuhkPedesHasTheExpectedCounts()
    {
        SAPSAM_NEEDS_SHARED("datasets/expected.json");
        const Json expected = readJsonFile(dataset("expected.json"))["datasets"]["CUHK-PEDES"];

        const PersonDataset data = readCuhkPedes(dataset("good"));

        QVERIFY(data.findings.empty());
        for (const Split split : {Split::Train, Split::Val, Split::Test}) {
            const Json &row = expected["splits"][nameOf(split)];
            QCOMPARE(data.counts(split).images, row["images"].get<std::int64_t>());
            QCOMPARE(data.counts(split).captions, row["captions"].get<std::int64_t>());
            QCOMPARE(data.counts(split).identities, row["ids"].get<std::int64_t>());
        }
        QVERIFY(checkPictures(data).empty());
    }

    void brokenCuhkPedesIsReportedAsExpected_data()
    {
        QTest::addColumn<QString>("code");
        QTest::addColumn<bool>("error");
        const auto row = [](const char *name, const char *code, bool error) {
            QTest::newRow(name) << QString::fromLatin1(code) << error;
        };
        row("missing_image", "missing-image", true);
        row("wrong_split", "unknown-split", true);
        row("no_train_split", "empty-split", false);
        row("train_ids_not_contiguous", "train-ids-not-contiguous", true);
        row("id_not_a_number", "bad-id", true);
        row("id_missing", "bad-id", true);
        row("captions_empty_list", "no-caption", false);
        row("captions_not_a_list", "schema", true);
        row("caption_empty_string", "empty-caption", false);
        row("same_id_in_train_and_test", "id-in-two-splits", false);
        row("duplicate_image", "duplicate-image", false);
        row("path_traversal", "refused-path", true);
    }

    void brokenCuhkPedesIsReportedAsExpected()
    {
        SAPSAM_NEEDS_SHARED("datasets/expected.json");
        QFETCH(QString, code);
        QFETCH(bool, error);

        const PersonDataset data =
            readCuhkPedes(dataset(std::string("broken/") + QTest::currentDataTag()));

        QVERIFY(hasFinding(data.findings, code.toStdString()));
        QCOMPARE(data.hasErrors(), error);
        if (error)
            QVERIFY_EXCEPTION_THROWN(requireNoErrors(data.findings, data.name), Error);
    }

    void oddButGoodCuhkPedesLoadsWithoutComplaint()
    {
        SAPSAM_NEEDS_SHARED("datasets/expected.json");
        for (const char *name : {"utf8_bom", "train_ids_unsorted", "id_as_string"}) {
            const PersonDataset data = readCuhkPedes(dataset(std::string("broken/") + name));
            QVERIFY2(data.findings.empty() && !data.images.empty(), name);
        }
    }

    void unusableCuhkPedesIsRefused()
    {
        SAPSAM_NEEDS_SHARED("datasets/expected.json");
        QCOMPARE(kindOfReadingCuhk(dataset("broken/missing_image_folder")), ErrorKind::NotFound);
        QCOMPARE(kindOfReadingCuhk(dataset("broken/missing_annotation")), ErrorKind::NotFound);
        QCOMPARE(kindOfReadingCuhk(dataset("broken/caption_all_without_split")),
                 ErrorKind::NotFound);
        QCOMPARE(kindOfReadingCuhk(dataset("broken/bad_json_truncated")), ErrorKind::Corrupt);
        QCOMPARE(kindOfReadingCuhk(dataset("broken/bad_json_top_level_object")),
                 ErrorKind::Corrupt);
        QCOMPARE(kindOfReadingCuhk(dataset("broken/bad_utf8")), ErrorKind::Corrupt);
    }

    void unreadablePicturesAreFoundByTheirPixels()
    {
        SAPSAM_NEEDS_SHARED("datasets/expected.json");
        const std::vector<DatasetFinding> findings =
            checkPictures(readCuhkPedes(dataset("broken/unreadable_images")));

        QCOMPARE(findings.size(), std::size_t{2});
        QVERIFY(hasFinding(findings, "unreadable-image", "a/2.jpg"));
        QVERIFY(hasFinding(findings, "unreadable-image", "a/3.jpg"));
    }

    void goodAtrHasTheExpectedRowsLabelsAndTargets()
    {
        SAPSAM_NEEDS_SHARED("datasets/expected.json");
        const Json expected = readJsonFile(dataset("expected.json"))["datasets"]["ATR"];

        const AtrDataset data = readAtr(dataset("good"));

        QVERIFY(data.findings.empty());
        QCOMPARE(data.names.size(), expected["images"].get<std::size_t>());
        QCOMPARE(data.labels.size(), expected["labels"].get<std::size_t>());
        QCOMPARE(data.labels.at(4), std::string("upper-clothes"));
        for (const auto &[split, rows] : expected["rows"].items())
            QCOMPARE(data.phrases.at(split).size(), rows.get<std::size_t>());
        std::vector<std::int64_t> histogram(18, 0);
        for (const std::string &name : data.names)
            for (const std::uint8_t label : readLabels(data.maskPath(name)).labels)
                ++histogram.at(label);
        QCOMPARE(histogram, expected["pixel_histogram"].get<std::vector<std::int64_t>>());
        for (const Json &target : expected["target_pixels"]) {
            const std::string stem =
                std::filesystem::path(target["name"].get<std::string>()).stem();
            const Mask mask =
                maskOfClasses(readLabels(data.maskPath(stem)),
                              atrTargetClasses(std::stoi(target["idx"].get<std::string>())));
            QCOMPARE(mask.area(), target["pixels"].get<std::size_t>());
        }
        QVERIFY(checkAtrPictures(data).empty());
    }

    void brokenAtrIsReportedAsExpected_data()
    {
        QTest::addColumn<QString>("code");
        QTest::newRow("atr_label_200") << QStringLiteral("bad-label");
        QTest::newRow("atr_label_255") << QString();
        QTest::newRow("atr_size_mismatch") << QStringLiteral("size-mismatch");
        QTest::newRow("atr_mask_missing") << QStringLiteral("missing-mask");
        QTest::newRow("atr_colour_mask") << QStringLiteral("bad-mask");
        QTest::newRow("atr_unknown_name_in_descriptions") << QStringLiteral("missing-image");
        QTest::newRow("atr_idx_not_in_groups") << QStringLiteral("bad-idx");
        QTest::newRow("atr_idx_as_number") << QString();
        QTest::newRow("atr_phrase_label_absent_in_mask") << QStringLiteral("empty-target");
    }

    void brokenAtrIsReportedAsExpected()
    {
        SAPSAM_NEEDS_SHARED("datasets/expected.json");
        QFETCH(QString, code);

        const AtrDataset data = readAtr(dataset(std::string("broken/") + QTest::currentDataTag()));
        std::vector<DatasetFinding> findings = data.findings;
        for (const DatasetFinding &finding : checkAtrPictures(data))
            findings.push_back(finding);

        if (code.isEmpty())
            QVERIFY(findings.empty());
        else
            QVERIFY(hasFinding(findings, code.toStdString()));
    }

    void publishedPhraseListsHaveTheirKnownSizes()
    {
        SAPSAM_NEEDS_SHARED("datasets/real/atr_item_descriptions_dev.json");
        const Json dev = readJsonFile(dataset("real/atr_item_descriptions_dev.json"));
        for (const Json &row : dev)
            QVERIFY(isAtrPhraseIdx(std::stoi(row["idx"].get<std::string>())));
        const LabelMap labels = readLabels(dataset("real/demo_atr.png"));
        const Json expected = readJsonFile(dataset("real/expected.json"))["demo_atr.png"];
        for (const auto &[label, pixels] : expected["label_pixels"].items())
            QCOMPARE(maskOfClasses(labels, {std::stoi(label)}).area(), pixels.get<std::size_t>());
    }

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
