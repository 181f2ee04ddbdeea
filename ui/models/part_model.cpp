#include "ui/models/part_model.h"

#include "ui/support/text.h"

#include <QLocale>

#include <utility>

namespace sapsam::ui {

PartModel::PartModel(QObject *parent) : QAbstractListModel(parent) {}

void PartModel::setParts(std::vector<PartRow> parts)
{
    beginResetModel();
    m_parts = std::move(parts);
    endResetModel();
}

void PartModel::setHiddenGroups(const QSet<QString> &groups)
{
    if (groups == m_hidden)
        return;
    m_hidden = groups;
    if (!m_parts.empty())
        Q_EMIT dataChanged(index(0), index(rowCount() - 1), {Qt::CheckStateRole});
    Q_EMIT hiddenGroupsChanged(m_hidden);
}

void PartModel::toggleGroup(const QString &group)
{
    QSet<QString> groups = m_hidden;
    if (!groups.remove(group))
        groups.insert(group);
    setHiddenGroups(groups);
}

int PartModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_parts.size());
}

QVariant PartModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const PartRow &part = m_parts[static_cast<std::size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        return part.title;
    case GroupRole:
        return part.group;
    case ColorRole:
        return part.color;
    case PhraseRole:
        return part.phrase;
    case DetailRole: {
        QString detail = tr("IoU %1 · %2 area")
                             .arg(QLocale().toString(part.score, 'f', 2),
                                  QLocale().toString(part.area * 100.0, 'f', 1) + QLatin1Char('%'));
        if (part.maskOrigin == QLatin1String("human"))
            detail += tr(" · drawn by a person");
        else if (!part.model.isEmpty())
            detail += QStringLiteral(" · ") + part.model;
        if (part.phraseOrigin == QLatin1String("human"))
            detail += tr(" · phrase by a person");
        return detail;
    }
    case Qt::CheckStateRole:
        return m_hidden.contains(part.group) ? Qt::Unchecked : Qt::Checked;
    case Qt::AccessibleTextRole:
        return tr("%1: %2, score %3")
            .arg(part.title, part.phrase.isEmpty() ? tr("no phrase yet") : part.phrase,
                 QLocale().toString(part.score, 'f', 2));
    case Qt::ToolTipRole:
        return tr("%1. IoU is how well the model expects its mask to fit. Point at it to light it "
                  "up; Space or a click on the eye switches it on and off.")
            .arg(part.phrase.isEmpty() ? part.title : part.phrase);
    default:
        return {};
    }
}

bool PartModel::setData(const QModelIndex &index, const QVariant &value, int role)
{
    if (role != Qt::CheckStateRole
        || !checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return false;
    QSet<QString> groups = m_hidden;
    const QString &group = m_parts[static_cast<std::size_t>(index.row())].group;
    if (value.toInt() == Qt::Checked)
        groups.remove(group);
    else
        groups.insert(group);
    setHiddenGroups(groups);
    return true;
}

Qt::ItemFlags PartModel::flags(const QModelIndex &index) const
{
    if (!index.isValid())
        return Qt::NoItemFlags;
    return Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable
           | Qt::ItemNeverHasChildren;
}

} // namespace sapsam::ui
