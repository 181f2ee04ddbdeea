#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sapsam {

// Position of a value in a Pickle.
using PickleRef = std::uint32_t;

enum class PickleKind : std::uint8_t {
    None,
    Bool,
    Integer,
    BigInteger, // does not fit into 64 bits; its value is dropped
    Real,
    Text,
    Bytes,
    Tuple,
    List,
    Dict, // also collections.OrderedDict and defaultdict
    Set,
    Global,    // the name of a class or function; nothing is looked up
    Call,      // a recorded call that never happens: callable, arguments, state
    Object,    // an object of a class that is never made: class, arguments, state
    Persistent // a reference to something outside the pickle
};

struct PickleValue
{
    PickleKind kind = PickleKind::None;
    PickleRef first = 0;          // Call, Object: the callable or class; Persistent: what is named
    PickleRef second = 0;         // Call, Object: the tuple of arguments
    PickleRef state = 0;          // Call, Object: what BUILD was given; None when it was not
    std::int64_t integer = 0;     // Bool, Integer
    double real = 0;              // Real
    std::string_view text;        // Text, Bytes; Global: the module. Points into the bytes.
    std::string_view name;        // Global: the name in the module
    std::vector<PickleRef> items; // Tuple, List, Set; Dict, Call, Object: key, value, key, value, …
};

// One pickle (protocols 0 to 5, the opcodes that checkpoints use) taken apart and not executed: no
// class is looked up, no function called. What a pickle asks to be called becomes a Call, inert
// like everything else here. Values share and may even contain each other, so whoever walks them
// bounds the walk. Memory stays below a constant times the length of the pickle.
class Pickle
{
public:
    // Takes the pickle that begins at `position` and moves `position` behind it. The bytes must
    // outlive the object. Throws Error(Corrupt) naming `origin` for anything that is not a well
    // formed pickle, and for one of more than two million values.
    Pickle(std::string_view bytes, std::size_t &position, const std::string &origin);

    PickleRef root() const { return m_root; }
    const PickleValue &operator[](PickleRef ref) const { return m_values[ref]; }
    std::size_t size() const { return m_values.size(); }

    // The value under a text key of a Dict (the last, as Python has it), or null.
    const PickleValue *find(const PickleValue &dict, std::string_view key) const;
    bool isGlobal(const PickleValue &value, std::string_view module, std::string_view name) const;
    // For messages: "a number", "a call of 'posix.system', which is never made".
    std::string describe(const PickleValue &value) const;

private:
    friend class PickleMachine;

    PickleRef m_root = 0;
    std::vector<PickleValue> m_values;
};

} // namespace sapsam
