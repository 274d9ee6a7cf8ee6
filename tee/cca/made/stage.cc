#include "tee/cca/made/stage.h"

#include <cstdlib>

#include "codec/pem.h"
#include "crypto/digest.h"
#include "crypto/repeatable.h"
#include "tee/cca/scheme.h"

namespace ward::cca::made {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

// What cannot fail here ends the program.
template <class T>
T sure(Result<T> result) {
  if (!result) std::abort();
  return *std::move(result);
}

PrivateKey drawn(const char* label, KeyType type) {
  crypto::SeededRng rng(as_bytes(label));
  return sure(PrivateKey::generate(type, rng));
}

Buffer filled(std::string_view label) { return to_buffer(crypto::sha256(as_bytes(label))); }

Buffer doubled(std::string_view label) { return to_buffer(crypto::sha512(as_bytes(label))); }

Buffer digest_named(const std::string& name, Bytes octets) {
  if (name == "sha-256") return crypto::digest(crypto::Hash::kSha256, octets);
  if (name == "sha-384") return crypto::digest(crypto::Hash::kSha384, octets);
  return crypto::digest(crypto::Hash::kSha512, octets);
}

Buffer signed_payload(Bytes payload, const PrivateKey& key) {
  const auto algorithm = token::native_cose_algorithm(key.type());
  return sure(token::sign_cose_sign1(
      algorithm,
      [&](Bytes octets) {
        return crypto::sign_repeatably_rs(key, token::signature_algorithm(algorithm), octets);
      },
      payload));
}

Buffer key_octets(const Stage& s) {
  if (s.realm_key) return *s.realm_key;
  const crypto::PublicKey& key = s.rak->public_key();
  return s.realm_profile ? sure(token::write_cose_key(key))
                         : concat({Buffer{0x04}, key.to_ec_xy()});
}

template <class T>
std::optional<std::string_view> view(const std::optional<T>& text) {
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

Buffer platform_token(const Stage& s, Bytes challenge) {
  PlatformToken p{.profile = s.platform_profile,
                  .challenge = challenge,
                  .implementation_id = s.implementation_id,
                  .instance_id = s.instance_id,
                  .config = s.config,
                  .lifecycle = s.lifecycle,
                  .verification_service = view(s.verification_service),
                  .hash_algo_id = s.platform_hash_algo_id};
  for (const Component& c : s.components) {
    p.components.push_back(
        {view(c.type), c.value, view(c.version), c.signer_id, view(c.description)});
  }
  Buffer payload = sure(write_platform_claims(p));
  s.change_platform(payload);
  return signed_payload(payload, *s.cpak);
}

Buffer realm_token(const Stage& s, Bytes key) {
  RealmToken r{.profile = view(s.realm_profile),
               .challenge = s.realm_challenge,
               .personalization_value = s.personalization_value,
               .initial_measurement = s.initial_measurement,
               .hash_algo_id = s.realm_hash_algo_id,
               .public_key = key,
               .public_key_hash_algo_id = s.realm_key_hash_algo_id};
  r.extensible.assign(s.extensible.begin(), s.extensible.end());
  Buffer payload = sure(write_realm_claims(r));
  s.change_realm(payload);
  return signed_payload(payload, *s.rak);
}

}  // namespace

const PrivateKey& cpak() {
  static const PrivateKey key = drawn("ward development cca cpak", KeyType::kP384);
  return key;
}

const PrivateKey& cpak_p256() {
  static const PrivateKey key = drawn("ward development cca cpak 256", KeyType::kP256);
  return key;
}

const PrivateKey& rak() {
  static const PrivateKey key = drawn("ward development cca rak", KeyType::kP384);
  return key;
}

const PrivateKey& stranger() {
  static const PrivateKey key = drawn("ward development cca stranger", KeyType::kP384);
  return key;
}

void name_key(Stage& stage, const PrivateKey& key) {
  const Buffer spki = key.public_key().to_spki();
  const std::string pem = codec::to_pem("PUBLIC KEY", spki);
  stage.collateral.documents = {{"root_ca.pem", to_buffer(as_bytes(pem))}};
  attest::Anchor root{.name = "development", .development = true};
  root.spki_sha256 = crypto::sha256(spki);
  stage.anchors = {root};
}

Stage good_stage(Form form) {
  Stage s;
  s.form = form;
  s.implementation_id = filled("implementation");
  s.instance_id = concat({Buffer{0x01}, filled("instance")});
  s.config = {0xcf, 0xcf};
  s.components = {{"BL2", filled("bl2"), "1.2.3", filled("signer"), "sha-256"},
                  {"RMM", filled("rmm"), std::nullopt, filled("signer"), std::nullopt},
                  {std::nullopt, filled("nameless"), std::nullopt, filled("signer"), std::nullopt}};
  s.verification_service = "https://not-a-tee.ward.example";
  s.realm_challenge = concat({as_bytes("nonce and key"), Buffer(51)});
  s.personalization_value = concat({filled("manifest"), Buffer(32)});
  s.initial_measurement = doubled("rim");
  for (int i = 0; i < 4; ++i) {
    s.extensible.push_back(i == 0 ? doubled("rem") : Buffer(64));
  }
  s.cpak = &cpak();
  s.rak = &rak();
  if (form == Form::kEarly) {
    s.platform_profile = kEarlyPlatformProfile;
    s.realm_profile.reset();
    s.realm_key_hash_algo_id = "sha-256";
  }
  if (form == Form::kJson) s.cpak = &cpak_p256();
  name_key(s, *s.cpak);
  s.policy = {.name = "test", .allow_development = true};
  s.expected = {std::vector<Buffer>{s.realm_challenge}, std::vector<Buffer>{s.initial_measurement},
                std::vector<Buffer>{s.personalization_value}};
  return s;
}

Buffer make(const Stage& s) {
  const Buffer key = key_octets(s);
  const Buffer realm = realm_token(s, key);
  const Buffer challenge = s.challenge ? *s.challenge : digest_named(s.realm_key_hash_algo_id, key);
  Buffer token = sure(write_token(platform_token(s, challenge), realm));
  return s.form == Form::kJson ? to_buffer(as_bytes(write_token_json(token))) : token;
}

attest::Appraisal judge(const Stage& stage, Bytes evidence) {
  attest::Findings findings;
  const auto done = Cca{}.verify(
      {.evidence = evidence, .collateral = stage.collateral, .anchors = stage.anchors, .now = kNow},
      findings);
  if (!done) std::abort();
  return attest::appraise(std::move(findings), stage.policy, stage.expected, kNow);
}

attest::Appraisal judge(const Stage& stage) { return judge(stage, make(stage)); }

}  // namespace ward::cca::made
