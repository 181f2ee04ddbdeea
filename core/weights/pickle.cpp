#include "core/weights/pickle.h"

#include "core/weights/mapped_file.h"

#include <charconv>
#include <cstring>
#include <unordered_map>

namespace sapsam {

namespace {

// Far above what the largest published checkpoint needs, low enough to bound the memory.
constexpr std::size_t kMaxValues = 2'000'000;

constexpr PickleRef kNone = 0;
constexpr PickleRef kFalse = 1;
constexpr PickleRef kTrue = 2;
constexpr PickleRef kEmptyTuple = 3;

// Opcodes of the pickle protocols, named as Python's documentation names them.
enum Opcode : std::uint8_t {
    MARK = '(',
    STOP = '.',
    POP = '0',
    POP_MARK = '1',
    DUP = '2',
    INT = 'I',
    BININT = 'J',
    BININT1 = 'K',
    BININT2 = 'M',
    NONE = 'N',
    BINPERSID = 'Q',
    REDUCE = 'R',
    BINSTRING = 'T',
    SHORT_BINSTRING = 'U',
    BINUNICODE = 'X',
    APPEND = 'a',
    BUILD = 'b',
    GLOBAL = 'c',
    DICT = 'd',
    EMPTY_DICT = '}',
    APPENDS = 'e',
    BINGET = 'h',
    LONG_BINGET = 'j',
    LIST = 'l',
    EMPTY_LIST = ']',
    BINPUT = 'q',
    LONG_BINPUT = 'r',
    SETITEM = 's',
    TUPLE = 't',
    EMPTY_TUPLE = ')',
    SETITEMS = 'u',
    BINFLOAT = 'G',
    BINBYTES = 'B',
    SHORT_BINBYTES = 'C',
    PROTO = 0x80,
    NEWOBJ = 0x81,
    TUPLE1 = 0x85,
    TUPLE2 = 0x86,
    TUPLE3 = 0x87,
    NEWTRUE = 0x88,
    NEWFALSE = 0x89,
    LONG1 = 0x8a,
    LONG4 = 0x8b,
    SHORT_BINUNICODE = 0x8c,
    BINUNICODE8 = 0x8d,
    BINBYTES8 = 0x8e,
    EMPTY_SET = 0x8f,
    ADDITEMS = 0x90,
    FROZENSET = 0x91,
    NEWOBJ_EX = 0x92,
    STACK_GLOBAL = 0x93,
    MEMOIZE = 0x94,
    FRAME = 0x95
};

} // namespace

// The stack machine of the pickle format, less everything that would run code.
class PickleMachine
{
public:
    PickleMachine(Pickle &pickle, std::string_view bytes, std::size_t position,
                  const std::string &origin)
        : m_pickle(pickle), m_bytes(bytes), m_position(position), m_origin(origin)
    {
        m_pickle.m_values.resize(4);
        m_pickle.m_values[kFalse].kind = PickleKind::Bool;
        m_pickle.m_values[kTrue].kind = PickleKind::Bool;
        m_pickle.m_values[kTrue].integer = 1;
        m_pickle.m_values[kEmptyTuple].kind = PickleKind::Tuple;
    }

    // Returns where the pickle ends.
    std::size_t run()
    {
        for (;;) {
            const auto opcode = static_cast<std::uint8_t>(take(1)[0]);
            if (opcode == STOP)
                break;
            step(opcode);
        }
        m_pickle.m_root = pop();
        return m_position;
    }

private:
    [[noreturn]] void fail(const std::string &what) const
    {
        throwBrokenCheckpoint(m_origin,
                              "its pickle " + what + " (byte " + std::to_string(m_position) + ")");
    }

    std::string_view take(std::uint64_t count)
    {
        if (count > m_bytes.size() - m_position)
            fail("ends too early");
        const auto part = m_bytes.substr(m_position, static_cast<std::size_t>(count));
        m_position += static_cast<std::size_t>(count);
        return part;
    }

    template <typename T>
    T number()
    {
        T value;
        std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
        return value;
    }

    std::string_view line()
    {
        const auto end = m_bytes.find('\n', m_position);
        if (end == std::string_view::npos)
            fail("ends inside a name");
        const auto part = m_bytes.substr(m_position, end - m_position);
        m_position = end + 1;
        return part;
    }

    PickleValue &value(PickleRef ref) { return m_pickle.m_values[ref]; }

    PickleRef add(PickleValue &&fresh)
    {
        if (m_pickle.m_values.size() >= kMaxValues)
            fail("holds more values than any checkpoint");
        m_pickle.m_values.push_back(std::move(fresh));
        return static_cast<PickleRef>(m_pickle.m_values.size() - 1);
    }

    PickleRef addKind(PickleKind kind)
    {
        PickleValue fresh;
        fresh.kind = kind;
        return add(std::move(fresh));
    }

    void push(PickleRef ref)
    {
        if (m_stack.size() >= kMaxValues)
            fail("piles up more values than any checkpoint");
        m_stack.push_back(ref);
    }

    void pushText(PickleKind kind, std::string_view text)
    {
        const PickleRef ref = addKind(kind);
        value(ref).text = text;
        push(ref);
    }

    void pushInteger(std::int64_t integer)
    {
        const PickleRef ref = addKind(PickleKind::Integer);
        value(ref).integer = integer;
        push(ref);
    }

    void pushGlobal(std::string_view module, std::string_view name)
    {
        const PickleRef ref = addKind(PickleKind::Global);
        value(ref).text = module;
        value(ref).name = name;
        push(ref);
    }

    // What lies above the last mark is all that may be taken.
    std::size_t floor() const { return m_marks.empty() ? 0 : m_marks.back(); }

    PickleRef top()
    {
        if (m_stack.size() <= floor())
            fail("takes from an empty stack");
        return m_stack.back();
    }

    PickleRef pop()
    {
        const PickleRef ref = top();
        m_stack.pop_back();
        return ref;
    }

    std::vector<PickleRef> popToMark()
    {
        if (m_marks.empty())
            fail("lacks a mark");
        const auto begin = m_stack.begin() + static_cast<std::ptrdiff_t>(m_marks.back());
        std::vector<PickleRef> items(begin, m_stack.end());
        m_stack.erase(begin, m_stack.end());
        m_marks.pop_back();
        return items;
    }

    void pushItems(PickleKind kind, std::vector<PickleRef> items)
    {
        if (kind == PickleKind::Dict && items.size() % 2 != 0)
            fail("has a key without a value");
        const PickleRef ref = addKind(kind);
        value(ref).items = std::move(items);
        push(ref);
    }

    void pushTuple(std::size_t count)
    {
        std::vector<PickleRef> items(count);
        for (std::size_t i = count; i-- > 0;)
            items[i] = pop();
        pushItems(PickleKind::Tuple, std::move(items));
    }

    void extend(PickleRef target, const std::vector<PickleRef> &items)
    {
        auto &into = value(target).items;
        into.insert(into.end(), items.begin(), items.end());
    }

    void appendTo(PickleRef target, const std::vector<PickleRef> &items)
    {
        const auto kind = value(target).kind;
        if (kind == PickleKind::List || kind == PickleKind::Set)
            extend(target, items);
        else if (kind != PickleKind::Call && kind != PickleKind::Object)
            fail("appends to something that is no list");
    }

    void setItems(PickleRef target, const std::vector<PickleRef> &items)
    {
        const auto kind = value(target).kind;
        if (items.size() % 2 != 0)
            fail("has a key without a value");
        if (kind != PickleKind::Dict && kind != PickleKind::Call && kind != PickleKind::Object)
            fail("sets items of something that is no dictionary");
        extend(target, items);
    }

    void memorise(std::uint32_t slot)
    {
        const PickleRef ref = top();
        if (m_memo.size() >= kMaxValues)
            fail("memorises more values than any checkpoint");
        m_memo[slot] = ref;
    }

    void recall(std::uint32_t slot)
    {
        const auto found = m_memo.find(slot);
        if (found == m_memo.end())
            fail("recalls a value that it never memorised");
        push(found->second);
    }

    void pushLong(std::string_view bytes)
    {
        if (bytes.size() > sizeof(std::int64_t)) {
            push(addKind(PickleKind::BigInteger));
            return;
        }
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bits |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
        // The highest bit that was stored is the sign.
        if (!bytes.empty() && bytes.size() < 8
            && (static_cast<unsigned char>(bytes.back()) & 0x80) != 0)
            bits |= ~std::uint64_t(0) << (8 * bytes.size());
        pushInteger(static_cast<std::int64_t>(bits));
    }

    void pushIntegerText(std::string_view text)
    {
        if (text == "01" || text == "00") {
            push(text == "01" ? kTrue : kFalse);
            return;
        }
        std::int64_t integer = 0;
        const auto *end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data(), end, integer);
        if (parsed.ec != std::errc() || parsed.ptr != end)
            fail("has a number that is none");
        pushInteger(integer);
    }

    void pushReal()
    {
        std::uint64_t bits = 0; // the only big-endian number of the format
        for (const char c : take(8))
            bits = bits << 8 | static_cast<unsigned char>(c);
        const PickleRef ref = addKind(PickleKind::Real);
        std::memcpy(&value(ref).real, &bits, sizeof bits);
        push(ref);
    }

    // A dictionary or set that pickles make by calling its class; anything else stays a record.
    bool pushContainer(const PickleValue &callable, const PickleValue &arguments)
    {
        if (callable.kind != PickleKind::Global)
            return false;
        const bool isDict = callable.text == "collections"
                            && (callable.name == "OrderedDict" || callable.name == "defaultdict");
        const bool isSet = (callable.text == "__builtin__" || callable.text == "builtins")
                           && (callable.name == "set" || callable.name == "frozenset");
        if (!isDict && !isSet)
            return false;
        // The list of pairs or items, when there is one; defaultdict has its factory first.
        const std::size_t at = callable.name == "defaultdict" ? 1 : 0;
        std::vector<PickleRef> items;
        if (arguments.items.size() > at) {
            const auto &list = m_pickle.m_values[arguments.items[at]];
            if (list.kind != PickleKind::List && list.kind != PickleKind::Tuple)
                return false;
            for (const PickleRef item : list.items) {
                if (isSet) {
                    items.push_back(item);
                    continue;
                }
                const auto &pair = m_pickle.m_values[item];
                if ((pair.kind != PickleKind::Tuple && pair.kind != PickleKind::List)
                    || pair.items.size() != 2)
                    return false;
                items.insert(items.end(), pair.items.begin(), pair.items.end());
            }
        }
        pushItems(isDict ? PickleKind::Dict : PickleKind::Set, std::move(items));
        return true;
    }

    void pushRecord(PickleKind kind, PickleRef callable, PickleRef arguments)
    {
        if (value(arguments).kind != PickleKind::Tuple)
            fail("calls with arguments that are no tuple");
        if (pushContainer(value(callable), value(arguments)))
            return;
        const PickleRef ref = addKind(kind);
        value(ref).first = callable;
        value(ref).second = arguments;
        push(ref);
    }

    void build()
    {
        const PickleRef state = pop();
        auto &target = value(top());
        // The state of a dictionary is the note that state_dict() leaves; nobody needs it.
        if (target.kind == PickleKind::Call || target.kind == PickleKind::Object)
            target.state = state;
    }

    void step(std::uint8_t opcode);

    Pickle &m_pickle;
    std::string_view m_bytes;
    std::size_t m_position;
    const std::string &m_origin;
    std::vector<PickleRef> m_stack;
    std::vector<std::size_t> m_marks;
    std::unordered_map<std::uint32_t, PickleRef> m_memo;
};

void PickleMachine::step(std::uint8_t opcode)
{
    switch (opcode) {
    case PROTO:
        if (number<std::uint8_t>() > 5)
            fail("has an unknown protocol");
        break;
    case FRAME:
        if (number<std::uint64_t>() > m_bytes.size() - m_position)
            fail("announces more than there is");
        break;
    case MARK:
        if (m_marks.size() >= kMaxValues)
            fail("sets more marks than any checkpoint");
        m_marks.push_back(m_stack.size());
        break;
    case POP:
        if (m_stack.size() == floor() && !m_marks.empty())
            m_marks.pop_back();
        else
            pop();
        break;
    case POP_MARK:
        popToMark();
        break;
    case DUP:
        push(top());
        break;
    case NONE:
        push(kNone);
        break;
    case NEWTRUE:
        push(kTrue);
        break;
    case NEWFALSE:
        push(kFalse);
        break;
    case INT:
        pushIntegerText(line());
        break;
    case BININT:
        pushInteger(number<std::int32_t>());
        break;
    case BININT1:
        pushInteger(number<std::uint8_t>());
        break;
    case BININT2:
        pushInteger(number<std::uint16_t>());
        break;
    case LONG1:
        pushLong(take(number<std::uint8_t>()));
        break;
    case LONG4: {
        const auto length = number<std::int32_t>();
        if (length < 0)
            fail("has a number of negative length");
        pushLong(take(static_cast<std::uint64_t>(length)));
        break;
    }
    case BINFLOAT:
        pushReal();
        break;
    case BINUNICODE:
        pushText(PickleKind::Text, take(number<std::uint32_t>()));
        break;
    case SHORT_BINUNICODE:
        pushText(PickleKind::Text, take(number<std::uint8_t>()));
        break;
    case BINUNICODE8:
        pushText(PickleKind::Text, take(number<std::uint64_t>()));
        break;
    // Strings of Python 2 are text to everybody who reads checkpoints.
    case BINSTRING:
        pushText(PickleKind::Text, take(number<std::uint32_t>()));
        break;
    case SHORT_BINSTRING:
        pushText(PickleKind::Text, take(number<std::uint8_t>()));
        break;
    case BINBYTES:
        pushText(PickleKind::Bytes, take(number<std::uint32_t>()));
        break;
    case SHORT_BINBYTES:
        pushText(PickleKind::Bytes, take(number<std::uint8_t>()));
        break;
    case BINBYTES8:
        pushText(PickleKind::Bytes, take(number<std::uint64_t>()));
        break;
    case EMPTY_TUPLE:
        push(kEmptyTuple);
        break;
    case TUPLE1:
        pushTuple(1);
        break;
    case TUPLE2:
        pushTuple(2);
        break;
    case TUPLE3:
        pushTuple(3);
        break;
    case TUPLE:
        pushItems(PickleKind::Tuple, popToMark());
        break;
    case EMPTY_LIST:
        push(addKind(PickleKind::List));
        break;
    case LIST:
        pushItems(PickleKind::List, popToMark());
        break;
    case EMPTY_DICT:
        push(addKind(PickleKind::Dict));
        break;
    case DICT:
        pushItems(PickleKind::Dict, popToMark());
        break;
    case EMPTY_SET:
        push(addKind(PickleKind::Set));
        break;
    case FROZENSET:
        pushItems(PickleKind::Set, popToMark());
        break;
    case APPEND: {
        const PickleRef item = pop();
        appendTo(top(), {item});
        break;
    }
    case APPENDS:
    case ADDITEMS: {
        const auto items = popToMark();
        appendTo(top(), items);
        break;
    }
    case SETITEM: {
        const PickleRef item = pop();
        const PickleRef key = pop();
        setItems(top(), {key, item});
        break;
    }
    case SETITEMS: {
        const auto items = popToMark();
        setItems(top(), items);
        break;
    }
    case BINPUT:
        memorise(number<std::uint8_t>());
        break;
    case LONG_BINPUT:
        memorise(number<std::uint32_t>());
        break;
    case MEMOIZE:
        memorise(static_cast<std::uint32_t>(m_memo.size()));
        break;
    case BINGET:
        recall(number<std::uint8_t>());
        break;
    case LONG_BINGET:
        recall(number<std::uint32_t>());
        break;
    case GLOBAL: {
        const auto module = line();
        pushGlobal(module, line());
        break;
    }
    case STACK_GLOBAL: {
        const PickleRef name = pop();
        const PickleRef module = pop();
        if (value(name).kind != PickleKind::Text || value(module).kind != PickleKind::Text)
            fail("names a class by something that is no text");
        pushGlobal(value(module).text, value(name).text);
        break;
    }
    case REDUCE: {
        const PickleRef arguments = pop();
        pushRecord(PickleKind::Call, pop(), arguments);
        break;
    }
    case NEWOBJ: {
        const PickleRef arguments = pop();
        pushRecord(PickleKind::Object, pop(), arguments);
        break;
    }
    case NEWOBJ_EX: {
        pop(); // keyword arguments
        const PickleRef arguments = pop();
        pushRecord(PickleKind::Object, pop(), arguments);
        break;
    }
    case BUILD:
        build();
        break;
    case BINPERSID: {
        const PickleRef named = pop();
        const PickleRef ref = addKind(PickleKind::Persistent);
        value(ref).first = named;
        push(ref);
        break;
    }
    default:
        fail("has the unknown opcode " + std::to_string(opcode));
    }
}

Pickle::Pickle(std::string_view bytes, std::size_t &position, const std::string &origin)
{
    position = PickleMachine(*this, bytes, position, origin).run();
}

const PickleValue *Pickle::find(const PickleValue &dict, std::string_view key) const
{
    for (std::size_t i = dict.items.size() / 2; i-- > 0;) {
        const auto &candidate = m_values[dict.items[2 * i]];
        if (candidate.kind == PickleKind::Text && candidate.text == key)
            return &m_values[dict.items[2 * i + 1]];
    }
    return nullptr;
}

bool Pickle::isGlobal(const PickleValue &value, std::string_view module,
                      std::string_view name) const
{
    return value.kind == PickleKind::Global && value.text == module && value.name == name;
}

std::string Pickle::describe(const PickleValue &value) const
{
    const auto named = [&](const PickleValue &callable) {
        std::string text = "something";
        if (callable.kind == PickleKind::Global)
            text =
                std::string("'") + printable(callable.text) + "." + printable(callable.name) + "'";
        return text;
    };
    switch (value.kind) {
    case PickleKind::None:
        return "nothing";
    case PickleKind::Bool:
    case PickleKind::Integer:
    case PickleKind::BigInteger:
    case PickleKind::Real:
        return "a number";
    case PickleKind::Text:
        return "a text";
    case PickleKind::Bytes:
        return "bytes";
    case PickleKind::Tuple:
    case PickleKind::List:
    case PickleKind::Set:
        return "a list of " + std::to_string(value.items.size());
    case PickleKind::Dict:
        return "a dictionary of " + std::to_string(value.items.size() / 2);
    case PickleKind::Global:
        return "the name " + named(value);
    case PickleKind::Call:
        return "a call of " + named(m_values[value.first]) + ", which is never made";
    case PickleKind::Object:
        return "an object of " + named(m_values[value.first]);
    case PickleKind::Persistent:
        return "a reference";
    }
    return "something";
}

} // namespace sapsam
