#include "core/weights/torch_checkpoint.h"

#include "core/weights/mapped_tensor.h"
#include "core/weights/pickle.h"
#include "core/weights/zip_archive.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <unordered_map>

namespace sapsam {

namespace {

constexpr char kZipStart[] = "PK\x03\x04";
// PROTO 2 and LONG1 of the number that marks the container before 1.6.
constexpr char kLegacyStart[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";
constexpr std::int64_t kLegacyProtocol = 1001;

constexpr const char *kWrappers[] = {"model", "state_dict", "model_state_dict",
                                     "net",   "ema",        "module"};
constexpr const char *kModulePrefix = "module.";

// Bounds of walks over values that may share and contain each other.
constexpr int kMaxWrappers = 4;
constexpr int kMaxModuleDepth = 64;
constexpr int kMaxVisits = 1'000'000;
constexpr std::size_t kMaxNameSize = 4096;
constexpr std::size_t kMaxNameBytes = 64 << 20;
constexpr std::size_t kMaxRank = 64;

template <std::size_t n>
std::string_view literal(const char (&text)[n])
{
    return {text, n - 1};
}

struct ElementName
{
    const char *storage;
    const char *dtype;
    torch::ScalarType type;
};

constexpr ElementName kElements[] = {
    {"FloatStorage", "float32", torch::kFloat},
    {"HalfStorage", "float16", torch::kHalf},
    {"DoubleStorage", "float64", torch::kDouble},
    {"BFloat16Storage", "bfloat16", torch::kBFloat16},
    {"LongStorage", "int64", torch::kLong},
    {"IntStorage", "int32", torch::kInt},
    {"ShortStorage", "int16", torch::kShort},
    {"CharStorage", "int8", torch::kChar},
    {"ByteStorage", "uint8", torch::kByte},
    {"BoolStorage", "bool", torch::kBool},
    {"ComplexFloatStorage", "complex64", torch::kComplexFloat},
    {"ComplexDoubleStorage", "complex128", torch::kComplexDouble},
};

// a * b in `product`; false when it does not fit into 63 bits.
bool multiply(std::uint64_t a, std::uint64_t b, std::uint64_t &product)
{
    return !__builtin_mul_overflow(a, b, &product) && product <= std::uint64_t(INT64_MAX);
}

// Raw elements somewhere in the file.
struct Storage
{
    std::string_view bytes;
    torch::ScalarType type = torch::kByte;
    bool isTyped = true;
};

struct Entry
{
    TensorInfo info;
    std::vector<std::int64_t> strides; // in elements
    std::string_view bytes;            // from the first element to behind the last
    bool isPacked = false;
};

bool isPacked(const std::vector<std::int64_t> &shape, const std::vector<std::int64_t> &strides)
{
    std::int64_t expected = 1;
    for (std::size_t i = shape.size(); i-- > 0;) {
        if (shape[i] != 1 && strides[i] != expected)
            return false;
        expected *= shape[i];
    }
    return true;
}

// Copies elements that lie apart into row-major order, byte by byte: nothing in a file is aligned.
void gather(const Entry &entry, std::size_t elementSize, char *target)
{
    const auto &shape = entry.info.shape;
    std::vector<std::int64_t> index(shape.size(), 0);
    const std::size_t last = shape.size() - 1; // scalars are packed
    for (;;) {
        std::int64_t at = 0;
        for (std::size_t i = 0; i < last; ++i)
            at += index[i] * entry.strides[i];
        for (std::int64_t k = 0; k < shape[last]; ++k, target += elementSize)
            std::memcpy(target,
                        entry.bytes.data()
                            + static_cast<std::size_t>(at + k * entry.strides[last]) * elementSize,
                        elementSize);
        std::size_t axis = last;
        while (axis-- > 0) {
            if (++index[axis] < shape[axis])
                break;
            index[axis] = 0;
        }
        if (axis == std::size_t(-1))
            return;
    }
}

// Finds the weights in a pickle. Where the storages lie is the container's business.
class WeightsFinder
{
public:
    using FindStorage = std::function<std::string_view(const std::string &key)>;

    WeightsFinder(const Pickle &pickle, const MappedFile &file, FindStorage findStorage)
        : m_pickle(pickle), m_file(file), m_findStorage(std::move(findStorage))
    {
    }

    void run()
    {
        if (!collect(m_pickle[m_pickle.root()], 0))
            throwBrokenCheckpoint(m_file.path(),
                                  "it holds no weights but "
                                      + m_pickle.describe(m_pickle[m_pickle.root()]));
        stripModulePrefix();
    }

    std::map<std::string, Entry> entries;
    std::string wrapper;
    std::string strippedPrefix;

    // The type of a storage by the name of its class.
    Storage storageOfClass(const PickleValue &global) const;

private:
    [[noreturn]] void fail(const std::string &what) const
    {
        throwBrokenCheckpoint(m_file.path(), what);
    }

    const PickleValue &at(PickleRef ref) const { return m_pickle[ref]; }

    bool isTensor(const PickleValue &value) const
    {
        if (value.kind != PickleKind::Call)
            return false;
        const auto &callable = at(value.first);
        return callable.kind == PickleKind::Global
               && ((callable.text == "torch._utils" && callable.name.substr(0, 9) == "_rebuild_")
                   || (callable.text == "torch._tensor"
                       && callable.name == "_rebuild_from_type_v2"));
    }

    // The attributes of a module: its state, or the first part of (attributes, slots).
    const PickleValue *attributesOf(const PickleValue &value) const
    {
        if (value.kind != PickleKind::Object && value.kind != PickleKind::Call)
            return nullptr;
        const auto *state = &at(value.state);
        if (state->kind == PickleKind::Tuple && state->items.size() == 2)
            state = &at(state->items[0]);
        return state->kind == PickleKind::Dict ? state : nullptr;
    }

    bool isModule(const PickleValue &value) const
    {
        const auto *attributes = attributesOf(value);
        return attributes && m_pickle.find(*attributes, "_modules")
               && m_pickle.find(*attributes, "_parameters");
    }

    bool isScriptModule(const PickleValue &value) const
    {
        if (!attributesOf(value))
            return false;
        const auto &type = at(value.first);
        return type.kind == PickleKind::Global && type.text.substr(0, 9) == "__torch__";
    }

    bool collect(const PickleValue &value, int depth)
    {
        if (isModule(value)) {
            flattenModule(value, "", 0);
            return !entries.empty();
        }
        if (isScriptModule(value)) {
            flattenScript(value, "", 0);
            return !entries.empty();
        }
        return value.kind == PickleKind::Dict && collectDict(value, depth);
    }

    bool collectDict(const PickleValue &dict, int depth);
    void add(const std::string &name, const PickleValue &value);
    std::string joined(const std::string &prefix, std::string_view name);
    void flattenModule(const PickleValue &module, const std::string &prefix, int depth);
    void flattenScript(const PickleValue &module, const std::string &prefix, int depth);
    void stripModulePrefix();

    Entry describe(const PickleValue &call, const std::string &name, int depth) const;
    Storage resolve(const PickleValue &value, const std::string &called) const;
    std::vector<std::int64_t> sizes(const PickleValue &value, const std::string &called) const;

    const Pickle &m_pickle;
    const MappedFile &m_file;
    FindStorage m_findStorage;
    int m_visits = 0;
    std::size_t m_nameBytes = 0;
};

bool WeightsFinder::collectDict(const PickleValue &dict, int depth)
{
    std::size_t tensors = 0;
    std::size_t others = 0;
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2)
        ++(at(dict.items[i]).kind == PickleKind::Text && isTensor(at(dict.items[i + 1])) ? tensors
                                                                                         : others);
    if (others > 0 && depth < kMaxWrappers) {
        for (const char *key : kWrappers) {
            const auto *wrapped = m_pickle.find(dict, key);
            if (wrapped && !isTensor(*wrapped) && collect(*wrapped, depth + 1)) {
                wrapper = wrapper.empty() ? key : key + ("." + wrapper);
                return true;
            }
        }
    }
    if (tensors == 0)
        return false;
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
        const auto &key = at(dict.items[i]);
        const auto &value = at(dict.items[i + 1]);
        if (key.kind != PickleKind::Text)
            continue;
        if (isTensor(value))
            add(joined("", key.text), value);
        else if (value.kind == PickleKind::Call)
            fail("in place of the weight '" + printable(key.text) + "' there is "
                 + m_pickle.describe(value));
    }
    return true;
}

std::string WeightsFinder::joined(const std::string &prefix, std::string_view name)
{
    if (prefix.size() + name.size() >= kMaxNameSize || !isUtf8(name))
        fail("the name of the tensor '" + printable(name) + "' is too long or no text");
    m_nameBytes += prefix.size() + name.size();
    if (m_nameBytes > kMaxNameBytes)
        fail("it names more tensors than any model has");
    std::string result = prefix;
    if (!prefix.empty())
        result += '.';
    result += name;
    return result;
}

void WeightsFinder::add(const std::string &name, const PickleValue &value)
{
    if (++m_visits > kMaxVisits)
        fail("it names more tensors than any model has");
    entries[name] = describe(value, name, 0);
}

void WeightsFinder::flattenModule(const PickleValue &module, const std::string &prefix, int depth)
{
    if (depth > kMaxModuleDepth || ++m_visits > kMaxVisits)
        fail("its modules contain each other without end");
    const auto *attributes = attributesOf(module);
    for (const char *part : {"_parameters", "_buffers"}) {
        const auto *tensors = m_pickle.find(*attributes, part);
        if (!tensors || tensors->kind != PickleKind::Dict)
            continue;
        for (std::size_t i = 0; i + 1 < tensors->items.size(); i += 2) {
            const auto &key = at(tensors->items[i]);
            const auto &value = at(tensors->items[i + 1]);
            if (key.kind != PickleKind::Text || value.kind == PickleKind::None)
                continue;
            const std::string name = joined(prefix, key.text);
            if (!isTensor(value))
                fail("in place of the weight '" + printable(name) + "' there is "
                     + m_pickle.describe(value));
            add(name, value);
        }
    }
    const auto *modules = m_pickle.find(*attributes, "_modules");
    if (modules->kind != PickleKind::Dict)
        return;
    for (std::size_t i = 0; i + 1 < modules->items.size(); i += 2) {
        const auto &key = at(modules->items[i]);
        const auto &child = at(modules->items[i + 1]);
        if (key.kind == PickleKind::Text && isModule(child))
            flattenModule(child, joined(prefix, key.text), depth + 1);
    }
}

void WeightsFinder::flattenScript(const PickleValue &module, const std::string &prefix, int depth)
{
    if (depth > kMaxModuleDepth || ++m_visits > kMaxVisits)
        fail("its modules contain each other without end");
    const auto *attributes = attributesOf(module);
    for (std::size_t i = 0; i + 1 < attributes->items.size(); i += 2) {
        const auto &key = at(attributes->items[i]);
        const auto &value = at(attributes->items[i + 1]);
        if (key.kind != PickleKind::Text)
            continue;
        if (isTensor(value))
            add(joined(prefix, key.text), value);
        else if (isScriptModule(value))
            flattenScript(value, joined(prefix, key.text), depth + 1);
    }
}

void WeightsFinder::stripModulePrefix()
{
    const std::string prefix = kModulePrefix;
    const auto hasPrefix = [&](const auto &entry) {
        return entry.first.compare(0, prefix.size(), prefix) == 0
               && entry.first.size() > prefix.size();
    };
    while (!entries.empty() && std::all_of(entries.begin(), entries.end(), hasPrefix)) {
        std::map<std::string, Entry> stripped;
        for (auto &entry : entries)
            stripped.emplace(entry.first.substr(prefix.size()), std::move(entry.second));
        entries = std::move(stripped);
        strippedPrefix += prefix;
    }
}

Storage WeightsFinder::storageOfClass(const PickleValue &global) const
{
    Storage storage;
    if (global.kind != PickleKind::Global)
        fail("a storage is of " + m_pickle.describe(global));
    if (global.text == "torch" || global.text == "torch.cuda") {
        for (const auto &element : kElements) {
            if (global.name == element.storage) {
                storage.type = element.type;
                return storage;
            }
        }
    }
    if ((global.text == "torch.storage" || global.text == "torch")
        && global.name == "UntypedStorage") {
        storage.isTyped = false;
        return storage;
    }
    throwForeignCheckpoint(m_file.path(), "it has a storage of the class '" + printable(global.text)
                                              + "." + printable(global.name)
                                              + "', which this program does not read; convert it "
                                                "to float16 or float32");
}

Storage WeightsFinder::resolve(const PickleValue &value, const std::string &called) const
{
    const auto broken = [&] { fail(called + "refers to no storage"); };
    if (value.kind != PickleKind::Persistent)
        broken();
    const auto &id = at(value.first);
    if (id.kind != PickleKind::Tuple || id.items.size() < 5)
        broken();
    const auto &tag = at(id.items[0]);
    const auto &key = at(id.items[2]);
    const auto &count = at(id.items[4]);
    if (tag.kind != PickleKind::Text || tag.text != "storage" || key.kind != PickleKind::Text
        || count.kind != PickleKind::Integer || count.integer < 0)
        broken();

    Storage storage = storageOfClass(at(id.items[1]));
    storage.bytes = m_findStorage(std::string(key.text));
    const std::uint64_t elementSize = torch::elementSize(storage.type);
    std::uint64_t size = 0;
    if (!multiply(static_cast<std::uint64_t>(count.integer), elementSize, size)
        || size > storage.bytes.size())
        fail(called + "needs a storage of " + std::to_string(count.integer)
             + " elements, there are " + std::to_string(storage.bytes.size() / elementSize));
    storage.bytes = storage.bytes.substr(0, static_cast<std::size_t>(size));
    if (id.items.size() < 6 || at(id.items[5]).kind == PickleKind::None)
        return storage;

    // A part of a storage, as the container before 1.6 has it: (key, first element, elements).
    const auto &view = at(id.items[5]);
    if (view.kind != PickleKind::Tuple || view.items.size() != 3)
        broken();
    const auto &first = at(view.items[1]);
    const auto &length = at(view.items[2]);
    if (first.kind != PickleKind::Integer || length.kind != PickleKind::Integer || first.integer < 0
        || length.integer < 0 || first.integer > count.integer
        || length.integer > count.integer - first.integer)
        fail(called + "refers to a part that lies outside its storage");
    storage.bytes = storage.bytes.substr(static_cast<std::size_t>(first.integer) * elementSize,
                                         static_cast<std::size_t>(length.integer) * elementSize);
    return storage;
}

std::vector<std::int64_t> WeightsFinder::sizes(const PickleValue &value,
                                               const std::string &called) const
{
    const PickleValue *list = &value;
    // torch.Size((2, 3))
    if (value.kind == PickleKind::Call && m_pickle.isGlobal(at(value.first), "torch", "Size")
        && at(value.second).items.size() == 1)
        list = &at(at(value.second).items[0]);
    if ((list->kind != PickleKind::Tuple && list->kind != PickleKind::List)
        || list->items.size() > kMaxRank)
        fail(called + "has a shape that is none");
    std::vector<std::int64_t> result;
    for (const PickleRef ref : list->items) {
        const auto &item = at(ref);
        if (item.kind != PickleKind::Integer || item.integer < 0)
            fail(called + "has a shape or a step that is negative or no number");
        result.push_back(item.integer);
    }
    return result;
}

Entry WeightsFinder::describe(const PickleValue &call, const std::string &name, int depth) const
{
    const std::string called = "the tensor '" + printable(name) + "' ";
    if (!isTensor(call) || depth > 8)
        fail(called + "is " + m_pickle.describe(call));
    const auto function = at(call.first).name;
    const auto &arguments = at(call.second).items;

    if (function == "_rebuild_parameter" || function == "_rebuild_parameter_with_state") {
        if (arguments.empty())
            fail(called + "is a parameter of nothing");
        return describe(at(arguments[0]), name, depth + 1);
    }
    if (function == "_rebuild_from_type_v2") { // (function, class, arguments, state)
        PickleValue inner;
        if (arguments.size() < 3 || at(arguments[2]).kind != PickleKind::Tuple)
            fail(called + "is made from nothing");
        inner.kind = PickleKind::Call;
        inner.first = arguments[0];
        inner.second = arguments[2];
        return describe(inner, name, depth + 1);
    }
    const bool isUntyped = function == "_rebuild_tensor_v3";
    if (function != "_rebuild_tensor" && function != "_rebuild_tensor_v2" && !isUntyped)
        throwForeignCheckpoint(m_file.path(), called
                                                  + "is of a kind that this program does not "
                                                    "read ("
                                                  + printable(function)
                                                  + "); save it as a plain tensor");
    if (arguments.size() < (isUntyped ? 7u : 4u))
        fail(called + "lacks storage, offset, shape or steps");

    Storage storage = resolve(at(arguments[0]), called);
    if (isUntyped || !storage.isTyped) {
        // (storage, offset, size, stride, requires_grad, hooks, dtype)
        const auto &type = at(arguments.size() > 6 ? arguments[6] : arguments[0]);
        const auto *element =
            std::find_if(std::begin(kElements), std::end(kElements), [&](const ElementName &known) {
                return m_pickle.isGlobal(type, "torch", known.dtype);
            });
        if (element == std::end(kElements))
            throwForeignCheckpoint(m_file.path(),
                                   called + "has an element type that this program does not read ("
                                       + m_pickle.describe(type)
                                       + "); convert it to float16 or float32");
        storage.type = element->type;
    }

    Entry entry;
    entry.info.dtype = storage.type;
    entry.info.shape = sizes(at(arguments[2]), called);
    entry.strides = sizes(at(arguments[3]), called);
    const auto &offset = at(arguments[1]);
    if (offset.kind != PickleKind::Integer || offset.integer < 0)
        fail(called + "begins before its storage");
    if (entry.info.shape.size() != entry.strides.size())
        fail(called + "has " + std::to_string(entry.info.shape.size()) + " sides and "
             + std::to_string(entry.strides.size()) + " steps");

    const std::uint64_t elementSize = torch::elementSize(storage.type);
    bool isEmpty = false;
    std::uint64_t last = 0;            // the last element, counted from the first
    std::uint64_t total = elementSize; // bytes when packed
    bool fits = true;
    for (std::size_t i = 0; i < entry.info.shape.size(); ++i) {
        const auto side = static_cast<std::uint64_t>(entry.info.shape[i]);
        if (side == 0) {
            isEmpty = true;
            continue;
        }
        std::uint64_t reach = 0;
        fits = fits && multiply(total, side, total)
               && multiply(side - 1, static_cast<std::uint64_t>(entry.strides[i]), reach)
               && !__builtin_add_overflow(last, reach, &last);
    }
    // A step of zero lets few bytes become many: no honest tensor is larger than its file.
    if (!fits || total > m_file.bytes().size())
        fail(called + "of shape " + shapeText(entry.info.shape) + " is larger than the file");
    if (isEmpty) {
        entry.isPacked = true;
        return entry;
    }
    const std::uint64_t available = storage.bytes.size() / elementSize;
    const auto first = static_cast<std::uint64_t>(offset.integer);
    if (first >= available || last >= available - first)
        fail(called + "of shape " + shapeText(entry.info.shape) + " reaches beyond its storage of "
             + std::to_string(available) + " elements");
    entry.bytes = storage.bytes.substr(static_cast<std::size_t>(first * elementSize),
                                       static_cast<std::size_t>((last + 1) * elementSize));
    entry.isPacked = isPacked(entry.info.shape, entry.strides);
    return entry;
}

} // namespace

struct TorchCheckpoint::Private
{
    explicit Private(const std::string &path) : file(path) {}

    void parseZip();
    void parseLegacy();
    void adopt(WeightsFinder &finder);

    MappedFile file;
    Container container = Container::Zip;
    std::string wrapper;
    std::string strippedPrefix;
    std::map<std::string, Entry> entries;
};

void TorchCheckpoint::Private::adopt(WeightsFinder &finder)
{
    finder.run();
    entries = std::move(finder.entries);
    wrapper = std::move(finder.wrapper);
    strippedPrefix = std::move(finder.strippedPrefix);
}

void TorchCheckpoint::Private::parseZip()
{
    const ZipArchive archive(file);
    std::string root;
    for (const auto &name : archive.names()) {
        const auto slash = name.find('/');
        if (slash == std::string::npos || name.substr(slash) != "/data.pkl")
            continue;
        if (!root.empty())
            throwBrokenCheckpoint(file.path(), "the archive holds several data.pkl");
        root = name.substr(0, slash + 1);
    }
    if (root.empty())
        throwBrokenCheckpoint(file.path(),
                              "the archive holds no data.pkl, so PyTorch did not write it");
    if (archive.contains(root + "byteorder") && archive.member(root + "byteorder") != "little")
        throwForeignCheckpoint(file.path(), "its numbers are big-endian; save it again on a "
                                            "little-endian machine");
    if (archive.contains(root + "constants.pkl"))
        container = Container::TorchScript;

    std::size_t position = 0;
    const Pickle pickle(archive.member(root + "data.pkl"), position, file.path());
    WeightsFinder finder(
        pickle, file, [&](const std::string &key) { return archive.member(root + "data/" + key); });
    adopt(finder);
}

void TorchCheckpoint::Private::parseLegacy()
{
    container = Container::Legacy;
    const auto bytes = file.bytes();
    const auto fail = [&](const std::string &what) { throwBrokenCheckpoint(file.path(), what); };

    std::size_t position = literal(kLegacyStart).size();
    {
        const Pickle protocol(bytes, position, file.path());
        const auto &number = protocol[protocol.root()];
        if (number.kind != PickleKind::Integer || number.integer != kLegacyProtocol)
            fail("its container has an unknown version");
        const Pickle system(bytes, position, file.path());
        const auto &notes = system[system.root()];
        const auto *isLittle =
            notes.kind == PickleKind::Dict ? system.find(notes, "little_endian") : nullptr;
        if (!isLittle || isLittle->kind != PickleKind::Bool)
            fail("its container does not say how numbers are stored");
        if (isLittle->integer == 0)
            throwForeignCheckpoint(file.path(), "its numbers are big-endian; save it again on a "
                                                "little-endian machine");
    }
    const Pickle pickle(bytes, position, file.path());
    const Pickle keys(bytes, position, file.path());
    const auto &order = keys[keys.root()];
    if (order.kind != PickleKind::List)
        fail("the list of its storages is missing");

    std::unordered_map<std::string, std::string_view> storages;
    WeightsFinder finder(pickle, file, [&](const std::string &key) {
        const auto found = storages.find(key);
        if (found == storages.end())
            fail("the storage '" + printable(key) + "' is missing");
        return found->second;
    });

    // Only the references say how large the elements of a storage are.
    std::unordered_map<std::string, std::size_t> elementSizes;
    for (PickleRef ref = 0; ref < pickle.size(); ++ref) {
        const auto &value = pickle[ref];
        if (value.kind != PickleKind::Persistent)
            continue;
        const auto &id = pickle[value.first];
        if (id.kind != PickleKind::Tuple || id.items.size() < 5
            || pickle[id.items[0]].kind != PickleKind::Text || pickle[id.items[0]].text != "storage"
            || pickle[id.items[2]].kind != PickleKind::Text)
            continue; // ("module", class, file, text) is of no interest
        const auto size = torch::elementSize(finder.storageOfClass(pickle[id.items[1]]).type);
        const auto inserted = elementSizes.emplace(std::string(pickle[id.items[2]].text), size);
        if (inserted.first->second != size)
            fail("a storage has elements of two sizes");
    }
    for (const PickleRef ref : order.items) {
        const auto &key = keys[ref];
        const auto known = key.kind == PickleKind::Text ? elementSizes.find(std::string(key.text))
                                                        : elementSizes.end();
        if (known == elementSizes.end())
            fail("it lists a storage that nothing refers to");
        std::int64_t count = 0;
        if (bytes.size() - position < sizeof count)
            fail("it ends before the storage '" + printable(key.text) + "' (truncated)");
        std::memcpy(&count, bytes.data() + position, sizeof count);
        position += sizeof count;
        std::uint64_t size = 0;
        if (count < 0 || !multiply(static_cast<std::uint64_t>(count), known->second, size)
            || size > bytes.size() - position)
            fail("it ends inside the storage '" + printable(key.text) + "' (truncated)");
        if (!storages.emplace(known->first, bytes.substr(position, static_cast<std::size_t>(size)))
                 .second)
            fail("it lists a storage twice");
        position += static_cast<std::size_t>(size);
    }
    adopt(finder);
}

TorchCheckpoint::TorchCheckpoint(const std::string &path) : d(std::make_unique<Private>(path))
{
    const auto bytes = d->file.bytes();
    if (bytes.substr(0, literal(kZipStart).size()) == literal(kZipStart))
        d->parseZip();
    else if (bytes.substr(0, literal(kLegacyStart).size()) == literal(kLegacyStart))
        d->parseLegacy();
    else
        throwBrokenCheckpoint(path, "it does not begin like a file of PyTorch");
}

TorchCheckpoint::~TorchCheckpoint() = default;

bool TorchCheckpoint::recognises(std::string_view firstBytes)
{
    return firstBytes.substr(0, literal(kZipStart).size()) == literal(kZipStart)
           || firstBytes.substr(0, literal(kLegacyStart).size()) == literal(kLegacyStart);
}

const std::string &TorchCheckpoint::origin() const
{
    return d->file.path();
}

std::vector<std::string> TorchCheckpoint::names() const
{
    std::vector<std::string> result;
    for (const auto &entry : d->entries)
        result.push_back(entry.first);
    return result;
}

const TensorInfo *TorchCheckpoint::find(const std::string &name) const
{
    const auto found = d->entries.find(name);
    return found == d->entries.end() ? nullptr : &found->second.info;
}

torch::Tensor TorchCheckpoint::read(const std::string &name) const
{
    const auto found = d->entries.find(name);
    if (found == d->entries.end())
        throw Error(ErrorKind::NotFound, "'" + origin() + "' has no tensor '" + name + "'");
    const Entry &entry = found->second;
    auto tensor = torch::empty(entry.info.shape, torch::TensorOptions(entry.info.dtype));
    if (tensor.numel() == 0)
        return tensor;
    if (entry.isPacked) {
        copyMapped(d->file, entry.bytes, entry.info.dtype, tensor);
        return tensor;
    }
    auto *target = static_cast<char *>(tensor.data_ptr());
    const auto bytes = static_cast<std::size_t>(tensor.nbytes());
    gather(entry, torch::elementSize(entry.info.dtype), target);
    if (entry.info.dtype == torch::kBool) {
        for (std::size_t i = 0; i < bytes; ++i)
            target[i] = target[i] != 0;
    }
    d->file.release(entry.bytes);
    return tensor;
}

void TorchCheckpoint::readInto(const std::string &name, const torch::Tensor &target) const
{
    const auto found = d->entries.find(name);
    if (found == d->entries.end() || !found->second.isPacked)
        TensorSource::readInto(name, target);
    else if (target.numel() > 0)
        copyMapped(d->file, found->second.bytes, found->second.info.dtype, target);
}

TorchCheckpoint::Container TorchCheckpoint::container() const
{
    return d->container;
}

const std::string &TorchCheckpoint::wrapper() const
{
    return d->wrapper;
}

const std::string &TorchCheckpoint::strippedPrefix() const
{
    return d->strippedPrefix;
}

} // namespace sapsam
