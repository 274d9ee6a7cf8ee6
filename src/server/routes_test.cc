#include "server/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/route_table.h"
#include "store/memory/memory_store.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"
#include "token/jwk.h"
#include "token/jwt.h"

namespace ward::server {
namespace {

using broker::Role;
using broker::test_support::Attester;
using broker::test_support::kNow;
using broker::test_support::World;
using protocol::HttpRequest;
using protocol::HttpResponse;
using testing::HasSubstr;

class FixedClock final : public Clock {
 public:
  [[nodiscard]] UnixTime now() const override { return time; }

  UnixTime time = kNow;
};

crypto::PrivateKey new_key(crypto::KeyType type) {
  crypto::SystemRng rng;
  return *crypto::PrivateKey::generate(type, rng);
}

// Person is an administrator with his key.
struct Person {
  Person(std::string who, Role what, crypto::KeyType type, std::vector<std::string> repositories)
      : name(std::move(who)), role(what), key(new_key(type)), owns(std::move(repositories)) {}

  [[nodiscard]] token::JwsSigner signer() const {
    const auto algorithm = token::native_algorithm(key.type());
    return {algorithm, token::thumbprint(key.public_key()), [this](Bytes message) {
              return key.type() == crypto::KeyType::kEd25519
                         ? key.sign(crypto::SignatureAlgorithm::kEd25519, message)
                         : key.sign_rs(crypto::SignatureAlgorithm::kEcdsaP256Sha256, message);
            }};
  }

  [[nodiscard]] Administrator entry() const {
    return {{name, role, owns},
            token::JwsKey{token::native_algorithm(key.type()), key.public_key(),
                          token::thumbprint(key.public_key())}};
  }

  [[nodiscard]] AdminClaims claims() const { return {name, role, "urn:ward:wardd:test", kNow}; }

  [[nodiscard]] std::string token() const { return *make_admin_token(signer(), claims()); }

  std::string name;
  Role role;
  crypto::PrivateKey key;
  std::vector<std::string> owns;
};

class RoutesTest : public testing::Test {
 protected:
  RoutesTest()
      : routes_(world_.service(),
                {.administrators = {first_.entry(), verifier_.entry(), hospital_.entry()},
                 .audience = "urn:ward:wardd:test",
                 .jwks = "{\"keys\":[]}",
                 .webhook_jwks = "{\"keys\":[1]}",
                 .ledger_key = "wardd.test/ledger+00+AA"},
                clock_, no_log()) {}

  HttpResponse ask(std::string method, std::string target, std::string_view token = {},
                   std::string_view body = {}) {
    HttpRequest request{std::move(method), std::move(target), {}, to_buffer(as_bytes(body))};
    if (!token.empty())
      request.headers.emplace_back("Authorization", "Bearer " + std::string(token));
    return routes_.answer(request);
  }

  static std::string text(const HttpResponse& reply) { return std::string(as_text(reply.body)); }

  World world_;
  FixedClock clock_;
  Person first_{"first", Role::kAdministrator, crypto::KeyType::kEd25519, {}};
  Person verifier_{"verifier", Role::kVerifierOwner, crypto::KeyType::kP256, {}};
  Person hospital_{"hospital", Role::kOwner, crypto::KeyType::kEd25519, {"hospital"}};
  Routes routes_;
};

TEST_F(RoutesTest, a_guest_goes_through_the_protocol_over_http) {
  world_.set_up();
  const Attester attester;
  auto client = attester.client();
  const auto auth = client.auth();
  ASSERT_TRUE(auth);
  const HttpResponse challenge = routes_.answer(*auth);
  EXPECT_THAT(std::string(challenge.header("Set-Cookie").value_or("")),
              HasSubstr("; Expires=Tue, 14 Nov 2023 22:18:20 GMT"));
  ASSERT_TRUE(client.on_challenge(challenge));
  const auto attest = client.attest(R"({"report_data":")" + to_hex(client.report_data()) + "\"}");
  ASSERT_TRUE(attest);
  ASSERT_TRUE(client.on_token(routes_.answer(*attest)));
  const auto get = client.get({"hospital", "key", "records"});
  ASSERT_TRUE(get);
  EXPECT_TRUE(client.on_resource(routes_.answer(*get)));

  const auto replay = routes_.answer(*attest);
  EXPECT_EQ(replay.status, 401U);
  EXPECT_THAT(text(replay), HasSubstr("\"detail\":\"kbs.nonce.unused: "));
  const auto absent = client.get({"hospital", "key", "none"});
  ASSERT_TRUE(absent);
  EXPECT_EQ(routes_.answer(*absent).status, 404U);
}

TEST_F(RoutesTest, an_owner_manages_his_repository_and_no_other) {
  const std::string token = hospital_.token();
  EXPECT_EQ(text(ask("POST", "/kbs/v0/resource/hospital/key/a", token, "secret")),
            "{\"version\":1}");
  EXPECT_EQ(ask("POST", "/kbs/v0/resource/vendor/key/a", token, "secret").status, 403U);
  EXPECT_EQ(ask("POST", "/v1/policy/results/vendor", token, broker::test_support::results_policy())
                .status,
            403U);
  EXPECT_EQ(
      ask("POST", "/v1/policy/evidence", token, broker::test_support::evidence_policy()).status,
      403U);
  EXPECT_EQ(
      ask("POST", "/v1/policy/results/hospital", token, broker::test_support::results_policy())
          .status,
      200U);
  EXPECT_EQ(ask("GET", "/v1/policy/results/hospital", token).status, 200U);
  EXPECT_EQ(ask("GET", "/v1/policy/results/vendor", token).status, 403U);
  EXPECT_EQ(ask("POST", "/kbs/v0/resource/vendor/key/a", first_.token(), "x").status, 200U);
  EXPECT_EQ(
      text(ask("GET", "/v1/resources", token)),
      R"({"schema":"ward.resources/1","resources":[{"path":"hospital/key/a","version":1,"releases":0,)"
      R"("written":"2023-11-14T22:13:20Z","expires":null,"expired":false,"lease_s":null,"rotate":""}],"next":""})");
  EXPECT_EQ(text(ask("GET", "/v1/resource/hospital/key/a", token)), "secret");
  EXPECT_EQ(ask("GET", "/v1/resource/vendor/key/a", token).status, 403U);
  EXPECT_EQ(ask("DELETE", "/kbs/v0/resource/hospital/key/a", token).status, 200U);
  EXPECT_EQ(ask("GET", "/v1/resource/hospital/key/a", token).status, 404U);
  EXPECT_EQ(ask("DELETE", "/kbs/v0/resource/hospital/key/a", token).status, 404U);
}

TEST_F(RoutesTest, the_verifiers_owner_sets_the_policy_for_evidence_only) {
  const std::string token = verifier_.token();
  EXPECT_EQ(
      ask("POST", "/v1/policy/evidence", token, broker::test_support::evidence_policy()).status,
      200U);
  EXPECT_EQ(text(ask("GET", "/v1/policy/evidence", token)),
            broker::test_support::evidence_policy());
  EXPECT_EQ(
      ask("POST", "/v1/policy/results/hospital", token, broker::test_support::results_policy())
          .status,
      403U);
  EXPECT_EQ(ask("POST", "/kbs/v0/resource/hospital/key/a", token, "x").status, 403U);
  EXPECT_EQ(
      text(ask("GET", "/v1/policies", token)),
      R"({"schema":"ward.policies/1","policies":[{"for":"evidence","version":1}],"next":""})");
}

TEST_F(RoutesTest, a_policy_that_does_not_parse_changes_nothing) {
  const auto wrong = ask("POST", "/v1/policy/evidence", verifier_.token(), "{\"schema\":1}");
  EXPECT_EQ(wrong.status, 400U);
  EXPECT_THAT(text(wrong), HasSubstr("line 1, column 11: schema: expected"));
  EXPECT_EQ(ask("GET", "/v1/policy/evidence", verifier_.token()).status, 404U);
}

TEST_F(RoutesTest, the_description_is_served_and_may_be_kept) {
  const HttpResponse reply = ask("GET", "/v1/openapi.json");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.header("Content-Type"), "application/json");
  EXPECT_EQ(reply.header("Cache-Control"), "public, max-age=300");
  const std::string tag(reply.header("ETag").value_or(""));
  const auto again = [&](const std::string& known) {
    return routes_.answer({"GET", "/v1/openapi.json", {{"If-None-Match", known}}, {}});
  };
  EXPECT_EQ(again(tag).status, 304U);
  EXPECT_EQ(again("\"x\", " + tag).status, 304U);
  EXPECT_TRUE(again(tag).body.empty());
  EXPECT_EQ(again(tag).header("ETag"), tag);
  EXPECT_EQ(again("\"x\"").status, 200U);
  EXPECT_TRUE(ask("GET", "/.well-known/jwks.json").header("ETag"));
}

TEST_F(RoutesTest, a_request_under_a_key_is_done_once) {
  World world(std::make_unique<KeyedStore>(store::make_memory_store()));
  const Routes routes(world.service(),
                      {.administrators = {verifier_.entry()},
                       .audience = "urn:ward:wardd:test",
                       .jwks = "{}",
                       .ledger_key = "",
                       .keyed = dynamic_cast<KeyedStore*>(&world.store())},
                      clock_, no_log());
  const auto post = [&](const std::string& path, const std::string& key, const std::string& body) {
    return routes.answer(
        {"POST",
         path,
         {{"Authorization", "Bearer " + verifier_.token()}, {"Idempotency-Key", key}},
         to_buffer(as_bytes(body))});
  };
  const std::string policy = broker::test_support::evidence_policy();
  const std::string path = "/v1/policy/evidence";
  for (int i = 0; i < 3; ++i) {
    const HttpResponse reply = post(path, "\"one\"", policy);
    EXPECT_EQ(text(reply), "{\"version\":1}");
    EXPECT_EQ(reply.header("Content-Type"), "application/json");
  }
  EXPECT_EQ(broker::test_support::leaves_of(world).size(), 1U);
  EXPECT_EQ(post(path, "\"one\"", policy + " ").status, 422U);
  EXPECT_EQ(text(post(path, "\"two\"", policy)), "{\"version\":2}");
  EXPECT_EQ(post(path, "\"three\"", "{}").status, 400U);
  EXPECT_EQ(text(post(path, "\"three\"", policy)), "{\"version\":3}");
  EXPECT_EQ(post(path, "three", policy).status, 400U);
  EXPECT_EQ(post("/v1/replay", "\"three\"", "{}").status, 400U);
  EXPECT_EQ(post("/v1/policy/results/hospital", "\"four\"", broker::test_support::results_policy())
                .status,
            403U);
  // Without a store that keeps keys nobody is told that his was heeded.
  const HttpResponse unkept = routes_.answer(
      {"POST",
       path,
       {{"Authorization", "Bearer " + verifier_.token()}, {"Idempotency-Key", "\"one\""}},
       to_buffer(as_bytes(policy))});
  EXPECT_EQ(unkept.status, 400U);
}

TEST_F(RoutesTest, errors_have_the_form_of_their_paths) {
  const auto type = [&](const char* method, const char* path) {
    return std::string(ask(method, path).header("Content-Type").value_or(""));
  };
  for (const char* path : {"/v1/x", "/v1/resources", "/v1/replay", "/v1/resources?x=1", "/"}) {
    EXPECT_EQ(type("GET", path), "application/problem+json") << path;
  }
  for (const char* path : {"/kbs/v0/x", "/kbs/v0/auth", "/kbs/v0/resource/a/b/c"}) {
    EXPECT_EQ(type("GET", path), "application/json") << path;
    EXPECT_THAT(text(ask("GET", path)), testing::StartsWith("{\"type\":\"https://")) << path;
  }
}

TEST_F(RoutesTest, every_own_route_names_its_methods_and_takes_no_other) {
  for (const OwnRoute& route : kOwnRoutes) {
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "x"}) {
      const HttpResponse reply = ask(method, std::string(route.path), first_.token(), "x");
      if (lists(route.methods, method)) {
        EXPECT_NE(reply.status, 405U) << method << route.path;
      } else {
        EXPECT_EQ(reply.status, 405U) << method << route.path;
        EXPECT_EQ(reply.header("Allow"), route.methods) << method << route.path;
      }
    }
  }
}

TEST_F(RoutesTest, a_query_is_read_strictly) {
  const auto asked = [&](const std::string& target) { return ask("GET", target, first_.token()); };
  EXPECT_EQ(asked("/v1/resources?limit=5").status, 200U);
  EXPECT_EQ(asked("/v1/policies?limit=5&after=x").status, 200U);
  for (const char* wrong :
       {"/v1/resources?limit=0", "/v1/policies?limit=x", "/v1/resources?since=x", "/v1/resources?a",
        "/v1/ledger/key?x=1", "/v1/resource/hospital/key/a?since=x"}) {
    EXPECT_EQ(asked(wrong).status, 400U) << wrong;
  }
}

TEST_F(RoutesTest, lists_are_given_in_pages) {
  const std::string token = first_.token();
  for (const char* tag : {"a", "b", "c"}) {
    ask("POST", "/kbs/v0/resource/hospital/key/" + std::string(tag), token, "x");
    ask("POST", "/v1/policy/results/" + std::string(tag), token,
        broker::test_support::results_policy());
  }
  ask("POST", "/v1/policy/evidence", token, broker::test_support::evidence_policy());
  const auto resources = [&](const std::string& query) {
    return text(ask("GET", "/v1/resources?" + query, token));
  };
  EXPECT_THAT(resources("limit=2"), HasSubstr(R"("next":"hospital/key/b")"));
  EXPECT_THAT(resources("limit=2&after=hospital/key/b"),
              HasSubstr(R"("resources":[{"path":"hospital/key/c")"));
  EXPECT_THAT(resources("limit=3"), HasSubstr(R"("next":"")"));
  EXPECT_THAT(resources("after=hospital%2Fkey%2Fc"), HasSubstr(R"("resources":[],"next":"")"));
  const auto policies = [&](const std::string& query) {
    return text(ask("GET", "/v1/policies?" + query, token));
  };
  EXPECT_THAT(policies("limit=1"),
              HasSubstr(R"([{"for":"evidence","version":1}],"next":"evidence")"));
  EXPECT_THAT(policies("limit=2&after=evidence"),
              HasSubstr(R"("repository":"b","version":1}],"next":"results/b")"));
  EXPECT_THAT(policies("limit=2&after=results/b"),
              HasSubstr(R"([{"for":"results","repository":"c","version":1}],"next":"")"));
}

TEST_F(RoutesTest, unknown_paths_and_methods_are_told_apart) {
  EXPECT_EQ(ask("GET", "/").status, 404U);
  EXPECT_EQ(ask("GET", "/kbs/v0/plugin/x").status, 404U);
  EXPECT_EQ(ask("GET", "/v1/x").status, 404U);
  EXPECT_EQ(ask("GET", "/kbs/v0/auth").status, 405U);
  EXPECT_EQ(ask("PUT", "/kbs/v0/resource/a/b/c").status, 405U);
  EXPECT_EQ(ask("POST", "/healthz").status, 405U);
  EXPECT_EQ(ask("GET", "/healthz").status, 200U);
  EXPECT_EQ(text(ask("GET", "/.well-known/jwks.json")), "{\"keys\":[]}");
  EXPECT_EQ(text(ask("GET", "/.well-known/webhook-jwks.json")), "{\"keys\":[1]}");
}

// Attacks on administrators' tokens; each differs from a good one in one thing.
TEST_F(RoutesTest, takes_no_administrators_token_but_a_good_one) {
  const auto status = [&](const std::string& token) {
    return ask("GET", "/v1/resources", token).status;
  };
  ASSERT_EQ(status(hospital_.token()), 200U);
  EXPECT_EQ(ask("GET", "/v1/resources").status, 401U);

  AdminClaims other = hospital_.claims();
  other.audience = "urn:ward:wardd:another";
  EXPECT_EQ(status(*make_admin_token(hospital_.signer(), other)), 401U);
  AdminClaims stale = hospital_.claims();
  stale.now = {kNow.seconds - kAdminTokenLife_s - kAdminSkew_s};
  EXPECT_EQ(status(*make_admin_token(hospital_.signer(), stale)), 401U);
  AdminClaims future = hospital_.claims();
  future.now = {kNow.seconds + kAdminSkew_s + 1};
  EXPECT_EQ(status(*make_admin_token(hospital_.signer(), future)), 401U);
  AdminClaims role = hospital_.claims();
  role.role = Role::kAdministrator;
  EXPECT_EQ(status(*make_admin_token(hospital_.signer(), role)), 401U);
  AdminClaims name = hospital_.claims();
  name.name = "first";  // the other's name under one's own key
  EXPECT_EQ(status(*make_admin_token(hospital_.signer(), name)), 401U);
  const Person stranger{"hospital", Role::kOwner, crypto::KeyType::kEd25519, {"hospital"}};
  EXPECT_EQ(status(stranger.token()), 401U);

  // A token that would live for ever, and one of another kind: a broker's attestation result.
  token::JwtClaims eternal;
  eternal.issuer = "hospital";
  eternal.audience = "urn:ward:wardd:test";
  eternal.issued = {kNow.seconds - 10000};
  eternal.expires = {kNow.seconds + 10000};
  eternal.extra_json = R"({"role":"owner"})";
  EXPECT_EQ(status(*token::sign_jwt(hospital_.signer(), eternal)), 401U);
  world_.set_up();
  const Attester attester;
  EXPECT_EQ(status(attested(broker::Broker(world_.service()), attester, kNow)), 401U);

  std::string flipped = hospital_.token();
  flipped.back() = flipped.back() == 'A' ? 'Q' : 'A';
  EXPECT_EQ(status(flipped), 401U);
  // "none", and HS256 keyed with the public key, in the header of a good token.
  const std::string good = hospital_.token();
  const std::string rest = good.substr(good.find('.'));
  for (const char* header : {R"({"alg":"none","typ":"JWT"})", R"({"alg":"HS256","typ":"JWT"})"}) {
    EXPECT_EQ(status(to_base64(as_bytes(header), Base64::kUrl) + rest), 401U);
  }
}

// kbs-client signs its time alone: good for whom the configuration says so, on the protocol's
// routes.
TEST_F(RoutesTest, a_token_of_kbs_client_is_taken_where_it_was_turned_on) {
  const Person trustee{"trustee", Role::kOwner, crypto::KeyType::kEd25519, {"hospital"}};
  const auto token = [&](std::int64_t issued) {
    token::JwtClaims claims;
    claims.issued = {kNow.seconds + issued};
    claims.not_before = claims.issued;
    claims.expires = {kNow.seconds + issued + 7200};
    return *token::sign_jwt(trustee.signer(), claims);
  };
  Administrator entry = trustee.entry();
  const auto status = [&](const std::string& method, const std::string& path,
                          const std::string& bearer) {
    const Routes routes(world_.service(),
                        {.administrators = {entry},
                         .audience = "urn:ward:wardd:test",
                         .jwks = "{}",
                         .ledger_key = ""},
                        clock_, no_log());
    return routes
        .answer({method, path, {{"Authorization", "Bearer " + bearer}}, to_buffer(as_bytes("x"))})
        .status;
  };
  const std::string path = "/kbs/v0/resource/hospital/key/a";
  EXPECT_EQ(status("POST", path, token(0)), 401U);
  entry.kbs_client = true;
  EXPECT_EQ(status("POST", path, token(0)), 200U);
  EXPECT_EQ(status("POST", path, token(-7100)), 200U);
  EXPECT_EQ(status("POST", path, token(-7300)), 401U);  // expired
  EXPECT_EQ(status("POST", path, token(100)), 401U);    // from the future
  EXPECT_EQ(status("POST", "/kbs/v0/resource/other/key/a", token(0)), 403U);
  EXPECT_EQ(status("GET", "/v1/resources", token(0)), 401U);
  EXPECT_EQ(status("POST", path, trustee.token()), 200U);
  const Person stranger{"trustee", Role::kOwner, crypto::KeyType::kEd25519, {"hospital"}};
  token::JwtClaims claims;
  claims.issued = kNow;
  claims.expires = {kNow.seconds + 7200};
  EXPECT_EQ(status("POST", path, *token::sign_jwt(stranger.signer(), claims)), 401U);
}

TEST_F(RoutesTest, metrics_and_log_name_no_resource) {
  std::string lines;
  const Log log = [&](std::string_view event, std::initializer_list<Field> fields) {
    lines += event;
    for (const auto& [name, value] : fields) {
      lines += " " + std::string(name) + "=" + value;
    }
    lines += "\n";
  };
  const Routes routes(world_.service(),
                      {.administrators = {hospital_.entry()},
                       .audience = "urn:ward:wardd:test",
                       .jwks = "{}",
                       .ledger_key = ""},
                      clock_, log);
  world_.set_up();
  const auto answer = [&](const char* method, const char* path) {
    const std::vector<protocol::Header> headers = {
        {"Authorization", "Bearer " + hospital_.token()}};
    return routes.answer({method, path, headers, to_buffer(as_bytes("{}"))});
  };
  for (const char* path :
       {"/kbs/v0/resource/hospital/key/records", "/v1/resource/hospital/key/records",
        "/v1/policy/results/hospital", "/hospital", "/kbs/v0/hospital"}) {
    for (const char* method : {"GET", "POST", "DELETE"}) {
      (void)answer(method, path);
    }
  }
  const HttpResponse metrics = answer("GET", "/metrics");
  EXPECT_EQ(metrics.status, 200U);
  EXPECT_EQ(metrics.header("content-type"), "text/plain; version=0.0.4");
  EXPECT_THAT(text(metrics),
              HasSubstr("ward_requests_total{route=\"/kbs/v0/resource\",status=\"200\"} 2"));
  for (const std::string& told : {text(metrics), lines}) {
    EXPECT_EQ(told.find("hospital"), std::string::npos) << told;
    EXPECT_EQ(told.find("records"), std::string::npos) << told;
  }
  EXPECT_EQ(answer("POST", "/metrics").status, 405U);
}

TEST_F(RoutesTest, who_has_no_genuine_token_leaves_nothing_behind) {
  const auto before = world_.store().revision();
  const Person stranger{"hospital", Role::kOwner, crypto::KeyType::kEd25519, {"hospital"}};
  for (const std::string& token : {std::string(), std::string("a.b.c"), stranger.token()}) {
    EXPECT_EQ(ask("POST", "/kbs/v0/resource/hospital/key/a", token, "x").status, 401U);
    EXPECT_EQ(ask("DELETE", "/kbs/v0/resource/hospital/key/a", token).status, 401U);
    EXPECT_EQ(ask("POST", "/v1/policy/evidence", token, "{}").status, 401U);
    EXPECT_EQ(ask("GET", "/v1/resource/hospital/key/a", token).status, 401U);
    EXPECT_EQ(ask("GET", "/kbs/v0/resource/hospital/key/a", token).status, 401U);
  }
  const auto after = world_.store().revision();
  ASSERT_TRUE(before && after);
  EXPECT_EQ(*before, *after);
}

TEST_F(RoutesTest, anybody_may_have_evidence_appraised) {
  world_.set_up();
  EXPECT_THAT(text(ask("POST", "/v1/nonce")), HasSubstr(R"({"schema":"ward.nonce/1","nonce":")"));
  EXPECT_EQ(ask("GET", "/v1/nonce").status, 405U);
  EXPECT_EQ(ask("POST", "/v1/nonce/more").status, 404U);
  EXPECT_EQ(ask("POST", "/v1/appraise", "", "{").status, 400U);
  const std::string data = to_hex(Buffer(64, 5));
  const HttpResponse reply = ask("POST", "/v1/appraise", "",
                                 R"({"audience":"a","evidence":{"report_data":")" + data +
                                     R"("},"report_data":")" + data + "\"}");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_THAT(text(reply), HasSubstr(R"({"schema":"ward.appraised/1","verdict":"accepted")"));
  EXPECT_THAT(text(ask("GET", "/metrics")),
              HasSubstr(R"(ward_requests_total{route="/v1/appraise",status="200"} 1)"));
}

TEST_F(RoutesTest, a_verifier_alone_has_no_resources) {
  world_.set_up();
  const Routes verifier(world_.service(),
                        {.administrators = {first_.entry()},
                         .audience = "urn:ward:wardd:test",
                         .jwks = "{\"keys\":[]}",
                         .ledger_key = "wardd.test/ledger+00+AA",
                         .appraise_only = true},
                        clock_, no_log());
  const std::string token = first_.token();
  const auto status = [&](std::string method, std::string target) {
    return verifier
        .answer({std::move(method), std::move(target), {{"Authorization", "Bearer " + token}}, {}})
        .status;
  };
  for (const char* path : {"/kbs/v0/auth", "/kbs/v0/attest", "/kbs/v0/resource/a/b/c",
                           "/v1/resource/a/b/c", "/v1/resources", "/v1/policy/results/a"}) {
    EXPECT_EQ(status("GET", path), 404U) << path;
    EXPECT_EQ(status("POST", path), 404U) << path;
  }
  EXPECT_EQ(status("GET", "/v1/policy/evidence"), 200U);
  EXPECT_EQ(status("POST", "/v1/nonce"), 200U);
}

TEST(HttpDate, writes_rfc_9110) {
  EXPECT_EQ(http_date({784111777}), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date({0}), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace
}  // namespace ward::server
