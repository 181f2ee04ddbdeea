#pragma once

#include "core/pipeline/evaluation_report.h"

#include <QDialog>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;
class QCheckBox;
class QFormLayout;

namespace sapsam::ui {

// What to evaluate, with which model, on which data.
class EvaluateDialog final : public QDialog
{
    Q_OBJECT

public:
    // What the project has to offer, read before the dialog is shown.
    struct Choices
    {
        std::vector<EvaluationModel> retrieval;
        std::vector<EvaluationModel> parsing;
        QStringList splits; // of the project
        int captioned = 0;  // pictures with a caption and an identity
        int withHumanParts = 0;
    };

    explicit EvaluateDialog(const Choices &choices, QWidget *parent = nullptr);

    std::string kind() const;        // retrieval | parsing
    std::string modelFolder() const; // "" for the default
    EvaluationRequest request() const;
    // Why it cannot be started; empty when it can.
    QString problem() const;

    QComboBox *kindBox() const { return m_kind; }
    QComboBox *sourceBox() const { return m_source; }
    QComboBox *splitBox() const { return m_split; }
    QComboBox *modelBox() const { return m_model; }
    QLineEdit *folderEdit() const { return m_folder; }
    QPushButton *startButton() const { return m_start; }

private:
    void update();
    void fillModels();

    Choices m_choices;
    QFormLayout *m_form;
    QComboBox *m_kind;
    QComboBox *m_model;
    QComboBox *m_source;
    QComboBox *m_split;
    QWidget *m_folderRow;
    QLineEdit *m_folder;
    QSpinBox *m_count;
    QSpinBox *m_seed;
    QSpinBox *m_resamples;
    QCheckBox *m_stored;
    QLabel *m_problem;
    QPushButton *m_start;
};

} // namespace sapsam::ui
