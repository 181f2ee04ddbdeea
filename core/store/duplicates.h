#pragma once

#include "core/image/near_duplicates.h"
#include "core/store/project_store.h"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

// What is known of near-identical pictures in a project. Found by core/pipeline/find_duplicates.h;
// filters ("duplicate:copy") and the sort "duplicates" read it. The thread rule is the store's.
namespace sapsam {

struct DuplicateGroup
{
    std::int64_t id = 0;              // the smallest id of its pictures: the same group keeps it
    std::vector<std::int64_t> images; // the best one first
};

// What was found last, by id.
std::vector<DuplicateGroup> duplicateGroups(ProjectStore &store);
// Replaces what was found before, in one transaction.
void replaceDuplicates(ProjectStore &store, const std::vector<std::vector<std::int64_t>> &groups);

// Whether, and over which pictures, duplicates were looked for.
struct DuplicateSearch
{
    bool wasDone = false;
    std::int64_t images = 0; // were compared
    std::int64_t fresh = 0;  // came into the project since
    std::int64_t groups = 0; // found then
    std::int64_t copies = 0; // all but the best of each group
};
DuplicateSearch duplicateSearch(ProjectStore &store);

// Hashes by the SHA-256 of the pictures' files.
std::unordered_map<std::string, PerceptualHash> pictureHashes(ProjectStore &store);
void addPictureHashes(ProjectStore &store,
                      const std::vector<std::pair<std::string, PerceptualHash>> &hashes);

} // namespace sapsam
