#include "ui/widgets/project_panel.h"

#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/widgets/labels.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

namespace sapsam::ui {

namespace {

constexpr int kIconSize = 20;

} // namespace

ProjectPanel::ProjectPanel(QWidget *parent)
    : QWidget(parent),
      m_name(makeLabel({}, "heading")),
      m_folder(makeLabel({}, "small")),
      m_prepare(makePrimaryButton(tr("Prepare all")))
{
    setRole(this, "panel");
    setMinimumWidth(230);
    m_folder->setWordWrap(true);
    m_prepare->setToolTip(
        tr("Segment, write phrases and embed, in this order. What is done already "
           "is not done again."));
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 14, 16, 16);
    layout->setSpacing(6);
    layout->addWidget(m_name);
    layout->addWidget(m_folder);
    layout->addSpacing(10);
    m_import = makeStep(QStringLiteral("import"), tr("Pictures"), tr("Import…"));
    m_segment = makeStep(QStringLiteral("segment"), tr("Parts"), tr("Segment"));
    m_phrase = makeStep(QStringLiteral("phrase"), tr("Phrases"), tr("Write phrases"));
    m_embed = makeStep(QStringLiteral("embed"), tr("Searchable"), tr("Embed"));
    layout->addSpacing(10);
    layout->addWidget(m_prepare);
    layout->addStretch(1);
    connect(m_import.button, &QPushButton::clicked, this, &ProjectPanel::importRequested);
    connect(m_segment.button, &QPushButton::clicked, this, &ProjectPanel::segmentRequested);
    connect(m_phrase.button, &QPushButton::clicked, this, &ProjectPanel::phrasesRequested);
    connect(m_embed.button, &QPushButton::clicked, this, &ProjectPanel::embedRequested);
    connect(m_prepare, &QPushButton::clicked, this, &ProjectPanel::prepareRequested);
    setCounts({});
}

ProjectPanel::Step ProjectPanel::makeStep(const QString &icon, const QString &title,
                                          const QString &button)
{
    Step step;
    step.iconName = icon;
    step.icon = new QLabel;
    step.icon->setFixedSize(kIconSize, kIconSize);
    step.count = new QLabel;
    step.count->setTextFormat(Qt::PlainText);
    step.button = makeLinkButton(button);
    auto *row = new QHBoxLayout;
    row->setSpacing(12);
    auto *text = new QVBoxLayout;
    text->setSpacing(0);
    text->addWidget(makeLabel(title, "small"));
    text->addWidget(step.count);
    row->addWidget(step.icon);
    row->addLayout(text, 1);
    row->addWidget(step.button);
    row->setContentsMargins(0, 4, 0, 4);
    static_cast<QVBoxLayout *>(layout())->addLayout(row);
    return step;
}

void ProjectPanel::setProject(const QString &name, const QString &folder)
{
    m_name->setText(name);
    m_folder->setText(folder);
}

void ProjectPanel::setCounts(const ProjectCounts &counts)
{
    m_counts = counts;
    m_import.count->setText(countText(counts.images));
    m_segment.count->setText(countText(counts.regions));
    m_phrase.count->setText(countText(counts.phrases));
    m_embed.count->setText(
        counts.images > 0 ? tr("%1 of %2").arg(countText(counts.embedded), countText(counts.images))
                          : countText(counts.embedded));
    m_import.isDone = counts.images > 0;
    m_segment.isDone = counts.regions > 0;
    m_phrase.isDone = counts.regions > 0 && counts.phrases >= counts.regions;
    m_embed.isDone = counts.images > 0 && counts.embedded >= counts.images;
    updateButtons();
    refreshIcons();
}

void ProjectPanel::setWorking(bool working, bool isReadOnly)
{
    m_working = working;
    m_isReadOnly = isReadOnly;
    updateButtons();
}

void ProjectPanel::updateButtons()
{
    const bool hasImages = m_counts.images > 0 && !m_isReadOnly;
    m_import.button->setEnabled(!m_isReadOnly);
    m_segment.button->setEnabled(hasImages);
    m_phrase.button->setEnabled(m_counts.regions > 0 && !m_isReadOnly);
    m_embed.button->setEnabled(hasImages);
    m_prepare->setEnabled(hasImages && !m_working);
    m_prepare->setText(m_working ? tr("Working…") : tr("Prepare all"));
    // The accent is for what is still to do.
    const bool toDo = !(m_segment.isDone && m_phrase.isDone && m_embed.isDone);
    if (m_prepare->property("primary").toBool() != toDo) {
        m_prepare->setProperty("primary", toDo);
        m_prepare->style()->unpolish(m_prepare);
        m_prepare->style()->polish(m_prepare);
    }
}

void ProjectPanel::refreshIcons()
{
    for (const Step *step : {&m_import, &m_segment, &m_phrase, &m_embed}) {
        const QColor color = step->isDone ? palette().color(QPalette::Highlight)
                                          : palette().color(QPalette::PlaceholderText);
        step->icon->setPixmap(
            makeIconPixmap(step->iconName, color, kIconSize, devicePixelRatioF()));
    }
}

} // namespace sapsam::ui
