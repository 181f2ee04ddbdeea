#include "ui/models/gallery_model.h"

#include "ui/support/text.h"

#include <algorithm>
#include <utility>

namespace sapsam::ui {

GalleryModel::GalleryModel(QObject *parent) : QAbstractListModel(parent) {}

void GalleryModel::setItems(std::vector<GalleryItem> items)
{
    const bool grows =
        items.size() >= m_items.size()
        && std::equal(m_items.begin(), m_items.end(), items.begin(),
                      [](const GalleryItem &a, const GalleryItem &b) { return a.id == b.id; });
    if (grows && !m_ranked) {
        const int before = static_cast<int>(m_items.size());
        const int after = static_cast<int>(items.size());
        if (after > before)
            beginInsertRows({}, before, after - 1);
        m_items = std::move(items);
        rebuildPositions();
        if (after > before)
            endInsertRows();
        return;
    }
    if (grows && m_hits.size() == m_answer.size()) {
        // The ranking is complete: nothing that is shown changes.
        m_items = std::move(items);
        rebuildPositions();
        return;
    }
    beginResetModel();
    m_items = std::move(items);
    rebuildPositions();
    rebuildHits();
    endResetModel();
}

void GalleryModel::setRanking(std::vector<GalleryHit> hits)
{
    beginResetModel();
    m_answer = std::move(hits);
    m_ranked = true;
    rebuildHits();
    endResetModel();
}

void GalleryModel::clearRanking()
{
    if (!m_ranked)
        return;
    beginResetModel();
    m_answer.clear();
    m_ranked = false;
    rebuildHits();
    endResetModel();
}

void GalleryModel::rebuildPositions()
{
    m_positions.clear();
    m_positions.reserve(static_cast<qsizetype>(m_items.size()));
    for (std::size_t row = 0; row < m_items.size(); ++row)
        m_positions.insert(m_items[row].id, static_cast<int>(row));
}

void GalleryModel::rebuildHits()
{
    m_hits.clear();
    m_hitRows.clear();
    for (const GalleryHit &hit : m_answer) {
        if (!m_positions.contains(hit.id))
            continue;
        m_hitRows.insert(hit.id, static_cast<int>(m_hits.size()));
        m_hits.push_back(hit);
    }
}

qint64 GalleryModel::idAt(int row) const
{
    const GalleryItem *item = itemAt(row);
    return item != nullptr ? item->id : 0;
}

int GalleryModel::rowOf(qint64 id) const
{
    return m_ranked ? m_hitRows.value(id, -1) : m_positions.value(id, -1);
}

const GalleryItem *GalleryModel::itemAt(int row) const
{
    if (row < 0 || row >= rowCount())
        return nullptr;
    if (m_ranked)
        return item(m_hits[static_cast<std::size_t>(row)].id);
    return &m_items[static_cast<std::size_t>(row)];
}

const GalleryItem *GalleryModel::item(qint64 id) const
{
    const auto found = m_positions.constFind(id);
    return found == m_positions.constEnd() ? nullptr : &m_items[static_cast<std::size_t>(*found)];
}

const GalleryHit *GalleryModel::hitAt(int row) const
{
    if (!m_ranked || row < 0 || row >= rowCount())
        return nullptr;
    return &m_hits[static_cast<std::size_t>(row)];
}

int GalleryModel::rowCount(const QModelIndex &parent) const
{
    if (parent.isValid())
        return 0;
    return static_cast<int>(m_ranked ? m_hits.size() : m_items.size());
}

QVariant GalleryModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const GalleryItem *item = itemAt(index.row());
    const GalleryHit *hit = hitAt(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return item->name;
    case Qt::ToolTipRole:
        return item->path;
    case Qt::AccessibleTextRole:
        if (hit == nullptr)
            return item->name;
        if (hit->matches.isEmpty())
            return tr("%1, rank %2, score %3")
                .arg(item->name, countText(hit->rank), scoreText(hit->score));
        return tr("%1, rank %2, score %3, matched: %4")
            .arg(item->name, countText(hit->rank), scoreText(hit->score), hit->matches);
    case IdRole:
        return item->id;
    case PathRole:
        return item->path;
    case PictureRole:
        return QVariant::fromValue(item->picture);
    case RankRole:
        return hit != nullptr ? QVariant(hit->rank) : QVariant();
    case ScoreRole:
        return hit != nullptr ? QVariant(hit->score) : QVariant();
    default:
        return {};
    }
}

} // namespace sapsam::ui
