#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "attest/collateral.h"
#include "base/bytes.h"
#include "base/result.h"
#include "tee/nvidia/spdm.h"

namespace ward::nvidia {

// A list has no more devices: a rack of 72 GPUs with its switches fits.
inline constexpr std::size_t kMaxDevices = 128;

// DeviceEvidence is one device's report with what came along. Form only.
struct DeviceEvidence {
  std::string arch;             // as stated, "HOPPER"; empty: not stated
  std::optional<Buffer> nonce;  // that the sender says it asked with; nullopt: not stated
  Buffer report;                // its form is not looked at
  std::string certificates;     // PEM, the device's chain; empty: none came along
};

// Evidence is one device's report alone, or a list. What a list says beside reports is the
// sender's word.
struct Evidence {
  std::vector<DeviceEvidence> devices;  // at least one
  bool is_list = false;
};

// looks_like_json is true where the first character that is no blank begins a JSON array or object.
[[nodiscard]] bool looks_like_json(Bytes evidence);

// parse_evidence takes a report, as octets or in hexadecimal digits; a list as NVIDIA's tools write
// it, [{"arch", "nonce", "evidence", "certificate"}]; Trustee's, {"device_evidence_list": [...]};
// and the request of NVIDIA's remote service, {"nonce", "arch", "evidence_list": [...]}. Reports
// are base64, or hexadecimal as older senders have them; certificates are base64 of a PEM text.
// FormError (kEvidenceForm) says what is wrong.
[[nodiscard]] std::variant<Evidence, FormError> parse_evidence(Bytes evidence);

// evidence_places are the octets of each device's report in a list's JSON, as [begin, end).
[[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> evidence_places(Bytes json);

// write_evidence_json writes the list of NVIDIA's tools, its inverse.
[[nodiscard]] Result<std::string> write_evidence_json(const std::vector<DeviceEvidence>& devices);

}  // namespace ward::nvidia
