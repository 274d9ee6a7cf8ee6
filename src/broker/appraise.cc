#include "broker/appraise.h"

#include <optional>
#include <utility>

#include "attest/appraisal_json.h"
#include "broker/appraise_request.h"
#include "broker/archive.h"
#include "broker/judgement.h"
#include "broker/nonce_use.h"
#include "broker/rate.h"
#include "broker/records.h"
#include "broker/refusal_record.h"
#include "broker/result_token.h"
#include "codec/json_write.h"
#include "crypto/digest.h"

namespace ward::broker {
namespace {

constexpr std::string_view kType = "AppraisalError";

// Asked is a request that belongs to its session, where it has one.
struct Asked {
  AppraiseRequest request;
  std::optional<Session> session;
  std::string bound;  // the text that the evidence binds; empty where report data was stated
  ArchivedAppraisal record;
};

// Judged is what came of it.
struct Judged {
  attest::Appraisal appraisal;
  std::optional<Refusal> refusal;
  std::vector<std::string> platforms;
  std::string ear;
  bool recorded = false;  // and archived
};

// bind_session says what evidence for a session's nonce carries.
Answer<void> bind_session(const Service& service, Asked& asked, UnixTime now) {
  const AppraiseRequest& request = asked.request;
  WARD_TRY(asked.session, open_session(service, request.session, SessionUse::kAppraisal, now));
  const std::string nonce = asked.session->nonce_text();
  auto bound = appraised_text(nonce, request.runtime_data, request.additional_evidence);
  const auto devices = appraised_text(nonce, request.runtime_data, std::nullopt);
  if (!bound || !devices) return refuse(400, kType, CheckId::kAppraiseForm, "runtime_data");
  asked.bound = *std::move(bound);
  asked.record.id = archive_id(now, asked.session->nonce);
  asked.record.binding = to_buffer(crypto::sha384(as_bytes(asked.bound)));
  asked.record.device_binding = to_buffer(crypto::sha384(as_bytes(*devices)));
  asked.record.runtime_data = asked.bound;
  asked.record.purpose = AppraisedFor::kResult;
  return {};
}

Answer<Asked> read(const Service& service, Bytes body, UnixTime now) {
  auto request = parse_appraise_request(body);
  if (!request) return refuse_document(kType, CheckId::kAppraiseForm, request.error());
  const Options& options = service.options;
  if (request->audience == options.name || request->audience == issuer_of(options)) {
    return refuse(400, kType, CheckId::kAppraiseAudience);
  }
  Asked out{.request = *std::move(request), .session = {}, .bound = {}, .record = {}};
  ArchivedAppraisal& record = out.record;
  record.time = now;
  record.tee = out.request.tee;
  record.primary_evidence = out.request.primary_evidence;
  record.additional_evidence = out.request.additional_evidence;
  record.collateral = service.collateral;
  if (!out.request.report_data) {
    WARD_CHECK_OK(bind_session(service, out, now));
    return out;
  }
  record.id = archive_id(now, crypto::random_array<protocol::kbs::kNonceBytes>(service.rng));
  record.binding = *out.request.report_data;
  record.purpose = AppraisedFor::kStatedData;
  return out;
}

Answer<Versioned<EvidencePolicy>> in_force(const Service& service) {
  std::optional<Versioned<EvidencePolicy>> policy;
  const auto read = service.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(policy, load_evidence_policy(view, service));
    return {};
  });
  if (!read) return unavailable(read.error());
  if (!policy) return refuse(409, kType, CheckId::kEvidencePolicy);
  return *std::move(policy);
}

Answer<Judgement> appraise_evidence(const Service& service, const ArchivedAppraisal& record,
                                    const EvidencePolicy& policy) {
  auto out = appraise_record(service, record, {.policy = policy, .at = record.time});
  if (out) {
    if (!out->appraisal.facts.report_data.empty()) return *std::move(out);
    // It did not parse: whoever shows nothing gets no result.
    const auto refusal = refusal_of(out->appraisal);
    return refuse(400, kType, CheckId::kAppraiseEvidence, refusal ? refusal->body.detail : "");
  }
  const Errc code = out.error().code();
  if (code != Errc::kMalformed && code != Errc::kUnsupported && code != Errc::kTruncated) {
    return unavailable(out.error());
  }
  return refuse(400, kType, CheckId::kAppraiseEvidence, out.error().what());
}

Answer<Judged> judge(const Service& service, Asked& asked, UnixTime now) {
  WARD_TRY(const auto policy, in_force(service));
  WARD_TRY(Judgement judgement, appraise_evidence(service, asked.record, policy.value));
  Judged out;
  out.appraisal = std::move(judgement.appraisal);
  out.platforms = std::move(judgement.platforms);
  out.refusal = refusal_of(out.appraisal);
  ArchivedAppraisal& record = asked.record;
  if (record.tee.empty() && service.verifier.serves(out.appraisal.tee)) {
    record.tee = out.appraisal.tee;
  }
  record.policy = policy.value.policy.name;
  record.policy_version = policy.version;
  record.verdict = to_text(out.appraisal.verdict);
  record.genuine = out.appraisal.genuine;
  if (out.refusal) {
    out.refusal->passed = passed_ids(out.appraisal.checks);
    record.failed = out.refusal->checks;
  }
  if (!asked.session) out.appraisal.unchecked.emplace_back(token::kFreshness);
  const std::string id = record.policy + ", version " + std::to_string(policy.version);
  const Bytes nonce = asked.session ? Bytes(asked.session->nonce) : Bytes(record.binding);
  constexpr std::size_t kLeastNonce = 8;  // draft-ietf-rats-ear-03 section 3
  auto ear = make_result(service, out.appraisal,
                         {.policy_id = id,
                          .runtime_data = asked.bound,
                          .tee_pubkey = {},
                          .protocol = std::nullopt,
                          .init_data_digest = {},
                          .rego = std::move(judgement.rego),
                          .audience = asked.request.audience,
                          .nonce = nonce.size() < kLeastNonce ? Bytes() : nonce,
                          .profile = asked.request.profile},
                         now);
  if (!ear) return unavailable(ear.error());
  out.ear = std::move(ear->token);
  return out;
}

ledger::Entry entry_of(const Judged& judged, UnixTime now) {
  const attest::Appraisal& appraisal = judged.appraisal;
  return {.time = now,
          .kind = "appraisal",
          .actor = to_hex(appraisal.facts.workload),
          .subject = appraisal.tee,
          .details = {{"runtime", to_hex(appraisal.facts.measurement)},
                      {"tcb_status", appraisal.tcb.status.value_or("")},
                      {"development", appraisal.development ? "true" : "false"},
                      {"passed", joined_ids(passed_ids(appraisal.checks))},
                      {"platforms", joined_ids(judged.platforms)},
                      {"advisories", joined_ids(appraisal.tcb.advisories)},
                      {"token_sha256", result_digest(judged.ear)},
                      {"result_sha256", to_hex(crypto::sha256(as_bytes(judged.ear)))}}};
}

// refused is in a class of its own where the evidence came without a session: what can be shown
// again and again does not count refusals out that cannot.
RefusedAct refused(const Asked& asked, const Judged& judged, UnixTime now) {
  RefusedAct out = refused_act(judged.appraisal, now);
  if (!asked.session) out.class_name += ".stated";
  return out;
}

// write_leaf is true where the ledger has a leaf of this appraisal, false where it is counted.
Result<bool> write_leaf(store::Transaction& tx, const Keys& keys, const Asked& asked,
                        const Judged& judged, UnixTime now) {
  if (judged.refusal) {
    return record_refusal(tx, keys, refused(asked, judged, now), *judged.refusal);
  }
  const ledger::Entry entry = entry_of(judged, now);
  if (!asked.session) {
    return record_bounded(tx, keys, kStatedAppraisal, kStatedPerInterval, entry);
  }
  WARD_CHECK_OK(record(tx, keys, entry));
  return true;
}

// conclude uses the nonce up and records the outcome, both or neither; false, and neither, where
// another policy came into force meanwhile. A refusal that is counted only leaves no row either.
Answer<bool> conclude(const Service& service, const Asked& asked, Judged& judged, UnixTime now) {
  bool used_before = false;
  bool changed = false;
  const auto done = service.store.transact([&](store::Transaction& tx) -> Result<void> {
    if (asked.session) {
      WARD_TRY(used_before, nonce_used(tx, *asked.session));
      if (used_before) return Error(Errc::kDenied, "broker.appraise: nonce");
    }
    WARD_TRY(const bool current, evidence_policy_is(tx, asked.record.policy_version));
    changed = !current;
    if (changed) return Error(Errc::kStale, "broker.appraise: another policy is in force");
    WARD_TRY(judged.recorded, write_leaf(tx, service.keys, asked, judged, now));
    if (!judged.recorded) return {};
    WARD_TRY(judged.recorded, archive(tx, service, asked.record));
    if (!asked.session) return {};
    return use_up(tx, *asked.session, "", now);
  });
  if (used_before) return refuse(401, kType, CheckId::kAppraiseUnused);
  if (changed) return false;
  if (!done) return unavailable(done.error());
  return true;
}

Answer<std::string> written(codec::JsonWriter& w) {
  auto text = w.take();
  if (!text) return unavailable(text.error());
  return *std::move(text);
}

}  // namespace

Answer<std::string> Appraiser::nonce(UnixTime now) const {
  if (const auto right = check_clock(service_.store, now); !right) {
    return unavailable(right.error());
  }
  Session session;
  session.nonce = crypto::random_array<protocol::kbs::kNonceBytes>(service_.rng);
  session.expires = {now.seconds + service_.options.session_life_s};
  const auto sealed = service_.keys.sessions.seal(session, service_.rng, SessionUse::kAppraisal);
  if (!sealed) return unavailable(sealed.error());
  codec::JsonWriter w;
  w.begin_object().member("schema", "ward.nonce/1").member("nonce", session.nonce_text());
  w.member("session", *sealed).member("expires", format_rfc3339(session.expires)).end_object();
  return written(w);
}

Answer<std::string> Appraiser::appraise(Bytes body, UnixTime now) const {
  WARD_TRY(Asked asked, read(service_, body, now));
  WARD_CHECK_OK(count_appraisal(service_, kType, now));
  WARD_TRY(Judged judged, judge(service_, asked, now));
  auto concluded = conclude(service_, asked, judged, now);
  for (int again = 1; concluded && !*concluded; ++again) {
    if (again == kJudgedAtMost) {
      return unavailable(Error(Errc::kUnavailable, "broker.appraise: the policy keeps changing"));
    }
    WARD_TRY(judged, judge(service_, asked, now));
    concluded = conclude(service_, asked, judged, now);
  }
  if (!concluded) {
    if (concluded.error().status == 503) return concluded.error();
    return record_refusal(service_, refused(asked, judged, now), concluded.error());
  }
  codec::JsonWriter w;
  w.begin_object().member("schema", "ward.appraised/1");
  w.member("verdict", to_text(judged.appraisal.verdict));
  w.member("profile", to_text(asked.request.profile));
  w.member("media_type", token::media_type(asked.request.profile)).member("ear", judged.ear);
  w.name("id");
  if (judged.recorded) {
    w.string(asked.record.id);
  } else {
    w.null();
  }
  w.name("appraisal");
  attest::write_appraisal(w, judged.appraisal);
  w.end_object();
  return written(w);
}

}  // namespace ward::broker
