#include "broker/judgement.h"

#include <algorithm>

#include "broker/checks.h"
#include "broker/facts.h"

namespace ward::broker {
namespace {

// may_be_unasked is true of checks that an appraisal may do without: the workload, which the
// owners' policies compare, and what the policy for evidence itself waived.
bool may_be_unasked(const attest::Facts& facts, const attest::Check& check) {
  return check.not_done == attest::NotDone::kNotAsked &&
         (check.info == facts.workload_check ||
          std::ranges::find(facts.revocation_checks, check.info) != facts.revocation_checks.end());
}

// check_init_data records in the appraisal whether the manifest that was sent, whose digest this
// is, is the one that was measured.
void check_init_data(attest::Appraisal& appraisal, Bytes digest) {
  if (digest.empty()) return;
  if (appraisal.genuine && appraisal.facts.workload.empty()) {
    appraisal.checks.push_back({.info = &check_info(CheckId::kInitDataBound),
                                .outcome = attest::Outcome::kFailed,
                                .not_done = attest::NotDone::kNone,
                                .origin = attest::Origin::kCaller});
    appraisal.verdict = attest::verdict_of(appraisal.checks);
    return;
  }
  const std::string expected = appraisal.facts.workload_is_extended
                                   ? "zeros extended by " + to_hex(digest)
                                   : to_hex(digest) + ", zeros behind it or cut to the field";
  const bool same = carries_init_data(appraisal.facts, digest);
  appraisal.checks.push_back({.info = &check_info(CheckId::kInitData),
                              .outcome = same ? attest::Outcome::kPassed : attest::Outcome::kFailed,
                              .not_done = attest::NotDone::kNone,
                              .found = to_hex(appraisal.facts.workload),
                              .expected = expected,
                              .origin = attest::Origin::kCaller,
                              .expected_from = "init-data of the message"});
  appraisal.verdict = attest::verdict_of(appraisal.checks);
}

}  // namespace

Result<attest::Appraisal> appraise_record(const Service& service, const ArchivedAppraisal& record,
                                          const Judging& judging) {
  WARD_TRY(attest::Appraisal out,
           service.verifier.appraise({.tee = record.tee,
                                      .primary_evidence = record.primary_evidence,
                                      .additional_evidence = record.additional_evidence,
                                      .binding = record.binding,
                                      .device_binding = record.device_binding,
                                      .policy = judging.policy,
                                      .now = judging.at,
                                      .collateral = judging.collateral}));
  check_init_data(out, record.init_data_digest);
  return out;
}

std::optional<std::vector<attest::Check>> failures_of(const attest::Appraisal& appraisal) {
  std::vector<attest::Check> failed;
  for (const auto outcome : {attest::Outcome::kFailed, attest::Outcome::kNotDone}) {
    for (const attest::Check& check : appraisal.checks) {
      const bool counts =
          outcome == attest::Outcome::kFailed || !may_be_unasked(appraisal.facts, check);
      if (check.outcome == outcome && counts) failed.push_back(check);
    }
  }
  const bool accepted = appraisal.verdict == attest::Verdict::kAccepted && failed.empty();
  if (accepted) return std::nullopt;
  return failed;
}

std::optional<Refusal> refusal_of(const attest::Appraisal& appraisal) {
  const auto failed = failures_of(appraisal);
  if (!failed) return std::nullopt;
  return refuse_checks("AttestationError", *failed);
}

std::string proved_workload(const attest::Appraisal& appraisal) {
  const attest::CheckInfo* bound = appraisal.facts.report_data_check;
  const bool theirs = std::ranges::any_of(appraisal.checks, [&](const attest::Check& check) {
    return check.info == bound && check.outcome == attest::Outcome::kPassed;
  });
  return appraisal.genuine && theirs ? to_hex(appraisal.facts.workload) : std::string();
}

}  // namespace ward::broker
