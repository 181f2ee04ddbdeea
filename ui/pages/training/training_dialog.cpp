#include "ui/pages/training/training_dialog.h"

#include "core/base/file.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/labels.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>
#include <QDir>
#include <QFileDialog>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <set>

namespace sapsam::ui {

namespace {

constexpr int kEditorWidth = 210;

QString shown(const Json &value)
{
    if (value.is_string())
        return toQString(value.get<std::string>());
    if (value.is_array()) {
        QStringList words;
        for (const Json &item : value)
            words.append(toQString(item.dump()));
        return words.join(QStringLiteral(", "));
    }
    if (value.is_number_float())
        return QString::number(value.get<double>(), 'g', 10);
    return toQString(value.dump());
}

void paintLabel(QLabel *label, const QColor &color)
{
    QPalette palette = label->palette();
    palette.setColor(QPalette::WindowText, color);
    label->setPalette(palette);
    label->setStyleSheet(QStringLiteral("color: %1;").arg(color.name()));
}

} // namespace

SettingRow::SettingRow(const SettingField &field, QWidget *parent)
    : QWidget(parent), m_field(field), m_problem(makeLabel({}, "small"))
{
    const QString name = toQString(field.label);
    auto *editorLine = new QHBoxLayout;
    editorLine->setSpacing(6);
    switch (field.type) {
    case FieldType::Switch:
        m_switch = new QCheckBox(tr("on"));
        connect(m_switch, &QCheckBox::toggled, this, &SettingRow::changed);
        m_editor = m_switch;
        break;
    case FieldType::Choice:
        m_choice = new QComboBox;
        for (const std::string &choice : field.choices)
            m_choice->addItem(choice.empty() ? tr("(as the model has it)") : toQString(choice),
                              toQString(choice));
        connect(m_choice, &QComboBox::currentIndexChanged, this, &SettingRow::changed);
        m_editor = m_choice;
        break;
    default:
        m_edit = new QLineEdit;
        connect(m_edit, &QLineEdit::textChanged, this, &SettingRow::changed);
        m_editor = m_edit;
        break;
    }
    m_editor->setFixedWidth(kEditorWidth);
    m_editor->setAccessibleName(name);
    m_editor->setAccessibleDescription(toQString(field.explanation));
    editorLine->addWidget(m_editor);
    if (field.type == FieldType::Path || field.type == FieldType::Model) {
        auto *button = new QToolButton;
        button->setText(QStringLiteral("…"));
        button->setAccessibleName(tr("Choose: %1").arg(name));
        button->setToolTip(tr("Choose a file or folder"));
        connect(button, &QToolButton::clicked, this, [this] { browse(); });
        editorLine->addWidget(button);
    }
    if (!field.unit.empty())
        editorLine->addWidget(makeLabel(toQString(field.unit), "muted"));
    editorLine->addStretch(1);

    auto *title = new QLabel(name);
    title->setTextFormat(Qt::PlainText);
    title->setFixedWidth(190);
    title->setWordWrap(true);
    title->setBuddy(m_editor);
    const QString range = toQString(field.range.text());
    QString tip = tr("%1\nIn files: %2. Default: %3.")
                      .arg(toQString(field.explanation), toQString(field.key),
                           shown(field.fallback).isEmpty() ? tr("empty") : shown(field.fallback));
    if (!range.isEmpty())
        tip += QLatin1Char(' ') + tr("It is %1.").arg(range);
    title->setToolTip(tip);
    m_editor->setToolTip(tip);
    auto *explanation = makeLabel(toQString(field.explanation), "small");
    explanation->setWordWrap(true);
    m_problem->setWordWrap(true);
    m_problem->hide();

    auto *grid = new QGridLayout(this);
    grid->setContentsMargins(0, 5, 0, 5);
    grid->setHorizontalSpacing(14);
    grid->setVerticalSpacing(2);
    grid->addWidget(title, 0, 0, Qt::AlignVCenter | Qt::AlignLeft);
    grid->addLayout(editorLine, 0, 1);
    grid->addWidget(explanation, 1, 1);
    grid->addWidget(m_problem, 2, 1);
    grid->setColumnStretch(1, 1);
    setValue(field.fallback);
}

Json SettingRow::value() const
{
    if (m_switch != nullptr)
        return m_switch->isChecked();
    if (m_choice != nullptr)
        return toStdString(m_choice->currentData().toString());
    const QString text = m_edit->text().trimmed();
    bool ok = false;
    if (m_field.type == FieldType::Integer) {
        const qlonglong number = text.toLongLong(&ok);
        return ok ? Json(static_cast<std::int64_t>(number)) : Json(toStdString(text));
    }
    if (m_field.type == FieldType::Number) {
        const double number = text.toDouble(&ok);
        return ok && std::isfinite(number) ? Json(number) : Json(toStdString(text));
    }
    if (m_field.type == FieldType::IntegerList) {
        Json list = Json::array();
        for (const QString &word : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
            const int number = word.trimmed().toInt(&ok);
            if (!ok)
                return toStdString(text);
            list.push_back(number);
        }
        return list;
    }
    return toStdString(text);
}

void SettingRow::setValue(const Json &value)
{
    if (m_switch != nullptr) {
        m_switch->setChecked(value.is_boolean() && value.get<bool>());
    } else if (m_choice != nullptr) {
        const int index = m_choice->findData(shown(value));
        if (index < 0) // a value of another version stays, and is named
            m_choice->addItem(shown(value), shown(value));
        m_choice->setCurrentIndex(m_choice->findData(shown(value)));
    } else {
        m_edit->setText(shown(value));
    }
}

void SettingRow::setProblem(const QString &problem)
{
    m_problemText = problem;
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    if (!problem.isEmpty())
        paintLabel(m_problem, errorColor(palette()));
    m_editor->setAccessibleDescription(problem.isEmpty() ? toQString(m_field.explanation)
                                                         : problem);
    if (m_edit != nullptr)
        m_edit->setStyleSheet(
            problem.isEmpty()
                ? QString()
                : QStringLiteral("border-color: %1;").arg(errorColor(palette()).name()));
}

bool SettingRow::matches(const QString &search) const
{
    for (const std::string &text : {m_field.key, m_field.label, m_field.explanation}) {
        if (toQString(text).contains(search, Qt::CaseInsensitive))
            return true;
    }
    return false;
}

void SettingRow::browse()
{
    const bool isFile =
        m_field.key == "taxonomy" || m_field.key == "prompts" || m_field.key == "splitFile";
    const QString chosen = isFile
                               ? QFileDialog::getOpenFileName(this, toQString(m_field.label))
                               : QFileDialog::getExistingDirectory(this, toQString(m_field.label));
    if (!chosen.isEmpty())
        m_edit->setText(chosen);
}

TrainingDialog::TrainingDialog(const QString &modelsFolder, QWidget *parent)
    : QDialog(parent),
      m_modelsFolder(modelsFolder),
      m_presets(trainingPresets(toStdString(modelsFolder))),
      m_form(new QComboBox),
      m_about(makeLabel({}, "muted")),
      m_preset(new QComboBox),
      m_search(new QLineEdit),
      m_advanced(new QCheckBox(tr("Advanced settings"))),
      m_scroll(new QScrollArea),
      m_target(new QComboBox),
      m_device(new QComboBox),
      m_threads(new QSpinBox),
      m_processesLabel(makeLabel(tr("Processes"), "muted")),
      m_processes(new QSpinBox),
      m_slurmLabel(makeLabel(tr("Options of sbatch"), "muted")),
      m_slurmOptions(new QLineEdit),
      m_targetNote(makeLabel({}, "small")),
      m_measure(new QPushButton(tr("Measure memory and time"))),
      m_preflight(makeLabel({}, "muted")),
      m_summary(makeLabel({}, "muted")),
      m_queue(new QPushButton(tr("Add to queue"))),
      m_start(makePrimaryButton(tr("Start")))
{
    setWindowTitle(tr("New training run"));
    resize(920, 720);

    for (const TrainingForm &form : trainingForms())
        m_form->addItem(toQString(form.title), toQString(form.id));
    m_form->setAccessibleName(tr("What is trained"));
    m_preset->setAccessibleName(tr("Preset"));
    m_preset->setMinimumWidth(220);
    m_search->setPlaceholderText(tr("Find a setting"));
    m_search->setAccessibleName(tr("Find a setting"));
    m_search->setClearButtonEnabled(true);
    m_about->setWordWrap(true);
    auto *top = new QGridLayout;
    top->setHorizontalSpacing(12);
    top->addWidget(makeLabel(tr("Train"), "muted"), 0, 0);
    top->addWidget(m_form, 0, 1);
    top->addWidget(makeLabel(tr("Preset"), "muted"), 0, 2);
    top->addWidget(m_preset, 0, 3);
    top->addWidget(m_about, 1, 1, 1, 3);
    top->setColumnStretch(1, 1);
    top->setColumnStretch(3, 1);
    auto *filter = new QHBoxLayout;
    filter->addWidget(m_search, 1);
    filter->addWidget(m_advanced);

    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setAccessibleName(tr("Settings"));
    auto *side = new QFrame;
    setRole(side, "card");
    side->setFixedWidth(276);
    m_target->addItem(tr("This machine"), ThisMachine);
    m_target->addItem(tr("Several processes here"), SeveralProcesses);
    m_target->addItem(tr("A cluster with Slurm"), Slurm);
    m_target->setAccessibleName(tr("Where it runs"));
    m_device->addItem(tr("chosen by itself"), QStringLiteral("auto"));
    m_device->addItem(tr("processor"), QStringLiteral("cpu"));
    m_device->addItem(tr("first CUDA card"), QStringLiteral("cuda:0"));
    m_device->setAccessibleName(tr("Device"));
    m_threads->setRange(0, 1024);
    m_threads->setSpecialValueText(tr("all cores"));
    m_threads->setAccessibleName(tr("Threads"));
    m_processes->setRange(1, 64);
    m_processes->setValue(2);
    m_processes->setAccessibleName(tr("Processes"));
    m_slurmOptions->setPlaceholderText(QStringLiteral("--partition=gpu --time=24:00:00"));
    m_slurmOptions->setAccessibleName(tr("Options of sbatch"));
    m_targetNote->setWordWrap(true);
    m_preflight->setWordWrap(true);
    m_preflight->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto *sideLayout = new QVBoxLayout(side);
    sideLayout->setContentsMargins(16, 14, 16, 14);
    sideLayout->setSpacing(8);
    sideLayout->addWidget(makeLabel(tr("Where it runs"), "heading"));
    sideLayout->addWidget(m_target);
    sideLayout->addWidget(makeLabel(tr("Device"), "muted"));
    sideLayout->addWidget(m_device);
    sideLayout->addWidget(makeLabel(tr("Threads"), "muted"));
    sideLayout->addWidget(m_threads);
    sideLayout->addWidget(m_processesLabel);
    sideLayout->addWidget(m_processes);
    sideLayout->addWidget(m_slurmLabel);
    sideLayout->addWidget(m_slurmOptions);
    sideLayout->addWidget(m_targetNote);
    sideLayout->addSpacing(10);
    sideLayout->addWidget(makeLabel(tr("What it takes"), "heading"));
    sideLayout->addWidget(m_measure);
    sideLayout->addWidget(m_preflight);
    sideLayout->addStretch(1);
    auto *middle = new QHBoxLayout;
    middle->setSpacing(16);
    middle->addWidget(m_scroll, 1);
    middle->addWidget(side);

    auto *cancel = new QPushButton(tr("Cancel"));
    m_start->setDefault(true);
    m_summary->setWordWrap(true);
    auto *bottom = new QHBoxLayout;
    bottom->addWidget(m_summary, 1);
    bottom->addWidget(cancel);
    bottom->addWidget(m_queue);
    bottom->addWidget(m_start);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(22, 18, 22, 18);
    layout->setSpacing(12);
    layout->addLayout(top);
    layout->addLayout(filter);
    layout->addLayout(middle, 1);
    layout->addLayout(bottom);

    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_start, &QPushButton::clicked, this, [this] { accept(false); });
    connect(m_queue, &QPushButton::clicked, this, [this] { accept(true); });
    connect(m_form, &QComboBox::currentIndexChanged, this, [this] { buildRows(); });
    connect(m_preset, &QComboBox::activated, this, [this](int index) {
        const int at = m_preset->itemData(index).toInt();
        if (index > 0)
            setConfig(form(), m_presets[static_cast<std::size_t>(at)].config);
    });
    connect(m_search, &QLineEdit::textChanged, this, [this] { applyFilter(); });
    connect(m_advanced, &QCheckBox::toggled, this, [this] { applyFilter(); });
    connect(m_target, &QComboBox::currentIndexChanged, this, [this] {
        showTarget();
        check();
    });
    connect(m_slurmOptions, &QLineEdit::textChanged, this, [this] { check(); });
    connect(m_measure, &QPushButton::clicked, this, [this] { measure(); });
    buildRows();
    showTarget();
}

TrainingDialog::~TrainingDialog()
{
    if (m_process && m_process->state() != QProcess::NotRunning) {
        m_process->disconnect();
        m_process->kill();
        m_process->waitForFinished(2000);
    }
    if (!m_configFile.isEmpty())
        QFile::remove(m_configFile);
}

QString TrainingDialog::form() const
{
    return m_form->currentData().toString();
}

void TrainingDialog::setForm(const QString &id)
{
    const int index = m_form->findData(id);
    if (index >= 0)
        m_form->setCurrentIndex(index);
}

SettingRow *TrainingDialog::row(const QString &key) const
{
    return m_rows.value(key);
}

void TrainingDialog::buildRows()
{
    const TrainingForm &chosen = trainingForm(toStdString(form()));
    m_about->setText(toQString(chosen.explanation));
    m_isFilling = true;
    m_preset->clear();
    m_preset->addItem(tr("Defaults"));
    for (std::size_t i = 0; i < m_presets.size(); ++i) {
        if (m_presets[i].form != chosen.id)
            continue;
        m_preset->addItem(toQString(m_presets[i].title), static_cast<int>(i));
        m_preset->setItemData(m_preset->count() - 1, toQString(m_presets[i].origin),
                              Qt::ToolTipRole);
    }
    m_rows.clear();
    m_groups.clear();
    m_dropped.clear();
    m_content = new QWidget;
    setRole(m_content, "page");
    auto *layout = new QVBoxLayout(m_content);
    layout->setContentsMargins(0, 0, 12, 0);
    layout->setSpacing(0);
    std::string group;
    for (const SettingField &field : chosen.fields) {
        if (field.group != group) {
            group = field.group;
            auto *heading = makeLabel(toQString(group), "heading");
            heading->setContentsMargins(0, 12, 0, 6);
            layout->addWidget(heading);
            m_groups.push_back({heading, {}});
        }
        auto *one = new SettingRow(field);
        connect(one, &SettingRow::changed, this, [this] { check(); });
        layout->addWidget(one);
        m_groups.back().second.push_back(one);
        m_rows.insert(toQString(field.key), one);
    }
    m_noMatch = makeLabel(tr("No setting has this in its name or explanation."), "muted");
    layout->addWidget(m_noMatch);
    layout->addStretch(1);
    m_scroll->setWidget(m_content); // the old one is deleted
    m_isFilling = false;
    applyFilter();
    check();
}

void TrainingDialog::setConfig(const QString &formId, const Json &config)
{
    setForm(formId);
    m_isFilling = true;
    m_dropped.clear();
    for (SettingRow *one : std::as_const(m_rows))
        one->setValue(one->field().fallback);
    for (const auto &item : config.items()) {
        SettingRow *one = row(toQString(item.key()));
        if (one != nullptr)
            one->setValue(item.value());
        else if (item.key() != "task")
            m_dropped.append(toQString(item.key()));
    }
    m_isFilling = false;
    check();
}

void TrainingDialog::applyFilter()
{
    const QString search = m_search->text().trimmed();
    bool isAny = false;
    for (const auto &[heading, rows] : m_groups) {
        bool isShown = false;
        for (SettingRow *one : rows) {
            // What is searched for, what is wrong and what was changed is never hidden.
            const bool isWanted =
                !search.isEmpty()
                    ? one->matches(search)
                    : m_advanced->isChecked() || one->field().isBasic || !one->problem().isEmpty();
            one->setVisible(isWanted);
            isShown = isShown || isWanted;
        }
        heading->setVisible(isShown);
        isAny = isAny || isShown;
    }
    m_noMatch->setVisible(!isAny);
}

Json TrainingDialog::config() const
{
    const TrainingForm &chosen = trainingForm(toStdString(form()));
    Json config = {{"task", chosen.task}};
    for (const SettingField &field : chosen.fields) {
        const SettingRow *one = row(toQString(field.key));
        if (one != nullptr
            && (!one->isDefault() || field.key == "seed" || (chosen.onData && field.key == "data")))
            config[field.key] = one->value();
    }
    return config;
}

LaunchOptions TrainingDialog::launchOptions() const
{
    LaunchOptions options;
    options.device = toStdString(m_device->currentData().toString());
    options.threads = m_threads->value();
    options.modelsFolder = toStdString(m_modelsFolder);
    const int target = m_target->currentData().toInt();
    if (target != ThisMachine)
        options.processes = m_processes->value();
    if (target == Slurm) {
        options.slurm = true;
        for (const QString &word :
             m_slurmOptions->text().split(QLatin1Char(' '), Qt::SkipEmptyParts))
            options.slurmOptions.push_back(toStdString(word));
    }
    return options;
}

bool TrainingDialog::canStart() const
{
    return m_problems.empty();
}

QString TrainingDialog::summary() const
{
    return m_summary->text();
}

QString TrainingDialog::preflightText() const
{
    return m_preflight->text();
}

void TrainingDialog::check()
{
    if (m_isFilling)
        return;
    const TrainingForm &chosen = trainingForm(toStdString(form()));
    const LaunchOptions launch = launchOptions();
    // On a cluster the paths are those of its machines.
    m_problems =
        checkSettings(chosen, config(), launch.slurm ? std::string() : toStdString(m_modelsFolder));
    for (const std::string &problem : launch.problems())
        m_problems.push_back({{}, problem});
    if (launch.processes > 1) {
        const SettingRow *batch = row(QStringLiteral("batchSize"));
        const Json size = batch->value();
        if (size.is_number_integer() && size.get<std::int64_t>() > 0
            && size.get<std::int64_t>() % launch.processes != 0)
            m_problems.push_back(
                {"batchSize", toStdString(tr("'batchSize' cannot be shared equally "
                                             "by %1 processes")
                                              .arg(launch.processes))});
    }
    QHash<QString, QStringList> byKey;
    for (const SettingProblem &problem : m_problems) {
        const QString key = toQString(problem.key);
        const QString message = toQString(problem.message);
        if (row(key) != nullptr)
            byKey[key].append(message);
    }
    for (SettingRow *one : std::as_const(m_rows)) {
        const QString key = toQString(one->field().key);
        QStringList messages = byKey.value(key);
        const Json value = one->value();
        // The check ends at the type of a value; the range says more.
        if (value.is_string()
            && (one->field().type == FieldType::Integer
                || one->field().type == FieldType::Number)) {
            const QString range = toQString(one->field().range.text());
            messages = {one->field().type == FieldType::Integer
                            ? tr("This must be a whole number%1.")
                                  .arg(range.isEmpty() ? QString() : QLatin1Char(' ') + range)
                            : tr("This must be a number%1.")
                                  .arg(range.isEmpty() ? QString() : QLatin1Char(' ') + range)};
        }
        one->setProblem(messages.join(QLatin1Char('\n')));
    }
    const bool isUsable = m_problems.empty();
    m_start->setEnabled(isUsable);
    m_queue->setEnabled(isUsable && !launch.slurm);
    m_measure->setEnabled(isUsable);
    if (!isUsable) {
        std::set<std::string> keys;
        for (const SettingProblem &problem : m_problems)
            keys.insert(problem.key);
        const QString first =
            toQString(m_problems.front().message).section(QLatin1Char('\n'), 0, 0);
        m_summary->setText(
            keys.size() == 1 ? tr("1 setting cannot be used: %1").arg(first)
                             : tr("%1 settings cannot be used, such as: %2")
                                   .arg(countText(static_cast<std::int64_t>(keys.size())), first));
        paintLabel(m_summary, errorColor(palette()));
    } else {
        m_summary->setText(m_dropped.isEmpty()
                               ? tr("Ready. The run goes on when this window is closed.")
                               : tr("Left out, because this version does not have them: %1.")
                                     .arg(m_dropped.join(QStringLiteral(", "))));
        paintLabel(m_summary, m_dropped.isEmpty() ? palette().color(QPalette::PlaceholderText)
                                                  : warningColor(palette()));
    }
    applyFilter();
}

void TrainingDialog::showTarget()
{
    const int target = m_target->currentData().toInt();
    for (QWidget *widget :
         {static_cast<QWidget *>(m_processesLabel), static_cast<QWidget *>(m_processes)})
        widget->setVisible(target != ThisMachine);
    for (QWidget *widget :
         {static_cast<QWidget *>(m_slurmLabel), static_cast<QWidget *>(m_slurmOptions)})
        widget->setVisible(target == Slurm);
    m_targetNote->setText(
        target == ThisMachine
            ? tr("The run is a process of its own; closing the window does not end it.")
        : target == SeveralProcesses
            ? tr("The processes share the cores, or take a card each, and every batch.")
            : tr("A script is written into the run's folder and given to sbatch. The folder and "
                 "the data must lie where the cluster's machines see them."));
}

void TrainingDialog::measure()
{
    if (m_process && m_process->state() != QProcess::NotRunning) {
        m_process->kill();
        return;
    }
    try {
        if (m_configFile.isEmpty())
            m_configFile = QDir::tempPath()
                           + QStringLiteral("/sapsam-preflight-%1-%2.json")
                                 .arg(QCoreApplication::applicationPid())
                                 .arg(reinterpret_cast<quintptr>(this), 0, 16);
        writeJsonFile(toStdString(m_configFile), config());
        const LaunchOptions options = launchOptions();
        QStringList arguments = {QStringLiteral("--json"),   QStringLiteral("--quiet"),
                                 QStringLiteral("--device"), toQString(options.device),
                                 QStringLiteral("--models"), m_modelsFolder};
        if (options.threads > 0)
            arguments += {QStringLiteral("--threads"), QString::number(options.threads)};
        arguments += {QStringLiteral("train"), toQString(trainingForm(toStdString(form())).task),
                      QStringLiteral("--config"), m_configFile, QStringLiteral("--preflight")};
        m_process = std::make_unique<QProcess>();
        connect(m_process.get(), &QProcess::finished, this, [this] {
            takePreflight(m_process->readAllStandardOutput(), m_process->readAllStandardError());
        });
        m_process->start(toQString(sapsamProgram()), arguments);
        m_measure->setText(tr("Stop measuring"));
        m_preflight->setText(tr("Reading the data and trying some steps…"));
    } catch (const std::exception &error) {
        m_preflight->setText(QString::fromUtf8(error.what()));
    }
}

void TrainingDialog::takePreflight(const QByteArray &answer, const QByteArray &said)
{
    m_measure->setText(tr("Measure memory and time"));
    const Json json =
        Json::parse(answer.constData(), answer.constData() + answer.size(), nullptr, false);
    if (json.is_object() && json.contains("error")) {
        m_preflight->setText(toQString(json.at("error").value("message", std::string())));
    } else if (!json.is_object() || !json.contains("fits")) {
        m_preflight->setText(said.isEmpty() ? tr("Measuring was stopped.")
                                            : QString::fromUtf8(said).trimmed());
    } else {
        QStringList lines;
        const QString free = json.at("freeMb").is_null()
                                 ? QString()
                                 : countText(json.at("freeMb").get<std::int64_t>());
        const QString need = json.at("stepMb").is_null()
                                 ? QString()
                                 : countText(json.at("stepMb").get<std::int64_t>());
        if (!json.at("fits").get<bool>())
            lines.append(tr("Will not fit: batch %1 → %2.")
                             .arg(json.at("batchSize").get<int>())
                             .arg(json.at("fittingBatch").get<int>()));
        else
            lines.append(tr("The batch fits."));
        if (!need.isEmpty() && !free.isEmpty())
            lines.append(tr("A step takes about %1 MiB of %2 MiB that are free.").arg(need, free));
        if (!json.at("seconds").is_null())
            lines.append(tr("About %1 a step, %2 for all %3 steps, without measuring.")
                             .arg(durationText(json.at("stepSeconds").get<double>()),
                                  durationText(json.at("seconds").get<double>()),
                                  countText(json.at("steps").get<std::int64_t>())));
        lines.append(tr("%1 parameters, %2 on %3.")
                         .arg(countText(json.at("parameters").get<std::int64_t>()),
                              toQString(json.at("precision").get<std::string>()),
                              toQString(json.at("device").get<std::string>())));
        m_preflight->setText(lines.join(QLatin1Char('\n')));
    }
    Q_EMIT preflightFinished();
}

void TrainingDialog::accept(bool enqueue)
{
    check();
    if (!canStart())
        return;
    NewRun run;
    run.task = toQString(trainingForm(toStdString(form())).task);
    run.config = config();
    run.launch = launchOptions();
    run.enqueue = enqueue;
    Q_EMIT runRequested(run);
    QDialog::accept();
}

} // namespace sapsam::ui
