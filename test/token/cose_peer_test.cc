// pycose verifies the results that we write as CWT, and reads their claims under the draft's keys.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "codec/pem.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "test/seal/folder.h"
#include "test/support/program.h"
#include "test/support/vectors.h"
#include "token/ear_cwt.h"
#include "token/jwk.h"

namespace ward::token {
namespace {

using crypto::KeyType;

class CosePeerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (peer({"probe"}).exit == 0) return;
    ASSERT_FALSE(test::required("pycose")) << "WARD_REQUIRE=pycose, but it is not there";
    GTEST_SKIP()
        << "no pycose: python3 -m venv .venv && .venv/bin/pip install -r tools/requirements.txt";
  }

  static test::ProgramResult peer(std::vector<std::string> arguments) {
    const auto venv = test::source_dir() / ".venv/bin/python";
    arguments.insert(arguments.begin(),
                     {exists(venv) ? venv.string() : "python3",
                      (test::source_dir() / "test/token/cose_peer.py").string()});
    return test::run_program(arguments);
  }

  test::Folder folder_;
};

Ear sample() {
  EarSubmod submod;
  submod.vector = {.configuration = 2, .executables = 3, .hardware = 2};
  submod.nonce = Buffer(8, 0x5a);
  submod.verdict = "accepted";
  submod.checks = {{.id = "sgx.quote.signature", .outcome = "passed"}};
  return {.issuer = "wardd.test", .issued = {1000}, .expires = {1300}, .submods = {submod}};
}

TEST_F(CosePeerTest, verifies_results_and_reads_their_claims) {
  crypto::SeededRng rng(as_bytes("cose peer"));
  for (const KeyType type : {KeyType::kP256, KeyType::kP384, KeyType::kEd25519}) {
    const auto key = crypto::PrivateKey::generate(type, rng);
    ASSERT_TRUE(key);
    const crypto::PublicKey half = key->public_key();
    folder_.write("key.pem", as_bytes(codec::to_pem("PUBLIC KEY", half.to_spki())));
    Buffer message = *sign_ear_cwt(signer_of(*key), sample());
    folder_.write("cwt", message);
    const auto ran = peer({"verify", folder_ / "key.pem", folder_ / "cwt"});
    ASSERT_EQ(ran.exit, 0) << ran.err;
    const auto told = codec::parse_json(as_bytes(ran.out));
    ASSERT_TRUE(told) << ran.out;
    const std::string alg(to_text(native_algorithm(type)));
    EXPECT_EQ(told->find("alg")->as_string(), alg == "EdDSA" ? "EDDSA" : alg);
    EXPECT_EQ(told->find("kid")->as_string(), thumbprint(half));
    EXPECT_EQ(told->find("typ")->as_string(), media_type(EarProfile::kCwt));
    const codec::JsonValue* claims = told->find("claims");
    EXPECT_EQ(claims->find("265")->as_string(), kIetfProfile);
    EXPECT_EQ(claims->find("4")->as_int(), 1300);
    EXPECT_EQ(claims->find("1000")->as_int(), 2);
    const codec::JsonValue* cpu = claims->find("266")->find("cpu0");
    EXPECT_EQ(cpu->find("1001")->find("2")->as_int(), 3);
    EXPECT_EQ(cpu->find("10")->as_string(), "5a5a5a5a5a5a5a5a");
    const codec::JsonValue* reasons = cpu->find(std::to_string(kCwtWardAppraisal));
    EXPECT_EQ(reasons->find("passed")->items()[0].as_string(), "sgx.quote.signature");

    message.back() ^= 1U;
    folder_.write("cwt", message);
    EXPECT_EQ(peer({"verify", folder_ / "key.pem", folder_ / "cwt"}).exit, 9);
  }
}

}  // namespace
}  // namespace ward::token
