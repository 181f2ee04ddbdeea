#include "core/base/error.h"

#include <cstdio>
#include <cstdlib>
#include <new>

namespace sapsam {

const char *nameOf(ErrorKind kind)
{
    switch (kind) {
    case ErrorKind::InvalidInput:
        return "invalid-input";
    case ErrorKind::NotFound:
        return "not-found";
    case ErrorKind::Io:
        return "io";
    case ErrorKind::Corrupt:
        return "corrupt";
    case ErrorKind::Unsupported:
        return "unsupported";
    case ErrorKind::Mismatch:
        return "mismatch";
    case ErrorKind::OutOfMemory:
        return "out-of-memory";
    case ErrorKind::NoSpace:
        return "no-space";
    case ErrorKind::Busy:
        return "busy";
    case ErrorKind::Internal:
        break;
    }
    return "internal";
}

ErrorReport reportOfCurrentException()
{
    try {
        throw;
    } catch (const Error &error) {
        return {error.kind(), error.what()};
    } catch (const std::bad_alloc &) {
        return {ErrorKind::OutOfMemory,
                "not enough memory: close other programs, or use a smaller batch"};
    } catch (const std::exception &error) {
        return {ErrorKind::Internal, error.what()};
    } catch (...) {
        return {ErrorKind::Internal, "unknown exception"};
    }
}

void assertionFailed(const char *condition, const char *file, int line)
{
#ifndef NDEBUG
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
    std::abort();
#else
    throw Error(ErrorKind::Internal, std::string(file) + ":" + std::to_string(line)
                                         + ": assertion failed: " + condition
                                         + " (please report this)");
#endif
}

} // namespace sapsam
