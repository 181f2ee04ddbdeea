#include "core/base/error.h"
#include "ui/gallery/thumbnail_cache.h"
#include "ui/support/picture_source.h"

#include <QDateTime>
#include <QFile>
#include <QFileInfo>
#include <QPainter>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

constexpr int kPictures = 40;
const ThumbnailCache::Look kLook{QSize(100, 220), 8};

// Reads real files and counts how often.
class CountingReader
{
public:
    ThumbnailCache::Reader reader()
    {
        return [this](const PictureRef &picture, const QSize &bound) {
            ++m_count;
            return readPicture(picture, bound);
        };
    }
    int takeCount() { return m_count.exchange(0); }

private:
    std::atomic<int> m_count{0};
};

void drawPicture(const QString &file, int number, const QSize &size)
{
    QImage image(size, QImage::Format_RGB32);
    image.fill(QColor::fromHsv(number * 9 % 360, 160, 200));
    QPainter painter(&image);
    painter.fillRect(size.width() / 4, size.height() / 4, size.width() / 2, size.height() / 2,
                     Qt::white);
    painter.end();
    QVERIFY(image.save(file));
}

} // namespace

class TestThumbnailDisk : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_pictures.clear();
        for (int number = 1; number <= kPictures; ++number) {
            PictureRef picture;
            picture.id = number;
            picture.file = m_folder->filePath(QStringLiteral("%1.png").arg(number));
            picture.width = 64;
            picture.height = 160;
            drawPicture(picture.file, number, {64, 160});
            m_pictures.push_back(picture);
        }
        m_file = m_folder->filePath(QStringLiteral("thumbnails.sqlite"));
    }

    void aSecondOpeningReadsNoPicture()
    {
        CountingReader reader;
        {
            ThumbnailCache cache(reader.reader(), {});
            cache.setDiskFile(m_file);
            makeAll(cache);
            QCOMPARE(reader.takeCount(), kPictures);
            QCOMPARE(cache.diskHits(), 0);
        }

        ThumbnailCache cache(reader.reader(), {});
        cache.setDiskFile(m_file);
        makeAll(cache);

        QCOMPARE(reader.takeCount(), 0);
        QCOMPARE(cache.diskHits(), kPictures);
        QVERIFY(cache.diskProblem().isEmpty());
        // The same picture as without the file, but for JPEG's loss.
        const QImage copy = cache.find(7);
        const QImage fresh = composeThumbnail(readPicture(m_pictures[6], {}), kLook);
        QCOMPARE(copy.size(), fresh.size());
        for (const QPoint place : {QPoint(20, 20), QPoint(50, 110)}) {
            const QColor a = copy.pixelColor(place);
            const QColor b = fresh.pixelColor(place);
            QVERIFY(std::abs(a.red() - b.red()) < 12 && std::abs(a.green() - b.green()) < 12
                    && std::abs(a.blue() - b.blue()) < 12);
        }
    }

    void aChangedPictureIsReadAgain()
    {
        CountingReader reader;
        {
            ThumbnailCache cache(reader.reader(), {});
            cache.setDiskFile(m_file);
            makeAll(cache);
        }
        reader.takeCount();
        drawPicture(m_pictures[2].file, 30, {64, 160});
        QFile changed(m_pictures[2].file);
        QVERIFY(changed.open(QIODevice::ReadWrite));
        QVERIFY(changed.setFileTime(QDateTime::currentDateTime().addSecs(60),
                                    QFileDevice::FileModificationTime));
        changed.close();

        ThumbnailCache cache(reader.reader(), {});
        cache.setDiskFile(m_file);
        makeAll(cache);

        QCOMPARE(reader.takeCount(), 1);
        QCOMPARE(cache.diskHits(), kPictures - 1);
    }

    void aVanishedPictureIsToldThoughThereIsACopy()
    {
        CountingReader reader;
        {
            ThumbnailCache cache(reader.reader(), {});
            cache.setDiskFile(m_file);
            makeAll(cache);
        }
        QVERIFY(QFile::remove(m_pictures[4].file));

        ThumbnailCache cache(reader.reader(), {});
        cache.setDiskFile(m_file);
        makeAll(cache);

        QVERIFY(!cache.failure(5).isEmpty());
        QVERIFY(cache.find(5).isNull());
    }

    void aDamagedFileIsMadeAnew()
    {
        {
            QFile damaged(m_file);
            QVERIFY(damaged.open(QIODevice::WriteOnly));
            damaged.write(QByteArray(20'000, 'x'));
        }
        CountingReader reader;
        {
            ThumbnailCache cache(reader.reader(), {});
            cache.setDiskFile(m_file);
            makeAll(cache);
            QVERIFY(cache.diskProblem().isEmpty());
            QCOMPARE(reader.takeCount(), kPictures);
        }
        ThumbnailCache cache(reader.reader(), {});
        cache.setDiskFile(m_file);
        makeAll(cache);
        QCOMPARE(reader.takeCount(), 0);
    }

    void aFileThatCannotBeWrittenIsDoneWithoutAndSaid()
    {
        CountingReader reader;
        ThumbnailCache cache(reader.reader(), {});
        QSignalSpy told(&cache, &ThumbnailCache::diskProblemChanged);
        cache.setDiskFile(QStringLiteral("/proc/no such folder/thumbnails.sqlite"));
        makeAll(cache);

        QTRY_COMPARE(told.count(), 1);
        QVERIFY(cache.diskProblem().contains(QStringLiteral("no such folder")));
        QCOMPARE(reader.takeCount(), kPictures);
    }

    void aBiggerLookThanTheCopyIsReadFromThePicture()
    {
        const QString file = m_folder->filePath(QStringLiteral("large.png"));
        drawPicture(file, 3, {900, 2000});
        PictureRef large;
        large.id = 1000;
        large.file = file;
        large.width = 900;
        large.height = 2000;
        m_pictures = {large};
        CountingReader reader;
        {
            ThumbnailCache cache(reader.reader(), {});
            cache.setDiskFile(m_file);
            makeAll(cache);
        }
        reader.takeCount();

        ThumbnailCache cache(reader.reader(), {});
        cache.setDiskFile(m_file);
        cache.request(m_pictures, {QSize(640, 1408), 8});
        QTRY_VERIFY(cache.isSettled(1000, {QSize(640, 1408), 8}));

        QCOMPARE(reader.takeCount(), 1);
        QCOMPARE(cache.find(1000).size(), QSize(640, 1408));
    }

    void anotherLookWhileOneIsMadeIsMadeToo()
    {
        CountingReader reader;
        ThumbnailCache cache(reader.reader(), {});
        cache.setDiskFile(m_file);
        cache.request(m_pictures, kLook);
        const ThumbnailCache::Look bigger{QSize(120, 264), 8};
        cache.request(m_pictures, bigger);

        for (const PictureRef &picture : m_pictures)
            QTRY_VERIFY(cache.isSettled(picture.id, bigger));
    }

private:
    void makeAll(ThumbnailCache &cache) const
    {
        cache.request(m_pictures, kLook);
        for (const PictureRef &picture : m_pictures)
            QTRY_VERIFY(cache.isSettled(picture.id, kLook));
        QTRY_COMPARE(cache.waitingCount(), 0);
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::vector<PictureRef> m_pictures;
    QString m_file;
};

QTEST_MAIN(TestThumbnailDisk)
#include "tst_thumbnail_disk.moc"
