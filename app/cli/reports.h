#pragma once

#include "core/base/json_file.h"
#include "core/pipeline/import.h"
#include "core/pipeline/jobs.h"

#include <string>
#include <vector>

// How lists of what went wrong are printed, the same for every verb.
namespace sapsam::cli {

inline OrderedJson jsonOf(const std::vector<SkippedItem> &items)
{
    OrderedJson list = OrderedJson::array();
    for (const SkippedItem &item : items)
        list.push_back({{"path", item.path}, {"reason", item.reason}});
    return list;
}

inline OrderedJson jsonOf(const std::vector<FailedItem> &items)
{
    OrderedJson list = OrderedJson::array();
    for (const FailedItem &item : items)
        list.push_back({{"image", item.imageId}, {"path", item.path}, {"reason", item.reason}});
    return list;
}

template <typename Item>
std::string textOf(const std::vector<Item> &items)
{
    std::string text;
    for (const Item &item : items)
        text += "  " + item.path + ": " + item.reason + "\n";
    return text;
}

} // namespace sapsam::cli
