#include "apps/softd/keep_device.h"

#include "codec/json_write.h"

namespace ward::softd {
namespace {

keep::Failure failure_of(const Error& error) {
  return {.code = error.code(), .what = error.what()};
}

Result<std::string> sgx_evidence(Bytes quote) {
  codec::JsonWriter w;
  w.begin_object().member("quote", to_base64(quote, Base64::kStandard));
  return w.end_object().take();
}

}  // namespace

Result<soft::EnclaveIdentity> identity_of(const keep::Measured& measured) {
  soft::EnclaveIdentity out;
  out.mr_enclave = soft::mr_enclave_of(measured.runtime);
  WARD_TRY(out.config_id, soft::config_id_of(measured.workload));
  return out;
}

keep::Device::Answer<std::string> KeepDevice::tee() { return std::string(kTee); }

keep::Device::Answer<keep::Evidence> KeepDevice::evidence(keep::ReportData report_data) {
  const Buffer report = processor_.report(identity_, quoting_.target_info(), report_data);
  const auto quote = quoting_.quote(report);
  if (!quote) return failure_of(quote.error());
  auto json = sgx_evidence(*quote);
  if (!json) return failure_of(json.error());
  return keep::Evidence{.tee = kTee, .primary = *std::move(json)};
}

}  // namespace ward::softd
