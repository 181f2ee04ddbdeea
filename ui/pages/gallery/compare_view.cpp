#include "ui/pages/gallery/compare_view.h"

#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/labels.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QListWidget>
#include <QPainter>
#include <QScrollBar>
#include <QSignalBlocker>
#include <QSlider>
#include <QStyle>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace sapsam::ui {

namespace {

constexpr int kOpacityPercent = 45;
constexpr int kPartsHeight = 168;
constexpr double kZoomStep = 1.25;
constexpr int kGroupRole = Qt::UserRole + 1;

QIcon swatch(const ComparedPart &part)
{
    QPixmap pixmap(32, 32);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    paintSwatch(painter, QRectF(4, 4, 24, 24), part.color, part.pattern);
    return QIcon(pixmap);
}

QToolButton *makeButton(const QString &icon, const QString &name, const QPalette &palette)
{
    auto *button = new QToolButton;
    button->setObjectName(icon);
    button->setIcon(makeIcon(icon, palette));
    button->setAccessibleName(name);
    button->setToolTip(name);
    return button;
}

} // namespace

ComparePane::ComparePane(QWidget *parent)
    : QFrame(parent),
      m_canvas(new CompareCanvas),
      m_name(makeLabel({}, "heading")),
      m_facts(makeLabel({}, "small")),
      m_stars(makeLabel({}, "")),
      m_state(makeLabel({}, "")),
      m_tags(makeLabel({}, "small")),
      m_problem(makeLabel({}, "warning")),
      m_parts(new QListWidget)
{
    setRole(this, "card");
    setFocusPolicy(Qt::StrongFocus);
    setMinimumWidth(150);
    m_name->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_facts->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_tags->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_problem->setWordWrap(true);
    m_problem->hide();
    for (QLabel *label : {m_stars, m_state})
        label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_parts->setSelectionMode(QAbstractItemView::NoSelection);
    m_parts->setFocusPolicy(Qt::NoFocus); // the pane has it
    m_parts->setWordWrap(true);
    m_parts->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_parts->setAccessibleName(tr("Parts and phrases"));
    m_parts->setMouseTracking(true);
    m_parts->setFixedHeight(kPartsHeight);
    m_parts->setIconSize({14, 14});
    m_parts->setFrameShape(QFrame::NoFrame);
    m_parts->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    // A list without a box of its own: a pane may be narrow.
    m_parts->setStyleSheet(QStringLiteral("QListWidget { border: none; padding: 0; background: "
                                          "transparent; } QListWidget::item { padding: 2px 0; }"));
    m_parts->viewport()->installEventFilter(this);

    auto *words = new QVBoxLayout;
    words->setContentsMargins(12, 8, 12, 12);
    words->setSpacing(3);
    words->addWidget(m_name);
    words->addWidget(m_facts);
    words->addWidget(m_stars);
    words->addWidget(m_state);
    words->addWidget(m_tags);
    words->addWidget(m_problem);
    words->addSpacing(4);
    words->addWidget(m_parts);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(2, 2, 2, 2);
    layout->setSpacing(0);
    layout->addWidget(m_canvas, 1);
    layout->addLayout(words);

    connect(m_canvas, &CompareCanvas::pressed, this, [this] {
        setFocus(Qt::MouseFocusReason);
        Q_EMIT chosen();
    });
    connect(m_canvas, &CompareCanvas::groupHovered, this, &ComparePane::groupHovered);
    connect(m_parts, &QListWidget::itemEntered, this, [this](QListWidgetItem *item) {
        Q_EMIT groupHovered(item->data(kGroupRole).toString());
    });
}

void ComparePane::setPicture(ComparedPicture picture)
{
    m_picture = std::move(picture);
    m_canvas->setPicture(m_picture.picture, m_picture.layers);
    showWords();
}

void ComparePane::setWords(ComparedPicture words)
{
    words.picture = m_picture.picture;
    words.layers = std::move(m_picture.layers);
    words.problem = m_picture.problem;
    m_picture = std::move(words);
    showWords();
}

void ComparePane::showWords()
{
    showName();
    m_name->setToolTip(m_picture.path);
    QStringList facts;
    if (!m_picture.identity.isEmpty())
        facts.append(tr("Identity %1").arg(m_picture.identity));
    if (!m_picture.split.isEmpty())
        facts.append(m_picture.split);
    m_facts->setText(facts.join(QStringLiteral(" · ")));
    m_facts->setToolTip(m_picture.captions.join(QLatin1Char('\n')));

    const QString stars = m_picture.rating > 0 ? QString(m_picture.rating, QChar(0x2605))
                                               : tr("Not rated");
    QString state = tr("Not reviewed");
    QColor color = palette().color(QPalette::PlaceholderText);
    if (m_picture.state == QLatin1String("accepted")) {
        state = QStringLiteral("✓ ") + tr("Accepted");
        color = goodColor(palette());
    } else if (m_picture.state == QLatin1String("rejected")) {
        state = QStringLiteral("✕ ") + tr("Rejected");
        color = errorColor(palette());
    } else if (m_picture.state == QLatin1String("unsure")) {
        state = QStringLiteral("? ") + tr("Unsure");
        color = warningColor(palette());
    }
    m_stars->setText(stars);
    m_state->setText(state);
    m_state->setStyleSheet(QStringLiteral("color: %1").arg(color.name()));
    m_tags->setText(m_picture.tags.isEmpty() ? tr("No tag")
                                             : m_picture.tags.join(QStringLiteral(", ")));
    m_tags->setToolTip(m_picture.tags.join(QLatin1Char('\n')));
    m_problem->setText(m_picture.problem);
    m_problem->setVisible(!m_picture.problem.isEmpty());

    m_parts->clear();
    for (const ComparedPart &part : m_picture.parts) {
        auto *item = new QListWidgetItem(
            swatch(part), part.phrase.isEmpty() ? part.title : part.phrase, m_parts);
        item->setToolTip(tr("%1, score %2").arg(part.title, scoreText(part.score)));
        item->setData(kGroupRole, part.group);
    }
    if (m_picture.parts.empty())
        new QListWidgetItem(tr("No parts yet: segment the pictures first"), m_parts);
    setAccessibleName(QStringList{m_picture.name, stars, state, m_tags->text()}.join(
        QStringLiteral(", ")));
}

void ComparePane::showName()
{
    m_name->setText(
        m_name->fontMetrics().elidedText(m_picture.name, Qt::ElideMiddle, m_name->width()));
}

void ComparePane::resizeEvent(QResizeEvent *event)
{
    QFrame::resizeEvent(event);
    layout()->activate();
    showName();
}

void ComparePane::setCurrent(bool current)
{
    setProperty("current", current);
    setStyleSheet(current ? QStringLiteral("QFrame[role=\"card\"] { border: 2px solid %1; }")
                                .arg(palette().color(QPalette::Highlight).name())
                          : QString());
}

void ComparePane::setHighlightedGroup(const QString &group)
{
    m_canvas->setHighlightedGroup(group);
}

void ComparePane::focusInEvent(QFocusEvent *event)
{
    QFrame::focusInEvent(event);
    Q_EMIT chosen();
}

void ComparePane::keyPressEvent(QKeyEvent *event)
{
    QScrollBar *bar = m_parts->verticalScrollBar();
    if (event->key() == Qt::Key_Down)
        bar->triggerAction(QAbstractSlider::SliderSingleStepAdd);
    else if (event->key() == Qt::Key_Up)
        bar->triggerAction(QAbstractSlider::SliderSingleStepSub);
    else
        QFrame::keyPressEvent(event);
}

void ComparePane::mousePressEvent(QMouseEvent *event)
{
    QFrame::mousePressEvent(event);
    Q_EMIT chosen();
}

bool ComparePane::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::Leave)
        Q_EMIT groupHovered({});
    else if (event->type() == QEvent::MouseButtonPress)
        setFocus(Qt::MouseFocusReason);
    return QFrame::eventFilter(watched, event);
}

CompareView::CompareView(QWidget *parent)
    : QWidget(parent),
      m_row(new QHBoxLayout),
      m_title(makeLabel({}, "heading")),
      m_back(makeButton(QStringLiteral("previous"), tr("Back to the gallery"), palette())),
      m_linked(makeButton(QStringLiteral("link"), tr("Move and zoom together"), palette())),
      m_masks(makeButton(QStringLiteral("layers"), tr("Masks"), palette())),
      m_fit(makeButton(QStringLiteral("fit"), tr("Whole pictures"), palette())),
      m_in(makeButton(QStringLiteral("zoom-in"), tr("Zoom in"), palette())),
      m_out(makeButton(QStringLiteral("zoom-out"), tr("Zoom out"), palette())),
      m_opacity(new QSlider(Qt::Horizontal))
{
    setRole(this, "page");
    m_linked->setCheckable(true);
    m_linked->setChecked(true);
    m_masks->setCheckable(true);
    m_masks->setChecked(true);
    m_opacity->setRange(0, 100);
    m_opacity->setValue(kOpacityPercent);
    m_opacity->setFixedWidth(120);
    m_opacity->setAccessibleName(tr("Opacity of the masks"));
    m_opacity->setToolTip(tr("Opacity of the masks"));

    auto *bar = new QHBoxLayout;
    bar->setContentsMargins(14, 8, 14, 0);
    bar->setSpacing(4);
    bar->addWidget(m_back);
    bar->addWidget(m_title);
    bar->addStretch(1);
    bar->addWidget(m_masks);
    bar->addWidget(m_opacity);
    bar->addSpacing(10);
    bar->addWidget(m_linked);
    bar->addWidget(m_out);
    bar->addWidget(m_fit);
    bar->addWidget(m_in);
    m_row->setContentsMargins(14, 8, 14, 14);
    m_row->setSpacing(10);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addLayout(m_row, 1);

    connect(m_back, &QToolButton::clicked, this, &CompareView::closeRequested);
    connect(m_linked, &QToolButton::toggled, this, &CompareView::setLinked);
    connect(m_masks, &QToolButton::toggled, this, &CompareView::setOverlayVisible);
    connect(m_fit, &QToolButton::clicked, this, &CompareView::fit);
    connect(m_in, &QToolButton::clicked, this, [this] { zoomBy(kZoomStep); });
    connect(m_out, &QToolButton::clicked, this, [this] { zoomBy(1.0 / kZoomStep); });
    connect(m_opacity, &QSlider::valueChanged, this, [this](int percent) {
        for (ComparePane *pane : std::as_const(m_panes))
            pane->canvas()->setOpacityPercent(percent);
    });
}

void CompareView::setPictures(std::vector<ComparedPicture> pictures)
{
    clear();
    for (ComparedPicture &picture : pictures) {
        if (m_panes.size() >= kMost)
            break;
        auto *pane = new ComparePane;
        pane->setPicture(std::move(picture));
        pane->canvas()->setOpacityPercent(m_opacity->value());
        pane->canvas()->setOverlayVisible(m_overlayVisible);
        connect(pane, &ComparePane::chosen, this,
                [this, pane] { setCurrent(static_cast<int>(m_panes.indexOf(pane))); });
        connect(pane, &ComparePane::groupHovered, this, [this](const QString &group) {
            for (ComparePane *other : std::as_const(m_panes))
                other->setHighlightedGroup(group);
        });
        connect(pane->canvas(), &CompareCanvas::viewChanged, this,
                [this, pane](const SharedView &view) { share(pane, view); });
        m_panes.append(pane);
        m_row->addWidget(pane, 1);
    }
    setCurrent(m_panes.isEmpty() ? -1 : 0);
    updateTitle();
}

void CompareView::setWords(std::vector<ComparedPicture> pictures)
{
    for (ComparedPicture &words : pictures) {
        for (ComparePane *pane : std::as_const(m_panes)) {
            if (pane->picture().id == words.id) {
                pane->setWords(std::move(words));
                break;
            }
        }
    }
}

void CompareView::clear()
{
    m_current = -1;
    // Not at once: one of them may be the one that asked for it.
    for (ComparePane *pane : std::exchange(m_panes, {})) {
        m_row->removeWidget(pane);
        pane->hide();
        pane->deleteLater();
    }
}

std::vector<std::int64_t> CompareView::ids() const
{
    std::vector<std::int64_t> list;
    for (const ComparePane *pane : m_panes)
        list.push_back(pane->picture().id);
    return list;
}

qint64 CompareView::currentId() const
{
    return m_current >= 0 && m_current < m_panes.size() ? m_panes[m_current]->picture().id : 0;
}

void CompareView::setCurrent(int pane)
{
    if (pane == m_current)
        return;
    m_current = pane;
    for (int i = 0; i < m_panes.size(); ++i)
        m_panes[i]->setCurrent(i == pane);
    Q_EMIT currentChanged(currentId());
}

void CompareView::share(ComparePane *from, const SharedView &view)
{
    if (!m_isLinked)
        return;
    for (ComparePane *pane : std::as_const(m_panes)) {
        if (pane != from)
            pane->canvas()->setView(view);
    }
}

void CompareView::setLinked(bool linked)
{
    if (linked == m_isLinked)
        return;
    m_isLinked = linked;
    const QSignalBlocker blocker(m_linked);
    m_linked->setChecked(linked);
    if (linked && m_current >= 0)
        share(m_panes[m_current], m_panes[m_current]->canvas()->view());
    Q_EMIT linkedChanged(linked);
}

void CompareView::setOverlayVisible(bool visible)
{
    if (visible == m_overlayVisible)
        return;
    m_overlayVisible = visible;
    const QSignalBlocker blocker(m_masks);
    m_masks->setChecked(visible);
    for (ComparePane *pane : std::as_const(m_panes))
        pane->canvas()->setOverlayVisible(visible);
    Q_EMIT overlayChanged(visible);
}

void CompareView::zoomBy(double factor)
{
    if (m_current >= 0)
        m_panes[m_current]->canvas()->zoomBy(factor);
}

void CompareView::fit()
{
    if (m_current < 0)
        return;
    m_panes[m_current]->canvas()->setView({});
    share(m_panes[m_current], {});
}

void CompareView::takeOut(qint64 id)
{
    for (int i = 0; i < m_panes.size(); ++i) {
        ComparePane *pane = m_panes[i];
        if (pane->picture().id != id)
            continue;
        m_panes.removeAt(i);
        m_row->removeWidget(pane);
        pane->hide();
        pane->deleteLater();
        m_current = -1;
        setCurrent(std::min(i, static_cast<int>(m_panes.size()) - 1));
        if (m_current >= 0)
            m_panes[m_current]->setFocus();
        break;
    }
    updateTitle();
    if (m_panes.size() < kFewest)
        Q_EMIT closeRequested();
}

void CompareView::updateTitle()
{
    m_title->setText(tr("%1 pictures side by side").arg(m_panes.size()));
}

void CompareView::refreshIcons()
{
    for (QToolButton *button : {m_back, m_linked, m_masks, m_fit, m_in, m_out})
        button->setIcon(makeIcon(button->objectName(), palette()));
    for (int i = 0; i < m_panes.size(); ++i) {
        m_panes[i]->setCurrent(i == m_current);
        m_panes[i]->setWords(ComparedPicture(m_panes[i]->picture()));
    }
}

void CompareView::keyPressEvent(QKeyEvent *event)
{
    const int step = event->key() == Qt::Key_Right  ? 1
                     : event->key() == Qt::Key_Left ? -1
                                                    : 0;
    if (step == 0 || m_panes.isEmpty()) {
        QWidget::keyPressEvent(event);
        return;
    }
    const int next =
        std::clamp(m_current + step, 0, static_cast<int>(m_panes.size()) - 1);
    m_panes[next]->setFocus(Qt::TabFocusReason);
    setCurrent(next);
}

} // namespace sapsam::ui
