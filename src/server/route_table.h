#pragma once

#include <array>
#include <string_view>

namespace ward::server {

// OwnRoute is one of ward's own routes: what is not in the table is not answered.
struct OwnRoute {
  std::string_view path;     // a name in braces: one segment; with three points: all that follow
  std::string_view methods;  // as Allow has them: "GET, POST"
  std::string_view query{};  // the parameters it takes, with a blank between
  std::string_view keyed{};  // the methods that take an Idempotency-Key (keyed_store.h)
};

// kOwnRoutes are those under /v1; docs/api/openapi.json describes each (openapi_test.cc).
inline constexpr auto kOwnRoutes = std::to_array<OwnRoute>({
    {"/v1/administrators", "GET, POST", "after limit"},
    {"/v1/administrators/{name}", "DELETE"},
    {"/v1/appraisals", "GET", "since after limit"},
    {"/v1/appraisals/{id}", "GET"},
    {"/v1/appraisals/{id}/repeat", "POST"},
    {"/v1/appraise", "POST"},
    {"/v1/events", "GET", "after since kinds limit"},
    {"/v1/incidents", "GET, POST", "after limit", "POST"},
    {"/v1/incidents/{id}", "GET"},
    {"/v1/incidents/{id}/close", "POST"},
    {"/v1/incidents/{id}/report", "GET"},
    {"/v1/leases", "GET", "after limit"},
    {"/v1/leases/{id}", "DELETE"},
    {"/v1/ledger/checkpoint", "GET"},
    {"/v1/ledger/entries", "GET", "after limit"},
    {"/v1/ledger/key", "GET"},
    {"/v1/ledger/proof/consistency", "GET", "from to"},
    {"/v1/ledger/proof/inclusion", "GET", "entry"},
    {"/v1/nonce", "POST"},
    {"/v1/openapi.json", "GET"},
    {"/v1/policies", "GET", "after limit"},
    {"/v1/policy/evidence", "GET, POST", "version", "POST"},
    {"/v1/policy/evidence/rego/{class}", "POST", "", "POST"},
    {"/v1/policy/evidence/rollback", "POST", "", "POST"},
    {"/v1/policy/evidence/versions", "GET"},
    {"/v1/policy/results/{repository}", "GET, POST", "version", "POST"},
    {"/v1/policy/results/{repository}/rollback", "POST", "", "POST"},
    {"/v1/policy/results/{repository}/versions", "GET"},
    {"/v1/reference-value/{id...}", "DELETE, GET"},
    {"/v1/reference-values", "GET, POST", "after limit", "POST"},
    {"/v1/replay", "POST"},
    {"/v1/resource/{repository}/{type}/{tag}", "DELETE, GET, PUT", "version expires lease_s",
     "PUT"},
    {"/v1/resources", "GET", "after limit"},
    {"/v1/revocations", "GET", "after limit"},
    {"/v1/revocations/{id}", "DELETE"},
    {"/v1/tenants", "GET, POST", "after limit"},
    {"/v1/tenants/{id}", "DELETE, GET, POST"},
    {"/v1/token/introspect", "POST"},
    {"/v1/versions/{repository}/{type}/{tag}", "GET"},
    {"/v1/webhooks", "GET, POST", "", "POST"},
    {"/v1/webhooks/{id}", "DELETE"},
    {"/v1/webhooks/{id}/test", "POST"},
});

// Access is who may ask for what, of the routes that take an administrator. What is not in the
// table is for anybody, or is not there. An owner is further bound to his repositories, by the
// broker.
struct Access {
  std::string_view path;   // as OwnRoute has it
  std::string_view roles;  // as broker::role_of takes them, with a blank between
};

inline constexpr auto kAccess = std::to_array<Access>({
    {"/kbs/v0/attestation-policy", "administrator policy-author verifier-owner"},
    {"/kbs/v0/reference-value", "administrator policy-author verifier-owner"},
    {"/kbs/v0/reference-value/{id...}", "administrator policy-author verifier-owner"},
    {"/kbs/v0/resource/{repository}/{type}/{tag}", "administrator owner"},
    {"/kbs/v0/resource-policy", "administrator policy-author"},
    {"/v1/administrators", "administrator"},
    {"/v1/administrators/{name}", "administrator"},
    {"/v1/appraisals", "administrator auditor policy-author verifier-owner"},
    {"/v1/appraisals/{id}", "administrator auditor policy-author verifier-owner"},
    {"/v1/appraisals/{id}/repeat", "administrator policy-author verifier-owner"},
    {"/v1/events", "administrator auditor owner"},
    {"/v1/incidents", "administrator auditor"},
    {"/v1/incidents/{id}", "administrator auditor"},
    {"/v1/incidents/{id}/close", "administrator"},
    {"/v1/incidents/{id}/report", "administrator auditor"},
    {"/v1/leases", "administrator owner"},
    {"/v1/leases/{id}", "administrator owner"},
    {"/v1/ledger/entries", "administrator auditor"},
    {"/v1/ledger/proof/inclusion", "administrator auditor"},
    {"/v1/policies", "administrator owner policy-author verifier-owner"},
    {"/v1/policy/evidence", "administrator policy-author verifier-owner"},
    {"/v1/policy/evidence/rego/{class}", "administrator policy-author verifier-owner"},
    {"/v1/policy/evidence/rollback", "administrator policy-author verifier-owner"},
    {"/v1/policy/evidence/versions", "administrator policy-author verifier-owner"},
    {"/v1/policy/results/{repository}", "administrator owner policy-author"},
    {"/v1/policy/results/{repository}/rollback", "administrator owner policy-author"},
    {"/v1/policy/results/{repository}/versions", "administrator owner policy-author"},
    {"/v1/reference-value/{id...}", "administrator policy-author verifier-owner"},
    {"/v1/reference-values", "administrator policy-author verifier-owner"},
    {"/v1/replay", "administrator owner policy-author verifier-owner"},
    {"/v1/resource/{repository}/{type}/{tag}", "administrator owner"},
    {"/v1/resources", "administrator owner"},
    {"/v1/revocations", "administrator owner"},
    {"/v1/revocations/{id}", "administrator owner"},
    {"/v1/tenants", "operator"},
    {"/v1/tenants/{id}", "operator"},
    {"/v1/token/introspect", "administrator auditor owner policy-author verifier-owner"},
    {"/v1/versions/{repository}/{type}/{tag}", "administrator owner"},
    {"/v1/webhooks", "administrator"},
    {"/v1/webhooks/{id}", "administrator"},
    {"/v1/webhooks/{id}/test", "administrator"},
});

// access_to is the entry of a path without its query, nullptr where there is none.
[[nodiscard]] const Access* access_to(std::string_view path);

// may_ask is true where a role is one of those that the table has for a path.
[[nodiscard]] bool may_ask(std::string_view role, std::string_view path);

// own_route is the entry of a path without its query, nullptr where there is none.
[[nodiscard]] const OwnRoute* own_route(std::string_view path);

// lists is true where a method is one of a list: of OwnRoute::methods, or keyed.
[[nodiscard]] bool lists(std::string_view methods, std::string_view method);

// next_word cuts a list's first word off: what stands before `separator`.
[[nodiscard]] std::string_view next_word(std::string_view& list, std::string_view separator);

}  // namespace ward::server
