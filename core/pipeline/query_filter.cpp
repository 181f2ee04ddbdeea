#include "core/pipeline/query_filter.h"

#include "core/base/error.h"
#include "core/store/gallery_query.h"

namespace sapsam {

std::vector<std::int64_t> imagesOfFilter(ProjectStore &store, const std::string &filter)
{
    const FilterParse parsed = parseFilter(filter);
    if (parsed.problem)
        throw Error(ErrorKind::InvalidInput, "the filter cannot be read at column "
                                                 + std::to_string(parsed.problem->begin + 1) + ": "
                                                 + parsed.problem->message);
    return imagesMatching(store, parsed.filter);
}

} // namespace sapsam
