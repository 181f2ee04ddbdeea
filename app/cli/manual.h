#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace sapsam::cli {

// The manual page of a program in roff (man(7)), with every verb and option that its parser knows.
std::string manualPage(const CLI::App &app, const std::string &program);

// Completion of verbs, options and their fixed values for bash.
std::string bashCompletion(const CLI::App &app, const std::string &program);

} // namespace sapsam::cli
