#include "tee/psa/made/stage.h"

#include <cstdlib>

#include "codec/pem.h"
#include "crypto/digest.h"
#include "crypto/repeatable.h"
#include "tee/psa/scheme.h"

namespace ward::psa::made {
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

template <class T>
std::optional<std::string_view> view(const std::optional<T>& text) {
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

}  // namespace

const PrivateKey& iak() {
  static const PrivateKey key = drawn("ward development psa iak", KeyType::kP256);
  return key;
}

const PrivateKey& iak_p384() {
  static const PrivateKey key = drawn("ward development psa iak 384", KeyType::kP384);
  return key;
}

const PrivateKey& stranger() {
  static const PrivateKey key = drawn("ward development psa stranger", KeyType::kP256);
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

Stage good_stage(Profile profile) {
  Stage s;
  s.profile = profile;
  s.nonce = filled("nonce and key");
  s.instance_id = concat({Buffer{0x01}, filled("instance")});
  s.implementation_id = filled("implementation");
  s.client_id = profile == Profile::kSecond ? -7 : 2147483647;
  s.boot_seed = filled("boot seed");
  s.certification_reference = "1234567890123-12345";
  s.components = {{"BL", filled("bl"), filled("signer")},
                  {"PRoT", filled("prot"), filled("signer")},
                  {std::nullopt, filled("nameless"), filled("signer")}};
  s.verification_service = "https://not-a-tee.ward.example";
  s.iak = profile == Profile::kSecond ? &iak_p384() : &iak();
  name_key(s, *s.iak);
  s.policy = {.name = "test", .allow_development = true};
  s.expected = {std::vector<Buffer>{s.nonce}, attest::Unchecked{}, attest::Unchecked{}};
  return s;
}

Buffer make(const Stage& s) {
  Token t{.profile = s.profile,
          .names_profile = s.names_profile,
          .nonce = s.nonce,
          .instance_id = s.instance_id,
          .implementation_id = s.implementation_id,
          .client_id = s.client_id,
          .lifecycle = s.lifecycle,
          .certification_reference = view(s.certification_reference),
          .verification_service = view(s.verification_service)};
  if (s.boot_seed) t.boot_seed = *s.boot_seed;
  for (const Component& c : s.components) {
    t.components.push_back({.type = view(c.type), .value = c.value, .signer_id = c.signer_id});
  }
  Buffer payload = sure(write_claims(t));
  s.change(payload);
  const auto algorithm = token::native_cose_algorithm(s.iak->type());
  return sure(token::sign_cose_sign1(algorithm,
                                     [&](Bytes octets) {
                                       return crypto::sign_repeatably_rs(
                                           *s.iak, token::signature_algorithm(algorithm), octets);
                                     },
                                     payload, {.tagged = s.tagged}));
}

attest::Appraisal judge(const Stage& stage, Bytes evidence) {
  attest::Findings findings;
  const auto done = Psa{}.verify(
      {.evidence = evidence, .collateral = stage.collateral, .anchors = stage.anchors, .now = kNow},
      findings);
  if (!done) std::abort();
  return attest::appraise(std::move(findings), stage.policy, stage.expected, kNow);
}

attest::Appraisal judge(const Stage& stage) { return judge(stage, make(stage)); }

}  // namespace ward::psa::made
