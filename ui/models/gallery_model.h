#pragma once

#include "core/store/gallery_query.h"
#include "ui/support/picture_source.h"

#include <QAbstractListModel>
#include <QHash>
#include <QString>

#include <memory>
#include <vector>

namespace sapsam::ui {

// One picture of the gallery.
struct GalleryItem
{
    qint64 id = 0;
    PictureRef picture; // where its pixels are
    QString name;       // file name, with the frame for a picture cut from a video
    QString path;       // as in the store
};

// A place in a ranking.
struct GalleryHit
{
    qint64 id = 0;
    int rank = 0;       // from 1
    double score = 0.0; // cosine
    QString matches;    // "black coat 0.31, blue jeans 0.22", for people who cannot see the grid
};

// The pictures of a project, in the store's order or ranked by a query. It holds names and places
// only; nothing is decoded here, and a view asks for what it shows.
class GalleryModel final : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role { IdRole = Qt::UserRole + 1, PictureRole, RankRole, ScoreRole, PathRole, MarksRole };

    explicit GalleryModel(QObject *parent = nullptr);

    // All pictures of the project. New ones at the end are inserted, without a reset, so that a
    // running import does not disturb who looks at the gallery. A ranking that is shown stays.
    void setItems(std::vector<GalleryItem> items);
    // Shows these hits, best first. Those not in the gallery (yet) are left out.
    void setRanking(std::vector<GalleryHit> hits);
    // Shows these pictures in this order; a ranking keeps those of its hits that are among them.
    // `marks` has one entry for each id. Ids not in the gallery (yet) are left out.
    void setView(std::vector<std::int64_t> ids, const std::vector<PictureMarks> &marks);
    // Back to all pictures in the store's order, with their marks.
    void clearView(const std::vector<std::int64_t> &ids = {},
                   const std::vector<PictureMarks> &marks = {});
    bool isFiltered() const { return m_filtered; }
    PictureMarks marks(qint64 id) const { return m_marks.value(id); }
    // Back to all pictures, or to the view.
    void clearRanking();
    bool isRanked() const { return m_ranked; }
    int totalCount() const { return static_cast<int>(m_items.size()); }

    qint64 idAt(int row) const; // 0 for a row that is not there
    int rowOf(qint64 id) const; // -1 when it is not shown
    const GalleryItem *itemAt(int row) const;
    const GalleryItem *item(qint64 id) const;
    const GalleryHit *hitAt(int row) const; // null when browsing

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;

private:
    void rebuildPositions();
    void rebuildHits();
    void rebuildView();
    int viewRow(qint64 id) const;
    void setMarks(const std::vector<std::int64_t> &ids, const std::vector<PictureMarks> &marks);

    std::vector<GalleryItem> m_items;
    QHash<qint64, int> m_positions; // id → place in m_items
    bool m_filtered = false;
    std::vector<std::int64_t> m_viewIds; // as answered, perhaps with pictures not loaded yet
    std::vector<int> m_view;             // places in m_items
    std::vector<int> m_viewRows;         // by place in m_items; -1 when it is not shown
    QHash<qint64, PictureMarks> m_marks; // where anything was said
    bool m_ranked = false;
    std::vector<GalleryHit> m_answer; // as ranked, perhaps with pictures not loaded yet
    std::vector<GalleryHit> m_hits;   // those of the gallery
    QHash<qint64, int> m_hitRows;
};

} // namespace sapsam::ui

Q_DECLARE_METATYPE(sapsam::ui::PictureRef)
Q_DECLARE_METATYPE(sapsam::PictureMarks)
