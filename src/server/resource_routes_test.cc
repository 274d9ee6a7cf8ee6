#include "server/resource_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json.h"
#include "server/responses.h"
#include "server/route_table.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"

namespace ward::server {
namespace {

using broker::test_support::administrator;
using broker::test_support::attested;
using broker::test_support::Attester;
using broker::test_support::kNow;
using broker::test_support::World;
using protocol::HttpRequest;
using protocol::HttpResponse;
using testing::HasSubstr;

constexpr const char* kPath = "resource/hospital/key/records";

class ResourceRoutesTest : public testing::Test {
 protected:
  ResourceRoutesTest() { world_.set_up(); }

  HttpResponse ask(std::string method, std::string_view path, std::string_view body = {},
                   std::vector<protocol::Header> headers = {}) {
    const HttpRequest request{std::move(method), "/v1/" + std::string(path), std::move(headers),
                              to_buffer(as_bytes(body))};
    const std::string_view name = path_of(path);
    EXPECT_TRUE(ResourceRoutes::takes(name)) << path;
    const OwnRoute* route = own_route(path_of(request.target));
    const auto query = Query::parse(request.target, route != nullptr ? route->query : "");
    if (!query) return to_response(query.error());
    return routes_.answer({request, administrator(), *query, kNow}, name);
  }

  // release gets the resource as a keep does.
  broker::Answer<broker::Released> release() {
    const broker::Broker broker(world_.service());
    const std::string token = attested(broker, attester_, kNow);
    return broker.resource({.cookie = std::nullopt, .bearer = token}, "hospital/key/records", kNow);
  }

  static std::string text(const HttpResponse& reply) { return std::string(as_text(reply.body)); }

  World world_;
  Attester attester_;
  ResourceRoutes routes_{world_.service()};
};

TEST_F(ResourceRoutesTest, AVersionIsWrittenReadAndListed) {
  const HttpResponse put =
      ask("PUT", std::string(kPath) + "?expires=2030-01-01T00:00:00Z&lease_s=60", "two");
  EXPECT_EQ(text(put), R"({"version":2})");
  EXPECT_EQ(put.header("ETag"), "\"2\"");
  const HttpResponse got = ask("GET", kPath);
  EXPECT_EQ(text(got), "two");
  EXPECT_EQ(got.header("ETag"), "\"2\"");
  const HttpResponse old = ask("GET", std::string(kPath) + "?version=1");
  EXPECT_EQ(text(old), "the key");
  EXPECT_EQ(old.header("ETag"), "\"1\"");
  EXPECT_EQ(ask("GET", std::string(kPath) + "?version=3").status, 404U);
  EXPECT_EQ(text(ask("GET", "versions/hospital/key/records")),
            R"({"schema":"ward.versions/1","path":"hospital/key/records","versions":[)"
            R"({"version":2,"written":"2023-11-14T22:13:20Z","expires":"2030-01-01T00:00:00Z",)"
            R"("expired":false,"lease_s":60},)"
            R"({"version":1,"written":"2023-11-14T22:13:20Z","expires":null,"expired":false,)"
            R"("lease_s":null}]})");
  EXPECT_EQ(
      text(ask("GET", "resources")),
      R"({"schema":"ward.resources/1","resources":[{"path":"hospital/key/records",)"
      R"("version":2,"releases":0,"written":"2023-11-14T22:13:20Z",)"
      R"("expires":"2030-01-01T00:00:00Z","expired":false,"lease_s":60,"rotate":""}],"next":""})");
  EXPECT_EQ(ask("DELETE", kPath).status, 200U);
  EXPECT_EQ(ask("GET", kPath).status, 404U);
}

TEST_F(ResourceRoutesTest, TermsEndWhereTheOwnerSaysSo) {
  EXPECT_EQ(ask("PUT", std::string(kPath) + "?expires=2030-01-01T00:00:00Z&lease_s=60", "x").status,
            200U);
  EXPECT_EQ(ask("PUT", std::string(kPath) + "?expires=never&lease_s=none", "x").status, 200U);
  EXPECT_THAT(text(ask("GET", "resources")),
              HasSubstr(R"("expires":null,"expired":false,"lease_s":null)"));
}

TEST_F(ResourceRoutesTest, WhatIsWrongInARequestIsNamed) {
  for (const auto& [query, what] : std::initializer_list<std::pair<const char*, const char*>>{
           {"?expire=never", "takes no parameter"},
           {"?expires=tomorrow", "expires: expected a time"},
           {"?expires=", "expires: expected a time"},
           {"?expires=1969-12-31T23:59:59Z", "expires: expected a time of 1970 or later"},
           {"?lease_s=0", "lease_s: expected a whole number from 1 to 31622400"},
           {"?lease_s=31622401", "lease_s: expected a whole number from 1 to 31622400"},
           {"?lease_s=-1", "lease_s: expected a whole number from 1 to 31622400"}}) {
    const HttpResponse reply = ask("PUT", std::string(kPath) + query, "x");
    EXPECT_EQ(reply.status, 400U) << query;
    EXPECT_THAT(text(reply), HasSubstr(what));
  }
  for (const char* path : {"leases?limit=0", "leases?limit=201", "leases?limit=x", "leases?afer=x",
                           "resources?limit=201", "revocations?limit=0"})
    EXPECT_EQ(ask("GET", path).status, 400U) << path;
  EXPECT_EQ(ask("GET", std::string(kPath) + "?version=x").status, 400U);
  EXPECT_EQ(ask("POST", kPath).status, 405U);
  EXPECT_EQ(ask("PUT", "leases").status, 405U);
  EXPECT_EQ(ask("GET", "leases/x").status, 405U);
  EXPECT_EQ(ask("PUT", "resource/hospital/key", "x").status, 404U);
  EXPECT_FALSE(ResourceRoutes::takes("leasesx"));
  EXPECT_FALSE(ResourceRoutes::takes("policies"));
}

TEST_F(ResourceRoutesTest, AConditionHoldsOrNothingIsWritten) {
  const auto put = [&](const char* name, const char* value) {
    return ask("PUT", kPath, "x", {{name, value}}).status;
  };
  EXPECT_EQ(put("If-None-Match", "*"), 412U);
  EXPECT_EQ(put("If-Match", "\"2\""), 412U);
  const auto other = ask("PUT", kPath, "x", {{"If-Match", "\"2\""}});
  EXPECT_THAT(std::string(as_text(other.body)), HasSubstr("urn:ward:problem:ResourceError"));
  EXPECT_EQ(put("If-Match", "\"1\""), 200U);
  EXPECT_EQ(put("If-Match", "\"1\""), 412U);
  for (const char* odd : {"*", "1", "\"1\", \"2\"", "W/\"2\"", "\"0\"", "\"\"", "\""})
    EXPECT_EQ(put("If-Match", odd), 400U) << odd;
  EXPECT_EQ(put("If-None-Match", "\"2\""), 400U);
  EXPECT_EQ(ask("PUT", kPath, "x", {{"If-Match", "\"2\""}, {"If-None-Match", "*"}}).status, 400U);
  EXPECT_EQ(ask("DELETE", kPath, {}, {{"If-Match", "\"1\""}}).status, 412U);
  EXPECT_EQ(ask("DELETE", kPath, {}, {{"If-Match", "\"2\""}}).status, 200U);
  EXPECT_EQ(put("If-None-Match", "*"), 200U);
}

TEST_F(ResourceRoutesTest, ALeaseIsListedRevokedAndLifted) {
  EXPECT_EQ(ask("PUT", std::string(kPath) + "?lease_s=60", "x").status, 200U);
  const auto released = release();
  ASSERT_TRUE(released);
  ASSERT_TRUE(released->lease);
  const std::string id = released->lease->id;
  EXPECT_EQ(lease_header(*released->lease, kNow), id + "; until=2023-11-14T22:14:20Z; seconds=60");
  EXPECT_THAT(text(ask("GET", "leases?limit=1")), HasSubstr("\"id\":\"" + id + "\""));
  EXPECT_THAT(text(ask("GET", "leases")), HasSubstr("\"revoked\":false}],\"next\":\"\"}"));

  const HttpResponse revoked = ask("DELETE", "leases/" + id);
  ASSERT_EQ(revoked.status, 200U);
  const auto json = codec::parse_json(revoked.body);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->find("lease")->as_string(), id);
  EXPECT_FALSE(release());
  EXPECT_THAT(text(ask("GET", "leases")), HasSubstr("\"revoked\":true"));
  EXPECT_THAT(text(ask("GET", "revocations")), HasSubstr(text(revoked)));

  const std::string lift = "revocations/" + std::string(*json->find("id")->as_string());
  EXPECT_EQ(ask("DELETE", lift).status, 200U);
  EXPECT_EQ(ask("DELETE", lift).status, 404U);
  EXPECT_TRUE(release());
  EXPECT_EQ(ask("DELETE", "leases/none").status, 404U);
}

}  // namespace
}  // namespace ward::server
