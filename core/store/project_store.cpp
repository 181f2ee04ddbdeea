#include "core/store/project_store.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/log.h"
#include "core/store/database.h"
#include "core/store/project_lock.h"
#include "core/store/schema.h"
#include "core/store/store_access.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace sapsam {

namespace fs = std::filesystem;

namespace {

// "SAPS" in the database header, so that file(1) and the desktop recognise a project.
constexpr std::int64_t kApplicationId = 0x53415053;
constexpr const char *kDatabaseName = "project.sqlite";

std::string databasePath(const std::string &folder)
{
    return folder + "/" + kDatabaseName;
}

std::string withoutTrailingSlash(std::string folder)
{
    while (folder.size() > 1 && folder.back() == '/')
        folder.pop_back();
    return folder;
}

std::string absoluteFolder(const std::string &folder)
{
    std::error_code error;
    const fs::path whole = fs::absolute(withoutTrailingSlash(folder), error).lexically_normal();
    return error ? folder : withoutTrailingSlash(whole.string());
}

std::string timeStamp()
{
    const std::time_t now = std::time(nullptr);
    std::tm utc = {};
    ::gmtime_r(&now, &utc);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc);
    return text.data();
}

std::string hostName()
{
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

void applyMigrations(Database &database, std::int64_t from)
{
    Transaction transaction(database);
    for (std::size_t i = static_cast<std::size_t>(from); i < migrations().size(); ++i) {
        database.execute(migrations()[i].sql);
        database.execute("PRAGMA user_version = " + std::to_string(i + 1));
    }
    transaction.commit();
}

void backUp(Database &database, const std::string &folder, std::int64_t version)
{
    const std::string backups = folder + "/backups";
    makeFolder(backups);
    const std::string stem = backups + "/project-v" + std::to_string(version) + "-" + timeStamp();
    std::string target = stem + ".sqlite";
    std::error_code ignored;
    for (int i = 2; fs::exists(target, ignored); ++i)
        target = stem + "-" + std::to_string(i) + ".sqlite";
    try {
        database.run("VACUUM INTO ?", target);
    } catch (const Error &) {
        fs::remove(target, ignored);
        throw;
    }
    logInfo("the project is brought up to date; the old database was kept as '" + target + "'");
}

// Brings an older database forward. Throws Error(Unsupported) for a newer one.
void bringUpToDate(Database &database, const std::string &folder)
{
    const std::int64_t version = database.integer("PRAGMA user_version");
    const auto latest = static_cast<std::int64_t>(migrations().size());
    if (version == latest)
        return;
    if (version > latest)
        throw Error(ErrorKind::Unsupported,
                    "'" + database.path()
                        + "' was written by a newer version of this program (schema "
                        + std::to_string(version) + ", this one knows " + std::to_string(latest)
                        + "); update the program, the project was left as it is");
    const std::shared_ptr<ProjectLock> lock = ProjectLock::acquire(folder);
    const std::int64_t current = database.integer("PRAGMA user_version");
    if (current >= latest)
        return;
    backUp(database, folder, current);
    applyMigrations(database, current);
}

std::vector<std::string> checkProblems(Database &database, const char *pragma)
{
    std::vector<std::string> problems;
    try {
        Statement rows = database.query(pragma);
        while (rows.step()) {
            const std::string line = rows.text(0);
            if (line != "ok")
                problems.push_back(line);
        }
    } catch (const Error &error) {
        problems.emplace_back(error.what());
    }
    return problems;
}

// Frame and box in one text, so that one unique index tells pictures, scenes and frames apart.
std::string placeOf(const ImageRecord &image)
{
    std::string place;
    if (image.frame)
        place += "frame " + std::to_string(*image.frame);
    if (image.box)
        place += " box " + std::to_string(image.box->left) + "," + std::to_string(image.box->top)
                 + "," + std::to_string(image.box->right) + "," + std::to_string(image.box->bottom);
    return place;
}

constexpr const char *kImageColumns =
    "SELECT id, path, sha256, width, height, source, split, identity, frame, box_left, box_top, "
    "box_right, box_bottom, crop FROM image ";

ImageRecord imageOf(const Statement &row)
{
    ImageRecord image;
    image.id = row.integer(0);
    image.path = row.text(1);
    image.sha256 = row.text(2);
    image.width = static_cast<int>(row.integer(3));
    image.height = static_cast<int>(row.integer(4));
    image.source = row.text(5);
    image.split = row.text(6);
    image.identity = row.text(7);
    if (!row.isNull(8))
        image.frame = row.integer(8);
    if (!row.isNull(9))
        image.box = Box{static_cast<int>(row.integer(9)), static_cast<int>(row.integer(10)),
                        static_cast<int>(row.integer(11)), static_cast<int>(row.integer(12))};
    image.crop = row.text(13);
    return image;
}

EmbeddingSetRecord embeddingSetOfRow(const Statement &row)
{
    EmbeddingSetRecord set;
    set.id = row.integer(0);
    set.modelName = row.text(1);
    set.modelHash = row.text(2);
    set.dimension = static_cast<int>(row.integer(3));
    set.count = row.integer(4);
    set.file = row.text(5);
    return set;
}

std::string numberText(float value)
{
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    return std::string(buffer.data(), end);
}

} // namespace

struct ProjectStore::Private
{
    std::string folder;
    Access access = Access::ReadWrite;
    // Held while a job of this store runs. Let go of after the connection is closed: members die
    // from the last to the first.
    std::shared_ptr<ProjectLock> jobLock;
    std::weak_ptr<ProjectLock>
        currentLock; // spares the way to the file inside jobs and transactions
    std::unique_ptr<Database> database;

    Database &db() { return *database; }

    // The database with the project's lock, for as long as a writing call lasts.
    class Writing
    {
    public:
        Writing(Database &database, std::shared_ptr<ProjectLock> lock)
            : m_lock(std::move(lock)), m_database(database)
        {
        }
        Database *operator->() const { return &m_database; }
        Database &operator*() const { return m_database; }
        const std::shared_ptr<ProjectLock> &lock() const { return m_lock; }

    private:
        std::shared_ptr<ProjectLock> m_lock;
        Database &m_database;
    };

    // Every writing call passes here first.
    Writing writing()
    {
        if (access == Access::ReadOnly)
            throw Error(ErrorKind::InvalidInput,
                        "the project '" + folder + "' was opened for reading only");
        std::shared_ptr<ProjectLock> lock = currentLock.lock();
        if (!lock) {
            lock = ProjectLock::acquire(folder);
            currentLock = lock;
        }
        return {*database, std::move(lock)};
    }

    std::string subfolder(const char *name)
    {
        std::string path = folder + "/" + name;
        if (access == Access::ReadWrite)
            makeFolder(path);
        return path;
    }

    // Row ids of lineage; empty text is no lineage (NULL). Made when missing.
    std::optional<std::int64_t> modelId(const std::string &hash)
    {
        if (hash.empty())
            return std::nullopt;
        return named("SELECT id FROM model WHERE hash = ?", "INSERT INTO model (hash) VALUES (?)",
                     hash);
    }
    std::optional<std::int64_t> taxonomyId(const std::string &version)
    {
        if (version.empty())
            return std::nullopt;
        return named("SELECT id FROM taxonomy_version WHERE version = ?",
                     "INSERT INTO taxonomy_version (version) VALUES (?)", version);
    }
    std::optional<std::int64_t> templateId(const std::string &version)
    {
        if (version.empty())
            return std::nullopt;
        return named("SELECT id FROM template_version WHERE version = ?",
                     "INSERT INTO template_version (version) VALUES (?)", version);
    }

    std::int64_t insertRegion(const RegionRecord &region)
    {
        Database &database_ = *database;
        // Never an id that was given before: steps of the journal still name it.
        database_.run(
            "INSERT INTO region (id, image_id, part_group, width, height, rle, box_left, box_top, "
            "box_right, box_bottom, area, score, prompt, origin, model_id, taxonomy_id) "
            "VALUES (1 + max(coalesce((SELECT max(id) FROM region), 0), coalesce((SELECT "
            "CAST(value AS INTEGER) FROM setting WHERE key = 'region.last-id'), 0)), "
            "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            region.imageId, region.group, region.width, region.height, region.rle,
            region.bounds.left, region.bounds.top, region.bounds.right, region.bounds.bottom,
            region.area, region.score, region.prompt, region.origin, modelId(region.modelHash),
            taxonomyId(region.taxonomyVersion));
        return database_.lastInsertId();
    }

    std::vector<RegionRecord> regions(std::int64_t imageId, bool absent)
    {
        std::vector<RegionRecord> list;
        Statement rows = db().query(
            "SELECT region.id, image_id, part_group, width, height, rle, box_left, box_top, "
            "box_right, "
            "box_bottom, area, score, coalesce(model.hash, ''), prompt, origin, "
            "coalesce(taxonomy_version.version, '') FROM region LEFT JOIN model ON model.id = "
            "model_id "
            "LEFT JOIN taxonomy_version ON taxonomy_version.id = taxonomy_id WHERE image_id = ? "
            "AND (area <= 0.0 AND origin = 'human') = ? ORDER BY region.id",
            imageId, absent ? 1 : 0);
        while (rows.step()) {
            RegionRecord region;
            region.id = rows.integer(0);
            region.imageId = rows.integer(1);
            region.group = rows.text(2);
            region.width = static_cast<int>(rows.integer(3));
            region.height = static_cast<int>(rows.integer(4));
            region.rle = rows.text(5);
            region.bounds = {static_cast<int>(rows.integer(6)), static_cast<int>(rows.integer(7)),
                             static_cast<int>(rows.integer(8)), static_cast<int>(rows.integer(9))};
            region.area = rows.real(10);
            region.score = rows.real(11);
            region.modelHash = rows.text(12);
            region.prompt = rows.text(13);
            region.origin = rows.text(14);
            region.taxonomyVersion = rows.text(15);
            list.push_back(std::move(region));
        }
        return list;
    }

    void requireImage(std::int64_t id)
    {
        if (!database->query("SELECT 1 FROM image WHERE id = ?", id).step())
            throw Error(ErrorKind::NotFound, "there is no image " + std::to_string(id)
                                                 + " in the project '" + folder + "'");
    }

private:
    std::int64_t named(const char *select, const char *insert, const std::string &name)
    {
        {
            Statement found = database->query(select, name);
            if (found.step())
                return found.integer(0);
        }
        database->run(insert, name);
        return database->lastInsertId();
    }
};

Database &StoreAccess::reading(ProjectStore &store)
{
    return store.d->db();
}

StoreAccess::Writing StoreAccess::writing(ProjectStore &store)
{
    ProjectStore::Private::Writing writing = store.d->writing();
    return {writing.lock(), *writing};
}

std::optional<std::int64_t> StoreAccess::modelId(ProjectStore &store, const std::string &hash)
{
    return store.d->modelId(hash);
}

std::optional<std::int64_t> StoreAccess::taxonomyId(ProjectStore &store, const std::string &version)
{
    return store.d->taxonomyId(version);
}

std::optional<std::int64_t> StoreAccess::templateId(ProjectStore &store, const std::string &version)
{
    return store.d->templateId(version);
}

ProjectStore::ProjectStore(std::unique_ptr<Private> data) : d(std::move(data)) {}
ProjectStore::ProjectStore(ProjectStore &&) noexcept = default;
ProjectStore &ProjectStore::operator=(ProjectStore &&) noexcept = default;
ProjectStore::~ProjectStore() = default;

int ProjectStore::latestVersion()
{
    return static_cast<int>(migrations().size());
}

ProjectStore ProjectStore::create(const std::string &folder)
{
    const std::string whole = absoluteFolder(folder);
    const std::string path = databasePath(whole);
    std::error_code ignored;
    if (fs::exists(path, ignored))
        throw Error(ErrorKind::InvalidInput, "there is a project in '" + whole
                                                 + "' already; open it or choose another folder");
    if (fs::exists(whole, ignored) && !fs::is_directory(whole, ignored))
        throw Error(ErrorKind::InvalidInput,
                    "'" + whole + "' is a file; a project needs a folder of its own");
    makeFolder(whole);
    // Built beside and renamed: a database that is there is complete.
    const std::string part = path + ".part";
    fs::remove(part, ignored);
    try {
        {
            Database database(part, Database::Mode::Create);
            database.execute("PRAGMA page_size = 8192; PRAGMA application_id = "
                             + std::to_string(kApplicationId));
            applyMigrations(database, 0);
        }
        if (::rename(part.c_str(), path.c_str()) != 0)
            throwSystemError("write", path, errno);
    } catch (const Error &) {
        fs::remove(part, ignored);
        throw;
    }
    return open(whole);
}

ProjectStore ProjectStore::open(const std::string &folder, Access access)
{
    auto data = std::make_unique<Private>();
    data->folder = absoluteFolder(folder);
    data->access = access;
    const std::string path = databasePath(data->folder);
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) {
        const int error = errno;
        if (error == ENOENT || error == ENOTDIR)
            throw Error(ErrorKind::NotFound,
                        "there is no project in '" + data->folder + "' (" + kDatabaseName
                            + " is missing); make one with `sapsam project create`");
        throwSystemError("open", path, error);
    }
    if (status.st_size == 0)
        throw Error(
            ErrorKind::Corrupt,
            "'" + path
                + "' is empty; the database is damaged: run `sapsam doctor` on the project, or put "
                  "back a copy from its backups folder");

    const bool writes = access == Access::ReadWrite;
    const bool unclean = writes && ProjectLock::isStale(data->folder);
    data->database = std::make_unique<Database>(path, writes ? Database::Mode::ReadWrite
                                                             : Database::Mode::ReadOnly);
    Database &database = data->db();
    if (writes && database.isReadOnly())
        throw Error(ErrorKind::Io,
                    "cannot write '" + path
                        + "': the file or its folder is read-only; change the permissions "
                          "or copy the project to another place");
    if (database.integer("PRAGMA application_id") != kApplicationId)
        throw Error(
            ErrorKind::Corrupt,
            "'" + path
                + "' is a database, but not of a project; put back a copy from the backups folder "
                  "or choose another folder");
    if (writes) {
        database.execute("PRAGMA journal_mode = WAL");
        bringUpToDate(database, data->folder);
    } else if (database.integer("PRAGMA user_version") != latestVersion()) {
        Database writable(path, Database::Mode::ReadWrite);
        bringUpToDate(writable, data->folder);
    }
    if (unclean) {
        std::shared_ptr<ProjectLock> lock;
        try {
            lock = ProjectLock::acquire(data->folder);
        } catch (const Error &error) {
            // The writer sits on another machine, or another process was faster and checks.
            logWarning(error.what());
        }
        if (lock) {
            logWarning("the project '" + data->folder + "' was not closed properly; checking it");
            const std::vector<std::string> problems = checkProblems(database, "PRAGMA quick_check");
            if (!problems.empty())
                throw Error(
                    ErrorKind::Corrupt,
                    "'" + path + "' is damaged (" + problems.front()
                        + "); run `sapsam doctor` on the project, or put back a copy from its "
                          "backups folder");
            database.run("UPDATE job SET state = 'failed', ended_at = "
                         "strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE state = 'running'");
        }
    }
    return ProjectStore(std::move(data));
}

bool ProjectStore::isProject(const std::string &folder)
{
    constexpr std::size_t kIdOffset = 68; // of application_id in the file format of SQLite
    const std::string path = databasePath(withoutTrailingSlash(folder));
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored))
        return false;
    std::string head;
    try {
        readFileInPieces(path, [&](const char *bytes, std::size_t size) {
            if (head.empty())
                head.assign(bytes, std::min<std::size_t>(size, 100));
        });
    } catch (const Error &) {
        return false;
    }
    return head.size() == 100 && head.compare(0, 15, "SQLite format 3") == 0
           && head.compare(kIdOffset, 4, "SAPS") == 0;
}

void ProjectStore::breakLock(const std::string &folder)
{
    ProjectLock::removeForeign(folder);
}

const std::string &ProjectStore::folder() const
{
    return d->folder;
}
std::string ProjectStore::featuresFolder() const
{
    return d->subfolder("features");
}
std::string ProjectStore::runsFolder() const
{
    return d->subfolder("runs");
}
std::string ProjectStore::cropsFolder() const
{
    return d->subfolder("crops");
}

std::string ProjectStore::name() const
{
    const fs::path path(d->folder);
    return path.extension() == ".sapsam" ? path.stem().string() : path.filename().string();
}

std::string ProjectStore::picturePath(const ImageRecord &image) const
{
    return image.crop.empty() ? image.path : d->folder + "/" + image.crop;
}

bool ProjectStore::isReadOnly() const
{
    return d->access == Access::ReadOnly;
}

std::int64_t ProjectStore::dataVersion()
{
    return d->db().integer("PRAGMA data_version");
}

void ProjectStore::transaction(const std::function<void()> &body)
{
    const Private::Writing writing = d->writing();
    Transaction transaction(*writing);
    body();
    transaction.commit();
}

std::vector<std::string> ProjectStore::integrityProblems()
{
    std::vector<std::string> problems = checkProblems(d->db(), "PRAGMA integrity_check");
    try {
        Statement rows = d->db().query("PRAGMA foreign_key_check");
        while (rows.step())
            problems.push_back("row " + rows.text(1) + " of table " + rows.text(0)
                               + " refers to a missing row of table " + rows.text(2));
    } catch (const Error &error) {
        problems.emplace_back(error.what());
    }
    return problems;
}

void ProjectStore::limitSize(std::int64_t bytes)
{
    const std::int64_t pageSize = std::max<std::int64_t>(1, d->db().integer("PRAGMA page_size"));
    d->db().execute("PRAGMA max_page_count = "
                    + std::to_string(std::max<std::int64_t>(1, bytes / pageSize)));
}

// Images -----------------------------------------------------------------------------------------

ProjectStore::Inserted ProjectStore::addImage(const ImageRecord &image)
{
    const Private::Writing writing = d->writing();
    Database &db = *writing;
    const std::string place = placeOf(image);
    const Box box = image.box.value_or(Box{});
    const auto edge = [&](int value) {
        return image.box ? std::optional<std::int64_t>(value) : std::nullopt;
    };
    const int added = db.run(
        "INSERT INTO image (path, place, sha256, width, height, source, split, identity, frame, "
        "box_left, box_top, box_right, box_bottom, crop) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path, place) DO NOTHING",
        image.path, place, image.sha256, image.width, image.height, image.source, image.split,
        image.identity, image.frame, edge(box.left), edge(box.top), edge(box.right),
        edge(box.bottom), image.crop);
    if (added == 1)
        return {db.lastInsertId(), true};
    Statement known =
        db.query("SELECT id FROM image WHERE path = ? AND place = ?", image.path, place);
    if (!known.step())
        throw Error(ErrorKind::Internal, "'" + image.path + "' was neither stored nor found");
    return {known.integer(0), false};
}

ImageRecord ProjectStore::image(std::int64_t id)
{
    static const std::string sql = std::string(kImageColumns) + "WHERE id = ?";
    Statement row = d->db().query(sql.c_str(), id);
    if (!row.step())
        throw Error(ErrorKind::NotFound, "there is no image " + std::to_string(id)
                                             + " in the project '" + d->folder + "'");
    return imageOf(row);
}

std::vector<ImageRecord> ProjectStore::images()
{
    static const std::string sql = std::string(kImageColumns) + "ORDER BY id";
    std::vector<ImageRecord> list;
    list.reserve(static_cast<std::size_t>(d->db().integer("SELECT count(*) FROM image")));
    Statement rows = d->db().query(sql.c_str());
    while (rows.step())
        list.push_back(imageOf(rows));
    return list;
}

std::vector<ImageRecord> ProjectStore::imagesAfter(std::int64_t id, int limit)
{
    static const std::string sql = std::string(kImageColumns) + "WHERE id > ? ORDER BY id LIMIT ?";
    std::vector<ImageRecord> list;
    Statement rows = d->db().query(sql.c_str(), id, limit);
    while (rows.step())
        list.push_back(imageOf(rows));
    return list;
}

std::vector<std::int64_t> ProjectStore::imageIds()
{
    std::vector<std::int64_t> ids;
    Statement rows = d->db().query("SELECT id FROM image ORDER BY id");
    while (rows.step())
        ids.push_back(rows.integer(0));
    return ids;
}

std::int64_t ProjectStore::imageCount()
{
    return d->db().integer("SELECT count(*) FROM image");
}

void ProjectStore::addCaption(std::int64_t imageId, const std::string &text)
{
    const Private::Writing writing = d->writing();
    Database &db = *writing;
    d->requireImage(imageId);
    db.run("INSERT INTO caption (image_id, text) VALUES (?, ?) ON CONFLICT DO NOTHING", imageId,
           text);
}

std::vector<CaptionRecord> ProjectStore::captions(std::int64_t imageId)
{
    std::vector<CaptionRecord> list;
    Statement rows = d->db().query(
        "SELECT id, image_id, text FROM caption WHERE image_id = ? ORDER BY id", imageId);
    while (rows.step())
        list.push_back({rows.integer(0), rows.integer(1), rows.text(2)});
    return list;
}

// Regions and phrases ----------------------------------------------------------------------------

void ProjectStore::replaceRegions(std::int64_t imageId, const std::vector<RegionRecord> &regions,
                                  const std::string &modelHash, const std::string &taxonomyVersion)
{
    const Private::Writing writing = d->writing();
    Database &db = *writing;
    Transaction transaction(db);
    d->requireImage(imageId);
    // What a person wrote about a part outlives the mask that a model drew for it.
    std::map<std::string, std::int64_t> kept; // group -> old region with a human phrase
    {
        Statement rows = db.query("SELECT region.id, region.part_group FROM region JOIN phrase "
                                  "ON phrase.region_id = region.id AND phrase.origin = 'human' "
                                  "WHERE region.image_id = ? AND region.origin = 'model'",
                                  imageId);
        while (rows.step())
            kept.emplace(rows.text(1), rows.integer(0));
    }
    // What a person drew, or said is not there, is not drawn again.
    std::set<std::string> decided;
    {
        Statement rows = db.query("SELECT DISTINCT part_group FROM region WHERE image_id = ? "
                                  "AND origin = 'human'",
                                  imageId);
        while (rows.step())
            decided.insert(rows.text(0));
    }
    std::optional<std::int64_t> firstNew;
    for (RegionRecord region : regions) {
        if (decided.contains(region.group))
            continue;
        region.imageId = imageId;
        region.origin = "model";
        region.modelHash = modelHash;
        region.taxonomyVersion = taxonomyVersion;
        const std::int64_t id = d->insertRegion(region);
        if (!firstNew)
            firstNew = id; // ids only grow: everything below is from before
        const auto old = kept.find(region.group);
        if (old != kept.end()) {
            db.run("UPDATE phrase SET region_id = ? WHERE region_id = ? AND origin = 'human'", id,
                   old->second);
            kept.erase(old);
        }
    }
    db.run("INSERT INTO setting (key, value) SELECT 'region.last-id', "
           "coalesce(max(id), 0) FROM region WHERE true ON CONFLICT (key) DO UPDATE SET value = "
           "CAST(max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER)) AS TEXT)");
    db.run("DELETE FROM region WHERE image_id = ? AND origin = 'model' AND id < ? AND NOT EXISTS "
           "(SELECT 1 FROM phrase WHERE phrase.region_id = region.id AND phrase.origin = 'human')",
           imageId, firstNew.value_or(std::numeric_limits<std::int64_t>::max()));
    db.run("UPDATE image SET segmented_model_id = ?, segmented_taxonomy_id = ? WHERE id = ?",
           d->modelId(modelHash), d->taxonomyId(taxonomyVersion), imageId);
    transaction.commit();
}

std::int64_t ProjectStore::addRegion(const RegionRecord &region)
{
    const Private::Writing writing = d->writing();
    Database &db = *writing;
    Transaction transaction(db);
    d->requireImage(region.imageId);
    const std::int64_t id = d->insertRegion(region);
    transaction.commit();
    return id;
}

std::vector<RegionRecord> ProjectStore::regions(std::int64_t imageId)
{
    return d->regions(imageId, false);
}

std::vector<RegionRecord> ProjectStore::absentRegions(std::int64_t imageId)
{
    return d->regions(imageId, true);
}

void ProjectStore::setPhrase(const PhraseRecord &phrase)
{
    const Private::Writing writing = d->writing();
    Database &db = *writing;
    Transaction transaction(db);
    if (!db.query("SELECT 1 FROM region WHERE id = ?", phrase.regionId).step())
        throw Error(ErrorKind::NotFound, "there is no region " + std::to_string(phrase.regionId)
                                             + " in the project '" + d->folder + "'");
    db.run("INSERT INTO phrase (region_id, text, origin, model_id, template_id) VALUES (?, ?, ?, "
           "?, ?) "
           "ON CONFLICT (region_id, origin) DO UPDATE SET text = excluded.text, "
           "model_id = excluded.model_id, template_id = excluded.template_id",
           phrase.regionId, phrase.text, phrase.origin, d->modelId(phrase.modelHash),
           d->templateId(phrase.templateVersion));
    transaction.commit();
}

std::vector<PhraseRecord> ProjectStore::phrases(std::int64_t imageId)
{
    std::vector<PhraseRecord> list;
    // "human" sorts before "model": the first row of a region is the one that counts.
    Statement rows = d->db().query(
        "SELECT phrase.id, region_id, phrase.text, coalesce(template_version.version, ''), "
        "coalesce(model.hash, ''), phrase.origin FROM region JOIN phrase ON phrase.region_id = "
        "region.id "
        "LEFT JOIN model ON model.id = phrase.model_id "
        "LEFT JOIN template_version ON template_version.id = phrase.template_id "
        "WHERE region.image_id = ? ORDER BY region.id, phrase.origin",
        imageId);
    while (rows.step()) {
        if (!list.empty() && list.back().regionId == rows.integer(1))
            continue;
        list.push_back({rows.integer(0), rows.integer(1), rows.text(2), rows.text(3), rows.text(4),
                        rows.text(5)});
    }
    return list;
}

std::vector<std::string> ProjectStore::distinctPhrases()
{
    std::vector<std::string> list;
    Statement rows = d->db().query("SELECT DISTINCT text FROM phrase ORDER BY text");
    while (rows.step())
        list.push_back(rows.text(0));
    return list;
}

std::vector<std::int64_t> ProjectStore::imagesToSegment(const std::string &modelHash,
                                                        const std::string &taxonomyVersion)
{
    std::vector<std::int64_t> ids;
    // An unknown model or version has the id -1, which no row carries.
    Statement rows = d->db().query(
        "SELECT id FROM image WHERE "
        "segmented_model_id IS NOT coalesce((SELECT id FROM model WHERE hash = ?), -1) OR "
        "segmented_taxonomy_id IS NOT "
        "coalesce((SELECT id FROM taxonomy_version WHERE version = ?), -1) ORDER BY id",
        modelHash, taxonomyVersion);
    while (rows.step())
        ids.push_back(rows.integer(0));
    return ids;
}

std::vector<std::int64_t> ProjectStore::imagesToPhrase(const std::string &modelHash,
                                                       const std::string &templateVersion)
{
    std::vector<std::int64_t> ids;
    Statement rows =
        d->db().query("SELECT DISTINCT image_id FROM region WHERE NOT (area <= 0.0 AND "
                      "origin = 'human') AND NOT EXISTS (SELECT 1 FROM phrase "
                      "WHERE phrase.region_id = region.id AND (phrase.origin = 'human' OR "
                      "(phrase.model_id = (SELECT id FROM model WHERE hash = ?) AND "
                      "phrase.template_id = (SELECT id FROM template_version WHERE version = ?)))) "
                      "ORDER BY image_id",
                      modelHash, templateVersion);
    while (rows.step())
        ids.push_back(rows.integer(0));
    return ids;
}

// Embeddings and models --------------------------------------------------------------------------

void ProjectStore::recordModel(const std::string &name, const std::string &task,
                               const std::string &hash, const std::string &architecture)
{
    d->writing()->run(
        "INSERT INTO model (hash, name, task, architecture) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (hash) DO UPDATE SET name = excluded.name, task = excluded.task, "
        "architecture = excluded.architecture",
        hash, name, task, architecture);
}

void ProjectStore::recordTaxonomy(const std::string &version, const std::string &content)
{
    d->writing()->run("INSERT INTO taxonomy_version (version, content) VALUES (?, ?) "
                      "ON CONFLICT (version) DO UPDATE SET content = excluded.content",
                      version, content);
}

void ProjectStore::recordTemplate(const std::string &version, const std::string &content)
{
    d->writing()->run("INSERT INTO template_version (version, content) VALUES (?, ?) "
                      "ON CONFLICT (version) DO UPDATE SET content = excluded.content",
                      version, content);
}

void ProjectStore::recordEmbeddingSet(const EmbeddingSetRecord &set)
{
    const Private::Writing writing = d->writing();
    Database &db = *writing;
    Transaction transaction(db);
    const std::optional<std::int64_t> model = d->modelId(set.modelHash);
    if (!model)
        throw Error(ErrorKind::InvalidInput, "an embedding set must name the model that made it");
    if (!set.modelName.empty())
        db.run("UPDATE model SET name = ? WHERE id = ? AND name = ''", set.modelName, *model);
    // The new id must be the highest, hence insert before delete.
    db.run("INSERT INTO embedding_set (model_id, dimension, count, file) VALUES (?, ?, ?, ?)",
           *model, set.dimension, set.count, set.file);
    db.run("DELETE FROM embedding_set WHERE model_id = ? AND id <> ?", *model, db.lastInsertId());
    transaction.commit();
}

std::optional<EmbeddingSetRecord> ProjectStore::currentEmbeddingSet()
{
    Statement row =
        d->db().query("SELECT embedding_set.id, model.name, model.hash, dimension, count, file "
                      "FROM embedding_set "
                      "JOIN model ON model.id = model_id ORDER BY embedding_set.id DESC LIMIT 1");
    return row.step() ? std::optional(embeddingSetOfRow(row)) : std::nullopt;
}

std::optional<EmbeddingSetRecord> ProjectStore::embeddingSetOf(const std::string &modelHash)
{
    Statement row = d->db().query("SELECT embedding_set.id, model.name, model.hash, dimension, "
                                  "count, file FROM embedding_set "
                                  "JOIN model ON model.id = model_id WHERE model.hash = ? ORDER BY "
                                  "embedding_set.id DESC LIMIT 1",
                                  modelHash);
    return row.step() ? std::optional(embeddingSetOfRow(row)) : std::nullopt;
}

std::vector<std::pair<std::string, std::string>> ProjectStore::modelsInUse()
{
    std::vector<std::pair<std::string, std::string>> list;
    Statement rows = d->db().query(
        "SELECT task, hash FROM model WHERE task <> '' AND "
        "(EXISTS (SELECT 1 FROM region WHERE region.model_id = model.id) OR "
        " EXISTS (SELECT 1 FROM image WHERE image.segmented_model_id = model.id) OR "
        " EXISTS (SELECT 1 FROM phrase WHERE phrase.model_id = model.id) OR "
        " EXISTS (SELECT 1 FROM embedding_set WHERE embedding_set.model_id = model.id)) "
        "ORDER BY task, id");
    while (rows.step())
        list.emplace_back(rows.text(0), rows.text(1));
    return list;
}

// Queries, jobs, settings ------------------------------------------------------------------------

std::int64_t ProjectStore::addQuery(const QueryRecord &query,
                                    const std::vector<std::int64_t> &imageIds,
                                    const std::vector<float> &scores)
{
    if (imageIds.size() != scores.size())
        throw Error(ErrorKind::InvalidInput, "a query result needs one score for each image");
    std::string results = "[";
    for (std::size_t i = 0; i < imageIds.size(); ++i)
        results +=
            (i ? ",[" : "[") + std::to_string(imageIds[i]) + "," + numberText(scores[i]) + "]";
    results += "]";
    const Private::Writing writing = d->writing();
    Database &db = *writing;
    Transaction transaction(db);
    const std::optional<std::int64_t> model = d->modelId(query.modelHash);
    db.run(
        "INSERT INTO query (text, structure, model_id, embedding_set_id, results) VALUES (?, ?, ?, "
        "(SELECT max(id) FROM embedding_set WHERE model_id = ?), ?)",
        query.text, query.structure, model, model, results);
    const std::int64_t id = db.lastInsertId();
    transaction.commit();
    return id;
}

std::vector<QueryRecord> ProjectStore::recentQueries(int limit)
{
    std::vector<QueryRecord> list;
    Statement rows = d->db().query(
        "SELECT query.id, text, structure, coalesce(model.hash, ''), created_at FROM query "
        "LEFT JOIN model ON model.id = model_id ORDER BY query.id DESC LIMIT ?",
        limit);
    while (rows.step())
        list.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4)});
    return list;
}

std::int64_t ProjectStore::beginJob(const std::string &kind, const std::string &options)
{
    const Private::Writing writing = d->writing();
    Database &db = *writing;
    db.run("INSERT INTO job (kind, options, pid, host) VALUES (?, ?, ?, ?)", kind, options,
           static_cast<std::int64_t>(::getpid()), hostName());
    d->jobLock = ProjectLock::acquire(d->folder);
    return db.lastInsertId();
}

void ProjectStore::addJobItem(std::int64_t jobId, const JobItemRecord &item)
{
    d->writing()->run("INSERT INTO job_item (job_id, item, state, reason) VALUES (?, ?, ?, ?)",
                      jobId, item.item, item.state, item.reason);
}

void ProjectStore::endJob(std::int64_t jobId, const std::string &state)
{
    // Whatever happens to the entry, the job is over and others may write.
    const std::shared_ptr<ProjectLock> lock = std::move(d->jobLock);
    d->writing()->run("UPDATE job SET state = ?, ended_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') "
                      "WHERE id = ?",
                      state, jobId);
}

std::vector<JobRecord> ProjectStore::recentJobs(int limit)
{
    std::vector<JobRecord> list;
    Statement rows =
        d->db().query("SELECT id, kind, options, state, started_at, coalesce(ended_at, '') "
                      "FROM job ORDER BY id DESC LIMIT ?",
                      limit);
    while (rows.step())
        list.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4),
                        rows.text(5)});
    return list;
}

std::vector<JobItemRecord> ProjectStore::jobItems(std::int64_t jobId)
{
    std::vector<JobItemRecord> list;
    Statement rows = d->db().query(
        "SELECT item, state, reason FROM job_item WHERE job_id = ? ORDER BY id", jobId);
    while (rows.step())
        list.push_back({rows.text(0), rows.text(1), rows.text(2)});
    return list;
}

void ProjectStore::setSetting(const std::string &key, const std::string &value)
{
    d->writing()->run("INSERT INTO setting (key, value) VALUES (?, ?) "
                      "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                      key, value);
}

std::string ProjectStore::setting(const std::string &key, const std::string &fallback)
{
    Statement row = d->db().query("SELECT value FROM setting WHERE key = ?", key);
    return row.step() ? row.text(0) : fallback;
}

ProjectCounts ProjectStore::counts()
{
    Database &db = d->db();
    ProjectCounts counts;
    counts.images = db.integer("SELECT count(*) FROM image");
    counts.regions = db.integer("SELECT count(*) FROM region")
                     - db.integer("SELECT count(*) FROM region WHERE model_id IS NULL "
                                  "AND origin = 'human' AND area <= 0.0");
    counts.phrases = db.integer("SELECT count(DISTINCT region_id) FROM phrase");
    counts.embedded = db.integer("SELECT count FROM embedding_set ORDER BY id DESC LIMIT 1");
    counts.captions = db.integer("SELECT count(*) FROM caption");
    return counts;
}

} // namespace sapsam
