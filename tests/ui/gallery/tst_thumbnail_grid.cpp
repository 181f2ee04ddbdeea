#include "core/base/error.h"
#include "ui/gallery/thumbnail_grid.h"
#include "ui/models/gallery_model.h"

#include <QItemSelectionModel>
#include <QScrollBar>
#include <QSemaphore>
#include <QSignalSpy>
#include <QTest>

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

constexpr int kRows = 10'000;

// A reader that draws nothing real, and remembers what it was asked for.
class RecordingReader
{
public:
    ThumbnailCache::Reader reader()
    {
        return [this](const PictureRef &picture, const QSize &) {
            if (m_gate)
                m_gate->acquire();
            {
                const std::lock_guard<std::mutex> lock(m_mutex);
                m_ids.insert(picture.id);
            }
            if (picture.id == m_badId)
                throw Error(ErrorKind::Corrupt, "it is truncated");
            QImage image(20, 44, QImage::Format_RGB32);
            image.fill(Qt::red);
            return image;
        };
    }
    std::set<qint64> ids() const
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        return m_ids;
    }
    void hold() { m_gate = std::make_unique<QSemaphore>(); }
    void release(int count) { m_gate->release(count); }
    void setBadId(qint64 id) { m_badId = id; }

private:
    mutable std::mutex m_mutex;
    std::set<qint64> m_ids;
    std::unique_ptr<QSemaphore> m_gate;
    qint64 m_badId = 0;
};

void fill(GalleryModel &model, int count)
{
    std::vector<GalleryItem> items;
    for (int number = 1; number <= count; ++number) {
        GalleryItem item;
        item.id = number;
        item.picture.id = number;
        item.name = QString::number(number);
        items.push_back(item);
    }
    model.setItems(std::move(items));
}

QList<int> selectedRows(const ThumbnailGrid &grid)
{
    QList<int> rows;
    for (const QModelIndex &index : grid.selectionModel()->selectedIndexes())
        rows.append(index.row());
    std::sort(rows.begin(), rows.end());
    return rows;
}

} // namespace

class TestThumbnailGrid : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void onlyWhatIsNearTheViewportIsRead()
    {
        RecordingReader reader;
        ThumbnailCache cache(reader.reader(), {});
        GalleryModel model;
        fill(model, kRows);
        ThumbnailGrid grid(&cache);
        grid.setModel(&model);
        grid.resize(800, 600);
        grid.show();

        QTRY_VERIFY(grid.isSettled());
        const auto [first, last] = grid.visibleRows();
        QCOMPARE(first, 0);
        QVERIFY(last > 0);
        QTRY_COMPARE(cache.waitingCount(), 0);
        const int screen = last + 1;
        QVERIFY(*reader.ids().rbegin() <= last + 1 + screen / 2);

        grid.verticalScrollBar()->setValue(grid.verticalScrollBar()->maximum());
        QTRY_VERIFY(grid.isSettled());
        QTRY_COMPARE(cache.waitingCount(), 0);
        QCOMPARE(grid.visibleRows().second, kRows - 1);
        QVERIFY(reader.ids().size() < static_cast<std::size_t>(6 * screen));
        QVERIFY(reader.ids().count(kRows / 2) == 0);
    }

    void requestsThatScrolledAwayAreDropped()
    {
        RecordingReader reader;
        reader.hold();
        ThumbnailCache cache(reader.reader(), {.threads = 1});
        GalleryModel model;
        fill(model, kRows);
        ThumbnailGrid grid(&cache);
        grid.setModel(&model);
        grid.resize(800, 600);
        grid.show();
        QTRY_VERIFY(cache.waitingCount() > 1);
        const int firstScreen = grid.visibleRows().second + 1;

        grid.verticalScrollBar()->setValue(grid.verticalScrollBar()->maximum());
        const auto [first, last] = grid.visibleRows();
        QVERIFY(first > 10 * firstScreen);
        QTRY_VERIFY(!grid.isSettled());
        QCoreApplication::processEvents();
        reader.release(10'000);
        QTRY_VERIFY(grid.isSettled());
        QTRY_COMPARE(cache.waitingCount(), 0);

        // The one that was being read may be there; none of those that waited.
        const std::set<qint64> ids = reader.ids();
        const auto near =
            std::count_if(ids.begin(), ids.end(), [&](qint64 id) { return id <= 2 * firstScreen; });
        QVERIFY2(near <= 1, qPrintable(QString::number(near)));
        QVERIFY(ids.count(last + 1) == 1);
    }

    void cacheStaysBelowItsBytes()
    {
        RecordingReader reader;
        constexpr qint64 kLimit = 512 * 1024;
        ThumbnailCache cache(reader.reader(), {.threads = 2, .maxBytes = kLimit});
        QSignalSpy ready(&cache, &ThumbnailCache::ready);
        std::vector<PictureRef> wanted;
        for (int id = 1; id <= 40; ++id) {
            PictureRef picture;
            picture.id = id;
            wanted.push_back(picture);
        }

        cache.request(wanted, {QSize(100, 220), 8}); // 86 KiB each

        QTRY_COMPARE(ready.count(), 40);
        QVERIFY(cache.bytes() <= kLimit);
        QVERIFY(cache.bytes() > kLimit / 2);
        QVERIFY(!cache.find(40).isNull());
        QVERIFY(cache.find(1).isNull());
    }

    void unreadablePictureIsToldAndNotTriedAgain()
    {
        RecordingReader reader;
        reader.setBadId(2);
        ThumbnailCache cache(reader.reader(), {});
        GalleryModel model;
        fill(model, 3);
        ThumbnailGrid grid(&cache);
        grid.setModel(&model);
        grid.resize(800, 600);
        grid.show();

        QTRY_VERIFY(grid.isSettled());

        QCOMPARE(cache.failure(2), QStringLiteral("it is truncated"));
        QVERIFY(cache.find(2).isNull());
        QVERIFY(!cache.find(1).isNull());
        QVERIFY(!grid.grab().isNull()); // paints the placeholder
    }

    void arrowsMoveThroughRowsAndColumns()
    {
        RecordingReader reader;
        ThumbnailCache cache(reader.reader(), {});
        GalleryModel model;
        fill(model, 100);
        ThumbnailGrid grid(&cache);
        grid.setModel(&model);
        grid.resize(800, 600);
        grid.show();
        grid.setFocus();
        grid.setCurrentIndex(model.index(0));
        const int columns = grid.columnCount();
        QVERIFY(columns > 2);

        QTest::keyClick(&grid, Qt::Key_Right);
        QCOMPARE(grid.currentIndex().row(), 1);
        QTest::keyClick(&grid, Qt::Key_Down);
        QCOMPARE(grid.currentIndex().row(), 1 + columns);
        QTest::keyClick(&grid, Qt::Key_End);
        QCOMPARE(grid.currentIndex().row(), 99);
        QVERIFY(grid.viewport()->rect().contains(grid.visualRect(grid.currentIndex()).center()));
        QTest::keyClick(&grid, Qt::Key_Home);
        QCOMPARE(grid.currentIndex().row(), 0);
        QCOMPARE(selectedRows(grid), QList<int>{0});
    }

    void shiftSelectsInReadingOrder()
    {
        RecordingReader reader;
        ThumbnailCache cache(reader.reader(), {});
        GalleryModel model;
        fill(model, 100);
        ThumbnailGrid grid(&cache);
        grid.setModel(&model);
        grid.resize(800, 600);
        grid.show();
        grid.setCurrentIndex(model.index(1));
        const int columns = grid.columnCount();

        QTest::keyClick(&grid, Qt::Key_Down, Qt::ShiftModifier);

        QCOMPARE(selectedRows(grid).size(), columns + 1);
        QCOMPARE(selectedRows(grid).first(), 1);
        QCOMPARE(selectedRows(grid).last(), 1 + columns);
    }

    void mouseSelectsAndControlAdds()
    {
        RecordingReader reader;
        ThumbnailCache cache(reader.reader(), {});
        GalleryModel model;
        fill(model, 100);
        ThumbnailGrid grid(&cache);
        grid.setModel(&model);
        grid.resize(800, 600);
        grid.show();
        const auto clickRow = [&](int row, Qt::KeyboardModifiers modifiers) {
            QTest::mouseClick(grid.viewport(), Qt::LeftButton, modifiers,
                              grid.visualRect(model.index(row)).center());
        };

        clickRow(2, Qt::NoModifier);
        QCOMPARE(selectedRows(grid), QList<int>{2});
        clickRow(4, Qt::ControlModifier);
        QCOMPARE(selectedRows(grid), (QList<int>{2, 4}));
        clickRow(1, Qt::NoModifier);
        QCOMPARE(selectedRows(grid), QList<int>{1});
        clickRow(3, Qt::ShiftModifier);
        QCOMPARE(selectedRows(grid), (QList<int>{1, 2, 3}));
    }

    void everyVisibleCellIsFoundUnderItsMiddle()
    {
        RecordingReader reader;
        ThumbnailCache cache(reader.reader(), {});
        GalleryModel model;
        fill(model, 50);
        ThumbnailGrid grid(&cache);
        grid.setModel(&model);
        grid.resize(733, 611);
        grid.show();

        const auto [first, last] = grid.visibleRows();
        QVERIFY(last > first);
        for (int row = first; row <= last; ++row)
            QCOMPARE(grid.indexAt(grid.visualRect(model.index(row)).center()).row(), row);
        QVERIFY(!grid.indexAt(QPoint(2, 2)).isValid());
    }

    void biggerCellsKeepTheMiddleInSight()
    {
        RecordingReader reader;
        ThumbnailCache cache(reader.reader(), {});
        GalleryModel model;
        fill(model, 2000);
        ThumbnailGrid grid(&cache);
        grid.setModel(&model);
        grid.resize(800, 600);
        grid.show();
        grid.scrollTo(model.index(1000), QAbstractItemView::PositionAtCenter);
        const int columns = grid.columnCount();
        const QModelIndex middle = grid.indexAt(grid.viewport()->rect().center());

        grid.setCellWidth(grid.cellWidth() + 60);

        QVERIFY(grid.columnCount() < columns);
        if (middle.isValid())
            QVERIFY(grid.viewport()->rect().intersects(grid.visualRect(middle)));
        QVERIFY(grid.visibleRows().first > 500);
    }
};

QTEST_MAIN(TestThumbnailGrid)
#include "tst_thumbnail_grid.moc"
