#include "apps/softd/keep_device.h"

#include "codec/json_write.h"

namespace ward::softd {

Result<soft::EnclaveIdentity> identity_of(const keep::Measured& measured) {
  soft::EnclaveIdentity out;
  out.mr_enclave = soft::mr_enclave_of(measured.runtime);
  WARD_TRY(out.config_id, soft::config_id_of(measured.workload));
  return out;
}

Result<std::string> KeepDevice::tee() { return std::string(kTee); }

Result<keep::Evidence> KeepDevice::evidence(keep::ReportData report_data) {
  const Buffer report = processor_.report(identity_, quoting_.target_info(), report_data);
  WARD_TRY(const Buffer quote, quoting_.quote(report));
  codec::JsonWriter w;
  w.begin_object().member("quote", to_base64(quote, Base64::kStandard));
  WARD_TRY(std::string json, w.end_object().take());
  return keep::Evidence{.tee = kTee, .primary = std::move(json)};
}

}  // namespace ward::softd
