#include "ui/pages/evaluation/evaluation_models.h"

#include "ui/pages/evaluation/badge_texts.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <QPainter>

#include <algorithm>
#include <limits>
#include <map>

namespace sapsam::ui {

namespace {

constexpr int kCardHeight = 86;
constexpr int kMargin = 12;

QString numberText(double value, int digits = 1)
{
    return QLocale().toString(value, 'f', digits);
}

struct EvaluationTexts
{
    Q_DECLARE_TR_FUNCTIONS(EvaluationTexts)
};

QVariant alignedRight(bool isNumber)
{
    return QVariant::fromValue(
        static_cast<int>((isNumber ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
}

} // namespace

QColor levelColor(BadgeLevel level, const QPalette &palette)
{
    switch (level) {
    case BadgeLevel::Good:
        return goodColor(palette);
    case BadgeLevel::Note:
        return palette.color(QPalette::PlaceholderText);
    case BadgeLevel::Warning:
        return warningColor(palette);
    case BadgeLevel::Problem:
        return errorColor(palette);
    }
    return {};
}

QString causeTitle(FailureCause cause)
{
    switch (cause) {
    case FailureCause::None:
        return EvaluationTexts::tr("Right person first");
    case FailureCause::NotInGallery:
        return EvaluationTexts::tr("Nobody right in the gallery");
    case FailureCause::SamePersonTwice:
        return EvaluationTexts::tr("Perhaps the same person twice");
    case FailureCause::CaptionTruncated:
        return EvaluationTexts::tr("Caption cut off");
    case FailureCause::ColourDisagrees:
        return EvaluationTexts::tr("Colour of a part disagrees");
    case FailureCause::PartNotFound:
        return EvaluationTexts::tr("Part not found or hidden");
    case FailureCause::OthersFitToo:
        return EvaluationTexts::tr("Another person fits as well");
    case FailureCause::SaysLittle:
        return EvaluationTexts::tr("Caption says too little");
    case FailureCause::ModelPrefersOther:
        return EvaluationTexts::tr("The model prefers another");
    case FailureCause::NotDecidable:
        return EvaluationTexts::tr("Not decidable");
    }
    return {};
}

QString causeRule(FailureCause cause)
{
    switch (cause) {
    case FailureCause::None:
        return EvaluationTexts::tr("The right person came first.");
    case FailureCause::NotInGallery:
        return EvaluationTexts::tr(
            "No picture of the gallery shows this identity; the query counts in no mean.");
    case FailureCause::SamePersonTwice:
        return EvaluationTexts::tr(
            "A picture above is the same file, nearly the same picture, or carries the same "
            "caption, but another identity.");
    case FailureCause::CaptionTruncated:
        return EvaluationTexts::tr("The caption has more tokens than the model reads.");
    case FailureCause::ColourDisagrees:
        return EvaluationTexts::tr(
            "The caption gives a part another colour than what is known of the right "
            "picture.");
    case FailureCause::PartNotFound:
        return EvaluationTexts::tr(
            "The caption names a part that was not found on the right picture.");
    case FailureCause::OthersFitToo:
        return EvaluationTexts::tr("A picture above meets all parts that the caption names.");
    case FailureCause::SaysLittle:
        return EvaluationTexts::tr("The caption names fewer than two parts of a person.");
    case FailureCause::ModelPrefersOther:
        return EvaluationTexts::tr(
            "The words fit the right picture and contradict the one that came first.");
    case FailureCause::NotDecidable:
        return EvaluationTexts::tr(
            "Too little is known about the pictures. Segment them and write phrases, then "
            "evaluate again.");
    }
    return {};
}

EvaluationListModel::EvaluationListModel(QObject *parent) : QAbstractListModel(parent) {}

void EvaluationListModel::setRecords(std::vector<EvaluationRecord> records)
{
    beginResetModel();
    m_entries.clear();
    for (EvaluationRecord &record : records) {
        Entry entry;
        const Json summary = Json::parse(record.summary, nullptr, false);
        if (summary.is_object()) {
            const auto number = [&](const char *key, double scale) {
                const auto found = summary.find(key);
                return found != summary.end() && found->is_number()
                           ? numberText(found->get<double>() * scale)
                           : QStringLiteral("–");
            };
            entry.headline =
                record.kind == "parsing"
                    ? QStringLiteral("mIoU %1").arg(number("mIoU", 100.0))
                    : QStringLiteral("R@1 %1   mAP %2").arg(number("R@1", 1.0), number("mAP", 1.0));
            QStringList titles;
            for (const Json &badge : summary.value("badges", Json::array())) {
                const std::string name = badge.value("level", std::string());
                for (const BadgeLevel level :
                     {BadgeLevel::Note, BadgeLevel::Warning, BadgeLevel::Problem}) {
                    if (name != nameOf(level))
                        continue;
                    entry.worst = std::max(entry.worst, level);
                    if (level >= BadgeLevel::Warning)
                        titles.append(badgeTitle(badge.value("code", std::string()),
                                                 badge.value("title", std::string())));
                }
            }
            entry.badges = titles.join(QStringLiteral(", "));
        }
        entry.record = std::move(record);
        m_entries.push_back(std::move(entry));
    }
    endResetModel();
}

const EvaluationRecord *EvaluationListModel::recordAt(int row) const
{
    return row >= 0 && row < rowCount() ? &m_entries[static_cast<std::size_t>(row)].record
                                        : nullptr;
}

int EvaluationListModel::rowOf(qint64 id) const
{
    for (int row = 0; row < rowCount(); ++row) {
        if (recordAt(row)->id == id)
            return row;
    }
    return -1;
}

int EvaluationListModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_entries.size());
}

QVariant EvaluationListModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const Entry &entry = m_entries[static_cast<std::size_t>(index.row())];
    const QDateTime date =
        QDateTime::fromString(toQString(entry.record.createdAt), Qt::ISODate).toLocalTime();
    const QString dateText = QLocale().toString(date, QLocale::ShortFormat);
    switch (role) {
    case Qt::DisplayRole:
        return toQString(entry.record.modelName);
    case DataRole:
        return toQString(entry.record.data);
    case IdRole:
        return QVariant::fromValue<qint64>(entry.record.id);
    case HeadlineRole:
        return entry.headline;
    case WorstLevelRole:
        return static_cast<int>(entry.worst);
    case DateRole:
        return QLocale().toString(date.date(), QLocale::ShortFormat);
    case TimeRole:
        return dateText;
    case Qt::ToolTipRole:
        return entry.badges.isEmpty() ? dateText : dateText + QStringLiteral("\n") + entry.badges;
    case Qt::AccessibleTextRole:
        return QStringLiteral("%1, %2, %3, %4")
            .arg(toQString(entry.record.modelName), toQString(entry.record.data), entry.headline,
                 dateText);
    default:
        return {};
    }
}

void EvaluationDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                               const QModelIndex &index) const
{
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QPalette &palette = option.palette;
    const QRectF card = QRectF(option.rect).adjusted(6.5, 3.5, -6.5, -3.5);
    const bool isSelected = option.state & QStyle::State_Selected;
    painter->setPen(isSelected ? palette.color(QPalette::Highlight) : palette.color(QPalette::Mid));
    QColor fill = palette.color(QPalette::AlternateBase);
    if (isSelected) {
        fill = palette.color(QPalette::Highlight);
        fill.setAlphaF(0.14F);
    } else if (option.state & QStyle::State_MouseOver) {
        fill = palette.color(QPalette::Midlight);
    }
    painter->setBrush(fill);
    painter->drawRoundedRect(card, 10, 10);

    const auto level =
        static_cast<BadgeLevel>(index.data(EvaluationListModel::WorstLevelRole).toInt());
    painter->setPen(Qt::NoPen);
    painter->setBrush(levelColor(level, palette));
    painter->drawEllipse(QRectF(card.right() - kMargin - 8, card.top() + 15, 8, 8));

    QRectF text = card.adjusted(kMargin, 9, -kMargin, -8);
    QFont bold = option.font;
    bold.setWeight(QFont::DemiBold);
    painter->setFont(bold);
    painter->setPen(palette.color(QPalette::Text));
    const QFontMetrics metrics(bold);
    painter->drawText(text, Qt::AlignLeft | Qt::AlignTop,
                      metrics.elidedText(index.data(Qt::DisplayRole).toString(), Qt::ElideRight,
                                         static_cast<int>(text.width()) - 20));
    painter->setFont(option.font);
    text.setTop(text.top() + metrics.height() + 2);
    QFont small = option.font;
    small.setPointSizeF(option.font.pointSizeF() * 0.88);
    const QString date = index.data(EvaluationListModel::DateRole).toString();
    const int dateWidth = QFontMetrics(small).horizontalAdvance(date) + 10;
    painter->setPen(palette.color(QPalette::PlaceholderText));
    painter->drawText(
        text, Qt::AlignLeft | Qt::AlignTop,
        option.fontMetrics.elidedText(index.data(EvaluationListModel::DataRole).toString(),
                                      Qt::ElideRight, static_cast<int>(text.width())));
    painter->setPen(palette.color(QPalette::Text));
    painter->drawText(
        text, Qt::AlignLeft | Qt::AlignBottom,
        option.fontMetrics.elidedText(index.data(EvaluationListModel::HeadlineRole).toString(),
                                      Qt::ElideRight, static_cast<int>(text.width()) - dateWidth));
    painter->setFont(small);
    painter->setPen(palette.color(QPalette::PlaceholderText));
    painter->drawText(text, Qt::AlignRight | Qt::AlignBottom, date);
    painter->restore();
}

QSize EvaluationDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &) const
{
    return {200, std::max(kCardHeight, 3 * option.fontMetrics.height() + 34)};
}

CauseModel::CauseModel(QObject *parent) : QAbstractListModel(parent) {}

void CauseModel::setReport(const ReportPointer &report, int beyond)
{
    beginResetModel();
    m_entries.clear();
    if (report) {
        std::map<FailureCause, int> counts;
        const std::vector<int> misses = report->missesBeyond(beyond);
        for (const int query : misses)
            ++counts[report->queries[static_cast<std::size_t>(query)].verdict.cause];
        m_entries.push_back({FailureCause::None, static_cast<int>(misses.size())});
        for (const FailureCause cause : failureCauses()) {
            if (counts.count(cause) != 0)
                m_entries.push_back({cause, counts[cause]});
        }
    }
    endResetModel();
}

FailureCause CauseModel::causeAt(int row) const
{
    return row >= 0 && row < rowCount() ? m_entries[static_cast<std::size_t>(row)].cause
                                        : FailureCause::None;
}

int CauseModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_entries.size());
}

QVariant CauseModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const Entry &entry = m_entries[static_cast<std::size_t>(index.row())];
    if (role == Qt::DisplayRole)
        return QStringLiteral("%1  (%2)")
            .arg(index.row() == 0 ? EvaluationTexts::tr("All misses") : causeTitle(entry.cause),
                 countText(entry.count));
    if (role == Qt::ToolTipRole && index.row() > 0)
        return causeRule(entry.cause);
    return {};
}

MissModel::MissModel(QObject *parent) : QAbstractTableModel(parent) {}

void MissModel::setMisses(const ReportPointer &report, std::vector<int> queries)
{
    beginResetModel();
    m_report = report;
    m_queries = std::move(queries);
    if (m_report) {
        const auto rankOf = [this](int query) {
            const int rank = m_report->queries[static_cast<std::size_t>(query)].result.firstRank;
            return rank == 0 ? std::numeric_limits<int>::max() : rank;
        };
        std::stable_sort(m_queries.begin(), m_queries.end(),
                         [&](int a, int b) { return rankOf(a) > rankOf(b); });
    }
    endResetModel();
}

int MissModel::queryAt(int row) const
{
    return row >= 0 && row < rowCount() ? m_queries[static_cast<std::size_t>(row)] : -1;
}

int MissModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_queries.size());
}

int MissModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant MissModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= ColumnCount)
        return {};
    const EvaluatedQuery &query =
        m_report
            ->queries[static_cast<std::size_t>(m_queries[static_cast<std::size_t>(index.row())])];
    if (role == Qt::TextAlignmentRole)
        return alignedRight(index.column() == Rank);
    if (role == Qt::ToolTipRole)
        return index.column() == Cause ? toQString(query.verdict.evidence) : toQString(query.text);
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Rank:
        return query.result.firstRank > 0 ? countText(query.result.firstRank) : QStringLiteral("–");
    case Query:
        return toQString(query.text);
    default:
        return causeTitle(query.verdict.cause);
    }
}

QVariant MissModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (role == Qt::TextAlignmentRole && orientation == Qt::Horizontal)
        return alignedRight(section == Rank);
    if (role != Qt::DisplayRole || orientation != Qt::Horizontal)
        return QAbstractTableModel::headerData(section, orientation, role);
    switch (section) {
    case Rank:
        return EvaluationTexts::tr("Rank");
    case Query:
        return EvaluationTexts::tr("Description");
    default:
        return EvaluationTexts::tr("Cause");
    }
}

ShiftModel::ShiftModel(QObject *parent) : QAbstractTableModel(parent) {}

void ShiftModel::setDiff(const ReportPointer &report, std::vector<RankShift> shifts)
{
    beginResetModel();
    m_report = report;
    m_shifts = std::move(shifts);
    endResetModel();
}

int ShiftModel::queryAt(int row) const
{
    return row >= 0 && row < rowCount()
               ? static_cast<int>(m_shifts[static_cast<std::size_t>(row)].query)
               : -1;
}

int ShiftModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_shifts.size());
}

int ShiftModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant ShiftModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= ColumnCount)
        return {};
    const RankShift &shift = m_shifts[static_cast<std::size_t>(index.row())];
    if (role == Qt::TextAlignmentRole)
        return alignedRight(index.column() != Query);
    if (role == Qt::ToolTipRole)
        return toQString(m_report->queries[shift.query].text);
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case RankA:
        return countText(shift.rankA);
    case RankB:
        return countText(shift.rankB);
    case Damage:
        return (shift.damage > 0 ? QStringLiteral("+") : QString()) + numberText(shift.damage);
    default:
        return toQString(m_report->queries[shift.query].text);
    }
}

QVariant ShiftModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (role == Qt::TextAlignmentRole && orientation == Qt::Horizontal)
        return alignedRight(section != Query);
    if (role == Qt::ToolTipRole && section == Damage)
        return EvaluationTexts::tr(
            "How often the list to read through doubled: from rank 1 to 4 is +2.");
    if (role != Qt::DisplayRole || orientation != Qt::Horizontal)
        return QAbstractTableModel::headerData(section, orientation, role);
    switch (section) {
    case RankA:
        return EvaluationTexts::tr("Rank A");
    case RankB:
        return EvaluationTexts::tr("Rank B");
    case Damage:
        return EvaluationTexts::tr("Damage");
    default:
        return EvaluationTexts::tr("Description");
    }
}

} // namespace sapsam::ui
