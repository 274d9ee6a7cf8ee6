#include "tee/azure/evidence.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "codec/json.h"
#include "codec/json_write.h"
#include "codec/pem.h"
#include "tee/azure/hcl.h"

namespace ward::azure {
namespace {

using codec::JsonValue;
using Wrong = std::string;

constexpr std::size_t kMaxUnreadText = 16384;

// JSON may have blanks before it.
bool is_object(Bytes in) {
  const std::string_view text = as_text(in);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && text[first] == '{';
}

codec::JsonLimits limits() {
  return {.max_bytes = kMaxEvidenceJson, .max_depth = 6, .max_values = 40000};
}

// has_exactly is true for an object with these members and no others.
bool has_exactly(const JsonValue* value, std::initializer_list<std::string_view> names) {
  return value != nullptr && value->is_object() && value->members().size() == names.size() &&
         std::ranges::all_of(names,
                             [&](std::string_view name) { return value->find(name) != nullptr; });
}

// base64url, with its padding or without; the standard alphabet is another writing.
bool read_base64(const JsonValue& value, std::size_t most, Buffer& out) {
  const auto text = value.as_string();
  if (!text) return false;
  std::string_view body = *text;
  if (body.ends_with('=')) {
    if (body.size() % 4 != 0) return false;
    body.remove_suffix(body.ends_with("==") ? 2 : 1);
  }
  auto octets = from_base64(body, Base64::kUrl);
  if (!octets || octets->size() > most) return false;
  out = *std::move(octets);
  return true;
}

std::string padded_base64(Bytes octets) {
  std::string out = to_base64(octets, Base64::kUrl);
  while (out.size() % 4 != 0)
    out += '=';
  return out;
}

bool read_hex(const JsonValue& value, std::size_t most, Buffer& out) {
  const auto text = value.as_string();
  if (!text || std::ranges::any_of(*text, [](char c) { return c >= 'A' && c <= 'F'; })) {
    return false;
  }
  auto octets = from_hex(*text);
  if (!octets || octets->size() > most) return false;
  out = *std::move(octets);
  return true;
}

bool read_numbers(const JsonValue& value, std::size_t most, Buffer& out) {
  if (!value.is_array() || value.items().size() > most) return false;
  out.clear();
  out.reserve(value.items().size());
  for (const JsonValue& item : value.items()) {
    const auto number = item.as_uint();
    if (!number || *number > 255) return false;
    out.push_back(static_cast<std::uint8_t>(*number));
  }
  return true;
}

using ReadOctets = bool (*)(const JsonValue&, std::size_t, Buffer&);

// {"signature", "message", "pcrs"}: hex, or numbers.
Wrong read_quote(const JsonValue* quote, ReadOctets read, Evidence& out) {
  if (!has_exactly(quote, {"signature", "message", "pcrs"})) {
    return "the TPM's quote has other members than signature, message and pcrs";
  }
  const char* form = read == read_hex ? " in lower-case hex" : " as numbers";
  if (!read(*quote->find("signature"), kMaxSignature, out.signature)) {
    return std::string("the quote's signature is no octets") + form + ", or too long";
  }
  if (!read(*quote->find("message"), kMaxMessage, out.message)) {
    return std::string("the quote's message is no octets") + form + ", or too long";
  }
  const JsonValue& pcrs = *quote->find("pcrs");
  if (!pcrs.is_array() || pcrs.items().size() != kPcrs) {
    return "pcrs is no list of " + std::to_string(kPcrs);
  }
  for (const JsonValue& item : pcrs.items()) {
    if (!read(item, kMaxPcr, out.pcrs.emplace_back())) {
      return std::string("a PCR value is no octets") + form + ", or too long";
    }
  }
  return {};
}

Wrong read_pem(const JsonValue& value, Evidence& out) {
  const auto text = value.as_string();
  if (!text) return "vcek is no text";
  const auto blocks = codec::parse_pem(*text);
  if (!blocks || blocks->size() > kMaxVcekChain) {
    return "vcek is no PEM of 1 to " + std::to_string(kMaxVcekChain) + " certificates";
  }
  for (const codec::PemBlock& block : *blocks) {
    if (block.label != "CERTIFICATE" || block.der.size() > kMaxCertificate) {
      return "vcek holds what is no certificate";
    }
    out.vcek.push_back(block.der);
  }
  return {};
}

Wrong read_snp0(const JsonValue& root, Evidence& out) {
  if (!has_exactly(&root, {"quote", "report", "vcek"})) {
    return "JSON with other members than quote, report and vcek";
  }
  if (!read_numbers(*root.find("report"), kMaxHcl, out.hcl)) {
    return "report is no octets as numbers, or too long";
  }
  Wrong wrong = read_pem(*root.find("vcek"), out);
  return wrong.empty() ? read_quote(root.find("quote"), read_numbers, out) : wrong;
}

Wrong read_versioned(const JsonValue& root, Evidence& out) {
  const bool tdx = is_tdx(out.form);
  const char* endorsed = tdx ? "td_quote" : "vcek";
  if (!has_exactly(&root, {"version", "tpm_quote", "hcl_report", endorsed})) {
    return std::string("JSON with other members than version, tpm_quote, hcl_report and ") +
           endorsed;
  }
  const auto version = root.find("version")->as_uint();
  if (!version || *version == 0 || *version > (tdx ? 1U : 2U)) {
    return tdx ? "another version than 1" : "another version than 1 and 2";
  }
  out.version = *version;
  if (!read_base64(*root.find("hcl_report"), kMaxHcl, out.hcl)) {
    return "hcl_report is no base64url, or too long";
  }
  if (tdx && !read_base64(*root.find(endorsed), kMaxTdQuote, out.td_quote)) {
    return "td_quote is no base64url, or too long";
  }
  if (!tdx && !read_base64(*root.find(endorsed), kMaxCertificate, out.vcek.emplace_back())) {
    return "vcek is no base64url, or too long";
  }
  return read_quote(root.find("tpm_quote"), read_hex, out);
}

// An event log and what says where the machine runs are not read: they are named.
bool holds_nothing(const JsonValue& value) {
  return value.kind() == JsonValue::Kind::kNull || (value.is_array() && value.items().empty());
}

Wrong read_attested_tls(const JsonValue& root, Evidence& out) {
  const JsonValue* attestation = root.find("tpm_attestation");
  if (!has_exactly(&root, {"tdx_quote_base64", "hcl_report_base64", "tpm_attestation"}) ||
      !has_exactly(attestation, {"ak_certificate_pem", "quote", "event_log", "instance_info"})) {
    return "JSON with other members than tdx_quote_base64, hcl_report_base64 and tpm_attestation "
           "{ak_certificate_pem, quote, event_log, instance_info}";
  }
  if (!read_base64(*root.find("hcl_report_base64"), kMaxHcl, out.hcl)) {
    return "hcl_report_base64 is no base64url, or too long";
  }
  if (!read_base64(*root.find("tdx_quote_base64"), kMaxTdQuote, out.td_quote)) {
    return "tdx_quote_base64 is no base64url, or too long";
  }
  const auto certificate = attestation->find("ak_certificate_pem")->as_string();
  if (!certificate || certificate->size() > kMaxUnreadText) {
    return "ak_certificate_pem is no text, or too long";
  }
  out.ak_certificate = std::string(*certificate);
  for (const char* name : {"event_log", "instance_info"}) {
    if (!holds_nothing(*attestation->find(name))) out.unread.emplace_back(name);
  }
  return read_quote(attestation->find("quote"), read_numbers, out);
}

std::optional<Form> form_of(const JsonValue& root) {
  if (root.find("tdx_quote_base64") != nullptr) return Form::kAttestedTls;
  if (root.find("report") != nullptr) return Form::kSnp0;
  if (root.find("td_quote") != nullptr) return Form::kTdx;
  if (root.find("vcek") != nullptr) return Form::kSnp;
  return std::nullopt;
}

void write_numbers(Bytes octets, codec::JsonWriter& w) {
  w.begin_array();
  for (const std::uint8_t octet : octets)
    w.unsigned_integer(octet);
  w.end_array();
}

void write_quote(const Evidence& e, bool hex, codec::JsonWriter& w) {
  const auto octets = [&](Bytes value) {
    if (hex) {
      w.string(to_hex(value));
    } else {
      write_numbers(value, w);
    }
  };
  w.begin_object().name("signature");
  octets(e.signature);
  w.name("message");
  octets(e.message);
  w.name("pcrs").begin_array();
  for (const Buffer& pcr : e.pcrs)
    octets(pcr);
  w.end_array().end_object();
}

void write_snp0(const Evidence& e, codec::JsonWriter& w) {
  w.name("quote");
  write_quote(e, false, w);
  w.name("report");
  write_numbers(e.hcl, w);
  std::string pem;
  for (const Buffer& certificate : e.vcek)
    pem += codec::to_pem("CERTIFICATE", certificate);
  w.member("vcek", pem);
}

void write_versioned(const Evidence& e, codec::JsonWriter& w) {
  w.member("version", e.version).name("tpm_quote");
  write_quote(e, true, w);
  w.member("hcl_report", padded_base64(e.hcl));
  if (is_tdx(e.form)) {
    w.member("td_quote", padded_base64(e.td_quote));
  } else {
    w.member("vcek", padded_base64(e.vcek.empty() ? Buffer() : e.vcek.front()));
  }
}

void write_attested_tls(const Evidence& e, codec::JsonWriter& w) {
  w.member("tdx_quote_base64", padded_base64(e.td_quote));
  w.member("hcl_report_base64", padded_base64(e.hcl));
  w.name("tpm_attestation").begin_object().member("ak_certificate_pem", e.ak_certificate);
  w.name("quote");
  write_quote(e, false, w);
  w.name("event_log").begin_array().end_array().name("instance_info").null().end_object();
}

// The values that stand in the JSON: texts, numbers, and lists of numbers as one.
struct Leaf {
  const JsonValue* value;
  std::string name;
};

void add_leaves(const JsonValue& value, const std::string& name, std::vector<Leaf>& out) {
  const bool list = value.is_array() && !value.items().empty() &&
                    value.items().front().kind() != JsonValue::Kind::kInt;
  if (!value.is_object() && !list) {
    out.push_back({&value, name});
    return;
  }
  for (const auto& [key, member] : value.members())
    add_leaves(member, name.empty() ? key : name + "." + key, out);
  for (std::size_t i = 0; i < value.items().size(); ++i)
    add_leaves(value.items()[i], name + "[" + std::to_string(i) + "]", out);
}

}  // namespace

Result<Evidence, std::string> parse_evidence(Bytes in) {
  if (!is_object(in)) return std::string("no JSON object");
  const auto root = codec::parse_json(in, limits());
  if (!root) return "JSON that is malformed: " + to_text(root.error());
  const auto form = form_of(*root);
  if (!form) return std::string("JSON of no known form: it has neither vcek nor a TD quote");
  Evidence out;
  out.form = *form;
  Wrong wrong;
  switch (*form) {
    case Form::kSnp0:
      wrong = read_snp0(*root, out);
      break;
    case Form::kSnp:
    case Form::kTdx:
      wrong = read_versioned(*root, out);
      break;
    case Form::kAttestedTls:
      wrong = read_attested_tls(*root, out);
      break;
  }
  if (!wrong.empty()) return wrong;
  return out;
}

Buffer write_evidence(const Evidence& evidence) {
  codec::JsonWriter w;
  w.begin_object();
  switch (evidence.form) {
    case Form::kSnp0:
      write_snp0(evidence, w);
      break;
    case Form::kSnp:
    case Form::kTdx:
      write_versioned(evidence, w);
      break;
    case Form::kAttestedTls:
      write_attested_tls(evidence, w);
      break;
  }
  const auto text = w.end_object().take();
  return text ? to_buffer(as_bytes(*text)) : Buffer{};
}

bool looks_like_evidence(Bytes in) {
  if (!is_object(in)) return false;
  const std::string_view text = as_text(in);
  const auto has = [&](std::string_view name) { return text.find(name) != text.npos; };
  return has("\"hcl_report\"") || has("\"hcl_report_base64\"") ||
         (has("\"vcek\"") && has("\"report\"") && has("\"quote\""));
}

std::vector<attest::LayoutField> layout_of(Bytes in) {
  const auto root = codec::parse_json(in, limits());
  if (!root) return {};
  std::vector<Leaf> leaves;
  add_leaves(*root, "", leaves);
  std::vector<attest::LayoutField> out;
  std::size_t at = 0;
  const auto up_to = [&](std::size_t end, std::string name, const char* type) {
    if (end == at) return;
    out.push_back(
        {at, end - at, std::move(name), type, std::string(as_text(in.subspan(at, end - at)))});
    at = end;
  };
  for (const Leaf& leaf : leaves) {
    up_to(leaf.value->begin(), "json", "JSON");
    up_to(leaf.value->end(), leaf.name, "JSON value");
  }
  up_to(in.size(), "json", "JSON");
  return out;
}

}  // namespace ward::azure
