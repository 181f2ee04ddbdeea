#include "core/dataset/packs.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

constexpr int kVersion = 1;
constexpr const char *kSettingsFile = "/pack.json";
constexpr const char *kItemsFile = "/items.jsonl";

std::string shardPath(const std::string &folder, const char *kind, std::int64_t number)
{
    char name[64];
    std::snprintf(name, sizeof(name), "/%s-%04lld.bin", kind, static_cast<long long>(number));
    return folder + name;
}

std::size_t pictureBytes(const PackSettings &settings)
{
    return static_cast<std::size_t>(settings.width) * static_cast<std::size_t>(settings.height) * 3;
}

std::size_t maskBytes(const PackSettings &settings)
{
    return static_cast<std::size_t>(settings.width) * static_cast<std::size_t>(settings.height);
}

// An open file that only grows.
class GrowingFile
{
public:
    GrowingFile() = default;
    ~GrowingFile() { close(); }
    GrowingFile(const GrowingFile &) = delete;
    GrowingFile &operator=(const GrowingFile &) = delete;

    // Opens or makes it and cuts it to `size`.
    void open(const std::string &path, std::size_t size)
    {
        close();
        m_path = path;
        m_size = size;
        m_file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (m_file < 0)
            throwSystemError("write", path, errno);
        if (::ftruncate(m_file, static_cast<off_t>(size)) != 0 || ::lseek(m_file, 0, SEEK_END) < 0)
            throwSystemError("write", path, errno);
    }

    bool isOpen() const { return m_file >= 0; }

    // All or nothing: what could only be written in part is cut off again.
    void append(const void *data, std::size_t size)
    {
        const char *from = static_cast<const char *>(data);
        std::size_t done = 0;
        while (done < size) {
            const ssize_t written = ::write(m_file, from + done, size - done);
            if (written > 0) {
                done += static_cast<std::size_t>(written);
                continue;
            }
            if (written < 0 && errno == EINTR)
                continue;
            const int reason = written < 0 ? errno : ENOSPC;
            cutBack();
            throwSystemError("write", m_path, reason);
        }
        m_size += size;
    }

    // To the size before the last appends.
    void cutTo(std::size_t size)
    {
        m_size = size;
        cutBack();
    }

    std::size_t size() const { return m_size; }

    void flush()
    {
        if (isOpen() && ::fsync(m_file) != 0)
            throwSystemError("write", m_path, errno);
    }

    void close()
    {
        if (m_file >= 0)
            ::close(m_file);
        m_file = -1;
    }

private:
    void cutBack()
    {
        if (::ftruncate(m_file, static_cast<off_t>(m_size)) == 0)
            ::lseek(m_file, 0, SEEK_END);
    }

    int m_file = -1;
    std::size_t m_size = 0;
    std::string m_path;
};

OrderedJson jsonOf(const PackedItem &item, std::int64_t firstMask, std::size_t maskCount)
{
    OrderedJson rows = OrderedJson::array();
    for (const PackedRow &row : item.rows) {
        OrderedJson json = {{"text", row.text}};
        if (!row.ids.empty())
            json["ids"] = row.ids;
        if (!row.phrases.empty())
            json["phrases"] = row.phrases;
        if (!row.scores.empty())
            json["scores"] = row.scores;
        if (row.mask >= 0)
            json["mask"] = firstMask + row.mask;
        if (row.tag != 0)
            json["tag"] = row.tag;
        rows.push_back(std::move(json));
    }
    return {{"name", item.name},
            {"identity", item.identity},
            {"split", item.split},
            {"rows", std::move(rows)},
            {"masks", maskCount}};
}

PackedItem itemOf(const Json &json, const std::string &origin, std::int64_t &maskCount)
{
    PackedItem item;
    item.name = require<std::string>(json, "name", origin);
    item.identity = require<std::int64_t>(json, "identity", origin);
    item.split = require<std::string>(json, "split", origin);
    maskCount = require<std::int64_t>(json, "masks", origin);
    for (const Json &row : require<Json>(json, "rows", origin)) {
        PackedRow packed;
        packed.text = require<std::string>(row, "text", origin);
        packed.ids = valueOr<std::vector<std::int64_t>>(row, "ids", {}, origin);
        packed.phrases = valueOr<std::vector<std::string>>(row, "phrases", {}, origin);
        packed.scores = valueOr<std::vector<float>>(row, "scores", {}, origin);
        packed.mask = valueOr<std::int64_t>(row, "mask", -1, origin);
        packed.tag = valueOr<std::int64_t>(row, "tag", 0, origin);
        item.rows.push_back(std::move(packed));
    }
    return item;
}

struct ItemList
{
    std::vector<PackedItem> items;
    std::vector<std::int64_t> masksAfter; // masks written once the item is there
    std::size_t textBytes = 0;            // of items.jsonl up to the last complete line
};

// Complete lines only: the last one may have been cut by the end of a process.
ItemList readItems(const std::string &folder)
{
    ItemList list;
    const std::string path = folder + kItemsFile;
    std::error_code ignored;
    if (!fs::exists(path, ignored))
        return list;
    const std::string text = readFile(path);
    std::int64_t masks = 0;
    std::size_t start = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos;
         end = text.find('\n', start)) {
        std::int64_t own = 0;
        list.items.push_back(itemOf(parseJson(text.substr(start, end - start), path), path, own));
        masks += own;
        list.masksAfter.push_back(masks);
        start = end + 1;
        list.textBytes = start;
    }
    return list;
}

std::size_t fileSize(const std::string &path)
{
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    return error ? 0 : static_cast<std::size_t>(size);
}

// How many records of the kind lie in the shards without a hole.
std::int64_t recordCount(const std::string &folder, const char *kind, std::size_t bytes,
                         std::int64_t perShard)
{
    std::int64_t count = 0;
    for (std::int64_t shard = 0;; ++shard) {
        const auto here = std::min(
            perShard, static_cast<std::int64_t>(fileSize(shardPath(folder, kind, shard)) / bytes));
        count += here;
        if (here < perShard)
            return count;
    }
}

// Takes away what lies behind the records that count.
void cutShards(const std::string &folder, const char *kind, std::int64_t records, std::size_t bytes,
               std::int64_t perShard)
{
    const auto within = static_cast<std::size_t>(records % perShard) * bytes;
    for (std::int64_t shard = records / perShard;; ++shard) {
        const std::string path = shardPath(folder, kind, shard);
        std::error_code error;
        if (!fs::exists(path, error))
            return;
        if (shard > records / perShard || within == 0)
            fs::remove(path, error);
        else if (fileSize(path) > within)
            fs::resize_file(path, within, error);
        if (error)
            throw Error(ErrorKind::Io, path + ": cannot be cut back: " + error.message());
    }
}

OrderedJson jsonOf(const PackSettings &settings, bool complete, std::int64_t items,
                   std::int64_t masks)
{
    return {{"version", kVersion},
            {"width", settings.width},
            {"height", settings.height},
            {"source", settings.source},
            {"fingerprint", settings.fingerprint},
            {"pictures_per_shard", settings.picturesPerShard},
            {"complete", complete},
            {"pictures", items},
            {"masks", masks}};
}

PackSettings settingsOf(const Json &json, const std::string &origin)
{
    if (require<int>(json, "version", origin) != kVersion)
        throw Error(ErrorKind::Unsupported, origin + ": a pack of another version; pack it again");
    PackSettings settings;
    settings.width = require<int>(json, "width", origin);
    settings.height = require<int>(json, "height", origin);
    settings.source = require<std::string>(json, "source", origin);
    settings.fingerprint = require<std::string>(json, "fingerprint", origin);
    settings.picturesPerShard = require<std::int64_t>(json, "pictures_per_shard", origin);
    if (!settings.problems().empty())
        throw Error(ErrorKind::Corrupt, origin + ": " + settings.problems().front());
    return settings;
}

// A whole file, read only.
class Mapping
{
public:
    explicit Mapping(const std::string &path)
    {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0)
            throwSystemError("read", path, errno);
        struct stat facts
        {
        };
        if (::fstat(file, &facts) != 0) {
            const int reason = errno;
            ::close(file);
            throwSystemError("read", path, reason);
        }
        m_size = static_cast<std::size_t>(facts.st_size);
        if (m_size > 0)
            m_data = ::mmap(nullptr, m_size, PROT_READ, MAP_SHARED, file, 0);
        const int reason = errno;
        ::close(file);
        if (m_data == MAP_FAILED) {
            m_data = nullptr;
            throwSystemError("read", path, reason);
        }
    }
    ~Mapping()
    {
        if (m_data != nullptr)
            ::munmap(m_data, m_size);
    }
    Mapping(Mapping &&other) noexcept : m_data(other.m_data), m_size(other.m_size)
    {
        other.m_data = nullptr;
    }
    Mapping(const Mapping &) = delete;
    Mapping &operator=(const Mapping &) = delete;
    Mapping &operator=(Mapping &&) = delete;

    const std::uint8_t *data() const { return static_cast<const std::uint8_t *>(m_data); }
    std::size_t size() const { return m_size; }

private:
    void *m_data = nullptr;
    std::size_t m_size = 0;
};

std::vector<Mapping> mapShards(const std::string &folder, const char *kind, std::int64_t records,
                               std::size_t bytes, std::int64_t perShard)
{
    std::vector<Mapping> shards;
    for (std::int64_t first = 0; first < records; first += perShard) {
        const std::string path = shardPath(folder, kind, first / perShard);
        shards.emplace_back(path);
        const auto needed = static_cast<std::size_t>(std::min(perShard, records - first)) * bytes;
        if (shards.back().size() < needed)
            throw Error(ErrorKind::Corrupt, path + ": is " + std::to_string(shards.back().size())
                                                + " bytes long and should have "
                                                + std::to_string(needed)
                                                + "; copy the pack again or pack anew");
    }
    return shards;
}

} // namespace

std::vector<std::string> PackSettings::problems() const
{
    constexpr int largestSide = 4096;
    std::vector<std::string> list;
    if (width < 1 || height < 1 || width > largestSide || height > largestSide)
        list.emplace_back("the size of a pack must be 1 to 4096 pixels");
    if (picturesPerShard < 1)
        list.emplace_back("a shard holds at least one picture");
    return list;
}

struct PackWriter::Data
{
    std::string folder;
    PackSettings settings;
    std::int64_t items = 0;
    std::int64_t masks = 0;
    bool complete = false;
    GrowingFile text;
    GrowingFile pictures;
    GrowingFile maps;

    // The shard that takes record number `index`, opened at exactly that length.
    void openShard(GrowingFile &file, const char *kind, std::int64_t index, std::size_t bytes)
    {
        const std::int64_t within = index % settings.picturesPerShard;
        if (file.isOpen() && within != 0)
            return;
        if (file.isOpen() && file.size() > 0)
            file.flush();
        file.open(shardPath(folder, kind, index / settings.picturesPerShard),
                  static_cast<std::size_t>(within) * bytes);
    }
};

PackWriter::PackWriter(const std::string &folder, const PackSettings &settings)
    : d(std::make_unique<Data>())
{
    if (const std::vector<std::string> problems = settings.problems(); !problems.empty())
        throw Error(ErrorKind::InvalidInput, "pack: " + problems.front());
    d->folder = folder;
    d->settings = settings;
    makeFolder(folder);
    const std::string path = folder + kSettingsFile;
    std::error_code ignored;
    if (fs::exists(path, ignored)) {
        const Json json = readJsonFile(path);
        const PackSettings there = settingsOf(json, path);
        if (there.width != settings.width || there.height != settings.height
            || there.fingerprint != settings.fingerprint
            || there.picturesPerShard != settings.picturesPerShard)
            throw Error(ErrorKind::Mismatch,
                        folder + ": holds a pack of other data or another size ("
                            + std::to_string(there.width) + "x" + std::to_string(there.height)
                            + ", " + there.source + "); choose another folder");
        d->complete = require<bool>(json, "complete", path);
    } else {
        writeJsonFile(path, jsonOf(settings, false, 0, 0));
    }
    const ItemList list = readItems(folder);
    // An item counts when its line, its picture and its masks are all there.
    const std::int64_t pictures =
        recordCount(folder, "pictures", pictureBytes(settings), settings.picturesPerShard);
    const std::int64_t masks =
        recordCount(folder, "masks", maskBytes(settings), settings.picturesPerShard);
    const auto lines = static_cast<std::int64_t>(list.items.size());
    std::int64_t items = std::min(lines, pictures);
    while (items > 0 && list.masksAfter[static_cast<std::size_t>(items - 1)] > masks)
        --items;
    d->items = items;
    d->masks = items > 0 ? list.masksAfter[static_cast<std::size_t>(items - 1)] : 0;
    std::size_t textBytes = list.textBytes;
    if (items < lines) {
        d->complete = false;
        const std::string text = readFile(folder + kItemsFile);
        textBytes = 0;
        for (std::int64_t line = 0; line < items; ++line)
            textBytes = text.find('\n', textBytes) + 1;
    }
    cutShards(folder, "pictures", d->items, pictureBytes(settings), settings.picturesPerShard);
    cutShards(folder, "masks", d->masks, maskBytes(settings), settings.picturesPerShard);
    d->text.open(folder + kItemsFile, textBytes);
}

PackWriter::~PackWriter() = default;

std::int64_t PackWriter::itemCount() const
{
    return d->items;
}

bool PackWriter::isComplete() const
{
    return d->complete;
}

void PackWriter::add(const PackedItem &item, const Image &picture,
                     const std::vector<LabelMap> &masks)
{
    const PackSettings &settings = d->settings;
    if (picture.width != settings.width || picture.height != settings.height
        || picture.channels != 3)
        throw Error(ErrorKind::InvalidInput,
                    "pack: '" + item.name + "' is " + std::to_string(picture.width) + "x"
                        + std::to_string(picture.height) + ", the pack "
                        + std::to_string(settings.width) + "x" + std::to_string(settings.height));
    for (const LabelMap &mask : masks)
        if (mask.width != settings.width || mask.height != settings.height)
            throw Error(ErrorKind::InvalidInput,
                        "pack: a mask of '" + item.name + "' has another size than the pack");
    for (const PackedRow &row : item.rows)
        if (row.mask >= static_cast<std::int64_t>(masks.size()))
            throw Error(ErrorKind::InvalidInput,
                        "pack: a row of '" + item.name + "' names a mask that is not there");

    // The line comes last: without it nothing of the picture counts, and it is written over.
    d->openShard(d->pictures, "pictures", d->items, pictureBytes(settings));
    const std::size_t bytes = pictureBytes(settings);
    d->pictures.cutTo(static_cast<std::size_t>(d->items % settings.picturesPerShard) * bytes);
    d->pictures.append(picture.pixels.data(), bytes);
    for (std::size_t i = 0; i < masks.size(); ++i) {
        const std::int64_t number = d->masks + static_cast<std::int64_t>(i);
        d->openShard(d->maps, "masks", number, maskBytes(settings));
        d->maps.cutTo(static_cast<std::size_t>(number % settings.picturesPerShard)
                      * maskBytes(settings));
        d->maps.append(masks[i].labels.data(), maskBytes(settings));
    }
    const std::string line = jsonOf(item, d->masks, masks.size())
                                 .dump(-1, ' ', false, OrderedJson::error_handler_t::replace)
                             + "\n";
    d->text.append(line.data(), line.size());
    ++d->items;
    d->masks += static_cast<std::int64_t>(masks.size());
    d->complete = false;
}

void PackWriter::finish()
{
    d->pictures.flush();
    d->maps.flush();
    d->text.flush();
    writeJsonFile(d->folder + kSettingsFile, jsonOf(d->settings, true, d->items, d->masks));
    d->complete = true;
}

struct Pack::Data
{
    PackSettings settings;
    bool complete = false;
    std::vector<PackedItem> items;
    std::int64_t masks = 0;
    std::vector<Mapping> pictures;
    std::vector<Mapping> maps;
};

Pack::Pack(const std::string &folder) : d(std::make_unique<Data>())
{
    const std::string path = folder + kSettingsFile;
    const Json json = readJsonFile(path);
    d->settings = settingsOf(json, path);
    d->complete = require<bool>(json, "complete", path);
    ItemList list = readItems(folder);
    if (!list.masksAfter.empty())
        d->masks = list.masksAfter.back();
    const std::int64_t perShard = d->settings.picturesPerShard;
    d->items = std::move(list.items);
    for (const PackedItem &item : d->items)
        for (const PackedRow &row : item.rows)
            if (row.mask >= d->masks)
                throw Error(ErrorKind::Corrupt, folder + kItemsFile + ": '" + item.name
                                                    + "' names a mask that is not in the pack");
    d->pictures = mapShards(folder, "pictures", static_cast<std::int64_t>(d->items.size()),
                            pictureBytes(d->settings), perShard);
    d->maps = mapShards(folder, "masks", d->masks, maskBytes(d->settings), perShard);
}

Pack::~Pack() = default;

const PackSettings &Pack::settings() const
{
    return d->settings;
}

bool Pack::isComplete() const
{
    return d->complete;
}

std::int64_t Pack::size() const
{
    return static_cast<std::int64_t>(d->items.size());
}

const PackedItem &Pack::item(std::int64_t index) const
{
    return d->items.at(static_cast<std::size_t>(index));
}

const std::uint8_t *Pack::pixels(std::int64_t index) const
{
    if (index < 0 || index >= size())
        throw Error(ErrorKind::InvalidInput, "pack: there is no picture " + std::to_string(index));
    const std::int64_t perShard = d->settings.picturesPerShard;
    return d->pictures[static_cast<std::size_t>(index / perShard)].data()
           + static_cast<std::size_t>(index % perShard) * pictureBytes(d->settings);
}

const std::uint8_t *Pack::mask(std::int64_t number) const
{
    if (number < 0 || number >= d->masks)
        throw Error(ErrorKind::InvalidInput, "pack: there is no mask " + std::to_string(number));
    const std::int64_t perShard = d->settings.picturesPerShard;
    return d->maps[static_cast<std::size_t>(number / perShard)].data()
           + static_cast<std::size_t>(number % perShard) * maskBytes(d->settings);
}

Image Pack::picture(std::int64_t index) const
{
    Image image(d->settings.width, d->settings.height);
    std::memcpy(image.pixels.data(), pixels(index), image.pixels.size());
    return image;
}

LabelMap Pack::labels(std::int64_t number) const
{
    LabelMap map(d->settings.width, d->settings.height);
    std::memcpy(map.labels.data(), mask(number), map.labels.size());
    return map;
}

PackLoader::PackLoader(const Pack &pack, std::vector<PackSample> samples, PackLoaderOptions options,
                       std::int64_t firstBatch)
    : m_pack(pack),
      m_samples(std::move(samples)),
      m_options(std::move(options)),
      m_next(firstBatch),
      m_taken(firstBatch)
{
    if (m_options.batchSize < 1 || m_options.threads < 1 || m_options.prefetch < 1)
        throw Error(ErrorKind::InvalidInput,
                    "pack loader: batch size, threads and prefetch must be at least 1");
    for (const PackSample &sample : m_samples)
        if (sample.item < 0 || sample.item >= pack.size()
            || sample.row >= static_cast<std::int64_t>(pack.item(sample.item).rows.size()))
            throw Error(ErrorKind::InvalidInput, "pack loader: a sample is not in the pack");
    const auto count = static_cast<std::int64_t>(m_samples.size());
    const std::int64_t size = m_options.batchSize;
    m_batches = m_options.dropLast ? count / size : (count + size - 1) / size;
    for (std::size_t c = 0; c < 3; ++c)
        for (int value = 0; value < 256; ++value)
            m_tables.push_back((static_cast<float>(value) / 255.0F - m_options.mean[c])
                               / m_options.deviation[c]);
    for (int i = 0; i < m_options.threads; ++i)
        m_threads.emplace_back([this] { work(); });
}

PackLoader::~PackLoader()
{
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        m_stop = true;
    }
    m_changed.notify_all();
    for (std::thread &thread : m_threads)
        thread.join();
}

bool PackLoader::next(PackBatch &batch)
{
    std::unique_lock<std::mutex> lock(m_mutex);
    if (m_taken >= m_batches)
        return false;
    m_changed.wait(lock, [this] { return m_failure || m_ready.count(m_taken) > 0; });
    const auto found = m_ready.find(m_taken);
    if (found == m_ready.end())
        std::rethrow_exception(m_failure);
    std::swap(batch, found->second);
    m_spare.push_back(std::move(found->second));
    m_ready.erase(found);
    ++m_taken;
    lock.unlock();
    m_changed.notify_all();
    return true;
}

void PackLoader::work()
{
    for (;;) {
        std::unique_lock<std::mutex> lock(m_mutex);
        m_changed.wait(lock, [this] {
            return m_stop || m_failure || m_next >= m_batches
                   || m_next < m_taken + m_options.prefetch;
        });
        if (m_stop || m_failure || m_next >= m_batches)
            return;
        const std::int64_t number = m_next++;
        PackBatch batch;
        if (!m_spare.empty()) {
            batch = std::move(m_spare.back());
            m_spare.pop_back();
        }
        lock.unlock();
        std::exception_ptr failure;
        try {
            fill(number, batch);
        } catch (...) { // carried to the consumer, which throws it again
            failure = std::current_exception();
        }
        lock.lock();
        if (failure)
            m_failure = failure;
        else
            m_ready.emplace(number, std::move(batch));
        lock.unlock();
        m_changed.notify_all();
    }
}

void PackLoader::fill(std::int64_t number, PackBatch &batch) const
{
    const auto first =
        static_cast<std::size_t>(number) * static_cast<std::size_t>(m_options.batchSize);
    const std::size_t end =
        std::min(m_samples.size(), first + static_cast<std::size_t>(m_options.batchSize));
    const auto area = static_cast<std::size_t>(m_pack.settings().width)
                      * static_cast<std::size_t>(m_pack.settings().height);
    batch.samples.assign(m_samples.begin() + static_cast<std::ptrdiff_t>(first),
                         m_samples.begin() + static_cast<std::ptrdiff_t>(end));
    const std::size_t count = end - first;
    const bool asBytes = m_options.layout == PackLayout::Bytes;
    batch.bytes.resize(asBytes ? count * 3 * area : 0);
    batch.floats.resize(asBytes ? 0 : count * 3 * area);
    batch.labels.resize(m_options.masks ? count * area : 0);
    const SeededRandom random = SeededRandom(m_options.seed).fork("pack loader");

    for (std::size_t i = 0; i < count; ++i) {
        const PackSample &sample = batch.samples[i];
        const std::uint8_t *pixels = m_pack.pixels(sample.item);
        const std::int64_t maskNumber =
            sample.row < 0
                ? -1
                : m_pack.item(sample.item).rows[static_cast<std::size_t>(sample.row)].mask;
        const std::uint8_t *mask =
            m_options.masks && maskNumber >= 0 ? m_pack.mask(maskNumber) : nullptr;
        Image picture;
        LabelMap labels;
        if (m_options.transform) {
            picture = m_pack.picture(sample.item);
            labels = mask != nullptr ? m_pack.labels(maskNumber)
                                     : LabelMap(m_options.masks ? m_pack.settings().width : 0,
                                                m_options.masks ? m_pack.settings().height : 0);
            m_options.transform(sample, picture, labels,
                                random.fork(static_cast<std::uint64_t>(first + i)));
            if (picture.pixels.size() != 3 * area
                || labels.labels.size() != (m_options.masks ? area : 0))
                throw Error(ErrorKind::InvalidInput,
                            "pack loader: the transform changed the size of a picture");
            pixels = picture.pixels.data();
            mask = m_options.masks ? labels.labels.data() : nullptr;
        }
        // One pass over the pixels: they come from the disk cache, the planes stay in the core's.
        if (asBytes) {
            std::uint8_t *red = batch.bytes.data() + i * 3 * area;
            std::uint8_t *green = red + area;
            std::uint8_t *blue = green + area;
            for (std::size_t k = 0; k < area; ++k) {
                red[k] = pixels[3 * k];
                green[k] = pixels[3 * k + 1];
                blue[k] = pixels[3 * k + 2];
            }
        } else {
            const float *table = m_tables.data();
            float *red = batch.floats.data() + i * 3 * area;
            float *green = red + area;
            float *blue = green + area;
            for (std::size_t k = 0; k < area; ++k) {
                red[k] = table[pixels[3 * k]];
                green[k] = table[256 + pixels[3 * k + 1]];
                blue[k] = table[512 + pixels[3 * k + 2]];
            }
        }
        if (m_options.masks) {
            std::uint8_t *target = batch.labels.data() + i * area;
            if (mask != nullptr)
                std::memcpy(target, mask, area);
            else
                std::memset(target, 0, area);
        }
    }
}

std::vector<PackSample> captionSamples(const Pack &pack, const std::string &split)
{
    std::vector<PackSample> samples;
    for (std::int64_t i = 0; i < pack.size(); ++i) {
        const PackedItem &item = pack.item(i);
        if (!split.empty() && item.split != split)
            continue;
        for (std::size_t row = 0; row < item.rows.size(); ++row)
            samples.push_back({i, static_cast<std::int64_t>(row)});
    }
    return samples;
}

std::vector<PackSample> pictureSamples(const Pack &pack, const std::string &split)
{
    std::vector<PackSample> samples;
    for (std::int64_t i = 0; i < pack.size(); ++i)
        if (split.empty() || pack.item(i).split == split)
            samples.push_back({i, -1});
    return samples;
}

} // namespace sapsam
