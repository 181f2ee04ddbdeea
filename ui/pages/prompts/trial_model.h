#pragma once

#include "core/pipeline/prompt_lab.h"

#include <QAbstractTableModel>
#include <QImage>
#include <QString>

#include <optional>
#include <utility>
#include <vector>

namespace sapsam::ui {

// The matrix of a trial: a row for each template, a column for each crop and model (the models of a
// crop are neighbours). Phrases and pictures arrive one by one. GUI thread.
class TrialModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Role {
        PictureRole = Qt::UserRole + 1, // QImage: what the model sees; null until it is loaded
        MarksRole,                      // QStringList, see marksOf()
        DoneRole,                       // bool
        FailedRole,                     // bool; the text is the reason
        ColourRole,                     // bool: the phrase names a colour
        BestRole,                       // bool, also of the vertical header: the best row and model
    };

    explicit TrialModel(QObject *parent = nullptr);

    const Trial &trial() const { return m_trial; }
    void setTrial(Trial trial);
    void setCell(const TrialCell &cell);
    void setPictures(int position, const std::vector<QImage> &ofRows);
    void setRunning(bool running);
    // The template that the project uses; its row is marked.
    void setInUse(const std::optional<GroupTemplate> &content);
    bool isInUse(int row) const;
    bool isRunning() const { return m_running; }

    int models() const { return static_cast<int>(m_trial.definition.models.size()); }
    int positionOf(int column) const { return models() == 0 ? 0 : column / models(); }
    int modelOf(int column) const { return models() == 0 ? 0 : column % models(); }
    // Null for an index outside of the matrix.
    const TrialCell *cell(const QModelIndex &index) const;
    QImage picture(int row, int position) const;
    // Statistics of every row and model, row by row; made anew when cells arrive.
    const TemplateStatistics &statistics(int row, int model) const;
    std::pair<int, int> best() const { return m_best; }

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void count();

    Trial m_trial;
    std::vector<QImage> m_pictures; // rows × crops
    std::vector<TemplateStatistics> m_statistics;
    std::pair<int, int> m_best{-1, -1};
    std::optional<GroupTemplate> m_inUse;
    bool m_running = false;
};

} // namespace sapsam::ui
