#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/image/image.h"

#include <functional>
#include <string>

namespace sapsam::training {

// Reads the files of a data set. Whoever makes a task hands these in, because this library has no
// picture codecs; a function that is empty cannot be had in this build. Called from several
// threads.
struct TaskInputs
{
    std::function<Image(const std::string &path)> readPicture;   // RGB
    std::function<LabelMap(const std::string &path)> readLabels; // the stored class ids
    // Packs a data set with captions; see core/dataset/pack_dataset.h. Whether people may be
    // numbered anew is the last argument before the job's two.
    std::function<void(const std::string &data, const std::string &pack, int width, int height,
                       bool numberedAnew, const CancelToken &cancel, const ProgressSink &progress)>
        packPeople;
    std::string packsFolder; // where packs that a task makes lie, for all runs and processes
    bool makesPacks = true;  // false for a process that waits until another one has made them
};

} // namespace sapsam::training
