#include "server/archive_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json.h"
#include "server/responses.h"
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

class ArchiveRoutesTest : public testing::Test {
 protected:
  ArchiveRoutesTest() {
    world_.set_up();
    const Attester attester;
    EXPECT_FALSE(attested(broker::Broker(world_.service()), attester, kNow).empty());
  }

  // ask is what Routes does with a request before this folder's routes see it.
  HttpResponse ask(std::string method, std::string_view target, std::string_view body = {}) {
    const HttpRequest request{
        std::move(method), "/v1/" + std::string(target), {}, to_buffer(as_bytes(body))};
    const std::string_view path = path_of(target);
    EXPECT_TRUE(ArchiveRoutes::takes(path)) << path;
    const auto query = Query::parse(request.target, "since after limit");
    if (!query) return to_response(query.error());
    const broker::Actor actor = administrator();
    return routes_.answer({request, actor, *query, kNow}, path);
  }

  static std::string text(const HttpResponse& reply) { return std::string(as_text(reply.body)); }

  World world_;
  ArchiveRoutes routes_{world_.service()};
};

std::string replay_of(std::string_view more) {
  return R"({"for":"evidence","candidate":{"schema":"ward.evidence-policy/1","runtimes":[]})" +
         std::string(more) + "}";
}

TEST_F(ArchiveRoutesTest, AReplayNamesWhoWouldLoseAccess) {
  const HttpResponse reply = ask("POST", "replay", replay_of(""));
  EXPECT_EQ(reply.status, 200U);
  const auto json = codec::parse_json(reply.body);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->find("schema")->as_string(), "ward.replay-step/1");
  EXPECT_EQ(json->find("replayed")->as_uint(), 1U);
  EXPECT_EQ(json->find("changes")->items().size(), 2U);
  EXPECT_EQ(json->find("next")->as_string(), "");
}

TEST_F(ArchiveRoutesTest, WhatIsWrongInARequestIsNamedWithItsPlace) {
  for (const auto& [body, place] : std::initializer_list<std::pair<std::string, const char*>>{
           {"", "line 1"},
           {"[]", "an object"},
           {"{}", "for"},
           {R"({"for":"evidence"})", "candidate"},
           {R"({"for":"all","candidate":{}})", "evidence"},
           {R"({"for":"results","candidate":{}})", "repository"},
           {replay_of(R"(,"repository":"a")"), "repository"},
           {replay_of(R"(,"since":"x")"), "since"},
           {replay_of(R"(,"until":7)"), "until"},
           {replay_of(R"(,"limit":0)"), "limit"},
           {replay_of(R"(,"limit":201)"), "limit"},
           {replay_of(R"(,"at":"noon")"), "at"},
           {replay_of(R"(,"collateral":[])"), "collateral"},
           {replay_of(R"(,"more":1)"), "more"}}) {
    const HttpResponse reply = ask("POST", "replay", body);
    EXPECT_EQ(reply.status, 400U) << body;
    EXPECT_THAT(text(reply), HasSubstr(place)) << body;
  }
}

TEST_F(ArchiveRoutesTest, CutRequestsAreRefusedAtEveryLength) {
  const std::string whole = replay_of(R"(,"since":"2020-01-01T00:00:00Z","limit":5)");
  EXPECT_EQ(ask("POST", "replay", whole).status, 200U);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(ask("POST", "replay", whole.substr(0, size)).status, 400U) << size;
  }
}

TEST_F(ArchiveRoutesTest, TheListIsPaged) {
  const HttpResponse all = ask("GET", "appraisals");
  EXPECT_EQ(all.status, 200U);
  const auto json = codec::parse_json(all.body);
  ASSERT_TRUE(json);
  const std::string id(*json->find("appraisals")->items().at(0).find("id")->as_string());
  EXPECT_THAT(text(ask("GET", "appraisals?after=" + id)), HasSubstr(R"("appraisals":[])"));
  EXPECT_THAT(text(ask("GET", "appraisals?since=2020-01-01T00:00:00Z&after=")), HasSubstr(id));
  EXPECT_THAT(text(ask("GET", "appraisals?since=2200-01-01T00:00:00Z")),
              HasSubstr(R"("appraisals":[])"));
  EXPECT_THAT(text(ask("GET", "appraisals?limit=1")), HasSubstr(R"("next":")" + id + "\""));
  EXPECT_THAT(text(ask("GET", "appraisals?limit=2")), HasSubstr(R"("next":"")"));
  EXPECT_EQ(ask("GET", "appraisals?since=x").status, 400U);
  EXPECT_EQ(ask("GET", "appraisals?limit=201").status, 400U);
}

TEST_F(ArchiveRoutesTest, OneAppraisalIsRepeated) {
  const auto json = codec::parse_json(ask("GET", "appraisals").body);
  const std::string id(*json->find("appraisals")->items().at(0).find("id")->as_string());
  const std::string path = "appraisals/" + id + "/repeat";
  for (const char* body :
       {"{}", R"({"at":"then"})", R"({"at":"now","collateral":"now"})", R"({"policy":"now"})",
        R"({"at":"now","policy":"then"})",
        R"({"at":"2023-11-14T00:00:00Z","collateral":[{"name":"a","base64":"AAAA"}]})"}) {
    const HttpResponse reply = ask("POST", path, body);
    EXPECT_EQ(reply.status, 200U) << body << text(reply);
    EXPECT_THAT(text(reply), HasSubstr(R"("verdict":"accepted")"));
  }
  for (const char* body : {"", "[]", R"({"at":"x"})", R"({"policy":"x"})", R"({"policy":1})",
                           R"({"collateral":"x"})", R"({"collateral":[{"name":"a"}]})",
                           R"({"collateral":[{"name":"a","base64":"?"}]})", R"({"x":1})"}) {
    EXPECT_EQ(ask("POST", path, body).status, 400U) << body;
  }
  EXPECT_EQ(ask("POST", "appraisals/none/repeat", "{}").status, 404U);
  EXPECT_EQ(ask("POST", "appraisals//repeat", "{}").status, 404U);
  EXPECT_EQ(ask("POST", "appraisals/" + std::string(5000, 'x') + "/repeat", "{}").status, 404U);
}

TEST_F(ArchiveRoutesTest, OneAppraisalIsShown) {
  const auto json = codec::parse_json(ask("GET", "appraisals").body);
  const std::string id(*json->find("appraisals")->items().at(0).find("id")->as_string());
  const HttpResponse reply = ask("GET", "appraisals/" + id);
  EXPECT_EQ(reply.status, 200U);
  EXPECT_THAT(text(reply), HasSubstr(R"({"schema":"ward.archived/1","id":")" + id + "\""));
  EXPECT_EQ(ask("GET", "appraisals/none").status, 404U);
  EXPECT_EQ(ask("GET", "appraisals/").status, 404U);
  EXPECT_EQ(ask("GET", "appraisals/" + std::string(5000, 'x')).status, 404U);
}

TEST_F(ArchiveRoutesTest, OtherMethodsAndPathsAreNotTaken) {
  EXPECT_EQ(ask("GET", "replay").status, 405U);
  EXPECT_EQ(ask("POST", "appraisals").status, 405U);
  EXPECT_EQ(ask("POST", "appraisals/x").status, 405U);
  EXPECT_EQ(ask("GET", "appraisals/x/repeat").status, 405U);
  for (const char* path : {"replay/x", "appraisal", "x"}) {
    EXPECT_FALSE(ArchiveRoutes::takes(path)) << path;
  }
}

}  // namespace
}  // namespace ward::server
