#pragma once

#include "core/store/project_store.h"

#include <cstdint>
#include <string>
#include <vector>

// What the search reads and writes besides pictures. The thread rule is the store's.
namespace sapsam {

// A region with what was said of it, without its mask.
struct StoredPart
{
    std::int64_t imageId = 0;
    std::int64_t regionId = 0;
    std::string group;
    std::string phrase;         // the human one, else the model's; may be empty
    std::uint64_t maskHash = 0; // of its run lengths: changes when the mask does
};

// Every region that was found, by image and id.
std::vector<StoredPart> storedParts(ProjectStore &store);

// Changes whenever storedParts() may: what other connections stored and this one did.
std::int64_t contentVersion(ProjectStore &store);

// What was said about a hit of a stored query; said again, it replaces what was said before.
void setFeedback(ProjectStore &store, std::int64_t queryId, std::int64_t imageId,
                 const std::string &group, bool relevant);

} // namespace sapsam
