#include "ledger/audit.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/json.h"
#include "ledger/keys.h"
#include "ledger/ledger.h"
#include "store/sqlite/sqlite_store.h"
#include "test/ledger/test_signer.h"
#include "test/support/program.h"
#include "test/support/vectors.h"

namespace ward::ledger {
namespace {

namespace fs = std::filesystem;

using Ran = test::ProgramResult;

class LedgerAuditTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ward-audit-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    auto opened = store::open_sqlite_store({.path = database()});
    ASSERT_TRUE(opened);
    for (int n = 0; n < 13; ++n)
      ASSERT_TRUE(add(**opened, n));
  }

  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string database() const { return (folder_ / "state.db").string(); }

  [[nodiscard]] std::string key() const { return signer_.key.to_text(); }

  Result<void> add(store::Store& store, int n) {
    return store.transact([&](store::Transaction& tx) -> Result<void> {
      WARD_CHECK_OK(append(tx, signer_,
                           {.time = {1000 + n},
                            .kind = "release",
                            .actor = "keep",
                            .subject = "default/key/records",
                            .details = {{"n", std::to_string(n)}}}));
      return {};
    });
  }

  void sql(const std::string& text) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(database().c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    sqlite3_close(db);
  }

  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  Ran verify(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {WARD_PROGRAM, "ledger", "verify",
                                          database(),   "--key",  key()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return test::run_program(arguments);
  }

  Ran prove(const std::string& id) const {
    return test::run_program(
        {WARD_PROGRAM, "ledger", "prove", id, "--db", database(), "--key", key()});
  }

  Ran check(const std::string& proof, const std::string& key_text) const {
    return test::run_program({"python3",
                              (test::source_dir() / "test/ledger/check_proof.py").string(),
                              write("proof.json", proof), key_text});
  }

  NoteSigner signer_ = test_signer("wardd.test/ledger", 1);

 private:
  fs::path folder_;
};

TEST_F(LedgerAuditTest, verify_accepts_a_whole_ledger) {
  const Ran ran = verify();
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out.substr(0, 24), "whole: 13 entries, root ");
  EXPECT_EQ(ran.err, "");
}

TEST_F(LedgerAuditTest, verify_names_what_was_done_to_the_database) {
  sql("UPDATE rows SET value=(SELECT value FROM rows WHERE tbl='ledger.leaf' AND key=CAST('" +
      index_key(5) + "' AS BLOB)) WHERE tbl='ledger.leaf' AND key=CAST('" + index_key(3) +
      "' AS BLOB); DELETE FROM rows WHERE tbl='ledger.leaf' AND key=CAST('" + index_key(8) +
      "' AS BLOB); UPDATE rows SET value=CAST(replace(value,'keep','seep') AS BLOB)"
      " WHERE tbl='ledger.leaf' AND key=CAST('" +
      index_key(9) + "' AS BLOB);");
  const Ran ran = verify();
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.out, "reordered: 3\nremoved: 8\nchanged: 9\n");
  EXPECT_EQ(ran.err, "ward: error: the ledger was altered\n");
  const Ran json = verify({"--json"});
  EXPECT_EQ(json.exit, 1);
  const auto parsed = codec::parse_json(as_bytes(json.out));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->find("whole")->as_bool(), false);
  ASSERT_EQ(parsed->find("faults")->items().size(), 3U);
  EXPECT_EQ(parsed->find("faults")->items()[1].find("kind")->as_string(), "removed");
  EXPECT_EQ(parsed->find("faults")->items()[1].find("index")->as_uint(), 8U);
}

TEST_F(LedgerAuditTest, verify_with_a_kept_checkpoint_finds_a_ledger_that_was_rolled_back) {
  fs::path copy = database() + ".old";
  sql("VACUUM INTO '" + copy.string() + "'");
  std::string kept;
  {
    auto opened = store::open_sqlite_store({.path = database()});
    ASSERT_TRUE(opened);
    ASSERT_TRUE(add(**opened, 13));
    ASSERT_TRUE((*opened)->read([&](store::View& view) -> Result<void> {
      WARD_TRY(kept, read_checkpoint(view, 14));
      return {};
    }));
  }
  const std::string file = write("kept", kept);
  EXPECT_EQ(verify({"--checkpoint", file}).exit, 0);
  fs::remove(database() + "-wal");
  fs::remove(database() + "-shm");
  fs::rename(copy, database());
  EXPECT_EQ(verify().exit, 0);  // the old state is whole in itself
  const Ran ran = verify({"--checkpoint", file});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.out, "rolled_back: 14\n");
}

TEST_F(LedgerAuditTest, verify_tells_what_it_cannot_read) {
  const auto with = [&](const std::string& db, const std::string& k) {
    return test::run_program({WARD_PROGRAM, "ledger", "verify", db, "--key", k});
  };
  EXPECT_EQ(with(database() + ".absent", key()).exit, 3);
  EXPECT_EQ(with(write("noise", std::string(5000, 'x')), key()).exit, 1);
  EXPECT_EQ(with(database(), "no+key").exit, 2);
  EXPECT_EQ(with(database(), "no-such-file").exit, 3);
  EXPECT_EQ(test::run_program({WARD_PROGRAM, "ledger", "verify", database()}).exit, 2);
  const Ran other = with(database(), test_signer("wardd.test/ledger", 2).key.to_text());
  EXPECT_EQ(other.exit, 1);
  EXPECT_EQ(other.out, "");
  EXPECT_EQ(other.err.substr(0, other.err.find('\n')),
            "ward: error: this key signed nothing of this ledger: " +
                key().substr(0, key().rfind('+')) + " did");
}

// One checkpoint of another key in a ledger of this one is a change, not a mistake of the reader.
TEST_F(LedgerAuditTest, verify_does_not_take_one_foreign_checkpoint_for_another_service) {
  const auto foreign = sign_checkpoint(test_signer("wardd.test/ledger", 2), 3, NodeHash{});
  ASSERT_TRUE(foreign);
  sql("UPDATE rows SET value=X'" + to_hex(as_bytes(*foreign)) +
      "' WHERE tbl='ledger.checkpoint' AND key=CAST('" + index_key(3) + "' AS BLOB);");
  const Ran ran = verify();
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.out, "checkpoint: 3\n");
  EXPECT_EQ(ran.err, "ward: error: the ledger was altered\n");
}

TEST_F(LedgerAuditTest, a_proof_checks_with_a_script_that_shares_no_code) {
  for (const char* id : {"0", "6", "11", "12"}) {
    const Ran proof = prove(id);
    ASSERT_EQ(proof.exit, 0) << proof.err;
    const Ran checked = check(proof.out, key());
    EXPECT_EQ(checked.exit, 0) << checked.err;
    EXPECT_EQ(checked.out, std::string("proved: leaf ") + id + " of 13\n");
  }
}

TEST_F(LedgerAuditTest, a_proof_that_was_changed_is_refused_by_the_script) {
  const std::string proof = prove("6").out;
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string out = proof;
    const std::size_t at = out.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return out.replace(at, from.size(), to);
  };
  EXPECT_EQ(check(replaced("\"index\": 6", "\"index\": 7"), key()).exit, 1);
  EXPECT_EQ(check(replaced("\"size\": 13", "\"size\": 12"), key()).exit, 1);
  EXPECT_EQ(check(replaced("ledger\\n13\\n", "ledger\\n14\\n"), key()).exit, 1);
  EXPECT_EQ(check(replaced("\"leaf\": \"p2", "\"leaf\": \"p3"), key()).exit, 1);
  EXPECT_EQ(check(proof, test_signer("wardd.test/ledger", 2).key.to_text()).exit, 1);
}

TEST_F(LedgerAuditTest, prove_refuses_what_does_not_prove) {
  EXPECT_EQ(prove("13").exit, 3);
  EXPECT_EQ(prove(std::string(64, 'a')).exit, 3);
  EXPECT_EQ(prove("x").exit, 1);
  sql("UPDATE rows SET value=CAST(replace(value,'keep','seep') AS BLOB) WHERE tbl='ledger.leaf'");
  const Ran ran = prove("6");
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.out, "");
}

TEST_F(LedgerAuditTest, list_prints_entries_as_json_lines) {
  const Ran ran = test::run_program({WARD_PROGRAM, "ledger", "list", database(), "--from", "11"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 2);
  EXPECT_NE(ran.out.find(R"("index":11,"time":"1970-01-01T00:16:51Z","kind":"release")"),
            std::string::npos)
      << ran.out;
}

// Releases: the act and its leaf in one transaction, told after the commit.
[[noreturn]] void release_for_ever(const std::string& path, const NoteSigner& signer, int out) {
  auto store = store::open_sqlite_store({.path = path});
  if (!store) _exit(1);
  for (std::uint32_t n = 0;; ++n) {
    const auto done = (*store)->transact([&](store::Transaction& tx) -> Result<void> {
      WARD_TRY(const store::Row act, tx.get("release", "count"));
      WARD_CHECK_OK(tx.put("release", "count", Buffer(3000, 1), act.version));
      if (write(out, "a", 1) != 1) _exit(2);
      WARD_CHECK_OK(append(tx, signer, {.time = {5000}, .kind = "release"}));
      return {};
    });
    if (!done) _exit(3);
    if (write(out, "c", 1) != 1) _exit(2);
  }
}

TEST_F(LedgerAuditTest, kill_in_the_middle_of_a_release_leaves_act_and_leaf_or_neither) {
  for (int round = 0; round < 20; ++round) {
    std::array<int, 2> ends = {-1, -1};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(ends[0]);
      release_for_ever(database(), signer_, ends[1]);
    }
    close(ends[1]);
    char step = 0;
    for (int i = 0; i <= round % 6; ++i)
      ASSERT_EQ(read(ends[0], &step, 1), 1);
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    close(ends[0]);
    auto store = store::open_sqlite_store({.path = database()});
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->read([&](store::View& view) -> Result<void> {
      WARD_TRY(const store::Row act, view.get("release", "count"));
      WARD_TRY(const Audit whole, audit(view, signer_.key));
      EXPECT_TRUE(whole.faults.empty());
      EXPECT_EQ(whole.size, 13 + act.version);
      return {};
    }));
  }
}

}  // namespace
}  // namespace ward::ledger
