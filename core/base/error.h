#pragma once

#include <stdexcept>
#include <string>

namespace sapsam {

// What kind of thing went wrong; the window and the command line choose their advice by it.
enum class ErrorKind {
    InvalidInput, // a value, option or query that cannot be used
    NotFound,     // a file, row or name that does not exist
    Io,           // the system refused to read or write
    Corrupt,      // data that is damaged, truncated or not what it claims to be
    Unsupported,  // well-formed, but of a kind this program does not handle
    Mismatch,     // two things that do not belong together, such as weights and an architecture
    OutOfMemory,  // host or device memory is exhausted
    NoSpace,      // the disk is full
    Busy,         // somebody else holds it (lock file, database)
    Internal      // our own mistake
};

// "invalid-input", "not-found", …: stable names for JSON and logs.
const char *nameOf(ErrorKind kind);

// The only exception core throws. The message names the file, tensor or row and says what to do.
// Cancelling is never an Error.
class Error : public std::runtime_error
{
public:
    Error(ErrorKind kind, const std::string &message) : std::runtime_error(message), m_kind(kind) {}

    ErrorKind kind() const { return m_kind; }

private:
    ErrorKind m_kind;
};

// An error as a value, to cross threads and to be stored beside the item that failed.
struct ErrorReport
{
    ErrorKind kind = ErrorKind::Internal;
    std::string message;
};

// Makes a report of the exception in flight; call it inside a catch block.
// std::bad_alloc becomes OutOfMemory, anything that is not ours becomes Internal.
ErrorReport reportOfCurrentException();

// Aborts in debug builds, throws Error(Internal) in release. For our own mistakes only:
// user input, files and databases never reach it.
[[noreturn]] void assertionFailed(const char *condition, const char *file, int line);

} // namespace sapsam

#define SAPSAM_ASSERT(condition)                                                                   \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ::sapsam::assertionFailed(#condition, __FILE__, __LINE__);                             \
    } while (false)
