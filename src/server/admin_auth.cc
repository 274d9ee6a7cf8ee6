#include "server/admin_auth.h"

#include <algorithm>
#include <utility>

#include "codec/json.h"
#include "server/client_certificate.h"
#include "token/jwt.h"

namespace ward::server {
namespace {

using broker::Actor;
using broker::Answer;
using broker::CheckId;

// is_own is true of claims as make_admin_token writes them: for a ward server, or in a role of its.
bool is_own(const codec::JsonValue& claims) {
  const auto names_server = [](const codec::JsonValue& one) {
    return one.as_string().value_or("").starts_with("urn:ward:");
  };
  const codec::JsonValue* audience = claims.find("aud");
  const codec::JsonValue* role = claims.find("role");
  if (audience != nullptr &&
      (names_server(*audience) || std::ranges::any_of(audience->items(), names_server))) {
    return true;
  }
  return role != nullptr && broker::role_of(role->as_string().value_or("")).has_value();
}

// signed_by_kbs_client is true of a token as Trustee's tools make it, whatever issuer, audience and
// role they put there; not of one that was made for a ward server, which is for that one alone.
bool signed_by_kbs_client(std::string_view token, const Administrator& one,
                          const Expected& expected) {
  if (!one.kbs_client || expected.form != TokenForm::kKbs) return false;
  const token::JwtExpectations claims{.issuer = token::Unchecked{},
                                      .audience = token::Unchecked{},
                                      .now = expected.now,
                                      .skew_s = kAdminSkew_s,
                                      .max_age_s = kKbsClientTokenLife_s,
                                      .rules = {.typ = "JWT", .ignore_embedded_key = false}};
  const auto verified = token::verify_jwt(token, {&*one.key, 1}, claims);
  return verified && !is_own(verified->claims);
}

// signed_by_administrator verifies an administrator's own token. kDenied where the role is another;
// kUntrusted where nobody has the key; errors of verify_jwt.
Result<Actor> signed_by_administrator(std::string_view token,
                                      std::span<const Administrator> administrators,
                                      const Expected& expected) {
  Error why(Errc::kUntrusted, "admin: no administrator has this key");
  const auto issuer = stated_issuer(token);
  for (const Administrator& one : administrators) {
    if (!one.key) continue;
    if (issuer != one.actor.name) {  // of each token few keys' signatures are verified
      if (!signed_by_kbs_client(token, one, expected)) continue;
      Actor actor = one.actor;
      actor.sign_in = "kbs-client";
      return actor;
    }
    const token::JwtExpectations claims{.issuer = one.actor.name,
                                        .audience = std::string(expected.audience),
                                        .now = expected.now,
                                        .skew_s = kAdminSkew_s,
                                        .max_age_s = kAdminTokenLife_s,
                                        .rules = {.typ = "JWT", .ignore_embedded_key = false}};
    const auto verified = token::verify_jwt(token, {&*one.key, 1}, claims);
    if (!verified) {
      if (verified.error().code() != Errc::kUntrusted) why = verified.error();
      continue;
    }
    const auto* role = verified->claims.find("role");
    if (role == nullptr || role->as_string() != to_text(one.actor.role)) {
      return Error(Errc::kDenied, "admin: the token claims another role");
    }
    Actor actor = one.actor;
    actor.sign_in = "key";
    return actor;
  }
  return why;
}

Answer<Actor> by_token(std::string_view token, const Credentials& credentials,
                       const Authorities& authorities, const Expected& expected) {
  const OidcProvider* provider =
      authorities.keys != nullptr ? provider_of(token, authorities.providers) : nullptr;
  if (provider != nullptr) {
    const auto& shown = credentials.certificates;
    return oidc_actor({.token = token,
                       .certificate = shown.empty() ? Bytes() : Bytes(shown.front()),
                       .now = expected.now},
                      *provider, *authorities.keys, authorities.granted);
  }
  auto actor = signed_by_administrator(token, authorities.administrators, expected);
  if (!actor) {
    const std::string_view why = actor.error().what();
    const bool role = actor.error().code() == Errc::kDenied && why.starts_with("admin:");
    return broker::refuse(401, kAdminType, role ? CheckId::kAdminRole : CheckId::kAdminToken, why);
  }
  return *std::move(actor);
}

}  // namespace

Credentials credentials_of(const protocol::HttpRequest& request) {
  Credentials out{.bearer = std::nullopt, .certificates = request.client_certificates};
  const auto header = request.header("Authorization");
  constexpr std::string_view kScheme = "Bearer ";
  if (header && header->starts_with(kScheme)) out.bearer = header->substr(kScheme.size());
  return out;
}

Answer<Actor> authenticate(const Credentials& credentials, const Authorities& authorities,
                           const Expected& expected) {
  if (!credentials.bearer && credentials.certificates.empty()) {
    return broker::refuse(401, kAdminType, CheckId::kAdminToken, "None was sent.");
  }
  Answer<const Administrator*> certified = nullptr;
  if (!credentials.certificates.empty()) {
    certified = certified_administrator(credentials.certificates, authorities.administrators,
                                        authorities.client_trust, expected.now);
  }
  if (!credentials.bearer) {
    if (!certified) return certified.error();
    Actor actor = (*certified)->actor;
    actor.sign_in = "certificate";
    return actor;
  }
  auto actor = by_token(*credentials.bearer, credentials, authorities, expected);
  // A certificate that a token is bound to proves that the token is its bearer's own (RFC 8705
  // section 3), and need be nobody's.
  const bool bound = actor && actor->sign_in == kBoundSignIn;
  if (!certified && !bound) return certified.error();
  if (!actor || !certified || *certified == nullptr) return actor;
  const std::string& name = (*certified)->actor.name;
  if (name != actor->name) {
    auto refusal = broker::refuse(401, kAdminType, CheckId::kAdminPerson);
    refusal.found = "certificate of " + name;
    refusal.expected = "certificate of " + actor->name;
    return refusal;
  }
  if (!bound) actor->sign_in += "+certificate";
  return actor;
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

std::string admin_audience(Bytes spki_sha256, std::string_view tenant) {
  std::string out = "urn:ward:wardd:" + to_hex(spki_sha256);
  if (!tenant.empty()) out += ":t:" + std::string(tenant);
  return out;
}

std::string_view tenant_in(std::string_view base_path) {
  const auto slash = base_path.rfind('/');
  if (slash == std::string_view::npos || !base_path.substr(0, slash).ends_with("/t")) return {};
  return base_path.substr(slash + 1);
}

}  // namespace ward::server
