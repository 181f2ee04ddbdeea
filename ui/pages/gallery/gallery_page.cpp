#include "ui/pages/gallery/gallery_page.h"

#include "ui/gallery/thumbnail_grid.h"
#include "ui/jobs/project_session.h"
#include "ui/models/gallery_model.h"
#include "ui/pages/gallery/facet_panel.h"
#include "ui/pages/gallery/filter_bar.h"
#include "ui/support/text.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/labels.h"

#include <QAction>
#include <QHBoxLayout>
#include <QInputDialog>
#include <QItemSelectionModel>
#include <QLabel>
#include <QMenu>
#include <QSlider>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace sapsam::ui {

GalleryPage::GalleryPage(const PageContext &context, QWidget *parent)
    : WorkbenchPage(parent),
      m_context(context),
      m_model(context.gallery),
      m_grid(new ThumbnailGrid(context.thumbnails)),
      m_empty(new EmptyState),
      m_stack(new QStackedWidget),
      m_count(makeLabel({}, "muted")),
      m_size(new QSlider(Qt::Horizontal)),
      m_filterBar(new FilterBar),
      m_facets(new FacetPanel(context.palette))
{
    setRole(this, "page");
    m_grid->setModel(m_model);

    m_size->setRange(ThumbnailGrid::kMinCellWidth, ThumbnailGrid::kMaxCellWidth);
    m_size->setValue(m_grid->cellWidth());
    m_size->setFixedWidth(140);
    m_size->setAccessibleName(tr("Size of the pictures"));
    m_size->setToolTip(tr("Size of the pictures (Ctrl and the mouse wheel)"));
    auto *header = new QHBoxLayout;
    header->setContentsMargins(20, 10, 20, 6);
    header->addWidget(m_count, 1);
    header->addWidget(makeLabel(tr("Size"), "small"));
    header->addSpacing(8);
    header->addWidget(m_size);

    m_stack->addWidget(m_grid);
    m_stack->addWidget(m_empty);
    auto *left = new QWidget;
    auto *leftLayout = new QVBoxLayout(left);
    leftLayout->setContentsMargins(0, 0, 0, 0);
    leftLayout->setSpacing(0);
    leftLayout->addWidget(m_filterBar);
    leftLayout->addLayout(header);
    leftLayout->addWidget(m_stack, 1);
    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setHandleWidth(1);
    splitter->addWidget(m_facets);
    splitter->addWidget(left);
    splitter->setStretchFactor(0, 0);
    splitter->setStretchFactor(1, 1);
    splitter->setCollapsible(1, false);
    splitter->setSizes({210, 1090});
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(splitter, 1);

    connect(m_size, &QSlider::valueChanged, m_grid, &ThumbnailGrid::setCellWidth);
    connect(m_grid, &ThumbnailGrid::cellWidthChanged, m_size, &QSlider::setValue);
    connect(m_grid, &QAbstractItemView::activated, this, [this](const QModelIndex &index) {
        m_context.openPicture(index.data(GalleryModel::IdRole).toLongLong());
    });
    connect(m_grid->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            [this] { updateCount(); });
    connect(m_model, &QAbstractItemModel::modelReset, this, [this] { updateCount(); });
    // The only empty state with a button is the one without pictures.
    connect(m_empty, &EmptyState::buttonClicked, this, &GalleryPage::importRequested);

    m_askTimer.setSingleShot(true);
    m_askTimer.setInterval(120); // a fast typist's pause
    connect(&m_askTimer, &QTimer::timeout, this, &GalleryPage::ask);
    connect(m_filterBar, &FilterBar::filterChanged, this, [this] { m_askTimer.start(); });
    connect(m_filterBar, &FilterBar::sortChanged, this, [this] { m_askTimer.start(); });
    connect(m_facets, &FacetPanel::valueToggled, this,
            [this](const QString &key, const QString &value) {
                // A filter with a problem gives way to the click.
                const std::string text = toStdString(m_filterBar->filter());
                m_filterBar->setFilter(
                    toQString(filterWithToggled(parseFilter(text).problem ? std::string() : text,
                                                toStdString(key), toStdString(value))));
            });
    connect(m_filterBar, &FilterBar::viewChosen, this, [this](const QString &name) {
        for (const SavedView &view : m_views) {
            if (toQString(view.name) == name) {
                m_filterBar->setSort(view.sort);
                showFiltered(toQString(view.filter));
                return;
            }
        }
    });
    connect(m_filterBar, &FilterBar::saveViewRequested, this, [this] {
        askForText(tr("Save as a view"), tr("Name"), {}, [this](const QString &name) {
            const SavedView view{toStdString(name), toStdString(m_filterBar->filter()),
                                 m_filterBar->sort()};
            startEdit(
                tr("Save view %1").arg(name),
                [view](ProjectStore &, const std::vector<std::int64_t> &) {
                    return saveViewEdit(view);
                },
                false);
        });
    });
    connect(m_filterBar, &FilterBar::renameViewRequested, this, [this](const QString &name) {
        askForText(tr("Rename view"), tr("Name"), name, [this, name](const QString &fresh) {
            startEdit(
                tr("Rename view %1").arg(name),
                [from = toStdString(name),
                 to = toStdString(fresh)](ProjectStore &store, const std::vector<std::int64_t> &) {
                    return renameViewEdit(store, from, to);
                },
                false);
        });
    });
    connect(m_filterBar, &FilterBar::deleteViewRequested, this, [this](const QString &name) {
        startEdit(
            tr("Delete view %1").arg(name),
            [name = toStdString(name)](ProjectStore &store, const std::vector<std::int64_t> &) {
                return deleteViewEdit(store, name);
            },
            false);
    });
    connect(m_context.session, &ProjectSession::contentChanged, this, [this] {
        m_contentIsNew = true;
        if (!m_askTimer.isActive())
            m_askTimer.start();
    });
    connect(m_context.session, &ProjectSession::taxonomyChanged, m_facets,
            [this] { m_facets->setPartPalette(m_context.session->palette()); });
    connect(m_context.session, &ProjectSession::closed, this, &GalleryPage::forget);
    connect(m_context.session, &ProjectSession::editFailed, this, [this] {
        m_editing = false;
        runNextEdit();
    });
    m_grid->setContextMenuPolicy(Qt::ActionsContextMenu);
    refresh();
}

void GalleryPage::forget()
{
    m_asked.cancel();
    m_askTimer.stop();
    m_asking = false;
    m_askAgain = false;
    m_contentIsNew = true;
    m_editing = false;
    m_edits.clear();
    m_allFacets = {};
    m_views.clear();
    m_filterBar->setFilter({});
    m_filterBar->setProblem({});
    m_filterBar->setViews({});
    m_facets->setFacets({}, {}, {});
    m_model->clearView();
    m_askTimer.stop();
}

void GalleryPage::showFiltered(const QString &filter)
{
    m_filterBar->setFilter(filter);
    m_askTimer.stop();
    ask();
}

void GalleryPage::ask()
{
    if (!m_context.session->isOpen())
        return;
    if (m_asking) {
        // The next key press ends the question before.
        m_asked.cancel();
        m_askAgain = true;
        return;
    }
    const QString text = m_filterBar->filter();
    const FilterParse parse = parseFilter(toStdString(text));
    if (parse.problem) {
        const QString before =
            QString::fromStdString(parse.filter.text.substr(0, parse.problem->begin));
        m_filterBar->setProblem(
            tr("Column %1: %2").arg(before.size() + 1).arg(toQString(parse.problem->message)));
        return;
    }
    struct Found
    {
        GalleryAnswer answer;
        std::optional<GalleryFacets> all;
        FilterVocabulary words;
        std::vector<SavedView> views;
    };
    m_asking = true;
    m_asked = CancelSource();
    const bool withContent = std::exchange(m_contentIsNew, false);
    const GallerySort sort = m_filterBar->sort();
    m_context.session->read(
        this,
        [filter = parse.filter, sort, withContent, token = m_asked.token()](ProjectStore &store,
                                                                            const CancelToken &) {
            Found found;
            found.answer = askGallery(store, filter, sort, token);
            if (withContent) {
                found.all =
                    filter.isEverything() ? found.answer.facets : askGallery(store, {}).facets;
                found.words = filterVocabulary(store);
                found.views = savedViews(store);
            }
            return found;
        },
        [this, text, sort, token = m_asked.token(),
         isAll = parse.filter.isEverything() && sort == GallerySort{}](Found found) {
            m_asking = false;
            if (found.all) {
                m_allFacets = std::move(*found.all);
                m_views = found.views;
                m_filterBar->setVocabulary(found.words);
                m_filterBar->setViews(m_views);
            }
            if (std::exchange(m_askAgain, false) || token.isCancelled()) {
                ask();
                return;
            }
            m_filterBar->setProblem({});
            const std::vector<std::int64_t> selected = selectedIds();
            const qint64 current = m_model->idAt(m_grid->currentIndex().row());
            const int rows = m_model->rowCount();
            if (isAll)
                m_model->clearView(found.answer.ids, found.answer.marks);
            else
                m_model->setView(std::move(found.answer.ids), found.answer.marks);
            // A reset forgets what was chosen; what is still shown stays chosen.
            if (!m_grid->selectionModel()->hasSelection() && !selected.empty() && rows > 0) {
                QItemSelection kept;
                for (const std::int64_t id : selected) {
                    const int row = m_model->rowOf(id);
                    if (row < 0)
                        continue;
                    if (!kept.isEmpty() && kept.last().bottom() + 1 == row)
                        kept.last() =
                            QItemSelectionRange(kept.last().topLeft(), m_model->index(row));
                    else
                        kept.append(QItemSelectionRange(m_model->index(row)));
                }
                const int row = m_model->rowOf(current);
                if (row >= 0)
                    m_grid->selectionModel()->setCurrentIndex(m_model->index(row),
                                                              QItemSelectionModel::NoUpdate);
                m_grid->selectionModel()->select(kept, QItemSelectionModel::ClearAndSelect);
            }
            m_facets->setFacets(m_allFacets, found.answer.facets, text);
            refresh();
        },
        [this](const ErrorReport &error) {
            m_asking = false;
            if (std::exchange(m_askAgain, false))
                ask();
            else
                m_filterBar->setProblem(toQString(error.message));
        });
}

std::vector<std::int64_t> GalleryPage::selectedIds() const
{
    std::vector<std::int64_t> ids;
    QItemSelection selection = m_grid->selectionModel()->selection();
    std::sort(selection.begin(), selection.end(),
              [](const QItemSelectionRange &a, const QItemSelectionRange &b) {
                  return a.top() < b.top();
              });
    for (const QItemSelectionRange &range : selection) {
        for (int row = range.top(); row <= range.bottom(); ++row)
            ids.push_back(m_model->idAt(row));
    }
    return ids;
}

void GalleryPage::startEdit(const QString &title, EditMaker make, bool ofSelection)
{
    std::vector<std::int64_t> images;
    if (ofSelection) {
        images = selectedIds();
        if (images.empty())
            return;
    }
    m_edits.append({title, std::move(make), std::move(images)});
    runNextEdit();
}

void GalleryPage::runNextEdit()
{
    if (m_editing || m_edits.isEmpty() || !m_context.session->isOpen())
        return;
    m_editing = true;
    const Waiting next = m_edits.takeFirst();
    m_context.session->read(
        this,
        [next](ProjectStore &store, const CancelToken &) {
            Edit edit = next.make(store, next.images);
            edit.title = toStdString(next.title);
            return edit;
        },
        [this](Edit edit) {
            m_context.session->edit(std::move(edit), this, [this](const Edit &) {
                m_editing = false;
                runNextEdit();
            });
        },
        [this, next](const ErrorReport &error) {
            m_editing = false;
            m_context.showProblem(next.title, error);
            runNextEdit();
        });
}

void GalleryPage::askForText(const QString &title, const QString &label, const QString &text,
                             std::function<void(const QString &)> then)
{
    auto *dialog = new QInputDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(title);
    dialog->setLabelText(label);
    dialog->setTextValue(text);
    connect(dialog, &QInputDialog::textValueSelected, this,
            [then = std::move(then)](const QString &value) {
                if (!value.trimmed().isEmpty())
                    then(value.trimmed());
            });
    dialog->open();
}

void GalleryPage::chooseTag(bool add)
{
    if (selectedIds().empty())
        return;
    askForText(add ? tr("Add a tag") : tr("Remove a tag"), tr("Tag"), {},
               [this, add](const QString &tag) {
                   startEdit(add ? tr("Tag “%1”").arg(tag) : tr("Remove tag “%1”").arg(tag),
                             [add, tag = toStdString(tag)](
                                 ProjectStore &store, const std::vector<std::int64_t> &images) {
                                 const std::vector<std::string> tags{tag};
                                 const std::vector<std::string> none;
                                 return add ? tagEdit(store, images, tags, none)
                                            : tagEdit(store, images, none, tags);
                             });
               });
}

void GalleryPage::makeActions(ActionRegistry &actions)
{
    const auto add = [&](const char *id, const QString &text, const QStringList &keys,
                         const char *icon, QWidget *owner, auto &&slot) {
        ActionSpec spec;
        spec.id = QString::fromLatin1(id);
        spec.text = text;
        for (const QString &key : keys)
            spec.keys.append(QKeySequence(key, QKeySequence::PortableText));
        spec.scope = ActionScope::Gallery;
        spec.icon = QString::fromLatin1(icon);
        spec.section = tr("Gallery");
        QAction *action = actions.add(spec, owner);
        connect(action, &QAction::triggered, this, slot);
        m_actions.append(action);
    };
    add("gallery.open", tr("Open in the viewer"),
        {QStringLiteral("Return"), QStringLiteral("Enter")}, "viewer", m_grid, [this] {
            const QModelIndex current = m_grid->currentIndex();
            if (current.isValid())
                m_context.openPicture(current.data(GalleryModel::IdRole).toLongLong());
        });
    add("gallery.all", tr("Back to all pictures"), {QStringLiteral("Esc")}, "", this, [this] {
        m_filterBar->setFilter({});
        Q_EMIT allRequested();
    });
    add("gallery.bigger", tr("Bigger pictures"),
        {QStringLiteral("Ctrl++"), QStringLiteral("Ctrl+=")}, "zoom-in", this,
        [this] { m_grid->setCellWidth(m_grid->cellWidth() + 16); });
    add("gallery.smaller", tr("Smaller pictures"), {QStringLiteral("Ctrl+-")}, "zoom-out", this,
        [this] { m_grid->setCellWidth(m_grid->cellWidth() - 16); });
    add("gallery.select-all", tr("Select all that fit"), {QStringLiteral("Ctrl+A")}, "", m_grid,
        [this] { m_grid->selectAll(); });
    add("gallery.filter", tr("Filter"), {QStringLiteral("Ctrl+F")}, "", this,
        [this] { m_filterBar->focusEdit(); });
    for (int rating = 0; rating <= 5; ++rating) {
        const QString text = rating == 0 ? tr("No rating") : tr("Rate %1").arg(rating);
        const QByteArray id = "gallery.rate-" + QByteArray::number(rating);
        add(id.constData(), text, {QStringLiteral("Alt+%1").arg(rating)}, "", m_grid,
            [this, rating, text] {
                startEdit(text,
                          [rating](ProjectStore &store, const std::vector<std::int64_t> &images) {
                              return ratingEdit(store, images, rating);
                          });
            });
    }
    const auto addReview = [&](const char *id, const QString &text, const char *key,
                               const char *state) {
        add(id, text, {QString::fromLatin1(key)}, "", m_grid, [this, text, state] {
            startEdit(text, [state](ProjectStore &store, const std::vector<std::int64_t> &images) {
                return reviewEdit(store, images, state);
            });
        });
    };
    addReview("gallery.accept", tr("Accept"), "A", "accepted");
    addReview("gallery.unsure", tr("Mark as unsure"), "U", "unsure");
    addReview("gallery.reject", tr("Reject"), "R", "rejected");
    addReview("gallery.unreview", tr("Not reviewed"), "N", "");
    add("gallery.tag", tr("Add a tag…"), {QStringLiteral("T")}, "", m_grid,
        [this] { chooseTag(true); });
    add("gallery.untag", tr("Remove a tag…"), {QStringLiteral("Shift+T")}, "", m_grid,
        [this] { chooseTag(false); });
}

void GalleryPage::fillMenu(QMenu &menu)
{
    menu.addActions(m_actions);
}

void GalleryPage::activate()
{
    m_grid->setFocus();
}

bool GalleryPage::isSettled() const
{
    return !m_asking && !m_askTimer.isActive() && !m_editing && m_grid->isSettled();
}

bool GalleryPage::showsEmptyState() const
{
    return m_stack->currentWidget() == m_empty;
}

void GalleryPage::refresh()
{
    if (m_model->totalCount() == 0) {
        m_empty->show(QStringLiteral("gallery"), tr("No pictures yet"),
                      tr("Import a folder of person pictures, scenes or a video. You can also drop "
                         "them into this window."),
                      tr("Import…"));
        m_stack->setCurrentWidget(m_empty);
    } else if (m_model->rowCount() == 0) {
        m_empty->show(QStringLiteral("search"), tr("No picture fits"),
                      tr("No picture fits this filter. Press Esc to see all pictures."));
        m_stack->setCurrentWidget(m_empty);
    } else {
        m_stack->setCurrentWidget(m_grid);
    }
    updateCount();
}

void GalleryPage::updateCount()
{
    const int selected = m_grid->selectionModel() != nullptr
                             ? [this] {
                                   int count = 0;
                                   for (const QItemSelectionRange &range :
                                        m_grid->selectionModel()->selection())
                                       count += range.height();
                                   return count;
                               }()
                             : 0;
    m_count->setText(
        m_model->rowCount() < m_model->totalCount()
            ? tr("%1 of %2 fit")
                  .arg(countText(m_model->rowCount()), countText(m_model->totalCount()))
            : tr("%1 in the gallery").arg(countText(m_model->totalCount())));
    Q_EMIT selectionCountChanged(selected);
}

} // namespace sapsam::ui
