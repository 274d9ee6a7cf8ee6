// The chain in one piece: a keep's session with a broker, its output as ward-keep seals it, and
// ward open with the broker's key. Only the evidence is made up.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "broker/policy_admin.h"
#include "crypto/digest.h"
#include "keep/output_channel.h"
#include "keep/sealed_files.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"
#include "test/seal/commands_fixture.h"
#include "token/jwk.h"

namespace ward::seal {
namespace {

namespace broker_test = broker::test_support;

constexpr const char* kManifest = "version = \"0.1.0\"\nalgorithm = \"sha384\"\n";
constexpr const char* kPredictions = "0.25 0.75\n";
constexpr const char* kInputId = "000102030405060708090a0b0c0d0e0f";

class FixedClock final : public Clock {
 public:
  [[nodiscard]] UnixTime now() const override { return broker_test::kNow; }
};

// OneOutput keeps what leaves the keep.
class OneOutput final : public keep::OutputSink {
 public:
  Result<void> begin(const std::string& /*name*/) override { return {}; }

  Result<void> data(Bytes octets) override {
    sealed.insert(sealed.end(), octets.begin(), octets.end());
    return {};
  }

  Result<void> end() override { return {}; }

  Buffer sealed;
};

class KeepOutputTest : public CommandsTest {
 protected:
  void SetUp() override {
    CommandsTest::SetUp();
    world_.set_up();
    const auto digest = crypto::sha384(as_bytes(kManifest));
    world_.verifier.workload.assign(digest.begin(), digest.end());
    ASSERT_EQ(ward({"key", "new", "-o", folder_ / "me.pem"}).exit, 0);
    const crypto::PublicKey key = world_.token_key().public_key();
    const token::Jwk jwk{key, token::thumbprint(key), "ES256", "sig", {}};
    folder_.write("jwks.json", as_bytes(token::to_jwks_json({&jwk, 1})));
  }

  std::string token() {
    const broker::Broker broker(world_.service());
    auto session = broker_test::open_session(broker, keep_, broker_test::kNow,
                                             protocol::kbs::InitData{"toml", kManifest});
    const std::string body = broker_test::message(session, session.client.report_data());
    const auto answer = broker.attest(session.cookie, as_bytes(body), broker_test::kNow);
    EXPECT_TRUE(answer) << answer.error().body.detail;
    if (!answer || !session.client.on_token(
                       {.status = 200, .headers = {}, .body = to_buffer(as_bytes(*answer))})) {
      return {};
    }
    return session.client.token();
  }

  void run_keep() {
    const auto line = ward({"key", "public", folder_ / "me.pem", "--format", "spki-base64"}).out;
    keep::Manifest manifest;
    manifest.outputs = {
        {.name = "predictions",
         .receiver = *from_base64(line.substr(0, line.size() - 1), Base64::kStandard)}};
    const int plain = ::memfd_create("plain", MFD_CLOEXEC);
    const int stream = ::memfd_create("stream", MFD_CLOEXEC);
    const std::string_view text = kPredictions;
    ASSERT_EQ(::write(plain, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    keep::OutputWriter writer(stream);
    keep::SealedFileFormat files(rng_, clock_);
    const keep::OutputProof proof{
        .token = token(),
        .init_data = kManifest,
        .inputs = {{.name = "model", .file_id = kInputId, .head_sha256 = {}}}};
    ASSERT_TRUE(writer.begin("predictions"));
    ASSERT_TRUE(files.seal_output(manifest.outputs[0], proof, keep_.key(), plain, writer));
    ASSERT_TRUE(writer.end());
    ASSERT_TRUE(writer.report({.ending = keep::Ending::kDone}));
    ASSERT_EQ(::lseek(stream, 0, SEEK_SET), 0);
    OneOutput sink;
    ASSERT_TRUE(keep::read_outputs(stream, manifest, 1U << 20U, sink));
    folder_.write("p.sealed", sink.sealed);
    ::close(plain);
    ::close(stream);
  }

  test::ProgramResult open(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"open",
                                          folder_ / "p.sealed",
                                          "--identity",
                                          folder_ / "me.pem",
                                          "--jwks",
                                          folder_ / "jwks.json",
                                          "--issuer",
                                          "wardd.test",
                                          "--expect-workload",
                                          to_hex(crypto::sha384(as_bytes(kManifest))),
                                          "--expect-input",
                                          std::string("model=") + kInputId};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ward(arguments);
  }

  crypto::SystemRng rng_;
  FixedClock clock_;
  broker_test::World world_;
  broker_test::Attester keep_;
};

TEST_F(KeepOutputTest, OpensWithTheKeyOfTheBrokerThatReleasedTheInputs) {
  run_keep();
  const auto ran = open();
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.out, (folder_ / "p") + " (provenance verified)\n");
  EXPECT_EQ(content("p"), kPredictions);
}

TEST_F(KeepOutputTest, OfADevelopmentPlatformOpensOnlyWhereThatIsAllowed) {
  world_.verifier.development = true;
  std::string policy = broker_test::evidence_policy();
  policy.insert(policy.size() - 1, R"(,"allow_development":true)");
  ASSERT_TRUE(
      broker::PolicyAdmin(world_.service())
          .set(broker_test::administrator(), "evidence", as_bytes(policy), broker_test::kNow));
  run_keep();
  expect_error(open(), 1, "made on a development platform");
  EXPECT_FALSE(exists("p"));
  const auto ran = open({"--allow-development"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(content("p"), kPredictions);
}

TEST_F(KeepOutputTest, OfAnOutOfDatePlatformOpensOnlyWhereThatIsAllowed) {
  world_.verifier.tcb_status = "OutOfDate";
  std::string policy = broker_test::evidence_policy();
  policy.insert(policy.size() - 1, R"(,"accepted_tcb":["UpToDate","OutOfDate"])");
  ASSERT_TRUE(
      broker::PolicyAdmin(world_.service())
          .set(broker_test::administrator(), "evidence", as_bytes(policy), broker_test::kNow));
  run_keep();
  expect_error(open(), 1, "known weaknesses");
  EXPECT_EQ(open({"--allow-warning"}).exit, 0);
}

}  // namespace
}  // namespace ward::seal
