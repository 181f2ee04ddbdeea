#pragma once

#include "core/dataset/person_dataset.h"

#include <string>

namespace sapsam {

// CUHK-PEDES: reid_raw.json (one object a picture: split, captions, file_path, processed_tokens,
// id) beside imgs/. `folder` is that folder or the one above it, with CUHK-PEDES in it. Bad rows
// are left out and reported as findings. A missing picture, an unknown split or an identity that
// breaks the row 1 … n of the train split is an error; a row without captions, an empty caption, an
// identity in two splits, a picture that occurs twice and an empty split are warnings. Throws
// Error(NotFound) when the annotation or imgs/ is missing, Error(Corrupt) when the annotation
// cannot be parsed or is no list.
PersonDataset readCuhkPedes(const std::string &folder);

// Writes reid_raw.json into the folder; the pictures are the caller's business. Tokens are the
// words in lower case. Throws what writing a file throws.
void writeCuhkPedes(const PersonDataset &dataset, const std::string &folder);

} // namespace sapsam
