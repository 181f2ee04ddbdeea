#pragma once

#include "ui/jobs/project_session.h"
#include "ui/pages/page.h"

#include <QList>
#include <QWidget>

class QAction;
class QHBoxLayout;
class QLabel;
class QListView;
class QSlider;

namespace sapsam::ui {

class PartModel;
class PictureCanvas;

// One picture with its part masks and the phrases written for them. Pointing at a phrase lights
// its mask; pointing at a mask selects its phrase.
class ViewerPage final : public WorkbenchPage
{
    Q_OBJECT

public:
    explicit ViewerPage(const PageContext &context, QWidget *parent = nullptr);

    QString pageId() const override { return QStringLiteral("viewer"); }
    QString title() const override { return tr("Viewer"); }
    void makeActions(ActionRegistry &actions) override;
    void fillMenu(QMenu &menu) override;
    void activate() override;
    bool isSettled() const override;
    bool isAvailable() const override;

    PictureCanvas *canvas() const { return m_canvas; }
    PartModel *parts() const { return m_parts; }
    QListView *partList() const { return m_list; }
    QSlider *opacitySlider() const { return m_opacity; }

    void showLoading();
    void showDetails(const PictureDetails &details);
    void showFailure(const QString &message);
    void showNothing();
    void setPosition(int row, int count); // "3 of 120"; row < 0 hides it
    qint64 shownId() const { return m_shownId; }

Q_SIGNALS:
    void opacityChanged(int percent);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void addToolbarAction(QAction *action);

    PageContext m_context;
    QList<QAction *> m_actions;
    PictureCanvas *m_canvas;
    PartModel *m_parts;
    QListView *m_list;
    QLabel *m_name;
    QLabel *m_info;
    QLabel *m_hint;
    QLabel *m_captionTitle;
    QLabel *m_captions;
    QWidget *m_captionArea = nullptr;
    QLabel *m_position;
    QLabel *m_zoom;
    QSlider *m_opacity;
    QHBoxLayout *m_toolbar;
    qint64 m_shownId = 0;
};

} // namespace sapsam::ui
