// The miniatures of every layout and their broken copies, as golden/pipeline/datasets/expected.json
// describes them: walked, so that a copy with more of them is tested without a change here.
#include "core/base/json_file.h"
#include "core/dataset/dataset_report.h"
#include "core/dataset/picture_checks.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "tests/support/golden_folder.h"
#include "tests/support/shared_data.h"

#include <QTest>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

using namespace sapsam;
using sapsam::test::shippedPath;

namespace {

std::string dataset(const std::string &relative)
{
    return shippedPath("pipeline/datasets/" + relative);
}

Json expectation()
{
    return readJsonFile(dataset("expected.json"));
}

// Reports of broken sets name findings by these kinds.
DatasetKind kindOf(const std::string &name)
{
    if (name == "icfg")
        return DatasetKind::IcfgPedes;
    if (name == "rstp")
        return DatasetKind::RstpReid;
    if (name == "atr")
        return DatasetKind::Atr;
    return DatasetKind::CuhkPedes; // cuhk and cuhk_parts
}

DatasetReport reportOf(const std::string &relative)
{
    const std::vector<DatasetPlace> places = findDatasets(dataset(relative));
    if (places.size() != 1)
        throw Error(ErrorKind::NotFound, relative + " is not recognised");
    return examineDataset(places.front(), {});
}

// What a report says about a key of the expectation: among its facts or in its summary.
Json found(const DatasetReport &report, const std::string &key)
{
    const Json summary = Json::parse(report.summary.dump());
    const Json facts = Json::parse(report.facts.dump());
    if (summary.contains(key))
        return summary[key];
    return facts.contains(key) ? facts[key] : Json();
}

} // namespace

class TestGoldenDatasets : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void goodDatasetsHoldWhatIsExpected_data()
    {
        QTest::addColumn<QString>("name");
        const Json datasets = expectation()["datasets"];
        for (const auto &[name, entry] : datasets.items())
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }

    void goodDatasetsHoldWhatIsExpected()
    {
        QFETCH(QString, name);
        const Json expected = expectation()["datasets"][name.toStdString()];
        const std::string path = expected["path"].get<std::string>();

        const DatasetReport report = reportOf(path);
        const OpenedDataset opened = openDataset(dataset(path));

        QCOMPARE(report.verdict(), Verdict::Accept);
        int compared = 0;
        for (const auto &[key, value] : expected.items()) {
            if (key == "path" || key == "target_mask_rule")
                continue;
            if (key == "parts_per_row") {
                std::vector<std::size_t> counts;
                for (const PartRow &row : opened.parts->rows)
                    counts.push_back(row.parts.size());
                QCOMPARE(counts, value.get<std::vector<std::size_t>>());
            } else if (key == "target_pixels") {
                for (const Json &target : value) {
                    const std::string stem =
                        std::filesystem::path(target["name"].get<std::string>()).stem().string();
                    const Mask mask = maskOfClasses(
                        readLabels(opened.atr.maskPath(stem)),
                        atrTargetClasses(std::stoi(target["idx"].get<std::string>())));
                    QCOMPARE(mask.area(), target["pixels"].get<std::size_t>());
                }
            } else {
                Json actual = found(report, key);
                Json wanted = value;
                if (key == "grey_images" || key == "indexed_masks") {
                    std::sort(actual.begin(), actual.end());
                    std::sort(wanted.begin(), wanted.end());
                }
                QVERIFY2(actual == wanted,
                         (key + ": " + actual.dump() + " instead of " + wanted.dump()).c_str());
            }
            ++compared;
        }
        QVERIFY(compared >= 6);
    }

    void brokenDatasetsGiveTheirFindingsAndSeverity_data()
    {
        QTest::addColumn<QString>("name");
        const Json variants = expectation()["broken"];
        for (const auto &[name, entry] : variants.items())
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
        QVERIFY(variants.size() >= 45);
    }

    void brokenDatasetsGiveTheirFindingsAndSeverity()
    {
        QFETCH(QString, name);
        const Json variant = expectation()["broken"][name.toStdString()];

        const DatasetReport report = reportOf(variant["path"].get<std::string>());

        std::string said;
        for (const DatasetFinding &finding : report.findings)
            said += std::string("\n  ") + nameOf(finding.severity) + " " + finding.code + ": "
                    + finding.text;
        QVERIFY2(nameOf(report.verdict()) == variant["severity"].get<std::string>(), said.c_str());
        QCOMPARE(report.kind, kindOf(variant["kind"].get<std::string>()));
        for (const auto &[key, wanted] : variant["expect"].items()) {
            if (key == "note")
                continue;
            if (key == "accepted") {
                QVERIFY(report.opened);
                continue;
            }
            Json actual;
            if (key == "train_labels_in_row_order") {
                const PersonDataset people = openPeople(dataset(variant["path"]));
                for (const TrainPair &pair : trainPairs(people))
                    actual.push_back(pair.label);
            } else {
                actual = found(report, key);
            }
            QVERIFY2(actual == wanted,
                     (key + ": " + actual.dump() + " instead of " + wanted.dump() + said).c_str());
        }
        // Everything not named is in order: one kind of complaint at most but for pictures.
        std::map<std::string, int> complaints;
        for (const DatasetFinding &finding : report.findings)
            if (finding.severity != DatasetFinding::Severity::Note)
                ++complaints[finding.code];
        const std::size_t kinds = name == QStringLiteral("unreadable_images") ? 2U : 1U;
        QVERIFY2(complaints.size() <= kinds, said.c_str());
    }

    void errorsRefuseAndTheRestOpens()
    {
        const Json variants = expectation()["broken"];
        for (const auto &[name, variant] : variants.items()) {
            const std::string path = dataset(variant["path"].get<std::string>());
            const std::string severity = variant["severity"].get<std::string>();
            bool refused = false;
            try {
                const OpenedDataset opened = openDataset(path);
                requireNoErrors(opened.findings(), path);
            } catch (const Error &) {
                refused = true;
            }
            // Three defects lie in the pixels, which opening does not look at.
            const bool inPixels = name == "unreadable_images" || name == "atr_label_200"
                                  || name == "atr_size_mismatch" || name == "atr_colour_mask"
                                  || name == "parts_mask_size_mismatch";
            QVERIFY2(refused == (severity == "error" && !inPixels), name.c_str());
        }
    }

    void trainPersonsWithHolesAreNumberedAnewOnRequest()
    {
        const std::string path = dataset("broken/train_ids_not_contiguous/CUHK-PEDES");
        OpenOptions options;
        options.people.trainLabels = TrainLabels::NumberedAnew;

        const OpenedDataset opened = openDataset(path, options);

        QVERIFY(!opened.hasErrors());
        std::vector<std::int64_t> labels;
        for (const TrainPair &pair : trainPairs(opened.people.dataset, TrainLabels::NumberedAnew))
            labels.push_back(pair.label);
        QCOMPARE(labels, (std::vector<std::int64_t>{0, 1, 2}));
        try {
            trainPairs(opened.people.dataset);
            QFAIL("holes were accepted");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::Mismatch);
        }
    }

    void colourMaskIsReadThroughThePaletteOnRequest()
    {
        const std::string folder = dataset("broken/atr_colour_mask/ATR/");

        const LabelMap labels =
            labelsOfColours(readImage(folder + "SegmentationClassAug/2500_2.png"),
                            vocPalette(kAtrClasses), "2500_2.png");

        for (const std::uint8_t label : labels.labels)
            QVERIFY(label < kAtrClasses);
        Image odd(2, 1);
        odd.at(1, 0)[0] = 7;
        try {
            labelsOfColours(odd, vocPalette(kAtrClasses), "odd.png");
            QFAIL("a colour outside the palette was accepted");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::Corrupt);
        }
    }

    void publishedPhraseListsHaveTheirKnownRows()
    {
        const std::string shared = sapsam::test::sharedPath("datasets/real/");
        SAPSAM_NEEDS_SHARED("datasets/real/expected.json");
        const Json expected = readJsonFile(shared + "expected.json");
        for (const char *file :
             {"atr_item_descriptions_dev.json", "atr_item_descriptions_test.json"}) {
            const Json rows = readJsonFile(shared + file);
            std::map<std::string, int> byIdx;
            std::set<std::string> images;
            for (const Json &row : rows) {
                QVERIFY(isAtrPhraseIdx(std::stoi(row["idx"].get<std::string>())));
                ++byIdx[row["idx"].get<std::string>()];
                images.insert(row["name"].get<std::string>());
            }
            QCOMPARE(rows.size(), expected[file]["rows"].get<std::size_t>());
            QCOMPARE(images.size(), expected[file]["images"].get<std::size_t>());
            QVERIFY(Json(byIdx) == expected[file]["by_idx"]);
        }
    }
};

QTEST_GUILESS_MAIN(TestGoldenDatasets)
#include "tst_golden_datasets.moc"
