#include "core/text/unicode.h"

#include "core/base/error.h"

#if SAPSAM_HAS_ICU
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#endif

#include <algorithm>
#include <cstdint>

namespace sapsam::unicode {

namespace {

bool isAsciiLetter(char32_t c)
{
    return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
}

#if SAPSAM_HAS_ICU
bool hasCategory(char32_t c, std::uint32_t mask)
{
    return (U_GET_GC_MASK(static_cast<UChar32>(c)) & mask) != 0;
}

std::u16string utf16Of(std::u32string_view text)
{
    std::u16string result;
    result.reserve(text.size());
    for (const char32_t c : text) {
        if (c < 0x10000) {
            result.push_back(static_cast<char16_t>(c));
        } else {
            result.push_back(static_cast<char16_t>(0xd7c0 + (c >> 10)));
            result.push_back(static_cast<char16_t>(0xdc00 + (c & 0x3ff)));
        }
    }
    return result;
}

std::u32string utf32Of(std::u16string_view text)
{
    std::u32string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char32_t unit = text[i];
        if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < text.size())
            result.push_back(0x10000 + ((unit - 0xd800) << 10) + (text[++i] - 0xdc00));
        else
            result.push_back(unit);
    }
    return result;
}

bool isAscii(std::u32string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; });
}

std::u32string normalized(std::u32string_view text, bool compose)
{
    if (isAscii(text))
        return std::u32string(text);
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *normalizer =
        compose ? unorm2_getNFCInstance(&status) : unorm2_getNFDInstance(&status);
    const std::u16string in = utf16Of(text);
    std::u16string out(in.size() * 4 + 16, u'\0');
    for (int attempt = 0; attempt < 2; ++attempt) {
        status = U_ZERO_ERROR;
        const std::int32_t length =
            unorm2_normalize(normalizer, in.data(), static_cast<std::int32_t>(in.size()),
                             out.data(), static_cast<std::int32_t>(out.size()), &status);
        out.resize(static_cast<std::size_t>(length));
        if (status != U_BUFFER_OVERFLOW_ERROR)
            break;
    }
    if (U_FAILURE(status))
        throw Error(ErrorKind::Internal,
                    std::string("text: ICU cannot normalise: ") + u_errorName(status));
    return utf32Of(out);
}
#else
[[noreturn]] void throwNoIcu()
{
    throw Error(
        ErrorKind::Unsupported,
        "text: this build has no ICU and handles ASCII text only; build with ICU for others");
}

void requireAscii(char32_t c)
{
    if (c >= 0x80)
        throwNoIcu();
}
#endif

} // namespace

std::u32string decode(std::string_view utf8)
{
    constexpr char32_t replacement = 0xfffd;
    std::u32string result;
    result.reserve(utf8.size());
    std::size_t i = 0;
    while (i < utf8.size()) {
        const unsigned char lead = static_cast<unsigned char>(utf8[i]);
        if (lead < 0x80) {
            result.push_back(lead);
            ++i;
            continue;
        }
        int following = 0;
        char32_t value = 0;
        char32_t least = 0;
        if (lead >= 0xc2 && lead < 0xe0) {
            following = 1;
            value = lead & 0x1f;
            least = 0x80;
        } else if (lead >= 0xe0 && lead < 0xf0) {
            following = 2;
            value = lead & 0x0f;
            least = 0x800;
        } else if (lead >= 0xf0 && lead < 0xf5) {
            following = 3;
            value = lead & 0x07;
            least = 0x10000;
        }
        std::size_t used = 1;
        bool valid = following > 0;
        for (int k = 0; valid && k < following; ++k) {
            if (i + used >= utf8.size()
                || (static_cast<unsigned char>(utf8[i + used]) & 0xc0) != 0x80) {
                valid = false;
                break;
            }
            const char32_t next = value << 6 | (static_cast<unsigned char>(utf8[i + used]) & 0x3f);
            // The second byte decides whether a longer form is overlong, a surrogate or too large.
            if (k == 0
                && ((following == 2 && (next < (0x800 >> 6) || (next >= 0x360 && next < 0x380)))
                    || (following == 3 && (next < (0x10000 >> 12) || next > (0x10ffff >> 12))))) {
                valid = false;
                break;
            }
            value = next;
            ++used;
        }
        if (valid && value < least)
            valid = false;
        result.push_back(valid ? value : replacement);
        i += used;
    }
    return result;
}

void append(std::string &utf8, char32_t c)
{
    const auto push = [&utf8](char32_t byte) { utf8.push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
        push(c);
    } else if (c < 0x800) {
        push(0xc0 | c >> 6);
        push(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        push(0xe0 | c >> 12);
        push(0x80 | (c >> 6 & 0x3f));
        push(0x80 | (c & 0x3f));
    } else {
        push(0xf0 | c >> 18);
        push(0x80 | (c >> 12 & 0x3f));
        push(0x80 | (c >> 6 & 0x3f));
        push(0x80 | (c & 0x3f));
    }
}

std::string encode(std::u32string_view text)
{
    std::string result;
    result.reserve(text.size());
    for (const char32_t c : text)
        append(result, c);
    return result;
}

bool isRegexSpace(char32_t c)
{
    return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680
           || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f
           || c == 0x205f || c == 0x3000;
}

bool isPythonSpace(char32_t c)
{
    return isRegexSpace(c) || (c >= 0x1c && c <= 0x1f);
}

bool isCjk(char32_t c)
{
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf)
           || (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2b73f)
           || (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b820 && c <= 0x2ceaf)
           || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

#if SAPSAM_HAS_ICU

bool isLetter(char32_t c)
{
    return c < 0x80 ? isAsciiLetter(c) : hasCategory(c, U_GC_L_MASK);
}

bool isNumber(char32_t c)
{
    return c < 0x80 ? c >= U'0' && c <= U'9' : hasCategory(c, U_GC_N_MASK);
}

bool isMark(char32_t c)
{
    return c >= 0x80 && hasCategory(c, U_GC_MN_MASK);
}

bool isPunctuation(char32_t c)
{
    if ((c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96)
        || (c >= 123 && c <= 126))
        return true;
    return c >= 0x80 && hasCategory(c, U_GC_P_MASK);
}

bool isControl(char32_t c)
{
    return hasCategory(c, U_GC_CC_MASK | U_GC_CF_MASK);
}

bool isSpaceSeparator(char32_t c)
{
    return hasCategory(c, U_GC_ZS_MASK);
}

std::u32string lower(std::u32string_view text)
{
    if (isAscii(text)) {
        std::u32string result(text);
        for (char32_t &c : result)
            if (c >= U'A' && c <= U'Z')
                c += 32;
        return result;
    }
    const std::u16string in = utf16Of(text);
    std::u16string out(in.size() * 3 + 8, u'\0');
    UErrorCode status = U_ZERO_ERROR;
    const std::int32_t length =
        u_strToLower(out.data(), static_cast<std::int32_t>(out.size()), in.data(),
                     static_cast<std::int32_t>(in.size()), "", &status);
    if (U_FAILURE(status))
        throw Error(ErrorKind::Internal,
                    std::string("text: ICU cannot lower-case: ") + u_errorName(status));
    out.resize(static_cast<std::size_t>(length));
    return utf32Of(out);
}

std::u32string composed(std::u32string_view text)
{
    return normalized(text, true);
}

std::u32string decomposed(std::u32string_view text)
{
    return normalized(text, false);
}

#else

bool isLetter(char32_t c)
{
    requireAscii(c);
    return isAsciiLetter(c);
}

bool isNumber(char32_t c)
{
    requireAscii(c);
    return c >= U'0' && c <= U'9';
}

bool isMark(char32_t c)
{
    requireAscii(c);
    return false;
}

bool isPunctuation(char32_t c)
{
    requireAscii(c);
    return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96)
           || (c >= 123 && c <= 126);
}

bool isControl(char32_t c)
{
    requireAscii(c);
    return c < 0x20 || c == 0x7f;
}

bool isSpaceSeparator(char32_t c)
{
    requireAscii(c);
    return c == 0x20;
}

std::u32string lower(std::u32string_view text)
{
    std::u32string result(text);
    for (char32_t &c : result) {
        requireAscii(c);
        if (c >= U'A' && c <= U'Z')
            c += 32;
    }
    return result;
}

std::u32string composed(std::u32string_view text)
{
    for (const char32_t c : text)
        requireAscii(c);
    return std::u32string(text);
}

std::u32string decomposed(std::u32string_view text)
{
    return composed(text);
}

#endif

} // namespace sapsam::unicode
