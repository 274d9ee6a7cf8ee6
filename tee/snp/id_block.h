#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/reader.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/sign.h"

// Who signed a guest's launch: what SNP_LAUNCH_FINISH takes (AMD 56860, ID Block and ID
// Authentication Information Structures).
namespace ward::snp {

inline constexpr std::size_t kIdBlockSize = 96;
inline constexpr std::size_t kIdAuthSize = 4096;
inline constexpr std::size_t kIdPublicKeySize = 1028;  // ECDSA public key as the firmware reads it
inline constexpr std::size_t kIdSignatureSize = 512;

namespace id_block {
using Ld = Field<0, 48>;  // MEASUREMENT
using FamilyId = Field<48, 16>;
using ImageId = Field<64, 16>;
using Version = Field<80, 4>;
using GuestSvn = Field<84, 4>;
using Policy = Field<88, 8>;
static_assert(covers<Ld, FamilyId, ImageId, Version, GuestSvn, Policy>(kIdBlockSize));
}  // namespace id_block

namespace id_auth {
using IdKeyAlgo = Field<0, 4>;  // 1: ECDSA P-384 with SHA-384
using AuthKeyAlgo = Field<4, 4>;
using Reserved1 = Field<8, 56>;
using IdBlockSig = Field<64, kIdSignatureSize>;
using IdKey = Field<576, kIdPublicKeySize>;
using Reserved2 = Field<1604, 60>;
using IdKeySig = Field<1664, kIdSignatureSize>;
using AuthorKey = Field<2176, kIdPublicKeySize>;
using Reserved3 = Field<3204, 892>;
static_assert(covers<IdKeyAlgo, AuthKeyAlgo, Reserved1, IdBlockSig, IdKey, Reserved2, IdKeySig,
                     AuthorKey, Reserved3>(kIdAuthSize));
}  // namespace id_auth

// IdBlock says what a guest must be, and what its report then says of it.
struct IdBlock {
  std::array<std::uint8_t, 48> launch_digest{};
  std::array<std::uint8_t, 16> family_id{};
  std::array<std::uint8_t, 16> image_id{};
  std::uint32_t guest_svn = 0;
  std::uint64_t policy = 0;
};

// IdAuth is who signed it: the ID key the block, the author key, where there is one, the ID key.
// Keys and signatures as they stand.
struct IdAuth {
  bool has_author = false;
  std::array<std::uint8_t, kIdSignatureSize> id_block_signature{};
  std::array<std::uint8_t, kIdPublicKeySize> id_key{};
  std::array<std::uint8_t, kIdSignatureSize> id_key_signature{};
  std::array<std::uint8_t, kIdPublicKeySize> author_key{};

  // The digests that a report carries: SHA-384 of the key as it stands; zero for no author key.
  [[nodiscard]] crypto::Sha384Digest id_key_digest() const;
  [[nodiscard]] crypto::Sha384Digest author_key_digest() const;
};

// parse_id_block and parse_id_auth read octets of exactly their sizes: kTruncated or kMalformed for
// another; kUnsupported for another version or algorithm; kMalformed where reserved octets are not
// zero, a key or a signature has not the form of P-384, or there is a part of an author without the
// algorithm. Nothing is verified.
[[nodiscard]] Result<IdBlock> parse_id_block(Bytes in);
[[nodiscard]] Result<IdAuth> parse_id_auth(Bytes in);

// write_id_block and write_id_auth are their inverses.
[[nodiscard]] Buffer write_id_block(const IdBlock& block);
[[nodiscard]] Buffer write_id_auth(const IdAuth& auth);

// verify_id_block checks both signatures. kUntrusted where one is wrong.
[[nodiscard]] Result<void> verify_id_block(const IdBlock& block, const IdAuth& auth);

// sign_id_block signs with P-384 keys; `author_key` may be nullptr. kUnsupported for other keys.
[[nodiscard]] Result<IdAuth> sign_id_block(const IdBlock& block, const crypto::PrivateKey& id_key,
                                           const crypto::PrivateKey* author_key);

}  // namespace ward::snp
