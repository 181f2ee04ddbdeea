#pragma once

#include "core/base/cancel.h"
#include "core/store/project_store.h"
#include "core/text/filter_language.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Which pictures of a project a filter means, in which order, and how they divide. The window, the
// search and the command line all ask here, so they show the same pictures in the same order.
// Reading only; the thread rule is the store's.
namespace sapsam {

enum class GallerySortKey {
    Id, // the order in which they were imported
    Name,
    Path,
    Identity,
    Split,
    Source,
    Rating,
    Review,
    Score, // the lowest of the parts' scores: the weakest picture first
    Parts,
    Size, // pixels
    Duplicates, // groups of near-identical pictures together, the best of each first
};

struct GallerySort
{
    GallerySortKey key = GallerySortKey::Id;
    bool descending = false;

    bool operator==(const GallerySort &other) const = default;
};

// "name", or "name:desc" for the other direction; nothing for an unknown name.
std::optional<GallerySort> gallerySortFromName(std::string_view name);
std::string nameOf(const GallerySort &sort);
const std::vector<std::string> &gallerySortNames();

// Ids that fit the filter, in the order of the sort; equal ones by id. Names sort as people count
// ("img2" before "img10"); what has no value (no identity, no part) comes last in both directions.
// A cancelled call returns what it has. Throws Error(InvalidInput) for a part group that neither
// the project nor the shipped taxonomy knows, with the column, and what reading throws.
std::vector<std::int64_t> imagesMatching(ProjectStore &store, const Filter &filter,
                                         const GallerySort &sort = {},
                                         const CancelToken &cancel = {});

struct FacetValue
{
    std::string value; // "" stands for none
    std::int64_t count = 0;
};

// How the pictures divide. Counts are pictures.
struct GalleryFacets
{
    std::vector<FacetValue> splits;
    std::vector<FacetValue> groups;
    std::vector<FacetValue> colours; // in the order of commonColours(), without those not there
    std::vector<FacetValue> reviews;
    std::vector<FacetValue> ratings; // "0" … "5"
    std::vector<FacetValue> tags;
    std::vector<FacetValue> identities; // the most frequent first
    std::vector<FacetValue> sources;
    // Pictures whose weakest mask has at most that predicted IoU: "..0.3" and so on, each with the
    // ones before it.
    std::vector<FacetValue> scores;
};

// What a person said about a picture and what was found of it, for its badges in the grid.
struct PictureMarks
{
    std::int8_t rating = 0;
    char state = ' ';             // a(ccepted), r(ejected), u(nsure) or blank
    bool isBest = false;          // of its group
    std::int64_t duplicateOf = 0; // the group of near-identical pictures; 0: none

    bool operator==(const PictureMarks &other) const = default;
};

struct GalleryAnswer
{
    std::vector<std::int64_t> ids;
    std::vector<PictureMarks> marks; // one for each id
    GalleryFacets facets;
};

// What marks, facets and orders are made of, kept between two questions: while nothing is stored,
// another filter costs the database one look at the pictures' facts and no sorting. It sees by
// itself when something was stored. Belongs to one store and its thread; about 70 bytes a picture.
class GalleryCache
{
public:
    GalleryCache();
    ~GalleryCache();
    GalleryCache(GalleryCache &&) noexcept;
    GalleryCache &operator=(GalleryCache &&) noexcept;

private:
    friend GalleryAnswer askGallery(ProjectStore &, GalleryCache &, const Filter &,
                                    const GallerySort &, const CancelToken &);
    struct Columns;
    std::unique_ptr<Columns> m_columns;
};

// The same as imagesMatching(), with marks and facets.
GalleryAnswer askGallery(ProjectStore &store, GalleryCache &cache, const Filter &filter,
                         const GallerySort &sort = {}, const CancelToken &cancel = {});
GalleryAnswer askGallery(ProjectStore &store, const Filter &filter, const GallerySort &sort = {},
                         const CancelToken &cancel = {});

// What a filter for this project can name, for completion.
FilterVocabulary filterVocabulary(ProjectStore &store);

} // namespace sapsam
