#include "core/train/parsing_sets.h"

#include "core/base/error.h"
#include "core/base/json_file.h"
#include "core/base/sha256.h"
#include "core/dataset/atr_split.h"
#include "core/dataset/open_dataset.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <set>

namespace sapsam::training {

namespace {

constexpr const char *kSplits[] = {"train", "dev", "test"};

// Numbers of people that no other part of the program draws for training.
constexpr std::uint64_t kSyntheticPeople = 40'000'000;

std::string stemOf(const std::string &file)
{
    return file.substr(0, file.rfind('.'));
}

// Fills the sets of one data set.
class Collector
{
public:
    Collector(const ParsingOptions &options, const TaskInputs &inputs, const CancelToken &cancel,
              const ProgressSink &progress)
        : m_options(options), m_inputs(inputs), m_cancel(cancel), m_progress(progress)
    {
    }

    ParsingSets collect()
    {
        m_sets.taxonomy =
            m_options.taxonomy.empty() ? defaultTaxonomy() : readTaxonomy(m_options.taxonomy);
        for (const TaxonomyFinding &finding : taxonomyFindings(m_sets.taxonomy))
            if (finding.severity == TaxonomyFinding::Severity::Error)
                throw Error(ErrorKind::InvalidInput,
                            m_options.taxonomy + ": the taxonomy cannot be used: " + finding.text);
        if (m_options.trigger == "first")
            m_sets.taxonomy.trigger = TriggerRule::First;
        else if (m_options.trigger == "any")
            m_sets.taxonomy.trigger = TriggerRule::Any;
        else if (m_options.trigger == "all")
            m_sets.taxonomy.trigger = TriggerRule::All;

        if (m_options.data == "synthetic") {
            collectSynthetic();
            addHash();
            return std::move(m_sets);
        }
        const OpenedDataset opened = openDataset(m_options.data);
        m_sets.folder = opened.folder;
        m_sets.layout = nameOf(opened.kind);
        requireNoErrors(opened.findings(), opened.folder);
        if (opened.kind == DatasetKind::Atr)
            collectAtr(opened.atr);
        else if (opened.kind == DatasetKind::Lip)
            collectLip(opened.lip);
        else
            throw Error(ErrorKind::InvalidInput,
                        opened.folder + ": is a data set of the layout " + nameOf(opened.kind)
                            + ", which has no label maps; parts are learned from ATR or LIP");
        for (const char *split : {"train", "dev"})
            if (m_sets.samples[split].empty() && !m_cancel.isCancelled())
                throw Error(ErrorKind::InvalidInput,
                            opened.folder + ": the set '" + split
                                + "' is empty; put phrase lists or more pictures there");
        addHash();
        return std::move(m_sets);
    }

private:
    void collectAtr(const AtrDataset &atr)
    {
        std::map<std::string, std::size_t> numbers;
        for (const std::string &name : atr.names) {
            numbers.emplace(name, m_sets.pictures.size());
            m_sets.pictures.push_back({name, atr.imagePath(name), atr.maskPath(name), false, {}});
        }
        std::map<std::string, std::set<std::string>> listed; // pictures of each list
        for (const auto &[split, phrases] : atr.phrases)
            for (const AtrPhrase &phrase : phrases)
                listed[split].insert(stemOf(phrase.image));
        std::map<std::string, std::vector<std::string>> members = membersOf(atr, listed);
        // Lists say who belongs to a set even when the words are made anew.
        for (const char *split : kSplits) {
            const bool hasList = atr.phrases.count(split) > 0 && !atr.phrases.at(split).empty();
            if (hasList && m_options.phrases == "lists") {
                const std::set<std::string> kept(members[split].begin(), members[split].end());
                addListed(atr.phrases.at(split), split, numbers, kept);
                continue;
            }
            std::vector<std::size_t> pictures;
            for (const std::string &name : members[split])
                pictures.push_back(numbers.at(name));
            addMade(pictures, split);
        }
    }

    // The names of the pictures of each set.
    std::map<std::string, std::vector<std::string>>
    membersOf(const AtrDataset &atr, const std::map<std::string, std::set<std::string>> &listed)
    {
        std::map<std::string, std::vector<std::string>> members;
        if (listed.empty()) {
            const std::string path =
                m_options.splitFile.empty() ? atr.folder + "/atr_split.json" : m_options.splitFile;
            std::error_code ignored;
            const std::uint64_t seed = std::filesystem::exists(path, ignored)
                                           ? readSeededSplit(path).seed
                                           : m_options.splitSeed;
            const SeededSplit split = storedSplit(path, atr.names, seed);
            members = {{"train", split.train}, {"dev", split.dev}, {"test", split.test}};
            m_sets.notes.push_back("no phrase list: the division of " + path);
            return members;
        }
        std::set<std::string> used;
        for (const auto &[split, names] : listed) {
            members[split].assign(names.begin(), names.end());
            used.insert(names.begin(), names.end());
        }
        if (members["train"].empty()) {
            for (const std::string &name : atr.names)
                if (used.count(name) == 0)
                    members["train"].push_back(name);
            m_sets.notes.push_back("no train list: the " + std::to_string(members["train"].size())
                                   + " pictures that no other list names");
        }
        if (members["dev"].empty()) {
            const SeededSplit split = makeSeededSplit(members["train"], m_options.splitSeed);
            members["dev"] = split.dev;
            members["train"] = split.train;
            members["train"].insert(members["train"].end(), split.test.begin(), split.test.end());
            m_sets.notes.push_back("no dev list: a tenth of the train pictures");
        }
        return members;
    }

    void collectLip(const LipDataset &lip)
    {
        std::vector<std::size_t> train;
        std::vector<std::size_t> dev;
        for (const LipPicture &picture : lip.pictures) {
            (picture.split == Split::Train ? train : dev).push_back(m_sets.pictures.size());
            m_sets.pictures.push_back(
                {picture.name, lip.imagePath(picture), lip.maskPath(picture), true, {}});
        }
        m_sets.notes.push_back("LIP's val set chooses the best weights; it has no test set");
        addMade(train, "train");
        addMade(dev, "dev");
    }

    // The generator says what it drew; a set is its people, not its pictures.
    void collectSynthetic()
    {
        m_sets.folder = "synthetic";
        m_sets.layout = "synthetic";
        std::map<std::string, std::vector<std::size_t>> members;
        ProgressMeter meter("drawing people", m_options.syntheticIdentities, m_progress);
        for (std::int64_t i = 0; i < m_options.syntheticIdentities; ++i) {
            if (m_cancel.isCancelled())
                return;
            const SyntheticPerson person = makePerson(
                m_options.syntheticSeed, kSyntheticPeople + static_cast<std::uint64_t>(i));
            const std::int64_t tenth = 10 * i / m_options.syntheticIdentities;
            const char *split = tenth < 8 ? "train" : tenth < 9 ? "dev" : "test";
            for (int k = 0; k < m_options.picturesPerIdentity; ++k) {
                const std::size_t number = m_sets.pictures.size();
                ParsingPicture picture;
                picture.name = std::to_string(i) + "_" + std::to_string(k);
                picture.drawn = std::make_shared<SyntheticPicture>(
                    renderPicture(person, static_cast<std::uint64_t>(k), m_options.pictureWidth,
                                  m_options.pictureHeight));
                members[split].push_back(number);
                if (m_options.phrases == "lists")
                    addDrawn(number, *picture.drawn, split);
                m_sets.pictures.push_back(std::move(picture));
            }
            meter.advance();
        }
        if (m_options.phrases != "lists")
            for (const auto &[split, pictures] : members)
                addMade(pictures, split);
    }

    void addDrawn(std::size_t number, const SyntheticPicture &picture, const std::string &split)
    {
        for (const PartPhrase &phrase : picture.phrases) {
            const int idx = synthClassesOfGroup(phrase.group).front();
            // The generator knows of parts behind others, which no mask shows.
            const std::vector<std::uint8_t> &labels = picture.labels.labels;
            const bool isSeen = std::find(labels.begin(), labels.end(), idx) != labels.end();
            if (const std::optional<std::size_t> group = groupOf(idx); group && isSeen)
                m_sets.samples[split].push_back({number, *group, idx, phrase.text});
        }
    }

    std::optional<std::size_t> groupOf(int idx) const
    {
        for (std::size_t i = 0; i < m_sets.taxonomy.groups.size(); ++i)
            if (!m_sets.taxonomy.groups[i].classes.empty()
                && m_sets.taxonomy.groups[i].classes.front() == idx)
                return i;
        return std::nullopt;
    }

    void addListed(const std::vector<AtrPhrase> &phrases, const std::string &split,
                   const std::map<std::string, std::size_t> &numbers,
                   const std::set<std::string> &kept)
    {
        std::int64_t without = 0;
        std::int64_t untriggered = 0;
        for (const AtrPhrase &phrase : phrases) {
            const auto picture = numbers.find(stemOf(phrase.image));
            if (picture == numbers.end() || kept.count(picture->first) == 0)
                continue;
            const std::optional<std::size_t> group = groupOf(phrase.idx);
            if (!group) {
                ++without;
                continue;
            }
            // The published phrases were made by the rule "first"; another one chooses among them.
            if (m_options.trigger != "taxonomy"
                && !m_sets.taxonomy.isTriggered(m_sets.taxonomy.groups[*group],
                                                presentClasses(picture->second))) {
                ++untriggered;
                continue;
            }
            m_sets.samples[split].push_back({picture->second, *group, phrase.idx, phrase.text});
        }
        if (without > 0)
            m_sets.notes.push_back(
                split + ": " + std::to_string(without)
                + " phrases left out, whose class begins no group of the taxonomy");
        if (untriggered > 0)
            m_sets.notes.push_back(split + ": " + std::to_string(untriggered)
                                   + " phrases left out, whose part is not there by the rule '"
                                   + m_options.trigger + "'");
    }

    // The classes that a picture shows, looked up once.
    const std::vector<int> &presentClasses(std::size_t number)
    {
        const auto [entry, isNew] = m_present.try_emplace(number);
        if (isNew) {
            if (!m_inputs.readLabels && !m_sets.pictures[number].drawn)
                throw Error(ErrorKind::Unsupported,
                            "this build reads no label maps, so that nobody can tell which parts "
                            "a picture shows");
            std::array<bool, 256> seen{};
            for (const std::uint8_t label : labelsOf(m_sets.pictures[number], m_inputs).labels)
                seen[label] = true;
            for (int id = 1; id < 255; ++id)
                if (seen[static_cast<std::size_t>(id)])
                    entry->second.push_back(id);
        }
        return entry->second;
    }

    void addMade(const std::vector<std::size_t> &pictures, const std::string &split)
    {
        if (pictures.empty())
            return;
        ProgressMeter meter("looking for the parts of " + split + " pictures",
                            static_cast<std::int64_t>(pictures.size()), m_progress);
        std::vector<ParsingSample> &samples = m_sets.samples[split];
        for (const std::size_t number : pictures) {
            if (m_cancel.isCancelled())
                return;
            const std::vector<int> &present = presentClasses(number);
            for (std::size_t i = 0; i < m_sets.taxonomy.groups.size(); ++i) {
                const PartGroup &group = m_sets.taxonomy.groups[i];
                if (group.classes.empty() || !m_sets.taxonomy.isTriggered(group, present))
                    continue;
                const int first = group.classes.front();
                const LabelClass *named = m_sets.taxonomy.findClass(first);
                const bool byClass = m_options.phrases == "classes" && named != nullptr;
                samples.push_back({number, i, first, byClass ? named->name : group.phrase});
            }
            meter.advance();
        }
        m_sets.notes.push_back(split + ": phrases made from the "
                               + (m_options.phrases == "classes" ? "classes" : "groups")
                               + " of the taxonomy");
    }

    void addHash()
    {
        Sha256 hash;
        hash.update(m_sets.taxonomy.version + "\n");
        for (const auto &[split, samples] : m_sets.samples)
            for (const ParsingSample &sample : samples)
                hash.update(split + "\t" + m_sets.pictures[sample.picture].name + "\t"
                            + std::to_string(sample.idx) + "\t" + sample.text + "\n");
        m_sets.hash = hash.hexDigest();
    }

    const ParsingOptions &m_options;
    const TaskInputs &m_inputs;
    const CancelToken &m_cancel;
    const ProgressSink &m_progress;
    ParsingSets m_sets;
    std::map<std::size_t, std::vector<int>> m_present; // classes of a picture
};

} // namespace

OrderedJson ParsingSets::record() const
{
    OrderedJson json = {{"folder", folder}, {"layout", layout}, {"taxonomy", taxonomy.version}};
    for (const char *split : kSplits) {
        const auto found = samples.find(split);
        std::set<std::size_t> seen;
        if (found != samples.end())
            for (const ParsingSample &sample : found->second)
                seen.insert(sample.picture);
        json[split] = {{"phrases", found == samples.end() ? 0 : found->second.size()},
                       {"pictures", seen.size()}};
    }
    json["notes"] = notes;
    json["sha256"] = hash;
    return json;
}

ParsingSets readParsingSets(const ParsingOptions &options, const TaskInputs &inputs,
                            const CancelToken &cancel, const ProgressSink &progress)
{
    return Collector(options, inputs, cancel, progress).collect();
}

Image imageOf(const ParsingPicture &picture, const TaskInputs &inputs)
{
    return picture.drawn ? picture.drawn->image : inputs.readPicture(picture.imagePath);
}

LabelMap labelsOf(const ParsingPicture &picture, const TaskInputs &inputs)
{
    if (picture.drawn)
        return picture.drawn->labels;
    LabelMap labels = inputs.readLabels(picture.labelPath);
    if (picture.isLip) {
        const std::array<std::uint8_t, kLipClasses> &ids = atrClassOfLip();
        for (std::uint8_t &label : labels.labels)
            label = label < kLipClasses ? ids[label] : std::uint8_t(255);
    }
    return labels;
}

std::vector<int> maskClasses(const ParsingSets &sets, const ParsingSample &sample,
                             bool followsMerge)
{
    return followsMerge ? sets.taxonomy.groups[sample.group].classes : atrTargetClasses(sample.idx);
}

} // namespace sapsam::training
