#include "server/admin_auth.h"

#include "token/jwt.h"

namespace ward::server {

Result<broker::Actor> authenticate(std::string_view token,
                                   std::span<const Administrator> administrators,
                                   std::string_view audience, UnixTime now) {
  Error why(Errc::kUntrusted, "admin: no administrator has this key");
  for (const Administrator& one : administrators) {
    const token::JwtExpectations expected{.issuer = one.actor.name,
                                          .audience = std::string(audience),
                                          .now = now,
                                          .skew_s = kAdminSkew_s,
                                          .max_age_s = kAdminTokenLife_s,
                                          .rules = {.typ = "JWT", .ignore_embedded_key = false}};
    const auto verified = token::verify_jwt(token, {&one.key, 1}, expected);
    if (!verified) {
      if (verified.error().code() != Errc::kUntrusted) why = verified.error();
      continue;
    }
    const auto* role = verified->claims.find("role");
    if (role == nullptr || role->as_string() != to_text(one.actor.role)) {
      return Error(Errc::kDenied, "admin: the token claims another role");
    }
    return one.actor;
  }
  return why;
}

Result<std::string> make_admin_token(const token::JwsSigner& signer, const AdminClaims& claims) {
  token::JwtClaims out;
  out.issuer = claims.name;
  out.audience = claims.audience;
  out.issued = claims.now;
  out.expires = {claims.now.seconds + kAdminTokenLife_s};
  out.extra_json = std::string(R"({"role":")") + to_text(claims.role) + "\"}";
  return token::sign_jwt(signer, out);
}

std::string admin_audience(Bytes spki_sha256) { return "urn:ward:wardd:" + to_hex(spki_sha256); }

}  // namespace ward::server
