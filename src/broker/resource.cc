#include <algorithm>
#include <memory>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"
#include "broker/broker.h"
#include "broker/facts.h"
#include "broker/held.h"
#include "broker/incident.h"
#include "broker/kept_results.h"
#include "broker/lease.h"
#include "broker/records.h"
#include "broker/refusal_record.h"
#include "broker/release.h"
#include "broker/result_token.h"
#include "crypto/digest.h"
#include "token/jwe.h"
#include "token/jwt.h"

// GET /resource: attestation result to key.
namespace ward::broker {
namespace {

namespace kbs = protocol::kbs;

constexpr std::string_view kType = "PolicyDeny";
constexpr std::string_view kRsa15 = "RSA1_5";
constexpr std::int64_t kSkew_s = 30;  // between replicas

// Proof is the result that a request rests on.
using Proof = KeptResults::Kept;

token::JwtExpectations expectations(const Service& service, UnixTime now) {
  return {.issuer = issuer_of(service.options),
          .audience = service.options.name,
          .now = now,
          .skew_s = kSkew_s,
          .max_age_s = service.options.token_life_s,
          .rules = {}};
}

// proved_by verifies a token.
Answer<Proof> proved_by(const Service& service, std::string_view token, UnixTime now) {
  const auto verified =
      token::verify_jwt(token, service.keys.token_keys, expectations(service, now));
  if (!verified) {
    return refuse(401, "TokenVerifierError", CheckId::kTokenValid, verified.error().what());
  }
  auto facts = read_facts(verified->claims);
  if (!facts) return refuse(401, "TokenVerifierError", CheckId::kTokenValid, facts.error().what());
  if (!were_compared(*facts)) {
    return refuse(401, "TokenVerifierError", CheckId::kTokenValid,
                  "It does not say that report data and measurement were compared.");
  }
  return std::make_shared<const ProvedResult>(
      ProvedResult{.facts = *std::move(facts),
                   .claims = std::string(as_text(verified->payload)),
                   .token_sha256 = result_digest(token),
                   .issuer = {},
                   .audience = {},
                   .kid = {},
                   .times = {.expires = verified->expires, .issued = verified->issued}});
}

// counts_still is true of a kept result that verifying its token would have to say the same of: it
// was signed in this process, for who and where this service still is, and by a key that it has.
bool counts_still(const Service& service, const ProvedResult& kept) {
  return kept.issuer == issuer_of(service.options) && kept.audience == service.options.name &&
         std::ranges::any_of(service.keys.token_keys,
                             [&](const token::JwsKey& key) { return key.kid == kept.kid; });
}

// proof_of_session is of the result of a session that attested; nullptr where it did not.
Answer<Proof> proof_of_session(const Service& service, const KeptResults& results,
                               const Session& session, UnixTime now) {
  const std::string key = session.row_key();
  Proof kept = results.find(key);
  if (kept && counts_still(service, *kept)) {
    const auto timely = token::check_times(kept->times, expectations(service, now));
    if (timely) return kept;
    return refuse(401, "TokenVerifierError", CheckId::kTokenValid, timely.error().what());
  }
  const auto row = service.store.get(kNonceTable, key);
  if (!row) return unavailable(row.error());
  if (!row->value || row->value->size() <= 1 || row->value->front() != 1) return Proof();
  return proved_by(service, as_text(Bytes(*row->value).subspan(1)), now);
}

// proof_of finds the result that a request brings: of the session, else the bearer's own.
Answer<Proof> proof_of(const Service& service, const KeptResults& results,
                       const Broker::Credentials& credentials, UnixTime now) {
  if (credentials.cookie) {
    const auto session = service.keys.sessions.open(*credentials.cookie);
    if (session && now < session->expires) {
      WARD_TRY(Proof proof, proof_of_session(service, results, *session, now));
      if (proof) return proof;
    }
  }
  if (credentials.bearer) return proved_by(service, *credentials.bearer, now);
  return refuse(401, "TokenNotFound", CheckId::kTokenValid,
                "No session that attested, and no token.");
}

// count_release raises the resource's counter: it stands and falls with the leaf.
Result<void> count_release(store::Transaction& tx, const std::string& path) {
  WARD_TRY(const store::Row row, tx.get(kReleaseTable, path));
  std::uint64_t count = 0;
  if (row.value) {
    Reader r(*row.value);
    if (!r.u64be(count)) return Error(Errc::kMalformed, "broker.release: counter");
  }
  Writer w;
  w.u64be(count + 1);
  const auto written = tx.put(kReleaseTable, path, w.view(), row.version);
  if (!written) return written.error();
  return {};
}

// Release is one attempt: what is asked for, by whom, and what came of it.
struct Release {
  const Service& service;
  kbs::ResourcePath path;
  Proof proof;         // not null
  const Facts& facts;  // of it
  UnixTime now;

  std::optional<Refusal> refusal;
  Released released;
  bool changed = false;  // another policy came into force since it was asked
};

// passed_before lists what held when the policy was asked, and what of it passed.
std::vector<std::string> passed_before(const std::vector<attest::Check>& decision) {
  std::vector<std::string> out{check_info(CheckId::kTokenValid).id,
                               check_info(CheckId::kResourceExists).id};
  const std::vector<std::string> more = passed_ids(decision);
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

// check_terms refuses what the owner's policy would grant, but not now or not any more. Only who is
// granted it learns of that. The checks that passed are put behind `passed`.
Result<std::optional<Refusal>> check_terms(store::View& view, const Release& release,
                                           const Terms& terms, std::vector<std::string>& passed) {
  if (expired(terms, release.now)) {
    return std::optional(refuse(401, kType, CheckId::kResourceUnexpired,
                                "It was good until " + format_rfc3339(*terms.expires) + "."));
  }
  passed.emplace_back(check_info(CheckId::kResourceUnexpired).id);
  WARD_TRY(const std::string incident, refused_token(view, release.proof->token_sha256));
  if (!incident.empty()) {
    return std::optional(
        refuse(401, kType, CheckId::kTokenUnaffected, "Incident " + incident + "."));
  }
  passed.emplace_back(check_info(CheckId::kTokenUnaffected).id);
  WARD_TRY(const auto revoked, find_revocation(view, release.service.keys, release.path.text(),
                                               release.facts.workload));
  if (revoked) {
    return std::optional(refuse(401, kType, CheckId::kLeaseUnrevoked,
                                "It was revoked at " + format_rfc3339(revoked->time) + "."));
  }
  passed.emplace_back(check_info(CheckId::kLeaseUnrevoked).id);
  const bool bounded = release.service.options.quotas.leases < Quotas{}.leases;
  if (terms.lease_s && bounded) return no_lease(view, release.service, release.now);
  return std::optional<Refusal>();
}

// lease_of makes the lease of a release, where the resource has one. It ends with the resource.
Result<std::optional<Lease>> lease_of(store::Transaction& tx, const Release& release,
                                      const HeldResource& held) {
  if (!held.terms.lease_s) return std::optional<Lease>();
  UnixTime until{release.now.seconds + *held.terms.lease_s};
  if (held.terms.expires) until = std::min(until, *held.terms.expires);
  WARD_TRY(Lease out, grant(tx, release.service,
                            {.id = {},
                             .resource = release.path.text(),
                             .version = held.version,
                             .workload = release.facts.workload,
                             .until = until},
                            release.now));
  return std::optional(std::move(out));
}

// Decided is what a release rested on.
struct Decided {
  std::uint64_t resource_version = 0;
  std::uint64_t policy_version = 0;
  std::vector<std::string> passed;
};

ledger::Entry release_entry(const Release& release, const Decided& decided) {
  ledger::Entry out{.time = release.now,
                    .kind = "release",
                    .actor = to_hex(release.facts.workload),
                    .subject = release.path.text(),
                    .details = {{"resource_version", std::to_string(decided.resource_version)},
                                {"policy_version", std::to_string(decided.policy_version)},
                                {"passed", joined_ids(decided.passed)},
                                {"tee", release.facts.tee},
                                {"runtime", to_hex(release.facts.runtime)},
                                {"tcb_status", release.facts.tcb_status.value_or("")},
                                {"development", release.facts.development ? "true" : "false"},
                                {"token_sha256", release.proof->token_sha256}}};
  if (const auto& lease = release.released.lease) {
    out.details.emplace_back("lease", lease->id);
    out.details.emplace_back("lease_until", format_rfc3339(lease->until));
  }
  return out;
}

Result<void> refuse_release(store::Transaction& tx, Release& release, Refusal refusal) {
  release.refusal = std::move(refusal);
  const auto recorded = record_refusal(tx, release.service.keys,
                                       {.class_name = std::string(kRelease),
                                        .actor = to_hex(release.facts.workload),
                                        .subject = release.path.text(),
                                        .now = release.now},
                                       *release.refusal);
  if (!recorded) return recorded.error();
  return {};
}

// reply_of encrypts in the form of the protocol's version, which /auth chose.
Result<std::string> reply_of(const Release& release, Bytes resource) {
  WARD_TRY(const token::Jwk receiver, token::parse_jwk(as_bytes(release.facts.tee_pubkey)));
  crypto::Rng& rng = release.service.rng;
  const token::RsaWrap wrap =
      receiver.alg == kRsa15 ? token::RsaWrap::kRsa15 : token::RsaWrap::kOaep256;
  if (release.facts.protocol == kbs::Version::k0_1_1) {
    return token::encrypt_kbs_0_1(receiver.key, resource, rng, wrap);
  }
  WARD_TRY(const token::Jwe jwe, token::encrypt_jwe(receiver.key, resource, rng, wrap));
  return token::to_json(jwe);
}

// What a token may ask for, the configuration may have turned off since.
std::optional<Refusal> turned_off(const Service& service, const Facts& facts) {
  if (!service.options.serves(facts.protocol)) {
    return version_mismatch(service.options, to_text(facts.protocol));
  }
  const auto receiver = token::parse_jwk(as_bytes(facts.tee_pubkey));
  if (receiver && receiver->alg == kRsa15 && !service.options.rsa1_5) {
    return refuse(401, kType, CheckId::kTeePubkey);
  }
  return std::nullopt;
}

// Decision is what a policy said, outside the transaction: a policy in Rego may take its time.
struct Decision {
  bool policy = false;     // there is one
  std::string repository;  // whose policy
  std::uint64_t version = 0;
  std::vector<attest::Check> checks;
};

Result<Decision> decide(const Release& release) {
  std::optional<InForce> policy;
  WARD_CHECK_OK(release.service.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(policy, results_policy_in_force(view, release.service.keys, release.path.repository));
    return {};
  }));
  Decision out;
  if (!policy) return out;
  out.policy = true;
  out.repository = policy->repository;
  out.version = policy->policy.version;
  const std::string path = release.path.text();
  out.checks = decide_release(
      {.policy = policy->policy.value,
       .from = "results policy of " + out.repository + ", version " + std::to_string(out.version),
       .rego = release.service.rego},
      {.path = path, .facts = release.facts, .claims = release.proof->claims, .now = release.now});
  return out;
}

// still_in_force is true where the policy that was asked is the one in force now.
Result<bool> still_in_force(store::View& view, const Release& release, const Decision& decision) {
  for (const std::string_view name : {std::string_view(release.path.repository), kAnyRepository}) {
    WARD_TRY(const store::Row row, view.get(kPolicyTable, results_policy_key(name)));
    if (!row.value) continue;
    return decision.policy && decision.repository == name && decision.version == row.version;
  }
  return !decision.policy;
}

// conclude runs inside the transaction: the policy and the resource are those that the leaf is
// about.
Result<void> conclude(store::Transaction& tx, Release& release, const Decision& decision) {
  const Keys& keys = release.service.keys;
  release.refusal.reset();
  release.released = {};
  WARD_TRY(const bool current, still_in_force(tx, release, decision));
  release.changed = !current;
  if (!current) return Error(Errc::kUnavailable, "broker.release: the policy keeps changing");
  WARD_TRY(const auto resource, load_resource(tx, keys, release.path.text()));
  if (!resource) {
    return refuse_release(tx, release, refuse(404, "ResourceNotFound", CheckId::kResourceExists));
  }
  if (!decision.policy) {
    return refuse_release(
        tx, release,
        refuse(401, kType, CheckId::kReleaseRule, "The repository has no policy at all."));
  }
  const auto failed = failed_of(decision.checks);
  std::vector<std::string> passed = passed_before(decision.checks);
  std::optional<Refusal> refusal;
  if (decision.checks.empty() || !failed.empty()) {
    refusal = refuse_checks(kType, failed);
  } else {
    WARD_TRY(refusal, check_terms(tx, release, resource->terms, passed));
  }
  if (refusal) {
    refusal->passed = std::move(passed);
    return refuse_release(tx, release, *std::move(refusal));
  }
  WARD_TRY(release.released.jwe, reply_of(release, resource->value.expose()));
  WARD_TRY(release.released.lease, lease_of(tx, release, *resource));
  WARD_CHECK_OK(count_release(tx, release.path.text()));
  return record(tx, keys,
                release_entry(release, {.resource_version = resource->version,
                                        .policy_version = decision.version,
                                        .passed = std::move(passed)}));
}

// How often a request begins again because the policy was changed under it.
constexpr int kAttempts = 3;

Result<void> run(Release& release) {
  for (int attempt = 1;; ++attempt) {
    WARD_TRY(const Decision decision, decide(release));
    const auto done = release.service.store.transact(
        [&](store::Transaction& tx) { return conclude(tx, release, decision); });
    if (done || !release.changed || attempt == kAttempts) return done;
  }
}

}  // namespace

Answer<Released> Broker::resource(const Credentials& credentials, std::string_view path,
                                  UnixTime now) const {
  auto parsed = kbs::parse_resource_path(path);
  if (!parsed) {
    return refuse(404, "InvalidRequestPath", CheckId::kMessageForm, parsed.error().what());
  }
  WARD_TRY(const Proof proof, proof_of(service_, *kept_, credentials, now));
  if (auto refusal = turned_off(service_, proof->facts)) return *std::move(refusal);
  Release release{.service = service_,
                  .path = *std::move(parsed),
                  .proof = proof,
                  .facts = proof->facts,
                  .now = now,
                  .refusal = std::nullopt,
                  .released = {}};
  const auto done = run(release);
  if (!done) return unavailable(done.error());
  if (release.refusal) return *std::move(release.refusal);
  return std::move(release.released);
}

}  // namespace ward::broker
