#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "keep/device.h"

// What a keep asks of its device, as octets (docs/protocols/device.md).
//
//   request   kind(1) length(4, LE) octets
//   answer    code(1) length(4, LE) octets
//
// code 0 is success. Another is 1 + Errc, and the octets are the reason: UTF-8 for people.
namespace ward::keep {

inline constexpr std::size_t kDeviceHeadSize = 5;

// A reason is cut at this length.
inline constexpr std::size_t kMaxReasonBytes = 1024;

enum class DeviceCall : std::uint8_t {
  kTee = 't',           // nothing -> the KBS name
  kInfo = 'i',          // nothing -> JSON
  kEvidence = 'e',      // report_data(64) -> the JSON of primary_evidence
  kRawEvidence = 'q',   // report_data(64) -> length(4, LE) evidence, event log
  kLocalReport = 'r',   // report_data(64) target -> the report
  kVerifyReport = 'v',  // report -> nothing
  kKey = 'k',           // request -> the key
  kExtend = 'x',        // index(1) event data -> nothing
};

// DeviceHead is the first octets of a request.
struct DeviceHead {
  DeviceCall call = DeviceCall::kTee;
  std::uint32_t size = 0;  // of what follows
};

// parse_device_head: kMalformed for a kind that is none, kLimit where more follows than this kind
// may have, kMalformed where less does.
[[nodiscard]] Result<DeviceHead> parse_device_head(
    std::span<const std::uint8_t, kDeviceHeadSize> head);

// DeviceRequest is a whole one. Views into the octets it was read from.
struct DeviceRequest {
  DeviceCall call = DeviceCall::kTee;
  Bytes report_data;   // kEvidence, kRawEvidence, kLocalReport: kReportDataSize octets
  unsigned index = 0;  // kExtend
  Bytes octets;        // target, report, key request or event data
};

// parse_device_request reads what follows a head that parse_device_head has passed. kMalformed
// where it is not head.size octets.
[[nodiscard]] Result<DeviceRequest> parse_device_request(const DeviceHead& head, Bytes octets);

// write_device_request is head and octets.
[[nodiscard]] Buffer write_device_request(const DeviceRequest& request);

// answer_of asks `device` and gives the answer's octets, head included. They may be a key.
[[nodiscard]] SecretBytes answer_of(Device& device, const DeviceRequest& request);

// refusal_of is the answer that says why there is none.
[[nodiscard]] SecretBytes refusal_of(const Failure& failure);

}  // namespace ward::keep
