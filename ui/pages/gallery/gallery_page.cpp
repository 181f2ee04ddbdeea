#include "ui/pages/gallery/gallery_page.h"

#include "core/pipeline/find_duplicates.h"
#include "core/store/duplicates.h"
#include "core/store/thumbnail_store.h"
#include "ui/gallery/thumbnail_grid.h"
#include "ui/jobs/project_session.h"
#include "ui/models/gallery_model.h"
#include "ui/pages/gallery/compare_view.h"
#include "ui/pages/gallery/facet_panel.h"
#include "ui/pages/gallery/filter_bar.h"
#include "ui/pages/gallery/map_view.h"
#include "ui/support/icons.h"
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
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace sapsam::ui {

namespace {

constexpr double kZoomStep = 1.25;
constexpr int kTextDialogWidth = 340;
const QString kDuplicatesFilter = QStringLiteral("duplicate:yes");

} // namespace

GalleryPage::GalleryPage(const PageContext &context, QWidget *parent)
    : WorkbenchPage(parent),
      m_context(context),
      m_model(context.gallery),
      m_grid(new ThumbnailGrid(context.thumbnails)),
      m_empty(new EmptyState),
      m_stack(new QStackedWidget),
      m_views(new QStackedWidget),
      m_compare(new CompareView),
      m_map(new MapView(context)),
      m_gridButton(makeViewButton("grid", tr("Pictures in a grid"))),
      m_mapButton(makeViewButton("map", tr("Map of the pictures"))),
      m_compareButton(makeViewButton("compare", tr("Compare side by side"))),
      m_duplicatesButton(makeViewButton("duplicates", tr("Near-duplicates"))),
      m_diskNote(makeLabel(tr("Thumbnails are not kept"), "warning")),
      m_count(makeLabel({}, "muted")),
      m_size(new QSlider(Qt::Horizontal)),
      m_filterBar(new FilterBar),
      m_facets(new FacetPanel(context.palette)),
      m_cache(std::make_shared<GalleryCache>())
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
    header->setSpacing(4);
    header->addWidget(m_count, 1);
    header->addWidget(m_diskNote);
    header->addSpacing(8);
    header->addWidget(m_compareButton);
    header->addWidget(m_duplicatesButton);
    header->addSpacing(10);
    header->addWidget(m_gridButton);
    header->addWidget(m_mapButton);
    header->addSpacing(10);
    header->addWidget(m_size);
    m_diskNote->hide();
    m_gridButton->setCheckable(true);
    m_mapButton->setCheckable(true);
    m_gridButton->setChecked(true);

    m_stack->addWidget(m_grid);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(m_map);
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
    m_facets->setMinimumWidth(160);
    splitter->setSizes({210, 1090});
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    m_views->addWidget(splitter);
    m_views->addWidget(m_compare);
    layout->addWidget(m_views, 1);

    connect(m_gridButton, &QToolButton::clicked, this, [this] { showMap(false); });
    connect(m_mapButton, &QToolButton::clicked, this, [this] { showMap(true); });
    connect(m_compareButton, &QToolButton::clicked, this, [this] { compare(selectedIds()); });
    connect(m_duplicatesButton, &QToolButton::clicked, this, &GalleryPage::showDuplicates);
    connect(m_compare, &CompareView::closeRequested, this, &GalleryPage::closeComparison);
    connect(m_map, &MapView::opened, this, [this](qint64 id) { m_context.openPicture(id); });
    connect(m_map, &MapView::selectionMade, this,
            [this](const std::vector<std::int64_t> &ids, MapCanvas::Change change) {
                changeSelection(ids, change == MapCanvas::Change::Add,
                                change == MapCanvas::Change::Remove);
            });
    connect(m_context.thumbnails, &ThumbnailCache::diskProblemChanged, this, [this] {
        const QString problem = m_context.thumbnails->diskProblem();
        m_diskNote->setToolTip(
            tr("Thumbnails cannot be kept in the project, so they are made anew each time: %1")
                .arg(problem));
        m_diskNote->setVisible(!problem.isEmpty());
    });
    connect(m_context.session, &ProjectSession::opened, this, [this] {
        m_context.thumbnails->setDiskFile(toQString(
            ThumbnailStore::fileOf(toStdString(m_context.session->folder()))));
    });
    connect(m_size, &QSlider::valueChanged, m_grid, &ThumbnailGrid::setCellWidth);
    connect(m_grid, &ThumbnailGrid::cellWidthChanged, m_size, &QSlider::setValue);
    connect(m_grid, &QAbstractItemView::activated, this, [this](const QModelIndex &index) {
        m_context.openPicture(index.data(GalleryModel::IdRole).toLongLong());
    });
    connect(m_grid->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            [this] {
                updateCount();
                if (showsMap())
                    m_map->setSelected(selectedIds());
            });
    connect(m_model, &QAbstractItemModel::modelReset, this, [this] {
        updateCount();
        if (showsMap())
            m_map->updateShown();
    });
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
        for (const SavedView &view : m_savedViews) {
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
        refreshWords();
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

QToolButton *GalleryPage::makeViewButton(const char *icon, const QString &name)
{
    auto *button = new QToolButton;
    button->setObjectName(QString::fromLatin1(icon));
    button->setIcon(makeIcon(button->objectName(), palette()));
    button->setAccessibleName(name);
    button->setToolTip(name);
    return button;
}

void GalleryPage::refreshIcons()
{
    for (QToolButton *button : {m_gridButton, m_mapButton, m_compareButton, m_duplicatesButton})
        button->setIcon(makeIcon(button->objectName(), palette()));
    m_compare->refreshIcons();
    m_map->refreshIcons();
}

void GalleryPage::forget()
{
    m_context.thumbnails->setDiskFile({});
    m_compare->clear();
    m_map->forget();
    m_views->setCurrentIndex(0);
    m_mapIsOn = false;
    m_isFindingDuplicates = false;
    updateView();
    m_asked.cancel();
    m_askTimer.stop();
    m_asking = false;
    m_askAgain = false;
    m_cache = std::make_shared<GalleryCache>();
    m_contentIsNew = true;
    m_editing = false;
    m_edits.clear();
    m_allFacets = {};
    m_savedViews.clear();
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
        [filter = parse.filter, sort, withContent, cache = m_cache,
         token = m_asked.token()](ProjectStore &store, const CancelToken &) {
            Found found;
            found.answer = askGallery(store, *cache, filter, sort, token);
            if (withContent) {
                found.all = filter.isEverything() ? found.answer.facets
                                                  : askGallery(store, *cache, {}).facets;
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
                m_savedViews = found.views;
                m_filterBar->setVocabulary(found.words);
                m_filterBar->setViews(m_savedViews);
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

void GalleryPage::select(const std::vector<std::int64_t> &ids)
{
    std::vector<int> rows;
    for (const std::int64_t id : ids) {
        if (const int row = m_model->rowOf(id); row >= 0)
            rows.push_back(row);
    }
    std::sort(rows.begin(), rows.end());
    QItemSelection selection;
    for (std::size_t i = 0; i < rows.size();) {
        std::size_t last = i;
        while (last + 1 < rows.size() && rows[last + 1] == rows[last] + 1)
            ++last;
        selection.append(
            QItemSelectionRange(m_model->index(rows[i]), m_model->index(rows[last])));
        i = last + 1;
    }
    // Emptied first: Qt compares every range of the old selection with every one of the new.
    QItemSelectionModel *model = m_grid->selectionModel();
    if (model->hasSelection() && selection.size() > 1)
        model->clearSelection();
    if (!rows.empty())
        model->setCurrentIndex(m_model->index(rows.front()), QItemSelectionModel::NoUpdate);
    model->select(selection, QItemSelectionModel::ClearAndSelect);
}

void GalleryPage::changeSelection(const std::vector<std::int64_t> &ids, bool add, bool remove)
{
    if (!add && !remove) {
        select(ids);
        return;
    }
    std::vector<std::int64_t> changed = selectedIds();
    if (add) {
        const std::unordered_set<std::int64_t> old(changed.begin(), changed.end());
        for (const std::int64_t id : ids) {
            if (!old.contains(id))
                changed.push_back(id);
        }
    } else {
        const std::unordered_set<std::int64_t> gone(ids.begin(), ids.end());
        std::erase_if(changed, [&](std::int64_t id) { return gone.contains(id); });
    }
    select(changed);
}

std::vector<std::int64_t> GalleryPage::meantIds() const
{
    if (!isComparing())
        return selectedIds();
    const qint64 id = m_compare->currentId();
    return id == 0 ? std::vector<std::int64_t>() : std::vector<std::int64_t>{id};
}

bool GalleryPage::isComparing() const
{
    return m_views->currentWidget() == m_compare;
}

bool GalleryPage::showsMap() const
{
    return m_stack->currentWidget() == m_map;
}

void GalleryPage::compare(const std::vector<std::int64_t> &ids)
{
    std::vector<std::int64_t> chosen(
        ids.begin(),
        ids.begin()
            + static_cast<std::ptrdiff_t>(
                std::min(ids.size(), static_cast<std::size_t>(CompareView::kMost))));
    if (chosen.size() < CompareView::kFewest || !m_context.session->isOpen()) {
        m_count->setText(tr("Select two to six pictures to compare them"));
        return;
    }
    m_context.session->read(
        this,
        [chosen, palette = m_context.palette](ProjectStore &store, const CancelToken &) {
            std::vector<ComparedPicture> pictures;
            for (const std::int64_t id : chosen)
                pictures.push_back(loadComparedPicture(store, id, palette));
            return pictures;
        },
        [this](std::vector<ComparedPicture> pictures) {
            m_compare->setPictures(std::move(pictures));
            m_views->setCurrentWidget(m_compare);
            if (!m_compare->panes().isEmpty())
                m_compare->panes().first()->setFocus(Qt::OtherFocusReason);
        },
        [this](const ErrorReport &error) {
            m_context.showProblem(tr("Compare side by side"), error);
        });
}

void GalleryPage::refreshWords()
{
    if (!isComparing())
        return;
    m_context.session->read(
        this,
        [ids = m_compare->ids(), palette = m_context.palette](ProjectStore &store,
                                                              const CancelToken &) {
            std::vector<ComparedPicture> pictures;
            for (const std::int64_t id : ids)
                pictures.push_back(loadComparedPicture(store, id, palette, false));
            return pictures;
        },
        [this](std::vector<ComparedPicture> pictures) {
            m_compare->setWords(std::move(pictures));
        });
}

void GalleryPage::closeComparison()
{
    if (!isComparing())
        return;
    m_views->setCurrentIndex(0);
    m_compare->clear();
    activate();
}

void GalleryPage::showMap(bool on)
{
    m_mapIsOn = on;
    if (on)
        m_map->setSelected(selectedIds());
    refresh();
    activate();
}

// The buttons tell what is shown.
void GalleryPage::updateView()
{
    m_gridButton->setChecked(!m_mapIsOn);
    m_mapButton->setChecked(m_mapIsOn);
    m_size->setVisible(!m_mapIsOn);
}

void GalleryPage::showDuplicates()
{
    if (!m_context.session->isOpen() || m_isFindingDuplicates)
        return;
    m_context.session->read(
        this, [](ProjectStore &store, const CancelToken &) { return duplicateSearch(store); },
        [this](const DuplicateSearch &search) {
            if (search.wasDone && (search.fresh == 0 || m_context.session->isReadOnly())) {
                m_filterBar->setSort({GallerySortKey::Duplicates, false});
                showFiltered(kDuplicatesFilter);
            } else {
                findDuplicates();
            }
        });
}

void GalleryPage::findDuplicates()
{
    if (m_context.session->isReadOnly()) {
        m_count->setText(tr("The project is open for reading only: duplicates cannot be stored"));
        return;
    }
    m_isFindingDuplicates = true;
    m_count->setText(tr("Looking for near-duplicates…"));
    m_context.session->run(
        tr("Find near-duplicates"), this,
        [](ProjectStore &store, Engines &, const CancelToken &cancel,
           const ProgressSink &progress) {
            return sapsam::findDuplicates(store, {}, cancel, progress);
        },
        [this](const DuplicateReport &report) {
            m_isFindingDuplicates = false;
            if (report.cancelled) {
                updateCount();
                return;
            }
            m_filterBar->setSort({GallerySortKey::Duplicates, false});
            showFiltered(kDuplicatesFilter);
        },
        [this](const ErrorReport &error) {
            m_isFindingDuplicates = false;
            updateCount();
            m_context.showProblem(tr("Find near-duplicates"), error);
        });
}

void GalleryPage::selectCopies()
{
    if (!m_context.session->isOpen())
        return;
    m_context.session->read(
        this,
        [](ProjectStore &store, const CancelToken &) {
            return imagesMatching(store, requireFilter("duplicate:copy"));
        },
        [this](const std::vector<std::int64_t> &ids) { select(ids); });
}

void GalleryPage::startEdit(const QString &title, EditMaker make, bool ofSelection)
{
    std::vector<std::int64_t> images;
    if (ofSelection) {
        images = meantIds();
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
    dialog->resize(kTextDialogWidth, dialog->sizeHint().height());
    connect(dialog, &QInputDialog::textValueSelected, this,
            [then = std::move(then)](const QString &value) {
                if (!value.trimmed().isEmpty())
                    then(value.trimmed());
            });
    dialog->open();
}

void GalleryPage::chooseTag(bool add)
{
    if (meantIds().empty())
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
        return action;
    };
    // What is done to pictures works wherever pictures are chosen.
    const auto everywhere = [this](QAction *action) {
        m_compare->addAction(action);
        m_map->canvas()->addAction(action);
    };
    everywhere(add("gallery.open", tr("Open in the viewer"),
                   {QStringLiteral("Return"), QStringLiteral("Enter")}, "viewer", m_grid, [this] {
                       qint64 id = m_model->idAt(m_grid->currentIndex().row());
                       if (isComparing())
                           id = m_compare->currentId();
                       else if (showsMap() && m_map->canvas()->current() >= 0)
                           id = m_map->ids()[static_cast<std::size_t>(m_map->canvas()->current())];
                       if (id != 0)
                           m_context.openPicture(id);
                   }));
    add("gallery.all", tr("Back to all pictures"), {QStringLiteral("Esc")}, "", this, [this] {
        // One step at a time: out of the comparison, to the grid, to all pictures.
        if (isComparing()) {
            closeComparison();
        } else if (m_mapIsOn) {
            showMap(false);
        } else {
            m_filterBar->setFilter({});
            Q_EMIT allRequested();
        }
    });
    const auto zoom = [this](bool in) {
        const double factor = in ? kZoomStep : 1.0 / kZoomStep;
        if (isComparing())
            m_compare->zoomBy(factor);
        else if (showsMap())
            m_map->canvas()->zoomBy(factor);
        else
            m_grid->setCellWidth(m_grid->cellWidth() + (in ? 16 : -16));
    };
    add("gallery.bigger", tr("Bigger pictures"),
        {QStringLiteral("Ctrl++"), QStringLiteral("Ctrl+=")}, "zoom-in", this,
        [zoom] { zoom(true); });
    add("gallery.smaller", tr("Smaller pictures"), {QStringLiteral("Ctrl+-")}, "zoom-out", this,
        [zoom] { zoom(false); });
    add("gallery.fit", tr("Whole pictures"), {QStringLiteral("Ctrl+0")}, "fit", this, [this] {
        if (isComparing())
            m_compare->fit();
        else if (showsMap())
            m_map->canvas()->fit();
    });
    add("gallery.compare", tr("Compare side by side"), {QStringLiteral("C")}, "compare", m_grid,
        [this] { compare(selectedIds()); });
    m_map->canvas()->addAction(m_actions.last());
    add("gallery.compare-masks", tr("Masks in the comparison"), {QStringLiteral("V")}, "layers",
        m_compare, [this] { m_compare->setOverlayVisible(!m_compare->isOverlayVisible()); });
    add("gallery.compare-link", tr("Move and zoom together"), {QStringLiteral("L")}, "link",
        m_compare, [this] { m_compare->setLinked(!m_compare->isLinked()); });
    add("gallery.compare-remove", tr("Take out of the comparison"), {QStringLiteral("Del")},
        "remove", m_compare, [this] { m_compare->takeOut(m_compare->currentId()); });
    add("gallery.map", tr("Map of the pictures"), {QStringLiteral("M")}, "map", m_grid,
        [this] { showMap(!m_mapIsOn); });
    m_map->canvas()->addAction(m_actions.last());
    add("gallery.duplicates", tr("Near-duplicates"), {QStringLiteral("D")}, "duplicates", m_grid,
        [this] { showDuplicates(); });
    m_map->canvas()->addAction(m_actions.last());
    add("gallery.select-copies", tr("Select all but the best near-duplicates"),
        {QStringLiteral("Shift+D")}, "", m_grid, [this] { selectCopies(); });
    m_map->canvas()->addAction(m_actions.last());
    add("gallery.select-all", tr("Select all that fit"), {QStringLiteral("Ctrl+A")}, "", m_grid,
        [this] { m_grid->selectAll(); });
    add("gallery.filter", tr("Filter"), {QStringLiteral("Ctrl+F")}, "", this,
        [this] { m_filterBar->focusEdit(); });
    for (int rating = 0; rating <= 5; ++rating) {
        const QString text = rating == 0 ? tr("No rating") : tr("Rate %1").arg(rating);
        const QByteArray id = "gallery.rate-" + QByteArray::number(rating);
        everywhere(add(id.constData(), text, {QStringLiteral("Alt+%1").arg(rating)}, "", m_grid,
                       [this, rating, text] {
                           startEdit(text, [rating](ProjectStore &store,
                                                    const std::vector<std::int64_t> &images) {
                               return ratingEdit(store, images, rating);
                           });
                       }));
    }
    const auto addReview = [&](const char *id, const QString &text, const char *key,
                               const char *state) {
        everywhere(
            add(id, text, {QString::fromLatin1(key)}, "", m_grid, [this, text, state] {
                startEdit(text,
                          [state](ProjectStore &store, const std::vector<std::int64_t> &images) {
                              return reviewEdit(store, images, state);
                          });
            }));
    };
    addReview("gallery.accept", tr("Accept"), "A", "accepted");
    addReview("gallery.unsure", tr("Mark as unsure"), "U", "unsure");
    addReview("gallery.reject", tr("Reject"), "R", "rejected");
    addReview("gallery.unreview", tr("Not reviewed"), "N", "");
    everywhere(add("gallery.tag", tr("Add a tag…"), {QStringLiteral("T")}, "", m_grid,
                   [this] { chooseTag(true); }));
    everywhere(add("gallery.untag", tr("Remove a tag…"), {QStringLiteral("Shift+T")}, "", m_grid,
                   [this] { chooseTag(false); }));
}

void GalleryPage::fillMenu(QMenu &menu)
{
    menu.addActions(m_actions);
}

void GalleryPage::activate()
{
    if (isComparing() && m_compare->current() >= 0) {
        m_compare->panes()[m_compare->current()]->setFocus();
    } else if (showsMap()) {
        m_map->activate();
        m_map->updateShown();
        m_map->setSelected(selectedIds());
    } else {
        m_grid->setFocus();
    }
}

bool GalleryPage::isSettled() const
{
    return !m_asking && !m_askTimer.isActive() && !m_editing && !m_isFindingDuplicates
           && (showsMap() ? m_map->isSettled() : m_grid->isSettled());
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
        if (m_filterBar->filter() == kDuplicatesFilter)
            m_empty->show(QStringLiteral("duplicates"), tr("No near-duplicates"),
                          tr("No two pictures of this project look nearly the same. Press Esc to "
                             "see all pictures."));
        else
            m_empty->show(QStringLiteral("search"), tr("No picture fits"),
                          tr("No picture fits this filter. Press Esc to see all pictures."));
        m_stack->setCurrentWidget(m_empty);
    } else if (m_mapIsOn) {
        m_stack->setCurrentWidget(m_map);
        m_map->updateShown();
    } else {
        m_stack->setCurrentWidget(m_grid);
    }
    updateView();
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
    if (m_isFindingDuplicates)
        return;
    m_compareButton->setEnabled(selected >= CompareView::kFewest);
    m_count->setText(
        m_model->rowCount() < m_model->totalCount()
            ? tr("%1 of %2 fit")
                  .arg(countText(m_model->rowCount()), countText(m_model->totalCount()))
            : tr("%1 in the gallery").arg(countText(m_model->totalCount())));
    Q_EMIT selectionCountChanged(selected);
}

} // namespace sapsam::ui
