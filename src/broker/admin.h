#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "broker/broker.h"
#include "broker/held.h"
#include "crypto/secret.h"
#include "ledger/entry.h"

namespace ward::broker {

// What an administrator may do, in his tenant (server/route_table.h has the routes).
enum class Role : std::uint8_t {
  kAdministrator,  // everything but what is the operator's
  kVerifierOwner,  // the policy for evidence, reference values
  kOwner,          // resources and results policies of his repositories
  kAuditor,        // reads the ledger, and what was appraised
  kPolicyAuthor,   // all policies and reference values; no resource
  kOperator,       // tenants and their quotas; nothing that a tenant keeps
};

inline constexpr auto kRoles =
    std::to_array({Role::kAdministrator, Role::kVerifierOwner, Role::kOwner, Role::kAuditor,
                   Role::kPolicyAuthor, Role::kOperator});

[[nodiscard]] std::optional<Role> role_of(std::string_view name);  // "administrator", ...
[[nodiscard]] const char* to_text(Role role);

// Actor is an administrator whose credentials were verified.
struct Actor {
  std::string name;
  Role role = Role::kOwner;
  std::vector<std::string> repositories;  // of an owner
  // How he signed in, for the ledger: "key", "kbs-client", "oidc" or "certificate";
  // "key+certificate", "oidc+certificate".
  std::string sign_in = "key";
};

// act_of is the leaf of what an actor did: who, in which role and how he signed in stand in it.
[[nodiscard]] ledger::Entry act_of(const Actor& actor, UnixTime now, std::string_view kind,
                                   std::string_view subject,
                                   std::vector<std::pair<std::string, std::string>> details = {});

// repository_of is the repository that a policy is of, empty for the policy for evidence.
[[nodiscard]] std::string_view repository_of(std::string_view policy_key);

// manages is true where the actor administers resources, leases and the results policy of a
// repository: its owners, and administrators.
[[nodiscard]] bool manages(const Actor& actor, std::string_view repository);

// may_read is true where the actor may read a policy, and set it: an administrator and an author of
// policies each, the verifier's owner that for evidence, an owner those of his repositories.
[[nodiscard]] bool may_read(const Actor& actor, std::string_view policy_key);

// allow records the refusal of what an actor may not do, and returns it.
[[nodiscard]] Answer<void> allow(const Service& service, const Actor& actor, bool may,
                                 std::string_view subject, UnixTime now);

// ResourceInfo is one line of a list.
struct ResourceInfo {
  std::string path;
  std::uint64_t version = 0;
  std::uint64_t releases = 0;
  std::optional<UnixTime> written;
  Terms terms;
  std::string rotate{};  // the incident that asks for a new version (incident.h); or empty
};

// PutOptions say on what terms a resource is written, and over what. A change that is not given
// leaves what the version before says.
struct PutOptions {
  std::optional<std::optional<UnixTime>> expires{};
  std::optional<std::optional<std::int64_t>> lease_s{};
  std::optional<std::uint64_t> if_version{};  // what must be the newest; 0: there must be none
};

// ListPage is the part of a list that is asked for: what stands behind `after` in the list's order,
// at most `limit` lines (1 to store::kMaxListed). `after` is borrowed.
struct ListPage {
  std::string_view after = {};
  std::size_t limit = 200;
};

// ResourceList is one page of them.
struct ResourceList {
  std::vector<ResourceInfo> resources;
  std::string next;  // where the next page goes on; empty: there are no more
};

// Bounds on what is kept; who exceeds one gets 413 or 409, and the reason.
inline constexpr std::size_t kMaxResourceBytes = 1U << 20U;
inline constexpr std::size_t kMaxResources = 1000;      // of one repository
inline constexpr std::size_t kMaxAllResources = 10000;  // of the service

// Admin is the administration of a broker. Every act and every refusal is a leaf of the ledger,
// durable before the answer. Safe from several threads.
class Admin {
 public:
  explicit Admin(const Service& service) : service_(service) {}

  // put_resource writes a resource; its new version. Versions before it are kept, as many as
  // kMaxEarlierVersions. 412 where the newest is another than the options name; 409 where it would
  // be over when it is written.
  [[nodiscard]] Answer<std::uint64_t> put_resource(const Actor& actor, std::string_view path,
                                                   Bytes value, UnixTime now,
                                                   const PutOptions& options = {}) const;

  // get_resource gives a resource back to its owner, whatever its terms: the newest version, or
  // the one that he names.
  [[nodiscard]] Answer<HeldResource> get_resource(
      const Actor& actor, std::string_view path, UnixTime now,
      std::optional<std::uint64_t> version = std::nullopt) const;

  // delete_resource deletes all versions; 412 where the newest is not `if_version`.
  [[nodiscard]] Answer<void> delete_resource(
      const Actor& actor, std::string_view path, UnixTime now,
      std::optional<std::uint64_t> if_version = std::nullopt) const;

  // list_resources names those that the actor may manage, in order of their paths.
  [[nodiscard]] Answer<ResourceList> list_resources(const Actor& actor,
                                                    const ListPage& page = {}) const;

  // list_versions tells what is held of a resource, the newest first.
  [[nodiscard]] Answer<std::vector<VersionInfo>> list_versions(const Actor& actor,
                                                               std::string_view path,
                                                               UnixTime now) const;

 private:
  const Service& service_;
};

}  // namespace ward::broker
