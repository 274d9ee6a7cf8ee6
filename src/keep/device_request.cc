#include "keep/device_request.h"

#include <algorithm>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"
#include "keep/text.h"

namespace ward::keep {
namespace {

constexpr std::size_t kIndexSize = 1;

// Sizes is how many octets a kind of request may have behind its head.
struct Sizes {
  DeviceCall call;
  std::size_t least;
  std::size_t most;
};

constexpr auto kSizes = std::to_array<Sizes>({
    {DeviceCall::kTee, 0, 0},
    {DeviceCall::kInfo, 0, 0},
    {DeviceCall::kEvidence, kReportDataSize, kReportDataSize},
    {DeviceCall::kRawEvidence, kReportDataSize, kReportDataSize},
    {DeviceCall::kLocalReport, kReportDataSize, kReportDataSize + kMaxTargetBytes},
    {DeviceCall::kVerifyReport, 1, kMaxLocalReportBytes},
    {DeviceCall::kKey, 1, kMaxKeyRequestBytes},
    {DeviceCall::kExtend, kIndexSize, kIndexSize + kMaxEventDataBytes},
});

// framed puts a head before `parts`.
SecretBytes framed(std::uint8_t code, std::initializer_list<Bytes> parts) {
  std::size_t size = 0;
  for (const Bytes part : parts) {
    size += part.size();
  }
  Writer head;
  head.u8(code);
  head.u32le(static_cast<std::uint32_t>(size));
  SecretBytes out(kDeviceHeadSize + size);
  auto at = std::copy(head.view().begin(), head.view().end(), out.expose_mut().begin());
  for (const Bytes part : parts) {
    at = std::copy(part.begin(), part.end(), at);
  }
  return out;
}

SecretBytes answer(std::initializer_list<Bytes> parts) {
  std::size_t size = 0;
  for (const Bytes part : parts) {
    size += part.size();
  }
  if (size > kMaxEvidenceBytes) {
    return refusal_of({.code = Errc::kLimit,
                       .what = "the platform's answer has " + std::to_string(size) + " octets"});
  }
  return framed(0, parts);
}

SecretBytes raw_evidence_of(Device& device, ReportData report_data) {
  const auto raw = device.raw_evidence(report_data);
  if (!raw) return refusal_of(raw.error());
  Writer size;
  size.u32le(static_cast<std::uint32_t>(raw->evidence.size()));
  return answer({size.view(), raw->evidence, raw->event_log});
}

SecretBytes words(const Device::Answer<std::string>& text) {
  return text ? answer({as_bytes(*text)}) : refusal_of(text.error());
}

SecretBytes nothing(const Device::Answer<void>& done) {
  return done ? answer({}) : refusal_of(done.error());
}

}  // namespace

Result<DeviceHead> parse_device_head(std::span<const std::uint8_t, kDeviceHeadSize> head) {
  Reader r(head);
  std::uint8_t kind = 0;
  std::uint32_t size = 0;
  if (!r.u8(kind) || !r.u32le(size)) return Error(Errc::kTruncated, "device: request");
  const auto* const found = std::find_if(kSizes.begin(), kSizes.end(), [&](const Sizes& s) {
    return static_cast<std::uint8_t>(s.call) == kind;
  });
  if (found == kSizes.end()) return Error(Errc::kMalformed, "device: no such request", kind);
  if (size > found->most) return Error(Errc::kLimit, "device: request is too long", size);
  if (size < found->least) return Error(Errc::kMalformed, "device: request is too short", size);
  return DeviceHead{.call = found->call, .size = size};
}

Result<DeviceRequest> parse_device_request(const DeviceHead& head, Bytes octets) {
  if (octets.size() != head.size) {
    return Error(Errc::kMalformed, "device: request of another length", octets.size());
  }
  DeviceRequest out{.call = head.call, .report_data = {}, .octets = octets};
  switch (head.call) {
    case DeviceCall::kEvidence:
    case DeviceCall::kRawEvidence:
    case DeviceCall::kLocalReport:
      out.report_data = octets.first(kReportDataSize);
      out.octets = octets.subspan(kReportDataSize);
      return out;
    case DeviceCall::kExtend:
      out.index = octets.front();
      out.octets = octets.subspan(kIndexSize);
      return out;
    case DeviceCall::kTee:
    case DeviceCall::kInfo:
    case DeviceCall::kVerifyReport:
    case DeviceCall::kKey:
      return out;
  }
  return Error(Errc::kMalformed, "device: no such request");
}

Buffer write_device_request(const DeviceRequest& request) {
  Writer body;
  if (request.call == DeviceCall::kExtend) body.u8(static_cast<std::uint8_t>(request.index));
  body.bytes(request.report_data);
  body.bytes(request.octets);
  Writer w;
  w.u8(static_cast<std::uint8_t>(request.call));
  w.u32le(static_cast<std::uint32_t>(body.view().size()));
  w.bytes(body.view());
  return to_buffer(w.view());
}

SecretBytes answer_of(Device& device, const DeviceRequest& request) {
  const auto report_data = [&] { return request.report_data.first<kReportDataSize>(); };
  switch (request.call) {
    case DeviceCall::kTee:
      return words(device.tee());
    case DeviceCall::kInfo:
      return words(device.info());
    case DeviceCall::kEvidence: {
      const auto evidence = device.evidence(report_data());
      return evidence ? answer({as_bytes(evidence->primary)}) : refusal_of(evidence.error());
    }
    case DeviceCall::kRawEvidence:
      return raw_evidence_of(device, report_data());
    case DeviceCall::kLocalReport: {
      const auto report = device.local_report(request.octets, report_data());
      return report ? answer({*report}) : refusal_of(report.error());
    }
    case DeviceCall::kVerifyReport:
      return nothing(device.verify_report(request.octets));
    case DeviceCall::kKey: {
      const auto key = device.key(request.octets);
      return key ? answer({key->expose()}) : refusal_of(key.error());
    }
    case DeviceCall::kExtend:
      return nothing(device.extend(request.index, request.octets));
  }
  return refusal_of({.code = Errc::kMalformed, .what = "device: no such request"});
}

SecretBytes refusal_of(const Failure& failure) {
  const std::string why = valid_text(failure.what, kMaxReasonBytes);
  return framed(static_cast<std::uint8_t>(1 + static_cast<unsigned>(failure.code)),
                {as_bytes(why)});
}

}  // namespace ward::keep
