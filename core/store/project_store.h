#pragma once

#include "core/store/records.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sapsam {

// A project folder NAME.sapsam and its database. Opening migrates forward (a backup is made first)
// and checks the database after an unclean exit.
//
// Thread rule: an object belongs to one thread; open one per thread (WAL: readers never wait).
// Writing calls are transactions of their own unless inside transaction(). One process writes at a
// time: a writing call, a transaction and a running job (beginJob to endJob) hold the project's
// lock file. Every function throws Error: NotFound (no project there), Corrupt (damaged, with the
// advice to run `sapsam doctor`), Busy (another process holds the lock; names its pid and host),
// NoSpace, Io.
class ProjectStore
{
public:
    enum class Access { ReadOnly, ReadWrite };

    // Makes the folder with an empty database. Throws Error(InvalidInput) when one is there
    // already.
    static ProjectStore create(const std::string &folder);
    static ProjectStore open(const std::string &folder, Access access = Access::ReadWrite);
    // Whether the folder holds a project, without opening it.
    static bool isProject(const std::string &folder);
    // The schema version that this program writes.
    static int latestVersion();
    // Removes the lock file of a writer that is known to be gone, such as one on another machine.
    // Throws Error(Busy) when the writer is a living process of this machine.
    static void breakLock(const std::string &folder);

    ProjectStore(ProjectStore &&) noexcept;
    ProjectStore &operator=(ProjectStore &&) noexcept;
    ~ProjectStore();

    const std::string &folder() const;
    std::string featuresFolder() const; // made when missing
    std::string runsFolder() const;     // made when missing
    std::string cropsFolder() const;    // made when missing
    std::string name() const;           // folder name without ".sapsam"
    // The file to decode for an image: its crop, or the picture itself.
    std::string picturePath(const ImageRecord &image) const;
    bool isReadOnly() const;

    // Changes whenever another connection committed; cheap, for polling.
    std::int64_t dataVersion();
    // Runs the function inside one transaction; an exception rolls everything back.
    void transaction(const std::function<void()> &body);
    // Problems found by SQLite's integrity check; empty when sound.
    std::vector<std::string> integrityProblems();
    // Refuses to let the database grow past this size, with Error(NoSpace), until it is opened
    // again.
    void limitSize(std::int64_t bytes);

    // Images -------------------------------------------------------------------------------------
    // Returns the id; when path, frame and box are stored already, the old id and isNew = false.
    struct Inserted
    {
        std::int64_t id = 0;
        bool isNew = true;
    };
    Inserted addImage(const ImageRecord &image);
    ImageRecord image(std::int64_t id);
    std::vector<ImageRecord> images();
    std::vector<std::int64_t> imageIds(); // ascending
    std::int64_t imageCount();
    // The next images in id order: a first screen without reading the whole project.
    std::vector<ImageRecord> imagesAfter(std::int64_t id, int limit);
    void addCaption(std::int64_t imageId, const std::string &text);
    std::vector<CaptionRecord> captions(std::int64_t imageId);

    // Regions and phrases
    // -------------------------------------------------------------------------- Replaces the
    // model-made regions of an image (and their phrases); human ones stay, and a group for which
    // there is one (also one that says "not there") gets none of the model's. An image without any
    // found part is remembered as segmented too.
    void replaceRegions(std::int64_t imageId, const std::vector<RegionRecord> &regions,
                        const std::string &modelHash, const std::string &taxonomyVersion);
    std::vector<RegionRecord> regions(std::int64_t imageId);
    // What a person said is not there: human regions without any pixel. regions() leaves them out.
    std::vector<RegionRecord> absentRegions(std::int64_t imageId);
    // Adds a region, such as one drawn by a person; returns its id.
    std::int64_t addRegion(const RegionRecord &region);
    // Replaces the phrase of a region that has the same origin; a human one stays when a model
    // writes. Throws Error(NotFound) when there is no such region.
    void setPhrase(const PhraseRecord &phrase);
    // One for each of its regions that has any: the human one, else the model's.
    std::vector<PhraseRecord> phrases(std::int64_t imageId);
    std::vector<std::string> distinctPhrases(); // every wording in use, sorted
    // Work that is still to do, ascending: missing, or made by another model or version.
    std::vector<std::int64_t> imagesToSegment(const std::string &modelHash,
                                              const std::string &taxonomyVersion);
    std::vector<std::int64_t> imagesToPhrase(const std::string &modelHash,
                                             const std::string &templateVersion);

    // Embeddings and models
    // --------------------------------------------------------------------------
    void recordModel(const std::string &name, const std::string &task, const std::string &hash,
                     const std::string &architecture);
    // What a version of a taxonomy or of the prompt templates said, for whoever asks later.
    void recordTaxonomy(const std::string &version, const std::string &content);
    void recordTemplate(const std::string &version, const std::string &content);
    // Makes this set the current one of its model (older sets of the same model are dropped).
    void recordEmbeddingSet(const EmbeddingSetRecord &set);
    // The newest set, or nothing.
    std::optional<EmbeddingSetRecord> currentEmbeddingSet();
    // The set that this model made, or nothing.
    std::optional<EmbeddingSetRecord> embeddingSetOf(const std::string &modelHash);
    // {"person-sam": hash, …} of the models that made what is stored.
    std::vector<std::pair<std::string, std::string>> modelsInUse();

    // Queries, jobs, settings
    // --------------------------------------------------------------------------
    std::int64_t addQuery(const QueryRecord &query, const std::vector<std::int64_t> &imageIds,
                          const std::vector<float> &scores);
    std::vector<QueryRecord> recentQueries(int limit);
    std::int64_t beginJob(const std::string &kind, const std::string &options);
    void addJobItem(std::int64_t jobId, const JobItemRecord &item);
    void endJob(std::int64_t jobId, const std::string &state); // done | failed | cancelled
    std::vector<JobRecord> recentJobs(int limit);              // newest first
    std::vector<JobItemRecord> jobItems(std::int64_t jobId);   // in the order they were added
    void setSetting(const std::string &key, const std::string &value);
    std::string setting(const std::string &key, const std::string &fallback = {});

    ProjectCounts counts();

private:
    friend class StoreAccess; // the other files of this folder
    struct Private;
    explicit ProjectStore(std::unique_ptr<Private> data);
    std::unique_ptr<Private> d;
};

} // namespace sapsam
