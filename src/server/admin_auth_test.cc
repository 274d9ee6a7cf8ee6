#include "server/admin_auth.h"

#include <gtest/gtest.h>

#include "crypto/rng.h"
#include "crypto/sign.h"
#include "server/key_file.h"
#include "token/jwt.h"

namespace ward::server {
namespace {

constexpr UnixTime kNow{1'800'000'000};
constexpr std::string_view kAudience = "urn:ward:wardd:this";

// An administrator whom kbs-client's tokens prove, and what becomes of a token of his key.
class KbsClient : public testing::Test {
 protected:
  KbsClient() {
    people_.front().key = verifier_of(key_.public_key());
    people_.front().kbs_client = true;
  }

  [[nodiscard]] token::JwsSigner signer() const { return signer_of(key_); }

  [[nodiscard]] std::string sign_in(const std::string& token, TokenForm form) const {
    const auto actor =
        authenticate({.bearer = token, .certificates = {}},
                     {.administrators = people_, .providers = {}, .client_trust = {}},
                     {.audience = kAudience, .form = form, .now = kNow});
    return actor ? actor->sign_in : "refused";
  }

  // What Trustee's tools sign: times, and whatever else their configuration says.
  [[nodiscard]] std::string theirs(std::string audience, std::string extra) const {
    token::JwtClaims claims;
    claims.issued = kNow;
    claims.expires = {kNow.seconds + kKbsClientTokenLife_s};
    claims.audience = std::move(audience);
    claims.extra_json = std::move(extra);
    return *token::sign_jwt(signer(), claims);
  }

  [[nodiscard]] std::string own(std::string_view audience, broker::Role role) const {
    return *make_admin_token(
        signer(),
        {.name = "trustee", .role = role, .audience = std::string(audience), .now = kNow});
  }

  crypto::SystemRng rng_;
  crypto::PrivateKey key_ = *crypto::PrivateKey::generate(crypto::KeyType::kEd25519, rng_);
  std::vector<Administrator> people_ = {{.actor = {"trustee", broker::Role::kOwner, {"hospital"}}}};
};

TEST_F(KbsClient, its_tokens_are_taken_on_the_protocols_routes_alone) {
  for (const char* extra : {"", R"({"role":"kbs-admin"})"}) {
    for (const char* audience : {"", "https://trustee.example"}) {
      EXPECT_EQ(sign_in(theirs(audience, extra), TokenForm::kKbs), "kbs-client");
      EXPECT_EQ(sign_in(theirs(audience, extra), TokenForm::kOwn), "refused");
    }
  }
}

TEST_F(KbsClient, a_token_for_another_ward_server_or_role_is_none_of_its) {
  EXPECT_EQ(sign_in(own(kAudience, broker::Role::kOwner), TokenForm::kKbs), "key");
  EXPECT_EQ(sign_in(own("urn:ward:wardd:other", broker::Role::kOwner), TokenForm::kKbs), "refused");
  EXPECT_EQ(sign_in(own(kAudience, broker::Role::kAdministrator), TokenForm::kKbs), "refused");
  EXPECT_EQ(sign_in(theirs("urn:ward:wardd:other", ""), TokenForm::kKbs), "refused");
  EXPECT_EQ(sign_in(theirs("", R"({"role":"owner"})"), TokenForm::kKbs), "refused");
}

}  // namespace
}  // namespace ward::server
