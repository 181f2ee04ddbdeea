#pragma once

#include <cstddef>
#include <string>

// Stands in for the torch engine at link time, so that the jobs of a project are tested without
// models: parts are bands of the picture, phrases name the band's colour, and vectors are colours.
namespace sapsam::test {

struct FakeEngine
{
    static inline std::string segmenterHash = std::string(64, '1');
    static inline std::string phraseHash = std::string(64, '2');
    static inline std::string retrieverHash = std::string(64, '3');
    static inline std::size_t memory = 1000; // items at once before the "device" is full
    static inline int calls = 0;             // of any network
    static inline bool writesNothing = false;
    static inline bool matchesPhrases = false; // the retriever has ELCA's head

    static void reset()
    {
        segmenterHash = std::string(64, '1');
        phraseHash = std::string(64, '2');
        retrieverHash = std::string(64, '3');
        memory = 1000;
        calls = 0;
        writesNothing = false;
        matchesPhrases = false;
    }
};

// A picture whose first red value is this makes every fake network throw.
constexpr unsigned char kPoison = 13;

// A models folder whose manifest lists the three tasks.
void makeFakeModels(const std::string &folder);

} // namespace sapsam::test
