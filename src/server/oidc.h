#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "broker/admin.h"
#include "codec/json.h"
#include "server/oidc_keys.h"
#include "token/jws.h"

// Administrators who sign in with a provider of OpenID Connect (docs/wardd.md, Administrators).
namespace ward::server {

// Bounds on what a provider's token may hold.
inline constexpr std::size_t kMaxOidcTokenBytes = 16U << 10U;
inline constexpr std::size_t kMaxSubjectBytes = 128;
inline constexpr std::size_t kMaxClaimDepth = 8;

// OidcRule gives a role to whose token holds a value at a claim.
struct OidcRule {
  std::vector<std::string> claim;  // the names that lead to it: {"realm_access", "roles"}
  std::string value;  // equal to the claim's text, or to one of the texts that it lists
  // Whom it makes of a person. An empty name: the provider's name, ':' and the claim `sub`.
  broker::Actor actor;
};

// Which tokens of a provider are taken.
enum class OidcToken : std::uint8_t {
  kAccessToken,  // JWT access tokens (RFC 9068): typ at+jwt, for this service as their audience
  kIdToken,      // ID tokens (OpenID Connect Core section 2), whose audience is one client
};

// OidcProvider is whose tokens count, and what they make of a person.
struct OidcProvider {
  std::string name;    // stands before the names of its people; no administrator's has a ':'
  std::string issuer;  // as `iss` has it
  std::string audience;
  OidcToken token = OidcToken::kAccessToken;
  std::vector<std::string> clients;  // of access tokens: who may have asked for one (client_id)
  std::vector<token::JwsAlgorithm> algorithms;
  std::int64_t max_age_s = 3600;  // since `iat`
  KeyTimes times;
  std::vector<OidcRule> rules;       // the first that fits decides
  std::vector<std::string> tenants;  // beside the default one; "*": all
};

// lists_tenant is true where a list of tenants' ids, "*" for all of them, has this one; the default
// tenant (empty) always.
[[nodiscard]] bool lists_tenant(const std::vector<std::string>& tenants, std::string_view tenant);

// serves_tenant is true where somebody of this tenant may sign in with the provider; empty: the
// default tenant, always.
[[nodiscard]] bool serves_tenant(const OidcProvider& provider, std::string_view tenant);

// GrantedRules reads the rules that a tenant's own administrators made for a provider, behind
// those of the configuration; it is asked for tokens that are authentic alone.
using GrantedRules = std::function<Result<std::vector<OidcRule>>(const OidcProvider&)>;

// stated_issuer is the issuer that a token says it is of; nullopt where it says none, or is no
// token of at most kMaxOidcTokenBytes. Nothing is verified.
[[nodiscard]] std::optional<std::string> stated_issuer(std::string_view token);

// provider_of is the provider that a token says it is from, nullptr where none is. Nothing is
// verified. Borrowed from `providers`.
[[nodiscard]] const OidcProvider* provider_of(std::string_view token,
                                              std::span<const OidcProvider> providers);

// SignInAttempt is a token with what it is judged by. Everything is borrowed.
struct SignInAttempt {
  std::string_view token;
  Bytes certificate;  // DER: what the client showed in TLS; empty: nothing
  UnixTime now;
};

// How somebody signed in with a provider's token (Actor::sign_in): alone, or with the certificate
// that it is bound to.
inline constexpr std::string_view kOidcSignIn = "oidc";
inline constexpr std::string_view kBoundSignIn = "oidc+certificate";

// oidc_actor verifies a provider's token and applies the rules: signature by one of the provider's
// keys with an algorithm of the list, iss, aud, exp, nbf, iat, and who asked for it (client_id,
// azp). A token that is bound to a key (RFC 7800) counts with that certificate alone (RFC 8705).
// `granted`, where it is not empty, is asked where no rule of the provider's fits. Refusals:
// kAdminToken; kAdminRole where no rule fits; kAdminIssuerKeys (503) where the keys cannot be had;
// 503 where `granted` fails. Actor::sign_in is one of the two above. None holds anything of a token
// that is not authentic.
[[nodiscard]] broker::Answer<broker::Actor> oidc_actor(const SignInAttempt& attempt,
                                                       const OidcProvider& provider,
                                                       const OidcKeys& keys,
                                                       const GrantedRules& granted = {});

// fits is true where the claims hold the rule's value at its place.
[[nodiscard]] bool fits(const OidcRule& rule, const codec::JsonValue& claims);

}  // namespace ward::server
