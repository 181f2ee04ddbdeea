#include "ui/models/part_model.h"

#include "ui/support/text.h"

#include <QLocale>
#include <QStringList>

#include <utility>

namespace sapsam::ui {

QString shapeText(const MaskShape &shape)
{
    const QString pieces =
        shape.pieces == 1 ? PartModel::tr("1 piece") : PartModel::tr("%1 pieces").arg(shape.pieces);
    if (shape.holes == 0)
        return pieces;
    return shape.holes == 1 ? PartModel::tr("%1, 1 hole").arg(pieces)
                            : PartModel::tr("%1, %2 holes").arg(pieces).arg(shape.holes);
}

PartModel::PartModel(QObject *parent) : QAbstractListModel(parent) {}

void PartModel::setParts(std::vector<PartRow> parts)
{
    beginResetModel();
    m_parts = std::move(parts);
    endResetModel();
}

int PartModel::rowOf(const QString &group) const
{
    for (std::size_t row = 0; row < m_parts.size(); ++row) {
        if (m_parts[row].group == group)
            return static_cast<int>(row);
    }
    return -1;
}

void PartModel::setShape(std::int64_t regionId, const MaskShape &shape)
{
    for (int row = 0; row < rowCount(); ++row) {
        PartRow &part = m_parts[static_cast<std::size_t>(row)];
        if (part.record.id != regionId)
            continue;
        part.shape = shape;
        Q_EMIT dataChanged(index(row), index(row), {DetailRole, Qt::AccessibleTextRole});
    }
}

void PartModel::allChanged(const QList<int> &roles)
{
    if (!m_parts.empty())
        Q_EMIT dataChanged(index(0), index(rowCount() - 1), roles);
}

void PartModel::setHiddenGroups(const QSet<QString> &groups)
{
    if (groups == m_hidden)
        return;
    m_hidden = groups;
    m_solo.clear();
    allChanged({Qt::CheckStateRole});
    Q_EMIT hiddenGroupsChanged(m_hidden);
}

void PartModel::toggleGroup(const QString &group)
{
    QSet<QString> groups = m_hidden;
    if (!groups.remove(group))
        groups.insert(group);
    setHiddenGroups(groups);
}

void PartModel::toggleSolo(const QString &group)
{
    if (m_solo == group) {
        setHiddenGroups(m_hiddenBeforeSolo);
        return;
    }
    const QSet<QString> before = m_solo.isEmpty() ? m_hidden : m_hiddenBeforeSolo;
    QSet<QString> others;
    for (const PartRow &part : m_parts) {
        if (part.group != group)
            others.insert(part.group);
    }
    setHiddenGroups(others);
    m_hiddenBeforeSolo = before;
    m_solo = group;
}

void PartModel::toggleLock(const QString &group)
{
    if (!m_locked.remove(group))
        m_locked.insert(group);
    allChanged({LockedRole, Qt::AccessibleTextRole});
    Q_EMIT lockedGroupsChanged(m_locked);
}

void PartModel::setActiveGroup(const QString &group)
{
    if (group == m_active)
        return;
    m_active = group;
    allChanged({ActiveRole});
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
        QStringList details;
        const bool isHuman = part.maskOrigin == QLatin1String("human");
        if (isHuman)
            details.append(part.record.modelHash.empty() ? tr("drawn by a person")
                                                         : tr("taken by a person"));
        if (!isHuman || !part.record.modelHash.empty())
            details.append(tr("IoU %1").arg(QLocale().toString(part.score, 'f', 2)));
        details.append(tr("%1 % area").arg(QLocale().toString(part.area * 100.0, 'f', 1)));
        if (part.shape && (part.shape->pieces > 1 || part.shape->holes > 0))
            details.append(shapeText(*part.shape));
        if (!isHuman && !part.model.isEmpty())
            details.append(part.model);
        if (part.phraseOrigin == QLatin1String("human"))
            details.append(tr("phrase by a person"));
        return details.join(QStringLiteral(" · "));
    }
    case PatternRole:
        return part.pattern;
    case LockedRole:
        return m_locked.contains(part.group);
    case ActiveRole:
        return part.group == m_active;
    case Qt::EditRole:
        return part.phrase;
    case Qt::CheckStateRole:
        return m_hidden.contains(part.group) ? Qt::Unchecked : Qt::Checked;
    case Qt::AccessibleTextRole:
        return tr("%1: %2, score %3, %4")
            .arg(part.title, part.phrase.isEmpty() ? tr("no phrase yet") : part.phrase,
                 QLocale().toString(part.score, 'f', 2),
                 m_locked.contains(part.group) ? tr("locked") : tr("not locked"));
    case Qt::ToolTipRole:
        return tr("%1. IoU is how well the model expects its mask to fit. Point at it to light it "
                  "up; a click chooses it for the tools, a double click edits the phrase. The eye "
                  "(or Space) shows and hides it, alone with Alt; the lock keeps it as it is.")
            .arg(part.phrase.isEmpty() ? part.title : part.phrase);
    default:
        return {};
    }
}

bool PartModel::setData(const QModelIndex &index, const QVariant &value, int role)
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return false;
    const PartRow &part = m_parts[static_cast<std::size_t>(index.row())];
    const QString group = part.group;
    if (role == Qt::EditRole) {
        const QString phrase = value.toString().simplified();
        if (phrase == part.phrase)
            return false;
        Q_EMIT phraseEdited(index.row(), phrase);
        return true;
    }
    if (role == LockedRole) {
        if (value.toBool() != m_locked.contains(group))
            toggleLock(group);
        return true;
    }
    if (role != Qt::CheckStateRole)
        return false;
    QSet<QString> groups = m_hidden;
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
    return Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable | Qt::ItemIsEditable
           | Qt::ItemNeverHasChildren;
}

} // namespace sapsam::ui
