#include "core/base/resources.h"

#include "core/base/error.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace sapsam {

std::string programFolder()
{
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? std::string(".") : program.parent_path().string();
}

std::string resourcePath(const std::string &name)
{
    std::vector<std::string> places;
    if (const char *folder = std::getenv("SAPSAM_RESOURCES_DIR"); folder != nullptr && *folder != 0)
        places.emplace_back(folder);
    places.push_back(programFolder() + "/../share/sapsam");
    places.emplace_back(SAPSAM_RESOURCES);
    std::string tried;
    for (const std::string &place : places) {
        const std::string path = place + "/" + name;
        std::error_code error;
        if (std::filesystem::exists(path, error))
            return path;
        tried += (tried.empty() ? "'" : ", '") + path + "'";
    }
    throw Error(ErrorKind::NotFound,
                "the shipped file '" + name + "' is in none of " + tried
                    + "; set SAPSAM_RESOURCES_DIR to the folder that holds it");
}

} // namespace sapsam
