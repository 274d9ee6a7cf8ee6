#pragma once

#include <memory>
#include <vector>

#include "apps/wardd/config.h"
#include "apps/wardd/failure.h"
#include "base/result.h"
#include "base/time.h"
#include "net/tls/context.h"
#include "pki/certificate.h"
#include "server/client_crls.h"
#include "server/log.h"
#include "server/oidc.h"
#include "server/oidc_keys.h"

namespace ward::wardd {

// SignIn is what administrators may prove themselves with beside their own keys.
struct SignIn {
  std::vector<server::OidcProvider> providers;
  std::vector<pki::Certificate> client_ca;
  std::unique_ptr<server::ClientCrls> client_crls;  // null where the configuration names none
  std::unique_ptr<server::CachedKeys> keys;         // null where there are no providers
};

// load_sign_in reads the files that the configuration names. Nothing is fetched before a token asks
// for it, or warm() is called. `clock` is borrowed and outlives the result.
[[nodiscard]] Result<SignIn, Failure> load_sign_in(const Config& config, const Clock& clock,
                                                   const server::Log& log);

// reload reads client_crls anew, and logs what came of it when it counts already: client_crls.read,
// client_crls.list for each list with its time, client_crls.refused for each that does not count
// (judge_client_crls), client_crls.failed. A file that cannot be read changes nothing, and lists
// that are out of date refuse by themselves.
void reload(const Config& config, const SignIn& sign_in, const server::Log& log);

// asks_clients is kAsked where an administrator may show a certificate.
[[nodiscard]] net::ClientCertificates asks_clients(const Config& config);

// fetch_keys brings an issuer's key set: its configuration (OpenID Connect Discovery 1.0 section
// 4), then what that names as jwks_uri, both over TLS to servers that `ca_pem` vouches for.
// kDenied: the configuration is another issuer's; kUnavailable: another status than 200;
// kMalformed; errors of https_fetch.
[[nodiscard]] Result<std::string> fetch_keys(const std::string& issuer, std::string_view ca_pem,
                                             UnixTime now);

}  // namespace ward::wardd
