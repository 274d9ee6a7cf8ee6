#include "tee/azure/runtime_data.h"

#include <algorithm>

#include "codec/json.h"
#include "codec/json_write.h"
#include "tee/azure/hcl.h"

namespace ward::azure {
namespace {

using codec::JsonValue;

constexpr std::string_view kAk = "HCLAkPub";
constexpr std::size_t kMinModulus = 256;  // octets
constexpr std::size_t kMaxModulus = 1024;
constexpr std::size_t kMaxText = 256;
constexpr std::size_t kMaxOps = 8;

// Members reads those of one object, each at most once, and lists those that nobody asked for.
class Members {
 public:
  Members(const JsonValue& object, std::string path) : object_(object), path_(std::move(path)) {}

  const JsonValue* find(std::string_view name) {
    known_.emplace_back(name);
    return object_.find(name);
  }

  bool flag(std::string_view name, std::optional<bool>& out) {
    const JsonValue* value = find(name);
    if (value == nullptr) return true;
    out = value->as_bool();
    return out.has_value();
  }

  bool text(std::string_view name, std::optional<std::string>& out) {
    const JsonValue* value = find(name);
    if (value == nullptr) return true;
    const auto text = value->as_string();
    if (!text || text->size() > kMaxText) return false;
    out = std::string(*text);
    return true;
  }

  void add_unknown(std::vector<std::string>& out) const {
    for (const auto& [name, value] : object_.members()) {
      if (std::ranges::find(known_, name) == known_.end()) {
        out.push_back(path_ + name.substr(0, kMaxText));
      }
    }
  }

 private:
  const JsonValue& object_;
  std::string path_;
  std::vector<std::string> known_;
};

bool read_base64(const JsonValue* value, std::size_t most, Buffer& out) {
  const auto text = value == nullptr ? std::nullopt : value->as_string();
  auto octets = text ? from_base64(*text, Base64::kUrl) : std::nullopt;
  if (!octets || octets->size() > most) return false;
  out = *std::move(octets);
  return true;
}

bool read_ops(const JsonValue* value, std::vector<std::string>& out) {
  if (value == nullptr) return true;
  if (!value->is_array() || value->items().size() > kMaxOps) return false;
  for (const JsonValue& item : value->items()) {
    const auto text = item.as_string();
    if (!text || text->size() > kMaxText) return false;
    out.emplace_back(*text);
  }
  return true;
}

// A key; empty where nothing is wrong.
std::string read_key(const JsonValue& value, RuntimeData& out) {
  if (!value.is_object()) return "a key is no object";
  Members members(value, "keys.");
  RuntimeKey key;
  std::optional<std::string> id;
  std::optional<std::string> type;
  if (!members.text("kid", id) || !members.text("kty", type) || !id || !type) {
    return "a key has no kid or kty";
  }
  key.id = *id;
  key.type = *type;
  if (!read_ops(members.find("key_ops"), key.key_ops)) return key.id + ": key_ops";
  const JsonValue* modulus = members.find("n");
  const JsonValue* exponent = members.find("e");
  if (key.type == "RSA" && (!read_base64(modulus, kMaxModulus, key.modulus) ||
                            !read_base64(exponent, kMaxModulus, key.exponent))) {
    return key.id + ": n or e is no base64url";
  }
  members.add_unknown(out.unknown);
  out.keys.push_back(std::move(key));
  return {};
}

bool read_configuration(const JsonValue& value, RuntimeData& out) {
  if (!value.is_object()) return false;
  Members members(value, "vm-configuration.");
  const JsonValue* time = members.find("current-time");
  if (time != nullptr) {
    out.current_time = time->as_uint();
    if (!out.current_time) return false;
  }
  const bool right = members.flag("secure-boot", out.secure_boot) &&
                     members.flag("console-enabled", out.console_enabled) &&
                     members.flag("tpm-enabled", out.tpm_enabled) &&
                     members.flag("tpm-persisted", out.tpm_persisted) &&
                     members.text("vmUniqueId", out.vm_unique_id) &&
                     members.text("root-cert-thumbprint", out.root_cert_thumbprint);
  members.add_unknown(out.unknown);
  return right;
}

bool read_user_data(const JsonValue& value, RuntimeData& out) {
  const auto text = value.as_string();
  auto octets = text ? from_hex(*text) : std::nullopt;
  if (!octets || octets->size() != kUserDataSize) return false;
  out.user_data = *std::move(octets);
  return true;
}

void write_configuration(const RuntimeData& data, codec::JsonWriter& w) {
  const auto flag = [&](const char* name, const std::optional<bool>& value) {
    if (value) w.member(name, *value);
  };
  w.name("vm-configuration").begin_object();
  if (data.root_cert_thumbprint) w.member("root-cert-thumbprint", *data.root_cert_thumbprint);
  flag("console-enabled", data.console_enabled);
  if (data.current_time) w.member("current-time", *data.current_time);
  flag("secure-boot", data.secure_boot);
  flag("tpm-enabled", data.tpm_enabled);
  flag("tpm-persisted", data.tpm_persisted);
  if (data.vm_unique_id) w.member("vmUniqueId", *data.vm_unique_id);
  w.end_object();
}

}  // namespace

Result<RuntimeData, std::string> parse_runtime_data(Bytes json) {
  const auto root =
      codec::parse_json(json, {.max_bytes = kMaxHcl, .max_depth = 6, .max_values = 500});
  if (!root) return "JSON that is malformed: " + to_text(root.error());
  if (!root->is_object()) return std::string("no JSON object");
  RuntimeData out;
  Members members(*root, "");
  const JsonValue* keys = members.find("keys");
  if (keys == nullptr || !keys->is_array() || keys->items().size() > kMaxRuntimeKeys) {
    return "keys is no list of at most " + std::to_string(kMaxRuntimeKeys);
  }
  for (const JsonValue& key : keys->items()) {
    std::string wrong = read_key(key, out);
    if (!wrong.empty()) return wrong;
  }
  const JsonValue* configuration = members.find("vm-configuration");
  if (configuration == nullptr || !read_configuration(*configuration, out)) {
    return std::string("vm-configuration is missing, or has a member of another kind");
  }
  const JsonValue* user_data = members.find("user-data");
  if (user_data != nullptr && !read_user_data(*user_data, out)) {
    return "user-data is no hex of " + std::to_string(kUserDataSize) + " octets";
  }
  members.add_unknown(out.unknown);
  return out;
}

std::string write_runtime_data(const RuntimeData& data) {
  codec::JsonWriter w;
  w.begin_object().name("keys").begin_array();
  for (const RuntimeKey& key : data.keys) {
    w.begin_object().member("kid", key.id).name("key_ops").begin_array();
    for (const std::string& op : key.key_ops)
      w.string(op);
    w.end_array().member("kty", key.type);
    w.member("e", to_base64(key.exponent, Base64::kUrl));
    w.member("n", to_base64(key.modulus, Base64::kUrl)).end_object();
  }
  w.end_array();
  write_configuration(data, w);
  if (data.user_data) w.member("user-data", to_hex(*data.user_data));
  const auto text = w.end_object().take();
  return text ? *text : std::string();
}

Result<crypto::PublicKey, std::string> attestation_key(const RuntimeData& data) {
  const RuntimeKey* found = nullptr;
  for (const RuntimeKey& key : data.keys) {
    if (key.id != kAk) continue;
    if (found != nullptr) return std::string("two keys are called HCLAkPub");
    found = &key;
  }
  if (found == nullptr) return std::string("no key is called HCLAkPub");
  if (found->type != "RSA") return "a key of type " + found->type;
  if (found->modulus.size() < kMinModulus || found->modulus.front() == 0) {
    return "a modulus of " + std::to_string(found->modulus.size()) + " octets";
  }
  auto key = crypto::PublicKey::from_rsa(found->modulus, found->exponent);
  if (!key) return std::string(key.error().what());
  return *std::move(key);
}

}  // namespace ward::azure
