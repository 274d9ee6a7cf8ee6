#include "protocol/kbs/client.h"

#include <gtest/gtest.h>

namespace ward::protocol::kbs {
namespace {

constexpr std::string_view kNonce = "1YTjXZbkMjPA7N9nX5jV9YoBf4JCs20WU3ZpVQqeT9Y=";
constexpr std::string_view kKey =
    R"({"kty":"EC","crv":"P-256","alg":"ECDH-ES+A256KW","x":"UIJzusTDaaRM6CJcjTzR0sX2qbxl__1LHhHPKamBBkY","y":"XTSEJxzjFvDtF3sPDf9f-mhigrwL3UlIe0ax6PVF9I8"})";

HttpResponse reply(unsigned status, std::string_view body, std::string_view cookie = {}) {
  HttpResponse out{.status = status, .headers = {}, .body = to_buffer(as_bytes(body))};
  if (!cookie.empty()) out.headers.emplace_back("set-cookie", std::string(cookie));
  return out;
}

HttpResponse challenge() {
  return reply(200, R"({"nonce":")" + std::string(kNonce) + R"(","extra-params":""})",
               "kbs-session-id=abc; Expires=Mon, 23 Nov 2026 18:47:26 GMT");
}

Client make() {
  return Client({.tee = "sgx", .tee_pubkey = std::string(kKey), .init_data = std::nullopt});
}

TEST(KbsClient, goes_through_the_protocol) {
  Client client = make();
  const auto auth = client.auth();
  ASSERT_TRUE(auth);
  EXPECT_EQ(auth->method, "POST");
  EXPECT_EQ(auth->target, "/kbs/v0/auth");
  ASSERT_TRUE(client.on_challenge(challenge()));
  // The digest of the worked example in the protocol's description.
  EXPECT_EQ(to_hex(client.report_data()).substr(0, 96),
            "199b72cb9d3ce0f327978cb178365ee870424d610f896c1ba8186632f760edfa87bd63b44d8446cfb24da7"
            "10e67f6cfb");
  const auto attest = client.attest(R"({"quote":"AAAA"})");
  ASSERT_TRUE(attest);
  EXPECT_EQ(attest->target, "/kbs/v0/attest");
  EXPECT_EQ(attest->header("cookie"), "kbs-session-id=abc");
  ASSERT_TRUE(client.on_token(reply(200, R"({"token":"a.b.c"})")));
  EXPECT_EQ(client.token(), "a.b.c");
  const auto get = client.get({"default", "test", "dummy"});
  ASSERT_TRUE(get);
  EXPECT_EQ(get->target, "/kbs/v0/resource/default/test/dummy");
  EXPECT_EQ(get->header("Authorization"), "Bearer a.b.c");
  EXPECT_EQ(get->header("Cookie"), "kbs-session-id=abc");
  const auto jwe = client.on_resource(reply(200, "{}"));
  ASSERT_TRUE(jwe);
  EXPECT_EQ(*jwe, "{}");
}

TEST(KbsClient, a_token_that_fits_into_no_header_is_left_to_the_session) {
  for (const std::size_t size : {kMaxBearerBytes, kMaxBearerBytes + 1}) {
    Client client = make();
    ASSERT_TRUE(client.auth());
    ASSERT_TRUE(client.on_challenge(challenge()));
    ASSERT_TRUE(client.attest("{}"));
    const std::string token(size, 'a');
    ASSERT_TRUE(client.on_token(reply(200, R"({"token":")" + token + R"("})")));
    const auto get = client.get({"default", "test", "dummy"});
    ASSERT_TRUE(get);
    EXPECT_EQ(get->header("Cookie"), "kbs-session-id=abc");
    EXPECT_EQ(get->header("Authorization").has_value(), size == kMaxBearerBytes);
  }
}

TEST(KbsClient, tells_refusals_apart) {
  const struct {
    unsigned status;
    Errc want;
  } kCases[] = {{401, Errc::kDenied},      {403, Errc::kDenied},      {404, Errc::kUnavailable},
                {429, Errc::kUnavailable}, {500, Errc::kUnavailable}, {400, Errc::kMalformed},
                {302, Errc::kMalformed},   {204, Errc::kMalformed}};

  for (const auto& row : kCases) {
    Client client = make();
    ASSERT_TRUE(client.auth());
    const auto refused = client.on_challenge(
        reply(row.status, write_error({"AttestationError", "kbs.nonce.unused"})));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), row.want) << row.status;
    ASSERT_TRUE(client.refusal());
    EXPECT_EQ(client.refusal()->detail, "kbs.nonce.unused");
    EXPECT_EQ(client.decided(), row.status == 401 || row.status == 403 || row.status == 404);
    const auto after = client.attest("{}");
    ASSERT_FALSE(after);
    EXPECT_EQ(after.error().code(), Errc::kInternal);
  }
}

Client attested() {
  Client client = make();
  EXPECT_TRUE(client.auth());
  EXPECT_TRUE(client.on_challenge(challenge()));
  EXPECT_TRUE(client.attest("{}"));
  EXPECT_TRUE(client.on_token(reply(200, R"({"token":"a"})")));
  return client;
}

TEST(KbsClient, tells_for_how_long_a_resource_is_released) {
  Client client = attested();
  HttpResponse leased = reply(200, "{}");
  leased.headers.emplace_back("ward-lease", "0a-0b; until=2026-11-30T01:02:20Z; seconds=60");
  ASSERT_TRUE(client.on_resource(leased));
  ASSERT_TRUE(client.lease());
  EXPECT_EQ(client.lease()->id, "0a-0b");
  EXPECT_EQ(client.lease()->seconds, 60U);
  ASSERT_TRUE(client.on_resource(reply(200, "{}")));
  EXPECT_FALSE(client.lease());
}

TEST(KbsClient, takes_no_resource_whose_lease_it_cannot_read) {
  const std::string good = "0a-0b; until=2026-11-30T01:02:20Z; seconds=60";

  const struct {
    std::vector<std::string> values;
    Errc want;
  } kCases[] = {{{"0a-0b; until=2026-11-30T01:02:20Z"}, Errc::kMalformed},
                {{""}, Errc::kMalformed},
                {{good, good}, Errc::kMalformed},
                {{"0a-0b; until=2026-11-30T01:02:20Z; seconds=0"}, Errc::kLimit}};

  for (const auto& row : kCases) {
    Client client = attested();
    HttpResponse leased = reply(200, "{}");
    for (const std::string& value : row.values)
      leased.headers.emplace_back(kLeaseHeader, value);
    const auto got = client.on_resource(leased);
    ASSERT_FALSE(got) << row.values.front();
    EXPECT_EQ(got.error().code(), row.want) << row.values.front();
  }
}

TEST(KbsClient, refuses_calls_out_of_order) {
  Client client = make();
  EXPECT_FALSE(client.attest("{}"));
  Client second = make();
  EXPECT_FALSE(second.get({"a", "b", "c"}));
  ASSERT_TRUE(second.auth());
  EXPECT_FALSE(second.auth());
  EXPECT_FALSE(second.on_token(reply(200, R"({"token":"a"})")));
  EXPECT_FALSE(second.on_challenge(challenge()));
}

TEST(KbsClient, refuses_a_challenge_without_its_session) {
  for (const char* cookie : {"", "other=1", "kbs-session-idx=1"}) {
    Client client = make();
    ASSERT_TRUE(client.auth());
    auto without = challenge();
    without.headers = {{"Set-Cookie", cookie}};
    const auto refused = client.on_challenge(without);
    ASSERT_FALSE(refused) << cookie;
    EXPECT_EQ(refused.error().code(), Errc::kMalformed);
  }
}

TEST(KbsClient, refuses_evidence_that_is_not_json) {
  Client client = make();
  ASSERT_TRUE(client.auth());
  ASSERT_TRUE(client.on_challenge(challenge()));
  const auto refused = client.attest("{},\"additional_evidence\":\"x\"");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::protocol::kbs
