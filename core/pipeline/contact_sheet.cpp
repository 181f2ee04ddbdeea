#include "core/pipeline/contact_sheet.h"

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/image/codec.h"
#include "core/image/draw.h"
#include "core/image/resize.h"
#include "core/image/rle.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <unordered_map>

namespace sapsam {

namespace {

constexpr int kPictureHeight = 256;
constexpr int kMaxPictureWidth = 384;
constexpr int kJpegQuality = 88;

constexpr const char *kStyle = R"css(
:root { color-scheme: light dark; --line: #8884; --muted: #777; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .4rem; }
p.note, footer { color: var(--muted); }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1rem; margin: .6rem 0; }
.chip { display: inline-block; width: .8em; height: .8em; border-radius: .2em; margin-right: .35em;
        border: 1px solid #0006; vertical-align: -.05em; }
.strip { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; width: 15rem; border: 1px solid var(--line); border-radius: .5rem; padding: .7rem; }
figure .pair { display: flex; gap: .4rem; justify-content: center; }
figure img { max-height: 16rem; max-width: 6.8rem; object-fit: contain; }
figcaption { margin-top: .5rem; overflow-wrap: anywhere; }
figcaption b { font-size: 1.05rem; } figcaption .file { color: var(--muted); font-size: .8rem; }
ul { list-style: none; margin: .4rem 0 0; padding: 0; } li { margin: .1rem 0; }
li.hit { font-weight: 600; } .score { color: var(--muted); font-weight: 400; }
)css";

std::string fixed(double value, int digits)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

std::string jpegSource(const Image &image)
{
    return "data:image/jpeg;base64," + base64Of(encodeJpeg(image, kJpegQuality));
}

class Sheet
{
public:
    Sheet(ProjectStore &store, const Taxonomy &taxonomy, ExportReport &report)
        : m_store(store), m_taxonomy(taxonomy), m_report(report)
    {
    }

    // A picture beside itself with masks, and what was written about its parts. Empty when the
    // picture cannot be read.
    std::string card(std::int64_t imageId, const std::string &heading, const SearchHit *hit)
    {
        const ImageRecord image = m_store.image(imageId);
        const std::string path = m_store.picturePath(image);
        Image picture;
        try {
            picture = readImage(path);
        } catch (const Error &error) {
            m_report.skipped.push_back({path, error.what()});
            return {};
        }
        const std::vector<RegionRecord> regions = m_store.regions(imageId);
        std::vector<Mask> masks;
        std::vector<Colour> colours;
        for (const RegionRecord &region : regions) {
            try {
                if (region.width != picture.width || region.height != picture.height)
                    throw Error(ErrorKind::Mismatch,
                                "the mask of '" + region.group
                                    + "' has another size than the picture; segment "
                                      "the project again");
                masks.push_back(maskOfRle(rleFromString(region.rle, region.width, region.height)));
                colours.push_back(groupColour(region.group));
            } catch (const Error &error) {
                m_report.skipped.push_back({path, error.what()});
            }
        }
        std::vector<MaskLayer> layers;
        for (std::size_t i = 0; i < masks.size(); ++i)
            layers.push_back({&masks[i], colours[i]});
        const Image marked = blendMasks(picture, layers);

        std::string html = "<figure><div class=\"pair\"><img alt=\"\" src=\""
                           + jpegSource(scaled(picture)) + "\"><img alt=\"part masks\" src=\""
                           + jpegSource(scaled(marked)) + "\"></div>\n<figcaption>" + heading
                           + "<ul>\n" + phraseList(image, regions, hit)
                           + "</ul><div class=\"file\">" + htmlEscaped(place(image))
                           + "</div></figcaption></figure>\n";
        ++m_report.written;
        return html;
    }

    Colour groupColour(const std::string &group) const
    {
        const PartGroup *found = m_taxonomy.findGroup(group);
        return found ? found->colour : Colour{128, 128, 128};
    }

    std::string titleOf(const std::string &group) const
    {
        const PartGroup *found = m_taxonomy.findGroup(group);
        return found ? found->title : group;
    }

    std::string chip(const std::string &group) const
    {
        return "<span class=\"chip\" style=\"background:" + hexOf(groupColour(group))
               + "\"></span>";
    }

private:
    static Image scaled(const Image &image)
    {
        const double factor = std::min(static_cast<double>(kPictureHeight) / image.height,
                                       static_cast<double>(kMaxPictureWidth) / image.width);
        if (factor >= 1.0)
            return image;
        const auto side = [&](int value) {
            return std::max(1, static_cast<int>(std::lround(value * factor)));
        };
        return resize(image, side(image.width), side(image.height), ResizeFilter::Bicubic);
    }

    static std::string place(const ImageRecord &image)
    {
        std::string text = std::filesystem::path(image.path).filename().string();
        if (image.frame)
            text += ", frame " + std::to_string(*image.frame);
        return text + ", image " + std::to_string(image.id);
    }

    std::string phraseList(const ImageRecord &image, const std::vector<RegionRecord> &regions,
                           const SearchHit *hit)
    {
        std::unordered_map<std::int64_t, std::string> phraseOf;
        for (PhraseRecord &phrase : m_store.phrases(image.id))
            phraseOf.emplace(phrase.regionId, std::move(phrase.text));
        std::string html;
        for (std::size_t i = 0; i < regions.size(); ++i) {
            const auto phrase = phraseOf.find(regions[i].id);
            const std::string text =
                phrase == phraseOf.end() ? titleOf(regions[i].group) : phrase->second;
            // A search lists the parts in the order of the regions.
            const PartMatch *match = nullptr;
            if (hit && i < hit->parts.size() && !hit->parts[i].queryPhrase.empty())
                match = &hit->parts[i];
            html += std::string("<li") + (match ? " class=\"hit\"" : "") + ">"
                    + chip(regions[i].group) + htmlEscaped(text);
            if (match)
                html += " <span class=\"score\">" + fixed(match->score, 2) + " for “"
                        + htmlEscaped(match->queryPhrase) + "”</span>";
            html += "</li>\n";
        }
        return html;
    }

    ProjectStore &m_store;
    const Taxonomy &m_taxonomy;
    ExportReport &m_report;
};

} // namespace

std::string htmlEscaped(const std::string &text)
{
    std::string escaped;
    escaped.reserve(text.size());
    for (const char c : text) {
        switch (c) {
        case '&':
            escaped += "&amp;";
            break;
        case '<':
            escaped += "&lt;";
            break;
        case '>':
            escaped += "&gt;";
            break;
        case '"':
            escaped += "&quot;";
            break;
        default:
            escaped += c;
        }
    }
    return escaped;
}

std::string base64Of(const std::string &bytes)
{
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        for (std::size_t j = 0; j < 3; ++j)
            group = (group << 8) | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j)
            text += j <= count ? kDigits[(group >> (18U - 6U * j)) & 63U] : '=';
    }
    return text;
}

std::string makeContactSheet(ProjectStore &store, const ExportOptions &options,
                             const Taxonomy &taxonomy, ExportReport &report,
                             const CancelToken &cancel, const ProgressSink &progress)
{
    Sheet sheet(store, taxonomy, report);
    std::string html = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                       "<meta name=\"viewport\" content=\"width=device-width\"><title>"
                       + htmlEscaped(store.name()) + "</title><style>" + kStyle
                       + "</style></head><body>\n<h1>" + htmlEscaped(store.name())
                       + "</h1>\n<div class=\"legend\">";
    for (const PartGroup &group : taxonomy.groups)
        html += "<span>" + sheet.chip(group.name) + htmlEscaped(group.title) + "</span>";
    html += "</div>\n";

    if (options.searches.empty()) {
        std::vector<std::int64_t> ids = store.imageIds();
        if (options.maxImages > 0 && ids.size() > static_cast<std::size_t>(options.maxImages))
            ids.resize(static_cast<std::size_t>(options.maxImages));
        ProgressMeter meter("drawing the sheet", static_cast<std::int64_t>(ids.size()), progress);
        html += "<div class=\"strip\">\n";
        for (const std::int64_t id : ids) {
            if (cancel.isCancelled())
                break;
            html += sheet.card(id, "", nullptr);
            meter.advance();
        }
        html += "</div>\n";
    }
    std::int64_t total = 0;
    for (const SearchResponse &search : options.searches)
        total += static_cast<std::int64_t>(search.hits.size());
    ProgressMeter meter("drawing the sheet", total, progress);
    for (const SearchResponse &search : options.searches) {
        html += "<h2>“" + htmlEscaped(search.query) + "”</h2>\n";
        for (const SearchWarning &warning : search.warnings)
            html += "<p class=\"note\">" + htmlEscaped(warning.text) + "</p>\n";
        if (search.hits.empty())
            html += "<p class=\"note\">Nothing to show: the project has no embedded images.</p>\n";
        html += "<div class=\"strip\">\n";
        for (const SearchHit &hit : search.hits) {
            if (cancel.isCancelled())
                break;
            html += sheet.card(hit.imageId,
                               "<b>" + std::to_string(hit.rank) + "</b> <span class=\"score\">"
                                   + fixed(hit.score, 3) + "</span>",
                               &hit);
            meter.advance();
        }
        html += "</div>\n";
    }
    html += "<footer><p>Made by sapsam " + htmlEscaped(programVersion())
            + ". The pictures show people who were not asked: keep this page to "
              "yourself.</p></footer>\n"
              "</body></html>\n";
    return html;
}

} // namespace sapsam
