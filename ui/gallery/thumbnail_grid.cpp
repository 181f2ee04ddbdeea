#include "ui/gallery/thumbnail_grid.h"

#include "ui/models/gallery_model.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"

#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sapsam::ui {

namespace {

// Pedestrian crops of the public sets are between 1:2 and 1:3.
constexpr double kPictureShape = 2.2;
constexpr int kMargin = 18;  // around the grid
constexpr int kSpacing = 14; // between cells
constexpr int kPadding = 6;  // between a cell's edge and its picture
constexpr int kCornerRadius = 8;
constexpr int kScoreBarHeight = 4;
constexpr int kDividerHeight = 34;

} // namespace

ThumbnailGrid::ThumbnailGrid(ThumbnailCache *cache, QWidget *parent)
    : QAbstractItemView(parent), m_cache(cache)
{
    setAccessibleName(tr("Gallery"));
    setSelectionMode(ExtendedSelection);
    setEditTriggers(NoEditTriggers);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn);
    setFrameShape(QFrame::NoFrame);
    viewport()->setMouseTracking(true);
    viewport()->setAutoFillBackground(false);
    m_requestTimer.setSingleShot(true);
    m_requestTimer.setInterval(0);
    connect(&m_requestTimer, &QTimer::timeout, this, &ThumbnailGrid::requestThumbnails);
    connect(m_cache, &ThumbnailCache::ready, this, [this](qint64 id) {
        const auto *gallery = qobject_cast<const GalleryModel *>(model());
        if (gallery == nullptr)
            return;
        const int row = gallery->rowOf(id);
        if (row >= 0)
            viewport()->update(cellRect(row));
    });
}

void ThumbnailGrid::setCellWidth(int width)
{
    const int clamped = std::clamp(width, kMinCellWidth, kMaxCellWidth);
    if (clamped == m_cellWidth)
        return;
    // What was in the middle stays in sight.
    const QModelIndex anchor = indexAt(viewport()->rect().center());
    m_cellWidth = clamped;
    layOut();
    if (anchor.isValid())
        scrollTo(anchor, PositionAtCenter);
    Q_EMIT cellWidthChanged(clamped);
}

void ThumbnailGrid::setModel(QAbstractItemModel *newModel)
{
    QAbstractItemView::setModel(newModel);
    if (newModel != nullptr) {
        connect(newModel, &QAbstractItemModel::modelReset, this, [this] {
            m_hovered = -1;
            m_divider = -1;
            layOut();
        });
    }
    layOut();
}

QSize ThumbnailGrid::pictureSize() const
{
    return {m_cellWidth, static_cast<int>(std::lround(m_cellWidth * kPictureShape))};
}

ThumbnailCache::Look ThumbnailGrid::look() const
{
    const qreal ratio = devicePixelRatioF();
    const QSize size = pictureSize();
    return {QSize(static_cast<int>(std::lround(size.width() * ratio)),
                  static_cast<int>(std::lround(size.height() * ratio))),
            static_cast<int>(std::lround(kCornerRadius * ratio))};
}

void ThumbnailGrid::layOut()
{
    const int cell = m_cellWidth + 2 * kPadding;
    const int available = std::max(cell, viewport()->width() - 2 * kMargin);
    m_columns = std::max(1, (available + kSpacing) / (cell + kSpacing));
    // Columns spread over the width, but a few pictures do not drift apart.
    const double spread =
        m_columns > 1 ? static_cast<double>(available - cell) / (m_columns - 1) : cell;
    m_columnStep = std::min(spread, (cell + kSpacing) * 1.35);
    m_cellHeight =
        pictureSize().height() + 2 * kPadding + fontMetrics().height() + kScoreBarHeight + 8;

    const int count = model() != nullptr ? model()->rowCount() : 0;
    const int lines = count == 0 ? 0 : placeOf(count - 1) / m_columns + 1;
    const int height = lines == 0 ? 0 : kMargin + topOf(lines) - kSpacing;
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setSingleStep(std::max(20, m_cellHeight / 4));
    verticalScrollBar()->setRange(0, std::max(0, height - viewport()->height()));
    m_requestTimer.start();
    viewport()->update();
}

void ThumbnailGrid::updateGeometries()
{
    layOut();
    QAbstractItemView::updateGeometries();
}

void ThumbnailGrid::setDivider(int row, const QString &caption)
{
    const int count = model() != nullptr ? model()->rowCount() : 0;
    const int wanted = row >= 0 && row < count ? row : -1;
    if (wanted == m_divider && caption == m_dividerCaption)
        return;
    m_divider = wanted;
    m_dividerCaption = caption;
    layOut();
}

int ThumbnailGrid::placeOf(int row) const
{
    const int gap = m_divider > 0 ? (m_columns - m_divider % m_columns) % m_columns : 0;
    return m_divider >= 0 && row >= m_divider ? row + gap : row;
}

int ThumbnailGrid::rowAt(int place) const
{
    if (m_divider < 0 || place < m_divider)
        return place;
    const int first = placeOf(m_divider);
    return place < first ? m_divider - 1 : place - first + m_divider;
}

int ThumbnailGrid::dividerLine() const
{
    return m_divider < 0 ? std::numeric_limits<int>::max() : placeOf(m_divider) / m_columns;
}

int ThumbnailGrid::topOf(int line) const
{
    return kMargin + line * (m_cellHeight + kSpacing)
           + (line >= dividerLine() ? kDividerHeight : 0);
}

int ThumbnailGrid::lineAt(int y) const
{
    const int step = m_cellHeight + kSpacing;
    const int line = std::max(0, y - kMargin) / step;
    if (line < dividerLine())
        return line;
    return std::max(dividerLine(), std::max(0, y - kMargin - kDividerHeight) / step);
}

QRect ThumbnailGrid::dividerRect() const
{
    if (m_divider < 0)
        return {};
    return {kMargin, topOf(dividerLine()) - kDividerHeight - kSpacing / 2 - verticalOffset(),
            std::max(0, viewport()->width() - 2 * kMargin), kDividerHeight};
}

QRect ThumbnailGrid::cellRect(int row) const
{
    const int place = placeOf(row);
    return {kMargin + static_cast<int>(std::lround(place % m_columns * m_columnStep)),
            topOf(place / m_columns) - verticalOffset(), m_cellWidth + 2 * kPadding, m_cellHeight};
}

std::pair<int, int> ThumbnailGrid::visibleRows() const
{
    const int count = model() != nullptr ? model()->rowCount() : 0;
    if (count == 0 || viewport()->height() <= 0)
        return {0, -1};
    const int firstLine = lineAt(verticalOffset());
    const int lastLine = lineAt(verticalOffset() + viewport()->height() - 1);
    const int first = std::min(count - 1, rowAt(firstLine * m_columns));
    const int last = std::min(count - 1, rowAt((lastLine + 1) * m_columns - 1));
    return {first, last};
}

bool ThumbnailGrid::isSettled() const
{
    if (m_requestTimer.isActive())
        return false;
    const auto *gallery = qobject_cast<const GalleryModel *>(model());
    if (gallery == nullptr)
        return true;
    const auto [first, last] = visibleRows();
    for (int row = first; row <= last; ++row) {
        if (!m_cache->isSettled(gallery->idAt(row), look()))
            return false;
    }
    return true;
}

void ThumbnailGrid::requestThumbnails()
{
    const auto *gallery = qobject_cast<const GalleryModel *>(model());
    if (gallery == nullptr || !isVisible())
        return;
    const auto [first, last] = visibleRows();
    const int count = gallery->rowCount();
    const int screen = last - first + 1;
    std::vector<PictureRef> wanted;
    const auto add = [&](int row) {
        const GalleryItem *item = gallery->itemAt(row);
        if (item != nullptr)
            wanted.push_back(item->picture);
    };
    for (int row = first; row <= last; ++row)
        add(row);
    // Half a screen ahead on both sides, nearest first, so that a slow scroll meets no blank cell.
    for (int step = 1; step <= screen / 2; ++step) {
        if (last + step < count)
            add(last + step);
        if (first - step >= 0)
            add(first - step);
    }
    m_cache->request(wanted, look());
}

QRect ThumbnailGrid::visualRect(const QModelIndex &index) const
{
    return index.isValid() ? cellRect(index.row()) : QRect();
}

void ThumbnailGrid::scrollTo(const QModelIndex &index, ScrollHint hint)
{
    if (!index.isValid())
        return;
    const QRect cell = cellRect(index.row());
    const int height = viewport()->height();
    QScrollBar *bar = verticalScrollBar();
    if (hint == PositionAtCenter)
        bar->setValue(bar->value() + cell.center().y() - height / 2);
    else if (hint == PositionAtTop || (cell.top() < kSpacing && hint == EnsureVisible))
        bar->setValue(bar->value() + cell.top() - kSpacing);
    else if (hint == PositionAtBottom || cell.bottom() > height - kSpacing)
        bar->setValue(bar->value() + cell.bottom() - height + kSpacing);
}

QModelIndex ThumbnailGrid::indexAt(const QPoint &point) const
{
    if (model() == nullptr)
        return {};
    const int y = point.y() + verticalOffset();
    const int x = point.x() - kMargin;
    if (x < 0 || y < kMargin)
        return {};
    const int column = std::min(m_columns - 1, static_cast<int>(x / m_columnStep));
    const int row = rowAt(lineAt(y) * m_columns + column);
    if (row >= model()->rowCount() || !cellRect(row).contains(point))
        return {};
    return model()->index(row, 0);
}

int ThumbnailGrid::rowNear(const QPoint &point) const
{
    const int count = model() != nullptr ? model()->rowCount() : 0;
    const int column =
        std::clamp(static_cast<int>((point.x() - kMargin) / m_columnStep), 0, m_columns - 1);
    return std::clamp(rowAt(lineAt(point.y() + verticalOffset()) * m_columns + column), 0,
                      std::max(0, count - 1));
}

void ThumbnailGrid::keyboardSearch(const QString &search)
{
    // Single letters are the window's keys.
    static_cast<void>(search);
}

QModelIndex ThumbnailGrid::moveCursor(CursorAction action, Qt::KeyboardModifiers modifiers)
{
    static_cast<void>(modifiers);
    const int count = model() != nullptr ? model()->rowCount() : 0;
    if (count == 0)
        return {};
    const QModelIndex current = currentIndex();
    if (!current.isValid())
        return model()->index(0, 0);
    const int linesOnScreen = std::max(1, viewport()->height() / (m_cellHeight + kSpacing));
    int row = current.row();
    const int place = placeOf(row);
    // Up and down keep the column; a line that is not full gives its last picture.
    const auto linesAway = [&](int lines) {
        const int wanted = place + lines * m_columns;
        return wanted < 0 ? row : std::min(count - 1, rowAt(wanted));
    };
    switch (action) {
    case MoveLeft:
    case MovePrevious:
        row -= 1;
        break;
    case MoveRight:
    case MoveNext:
        row += 1;
        break;
    case MoveUp:
        row = linesAway(-1);
        break;
    case MoveDown:
        row = rowAt(place + m_columns) < count ? linesAway(1) : row;
        break;
    case MovePageUp:
        row = linesAway(-std::min(linesOnScreen, place / m_columns));
        break;
    case MovePageDown:
        row = linesAway(linesOnScreen);
        break;
    case MoveHome:
        row = 0;
        break;
    case MoveEnd:
        row = count - 1;
        break;
    }
    return model()->index(std::clamp(row, 0, count - 1), 0);
}

int ThumbnailGrid::horizontalOffset() const
{
    return 0;
}

int ThumbnailGrid::verticalOffset() const
{
    return verticalScrollBar()->value();
}

bool ThumbnailGrid::isIndexHidden(const QModelIndex &index) const
{
    static_cast<void>(index);
    return false;
}

void ThumbnailGrid::setSelection(const QRect &rect, QItemSelectionModel::SelectionFlags command)
{
    if (model() == nullptr || selectionModel() == nullptr)
        return;
    if (model()->rowCount() == 0) {
        selectionModel()->select(QItemSelection(), command);
        return;
    }
    // From where it began to where it is, in reading order, as in a text. The rectangle is not
    // normalised: its corners are these two points.
    const bool isClickBesides = !indexAt(rect.topLeft()).isValid()
                                && !indexAt(rect.bottomRight()).isValid()
                                && rowNear(rect.topLeft()) == rowNear(rect.bottomRight());
    if (isClickBesides) {
        selectionModel()->select(QItemSelection(), command);
        return;
    }
    const int one = rowNear(rect.topLeft());
    const int other = rowNear(rect.bottomRight());
    const QItemSelection range(model()->index(std::min(one, other), 0),
                               model()->index(std::max(one, other), 0));
    selectionModel()->select(range, command);
}

QRegion ThumbnailGrid::visualRegionForSelection(const QItemSelection &selection) const
{
    QRegion region;
    const auto [first, last] = visibleRows();
    for (const QItemSelectionRange &range : selection) {
        for (int row = std::max(first, range.top()); row <= std::min(last, range.bottom()); ++row)
            region += cellRect(row);
    }
    return region;
}

void ThumbnailGrid::paintEvent(QPaintEvent *event)
{
    QPainter painter(viewport());
    painter.fillRect(event->rect(), palette().color(QPalette::Window));
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    const auto [first, last] = visibleRows();
    for (int row = first; row <= last; ++row) {
        const QRect cell = cellRect(row);
        if (event->rect().intersects(cell))
            paintCell(painter, row, cell);
    }
    paintDivider(painter);
}

void ThumbnailGrid::paintDivider(QPainter &painter) const
{
    const QRect band = dividerRect();
    if (band.isEmpty() || !band.intersects(viewport()->rect()))
        return;
    const QColor color = warningColor(palette());
    painter.setRenderHint(QPainter::Antialiasing, false);
    const int width = m_dividerCaption.isEmpty()
                          ? 0
                          : std::min(fontMetrics().horizontalAdvance(m_dividerCaption) + 24,
                                     band.width());
    const int middle = band.center().y();
    const int left = band.center().x() - width / 2;
    painter.setPen(QPen(color, 1));
    painter.drawLine(band.left(), middle, left, middle);
    painter.drawLine(left + width, middle, band.right(), middle);
    painter.drawText(QRect(left, band.top(), width, band.height()), Qt::AlignCenter,
                     fontMetrics().elidedText(m_dividerCaption, Qt::ElideRight, width - 12));
    painter.setRenderHint(QPainter::Antialiasing);
}

void ThumbnailGrid::paintCell(QPainter &painter, int row, const QRect &cell) const
{
    const QModelIndex index = model()->index(row, 0);
    const qint64 id = index.data(GalleryModel::IdRole).toLongLong();
    const bool selected = selectionModel() != nullptr && selectionModel()->isSelected(index);
    const bool current = currentIndex() == index;
    const QColor accent = palette().color(QPalette::Highlight);

    painter.setPen(Qt::NoPen);
    if (selected || row == m_hovered) {
        QColor back = selected ? accent : palette().color(QPalette::Midlight);
        if (selected)
            back.setAlphaF(0.22F);
        painter.setBrush(back);
        painter.drawRoundedRect(cell, kCornerRadius + 3, kCornerRadius + 3);
    }

    const QRect frame(cell.topLeft() + QPoint(kPadding, kPadding), pictureSize());
    const QImage image = m_cache->find(id);
    if (!image.isNull()) {
        painter.drawImage(frame, image);
    } else {
        painter.setBrush(palette().color(QPalette::Midlight));
        painter.drawRoundedRect(frame, kCornerRadius, kCornerRadius);
        const bool failed = !m_cache->failure(id).isEmpty();
        const int size = std::min(28, frame.width() / 3);
        const QPixmap icon =
            makeIconPixmap(failed ? QStringLiteral("broken") : QStringLiteral("person"),
                           palette().color(failed ? QPalette::PlaceholderText : QPalette::Mid),
                           size, devicePixelRatioF());
        painter.drawPixmap(frame.center() - QPoint(size / 2, size / 2), icon);
        if (failed) {
            painter.setPen(palette().color(QPalette::PlaceholderText));
            painter.drawText(frame.adjusted(6, frame.height() / 2 + size, -6, -6),
                             Qt::AlignHCenter | Qt::AlignTop | Qt::TextWordWrap, tr("Unreadable"));
        }
    }

    // What a person said: stars below, the state as a dot above.
    const auto marks = index.data(GalleryModel::MarksRole).value<PictureMarks>();
    if (marks.rating > 0) {
        const QString stars(marks.rating, QChar(0x2605));
        const QRect badge(frame.left() + 4, frame.bottom() - fontMetrics().height() - 5,
                          fontMetrics().horizontalAdvance(stars) + 10, fontMetrics().height() + 2);
        painter.setPen(Qt::NoPen);
        painter.setBrush(QColor(15, 18, 26, 190));
        painter.drawRoundedRect(badge, 6, 6);
        painter.setPen(QColor(255, 214, 102));
        painter.drawText(badge, Qt::AlignCenter, stars);
    }
    if (marks.state != ' ') {
        const QRect dot(frame.right() - 24, frame.top() + 6, 19, 19);
        painter.setPen(Qt::NoPen);
        painter.setBrush(marks.state == 'a'   ? goodColor(palette())
                         : marks.state == 'r' ? errorColor(palette())
                                              : warningColor(palette()));
        painter.drawEllipse(dot);
        painter.setPen(palette().color(QPalette::Window));
        painter.drawText(dot, Qt::AlignCenter,
                         marks.state == 'a'   ? QStringLiteral("✓")
                         : marks.state == 'r' ? QStringLiteral("✕")
                                              : QStringLiteral("?"));
    }

    // Near-duplicates share a line below, in a colour of their group.
    if (marks.duplicateOf != 0 && !index.data(GalleryModel::RankRole).isValid()) {
        const QColor hue =
            QColor::fromHsl(static_cast<int>(marks.duplicateOf * 137 % 360), 150, 128);
        painter.setPen(Qt::NoPen);
        painter.setBrush(hue);
        painter.drawRoundedRect(QRect(cell.left(), cell.bottom() - 3, cell.width(), 4), 2, 2);
        const QString text = marks.isBest ? tr("best") : tr("copy");
        const QRect badge(frame.left() + 6, frame.top() + 6,
                          fontMetrics().horizontalAdvance(text) + 14, fontMetrics().height() + 2);
        painter.setBrush(marks.isBest ? hue : QColor(15, 18, 26, 190));
        painter.drawRoundedRect(badge, badge.height() / 2.0, badge.height() / 2.0);
        painter.setPen(Qt::white);
        painter.drawText(badge, Qt::AlignCenter, text);
    }

    const QVariant rank = index.data(GalleryModel::RankRole);
    QRect caption(frame.left() + 1, frame.bottom() + 5, frame.width() - 2, fontMetrics().height());
    if (rank.isValid()) {
        const double score = index.data(GalleryModel::ScoreRole).toDouble();
        QFont badgeFont = font();
        badgeFont.setBold(true);
        const QString rankText = countText(rank.toInt());
        const int badgeHeight = fontMetrics().height() + 4;
        const int badgeWidth = std::max(
            badgeHeight, QFontMetrics(badgeFont).horizontalAdvance(rankText) + badgeHeight / 2 + 4);
        const QRect badge(frame.left() + 6, frame.top() + 6, badgeWidth, badgeHeight);
        painter.setPen(Qt::NoPen);
        painter.setBrush(row == 0 ? accent : QColor(15, 18, 26, 190));
        painter.drawRoundedRect(badge, badgeHeight / 2.0, badgeHeight / 2.0);
        painter.setFont(badgeFont);
        painter.setPen(row == 0 ? palette().color(QPalette::HighlightedText) : QColor(Qt::white));
        painter.drawText(badge, Qt::AlignCenter, rankText);

        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(caption, Qt::AlignLeft | Qt::AlignVCenter, scoreText(score));
        painter.setFont(font());
        const QRectF bar(frame.left() + 1, caption.bottom() + 3, frame.width() - 2,
                         kScoreBarHeight);
        painter.setPen(Qt::NoPen);
        painter.setBrush(palette().color(QPalette::Mid));
        painter.drawRoundedRect(bar, 2, 2);
        QRectF filled = bar;
        filled.setWidth(bar.width() * std::clamp(score, 0.0, 1.0));
        painter.setBrush(accent);
        painter.drawRoundedRect(filled, 2, 2);
    } else {
        painter.setPen(palette().color(selected ? QPalette::Text : QPalette::PlaceholderText));
        painter.drawText(
            caption, Qt::AlignHCenter | Qt::AlignVCenter,
            fontMetrics().elidedText(index.data().toString(), Qt::ElideMiddle, caption.width()));
    }

    if (current && hasFocus()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(accent, 2.0));
        painter.drawRoundedRect(QRectF(cell).adjusted(1, 1, -1, -1), kCornerRadius + 3,
                                kCornerRadius + 3);
    }
}

void ThumbnailGrid::resizeEvent(QResizeEvent *event)
{
    QAbstractItemView::resizeEvent(event);
    layOut();
}

void ThumbnailGrid::scrollContentsBy(int dx, int dy)
{
    static_cast<void>(dx);
    static_cast<void>(dy);
    m_requestTimer.start();
    viewport()->update();
}

void ThumbnailGrid::wheelEvent(QWheelEvent *event)
{
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        setCellWidth(m_cellWidth + (event->angleDelta().y() > 0 ? 12 : -12));
        event->accept();
        return;
    }
    QAbstractItemView::wheelEvent(event);
}

void ThumbnailGrid::showEvent(QShowEvent *event)
{
    QAbstractItemView::showEvent(event);
    layOut();
}

void ThumbnailGrid::leaveEvent(QEvent *event)
{
    m_hovered = -1;
    viewport()->update();
    QAbstractItemView::leaveEvent(event);
}

void ThumbnailGrid::mouseMoveEvent(QMouseEvent *event)
{
    const int row = indexAt(event->pos()).row();
    if (row != m_hovered) {
        viewport()->update(cellRect(std::max(0, m_hovered)));
        m_hovered = row;
        viewport()->update(cellRect(std::max(0, m_hovered)));
    }
    QAbstractItemView::mouseMoveEvent(event);
}

void ThumbnailGrid::changeEvent(QEvent *event)
{
    QAbstractItemView::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        layOut();
}

} // namespace sapsam::ui
