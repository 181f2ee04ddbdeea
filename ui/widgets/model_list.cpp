#include "ui/widgets/model_list.h"

#include "ui/support/text.h"
#include "ui/widgets/labels.h"

#include <QDir>
#include <QFont>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>

#include <utility>

namespace sapsam::ui {

namespace {

constexpr int kRows = 6; // shown without scrolling

} // namespace

QString taskTitle(const QString &task)
{
    if (task == QLatin1String("retrieval"))
        return ModelList::tr("Search");
    if (task == QLatin1String("phrases"))
        return ModelList::tr("Phrases");
    if (task == QLatin1String("person-sam"))
        return ModelList::tr("Masks from phrases");
    if (task == QLatin1String("sam"))
        return ModelList::tr("Masks from points and boxes");
    return ModelList::tr("No task of the window by itself");
}

ShelfModel::ShelfModel(QObject *parent) : QAbstractTableModel(parent) {}

void ShelfModel::setModels(std::vector<ShelvedModel> models, const std::string &brought)
{
    beginResetModel();
    m_models = std::move(models);
    m_brought = brought;
    endResetModel();
}

const ShelvedModel *ShelfModel::modelAt(int row) const
{
    return row >= 0 && row < rowCount() ? &m_models[static_cast<std::size_t>(row)] : nullptr;
}

int ShelfModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_models.size());
}

int ShelfModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant ShelfModel::data(const QModelIndex &index, int role) const
{
    const ShelvedModel *model = index.isValid() ? modelAt(index.row()) : nullptr;
    if (model == nullptr)
        return {};
    if (role == Qt::ToolTipRole)
        return QDir::toNativeSeparators(toQString(model->folder)) + QLatin1Char('\n')
               + toQString(model->entry.source);
    if (role == Qt::FontRole && model->isUsed) {
        QFont font;
        font.setBold(true);
        return font;
    }
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case NameColumn:
        return model->isUsed ? tr("%1 (in use)").arg(toQString(model->entry.name))
                             : toQString(model->entry.name);
    case TaskColumn:
        return taskTitle(toQString(model->entry.task));
    case SizeColumn:
        return QLocale().formattedDataSize(static_cast<qint64>(model->bytes), 1);
    case PlaceColumn:
        return model->registry == m_brought ? tr("Imported") : tr("Shipped or chosen");
    default:
        return {};
    }
}

QVariant ShelfModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case NameColumn:
        return tr("Model");
    case TaskColumn:
        return tr("Used for");
    case SizeColumn:
        return tr("Size");
    case PlaceColumn:
        return tr("From");
    default:
        return {};
    }
}

ModelList::ModelList(const QString &modelsFolder, QWidget *parent)
    : QWidget(parent),
      m_modelsFolder(modelsFolder),
      m_model(new ShelfModel(this)),
      m_view(new QTableView),
      m_use(new QPushButton(tr("Use"))),
      m_import(new QPushButton(tr("Import model…"))),
      m_problem(makeLabel({}, "warning")),
      m_lane(std::make_unique<JobRunner>(QStringLiteral("models")))
{
    m_view->setModel(m_model);
    m_view->setAccessibleName(tr("Models"));
    m_view->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_view->setSelectionMode(QAbstractItemView::SingleSelection);
    m_view->setShowGrid(false);
    m_view->setTabKeyNavigation(false);
    m_view->setWordWrap(false);
    m_view->verticalHeader()->hide();
    m_view->horizontalHeader()->setHighlightSections(false);
    m_view->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_view->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_view->horizontalHeader()->setSectionResizeMode(ShelfModel::NameColumn, QHeaderView::Stretch);
    m_view->setFixedHeight(m_view->verticalHeader()->defaultSectionSize() * (kRows + 1));
    m_use->setToolTip(tr("It does its task from now on; the window is made anew"));
    m_problem->setWordWrap(true);
    m_problem->hide();
    connect(m_view->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &ModelList::updateButton);
    connect(m_model, &QAbstractItemModel::modelReset, this, &ModelList::updateButton);
    connect(m_import, &QPushButton::clicked, this, &ModelList::importRequested);
    connect(m_use, &QPushButton::clicked, this, [this] {
        if (const ShelvedModel *model = m_model->modelAt(m_view->currentIndex().row()))
            choose(toQString(model->registry), toQString(model->entry.name));
    });
    connect(m_lane.get(), &JobRunner::finished, this,
            [this](JobId, JobOutcome outcome, const ErrorReport &error) {
                if (outcome == JobOutcome::Failed)
                    showProblem(toQString(error.message));
            });

    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_problem, 1);
    buttons->addStretch(0);
    buttons->addWidget(m_use);
    buttons->addWidget(m_import);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(m_view);
    layout->addLayout(buttons);
    updateButton();
    refresh();
}

ModelList::~ModelList()
{
    m_lane->disconnect(this);
    m_lane.reset();
}

QString ModelList::problem() const
{
    return m_problem->text();
}

void ModelList::refresh()
{
    m_lane->start(
        {}, this,
        [folder = toStdString(m_modelsFolder)](const CancelToken &, const ProgressSink &) {
            return shelvedModels(folder);
        },
        [this](std::vector<ShelvedModel> models) {
            m_model->setModels(std::move(models), userModelsFolder());
            showProblem({});
            Q_EMIT loaded();
        });
}

void ModelList::choose(const QString &registry, const QString &name)
{
    m_lane->start(
        {}, this,
        [registry = toStdString(registry), name = toStdString(name)](
            const CancelToken &, const ProgressSink &) { return chooseModel(registry, name); },
        [this](const std::string &folder) {
            refresh();
            Q_EMIT modelsFolderChosen(toQString(folder));
        });
}

void ModelList::updateButton()
{
    const ShelvedModel *model = m_model->modelAt(m_view->currentIndex().row());
    m_use->setEnabled(model != nullptr && !model->isUsed && model->entry.task != "network");
}

void ModelList::showProblem(const QString &text)
{
    m_problem->setText(text);
    m_problem->setVisible(!text.isEmpty());
}

} // namespace sapsam::ui
