#pragma once

#include "core/store/project_store.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sapsam {

enum class LabelKind {
    Identity,
    Split,
    Source,
    Tag,    // the first by name, where there are several
    Review, // "accepted", "rejected" or "unsure"
    Rating, // "1" … "5"
    ColourWord, // the common one in the phrase of one part group
};

// One word for each picture, "" where nothing is known: what a map is coloured by. In the order of
// the ids; `group` is used by ColourWord only. Reading only; the thread rule is the store's.
std::vector<std::string> labelsOf(ProjectStore &store, const std::vector<std::int64_t> &ids,
                                  LabelKind kind, const std::string &group = {});

} // namespace sapsam
