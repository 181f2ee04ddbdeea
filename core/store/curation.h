#pragma once

#include "core/store/edits.h"
#include "core/store/gallery_query.h"

#include <cstdint>
#include <string>
#include <vector>

// What people say about many pictures at once, as edits for the journal; the window and the command
// line make them here. The functions read only; EditJournal::apply() stores. Each throws
// Error(InvalidInput) for a value that cannot be stored.
namespace sapsam {

// The pictures get the tags of `add` and lose those of `remove`; other tags stay. A tag is a text
// without line breaks; spaces around it do not count.
Edit tagEdit(ProjectStore &store, const std::vector<std::int64_t> &images,
             const std::vector<std::string> &add, const std::vector<std::string> &remove);
// 0 takes the rating away, up to 5.
Edit ratingEdit(ProjectStore &store, const std::vector<std::int64_t> &images, int rating);
// "accepted", "rejected", "unsure" or "" for not reviewed. Ratings stay, and so do states above.
Edit reviewEdit(ProjectStore &store, const std::vector<std::int64_t> &images,
                const std::string &state);

// A filter with its order, under a name.
struct SavedView
{
    std::string name;
    std::string filter;
    GallerySort sort;
};
// Sorted by name. One that cannot be read (of another version) is left out.
std::vector<SavedView> savedViews(ProjectStore &store);
// Throws Error(NotFound) that lists the names there are.
SavedView savedView(ProjectStore &store, const std::string &name);
// Stores or replaces. Throws Error(InvalidInput) for an empty name or a filter with a problem.
Edit saveViewEdit(const SavedView &view);
// Throws Error(NotFound).
Edit deleteViewEdit(ProjectStore &store, const std::string &name);
// Throws Error(NotFound), and Error(InvalidInput) when the new name is in use.
Edit renameViewEdit(ProjectStore &store, const std::string &from, const std::string &to);

} // namespace sapsam
