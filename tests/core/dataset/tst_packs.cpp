#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/sha256.h"
#include "core/dataset/pack_dataset.h"
#include "core/dataset/packs.h"
#include "core/image/codec.h"
#include "tests/support/error_of.h"
#include "tests/support/golden_folder.h"

#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <set>

using namespace sapsam;
namespace fs = std::filesystem;

namespace {

constexpr int kWidth = 8;
constexpr int kHeight = 12;

PackSettings smallSettings()
{
    PackSettings settings;
    settings.width = kWidth;
    settings.height = kHeight;
    settings.source = "a test";
    settings.fingerprint = "1";
    settings.picturesPerShard = 3; // several shards with a handful of pictures
    return settings;
}

Image pictureOf(int number)
{
    Image image(kWidth, kHeight);
    for (std::size_t i = 0; i < image.pixels.size(); ++i)
        image.pixels[i] = static_cast<std::uint8_t>(static_cast<std::size_t>(number) * 31 + i * 7);
    return image;
}

LabelMap maskOf(int number)
{
    return LabelMap(kWidth, kHeight, static_cast<std::uint8_t>(number));
}

// Item k has k % 3 captions, each with a mask of its own.
PackedItem itemOf(int number)
{
    PackedItem item;
    item.name = "a/" + std::to_string(number) + ".png";
    item.identity = number / 2;
    item.split = number < 7 ? "train" : "test";
    for (int row = 0; row < number % 3; ++row)
        item.rows.push_back(
            {"caption " + std::to_string(number), {1, 2, number}, {"a hat"}, {0.5F}, row, 0});
    return item;
}

void addTo(PackWriter &writer, int number)
{
    std::vector<LabelMap> masks;
    for (int row = 0; row < number % 3; ++row)
        masks.push_back(maskOf(10 * number + row));
    writer.add(itemOf(number), pictureOf(number), masks);
}

std::string digestOf(const std::string &folder)
{
    std::set<std::string> files;
    for (const fs::directory_entry &entry : fs::directory_iterator(folder))
        files.insert(entry.path().string());
    std::string all;
    for (const std::string &file : files)
        all += fs::path(file).filename().string() + " " + sha256OfFile(file) + "\n";
    return all;
}

std::string writePack(const std::string &folder, int count)
{
    PackWriter writer(folder, smallSettings());
    for (int i = static_cast<int>(writer.itemCount()); i < count; ++i)
        addTo(writer, i);
    writer.finish();
    return digestOf(folder);
}

} // namespace

class TestPacks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void packReadsBackWhatWasWritten()
    {
        const QTemporaryDir folder;
        const std::string path = folder.filePath(QStringLiteral("päck")).toStdString();
        writePack(path, 10);

        const Pack pack(path);

        QVERIFY(pack.isComplete());
        QCOMPARE(pack.size(), std::int64_t{10});
        for (int i = 0; i < 10; ++i) {
            QCOMPARE(pack.picture(i).pixels, pictureOf(i).pixels);
            QCOMPARE(pack.item(i).name, itemOf(i).name);
            QCOMPARE(pack.item(i).identity, itemOf(i).identity);
            for (int row = 0; row < i % 3; ++row) {
                const PackedRow &packed = pack.item(i).rows[static_cast<std::size_t>(row)];
                QCOMPARE(packed.ids, (std::vector<std::int64_t>{1, 2, i}));
                QCOMPARE(pack.labels(packed.mask).labels, maskOf(10 * i + row).labels);
            }
        }
        QCOMPARE(captionSamples(pack, "train").size(), std::size_t{6});
        QCOMPARE(pictureSamples(pack, "").size(), std::size_t{10});
    }

    void interruptedPackContinuesToTheSameBytes_data()
    {
        QTest::addColumn<int>("stopAfter");
        QTest::addColumn<QString>("damage");
        for (const int stop : {0, 1, 3, 5, 6, 9})
            for (const char *damage : {"none", "half a line", "half a picture", "half a mask"})
                QTest::newRow((std::to_string(stop) + " " + damage).c_str())
                    << stop << QString::fromLatin1(damage);
    }

    void interruptedPackContinuesToTheSameBytes()
    {
        QFETCH(int, stopAfter);
        QFETCH(QString, damage);
        const QTemporaryDir folder;
        const std::string base = folder.path().toStdString();
        const std::string whole = writePack(base + "/whole", 10);
        const std::string path = base + "/cut";
        {
            PackWriter writer(path, smallSettings());
            for (int i = 0; i < stopAfter; ++i)
                addTo(writer, i);
        }
        // What the end of a process leaves behind: something begun at the end of a file.
        const auto append = [&](const std::string &file, std::size_t bytes) {
            std::FILE *out = std::fopen((path + "/" + file).c_str(), "ab");
            const std::string text(bytes, 'x');
            std::fwrite(text.data(), 1, text.size(), out);
            std::fclose(out);
        };
        if (damage == QStringLiteral("half a line"))
            append("items.jsonl", 20);
        if (damage == QStringLiteral("half a picture"))
            append("pictures-000" + std::to_string(stopAfter / 3) + ".bin", 40);
        int masks = 0;
        for (int i = 0; i < stopAfter; ++i)
            masks += i % 3;
        if (damage == QStringLiteral("half a mask"))
            append("masks-000" + std::to_string(masks / 3) + ".bin", 5);

        QCOMPARE(Pack(path).size(), std::int64_t{stopAfter});
        const std::string continued = writePack(path, 10);

        QCOMPARE(continued, whole);
    }

    void lostShardTakesItsItemsBack()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/pack";
        const std::string whole = writePack(path, 10);
        fs::remove(path + "/pictures-0002.bin");

        VERIFY_ERROR(Pack{path}, ErrorKind::NotFound, "pictures-0002");
        PackWriter writer(path, smallSettings());
        QCOMPARE(writer.itemCount(), std::int64_t{6});
        QVERIFY(!writer.isComplete());
        for (int i = 6; i < 10; ++i)
            addTo(writer, i);
        writer.finish();
        QCOMPARE(digestOf(path), whole);
    }

    void otherDataInTheFolderIsAMismatch()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/pack";
        writePack(path, 2);
        PackSettings other = smallSettings();
        other.fingerprint = "2";
        VERIFY_ERROR((PackWriter{path, other}), ErrorKind::Mismatch, "another folder");
        other = smallSettings();
        other.width = 0;
        VERIFY_ERROR((PackWriter{path + "2", other}), ErrorKind::InvalidInput, "size");
    }

    void shortShardIsCorrupt()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/pack";
        writePack(path, 4);
        fs::resize_file(path + "/pictures-0001.bin", 10);
        VERIFY_ERROR(Pack{path}, ErrorKind::Corrupt, "pictures-0001");
        VERIFY_ERROR(Pack{path + "/none"}, ErrorKind::NotFound, "pack.json");
    }

    void picturesOfAnotherSizeAreInvalidInput()
    {
        const QTemporaryDir folder;
        PackWriter writer(folder.path().toStdString() + "/pack", smallSettings());
        VERIFY_ERROR(writer.add(itemOf(0), Image(3, 3)), ErrorKind::InvalidInput, "3x3");
        VERIFY_ERROR(writer.add(itemOf(1), pictureOf(1)), ErrorKind::InvalidInput, "not there");
        QCOMPARE(writer.itemCount(), std::int64_t{0});
    }

    void loaderGivesEveryBatchInOrderWithAnyNumberOfThreads()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/pack";
        writePack(path, 10);
        const Pack pack(path);
        std::vector<PackSample> samples;
        for (int round = 0; round < 7; ++round)
            for (const PackSample &sample : captionSamples(pack, ""))
                samples.push_back(sample);
        constexpr std::size_t area = static_cast<std::size_t>(kWidth) * kHeight;
        for (const int threads : {1, 3}) {
            PackLoaderOptions options;
            options.batchSize = 4;
            options.threads = threads;
            options.masks = true;
            PackLoader loader(pack, samples, options);
            PackBatch batch;
            std::size_t at = 0;
            while (loader.next(batch)) {
                for (std::size_t i = 0; i < batch.samples.size(); ++i, ++at) {
                    QCOMPARE(batch.samples[i].item, samples[at].item);
                    const std::uint8_t *pixels = pack.pixels(samples[at].item);
                    const std::uint8_t *planes = batch.bytes.data() + i * 3 * area;
                    for (std::size_t k = 0; k < area; ++k)
                        for (std::size_t c = 0; c < 3; ++c)
                            QCOMPARE(planes[c * area + k], pixels[3 * k + c]);
                    const PackedItem &item = pack.item(samples[at].item);
                    QCOMPARE(batch.labels[i * area],
                             *pack.mask(item.rows[static_cast<std::size_t>(samples[at].row)].mask));
                }
            }
            QCOMPARE(at, samples.size());
            QVERIFY(!loader.next(batch));
        }
    }

    void loaderNormalisesAndContinuesInTheMiddle()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/pack";
        writePack(path, 10);
        const Pack pack(path);
        PackLoaderOptions options;
        options.batchSize = 4;
        options.layout = PackLayout::NormalizedFloats;
        options.dropLast = true;
        PackLoader loader(pack, pictureSamples(pack, ""), options, 1);
        QCOMPARE(loader.batchCount(), std::int64_t{2});
        PackBatch batch;

        QVERIFY(loader.next(batch));

        QCOMPARE(batch.samples.front().item, std::int64_t{4});
        const std::uint8_t red = pack.pixels(4)[0];
        QCOMPARE(batch.floats.front(),
                 (static_cast<float>(red) / 255.0F - 0.48145466F) / 0.26862954F);
        QVERIFY(!loader.next(batch));
    }

    void transformSeesTheSameRandomNumbersWithAnyNumberOfThreads()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/pack";
        writePack(path, 10);
        const Pack pack(path);
        std::vector<std::vector<std::uint8_t>> results;
        for (const int threads : {1, 2}) {
            PackLoaderOptions options;
            options.batchSize = 3;
            options.threads = threads;
            options.transform = [](const PackSample &, Image &picture, LabelMap &,
                                   SeededRandom random) {
                for (std::uint8_t &value : picture.pixels)
                    value = static_cast<std::uint8_t>(random.integer(0, 255));
            };
            PackLoader loader(pack, pictureSamples(pack, ""), options);
            PackBatch batch;
            std::vector<std::uint8_t> all;
            while (loader.next(batch))
                all.insert(all.end(), batch.bytes.begin(), batch.bytes.end());
            results.push_back(all);
        }
        QCOMPARE(results[0], results[1]);
    }

    void whatTheTransformThrowsArrivesAtTheConsumer()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/pack";
        writePack(path, 10);
        const Pack pack(path);
        PackLoaderOptions options;
        options.batchSize = 2;
        options.transform = [](const PackSample &, Image &, LabelMap &, SeededRandom) {
            throw Error(ErrorKind::Corrupt, "broken on purpose");
        };
        PackLoader loader(pack, pictureSamples(pack, ""), options);
        PackBatch batch;
        VERIFY_ERROR(loader.next(batch), ErrorKind::Corrupt, "on purpose");
    }

    void wholeDatasetsArePackedAndContinued()
    {
        const QTemporaryDir folder;
        const std::string base = folder.path().toStdString();
        for (const char *name : {"CUHK-PEDES", "ATR"}) {
            const OpenedDataset dataset =
                openDataset(test::shippedPath(std::string("pipeline/datasets/good/") + name));
            PackOptions options;
            options.width = 16;
            options.height = 48;
            options.picturesPerShard = 4;
            const std::string whole = base + "/whole" + name;
            const std::string cut = base + "/cut" + name;
            const PackReport report = packDataset(dataset, whole, options);
            CancelSource source;
            options.threads = 1;
            const PackReport cancelled =
                packDataset(dataset, cut, options, source.token(), [&](const Progress &progress) {
                    if (progress.done >= 8)
                        source.cancel();
                });

            const PackReport rest = packDataset(dataset, cut, options);

            QVERIFY(report.pictures >= 12 && report.masks >= 12);
            QVERIFY(cancelled.cancelled && cancelled.added < report.pictures);
            QCOMPARE(rest.pictures, report.pictures);
            QCOMPARE(cancelled.added + rest.added, report.added);
            QCOMPARE(packDataset(dataset, cut, options).added, std::int64_t{0});
            QCOMPARE(digestOf(cut), digestOf(whole));
        }
    }
};

QTEST_GUILESS_MAIN(TestPacks)
#include "tst_packs.moc"
