#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sapsam {

// A division of a set of pictures into train, dev and test by a seed, as SAP-SAM made of ATR:
// eight, one and one tenth at random. The published lists are not all available, so the division is
// stored beside the data and read again, never drawn twice.
struct SeededSplit
{
    std::uint64_t seed = 1;
    std::vector<std::string> train; // stems, sorted
    std::vector<std::string> dev;
    std::vector<std::string> test;
};

// dev and test get floor(n / 10) names each, train the rest. Depends on the set of names and the
// seed alone, not on their order. Throws Error(InvalidInput) for a name that occurs twice.
SeededSplit makeSeededSplit(std::vector<std::string> names, std::uint64_t seed);

void writeSeededSplit(const SeededSplit &split, const std::string &path);

// Throws Error(Corrupt) for a file of another form.
SeededSplit readSeededSplit(const std::string &path);

// The stored division when the file is there, else a new one, which is stored. Throws
// Error(Mismatch) when the stored one has another seed or other names: a run must not measure on
// pictures that an earlier one was trained on.
SeededSplit storedSplit(const std::string &path, const std::vector<std::string> &names,
                        std::uint64_t seed);

} // namespace sapsam
