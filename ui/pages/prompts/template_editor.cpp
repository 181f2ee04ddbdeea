#include "ui/pages/prompts/template_editor.h"

#include "ui/pages/prompts/lab_data.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/labels.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>
#include <limits>

namespace sapsam::ui {

namespace {

constexpr int kPromptHeight = 78;
constexpr int kFieldWidth = 76;
constexpr std::size_t kMostMessages = 4;

QSpinBox *makeNumber(int least, int most, const QString &name, const QString &tip)
{
    auto *box = new QSpinBox;
    box->setRange(least, most);
    box->setAccessibleName(name);
    box->setToolTip(tip);
    box->setButtonSymbols(QAbstractSpinBox::NoButtons); // the wheel and the arrow keys step
    return box;
}

QDoubleSpinBox *makeReal(double least, double most, const QString &name, const QString &tip)
{
    auto *box = new QDoubleSpinBox;
    box->setRange(least, most);
    box->setSingleStep(0.1);
    box->setDecimals(2);
    box->setAccessibleName(name);
    box->setToolTip(tip);
    box->setButtonSymbols(QAbstractSpinBox::NoButtons); // the wheel and the arrow keys step
    return box;
}

} // namespace

TemplateEditor::TemplateEditor(QWidget *parent)
    : QWidget(parent),
      m_name(new QLineEdit),
      m_prompt(new QPlainTextEdit),
      m_tokens(makeLabel({}, "small")),
      m_messages(new QVBoxLayout),
      m_view(new QComboBox),
      m_jitter(makeNumber(0, 200, tr("Jitter"),
                          tr("Pixels that a side of the crop may grow, drawn for each region. The "
                             "published crops use 19."))),
      m_seed(makeNumber(0, std::numeric_limits<int>::max(), tr("Seed of the jitter"),
                        tr("The same seed gives the same crops."))),
      m_pad(makeNumber(0, 255, tr("Pad colour"),
                       tr("Grey level outside of the region: 255 is white, as published."))),
      m_exact(new QCheckBox(tr("Whole region"))),
      m_beams(makeNumber(1, 16, tr("Beams"), tr("1 takes the likeliest word each time."))),
      m_longest(makeNumber(1, 200, tr("Longest phrase in tokens"),
                           tr("The phrase is cut off after so many tokens."))),
      m_shortest(makeNumber(0, 200, tr("Shortest phrase in tokens"),
                            tr("The phrase may not end before."))),
      m_lengthPenalty(makeReal(-5.0, 5.0, tr("Length penalty"),
                               tr("With beams: above 1 prefers longer phrases, below 1 shorter "
                                  "ones."))),
      m_repetition(makeReal(0.05, 5.0, tr("Repetition penalty"),
                            tr("Above 1 shuns words that have been written already."))),
      m_noRepeat(makeNumber(0, 10, tr("Tokens that may not repeat"),
                            tr("No run of so many tokens comes twice; 0 allows all.")))
{
    m_name->setAccessibleName(tr("Name of the template"));
    m_name->setPlaceholderText(tr("Name"));
    m_prompt->setAccessibleName(tr("Prompt"));
    m_prompt->setPlaceholderText(tr("Question: What kind of {part} is this? Answer: It is"));
    m_prompt->setFixedHeight(kPromptHeight);
    m_prompt->setTabChangesFocus(true);
    m_view->setAccessibleName(tr("Visual prompt"));
    m_view->setToolTip(tr("What the model is shown"));
    for (const VisualPrompt prompt : kVisualPrompts)
        m_view->addItem(titleOf(prompt), static_cast<int>(prompt));
    m_exact->setToolTip(tr("Off: the last column and row of the region are lost, as in the "
                           "published crops."));
    m_messages->setSpacing(4);

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 8, 14, 14);
    layout->setSpacing(6);
    layout->addWidget(m_name);
    layout->addWidget(m_prompt);
    layout->addWidget(m_tokens);
    layout->addLayout(m_messages);

    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(6);
    grid->setColumnStretch(0, 1);
    int row = 0;
    const auto section = [&](const QString &title) {
        QLabel *label = makeLabel(title, "section");
        label->setContentsMargins(0, row > 0 ? 10 : 0, 0, 2);
        grid->addWidget(label, row++, 0, 1, 2);
    };
    const auto field = [&](const QString &title, QWidget *box) {
        QLabel *label = makeLabel(title, "muted");
        label->setWordWrap(true);
        label->setBuddy(box);
        label->setToolTip(box->toolTip());
        grid->addWidget(label, row, 0);
        box->setFixedWidth(box == m_view ? kFieldWidth + 20 : kFieldWidth);
        grid->addWidget(box, row++, 1, Qt::AlignRight);
    };
    section(tr("WHAT THE MODEL SEES"));
    field(tr("Visual prompt"), m_view);
    field(tr("Jitter"), m_jitter);
    field(tr("Seed"), m_seed);
    field(tr("Pad colour"), m_pad);
    grid->addWidget(m_exact, row++, 0, 1, 2);
    section(tr("DECODING"));
    field(tr("Beams"), m_beams);
    field(tr("Longest"), m_longest);
    field(tr("Shortest"), m_shortest);
    field(tr("Length penalty"), m_lengthPenalty);
    field(tr("Repetition penalty"), m_repetition);
    field(tr("No repeat of"), m_noRepeat);
    layout->addSpacing(4);
    layout->addLayout(grid);
    layout->addStretch(1);

    connect(m_name, &QLineEdit::textEdited, this, &TemplateEditor::changed);
    connect(m_prompt, &QPlainTextEdit::textChanged, this, &TemplateEditor::changed);
    connect(m_view, &QComboBox::currentIndexChanged, this, &TemplateEditor::changed);
    connect(m_exact, &QCheckBox::toggled, this, &TemplateEditor::changed);
    for (QSpinBox *box : {m_jitter, m_seed, m_pad, m_beams, m_longest, m_shortest, m_noRepeat})
        connect(box, &QSpinBox::valueChanged, this, &TemplateEditor::changed);
    for (QDoubleSpinBox *box : {m_lengthPenalty, m_repetition})
        connect(box, &QDoubleSpinBox::valueChanged, this, &TemplateEditor::changed);
    setTemplate({});
}

void TemplateEditor::setTemplate(const TrialTemplate &content)
{
    m_isFilling = true;
    m_name->setText(toQString(content.name));
    const QString prompt = toQString(content.content.prompt);
    if (m_prompt->toPlainText() != prompt)
        m_prompt->setPlainText(prompt);
    const RegionView &view = content.content.view;
    m_view->setCurrentIndex(m_view->findData(static_cast<int>(view.prompt)));
    m_jitter->setValue(view.jitter);
    m_seed->setValue(
        static_cast<int>(std::min<std::uint64_t>(view.seed, std::numeric_limits<int>::max())));
    m_pad->setValue(view.padColour);
    m_exact->setChecked(view.exact);
    const DecodingSettings &decoding = content.content.decoding;
    m_beams->setValue(decoding.beams);
    m_longest->setValue(decoding.maxNewTokens);
    m_shortest->setValue(decoding.minNewTokens);
    m_lengthPenalty->setValue(decoding.lengthPenalty);
    m_repetition->setValue(decoding.repetitionPenalty);
    m_noRepeat->setValue(decoding.noRepeatNgram);
    m_isFilling = false;
    check();
}

TrialTemplate TemplateEditor::content() const
{
    TrialTemplate result;
    result.name = toStdString(m_name->text().trimmed());
    result.content.prompt = toStdString(m_prompt->toPlainText());
    RegionView &view = result.content.view;
    view.prompt = static_cast<VisualPrompt>(m_view->currentData().toInt());
    view.jitter = m_jitter->value();
    view.seed = static_cast<std::uint64_t>(m_seed->value());
    view.padColour = m_pad->value();
    view.exact = m_exact->isChecked();
    DecodingSettings &decoding = result.content.decoding;
    decoding.beams = m_beams->value();
    decoding.maxNewTokens = m_longest->value();
    decoding.minNewTokens = m_shortest->value();
    decoding.lengthPenalty = m_lengthPenalty->value();
    decoding.repetitionPenalty = m_repetition->value();
    decoding.noRepeatNgram = m_noRepeat->value();
    return result;
}

void TemplateEditor::setRules(const std::string &group, const std::string &partWord,
                              const PhraseModelFacts *facts)
{
    m_group = group;
    m_partWord = partWord;
    m_hasFacts = facts != nullptr;
    if (facts != nullptr)
        m_facts = *facts;
    check();
}

void TemplateEditor::changed()
{
    if (m_isFilling)
        return;
    check();
    Q_EMIT edited();
}

void TemplateEditor::check()
{
    const TrialTemplate shown = content();
    const bool isFilter = shown.content.view.prompt == VisualPrompt::Filter;
    for (QWidget *box : std::initializer_list<QWidget *>{m_jitter, m_seed, m_pad, m_exact})
        box->setEnabled(isFilter);
    PromptRules rules;
    rules.partWord = m_partWord;
    m_tokens->clear();
    if (m_hasFacts) {
        rules.countTokens = m_facts.countTokens;
        rules.maxTokens = m_facts.maxPromptTokens(shown.content.decoding);
        const int tokens = m_facts.countTokens(shown.content.prompt);
        m_tokens->setText(rules.maxTokens > 0
                              ? tr("%1 of %2 tokens").arg(tokens).arg(rules.maxTokens)
                              : tr("%n token(s)", nullptr, tokens));
    }
    m_findings = promptFindings(m_group, shown.content, rules);

    while (QLayoutItem *item = m_messages->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    for (std::size_t i = 0; i < std::min(kMostMessages, m_findings.size()); ++i) {
        QLabel *label = makeLabel(explain(m_findings[i]), "small");
        label->setWordWrap(true);
        label->setObjectName(QStringLiteral("finding"));
        const QColor color =
            m_findings[i].isError() ? errorColor(palette()) : warningColor(palette());
        label->setStyleSheet(
            QStringLiteral("color: %1; border-left: 3px solid %1; padding-left: 7px;")
                .arg(color.name()));
        m_messages->addWidget(label);
    }
}

QStringList TemplateEditor::findingTexts() const
{
    QStringList texts;
    for (const PromptFinding &finding : m_findings)
        texts.append(explain(finding));
    return texts;
}

bool TemplateEditor::hasErrors() const
{
    return std::any_of(m_findings.begin(), m_findings.end(),
                       [](const PromptFinding &finding) { return finding.isError(); });
}

} // namespace sapsam::ui
