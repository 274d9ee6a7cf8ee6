#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "seal/file/sealed_file.h"

// What the sources of this folder share; not for others.
namespace ward::seal {

inline constexpr std::string_view kMagic = "WARDSEAL";
inline constexpr std::uint64_t kVersion = 1;
inline constexpr std::size_t kThumbprintChars = 43;
inline constexpr std::size_t kFileKeyBytes = 32;

// is_base64url is true where all characters are of the alphabet (or, with `dots`, a dot).
[[nodiscard]] bool is_base64url(std::string_view text, bool dots);

// make_prefix writes magic and header_size.
[[nodiscard]] Buffer make_prefix(std::size_t header_size);

// read_full reads until `out` is full or the input ends, and returns how many octets it read.
[[nodiscard]] Result<std::size_t> read_full(const ReadFn& in, std::span<std::uint8_t> out);

// derive is `derive(label)` of the format page.
[[nodiscard]] Secret<32> derive(const FileKey& key, const FileId& id, std::string_view label);

// commitment_of and mac_of compute what the head holds.
[[nodiscard]] Digest commitment_of(const FileKey& key, const FileId& id);
[[nodiscard]] Digest mac_of(const FileKey& key, const FileId& id, Bytes authenticated);

// make_slot wraps the file key for one receiver.
[[nodiscard]] Result<Slot> make_slot(const Receiver& receiver, const FileKey& key, const FileId& id,
                                     crypto::Rng& rng);

}  // namespace ward::seal
