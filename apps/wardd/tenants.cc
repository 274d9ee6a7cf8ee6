#include "apps/wardd/tenants.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "broker/archive.h"
#include "crypto/kdf.h"
#include "server/keyed_store.h"
#include "store/prefixed_store.h"

namespace ward::wardd {
namespace {

Secret<32> derive(Bytes master, Bytes salt, std::string_view purpose) {
  return crypto::hkdf<32>(crypto::Hash::kSha256, master, salt, as_bytes(purpose));
}

std::string below(const std::string& name, std::string_view tenant) {
  return tenant.empty() ? name : name + "/t/" + std::string(tenant);
}

// TenantService is one tenant's, with all that it stands on.
class TenantService final : public server::ServedTenant {
 public:
  TenantService(const Shared& shared, const broker::Tenant& tenant, broker::Keys keys)
      : keys_(std::move(keys)),
        store_(std::make_unique<store::PrefixedStore>(shared.store, broker::table_prefix(tenant.id),
                                                      broker::tenant_guard(*shared.keys, tenant))),
        service_{
            store_,     shared.verifier, keys_, shared.rng, options_of(shared.config, tenant.id),
            shared.rego} {
    broker::Options& options = service_.options;
    options.quotas = tenant.quotas;
    broker::Retention& kept = options.retention;
    kept.records = std::min(kept.records, tenant.quotas.archive_records);
    kept.other_records = std::min(kept.other_records, tenant.quotas.archive_records);
    kept.octets = std::min(kept.octets, tenant.quotas.archive_octets);
    kept.other_octets = std::min(kept.other_octets, tenant.quotas.archive_octets);
  }

  // open makes it ready to answer.
  Result<void> open(server::RoutesConfig config, const Clock& clock, const std::string& tenant) {
    WARD_TRY(service_.collateral,
             broker::remember_collateral(store_, service_.verifier.collateral(),
                                         service_.options.retention, clock.now()));
    config.keyed = &store_;
    config.ledger_key = keys_.ledger.key.to_text();
    // A bound of its own: a flood of one tenant leaves no line of another out.
    routes_.emplace(service_, std::move(config), clock,
                    server::limited_log(server::stderr_log(tenant), clock));
    return {};
  }

  [[nodiscard]] protocol::HttpResponse answer(const protocol::HttpRequest& request) const override {
    return routes_->answer(request);
  }

  [[nodiscard]] std::optional<net::Stream> stream(
      const protocol::HttpRequest& request) const override {
    return routes_->stream(request);
  }

  [[nodiscard]] const broker::Service& service() const override { return service_; }

 private:
  broker::Keys keys_;
  server::KeyedStore store_;
  broker::Service service_;
  std::optional<server::Routes> routes_;
};

// providers_for are those that the tenant may use, without the default tenant's rules.
std::vector<server::OidcProvider> providers_for(std::vector<server::OidcProvider> all,
                                                std::string_view tenant) {
  std::erase_if(all, [&](const server::OidcProvider& one) { return !serves_tenant(one, tenant); });
  for (server::OidcProvider& one : all) {
    one.rules.clear();
  }
  return all;
}

// client_ca_for are the CAs that may say names to the tenant: none where the operator did not list
// it, because whoever runs one of them could be each of its administrators that are known by name.
std::vector<pki::Certificate> client_ca_for(const Config& config, const SignIn& sign_in,
                                            std::string_view tenant) {
  if (!server::lists_tenant(config.client_ca_tenants, tenant)) return {};
  return sign_in.client_ca;
}

}  // namespace

std::string name_of(const Config& config, std::string_view tenant) {
  return below(config.name, tenant);
}

std::string issuer_of(const Config& config, std::string_view tenant) {
  return config.issuer.empty() ? std::string() : below(config.issuer, tenant);
}

broker::Options options_of(const Config& config, std::string_view tenant) {
  return {.name = name_of(config, tenant),
          .issuer = issuer_of(config, tenant),
          .session_life_s = config.session_seconds,
          .token_life_s = config.token_seconds,
          .retention = config.archive,
          .kbs_0_1_1 = config.allow_kbs_0_1_1,
          .rsa1_5 = config.allow_rsa1_5};
}

Result<broker::Keys> make_keys(const Shared& shared, Bytes master, std::string_view tenant) {
  WARD_TRY(ledger::NoteKey note, ledger::NoteKey::make(name_of(shared.config, tenant) + "/ledger",
                                                       shared.ledger.public_key()));
  return broker::Keys{
      .sessions = broker::SessionSealer(derive(master, {}, "ward kbs session 1")),
      .rows = broker::SealedRows(derive(master, {}, "ward sealed rows 1")),
      .platform_ids = broker::PlatformIds(derive(master, {}, "ward platform ids 1")),
      .token_signer = shared.token_signer(),
      .token_keys = shared.token_keys(),
      .ledger = {std::move(note), [&key = shared.ledger](Bytes message) {
                   return key.sign(crypto::SignatureAlgorithm::kEd25519, message);
                 }}};
}

TenantServices::TenantServices(const Shared& shared, const SignIn& sign_in,
                               const server::RoutesConfig& config, Bytes spki_sha256,
                               const Clock& clock)
    : shared_(shared),
      sign_in_(sign_in),
      jwks_(config.jwks),
      webhook_jwks_(config.webhook_jwks),
      token_algorithms_(config.token_algorithms),
      spki_sha256_(to_buffer(spki_sha256)),
      clock_(clock) {}

Result<broker::Keys> TenantServices::keys_of(const broker::Tenant& tenant) const {
  const bool none = std::ranges::all_of(tenant.salt, [](std::uint8_t octet) { return octet == 0; });
  if (none) return Error(Errc::kDenied, "wardd.tenant: it was removed, and its keys are gone");
  const Secret<32> master =
      derive(shared_.master.expose(), tenant.salt, "ward tenant 1 " + tenant.id);
  return make_keys(shared_, master.expose(), tenant.id);
}

Result<std::unique_ptr<server::ServedTenant>> TenantServices::make(
    const broker::Tenant& tenant) const {
  WARD_TRY(broker::Keys keys, keys_of(tenant));
  auto out = std::make_unique<TenantService>(shared_, tenant, std::move(keys));
  // Only what is named here is shared: who signs in to the default tenant is its own. How somebody
  // may sign in is the operator's; whom a provider or a CA speaks of, the tenant's rows say.
  server::RoutesConfig config{
      .administrators = {},
      .audience = server::admin_audience(spki_sha256_, tenant.id),
      .jwks = jwks_,
      .webhook_jwks = webhook_jwks_,
      .token_algorithms = token_algorithms_,
      .issuer = issuer_of(shared_.config, tenant.id),
      .ledger_key = {},
      .keyed = nullptr,
      .tenant_keys = nullptr,
      .appraise_only = shared_.config.appraise_only,
      .providers = providers_for(sign_in_.providers, tenant.id),
      .client_ca = client_ca_for(shared_.config, sign_in_, tenant.id),
      .client_ca_tenants = shared_.config.client_ca_tenants,
      .client_crls = sign_in_.client_crls.get(),
      .oidc_keys = sign_in_.keys.get(),
      .asks_certificates = asks_clients(shared_.config) == net::ClientCertificates::kAsked,
      .tenant = tenant.id,
  };
  WARD_CHECK_OK(out->open(std::move(config), clock_, tenant.id));
  return std::unique_ptr<server::ServedTenant>(std::move(out));
}

}  // namespace ward::wardd
