#include "ui/pages/evaluation/evaluation_page.h"

#include "core/base/error.h"
#include "core/pipeline/searcher.h"
#include "core/store/taxonomy_versions.h"
#include "ui/pages/evaluation/badge_texts.h"
#include "ui/pages/evaluation/evaluation_charts.h"
#include "ui/pages/evaluation/picture_strip.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/flow_layout.h"
#include "ui/widgets/labels.h"

#include <QAction>
#include <QComboBox>
#include <QDateTime>
#include <QDialog>
#include <QFileDialog>
#include <QFrame>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QListView>
#include <QLocale>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QTableView>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <set>
#include <tuple>

namespace sapsam::ui {

namespace {

QString percent(double value, int digits = 1)
{
    return QLocale().toString(value, 'f', digits);
}

QScrollArea *scrolling(QWidget *content)
{
    auto *area = new QScrollArea;
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setWidget(content);
    setRole(content, "page");
    area->viewport()->setAutoFillBackground(false);
    return area;
}

void clearLayout(QLayout *layout)
{
    while (QLayoutItem *item = layout->takeAt(0)) {
        if (item->widget() != nullptr)
            item->widget()->deleteLater();
        delete item;
    }
}

void prepareTable(QTableView *table, const QString &name)
{
    table->setAccessibleName(name);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setShowGrid(false);
    table->setWordWrap(false);
    table->setTabKeyNavigation(false);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(30);
    table->horizontalHeader()->setHighlightSections(false);
}

QTableWidgetItem *cell(const QString &text, bool isNumber, bool isBold = false)
{
    auto *item = new QTableWidgetItem(text);
    item->setTextAlignment((isNumber ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    item->setToolTip(text);
    if (isBold) {
        QFont font = item->font();
        font.setWeight(QFont::DemiBold);
        item->setFont(font);
    }
    return item;
}

// As tall as its rows: the page scrolls, not the table.
void fitHeight(QTableWidget *table)
{
    int height = table->horizontalHeader()->sizeHint().height() + 4;
    for (int row = 0; row < table->rowCount(); ++row)
        height += table->rowHeight(row);
    table->setFixedHeight(height);
}

} // namespace

EvaluationPage::EvaluationPage(const PageContext &context, QWidget *parent)
    : WorkbenchPage(parent),
      m_context(context),
      m_parts(context.palette),
      m_list(new EvaluationListModel(this)),
      m_causes(new CauseModel(this)),
      m_misses(new MissModel(this)),
      m_shifts(new ShiftModel(this)),
      m_listView(new QListView),
      m_evaluate(makePrimaryButton(tr("Evaluate…"))),
      m_export(new QPushButton(tr("Export…"))),
      m_stack(new QStackedWidget),
      m_empty(new EmptyState),
      m_title(makeLabel({}, "heading")),
      m_subtitle(makeLabel({}, "small")),
      m_message(makeLabel({}, "warning")),
      m_tabs(new QTabBar),
      m_pages(new QStackedWidget)
{
    setRole(this, "page");
    m_listView->setModel(m_list);
    m_listView->setItemDelegate(new EvaluationDelegate(m_listView));
    m_listView->setAccessibleName(tr("Evaluations"));
    m_listView->setMouseTracking(true);
    m_listView->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_listView->setSelectionMode(QAbstractItemView::SingleSelection);

    auto *left = new QWidget;
    setRole(left, "panel");
    auto *leftLayout = new QVBoxLayout(left);
    leftLayout->setContentsMargins(0, 12, 0, 6);
    auto *buttonRow = new QHBoxLayout;
    buttonRow->setContentsMargins(12, 0, 12, 0);
    buttonRow->addWidget(m_evaluate, 1);
    leftLayout->addLayout(buttonRow);
    leftLayout->addSpacing(4);
    leftLayout->addWidget(m_listView, 1);

    auto *titles = new QVBoxLayout;
    titles->setSpacing(2);
    titles->addWidget(m_title);
    titles->addWidget(m_subtitle);
    auto *header = new QHBoxLayout;
    header->setContentsMargins(24, 14, 20, 4);
    header->addLayout(titles, 1);
    header->addWidget(m_export);
    m_message->setWordWrap(true);
    m_message->setContentsMargins(24, 0, 20, 0);
    m_message->hide();
    m_tabs->setAccessibleName(tr("Views of the evaluation"));
    m_tabs->setExpanding(false);
    m_tabs->setDrawBase(false);
    for (const QString &name :
         {tr("Summary"), tr("Per part"), tr("Failures"), tr("Two models"), tr("Protocol")})
        m_tabs->addTab(name);
    m_pages->addWidget(makeSummary());
    m_pages->addWidget(makePerClass());
    m_pages->addWidget(makeFailures());
    m_pages->addWidget(makeDiff());
    m_pages->addWidget(makeProtocol());
    auto *tabRow = new QHBoxLayout;
    tabRow->setContentsMargins(14, 0, 14, 0);
    tabRow->addWidget(m_tabs);
    auto *shown = new QWidget;
    auto *shownLayout = new QVBoxLayout(shown);
    shownLayout->setContentsMargins(0, 0, 0, 0);
    shownLayout->setSpacing(4);
    shownLayout->addLayout(header);
    shownLayout->addLayout(tabRow);
    shownLayout->addWidget(m_pages, 1);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(shown);
    auto *center = new QWidget;
    auto *centerLayout = new QVBoxLayout(center);
    centerLayout->setContentsMargins(0, 0, 0, 0);
    centerLayout->setSpacing(0);
    centerLayout->addWidget(m_message);
    centerLayout->addWidget(m_stack, 1);

    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setHandleWidth(1);
    splitter->addWidget(left);
    splitter->addWidget(center);
    splitter->setStretchFactor(0, 0);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({250, 900});
    splitter->setCollapsible(1, false);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(splitter);

    connect(m_tabs, &QTabBar::currentChanged, m_pages, &QStackedWidget::setCurrentIndex);
    connect(m_evaluate, &QPushButton::clicked, this, &EvaluationPage::openDialog);
    connect(m_empty, &EmptyState::buttonClicked, this, &EvaluationPage::openDialog);
    connect(m_export, &QPushButton::clicked, this, &EvaluationPage::chooseExport);
    connect(m_listView->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex &current) {
                if (current.isValid())
                    load(current.data(EvaluationListModel::IdRole).toLongLong());
            });
    ProjectSession *session = m_context.session;
    connect(session, &ProjectSession::opened, this, [this] {
        loadMerges();
        reload();
    });
    connect(session, &ProjectSession::edited, this, [this](const Edit &edit) {
        if (std::any_of(edit.changes.begin(), edit.changes.end(), [](const Change &change) {
                return change.kind == EditKind::Setting && change.key == kCurrentTaxonomyKey;
            }))
            loadMerges();
    });
    connect(session, &ProjectSession::closed, this, [this] {
        m_list->setRecords({});
        m_running = 0;
        m_loading = 0;
        showMessage({});
        showNothing();
    });
    showNothing();
}

EvaluationPage::~EvaluationPage() = default;

QWidget *EvaluationPage::makeSummary()
{
    auto *content = new QWidget;
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(24, 14, 24, 20);
    layout->setSpacing(12);
    m_cards = new QWidget;
    new FlowLayout(m_cards, 12);
    layout->addWidget(m_cards);

    m_cmc = new CmcChart;
    m_cmcArea = new QWidget;
    auto *cmcLayout = new QVBoxLayout(m_cmcArea);
    cmcLayout->setContentsMargins(0, 8, 0, 0);
    cmcLayout->addWidget(
        makeLabel(tr("Queries answered within the first k pictures, in percent"), "section"));
    auto *cmcCard = new QFrame;
    setRole(cmcCard, "card");
    auto *cmcCardLayout = new QVBoxLayout(cmcCard);
    cmcCardLayout->addWidget(m_cmc);
    cmcLayout->addWidget(cmcCard);
    layout->addWidget(m_cmcArea);

    m_paperTitle = makeLabel({}, "section");
    m_paper = new QTableWidget;
    prepareTable(m_paper, tr("The paper's numbers beside these"));
    m_paper->setSelectionMode(QAbstractItemView::NoSelection);
    m_paper->setFocusPolicy(Qt::NoFocus);
    m_paper->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_paperNote = makeLabel({}, "muted");
    m_paperNote->setWordWrap(true);
    layout->addSpacing(8);
    layout->addWidget(m_paperTitle);
    layout->addWidget(m_paper);
    layout->addWidget(m_paperNote);
    layout->addStretch(1);
    return scrolling(content);
}

QWidget *EvaluationPage::makePerClass()
{
    m_perClass = new QStackedWidget;
    auto *none = new EmptyState;
    none->show(
        QStringLiteral("segment"), tr("This evaluation is about retrieval"),
        tr("IoU of the parts and their confusions are measured by an evaluation of parsing."),
        tr("Evaluate parsing…"));
    connect(none, &EmptyState::buttonClicked, this, &EvaluationPage::openDialog);
    m_perClass->addWidget(none);

    auto *content = new QWidget;
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(24, 14, 24, 20);
    layout->setSpacing(10);
    auto *legend =
        makeLabel(tr("Solid bar: mean over single pictures, with the lowest and highest. "
                     "Pale bar: all pixels in one matrix."),
                  "muted");
    legend->setWordWrap(true);
    layout->addWidget(makeLabel(tr("Intersection over union of each part, in percent"), "section"));
    layout->addWidget(legend);
    m_iou = new IouChart;
    auto *iouCard = new QFrame;
    setRole(iouCard, "card");
    auto *iouLayout = new QVBoxLayout(iouCard);
    iouLayout->addWidget(m_iou);
    layout->addWidget(iouCard);
    layout->addSpacing(8);
    layout->addWidget(
        makeLabel(tr("Where the pixels of each part went, in percent of the part"), "section"));
    m_matrix = new MatrixChart;
    m_matrix->setMinimumHeight(380);
    m_matrixText = makeLabel({}, "muted");
    auto *matrixCard = new QFrame;
    setRole(matrixCard, "card");
    auto *matrixLayout = new QVBoxLayout(matrixCard);
    matrixLayout->addWidget(m_matrix);
    matrixLayout->addWidget(m_matrixText);
    layout->addWidget(matrixCard);
    const QString rest = tr("Rows: truth. Columns: found. Point at a cell to read it.");
    m_matrixText->setText(rest);
    connect(m_matrix, &MatrixChart::hovered, m_matrixText, [this, rest](const QString &text) {
        m_matrixText->setText(text.isEmpty() ? rest : text);
    });
    layout->addSpacing(8);
    layout->addWidget(makeLabel(tr("Worst samples"), "section"));
    m_worst = new PictureStrip;
    m_worst->setAccessibleName(tr("Worst samples"));
    auto *strip = new QScrollArea;
    strip->setFrameShape(QFrame::NoFrame);
    strip->setWidgetResizable(true);
    strip->setWidget(m_worst);
    strip->setFixedHeight(m_worst->sizeHint().height() + 18);
    layout->addWidget(strip);
    layout->addStretch(1);
    connect(m_worst, &PictureStrip::activated, this,
            [this](qint64 id) { m_context.openPicture(id); });
    m_perClass->addWidget(scrolling(content));
    return m_perClass;
}

QWidget *EvaluationPage::makeFailures()
{
    m_failures = new QStackedWidget;
    auto *none = new EmptyState;
    none->show(QStringLiteral("search"), tr("No misses to explain"),
               tr("Misses are explained for evaluations of retrieval."));
    m_failures->addWidget(none);

    m_causeView = new QListView;
    m_causeView->setModel(m_causes);
    m_causeView->setAccessibleName(tr("Causes of misses"));
    m_causeView->setUniformItemSizes(true);
    setRole(m_causeView, "list");
    m_beyond = new QComboBox;
    m_beyond->setAccessibleName(tr("What counts as a miss"));
    for (const int rank : {1, 5, 10})
        m_beyond->addItem(tr("Right person beyond rank %1").arg(rank), rank);
    auto *left = new QWidget;
    auto *leftLayout = new QVBoxLayout(left);
    leftLayout->setContentsMargins(16, 10, 8, 10);
    leftLayout->addWidget(m_beyond);
    leftLayout->addWidget(m_causeView, 1);

    m_missTable = new QTableView;
    m_missTable->setModel(m_misses);
    prepareTable(m_missTable, tr("Missed queries"));
    m_missTable->horizontalHeader()->setSectionResizeMode(MissModel::Query, QHeaderView::Stretch);
    m_missTable->setColumnWidth(MissModel::Rank, 66);
    m_missTable->setColumnWidth(MissModel::Cause, 190);

    auto *detail = new QWidget;
    setRole(detail, "panel");
    auto *detailLayout = new QVBoxLayout(detail);
    detailLayout->setContentsMargins(20, 12, 20, 10);
    detailLayout->setSpacing(6);
    m_missText = makeLabel({}, "");
    m_missText->setWordWrap(true);
    m_missText->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_missCause = makeLabel({}, "heading");
    m_missEvidence = makeLabel({}, "");
    m_missEvidence->setWordWrap(true);
    m_missRule = makeLabel({}, "muted");
    m_missRule->setWordWrap(true);
    m_ask = new QPushButton(tr("Run this query"));
    m_ask->setToolTip(tr("Ranks the whole gallery of the project by this description"));
    auto *captionRow = new QHBoxLayout;
    captionRow->addWidget(m_missText, 1);
    captionRow->addWidget(m_ask, 0, Qt::AlignTop);
    detailLayout->addLayout(captionRow);
    detailLayout->addWidget(m_missCause);
    detailLayout->addWidget(m_missEvidence);
    detailLayout->addWidget(m_missRule);
    m_strip = new PictureStrip;
    auto *strip = new QScrollArea;
    strip->setFrameShape(QFrame::NoFrame);
    strip->setWidgetResizable(true);
    strip->setWidget(m_strip);
    strip->setFixedHeight(m_strip->sizeHint().height() + 18);
    detailLayout->addWidget(strip);
    detailLayout->addStretch(1);

    auto *right = new QSplitter(Qt::Vertical);
    right->setHandleWidth(1);
    right->addWidget(m_missTable);
    right->addWidget(detail);
    right->setStretchFactor(0, 1);
    right->setStretchFactor(1, 0);
    right->setSizes({260, 380});
    right->setChildrenCollapsible(false);
    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setHandleWidth(1);
    splitter->addWidget(left);
    splitter->addWidget(right);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({250, 650});
    splitter->setChildrenCollapsible(false);
    m_failures->addWidget(splitter);

    connect(m_beyond, &QComboBox::currentIndexChanged, this, [this] { fillMisses(); });
    connect(
        m_causeView->selectionModel(), &QItemSelectionModel::currentChanged, this,
        [this](const QModelIndex &current) {
            if (!current.isValid() || !m_report)
                return;
            std::vector<int> queries = m_report->missesBeyond(m_beyond->currentData().toInt());
            if (!m_causes->isAll(current.row())) {
                const FailureCause cause = m_causes->causeAt(current.row());
                queries.erase(
                    std::remove_if(
                        queries.begin(), queries.end(),
                        [&](int query) {
                            return m_report->queries[static_cast<std::size_t>(query)].verdict.cause
                                   != cause;
                        }),
                    queries.end());
            }
            m_misses->setMisses(m_report, std::move(queries));
            if (m_misses->rowCount() > 0)
                m_missTable->setCurrentIndex(m_misses->index(0, 0));
        });
    connect(m_missTable->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex &current) { showMiss(m_misses->queryAt(current.row())); });
    connect(m_strip, &PictureStrip::activated, this,
            [this](qint64 id) { m_context.openPicture(id); });
    connect(m_ask, &QPushButton::clicked, this, [this] {
        if (m_report && m_shownQuery >= 0)
            m_context.runQuery(
                toQString(m_report->queries[static_cast<std::size_t>(m_shownQuery)].text));
    });
    return m_failures;
}

QWidget *EvaluationPage::makeDiff()
{
    auto *content = new QWidget;
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(24, 14, 24, 12);
    layout->setSpacing(10);
    m_diffA = new QComboBox;
    m_diffB = new QComboBox;
    m_diffA->setAccessibleName(tr("Evaluation A"));
    m_diffB->setAccessibleName(tr("Evaluation B"));
    auto *boxes = new QGridLayout;
    boxes->setColumnStretch(1, 1);
    boxes->setColumnStretch(3, 1);
    boxes->addWidget(makeLabel(tr("A"), "muted"), 0, 0);
    boxes->addWidget(m_diffA, 0, 1);
    boxes->addWidget(makeLabel(tr("B"), "muted"), 0, 2);
    boxes->addWidget(m_diffB, 0, 3);
    for (QComboBox *box : {m_diffA, m_diffB}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(18);
    }
    layout->addLayout(boxes);
    m_diffText = makeLabel({}, "muted");
    m_diffText->setWordWrap(true);
    layout->addWidget(m_diffText);

    m_diffMetrics = new QTableWidget;
    prepareTable(m_diffMetrics, tr("Metrics of both"));
    m_diffMetrics->setSelectionMode(QAbstractItemView::NoSelection);
    m_diffMetrics->setFocusPolicy(Qt::NoFocus);
    m_diffMetrics->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_diffMetrics->verticalHeader()->setDefaultSectionSize(26);
    m_shiftChart = new ShiftChart;
    auto *chartCard = new QFrame;
    setRole(chartCard, "card");
    auto *chartLayout = new QVBoxLayout(chartCard);
    chartLayout->setContentsMargins(12, 8, 12, 6);
    chartLayout->addWidget(makeLabel(tr("Queries by how often their list doubled"), "section"));
    chartLayout->addWidget(m_shiftChart);
    auto *top = new QHBoxLayout;
    top->setSpacing(14);
    top->addWidget(m_diffMetrics, 3, Qt::AlignTop);
    top->addWidget(chartCard, 2);
    m_shiftTable = new QTableView;
    m_shiftTable->setModel(m_shifts);
    prepareTable(m_shiftTable, tr("Queries by damage"));
    m_shiftTable->horizontalHeader()->setSectionResizeMode(ShiftModel::Query, QHeaderView::Stretch);
    for (const int column : {ShiftModel::RankA, ShiftModel::RankB, ShiftModel::Damage})
        m_shiftTable->setColumnWidth(column, 90);
    m_diffBody = new QWidget;
    auto *body = new QVBoxLayout(m_diffBody);
    body->setContentsMargins(0, 0, 0, 0);
    body->setSpacing(10);
    body->addLayout(top);
    body->addWidget(
        makeLabel(tr("What B broke comes first; double-click runs the query"), "section"));
    body->addWidget(m_shiftTable, 1);
    layout->addWidget(m_diffBody, 1);
    layout->addStretch(0);
    for (QComboBox *box : {m_diffA, m_diffB})
        connect(box, &QComboBox::activated, this, [this] { compare(); });
    connect(m_shiftTable, &QTableView::activated, this, [this](const QModelIndex &index) {
        const QString text =
            index.siblingAtColumn(ShiftModel::Query).data(Qt::DisplayRole).toString();
        if (!text.isEmpty())
            m_context.runQuery(text);
    });
    return content;
}

QWidget *EvaluationPage::makeProtocol()
{
    auto *content = new QWidget;
    m_badges = new QVBoxLayout(content);
    m_badges->setContentsMargins(24, 14, 24, 20);
    m_badges->setSpacing(10);
    return scrolling(content);
}

void EvaluationPage::makeActions(ActionRegistry &actions)
{
    const auto add = [&](const char *id, const QString &text, const QString &key,
                         const QString &tip, QWidget *owner, auto &&slot) {
        ActionSpec spec;
        spec.id = QString::fromLatin1(id);
        spec.text = text;
        if (!key.isEmpty())
            spec.keys.append(QKeySequence(key, QKeySequence::PortableText));
        spec.scope = ActionScope::Evaluation;
        spec.section = tr("Evaluation");
        spec.tip = tip;
        QAction *action = actions.add(spec, owner);
        connect(action, &QAction::triggered, this, slot);
        m_actions.append(action);
        return action;
    };
    add("evaluation.run", tr("Evaluate…"), QStringLiteral("Ctrl+Return"),
        tr("Measures a model on this project, a data set or drawn people"), this,
        [this] { openDialog(); });
    add("evaluation.open", tr("Open a report file…"), {},
        tr("Shows a report that was written by the command line or exported elsewhere"), this,
        [this] { openReportFile(); });
    m_exportAction = add("evaluation.export", tr("Export the report…"), QStringLiteral("Ctrl+E"),
                         tr("Writes the evaluation as a page, a table or JSON"), this,
                         [this] { chooseExport(); });
    m_removeAction =
        add("evaluation.remove", tr("Remove the evaluation…"), QStringLiteral("Del"),
            tr("Takes the evaluation out of the project"), m_listView, [this] { removeCurrent(); });
    add("evaluation.next-tab", tr("Next view"), QStringLiteral("Ctrl+PgDown"), {}, this,
        [this] { m_tabs->setCurrentIndex((m_tabs->currentIndex() + 1) % TabCount); });
    add("evaluation.previous-tab", tr("Previous view"), QStringLiteral("Ctrl+PgUp"), {}, this,
        [this] { m_tabs->setCurrentIndex((m_tabs->currentIndex() + TabCount - 1) % TabCount); });
    updateActions();
}

void EvaluationPage::fillMenu(QMenu &menu)
{
    menu.addActions(m_actions);
}

void EvaluationPage::activate()
{
    m_listView->setFocus();
}

bool EvaluationPage::isSettled() const
{
    return m_running == 0 && m_loading == 0 && !m_wantsScreenshot && m_strip->isSettled()
           && m_worst->isSettled();
}

void EvaluationPage::refreshIcons()
{
    fillProtocol();
    fillCards();
}

void EvaluationPage::prepareScreenshot()
{
    if (m_report)
        return;
    m_wantsScreenshot = true;
    // Whatever the project keeps is shown by itself; an empty list gets a real evaluation.
    ++m_loading;
    m_context.session->read(
        this, [](ProjectStore &store, const CancelToken &) { return storedEvaluations(store); },
        [this](const std::vector<EvaluationRecord> &records) {
            --m_loading;
            m_wantsScreenshot = false;
            if (records.empty())
                startEvaluation("retrieval", {}, EvaluationRequest());
            else if (!m_report && m_loading == 0)
                reload();
        },
        [this](const ErrorReport &error) {
            --m_loading;
            m_wantsScreenshot = false;
            showMessage(toQString(error.message));
        });
}

void EvaluationPage::showTab(Tab tab)
{
    m_tabs->setCurrentIndex(tab);
}

EvaluationPage::Tab EvaluationPage::currentTab() const
{
    return static_cast<Tab>(m_tabs->currentIndex());
}

QString EvaluationPage::message() const
{
    return m_message->text();
}

void EvaluationPage::showMessage(const QString &text)
{
    m_message->setText(text);
    m_message->setContentsMargins(24, text.isEmpty() ? 0 : 12, 20, text.isEmpty() ? 0 : 4);
    m_message->setVisible(!text.isEmpty());
}

void EvaluationPage::reload(qint64 select)
{
    ++m_loading;
    m_context.session->read(
        this, [](ProjectStore &store, const CancelToken &) { return storedEvaluations(store); },
        [this, select](std::vector<EvaluationRecord> records) {
            --m_loading;
            m_list->setRecords(std::move(records));
            fillDiffBoxes();
            const qint64 wanted = select != 0 ? select : m_shownId;
            int row = m_list->rowOf(wanted);
            if (row < 0 && m_list->rowCount() > 0)
                row = 0;
            if (row >= 0)
                m_listView->setCurrentIndex(m_list->index(row));
            else
                showNothing();
        },
        [this](const ErrorReport &error) {
            --m_loading;
            showMessage(toQString(error.message));
        });
}

void EvaluationPage::load(qint64 id)
{
    if (id == m_shownId && m_report)
        return;
    const quint64 request = ++m_loadRequest;
    ++m_loading;
    m_context.session->read(
        this,
        [id](ProjectStore &store, const CancelToken &) -> ReportPointer {
            return std::make_shared<EvaluationReport>(storedEvaluation(store, id));
        },
        [this, id, request](const ReportPointer &report) {
            --m_loading;
            if (request != m_loadRequest)
                return;
            m_shownId = id;
            showMessage({});
            showReport(report);
        },
        [this](const ErrorReport &error) {
            --m_loading;
            showMessage(toQString(error.message));
        });
}

void EvaluationPage::openDialog()
{
    if (!m_context.session->isOpen())
        return;
    m_context.session->read(
        this,
        [models = toStdString(m_context.modelsFolder)](ProjectStore &store, const CancelToken &) {
            EvaluateDialog::Choices choices;
            choices.retrieval = evaluationModels(models, store.folder() + "/runs", "retrieval");
            choices.parsing = evaluationModels(models, store.folder() + "/runs", "person-sam");
            std::set<std::string> splits;
            for (const ImageRecord &image : store.images()) {
                if (!image.split.empty())
                    splits.insert(image.split);
                if (!image.identity.empty() && !store.captions(image.id).empty())
                    ++choices.captioned;
                for (const RegionRecord &region : store.regions(image.id)) {
                    if (region.origin == "human") {
                        ++choices.withHumanParts;
                        break;
                    }
                }
            }
            for (const std::string &split : splits)
                choices.splits.append(toQString(split));
            return choices;
        },
        [this](const EvaluateDialog::Choices &choices) {
            auto *dialog = new EvaluateDialog(choices, this);
            dialog->setAttribute(Qt::WA_DeleteOnClose);
            connect(dialog, &QDialog::accepted, this, [this, dialog] {
                startEvaluation(dialog->kind(), dialog->modelFolder(), dialog->request());
            });
            dialog->open();
        },
        [this](const ErrorReport &error) { showMessage(toQString(error.message)); });
}

void EvaluationPage::startEvaluation(const std::string &kind, const std::string &modelFolder,
                                     const EvaluationRequest &request)
{
    ++m_running;
    showMessage({});
    const QString title = kind == "parsing" ? tr("Evaluate parsing") : tr("Evaluate retrieval");
    struct Outcome
    {
        qint64 id = 0;
        ReportPointer report;
        QString notKept;
    };
    m_context.session->run(
        title, this,
        [kind, modelFolder, request](ProjectStore &store, Engines &engines,
                                     const CancelToken &cancel, const ProgressSink &progress) {
            Outcome outcome;
            auto report = std::make_shared<EvaluationReport>(
                measure(kind, modelFolder, engines, &store, request, cancel, progress));
            outcome.report = report;
            if (cancel.isCancelled())
                return outcome; // half a measurement is not kept
            try {
                outcome.id = keepEvaluation(store, *report);
            } catch (const Error &error) {
                outcome.notKept = toQString(error.what());
            }
            return outcome;
        },
        [this](const Outcome &outcome) {
            --m_running;
            if (outcome.id != 0) {
                m_shownId = outcome.id;
                showReport(outcome.report);
                reload(outcome.id);
            } else if (!outcome.notKept.isEmpty()) {
                m_shownId = 0;
                showReport(outcome.report);
                showMessage(
                    tr("The evaluation could not be kept in the project: %1").arg(outcome.notKept));
            } else {
                showMessage(tr("The evaluation was cancelled; nothing was kept."));
            }
            updateActions();
        },
        [this](const ErrorReport &error) {
            --m_running;
            showMessage(toQString(error.message));
            updateActions();
        });
}

void EvaluationPage::openReportFile()
{
    const QString path = QFileDialog::getOpenFileName(this, tr("Open a report"), {},
                                                      tr("Evaluations (*.json);;All files (*)"));
    if (path.isEmpty())
        return;
    const quint64 request = ++m_loadRequest;
    ++m_loading;
    m_context.session->read(
        this,
        [file = toStdString(path)](ProjectStore &, const CancelToken &) -> ReportPointer {
            return std::make_shared<EvaluationReport>(readEvaluation(file));
        },
        [this, request](const ReportPointer &report) {
            --m_loading;
            if (request != m_loadRequest)
                return;
            m_shownId = 0;
            m_listView->clearSelection();
            showMessage({});
            showReport(report);
        },
        [this](const ErrorReport &error) {
            --m_loading;
            showMessage(toQString(error.message));
        });
}

void EvaluationPage::chooseExport()
{
    if (!m_report)
        return;
    QString chosen;
    QString path = QFileDialog::getSaveFileName(
        this, tr("Export the report"), QStringLiteral("evaluation.html"),
        tr("Page (*.html);;Table (*.csv);;Everything (*.json)"), &chosen);
    if (path.isEmpty())
        return;
    if (!path.endsWith(QStringLiteral(".html")) && !path.endsWith(QStringLiteral(".csv"))
        && !path.endsWith(QStringLiteral(".json"))) {
        path += chosen.contains(QStringLiteral("csv"))    ? QStringLiteral(".csv")
                : chosen.contains(QStringLiteral("json")) ? QStringLiteral(".json")
                                                          : QStringLiteral(".html");
    }
    exportTo(path);
}

void EvaluationPage::exportTo(const QString &path)
{
    if (!m_report)
        return;
    ++m_loading;
    m_context.session->read(
        this,
        [report = m_report, file = toStdString(path)](ProjectStore &, const CancelToken &) {
            writeEvaluation(*report, file);
            return true;
        },
        [this, path](bool) {
            --m_loading;
            showMessage({});
            Q_EMIT exported(path);
        },
        [this](const ErrorReport &error) {
            --m_loading;
            if (m_context.showProblem)
                m_context.showProblem(tr("The report could not be written"), error);
            showMessage(toQString(error.message));
        });
}

void EvaluationPage::removeCurrent()
{
    const EvaluationRecord *record = m_list->recordAt(m_listView->currentIndex().row());
    if (record == nullptr)
        return;
    auto *box = new QMessageBox(QMessageBox::Question, tr("Remove the evaluation"),
                                tr("Remove “%1” from the project?").arg(toQString(record->title)),
                                QMessageBox::Cancel, this);
    box->setInformativeText(tr("It cannot be brought back, but it can be measured again."));
    QPushButton *remove = box->addButton(tr("Remove"), QMessageBox::DestructiveRole);
    box->setDefaultButton(QMessageBox::Cancel);
    box->setAttribute(Qt::WA_DeleteOnClose);
    const qint64 id = record->id;
    connect(box, &QMessageBox::buttonClicked, this, [this, remove, id](QAbstractButton *button) {
        if (button != remove)
            return;
        ++m_loading;
        m_context.session->run(
            QString(), this,
            [id](ProjectStore &store, Engines &, const CancelToken &, const ProgressSink &) {
                removeEvaluation(store, id);
                return true;
            },
            [this](bool) {
                --m_loading;
                m_shownId = 0;
                m_report.reset();
                reload();
            },
            [this](const ErrorReport &error) {
                --m_loading;
                showMessage(toQString(error.message));
            },
            JobRunner::Priority::Next);
    });
    box->open();
}

void EvaluationPage::showNothing()
{
    m_report.reset();
    m_shownId = 0;
    m_empty->show(QStringLiteral("embed"), tr("Nothing measured yet"),
                  tr("Measure how well a model finds people by their descriptions, and see why it "
                     "misses some. Captions and identities of the project say what is right."),
                  tr("Evaluate…"));
    m_stack->setCurrentIndex(0);
    m_causes->setReport({}, 1);
    m_misses->setMisses({}, {});
    m_shifts->setDiff({}, {});
    m_strip->setEntries({});
    m_worst->setEntries({});
    updateActions();
}

void EvaluationPage::updateActions()
{
    if (m_exportAction != nullptr)
        m_exportAction->setEnabled(m_report != nullptr);
    if (m_removeAction != nullptr)
        m_removeAction->setEnabled(m_list->rowCount() > 0);
}

void EvaluationPage::showReport(const ReportPointer &report)
{
    m_report = report;
    m_stack->setCurrentIndex(1);
    m_title->setText(
        QStringLiteral("%1 · %2").arg(toQString(report->modelName), toQString(report->data)));
    const QString date = QLocale().toString(
        QDateTime::fromString(toQString(report->createdAt), Qt::ISODate).toLocalTime(),
        QLocale::ShortFormat);
    m_subtitle->setText(report->kind == "retrieval"
                            ? tr("%1 queries, %2 pictures, %3 people · model %4 · %5")
                                  .arg(countText(static_cast<std::int64_t>(report->queries.size())),
                                       countText(static_cast<std::int64_t>(report->gallery.size())),
                                       countText(report->identities),
                                       toQString(report->modelHash.substr(0, 12)), date)
                            : tr("%1 pictures · model %2 · %3")
                                  .arg(countText(report->pictures),
                                       toQString(report->modelHash.substr(0, 12)), date));
    fillCards();
    m_cmc->setCurve(report->cmc);
    m_cmcArea->setVisible(!report->cmc.empty());
    fillPaper();
    fillPerClass();
    fillMisses();
    fillProtocol();
    updateActions();
    Q_EMIT reportShown();
}

void EvaluationPage::fillCards()
{
    clearLayout(m_cards->layout());
    if (!m_report)
        return;
    for (const MeasuredMetric &metric : m_report->metrics) {
        auto *card = new QFrame;
        setRole(card, "card");
        auto *layout = new QVBoxLayout(card);
        layout->setContentsMargins(16, 10, 16, 10);
        layout->setSpacing(1);
        layout->addWidget(makeLabel(toQString(metric.name), "section"));
        layout->addWidget(makeLabel(percent(metric.value.mean), "title"));
        QLabel *interval =
            makeLabel(metric.hasInterval
                          ? tr("%1 – %2").arg(percent(metric.value.low), percent(metric.value.high))
                          : tr("percent"),
                      "small");
        layout->addWidget(interval);
        card->setMinimumWidth(118);
        card->setToolTip(
            metric.hasInterval
                ? tr("%1 percent. With other people of this kind it would lie between %2 and %3 in "
                     "%4 of 100 cases: %5 resamples over %6.")
                      .arg(percent(metric.value.mean, 2), percent(metric.value.low, 2),
                           percent(metric.value.high, 2),
                           percent(100.0 * m_report->bootstrap.level, 0),
                           countText(m_report->bootstrap.resamples),
                           m_report->kind == "retrieval" ? tr("identities") : tr("pictures"))
                : tr("%1 percent over all pixels of all pictures.")
                      .arg(percent(metric.value.mean, 2)));
        m_cards->layout()->addWidget(card);
    }
    // What a reader must know first stands beside the numbers.
    for (const ProtocolBadge &badge : m_report->badges) {
        if (badge.level != BadgeLevel::Problem)
            continue;
        auto *card = new QFrame;
        setRole(card, "card");
        auto *layout = new QVBoxLayout(card);
        layout->setContentsMargins(16, 10, 16, 10);
        layout->addWidget(makeLabel(tr("Protocol"), "section"));
        QLabel *label = makeLabel(badgeTitle(badge.code, badge.title), "warning");
        layout->addWidget(label);
        card->setToolTip(badgeText(badge, *m_report));
        m_cards->layout()->addWidget(card);
    }
}

void EvaluationPage::fillPaper()
{
    // Reading the paper's rows costs nothing: they are in the program.
    const PaperComparison paper = comparisonWithPaper(*m_report);
    m_paperTitle->setText(toQString(paper.title));
    m_paperNote->setText(toQString(paper.note));
    m_paper->clear();
    const int columns = static_cast<int>(paper.columns.size());
    m_paper->setColumnCount(columns + 2);
    m_paper->setRowCount(static_cast<int>(paper.rows.size()));
    QStringList header = {tr("Model")};
    for (const std::string &column : paper.columns)
        header.append(toQString(column));
    header.append(tr("Measured on"));
    m_paper->setHorizontalHeaderLabels(header);
    for (int column = 0; column < header.size(); ++column)
        m_paper->horizontalHeaderItem(column)->setTextAlignment(
            (column > 0 && column <= columns ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    for (int row = 0; row < m_paper->rowCount(); ++row) {
        const PaperComparison::Row &line = paper.rows[static_cast<std::size_t>(row)];
        m_paper->setItem(
            row, 0,
            cell(line.isOurs ? tr("%1 (here)").arg(toQString(line.name)) : toQString(line.name),
                 false, line.isOurs));
        for (int column = 0; column < columns; ++column) {
            const std::optional<double> value = line.values[static_cast<std::size_t>(column)];
            m_paper->setItem(
                row, column + 1,
                cell(value ? percent(*value, 2) : QStringLiteral("–"), true, line.isOurs));
        }
        m_paper->setItem(row, columns + 1, cell(toQString(line.data), false, line.isOurs));
    }
    m_paper->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_paper->horizontalHeader()->setSectionResizeMode(columns + 1, QHeaderView::Stretch);
    fitHeight(m_paper);
}

// The groups that the project has drawn by people are named as it names them.
void EvaluationPage::loadMerges()
{
    m_context.session->read(
        this, [](ProjectStore &store, const CancelToken &) { return searchTaxonomy(store); },
        [this](const Taxonomy &taxonomy) {
            m_parts = makePartPalette(taxonomy);
            if (m_report)
                fillPerClass();
        });
}

void EvaluationPage::fillPerClass()
{
    const bool isParsing = m_report->kind == "parsing";
    m_perClass->setCurrentIndex(isParsing ? 1 : 0);
    if (!isParsing) {
        m_worst->setEntries({});
        return;
    }
    QStringList titles;
    QList<QColor> colors;
    for (const ParsedClass &parsed : m_report->classes) {
        titles.append(m_parts.title(toQString(parsed.group)));
        colors.append(m_parts.color(toQString(parsed.group)));
    }
    m_iou->setClasses(m_report->classes, titles, colors);
    QStringList names;
    for (const std::string &name : m_report->matrixNames)
        names.append(name == "background" ? tr("Background") : m_parts.title(toQString(name)));
    m_matrix->setMatrix(m_report->matrix, names);
    std::vector<PictureStrip::Entry> worst;
    for (const ParsedSample &sample : m_report->worst) {
        if (worst.size() == 24)
            break;
        worst.push_back({sample.imageId, sample.path, m_parts.title(toQString(sample.group)),
                         tr("IoU %1").arg(percent(sample.iou)), false, true});
    }
    m_worst->setEntries(std::move(worst));
}

void EvaluationPage::fillMisses()
{
    const bool isRetrieval = m_report && m_report->kind == "retrieval";
    m_failures->setCurrentIndex(isRetrieval ? 1 : 0);
    m_causes->setReport(isRetrieval ? m_report : ReportPointer(), m_beyond->currentData().toInt());
    m_misses->setMisses({}, {});
    showMiss(-1);
    if (isRetrieval)
        m_causeView->setCurrentIndex(m_causes->index(0));
}

void EvaluationPage::showMiss(int query)
{
    m_shownQuery = query;
    m_ask->setVisible(query >= 0);
    if (!m_report || query < 0) {
        m_missText->setText(m_report ? tr("No query stands beyond this rank.") : QString());
        m_missCause->clear();
        m_missEvidence->clear();
        m_missRule->clear();
        m_strip->setEntries({});
        return;
    }
    const EvaluatedQuery &missed = m_report->queries[static_cast<std::size_t>(query)];
    m_missText->setText(QStringLiteral("“%1”").arg(toQString(missed.text)));
    m_missCause->setText(causeTitle(missed.verdict.cause));
    m_missEvidence->setText(toQString(missed.verdict.evidence));
    QStringList others;
    for (const FailureCause cause : missed.verdict.alsoHolds)
        others.append(causeTitle(cause));
    const QString rule = causeRule(missed.verdict.cause);
    m_missRule->setText(
        others.isEmpty()
            ? tr("Rule: %1").arg(rule)
            : tr("Rule: %1 Also holds: %2.").arg(rule, others.join(QStringLiteral(", "))));
    std::vector<PictureStrip::Entry> entries;
    const auto add = [&](const RankedPicture &hit, const QString &title, bool isRight) {
        const EvaluatedPicture &picture = m_report->gallery[static_cast<std::size_t>(hit.picture)];
        PictureStrip::Entry entry;
        // Only pictures of the open project can be opened.
        if (m_report->source == "project"
            && QString::compare(toQString(m_report->folder), m_context.session->folder()) == 0)
            entry.imageId = picture.imageId;
        entry.path = picture.path;
        entry.title = title;
        entry.subtitle = tr("person %1").arg(toQString(picture.identity));
        entry.isRight = isRight;
        entries.push_back(std::move(entry));
    };
    if (missed.result.firstRank > 0)
        add(missed.bestRight, tr("right: %1").arg(countText(missed.result.firstRank)), true);
    for (std::size_t i = 0; i < missed.top.size(); ++i) {
        const int rank = static_cast<int>(i) + 1;
        if (missed.result.firstRank > 0 && rank >= missed.result.firstRank)
            break;
        add(missed.top[i],
            QStringLiteral("%1 · %2").arg(countText(rank), scoreText(missed.top[i].score)), false);
    }
    m_strip->setEntries(std::move(entries));
}

void EvaluationPage::fillDiffBoxes()
{
    std::vector<std::pair<QString, qint64>> choices;
    for (int row = 0; row < m_list->rowCount(); ++row) {
        const EvaluationRecord *record = m_list->recordAt(row);
        if (record->kind == "retrieval")
            choices.emplace_back(
                QStringLiteral("%1 · %2 · %3")
                    .arg(toQString(record->modelName), toQString(record->data),
                         m_list->index(row).data(EvaluationListModel::TimeRole).toString()),
                record->id);
    }
    const auto fill = [&](QComboBox *box, int fallback) {
        const qint64 kept = box->currentData().toLongLong();
        box->clear();
        for (const auto &[title, id] : choices)
            box->addItem(title, QVariant::fromValue<qint64>(id));
        const int place = box->findData(QVariant::fromValue<qint64>(kept));
        box->setCurrentIndex(place >= 0 ? place : std::min(fallback, box->count() - 1));
    };
    fill(m_diffA, 1); // the one before
    fill(m_diffB, 0);
    if (choices.size() >= 2 && m_diffA->currentIndex() == m_diffB->currentIndex()) {
        m_diffA->setCurrentIndex(1);
        m_diffB->setCurrentIndex(0);
    }
    const bool canCompare = choices.size() >= 2;
    m_diffA->setEnabled(canCompare);
    m_diffB->setEnabled(canCompare);
    if (canCompare) {
        compare();
        return;
    }
    m_diffBody->hide();
    m_diffText->setText(tr("Two evaluations of retrieval on the same data are needed. Evaluate "
                           "another model, or the same one after a change."));
}

void EvaluationPage::compare()
{
    const qint64 first = m_diffA->currentData().toLongLong();
    const qint64 second = m_diffB->currentData().toLongLong();
    if (first == second) {
        m_diffBody->hide();
        m_diffText->setText(tr("Choose two different evaluations."));
        return;
    }
    struct Comparison
    {
        ReportPointer a;
        ModelDiff diff;
        QString note;
    };
    const quint64 request = ++m_diffRequest;
    ++m_loading;
    m_context.session->read(
        this,
        [first, second](ProjectStore &store, const CancelToken &) {
            Comparison comparison;
            auto a = std::make_shared<EvaluationReport>(storedEvaluation(store, first));
            const EvaluationReport b = storedEvaluation(store, second);
            comparison.diff = diffOf(*a, b);
            if (a->modelHash == b.modelHash)
                comparison.note = tr("Both are the same model. ");
            comparison.a = std::move(a);
            return comparison;
        },
        [this, request](const Comparison &comparison) {
            --m_loading;
            if (request != m_diffRequest)
                return;
            const ModelDiff &diff = comparison.diff;
            m_diffText->setText(
                comparison.note
                + tr("B ranks the right person higher for %1, lower for %2, and the same for %3 "
                     "queries. First place: won %4, lost %5.")
                      .arg(countText(diff.better), countText(diff.worse), countText(diff.same),
                           countText(diff.wonFirst), countText(diff.lostFirst)));
            m_diffMetrics->clear();
            m_diffMetrics->setColumnCount(5);
            m_diffMetrics->setRowCount(static_cast<int>(diff.metrics.size()));
            const QStringList header = {tr("Metric"), tr("A"), tr("B"), tr("B − A"),
                                        tr("Interval of B − A")};
            m_diffMetrics->setHorizontalHeaderLabels(header);
            for (int column = 0; column < header.size(); ++column)
                m_diffMetrics->horizontalHeaderItem(column)->setTextAlignment(
                    (column > 0 ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
            for (int row = 0; row < m_diffMetrics->rowCount(); ++row) {
                const MetricDifference &metric = diff.metrics[static_cast<std::size_t>(row)];
                const Interval &difference = metric.paired.difference;
                const QString sign = difference.mean > 0 ? QStringLiteral("+") : QString();
                // An interval that holds zero: it may be chance.
                const bool isClear = difference.low > 0.0 || difference.high < 0.0;
                m_diffMetrics->setItem(row, 0, cell(toQString(metric.name), false));
                m_diffMetrics->setItem(row, 1, cell(percent(metric.a), true));
                m_diffMetrics->setItem(row, 2, cell(percent(metric.b), true));
                m_diffMetrics->setItem(row, 3,
                                       cell(sign + percent(difference.mean, 2), true, isClear));
                m_diffMetrics->setItem(
                    row, 4,
                    cell(
                        tr("%1 to %2").arg(percent(difference.low, 2), percent(difference.high, 2)),
                        true));
            }
            m_diffMetrics->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
            for (const int column : {3, 4})
                m_diffMetrics->horizontalHeader()->setSectionResizeMode(column,
                                                                        QHeaderView::Stretch);
            fitHeight(m_diffMetrics);
            m_shiftChart->setHistogram(diff.histogram);
            m_shifts->setDiff(comparison.a, diff.shifts);
            m_diffBody->show();
            Q_EMIT diffShown();
        },
        [this, request](const ErrorReport &error) {
            --m_loading;
            if (request != m_diffRequest)
                return;
            m_diffBody->hide();
            m_diffText->setText(toQString(error.message));
            Q_EMIT diffShown();
        });
}

void EvaluationPage::fillProtocol()
{
    clearLayout(m_badges);
    if (!m_report)
        return;
    std::vector<const ProtocolBadge *> badges;
    for (const ProtocolBadge &badge : m_report->badges)
        badges.push_back(&badge);
    std::stable_sort(
        badges.begin(), badges.end(),
        [](const ProtocolBadge *a, const ProtocolBadge *b) { return a->level > b->level; });
    const auto levelText = [](BadgeLevel level) {
        switch (level) {
        case BadgeLevel::Good:
            return tr("Good");
        case BadgeLevel::Note:
            return tr("Note");
        case BadgeLevel::Warning:
            return tr("Warning");
        case BadgeLevel::Problem:
            return tr("Problem");
        }
        return QString();
    };
    for (const ProtocolBadge *badge : badges) {
        auto *card = new QFrame;
        setRole(card, "card");
        card->setAccessibleName(
            QStringLiteral("%1: %2").arg(levelText(badge->level),
                                         badgeTitle(badge->code, badge->title)));
        auto *row = new QHBoxLayout(card);
        row->setContentsMargins(16, 12, 16, 12);
        row->setSpacing(14);
        QLabel *level = makeLabel(levelText(badge->level), "small");
        level->setStyleSheet(QStringLiteral("color: %1; font-weight: 600;")
                                 .arg(levelColor(badge->level, palette()).name()));
        level->setFixedWidth(72);
        row->addWidget(level, 0, Qt::AlignTop);
        auto *texts = new QVBoxLayout;
        texts->setSpacing(3);
        QLabel *title = makeLabel(badgeTitle(badge->code, badge->title), "heading");
        QLabel *text = makeLabel(badgeText(*badge, *m_report), "muted");
        text->setWordWrap(true);
        texts->addWidget(title);
        texts->addWidget(text);
        row->addLayout(texts, 1);
        m_badges->addWidget(card);
    }
    QLabel *seeds =
        makeLabel(tr("Intervals: %1 resamples over %2, seed %3. Measured by version %4.")
                      .arg(countText(m_report->bootstrap.resamples),
                           m_report->kind == "retrieval" ? tr("identities") : tr("pictures"),
                           QString::number(m_report->bootstrap.seed), toQString(m_report->program)),
                  "muted");
    seeds->setWordWrap(true);
    m_badges->addWidget(seeds);
    m_badges->addStretch(1);
}

} // namespace sapsam::ui
