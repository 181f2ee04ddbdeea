#pragma once

#include <string>
#include <string_view>

namespace sapsam {

// The cleaning that CLIP's published tokenizer applies before splitting: the effects of ftfy's
// defaults (entities, terminal escapes, misread UTF-8, C1 controls, ligatures, full-width forms,
// quotes, line breaks, control characters, NFC), two more rounds of entities, collapsed white
// space, lower case. Entities cover HTML's Latin-1 set and common typographic ones; misread UTF-8
// is repaired for runs that were UTF-8 read as Windows-1252. Safe to call in parallel.
std::string cleanForClip(std::string_view text);

// Replaces &name; and &#number; as browsers do.
std::u32string unescapeHtml(const std::u32string &text);

} // namespace sapsam
