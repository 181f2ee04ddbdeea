#include "app/cli/context.h"
#include "core/weights/model_manifest.h"

namespace sapsam::cli {

void addModelVerbs(CLI::App &app, Context &context)
{
    (void)app;
    (void)context;
}

} // namespace sapsam::cli
