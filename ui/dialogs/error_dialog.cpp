#include "ui/dialogs/error_dialog.h"

#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/labels.h"

#include <QClipboard>
#include <QCoreApplication>
#include <QDialogButtonBox>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace sapsam::ui {

QString adviceFor(ErrorKind kind)
{
    switch (kind) {
    case ErrorKind::InvalidInput:
        return ErrorDialog::tr("Change what was entered and try again.");
    case ErrorKind::NotFound:
        return ErrorDialog::tr("Check that the file or folder is still where it was.");
    case ErrorKind::Io:
        return ErrorDialog::tr(
            "Check that the disk is connected and that you may read and write there, "
            "then try again. What was stored before is safe.");
    case ErrorKind::Corrupt:
        return ErrorDialog::tr(
            "The file is damaged. Restore it from a backup, or remove it and make it "
            "again. “sapsam doctor” checks a whole project.");
    case ErrorKind::Unsupported:
        return ErrorDialog::tr(
            "This program cannot use that kind of file. Convert it and try again.");
    case ErrorKind::Mismatch:
        return ErrorDialog::tr(
            "Two things do not belong together. Run the step again with the present "
            "model.");
    case ErrorKind::OutOfMemory:
        return ErrorDialog::tr(
            "Close other programs or choose a smaller model, then run the step again: "
            "it goes on where it stopped.");
    case ErrorKind::NoSpace:
        return ErrorDialog::tr(
            "Free some space on the disk, then run the step again: it goes on where "
            "it stopped.");
    case ErrorKind::Busy:
        return ErrorDialog::tr(
            "Another program works on this project. Wait for it or close it, then try "
            "again.");
    case ErrorKind::Internal:
        return ErrorDialog::tr(
            "This is a mistake of the program. Copy the details into a report; your "
            "project is as it was before.");
    }
    return {};
}

ErrorDialog::ErrorDialog(const QString &what, const ErrorReport &error, QWidget *parent,
                         const QString &advice)
    : QDialog(parent)
{
    setWindowTitle(tr("Something went wrong"));
    setAttribute(Qt::WA_DeleteOnClose);
    setMinimumWidth(460);

    auto *icon = new QLabel;
    icon->setPixmap(
        makeIconPixmap(QStringLiteral("error"), errorColor(palette()), 32, devicePixelRatioF()));
    QLabel *title = makeLabel(tr("“%1” could not be done").arg(what), "heading");
    auto *why = new QLabel(toQString(error.message));
    why->setTextFormat(Qt::PlainText);
    why->setWordWrap(true);
    why->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    QLabel *next = makeLabel(advice.isEmpty() ? adviceFor(error.kind) : advice, "muted");
    next->setWordWrap(true);

    auto *details = new QPlainTextEdit(QStringLiteral("%1\n%2\n%3 %4")
                                           .arg(what, toQString(error.message),
                                                QString::fromLatin1(sapsam::nameOf(error.kind)),
                                                QCoreApplication::applicationVersion()));
    details->setReadOnly(true);
    details->setAccessibleName(tr("Details"));
    details->setFixedHeight(110);
    details->hide();

    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    QPushButton *toggle = buttons->addButton(tr("Details"), QDialogButtonBox::ActionRole);
    QPushButton *copy = buttons->addButton(tr("Copy"), QDialogButtonBox::ActionRole);
    toggle->setCheckable(true);
    connect(toggle, &QPushButton::toggled, this, [this, details](bool on) {
        details->setVisible(on);
        adjustSize();
    });
    connect(copy, &QPushButton::clicked, details,
            [details] { QGuiApplication::clipboard()->setText(details->toPlainText()); });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);

    auto *text = new QVBoxLayout;
    text->setSpacing(8);
    text->addWidget(title);
    text->addWidget(why);
    text->addWidget(next);
    auto *top = new QHBoxLayout;
    top->setSpacing(16);
    top->addWidget(icon, 0, Qt::AlignTop);
    top->addLayout(text, 1);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 16);
    layout->setSpacing(16);
    layout->addLayout(top);
    layout->addWidget(details);
    layout->addWidget(buttons);
}

void ErrorDialog::present(const QString &what, const ErrorReport &error, QWidget *parent,
                          const QString &next)
{
    auto *dialog = new ErrorDialog(what, error, parent, next);
    dialog->open();
}

} // namespace sapsam::ui
