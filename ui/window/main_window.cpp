#include "ui/window/main_window.h"

#include "core/base/version.h"
#include "core/store/project_store.h"
#include "ui/canvas/picture_canvas.h"
#include "ui/dialogs/cheat_sheet_dialog.h"
#include "ui/dialogs/command_palette.h"
#include "ui/dialogs/error_dialog.h"
#include "ui/dialogs/import_dialog.h"
#include "ui/dialogs/import_model_dialog.h"
#include "ui/dialogs/settings_dialog.h"
#include "ui/gallery/thumbnail_grid.h"
#include "ui/pages/gallery/gallery_page.h"
#include "ui/pages/search/search_page.h"
#include "ui/pages/viewer/viewer_page.h"
#include "ui/support/action_registry.h"
#include "ui/support/icons.h"
#include "ui/support/system_theme.h"
#include "ui/support/text.h"
#include "ui/widgets/jobs_panel.h"
#include "ui/widgets/labels.h"
#include "ui/widgets/model_list.h"
#include "ui/widgets/project_panel.h"
#include "ui/widgets/query_bar.h"
#include "ui/widgets/status_widgets.h"
#include "ui/window/notice_bar.h"
#include "ui/window/page_list.h"
#include "ui/window/start_page.h"

#include <QAction>
#include <QApplication>
#include <QCloseEvent>
#include <QDir>
#include <QDockWidget>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QInputDialog>
#include <QLabel>
#include <QListView>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSlider>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTabBar>
#include <QToolBar>
#include <QToolButton>
#include <QUndoStack>
#include <QUndoView>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace sapsam::ui {

namespace {

const QString kGallery = QStringLiteral("gallery");
const QString kViewer = QStringLiteral("viewer");
const QString kSearch = QStringLiteral("search");
const QString kMerges = QStringLiteral("merges");

template <typename Page>
Page *pageOf(const QList<WorkbenchPage *> &pages)
{
    for (WorkbenchPage *page : pages) {
        if (auto *found = qobject_cast<Page *>(page))
            return found;
    }
    return nullptr;
}

constexpr int kRoomForLog = 900; // height of the window
constexpr qint64 kBytesPerMegabyte = 1024 * 1024;

ThumbnailCache::Options thumbnailOptions(const Settings &settings)
{
    ThumbnailCache::Options options;
    options.maxBytes = settings.thumbnailMegabytes() * kBytesPerMegabyte;
    return options;
}

// Where the window's own arrangements put things.
struct ShippedLayout
{
    const char *name;
    const char *page;
    bool left, right, bottom;
};
constexpr ShippedLayout kLayouts[] = {
    {"annotate", "viewer", false, true, false},
    {"search", "search", false, false, false},
    {"train", "training", false, false, true},
    {"evaluate", "evaluation", false, false, false},
};

// What changes the project: off while it is open for reading only.
QStringList changingActions(const ActionRegistry &registry)
{
    static const char *const kPrefixes[] = {
        "edit.",          "project.import",  "project.segment",    "project.phrases",
        "project.embed",  "project.prepare", "gallery.accept",     "gallery.rate",
        "gallery.reject", "gallery.tag",     "gallery.unreview",   "gallery.unsure",
        "gallery.untag",  "viewer.brush",    "viewer.edit-phrase", "viewer.eraser",
        "viewer.fill",    "viewer.polygon",  "viewer.remove-part", "viewer.point",
        "viewer.box",     "merges.apply",    "merges.labels",      "prompts.use",
        "prompts.write",  "prompts.shipped", "search.relevant",    "search.not-relevant",
        "training.use"};
    QStringList ids;
    for (const ActionSpec &spec : registry.specs()) {
        for (const char *prefix : kPrefixes) {
            if (spec.id.startsWith(QLatin1String(prefix)))
                ids.append(spec.id);
        }
    }
    return ids;
}

} // namespace

MainWindow::MainWindow(const WindowOptions &options, QWidget *parent)
    : QMainWindow(parent),
      m_options(options),
      m_settings(options.configFolder, options.stateFolder),
      m_actions(new ActionRegistry(this)),
      m_gallery(new GalleryModel(this)),
      m_thumbnails(std::make_unique<ThumbnailCache>(readPicture, thumbnailOptions(m_settings))),
      m_session(std::make_unique<ProjectSession>(options.session))
{
    setWindowTitle(tr("SAP-SAM Workbench"));
    setAcceptDrops(true);
    setDockNestingEnabled(true);
    m_systemTheme = new SystemTheme(this);
    connect(m_systemTheme, &SystemTheme::changed, this, &MainWindow::followTheme);
    m_actions->setOverrides(m_settings.keys());
    m_actions->setRecent(m_settings.recentActions());

    m_startPage = new StartPage;
    PageContext context;
    context.session = m_session.get();
    context.settings = &m_settings;
    context.thumbnails = m_thumbnails.get();
    context.gallery = m_gallery;
    context.palette = options.session.palette;
    context.modelsFolder = options.session.modelsFolder;
    context.showPage = [this](const QString &id) { showPage(id); };
    context.openPicture = [this](qint64 id) { openRow(m_gallery->rowOf(id)); };
    context.stepPicture = [this](int rows) { step(rows); };
    context.runQuery = [this](const QString &text) { runQuery(text); };
    context.showFiltered = [this](const QString &filter) {
        m_galleryPage->showFiltered(filter);
        showPage(kGallery);
    };
    context.showProblem = [this](const QString &what, const ErrorReport &error) {
        showProblem(what, error);
    };
    m_pageList = makePages(context);
    m_galleryPage = pageOf<GalleryPage>(m_pageList);
    m_searchPage = pageOf<SearchPage>(m_pageList);
    m_viewerPage = pageOf<ViewerPage>(m_pageList);
    m_pages = new QStackedWidget;
    for (WorkbenchPage *page : std::as_const(m_pageList))
        m_pages->addWidget(page);
    m_center = new QStackedWidget;
    m_center->addWidget(m_startPage);
    m_notice = new NoticeBar;
    m_workArea = new QWidget;
    auto *workLayout = new QVBoxLayout(m_workArea);
    workLayout->setContentsMargins(0, 0, 0, 0);
    workLayout->setSpacing(0);
    workLayout->addWidget(m_notice);
    workLayout->addWidget(m_pages, 1);
    m_center->addWidget(m_workArea);
    setCentralWidget(m_center);
    m_galleryPage->grid()->setCellWidth(m_settings.cellWidth());
    m_viewerPage->opacitySlider()->setValue(m_settings.overlayOpacity());

    m_toolbar = addToolBar(tr("Main toolbar"));
    m_toolbar->setObjectName(QStringLiteral("mainToolbar"));
    m_toolbar->setMovable(false);
    m_toolbar->setContextMenuPolicy(Qt::PreventContextMenu);
    m_tabs = new QTabBar;
    for (WorkbenchPage *page : std::as_const(m_pageList)) {
        m_tabs->addTab(page->title());
        connect(page, &WorkbenchPage::availabilityChanged, this, &MainWindow::updateActions);
    }
    m_tabs->setAccessibleName(tr("Pages"));
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    m_query = new QueryBar;

    makeActions();
    makeMenus();
    makeDocks();
    makeStatusBar();
    m_actions->markAsChanging(changingActions(*m_actions));
    connect(m_actions, &ActionRegistry::keysChanged, this,
            [this] { m_settings.setKeys(m_actions->overrides()); });
    connect(m_notice, &NoticeBar::buttonClicked, this, [this] {
        if (m_session->isReadOnly())
            m_session->open(m_session->folder(), ProjectSession::OpenMode::TakeOver);
        else
            showPage(kMerges);
    });

    m_toolbar->addWidget(m_tabs);
    m_toolbar->addWidget(m_query);
    m_toolbar->addAction(m_actions->action(QStringLiteral("view.theme")));
    m_toolbar->addAction(m_actions->action(QStringLiteral("help.keys")));
    for (const char *id : {"view.theme", "help.keys"}) {
        QAction *action = m_actions->action(QString::fromLatin1(id));
        if (QWidget *button = m_toolbar->widgetForAction(action))
            button->setAccessibleName(QString(action->text()).remove(QLatin1Char('&')));
    }

    connectSession();
    connect(m_tabs, &QTabBar::currentChanged, this,
            [this](int tab) { showPage(m_pageList.value(tab)->pageId()); });
    connect(m_query, &QueryBar::searchRequested, this, &MainWindow::search);
    connect(m_searchPage, &SearchPage::busyChanged, m_query, &QueryBar::setBusy);
    connect(m_searchPage, &SearchPage::queryChanged, m_query, [this](const QString &text) {
        const QSignalBlocker blocker(m_query);
        m_query->setText(text);
    });
    connect(m_searchPage, &SearchPage::embedRequested, this, [this] {
        m_pendingQuery = m_query->text();
        m_session->embed();
    });
    connect(m_galleryPage, &GalleryPage::allRequested, m_query, [this] { m_query->setText({}); });
    connect(m_galleryPage, &GalleryPage::importRequested, this, [this] { chooseImport({}); });
    connect(m_galleryPage, &GalleryPage::selectionCountChanged, this, [this](int count) {
        m_selection->setText(count > 0 ? tr("%1 selected").arg(countText(count)) : QString());
    });
    connect(m_galleryPage->grid(), &ThumbnailGrid::cellWidthChanged, this,
            [this](int width) { m_settings.setCellWidth(width); });
    connect(m_viewerPage, &ViewerPage::opacityChanged, this,
            [this](int percent) { m_settings.setOverlayOpacity(percent); });
    connect(m_startPage, &StartPage::newRequested, this, &MainWindow::chooseNewProject);
    connect(m_startPage, &StartPage::openRequested, this, &MainWindow::chooseProject);
    connect(m_startPage, &StartPage::demoRequested, this, &MainWindow::openDemo);
    connect(m_startPage, &StartPage::recentRequested, this, &MainWindow::openProject);
    QList<StartPage::Purpose> purposes;
    for (const WorkbenchPage *page : std::as_const(m_pageList))
        purposes.append({page->pageId(), page->title()});
    m_startPage->setPurposes(purposes);
    m_startPage->setRecentProjects(m_settings.recentProjects());
    if (!ProjectStore::isProject(toStdString(m_options.demoProject)))
        m_options.demoProject.clear();
    if (!m_options.demoProject.isEmpty())
        m_startPage->setDemoAvailable(true, {});
    else if (!m_options.demoTarget.isEmpty())
        m_startPage->setDemoAvailable(true, tr("120 drawn people. They are made at the first use, "
                                               "which takes a minute or two."));
    else
        m_startPage->setDemoAvailable(false, tr("There is no demo project on this computer."));

    m_center->setCurrentWidget(m_startPage);
    m_toolbar->hide();
    m_projectDock->hide();
    m_jobsDock->hide();
    m_historyDock->hide();
    followTheme();
    updateActions();

    resize(1280, 820);
    const QByteArray geometry = m_settings.geometry();
    if (!geometry.isEmpty())
        restoreGeometry(geometry);
}

MainWindow::~MainWindow()
{
    // The lanes end while everything they report to is still there.
    m_session.reset();
    m_thumbnails->clear();
    // The pages refer to the cache; it goes last.
    delete takeCentralWidget();
}

bool MainWindow::showsStartPage() const
{
    return m_center->currentWidget() == m_startPage;
}

void MainWindow::makeActions()
{
    const QString project = tr("Project");
    const QString searching = tr("Search");
    const QString view = tr("View");
    const QString help = tr("Help");
    const auto key = [](const char *text) {
        return QKeySequence(QString::fromLatin1(text), QKeySequence::PortableText);
    };
    const auto add = [this](const char *id, const QString &text, const QList<QKeySequence> &keys,
                            ActionScope scope, const char *icon, const QString &section,
                            QWidget *owner, const QString &tip = {}) {
        ActionSpec spec;
        spec.id = QString::fromLatin1(id);
        spec.text = text;
        spec.keys = keys;
        spec.scope = scope;
        spec.icon = QString::fromLatin1(icon);
        spec.section = section;
        spec.tip = tip;
        return m_actions->add(spec, owner);
    };
    const auto global = [&](const char *id, const QString &text, const QList<QKeySequence> &keys,
                            const char *icon, const QString &section, auto &&slot,
                            const QString &tip = {}) {
        QAction *action = add(id, text, keys, ActionScope::Global, icon, section, this, tip);
        connect(action, &QAction::triggered, this, slot);
        return action;
    };

    global("project.new", tr("&New project…"), {key("Ctrl+N")}, "new", project,
           [this] { chooseNewProject(); });
    global("project.open", tr("&Open project…"), {key("Ctrl+O")}, "open", project,
           [this] { chooseProject(); });
    global("project.close", tr("&Close project"), {key("Ctrl+W")}, "", project,
           [this] { m_session->close(); });
    global("project.import", tr("&Import…"), {key("Ctrl+I")}, "import", project,
           [this] { chooseImport({}); });
    global(
        "project.segment", tr("&Segment"), {key("Ctrl+Shift+1")}, "segment", project,
        [this] { m_session->segment(); }, tr("Find the parts of every person that has none yet"));
    global(
        "project.phrases", tr("&Write phrases"), {key("Ctrl+Shift+2")}, "phrase", project,
        [this] { m_session->writePhrases(); }, tr("Write a phrase for every part without one"));
    global(
        "project.embed", tr("&Embed"), {key("Ctrl+Shift+3")}, "embed", project,
        [this] { m_session->embed(); }, tr("Make every picture searchable"));
    global(
        "project.prepare", tr("&Prepare all"), {key("Ctrl+R")}, "prepare", project,
        [this] { m_session->prepareAll(); }, tr("Segment, write phrases and embed, in this order"));
    global("project.cancel-jobs", tr("Cancel all &jobs"), {key("Ctrl+.")}, "close", project,
           [this] { m_session->cancelAllJobs(); });
    global("project.quit", tr("&Quit"), {key("Ctrl+Q")}, "", project, [this] { close(); });

    const QString edit = tr("Edit");
    QUndoStack *steps = m_session->undoStack();
    QAction *undo =
        global("edit.undo", tr("&Undo"), {key("Ctrl+Z")}, "undo", edit, [steps] { steps->undo(); });
    QAction *redo = global("edit.redo", tr("&Redo"), {key("Ctrl+Shift+Z"), key("Ctrl+Y")}, "redo",
                           edit, [steps] { steps->redo(); });
    undo->setEnabled(steps->canUndo());
    redo->setEnabled(steps->canRedo());
    connect(steps, &QUndoStack::canUndoChanged, undo, &QAction::setEnabled);
    connect(steps, &QUndoStack::canRedoChanged, redo, &QAction::setEnabled);
    connect(steps, &QUndoStack::undoTextChanged, undo, [undo](const QString &title) {
        undo->setText(title.isEmpty() ? tr("&Undo") : tr("&Undo: %1").arg(title));
    });
    connect(steps, &QUndoStack::redoTextChanged, redo, [redo](const QString &title) {
        redo->setText(title.isEmpty() ? tr("&Redo") : tr("&Redo: %1").arg(title));
    });
    m_actions->markAsChanging({QStringLiteral("edit.undo"), QStringLiteral("edit.redo")});

    global("search.focus", tr("&Describe a person"), {key("Ctrl+L"), key("/")}, "search", searching,
           [this] {
               if (!showsStartPage())
                   m_query->focusEdit();
           });
    global("search.clear", tr("Show &all pictures"), {key("Ctrl+Shift+L")}, "", searching, [this] {
        m_query->setText({});
        showPage(kGallery);
    });

    // F1 is help, F5 refreshes, F9 shows the navigator, F10 opens the menu, F11 fills the screen.
    static constexpr Qt::Key kPageKeys[] = {Qt::Key_F2, Qt::Key_F3, Qt::Key_F4, Qt::Key_F6,
                                            Qt::Key_F7, Qt::Key_F8, Qt::Key_F12};
    for (int tab = 0; tab < static_cast<int>(m_pageList.size()); ++tab) {
        const QString id = m_pageList[tab]->pageId();
        QList<QKeySequence> keys;
        if (tab < static_cast<int>(std::size(kPageKeys)))
            keys.append(QKeySequence(kPageKeys[tab]));
        global(QByteArray("view." + id.toLatin1()).constData(), m_pageList[tab]->title(), keys,
               id.toLatin1().constData(), view, [this, id] { showPage(id); });
    }
    global("view.theme", tr("Switch between dark and &light"), {key("Ctrl+Shift+D")}, "theme", view,
           [this] {
               m_settings.setTheme(m_theme == ThemeKind::Dark ? ThemeChoice::Light
                                                              : ThemeChoice::Dark);
               followTheme();
           });
    global("view.full-screen", tr("&Full screen"), {key("F11")}, "", view,
           [this] { setWindowState(windowState() ^ Qt::WindowFullScreen); });
    global(
        "view.left-side", tr("Show or hide the &left side"), {key("Ctrl+Shift+B")}, "", view,
        [this] { toggleSide(Qt::LeftDockWidgetArea, "left"); },
        tr("The steps of the project, and what a page keeps at its left"));
    global(
        "view.right-side", tr("Show or hide the r&ight side"), {key("Ctrl+Shift+S")}, "", view,
        [this] { toggleSide(Qt::RightDockWidgetArea, "right"); },
        tr("The history, and what a page keeps at its right"));
    global(
        "view.bottom-side", tr("Show or hide the &bottom"), {key("Ctrl+Shift+T")}, "", view,
        [this] { toggleSide(Qt::BottomDockWidgetArea, "bottom"); }, tr("The log of the jobs"));
    const std::pair<const char *, QString> layouts[] = {
        {"annotate", tr("Layout: &annotate")},
        {"search", tr("Layout: &search")},
        {"train", tr("Layout: &train")},
        {"evaluate", tr("Layout: &evaluate")},
    };
    for (const auto &[name, title] : layouts) {
        const QString layout = QString::fromLatin1(name);
        global(QByteArray("layout." + QByteArray(name)).constData(), title, {}, "", view,
               [this, layout] { applyLayout(layout); });
    }
    global(
        "layout.save", tr("&Save layout as…"), {}, "", view, [this] { askForLayoutName(); },
        tr("Keep the docks and the page as they are under a name"));
    global(
        "view.reset-layout", tr("&Reset layout"), {}, "", view, [this] { resetLayout(); },
        tr("All panels where they were at the first start"));
    global(
        "view.palette", tr("All a&ctions…"), {key("Ctrl+K"), key("Ctrl+Shift+P")}, "search", view,
        [this] { showPalette(); }, tr("Find an action by some letters of its name"));
    global(
        "models.import", tr("Import &model…"), {}, "import", project, [this] { importModel(); },
        tr("Make a model of published weights: SAM, BERT, CLIP, BLIP-2"));
    global(
        "app.settings", tr("&Settings…"), {key("Ctrl+,")}, "settings", view,
        [this] { showSettings(); }, tr("Colours, language, keys, models"));

    global("help.keys", tr("&Keys"), {key("F1"), key("?")}, "help", help,
           [this] { showCheatSheet(); });
    global("help.about", tr("&About"), {}, "", help, [this] { showAbout(); });

    for (WorkbenchPage *page : std::as_const(m_pageList))
        page->makeActions(*m_actions);
}

void MainWindow::makeMenus()
{
    const auto add = [this](QMenu *menu, std::initializer_list<const char *> ids) {
        for (const char *id : ids) {
            if (*id == '\0')
                menu->addSeparator();
            else
                menu->addAction(m_actions->action(QString::fromLatin1(id)));
        }
    };
    QMenu *project = menuBar()->addMenu(tr("&Project"));
    add(project, {"project.new", "project.open"});
    m_recentMenu = project->addMenu(tr("Open &recent"));
    connect(m_recentMenu, &QMenu::aboutToShow, this, &MainWindow::fillRecentMenu);
    add(project, {"project.close", "", "project.import", "", "project.quit"});
    m_editMenu = menuBar()->addMenu(tr("E&dit"));
    add(m_editMenu, {"edit.undo", "edit.redo", "", "search.focus"});
    QMenu *engine = menuBar()->addMenu(tr("&Engine"));
    add(engine, {"project.prepare", "", "project.segment", "project.phrases", "project.embed", "",
                 "project.cancel-jobs", "", "models.import"});
    QMenu *view = menuBar()->addMenu(tr("&View"));
    view->setObjectName(QStringLiteral("viewMenu"));
    for (WorkbenchPage *page : std::as_const(m_pageList))
        view->addAction(m_actions->action(QStringLiteral("view.") + page->pageId()));
    add(view, {"", "search.clear", "", "view.left-side", "view.right-side", "view.bottom-side"});
    m_layoutMenu = view->addMenu(tr("&Layouts"));
    connect(m_layoutMenu, &QMenu::aboutToShow, this, &MainWindow::fillLayoutMenu);
    fillLayoutMenu();
    add(view, {"", "view.palette", "view.theme", "view.full-screen", "", "app.settings"});
    m_pageMenu = menuBar()->addMenu(QString());
    QMenu *help = menuBar()->addMenu(tr("&Help"));
    add(help, {"help.keys", "help.about"});
}

void MainWindow::makeDocks()
{
    m_projectPanel = new ProjectPanel;
    m_projectDock = new QDockWidget(tr("Project"));
    m_projectDock->setObjectName(QStringLiteral("projectDock"));
    m_projectDock->setWidget(m_projectPanel);
    addDockWidget(Qt::LeftDockWidgetArea, m_projectDock);

    auto *jobs = new JobsPanel(&m_session->jobs());
    m_jobsDock = new QDockWidget(tr("Jobs"));
    m_jobsDock->setObjectName(QStringLiteral("jobsDock"));
    m_jobsDock->setWidget(jobs);
    addDockWidget(Qt::BottomDockWidgetArea, m_jobsDock);

    auto *history = new QUndoView(m_session->undoStack());
    history->setAccessibleName(tr("What was changed; a click goes back to it"));
    history->setEmptyLabel(tr("As it was opened"));
    m_historyDock = new QDockWidget(tr("History"));
    m_historyDock->setObjectName(QStringLiteral("historyDock"));
    m_historyDock->setWidget(history);
    addDockWidget(Qt::LeftDockWidgetArea, m_historyDock);
    m_historyDock->hide();
    m_editMenu->addSeparator();
    m_editMenu->addAction(m_historyDock->toggleViewAction());
    resizeDocks({m_projectDock}, {264}, Qt::Horizontal);
    resizeDocks({m_jobsDock}, {170}, Qt::Vertical);
    m_defaultLayout = saveState(kLayoutVersion);

    connect(jobs, &JobsPanel::cancelRequested, m_session.get(), &ProjectSession::cancelJob);
    connect(m_projectPanel, &ProjectPanel::importRequested, this, [this] { chooseImport({}); });
    connect(m_projectPanel, &ProjectPanel::segmentRequested, m_session.get(),
            &ProjectSession::segment);
    connect(m_projectPanel, &ProjectPanel::phrasesRequested, m_session.get(),
            &ProjectSession::writePhrases);
    connect(m_projectPanel, &ProjectPanel::embedRequested, m_session.get(), &ProjectSession::embed);
    connect(m_projectPanel, &ProjectPanel::prepareRequested, m_session.get(),
            &ProjectSession::prepareAll);
}

void MainWindow::makeStatusBar()
{
    m_saved = new SavedLabel;
    m_selection = makeLabel({}, "small");
    m_progress = new JobProgress(&m_session->jobs());
    m_device = new DeviceChip;
    statusBar()->setSizeGripEnabled(false);
    statusBar()->addWidget(m_saved);
    statusBar()->addWidget(m_selection);
    statusBar()->addPermanentWidget(m_progress);
    statusBar()->addPermanentWidget(m_device);
    connect(m_progress, &JobProgress::cancelRequested, m_session.get(), &ProjectSession::cancelJob);
}

void MainWindow::connectSession()
{
    ProjectSession *session = m_session.get();
    connect(session, &ProjectSession::deviceResolved, m_device, &DeviceChip::setDevice);
    connect(session, &ProjectSession::deviceFailed, m_device, &DeviceChip::setFailure);
    connect(session, &ProjectSession::savedAt, this, [this](const QDateTime &time) {
        if (m_session->isReadOnly())
            m_saved->setReadOnly(m_session->readOnlyReason());
        else
            m_saved->setSaved(time);
    });
    connect(session, &ProjectSession::editFailed, this,
            [this](const QString &title, const ErrorReport &error) {
                m_saved->setProblem(toQString(error.message));
                showProblem(title, error);
            });

    connect(session, &ProjectSession::opened, this, [this] {
        m_settings.addRecentProject(m_session->folder());
        setWindowTitle(tr("%1 — SAP-SAM Workbench").arg(m_session->name()));
        m_projectPanel->setProject(m_session->name(),
                                   QDir::toNativeSeparators(m_session->folder()));
        m_center->setCurrentWidget(m_workArea);
        m_placeIsRestored = false;
        m_actions->setReadOnly(m_session->readOnlyReason());
        showReadOnlyNotice();
        m_toolbar->show();
        m_projectDock->show();
        if (!m_layoutRestored) {
            m_layoutRestored = true;
            const QByteArray layout = m_settings.layout();
            if (!layout.isEmpty())
                restoreState(layout, kLayoutVersion);
        }
        m_galleryPage->grid()->setFocus();
        updateActions();
    });
    connect(session, &ProjectSession::closed, this, [this] {
        saveLayout();
        m_layoutRestored = false;
        m_imagesLoaded = false;
        m_thumbnails->clear();
        m_gallery->setItems({});
        m_galleryPage->refresh();
        m_viewerPage->showNothing();
        m_query->setText({});
        m_saved->clear();
        m_actions->setReadOnly({});
        m_notice->hide();
        setWindowTitle(tr("SAP-SAM Workbench"));
        m_startPage->setRecentProjects(m_settings.recentProjects());
        m_center->setCurrentWidget(m_startPage);
        m_toolbar->hide();
        m_projectDock->hide();
        m_historyDock->hide();
        m_jobsDock->hide();
        updateActions();
    });
    connect(session, &ProjectSession::openFailed, this,
            [this](const QString &folder, const ErrorReport &error) {
                m_pendingQuery.clear();
                m_pendingImport.clear();
                if (error.kind == ErrorKind::NotFound) {
                    m_settings.removeRecentProject(folder);
                    m_startPage->setRecentProjects(m_settings.recentProjects());
                }
                if (error.kind == ErrorKind::Unsupported) {
                    m_problem = toQString(error.message);
                    ErrorDialog::present(
                        tr("Open project"), error, this,
                        tr("Install the newer version of this program and open the project there. "
                           "Nothing in the project was changed."));
                    return;
                }
                showProblem(tr("Open project"), error);
            });
    connect(session, &ProjectSession::imagesLoaded, this,
            [this](const std::vector<GalleryItem> &items) {
                m_gallery->setItems(items);
                m_galleryPage->refresh();
                m_imagesLoaded = true;
                updateActions();
                restorePlace();
                if (!m_pendingQuery.isEmpty() && !m_session->isWorking())
                    search(std::exchange(m_pendingQuery, {}));
                if (!m_pendingImport.isEmpty())
                    chooseImport(std::exchange(m_pendingImport, {}));
            });
    connect(session, &ProjectSession::queriesLoaded, m_query, &QueryBar::setHistory);
    connect(session, &ProjectSession::taxonomyChanged, this, &MainWindow::showReadOnlyNotice);
    connect(session, &ProjectSession::countsChanged, this, [this] {
        m_projectPanel->setCounts(m_session->counts());
        updateActions();
    });
    connect(session, &ProjectSession::jobFinished, this, [this] {
        if (m_viewerPage->shownId() != 0 && !m_session->isWorking())
            m_session->loadDetails(m_viewerPage->shownId());
        if (!m_pendingQuery.isEmpty() && m_imagesLoaded && !m_session->isWorking())
            search(std::exchange(m_pendingQuery, {}));
        updateActions();
    });
    connect(&session->jobs(), &JobLogModel::jobChanged, this, &MainWindow::updateActions);
    // The log comes up with the first job where there is room for it; who closes it then has a
    // reason. The status bar tells the progress in any case.
    connect(&session->jobs(), &QAbstractItemModel::rowsInserted, this, [this] {
        if (m_session->jobs().rowCount() == 1 && !showsStartPage() && height() >= kRoomForLog)
            m_jobsDock->show();
    });
    connect(session, &ProjectSession::jobFailed, this,
            [this](const QString &title, const ErrorReport &error) {
                m_pendingQuery.clear();
                const bool concernsSaving = error.kind == ErrorKind::NoSpace
                                            || error.kind == ErrorKind::Io
                                            || error.kind == ErrorKind::Busy;
                if (concernsSaving)
                    m_saved->setProblem(toQString(error.message));
                showProblem(title, error);
            });
    connect(session, &ProjectSession::detailsLoaded, m_viewerPage, &ViewerPage::showDetails);
    connect(session, &ProjectSession::detailsLoaded, this, [this](const PictureDetails &details) {
        if (!details.problems.isEmpty()) {
            m_notice->show(details.problems.join(QLatin1Char('\n')));
            m_noticeOf = details.id;
        } else if (m_noticeOf != 0) {
            m_noticeOf = 0;
            showReadOnlyNotice();
        }
    });
    connect(session, &ProjectSession::detailsFailed, this,
            [this](qint64 id, const ErrorReport &error) {
                if (std::exchange(m_noticeOf, 0) != 0)
                    showReadOnlyNotice(); // it was about another picture
                m_viewerPage->showFailure(
                    toQString(error.message) + QLatin1Char('\n') + adviceFor(error.kind), id);
            });
}

void MainWindow::openProject(const QString &folder)
{
    m_problem.clear();
    m_session->open(QDir(folder).absolutePath());
}

void MainWindow::openDemo()
{
    if (!m_options.demoProject.isEmpty())
        openProject(m_options.demoProject);
    else
        m_session->makeDemo(m_options.demoTarget);
}

void MainWindow::runQuery(const QString &text)
{
    m_query->setText(text);
    if (m_imagesLoaded)
        search(text);
    else
        m_pendingQuery = text;
}

void MainWindow::search(const QString &text)
{
    if (!m_session->isOpen())
        return;
    showPage(kSearch);
    const QString trimmed = text.trimmed();
    if (trimmed.isEmpty())
        m_query->focusEdit();
    else
        m_query->remember(trimmed);
    m_searchPage->search(trimmed);
}

WorkbenchPage *MainWindow::page(const QString &pageId) const
{
    for (WorkbenchPage *page : m_pageList) {
        if (page->pageId() == pageId)
            return page;
    }
    return nullptr;
}

WorkbenchPage *MainWindow::currentPage() const
{
    return static_cast<WorkbenchPage *>(m_pages->currentWidget());
}

void MainWindow::showPage(const QString &pageId)
{
    WorkbenchPage *wanted = page(pageId);
    if (wanted == nullptr)
        return;
    m_pages->setCurrentWidget(wanted);
    {
        const QSignalBlocker blocker(m_tabs);
        m_tabs->setCurrentIndex(static_cast<int>(m_pageList.indexOf(wanted)));
    }
    updatePageMenu();
    if (wanted == m_viewerPage) {
        const int row = std::max(0, m_galleryPage->grid()->currentIndex().row());
        const qint64 id = m_gallery->idAt(row);
        if (id != 0 && id != m_viewerPage->shownId())
            openRow(row);
    }
    wanted->activate();
}

void MainWindow::updatePageMenu()
{
    m_pageMenu->clear();
    // The Merges page says it itself, with the way out.
    if (!m_session->taxonomyProblem().isEmpty())
        showReadOnlyNotice();
    if (WorkbenchPage *shown = currentPage()) {
        m_pageMenu->setTitle(shown->title());
        shown->fillMenu(*m_pageMenu);
    }
    m_pageMenu->menuAction()->setVisible(!m_pageMenu->isEmpty() && !showsStartPage());
}

void MainWindow::openRow(int row)
{
    const qint64 id = m_gallery->idAt(row);
    if (id == 0)
        return;
    m_requestedRow = row;
    m_galleryPage->grid()->setCurrentIndex(m_gallery->index(row));
    m_viewerPage->showLoading();
    m_session->loadDetails(id);
    updateViewerPosition();
    if (m_pages->currentWidget() != m_viewerPage) {
        showPage(kViewer);
    }
}

void MainWindow::step(int rows)
{
    const int row = m_galleryPage->grid()->currentIndex().row() + rows;
    if (row >= 0 && row < m_gallery->rowCount())
        openRow(row);
}

void MainWindow::updateViewerPosition()
{
    m_viewerPage->setPosition(m_galleryPage->grid()->currentIndex().row(), m_gallery->rowCount());
}

void MainWindow::updateActions()
{
    const bool isOpen = m_session->isOpen();
    const bool hasImages = isOpen && m_session->counts().images > 0;
    const bool works = m_session->jobs().openCount() > 0;
    const auto enable = [this](const char *id, bool on) {
        m_actions->action(QString::fromLatin1(id))->setEnabled(on);
    };
    enable("project.close", isOpen);
    enable("project.import", isOpen);
    enable("project.segment", hasImages);
    enable("project.phrases", hasImages && m_session->counts().regions > 0);
    enable("project.embed", hasImages);
    enable("project.prepare", hasImages && !works);
    enable("project.cancel-jobs", works);
    enable("search.clear", isOpen);
    for (int tab = 0; tab < static_cast<int>(m_pageList.size()); ++tab) {
        const WorkbenchPage *page = m_pageList[tab];
        const bool available = isOpen && page->isAvailable();
        m_actions->action(QStringLiteral("view.") + page->pageId())->setEnabled(available);
        m_tabs->setTabEnabled(tab, available);
    }
    m_projectPanel->setWorking(works, m_session->isReadOnly());
    m_pageMenu->menuAction()->setVisible(isOpen && !m_pageMenu->isEmpty());
    if (m_rebuildWaits && !m_session->isWorking())
        requestRebuild();
}

void MainWindow::showReadOnlyNotice()
{
    if (m_session->isReadOnly()) {
        m_notice->show(m_session->readOnlyReason(),
                       m_session->canTakeOver() ? tr("That window is gone: take over") : QString(),
                       false);
    } else if (!m_session->taxonomyProblem().isEmpty()
               && (currentPage() == nullptr
                   || currentPage()->pageId() != QLatin1String("merges"))) {
        m_notice->show(tr("The merges of this project cannot be read: the shipped ones are shown, "
                          "and nothing can be segmented until they are mended. Masks and phrases "
                          "are all there."),
                       tr("Show the merges"), false);
    } else {
        m_notice->hide();
    }
}

void MainWindow::restorePlace()
{
    if (std::exchange(m_placeIsRestored, true))
        return;
    const Settings::Place place = m_settings.place(m_session->folder());
    const int row = place.picture != 0 ? m_gallery->rowOf(place.picture) : -1;
    if (row >= 0)
        m_galleryPage->grid()->setCurrentIndex(m_gallery->index(row));
    if (!m_pendingQuery.isEmpty() || !m_pendingImport.isEmpty())
        return;
    const WorkbenchPage *wanted = page(place.page);
    showPage(wanted != nullptr && wanted->isAvailable() ? place.page : kGallery);
}

void MainWindow::chooseNewProject()
{
    QString folder = QFileDialog::getSaveFileName(
        this, tr("New project"), QDir::homePath() + QStringLiteral("/people.sapsam"),
        tr("Projects (*.sapsam)"));
    if (folder.isEmpty())
        return;
    if (!folder.endsWith(QLatin1String(".sapsam")))
        folder += QStringLiteral(".sapsam");
    m_problem.clear();
    m_session->create(folder);
}

void MainWindow::chooseProject()
{
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Open project"));
    if (!folder.isEmpty())
        openProject(folder);
}

void MainWindow::chooseImport(const QStringList &paths)
{
    auto *dialog = new ImportDialog(paths, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this,
            [this, dialog] { m_session->importPaths(dialog->paths(), dialog->detectPeople()); });
    dialog->open();
}

void MainWindow::setTheme(ThemeKind theme)
{
    applyThemeEverywhere(theme);
}

void MainWindow::followTheme()
{
    const ThemeChoice choice = m_settings.theme();
    applyThemeEverywhere(choice == ThemeChoice::System ? m_systemTheme->kind()
                         : choice == ThemeChoice::Dark ? ThemeKind::Dark
                                                       : ThemeKind::Light);
}

void MainWindow::applyThemeEverywhere(ThemeKind theme)
{
    constexpr double kWhole = 100.0; // percent
    m_theme = theme;
    applyTheme(*qApp, theme, m_settings.textPercent() / kWhole);
    m_notice->refreshIcons();
    m_actions->refreshIcons();
    m_query->refreshIcons();
    for (WorkbenchPage *page : std::as_const(m_pageList))
        page->refreshIcons();
    m_projectPanel->refreshIcons();
    m_startPage->refreshIcons();
    m_progress->refreshIcons();
    m_device->refreshIcons();
}

void MainWindow::showProblem(const QString &what, const ErrorReport &error)
{
    m_problem = toQString(error.message);
    ErrorDialog::present(what, error, this);
}

void MainWindow::showCheatSheet()
{
    (new CheatSheetDialog(m_actions->specs(), this))->show();
}

void MainWindow::showPalette()
{
    QStringList unavailable;
    for (const WorkbenchPage *page : std::as_const(m_pageList)) {
        if (showsStartPage() || !page->isAvailable())
            unavailable.append(page->pageId());
    }
    auto *palette = new CommandPalette(*m_actions, unavailable, this);
    // After the popup is gone: the focus is back where it was.
    connect(palette, &CommandPalette::chosen, this, &MainWindow::runAction, Qt::QueuedConnection);
    palette->show();
}

void MainWindow::runAction(const QString &id)
{
    const ActionSpec spec = m_actions->spec(id);
    QAction *action = m_actions->action(id);
    if (action == nullptr)
        return;
    const QString pageId = pageOfScope(spec.scope);
    if (!pageId.isEmpty() && currentPage()->pageId() != pageId)
        showPage(pageId);
    action->trigger();
}

void MainWindow::showSettings()
{
    if (auto *open = findChild<SettingsDialog *>()) {
        open->raise();
        open->activateWindow();
        return;
    }
    auto *dialog =
        new SettingsDialog(m_settings, *m_actions, m_options.session.modelsFolder, this);
    connect(dialog, &SettingsDialog::themeChanged, this, &MainWindow::followTheme);
    connect(dialog, &SettingsDialog::textSizeChanged, this, &MainWindow::followTheme);
    connect(dialog, &SettingsDialog::cellWidthChanged, m_galleryPage->grid(),
            &ThumbnailGrid::setCellWidth);
    connect(dialog, &SettingsDialog::overlayOpacityChanged, m_viewerPage->opacitySlider(),
            &QSlider::setValue);
    connect(dialog, &SettingsDialog::thumbnailMemoryChanged, this,
            [this](int megabytes) { m_thumbnails->setMaxBytes(megabytes * kBytesPerMegabyte); });
    connect(dialog, &SettingsDialog::languageChanged, this, &MainWindow::requestRebuild);
    connect(dialog, &SettingsDialog::modelsFolderChanged, this, &MainWindow::requestRebuild);
    connect(dialog, &SettingsDialog::precisionChanged, this, &MainWindow::requestRebuild);
    connect(dialog, &SettingsDialog::importModelRequested, this, [this] { importModel(); });
    dialog->show();
}

void MainWindow::importModel(const QStringList &paths)
{
    if (auto *open = findChild<ImportModelDialog *>(); open != nullptr && open->isVisible()) {
        open->addPaths(paths);
        open->raise();
        open->activateWindow();
        return;
    }
    auto *dialog = new ImportModelDialog(m_options.importFolder, paths, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ImportModelDialog::imported, this, [this] {
        if (auto *settings = findChild<SettingsDialog *>())
            settings->modelList().refresh();
    });
    connect(dialog, &ImportModelDialog::useRequested, this, &MainWindow::useModel);
    dialog->show();
}

void MainWindow::useModel(const QString &registry, const QString &name)
{
    // The list of the settings does it and shows what comes of it.
    showSettings();
    findChild<SettingsDialog *>()->modelList().choose(registry, name);
}

void MainWindow::requestRebuild()
{
    m_rebuildWaits = m_session->isWorking();
    if (m_rebuildWaits) {
        m_notice->show(tr("The change shows as soon as the running jobs have ended."));
        return;
    }
    saveLayout();
    Q_EMIT rebuildRequested();
}

void MainWindow::toggleSide(Qt::DockWidgetArea area, const char *side)
{
    if (showsStartPage())
        return;
    QList<QWidget *> panels;
    for (QDockWidget *dock : findChildren<QDockWidget *>(QString(), Qt::FindDirectChildrenOnly)) {
        if (dockWidgetArea(dock) == area && !dock->isFloating())
            panels.append(dock);
    }
    // A page may mark its own panel of that side.
    for (QWidget *panel : currentPage()->findChildren<QWidget *>()) {
        if (panel->property("sidePanel").toByteArray() == side)
            panels.append(panel);
    }
    const bool anyShown = std::any_of(panels.begin(), panels.end(),
                                      [](const QWidget *panel) { return !panel->isHidden(); });
    for (QWidget *panel : std::as_const(panels))
        panel->setVisible(!anyShown);
}

void MainWindow::applyLayout(const QString &name)
{
    if (showsStartPage())
        return;
    for (const ShippedLayout &layout : kLayouts) {
        if (name != QLatin1String(layout.name))
            continue;
        restoreState(m_defaultLayout, kLayoutVersion);
        for (QDockWidget *dock :
             findChildren<QDockWidget *>(QString(), Qt::FindDirectChildrenOnly)) {
            const Qt::DockWidgetArea area = dockWidgetArea(dock);
            dock->setVisible(area == Qt::LeftDockWidgetArea    ? layout.left
                             : area == Qt::RightDockWidgetArea ? layout.right
                                                               : layout.bottom);
        }
        const QString id = QString::fromLatin1(layout.page);
        showPage(page(id) != nullptr ? id : kGallery);
        return;
    }
    for (const Settings::NamedLayout &layout : m_settings.namedLayouts()) {
        if (layout.name == name) {
            restoreState(layout.state, kLayoutVersion);
            showPage(layout.page);
        }
    }
}

void MainWindow::saveLayoutAs(const QString &name)
{
    if (!showsStartPage() && !name.trimmed().isEmpty())
        m_settings.saveNamedLayout(
            {name.trimmed(), currentPage()->pageId(), saveState(kLayoutVersion)});
}

void MainWindow::askForLayoutName()
{
    auto *dialog = new QInputDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Save layout"));
    dialog->setLabelText(tr("Name of the layout"));
    connect(dialog, &QInputDialog::textValueSelected, this, &MainWindow::saveLayoutAs);
    dialog->open();
}

void MainWindow::fillLayoutMenu()
{
    m_layoutMenu->clear();
    for (const char *id : {"layout.annotate", "layout.search", "layout.train", "layout.evaluate"})
        m_layoutMenu->addAction(m_actions->action(QString::fromLatin1(id)));
    const QList<Settings::NamedLayout> own = m_settings.namedLayouts();
    m_layoutMenu->addSeparator();
    for (const Settings::NamedLayout &layout : own) {
        QAction *action = m_layoutMenu->addAction(layout.name);
        connect(action, &QAction::triggered, this,
                [this, name = layout.name] { applyLayout(name); });
    }
    m_layoutMenu->addSeparator();
    m_layoutMenu->addAction(m_actions->action(QStringLiteral("layout.save")));
    QMenu *forget = m_layoutMenu->addMenu(tr("&Delete layout"));
    forget->setEnabled(!own.isEmpty());
    for (const Settings::NamedLayout &layout : own) {
        QAction *action = forget->addAction(layout.name);
        connect(action, &QAction::triggered, this,
                [this, name = layout.name] { m_settings.removeNamedLayout(name); });
    }
    m_layoutMenu->addAction(m_actions->action(QStringLiteral("view.reset-layout")));
}

void MainWindow::showAbout()
{
    auto *box = new QMessageBox(this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setWindowTitle(tr("About"));
    box->setIconPixmap(
        makeIconPixmap(QStringLiteral("org.sapsam.Workbench"), Qt::black, 64, devicePixelRatioF()));
    box->setText(tr("SAP-SAM Workbench %1").arg(QString::fromLatin1(programVersion())));
    box->setInformativeText(
        tr("Finds people by a description. Pictures, phrases and queries stay on this computer; "
           "the program opens no network connection. The people in your pictures did not ask to be "
           "searched for: use it with a reason and with their rights in mind."));
    box->setStandardButtons(QMessageBox::Close);
    box->open();
}

void MainWindow::resetLayout()
{
    m_settings.forgetLayout();
    if (showsStartPage())
        return;
    restoreState(m_defaultLayout, kLayoutVersion);
    m_projectDock->show();
    m_jobsDock->show();
}

void MainWindow::saveLayout()
{
    m_settings.setRecentActions(m_actions->recent());
    if (showsStartPage())
        return;
    m_settings.setLayout(saveGeometry(), saveState(kLayoutVersion));
    if (m_imagesLoaded)
        m_settings.setPlace(m_session->folder(),
                            {currentPage()->pageId(), m_viewerPage->shownId()});
}

void MainWindow::fillRecentMenu()
{
    m_recentMenu->clear();
    for (const QString &folder : m_settings.recentProjects()) {
        QAction *action = m_recentMenu->addAction(QDir::toNativeSeparators(folder));
        connect(action, &QAction::triggered, this, [this, folder] { openProject(folder); });
    }
    if (m_recentMenu->isEmpty())
        m_recentMenu->addAction(tr("None yet"))->setEnabled(false);
}

bool MainWindow::isSettled() const
{
    if (!m_session->isIdle() || !m_pendingQuery.isEmpty())
        return false;
    if (showsStartPage())
        return true;
    return m_imagesLoaded && currentPage()->isSettled();
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    if (m_session->isWorking() && !m_closeConfirmed) {
        event->ignore();
        auto *box = new QMessageBox(this);
        box->setAttribute(Qt::WA_DeleteOnClose);
        box->setWindowTitle(tr("Jobs are running"));
        box->setText(tr("Stop the running jobs and close?"));
        box->setInformativeText(
            tr("What they have made is stored. Started again, they go on where they stopped."));
        QPushButton *stop = box->addButton(tr("Stop and close"), QMessageBox::AcceptRole);
        box->addButton(QMessageBox::Cancel);
        connect(stop, &QPushButton::clicked, this, [this] {
            m_closeConfirmed = true;
            close();
        });
        box->open();
        return;
    }
    saveLayout();
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent *event)
{
    for (const QUrl &url : event->mimeData()->urls()) {
        if (url.isLocalFile()) {
            event->acceptProposedAction();
            return;
        }
    }
}

void MainWindow::dropEvent(QDropEvent *event)
{
    QStringList paths;
    for (const QUrl &url : event->mimeData()->urls()) {
        if (url.isLocalFile())
            paths.append(url.toLocalFile());
    }
    if (paths.isEmpty())
        return;
    event->acceptProposedAction();
    if (paths.size() == 1 && ProjectStore::isProject(toStdString(paths.first()))) {
        openProject(paths.first());
    } else if (m_session->isOpen()) {
        chooseImport(paths);
    } else {
        // The pictures need a project to go into.
        m_pendingImport = paths;
        chooseNewProject();
    }
}

} // namespace sapsam::ui
