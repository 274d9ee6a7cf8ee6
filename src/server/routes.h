#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "broker/admin.h"
#include "broker/broker.h"
#include "net/http/server.h"
#include "protocol/exchange.h"
#include "server/admin_auth.h"
#include "server/appraise_routes.h"
#include "server/archive_routes.h"
#include "server/client_crls.h"
#include "server/event_routes.h"
#include "server/incident_routes.h"
#include "server/keyed_store.h"
#include "server/ledger_routes.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/people_routes.h"
#include "server/policy_routes.h"
#include "server/resource_routes.h"
#include "server/stored_people.h"
#include "server/tenant_routes.h"

namespace ward::server {

// RoutesConfig is what the routes need beside the broker.
struct RoutesConfig {
  std::vector<Administrator> administrators;
  std::string audience;        // of administrators' tokens: admin_audience()
  std::string jwks;            // the token keys, public: a JWK set
  std::string webhook_jwks{};  // the key that webhooks are signed with; or empty
  std::vector<std::string> token_algorithms{"ES256"};  // of the token keys
  std::string issuer;           // a URL, where OpenID discovery is served; or empty
  std::string ledger_key;       // text form of the ledger's NoteKey
  KeyedStore* keyed = nullptr;  // the service's store, borrowed; without it no Idempotency-Key
  const broker::TenantKeys* tenant_keys = nullptr;  // borrowed; without it no /v1/tenants
  std::function<std::string()> metrics{};           // what /metrics says beside; or empty
  bool appraise_only = false;  // a verifier alone: no KBS protocol, no resources and their policies
  std::vector<OidcProvider> providers{};         // whose tokens count beside administrators' own
  std::vector<pki::Certificate> client_ca{};     // of administrators' client certificates
  std::vector<std::string> client_ca_tenants{};  // whom they serve beside the default one; "*": all
  const ClientCrls* client_crls = nullptr;       // of those CAs, borrowed; null: none are read
  const OidcKeys* oidc_keys = nullptr;  // the providers', borrowed; null where there are none
  bool asks_certificates = false;       // TLS asks clients for certificates
  std::string tenant{};                 // whose these are; empty: the default tenant's
};

// Routes answers HTTP requests (docs/protocols/kbs.md, docs/wardd.md, docs/api/openapi.json). Safe
// from several threads.
class Routes {
 public:
  // `service` and `clock` are borrowed and outlive the routes.
  Routes(const broker::Service& service, RoutesConfig config, const Clock& clock, Log log);

  [[nodiscard]] protocol::HttpResponse answer(const protocol::HttpRequest& request) const;

  // stream answers the requests that ask for a stream of events, nullopt for all others. The
  // streams end before the routes do.
  [[nodiscard]] std::optional<net::Stream> stream(const protocol::HttpRequest& request) const;

 private:
  void note(const protocol::HttpRequest& request, unsigned status) const;
  [[nodiscard]] protocol::HttpResponse dispatch(const protocol::HttpRequest& request,
                                                UnixTime now) const;
  [[nodiscard]] protocol::HttpResponse kbs(const protocol::HttpRequest& request,
                                           std::string_view path, UnixTime now) const;
  [[nodiscard]] protocol::HttpResponse resource(const protocol::HttpRequest& request,
                                                std::string_view path, UnixTime now) const;
  [[nodiscard]] protocol::HttpResponse own(const protocol::HttpRequest& request,
                                           UnixTime now) const;
  [[nodiscard]] std::optional<protocol::HttpResponse> own_public(
      const protocol::HttpRequest& request, std::string_view path, const Query& query) const;
  [[nodiscard]] protocol::HttpResponse once(const OwnRequest& asked, std::string_view path,
                                            std::string_view header) const;
  [[nodiscard]] protocol::HttpResponse administer(const OwnRequest& asked,
                                                  std::string_view path) const;
  [[nodiscard]] broker::Answer<broker::Actor> actor_of(const protocol::HttpRequest& request,
                                                       TokenForm form, UnixTime now) const;
  [[nodiscard]] broker::Answer<void> may_ask_for(const broker::Actor& actor, std::string_view path,
                                                 UnixTime now) const;

  const broker::Service& service_;
  broker::Broker broker_;
  broker::Admin admin_;
  AppraiseRoutes appraise_;
  ArchiveRoutes archive_;
  EventRoutes events_;
  IncidentRoutes incidents_;
  PolicyRoutes policies_;
  LedgerRoutes ledger_;
  PeopleRoutes people_;
  ResourceRoutes resources_;
  StoredPeople stored_;
  std::optional<TenantRoutes> tenants_;
  RoutesConfig config_;
  const Clock& clock_;
  Log log_;
  mutable Metrics metrics_;
};

// discovery is the document of OpenID Connect Discovery 1.0 section 3 for results of `issuer`,
// whose keys are its /.well-known/jwks.json and sign by `algorithms`.
[[nodiscard]] std::string discovery(const std::string& issuer,
                                    const std::vector<std::string>& algorithms);

// http_date writes "Mon, 23 Nov 2026 18:47:26 GMT" (RFC 9110 section 5.6.7).
[[nodiscard]] std::string http_date(UnixTime time);

}  // namespace ward::server
