#include "tee/nitro/document.h"

#include <algorithm>

#include "attest/layout.h"
#include "codec/cbor.h"
#include "codec/cbor_write.h"

namespace ward::nitro {
namespace {

using codec::CborValue;

// 32 registers, 9 certificates and 9 members, each with its key.
constexpr codec::CborLimits kLimits{.max_bytes = kMaxPayload, .max_depth = 4, .max_items = 128};

// Reader takes the members of the document's map one by one, and keeps the first mistake.
class Members {
 public:
  explicit Members(const CborValue& map) : map_(map) {}

  [[nodiscard]] const std::string& wrong() const { return wrong_; }

  // known is how many of the map's members were asked for and are there.
  [[nodiscard]] std::size_t known() const { return known_; }

  void fail(std::string why) {
    if (wrong_.empty()) wrong_ = std::move(why);
  }

  const CborValue* find(const char* name) {
    const CborValue* value = map_.find(name);
    if (value != nullptr) ++known_;
    return value;
  }

  std::string_view text(const char* name, std::size_t most) {
    const CborValue* value = find(name);
    const auto text = value == nullptr ? std::nullopt : value->as_text();
    if (text && !text->empty() && text->size() <= most) return *text;
    fail(std::string(name) + " is no text of 1 to " + std::to_string(most) + " octets");
    return {};
  }

  std::uint64_t time(const char* name) {
    const CborValue* value = find(name);
    const auto number = value == nullptr ? std::nullopt : value->as_uint();
    if (number && *number > 0) return *number;
    fail(std::string(name) + " is no time");
    return 0;
  }

  std::optional<Bytes> optional_octets(const char* name, std::size_t least, std::size_t most) {
    const CborValue* value = find(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    return sized(*value, name, least, most);
  }

  Bytes certificate(const char* name) {
    const CborValue* value = find(name);
    if (value != nullptr) return sized(*value, name, 1, kMaxCertificate);
    fail(std::string(name) + " is missing");
    return {};
  }

  std::vector<Bytes> certificates(const char* name) {
    const CborValue* value = find(name);
    std::vector<Bytes> out;
    if (value == nullptr || !value->is_array() || value->items().empty() ||
        value->items().size() > kMaxBundle) {
      fail(std::string(name) + " is no list of 1 to " + std::to_string(kMaxBundle));
      return out;
    }
    for (const CborValue& item : value->items()) {
      out.push_back(sized(item, name, 1, kMaxCertificate));
    }
    return out;
  }

  std::vector<Pcr> pcrs(const char* name) {
    const CborValue* value = find(name);
    std::vector<Pcr> out;
    if (value == nullptr || !value->is_map()) {
      fail(std::string(name) + " is no map");
      return out;
    }
    for (const CborValue::Member& member : value->members()) {
      const auto index = member.first.as_uint();
      const auto octets = member.second.as_bytes();
      if (!index || *index >= kPcrs || !octets || octets->size() != kPcrSize) {
        fail(std::string(name) + " has a member that is no register of 48 octets");
        return out;
      }
      out.push_back({static_cast<std::uint32_t>(*index), *octets});
    }
    std::ranges::sort(out, {}, &Pcr::index);
    if (out.empty() || out.front().index != kImagePcr) fail(std::string(name) + " has no PCR0");
    return out;
  }

 private:
  Bytes sized(const CborValue& value, const char* name, std::size_t least, std::size_t most) {
    const auto octets = value.as_bytes();
    if (octets && octets->size() >= least && octets->size() <= most) return *octets;
    fail(std::string(name) + " is not " + std::to_string(least) + " to " + std::to_string(most) +
         " octets");
    return {};
  }

  const CborValue& map_;
  std::string wrong_;
  std::size_t known_ = 0;
};

FormError form_error(std::string found) {
  return {CheckId::kForm, std::move(found), "a COSE_Sign1 of an attestation document"};
}

std::string read_members(const CborValue& map, Document& out) {
  Members m(map);
  out.module_id = m.text("module_id", kMaxModuleId);
  out.digest = m.text("digest", kMaxModuleId);
  out.timestamp_ms = m.time("timestamp");
  out.pcrs = m.pcrs("pcrs");
  out.certificate = m.certificate("certificate");
  out.cabundle = m.certificates("cabundle");
  out.public_key = m.optional_octets("public_key", 1, kMaxUserData);
  out.user_data = m.optional_octets("user_data", 0, kMaxUserData);
  out.nonce = m.optional_octets("nonce", 0, kMaxUserData);
  if (m.wrong().empty() && m.known() != map.members().size()) {
    m.fail("a member that the document is not known to have");
  }
  return m.wrong();
}

}  // namespace

std::variant<Document, FormError> parse_document(Bytes evidence) {
  const auto message = token::parse_cose_sign1(evidence);
  if (!message) {
    if (message.error().code() == Errc::kUnsupported) {
      return FormError{CheckId::kAlgorithm, message.error().what(), "ES384"};
    }
    return form_error(message.error().what());
  }
  if (!message->payload) return form_error("a message without its payload");
  if (message->algorithm != token::CoseAlgorithm::kEs384) {
    return FormError{CheckId::kAlgorithm, std::string(token::to_text(message->algorithm)), "ES384"};
  }
  if (message->payload->size() > kMaxPayload) {
    return form_error(std::to_string(message->payload->size()) + " octets of payload");
  }
  const auto map = codec::parse_cbor(*message->payload, kLimits, codec::CborRules::kForeign);
  if (!map) return form_error(std::string("payload: ") + map.error().what());
  if (!map->is_map()) return form_error("a payload that is no map");
  Document out{.message = *message};
  if (std::string wrong = read_members(*map, out); !wrong.empty()) return form_error(wrong);
  if (out.digest != "SHA384") {
    return FormError{CheckId::kDigest, std::string(out.digest), "SHA384"};
  }
  return out;
}

Result<Buffer> write_payload(const Document& document) {
  codec::CborWriter w;
  w.begin_map();
  w.member("module_id", document.module_id).member("digest", document.digest);
  w.member("timestamp", document.timestamp_ms).name("pcrs").begin_map();
  for (const Pcr& pcr : document.pcrs) {
    w.member(pcr.index, pcr.value);
  }
  w.end_map().member("certificate", document.certificate).name("cabundle").begin_array();
  for (const Bytes certificate : document.cabundle) {
    w.bytes(certificate);
  }
  w.end_array();
  if (document.public_key) w.member("public_key", *document.public_key);
  if (document.user_data) w.member("user_data", *document.user_data);
  if (document.nonce) w.member("nonce", *document.nonce);
  return w.end_map().take();
}

std::optional<Bytes> Document::pcr(std::uint32_t index) const {
  const auto found = std::ranges::find(pcrs, index, &Pcr::index);
  return found == pcrs.end() ? std::nullopt : std::optional(found->value);
}

bool Document::debug() const {
  return std::ranges::any_of(
      pcrs, [](const Pcr& pcr) { return pcr.index <= kApplicationPcr && all_zero(pcr.value); });
}

void Document::add_claims(attest::ClaimList& out) const {
  out.text("module_id", module_id);
  out.text("digest", digest);
  out.number("timestamp", timestamp_ms);
  for (const Pcr& one : pcrs) {
    out.octets({"pcr", std::to_string(one.index)}, one.value);
  }
  if (public_key) out.octets("public_key", *public_key);
  if (user_data) out.octets("user_data", *user_data);
  if (nonce) out.octets("nonce", *nonce);
}

std::vector<attest::LayoutField> Document::layout(Bytes evidence) const {
  std::vector<attest::LayoutField> out;
  const auto add = [&](Bytes octets, std::string name, const char* type) {
    out.push_back(attest::octets_field(evidence, octets, std::move(name), type));
  };
  add(message.protected_header, "protected", "COSE header");
  add(as_bytes(module_id), "module_id", "text");
  out.back().value = module_id;
  add(as_bytes(digest), "digest", "text");
  out.back().value = digest;
  for (const Pcr& one : pcrs) {
    add(one.value, "pcrs." + std::to_string(one.index), "octets");
  }
  add(certificate, "certificate", "certificate");
  for (std::size_t i = 0; i < cabundle.size(); ++i) {
    add(cabundle[i], "cabundle." + std::to_string(i), "certificate");
  }
  if (public_key) add(*public_key, "public_key", "octets");
  if (user_data) add(*user_data, "user_data", "octets");
  if (nonce) add(*nonce, "nonce", "octets");
  add(message.signature, "signature", "ECDSA signature, r || s");
  return attest::fill_layout(std::move(out), evidence, "CBOR heads and keys");
}

}  // namespace ward::nitro
