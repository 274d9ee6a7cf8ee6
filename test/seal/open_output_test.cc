// ward open of a keep's output: where it came from is checked before a byte is written.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json.h"
#include "test/seal/commands_fixture.h"
#include "test/seal/provenance_fixture.h"

namespace ward::seal {
namespace {

constexpr const char* kPlaintext = "the prediction";

class OpenOutputTest : public ProvenanceTest {
 protected:
  void SetUp() override {
    const auto made = ward({"key", "new", "-o", folder_ / "me.pem", "--format", "pem"});
    ASSERT_EQ(made.exit, 0) << made.err;
    folder_.write("me.pub", as_bytes(made.out));
    write_jwks("jwks.json", broker_.public_key());
    write_output(token_of({accepted()}));
  }

  static test::ProgramResult ward(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), WARD_PROGRAM);
    return test::run_program(arguments);
  }

  void write_jwks(const std::string& name, const crypto::PublicKey& key) const {
    const token::Jwk jwk{key, "k", "ES256", "sig", {}};
    folder_.write(name, as_bytes(token::to_jwks_json({&jwk, 1})));
  }

  // As a keep does it: sealed to its receiver alone, signed with the key that the token binds.
  void write_output(const std::string& token) { write_output(token, keep_); }

  void write_output(const std::string& token, const crypto::PrivateKey& signer) {
    auto sealing = output(token, as_bytes(kPlaintext), signer);
    const auto receiver = crypto::PublicKey::from_spki(receiver_spki());
    ASSERT_TRUE(receiver.has_value());
    sealing.receivers.clear();
    sealing.receivers.emplace_back(ToRecipient{.key = *receiver});
    folder_.write("o.sealed", sealed(as_bytes(kPlaintext), sealing));
  }

  Buffer receiver_spki() {
    const auto line = ward({"key", "public", folder_ / "me.pub", "--format", "spki-base64"}).out;
    return from_base64(line.substr(0, line.size() - 1), Base64::kStandard).value_or(Buffer());
  }

  test::ProgramResult open(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"open", folder_ / "o.sealed", "--identity",
                                          folder_ / "me.pem"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ward(arguments);
  }

  [[nodiscard]] std::vector<std::string> checks(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> out = {"--jwks",         folder_ / "jwks.json", "--issuer",
                                    "https://broker", "--expect-workload",   workload()};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }

  static std::string workload() { return to_hex(crypto::sha384(as_bytes(kInitData))); }

  void refused(const std::vector<std::string>& arguments, const std::string& why) {
    const std::size_t before = folder_.count();
    expect_error(open(arguments), 1, why);
    EXPECT_EQ(folder_.count(), before);
  }

  test::Folder folder_;
};

TEST_F(OpenOutputTest, AnOutputOfTheExpectedWorkloadOpens) {
  const auto ran = open(checks({"--expect-input", "model.pt=01000000000000000000000000000000"}));
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.out, (folder_ / "o") + " (provenance verified)\n");
  EXPECT_EQ(test::read_text(folder_ / "o"), kPlaintext);
}

TEST_F(OpenOutputTest, WithoutTheVerifiersKeysItOpensOnlyWhereTheCheckIsGivenUpAloud) {
  refused({}, "a provenance that nobody said how to check");
  const auto ran = open({"--unchecked-provenance"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.out, (folder_ / "o") + " (provenance not checked)\n");
}

TEST_F(OpenOutputTest, EachExpectationIsChecked) {
  write_jwks("other.json", new_key().public_key());
  refused({"--jwks", folder_ / "other.json", "--issuer", "https://broker", "--any-workload"},
          "token of the provenance");
  refused({"--jwks", folder_ / "jwks.json", "--issuer", "https://other", "--any-workload"},
          "the token has another issuer");
  refused({"--jwks", folder_ / "jwks.json", "--issuer", "https://broker", "--expect-workload",
           std::string(96, '0')},
          "made by another workload");
  refused(checks({"--expect-input", "model.pt=02000000000000000000000000000000"}),
          "made from other inputs");
  refused(checks({"--expect-input", "data=01000000000000000000000000000000"}),
          "made from other inputs");
  EXPECT_EQ(
      open({"--jwks", folder_ / "jwks.json", "--issuer", "https://broker", "--any-workload"}).exit,
      0);
}

TEST_F(OpenOutputTest, ADevelopmentPlatformNeedsTheReceiversWord) {
  auto submod = accepted();
  submod.development = true;
  submod.vector.hardware = 97;
  write_output(token_of({submod}));
  refused(checks(), "made on a development platform");
  const auto ran = open(checks({"--allow-development"}));
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.out, (folder_ / "o") + " (provenance verified; a development platform)\n");
}

// The demo and a support desk read how far a refused output came.
TEST_F(OpenOutputTest, JsonSaysWhatPassedBeforeTheRefusal) {
  const auto forger = new_key();
  write_output(token_of({accepted()}), forger);
  const auto passed = [&](std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const auto ran = open(arguments);
    EXPECT_EQ(ran.exit, 1) << ran.err;
    expect_schema(ran.out, "ward.open");
    const auto value = codec::parse_json(as_bytes(ran.out));
    std::vector<std::string> out;
    for (const auto& one : value->find("files")->items().at(0).find("passed")->items())
      out.emplace_back(*one.as_string());
    out.erase(out.begin(), std::find(out.begin(), out.end(), "header_changed") + 1);
    return out;
  };
  using List = std::vector<std::string>;
  EXPECT_EQ(passed(checks({"--min-content-version", "1"})),
            (List{"content_version", "no_provenance", "token_untrusted", "token_issuer",
                  "token_stale", "token_denied", "token_warning", "development"}));
  EXPECT_EQ(
      passed(checks({"--allow-development", "--allow-warning"})),
      (List{"no_provenance", "token_untrusted", "token_issuer", "token_stale", "token_denied"}));
  write_output(token_of({accepted()}));
  EXPECT_EQ(passed({"--jwks", folder_ / "jwks.json", "--issuer", "https://broker", "--any-workload",
                    "--expect-input", "x=00000000000000000000000000000000"}),
            (List{"no_provenance", "token_untrusted", "token_issuer", "token_stale", "token_denied",
                  "token_warning", "development", "signature", "init_data"}));
}

// The receiver's public key is no secret: anyone can seal to it. Only a keep can sign.
TEST_F(OpenOutputTest, AForgedOutputIsRefused) {
  const auto forger = new_key();
  write_output(token_of({accepted()}), forger);
  refused(checks(), "not signed by the key that the token binds");
  folder_.write("fake", as_bytes("the prediction, forged"));
  ASSERT_EQ(ward({"seal", folder_ / "fake", "--to", folder_ / "me.pub", "-o", folder_ / "o.sealed",
                  "--force"})
                .exit,
            0);
  refused(checks(), "no provenance");
}

TEST_F(OpenOutputTest, JsonSaysWhatWasProved) {
  const auto ran = open(checks({"--json"}));
  expect_schema(ran.out, "ward.open");
  expect_schema(open({"--unchecked-provenance", "--json", "--force"}).out, "ward.open");
  expect_schema(ward({"inspect", "--json", folder_ / "o.sealed"}).out, "ward.sealed-file");
  ASSERT_EQ(ran.exit, 0) << ran.err;
  const auto value = codec::parse_json(as_bytes(ran.out));
  ASSERT_TRUE(value.has_value()) << ran.out;
  const auto* provenance = value->find("files")->items().at(0).find("provenance");
  ASSERT_NE(provenance, nullptr);
  EXPECT_EQ(provenance->find("verified")->as_bool(), true);
  EXPECT_EQ(provenance->find("workload")->as_string(), workload());
  EXPECT_EQ(provenance->find("development")->as_bool(), false);
  const auto& input = provenance->find("inputs")->items().at(0);
  EXPECT_EQ(input.find("name")->as_string(), "model.pt");
  EXPECT_EQ(input.find("id")->as_string(), "01000000000000000000000000000000");
}

TEST_F(OpenOutputTest, WhatWasNotComparedIsNamed) {
  using List = std::vector<std::string>;
  const auto unchecked = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--json", "--force"});
    const auto ran = open(arguments);
    EXPECT_EQ(ran.exit, 0) << ran.err;
    expect_schema(ran.out, "ward.open");
    const auto value = codec::parse_json(as_bytes(ran.out));
    List out;
    for (const auto& one : value->find("files")->items().at(0).find("unchecked")->items())
      out.emplace_back(*one.as_string());
    return out;
  };
  const std::string input = "model.pt=01000000000000000000000000000000";
  const List none = {"--jwks", folder_ / "jwks.json", "--issuer", "https://broker",
                     "--any-workload"};
  EXPECT_EQ(unchecked({"--unchecked-provenance"}),
            (List{"name", "id", "content_version", "provenance"}));
  EXPECT_EQ(unchecked(none), (List{"name", "id", "content_version", "workload", "inputs",
                                   "input_digests", "runtime"}));
  EXPECT_EQ(unchecked(checks({"--min-content-version", "1", "--expect-input", input})),
            (List{"name", "id", "input_digests", "runtime"}));
  EXPECT_THAT(open(checks({"--force"})).err,
              testing::EndsWith("o.sealed: not compared: name, id, content_version, inputs, "
                                "input_digests, runtime\n"));
}

TEST_F(OpenOutputTest, WhatIsNotAskedForIsNotSilentlyLeftOut) {
  const std::string jwks = folder_ / "jwks.json";
  expect_error(open({"--jwks", jwks}), 2, "--jwks needs --issuer");
  expect_error(open({"--jwks", jwks, "--issuer", "i"}), 2, "--expect-workload or --any-workload");
  expect_error(open(checks({"--any-workload"})), 2, "--expect-workload or --any-workload");
  expect_error(open(checks({"--unchecked-provenance"})), 2, "exclude each other");
  expect_error(open(checks({"--expect-input", "model.pt"})), 2, "NAME=ID");
  expect_error(open({"--jwks", jwks, "--issuer", "i", "--expect-workload", "12"}), 2,
               "--expect-workload: 1 octets, but a workload has 48");
  expect_error(open({"--issuer", "i"}), 2, "need --jwks");
  expect_error(open({"--jwks", folder_ / "none", "--issuer", "i", "--any-workload"}), 3,
               "none: no such file");
  expect_error(open({"--jwks", folder_ / "me.pem", "--issuer", "i", "--any-workload"}), 2,
               "me.pem: ");
}

TEST_F(OpenOutputTest, InspectShowsTheProvenanceUnverified) {
  const auto text = ward({"inspect", folder_ / "o.sealed"});
  EXPECT_EQ(text.exit, 0) << text.err;
  EXPECT_THAT(text.out, testing::HasSubstr("a keep's output, not verified here"));
  EXPECT_THAT(text.out, testing::HasSubstr("model.pt 01000000000000000000000000000000"));
}

}  // namespace
}  // namespace ward::seal
