#include <ctime>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "apps/wardd/certificate.h"
#include "ledger/ledger.h"
#include "server/key_file.h"
#include "store/sqlite/sqlite_store.h"
#include "test/support/wardd_fixture.h"

// What keeps a service from starting, and the acts that are no service.
namespace ward::wardd {

UnixTime now() { return {std::time(nullptr)}; }

namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Startup : public Wardd {
 protected:
  // append_entry writes one at `time` into the service's own ledger.
  void append_entry(UnixTime time) const {
    const auto key = server::parse_private_key(test::read_file(file("ledger.key.pem")));
    ASSERT_TRUE(key);
    const ledger::NoteSigner signer{
        *ledger::NoteKey::make("wardd/ledger", key->public_key()),
        [&key](Bytes message) { return key->sign(crypto::SignatureAlgorithm::kEd25519, message); }};
    auto store = store::open_sqlite_store({.path = file("wardd.db")});
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->transact([&](store::Transaction& tx) -> Result<void> {
      const auto appended = ledger::append(tx, signer, {time, "test", "", "", {}});
      if (!appended) return appended.error();
      return {};
    }));
  }
};

TEST_F(Startup, a_certificate_out_of_its_time_keeps_it_from_starting) {
  const auto key = server::parse_private_key(test::read_file(file("tls.key.pem")));
  ASSERT_TRUE(key);
  crypto::SystemRng rng;
  const auto expired = self_signed({.common_name = "wardd",
                                    .names = {"localhost"},
                                    .not_before = {now().seconds - 2 * kDay_s},
                                    .not_after = {now().seconds - kDay_s}},
                                   *key, rng);
  ASSERT_TRUE(expired);
  write("tls.pem", *expired);
  for (const std::string& more : {std::string("--check"), std::string()}) {
    std::vector<std::string> words = {kBin + "/wardd", "--config", made_.config};
    if (!more.empty()) words.push_back(more);
    const auto refused = run_program(words);
    EXPECT_EQ(refused.exit, 1);
    EXPECT_EQ(refused.out, "");
    EXPECT_THAT(refused.err, HasSubstr("the certificate has expired at "));
    EXPECT_FALSE(std::filesystem::exists(file("wardd.db")));
  }
}

TEST_F(Startup, a_clock_before_the_ledger_keeps_it_from_starting_until_it_is_corrected) {
  const auto wardd = [&](const char* act) {
    return run_program({kBin + "/wardd", act, "--config", made_.config});
  };
  EXPECT_EQ(wardd("--clock-corrected").exit, 3);  // no store yet
  ASSERT_EQ(wardd("--check").out, "ok\n");
  append_entry({now().seconds + kDay_s});
  const auto refused = wardd("--check");
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.err, HasSubstr("the clock stands before the newest entry of the ledger"));
  EXPECT_THAT(refused.err, HasSubstr("wardd --config FILE --clock-corrected"));

  const auto corrected = wardd("--clock-corrected");
  EXPECT_EQ(corrected.exit, 0) << corrected.err;
  EXPECT_THAT(corrected.out, StartsWith("clock corrected: the newest entry was at "));
  const auto again = wardd("--clock-corrected");
  EXPECT_EQ(again.exit, 1);
  EXPECT_TRUE(one_line(again.err, "wardd")) << again.err;
  Running service({}, made_.config);
  ASSERT_TRUE(service.started());
  EXPECT_EQ(ward({"secret", "put", "hospital/key/a", "--file", "-"}, url(), "x").exit, 0);
  EXPECT_EQ(service.stop(), 0);
  const auto audit = run_program(
      {kBin + "/ward", "ledger", "verify", file("wardd.db"), "--key", made_.ledger_key});
  EXPECT_EQ(audit.exit, 0) << audit.out << audit.err;
}

TEST_F(Startup, one_store_serves_one_wardd) {
  const auto wardd = [&](std::vector<std::string> words) {
    words.insert(words.begin(), kBin + "/wardd");
    words.insert(words.end(), {"--config", made_.config});
    return run_program(words);
  };
  {
    Running service({}, made_.config);
    ASSERT_TRUE(service.started());
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{}, std::vector<std::string>{"--clock-corrected"}}) {
      const auto second = wardd(words);
      EXPECT_EQ(second.exit, 3);
      EXPECT_EQ(second.out, "");
      EXPECT_TRUE(one_line(second.err, "wardd")) << second.err;
      EXPECT_THAT(second.err, HasSubstr("another wardd uses this store; end it first"));
    }
    EXPECT_EQ(wardd({"--check"}).exit, 0);  // writes nothing
    EXPECT_EQ(ward({"secret", "list"}, url()).exit, 0);
    EXPECT_EQ(service.stop(), 0);
  }
  Running next({}, made_.config);
  EXPECT_TRUE(next.started());
}

TEST_F(Startup, an_address_that_is_taken_is_named_with_what_to_do) {
  Running service({}, made_.config);
  ASSERT_TRUE(service.started());
  const std::string taken = url().substr(std::string("https://").size());
  std::string config(test::read_text(made_.config));
  config.replace(config.find("127.0.0.1:0"), std::string("127.0.0.1:0").size(), taken);
  config.replace(config.find("wardd.db"), std::string("wardd.db").size(), "second.db");
  write("second.toml", config);
  const auto second = run_program({kBin + "/wardd", "--config", file("second.toml")});
  EXPECT_EQ(second.exit, 3);
  EXPECT_THAT(second.err, HasSubstr("wardd: error: " + taken + ": "));
  EXPECT_THAT(second.err, HasSubstr("wardd: hint: something listens there already"));
  EXPECT_EQ(service.stop(), 0);
}

TEST_F(Startup, what_is_wrong_with_its_files_is_told_apart) {
  const auto check = [&] {
    return run_program({kBin + "/wardd", "--check", "--config", made_.config});
  };
  EXPECT_EQ(check().exit, 0);
  ASSERT_EQ(::chmod(file("master.key").c_str(), 0640), 0);
  EXPECT_EQ(check().exit, 1);
  ASSERT_EQ(::chmod(file("master.key").c_str(), 0600), 0);
  std::filesystem::rename(file("token.key.pem"), file("away"));
  EXPECT_EQ(check().exit, 3);
  std::filesystem::rename(file("away"), file("token.key.pem"));
  write("wardd.toml", "name = \"x\"\nnonsense = 1\n");
  const auto usage = check();
  EXPECT_EQ(usage.exit, 2);
  EXPECT_THAT(usage.err, HasSubstr("nonsense: expected no key of this name"));
  EXPECT_EQ(run_program({kBin + "/wardd"}).exit, 2);
  EXPECT_EQ(run_program({kBin + "/wardd", "--config", file("absent.toml")}).exit, 3);
  EXPECT_EQ(run_program({kBin + "/wardd", "init", folder_ + "/service"}).exit, 2);
}

}  // namespace
}  // namespace ward::wardd
