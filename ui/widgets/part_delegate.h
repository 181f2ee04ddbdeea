#pragma once

#include <QStyledItemDelegate>

namespace sapsam::ui {

// A part as a card: colour swatch, title, phrase, details, and an eye that shows whether its group
// is drawn. A click on the eye or Space switches it.
class PartDelegate final : public QStyledItemDelegate
{
    Q_OBJECT

public:
    explicit PartDelegate(QObject *parent = nullptr);

    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    bool editorEvent(QEvent *event, QAbstractItemModel *model, const QStyleOptionViewItem &option,
                     const QModelIndex &index) override;

    static QRect eyeRect(const QRect &card);
};

} // namespace sapsam::ui
