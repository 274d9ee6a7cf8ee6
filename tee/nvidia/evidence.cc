#include "tee/nvidia/evidence.h"

#include <algorithm>

#include "codec/json.h"
#include "codec/json_write.h"

namespace ward::nvidia {
namespace {

using codec::JsonValue;

bool is_blank(std::uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

Bytes trimmed(Bytes text) {
  while (!text.empty() && is_blank(text.front()))
    text = text.subspan(1);
  while (!text.empty() && is_blank(text.back()))
    text = text.first(text.size() - 1);
  return text;
}

FormError wrong(std::string found) {
  return {CheckId::kEvidenceForm, std::move(found),
          "a report, or a list of devices, each with report and certificates"};
}

std::string nth(std::size_t number, const char* what) {
  return "device " + std::to_string(number) + ": " + what;
}

// A member that is text; the list's own where the device has none, which may be null.
std::optional<std::string_view> text_of(const JsonValue& device, const JsonValue* list,
                                        std::string_view name) {
  const JsonValue* member = device.find(name);
  if (member == nullptr && list != nullptr) member = list->find(name);
  return member == nullptr ? std::nullopt : member->as_string();
}

bool has(const JsonValue& device, const JsonValue* list, std::string_view name) {
  return device.find(name) != nullptr || (list != nullptr && list->find(name) != nullptr);
}

std::optional<Buffer> decoded(std::string_view text) {
  if (auto octets = from_hex(text)) return octets;
  return from_base64(text, Base64::kStandard);
}

std::variant<DeviceEvidence, FormError> parse_device(const JsonValue& value, const JsonValue* list,
                                                     std::size_t number) {
  DeviceEvidence out;
  const auto report = text_of(value, nullptr, "evidence");
  auto octets = report ? decoded(*report) : std::nullopt;
  if (!octets || octets->empty()) return wrong(nth(number, "no evidence in base64 or hex"));
  out.report = *std::move(octets);
  if (has(value, nullptr, "certificate")) {
    const auto text = text_of(value, nullptr, "certificate");
    const auto pem = text ? from_base64(*text, Base64::kStandard) : std::nullopt;
    if (!pem) return wrong(nth(number, "a certificate that is no base64 of PEM"));
    out.certificates = as_text(*pem);
  }
  if (has(value, list, "arch")) {
    const auto arch = text_of(value, list, "arch");
    if (!arch || arch->empty()) return wrong(nth(number, "an arch that is no text"));
    out.arch = *arch;
  }
  if (has(value, list, "nonce")) {
    const auto text = text_of(value, list, "nonce");
    out.nonce = text ? from_hex(*text) : std::nullopt;
    if (!out.nonce) return wrong(nth(number, "a nonce that is no hex"));
  }
  return out;
}

std::variant<Evidence, FormError> parse_list(const JsonValue& items, const JsonValue* list) {
  if (!items.is_array() || items.items().empty()) return wrong("a list of no devices");
  if (items.items().size() > kMaxDevices) {
    return wrong(std::to_string(items.items().size()) + " devices");
  }
  Evidence out{.is_list = true};
  for (const JsonValue& item : items.items()) {
    auto device = parse_device(item, list, out.devices.size() + 1);
    if (auto* error = std::get_if<FormError>(&device)) return std::move(*error);
    out.devices.push_back(std::move(std::get<DeviceEvidence>(device)));
  }
  return out;
}

std::variant<Evidence, FormError> parse_json_evidence(Bytes text) {
  const auto json = codec::parse_json(text, {.max_bytes = attest::kMaxEvidenceBytes});
  if (!json) return wrong("JSON that does not parse: " + to_text(json.error()));
  if (json->is_array()) return parse_list(*json, nullptr);
  if (const JsonValue* items = json->find("device_evidence_list"))
    return parse_list(*items, nullptr);
  if (const JsonValue* items = json->find("evidence_list")) return parse_list(*items, &*json);
  if (json->find("detached_eat") != nullptr) {
    return wrong("a verifier's result (detached EAT), which is no evidence");
  }
  auto one = parse_device(*json, nullptr, 1);
  if (auto* error = std::get_if<FormError>(&one)) return std::move(*error);
  return Evidence{{std::move(std::get<DeviceEvidence>(one))}, true};
}

}  // namespace

bool looks_like_json(Bytes evidence) {
  const Bytes text = trimmed(evidence);
  return !text.empty() && (text.front() == '[' || text.front() == '{');
}

std::variant<Evidence, FormError> parse_evidence(Bytes evidence) {
  if (evidence.empty()) return wrong("nothing");
  if (looks_like_json(evidence)) return parse_json_evidence(evidence);
  Evidence out;
  DeviceEvidence& device = out.devices.emplace_back();
  auto octets = from_hex(as_text(trimmed(evidence)));
  device.report = octets ? *std::move(octets) : to_buffer(evidence);
  return out;
}

std::vector<std::pair<std::size_t, std::size_t>> evidence_places(Bytes text) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  const auto json = codec::parse_json(text, {.max_bytes = attest::kMaxEvidenceBytes});
  if (!json) return out;
  const JsonValue* list = json->find("device_evidence_list");
  if (list == nullptr) list = json->find("evidence_list");
  const auto add = [&](const JsonValue& device) {
    const JsonValue* report = device.find("evidence");
    if (report != nullptr) out.emplace_back(report->begin() + 1, report->end() - 1);
  };
  if (list == nullptr && json->is_object()) {
    add(*json);
    return out;
  }
  for (const JsonValue& device : (list == nullptr ? *json : *list).items())
    add(device);
  return out;
}

Result<std::string> write_evidence_json(const std::vector<DeviceEvidence>& devices) {
  codec::JsonWriter w;
  w.begin_array();
  for (const DeviceEvidence& device : devices) {
    w.begin_object();
    if (!device.arch.empty()) w.member("arch", device.arch);
    if (!device.certificates.empty()) {
      w.member("certificate", to_base64(as_bytes(device.certificates), Base64::kStandard));
    }
    w.member("evidence", to_base64(device.report, Base64::kStandard));
    if (device.nonce) w.member("nonce", to_hex(*device.nonce));
    w.end_object();
  }
  return w.end_array().take();
}

}  // namespace ward::nvidia
