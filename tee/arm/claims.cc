#include "tee/arm/claims.h"

#include <algorithm>
#include <array>

#include "attest/layout.h"

namespace ward::arm {
namespace {

using codec::CborValue;

// Keys of a component's map.
constexpr std::int64_t kType = 1;
constexpr std::int64_t kValue = 2;
constexpr std::int64_t kVersion = 4;
constexpr std::int64_t kSignerId = 5;
constexpr std::int64_t kDescription = 6;

std::string sizes_text(std::initializer_list<std::size_t> sizes) {
  std::string out;
  for (const std::size_t size : sizes) {
    out += (out.empty() ? "" : ", ") + std::to_string(size);
  }
  return out;
}

std::string key_text(const CborValue& key) {
  if (const auto number = key.as_int()) return std::to_string(*number);
  if (const auto text = key.as_text()) {
    return "\"" + std::string(text->substr(0, kMaxUnknown)) + "\"";
  }
  return to_hex(key.encoding().first(std::min(key.encoding().size(), kMaxUnknown)));
}

Component read_component(Claims& c) {
  Component out;
  out.type = c.optional_text(kType, "component's type");
  out.value = c.octets(kValue, "component's measurement value", {32, 48, 64});
  out.version = c.optional_text(kVersion, "component's version");
  out.signer_id = c.octets(kSignerId, "component's signer id", {32, 48, 64});
  out.description = c.optional_text(kDescription, "component's hash algorithm");
  return out;
}

// A list of items is shown with commas between them: a type that holds one is not two items. What
// is no printable character is escaped likewise.
std::string escaped(std::string_view type) {
  std::string out;
  for (const char c : type) {
    const auto octet = static_cast<std::uint8_t>(c);
    if (c == ',' || c == '%' || octet < 0x20 || octet == 0x7f) {
      out += "%" + to_hex(std::array{octet});
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void Claims::fail(std::string why) {
  if (wrong_.empty()) wrong_ = std::move(why);
}

const CborValue* Claims::find(std::int64_t key) {
  known_.push_back(key);
  return map_.find(key);
}

Bytes Claims::octets(std::int64_t key, const char* name, std::initializer_list<std::size_t> sizes) {
  const CborValue* value = find(key);
  const auto octets = value == nullptr ? std::nullopt : value->as_bytes();
  if (octets && std::ranges::find(sizes, octets->size()) != sizes.end()) return *octets;
  fail(std::string(name) + " is not " + sizes_text(sizes) + " octets");
  return {};
}

Bytes Claims::any_octets(std::int64_t key, const char* name, std::size_t least) {
  const auto out = optional_octets(key, name, least, kMaxText);
  if (!out) fail(std::string(name) + " is missing");
  return out.value_or(Bytes());
}

std::optional<Bytes> Claims::optional_octets(std::int64_t key, const char* name, std::size_t least,
                                             std::size_t most) {
  const CborValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto octets = value->as_bytes();
  if (octets && octets->size() >= least && octets->size() <= most) return octets;
  fail(std::string(name) + " is not " + std::to_string(least) + " to " + std::to_string(most) +
       " octets");
  return std::nullopt;
}

std::string_view Claims::text(std::int64_t key, const char* name) {
  const auto out = optional_text(key, name);
  if (!out) fail(std::string(name) + " is missing");
  return out.value_or(std::string_view());
}

std::optional<std::string_view> Claims::optional_text(std::int64_t key, const char* name) {
  const CborValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto text = value->as_text();
  if (text && text->size() <= kMaxText) return text;
  fail(std::string(name) + " is no text of at most " + std::to_string(kMaxText) + " octets");
  return std::nullopt;
}

std::uint64_t Claims::number(std::int64_t key, const char* name, std::uint64_t greatest) {
  const CborValue* value = find(key);
  const auto number = value == nullptr ? std::nullopt : value->as_uint();
  if (number && *number <= greatest) return *number;
  fail(std::string(name) + " is no number of at most " + std::to_string(greatest));
  return 0;
}

std::vector<Bytes> Claims::hashes(std::int64_t key, const char* name, std::size_t count) {
  const CborValue* value = find(key);
  std::vector<Bytes> out;
  const bool listed = value != nullptr && value->is_array() && value->items().size() == count;
  if (listed) {
    for (const CborValue& item : value->items()) {
      const auto octets = item.as_bytes();
      if (octets && (octets->size() == 32 || octets->size() == 48 || octets->size() == 64)) {
        out.push_back(*octets);
      }
    }
  }
  if (out.size() != count) {
    fail(std::string(name) + " is no list of " + std::to_string(count) +
         " values of 32, 48, 64 octets");
  }
  return out;
}

std::vector<std::string> Claims::unknown() const {
  std::vector<std::string> out;
  for (const CborValue::Member& member : map_.members()) {
    const auto number = member.first.as_int();
    const bool known = number && std::ranges::find(known_, *number) != known_.end();
    if (!known && out.size() < kMaxUnknown) out.push_back(key_text(member.first));
  }
  return out;
}

std::string Component::item() const { return escaped(type.value_or("")) + "=" + to_hex(value); }

std::string Component::signer_item() const {
  return escaped(type.value_or("")) + "=" + to_hex(signer_id);
}

std::vector<Component> read_components(Claims& claims, std::int64_t key) {
  const CborValue* value = claims.find(key);
  std::vector<Component> out;
  if (value == nullptr || !value->is_array() || value->items().empty() ||
      value->items().size() > kMaxComponents) {
    claims.fail("software components are no list of 1 to " + std::to_string(kMaxComponents));
    return out;
  }
  for (const CborValue& item : value->items()) {
    Claims inner(item);
    if (!item.is_map()) inner.fail("a software component is no map");
    out.push_back(read_component(inner));
    if (!inner.wrong().empty()) claims.fail(inner.wrong());
  }
  return out;
}

void write_components(const std::vector<Component>& components, codec::CborWriter& w) {
  w.begin_array();
  for (const Component& c : components) {
    w.begin_map().member(kValue, c.value).member(kSignerId, c.signer_id);
    if (c.type) w.member(kType, *c.type);
    if (c.version) w.member(kVersion, *c.version);
    if (c.description) w.member(kDescription, *c.description);
    w.end_map();
  }
  w.end_array();
}

void add_components(const std::vector<Component>& components, std::vector<attest::Claim>& out) {
  std::vector<std::string> values;
  std::vector<std::string> signers;
  for (std::size_t i = 0; i < components.size(); ++i) {
    const Component& c = components[i];
    const std::string prefix = "component" + std::to_string(i) + ".";
    if (c.type) out.push_back({prefix + "type", std::string(*c.type)});
    out.push_back({prefix + "measurement", to_buffer(c.value)});
    if (c.version) out.push_back({prefix + "version", std::string(*c.version)});
    out.push_back({prefix + "signer_id", to_buffer(c.signer_id)});
    if (c.description) out.push_back({prefix + "hash_algorithm", std::string(*c.description)});
    values.push_back(c.item());
    signers.push_back(c.signer_item());
  }
  if (values.empty()) return;
  out.push_back({"components", std::move(values)});
  out.push_back({"signers", std::move(signers)});
}

void add_component_layout(const std::vector<Component>& components, Bytes evidence,
                          const std::string& prefix, std::vector<attest::LayoutField>& out) {
  for (std::size_t i = 0; i < components.size(); ++i) {
    const std::string name = prefix + "component" + std::to_string(i) + ".";
    out.push_back(
        attest::octets_field(evidence, components[i].value, name + "measurement", "octets"));
    out.push_back(
        attest::octets_field(evidence, components[i].signer_id, name + "signer_id", "octets"));
  }
}

std::optional<Lifecycle> lifecycle_of(std::uint64_t value) {
  if (value > kMaxLifecycle || (value & 0x0f00U) != 0 || value >= 0x7000) return std::nullopt;
  return static_cast<Lifecycle>(value >> 12U);
}

const char* to_text(Lifecycle state) {
  switch (state) {
    case Lifecycle::kUnknown:
      return "unknown";
    case Lifecycle::kAssemblyAndTest:
      return "assembly and test";
    case Lifecycle::kProvisioning:
      return "provisioning of the root of trust";
    case Lifecycle::kSecured:
      return "secured";
    case Lifecycle::kNonRotDebug:
      return "debug of what is not the root of trust";
    case Lifecycle::kRecoverableRotDebug:
      return "recoverable debug of the root of trust";
    case Lifecycle::kDecommissioned:
      return "decommissioned";
  }
  return "unknown";
}

bool in_service(std::optional<Lifecycle> state) {
  return state == Lifecycle::kSecured || is_debug(state);
}

bool is_debug(std::optional<Lifecycle> state) {
  return state == Lifecycle::kNonRotDebug || state == Lifecycle::kRecoverableRotDebug;
}

}  // namespace ward::arm
