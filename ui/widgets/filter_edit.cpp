#include "ui/widgets/filter_edit.h"

#include "ui/support/text.h"

#include <QAbstractItemView>
#include <QCompleter>
#include <QStringListModel>

namespace sapsam::ui {

namespace {

constexpr int kMaxOffers = 12;

} // namespace

FilterEdit::FilterEdit(QWidget *parent)
    : QLineEdit(parent), m_completer(new QCompleter(this)), m_offers(new QStringListModel(this))
{
    setPlaceholderText(tr("Filter, such as split:train has:hat rating>=4"));
    setAccessibleName(tr("Filter"));
    setClearButtonEnabled(true);
    QString help;
    for (const FilterKeyHelp &key : filterKeys())
        help += QStringLiteral("%1 — %2\n").arg(toQString(key.example), toQString(key.help));
    setToolTip(help.trimmed());
    m_completer->setModel(m_offers);
    m_completer->setWidget(this);
    m_completer->setCompletionMode(QCompleter::UnfilteredPopupCompletion);
    connect(this, &QLineEdit::textEdited, this, &FilterEdit::complete);
    connect(m_completer, qOverload<const QString &>(&QCompleter::activated), this,
            &FilterEdit::insertCompletion);
}

QString FilterEdit::problem() const
{
    const FilterParse parse = parseFilter(toStdString(text()));
    if (!parse.problem)
        return {};
    const QString before = toQString(toStdString(text()).substr(0, parse.problem->begin));
    return tr("Filter, column %1: %2").arg(before.size() + 1).arg(toQString(parse.problem->message));
}

void FilterEdit::complete()
{
    const QByteArray all = text().toUtf8();
    const auto cursor = static_cast<std::size_t>(text().left(cursorPosition()).toUtf8().size());
    const FilterCompletions found =
        completeFilter({all.constData(), static_cast<std::size_t>(all.size())}, cursor, m_words);
    m_begin = QString::fromUtf8(all.left(static_cast<qsizetype>(found.begin))).size();
    m_end = QString::fromUtf8(all.left(static_cast<qsizetype>(found.end))).size();
    QStringList offers;
    for (const FilterCompletion &item : found.items) {
        if (offers.size() < kMaxOffers)
            offers.append(toQString(item.text));
    }
    const QString typed = text().mid(m_begin, m_end - m_begin);
    // Nothing to complete, or complete already.
    if (offers.isEmpty() || typed.isEmpty() || (offers.size() == 1 && offers.first() == typed)) {
        m_completer->popup()->hide();
        return;
    }
    m_offers->setStringList(offers);
    m_completer->complete();
}

void FilterEdit::insertCompletion(const QString &completion)
{
    QString whole = text();
    whole.replace(m_begin, m_end - m_begin, completion);
    setText(whole);
    setCursorPosition(static_cast<int>(m_begin + completion.size()));
    Q_EMIT textEdited(whole);
}

} // namespace sapsam::ui
