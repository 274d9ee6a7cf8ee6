#include "protocol/ratls/certificate.h"

#include <algorithm>
#include <span>

#include "codec/cbor.h"
#include "codec/cbor_write.h"
#include "codec/der.h"
#include "crypto/digest.h"
#include "pki/build.h"
#include "pki/certificate.h"

namespace ward::protocol::ratls {
namespace {

constexpr const char* kHashName = "pubkey-hash";
constexpr const char* kNonceName = "nonce";
constexpr std::size_t kMaxNonce = 64;

// Hash is a row of IANA's Named Information registry, as far as the format has it.
struct Hash {
  std::uint64_t id;
  crypto::Hash hash;
  const char* name;
};

constexpr Hash kHashes[] = {{1, crypto::Hash::kSha256, "sha-256"},
                            {7, crypto::Hash::kSha384, "sha-384"},
                            {8, crypto::Hash::kSha512, "sha-512"}};

Buffer evidence_oid() { return codec::der_oid(kEvidenceOid).value_or(Buffer{}); }

Error malformed(Literal what) { return {Errc::kMalformed, what}; }

Result<void> read_claims(Bytes claims, Read& out) {
  WARD_TRY(const codec::CborValue map, codec::parse_cbor(claims));
  const auto* wrapped = map.find(kHashName);
  if (!map.is_map() || wrapped == nullptr || !wrapped->as_bytes()) {
    return malformed("ratls.claims: pubkey-hash");
  }
  WARD_TRY(const codec::CborValue pair, codec::parse_cbor(*wrapped->as_bytes()));
  if (!pair.is_array() || pair.items().size() != 2 || !pair.items()[0].as_uint() ||
      !pair.items()[1].as_bytes()) {
    return malformed("ratls.claims: pubkey-hash is no pair");
  }
  const std::uint64_t id = *pair.items()[0].as_uint();
  const auto* hash = std::ranges::find(kHashes, id, &Hash::id);
  if (hash == std::end(kHashes)) return Error(Errc::kUnsupported, "ratls.claims: hash", id);
  const Bytes digest = *pair.items()[1].as_bytes();
  if (digest.size() != crypto::digest_size(hash->hash)) {
    return Error(Errc::kMalformed, "ratls.claims: size of the hash", digest.size());
  }
  out.hash = hash->name;
  out.pubkey_hash = to_buffer(digest);
  out.names_its_key = equal(crypto::digest(hash->hash, out.spki), digest);
  if (const auto* nonce = map.find(kNonceName)) {
    const auto octets = nonce->as_bytes();
    if (!octets || octets->size() > kMaxNonce) return malformed("ratls.claims: nonce");
    out.nonce = to_buffer(*octets);
  }
  return {};
}

}  // namespace

Result<Buffer> claims_buffer(const crypto::PublicKey& key) {
  codec::CborWriter pair;
  pair.begin_array().uint(kHashes[0].id).bytes(crypto::sha256(key.to_spki())).end_array();
  WARD_TRY(const Buffer wrapped, pair.take());
  codec::CborWriter map;
  return map.begin_map().name(kHashName).bytes(wrapped).end_map().take();
}

std::array<std::uint8_t, 64> report_data(Bytes claims) {
  std::array<std::uint8_t, 64> out{};
  std::ranges::copy(crypto::sha256(claims), out.begin());
  return out;
}

Result<Buffer> write_certificate(Bytes quote, const crypto::PrivateKey& key,
                                 const CertificateTimes& times, crypto::Rng& rng) {
  WARD_TRY(const Buffer claims, claims_buffer(key.public_key()));
  codec::CborWriter value;
  value.tag(kQuoteTag).begin_array().bytes(quote).bytes(claims).end_array();
  WARD_TRY(const Buffer wrapped, value.take());
  const pki::NamePart part{.type = "CN", .value = "ward RA-TLS: an encoding, no proof of a peer"};
  WARD_TRY(const pki::Name name, pki::make_name(std::span(&part, 1)));
  pki::CertificateSpec spec;
  auto serial = crypto::random_array<16>(rng);
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7fU) | 0x40U);
  spec.serial = to_buffer(serial);
  spec.signature_algorithm = crypto::SignatureAlgorithm::kEcdsaP256Sha256;
  spec.issuer = name;
  spec.subject = name;
  spec.not_before = times.not_before;
  spec.not_after = times.not_after;
  spec.spki = key.public_key().to_spki();
  spec.extensions.push_back({.oid = evidence_oid(), .critical = false, .value = wrapped});
  return pki::build_certificate(spec,
                                [&](Bytes tbs) { return key.sign(spec.signature_algorithm, tbs); });
}

bool is_certificate(Bytes der) {
  const auto certificate = pki::parse_certificate(der);
  return certificate && certificate->find(evidence_oid()) != nullptr;
}

Result<Read> read_certificate(Bytes der) {
  WARD_TRY(const pki::Certificate certificate, pki::parse_certificate(der));
  const pki::Extension* extension = certificate.find(evidence_oid());
  if (extension == nullptr) return Error(Errc::kUnsupported, "ratls.certificate: no evidence");
  WARD_TRY(const codec::CborValue value, codec::parse_cbor(extension->value));
  const codec::CborValue* pair = value.tagged(kQuoteTag);
  if (pair == nullptr)
    return Error(Errc::kUnsupported, "ratls.evidence: tag", value.as_tag().value_or(0));
  if (!pair->is_array() || pair->items().size() != 2 || !pair->items()[0].as_bytes() ||
      !pair->items()[1].as_bytes()) {
    return malformed("ratls.evidence: no quote and claims");
  }
  Read out;
  out.quote = to_buffer(*pair->items()[0].as_bytes());
  out.claims = to_buffer(*pair->items()[1].as_bytes());
  out.report_data = report_data(out.claims);
  out.spki = certificate.spki;
  out.self_signed = certificate.public_key && pki::signed_by(certificate, *certificate.public_key);
  out.not_before = certificate.not_before;
  out.not_after = certificate.not_after;
  WARD_CHECK_OK(read_claims(out.claims, out));
  return out;
}

}  // namespace ward::protocol::ratls
