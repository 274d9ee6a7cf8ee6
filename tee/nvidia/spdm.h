#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "attest/scheme.h"
#include "base/bytes.h"
#include "tee/nvidia/checks.h"

// A device's report: the SPDM 1.1 request for its measurements, as it was asked, and its signed
// answer (DMTF DSP0274 1.1 section 10.11), with NVIDIA's fields in the opaque data.
namespace ward::nvidia {

inline constexpr std::size_t kNonceSize = 32;
inline constexpr std::size_t kSignatureSize = 96;  // ECDSA P-384, r || s
inline constexpr std::size_t kRequestSize = 37;
inline constexpr std::size_t kMaxOpaqueSize = 1024;  // DSP0274, OpaqueLength
inline constexpr std::size_t kMaxMeasurementSize = 64;
inline constexpr std::size_t kMaxReportSize = 64U << 10U;

// Measurement is one measurement block.
struct Measurement {
  std::uint8_t index = 0;       // from 1
  std::uint8_t value_type = 0;  // DMTFSpecMeasurementValueType
  Buffer value;

  friend bool operator==(const Measurement&, const Measurement&) = default;
};

// Types of opaque fields (NVIDIA attestation SDK). Others are kept, and say nothing to ward.
namespace opaque {
inline constexpr std::uint16_t kDriverVersion = 3;
inline constexpr std::uint16_t kVbiosVersion = 6;
inline constexpr std::uint16_t kNvdec0Status = 11;
inline constexpr std::uint16_t kBoardId = 14;
inline constexpr std::uint16_t kChipSku = 15;
inline constexpr std::uint16_t kProject = 17;
inline constexpr std::uint16_t kProjectSku = 18;
inline constexpr std::uint16_t kFwid = 20;
inline constexpr std::uint16_t kProtectedPcie = 21;
inline constexpr std::uint16_t kChipInfo = 35;
inline constexpr std::uint16_t kFeatureFlag = 36;
}  // namespace opaque

// OpaqueField is one of NVIDIA's fields.
struct OpaqueField {
  std::uint16_t type = 0;
  Buffer data;

  friend bool operator==(const OpaqueField&, const OpaqueField&) = default;
};

// Report is a whole report: form only, nothing is verified. A value.
struct Report {
  std::uint8_t slot = 0;
  std::array<std::uint8_t, kNonceSize> nonce{};           // the verifier's, of the request
  std::array<std::uint8_t, kNonceSize> response_nonce{};  // the device's own
  std::vector<Measurement> measurements;                  // by rising index
  std::vector<OpaqueField> opaque;
  std::array<std::uint8_t, kSignatureSize> signature{};

  // field returns the opaque field of this type, or nullptr; borrowed.
  [[nodiscard]] const OpaqueField* field(std::uint16_t type) const;

  friend bool operator==(const Report&, const Report&) = default;
};

// parse_report reads one report with nothing behind it. FormError names what is wrong.
[[nodiscard]] std::variant<Report, FormError> parse_report(Bytes octets);

// write_report is its inverse.
[[nodiscard]] Buffer write_report(const Report& report);

// signed_part is what the signature covers: all but itself. `octets` were a report.
[[nodiscard]] Bytes signed_part(Bytes octets);

// measurement_record is the run of measurement blocks of a report's octets.
[[nodiscard]] Bytes measurement_record(Bytes octets);

// add_report_layout lists every field of the report that stands at `offset` of the evidence.
void add_report_layout(Bytes octets, std::size_t offset, std::vector<attest::LayoutField>& out);

}  // namespace ward::nvidia
