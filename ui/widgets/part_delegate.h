#pragma once

#include <QStyledItemDelegate>

namespace sapsam::ui {

// A part as a card: swatch with colour and pattern, title, phrase, details, an eye that shows
// whether its group is drawn and a lock. A click on the eye or Space switches it, with Alt it shows
// the part alone; the phrase is edited in its place.
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

    QWidget *createEditor(QWidget *parent, const QStyleOptionViewItem &option,
                          const QModelIndex &index) const override;
    // What is being typed stays when the row's facts change meanwhile.
    void setEditorData(QWidget *editor, const QModelIndex &index) const override;
    void updateEditorGeometry(QWidget *editor, const QStyleOptionViewItem &option,
                              const QModelIndex &index) const override;

    static QRect eyeRect(const QRect &card);
    static QRect lockRect(const QRect &card);

Q_SIGNALS:
    void soloRequested(const QModelIndex &index);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
};

} // namespace sapsam::ui
