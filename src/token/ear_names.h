#pragma once

#include <array>
#include <string_view>

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

[[nodiscard]] inline const EarNames& names_of(EarProfile profile) {
  return profile == EarProfile::kTrustee ? kTrusteeNames : kIetfNames;
}

}  // namespace ward::token
