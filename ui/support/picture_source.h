#pragma once

#include "core/store/project_store.h"

#include <QImage>
#include <QString>

namespace sapsam::ui {

// Where the pixels of one person picture are, and how big it is. Small, and safe to copy to any
// thread.
struct PictureRef
{
    qint64 id = 0;
    QString file; // a picture file
    int width = 0;
    int height = 0;
};

// The picture file of a record: the imported file itself, or the crop that the import wrote for a
// person cut out of a scene or a video.
PictureRef pictureRef(const ProjectStore &store, const ImageRecord &record);

// Reads and decodes the picture; blocks, so never on the GUI thread.
// `bound`: decode to fit into this size, never enlarged; an empty size gives all pixels.
// Throws what core's reader throws, naming the file.
QImage readPicture(const PictureRef &picture, const QSize &bound = {});

} // namespace sapsam::ui
