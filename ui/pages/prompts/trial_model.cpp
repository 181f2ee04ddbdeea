#include "ui/pages/prompts/trial_model.h"

#include "ui/pages/prompts/lab_data.h"
#include "ui/support/text.h"

#include <utility>

namespace sapsam::ui {

TrialModel::TrialModel(QObject *parent) : QAbstractTableModel(parent) {}

void TrialModel::setTrial(Trial trial)
{
    beginResetModel();
    m_trial = std::move(trial);
    m_pictures.assign(m_trial.definition.templates.size() * m_trial.crops.size(), QImage());
    count();
    endResetModel();
}

void TrialModel::setCell(const TrialCell &cell)
{
    const std::size_t at = m_trial.indexOf(cell.row, cell.model, cell.position);
    if (cell.row >= rowCount() || cell.model >= models() || at >= m_trial.cells.size())
        return;
    m_trial.cells[at] = cell;
    count();
    const QModelIndex changed = index(cell.row, cell.position * models() + cell.model);
    Q_EMIT dataChanged(changed, changed);
    Q_EMIT headerDataChanged(Qt::Vertical, 0, rowCount() - 1);
}

void TrialModel::setPictures(int position, const std::vector<QImage> &ofRows)
{
    if (position < 0 || position >= static_cast<int>(m_trial.crops.size())
        || ofRows.size() != m_trial.definition.templates.size())
        return;
    for (std::size_t row = 0; row < ofRows.size(); ++row)
        m_pictures[row * m_trial.crops.size() + static_cast<std::size_t>(position)] = ofRows[row];
    Q_EMIT dataChanged(index(0, position * models()),
                       index(rowCount() - 1, position * models() + models() - 1), {PictureRole});
}

void TrialModel::setRunning(bool running)
{
    if (m_running == running)
        return;
    m_running = running;
    if (rowCount() > 0 && columnCount() > 0)
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

void TrialModel::setInUse(const std::optional<GroupTemplate> &content)
{
    m_inUse = content;
    if (rowCount() > 0)
        Q_EMIT headerDataChanged(Qt::Vertical, 0, rowCount() - 1);
}

bool TrialModel::isInUse(int row) const
{
    return m_inUse && row < rowCount()
           && m_trial.definition.templates[static_cast<std::size_t>(row)].content == *m_inUse;
}

const TrialCell *TrialModel::cell(const QModelIndex &index) const
{
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= columnCount())
        return nullptr;
    return &m_trial.cells[m_trial.indexOf(index.row(), modelOf(index.column()),
                                          positionOf(index.column()))];
}

QImage TrialModel::picture(int row, int position) const
{
    const std::size_t at =
        static_cast<std::size_t>(row) * m_trial.crops.size() + static_cast<std::size_t>(position);
    return at < m_pictures.size() ? m_pictures[at] : QImage();
}

const TemplateStatistics &TrialModel::statistics(int row, int model) const
{
    return m_statistics.at(static_cast<std::size_t>(row) * static_cast<std::size_t>(models())
                           + static_cast<std::size_t>(model));
}

void TrialModel::count()
{
    m_statistics.clear();
    for (int row = 0; row < rowCount(); ++row)
        for (int model = 0; model < models(); ++model)
            m_statistics.push_back(m_trial.statistics(row, model));
    const int best = bestTemplate(m_statistics);
    m_best = best < 0 ? std::make_pair(-1, -1) : std::make_pair(best / models(), best % models());
}

int TrialModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_trial.definition.templates.size());
}

int TrialModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_trial.crops.size()) * models();
}

QVariant TrialModel::data(const QModelIndex &index, int role) const
{
    const TrialCell *shown = cell(index);
    if (shown == nullptr)
        return {};
    const bool hasFailed = shown->isDone && !shown->error.empty();
    switch (role) {
    case Qt::DisplayRole:
        if (hasFailed)
            return toQString(shown->error);
        if (shown->isDone)
            return shown->text.empty() ? tr("(nothing)") : toQString(shown->text);
        return m_running ? tr("waiting…") : tr("not tried yet");
    case Qt::ToolTipRole: {
        QStringList lines;
        if (shown->isDone)
            lines.append(data(index, Qt::DisplayRole).toString());
        if (shown->isDone && !hasFailed)
            lines += reasonsOf(shown->verdict,
                               m_trial.crops[static_cast<std::size_t>(shown->position)].colours);
        return lines.join(QLatin1Char('\n'));
    }
    case Qt::AccessibleTextRole: {
        const QString name =
            toQString(m_trial.definition.templates[static_cast<std::size_t>(shown->row)].name);
        QString text = tr("%1, crop %2: %3")
                           .arg(name)
                           .arg(shown->position + 1)
                           .arg(data(index, Qt::DisplayRole).toString());
        const QStringList marks = data(index, MarksRole).toStringList();
        if (!marks.isEmpty())
            text += QStringLiteral(" (") + marks.join(QStringLiteral(", ")) + QLatin1Char(')');
        return text;
    }
    case PictureRole:
        return picture(index.row(), shown->position);
    case MarksRole:
        return shown->isDone && !hasFailed ? marksOf(shown->verdict) : QStringList();
    case DoneRole:
        return shown->isDone;
    case FailedRole:
        return hasFailed;
    case ColourRole:
        return shown->isDone && shown->verdict.namesColour;
    case BestRole:
        return m_best == std::make_pair(shown->row, shown->model);
    default:
        return {};
    }
}

QVariant TrialModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Horizontal) {
        if (role != Qt::DisplayRole || section < 0 || section >= columnCount())
            return {};
        const int position = positionOf(section) + 1;
        if (models() < 2)
            return tr("Crop %1").arg(position);
        return modelOf(section) == 0 ? tr("Crop %1 · A").arg(position)
                                     : tr("Crop %1 · B").arg(position);
    }
    if (section < 0 || section >= rowCount())
        return {};
    const TrialTemplate &row = m_trial.definition.templates[static_cast<std::size_t>(section)];
    switch (role) {
    case Qt::DisplayRole:
        return toQString(row.name);
    case Qt::ToolTipRole:
        return toQString(row.content.prompt);
    case BestRole:
        return m_best.first == section;
    default:
        return {};
    }
}

} // namespace sapsam::ui
