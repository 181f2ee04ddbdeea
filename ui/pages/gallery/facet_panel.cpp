#include "ui/pages/gallery/facet_panel.h"

#include "ui/support/text.h"

#include <QHeaderView>
#include <QLocale>
#include <QPixmap>
#include <QScrollBar>
#include <QSignalBlocker>
#include <QStyledItemDelegate>

namespace sapsam::ui {

namespace {

constexpr int kKeyRole = Qt::UserRole + 1;
constexpr int kValueRole = Qt::UserRole + 2;
constexpr int kRowRoom = 5;            // in pixels, added to a line's height
constexpr int kSectionRoom = 13;       // the same for a section's title
constexpr std::size_t kMaxValues = 40; // identities may be thousands; the filter finds the others

// Rows with room to be read and hit, and more of it above a section's title.
class FacetDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const QSize size = QStyledItemDelegate::sizeHint(option, index);
        return size + QSize(0, index.parent().isValid() ? kRowRoom : kSectionRoom);
    }
};

} // namespace

FacetPanel::FacetPanel(const PartPalette &palette, QWidget *parent)
    : QTreeWidget(parent), m_palette(palette)
{
    setAccessibleName(tr("Facets"));
    setColumnCount(2);
    setHeaderHidden(true);
    setRootIsDecorated(true);
    setIndentation(14);
    setItemDelegate(new FacetDelegate(this));
    setViewportMargins(4, 8, 4, 8);
    setSelectionMode(NoSelection);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    header()->setStretchLastSection(false);
    header()->setSectionResizeMode(0, QHeaderView::Stretch);
    header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    connect(this, &QTreeWidget::itemChanged, this, [this](QTreeWidgetItem *item, int column) {
        if (column == 0 && item->parent() != nullptr)
            Q_EMIT valueToggled(item->data(0, kKeyRole).toString(),
                                item->data(0, kValueRole).toString());
    });
    connect(this, &QTreeWidget::itemCollapsed, this,
            [this](QTreeWidgetItem *item) { m_closed.append(item->data(0, kKeyRole).toString()); });
    connect(this, &QTreeWidget::itemExpanded, this, [this](QTreeWidgetItem *item) {
        m_closed.removeAll(item->data(0, kKeyRole).toString());
    });
}

QString FacetPanel::titleOf(const QString &key, const QString &value) const
{
    if (value.isEmpty())
        return key == QLatin1String("review") ? tr("Not reviewed") : tr("None");
    if (key == QLatin1String("has"))
        return m_palette.title(value);
    if (key == QLatin1String("rating"))
        return value == QLatin1String("0") ? tr("Not rated")
                                           : QString(value.toInt(), QChar(0x2605));
    if (key == QLatin1String("score"))
        return tr("IoU ≤ %1").arg(QLocale().toString(value.mid(2).toDouble()));
    if (value == QLatin1String("accepted") && key == QLatin1String("review"))
        return tr("Accepted");
    if (value == QLatin1String("rejected") && key == QLatin1String("review"))
        return tr("Rejected");
    if (value == QLatin1String("unsure") && key == QLatin1String("review"))
        return tr("Unsure");
    return value;
}

void FacetPanel::setFacets(const GalleryFacets &all, const GalleryFacets &shown,
                           const QString &filter)
{
    const QSignalBlocker blocker(this);
    const int scroll = verticalScrollBar()->value();
    m_filter = filter;
    clear();
    addSection(QStringLiteral("split"), tr("Split"), all.splits, shown.splits);
    addSection(QStringLiteral("has"), tr("Parts"), all.groups, shown.groups);
    addSection(QStringLiteral("colour"), tr("Colour words"), all.colours, shown.colours);
    addSection(QStringLiteral("score"), tr("Weakest mask"), all.scores, shown.scores);
    addSection(QStringLiteral("review"), tr("Review"), all.reviews, shown.reviews);
    addSection(QStringLiteral("rating"), tr("Rating"), all.ratings, shown.ratings);
    addSection(QStringLiteral("tag"), tr("Tags"), all.tags, shown.tags);
    addSection(QStringLiteral("identity"), tr("Identities"), all.identities, shown.identities);
    addSection(QStringLiteral("source"), tr("Source"), all.sources, shown.sources);
    verticalScrollBar()->setValue(scroll);
}

void FacetPanel::addSection(const QString &key, const QString &title,
                            const std::vector<FacetValue> &all,
                            const std::vector<FacetValue> &shown)
{
    if (all.empty())
        return;
    QHash<QString, qint64> counts;
    for (const FacetValue &value : shown)
        counts.insert(toQString(value.value), value.count);
    auto *section = new QTreeWidgetItem(this);
    section->setText(0, title);
    section->setData(0, kKeyRole, key);
    section->setFlags(Qt::ItemIsEnabled);
    section->setFirstColumnSpanned(true);
    QFont bold = font();
    bold.setBold(true);
    section->setFont(0, bold);
    for (std::size_t i = 0; i < all.size() && i < kMaxValues; ++i) {
        const QString value = toQString(all[i].value);
        const qint64 count = counts.value(value);
        auto *item = new QTreeWidgetItem(section);
        item->setText(0, titleOf(key, value));
        item->setText(1, countText(count));
        item->setToolTip(0, tr("%1 of %2 pictures with it are shown")
                                .arg(countText(count), countText(all[i].count)));
        item->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
        item->setForeground(1, palette().color(QPalette::PlaceholderText));
        if (count == 0)
            item->setForeground(0, palette().color(QPalette::PlaceholderText));
        item->setData(0, kKeyRole, key);
        item->setData(0, kValueRole, value);
        item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsUserCheckable);
        const bool chosen =
            filterChooses(toStdString(m_filter), toStdString(key), toStdString(value));
        item->setCheckState(0, chosen ? Qt::Checked : Qt::Unchecked);
    }
    if (all.size() > kMaxValues) {
        auto *more = new QTreeWidgetItem(section);
        more->setText(0, tr("and %1 more: type %2:…")
                             .arg(countText(static_cast<qint64>(all.size() - kMaxValues)), key));
        more->setFlags(Qt::NoItemFlags);
    }
    section->setExpanded(!m_closed.contains(key));
}

} // namespace sapsam::ui
