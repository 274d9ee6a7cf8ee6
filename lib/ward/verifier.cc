#include <memory>

#include "attest/demands.h"
#include "lib/ward/appraisal.h"
#include "lib/ward/boundary.h"
#include "lib/ward/demand_names.h"
#include "lib/ward/evidence.h"
#include "lib/ward/handles.h"
#include "lib/ward/job.h"
#include "tee/all.h"
#include "verifier/platform_cache.h"

using ward::library::Done;

namespace ward::library {
namespace {

// Asked is one expectation of a request and what it is compared with.
struct Asked {
  const std::optional<attest::Expected>& expected;
  const char* name;                    // "report_data": its functions are named after it
  const char* what;                    // for people
  std::size_t size;                    // in octets; 0: not fixed
  std::span<const std::size_t> sizes;  // all that it may have, where that is 0; none: any
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
    if (const auto wrong =
            attest::wrong_size(demand, value.size(), asked.size, whose, asked.sizes)) {
      return usage(*wrong);
    }
  }
  // libstdc++ 12 frees twice where there is no memory to copy a variant of vectors.
  return attest::Expected(std::vector<Buffer>(*values));
}

Result<attest::Expectations, Fault> expectations(const attest::SchemeInfo& info,
                                                 const ward_request& request) {
  attest::Expectations out;
  WARD_TRY(out.report_data,
           expectation(info, {request.report_data, "report_data", "the report data",
                              info.report_data_size, info.report_data_sizes}));
  WARD_TRY(out.measurement,
           expectation(info, {request.measurement, "measurement", "the measurement",
                              info.measurement_size, info.measurement_sizes}));
  WARD_TRY(out.workload, expectation(info, {request.workload, "workload", "the workload field",
                                            info.workload_size, info.workload_sizes}));
  return out;
}

}  // namespace

Result<verifier::Request, Fault> request_of(const char* function, const ward_job& job,
                                            const verifier::Verifier& verifier,
                                            const attest::Collateral& collateral) {
  if (job.request == nullptr) return null(function, "request");
  WARD_TRY(const Bytes evidence, evidence_of(function, job.evidence, job.evidence_size));
  WARD_TRY(const attest::Scheme* scheme, scheme_of(function, evidence));
  if (!job.request->unix_s) {
    return usage("the request has no time",
                 "call ward_request_set_time with the time to appraise as of");
  }
  const attest::Demands demands(tee::all_schemes(), kDemandNames);
  if (const auto wrong = demands.misplaced(*scheme, verifier.policy())) return usage(*wrong);
  WARD_TRY(attest::Expectations expected, expectations(scheme->info(), *job.request));
  return verifier::Request{.evidence = evidence,
                           .collateral = collateral,
                           .now = UnixTime{*job.request->unix_s},
                           .expected = std::move(expected)};
}

namespace {

// NOLINTNEXTLINE(readability-function-size): C has no named arguments.
ward_status make_verifier(const char* function, const ward_policy* policy, std::size_t platforms,
                          ward_verifier** out, ward_error** error) noexcept {
  return enter_new(function, out, error, [&]() -> Done {
    if (policy == nullptr) return null(function, "policy");
    if (platforms > WARD_MAX_PLATFORMS) {
      return Fault{.status = WARD_ERROR_LIMIT,
                   .what = std::string(function) + ": " + std::to_string(platforms) +
                           " platforms, at most " + std::to_string(WARD_MAX_PLATFORMS) +
                           " are remembered",
                   .hint = "give the number of platforms that you expect evidence of"};
    }
    std::shared_ptr<attest::PlatformStore> remembered;
    if (platforms != 0) {
      remembered = std::make_shared<verifier::PlatformCache>(verifier::CacheLimits{
          .platforms = platforms, .octets = platforms * verifier::PlatformCache::kMostOctets});
    }
    *out = std::make_unique<ward_verifier>(
               ward_verifier{verifier::Verifier(tee::all_schemes(), policy->roots, policy->policy,
                                                std::move(remembered))})
               .release();
    return {};
  });
}

}  // namespace
}  // namespace ward::library

ward_status ward_verifier_new(const ward_policy* policy, ward_verifier** out,
                              ward_error** error) noexcept {
  return ward::library::make_verifier(__func__, policy, 0, out, error);
}

ward_status ward_verifier_new_remembering(const ward_policy* policy, std::size_t platforms,
                                          ward_verifier** out, ward_error** error) noexcept {
  return ward::library::make_verifier(__func__, policy, platforms, out, error);
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
    const ward_job job{
        .size = sizeof(ward_job), .evidence = evidence, .evidence_size = size, .request = request};
    const ward_collateral none;
    WARD_TRY(ward::verifier::Request asked,
             ward::library::request_of(function, job, verifier->verifier,
                                       (collateral != nullptr ? *collateral : none).collateral));
    auto explanation = ward::explain::appraise(verifier->verifier, std::move(asked));
    if (!explanation) return ward::library::internal(explanation.error());
    WARD_TRY(auto made, ward::library::make_appraisal(*std::move(explanation)));
    *out = made.release();
    return {};
  });
}
