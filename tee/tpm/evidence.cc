#include "tee/tpm/evidence.h"

#include <algorithm>

#include "base/reader.h"
#include "base/writer.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "tee/tpm/structures.h"

namespace ward::tpm {
namespace {

using codec::JsonValue;

constexpr std::uint8_t kAttestBegin[] = {0xff, 0x54, 0x43, 0x47, 0x80};

bool starts_with(Bytes in, Bytes marker) {
  return in.size() >= marker.size() && in.front() == marker.front() &&
         equal(in.first(marker.size()), marker);
}

bool is_json(Bytes in) { return !in.empty() && in.front() == '{'; }

Result<Evidence, std::string> parse_own(Bytes in) {
  Evidence out;
  Reader r(in);
  Bytes marker;
  Bytes part;
  std::uint16_t count = 0;
  if (!r.bytes(kMarker.size(), marker)) return std::string("it is cut within the marker");
  if (!read_2b(r, kMaxAttest, part)) return std::string("TPM2B_ATTEST is cut or too long");
  out.attest = to_buffer(part);
  if (!read_2b(r, kMaxSignature, part)) return std::string("the signature is cut or too long");
  out.signature = to_buffer(part);
  if (!read_2b(r, kMaxPublic, part)) return std::string("TPM2B_PUBLIC is cut or too long");
  out.ak = to_buffer(part);
  if (!r.u16be(count) || count > kMaxPcrs) {
    return "the number of PCR values is cut or above " + std::to_string(kMaxPcrs);
  }
  for (std::uint16_t i = 0; i < count; ++i) {
    if (!read_2b(r, kMaxDigest, part)) {
      return "PCR value " + std::to_string(i) + " is cut or too long";
    }
    out.pcrs.push_back(to_buffer(part));
  }
  if (!r.empty()) return std::string("there are octets behind it");
  return out;
}

// What is read of Trustee's JSON: the values, borrowed from the document.
struct Json {
  const JsonValue* ak_public = nullptr;
  const JsonValue* signature = nullptr;
  const JsonValue* message = nullptr;
  const JsonValue* pcrs = nullptr;
};

// Exactly these members: another one may be what ward does not read.
std::optional<Json> members_of(const JsonValue& root) {
  const JsonValue* quote = root.find("tpm_quote");
  if (quote == nullptr || root.members().size() != 2 || quote->members().size() != 3) {
    return std::nullopt;
  }
  const Json out{root.find("ak_public"), quote->find("signature"), quote->find("message"),
                 quote->find("pcrs")};
  if (out.ak_public == nullptr || out.signature == nullptr || out.message == nullptr ||
      out.pcrs == nullptr || !out.pcrs->is_array()) {
    return std::nullopt;
  }
  return out;
}

std::optional<Buffer> base64_of(const JsonValue& value, std::size_t most) {
  const auto text = value.as_string();
  auto out = text ? from_base64(*text, Base64::kStandard) : std::nullopt;
  return out && out->size() <= most ? out : std::nullopt;
}

codec::JsonLimits limits() { return {.max_bytes = kMaxJsonBytes, .max_depth = 4}; }

Result<Evidence, std::string> parse_trustee(Bytes in) {
  const auto root = codec::parse_json(in, limits());
  if (!root) return "JSON that is malformed: " + to_text(root.error());
  const auto json = members_of(*root);
  if (!json) {
    return std::string(
        "JSON with other members than ak_public and tpm_quote {signature, message, pcrs}");
  }
  const auto ak = base64_of(*json->ak_public, kMaxPublic);
  const auto signature = base64_of(*json->signature, kMaxSignature);
  const auto message = base64_of(*json->message, kMaxAttest);
  if (!ak) return std::string("ak_public is no base64, or too long");
  if (!signature) return std::string("tpm_quote.signature is no base64, or too long");
  if (!message) return std::string("tpm_quote.message is no base64, or too long");
  Evidence out{.form = Form::kTrustee, .attest = *message, .signature = *signature, .ak = *ak};
  if (json->pcrs->items().size() > kMaxPcrs) {
    return "tpm_quote.pcrs has more than " + std::to_string(kMaxPcrs) + " values";
  }
  for (const JsonValue& item : json->pcrs->items()) {
    const auto text = item.as_string();
    auto value = text ? from_hex(*text) : std::nullopt;
    if (!value || value->size() > kMaxDigest) {
      return std::string("tpm_quote.pcrs holds what is no digest in hex");
    }
    out.pcrs.push_back(*std::move(value));
  }
  return out;
}

Buffer write_own(const Evidence& e) {
  Writer w;
  const auto sized = [&](Bytes octets) {
    w.u16be(static_cast<std::uint16_t>(octets.size()));
    w.bytes(octets);
  };
  w.bytes(as_bytes(kMarker));
  sized(e.attest);
  sized(e.signature);
  sized(e.ak);
  w.u16be(static_cast<std::uint16_t>(e.pcrs.size()));
  for (const Buffer& pcr : e.pcrs)
    sized(pcr);
  return w.take();
}

Buffer write_trustee(const Evidence& e) {
  codec::JsonWriter w;
  w.begin_object().member("ak_public", to_base64(e.ak, Base64::kStandard));
  w.name("tpm_quote").begin_object();
  w.member("message", to_base64(e.attest, Base64::kStandard)).name("pcrs").begin_array();
  for (const Buffer& pcr : e.pcrs)
    w.string(to_hex(pcr));
  w.end_array().member("signature", to_base64(e.signature, Base64::kStandard));
  const auto text = w.end_object().end_object().take();
  return text ? to_buffer(as_bytes(*text)) : Buffer{};
}

// Layout notes the fields of the evidence one behind the other.
class Layout {
 public:
  explicit Layout(Bytes in) : in_(in) {}

  void add(std::size_t size, std::string name, const char* type, std::string value = {}) {
    const std::size_t left = in_.size() - at_;
    size = std::min(size, left);
    if (value.empty()) value = to_hex(in_.subspan(at_, size));
    out_.push_back({at_, size, std::move(name), type, std::move(value)});
    at_ += size;
  }

  // number adds a big-endian one and returns it.
  std::size_t number(std::size_t size, std::string name, const char* type) {
    std::size_t value = 0;
    for (const std::uint8_t octet : in_.subspan(at_, std::min(size, in_.size() - at_)))
      value = value << 8U | octet;
    add(size, std::move(name), type, std::to_string(value));
    return value;
  }

  // sized adds a size and so many octets.
  void sized(const std::string& name, const char* type) {
    const std::size_t size = number(2, name + ".size", "UINT16");
    if (size != 0) add(size, name, type);
  }

  // up_to adds what lies before `end`, where anything does.
  void up_to(std::size_t end, const char* name, const char* type) {
    if (end > at_) add(end - at_, name, type, std::string(as_text(in_.subspan(at_, end - at_))));
  }

  [[nodiscard]] std::size_t at() const { return at_; }

  [[nodiscard]] std::vector<attest::LayoutField> take() { return std::move(out_); }

 private:
  Bytes in_;
  std::size_t at_ = 0;
  std::vector<attest::LayoutField> out_;
};

void add_quote(Layout& out, const Quote& quote) {
  out.add(4, "quote.magic", "TPM_GENERATED");
  out.add(2, "quote.type", "TPMI_ST_ATTEST");
  out.sized("quote.qualified_signer", "TPM2B_NAME");
  out.sized("quote.extra_data", "TPM2B_DATA");
  out.number(8, "quote.clock_info.clock", "UINT64");
  out.number(4, "quote.clock_info.reset_count", "UINT32");
  out.number(4, "quote.clock_info.restart_count", "UINT32");
  out.number(1, "quote.clock_info.safe", "TPMI_YES_NO");
  out.add(8, "quote.firmware_version", "UINT64");
  out.number(4, "quote.pcr_select.count", "UINT32");
  for (std::size_t i = 0; i < quote.pcr_select.size(); ++i) {
    const PcrSelection& one = quote.pcr_select[i];
    const std::string name = "quote.pcr_select" + std::to_string(i);
    out.add(2, name + ".hash", "TPMI_ALG_HASH", name_of(one.hash));
    out.number(1, name + ".size_of_select", "UINT8");
    out.add(one.select.size(), name + ".pcr_select", "BYTE", selection_text({one}));
  }
  out.sized("quote.pcr_digest", "TPM2B_DIGEST");
}

std::vector<attest::LayoutField> layout_own(Bytes in, const Evidence& e) {
  Layout out(in);
  out.add(kMarker.size(), "marker", "ward", std::string(kMarker));
  out.number(2, "quote.size", "UINT16");
  if (const auto quote = parse_quote(e.attest)) {
    add_quote(out, *quote);
  } else if (!e.attest.empty()) {
    out.add(e.attest.size(), "quote", "TPMS_ATTEST");
  }
  out.sized("signature", "TPMT_SIGNATURE");
  out.sized("ak", "TPMT_PUBLIC");
  out.number(2, "pcrs.count", "UINT16");
  for (std::size_t i = 0; i < e.pcrs.size(); ++i)
    out.sized("pcr" + std::to_string(i), "TPM2B_DIGEST");
  return out.take();
}

std::vector<attest::LayoutField> layout_trustee(Bytes in) {
  const auto root = codec::parse_json(in, limits());
  const auto json = root ? members_of(*root) : std::nullopt;
  if (!json) return {};

  struct Part {
    const JsonValue* value;
    std::string name;
    const char* type;
  };

  std::vector<Part> parts = {{json->ak_public, "ak_public", "base64 of SubjectPublicKeyInfo"},
                             {json->signature, "tpm_quote.signature", "base64 of TPMT_SIGNATURE"},
                             {json->message, "tpm_quote.message", "base64 of TPMS_ATTEST"}};
  for (std::size_t i = 0; i < json->pcrs->items().size(); ++i) {
    parts.push_back({&json->pcrs->items()[i], "tpm_quote.pcrs[" + std::to_string(i) + "]", "hex"});
  }
  std::ranges::sort(parts, {}, [](const Part& part) { return part.value->begin(); });
  Layout out(in);
  for (const Part& part : parts) {
    out.up_to(part.value->begin(), "json", "JSON");
    out.add(part.value->end() - out.at(), part.name, part.type,
            std::string(as_text(part.value->raw(in))));
  }
  out.up_to(in.size(), "json", "JSON");
  return out.take();
}

}  // namespace

Result<Evidence, std::string> parse_evidence(Bytes in) {
  if (starts_with(in, as_bytes(kMarker))) return parse_own(in);
  if (is_json(in)) return parse_trustee(in);
  if (starts_with(in, kAttestBegin)) {
    return std::string(
        "a TPMS_ATTEST alone: put its signature, PCR values and AK beside it (ward tpm pack)");
  }
  return std::string("neither begins as ward's container nor as JSON");
}

Buffer write_evidence(const Evidence& evidence) {
  return evidence.form == Form::kOwn ? write_own(evidence) : write_trustee(evidence);
}

bool looks_like_quote(Bytes in) {
  if (starts_with(in, as_bytes(kMarker)) || starts_with(in, kAttestBegin)) return true;
  if (!is_json(in)) return false;
  const std::string_view text = as_text(in);
  return text.find("\"tpm_quote\"") != std::string_view::npos &&
         text.find("\"ak_public\"") != std::string_view::npos;
}

std::vector<attest::LayoutField> layout_of(Bytes in) {
  if (is_json(in)) return layout_trustee(in);
  const auto evidence = parse_evidence(in);
  return evidence ? layout_own(in, *evidence) : std::vector<attest::LayoutField>{};
}

}  // namespace ward::tpm
