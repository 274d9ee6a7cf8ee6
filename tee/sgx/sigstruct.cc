#include "tee/sgx/sigstruct.h"

#include <algorithm>
#include <optional>

#include "base/writer.h"
#include "codec/der.h"
#include "crypto/bignum.h"

namespace ward::sgx {
namespace {

using crypto::SignatureAlgorithm;
using Raw = std::span<const std::uint8_t, kSigstructSize>;
using Number = std::array<std::uint8_t, kSignerKeySize>;

constexpr std::array<std::uint8_t, 16> kHeader = {6, 0, 0, 0, 0xe1, 0, 0, 0,
                                                  0, 0, 1, 0, 0,    0, 0, 0};
constexpr std::array<std::uint8_t, 16> kHeader2 = {1,    1, 0, 0, 0x60, 0, 0, 0,
                                                   0x60, 0, 0, 0, 1,    0, 0, 0};
constexpr std::uint32_t kIntel = 0x8086;
constexpr std::uint32_t kExponent = 3;

template <std::size_t N>
void copy(std::span<const std::uint8_t, N> from, std::array<std::uint8_t, N>& to) {
  std::ranges::copy(from, to.begin());
}

template <class F>
std::uint32_t number(Raw raw) {
  std::uint32_t out = 0;
  const auto octets = F::in(raw);
  for (std::size_t i = octets.size(); i > 0; --i) {
    out = (out << 8U) | octets[i - 1];
  }
  return out;
}

// What the signature covers, in two pieces: 128 octets each.
Buffer write_head(const Sigstruct& p) {
  Writer w;
  w.bytes(kHeader);
  w.u32le(p.vendor);
  w.u32le(p.date);
  w.bytes(kHeader2);
  w.u32le(p.sw_defined);
  w.zeros(sigstruct::Reserved1::kEnd - sigstruct::Reserved1::kBegin);
  return w.take();
}

Buffer write_body(const Sigstruct& p) {
  Writer w;
  w.bytes(p.misc_select);
  w.bytes(p.misc_mask);
  w.u8(p.cet_attributes);
  w.u8(p.cet_attributes_mask);
  w.zeros(2);
  w.bytes(p.isv_family_id);
  w.bytes(p.attributes);
  w.bytes(p.attribute_mask);
  w.bytes(p.enclave_hash);
  w.zeros(sigstruct::Reserved3::kEnd - sigstruct::Reserved3::kBegin);
  w.bytes(p.isv_ext_prod_id);
  w.u16le(p.isv_prod_id);
  w.u16le(p.isv_svn);
  return w.take();
}

Buffer signed_part(const Sigstruct& p) { return concat({write_head(p), write_body(p)}); }

Buffer big_endian(const Number& n) { return {n.rbegin(), n.rend()}; }

// nullopt where the magnitude is longer than the field.
std::optional<Number> little_endian(Bytes magnitude) {
  Number out{};
  if (magnitude.size() > out.size()) return std::nullopt;
  std::reverse_copy(magnitude.begin(), magnitude.end(), out.begin());
  return out;
}

struct Quotients {
  Number q1;
  Number q2;
};

std::optional<Quotients> quotients_of(const Number& signature, const Number& modulus) {
  const Buffer s = big_endian(signature);
  const Buffer m = big_endian(modulus);
  const auto square = crypto::mul_div(s, s, m);
  if (!square) return std::nullopt;
  const auto cube = crypto::mul_div(s, square->remainder, m);
  if (!cube) return std::nullopt;
  const auto q1 = little_endian(square->quotient);
  const auto q2 = little_endian(cube->quotient);
  if (!q1 || !q2) return std::nullopt;
  return Quotients{*q1, *q2};
}

// The modulus of an RSA key with the exponent 3 (RFC 8017 appendix A.1.1 within a
// SubjectPublicKeyInfo).
std::optional<Number> modulus_of(const crypto::PublicKey& key) {
  if (key.type() != crypto::KeyType::kRsa) return std::nullopt;
  const Buffer spki = key.to_spki();
  codec::DerReader top(spki);
  codec::DerReader parts{Bytes()};
  codec::DerElement algorithm;
  Bytes bits;
  if (!top.nested(codec::der_tag::kSequence, parts) ||
      !parts.element(codec::der_tag::kSequence, algorithm) || !parts.bit_string(bits)) {
    return std::nullopt;
  }
  codec::DerReader rsa(bits);
  codec::DerReader numbers{Bytes()};
  Bytes modulus;
  std::uint64_t exponent = 0;
  if (!rsa.nested(codec::der_tag::kSequence, numbers) || !numbers.integer(modulus) ||
      !numbers.small_uint(exponent) || exponent != kExponent) {
    return std::nullopt;
  }
  // A positive INTEGER with the first bit set has a zero before it.
  if (modulus.size() != kSignerKeySize + 1) return std::nullopt;
  return little_endian(modulus.subspan(1));
}

}  // namespace

Result<Sigstruct> parse_sigstruct(Bytes in) {
  if (in.size() < kSigstructSize) {
    return Error(Errc::kTruncated, "sgx.sigstruct: size, not 1808", in.size());
  }
  if (in.size() > kSigstructSize) {
    return Error(Errc::kMalformed, "sgx.sigstruct: size, not 1808", in.size());
  }
  const Raw raw = in.first<kSigstructSize>();
  if (!equal(sigstruct::Header::in(raw), kHeader) ||
      !equal(sigstruct::Header2::in(raw), kHeader2)) {
    return Error(Errc::kMalformed, "sgx.sigstruct: header");
  }
  Sigstruct out;
  out.vendor = number<sigstruct::Vendor>(raw);
  if (out.vendor != 0 && out.vendor != kIntel) {
    return Error(Errc::kMalformed, "sgx.sigstruct: vendor", out.vendor);
  }
  const std::uint32_t exponent = number<sigstruct::Exponent>(raw);
  if (exponent != kExponent) {
    return Error(Errc::kMalformed, "sgx.sigstruct: exponent, not 3", exponent);
  }
  if (!all_zero(sigstruct::Reserved1::in(raw)) || !all_zero(sigstruct::Reserved2::in(raw)) ||
      !all_zero(sigstruct::Reserved3::in(raw)) || !all_zero(sigstruct::Reserved4::in(raw))) {
    return Error(Errc::kMalformed, "sgx.sigstruct: reserved octets are not zero");
  }
  out.date = number<sigstruct::Date>(raw);
  out.sw_defined = number<sigstruct::SwDefined>(raw);
  copy(sigstruct::Modulus::in(raw), out.modulus);
  copy(sigstruct::Signature::in(raw), out.signature);
  copy(sigstruct::MiscSelect::in(raw), out.misc_select);
  copy(sigstruct::MiscMask::in(raw), out.misc_mask);
  out.cet_attributes = sigstruct::CetAttributes::in(raw)[0];
  out.cet_attributes_mask = sigstruct::CetAttributesMask::in(raw)[0];
  copy(sigstruct::IsvFamilyId::in(raw), out.isv_family_id);
  copy(sigstruct::Attributes::in(raw), out.attributes);
  copy(sigstruct::AttributeMask::in(raw), out.attribute_mask);
  copy(sigstruct::EnclaveHash::in(raw), out.enclave_hash);
  copy(sigstruct::IsvExtProdId::in(raw), out.isv_ext_prod_id);
  out.isv_prod_id = static_cast<std::uint16_t>(number<sigstruct::IsvProdId>(raw));
  out.isv_svn = static_cast<std::uint16_t>(number<sigstruct::IsvSvn>(raw));
  copy(sigstruct::Q1::in(raw), out.q1);
  copy(sigstruct::Q2::in(raw), out.q2);
  return out;
}

Buffer write_sigstruct(const Sigstruct& parts) {
  Writer w;
  w.bytes(write_head(parts));
  w.bytes(parts.modulus);
  w.u32le(kExponent);
  w.bytes(parts.signature);
  w.bytes(write_body(parts));
  w.zeros(sigstruct::Reserved4::kEnd - sigstruct::Reserved4::kBegin);
  w.bytes(parts.q1);
  w.bytes(parts.q2);
  return w.take();
}

Result<void> verify_sigstruct(const Sigstruct& parts) {
  const Error untrusted(Errc::kUntrusted, "sgx.sigstruct: signature");
  const std::array<std::uint8_t, 1> exponent = {kExponent};
  const auto key = crypto::PublicKey::from_rsa(big_endian(parts.modulus), exponent);
  if (!key || !key->verify(SignatureAlgorithm::kRsaPkcs1Sha256, signed_part(parts),
                           big_endian(parts.signature))) {
    return untrusted;
  }
  const auto quotients = quotients_of(parts.signature, parts.modulus);
  if (!quotients || quotients->q1 != parts.q1 || quotients->q2 != parts.q2) {
    return Error(Errc::kUntrusted, "sgx.sigstruct: Q1 or Q2");
  }
  return {};
}

Result<Buffer> sign_sigstruct(Sigstruct parts, const crypto::PrivateKey& key) {
  const auto modulus = modulus_of(key.public_key());
  if (!modulus) {
    return Error(Errc::kUnsupported,
                 "sgx.sigstruct: the key is not RSA of 3072 bits with exponent 3");
  }
  parts.modulus = *modulus;
  WARD_TRY(const Buffer signature,
           key.sign(SignatureAlgorithm::kRsaPkcs1Sha256, signed_part(parts)));
  const auto little = little_endian(signature);
  const auto quotients = little ? quotients_of(*little, *modulus) : std::nullopt;
  if (!quotients) return Error(Errc::kInternal, "sgx.sigstruct: signature");
  parts.signature = *little;
  parts.q1 = quotients->q1;
  parts.q2 = quotients->q2;
  return write_sigstruct(parts);
}

}  // namespace ward::sgx
