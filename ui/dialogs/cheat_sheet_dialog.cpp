#include "ui/dialogs/cheat_sheet_dialog.h"

#include "ui/widgets/labels.h"

#include <QDir>
#include <QFileDialog>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPdfWriter>
#include <QPrintDialog>
#include <QPrinter>
#include <QPushButton>
#include <QScrollArea>
#include <QSet>
#include <QTextDocument>
#include <QVBoxLayout>

#include <memory>
#include <utility>

namespace sapsam::ui {

CheatSheetDialog::CheatSheetDialog(const QList<ActionSpec> &specs, QWidget *parent)
    : QDialog(parent), m_specs(specs)
{
    setWindowTitle(tr("Keys"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(560, 640);

    auto *filter = new QLineEdit;
    filter->setPlaceholderText(tr("Filter"));
    filter->setAccessibleName(tr("Filter the keys"));
    filter->setClearButtonEnabled(true);

    auto *content = new QWidget;
    setRole(content, "page");
    auto *grid = new QGridLayout(content);
    grid->setContentsMargins(4, 4, 16, 4);
    grid->setHorizontalSpacing(24);
    grid->setVerticalSpacing(8);
    grid->setColumnStretch(0, 1);
    QStringList sections;
    for (const ActionSpec &spec : specs) {
        if (!spec.keys.isEmpty() && !sections.contains(spec.section))
            sections.append(spec.section);
    }
    struct Line
    {
        QString text;
        QList<QWidget *> widgets;
        QWidget *heading;
    };
    auto lines = std::make_shared<QList<Line>>();
    int row = 0;
    for (const QString &section : sections) {
        QLabel *heading = makeLabel(section.toUpper(), "section");
        heading->setContentsMargins(0, row == 0 ? 0 : 14, 0, 2);
        grid->addWidget(heading, row++, 0, 1, 2);
        for (const ActionSpec &spec : specs) {
            if (spec.keys.isEmpty() || spec.section != section)
                continue;
            QStringList keys;
            for (const QKeySequence &key : spec.keys)
                keys.append(key.toString(QKeySequence::NativeText));
            const QString text = spec.title();
            auto *name = new QLabel(text);
            name->setWordWrap(true); // no key is pushed out of sight
            QLabel *key = makeLabel(keys.join(tr(" or ")), "muted");
            grid->addWidget(name, row, 0);
            grid->addWidget(key, row++, 1, Qt::AlignRight);
            lines->append(
                {text + QLatin1Char(' ') + keys.join(QLatin1Char(' ')), {name, key}, heading});
        }
    }
    grid->setRowStretch(row, 1);
    connect(filter, &QLineEdit::textChanged, content, [lines](const QString &wanted) {
        QSet<QWidget *> headings; // of what fits
        for (const Line &line : *lines) {
            const bool fits = line.text.contains(wanted, Qt::CaseInsensitive);
            for (QWidget *widget : line.widgets)
                widget->setVisible(fits);
            if (fits)
                headings.insert(line.heading);
        }
        for (const Line &line : *lines)
            line.heading->setVisible(headings.contains(line.heading));
    });

    auto *scroll = new QScrollArea;
    scroll->setWidget(content);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setAccessibleName(tr("Keys"));
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 20, 12, 16);
    layout->setSpacing(14);
    layout->addWidget(makeLabel(tr("Keys"), "title"));
    auto *filterRow = new QHBoxLayout;
    filterRow->setContentsMargins(0, 0, 12, 0);
    filterRow->addWidget(filter);
    layout->addLayout(filterRow);
    layout->addWidget(scroll, 1);
    auto *buttons = new QHBoxLayout;
    buttons->setContentsMargins(0, 0, 12, 0);
    auto *printButton = new QPushButton(tr("Print…"));
    auto *pdfButton = new QPushButton(tr("Save as PDF…"));
    auto *closeButton = new QPushButton(tr("Close"));
    buttons->addWidget(printButton);
    buttons->addWidget(pdfButton);
    buttons->addStretch(1);
    buttons->addWidget(closeButton);
    layout->addLayout(buttons);
    connect(printButton, &QPushButton::clicked, this, &CheatSheetDialog::print);
    connect(pdfButton, &QPushButton::clicked, this, &CheatSheetDialog::savePdf);
    connect(closeButton, &QPushButton::clicked, this, &QDialog::reject);
    filter->setFocus();
}

void CheatSheetDialog::print()
{
    auto printer = std::make_shared<QPrinter>(QPrinter::HighResolution);
    printer->setDocName(tr("Keys of the SAP-SAM Workbench"));
    auto *dialog = new QPrintDialog(printer.get(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, qOverload<QPrinter *>(&QPrintDialog::accepted), this,
            [this, printer] { printCheatSheet(m_specs, *printer); });
    dialog->open();
}

void CheatSheetDialog::savePdf()
{
    auto *dialog = new QFileDialog(this, tr("Save the keys as PDF"), QDir::homePath(),
                                   tr("PDF files (*.pdf)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("pdf"));
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString &file) {
        QPdfWriter writer(file);
        printCheatSheet(m_specs, writer);
    });
    dialog->open();
}

void printCheatSheet(const QList<ActionSpec> &specs, QPagedPaintDevice &device)
{
    QStringList sections;
    for (const ActionSpec &spec : specs) {
        if (!spec.keys.isEmpty() && !sections.contains(spec.section))
            sections.append(spec.section);
    }
    QString html = QStringLiteral("<h2>%1</h2>")
                       .arg(CheatSheetDialog::tr("Keys of the SAP-SAM Workbench").toHtmlEscaped());
    for (const QString &section : std::as_const(sections)) {
        html += QStringLiteral("<h4>%1</h4><table width='100%' cellspacing='0' cellpadding='2'>")
                    .arg(section.toHtmlEscaped());
        for (const ActionSpec &spec : specs) {
            if (spec.keys.isEmpty() || spec.section != section)
                continue;
            QStringList keys;
            for (const QKeySequence &key : spec.keys)
                keys.append(key.toString(QKeySequence::NativeText));
            html += QStringLiteral("<tr><td width='65%'>%1</td><td>%2</td></tr>")
                        .arg(spec.title().toHtmlEscaped(),
                             keys.join(CheatSheetDialog::tr(" or ")).toHtmlEscaped());
        }
        html += QStringLiteral("</table>");
    }
    QTextDocument document;
    QFont font = document.defaultFont();
    font.setPointSize(9);
    document.setDefaultFont(font);
    document.setHtml(html);
    document.print(&device);
}

} // namespace sapsam::ui
