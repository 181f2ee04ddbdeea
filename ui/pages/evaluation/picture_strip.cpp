#include "ui/pages/evaluation/picture_strip.h"

#include "core/base/random.h"
#include "core/image/image.h"
#include "core/pipeline/evaluation_report.h"
#include "ui/support/pixels.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kCellWidth = 92;
constexpr int kPictureHeight = 168;
constexpr int kGap = 10;
constexpr int kTextHeight = 40;
constexpr int kFrame = 3;
constexpr qint64 kCacheBytes = 24LL * 1024 * 1024;

QImage readStripPicture(const PictureRef &picture, const QSize &bound)
{
    const QImage image = toQImage(evaluationPicture(toStdString(picture.file)));
    return bound.isEmpty() ? image
                           : image.scaled(bound, Qt::KeepAspectRatio, Qt::SmoothTransformation);
}

} // namespace

PictureStrip::PictureStrip(QWidget *parent) : QWidget(parent)
{
    ThumbnailCache::Options options;
    options.threads = 1;
    options.maxBytes = kCacheBytes;
    m_cache = std::make_unique<ThumbnailCache>(readStripPicture, options);
    connect(m_cache.get(), &ThumbnailCache::ready, this, [this] { update(); });
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Ranked pictures"));
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

PictureStrip::~PictureStrip() = default;

void PictureStrip::setEntries(std::vector<Entry> entries)
{
    m_entries = std::move(entries);
    m_keys.clear();
    for (const Entry &entry : m_entries)
        m_keys.push_back(static_cast<qint64>(fnv1a64(entry.path)));
    m_current = 0;
    request();
    describe();
    updateGeometry();
    update();
}

bool PictureStrip::isSettled() const
{
    return m_cache->waitingCount() == 0;
}

QSize PictureStrip::sizeHint() const
{
    return {std::max(1, count()) * (kCellWidth + kGap) - kGap + 2 * kFrame,
            kPictureHeight + kTextHeight + 2 * kFrame};
}

QRect PictureStrip::cellOf(int place) const
{
    return {kFrame + place * (kCellWidth + kGap), kFrame, kCellWidth, kPictureHeight};
}

int PictureStrip::placeAt(const QPoint &position) const
{
    for (int place = 0; place < count(); ++place) {
        if (cellOf(place).adjusted(0, 0, 0, kTextHeight).contains(position))
            return place;
    }
    return -1;
}

void PictureStrip::request()
{
    const qreal ratio = devicePixelRatioF();
    std::vector<PictureRef> wanted;
    for (std::size_t i = 0; i < m_entries.size(); ++i)
        wanted.push_back({m_keys[i], toQString(m_entries[i].path), 0, 0});
    m_cache->request(wanted, {QSize(static_cast<int>(kCellWidth * ratio),
                                    static_cast<int>(kPictureHeight * ratio)),
                              static_cast<int>(8 * ratio)});
}

void PictureStrip::describe()
{
    QStringList names;
    for (const Entry &entry : m_entries)
        names.append(entry.title + QStringLiteral(" ") + entry.subtitle);
    setAccessibleDescription(names.join(QStringLiteral(", ")));
}

void PictureStrip::paintEvent(QPaintEvent *event)
{
    static_cast<void>(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QFont small = font();
    small.setPointSizeF(font().pointSizeF() * 0.88);
    for (int place = 0; place < count(); ++place) {
        const Entry &entry = m_entries[static_cast<std::size_t>(place)];
        const QRect cell = cellOf(place);
        painter.setPen(Qt::NoPen);
        painter.setBrush(palette().color(QPalette::Dark));
        painter.drawRoundedRect(cell, 8, 8);
        const qint64 key = m_keys[static_cast<std::size_t>(place)];
        const QImage image = m_cache->find(key);
        if (!image.isNull()) {
            painter.drawImage(cell, image);
        } else if (!m_cache->failure(key).isEmpty()) {
            painter.setFont(small);
            painter.setPen(palette().color(QPalette::PlaceholderText));
            painter.drawText(cell.adjusted(6, 6, -6, -6), Qt::AlignCenter | Qt::TextWordWrap,
                             tr("The picture cannot be read"));
        }
        const QColor frame = entry.isQuiet   ? palette().color(QPalette::Mid)
                             : entry.isRight ? goodColor(palette())
                                             : errorColor(palette());
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(frame, entry.isQuiet ? 1.0 : 2.4));
        painter.drawRoundedRect(QRectF(cell).adjusted(-1, -1, 1, 1), 9, 9);
        if (hasFocus() && place == m_current) {
            painter.setPen(QPen(palette().color(QPalette::Highlight), 1.5, Qt::DashLine));
            painter.drawRoundedRect(QRectF(cell).adjusted(3, 3, -3, -3), 6, 6);
        }
        const QRect text(cell.left(), cell.bottom() + 5, cell.width(), kTextHeight / 2);
        painter.setFont(font());
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(text, Qt::AlignCenter,
                         fontMetrics().elidedText(entry.title, Qt::ElideRight, text.width()));
        painter.setFont(small);
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(
            text.translated(0, kTextHeight / 2 - 2), Qt::AlignCenter,
            painter.fontMetrics().elidedText(entry.subtitle, Qt::ElideRight, text.width()));
    }
}

void PictureStrip::mousePressEvent(QMouseEvent *event)
{
    const int place = placeAt(event->pos());
    if (place < 0)
        return;
    m_current = place;
    update();
    if (m_entries[static_cast<std::size_t>(place)].imageId != 0)
        Q_EMIT activated(m_entries[static_cast<std::size_t>(place)].imageId);
}

void PictureStrip::mouseMoveEvent(QMouseEvent *event)
{
    const int place = placeAt(event->pos());
    const bool opens = place >= 0 && m_entries[static_cast<std::size_t>(place)].imageId != 0;
    setCursor(opens ? Qt::PointingHandCursor : Qt::ArrowCursor);
}

void PictureStrip::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Left || event->key() == Qt::Key_Right) {
        m_current = std::clamp(m_current + (event->key() == Qt::Key_Right ? 1 : -1), 0,
                               std::max(0, count() - 1));
        update();
    } else if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
               && m_current < count()
               && m_entries[static_cast<std::size_t>(m_current)].imageId != 0) {
        Q_EMIT activated(m_entries[static_cast<std::size_t>(m_current)].imageId);
    } else {
        QWidget::keyPressEvent(event);
    }
}

bool PictureStrip::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto *help = static_cast<QHelpEvent *>(event);
        const int place = placeAt(help->pos());
        if (place < 0) {
            QToolTip::hideText();
            return true;
        }
        const Entry &entry = m_entries[static_cast<std::size_t>(place)];
        QString text = toQString(entry.path);
        if (entry.imageId != 0)
            text += QStringLiteral("\n") + tr("Click to open it in the viewer");
        QToolTip::showText(help->globalPos(), text, this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace sapsam::ui
