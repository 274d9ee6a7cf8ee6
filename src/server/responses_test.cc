#include "server/responses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json.h"
#include "protocol/kbs/message.h"

namespace ward::server {
namespace {

using testing::HasSubstr;

std::string text(const protocol::HttpResponse& reply) { return std::string(as_text(reply.body)); }

TEST(Responses, a_refusal_is_problem_details) {
  broker::Refusal refusal =
      broker::refuse(409, "PluginInternalError", broker::CheckId::kResourceRoom, "It is \"full\".");
  refusal.found = "1001";
  refusal.expected = "1000";
  const auto reply = to_response(refusal);
  EXPECT_EQ(reply.status, 409U);
  EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
  EXPECT_FALSE(reply.header("WWW-Authenticate"));
  EXPECT_EQ(text(reply),
            R"({"type":"urn:ward:problem:PluginInternalError","title":"Conflict","status":409,)"
            R"("detail":"kbs.resource.room: There is no room for this resource. It is \"full\".",)"
            R"("checks":["kbs.resource.room"],"found":"1001","expected":"1000"})");
}

TEST(Responses, what_is_not_known_is_left_out) {
  EXPECT_EQ(text(not_found()),
            R"({"type":"urn:ward:problem:InvalidRequestPath","title":"Not Found","status":404,)"
            R"("detail":"there is nothing at this path"})");
}

TEST(Responses, the_ward_client_reads_them_as_it_reads_the_protocols) {
  const auto refusal = broker::refuse(401, "AdminAuthAccess", broker::CheckId::kAdminToken);
  for (const auto& reply : {to_response(refusal), kbs_response(refusal)}) {
    const auto read = protocol::kbs::parse_error(reply.body);
    ASSERT_TRUE(read);
    EXPECT_THAT(read->detail, HasSubstr("kbs.admin.token: "));
  }
  EXPECT_EQ(to_response(refusal).header("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(kbs_response(refusal).header("Content-Type"), "application/json");
}

TEST(Responses, a_wrong_method_names_the_right_ones) {
  EXPECT_EQ(wrong_method("GET, POST").header("Allow"), "GET, POST");
  EXPECT_EQ(wrong_method("GET").status, 405U);
}

TEST(Responses, every_status_that_a_route_gives_has_its_phrase) {
  for (const unsigned status : {400U, 401U, 403U, 404U, 405U, 409U, 413U, 415U, 422U, 429U, 503U}) {
    EXPECT_NE(reason_phrase(status), "Error") << status;
  }
}

}  // namespace
}  // namespace ward::server
