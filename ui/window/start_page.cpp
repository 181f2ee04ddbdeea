#include "ui/window/start_page.h"

#include "ui/support/icons.h"
#include "ui/widgets/labels.h"

#include <QDir>
#include <QFileInfo>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace sapsam::ui {

namespace {

constexpr int kColumnWidth = 520;
constexpr int kLogoSize = 72;

} // namespace

StartPage::StartPage(QWidget *parent)
    : QWidget(parent),
      m_logo(new QLabel),
      m_demo(makePrimaryButton(tr("Open demo project"))),
      m_new(new QPushButton(tr("New project…"))),
      m_open(new QPushButton(tr("Open project…"))),
      m_demoReason(makeLabel({}, "small")),
      m_recentTitle(makeLabel(tr("RECENT PROJECTS"), "section")),
      m_recent(new QVBoxLayout)
{
    setRole(this, "page");
    auto *column = new QWidget;
    column->setFixedWidth(kColumnWidth);
    auto *layout = new QVBoxLayout(column);
    layout->setSpacing(10);
    m_logo->setFixedSize(kLogoSize, kLogoSize);
    layout->addWidget(m_logo);
    layout->addSpacing(6);
    layout->addWidget(makeLabel(tr("Find a person by a description"), "title"));
    QLabel *text = makeLabel(tr("Import pictures of people, let the engine find their parts and "
                                "write a phrase for each, "
                                "then type what you remember. Everything stays on this computer."),
                             "muted");
    text->setWordWrap(true);
    layout->addWidget(text);
    layout->addSpacing(14);
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(10);
    buttons->addWidget(m_demo);
    buttons->addWidget(m_new);
    buttons->addWidget(m_open);
    buttons->addStretch(1);
    layout->addLayout(buttons);
    m_demoReason->setWordWrap(true);
    layout->addWidget(m_demoReason);
    QLabel *drop =
        makeLabel(tr("You can also drop a project, or a folder of pictures, here."), "small");
    layout->addWidget(drop);
    layout->addSpacing(26);
    layout->addWidget(m_recentTitle);
    m_recent->setSpacing(2);
    layout->addLayout(m_recent);

    auto *outer = new QVBoxLayout(this);
    // A row instead of an alignment: only so the wrapped text gets its height.
    auto *row = new QHBoxLayout;
    row->addStretch(1);
    row->addWidget(column);
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
    m_demoReason->setVisible(!available && !reason.isEmpty());
}

void StartPage::refreshIcons()
{
    m_logo->setPixmap(makeIconPixmap(QStringLiteral("org.sapsam.Workbench"), Qt::black, kLogoSize,
                                     devicePixelRatioF()));
    m_new->setIcon(makeIcon(QStringLiteral("new"), palette()));
    m_open->setIcon(makeIcon(QStringLiteral("open"), palette()));
}

} // namespace sapsam::ui
