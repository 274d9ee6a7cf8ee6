#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "crypto/rng.h"
#include "crypto/sign.h"
#include "test/support/program.h"
#include "token/ear.h"
#include "token/jwk.h"

namespace ward::token {
namespace {

namespace fs = std::filesystem;

using Ran = test::ProgramResult;

class TokenCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ward-token-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    const std::vector<Jwk> keys = {
        {key_.public_key(), thumbprint(key_.public_key()), "ES256", "sig", {}}};
    jwks_ = write("jwks", to_jwks_json(keys));
  }

  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }

  [[nodiscard]] std::string token(bool development = false) const {
    EarSubmod submod;
    submod.vector = {.executables = 2, .hardware = development ? std::int8_t{0} : std::int8_t{2}};
    submod.verdict = "accepted";
    submod.development = development;
    return *sign_ear(signer_of(key_), {.issuer = "wardd.test",
                                       .audience = "broker.test",
                                       .issued = {1700000000},
                                       .expires = {1700000300},
                                       .submods = {submod}});
  }

  Ran verify(const std::string& text, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {WARD_PROGRAM, "token", "verify", write("token", text)};
    const std::vector<std::pair<std::string, std::string>> usual = {
        {"--jwks", jwks_}, {"--issuer", "wardd.test"}, {"--at", "2023-11-14T22:15:00Z"}};
    for (const auto& [name, value] : usual) {
      if (std::find(more.begin(), more.end(), name) != more.end()) continue;
      arguments.push_back(name);
      arguments.push_back(value);
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return test::run_program(arguments);
  }

  static crypto::PrivateKey make_key(std::string_view seed) {
    crypto::SeededRng rng(as_bytes(seed));
    return *crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
  }

  crypto::PrivateKey key_ = make_key("token command");

 private:
  fs::path folder_;
  std::string jwks_;
};

TEST_F(TokenCommandTest, an_affirming_result_is_accepted) {
  const Ran ran = verify(token(), {"--audience", "broker.test"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out, "cpu0: affirming\naccepted until 2023-11-14T22:18:20Z\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(verify(token() + "\n").exit, 0);
}

TEST_F(TokenCommandTest, a_development_result_is_refused_unless_allowed) {
  const Ran ran = verify(token(true));
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.out, "cpu0: affirming, development\n");
  EXPECT_EQ(ran.err, "ward: error: ear: a development platform\n");
  EXPECT_EQ(verify(token(true), {"--allow-development"}).exit, 0);
}

TEST_F(TokenCommandTest, json_says_the_same) {
  const Ran ran = verify(token(true), {"--json"});
  EXPECT_EQ(ran.exit, 1);
  const auto parsed = codec::parse_json(as_bytes(ran.out));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->find("schema")->as_string(), "ward.token/1");
  EXPECT_EQ(parsed->find("verdict")->as_string(), "refused");
  EXPECT_EQ(parsed->find("submods")->items()[0].find("development")->as_bool(), true);
}

TEST_F(TokenCommandTest, what_is_wrong_is_refused_and_what_is_absent_cannot_be_told) {
  EXPECT_EQ(verify(token(), {"--audience", "other.test"}).exit, 1);
  EXPECT_EQ(verify(token(), {"--issuer", "other.test"}).exit, 1);
  EXPECT_EQ(verify(token(), {"--at", "2023-11-14T22:30:00Z"}).exit, 1);
  EXPECT_EQ(verify(token(), {"--at", "2023-11-14T22:00:00Z"}).exit, 1);
  EXPECT_EQ(verify("no token").exit, 1);
  const crypto::PrivateKey other = make_key("another");
  EXPECT_EQ(verify(*sign_jws(signer_of(other), "JWT", as_bytes("{}"))).exit, 1);
  EXPECT_EQ(verify(token(), {"--at", "today"}).exit, 2);
  EXPECT_EQ(verify(token(), {"--jwks", "/nonexistent"}).exit, 3);
}

}  // namespace
}  // namespace ward::token
