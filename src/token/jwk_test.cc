#include "token/jwk.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ward::token {
namespace {

template <class T>
Errc code(const Result<T>& r) {
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

constexpr const char* kP256 =
    R"({"crv":"P-256","kty":"EC","x":"UIJzusTDaaRM6CJcjTzR0sX2qbxl__1LHhHPKamBBkY",)"
    R"("y":"XTSEJxzjFvDtF3sPDf9f-mhigrwL3UlIe0ax6PVF9I8"})";

// RFC 7638 section 3.1.
constexpr const char* kRsa =
    R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aP)"
    R"(FFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5)"
    R"(v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-)"
    R"(bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",)"
    R"("e":"AQAB","alg":"RS256","kid":"2011-04-29"})";

// RFC 8037 appendix A.2 and A.3.
constexpr const char* kEd25519 =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

TEST(Jwk, thumbprints_of_the_standards) {
  EXPECT_EQ(thumbprint(parse_jwk(as_bytes(kRsa))->key),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  EXPECT_EQ(thumbprint(parse_jwk(as_bytes(kEd25519))->key),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST(Jwk, keys_are_written_canonically_and_read_back) {
  EXPECT_EQ(to_json(*parse_jwk(as_bytes(kP256))), kP256);
  for (const char* text : {kP256, kRsa, kEd25519}) {
    const auto jwk = parse_jwk(as_bytes(text));
    ASSERT_TRUE(jwk);
    const auto again = parse_jwk(as_bytes(to_json(*jwk)));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->key.to_spki(), jwk->key.to_spki());
    EXPECT_EQ(again->kid, jwk->kid);
    EXPECT_EQ(again->alg, jwk->alg);
  }
  Jwk jwk = *parse_jwk(as_bytes(kEd25519));
  jwk.kid = "a\"b";
  jwk.use = "sig";
  jwk.key_ops = {"verify", "x"};
  EXPECT_EQ(to_json(jwk),
            R"({"crv":"Ed25519","key_ops":["verify","x"],"kid":"a\"b","kty":"OKP","use":"sig",)"
            R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
}

struct Case {
  const char* name;
  std::string json;
  Errc want;
};

TEST(Jwk, keys_that_are_refused) {
  const std::string x = "UIJzusTDaaRM6CJcjTzR0sX2qbxl__1LHhHPKamBBkY";
  const std::string y = "XTSEJxzjFvDtF3sPDf9f-mhigrwL3UlIe0ax6PVF9I8";
  const auto ec = [](const std::string& crv, const std::string& a, const std::string& b,
                     const std::string& more = "") {
    return R"({"kty":"EC","crv":")" + crv + R"(","x":")" + a + R"(","y":")" + b + "\"" + more + "}";
  };
  const std::vector<Case> cases = {
      {"empty", "", Errc::kMalformed},
      {"array", "[]", Errc::kMalformed},
      {"no_kty", "{}", Errc::kMalformed},
      {"kty_number", R"({"kty":1})", Errc::kMalformed},
      {"oct", R"({"kty":"oct","k":"AA"})", Errc::kDenied},
      {"akp", R"({"kty":"AKP"})", Errc::kUnsupported},
      {"crv_unknown", ec("secp256k1", x, y), Errc::kUnsupported},
      {"crv_other", ec("P-384", x, y), Errc::kMalformed},
      {"off_the_curve", ec("P-256", x, x), Errc::kMalformed},
      {"zero", ec("P-256", std::string(43, 'A'), std::string(43, 'A')), Errc::kMalformed},
      {"short_x", ec("P-256", "AA", y), Errc::kMalformed},
      {"padded", ec("P-256", x + "=", y), Errc::kMalformed},
      {"standard_base64", ec("P-256", "UIJzusTDaaRM6CJcjTzR0sX2qbxl//1LHhHPKamBBkY", y),
       Errc::kMalformed},
      {"loose_last_bits", ec("P-256", "UIJzusTDaaRM6CJcjTzR0sX2qbxl__1LHhHPKamBBkZ", y),
       Errc::kMalformed},
      {"private", ec("P-256", x, y, R"(,"d":"AA")"), Errc::kDenied},
      {"twice", ec("P-256", x, y, R"(,"kty":"EC")"), Errc::kMalformed},
      {"kid_number", ec("P-256", x, y, R"(,"kid":1)"), Errc::kMalformed},
      {"key_ops_text", ec("P-256", x, y, R"(,"key_ops":"verify")"), Errc::kMalformed},
      {"key_ops_empty", ec("P-256", x, y, R"(,"key_ops":[])"), Errc::kMalformed},
      {"x25519", R"({"kty":"OKP","crv":"X25519","x":"AA"})", Errc::kUnsupported},
      {"ed25519_short", R"({"kty":"OKP","crv":"Ed25519","x":"AA"})", Errc::kMalformed},
      {"rsa_small", R"({"kty":"RSA","n":"zzzz","e":"AQAB"})", Errc::kLimit},
      {"rsa_not_minimal", R"({"kty":"RSA","n":"AAAA","e":"AQAB"})", Errc::kMalformed},
      {"rsa_no_e", R"({"kty":"RSA","n":"zzzz"})", Errc::kMalformed},
  };
  for (const Case& c : cases)
    EXPECT_EQ(code(parse_jwk(as_bytes(c.json))), c.want) << c.name;
}

TEST(Jwk, bounds_hold_at_the_limit_and_one_above) {
  const auto padded = [](std::size_t size) {
    std::string text(kP256);
    return text + std::string(size - text.size(), ' ');
  };
  EXPECT_TRUE(parse_jwk(as_bytes(padded(kMaxJwkBytes))));
  EXPECT_EQ(code(parse_jwk(as_bytes(padded(kMaxJwkBytes + 1)))), Errc::kLimit);
  const auto set = [](std::size_t keys) {
    std::string out = R"({"keys":[)";
    for (std::size_t i = 0; i < keys; ++i)
      out += std::string(i == 0 ? "" : ",") + kP256;
    return out + "]}";
  };
  EXPECT_EQ(parse_jwks(as_bytes(set(kMaxJwksKeys)))->size(), kMaxJwksKeys);
  EXPECT_EQ(code(parse_jwks(as_bytes(set(kMaxJwksKeys + 1)))), Errc::kLimit);
}

TEST(Jwk, a_set_passes_over_kinds_that_are_not_ours_and_refuses_broken_keys) {
  const auto set = [](const std::string& keys) {
    return parse_jwks(as_bytes(R"({"keys":[)" + keys + "]}"));
  };
  EXPECT_EQ(set("")->size(), 0U);
  EXPECT_EQ(set(std::string(kP256) + R"(,{"kty":"AKP"},)" + kEd25519)->size(), 2U);
  EXPECT_EQ(code(set(R"({"kty":"EC","crv":"P-256"})")), Errc::kMalformed);
  EXPECT_EQ(code(set(R"({"kty":"oct","k":"AA"})")), Errc::kDenied);
  EXPECT_EQ(code(set("1")), Errc::kMalformed);
  EXPECT_EQ(code(set(std::string(kRsa) + "," + kRsa)), Errc::kMalformed);  // one kid twice
  EXPECT_EQ(code(parse_jwks(as_bytes("{}"))), Errc::kMalformed);
  EXPECT_EQ(code(parse_jwks(as_bytes(R"({"keys":{}})"))), Errc::kMalformed);
  const auto keys = set(std::string(kRsa) + "," + kEd25519);
  EXPECT_EQ(parse_jwks(as_bytes(to_jwks_json(*keys)))->size(), 2U);
}

}  // namespace
}  // namespace ward::token
