#include "ui/pages/training/runs_model.h"

#include "ui/support/text.h"
#include "ui/support/theme.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <QPainter>

#include <algorithm>
#include <array>

namespace sapsam::ui {

namespace {

constexpr int kPadding = 12;
constexpr int kBarHeight = 5;

struct Runs
{
    Q_DECLARE_TR_FUNCTIONS(Runs)
};

// Whether two summaries look the same.
bool isSame(const RunSummary &a, const RunSummary &b)
{
    return toJson(a) == toJson(b) && a.isLoaded == b.isLoaded && a.hasModel == b.hasModel
           && a.isStarting == b.isStarting;
}

} // namespace

QColor runColor(int place, const QPalette &palette)
{
    // Okabe and Ito's palette, lightened or darkened for the ground it stands on.
    static const std::array<QRgb, 6> kOnLight = {0x0072b2, 0xd55e00, 0x007a5a,
                                                 0xb0558c, 0xa87900, 0x3d5a80};
    static const std::array<QRgb, 6> kOnDark = {0x56b4e9, 0xf28e4a, 0x2fc79b,
                                                0xdd92bf, 0xe6c84a, 0xa9bcd8};
    const auto &colors = themeOf(palette) == ThemeKind::Dark ? kOnDark : kOnLight;
    return QColor(colors[static_cast<std::size_t>(std::max(0, place)) % colors.size()]);
}

QString stateText(const RunSummary &run)
{
    if (run.isStarting)
        return Runs::tr("starting");
    switch (run.state) {
    case RunState::Waiting:
        return run.queuePlace > 0 ? Runs::tr("queued, place %1").arg(run.queuePlace)
                                  : Runs::tr("waiting");
    case RunState::Running:
        return Runs::tr("running");
    case RunState::Stopping:
        return Runs::tr("saving");
    case RunState::Done:
        return Runs::tr("done");
    case RunState::Stopped:
        return Runs::tr("stopped");
    case RunState::Failed:
        return Runs::tr("failed");
    case RunState::Lost:
        return Runs::tr("lost");
    case RunState::Missing:
        return Runs::tr("not there");
    }
    return {};
}

QColor stateColor(const RunSummary &run, const QPalette &palette)
{
    switch (run.state) {
    case RunState::Running:
    case RunState::Stopping:
        return palette.color(QPalette::Highlight);
    case RunState::Done:
        return goodColor(palette);
    case RunState::Failed:
        return errorColor(palette);
    case RunState::Lost:
    case RunState::Missing:
        return warningColor(palette);
    default:
        return palette.color(QPalette::PlaceholderText);
    }
}

QString bestText(const RunSummary &run)
{
    if (!run.best)
        return {};
    return Runs::tr("%1 %2").arg(toQString(run.best->metric),
                                 QLocale().toString(run.best->value, 'f', 2));
}

QString progressText(const RunSummary &run)
{
    if (run.steps <= 0)
        return run.step > 0 ? Runs::tr("step %1").arg(countText(run.step)) : QString();
    QStringList words = {Runs::tr("step %1 of %2").arg(countText(run.step), countText(run.steps))};
    if (run.epoch)
        words.append(Runs::tr("epoch %1").arg(*run.epoch + 1));
    if (run.etaSeconds && run.state == RunState::Running)
        words.append(Runs::tr("%1 left").arg(durationText(run.etaSeconds)));
    return words.join(QStringLiteral(" · "));
}

int RunsModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_runs.size());
}

QVariant RunsModel::data(const QModelIndex &index, int role) const
{
    const RunSummary *run = index.isValid() ? at(index.row()) : nullptr;
    if (run == nullptr)
        return {};
    switch (role) {
    case Qt::DisplayRole:
        return toQString(run->title);
    case IdRole:
        return toQString(run->id);
    case StateRole:
        return static_cast<int>(run->state);
    case Qt::AccessibleTextRole:
        return QStringList(
                   {toQString(run->title), stateText(*run), progressText(*run), bestText(*run)})
            .join(QStringLiteral(", "));
    case Qt::ToolTipRole: {
        QStringList lines = {toQString(run->folder)};
        if (!run->message.empty())
            lines.append(toQString(run->message));
        for (const RunBadge &badge : run->badges)
            lines.append(toQString(badge.text) + QStringLiteral(": ")
                         + toQString(badge.explanation));
        return lines.join(QLatin1Char('\n'));
    }
    default:
        return {};
    }
}

void RunsModel::setRuns(const std::vector<RunSummary> &runs)
{
    const auto isIn = [](const std::vector<RunSummary> &list, const std::string &id) {
        return std::any_of(list.begin(), list.end(),
                           [&](const RunSummary &run) { return run.id == id; });
    };
    for (int row = rowCount() - 1; row >= 0; --row) {
        if (isIn(runs, m_runs[static_cast<std::size_t>(row)].id))
            continue;
        beginRemoveRows({}, row, row);
        m_runs.erase(m_runs.begin() + row);
        endRemoveRows();
    }
    // Both lists have one order (newest first), so that what is missing is put in between.
    for (int row = 0; row < static_cast<int>(runs.size()); ++row) {
        const RunSummary &wanted = runs[static_cast<std::size_t>(row)];
        if (row < rowCount() && m_runs[static_cast<std::size_t>(row)].id == wanted.id) {
            RunSummary &shown = m_runs[static_cast<std::size_t>(row)];
            const bool isNews = !isSame(shown, wanted);
            shown = wanted;
            if (isNews)
                Q_EMIT dataChanged(index(row), index(row));
            continue;
        }
        beginInsertRows({}, row, row);
        m_runs.insert(m_runs.begin() + row, wanted);
        endInsertRows();
    }
}

const RunSummary *RunsModel::at(int row) const
{
    return row < 0 || row >= rowCount() ? nullptr : &m_runs[static_cast<std::size_t>(row)];
}

const RunSummary *RunsModel::find(const QString &id) const
{
    return at(rowOf(id));
}

int RunsModel::rowOf(const QString &id) const
{
    const std::string wanted = toStdString(id);
    const auto found = std::find_if(m_runs.begin(), m_runs.end(),
                                    [&](const RunSummary &run) { return run.id == wanted; });
    return found == m_runs.end() ? -1 : static_cast<int>(found - m_runs.begin());
}

int RunsModel::loadedCount() const
{
    return static_cast<int>(std::count_if(m_runs.begin(), m_runs.end(),
                                          [](const RunSummary &run) { return run.isLoaded; }));
}

void RunDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                        const QModelIndex &index) const
{
    const auto *model = qobject_cast<const RunsModel *>(index.model());
    const RunSummary *run = model != nullptr ? model->at(index.row()) : nullptr;
    if (run == nullptr)
        return;
    const QPalette &palette = option.palette;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRectF card = QRectF(option.rect).adjusted(8.5, 3.5, -8.5, -3.5);
    const bool isSelected = (option.state & QStyle::State_Selected) != 0;
    const bool hasFocus = (option.state & QStyle::State_HasFocus) != 0;
    QColor ground = palette.color(QPalette::Base);
    if ((option.state & QStyle::State_MouseOver) != 0)
        ground = palette.color(QPalette::Midlight);
    QColor accent = palette.color(QPalette::Highlight);
    painter->setPen(QPen(isSelected ? accent : palette.color(QPalette::Mid),
                         isSelected && hasFocus ? 1.6 : 1.0));
    painter->setBrush(ground);
    painter->drawRoundedRect(card, 9, 9);
    if (isSelected) {
        accent.setAlpha(28);
        painter->setBrush(accent);
        painter->setPen(Qt::NoPen);
        painter->drawRoundedRect(card, 9, 9);
    }

    const QRect inner = card.toRect().adjusted(kPadding, 8, -kPadding, -8);
    QFont bold = option.font;
    bold.setWeight(QFont::DemiBold);
    QFont small = option.font;
    small.setPointSizeF(option.font.pointSizeF() * 0.9);
    const QFontMetrics boldMetrics(bold);
    const QFontMetrics smallMetrics(small);

    QRect line(inner.left(), inner.top(), inner.width(), boldMetrics.height());
    const QString state = stateText(*run);
    painter->setFont(small);
    painter->setPen(stateColor(*run, palette));
    painter->drawText(line, Qt::AlignRight | Qt::AlignVCenter, state);
    const int stateWidth = smallMetrics.horizontalAdvance(state) + 18;
    painter->setBrush(stateColor(*run, palette));
    painter->setPen(Qt::NoPen);
    painter->drawEllipse(QRectF(line.right() - stateWidth + 6, line.center().y() - 2.5, 7, 7));
    painter->setFont(bold);
    painter->setPen(palette.color(QPalette::Text));
    painter->drawText(line.adjusted(0, 0, -stateWidth - 6, 0), Qt::AlignLeft | Qt::AlignVCenter,
                      boldMetrics.elidedText(toQString(run->title), Qt::ElideRight,
                                             line.width() - stateWidth - 6));

    line = QRect(inner.left(), line.bottom() + 4, inner.width(), smallMetrics.height());
    painter->setFont(small);
    QStringList words;
    const QDateTime begun =
        QDateTime::fromString(toQString(run->started), Qt::ISODate).toLocalTime();
    if (begun.isValid())
        words.append(QLocale().toString(begun, QStringLiteral("d MMM hh:mm")));
    for (const RunBadge &badge : run->badges) {
        if (badge.id == "chosen-on-test")
            words.append(toQString(badge.text));
    }
    const QString best = bestText(*run);
    painter->setPen(palette.color(QPalette::PlaceholderText));
    painter->drawText(
        line, Qt::AlignLeft | Qt::AlignVCenter,
        smallMetrics.elidedText(words.join(QStringLiteral(" · ")), Qt::ElideRight,
                                line.width() - smallMetrics.horizontalAdvance(best) - 10));
    painter->setPen(palette.color(QPalette::Text));
    painter->drawText(line, Qt::AlignRight | Qt::AlignVCenter, best);

    line = QRect(inner.left(), line.bottom() + 5, inner.width(), smallMetrics.height());
    painter->setPen(palette.color(QPalette::PlaceholderText));
    const bool saysWhy = run->state == RunState::Failed || run->state == RunState::Lost
                         || run->state == RunState::Missing;
    const QString text =
        saysWhy ? toQString(run->message).section(QLatin1Char('\n'), 0, 0) : progressText(*run);
    painter->drawText(line, Qt::AlignLeft | Qt::AlignVCenter,
                      smallMetrics.elidedText(text, Qt::ElideRight, line.width()));

    const QRectF bar(inner.left(), inner.bottom() - kBarHeight + 1, inner.width(), kBarHeight);
    painter->setPen(Qt::NoPen);
    painter->setBrush(palette.color(QPalette::Midlight));
    painter->drawRoundedRect(bar, 2.5, 2.5);
    QRectF done = bar;
    const double share =
        run->steps > 0 ? static_cast<double>(run->step) / static_cast<double>(run->steps) : 0.0;
    done.setWidth(bar.width() * std::clamp(share, 0.0, 1.0));
    if (share > 0.0) {
        painter->setBrush(stateColor(*run, palette));
        painter->drawRoundedRect(done, 2.5, 2.5);
    }
    painter->restore();
}

QSize RunDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &) const
{
    return {260, option.fontMetrics.height() * 3 + 46};
}

} // namespace sapsam::ui
