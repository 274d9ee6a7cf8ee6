#include "keep/device.h"

namespace ward::keep {
namespace {

Failure absent(const char* what) { return {.code = Errc::kUnsupported, .what = what}; }

}  // namespace

Device::Answer<RawEvidence> Device::raw_evidence(ReportData /*report_data*/) {
  return absent("this device gives no evidence in its own format");
}

Device::Answer<std::string> Device::info() {
  return absent("this device says nothing of the keep");
}

Device::Answer<Buffer> Device::local_report(Bytes /*target*/, ReportData /*report_data*/) {
  return absent("this device makes no local reports");
}

Device::Answer<void> Device::verify_report(Bytes /*report*/) {
  return absent("this device verifies no local reports");
}

Device::Answer<SecretBytes> Device::key(Bytes /*request*/) {
  return absent("this device derives no keys");
}

Device::Answer<void> Device::extend(unsigned /*index*/, Bytes /*event_data*/) {
  return absent("this device has no run-time registers");
}

}  // namespace ward::keep
