#pragma once

#include "core/pipeline/part_checks.h"
#include "ui/jobs/job_runner.h"
#include "ui/support/part_palette.h"

#include <QAbstractListModel>
#include <QStyledItemDelegate>
#include <QWidget>

#include <optional>
#include <vector>

class QComboBox;
class QLabel;
class QListView;
class QPushButton;

namespace sapsam::ui {

class GalleryModel;
class ProjectSession;

// "3 holes in Upper clothes", in the window's language and with the project's titles.
QString findingText(const PartFinding &finding, const PartPalette &palette);

// Pictures whose masks need a look, the worst first. GUI thread.
class CheckModel final : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role { IdRole = Qt::UserRole + 1, SummaryRole, BadnessRole, MendedRole };

    explicit CheckModel(const GalleryModel *gallery, QObject *parent = nullptr);

    void setChecks(std::vector<PictureCheck> checks);
    // A picture was looked at again: its row stays where it is, and says when nothing is left.
    void replace(const PictureCheck &check);
    void setPalette(const PartPalette &palette);
    // Only pictures with such a finding; nothing for all.
    void setKind(std::optional<PartFindingKind> kind);
    const std::vector<PictureCheck> &checks() const { return m_checks; }
    int openCount() const; // of the rows shown, with something left to mend

    int rowOf(qint64 imageId) const; // -1 when it is not shown
    qint64 idAt(int row) const;      // 0 for none
    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;

private:
    void rebuild();

    const GalleryModel *m_gallery;
    PartPalette m_palette;
    std::vector<PictureCheck> m_checks;
    std::vector<int> m_rows; // places in m_checks
    std::optional<PartFindingKind> m_kind;
};

// A picture in two lines with a bar for how bad it is.
class CheckDelegate final : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

// The list of pictures to mend, beside the canvas: checks the project's masks as a job, filters by
// kind of finding, opens pictures. GUI thread.
class ChecksPanel final : public QWidget
{
    Q_OBJECT

public:
    ChecksPanel(ProjectSession *session, const GalleryModel *gallery, QWidget *parent = nullptr);

    CheckModel *model() const { return m_model; }
    QListView *list() const { return m_list; }
    QComboBox *kinds() const { return m_kinds; }
    QPushButton *startButton() const { return m_start; }
    QLabel *status() const { return m_status; }
    bool isChecking() const { return m_job != 0; }
    void setPartPalette(const PartPalette &palette) { m_model->setPalette(palette); }

    void start();                    // checks the whole project
    void setCurrent(qint64 imageId); // marks its row
    void step(int direction);        // opens the next picture of the list that is not mended
    void showAgain(const PictureCheck &check); // of a picture that was edited

Q_SIGNALS:
    void pictureChosen(qint64 imageId);
    void filterRequested(const QString &filter); // the listed pictures, for the gallery

private:
    void showStatus();

    ProjectSession *m_session;
    CheckModel *m_model;
    QListView *m_list;
    QComboBox *m_kinds;
    QPushButton *m_start;
    QPushButton *m_gallery;
    QLabel *m_status;
    qint64 m_current = 0;
    bool m_isAtWorst = false; // chosen by a check just now, and not opened
    JobId m_job = 0;
    bool m_hasChecked = false;
};

} // namespace sapsam::ui
