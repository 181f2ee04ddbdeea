#include "core/text/text_cleaning.h"

#include "core/text/unicode.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace sapsam {

namespace {

struct Entity
{
    const char *name;
    char32_t value;
};

// Recognised with and without the semicolon.
constexpr Entity kLegacyEntities[] = {
    {"AElig", 0xc6},  {"AMP", 0x26},    {"Aacute", 0xc1}, {"Acirc", 0xc2},  {"Agrave", 0xc0},
    {"Aring", 0xc5},  {"Atilde", 0xc3}, {"Auml", 0xc4},   {"COPY", 0xa9},   {"Ccedil", 0xc7},
    {"ETH", 0xd0},    {"Eacute", 0xc9}, {"Ecirc", 0xca},  {"Egrave", 0xc8}, {"Euml", 0xcb},
    {"GT", 0x3e},     {"Iacute", 0xcd}, {"Icirc", 0xce},  {"Igrave", 0xcc}, {"Iuml", 0xcf},
    {"LT", 0x3c},     {"Ntilde", 0xd1}, {"Oacute", 0xd3}, {"Ocirc", 0xd4},  {"Ograve", 0xd2},
    {"Oslash", 0xd8}, {"Otilde", 0xd5}, {"Ouml", 0xd6},   {"QUOT", 0x22},   {"REG", 0xae},
    {"THORN", 0xde},  {"Uacute", 0xda}, {"Ucirc", 0xdb},  {"Ugrave", 0xd9}, {"Uuml", 0xdc},
    {"Yacute", 0xdd}, {"aacute", 0xe1}, {"acirc", 0xe2},  {"acute", 0xb4},  {"aelig", 0xe6},
    {"agrave", 0xe0}, {"amp", 0x26},    {"aring", 0xe5},  {"atilde", 0xe3}, {"auml", 0xe4},
    {"brvbar", 0xa6}, {"ccedil", 0xe7}, {"cedil", 0xb8},  {"cent", 0xa2},   {"copy", 0xa9},
    {"curren", 0xa4}, {"deg", 0xb0},    {"divide", 0xf7}, {"eacute", 0xe9}, {"ecirc", 0xea},
    {"egrave", 0xe8}, {"eth", 0xf0},    {"euml", 0xeb},   {"frac12", 0xbd}, {"frac14", 0xbc},
    {"frac34", 0xbe}, {"gt", 0x3e},     {"iacute", 0xed}, {"icirc", 0xee},  {"iexcl", 0xa1},
    {"igrave", 0xec}, {"iquest", 0xbf}, {"iuml", 0xef},   {"laquo", 0xab},  {"lt", 0x3c},
    {"macr", 0xaf},   {"micro", 0xb5},  {"middot", 0xb7}, {"nbsp", 0xa0},   {"not", 0xac},
    {"ntilde", 0xf1}, {"oacute", 0xf3}, {"ocirc", 0xf4},  {"ograve", 0xf2}, {"ordf", 0xaa},
    {"ordm", 0xba},   {"oslash", 0xf8}, {"otilde", 0xf5}, {"ouml", 0xf6},   {"para", 0xb6},
    {"plusmn", 0xb1}, {"pound", 0xa3},  {"quot", 0x22},   {"raquo", 0xbb},  {"reg", 0xae},
    {"sect", 0xa7},   {"shy", 0xad},    {"sup1", 0xb9},   {"sup2", 0xb2},   {"sup3", 0xb3},
    {"szlig", 0xdf},  {"thorn", 0xfe},  {"times", 0xd7},  {"uacute", 0xfa}, {"ucirc", 0xfb},
    {"ugrave", 0xf9}, {"uml", 0xa8},    {"uuml", 0xfc},   {"yacute", 0xfd}, {"yen", 0xa5},
    {"yuml", 0xff}};

// Only with the semicolon.
constexpr Entity kEntities[] = {
    {"hellip", 0x2026}, {"mdash", 0x2014},  {"ndash", 0x2013},  {"lsquo", 0x2018},
    {"rsquo", 0x2019},  {"sbquo", 0x201a},  {"ldquo", 0x201c},  {"rdquo", 0x201d},
    {"bdquo", 0x201e},  {"bull", 0x2022},   {"euro", 0x20ac},   {"trade", 0x2122},
    {"apos", 0x27},     {"ensp", 0x2002},   {"emsp", 0x2003},   {"thinsp", 0x2009},
    {"zwnj", 0x200c},   {"zwj", 0x200d},    {"lrm", 0x200e},    {"rlm", 0x200f},
    {"dagger", 0x2020}, {"Dagger", 0x2021}, {"permil", 0x2030}, {"prime", 0x2032},
    {"Prime", 0x2033},  {"lsaquo", 0x2039}, {"rsaquo", 0x203a}, {"oline", 0x203e},
    {"frasl", 0x2044},  {"larr", 0x2190},   {"uarr", 0x2191},   {"rarr", 0x2192},
    {"darr", 0x2193},   {"harr", 0x2194},   {"minus", 0x2212},  {"infin", 0x221e},
    {"ne", 0x2260},     {"le", 0x2264},     {"ge", 0x2265},     {"asymp", 0x2248},
    {"OElig", 0x152},   {"oelig", 0x153},   {"Scaron", 0x160},  {"scaron", 0x161},
    {"Yuml", 0x178},    {"fnof", 0x192},    {"circ", 0x2c6},    {"tilde", 0x2dc},
    {"alpha", 0x3b1},   {"beta", 0x3b2},    {"gamma", 0x3b3},   {"delta", 0x3b4},
    {"pi", 0x3c0},      {"mu", 0x3bc},      {"sigma", 0x3c3},   {"omega", 0x3c9},
    {"Omega", 0x3a9},   {"Delta", 0x394},   {"Sigma", 0x3a3}};

// Windows-1252 for 0x80 … 0x9f; 0 where undefined.
constexpr std::array<char32_t, 32> kWindows1252{
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

std::optional<char32_t> valueOf(const std::string &name, bool withSemicolon)
{
    for (const Entity &entity : kLegacyEntities)
        if (name == entity.name)
            return entity.value;
    if (withSemicolon)
        for (const Entity &entity : kEntities)
            if (name == entity.name)
                return entity.value;
    return std::nullopt;
}

// The value of a numeric reference; nothing for one that stands for no character.
std::u32string numericCharacter(std::uint64_t number)
{
    if (number >= 0x80 && number <= 0x9f && kWindows1252[number - 0x80] != 0)
        return std::u32string(1, kWindows1252[number - 0x80]);
    if (number == 0 || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff))
        return U"\ufffd";
    if (number == 0x0d)
        return U"\r";
    const bool control = (number < 0x20 && number != '\t' && number != '\n' && number != '\f')
                         || (number >= 0x7f && number <= 0x9f);
    if (control)
        return {};
    return std::u32string(1, static_cast<char32_t>(number));
}

bool isDigit(char32_t c)
{
    return c >= U'0' && c <= U'9';
}

int hexValue(char32_t c)
{
    if (isDigit(c))
        return static_cast<int>(c - U'0');
    if (c >= U'a' && c <= U'f')
        return static_cast<int>(c - U'a') + 10;
    if (c >= U'A' && c <= U'F')
        return static_cast<int>(c - U'A') + 10;
    return -1;
}

std::u32string withoutTerminalEscapes(const std::u32string &text)
{
    std::u32string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == 0x1b && i + 1 < text.size() && text[i + 1] == U'[') {
            std::size_t end = i + 2;
            while (end < text.size() && (isDigit(text[end]) || text[end] == U';'))
                ++end;
            if (end < text.size() && text[end] < 0x80 && unicode::isLetter(text[end])) {
                i = end;
                continue;
            }
        }
        result.push_back(text[i]);
    }
    return result;
}

// The byte that Windows-1252 (with holes filled from Latin-1) reads as this character.
std::optional<unsigned char> windowsByte(char32_t c)
{
    if (c >= 0x80 && c <= 0xff)
        return static_cast<unsigned char>(c);
    const auto found = std::find(kWindows1252.begin(), kWindows1252.end(), c);
    if (c != 0 && found != kWindows1252.end())
        return static_cast<unsigned char>(0x80 + (found - kWindows1252.begin()));
    return std::nullopt;
}

// UTF-8 that was read as Windows-1252: every sequence that decodes again is put right.
std::u32string repairedEncoding(const std::u32string &text)
{
    std::u32string result;
    std::size_t i = 0;
    while (i < text.size()) {
        std::string bytes;
        std::size_t end = i;
        while (end < text.size() && bytes.size() < 4) {
            const std::optional<unsigned char> byte = windowsByte(text[end]);
            if (!byte)
                break;
            bytes.push_back(static_cast<char>(*byte));
            ++end;
        }
        std::size_t used = 0;
        for (std::size_t length = bytes.size(); length >= 2; --length) {
            const std::u32string decoded = unicode::decode(bytes.substr(0, length));
            if (decoded.size() == 1 && decoded[0] != 0xfffd) {
                result += decoded;
                used = length;
                break;
            }
        }
        if (used == 0) {
            result.push_back(text[i]);
            used = 1;
        }
        i += used;
    }
    return result;
}

std::u32string ligatureParts(char32_t c)
{
    switch (c) {
    case 0x132:
        return U"IJ";
    case 0x133:
        return U"ij";
    case 0x149:
        return U"\u02bcn";
    case 0x1f1:
        return U"DZ";
    case 0x1f2:
        return U"Dz";
    case 0x1f3:
        return U"dz";
    case 0x1c4:
        return U"D\u017d";
    case 0x1c5:
        return U"D\u017e";
    case 0x1c6:
        return U"d\u017e";
    case 0x1c7:
        return U"LJ";
    case 0x1c8:
        return U"Lj";
    case 0x1c9:
        return U"lj";
    case 0x1ca:
        return U"NJ";
    case 0x1cb:
        return U"Nj";
    case 0x1cc:
        return U"nj";
    case 0xfb00:
        return U"ff";
    case 0xfb01:
        return U"fi";
    case 0xfb02:
        return U"fl";
    case 0xfb03:
        return U"ffi";
    case 0xfb04:
        return U"ffl";
    case 0xfb05:
        return U"\u017ft";
    case 0xfb06:
        return U"st";
    default:
        return std::u32string(1, c);
    }
}

// Half-width katakana U+FF61 … U+FF9F in full width; the voicing marks stay separate.
constexpr std::u32string_view kFullWidthKatakana =
    U"\u3002\u300c\u300d\u3001\u30fb\u30f2\u30a1\u30a3\u30a5\u30a7\u30a9\u30e3\u30e5\u30e7\u30c3"
    U"\u30fc\u30a2\u30a4\u30a6\u30a8\u30aa\u30ab\u30ad\u30af\u30b1\u30b3\u30b5\u30b7\u30b9\u30bb"
    U"\u30bd\u30bf\u30c1\u30c4\u30c6\u30c8\u30ca\u30cb\u30cc\u30cd\u30ce\u30cf\u30d2\u30d5\u30d8"
    U"\u30db\u30de\u30df\u30e0\u30e1\u30e2\u30e4\u30e6\u30e8\u30e9\u30ea\u30eb\u30ec\u30ed\u30ef"
    U"\u30f3\u3099\u309a";

char32_t ordinaryWidth(char32_t c)
{
    if (c >= 0xff01 && c <= 0xff5e)
        return c - 0xfee0;
    if (c == 0x3000)
        return U' ';
    if (c >= 0xff61 && c <= 0xff9f)
        return kFullWidthKatakana[c - 0xff61];
    return c;
}

char32_t straightQuote(char32_t c)
{
    if (c == 0x2bc || (c >= 0x2018 && c <= 0x201b))
        return U'\'';
    if (c >= 0x201c && c <= 0x201f)
        return U'"';
    return c;
}

bool isDroppedControl(char32_t c)
{
    return c <= 0x08 || c == 0x0b || (c >= 0x0e && c <= 0x1f) || c == 0x7f || c == 0xfeff
           || (c >= 0x206a && c <= 0x206f) || (c >= 0xfff9 && c <= 0xfffb);
}

std::u32string fixedText(std::u32string text)
{
    if (text.find(U'<') == std::u32string::npos)
        text = unescapeHtml(text);
    text = repairedEncoding(withoutTerminalEscapes(text));
    std::u32string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char32_t c = text[i];
        if (c >= 0x80 && c <= 0x9f && kWindows1252[c - 0x80] != 0)
            c = kWindows1252[c - 0x80];
        if (c == U'\r' && i + 1 < text.size() && text[i + 1] == U'\n')
            continue;
        if (c == U'\r' || c == 0x2028 || c == 0x2029 || c == 0x85)
            c = U'\n';
        for (const char32_t part : ligatureParts(c)) {
            const char32_t plain = straightQuote(ordinaryWidth(part));
            if (!isDroppedControl(plain))
                result.push_back(plain);
        }
    }
    return unicode::composed(result);
}

bool isPlain(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) {
        const unsigned char byte = static_cast<unsigned char>(c);
        return byte >= 0x20 && byte < 0x7f && c != '&';
    });
}

} // namespace

std::u32string unescapeHtml(const std::u32string &text)
{
    if (text.find(U'&') == std::u32string::npos)
        return text;
    std::u32string result;
    std::size_t i = 0;
    while (i < text.size()) {
        if (text[i] != U'&') {
            result.push_back(text[i++]);
            continue;
        }
        std::size_t end = i + 1;
        if (end < text.size() && text[end] == U'#') {
            ++end;
            const bool hex = end < text.size() && (text[end] == U'x' || text[end] == U'X');
            end += hex ? 1 : 0;
            const std::size_t first = end;
            std::uint64_t number = 0;
            while (end < text.size() && (hex ? hexValue(text[end]) >= 0 : isDigit(text[end]))) {
                number = std::min<std::uint64_t>(
                    number * (hex ? 16 : 10) + static_cast<std::uint64_t>(hexValue(text[end])),
                    0x110000);
                ++end;
            }
            if (end > first) {
                result += numericCharacter(number);
                i = end < text.size() && text[end] == U';' ? end + 1 : end;
                continue;
            }
        } else {
            std::string name;
            while (end < text.size() && name.size() < 32 && text[end] < 0x80
                   && (unicode::isLetter(text[end]) || isDigit(text[end])))
                name.push_back(static_cast<char>(text[end++]));
            const bool closed = end < text.size() && text[end] == U';';
            std::optional<char32_t> value = closed ? valueOf(name, true) : std::nullopt;
            std::size_t next = end + 1;
            // Old names count without a semicolon too, even as the beginning of a longer word.
            for (std::size_t length = name.size(); !value && length >= 2; --length) {
                value = valueOf(name.substr(0, length), false);
                next = i + 1 + length;
            }
            if (value) {
                result.push_back(*value);
                i = next;
                continue;
            }
        }
        result.push_back(text[i++]);
    }
    return result;
}

std::string cleanForClip(std::string_view utf8)
{
    std::u32string text;
    if (isPlain(utf8))
        text.assign(utf8.begin(), utf8.end());
    else
        text = unescapeHtml(unescapeHtml(fixedText(unicode::decode(utf8))));
    std::u32string collapsed;
    for (const char32_t c : text) {
        if (!unicode::isPythonSpace(c))
            collapsed.push_back(c);
        else if (!collapsed.empty() && collapsed.back() != U' ')
            collapsed.push_back(U' ');
    }
    if (!collapsed.empty() && collapsed.back() == U' ')
        collapsed.pop_back();
    return unicode::encode(unicode::lower(collapsed));
}

} // namespace sapsam
