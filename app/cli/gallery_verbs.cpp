#include "app/cli/context.h"
#include "core/base/error.h"
#include "core/pipeline/find_duplicates.h"
#include "core/pipeline/project_map.h"
#include "core/store/curation.h"
#include "core/store/duplicates.h"
#include "core/store/gallery_query.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

namespace sapsam::cli {

namespace {

// Which pictures a verb works on: a filter, or ids.
struct Choice
{
    std::string folder;
    std::string filter;
    std::vector<std::int64_t> ids;
};

void addChoice(CLI::App &verb, const std::shared_ptr<Choice> &choice)
{
    auto *filter = verb.add_option("--filter", choice->filter,
                                   "Pictures that fit, such as 'split:train has:hat -tag:blurred'");
    auto *ids = verb.add_option("--images", choice->ids, "Ids of pictures")->delimiter(',');
    filter->excludes(ids);
}

std::vector<std::int64_t> chosenImages(ProjectStore &store, const Choice &choice)
{
    if (choice.filter.empty() && choice.ids.empty())
        throw Error(ErrorKind::InvalidInput,
                    "say which pictures: --filter or --images; nothing was changed");
    return choice.ids.empty() ? imagesMatching(store, requireFilter(choice.filter)) : choice.ids;
}

Answer applied(ProjectStore &store, const Edit &edit, std::size_t chosen)
{
    const Edit stored = EditJournal(store).apply(edit);
    Answer answer;
    answer.json = {{"edit", edit.title},
                   {"images", chosen},
                   {"changed", stored.changes.size()},
                   {"journal", stored.id}};
    answer.text = edit.title + "\n  changed " + std::to_string(stored.changes.size()) + " of "
                  + std::to_string(chosen) + "\n";
    return answer;
}

OrderedJson jsonOf(const std::vector<FacetValue> &values)
{
    OrderedJson object = OrderedJson::object();
    for (const FacetValue &value : values)
        object[value.value.empty() ? "none" : value.value] = value.count;
    return object;
}

std::string textOf(const char *title, const std::vector<FacetValue> &values)
{
    constexpr std::size_t kShown = 20;
    std::string text;
    for (std::size_t i = 0; i < values.size() && i < kShown; ++i)
        text += (text.empty() ? "" : ", ") + (values[i].value.empty() ? "none" : values[i].value)
                + " " + std::to_string(values[i].count);
    return values.empty() ? text : std::string("  ") + title + ": " + text + "\n";
}

GallerySort sortNamed(const std::string &name)
{
    const std::optional<GallerySort> sort = gallerySortFromName(name);
    if (sort)
        return *sort;
    std::string names;
    for (const std::string &known : gallerySortNames())
        names += (names.empty() ? "" : ", ") + known;
    throw Error(ErrorKind::InvalidInput,
                "cannot sort by \"" + name + "\"; there are " + names + ", each also with :desc");
}

void addListVerb(CLI::App &app, Context &context)
{
    struct Options
    {
        std::string folder;
        std::string filter;
        std::string view;
        std::string sort;
        int limit = 0;
        bool facets = false;
    };
    auto options = std::make_shared<Options>();
    auto *list = app.add_subcommand("list", "Pictures of a project that fit a filter, in order");
    list->add_option("DIR", options->folder, "Project folder")->required();
    auto *filter = list->add_option("--filter", options->filter,
                                    "Such as 'split:train (has:hat OR colour:red) -tag:blurred'");
    list->add_option("--view", options->view, "A saved view")->excludes(filter);
    list->add_option("--sort", options->sort, "id, name, rating, score, … also with :desc");
    list->add_option("--limit", options->limit, "How many are printed; 0 = all")
        ->check(CLI::Range(0, 1000000000))
        ->capture_default_str();
    list->add_flag("--facets", options->facets, "How the pictures divide, too");
    std::string keys = "Keys of a filter:\n";
    for (const FilterKeyHelp &key : filterKeys())
        keys += "  " + key.example
                + std::string(key.example.size() < 26 ? 26 - key.example.size() : 1, ' ') + key.help
                + "\n";
    list->footer(
        keys
        + "Terms must all hold; OR, NOT (or -), parentheses, a,b for several values, \"…\" "
          "for text\nwith spaces, * for anything. hat.score<0.5 asks one part group.");
    list->callback([&context, options] {
        context.verb = [&context, options] {
            ProjectStore store =
                ProjectStore::open(options->folder, ProjectStore::Access::ReadOnly);
            std::string text = options->filter;
            GallerySort sort;
            if (!options->view.empty()) {
                const SavedView view = savedView(store, options->view);
                text = view.filter;
                sort = view.sort;
            }
            if (!options->sort.empty())
                sort = sortNamed(options->sort);
            const GalleryAnswer found =
                askGallery(store, requireFilter(text), sort, context.cancel);
            const std::size_t shown =
                options->limit == 0
                    ? found.ids.size()
                    : std::min(found.ids.size(), static_cast<std::size_t>(options->limit));
            OrderedJson images = OrderedJson::array();
            Answer answer;
            for (std::size_t i = 0; i < shown; ++i) {
                const ImageRecord image = store.image(found.ids[i]);
                images.push_back({{"image", image.id}, {"path", image.path}});
                answer.text += std::to_string(image.id) + "  " + image.path + "\n";
            }
            answer.json = {{"filter", text},
                           {"sort", nameOf(sort)},
                           {"matching", found.ids.size()},
                           {"images", std::move(images)}};
            answer.text += std::to_string(found.ids.size()) + " of "
                           + std::to_string(store.imageCount()) + " pictures fit\n";
            if (options->facets) {
                const GalleryFacets &facets = found.facets;
                answer.json["facets"] = {
                    {"split", jsonOf(facets.splits)},        {"group", jsonOf(facets.groups)},
                    {"colour", jsonOf(facets.colours)},      {"review", jsonOf(facets.reviews)},
                    {"rating", jsonOf(facets.ratings)},      {"tag", jsonOf(facets.tags)},
                    {"identity", jsonOf(facets.identities)}, {"source", jsonOf(facets.sources)},
                    {"score", jsonOf(facets.scores)}};
                answer.text += textOf("split", facets.splits) + textOf("part", facets.groups)
                               + textOf("colour", facets.colours) + textOf("review", facets.reviews)
                               + textOf("rating", facets.ratings) + textOf("tag", facets.tags)
                               + textOf("identity", facets.identities)
                               + textOf("source", facets.sources) + textOf("score", facets.scores);
            }
            return answer;
        };
    });
}

void addMarkVerbs(CLI::App &app, Context &context)
{
    auto choice = std::make_shared<Choice>();
    auto add = std::make_shared<std::vector<std::string>>();
    auto remove = std::make_shared<std::vector<std::string>>();
    auto *tag = app.add_subcommand("tag", "Give tags to pictures, or take them away");
    tag->add_option("DIR", choice->folder, "Project folder")->required();
    tag->add_option("--add", *add, "A tag (may be repeated)");
    tag->add_option("--remove", *remove, "A tag (may be repeated)");
    addChoice(*tag, choice);
    tag->callback([&context, choice, add, remove] {
        context.verb = [choice, add, remove] {
            if (add->empty() && remove->empty())
                throw Error(ErrorKind::InvalidInput, "say which tag: --add or --remove");
            ProjectStore store = ProjectStore::open(choice->folder);
            const std::vector<std::int64_t> images = chosenImages(store, *choice);
            return applied(store, tagEdit(store, images, *add, *remove), images.size());
        };
    });

    auto rating = std::make_shared<int>(0);
    auto *rate = app.add_subcommand("rate", "Rate pictures from 1 to 5; 0 takes the rating away");
    rate->add_option("DIR", choice->folder, "Project folder")->required();
    rate->add_option("RATING", *rating)->required()->check(CLI::Range(0, 5));
    addChoice(*rate, choice);
    rate->callback([&context, choice, rating] {
        context.verb = [choice, rating] {
            ProjectStore store = ProjectStore::open(choice->folder);
            const std::vector<std::int64_t> images = chosenImages(store, *choice);
            return applied(store, ratingEdit(store, images, *rating), images.size());
        };
    });

    auto state = std::make_shared<std::string>();
    auto *review = app.add_subcommand("review", "Say that pictures are accepted or rejected");
    review->add_option("DIR", choice->folder, "Project folder")->required();
    review->add_option("STATE", *state, "accepted, rejected, unsure or none")
        ->required()
        ->check(CLI::IsMember({"accepted", "rejected", "unsure", "none"}));
    addChoice(*review, choice);
    review->callback([&context, choice, state] {
        context.verb = [choice, state] {
            ProjectStore store = ProjectStore::open(choice->folder);
            const std::vector<std::int64_t> images = chosenImages(store, *choice);
            return applied(store,
                           reviewEdit(store, images, *state == "none" ? std::string() : *state),
                           images.size());
        };
    });
}

void addViewVerbs(CLI::App &app, Context &context)
{
    auto *views = app.add_subcommand("views", "Saved views: a filter and an order under a name");
    views->require_subcommand(1);
    auto folder = std::make_shared<std::string>();
    auto name = std::make_shared<std::string>();
    auto *list = views->add_subcommand("list", "The saved views");
    list->add_option("DIR", *folder, "Project folder")->required();
    list->callback([&context, folder] {
        context.verb = [folder] {
            ProjectStore store = ProjectStore::open(*folder, ProjectStore::Access::ReadOnly);
            Answer answer;
            OrderedJson all = OrderedJson::array();
            for (const SavedView &view : savedViews(store)) {
                all.push_back(
                    {{"name", view.name}, {"filter", view.filter}, {"sort", nameOf(view.sort)}});
                answer.text +=
                    view.name + "\n  " + view.filter + "  (by " + nameOf(view.sort) + ")\n";
            }
            answer.json = {{"views", std::move(all)}};
            return answer;
        };
    });

    auto view = std::make_shared<SavedView>();
    auto sort = std::make_shared<std::string>("id");
    auto *save = views->add_subcommand("save", "Store or replace a view");
    save->add_option("DIR", *folder, "Project folder")->required();
    save->add_option("NAME", view->name)->required();
    save->add_option("--filter", view->filter, "Such as 'has:hat rating>=4'");
    save->add_option("--sort", *sort)->capture_default_str();
    save->callback([&context, folder, view, sort] {
        context.verb = [folder, view, sort] {
            ProjectStore store = ProjectStore::open(*folder);
            SavedView saved = *view;
            saved.sort = sortNamed(*sort);
            return applied(store, saveViewEdit(saved), 1);
        };
    });

    auto *erase = views->add_subcommand("delete", "Delete a view; the pictures stay");
    erase->add_option("DIR", *folder, "Project folder")->required();
    erase->add_option("NAME", *name)->required();
    erase->callback([&context, folder, name] {
        context.verb = [folder, name] {
            ProjectStore store = ProjectStore::open(*folder);
            return applied(store, deleteViewEdit(store, *name), 1);
        };
    });

    auto fresh = std::make_shared<std::string>();
    auto *rename = views->add_subcommand("rename", "Give a view another name");
    rename->add_option("DIR", *folder, "Project folder")->required();
    rename->add_option("NAME", *name)->required();
    rename->add_option("NEW", *fresh)->required();
    rename->callback([&context, folder, name, fresh] {
        context.verb = [folder, name, fresh] {
            ProjectStore store = ProjectStore::open(*folder);
            return applied(store, renameViewEdit(store, *name, *fresh), 1);
        };
    });
}

void addDuplicatesVerb(CLI::App &app, Context &context)
{
    struct Options
    {
        std::string folder;
        DuplicateOptions search;
        bool stored = false;
    };
    auto options = std::make_shared<Options>();
    auto *verb = app.add_subcommand(
        "duplicates", "Find near-identical pictures: copies saved again, made smaller or larger");
    verb->add_option("DIR", options->folder, "Project folder")->required();
    verb->add_option("--bits", options->search.bits,
                     "How many of 256 brightness steps may differ: fewer is stricter")
        ->check(CLI::Range(0, PerceptualHash::kBits))
        ->capture_default_str();
    verb->add_option("--colours", options->search.colours,
                     "Mean difference of the colours, of 255, that is allowed")
        ->check(CLI::Range(0.0, 255.0))
        ->capture_default_str();
    verb->add_flag("--stored", options->stored, "Print what was found last; look at no picture");
    verb->footer("The best picture of a group (most pixels, then the first imported) is named "
                 "first. Afterwards the filters\nduplicate:yes, duplicate:copy (all but the best) "
                 "and duplicate:best, and the sort \"duplicates\", know them.");
    verb->callback([&context, options] {
        context.verb = [&context, options] {
            Answer answer;
            DuplicateReport report;
            ProjectStore store = ProjectStore::open(
                options->folder, options->stored ? ProjectStore::Access::ReadOnly
                                                 : ProjectStore::Access::ReadWrite);
            if (!options->stored)
                report = findDuplicates(store, options->search, context.cancel, context.progress);
            const DuplicateSearch search = duplicateSearch(store);
            OrderedJson groups = OrderedJson::array();
            for (const DuplicateGroup &group : duplicateGroups(store)) {
                OrderedJson images = OrderedJson::array();
                answer.text += "group " + std::to_string(group.id) + "\n";
                for (const std::int64_t id : group.images) {
                    const ImageRecord image = store.image(id);
                    images.push_back({{"image", id},
                                      {"path", image.path},
                                      {"width", image.width},
                                      {"height", image.height}});
                    answer.text += "  " + std::to_string(id) + "  " + image.path + "\n";
                }
                groups.push_back({{"group", group.id}, {"images", std::move(images)}});
            }
            OrderedJson failed = OrderedJson::array();
            for (const FailedItem &item : report.failed)
                failed.push_back(
                    {{"image", item.imageId}, {"path", item.path}, {"reason", item.reason}});
            answer.json = {{"searched", search.wasDone},
                           {"compared", search.images},
                           {"fresh", search.fresh},
                           {"hashed", report.hashed},
                           {"copies", search.copies},
                           {"groups", std::move(groups)},
                           {"failed", std::move(failed)}};
            answer.text += !search.wasDone
                               ? std::string("nobody has looked for duplicates yet\n")
                               : std::to_string(search.groups) + " groups, "
                                     + std::to_string(search.copies) + " copies among "
                                     + std::to_string(search.images) + " pictures\n";
            if (search.wasDone && search.fresh > 0)
                answer.text += std::to_string(search.fresh)
                               + " pictures came since; run `sapsam duplicates` again\n";
            answer.exitCode = report.failed.empty() ? Done : SomeFailed;
            return answer;
        };
    });
}

void addMapVerb(CLI::App &app, Context &context)
{
    struct Options
    {
        std::string folder;
        std::string method = nameOf(MapMethod::Neighbours);
        MapOptions map;
    };
    auto options = std::make_shared<Options>();
    auto *verb = app.add_subcommand("map", "The embedded pictures in the plane: near ones look "
                                           "alike to the model");
    verb->add_option("DIR", options->folder, "Project folder")->required();
    verb->add_option("--method", options->method,
                     "neighbours (near ones stay near) or components (linear)")
        ->check(CLI::IsMember({"neighbours", "components"}))
        ->capture_default_str();
    verb->add_option("--neighbours", options->map.neighbours, "Of each picture")
        ->check(CLI::Range(2, 100))
        ->capture_default_str();
    verb->callback([&context, options] {
        context.verb = [&context, options] {
            ProjectStore store =
                ProjectStore::open(options->folder, ProjectStore::Access::ReadOnly);
            MapOptions wanted = options->map;
            wanted.method = *mapMethodFromName(options->method);
            wanted.seed = context.seed;
            const ProjectMap map = projectMap(store, wanted, context.cancel, context.progress);
            Answer answer;
            OrderedJson points = OrderedJson::array();
            for (std::size_t i = 0; i < map.map.ids.size(); ++i) {
                const float x = map.map.places[i * 2];
                const float y = map.map.places[i * 2 + 1];
                points.push_back({{"image", map.map.ids[i]}, {"x", x}, {"y", y}});
                answer.text += std::to_string(map.map.ids[i]) + "  " + std::to_string(x) + "  "
                               + std::to_string(y) + "\n";
            }
            answer.json = {{"model", map.model},
                           {"method", options->method},
                           {"seed", wanted.seed},
                           {"unembedded", map.unembedded},
                           {"points", std::move(points)}};
            return answer;
        };
    });
}

} // namespace

void addGalleryVerbs(CLI::App &app, Context &context)
{
    addListVerb(app, context);
    addMarkVerbs(app, context);
    addViewVerbs(app, context);
    addDuplicatesVerb(app, context);
    addMapVerb(app, context);
}

} // namespace sapsam::cli
