#pragma once

#include <span>
#include <string>
#include <vector>

#include "attest/appraisal.h"

// What was found out of each device of a list, joined into one verdict: every device must be right.
namespace ward::nvidia {

// Judged is one device's findings.
struct JudgedDevice {
  attest::Findings findings;  // of every one, the same checks in the same order
  Buffer identity;  // of the device: its key's digest, or its report's where none is known
};

// join_devices takes for each check the first device that fails it, else the first for which
// something is absent, else the first for which it is blocked, and names that device. Claims that
// `fields` name hold the values of all devices; others are named by their device. There is at least
// one device.
[[nodiscard]] attest::Findings join_devices(std::vector<JudgedDevice> devices,
                                            std::span<const attest::FieldInfo> fields);

}  // namespace ward::nvidia
