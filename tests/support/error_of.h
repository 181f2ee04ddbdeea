#pragma once

#include "core/base/error.h"

#include <QtGlobal>

#include <optional>
#include <string>
#include <unistd.h>

namespace sapsam::test {

// The Error that a call throws, or nothing.
template <typename Function>
std::optional<Error> errorOf(Function function)
{
    try {
        function();
    } catch (const Error &error) {
        return error;
    }
    return std::nullopt;
}

inline bool mentions(const std::optional<Error> &error, const std::string &text)
{
    return error && std::string(error->what()).find(text) != std::string::npos;
}

// For tests of missing rights: the superuser is refused nothing, so the effective user becomes
// nobody while the object lives.
class WithoutPrivileges
{
public:
    WithoutPrivileges() : m_wasRoot(::geteuid() == 0)
    {
        if (m_wasRoot && ::seteuid(65534) != 0)
            qFatal("cannot give up privileges");
    }
    ~WithoutPrivileges()
    {
        if (m_wasRoot && ::seteuid(0) != 0)
            qFatal("cannot take privileges back");
    }
    WithoutPrivileges(const WithoutPrivileges &) = delete;
    WithoutPrivileges &operator=(const WithoutPrivileges &) = delete;

private:
    bool m_wasRoot;
};

} // namespace sapsam::test

// The call must throw an Error of this kind whose message contains the text.
#define VERIFY_ERROR(call, expectedKind, text)                                                     \
    do {                                                                                           \
        const auto verifiedError = ::sapsam::test::errorOf([&] { call; });                         \
        QVERIFY2(verifiedError.has_value(), "nothing was thrown");                                 \
        QVERIFY2(verifiedError->kind() == (expectedKind), verifiedError->what());                  \
        QVERIFY2(::sapsam::test::mentions(verifiedError, text), verifiedError->what());            \
    } while (false)
