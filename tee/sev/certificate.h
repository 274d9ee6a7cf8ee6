#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/reader.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/signature.h"

// The two certificate formats of AMD SEV's first generation (AMD 55766, Secure Encrypted
// Virtualization API, revision 3.24, appendices B and C). Neither has a validity or an issuer's
// name; numbers are little-endian. Parsing decides form only.
namespace ward::sev {

// Usage is what a key is for, and names who signed.
enum class Usage : std::uint32_t {
  kArk = 0x0000,   // AMD root key
  kAsk = 0x0013,   // AMD SEV signing key
  kNone = 0x1000,  // "invalid": an empty signature
  kOca = 0x1001,   // owner certificate authority
  kPek = 0x1002,   // platform endorsement key
  kPdh = 0x1003,   // platform Diffie-Hellman key
  kCek = 0x1004,   // chip endorsement key
};

[[nodiscard]] const char* usage_name(Usage usage);  // "ARK", "PEK"

// Algorithms, as keys and signatures state them.
inline constexpr std::uint32_t kRsaSha256 = 0x001;
inline constexpr std::uint32_t kEcdsaSha256 = 0x002;
inline constexpr std::uint32_t kEcdhSha256 = 0x003;
inline constexpr std::uint32_t kRsaSha384 = 0x101;
inline constexpr std::uint32_t kEcdsaSha384 = 0x102;
inline constexpr std::uint32_t kEcdhSha384 = 0x103;

inline constexpr std::size_t kNumberSlot = 72;  // octets of a coordinate, of R and of S
inline constexpr std::size_t kEcdsaSize = 2 * kNumberSlot;

// A SEV certificate: OCA, PEK, PDH, CEK (appendix C).
inline constexpr std::size_t kCertificateSize = 2084;
inline constexpr std::size_t kPublicKeySize = 1028;
inline constexpr std::size_t kSignatureSize = 512;

namespace certificate {
using Version = Field<0x000, 4>;
using ApiMajor = Field<0x004, 1>;
using ApiMinor = Field<0x005, 1>;
using Reserved = Field<0x006, 2>;
using PubkeyUsage = Field<0x008, 4>;
using PubkeyAlgo = Field<0x00c, 4>;
using Pubkey = Field<0x010, kPublicKeySize>;
using Sig1Usage = Field<0x414, 4>;
using Sig1Algo = Field<0x418, 4>;
using Sig1 = Field<0x41c, kSignatureSize>;
using Sig2Usage = Field<0x61c, 4>;
using Sig2Algo = Field<0x620, 4>;
using Sig2 = Field<0x624, kSignatureSize>;
static_assert(covers<Version, ApiMajor, ApiMinor, Reserved, PubkeyUsage, PubkeyAlgo, Pubkey,
                     Sig1Usage, Sig1Algo, Sig1, Sig2Usage, Sig2Algo, Sig2>(kCertificateSize));
}  // namespace certificate

// Signature is one of a certificate's two, as it stands: ECDSA R and S in kNumberSlot octets each,
// or an RSA number; zeros behind.
struct Signature {
  Usage signer = Usage::kNone;
  std::uint32_t algorithm = 0;
  std::array<std::uint8_t, kSignatureSize> octets{};
};

// PlatformParts is what a SEV certificate is written from.
struct PlatformParts {
  std::uint8_t api_major = 0;  // of the firmware that wrote it
  std::uint8_t api_minor = 0;
  Usage usage = Usage::kNone;
  std::uint32_t algorithm = 0;
  std::array<std::uint8_t, kPublicKeySize> public_key{};  // curve, QX, QY, zeros
  std::array<Signature, 2> signatures{};
};

// CaParts is what a certificate of AMD's own keys, ASK and ARK, is written from (appendix B).
// Exponent, modulus and signature have the modulus's size. AMD publishes the ARK of Naples without
// its signature, which then is empty.
struct CaParts {
  std::array<std::uint8_t, 16> key_id{};
  std::array<std::uint8_t, 16> certifying_id{};  // the key id of who signed
  Usage usage = Usage::kNone;
  Buffer exponent;   // little-endian, of the modulus's size
  Buffer modulus;    // little-endian
  Buffer signature;  // little-endian
};

// Certificate is either, with its key.
struct Certificate {
  std::variant<PlatformParts, CaParts> parts;
  Usage usage = Usage::kNone;
  Buffer raw;
  std::size_t signed_size = 0;  // its first octets, which signatures cover
  crypto::PublicKey key;
  Buffer spki;  // the key as a DER SubjectPublicKeyInfo: what roots are pinned by
  crypto::Sha256Digest spki_sha256{};
  crypto::Sha256Digest digest{};  // of `raw`

  [[nodiscard]] Bytes signed_part() const { return Bytes(raw).first(signed_size); }

  [[nodiscard]] const PlatformParts* platform() const { return std::get_if<PlatformParts>(&parts); }

  [[nodiscard]] const CaParts* ca() const { return std::get_if<CaParts>(&parts); }
};

// take_certificate reads the certificate that `in` begins with and takes it off `in`. kTruncated;
// kMalformed for another version, for reserved or unused octets that are not zero, for a key that
// is none, for an algorithm that is not the usage's; kUnsupported for an unknown usage, curve or
// RSA size (2048 and 4096 bits are known). An ARK without a signature stands at the end alone.
[[nodiscard]] Result<Certificate> take_certificate(Bytes& in);

// parse_certificates reads at most kMaxCertificates of them, one behind the other, and nothing
// else.
inline constexpr std::size_t kMaxCertificates = 64;
[[nodiscard]] Result<std::vector<Certificate>> parse_certificates(Bytes in);

// write_certificate and write_ca are the inverses.
[[nodiscard]] Buffer write_certificate(const PlatformParts& parts);
[[nodiscard]] Buffer write_ca(const CaParts& parts);
[[nodiscard]] Buffer write(const std::variant<PlatformParts, CaParts>& parts);

// write_ec_key writes the key as PlatformParts::public_key has it; `key` is on P-256 or P-384.
[[nodiscard]] std::array<std::uint8_t, kPublicKeySize> write_ec_key(const crypto::PublicKey& key);

// ecdsa_algorithm is what `stated` means under a key of this type; nullopt where the two do not
// belong together. rsa_algorithm is what a key of so many octets signs with.
[[nodiscard]] std::optional<crypto::SignatureAlgorithm> ecdsa_algorithm(std::uint32_t stated,
                                                                        crypto::KeyType type);
[[nodiscard]] crypto::SignatureAlgorithm rsa_algorithm(std::size_t modulus_octets);

// read_rs is R || S, big-endian, `size` octets each; nullopt where a slot holds more.
[[nodiscard]] std::optional<Buffer> read_rs(Bytes slots, std::size_t size);

// write_rs is its inverse: kEcdsaSize octets of `big_endian`.
[[nodiscard]] Buffer write_rs(Bytes big_endian);

// Where the signature by a key of `signer`'s usage stands in `raw`, its algorithm and how it looks
// to verifiers elsewhere.
struct SignaturePlace {
  std::size_t offset = 0;
  std::size_t size = 0;
  crypto::SignatureAlgorithm algorithm{};
};

// signature_of finds the signature that states to be of a key of `signer`'s usage and fits its key;
// nullopt where there is none.
[[nodiscard]] std::optional<SignaturePlace> signature_of(const Certificate& subject,
                                                         const Certificate& signer);

// signed_by is true where that signature is right.
[[nodiscard]] bool signed_by(const Certificate& subject, const Certificate& signer);

// reversed is a number in the other order of octets.
[[nodiscard]] Buffer reversed(Bytes octets);

}  // namespace ward::sev
