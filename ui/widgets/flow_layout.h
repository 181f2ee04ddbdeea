#pragma once

#include <QLayout>
#include <QList>

namespace sapsam::ui {

// Places widgets in lines, as words in a text, at the top of their line or, where they are aligned
// so, in its middle.
class FlowLayout final : public QLayout
{
public:
    explicit FlowLayout(QWidget *parent = nullptr, int spacing = 6);
    ~FlowLayout() override;

    void clear(); // deletes the widgets

    void addItem(QLayoutItem *item) override;
    int count() const override;
    QLayoutItem *itemAt(int index) const override;
    QLayoutItem *takeAt(int index) override;
    Qt::Orientations expandingDirections() const override;
    bool hasHeightForWidth() const override;
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;
    QSize minimumSize() const override;
    void setGeometry(const QRect &rect) override;

private:
    int place(const QRect &rect, bool dryRun) const;

    QList<QLayoutItem *> m_items;
};

} // namespace sapsam::ui
