#include "server/admin_auth.h"

#include "token/jwt.h"

namespace ward::server {

Result<broker::Actor> authenticate(std::string_view token,
                                   std::span<const Administrator> administrators,
                                   const Expected& expected) {
  Error why(Errc::kUntrusted, "admin: no administrator has this key");
  for (const Administrator& one : administrators) {
    token::JwtExpectations claims{.issuer = one.actor.name,
                                  .audience = std::string(expected.audience),
                                  .now = expected.now,
                                  .skew_s = kAdminSkew_s,
                                  .max_age_s = kAdminTokenLife_s,
                                  .rules = {.typ = "JWT", .ignore_embedded_key = false}};
    const auto verified = token::verify_jwt(token, {&one.key, 1}, claims);
    if (!verified && one.kbs_client && expected.form == TokenForm::kKbs) {
      claims.issuer = token::Unchecked{};
      claims.audience = token::Unchecked{};
      claims.max_age_s = kKbsClientTokenLife_s;
      if (token::verify_jwt(token, {&one.key, 1}, claims)) return one.actor;
    }
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
