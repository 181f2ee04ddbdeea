#pragma once

#include "core/base/json_file.h"
#include "core/store/project_store.h"

#include <cstdint>
#include <string>
#include <vector>

// What people change in a project, and how it is undone. Everything that can be edited is a value
// (JSON) under a kind and a key; an edit is a list of values before and after, stored together with
// the journal row in one transaction. Undo writes the values before, redo the values after.
namespace sapsam {

enum class EditKind {
    Region,    // key: region id, "" for a new one. See regionValue().
    Phrase,    // key: "REGION/human" or "REGION/model". {"text","model","template"}
    Caption,   // key: caption id, "" for a new one. {"image","text"}
    Tags,      // key: image id. ["tag", …], sorted
    Review,    // key: image id. {"rating": 0…5, "state": ""|"accepted"|"rejected"|"unsure"}
    SavedView, // key: name. The definition, any JSON
    Setting,   // key: setting key. A text
    Trial,     // key: trial id. Of the prompt lab; can be removed and comes back by undo
};

// Null stands for "not there", before as after.
struct Change
{
    EditKind kind = EditKind::Setting;
    std::string key;
    Json before;
    Json after;
};

struct Edit
{
    std::int64_t id = 0; // of the journal
    std::string title;   // for people, such as "Paint clothes"
    std::vector<Change> changes;
    std::string createdAt; // ISO 8601, UTC
    bool isUndone = false;
};

// The value of a region: {"image","group","width","height","rle","box":[l,t,r,b],"area","score",
// "prompt","origin","model","taxonomy"}. When a region that was removed comes back, its phrases
// ("phrases": [{"text","origin","model","template"}]) come back with it.
Json regionValue(const RegionRecord &region);
RegionRecord regionOfValue(const Json &value);

// Those of the pictures on which a person drew a mask or wrote a phrase, in the order given.
std::vector<std::int64_t> imagesEditedByPeople(ProjectStore &store,
                                               const std::vector<std::int64_t> &imageIds);

// The journal of one project. The store must outlive it; the thread rule is the store's.
class EditJournal
{
public:
    // Older steps are forgotten: the journal keeps so many steps and so many bytes of values.
    static constexpr int kMaxSteps = 500;
    static constexpr std::int64_t kMaxBytes = 256LL * 1024 * 1024;

    explicit EditJournal(ProjectStore &store);

    // The value that is stored now; null when there is none.
    Json value(EditKind kind, const std::string &key);

    // Stores the values `after` and journals the edit; what had been undone cannot be redone any
    // more. `before` of each change is read from the store, so callers leave it empty; changes that
    // change nothing are dropped, and an edit without any is not journalled (id 0). Returns the
    // edit as stored, with the keys of new rows.
    // Throws Error(InvalidInput) for a value that does not fit its kind, Error(NotFound) for a
    // picture or region that is not there, and what every writing call of the store throws; then
    // nothing has changed.
    Edit apply(Edit edit);

    // Steps back or forward; returns the edit, or one with id 0 when there is none. Throws
    // Error(Mismatch) when something else (a job, another window) has changed the values since:
    // then nothing has changed, and the step is taken out of the journal.
    Edit undo();
    Edit redo();

    // The steps that undo and redo would take next come first; without their values.
    std::vector<Edit> undoable(int limit = kMaxSteps);
    std::vector<Edit> redoable(int limit = kMaxSteps);

private:
    Edit step(bool forward);

    ProjectStore &m_store;
};

} // namespace sapsam
