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
    if (grows && !m_ranked && !m_filtered) {
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
    if (grows && m_ranked && !m_filtered && m_hits.size() == m_answer.size()) {
        // The ranking is complete: nothing that is shown changes.
        m_items = std::move(items);
        rebuildPositions();
        return;
    }
    beginResetModel();
    m_items = std::move(items);
    rebuildPositions();
    rebuildView();
    rebuildHits();
    endResetModel();
}

void GalleryModel::setMarks(const std::vector<std::int64_t> &ids,
                            const std::vector<PictureMarks> &marks)
{
    m_marks.clear();
    for (std::size_t i = 0; i < ids.size() && i < marks.size(); ++i) {
        if (marks[i] != PictureMarks{})
            m_marks.insert(ids[i], marks[i]);
    }
}

void GalleryModel::setView(std::vector<std::int64_t> ids, const std::vector<PictureMarks> &marks)
{
    setMarks(ids, marks);
    if (m_filtered && ids == m_viewIds) {
        // What is chosen stays chosen.
        if (rowCount() > 0)
            Q_EMIT dataChanged(index(0), index(rowCount() - 1), {MarksRole});
        return;
    }
    beginResetModel();
    m_filtered = true;
    m_viewIds = std::move(ids);
    rebuildView();
    rebuildHits();
    endResetModel();
}

void GalleryModel::clearView(const std::vector<std::int64_t> &ids,
                             const std::vector<PictureMarks> &marks)
{
    setMarks(ids, marks);
    if (!m_filtered) {
        if (rowCount() > 0)
            Q_EMIT dataChanged(index(0), index(rowCount() - 1), {MarksRole});
        return;
    }
    beginResetModel();
    m_filtered = false;
    m_viewIds.clear();
    rebuildView();
    rebuildHits();
    endResetModel();
}

void GalleryModel::rebuildView()
{
    m_view.clear();
    m_view.reserve(m_viewIds.size());
    m_viewRows.assign(m_items.size(), -1);
    for (const std::int64_t id : m_viewIds) {
        const auto place = m_positions.constFind(id);
        if (place == m_positions.constEnd())
            continue;
        m_viewRows[static_cast<std::size_t>(*place)] = static_cast<int>(m_view.size());
        m_view.push_back(*place);
    }
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
        if (!m_positions.contains(hit.id) || (m_filtered && viewRow(hit.id) < 0))
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
    if (m_ranked)
        return m_hitRows.value(id, -1);
    return m_filtered ? viewRow(id) : m_positions.value(id, -1);
}

int GalleryModel::viewRow(qint64 id) const
{
    const int place = m_positions.value(id, -1);
    return place < 0 ? -1 : m_viewRows[static_cast<std::size_t>(place)];
}

const GalleryItem *GalleryModel::itemAt(int row) const
{
    if (row < 0 || row >= rowCount())
        return nullptr;
    if (m_ranked)
        return item(m_hits[static_cast<std::size_t>(row)].id);
    const int place = m_filtered ? m_view[static_cast<std::size_t>(row)] : row;
    return &m_items[static_cast<std::size_t>(place)];
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
    if (m_ranked)
        return static_cast<int>(m_hits.size());
    return static_cast<int>(m_filtered ? m_view.size() : m_items.size());
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
        if (hit == nullptr) {
            const PictureMarks said = marks(item->id);
            if (said.duplicateOf == 0)
                return item->name;
            return said.isBest ? tr("%1, the best of its near-duplicates").arg(item->name)
                               : tr("%1, a near-duplicate").arg(item->name);
        }
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
    case MarksRole:
        return QVariant::fromValue(marks(item->id));
    case RankRole:
        return hit != nullptr ? QVariant(hit->rank) : QVariant();
    case ScoreRole:
        return hit != nullptr ? QVariant(hit->score) : QVariant();
    default:
        return {};
    }
}

} // namespace sapsam::ui
