#include "core/engine/network_outline.h"

#include "core/networks/blip2.h"
#include "core/networks/clip.h"
#include "core/networks/dvae.h"
#include "core/networks/person_sam.h"
#include "core/weights/bare_construction.h"
#include "core/weights/tensor_names.h"

namespace sapsam::engine {

std::unique_ptr<NetworkOutline> outlineOf(const std::string &architecture, const Json &config,
                                          const std::string &origin, bool hasHeads)
{
    const BareConstruction bare = BareConstruction::outlines();
    NetworkOutline result;
    if (architecture == "clip") {
        const auto clip = nn::clipConfigFromJson(config, origin);
        result.module = nn::Clip(clip).ptr();
        result.names = clipNames();
        result.pictureHeight = clip.imageHeight;
        result.pictureWidth = clip.imageWidth;
        result.vocabulary = clip.vocabSize;
    } else if (architecture == "sam") {
        const auto sam = nn::samConfigFromJson(config, origin);
        result.module = nn::Sam(sam).ptr();
        result.names = samNames();
        result.pictureHeight = result.pictureWidth = sam.imageSize;
    } else if (architecture == "person-sam") {
        const auto personSam = nn::personSamConfigFromJson(config, origin);
        result.module = nn::PersonSam(personSam).ptr();
        result.names = personSamNames();
        result.pictureHeight = result.pictureWidth = personSam.sam.imageSize;
        result.vocabulary = personSam.text.vocabSize;
    } else if (architecture == "bert") {
        const auto bert = nn::bertConfigFromJson(config, origin);
        if (hasHeads)
            result.module = nn::BertForPreTraining(bert).ptr();
        else
            result.module = nn::BertModel(bert).ptr();
        result.names = hasHeads ? bertPretrainingNames() : bertModelNames();
        result.vocabulary = bert.vocabSize;
    } else if (architecture == "blip2-opt" || architecture == "blip2-t5") {
        const auto blip2 = nn::blip2ConfigFromJson(config, origin);
        const bool isT5 = blip2.language == nn::Blip2Language::T5;
        if (isT5 != (architecture == "blip2-t5"))
            throw Error(ErrorKind::Mismatch, origin + ": it is of another language model");
        result.module = nn::Blip2(blip2).ptr();
        result.names = isT5 ? blip2T5Names() : blip2OptNames();
        result.pictureHeight = blip2.vision.imageHeight;
        result.pictureWidth = blip2.vision.imageWidth;
        result.vocabulary = blip2.textVocabSize();
    } else if (architecture == "t5") {
        const auto t5 = nn::t5ConfigFromJson(config, origin);
        result.module = nn::T5Model(t5).ptr();
        result.names = t5Names();
        result.vocabulary = t5.vocabSize;
    } else if (architecture == "dvae") {
        result.module = nn::DvaeEncoder(nn::dvaeConfigFromJson(config, origin)).ptr();
        result.names = dvaeNames();
    } else {
        return nullptr;
    }
    return std::make_unique<NetworkOutline>(std::move(result));
}

} // namespace sapsam::engine
