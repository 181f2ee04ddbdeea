#pragma once

#include <QHeaderView>
#include <QStyledItemDelegate>
#include <QTableView>

namespace sapsam::ui {

class TrialModel;

// A cell: what the model sees, what it wrote, and what is held against it.
class TrialDelegate final : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;
};

// A row's head: the template and the statistics of what it wrote, for one or two models.
class TemplateHeader final : public QHeaderView
{
    Q_OBJECT

public:
    explicit TemplateHeader(TrialModel *model, QWidget *parent = nullptr);

    void fit(); // to the font and the number of models

protected:
    bool event(QEvent *event) override;
    void paintSection(QPainter *painter, const QRect &rect, int section) const override;
    QSize sectionSizeFromContents(int section) const override;

private:
    TrialModel *m_model;
};

// The matrix. Only cells on the screen are drawn; there is no widget for any of them.
class TrialView final : public QTableView
{
    Q_OBJECT

public:
    explicit TrialView(TrialModel *model, QWidget *parent = nullptr);
};

} // namespace sapsam::ui
