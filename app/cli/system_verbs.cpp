#include "app/cli/context.h"
#include "core/base/version.h"
#include "core/pipeline/doctor.h"

#include <memory>

namespace sapsam::cli {

void addSystemVerbs(CLI::App &app, Context &context)
{
    auto folder = std::make_shared<std::string>();
    auto *doctor = app.add_subcommand("doctor", "Check the machine, the models and a project");
    doctor->add_option("DIR", *folder, "Project folder");
    doctor->callback([&context, folder] {
        context.verb = [&context, folder] {
            const DoctorReport report = examine(*folder, context.modelsFolder, context.engine);
            Answer answer;
            answer.json = report.details;
            for (const std::string &line : report.lines)
                answer.text += line + "\n";
            for (const std::string &problem : report.problems)
                answer.text += "problem: " + problem + "\n";
            answer.text += report.problems.empty() ? "everything is in order\n" : "";
            answer.exitCode = report.problems.empty() ? Done : Failed;
            return answer;
        };
    });

    auto *version = app.add_subcommand("version", "Version of the program and of its libraries");
    version->callback([&context] {
        context.verb = [&context] {
            const DeviceInfo device = resolveDevice(context.engine);
            Answer answer;
            answer.json = {{"name", "sapsam"},
                           {"version", programVersion()},
                           {"libtorch", device.libtorchVersion},
                           {"device", device.device},
                           {"precision", device.precision}};
            answer.text = std::string("sapsam ") + programVersion() + " (libtorch "
                          + device.libtorchVersion + ", " + device.device + ")\n";
            return answer;
        };
    });
}

} // namespace sapsam::cli
