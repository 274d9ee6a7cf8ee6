#include <memory>

#include "attest/demands.h"
#include "lib/ward/appraisal.h"
#include "lib/ward/boundary.h"
#include "lib/ward/demand_names.h"
#include "lib/ward/evidence.h"
#include "lib/ward/handles.h"
#include "tee/all.h"

using ward::library::Done;

namespace ward::library {
namespace {

// Asked is one expectation of a request and what it is compared with.
struct Asked {
  const std::optional<attest::Expected>& expected;
  const char* name;  // "report_data": its functions are named after it
  const char* what;  // for people
  std::size_t size;  // in octets; 0: not fixed
};

Result<attest::Expected, Fault> expectation(const attest::SchemeInfo& info, const Asked& asked) {
  const std::string demand = std::string("ward_request_expect_") + asked.name;
  if (!asked.expected) {
    return usage(std::string("the request does not say what is expected of ") + asked.name,
                 "call " + demand + ", or ward_request_" + asked.name +
                     "_unchecked where it does not matter");
  }
  const auto* values = std::get_if<std::vector<Buffer>>(&*asked.expected);
  if (values == nullptr) return attest::Expected(attest::Unchecked{});
  const std::string whose = std::string(asked.what) + " of " + info.name;
  for (const Buffer& value : *values) {
    if (const auto wrong = attest::wrong_size(demand, value.size(), asked.size, whose)) {
      return usage(*wrong);
    }
  }
  // libstdc++ 12 frees twice where there is no memory to copy a variant of vectors.
  return attest::Expected(std::vector<Buffer>(*values));
}

Result<attest::Expectations, Fault> expectations(const attest::SchemeInfo& info,
                                                 const ward_request& request) {
  attest::Expectations out;
  WARD_TRY(out.report_data, expectation(info, {request.report_data, "report_data",
                                               "the report data", info.report_data_size}));
  WARD_TRY(out.measurement, expectation(info, {request.measurement, "measurement",
                                               "the measurement", info.measurement_size}));
  WARD_TRY(out.workload, expectation(info, {request.workload, "workload", "the workload field",
                                            info.workload_size}));
  return out;
}

Result<explain::Explanation, Fault> appraise(const char* function,
                                             const verifier::Verifier& verifier, Bytes evidence,
                                             const attest::Collateral& collateral,
                                             const ward_request& request) {
  WARD_TRY(const attest::Scheme* scheme, scheme_of(function, evidence));
  if (!request.unix_s) {
    return usage("the request has no time",
                 "call ward_request_set_time with the time to appraise as of");
  }
  const attest::Demands demands(tee::all_schemes(), kDemandNames);
  if (const auto wrong = demands.misplaced(*scheme, verifier.policy())) return usage(*wrong);
  WARD_TRY(attest::Expectations expected, expectations(scheme->info(), request));
  auto out = explain::appraise(verifier, {.evidence = evidence,
                                          .collateral = collateral,
                                          .now = UnixTime{*request.unix_s},
                                          .expected = std::move(expected)});
  if (!out) return internal(out.error());
  return *std::move(out);
}

}  // namespace
}  // namespace ward::library

ward_status ward_verifier_new(const ward_policy* policy, ward_verifier** out,
                              ward_error** error) noexcept {
  const char* function = __func__;
  return ward::library::enter_new(function, out, error, [&]() -> Done {
    if (policy == nullptr) return ward::library::null(function, "policy");
    *out = std::make_unique<ward_verifier>(
               ward_verifier{ward::verifier::Verifier(ward::tee::all_schemes(), policy->roots,
                                                      policy->policy)})
               .release();
    return {};
  });
}

void ward_verifier_free(ward_verifier* verifier) noexcept {
  const std::unique_ptr<ward_verifier> owned(verifier);
}

// NOLINTNEXTLINE(readability-function-size): C has no named arguments.
ward_status ward_verifier_verify(const ward_verifier* verifier, const std::uint8_t* evidence,
                                 std::size_t size, const ward_collateral* collateral,
                                 const ward_request* request, ward_appraisal** out,
                                 ward_error** error) noexcept {
  const char* function = __func__;
  return ward::library::enter_new(function, out, error, [&]() -> Done {
    if (verifier == nullptr) return ward::library::null(function, "verifier");
    if (request == nullptr) return ward::library::null(function, "request");
    WARD_TRY(const ward::Bytes octets, ward::library::evidence_of(function, evidence, size));
    const ward_collateral none;
    WARD_TRY(
        auto explanation,
        ward::library::appraise(function, verifier->verifier, octets,
                                (collateral != nullptr ? *collateral : none).collateral, *request));
    WARD_TRY(auto made, ward::library::make_appraisal(std::move(explanation)));
    *out = made.release();
    return {};
  });
}
