#pragma once

#include "core/networks/blip2.h"
#include "core/networks/clip.h"
#include "core/networks/person_sam.h"

// Networks that are small enough to be computed a thousand times.
namespace sapsam::nn {

inline ClipConfig smallClip()
{
    ClipConfig config;
    config.embedDim = 16;
    config.imageHeight = 48;
    config.imageWidth = 16;
    config.patchSize = 8;
    config.stride = 4;
    config.visionWidth = 24;
    config.visionLayers = 2;
    config.visionHeads = 3;
    config.contextLength = 12;
    config.vocabSize = 50;
    config.textWidth = 16;
    config.textLayers = 2;
    config.textHeads = 2;
    return config;
}

inline PersonSamConfig smallPersonSam()
{
    PersonSamConfig config;
    config.sam.imageSize = 64;
    config.sam.patchSize = 8;
    config.sam.width = 16;
    config.sam.layers = 2;
    config.sam.heads = 2;
    config.sam.mlpDim = 32;
    config.sam.windowSize = 3;
    config.sam.globalLayers = {1};
    config.sam.promptDim = 16;
    config.sam.maskInputChannels = 4;
    config.sam.decoderHeads = 4;
    config.sam.decoderMlpDim = 32;
    config.sam.iouHeadHidden = 16;
    config.text.vocabSize = 40;
    config.text.hiddenSize = 16;
    config.text.layers = 1;
    config.text.heads = 2;
    config.text.intermediateSize = 32;
    config.text.maxPositions = 16;
    config.attentionHeads = 4;
    config.maxPhraseTokens = 8;
    return config;
}

inline Blip2Config smallBlip2()
{
    Blip2Config config;
    config.vision = {28, 14, 14, 16, 32, 1, 2, Activation::Gelu, 1e-6, 1e-6};
    config.qformer = {4, 16, 2, 2, 32, 2, Activation::Gelu, 1e-12};
    config.text.vocabSize = 30;
    config.text.hiddenSize = 16;
    config.text.layers = 2;
    config.text.heads = 2;
    config.text.ffnDim = 32;
    config.text.maxPositions = 32;
    return config;
}

} // namespace sapsam::nn
