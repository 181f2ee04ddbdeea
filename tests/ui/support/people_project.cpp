#include "tests/ui/support/people_project.h"

#include "core/base/file.h"
#include "core/base/random.h"
#include "core/base/sha256.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/rle.h"
#include "core/store/project_store.h"
#include "core/synth/pedestrian.h"
#include "core/taxonomy/taxonomy.h"

#include <filesystem>

namespace sapsam::test {

namespace {

SyntheticPicture pictureOf(const PeopleProject &options, const SyntheticPerson &person, int picture)
{
    return renderPicture(person, static_cast<std::uint64_t>(picture % options.picturesPerIdentity),
                         options.width, options.height);
}

SyntheticPerson personOf(const PeopleProject &options, int picture)
{
    return makePerson(options.seed,
                      static_cast<std::uint64_t>(picture / options.picturesPerIdentity));
}

} // namespace

LabelMap peopleLabels(const PeopleProject &options, int picture)
{
    return pictureOf(options, personOf(options, picture), picture).labels;
}

void makePeopleProject(const std::string &folder, const PeopleProject &options)
{
    const std::string pictures = folder + "-pictures";
    std::filesystem::create_directories(pictures);
    const Taxonomy taxonomy = defaultTaxonomy();
    ProjectStore store = ProjectStore::create(folder);
    store.recordModel("drawn", "person-sam", kPeopleModelHash, "truth");
    store.recordTaxonomy(taxonomy.version, "");
    const int count = options.identities * options.picturesPerIdentity;
    store.transaction([&] {
        for (int number = 0; number < count; ++number) {
            const SyntheticPerson person = personOf(options, number);
            const SyntheticPicture picture = pictureOf(options, person, number);
            ImageRecord record;
            record.path = pictures + "/persön " + std::to_string(number) + ".png";
            writeFileAtomically(record.path, encodePng(picture.image));
            record.sha256 = sha256OfFile(record.path);
            record.width = options.width;
            record.height = options.height;
            record.source = "folder";
            record.split = options.split;
            record.identity = std::to_string(number / options.picturesPerIdentity + 1);
            const std::int64_t id = store.addImage(record).id;
            if (options.withCaptions) {
                for (const std::string &caption :
                     makeCaptions(person, picture, 2,
                                  SeededRandom(options.seed + static_cast<std::uint64_t>(number)),
                                  CaptionStyle::Description))
                    store.addCaption(id, caption);
            }
            if (!options.withParts)
                continue;
            std::vector<RegionRecord> regions;
            for (const PartPhrase &phrase : picture.phrases) {
                const PartGroup *group = taxonomy.findGroup(phrase.group);
                const Mask mask = maskOfClasses(picture.labels, group->classes);
                const auto box = boundingBox(mask);
                if (!box)
                    continue;
                RegionRecord region;
                region.group = phrase.group;
                region.width = options.width;
                region.height = options.height;
                region.rle = rleToString(rleOfMask(mask));
                region.bounds = *box;
                region.area = static_cast<double>(mask.area())
                              / (static_cast<double>(options.width) * options.height);
                region.score = 0.9;
                region.prompt = group->phrase;
                regions.push_back(region);
            }
            store.replaceRegions(id, regions, kPeopleModelHash, taxonomy.version);
            for (const RegionRecord &region : store.regions(id)) {
                for (const PartPhrase &phrase : picture.phrases) {
                    if (phrase.group != region.group)
                        continue;
                    PhraseRecord written;
                    written.regionId = region.id;
                    written.text = phrase.text;
                    written.modelHash = kPeopleModelHash;
                    written.templateVersion = "drawn";
                    store.setPhrase(written);
                }
            }
        }
    });
}

} // namespace sapsam::test
