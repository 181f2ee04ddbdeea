#include "ui/gallery/thumbnail_cache.h"

#include "core/base/error.h"
#include "ui/support/text.h"

#include <QCache>
#include <QHash>
#include <QMetaObject>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

namespace sapsam::ui {

namespace {

// A picture whose shape differs less than this from the frame's is cropped to fill it.
constexpr double kFillTolerance = 0.34;
// Decoding somewhat larger than needed keeps the last, smooth scaling sharp.
constexpr double kDecodeMargin = 1.6;

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
};

} // namespace

struct ThumbnailCache::Private
{
    Private(ThumbnailCache *cache, Reader pictureReader)
        : q(cache), reader(std::move(pictureReader))
    {
    }

    void loop();

    ThumbnailCache *const q;
    const Reader reader;

    // Shared with the threads, under the mutex.
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Order> waiting;
    std::set<qint64> making;
    quint64 generation = 0; // grows with clear(): late results of another project are dropped
    bool stopping = false;

    // GUI thread only. Costs are bytes / 1024, so that large limits fit.
    mutable QCache<qint64, Entry> entries;
    QHash<qint64, QString> failures;

    std::vector<std::thread> threads;
};

void ThumbnailCache::Private::loop()
{
    for (;;) {
        Order order;
        {
            std::unique_lock<std::mutex> lock(mutex);
            wake.wait(lock, [this] { return stopping || !waiting.empty(); });
            if (stopping)
                return;
            order = std::move(waiting.front());
            waiting.pop_front();
            making.insert(order.picture.id);
        }
        QImage image;
        QString failure;
        try {
            const QSize bound(static_cast<int>(order.look.size.width() * kDecodeMargin),
                              static_cast<int>(order.look.size.height() * kDecodeMargin));
            image = composeThumbnail(reader(order.picture, bound), order.look);
        } catch (const std::exception &error) {
            failure = QString::fromUtf8(error.what());
            if (failure.isEmpty())
                failure = QStringLiteral("?");
        }
        QMetaObject::invokeMethod(
            q,
            [this, order, image, failure] {
                {
                    const std::lock_guard<std::mutex> lock(mutex);
                    making.erase(order.picture.id);
                    if (order.generation != generation)
                        return;
                }
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
}

ThumbnailCache::ThumbnailCache(Reader reader, const Options &options, QObject *parent)
    : QObject(parent), d(std::make_unique<Private>(this, std::move(reader)))
{
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
        for (const PictureRef &picture : wanted) {
            if (!isSettled(picture.id, look) && d->making.count(picture.id) == 0)
                d->waiting.push_back({picture, look, d->generation});
        }
    }
    d->wake.notify_all();
}

void ThumbnailCache::clear()
{
    {
        const std::lock_guard<std::mutex> lock(d->mutex);
        d->waiting.clear();
        ++d->generation;
    }
    d->entries.clear();
    d->failures.clear();
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
