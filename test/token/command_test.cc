#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "codec/pem.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "test/support/program.h"
#include "token/ear.h"
#include "token/ear_cwt.h"
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

  static Ear ear(bool development = false) {
    EarSubmod submod;
    submod.vector = {.executables = 2, .hardware = development ? std::int8_t{0} : std::int8_t{2}};
    submod.verdict = "accepted";
    submod.development = development;
    submod.nonce = to_buffer(as_bytes("noncenonce"));
    submod.runtime_data_json = R"({"nonce":"bm9uY2Vub25jZQ=="})";
    submod.tcb_status = "UpToDate";
    submod.checks = {{.id = "a.one", .outcome = "passed"},
                     {.id = "a.two", .outcome = "not_done", .found = "x\x1b[31m"}};
    return {.issuer = "wardd.test",
            .audience = "broker.test",
            .issued = {1700000000},
            .expires = {1700000300},
            .submods = {submod}};
  }

  [[nodiscard]] std::string token(bool development = false) const {
    return *sign_ear(signer_of(key_), ear(development));
  }

  [[nodiscard]] std::string token_of(const crypto::PrivateKey& key, EarProfile profile) const {
    if (profile != EarProfile::kCwt) return *sign_ear(signer_of(key), ear(), profile);
    return std::string(as_text(*sign_ear_cwt(signer_of(key), ear())));
  }

  [[nodiscard]] std::string pem(const crypto::PrivateKey& key) const {
    return write("key.pem", codec::to_pem("PUBLIC KEY", key.public_key().to_spki()));
  }

  Ran verify(const std::string& text, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {WARD_PROGRAM, "token", "verify", write("token", text)};
    const std::vector<std::pair<std::string, std::string>> usual = {
        {"--jwks", jwks_}, {"--issuer", "wardd.test"}, {"--at", "2023-11-14T22:15:00Z"}};
    const bool keyed = std::find(more.begin(), more.end(), "--key") != more.end();
    for (const auto& [name, value] : usual) {
      if (std::find(more.begin(), more.end(), name) != more.end()) continue;
      if (keyed && name == "--jwks") continue;
      arguments.push_back(name);
      arguments.push_back(value);
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return test::run_program(arguments);
  }

  static crypto::PrivateKey make_key(std::string_view seed,
                                     crypto::KeyType type = crypto::KeyType::kP256) {
    crypto::SeededRng rng(as_bytes(seed));
    return *crypto::PrivateKey::generate(type, rng);
  }

  crypto::PrivateKey key_ = make_key("token command");

 private:
  fs::path folder_;
  std::string jwks_;
};

TEST_F(TokenCommandTest, an_affirming_result_is_accepted) {
  const Ran ran = verify(token(), {"--audience", "broker.test", "--nonce", "bm9uY2Vub25jZQ"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out,
            "cpu0: affirming\n"
            "  vector: executables 2 (affirming), hardware 2 (affirming)\n"
            "  verdict: accepted\n"
            "  tcb: UpToDate\n"
            "  policy: default\n"
            "  checks: 1 of 2 passed (ward checks: what each is)\n"
            "  not done: a.two, found x?[31m\n"
            "accepted until 2023-11-14T22:18:20Z\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(verify(token() + "\n").exit, 0);
}

TEST_F(TokenCommandTest, a_development_result_is_refused_unless_allowed) {
  const Ran ran = verify(token(true));
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.out.substr(0, ran.out.find('\n')), "cpu0: affirming, development");
  EXPECT_EQ(ran.err, "ward: error: ear: a development platform\n");
  EXPECT_EQ(verify(token(true), {"--allow-development"}).exit, 0);
}

TEST_F(TokenCommandTest, each_profile_and_algorithm_is_read_under_a_key_in_pem) {
  using crypto::KeyType;
  for (const KeyType type : {KeyType::kP256, KeyType::kP384, KeyType::kEd25519}) {
    const crypto::PrivateKey key = make_key("signer", type);
    for (const EarProfile profile : {EarProfile::kTrustee, EarProfile::kIetf, EarProfile::kCwt}) {
      const Ran ran =
          verify(token_of(key, profile), {"--key", pem(key), "--json", "--nonce",
                                          "bm9uY2Vub25jZQ==", "--audience", "broker.test"});
      EXPECT_EQ(ran.exit, 0) << ran.err;
      const auto told = codec::parse_json(as_bytes(ran.out));
      ASSERT_TRUE(told);
      EXPECT_EQ(told->find("profile")->as_string(), to_text(profile));
      EXPECT_EQ(told->find("submods")->items()[0].find("vector")->find("hardware")->as_int(), 2);
      EXPECT_EQ(told->find("submods")->items()[0].find("checks")->items().size(), 2U);
      EXPECT_TRUE(told->find("not_compared")->items().empty());
    }
  }
}

TEST_F(TokenCommandTest, a_cwt_is_read_in_base64_too) {
  const std::string cwt = token_of(key_, EarProfile::kCwt);
  for (const Base64 alphabet : {Base64::kStandard, Base64::kUrl}) {
    const Ran ran = verify(to_base64(as_bytes(cwt), alphabet) + "\n", {"--json"});
    EXPECT_EQ(ran.exit, 0) << ran.err;
    EXPECT_NE(ran.out.find(R"("profile": "cwt")"), std::string::npos) << ran.out;
  }
  EXPECT_EQ(verify(to_base64(as_bytes(cwt.substr(2)), Base64::kStandard)).exit, 1);
}

TEST_F(TokenCommandTest, what_was_not_compared_is_said) {
  const Ran ran = test::run_program({WARD_PROGRAM, "token", "verify", write("token", token()),
                                     "--key", pem(key_), "--at", "2023-11-14T22:15:00Z"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_NE(ran.out.find("\nnot compared: issuer, audience, nonce\n"), std::string::npos);
}

TEST_F(TokenCommandTest, another_nonce_is_refused) {
  for (const EarProfile profile : {EarProfile::kTrustee, EarProfile::kIetf, EarProfile::kCwt}) {
    const Ran ran = verify(token_of(key_, profile), {"--nonce", "b3RoZXJub25jZQ=="});
    EXPECT_EQ(ran.exit, 1);
    EXPECT_EQ(ran.err, "ward: error: ear: the nonce is not the expected one, or not there\n");
  }
}

TEST_F(TokenCommandTest, keys_are_named_by_thumbprint_where_there_are_several) {
  const std::string other =
      write("other.pem", codec::to_pem("PUBLIC KEY", make_key("other").public_key().to_spki()));
  EXPECT_EQ(verify(token(), {"--key", pem(key_), "--key", other}).exit, 0);
  const Ran ran = verify(token(), {"--key", other});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_NE(ran.err.find("jws: signature"), std::string::npos) << ran.err;
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
  EXPECT_EQ(verify(token(), {"--key", "/nonexistent"}).exit, 3);
  EXPECT_EQ(verify(token(), {"--key", write("no.pem", "no key")}).exit, 2);
  const Ran keyless = test::run_program({WARD_PROGRAM, "token", "verify", write("token", token())});
  EXPECT_EQ(keyless.exit, 2);
  EXPECT_NE(keyless.err.find("no key of the issuer"), std::string::npos) << keyless.err;
  std::string cwt = token_of(key_, EarProfile::kCwt);
  EXPECT_EQ(verify(cwt.substr(0, cwt.size() - 1)).exit, 1);
  cwt.back() = static_cast<char>(cwt.back() ^ 1);
  EXPECT_EQ(verify(cwt).exit, 1);
}

}  // namespace
}  // namespace ward::token
