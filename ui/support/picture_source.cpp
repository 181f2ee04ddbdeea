#include "ui/support/picture_source.h"

#include "core/base/file.h"
#include "core/image/codec.h"
#include "ui/support/pixels.h"
#include "ui/support/text.h"

#include <QBuffer>
#include <QImageReader>

namespace sapsam::ui {

PictureRef pictureRef(const ProjectStore &store, const ImageRecord &record)
{
    PictureRef picture;
    picture.id = record.id;
    picture.file = toQString(store.picturePath(record));
    picture.width = record.width;
    picture.height = record.height;
    return picture;
}

QImage readPicture(const PictureRef &picture, const QSize &bound)
{
    const std::string path = toStdString(picture.file);
    const std::string bytes = readFile(path);
    if (bound.isValid()) {
        // Qt's JPEG reader skips most of the work for a small result.
        QByteArray data =
            QByteArray::fromRawData(bytes.data(), static_cast<qsizetype>(bytes.size()));
        QBuffer buffer(&data);
        QImageReader reader(&buffer);
        reader.setAutoTransform(true);
        const QSize stored = reader.size();
        const auto pixels = static_cast<std::int64_t>(stored.width()) * stored.height();
        if (stored.isValid() && pixels <= kMaxPixels) {
            const bool turned =
                reader.transformation().testFlag(QImageIOHandler::TransformationRotate90);
            const QSize box = turned ? bound.transposed() : bound;
            if (stored.width() > box.width() || stored.height() > box.height())
                reader.setScaledSize(stored.scaled(box, Qt::KeepAspectRatio).expandedTo({1, 1}));
            const QImage image = reader.read();
            if (!image.isNull())
                return image;
        }
    }
    QImage image = toQImage(decodeImage(bytes, path));
    if (bound.isValid() && (image.width() > bound.width() || image.height() > bound.height()))
        image = image.scaled(bound, Qt::KeepAspectRatio, Qt::SmoothTransformation);
    return image;
}

} // namespace sapsam::ui
