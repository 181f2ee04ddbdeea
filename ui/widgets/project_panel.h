#pragma once

#include "core/store/records.h"

#include <QWidget>

class QLabel;
class QPushButton;

namespace sapsam::ui {

// The steps from pictures to a searchable gallery, how far each is, and the button that runs it.
class ProjectPanel final : public QWidget
{
    Q_OBJECT

public:
    explicit ProjectPanel(QWidget *parent = nullptr);

    void setProject(const QString &name, const QString &folder);
    void setCounts(const ProjectCounts &counts);
    void setWorking(bool working, bool isReadOnly);
    void refreshIcons();

Q_SIGNALS:
    void importRequested();
    void segmentRequested();
    void phrasesRequested();
    void embedRequested();
    void prepareRequested();

private:
    struct Step
    {
        QString iconName;
        QLabel *icon = nullptr;
        QLabel *count = nullptr;
        QPushButton *button = nullptr;
        bool isDone = false;
    };
    Step makeStep(const QString &icon, const QString &title, const QString &button);
    void updateButtons();

    QLabel *m_name;
    QLabel *m_folder;
    Step m_import;
    Step m_segment;
    Step m_phrase;
    Step m_embed;
    QPushButton *m_prepare;
    ProjectCounts m_counts;
    bool m_working = false;
    bool m_isReadOnly = false;
};

} // namespace sapsam::ui
