#include "ui/pages/viewer/viewer_page.h"

#include "core/image/mask.h"
#include "core/image/rle.h"
#include "core/store/taxonomy_versions.h"
#include "ui/models/gallery_model.h"
#include "ui/pages/viewer/checks_panel.h"
#include "ui/pages/viewer/filmstrip.h"
#include "ui/pages/viewer/prompt_assistant.h"
#include "ui/support/text.h"
#include "ui/widgets/labels.h"
#include "ui/widgets/part_delegate.h"

#include <QAction>
#include <QActionGroup>
#include <QComboBox>
#include <QDialog>
#include <QDoubleSpinBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QLocale>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSlider>
#include <QSplitter>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace sapsam::ui {

namespace {

constexpr int kToolbarIconSize = 18;
constexpr int kCaptionHeight = 84;
constexpr int kFindingsHeight = 104;
constexpr int kMaxParts = 18; // with a key of their own: a digit, or Shift and a digit
constexpr int kMaxGroupKeys = 9;
constexpr int kMessageMs = 6000;
constexpr int kTypingMs = 150; // a phrase is asked for when typing pauses
constexpr int kAheadMs = 250;  // the next picture is encoded when stepping pauses
constexpr double kBrushStep = 1.25;

QIcon swatchIcon(const QColor &color, int pattern)
{
    QPixmap pixmap(36, 36);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    paintSwatch(painter, QRectF(4, 6, 28, 24), color, pattern);
    return QIcon(pixmap);
}

int patternOf(const PartPalette &palette, const QString &group)
{
    return palette.order(group) % kPatternCount;
}

} // namespace

ViewerPage::ViewerPage(const PageContext &context, QWidget *parent)
    : WorkbenchPage(parent),
      m_context(context),
      m_canvas(new PictureCanvas),
      m_parts(new PartModel(this)),
      m_list(new QListView),
      m_name(makeLabel({}, "heading")),
      m_info(makeLabel({}, "small")),
      m_hint(makeLabel({}, "muted")),
      m_captionTitle(makeLabel(tr("CAPTIONS"), "section")),
      m_captions(makeLabel({}, "muted")),
      m_position(makeLabel({}, "small")),
      m_zoom(makeLabel({}, "small")),
      m_opacity(new QSlider(Qt::Horizontal)),
      m_toolbar(new QHBoxLayout),
      m_toolRow(new QHBoxLayout),
      m_groupBox(new QComboBox),
      m_brushSize(new QDoubleSpinBox),
      m_promptBar(new QWidget),
      m_phrase(new QLineEdit),
      m_agreement(makeLabel({}, "small")),
      m_assistant(new PromptAssistant(context.session, this)),
      m_strip(new Filmstrip(context.session, context.gallery)),
      m_checks(new ChecksPanel(context.session, context.gallery)),
      m_findingTitle(makeLabel(tr("TO MEND"), "section")),
      m_findings(new QListWidget)
{
    setRole(this, "page");
    auto *left = new QWidget;
    auto *leftLayout = new QVBoxLayout(left);
    leftLayout->setContentsMargins(0, 0, 0, 0);
    leftLayout->setSpacing(0);
    leftLayout->addWidget(makeToolBars());
    auto *stage = new QWidget;
    auto *stageLayout = new QVBoxLayout(stage);
    stageLayout->setContentsMargins(0, 0, 0, 0);
    stageLayout->setSpacing(0);
    stageLayout->addWidget(m_canvas, 1);
    stageLayout->addWidget(m_strip);
    // Below the tools: they need the whole width of a small window.
    auto *work = new QSplitter(Qt::Horizontal);
    work->setHandleWidth(1);
    work->setChildrenCollapsible(false);
    work->addWidget(m_checks);
    work->addWidget(stage);
    work->setStretchFactor(0, 0);
    work->setStretchFactor(1, 1);
    work->setSizes({240, 560});
    m_checks->hide();
    leftLayout->addWidget(work, 1);

    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setHandleWidth(1);
    splitter->addWidget(left);
    splitter->addWidget(makePanel());
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 0);
    splitter->setSizes({800, 320});
    splitter->setCollapsible(0, false);
    m_checks->setPartPalette(m_context.palette);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(splitter);

    m_messageTimer.setSingleShot(true);
    m_messageTimer.setInterval(kMessageMs);
    connect(&m_messageTimer, &QTimer::timeout, this, [this] {
        m_canvas->setHint({});
        m_canvas->setAccessibleDescription({});
    });
    m_phraseTimer.setSingleShot(true);
    m_phraseTimer.setInterval(kTypingMs);
    connect(&m_phraseTimer, &QTimer::timeout, this, [this] {
        m_prompt.phrase = toStdString(m_phrase->text().simplified());
        askModel();
    });
    m_aheadTimer.setSingleShot(true);
    m_aheadTimer.setInterval(kAheadMs);
    connect(&m_aheadTimer, &QTimer::timeout, this, [this] {
        if (m_shownId == 0 || !isVisible())
            return;
        m_assistant->setPicture(m_shownId, m_canvas->picture());
        if (m_context.gallery != nullptr) {
            const int row = m_context.gallery->rowOf(m_shownId);
            if (const GalleryItem *next = row < 0 ? nullptr : m_context.gallery->itemAt(row + 1))
                m_assistant->encodeAhead(next->picture);
        }
    });
    connectParts();
    connectTools();
    followTaxonomy();
    showNothing();
}

QWidget *ViewerPage::makeToolBars()
{
    m_opacity->setRange(0, 100);
    m_opacity->setFixedWidth(110);
    m_opacity->setAccessibleName(tr("Opacity of the masks"));
    m_opacity->setToolTip(tr("Opacity of the masks"));
    m_opacity->setValue(m_canvas->look().opacityPercent);
    m_zoom->setMinimumWidth(48);
    m_zoom->setAlignment(Qt::AlignRight | Qt::AlignVCenter);

    auto *bars = new QWidget;
    setRole(bars, "page");
    auto *rows = new QVBoxLayout(bars);
    rows->setContentsMargins(12, 6, 16, 6);
    rows->setSpacing(4);
    auto *view = new QHBoxLayout;
    m_toolbar->setSpacing(4);
    view->addLayout(m_toolbar);
    view->addWidget(m_position);
    view->addStretch(1);
    view->addWidget(makeLabel(tr("Masks"), "small"));
    view->addWidget(m_opacity);
    view->addWidget(m_zoom);
    rows->addLayout(view);

    m_groupBox->setAccessibleName(tr("Part that the tools change"));
    m_groupBox->setToolTip(tr("Part that the tools change (1 to 9, or L to find it)"));
    m_groupBox->setFocusPolicy(Qt::StrongFocus);
    m_groupBox->setMinimumWidth(176); // "4  Upper clothes" with its swatch
    m_brushSize->setAccessibleName(tr("Brush size in pixels"));
    m_brushSize->setToolTip(tr("Brush size in pixels of the picture ([ and ])"));
    m_brushSize->setRange(1.0, 600.0);
    m_brushSize->setDecimals(0);
    m_brushSize->setButtonSymbols(QAbstractSpinBox::NoButtons);
    m_brushSize->setMaximumWidth(66);
    m_brushSize->setValue(2.0 * m_canvas->brushRadius());
    m_brushSize->setSuffix(tr(" px"));
    m_toolRow->setSpacing(2);
    rows->addLayout(m_toolRow);

    auto *prompt = new QHBoxLayout(m_promptBar);
    prompt->setContentsMargins(0, 0, 0, 0);
    m_phrase->setAccessibleName(tr("Phrase that the model looks for"));
    m_phrase->setPlaceholderText(tr("Phrase, such as “a red jacket”"));
    m_phrase->setClearButtonEnabled(true);
    m_phrase->setMinimumWidth(150);
    m_agreement->setToolTip(
        tr("How much the mask of the phrase and the mask of points and box overlap (IoU): when "
           "they disagree, one of them means something else."));
    auto *take = makePrimaryButton(tr("Take mask"));
    take->setToolTip(tr("Make this the part's mask (F or Enter)"));
    auto *drop = new QPushButton(tr("Cancel"));
    drop->setToolTip(tr("Forget points, box and phrase (Esc)"));
    for (QPushButton *button : {take, drop})
        button->setFocusPolicy(Qt::TabFocus);
    connect(take, &QPushButton::clicked, this, &ViewerPage::accept);
    connect(drop, &QPushButton::clicked, this, [this] { clearPrompt(); });
    prompt->addWidget(m_phrase, 1);
    prompt->addWidget(m_agreement);
    prompt->addWidget(take);
    prompt->addWidget(drop);
    rows->addWidget(m_promptBar);
    m_promptBar->hide();
    return bars;
}

QWidget *ViewerPage::makePanel()
{
    m_list->setModel(m_parts);
    m_list->setObjectName(QStringLiteral("plainList"));
    auto *delegate = new PartDelegate(m_list);
    m_list->setItemDelegate(delegate);
    m_list->setAccessibleName(tr("Parts and their phrases"));
    m_list->setMouseTracking(true);
    m_list->setEditTriggers(QAbstractItemView::DoubleClicked);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setResizeMode(QListView::Adjust);
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->viewport()->installEventFilter(this);
    connect(delegate, &PartDelegate::soloRequested, this, [this](const QModelIndex &index) {
        m_parts->toggleSolo(index.data(PartModel::GroupRole).toString());
    });

    m_name->setWordWrap(true);
    m_info->setWordWrap(true);
    m_hint->setWordWrap(true);
    m_captions->setWordWrap(true);
    auto *right = new QWidget;
    setRole(right, "panel");
    right->setMinimumWidth(260);
    auto *rightLayout = new QVBoxLayout(right);
    rightLayout->setContentsMargins(0, 16, 0, 16);
    rightLayout->setSpacing(6);
    const auto padded = [](QWidget *widget) {
        auto *box = new QVBoxLayout;
        box->setContentsMargins(16, 0, 16, 0);
        box->addWidget(widget);
        return box;
    };
    rightLayout->addLayout(padded(m_name));
    rightLayout->addLayout(padded(m_info));
    rightLayout->addSpacing(6);
    rightLayout->addLayout(padded(makeLabel(tr("PARTS"), "section")));
    rightLayout->addLayout(padded(m_hint));
    auto *listBox = new QVBoxLayout;
    listBox->setContentsMargins(8, 0, 8, 0);
    listBox->addWidget(m_list);
    rightLayout->addLayout(listBox, 1);
    m_findings->setAccessibleName(tr("What to mend on this picture"));
    m_findings->setObjectName(QStringLiteral("plainList"));
    m_findings->setFrameShape(QFrame::NoFrame);
    m_findings->setStyleSheet(
        QStringLiteral("QListWidget#plainList { border: none; padding: 0px; }"));
    m_findings->setWordWrap(true);
    m_findings->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    rightLayout->addLayout(padded(m_findingTitle));
    auto *findingBox = new QVBoxLayout;
    findingBox->setContentsMargins(8, 0, 8, 0);
    findingBox->addWidget(m_findings);
    rightLayout->addLayout(findingBox);
    rightLayout->addLayout(padded(m_captionTitle));
    // Long captions must not push the parts away.
    auto *captionArea = new QScrollArea;
    captionArea->setAccessibleName(tr("Captions"));
    captionArea->setFrameShape(QFrame::NoFrame);
    captionArea->setWidgetResizable(true);
    captionArea->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    captionArea->setMaximumHeight(kCaptionHeight);
    auto *captionBox = new QWidget;
    setRole(captionBox, "panel");
    auto *captionLayout = new QVBoxLayout(captionBox);
    captionLayout->setContentsMargins(16, 0, 16, 0);
    captionLayout->addWidget(m_captions);
    captionArea->setWidget(captionBox);
    m_captionArea = captionArea;
    rightLayout->addWidget(captionArea);
    return right;
}

void ViewerPage::connectParts()
{
    connect(m_opacity, &QSlider::valueChanged, this, [this](int percent) {
        m_canvas->setOpacityPercent(percent);
        Q_EMIT opacityChanged(percent);
    });
    connect(m_parts, &PartModel::hiddenGroupsChanged, m_canvas, &PictureCanvas::setHiddenGroups);
    connect(m_parts, &PartModel::lockedGroupsChanged, this,
            [this] { m_canvas->setTargetLocked(m_parts->lockedGroups().contains(m_group)); });
    // What is known of a mask's shape comes later, and may take another line.
    connect(m_parts, &QAbstractItemModel::dataChanged, m_list,
            [this](const QModelIndex &, const QModelIndex &, const QList<int> &roles) {
                if (roles.contains(PartModel::DetailRole))
                    m_list->doItemsLayout();
            });
    connect(m_parts, &PartModel::phraseEdited, this, &ViewerPage::editPhrase);
    connect(m_list, &QAbstractItemView::entered, this,
            [this](const QModelIndex &index) { m_canvas->setHighlighted(index.row()); });
    connect(m_list, &QAbstractItemView::clicked, this, [this](const QModelIndex &index) {
        chooseGroup(index.data(PartModel::GroupRole).toString());
    });
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex &current) {
                // With the keyboard, the current phrase is what the mouse would point at.
                if (m_list->hasFocus())
                    m_canvas->setHighlighted(current.isValid() ? current.row() : -1);
            });
    connect(m_canvas, &PictureCanvas::layerHovered, this, [this](int layer) {
        const QModelIndex index = m_parts->index(layer);
        if (layer >= 0)
            m_list->scrollTo(index);
        m_list->setCurrentIndex(layer >= 0 ? index : QModelIndex());
    });
    connect(m_canvas, &PictureCanvas::scaleChanged, this, [this](double scale) {
        m_zoom->setText(QLocale().toString(scale * devicePixelRatioF() * 100.0, 'f', 0)
                        + QStringLiteral(" %"));
    });
}

void ViewerPage::connectTools()
{
    connect(m_canvas, &PictureCanvas::soloRequested, m_parts, &PartModel::toggleSolo);
    connect(m_canvas, &PictureCanvas::picked, this, &ViewerPage::chooseGroup);
    connect(m_canvas, &PictureCanvas::refused, this, &ViewerPage::say);
    connect(m_canvas, &PictureCanvas::painted, this, [this](const Mask &mask, CanvasTool tool) {
        PartChange change;
        change.imageId = m_shownId;
        change.group = toStdString(m_group);
        change.mask = mask;
        const QString title = titleOf(m_group);
        change.title = toStdString(tool == CanvasTool::Eraser       ? tr("Erase: %1").arg(title)
                                   : tool == CanvasTool::Fill       ? tr("Fill: %1").arg(title)
                                   : tool == CanvasTool::PolygonAdd ? tr("Polygon: %1").arg(title)
                                   : tool == CanvasTool::PolygonCut ? tr("Cut out: %1").arg(title)
                                                                    : tr("Paint: %1").arg(title));
        commit(std::move(change));
    });
    connect(m_canvas, &PictureCanvas::pointGiven, this,
            [this](const QPointF &place, bool isInside, bool isMore) {
                m_prompt.points.push_back(
                    {static_cast<float>(place.x()), static_cast<float>(place.y()), isInside});
                m_canvas->setPrompt(m_prompt);
                updatePromptBar();
                if (!isMore)
                    askModel();
            });
    connect(m_canvas, &PictureCanvas::pointsGiven, this, &ViewerPage::askModel);
    connect(m_canvas, &PictureCanvas::boxGiven, this, [this](const QRectF &box) {
        m_prompt.box = {{static_cast<float>(box.left()), static_cast<float>(box.top()),
                         static_cast<float>(box.right()), static_cast<float>(box.bottom())}};
        m_canvas->setPrompt(m_prompt);
        askModel();
    });
    connect(m_canvas, &PictureCanvas::brushRadiusChanged, this, [this](double radius) {
        const QSignalBlocker blocker(m_brushSize);
        m_brushSize->setValue(2.0 * radius);
    });
    connect(m_brushSize, &QDoubleSpinBox::valueChanged, this,
            [this](double size) { m_canvas->setBrushRadius(size / 2.0); });
    connect(m_groupBox, &QComboBox::activated, this, [this](int index) {
        chooseGroup(m_groupBox->itemData(index).toString());
        m_canvas->setFocus();
    });
    connect(m_phrase, &QLineEdit::textEdited, this, [this] { m_phraseTimer.start(); });
    connect(m_assistant, &PromptAssistant::answered, this,
            [this](const MaskPrompt &prompt, const PromptedMask &answer, const MaskPreview &preview,
                   double milliseconds) {
                if (prompt == m_prompt)
                    showAnswer(answer, preview, milliseconds);
            });
    connect(m_assistant, &PromptAssistant::failed, this, [this](const ErrorReport &error) {
        m_takesNextAnswer = false;
        say(toQString(error.message));
    });
    connect(m_assistant, &PromptAssistant::stateChanged, this, &ViewerPage::updatePromptBar);
    const auto open = [this](qint64 id) {
        if (m_context.openPicture)
            m_context.openPicture(id);
    };
    connect(m_strip, &Filmstrip::pictureChosen, this, open);
    connect(m_checks, &ChecksPanel::pictureChosen, this, open);
    connect(m_checks, &ChecksPanel::filterRequested, this, [this](const QString &filter) {
        if (m_context.showFiltered)
            m_context.showFiltered(filter);
    });
    const auto showFinding = [this](const QListWidgetItem *item) {
        const QString group = item->data(Qt::UserRole).toString();
        if (!group.isEmpty())
            chooseGroup(group);
        const QRectF box = item->data(Qt::UserRole + 1).toRectF();
        if (!box.isEmpty())
            m_canvas->zoomToArea(box);
    };
    connect(m_findings, &QListWidget::itemClicked, this, showFinding);
    connect(m_findings, &QListWidget::itemActivated, this, showFinding);
    if (m_context.session == nullptr)
        return;
    connect(m_context.session, &ProjectSession::edited, this, &ViewerPage::applyEdit);
    connect(m_context.session, &ProjectSession::editFailed, this, [this] {
        // What is shown is not what is stored.
        if (m_shownId != 0)
            m_context.session->loadDetails(m_shownId);
    });
    connect(m_context.session, &ProjectSession::taxonomyChanged, this, [this] {
        m_context.palette = m_context.session->palette();
        followTaxonomy();
        if (m_shownId != 0)
            m_context.session->loadDetails(m_shownId);
    });
    connect(m_context.session, &ProjectSession::closed, this, [this] {
        m_pending = 0;
        m_isDrawing = false;
        ++m_drawRequest;
        showNothing();
    });
}

// The groups are called and coloured as the project has it.
void ViewerPage::followTaxonomy()
{
    QHash<QString, QString> titles;
    for (const PartStyle &style : m_context.palette.styles())
        titles.insert(style.group, style.title);
    m_canvas->setLegendTitles(titles);
    m_checks->setPartPalette(m_context.palette);
    fillGroups();
    nameGroupActions();
}

void ViewerPage::nameGroupActions()
{
    if (m_registry == nullptr)
        return;
    const std::vector<PartStyle> &styles = m_context.palette.styles();
    for (int number = 0; number < kMaxParts; ++number) {
        const QString id = QStringLiteral("viewer.group-%1").arg(number + 1);
        const bool isThere = number < static_cast<int>(styles.size());
        m_registry->setText(
            id, isThere ? tr("Choose: %1").arg(styles[static_cast<std::size_t>(number)].title)
                        : tr("Choose part %1").arg(number + 1));
        m_registry->action(id)->setEnabled(isThere);
    }
}

QString ViewerPage::titleOf(const QString &group) const
{
    return m_context.palette.title(group);
}

void ViewerPage::fillGroups()
{
    const QSignalBlocker blocker(m_groupBox);
    m_groupBox->clear();
    m_groupBox->addItem(tr("Choose a part"), QString());
    int number = 0;
    for (const PartStyle &style : m_context.palette.styles()) {
        const bool isAbsent =
            std::any_of(m_absent.begin(), m_absent.end(), [&](const RegionRecord &region) {
                return toQString(region.group) == style.group;
            });
        ++number;
        QString text =
            number <= kMaxGroupKeys ? tr("%1  %2").arg(number).arg(style.title) : style.title;
        if (isAbsent)
            text = tr("%1 (not there)").arg(text);
        m_groupBox->addItem(swatchIcon(style.color, patternOf(m_context.palette, style.group)),
                            text, style.group);
    }
    m_groupBox->setCurrentIndex(std::max(0, m_groupBox->findData(m_group)));
}

void ViewerPage::addToolbarAction(QHBoxLayout *bar, QAction *action)
{
    auto *button = new QToolButton;
    button->setDefaultAction(action);
    button->setIconSize(QSize(kToolbarIconSize, kToolbarIconSize));
    button->setAutoRaise(true);
    // The canvas keeps the keys while tools are changed with the mouse.
    button->setFocusPolicy(Qt::TabFocus);
    button->setAccessibleName(QString(action->text()).remove(QLatin1Char('&')));
    // Narrower than they are high: all of them fit a window of 1280 pixels beside both panels.
    if (bar == m_toolRow)
        button->setStyleSheet(QStringLiteral("QToolButton { padding: 6px 4px; }"));
    bar->addWidget(button);
}

void ViewerPage::makeActions(ActionRegistry &actions)
{
    const auto add = [&](const char *id, const QString &text, const QStringList &keys,
                         const char *icon, auto &&slot, const QString &tip = {}) {
        ActionSpec spec;
        spec.id = QStringLiteral("viewer.") + QString::fromLatin1(id);
        spec.text = text;
        for (const QString &key : keys)
            spec.keys.append(QKeySequence(key, QKeySequence::PortableText));
        spec.scope = ActionScope::Viewer;
        spec.icon = QString::fromLatin1(icon);
        spec.tip = tip;
        spec.section = tr("Viewer");
        QAction *action = actions.add(spec, this);
        connect(action, &QAction::triggered, this, slot);
        m_actions.append(action);
        return action;
    };
    const auto key = [](const char *text) { return QStringList{QString::fromLatin1(text)}; };
    const auto separate = [this] {
        auto *separator = new QAction(this);
        separator->setSeparator(true);
        m_actions.append(separator);
    };
    const auto toggle = [](QAction *action, bool on) {
        action->setCheckable(true);
        action->setChecked(on);
        return action;
    };
    addToolbarAction(m_toolbar, add("previous", tr("Previous picture"),
                                    {QStringLiteral("A"), QStringLiteral("Left")}, "previous",
                                    [this] { m_context.stepPicture(-1); }));
    addToolbarAction(m_toolbar,
                     add("next", tr("Next picture"), {QStringLiteral("D"), QStringLiteral("Right")},
                         "next", [this] { m_context.stepPicture(1); }));
    add("previous-unreviewed", tr("Previous unreviewed picture"), key("Shift+A"), "",
        [this] { openUnreviewed(-1); });
    add("next-unreviewed", tr("Next unreviewed picture"), key("Shift+D"), "",
        [this] { openUnreviewed(1); });
    separate();
    m_toolbar->addSpacing(10);
    QAction *zoomIn = add("zoom-in", tr("Zoom in"),
                          {QStringLiteral("Ctrl++"), QStringLiteral("Ctrl+="), QStringLiteral("+")},
                          "zoom-in", [this] { m_canvas->zoomIn(); });
    addToolbarAction(m_toolbar, add("zoom-out", tr("Zoom out"),
                                    {QStringLiteral("Ctrl+-"), QStringLiteral("-")}, "zoom-out",
                                    [this] { m_canvas->zoomOut(); }));
    addToolbarAction(m_toolbar, zoomIn);
    addToolbarAction(m_toolbar, add("fit", tr("Whole picture"), key("Ctrl+0"), "fit",
                                    [this] { m_canvas->fit(); }));
    addToolbarAction(m_toolbar, add("actual-size", tr("Actual size"), key("Ctrl+1"), "one-to-one",
                                    [this] { m_canvas->showActualSize(); }));
    add("zoom-part", tr("Zoom to the part"), key("Z"), "", [this] {
        const int row = m_parts->rowOf(m_group);
        if (row < 0)
            return say(tr("Choose a part first: 1 to 9, or L to find one by its name."));
        const Box &box = m_parts->parts()[static_cast<std::size_t>(row)].record.bounds;
        m_canvas->zoomToArea(QRectF(box.left, box.top, box.width(), box.height()));
    });
    m_toolbar->addSpacing(10);
    separate();
    QAction *masks = toggle(add("masks", tr("Masks"), key("Shift+V"), "layers", [] {}), true);
    connect(masks, &QAction::toggled, m_canvas, &PictureCanvas::setOverlayVisible);
    addToolbarAction(m_toolbar, masks);
    QAction *outlines = toggle(add("outlines", tr("Outlines"), key("O"), "person", [] {}), true);
    connect(outlines, &QAction::toggled, m_canvas, &PictureCanvas::setOutlinesVisible);
    addToolbarAction(m_toolbar, outlines);
    QAction *patterns = toggle(add(
                                   "patterns", tr("Patterns"), key("T"), "exclusive", [] {},
                                   tr("Hatch the parts, so that they differ without colour")),
                               true);
    connect(patterns, &QAction::toggled, m_canvas, &PictureCanvas::setPatternsVisible);
    QAction *map = toggle(add(
                              "label-map", tr("Label map"), key("M"), "", [] {},
                              tr("The parts alone, without the picture")),
                          false);
    connect(map, &QAction::toggled, m_canvas, &PictureCanvas::setLabelMap);
    QAction *navigator = toggle(add(
                                    "navigator", tr("Navigator"), key("F9"), "", [] {},
                                    tr("A small picture to move by, while part of it is hidden")),
                                true);
    connect(navigator, &QAction::toggled, m_canvas, &PictureCanvas::setNavigatorVisible);
    QAction *legend = toggle(add("legend", tr("Legend"), key("Shift+L"), "", [] {}), true);
    connect(legend, &QAction::toggled, m_canvas, &PictureCanvas::setLegendVisible);
    QAction *strip = toggle(add(
                                "filmstrip", tr("Filmstrip"), key("Shift+F"), "gallery", [] {},
                                tr("The neighbouring pictures below the canvas")),
                            true);
    connect(strip, &QAction::toggled, m_strip, &QWidget::setVisible);
    m_checksAction = toggle(add(
                                "checks", tr("Part checks"), key("C"), "warning", [] {},
                                tr("Pictures with gaps, overlaps, holes and crumbs, the worst "
                                   "first")),
                            false);
    connect(m_checksAction, &QAction::toggled, this, &ViewerPage::showChecks);
    addToolbarAction(m_toolbar, m_checksAction);
    add("next-to-mend", tr("Next picture to mend"), key("Shift+C"), "", [this] {
        showChecks(true);
        m_checks->step(1);
    });
    m_toolbar->addSpacing(10);
    separate();

    auto *group = new QActionGroup(this);
    const auto tool = [&](CanvasTool which, const char *id, const QString &text, const char *keys,
                          const char *icon, const QString &tip) {
        QAction *action =
            toggle(add(
                       id, text, key(keys), icon, [this, which] { setTool(which); }, tip),
                   which == CanvasTool::Look);
        group->addAction(action);
        m_tools.emplace_back(which, action);
        addToolbarAction(m_toolRow, action);
    };
    tool(CanvasTool::Look, "look", tr("Look and move"), "H", "hand",
         tr("Drag to move the picture; point at a part to light it up"));
    tool(CanvasTool::Brush, "brush", tr("Brush"), "P", "brush",
         tr("Paint the part; the right button erases"));
    tool(CanvasTool::Eraser, "eraser", tr("Eraser"), "X", "eraser",
         tr("Take pixels from the part"));
    tool(CanvasTool::PolygonAdd, "polygon", tr("Polygon"), "G", "polygon",
         tr("Click corners; F or Enter, or a click on the first one, adds the inside"));
    tool(CanvasTool::PolygonCut, "polygon-cut", tr("Cut a polygon out"), "Shift+G", "polygon-cut",
         tr("Click corners; F or Enter takes the inside away"));
    tool(CanvasTool::Fill, "fill", tr("Fill"), "B", "fill",
         tr("Click a hole to fill it; Shift and a click removes a piece"));
    tool(CanvasTool::Pick, "pick", tr("Pick a part"), "K", "pick",
         tr("Click a part to choose it for the tools"));
    m_toolRow->addSpacing(8);
    tool(CanvasTool::PointIn, "point-in", tr("Point inside"), "Q", "point-in",
         tr("The model finds what is here; hold Ctrl to give several at once"));
    tool(CanvasTool::PointOut, "point-out", tr("Point outside"), "E", "point-out",
         tr("The model leaves out what is here"));
    tool(CanvasTool::Box, "box", tr("Box"), "W", "box-prompt", tr("The model finds what is in it"));
    addToolbarAction(m_toolRow, add(
                                    "phrase", tr("Phrase"), key("R"), "phrase",
                                    [this] {
                                        m_promptBar->show();
                                        if (m_phrase->text().isEmpty()) {
                                            const int row = m_parts->rowOf(m_group);
                                            if (row >= 0) {
                                                const PartRow &part =
                                                    m_parts->parts()[static_cast<std::size_t>(row)];
                                                m_phrase->setText(part.phrase);
                                            }
                                        }
                                        m_phrase->setFocus();
                                        m_phrase->selectAll();
                                        if (!m_phrase->text().isEmpty())
                                            m_phraseTimer.start();
                                    },
                                    tr("Say what the part is, and see the mask move")));
    m_toolRow->addSpacing(8);
    m_toolRow->addWidget(m_groupBox);
    m_toolRow->addWidget(m_brushSize);
    QAction *exclusive =
        toggle(add(
                   "exclusive", tr("Remove underlying pixels"), key("U"), "exclusive", [] {},
                   tr("What a part gains is taken from the other parts, except "
                      "locked ones")),
               false);
    connect(exclusive, &QAction::toggled, this, &ViewerPage::setExclusive);
    addToolbarAction(m_toolRow, exclusive);
    addToolbarAction(m_toolRow,
                     add(
                         "remove-part", tr("Remove the part"), key("Del"), "remove",
                         [this] { removePart(); },
                         tr("Say that this part is not there: no model run brings it back")));
    m_toolRow->addStretch(1);
    add("repeat-tool", tr("Last tool again"), key("N"), "",
        [this] { setTool(m_canvas->tool() == CanvasTool::Look ? m_lastTool : CanvasTool::Look); });
    add("brush-smaller", tr("Smaller brush"), key("["), "",
        [this] { m_canvas->setBrushRadius(m_canvas->brushRadius() / kBrushStep); });
    add("brush-larger", tr("Larger brush"), key("]"), "",
        [this] { m_canvas->setBrushRadius(m_canvas->brushRadius() * kBrushStep); });
    add(
        "accept", tr("Finish"),
        {QStringLiteral("F"), QStringLiteral("Return"), QStringLiteral("Enter")}, "accept",
        [this] { accept(); }, tr("Close the polygon, or take the model's mask"));
    add("back", tr("Cancel, or back to the gallery"), key("Esc"), "", [this] {
        if (!cancel())
            m_context.showPage(QStringLiteral("gallery"));
    });
    separate();
    add("find-part", tr("Find a part by its name"), key("L"), "", [this] { findPart(); });
    add("toggle-part", tr("Show or hide the part"), key("V"), "", [this] {
        if (!m_group.isEmpty())
            m_parts->toggleGroup(m_group);
    });
    add("solo-part", tr("Show the part alone"), key("S"), "", [this] {
        if (!m_group.isEmpty())
            m_parts->toggleSolo(m_group);
    });
    add("lock-part", tr("Lock the part"), key("J"), "lock", [this] {
        if (!m_group.isEmpty())
            m_parts->toggleLock(m_group);
    });
    add("edit-phrase", tr("Edit the part's phrase"), key("Shift+R"), "", [this] {
        const QModelIndex index = m_parts->index(m_parts->rowOf(m_group));
        if (index.isValid())
            m_list->edit(index);
    });
    for (int number = 0; number < kMaxParts; ++number) {
        const int digit = number % kMaxGroupKeys + 1;
        add(QByteArray("group-" + QByteArray::number(number + 1)).constData(),
            tr("Choose part %1").arg(number + 1),
            {number < kMaxGroupKeys ? QString::number(digit)
                                    : QStringLiteral("Shift+%1").arg(digit)},
            "", [this, number] {
                const auto &groups = m_context.palette.styles();
                if (number < static_cast<int>(groups.size()))
                    chooseGroup(groups[static_cast<std::size_t>(number)].group);
            });
    }
    m_registry = &actions;
    nameGroupActions();
    actions.markAsChanging({QStringLiteral("viewer.remove-part"), QStringLiteral("viewer.brush"),
                            QStringLiteral("viewer.eraser"), QStringLiteral("viewer.polygon"),
                            QStringLiteral("viewer.polygon-cut"), QStringLiteral("viewer.fill"),
                            QStringLiteral("viewer.edit-phrase")});
}

void ViewerPage::fillMenu(QMenu &menu)
{
    menu.addActions(m_actions);
}

void ViewerPage::activate()
{
    m_canvas->setFocus();
    m_aheadTimer.start();
}

bool ViewerPage::isSettled() const
{
    return (m_shownId != 0 || !m_canvas->hasPicture()) && isSaved() && m_strip->isSettled();
}

bool ViewerPage::isAvailable() const
{
    return m_context.session->isOpen() && m_context.session->counts().images > 0;
}

void ViewerPage::prepareScreenshot()
{
    // The largest part, or the one that most people have.
    const std::vector<PartRow> &parts = m_parts->parts();
    const auto largest =
        std::max_element(parts.begin(), parts.end(),
                         [](const PartRow &a, const PartRow &b) { return a.area < b.area; });
    chooseGroup(largest != parts.end() ? largest->group : QStringLiteral("clothes"));
}

void ViewerPage::showLoading()
{
    if (!m_canvas->hasPicture())
        m_canvas->setMessage(tr("Loading…"));
}

void ViewerPage::showDetails(const PictureDetails &details)
{
    const bool isSame = details.id == m_shownId;
    // Newer masks are on their way to the store: these would undo them on the screen.
    if (isSame && !isSaved()) {
        m_wantsDetails = true;
        return;
    }
    m_wantsDetails = false;
    // What is still being drawn is of the picture before, or older than this.
    ++m_drawRequest;
    m_isDrawing = false;
    m_changedIds.clear();
    if (!isSame) {
        clearPrompt();
        m_assistant->setPicture(0, {});
    }
    std::vector<PartRow> parts = details.parts;
    std::vector<OverlayLayer> layers = details.layers;
    for (std::size_t row = 0; row < parts.size(); ++row) {
        parts[row].pattern = patternOf(m_context.palette, parts[row].group);
        if (row < layers.size())
            layers[row].pattern = parts[row].pattern;
    }
    m_canvas->setPicture(details.picture, std::move(layers), isSame);
    m_shownId = details.id;
    m_size = details.size;
    m_absent = details.absent;
    m_latest = parts;
    m_parts->setParts(std::move(parts));
    m_strip->setCurrent(m_shownId);
    m_checks->setCurrent(m_shownId);
    m_name->setText(details.name);
    m_info->setText(tr("%1 × %2 pixels").arg(details.size.width()).arg(details.size.height()));
    m_info->setToolTip(details.path);
    updateHint();
    m_captionTitle->setVisible(!details.captions.isEmpty());
    m_captionArea->setVisible(!details.captions.isEmpty());
    m_captions->setText(details.captions.join(QStringLiteral("\n\n")));
    fillGroups();
    updateTarget();
    updateShapes();
    updateFindings();
    if (!isSame && isVisible())
        m_aheadTimer.start();
}

void ViewerPage::updateHint()
{
    const bool isEmpty = m_parts->rowCount() == 0;
    m_hint->setVisible(isEmpty);
    m_hint->setText(
        m_absent.empty()
            ? tr("No parts have been found on this picture. “Segment” looks for them; you can also "
                 "draw them: choose a part (1 to 9) and the brush (P).")
            : tr("A person said that there are no parts on this picture."));
}

void ViewerPage::showFailure(const QString &message, qint64 imageId)
{
    m_shownId = 0;
    m_strip->setCurrent(imageId);
    clearPrompt();
    m_assistant->setPicture(0, {});
    m_parts->setParts({});
    m_latest.clear();
    m_absent.clear();
    ++m_checkRequest;
    showFindings({});
    m_canvas->setMessage(message);
    m_name->setText(tr("This picture cannot be shown"));
    m_info->clear();
    m_hint->hide();
    m_captionTitle->hide();
    m_captionArea->hide();
}

void ViewerPage::showNothing()
{
    showFailure(tr("Open a picture from the gallery."));
    m_name->clear();
    setPosition(-1, 0);
}

void ViewerPage::setPosition(int row, int count)
{
    m_position->setText(row < 0 ? QString()
                                : tr("%1 of %2").arg(countText(row + 1), countText(count)));
}

void ViewerPage::say(const QString &text)
{
    // Where the eyes are, and where a screen reader finds it.
    m_canvas->setHint(text);
    m_canvas->setAccessibleDescription(text);
    m_messageTimer.start();
}

// Parts and tools
// ----------------------------------------------------------------------------------

void ViewerPage::chooseGroup(const QString &group)
{
    const bool isOther = group != m_group;
    if (isOther)
        say({}); // it was about the part before, or that none was chosen
    m_group = group;
    m_parts->setActiveGroup(group);
    {
        const QSignalBlocker blocker(m_groupBox);
        m_groupBox->setCurrentIndex(std::max(0, m_groupBox->findData(group)));
    }
    if (isOther)
        clearPrompt();
    updateTarget();
}

void ViewerPage::updateTarget()
{
    m_parts->setActiveGroup(m_group);
    m_canvas->setTargetLocked(m_parts->lockedGroups().contains(m_group));
    if (m_group.isEmpty() || m_shownId == 0 || m_canvas->isShaping())
        return;
    std::vector<RegionRecord> records;
    for (const PartRow &part : m_parts->parts())
        records.push_back(part.record);
    Mask mask;
    try {
        mask = maskOfPart(records, toStdString(m_group), m_size.width(), m_size.height());
    } catch (const Error &error) {
        say(toQString(error.what())); // a mask of another size cannot be painted on
    }
    m_canvas->setTarget(m_group, m_context.palette.color(m_group),
                        patternOf(m_context.palette, m_group), mask);
}

void ViewerPage::updateShapes()
{
    std::vector<RegionRecord> records;
    for (const PartRow &part : m_parts->parts()) {
        if (!part.shape && part.record.id != 0)
            records.push_back(part.record);
    }
    if (records.empty() || m_context.session == nullptr)
        return;
    m_context.session->read(
        this,
        [records](ProjectStore &, const CancelToken &) {
            std::vector<std::pair<std::int64_t, MaskShape>> shapes;
            for (const RegionRecord &record : records) {
                try {
                    shapes.emplace_back(
                        record.id,
                        shapeOf(maskOfRle(rleFromString(record.rle, record.width, record.height))));
                } catch (const Error &) {
                    continue; // a damaged mask has none; showing it says so
                }
            }
            return shapes;
        },
        [this](const std::vector<std::pair<std::int64_t, MaskShape>> &shapes) {
            for (const auto &[id, shape] : shapes)
                m_parts->setShape(id, shape);
        });
}

// What the checks say about the picture that is shown, as it is stored.
void ViewerPage::updateFindings()
{
    if (m_context.session == nullptr || m_shownId == 0)
        return;
    const quint64 request = ++m_checkRequest;
    m_context.session->read(
        this,
        [id = m_shownId](ProjectStore &store, const CancelToken &) {
            return checkPicture(store, id);
        },
        [this, request](const PictureCheck &check) {
            if (request == m_checkRequest)
                showFindings(check);
        },
        [this, request](const ErrorReport &) {
            if (request == m_checkRequest)
                showFindings({});
        });
}

void ViewerPage::showFindings(const PictureCheck &check)
{
    m_findings->clear();
    for (const PartFinding &finding : check.findings) {
        auto *item = new QListWidgetItem(findingText(finding, m_context.palette), m_findings);
        item->setData(Qt::UserRole, toQString(finding.group));
        item->setData(Qt::UserRole + 1, QRectF(finding.box.left, finding.box.top,
                                               finding.box.width(), finding.box.height()));
        item->setToolTip(tr("Click to see where"));
    }
    // Two lines for each, up to a few of them.
    const int line = 2 * m_findings->fontMetrics().height() + 10;
    m_findings->setFixedHeight(std::min(line * m_findings->count() + 4, kFindingsHeight));
    m_findingTitle->setVisible(m_findings->count() > 0);
    m_findings->setVisible(m_findings->count() > 0);
    if (check.imageId != 0)
        m_checks->showAgain(check);
}

void ViewerPage::showChecks(bool on)
{
    m_checks->setVisible(on);
    if (m_checksAction != nullptr)
        m_checksAction->setChecked(on);
    if (on && m_checks->model()->checks().empty())
        m_checks->start();
}

void ViewerPage::setTool(CanvasTool tool)
{
    m_canvas->setTool(tool);
    if (tool != CanvasTool::Look)
        m_lastTool = tool;
    for (const auto &[which, action] : m_tools) {
        if (which == tool)
            action->setChecked(true);
    }
    const bool asks =
        tool == CanvasTool::PointIn || tool == CanvasTool::PointOut || tool == CanvasTool::Box;
    if (asks && !m_assistant->takesPoints() && m_assistant->problem().isEmpty())
        say(tr("No model for points and boxes is installed; the phrase (R) works."));
    m_canvas->setFocus();
    updatePromptBar();
}

void ViewerPage::setExclusive(bool on)
{
    m_exclusive = on;
}

void ViewerPage::accept()
{
    if (m_canvas->finishShape())
        return;
    // What is on the screen may answer an earlier question.
    if (m_phraseTimer.isActive() || (m_assistant->isAnswering() && !m_prompt.isEmpty())) {
        m_takesNextAnswer = true;
        if (m_phraseTimer.isActive()) {
            m_phraseTimer.stop();
            m_prompt.phrase = toStdString(m_phrase->text().simplified());
            askModel();
        }
        return;
    }
    if (!m_answer)
        return;
    if (m_group.isEmpty())
        return say(tr("Choose a part first: 1 to 9, or L to find one by its name."));
    if (m_parts->lockedGroups().contains(m_group))
        return say(tr("This part is locked."));
    PartChange change;
    change.imageId = m_shownId;
    change.group = toStdString(m_group);
    change.mask = m_answer->mask;
    change.title = toStdString(tr("Take mask: %1").arg(titleOf(m_group)));
    change.prompt = m_prompt.phrase;
    change.modelHash = m_answer->mask.area() > 0 ? m_answer->modelHash : std::string();
    change.score = static_cast<double>(m_answer->score);
    clearPrompt();
    m_canvas->setFocus();
    commit(std::move(change));
}

bool ViewerPage::cancel()
{
    if (m_canvas->cancelShape())
        return true;
    if (!m_prompt.isEmpty() || m_promptBar->isVisible()) {
        const bool wasPrompt = !m_prompt.isEmpty() || m_canvas->tool() == CanvasTool::Look;
        clearPrompt();
        m_canvas->setFocus();
        if (wasPrompt)
            return true;
    }
    if (m_canvas->tool() != CanvasTool::Look) {
        setTool(CanvasTool::Look);
        return true;
    }
    return false;
}

void ViewerPage::removePart()
{
    if (m_group.isEmpty() || m_shownId == 0)
        return say(tr("Choose a part first: 1 to 9, or L to find one by its name."));
    if (m_parts->lockedGroups().contains(m_group))
        return say(tr("This part is locked."));
    PartChange change;
    change.imageId = m_shownId;
    change.group = toStdString(m_group);
    change.mask = Mask(m_size.width(), m_size.height());
    change.title = toStdString(tr("Remove: %1").arg(titleOf(m_group)));
    commit(std::move(change));
}

// Edits
// --------------------------------------------------------------------------------------------

void ViewerPage::commit(PartChange change)
{
    if (m_context.session == nullptr || !m_context.session->isOpen())
        return;
    change.exclusive = m_exclusive;
    for (const QString &group : m_parts->lockedGroups())
        change.locked.insert(toStdString(group));
    ++m_pending;
    const QString title = toQString(change.title);
    // Compared with what is stored when its turn has come: the strokes before it are by then.
    m_context.session->edit(
        title,
        [shared = std::make_shared<PartChange>(std::move(change))](ProjectStore &store) {
            if (shared->taxonomyVersion.empty())
                shared->taxonomyVersion = currentTaxonomyOrDefault(store).taxonomy.version;
            return partEdit(storedParts(store, shared->imageId), *shared);
        },
        this,
        [this](const Edit &stored) {
            m_pending = std::max(0, m_pending - 1);
            if (stored.id == 0)
                drawChanged(); // nothing had changed; else edited() follows
        },
        [this] { m_pending = std::max(0, m_pending - 1); });
}

void ViewerPage::applyEdit(const Edit &edit)
{
    std::vector<std::int64_t> changed;
    bool reloads = false;
    std::vector<PartRow> parts = m_latest;
    const auto rowOf = [&parts](std::int64_t id) {
        return std::find_if(parts.begin(), parts.end(),
                            [id](const PartRow &part) { return part.record.id == id; });
    };
    for (const Change &change : edit.changes) {
        const Json &now = edit.isUndone ? change.before : change.after;
        const Json &old = edit.isUndone ? change.after : change.before;
        if (change.kind == EditKind::Region) {
            const Json &known = now.is_null() ? old : now;
            if (!known.is_object() || known.value("image", std::int64_t{0}) != m_shownId)
                continue;
            const std::int64_t id = std::stoll(change.key);
            std::erase_if(m_absent, [id](const RegionRecord &region) { return region.id == id; });
            const auto row = rowOf(id);
            RegionRecord record;
            if (!now.is_null()) {
                record = regionOfValue(now);
                record.id = id;
            }
            if (now.is_null() || record.area <= 0.0) {
                if (row != parts.end())
                    parts.erase(row);
                if (!now.is_null())
                    m_absent.push_back(record);
                changed.push_back(id);
                continue;
            }
            PartRow part = row != parts.end() ? *row : PartRow();
            part.group = toQString(record.group);
            part.title = titleOf(part.group);
            part.color = m_context.palette.color(part.group);
            part.pattern = patternOf(m_context.palette, part.group);
            part.score = record.score;
            part.area = record.area;
            part.maskOrigin = toQString(record.origin);
            part.model = record.modelHash.empty()
                             ? QString()
                             : tr("model %1").arg(toQString(record.modelHash.substr(0, 8)));
            part.record = record;
            part.shape.reset();
            if (row != parts.end()) {
                *row = part;
            } else {
                for (const Json &phrase : now.value("phrases", Json::array())) {
                    const auto origin = phrase.value("origin", std::string());
                    if (!part.phrase.isEmpty() && origin != "human")
                        continue;
                    part.phrase = toQString(phrase.value("text", std::string()));
                    part.phraseOrigin = toQString(origin);
                }
                const int order = m_context.palette.order(part.group);
                const auto place =
                    std::find_if(parts.begin(), parts.end(), [&](const PartRow &other) {
                        return m_context.palette.order(other.group) > order;
                    });
                parts.insert(place, part);
            }
            changed.push_back(id);
        } else if (change.kind == EditKind::Phrase) {
            const auto row = rowOf(std::stoll(change.key.substr(0, change.key.find('/'))));
            if (row == parts.end())
                continue;
            if (now.is_object() && change.key.find("/human") != std::string::npos) {
                row->phrase = toQString(now.value("text", std::string()));
                row->phraseOrigin = QStringLiteral("human");
            } else {
                reloads = true; // what shows instead is in the store
            }
            changed.push_back(row->record.id);
        } else if (change.kind == EditKind::Caption) {
            reloads = true;
        }
    }
    m_latest = std::move(parts);
    m_changedIds.insert(changed.begin(), changed.end());
    drawChanged();
    if (reloads && m_shownId != 0)
        m_context.session->loadDetails(m_shownId);
}

// What changed of the parts, ready to be drawn.
struct ViewerPage::Redrawn
{
    std::vector<std::pair<std::int64_t, OverlayLayer>> layers; // by region
    std::optional<Mask> target; // when it is among what changed
    QString problem;
};

// Decoding and smoothing masks of four megapixels takes longer than a frame.
void ViewerPage::drawChanged()
{
    if (m_pending > 0)
        return; // all at once when the last of them is stored
    if (m_changedIds.empty()) {
        if (m_shownId != 0 && std::exchange(m_wantsDetails, false))
            m_context.session->loadDetails(m_shownId);
        return;
    }
    std::vector<std::pair<PartRow, bool>> rows; // whether its mask fits the picture
    std::vector<RegionRecord> target;
    bool isTarget = std::none_of(m_latest.begin(), m_latest.end(), [this](const PartRow &part) {
        return part.group == m_group;
    });
    for (const PartRow &part : m_latest) {
        if (m_changedIds.count(part.record.id) != 0) {
            rows.emplace_back(part, QSize(part.record.width, part.record.height) == m_size);
            isTarget = isTarget || part.group == m_group;
        }
        if (part.group == m_group)
            target.push_back(part.record);
    }
    m_isDrawing = true;
    const quint64 request = ++m_drawRequest;
    m_context.session->read(
        this,
        [rows, target, isTarget, group = toStdString(m_group), size = m_size](ProjectStore &,
                                                                              const CancelToken &) {
            Redrawn redrawn;
            const int factor = overlayFactor(size);
            for (const auto &[part, fits] : rows) {
                const RegionRecord &record = part.record;
                redrawn.layers.emplace_back(
                    record.id,
                    makeLayer(part.group, part.color, part.pattern,
                              fits ? maskOfRle(
                                  rleFromString(record.rle, record.width, record.height))
                                   : Mask(size.width(), size.height()),
                              factor));
            }
            if (!isTarget || group.empty())
                return redrawn;
            try {
                redrawn.target = maskOfPart(target, group, size.width(), size.height());
            } catch (const Error &error) {
                redrawn.target = Mask(); // a mask of another size cannot be painted on
                redrawn.problem = toQString(error.what());
            }
            return redrawn;
        },
        [this, request](Redrawn redrawn) {
            if (request == m_drawRequest)
                showRedrawn(std::move(redrawn));
        },
        [this](const ErrorReport &error) {
            m_isDrawing = false;
            say(toQString(error.message));
        });
}

void ViewerPage::showRedrawn(Redrawn redrawn)
{
    m_isDrawing = false;
    if (m_pending > 0)
        return; // a newer stroke is on the canvas already
    std::vector<OverlayLayer> old = m_canvas->layers();
    std::vector<OverlayLayer> layers;
    QRect changed;
    for (const OverlayLayer &layer : old) {
        const bool isKept = std::any_of(m_latest.begin(), m_latest.end(), [&](const PartRow &part) {
            return part.group == layer.group && m_changedIds.count(part.record.id) == 0;
        });
        if (!isKept)
            changed = changed.united(layer.bounds.isNull() ? layer.fill.rect() : layer.bounds);
    }
    for (const PartRow &part : m_latest) {
        const auto fresh =
            std::find_if(redrawn.layers.begin(), redrawn.layers.end(),
                         [&](const auto &entry) { return entry.first == part.record.id; });
        const auto same = std::find_if(old.begin(), old.end(), [&](const OverlayLayer &layer) {
            return layer.group == part.group;
        });
        if (fresh != redrawn.layers.end()) {
            changed = changed.united(fresh->second.bounds);
            layers.push_back(std::move(fresh->second));
        } else if (same != old.end()) {
            layers.push_back(std::move(*same));
            same->group.clear();
        }
    }
    // One layer for each row: another part of the group may have come from elsewhere.
    if (layers.size() != m_latest.size()) {
        m_changedIds.clear();
        m_context.session->loadDetails(m_shownId);
        return;
    }
    m_changedIds.clear();
    m_parts->setParts(m_latest);
    m_canvas->setLayers(std::move(layers), changed);
    updateHint();
    fillGroups();
    m_parts->setActiveGroup(m_group);
    if (redrawn.target && !m_canvas->isShaping())
        m_canvas->setTarget(m_group, m_context.palette.color(m_group),
                            patternOf(m_context.palette, m_group), *redrawn.target);
    if (!redrawn.problem.isEmpty())
        say(redrawn.problem);
    updateShapes();
    updateFindings();
    if (std::exchange(m_wantsDetails, false))
        m_context.session->loadDetails(m_shownId);
}

void ViewerPage::editPhrase(int row, const QString &phrase)
{
    const PartRow part = m_parts->parts()[static_cast<std::size_t>(row)];
    if (m_context.session == nullptr || part.record.id == 0)
        return;
    Edit edit;
    edit.title = toStdString(tr("Phrase: %1").arg(part.title));
    Change change;
    change.kind = EditKind::Phrase;
    change.key = std::to_string(part.record.id) + std::string("/human");
    // An empty one gives the part back to the model's phrase.
    if (!phrase.isEmpty())
        change.after = {{"text", toStdString(phrase)}, {"model", ""}, {"template", ""}};
    edit.changes.push_back(std::move(change));
    m_context.session->edit(std::move(edit));
}

// Prompts
// ------------------------------------------------------------------------------------------

void ViewerPage::askModel()
{
    if (m_shownId == 0)
        return;
    if (m_prompt.isEmpty()) {
        m_answer.reset();
        m_canvas->clearPreview();
        m_assistant->drop();
        updatePromptBar();
        return;
    }
    if (!m_assistant->problem().isEmpty())
        return say(m_assistant->problem());
    // It may be the first question of this picture.
    if (m_aheadTimer.isActive()) {
        m_aheadTimer.stop();
        m_assistant->setPicture(m_shownId, m_canvas->picture());
    }
    m_assistant->ask(m_prompt,
                     m_group.isEmpty() ? QColor(255, 255, 255) : m_context.palette.color(m_group));
    updatePromptBar();
}

void ViewerPage::showAnswer(const PromptedMask &answer, const MaskPreview &preview,
                            double milliseconds)
{
    m_answer = answer;
    m_canvas->setPreview(preview);
    QStringList facts;
    facts.append(answer.mask.area() == 0
                     ? tr("nothing found")
                     : tr("IoU %1 expected")
                           .arg(QLocale().toString(static_cast<double>(answer.score), 'f', 2)));
    if (answer.agreement)
        facts.append(
            tr("phrase and points agree: %1").arg(QLocale().toString(*answer.agreement, 'f', 2)));
    facts.append(tr("%1 ms").arg(QLocale().toString(milliseconds, 'f', 0)));
    m_agreement->setText(facts.join(QStringLiteral(" · ")));
    updatePromptBar();
    if (std::exchange(m_takesNextAnswer, false))
        accept();
}

void ViewerPage::clearPrompt()
{
    m_prompt = {};
    m_answer.reset();
    m_takesNextAnswer = false;
    m_phraseTimer.stop();
    m_phrase->clear();
    m_agreement->clear();
    m_assistant->drop();
    m_canvas->setPrompt({});
    m_canvas->clearPreview();
    m_promptBar->hide();
    updatePromptBar();
}

void ViewerPage::updatePromptBar()
{
    const CanvasTool tool = m_canvas->tool();
    const bool asks =
        tool == CanvasTool::PointIn || tool == CanvasTool::PointOut || tool == CanvasTool::Box;
    if (asks || !m_prompt.isEmpty())
        m_promptBar->show();
    else if (m_phrase->text().isEmpty() && !m_phrase->hasFocus())
        m_promptBar->hide(); // another tool was taken
    const bool wants = asks || !m_prompt.isEmpty();
    m_canvas->setNote(
        m_assistant->isEncoding() && wants
            ? (m_prompt.isEmpty() ? tr("encoding…") : tr("encoding… what you asked for waits"))
            : QString());
}

// Finding
// ------------------------------------------------------------------------------------------

void ViewerPage::findPart()
{
    auto *dialog = new QDialog(this, Qt::Dialog | Qt::FramelessWindowHint);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("partFinder"));
    dialog->setWindowTitle(tr("Find a part"));
    auto *edit = new QLineEdit;
    edit->setPlaceholderText(tr("Name of a part"));
    edit->setAccessibleName(tr("Name of a part"));
    auto *list = new QListWidget;
    list->setAccessibleName(tr("Parts that fit"));
    auto *layout = new QVBoxLayout(dialog);
    layout->addWidget(edit);
    layout->addWidget(list);
    const auto fill = [this, edit, list] {
        list->clear();
        const QString typed = edit->text().simplified();
        for (const PartStyle &style : m_context.palette.styles()) {
            // Fuzzy: the letters in their order, as in "uclo" for "Upper clothes".
            qsizetype at = 0;
            for (const QChar letter : style.title) {
                if (at < typed.size() && letter.toLower() == typed.at(at).toLower())
                    ++at;
            }
            if (at < typed.size())
                continue;
            auto *item = new QListWidgetItem(
                swatchIcon(style.color, patternOf(m_context.palette, style.group)), style.title,
                list);
            item->setData(Qt::UserRole, style.group);
        }
        list->setCurrentRow(0);
    };
    const auto choose = [this, list, dialog] {
        if (const QListWidgetItem *item = list->currentItem())
            chooseGroup(item->data(Qt::UserRole).toString());
        dialog->close();
        m_canvas->setFocus();
    };
    connect(edit, &QLineEdit::textChanged, dialog, fill);
    connect(edit, &QLineEdit::returnPressed, dialog, choose);
    connect(list, &QListWidget::itemClicked, dialog, choose);
    fill();
    dialog->resize(260, 280);
    dialog->move(mapToGlobal(QPoint((width() - dialog->width()) / 2, 90)));
    dialog->show();
    // Its keys are meant for the dialog, not for the canvas behind it.
    dialog->activateWindow();
    edit->setFocus();
}

void ViewerPage::openUnreviewed(int direction)
{
    if (m_context.session == nullptr || m_context.gallery == nullptr)
        return;
    const GalleryModel &gallery = *m_context.gallery;
    std::vector<qint64> ids;
    for (int row = gallery.rowOf(m_shownId) + direction; row >= 0 && row < gallery.rowCount();
         row += direction)
        ids.push_back(gallery.idAt(row));
    m_context.session->read(
        this,
        [ids](ProjectStore &store, const CancelToken &cancel) -> qint64 {
            EditJournal journal(store);
            for (const qint64 id : ids) {
                if (cancel.isCancelled())
                    break;
                if (journal.value(EditKind::Review, std::to_string(id)).is_null())
                    return id;
            }
            return 0;
        },
        [this](qint64 id) {
            if (id != 0)
                m_context.openPicture(id);
            else
                say(tr("There is no unreviewed picture in this direction."));
        });
}

bool ViewerPage::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_list->viewport() && event->type() == QEvent::Leave)
        m_canvas->setHighlighted(-1);
    return QWidget::eventFilter(watched, event);
}

} // namespace sapsam::ui
