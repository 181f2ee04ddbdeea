#include "core/engine/task_inputs.h"

#include "core/dataset/pack_dataset.h"
#include "core/image/codec.h"

namespace sapsam::engine {

namespace {

void packPeople(const std::string &data, const std::string &pack, int width, int height,
                bool numberedAnew, const CancelToken &cancel, const ProgressSink &progress)
{
    OpenOptions open;
    if (numberedAnew)
        open.people.trainLabels = TrainLabels::NumberedAnew;
    const OpenedDataset dataset = openDataset(data, open);
    if (dataset.people.dataset.images.empty())
        throw Error(ErrorKind::InvalidInput,
                    data
                        + ": retrieval is trained on pictures with captions, such as CUHK-PEDES; "
                          "this is "
                        + nameOf(dataset.kind));
    requireNoErrors(dataset.findings(), data);
    PackOptions options;
    options.width = width;
    options.height = height;
    packDataset(dataset, pack, options, cancel, progress);
}

} // namespace

training::TaskInputs taskInputs()
{
    training::TaskInputs inputs;
    inputs.readPicture = [](const std::string &path) { return readImage(path); };
    inputs.readLabels = [](const std::string &path) { return readLabels(path); };
    inputs.packPeople = packPeople;
    return inputs;
}

} // namespace sapsam::engine
