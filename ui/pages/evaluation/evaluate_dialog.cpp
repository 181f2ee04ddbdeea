#include "ui/pages/evaluation/evaluate_dialog.h"

#include "ui/support/text.h"
#include "ui/widgets/labels.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>

namespace sapsam::ui {

namespace {

const QString kRetrieval = QStringLiteral("retrieval");
const QString kParsing = QStringLiteral("parsing");
const QString kProject = QStringLiteral("project");
const QString kDataset = QStringLiteral("dataset");
const QString kSynthetic = QStringLiteral("synthetic");

} // namespace

EvaluateDialog::EvaluateDialog(const Choices &choices, QWidget *parent)
    : QDialog(parent),
      m_choices(choices),
      m_form(new QFormLayout),
      m_kind(new QComboBox),
      m_model(new QComboBox),
      m_source(new QComboBox),
      m_split(new QComboBox),
      m_folderRow(new QWidget),
      m_folder(new QLineEdit),
      m_count(new QSpinBox),
      m_seed(new QSpinBox),
      m_resamples(new QSpinBox),
      m_stored(new QCheckBox(tr("Use the stored features of the project (faster, rounded)"))),
      m_problem(makeLabel({}, "warning")),
      m_start(makePrimaryButton(tr("Evaluate")))
{
    setWindowTitle(tr("Evaluate a model"));
    setMinimumWidth(560);
    m_kind->addItem(tr("Retrieval: find a person by a description"), kRetrieval);
    m_kind->addItem(tr("Parsing: masks of the parts"), kParsing);
    m_source->addItem(tr("This project"), kProject);
    m_source->addItem(tr("A data set folder"), kDataset);
    m_source->addItem(tr("Drawn people that no training sees"), kSynthetic);
    m_count->setRange(1, 100000);
    m_count->setValue(200);
    m_count->setSingleStep(50);
    m_seed->setRange(0, 1000000);
    m_seed->setValue(1);
    m_resamples->setRange(1, 100000);
    m_resamples->setValue(1000);
    m_resamples->setSingleStep(100);
    m_resamples->setToolTip(tr("More resamples make the ends of the intervals steadier."));
    m_problem->setWordWrap(true);

    const auto name = [](QWidget *widget, const QString &text) { widget->setAccessibleName(text); };
    name(m_kind, tr("What to evaluate"));
    name(m_model, tr("Model"));
    name(m_source, tr("Data"));
    name(m_split, tr("Split"));
    name(m_folder, tr("Folder of the data set"));
    name(m_count, tr("Number of drawn people"));
    name(m_seed, tr("Seed of the drawn people"));
    name(m_resamples, tr("Resamples"));

    auto *browse = new QPushButton(tr("Choose…"));
    auto *folderLayout = new QHBoxLayout(m_folderRow);
    folderLayout->setContentsMargins(0, 0, 0, 0);
    folderLayout->addWidget(m_folder, 1);
    folderLayout->addWidget(browse);
    connect(browse, &QPushButton::clicked, this, [this] {
        const QString path =
            QFileDialog::getExistingDirectory(this, tr("Folder of the data set"), m_folder->text());
        if (!path.isEmpty())
            m_folder->setText(path);
    });

    m_form->setLabelAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_form->setHorizontalSpacing(14);
    m_form->setVerticalSpacing(10);
    m_form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    m_form->addRow(tr("Evaluate"), m_kind);
    m_form->addRow(tr("Model"), m_model);
    m_form->addRow(tr("On"), m_source);
    m_form->addRow(tr("Split"), m_split);
    m_form->addRow(tr("Folder"), m_folderRow);
    m_form->addRow(tr("People"), m_count);
    m_form->addRow(tr("Seed"), m_seed);
    m_form->addRow(tr("Resamples"), m_resamples);
    m_form->addRow(QString(), m_stored);

    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    buttons->addButton(m_start, QDialogButtonBox::AcceptRole);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    QLabel *hint = makeLabel(tr("All captions of the data are asked, all its pictures are the "
                                "gallery. It runs as a job beside your work."),
                             "muted");
    hint->setWordWrap(true);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 20, 24, 16);
    layout->setSpacing(12);
    layout->addWidget(makeLabel(tr("Evaluate a model"), "heading"));
    layout->addWidget(hint);
    layout->addLayout(m_form);
    layout->addWidget(m_problem);
    layout->addStretch(1);
    layout->addWidget(buttons);

    connect(m_kind, &QComboBox::currentIndexChanged, this, [this] {
        fillModels();
        update();
    });
    connect(m_source, &QComboBox::currentIndexChanged, this, &EvaluateDialog::update);
    connect(m_split, &QComboBox::currentIndexChanged, this, &EvaluateDialog::update);
    connect(m_folder, &QLineEdit::textChanged, this, &EvaluateDialog::update);
    fillModels();
    if (m_choices.captioned == 0)
        m_source->setCurrentIndex(2);
    update();
}

void EvaluateDialog::fillModels()
{
    m_model->clear();
    for (const EvaluationModel &model :
         kind() == "parsing" ? m_choices.parsing : m_choices.retrieval) {
        m_model->addItem(QStringLiteral("%1 (%2)").arg(toQString(model.name),
                                                       model.origin == "shipped" ? tr("shipped")
                                                       : model.origin == "imported"
                                                           ? tr("imported")
                                                           : toQString(model.origin)),
                         toQString(model.folder));
    }
}

void EvaluateDialog::update()
{
    const QString source = m_source->currentData().toString();
    const bool isParsing = kind() == "parsing";
    const bool isDataset = source == kDataset;
    // A data set has its three splits, label maps have none.
    const bool hadChoice = m_split->count() > 0;
    const QString wanted = m_split->currentData().toString();
    const QSignalBlocker blocker(m_split);
    m_split->clear();
    if (isDataset) {
        for (const char *split : {"test", "val", "train"})
            m_split->addItem(QString::fromLatin1(split), QString::fromLatin1(split));
    } else {
        QStringList splits = m_choices.splits;
        if (splits.removeAll(QStringLiteral("test")) > 0)
            splits.prepend(QStringLiteral("test"));
        for (const QString &split : std::as_const(splits))
            m_split->addItem(split, split);
        m_split->addItem(tr("All together"), QString());
    }
    const int place = hadChoice ? m_split->findData(wanted) : -1;
    m_split->setCurrentIndex(place >= 0 ? place : 0);

    const auto showRow = [this](QWidget *field, bool isVisible) {
        field->setVisible(isVisible);
        if (QWidget *label = m_form->labelForField(field))
            label->setVisible(isVisible);
    };
    showRow(m_split, source == kProject || (isDataset && !isParsing));
    showRow(m_folderRow, isDataset);
    showRow(m_count, source == kSynthetic);
    showRow(m_seed, source == kSynthetic);
    showRow(m_stored, source == kProject && !isParsing);
    const QString why = problem();
    m_problem->setText(why);
    m_problem->setVisible(!why.isEmpty());
    m_start->setEnabled(why.isEmpty());
    // Rows that have appeared are not squeezed in; what was hidden got its style only now.
    for (QWidget *part : m_folderRow->findChildren<QWidget *>())
        part->ensurePolished();
    m_folderRow->layout()->invalidate();
    m_folderRow->updateGeometry();
    layout()->activate();
    resize(width(), std::max(height(), layout()->totalHeightForWidth(width())));
}

std::string EvaluateDialog::kind() const
{
    return toStdString(m_kind->currentData().toString());
}

std::string EvaluateDialog::modelFolder() const
{
    return toStdString(m_model->currentData().toString());
}

EvaluationRequest EvaluateDialog::request() const
{
    EvaluationRequest request;
    request.source = toStdString(m_source->currentData().toString());
    if (request.source == "dataset")
        request.folder = toStdString(m_folder->text().trimmed());
    if (request.source != "synthetic")
        request.split = toStdString(m_split->currentData().toString());
    request.count = m_count->value();
    request.seed = static_cast<std::uint64_t>(m_seed->value());
    request.bootstrap.resamples = m_resamples->value();
    request.storedFeatures = request.source == "project" && m_stored->isChecked();
    return request;
}

QString EvaluateDialog::problem() const
{
    if (m_model->count() == 0)
        return tr("There is no model of this kind. Train one, or import one on the training page.");
    const QString source = m_source->currentData().toString();
    if (source == kProject && kind() == "retrieval" && m_choices.captioned == 0)
        return tr("No picture of this project has both a caption and an identity, so there is "
                  "nothing to ask and nobody can say what is right. Import a data set that has "
                  "them, or choose other data.");
    if (source == kProject && kind() == "parsing" && m_choices.withHumanParts == 0)
        return tr("Nobody has drawn or corrected a part in this project, so there is nothing to "
                  "measure masks against. Correct some in the viewer, or choose other data.");
    if (source == kDataset) {
        const QString folder = m_folder->text().trimmed();
        if (folder.isEmpty())
            return tr("Choose the folder of a data set.");
        if (!QFileInfo(folder).isDir())
            return tr("There is no such folder.");
    }
    return {};
}

} // namespace sapsam::ui
