#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

namespace ward::crypto {

// hkdf derives `size` octets by HKDF (RFC 5869), extract and expand. kLimit for more than 255 times
// the hash's size, and for none.
[[nodiscard]] Result<SecretBytes> hkdf(Hash hash, Bytes ikm, Bytes salt, Bytes info,
                                       std::size_t size);

// hkdf_extract gives the pseudorandom key, of the hash's size (section 2.2).
[[nodiscard]] SecretBytes hkdf_extract(Hash hash, Bytes salt, Bytes ikm);

// hkdf_expand derives from a pseudorandom key (section 2.3). kLimit as hkdf; kMalformed for a `prk`
// shorter than the hash.
[[nodiscard]] Result<SecretBytes> hkdf_expand(Hash hash, Bytes prk, Bytes info, std::size_t size);

// Fills `out` by HKDF; `out` must be within hkdf's limit.
void hkdf_into(Hash hash, Bytes ikm, Bytes salt, Bytes info, std::span<std::uint8_t> out);

// hkdf derives a key whose size is known when compiling; it cannot fail.
template <std::size_t N>
[[nodiscard]] Secret<N> hkdf(Hash hash, Bytes ikm, Bytes salt, Bytes info) {
  static_assert(N > 0 && N <= std::size_t{255} * 32);
  Secret<N> out;
  hkdf_into(hash, ikm, salt, info, out.expose_mut());
  return out;
}

// Cost of scrypt (RFC 7914 section 2): about 128 * n * r octets of memory, p times the work.
struct ScryptCost {
  std::uint64_t n = 1U << 15U;  // a power of two above 1
  std::uint32_t r = 8;
  std::uint32_t p = 1;
};

// No ScryptCost may ask for more, whatever the file that carries it says.
inline constexpr std::uint64_t kScryptMaxMemoryBytes = std::uint64_t{256} << 20U;
inline constexpr std::uint32_t kScryptMaxR = 32;
inline constexpr std::uint32_t kScryptMaxP = 16;
inline constexpr std::size_t kScryptMaxOutput = 1024;

// scrypt derives `size` octets from a password. kMalformed for an n that is no power of two above 1
// or an r, p or size of 0; kLimit above the limits or where 128 * n * r is above
// `max_memory_bytes`, which counts only below kScryptMaxMemoryBytes.
[[nodiscard]] Result<SecretBytes> scrypt(Bytes password, Bytes salt, const ScryptCost& cost,
                                         std::size_t size,
                                         std::uint64_t max_memory_bytes = kScryptMaxMemoryBytes);

// What the Concat KDF of JOSE binds (RFC 7518 section 4.6.2).
struct ConcatKdfInfo {
  Bytes algorithm_id;  // "ECDH-ES+A256KW", or the `enc` value in direct agreement
  Bytes party_u;       // the `apu` value, decoded; may be empty
  Bytes party_v;
};

inline constexpr std::size_t kConcatKdfMaxOutput = 128;

// concat_kdf derives `size` octets from the shared secret `z` by the single-step KDF of NIST SP
// 800-56A with SHA-256. kLimit for more than kConcatKdfMaxOutput octets, and for none.
[[nodiscard]] Result<SecretBytes> concat_kdf(Bytes z, const ConcatKdfInfo& info, std::size_t size);

// single_step_kdf derives `size` octets by the single-step KDF of NIST SP 800-56C section 4.1 with
// a hash: of counter, `z` and `info`. What concat_kdf is, and KDFe of TPM 2.0 Library, Part
// 1, 11.4.10.3. kLimit for more than kConcatKdfMaxOutput octets, and for none.
[[nodiscard]] Result<SecretBytes> single_step_kdf(Hash hash, Bytes z, Bytes info, std::size_t size);

// counter_kdf derives `size` octets by the KDF in counter mode of NIST SP 800-108 with HMAC: of a
// counter of 32 bits before `label`, an octet of zero, `context`, and the size in bits. KDFa of TPM
// 2.0 Library, Part 1, 11.4.10.2, whose label ends by that octet. kMalformed for an empty key;
// kLimit as single_step_kdf.
[[nodiscard]] Result<SecretBytes> counter_kdf(Hash hash, Bytes key, Bytes label, Bytes context,
                                              std::size_t size);

}  // namespace ward::crypto
