#include "keep/device_channel.h"

#include <array>
#include <optional>

#include "base/reader.h"
#include "base/writer.h"
#include "keep/frame.h"

namespace ward::keep {
namespace {

constexpr std::uint8_t kAskTee = 't';
constexpr std::uint8_t kAskEvidence = 'e';
constexpr std::size_t kReplyHead = 5;

Result<void> answer(int fd, const Result<std::string>& result, int limit_ms) {
  Writer w;
  w.u8(result ? 0 : static_cast<std::uint8_t>(1 + static_cast<unsigned>(result.error().code())));
  w.u32le(result ? static_cast<std::uint32_t>(result->size()) : 0);
  if (result) w.bytes(as_bytes(*result));
  const Deadline deadline(limit_ms);
  return write_exact(fd, w.view(), &deadline);
}

// code_of takes the other side's word for why, where it is one of ours.
Errc code_of(std::uint8_t octet) {
  const unsigned n = octet - 1U;
  return n <= static_cast<unsigned>(Errc::kInternal) ? static_cast<Errc>(n) : Errc::kMalformed;
}

Result<std::string> evidence_text(Device& device, ReportData report_data) {
  WARD_TRY(Evidence evidence, device.evidence(report_data));
  if (evidence.primary.size() > kMaxEvidenceBytes)
    return Error(Errc::kLimit, "keep.device: evidence", evidence.primary.size());
  return std::move(evidence.primary);
}

}  // namespace

Result<std::string> DeviceClient::reply() {
  std::array<std::uint8_t, kReplyHead> head{};
  WARD_CHECK_OK(read_exact(fd_, head, deadline_));
  Reader r(head);
  std::uint8_t code = 0;
  std::uint32_t size = 0;
  if (!r.u8(code) || !r.u32le(size)) return Error(Errc::kTruncated, "keep.device: reply");
  if (code != 0) return Error(code_of(code), "keep.device: refused");
  if (size > kMaxEvidenceBytes) return Error(Errc::kLimit, "keep.device: reply", size);
  Buffer octets(size);
  WARD_CHECK_OK(read_exact(fd_, octets, deadline_));
  return std::string(as_text(octets));
}

Result<std::string> DeviceClient::tee() {
  WARD_CHECK_OK(write_exact(fd_, Bytes(&kAskTee, 1), deadline_));
  return reply();
}

Result<Evidence> DeviceClient::evidence(ReportData report_data) {
  WARD_TRY(std::string name, tee());
  Buffer request = {kAskEvidence};
  request.insert(request.end(), report_data.begin(), report_data.end());
  WARD_CHECK_OK(write_exact(fd_, request, deadline_));
  WARD_TRY(std::string text, reply());
  return Evidence{.tee = std::move(name), .primary = std::move(text)};
}

Result<bool> serve_device_request(int fd, Device& device, int limit_ms) {
  WARD_TRY(const std::optional<std::uint8_t> kind, read_octet(fd));
  if (!kind) return false;
  if (*kind == kAskTee) {
    WARD_CHECK_OK(answer(fd, device.tee(), limit_ms));
    return true;
  }
  if (*kind != kAskEvidence) return Error(Errc::kMalformed, "keep.device: request", *kind);
  std::array<std::uint8_t, kReportDataSize> report_data{};
  const Deadline deadline(limit_ms);
  WARD_CHECK_OK(read_exact(fd, report_data, &deadline));
  WARD_CHECK_OK(answer(fd, evidence_text(device, report_data), limit_ms));
  return true;
}

}  // namespace ward::keep
