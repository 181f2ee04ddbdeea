#include "ui/pages/evaluation/badge_texts.h"

#include "ui/support/text.h"

#include <QCoreApplication>

namespace sapsam::ui {

namespace {

struct Known
{
    const char *code;
    const char *title;
    const char *text;   // %1: the number, %2: the name or example
    bool needs = false; // a number or a name
};

constexpr Known kKnown[] = {
    {"test-split", QT_TRANSLATE_NOOP("ProtocolBadge", "Test split"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "Measured on the split that nothing may be chosen on.")},
    {"val-split", QT_TRANSLATE_NOOP("ProtocolBadge", "Validation split"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "Checkpoints and settings are chosen on this split: its "
                                        "numbers are a little too good.")},
    {"train-split", QT_TRANSLATE_NOOP("ProtocolBadge", "Training split"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "Measured on pictures that models are trained with; this "
                                        "says nothing about other people.")},
    {"all-splits", QT_TRANSLATE_NOOP("ProtocolBadge", "All splits together"),
     QT_TRANSLATE_NOOP("ProtocolBadge",
                       "Pictures of the train and val splits are among the queries and in the "
                       "gallery. Choose the test split for numbers to report.")},
    {"identity-leak", QT_TRANSLATE_NOOP("ProtocolBadge", "Identity leak"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "Persons of this split that are in another split, too: %1. "
                                        "The model may have seen them."),
     true},
    {"picture-leak", QT_TRANSLATE_NOOP("ProtocolBadge", "Picture leak"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "Picture files of this split that are in another split, "
                                        "too, byte for byte: %1."),
     true},
    {"no-leak", QT_TRANSLATE_NOOP("ProtocolBadge", "No leak between splits"),
     QT_TRANSLATE_NOOP("ProtocolBadge",
                       "No person and no file of this split occurs in another split.")},
    {"edited-captions", QT_TRANSLATE_NOOP("ProtocolBadge", "Captions were edited"),
     QT_TRANSLATE_NOOP("ProtocolBadge",
                       "Captions of this project were changed by hand (steps in its history: %1): "
                       "the queries are not those that were published."),
     true},
    {"dataset-findings", QT_TRANSLATE_NOOP("ProtocolBadge", "The data set has faults"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "Things that are wrong with the data set: %1, such as: %2. "
                                        "`sapsam dataset doctor` lists them all."),
     true},
    {"synthetic", QT_TRANSLATE_NOOP("ProtocolBadge", "Drawn people"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "Measured on people of the project's own generator that "
                                        "training never draws. No published number is for them.")},
    {"stored-features", QT_TRANSLATE_NOOP("ProtocolBadge", "Stored features"),
     QT_TRANSLATE_NOOP(
         "ProtocolBadge",
         "Ranked by the project's features, which are rounded to half precision.")},
    {"unknown-choice", QT_TRANSLATE_NOOP("ProtocolBadge", "Choice of the checkpoint unknown"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "No run lies beside this model, so it is not known on which "
                                        "split its checkpoint was chosen.")},
    {"chosen-on-test", QT_TRANSLATE_NOOP("ProtocolBadge", "Chosen on test"),
     QT_TRANSLATE_NOOP("ProtocolBadge",
                       "The run %2 kept the checkpoint that was best on the test split. Numbers on "
                       "that split are too good and cannot be compared with honestly chosen ones."),
     true},
    {"chosen-on-val", QT_TRANSLATE_NOOP("ProtocolBadge", "Chosen on val"),
     QT_TRANSLATE_NOOP("ProtocolBadge",
                       "The run %2 never looked at the test split to choose its checkpoint."),
     true},
    {"trained-on-it", QT_TRANSLATE_NOOP("ProtocolBadge", "Trained on these pictures"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "The run %2 was trained on exactly this split."), true},
    {"own-picture", QT_TRANSLATE_NOOP("ProtocolBadge", "Own picture stays in the gallery"),
     QT_TRANSLATE_NOOP("ProtocolBadge",
                       "As in the published protocol, all captions are queries, all pictures are "
                       "the gallery, and the picture a caption was written for is among them.")},
    {"few-people", QT_TRANSLATE_NOOP("ProtocolBadge", "Few people"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "Persons that are asked for: only %1. Look at the "
                                        "intervals, not at the digits."),
     true},
    {"truncated-captions", QT_TRANSLATE_NOOP("ProtocolBadge", "Captions cut off"),
     QT_TRANSLATE_NOOP("ProtocolBadge",
                       "Captions that are longer than the %2 tokens that the model reads: %1."),
     true},
    {"skipped-queries", QT_TRANSLATE_NOOP("ProtocolBadge", "Queries without an answer"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "Queries that have no right picture in the gallery, and "
                                        "count in no mean: %1."),
     true},
    {"skipped-pictures", QT_TRANSLATE_NOOP("ProtocolBadge", "Pictures left out"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "Pictures that could not be used: %1, such as: %2"), true},
    {"human-parts", QT_TRANSLATE_NOOP("ProtocolBadge", "Parts drawn by people"),
     QT_TRANSLATE_NOOP("ProtocolBadge",
                       "Only the parts that somebody drew or corrected are measured. Where a "
                       "model's mask was corrected, its own mistakes may have been overlooked.")},
    {"generic-phrases", QT_TRANSLATE_NOOP("ProtocolBadge", "Generic phrases"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "Each part is asked for by its plain name; the published "
                                        "number uses a phrase written for the picture.")},
    {"cancelled", QT_TRANSLATE_NOOP("ProtocolBadge", "Stopped half-way"),
     QT_TRANSLATE_NOOP("ProtocolBadge", "The measurement was cancelled: only a part of the pictures "
                                        "or of the queries was used.")},
};

const Known *find(const std::string &code)
{
    for (const Known &known : kKnown) {
        if (code == known.code)
            return &known;
    }
    return nullptr;
}

} // namespace

QString badgeTitle(const std::string &code, const std::string &fallback)
{
    const Known *known = find(code);
    return known != nullptr ? QCoreApplication::translate("ProtocolBadge", known->title)
                            : toQString(fallback);
}

QString badgeText(const ProtocolBadge &badge, const EvaluationReport &report)
{
    const Known *known = find(badge.code);
    if (known == nullptr || (known->needs && badge.count == 0 && badge.detail.empty()))
        return toQString(badge.text);
    QString text = QCoreApplication::translate("ProtocolBadge", known->text);
    if (badge.code == "truncated-captions")
        return text.arg(countText(badge.count), countText(report.contextLength));
    if (text.contains(QLatin1String("%1")))
        text.replace(QLatin1String("%1"), countText(badge.count));
    return text.replace(QLatin1String("%2"), toQString(badge.detail));
}

} // namespace sapsam::ui
