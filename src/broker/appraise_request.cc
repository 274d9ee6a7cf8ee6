#include "broker/appraise_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "codec/jcs.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "crypto/digest.h"
#include "protocol/kbs/message.h"
#include "store/store.h"

namespace ward::broker {
namespace {

namespace kbs = protocol::kbs;
using codec::JsonValue;

constexpr codec::JsonLimits kLimits{.max_bytes = kbs::kMaxMessageBytes};
constexpr std::size_t kMaxSession = 1024;
constexpr std::size_t kMaxTee = 64;
constexpr std::string_view kOurs = "ward.";
constexpr std::string_view kNonceMember = "nonce";
constexpr std::string_view kAdditionalMember = "additional-evidence";
constexpr std::array<std::string_view, 9> kMembers = {
    "tee",         "evidence", "evidence_base64", "additional_evidence", "session", "runtime_data",
    "report_data", "audience", "profile"};

using Done = Result<void, Diag>;

// Message is the parsed object with its text, for positions.
class Message {
 public:
  Message(Bytes text, const JsonValue& root) : text_(text), root_(root) {}

  [[nodiscard]] const JsonValue* find(std::string_view name) const { return root_.find(name); }

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }

  [[nodiscard]] Diag wrong(std::string_view name, std::string_view expected) const {
    const JsonValue* member = find(name);
    const std::size_t at = member != nullptr ? member->begin() : root_.begin();
    return diag_at(text_, at, name, expected);
  }

  // text is a member's, or empty where it is not there.
  [[nodiscard]] Result<std::string, Diag> text(std::string_view name, std::size_t most) const {
    const JsonValue* member = find(name);
    if (member == nullptr) return std::string();
    const auto value = member->as_string();
    if (!value || value->empty() || value->size() > most) {
      return wrong(name, "a text of 1 to " + std::to_string(most) + " octets");
    }
    return std::string(*value);
  }

  [[nodiscard]] std::string raw(std::string_view name) const {
    return std::string(as_text(find(name)->raw(text_)));
  }

  [[nodiscard]] Done only_known() const {
    for (const auto& [name, value] : root_.members()) {
      if (std::ranges::find(kMembers, name) != kMembers.end()) continue;
      return diag_at(text_, value.begin(), name, "no member of this name");
    }
    return {};
  }

 private:
  Bytes text_;
  const JsonValue& root_;
};

Done read_tee(const Message& message, AppraiseRequest& out) {
  WARD_TRY(const std::string name, message.text("tee", kMaxTee));
  if (name.empty()) return {};
  auto tee = kbs::canonical_tee(name);
  if (!tee) return message.wrong("tee", "a TEE's name, as the KBS protocol has it");
  out.tee = *std::move(tee);
  return {};
}

Done read_evidence(const Message& message, AppraiseRequest& out) {
  constexpr std::string_view kOctets = "evidence_base64";
  const bool octets = message.has(kOctets);
  if (message.has("evidence") == octets) {
    return message.wrong("evidence", "either evidence or evidence_base64");
  }
  if (octets) {
    WARD_TRY(const std::string text, message.text(kOctets, kbs::kMaxMessageBytes));
    if (!from_base64(text, Base64::kStandard)) return message.wrong(kOctets, "base64");
    out.primary_evidence = R"({"quote":")" + text + "\"}";
  } else {
    out.primary_evidence = message.raw("evidence");
  }
  const JsonValue* more = message.find("additional_evidence");
  if (more == nullptr) return {};
  if (!more->as_string()) return message.wrong("additional_evidence", "a text");
  out.additional_evidence = std::string(*more->as_string());
  return {};
}

// is_small: a result must have room for it.
bool is_small(const std::string& runtime_data) {
  constexpr codec::JsonLimits kSmall{.max_bytes = kMaxRuntimeBytes, .max_depth = kMaxRuntimeDepth};
  const auto parsed = codec::parse_json(as_bytes(runtime_data), kSmall);
  if (!parsed) return false;
  // A control character has six octets where it is written again.
  const auto canonical = codec::canonical_json(*parsed);
  return canonical && canonical->size() <= kMaxRuntimeBytes;
}

Done read_session(const Message& message, AppraiseRequest& out) {
  WARD_TRY(out.session, message.text("session", kMaxSession));
  const JsonValue* data = message.find("runtime_data");
  const bool fits =
      data != nullptr && data->is_object() && data->members().size() <= kMaxRuntimeMembers &&
      data->find(kNonceMember) == nullptr && data->find(kAdditionalMember) == nullptr &&
      is_small(message.raw("runtime_data")) &&
      std::ranges::none_of(data->members(),
                           [](const auto& member) { return member.first.starts_with(kOurs); });
  auto text =
      fits ? codec::canonical_json(*data) : Result<std::string>(Error(Errc::kMalformed, ""));
  if (!text) {
    return message.wrong("runtime_data",
                         "an object of at most 65536 octets and 16 levels, without nonce, "
                         "additional-evidence and names that begin with ward.");
  }
  out.runtime_data = *std::move(text);
  return {};
}

Done read_stated(const Message& message, AppraiseRequest& out) {
  if (message.has("runtime_data")) return message.wrong("runtime_data", "a session beside it");
  if (message.has("additional_evidence")) {
    return message.wrong("additional_evidence", "a session: report_data is of one field alone");
  }
  WARD_TRY(const std::string text, message.text("report_data", 2 * kMaxStatedData));
  auto octets = from_hex(text);
  if (!octets) return message.wrong("report_data", "hex");
  out.report_data = *std::move(octets);
  return {};
}

Done read_binding(const Message& message, AppraiseRequest& out) {
  const bool session = message.has("session");
  if (session == message.has("report_data")) {
    return message.wrong("session", "either session or report_data");
  }
  return session ? read_session(message, out) : read_stated(message, out);
}

Done read_result(const Message& message, AppraiseRequest& out) {
  WARD_TRY(out.audience, message.text("audience", kMaxAudience));
  if (out.audience.empty()) return message.wrong("audience", "who will rely on the result");
  WARD_TRY(const std::string profile, message.text("profile", kMaxTee));
  if (profile.empty()) return {};
  const auto known = token::ear_profile(profile);
  if (!known) return message.wrong("profile", "trustee, ietf or cwt");
  out.profile = *known;
  return {};
}

}  // namespace

Result<AppraiseRequest, Diag> parse_appraise_request(Bytes json) {
  const auto root = codec::parse_json(json, kLimits);
  if (!root) return root.error();
  if (!root->is_object()) return diag_at(json, root->begin(), "", "an object");
  const Message message(json, *root);
  WARD_CHECK_OK(message.only_known());
  AppraiseRequest out;
  WARD_CHECK_OK(read_tee(message, out));
  WARD_CHECK_OK(read_evidence(message, out));
  WARD_CHECK_OK(read_binding(message, out));
  WARD_CHECK_OK(read_result(message, out));
  return out;
}

Result<std::string> appraised_text(std::string_view nonce, std::string_view runtime_data,
                                   const std::optional<std::string>& additional_evidence) {
  const auto data = codec::parse_json(as_bytes(runtime_data), kLimits);
  if (!data || !data->is_object()) return Error(Errc::kMalformed, "appraise: runtime_data");
  codec::JsonWriter w;
  w.begin_object().member(kNonceMember, nonce);
  if (additional_evidence) w.member(kAdditionalMember, *additional_evidence);
  for (const auto& [name, value] : data->members()) {
    if (name == kNonceMember || name == kAdditionalMember) {
      return Error(Errc::kMalformed, "appraise: runtime_data has a member of the binding's");
    }
    w.member(name, value);
  }
  WARD_TRY(const std::string text, w.end_object().take());
  const auto whole = codec::parse_json(as_bytes(text), kLimits);
  if (!whole) return Error(Errc::kLimit, "appraise: runtime_data");
  return codec::canonical_json(*whole);
}

Result<std::string> told_text(std::string_view bound) {
  const auto all = codec::parse_json(as_bytes(bound), {.max_bytes = store::kMaxValueBytes});
  if (!all || !all->is_object()) return Error(Errc::kMalformed, "appraise: what was bound");
  const codec::JsonValue* evidence = all->find(kAdditionalMember);
  const auto text = evidence == nullptr ? std::nullopt : evidence->as_string();
  if (!text || text->empty()) return std::string(bound);
  codec::JsonWriter w;
  w.begin_object();
  for (const auto& [name, value] : all->members()) {
    if (&value == evidence) {
      w.member(name, "sha256:" + to_hex(crypto::sha256(as_bytes(*text))));
    } else {
      w.member(name, value);
    }
  }
  return w.end_object().take();
}

}  // namespace ward::broker
