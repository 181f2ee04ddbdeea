#include "core/base/version.h"

namespace sapsam {

const char *programVersion()
{
    return SAPSAM_VERSION;
}

} // namespace sapsam
