#pragma once

#include "core/store/database.h"
#include "core/store/project_lock.h"
#include "core/store/project_store.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace sapsam {

// The database behind a project, for the other files of core/store; nobody else includes this.
// The thread rule is the store's.
class StoreAccess
{
public:
    // The database with the project's lock, for as long as the object lives.
    struct Writing
    {
        std::shared_ptr<ProjectLock> lock;
        Database &database;
    };

    static Database &reading(ProjectStore &store);
    // Throws Error(InvalidInput) for a store that is open for reading only, Error(Busy) while
    // another process writes.
    static Writing writing(ProjectStore &store);
    // Row ids of lineage, made when missing; nothing for an empty text.
    static std::optional<std::int64_t> modelId(ProjectStore &store, const std::string &hash);
    static std::optional<std::int64_t> taxonomyId(ProjectStore &store, const std::string &version);
    static std::optional<std::int64_t> templateId(ProjectStore &store, const std::string &version);
};

} // namespace sapsam
