#include "ui/dialogs/import_model_dialog.h"

#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/labels.h"
#include "ui/widgets/model_list.h"
#include "ui/widgets/path_row.h"

#include <QDir>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileInfo>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QLocale>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QRadioButton>
#include <QScrollArea>
#include <QUrl>
#include <QVBoxLayout>

#include <filesystem>
#include <utility>

namespace sapsam::ui {

namespace {

constexpr int kDetailsHeight = 130;
constexpr int kIconSize = 20;

QString joined(const std::vector<std::string> &names)
{
    QStringList texts;
    for (const auto &name : names)
        texts.append(toQString(name));
    return texts.join(QStringLiteral(", "));
}

QString fileNames(const std::vector<std::string> &paths)
{
    QStringList names;
    for (const auto &path : paths)
        names.append(QFileInfo(toQString(path)).fileName());
    return names.join(QStringLiteral(", "));
}

// Values of files come as they are: they may be long and hold anything.
QLabel *makeValue(const QString &text)
{
    auto *label = new QLabel(text);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    return label;
}

QStringList localFiles(const QMimeData &data)
{
    QStringList files;
    for (const QUrl &url : data.urls()) {
        if (url.isLocalFile())
            files.append(url.toLocalFile());
    }
    return files;
}

} // namespace

struct ImportModelDialog::Examined
{
    ModelExamination found;
    QString name; // suggested
    QStringList takenNames;
    ErrorReport error; // of files that cannot be read
    bool isRead = false;
};

ImportModelDialog::ImportModelDialog(const QString &registry, const QStringList &paths,
                                     QWidget *parent)
    : QDialog(parent),
      m_registry(registry.isEmpty() ? toQString(userModelsFolder()) : registry),
      m_lane(std::make_unique<JobRunner>(QStringLiteral("models")))
{
    setWindowTitle(tr("Import model"));
    setAcceptDrops(true);
    resize(720, 700);

    QLabel *hint = makeLabel(
        tr("Published weights as they are downloaded: .safetensors, .pth, .pt, .bin, .pkl, or the "
           "folder of a model. What they are is told from their tensors; nothing in them is "
           "executed."),
        "muted");
    hint->setWordWrap(true);
    m_files = makeFiles();
    m_choices = makeChoices();

    m_progress = new QProgressBar;
    m_progress->setTextVisible(false);
    m_progress->setAccessibleName(tr("Progress of the import"));
    m_progressText = makeLabel({}, "small");
    m_import = makePrimaryButton(tr("Import"));
    m_cancel = new QPushButton;
    m_use = new QPushButton(tr("Use this model"));
    m_use->setToolTip(tr("It does its task from now on; the window is made anew"));
    m_another = new QPushButton(tr("Import another"));
    connect(m_import, &QPushButton::clicked, this, &ImportModelDialog::startImport);
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        if (m_state == State::Importing)
            m_lane->cancel(m_importJob);
        else
            reject();
    });
    connect(m_use, &QPushButton::clicked, this,
            [this] { Q_EMIT useRequested(m_registry, m_importedName); });
    connect(m_another, &QPushButton::clicked, this, [this] {
        m_list->clear();
        setConfigFile({});
        m_name->clear();
        examine();
    });
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_another);
    buttons->addStretch(1);
    buttons->addWidget(m_use);
    buttons->addWidget(m_cancel);
    buttons->addWidget(m_import);

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 20, 24, 16);
    layout->setSpacing(12);
    layout->addWidget(makeLabel(tr("Import model"), "heading"));
    layout->addWidget(hint);
    layout->addWidget(m_files);
    layout->addWidget(makeFindings(), 1);
    layout->addWidget(m_choices);
    layout->addWidget(m_progressText);
    layout->addWidget(m_progress);
    layout->addLayout(buttons);

    connect(m_lane.get(), &JobRunner::progressed, this, [this](JobId job, const Progress &done) {
        if (job != m_importJob)
            return;
        m_progress->setRange(0, static_cast<int>(done.total));
        m_progress->setValue(static_cast<int>(done.done));
        m_progressText->setText(
            tr("%1 of %2 MiB").arg(countText(done.done), countText(done.total)));
    });
    connect(m_lane.get(), &JobRunner::finished, this,
            [this](JobId job, JobOutcome outcome, const ErrorReport &error) {
                if (job != m_importJob)
                    return;
                m_importJob = 0;
                if (outcome == JobOutcome::Failed) {
                    setState(State::Ready);
                    setProblem(toQString(error.message));
                } else if (outcome == JobOutcome::Cancelled) {
                    setState(State::Ready);
                    m_progressText->setText(tr("Cancelled. Nothing was left behind."));
                    m_progressText->show();
                }
                if (isHidden() && testAttribute(Qt::WA_DeleteOnClose))
                    deleteLater();
            });
    // The return key imports, wherever the focus is.
    for (QPushButton *button : findChildren<QPushButton *>())
        button->setAutoDefault(button == m_import);
    addPaths(paths);
    examine();
}

ImportModelDialog::~ImportModelDialog()
{
    m_lane->disconnect(this);
    m_lane.reset();
}

QWidget *ImportModelDialog::makeFiles()
{
    m_list = new PathList(
        {tr("Files and folders of the model"),
         tr("No files yet. They can be dropped here."),
         tr("Files of the model"),
         tr("Folder of the model"),
         {tr("Weights (*.safetensors *.pth *.pt *.bin *.pkl *.json)"), tr("All files (*)")}});
    m_list->list()->setFixedHeight(96);
    m_config = new PathRow(PathRow::Kind::File, tr("Configuration"),
                           tr("The config.json beside the weights, else their tensors"),
                           {tr("Configurations (*.json)"), tr("All files (*)")});
    connect(m_list, &PathList::changed, this, &ImportModelDialog::examine);
    connect(m_config, &PathRow::chosen, this, &ImportModelDialog::setConfigFile);
    auto *configRow = new QHBoxLayout;
    QLabel *configName = makeLabel(tr("Configuration"), "muted");
    configName->setBuddy(m_config->line());
    configRow->addWidget(configName);
    configRow->addWidget(m_config, 1);
    auto *widget = new QWidget;
    auto *layout = new QVBoxLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(m_list);
    layout->addLayout(configRow);
    return widget;
}

QWidget *ImportModelDialog::makeFindings()
{
    m_icon = new QLabel;
    m_icon->setFixedSize(kIconSize, kIconSize);
    m_headline = makeLabel({}, "heading");
    m_headline->setWordWrap(true);
    m_problem = makeLabel({}, "warning");
    m_problem->setWordWrap(true);
    m_problem->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_details = new QPlainTextEdit;
    m_details->setReadOnly(true);
    m_details->setAccessibleName(tr("Tensors that are missing or of another shape"));
    m_details->setFixedHeight(kDetailsHeight);
    auto *facts = new QWidget;
    m_facts = new QGridLayout(facts);
    m_facts->setContentsMargins(0, 0, 0, 0);
    m_facts->setHorizontalSpacing(16);
    m_facts->setVerticalSpacing(6);
    m_facts->setColumnStretch(1, 1);

    auto *head = new QHBoxLayout;
    head->setSpacing(10);
    head->addWidget(m_icon, 0, Qt::AlignTop);
    head->addWidget(m_headline, 1);
    auto *content = new QWidget;
    setRole(content, "panel");
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(16, 14, 16, 14);
    layout->setSpacing(10);
    layout->addLayout(head);
    layout->addWidget(m_problem);
    layout->addWidget(facts);
    layout->addWidget(m_details);
    layout->addStretch(1);
    m_scroll = new QScrollArea;
    m_scroll->setWidget(content);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setAccessibleName(tr("What the files are"));
    return m_scroll;
}

QWidget *ImportModelDialog::makeChoices()
{
    m_name = new QLineEdit;
    m_name->setAccessibleName(tr("Name of the model"));
    m_name->setMaxLength(100);
    m_nameHint = makeLabel({}, "small");
    m_nameHint->setWordWrap(true);
    m_copy = new QRadioButton(tr("Copy the weights"));
    m_copy->setChecked(true);
    m_link = new QRadioButton(tr("Link to the files where they are"));
    m_link->setToolTip(tr("Takes no space; the model is gone when the files are moved or deleted"));
    connect(m_name, &QLineEdit::textChanged, this, &ImportModelDialog::checkName);
    QLabel *name = makeLabel(tr("Name"), "muted");
    name->setBuddy(m_name);
    auto *widget = new QWidget;
    auto *layout = new QGridLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setVerticalSpacing(6);
    layout->setHorizontalSpacing(16);
    layout->addWidget(name, 0, 0);
    layout->addWidget(m_name, 0, 1);
    layout->addWidget(m_nameHint, 1, 1);
    auto *ways = new QHBoxLayout;
    ways->setSpacing(24);
    ways->addWidget(m_copy);
    ways->addWidget(m_link);
    ways->addStretch(1);
    layout->addLayout(ways, 2, 1);
    layout->setColumnStretch(1, 1);
    return widget;
}

QString ImportModelDialog::headline() const
{
    return m_headline->text();
}

QString ImportModelDialog::problem() const
{
    return m_problemText.isEmpty() ? m_nameProblem : m_problemText;
}

QStringList ImportModelDialog::paths() const
{
    return m_list->paths();
}

void ImportModelDialog::addPaths(const QStringList &added)
{
    if (m_state == State::Importing)
        return;
    m_list->addPaths(added);
}

void ImportModelDialog::setConfigFile(const QString &file)
{
    m_configFile = file;
    m_config->setPath(file);
    examine();
}

void ImportModelDialog::examine()
{
    m_lane->cancel(m_examination);
    m_examination = 0;
    m_found = {};
    clearFindings();
    m_progressText->clear();
    const QStringList wanted = paths();
    if (wanted.isEmpty()) {
        setHeadline(tr("Choose the files or the folder of a model"), "");
        addFact(tr("Examples"),
                tr("sam_vit_b_01ec64.pth; ViT-B-16.pt; a folder with config.json and "
                   "model.safetensors; the parts of a LAVIS BLIP-2 together"));
        setState(State::Empty);
        return;
    }
    setHeadline(tr("Looking at the files…"), "");
    setState(State::Examining);
    std::vector<std::string> files;
    for (const QString &path : wanted)
        files.push_back(toStdString(path));
    m_examination = m_lane->start(
        {}, this,
        [files, config = toStdString(m_configFile), registry = toStdString(m_registry)](
            const CancelToken &, const ProgressSink &) {
            Examined examined;
            try {
                examined.found = examineModel(files, config);
                examined.isRead = true;
                examined.name = toQString(modelNameFor(examined.found));
                std::error_code ignored;
                if (std::filesystem::exists(registry + "/manifest.json", ignored)) {
                    for (const ModelEntry &model : readModelManifest(registry).models)
                        examined.takenNames.append(toQString(model.name));
                }
            } catch (const Error &) {
                examined.error = reportOfCurrentException();
            }
            return examined;
        },
        [this](const Examined &examined) {
            m_examination = 0;
            showExamined(examined);
        });
}

void ImportModelDialog::showExamined(const Examined &examined)
{
    clearFindings();
    if (!examined.error.message.empty()) {
        showFailure(examined.error);
        return;
    }
    m_found = examined.found;
    m_suggestedName = examined.name;
    m_takenNames = examined.takenNames;
    const ModelExamination &found = m_found;
    const bool isKnown = !found.architecture.empty();
    if (found.isImportable())
        setHeadline(toQString(found.summary), "accept");
    else
        setHeadline(!isKnown                ? tr("These weights are of no known network")
                    : found.isComplete      ? tr("The weights alone do not make a model")
                    : found.missing.empty() ? tr("A part of the model is missing")
                                            : tr("Tensors are missing"),
                    "warning");
    setProblem(toQString(found.advice));
    for (const ModelExamination::Part &part : found.parts) {
        if (found.parts.size() > 1 || !found.isImportable())
            addFact(QFileInfo(toQString(part.path)).fileName(), toQString(part.summary));
    }
    if (isKnown) {
        addFact(tr("Kind"), toQString(found.architecture));
        addFact(tr("Used for"), taskTitle(toQString(found.task)));
        addFact(tr("Weights"),
                tr("%1 numbers, mostly %2, %3")
                    .arg(countText(static_cast<std::int64_t>(found.parameters)),
                         toQString(found.dtype),
                         QLocale().formattedDataSize(static_cast<qint64>(found.bytes), 1)));
    }
    if (found.isImportable())
        addFact(tr("Configuration"), found.configFrom.empty()
                                         ? tr("told from the tensors")
                                         : QDir::toNativeSeparators(toQString(found.configFrom)));
    if (!found.tokenizer.empty())
        addFact(tr("Tokenizer"), fileNames(found.tokenizer));
    else if (!found.missingTokenizer.empty())
        addFact(tr("Tokenizer"), tr("missing: put %1, as published with the model, beside the "
                                    "weights or later into the model's folder")
                                     .arg(joined(found.missingTokenizer)));
    for (const auto &note : found.notes)
        addFact(tr("Note"), toQString(note));
    QStringList details;
    for (const auto *list : {&found.missing, &found.misshapen}) {
        for (const auto &line : *list)
            details.append(toQString(line));
    }
    m_details->setPlainText(details.join(QLatin1Char('\n')));
    m_details->setVisible(!details.isEmpty());
    m_name->setPlaceholderText(m_suggestedName);
    setState(found.isImportable() ? State::Ready : State::Refused);
}

void ImportModelDialog::showFailure(const ErrorReport &error)
{
    setHeadline(tr("This cannot be made a model"), "error");
    setProblem(toQString(error.message));
    setState(State::Failed);
}

void ImportModelDialog::startImport()
{
    if (m_state != State::Ready || !m_nameProblem.isEmpty())
        return;
    ModelImportRequest request;
    for (const QString &path : paths())
        request.paths.push_back(toStdString(path));
    request.name = toStdString(m_name->text().trimmed());
    request.link = m_link->isChecked();
    request.configFile = toStdString(m_configFile);
    request.modelsFolder = toStdString(m_registry);
    setProblem({});
    m_progress->setRange(0, 0);
    m_progressText->setText(request.link ? tr("Checking the weights…")
                                         : tr("Copying the weights…"));
    m_importJob = m_lane->start(
        {}, this,
        [request](const CancelToken &cancel, const ProgressSink &progress) {
            return importModel(request, cancel, progress);
        },
        [this](const ModelImport &done) {
            if (!done.wasCancelled)
                showImported(done);
        });
    setState(State::Importing);
}

void ImportModelDialog::showImported(const ModelImport &done)
{
    m_importedName = toQString(done.entry.name);
    clearFindings();
    setHeadline(tr("Imported as “%1”").arg(m_importedName), "accept");
    addFact(tr("Kind"), toQString(done.examination.summary));
    addFact(tr("Used for"), taskTitle(toQString(done.entry.task)));
    addFact(tr("Folder"), QDir::toNativeSeparators(toQString(done.folder)));
    for (const ModelFile &file : done.entry.files) {
        if (QFileInfo(toQString(file.path)).suffix() != QLatin1String("json"))
            addFact(toQString(file.path), QStringLiteral("sha256 ") + toQString(file.sha256));
    }
    if (!done.examination.missingTokenizer.empty())
        setProblem(tr("The tokenizer is missing: put %1, as published with the model, into the "
                      "folder.")
                       .arg(joined(done.examination.missingTokenizer)));
    const bool isUsable = done.entry.task != "network";
    setState(State::Imported);
    m_use->setVisible(isUsable);
    Q_EMIT imported(m_registry, m_importedName);
}

void ImportModelDialog::setState(State state)
{
    m_state = state;
    const bool works = state == State::Importing;
    m_files->setEnabled(!works);
    m_choices->setEnabled(!works);
    m_files->setVisible(state != State::Imported);
    m_choices->setVisible(state == State::Ready || works);
    m_progress->setVisible(works || state == State::Examining);
    if (state == State::Examining)
        m_progress->setRange(0, 0);
    m_progressText->setVisible(works);
    m_import->setVisible(state != State::Imported);
    m_another->setVisible(state == State::Imported);
    m_use->hide();
    m_cancel->setText(works                       ? tr("Cancel the import")
                      : state == State::Imported ? tr("Close")
                                                  : tr("Cancel"));
    checkName();
    Q_EMIT stateChanged();
}

void ImportModelDialog::setHeadline(const QString &text, const char *icon)
{
    m_headline->setText(text);
    const QString name = QString::fromLatin1(icon);
    m_icon->setVisible(!name.isEmpty());
    if (name.isEmpty())
        return;
    const QColor color = name == QLatin1String("accept") ? goodColor(palette())
                         : name == QLatin1String("error") ? errorColor(palette())
                                                          : warningColor(palette());
    m_icon->setPixmap(makeIconPixmap(name, color, kIconSize, devicePixelRatioF()));
}

void ImportModelDialog::addFact(const QString &name, const QString &value)
{
    const int row = m_facts->rowCount();
    QLabel *title = makeLabel(name, "muted");
    title->setMaximumWidth(220);
    title->setWordWrap(true);
    m_facts->addWidget(title, row, 0, Qt::AlignTop);
    m_facts->addWidget(makeValue(value), row, 1, Qt::AlignTop);
}

void ImportModelDialog::clearFindings()
{
    while (QLayoutItem *item = m_facts->takeAt(0)) {
        // Gone at once: what is asked next must not meet the old texts.
        delete item->widget();
        delete item;
    }
    m_details->clear();
    m_details->hide();
    setProblem({});
    setHeadline({}, "");
}

void ImportModelDialog::setProblem(const QString &text)
{
    m_problemText = text;
    m_problem->setText(text);
    m_problem->setVisible(!text.isEmpty());
}

void ImportModelDialog::checkName()
{
    const QString typed = m_name->text().trimmed();
    const QString name = typed.isEmpty() ? m_suggestedName : typed;
    m_nameProblem.clear();
    if (m_state == State::Ready && m_takenNames.contains(name))
        m_nameProblem = tr("There is a model “%1” already; type another name.").arg(name);
    m_nameHint->setText(
        !m_nameProblem.isEmpty()
            ? m_nameProblem
            : tr("It goes into %1").arg(QDir::toNativeSeparators(m_registry)));
    m_import->setEnabled(m_state == State::Ready && m_nameProblem.isEmpty());
    m_import->setDefault(m_import->isEnabled());
}

void ImportModelDialog::reject()
{
    if (m_importJob == 0) {
        QDialog::reject();
        return;
    }
    // The lane needs a moment to stop; the dialog goes when it has.
    m_lane->cancel(m_importJob);
    hide();
}

void ImportModelDialog::dragEnterEvent(QDragEnterEvent *event)
{
    if (m_state != State::Importing && !localFiles(*event->mimeData()).isEmpty())
        event->acceptProposedAction();
}

void ImportModelDialog::dropEvent(QDropEvent *event)
{
    const QStringList files = localFiles(*event->mimeData());
    if (files.isEmpty())
        return;
    event->acceptProposedAction();
    addPaths(files);
}

} // namespace sapsam::ui
