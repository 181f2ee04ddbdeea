#include "ui/dialogs/command_model.h"

#include <QAction>

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kWordStart = 8;
constexpr int kNeighbour = 6;
constexpr int kLetter = 1;
constexpr int kRecent = 4; // what was used lately wins a draw
const QString kOwnAction = QStringLiteral("view.palette");

} // namespace

int fuzzyScore(const QString &text, const QString &typed, QList<int> *positions)
{
    QList<int> found;
    int score = 0;
    qsizetype from = 0;
    qsizetype last = -2;
    for (const QChar letter : typed) {
        if (letter.isSpace())
            continue;
        // The beginning of a word that is still to come is preferred to a letter inside of one.
        qsizetype best = -1;
        for (qsizetype at = from; at < text.size(); ++at) {
            if (text[at].toCaseFolded() != letter.toCaseFolded())
                continue;
            const bool startsWord = at == 0 || !text[at - 1].isLetterOrNumber();
            if (at == last + 1 || startsWord) {
                best = at;
                break;
            }
            if (best < 0)
                best = at;
        }
        if (best < 0)
            return 0;
        const bool startsWord = best == 0 || !text[best - 1].isLetterOrNumber();
        score += kLetter + (best == last + 1 ? kNeighbour : 0) + (startsWord ? kWordStart : 0);
        found.append(static_cast<int>(best));
        last = best;
        from = best + 1;
    }
    if (positions != nullptr)
        *positions = found;
    return std::max(score, 1);
}

CommandModel::CommandModel(const ActionRegistry &registry, QObject *parent)
    : QAbstractListModel(parent), m_registry(registry)
{
    setTyped({});
}

void CommandModel::setUnavailablePages(const QStringList &pageIds)
{
    m_unavailable = pageIds;
}

void CommandModel::setTyped(const QString &typed)
{
    beginResetModel();
    m_rows.clear();
    const QStringList &recent = m_registry.recent();
    for (const ActionSpec &spec : m_registry.specs()) {
        if (spec.id == kOwnAction)
            continue;
        Row row;
        row.spec = spec;
        // Its words may stand in the section, too: "view zoom".
        row.score = fuzzyScore(spec.title(), typed, &row.positions);
        if (row.score == 0) {
            row.positions.clear();
            row.score = fuzzyScore(spec.section + QLatin1Char(' ') + spec.title(), typed) / 2;
        }
        if (row.score == 0)
            continue;
        const qsizetype place = recent.indexOf(spec.id);
        if (place >= 0)
            row.score +=
                typed.isEmpty() ? static_cast<int>(recent.size() - place) * kRecent : kRecent;
        row.isEnabled = m_registry.action(spec.id)->isEnabled()
                        && !m_unavailable.contains(pageOfScope(spec.scope));
        m_rows.append(row);
    }
    std::stable_sort(m_rows.begin(), m_rows.end(), [](const Row &a, const Row &b) {
        if (a.isEnabled != b.isEnabled)
            return a.isEnabled;
        return a.score > b.score;
    });
    endResetModel();
}

int CommandModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant CommandModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= m_rows.size())
        return {};
    const Row &row = m_rows[index.row()];
    QStringList keys;
    for (const QKeySequence &key : row.spec.keys)
        keys.append(key.toString(QKeySequence::NativeText));
    switch (role) {
    case Qt::DisplayRole:
        return row.spec.title();
    case Qt::ToolTipRole:
        return row.spec.tip;
    case Qt::AccessibleTextRole:
        return keys.isEmpty() ? row.spec.title()
                              : tr("%1, %2").arg(row.spec.title(), keys.join(tr(" or ")));
    case IdRole:
        return row.spec.id;
    case KeysRole:
        return keys.isEmpty() ? QString() : keys.first();
    case SectionRole:
        return row.spec.section;
    case PositionsRole:
        return QVariant::fromValue(row.positions);
    case EnabledRole:
        return row.isEnabled;
    default:
        return {};
    }
}

Qt::ItemFlags CommandModel::flags(const QModelIndex &index) const
{
    if (!index.isValid() || index.row() >= m_rows.size())
        return {};
    return m_rows[index.row()].isEnabled ? Qt::ItemIsEnabled | Qt::ItemIsSelectable
                                         : Qt::NoItemFlags;
}

} // namespace sapsam::ui
