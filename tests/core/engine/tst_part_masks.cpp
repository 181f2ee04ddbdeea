#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/dataset/pack_dataset.h"
#include "core/dataset/synthetic_writer.h"
#include "core/engine/part_masks.h"
#include "core/image/codec.h"
#include "core/text/noun_phrases.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <map>

using namespace sapsam;

namespace {

namespace fs = std::filesystem;

EngineOptions onOneThread()
{
    EngineOptions options;
    options.device = "cpu";
    options.threads = 1;
    return options;
}

std::string smallModel()
{
    return std::string(SAPSAM_SOURCE_DIR) + "/models/sapsam-person-small";
}

OpenedDataset opened(const std::string &folder)
{
    OpenOptions options;
    options.parts = false;
    return openDataset(folder, options);
}

// A few drawn people with captions and the phrases that are cut from them.
std::string peopleIn(const QTemporaryDir &folder)
{
    const std::string root = folder.path().toStdString() + "/synth";
    SyntheticOptions options;
    options.count = 16;
    options.width = 24;
    options.height = 48;
    options.threads = 1;
    writeSyntheticDataset(root, options);
    const OpenedDataset dataset = opened(root + "/CUHK-PEDES");
    std::vector<PartRow> rows;
    for (std::size_t i = 0; i < dataset.people.trainRows.size(); ++i) {
        const TrainRow &train = dataset.people.trainRows[i];
        PartRow row;
        row.idx = static_cast<std::int64_t>(i);
        row.image = static_cast<std::size_t>(train.image);
        row.caption = static_cast<std::size_t>(train.caption);
        for (const std::string &phrase : captionPhrases(train.sentence))
            row.parts.push_back({phrase, {}, 0.0F});
        if (!row.parts.empty())
            rows.push_back(std::move(row));
    }
    writeParts(rows, dataset.people.dataset, root + "/CUHK-PEDES");
    return root + "/CUHK-PEDES";
}

// Every file below a folder, with its bytes.
std::map<std::string, std::string> filesOf(const std::string &folder)
{
    std::map<std::string, std::string> files;
    for (const auto &entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file())
            files[fs::relative(entry.path(), folder).string()] = readFile(entry.path().string());
    return files;
}

PartMaskOptions into(const std::string &folder)
{
    PartMaskOptions options;
    options.output = folder;
    return options;
}

} // namespace

class TestPartMasks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        m_people = peopleIn(m_folder);
        m_segmenter = std::make_unique<Segmenter>(smallModel(), onOneThread());
        m_whole = m_folder.path().toStdString() + "/whole";
        m_report = makePartMasks(opened(m_people), *m_segmenter, into(m_whole));
    }

    void everyPhraseHasItsMaskAndScore()
    {
        QVERIFY(m_report.complete);
        QVERIFY(m_report.phrases > 60);
        QCOMPARE(m_report.written, m_report.phrases);
        QCOMPARE(m_report.found, std::int64_t(0));
        QVERIFY(m_report.empty < m_report.written);

        // Read as published data: list, scores and masks belong together.
        const QTemporaryDir folder;
        const std::string copy = folder.path().toStdString() + "/CUHK-PEDES";
        fs::copy(m_people, copy, fs::copy_options::recursive);
        fs::copy(m_whole, copy, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
        const OpenedDataset dataset = openDataset(copy);

        QVERIFY(dataset.parts.has_value());
        QVERIFY(!dataset.hasErrors());
        QCOMPARE(static_cast<std::int64_t>(dataset.parts->maskCount()), m_report.phrases);
        std::size_t partly = 0;
        for (const PartRow &row : dataset.parts->rows)
            for (const CaptionPart &part : row.parts) {
                const LabelMap mask = readLabels(dataset.parts->maskPath(part));
                QCOMPARE(mask.width, 24);
                QCOMPARE(mask.height, 48);
                std::size_t area = 0;
                for (const std::uint8_t value : mask.labels) {
                    QVERIFY(value <= 1);
                    area += value;
                }
                partly += area > 0 && area < mask.labels.size() ? 1 : 0;
                QVERIFY(part.score >= 0.0F && part.score <= 1.0F);
            }
        QVERIFY(partly > 30);
        PackOptions packing;
        packing.width = 8;
        packing.height = 16;
        packing.threads = 1;
        const PackReport pack =
            packDataset(dataset, folder.path().toStdString() + "/pack", packing);
        QCOMPARE(pack.pictures, std::int64_t(16));
        QCOMPARE(pack.masks, m_report.captions); // one a caption
    }

    void interruptedAndContinuedGivesTheSameBytes()
    {
        const std::string folder = m_folder.path().toStdString() + "/interrupted";
        CancelSource source;
        int reports = 0;
        const auto stopEarly = [&](const Progress &) {
            if (++reports == 5)
                source.cancel();
        };

        const PartMaskReport first =
            makePartMasks(opened(m_people), *m_segmenter, into(folder), source.token(), stopEarly);
        QVERIFY(first.cancelled && !first.complete);
        QVERIFY(first.written > 0 && first.written < m_report.phrases);
        QVERIFY(first.phraseList.empty());
        PartMaskOptions limited = into(folder);
        limited.limit = 4;
        const PartMaskReport second = makePartMasks(opened(m_people), *m_segmenter, limited);
        QVERIFY(!second.complete && !second.cancelled);
        QCOMPARE(second.found, first.written);
        const PartMaskReport third = makePartMasks(opened(m_people), *m_segmenter, into(folder));

        QVERIFY(third.complete);
        QCOMPARE(third.found + third.written, m_report.phrases);
        QVERIFY(filesOf(folder) == filesOf(m_whole));
    }

    void dataSetWhoseMasksAreHalfMadeSaysHowToGoOn()
    {
        const QTemporaryDir folder;
        const std::string copy = folder.path().toStdString() + "/CUHK-PEDES";
        fs::copy(m_people, copy, fs::copy_options::recursive);
        PartMaskOptions options;
        options.limit = 4;
        makePartMasks(opened(copy), *m_segmenter, options);

        VERIFY_ERROR(openDataset(copy), ErrorKind::NotFound, "run 'sapsam dataset masks " + copy);
        QVERIFY(makePartMasks(opened(copy), *m_segmenter, {}).complete);
        QVERIFY(openDataset(copy).parts.has_value());
    }

    void crashBetweenMaskAndRecordIsMadeGood()
    {
        const std::string folder = m_folder.path().toStdString() + "/crashed";
        fs::copy(m_whole, folder, fs::copy_options::recursive);
        std::string list;
        std::string journal;
        for (const auto &[name, content] : filesOf(folder))
            if (name.find(".jsonl") != std::string::npos)
                journal = name;
            else if (name.find(".json") != std::string::npos)
                fs::remove(folder + "/" + name); // the lists are written last
        std::string text = readFile(folder + "/" + journal);
        // The last line is torn, one mask before it is lost.
        text.resize(text.size() - 7);
        writeFileAtomically(folder + "/" + journal, text);
        fs::remove(folder + "/segs/"
                   + (*fs::directory_iterator(folder + "/segs")).path().filename().string());

        const PartMaskReport report = makePartMasks(opened(m_people), *m_segmenter, into(folder));

        QVERIFY(report.complete);
        QVERIFY(report.written >= 1 && report.written <= 2);
        auto made = filesOf(folder);
        auto whole = filesOf(m_whole);
        made.erase(journal); // may hold the lost mask twice
        whole.erase(journal);
        QVERIFY(made == whole);
    }

    void secondCallFindsEverything()
    {
        const PartMaskReport report = makePartMasks(opened(m_people), *m_segmenter, into(m_whole));

        QVERIFY(report.complete);
        QCOMPARE(report.written, std::int64_t(0));
        QCOMPARE(report.found, m_report.phrases);
    }

    void otherPhrasesAreAMismatchUntilMadeAnew()
    {
        const std::string folder = m_folder.path().toStdString() + "/other";
        fs::copy(m_whole, folder, fs::copy_options::recursive);
        const std::string phrases = m_folder.path().toStdString() + "/other.json";
        const OpenedDataset dataset = opened(m_people);
        Json object = Json::object();
        for (const TrainRow &row : dataset.people.trainRows)
            object[row.sentence] = {"the clothes"};
        writeJsonFile(phrases, object);
        PartMaskOptions options = into(folder);
        options.phraseFile = phrases;

        VERIFY_ERROR(makePartMasks(dataset, *m_segmenter, options), ErrorKind::Mismatch,
                     "_masks.jsonl");
        options.anew = true;
        const PartMaskReport report = makePartMasks(dataset, *m_segmenter, options);

        QVERIFY(report.complete);
        QCOMPARE(report.written, static_cast<std::int64_t>(dataset.people.trainRows.size()));
    }

    void damagedPictureIsReportedAndTheListsWait()
    {
        const QTemporaryDir folder;
        const std::string copy = folder.path().toStdString() + "/CUHK-PEDES";
        fs::copy(m_people, copy, fs::copy_options::recursive);
        const OpenedDataset dataset = opened(copy);
        const PersonImage &image =
            dataset.people.dataset
                .images[static_cast<std::size_t>(dataset.people.trainRows.front().image)];
        writeFileAtomically(dataset.people.dataset.pathOf(image), "no picture");
        PartMaskOptions options;
        options.limit = 6;

        const PartMaskReport report = makePartMasks(dataset, *m_segmenter, options);

        QCOMPARE(report.failed.size(), std::size_t(1));
        QCOMPARE(report.failed.front().first, image.file);
        QVERIFY(report.written > 0);
        QVERIFY(!report.complete);
    }

    void withoutPhrasesIsInvalidInput()
    {
        const QTemporaryDir folder;
        const std::string copy = folder.path().toStdString() + "/CUHK-PEDES";
        fs::copy(m_people, copy, fs::copy_options::recursive);
        for (const auto &entry : fs::directory_iterator(copy))
            if (entry.path().filename().string().find("_data_final_") != std::string::npos)
                fs::remove(entry.path());

        VERIFY_ERROR(makePartMasks(opened(copy), *m_segmenter, {}), ErrorKind::InvalidInput,
                     "dataset phrases");
    }

private:
    QTemporaryDir m_folder;
    std::string m_people;
    std::string m_whole;
    PartMaskReport m_report;
    std::unique_ptr<Segmenter> m_segmenter;
};

QTEST_GUILESS_MAIN(TestPartMasks)

#include "tst_part_masks.moc"
