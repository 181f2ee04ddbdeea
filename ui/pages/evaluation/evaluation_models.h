#pragma once

#include "core/pipeline/evaluation_report.h"

#include <QAbstractListModel>
#include <QAbstractTableModel>
#include <QStyledItemDelegate>

#include <memory>
#include <vector>

namespace sapsam::ui {

// The evaluations of the project, newest first.
class EvaluationListModel final : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role {
        IdRole = Qt::UserRole + 1,
        DataRole,
        HeadlineRole,
        WorstLevelRole,
        DateRole,
        TimeRole
    };

    explicit EvaluationListModel(QObject *parent = nullptr);

    void setRecords(std::vector<EvaluationRecord> records);
    const EvaluationRecord *recordAt(int row) const; // null for a row that is not there
    int rowOf(qint64 id) const;                      // -1 when it is not there

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;

private:
    struct Entry
    {
        EvaluationRecord record;
        QString headline; // "R@1 84.2 · mAP 71.0"
        BadgeLevel worst = BadgeLevel::Good;
        QString badges; // titles of what is not good
    };
    std::vector<Entry> m_entries;
};

// A card of the list: model, data, numbers, date and a mark for the worst badge.
class EvaluationDelegate final : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

using ReportPointer = std::shared_ptr<const EvaluationReport>;

// The colour that stands for a level on both themes.
QColor levelColor(BadgeLevel level, const QPalette &palette);
// Titles of causes, in the window's language.
QString causeTitle(FailureCause cause);
QString causeRule(FailureCause cause);

// The causes of the misses with their counts.
class CauseModel final : public QAbstractListModel
{
    Q_OBJECT

public:
    explicit CauseModel(QObject *parent = nullptr);

    // Queries whose right person stands beyond this rank; null for no report.
    void setReport(const ReportPointer &report, int beyond);
    bool isAll(int row) const { return row == 0; }
    FailureCause causeAt(int row) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;

private:
    struct Entry
    {
        FailureCause cause = FailureCause::None;
        int count = 0;
    };
    std::vector<Entry> m_entries; // the first one stands for all
};

// The missed queries of a cause, the farthest first.
class MissModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Rank, Query, Cause, ColumnCount };

    explicit MissModel(QObject *parent = nullptr);

    void setMisses(const ReportPointer &report, std::vector<int> queries);
    int queryAt(int row) const; // in the report; -1 for a row that is not there

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    ReportPointer m_report;
    std::vector<int> m_queries;
};

// Queries by the damage that the second model does.
class ShiftModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { RankA, RankB, Damage, Query, ColumnCount };

    explicit ShiftModel(QObject *parent = nullptr);

    void setDiff(const ReportPointer &report, std::vector<RankShift> shifts);
    int queryAt(int row) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    ReportPointer m_report;
    std::vector<RankShift> m_shifts;
};

} // namespace sapsam::ui
