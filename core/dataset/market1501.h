#pragma once

#include "core/dataset/person_dataset.h"

#include <string>

namespace sapsam {

// Market-1501's layout: bounding_box_train/, bounding_box_test/ and query/ with names like
// "0002_c1s1_000451_03.jpg" (person, camera and sequence, frame, box). There are no captions. The
// gallery and the queries are the test split; "query/" in the path tells the queries. Person 0 is a
// distractor of the gallery and stays; person -1 is no usable box and is left out with a note.
// `folder` is that folder or the one above it. Throws DatasetError(NotFound) when a folder is
// missing.
PersonDataset readMarket1501(const std::string &folder);

// Copies every picture into the layout, the first picture of each test person as its query; val
// joins the train split. Camera 1, sequence 1 and running frames: the data sets with captions do
// not know them. Throws Error(InvalidInput) when an identity does not fit into four digits and what
// copying files throws.
void writeMarket1501(const PersonDataset &dataset, const std::string &folder);

// The person in such a name; nothing when it has another form.
std::optional<std::int64_t> market1501Identity(const std::string &fileName);

} // namespace sapsam
