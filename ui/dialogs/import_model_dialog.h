#pragma once

#include "core/base/error.h"
#include "core/engine/model_import.h"
#include "ui/jobs/job_runner.h"
#include "ui/widgets/path_list.h"

#include <QDialog>
#include <QStringList>

#include <memory>

class QGridLayout;
class QLabel;
class QLineEdit;
class QListWidget;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;
class QRadioButton;
class QScrollArea;

namespace sapsam::ui {

class PathRow;

// Makes a model of published weights: which files, what they are, what is missing, its name, copied
// or linked; the result lies in a registry as `sapsam models import` would put it there. Files are
// looked at and copied on a lane of the dialog's own. Closing it while it copies cancels. GUI
// thread.
class ImportModelDialog final : public QDialog
{
    Q_OBJECT

public:
    // Empty: no files yet. Refused: what was found says why it is no model. Failed: nothing could
    // be read; Imported: done, another one may follow.
    enum class State { Empty, Examining, Failed, Refused, Ready, Importing, Imported };

    // `registry`: the folder that the model goes into; empty: the user's own.
    explicit ImportModelDialog(const QString &registry, const QStringList &paths = {},
                               QWidget *parent = nullptr);
    ~ImportModelDialog() override;

    void addPaths(const QStringList &paths);
    void setConfigFile(const QString &file); // empty: whatever lies beside the weights
    void startImport();                      // as the button does; ignored unless Ready

    State state() const { return m_state; }
    const QString &registry() const { return m_registry; }
    const ModelExamination &examination() const { return m_found; }
    QString headline() const; // what the findings begin with
    QString problem() const;  // what stands in the way; empty when nothing does
    QLineEdit &nameEdit() { return *m_name; }
    QRadioButton &linkChoice() { return *m_link; }
    QPushButton &importButton() { return *m_import; }
    QPushButton &cancelButton() { return *m_cancel; }
    QPushButton &useButton() { return *m_use; }
    QListWidget &list() const { return *m_list->list(); }

    void reject() override;

Q_SIGNALS:
    void stateChanged();
    void imported(const QString &registry, const QString &name);
    // The model shall do its task from now on.
    void useRequested(const QString &registry, const QString &name);

protected:
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;

private:
    struct Examined;
    QWidget *makeFiles();
    QWidget *makeFindings();
    QWidget *makeChoices();
    void examine();
    void showExamined(const Examined &examined);
    void showFailure(const ErrorReport &error);
    void showImported(const ModelImport &done);
    void setState(State state);
    void setHeadline(const QString &text, const char *icon);
    void addFact(const QString &name, const QString &value);
    void clearFindings();
    void setProblem(const QString &text);
    void checkName();
    QStringList paths() const;

    const QString m_registry;
    State m_state = State::Empty;
    QString m_configFile;
    ModelExamination m_found;
    QString m_suggestedName;
    QStringList m_takenNames;
    QString m_nameProblem, m_problemText;
    QString m_importedName;
    JobId m_examination = 0; // the one that counts; earlier ones are dropped
    JobId m_importJob = 0;

    PathList *m_list = nullptr;
    PathRow *m_config = nullptr;
    QWidget *m_files = nullptr;
    QScrollArea *m_scroll = nullptr;
    QLabel *m_icon = nullptr;
    QLabel *m_headline = nullptr;
    QLabel *m_problem = nullptr;
    QGridLayout *m_facts = nullptr;
    QPlainTextEdit *m_details = nullptr;
    QWidget *m_choices = nullptr;
    QLineEdit *m_name = nullptr;
    QLabel *m_nameHint = nullptr;
    QRadioButton *m_copy = nullptr;
    QRadioButton *m_link = nullptr;
    QProgressBar *m_progress = nullptr;
    QLabel *m_progressText = nullptr;
    QPushButton *m_import = nullptr;
    QPushButton *m_cancel = nullptr;
    QPushButton *m_use = nullptr;
    QPushButton *m_another = nullptr;

    std::unique_ptr<JobRunner> m_lane; // goes first: nothing reports to a half-destroyed dialog
};

} // namespace sapsam::ui
