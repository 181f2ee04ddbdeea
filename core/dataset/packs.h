#pragma once

#include "core/base/random.h"
#include "core/image/image.h"

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

// Packed data sets: every picture decoded and resized once, in a few big files that are mapped into
// memory, so that training reads pixels and decodes nothing. A pack is a folder:
//
//   pack.json         sizes, source, settings, and "complete": true once it is finished
//   items.jsonl       one object a picture: name, identity, split, its captions and their parts
//   pictures-NNNN.bin height * width * 3 bytes a picture, RGB, one after the other
//   masks-NNNN.bin    height * width label bytes a mask
//
// Only bytes and text, so a pack can be copied to any machine.
namespace sapsam {

struct PackSettings
{
    int width = 128;
    int height = 384;
    std::string source;      // what was packed, for people
    std::string fingerprint; // of everything that decides the content; compared on resume
    std::int64_t picturesPerShard = 8192; // files stay under a size that any file system takes

    std::vector<std::string> problems() const; // empty when usable
};

// A caption of a picture, or a phrase about it.
struct PackedRow
{
    std::string text;
    std::vector<std::int64_t> ids; // of the text, when a tokenizer was given
    std::vector<std::string> phrases;
    std::vector<float> scores; // of the phrases' masks
    std::int64_t mask = -1;    // number of its label map in the pack; -1 without one
    std::int64_t tag = 0;      // such as the part class of an ATR phrase
};

struct PackedItem
{
    std::string name;
    std::int64_t identity = 0;
    std::string split; // "train", "val", "test" or empty
    std::vector<PackedRow> rows;
};

// Writes a pack picture by picture. What was added survives the end of the process at any moment:
// opening the same folder again continues after the last complete picture. One thread only.
class PackWriter
{
public:
    // Makes the folder or continues there. Throws Error(InvalidInput) for unusable settings,
    // Error(Mismatch) when the folder holds a pack of other settings and what writing files throws.
    PackWriter(const std::string &folder, const PackSettings &settings);
    ~PackWriter();
    PackWriter(const PackWriter &) = delete;
    PackWriter &operator=(const PackWriter &) = delete;

    // Complete items that are there already: skip so many of the source.
    std::int64_t itemCount() const;
    bool isComplete() const;

    // The picture must have the pack's size and three channels, each mask its size. The rows' mask
    // numbers count from the first of `masks`. Throws Error(InvalidInput) for another size,
    // Error(NoSpace) when the disk is full; the pack stays usable and can be continued.
    void add(const PackedItem &item, const Image &picture, const std::vector<LabelMap> &masks = {});

    // Flushes everything to the disk and marks the pack complete.
    void finish();

private:
    struct Data;
    std::unique_ptr<Data> d;
};

// A pack mapped into memory. Const access from any number of threads.
class Pack
{
public:
    // Throws Error(NotFound), Error(Corrupt) when files are shorter than the items say.
    // An unfinished pack opens with what it has.
    explicit Pack(const std::string &folder);
    ~Pack();
    Pack(const Pack &) = delete;
    Pack &operator=(const Pack &) = delete;

    const PackSettings &settings() const;
    bool isComplete() const;
    std::int64_t size() const; // pictures
    const PackedItem &item(std::int64_t index) const;
    // height * width * 3 bytes, RGB; lives as long as the pack.
    const std::uint8_t *pixels(std::int64_t index) const;
    // height * width label bytes.
    const std::uint8_t *mask(std::int64_t number) const;

    // Copies, for augmentation.
    Image picture(std::int64_t index) const;
    LabelMap labels(std::int64_t number) const;

private:
    struct Data;
    std::unique_ptr<Data> d;
};

// One picture of a batch: which item and which of its rows (-1 for none).
struct PackSample
{
    std::int64_t item = 0;
    std::int64_t row = -1;
};

enum class PackLayout {
    Bytes,           // uint8 [3, height, width]: a quarter of the transfer; the device normalises
    NormalizedFloats // float [3, height, width]: (x / 255 - mean) / deviation
};

struct PackBatch
{
    std::vector<PackSample> samples;
    std::vector<std::uint8_t> bytes;  // [N, 3, height, width] for Bytes
    std::vector<float> floats;        // [N, 3, height, width] for NormalizedFloats
    std::vector<std::uint8_t> labels; // [N, height, width] when masks are asked for, 0 without one
};

// What is done to a sample before it is laid out. May change both; called from many threads at
// once, with a random stream that depends on the loader's seed and the sample's place alone.
using PackTransform = std::function<void(const PackSample &sample, Image &picture, LabelMap &labels,
                                         SeededRandom random)>;

struct PackLoaderOptions
{
    int batchSize = 64;
    int threads = 2;
    int prefetch = 4; // batches made ahead
    PackLayout layout = PackLayout::Bytes;
    bool masks = false;
    bool dropLast = false;
    float mean[3] = {0.48145466F, 0.4578275F, 0.40821073F}; // CLIP
    float deviation[3] = {0.26862954F, 0.26130258F, 0.27577711F};
    std::uint64_t seed = 1;
    PackTransform transform; // empty: the bytes as they are
};

// Lays out batches of a list of samples ahead of the consumer, in order: batch k has samples
// k * batchSize … whatever the threads do, so that a run can be continued and repeated. next() from
// one thread. The pack must outlive the loader. The destructor stops and waits.
class PackLoader
{
public:
    // `firstBatch` continues an epoch in its middle.
    PackLoader(const Pack &pack, std::vector<PackSample> samples, PackLoaderOptions options,
               std::int64_t firstBatch = 0);
    ~PackLoader();
    PackLoader(const PackLoader &) = delete;
    PackLoader &operator=(const PackLoader &) = delete;

    std::int64_t batchCount() const { return m_batches; }
    // Fills `batch`, reusing its memory, and returns true; false at the end. Throws what the
    // transform threw.
    bool next(PackBatch &batch);

private:
    void work();
    void fill(std::int64_t number, PackBatch &batch) const;

    const Pack &m_pack;
    std::vector<PackSample> m_samples;
    PackLoaderOptions m_options;
    std::vector<float> m_tables; // [3, 256]
    std::int64_t m_batches = 0;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::map<std::int64_t, PackBatch> m_ready;
    std::vector<PackBatch> m_spare; // memory to fill again
    std::exception_ptr m_failure;
    std::int64_t m_next = 0;
    std::int64_t m_taken = 0;
    bool m_stop = false;
    std::vector<std::thread> m_threads;
};

// Every caption of a split (all for an empty name) as a sample, in order of the pack.
std::vector<PackSample> captionSamples(const Pack &pack, const std::string &split);
// Every picture of a split as a sample without a row.
std::vector<PackSample> pictureSamples(const Pack &pack, const std::string &split);

} // namespace sapsam
