#include "server/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
            {token::native_algorithm(key.type()), key.public_key(),
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
      R"({"schema":"ward.resources/1","resources":[{"path":"hospital/key/a","version":1,"releases":0}]})");
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
  EXPECT_EQ(text(ask("GET", "/v1/policies", token)),
            R"({"schema":"ward.policies/1","policies":[{"for":"evidence","version":1}]})");
}

TEST_F(RoutesTest, a_policy_that_does_not_parse_changes_nothing) {
  const auto wrong = ask("POST", "/v1/policy/evidence", verifier_.token(), "{\"schema\":1}");
  EXPECT_EQ(wrong.status, 400U);
  EXPECT_THAT(text(wrong), HasSubstr("line 1, column 11: schema: expected"));
  EXPECT_EQ(ask("GET", "/v1/policy/evidence", verifier_.token()).status, 404U);
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

TEST(HttpDate, writes_rfc_9110) {
  EXPECT_EQ(http_date({784111777}), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date({0}), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace
}  // namespace ward::server
