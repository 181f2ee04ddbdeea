#pragma once

#include "core/image/image.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// The rows of a project as plain values. Nothing here knows SQL.
namespace sapsam {

struct ImageRecord
{
    std::int64_t id = 0;
    std::string path;   // absolute, UTF-8: the picture file, or the video it was cut from
    std::string sha256; // of the file's bytes (of the encoded crop for frames and scenes)
    int width = 0;      // of the person picture
    int height = 0;
    std::string source;   // what imported it: "folder", "file", "scene", "video", "cuhk-pedes", …
    std::string split;    // train | val | test | ""
    std::string identity; // "" when not known
    std::optional<std::int64_t> frame; // frame number of a video
    std::optional<Box> box;            // where in the frame or scene the person was cut out
    // Cut-out picture relative to the project folder; "" when `path` itself is the person picture.
    // ProjectStore::picturePath() gives the file to decode in both cases.
    std::string crop;
};

struct RegionRecord
{
    std::int64_t id = 0;
    std::int64_t imageId = 0;
    std::string group; // part group of the taxonomy
    int width = 0;     // of the mask
    int height = 0;
    std::string rle;              // COCO compressed run lengths
    Box bounds;                   // tight, half-open
    double area = 0.0;            // share of the picture's pixels in [0, 1]
    double score = 0.0;           // predicted IoU
    std::string modelHash;        // SHA-256 of the model that drew it; "" for a human
    std::string prompt;           // phrase it was asked for
    std::string origin = "model"; // model | human
    std::string taxonomyVersion;
};

struct PhraseRecord
{
    std::int64_t id = 0;
    std::int64_t regionId = 0;
    std::string text;
    std::string templateVersion;
    std::string modelHash;
    std::string origin = "model"; // model | human
};

struct CaptionRecord
{
    std::int64_t id = 0;
    std::int64_t imageId = 0;
    std::string text;
};

struct EmbeddingSetRecord
{
    std::int64_t id = 0;
    std::string modelName;
    std::string modelHash;
    int dimension = 0;
    std::int64_t count = 0;
    std::string file; // below the project folder
};

struct QueryRecord
{
    std::int64_t id = 0;
    std::string text;
    std::string structure; // JSON of the parsed parts
    std::string modelHash;
    std::string createdAt; // ISO 8601, UTC
};

struct JobItemRecord
{
    std::string item;   // path or image id
    std::string state;  // done | failed | skipped
    std::string reason; // why, for what failed or was skipped
};

struct JobRecord
{
    std::int64_t id = 0;
    std::string kind;      // import | segment | phrase | embed | …
    std::string options;   // JSON
    std::string state;     // running | done | failed | cancelled
    std::string startedAt; // ISO 8601, UTC
    std::string endedAt;   // "" while it runs, and for ever when the process died
};

struct ProjectCounts
{
    std::int64_t images = 0;
    std::int64_t regions = 0;
    std::int64_t phrases = 0;
    std::int64_t embedded = 0;
    std::int64_t captions = 0;
};

} // namespace sapsam
