#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/wardd/config_people.h"
#include "attest/appraisal.h"
#include "base/diag.h"
#include "base/result.h"
#include "broker/broker.h"
#include "server/admin_auth.h"

namespace ward::wardd {

inline constexpr std::size_t kMaxConfigBytes = 256U << 10U;

// Config is `wardd.toml` (docs/wardd.md). Paths are complete: relative ones were below the folder
// of the file.
struct Config {
  std::string name;
  std::string issuer;  // a URL; empty: results are issued by the name
  std::string address;
  std::uint16_t port = 0;
  std::optional<std::string> bound_file;
  std::string store;
  std::string master_key;
  std::string tls_certificate;
  std::string tls_key;
  std::string token_key;
  std::string ledger_key;
  std::optional<std::string> collateral;
  std::int64_t session_seconds = 300;
  std::int64_t token_seconds = 300;
  broker::Retention archive;
  bool allow_kbs_0_1_1 = false;
  bool allow_rsa1_5 = false;
  bool webhook_private_addresses = false;  // webhooks to the own machine and private networks
  bool appraise_only = false;              // no resources, nor who could get them
  std::vector<attest::Anchor> trust_roots;
  std::vector<server::Administrator> administrators;
  std::vector<OidcConfig> oidc;
  std::optional<std::string> client_crls;      // a file of lists of revoked ones, below client_ca
  std::optional<std::string> client_ca;        // a file of the CAs of administrators' certificates
  std::vector<std::string> client_ca_tenants;  // whom they serve beside the default one; "*": all
};

// parse_config reads the TOML text strictly: a key that is not known is refused. `folder` is where
// relative paths begin.
[[nodiscard]] Result<Config, Diag> parse_config(std::string_view text, const std::string& folder);

}  // namespace ward::wardd
