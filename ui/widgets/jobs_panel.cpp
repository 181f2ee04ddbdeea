#include "ui/widgets/jobs_panel.h"

#include "ui/dialogs/error_dialog.h"
#include "ui/models/job_log_model.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/labels.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QPainter>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSplitter>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace sapsam::ui {

namespace {

// State with its colour, progress with a bar.
class JobDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override
    {
        QStyleOptionViewItem styled = option;
        const auto state = static_cast<JobState>(index.data(JobLogModel::StateRole).toInt());
        if (index.column() == JobLogModel::StateColumn) {
            QColor color = option.palette.color(QPalette::PlaceholderText);
            if (state == JobState::Failed)
                color = errorColor(option.palette);
            else if (state == JobState::Done)
                color = goodColor(option.palette);
            else if (state == JobState::Running)
                color = option.palette.color(QPalette::Highlight);
            styled.palette.setColor(QPalette::Text, color);
        }
        if (index.column() != JobLogModel::ProgressColumn || state != JobState::Running) {
            QStyledItemDelegate::paint(painter, styled, index);
            return;
        }
        const double fraction = index.data(JobLogModel::FractionRole).toDouble();
        const QRect cell = option.rect.adjusted(3, 0, -10, 0);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const QRectF bar(cell.left(), cell.center().y() - 2, cell.width() * 0.5, 6);
        painter->setPen(Qt::NoPen);
        painter->setBrush(option.palette.color(QPalette::Midlight));
        painter->drawRoundedRect(bar, 3, 3);
        QRectF done = bar;
        done.setWidth(bar.width() * std::clamp(fraction, 0.0, 1.0));
        painter->setBrush(option.palette.color(QPalette::Highlight));
        painter->drawRoundedRect(done, 3, 3);
        painter->setPen(option.palette.color(QPalette::Text));
        painter->drawText(
            QRectF(bar.right() + 10, cell.top(), cell.right() - bar.right() - 10, cell.height()),
            Qt::AlignVCenter | Qt::AlignLeft, index.data().toString());
        painter->restore();
    }
};

} // namespace

JobsPanel::JobsPanel(JobLogModel *model, QWidget *parent)
    : QWidget(parent),
      m_model(model),
      m_table(new QTableView),
      m_details(new QPlainTextEdit),
      m_cancel(new QPushButton(tr("Cancel job"))),
      m_clear(makeLinkButton(tr("Clear finished")))
{
    setRole(this, "panel");
    m_table->setModel(model);
    m_table->setAccessibleName(tr("Jobs"));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setItemDelegate(new JobDelegate(m_table));
    m_table->setShowGrid(false);
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setWordWrap(false);
    m_table->setTabKeyNavigation(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(30);
    QHeaderView *header = m_table->horizontalHeader();
    header->setSectionResizeMode(JobLogModel::TitleColumn, QHeaderView::Interactive);
    header->setSectionResizeMode(JobLogModel::StateColumn, QHeaderView::Interactive);
    header->setSectionResizeMode(JobLogModel::ProgressColumn, QHeaderView::Stretch);
    header->setSectionResizeMode(JobLogModel::TimeColumn, QHeaderView::Interactive);
    header->resizeSection(JobLogModel::TitleColumn, 260);
    header->resizeSection(JobLogModel::StateColumn, 130);
    header->resizeSection(JobLogModel::TimeColumn, 120);
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    header->setHighlightSections(false);

    m_details->setObjectName(QStringLiteral("jobDetails"));
    m_details->setReadOnly(true);
    m_details->setAccessibleName(tr("Details of the selected job"));
    m_details->setPlaceholderText(tr("Select a job to see what it did and what it skipped."));
    m_details->setFrameShape(QFrame::NoFrame);
    m_cancel->setEnabled(false);

    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->addWidget(m_table);
    splitter->addWidget(m_details);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(1);

    auto *buttons = new QVBoxLayout;
    buttons->setContentsMargins(8, 8, 12, 8);
    buttons->addWidget(m_cancel);
    buttons->addWidget(m_clear);
    buttons->addStretch(1);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(8, 4, 0, 4);
    layout->setSpacing(0);
    layout->addWidget(splitter, 1);
    layout->addLayout(buttons);

    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &JobsPanel::showDetails);
    connect(m_model, &JobLogModel::jobChanged, this, &JobsPanel::showDetails);
    connect(m_model, &QAbstractItemModel::rowsInserted, m_table, &QTableView::scrollToBottom,
            Qt::QueuedConnection);
    connect(m_model, &QAbstractItemModel::rowsRemoved, this, &JobsPanel::showDetails);
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        const JobEntry *entry = m_model->entryAt(m_table->currentIndex().row());
        const bool isOpen =
            entry != nullptr
            && (entry->state == JobState::Running || entry->state == JobState::Waiting);
        if (!isOpen)
            entry = m_model->running();
        if (entry != nullptr)
            Q_EMIT cancelRequested(entry->id);
    });
    connect(m_clear, &QPushButton::clicked, m_model, &JobLogModel::clearFinished);
    showDetails();
}

void JobsPanel::showDetails()
{
    m_cancel->setEnabled(m_model->openCount() > 0);
    m_clear->setEnabled(m_model->rowCount() > m_model->openCount());
    const JobEntry *entry = m_model->entryAt(m_table->currentIndex().row());
    if (entry == nullptr) {
        m_details->clear();
        return;
    }
    QStringList lines;
    lines.append(QStringLiteral("%1 · %2").arg(entry->title, JobLogModel::stateText(entry->state)));
    if (entry->state == JobState::Running && !entry->progress.stage.empty())
        lines.append(toQString(entry->progress.stage));
    if (!entry->summary.isEmpty())
        lines.append(entry->summary);
    if (entry->state == JobState::Failed) {
        lines.append(toQString(entry->error.message));
        lines.append(adviceFor(entry->error.kind));
    }
    if (!entry->notes.isEmpty()) {
        lines.append(QString());
        lines.append(tr("Skipped:"));
        lines.append(entry->notes);
    }
    const QString text = lines.join(QLatin1Char('\n'));
    if (m_details->toPlainText() != text)
        m_details->setPlainText(text);
}

} // namespace sapsam::ui
