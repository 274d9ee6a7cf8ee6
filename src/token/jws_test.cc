#include "token/jws.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/mac.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "token/jwk.h"

namespace ward::token {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

template <class T>
Errc code(const Result<T>& r) {
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

std::string url(std::string_view text) { return to_base64(as_bytes(text), Base64::kUrl); }

PrivateKey private_key(KeyType type, std::string_view seed) {
  crypto::SeededRng rng(as_bytes(seed));
  auto key = PrivateKey::generate(type, rng);
  EXPECT_TRUE(key);
  return *std::move(key);
}

class JwsTest : public testing::Test {
 protected:
  // Signs any header with the right key, so that only the header can be the reason of a refusal.
  [[nodiscard]] std::string with_header(std::string_view header,
                                        std::string_view payload = "{}") const {
    const std::string text = url(header) + '.' + url(payload);
    return text + '.' + to_base64(*signer_.sign(as_bytes(text)), Base64::kUrl);
  }

  PrivateKey key_ = private_key(KeyType::kP256, "jws test");
  JwsSigner signer_ = signer_of(key_);
  JwsKey trusted_{JwsAlgorithm::kEs256, key_.public_key(), thumbprint(key_.public_key())};
};

TEST_F(JwsTest, every_native_algorithm_signs_what_verifies) {
  for (const KeyType type : {KeyType::kP256, KeyType::kP384, KeyType::kP521, KeyType::kEd25519}) {
    const PrivateKey key = private_key(type, "native");
    const JwsSigner signer = signer_of(key);
    const auto token = sign_jws(signer, "JWT", as_bytes("payload"));
    ASSERT_TRUE(token);
    const auto verified =
        verify_jws(*token, {signer.algorithm, key.public_key(), signer.kid}, {.typ = "jwt"});
    ASSERT_TRUE(verified) << verified.error().what();
    EXPECT_EQ(as_text(verified->payload), "payload");
    EXPECT_EQ(verified->header.find("alg")->as_string(), to_text(signer.algorithm));
    const PrivateKey other = private_key(type, "other");
    EXPECT_EQ(code(verify_jws(*token, {signer.algorithm, other.public_key(), ""})),
              Errc::kUntrusted);
  }
}

TEST_F(JwsTest, the_header_is_written_in_a_fixed_order) {
  signer_.kid = "k";
  const std::string token = *sign_jws(signer_, "JWT", {});
  EXPECT_EQ(token.substr(0, token.find('.')), url(R"({"alg":"ES256","kid":"k","typ":"JWT"})"));
}

// RFC 7515 appendix A.3.
TEST_F(JwsTest, the_example_of_rfc_7515_verifies) {
  const auto jwk = parse_jwk(
      as_bytes(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
               R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})"));
  ASSERT_TRUE(jwk);
  const std::string token =
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
      "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
      "pmWQxfKTUJqPP3-Kg6NU1Q";
  EXPECT_TRUE(verify_jws(token, *jws_key(*jwk)));
}

// RFC 8037 appendix A.4 and A.5.
TEST_F(JwsTest, the_example_of_rfc_8037_verifies) {
  const auto jwk = parse_jwk(as_bytes(
      R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"));
  ASSERT_TRUE(jwk);
  const auto verified = verify_jws(
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
      *jws_key(*jwk));
  ASSERT_TRUE(verified);
  EXPECT_EQ(as_text(verified->payload), "Example of Ed25519 signing");
}

struct HeaderCase {
  const char* name;
  const char* header;
  Errc want;
};

TEST_F(JwsTest, headers_that_must_be_refused_though_the_signature_is_right) {
  const std::vector<HeaderCase> cases = {
      {"none", R"({"alg":"none"})", Errc::kUnsupported},
      {"none_upper", R"({"alg":"NONE"})", Errc::kUnsupported},
      {"hs256", R"({"alg":"HS256"})", Errc::kUnsupported},
      {"es384", R"({"alg":"ES384"})", Errc::kUnsupported},
      {"lower_case", R"({"alg":"es256"})", Errc::kUnsupported},
      {"no_alg", R"({"kid":"k"})", Errc::kMalformed},
      {"alg_number", R"({"alg":1})", Errc::kMalformed},
      {"alg_twice", R"({"alg":"ES256","alg":"ES256"})", Errc::kMalformed},
      {"alg_twice_escaped", R"({"alg":"ES256","\u0061lg":"none"})", Errc::kMalformed},
      {"array", R"(["ES256"])", Errc::kMalformed},
      {"trailing", R"({"alg":"ES256"}{})", Errc::kMalformed},
      {"empty", "", Errc::kMalformed},
      {"crit_unknown", R"({"alg":"ES256","crit":["x"],"x":1})", Errc::kUnsupported},
      {"crit_b64", R"({"alg":"ES256","crit":["b64"],"b64":false})", Errc::kUnsupported},
      {"crit_empty", R"({"alg":"ES256","crit":[]})", Errc::kUnsupported},
      {"b64", R"({"alg":"ES256","b64":true})", Errc::kUnsupported},
      {"jwk", R"({"alg":"ES256","jwk":{}})", Errc::kDenied},
      {"jku", R"({"alg":"ES256","jku":"https://a.test"})", Errc::kDenied},
      {"x5u", R"({"alg":"ES256","x5u":"https://a.test"})", Errc::kDenied},
      {"x5c", R"({"alg":"ES256","x5c":[]})", Errc::kDenied},
      {"other_kid", R"({"alg":"ES256","kid":"another"})", Errc::kUntrusted},
      {"kid_number", R"({"alg":"ES256","kid":1})", Errc::kMalformed},
      {"typ_number", R"({"alg":"ES256","typ":1})", Errc::kMalformed},
  };
  ASSERT_TRUE(verify_jws(with_header(R"({"alg":"ES256"})"), trusted_));
  for (const HeaderCase& c : cases)
    EXPECT_EQ(code(verify_jws(with_header(c.header), trusted_)), c.want) << c.name;
}

TEST_F(JwsTest, embedded_keys_are_passed_over_only_where_the_caller_says_so) {
  for (const char* member : {R"("jwk":{"kty":"oct","k":"AA"})", R"("jku":"https://a.test")",
                             R"("x5u":"https://a.test")", R"("x5c":["AA=="])"}) {
    const std::string token = with_header(std::string(R"({"alg":"ES256",)") + member + '}');
    EXPECT_EQ(code(verify_jws(token, trusted_)), Errc::kDenied) << member;
    EXPECT_TRUE(verify_jws(token, trusted_, {.ignore_embedded_key = true})) << member;
  }
}

// The attacker signs with a key of its own and sends that key along.
TEST_F(JwsTest, an_embedded_key_is_never_used) {
  const PrivateKey attacker = private_key(KeyType::kP256, "attacker");
  const std::string header =
      R"({"alg":"ES256","jwk":)" + to_json(Jwk{attacker.public_key(), {}, {}, {}, {}}) + '}';
  const std::string text = url(header) + '.' + url("{}");
  const std::string token =
      text + '.' + to_base64(*signer_of(attacker).sign(as_bytes(text)), Base64::kUrl);
  EXPECT_EQ(code(verify_jws(token, trusted_)), Errc::kDenied);
  EXPECT_EQ(code(verify_jws(token, trusted_, {.ignore_embedded_key = true})), Errc::kUntrusted);
}

TEST_F(JwsTest, hs256_keyed_with_our_public_key_is_refused) {
  const std::string text = url(R"({"alg":"HS256"})") + '.' + url("{}");
  for (const Buffer& key : {key_.public_key().to_spki(), key_.public_key().to_ec_xy(),
                            to_buffer(as_bytes(to_json(Jwk{key_.public_key(), {}, {}, {}, {}})))}) {
    const auto mac = crypto::hmac(crypto::Hash::kSha256, key, as_bytes(text));
    EXPECT_EQ(code(verify_jws(text + '.' + to_base64(mac, Base64::kUrl), trusted_)),
              Errc::kUnsupported);
  }
}

TEST_F(JwsTest, none_without_a_signature_is_refused) {
  EXPECT_EQ(code(verify_jws(url(R"({"alg":"none"})") + '.' + url("{}") + '.', trusted_)),
            Errc::kUnsupported);
}

TEST_F(JwsTest, typ_is_compared_where_it_is_wanted) {
  const auto with_typ = [&](const char* typ) {
    return with_header(std::string(R"({"alg":"ES256","typ":")") + typ + "\"}");
  };
  for (const char* typ : {"JWT", "jwt", "application/jwt", "Application/JWT"})
    EXPECT_TRUE(verify_jws(with_typ(typ), trusted_, {.typ = "JWT"})) << typ;
  EXPECT_EQ(code(verify_jws(with_typ("eat+jwt"), trusted_, {.typ = "JWT"})), Errc::kDenied);
  EXPECT_EQ(code(verify_jws(with_header(R"({"alg":"ES256"})"), trusted_, {.typ = "JWT"})),
            Errc::kDenied);
}

TEST_F(JwsTest, r_or_s_of_zero_or_of_the_order_and_above_is_refused) {
  const Buffer zero(32, 0);
  const Buffer order =
      *from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const Buffer ones(32, 0xff);
  const std::string text = url(R"({"alg":"ES256"})") + '.' + url("{}");
  const Buffer good = *signer_.sign(as_bytes(text));
  const Bytes r = Bytes(good).first(32);
  const Bytes s = Bytes(good).subspan(32);
  const auto judge = [&](Bytes a, Bytes b) {
    return verify_jws(text + '.' + to_base64(concat({a, b}), Base64::kUrl), trusted_);
  };
  ASSERT_TRUE(judge(r, s));
  for (const Buffer& bad : {zero, order, ones}) {
    EXPECT_EQ(code(judge(bad, s)), Errc::kUntrusted);
    EXPECT_EQ(code(judge(r, bad)), Errc::kUntrusted);
    EXPECT_EQ(code(judge(bad, bad)), Errc::kUntrusted);
  }
  EXPECT_EQ(code(judge(r, s.first(31))), Errc::kUntrusted);
  EXPECT_EQ(code(judge(good, zero)), Errc::kUntrusted);
  EXPECT_EQ(code(judge({}, {})), Errc::kUntrusted);
}

TEST_F(JwsTest, every_truncation_and_every_flipped_bit_is_refused) {
  const std::string token = *sign_jws(signer_, "JWT", as_bytes("payload"));
  for (std::size_t n = 0; n < token.size(); ++n)
    EXPECT_FALSE(verify_jws(std::string_view(token).substr(0, n), trusted_)) << n;
  for (std::size_t bit = 0; bit < 8 * token.size(); ++bit) {
    std::string changed = token;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(verify_jws(changed, trusted_)) << bit;
  }
}

TEST_F(JwsTest, forms_that_are_no_compact_jws_are_refused) {
  const std::string token = *sign_jws(signer_, "", as_bytes("payload"));
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("a.b"), token + ".",
        token + "=", token + "\n", " " + token, "." + token, token + "." + token}) {
    EXPECT_EQ(code(verify_jws(bad, trusted_)), Errc::kMalformed) << bad;
  }
}

TEST_F(JwsTest, bounds_hold_at_the_limit_and_one_above) {
  EXPECT_EQ(code(verify_jws(std::string(kMaxJwsBytes, 'a'), trusted_)), Errc::kMalformed);
  EXPECT_EQ(code(verify_jws(std::string(kMaxJwsBytes + 1, 'a'), trusted_)), Errc::kLimit);
  EXPECT_EQ(code(verify_jws(std::string(kMaxHeaderBytes, 'a') + "..", trusted_)), Errc::kMalformed);
  EXPECT_EQ(code(verify_jws(std::string(kMaxHeaderBytes + 1, 'a') + "..", trusted_)), Errc::kLimit);
  EXPECT_EQ(code(sign_jws(signer_, "", Buffer(kMaxJwsBytes, 0))), Errc::kLimit);
}

TEST_F(JwsTest, a_set_of_keys_is_chosen_from_by_kid_alone) {
  const PrivateKey other = private_key(KeyType::kP256, "other");
  const std::vector<JwsKey> keys = {
      {JwsAlgorithm::kEs256, other.public_key(), thumbprint(other.public_key())}, trusted_};
  EXPECT_TRUE(verify_jws_any(*sign_jws(signer_, "", {}), keys));
  EXPECT_TRUE(verify_jws_any(*sign_jws(signer_of(other), "", {}), keys));
  signer_.kid = keys[0].kid;  // ours, under the other's name
  EXPECT_EQ(code(verify_jws_any(*sign_jws(signer_, "", {}), keys)), Errc::kUntrusted);
  signer_.kid = "nobody";
  EXPECT_EQ(code(verify_jws_any(*sign_jws(signer_, "", {}), keys)), Errc::kUntrusted);
  signer_.kid.clear();
  EXPECT_EQ(code(verify_jws_any(*sign_jws(signer_, "", {}), keys)), Errc::kUntrusted);
  EXPECT_TRUE(verify_jws_any(*sign_jws(signer_, "", {}), std::span(&keys[1], 1)));
  EXPECT_EQ(code(verify_jws_any(*sign_jws(signer_, "", {}), {})), Errc::kUntrusted);
}

TEST_F(JwsTest, a_key_of_another_type_than_its_algorithm_verifies_nothing) {
  const JwsKey odd{JwsAlgorithm::kEdDsa, key_.public_key(), ""};
  EXPECT_EQ(code(verify_jws(with_header(R"({"alg":"EdDSA"})"), odd)), Errc::kUntrusted);
}

TEST_F(JwsTest, a_key_says_what_it_may_be_used_for) {
  Jwk jwk{key_.public_key(), "k", "", "", {}};
  EXPECT_EQ(jws_key(jwk)->algorithm, JwsAlgorithm::kEs256);
  jwk.alg = "ES256";
  EXPECT_TRUE(jws_key(jwk));
  jwk.alg = "ES384";
  EXPECT_EQ(code(jws_key(jwk)), Errc::kUnsupported);
  jwk.alg = "ECDH-ES+A256KW";
  EXPECT_EQ(code(jws_key(jwk)), Errc::kUnsupported);
  jwk.alg.clear();
  jwk.use = "enc";
  EXPECT_EQ(code(jws_key(jwk)), Errc::kDenied);
  jwk.use.clear();
  jwk.key_ops = {"sign"};
  EXPECT_EQ(code(jws_key(jwk)), Errc::kDenied);
  jwk.key_ops = {"verify"};
  EXPECT_TRUE(jws_key(jwk));
}

TEST(Jws, one_of_two_types_will_do_where_the_caller_says_so) {
  crypto::SeededRng rng(as_bytes("typ"));
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
  ASSERT_TRUE(key);
  const JwsKey trusted{JwsAlgorithm::kEs256, key->public_key(), ""};
  for (const char* typ : {"JWT", "eat+jwt", "application/EAT+JWT", "other", ""}) {
    const auto token = sign_jws(signer_of(*key), typ, as_bytes("{}"));
    ASSERT_TRUE(token);
    const auto either = verify_jws(*token, trusted, {.typ = "JWT", .or_typ = "eat+jwt"});
    const bool known = std::string_view(typ) != "other" && *typ != 0;
    EXPECT_EQ(either.has_value(), known) << typ;
    EXPECT_TRUE(either || either.error().code() == Errc::kDenied) << typ;
    EXPECT_EQ(verify_jws(*token, trusted, {.typ = "JWT"}).has_value(),
              std::string_view(typ) == "JWT");
    // A key without a name is meant whatever the token calls it, where it is the only one.
    EXPECT_TRUE(verify_jws_any(*token, {&trusted, 1}));
    const JwsKey two[] = {trusted, trusted};
    EXPECT_FALSE(verify_jws_any(*token, two));
  }
}

}  // namespace
}  // namespace ward::token
