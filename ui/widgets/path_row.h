#pragma once

#include <QStringList>
#include <QWidget>

class QLineEdit;
class QPushButton;

namespace sapsam::ui {

// A path in a line and a button that asks for another one, with a way back to none. GUI thread.
class PathRow final : public QWidget
{
    Q_OBJECT

public:
    enum class Kind { File, Folder };

    // `name`: for screen readers and over the dialog that asks; `whenEmpty`: what stands in the
    // line without a path; `filters`: of files, such as "Pictures (*.png)".
    PathRow(Kind kind, const QString &name, const QString &whenEmpty,
            const QStringList &filters = {}, QWidget *parent = nullptr);

    QString path() const { return m_path; }
    void setPath(const QString &path); // without a signal
    QLineEdit *line() const { return m_line; }

Q_SIGNALS:
    void chosen(const QString &path); // by a person; empty after a reset

private:
    void ask();

    Kind m_kind;
    QStringList m_filters;
    QString m_path;
    QLineEdit *m_line;
    QPushButton *m_reset;
};

} // namespace sapsam::ui
