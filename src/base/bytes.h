#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ward {

// Bytes is a borrowed, read-only run of octets. Whoever hands it out says how long it lives.
using Bytes = std::span<const std::uint8_t>;

// Buffer is an owned run of octets that are not secret. Secrets are SecretBytes (crypto/secret.h).
using Buffer = std::vector<std::uint8_t>;

// as_bytes views text as octets; the view lives as long as `text`.
[[nodiscard]] Bytes as_bytes(std::string_view text);

// as_text views octets as text, unchecked; the view lives as long as `bytes`.
[[nodiscard]] std::string_view as_text(Bytes bytes);

// to_buffer copies.
[[nodiscard]] Buffer to_buffer(Bytes bytes);

// assign copies over what `out` held.
void assign(Bytes bytes, Buffer& out);

// concat joins the parts in order.
[[nodiscard]] Buffer concat(std::initializer_list<Bytes> parts);

// equal compares octets of public data; its time depends on the content. For secrets and tags:
// ct_equal.
[[nodiscard]] bool equal(Bytes a, Bytes b);

// all_zero is true when every octet is 0 (and for an empty run).
[[nodiscard]] bool all_zero(Bytes bytes);

// to_hex writes two lower-case digits per octet.
[[nodiscard]] std::string to_hex(Bytes bytes);

// append_hex writes them behind what `out` holds.
void append_hex(Bytes bytes, std::string& out);

// from_hex reads an even number of digits of either case and nothing else; nullopt otherwise.
[[nodiscard]] std::optional<Buffer> from_hex(std::string_view text);

enum class Base64 : std::uint8_t {
  kStandard,  // RFC 4648 section 4, padding required
  kUrl,       // RFC 4648 section 5, padding forbidden
};

[[nodiscard]] std::string to_base64(Bytes bytes, Base64 kind);

// from_base64 is strict: no blanks, no line ends, canonical trailing bits (RFC 4648 section 3.5);
// nullopt otherwise.
[[nodiscard]] std::optional<Buffer> from_base64(std::string_view text, Base64 kind);

// to_array copies a run of exactly N octets; nullopt for any other length.
template <std::size_t N>
[[nodiscard]] std::optional<std::array<std::uint8_t, N>> to_array(Bytes bytes) {
  if (bytes.size() != N) return std::nullopt;
  std::array<std::uint8_t, N> out{};
  for (std::size_t i = 0; i < N; ++i) {
    out[i] = bytes[i];
  }
  return out;
}

}  // namespace ward
