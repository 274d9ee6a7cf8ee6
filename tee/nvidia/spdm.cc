#include "tee/nvidia/spdm.h"

#include <algorithm>

#include "base/reader.h"
#include "base/writer.h"

namespace ward::nvidia {
namespace {

constexpr std::uint8_t kVersion = 0x11;
constexpr std::uint8_t kGetMeasurements = 0xe0;
constexpr std::uint8_t kMeasurements = 0x60;
constexpr std::uint8_t kSignatureRequested = 0x01;
constexpr std::uint8_t kAllMeasurements = 0xff;
constexpr std::uint8_t kDmtf = 0x01;
constexpr std::size_t kResponseHead = 8;
constexpr std::size_t kBlockHead = 4;
constexpr std::size_t kValueHead = 3;
constexpr std::size_t kMaxSlot = 7;

std::string hex(std::initializer_list<std::uint8_t> octets) {
  return to_hex(Bytes(octets.begin(), octets.size()));
}

std::optional<FormError> parse_request(Reader& in, Report& out) {
  const FormError cut{CheckId::kReportRequest, "cut", "37 octets"};
  std::uint8_t version = 0;
  std::uint8_t code = 0;
  std::uint8_t asked = 0;
  std::uint8_t which = 0;
  if (!in.u8(version) || !in.u8(code) || !in.u8(asked) || !in.u8(which) || !in.array(out.nonce) ||
      !in.u8(out.slot)) {
    return cut;
  }
  if (version != kVersion || code != kGetMeasurements || asked != kSignatureRequested ||
      which != kAllMeasurements || out.slot > kMaxSlot) {
    return FormError{CheckId::kReportRequest, hex({version, code, asked, which, out.slot}),
                     "11e001ff and a slot of 0 to 7"};
  }
  return std::nullopt;
}

FormError bad_record(std::string found) {
  return {CheckId::kReportRecord, std::move(found),
          "DMTF measurements by rising index, each of the size that it states"};
}

std::optional<FormError> parse_record(Bytes record, std::size_t count, Report& out) {
  Reader in(record);
  while (!in.empty()) {
    Measurement m;
    std::uint8_t specification = 0;
    std::uint16_t size = 0;
    std::uint16_t value_size = 0;
    Bytes value;
    if (!in.u8(m.index) || !in.u8(specification) || !in.u16le(size) || !in.u8(m.value_type) ||
        !in.u16le(value_size) || !in.bytes(value_size, value)) {
      return bad_record("a block is cut");
    }
    const std::string name = "block " + std::to_string(m.index);
    if (specification != kDmtf) return bad_record(name + " of another specification");
    if (size != value_size + kValueHead || value_size == 0 || value_size > kMaxMeasurementSize) {
      return bad_record(name + " of " + std::to_string(size) + " octets");
    }
    if (m.index == 0 || (!out.measurements.empty() && m.index <= out.measurements.back().index)) {
      return bad_record(name + " out of order");
    }
    m.value = to_buffer(value);
    out.measurements.push_back(std::move(m));
  }
  if (out.measurements.size() != count || count == 0) {
    return bad_record(std::to_string(out.measurements.size()) + " blocks, and " +
                      std::to_string(count) + " are stated");
  }
  return std::nullopt;
}

std::optional<FormError> parse_opaque(Bytes octets, Report& out) {
  Reader in(octets);
  while (!in.empty()) {
    OpaqueField field;
    std::uint16_t size = 0;
    Bytes data;
    const std::string expected = "type, size and data, each type once";
    if (!in.u16le(field.type) || !in.u16le(size) || !in.bytes(size, data)) {
      return FormError{CheckId::kReportOpaque, "a field is cut", expected};
    }
    if (out.field(field.type) != nullptr) {
      return FormError{CheckId::kReportOpaque, "field " + std::to_string(field.type) + " twice",
                       expected};
    }
    field.data = to_buffer(data);
    out.opaque.push_back(std::move(field));
  }
  return std::nullopt;
}

// What a response consists of, before the parts are looked at.
struct Response {
  std::uint8_t blocks = 0;
  Bytes record;
  Bytes opaque;
};

std::optional<FormError> split_response(Reader& in, Report& out, Response& parts) {
  const auto wrong = [](std::string found) {
    return FormError{CheckId::kReportResponse, std::move(found),
                     "a whole MEASUREMENTS response of SPDM 1.1, and nothing behind it"};
  };
  std::uint8_t version = 0;
  std::uint8_t code = 0;
  std::uint8_t param1 = 0;
  std::uint8_t param2 = 0;
  std::uint16_t low = 0;
  std::uint8_t high = 0;
  std::uint16_t opaque_size = 0;
  if (!in.u8(version) || !in.u8(code) || !in.u8(param1) || !in.u8(param2) || !in.u8(parts.blocks) ||
      !in.u16le(low) || !in.u8(high)) {
    return wrong("cut");
  }
  if (version != kVersion || code != kMeasurements || param1 != 0 || param2 != out.slot) {
    return wrong(hex({version, code, param1, param2}));
  }
  const std::size_t size = low | (std::size_t{high} << 16U);
  if (!in.bytes(size, parts.record) || !in.array(out.response_nonce) || !in.u16le(opaque_size)) {
    return wrong("cut");
  }
  if (opaque_size > kMaxOpaqueSize) return wrong("opaque data of " + std::to_string(opaque_size));
  if (!in.bytes(opaque_size, parts.opaque) || !in.array(out.signature)) return wrong("cut");
  if (!in.empty()) return wrong(std::to_string(in.rest().size()) + " octets behind it");
  return std::nullopt;
}

}  // namespace

const OpaqueField* Report::field(std::uint16_t type) const {
  const auto found =
      std::ranges::find_if(opaque, [&](const OpaqueField& f) { return f.type == type; });
  return found == opaque.end() ? nullptr : &*found;
}

std::variant<Report, FormError> parse_report(Bytes octets) {
  Reader in(octets.first(std::min(octets.size(), kMaxReportSize)));
  Report out;
  Response parts;
  if (auto wrong = parse_request(in, out)) return *std::move(wrong);
  if (octets.size() > kMaxReportSize) {
    return FormError{CheckId::kReportResponse, std::to_string(octets.size()) + " octets",
                     "at most " + std::to_string(kMaxReportSize)};
  }
  if (auto wrong = split_response(in, out, parts)) return *std::move(wrong);
  if (auto wrong = parse_record(parts.record, parts.blocks, out)) return *std::move(wrong);
  if (auto wrong = parse_opaque(parts.opaque, out)) return *std::move(wrong);
  return out;
}

Buffer write_report(const Report& report) {
  Writer record;
  for (const Measurement& m : report.measurements) {
    record.u8(m.index);
    record.u8(kDmtf);
    record.u16le(static_cast<std::uint16_t>(m.value.size() + kValueHead));
    record.u8(m.value_type);
    record.u16le(static_cast<std::uint16_t>(m.value.size()));
    record.bytes(m.value);
  }
  Writer fields;
  for (const OpaqueField& field : report.opaque) {
    fields.u16le(field.type);
    fields.u16le(static_cast<std::uint16_t>(field.data.size()));
    fields.bytes(field.data);
  }
  Writer out;
  for (const std::uint8_t octet :
       {kVersion, kGetMeasurements, kSignatureRequested, kAllMeasurements})
    out.u8(octet);
  out.bytes(report.nonce);
  out.u8(report.slot);
  for (const std::uint8_t octet : {kVersion, kMeasurements, std::uint8_t{0}, report.slot})
    out.u8(octet);
  out.u8(static_cast<std::uint8_t>(report.measurements.size()));
  out.u16le(static_cast<std::uint16_t>(record.size() & 0xffffU));
  out.u8(static_cast<std::uint8_t>(record.size() >> 16U));
  out.bytes(record.view());
  out.bytes(report.response_nonce);
  out.u16le(static_cast<std::uint16_t>(fields.size()));
  out.bytes(fields.view());
  out.bytes(report.signature);
  return out.take();
}

Bytes signed_part(Bytes octets) { return octets.first(octets.size() - kSignatureSize); }

Bytes measurement_record(Bytes octets) {
  const std::size_t size = octets[kRequestSize + 5] |
                           (std::size_t{octets[kRequestSize + 6]} << 8U) |
                           (std::size_t{octets[kRequestSize + 7]} << 16U);
  return octets.subspan(kRequestSize + kResponseHead, size);
}

void add_report_layout(Bytes octets, std::size_t offset, std::vector<attest::LayoutField>& out) {
  const auto parsed = parse_report(octets);
  const auto* report = std::get_if<Report>(&parsed);
  if (report == nullptr) return;
  std::size_t at = 0;
  const auto add = [&](std::size_t size, std::string name, const char* type) {
    out.push_back({offset + at, size, std::move(name), type, to_hex(octets.subspan(at, size))});
    at += size;
  };
  add(4, "request.head", "GET_MEASUREMENTS");
  add(kNonceSize, "request.nonce", "GET_MEASUREMENTS");
  add(1, "request.slot", "GET_MEASUREMENTS");
  add(4, "response.head", "MEASUREMENTS");
  add(1, "response.number_of_blocks", "MEASUREMENTS");
  add(3, "response.record_length", "MEASUREMENTS");
  for (const Measurement& m : report->measurements) {
    const std::string name = "measurement." + std::to_string(m.index);
    add(kBlockHead, name + ".head", "MeasurementBlock");
    add(kValueHead, name + ".value_head", "DMTFSpecMeasurement");
    add(m.value.size(), name + ".value", "DMTFSpecMeasurement");
  }
  add(kNonceSize, "response.nonce", "MEASUREMENTS");
  add(2, "response.opaque_length", "MEASUREMENTS");
  for (const OpaqueField& field : report->opaque) {
    const std::string name = "opaque." + std::to_string(field.type);
    add(4, name + ".head", "NVIDIA opaque data");
    if (!field.data.empty()) add(field.data.size(), name + ".data", "NVIDIA opaque data");
  }
  add(kSignatureSize, "response.signature", "MEASUREMENTS");
}

}  // namespace ward::nvidia
