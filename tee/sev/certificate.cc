#include "tee/sev/certificate.h"

#include <algorithm>

#include "attest/field_table.h"
#include "base/writer.h"

namespace ward::sev {
namespace {

using crypto::KeyType;
using crypto::PublicKey;
using crypto::SignatureAlgorithm;

constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kCurveP256 = 1;
constexpr std::uint32_t kCurveP384 = 2;
constexpr std::size_t kCurveSize = 4;  // octets of the field that names the curve
constexpr std::size_t kSmallModulus = 256;
constexpr std::size_t kLargeModulus = 512;

using Raw = std::span<const std::uint8_t, kCertificateSize>;

template <class F>
std::uint32_t number(Raw raw) {
  return static_cast<std::uint32_t>(attest::little_endian(F::in(raw)));
}

std::size_t field_size(KeyType type) { return type == KeyType::kP256 ? 32 : 48; }

bool is_ecdsa(std::uint32_t algorithm) {
  return algorithm == kEcdsaSha256 || algorithm == kEcdsaSha384;
}

bool is_rsa(std::uint32_t algorithm) { return algorithm == kRsaSha256 || algorithm == kRsaSha384; }

bool is_ecdh(std::uint32_t algorithm) {
  return algorithm == kEcdhSha256 || algorithm == kEcdhSha384;
}

bool is_platform_usage(std::uint32_t usage) {
  return usage >= static_cast<std::uint32_t>(Usage::kOca) &&
         usage <= static_cast<std::uint32_t>(Usage::kCek);
}

Result<PublicKey> read_ec_key(Bytes octets) {
  const std::uint64_t curve = attest::little_endian(octets.first(kCurveSize));
  if (curve != kCurveP256 && curve != kCurveP384) {
    return Error(Errc::kUnsupported, "sev.certificate: curve", curve);
  }
  const KeyType type = curve == kCurveP256 ? KeyType::kP256 : KeyType::kP384;
  const auto xy = read_rs(octets.subspan(kCurveSize, kEcdsaSize), field_size(type));
  if (!xy || !all_zero(octets.subspan(kCurveSize + kEcdsaSize))) {
    return Error(Errc::kMalformed, "sev.certificate: octets behind a coordinate");
  }
  return PublicKey::from_ec_xy(type, *xy);
}

// An empty signature has nothing in it; another states a signer and an algorithm that there are.
Result<Signature> read_signature(std::uint32_t usage, std::uint32_t algorithm, Bytes octets) {
  Signature out;
  std::ranges::copy(octets, out.octets.begin());
  out.algorithm = algorithm;
  if (usage == static_cast<std::uint32_t>(Usage::kNone)) {
    if (algorithm != 0 || !all_zero(octets)) {
      return Error(Errc::kMalformed, "sev.certificate: an empty signature is not empty");
    }
    return out;
  }
  const bool of_amd = usage == static_cast<std::uint32_t>(Usage::kAsk) ||
                      usage == static_cast<std::uint32_t>(Usage::kArk);
  if (!of_amd && !is_platform_usage(usage)) {
    return Error(Errc::kUnsupported, "sev.certificate: signer", usage);
  }
  if (of_amd ? !is_rsa(algorithm) : !is_ecdsa(algorithm)) {
    return Error(Errc::kMalformed, "sev.certificate: signature algorithm", algorithm);
  }
  if (!of_amd && !all_zero(octets.subspan(kEcdsaSize))) {
    return Error(Errc::kMalformed, "sev.certificate: octets behind a signature");
  }
  out.signer = static_cast<Usage>(usage);
  return out;
}

Certificate finished(std::variant<PlatformParts, CaParts> parts, Bytes raw, std::size_t signed_size,
                     PublicKey key) {
  Buffer spki = key.to_spki();
  const crypto::Sha256Digest pin = crypto::sha256(spki);
  const Usage usage = std::visit([](const auto& p) { return p.usage; }, parts);
  return {.parts = std::move(parts),
          .usage = usage,
          .raw = to_buffer(raw),
          .signed_size = signed_size,
          .key = std::move(key),
          .spki = std::move(spki),
          .spki_sha256 = pin,
          .digest = crypto::sha256(raw)};
}

Result<Certificate> read_platform(Raw raw) {
  using namespace certificate;  // NOLINT(google-build-using-namespace): the record's fields
  PlatformParts parts;
  parts.api_major = raw[ApiMajor::kBegin];
  parts.api_minor = raw[ApiMinor::kBegin];
  parts.usage = static_cast<Usage>(number<PubkeyUsage>(raw));
  parts.algorithm = number<PubkeyAlgo>(raw);
  if (number<Version>(raw) != kVersion || !all_zero(Reserved::in(raw))) {
    return Error(Errc::kMalformed, "sev.certificate: version or reserved octets");
  }
  const bool fits =
      parts.usage == Usage::kPdh ? is_ecdh(parts.algorithm) : is_ecdsa(parts.algorithm);
  if (!fits) return Error(Errc::kMalformed, "sev.certificate: key algorithm", parts.algorithm);
  std::ranges::copy(Pubkey::in(raw), parts.public_key.begin());
  WARD_TRY(PublicKey key, read_ec_key(parts.public_key));
  WARD_TRY(parts.signatures[0],
           read_signature(number<Sig1Usage>(raw), number<Sig1Algo>(raw), Sig1::in(raw)));
  WARD_TRY(parts.signatures[1],
           read_signature(number<Sig2Usage>(raw), number<Sig2Algo>(raw), Sig2::in(raw)));
  return finished(parts, raw, Sig1Usage::kBegin, std::move(key));
}

Buffer without_leading_zeros(Buffer number) {
  number.erase(number.begin(), std::ranges::find_if(number, [](auto octet) { return octet != 0; }));
  return number;
}

// Takes an ASK or an ARK off `in`.
Result<Certificate> take_ca(Bytes& in) {
  Reader r(in);
  CaParts parts;
  std::uint32_t version = 0;
  std::uint32_t usage = 0;
  Bytes reserved;
  std::uint32_t exponent_bits = 0;
  std::uint32_t modulus_bits = 0;
  if (!r.u32le(version) || !r.array(parts.key_id) || !r.array(parts.certifying_id) ||
      !r.u32le(usage) || !r.bytes(16, reserved) || !r.u32le(exponent_bits) ||
      !r.u32le(modulus_bits)) {
    return Error(Errc::kTruncated, "sev.certificate: size", in.size());
  }
  if (version != kVersion || !all_zero(reserved)) {
    return Error(Errc::kMalformed, "sev.certificate: version or reserved octets");
  }
  parts.usage = static_cast<Usage>(usage);
  if (parts.usage != Usage::kArk && parts.usage != Usage::kAsk) {
    return Error(Errc::kUnsupported, "sev.certificate: usage", usage);
  }
  const std::size_t size = modulus_bits / 8;
  if ((modulus_bits != 8 * kSmallModulus && modulus_bits != 8 * kLargeModulus) ||
      exponent_bits != modulus_bits) {
    return Error(Errc::kUnsupported, "sev.certificate: RSA size", modulus_bits);
  }
  Bytes exponent;
  Bytes modulus;
  Bytes signature;
  if (!r.bytes(size, exponent) || !r.bytes(size, modulus)) {
    return Error(Errc::kTruncated, "sev.certificate: size", in.size());
  }
  const std::size_t signed_size = r.offset();
  const bool unsigned_root = parts.usage == Usage::kArk && r.empty();
  if (!unsigned_root && !r.bytes(size, signature)) {
    return Error(Errc::kTruncated, "sev.certificate: size", in.size());
  }
  parts.exponent = to_buffer(exponent);
  parts.modulus = to_buffer(modulus);
  parts.signature = to_buffer(signature);
  WARD_TRY(PublicKey key,
           PublicKey::from_rsa(reversed(modulus), without_leading_zeros(reversed(exponent))));
  const Bytes raw = in.first(r.offset());
  in = in.subspan(r.offset());
  return finished(std::move(parts), raw, signed_size, std::move(key));
}

bool all_zero_signature(const CaParts& parts) { return all_zero(parts.signature); }

// The signature of one of AMD's own certificates says neither signer nor algorithm.
std::optional<SignaturePlace> ca_signature(const Certificate& subject, const CaParts& parts,
                                           const Certificate& signer) {
  const CaParts* const by = signer.ca();
  if (by == nullptr || signer.usage != Usage::kArk || all_zero_signature(parts) ||
      parts.signature.size() != by->modulus.size()) {
    return std::nullopt;
  }
  return SignaturePlace{subject.signed_size, parts.signature.size(),
                        rsa_algorithm(by->modulus.size())};
}

std::optional<SignaturePlace> platform_signature(const PlatformParts& parts,
                                                 const Certificate& signer) {
  constexpr std::size_t kPlaces[] = {certificate::Sig1::kBegin, certificate::Sig2::kBegin};
  for (std::size_t i = 0; i < parts.signatures.size(); ++i) {
    const Signature& signature = parts.signatures[i];
    if (signature.signer != signer.usage || signature.signer == Usage::kNone) continue;
    if (const CaParts* const by = signer.ca()) {
      const std::size_t size = by->modulus.size();
      const std::uint32_t stated = size == kSmallModulus ? kRsaSha256 : kRsaSha384;
      if (signature.algorithm != stated || !all_zero(Bytes(signature.octets).subspan(size))) {
        return std::nullopt;
      }
      return SignaturePlace{kPlaces[i], size, rsa_algorithm(size)};
    }
    const auto algorithm = ecdsa_algorithm(signature.algorithm, signer.key.type());
    if (!algorithm) return std::nullopt;
    return SignaturePlace{kPlaces[i], kEcdsaSize, *algorithm};
  }
  return std::nullopt;
}

}  // namespace

const char* usage_name(Usage usage) {
  switch (usage) {
    case Usage::kArk:
      return "ARK";
    case Usage::kAsk:
      return "ASK";
    case Usage::kOca:
      return "OCA";
    case Usage::kPek:
      return "PEK";
    case Usage::kPdh:
      return "PDH";
    case Usage::kCek:
      return "CEK";
    case Usage::kNone:
      break;
  }
  return "none";
}

Result<Certificate> take_certificate(Bytes& in) {
  using namespace certificate;  // NOLINT(google-build-using-namespace): the record's fields
  // A CA certificate has a key's id where the other has its usage and algorithm.
  const bool platform =
      in.size() >= Pubkey::kBegin &&
      is_platform_usage(static_cast<std::uint32_t>(attest::little_endian(
          in.subspan(PubkeyUsage::kBegin, PubkeyAlgo::kBegin - PubkeyUsage::kBegin))));
  if (!platform) return take_ca(in);
  if (in.size() < kCertificateSize) {
    return Error(Errc::kTruncated, "sev.certificate: size", in.size());
  }
  auto out = read_platform(in.first<kCertificateSize>());
  if (out) in = in.subspan(kCertificateSize);
  return out;
}

Result<std::vector<Certificate>> parse_certificates(Bytes in) {
  std::vector<Certificate> out;
  do {
    if (out.size() == kMaxCertificates) {
      return Error(Errc::kLimit, "sev.certificate: number of certificates", out.size());
    }
    WARD_TRY(Certificate next, take_certificate(in));
    out.push_back(std::move(next));
  } while (!in.empty());
  return out;
}

Buffer write_certificate(const PlatformParts& parts) {
  Writer w;
  w.u32le(kVersion);
  w.u8(parts.api_major);
  w.u8(parts.api_minor);
  w.zeros(2);
  w.u32le(static_cast<std::uint32_t>(parts.usage));
  w.u32le(parts.algorithm);
  w.bytes(parts.public_key);
  for (const Signature& signature : parts.signatures) {
    w.u32le(static_cast<std::uint32_t>(signature.signer));
    w.u32le(signature.algorithm);
    w.bytes(signature.octets);
  }
  return w.take();
}

Buffer write_ca(const CaParts& parts) {
  Writer w;
  w.u32le(kVersion);
  w.bytes(parts.key_id);
  w.bytes(parts.certifying_id);
  w.u32le(static_cast<std::uint32_t>(parts.usage));
  w.zeros(16);
  w.u32le(static_cast<std::uint32_t>(8 * parts.exponent.size()));
  w.u32le(static_cast<std::uint32_t>(8 * parts.modulus.size()));
  w.bytes(parts.exponent);
  w.bytes(parts.modulus);
  w.bytes(parts.signature);
  return w.take();
}

Buffer write(const std::variant<PlatformParts, CaParts>& parts) {
  const auto* const platform = std::get_if<PlatformParts>(&parts);
  return platform != nullptr ? write_certificate(*platform) : write_ca(std::get<CaParts>(parts));
}

std::array<std::uint8_t, kPublicKeySize> write_ec_key(const PublicKey& key) {
  std::array<std::uint8_t, kPublicKeySize> out{};
  out[0] = key.type() == KeyType::kP256 ? kCurveP256 : kCurveP384;
  std::ranges::copy(write_rs(key.to_ec_xy()), out.begin() + kCurveSize);
  return out;
}

std::optional<SignatureAlgorithm> ecdsa_algorithm(std::uint32_t stated, KeyType type) {
  if (stated == kEcdsaSha256 && type == KeyType::kP256) return SignatureAlgorithm::kEcdsaP256Sha256;
  if (stated == kEcdsaSha256 && type == KeyType::kP384) return SignatureAlgorithm::kEcdsaP384Sha256;
  if (stated == kEcdsaSha384 && type == KeyType::kP384) return SignatureAlgorithm::kEcdsaP384Sha384;
  return std::nullopt;
}

SignatureAlgorithm rsa_algorithm(std::size_t modulus_octets) {
  return modulus_octets == kSmallModulus ? SignatureAlgorithm::kRsaPssSha256
                                         : SignatureAlgorithm::kRsaPssSha384;
}

std::optional<Buffer> read_rs(Bytes slots, std::size_t size) {
  const Bytes first = slots.first(kNumberSlot);
  const Bytes second = slots.subspan(kNumberSlot, kNumberSlot);
  if (!all_zero(first.subspan(size)) || !all_zero(second.subspan(size))) return std::nullopt;
  return concat({reversed(first.first(size)), reversed(second.first(size))});
}

Buffer write_rs(Bytes big_endian) {
  const std::size_t size = big_endian.size() / 2;
  Buffer out(kEcdsaSize);
  std::ranges::copy(reversed(big_endian.first(size)), out.begin());
  std::ranges::copy(reversed(big_endian.subspan(size)), out.begin() + kNumberSlot);
  return out;
}

std::optional<SignaturePlace> signature_of(const Certificate& subject, const Certificate& signer) {
  if (const CaParts* const ca = subject.ca()) return ca_signature(subject, *ca, signer);
  return platform_signature(std::get<PlatformParts>(subject.parts), signer);
}

bool signed_by(const Certificate& subject, const Certificate& signer) {
  const auto place = signature_of(subject, signer);
  if (!place) return false;
  const Bytes octets = Bytes(subject.raw).subspan(place->offset, place->size);
  if (signer.ca() != nullptr) {
    return signer.key.verify(place->algorithm, subject.signed_part(), reversed(octets));
  }
  const auto rs = read_rs(octets, field_size(signer.key.type()));
  return rs && signer.key.verify_rs(place->algorithm, subject.signed_part(), *rs);
}

Buffer reversed(Bytes octets) { return {octets.rbegin(), octets.rend()}; }

}  // namespace ward::sev
