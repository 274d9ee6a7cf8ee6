#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

// The head of a sealed file (docs/formats/sealed-file.md): its form. Nothing here decrypts.
namespace ward::seal {

// Bounds, each tested at its value and one above.
inline constexpr std::size_t kMaxHeaderBytes = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxSlots = 16;
inline constexpr std::size_t kMaxPassphraseSlots = 4;
inline constexpr std::size_t kMaxNameBytes = 255;
inline constexpr std::size_t kMaxJweChars = 2048;
inline constexpr std::size_t kMaxTokenBytes = std::size_t{512} << 10U;
inline constexpr std::size_t kMaxInitDataBytes = std::size_t{64} << 10U;
inline constexpr std::size_t kMaxProvenanceInputs = 64;
inline constexpr std::uint64_t kMaxPlaintextBytes = std::uint64_t{1} << 50U;
inline constexpr std::int64_t kMaxCreatedSeconds = (std::int64_t{1} << 40U) - 1;
inline constexpr std::uint32_t kMinLogN = 14;
inline constexpr std::uint32_t kMaxLogN = 18;

inline constexpr std::string_view kSuite = "AES256_GCM_HKDF_1MB";
inline constexpr std::size_t kPrefixBytes = 12;  // magic and header_size
inline constexpr std::size_t kMacBytes = 32;
inline constexpr std::size_t kSignatureBytes = 64;

using FileId = std::array<std::uint8_t, 16>;
using Digest = std::array<std::uint8_t, 32>;
using WrappedKey = std::array<std::uint8_t, 40>;
using KeyCheck = std::array<std::uint8_t, 24>;

// ResourceSlot is opened with the key that the broker keeps as `resource`.
struct ResourceSlot {
  std::string resource;  // repository/type/tag
  WrappedKey wrapped{};
  KeyCheck check{};

  friend bool operator==(const ResourceSlot&, const ResourceSlot&) = default;
};

// PassphraseSlot is opened with a passphrase, by scrypt with N = 2^log_n, r = 8, p = 1.
struct PassphraseSlot {
  std::array<std::uint8_t, 32> salt{};
  std::uint32_t log_n = 0;
  WrappedKey wrapped{};
  KeyCheck check{};

  friend bool operator==(const PassphraseSlot&, const PassphraseSlot&) = default;
};

// RecipientSlot is opened with a P-256 private key.
struct RecipientSlot {
  std::string kid;  // RFC 7638 thumbprint, 43 characters
  std::string jwe;  // compact serialisation

  friend bool operator==(const RecipientSlot&, const RecipientSlot&) = default;
};

using Slot = std::variant<ResourceSlot, PassphraseSlot, RecipientSlot>;

// ProvenanceInput names a sealed file that the keep opened.
struct ProvenanceInput {
  std::string name;
  FileId id{};
  Digest head{};  // SHA-256 of its head

  friend bool operator==(const ProvenanceInput&, const ProvenanceInput&) = default;
};

// Provenance says where an output came from. It is worth what check_provenance says
// (seal/file/provenance.h).
struct Provenance {
  std::string token;      // EAR as JWT
  std::string init_data;  // its SHA-384 is the workload that the token names
  std::vector<ProvenanceInput> inputs;
  Digest content_mac{};

  friend bool operator==(const Provenance&, const Provenance&) = default;
};

// Workload is a keep's identity: SHA-384 of its init-data, which names the manifest.
using Workload = std::array<std::uint8_t, 48>;

// Header is the authenticated description of a sealed file.
struct Header {
  FileId id{};
  std::string name;
  std::uint64_t content_version = 0;
  std::string creator;
  UnixTime created;
  std::optional<std::uint64_t> size;  // of the plaintext
  std::vector<Slot> slots;
  Digest commitment{};
  std::optional<Provenance> provenance;

  friend bool operator==(const Header&, const Header&) = default;
};

// Head is the header as it stands in a file, with its octets.
struct Head {
  Header header;
  Buffer prefix;  // magic and header_size
  Buffer octets;  // the header's CBOR
  Digest mac{};
  std::optional<std::array<std::uint8_t, kSignatureBytes>> signature;

  // authenticated returns prefix || octets: what mac and signature are over.
  [[nodiscard]] Buffer authenticated() const;

  // bytes returns the whole head as it stands in the file.
  [[nodiscard]] Buffer bytes() const;

  // digest is SHA-256 of bytes(): what ProvenanceInput::head holds.
  [[nodiscard]] Digest digest() const;
};

// is_resource_path is true for repository/type/tag of 1 to 128 of A-Z a-z 0-9 . _ - each, where
// none is "." or "..".
[[nodiscard]] bool is_resource_path(std::string_view path);

// is_label is true for valid UTF-8 of `min` to `max` octets without control characters.
[[nodiscard]] bool is_label(std::string_view text, std::size_t min, std::size_t max);

// write_header writes the CBOR. kMalformed (kHeaderMalformed) and kLimit (kHeaderLimit) for a
// header that parse_header would refuse.
[[nodiscard]] Result<Buffer> write_header(const Header& header);

// parse_header reads the CBOR: kHeaderMalformed, kHeaderLimit, kUnsupportedVersion,
// kUnsupportedSuite, each with its code.
[[nodiscard]] Result<Header> parse_header(Bytes cbor);

// parse_prefix reads the first 12 octets and returns header_size. kNotSealed, kHeaderMalformed,
// kHeaderLimit; kTruncated for fewer octets that begin as a sealed file does.
[[nodiscard]] Result<std::uint32_t> parse_prefix(Bytes prefix);

// parse_head reads a head from the beginning of `bytes` and ignores what follows it. Errors of
// parse_prefix and parse_header, and kTruncated.
[[nodiscard]] Result<Head> parse_head(Bytes bytes);

// is_sealed is true where `bytes` begins with the magic.
[[nodiscard]] bool is_sealed(Bytes bytes);

// describe writes what the head says, as one JSON object (schema ward.sealed-file/1) and as lines
// for people. It proves nothing: only opening does.
[[nodiscard]] Result<std::string> describe_json(const Head& head);
[[nodiscard]] std::string describe_text(const Head& head);

}  // namespace ward::seal
