#include "ui/window/start_page.h"

#include "ui/support/icons.h"
#include "ui/widgets/flow_layout.h"
#include "ui/widgets/labels.h"

#include <QDir>
#include <QFileInfo>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <utility>

namespace sapsam::ui {

namespace {

constexpr int kColumnWidth = 520;
constexpr int kCardWidth = 400;
constexpr int kLogoSize = 72;
constexpr int kPurposeIconSize = 22;

// One line for each page: what one does there.
QString purposeOf(const QString &page)
{
    if (page == QLatin1String("gallery"))
        return StartPage::tr("Browse, filter, tag and compare every picture of the project.");
    if (page == QLatin1String("viewer"))
        return StartPage::tr("See and mend the part masks and phrases of one person.");
    if (page == QLatin1String("merges"))
        return StartPage::tr("Choose which labels belong together as one part.");
    if (page == QLatin1String("prompts"))
        return StartPage::tr("Try the questions that the phrase writer is asked.");
    if (page == QLatin1String("search"))
        return StartPage::tr("Describe a person, and see who matches and why.");
    if (page == QLatin1String("training"))
        return StartPage::tr("Train models on your own pictures and watch them learn.");
    if (page == QLatin1String("evaluation"))
        return StartPage::tr("Measure a model, and find where it fails and why.");
    return {};
}

} // namespace

StartPage::StartPage(QWidget *parent)
    : QWidget(parent),
      m_logo(new QLabel),
      m_demo(makePrimaryButton(tr("Open demo project"))),
      m_new(new QPushButton(tr("New project…"))),
      m_open(new QPushButton(tr("Open project…"))),
      m_demoReason(makeLabel({}, "small")),
      m_recentTitle(makeLabel(tr("RECENT PROJECTS"), "section")),
      m_recent(new QVBoxLayout),
      m_purposes(new QVBoxLayout)
{
    setRole(this, "page");
    auto *column = new QWidget;
    column->setFixedWidth(kColumnWidth);
    auto *layout = new QVBoxLayout(column);
    layout->setSpacing(10);
    m_logo->setFixedSize(kLogoSize, kLogoSize);
    layout->addWidget(m_logo);
    layout->addSpacing(6);
    QLabel *title = makeLabel(tr("Find a person by a description"), "title");
    title->setWordWrap(true);
    layout->addWidget(title);
    QLabel *text = makeLabel(tr("Import pictures of people, let the engine find their parts and "
                                "write a phrase for each, "
                                "then type what you remember. Everything stays on this computer."),
                             "muted");
    text->setWordWrap(true);
    layout->addWidget(text);
    layout->addSpacing(14);
    // Lines as words in a text: another language needs more room.
    auto *buttons = new QWidget;
    auto *flow = new FlowLayout(buttons, 10);
    flow->addWidget(m_demo);
    flow->addWidget(m_new);
    flow->addWidget(m_open);
    layout->addWidget(buttons);
    m_demoReason->setWordWrap(true);
    layout->addWidget(m_demoReason);
    QLabel *drop =
        makeLabel(tr("You can also drop a project, or a folder of pictures, here."), "small");
    layout->addWidget(drop);
    layout->addSpacing(26);
    layout->addWidget(m_recentTitle);
    m_recent->setSpacing(2);
    layout->addLayout(m_recent);

    auto *card = new QFrame;
    setRole(card, "card");
    card->setFixedWidth(kCardWidth);
    auto *cardLayout = new QVBoxLayout(card);
    cardLayout->setContentsMargins(24, 20, 24, 22);
    cardLayout->setSpacing(14);
    cardLayout->addWidget(makeLabel(tr("WHAT YOU CAN DO HERE"), "section"));
    m_purposes->setSpacing(16);
    cardLayout->addLayout(m_purposes);
    QLabel *hint =
        makeLabel(tr("Ctrl+K finds every action by its name, F1 shows all keys."), "small");
    hint->setWordWrap(true);
    cardLayout->addSpacing(4);
    cardLayout->addWidget(hint);

    auto *outer = new QVBoxLayout(this);
    // A row instead of an alignment: only so the wrapped text gets its height.
    auto *row = new QHBoxLayout;
    row->addStretch(1);
    row->addWidget(column, 0, Qt::AlignVCenter);
    row->addSpacing(56);
    row->addWidget(card, 0, Qt::AlignVCenter);
    row->addStretch(1);
    outer->addStretch(2);
    outer->addLayout(row);
    outer->addStretch(3);
    connect(m_demo, &QPushButton::clicked, this, &StartPage::demoRequested);
    connect(m_new, &QPushButton::clicked, this, &StartPage::newRequested);
    connect(m_open, &QPushButton::clicked, this, &StartPage::openRequested);
    setRecentProjects({});
    refreshIcons();
}

void StartPage::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    (m_demo->isEnabled() ? m_demo : m_open)->setFocus(Qt::OtherFocusReason);
}

void StartPage::setPurposes(const QList<Purpose> &pages)
{
    for (const Purpose &page : pages) {
        auto *row = new QHBoxLayout;
        row->setSpacing(14);
        auto *icon = new QLabel;
        icon->setFixedSize(kPurposeIconSize, kPurposeIconSize);
        m_purposeIcons.append({icon, page.page});
        auto *texts = new QVBoxLayout;
        texts->setSpacing(1);
        auto *title = new QLabel(page.title);
        QFont bold = title->font();
        bold.setBold(true);
        title->setFont(bold);
        QLabel *purpose = makeLabel(purposeOf(page.page), "small");
        purpose->setWordWrap(true);
        texts->addWidget(title);
        texts->addWidget(purpose);
        row->addWidget(icon, 0, Qt::AlignTop);
        row->addLayout(texts, 1);
        m_purposes->addLayout(row);
    }
    refreshIcons();
}

void StartPage::setRecentProjects(const QStringList &folders)
{
    while (QLayoutItem *item = m_recent->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    m_recentTitle->setVisible(!folders.isEmpty());
    for (const QString &folder : folders) {
        QString name = QFileInfo(folder).fileName();
        if (name.endsWith(QLatin1String(".sapsam")))
            name.chop(7);
        auto *row = new QWidget;
        auto *line = new QHBoxLayout(row);
        line->setContentsMargins(0, 0, 0, 0);
        auto *button = makeLinkButton(name);
        button->setAccessibleName(tr("Open %1").arg(folder));
        button->setToolTip(folder);
        line->addWidget(button);
        QLabel *where = makeLabel(QDir::toNativeSeparators(QFileInfo(folder).path()), "small");
        where->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
        line->addWidget(where, 1);
        m_recent->addWidget(row);
        connect(button, &QPushButton::clicked, this,
                [this, folder] { Q_EMIT recentRequested(folder); });
    }
}

void StartPage::setDemoAvailable(bool available, const QString &reason)
{
    m_demo->setEnabled(available);
    m_demoReason->setText(reason);
    m_demoReason->setVisible(!reason.isEmpty());
}

void StartPage::refreshIcons()
{
    m_logo->setPixmap(makeIconPixmap(QStringLiteral("org.sapsam.Workbench"), Qt::black, kLogoSize,
                                     devicePixelRatioF()));
    for (const auto &[label, icon] : std::as_const(m_purposeIcons))
        label->setPixmap(makeIconPixmap(icon, palette().color(QPalette::Highlight),
                                        kPurposeIconSize, devicePixelRatioF()));
    m_new->setIcon(makeIcon(QStringLiteral("new"), palette()));
    m_open->setIcon(makeIcon(QStringLiteral("open"), palette()));
}

} // namespace sapsam::ui
