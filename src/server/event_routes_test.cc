#include "server/event_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/records.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "server/responses.h"
#include "server/route_table.h"
#include "test/broker/world.h"
#include "test/support/tls_identity.h"

namespace ward::server {
namespace {

using broker::test_support::administrator;
using broker::test_support::kNow;
using broker::test_support::World;
using testing::HasSubstr;
using testing::StartsWith;

class EventRoutesTest : public testing::Test {
 protected:
  void write(const char* kind, const char* subject) {
    ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) {
      return broker::record(tx, world_.keys(), {kNow, kind, "who", subject, {}});
    }));
  }

  protocol::HttpResponse ask(const char* method, std::string_view target,
                             std::string_view body = {},
                             const broker::Actor& actor = administrator()) {
    const protocol::HttpRequest request{
        method, "/v1/" + std::string(target), {}, to_buffer(as_bytes(body))};
    const OwnRoute* route = own_route(path_of(request.target));
    EXPECT_NE(route, nullptr) << target;
    const auto query = Query::parse(request.target, route->query);
    if (!query) return to_response(query.error());
    EXPECT_TRUE(EventRoutes::takes(path_of(target)));
    return routes_.answer({request, actor, *query, kNow}, path_of(target));
  }

  net::Stream stream(std::string_view query, std::vector<protocol::Header> headers = {},
                     const broker::Actor& actor = administrator()) {
    headers.emplace_back("Accept", "text/event-stream");
    const protocol::HttpRequest request{"GET", "/v1/events" + std::string(query), headers, {}};
    EXPECT_TRUE(EventRoutes::streams(request, request.target));
    const auto parsed = Query::parse(request.target, own_route("/v1/events")->query);
    EXPECT_TRUE(parsed);
    return routes_.stream({request, actor, *parsed, kNow});
  }

  static std::string text(const protocol::HttpResponse& reply) {
    return std::string(as_text(reply.body));
  }

  static std::string more(const net::Stream& stream) {
    const auto piece = stream.source->more();
    return piece ? std::string(as_text(*piece)) : "(end)";
  }

  World world_;
  std::chrono::steady_clock::time_point at_{std::chrono::hours(1)};
  EventRoutes routes_{world_.service(), [this] { return at_; }};
};

TEST_F(EventRoutesTest, a_page_says_where_to_go_on) {
  EXPECT_EQ(text(ask("GET", "events")),
            R"({"schema":"ward.events/1","events":[],"next":"","more":false})");
  write("release", "a/b/c");
  write("refusal", "a/b/c");
  EXPECT_THAT(text(ask("GET", "events?limit=1")), HasSubstr(R"(],"next":"0","more":true})"));
  EXPECT_THAT(text(ask("GET", "events?after=0")), HasSubstr(R"("events":[{"index":1,)"));
  EXPECT_THAT(text(ask("GET", "events?kinds=release")), HasSubstr(R"(],"next":"1","more":false})"));
  EXPECT_EQ(text(ask("GET", "events?after=newest")),
            R"({"schema":"ward.events/1","events":[],"next":"1","more":false})");
  for (const char* wrong : {"after=-1", "after=1234567890123456789", "after=x", "kinds=A",
                            "since=x", "since=2026-01-01T00:00:00Z&after=1", "limit=201"}) {
    EXPECT_EQ(ask("GET", "events?" + std::string(wrong)).status, 400U) << wrong;
  }
}

TEST_F(EventRoutesTest, a_stream_tells_what_comes_and_that_it_lives) {
  write("release", "a/b/c");
  const net::Stream one = stream("?kinds=release&after=newest");
  ASSERT_NE(one.source, nullptr);
  EXPECT_EQ(one.begin.header("Content-Type"), "text/event-stream");
  EXPECT_EQ(more(one), "retry: 1000\n\nid: 0\n\n");
  EXPECT_EQ(more(one), "");
  write("refusal", "a/b/c");
  write("release", "d/e/f");
  EXPECT_THAT(more(one), StartsWith("id: 2\ndata: {\"index\":2,"));
  EXPECT_EQ(more(one), "");
  write("refusal", "a/b/c");
  at_ += std::chrono::seconds(kHeartbeat_s);
  EXPECT_EQ(more(one), "id: 3\n\n");
  at_ += std::chrono::seconds(kStreamLife_s - kHeartbeat_s);
  EXPECT_EQ(more(one), "(end)");
}

TEST_F(EventRoutesTest, a_stream_goes_on_behind_the_last_event) {
  for (int i = 0; i < 3; ++i)
    write("release", "a/b/c");
  const net::Stream one = stream("?after=newest", {{"Last-Event-ID", "1"}});
  ASSERT_NE(one.source, nullptr);
  EXPECT_THAT(more(one), StartsWith("retry: 1000\n\nid: 2\ndata: "));
  EXPECT_EQ(stream("", {{"Last-Event-ID", "x"}}).begin.status, 400U);
}

TEST_F(EventRoutesTest, an_empty_ledger_is_a_stream_too) {
  const net::Stream one = stream("");
  ASSERT_NE(one.source, nullptr);
  EXPECT_EQ(more(one), "retry: 1000\n\n:\n\n");
  write("release", "a/b/c");
  EXPECT_THAT(more(one), StartsWith("id: 0\n"));
}

TEST_F(EventRoutesTest, one_administrator_has_four_streams_and_all_have_32) {
  std::vector<net::Stream> open;
  broker::Actor actor = administrator();
  for (std::size_t i = 0; i < kMaxStreams; ++i) {
    actor.name = "a" + std::to_string(i / kMaxStreamsOfOne);
    open.push_back(stream("", {}, actor));
    ASSERT_NE(open.back().source, nullptr) << i;
  }
  actor.name = "a0";
  EXPECT_EQ(stream("", {}, actor).begin.status, 429U);
  actor.name = "another";
  EXPECT_THAT(text(stream("", {}, actor).begin), HasSubstr("kbs.event.room"));
  open.pop_back();
  actor.name = "a0";
  EXPECT_EQ(stream("", {}, actor).begin.status, 429U);
  actor.name = "another";
  EXPECT_NE(stream("", {}, actor).source, nullptr);
}

TEST_F(EventRoutesTest, who_may_not_read_gets_no_stream) {
  const broker::Actor other{.name = "v", .role = broker::Role::kVerifierOwner, .repositories = {}};
  const net::Stream refused = stream("", {}, other);
  EXPECT_EQ(refused.source, nullptr);
  EXPECT_EQ(refused.begin.status, 403U);
}

TEST_F(EventRoutesTest, a_webhook_is_an_object_of_three_members) {
  codec::JsonWriter asked;
  asked.begin_object().member("url", "https://a.example/x").name("kinds").begin_array();
  asked.string("release").end_array();
  asked.member("ca", test::make_tls_identity().certificate_pem).end_object();
  const auto made = ask("POST", "webhooks", *asked.take());
  EXPECT_EQ(made.status, 200U) << text(made);
  EXPECT_THAT(text(made),
              HasSubstr(R"("url":"https://a.example/x","kinds":["release"],"ca":true)"));
  EXPECT_THAT(text(ask("GET", "webhooks")), HasSubstr(R"("next":0,"delivered":null)"));
  for (
      const char* wrong :
      {"", "[]", "{", R"({"url":1})", R"({"url":"https://a","kinds":"x"})",
       R"({"url":"https://a","kinds":["A"]})", R"({"url":"https://a","kinds":["a,b"]})",
       R"({"url":"https://a","ca":"this is no PEM"})",
       R"({"url":"https://a","ca":"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"})",
       R"({"url":"https://a","more":1})", R"({"kinds":[]})", R"({"url":"http://a"})"}) {
    EXPECT_EQ(ask("POST", "webhooks", wrong).status, 400U) << wrong;
  }
  const auto json = codec::parse_json(made.body);
  ASSERT_TRUE(json);
  const std::string id(*json->find("id")->as_string());
  EXPECT_THAT(text(ask("POST", "webhooks/" + id + "/test")), StartsWith(R"({"index":)"));
  EXPECT_EQ(ask("POST", "webhooks/0123456789abcdef/test").status, 404U);
  EXPECT_EQ(ask("DELETE", "webhooks/" + id).status, 200U);
  EXPECT_EQ(ask("DELETE", "webhooks/" + id).status, 404U);
}

}  // namespace
}  // namespace ward::server
