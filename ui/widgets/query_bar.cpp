#include "ui/widgets/query_bar.h"

#include "ui/support/icons.h"
#include "ui/widgets/labels.h"

#include <QAction>
#include <QCompleter>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPushButton>
#include <QStringListModel>

namespace sapsam::ui {

QueryBar::QueryBar(QWidget *parent)
    : QWidget(parent),
      m_edit(new QLineEdit),
      m_button(makePrimaryButton(tr("Search"))),
      m_history(new QStringListModel(this))
{
    m_edit->setObjectName(QStringLiteral("queryEdit"));
    m_edit->setAccessibleName(tr("Description of the person to look for"));
    m_edit->setPlaceholderText(tr("Describe a person: a woman in a red jacket and blue jeans"));
    m_edit->setClearButtonEnabled(true);
    m_edit->installEventFilter(this);
    m_icon = m_edit->addAction(QIcon(), QLineEdit::LeadingPosition);
    m_icon->setEnabled(false);
    auto *completer = new QCompleter(m_history, this);
    completer->setCaseSensitivity(Qt::CaseInsensitive);
    completer->setFilterMode(Qt::MatchContains);
    m_edit->setCompleter(completer);
    m_button->setAccessibleName(tr("Search"));

    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(m_edit, 1);
    layout->addWidget(m_button);
    const auto submit = [this] { Q_EMIT searchRequested(m_edit->text()); };
    connect(m_edit, &QLineEdit::returnPressed, this, submit);
    connect(m_button, &QPushButton::clicked, this, submit);
    connect(m_edit, &QLineEdit::textChanged, this, [this](const QString &text) {
        // Emptied by the clear button; typing passes through empty texts only with the focus.
        if (text.isEmpty())
            Q_EMIT cleared();
    });
    refreshIcons();
}

QString QueryBar::text() const
{
    return m_edit->text();
}

void QueryBar::setText(const QString &text)
{
    m_edit->setText(text);
}

void QueryBar::focusEdit()
{
    m_edit->setFocus(Qt::ShortcutFocusReason);
    m_edit->selectAll();
}

void QueryBar::setBusy(bool busy)
{
    m_button->setText(busy ? tr("Searching…") : tr("Search"));
}

void QueryBar::remember(const QString &text)
{
    QStringList list = m_history->stringList();
    list.removeAll(text);
    list.prepend(text);
    m_history->setStringList(list.mid(0, 50));
}

void QueryBar::setHistory(const QStringList &newestFirst)
{
    m_history->setStringList(newestFirst);
}

void QueryBar::refreshIcons()
{
    m_icon->setIcon(QIcon(makeIconPixmap(QStringLiteral("search"),
                                         palette().color(QPalette::PlaceholderText), 20, 1.0)));
}

bool QueryBar::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_edit && event->type() == QEvent::KeyPress
        && static_cast<QKeyEvent *>(event)->key() == Qt::Key_Escape) {
        if (m_edit->text().isEmpty())
            Q_EMIT cleared();
        m_edit->clear();
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace sapsam::ui
