#include "core/store/thumbnail_store.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/store/database.h"

#include <cstdio>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace sapsam {

namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kBatch = 64; // pictures written at once
// Below the cap after making room, so that not every batch has to make some.
constexpr double kKeptShare = 0.9;

constexpr const char *kSchema =
    "CREATE TABLE thumbnail (id INTEGER PRIMARY KEY, version TEXT NOT NULL, bytes INTEGER NOT "
    "NULL, used INTEGER NOT NULL, picture BLOB NOT NULL);"
    "CREATE INDEX thumbnail_used ON thumbnail (used, bytes);";

std::unique_ptr<Database> openFile(const std::string &file)
{
    auto database = std::make_unique<Database>(file, Database::Mode::Create);
    database->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;");
    if (database->integer("PRAGMA user_version") == kVersion)
        return database;
    Transaction transaction(*database);
    database->execute("DROP TABLE IF EXISTS thumbnail;");
    database->execute(kSchema);
    database->execute("PRAGMA user_version = " + std::to_string(kVersion));
    transaction.commit();
    return database;
}

} // namespace

struct ThumbnailStore::Private
{
    struct Waiting
    {
        std::string version;
        std::string encoded;
    };

    // Runs the body. What is damaged is made anew, once; another failure makes the cache forget its
    // file for good.
    template <typename Body>
    void guarded(Body body)
    {
        if (!database)
            return;
        try {
            body();
        } catch (const Error &error) {
            waiting.clear();
            touched.clear();
            waitingBytes = 0;
            if (error.kind() == ErrorKind::Busy)
                return; // another window writes: these are made again when they are wanted
            database.reset();
            if (error.kind() == ErrorKind::Corrupt && !rebuilt)
                open();
            else
                giveUp(error);
        }
    }

    void giveUp(const Error &error)
    {
        problem = error.what();
        logInfo("thumbnails are not kept on disk: " + problem);
    }

    void open()
    {
        for (int attempt = 0; attempt < 2 && !database; ++attempt) {
            try {
                if (rebuilt) {
                    // It can be made again from the pictures.
                    for (const char *ending : {"", "-wal", "-shm"})
                        std::remove((file + ending).c_str());
                }
                database = openFile(file);
                bytes = database->integer("SELECT coalesce(sum(bytes), 0) FROM thumbnail");
                clock = database->integer("SELECT coalesce(max(used), 0) + 1 FROM thumbnail");
            } catch (const Error &error) {
                database.reset();
                if (error.kind() != ErrorKind::Corrupt || rebuilt) {
                    giveUp(error);
                    return;
                }
                logInfo("the thumbnails are damaged and made anew: " + std::string(error.what()));
                rebuilt = true;
            }
        }
    }

    std::optional<std::string> find(const Key &key)
    {
        const auto waits = waiting.find(key.id);
        if (waits != waiting.end() && waits->second.version == key.version)
            return waits->second.encoded;
        std::optional<std::string> found;
        guarded([&] {
            Statement row =
                database->query("SELECT picture, used FROM thumbnail WHERE id = ? AND version = ?",
                                key.id, key.version);
            if (!row.step())
                return;
            found = row.text(0);
            if (row.integer(1) < clock)
                touched.insert(key.id);
        });
        return found;
    }

    void write()
    {
        if (waiting.empty() && touched.empty())
            return;
        guarded([this] {
            Transaction transaction(*database);
            for (const std::int64_t id : touched)
                database->run("UPDATE thumbnail SET used = ? WHERE id = ?", clock, id);
            for (const auto &[id, picture] : waiting) {
                const auto size = static_cast<std::int64_t>(picture.encoded.size());
                {
                    Statement old = database->query("SELECT bytes FROM thumbnail WHERE id = ?", id);
                    if (old.step())
                        bytes -= old.integer(0);
                }
                database->run("INSERT OR REPLACE INTO thumbnail (id, version, bytes, used, "
                              "picture) VALUES (?, ?, ?, ?, ?)",
                              id, picture.version, size, clock, Blob{picture.encoded});
                bytes += size;
            }
            if (bytes > maxBytes)
                makeRoom();
            transaction.commit();
            ++clock;
            waiting.clear();
            touched.clear();
            waitingBytes = 0;
        });
    }

    void makeRoom()
    {
        const auto target = static_cast<std::int64_t>(static_cast<double>(maxBytes) * kKeptShare);
        std::vector<std::int64_t> old;
        {
            Statement rows = database->query("SELECT id, bytes FROM thumbnail ORDER BY used, id");
            while (bytes > target && rows.step()) {
                old.push_back(rows.integer(0));
                bytes -= rows.integer(1);
            }
        }
        for (const std::int64_t id : old)
            database->run("DELETE FROM thumbnail WHERE id = ?", id);
    }

    std::mutex mutex;
    std::string file;
    std::unique_ptr<Database> database;
    std::string problem;
    bool rebuilt = false;
    std::int64_t maxBytes = 0;
    std::int64_t bytes = 0;
    std::int64_t waitingBytes = 0;
    std::int64_t clock = 1; // grows with every write: what was used when
    std::map<std::int64_t, Waiting> waiting;
    std::set<std::int64_t> touched;
};

std::string ThumbnailStore::fileOf(const std::string &projectFolder)
{
    return projectFolder + "/thumbnails.sqlite";
}

ThumbnailStore::ThumbnailStore(const std::string &file, std::int64_t maxBytes)
    : d(std::make_unique<Private>())
{
    d->file = file;
    d->maxBytes = maxBytes;
    d->open();
}

ThumbnailStore::~ThumbnailStore()
{
    flush();
}

std::optional<std::string> ThumbnailStore::find(std::int64_t id, const std::string &version)
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    return d->find({id, version});
}

std::vector<std::optional<std::string>> ThumbnailStore::findAll(const std::vector<Key> &keys)
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    std::vector<std::optional<std::string>> found(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
        found[i] = d->find(keys[i]);
    return found;
}

void ThumbnailStore::put(std::int64_t id, const std::string &version, std::string encoded)
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    if (!d->database || encoded.empty())
        return;
    const auto before = d->waiting.find(id);
    if (before != d->waiting.end())
        d->waitingBytes -= static_cast<std::int64_t>(before->second.encoded.size());
    d->waitingBytes += static_cast<std::int64_t>(encoded.size());
    d->waiting[id] = {version, std::move(encoded)};
    if (d->waiting.size() >= kBatch)
        d->write();
}

void ThumbnailStore::flush()
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    d->write();
}

std::int64_t ThumbnailStore::bytes()
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    return d->bytes + d->waitingBytes;
}

bool ThumbnailStore::isUsable() const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    return d->database != nullptr;
}

std::string ThumbnailStore::problem() const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    return d->problem;
}

bool ThumbnailStore::wasRebuilt() const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    return d->rebuilt;
}

} // namespace sapsam
