#include "apps/wardd/rego_policies.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "codec/json.h"
#include "token/ear.h"

namespace ward::wardd {
namespace {

using broker::RegoRefusal;
using policy::rego::Contract;
using policy::rego::Documents;
using policy::rego::Policy;

constexpr const char* kFile = "policy.rego";

// A request waits for a policy: no longer than this.
constexpr policy::rego::Limits kLimits{.max_time_ms = 250};

// one_line writes several lines as one, and cuts what is too long.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "; ";
    } else {
      out += c;
    }
  }
  if (out.size() <= broker::kMaxRegoReason) return out;
  std::size_t end = broker::kMaxRegoReason - 4;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0U) == 0x80U) {
    --end;  // UTF-8
  }
  return out.substr(0, end) + " ...";
}

RegoRefusal refused(const policy::rego::Refusal& refusal) {
  return {.undetermined = refusal.undetermined,
          .reason = one_line(policy::rego::to_text(refusal, kFile))};
}

// What was set once, and does not load now, says nothing.
RegoRefusal not_loaded(const policy::rego::LoadError& error) {
  return {.undetermined = true, .reason = one_line(policy::rego::to_text(error))};
}

Documents documents_of(const broker::RegoDocuments& given) {
  return {.input = given.input,
          .data = given.data,
          .reference_values = given.reference_values,
          .now = given.now,
          .limits = kLimits};
}

RegoRefusal wrong_extensions(const char* why) {
  return {.undetermined = false, .reason = std::string(kFile) + ": rule `extensions` " + why};
}

// extensions_of takes an object apart, or Trustee's list of objects with name and value.
Result<broker::RegoExtensions, RegoRefusal> extensions_of(const std::string& text) {
  broker::RegoExtensions out;
  if (text.empty()) return out;
  if (text.size() > broker::kMaxRegoExtensions) return wrong_extensions("is over 16384 octets");
  const Bytes octets = as_bytes(text);
  const auto json = codec::parse_json(octets);
  if (!json) return wrong_extensions("is too deep");
  const auto add = [&](std::string_view name, const codec::JsonValue& value) {
    const bool known = std::ranges::any_of(out, [&](const auto& one) { return one.first == name; });
    if (!known) out.emplace_back(name, as_text(value.raw(octets)));
    return !known;
  };
  for (const auto& [name, value] : json->members()) {
    (void)add(name, value);  // an object's names differ
  }
  for (const codec::JsonValue& item : json->items()) {
    const codec::JsonValue* name = item.find("name");
    const codec::JsonValue* value = item.find("value");
    if (name == nullptr || value == nullptr || !name->as_string()) {
      return wrong_extensions("has an entry without name or value");
    }
    if (!add(*name->as_string(), *value)) return wrong_extensions("has a name twice");
  }
  return out;
}

}  // namespace

Result<RegoPolicies::Loaded, policy::rego::LoadError> RegoPolicies::load(
    std::string_view text) const {
  const crypto::Sha256Digest digest = crypto::sha256(as_bytes(text));
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto known =
        std::ranges::find(loaded_, digest, [](const auto& row) { return row.first; });
    if (known != loaded_.end()) {
      loaded_.splice(loaded_.begin(), loaded_, known);
      return known->second;
    }
  }
  auto policy = Policy::load(text, kFile);
  if (!policy) return policy.error();
  Loaded loaded = std::make_shared<const Policy>(*std::move(policy));
  const std::lock_guard<std::mutex> lock(mutex_);
  loaded_.emplace_front(digest, loaded);
  if (loaded_.size() > kRemembered) loaded_.pop_back();
  return loaded;
}

std::optional<std::string> RegoPolicies::check(std::string_view text,
                                               broker::RegoContract contract) const {
  const auto policy = load(text);
  if (!policy) return one_line(policy::rego::to_text(policy.error()));
  if (contract == broker::RegoContract::kRelease) {
    if ((*policy)->keeps(Contract::kRelease)) return std::nullopt;
    return "a policy for results has the rule `allow`; this one has none";
  }
  if ((*policy)->keeps(Contract::kTrustClaims) || (*policy)->keeps(Contract::kTrustRules)) {
    return std::nullopt;
  }
  return "a policy for evidence has the rule `trust_claims`, or `executables`, `hardware` and the "
         "like; this one has none";
}

Result<void, RegoRefusal> RegoPolicies::allow(std::string_view text,
                                              const broker::RegoDocuments& documents) const {
  const auto policy = load(text);
  if (!policy) return not_loaded(policy.error());
  const auto allowed = (*policy)->allow(documents_of(documents));
  if (!allowed) return refused(allowed.error());
  return {};
}

Result<broker::RegoSaid, RegoRefusal> RegoPolicies::trust_claims(
    std::string_view text, const broker::RegoDocuments& documents) const {
  const auto policy = load(text);
  if (!policy) return not_loaded(policy.error());
  auto claims = (*policy)->trust_claims(documents_of(documents));
  if (!claims) return refused(claims.error());
  auto extensions = extensions_of(claims->extensions);
  if (!extensions) return extensions.error();
  std::vector<std::string> warned;
  for (const auto& [name, value] : claims->claims) {
    const bool affirming = token::tier_of(value) == token::TrustTier::kAffirming;
    if (!affirming && value != 0) warned.push_back(name);
  }
  std::string reason;
  if (!warned.empty()) reason = one_line((*policy)->why(warned, documents_of(documents)));
  return broker::RegoSaid{std::move(claims->claims), *std::move(extensions), std::move(reason)};
}

}  // namespace ward::wardd
