#include "ui/pages/viewer/filmstrip.h"

#include "core/store/edits.h"
#include "ui/jobs/project_session.h"
#include "ui/models/gallery_model.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace sapsam::ui {

namespace {

constexpr int kPictureWidth = 46;
constexpr int kPictureHeight = 84;
constexpr int kGap = 6;
constexpr int kMargin = 8;
constexpr int kCorner = 5;
constexpr int kBadge = 15;
constexpr int kStep = kPictureWidth + kGap;
constexpr int kAhead = 6;     // rows on either side that are made before they are seen
constexpr int kRestMs = 40;   // nothing is asked for while the strip runs
constexpr qint64 kBytes = 24LL * 1024 * 1024;
constexpr double kWheelUnitsPerStep = 120.0;
constexpr double kRowsPerWheelStep = 3.0;

} // namespace

Filmstrip::Filmstrip(ProjectSession *session, const GalleryModel *gallery, QWidget *parent)
    : QWidget(parent),
      m_session(session),
      m_gallery(gallery),
      m_cache(std::make_unique<ThumbnailCache>(readPicture, ThumbnailCache::Options{1, kBytes}))
{
    setAccessibleName(tr("Neighbouring pictures"));
    setFocusPolicy(Qt::TabFocus);
    setMouseTracking(true);
    setFixedHeight(kPictureHeight + 2 * kMargin);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_askTimer.setSingleShot(true);
    m_askTimer.setInterval(kRestMs);
    connect(&m_askTimer, &QTimer::timeout, this, &Filmstrip::askNow);
    connect(m_cache.get(), &ThumbnailCache::ready, this, [this](qint64) { update(); });
    if (m_gallery != nullptr) {
        // Rows may have moved: the current picture stays in the middle.
        const auto follow = [this] { setCurrent(m_current); };
        connect(m_gallery, &QAbstractItemModel::modelReset, this, follow);
        connect(m_gallery, &QAbstractItemModel::rowsInserted, this, follow);
        connect(m_gallery, &QAbstractItemModel::rowsRemoved, this, follow);
        connect(m_gallery, &QAbstractItemModel::layoutChanged, this, follow);
        connect(m_gallery, &QAbstractItemModel::dataChanged, this, [this] {
            update();
            updateDescription();
        });
    }
    if (m_session != nullptr) {
        connect(m_session, &ProjectSession::contentChanged, this, &Filmstrip::ask);
        connect(m_session, &ProjectSession::closed, this, [this] {
            m_cache->clear();
            m_edited.clear();
            setCurrent(0);
        });
    }
}

Filmstrip::~Filmstrip() = default;

QSize Filmstrip::sizeHint() const
{
    return {7 * kStep, kPictureHeight + 2 * kMargin};
}

int Filmstrip::count() const
{
    return m_gallery == nullptr ? 0 : m_gallery->rowCount();
}

void Filmstrip::setCurrent(qint64 imageId)
{
    m_current = imageId;
    const int row = m_gallery == nullptr ? -1 : m_gallery->rowOf(imageId);
    if (row >= 0)
        m_centre = row;
    m_centre = std::clamp(m_centre, 0.0, std::max(0.0, count() - 1.0));
    updateDescription();
    ask();
    update();
}

double Filmstrip::keptFilled(double centre) const
{
    const double last = std::max(0.0, count() - 1.0);
    const double half = (width() - kPictureWidth - 2.0 * kMargin) / 2.0 / kStep; // rows to a side
    return 2.0 * half >= last ? last / 2.0 : std::clamp(centre, half, last - half);
}

double Filmstrip::offset() const
{
    return width() / 2.0 - kPictureWidth / 2.0 - keptFilled(m_centre) * kStep;
}

QRect Filmstrip::cellRect(int row) const
{
    return {static_cast<int>(std::lround(offset() + static_cast<double>(row) * kStep)), kMargin,
            kPictureWidth, kPictureHeight};
}

std::pair<int, int> Filmstrip::visibleRows() const
{
    const int first = static_cast<int>(std::floor((-offset() - kPictureWidth) / kStep)) + 1;
    const int last = static_cast<int>(std::ceil((width() - offset()) / kStep)) - 1;
    const std::pair<int, int> rows = {std::max(0, first), std::min(count() - 1, last)};
    return rows.first <= rows.second ? rows : std::pair<int, int>{0, -1};
}

int Filmstrip::rowAt(const QPoint &position) const
{
    const int row = static_cast<int>(std::floor((position.x() - offset()) / kStep));
    return row >= 0 && row < count() && cellRect(row).contains(position) ? row : -1;
}

void Filmstrip::scrollBy(double rows)
{
    m_centre = keptFilled(keptFilled(m_centre) + rows);
    m_hovered = -1;
    ask();
    update();
}

ThumbnailCache::Look Filmstrip::look() const
{
    const double ratio = devicePixelRatioF();
    return {QSize(static_cast<int>(kPictureWidth * ratio), static_cast<int>(kPictureHeight * ratio)),
            static_cast<int>(kCorner * ratio)};
}

void Filmstrip::ask()
{
    if (isVisible())
        m_askTimer.start();
}

void Filmstrip::askNow()
{
    const auto [first, last] = visibleRows();
    std::vector<PictureRef> wanted;
    std::vector<std::int64_t> ids;
    const int middle = static_cast<int>(std::lround(keptFilled(m_centre)));
    // Nearest first: the middle, then one to either side, and so on.
    const int reach = std::max(middle - first, last - middle) + kAhead;
    for (int distance = 0; distance <= reach && last >= first; ++distance) {
        for (const int row : {middle - distance, middle + distance}) {
            if (row < std::max(0, first - kAhead) || row > std::min(count() - 1, last + kAhead)
                || (distance == 0 && !wanted.empty()))
                continue;
            const GalleryItem *item = m_gallery->itemAt(row);
            if (item == nullptr)
                continue;
            wanted.push_back(item->picture);
            ids.push_back(item->id);
        }
    }
    m_cache->request(wanted, look());
    if (m_session == nullptr || !m_session->isOpen() || ids.empty())
        return;
    const quint64 request = ++m_request;
    m_session->read(
        this,
        [ids](ProjectStore &store, const CancelToken &) {
            return imagesEditedByPeople(store, ids);
        },
        [this, ids, request](const std::vector<std::int64_t> &edited) {
            if (request != m_request)
                return;
            m_edited.clear();
            for (const std::int64_t id : edited)
                m_edited.insert(id);
            updateDescription();
            update();
        });
}

bool Filmstrip::isSettled() const
{
    if (!isVisible())
        return true;
    if (m_askTimer.isActive())
        return false;
    const auto [first, last] = visibleRows();
    for (int row = first; row <= last; ++row) {
        if (!m_cache->isSettled(m_gallery->idAt(row), look()))
            return false;
    }
    return true;
}

QString Filmstrip::describe(int row) const
{
    const GalleryItem *item = m_gallery == nullptr ? nullptr : m_gallery->itemAt(row);
    if (item == nullptr)
        return {};
    QStringList words = {tr("%1 of %2").arg(countText(row + 1), countText(count())), item->name};
    const PictureMarks marks = m_gallery->marks(item->id);
    if (marks.state == 'a')
        words.append(tr("accepted"));
    else if (marks.state == 'r')
        words.append(tr("rejected"));
    else if (marks.state == 'u')
        words.append(tr("unsure"));
    if (marks.rating > 0)
        words.append(tr("%1 of 5 stars").arg(marks.rating));
    if (m_edited.contains(item->id))
        words.append(tr("edited"));
    return words.join(QStringLiteral(", "));
}

void Filmstrip::updateDescription()
{
    setAccessibleDescription(m_gallery == nullptr ? QString()
                                                  : describe(m_gallery->rowOf(m_current)));
}

// Painting
// -----------------------------------------------------------------------------------------

void Filmstrip::paintEvent(QPaintEvent *event)
{
    QPainter painter(this);
    painter.fillRect(event->rect(), palette().color(QPalette::Window));
    painter.setPen(palette().color(QPalette::Mid));
    painter.drawLine(0, 0, width(), 0);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    const auto [first, last] = visibleRows();
    for (int row = first; row <= last; ++row)
        paintCell(painter, row, cellRect(row));
}

void Filmstrip::paintCell(QPainter &painter, int row, const QRect &cell) const
{
    const qint64 id = m_gallery->idAt(row);
    const bool isCurrent = id == m_current;
    const QColor accent = palette().color(QPalette::Highlight);
    const QImage image = m_cache->find(id);
    if (!image.isNull()) {
        // The others step back a little, so that the eye finds the place.
        painter.setOpacity(isCurrent || row == m_hovered ? 1.0 : 0.72);
        painter.drawImage(cell, image);
        painter.setOpacity(1.0);
    } else {
        painter.setPen(Qt::NoPen);
        painter.setBrush(palette().color(QPalette::Midlight));
        painter.drawRoundedRect(cell, kCorner, kCorner);
        const bool failed = !m_cache->failure(id).isEmpty();
        constexpr int kIcon = 18;
        painter.drawPixmap(
            cell.center() - QPoint(kIcon / 2, kIcon / 2),
            makeIconPixmap(failed ? QStringLiteral("broken") : QStringLiteral("person"),
                           palette().color(failed ? QPalette::PlaceholderText : QPalette::Mid),
                           kIcon, devicePixelRatioF()));
    }
    if (isCurrent) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(accent, hasFocus() ? 3.0 : 2.0));
        painter.drawRoundedRect(QRectF(cell).adjusted(-2, -2, 2, 2), kCorner + 2, kCorner + 2);
    }

    const auto badge = [&](const QPoint &at, const QColor &color, const QString &sign) {
        const QRect dot(at, QSize(kBadge, kBadge));
        painter.setPen(QPen(palette().color(QPalette::Window), 1.5));
        painter.setBrush(color);
        painter.drawEllipse(dot);
        QFont small = font();
        small.setPixelSize(kBadge - 5);
        small.setBold(true);
        painter.setFont(small);
        painter.setPen(palette().color(QPalette::Window));
        painter.drawText(dot, Qt::AlignCenter, sign);
        painter.setFont(font());
    };
    // Told apart by sign and place, not by colour alone: judged above, edited below.
    const PictureMarks marks = m_gallery->marks(id);
    if (marks.state != ' ')
        badge(QPoint(cell.right() - kBadge, cell.top() + 2),
              marks.state == 'a'   ? goodColor(palette())
              : marks.state == 'r' ? errorColor(palette())
                                   : warningColor(palette()),
              marks.state == 'a'   ? QStringLiteral("✓")
              : marks.state == 'r' ? QStringLiteral("✕")
                                   : QStringLiteral("?"));
    if (m_edited.contains(id))
        badge(QPoint(cell.right() - kBadge, cell.bottom() - kBadge - 1), accent,
              QStringLiteral("✎"));
}

// Mouse and keys
// -----------------------------------------------------------------------------------

bool Filmstrip::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto *help = static_cast<QHelpEvent *>(event);
        const QString text = describe(rowAt(help->pos()));
        if (text.isEmpty())
            QToolTip::hideText();
        else
            QToolTip::showText(help->globalPos(), text, this);
        return true;
    }
    return QWidget::event(event);
}

void Filmstrip::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    ask();
}

void Filmstrip::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    ask();
}

void Filmstrip::wheelEvent(QWheelEvent *event)
{
    const QPoint angle = event->angleDelta();
    const int units = std::abs(angle.x()) > std::abs(angle.y()) ? angle.x() : angle.y();
    scrollBy(-units / kWheelUnitsPerStep * kRowsPerWheelStep);
    event->accept();
}

void Filmstrip::mousePressEvent(QMouseEvent *event)
{
    const int row = rowAt(event->position().toPoint());
    if (event->button() == Qt::LeftButton && row >= 0)
        Q_EMIT pictureChosen(m_gallery->idAt(row));
}

void Filmstrip::mouseMoveEvent(QMouseEvent *event)
{
    const int row = rowAt(event->position().toPoint());
    if (row == m_hovered)
        return;
    m_hovered = row;
    setCursor(row >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void Filmstrip::leaveEvent(QEvent *event)
{
    QWidget::leaveEvent(event);
    m_hovered = -1;
    update();
}

void Filmstrip::keyPressEvent(QKeyEvent *event)
{
    const int row = m_gallery == nullptr ? -1 : m_gallery->rowOf(m_current);
    const int page = std::max(1, width() / kStep - 1);
    int wanted = -1;
    switch (event->key()) {
    case Qt::Key_Left:
        wanted = row - 1;
        break;
    case Qt::Key_Right:
        wanted = row + 1;
        break;
    case Qt::Key_PageUp:
        wanted = std::max(0, row - page);
        break;
    case Qt::Key_PageDown:
        wanted = std::min(count() - 1, row + page);
        break;
    case Qt::Key_Home:
        wanted = 0;
        break;
    case Qt::Key_End:
        wanted = count() - 1;
        break;
    default:
        QWidget::keyPressEvent(event);
        return;
    }
    if (row >= 0 && wanted >= 0 && wanted < count() && wanted != row)
        Q_EMIT pictureChosen(m_gallery->idAt(wanted));
}

} // namespace sapsam::ui
