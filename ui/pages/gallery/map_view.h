#pragma once

#include "core/pipeline/project_map.h"
#include "core/store/picture_labels.h"
#include "ui/jobs/job_runner.h"
#include "ui/pages/gallery/map_canvas.h"
#include "ui/pages/page.h"

#include <QHash>
#include <QWidget>

#include <cstdint>
#include <vector>

class QComboBox;
class QLabel;
class QListWidget;
class QProgressBar;
class QStackedWidget;
class QToolButton;

namespace sapsam::ui {

class EmptyState;

// The embedded pictures in the plane, coloured by what is known of them. It makes the map on a
// thread of its own when it is first shown and when the embeddings have changed. GUI thread.
class MapView final : public QWidget
{
    Q_OBJECT

public:
    explicit MapView(const PageContext &context, QWidget *parent = nullptr);
    ~MapView() override;

    void activate(); // it has come to the front
    void forget();   // the project was closed
    bool isSettled() const;

    MapCanvas *canvas() const { return m_canvas; }
    const std::vector<std::int64_t> &ids() const { return m_ids; } // of the rows of the canvas
    QComboBox *colourBox() const { return m_colours; }
    bool showsEmptyState() const;
    EmptyState *emptyState() const { return m_empty; }

    // Pictures that the gallery shows no more stand back.
    void updateShown();
    // A flag for each picture by its id.
    void setSelected(const std::vector<std::int64_t> &selected);
    void setTool(MapCanvas::Tool tool);
    void refreshIcons();

Q_SIGNALS:
    // Ids in the order of the map.
    void selectionMade(const std::vector<std::int64_t> &ids, sapsam::ui::MapCanvas::Change change);
    void opened(qint64 id);

private:
    struct Label
    {
        QString value; // "" for none
        QString title;
        QColor colour;
        qint64 count = 0;
    };

    void load();
    void take(ProjectMap map);
    void loadLabels();
    void takeLabels(const std::vector<std::string> &labels);
    QColor colourOf(const QString &value, int place, int values) const;
    QString titleOf(const QString &value) const;
    MapCanvas::Card cardOf(int row) const;
    void showState();

    PageContext m_context;
    MapCanvas *m_canvas;
    EmptyState *m_empty;
    QStackedWidget *m_stack;
    QWidget *m_progressPage;
    QLabel *m_stage;
    QProgressBar *m_bar;
    QComboBox *m_method;
    QComboBox *m_colours;
    QToolButton *m_lasso;
    QToolButton *m_rectangle;
    QToolButton *m_move;
    QLabel *m_info;
    QListWidget *m_legend;

    std::vector<std::int64_t> m_ids;
    std::vector<std::int64_t> m_selected; // also while there is no map yet
    std::vector<float> m_places; // to see whether anything changed
    QHash<qint64, int> m_rows;   // of the ids
    std::vector<std::string> m_labels;
    std::vector<Label> m_values; // in the order of the legend
    bool m_isLoading = false;
    bool m_loadAgain = false;
    bool m_isStale = true;
    bool m_labelsLoading = false;
    bool m_labelsAgain = false;
    QString m_problem;
    bool m_nothingEmbedded = false;
    JobId m_job = 0;
    int m_generation = 0;
    JobRunner m_lane; // last: it ends before what it reports to
};

} // namespace sapsam::ui
