// The one table of who may ask for what, tried whole: each route with an administrator of each
// role.
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "server/key_file.h"
#include "server/route_table.h"
#include "server/routes.h"
#include "test/broker/world.h"

namespace ward::server {
namespace {

using broker::Role;
using broker::test_support::kNow;
using broker::test_support::World;

class FixedClock final : public Clock {
 public:
  [[nodiscard]] UnixTime now() const override { return kNow; }
};

// What takes no administrator.
const std::set<std::string_view> kPublic = {"/v1/appraise",   "/v1/ledger/checkpoint",
                                            "/v1/ledger/key", "/v1/ledger/proof/consistency",
                                            "/v1/nonce",      "/v1/openapi.json"};

// NoKeys makes tenants that nobody can serve: the table is asked, not they.
class NoKeys final : public broker::TenantKeys {
 public:
  [[nodiscard]] Result<broker::Keys> keys_of(const broker::Tenant&) const override {
    return Error(Errc::kUnsupported, "test: no keys");
  }
};

// filled names something in every brace of a pattern.
std::string filled(std::string_view pattern) {
  std::string out;
  bool inside = false;
  for (const char c : pattern) {
    if (c == '{') out += "evidence";
    inside = (inside || c == '{') && c != '}';
    if (!inside && c != '}') out += c;
  }
  return out;
}

class AccessTest : public testing::TestWithParam<Role> {
 protected:
  AccessTest()
      : key_(*crypto::PrivateKey::generate(crypto::KeyType::kEd25519, rng_)),
        routes_(
            world_.service(),
            {.administrators = {{{"someone", GetParam(), owned()}, verifier_of(key_.public_key())}},
             .audience = "urn:ward:wardd:test",
             .tenant_keys = &tenant_keys_},
            clock_, no_log()) {}

  static std::vector<std::string> owned() {
    if (GetParam() == Role::kOwner) return {"evidence"};
    return {};
  }

  unsigned status(std::string_view method, const std::string& target) {
    const auto token =
        make_admin_token(signer_of(key_), {"someone", GetParam(), "urn:ward:wardd:test", kNow});
    return routes_
        .answer({.method = std::string(method),
                 .target = target,
                 .headers = {{"Authorization", "Bearer " + *token}},
                 .body = {}})
        .status;
  }

  // expect_as_the_table_says asks for a path with each of the methods.
  void expect_as_the_table_says(std::string_view path, std::string_view methods) {
    const bool may = may_ask(to_text(GetParam()), filled(path));
    while (!methods.empty()) {
      const std::string_view method = next_word(methods, ", ");
      EXPECT_EQ(status(method, filled(path)) != 403, may) << method << " " << path;
    }
  }

  World world_;
  NoKeys tenant_keys_;
  FixedClock clock_;
  crypto::SystemRng rng_;
  crypto::PrivateKey key_;
  Routes routes_;
};

TEST_P(AccessTest, each_route_asks_the_table) {
  for (const OwnRoute& route : kOwnRoutes) {
    if (!kPublic.contains(route.path)) expect_as_the_table_says(route.path, route.methods);
  }
  expect_as_the_table_says("/kbs/v0/attestation-policy", "POST");
  expect_as_the_table_says("/kbs/v0/resource-policy", "GET, POST");
  expect_as_the_table_says("/kbs/v0/reference-value", "POST");
  expect_as_the_table_says("/kbs/v0/reference-value/{id...}", "GET");
  expect_as_the_table_says("/kbs/v0/resource/{repository}/{type}/{tag}", "DELETE, POST");
}

INSTANTIATE_TEST_SUITE_P(Roles, AccessTest, testing::ValuesIn(broker::kRoles),
                         [](const auto& role) {
                           std::string out = to_text(role.param);
                           std::erase(out, '-');
                           return out;
                         });

TEST(Access, has_every_route_that_is_not_for_anybody_and_roles_that_there_are) {
  std::set<std::string_view> known = kPublic;
  for (const Access& one : kAccess) {
    known.insert(one.path);
    std::string_view roles = one.roles;
    EXPECT_FALSE(roles.empty()) << one.path;
    while (!roles.empty()) {
      const std::string_view role = next_word(roles, " ");
      EXPECT_TRUE(broker::role_of(role)) << one.path << " " << role;
    }
    EXPECT_EQ(access_to(filled(one.path)), &one) << one.path;
  }
  for (const OwnRoute& route : kOwnRoutes) {
    EXPECT_TRUE(known.contains(route.path)) << route.path;
    EXPECT_FALSE(kPublic.contains(route.path) && access_to(filled(route.path)) != nullptr)
        << route.path;
  }
  EXPECT_FALSE(may_ask("administrator", "/v1/nothing"));
  EXPECT_FALSE(may_ask("", "/v1/resources"));
  EXPECT_FALSE(may_ask("own", "/v1/resources"));
}

TEST(Access, the_operator_reads_nothing_that_a_tenant_keeps) {
  std::set<std::string_view> may;
  for (const Access& one : kAccess) {
    if (may_ask("operator", filled(one.path))) may.insert(one.path);
  }
  EXPECT_EQ(may, (std::set<std::string_view>{"/v1/tenants", "/v1/tenants/{id}"}));
}

}  // namespace
}  // namespace ward::server
