#include "base/fuzz.h"
#include "tee/nvidia/device.h"
#include "tee/nvidia/evidence.h"

// What parses is written and parsed again to the same, and what a report says of its device is read
// within bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward::nvidia;  // NOLINT(google-build-using-namespace): one function
  if (size > 65536) return 0;
  const auto parsed = parse_evidence(ward::Bytes(data, size));
  const auto* evidence = std::get_if<Evidence>(&parsed);
  if (evidence == nullptr) return 0;
  for (const DeviceEvidence& device : evidence->devices) {
    const auto read = parse_report(device.report);
    const auto* report = std::get_if<Report>(&read);
    if (report == nullptr) continue;
    if (write_report(*report) != device.report) __builtin_trap();
    if (measurement_record(device.report).empty()) __builtin_trap();
    const auto facts = read_device(*report);
    if (std::holds_alternative<Device>(facts) && std::get<Device>(facts).vbios_version.empty()) {
      __builtin_trap();
    }
  }
  return 0;
}
