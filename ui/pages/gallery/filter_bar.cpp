#include "ui/pages/gallery/filter_bar.h"

#include "ui/support/text.h"
#include "ui/widgets/labels.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QCompleter>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QSignalBlocker>
#include <QStringListModel>
#include <QToolButton>
#include <QVBoxLayout>

namespace sapsam::ui {

namespace {

constexpr int kMaxOffers = 12;

} // namespace

FilterBar::FilterBar(QWidget *parent)
    : QWidget(parent),
      m_edit(new QLineEdit),
      m_problem(makeLabel({}, "warning")),
      m_sort(new QComboBox),
      m_direction(new QToolButton),
      m_views(new QToolButton),
      m_viewMenu(new QMenu(this)),
      m_completer(new QCompleter(this)),
      m_offers(new QStringListModel(this))
{
    m_edit->setPlaceholderText(tr("Filter, such as split:train has:hat colour:red rating>=4"));
    m_edit->setAccessibleName(tr("Filter"));
    m_edit->setClearButtonEnabled(true);
    QString help;
    for (const FilterKeyHelp &key : filterKeys())
        help += QStringLiteral("%1 — %2\n").arg(toQString(key.example), toQString(key.help));
    m_edit->setToolTip(help.trimmed());

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
    setViews({});
    m_problem->setWordWrap(true);
    m_problem->hide();

    m_completer->setModel(m_offers);
    m_completer->setWidget(m_edit);
    m_completer->setCompletionMode(QCompleter::UnfilteredPopupCompletion);

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
    connect(m_edit, &QLineEdit::textEdited, this, &FilterBar::complete);
    connect(m_completer, qOverload<const QString &>(&QCompleter::activated), this,
            &FilterBar::insertCompletion);
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

void FilterBar::complete()
{
    const QString text = m_edit->text();
    const QByteArray all = text.toUtf8();
    const auto cursor =
        static_cast<std::size_t>(text.left(m_edit->cursorPosition()).toUtf8().size());
    const FilterCompletions found =
        completeFilter({all.constData(), static_cast<std::size_t>(all.size())}, cursor, m_words);
    m_begin = QString::fromUtf8(all.left(static_cast<qsizetype>(found.begin))).size();
    m_end = QString::fromUtf8(all.left(static_cast<qsizetype>(found.end))).size();
    QStringList offers;
    for (const FilterCompletion &item : found.items) {
        if (offers.size() < kMaxOffers)
            offers.append(toQString(item.text));
    }
    const QString typed = text.mid(m_begin, m_end - m_begin);
    // Nothing to complete, or complete already.
    if (offers.isEmpty() || typed.isEmpty() || (offers.size() == 1 && offers.first() == typed)) {
        m_completer->popup()->hide();
        return;
    }
    m_offers->setStringList(offers);
    m_completer->complete();
}

void FilterBar::insertCompletion(const QString &text)
{
    QString whole = m_edit->text();
    whole.replace(m_begin, m_end - m_begin, text);
    m_edit->setText(whole);
    m_edit->setCursorPosition(static_cast<int>(m_begin + text.size()));
}

} // namespace sapsam::ui
