#include "apps/ward-keep/device_octets.h"

#include <algorithm>

#include "base/reader.h"
#include "base/writer.h"

namespace ward::keep {
namespace {

// sgx_report_body_t, offset and size of what is taken over (SDM 3D, table 38-21).
struct Part {
  std::size_t at;
  std::size_t size;
};

constexpr Part kCpuSvn = {0, 16};
constexpr Part kMiscSelect = {16, 4};
constexpr Part kAttributes = {48, 16};
constexpr Part kMrEnclave = {64, 32};
constexpr Part kMrSigner = {128, 32};
constexpr Part kConfigId = {192, 64};
constexpr Part kIsvSvn = {258, 2};
constexpr Part kConfigSvn = {260, 2};

Bytes part(Bytes report, Part what) { return report.subspan(what.at, what.size); }

void zeros(Writer& w, std::size_t count) { w.bytes(Buffer(count)); }

constexpr std::uint16_t kSealKey = 4;
constexpr std::uint16_t kByMrEnclave = 1U << 0U;
constexpr std::uint16_t kByMrSigner = 1U << 1U;
constexpr std::uint16_t kByConfigId = 1U << 3U;

// What seals of Intel's own SDK take of the attributes: INIT, DEBUG, KSS and the reserved ones.
constexpr std::uint64_t kAttributeMask = 0xff0000000000008bU;
constexpr std::uint32_t kMiscMask = 0xf0000000U;

constexpr std::size_t kSnpReportSize = 1184;  // table 23

// MSG_KEY_REQ, GUEST_FIELD_SELECT.
constexpr std::uint64_t kByGuestPolicy = 1U << 0U;
constexpr std::uint64_t kByMeasurement = 1U << 3U;
constexpr std::uint64_t kByGuestSvn = 1U << 4U;

}  // namespace

std::optional<Buffer> own_target(Bytes report) {
  if (report.size() != kSgxReportSize) return std::nullopt;
  Writer w;  // table 38-22
  w.bytes(part(report, kMrEnclave));
  w.bytes(part(report, kAttributes));
  zeros(w, 2);
  w.bytes(part(report, kConfigSvn));
  w.bytes(part(report, kMiscSelect));
  zeros(w, 8);
  w.bytes(part(report, kConfigId));
  zeros(w, kSgxTargetSize - w.view().size());
  return to_buffer(w.view());
}

bool is_signed(Bytes report) {
  if (report.size() != kSgxReportSize) return false;
  const Bytes signer = part(report, kMrSigner);
  return std::any_of(signer.begin(), signer.end(), [](std::uint8_t octet) { return octet != 0; });
}

std::optional<Buffer> sgx_seal_request(Bytes report, KeyPolicy policy,
                                       std::optional<std::uint16_t> svn) {
  if (report.size() != kSgxReportSize) return std::nullopt;
  Writer w;  // table 38-23
  w.u16le(kSealKey);
  w.u16le(kByConfigId | (policy == KeyPolicy::kSigner ? kByMrSigner : kByMrEnclave));
  if (svn) {
    w.u16le(*svn);
  } else {
    w.bytes(part(report, kIsvSvn));
  }
  zeros(w, 2);
  w.bytes(part(report, kCpuSvn));
  w.u64le(kAttributeMask);
  zeros(w, 8);   // XFRM: not part of it
  zeros(w, 32);  // KEYID: one key for each policy
  w.u32le(kMiscMask);
  w.bytes(part(report, kConfigSvn));
  zeros(w, kSgxTargetSize - w.view().size());
  return to_buffer(w.view());
}

std::optional<std::uint32_t> snp_guest_svn(Bytes report) {
  std::uint32_t version = 0;
  std::uint32_t svn = 0;
  Reader r(report);
  if (report.size() < kSnpReportSize || !r.u32le(version) || !r.u32le(svn)) return std::nullopt;
  return svn;
}

Buffer snp_seal_request(std::uint32_t svn) {
  Writer w;
  w.u32le(0);  // KEY_SEL, ROOT_KEY_SELECT: the key that signs reports
  w.u32le(0);
  w.u64le(kByGuestPolicy | kByMeasurement | kByGuestSvn);
  w.u32le(0);  // VMPL 0
  w.u32le(svn);
  w.u64le(0);  // TCB_VERSION: not part of it
  return to_buffer(w.view());
}

}  // namespace ward::keep
