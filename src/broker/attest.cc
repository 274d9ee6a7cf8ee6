#include <algorithm>
#include <utility>

#include "broker/archive.h"
#include "broker/broker.h"
#include "broker/facts.h"
#include "broker/judgement.h"
#include "broker/nonce_use.h"
#include "broker/rate.h"
#include "broker/records.h"
#include "broker/refusal_record.h"
#include "broker/result_token.h"
#include "codec/jcs.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "token/jwk.h"

// POST /attest: evidence to attestation result.
namespace ward::broker {
namespace {

namespace kbs = protocol::kbs;

constexpr std::string_view kType = "AttestationError";

// check_receiver looks at the key that replies will be encrypted to.
Answer<void> check_receiver(const Options& options, std::string_view tee_pubkey) {
  auto jwk = token::parse_jwk(as_bytes(tee_pubkey));
  if (!jwk) return refuse(400, kType, CheckId::kTeePubkey, jwk.error().what());
  const bool rsa = jwk->key.type() == crypto::KeyType::kRsa;
  const bool signs_only = jwk->key.type() == crypto::KeyType::kEd25519;
  const bool old = rsa && options.rsa1_5 && jwk->alg == "RSA1_5";
  const std::string_view alg = old ? "RSA1_5" : rsa ? "RSA-OAEP-256" : "ECDH-ES+A256KW";
  if (signs_only || jwk->alg != alg || !token::allows(*jwk, token::KeyUse::kEncrypt, alg)) {
    return refuse(400, kType, CheckId::kTeePubkey);
  }
  return {};
}

// What present() compares, in its order; its refusals leave no leaf, so that in a leaf all passed.
constexpr CheckId kPresentChecks[] = {CheckId::kSessionCookie, CheckId::kSessionExpiry,
                                      CheckId::kMessageForm, CheckId::kNonceEqual,
                                      CheckId::kTeePubkey};

// passed_so_far lists what passed at the end of the appraisal.
std::vector<std::string> passed_so_far(const attest::Appraisal& appraisal) {
  std::vector<std::string> out;
  for (const CheckId id : kPresentChecks) {
    out.emplace_back(check_info(id).id);
  }
  const std::vector<std::string> more = passed_ids(appraisal.checks);
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

// Presented is an attestation message that belongs to its session.
struct Presented {
  Session session;
  kbs::Attestation message;
  std::string runtime_data;
  Buffer init_data_digest;  // empty: none was sent
};

Answer<Presented> present(const Service& service, std::string_view cookie, Bytes body,
                          UnixTime now) {
  Presented out;
  WARD_TRY(out.session, open_session(service, cookie, SessionUse::kKbs, now));
  const kbs::Version version = out.session.version;
  if (!service.options.serves(version)) {
    return version_mismatch(service.options, to_text(version));
  }
  auto message = kbs::parse_attestation(body, version);
  if (!message) return refuse_document(kType, CheckId::kMessageForm, message.error());
  out.message = *std::move(message);
  const std::string nonce = out.session.nonce_text();
  // Messages before 0.4.0 carry none: their evidence alone binds the session's.
  if (version == kbs::Version::k0_4_0 && out.message.nonce != nonce) {
    return refuse(401, kType, CheckId::kNonceEqual);
  }
  WARD_CHECK_OK(check_receiver(service.options, out.message.tee_pubkey));
  auto bound = kbs::bound_text(version, out.message, nonce);
  if (!bound) return refuse(400, kType, CheckId::kTeePubkey);
  out.runtime_data = *std::move(bound);
  if (out.message.init_data) {
    auto digest = kbs::init_data_digest(*out.message.init_data);
    if (!digest) return refuse_document(kType, CheckId::kInitDataForm, digest.error());
    out.init_data_digest = *std::move(digest);
  }
  return out;
}

// record_of is what will be archived of a message, but for what comes of it.
Answer<ArchivedAppraisal> record_of(const Service& service, const Presented& presented,
                                    UnixTime now) {
  const kbs::Attestation& message = presented.message;
  const auto devices = kbs::device_runtime_data(presented.session.nonce_text(), message.tee_pubkey);
  if (!devices) return refuse(400, kType, CheckId::kTeePubkey);
  const auto binding = crypto::sha384(as_bytes(presented.runtime_data));
  const auto device_binding = crypto::sha384(as_bytes(*devices));
  return ArchivedAppraisal{.id = archive_id(now, presented.session.nonce),
                           .time = now,
                           .tee = presented.session.tee,
                           .primary_evidence = message.primary_evidence,
                           .additional_evidence = message.additional_evidence,
                           .binding = to_buffer(binding),
                           .device_binding = to_buffer(device_binding),
                           .init_data_digest = presented.init_data_digest,
                           .runtime_data = presented.runtime_data,
                           .collateral = service.collateral,
                           .policy = {},
                           .policy_version = 0,
                           .verdict = {},
                           .failed = {}};
}

Answer<Judgement> appraise(const Service& service, const ArchivedAppraisal& record,
                           const Judging& judging) {
  auto judgement = appraise_record(service, record, judging);
  if (judgement) return *std::move(judgement);
  const Errc code = judgement.error().code();
  if (code != Errc::kMalformed && code != Errc::kUnsupported && code != Errc::kTruncated) {
    return unavailable(judgement.error());
  }
  return refuse(401, kType, CheckId::kEvidenceForm, judgement.error().what());
}

// Judged is an appraisal, with the token or the refusal that it led to.
struct Judged {
  attest::Appraisal appraisal;
  std::vector<std::string> passed;
  std::vector<std::string> platforms;
  SignedResult result;       // empty where there is a refusal
  std::string token_sha256;  // in hex
  std::optional<Refusal> refusal;
  ArchivedAppraisal record;  // as it will be archived
};

// The leaf names machine and advisories, so that an incident finds what was released to them.
ledger::Entry attested_entry(const Judged& judged, UnixTime now) {
  const attest::Appraisal& appraisal = judged.appraisal;
  return {.time = now,
          .kind = "attestation",
          .actor = to_hex(appraisal.facts.workload),
          .subject = appraisal.tee,
          .details = {{"runtime", to_hex(appraisal.facts.measurement)},
                      {"tcb_status", appraisal.tcb.status.value_or("")},
                      {"development", appraisal.development ? "true" : "false"},
                      {"passed", joined_ids(judged.passed)},
                      {"platforms", joined_ids(judged.platforms)},
                      {"advisories", joined_ids(appraisal.tcb.advisories)},
                      {"token_sha256", judged.token_sha256}}};
}

// conclude uses the nonce up and records the outcome, both or neither; false, and neither, where
// another policy came into force meanwhile. A refusal that is counted only leaves no row either, or
// strangers would fill the disk with nonces.
Answer<bool> conclude(const Service& service, const Session& session, const Judged& judged,
                      UnixTime now) {
  bool used_before = false;
  bool changed = false;
  const auto done = service.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(used_before, nonce_used(tx, session));
    if (used_before) return Error(Errc::kDenied, "broker.attest: nonce");
    WARD_TRY(const bool current, evidence_policy_is(tx, judged.record.policy_version));
    changed = !current;
    if (changed) return Error(Errc::kStale, "broker.attest: another policy is in force");
    if (judged.refusal) {
      WARD_TRY(
          const bool recorded,
          record_refusal(tx, service.keys, refused_act(judged.appraisal, now), *judged.refusal));
      if (!recorded) return {};
    } else {
      WARD_CHECK_OK(record(tx, service.keys, attested_entry(judged, now)));
    }
    WARD_CHECK_OK(archive(tx, service, judged.record));
    return use_up(tx, session, judged.result.token, now);
  });
  if (used_before) return refuse(401, kType, CheckId::kNonceUnused);
  if (changed) return false;
  if (!done) return unavailable(done.error());
  return true;
}

// judge appraises evidence. What cannot be read at all is refused without a Judged: whoever shows
// nothing leaves nothing behind.
Answer<Judged> judge(const Service& service, const Presented& presented, UnixTime now) {
  std::optional<Versioned<EvidencePolicy>> policy;
  const auto read = service.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(policy, load_evidence_policy(view, service));
    return {};
  });
  if (!read) return unavailable(read.error());
  if (!policy) return refuse(401, kType, CheckId::kEvidencePolicy);
  WARD_TRY(ArchivedAppraisal record, record_of(service, presented, now));
  WARD_TRY(Judgement judgement, appraise(service, record, {.policy = policy->value, .at = now}));
  Judged out{.appraisal = std::move(judgement.appraisal),
             .passed = {},
             .platforms = std::move(judgement.platforms),
             .result = {},
             .token_sha256 = {},
             .refusal = {},
             .record = std::move(record)};
  out.passed = passed_so_far(out.appraisal);
  out.refusal = refusal_of(out.appraisal);
  out.record.policy = policy->value.policy.name;
  out.record.policy_version = policy->version;
  out.record.verdict = to_text(out.appraisal.verdict);
  out.record.genuine = out.appraisal.genuine;
  if (out.refusal) {
    if (out.appraisal.facts.report_data.empty()) return *out.refusal;  // it did not parse
    out.refusal->passed = out.passed;
    out.record.failed = out.refusal->checks;
    return out;
  }
  const std::string id = policy->value.policy.name + ", version " + std::to_string(policy->version);
  auto result = make_result(service, out.appraisal,
                            {.policy_id = id,
                             .runtime_data = presented.runtime_data,
                             .tee_pubkey = presented.message.tee_pubkey,
                             .protocol = presented.session.version,
                             .init_data_digest = presented.init_data_digest,
                             .rego = std::move(judgement.rego)},
                            now);
  if (!result) return unavailable(result.error());
  out.result = *std::move(result);
  out.token_sha256 = result_digest(out.result.token);
  return out;
}

// proved_of is what a request for a resource in this session rests on; nullptr where it is to be
// read off the token, and refused.
KeptResults::Kept proved_of(const Service& service, const Presented& presented, Judged& judged) {
  const auto jwk = codec::parse_json(as_bytes(presented.message.tee_pubkey));
  const auto key =
      jwk ? codec::canonical_json(*jwk) : Error(Errc::kMalformed, "broker.attest: key");
  if (!key) return nullptr;
  Facts facts = facts_of(judged.appraisal, *key);
  facts.protocol = presented.session.version;
  if (!were_compared(facts)) return nullptr;
  return std::make_shared<const ProvedResult>(
      ProvedResult{.facts = std::move(facts),
                   .claims = std::move(judged.result.claims),
                   .token_sha256 = judged.token_sha256,
                   .issuer = issuer_of(service.options),
                   .audience = service.options.name,
                   .kid = service.keys.token_signer.kid,
                   .times = {.expires = judged.result.expires, .issued = judged.result.issued}});
}

}  // namespace

Answer<std::string> Broker::attest(std::string_view cookie, Bytes body, UnixTime now) const {
  WARD_TRY(const Presented presented, present(service_, cookie, body, now));
  WARD_CHECK_OK(count_appraisal(service_, kType, now));
  WARD_TRY(Judged judged, judge(service_, presented, now));
  auto concluded = conclude(service_, presented.session, judged, now);
  for (int again = 1; concluded && !*concluded; ++again) {
    if (again == kJudgedAtMost) {
      return unavailable(Error(Errc::kUnavailable, "broker.attest: the policy keeps changing"));
    }
    WARD_TRY(judged, judge(service_, presented, now));
    concluded = conclude(service_, presented.session, judged, now);
  }
  if (!concluded) {
    Refusal refusal = concluded.error();
    if (refusal.status == 503) return refusal;
    refusal.passed = judged.passed;
    return record_refusal(service_, refused_act(judged.appraisal, now), std::move(refusal));
  }
  if (judged.refusal) return *judged.refusal;
  if (auto proved = proved_of(service_, presented, judged)) {
    kept_->keep(presented.session.row_key(), std::move(proved));
  }
  auto reply = kbs::write_token_reply(judged.result.token);
  if (!reply) return unavailable(reply.error());
  return *std::move(reply);
}

}  // namespace ward::broker
