#pragma once

#include "core/image/image.h"

#include <QImage>

// Pictures and masks of core as QImage. Safe on any thread.
namespace sapsam::ui {

// A copy in Format_RGB888, or Format_Grayscale8 for one channel; null for an empty image.
QImage toQImage(const Image &image);

// A copy in Format_Alpha8, 255 inside the mask; null for an empty mask.
QImage toQImage(const Mask &mask);

// The mask enlarged by a whole factor with its staircase edge rounded off, still two-valued.
// It is for display only; measuring uses the mask itself.
QImage smoothedMask(const QImage &mask, int factor);

// The edge of an alpha mask, `width` pixels wide and inside the mask, as Format_Alpha8.
QImage maskOutline(const QImage &mask, int width);

} // namespace sapsam::ui
