#include "core/store/text_functions.h"

#include "core/base/error.h"
#include "core/text/filter_language.h"

#include <sqlite3.h>

#include <string>
#include <string_view>

namespace sapsam {

namespace {

std::string_view textOf(sqlite3_value *value)
{
    const auto *data = reinterpret_cast<const char *>(sqlite3_value_text(value));
    return data == nullptr
               ? std::string_view()
               : std::string_view(data, static_cast<std::size_t>(sqlite3_value_bytes(value)));
}

void answer(sqlite3_context *context, std::string_view text)
{
    sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

// An exception must not pass through SQLite.
template <typename Body>
void guarded(sqlite3_context *context, Body body)
{
    try {
        body();
    } catch (const std::exception &error) {
        sqlite3_result_error(context, error.what(), -1);
    }
}

void colourBitsOf(sqlite3_context *context, int, sqlite3_value **values)
{
    guarded(context, [&] {
        sqlite3_result_int64(context, static_cast<sqlite3_int64>(colourBits(textOf(values[0]))));
    });
}

void naturalKeyOf(sqlite3_context *context, int, sqlite3_value **values)
{
    guarded(context, [&] { answer(context, naturalKey(textOf(values[0]))); });
}

void fileNameOf(sqlite3_context *context, int, sqlite3_value **values)
{
    const std::string_view path = textOf(values[0]);
    const std::size_t slash = path.rfind('/');
    answer(context, slash == std::string_view::npos ? path : path.substr(slash + 1));
}

void containsOf(sqlite3_context *context, int, sqlite3_value **values)
{
    guarded(context, [&] {
        sqlite3_result_int(context, containsFolded(textOf(values[0]), textOf(values[1])) ? 1 : 0);
    });
}

void matchesOf(sqlite3_context *context, int, sqlite3_value **values)
{
    guarded(context, [&] {
        const bool fits = matchesPattern(foldText(textOf(values[0])), textOf(values[1]));
        sqlite3_result_int(context, fits ? 1 : 0);
    });
}

void foldedOf(sqlite3_context *context, int, sqlite3_value **values)
{
    guarded(context, [&] { answer(context, foldText(textOf(values[0]))); });
}

void orStep(sqlite3_context *context, int, sqlite3_value **values)
{
    auto *bits = static_cast<sqlite3_int64 *>(
        sqlite3_aggregate_context(context, static_cast<int>(sizeof(sqlite3_int64))));
    if (bits == nullptr)
        sqlite3_result_error_nomem(context);
    else
        *bits |= sqlite3_value_int64(values[0]);
}

void orEnd(sqlite3_context *context)
{
    const auto *bits = static_cast<sqlite3_int64 *>(sqlite3_aggregate_context(context, 0));
    sqlite3_result_int64(context, bits == nullptr ? 0 : *bits);
}

} // namespace

void addTextFunctions(sqlite3 *connection)
{
    constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    struct Scalar
    {
        const char *name;
        int arguments;
        void (*function)(sqlite3_context *, int, sqlite3_value **);
    };
    constexpr Scalar kScalars[] = {
        {"colour_bits", 1, colourBitsOf}, {"natural_key", 1, naturalKeyOf},
        {"file_name", 1, fileNameOf},     {"contains_folded", 2, containsOf},
        {"matches", 2, matchesOf},        {"folded", 1, foldedOf}};
    int code = SQLITE_OK;
    for (const Scalar &scalar : kScalars) {
        if (code == SQLITE_OK)
            code = sqlite3_create_function_v2(connection, scalar.name, scalar.arguments, kFlags,
                                              nullptr, scalar.function, nullptr, nullptr, nullptr);
    }
    if (code == SQLITE_OK)
        code = sqlite3_create_function_v2(connection, "bit_or", 1, kFlags, nullptr, nullptr, orStep,
                                          orEnd, nullptr);
    if (code != SQLITE_OK)
        throw Error(ErrorKind::OutOfMemory, "the database connection got no functions");
}

} // namespace sapsam
