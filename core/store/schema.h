#pragma once

#include <string>
#include <vector>

namespace sapsam {

// The numbered files of resources/schema, compiled in so that a moved program still has them.
// migrations()[i] takes a database from version i to version i + 1.
struct Migration
{
    std::string name; // "001_project"
    std::string sql;
};
const std::vector<Migration> &migrations();

} // namespace sapsam
