#include "server/oidc.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json.h"
#include "crypto/digest.h"
#include "crypto/rng.h"
#include "token/jws.h"

namespace ward::server {
namespace {

using broker::Role;
using crypto::KeyType;
using testing::HasSubstr;
using token::JwsAlgorithm;

constexpr UnixTime kNow{1'800'000'000};
constexpr const char* kIssuer = "https://login.example/realm";
constexpr const char* kAudience = "urn:ward:hospital";

// FixedKeys is an issuer whose keys do not change.
class FixedKeys final : public OidcKeys {
 public:
  explicit FixedKeys(std::vector<token::Jwk> keys) : keys_(std::move(keys)) {}

  [[nodiscard]] Result<std::vector<token::Jwk>> keys(const std::string&,
                                                     std::optional<std::string_view> kid,
                                                     UnixTime) const override {
    if (down) return Error(Errc::kUnavailable, "test: down");
    std::vector<token::Jwk> out;
    for (const token::Jwk& key : keys_) {
      if (!kid || key.kid == *kid) out.push_back(key);
    }
    if (out.empty()) return Error(Errc::kUntrusted, "test: no such key");
    return out;
  }

  bool down = false;

 private:
  std::vector<token::Jwk> keys_;
};

crypto::PrivateKey new_key(KeyType type) {
  crypto::SystemRng rng;
  return *crypto::PrivateKey::generate(type, rng);
}

token::Jwk public_jwk(const crypto::PrivateKey& key) {
  const auto half = key.public_key();
  return {half, token::thumbprint(half), "", "sig", {}};
}

OidcRule rule(std::vector<std::string> claim, std::string value, Role role,
              std::vector<std::string> repositories = {}) {
  return {std::move(claim), std::move(value), {"", role, std::move(repositories)}};
}

OidcProvider provider() {
  return {.name = "corp",
          .issuer = kIssuer,
          .audience = kAudience,
          .token = OidcToken::kAccessToken,
          .clients = {"ward-cli", "robot"},
          .algorithms = {JwsAlgorithm::kEs256, JwsAlgorithm::kEdDsa, JwsAlgorithm::kPs256,
                         JwsAlgorithm::kRs256},
          .max_age_s = 3600,
          .times = {},
          .rules = {rule({"groups"}, "owners", Role::kOwner, {"hospital"}),
                    rule({"realm", "roles"}, "audit", Role::kAuditor),
                    {{"sub"}, "root", {"first", Role::kAdministrator, {}}}}};
}

// The claims of a good access token, with some in place of others.
std::string claims_with(const std::string& name = {}, const std::string& value = {}) {
  std::vector<std::pair<std::string, std::string>> all = {
      {"iss", "\"" + std::string(kIssuer) + "\""},
      {"aud", "\"" + std::string(kAudience) + "\""},
      {"sub", "\"alice\""},
      {"client_id", "\"ward-cli\""},
      {"iat", std::to_string(kNow.seconds - 60)},
      {"exp", std::to_string(kNow.seconds + 600)},
      {"jti", "\"1\""},
      {"groups", R"(["others","owners"])"}};
  std::string out;
  bool found = name.empty();
  for (const auto& [known, text] : all) {
    const bool here = known == name;
    found = found || here;
    if (here && value.empty()) continue;
    out += (out.empty() ? "{\"" : ",\"") + known + "\":" + (here ? value : text);
  }
  if (!found) out += ",\"" + name + "\":" + value;
  return out + "}";
}

class OidcTest : public testing::Test {
 protected:
  [[nodiscard]] std::string signed_token(const std::string& claims,
                                         std::string_view typ = "at+jwt") const {
    return *token::sign_jws(token::signer_of(key_), typ, as_bytes(claims));
  }

  [[nodiscard]] broker::Answer<broker::Actor> ask(std::string_view token,
                                                  Bytes certificate = {}) const {
    return oidc_actor({.token = token, .certificate = certificate, .now = kNow}, provider_, keys_);
  }

  [[nodiscard]] std::string why(std::string_view token) const {
    const auto actor = ask(token);
    EXPECT_FALSE(actor) << token;
    return actor ? std::string("accepted") : actor.error().body.detail;
  }

  crypto::PrivateKey key_ = new_key(KeyType::kP256);
  crypto::PrivateKey other_ = new_key(KeyType::kP256);
  crypto::PrivateKey edwards_ = new_key(KeyType::kEd25519);
  OidcProvider provider_ = provider();
  FixedKeys keys_{{public_jwk(key_), public_jwk(edwards_)}};
};

TEST_F(OidcTest, an_access_token_makes_an_actor_of_the_first_rule_that_fits) {
  const auto owner = ask(signed_token(claims_with()));
  ASSERT_TRUE(owner) << owner.error().body.detail;
  EXPECT_EQ(owner->name, "corp:alice");
  EXPECT_EQ(owner->role, Role::kOwner);
  EXPECT_EQ(owner->repositories, std::vector<std::string>{"hospital"});
  const auto both = ask(signed_token(claims_with("realm", R"({"roles":["audit"]})")));
  ASSERT_TRUE(both);
  EXPECT_EQ(both->role, Role::kOwner);
  std::string nested = claims_with("realm", R"({"roles":["audit"]})");
  nested.replace(nested.find("owners\""), 7, "nobody\"");
  const auto auditor = ask(signed_token(nested));
  ASSERT_TRUE(auditor) << auditor.error().body.detail;
  EXPECT_EQ(auditor->role, Role::kAuditor);
}

TEST_F(OidcTest, a_rule_of_one_person_names_him) {
  std::string claims = claims_with("sub", "\"root\"");
  claims.replace(claims.find("owners\""), 7, "nobody\"");
  const auto actor = ask(signed_token(claims));
  ASSERT_TRUE(actor) << actor.error().body.detail;
  EXPECT_EQ(actor->name, "first");
  EXPECT_EQ(actor->role, Role::kAdministrator);
}

TEST_F(OidcTest, granted_rules_are_asked_where_none_of_the_configuration_fits) {
  std::string claims = claims_with("realm", R"({"roles":["granted"]})");
  claims.replace(claims.find("owners\""), 7, "nobody\"");
  int asked = 0;
  const GrantedRules granted = [&](const OidcProvider&) -> Result<std::vector<OidcRule>> {
    ++asked;
    return std::vector<OidcRule>{rule({"realm", "roles"}, "granted", Role::kAuditor)};
  };
  const auto with = [&](const std::string& token, const GrantedRules& rules) {
    return oidc_actor({.token = token, .certificate = {}, .now = kNow}, provider_, keys_, rules);
  };
  const auto actor = with(signed_token(claims), granted);
  ASSERT_TRUE(actor) << actor.error().body.detail;
  EXPECT_EQ(actor->name, "corp:alice");
  EXPECT_EQ(actor->role, Role::kAuditor);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(with(signed_token(claims_with()), granted)->role, Role::kOwner);
  const auto forged = *token::sign_jws(token::signer_of(other_), "at+jwt", as_bytes(claims));
  EXPECT_FALSE(with(forged, granted));
  EXPECT_EQ(asked, 1);
  const auto failing = with(signed_token(claims), [](const OidcProvider&) {
    return Result<std::vector<OidcRule>>(Error(Errc::kUnavailable, "test: no store"));
  });
  ASSERT_FALSE(failing);
  EXPECT_EQ(failing.error().status, 503U);
}

TEST_F(OidcTest, every_algorithm_of_the_list_and_no_other) {
  const token::JwsSigner edwards = token::signer_of(edwards_);
  const std::string good = *token::sign_jws(edwards, "at+jwt", as_bytes(claims_with()));
  EXPECT_TRUE(ask(good));
  provider_.algorithms = {JwsAlgorithm::kEs256};
  EXPECT_THAT(why(good), HasSubstr("alg is not one of those"));
  EXPECT_TRUE(ask(signed_token(claims_with())));
}

TEST_F(OidcTest, rsa_keys_sign_with_both_paddings_unless_they_name_one) {
  const auto made = crypto::PrivateKey::generate_rsa(2048);
  ASSERT_TRUE(made);
  const crypto::PrivateKey& rsa = *made;
  token::Jwk jwk = public_jwk(rsa);
  const auto with = [&](JwsAlgorithm algorithm, crypto::SignatureAlgorithm native) {
    const token::JwsSigner signer{algorithm, jwk.kid,
                                  [&rsa, native](Bytes m) { return rsa.sign(native, m); }};
    return *token::sign_jws(signer, "at+jwt", as_bytes(claims_with()));
  };
  const std::string pkcs1 = with(JwsAlgorithm::kRs256, crypto::SignatureAlgorithm::kRsaPkcs1Sha256);
  const std::string pss = with(JwsAlgorithm::kPs256, crypto::SignatureAlgorithm::kRsaPssSha256);
  const auto accepted = [&](const std::string& token) {
    const FixedKeys keys({jwk});
    return oidc_actor({.token = token, .certificate = {}, .now = kNow}, provider_, keys)
        .has_value();
  };
  EXPECT_TRUE(accepted(pkcs1));
  EXPECT_TRUE(accepted(pss));
  jwk.alg = "PS256";
  EXPECT_FALSE(accepted(pkcs1));
  EXPECT_TRUE(accepted(pss));
  jwk.use = "enc";
  EXPECT_FALSE(accepted(pss));
}

// Each differs from a good token in one claim.
TEST_F(OidcTest, refuses_each_claim_that_is_wrong_with_its_reason) {
  const auto at = [](std::int64_t from_now) { return std::to_string(kNow.seconds + from_now); };

  const struct {
    const char* claim;
    std::string value;
    const char* reason;
  } kCases[] = {
      {"iss", "\"https://login.example\"", "jwt: another issuer"},
      {"aud", "\"ward-cli\"", "jwt: another audience"},
      {"aud", R"(["a","b"])", "jwt: another audience"},
      {"aud", "", "jwt: aud"},
      {"exp", at(-30), "jwt: expired"},
      {"exp", "", "jwt: no exp"},
      {"exp", at(600) + ".5", "jwt: a time is not a whole number"},
      {"nbf", at(31), "jwt: not yet valid"},
      {"iat", at(31), "jwt: issued in the future"},
      {"iat", at(-3631), "jwt: too old"},
      {"iat", "", "jwt: no iat"},
      {"client_id", "\"game\"", "oidc: the token is of another client"},
      {"client_id", "", "oidc: client_id"},
      {"client_id", "1", "oidc: client_id"},
      {"azp", "\"game\"", "oidc: the token is of another client"},
      {"azp", "[]", "oidc: azp"},
      {"events", "{}", "oidc: a token about events"},
      {"cnf", R"({"jkt":"x"})", "oidc: the token is bound to a key in a way"},
      {"cnf", "\"x\"", "oidc: the token is bound to a key in a way"},
      {"sub", "", "oidc: sub"},
      {"sub", "\"\"", "oidc: sub"},
      {"sub", "\"a b\"", "oidc: sub"},
      {"sub", "\"" + std::string(129, 'a') + "\"", "oidc: sub"},
      {"sub", "7", "oidc: sub"},
      {"groups", R"(["owner"])", "oidc: no rule"},
      {"groups", R"([["owners"]])", "oidc: no rule"},
      {"groups", R"({"owners":true})", "oidc: no rule"},
      {"groups", "true", "oidc: no rule"},
  };

  for (const auto& row : kCases) {
    EXPECT_THAT(why(signed_token(claims_with(row.claim, row.value))), HasSubstr(row.reason))
        << row.claim << " " << row.value;
  }
  EXPECT_TRUE(ask(signed_token(claims_with("nbf", at(30)))));
  EXPECT_TRUE(ask(signed_token(claims_with("iat", at(-3630)))));
  EXPECT_TRUE(ask(signed_token(claims_with("azp", "\"robot\""))));
  EXPECT_TRUE(ask(signed_token(claims_with("sub", "\"" + std::string(128, 'a') + "\""))));
}

TEST_F(OidcTest, refuses_headers_and_signatures_that_are_wrong) {
  const auto part = [](std::string_view text) { return to_base64(as_bytes(text), Base64::kUrl); };
  const std::string kid = token::thumbprint(key_.public_key());
  const std::string good = signed_token(claims_with());
  const std::string rest = good.substr(good.find('.'));
  const auto with_header = [&](const std::string& header) { return part(header) + rest; };
  EXPECT_THAT(why(with_header(R"({"alg":"none","typ":"at+jwt"})")), HasSubstr("alg is not one"));
  EXPECT_THAT(why(part(R"({"alg":"none"})") + "." + part(claims_with()) + "."),
              HasSubstr("alg is not one"));
  EXPECT_THAT(why(with_header(R"({"alg":"HS256","kid":")" + kid + "\"}")),
              HasSubstr("alg is not one"));
  EXPECT_THAT(why(with_header(R"({"alg":"ES384","kid":")" + kid + "\"}")),
              HasSubstr("alg is not one"));
  // Another algorithm of the list than the key's type, so that a key is not taken for another kind.
  EXPECT_THAT(why(with_header(R"({"alg":"RS256","typ":"at+jwt","kid":")" + kid + "\"}")),
              HasSubstr("jws: alg is not the one of the key"));
  EXPECT_THAT(why(with_header(R"({"alg":"ES256","typ":"at+jwt","kid":"x"})")),
              HasSubstr("no such key"));
  EXPECT_THAT(why(with_header(R"({"alg":"ES256","typ":"at+jwt","kid":1})")), HasSubstr("jws: kid"));
  EXPECT_THAT(why(with_header(R"({"alg":"ES256","kid":")" + kid + R"(","jwk":{}})")),
              HasSubstr("jws: the header brings a key"));
  EXPECT_THAT(why(with_header(R"({"alg":"ES256","kid":")" + kid + R"(","crit":["b64"]})")),
              HasSubstr("jws: crit"));
  EXPECT_THAT(why("nonsense"), HasSubstr("header is malformed"));
  EXPECT_THAT(why(std::string(kMaxOidcTokenBytes + 1, 'a')), HasSubstr("too long"));
  token::JwsSigner forger = token::signer_of(other_);
  forger.kid = kid;
  EXPECT_THAT(why(*token::sign_jws(forger, "at+jwt", as_bytes(claims_with()))),
              HasSubstr("jws: signature"));
}

TEST_F(OidcTest, an_access_token_and_an_id_token_are_not_taken_for_each_other) {
  EXPECT_THAT(why(signed_token(claims_with(), "JWT")), HasSubstr("no access token"));
  EXPECT_THAT(why(signed_token(claims_with(), "")), HasSubstr("no access token"));
  EXPECT_THAT(why(signed_token(claims_with(), "logout+jwt")), HasSubstr("no access token"));
  EXPECT_TRUE(ask(signed_token(claims_with(), "application/AT+JWT")));
  provider_.token = OidcToken::kIdToken;
  EXPECT_THAT(why(signed_token(claims_with())), HasSubstr("no ID token"));
  EXPECT_TRUE(ask(signed_token(claims_with(), "JWT")));
  EXPECT_TRUE(ask(signed_token(claims_with(), "")));
}

TEST_F(OidcTest, an_id_token_is_for_exactly_one_client) {
  provider_.token = OidcToken::kIdToken;
  const std::string two = "[\"" + std::string(kAudience) + "\",\"game\"]";
  EXPECT_THAT(why(signed_token(claims_with("aud", two), "JWT")), HasSubstr("and no azp"));
  EXPECT_THAT(why(signed_token(claims_with("azp", "\"game\""), "JWT")),
              HasSubstr("another client (azp)"));
  std::string both = claims_with("aud", two);
  both.insert(1, "\"azp\":\"" + std::string(kAudience) + "\",");
  EXPECT_TRUE(ask(signed_token(both, "JWT")));
}

TEST_F(OidcTest, a_token_that_is_bound_to_a_certificate_counts_with_it_alone) {
  const Buffer certificate = {1, 2, 3};
  const std::string digest = to_base64(crypto::sha256(certificate), Base64::kUrl);
  const std::string bound = signed_token(claims_with("cnf", R"({"x5t#S256":")" + digest + "\"}"));
  const auto actor = ask(bound, certificate);
  ASSERT_TRUE(actor);
  EXPECT_EQ(actor->sign_in, kBoundSignIn);
  EXPECT_EQ(ask(signed_token(claims_with("azp", "\"ward-cli\"")), certificate)->sign_in,
            kOidcSignIn);
  EXPECT_THAT(why(bound), HasSubstr("another client certificate"));
  EXPECT_FALSE(ask(bound, Buffer{1, 2, 4}));
}

TEST_F(OidcTest, tells_apart_what_nobody_could_tell) {
  keys_.down = true;
  const auto actor = ask(signed_token(claims_with()));
  ASSERT_FALSE(actor);
  EXPECT_EQ(actor.error().status, 503U);
  EXPECT_EQ(actor.error().checks, std::vector<std::string>{"kbs.admin.issuer_keys"});
}

TEST_F(OidcTest, no_refusal_holds_what_the_token_says) {
  for (const char* claim : {"iss", "aud", "sub", "client_id", "azp"}) {
    const auto refused = ask(signed_token(claims_with(claim, "\"<evil name>\"")));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().body.detail.find("evil"), std::string::npos);
    EXPECT_TRUE(refused.error().found.empty());
  }
}

TEST_F(OidcTest, the_provider_is_chosen_by_the_issuer_alone) {
  const std::vector<OidcProvider> all = {provider_};
  EXPECT_EQ(provider_of(signed_token(claims_with()), all), all.data());
  EXPECT_EQ(provider_of(signed_token(claims_with("iss", "\"first\"")), all), nullptr);
  for (const char* text : {"", ".", "..", "a", "a.b", "e30.e30.", "e30.bnVsbA.x"}) {
    EXPECT_EQ(provider_of(text, all), nullptr) << text;
  }
}

TEST(OidcRuleTest, a_rule_without_claim_or_value_fits_nobody) {
  const auto claims = codec::parse_json(as_bytes(R"({"a":""})"));
  ASSERT_TRUE(claims);
  EXPECT_FALSE(fits(rule({}, "x", Role::kAuditor), *claims));
  EXPECT_FALSE(fits(rule({"a"}, "", Role::kAuditor), *claims));
}

}  // namespace
}  // namespace ward::server
