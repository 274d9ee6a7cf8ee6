#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "broker/broker.h"
#include "crypto/secret.h"

namespace ward::broker {

// What an administrator may do.
enum class Role : std::uint8_t {
  kAdministrator,  // everything
  kVerifierOwner,  // the policy for evidence
  kOwner,          // resources and results policies of his repositories
  kAuditor,        // reads the ledger
};

[[nodiscard]] std::optional<Role> role_of(std::string_view name);  // "administrator", ...
[[nodiscard]] const char* to_text(Role role);

// Actor is an administrator whose token was verified.
struct Actor {
  std::string name;
  Role role = Role::kOwner;
  std::vector<std::string> repositories;  // of an owner
};

// repository_of is the repository that a policy is of, empty for the policy for evidence.
[[nodiscard]] std::string_view repository_of(std::string_view policy_key);

// may_read is true where the actor may read a policy, and set it: an administrator each, the
// verifier's owner that for evidence, an owner those of his repositories.
[[nodiscard]] bool may_read(const Actor& actor, std::string_view policy_key);

// allow records the refusal of what an actor may not do, and returns it.
[[nodiscard]] Answer<void> allow(const Service& service, const Actor& actor, bool may,
                                 std::string_view subject, UnixTime now);

// ResourceInfo is one line of a list.
struct ResourceInfo {
  std::string path;
  std::uint64_t version = 0;
  std::uint64_t releases = 0;
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

  // put_resource writes a resource; its new version.
  [[nodiscard]] Answer<std::uint64_t> put_resource(const Actor& actor, std::string_view path,
                                                   Bytes value, UnixTime now) const;

  // get_resource gives a resource back to its owner.
  [[nodiscard]] Answer<SecretBytes> get_resource(const Actor& actor, std::string_view path,
                                                 UnixTime now) const;
  [[nodiscard]] Answer<void> delete_resource(const Actor& actor, std::string_view path,
                                             UnixTime now) const;

  // list_resources names those that the actor may manage, in order of their paths.
  [[nodiscard]] Answer<ResourceList> list_resources(const Actor& actor,
                                                    const ListPage& page = {}) const;

 private:
  struct Act;

  [[nodiscard]] Answer<std::uint64_t> write(const Act& act) const;

  const Service& service_;
};

}  // namespace ward::broker
