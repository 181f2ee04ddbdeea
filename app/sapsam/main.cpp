#include "app/cli/context.h"
#include "core/base/error.h"
#include "core/base/log.h"
#if !defined(SAPSAM_TRAINER_ONLY)
#include "core/pipeline/engines.h"
#endif

#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <unistd.h>

namespace {

using namespace sapsam;

// The signal handler may only touch this; cancel() is a relaxed store of an atomic.
CancelSource *theCancelSource = nullptr;

void onSignal(int)
{
    theCancelSource->cancel();
}

// One line that is rewritten on a terminal, a line every two seconds otherwise.
class ProgressLine
{
public:
    void operator()(const Progress &progress)
    {
        const auto now = std::chrono::steady_clock::now();
        const bool isLast = progress.total > 0 && progress.done >= progress.total;
        const auto interval =
            m_isTerminal ? std::chrono::milliseconds(100) : std::chrono::milliseconds(2000);
        if (!isLast && now - m_last < interval)
            return;
        m_last = now;
        std::string line = progress.stage + " " + std::to_string(progress.done);
        if (progress.total > 0)
            line += "/" + std::to_string(progress.total);
        if (progress.etaSeconds)
            line +=
                ", " + std::to_string(static_cast<long>(*progress.etaSeconds + 0.5)) + " s left";
        if (m_isTerminal)
            std::fprintf(stderr, "\r\033[K%s%s", line.c_str(), isLast ? "\n" : "");
        else
            std::fprintf(stderr, "%s\n", line.c_str());
        std::fflush(stderr);
    }

private:
    bool m_isTerminal = ::isatty(2) == 1;
    std::chrono::steady_clock::time_point m_last{};
};

void print(const cli::Answer &answer, bool json)
{
    if (json)
        std::cout << answer.json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) << '\n';
    else
        std::cout << answer.text;
    std::cout.flush();
}

} // namespace

// The launcher calls this as the program's main function.
extern "C" int sapsamMain(int argc, char **argv)
{
    prepareProcess(argc, argv);

    CancelSource cancelSource;
    theCancelSource = &cancelSource;
    std::signal(SIGINT, onSignal);
    std::signal(SIGTERM, onSignal);
    // A reader that goes away ("sapsam … | head") is a failed write, not a crash.
    std::signal(SIGPIPE, SIG_IGN);

    cli::Context context;
#if defined(SAPSAM_TRAINER_ONLY)
    context.modelsFolder = "models";
#else
    context.modelsFolder = defaultModelsFolder();
#endif
    context.cancel = cancelSource.token();

    CLI::App app("SAP-SAM Workbench: find people by a description, and see why", "sapsam");
    app.require_subcommand(1);
    app.fallthrough();
    app.add_flag("--json", context.json, "Answer with exactly one JSON object on stdout");
    app.add_flag("--quiet", context.quiet, "No progress on stderr");
    app.add_option("--device", context.engine.device, "auto, cpu or cuda:N")->capture_default_str();
    app.add_option("--precision", context.engine.precision,
                   "auto, fp32, bf16 or int8 (8-bit weights where phrases are written)")
        ->check(CLI::IsMember({"auto", "fp32", "bf16", "int8"}))
        ->capture_default_str();
    app.add_option("--threads", context.engine.threads, "CPU threads; 0 takes all cores")
        ->check(CLI::Range(0, 1024));
    app.add_option("--seed", context.seed, "Seed of everything random")->capture_default_str();
    app.add_option("--models", context.modelsFolder, "Folder with manifest.json and the models")
        ->capture_default_str();
    std::string logLevel = "info";
    app.add_option("--log-level", logLevel, "debug, info, warning or error")
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}));

#if !defined(SAPSAM_TRAINER_ONLY)
    cli::addProjectVerbs(app, context);
    cli::addPipelineVerbs(app, context);
    cli::addGalleryVerbs(app, context);
    cli::addSearchVerb(app, context);
    cli::addMaskVerbs(app, context);
    cli::addSearchStudyVerbs(app, context);
#endif
    cli::addTrainingVerbs(app, context);
#if !defined(SAPSAM_TRAINER_ONLY)
    cli::addEvalVerbs(app, context);
    cli::addModelVerbs(app, context);
    cli::addTaxonomyVerbs(app, context);
    cli::addPromptVerbs(app, context);
    cli::addSynthVerb(app, context);
    cli::addDatasetVerbs(app, context);
    cli::addSystemVerbs(app, context);
    cli::addBenchVerb(app, context);
    cli::addManualVerb(app, context);
#endif

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        // Help is an answer; everything else is a wrong call.
        const int code = app.exit(error);
        return code == 0 ? cli::Done : cli::Usage;
    }

    setLogLevel(logLevel == "debug"     ? LogLevel::Debug
                : logLevel == "warning" ? LogLevel::Warning
                : logLevel == "error"   ? LogLevel::Error
                                        : LogLevel::Info);
    if (!context.quiet)
        context.progress = ProgressLine();

    cli::Answer answer;
    try {
        answer = context.verb();
        if (cancelSource.isCancelled())
            answer.exitCode = cli::CancelledByUser;
    } catch (...) {
        const ErrorReport report = reportOfCurrentException();
        answer.json = {{"error", {{"kind", nameOf(report.kind)}, {"message", report.message}}}};
        answer.exitCode = cli::Failed;
        if (!context.json)
            std::cerr << "sapsam: " << report.message << '\n';
    }
    print(answer, context.json);
    return answer.exitCode;
}
