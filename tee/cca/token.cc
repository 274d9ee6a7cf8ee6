#include "tee/cca/token.h"

#include <algorithm>

#include "attest/layout.h"
#include "codec/cbor.h"
#include "codec/cbor_write.h"
#include "codec/json.h"

namespace ward::cca {
namespace {

using arm::Claims;
using codec::CborValue;

constexpr std::uint64_t kTag = 399;
constexpr std::int64_t kPlatform = 44234;
constexpr std::int64_t kRealm = 44241;

// Claims of both (RFC 9711: EAT profile and nonce).
constexpr std::int64_t kNonce = 10;
constexpr std::int64_t kProfile = 265;

// Of the platform (RMM A7.2.3.2).
constexpr std::int64_t kUeid = 256;
constexpr std::int64_t kLifecycle = 2395;
constexpr std::int64_t kImplementationId = 2396;
constexpr std::int64_t kComponents = 2399;
constexpr std::int64_t kService = 2400;
constexpr std::int64_t kConfig = 2401;
constexpr std::int64_t kPlatformHashAlgo = 2402;

// Of the realm (RMM A7.2.3.1).
constexpr std::int64_t kPersonalization = 44235;
constexpr std::int64_t kRealmHashAlgo = 44236;
constexpr std::int64_t kRealmKey = 44237;
constexpr std::int64_t kInitialMeasurement = 44238;
constexpr std::int64_t kExtensibleMeasurements = 44239;
constexpr std::int64_t kKeyHashAlgo = 44240;

constexpr codec::CborLimits kTokenLimits{.max_bytes = kMaxToken, .max_depth = 4, .max_items = 16};
constexpr codec::CborLimits kClaimsLimits{
    .max_bytes = arm::kMaxPayload, .max_depth = 6, .max_items = 2000};

FormError form_error(CheckId check, std::string found) {
  const char* expected = "CBOR tag 399 of a platform token and a realm token, or JSON of it";
  if (check == CheckId::kPlatformForm) expected = "a COSE_Sign1 of a platform's claims";
  if (check == CheckId::kRealmForm) expected = "a COSE_Sign1 of a realm's claims";
  return {check, std::move(found), expected};
}

// One of the two tokens: its message, with a payload.
std::string read_message(const CborValue* value, token::CoseSign1& out) {
  const auto octets = value == nullptr ? std::nullopt : value->as_bytes();
  if (!octets) return "no octets";
  const auto message = token::parse_cose_sign1(*octets);
  if (!message) return message.error().what();
  if (!message->payload) return "a message without its payload";
  out = *message;
  return "";
}

void add_unknown(const Claims& claims, const char* whose, std::vector<std::string>& out) {
  for (const std::string& key : claims.unknown()) {
    out.push_back("claim " + key + " of the " + whose + " token is not known, and not judged");
  }
}

// The map of claims; empty `why` where it is one.
std::optional<CborValue> claims_map(Bytes payload, std::string& why) {
  auto map = codec::parse_cbor(payload, kClaimsLimits, codec::CborRules::kForeign);
  if (!map) {
    why = std::string("claims: ") + map.error().what();
    return std::nullopt;
  }
  if (!map->is_map()) {
    why = "claims that are no map";
    return std::nullopt;
  }
  return *std::move(map);
}

attest::Claim octets_claim(std::string name, Bytes octets) {
  return {std::move(name), to_buffer(octets)};
}

attest::Claim text_claim(std::string name, std::string_view text) {
  return {std::move(name), std::string(text)};
}

void add_platform(const PlatformToken& p, std::vector<attest::Claim>& out) {
  out.push_back(text_claim("platform.profile", p.profile));
  out.push_back(octets_claim("platform.challenge", p.challenge));
  out.push_back(octets_claim("platform.implementation_id", p.implementation_id));
  out.push_back(octets_claim("platform.instance_id", p.instance_id));
  out.push_back(octets_claim("platform.config", p.config));
  out.push_back({"platform.lifecycle", p.lifecycle});
  if (const auto state = arm::lifecycle_of(p.lifecycle)) {
    out.push_back(text_claim("platform.lifecycle_state", arm::to_text(*state)));
  }
  if (p.verification_service) {
    out.push_back(text_claim("platform.verification_service", *p.verification_service));
  }
  out.push_back(text_claim("platform.hash_algo_id", p.hash_algo_id));
  arm::add_components(p.components, out);
}

void add_realm(const RealmToken& r, std::vector<attest::Claim>& out) {
  if (r.profile) out.push_back(text_claim("realm.profile", *r.profile));
  out.push_back(octets_claim("realm.challenge", r.challenge));
  out.push_back(octets_claim("realm.personalization_value", r.personalization_value));
  out.push_back(octets_claim("realm.initial_measurement", r.initial_measurement));
  for (std::size_t i = 0; i < r.extensible.size(); ++i) {
    out.push_back(octets_claim("realm.rem" + std::to_string(i), r.extensible[i]));
  }
  out.push_back(text_claim("realm.hash_algo_id", r.hash_algo_id));
  out.push_back(octets_claim("realm.public_key", r.public_key));
  out.push_back(text_claim("realm.public_key_hash_algo_id", r.public_key_hash_algo_id));
}

}  // namespace

bool is_json(Bytes evidence) {
  const std::string_view text = as_text(evidence);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

std::variant<Bytes, FormError> token_octets(Bytes evidence, Buffer& storage) {
  if (!is_json(evidence)) return evidence;
  const auto root = codec::parse_json(
      evidence, {.max_bytes = 1U << 20U, .max_depth = 4, .max_values = kMaxToken + 16});
  if (!root) return form_error(CheckId::kForm, "JSON that is malformed: " + to_text(root.error()));
  const codec::JsonValue* list = root->find("token");
  if (list == nullptr || !list->is_array() || root->members().size() != 1) {
    return form_error(CheckId::kForm, "JSON of another form than {\"token\": [numbers]}");
  }
  storage.clear();
  storage.reserve(list->items().size());
  for (const codec::JsonValue& item : list->items()) {
    const auto number = item.as_uint();
    if (!number || *number > 255) {
      return form_error(CheckId::kForm, "token has a value that is no octet");
    }
    storage.push_back(static_cast<std::uint8_t>(*number));
  }
  return Bytes(storage);
}

std::string write_token_json(Bytes token) {
  std::string out = "{\"token\":[";
  for (std::size_t i = 0; i < token.size(); ++i) {
    out += (i == 0 ? "" : ",") + std::to_string(unsigned{token[i]});
  }
  return out + "]}";
}

std::string read_platform_claims(Bytes payload, PlatformToken& out,
                                 std::vector<std::string>& unknown) {
  std::string why;
  const auto map = claims_map(payload, why);
  if (!map) return why;
  Claims c(*map);
  out.profile = c.text(kProfile, "profile");
  out.challenge = c.octets(kNonce, "challenge", {32, 48, 64});
  out.implementation_id = c.octets(kImplementationId, "implementation id", {kImplementationIdSize});
  out.instance_id = c.octets(kUeid, "instance id", {kInstanceIdSize});
  out.config = c.any_octets(kConfig, "config", 0);
  out.lifecycle = c.number(kLifecycle, "lifecycle", arm::kMaxLifecycle);
  out.components = arm::read_components(c, kComponents);
  out.verification_service = c.optional_text(kService, "verification service");
  out.hash_algo_id = c.text(kPlatformHashAlgo, "hash algorithm id");
  add_unknown(c, "platform", unknown);
  return c.wrong();
}

std::string read_realm_claims(Bytes payload, RealmToken& out, std::vector<std::string>& unknown) {
  std::string why;
  const auto map = claims_map(payload, why);
  if (!map) return why;
  Claims c(*map);
  out.profile = c.optional_text(kProfile, "profile");
  out.challenge = c.octets(kNonce, "challenge", {kChallengeSize});
  out.personalization_value =
      c.octets(kPersonalization, "personalization value", {kPersonalizationSize});
  out.initial_measurement = c.octets(kInitialMeasurement, "initial measurement", {32, 48, 64});
  out.extensible = c.hashes(kExtensibleMeasurements, "extensible measurements", kExtensible);
  out.hash_algo_id = c.text(kRealmHashAlgo, "hash algorithm id");
  out.public_key = c.any_octets(kRealmKey, "public key", 1);
  out.public_key_hash_algo_id = c.text(kKeyHashAlgo, "public key hash algorithm id");
  add_unknown(c, "realm", unknown);
  return c.wrong();
}

std::variant<Token, FormError> parse_token(Bytes octets) {
  const auto outer = codec::parse_cbor(octets, kTokenLimits, codec::CborRules::kForeign);
  if (!outer) return form_error(CheckId::kForm, outer.error().what());
  const CborValue* map = outer->tagged(kTag);
  if (map == nullptr || !map->is_map()) return form_error(CheckId::kForm, "no tag 399 of a map");
  if (map->members().size() != 2) {
    return form_error(CheckId::kForm, std::to_string(map->members().size()) + " members");
  }
  const CborValue* platform = map->find(kPlatform);
  const CborValue* realm = map->find(kRealm);
  if (platform == nullptr || realm == nullptr) {
    return form_error(CheckId::kForm, "a member that is neither platform nor realm token");
  }
  Token out;
  std::string wrong = read_message(platform, out.platform.message);
  if (wrong.empty()) {
    wrong = read_platform_claims(*out.platform.message.payload, out.platform, out.unknown);
  }
  if (!wrong.empty()) return form_error(CheckId::kPlatformForm, wrong);
  wrong = read_message(realm, out.realm.message);
  if (wrong.empty()) wrong = read_realm_claims(*out.realm.message.payload, out.realm, out.unknown);
  if (!wrong.empty()) return form_error(CheckId::kRealmForm, wrong);
  return out;
}

Result<Buffer> write_platform_claims(const PlatformToken& token) {
  codec::CborWriter w;
  w.begin_map().member(kProfile, token.profile).member(kNonce, token.challenge);
  w.member(kImplementationId, token.implementation_id).member(kUeid, token.instance_id);
  w.member(kConfig, token.config).member(kLifecycle, token.lifecycle).name(kComponents);
  arm::write_components(token.components, w);
  if (token.verification_service) w.member(kService, *token.verification_service);
  w.member(kPlatformHashAlgo, token.hash_algo_id);
  return w.end_map().take();
}

Result<Buffer> write_realm_claims(const RealmToken& token) {
  codec::CborWriter w;
  w.begin_map();
  if (token.profile) w.member(kProfile, *token.profile);
  w.member(kNonce, token.challenge).member(kPersonalization, token.personalization_value);
  w.member(kInitialMeasurement, token.initial_measurement).name(kExtensibleMeasurements);
  w.begin_array();
  for (const Bytes value : token.extensible) {
    w.bytes(value);
  }
  w.end_array().member(kRealmHashAlgo, token.hash_algo_id);
  w.member(kRealmKey, token.public_key).member(kKeyHashAlgo, token.public_key_hash_algo_id);
  return w.end_map().take();
}

Result<Buffer> write_token(Bytes platform, Bytes realm) {
  codec::CborWriter w;
  w.tag(kTag).begin_map().member(kPlatform, platform).member(kRealm, realm);
  return w.end_map().take();
}

void Token::add_claims(std::vector<attest::Claim>& out) const {
  add_platform(platform, out);
  add_realm(realm, out);
}

std::vector<attest::LayoutField> Token::layout(Bytes octets) const {
  std::vector<attest::LayoutField> out;
  const auto add = [&](Bytes part, std::string name) {
    out.push_back(attest::octets_field(octets, part, std::move(name), "octets"));
  };
  add(platform.message.protected_header, "platform.protected");
  add(platform.challenge, "platform.challenge");
  add(platform.implementation_id, "platform.implementation_id");
  add(platform.instance_id, "platform.instance_id");
  add(platform.config, "platform.config");
  arm::add_component_layout(platform.components, octets, "platform.", out);
  add(platform.message.signature, "platform.signature");
  add(realm.message.protected_header, "realm.protected");
  add(realm.challenge, "realm.challenge");
  add(realm.personalization_value, "realm.personalization_value");
  add(realm.initial_measurement, "realm.initial_measurement");
  for (std::size_t i = 0; i < realm.extensible.size(); ++i) {
    add(realm.extensible[i], "realm.rem" + std::to_string(i));
  }
  add(realm.public_key, "realm.public_key");
  add(realm.message.signature, "realm.signature");
  return attest::fill_layout(std::move(out), octets, "CBOR heads, keys and texts");
}

}  // namespace ward::cca
