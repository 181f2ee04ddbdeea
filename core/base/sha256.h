#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sapsam {

// SHA-256 (FIPS 180-4), incremental. Not safe for concurrent use.
class Sha256
{
public:
    Sha256();

    void update(const void *data, std::size_t size);
    void update(std::string_view text) { update(text.data(), text.size()); }

    // Lower-case hexadecimal digest; the object is spent afterwards.
    std::string hexDigest();

private:
    void processBlock(const std::uint8_t *block);

    std::array<std::uint32_t, 8> m_state;
    std::array<std::uint8_t, 64> m_block{};
    std::size_t m_blockSize = 0;
    std::uint64_t m_totalBytes = 0;
};

std::string sha256Of(std::string_view bytes);

// Streams the file. Throws Error(NotFound) or Error(Io) naming it.
std::string sha256OfFile(const std::string &path);

} // namespace sapsam
