#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "codec/json.h"
#include "token/jws.h"

namespace ward::token {

// Unchecked says aloud that a value is not compared.
struct Unchecked {};

// JwtExpectations are what a token must say. There is no default for issuer and audience: the
// caller names them or spells Unchecked{}.
struct JwtExpectations {
  std::variant<Unchecked, std::string> issuer;
  std::variant<Unchecked, std::string> audience;
  UnixTime now;
  std::int64_t skew_s = 0;                // allowed difference of clocks, both ways; 0 to 300
  std::int64_t expiry_grace_s = 0;        // how long after `exp` still good; 0 to one week
  std::optional<std::int64_t> max_age_s;  // then `iat` is required
  JwsRules rules;
};

// VerifiedJwt is a token that is authentic and says what was expected.
struct VerifiedJwt {
  codec::JsonValue header;
  codec::JsonValue claims;
  Buffer payload;  // the claims' octets; byte ranges of `claims` refer to it
  UnixTime expires;
  std::optional<UnixTime> issued;
};

// verify_jwt verifies a signed JWT (RFC 7519 section 7.2) and its registered claims. `exp` is
// required; `nbf` and `iat` are checked where present. Times are whole numbers of seconds; a token
// is good while nbf - skew <= now < exp + grace + skew and iat - skew <= now. kStale: expired, not
// yet valid, issued in the future, or too old; kDenied: another issuer or audience; kMalformed:
// claims that are absent or of a wrong type. Errors of verify_jws besides.
[[nodiscard]] Result<VerifiedJwt> verify_jwt(std::string_view compact, std::span<const JwsKey> keys,
                                             const JwtExpectations& expected);

// JwtTimes are the times of a token.
struct JwtTimes {
  UnixTime expires;
  std::optional<UnixTime> not_before{};
  std::optional<UnixTime> issued{};
};

// check_times is what verify_jwt says of them: for a token that was verified before.
[[nodiscard]] Result<void> check_times(const JwtTimes& times, const JwtExpectations& expected);

// check_claims is the second half of verify_jwt, for claims that are authentic already.
[[nodiscard]] Result<void> check_claims(const codec::JsonValue& claims,
                                        const JwtExpectations& expected);

// JwtClaims are the registered claims that ward writes.
struct JwtClaims {
  std::string issuer;
  std::string subject;
  std::string audience;
  std::string id;  // jti
  std::optional<UnixTime> issued;
  std::optional<UnixTime> not_before;
  UnixTime expires;
  std::string extra_json;  // an object whose members are added: {"role":"kbs-admin"}; may be empty
};

// sign_jwt writes the claims (empty ones left out) and signs them with typ JWT. kMalformed where
// extra_json is not an object, or names a registered claim again.
[[nodiscard]] Result<std::string> sign_jwt(const JwsSigner& signer, const JwtClaims& claims);

}  // namespace ward::token
