#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/reader.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/sign.h"

// SIGSTRUCT: who signed an enclave, and what it may be (Intel SDM volume 3D, 38.13; EINIT).
namespace ward::sgx {

inline constexpr std::size_t kSigstructSize = 1808;
inline constexpr std::size_t kSignerKeySize = 384;  // RSA-3072, exponent 3

namespace sigstruct {
using Header = Field<0, 16>;
using Vendor = Field<16, 4>;
using Date = Field<20, 4>;
using Header2 = Field<24, 16>;
using SwDefined = Field<40, 4>;
using Reserved1 = Field<44, 84>;
using Modulus = Field<128, kSignerKeySize>;  // little-endian, as all its numbers
using Exponent = Field<512, 4>;
using Signature = Field<516, kSignerKeySize>;
using MiscSelect = Field<900, 4>;
using MiscMask = Field<904, 4>;
using CetAttributes = Field<908, 1>;
using CetAttributesMask = Field<909, 1>;
using Reserved2 = Field<910, 2>;
using IsvFamilyId = Field<912, 16>;
using Attributes = Field<928, 16>;
using AttributeMask = Field<944, 16>;
using EnclaveHash = Field<960, 32>;
using Reserved3 = Field<992, 16>;
using IsvExtProdId = Field<1008, 16>;
using IsvProdId = Field<1024, 2>;
using IsvSvn = Field<1026, 2>;
using Reserved4 = Field<1028, 12>;
using Q1 = Field<1040, kSignerKeySize>;  // floor(signature^2 / modulus)
using Q2 = Field<1424, kSignerKeySize>;  // floor(signature * (signature^2 mod modulus) / modulus)
static_assert(covers<Header, Vendor, Date, Header2, SwDefined, Reserved1, Modulus, Exponent,
                     Signature, MiscSelect, MiscMask, CetAttributes, CetAttributesMask, Reserved2,
                     IsvFamilyId, Attributes, AttributeMask, EnclaveHash, Reserved3, IsvExtProdId,
                     IsvProdId, IsvSvn, Reserved4, Q1, Q2>(kSigstructSize));
}  // namespace sigstruct

// Sigstruct is one taken apart.
struct Sigstruct {
  std::uint32_t vendor = 0;  // 8086h: Intel
  std::uint32_t date = 0;    // yyyymmdd, a decimal digit in four bits; nobody checks it
  std::uint32_t sw_defined = 0;
  std::array<std::uint8_t, 4> misc_select{};
  std::array<std::uint8_t, 4> misc_mask{};
  std::uint8_t cet_attributes = 0;
  std::uint8_t cet_attributes_mask = 0;
  std::array<std::uint8_t, 16> isv_family_id{};
  std::array<std::uint8_t, 16> attributes{};
  std::array<std::uint8_t, 16> attribute_mask{};
  std::array<std::uint8_t, 32> enclave_hash{};  // MRENCLAVE
  std::array<std::uint8_t, 16> isv_ext_prod_id{};
  std::uint16_t isv_prod_id = 0;
  std::uint16_t isv_svn = 0;
  std::array<std::uint8_t, kSignerKeySize> modulus{};
  std::array<std::uint8_t, kSignerKeySize> signature{};
  std::array<std::uint8_t, kSignerKeySize> q1{};
  std::array<std::uint8_t, kSignerKeySize> q2{};

  // mr_signer is SHA-256 of the modulus as it stands.
  [[nodiscard]] crypto::Sha256Digest mr_signer() const { return crypto::sha256(modulus); }
};

// parse_sigstruct reads one of exactly kSigstructSize octets, as strictly as EINIT: kTruncated,
// kMalformed for another size, headers, vendor, exponent, or reserved octets that are not zero.
// Nothing is verified.
[[nodiscard]] Result<Sigstruct> parse_sigstruct(Bytes in);

// write_sigstruct is its inverse.
[[nodiscard]] Buffer write_sigstruct(const Sigstruct& parts);

// verify_sigstruct checks what EINIT does of the signature: RSA-3072 with PKCS #1 v1.5 and SHA-256,
// Q1 and Q2. kUntrusted where one of them is wrong.
[[nodiscard]] Result<void> verify_sigstruct(const Sigstruct& parts);

// sign_sigstruct signs `parts` (modulus, signature, Q1 and Q2 are set) with an RSA key of 3072 bits
// and exponent 3 (PrivateKey::generate_rsa(3072, 3)), and writes it. kUnsupported for another key.
[[nodiscard]] Result<Buffer> sign_sigstruct(Sigstruct parts, const crypto::PrivateKey& key);

}  // namespace ward::sgx
