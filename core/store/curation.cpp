#include "core/store/curation.h"

#include "core/base/error.h"
#include "core/store/store_access.h"

#include <algorithm>
#include <set>

namespace sapsam {

namespace {

std::string picturesText(std::size_t count)
{
    return count == 1 ? std::string("1 picture") : std::to_string(count) + " pictures";
}

std::string tagOf(const std::string &written)
{
    const std::size_t begin = written.find_first_not_of(" \t");
    const std::size_t end = written.find_last_not_of(" \t");
    const std::string tag =
        begin == std::string::npos ? std::string() : written.substr(begin, end - begin + 1);
    if (tag.empty() || tag.find_first_of("\r\n") != std::string::npos)
        throw Error(ErrorKind::InvalidInput,
                    "a tag is a text of one line that is not empty; nothing was changed");
    return tag;
}

Edit reviewChange(ProjectStore &store, const std::vector<std::int64_t> &images, const char *field,
                  const Json &fresh)
{
    EditJournal journal(store);
    Edit edit;
    for (const std::int64_t image : images) {
        Change change;
        change.kind = EditKind::Review;
        change.key = std::to_string(image);
        change.after = journal.value(EditKind::Review, change.key);
        if (change.after.is_null())
            change.after = {{"rating", 0}, {"state", ""}};
        change.after[field] = fresh;
        // Nothing said is no row.
        if (change.after == Json{{"rating", 0}, {"state", ""}})
            change.after = nullptr;
        edit.changes.push_back(std::move(change));
    }
    return edit;
}

Json definitionOf(const SavedView &view)
{
    return {{"filter", view.filter}, {"sort", nameOf(view.sort)}};
}

} // namespace

Edit tagEdit(ProjectStore &store, const std::vector<std::int64_t> &images,
             const std::vector<std::string> &add, const std::vector<std::string> &remove)
{
    std::set<std::string> added;
    std::set<std::string> removed;
    for (const std::string &tag : add)
        added.insert(tagOf(tag));
    for (const std::string &tag : remove)
        removed.insert(tagOf(tag));
    EditJournal journal(store);
    Edit edit;
    for (const std::int64_t image : images) {
        Change change;
        change.kind = EditKind::Tags;
        change.key = std::to_string(image);
        std::set<std::string> tags = added;
        for (const Json &tag : journal.value(EditKind::Tags, change.key)) {
            const auto name = tag.get<std::string>();
            if (!removed.contains(name))
                tags.insert(name);
        }
        if (!tags.empty())
            change.after = tags;
        edit.changes.push_back(std::move(change));
    }
    std::string names;
    for (const auto *side : {&added, &removed}) {
        for (const std::string &tag : *side)
            names += (names.empty() ? "" : ", ") + tag;
    }
    edit.title =
        (added.empty() ? "Remove tag " : "Tag ") + names + ": " + picturesText(images.size());
    return edit;
}

Edit ratingEdit(ProjectStore &store, const std::vector<std::int64_t> &images, int rating)
{
    if (rating < 0 || rating > 5)
        throw Error(ErrorKind::InvalidInput, "a rating is 0 (none) to 5; nothing was changed");
    Edit edit = reviewChange(store, images, "rating", rating);
    edit.title = "Rate " + std::to_string(rating) + ": " + picturesText(images.size());
    return edit;
}

Edit reviewEdit(ProjectStore &store, const std::vector<std::int64_t> &images,
                const std::string &state)
{
    static const std::set<std::string> known{"", "accepted", "rejected", "unsure"};
    if (!known.contains(state))
        throw Error(ErrorKind::InvalidInput,
                    "a review is accepted, rejected, unsure or empty; nothing was changed");
    Edit edit = reviewChange(store, images, "state", state);
    edit.title = "Review " + (state.empty() ? std::string("cleared") : state) + ": "
                 + picturesText(images.size());
    return edit;
}

std::vector<SavedView> savedViews(ProjectStore &store)
{
    std::vector<SavedView> views;
    Statement rows = StoreAccess::reading(store).query(
        "SELECT name, definition FROM saved_view ORDER BY name COLLATE NOCASE");
    while (rows.step()) {
        const Json definition = Json::parse(rows.text(1), nullptr, false);
        if (!definition.is_object() || !definition.contains("filter")
            || !definition["filter"].is_string())
            continue;
        SavedView view;
        view.name = rows.text(0);
        view.filter = definition["filter"].get<std::string>();
        if (definition.contains("sort") && definition["sort"].is_string())
            view.sort =
                gallerySortFromName(definition["sort"].get<std::string>()).value_or(GallerySort{});
        views.push_back(std::move(view));
    }
    return views;
}

SavedView savedView(ProjectStore &store, const std::string &name)
{
    std::string names;
    for (const SavedView &view : savedViews(store)) {
        if (view.name == name)
            return view;
        names += (names.empty() ? "" : ", ") + view.name;
    }
    throw Error(ErrorKind::NotFound, "there is no saved view \"" + name + "\""
                                         + (names.empty() ? std::string("; none is saved yet")
                                                          : "; there are " + names));
}

Edit saveViewEdit(const SavedView &view)
{
    if (view.name.find_first_not_of(" \t") == std::string::npos)
        throw Error(ErrorKind::InvalidInput, "a view needs a name; nothing was changed");
    requireFilter(view.filter);
    Edit edit;
    edit.title = "Save view " + view.name;
    edit.changes.push_back({EditKind::SavedView, view.name, nullptr, definitionOf(view)});
    return edit;
}

Edit deleteViewEdit(ProjectStore &store, const std::string &name)
{
    savedView(store, name);
    Edit edit;
    edit.title = "Delete view " + name;
    edit.changes.push_back({EditKind::SavedView, name, nullptr, nullptr});
    return edit;
}

Edit renameViewEdit(ProjectStore &store, const std::string &from, const std::string &to)
{
    const SavedView view = savedView(store, from);
    for (const SavedView &other : savedViews(store)) {
        if (other.name == to && to != from)
            throw Error(ErrorKind::InvalidInput,
                        "there is a view \"" + to + "\" already; nothing was changed");
    }
    Edit edit = saveViewEdit({to, view.filter, view.sort});
    edit.title = "Rename view " + from + " to " + to;
    if (to != from)
        edit.changes.push_back({EditKind::SavedView, from, nullptr, nullptr});
    return edit;
}

} // namespace sapsam
