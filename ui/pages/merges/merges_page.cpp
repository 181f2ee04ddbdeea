#include "ui/pages/merges/merges_page.h"

#include "ui/canvas/overlay.h"
#include "ui/pages/merges/group_cards.h"
#include "ui/pages/merges/merge_draft.h"
#include "ui/pages/merges/preview_strip.h"
#include "ui/support/pixels.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/labels.h"

#include <QAction>
#include <QCheckBox>
#include <QColorDialog>
#include <QComboBox>
#include <QDropEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMimeData>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace sapsam::ui {

namespace {

constexpr int kSamples = 12;
constexpr int kPreviewDelayMs = 120;
constexpr int kLongestFilter = 3000; // ids; a longer list is asked for by group instead
constexpr int kToolbarIconSize = 18;

enum Panel { GroupPanel, ChangesPanel, VersionsPanel };

struct Loaded
{
    Taxonomy current;
    MergeFacts facts;
    std::vector<TaxonomyVersionInfo> versions;
    std::map<std::string, Taxonomy> known;
    QString problem; // why the current one cannot be read
};

QImage painted(const PreviewPicture &preview, const std::vector<PreviewPart> &parts,
               const Taxonomy &taxonomy)
{
    const int factor = overlayFactor(QSize(preview.picture.width, preview.picture.height));
    std::vector<OverlayLayer> layers;
    int number = 0;
    for (const PartGroup &group : taxonomy.groups) {
        ++number;
        for (const PreviewPart &part : parts) {
            if (part.group == group.name)
                layers.push_back(
                    makeLayer(toQString(group.name),
                              QColor(group.colour[0], group.colour[1], group.colour[2]),
                              number % kPatternCount, part.mask, factor));
        }
    }
    OverlayLook look;
    look.opacityPercent = 62;
    look.patterns = false;
    const QImage picture = toQImage(preview.picture);
    QImage result =
        picture.scaled(picture.size() * factor, Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
            .convertToFormat(QImage::Format_ARGB32_Premultiplied);
    const QImage overlay = composeOverlay(layers, look);
    if (!overlay.isNull()) {
        QPainter painter(&result);
        painter.drawImage(result.rect(), overlay);
    }
    return result;
}

QString bullets(const QStringList &lines)
{
    QStringList marked;
    for (const QString &line : lines)
        marked.append(QStringLiteral("• ") + line);
    return marked.join(QLatin1Char('\n'));
}

QString capital(QString text)
{
    if (!text.isEmpty())
        text[0] = text[0].toUpper();
    return text;
}

// "id:3..8,12": neighbours as ranges.
QString filterOf(const std::vector<std::int64_t> &ids)
{
    QStringList ranges;
    for (std::size_t i = 0; i < ids.size();) {
        std::size_t last = i;
        while (last + 1 < ids.size() && ids[last + 1] == ids[last] + 1)
            ++last;
        ranges.append(last == i ? QString::number(ids[i])
                                : QStringLiteral("%1..%2").arg(ids[i]).arg(ids[last]));
        i = last + 1;
    }
    return QStringLiteral("id:") + ranges.join(QLatin1Char(','));
}

QLabel *wrapped(const QString &text, const char *role)
{
    QLabel *label = makeLabel(text, role);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

void fillTriggers(QComboBox *box)
{
    box->addItem(MergesPage::tr("First class shows"), static_cast<int>(TriggerRule::First));
    box->addItem(MergesPage::tr("Any class shows"), static_cast<int>(TriggerRule::Any));
    box->addItem(MergesPage::tr("All classes show"), static_cast<int>(TriggerRule::All));
}

} // namespace

MergesPage::MergesPage(const PageContext &context, QWidget *parent)
    : WorkbenchPage(parent),
      m_context(context),
      m_draft(new MergeDraft(this)),
      m_heading(makeLabel(tr("Merges"), "heading")),
      m_status(makeLabel({}, "small")),
      m_apply(makePrimaryButton(tr("Apply"))),
      m_toolbar(new QHBoxLayout),
      m_bannerFrame(new QFrame),
      m_banner(wrapped({}, "warning")),
      m_mend(new QPushButton(tr("Return to the shipped merges"))),
      m_classes(new ClassModel(this)),
      m_classList(new QListView),
      m_classHint(wrapped({}, "small")),
      m_cards(new GroupCards),
      m_commonTrigger(new QComboBox),
      m_strip(new PreviewStrip),
      m_stripHint(makeLabel({}, "small")),
      m_others(makeLinkButton(tr("Other pictures"))),
      m_labels(makeLinkButton(tr("Add true label maps…"))),
      m_tabs(new QTabBar),
      m_panels(new QStackedWidget),
      m_impactModel(new ImpactModel(this)),
      m_versionModel(new VersionModel(this))
{
    setRole(this, "page");
    auto *bar = new QFrame;
    setRole(bar, "bar");
    auto *barLayout = new QHBoxLayout(bar);
    barLayout->setContentsMargins(16, 6, 12, 6);
    barLayout->setSpacing(8);
    barLayout->addWidget(m_heading);
    barLayout->addWidget(m_status);
    barLayout->addStretch(1);
    m_toolbar->setSpacing(2);
    barLayout->addLayout(m_toolbar);
    barLayout->addWidget(m_apply);
    m_apply->setAccessibleName(tr("Apply the draft to the project"));
    connect(m_apply, &QPushButton::clicked, this, &MergesPage::apply);

    auto *left = new QWidget;
    buildLeft(left);
    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setHandleWidth(1);
    splitter->addWidget(left);
    splitter->addWidget(buildCentre());
    splitter->addWidget(buildRight());
    splitter->setStretchFactor(0, 0);
    splitter->setStretchFactor(1, 1);
    splitter->setStretchFactor(2, 0);
    splitter->setSizes({236, 480, 306});
    for (int i = 0; i < 3; ++i)
        splitter->setCollapsible(i, false);

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(bar);
    setRole(m_bannerFrame, "banner");
    auto *bannerLayout = new QHBoxLayout(m_bannerFrame);
    bannerLayout->setContentsMargins(16, 8, 12, 8);
    bannerLayout->setSpacing(16);
    bannerLayout->addWidget(m_banner, 1);
    bannerLayout->addWidget(m_mend);
    connect(m_mend, &QPushButton::clicked, this, &MergesPage::returnToShipped);
    m_bannerFrame->hide();
    layout->addWidget(m_bannerFrame);
    layout->addWidget(splitter, 1);

    m_previewTimer.setSingleShot(true);
    m_previewTimer.setInterval(kPreviewDelayMs);
    connect(&m_previewTimer, &QTimer::timeout, this, &MergesPage::startPreview);
    connect(m_draft, &MergeDraft::changed, this, &MergesPage::showDraft);

    connect(m_cards, &GroupCards::classesDropped, this,
            [this](int row, const DraggedClasses &dropped) {
                if (row == m_cards->count()) {
                    m_draft->addGroup({}, dropped.ids);
                    m_cards->setCurrentRow(m_cards->count() - 1);
                    m_tabs->setCurrentIndex(GroupPanel);
                } else if (dropped.fromRow >= 0 && !dropped.ids.isEmpty()) {
                    m_draft->moveClass(dropped.fromRow, row, dropped.ids.first());
                } else {
                    m_draft->addClasses(row, dropped.ids);
                }
            });
    connect(m_cards, &GroupCards::classRemoved, m_draft, &MergeDraft::removeClass);
    connect(m_cards, &GroupCards::classMenuRequested, this, &MergesPage::classMenu);
    connect(m_cards, &GroupCards::groupMenuRequested, this,
            [this](int, const QPoint &at) { groupMenu(at); });
    connect(m_cards, &GroupCards::selectionChanged, this, &MergesPage::showGroup);
    connect(m_cards, &GroupCards::editRequested, this, [this] {
        m_tabs->setCurrentIndex(GroupPanel);
        m_titleEdit->setFocus();
        m_titleEdit->selectAll();
    });
    connect(m_strip, &PreviewStrip::pictureActivated, this, [this](qint64 id) {
        if (m_context.openPicture)
            m_context.openPicture(id);
    });

    ProjectSession *session = m_context.session;
    connect(session, &ProjectSession::opened, this, [this] {
        m_isLoaded = false;
        m_isStale = true;
        m_facts.reset();
        if (isVisible())
            reload();
    });
    connect(session, &ProjectSession::closed, this, [this] {
        m_previewCancel.cancel();
        m_isLoaded = false;
        m_isStale = true;
        m_reading = 0;
        m_isApplying = false;
        m_facts.reset();
        m_strip->setMessage({});
    });
    connect(session, &ProjectSession::contentChanged, this, [this] {
        m_isStale = true;
        if (isVisible())
            reload();
    });
    connect(session, &ProjectSession::countsChanged, this, &WorkbenchPage::availabilityChanged);
    connect(session, &ProjectSession::editFailed, this, [this] { m_isApplying = false; });
    m_draft->reset(defaultTaxonomy());
}

MergesPage::~MergesPage()
{
    m_previewCancel.cancel();
    // Its signals would reach a page that is half gone.
    disconnect(m_draft, nullptr, this, nullptr);
    disconnect(m_draft->undoStack(), nullptr, this, nullptr);
}

void MergesPage::buildLeft(QWidget *panel)
{
    setRole(panel, "panel");
    panel->setMinimumWidth(190);
    auto *layout = new QVBoxLayout(panel);
    layout->setContentsMargins(12, 12, 8, 10);
    layout->setSpacing(6);
    layout->addWidget(makeLabel(tr("CLASSES"), "section"));
    m_classList->setModel(m_classes);
    m_classList->setItemDelegate(new ClassDelegate(m_classList));
    m_classList->setObjectName(QStringLiteral("plainList"));
    m_classList->setAccessibleName(tr("Classes of the label set"));
    m_classList->setAccessibleDescription(tr("Enter puts the selected classes into a group"));
    m_classList->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_classList->setDragEnabled(true);
    m_classList->setAcceptDrops(true);
    m_classList->viewport()->setAcceptDrops(true);
    m_classList->setDragDropMode(QAbstractItemView::DragDrop);
    m_classList->setMouseTracking(true);
    m_classList->setContextMenuPolicy(Qt::CustomContextMenu);
    m_classList->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_classList->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_classList->installEventFilter(this);
    m_classList->viewport()->installEventFilter(this);
    connect(m_classList, &QWidget::customContextMenuRequested, this, [this](const QPoint &at) {
        assignMenu(selectedClasses(), m_classList->viewport()->mapToGlobal(at));
    });
    layout->addWidget(m_classList, 1);
    layout->addWidget(m_classHint);
}

QWidget *MergesPage::buildCentre()
{
    auto *centre = new QSplitter(Qt::Vertical);
    centre->setHandleWidth(1);
    centre->setMinimumWidth(250);

    auto *top = new QWidget;
    auto *topLayout = new QVBoxLayout(top);
    topLayout->setContentsMargins(14, 10, 0, 0);
    topLayout->setSpacing(6);
    auto *head = new QHBoxLayout;
    head->setContentsMargins(0, 0, 14, 0);
    head->addWidget(makeLabel(tr("GROUPS"), "section"));
    head->addStretch(1);
    auto *rule = makeLabel(tr("A group is there when its"), "small");
    head->addWidget(rule);
    fillTriggers(m_commonTrigger);
    m_commonTrigger->setAccessibleName(tr("Common trigger rule"));
    m_commonTrigger->setToolTip(tr("When a group counts as present in a picture. The published "
                                   "code asks for its first class only."));
    rule->setBuddy(m_commonTrigger);
    connect(m_commonTrigger, &QComboBox::activated, this, [this](int index) {
        m_draft->setCommonTrigger(
            static_cast<TriggerRule>(m_commonTrigger->itemData(index).toInt()));
    });
    head->addWidget(m_commonTrigger);
    topLayout->addLayout(head);
    auto *scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setAccessibleName(tr("Groups"));
    scroll->setFocusPolicy(Qt::NoFocus);
    auto *inside = new QWidget;
    setRole(inside, "page");
    auto *insideLayout = new QVBoxLayout(inside);
    insideLayout->setContentsMargins(0, 0, 14, 4);
    insideLayout->addWidget(m_cards);
    insideLayout->addStretch(1);
    scroll->setWidget(inside);
    topLayout->addWidget(scroll, 1);
    connect(m_cards, &GroupCards::currentChanged, scroll, [this, scroll](int row) {
        if (GroupCard *card = m_cards->card(row))
            scroll->ensureWidgetVisible(card, 0, 12);
    });
    centre->addWidget(top);

    auto *bottom = new QWidget;
    setRole(bottom, "panel");
    auto *bottomLayout = new QVBoxLayout(bottom);
    bottomLayout->setContentsMargins(8, 6, 8, 4);
    bottomLayout->setSpacing(0);
    auto *bottomHead = new QHBoxLayout;
    bottomHead->setContentsMargins(6, 0, 6, 0);
    bottomHead->addWidget(makeLabel(tr("BEFORE AND AFTER"), "section"));
    bottomHead->addSpacing(8);
    m_stripHint->setMinimumWidth(40);
    bottomHead->addWidget(m_stripHint, 1);
    bottomHead->addWidget(m_labels);
    bottomHead->addWidget(m_others);
    bottomLayout->addLayout(bottomHead);
    bottomLayout->addWidget(m_strip, 1);
    m_labels->setToolTip(tr("A data set in the ATR layout, or label maps named like the pictures: "
                            "with them, the preview and all counts are exact."));
    connect(m_labels, &QPushButton::clicked, this, &MergesPage::chooseLabels);
    connect(m_others, &QPushButton::clicked, this, [this] {
        ++m_seed;
        startPreview();
    });
    centre->addWidget(bottom);
    centre->setStretchFactor(0, 1);
    centre->setStretchFactor(1, 1);
    centre->setSizes({430, 220});
    centre->setCollapsible(0, false);
    centre->setCollapsible(1, false);
    return centre;
}

QWidget *MergesPage::buildRight()
{
    auto *right = new QWidget;
    setRole(right, "panel");
    right->setMinimumWidth(270);
    auto *layout = new QVBoxLayout(right);
    layout->setContentsMargins(0, 4, 0, 0);
    layout->setSpacing(0);
    m_tabs->addTab(tr("Group"));
    m_tabs->addTab(tr("What changes"));
    m_tabs->addTab(tr("Versions"));
    m_tabs->setAccessibleName(tr("Details"));
    m_tabs->setExpanding(false);
    m_tabs->setDrawBase(false);
    layout->addWidget(m_tabs);
    m_panels->addWidget(buildGroupPanel());
    m_panels->addWidget(buildChangesPanel());
    m_panels->addWidget(buildVersionsPanel());
    connect(m_tabs, &QTabBar::currentChanged, m_panels, &QStackedWidget::setCurrentIndex);
    layout->addWidget(m_panels, 1);
    return right;
}

QWidget *MergesPage::buildGroupPanel()
{
    auto *panel = new QWidget;
    auto *layout = new QVBoxLayout(panel);
    layout->setContentsMargins(16, 12, 16, 12);
    layout->setSpacing(10);
    m_groupEmpty = wrapped(tr("Choose a group to see and change what it is called, what Person-SAM "
                              "is asked for, and when it counts as present."),
                           "muted");
    layout->addWidget(m_groupEmpty);
    m_groupForm = new QWidget;
    auto *form = new QFormLayout(m_groupForm);
    form->setContentsMargins(0, 0, 0, 0);
    form->setRowWrapPolicy(QFormLayout::WrapLongRows);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->setVerticalSpacing(8);
    const auto addEdit = [&](const QString &label, const QString &tip, auto change) {
        auto *edit = new QLineEdit;
        edit->setAccessibleName(label);
        edit->setToolTip(tip);
        connect(edit, &QLineEdit::editingFinished, this, [this, edit, change] {
            if (edit->isModified()) {
                edit->setModified(false);
                change(m_cards->currentRow(), edit->text());
            }
        });
        form->addRow(label, edit);
        return edit;
    };
    m_titleEdit = addEdit(tr("Title"), tr("What people read"),
                          [this](int row, const QString &text) { m_draft->setTitle(row, text); });
    m_nameEdit = addEdit(
        tr("Name"), tr("What files, filters and the command line call it; masks follow a new name"),
        [this](int row, const QString &text) { m_draft->setName(row, text); });
    m_phraseEdit = addEdit(tr("Phrase"), tr("What Person-SAM is asked for: “the hat”"),
                           [this](int row, const QString &text) { m_draft->setPhrase(row, text); });
    m_colour = new QPushButton;
    m_colour->setAccessibleName(tr("Colour of the group"));
    connect(m_colour, &QPushButton::clicked, this, &MergesPage::chooseColour);
    form->addRow(tr("Colour"), m_colour);
    m_trigger = new QComboBox;
    m_trigger->addItem(tr("As all groups"), -1);
    fillTriggers(m_trigger);
    m_trigger->setAccessibleName(tr("Trigger rule of this group"));
    connect(m_trigger, &QComboBox::activated, this, [this](int index) {
        const int rule = m_trigger->itemData(index).toInt();
        m_draft->setTrigger(m_cards->currentRow(),
                            rule < 0 ? std::nullopt
                                     : std::optional(static_cast<TriggerRule>(rule)));
    });
    form->addRow(tr("Trigger"), m_trigger);
    m_exclusive = new QCheckBox(tr("Exclusive"));
    m_exclusive->setToolTip(tr("Shares no class with another exclusive group"));
    connect(m_exclusive, &QCheckBox::clicked, this,
            [this](bool on) { m_draft->setExclusive(m_cards->currentRow(), on); });
    form->addRow(QString(), m_exclusive);
    layout->addWidget(m_groupForm);
    m_groupFindings = wrapped({}, "muted");
    layout->addWidget(m_groupFindings);
    layout->addStretch(1);
    return panel;
}

QWidget *MergesPage::buildChangesPanel()
{
    auto *scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setAccessibleName(tr("What changes"));
    auto *panel = new QWidget;
    setRole(panel, "panel");
    auto *layout = new QVBoxLayout(panel);
    layout->setContentsMargins(16, 12, 16, 12);
    layout->setSpacing(8);
    m_summary = wrapped({}, "");
    layout->addWidget(m_summary);
    auto *buttons = new QVBoxLayout;
    buttons->setSpacing(0);
    m_showTouched = makeLinkButton({});
    m_showOutdated = makeLinkButton({});
    connect(m_showTouched, &QPushButton::clicked, this,
            [this] { showInGallery(m_impact.touched); });
    connect(m_showOutdated, &QPushButton::clicked, this,
            [this] { showInGallery(m_impact.stalePictures); });
    buttons->addWidget(m_showTouched, 0, Qt::AlignLeft);
    buttons->addWidget(m_showOutdated, 0, Qt::AlignLeft);
    layout->addLayout(buttons);
    m_words = wrapped({}, "muted");
    layout->addWidget(m_words);
    layout->addWidget(makeLabel(tr("PICTURES, AND WHAT GETS OUT OF DATE"), "section"));
    m_impactTable = new QTableView;
    m_impactTable->setModel(m_impactModel);
    m_impactTable->setAccessibleName(tr("What changes for each group"));
    m_impactTable->setSelectionMode(QAbstractItemView::NoSelection);
    m_impactTable->setFocusPolicy(Qt::TabFocus);
    m_impactTable->setShowGrid(false);
    m_impactTable->verticalHeader()->hide();
    m_impactTable->verticalHeader()->setDefaultSectionSize(26);
    m_impactTable->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_impactTable->horizontalHeader()->setSectionResizeMode(ImpactModel::Group,
                                                            QHeaderView::Stretch);
    m_impactTable->horizontalHeader()->setHighlightSections(false);
    m_impactTable->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_impactTable->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    layout->addWidget(m_impactTable);
    m_follow = new QCheckBox(tr("Masks follow their groups"));
    m_follow->setChecked(true);
    m_follow->setToolTip(tr("Masks of renamed groups get the new name, those of merged groups are "
                            "united, those of deleted groups are removed: all in the same step, "
                            "which can be undone."));
    connect(m_follow, &QCheckBox::toggled, this, &MergesPage::showDraft);
    layout->addWidget(m_follow);
    m_followHint = wrapped({}, "small");
    layout->addWidget(m_followHint);
    m_note = new QLineEdit;
    m_note->setPlaceholderText(tr("Why? For the list of versions"));
    m_note->setAccessibleName(tr("Note for the list of versions"));
    layout->addWidget(m_note);
    layout->addStretch(1);
    scroll->setWidget(panel);
    return scroll;
}

QWidget *MergesPage::buildVersionsPanel()
{
    auto *panel = new QWidget;
    auto *layout = new QVBoxLayout(panel);
    layout->setContentsMargins(16, 12, 16, 12);
    layout->setSpacing(8);
    m_versionList = new QListView;
    m_versionList->setModel(m_versionModel);
    m_versionList->setObjectName(QStringLiteral("versionList"));
    m_versionList->setAccessibleName(tr("Versions of the merges"));
    m_versionList->setWordWrap(true);
    m_versionList->setSpacing(2);
    connect(m_versionList->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &MergesPage::showVersionDiff);
    connect(m_versionList, &QListView::activated, this,
            [this](const QModelIndex &index) { goBackTo(index.row()); });
    layout->addWidget(m_versionList, 1);
    m_versionDiff = wrapped({}, "muted");
    auto *scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setAccessibleName(tr("Difference"));
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto *box = new QWidget;
    setRole(box, "panel");
    auto *boxLayout = new QVBoxLayout(box);
    boxLayout->setContentsMargins(0, 0, 0, 0);
    boxLayout->addWidget(m_versionDiff);
    boxLayout->addStretch(1);
    scroll->setWidget(box);
    layout->addWidget(scroll, 1);
    m_goBack = new QPushButton(tr("Put this version into the draft"));
    connect(m_goBack, &QPushButton::clicked, this,
            [this] { goBackTo(m_versionList->currentIndex().row()); });
    layout->addWidget(m_goBack);
    return panel;
}

QToolButton *MergesPage::addButton(QHBoxLayout *layout, QAction *action)
{
    auto *button = new QToolButton;
    button->setDefaultAction(action);
    button->setIconSize(QSize(kToolbarIconSize, kToolbarIconSize));
    button->setAutoRaise(true);
    button->setAccessibleName(QString(action->text()).remove(QLatin1Char('&')));
    layout->addWidget(button);
    return button;
}

void MergesPage::makeActions(ActionRegistry &actions)
{
    const auto add = [&](const char *id, const QString &text, const QStringList &keys,
                         const char *icon, const QString &tip, auto &&slot) {
        ActionSpec spec;
        spec.id = QString::fromLatin1(id);
        spec.text = text;
        for (const QString &key : keys)
            spec.keys.append(QKeySequence(key, QKeySequence::PortableText));
        spec.scope = ActionScope::Merges;
        spec.icon = QString::fromLatin1(icon);
        spec.tip = tip;
        spec.section = tr("Merges");
        QAction *action = actions.add(spec, this);
        connect(action, &QAction::triggered, this, slot);
        m_actions.append(action);
        return action;
    };
    m_undoAction = add("merges.undo", tr("Undo step of the draft"), {}, "undo",
                       tr("Ctrl+Z does the same here while the draft has steps"),
                       [this] { m_draft->undoStack()->undo(); });
    m_redoAction = add("merges.redo", tr("Redo step of the draft"), {}, "redo", {},
                       [this] { m_draft->undoStack()->redo(); });
    m_applyAction = add("merges.apply", tr("Apply the draft"), {QStringLiteral("Ctrl+Return")}, "",
                        tr("The project works with the draft from then on; one step of undo"),
                        [this] { apply(); });
    m_discardAction =
        add("merges.discard", tr("Discard the draft"), {}, "",
            tr("Back to the merges that the project works with"), [this] { discard(); });
    add("merges.assign", tr("Put classes into a group…"), {QStringLiteral("L")}, "",
        tr("Where the classes selected on the left go"), [this] {
            assignMenu(selectedClasses(),
                       m_classList->viewport()->mapToGlobal(
                           m_classList->visualRect(m_classList->currentIndex()).bottomLeft()));
        });
    add("merges.add-group", tr("New group"), {QStringLiteral("Insert")}, "new",
        tr("Of the classes selected on the left"), [this] {
            m_draft->addGroup({}, selectedClasses());
            m_cards->setCurrentRow(m_cards->count() - 1);
            m_tabs->setCurrentIndex(GroupPanel);
        });
    add("merges.unite", tr("Merge the selected groups"), {QStringLiteral("M")}, "merges",
        tr("Into the first of them"), [this] { mergeGroups(); });
    add("merges.remove-group", tr("Delete the selected groups"), {QStringLiteral("Del")}, "remove",
        {}, [this] { removeGroups(); });
    add("merges.move-up", tr("Move the group forward"), {QStringLiteral("Alt+Up")}, "", {}, [this] {
        const int row = m_cards->currentRow();
        if (row > 0) {
            m_draft->moveGroup(row, row - 1);
            m_cards->setCurrentRow(row - 1);
        }
    });
    add("merges.move-down", tr("Move the group back"), {QStringLiteral("Alt+Down")}, "", {},
        [this] {
            const int row = m_cards->currentRow();
            if (row >= 0 && row + 1 < m_cards->count()) {
                m_draft->moveGroup(row, row + 1);
                m_cards->setCurrentRow(row + 1);
            }
        });
    add("merges.others", tr("Preview other pictures"), {QStringLiteral("N")}, "", {}, [this] {
        ++m_seed;
        startPreview();
    });
    add("merges.import", tr("Read merges from a file…"), {}, "import", {},
        [this] { chooseImport(); });
    add("merges.export", tr("Write the draft to a file…"), {}, "", {}, [this] { chooseExport(); });
    add("merges.labels", tr("Add true label maps…"), {}, "", {}, [this] { chooseLabels(); });
    addButton(m_toolbar, m_undoAction);
    addButton(m_toolbar, m_redoAction);
    addButton(m_toolbar, actions.action(QStringLiteral("merges.add-group")));
    addButton(m_toolbar, actions.action(QStringLiteral("merges.import")));
    showDraft();
}

void MergesPage::fillMenu(QMenu &menu)
{
    menu.addActions(m_actions);
}

void MergesPage::activate()
{
    m_cards->setFocus();
    if (m_cards->currentRow() < 0)
        m_cards->setCurrentRow(0);
    if (m_isStale)
        reload();
}

bool MergesPage::isAvailable() const
{
    return m_context.session->isOpen();
}

bool MergesPage::isSettled() const
{
    return m_reading == 0 && !m_previewTimer.isActive() && !m_wantsExample && !m_isApplying;
}

void MergesPage::reload()
{
    ProjectSession *session = m_context.session;
    if (!session->isOpen())
        return;
    m_isStale = false;
    ++m_reading;
    session->read(
        this,
        [](ProjectStore &store, const CancelToken &cancel) {
            Loaded loaded;
            CurrentTaxonomy current = currentTaxonomyOrDefault(store);
            loaded.current = std::move(current.taxonomy);
            loaded.problem = toQString(current.problem);
            loaded.versions = taxonomyVersions(store);
            for (const TaxonomyVersionInfo &info : loaded.versions) {
                if (auto taxonomy = taxonomyOfVersion(store, info.version))
                    loaded.known.emplace(info.version, std::move(*taxonomy));
            }
            loaded.facts = readMergeFacts(store, cancel);
            return loaded;
        },
        [this](Loaded loaded) {
            m_reading = std::max(0, m_reading - 1);
            m_facts = std::make_shared<const MergeFacts>(std::move(loaded.facts));
            m_known = std::move(loaded.known);
            m_isUnreadable = !loaded.problem.isEmpty();
            m_banner->setToolTip(loaded.problem);
            const int shown = m_versionList->currentIndex().row();
            m_versionModel->setVersions(std::move(loaded.versions));
            m_versionList->setCurrentIndex(m_versionModel->index(std::max(0, shown)));
            const bool wasLoaded = std::exchange(m_isLoaded, true);
            const bool isOther = m_draft->base().version != loaded.current.version;
            const bool isDone =
                taxonomyDiff(m_draft->taxonomy(), loaded.current).empty(); // it was applied
            if (!wasLoaded || (isOther && (!m_draft->isChanged() || isDone)))
                m_draft->reset(loaded.current);
            else if (isOther)
                m_draft->rebase(loaded.current);
            else
                showDraft();
            if (m_wantsExample) {
                // What somebody would do first: mend the two pitfalls of the shipped merges.
                m_wantsExample = false;
                const auto rowOf = [this](const char *name) {
                    const auto &groups = m_draft->taxonomy().groups;
                    const auto found =
                        std::find_if(groups.begin(), groups.end(),
                                     [&](const PartGroup &group) { return group.name == name; });
                    return found == groups.end() ? -1 : static_cast<int>(found - groups.begin());
                };
                m_draft->removeClass(rowOf("glasses"), 11);
                m_draft->setTitle(rowOf("glasses"), tr("Glasses"));
                m_draft->setTrigger(rowOf("shoes"), TriggerRule::Any);
                m_draft->addGroup(tr("Arms"), {14, 15});
                m_cards->setCurrentRow(std::max(0, rowOf("hair")));
                m_tabs->setCurrentIndex(ChangesPanel);
            }
        },
        [this](const ErrorReport &error) {
            m_reading = std::max(0, m_reading - 1);
            m_wantsExample = false;
            m_strip->setMessage(toQString(error.message));
            if (m_context.showProblem)
                m_context.showProblem(tr("Read the merges"), error);
        });
}

void MergesPage::prepareScreenshot()
{
    m_wantsExample = true;
    reload();
}

std::vector<GroupMapping> MergesPage::mapping() const
{
    return m_follow->isChecked() ? m_draft->mapping() : std::vector<GroupMapping>{};
}

QString MergesPage::problem() const
{
    for (const TaxonomyFinding &finding : taxonomyFindings(m_draft->taxonomy())) {
        if (finding.severity == TaxonomyFinding::Severity::Error)
            return tr("%1: %2.").arg(capital(toQString(finding.text)), toQString(finding.advice));
    }
    return {};
}

void MergesPage::showDraft()
{
    const Taxonomy &before = m_draft->base();
    const Taxonomy &after = m_draft->taxonomy();
    m_impact = m_facts ? mergeImpact(*m_facts, before, after, mapping()) : MergeImpact{};
    m_cards->setGroups(after, m_impact, before);
    m_classes->setClasses(after, m_facts ? m_facts->classPictures : std::map<int, std::int64_t>{},
                          m_facts && m_facts->labelled > 0);
    m_classHint->setText(m_facts && m_facts->labelled > 0
                             ? tr("Drag classes onto groups, or press Enter. The numbers are "
                                  "pictures in which a class shows.")
                             : tr("Drag classes onto groups, or press Enter."));
    const QSignalBlocker blocker(m_commonTrigger);
    m_commonTrigger->setCurrentIndex(m_commonTrigger->findData(static_cast<int>(after.trigger)));

    const bool isChanged = m_draft->isChanged();
    const QString trouble = problem();
    const QString shown = tr("%1 v%2").arg(toQString(before.name)).arg(before.number);
    m_status->setText(isChanged        ? tr("Draft of %1, not applied yet").arg(shown)
                      : m_isUnreadable ? tr("Shown: %1").arg(shown)
                                       : tr("The project works with %1").arg(shown));
    m_banner->setText(
        !trouble.isEmpty() ? tr("This cannot be applied yet. %1").arg(trouble)
        : m_isUnreadable
            ? tr("The merges that this project works with cannot be read, so the shipped ones are "
                 "shown. Masks and phrases are all there. Return to the shipped merges, or go back "
                 "to one of the versions on the right and apply it.")
            : QString());
    m_bannerFrame->setVisible(!trouble.isEmpty() || m_isUnreadable);
    m_mend->setVisible(m_isUnreadable && trouble.isEmpty());
    m_mend->setEnabled(!m_isApplying && !m_context.session->isReadOnly());
    const bool canApply = isChanged && trouble.isEmpty() && m_context.session->isOpen()
                          && !m_context.session->isReadOnly();
    m_apply->setEnabled(canApply);
    if (m_applyAction != nullptr) {
        m_applyAction->setEnabled(canApply);
        m_discardAction->setEnabled(isChanged);
        QUndoStack *steps = m_draft->undoStack();
        // The stack still moves its index while a step tells about itself.
        QMetaObject::invokeMethod(
            this,
            [this, steps] {
                m_undoAction->setEnabled(steps->canUndo());
                m_undoAction->setToolTip(steps->canUndo() ? tr("Undo: %1").arg(steps->undoText())
                                                          : tr("Nothing to undo in the draft"));
                m_redoAction->setEnabled(steps->canRedo());
                m_redoAction->setToolTip(steps->canRedo() ? tr("Redo: %1").arg(steps->redoText())
                                                          : tr("Nothing to redo in the draft"));
            },
            Qt::QueuedConnection);
    }
    showGroup();
    showChanges();
    showVersionDiff();
    if (m_isLoaded)
        m_previewTimer.start();
}

void MergesPage::showGroup()
{
    const Taxonomy &taxonomy = m_draft->taxonomy();
    const int row = m_cards->currentRow();
    const bool has = row >= 0 && row < static_cast<int>(taxonomy.groups.size());
    m_groupForm->setVisible(has);
    m_groupFindings->setVisible(has);
    m_groupEmpty->setVisible(!has);
    if (!has)
        return;
    const PartGroup &group = taxonomy.groups[static_cast<std::size_t>(row)];
    const auto show = [](QLineEdit *edit, const std::string &text) {
        const QString fresh = toQString(text);
        if (edit->text() != fresh)
            edit->setText(fresh);
        edit->setModified(false);
    };
    show(m_titleEdit, group.title);
    show(m_nameEdit, group.name);
    show(m_phraseEdit, group.phrase);
    const QColor colour(group.colour[0], group.colour[1], group.colour[2]);
    QPixmap swatch(16, 16);
    swatch.fill(colour);
    m_colour->setIcon(QIcon(swatch));
    m_colour->setText(colour.name());
    const QSignalBlocker blocker(m_trigger);
    m_trigger->setCurrentIndex(
        m_trigger->findData(group.trigger ? static_cast<int>(*group.trigger) : -1));
    m_exclusive->setChecked(group.exclusive);

    QStringList lines;
    for (const TaxonomyFinding &finding : taxonomyFindings(taxonomy)) {
        if (finding.group != group.name && finding.other != group.name)
            continue;
        QString line = capital(toQString(finding.text));
        if (!finding.advice.empty())
            line += QStringLiteral(": ") + toQString(finding.advice);
        if (finding.kind == TaxonomyFinding::Kind::FirstOnly) {
            const GroupImpact *item = m_impact.findGroup(group.name);
            if (item != nullptr && m_impact.labelled > 0)
                line += QStringLiteral(". ")
                        + tr("That is so in %n of the pictures", nullptr,
                             static_cast<int>(item->skipped));
        }
        if (finding.kind == TaxonomyFinding::Kind::SharedClass) {
            for (const SharedClassImpact &shared : m_impact.shared) {
                if (shared.classId == finding.classId && m_impact.labelled > 0)
                    line += QStringLiteral(". ")
                            + tr("In %n pictures both get its pixels", nullptr,
                                 static_cast<int>(shared.pictures));
            }
        }
        lines.append(line + QLatin1Char('.'));
    }
    m_groupFindings->setText(bullets(lines));
}

void MergesPage::showChanges()
{
    const Taxonomy &before = m_draft->base();
    const Taxonomy &after = m_draft->taxonomy();
    QStringList words;
    for (const TaxonomyChange &change : taxonomyDiff(before, after))
        words.append(toQString(change.text));
    m_words->setText(bullets(words));
    m_words->setVisible(!words.isEmpty());
    const auto touched = static_cast<int>(m_impact.touched.size());
    const auto masks = static_cast<int>(m_impact.staleRegions.size());
    QStringList summary;
    if (!m_draft->isChanged())
        summary.append(tr("The draft is what the project works with."));
    else
        summary.append(touched == 0   ? tr("No picture looks different.")
                       : touched == 1 ? tr("One picture looks different.")
                                      : tr("%n pictures look different.", nullptr, touched));
    const auto phrases = static_cast<int>(m_impact.stalePhrases);
    summary.append(
        masks == 0
            ? tr("All masks and phrases stay right.")
            : tr("Out of date then: %1, %2. “Segment” brings them up to date, and nothing else.")
                  .arg(masks == 1 ? tr("one mask") : tr("%n masks", nullptr, masks),
                       phrases == 1 ? tr("one phrase") : tr("%n phrases", nullptr, phrases)));
    if (m_impact.staleHuman > 0)
        summary.append(tr("%n of them are by people: no model replaces those.", nullptr,
                          static_cast<int>(m_impact.staleHuman)));
    if (m_facts && m_facts->masked > 0)
        summary.append(tr("%n pictures have no true label map: they are judged by their masks, as "
                          "well as these tell (≈).",
                          nullptr, static_cast<int>(m_facts->masked)));
    m_summary->setText(summary.join(QLatin1Char('\n')));
    m_showTouched->setText(touched == 1 ? tr("Show the changed picture")
                                        : tr("Show %n changed pictures", nullptr, touched));
    m_showTouched->setVisible(touched > 0);
    const auto outdated = static_cast<int>(m_impact.stalePictures.size());
    m_showOutdated->setText(outdated == 1 ? tr("Show the out-of-date picture")
                                          : tr("Show %n out-of-date pictures", nullptr, outdated));
    m_showOutdated->setVisible(masks > 0);
    m_impactModel->setImpact(m_impact, before, after);
    m_impactTable->setFixedHeight(m_impactTable->horizontalHeader()->sizeHint().height()
                                  + 26 * m_impactModel->rowCount() + 4);
    const bool hasMapping = !m_draft->mapping().empty();
    m_follow->setVisible(hasMapping);
    m_followHint->setVisible(hasMapping);
    QStringList lines;
    for (const GroupMapping &entry : m_draft->mapping()) {
        if (entry.from == entry.to)
            continue;
        const auto titleIn = [](const Taxonomy &taxonomy, const std::string &name) {
            const PartGroup *group = taxonomy.findGroup(name);
            return toQString(group != nullptr ? group->title : name);
        };
        lines.append(entry.to.empty()
                         ? tr("Those of “%1” are removed").arg(titleIn(before, entry.from))
                         : tr("Those of “%1” go to “%2”")
                               .arg(titleIn(before, entry.from), titleIn(after, entry.to)));
    }
    if (m_follow->isChecked())
        lines.append(
            tr("%1 masks move, %2 are removed")
                .arg(countText(m_impact.movedRegions), countText(m_impact.removedRegions)));
    m_followHint->setText(bullets(lines));
    m_note->setVisible(m_draft->isChanged());
}

void MergesPage::showVersionDiff()
{
    const TaxonomyVersionInfo *info = m_versionModel->at(m_versionList->currentIndex().row());
    const auto known = info == nullptr ? m_known.end() : m_known.find(info->version);
    m_goBack->setEnabled(known != m_known.end());
    if (info == nullptr) {
        m_versionDiff->clear();
        return;
    }
    if (known == m_known.end()) {
        m_versionDiff->setText(tr("The project does not know what this version said: the masks "
                                  "made with it count as out of date."));
        return;
    }
    QStringList words;
    for (const TaxonomyChange &change : taxonomyDiff(known->second, m_draft->taxonomy()))
        words.append(toQString(change.text));
    m_goBack->setEnabled(!words.isEmpty());
    m_versionDiff->setText(words.isEmpty() ? tr("The draft says the same as this version.")
                                           : tr("From this version to the draft:")
                                                 + QLatin1Char('\n') + bullets(words));
}

void MergesPage::startPreview()
{
    m_previewTimer.stop();
    m_previewCancel.cancel();
    if (!m_facts || !m_context.session->isOpen())
        return;
    const std::vector<std::int64_t> sample =
        previewSample(*m_facts, m_draft->base(), m_draft->taxonomy(), kSamples, m_seed);
    m_others->setEnabled(!sample.empty());
    m_labels->setVisible(m_facts->labelled < m_facts->images);
    m_stripHint->setText(
        m_facts->labelled == 0 ? tr("from part masks: no true label maps are known")
        : m_facts->masked == 0 ? tr("exact, from the true label maps")
                               : tr("exact for %1 of %2 pictures")
                                     .arg(countText(m_facts->labelled),
                                          countText(m_facts->labelled + m_facts->masked)));
    if (sample.empty()) {
        m_strip->setMessage(m_facts->images == 0
                                ? tr("The project has no pictures yet: import some.")
                                : tr("Nothing is known about the parts of the pictures yet. "
                                     "Segment them, or add true label maps."));
        return;
    }
    m_strip->setBusy(true);
    m_previewCancel = CancelSource();
    const CancelToken mine = m_previewCancel.token();
    ++m_reading;
    m_context.session->read(
        this,
        [sample, mine, before = m_draft->base(), after = m_draft->taxonomy(),
         moved = mapping()](ProjectStore &store, const CancelToken &cancel) {
            std::vector<PreviewTile> tiles;
            for (const std::int64_t id : sample) {
                if (cancel.isCancelled() || mine.isCancelled())
                    break;
                PreviewTile tile;
                tile.imageId = id;
                try {
                    const PreviewPicture preview = previewMerge(store, id, before, after, moved);
                    tile.name = QFileInfo(toQString(preview.path)).fileName();
                    tile.isExact = preview.isExact;
                    tile.isChanged = preview.isChanged;
                    tile.remark = toQString(preview.remark);
                    tile.before = painted(preview, preview.before, before);
                    tile.after = painted(preview, preview.after, after);
                } catch (const std::exception &) {
                    tile.remark = toQString(reportOfCurrentException().message);
                    tile.name = QString::number(id);
                }
                tiles.push_back(std::move(tile));
            }
            return tiles;
        },
        [this, mine](std::vector<PreviewTile> tiles) {
            m_reading = std::max(0, m_reading - 1);
            if (!mine.isCancelled())
                m_strip->setTiles(std::move(tiles));
        },
        [this, mine](const ErrorReport &error) {
            m_reading = std::max(0, m_reading - 1);
            if (!mine.isCancelled())
                m_strip->setMessage(toQString(error.message));
        });
}

void MergesPage::apply()
{
    if (!m_draft->isChanged() || m_isApplying || !problem().isEmpty()
        || !m_context.session->isOpen())
        return;
    m_isApplying = true;
    m_apply->setEnabled(false);
    const QString title = tr("Change the merges");
    ++m_reading;
    m_context.session->read(
        this,
        [before = m_draft->base(), draft = m_draft->taxonomy(), moved = mapping(),
         note = toStdString(m_note->text().trimmed()),
         title = toStdString(title)](ProjectStore &store, const CancelToken &cancel) {
            const Taxonomy after = asNextVersion(store, draft, note);
            return mergeEdit(store, before, after, moved, title, cancel);
        },
        [this](Edit edit) {
            m_reading = std::max(0, m_reading - 1);
            m_context.session->edit(std::move(edit), this, [this](const Edit &) {
                m_isApplying = false;
                m_note->clear();
                m_isStale = true;
                reload();
            });
        },
        [this, title](const ErrorReport &error) {
            m_reading = std::max(0, m_reading - 1);
            m_isApplying = false;
            showDraft();
            if (m_context.showProblem)
                m_context.showProblem(title, error);
        });
}

void MergesPage::returnToShipped()
{
    if (m_isApplying || !m_context.session->isOpen())
        return;
    m_isApplying = true;
    m_mend->setEnabled(false);
    const QString title = tr("Return to the shipped merges");
    m_context.session->edit(
        title,
        [title = toStdString(title)](ProjectStore &store) {
            const Taxonomy shipped = asNextVersion(store, defaultTaxonomy());
            return mergeEdit(store, shipped, shipped, {}, title);
        },
        this,
        [this](const Edit &) {
            m_isApplying = false;
            m_isStale = true;
            reload();
        },
        [this] {
            m_isApplying = false;
            showDraft();
        });
}

void MergesPage::discard()
{
    // A step, not an end: it can be undone.
    m_draft->replace(m_draft->base(), tr("Discard the draft"));
}

void MergesPage::importFile(const QString &path)
{
    ++m_reading;
    m_context.session->read(
        this,
        [file = toStdString(path)](ProjectStore &, const CancelToken &) {
            Taxonomy taxonomy = readTaxonomy(file);
            const std::string problem = taxonomyProblem(taxonomy, "'" + file + "'");
            if (!problem.empty())
                throw Error(ErrorKind::InvalidInput, problem);
            return taxonomy;
        },
        [this, path](const Taxonomy &taxonomy) {
            m_reading = std::max(0, m_reading - 1);
            m_draft->replace(taxonomy, tr("Read %1").arg(QFileInfo(path).fileName()));
            m_tabs->setCurrentIndex(ChangesPanel);
        },
        [this](const ErrorReport &error) {
            m_reading = std::max(0, m_reading - 1);
            if (m_context.showProblem)
                m_context.showProblem(tr("Read merges from a file"), error);
        });
}

void MergesPage::exportFile(const QString &path)
{
    ++m_reading;
    m_context.session->read(
        this,
        [file = toStdString(path), taxonomy = m_draft->taxonomy()](ProjectStore &,
                                                                   const CancelToken &) {
            writeJsonFile(file, taxonomyJson(taxonomy));
            return true;
        },
        [this](bool) { m_reading = std::max(0, m_reading - 1); },
        [this](const ErrorReport &error) {
            m_reading = std::max(0, m_reading - 1);
            if (m_context.showProblem)
                m_context.showProblem(tr("Write the draft to a file"), error);
        });
}

void MergesPage::attachLabels(const QString &folder)
{
    const QString title = tr("Add true label maps");
    m_context.session->run(
        title, this,
        [path = toStdString(folder)](ProjectStore &store, Engines &, const CancelToken &cancel,
                                     const ProgressSink &progress) {
            return attachLabelMaps(store, path, cancel, progress);
        },
        [this, title](const LabelMapReport &report) {
            m_isStale = true;
            reload();
            if (report.attached == 0 && !report.skipped.empty() && m_context.showProblem)
                m_context.showProblem(title, {ErrorKind::NotFound, report.skipped.front().second});
        });
}

void MergesPage::goBackTo(int versionRow)
{
    const TaxonomyVersionInfo *info = m_versionModel->at(versionRow);
    const auto known = info == nullptr ? m_known.end() : m_known.find(info->version);
    if (known == m_known.end())
        return;
    m_draft->replace(known->second, tr("Go back to %1").arg(toQString(known->second.version)));
}

void MergesPage::showInGallery(const std::vector<std::int64_t> &pictures)
{
    if (pictures.empty() || !m_context.showFiltered)
        return;
    if (pictures.size() <= kLongestFilter) {
        m_context.showFiltered(filterOf(pictures));
        return;
    }
    QStringList groups;
    for (const GroupImpact &item : m_impact.groups) {
        if (item.staleRegions > 0 || item.gained > 0 || item.lost > 0 || item.isGone)
            groups += item.from.empty() ? QStringList{toQString(item.group)} : QStringList{};
        for (const std::string &name : item.from) {
            if (item.staleRegions > 0 || item.gained > 0 || item.lost > 0)
                groups.append(toQString(name));
        }
    }
    groups.removeDuplicates();
    m_context.showFiltered(QStringLiteral("has:") + groups.join(QLatin1Char(',')));
}

QList<int> MergesPage::selectedClasses() const
{
    QList<int> ids;
    for (const QModelIndex &index : m_classList->selectionModel()->selectedIndexes())
        ids.append(m_classes->idAt(index.row()));
    std::sort(ids.begin(), ids.end());
    return ids;
}

void MergesPage::assignMenu(const QList<int> &ids, const QPoint &at)
{
    if (ids.isEmpty())
        return;
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setObjectName(QStringLiteral("assignMenu"));
    menu->setAccessibleName(tr("Put classes into a group"));
    const Taxonomy &taxonomy = m_draft->taxonomy();
    for (int row = 0; row < static_cast<int>(taxonomy.groups.size()); ++row) {
        const PartGroup &group = taxonomy.groups[static_cast<std::size_t>(row)];
        const QString title = toQString(group.title).replace(QLatin1Char('&'), QLatin1String("&&"));
        QAction *action =
            menu->addAction(row < 9 ? QStringLiteral("&%1  %2").arg(row + 1).arg(title) : title,
                            this, [this, row, ids] { m_draft->addClasses(row, ids); });
        QPixmap swatch(12, 12);
        swatch.fill(QColor(group.colour[0], group.colour[1], group.colour[2]));
        action->setIcon(QIcon(swatch));
        action->setEnabled(std::any_of(ids.begin(), ids.end(), [&](int id) {
            return std::find(group.classes.begin(), group.classes.end(), id) == group.classes.end();
        }));
    }
    menu->addSeparator();
    menu->addAction(tr("A &new group"), this, [this, ids] {
        m_draft->addGroup({}, ids);
        m_cards->setCurrentRow(m_cards->count() - 1);
    });
    menu->popup(at);
}

void MergesPage::classMenu(int row, int id, const QPoint &at)
{
    const Taxonomy &taxonomy = m_draft->taxonomy();
    if (row < 0 || row >= static_cast<int>(taxonomy.groups.size()))
        return;
    const PartGroup &group = taxonomy.groups[static_cast<std::size_t>(row)];
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("&Take out of “%1”").arg(toQString(group.title)), this,
                    [this, row, id] { m_draft->removeClass(row, id); });
    QAction *first =
        menu->addAction(tr("Put &first"), this, [this, row, id] { m_draft->makeFirst(row, id); });
    first->setEnabled(!group.classes.empty() && group.classes.front() != id);
    QMenu *move = menu->addMenu(tr("&Move to"));
    QMenu *copy = menu->addMenu(tr("&Add to"));
    for (int other = 0; other < static_cast<int>(taxonomy.groups.size()); ++other) {
        if (other == row)
            continue;
        const QString title = toQString(taxonomy.groups[static_cast<std::size_t>(other)].title);
        move->addAction(title, this,
                        [this, row, other, id] { m_draft->moveClass(row, other, id); });
        copy->addAction(title, this, [this, other, id] { m_draft->addClasses(other, {id}); });
    }
    menu->popup(at);
}

void MergesPage::groupMenu(const QPoint &at)
{
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const QList<int> rows = m_cards->selectedRows();
    menu->addAction(tr("&Edit"), this,
                    [this] { Q_EMIT m_cards->editRequested(m_cards->currentRow()); });
    QAction *unite =
        menu->addAction(tr("&Merge the selected groups"), this, &MergesPage::mergeGroups);
    unite->setEnabled(rows.size() > 1);
    if (rows.size() == 1) {
        QMenu *into = menu->addMenu(tr("Merge &into"));
        const auto &groups = m_draft->taxonomy().groups;
        for (int other = 0; other < static_cast<int>(groups.size()); ++other) {
            if (other != rows.first())
                into->addAction(toQString(groups[static_cast<std::size_t>(other)].title), this,
                                [this, other, row = rows.first()] {
                                    m_draft->mergeGroups({other, row});
                                });
        }
    }
    menu->addAction(rows.size() > 1 ? tr("&Delete the selected groups") : tr("&Delete"), this,
                    &MergesPage::removeGroups);
    menu->popup(at);
}

void MergesPage::removeGroups()
{
    if (!m_cards->selectedRows().isEmpty())
        m_draft->removeGroups(m_cards->selectedRows());
}

void MergesPage::mergeGroups()
{
    const QList<int> rows = m_cards->selectedRows();
    if (rows.size() < 2)
        return;
    const int before = static_cast<int>(
        std::count_if(rows.begin(), rows.end(), [&](int row) { return row < rows.first(); }));
    m_draft->mergeGroups(rows);
    m_cards->setCurrentRow(rows.first() - before);
}

void MergesPage::chooseImport()
{
    auto *dialog = new QFileDialog(this, tr("Read merges from a file"), {}, tr("Merges (*.json)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, &MergesPage::importFile);
    dialog->open();
}

void MergesPage::chooseExport()
{
    auto *dialog =
        new QFileDialog(this, tr("Write the draft to a file"), {}, tr("Merges (*.json)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("json"));
    connect(dialog, &QFileDialog::fileSelected, this, &MergesPage::exportFile);
    dialog->open();
}

void MergesPage::chooseLabels()
{
    auto *dialog = new QFileDialog(this, tr("Add true label maps"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, this, &MergesPage::attachLabels);
    dialog->open();
}

void MergesPage::chooseColour()
{
    const int row = m_cards->currentRow();
    const auto &groups = m_draft->taxonomy().groups;
    if (row < 0 || row >= static_cast<int>(groups.size()))
        return;
    const Colour &colour = groups[static_cast<std::size_t>(row)].colour;
    auto *dialog = new QColorDialog(QColor(colour[0], colour[1], colour[2]), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QColorDialog::colorSelected, this, [this, row](const QColor &chosen) {
        m_draft->setColour(row, {static_cast<std::uint8_t>(chosen.red()),
                                 static_cast<std::uint8_t>(chosen.green()),
                                 static_cast<std::uint8_t>(chosen.blue())});
    });
    dialog->open();
}

bool MergesPage::event(QEvent *event)
{
    // The draft's steps come before the project's, while there are any.
    if (event->type() == QEvent::ShortcutOverride || event->type() == QEvent::KeyPress) {
        auto *key = static_cast<QKeyEvent *>(event);
        QUndoStack *steps = m_draft->undoStack();
        const bool isUndo = key->matches(QKeySequence::Undo) && steps->canUndo();
        const bool isRedo =
            (key->matches(QKeySequence::Redo)
             || (key->key() == Qt::Key_Y && key->modifiers() == Qt::ControlModifier))
            && steps->canRedo();
        if (isUndo || isRedo) {
            if (event->type() == QEvent::KeyPress) {
                if (isUndo)
                    steps->undo();
                else
                    steps->redo();
            }
            event->accept();
            return true;
        }
    }
    return WorkbenchPage::event(event);
}

bool MergesPage::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_classList && event->type() == QEvent::KeyPress) {
        auto *key = static_cast<QKeyEvent *>(event);
        if ((key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter)
            && key->modifiers() == Qt::NoModifier) {
            assignMenu(selectedClasses(),
                       m_classList->viewport()->mapToGlobal(
                           m_classList->visualRect(m_classList->currentIndex()).bottomLeft()));
            return true;
        }
    }
    // A chip that is dropped on the list leaves its group.
    if (watched == m_classList->viewport()
        && (event->type() == QEvent::DragEnter || event->type() == QEvent::DragMove
            || event->type() == QEvent::Drop)) {
        auto *drop = static_cast<QDropEvent *>(event);
        const DraggedClasses dragged =
            draggedOf(drop->mimeData()->data(QString::fromLatin1(kClassMimeType)));
        const bool isChip = drop->mimeData()->hasFormat(QString::fromLatin1(kClassMimeType))
                            && dragged.fromRow >= 0;
        drop->setAccepted(isChip);
        if (isChip && event->type() == QEvent::Drop && !dragged.ids.isEmpty())
            m_draft->removeClass(dragged.fromRow, dragged.ids.first());
        return true;
    }
    return WorkbenchPage::eventFilter(watched, event);
}

} // namespace sapsam::ui
