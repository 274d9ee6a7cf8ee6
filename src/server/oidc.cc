#include "server/oidc.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "crypto/digest.h"
#include "server/admin_auth.h"
#include "token/jwt.h"

namespace ward::server {
namespace {

using broker::Actor;
using broker::Answer;
using broker::CheckId;
using broker::Refusal;
using codec::JsonValue;
using token::JwsAlgorithm;

constexpr codec::JsonLimits kLimits{
    .max_bytes = kMaxOidcTokenBytes, .max_depth = 16, .max_values = 4096};

Refusal bad_token(std::string_view why, std::string expected = {}) {
  Refusal out = broker::refuse(401, kAdminType, CheckId::kAdminToken, why);
  out.expected = std::move(expected);
  return out;
}

// part_of is one of the three parts of a compact JWS, as JSON: 0 the header, 1 the claims.
std::optional<JsonValue> part_of(std::string_view token, int which) {
  if (token.size() > kMaxOidcTokenBytes) return std::nullopt;
  for (; which > 0; --which) {
    token.remove_prefix(std::min(token.find('.'), token.size() - 1) + 1);
    if (token.empty()) return std::nullopt;
  }
  const auto octets = from_base64(token.substr(0, token.find('.')), Base64::kUrl);
  auto json = octets ? codec::parse_json(*octets, kLimits)
                     : Result<JsonValue, Diag>(Diag{.expected = "base64url"});
  if (!json || !json->is_object()) return std::nullopt;
  return *std::move(json);
}

std::optional<std::string_view> text_at(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  return value != nullptr ? value->as_string() : std::nullopt;
}

bool same_letters(std::string_view a, std::string_view lower_case) {
  return std::ranges::equal(a, lower_case, [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
  });
}

// usable lists the key with each algorithm that it may be used with: its own, else those of the
// list that are of its type.
std::vector<token::JwsKey> usable(const token::Jwk& jwk, const std::vector<JwsAlgorithm>& list) {
  std::vector<token::JwsKey> out;
  for (const JwsAlgorithm algorithm : list) {
    token::Jwk with = jwk;
    if (with.alg.empty()) with.alg = token::to_text(algorithm);
    auto key = token::jws_key(with);
    if (key && key->algorithm == algorithm) out.push_back(*std::move(key));
  }
  return out;
}

// What the header must say before a key is looked for: alg is on the list, and no other use.
Result<JsonValue, Refusal> header_of(std::string_view token, const OidcProvider& provider) {
  if (token.size() > kMaxOidcTokenBytes) return bad_token("oidc: the token is too long");
  auto header = part_of(token, 0);
  if (!header) return bad_token("oidc: the token's header is malformed");
  const auto alg = token::jws_algorithm(text_at(*header, "alg").value_or(""));
  if (!alg || std::ranges::count(provider.algorithms, *alg) == 0) {
    return bad_token("oidc: the token's alg is not one of those that this service takes");
  }
  return *std::move(header);
}

// RFC 9068 section 4; OpenID Connect Core section 3.1.3.7 for ID tokens, whose typ says JWT or is
// not there.
Result<void> check_typ(const JsonValue& header, OidcToken form) {
  const JsonValue* typ = header.find("typ");
  const std::string_view text = text_at(header, "typ").value_or("");
  const bool access = same_letters(text, "at+jwt") || same_letters(text, "application/at+jwt");
  if (form == OidcToken::kAccessToken && !access) {
    return Error(Errc::kDenied, "oidc: this is no access token (typ at+jwt)");
  }
  if (form == OidcToken::kIdToken && typ != nullptr && !same_letters(text, "jwt")) {
    return Error(Errc::kDenied, "oidc: this is no ID token (typ JWT)");
  }
  return {};
}

// Who asked for the token. An ID token is for one client, which is the audience; an access token
// names the one that it was given to.
Result<void> check_client(const JsonValue& claims, const OidcProvider& provider) {
  const JsonValue* azp = claims.find("azp");
  const auto party = text_at(claims, "azp");
  if (azp != nullptr && !party) return Error(Errc::kMalformed, "oidc: azp");
  if (provider.token == OidcToken::kIdToken) {
    const JsonValue* aud = claims.find("aud");
    const bool several = aud != nullptr && aud->is_array() && aud->items().size() > 1;
    if (several && !party) return Error(Errc::kDenied, "oidc: several audiences, and no azp");
    if (party && *party != provider.audience) {
      return Error(Errc::kDenied, "oidc: the token is of another client (azp)");
    }
    return {};
  }
  const auto client = text_at(claims, "client_id");
  if (!client) return Error(Errc::kMalformed, "oidc: client_id");
  const auto known = [&](std::string_view name) {
    return std::ranges::count(provider.clients, name) > 0;
  };
  if (!known(*client) || (party && !known(*party))) {
    return Error(Errc::kDenied, "oidc: the token is of another client");
  }
  return {};
}

// RFC 8705 section 3.1: a token that is bound to a certificate is of no use without it. What is
// bound in another way is nothing that a bearer may show.
Result<void> check_binding(const JsonValue& claims, Bytes certificate) {
  const JsonValue* cnf = claims.find("cnf");
  if (cnf == nullptr) return {};
  const auto digest = text_at(*cnf, "x5t#S256");
  if (!digest || cnf->members().size() != 1) {
    return Error(Errc::kDenied, "oidc: the token is bound to a key in a way ward does not know");
  }
  if (certificate.empty() || *digest != to_base64(crypto::sha256(certificate), Base64::kUrl)) {
    return Error(Errc::kDenied, "oidc: the token is bound to another client certificate");
  }
  return {};
}

// The name of a person stands in leaves, logs and answers: no blanks, quotes or control characters.
bool valid_subject(std::string_view sub) {
  constexpr std::string_view kOthers = "._-@|+=:~";
  return !sub.empty() && sub.size() <= kMaxSubjectBytes && std::ranges::all_of(sub, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

Result<token::VerifiedJwt> verify(std::string_view text, const OidcProvider& provider,
                                  const std::vector<token::Jwk>& keys, UnixTime now) {
  const token::JwtExpectations expected{.issuer = provider.issuer,
                                        .audience = provider.audience,
                                        .now = now,
                                        .skew_s = kAdminSkew_s,
                                        .max_age_s = provider.max_age_s,
                                        .rules = {.typ = {}, .ignore_embedded_key = false}};
  std::optional<Error> why;
  for (const token::Jwk& jwk : keys) {
    for (const token::JwsKey& key : usable(jwk, provider.algorithms)) {
      auto verified = token::verify_jwt(text, {&key, 1}, expected);
      if (verified) return verified;
      // Another algorithm of the same key says nothing about the token.
      if (!why || verified.error().code() != Errc::kUnsupported) why = verified.error();
    }
  }
  return why ? *why : Error(Errc::kUntrusted, "oidc: the issuer's key is for another use");
}

Result<std::string> subject_of(const token::VerifiedJwt& jwt, const SignInAttempt& attempt,
                               const OidcProvider& provider) {
  WARD_CHECK_OK(check_typ(jwt.header, provider.token));
  // A logout token (OpenID Connect Back-Channel Logout section 2.4) has the same issuer and keys.
  if (jwt.claims.find("events") != nullptr) {
    return Error(Errc::kDenied, "oidc: a token about events signs nobody in");
  }
  WARD_CHECK_OK(check_client(jwt.claims, provider));
  WARD_CHECK_OK(check_binding(jwt.claims, attempt.certificate));
  const auto sub = text_at(jwt.claims, "sub");
  if (!sub || !valid_subject(*sub)) {
    return Error(Errc::kMalformed, "oidc: sub is not 1 to 128 of A-Z a-z 0-9 . _ - @ | + = : ~");
  }
  return std::string(*sub);
}

// actor_by is whom the first rule that fits makes of a person; nullopt where none does.
std::optional<Actor> actor_by(const std::vector<OidcRule>& rules, const JsonValue& claims,
                              const std::string& otherwise) {
  const auto rule =
      std::ranges::find_if(rules, [&](const OidcRule& one) { return fits(one, claims); });
  if (rule == rules.end()) return std::nullopt;
  Actor out = rule->actor;
  if (out.name.empty()) out.name = otherwise;
  return out;
}

}  // namespace

bool lists_tenant(const std::vector<std::string>& tenants, std::string_view tenant) {
  return tenant.empty() || std::ranges::any_of(tenants, [&](const std::string& one) {
           return one == "*" || one == tenant;
         });
}

bool serves_tenant(const OidcProvider& provider, std::string_view tenant) {
  return lists_tenant(provider.tenants, tenant);
}

std::optional<std::string> stated_issuer(std::string_view token) {
  const auto claims = part_of(token, 1);
  const auto issuer = claims ? text_at(*claims, "iss") : std::nullopt;
  return issuer ? std::optional<std::string>(*issuer) : std::nullopt;
}

const OidcProvider* provider_of(std::string_view token, std::span<const OidcProvider> providers) {
  const auto issuer = providers.empty() ? std::nullopt : stated_issuer(token);
  const auto found = std::ranges::find_if(
      providers, [&](const OidcProvider& one) { return issuer && one.issuer == *issuer; });
  return found == providers.end() ? nullptr : &*found;
}

bool fits(const OidcRule& rule, const JsonValue& claims) {
  if (rule.claim.empty() || rule.value.empty()) return false;
  const JsonValue* at = &claims;
  for (const std::string& name : rule.claim) {
    at = at->find(name);
    if (at == nullptr) return false;
  }
  if (const auto text = at->as_string()) return *text == rule.value;
  return std::ranges::any_of(at->items(),
                             [&](const JsonValue& item) { return item.as_string() == rule.value; });
}

Answer<Actor> oidc_actor(const SignInAttempt& attempt, const OidcProvider& provider,
                         const OidcKeys& keys, const GrantedRules& granted) {
  WARD_TRY(const JsonValue header, header_of(attempt.token, provider));
  const JsonValue* kid = header.find("kid");
  if (kid != nullptr && !kid->as_string()) return bad_token("jws: kid");
  const auto candidates =
      keys.keys(provider.issuer, kid != nullptr ? kid->as_string() : std::nullopt, attempt.now);
  if (!candidates) {
    if (candidates.error().code() == Errc::kUntrusted) return bad_token(candidates.error().what());
    return broker::refuse(503, kAdminType, CheckId::kAdminIssuerKeys, candidates.error().what());
  }
  const auto verified = verify(attempt.token, provider, *candidates, attempt.now);
  if (!verified) {
    const bool audience = std::string_view(verified.error().what()) == "jwt: another audience";
    return bad_token(verified.error().what(), audience ? provider.audience : std::string());
  }
  const auto sub = subject_of(*verified, attempt, provider);
  if (!sub) return bad_token(sub.error().what());
  const std::string name = provider.name + ":" + *sub;
  auto actor = actor_by(provider.rules, verified->claims, name);
  if (!actor && granted) {
    const auto rules = granted(provider);
    if (!rules) return broker::unavailable(rules.error());
    actor = actor_by(*rules, verified->claims, name);
  }
  if (actor) {
    actor->sign_in = verified->claims.find("cnf") != nullptr ? kBoundSignIn : kOidcSignIn;
    return *std::move(actor);
  }
  return broker::refuse(401, kAdminType, CheckId::kAdminRole,
                        "oidc: no rule gives this person a role here.");
}

}  // namespace ward::server
