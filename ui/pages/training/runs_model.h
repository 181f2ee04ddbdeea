#pragma once

#include "core/engine/run_registry.h"

#include <QAbstractListModel>
#include <QColor>
#include <QPalette>
#include <QString>
#include <QStyledItemDelegate>

#include <vector>

namespace sapsam::ui {

// Colours of runs that are drawn over each other; told apart by the colour-blind too.
QColor runColor(int place, const QPalette &palette);
// "running", "waiting", … for people.
QString stateText(const RunSummary &run);
QColor stateColor(const RunSummary &run, const QPalette &palette);
// "R@1 87.3": numbers of runs read alike everywhere.
QString bestText(const RunSummary &run);
// "120 of 400 · epoch 3 · 2 min left".
QString progressText(const RunSummary &run);

// The runs of a project, newest first. Rows keep their place while runs go on: selections and
// scrolling are not lost by a refresh.
class RunsModel final : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role { IdRole = Qt::UserRole + 1, StateRole };

    using QAbstractListModel::QAbstractListModel;

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;

    // Inserts, removes and changes what differs. The order is that of the list.
    void setRuns(const std::vector<RunSummary> &runs);
    const RunSummary *at(int row) const; // null for no row
    const RunSummary *find(const QString &id) const;
    int rowOf(const QString &id) const; // -1 for none
    int loadedCount() const;

private:
    std::vector<RunSummary> m_runs;
};

// A run as a card: name and state, when it began and its best, how far it is.
class RunDelegate final : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

} // namespace sapsam::ui
