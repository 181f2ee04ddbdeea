#include "ui/pages/gallery/map_canvas.h"

#include "ui/gallery/thumbnail_cache.h"

#include <QAccessible>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QWheelEvent>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace sapsam::ui {

namespace {

constexpr int kBuckets = 192; // a side
constexpr double kMargin = 28.0;
constexpr double kMaxZoom = 400.0;
constexpr double kWheelStep = 1.0015;
constexpr double kReach = 9.0; // how near to a point the mouse must be
constexpr double kKeyStep = 0.12;
constexpr double kMinLassoStep = 3.0;
constexpr double kDragStart = 4.0;
constexpr QSize kCardPicture(96, 211);
constexpr int kCardPadding = 10;
constexpr int kCardWidth = 250;
constexpr QRgb kFadedAlpha = 46;

// A disc with soft edges: how much of each pixel it covers, 0 to 256.
struct Stamp
{
    int size = 0;
    std::vector<std::uint16_t> cover;
};

Stamp makeStamp(double radius)
{
    Stamp stamp;
    const int reach = static_cast<int>(std::ceil(radius + 0.5));
    stamp.size = 2 * reach + 1;
    for (int y = -reach; y <= reach; ++y) {
        for (int x = -reach; x <= reach; ++x) {
            const double inside = radius + 0.5 - std::hypot(x, y);
            stamp.cover.push_back(
                static_cast<std::uint16_t>(std::clamp(inside, 0.0, 1.0) * 256.0));
        }
    }
    return stamp;
}

QRgb blended(QRgb below, QRgb above, std::uint32_t cover)
{
    const auto mix = [cover](int a, int b) {
        return static_cast<int>(
            (static_cast<std::uint32_t>(a) * (256 - cover) + static_cast<std::uint32_t>(b) * cover)
            >> 8);
    };
    return qRgb(mix(qRed(below), qRed(above)), mix(qGreen(below), qGreen(above)),
                mix(qBlue(below), qBlue(above)));
}

void press(QImage &image, const Stamp &stamp, double x, double y, QRgb colour,
           std::uint32_t strength)
{
    const int left = static_cast<int>(std::lround(x)) - stamp.size / 2;
    const int top = static_cast<int>(std::lround(y)) - stamp.size / 2;
    const int fromY = std::max(0, -top);
    const int toY = std::min(stamp.size, image.height() - top);
    const int fromX = std::max(0, -left);
    const int toX = std::min(stamp.size, image.width() - left);
    for (int row = fromY; row < toY; ++row) {
        auto *line = reinterpret_cast<QRgb *>(image.scanLine(top + row)) + left;
        const std::uint16_t *cover =
            stamp.cover.data() + static_cast<std::ptrdiff_t>(row) * stamp.size;
        for (int column = fromX; column < toX; ++column) {
            if (cover[column] > 0)
                line[column] = blended(line[column], colour, cover[column] * strength >> 8);
        }
    }
}

bool isWithin(const QPolygonF &polygon, double x, double y)
{
    bool inside = false;
    for (qsizetype i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
        const QPointF &a = polygon[i];
        const QPointF &b = polygon[j];
        if ((a.y() > y) != (b.y() > y)
            && x < (b.x() - a.x()) * (y - a.y()) / (b.y() - a.y()) + a.x())
            inside = !inside;
    }
    return inside;
}

int bucketOf(float place)
{
    return std::clamp(static_cast<int>(place * kBuckets), 0, kBuckets - 1);
}

} // namespace

MapCanvas::MapCanvas(ThumbnailCache *cache, QWidget *parent) : QWidget(parent), m_cache(cache)
{
    setAccessibleName(tr("Map of the pictures"));
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setTool(Tool::Lasso);
    setMinimumSize(200, 200);
    connect(m_cache, &ThumbnailCache::ready, this, [this] {
        if (m_hovered >= 0 || m_current >= 0)
            update();
    });
}

void MapCanvas::setPoints(std::vector<float> places)
{
    m_places = std::move(places);
    m_colours.clear();
    m_faded.clear();
    m_selected.clear();
    m_hovered = -1;
    m_current = -1;
    // Counting sort by bucket.
    const auto rows = static_cast<std::size_t>(count());
    m_bucketStarts.assign(std::size_t{kBuckets} * kBuckets + 1, 0);
    const auto bucket = [this](std::size_t row) {
        return static_cast<std::size_t>(bucketOf(m_places[row * 2 + 1])) * kBuckets
               + static_cast<std::size_t>(bucketOf(m_places[row * 2]));
    };
    for (std::size_t row = 0; row < rows; ++row)
        ++m_bucketStarts[bucket(row) + 1];
    for (std::size_t i = 1; i < m_bucketStarts.size(); ++i)
        m_bucketStarts[i] += m_bucketStarts[i - 1];
    m_bucketRows.resize(rows);
    std::vector<std::uint32_t> next = m_bucketStarts;
    for (std::size_t row = 0; row < rows; ++row)
        m_bucketRows[next[bucket(row)]++] = static_cast<std::uint32_t>(row);
    fit();
}

void MapCanvas::setColours(std::vector<QRgb> colours)
{
    m_colours = std::move(colours);
    viewChanged();
}

void MapCanvas::setFaded(std::vector<char> faded)
{
    m_faded = std::move(faded);
    viewChanged();
}

void MapCanvas::setSelected(std::vector<char> selected)
{
    m_selected = std::move(selected);
    viewChanged();
}

void MapCanvas::setTool(Tool tool)
{
    m_tool = tool;
    setCursor(tool == Tool::Move ? Qt::OpenHandCursor : Qt::CrossCursor);
}

double MapCanvas::side() const
{
    return std::max(50.0, std::min<double>(width(), height()) - 2 * kMargin);
}

QPointF MapCanvas::placeOf(int row) const
{
    const double scale = side() * m_zoom;
    const auto at = static_cast<std::size_t>(row) * 2;
    // Upwards is more, as in a chart.
    return {width() / 2.0 + (m_places[at] - m_centre.x()) * scale,
            height() / 2.0 - (m_places[at + 1] - m_centre.y()) * scale};
}

QPointF MapCanvas::mapFromView(const QPointF &place) const
{
    const double scale = side() * m_zoom;
    return {(place.x() - width() / 2.0) / scale + m_centre.x(),
            m_centre.y() - (place.y() - height() / 2.0) / scale};
}

void MapCanvas::keepInside()
{
    m_zoom = std::clamp(m_zoom, 1.0, kMaxZoom);
    m_centre.setX(std::clamp(m_centre.x(), 0.0, 1.0));
    m_centre.setY(std::clamp(m_centre.y(), 0.0, 1.0));
    if (m_zoom <= 1.0)
        m_centre = {0.5, 0.5};
}

void MapCanvas::viewChanged()
{
    m_isStale = true;
    update();
}

void MapCanvas::moveBy(const QPointF &pixels)
{
    const double scale = side() * m_zoom;
    m_centre += QPointF(-pixels.x() / scale, pixels.y() / scale);
    keepInside();
    viewChanged();
}

void MapCanvas::zoomBy(double factor)
{
    m_zoom *= factor;
    keepInside();
    viewChanged();
}

void MapCanvas::fit()
{
    m_zoom = 1.0;
    keepInside();
    viewChanged();
}

int MapCanvas::rowAt(const QPointF &place) const
{
    if (m_places.empty())
        return -1;
    const double reach = kReach / (side() * m_zoom);
    const QPointF at = mapFromView(place);
    const int left = bucketOf(static_cast<float>(at.x() - reach));
    const int right = bucketOf(static_cast<float>(at.x() + reach));
    const int low = bucketOf(static_cast<float>(at.y() - reach));
    const int high = bucketOf(static_cast<float>(at.y() + reach));
    int best = -1;
    double nearest = reach * reach;
    for (int y = low; y <= high; ++y) {
        for (int x = left; x <= right; ++x) {
            const auto bucket =
                static_cast<std::size_t>(y) * kBuckets + static_cast<std::size_t>(x);
            for (std::uint32_t i = m_bucketStarts[bucket]; i < m_bucketStarts[bucket + 1]; ++i) {
                const std::uint32_t row = m_bucketRows[i];
                if (!m_faded.empty() && m_faded[row] != 0)
                    continue;
                const double dx = m_places[row * 2] - at.x();
                const double dy = m_places[row * 2 + 1] - at.y();
                if (dx * dx + dy * dy <= nearest) {
                    nearest = dx * dx + dy * dy;
                    best = static_cast<int>(row);
                }
            }
        }
    }
    return best;
}

std::vector<int> MapCanvas::rowsWithin(const QPolygonF &polygon) const
{
    std::vector<int> rows;
    const QRectF bounds = polygon.boundingRect();
    for (int row = 0; row < count(); ++row) {
        if (!m_faded.empty() && m_faded[static_cast<std::size_t>(row)] != 0)
            continue;
        const QPointF place = placeOf(row);
        if (bounds.contains(place) && isWithin(polygon, place.x(), place.y()))
            rows.push_back(row);
    }
    return rows;
}

void MapCanvas::render()
{
    const qreal ratio = devicePixelRatioF();
    const QSize wanted = (QSizeF(size()) * ratio).toSize();
    if (m_image.size() != wanted) {
        m_image = QImage(wanted, QImage::Format_RGB32);
        m_image.setDevicePixelRatio(ratio);
    }
    m_image.fill(palette().color(QPalette::Base));
    const int rows = count();
    if (rows == 0)
        return;
    // Few points are large, many are small; nearer ones grow a little.
    const double crowd = rows > 20'000 ? 1.3 : rows > 2'000 ? 2.2 : 3.6;
    const double radius = std::min(7.0, crowd * std::pow(m_zoom, 0.3)) * ratio;
    const Stamp stamp = makeStamp(radius);
    const Stamp halo = makeStamp(radius + 1.6 * ratio);
    const QRgb plain = palette().color(QPalette::Highlight).rgb();
    const QRgb quiet = palette().color(QPalette::PlaceholderText).rgb();
    const QRgb ring = palette().color(QPalette::Text).rgb();
    const double scale = side() * m_zoom * ratio;
    const double originX = width() * ratio / 2.0 - m_centre.x() * scale;
    const double originY = height() * ratio / 2.0 + m_centre.y() * scale;
    const double reach = stamp.size;
    const bool anySelected =
        std::find(m_selected.begin(), m_selected.end(), 1) != m_selected.end();
    // What stands back first, what is chosen last.
    enum Pass { Faded, Plain, Chosen };
    for (const Pass pass : {Faded, Plain, Chosen}) {
        if ((pass == Faded && m_faded.empty()) || (pass == Chosen && !anySelected))
            continue;
        for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
            const bool faded = !m_faded.empty() && m_faded[row] != 0;
            const bool chosen = !faded && anySelected && m_selected[row] != 0;
            if ((pass == Faded) != faded || (pass == Chosen) != chosen)
                continue;
            const double x = originX + m_places[row * 2] * scale;
            const double y = originY - m_places[row * 2 + 1] * scale;
            if (x < -reach || y < -reach || x > m_image.width() + reach
                || y > m_image.height() + reach)
                continue;
            const QRgb colour = m_colours.empty() ? plain : m_colours[row];
            if (pass == Faded) {
                press(m_image, stamp, x, y, quiet, kFadedAlpha);
            } else if (pass == Plain) {
                press(m_image, stamp, x, y, colour, anySelected ? 110 : 225);
            } else {
                press(m_image, halo, x, y, ring, 256);
                press(m_image, stamp, x, y, colour, 256);
            }
        }
    }
}

void MapCanvas::paintEvent(QPaintEvent *event)
{
    Q_UNUSED(event)
    if (std::exchange(m_isStale, false)
        || m_image.size() != (QSizeF(size()) * devicePixelRatioF()).toSize())
        render();
    QPainter painter(this);
    painter.drawImage(QPointF(0, 0), m_image);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor accent = palette().color(QPalette::Highlight);
    if (m_drag == Drag::Lasso || m_drag == Drag::Rectangle) {
        QColor inside = accent;
        inside.setAlphaF(0.14F);
        painter.setPen(QPen(accent, 1.4));
        painter.setBrush(inside);
        painter.drawPolygon(m_shape);
    }
    for (const int row : {m_current, m_hovered}) {
        if (row < 0)
            continue;
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(palette().color(QPalette::Text), 1.6));
        painter.drawEllipse(placeOf(row), 7.5, 7.5);
    }
    paintCard(painter);
    if (hasFocus()) {
        painter.setPen(QPen(accent, 1.0));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void MapCanvas::paintCard(QPainter &painter)
{
    const int row = m_hovered >= 0 ? m_hovered : hasFocus() ? m_current : -1;
    if (row < 0 || !m_cards || m_drag != Drag::None)
        return;
    const Card card = m_cards(row);
    const qreal ratio = devicePixelRatioF();
    const ThumbnailCache::Look look{(QSizeF(kCardPicture) * ratio).toSize(),
                                    static_cast<int>(6 * ratio)};
    if (!m_cache->isSettled(card.picture.id, look))
        m_cache->request({card.picture}, look);
    const QImage thumbnail = m_cache->find(card.picture.id);

    const int lines = fontMetrics().height();
    const QSize size(kCardWidth, kCardPicture.height() + 2 * kCardPadding);
    const QPointF point = placeOf(row);
    QPointF corner = point + QPointF(16, -size.height() / 2.0);
    if (corner.x() + size.width() > width() - 4)
        corner.setX(point.x() - 16 - size.width());
    corner.setX(std::max(4.0, corner.x()));
    corner.setY(std::clamp(corner.y(), 4.0, std::max(4.0, height() - size.height() - 4.0)));
    const QRectF box(corner, size);
    painter.setPen(QPen(palette().color(QPalette::Mid), 1.0));
    painter.setBrush(palette().color(QPalette::AlternateBase));
    painter.drawRoundedRect(box, 10, 10);
    const QRectF frame(box.topLeft() + QPointF(kCardPadding, kCardPadding), kCardPicture);
    if (!thumbnail.isNull()) {
        painter.setRenderHint(QPainter::SmoothPixmapTransform);
        QSizeF fitted = QSizeF(thumbnail.size()).scaled(frame.size(), Qt::KeepAspectRatio);
        painter.drawImage(QRectF(frame.center() - QPointF(fitted.width(), fitted.height()) / 2.0,
                                 fitted),
                          thumbnail);
    } else {
        painter.setPen(Qt::NoPen);
        painter.setBrush(palette().color(QPalette::Midlight));
        painter.drawRoundedRect(frame, 6, 6);
    }
    QRectF text(frame.right() + 12, box.top() + kCardPadding,
                box.right() - kCardPadding - frame.right() - 12, lines);
    painter.setPen(palette().color(QPalette::Text));
    QFont bold = font();
    bold.setBold(true);
    painter.setFont(bold);
    painter.drawText(text, Qt::AlignLeft | Qt::AlignVCenter,
                     QFontMetrics(bold).elidedText(card.title, Qt::ElideMiddle,
                                                   static_cast<int>(text.width())));
    painter.setFont(font());
    painter.setPen(palette().color(QPalette::PlaceholderText));
    text.setTop(text.bottom() + 6);
    text.setBottom(box.bottom() - kCardPadding);
    painter.drawText(text, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, card.text);
}

void MapCanvas::setHovered(int row)
{
    if (std::exchange(m_hovered, row) == row)
        return;
    update();
    Q_EMIT hovered(row);
}

void MapCanvas::setCurrent(int row)
{
    if (std::exchange(m_current, row) == row)
        return;
    if (row >= 0) {
        // It stays in sight.
        const QPointF place = placeOf(row);
        const QRectF inner = QRectF(rect()).adjusted(30, 30, -30, -30);
        if (!inner.contains(place)) {
            const QPointF nearest(std::clamp(place.x(), inner.left(), inner.right()),
                                  std::clamp(place.y(), inner.top(), inner.bottom()));
            moveBy(nearest - place);
        }
        if (m_cards) {
            const Card card = m_cards(row);
            setAccessibleDescription(card.title + QStringLiteral(", ") + card.text);
            QAccessibleEvent told(this, QAccessible::DescriptionChanged);
            QAccessible::updateAccessibility(&told);
        }
    }
    update();
}

// To the point that lies most in this direction and near.
void MapCanvas::walk(const QPointF &direction)
{
    if (count() == 0)
        return;
    if (m_current < 0) {
        const int middle = rowAt(QPointF(width() / 2.0, height() / 2.0));
        setCurrent(middle >= 0 ? middle : 0);
        return;
    }
    const QPointF from = placeOf(m_current);
    int best = -1;
    double least = 0.0;
    for (int row = 0; row < count(); ++row) {
        if (row == m_current || (!m_faded.empty() && m_faded[static_cast<std::size_t>(row)] != 0))
            continue;
        const QPointF by = placeOf(row) - from;
        const double along = by.x() * direction.x() + by.y() * direction.y();
        const double across = std::abs(by.x() * direction.y()) + std::abs(by.y() * direction.x());
        if (along <= 0.5 || across > along * 1.5)
            continue;
        const double cost = along + 2.0 * across;
        if (best < 0 || cost < least) {
            best = row;
            least = cost;
        }
    }
    if (best >= 0)
        setCurrent(best);
}

MapCanvas::Change MapCanvas::changeOf(Qt::KeyboardModifiers modifiers)
{
    if (modifiers.testFlag(Qt::ControlModifier))
        return Change::Remove;
    return modifiers.testFlag(Qt::ShiftModifier) ? Change::Add : Change::Replace;
}

void MapCanvas::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    viewChanged();
}

void MapCanvas::wheelEvent(QWheelEvent *event)
{
    const QPointF held = mapFromView(event->position());
    m_zoom *= std::pow(kWheelStep, event->angleDelta().y());
    keepInside();
    // What is under the mouse stays there.
    const double scale = side() * m_zoom;
    m_centre = QPointF(held.x() - (event->position().x() - width() / 2.0) / scale,
                       held.y() + (event->position().y() - height() / 2.0) / scale);
    keepInside();
    viewChanged();
    event->accept();
}

void MapCanvas::mousePressEvent(QMouseEvent *event)
{
    m_pressed = m_lastMouse = event->position();
    m_shape.clear();
    if (event->button() == Qt::MiddleButton || event->button() == Qt::RightButton
        || (event->button() == Qt::LeftButton && m_tool == Tool::Move)) {
        m_drag = Drag::Move;
        setCursor(Qt::ClosedHandCursor);
    } else if (event->button() == Qt::LeftButton) {
        m_drag = m_tool == Tool::Lasso ? Drag::Lasso : Drag::Rectangle;
        m_shape << m_pressed;
    }
    update();
}

void MapCanvas::mouseMoveEvent(QMouseEvent *event)
{
    const QPointF place = event->position();
    switch (m_drag) {
    case Drag::None:
        setHovered(rowAt(place));
        break;
    case Drag::Move:
        moveBy(place - m_lastMouse);
        break;
    case Drag::Lasso:
        if (QLineF(m_shape.last(), place).length() >= kMinLassoStep)
            m_shape << place;
        update();
        break;
    case Drag::Rectangle:
        m_shape = QPolygonF(QRectF(m_pressed, place).normalized());
        update();
        break;
    }
    m_lastMouse = place;
}

void MapCanvas::mouseReleaseEvent(QMouseEvent *event)
{
    const Drag drag = std::exchange(m_drag, Drag::None);
    setTool(m_tool);
    const bool isClick = QLineF(m_pressed, event->position()).length() < kDragStart
                         && m_shape.size() <= 5;
    if (event->button() == Qt::LeftButton && isClick) {
        const int row = rowAt(event->position());
        setCurrent(row);
        Change change = changeOf(event->modifiers());
        // As in every list, Ctrl switches one.
        if (change == Change::Remove && row >= 0
            && (m_selected.empty() || m_selected[static_cast<std::size_t>(row)] == 0))
            change = Change::Add;
        if (row >= 0)
            Q_EMIT selectionMade({row}, change);
        else if (change == Change::Replace)
            Q_EMIT selectionMade({}, change);
    } else if (drag == Drag::Lasso || drag == Drag::Rectangle) {
        Q_EMIT selectionMade(rowsWithin(m_shape), changeOf(event->modifiers()));
    }
    m_shape.clear();
    setHovered(rowAt(event->position()));
    update();
}

void MapCanvas::mouseDoubleClickEvent(QMouseEvent *event)
{
    const int row = rowAt(event->position());
    if (row >= 0)
        Q_EMIT opened(row);
}

void MapCanvas::leaveEvent(QEvent *event)
{
    setHovered(-1);
    QWidget::leaveEvent(event);
}

void MapCanvas::keyPressEvent(QKeyEvent *event)
{
    const bool moves = event->modifiers().testFlag(Qt::AltModifier);
    const auto go = [&](double x, double y) {
        if (moves)
            moveBy(QPointF(-x * width(), -y * height()) * kKeyStep);
        else
            walk({x, y});
    };
    switch (event->key()) {
    case Qt::Key_Left:
        return go(-1, 0);
    case Qt::Key_Right:
        return go(1, 0);
    case Qt::Key_Up:
        return go(0, -1);
    case Qt::Key_Down:
        return go(0, 1);
    case Qt::Key_Space:
        if (m_current >= 0) {
            const bool isIn =
                !m_selected.empty() && m_selected[static_cast<std::size_t>(m_current)] != 0;
            Q_EMIT selectionMade({m_current}, isIn ? Change::Remove : Change::Add);
        }
        return;
    default:
        QWidget::keyPressEvent(event);
    }
}

void MapCanvas::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        viewChanged();
}

} // namespace sapsam::ui
