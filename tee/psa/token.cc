#include "tee/psa/token.h"

#include <algorithm>
#include <limits>

#include "attest/layout.h"
#include "codec/cbor.h"
#include "codec/cbor_write.h"

namespace ward::psa {
namespace {

using arm::Claims;
using codec::CborValue;

constexpr std::uint64_t kTagMac0 = 17;
constexpr std::int64_t kEatProfile = 265;  // RFC 9711

// Keys are the claims' of one set of profiles.
struct Keys {
  std::int64_t profile;
  std::int64_t nonce;
  std::int64_t instance_id;
  std::int64_t client_id;
  std::int64_t lifecycle;
  std::int64_t implementation_id;
  std::int64_t boot_seed;
  std::int64_t certification_reference;
  std::int64_t components;
  std::int64_t verification_service;
};

// RFC 9783 appendix; the same keys, but for the boot seed's, in draft-tschofenig-rats-psa-token-09.
constexpr Keys kKeys{kEatProfile, 10, 256, 2394, 2395, 2396, 2397, 2398, 2399, 2400};

// draft-tschofenig-rats-psa-token-05, whose keys are private ones.
constexpr Keys kFirstKeys{-75000, -75008, -75009, -75001, -75002,
                          -75003, -75004, -75005, -75006, -75010};
constexpr std::int64_t kFirstNothingMeasured = -75007;

constexpr std::int64_t kEatBootSeed = 268;  // RFC 9711, which RFC 9783 uses

constexpr codec::CborLimits kLimits{.max_bytes = kMaxToken, .max_depth = 6, .max_items = 2000};

const Keys& keys_of(Profile profile) { return profile == Profile::kFirst ? kFirstKeys : kKeys; }

FormError form_error(std::string found) {
  return {CheckId::kForm, std::move(found), "a COSE_Sign1 of a PSA token's claims"};
}

std::int64_t read_client_id(Claims& c, std::int64_t key) {
  const CborValue* value = c.find(key);
  const auto number = value == nullptr ? std::nullopt : value->as_int();
  if (number && *number >= std::numeric_limits<std::int32_t>::min() &&
      *number <= std::numeric_limits<std::int32_t>::max()) {
    return *number;
  }
  c.fail("client id is no number of 32 bits");
  return 0;
}

// RFC 9783 has EAT's boot seed; tokens of before have PSA's own.
std::optional<Bytes> read_boot_seed(Claims& c, const Token& token) {
  constexpr const char* kName = "boot seed";
  const auto own =
      c.optional_octets(keys_of(token.profile).boot_seed, kName, kMinBootSeed, kMaxBootSeed);
  if (token.profile != Profile::kTfm) return own;
  const auto of_eat = c.optional_octets(kEatBootSeed, kName, kMinBootSeed, kMaxBootSeed);
  if (own && of_eat) c.fail("two boot seeds");
  return of_eat ? of_eat : own;
}

// A token of the first profile may say that nothing was measured; then it lists no component.
std::vector<arm::Component> read_measured(Claims& c, const Token& token) {
  if (token.profile == Profile::kFirst) {
    if (const CborValue* nothing = c.find(kFirstNothingMeasured)) {
      if (nothing->as_uint() != 1) c.fail("that nothing was measured is not 1");
      if (c.find(kFirstKeys.components) != nullptr) c.fail("components where nothing is measured");
      return {};
    }
  }
  return arm::read_components(c, keys_of(token.profile).components);
}

std::string read_claims(const CborValue& map, Token& out) {
  const Keys& keys = keys_of(out.profile);
  Claims c(map);
  static_cast<void>(c.find(keys.profile));  // known: it chose the keys
  out.nonce = c.octets(keys.nonce, "nonce", {32, 48, 64});
  out.instance_id = c.octets(keys.instance_id, "instance id", {kInstanceIdSize});
  out.implementation_id =
      c.octets(keys.implementation_id, "implementation id", {kImplementationIdSize});
  out.client_id = read_client_id(c, keys.client_id);
  out.lifecycle = c.number(keys.lifecycle, "lifecycle", arm::kMaxLifecycle);
  out.boot_seed = read_boot_seed(c, out);
  out.certification_reference =
      c.optional_text(keys.certification_reference, "certification reference");
  out.components = read_measured(c, out);
  out.verification_service = c.optional_text(keys.verification_service, "verification service");
  for (const std::string& key : c.unknown()) {
    out.unknown.push_back("claim " + key + " of the token is not known, and not judged");
  }
  return c.wrong();
}

// choose_profile finds which profile a map of claims is of; the error names another.
std::optional<FormError> choose_profile(const CborValue& map, Token& out) {
  const CborValue* eat = map.find(kEatProfile);
  const CborValue* value = eat != nullptr ? eat : map.find(kFirstKeys.profile);
  const auto text = value == nullptr ? std::nullopt : value->as_text();
  if (value == nullptr) {
    out.profile = Profile::kFirst;
    out.names_profile = false;
    return std::nullopt;
  }
  for (const Profile profile : {Profile::kTfm, Profile::kSecond, Profile::kFirst}) {
    const bool first = profile == Profile::kFirst;
    if (text == name_of(profile) && first == (eat == nullptr)) {
      out.profile = profile;
      return std::nullopt;
    }
  }
  return FormError{CheckId::kProfile, text ? std::string(text->substr(0, 256)) : "no text",
                   std::string(name_of(Profile::kTfm)) + ", " +
                       std::string(name_of(Profile::kSecond)) + " or " +
                       std::string(name_of(Profile::kFirst))};
}

// The payload of a COSE_Sign1 or COSE_Mac0, of which only the form is looked at.
std::optional<Bytes> payload_of(Bytes evidence) {
  const auto whole = codec::parse_cbor(evidence, kLimits, codec::CborRules::kForeign);
  if (!whole) return std::nullopt;
  const CborValue& message =
      whole->kind() == CborValue::Kind::kTag ? whole->items().front() : *whole;
  if (message.items().size() != 4) return std::nullopt;
  return message.items()[2].as_bytes();
}

bool is_mac(Bytes evidence) {
  const auto whole = codec::parse_cbor(evidence, kLimits, codec::CborRules::kForeign);
  return whole && whole->tagged(kTagMac0) != nullptr;
}

}  // namespace

std::string_view name_of(Profile profile) {
  switch (profile) {
    case Profile::kTfm:
      return "tag:psacertified.org,2023:psa#tfm";
    case Profile::kSecond:
      return "http://arm.com/psa/2.0.0";
    case Profile::kFirst:
      return "PSA_IOT_PROFILE_1";
  }
  return "";
}

bool is_token(Bytes evidence) {
  const auto payload = payload_of(evidence);
  if (!payload) return false;
  const auto map = codec::parse_cbor(*payload, kLimits, codec::CborRules::kForeign);
  return map &&
         (map->find(kKeys.client_id) != nullptr || map->find(kFirstKeys.client_id) != nullptr);
}

std::variant<Token, FormError> parse_token(Bytes octets) {
  if (octets.size() > kMaxToken) return form_error(std::to_string(octets.size()) + " octets");
  if (is_mac(octets)) {
    return form_error("a COSE_Mac0: whoever can verify it can also have made it");
  }
  const auto message = token::parse_cose_sign1(octets);
  if (!message) return form_error(message.error().what());
  if (!message->payload) return form_error("a message without its payload");
  const auto map = codec::parse_cbor(*message->payload, kLimits, codec::CborRules::kForeign);
  if (!map) return form_error(std::string("claims: ") + map.error().what());
  if (!map->is_map()) return form_error("claims that are no map");
  Token out{.message = *message};
  if (auto error = choose_profile(*map, out)) return *std::move(error);
  if (std::string wrong = read_claims(*map, out); !wrong.empty()) return form_error(wrong);
  return out;
}

Result<Buffer> write_claims(const Token& token) {
  const Keys& keys = keys_of(token.profile);
  codec::CborWriter w;
  w.begin_map();
  if (token.names_profile) w.member(keys.profile, name_of(token.profile));
  w.member(keys.nonce, token.nonce).member(keys.instance_id, token.instance_id);
  w.member(keys.implementation_id, token.implementation_id);
  w.member(keys.client_id, token.client_id).member(keys.lifecycle, token.lifecycle);
  if (token.boot_seed) {
    w.member(token.profile == Profile::kTfm ? kEatBootSeed : keys.boot_seed, *token.boot_seed);
  }
  if (token.certification_reference) {
    w.member(keys.certification_reference, *token.certification_reference);
  }
  if (token.components.empty()) {
    w.member(kFirstNothingMeasured, 1);
  } else {
    w.name(keys.components);
    arm::write_components(token.components, w);
  }
  if (token.verification_service) w.member(keys.verification_service, *token.verification_service);
  return w.end_map().take();
}

void Token::add_claims(std::vector<attest::Claim>& out) const {
  out.push_back({"profile", std::string(name_of(profile))});
  out.push_back({"nonce", to_buffer(nonce)});
  out.push_back({"instance_id", to_buffer(instance_id)});
  out.push_back({"implementation_id", to_buffer(implementation_id)});
  out.push_back({"client_id", std::to_string(client_id)});
  out.push_back({"lifecycle", lifecycle});
  if (const auto state = arm::lifecycle_of(lifecycle)) {
    out.push_back({"lifecycle_state", std::string(arm::to_text(*state))});
  }
  if (boot_seed) out.push_back({"boot_seed", to_buffer(*boot_seed)});
  if (certification_reference) {
    out.push_back({"certification_reference", std::string(*certification_reference)});
  }
  if (verification_service) {
    out.push_back({"verification_service", std::string(*verification_service)});
  }
  arm::add_components(components, out);
}

std::vector<attest::LayoutField> Token::layout(Bytes octets) const {
  std::vector<attest::LayoutField> out;
  const auto add = [&](Bytes part, const char* name) {
    out.push_back(attest::octets_field(octets, part, name, "octets"));
  };
  add(message.protected_header, "protected");
  add(nonce, "nonce");
  add(instance_id, "instance_id");
  add(implementation_id, "implementation_id");
  if (boot_seed) add(*boot_seed, "boot_seed");
  arm::add_component_layout(components, octets, "", out);
  add(message.signature, "signature");
  return attest::fill_layout(std::move(out), octets, "CBOR heads, keys, numbers and texts");
}

}  // namespace ward::psa
