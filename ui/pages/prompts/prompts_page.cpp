#include "ui/pages/prompts/prompts_page.h"

#include "core/image/preprocess.h"
#include "core/pipeline/jobs.h"
#include "core/pipeline/part_prompts.h"
#include "ui/pages/prompts/cell_panel.h"
#include "ui/pages/prompts/template_editor.h"
#include "ui/pages/prompts/trial_model.h"
#include "ui/pages/prompts/trial_view.h"
#include "ui/support/icons.h"
#include "ui/support/pixels.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/flow_layout.h"
#include "ui/widgets/labels.h"

#include <QAction>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QMenu>
#include <QPainter>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QSplitter>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace sapsam::ui {

namespace {

constexpr int kReplanMs = 250;
constexpr int kReloadMs = 400;
constexpr int kFeedMs = 60;
constexpr int kMostCrops = 64; // more are for the command line
constexpr int kGroupHeight = 42;

enum GroupRole { GroupName = Qt::UserRole + 1, GroupColor, GroupPrompt, GroupOutdated };

// A group with its prompt, and how many of its regions wait for a phrase.
class GroupDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override
    {
        return {120, kGroupHeight};
    }
    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override
    {
        const QPalette &palette = option.palette;
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const QRect card = option.rect.adjusted(2, 1, -2, -1);
        const bool isSelected = option.state.testFlag(QStyle::State_Selected);
        if (isSelected || option.state.testFlag(QStyle::State_MouseOver)) {
            QColor back = palette.color(isSelected ? QPalette::Highlight : QPalette::Midlight);
            if (isSelected)
                back.setAlphaF(0.16F);
            painter->setPen(Qt::NoPen);
            painter->setBrush(back);
            painter->drawRoundedRect(card, 6, 6);
        }
        painter->setPen(Qt::NoPen);
        painter->setBrush(index.data(GroupColor).value<QColor>());
        painter->drawRoundedRect(QRectF(card.left() + 8, card.top() + 8, 5, card.height() - 16),
                                 2.5, 2.5);
        const int left = card.left() + 22;
        const int right = card.right() - 8;
        QFont small = option.font;
        small.setPointSizeF(option.font.pointSizeF() * 0.86);
        const QFontMetrics metrics(option.font);
        const QFontMetrics smallMetrics(small);
        int textRight = right;
        const QString outdated = index.data(GroupOutdated).toString();
        if (!outdated.isEmpty()) {
            painter->setFont(small);
            painter->setPen(warningColor(palette));
            const int width = smallMetrics.horizontalAdvance(outdated);
            painter->drawText(QRect(right - width, card.top() + 3, width, metrics.height()),
                              Qt::AlignVCenter, outdated);
            textRight -= width + 8;
        }
        painter->setFont(option.font);
        painter->setPen(palette.color(QPalette::Text));
        painter->drawText(
            QRect(left, card.top() + 3, textRight - left, metrics.height()), Qt::AlignVCenter,
            metrics.elidedText(index.data().toString(), Qt::ElideRight, textRight - left));
        painter->setFont(small);
        painter->setPen(palette.color(QPalette::PlaceholderText));
        painter->drawText(
            QRect(left, card.top() + 4 + metrics.height(), right - left, smallMetrics.height()),
            Qt::AlignVCenter,
            smallMetrics.elidedText(index.data(GroupPrompt).toString(), Qt::ElideRight,
                                    right - left));
        painter->restore();
    }
};

QScrollArea *makeScroll(QWidget *content, const QString &name)
{
    auto *scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setAccessibleName(name);
    setRole(content, "panel");
    scroll->setWidget(content);
    return scroll;
}

QToolButton *makeTool(const QString &text)
{
    auto *button = new QToolButton;
    button->setAutoRaise(true);
    button->setText(text);
    button->setAccessibleName(text);
    button->setToolTip(text);
    button->setIconSize({16, 16});
    return button;
}

} // namespace

struct PromptsPage::Feed
{
    std::mutex mutex;
    std::vector<TrialCell> cells;
};

PromptsPage::PromptsPage(const PageContext &context, QWidget *parent)
    : WorkbenchPage(parent),
      m_context(context),
      m_groups(new QListWidget),
      m_editor(new TemplateEditor),
      m_experiments(new QComboBox),
      m_crops(new QSpinBox),
      m_seed(new QSpinBox),
      m_modelA(new QComboBox),
      m_modelB(new QComboBox),
      m_run(makePrimaryButton(tr("Try them"))),
      m_delete(makeTool(tr("Delete the trial"))),
      m_add(makeTool(tr("Add a template"))),
      m_remove(makeTool(tr("Remove the template"))),
      m_model(new TrialModel(this)),
      m_view(new TrialView(m_model)),
      m_empty(new EmptyState),
      m_stack(new QStackedWidget),
      m_progress(makeLabel({}, "small")),
      m_estimate(makeLabel({}, "small")),
      m_limit(new QSpinBox),
      m_write(new QPushButton(tr("Write phrases"))),
      m_use(makePrimaryButton(tr("Use it"))),
      m_cell(new CellPanel)
{
    setRole(this, "page");
    m_groups->setAccessibleName(tr("Part groups and their prompts"));
    m_groups->setItemDelegate(new GroupDelegate(m_groups));
    m_groups->setObjectName(QStringLiteral("plainList"));
    m_groups->setFrameShape(QFrame::NoFrame);
    m_groups->setStyleSheet(
        QStringLiteral("QListWidget#plainList { border: none; padding: 2px; }"));
    m_groups->setMouseTracking(true);
    m_groups->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_groups->setMinimumHeight(3 * kGroupHeight);
    m_experiments->setAccessibleName(tr("Experiment"));
    m_experiments->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_experiments->setMinimumContentsLength(16);
    m_crops->setRange(1, kMostCrops);
    m_crops->setValue(8);
    m_crops->setPrefix(tr("crops "));
    m_crops->setAccessibleName(tr("Crops of the sample"));
    m_seed->setRange(1, 999'999);
    m_seed->setPrefix(tr("seed "));
    m_seed->setAccessibleName(tr("Seed of the sample"));
    m_seed->setToolTip(tr("The same seed draws the same regions."));
    for (QSpinBox *box : {m_crops, m_seed, m_limit})
        box->setButtonSymbols(QAbstractSpinBox::NoButtons);
    const auto fitTo = [](QSpinBox *box, const QString &longest) {
        constexpr int kFrame = 30;
        box->setFixedWidth(box->fontMetrics().horizontalAdvance(box->prefix() + longest) + kFrame);
    };
    fitTo(m_crops, QStringLiteral("000"));
    fitTo(m_seed, QStringLiteral("0000"));
    for (QComboBox *box : {m_modelA, m_modelB}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(17);
    }
    m_modelA->setAccessibleName(tr("Model A"));
    m_modelB->setAccessibleName(tr("Model B, to compare with"));
    m_limit->setRange(0, 100'000'000);
    m_limit->setSpecialValueText(tr("all regions"));
    m_limit->setSuffix(tr(" regions"));
    m_limit->setAccessibleName(tr("How many regions get a phrase"));
    m_limit->setToolTip(tr("Outdated phrases first. Phrases of people stay."));
    m_write->setToolTip(tr("Use the template, and write phrases with it for so many regions"));
    m_estimate->setWordWrap(true);

    // Left: the groups above the template that is being written.
    auto *groups = new QWidget;
    setRole(groups, "panel");
    auto *groupsLayout = new QVBoxLayout(groups);
    groupsLayout->setContentsMargins(10, 14, 6, 4);
    groupsLayout->setSpacing(6);
    auto *groupsTitle = makeLabel(tr("GROUPS"), "section");
    groupsTitle->setContentsMargins(6, 0, 0, 0);
    groupsLayout->addWidget(groupsTitle);
    groupsLayout->addWidget(m_groups);
    auto *editorBox = new QWidget;
    setRole(editorBox, "panel");
    auto *editorLayout = new QVBoxLayout(editorBox);
    editorLayout->setContentsMargins(0, 8, 0, 0);
    editorLayout->setSpacing(0);
    auto *editorHead = new QHBoxLayout;
    editorHead->setContentsMargins(16, 0, 12, 0);
    editorHead->addWidget(makeLabel(tr("TEMPLATE"), "section"), 1);
    editorHead->addWidget(m_add);
    editorHead->addWidget(m_remove);
    editorLayout->addLayout(editorHead);
    editorLayout->addWidget(makeScroll(m_editor, tr("The template")), 1);
    auto *left = new QSplitter(Qt::Vertical);
    left->setHandleWidth(1);
    left->setChildrenCollapsible(false);
    left->addWidget(groups);
    left->addWidget(editorBox);
    left->setStretchFactor(0, 2);
    left->setStretchFactor(1, 3);
    left->setSizes({300, 420});
    left->setMinimumWidth(268);

    // Centre: what is tried, the matrix, what to do with the winner.
    auto *bar = new QWidget;
    auto *barLayout = new QVBoxLayout(bar);
    barLayout->setContentsMargins(14, 10, 14, 8);
    barLayout->setSpacing(8);
    auto *firstLine = new QHBoxLayout;
    firstLine->addWidget(m_experiments, 1);
    firstLine->addWidget(m_delete);
    firstLine->addWidget(m_run);
    barLayout->addLayout(firstLine);
    auto *settings = new QWidget;
    auto *flow = new FlowLayout(settings, 8);
    flow->addWidget(m_crops);
    flow->addWidget(m_seed);
    flow->addWidget(m_modelA);
    flow->addWidget(m_modelB);
    barLayout->addWidget(settings);
    barLayout->addWidget(m_progress);
    m_progress->setVisible(false);
    m_stack->addWidget(m_view);
    m_stack->addWidget(m_empty);
    m_empty->show(QStringLiteral("phrase"), tr("Reading the project…"), {});
    m_stack->setCurrentWidget(m_empty);
    auto *winner = new QFrame;
    auto *winnerLayout = new QVBoxLayout(winner);
    winnerLayout->setContentsMargins(14, 8, 14, 10);
    winnerLayout->setSpacing(6);
    winnerLayout->addWidget(m_estimate);
    // In two lines where one is too long for the window, as in German.
    auto *writing = new QWidget;
    auto *writingLine = new QHBoxLayout(writing);
    writingLine->setContentsMargins(0, 0, 0, 0);
    writingLine->addWidget(m_limit);
    writingLine->addWidget(m_write);
    auto *winnerLines = new QWidget;
    auto *winnerFlow = new FlowLayout(winnerLines, 8);
    winnerFlow->addWidget(m_use);
    winnerFlow->addWidget(writing);
    winnerLayout->addWidget(winnerLines);
    auto *centre = new QWidget;
    auto *centreLayout = new QVBoxLayout(centre);
    centreLayout->setContentsMargins(0, 0, 0, 0);
    centreLayout->setSpacing(0);
    centreLayout->addWidget(bar);
    centreLayout->addWidget(m_stack, 1);
    centreLayout->addWidget(winner);

    QScrollArea *right = makeScroll(m_cell, tr("The chosen cell"));
    right->setMinimumWidth(248);
    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setHandleWidth(1);
    splitter->addWidget(left);
    splitter->addWidget(centre);
    splitter->addWidget(right);
    splitter->setStretchFactor(0, 0);
    splitter->setStretchFactor(1, 1);
    splitter->setStretchFactor(2, 0);
    splitter->setSizes({268, 700, 286});
    splitter->setCollapsible(1, false);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(splitter);

    m_replanSoon.setSingleShot(true);
    m_replanSoon.setInterval(kReplanMs);
    m_reloadSoon.setSingleShot(true);
    m_reloadSoon.setInterval(kReloadMs);
    m_feedTimer.setInterval(kFeedMs);
    connect(&m_replanSoon, &QTimer::timeout, this, &PromptsPage::replan);
    connect(&m_reloadSoon, &QTimer::timeout, this, &PromptsPage::reload);
    connect(&m_feedTimer, &QTimer::timeout, this, &PromptsPage::takeCells);

    connect(m_groups, &QListWidget::currentItemChanged, this, [this](QListWidgetItem *item) {
        if (item != nullptr && !m_isFilling)
            chooseGroup(item->data(GroupName).toString());
    });
    connect(m_experiments, &QComboBox::activated, this, &PromptsPage::chooseExperiment);
    const auto planLater = [this] {
        if (!m_isFilling)
            m_replanSoon.start();
    };
    connect(m_crops, &QSpinBox::valueChanged, this, planLater);
    connect(m_seed, &QSpinBox::valueChanged, this, planLater);
    connect(m_modelA, &QComboBox::activated, this, planLater);
    connect(m_modelB, &QComboBox::activated, this, planLater);
    connect(m_editor, &TemplateEditor::edited, this, [this] {
        if (m_row < 0 || m_row >= static_cast<int>(m_draft.templates.size()))
            return;
        m_draft.templates[static_cast<std::size_t>(m_row)] = m_editor->content();
        updateButtons();
        m_replanSoon.start();
    });
    connect(m_run, &QPushButton::clicked, this, [this] {
        if (m_job != 0)
            cancelRun();
        else
            run();
    });
    connect(m_delete, &QToolButton::clicked, this, &PromptsPage::deleteTrial);
    connect(m_add, &QToolButton::clicked, this, &PromptsPage::addTemplate);
    connect(m_remove, &QToolButton::clicked, this, &PromptsPage::removeTemplate);
    connect(m_use, &QPushButton::clicked, this, &PromptsPage::useTemplate);
    connect(m_write, &QPushButton::clicked, this, &PromptsPage::writePhrases);
    connect(m_limit, &QSpinBox::valueChanged, this, &PromptsPage::updateEstimate);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex &current) {
                if (current.isValid())
                    showRow(current.row());
                showCell();
            });
    connect(m_view->verticalHeader(), &QHeaderView::sectionClicked, this, [this](int row) {
        m_view->setCurrentIndex(m_model->index(row, std::max(0, m_view->currentIndex().column())));
    });
    connect(m_cell, &CellPanel::openRequested, this, [this] {
        if (const TrialCell *cell = m_model->cell(m_view->currentIndex());
            cell != nullptr && m_context.openPicture)
            m_context.openPicture(
                m_model->trial().crops[static_cast<std::size_t>(cell->position)].image);
    });
    connect(m_empty, &EmptyState::buttonClicked, this, [this] { m_context.session->segment(); });

    ProjectSession *session = m_context.session;
    connect(session, &ProjectSession::opened, this, [this] {
        m_hasState = false;
        m_group.clear();
        reload();
    });
    connect(session, &ProjectSession::closed, this, [this] {
        m_hasState = false;
        m_pending = 0;
        m_isPlanning = false;
        ++m_plan;
        m_job = 0;
        m_feedTimer.stop();
        m_replanSoon.stop();
        m_reloadSoon.stop();
        m_model->setTrial({});
        m_cell->showNothing();
        Q_EMIT availabilityChanged();
    });
    connect(session, &ProjectSession::countsChanged, this,
            [this] { Q_EMIT availabilityChanged(); });
    connect(session, &ProjectSession::taxonomyChanged, this, [this] {
        m_context.palette = m_context.session->palette();
        m_reloadSoon.start();
    });
    connect(session, &ProjectSession::edited, this, [this] { m_reloadSoon.start(); });
    connect(session, &ProjectSession::contentChanged, this, [this] {
        if (m_job == 0)
            m_reloadSoon.start();
    });
    // A job that was cancelled before it began delivers nothing.
    connect(&session->engineLane(), &JobRunner::finished, this, [this](JobId finished) {
        if (m_job != 0 && finished == m_job) {
            finishRun();
            m_wantsShow = false;
        }
    });
    refreshIcons();
    updateButtons();
}

PromptsPage::~PromptsPage() = default;

void PromptsPage::refreshIcons()
{
    m_delete->setIcon(makeIcon(QStringLiteral("remove"), palette()));
    m_add->setIcon(makeIcon(QStringLiteral("new"), palette()));
    m_remove->setIcon(makeIcon(QStringLiteral("close"), palette()));
    // The messages take their colours from the palette when they are made.
    if (m_hasState)
        showRow(m_row);
    showCell();
}

void PromptsPage::makeActions(ActionRegistry &actions)
{
    const auto add = [&](const char *id, const QString &text, const char *key, const QString &tip,
                         auto &&slot) {
        ActionSpec spec;
        spec.id = QString::fromLatin1(id);
        spec.text = text;
        if (*key != '\0')
            spec.keys = {QKeySequence(QString::fromLatin1(key), QKeySequence::PortableText)};
        spec.scope = ActionScope::Prompts;
        spec.tip = tip;
        spec.section = tr("Prompt lab");
        QAction *action = actions.add(spec, this);
        connect(action, &QAction::triggered, this, slot);
        m_actions.append(action);
    };
    add("prompts.run", tr("Try the templates"), "Ctrl+Return",
        tr("Write a phrase in every cell of the matrix"), [this] { run(); });
    add("prompts.cancel", tr("Stop trying"), "Ctrl+Shift+.", tr("What is written stays"),
        [this] { cancelRun(); });
    add("prompts.delete-trial", tr("Delete the trial"), "Ctrl+Del",
        tr("The chosen one with its phrases; can be undone"), [this] { deleteTrial(); });
    add("prompts.add", tr("Add a template"), "Ctrl+D", tr("A copy of the current one"),
        [this] { addTemplate(); });
    add("prompts.remove", tr("Remove the template"), "Ctrl+Backspace",
        tr("Takes the row out of the matrix"), [this] { removeTemplate(); });
    add("prompts.best", tr("Go to the best template"), "Ctrl+B",
        tr("The row with the fewest phrases that anything can be held against"), [this] {
            const auto [row, model] = m_model->best();
            if (row >= 0)
                m_view->setCurrentIndex(m_model->index(row, model));
        });
    add("prompts.use", tr("Use the template"), "Ctrl+U",
        tr("The project writes phrases with it from now on"), [this] { useTemplate(); });
    add("prompts.write", tr("Use the template and write phrases"), "Ctrl+Shift+Return",
        tr("For as many regions as are set, outdated ones first"), [this] { writePhrases(); });
    add("prompts.shipped", tr("Back to the shipped templates"), "",
        tr("For all groups; can be undone"),
        [this] { m_context.session->edit(defaultTemplatesEdit(), this); });
}

void PromptsPage::fillMenu(QMenu &menu)
{
    menu.addActions(m_actions);
}

void PromptsPage::activate()
{
    m_view->setFocus();
    if (!m_hasState && m_context.session->isOpen() && m_pending == 0)
        reload();
}

bool PromptsPage::isAvailable() const
{
    return m_context.session->isOpen() && m_context.session->counts().images > 0;
}

bool PromptsPage::isSettled() const
{
    return m_pending == 0 && m_job == 0 && !m_wantsShow && !m_replanSoon.isActive();
}

QString PromptsPage::emptyTitle() const
{
    return m_stack->currentWidget() == m_empty ? m_empty->title() : QString();
}

// Reading ----------------------------------------------------------------------------------------

void PromptsPage::reload()
{
    if (!m_context.session->isOpen())
        return;
    ++m_pending;
    m_context.session->read(
        this,
        [models = toStdString(m_context.modelsFolder)](ProjectStore &store, const CancelToken &) {
            return readLabState(store, models);
        },
        [this](LabState state) {
            --m_pending;
            showState(std::move(state));
        },
        [this](const ErrorReport &error) {
            --m_pending;
            m_empty->show(QStringLiteral("warning"), tr("The lab cannot be shown"),
                          toQString(error.message));
            m_stack->setCurrentWidget(m_empty);
            m_wantsShow = false;
        });
}

void PromptsPage::showState(LabState state)
{
    const bool isFirst = !m_hasState;
    m_state = std::move(state);
    m_hasState = true;
    m_isFilling = true;
    m_groups->clear();
    for (const LabGroup &group : m_state.groups) {
        auto *item = new QListWidgetItem(m_context.palette.title(group.group));
        const QString prompt =
            group.hasTemplate ? toQString(group.content.prompt) : tr("no prompt yet");
        const QString outdated = group.outdated > 0 ? countText(group.outdated) : QString();
        item->setData(GroupName, group.group);
        item->setData(GroupColor, m_context.palette.color(group.group));
        item->setData(GroupPrompt, prompt);
        item->setData(GroupOutdated, outdated);
        item->setToolTip(tr("%1\n%2 regions, %3 without a phrase of this template, %4 with the "
                            "phrase of a person")
                             .arg(prompt, countText(group.regions), countText(group.outdated),
                                  countText(group.human)));
        item->setData(Qt::AccessibleTextRole,
                      tr("%1: %2").arg(m_context.palette.title(group.group), prompt));
        m_groups->addItem(item);
    }
    // By what they are: a trial that was run meanwhile moves the others down.
    const QVariant chosen = m_experiments->currentData();
    m_experiments->clear();
    m_experiments->addItem(tr("My templates"), QString());
    for (const LabExperiment &experiment : m_state.experiments)
        m_experiments->addItem(experiment.title,
                               QStringLiteral("%1/%2").arg(experiment.trial).arg(experiment.title));
    m_experiments->setCurrentIndex(std::max(0, m_experiments->findData(chosen)));

    const QString a = m_modelA->currentText();
    const QString b = m_modelB->currentData().toString();
    m_modelA->clear();
    m_modelB->clear();
    m_modelB->addItem(tr("no second model"), QString());
    for (const PhraseModelFacts &facts : m_state.models) {
        m_modelA->addItem(toQString(facts.name));
        m_modelB->addItem(toQString(facts.name), toQString(facts.name));
    }
    const QString wanted = !a.isEmpty() ? a : m_state.phraseModel;
    m_modelA->setCurrentIndex(std::max(0, m_modelA->findText(wanted)));
    m_modelB->setCurrentIndex(std::max(0, m_modelB->findData(b)));
    m_modelB->setEnabled(m_state.models.size() > 1);
    m_modelB->setToolTip(m_state.models.size() > 1
                             ? tr("A second model gets a column beside each of the first")
                             : tr("There is only one phrase model. “sapsam models import” brings "
                                  "others."));
    m_isFilling = false;

    if (isFirst) {
        // The group with the most regions has most to show.
        const LabGroup *most = nullptr;
        for (const LabGroup &group : m_state.groups)
            if (most == nullptr || group.regions > most->regions)
                most = &group;
        if (most != nullptr)
            m_group = most->group;
        startDraft();
        replan();
    }
    for (int row = 0; row < m_groups->count(); ++row) {
        if (m_groups->item(row)->data(GroupName).toString() == m_group) {
            const QSignalBlocker blocker(m_groups);
            m_groups->setCurrentRow(row);
        }
    }
    m_model->setInUse(currentGroup() != nullptr && currentGroup()->hasTemplate
                          ? std::optional<GroupTemplate>(currentGroup()->content)
                          : std::nullopt);
    updateEstimate();
    updateButtons();
    if (m_wantsShow)
        prepareScreenshot();
}

const LabGroup *PromptsPage::currentGroup() const
{
    for (const LabGroup &group : m_state.groups)
        if (group.group == m_group)
            return &group;
    return nullptr;
}

const PhraseModelFacts *PromptsPage::factsOf(int which) const
{
    const QString name = which == 0 ? m_modelA->currentText() : m_modelB->currentData().toString();
    for (const PhraseModelFacts &facts : m_state.models)
        if (toQString(facts.name) == name)
            return &facts;
    return nullptr;
}

int PromptsPage::currentRow() const
{
    return m_row >= 0 && m_row < static_cast<int>(m_draft.templates.size()) ? m_row : -1;
}

// The draft --------------------------------------------------------------------------------------

void PromptsPage::startDraft()
{
    m_draft = {};
    m_draft.name = toStdString(tr("Trial of %1").arg(m_context.palette.title(m_group)));
    const std::string group = toStdString(m_group);
    if (m_state.templates.hasGroup(group))
        m_draft.templates.push_back({toStdString(m_state.isShipped ? tr("Shipped") : tr("In use")),
                                     m_state.templates.group(group)});
    // A second wording to begin with: neutral, and right for every group.
    TrialTemplate general;
    general.name = toStdString(tr("With its colour"));
    general.content.prompt = "Question: What kind and colour of {part} is this? Answer: It is";
    m_draft.templates.push_back(std::move(general));
    m_row = 0;
}

TrialDefinition PromptsPage::definition() const
{
    TrialDefinition definition = m_draft;
    definition.group = toStdString(m_group);
    definition.crops = m_crops->value();
    definition.seed = static_cast<std::uint64_t>(m_seed->value());
    definition.models.clear();
    if (const PhraseModelFacts *a = factsOf(0))
        definition.models.push_back(a->name);
    if (const PhraseModelFacts *b = factsOf(1))
        definition.models.push_back(b->name);
    return definition;
}

void PromptsPage::chooseGroup(const QString &group)
{
    if (group == m_group && m_experiments->currentIndex() == 0)
        return;
    m_group = group;
    m_experiments->setCurrentIndex(0);
    for (int row = 0; row < m_groups->count(); ++row) {
        if (m_groups->item(row)->data(GroupName).toString() == m_group) {
            const QSignalBlocker blocker(m_groups);
            m_groups->setCurrentRow(row);
        }
    }
    startDraft();
    m_model->setInUse(currentGroup() != nullptr && currentGroup()->hasTemplate
                          ? std::optional<GroupTemplate>(currentGroup()->content)
                          : std::nullopt);
    replan();
}

void PromptsPage::chooseExperiment(int index)
{
    if (index <= 0 || index > static_cast<int>(m_state.experiments.size())) {
        m_experiments->setCurrentIndex(0);
        startDraft();
        replan();
        updateButtons();
        return;
    }
    const LabExperiment &experiment = m_state.experiments[static_cast<std::size_t>(index - 1)];
    chooseGroup(toQString(experiment.definition.group));
    m_experiments->setCurrentIndex(index);
    m_isFilling = true;
    m_draft = experiment.definition;
    m_crops->setValue(std::min(m_draft.crops, kMostCrops));
    m_seed->setValue(static_cast<int>(m_draft.seed));
    if (experiment.trial != 0) {
        m_modelA->setCurrentIndex(std::max(
            0, m_modelA->findText(toQString(m_draft.models.empty() ? "" : m_draft.models[0]))));
        m_modelB->setCurrentIndex(std::max(
            0, m_draft.models.size() < 2 ? 0 : m_modelB->findData(toQString(m_draft.models[1]))));
    }
    m_isFilling = false;
    m_row = 0;
    replan();
}

std::int64_t PromptsPage::currentTrial() const
{
    const int index = m_experiments->currentIndex() - 1;
    return index < 0 || index >= static_cast<int>(m_state.experiments.size())
               ? 0
               : m_state.experiments[static_cast<std::size_t>(index)].trial;
}

void PromptsPage::deleteTrial()
{
    const std::int64_t trial = currentTrial();
    if (trial == 0 || m_job != 0)
        return;
    const QString title = tr("Delete: %1").arg(m_experiments->currentText());
    m_context.session->edit(
        title,
        [trial, text = toStdString(title)](ProjectStore &store) {
            return removeTrialEdit(store, trial, text);
        },
        this, [this](const Edit &) { chooseExperiment(0); }, {});
}

void PromptsPage::addTemplate()
{
    if (m_job != 0)
        return;
    TrialTemplate copy;
    if (const int row = currentRow(); row >= 0)
        copy = m_draft.templates[static_cast<std::size_t>(row)];
    copy.name = toStdString(tr("Template %1").arg(m_draft.templates.size() + 1));
    m_draft.templates.push_back(std::move(copy));
    m_row = static_cast<int>(m_draft.templates.size()) - 1;
    replan();
    m_editor->promptEdit()->setFocus();
}

void PromptsPage::removeTemplate()
{
    if (m_job != 0 || m_draft.templates.size() < 2 || currentRow() < 0)
        return;
    m_draft.templates.erase(m_draft.templates.begin() + currentRow());
    m_row = std::min(m_row, static_cast<int>(m_draft.templates.size()) - 1);
    replan();
}

void PromptsPage::replan()
{
    m_replanSoon.stop();
    if (!m_hasState || !m_context.session->isOpen() || m_job != 0)
        return;
    showRow(m_row);
    if (m_state.models.empty()) {
        m_empty->show(QStringLiteral("phrase"), tr("No model writes phrases"),
                      m_state.modelProblem);
        m_stack->setCurrentWidget(m_empty);
        m_wantsShow = false;
        updateButtons();
        return;
    }
    const int plan = ++m_plan;
    ++m_pending;
    m_isPlanning = true;
    m_context.session->read(
        this,
        [models = toStdString(m_context.modelsFolder), wanted = definition()](
            ProjectStore &store, const CancelToken &) { return planTrial(store, models, wanted); },
        [this, plan](Trial trial) {
            --m_pending;
            if (plan != m_plan)
                return;
            m_isPlanning = false;
            showTrial(std::move(trial));
        },
        [this, plan](const ErrorReport &error) {
            --m_pending;
            if (plan != m_plan)
                return;
            m_isPlanning = false;
            const bool hasNoRegion = error.kind == ErrorKind::NotFound;
            if (hasNoRegion || m_model->rowCount() == 0) {
                m_empty->show(QStringLiteral("segment"),
                              hasNoRegion ? tr("No region of this group yet")
                                          : tr("These templates cannot be tried"),
                              toQString(error.message), hasNoRegion ? tr("Segment") : QString());
                m_stack->setCurrentWidget(m_empty);
            }
            // What is wrong with a template stands beside it while it is written.
            m_progress->setText(toQString(error.message));
            m_progress->setWordWrap(true);
            m_progress->setVisible(!hasNoRegion);
            m_wantsShow = false;
            updateButtons();
        });
}

void PromptsPage::showTrial(Trial trial)
{
    const QModelIndex current = m_view->currentIndex();
    const int column = std::max(0, current.column());
    m_model->setTrial(std::move(trial));
    m_stack->setCurrentWidget(m_view);
    m_progress->setVisible(false);
    m_shownRegion = 0;
    m_view->setCurrentIndex(
        m_model->index(std::max(0, currentRow()), std::min(column, m_model->columnCount() - 1)));
    loadPictures();
    updateEstimate();
    updateButtons();
}

void PromptsPage::loadPictures()
{
    const Trial &trial = m_model->trial();
    std::vector<RegionView> views;
    for (const TrialTemplate &row : trial.definition.templates)
        views.push_back(row.content.view);
    for (std::size_t position = 0; position < trial.crops.size(); ++position) {
        ++m_pending;
        const TrialCrop &crop = trial.crops[position];
        m_context.session->read(
            this,
            [views, image = crop.image, region = crop.region](ProjectStore &store,
                                                              const CancelToken &cancel) {
                std::vector<QImage> pictures(views.size());
                if (cancel.isCancelled())
                    return pictures;
                const RegionPicture picture = readRegion(store, image, region);
                for (std::size_t i = 0; i < views.size(); ++i)
                    pictures[i] = toQImage(toRgb(regionView(picture.picture, picture.mask, views[i],
                                                            static_cast<std::uint64_t>(region))));
                return pictures;
            },
            [this, plan = m_plan, position](const std::vector<QImage> &pictures) {
                --m_pending;
                if (plan == m_plan)
                    m_model->setPictures(static_cast<int>(position), pictures);
            },
            [this](const ErrorReport &) { --m_pending; }); // the cell says why when it is tried
    }
}

void PromptsPage::showRow(int row)
{
    m_row = row;
    if (currentRow() < 0)
        return;
    m_editor->setRules(toStdString(m_group), partWord(m_state.taxonomy, toStdString(m_group)),
                       factsOf(0));
    if (!(m_editor->content().content == m_draft.templates[static_cast<std::size_t>(row)].content)
        || m_editor->content().name != m_draft.templates[static_cast<std::size_t>(row)].name)
        m_editor->setTemplate(m_draft.templates[static_cast<std::size_t>(row)]);
    updateEstimate();
    updateButtons();
}

void PromptsPage::showCell()
{
    const TrialCell *cell = m_model->cell(m_view->currentIndex());
    if (cell == nullptr || !m_hasState) {
        m_cell->showNothing();
        return;
    }
    const Trial &trial = m_model->trial();
    const TrialCrop &crop = trial.crops[static_cast<std::size_t>(cell->position)];
    const TrialTemplate &row = trial.definition.templates[static_cast<std::size_t>(cell->row)];
    const std::string &modelName = trial.definition.models[static_cast<std::size_t>(cell->model)];
    m_cell->showCell(*cell, crop, row,
                     toQString(trialPrompt(m_state.taxonomy, trial.definition, cell->row)),
                     toQString(modelName));
    const PhraseModelFacts *facts = nullptr;
    for (const PhraseModelFacts &known : m_state.models)
        if (known.name == modelName)
            facts = &known;
    if (facts == nullptr)
        return;
    ++m_pending;
    m_context.session->read(
        this,
        [crop, view = row.content.view, taken = *facts](ProjectStore &store, const CancelToken &) {
            return readRegionShow(store, crop, view, taken);
        },
        [this, region = crop.region, view = row.content.view.prompt](const RegionShow &show) {
            --m_pending;
            const TrialCell *current = m_model->cell(m_view->currentIndex());
            if (current != nullptr
                && m_model->trial().crops[static_cast<std::size_t>(current->position)].region
                       == region)
                m_cell->showRegion(show, m_context.palette.color(m_group), view);
        },
        [this](const ErrorReport &) { --m_pending; });
}

// Trying -----------------------------------------------------------------------------------------

void PromptsPage::run()
{
    if (m_job != 0 || !m_hasState || m_state.models.empty() || !m_context.session->isOpen())
        return;
    if (m_replanSoon.isActive())
        replan(); // what was typed last is in the matrix before its phrases come
    m_feed = std::make_shared<Feed>();
    m_model->setRunning(true);
    m_progress->setVisible(false);
    m_job = m_context.session->run(
        tr("Try prompts for %1").arg(m_context.palette.title(m_group)), this,
        [wanted = definition(), feed = m_feed](ProjectStore &store, Engines &engines,
                                               const CancelToken &cancel,
                                               const ProgressSink &progress) {
            return runTrial(store, engines, wanted, cancel, progress, [&](const TrialCell &cell) {
                const std::lock_guard lock(feed->mutex);
                feed->cells.push_back(cell);
            });
        },
        [this](Trial trial) {
            m_isPlanning = false;
            takeCells();
            finishRun();
            ++m_plan;
            showTrial(std::move(trial));
            if (m_wantsShow) {
                m_wantsShow = false;
                const auto [row, model] = m_model->best();
                if (row >= 0)
                    m_view->setCurrentIndex(m_model->index(row, model));
            }
            m_reloadSoon.start();
        },
        [this](const ErrorReport &error) {
            takeCells();
            finishRun();
            m_wantsShow = false;
            if (m_context.showProblem)
                m_context.showProblem(tr("Try prompts"), error);
        });
    m_feedTimer.start();
    updateButtons();
}

void PromptsPage::cancelRun()
{
    if (m_job != 0)
        m_context.session->cancelJob(m_job);
}

void PromptsPage::takeCells()
{
    if (!m_feed || m_isPlanning)
        return; // the matrix still shows other rows
    std::vector<TrialCell> cells;
    {
        const std::lock_guard lock(m_feed->mutex);
        cells.swap(m_feed->cells);
    }
    const TrialCell *current = m_model->cell(m_view->currentIndex());
    bool showsOne = false;
    for (const TrialCell &cell : cells) {
        showsOne = showsOne
                   || (current != nullptr && current->row == cell.row
                       && current->model == cell.model && current->position == cell.position);
        m_model->setCell(cell);
    }
    if (showsOne)
        showCell();
}

void PromptsPage::finishRun()
{
    m_job = 0;
    m_feedTimer.stop();
    m_model->setRunning(false);
    updateButtons();
}

// The winner -------------------------------------------------------------------------------------

void PromptsPage::updateEstimate()
{
    if (!m_hasState || m_model->rowCount() == 0 || currentRow() < 0
        || currentRow() >= m_model->rowCount()) {
        m_estimate->clear();
        return;
    }
    const int row = currentRow();
    const int model = m_model->modelOf(std::max(0, m_view->currentIndex().column()));
    ++m_pending;
    m_context.session->read(
        this,
        [models = toStdString(m_context.modelsFolder), trial = m_model->trial(), row, model,
         limit = m_limit->value()](ProjectStore &store, const CancelToken &) {
            return estimatePhrases(store, models, trial, row, model, limit);
        },
        [this, row](const PhraseEstimate &estimate) {
            --m_pending;
            if (row != currentRow() || row >= m_model->rowCount())
                return;
            const QString name = toQString(
                m_model->trial().definition.templates[static_cast<std::size_t>(row)].name);
            const QString human = estimate.human > 0 ? tr(" %n phrase(s) of people stay.", nullptr,
                                                          static_cast<int>(estimate.human))
                                                     : QString();
            if (estimate.regions == 0)
                m_estimate->setText(tr("“%1”: every region has a phrase of it.").arg(name) + human);
            else if (estimate.seconds > 0.0)
                m_estimate->setText(
                    tr("“%1”: %2 regions to write, about %3.")
                        .arg(name, countText(estimate.regions), durationText(estimate.seconds))
                    + human);
            else
                m_estimate->setText(
                    tr("“%1”: %2 regions to write. Try it first to learn how long that takes.")
                        .arg(name, countText(estimate.regions))
                    + human);
        },
        [this](const ErrorReport &) {
            --m_pending;
            m_estimate->clear();
        });
}

void PromptsPage::updateButtons()
{
    const bool isRunning = m_job != 0;
    const bool isReadOnly = m_context.session->isReadOnly(); // what is tried is stored, too
    const bool canRun = m_hasState && !m_state.models.empty() && !isReadOnly;
    m_run->setText(isRunning ? tr("Stop") : tr("Try them"));
    m_run->setEnabled(isRunning || (canRun && m_stack->currentWidget() == m_view));
    for (QWidget *widget : std::initializer_list<QWidget *>{m_editor, m_experiments, m_crops,
                                                            m_seed, m_modelA, m_groups, m_add})
        widget->setEnabled(!isRunning);
    m_delete->setEnabled(!isRunning && currentTrial() != 0 && !isReadOnly);
    m_modelB->setEnabled(!isRunning && m_state.models.size() > 1);
    m_remove->setEnabled(!isRunning && m_draft.templates.size() > 1);
    const QString group = m_context.palette.title(m_group);
    m_use->setText(group.isEmpty() ? tr("Use it") : tr("Use for %1").arg(group));
    const bool hasErrors = m_editor->hasErrors();
    const bool canUse = m_hasState && currentRow() >= 0 && !isRunning && !hasErrors && !isReadOnly;
    m_use->setEnabled(canUse);
    m_write->setEnabled(canUse && !m_state.models.empty());
    const QString why = hasErrors ? m_editor->findingTexts().value(0) : QString();
    m_use->setToolTip(hasErrors ? why : tr("The project writes phrases with it from now on"));
}

void PromptsPage::useTemplate()
{
    afterUse(false);
}

void PromptsPage::writePhrases()
{
    afterUse(true);
}

void PromptsPage::afterUse(bool alsoWrite)
{
    if (!m_hasState || currentRow() < 0 || m_job != 0)
        return;
    Trial trial;
    trial.definition = definition();
    const int model = std::min<int>(m_model->modelOf(std::max(0, m_view->currentIndex().column())),
                                    static_cast<int>(trial.definition.models.size()) - 1);
    if (trial.definition.models.empty())
        trial.definition.models.push_back({});
    ++m_pending;
    m_context.session->read(
        this,
        [trial, row = currentRow(), model = std::max(0, model)](ProjectStore &store,
                                                                const CancelToken &) {
            return winnerEdit(store, trial, row, model);
        },
        [this, alsoWrite](const Edit &edit) {
            --m_pending;
            m_context.session->edit(edit, this, [this, alsoWrite](const Edit &) {
                // The version is written down even if no phrase ever comes from it.
                m_context.session->run(
                    QString(), this,
                    [](ProjectStore &store, Engines &, const CancelToken &, const ProgressSink &) {
                        const PromptTemplate current = projectTemplates(store);
                        store.recordTemplate(current.hash(), jsonOf(current).dump());
                        return current.version;
                    },
                    [](int) {}, [](const ErrorReport &) {});
                if (!alsoWrite) {
                    m_reloadSoon.start();
                    return;
                }
                PhraseScope scope;
                scope.group = toStdString(m_group);
                scope.limit = m_limit->value();
                m_context.session->run(
                    tr("Write phrases for %1").arg(m_context.palette.title(m_group)), this,
                    [scope](ProjectStore &store, Engines &engines, const CancelToken &cancel,
                            const ProgressSink &progress) {
                        return phraseProject(store, engines, cancel, progress, scope);
                    },
                    [this](const PhraseReport &report) {
                        if (!report.failed.empty() && m_context.showProblem)
                            m_context.showProblem(
                                tr("Write phrases"),
                                {ErrorKind::InvalidInput,
                                 toStdString(tr("%1 of %2 regions got no phrase; the first: %3")
                                                 .arg(report.failed.size())
                                                 .arg(report.regions)
                                                 .arg(toQString(report.failed.front().reason)))});
                        m_reloadSoon.start();
                    });
            });
        },
        [this](const ErrorReport &error) {
            --m_pending;
            if (m_context.showProblem)
                m_context.showProblem(tr("Use the template"), error);
        });
}

void PromptsPage::prepareScreenshot()
{
    m_wantsShow = true;
    if (!m_hasState)
        return; // when the project has been read
    for (std::size_t i = 0; i < m_state.experiments.size(); ++i) {
        if (m_state.experiments[i].trial == 0
            && m_state.experiments[i].definition.templates.size() == kVisualPrompts.size()) {
            chooseExperiment(static_cast<int>(i) + 1);
            break;
        }
    }
    if (m_state.models.empty()) {
        m_wantsShow = false;
        return;
    }
    run();
}

} // namespace sapsam::ui
