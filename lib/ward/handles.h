#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "explain/explanation.h"
#include "verifier/collateral.h"
#include "verifier/verifier.h"
#include "ward/ward.h"

// What stands behind the opaque handles of ward.h, under the names that C gave them.

// ward_policy is a policy that is being written.
struct ward_policy {
  ward::attest::Policy policy;
  std::vector<ward::attest::Anchor> roots;
  std::size_t demands = 0;
  bool named = false;
};

// ward_verifier is the pipeline that everything of ward's uses.
struct ward_verifier {
  ward::verifier::Verifier verifier;
};

// ward_collateral is collateral, as it was added, and as a batch read it.
struct ward_collateral {
  ward::attest::Collateral collateral;
  mutable std::mutex mutex{};  // of prepared
  mutable std::shared_ptr<const ward::verifier::PreparedCollateral> prepared{};
};

// ward_request holds an expectation, Unchecked, or, until the caller says which, nothing.
struct ward_request {
  std::optional<std::int64_t> unix_s;
  std::optional<ward::attest::Expected> report_data;
  std::optional<ward::attest::Expected> measurement;
  std::optional<ward::attest::Expected> workload;
};

// ward_needs is a list of requests.
struct ward_needs {
  std::vector<ward::attest::CollateralRequest> requests;
};

// ward_appraisal never changes once it is made but for `json` and `texts`, which are written when
// they are first asked for. All texts that the functions return are C texts.
struct ward_appraisal {
  ward::explain::Explanation explanation;
  // Of the explanation, or borrowed from a batch, which records nothing else.
  const ward::attest::Appraisal* findings = &explanation.appraisal;
  bool of_batch = false;
  std::string summary;
  std::vector<std::string> claims;  // the text of each
  mutable std::mutex mutex{};       // of json and texts
  mutable std::optional<std::string> json{};
  mutable std::map<ward_form, std::string> texts{};

  [[nodiscard]] const ward::attest::Appraisal& appraisal() const { return *findings; }
};
