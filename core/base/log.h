#pragma once

#include <string>
#include <string_view>

namespace sapsam {

enum class LogLevel { Debug, Info, Warning, Error };

// Logs go to stderr (stdout belongs to answers). Safe from any thread.
void log(LogLevel level, std::string_view message);

inline void logDebug(std::string_view message)
{
    log(LogLevel::Debug, message);
}
inline void logInfo(std::string_view message)
{
    log(LogLevel::Info, message);
}
inline void logWarning(std::string_view message)
{
    log(LogLevel::Warning, message);
}
inline void logError(std::string_view message)
{
    log(LogLevel::Error, message);
}

// Messages below this level are dropped. The default is Info.
void setLogLevel(LogLevel level);

// Also appends to a file, creating it; an empty path stops that.
// Throws Error(Io) when the file cannot be opened.
void setLogFile(const std::string &path);

} // namespace sapsam
