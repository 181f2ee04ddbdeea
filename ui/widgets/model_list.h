#pragma once

#include "core/pipeline/model_shelf.h"
#include "ui/jobs/job_runner.h"

#include <QAbstractTableModel>
#include <QString>
#include <QWidget>

#include <memory>
#include <vector>

class QLabel;
class QPushButton;
class QTableView;

namespace sapsam::ui {

// What a model's task is, for people: "Search", "Phrases", …
QString taskTitle(const QString &task);

// Models with their task, size and place; the ones that work are marked.
class ShelfModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { NameColumn, TaskColumn, SizeColumn, PlaceColumn, ColumnCount };

    explicit ShelfModel(QObject *parent = nullptr);

    void setModels(std::vector<ShelvedModel> models, const std::string &brought);
    const ShelvedModel *modelAt(int row) const; // null for an unknown row

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<ShelvedModel> m_models;
    std::string m_brought; // the registry of what the user brought
};

// The models that the window can use: which work, which could. Manifests are read and written on a
// lane of its own. GUI thread.
class ModelList final : public QWidget
{
    Q_OBJECT

public:
    // `modelsFolder`: that the window works with; empty for the program's own.
    explicit ModelList(const QString &modelsFolder, QWidget *parent = nullptr);
    ~ModelList() override;

    void refresh();
    // The model does its task from now on; modelsFolderChosen() follows, or the problem is shown.
    void choose(const QString &registry, const QString &name);

    ShelfModel &model() { return *m_model; }
    QTableView &view() { return *m_view; }
    QPushButton &useButton() { return *m_use; }
    QPushButton &importButton() { return *m_import; }
    QString problem() const;

Q_SIGNALS:
    void loaded();
    void importRequested();
    // The folder of models to work with from now on; empty for the program's own.
    void modelsFolderChosen(const QString &folder);

private:
    void updateButton();
    void showProblem(const QString &text);

    const QString m_modelsFolder;
    ShelfModel *m_model;
    QTableView *m_view;
    QPushButton *m_use;
    QPushButton *m_import;
    QLabel *m_problem;
    std::unique_ptr<JobRunner> m_lane;
};

} // namespace sapsam::ui
