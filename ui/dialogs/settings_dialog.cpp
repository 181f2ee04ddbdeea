#include "ui/dialogs/settings_dialog.h"

#include "ui/dialogs/key_editor.h"
#include "ui/support/settings.h"
#include "ui/widgets/labels.h"
#include "ui/widgets/model_list.h"
#include "ui/widgets/path_row.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSlider>
#include <QSpinBox>
#include <QVBoxLayout>

namespace sapsam::ui {

namespace {

constexpr int kControlWidth = 240;

QSlider *makeSlider(int from, int to, int value)
{
    auto *slider = new QSlider(Qt::Horizontal);
    slider->setRange(from, to);
    slider->setValue(value);
    return slider;
}

} // namespace

SettingsDialog::SettingsDialog(Settings &settings, ActionRegistry &registry,
                               const QString &modelsFolder, QWidget *parent)
    : QDialog(parent),
      m_settings(settings),
      m_search(new QLineEdit),
      m_scroll(new QScrollArea),
      m_content(new QWidget),
      m_keys(new KeyEditor(registry))
{
    setWindowTitle(tr("Settings"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(760, 700);
    m_search->setPlaceholderText(tr("Search the settings"));
    m_search->setAccessibleName(tr("Search the settings"));
    m_search->setClearButtonEnabled(true);
    setRole(m_content, "page");
    auto *rows = new QVBoxLayout(m_content);
    rows->setContentsMargins(4, 4, 16, 4);
    rows->setSpacing(10);

    addSection(tr("Appearance"));
    auto *theme = new QComboBox;
    theme->addItem(tr("As the system"), nameOfThemeChoice(ThemeChoice::System));
    theme->addItem(tr("Light"), nameOfThemeChoice(ThemeChoice::Light));
    theme->addItem(tr("Dark"), nameOfThemeChoice(ThemeChoice::Dark));
    theme->setCurrentIndex(theme->findData(nameOfThemeChoice(m_settings.theme())));
    connect(theme, &QComboBox::currentIndexChanged, this, [this, theme] {
        m_settings.setTheme(themeChoiceFromName(theme->currentData().toString()));
        Q_EMIT themeChanged();
    });
    addRow(tr("Colours"), tr("Light, dark, or whatever the desktop uses."), theme);
    auto *text = new QSpinBox;
    text->setRange(80, 200);
    text->setSingleStep(10);
    text->setSuffix(tr(" %"));
    text->setValue(m_settings.textPercent());
    connect(text, &QSpinBox::valueChanged, this, [this](int percent) {
        m_settings.setTextPercent(percent);
        Q_EMIT textSizeChanged();
    });
    addRow(tr("Size of the text"), tr("Of all text in the window."), text);
    auto *language = new QComboBox;
    language->addItem(tr("As the system"), QString());
    language->addItem(QStringLiteral("English"), QStringLiteral("en"));
    language->addItem(QStringLiteral("Deutsch"), QStringLiteral("de"));
    language->setCurrentIndex(std::max(0, language->findData(m_settings.language())));
    connect(language, &QComboBox::currentIndexChanged, this, [this, language] {
        m_settings.setLanguage(language->currentData().toString());
        Q_EMIT languageChanged();
    });
    addRow(tr("Language"), tr("The window is made anew; the project stays open."), language);

    addSection(tr("Gallery and viewer"));
    QSlider *cells = makeSlider(80, 320, m_settings.cellWidth());
    connect(cells, &QSlider::valueChanged, this, &SettingsDialog::cellWidthChanged);
    addRow(tr("Size of the pictures"), tr("In the gallery; Ctrl and the wheel do the same there."),
           cells);
    auto *memory = new QSpinBox;
    memory->setRange(32, 4096);
    memory->setSingleStep(32);
    memory->setSuffix(tr(" MB"));
    memory->setValue(m_settings.thumbnailMegabytes());
    connect(memory, &QSpinBox::valueChanged, this, [this](int megabytes) {
        m_settings.setThumbnailMegabytes(megabytes);
        Q_EMIT thumbnailMemoryChanged(megabytes);
    });
    addRow(tr("Memory for thumbnails"),
           tr("More lets a large gallery scroll back without drawing pictures again."), memory);
    QSlider *opacity = makeSlider(0, 100, m_settings.overlayOpacity());
    connect(opacity, &QSlider::valueChanged, this, &SettingsDialog::overlayOpacityChanged);
    addRow(tr("Opacity of the masks"), tr("How much of the picture they cover."), opacity);

    addSection(tr("Models"));
    auto *folder =
        new PathRow(PathRow::Kind::Folder, tr("Folder of the models"), tr("The program's own"));
    folder->setPath(m_settings.modelsFolder());
    const auto setFolder = [this, folder](const QString &wanted) {
        folder->setPath(wanted);
        m_settings.setModelsFolder(wanted);
        Q_EMIT modelsFolderChanged();
    };
    connect(folder, &PathRow::chosen, this, setFolder);
    m_models = new ModelList(modelsFolder);
    connect(m_models, &ModelList::modelsFolderChosen, this, setFolder);
    connect(m_models, &ModelList::importRequested, this, &SettingsDialog::importModelRequested);
    addWideRow(tr("Models"),
               tr("What is found, drawn and written with, and the models that could be used for "
                  "it. Those in use are bold."),
               m_models);
    addRow(tr("Folder of the models"),
           tr("A folder with manifest.json and the models. The window is made anew."), folder);

    auto *precision = new QComboBox;
    precision->addItem(tr("Automatic"), QStringLiteral("auto"));
    precision->addItem(tr("fp32: exact"), QStringLiteral("fp32"));
    precision->addItem(tr("bf16: faster, rounded"), QStringLiteral("bf16"));
    precision->addItem(tr("int8: least memory"), QStringLiteral("int8"));
    precision->setCurrentIndex(precision->findData(m_settings.precision()));
    connect(precision, &QComboBox::currentIndexChanged, this, [this, precision] {
        m_settings.setPrecision(precision->currentData().toString());
        Q_EMIT precisionChanged();
    });
    addRow(tr("Precision"),
           tr("How the models compute. int8 keeps the language model that writes phrases in 8 bits "
              "and everything else in bf16; some phrases come out differently. The window is made "
              "anew."),
           precision);

    addSection(tr("Keys"));
    rows->addWidget(m_keys, 1);
    m_nothing = makeLabel(tr("No setting has this in its name. Try another word."), "muted");
    m_nothing->hide();
    rows->addWidget(m_nothing);

    m_scroll->setWidget(m_content);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setAccessibleName(tr("Settings"));
    auto *close = new QPushButton(tr("Close"));
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 20, 12, 16);
    layout->setSpacing(14);
    layout->addWidget(makeLabel(tr("Settings"), "title"));
    auto *top = new QHBoxLayout;
    top->setContentsMargins(0, 0, 12, 0);
    top->addWidget(m_search);
    layout->addLayout(top);
    layout->addWidget(m_scroll, 1);
    auto *bottom = new QHBoxLayout;
    bottom->setContentsMargins(0, 0, 12, 0);
    bottom->addWidget(makeLabel(tr("Changes act at once."), "small"), 1);
    bottom->addWidget(close);
    layout->addLayout(bottom);
    connect(m_search, &QLineEdit::textChanged, this,
            [this](const QString &typed) { filter(typed.trimmed()); });
    m_search->setFocus();
}

void SettingsDialog::addSection(const QString &title)
{
    QLabel *heading = makeLabel(title.toUpper(), "section");
    heading->setContentsMargins(0, m_sections.isEmpty() ? 0 : 14, 0, 2);
    m_sections.append(heading);
    m_sectionTitles.append(title);
    m_content->layout()->addWidget(heading);
}

void SettingsDialog::addRow(const QString &title, const QString &explanation, QWidget *control)
{
    auto *row = new QWidget;
    auto *layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(20);
    auto *texts = new QVBoxLayout;
    texts->setSpacing(2);
    auto *name = new QLabel(title);
    QLabel *why = makeLabel(explanation, "small");
    why->setWordWrap(true);
    texts->addWidget(name);
    texts->addWidget(why);
    layout->addLayout(texts, 1);
    control->setMinimumWidth(kControlWidth);
    if (control->accessibleName().isEmpty())
        control->setAccessibleName(title);
    name->setBuddy(control);
    layout->addWidget(control, 0, Qt::AlignVCenter);
    m_content->layout()->addWidget(row);
    m_rows.append(
        {title + QLatin1Char(' ') + explanation + QLatin1Char(' ') + m_sectionTitles.last(), row,
         static_cast<int>(m_sections.size()) - 1});
}

void SettingsDialog::addWideRow(const QString &title, const QString &explanation, QWidget *control)
{
    auto *row = new QWidget;
    auto *layout = new QVBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2);
    layout->addWidget(new QLabel(title));
    QLabel *why = makeLabel(explanation, "small");
    why->setWordWrap(true);
    layout->addWidget(why);
    layout->addSpacing(4);
    layout->addWidget(control);
    m_content->layout()->addWidget(row);
    m_rows.append(
        {title + QLatin1Char(' ') + explanation + QLatin1Char(' ') + m_sectionTitles.last(), row,
         static_cast<int>(m_sections.size()) - 1});
}

void SettingsDialog::filter(const QString &text)
{
    QList<bool> hasRows(m_sections.size(), false);
    for (const Row &row : std::as_const(m_rows)) {
        const bool shown = row.text.contains(text, Qt::CaseInsensitive);
        row.widget->setVisible(shown);
        hasRows[row.section] = hasRows[row.section] || shown;
    }
    const bool wholeKeys = m_sectionTitles.last().contains(text, Qt::CaseInsensitive);
    hasRows.last() = m_keys->setFilter(wholeKeys ? QString() : text);
    m_keys->setVisible(hasRows.last());
    for (qsizetype section = 0; section < m_sections.size(); ++section)
        m_sections[section]->setVisible(hasRows[section]);
    m_nothing->setVisible(!hasRows.contains(true));
}

} // namespace sapsam::ui
