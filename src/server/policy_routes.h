#pragma once

#include <string_view>

#include "base/time.h"
#include "broker/admin.h"
#include "broker/policy_admin.h"
#include "broker/reference_values.h"
#include "protocol/exchange.h"
#include "server/own_request.h"

namespace ward::server {

// PolicyRoutes answers what administrators ask about policies and reference values (docs/wardd.md):
//   GET  /v1/policies                      those in force
//   GET  /v1/policy/KEY?version=N          a policy's text; KEY: evidence, results/REPOSITORY
//   POST /v1/policy/KEY                    sets it
//   GET  /v1/policy/KEY/versions           those that are kept
//   POST /v1/policy/KEY/rollback           {"version":N}: sets that one again
//   POST /v1/policy/evidence/rego/CLASS    sets Rego for a class of devices, and keeps the rest
//   GET  /v1/reference-values?after=ID     in pages
//   POST /v1/reference-values              sets those of a message
//   GET, DELETE /v1/reference-value/ID     one of them
// and, with Trustee's messages and answers, below /kbs/v0/:
//   POST attestation-policy                Rego for a class of devices
//   GET, POST resource-policy              Rego for all resources
//   POST reference-value, GET reference-value/ID
// Safe from several threads.
class PolicyRoutes {
 public:
  explicit PolicyRoutes(const broker::Service& service)
      : policies_(service), references_(service) {}

  // takes is true for a path, behind /v1/ and without its query, that is one of these; takes_kbs
  // behind /kbs/v0/.
  [[nodiscard]] static bool takes(std::string_view path);
  [[nodiscard]] static bool takes_kbs(std::string_view path);

  [[nodiscard]] protocol::HttpResponse answer(const OwnRequest& asked, std::string_view path) const;
  [[nodiscard]] protocol::HttpResponse answer_kbs(const protocol::HttpRequest& request,
                                                  const broker::Actor& actor, std::string_view path,
                                                  UnixTime now) const;

 private:
  [[nodiscard]] protocol::HttpResponse list(const OwnRequest& asked) const;
  [[nodiscard]] protocol::HttpResponse policy(const OwnRequest& asked, std::string_view path) const;
  [[nodiscard]] protocol::HttpResponse versions(const broker::Actor& actor, std::string_view key,
                                                UnixTime now) const;
  [[nodiscard]] protocol::HttpResponse rollback(const OwnRequest& asked,
                                                std::string_view key) const;
  [[nodiscard]] protocol::HttpResponse references(const OwnRequest& asked) const;
  [[nodiscard]] protocol::HttpResponse reference(const protocol::HttpRequest& request,
                                                 const broker::Actor& actor, std::string_view id,
                                                 UnixTime now) const;
  [[nodiscard]] broker::Answer<std::size_t> set_references(Bytes body, const broker::Actor& actor,
                                                           UnixTime now) const;
  [[nodiscard]] broker::Answer<void> set_kbs(Bytes body, const broker::Actor& actor,
                                             std::string_view path, UnixTime now) const;

  broker::PolicyAdmin policies_;
  broker::ReferenceAdmin references_;
};

}  // namespace ward::server
