#include "tee/keystone/made/stage.h"

#include <cstdlib>

#include "codec/pem.h"
#include "crypto/sha3.h"
#include "tee/keystone/keys.h"
#include "tee/keystone/measure.h"
#include "tee/keystone/report.h"
#include "tee/keystone/scheme.h"

namespace ward::keystone::made {
namespace {

using crypto::EdwardsHash;
using crypto::EdwardsKey;

// What cannot fail here ends the program.
template <class T>
T sure(Result<T> result) {
  if (!result) std::abort();
  return *std::move(result);
}

EdwardsKey key_of(Bytes seed) { return sure(EdwardsKey::from_seed(EdwardsHash::kSha3, seed)); }

Buffer digest_of(std::string_view label) { return to_buffer(crypto::sha256(as_bytes(label))); }

const Buffer& measured_monitor() {
  static const Buffer out =
      to_buffer(sure(measure_monitor(as_bytes("ward development keystone monitor"))));
  return out;
}

// As a boot ROM derives the monitor's key that takes both of what it hashes whole.
Buffer monitor_seed() {
  const auto hashed =
      crypto::sha3_512(concat({digest_of("ward development keystone device"), measured_monitor()}));
  return to_buffer(Bytes(hashed).first(32));
}

// By the secret half that Keystone publishes, over the good stage's monitor.
constexpr std::string_view kPublishedSignature =
    "914b3cc73895f3b0379616e718d5ce7c2c28f8de1f9d3072885cea8b467afa3f"
    "4f337c4729d6fab0912a2586c252bdafb642ef7c45174149262ba6c95ae5390d";

}  // namespace

const EdwardsKey& device() {
  static const EdwardsKey key = key_of(digest_of("ward development keystone device"));
  return key;
}

const EdwardsKey& monitor() {
  static const EdwardsKey key = key_of(monitor_seed());
  return key;
}

const EdwardsKey& guessable_monitor() {
  static const EdwardsKey key = key_of(guessable_seed(0xc5, measured_monitor().front()));
  return key;
}

const EdwardsKey& stranger() {
  static const EdwardsKey key = key_of(digest_of("ward development keystone stranger"));
  return key;
}

Buffer root_file(Bytes key) {
  const auto named = spki_of(key);
  if (!named) std::abort();
  return to_buffer(as_bytes(codec::to_pem("PUBLIC KEY", named->spki)));
}

void name_key(Stage& stage, Bytes key) {
  const auto named = spki_of(key);
  if (!named) std::abort();
  stage.anchors = {{.spki_sha256 = named->digest, .name = "development", .development = true}};
}

void use_published_key(Stage& stage) {
  stage.device_key = *from_hex("0faad4ff01178583baa588966f7c1ff32564dd17d7dc2b46cb50a84a69270b4c");
  stage.monitor_signature = *from_hex(kPublishedSignature);
  name_key(stage, *stage.device_key);
}

Stage good_stage() {
  Stage s;
  s.enclave_hash = to_buffer(sure(measure_enclave(
      {.loader = as_bytes("loader"), .runtime = as_bytes("runtime"), .eapp = as_bytes("eapp")})));
  s.data = digest_of("nonce and key");
  s.monitor_hash = measured_monitor();
  s.device = &device();
  s.monitor = &monitor();
  name_key(s, device().public_key());
  s.policy = {.name = "test", .allow_development = true};
  s.expected = {std::vector<Buffer>{s.data}, std::vector<Buffer>{s.monitor_hash},
                std::vector<Buffer>{s.enclave_hash}};
  return s;
}

Buffer make(const Stage& s) {
  const Buffer padding(kMaxData - s.data.size());
  const Buffer nothing(kSignatureSize);
  const Buffer device_key = s.device_key.value_or(to_buffer(s.device->public_key()));
  const Buffer monitor_key = s.monitor_key.value_or(to_buffer(s.monitor->public_key()));
  Report report{.enclave_hash = s.enclave_hash,
                .data = s.data,
                .padding = padding,
                .enclave_signature = nothing,
                .monitor_hash = s.monitor_hash,
                .monitor_key = monitor_key,
                .monitor_signature = nothing,
                .device_key = device_key};
  // The parser says what is signed.
  const Buffer draft = write_report(report);
  const auto parsed = std::get<Report>(parse_report(draft));
  const Buffer enclave_signature = s.monitor->sign(parsed.enclave_signed);
  const Buffer monitor_signature =
      s.monitor_signature.value_or(s.device->sign(parsed.monitor_signed));
  report.enclave_signature = enclave_signature;
  report.monitor_signature = monitor_signature;
  Buffer out = write_report(report);
  s.change(out);
  return out;
}

attest::Appraisal judge(const Stage& stage, Bytes evidence) {
  attest::Findings findings;
  const attest::Collateral none;
  const auto done = Keystone{}.verify(
      {.evidence = evidence, .collateral = none, .anchors = stage.anchors, .now = kNow}, findings);
  if (!done) std::abort();
  return attest::appraise(std::move(findings), stage.policy, stage.expected, kNow);
}

attest::Appraisal judge(const Stage& stage) { return judge(stage, make(stage)); }

}  // namespace ward::keystone::made
