#pragma once

#include "core/pipeline/prompt_lab.h"

#include <QImage>
#include <QString>
#include <QStringList>

#include <array>
#include <vector>

// What the prompt lab reads from a project, and how it says it.
namespace sapsam::ui {

// A part group with its prompt and how many of its regions wait for a phrase.
struct LabGroup
{
    QString group;
    GroupTemplate content; // of the project; empty prompt when it has none
    bool hasTemplate = false;
    qint64 regions = 0;
    qint64 outdated = 0; // with a phrase of another template or model, or with none
    qint64 human = 0;    // with the phrase of a person
};

// A trial that can be chosen: shipped, or run before.
struct LabExperiment
{
    QString title;
    qint64 trial = 0; // 0: shipped
    TrialDefinition definition;
};

struct LabState
{
    std::vector<LabGroup> groups;
    std::vector<LabExperiment> experiments; // shipped ones first, then the project's, newest first
    PromptTemplate templates;
    bool isShipped = false; // the project has no templates of its own
    QString phraseModel;    // of the project
    std::vector<PhraseModelFacts> models;
    QString modelProblem; // why there are none
    Taxonomy taxonomy;
};

// Blocks; for the reader lane.
LabState readLabState(ProjectStore &store, const std::string &modelsFolder);

// One region in full, for the panel beside the matrix.
struct RegionShow
{
    QString name; // of the picture file
    QImage source;
    QImage mask;                 // alpha
    std::array<QImage, 5> views; // the five visual prompts, with the settings of the template
    QImage modelInput;           // in the size the network gets
    QImage seen;                 // the view of the template, before it is resized
    QString problem;
};
RegionShow readRegionShow(ProjectStore &store, const TrialCrop &crop, const RegionView &view,
                          const PhraseModelFacts &facts);

QString titleOf(VisualPrompt prompt);
// A sentence for people: what is wrong, why it matters, what to do.
QString explain(const PromptFinding &finding);
// Short marks of what is held against a phrase, worst first: "another part", "contradicts", ….
QStringList marksOf(const PhraseVerdict &verdict);
// The same as sentences.
QStringList reasonsOf(const PhraseVerdict &verdict, const RegionColours &colours);

} // namespace sapsam::ui
