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
#include "tee/psa/checks.h"
#include "token/cose.h"

// The PSA attestation token (RFC 9783) and its forms of before: bytes to a typed view and back.
// Form only.
namespace ward::psa {

inline constexpr std::size_t kMaxToken = 64U << 10U;  // of our own
inline constexpr std::size_t kImplementationIdSize = 32;
inline constexpr std::size_t kInstanceIdSize = 33;
inline constexpr std::size_t kMinBootSeed = 8;
inline constexpr std::size_t kMaxBootSeed = 32;

// Profile is the set of claims that a token has. kFirst has keys of its own, and may say that
// nothing was measured.
enum class Profile : std::uint8_t {
  kTfm,     // "tag:psacertified.org,2023:psa#tfm" (RFC 9783)
  kSecond,  // "http://arm.com/psa/2.0.0"
  kFirst,   // "PSA_IOT_PROFILE_1", or none
};

[[nodiscard]] std::string_view name_of(Profile profile);

// Token borrows from the octets that it was parsed from.
struct Token {
  token::CoseSign1 message;
  Profile profile = Profile::kTfm;
  bool names_profile = true;  // of kFirst alone it may be absent
  Bytes nonce;                // 32, 48 or 64 octets
  Bytes instance_id;
  Bytes implementation_id;
  std::int64_t client_id = 0;  // negative or 0: the caller is not part of the secure world
  std::uint64_t lifecycle = 0;
  std::optional<Bytes> boot_seed;
  std::optional<std::string_view> certification_reference;
  std::vector<arm::Component> components;  // none: the token says that nothing was measured
  std::optional<std::string_view> verification_service;
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

// is_token is true for a COSE_Sign1 or COSE_Mac0 whose payload is a map with a PSA client id: no
// other token has one.
[[nodiscard]] bool is_token(Bytes evidence);

// parse_token reads a COSE_Sign1 of a token's claims. Claims that are not known are listed and
// ignored.
[[nodiscard]] std::variant<Token, FormError> parse_token(Bytes octets);

// write_claims writes the payload: the inverse.
[[nodiscard]] Result<Buffer> write_claims(const Token& token);

}  // namespace ward::psa
