#include "ui/pages/merges/preview_strip.h"

#include "ui/support/theme.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kGap = 14;
constexpr int kInner = 3; // between before and after
constexpr int kPadding = 6;
constexpr int kMinHeight = 150;

} // namespace

PreviewStrip::PreviewStrip(QWidget *parent) : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Pictures before and after"));
    setMouseTracking(true);
}

void PreviewStrip::setTiles(std::vector<PreviewTile> tiles)
{
    m_tiles = std::move(tiles);
    m_message.clear();
    m_isBusy = false;
    setCurrent(m_tiles.empty() ? -1
                               : std::clamp(m_current, 0, static_cast<int>(m_tiles.size()) - 1));
}

void PreviewStrip::setMessage(const QString &message)
{
    m_tiles.clear();
    m_message = message;
    m_isBusy = false;
    setCurrent(-1);
}

void PreviewStrip::setBusy(bool busy)
{
    m_isBusy = busy;
    update();
}

void PreviewStrip::setCurrent(int index)
{
    m_current = index;
    if (index >= 0) {
        const PreviewTile &tile = m_tiles[static_cast<std::size_t>(index)];
        setAccessibleDescription(
            tr("%1: %2. %3")
                .arg(tile.name, tile.isChanged ? tr("changes") : tr("stays as it is"),
                     tile.isExact ? tr("from the true label map") : tile.remark));
        const QRect place = tileRect(index);
        if (place.left() < 0)
            m_offset += place.left() - kPadding;
        else if (place.right() > width())
            m_offset += place.right() - width() + kPadding;
        m_offset = std::max(0, m_offset);
    } else {
        setAccessibleDescription(m_message);
        m_offset = 0;
    }
    update();
}

QSize PreviewStrip::sizeHint() const
{
    return {600, kMinHeight + 24};
}

QSize PreviewStrip::minimumSizeHint() const
{
    return {200, kMinHeight};
}

int PreviewStrip::pictureHeight() const
{
    return std::max(40, height() - 2 * kPadding - fontMetrics().height() - 4);
}

int PreviewStrip::tileWidth(int index) const
{
    const QImage &picture = m_tiles[static_cast<std::size_t>(index)].before;
    const int one = picture.isNull() ? pictureHeight() / 2
                                     : pictureHeight() * picture.width() / picture.height();
    return 2 * one + kInner;
}

QRect PreviewStrip::tileRect(int index) const
{
    int x = kPadding - m_offset;
    for (int i = 0; i < index; ++i)
        x += tileWidth(i) + kGap;
    return {x, kPadding, tileWidth(index), pictureHeight()};
}

int PreviewStrip::tileAt(const QPoint &point) const
{
    for (int i = 0; i < static_cast<int>(m_tiles.size()); ++i) {
        if (tileRect(i).adjusted(0, 0, 0, fontMetrics().height() + 4).contains(point))
            return i;
    }
    return -1;
}

void PreviewStrip::paintEvent(QPaintEvent *event)
{
    static_cast<void>(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    if (m_tiles.empty()) {
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(rect().adjusted(24, 0, -24, 0), Qt::AlignCenter | Qt::TextWordWrap,
                         m_message.isEmpty() && m_isBusy ? tr("Looking at the pictures…")
                                                         : m_message);
        return;
    }
    if (m_isBusy)
        painter.setOpacity(0.7);
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * 0.85);
    painter.setFont(small);
    for (int i = 0; i < static_cast<int>(m_tiles.size()); ++i) {
        const PreviewTile &tile = m_tiles[static_cast<std::size_t>(i)];
        const QRect place = tileRect(i);
        if (place.right() < 0 || place.left() > width())
            continue;
        const int one = (place.width() - kInner) / 2;
        painter.drawImage(QRect(place.left(), place.top(), one, place.height()), tile.before);
        painter.drawImage(QRect(place.left() + one + kInner, place.top(), one, place.height()),
                          tile.after);
        const bool isLit = i == m_current && hasFocus();
        painter.setBrush(Qt::NoBrush);
        if (isLit || tile.isChanged) {
            painter.setPen(QPen(palette().color(QPalette::Highlight), isLit ? 2.4 : 1.4));
            painter.drawRoundedRect(QRectF(place).adjusted(-2, -2, 2, 2), 3, 3);
        }
        const QString word = !tile.isChanged ? tr("same") : tr("changes");
        const QString how = tile.isExact ? tr("exact") : tr("from masks");
        painter.setPen(tile.isExact ? palette().color(QPalette::PlaceholderText)
                                    : warningColor(palette()));
        painter.drawText(
            QRect(place.left(), place.bottom() + 4, place.width(), QFontMetrics(small).height()),
            Qt::AlignCenter,
            QFontMetrics(small).elidedText(word + QStringLiteral(" · ") + how, Qt::ElideRight,
                                           place.width()));
    }
}

bool PreviewStrip::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        auto *help = static_cast<QHelpEvent *>(event);
        const int index = tileAt(help->pos());
        if (index >= 0) {
            const PreviewTile &tile = m_tiles[static_cast<std::size_t>(index)];
            QToolTip::showText(help->globalPos(),
                               tile.name + QLatin1Char('\n')
                                   + (tile.isExact ? tr("From the true label map") : tile.remark),
                               this);
            return true;
        }
    }
    return QWidget::event(event);
}

void PreviewStrip::keyPressEvent(QKeyEvent *event)
{
    const int last = static_cast<int>(m_tiles.size()) - 1;
    if (last >= 0) {
        switch (event->key()) {
        case Qt::Key_Left:
            setCurrent(std::max(0, m_current - 1));
            return;
        case Qt::Key_Right:
            setCurrent(std::min(last, m_current + 1));
            return;
        case Qt::Key_Return:
        case Qt::Key_Enter:
            if ((event->modifiers() & Qt::ControlModifier) != 0)
                break;
            if (m_current >= 0)
                Q_EMIT pictureActivated(m_tiles[static_cast<std::size_t>(m_current)].imageId);
            return;
        default:
            break;
        }
    }
    QWidget::keyPressEvent(event);
}

void PreviewStrip::mousePressEvent(QMouseEvent *event)
{
    const int index = tileAt(event->pos());
    if (index >= 0)
        setCurrent(index);
}

void PreviewStrip::mouseDoubleClickEvent(QMouseEvent *event)
{
    const int index = tileAt(event->pos());
    if (index >= 0)
        Q_EMIT pictureActivated(m_tiles[static_cast<std::size_t>(index)].imageId);
}

void PreviewStrip::wheelEvent(QWheelEvent *event)
{
    const int delta =
        event->angleDelta().x() != 0 ? event->angleDelta().x() : event->angleDelta().y();
    int total = 2 * kPadding - kGap;
    for (int i = 0; i < static_cast<int>(m_tiles.size()); ++i)
        total += tileWidth(i) + kGap;
    m_offset = std::clamp(m_offset - delta, 0, std::max(0, total - width()));
    update();
    event->accept();
}

} // namespace sapsam::ui
