#include "ui/pages/merges/merge_models.h"

#include "ui/support/text.h"
#include "ui/support/theme.h"

#include <QApplication>
#include <QDateTime>
#include <QLocale>
#include <QMimeData>
#include <QPainter>

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kRowPadding = 7;
constexpr int kSwatch = 12;

QColor colorOf(const Colour &colour)
{
    return {colour[0], colour[1], colour[2]};
}

} // namespace

QByteArray bytesOf(const DraggedClasses &dragged)
{
    QByteArray bytes = QByteArray::number(dragged.fromRow);
    for (const int id : dragged.ids)
        bytes += ' ' + QByteArray::number(id);
    return bytes;
}

DraggedClasses draggedOf(const QByteArray &bytes)
{
    DraggedClasses dragged;
    const QList<QByteArray> words = bytes.split(' ');
    dragged.fromRow = words.value(0).toInt();
    for (const QByteArray &word : words.mid(1)) {
        bool isNumber = false;
        const int id = word.toInt(&isNumber);
        if (isNumber)
            dragged.ids.append(id);
    }
    return dragged;
}

ClassModel::ClassModel(QObject *parent) : QAbstractListModel(parent) {}

void ClassModel::setClasses(const Taxonomy &taxonomy, const std::map<int, std::int64_t> &pictures,
                            bool known)
{
    std::vector<Row> rows;
    for (const LabelClass &label : taxonomy.classes) {
        if (label.id == 0)
            continue;
        Row row;
        row.label = label;
        if (known) {
            const auto found = pictures.find(label.id);
            row.pictures = found == pictures.end() ? 0 : found->second;
        }
        for (const PartGroup &group : taxonomy.groups) {
            if (std::find(group.classes.begin(), group.classes.end(), label.id)
                != group.classes.end())
                row.groups.append(toQString(group.title));
        }
        rows.push_back(std::move(row));
    }
    // The selection survives while the classes are the same.
    const bool isSame =
        rows.size() == m_rows.size()
        && std::equal(rows.begin(), rows.end(), m_rows.begin(),
                      [](const Row &a, const Row &b) { return a.label == b.label; });
    if (!isSame)
        beginResetModel();
    m_rows = std::move(rows);
    if (!isSame)
        endResetModel();
    else if (!m_rows.empty())
        Q_EMIT dataChanged(index(0), index(rowCount() - 1));
}

int ClassModel::idAt(int row) const
{
    return row < 0 || row >= rowCount() ? -1 : m_rows[static_cast<std::size_t>(row)].label.id;
}

int ClassModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant ClassModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Row &row = m_rows[static_cast<std::size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        return toQString(row.label.name);
    case IdRole:
        return row.label.id;
    case ColourRole:
        return colorOf(row.label.colour);
    case PicturesRole:
        return static_cast<qlonglong>(row.pictures);
    case GroupsRole:
        return row.groups;
    case Qt::ToolTipRole:
    case Qt::AccessibleTextRole: {
        QString text = tr("Class %1, %2").arg(row.label.id).arg(toQString(row.label.name));
        if (row.pictures >= 0)
            text +=
                QLatin1Char('\n') + tr("in %n pictures", nullptr, static_cast<int>(row.pictures));
        text +=
            QLatin1Char('\n')
            + (row.groups.isEmpty() ? tr("in no group: its pixels are left out")
                                    : tr("in %1").arg(QLocale().createSeparatedList(row.groups)));
        return text;
    }
    default:
        return {};
    }
}

Qt::ItemFlags ClassModel::flags(const QModelIndex &index) const
{
    Qt::ItemFlags flags = QAbstractListModel::flags(index);
    if (index.isValid())
        flags |= Qt::ItemIsDragEnabled;
    return flags;
}

QStringList ClassModel::mimeTypes() const
{
    return {QString::fromLatin1(kClassMimeType)};
}

QMimeData *ClassModel::mimeData(const QModelIndexList &indexes) const
{
    DraggedClasses dragged;
    for (const QModelIndex &index : indexes)
        dragged.ids.append(idAt(index.row()));
    auto *data = new QMimeData;
    data->setData(QString::fromLatin1(kClassMimeType), bytesOf(dragged));
    return data;
}

Qt::DropActions ClassModel::supportedDragActions() const
{
    return Qt::CopyAction;
}

void ClassDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                          const QModelIndex &index) const
{
    const QPalette &palette = option.palette;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRectF body = QRectF(option.rect).adjusted(1, 1, -1, -1);
    const bool isSelected = (option.state & QStyle::State_Selected) != 0;
    if (isSelected || (option.state & QStyle::State_MouseOver) != 0) {
        QColor fill = palette.color(QPalette::Highlight);
        fill.setAlpha(40);
        painter->setPen(Qt::NoPen);
        painter->setBrush(isSelected ? fill : palette.color(QPalette::Midlight));
        painter->drawRoundedRect(body, 6, 6);
    }
    if ((option.state & QStyle::State_HasFocus) != 0 && isSelected) {
        painter->setPen(palette.color(QPalette::Highlight));
        painter->setBrush(Qt::NoBrush);
        painter->drawRoundedRect(body.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
    }
    int x = option.rect.left() + 10;
    const int middle = option.rect.center().y();
    painter->setPen(palette.color(QPalette::Mid));
    painter->setBrush(index.data(ClassModel::ColourRole).value<QColor>());
    painter->drawRoundedRect(QRectF(x, middle - kSwatch / 2.0 + 0.5, kSwatch, kSwatch), 3, 3);
    x += kSwatch + 8;

    const QFontMetrics metrics = option.fontMetrics;
    painter->setFont(option.font);
    painter->setPen(palette.color(QPalette::PlaceholderText));
    const int idWidth = metrics.horizontalAdvance(QStringLiteral("00")) + 6;
    painter->drawText(QRect(x, option.rect.top(), idWidth, option.rect.height()),
                      Qt::AlignVCenter | Qt::AlignLeft,
                      QString::number(index.data(ClassModel::IdRole).toInt()));
    x += idWidth;

    int right = option.rect.right() - 10;
    const qlonglong pictures = index.data(ClassModel::PicturesRole).toLongLong();
    if (pictures >= 0) {
        const QString count = countText(pictures);
        painter->drawText(QRect(x, option.rect.top(), right - x, option.rect.height()),
                          Qt::AlignVCenter | Qt::AlignRight, count);
        right -= metrics.horizontalAdvance(count) + 8;
    }
    const qsizetype groups = index.data(ClassModel::GroupsRole).toStringList().size();
    if (groups != 1) {
        const QString mark = groups == 0 ? tr("no group") : tr("%1 groups").arg(groups);
        QFont small = option.font;
        small.setPointSizeF(small.pointSizeF() * 0.85);
        const QFontMetrics smallMetrics(small);
        const int width = smallMetrics.horizontalAdvance(mark) + 12;
        const QRectF badge(right - width, middle - smallMetrics.height() / 2.0 - 1, width,
                           smallMetrics.height() + 3);
        const QColor tint =
            groups == 0 ? palette.color(QPalette::PlaceholderText) : warningColor(palette);
        QColor fill = tint;
        fill.setAlpha(34);
        painter->setPen(Qt::NoPen);
        painter->setBrush(fill);
        painter->drawRoundedRect(badge, badge.height() / 2, badge.height() / 2);
        painter->setFont(small);
        painter->setPen(tint);
        painter->drawText(badge, Qt::AlignCenter, mark);
        painter->setFont(option.font);
        right -= width + 6;
    }
    painter->setPen(palette.color(QPalette::Text));
    painter->drawText(QRect(x, option.rect.top(), right - x, option.rect.height()),
                      Qt::AlignVCenter | Qt::AlignLeft,
                      metrics.elidedText(index.data().toString(), Qt::ElideRight, right - x));
    painter->restore();
}

QSize ClassDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    return {QStyledItemDelegate::sizeHint(option, index).width(),
            option.fontMetrics.height() + 2 * kRowPadding};
}

ImpactModel::ImpactModel(QObject *parent) : QAbstractTableModel(parent) {}

void ImpactModel::setImpact(const MergeImpact &impact, const Taxonomy &before,
                            const Taxonomy &after)
{
    beginResetModel();
    m_rows.clear();
    for (const GroupImpact &item : impact.groups) {
        const Taxonomy &owner = item.isGone ? before : after;
        const PartGroup *group = owner.findGroup(item.group);
        Row row{item, toQString(item.group), {}};
        if (group != nullptr) {
            row.title = toQString(group->title);
            row.colour = colorOf(group->colour);
        }
        m_rows.push_back(std::move(row));
    }
    endResetModel();
}

int ImpactModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int ImpactModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant ImpactModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Row &row = m_rows[static_cast<std::size_t>(index.row())];
    const GroupImpact &impact = row.impact;
    const bool differs = impact.gained > 0 || impact.lost > 0 || impact.isNew || impact.isGone
                         || impact.pixelsBefore != impact.pixelsAfter;
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case Group:
            return row.title;
        case Pictures: {
            const QString before =
                impact.isNew ? QStringLiteral("–") : countText(impact.picturesBefore);
            QString after = impact.isGone ? QStringLiteral("–") : countText(impact.picturesAfter);
            if (before == after)
                return before;
            if (impact.isEstimate && !impact.isGone)
                after.prepend(QStringLiteral("≈ "));
            return tr("%1 → %2").arg(before, after);
        }
        case Outdated:
            return impact.staleRegions == 0 ? QString() : countText(impact.staleRegions);
        default:
            return {};
        }
    case Qt::DecorationRole: {
        if (index.column() != Group)
            return {};
        QPixmap swatch(10, 10);
        swatch.fill(row.colour.isValid() ? row.colour : QColor(Qt::gray));
        return swatch;
    }
    case Qt::TextAlignmentRole:
        return static_cast<int>(Qt::AlignVCenter
                                | (index.column() == Group ? Qt::AlignLeft : Qt::AlignRight));
    case Qt::FontRole: {
        QFont font = QApplication::font();
        font.setBold(differs && index.column() <= Pictures);
        font.setStrikeOut(impact.isGone && index.column() == Group);
        return font;
    }
    case Qt::ToolTipRole: {
        QStringList lines = {row.title};
        if (impact.isNew)
            lines.append(tr("a new group"));
        if (impact.isGone)
            lines.append(tr("is gone"));
        lines.append(tr("%1 pictures gain it, %2 lose it")
                         .arg(countText(impact.gained), countText(impact.lost)));
        if (impact.pixelsBefore > 0 || impact.pixelsAfter > 0)
            lines.append(tr("%1 pixels before, %2 after")
                             .arg(countText(impact.pixelsBefore), countText(impact.pixelsAfter)));
        if (impact.staleRegions > 0)
            lines.append(tr("out of date then: %1 masks, %2 phrases")
                             .arg(countText(impact.staleRegions), countText(impact.stalePhrases)));
        if (impact.skipped > 0)
            lines.append(tr("skipped in %n pictures although a class of it shows", nullptr,
                            static_cast<int>(impact.skipped)));
        if (impact.isEstimate)
            lines.append(tr("an estimate: some pictures have part masks only"));
        return lines.join(QLatin1Char('\n'));
    }
    default:
        return {};
    }
}

QVariant ImpactModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>(Qt::AlignVCenter
                                | (section == Group ? Qt::AlignLeft : Qt::AlignRight));
    if (role == Qt::ToolTipRole) {
        switch (section) {
        case Pictures:
            return tr("Pictures in which the group is there now, and in which it would be there");
        case Outdated:
            return tr("Masks that would be out of date, with their phrases");
        default:
            return {};
        }
    }
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Group:
        return tr("Group");
    case Pictures:
        return tr("Pictures");
    case Outdated:
        return tr("Outdated");
    default:
        return {};
    }
}

VersionModel::VersionModel(QObject *parent) : QAbstractListModel(parent) {}

void VersionModel::setVersions(std::vector<TaxonomyVersionInfo> versions)
{
    beginResetModel();
    m_versions = std::move(versions);
    endResetModel();
}

const TaxonomyVersionInfo *VersionModel::at(int row) const
{
    return row < 0 || row >= rowCount() ? nullptr : &m_versions[static_cast<std::size_t>(row)];
}

int VersionModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_versions.size());
}

QVariant VersionModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const TaxonomyVersionInfo &info = m_versions[static_cast<std::size_t>(index.row())];
    const QString version = toQString(info.version);
    switch (role) {
    case Qt::DisplayRole: {
        QString text =
            version.section(QLatin1Char('/'), 0, 1).replace(QLatin1Char('/'), QStringLiteral(" v"));
        QStringList marks;
        if (info.isCurrent)
            marks.append(tr("in use"));
        if (info.isShipped)
            marks.append(tr("shipped"));
        if (!info.hasContent)
            marks.append(tr("content not known"));
        if (!marks.isEmpty())
            text += QStringLiteral(" · ") + marks.join(QStringLiteral(" · "));
        const QString second =
            info.note.empty() ? tr("%n masks made with it", nullptr, static_cast<int>(info.regions))
                              : toQString(info.note);
        return QString(text + QLatin1Char('\n') + second);
    }
    case Qt::ToolTipRole: {
        QString text = version;
        if (!info.createdAt.empty())
            text += QLatin1Char('\n')
                    + QLocale().toString(
                        QDateTime::fromString(toQString(info.createdAt), Qt::ISODate).toLocalTime(),
                        QLocale::ShortFormat);
        if (!info.parent.empty())
            text += QLatin1Char('\n') + tr("made from %1").arg(toQString(info.parent));
        return text;
    }
    case Qt::FontRole: {
        QFont font = QApplication::font();
        font.setBold(info.isCurrent);
        return font;
    }
    default:
        return {};
    }
}

} // namespace sapsam::ui
