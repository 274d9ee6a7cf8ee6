#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/diag.h"
#include "base/result.h"
#include "server/admin_auth.h"
#include "server/oidc.h"

// Who administers, as the configuration names them: [[administrator]] and [[oidc]].
namespace ward::wardd {

class Section;  // config_section.h

// OidcConfig is a provider, and where its keys come from: one of `ca` and `jwks`.
struct OidcConfig {
  server::OidcProvider provider;
  std::string ca;    // a file of CA certificates, for fetching from the issuer; or
  std::string jwks;  // a file that holds the key set
};

// People are all of them.
struct People {
  std::vector<server::Administrator> administrators;  // names, keys and certificates differ
  std::vector<OidcConfig> oidc;                       // names and issuers differ
};

// check_tenants is that each text of the list at `key` is a tenant's id, or "*" for all.
[[nodiscard]] Result<void, Diag> check_tenants(const Section& section, std::string_view key,
                                               const std::vector<std::string>& tenants);

// read_people reads both lists of a table. `with_client_ca` tells whether there is a CA for names
// in client certificates. Files are named as they stand there. Each administrator has a key, a
// certificate, or a rule that names him.
[[nodiscard]] Result<People, Diag> read_people(const Section& section, bool with_client_ca);

}  // namespace ward::wardd
