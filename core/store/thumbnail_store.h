#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sapsam {

// Small encoded pictures of a project in a file of their own, packed, so that a large gallery comes
// up without decoding its pictures again. It may be deleted at any time; a damaged file is made
// anew. It holds up to a number of bytes, the least recently used first out.
//
// Thread rule: safe to call from several threads. A cache that cannot be opened or written (a full
// or read-only disk) behaves as if it were empty: it never throws, and problem() says why.
class ThumbnailStore
{
public:
    static constexpr std::int64_t kDefaultMaxBytes = 512LL * 1024 * 1024;

    // A picture and what it was made of, such as the file's size and time.
    struct Key
    {
        std::int64_t id = 0;
        std::string version;
    };

    // Of the project in this folder: FOLDER/thumbnails.sqlite.
    static std::string fileOf(const std::string &projectFolder);

    explicit ThumbnailStore(const std::string &file, std::int64_t maxBytes = kDefaultMaxBytes);
    ~ThumbnailStore(); // writes what waits
    ThumbnailStore(const ThumbnailStore &) = delete;
    ThumbnailStore &operator=(const ThumbnailStore &) = delete;

    // The picture that was put under this id with this version (what it was made of, such as the
    // file's size and time); nothing when there is none or it was made of something else.
    std::optional<std::string> find(std::int64_t id, const std::string &version);
    // The same for many at once, in their order: one look into the file instead of many.
    std::vector<std::optional<std::string>> findAll(const std::vector<Key> &keys);
    // Written together with others, at the latest by flush() or the destructor.
    void put(std::int64_t id, const std::string &version, std::string encoded);
    void flush();

    std::int64_t bytes();  // of the pictures, with those that wait
    bool isUsable() const; // false when the file could not be opened
    // Why nothing is kept, for people; empty while it is usable.
    std::string problem() const;
    // The file was damaged and has been made anew.
    bool wasRebuilt() const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace sapsam
