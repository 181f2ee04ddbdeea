#pragma once

struct sqlite3;

namespace sapsam {

// Gives a connection the functions of the schema and of the gallery's questions: colour_bits(text),
// natural_key(text), file_name(path), contains_folded(text, folded), matches(text, folded pattern),
// folded(text) and the aggregate bit_or(integer). Only core/store includes this. Throws
// Error(OutOfMemory).
void addTextFunctions(sqlite3 *connection);

} // namespace sapsam
