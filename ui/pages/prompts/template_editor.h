#pragma once

#include "core/pipeline/prompt_lab.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QSpinBox;
class QVBoxLayout;

namespace sapsam::ui {

// One template: its words, what the model is shown, how it searches for the answer; and, as they
// are typed, what is wrong with them. GUI thread.
class TemplateEditor final : public QWidget
{
    Q_OBJECT

public:
    explicit TemplateEditor(QWidget *parent = nullptr);

    // Does not emit edited().
    void setTemplate(const TrialTemplate &content);
    TrialTemplate content() const;
    // What prompts are checked against: the group, its name inside a sentence, the model.
    void setRules(const std::string &group, const std::string &partWord,
                  const PhraseModelFacts *facts);
    const std::vector<PromptFinding> &findings() const { return m_findings; }
    QStringList findingTexts() const;
    bool hasErrors() const;

    QPlainTextEdit *promptEdit() const { return m_prompt; }
    QComboBox *viewBox() const { return m_view; }
    QSpinBox *beamsBox() const { return m_beams; }

Q_SIGNALS:
    void edited();

private:
    void check();
    void changed();

    QLineEdit *m_name;
    QPlainTextEdit *m_prompt;
    QLabel *m_tokens;
    QVBoxLayout *m_messages;
    QComboBox *m_view;
    QSpinBox *m_jitter;
    QSpinBox *m_seed;
    QSpinBox *m_pad;
    QCheckBox *m_exact;
    QSpinBox *m_beams;
    QSpinBox *m_longest;
    QSpinBox *m_shortest;
    QDoubleSpinBox *m_lengthPenalty;
    QDoubleSpinBox *m_repetition;
    QSpinBox *m_noRepeat;
    bool m_isFilling = false;
    std::string m_group;
    std::string m_partWord;
    PhraseModelFacts m_facts;
    bool m_hasFacts = false;
    std::vector<PromptFinding> m_findings;
};

} // namespace sapsam::ui
