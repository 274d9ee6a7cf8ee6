#include "token/jwt.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/rng.h"
#include "crypto/sign.h"

namespace ward::token {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;

template <class T>
Errc code(const Result<T>& r) {
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

crypto::PrivateKey private_key(std::string_view seed) {
  crypto::SeededRng rng(as_bytes(seed));
  auto key = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
  EXPECT_TRUE(key);
  return *std::move(key);
}

class JwtTest : public testing::Test {
 protected:
  [[nodiscard]] std::string token(std::string_view claims) const {
    return *sign_jws(signer_, "JWT", as_bytes(claims));
  }

  [[nodiscard]] Result<VerifiedJwt> verify(std::string_view jwt) const {
    return verify_jwt(jwt, std::span(&trusted_, 1), expected_);
  }

  crypto::PrivateKey key_ = private_key("jwt test");
  JwsSigner signer_ = signer_of(key_);
  JwsKey trusted_{JwsAlgorithm::kEs256, key_.public_key(), thumbprint(key_.public_key())};
  JwtExpectations expected_{.issuer = std::string("iss"),
                            .audience = std::string("aud"),
                            .now = {kNow},
                            .max_age_s = std::nullopt,
                            .rules = {.typ = "JWT"}};
};

TEST_F(JwtTest, what_sign_jwt_writes_verifies) {
  const auto jwt = sign_jwt(signer_, {.issuer = "iss",
                                      .subject = "sub",
                                      .audience = "aud",
                                      .id = "id",
                                      .issued = UnixTime{kNow},
                                      .not_before = UnixTime{kNow},
                                      .expires = {kNow + 60},
                                      .extra_json = R"({"role":"kbs-admin","n":[1]})"});
  ASSERT_TRUE(jwt);
  const auto verified = verify(*jwt);
  ASSERT_TRUE(verified) << verified.error().what();
  EXPECT_EQ(as_text(verified->payload),
            R"({"iss":"iss","sub":"sub","aud":"aud","exp":1800000060,"nbf":1800000000,)"
            R"("iat":1800000000,"jti":"id","role":"kbs-admin","n":[1]})");
  EXPECT_EQ(verified->expires, (UnixTime{kNow + 60}));
  EXPECT_EQ(verified->issued, (UnixTime{kNow}));
  EXPECT_EQ(verified->claims.find("role")->as_string(), "kbs-admin");
}

TEST_F(JwtTest, further_claims_may_not_name_a_registered_one_again) {
  for (const char* extra : {"[]", "1", "{", R"({"exp":1})", R"({"iss":"x"})", R"({"aud":"x"})"}) {
    EXPECT_EQ(code(sign_jwt(signer_, {.expires = {kNow}, .extra_json = extra})), Errc::kMalformed)
        << extra;
  }
}

struct Case {
  const char* name;
  const char* claims;
  std::optional<Errc> want;
};

TEST_F(JwtTest, claims_are_judged_one_by_one) {
  const std::vector<Case> cases = {
      {"good", R"({"iss":"iss","aud":"aud","exp":1800000001})", std::nullopt},
      {"aud_list", R"({"iss":"iss","aud":["x","aud"],"exp":1800000001})", std::nullopt},
      {"not_json", R"({"iss")", Errc::kMalformed},
      {"not_an_object", R"(["iss"])", Errc::kMalformed},
      {"twice", R"({"iss":"iss","aud":"aud","exp":1800000001,"exp":1900000000})", Errc::kMalformed},
      {"iss_absent", R"({"aud":"aud","exp":1800000001})", Errc::kMalformed},
      {"iss_other", R"({"iss":"Iss","aud":"aud","exp":1800000001})", Errc::kDenied},
      {"iss_longer", R"({"iss":"iss ","aud":"aud","exp":1800000001})", Errc::kDenied},
      {"iss_list", R"({"iss":["iss"],"aud":"aud","exp":1800000001})", Errc::kMalformed},
      {"aud_absent", R"({"iss":"iss","exp":1800000001})", Errc::kMalformed},
      {"aud_other", R"({"iss":"iss","aud":"au","exp":1800000001})", Errc::kDenied},
      {"aud_list_other", R"({"iss":"iss","aud":["x"],"exp":1800000001})", Errc::kDenied},
      {"aud_list_empty", R"({"iss":"iss","aud":[],"exp":1800000001})", Errc::kDenied},
      {"aud_list_number", R"({"iss":"iss","aud":["aud",1],"exp":1800000001})", Errc::kMalformed},
      {"aud_number", R"({"iss":"iss","aud":1,"exp":1800000001})", Errc::kMalformed},
      {"exp_absent", R"({"iss":"iss","aud":"aud"})", Errc::kMalformed},
      {"exp_now", R"({"iss":"iss","aud":"aud","exp":1800000000})", Errc::kStale},
      {"exp_past", R"({"iss":"iss","aud":"aud","exp":1})", Errc::kStale},
      {"exp_text", R"({"iss":"iss","aud":"aud","exp":"1800000001"})", Errc::kMalformed},
      {"exp_fraction", R"({"iss":"iss","aud":"aud","exp":1800000001.5})", Errc::kMalformed},
      {"exp_negative", R"({"iss":"iss","aud":"aud","exp":-1})", Errc::kMalformed},
      {"exp_huge", R"({"iss":"iss","aud":"aud","exp":18446744073709551615})", Errc::kMalformed},
      {"exp_int64_max", R"({"iss":"iss","aud":"aud","exp":9223372036854775807})", Errc::kMalformed},
      {"nbf_now", R"({"iss":"iss","aud":"aud","exp":1800000001,"nbf":1800000000})", std::nullopt},
      {"nbf_future", R"({"iss":"iss","aud":"aud","exp":1800000009,"nbf":1800000001})",
       Errc::kStale},
      {"nbf_text", R"({"iss":"iss","aud":"aud","exp":1800000001,"nbf":""})", Errc::kMalformed},
      {"iat_now", R"({"iss":"iss","aud":"aud","exp":1800000001,"iat":1800000000})", std::nullopt},
      {"iat_future", R"({"iss":"iss","aud":"aud","exp":1800000009,"iat":1800000001})",
       Errc::kStale},
      {"iat_null", R"({"iss":"iss","aud":"aud","exp":1800000001,"iat":null})", Errc::kMalformed},
  };
  for (const Case& c : cases) {
    const auto verified = verify(token(c.claims));
    if (c.want) {
      EXPECT_EQ(code(verified), *c.want) << c.name;
    } else {
      EXPECT_TRUE(verified) << c.name;
    }
  }
}

TEST_F(JwtTest, skew_moves_each_bound_by_as_much) {
  expected_.skew_s = 10;
  const auto judge = [&](const std::string& times) {
    return verify(token(R"({"iss":"iss","aud":"aud",)" + times + "}"));
  };
  EXPECT_TRUE(judge(R"("exp":1799999991)"));
  EXPECT_EQ(code(judge(R"("exp":1799999990)")), Errc::kStale);
  EXPECT_TRUE(judge(R"("exp":1800000100,"nbf":1800000010,"iat":1800000010)"));
  EXPECT_EQ(code(judge(R"("exp":1800000100,"nbf":1800000011)")), Errc::kStale);
  EXPECT_EQ(code(judge(R"("exp":1800000100,"iat":1800000011)")), Errc::kStale);
  for (const std::int64_t bad : {-1, 301}) {
    expected_.skew_s = bad;
    EXPECT_EQ(code(judge(R"("exp":1800000100)")), Errc::kLimit);
  }
  expected_.skew_s = 300;
  EXPECT_TRUE(judge(R"("exp":1800000100)"));
}

TEST_F(JwtTest, expiry_grace_moves_the_expiry_alone) {
  expected_.expiry_grace_s = 100;
  const auto judge = [&](const std::string& times) {
    return verify(token(R"({"iss":"iss","aud":"aud",)" + times + "}"));
  };
  EXPECT_TRUE(judge(R"("exp":1799999901)"));
  EXPECT_EQ(code(judge(R"("exp":1799999900)")), Errc::kStale);
  EXPECT_EQ(code(judge(R"("exp":1800000100,"nbf":1800000001)")), Errc::kStale);
  EXPECT_EQ(code(judge(R"("exp":1800000100,"iat":1800000001)")), Errc::kStale);
  for (const std::int64_t bad : {-1, 604'801}) {
    expected_.expiry_grace_s = bad;
    EXPECT_EQ(code(judge(R"("exp":1800000100)")), Errc::kLimit);
  }
  expected_.expiry_grace_s = 604'800;
  EXPECT_TRUE(judge(R"("exp":1799395201)"));
  EXPECT_EQ(code(judge(R"("exp":1799395200)")), Errc::kStale);
}

TEST_F(JwtTest, max_age_needs_iat_and_bounds_it) {
  expected_.max_age_s = 60;
  const auto judge = [&](const std::string& iat) {
    return verify(token(R"({"iss":"iss","aud":"aud","exp":1800000100)" + iat + "}"));
  };
  EXPECT_TRUE(judge(R"(,"iat":1799999940)"));
  EXPECT_EQ(code(judge(R"(,"iat":1799999939)")), Errc::kStale);
  EXPECT_EQ(code(judge("")), Errc::kMalformed);
}

TEST_F(JwtTest, unchecked_compares_nothing) {
  expected_.issuer = Unchecked{};
  expected_.audience = Unchecked{};
  EXPECT_TRUE(verify(token(R"({"exp":1800000001})")));
  EXPECT_EQ(code(verify(token(R"({"exp":1800000000})"))), Errc::kStale);
}

TEST_F(JwtTest, another_key_and_another_typ_are_refused) {
  const crypto::PrivateKey other = private_key("other");
  JwsSigner stranger = signer_of(other);
  stranger.kid = signer_.kid;
  const std::string claims = R"({"iss":"iss","aud":"aud","exp":1800000001})";
  EXPECT_EQ(code(verify(*sign_jws(stranger, "JWT", as_bytes(claims)))), Errc::kUntrusted);
  EXPECT_EQ(code(verify(*sign_jws(signer_, "eat+jwt", as_bytes(claims)))), Errc::kDenied);
  EXPECT_EQ(code(verify(*sign_jws(signer_, "", as_bytes(claims)))), Errc::kDenied);
}

}  // namespace
}  // namespace ward::token
