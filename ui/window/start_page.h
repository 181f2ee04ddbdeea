#pragma once

#include <QList>
#include <QPair>
#include <QStringList>
#include <QWidget>

class QVBoxLayout;
class QLabel;
class QPushButton;

namespace sapsam::ui {

// What is shown while no project is open: a demo, a new project, an old one.
class StartPage final : public QWidget
{
    Q_OBJECT

public:
    explicit StartPage(QWidget *parent = nullptr);

    // What the pages are for, in the order of their tabs.
    struct Purpose
    {
        QString page; // its id
        QString title;
    };
    void setPurposes(const QList<Purpose> &pages);
    void setRecentProjects(const QStringList &folders);
    // Says why there is none, or what opening it takes.
    void setDemoAvailable(bool available, const QString &reason);
    void refreshIcons();

Q_SIGNALS:
    void demoRequested();
    void newRequested();
    void openRequested();
    void recentRequested(const QString &folder);

protected:
    void showEvent(QShowEvent *event) override; // the first thing to do has the focus

private:
    QLabel *m_logo;
    QPushButton *m_demo;
    QPushButton *m_new;
    QPushButton *m_open;
    QLabel *m_demoReason;
    QLabel *m_recentTitle;
    QVBoxLayout *m_recent;
    QVBoxLayout *m_purposes;
    QList<QPair<QLabel *, QString>> m_purposeIcons;
};

} // namespace sapsam::ui
