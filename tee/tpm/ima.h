#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

// The measurement list of Linux's IMA (Documentation/security/IMA-templates.rst; ima_fs.c), in the
// kernel's two forms: ascii_runtime_measurements and binary_runtime_measurements. Form and replay.
namespace ward::tpm {

// Limits, each tested at its value and one above.
inline constexpr std::size_t kMaxImaBytes = 8U << 20U;
inline constexpr std::size_t kMaxImaEntries = 1U << 16U;
inline constexpr std::size_t kMaxImaField = 64U << 10U;  // octets of one entry's data

// ImaEntry is one entry, as the kernel hashed it.
struct ImaEntry {
  std::uint32_t pcr = 10;
  Buffer template_digest;      // SHA-1, as logged; zeros say a violation
  std::string template_name;   // "ima-ng", "ima-sig", "ima-buf" or "ima"
  std::vector<Buffer> fields;  // d-ng, n-ng, sig or buf; of "ima" the digest and the name

  // data is what the template digest is of: each field behind its size, little-endian; of "ima" the
  // digest and the name filled up to 256 octets.
  [[nodiscard]] Buffer data() const;

  [[nodiscard]] bool is_violation() const;

  // path is the name that the entry gives; digest_text is "sha256:<hex>", of "ima" "sha1:<hex>".
  [[nodiscard]] std::string path() const;
  [[nodiscard]] std::string digest_text() const;

  friend bool operator==(const ImaEntry&, const ImaEntry&) = default;
};

// is_ima_log is true for what begins as a list in either form.
[[nodiscard]] bool is_ima_log(Bytes in);

// parse_ima_log reads a whole list. kMalformed, kTruncated, kLimit, kUnsupported for another
// template; the value is the entry's number.
[[nodiscard]] Result<std::vector<ImaEntry>> parse_ima_log(Bytes in);

// Inverses.
[[nodiscard]] Buffer write_ima_binary(const std::vector<ImaEntry>& entries);
[[nodiscard]] std::string write_ima_ascii(const std::vector<ImaEntry>& entries);

// wrong_digest is the number of the first entry whose template digest is not that of its data;
// nullopt where all are right. A violation's is zeros.
[[nodiscard]] std::optional<std::size_t> wrong_digest(const std::vector<ImaEntry>& entries);

// ImaReplay says how much of a list a PCR's value shows.
struct ImaReplay {
  std::size_t believed = 0;  // entries, of any PCR, up to the one that gives the value
  bool matches = false;
  bool sha1 = false;  // by SHA-1 alone: the bank's own hash, or filled up in another bank
  Buffer last;        // the value that all entries of this PCR give
};

// replay_ima looks for the beginning of the list that gives `value` in PCR `pcr` of the bank of
// `hash` (TPM_ALG_ID): by the digest of each entry's data in the bank's own hash (Linux 5.8 on), or
// by its SHA-1 filled up with zeros (before). The longest one counts.
[[nodiscard]] ImaReplay replay_ima(const std::vector<ImaEntry>& entries, std::uint16_t hash,
                                   std::uint32_t pcr, Bytes value);

}  // namespace ward::tpm
