#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/reader.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/signature.h"

// Structures of TPM 2.0 (TCG, TPM 2.0 Library, Part 2: Structures), marshalled: big-endian, sizes
// before octets. Form and inverse; no cryptography but names, which are digests.
namespace ward::tpm {

// TPM_ALG_ID (Part 2, table 9): those that occur here.
namespace alg {
inline constexpr std::uint16_t kRsa = 0x0001;
inline constexpr std::uint16_t kSha1 = 0x0004;
inline constexpr std::uint16_t kAes = 0x0006;
inline constexpr std::uint16_t kSha256 = 0x000b;
inline constexpr std::uint16_t kSha384 = 0x000c;
inline constexpr std::uint16_t kSha512 = 0x000d;
inline constexpr std::uint16_t kNull = 0x0010;
inline constexpr std::uint16_t kRsassa = 0x0014;
inline constexpr std::uint16_t kRsaes = 0x0015;
inline constexpr std::uint16_t kRsapss = 0x0016;
inline constexpr std::uint16_t kOaep = 0x0017;
inline constexpr std::uint16_t kEcdsa = 0x0018;
inline constexpr std::uint16_t kEcdh = 0x0019;
inline constexpr std::uint16_t kEcdaa = 0x001a;
inline constexpr std::uint16_t kEcc = 0x0023;
inline constexpr std::uint16_t kCfb = 0x0043;
}  // namespace alg

inline constexpr std::uint32_t kGenerated = 0xff544347;  // TPM_GENERATED_VALUE (table 7)
inline constexpr std::uint16_t kAttestQuote = 0x8018;    // TPM_ST_ATTEST_QUOTE (table 19)

// Limits of Part 2, each tested at its value and one above.
inline constexpr std::size_t kMaxName = 2 + 64;  // TPM2B_NAME: algorithm and digest
inline constexpr std::size_t kMaxData = 2 + 64;  // TPM2B_DATA: sizeof(TPMT_HA)
inline constexpr std::size_t kMaxDigest = 64;
inline constexpr std::size_t kPcrSizes[] = {20, 32, 48, 64};  // octets, by bank
inline constexpr std::size_t kMaxBanks = 16;                  // HASH_COUNT
inline constexpr std::size_t kMaxSelect = 4;                  // PCR_SELECT_MAX of the reference
inline constexpr std::size_t kMinSelect = 3;      // PC Client Platform TPM Profile: 24 PCRs
inline constexpr std::size_t kMaxRsa = 1024;      // octets of a modulus or a signature
inline constexpr std::size_t kMaxParameter = 66;  // octets of a coordinate, of r and of s

// name_of is an algorithm for people: "sha256", "rsassa"; "0x1234" for one that is not listed.
[[nodiscard]] std::string name_of(std::uint16_t algorithm);

// digest_size_of is 0 for what is no hash that ward computes; SHA-1 counts.
[[nodiscard]] std::size_t digest_size_of(std::uint16_t hash);

// hash_of is nullopt for SHA-1 and for what ward does not know.
[[nodiscard]] std::optional<crypto::Hash> hash_of(std::uint16_t hash);

// digest_by hashes with any hash of digest_size_of; empty for others.
[[nodiscard]] Buffer digest_by(std::uint16_t hash, Bytes data);

// PcrSelection is TPMS_PCR_SELECTION (table 93) of one bank.
struct PcrSelection {
  std::uint16_t hash = alg::kSha256;
  Buffer select{0, 0, 0};  // a bit per PCR, the least first

  // pcrs are the numbers selected, rising.
  [[nodiscard]] std::vector<std::uint32_t> pcrs() const;

  friend bool operator==(const PcrSelection&, const PcrSelection&) = default;
};

// selection_of selects PCRs of one bank in three octets, or four where one is above 23.
[[nodiscard]] PcrSelection selection_of(std::uint16_t hash, const std::vector<std::uint32_t>& pcrs);

// selection_text is "sha256:0,1,7" or "sha1:0+sha256:0,7", as tpm2-tools write it; "none" for no
// PCR.
[[nodiscard]] std::string selection_text(const std::vector<PcrSelection>& selections);

// parse_selection is its inverse. nullopt for what is none.
[[nodiscard]] std::optional<std::vector<PcrSelection>> parse_selection(std::string_view text);

// Quote is TPMS_ATTEST (table 135) with TPMS_QUOTE_INFO (table 129).
struct Quote {
  std::uint32_t magic = kGenerated;
  std::uint16_t type = kAttestQuote;
  Buffer qualified_signer;
  Buffer extra_data;
  std::uint64_t clock = 0;  // milliseconds
  std::uint32_t reset_count = 0;
  std::uint32_t restart_count = 0;
  std::uint8_t safe = 1;
  std::uint64_t firmware_version = 0;
  std::vector<PcrSelection> pcr_select;
  Buffer pcr_digest;

  friend bool operator==(const Quote&, const Quote&) = default;
};

// parse_quote reads a TPMS_ATTEST and nothing behind it, whatever magic and type say, if the rest
// has a quote's form. kTruncated, kMalformed, kLimit; the value is the offset.
[[nodiscard]] Result<Quote> parse_quote(Bytes attest);
[[nodiscard]] Buffer write_quote(const Quote& quote);

// Signature is TPMT_SIGNATURE (table 189): RSASSA, RSAPSS or ECDSA.
struct Signature {
  std::uint16_t scheme = alg::kRsassa;
  std::uint16_t hash = alg::kSha256;
  Buffer rsa;  // RSASSA, RSAPSS
  Buffer r;    // ECDSA, as it stands: leading zeros may lack
  Buffer s;

  friend bool operator==(const Signature&, const Signature&) = default;
};

// parse_signature reads one and nothing behind it. kUnsupported for another scheme.
[[nodiscard]] Result<Signature> parse_signature(Bytes in);
[[nodiscard]] Buffer write_signature(const Signature& signature);

// TPMA_OBJECT (table 31).
namespace attribute {
inline constexpr std::uint32_t kFixedTpm = 1U << 1U;
inline constexpr std::uint32_t kFixedParent = 1U << 4U;
inline constexpr std::uint32_t kSensitiveDataOrigin = 1U << 5U;
inline constexpr std::uint32_t kUserWithAuth = 1U << 6U;
inline constexpr std::uint32_t kAdminWithPolicy = 1U << 7U;
inline constexpr std::uint32_t kNoDa = 1U << 10U;
inline constexpr std::uint32_t kRestricted = 1U << 16U;
inline constexpr std::uint32_t kDecrypt = 1U << 17U;
inline constexpr std::uint32_t kSign = 1U << 18U;
}  // namespace attribute

// kAkDemanded is what a key must be whose quotes are the TPM's own word (Part 1, 25.1), beside not
// decrypting.
inline constexpr std::uint32_t kAkDemanded = attribute::kRestricted | attribute::kSign |
                                             attribute::kFixedTpm | attribute::kFixedParent |
                                             attribute::kSensitiveDataOrigin;

// is_ak is true for the attributes of such a key.
[[nodiscard]] constexpr bool is_ak(std::uint32_t attributes) {
  return (attributes & kAkDemanded) == kAkDemanded && (attributes & attribute::kDecrypt) == 0;
}

// attributes_text lists the attributes as tpm2-tools write them: "fixedtpm|fixedparent|...".
[[nodiscard]] std::string attributes_text(std::uint32_t attributes);

// Public is TPMT_PUBLIC (table 201) of an RSA or ECC key.
struct Public {
  std::uint16_t type = alg::kRsa;
  std::uint16_t name_alg = alg::kSha256;
  std::uint32_t attributes = 0;
  Buffer auth_policy;
  std::uint16_t symmetric = alg::kNull;  // of a storage key: AES
  std::uint16_t symmetric_bits = 0;
  std::uint16_t symmetric_mode = 0;
  std::uint16_t scheme = alg::kNull;
  std::uint16_t scheme_hash = 0;   // 0 where the scheme has none
  std::uint16_t ecdaa_count = 0;   // ECDAA alone
  std::uint16_t key_bits = 2048;   // RSA
  std::uint32_t exponent = 0;      // RSA; 0 is 65537
  std::uint16_t curve = 0;         // ECC: TPM_ECC_CURVE
  std::uint16_t kdf = alg::kNull;  // ECC
  std::uint16_t kdf_hash = 0;
  Buffer modulus;  // RSA
  Buffer x;        // ECC, as they stand: leading zeros may lack
  Buffer y;

  // name is nameAlg and the digest of the whole (Part 1, section 16); empty where nameAlg is none
  // that ward computes.
  [[nodiscard]] Buffer name() const;

  // key is the public key. kMalformed, kUnsupported.
  [[nodiscard]] Result<crypto::PublicKey> key() const;

  friend bool operator==(const Public&, const Public&) = default;
};

inline constexpr std::uint16_t kCurveP256 = 3;
inline constexpr std::uint16_t kCurveP384 = 4;
inline constexpr std::uint16_t kCurveP521 = 5;

// parse_public reads a TPMT_PUBLIC and nothing behind it. kUnsupported for another type of key.
[[nodiscard]] Result<Public> parse_public(Bytes in);
[[nodiscard]] Buffer write_public(const Public& p);

// public_of makes the area of a key that has these attributes and this signature scheme.
[[nodiscard]] Public public_of(const crypto::PublicKey& key, std::uint32_t attributes,
                               std::uint16_t scheme, std::uint16_t scheme_hash);

// fixed_width writes a number big-endian in `size` octets; nullopt where it does not fit.
[[nodiscard]] std::optional<Buffer> fixed_width(Bytes number, std::size_t size);

// text_of is an error for people, with its number.
[[nodiscard]] std::string text_of(const Error& error);

// read_2b takes a size of at most `max` and so many octets (TPM2B_...).
[[nodiscard]] bool read_2b(Reader& in, std::size_t max, Bytes& out);

}  // namespace ward::tpm
