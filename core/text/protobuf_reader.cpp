#include "core/text/protobuf_reader.h"

#include "core/base/error.h"

#include <cstring>

namespace sapsam {

namespace {

// Wire types of the format; 3 and 4 are the groups that nobody writes any more.
constexpr std::uint64_t kVarint = 0;
constexpr std::uint64_t kFixed64 = 1;
constexpr std::uint64_t kBytes = 2;
constexpr std::uint64_t kFixed32 = 5;
constexpr std::size_t kLongestVarint = 10;

} // namespace

ProtobufReader::ProtobufReader(std::string_view bytes, std::string origin)
    : m_rest(bytes), m_origin(std::move(origin))
{
}

float ProtobufReader::Field::asFloat() const
{
    const auto bits = static_cast<std::uint32_t>(value);
    float result = 0.0F;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}

void ProtobufReader::refuse(const char *what) const
{
    throw Error(ErrorKind::Corrupt, m_origin + ": not a protobuf message: " + what);
}

std::uint64_t ProtobufReader::varint()
{
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < kLongestVarint && i < m_rest.size(); ++i) {
        const auto byte = static_cast<unsigned char>(m_rest[i]);
        value |= static_cast<std::uint64_t>(byte & 0x7fU) << (7 * i);
        if (byte < 0x80) {
            m_rest.remove_prefix(i + 1);
            return value;
        }
    }
    refuse("a number does not end");
}

std::uint64_t ProtobufReader::littleEndian(std::size_t count)
{
    if (m_rest.size() < count)
        refuse("it is cut off");
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;)
        value = (value << 8) | static_cast<unsigned char>(m_rest[i]);
    m_rest.remove_prefix(count);
    return value;
}

bool ProtobufReader::next(Field &field)
{
    if (m_rest.empty())
        return false;
    const std::uint64_t tag = varint();
    if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
        refuse("a field has no number");
    field = Field();
    field.number = static_cast<std::uint32_t>(tag >> 3);
    switch (tag & 7) {
    case kVarint:
        field.kind = Kind::Varint;
        field.value = varint();
        return true;
    case kFixed64:
        field.kind = Kind::Fixed64;
        field.value = littleEndian(8);
        return true;
    case kFixed32:
        field.kind = Kind::Fixed32;
        field.value = littleEndian(4);
        return true;
    case kBytes: {
        field.kind = Kind::Bytes;
        const std::uint64_t length = varint();
        if (length > m_rest.size())
            refuse("it is cut off");
        field.bytes = m_rest.substr(0, static_cast<std::size_t>(length));
        m_rest.remove_prefix(static_cast<std::size_t>(length));
        return true;
    }
    default:
        refuse("a field is of an unknown kind");
    }
}

} // namespace sapsam
