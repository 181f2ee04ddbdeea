#pragma once

#include "core/store/edits.h"
#include "core/store/project_store.h"
#include "core/taxonomy/taxonomy.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// The taxonomies of a project. The current one is a setting (its whole content), so that switching
// is an edit like any other; every one that was current is kept in the table of versions.
namespace sapsam {

class Database;

// The setting's key.
inline constexpr const char *kCurrentTaxonomyKey = "taxonomy.current";

// What the project works with: the setting, or the shipped default. Throws Error(Corrupt) when what
// is stored cannot be read, with the advice to choose another one.
Taxonomy currentTaxonomy(ProjectStore &store);

// The same for who must go on when it cannot be read: the window's colours, the way back.
struct CurrentTaxonomy
{
    Taxonomy taxonomy;   // the shipped default where there is a problem
    std::string problem; // why what is stored cannot be read, and what to do; "" when it can
};
CurrentTaxonomy currentTaxonomyOrDefault(ProjectStore &store);

// A version that the project knows with its content, or the shipped one; nothing otherwise, also
// for a content that cannot be read.
std::optional<Taxonomy> taxonomyOfVersion(ProjectStore &store, const std::string &version);

struct TaxonomyVersionInfo
{
    std::string version;
    std::string parent;
    std::string note;
    std::string createdAt; // ISO 8601, UTC; "" for the shipped one where it was never used
    bool isCurrent = false;
    bool isShipped = false;
    bool hasContent = true;   // false: known by name only, from another program or release
    std::int64_t regions = 0; // masks that were made under it
};

// Newest first; the shipped one is always there, last when it was never used.
std::vector<TaxonomyVersionInfo> taxonomyVersions(ProjectStore &store);

// Every taxonomy that the project knows the content of, newest first, the shipped one last: how a
// mask that was made under an older version is called and coloured.
std::vector<Taxonomy> knownTaxonomies(ProjectStore &store);

// The number that the next version of this name gets: one above the highest that is known.
int nextTaxonomyNumber(ProjectStore &store, const std::string &name);

// The change of an edit that makes the taxonomy current (null content: back to the default). The
// version is computed from the content. Throws Error(InvalidInput) with taxonomyProblem() when it
// has errors.
Change taxonomyChange(const Taxonomy &taxonomy);

// Keeps the content of a version; called by the journal when the setting is written. Throws
// Error(InvalidInput) for what is no taxonomy that can be used.
void rememberTaxonomy(Database &database, const std::string &content);

// Regions of one kind, counted: what staleness is decided by.
struct RegionKind
{
    std::string group;
    std::string version; // of the taxonomy they were made under
    std::string origin;  // model | human
};

// Walks over all regions in the order of their pictures: (image, region id, kind, phrases of it,
// whether a human wrote one of them). `kinds` outlives the call.
struct RegionRow
{
    std::int64_t imageId = 0;
    std::int64_t regionId = 0;
    int kind = 0; // index into `kinds`
    int phrases = 0;
    int humanPhrases = 0;
};
struct RegionCensus
{
    std::vector<RegionKind> kinds;
    std::vector<RegionRow> rows;
};
RegionCensus regionCensus(ProjectStore &store);

// Which groups have to be segmented again under another taxonomy, for pictures that one model has
// segmented completely under an older version.
struct SegmentedUnder
{
    std::string version; // "" where it is not known or another model was used
    std::vector<std::int64_t> imageIds;
};
// Pictures that this model has not segmented under this version, by the version that it did segment
// them under. Pictures of another model or of none stand under "".
std::vector<SegmentedUnder> imagesToSegmentByVersion(ProjectStore &store,
                                                     const std::string &modelHash,
                                                     const std::string &taxonomyVersion);
// Replaces the model-made regions of these groups only, removes model-made regions of groups that
// are not in `known`, and moves the rest over to the version: their masks mean the same. What a
// person drew or wrote stays.
void replaceRegionsOfGroups(ProjectStore &store, std::int64_t imageId,
                            const std::vector<std::string> &groups,
                            const std::vector<std::string> &known,
                            const std::vector<RegionRecord> &regions, const std::string &modelHash,
                            const std::string &taxonomyVersion);

} // namespace sapsam
