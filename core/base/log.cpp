#include "core/base/log.h"

#include "core/base/error.h"

#include <memory>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace sapsam {

namespace {

spdlog::level::level_enum levelOf(LogLevel level)
{
    switch (level) {
    case LogLevel::Debug:
        return spdlog::level::debug;
    case LogLevel::Warning:
        return spdlog::level::warn;
    case LogLevel::Error:
        return spdlog::level::err;
    case LogLevel::Info:
        break;
    }
    return spdlog::level::info;
}

std::shared_ptr<spdlog::logger> &logger()
{
    static std::shared_ptr<spdlog::logger> instance = [] {
        auto created = std::make_shared<spdlog::logger>(
            "sapsam", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        created->set_pattern("%H:%M:%S %l: %v");
        created->flush_on(spdlog::level::warn);
        return created;
    }();
    return instance;
}

} // namespace

void log(LogLevel level, std::string_view message)
{
    logger()->log(levelOf(level), spdlog::string_view_t(message.data(), message.size()));
}

void setLogLevel(LogLevel level)
{
    logger()->set_level(levelOf(level));
}

void setLogFile(const std::string &path)
{
    auto &sinks = logger()->sinks();
    sinks.resize(1);
    if (path.empty())
        return;
    try {
        auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
        sink->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
        sinks.push_back(std::move(sink));
    } catch (const spdlog::spdlog_ex &error) {
        throw Error(ErrorKind::Io, "cannot open the log file '" + path + "': " + error.what());
    }
}

} // namespace sapsam
