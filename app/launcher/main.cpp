// The first piece of every program, a few kilobytes: it decides about the environment before the
// heavy libraries are in memory, and then loads the rest of itself, the module SAPSAM_MODULE. The
// process stays the program that was called.
#include "app/launcher/environment.h"

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <limits.h>
#include <string>
#include <unistd.h>

namespace {

constexpr int kExitFailed = 1;

std::string ownFolder()
{
    char path[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    const std::string program(path, length > 0 ? static_cast<std::size_t>(length) : 0);
    return program.substr(0, program.find_last_of('/') + 1);
}

} // namespace

int main(int argc, char **argv)
{
    sapsam::launcher::prepareEnvironment(argv);

    // Beside the program (in a build or a copy), or where it is installed.
    const std::string name = SAPSAM_MODULE, folder = ownFolder();
    std::string path = folder + name;
    if (access(path.c_str(), F_OK) != 0)
        path = folder + SAPSAM_MODULE_FOLDER + name;
    void *module = dlopen(path.c_str(), RTLD_LAZY | RTLD_GLOBAL);
    if (module == nullptr) {
        std::fprintf(stderr,
                     "%s: %s\nThe program consists of two files: '%s' must lie beside it. "
                     "Install it again, or copy both.\n",
                     argv[0], dlerror(), name.c_str());
        return kExitFailed;
    }
    using Main = int (*)(int, char **);
    void *symbol = dlsym(module, "sapsamMain");
    if (symbol == nullptr) {
        std::fprintf(stderr, "%s: '%s' is not a part of this program\n", argv[0], path.c_str());
        return kExitFailed;
    }
    // exit() runs the destructors of all libraries, as returning from main would.
    std::exit(reinterpret_cast<Main>(symbol)(argc, argv));
}
