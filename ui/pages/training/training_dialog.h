#pragma once

#include "core/engine/run_launch.h"
#include "core/engine/training_form.h"

#include <QDialog>
#include <QHash>
#include <QString>

#include <memory>
#include <vector>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QProcess;
class QPushButton;
class QScrollArea;
class QSpinBox;
class QVBoxLayout;

namespace sapsam::ui {

// What a dialog was told: everything that a new run needs.
struct NewRun
{
    QString task;
    Json config;
    LaunchOptions launch;
    bool enqueue = false;
};

// One setting with its editor, its explanation and what is wrong with it.
class SettingRow final : public QWidget
{
    Q_OBJECT

public:
    SettingRow(const SettingField &field, QWidget *parent = nullptr);

    const SettingField &field() const { return m_field; }
    // What is typed, as JSON; text that is no number where one is wanted stays text, so that the
    // check names it.
    Json value() const;
    void setValue(const Json &value);
    bool isDefault() const { return value() == m_field.fallback; }
    void setProblem(const QString &problem);
    QString problem() const { return m_problemText; }
    bool matches(const QString &search) const;
    QWidget *editor() const { return m_editor; }

Q_SIGNALS:
    void changed();

private:
    void browse();

    SettingField m_field;
    QLineEdit *m_edit = nullptr;
    QComboBox *m_choice = nullptr;
    QCheckBox *m_switch = nullptr;
    QWidget *m_editor = nullptr;
    QLabel *m_problem;
    QString m_problemText;
};

// A dialog made from the list of settings of a kind of training: presets, basic and advanced
// settings with explanations, search, what memory and time the run would take, where it runs.
// Nothing that cannot be used can be started. GUI thread.
class TrainingDialog final : public QDialog
{
    Q_OBJECT

public:
    explicit TrainingDialog(const QString &modelsFolder, QWidget *parent = nullptr);
    ~TrainingDialog() override;

    // Takes over settings, such as those of a run that is cloned; keys that this version does not
    // know are left out and named.
    void setConfig(const QString &form, const Json &config);
    void setForm(const QString &id);
    QString form() const;
    // What differs from the defaults, with the task and, on data, always "data".
    Json config() const;
    LaunchOptions launchOptions() const;
    std::vector<SettingProblem> problems() const { return m_problems; }
    bool canStart() const;
    SettingRow *row(const QString &key) const; // null for an unknown one
    QString summary() const;                   // below the settings: ready, or what is wrong
    QString preflightText() const;

    QComboBox *formBox() const { return m_form; }
    QComboBox *presetBox() const { return m_preset; }
    QLineEdit *searchEdit() const { return m_search; }
    QComboBox *targetBox() const { return m_target; }
    QPushButton *startButton() const { return m_start; }
    QPushButton *queueButton() const { return m_queue; }
    QPushButton *preflightButton() const { return m_measure; }
    QCheckBox *advancedBox() const { return m_advanced; }

Q_SIGNALS:
    void runRequested(const sapsam::ui::NewRun &run);
    void preflightFinished();

private:
    enum Target { ThisMachine, SeveralProcesses, Slurm };
    void buildRows();
    void applyFilter();
    void check();
    void showTarget();
    void measure();
    void takePreflight(const QByteArray &answer, const QByteArray &said);
    void accept(bool enqueue);

    QString m_modelsFolder;
    std::vector<TrainingPreset> m_presets;
    std::vector<SettingProblem> m_problems;
    QStringList m_dropped; // keys that the form does not have
    QHash<QString, SettingRow *> m_rows;
    std::vector<std::pair<QWidget *, std::vector<SettingRow *>>> m_groups;
    bool m_isFilling = false;

    QComboBox *m_form;
    QLabel *m_about;
    QComboBox *m_preset;
    QLineEdit *m_search;
    QCheckBox *m_advanced;
    QScrollArea *m_scroll;
    QWidget *m_content = nullptr;
    QLabel *m_noMatch = nullptr;
    QComboBox *m_target;
    QComboBox *m_device;
    QSpinBox *m_threads;
    QLabel *m_processesLabel;
    QSpinBox *m_processes;
    QLabel *m_slurmLabel;
    QLineEdit *m_slurmOptions;
    QLabel *m_targetNote;
    QPushButton *m_measure;
    QLabel *m_preflight;
    QLabel *m_summary;
    QPushButton *m_queue;
    QPushButton *m_start;
    std::unique_ptr<QProcess> m_process; // that measures
    QString m_configFile;
};

} // namespace sapsam::ui
