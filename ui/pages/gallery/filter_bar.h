#pragma once

#include "core/store/curation.h"
#include "core/text/filter_language.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QLineEdit;
class QMenu;
class QToolButton;

namespace sapsam::ui {

class FilterEdit;

// The filter as text, with completion and what is wrong with it; the order; the saved views.
class FilterBar final : public QWidget
{
    Q_OBJECT

public:
    explicit FilterBar(QWidget *parent = nullptr);

    QString filter() const;
    void setFilter(const QString &text); // filterChanged() follows when it differs
    GallerySort sort() const;
    void setSort(const GallerySort &sort);
    void setVocabulary(const FilterVocabulary &words);
    void setViews(const std::vector<SavedView> &views);
    void setProblem(const QString &problem); // empty for none
    QString problem() const;
    void focusEdit();
    QLineEdit *edit() const;

Q_SIGNALS:
    void filterChanged();
    void sortChanged();
    void viewChosen(const QString &name);
    void saveViewRequested();
    void renameViewRequested(const QString &name);
    void deleteViewRequested(const QString &name);

private:
    FilterEdit *m_edit;
    QLabel *m_problem;
    QComboBox *m_sort;
    QToolButton *m_direction;
    QToolButton *m_views;
    QMenu *m_viewMenu;
};

} // namespace sapsam::ui
