#include "app/cli/context.h"
#include "core/base/error.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/mask_edit.h"
#include "core/image/rle.h"
#include "core/pipeline/interactive.h"
#include "core/pipeline/part_checks.h"
#include "core/store/taxonomy_versions.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <sstream>

namespace sapsam::cli {

namespace {

std::string numberText(double value)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.4f", value);
    return text;
}

std::vector<double> numbersOf(const std::string &text, const std::string &what)
{
    std::vector<double> numbers;
    std::stringstream stream(text);
    std::string field;
    while (std::getline(stream, field, ',')) {
        double number = 0.0;
        const auto [end, error] =
            std::from_chars(field.data(), field.data() + field.size(), number);
        if (error != std::errc() || end != field.data() + field.size())
            throw Error(ErrorKind::InvalidInput,
                        what + ": '" + field + "' is no number in '" + text + "'");
        numbers.push_back(number);
    }
    return numbers;
}

// "30,40,+ 12,80,-": places with + inside and - outside.
std::vector<MaskPrompt::Point> pointsOf(const std::string &text)
{
    std::vector<MaskPrompt::Point> points;
    std::stringstream stream(text);
    std::string word;
    while (stream >> word) {
        const std::size_t comma = word.rfind(',');
        const std::string sign = comma == std::string::npos ? "" : word.substr(comma + 1);
        const std::vector<double> place =
            numbersOf(word.substr(0, comma == std::string::npos ? 0 : comma), "--points");
        if (place.size() != 2 || (sign != "+" && sign != "-"))
            throw Error(ErrorKind::InvalidInput,
                        "--points: '" + word + "' is not x,y,+ (inside) or x,y,- (outside)");
        points.push_back({static_cast<float>(place[0]), static_cast<float>(place[1]), sign == "+"});
    }
    return points;
}

OrderedJson jsonOf(const Mask &mask)
{
    const MaskShape shape = shapeOf(mask);
    const Box box = boundingBox(mask).value_or(Box{});
    return {{"width", mask.width},
            {"height", mask.height},
            {"pixels", shape.area},
            {"pieces", shape.pieces},
            {"holes", shape.holes},
            {"box", {box.left, box.top, box.right, box.bottom}},
            {"rle", rleToString(rleOfMask(mask))}};
}

OrderedJson jsonOf(const Edit &edit)
{
    OrderedJson regions = OrderedJson::array();
    for (const Change &change : edit.changes)
        regions.push_back(change.key);
    return {{"step", edit.id}, {"title", edit.title}, {"changed", regions}};
}

std::string stepText(const Edit &edit, const std::string &verb)
{
    if (edit.id == 0)
        return "nothing to " + verb + "\n";
    return verb + ": " + edit.title + "\n";
}

RegionRecord regionNamed(ProjectStore &store, std::int64_t id)
{
    EditJournal journal(store);
    const Json value = journal.value(EditKind::Region, std::to_string(id));
    if (value.is_null())
        throw Error(ErrorKind::NotFound,
                    "there is no region " + std::to_string(id) + " in '" + store.folder() + "'");
    RegionRecord region = regionOfValue(value);
    region.id = id;
    return region;
}

void requireKnown(const Taxonomy &taxonomy, const std::string &group)
{
    if (taxonomy.findGroup(group) != nullptr)
        return;
    std::string known;
    for (const PartGroup &each : taxonomy.groups)
        known += (known.empty() ? "" : ", ") + each.name;
    throw Error(ErrorKind::InvalidInput, "there is no part '" + group + "'; known are " + known);
}

// The mask of a picture file: what is not black is inside.
Mask maskOfFile(const std::string &path)
{
    const Image picture = readImage(path);
    Mask mask(picture.width, picture.height);
    for (int y = 0; y < picture.height; ++y) {
        for (int x = 0; x < picture.width; ++x) {
            const std::uint8_t *pixel = picture.at(x, y);
            bool isSet = false;
            for (int channel = 0; channel < picture.channels; ++channel)
                isSet = isSet || pixel[channel] != 0;
            mask.at(x, y) = isSet ? 1 : 0;
        }
    }
    return mask;
}

} // namespace

void addMaskVerbs(CLI::App &app, Context &context)
{
    struct Options
    {
        std::string folder, group, points, box, phrase, file, text;
        std::int64_t id = 0;
        bool store = false;
        bool exclusive = false;
        int limit = 20;
    };
    auto o = std::make_shared<Options>();

    auto *mask =
        app.add_subcommand("mask", "A mask from points, a box or a phrase, as the viewer's");
    mask->add_option("DIR", o->folder, "Project folder")->required();
    mask->add_option("IMAGE_ID", o->id, "Picture of the project")->required();
    mask->add_option("--group", o->group, "Part that the mask is for, such as clothes")->required();
    mask->add_option("--points", o->points, "\"x,y,+ x,y,-\": inside and outside, in pixels");
    mask->add_option("--box", o->box, "left,top,right,bottom in pixels");
    mask->add_option("--phrase", o->phrase, "What Person-SAM looks for, \"a red jacket\"");
    mask->add_flag("--store", o->store, "Make it the part's mask; a step that can be undone");
    mask->add_flag("--exclusive", o->exclusive, "Take what the part gains from the other parts");
    mask->callback([&context, o] {
        context.verb = [&context, o] {
            MaskPrompt prompt;
            prompt.points = pointsOf(o->points);
            prompt.phrase = o->phrase;
            if (!o->box.empty()) {
                const std::vector<double> box = numbersOf(o->box, "--box");
                if (box.size() != 4 || box[2] <= box[0] || box[3] <= box[1])
                    throw Error(ErrorKind::InvalidInput,
                                "--box: '" + o->box + "' is not left,top,right,bottom");
                prompt.box = {{static_cast<float>(box[0]), static_cast<float>(box[1]),
                               static_cast<float>(box[2]), static_cast<float>(box[3])}};
            }
            if (prompt.isEmpty())
                throw Error(ErrorKind::InvalidInput, "give --points, --box or --phrase");
            ProjectStore store =
                ProjectStore::open(o->folder, o->store ? ProjectStore::Access::ReadWrite
                                                       : ProjectStore::Access::ReadOnly);
            const Taxonomy taxonomy = currentTaxonomy(store);
            requireKnown(taxonomy, o->group);
            const Image picture = readImage(store.picturePath(store.image(o->id)));
            const auto segmenter = openPromptedSegmenter(context.modelsFolder, context.engine);
            segmenter->encode(o->id, picture);
            const PromptedMask found = segmenter->predict(o->id, prompt);
            Answer answer;
            answer.json = {{"image", o->id},
                           {"group", o->group},
                           {"score", found.score},
                           {"model", found.modelHash},
                           {"mask", jsonOf(found.mask)}};
            if (found.agreement)
                answer.json["agreement"] = *found.agreement;
            answer.text = o->group + ": " + std::to_string(found.mask.area())
                          + " pixels, expected IoU " + numberText(static_cast<double>(found.score))
                          + "\n";
            if (o->store) {
                PartChange change;
                change.imageId = o->id;
                change.group = o->group;
                change.mask = found.mask;
                change.title = "Take mask: " + o->group;
                change.exclusive = o->exclusive;
                change.prompt = o->phrase;
                change.modelHash = found.mask.area() > 0 ? found.modelHash : std::string();
                change.score = static_cast<double>(found.score);
                change.taxonomyVersion = taxonomy.version;
                const Edit edit =
                    EditJournal(store).apply(partEdit(storedParts(store, o->id), change));
                answer.json["stored"] = jsonOf(edit);
                answer.text += "stored as step " + std::to_string(edit.id) + "\n";
            }
            return answer;
        };
    });

    auto *region = app.add_subcommand("region", "Change what is stored about a part");
    region->require_subcommand(1);
    auto *change = region->add_subcommand("edit", "Another mask (a picture file) or phrase");
    change->add_option("DIR", o->folder, "Project folder")->required();
    change->add_option("REGION_ID", o->id, "Region of the project")->required();
    change->add_option("--mask", o->file,
                       "Picture of the size of the person's: not black is inside");
    change->add_option("--phrase", o->text, "What the part is");
    change->add_flag("--exclusive", o->exclusive, "Take what the part gains from the other parts");
    change->callback([&context, o] {
        context.verb = [o] {
            if (o->file.empty() && o->text.empty())
                throw Error(ErrorKind::InvalidInput, "give --mask or --phrase");
            ProjectStore store = ProjectStore::open(o->folder);
            const RegionRecord stored = regionNamed(store, o->id);
            Edit edit;
            edit.title = "Edit: " + stored.group;
            if (!o->file.empty()) {
                PartChange paint;
                paint.imageId = stored.imageId;
                paint.group = stored.group;
                paint.mask = maskOfFile(o->file);
                paint.title = edit.title;
                paint.exclusive = o->exclusive;
                paint.taxonomyVersion = currentTaxonomy(store).version;
                const ImageRecord image = store.image(stored.imageId);
                if (paint.mask.width != image.width || paint.mask.height != image.height)
                    throw Error(ErrorKind::Mismatch,
                                o->file + ": the mask is " + std::to_string(paint.mask.width)
                                    + " x " + std::to_string(paint.mask.height) + ", the picture "
                                    + std::to_string(image.width) + " x "
                                    + std::to_string(image.height));
                edit = partEdit(storedParts(store, stored.imageId), paint);
            }
            if (!o->text.empty())
                edit.changes.push_back({EditKind::Phrase,
                                        std::to_string(o->id) + std::string("/human"),
                                        nullptr,
                                        {{"text", o->text}, {"model", ""}, {"template", ""}}});
            const Edit done = EditJournal(store).apply(edit);
            Answer answer;
            answer.json = jsonOf(done);
            answer.text = stepText(done, "edit");
            return answer;
        };
    });
    auto *remove = region->add_subcommand("delete", "Say that the part is not there");
    remove->add_option("DIR", o->folder, "Project folder")->required();
    remove->add_option("REGION_ID", o->id, "Region of the project")->required();
    remove->callback([&context, o] {
        context.verb = [o] {
            ProjectStore store = ProjectStore::open(o->folder);
            const RegionRecord stored = regionNamed(store, o->id);
            PartChange nothing;
            nothing.imageId = stored.imageId;
            nothing.group = stored.group;
            nothing.mask = Mask(stored.width, stored.height);
            nothing.title = "Remove: " + stored.group;
            const Edit done =
                EditJournal(store).apply(partEdit(storedParts(store, stored.imageId), nothing));
            Answer answer;
            answer.json = jsonOf(done);
            answer.text = stepText(done, "delete");
            return answer;
        };
    });

    for (const bool forward : {false, true}) {
        auto *step = app.add_subcommand(forward ? "redo" : "undo",
                                        forward ? "Does the last undone change again"
                                                : "Takes back the last change of a person");
        step->add_option("DIR", o->folder, "Project folder")->required();
        step->callback([&context, o, forward] {
            context.verb = [o, forward] {
                ProjectStore store = ProjectStore::open(o->folder);
                EditJournal journal(store);
                const Edit done = forward ? journal.redo() : journal.undo();
                Answer answer;
                answer.json = jsonOf(done);
                answer.text = stepText(done, forward ? "redo" : "undo");
                return answer;
            };
        });
    }
    struct CheckOptions
    {
        std::string folder;
        std::vector<std::int64_t> images;
        std::vector<std::string> kinds;
        std::size_t top = 20;
    };
    auto c = std::make_shared<CheckOptions>();
    auto *checks = app.add_subcommand(
        "check-parts", "Pictures whose masks have gaps, overlaps, holes or crumbs, worst first");
    checks->add_option("DIR", c->folder, "Project folder")->required();
    checks->add_option("--image", c->images, "Only these pictures of the project");
    checks->add_option("--only", c->kinds,
                       "Only these findings: size, unlabelled, overlap, hole, island, sides, "
                       "order, pair");
    checks->add_option("--top", c->top, "So many pictures; 0 for all")
        ->check(CLI::NonNegativeNumber);
    checks->callback([&context, c] {
        context.verb = [&context, c] {
            PartCheckOptions options;
            for (const std::string &kind : c->kinds)
                options.kinds.push_back(partFindingKindFromName(kind));
            ProjectStore store = ProjectStore::open(c->folder, ProjectStore::Access::ReadOnly);
            const PartCheckReport report =
                checkProject(store, c->images, options, context.cancel, context.progress);
            const std::size_t shown =
                c->top == 0 ? report.pictures.size() : std::min(c->top, report.pictures.size());
            Answer answer;
            OrderedJson pictures = OrderedJson::array();
            for (std::size_t i = 0; i < shown; ++i) {
                const PictureCheck &check = report.pictures[i];
                pictures.push_back(pictureCheckJson(check));
                answer.text += std::to_string(check.imageId) + "  " + numberText(check.badness);
                for (std::size_t f = 0; f < check.findings.size(); ++f)
                    answer.text += (f == 0 ? "  " : "; ") + textOf(check.findings[f]);
                answer.text += "\n";
            }
            answer.json = {{"checked", report.checked},
                           {"to_mend", report.pictures.size()},
                           {"pictures", std::move(pictures)}};
            answer.text += std::to_string(report.pictures.size()) + " of "
                           + std::to_string(report.checked) + " pictures to mend\n";
            if (report.cancelled)
                answer.exitCode = CancelledByUser;
            return answer;
        };
    });

    auto *history = app.add_subcommand("history", "What people changed, newest first");
    history->add_option("DIR", o->folder, "Project folder")->required();
    history->add_option("--limit", o->limit, "So many steps")->check(CLI::Range(1, 500));
    history->callback([&context, o] {
        context.verb = [o] {
            ProjectStore store = ProjectStore::open(o->folder, ProjectStore::Access::ReadOnly);
            EditJournal journal(store);
            Answer answer;
            const auto list = [&](const std::vector<Edit> &edits, const char *mark) {
                OrderedJson rows = OrderedJson::array();
                for (const Edit &edit : edits) {
                    rows.push_back(
                        {{"step", edit.id}, {"title", edit.title}, {"at", edit.createdAt}});
                    answer.text += mark + edit.createdAt + "  " + edit.title + "\n";
                }
                return rows;
            };
            answer.json["redoable"] = list(journal.redoable(o->limit), "undone  ");
            answer.json["undoable"] = list(journal.undoable(o->limit), "        ");
            if (answer.text.empty())
                answer.text = "nothing was changed\n";
            return answer;
        };
    });
}

} // namespace sapsam::cli
