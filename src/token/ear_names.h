#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "token/ear.h"

// Words that the writer and the reader of results share.
namespace ward::token {

inline constexpr std::array<std::string_view, 4> kEarTiers = {"none", "affirming", "warning",
                                                              "contraindicated"};

// The names of claims that are not the same in both profiles.
struct EarNames {
  std::string_view profile;
  std::string_view status;
  std::string_view vector;
  std::string_view verifier_id;
  std::string_view annotated;
};

inline constexpr EarNames kTrusteeNames = {kTrusteeProfile, "ear.status",
                                           "ear.trustworthiness-vector", "ear.verifier-id",
                                           "ear.veraison.annotated-evidence"};
inline constexpr EarNames kIetfNames = {kIetfProfile, "ear_status", "ear_trustworthiness_vector",
                                        "ear_verifier_id", "ear_veraison_annotated_evidence"};

inline constexpr std::string_view kTrusteePolicy = "ear.appraisal-policy-id";  // one text
inline constexpr std::string_view kIetfPolicies = "ear_appraisal_policy_ids";  // a list

// The form of `ward.appraisal` that is written. Of the one before, every check stands in `checks`,
// those that passed too; results that outlast their time carry it (docs/formats/sealed-file.md).
inline constexpr std::string_view kAppraisalSchema = "ward.ear-appraisal/2";
inline constexpr std::string_view kOldAppraisalSchema = "ward.ear-appraisal/1";

inline constexpr std::string_view kPassed = "passed";  // EarCheck::outcome
inline constexpr std::string_view kFailed = "failed";
inline constexpr std::string_view kNotDone = "not_done";
inline constexpr std::string_view kAccepted = "accepted";  // a verdict

// check_reasons is what writer and reader demand of the checks that a verdict rests on: kLimit for
// more than kMaxEarChecks; kMalformed for an id that is none ("sgx.quote.signature": words of
// a-z, 0-9 and _, two or more), for another outcome than the three, and for a verdict of kAccepted
// where one failed.
[[nodiscard]] Result<void> check_reasons(const std::vector<EarCheck>& checks,
                                         std::string_view verdict);

// check_once is kMalformed where a check stands among them twice.
[[nodiscard]] Result<void> check_once(const std::vector<EarCheck>& checks);

[[nodiscard]] inline const EarNames& names_of(EarProfile profile) {
  return profile == EarProfile::kTrustee ? kTrusteeNames : kIetfNames;
}

}  // namespace ward::token
