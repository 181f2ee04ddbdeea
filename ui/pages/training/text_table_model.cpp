#include "ui/pages/training/text_table_model.h"

#include <QFont>

#include <algorithm>

namespace sapsam::ui {

TextTableModel::TextTableModel(const QStringList &headings, QObject *parent)
    : QAbstractTableModel(parent), m_headings(headings)
{
}

int TextTableModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int TextTableModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_headings.size());
}

QVariant TextTableModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= columnCount())
        return {};
    const Row &row = m_rows[static_cast<std::size_t>(index.row())];
    if (role == Qt::DisplayRole)
        return row.cells.value(index.column());
    if (role == Qt::ToolTipRole)
        return row.tip.isEmpty() ? row.cells.value(index.column()) : row.tip;
    if (role == KeyRole)
        return row.key;
    if (role == Qt::FontRole && row.isStrong) {
        QFont font;
        font.setWeight(QFont::DemiBold);
        return font;
    }
    return {};
}

QVariant TextTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Horizontal && role == Qt::DisplayRole)
        return m_headings.value(section);
    if (orientation == Qt::Horizontal && role == Qt::TextAlignmentRole)
        return static_cast<int>(Qt::AlignLeft | Qt::AlignVCenter);
    return {};
}

void TextTableModel::setRows(std::vector<Row> rows)
{
    const bool isSame = std::equal(
        rows.begin(), rows.end(), m_rows.begin(), m_rows.end(), [](const Row &a, const Row &b) {
            return a.cells == b.cells && a.isStrong == b.isStrong && a.key == b.key;
        });
    if (isSame)
        return; // what is selected stays
    beginResetModel();
    m_rows = std::move(rows);
    endResetModel();
}

void TextTableModel::setHeadings(const QStringList &headings)
{
    if (headings == m_headings)
        return;
    beginResetModel();
    m_headings = headings;
    endResetModel();
}

} // namespace sapsam::ui
