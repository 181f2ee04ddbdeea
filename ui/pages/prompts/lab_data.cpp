#include "ui/pages/prompts/lab_data.h"

#include "core/image/preprocess.h"
#include "core/store/taxonomy_versions.h"
#include "ui/support/pixels.h"
#include "ui/support/text.h"

#include <QCoreApplication>
#include <QFileInfo>

#include <algorithm>

namespace sapsam::ui {

namespace {

struct Texts
{
    Q_DECLARE_TR_FUNCTIONS(PromptLab)
};

} // namespace

LabState readLabState(ProjectStore &store, const std::string &modelsFolder)
{
    LabState state;
    state.taxonomy = currentTaxonomy(store);
    state.templates = projectTemplates(store);
    state.isShipped = store.setting(kTemplatesSetting).empty();
    state.phraseModel = toQString(projectPhraseModel(store));
    std::string weights;
    try {
        for (const std::string &name : phraseModelNames(modelsFolder))
            state.models.push_back(phraseModelFacts(modelsFolder, name));
        if (state.models.empty())
            state.modelProblem =
                Texts::tr("There is no model that writes phrases in “%1”. Train one, or import one "
                          "with “sapsam models import”.")
                    .arg(toQString(modelsFolder));
        for (const PhraseModelFacts &facts : state.models)
            if (weights.empty() || toQString(facts.name) == state.phraseModel)
                weights = facts.sha256;
    } catch (const Error &error) {
        state.modelProblem = toQString(error.what());
    }

    std::map<std::string, LabGroup> groups;
    for (const PartGroup &group : state.taxonomy.groups)
        groups[group.name];
    for (const RegionState &region : regionStates(store)) {
        LabGroup &group = groups[region.group];
        ++group.regions;
        group.human += region.phraseOrigin == "human" ? 1 : 0;
    }
    for (const RegionState &region : regionsToPhrase(store, state.templates, weights))
        ++groups[region.group].outdated;
    const auto order = [&](const std::string &name) {
        for (std::size_t i = 0; i < state.taxonomy.groups.size(); ++i)
            if (state.taxonomy.groups[i].name == name)
                return i;
        return state.taxonomy.groups.size();
    };
    for (auto &[name, group] : groups) {
        group.group = toQString(name);
        group.hasTemplate = state.templates.hasGroup(name);
        if (group.hasTemplate)
            group.content = state.templates.group(name);
        state.groups.push_back(std::move(group));
    }
    std::stable_sort(state.groups.begin(), state.groups.end(),
                     [&](const LabGroup &a, const LabGroup &b) {
                         return order(toStdString(a.group)) < order(toStdString(b.group));
                     });

    for (const ShippedExperiment &shipped : shippedExperiments())
        state.experiments.push_back({toQString(shipped.definition.name), 0, shipped.definition});
    for (const TrialRecord &record : PromptTrials(store).list()) {
        try {
            state.experiments.push_back(
                {Texts::tr("%1 · %2").arg(record.id).arg(toQString(record.name)), record.id,
                 parseTrialDefinition(record.definition, "trial")});
        } catch (const Error &) {
            // Written by a newer program: not offered.
        }
    }
    return state;
}

RegionShow readRegionShow(ProjectStore &store, const TrialCrop &crop, const RegionView &view,
                          const PhraseModelFacts &facts)
{
    RegionShow show;
    show.name = QFileInfo(toQString(crop.path)).fileName();
    try {
        const RegionPicture region = readRegion(store, crop.image, crop.region);
        const auto key = static_cast<std::uint64_t>(crop.region);
        show.name = QFileInfo(toQString(region.path)).fileName();
        show.source = toQImage(toRgb(region.picture));
        show.mask = toQImage(region.mask);
        for (std::size_t i = 0; i < kVisualPrompts.size(); ++i) {
            RegionView one = view;
            one.prompt = kVisualPrompts[i];
            show.views[i] = toQImage(toRgb(regionView(region.picture, region.mask, one, key)));
        }
        const Image seen = toRgb(regionView(region.picture, region.mask, view, key));
        show.seen = toQImage(seen);
        show.modelInput = toQImage(modelInput(seen, facts));
    } catch (const Error &error) {
        show.problem = toQString(error.what());
    }
    return show;
}

QString titleOf(VisualPrompt prompt)
{
    switch (prompt) {
    case VisualPrompt::TextOnly:
        return Texts::tr("Text only");
    case VisualPrompt::Mask:
        return Texts::tr("Mask");
    case VisualPrompt::Box:
        return Texts::tr("Box");
    case VisualPrompt::EdgePoints:
        return Texts::tr("Edge points");
    case VisualPrompt::Filter:
        return Texts::tr("Filter");
    }
    return {};
}

QString explain(const PromptFinding &finding)
{
    const QString detail = toQString(finding.detail);
    switch (finding.problem) {
    case PromptProblem::BrokenBraces:
        return Texts::tr("A brace has no partner, so the prompt cannot be filled in. Write {part}, "
                         "or {{ and }} for braces that stay.");
    case PromptProblem::UnknownPlaceholder:
        return Texts::tr("Nothing is known to put for {%1}. The only placeholder is {part}.")
            .arg(detail);
    case PromptProblem::MissingPart:
        return Texts::tr("The prompt does not say which part it asks about, so the model describes "
                         "whatever it sees first. Put {part} or the part’s name in.");
    case PromptProblem::WrongPart:
        return Texts::tr("It asks about “%1”, which belongs to another part. Put {part} in its "
                         "place.")
            .arg(detail);
    case PromptProblem::TooLong: {
        const QStringList numbers = detail.split(QLatin1Char('/'));
        return Texts::tr("%1 tokens, but the model has room for %2 beside picture and answer. "
                         "Shorten it, or allow fewer new tokens.")
            .arg(numbers.value(0), numbers.value(1));
    }
    case PromptProblem::Settings:
        return detail;
    case PromptProblem::Gendered:
        return Texts::tr("“%1” supposes a man or a woman, and the model answers accordingly. Ask "
                         "about the person or the part.")
            .arg(detail);
    case PromptProblem::NoQuestion:
        return Texts::tr("There is no question: the model goes on with the sentence as it likes.");
    case PromptProblem::EchoRisk:
        return Texts::tr("Nothing begins the answer, so the model may repeat the prompt. End with "
                         "“Answer: It is”.");
    case PromptProblem::TrailingSpace:
        return Texts::tr("The space at the end changes how the next word is cut into tokens.");
    }
    return {};
}

QStringList marksOf(const PhraseVerdict &verdict)
{
    QStringList marks;
    if (verdict.isEmpty)
        marks.append(Texts::tr("empty"));
    if (verdict.contradicts)
        marks.append(Texts::tr("contradicts"));
    if (verdict.namesOtherPart)
        marks.append(Texts::tr("other part"));
    if (verdict.echoes)
        marks.append(Texts::tr("echo"));
    if (verdict.loops)
        marks.append(Texts::tr("loop"));
    if (verdict.isPlain)
        marks.append(Texts::tr("plain"));
    return marks;
}

QStringList reasonsOf(const PhraseVerdict &verdict, const RegionColours &colours)
{
    QStringList reasons;
    if (verdict.isEmpty)
        reasons.append(Texts::tr("The model wrote nothing."));
    if (verdict.contradicts) {
        QStringList said;
        for (const std::string &colour : verdict.colours)
            said.append(toQString(colour));
        reasons.append(Texts::tr("It says %1, but the region is %2.")
                           .arg(said.join(QStringLiteral(", ")), toQString(colours.dominant)));
    }
    if (verdict.namesOtherPart)
        reasons.append(
            Texts::tr("“%1” belongs to another part.").arg(toQString(verdict.otherPart)));
    if (verdict.echoes)
        reasons.append(Texts::tr("It repeats the prompt, or asks in its turn."));
    if (verdict.loops)
        reasons.append(Texts::tr("It says the same words again."));
    if (verdict.isPlain)
        reasons.append(Texts::tr("It names the part and says nothing about it."));
    return reasons;
}

} // namespace sapsam::ui
