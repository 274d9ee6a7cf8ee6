#include "server/policy_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json.h"
#include "server/responses.h"
#include "server/route_table.h"
#include "test/broker/world.h"

namespace ward::server {
namespace {

using broker::test_support::administrator;
using broker::test_support::evidence_policy;
using broker::test_support::kNow;
using broker::test_support::results_policy;
using broker::test_support::World;
using protocol::HttpRequest;
using protocol::HttpResponse;
using testing::HasSubstr;
using testing::StartsWith;

class PolicyRoutesTest : public testing::Test {
 protected:
  PolicyRoutesTest() { world_.set_up(); }

  // ask is what Routes does with a request before this folder's routes see it.
  HttpResponse ask(std::string method, std::string_view target, std::string_view body = {},
                   std::vector<protocol::Header> headers = {}) {
    const HttpRequest request{std::move(method), "/v1/" + std::string(target), std::move(headers),
                              to_buffer(as_bytes(body))};
    const std::string_view path = path_of(target);
    EXPECT_TRUE(PolicyRoutes::takes(path)) << path;
    const OwnRoute* route = own_route(path_of(request.target));
    if (route == nullptr) return not_found();
    const auto query = Query::parse(request.target, route->query);
    if (!query) return to_response(query.error());
    const broker::Actor actor = administrator();
    return routes_.answer({request, actor, *query, kNow}, path);
  }

  HttpResponse ask_kbs(std::string method, std::string_view path, std::string_view body = {}) {
    const HttpRequest request{
        std::move(method), "/kbs/v0/" + std::string(path), {}, to_buffer(as_bytes(body))};
    EXPECT_TRUE(PolicyRoutes::takes_kbs(path)) << path;
    return routes_.answer_kbs(request, administrator(), path, kNow);
  }

  static std::string text(const HttpResponse& reply) { return std::string(as_text(reply.body)); }

  World world_;
  PolicyRoutes routes_{world_.service()};
};

TEST_F(PolicyRoutesTest, AChangeMayNameTheVersionThatItIsMadeFor) {
  constexpr const char* kPath = "policy/results/hospital";
  constexpr const char* kText = R"({"schema":"ward.results-policy/1","releases":[]})";
  EXPECT_EQ(ask("GET", kPath).header("ETag"), "\"1\"");
  EXPECT_EQ(ask("POST", kPath, kText, {{"If-Match", "\"2\""}}).status, 412U);
  EXPECT_EQ(ask("POST", kPath, kText, {{"If-None-Match", "*"}}).status, 412U);
  for (const char* odd : {"1", "*", "\"0\"", "W/\"1\"", "\"1\", \"2\""}) {
    EXPECT_EQ(ask("POST", kPath, kText, {{"If-Match", odd}}).status, 400U) << odd;
  }
  EXPECT_EQ(ask("GET", kPath).header("ETag"), "\"1\"") << "nothing was written";
  EXPECT_EQ(ask("POST", kPath, kText, {{"If-Match", "\"1\""}}).header("ETag"), "\"2\"");
  constexpr const char* kBack = "policy/results/hospital/rollback";
  EXPECT_EQ(ask("POST", kBack, R"({"version":1})", {{"If-Match", "\"1\""}}).status, 412U);
  EXPECT_EQ(ask("POST", kBack, R"({"version":1})", {{"If-Match", "\"2\""}}).status, 200U);
  EXPECT_EQ(ask("GET", "policy/results/hospital?version=2").header("ETag"), "\"2\"");
  EXPECT_EQ(ask("POST", "policy/results/new", kText, {{"If-None-Match", "*"}}).status, 200U);
}

TEST_F(PolicyRoutesTest, AReferenceValueThatIsOverOrTakesAListsPlaceIsRefused) {
  const auto set = [&](const std::string& value, const std::string& expires) {
    return ask("POST", "reference-values",
               R"({"schema":"ward.reference-values/1","values":{"new":1,"x":)" + value +
                   R"(},"expires":")" + expires + "\"}");
  };
  const std::string later = "2100-01-01T00:00:00Z";
  const HttpResponse over = set(R"(["a"])", format_rfc3339(kNow));
  EXPECT_EQ(over.status, 409U);
  EXPECT_THAT(text(over), HasSubstr("kbs.reference_value.unexpired"));
  EXPECT_EQ(ask("GET", "reference-value/x").status, 404U);
  EXPECT_EQ(set(R"(["a"])", later).status, 200U);
  const HttpResponse kind = set(R"("a")", later);
  EXPECT_EQ(kind.status, 409U);
  EXPECT_THAT(text(kind), HasSubstr("kbs.reference_value.kind"));
  EXPECT_THAT(text(ask("GET", "reference-value/x")), HasSubstr(R"("value":["a"])"));
  EXPECT_EQ(set(R"(["b"])", later).status, 200U) << "a list in a list's place";
  EXPECT_EQ(ask("DELETE", "reference-value/x").status, 200U);
  EXPECT_EQ(set(R"("a")", later).status, 200U);
  EXPECT_EQ(set(R"(["a"])", later).status, 200U) << "a list in a text's place";
}

TEST_F(PolicyRoutesTest, APolicyIsSetReadAndPutBack) {
  EXPECT_EQ(text(ask("POST", "policy/results/hospital",
                     R"({"schema":"ward.results-policy/1","releases":[]})")),
            R"({"version":2})");
  EXPECT_EQ(text(ask("GET", "policy/results/hospital?version=1")), results_policy());
  const auto versions = codec::parse_json(ask("GET", "policy/results/hospital/versions").body);
  ASSERT_TRUE(versions);
  EXPECT_EQ(versions->find("versions")->items().size(), 2U);
  EXPECT_EQ(text(ask("POST", "policy/results/hospital/rollback", R"({"version":1})")),
            R"({"version":3})");
  EXPECT_EQ(text(ask("GET", "policy/results/hospital")), results_policy());
  EXPECT_EQ(text(ask("GET", "policy/evidence")), evidence_policy());
}

TEST_F(PolicyRoutesTest, WhatARepositoryIsCalledDoesNotMatter) {
  constexpr std::string_view kNothing = R"({"schema":"ward.results-policy/1","releases":[]})";
  for (const std::string name : {"versions", "rollback", "rego"}) {
    EXPECT_EQ(ask("POST", "policy/results/" + name, kNothing).status, 200U) << name;
    EXPECT_EQ(text(ask("GET", "policy/results/" + name)), kNothing);
    EXPECT_EQ(ask("GET", "policy/results/" + name + "/versions").status, 200U);
  }
}

TEST_F(PolicyRoutesTest, WhatIsAskedWronglyIsRefused) {
  const struct {
    const char* method;
    const char* path;
    const char* body;
    unsigned status;
  } cases[] = {
      {"GET", "policy/", "", 404},
      {"GET", "policy/other", "", 404},
      {"GET", "policy/results/a/b", "", 404},
      {"GET", "policy/results/a/versions/x", "", 404},
      {"GET", "policy/results//versions", "", 404},
      {"GET", "policy/results/..", "", 404},
      {"DELETE", "policy/evidence", "", 405},
      {"POST", "policy/evidence/versions", "", 405},
      {"GET", "policy/evidence/rollback", "", 405},
      {"GET", "policy/evidence/rego/cpu", "", 405},
      {"POST", "policies", "", 405},
      {"GET", "policies?x=1", "", 400},
      {"GET", "policy/evidence?version=", "", 400},
      {"GET", "policy/evidence?version=-1", "", 400},
      {"GET", "policy/evidence?version=99999999999999999999", "", 400},
      {"GET", "policy/evidence?version=1&version=1", "", 400},
      {"GET", "policy/evidence?other=1", "", 400},
      {"POST", "policy/evidence?version=1", "{}", 400},
      {"GET", "policy/evidence?version=7", "", 404},
      {"POST", "policy/evidence/rollback", "", 400},
      {"POST", "policy/evidence/rollback", R"({"version":"1"})", 400},
      {"POST", "policy/evidence/rollback", R"({"version":1,"x":1})", 400},
      {"POST", "policy/evidence/rollback", R"({"version":7})", 404},
      {"POST", "policy/evidence/rego/dpu", "package policy", 400},
      {"GET", "reference-values?x=1", "", 400},
      {"POST", "reference-values", "{}", 400},
      {"DELETE", "reference-values", "", 405},
      {"GET", "reference-value/", "", 404},
      {"GET", "reference-value/none", "", 404},
      {"DELETE", "reference-value/none", "", 404},
      {"POST", "reference-value/none", "", 405},
  };

  for (const auto& one : cases) {
    const HttpResponse reply = ask(one.method, one.path, one.body);
    EXPECT_EQ(reply.status, one.status) << one.method << " " << one.path << " " << text(reply);
    EXPECT_TRUE(codec::parse_json(reply.body)) << one.path;
  }
}

TEST_F(PolicyRoutesTest, ReferenceValuesAreSetListedAndRemoved) {
  EXPECT_EQ(text(ask("POST", "reference-values",
                     R"({"schema":"ward.reference-values/1","values":{"a/b":["x"],"c":true}})")),
            R"({"set":2})");
  EXPECT_EQ(text(ask("GET", "reference-value/a/b")),
            R"({"id":"a/b","value":["x"],"expires":"2024-11-13T22:13:20Z","expired":false})");
  EXPECT_THAT(text(ask("GET", "reference-values?after=a/b")), HasSubstr(R"("id":"c")"));
  EXPECT_THAT(text(ask("GET", "reference-values?limit=1")), HasSubstr(R"("next":"a/b"})"));
  EXPECT_EQ(text(ask("GET", "reference-values?after=a%2Fb")),
            text(ask("GET", "reference-values?after=a/b")));
  EXPECT_EQ(ask("DELETE", "reference-value/a/b").status, 200U);
  EXPECT_EQ(ask("GET", "reference-value/a/b").status, 404U);
}

TEST_F(PolicyRoutesTest, TrusteesMessagesGetItsAnswers) {
  const std::string payload = to_base64(as_bytes(R"({"mr_td":["aa"]})"), Base64::kStandard);
  const HttpResponse set =
      ask_kbs("POST", "reference-value",
              R"({"version":"0.1.0","type":"sample","payload":")" + payload + "\"}");
  EXPECT_EQ(set.status, 200U);
  EXPECT_TRUE(set.body.empty());
  EXPECT_EQ(text(ask_kbs("GET", "reference-value/mr_td")), R"(["aa"])");
  EXPECT_EQ(text(ask_kbs("GET", "resource-policy")), "[]");
  // Without an engine for Rego there is nothing to set.
  const std::string rego = to_base64(as_bytes("package policy\nallow = true"), Base64::kUrl);
  const HttpResponse refused = ask_kbs("POST", "resource-policy", R"({"policy":")" + rego + "\"}");
  EXPECT_EQ(refused.status, 400U);
  EXPECT_THAT(text(refused), HasSubstr("/ParsePolicyError"));
  for (const char* path : {"attestation-policy", "resource-policy"}) {
    for (const char* body : {"", "[]", "{}", R"({"policy":1})", R"({"policy":"?"})"}) {
      EXPECT_EQ(ask_kbs("POST", path, body).status, 400U) << path << body;
    }
  }
  EXPECT_EQ(ask_kbs("GET", "attestation-policy").status, 405U);
  EXPECT_EQ(ask_kbs("GET", "reference-value").status, 405U);
  EXPECT_EQ(ask_kbs("DELETE", "reference-value/mr_td").status, 405U);
}

}  // namespace
}  // namespace ward::server
