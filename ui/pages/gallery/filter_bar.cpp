#include "ui/pages/gallery/filter_bar.h"

#include "ui/support/text.h"
#include "ui/widgets/filter_edit.h"
#include "ui/widgets/labels.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>

namespace sapsam::ui {

FilterBar::FilterBar(QWidget *parent)
    : QWidget(parent),
      m_edit(new FilterEdit),
      m_problem(makeLabel({}, "warning")),
      m_sort(new QComboBox),
      m_direction(new QToolButton),
      m_views(new QToolButton),
      m_viewMenu(new QMenu(this))
{
    m_edit->setPlaceholderText(tr("Filter, such as split:train has:hat colour:red rating>=4"));

    const std::pair<const char *, QString> sorts[] = {{"id", tr("Order of import")},
                                                      {"name", tr("Name")},
                                                      {"identity", tr("Identity")},
                                                      {"split", tr("Split")},
                                                      {"source", tr("Source")},
                                                      {"rating", tr("Rating")},
                                                      {"review", tr("Review")},
                                                      {"score", tr("Weakest part")},
                                                      {"parts", tr("Number of parts")},
                                                      {"size", tr("Size")},
                                                      {"duplicates", tr("Near-duplicates")},
                                                      {"path", tr("Path")}};
    for (const auto &[name, title] : sorts)
        m_sort->addItem(title, QString::fromLatin1(name));
    m_sort->setAccessibleName(tr("Sort by"));
    m_sort->setToolTip(tr("Sort by"));
    m_direction->setCheckable(true);
    m_direction->setText(QStringLiteral("↑"));
    m_direction->setAccessibleName(tr("Descending"));
    m_direction->setToolTip(tr("Turn the order round"));
    m_views->setText(tr("Views"));
    m_views->setAccessibleName(tr("Saved views"));
    m_views->setPopupMode(QToolButton::InstantPopup);
    m_views->setMenu(m_viewMenu);
    m_views->setProperty("menuButton", true);
    setViews({});
    m_problem->setWordWrap(true);
    m_problem->hide();

    auto *line = new QHBoxLayout;
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(8);
    line->addWidget(m_edit, 1);
    line->addWidget(m_sort);
    line->addWidget(m_direction);
    line->addWidget(m_views);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(20, 10, 20, 0);
    layout->setSpacing(4);
    layout->addLayout(line);
    layout->addWidget(m_problem);

    connect(m_edit, &QLineEdit::textChanged, this, &FilterBar::filterChanged);
    connect(m_sort, &QComboBox::currentIndexChanged, this, &FilterBar::sortChanged);
    connect(m_direction, &QToolButton::toggled, this, [this](bool on) {
        m_direction->setText(on ? QStringLiteral("↓") : QStringLiteral("↑"));
        Q_EMIT sortChanged();
    });
}

QString FilterBar::filter() const
{
    return m_edit->text();
}

void FilterBar::setFilter(const QString &text)
{
    m_edit->setText(text);
}

GallerySort FilterBar::sort() const
{
    GallerySort sort =
        gallerySortFromName(toStdString(m_sort->currentData().toString())).value_or(GallerySort{});
    sort.descending = m_direction->isChecked();
    return sort;
}

void FilterBar::setSort(const GallerySort &sort)
{
    const QSignalBlocker one(m_sort);
    m_sort->setCurrentIndex(
        std::max(0, m_sort->findData(toQString(nameOf(GallerySort{sort.key, false})))));
    m_direction->setChecked(sort.descending);
    Q_EMIT sortChanged();
}

void FilterBar::setViews(const std::vector<SavedView> &views)
{
    m_viewMenu->clear();
    for (const SavedView &view : views) {
        const QString name = toQString(view.name);
        QAction *open = m_viewMenu->addAction(name);
        open->setToolTip(toQString(view.filter));
        connect(open, &QAction::triggered, this, [this, name] { Q_EMIT viewChosen(name); });
    }
    if (!views.empty())
        m_viewMenu->addSeparator();
    connect(m_viewMenu->addAction(tr("Save as a view…")), &QAction::triggered, this,
            &FilterBar::saveViewRequested);
    if (views.empty())
        return;
    QMenu *rename = m_viewMenu->addMenu(tr("Rename"));
    QMenu *erase = m_viewMenu->addMenu(tr("Delete"));
    for (const SavedView &view : views) {
        const QString name = toQString(view.name);
        connect(rename->addAction(name), &QAction::triggered, this,
                [this, name] { Q_EMIT renameViewRequested(name); });
        connect(erase->addAction(name), &QAction::triggered, this,
                [this, name] { Q_EMIT deleteViewRequested(name); });
    }
}

void FilterBar::setProblem(const QString &problem)
{
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
}

QString FilterBar::problem() const
{
    return m_problem->text();
}

void FilterBar::focusEdit()
{
    m_edit->setFocus();
    m_edit->selectAll();
}

QLineEdit *FilterBar::edit() const
{
    return m_edit;
}

void FilterBar::setVocabulary(const FilterVocabulary &words)
{
    m_edit->setVocabulary(words);
}

} // namespace sapsam::ui
