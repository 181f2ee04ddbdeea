#include "ui/widgets/flow_layout.h"

#include <QWidget>

#include <algorithm>

namespace sapsam::ui {

FlowLayout::FlowLayout(QWidget *parent, int spacing) : QLayout(parent)
{
    setContentsMargins(0, 0, 0, 0);
    setSpacing(spacing);
}

FlowLayout::~FlowLayout()
{
    while (!m_items.isEmpty())
        delete m_items.takeLast();
}

void FlowLayout::clear()
{
    while (!m_items.isEmpty()) {
        QLayoutItem *item = m_items.takeLast();
        if (item->widget() != nullptr) {
            item->widget()->hide();
            item->widget()->deleteLater();
        }
        delete item;
    }
    invalidate();
}

void FlowLayout::addItem(QLayoutItem *item)
{
    m_items.append(item);
}

int FlowLayout::count() const
{
    return static_cast<int>(m_items.size());
}

QLayoutItem *FlowLayout::itemAt(int index) const
{
    return index >= 0 && index < m_items.size() ? m_items[index] : nullptr;
}

QLayoutItem *FlowLayout::takeAt(int index)
{
    return index >= 0 && index < m_items.size() ? m_items.takeAt(index) : nullptr;
}

Qt::Orientations FlowLayout::expandingDirections() const
{
    return {};
}

bool FlowLayout::hasHeightForWidth() const
{
    return true;
}

int FlowLayout::heightForWidth(int width) const
{
    return place(QRect(0, 0, width, 0), true);
}

QSize FlowLayout::sizeHint() const
{
    int width = 0;
    int height = 0;
    for (const QLayoutItem *item : m_items) {
        width += item->sizeHint().width() + spacing();
        height = std::max(height, item->sizeHint().height());
    }
    return QSize(width, height).grownBy(contentsMargins());
}

QSize FlowLayout::minimumSize() const
{
    QSize size;
    for (const QLayoutItem *item : m_items)
        size = size.expandedTo(item->minimumSize());
    return size.grownBy(contentsMargins());
}

void FlowLayout::setGeometry(const QRect &rect)
{
    QLayout::setGeometry(rect);
    place(rect, false);
}

int FlowLayout::place(const QRect &rect, bool dryRun) const
{
    const QRect area = rect.marginsRemoved(contentsMargins());
    int y = area.y();
    for (qsizetype first = 0; first < m_items.size();) {
        // As many as fit.
        qsizetype last = first;
        int width = 0;
        int height = 0;
        for (; last < m_items.size(); ++last) {
            const QSize size = m_items[last]->sizeHint();
            if (last > first && width + size.width() > area.width())
                break;
            width += size.width() + spacing();
            height = std::max(height, size.height());
        }
        if (first > 0)
            y += spacing();
        int x = area.x();
        for (; first < last; ++first) {
            const QSize size = m_items[first]->sizeHint();
            const bool isCentred = (m_items[first]->alignment() & Qt::AlignVCenter) != 0;
            const int down = isCentred ? (height - size.height()) / 2 : 0;
            if (!dryRun)
                m_items[first]->setGeometry(QRect(QPoint(x, y + down), size));
            x += size.width() + spacing();
        }
        y += height;
    }
    return y + contentsMargins().bottom() - rect.y();
}

} // namespace sapsam::ui
