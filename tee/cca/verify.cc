#include "tee/cca/verify.h"

#include <algorithm>
#include <optional>

#include "crypto/digest.h"

namespace ward::cca {
namespace {

using attest::Origin;

constexpr std::uint8_t kUeidRandom = 0x01;  // RFC 9711 4.2.1: RAND
constexpr std::size_t kPointSize = 97;      // P-384, uncompressed
constexpr std::uint8_t kUncompressed = 0x04;

// Hash functions of IANA's registry "Named Information Hash Algorithm" that CCA uses.
struct HashName {
  std::string_view name;
  crypto::Hash hash;
  const char* shown;
};

constexpr HashName kHashes[] = {{"sha-256", crypto::Hash::kSha256, "SHA-256"},
                                {"sha-384", crypto::Hash::kSha384, "SHA-384"},
                                {"sha-512", crypto::Hash::kSha512, "SHA-512"}};

// Where the token stands in the work: in the evidence, or in an extract of its own.
std::size_t material_of(const Context& context) {
  return context.work->part_or_extract(0, context.octets, "CCA token, from the JSON").material;
}

void record_platform(Context& context, const PlatformToken& p) {
  CheckList& checks = context.checks;
  checks.record(CheckId::kPlatformProfile,
                p.profile == kPlatformProfile || p.profile == kEarlyPlatformProfile, p.profile,
                {std::string(kPlatformProfile) + ", or " + std::string(kEarlyPlatformProfile)});
  checks.record_octets(CheckId::kInstanceId, p.instance_id.front() == kUeidRandom, p.instance_id,
                       {"33 octets that begin with 01"});
  const auto state = arm::lifecycle_of(p.lifecycle);
  const std::string number = std::to_string(p.lifecycle);
  checks.record(CheckId::kLifecycle, arm::in_service(state),
                state ? number + ", " + arm::to_text(*state) : number,
                {"a secured platform (or one in debug, which has a check of its own)"});
}

void record_platform_key(Context& context, const PlatformToken& p) {
  CheckList& checks = context.checks;
  const auto* key = arm::find_signer(context.keys, context.anchors, [&](const arm::NamedKey& k) {
    return arm::signed_by(p.message, k.key);
  });
  if (key == nullptr) {
    checks.absent(CheckId::kKeyPresent, "the attestation key of instance " + to_hex(p.instance_id) +
                                            ", as PEM or JWK: the platform's maker tells it");
    return;
  }
  checks.record(CheckId::kKeyPresent, true, key->name, {"the platform's attestation key"});
  const attest::Anchor* anchor = arm::find_anchor(context.anchors, *key);
  checks.record(CheckId::kKeyRoot, anchor != nullptr, "public key sha256:" + to_hex(key->digest),
                {"a key that was named as a root of trust", Origin::kPolicy, "trust anchors"});
  context.findings.development = anchor != nullptr && anchor->development;
  const bool holds = arm::signed_by(p.message, key->key);
  checks.record(CheckId::kPlatformSignature, holds,
                holds ? "by the platform's key" : "not by the platform's key",
                {"signed by the key of " + key->name, Origin::kCollateral, key->name});
  if (context.work == nullptr) return;
  const attest::Part spki =
      arm::show_signature(*context.work, {.check = &checks.info(CheckId::kPlatformSignature),
                                          .message = &p.message,
                                          .material = material_of(context),
                                          .spki = key->spki,
                                          .key_title = "platform's attestation key (CPAK)",
                                          .key_name = key->name,
                                          .holds = holds});
  arm::show_root(*context.work, checks.info(CheckId::kKeyRoot), spki, anchor);
}

Result<crypto::PublicKey> realm_key(const RealmToken& r) {
  if (r.profile) return token::parse_cose_key(r.public_key);
  if (r.public_key.size() != kPointSize || r.public_key.front() != kUncompressed) {
    return Error(Errc::kMalformed, "no uncompressed point of P-384");
  }
  return crypto::PublicKey::from_ec_xy(crypto::KeyType::kP384, r.public_key.subspan(1));
}

void record_realm(Context& context, const RealmToken& r) {
  CheckList& checks = context.checks;
  const bool known = !r.profile || *r.profile == kRealmProfile;
  checks.record(CheckId::kRealmProfile, known, r.profile.value_or("none"),
                {std::string(kRealmProfile) + ", or none"});
  if (!known) return;
  const auto key = realm_key(r);
  const char* const form = r.profile ? "a COSE_Key" : "an uncompressed point of P-384";
  checks.record(CheckId::kRealmKey, key.has_value(), key ? form : key.error().what(), {form});
  if (!key) return;
  const bool holds = arm::signed_by(r.message, *key);
  checks.record(CheckId::kRealmSignature, holds,
                holds ? "by the realm's key" : "not by the realm's key",
                {"signed by the key that the realm token states"});
  if (context.work == nullptr) return;
  arm::show_signature(*context.work, {.check = &checks.info(CheckId::kRealmSignature),
                                      .message = &r.message,
                                      .material = material_of(context),
                                      .spki = key->to_spki(),
                                      .key_title = "realm's attestation key (RAK)",
                                      .key_name = "in the evidence",
                                      .holds = holds});
}

void record_binding(Context& context, const Token& token) {
  const Bytes challenge = token.platform.challenge;
  const RealmToken& r = token.realm;
  const auto* hash = std::ranges::find(kHashes, r.public_key_hash_algo_id, &HashName::name);
  if (hash == std::end(kHashes)) {
    context.checks.record(CheckId::kBound, false,
                          "hash algorithm " + std::string(r.public_key_hash_algo_id),
                          {"sha-256, sha-384 or sha-512"});
    return;
  }
  const Buffer digest = crypto::digest(hash->hash, r.public_key);
  const bool bound = equal(digest, challenge);
  context.checks.record_octets(
      CheckId::kBound, bound, challenge,
      {to_hex(digest) + ", the " + std::string(hash->name) + " of the realm's key"});
  if (context.work == nullptr) return;
  attest::Work& work = *context.work;
  const std::size_t at = material_of(context);
  work.digests.push_back({.check = &context.checks.info(CheckId::kBound),
                          .algorithm = hash->shown,
                          .message = {work.part_or_extract(at, r.public_key, "realm's key")},
                          .expected = to_buffer(challenge),
                          .expected_from = "the platform token's challenge",
                          .place = work.part_or_extract(at, challenge, "challenge"),
                          .holds = bound});
}

}  // namespace

void verify_token(Context& context, const Token& token) {
  record_platform(context, token.platform);
  record_platform_key(context, token.platform);
  record_realm(context, token.realm);
  record_binding(context, token);
}

}  // namespace ward::cca
