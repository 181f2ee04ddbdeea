#pragma once

#include <QStringList>
#include <QWidget>

class QListWidget;
class QListWidgetItem;
class QPushButton;

namespace sapsam::ui {

// Files and folders to be taken together: buttons add and remove them. Each is
// there once. GUI thread.
class PathList final : public QWidget
{
    Q_OBJECT

public:
    struct Words
    {
        QString name;      // of the list, for screen readers
        QString whenEmpty; // what stands in it without any
        QString askFiles;  // titles of the dialogs
        QString askFolder;
        QStringList filters; // of files
    };

    explicit PathList(const Words &words, QWidget *parent = nullptr);

    QStringList paths() const; // absolute, in the order they came
    void addPaths(const QStringList &paths);
    void clear();
    QListWidget *list() const { return m_list; }

Q_SIGNALS:
    void changed(); // by whoever

protected:
    bool eventFilter(QObject *watched, QEvent *event) override; // the empty list's words

private:
    void ask(bool folders);

    Words m_words;
    QListWidget *m_list;
    QPushButton *m_remove;
};

} // namespace sapsam::ui
