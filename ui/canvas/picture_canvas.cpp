#include "ui/canvas/picture_canvas.h"

#include <QKeyEvent>
#include <QLineF>
#include <QMouseEvent>
#include <QPainter>
#include <QPolygonF>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <utility>

namespace sapsam::ui {

namespace {

constexpr double kZoomStep = 1.25;
constexpr double kFitMargin = 24.0;
constexpr double kWheelUnitsPerStep = 120.0;
// From this scale on the picture's own pixels are shown as squares.
constexpr double kPixelScale = 12.0;
constexpr double kMinBrush = 0.5;
constexpr double kMaxBrush = 300.0;
constexpr double kMark = 6.0;          // radius of a point's mark on the screen
constexpr double kNavigatorSide = 130; // longest side of the navigator
constexpr double kMargin = 12.0;
constexpr double kCloseDistance = 9.0; // on the screen, to a polygon's first corner
constexpr qint64 kTapMs = 220;         // a Tab that is held longer peeks

} // namespace

PictureCanvas::PictureCanvas(QWidget *parent) : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Picture with part masks"));
    setMinimumSize(160, 160);
}

QSize PictureCanvas::sizeHint() const
{
    return {560, 640};
}

void PictureCanvas::setPicture(const QImage &picture, std::vector<OverlayLayer> layers,
                               bool keepView)
{
    const bool keeps = keepView && picture.size() == m_picture.size();
    if (!keeps) {
        cancelShape();
        m_prompt = {};
        m_preview = {};
        m_mask = {};
    }
    m_picture = picture;
    m_small = QImage();
    m_message.clear();
    setLayers(std::move(layers));
    if (!keeps)
        fit();
    update();
}

void PictureCanvas::setLayers(std::vector<OverlayLayer> layers, const QRect &changed)
{
    const bool fits = !changed.isNull() && m_look.highlighted < 0 && !layers.empty()
                      && layers.front().fill.size() == m_overlay.size();
    std::swap(m_layers, layers);
    m_look.highlighted = -1;
    m_hovered = -1;
    if (m_drag == Drag::Stroke) {
        // The layer that the stroke is painted into has all of it.
        for (OverlayLayer &old : layers) {
            if (old.group == m_target && old.fill.size() == targetLayer().fill.size())
                std::swap(targetLayer(), old);
        }
    }
    if (fits)
        composeArea(changed);
    else
        lookChanged();
}

void PictureCanvas::setMessage(const QString &message)
{
    cancelShape();
    m_picture = QImage();
    m_layers.clear();
    m_overlay = QImage();
    m_preview = {};
    m_prompt = {};
    m_mask = {};
    m_message = message;
    update();
}

void PictureCanvas::lookChanged()
{
    m_overlayStale = true;
    update();
}

void PictureCanvas::setOpacityPercent(int percent)
{
    m_look.opacityPercent = percent;
    lookChanged();
}

void PictureCanvas::setOutlinesVisible(bool visible)
{
    m_look.outlines = visible;
    lookChanged();
}

void PictureCanvas::setPatternsVisible(bool visible)
{
    m_look.patterns = visible;
    lookChanged();
}

void PictureCanvas::setLabelMap(bool on)
{
    m_look.labelMap = on;
    lookChanged();
}

void PictureCanvas::setHiddenGroups(const QSet<QString> &groups)
{
    if (groups == m_look.hiddenGroups)
        return;
    m_look.hiddenGroups = groups;
    lookChanged();
}

void PictureCanvas::setHighlighted(int layer)
{
    if (layer == m_look.highlighted || m_drag == Drag::Stroke)
        return;
    m_look.highlighted = layer;
    lookChanged();
}

void PictureCanvas::setOverlayVisible(bool visible)
{
    m_overlayVisible = visible;
    update();
}

void PictureCanvas::setPeeking(bool peeking)
{
    m_peeking = peeking;
    update();
}

void PictureCanvas::setNavigatorVisible(bool visible)
{
    m_navigatorVisible = visible;
    update();
}

void PictureCanvas::setLegendVisible(bool visible)
{
    m_legendVisible = visible;
    update();
}

void PictureCanvas::setLegendTitles(const QHash<QString, QString> &titles)
{
    m_titles = titles;
    update();
}

void PictureCanvas::setView(const ViewTransform &view, bool fitted)
{
    m_view = view.keptInside(m_picture.size(), size());
    m_isFitted = fitted;
    Q_EMIT scaleChanged(m_view.scale);
    update();
}

void PictureCanvas::zoomTo(double scale, const QPointF &anchor)
{
    if (hasPicture())
        setView(m_view.zoomedAt(anchor, scale), false);
}

void PictureCanvas::zoomIn()
{
    zoomTo(m_view.scale * kZoomStep, rect().center());
}

void PictureCanvas::zoomOut()
{
    zoomTo(m_view.scale / kZoomStep, rect().center());
}

void PictureCanvas::fit()
{
    if (hasPicture())
        setView(ViewTransform::fitted(m_picture.size(), size(), kFitMargin), true);
}

void PictureCanvas::showActualSize()
{
    zoomTo(1.0 / devicePixelRatioF(), rect().center());
}

void PictureCanvas::zoomToArea(const QRectF &area)
{
    if (!hasPicture() || area.isEmpty())
        return;
    ViewTransform view = ViewTransform::fitted(area.size(), size(), 2.0 * kFitMargin);
    view.offset -= area.topLeft() * view.scale;
    setView(view, false);
}

// Tools
// --------------------------------------------------------------------------------------------

int PictureCanvas::factor() const
{
    if (m_layers.empty())
        return overlayFactor(m_picture.size());
    return std::max(1, m_layers.front().fill.width() / std::max(1, m_picture.width()));
}

void PictureCanvas::setTool(CanvasTool tool)
{
    if (tool == m_tool)
        return;
    cancelShape();
    m_tool = tool;
    updateCursor();
    update();
}

void PictureCanvas::setTarget(const QString &group, const QColor &color, int pattern,
                              const Mask &mask)
{
    cancelShape();
    m_target = group;
    m_targetColor = color;
    m_targetPattern = pattern;
    m_mask = mask;
    update();
}

void PictureCanvas::setBrushRadius(double pixels)
{
    const double radius = std::clamp(pixels, kMinBrush, kMaxBrush);
    if (radius == m_brushRadius)
        return;
    m_brushRadius = radius;
    Q_EMIT brushRadiusChanged(radius);
    update();
}

void PictureCanvas::updateCursor()
{
    if (m_drag == Drag::Pan)
        setCursor(Qt::ClosedHandCursor);
    else if (m_spaceHeld)
        setCursor(Qt::OpenHandCursor);
    else if (m_tool == CanvasTool::Look)
        setCursor(Qt::ArrowCursor);
    else if (m_tool == CanvasTool::Pick)
        setCursor(Qt::PointingHandCursor);
    else
        setCursor(Qt::CrossCursor);
}

bool PictureCanvas::canPaint()
{
    if (m_target.isEmpty()) {
        Q_EMIT refused(tr("Choose a part first: 1 to 9, or L to find one by its name."));
        return false;
    }
    if (m_targetLocked) {
        Q_EMIT refused(tr("This part is locked."));
        return false;
    }
    if (m_mask.width != m_picture.width() || m_mask.height != m_picture.height()) {
        Q_EMIT refused(tr("The mask does not fit the picture: segment it again."));
        return false;
    }
    return true;
}

OverlayLayer &PictureCanvas::targetLayer()
{
    for (OverlayLayer &layer : m_layers) {
        if (layer.group == m_target)
            return layer;
    }
    m_layers.push_back(makeLayer(m_target, m_targetColor, m_targetPattern,
                                 Mask(m_mask.width, m_mask.height), factor()));
    return m_layers.back();
}

void PictureCanvas::composeArea(const QRect &overlayArea)
{
    if (m_overlayStale || m_overlay.isNull()) {
        lookChanged();
        return;
    }
    composeOverlay(m_overlay, m_layers, m_look, overlayArea);
    // What smoothing mixes in from the neighbours changes, too.
    const double step = static_cast<double>(m_picture.width()) / std::max(1, m_overlay.width());
    const QRectF area(QPointF(overlayArea.topLeft()) * step, QSizeF(overlayArea.size()) * step);
    update(QRectF(m_view.viewFromPicture(area.topLeft()), area.size() * m_view.scale)
               .toAlignedRect()
               .adjusted(-3, -3, 3, 3));
}

void PictureCanvas::showMask(const Box &dirty)
{
    if (dirty.isEmpty())
        return;
    m_strokeArea = united(m_strokeArea, dirty);
    composeArea(takePixels(targetLayer(), m_mask, dirty, factor()));
}

void PictureCanvas::strokeTo(const QPointF &place)
{
    const Box dirty = paintSegment(m_mask, {m_strokeAt.x(), m_strokeAt.y()}, {place.x(), place.y()},
                                   m_brushRadius, m_setsPixels);
    m_strokeAt = place;
    showMask(dirty);
}

void PictureCanvas::finishStroke()
{
    m_drag = Drag::None;
    const Mask before = std::exchange(m_maskBefore, {});
    const Box area = std::exchange(m_strokeArea, {});
    if (before.bits == m_mask.bits)
        return;
    OverlayLayer &layer = targetLayer();
    if (factor() == 1) {
        composeArea(takeStroke(layer, m_mask, area));
    } else { // a small picture; smoothing reaches beyond the stroke
        const QRect old = layer.bounds;
        layer = makeLayer(m_target, m_targetColor, m_targetPattern, m_mask, factor());
        composeArea(old.isNull() ? layer.fill.rect() : old.united(layer.bounds));
    }
    Q_EMIT painted(m_mask, m_tool);
}

bool PictureCanvas::finishShape()
{
    if (m_corners.empty())
        return false;
    const std::vector<PointF> corners = std::exchange(m_corners, {});
    update();
    if (corners.size() < 3) {
        Q_EMIT refused(tr("A polygon needs three corners."));
        return true;
    }
    m_maskBefore = m_mask;
    showMask(paintPolygon(m_mask, corners, m_tool == CanvasTool::PolygonAdd));
    finishStroke();
    return true;
}

bool PictureCanvas::cancelShape()
{
    if (m_drag == Drag::Box) {
        m_drag = Drag::None;
        m_box = {};
        update();
        return true;
    }
    if (!m_corners.empty()) {
        m_corners.clear();
        update();
        return true;
    }
    if (m_drag != Drag::Stroke)
        return false;
    m_drag = Drag::None;
    m_mask = std::exchange(m_maskBefore, {});
    const Box area = std::exchange(m_strokeArea, {});
    OverlayLayer &layer = targetLayer();
    if (factor() == 1) {
        composeArea(takeStroke(layer, m_mask, area));
    } else {
        layer = makeLayer(m_target, m_targetColor, m_targetPattern, m_mask, factor());
        lookChanged();
    }
    return true;
}

void PictureCanvas::setPrompt(const MaskPrompt &prompt)
{
    m_prompt = prompt;
    update();
}

void PictureCanvas::setPreview(MaskPreview preview)
{
    m_preview = std::move(preview);
    update();
}

void PictureCanvas::clearPreview()
{
    m_preview = {};
    update();
}

void PictureCanvas::setNote(const QString &note)
{
    if (note == m_note)
        return;
    m_note = note;
    update();
}

void PictureCanvas::setHint(const QString &hint)
{
    if (hint == m_hint)
        return;
    m_hint = hint;
    update();
}

// Painting
// -----------------------------------------------------------------------------------------

void PictureCanvas::paintEvent(QPaintEvent *event)
{
    QPainter painter(this);
    painter.fillRect(event->rect(), palette().color(QPalette::Dark));
    if (!hasPicture()) {
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap,
                         m_message);
        return;
    }
    const QRectF place = m_view.viewRect(m_picture.size());
    painter.setClipRect(event->rect());
    if (m_look.labelMap && !m_peeking) {
        painter.fillRect(place, Qt::black);
    } else {
        painter.setRenderHint(QPainter::SmoothPixmapTransform, m_view.scale < kPixelScale);
        painter.drawImage(place, m_picture);
    }
    if (!m_peeking && (m_overlayVisible || m_look.highlighted >= 0)) {
        if (m_overlayStale) {
            m_overlay = composeOverlay(m_layers, m_look);
            m_overlayStale = false;
        }
        if (!m_overlay.isNull()) {
            painter.setRenderHint(QPainter::SmoothPixmapTransform, true);
            painter.drawImage(place, m_overlay);
        }
    }
    if (!m_peeking)
        paintTools(painter);
    paintLegend(painter);
    paintNavigator(painter);
    paintNote(painter);
    paintHint(painter);
    if (hasFocus() && m_showsFocus) {
        painter.setPen(QPen(palette().color(QPalette::Highlight), 1.0));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void PictureCanvas::paintTools(QPainter &painter)
{
    painter.save();
    if (!m_preview.image.isNull()) {
        const QRectF &place = m_preview.place;
        painter.setRenderHint(QPainter::SmoothPixmapTransform, true);
        painter.drawImage(
            QRectF(m_view.viewFromPicture(place.topLeft()), place.size() * m_view.scale),
            m_preview.image);
    }
    painter.setRenderHint(QPainter::Antialiasing);
    const auto twice = [&](auto &&draw) {
        painter.setPen(QPen(QColor(0, 0, 0, 180), 3.0));
        draw();
        painter.setPen(QPen(Qt::white, 1.4));
        draw();
    };
    painter.setBrush(Qt::NoBrush);
    QRectF box = m_box;
    if (box.isNull() && m_prompt.box) {
        const auto &given = *m_prompt.box;
        box = QRectF(QPointF(given[0], given[1]), QPointF(given[2], given[3]));
    }
    if (!box.isNull()) {
        const QRectF shown(m_view.viewFromPicture(box.topLeft()), box.size() * m_view.scale);
        twice([&] { painter.drawRect(shown); });
    }
    if (!m_corners.empty()) {
        QPolygonF line;
        for (const PointF &corner : m_corners)
            line.append(m_view.viewFromPicture({corner.x, corner.y}));
        if (m_mouseInside)
            line.append(m_mouse);
        twice([&] {
            painter.drawPolyline(line);
            painter.drawEllipse(line.first(), kMark - 1, kMark - 1);
        });
    }
    for (const MaskPrompt::Point &point : m_prompt.points) {
        const QPointF centre = m_view.viewFromPicture({point.x, point.y});
        painter.setPen(QPen(Qt::white, 1.6));
        painter.setBrush(point.isInside ? QColor(0, 128, 80) : QColor(200, 40, 40));
        painter.drawEllipse(centre, kMark, kMark);
        // Told apart by its sign, not by its colour alone.
        painter.drawLine(centre - QPointF(kMark * 0.55, 0), centre + QPointF(kMark * 0.55, 0));
        if (point.isInside)
            painter.drawLine(centre - QPointF(0, kMark * 0.55), centre + QPointF(0, kMark * 0.55));
    }
    if (m_mouseInside && !m_spaceHeld
        && (m_tool == CanvasTool::Brush || m_tool == CanvasTool::Eraser)) {
        painter.setBrush(Qt::NoBrush);
        const double radius = std::max(2.0, m_brushRadius * m_view.scale);
        twice([&] { painter.drawEllipse(m_mouse, radius, radius); });
    }
    painter.restore();
}

QRectF PictureCanvas::navigatorRect() const
{
    const QSizeF shown =
        QSizeF(m_picture.size()).scaled(kNavigatorSide, kNavigatorSide, Qt::KeepAspectRatio);
    return {width() - shown.width() - kMargin, height() - shown.height() - kMargin, shown.width(),
            shown.height()};
}

void PictureCanvas::paintNavigator(QPainter &painter)
{
    const QRectF place = m_view.viewRect(m_picture.size());
    // Nothing to navigate while all of it is there.
    if (!m_navigatorVisible || QRectF(rect()).contains(place))
        return;
    const QRectF frame = navigatorRect();
    if (m_small.isNull())
        m_small = m_picture.scaled((frame.size() * devicePixelRatioF()).toSize(),
                                   Qt::KeepAspectRatio, Qt::SmoothTransformation);
    painter.save();
    painter.setPen(Qt::NoPen);
    painter.setBrush(palette().color(QPalette::Window));
    painter.drawRoundedRect(frame.adjusted(-4, -4, 4, 4), 6, 6);
    painter.drawImage(frame, m_small);
    const double step = frame.width() / m_picture.width();
    const QRectF seen(m_view.pictureFromView({0, 0}), QSizeF(size()) / m_view.scale);
    const QRectF shown =
        QRectF(frame.topLeft() + seen.topLeft() * step, seen.size() * step).intersected(frame);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(QColor(0, 0, 0, 160), 3));
    painter.drawRect(shown);
    painter.setPen(QPen(palette().color(QPalette::Highlight), 1.6));
    painter.drawRect(shown);
    painter.restore();
}

void PictureCanvas::moveByNavigator(const QPointF &position)
{
    const QRectF frame = navigatorRect();
    const QPointF centre =
        (position - frame.topLeft()) * (m_picture.width() / std::max(1.0, frame.width()));
    ViewTransform view = m_view;
    view.offset = QPointF(width() / 2.0, height() / 2.0) - centre * view.scale;
    setView(view, false);
}

void PictureCanvas::paintLegend(QPainter &painter)
{
    if (!m_legendVisible || m_titles.isEmpty() || !m_overlayVisible || m_peeking)
        return;
    QStringList titles;
    std::vector<const OverlayLayer *> shown;
    for (const OverlayLayer &layer : m_layers) {
        const QString title = m_titles.value(layer.group, layer.group);
        if (m_look.hiddenGroups.contains(layer.group) || titles.contains(title))
            continue;
        titles.append(title);
        shown.push_back(&layer);
    }
    if (shown.empty())
        return;
    painter.save();
    QFont font = this->font();
    font.setPointSizeF(font.pointSizeF() * 0.88);
    painter.setFont(font);
    const QFontMetrics metrics(font);
    const double line = metrics.height() + 4;
    double textWidth = 0;
    for (const QString &title : std::as_const(titles))
        textWidth = std::max<double>(textWidth, metrics.horizontalAdvance(title));
    const double rows = static_cast<double>(shown.size());
    const QRectF card(kMargin, height() - kMargin - rows * line - 12, textWidth + 46,
                      rows * line + 12);
    QColor back = palette().color(QPalette::Window);
    back.setAlphaF(0.86F);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(back);
    painter.drawRoundedRect(card, 7, 7);
    double top = card.top() + 6;
    for (std::size_t i = 0; i < shown.size(); ++i) {
        paintSwatch(painter, QRectF(card.left() + 10, top + 3, 18, line - 6), shown[i]->color,
                    m_look.patterns ? shown[i]->pattern : 0);
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(QRectF(card.left() + 36, top, textWidth + 2, line),
                         Qt::AlignLeft | Qt::AlignVCenter, titles[static_cast<qsizetype>(i)]);
        top += line;
    }
    painter.restore();
}

void PictureCanvas::paintNote(QPainter &painter)
{
    if (m_note.isEmpty())
        return;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const QFontMetrics metrics(font());
    const double wide = std::min<double>(metrics.horizontalAdvance(m_note) + 52, width() - 24);
    const QRectF chip(kMargin, kMargin, wide, metrics.height() + 14);
    painter.setPen(Qt::NoPen);
    QColor back = palette().color(QPalette::Window);
    back.setAlphaF(0.94F);
    painter.setBrush(back);
    painter.drawRoundedRect(chip, chip.height() / 2, chip.height() / 2);
    // An open ring: work in progress, also for who does not read it.
    const QPointF centre(chip.left() + 18, chip.center().y());
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(palette().color(QPalette::Highlight), 2.4, Qt::SolidLine, Qt::RoundCap));
    painter.drawArc(QRectF(centre - QPointF(6, 6), QSizeF(12, 12)), 90 * 16, -270 * 16);
    painter.setPen(palette().color(QPalette::Text));
    painter.drawText(chip.adjusted(34, 0, -10, 0), Qt::AlignLeft | Qt::AlignVCenter,
                     metrics.elidedText(m_note, Qt::ElideRight, static_cast<int>(wide) - 44));
    painter.restore();
}

void PictureCanvas::paintHint(QPainter &painter)
{
    if (m_hint.isEmpty())
        return;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const QRect room = rect().adjusted(24, 0, -24, 0);
    QRectF text = painter.boundingRect(room.adjusted(14, 0, -14, 0),
                                       Qt::AlignHCenter | Qt::TextWordWrap, m_hint);
    text.moveBottom(height() - 2 * kMargin - 8);
    // Dark on every theme: it lies on a picture.
    painter.setPen(Qt::NoPen);
    painter.setBrush(QColor(20, 22, 28, 225));
    painter.drawRoundedRect(text.adjusted(-14, -8, 14, 8), 8, 8);
    painter.setPen(Qt::white);
    painter.drawText(text, Qt::AlignHCenter | Qt::TextWordWrap, m_hint);
    painter.restore();
}

// Mouse and keys
// -----------------------------------------------------------------------------------

void PictureCanvas::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    if (m_isFitted)
        fit();
    else
        setView(m_view, false);
}

void PictureCanvas::wheelEvent(QWheelEvent *event)
{
    const double steps = event->angleDelta().y() / kWheelUnitsPerStep;
    zoomTo(m_view.scale * std::pow(kZoomStep, steps), event->position());
    event->accept();
}

QPointF PictureCanvas::clampedPlace(const QPointF &position) const
{
    const QPointF place = m_view.pictureFromView(position);
    return {std::clamp(place.x(), 0.0, std::max(0.0, m_picture.width() - 0.01)),
            std::clamp(place.y(), 0.0, std::max(0.0, m_picture.height() - 0.01))};
}

void PictureCanvas::mousePressEvent(QMouseEvent *event)
{
    if (!hasPicture())
        return;
    m_mouse = event->position();
    const bool isLeft = event->button() == Qt::LeftButton;
    const bool isRight = event->button() == Qt::RightButton;
    if (isLeft && m_navigatorVisible && navigatorRect().contains(event->position())
        && !QRectF(rect()).contains(m_view.viewRect(m_picture.size()))) {
        m_drag = Drag::Navigator;
        moveByNavigator(event->position());
        return;
    }
    if (isLeft && event->modifiers().testFlag(Qt::AltModifier)) {
        if (m_hovered >= 0)
            Q_EMIT soloRequested(m_layers[static_cast<std::size_t>(m_hovered)].group);
        return;
    }
    if (event->button() == Qt::MiddleButton
        || (isLeft && (m_spaceHeld || m_tool == CanvasTool::Look))) {
        m_drag = Drag::Pan;
        m_lastMouse = event->position();
        updateCursor();
        return;
    }
    if (!isLeft && !isRight)
        return;
    const QPointF place = m_view.pictureFromView(event->position());
    const bool isOnPicture = QRectF(QPointF(), QSizeF(m_picture.size())).contains(place);
    switch (m_tool) {
    case CanvasTool::Look:
        return;
    case CanvasTool::Brush:
    case CanvasTool::Eraser:
        if (!canPaint())
            return;
        m_drag = Drag::Stroke;
        m_maskBefore = m_mask;
        // The other button does the opposite.
        m_setsPixels = (m_tool == CanvasTool::Brush) == isLeft;
        m_strokeAt = place;
        strokeTo(place);
        return;
    case CanvasTool::PolygonAdd:
    case CanvasTool::PolygonCut:
        if (m_corners.empty() && !canPaint())
            return;
        if (isRight) {
            if (!m_corners.empty())
                m_corners.pop_back();
        } else if (m_corners.size() >= 3
                   && QLineF(event->position(),
                             m_view.viewFromPicture({m_corners[0].x, m_corners[0].y}))
                              .length()
                          < kCloseDistance) {
            finishShape();
        } else {
            m_corners.push_back({place.x(), place.y()});
        }
        update();
        return;
    case CanvasTool::Fill: {
        if (!isOnPicture || !canPaint())
            return;
        const int x = static_cast<int>(place.x());
        const int y = static_cast<int>(place.y());
        m_maskBefore = m_mask;
        const bool removes = isRight || event->modifiers().testFlag(Qt::ShiftModifier);
        const Box changed = removes ? clearPiece(m_mask, x, y) : fillEnclosed(m_mask, x, y);
        if (changed.isEmpty()) {
            m_maskBefore = {};
            Q_EMIT refused(removes ? tr("There is no piece of this part here.")
                                   : tr("This place is not enclosed by the part."));
            return;
        }
        showMask(changed);
        finishStroke();
        return;
    }
    case CanvasTool::Pick:
        if (m_hovered >= 0)
            Q_EMIT picked(m_layers[static_cast<std::size_t>(m_hovered)].group);
        else
            Q_EMIT refused(tr("There is no part here."));
        return;
    case CanvasTool::PointIn:
    case CanvasTool::PointOut:
        if (isOnPicture) {
            const bool isMore = event->modifiers().testFlag(Qt::ControlModifier);
            m_collectsPoints = m_collectsPoints || isMore;
            Q_EMIT pointGiven(place, (m_tool == CanvasTool::PointIn) == isLeft, isMore);
        }
        return;
    case CanvasTool::Box:
        m_drag = Drag::Box;
        m_boxStart = clampedPlace(event->position());
        m_box = QRectF(m_boxStart, QSizeF(0.0, 0.0));
        return;
    }
}

void PictureCanvas::mouseMoveEvent(QMouseEvent *event)
{
    m_mouse = event->position();
    m_mouseInside = true;
    switch (m_drag) {
    case Drag::Pan: {
        ViewTransform moved = m_view;
        moved.offset += event->position() - m_lastMouse;
        m_lastMouse = event->position();
        setView(moved, false);
        return;
    }
    case Drag::Navigator:
        moveByNavigator(event->position());
        return;
    case Drag::Stroke: {
        const double radius = std::max(2.0, m_brushRadius * m_view.scale) + 4;
        const QPointF old = m_view.viewFromPicture(m_strokeAt);
        strokeTo(m_view.pictureFromView(event->position()));
        for (const QPointF &at : {old, event->position()})
            update(QRectF(at - QPointF(radius, radius), QSizeF(2 * radius, 2 * radius))
                       .toAlignedRect());
        return;
    }
    case Drag::Box:
        m_box = QRectF(m_boxStart, clampedPlace(event->position())).normalized();
        update();
        return;
    case Drag::None:
        break;
    }
    if (m_tool == CanvasTool::Brush || m_tool == CanvasTool::Eraser || !m_corners.empty())
        update();
    if (m_layers.empty() || !m_overlayVisible)
        return;
    const QPointF point = m_view.pictureFromView(event->position());
    const double step =
        static_cast<double>(m_layers.front().fill.width()) / std::max(1, m_picture.width());
    const int layer = layerAt(m_layers, m_look,
                              QPoint(static_cast<int>(std::floor(point.x() * step)),
                                     static_cast<int>(std::floor(point.y() * step))));
    if (layer != m_hovered) {
        m_hovered = layer;
        Q_EMIT layerHovered(layer);
    }
}

void PictureCanvas::mouseReleaseEvent(QMouseEvent *event)
{
    static_cast<void>(event);
    const Drag drag = m_drag;
    if (drag == Drag::Stroke) {
        finishStroke();
    } else if (drag == Drag::Box) {
        m_drag = Drag::None;
        const QRectF box = std::exchange(m_box, {});
        if (box.width() >= 1.0 && box.height() >= 1.0)
            Q_EMIT boxGiven(box);
        update();
    }
    m_drag = Drag::None;
    updateCursor();
}

void PictureCanvas::mouseDoubleClickEvent(QMouseEvent *event)
{
    if (m_tool == CanvasTool::PolygonAdd || m_tool == CanvasTool::PolygonCut) {
        finishShape();
        return;
    }
    if (m_tool != CanvasTool::Look) {
        mousePressEvent(event); // two quick clicks of a tool are two clicks
        return;
    }
    if (!m_isFitted)
        fit();
    else
        zoomTo(1.0 / devicePixelRatioF(), event->position());
}

void PictureCanvas::leaveEvent(QEvent *event)
{
    QWidget::leaveEvent(event);
    m_mouseInside = false;
    update();
    if (m_hovered >= 0) {
        m_hovered = -1;
        Q_EMIT layerHovered(-1);
    }
}

void PictureCanvas::focusInEvent(QFocusEvent *event)
{
    m_showsFocus =
        event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    QWidget::focusInEvent(event);
}

void PictureCanvas::focusOutEvent(QFocusEvent *event)
{
    // The keys are released elsewhere.
    m_spaceHeld = false;
    m_tabHeld.invalidate();
    setPeeking(false);
    updateCursor();
    QWidget::focusOutEvent(event);
}

bool PictureCanvas::event(QEvent *event)
{
    // Tab held peeks; tapped it goes on to the next control, as everywhere.
    if (event->type() == QEvent::KeyPress) {
        auto *key = static_cast<QKeyEvent *>(event);
        if (key->key() == Qt::Key_Tab && key->modifiers() == Qt::NoModifier) {
            if (!key->isAutoRepeat()) {
                m_tabHeld.start();
                setPeeking(true);
            }
            return true;
        }
    }
    return QWidget::event(event);
}

void PictureCanvas::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Space) {
        m_spaceHeld = true;
        updateCursor();
        return;
    }
    if (event->key() == Qt::Key_Backslash) {
        setPeeking(true);
        return;
    }
    QWidget::keyPressEvent(event);
}

void PictureCanvas::keyReleaseEvent(QKeyEvent *event)
{
    if (event->isAutoRepeat()) {
        QWidget::keyReleaseEvent(event);
        return;
    }
    if (event->key() == Qt::Key_Space) {
        m_spaceHeld = false;
        updateCursor();
        return;
    }
    if (event->key() == Qt::Key_Backslash) {
        setPeeking(false);
        return;
    }
    if (event->key() == Qt::Key_Tab && m_tabHeld.isValid()) {
        const bool isTap = m_tabHeld.elapsed() < kTapMs;
        m_tabHeld.invalidate();
        setPeeking(false);
        if (isTap)
            focusNextChild();
        return;
    }
    if (event->key() == Qt::Key_Control && m_collectsPoints) {
        m_collectsPoints = false;
        Q_EMIT pointsGiven();
        return;
    }
    QWidget::keyReleaseEvent(event);
}

} // namespace sapsam::ui
