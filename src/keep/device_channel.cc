#include "keep/device_channel.h"

#include <array>

#include "base/reader.h"
#include "keep/frame.h"
#include "keep/text.h"

namespace ward::keep {
namespace {

Failure failure_of(const Error& error) { return {.code = error.code(), .what = error.what()}; }

Failure no_answer(Errc code) {
  return {.code = code, .what = "keep.device: not an answer of a device"};
}

// code_of takes the other side's word for why, where it is one of ours.
Errc code_of(std::uint8_t octet) {
  const unsigned n = octet - 1U;
  return n <= static_cast<unsigned>(Errc::kInternal) ? static_cast<Errc>(n) : Errc::kMalformed;
}

}  // namespace

Device::Answer<SecretBytes> DeviceClient::ask(const DeviceRequest& request) {
  // A device that refuses what it need not read whole has said why all the same.
  const auto sent = write_exact(fd_, write_device_request(request), deadline_);
  std::array<std::uint8_t, kDeviceHeadSize> head{};
  if (const auto read = read_exact(fd_, head, deadline_); !read) {
    return failure_of(sent ? read.error() : sent.error());
  }
  Reader r(head);
  std::uint8_t code = 0;
  std::uint32_t size = 0;
  if (!r.u8(code) || !r.u32le(size)) return no_answer(Errc::kTruncated);
  if (size > (code == 0 ? kMaxEvidenceBytes : kMaxReasonBytes)) return no_answer(Errc::kLimit);
  SecretBytes octets(size);
  if (const auto read = read_exact(fd_, octets.expose_mut(), deadline_); !read) {
    return failure_of(read.error());
  }
  if (code == 0) return octets;
  return Failure{.code = code_of(code),
                 .what = valid_text(as_text(octets.expose()), kMaxReasonBytes)};
}

Device::Answer<std::string> DeviceClient::ask_for_text(const DeviceRequest& request) {
  WARD_TRY(const SecretBytes octets, ask(request));
  return std::string(as_text(octets.expose()));
}

Device::Answer<void> DeviceClient::ask_for_nothing(const DeviceRequest& request) {
  WARD_TRY(const SecretBytes octets, ask(request));
  if (!octets.empty()) return no_answer(Errc::kMalformed);
  return {};
}

Device::Answer<std::string> DeviceClient::tee() {
  return ask_for_text({.call = DeviceCall::kTee, .report_data = {}, .octets = {}});
}

Device::Answer<Evidence> DeviceClient::evidence(ReportData report_data) {
  WARD_TRY(std::string name, tee());
  WARD_TRY(std::string text,
           ask_for_text({.call = DeviceCall::kEvidence, .report_data = report_data, .octets = {}}));
  return Evidence{.tee = std::move(name), .primary = std::move(text)};
}

Device::Answer<RawEvidence> DeviceClient::raw_evidence(ReportData report_data) {
  WARD_TRY(const SecretBytes octets,
           ask({.call = DeviceCall::kRawEvidence, .report_data = report_data, .octets = {}}));
  Reader r(octets.expose());
  std::uint32_t size = 0;
  Bytes evidence;
  if (!r.u32le(size) || !r.bytes(size, evidence)) return no_answer(Errc::kMalformed);
  return RawEvidence{.evidence = to_buffer(evidence),
                     .event_log = to_buffer(octets.expose().subspan(r.offset()))};
}

Device::Answer<std::string> DeviceClient::info() {
  return ask_for_text({.call = DeviceCall::kInfo, .report_data = {}, .octets = {}});
}

Device::Answer<Buffer> DeviceClient::local_report(Bytes target, ReportData report_data) {
  WARD_TRY(const SecretBytes octets,
           ask({.call = DeviceCall::kLocalReport, .report_data = report_data, .octets = target}));
  return to_buffer(octets.expose());
}

Device::Answer<void> DeviceClient::verify_report(Bytes report) {
  return ask_for_nothing({.call = DeviceCall::kVerifyReport, .report_data = {}, .octets = report});
}

Device::Answer<SecretBytes> DeviceClient::key(Bytes request) {
  return ask({.call = DeviceCall::kKey, .report_data = {}, .octets = request});
}

Device::Answer<void> DeviceClient::extend(unsigned index, Bytes event_data) {
  return ask_for_nothing(
      {.call = DeviceCall::kExtend, .report_data = {}, .index = index, .octets = event_data});
}

}  // namespace ward::keep
