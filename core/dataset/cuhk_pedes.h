#pragma once

#include "core/dataset/person_dataset.h"

#include <string>

namespace sapsam {

// CUHK-PEDES alone, by the rules of readPeople and writePeople (people_layouts.h).
PersonDataset readCuhkPedes(const std::string &folder);
void writeCuhkPedes(const PersonDataset &dataset, const std::string &folder);

} // namespace sapsam
