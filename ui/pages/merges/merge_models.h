#pragma once

#include "core/pipeline/merge_preview.h"
#include "core/store/taxonomy_versions.h"
#include "core/taxonomy/taxonomy.h"

#include <QAbstractListModel>
#include <QAbstractTableModel>
#include <QList>
#include <QStyledItemDelegate>

#include <map>
#include <vector>

namespace sapsam::ui {

// What is dragged from the list of classes and from card to card: "GROUP_ROW ID ID …", the row -1
// for the list.
inline constexpr const char *kClassMimeType = "application/x-sapsam-classes";

struct DraggedClasses
{
    int fromRow = -1;
    QList<int> ids;
};
QByteArray bytesOf(const DraggedClasses &dragged);
DraggedClasses draggedOf(const QByteArray &bytes);

// The classes of the label set, without the background, and where each of them goes.
class ClassModel final : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role { IdRole = Qt::UserRole, ColourRole, PicturesRole, GroupsRole };

    explicit ClassModel(QObject *parent = nullptr);

    // `pictures`: class id → labelled pictures it shows in; `known`: whether that is known at all.
    void setClasses(const Taxonomy &taxonomy, const std::map<int, std::int64_t> &pictures,
                    bool known);
    int idAt(int row) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;
    QStringList mimeTypes() const override;
    QMimeData *mimeData(const QModelIndexList &indexes) const override;
    Qt::DropActions supportedDragActions() const override;

private:
    struct Row
    {
        LabelClass label;
        std::int64_t pictures = -1; // -1 where it is not known
        QStringList groups;         // titles
    };
    std::vector<Row> m_rows;
};

// A swatch, the name, the number of pictures; a mark where a class is used twice or not at all.
class ClassDelegate final : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

// What a change does to each group: pictures before and after, masks and phrases out of date.
class ImpactModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Group, Pictures, Outdated, ColumnCount };

    explicit ImpactModel(QObject *parent = nullptr);

    void setImpact(const MergeImpact &impact, const Taxonomy &before, const Taxonomy &after);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Row
    {
        GroupImpact impact;
        QString title;
        QColor colour;
    };
    std::vector<Row> m_rows;
};

// The versions of the project, newest first.
class VersionModel final : public QAbstractListModel
{
    Q_OBJECT

public:
    explicit VersionModel(QObject *parent = nullptr);

    void setVersions(std::vector<TaxonomyVersionInfo> versions);
    const TaxonomyVersionInfo *at(int row) const; // null when there is none

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;

private:
    std::vector<TaxonomyVersionInfo> m_versions;
};

} // namespace sapsam::ui
