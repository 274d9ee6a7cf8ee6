#include "server/introspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/incident.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"

namespace ward::server {
namespace {

using broker::test_support::attested;
using broker::test_support::Attester;
using broker::test_support::kNow;
using broker::test_support::World;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kForm = "application/x-www-form-urlencoded";
constexpr const char* kInactive = R"({"active":false})";

class Introspect : public testing::Test {
 protected:
  Introspect() {
    world_.set_up();
    const Attester attester;
    token_ = attested(broker::Broker(world_.service()), attester, kNow);
  }

  protocol::HttpResponse ask(const std::string& type, std::string_view body, UnixTime now = kNow) {
    return introspect(
        world_.service(),
        {"POST", "/v1/token/introspect", {{"Content-Type", type}}, to_buffer(as_bytes(body))}, now);
  }

  static std::string text(const protocol::HttpResponse& reply) {
    return std::string(as_text(reply.body));
  }

  World world_;
  std::string token_;
};

TEST_F(Introspect, a_result_of_this_service_is_active_and_says_its_claims) {
  for (const auto& reply :
       {ask(kForm, "token=" + token_ + "&token_type_hint=access_token"),
        ask("Application/X-WWW-Form-URLencoded; charset=utf-8", "token=" + token_),
        ask("application/json", "{\"token\":\"" + token_ + "\"}")}) {
    EXPECT_EQ(reply.status, 200U);
    EXPECT_THAT(text(reply), StartsWith(R"({"active":true,)"));
    EXPECT_THAT(text(reply), HasSubstr(R"("aud":"wardd.test")"));
    EXPECT_THAT(text(reply), HasSubstr(R"("submods":)"));
  }
}

TEST_F(Introspect, nothing_else_is) {
  std::string flipped = token_;
  flipped.back() = flipped.back() == 'A' ? 'Q' : 'A';
  World other;
  other.set_up();
  const Attester attester;
  const std::string foreign = attested(broker::Broker(other.service()), attester, kNow);
  const std::string none = token_.substr(token_.find('.'));
  for (const std::string& token :
       {flipped, foreign, std::string("x"), std::string("a.b.c"), token_ + "x", " " + token_,
        to_base64(as_bytes(R"({"alg":"none"})"), Base64::kUrl) + none}) {
    EXPECT_EQ(text(ask("application/json", "{\"token\":\"" + token + "\"}")), kInactive) << token;
  }
  const std::string body = "token=" + token_;
  EXPECT_EQ(text(ask(kForm, body, {kNow.seconds + 300})), kInactive);  // it lives 300 s
  EXPECT_THAT(text(ask(kForm, body, {kNow.seconds + 299})), HasSubstr("true"));
  EXPECT_EQ(text(ask(kForm, body, {kNow.seconds - 1})), kInactive);
}

TEST_F(Introspect, a_result_that_an_incident_refuses_is_not) {
  const broker::Incidents incidents(world_.service());
  const auto subject = broker::incident_subject(
      world_.keys().platform_ids, broker::IncidentOf::kChip, to_hex(world_.verifier.chip));
  ASSERT_TRUE(subject);
  ASSERT_TRUE(incidents.open(broker::test_support::administrator(),
                             {.subject = *subject, .note = {}, .apply = true}, kNow));
  EXPECT_EQ(text(ask(kForm, "token=" + token_)), kInactive);
}

TEST_F(Introspect, what_is_no_request_is_refused) {
  EXPECT_EQ(ask("text/plain", "token=x").status, 415U);
  EXPECT_EQ(ask("", "token=x").status, 415U);
  for (const char* body : {"", "token=", "token=x&token=y", "other=x", "token=%", "token"}) {
    EXPECT_EQ(ask(kForm, body).status, 400U) << body;
  }
  for (const char* body : {"", "{", "[]", "{}", R"({"token":1})", R"({"token":""})"}) {
    EXPECT_EQ(ask("application/json", body).status, 400U) << body;
  }
}

}  // namespace
}  // namespace ward::server
