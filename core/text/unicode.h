#pragma once

#include <string>
#include <string_view>

// What the tokenizers need of Unicode. With ICU the whole of it; a build without ICU (a bare
// training server) handles ASCII and throws Error(Unsupported) for anything else, never a different
// result. All functions are safe to call in parallel.
namespace sapsam::unicode {

// Invalid bytes become U+FFFD.
std::u32string decode(std::string_view utf8);
std::string encode(std::u32string_view text);
void append(std::string &utf8, char32_t character);

bool isLetter(char32_t c);         // L*
bool isNumber(char32_t c);         // N*
bool isMark(char32_t c);           // Mn
bool isPunctuation(char32_t c);    // ASCII symbols and P*
bool isControl(char32_t c);        // Cc, Cf
bool isSpaceSeparator(char32_t c); // Zs

// \s of Python's regex module.
bool isRegexSpace(char32_t c);
// The same and U+001C … U+001F: what Python's str.split() takes for white space.
bool isPythonSpace(char32_t c);
// The CJK blocks that BERT splits into single characters.
bool isCjk(char32_t c);

// Full lower-casing, locale-independent: may change the length.
std::u32string lower(std::u32string_view text);
std::u32string composed(std::u32string_view text);   // NFC
std::u32string decomposed(std::u32string_view text); // NFD

} // namespace sapsam::unicode
