#pragma once

#include <functional>
#include <memory>
#include <string>

#include "apps/wardd/config.h"
#include "apps/wardd/sign_in.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/broker.h"
#include "broker/tenant.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "server/log.h"
#include "server/routes.h"
#include "server/tenants.h"
#include "store/store.h"

namespace ward::wardd {

// Shared is what the services of all tenants have in common. Borrowed; outlives them.
struct Shared {
  const Config& config;
  const SecretBytes& master;  // the service's master key
  store::Store& store;        // the whole of it
  const broker::EvidenceVerifier& verifier;
  crypto::Rng& rng;                  // thread safe
  const crypto::PrivateKey& ledger;  // signs every tenant's checkpoints, each of its own origin
  const broker::RegoEngine* rego;
  std::function<token::JwsSigner()> token_signer;
  std::function<std::vector<token::JwsKey>()> token_keys;
  const broker::Keys* keys = nullptr;  // the default tenant's; set before a tenant is served
};

// name_of is what a tenant's results have as audience, and as issuer where the service has no URL:
// "wardd.example/t/acme". The default tenant (empty) has the service's own name.
[[nodiscard]] std::string name_of(const Config& config, std::string_view tenant);

// issuer_of is the URL that issues them, "https://wardd.example/t/acme"; empty where the service
// has none.
[[nodiscard]] std::string issuer_of(const Config& config, std::string_view tenant);

// options_of are those of a tenant's broker; empty: the default tenant's.
[[nodiscard]] broker::Options options_of(const Config& config, std::string_view tenant);

// make_keys derives a service's keys from a master key: the service's own for the default tenant.
[[nodiscard]] Result<broker::Keys> make_keys(const Shared& shared, Bytes master,
                                             std::string_view tenant);

// TenantServices makes keys and services of tenants. Thread safe.
class TenantServices final : public broker::TenantKeys, public server::TenantMaker {
 public:
  // Of `config` it takes the public keys, which are the service's; `spki_sha256` is the TLS key's
  // digest. The rest is borrowed.
  TenantServices(const Shared& shared, const SignIn& sign_in, const server::RoutesConfig& config,
                 Bytes spki_sha256, const Clock& clock);

  // keys_of derives them from the master key and the tenant's salt: without the salt nobody can.
  [[nodiscard]] Result<broker::Keys> keys_of(const broker::Tenant& tenant) const override;

  // make builds a service over the tenant's part of the store, and writes the service's collateral
  // into its archive.
  [[nodiscard]] Result<std::unique_ptr<server::ServedTenant>> make(
      const broker::Tenant& tenant) const override;

 private:
  const Shared& shared_;
  const SignIn& sign_in_;
  std::string jwks_;
  std::string webhook_jwks_;
  std::vector<std::string> token_algorithms_;
  Buffer spki_sha256_;
  const Clock& clock_;
};

}  // namespace ward::wardd
