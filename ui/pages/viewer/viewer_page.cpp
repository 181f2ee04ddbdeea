#include "ui/pages/viewer/viewer_page.h"

#include "ui/canvas/picture_canvas.h"
#include "ui/models/part_model.h"
#include "ui/support/text.h"
#include "ui/widgets/labels.h"
#include "ui/widgets/part_delegate.h"

#include <QAction>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QListView>
#include <QLocale>
#include <QMenu>
#include <QScrollArea>
#include <QSlider>
#include <QSplitter>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kToolbarIconSize = 18;
constexpr int kCaptionHeight = 84;
constexpr int kMaxGroupKeys = 9;

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
      m_toolbar(new QHBoxLayout)
{
    setRole(this, "page");
    m_list->setModel(m_parts);
    m_list->setObjectName(QStringLiteral("plainList"));
    m_list->setItemDelegate(new PartDelegate(m_list));
    m_list->setAccessibleName(tr("Parts and their phrases"));
    m_list->setMouseTracking(true);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setResizeMode(QListView::Adjust);
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->viewport()->installEventFilter(this);

    m_opacity->setRange(0, 100);
    m_opacity->setFixedWidth(110);
    m_opacity->setAccessibleName(tr("Opacity of the masks"));
    m_opacity->setToolTip(tr("Opacity of the masks"));
    m_opacity->setValue(m_canvas->look().opacityPercent);
    m_zoom->setMinimumWidth(48);
    m_zoom->setAlignment(Qt::AlignRight | Qt::AlignVCenter);

    auto *bar = new QWidget;
    setRole(bar, "page");
    auto *barLayout = new QHBoxLayout(bar);
    barLayout->setContentsMargins(12, 6, 16, 6);
    m_toolbar->setSpacing(4);
    barLayout->addLayout(m_toolbar);
    barLayout->addWidget(m_position);
    barLayout->addStretch(1);
    barLayout->addWidget(makeLabel(tr("Masks"), "small"));
    barLayout->addWidget(m_opacity);
    barLayout->addWidget(m_zoom);

    auto *left = new QWidget;
    auto *leftLayout = new QVBoxLayout(left);
    leftLayout->setContentsMargins(0, 0, 0, 0);
    leftLayout->setSpacing(0);
    leftLayout->addWidget(bar);
    leftLayout->addWidget(m_canvas, 1);

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

    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setHandleWidth(1);
    splitter->addWidget(left);
    splitter->addWidget(right);
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 0);
    splitter->setSizes({800, 320});
    splitter->setCollapsible(0, false);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(splitter);

    connect(m_opacity, &QSlider::valueChanged, this, [this](int percent) {
        m_canvas->setOpacityPercent(percent);
        Q_EMIT opacityChanged(percent);
    });
    connect(m_parts, &PartModel::hiddenGroupsChanged, m_canvas, &PictureCanvas::setHiddenGroups);
    connect(m_list, &QAbstractItemView::entered, this,
            [this](const QModelIndex &index) { m_canvas->setHighlighted(index.row()); });
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
    showNothing();
}

void ViewerPage::addToolbarAction(QAction *action)
{
    auto *button = new QToolButton;
    button->setDefaultAction(action);
    button->setIconSize(QSize(kToolbarIconSize, kToolbarIconSize));
    button->setAutoRaise(true);
    button->setAccessibleName(QString(action->text()).remove(QLatin1Char('&')));
    m_toolbar->addWidget(button);
}

void ViewerPage::makeActions(ActionRegistry &actions)
{
    const auto add = [&](const QString &id, const QString &text, const QStringList &keys,
                         const char *icon, auto &&slot) {
        ActionSpec spec;
        spec.id = id;
        spec.text = text;
        for (const QString &key : keys)
            spec.keys.append(QKeySequence(key, QKeySequence::PortableText));
        spec.scope = ActionScope::Viewer;
        spec.icon = QString::fromLatin1(icon);
        spec.section = tr("Viewer");
        QAction *action = actions.add(spec, this);
        connect(action, &QAction::triggered, this, slot);
        m_actions.append(action);
        return action;
    };
    const auto toolbar = [this](QAction *action) { addToolbarAction(action); };
    toolbar(add(QStringLiteral("viewer.previous"), tr("Previous picture"),
                {QStringLiteral("A"), QStringLiteral("Left")}, "previous",
                [this] { m_context.stepPicture(-1); }));
    toolbar(add(QStringLiteral("viewer.next"), tr("Next picture"),
                {QStringLiteral("D"), QStringLiteral("Right")}, "next",
                [this] { m_context.stepPicture(1); }));
    m_toolbar->addSpacing(10);
    QAction *zoomIn = add(QStringLiteral("viewer.zoom-in"), tr("Zoom in"),
                          {QStringLiteral("Ctrl++"), QStringLiteral("Ctrl+="), QStringLiteral("+")},
                          "zoom-in", [this] { m_canvas->zoomIn(); });
    toolbar(add(QStringLiteral("viewer.zoom-out"), tr("Zoom out"),
                {QStringLiteral("Ctrl+-"), QStringLiteral("-")}, "zoom-out",
                [this] { m_canvas->zoomOut(); }));
    toolbar(zoomIn);
    toolbar(add(QStringLiteral("viewer.fit"), tr("Whole picture"), {QStringLiteral("Ctrl+0")},
                "fit", [this] { m_canvas->fit(); }));
    toolbar(add(QStringLiteral("viewer.actual-size"), tr("Actual size"), {QStringLiteral("Ctrl+1")},
                "one-to-one", [this] { m_canvas->showActualSize(); }));
    m_toolbar->addSpacing(10);
    QAction *masks = add(QStringLiteral("viewer.masks"), tr("Masks"), {QStringLiteral("Shift+V")},
                         "layers", [] {});
    masks->setCheckable(true);
    masks->setChecked(true);
    connect(masks, &QAction::toggled, m_canvas, &PictureCanvas::setOverlayVisible);
    toolbar(masks);
    QAction *outlines = add(QStringLiteral("viewer.outlines"), tr("Outlines"),
                            {QStringLiteral("O")}, "person", [] {});
    outlines->setCheckable(true);
    outlines->setChecked(true);
    connect(outlines, &QAction::toggled, m_canvas, &PictureCanvas::setOutlinesVisible);
    toolbar(outlines);
    m_toolbar->addSpacing(10);
    add(QStringLiteral("viewer.back"), tr("Back to the gallery"), {QStringLiteral("Esc")}, "",
        [this] { m_context.showPage(QStringLiteral("gallery")); });
    const std::vector<PartStyle> &styles = m_context.palette.styles();
    for (int number = 0; number < std::min<int>(kMaxGroupKeys, static_cast<int>(styles.size()));
         ++number) {
        const PartStyle &style = styles[static_cast<std::size_t>(number)];
        add(QStringLiteral("viewer.group-%1").arg(number + 1),
            tr("Show or hide: %1").arg(style.title), {QString::number(number + 1)}, "",
            [this, group = style.group] { m_parts->toggleGroup(group); });
    }
}

void ViewerPage::fillMenu(QMenu &menu)
{
    menu.addActions(m_actions);
}

void ViewerPage::activate()
{
    m_canvas->setFocus();
}

bool ViewerPage::isSettled() const
{
    return m_shownId != 0 || !m_canvas->hasPicture();
}

bool ViewerPage::isAvailable() const
{
    return m_context.session->isOpen() && m_context.session->counts().images > 0;
}

void ViewerPage::showLoading()
{
    if (!m_canvas->hasPicture())
        m_canvas->setMessage(tr("Loading…"));
}

void ViewerPage::showDetails(const PictureDetails &details)
{
    m_canvas->setPicture(details.picture, details.layers, details.id == m_shownId);
    m_shownId = details.id;
    m_parts->setParts(details.parts);
    m_name->setText(details.name);
    m_info->setText(tr("%1 × %2 pixels").arg(details.size.width()).arg(details.size.height()));
    m_info->setToolTip(details.path);
    m_hint->setVisible(details.parts.empty());
    m_hint->setText(tr("No parts have been found on this picture. “Segment” looks for them."));
    m_captionTitle->setVisible(!details.captions.isEmpty());
    m_captionArea->setVisible(!details.captions.isEmpty());
    m_captions->setText(details.captions.join(QStringLiteral("\n\n")));
}

void ViewerPage::showFailure(const QString &message)
{
    m_shownId = 0;
    m_parts->setParts({});
    m_canvas->setMessage(message);
    m_name->setText(tr("This picture cannot be shown"));
    m_info->clear();
    m_hint->hide();
    m_captionTitle->hide();
    m_captionArea->hide();
}

void ViewerPage::showNothing()
{
    m_shownId = 0;
    m_parts->setParts({});
    m_canvas->setMessage(tr("Open a picture from the gallery."));
    m_name->clear();
    m_info->clear();
    m_hint->hide();
    m_captionTitle->hide();
    m_captionArea->hide();
    setPosition(-1, 0);
}

void ViewerPage::setPosition(int row, int count)
{
    m_position->setText(row < 0 ? QString()
                                : tr("%1 of %2").arg(countText(row + 1), countText(count)));
}

bool ViewerPage::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_list->viewport() && event->type() == QEvent::Leave)
        m_canvas->setHighlighted(-1);
    return QWidget::eventFilter(watched, event);
}

} // namespace sapsam::ui
