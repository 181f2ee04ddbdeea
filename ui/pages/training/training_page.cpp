#include "ui/pages/training/training_page.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/engine/run_launch.h"
#include "core/engine/run_samples.h"
#include "core/engine/trainer.h"
#include "core/engine/training_form.h"
#include "core/pipeline/engines.h"
#include "ui/jobs/project_session.h"
#include "ui/pages/training/curve_plot.h"
#include "ui/pages/training/runs_model.h"
#include "ui/pages/training/samples_view.h"
#include "ui/pages/training/text_table_model.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/flow_layout.h"
#include "ui/widgets/labels.h"

#include <QAction>
#include <QCheckBox>
#include <QCollator>
#include <QDateTime>
#include <QDesktopServices>
#include <QDir>
#include <QFileDialog>
#include <QFontDatabase>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QItemSelectionModel>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QLocale>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSet>
#include <QSlider>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QTableView>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>
#include <map>
#include <set>

namespace sapsam::ui {

namespace {

constexpr int kPollMs = 1000;
constexpr int kRegistryBudgetMs = 400;
constexpr std::int64_t kMetricsBudget = 24LL << 20; // bytes a refresh; the rest comes next time
constexpr int kMostOverlaid = 6;

QString sizeText(std::int64_t bytes)
{
    return QLocale().formattedDataSize(bytes, 1);
}

QString timeText(const std::string &iso)
{
    const QDateTime time = QDateTime::fromString(toQString(iso), Qt::ISODate).toLocalTime();
    return time.isValid() ? QLocale().toString(time, QStringLiteral("d MMM yyyy hh:mm:ss"))
                          : QString();
}

QString shown(const Json &value)
{
    if (value.is_null())
        return QStringLiteral("–");
    return value.is_string() ? toQString(value.get<std::string>()) : toQString(value.dump());
}

// Enough to tell runs of one name apart: the time of the day at which it was made.
QString shortNameOf(const RunSummary &run)
{
    const QString id = toQString(run.id);
    const QString time = id.section(QLatin1Char('-'), 1, 1);
    return toQString(run.title) + QLatin1Char(' ') + (time.isEmpty() ? id : time);
}

// The drawing that a curve belongs to, and the order of drawings.
struct PlotPlace
{
    int order;
    QString title;
};

PlotPlace placeOf(const QString &name)
{
    if (name == QLatin1String("loss"))
        return {0, TrainingPage::tr("Loss")};
    if (name.startsWith(QLatin1String("validation/"))) {
        const QString metric = name.mid(11);
        const bool isRetrieval = metric.startsWith(QLatin1String("R@"))
                                 || metric == QLatin1String("mAP")
                                 || metric == QLatin1String("mINP");
        return {1, isRetrieval ? TrainingPage::tr("Validation")
                               : TrainingPage::tr("Validation: %1").arg(metric)};
    }
    if (name == QLatin1String("learningRate"))
        return {3, TrainingPage::tr("Learning rate")};
    if (name == QLatin1String("samplesPerSecond"))
        return {4, TrainingPage::tr("Pictures a second")};
    if (name == QLatin1String("gradientNorm"))
        return {5, TrainingPage::tr("Norm of the gradients")};
    if (name == QLatin1String("loaderWait"))
        return {6, TrainingPage::tr("Share of time waiting for data")};
    if (name == QLatin1String("gpuMemoryMb"))
        return {7, TrainingPage::tr("Memory of the card, MiB")};
    if (name == QLatin1String("processMemoryMb"))
        return {8, TrainingPage::tr("Memory of the process, MiB")};
    if (name == QLatin1String("lossScale"))
        return {9, TrainingPage::tr("Scale of the loss")};
    if (name == QLatin1String("iou"))
        return {10, TrainingPage::tr("IoU of the batch")};
    if (name == QLatin1String("leftOut"))
        return {11, TrainingPage::tr("Share of pairs left out of the loss")};
    if (name == QLatin1String("pool"))
        return {12, TrainingPage::tr("People drawn so far")};
    // Other things that a task tells have scales of their own.
    static const QSet<QString> terms = {
        QStringLiteral("sdm"),      QStringLiteral("itc"),   QStringLiteral("cmpm"),
        QStringLiteral("id"),       QStringLiteral("mlm"),   QStringLiteral("mlm_part"),
        QStringLiteral("matching"), QStringLiteral("mim"),   QStringLiteral("helper"),
        QStringLiteral("parts"),    QStringLiteral("dice"),  QStringLiteral("bce"),
        QStringLiteral("score"),    QStringLiteral("words"), QStringLiteral("attributes")};
    if (terms.contains(name))
        return {2, TrainingPage::tr("Terms of the loss")};
    return {13, name};
}

QString titleOf(const RunBadge &badge)
{
    if (badge.id == "chosen-on-test")
        return TrainingPage::tr("chosen on test");
    if (badge.id == "drawn-people")
        return TrainingPage::tr("drawn people");
    if (badge.id == "other-version") // "version 1.2.3"
        return TrainingPage::tr("version %1").arg(toQString(badge.text).section(u' ', 1));
    if (badge.id == "processes") // "4 processes"
        return TrainingPage::tr("%1 processes").arg(toQString(badge.text).section(u' ', 0, 0));
    if (badge.id == "settings")
        return TrainingPage::tr("settings of another version");
    return toQString(badge.text);
}

QString explanationOf(const RunBadge &badge)
{
    if (badge.id == "chosen-on-test")
        return TrainingPage::tr(
            "The best checkpoint was chosen on the split that it is judged by, so that its numbers "
            "are too good. Choose on val for numbers that can be compared.");
    if (badge.id == "drawn-people")
        return TrainingPage::tr("Trained and measured on people that the program draws: the "
                                "numbers say nothing about photographs.");
    if (badge.id == "other-version")
        return TrainingPage::tr("Trained by another version of the program.");
    if (badge.id == "processes")
        return TrainingPage::tr("Trained by several processes together.");
    if (badge.id == "settings")
        return TrainingPage::tr("This version of the program does not take all of its settings, so "
                                "that it can be looked at, but not go on.");
    return toQString(badge.explanation);
}

// What is counted, not measured, draws a line that says nothing.
bool isCount(const QString &curve)
{
    static const QSet<QString> counts = {
        QStringLiteral("queries"), QStringLiteral("gallery"),
        QStringLiteral("samples"), QStringLiteral("pictures"),
        QStringLiteral("phrases"), QStringLiteral("phrases_with_colour")};
    return curve == QLatin1String("seconds") || curve.startsWith(QLatin1String("final/"))
           || (curve.startsWith(QLatin1String("validation/")) && counts.contains(curve.mid(11)));
}

} // namespace

// What the lane keeps between refreshes.
struct TrainingPage::LaneState
{
    RunRegistry registry;
    std::string runsFolder;
    std::string queueChecked;
};

struct TrainingPage::Wanted
{
    std::string runsFolder;
    std::vector<std::string> selected; // ids
    std::map<std::string, std::shared_ptr<RunMetrics>> metrics;
    bool followsNewest = true;
    std::int64_t sampleStep = -1; // the chosen one
    std::int64_t shownStep = -1;  // need not be read again
};

struct TrainingPage::Snapshot
{
    std::string runsFolder;
    std::vector<RunSummary> runs;
    std::vector<std::string> selected;
    std::map<std::string, std::shared_ptr<RunMetrics>> metrics;
    bool hasMoreMetrics = false;
    std::string log;
    Json config;
    Json environment;
    Json otherConfig; // of the second selected run
    std::vector<RunCheckpoint> checkpoints;
    std::vector<std::int64_t> sampleSteps;
    std::int64_t sampleStep = -1;
    std::vector<SamplesView::Card> cards; // of this step, unless they are shown already
    std::string problem;
};

namespace {

// A set that has just been replaced or is damaged comes with the next look.
std::vector<SamplesView::Card> readCards(const std::string &folder, std::int64_t step)
{
    std::vector<SamplesView::Card> cards;
    try {
        for (const ShownSample &sample : readRunSamples(folder, step).samples)
            cards.push_back({sample, QImage(toQString(sample.picture)),
                             QImage(toQString(sample.second))});
    } catch (const Error &error) {
        logDebug(error.what());
    }
    return cards;
}

} // namespace

TrainingPage::TrainingPage(const PageContext &context, QWidget *parent)
    : WorkbenchPage(parent),
      m_context(context),
      m_runs(new RunsModel(this)),
      m_empty(new EmptyState),
      m_stack(new QStackedWidget),
      m_list(new QListView),
      m_count(makeLabel({}, "muted")),
      m_new(makePrimaryButton(tr("New run…"))),
      m_add(makeLinkButton(tr("Add a folder of runs…"))),
      m_name(makeLabel({}, "heading")),
      m_state(makeLabel({}, "muted")),
      m_progress(makeLabel({}, "muted")),
      m_message(makeLabel({}, "warning")),
      m_badgeArea(new QWidget),
      m_stop(new QPushButton(tr("Stop"))),
      m_resume(new QPushButton(tr("Resume"))),
      m_clone(new QPushButton(tr("Clone…"))),
      m_enqueue(new QPushButton(tr("Queue"))),
      m_reveal(new QPushButton(tr("Open folder"))),
      m_tabs(new QTabBar),
      m_tabPages(new QStackedWidget),
      m_logScale(new QCheckBox(tr("Logarithmic"))),
      m_smoothing(new QSlider(Qt::Horizontal)),
      m_curveNote(makeLabel({}, "small")),
      m_plotArea(new QWidget),
      m_plotGrid(new QGridLayout(m_plotArea)),
      m_noCurves(makeLabel(tr("Nothing has been measured yet."), "muted")),
      m_samples(new SamplesView),
      m_log(new QPlainTextEdit),
      m_settingsModel(new TextTableModel({tr("Setting"), tr("Value"), tr("Default")}, this)),
      m_checkpointsModel(new TextTableModel(
          {tr("Checkpoint"), tr("Step"), tr("Size"), tr("Saved"), tr("What it is")}, this)),
      m_comparisonModel(new TextTableModel({tr("What differs"), {}, {}}, this)),
      m_modelName(new QLineEdit),
      m_use(makePrimaryButton(tr("Use this model"))),
      m_used(makeLabel({}, "muted")),
      m_laneState(std::make_shared<LaneState>()),
      m_lane(std::make_unique<JobRunner>(QStringLiteral("runs")))
{
    setRole(this, "page");
    auto *left = new QWidget;
    buildLeft(left);
    auto *right = new QWidget;
    buildRight(right);
    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setHandleWidth(1);
    splitter->addWidget(left);
    splitter->addWidget(right);
    splitter->setStretchFactor(0, 0);
    splitter->setStretchFactor(1, 1);
    splitter->setCollapsible(0, false);
    splitter->setCollapsible(1, false);
    splitter->setSizes({300, 900});
    m_stack->addWidget(splitter);
    m_stack->addWidget(m_empty);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);

    connect(m_empty, &EmptyState::buttonClicked, this, [this] { showDialog(); });
    connect(m_new, &QPushButton::clicked, this, [this] { showDialog(); });
    connect(m_add, &QPushButton::clicked, this, [this] { addFolder(); });
    connect(m_stop, &QPushButton::clicked, this, [this] { stopSelected(); });
    connect(m_resume, &QPushButton::clicked, this, [this] { resumeSelected(); });
    connect(m_clone, &QPushButton::clicked, this, [this] { cloneSelected(); });
    connect(m_enqueue, &QPushButton::clicked, this, [this] { queueSelected(); });
    connect(m_reveal, &QPushButton::clicked, this, [this] { revealSelected(); });
    connect(m_use, &QPushButton::clicked, this, [this] { useModel(); });
    connect(m_tabs, &QTabBar::currentChanged, this, [this] { showTab(); });
    const auto selectionChanged = [this] {
        m_hasSnapshot = false;
        m_used->clear();
        m_samples->clear();
        showCurrent();
        refresh();
    };
    connect(m_samples, &SamplesView::stepChosen, this, &TrainingPage::refresh);
    connect(m_list->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            selectionChanged);
    connect(m_runs, &QAbstractItemModel::dataChanged, this, [this] { showCurrent(); });
    m_poll.setInterval(kPollMs);
    connect(&m_poll, &QTimer::timeout, this, [this] {
        if (isVisible())
            refresh();
    });
    m_poll.start();
    if (m_context.session != nullptr) {
        connect(m_context.session, &ProjectSession::opened, this,
                [this] { setRunsFolder(m_context.session->folder() + QStringLiteral("/runs")); });
        connect(m_context.session, &ProjectSession::closed, this, [this] { setRunsFolder({}); });
        if (m_context.session->isOpen())
            setRunsFolder(m_context.session->folder() + QStringLiteral("/runs"));
    }
    m_empty->show(QStringLiteral("training"), tr("No training runs yet"),
                  tr("Train the small models on drawn people, or the paper's on your data. A run "
                     "is a process of its own: it goes on when this window is closed."),
                  tr("New run…"));
    m_stack->setCurrentWidget(m_empty);
    showCurrent();
}

TrainingPage::~TrainingPage()
{
    m_lane.reset();
}

void TrainingPage::buildLeft(QWidget *left)
{
    setRole(left, "panel");
    left->setMinimumWidth(250);
    m_list->setModel(m_runs);
    m_list->setItemDelegate(new RunDelegate(m_list));
    m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setMouseTracking(true);
    m_list->setAccessibleName(tr("Training runs"));
    m_count->setWordWrap(true);
    auto *head = new QHBoxLayout;
    head->setContentsMargins(16, 12, 12, 8);
    head->addWidget(m_count, 1);
    head->addWidget(m_new);
    auto *foot = new QHBoxLayout;
    foot->setContentsMargins(8, 4, 8, 8);
    foot->addWidget(m_add);
    foot->addStretch(1);
    auto *layout = new QVBoxLayout(left);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(head);
    layout->addWidget(m_list, 1);
    layout->addLayout(foot);
}

QTableView *TrainingPage::makeTable(TextTableModel *model, const QString &name)
{
    auto *table = new QTableView;
    table->setModel(model);
    table->setAccessibleName(name);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setShowGrid(false);
    table->setFrameShape(QFrame::NoFrame);
    table->setWordWrap(false);
    table->setTabKeyNavigation(false);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + 12);
    table->horizontalHeader()->setStretchLastSection(true);
    table->horizontalHeader()->setHighlightSections(false);
    return table;
}

void TrainingPage::buildRight(QWidget *right)
{
    setRole(right, "page");
    m_badges = new FlowLayout(m_badgeArea);
    m_message->setWordWrap(true);
    m_message->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto *titleLine = new QHBoxLayout;
    titleLine->setSpacing(12);
    titleLine->addWidget(m_name);
    titleLine->addWidget(m_state);
    titleLine->addStretch(1);
    for (QPushButton *button : {m_stop, m_resume, m_enqueue, m_clone, m_reveal})
        titleLine->addWidget(button);
    auto *head = new QVBoxLayout;
    head->setContentsMargins(20, 12, 20, 4);
    head->setSpacing(6);
    head->addLayout(titleLine);
    head->addWidget(m_progress);
    head->addWidget(m_badgeArea);
    head->addWidget(m_message);

    m_tabs->addTab(tr("Curves"));
    m_tabs->addTab(tr("Samples"));
    m_tabs->addTab(tr("Log"));
    m_tabs->addTab(tr("Settings"));
    m_tabs->addTab(tr("Checkpoints"));
    m_tabs->addTab(tr("Compare"));
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    m_tabs->setAccessibleName(tr("About the run"));

    // Curves.
    m_smoothing->setRange(0, 99);
    m_smoothing->setFixedWidth(120);
    m_smoothing->setAccessibleName(tr("Smoothing"));
    m_smoothing->setToolTip(tr("Draws a moving average over the curves"));
    m_logScale->setToolTip(tr("Draws values by their order of magnitude"));
    auto *whole = makeLinkButton(tr("Show everything"));
    auto *tools = new QHBoxLayout;
    tools->setContentsMargins(20, 8, 20, 4);
    tools->setSpacing(10);
    tools->addWidget(m_logScale);
    tools->addSpacing(8);
    tools->addWidget(makeLabel(tr("Smoothing"), "small"));
    tools->addWidget(m_smoothing);
    tools->addWidget(whole);
    tools->addStretch(1);
    tools->addWidget(m_curveNote);
    m_plotGrid->setContentsMargins(20, 4, 20, 16);
    m_plotGrid->setSpacing(12);
    setRole(m_plotArea, "page");
    auto *scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidget(m_plotArea);
    scroll->setAccessibleName(tr("Curves"));
    m_noCurves->setAlignment(Qt::AlignCenter);
    auto *curves = new QWidget;
    auto *curvesLayout = new QVBoxLayout(curves);
    curvesLayout->setContentsMargins(0, 0, 0, 0);
    curvesLayout->setSpacing(0);
    curvesLayout->addLayout(tools);
    curvesLayout->addWidget(m_noCurves, 1);
    curvesLayout->addWidget(scroll, 1);
    m_plotArea->setProperty("scroll", QVariant::fromValue<QObject *>(scroll));
    connect(m_logScale, &QCheckBox::toggled, this, [this](bool on) {
        for (CurvePlot *plot : m_plots)
            plot->setLogarithmic(on);
    });
    connect(m_smoothing, &QSlider::valueChanged, this, [this](int value) {
        for (CurvePlot *plot : m_plots)
            plot->setSmoothing(value / 100.0);
    });
    connect(whole, &QPushButton::clicked, this, [this] {
        for (CurvePlot *plot : m_plots)
            plot->setRange({});
    });

    m_log->setReadOnly(true);
    m_log->setFrameShape(QFrame::NoFrame);
    m_log->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_log->setMaximumBlockCount(5000);
    m_log->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_log->setObjectName(QStringLiteral("jobDetails"));
    m_log->setAccessibleName(tr("Log of the run"));
    auto *logPage = new QWidget;
    auto *logLayout = new QVBoxLayout(logPage);
    logLayout->setContentsMargins(14, 8, 14, 14);
    logLayout->addWidget(m_log);

    m_settingsTable = makeTable(m_settingsModel, tr("Settings of the run"));
    m_settingsTable->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    m_checkpointsTable = makeTable(m_checkpointsModel, tr("Checkpoints"));
    m_checkpointsTable->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_comparisonTable = makeTable(m_comparisonModel, tr("Differences of two runs"));
    m_comparisonTable->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    m_modelName->setAccessibleName(tr("Name of the model"));
    m_modelName->setFixedWidth(260);
    m_used->setWordWrap(true);
    auto *useLine = new QHBoxLayout;
    useLine->setContentsMargins(0, 8, 0, 0);
    useLine->setSpacing(10);
    useLine->addWidget(makeLabel(tr("Name"), "muted"));
    useLine->addWidget(m_modelName);
    useLine->addWidget(m_use);
    useLine->addWidget(m_used, 1);
    auto *checkpoints = new QWidget;
    auto *checkpointsLayout = new QVBoxLayout(checkpoints);
    checkpointsLayout->setContentsMargins(20, 8, 20, 16);
    checkpointsLayout->addWidget(m_checkpointsTable, 1);
    checkpointsLayout->addLayout(useLine);
    const auto framed = [](QWidget *widget) {
        auto *page = new QWidget;
        auto *layout = new QVBoxLayout(page);
        layout->setContentsMargins(20, 8, 20, 16);
        layout->addWidget(widget);
        return page;
    };
    m_tabPages->addWidget(curves);
    m_tabPages->addWidget(m_samples);
    m_tabPages->addWidget(logPage);
    m_tabPages->addWidget(framed(m_settingsTable));
    m_tabPages->addWidget(checkpoints);
    m_tabPages->addWidget(framed(m_comparisonTable));

    auto *tabLine = new QHBoxLayout;
    tabLine->setContentsMargins(12, 0, 12, 0);
    tabLine->addWidget(m_tabs);
    tabLine->addStretch(1);
    auto *layout = new QVBoxLayout(right);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(head);
    layout->addLayout(tabLine);
    layout->addWidget(m_tabPages, 1);
}

void TrainingPage::makeActions(ActionRegistry &actions)
{
    const auto add = [&](const char *id, const QString &text, const char *key, const QString &tip,
                         auto &&slot) {
        ActionSpec spec;
        spec.id = QString::fromLatin1(id);
        spec.text = text;
        spec.keys = {QKeySequence(QString::fromLatin1(key), QKeySequence::PortableText)};
        spec.scope = ActionScope::Training;
        spec.tip = tip;
        spec.section = tr("Training");
        QAction *action = actions.add(spec, this);
        connect(action, &QAction::triggered, this, slot);
        m_actions.append(action);
    };
    add("training.new", tr("&New run…"), "Ctrl+Return", tr("Opens the dialog for a new run."),
        [this] { showDialog(); });
    add("training.stop", tr("&Stop and save"), "Ctrl+Shift+.", tr("Asks the run to save and stop."),
        [this] { stopSelected(); });
    add("training.resume", tr("&Resume"), "Ctrl+Shift+R",
        tr("Goes on from the last checkpoint of a run that was stopped or lost."),
        [this] { resumeSelected(); });
    add("training.clone", tr("&Clone…"), "Ctrl+D",
        tr("Opens the dialog with the settings of the selected run."), [this] { cloneSelected(); });
    add("training.queue", tr("&Queue"), "Ctrl+Shift+Q",
        tr("Puts the selected runs at the end of the queue."), [this] { queueSelected(); });
    add("training.sooner", tr("Sooner in the queue"), "Ctrl+Shift+Up", {},
        [this] { moveInQueue(-1); });
    add("training.later", tr("Later in the queue"), "Ctrl+Shift+Down", {},
        [this] { moveInQueue(1); });
    add("training.compare", tr("Co&mpare"), "Ctrl+M",
        tr("Shows what the two selected runs were told differently."),
        [this] { m_tabs->setCurrentIndex(Compare); });
    add("training.use", tr("&Use this model"), "Ctrl+U",
        tr("Enters the finished model and takes it for its task."), [this] {
            m_tabs->setCurrentIndex(Checkpoints);
            useModel();
        });
    add("training.reveal", tr("Open &folder"), "Ctrl+Shift+E",
        tr("Shows the run's folder in the file manager."), [this] { revealSelected(); });
    add("training.log-scale", tr("&Logarithmic"), "Ctrl+G", {}, [this] { m_logScale->toggle(); });
    updateActions();
}

void TrainingPage::fillMenu(QMenu &menu)
{
    menu.addActions(m_actions);
}

void TrainingPage::activate()
{
    if (showsEmptyState())
        m_empty->setFocus();
    else
        m_list->setFocus();
    refresh();
}

bool TrainingPage::isSettled() const
{
    if (m_runsFolder.isEmpty())
        return true;
    if (m_isRefreshing || !m_hasSnapshot)
        return false;
    if (!m_wantsCurve)
        return true;
    const RunSummary *run = current();
    return run != nullptr && !m_plots.empty() && (run->best || run->state == RunState::Failed);
}

void TrainingPage::prepareScreenshot()
{
    if (m_runs->rowCount() > 0) {
        if (current() == nullptr)
            selectRuns({m_runs->index(0).data(RunsModel::IdRole).toString()});
        return;
    }
    if (m_runsFolder.isEmpty())
        return;
    // A real one, so small that it has something to show within seconds.
    NewRun run;
    run.task = QStringLiteral("retrieval");
    run.config = {{"name", "first-run"},   {"steps", 60},         {"batchSize", 16},
                  {"warmUpSteps", 6},      {"logEvery", 1},       {"evaluateEvery", 10},
                  {"checkpointEvery", 20}, {"heldOutCount", 16},  {"poolStart", 64},
                  {"poolGrowth", 0.0},     {"renderHeight", 64},  {"renderWidth", 32},
                  {"corpusLines", 300},    {"imageHeight", 32},   {"imageWidth", 16},
                  {"patchSize", 8},        {"visionWidth", 32},   {"visionLayers", 2},
                  {"visionHeads", 2},      {"textWidth", 32},     {"textLayers", 2},
                  {"textHeads", 2},        {"embeddingSize", 32}, {"contextLength", 40},
                  {"vocabularySize", 800}, {"learningRate", 2e-3}};
    run.launch.device = "cpu";
    run.launch.modelsFolder = toStdString(m_context.modelsFolder);
    m_wantsCurve = true;
    m_hasSnapshot = false;
    startRun(run);
}

void TrainingPage::refreshIcons()
{
    m_plotKey.clear();
    rebuildPlots();
}

bool TrainingPage::showsEmptyState() const
{
    return m_stack->currentWidget() == m_empty;
}

QString TrainingPage::message() const
{
    return m_message->text();
}

QString TrainingPage::countNote() const
{
    return m_count->text();
}

QString TrainingPage::usedText() const
{
    return m_used->text();
}

void TrainingPage::setRunsFolder(const QString &folder)
{
    m_runsFolder = folder;
    m_hasSnapshot = false;
    m_metrics.clear();
    m_runs->setRuns({});
    m_stack->setCurrentWidget(m_empty);
    m_new->setEnabled(!folder.isEmpty());
    showCurrent();
    refresh();
}

const RunSummary *TrainingPage::current() const
{
    const QStringList ids = selectedRuns();
    return ids.isEmpty() ? nullptr : m_runs->find(ids.front());
}

QStringList TrainingPage::selectedRuns() const
{
    QStringList ids;
    const QModelIndex now = m_list->currentIndex();
    QModelIndexList rows = m_list->selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end());
    for (const QModelIndex &row : std::as_const(rows)) {
        const QString id = row.data(RunsModel::IdRole).toString();
        if (row == now)
            ids.prepend(id);
        else
            ids.append(id);
    }
    return ids;
}

void TrainingPage::selectRuns(const QStringList &ids)
{
    QItemSelection selection;
    for (const QString &id : ids) {
        const int row = m_runs->rowOf(id);
        if (row >= 0)
            selection.select(m_runs->index(row), m_runs->index(row));
    }
    const int first = ids.isEmpty() ? -1 : m_runs->rowOf(ids.front());
    if (first >= 0)
        m_list->selectionModel()->setCurrentIndex(m_runs->index(first),
                                                  QItemSelectionModel::NoUpdate);
    m_list->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
}

void TrainingPage::refresh()
{
    if (m_runsFolder.isEmpty())
        return;
    if (m_isRefreshing) {
        m_refreshAgain = true;
        return;
    }
    m_isRefreshing = true;
    Wanted wanted;
    wanted.runsFolder = toStdString(m_runsFolder);
    for (const QString &id : selectedRuns()) {
        if (static_cast<int>(wanted.selected.size()) == kMostOverlaid)
            break;
        wanted.selected.push_back(toStdString(id));
        wanted.metrics[toStdString(id)] = m_metrics.value(id);
    }
    wanted.sampleStep = m_samples->wantedStep();
    wanted.followsNewest = m_samples->followsNewest();
    wanted.shownStep = m_samples->shownStep();
    m_lane->start(
        {}, this,
        [state = m_laneState, wanted](const CancelToken &cancel, const ProgressSink &) {
            Snapshot snapshot;
            snapshot.runsFolder = wanted.runsFolder;
            snapshot.selected = wanted.selected;
            try {
                if (state->runsFolder != wanted.runsFolder) {
                    state->runsFolder = wanted.runsFolder;
                    state->registry = RunRegistry();
                }
                std::vector<std::string> roots = {wanted.runsFolder};
                for (const std::string &more : otherRunFolders(wanted.runsFolder))
                    roots.push_back(more);
                if (roots != state->registry.roots())
                    state->registry.setRoots(roots);
                // The queue's process may have died with the machine.
                RunQueue(wanted.runsFolder).ensureWorker();
                snapshot.runs = state->registry.refresh(kRegistryBudgetMs);
                for (std::size_t i = 0; i < wanted.selected.size() && !cancel.isCancelled(); ++i) {
                    const std::string &id = wanted.selected[i];
                    const auto run =
                        std::find_if(snapshot.runs.begin(), snapshot.runs.end(),
                                     [&](const RunSummary &one) { return one.id == id; });
                    if (run == snapshot.runs.end() || run->state == RunState::Missing)
                        continue;
                    std::shared_ptr<RunMetrics> metrics = wanted.metrics.at(id);
                    if (!metrics || metrics->path() != run->folder + "/metrics.jsonl")
                        metrics = std::make_shared<RunMetrics>(run->folder + "/metrics.jsonl");
                    metrics->update(kMetricsBudget);
                    snapshot.hasMoreMetrics =
                        snapshot.hasMoreMetrics || metrics->bytesRead() < metrics->bytesTotal();
                    snapshot.metrics[id] = metrics;
                    if (i > 1)
                        continue;
                    try {
                        (i == 0 ? snapshot.config : snapshot.otherConfig) =
                            readJsonFile(run->folder + "/config.json");
                    } catch (const Error &) {
                        // The run's own message says so.
                    }
                    if (i == 1)
                        continue;
                    try {
                        snapshot.environment = readJsonFile(run->folder + "/environment.json");
                    } catch (const Error &) {
                    }
                    snapshot.sampleSteps = sampleSteps(run->folder);
                    if (!snapshot.sampleSteps.empty()) {
                        snapshot.sampleStep = wanted.followsNewest || wanted.sampleStep < 0
                                                  ? snapshot.sampleSteps.back()
                                                  : wanted.sampleStep;
                        if (snapshot.sampleStep != wanted.shownStep)
                            snapshot.cards = readCards(run->folder, snapshot.sampleStep);
                    }
                    snapshot.log = logTail(run->folder);
                    snapshot.checkpoints = checkpointsOf(run->folder);
                }
            } catch (const std::exception &error) {
                snapshot.problem = error.what();
            }
            return snapshot;
        },
        [this](Snapshot &&snapshot) { take(std::move(snapshot)); });
}

void TrainingPage::take(Snapshot &&snapshot)
{
    m_isRefreshing = false;
    const bool again = std::exchange(m_refreshAgain, false);
    if (snapshot.runsFolder != toStdString(m_runsFolder)) {
        refresh();
        return;
    }
    const bool wasEmpty = m_runs->rowCount() == 0;
    m_runs->setRuns(snapshot.runs);
    m_stack->setCurrentIndex(m_runs->rowCount() == 0 ? 1 : 0);
    const int loaded = m_runs->loadedCount();
    const int count = m_runs->rowCount();
    m_count->setText(loaded < count ? tr("%1 of %2 runs loaded").arg(loaded).arg(count)
                     : count == 1   ? tr("1 run")
                                    : tr("%1 runs").arg(countText(count)));
    if (!m_selectWhenSeen.isEmpty() && m_runs->rowOf(m_selectWhenSeen) >= 0) {
        selectRuns({std::exchange(m_selectWhenSeen, QString())});
    } else if (wasEmpty && count > 0 && selectedRuns().isEmpty()) {
        selectRuns({m_runs->index(0).data(RunsModel::IdRole).toString()});
    }
    QStringList ids = selectedRuns().mid(0, kMostOverlaid);
    QStringList told;
    for (const std::string &id : snapshot.selected)
        told.append(toQString(id));
    if (ids == told) {
        m_hasSnapshot = true;
        m_metrics.clear();
        for (const auto &[id, metrics] : snapshot.metrics)
            m_metrics.insert(toQString(id), metrics);
        rebuildPlots();
        for (CurvePlot *plot : m_plots)
            plot->update();
        std::int64_t damaged = 0;
        std::int64_t read = 0;
        std::int64_t total = 0;
        for (const auto &metrics : std::as_const(m_metrics)) {
            damaged += metrics->damagedLines();
            read += metrics->bytesRead();
            total += metrics->bytesTotal();
        }
        QStringList notes;
        if (snapshot.hasMoreMetrics)
            notes.append(tr("%1 of %2 loaded").arg(sizeText(read), sizeText(total)));
        if (damaged > 0)
            notes.append(damaged == 1 ? tr("1 damaged line left out")
                                      : tr("%1 damaged lines left out").arg(countText(damaged)));
        m_curveNote->setText(notes.join(QStringLiteral(" · ")));

        m_samples->setSteps(snapshot.sampleSteps);
        if (snapshot.sampleStep != m_samples->shownStep())
            m_samples->setCards(snapshot.sampleStep, snapshot.cards);
        const QString log = toQString(snapshot.log);
        if (m_log->property("text").toString() != log) {
            QScrollBar *bar = m_log->verticalScrollBar();
            const bool wasAtEnd = bar->value() >= bar->maximum() - 2;
            m_log->setProperty("text", log);
            const int value = bar->value();
            m_log->setPlainText(log);
            bar->setValue(wasAtEnd ? bar->maximum() : value);
        }

        std::vector<TextTableModel::Row> rows;
        const RunSummary *run = current();
        if (run != nullptr && snapshot.config.is_object()) {
            const TrainingForm *form = nullptr;
            for (const TrainingForm &one : trainingForms())
                form = one.id == run->form ? &one : form;
            for (const auto &item : snapshot.config.items()) {
                TextTableModel::Row row;
                const SettingField *field = form != nullptr ? form->field(item.key()) : nullptr;
                row.key = toQString(item.key());
                row.cells = {field != nullptr ? toQString(field->label) : row.key,
                             shown(item.value()),
                             field != nullptr ? shown(field->fallback) : QString()};
                row.isStrong = field != nullptr && field->fallback != item.value();
                row.tip =
                    field != nullptr ? toQString(field->key + ": " + field->explanation) : row.key;
                rows.push_back(row);
            }
            // What was changed is read first.
            std::stable_sort(rows.begin(), rows.end(), [](const auto &a, const auto &b) {
                return a.isStrong && !b.isStrong;
            });
        }
        if (snapshot.environment.is_object()) {
            for (const auto &item : snapshot.environment.items())
                rows.push_back(
                    {{tr("made with: %1").arg(toQString(item.key())), shown(item.value()), {}},
                     false,
                     {},
                     QStringLiteral("environment.") + toQString(item.key())});
        }
        m_settingsModel->setRows(std::move(rows));

        rows = {};
        for (const RunCheckpoint &checkpoint : snapshot.checkpoints)
            rows.push_back(
                {{toQString(checkpoint.name),
                  checkpoint.step >= 0 ? countText(checkpoint.step) : QString(),
                  sizeText(checkpoint.bytes), timeText(checkpoint.time), toQString(checkpoint.use)},
                 checkpoint.name == "model",
                 toQString(checkpoint.path),
                 toQString(checkpoint.path)});
        m_checkpointsModel->setRows(std::move(rows));

        rows = {};
        if (ids.size() >= 2) {
            const RunSummary *other = m_runs->find(ids.at(1));
            m_comparisonModel->setHeadings({tr("What differs"),
                                            run != nullptr ? shortNameOf(*run) : QString(),
                                            other != nullptr ? shortNameOf(*other) : QString()});
            for (const SettingDifference &difference :
                 settingDifferences(snapshot.config, snapshot.otherConfig))
                rows.push_back({{tr("setting: %1").arg(toQString(difference.key)),
                                 shown(difference.first), shown(difference.second)},
                                true,
                                {},
                                toQString(difference.key)});
            const auto values = [&](const QString &id) {
                const auto metrics = m_metrics.value(id);
                return metrics ? metrics->lastValues() : std::map<std::string, double>();
            };
            const auto first = values(ids.at(0));
            const auto second = values(ids.at(1));
            std::set<std::string> names;
            for (const auto *all : {&first, &second}) {
                for (const auto &[name, value] : *all)
                    names.insert(name);
            }
            const auto text = [](const std::map<std::string, double> &all,
                                 const std::string &name) {
                const auto found = all.find(name);
                return found == all.end() ? QStringLiteral("–")
                                          : QString::number(found->second, 'g', 5);
            };
            for (const std::string &name : names)
                rows.push_back({{tr("last measured: %1").arg(toQString(name)), text(first, name),
                                 text(second, name)},
                                false,
                                {},
                                toQString(name)});
        }
        m_comparisonModel->setRows(std::move(rows));
    }
    if (!snapshot.problem.empty())
        m_count->setText(toQString(snapshot.problem));
    showCurrent();
    Q_EMIT refreshed();
    if (again || ids != told || snapshot.hasMoreMetrics)
        refresh();
}

void TrainingPage::showCurrent()
{
    const RunSummary *run = current();
    const bool hasRun = run != nullptr;
    m_name->setText(hasRun ? toQString(run->title) : tr("No run selected"));
    m_state->setText(hasRun ? stateText(*run) : QString());
    if (hasRun)
        m_state->setStyleSheet(
            QStringLiteral("color: %1; font-weight: 600;").arg(stateColor(*run, palette()).name()));
    QStringList words;
    if (hasRun) {
        for (const QString &word :
             {progressText(*run),
              run->best ? tr("best %1 at step %2").arg(bestText(*run), countText(run->best->step))
                        : QString(),
              timeText(run->started)}) {
            if (!word.isEmpty())
                words.append(word);
        }
    }
    m_progress->setText(words.join(QStringLiteral(" · ")));
    m_progress->setVisible(!words.isEmpty());
    QString message = hasRun ? toQString(run->message) : QString();
    if (hasRun && !run->problems.empty()) {
        QStringList problems;
        for (const std::string &problem : run->problems)
            problems.append(toQString(problem));
        message += (message.isEmpty() ? QString() : QStringLiteral("\n"))
                   + tr("It cannot go on with this version of the program: %1")
                         .arg(problems.join(QStringLiteral("; ")));
    }
    m_message->setText(message);
    m_message->setVisible(!message.isEmpty());
    QStringList badges;
    if (hasRun) {
        for (const RunBadge &badge : run->badges)
            badges.append(titleOf(badge));
    }
    if (badges != m_shownBadges) {
        m_shownBadges = badges;
        m_badges->clear();
        for (const RunBadge &badge : hasRun ? run->badges : std::vector<RunBadge>()) {
            const bool warns = badge.id == "chosen-on-test" || badge.id == "settings";
            auto *chip =
                new Chip({}, titleOf(badge),
                         warns ? warningColor(palette()) : palette().color(QPalette::Highlight));
            chip->setToolTip(explanationOf(badge));
            m_badges->addWidget(chip);
        }
        m_badgeArea->setVisible(!badges.isEmpty());
    }
    if (hasRun && m_modelName->property("run").toString() != toQString(run->id)) {
        m_modelName->setProperty("run", toQString(run->id));
        // The shipped models keep their names.
        m_modelName->setText(toQString(run->title + "-" + run->id.substr(0, 8)));
    }
    updateActions();
}

void TrainingPage::updateActions()
{
    const RunSummary *run = current();
    const bool hasRun = run != nullptr;
    const bool isThere = hasRun && run->state != RunState::Missing;
    m_stop->setEnabled(hasRun && run->canStop());
    m_stop->setVisible(!hasRun || run->canStop() || run->state == RunState::Stopping);
    m_stop->setText(hasRun && run->state == RunState::Stopping  ? tr("Saving…")
                    : hasRun && run->state == RunState::Waiting ? tr("Do not start")
                                                                : tr("Stop"));
    const bool canGoOn = hasRun && run->canResume();
    m_resume->setVisible(canGoOn);
    m_resume->setText(hasRun && run->state == RunState::Waiting ? tr("Start now") : tr("Resume"));
    m_enqueue->setVisible(canGoOn);
    m_clone->setEnabled(isThere);
    m_reveal->setEnabled(isThere);
    m_use->setEnabled(hasRun && run->hasModel);
    m_use->setToolTip(hasRun && !run->hasModel
                          ? tr("The run must be done; its model is made at the end.")
                          : QString());
    m_modelName->setEnabled(hasRun && run->hasModel);
    m_tabs->setTabEnabled(Compare, selectedRuns().size() >= 2);
    m_tabs->setTabToolTip(Compare, selectedRuns().size() >= 2
                                       ? QString()
                                       : tr("Select two runs with Ctrl to compare them."));
    for (QAction *action : std::as_const(m_actions)) {
        const QString id = action->objectName();
        if (id == QLatin1String("training.stop"))
            action->setEnabled(hasRun && run->canStop());
        else if (id == QLatin1String("training.resume") || id == QLatin1String("training.queue"))
            action->setEnabled(canGoOn);
        else if (id == QLatin1String("training.clone") || id == QLatin1String("training.reveal"))
            action->setEnabled(isThere);
        else if (id == QLatin1String("training.compare"))
            action->setEnabled(selectedRuns().size() >= 2);
        else if (id == QLatin1String("training.use"))
            action->setEnabled(hasRun && run->hasModel);
    }
}

void TrainingPage::showTab()
{
    m_tabPages->setCurrentIndex(m_tabs->currentIndex());
}

void TrainingPage::rebuildPlots()
{
    const QStringList ids = selectedRuns().mid(0, kMostOverlaid);
    // Title → the curves in it, in order.
    std::map<std::pair<int, QString>, QStringList> places;
    QStringList key = ids;
    for (const QString &id : ids) {
        const auto metrics = m_metrics.value(id);
        if (!metrics)
            continue;
        const std::vector<std::string> names = metrics->names();
        key.append(QStringLiteral("%1 %2")
                       .arg(reinterpret_cast<quintptr>(metrics.get()), 0, 16)
                       .arg(names.size()));
        for (const std::string &name : names) {
            const QString curve = toQString(name);
            if (isCount(curve))
                continue;
            const PlotPlace place = placeOf(curve);
            QStringList &curves = places[{place.order, place.title}];
            if (!curves.contains(curve))
                curves.append(curve);
        }
    }
    // R@1, R@5, R@10.
    QCollator natural;
    natural.setNumericMode(true);
    for (auto &[place, curves] : places)
        std::sort(curves.begin(), curves.end(), natural);
    for (const auto &[place, curves] : places)
        key.append(place.second + curves.join(QLatin1Char('|')));
    auto *scroll = qobject_cast<QWidget *>(m_plotArea->property("scroll").value<QObject *>());
    scroll->setVisible(!places.empty());
    m_noCurves->setVisible(places.empty());
    if (key == m_plotKey)
        return;
    m_plotKey = key;
    for (CurvePlot *plot : m_plots)
        delete plot;
    m_plots.clear();
    const auto makePlot = [&](const QString &title, std::vector<PlotSeries> series) {
        auto *plot = new CurvePlot(title);
        plot->setSeries(std::move(series));
        plot->setLogarithmic(m_logScale->isChecked());
        plot->setSmoothing(m_smoothing->value() / 100.0);
        connect(plot, &CurvePlot::rangeChanged, this, [this, plot](const auto &range) {
            for (CurvePlot *other : m_plots) {
                if (other != plot)
                    other->setRange(range);
            }
        });
        connect(plot, &CurvePlot::cursorMoved, this, [this, plot](const auto &step) {
            for (CurvePlot *other : m_plots) {
                if (other != plot)
                    other->setCursorStep(step);
            }
        });
        const int at = static_cast<int>(m_plots.size());
        m_plotGrid->addWidget(plot, at / 2, at % 2);
        m_plots.push_back(plot);
    };
    const auto labelOf = [](QString curve) { return curve.remove(QStringLiteral("validation/")); };
    for (const auto &[place, curves] : places) {
        if (ids.size() <= 1) {
            std::vector<PlotSeries> series;
            for (const QString &curve : curves)
                series.push_back({m_metrics.value(ids.front()), toStdString(curve),
                                  curves.size() > 1 ? labelOf(curve) : QString(),
                                  runColor(static_cast<int>(series.size()), palette()), false});
            makePlot(place.second, std::move(series));
            continue;
        }
        // Several runs: a drawing for each number, a colour for each run.
        for (const QString &curve : curves) {
            std::vector<PlotSeries> series;
            for (int i = 0; i < ids.size(); ++i) {
                const RunSummary *run = m_runs->find(ids.at(i));
                const auto metrics = m_metrics.value(ids.at(i));
                if (run == nullptr || !metrics)
                    continue;
                const std::vector<std::string> names = metrics->names();
                if (std::find(names.begin(), names.end(), toStdString(curve)) != names.end())
                    series.push_back({metrics, toStdString(curve), shortNameOf(*run),
                                      runColor(i, palette()), false});
            }
            makePlot(curves.size() > 1 ? tr("%1: %2").arg(place.second, labelOf(curve))
                                       : place.second,
                     std::move(series));
        }
    }
    m_plotGrid->setColumnStretch(0, 1);
    m_plotGrid->setColumnStretch(1, 1);
    for (int row = 0; row < m_plotGrid->rowCount(); ++row)
        m_plotGrid->setRowStretch(row, 1);
}

void TrainingPage::showProblem(const QString &what, const ErrorReport &error)
{
    if (m_context.showProblem)
        m_context.showProblem(what, error);
    else
        m_count->setText(toQString(error.message));
}

void TrainingPage::perform(const QString &what, std::function<void()> work)
{
    m_lane->start(
        {}, this,
        [work = std::move(work)](const CancelToken &, const ProgressSink &) {
            try {
                work();
                return std::optional<ErrorReport>();
            } catch (const std::exception &) {
                return std::optional<ErrorReport>(reportOfCurrentException());
            }
        },
        [this, what](std::optional<ErrorReport> &&error) {
            if (error)
                showProblem(what, *error);
            m_hasSnapshot = false;
            refresh();
        });
}

TrainingDialog *TrainingPage::showDialog()
{
    auto *dialog = new TrainingDialog(m_context.modelsFolder, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &TrainingDialog::runRequested, this, &TrainingPage::startRun);
    dialog->open();
    return dialog;
}

void TrainingPage::startRun(const NewRun &run)
{
    if (m_runsFolder.isEmpty())
        return;
    struct Started
    {
        std::string id;
        std::optional<ErrorReport> error;
    };
    const std::string runsFolder = toStdString(m_runsFolder);
    const std::string task = toStdString(run.task);
    m_lane->start(
        {}, this,
        [run, task, runsFolder](const CancelToken &, const ProgressSink &) {
            Started started;
            try {
                makeFolder(runsFolder);
                TrainRequest request;
                request.task = task;
                request.config = withModelPaths(run.config, run.launch.modelsFolder);
                request.runsFolder = runsFolder;
                request.engine.device = run.launch.device;
                request.engine.precision = run.launch.precision;
                request.engine.threads = run.launch.threads;
                const std::string folder = createRun(request);
                started.id = folder.substr(folder.find_last_of('/') + 1);
                if (run.enqueue) {
                    keepLaunchOptions(folder, run.launch);
                    RunQueue queue(runsFolder);
                    queue.add(started.id);
                    queue.ensureWorker();
                } else {
                    launchRun(folder, run.launch);
                }
            } catch (const std::exception &) {
                started.error = reportOfCurrentException();
            }
            return started;
        },
        [this](Started &&started) {
            if (started.error)
                showProblem(tr("The run could not be started"), *started.error);
            m_selectWhenSeen = toQString(started.id);
            m_hasSnapshot = false;
            refresh();
            if (!started.error)
                Q_EMIT runStarted(toQString(started.id));
        });
}

void TrainingPage::stopSelected()
{
    for (const QString &id : selectedRuns()) {
        const RunSummary *run = m_runs->find(id);
        if (run != nullptr && run->canStop())
            perform(tr("The run could not be stopped"),
                    [folder = run->folder] { requestStop(folder); });
    }
}

void TrainingPage::resumeSelected()
{
    const RunSummary *run = current();
    if (run == nullptr || !run->canResume())
        return;
    perform(tr("The run could not be resumed"),
            [folder = run->folder, models = toStdString(m_context.modelsFolder)] {
                LaunchOptions options = keptLaunchOptions(folder);
                if (options.modelsFolder.empty())
                    options.modelsFolder = models;
                launchRun(folder, options);
            });
}

void TrainingPage::queueSelected()
{
    for (const QString &id : selectedRuns()) {
        const RunSummary *run = m_runs->find(id);
        if (run == nullptr || !run->canResume())
            continue;
        perform(tr("The run could not be queued"), [folder = run->folder] {
            RunQueue queue(folder.substr(0, folder.find_last_of('/')));
            queue.add(folder.substr(folder.find_last_of('/') + 1));
            queue.ensureWorker();
        });
    }
}

void TrainingPage::moveInQueue(int places)
{
    const RunSummary *run = current();
    if (run == nullptr || run->queuePlace == 0)
        return;
    perform(tr("The queue could not be changed"), [folder = run->folder, places] {
        RunQueue(folder.substr(0, folder.find_last_of('/')))
            .move(folder.substr(folder.find_last_of('/') + 1), places);
    });
}

void TrainingPage::cloneSelected()
{
    const RunSummary *run = current();
    if (run == nullptr || run->state == RunState::Missing)
        return;
    struct Cloned
    {
        Json config;
        std::optional<ErrorReport> error;
    };
    const QString form = toQString(run->form);
    m_lane->start(
        {}, this,
        [folder = run->folder](const CancelToken &, const ProgressSink &) {
            Cloned cloned;
            try {
                cloned.config = clonedConfig(folder);
            } catch (const std::exception &) {
                cloned.error = reportOfCurrentException();
            }
            return cloned;
        },
        [this, form](Cloned &&cloned) {
            if (cloned.error) {
                showProblem(tr("The settings of the run could not be read"), *cloned.error);
                return;
            }
            showDialog()->setConfig(form, cloned.config);
        });
}

void TrainingPage::revealSelected()
{
    const RunSummary *run = current();
    if (run != nullptr)
        QDesktopServices::openUrl(QUrl::fromLocalFile(toQString(run->folder)));
}

void TrainingPage::useModel()
{
    const RunSummary *run = current();
    if (run == nullptr || !run->hasModel)
        return;
    struct Used
    {
        std::string name;
        std::string task;
        std::string folder;
        bool isTaken = false; // the program looks there
        std::optional<ErrorReport> error;
    };
    m_use->setEnabled(false);
    m_used->setText(tr("Copying the model…"));
    m_lane->start(
        {}, this,
        [folder = run->folder, models = toStdString(m_context.modelsFolder),
         name = toStdString(m_modelName->text().trimmed())](const CancelToken &,
                                                            const ProgressSink &) {
            Used used;
            try {
                used.folder = writableModelsFolder(models);
                makeFolder(used.folder);
                const Json entry = exportRun(folder, used.folder, name);
                used.name = entry.at("name").get<std::string>();
                used.task = entry.at("task").get<std::string>();
                preferModel(used.folder, used.name);
                used.isTaken = used.folder == models || models.empty()
                               || models == defaultModelsFolder();
            } catch (const std::exception &) {
                used.error = reportOfCurrentException();
            }
            return used;
        },
        [this](Used &&used) {
            updateActions();
            if (used.error) {
                m_used->clear();
                showProblem(tr("The model could not be entered"), *used.error);
                return;
            }
            const QString name = toQString(used.name);
            const QString folder = QDir::toNativeSeparators(toQString(used.folder));
            const QString task = toQString(used.task);
            m_used->setText(
                used.isTaken
                    ? tr("“%1” lies in %2 and is taken for %3 when the program is started the next "
                         "time. What was embedded by another model must be embedded again.")
                          .arg(name, folder, task)
                    : tr("“%1” lies in %2, because nothing can be written to the models folder %3. "
                         "Choose %2 in the settings to take it for %4.")
                          .arg(name, folder, m_context.modelsFolder, task));
            Q_EMIT modelUsed(toQString(used.task), toQString(used.name));
        });
}

void TrainingPage::addFolder()
{
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Folder with training runs"));
    if (folder.isEmpty())
        return;
    perform(tr("The folder could not be added"),
            [runs = toStdString(m_runsFolder), more = toStdString(folder)] {
                addRunFolder(runs, more);
            });
}

} // namespace sapsam::ui
