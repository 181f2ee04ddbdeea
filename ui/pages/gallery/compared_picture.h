#pragma once

#include "core/store/project_store.h"
#include "ui/canvas/overlay.h"
#include "ui/support/part_palette.h"

#include <QImage>
#include <QString>
#include <QStringList>

#include <vector>

namespace sapsam::ui {

struct ComparedPart
{
    QString group;
    QString title;
    QString phrase; // empty: none was written
    double score = 0.0;
    QColor color;
    int pattern = 0;
};

// What the comparison shows of one picture, ready to be drawn. A value.
struct ComparedPicture
{
    qint64 id = 0;
    QString name;
    QString path;
    QString identity;
    QString split;
    QImage picture; // at most kMaxComparedSize; grey when the file cannot be read
    QString problem;
    std::vector<OverlayLayer> layers; // in the order of parts
    std::vector<ComparedPart> parts;
    QStringList captions;
    QStringList tags;
    int rating = 0;
    QString state; // "accepted", "rejected", "unsure" or empty
};

constexpr QSize kMaxComparedSize(2048, 2048);

// Reads a picture with everything beside it; `withPicture` false leaves the pixels and masks out,
// for what a person has just said about it. Blocks, so on the reader lane. Throws what the store
// throws; a picture file that cannot be read is no error but a problem of the answer.
ComparedPicture loadComparedPicture(ProjectStore &store, qint64 id, const PartPalette &palette,
                                    bool withPicture = true);

} // namespace sapsam::ui
