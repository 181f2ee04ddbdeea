#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sapsam {

// Walks over the fields of one message of the protobuf wire format; views into the given bytes,
// which must outlive it. What a field means is for the caller to know.
class ProtobufReader
{
public:
    // `origin` begins the messages.
    ProtobufReader(std::string_view bytes, std::string origin);

    enum class Kind { Varint, Fixed64, Bytes, Fixed32 };
    struct Field
    {
        std::uint32_t number = 0;
        Kind kind = Kind::Varint;
        std::uint64_t value = 0; // of the kinds that are numbers
        std::string_view bytes;  // strings and messages

        float asFloat() const; // of Fixed32
    };

    // False at the end. Throws Error(Corrupt) for bytes that are no message.
    bool next(Field &field);

private:
    [[noreturn]] void refuse(const char *what) const;
    std::uint64_t varint();
    std::uint64_t littleEndian(std::size_t count);

    std::string_view m_rest;
    std::string m_origin;
};

} // namespace sapsam
