#include "token/jwt.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "codec/json_write.h"

namespace ward::token {
namespace {

using codec::JsonValue;

constexpr std::int64_t kMaxSkew_s = 300;
constexpr std::int64_t kMaxExpiryGrace_s = std::int64_t{7} * 24 * 3600;
constexpr std::array<std::string_view, 7> kRegistered = {"iss", "sub", "aud", "exp",
                                                         "nbf", "iat", "jti"};

// RFC 7519 section 2, NumericDate; fractions of a second are refused.
Result<std::optional<UnixTime>> time_claim(const JsonValue& claims, std::string_view name) {
  const JsonValue* value = claims.find(name);
  if (value == nullptr) return std::optional<UnixTime>();
  const auto seconds = value->as_int();
  // Half the range, so that adding a skew cannot overflow.
  if (!seconds || *seconds < 0 || *seconds > std::numeric_limits<std::int64_t>::max() / 2) {
    return Error(Errc::kMalformed, "jwt: a time is not a whole number of seconds");
  }
  return std::optional<UnixTime>(UnixTime{*seconds});
}

Result<void> check_issuer(const JsonValue& claims, const JwtExpectations& expected) {
  const auto* wanted = std::get_if<std::string>(&expected.issuer);
  if (wanted == nullptr) return {};
  const JsonValue* iss = claims.find("iss");
  if (iss == nullptr || !iss->as_string()) return Error(Errc::kMalformed, "jwt: iss");
  if (*iss->as_string() != *wanted) return Error(Errc::kDenied, "jwt: another issuer");
  return {};
}

// RFC 7519 section 4.1.3: a string, or an array of strings of which one must be ours.
Result<void> check_audience(const JsonValue& claims, const JwtExpectations& expected) {
  const auto* wanted = std::get_if<std::string>(&expected.audience);
  if (wanted == nullptr) return {};
  const JsonValue* aud = claims.find("aud");
  if (aud == nullptr) return Error(Errc::kMalformed, "jwt: aud");
  if (const auto one = aud->as_string()) {
    if (*one != *wanted) return Error(Errc::kDenied, "jwt: another audience");
    return {};
  }
  if (!aud->is_array()) return Error(Errc::kMalformed, "jwt: aud");
  bool ours = false;
  for (const JsonValue& item : aud->items()) {
    if (!item.as_string()) return Error(Errc::kMalformed, "jwt: aud");
    ours = ours || *item.as_string() == *wanted;
  }
  if (!ours) return Error(Errc::kDenied, "jwt: another audience");
  return {};
}

Result<JwtTimes> times_of(const JsonValue& claims) {
  WARD_TRY(const auto exp, time_claim(claims, "exp"));
  if (!exp) return Error(Errc::kMalformed, "jwt: no exp");
  WARD_TRY(const auto nbf, time_claim(claims, "nbf"));
  WARD_TRY(const auto iat, time_claim(claims, "iat"));
  return JwtTimes{*exp, nbf, iat};
}

Result<void> add_extra(codec::JsonWriter& w, std::string_view extra_json) {
  if (extra_json.empty()) return {};
  const auto extra = codec::parse_json(as_bytes(extra_json));
  if (!extra || !extra->is_object()) {
    return Error(Errc::kMalformed, "jwt: further claims are not an object");
  }
  for (const auto& [name, value] : extra->members()) {
    if (std::find(kRegistered.begin(), kRegistered.end(), name) != kRegistered.end()) {
      return Error(Errc::kMalformed, "jwt: a registered claim among the further ones");
    }
    w.name(name).copy(value);
  }
  return {};
}

}  // namespace

Result<void> check_times(const JwtTimes& times, const JwtExpectations& expected) {
  if (expected.skew_s < 0 || expected.skew_s > kMaxSkew_s) {
    return Error(Errc::kLimit, "jwt: skew");
  }
  if (expected.expiry_grace_s < 0 || expected.expiry_grace_s > kMaxExpiryGrace_s) {
    return Error(Errc::kLimit, "jwt: grace");
  }
  const std::int64_t now = expected.now.seconds;
  const std::int64_t skew = expected.skew_s;
  if (now >= times.expires.seconds + expected.expiry_grace_s + skew) {
    return Error(Errc::kStale, "jwt: expired");
  }
  if (times.not_before && now < times.not_before->seconds - skew) {
    return Error(Errc::kStale, "jwt: not yet valid");
  }
  if (times.issued && now < times.issued->seconds - skew) {
    return Error(Errc::kStale, "jwt: issued in the future");
  }
  if (!expected.max_age_s) return {};
  if (!times.issued) return Error(Errc::kMalformed, "jwt: no iat");
  if (now - times.issued->seconds - skew > *expected.max_age_s) {
    return Error(Errc::kStale, "jwt: too old");
  }
  return {};
}

Result<void> check_claims(const JsonValue& claims, const JwtExpectations& expected) {
  if (!claims.is_object()) return Error(Errc::kMalformed, "jwt: claims are not an object");
  WARD_TRY(const JwtTimes times, times_of(claims));
  WARD_CHECK_OK(check_issuer(claims, expected));
  WARD_CHECK_OK(check_audience(claims, expected));
  return check_times(times, expected);
}

Result<VerifiedJwt> verify_jwt(std::string_view compact, std::span<const JwsKey> keys,
                               const JwtExpectations& expected) {
  WARD_TRY(VerifiedJws jws, verify_jws_any(compact, keys, expected.rules));
  auto claims = codec::parse_json(jws.payload, {.max_bytes = kMaxJwsBytes});
  if (!claims) return Error(Errc::kMalformed, "jwt: claims are not JSON");
  WARD_CHECK_OK(check_claims(*claims, expected));
  WARD_TRY(const JwtTimes times, times_of(*claims));
  return VerifiedJwt{std::move(jws.header), *std::move(claims), std::move(jws.payload),
                     times.expires, times.issued};
}

Result<std::string> sign_jwt(const JwsSigner& signer, const JwtClaims& claims) {
  codec::JsonWriter w;
  w.begin_object();
  const auto text = [&w](std::string_view name, const std::string& value) {
    if (!value.empty()) w.member(name, value);
  };
  text("iss", claims.issuer);
  text("sub", claims.subject);
  text("aud", claims.audience);
  w.member("exp", claims.expires.seconds);
  if (claims.not_before) w.member("nbf", claims.not_before->seconds);
  if (claims.issued) w.member("iat", claims.issued->seconds);
  text("jti", claims.id);
  WARD_CHECK_OK(add_extra(w, claims.extra_json));
  WARD_TRY(const std::string payload, w.end_object().take());
  return sign_jws(signer, "JWT", as_bytes(payload));
}

}  // namespace ward::token
