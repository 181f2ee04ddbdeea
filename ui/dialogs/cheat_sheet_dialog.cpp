#include "ui/dialogs/cheat_sheet_dialog.h"

#include "ui/widgets/labels.h"

#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>
#include <QVBoxLayout>

#include <memory>

namespace sapsam::ui {

CheatSheetDialog::CheatSheetDialog(const QList<ActionSpec> &specs, QWidget *parent)
    : QDialog(parent)
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
            const QString text = QString(spec.text).remove(QLatin1Char('&'));
            auto *name = new QLabel(text);
            QLabel *key = makeLabel(keys.join(tr(" or ")), "muted");
            grid->addWidget(name, row, 0);
            grid->addWidget(key, row++, 1, Qt::AlignRight);
            lines->append({text + QLatin1Char(' ') + keys.join(QLatin1Char(' ')), {name, key}});
        }
    }
    grid->setRowStretch(row, 1);
    connect(filter, &QLineEdit::textChanged, content, [lines](const QString &wanted) {
        for (const Line &line : *lines) {
            for (QWidget *widget : line.widgets)
                widget->setVisible(line.text.contains(wanted, Qt::CaseInsensitive));
        }
    });

    auto *scroll = new QScrollArea;
    scroll->setWidget(content);
    scroll->setWidgetResizable(true);
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
}

} // namespace sapsam::ui
