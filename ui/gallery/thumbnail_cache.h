#pragma once

#include "ui/support/picture_source.h"

#include <QImage>
#include <QObject>
#include <QSize>
#include <QString>

#include <functional>
#include <memory>
#include <vector>

namespace sapsam::ui {

// Thumbnails made on threads of their own and kept up to a number of bytes, least recently drawn
// first out. Small copies of the pictures can be kept in a file, too, so that a large gallery comes
// up without decoding its pictures again; the file is looked into for many at once.
//
// Thread rule: all members belong on the GUI thread and never block; the reader is called on the
// cache's threads, several at a time. The destructor waits for the pictures being made.
class ThumbnailCache final : public QObject
{
    Q_OBJECT

public:
    // Decodes a picture to fit about into the bound; may throw.
    using Reader = std::function<QImage(const PictureRef &picture, const QSize &bound)>;

    struct Options
    {
        int threads = 2;
        qint64 maxBytes = 128LL * 1024 * 1024;
        qint64 maxDiskBytes = 512LL * 1024 * 1024;
    };

    // How a finished thumbnail looks; sizes in device pixels.
    struct Look
    {
        QSize size;
        int cornerRadius = 0;
        bool operator==(const Look &other) const = default;
    };

    ThumbnailCache(Reader reader, const Options &options, QObject *parent = nullptr);
    ~ThumbnailCache() override;

    // The thumbnail, perhaps of an earlier look until the new one is made; null when there is none.
    // A found one counts as just used.
    QImage find(qint64 id) const;
    // Whether the thumbnail is there in exactly this look, or cannot be made.
    bool isSettled(qint64 id, const Look &look) const;
    // Why it could not be made; empty when it could, or has not been tried.
    QString failure(qint64 id) const;

    // Replaces all requests that are still waiting: what nobody looks at any more is not made.
    // Nearest first. Settled ones are skipped.
    void request(const std::vector<PictureRef> &wanted, const Look &look);
    void clear(); // forgets everything, for another project

    // Keeps small copies in this file (core/store/thumbnail_store.h) from now on; an empty name
    // keeps none. The file is opened and written on the cache's threads.
    void setDiskFile(const QString &file);
    // Why nothing is kept on disk although a file was set; empty while all is well.
    QString diskProblem() const { return m_diskProblem; }
    // How many of the thumbnails made so far came out of the file.
    qint64 diskHits() const { return m_diskHits; }

    int waitingCount() const; // waiting and being made
    qint64 bytes() const;
    void setMaxBytes(qint64 bytes);

Q_SIGNALS:
    void ready(qint64 id); // made, or failed
    void diskProblemChanged();

private:
    struct Private;
    QString m_diskProblem;
    qint64 m_diskHits = 0;
    std::unique_ptr<Private> d;
};

// The picture in a rounded frame: filled when its shape is near the frame's, else whole in the
// middle. Format_ARGB32_Premultiplied.
QImage composeThumbnail(const QImage &picture, const ThumbnailCache::Look &look);

} // namespace sapsam::ui
