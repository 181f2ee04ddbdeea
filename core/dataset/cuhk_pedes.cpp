#include "core/dataset/cuhk_pedes.h"

#include "core/dataset/people_layouts.h"

namespace sapsam {

PersonDataset readCuhkPedes(const std::string &folder)
{
    return readPeople(PeopleLayout::CuhkPedes, folder).dataset;
}

void writeCuhkPedes(const PersonDataset &dataset, const std::string &folder)
{
    writePeople(PeopleLayout::CuhkPedes, dataset, folder);
}

} // namespace sapsam
