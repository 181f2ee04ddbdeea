#pragma once

#include <QAbstractTableModel>
#include <QStringList>

#include <vector>

namespace sapsam::ui {

// Rows of texts under headings: settings, checkpoints, differences.
class TextTableModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    struct Row
    {
        QStringList cells;
        bool isStrong = false; // differs from what is usual
        QString tip;
        QString key; // what the row stands for
    };
    enum Role { KeyRole = Qt::UserRole + 1 };

    explicit TextTableModel(const QStringList &headings, QObject *parent = nullptr);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void setRows(std::vector<Row> rows); // a reset when something differs
    void setHeadings(const QStringList &headings);
    const std::vector<Row> &rows() const { return m_rows; }

private:
    QStringList m_headings;
    std::vector<Row> m_rows;
};

} // namespace sapsam::ui
