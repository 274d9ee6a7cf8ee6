#pragma once

#include <string_view>

#include "crypto/rng.h"
#include "crypto/sign.h"
#include "pki/build.h"

namespace ward::pki::test {

// For the tests of this folder: a small PKI whose keys come from a seed.

inline constexpr UnixTime kFrom{1700000000};
inline constexpr UnixTime kTo{1800000000};
inline constexpr UnixTime kNow{1750000000};

inline constexpr auto kAlgorithm = crypto::SignatureAlgorithm::kEcdsaP256Sha256;

inline crypto::PrivateKey make_key(std::string_view seed) {
  crypto::SeededRng rng(as_bytes(seed));
  auto key = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
  if (!key) std::abort();
  return std::move(*key);
}

inline Signer signer(const crypto::PrivateKey& key) {
  return [&key](Bytes tbs) { return key.sign(kAlgorithm, tbs); };
}

inline Name named(std::string_view common_name) {
  const NamePart parts[] = {{"C", "US"}, {"O", "Ward Test"}, {"CN", common_name}};
  return *make_name(parts);
}

inline Buffer id_of(const crypto::PrivateKey& key) { return *key_id(key.public_key().to_spki()); }

// A certificate of `subject` for `key`, to be signed by `issuer_key`. An authority that signs
// certificates and CRLs, or an end entity.
inline CertificateSpec spec_of(std::string_view subject, const crypto::PrivateKey& key,
                               std::string_view issuer, const crypto::PrivateKey& issuer_key,
                               bool authority) {
  CertificateSpec spec;
  spec.serial = {0x80, static_cast<std::uint8_t>(subject.size())};
  spec.signature_algorithm = kAlgorithm;
  spec.issuer = named(issuer);
  spec.subject = named(subject);
  spec.not_before = kFrom;
  spec.not_after = kTo;
  spec.spki = key.public_key().to_spki();
  const auto ca_usage = static_cast<std::uint16_t>(key_usage::kKeyCertSign | key_usage::kCrlSign);
  spec.extensions = {
      basic_constraints_extension({.ca = authority}),
      key_usage_extension(authority ? ca_usage : key_usage::kDigitalSignature),
      subject_key_id_extension(id_of(key)),
      authority_key_id_extension(id_of(issuer_key)),
      crl_distribution_point_extension("https://pki.example/ca.crl"),
  };
  return spec;
}

inline CrlSpec crl_spec_of(std::string_view issuer, const crypto::PrivateKey& key) {
  CrlSpec spec;
  spec.signature_algorithm = kAlgorithm;
  spec.issuer = named(issuer);
  spec.this_update = kFrom;
  spec.next_update = kTo;
  spec.revoked = {{{0x01, 0x02}, kFrom}, {{0x00, 0x80}, kFrom}, {{0x7f}, kFrom}};
  spec.extensions = {authority_key_id_extension(id_of(key)), crl_number_extension(7)};
  return spec;
}

inline Certificate built(const CertificateSpec& spec, const crypto::PrivateKey& key) {
  const auto der = build_certificate(spec, signer(key));
  if (!der) std::abort();
  return *parse_certificate(*der);
}

inline Crl built(const CrlSpec& spec, const crypto::PrivateKey& key) {
  const auto der = build_crl(spec, signer(key));
  if (!der) std::abort();
  return *parse_crl(*der);
}

}  // namespace ward::pki::test
