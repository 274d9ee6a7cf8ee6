#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "attest/appraisal.h"
#include "attest/scheme.h"
#include "base/bytes.h"
#include "base/result.h"
#include "tee/arm/claims.h"
#include "tee/cca/checks.h"
#include "token/cose.h"

// The CCA attestation token: bytes to a typed view and back. Form only. Documents: Arm DEN0137,
// Realm Management Monitor specification 1.0 ("RMM"), A7.2.3; draft-ffm-rats-cca-token.
namespace ward::cca {

inline constexpr std::size_t kMaxToken = 128U << 10U;  // of our own
inline constexpr std::size_t kChallengeSize = 64;
inline constexpr std::size_t kPersonalizationSize = 64;
inline constexpr std::size_t kExtensible = 4;
inline constexpr std::size_t kImplementationIdSize = 32;
inline constexpr std::size_t kInstanceIdSize = 33;

// Profiles (RMM A7.2.3.2.1, A7.2.3.1), and the name of platform tokens before RMM 1.0. A realm
// token before it has no profile, and its key is a bare point.
inline constexpr std::string_view kPlatformProfile = "tag:arm.com,2023:cca_platform#1.0.0";
inline constexpr std::string_view kEarlyPlatformProfile = "http://arm.com/CCA-SSD/1.0.0";
inline constexpr std::string_view kRealmProfile = "tag:arm.com,2023:realm#1.0.0";

// PlatformToken is what the platform's root of trust states (RMM A7.2.3.2). Borrows.
struct PlatformToken {
  token::CoseSign1 message;
  std::string_view profile;
  Bytes challenge;  // 32, 48 or 64 octets: the digest of the realm's key
  Bytes implementation_id;
  Bytes instance_id;
  Bytes config;
  std::uint64_t lifecycle = 0;
  std::vector<arm::Component> components;
  std::optional<std::string_view> verification_service;
  std::string_view hash_algo_id;
};

// RealmToken is what the monitor states of one realm (RMM A7.2.3.1). Borrows.
struct RealmToken {
  token::CoseSign1 message;
  std::optional<std::string_view> profile;
  Bytes challenge;
  Bytes personalization_value;
  Bytes initial_measurement;      // 32, 48 or 64 octets
  std::vector<Bytes> extensible;  // four, sized alike
  std::string_view hash_algo_id;
  Bytes public_key;  // as its profile has it
  std::string_view public_key_hash_algo_id;
};

// Token borrows from the octets that it was parsed from.
struct Token {
  PlatformToken platform;
  RealmToken realm;
  std::vector<std::string> unknown;  // claims that are not judged, for people

  void add_claims(std::vector<attest::Claim>& out) const;

  // layout names what has a name; `octets` is what the token was parsed from.
  [[nodiscard]] std::vector<attest::LayoutField> layout(Bytes octets) const;
};

// FormError is a check of form that fails, with what was found.
struct FormError {
  CheckId check = CheckId::kForm;
  std::string found;
  std::string expected;
};

// is_json is true where the first character that is no blank begins a JSON object.
[[nodiscard]] bool is_json(Bytes evidence);

// token_octets finds the token's octets: the evidence itself, or, of the JSON that Trustee's guests
// send ({"token": [octets as numbers]}), what is then put into `storage`.
[[nodiscard]] std::variant<Bytes, FormError> token_octets(Bytes evidence, Buffer& storage);

// write_token_json is its inverse.
[[nodiscard]] std::string write_token_json(Bytes token);

// parse_token reads tag 399 of a map of exactly the two tokens, each a COSE_Sign1. Claims that are
// not known are listed and ignored.
[[nodiscard]] std::variant<Token, FormError> parse_token(Bytes octets);

// read_platform_claims and read_realm_claims read one token's payload; they return what is wrong,
// empty where nothing is.
[[nodiscard]] std::string read_platform_claims(Bytes payload, PlatformToken& out,
                                               std::vector<std::string>& unknown);
[[nodiscard]] std::string read_realm_claims(Bytes payload, RealmToken& out,
                                            std::vector<std::string>& unknown);

// write_platform_claims, write_realm_claims and write_token are the inverses.
[[nodiscard]] Result<Buffer> write_platform_claims(const PlatformToken& token);
[[nodiscard]] Result<Buffer> write_realm_claims(const RealmToken& token);
[[nodiscard]] Result<Buffer> write_token(Bytes platform, Bytes realm);

}  // namespace ward::cca
