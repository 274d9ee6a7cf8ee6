// jwcrypto opens what we seal and verifies what we sign, and the other way round.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/json.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "test/support/vectors.h"
#include "token/ear.h"
#include "token/jwe.h"
#include "token/jwk.h"
#include "token/jws.h"

namespace ward::token {
namespace {

namespace fs = std::filesystem;
using crypto::KeyType;
using crypto::PrivateKey;

struct Ran {
  int code = -1;
  std::string out;
};

class JoseTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ward-jose-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    if (jose({"probe"}).code != 0) {
      ASSERT_FALSE(test::required("jwcrypto")) << "WARD_REQUIRE=jwcrypto, but it is not there";
      GTEST_SKIP() << "no jwcrypto: install python3-jwcrypto";
    }
  }

  void TearDown() override { fs::remove_all(folder_); }

  // Debian's own Python, which has Debian's packages, before any other of that name.
  Ran jose(std::vector<std::string> arguments) const {
    const std::string out = (folder_ / "out").string();
    arguments.insert(arguments.begin(),
                     {fs::exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3",
                      (test::source_dir() / "test/token/jose.py").string()});
    const pid_t child = fork();
    if (child == 0) {
      std::vector<char*> argv;
      for (std::string& a : arguments)
        argv.push_back(a.data());
      argv.push_back(nullptr);
      const int fd = open(out.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
      if (dup2(fd, 1) != 1) _exit(126);
      execvp(argv[0], argv.data());
      _exit(127);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, test::read_text(out)};
  }

  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }

  // A key that this test made for itself, so its octets may stand in a file.
  [[nodiscard]] std::string write_key(const PrivateKey& key) const {
    return write("key.der", std::string(as_text(key.to_pkcs8().expose())));
  }

 private:
  fs::path folder_;
};

std::vector<PrivateKey> keys(std::initializer_list<KeyType> types) {
  crypto::SeededRng rng(as_bytes("jose"));
  std::vector<PrivateKey> out;
  for (const KeyType type : types)
    out.push_back(type == KeyType::kRsa ? *PrivateKey::generate_rsa(2048)
                                        : *PrivateKey::generate(type, rng));
  return out;
}

TEST_F(JoseTest, jwcrypto_opens_what_we_encrypt) {
  crypto::SeededRng rng(as_bytes("encrypt"));
  for (const PrivateKey& key :
       keys({KeyType::kP256, KeyType::kP384, KeyType::kP521, KeyType::kRsa})) {
    const std::string file = write_key(key);
    const auto jwe = encrypt_jwe(key.public_key(), as_bytes("a secret"), rng);
    ASSERT_TRUE(jwe);
    for (const std::string& text : {to_json(*jwe), to_compact(*jwe)}) {
      const Ran ran = jose({"open", file, write("jwe", text)});
      EXPECT_EQ(ran.code, 0);
      EXPECT_EQ(ran.out, "a secret");
    }
  }
}

TEST_F(JoseTest, others_open_what_we_write_for_old_clients) {
  crypto::SeededRng rng(as_bytes("old clients"));
  const PrivateKey key = *PrivateKey::generate_rsa(2048);
  const std::string file = write_key(key);
  const auto jwe = encrypt_jwe(key.public_key(), as_bytes("a secret"), rng, RsaWrap::kRsa15);
  ASSERT_TRUE(jwe);
  const Ran rfc = jose({"open15", file, write("jwe", to_json(*jwe))});
  EXPECT_EQ(rfc.code, 0);
  EXPECT_EQ(rfc.out, "a secret");
  const auto older = encrypt_kbs_0_1(key.public_key(), as_bytes("a secret"), rng, RsaWrap::kRsa15);
  ASSERT_TRUE(older);
  const Ran ran = jose({"open01", file, write("jwe", *older)});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "a secret");
}

TEST_F(JoseTest, we_open_what_jwcrypto_encrypts) {
  for (const PrivateKey& key :
       keys({KeyType::kP256, KeyType::kP384, KeyType::kP521, KeyType::kRsa})) {
    const std::string alg = key.type() == KeyType::kRsa ? "RSA-OAEP-256" : "ECDH-ES+A256KW";
    const Ran ran = jose({"seal", write_key(key), alg, "a secret"});
    ASSERT_EQ(ran.code, 0);
    const auto forms = codec::parse_json(as_bytes(ran.out));
    ASSERT_TRUE(forms);
    const auto compact = parse_compact_jwe(*forms->find("compact")->as_string());
    ASSERT_TRUE(compact);
    auto flattened = parse_jwe(as_bytes(*forms->find("flattened")->as_string()));
    if (key.type() != KeyType::kRsa) {
      // jwcrypto puts epk into the header that nothing authenticates; Trustee and we do not.
      ASSERT_FALSE(flattened);
      EXPECT_EQ(flattened.error().code(), Errc::kUnsupported);
      flattened = compact;
    }
    for (const auto& jwe : {*flattened, *compact}) {
      const auto opened = decrypt_jwe(jwe, key);
      ASSERT_TRUE(opened) << opened.error().what();
      EXPECT_EQ(as_text(opened->expose()), "a secret");
    }
  }
}

TEST_F(JoseTest, each_verifies_what_the_other_signs) {
  for (const PrivateKey& key :
       keys({KeyType::kP256, KeyType::kP384, KeyType::kP521, KeyType::kEd25519, KeyType::kRsa})) {
    const std::string file = write_key(key);
    const JwsSigner signer = signer_of(key);
    const std::string alg(to_text(signer.algorithm));
    const auto ours = sign_jws(signer, "JWT", as_bytes("a claim"));
    ASSERT_TRUE(ours);
    const Ran verified = jose({"verify", file, alg, write("jws", *ours)});
    EXPECT_EQ(verified.code, 0) << alg;
    EXPECT_EQ(verified.out, "a claim");
    const Ran theirs = jose({"sign", file, alg, "a claim"});
    ASSERT_EQ(theirs.code, 0) << alg;
    const auto jws = verify_jws(theirs.out, {signer.algorithm, key.public_key(), ""});
    ASSERT_TRUE(jws) << alg << ": " << jws.error().what();
    EXPECT_EQ(as_text(jws->payload), "a claim");
  }
}

TEST_F(JoseTest, both_write_the_same_key_and_thumbprint) {
  for (const PrivateKey& key :
       keys({KeyType::kP256, KeyType::kP384, KeyType::kP521, KeyType::kEd25519, KeyType::kRsa})) {
    const Ran ran = jose({"jwk", write_key(key)});
    ASSERT_EQ(ran.code, 0);
    const auto theirs = codec::parse_json(as_bytes(ran.out));
    ASSERT_TRUE(theirs);
    EXPECT_EQ(theirs->find("thumbprint")->as_string(), thumbprint(key.public_key()));
    const auto jwk = parse_jwk(*theirs->find("jwk"));
    ASSERT_TRUE(jwk) << jwk.error().what();
    EXPECT_EQ(jwk->key.to_spki(), key.public_key().to_spki());
  }
}

// A relying party of others reads our results: PyJWT, by a JWKS as wardd serves it.
TEST_F(JoseTest, pyjwt_verifies_results_of_either_profile) {
  EarSubmod submod;
  submod.vector = {.executables = 3, .hardware = 2};
  submod.verdict = "accepted";
  const Ear ear{.issuer = "wardd.test",
                .audience = "broker.test",
                .issued = {1700000000},
                .expires = {1700000300},
                .submods = {submod}};
  for (const PrivateKey& key : keys({KeyType::kP256, KeyType::kP384, KeyType::kEd25519})) {
    const std::string alg(to_text(native_algorithm(key.type())));
    const Jwk jwk{key.public_key(), thumbprint(key.public_key()), alg, "sig", {}};
    const std::string set = write("jwks", to_jwks_json({&jwk, 1}));
    for (const EarProfile profile : {EarProfile::kTrustee, EarProfile::kIetf}) {
      const auto token = sign_ear(signer_of(key), ear, profile);
      ASSERT_TRUE(token);
      const std::string file = write("jwt", *token);
      const Ran ran = jose({"claims", set, alg, file, "wardd.test", "broker.test"});
      ASSERT_EQ(ran.code, 0) << alg;
      const auto claims = codec::parse_json(as_bytes(ran.out));
      ASSERT_TRUE(claims);
      const auto view = view_ear(*claims);
      ASSERT_TRUE(view) << view.error().what();
      EXPECT_EQ(view->profile, profile);
    }
  }
}

}  // namespace
}  // namespace ward::token
