#include "ui/gallery/thumbnail_cache.h"

#include "core/base/error.h"
#include "core/store/thumbnail_store.h"
#include "ui/support/text.h"

#include <QBuffer>
#include <QCache>
#include <QDateTime>
#include <QFileInfo>
#include <QHash>
#include <QMetaObject>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace sapsam::ui {

namespace {

// A picture whose shape differs less than this from the frame's is cropped to fill it.
constexpr double kFillTolerance = 0.34;
// Decoding somewhat larger than needed keeps the last, smooth scaling sharp.
constexpr double kDecodeMargin = 1.6;
// The copies on disk: sharp in cells of up to this size, on screens of either density.
constexpr QSize kDiskSize(288, 640);
constexpr int kDiskQuality = 88; // of JPEG
// Looked up in the file at once: about a row of the grid.
constexpr std::size_t kDiskBatch = 16;

// What a copy was made of. Empty when the file is not there: then reading says why.
std::string versionOf(const PictureRef &picture)
{
    const QFileInfo info(picture.file);
    if (!info.exists())
        return {};
    return std::to_string(info.size()) + ":"
           + std::to_string(info.lastModified().toMSecsSinceEpoch());
}

std::string encoded(const QImage &image)
{
    const bool isLarge =
        image.width() > kDiskSize.width() || image.height() > kDiskSize.height();
    const QImage small =
        isLarge ? image.scaled(kDiskSize, Qt::KeepAspectRatio, Qt::SmoothTransformation) : image;
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    if (!small.save(&buffer, "JPG", kDiskQuality))
        return {};
    return bytes.toStdString();
}

// Whether a copy has all the pixels that the look needs: it is as large as that, or it is the whole
// picture.
bool isEnough(const QImage &copy, const PictureRef &picture, const QSize &wanted)
{
    return copy.width() >= wanted.width() || copy.height() >= wanted.height()
           || (copy.width() >= picture.width && copy.height() >= picture.height);
}

struct Entry
{
    QImage image;
    ThumbnailCache::Look look;
};

struct Order
{
    PictureRef picture;
    ThumbnailCache::Look look;
    quint64 generation = 0;
    bool isLookedUp = false; // it is not in the file
    std::string version;     // when it was looked up
};

} // namespace

struct ThumbnailCache::Private
{
    Private(ThumbnailCache *cache, Reader pictureReader)
        : q(cache), reader(std::move(pictureReader))
    {
    }

    void loop();
    std::shared_ptr<ThumbnailStore> openDisk();
    void tellProblem(const std::shared_ptr<ThumbnailStore> &store);
    void lookUp(std::vector<Order> orders, ThumbnailStore &store);
    void make(const Order &order, ThumbnailStore *store);
    void deliver(const Order &order, const QImage &image, const QString &failure, bool fromDisk);

    ThumbnailCache *const q;
    const Reader reader;
    qint64 maxDiskBytes = 0;

    // Shared with the threads, under the mutex.
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Order> waiting;
    std::unordered_map<qint64, Look> making;
    std::unordered_set<qint64> wanted; // by the newest request
    Look wantedLook;
    quint64 generation = 0; // grows with clear(): late results of another project are dropped
    bool stopping = false;
    QString diskFile;
    bool diskIsNew = false; // diskFile was set and is not opened yet

    // The file. Opening, writing and closing it happens on the threads only, which hold this while
    // they do; the GUI thread never waits for it.
    std::mutex diskMutex;
    std::shared_ptr<ThumbnailStore> disk;
    QString toldProblem;

    // GUI thread only. Costs are bytes / 1024, so that large limits fit.
    mutable QCache<qint64, Entry> entries;
    QHash<qint64, QString> failures;

    std::vector<std::thread> threads;
};

std::shared_ptr<ThumbnailStore> ThumbnailCache::Private::openDisk()
{
    const std::lock_guard<std::mutex> diskLock(diskMutex);
    std::optional<QString> file;
    {
        const std::lock_guard<std::mutex> lock(mutex);
        if (std::exchange(diskIsNew, false))
            file = diskFile;
    }
    if (file) {
        disk.reset();
        if (!file->isEmpty())
            disk = std::make_shared<ThumbnailStore>(toStdString(*file), maxDiskBytes);
    }
    tellProblem(disk);
    return disk != nullptr && disk->isUsable() ? disk : nullptr;
}

// Under the disk's mutex.
void ThumbnailCache::Private::tellProblem(const std::shared_ptr<ThumbnailStore> &store)
{
    const QString problem = store != nullptr ? toQString(store->problem()) : QString();
    if (problem == toldProblem)
        return;
    toldProblem = problem;
    QMetaObject::invokeMethod(
        q,
        [this, problem] {
            q->m_diskProblem = problem;
            Q_EMIT q->diskProblemChanged();
        },
        Qt::QueuedConnection);
}

void ThumbnailCache::Private::loop()
{
    for (;;) {
        std::vector<Order> orders;
        const std::shared_ptr<ThumbnailStore> store = openDisk();
        {
            std::unique_lock<std::mutex> lock(mutex);
            if (!stopping && waiting.empty() && store != nullptr) {
                lock.unlock();
                store->flush(); // nobody waits for anything now
                lock.lock();
            }
            wake.wait(lock, [this] { return stopping || !waiting.empty(); });
            if (stopping)
                break;
            const std::size_t most =
                store != nullptr && !waiting.front().isLookedUp ? kDiskBatch : 1;
            do {
                making[waiting.front().picture.id] = waiting.front().look;
                orders.push_back(std::move(waiting.front()));
                waiting.pop_front();
            } while (orders.size() < most && !waiting.empty() && !waiting.front().isLookedUp);
        }
        // Another file may have been set while this thread waited.
        const std::shared_ptr<ThumbnailStore> now = openDisk();
        if (now == nullptr || orders.front().isLookedUp) {
            for (const Order &order : orders)
                make(order, now.get());
        } else {
            lookUp(std::move(orders), *now);
        }
    }
    const std::lock_guard<std::mutex> lock(diskMutex);
    if (disk != nullptr)
        disk->flush();
}

// Delivers what the file has; the others wait again, in front, unless nobody wants them any more.
void ThumbnailCache::Private::lookUp(std::vector<Order> orders, ThumbnailStore &store)
{
    std::vector<ThumbnailStore::Key> keys;
    for (Order &order : orders) {
        order.version = versionOf(order.picture);
        keys.push_back({order.picture.id, order.version});
    }
    const std::vector<std::optional<std::string>> found = store.findAll(keys);
    std::vector<Order> missing;
    for (std::size_t i = 0; i < orders.size(); ++i) {
        Order &order = orders[i];
        order.isLookedUp = true;
        QImage copy;
        if (found[i] && !order.version.empty())
            copy = QImage::fromData(QByteArray::fromRawData(
                found[i]->data(), static_cast<qsizetype>(found[i]->size())));
        if (copy.isNull() || !isEnough(copy, order.picture, order.look.size))
            missing.push_back(std::move(order));
        else
            deliver(order, composeThumbnail(copy, order.look), {}, true);
    }
    if (missing.empty())
        return;
    {
        const std::lock_guard<std::mutex> lock(mutex);
        for (auto order = missing.rbegin(); order != missing.rend(); ++order) {
            making.erase(order->picture.id);
            if (order->generation != generation || !wanted.contains(order->picture.id))
                continue;
            order->look = wantedLook;
            waiting.push_front(std::move(*order));
        }
    }
    wake.notify_all();
}

void ThumbnailCache::Private::make(const Order &order, ThumbnailStore *store)
{
    QImage picture;
    QImage image;
    QString failure;
    try {
        QSize bound(static_cast<int>(order.look.size.width() * kDecodeMargin),
                    static_cast<int>(order.look.size.height() * kDecodeMargin));
        if (store != nullptr)
            bound = bound.expandedTo(kDiskSize);
        picture = reader(order.picture, bound);
        image = composeThumbnail(picture, order.look);
    } catch (const std::exception &error) {
        failure = QString::fromUtf8(error.what());
        if (failure.isEmpty())
            failure = QStringLiteral("?");
    }
    // Who waits comes first, the file afterwards.
    deliver(order, image, failure, false);
    if (store == nullptr || !failure.isEmpty() || order.version.empty())
        return;
    {
        const std::lock_guard<std::mutex> lock(mutex);
        if (order.generation != generation)
            return; // of a project that was closed; the file may be another's by now
    }
    store->put(order.picture.id, order.version, encoded(picture));
}

void ThumbnailCache::Private::deliver(const Order &order, const QImage &image,
                                      const QString &failure, bool fromDisk)
{
    QMetaObject::invokeMethod(
        q,
        [this, order, image, failure, fromDisk] {
            {
                const std::lock_guard<std::mutex> lock(mutex);
                making.erase(order.picture.id);
                if (order.generation != generation)
                    return;
            }
            q->m_diskHits += fromDisk ? 1 : 0;
            const qint64 id = order.picture.id;
            if (failure.isEmpty()) {
                const auto cost = std::max<qsizetype>(1, image.sizeInBytes() / 1024);
                entries.insert(id, new Entry{image, order.look}, cost);
            } else {
                failures.insert(id, failure);
            }
            Q_EMIT q->ready(id);
        },
        Qt::QueuedConnection);
}

ThumbnailCache::ThumbnailCache(Reader reader, const Options &options, QObject *parent)
    : QObject(parent), d(std::make_unique<Private>(this, std::move(reader)))
{
    d->maxDiskBytes = options.maxDiskBytes;
    d->entries.setMaxCost(static_cast<qsizetype>(std::max<qint64>(1, options.maxBytes / 1024)));
    for (int thread = 0; thread < std::max(1, options.threads); ++thread)
        d->threads.emplace_back([this] { d->loop(); });
}

ThumbnailCache::~ThumbnailCache()
{
    {
        const std::lock_guard<std::mutex> lock(d->mutex);
        d->stopping = true;
        d->waiting.clear();
    }
    d->wake.notify_all();
    for (std::thread &thread : d->threads)
        thread.join();
}

QImage ThumbnailCache::find(qint64 id) const
{
    const Entry *entry = d->entries.object(id);
    return entry != nullptr ? entry->image : QImage();
}

bool ThumbnailCache::isSettled(qint64 id, const Look &look) const
{
    if (d->failures.contains(id))
        return true;
    const Entry *entry = d->entries.object(id);
    return entry != nullptr && entry->look == look;
}

QString ThumbnailCache::failure(qint64 id) const
{
    return d->failures.value(id);
}

void ThumbnailCache::request(const std::vector<PictureRef> &wanted, const Look &look)
{
    {
        const std::lock_guard<std::mutex> lock(d->mutex);
        d->waiting.clear();
        d->wanted.clear();
        d->wantedLook = look;
        for (const PictureRef &picture : wanted) {
            if (isSettled(picture.id, look))
                continue;
            d->wanted.insert(picture.id);
            const auto made = d->making.find(picture.id);
            if (made == d->making.end() || made->second != look)
                d->waiting.push_back({picture, look, d->generation, false, {}});
        }
    }
    d->wake.notify_all();
}

void ThumbnailCache::clear()
{
    {
        const std::lock_guard<std::mutex> lock(d->mutex);
        d->waiting.clear();
        d->wanted.clear();
        ++d->generation;
    }
    d->entries.clear();
    d->failures.clear();
}

void ThumbnailCache::setDiskFile(const QString &file)
{
    {
        const std::lock_guard<std::mutex> lock(d->mutex);
        d->diskFile = file;
        d->diskIsNew = true;
    }
    d->wake.notify_all();
}

int ThumbnailCache::waitingCount() const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    return static_cast<int>(d->waiting.size() + d->making.size());
}

void ThumbnailCache::setMaxBytes(qint64 bytes)
{
    d->entries.setMaxCost(static_cast<qsizetype>(std::max<qint64>(1, bytes / 1024)));
}

qint64 ThumbnailCache::bytes() const
{
    return static_cast<qint64>(d->entries.totalCost()) * 1024;
}

QImage composeThumbnail(const QImage &picture, const ThumbnailCache::Look &look)
{
    if (picture.isNull() || look.size.isEmpty())
        throw Error(ErrorKind::Corrupt, "the picture has no pixels");
    const double frameShape = static_cast<double>(look.size.width()) / look.size.height();
    const double shape = static_cast<double>(picture.width()) / picture.height();
    const bool fills = std::abs(shape - frameShape) <= kFillTolerance * frameShape;
    const QImage scaled =
        picture.scaled(look.size, fills ? Qt::KeepAspectRatioByExpanding : Qt::KeepAspectRatio,
                       Qt::SmoothTransformation);

    QImage result(look.size, QImage::Format_ARGB32_Premultiplied);
    result.fill(Qt::transparent);
    QPainter painter(&result);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRect place(QPoint((look.size.width() - scaled.width()) / 2,
                             (look.size.height() - scaled.height()) / 2),
                      scaled.size());
    // A brush instead of a clip path: only this gives soft corners.
    QBrush brush(scaled);
    brush.setTransform(QTransform::fromTranslate(place.x(), place.y()));
    painter.setPen(Qt::NoPen);
    painter.setBrush(brush);
    painter.drawRoundedRect(place.intersected(result.rect()), look.cornerRadius, look.cornerRadius);
    return result;
}

} // namespace sapsam::ui
