#include "store/sqlite/sqlite_store.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ward::store {
namespace {

namespace fs = std::filesystem;

class SqliteStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ward-sqlite-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }

  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return (folder_ / "state.db").string(); }

  [[nodiscard]] const fs::path& folder() const { return folder_; }

  // Runs plain SQL as somebody with access to the file could.
  void sql(const std::string& text) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    sqlite3_close(db);
  }

  Errc open_code(const SqliteOptions& options) {
    auto opened = open_sqlite_store(options);
    EXPECT_FALSE(opened);
    return opened ? Errc::kInternal : opened.error().code();
  }

 private:
  fs::path folder_;
};

TEST_F(SqliteStoreTest, rows_are_there_after_reopening) {
  {
    auto store = open_sqlite_store({.path = path()});
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->put("t", "k", as_bytes("kept"), 0));
  }
  auto store = open_sqlite_store({.path = path(), .create = false});
  ASSERT_TRUE(store);
  EXPECT_EQ(as_text(*(*store)->get("t", "k")->value), "kept");
  EXPECT_EQ(*(*store)->revision(), 1U);
}

TEST_F(SqliteStoreTest, files_are_readable_by_the_owner_only) {
  auto store = open_sqlite_store({.path = path()});
  ASSERT_TRUE(store);
  ASSERT_TRUE((*store)->put("t", "k", as_bytes("kept"), 0));
  int seen = 0;
  for (const auto& entry : fs::directory_iterator(folder())) {
    struct stat st {};

    ASSERT_EQ(stat(entry.path().c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 077U, 0U) << entry.path();
    ++seen;
  }
  EXPECT_EQ(seen, 3);  // database, -wal, -shm
}

TEST_F(SqliteStoreTest, a_commit_is_seen_by_another_handle_at_once) {
  auto one = open_sqlite_store({.path = path()});
  auto two = open_sqlite_store({.path = path()});
  ASSERT_TRUE(one && two);
  ASSERT_TRUE((*one)->put("t", "k", as_bytes("1"), 0));
  EXPECT_EQ((*two)->get("t", "k")->version, 1U);
  EXPECT_EQ(*(*two)->revision(), 1U);
  EXPECT_EQ((*two)->put("t", "k", as_bytes("2"), 0).error().code(), Errc::kStale);
}

TEST_F(SqliteStoreTest, a_reader_keeps_its_state_while_another_writes) {
  auto one = open_sqlite_store({.path = path()});
  auto two = open_sqlite_store({.path = path()});
  ASSERT_TRUE(one && two);
  ASSERT_TRUE((*one)->put("t", "k", as_bytes("1"), 0));
  ASSERT_TRUE((*one)->read([&](View& view) -> Result<void> {
    WARD_TRY(const Row before, view.get("t", "k"));
    EXPECT_TRUE((*two)->put("t", "k", as_bytes("2"), 1));
    WARD_TRY(const Row after, view.get("t", "k"));
    EXPECT_EQ(before.version, 1U);
    EXPECT_EQ(after.version, 1U);
    return {};
  }));
}

TEST_F(SqliteStoreTest, a_store_that_stays_locked_is_unavailable) {
  auto one = open_sqlite_store({.path = path()});
  auto two = open_sqlite_store({.path = path(), .busy_timeout_ms = 1});
  ASSERT_TRUE(one && two);
  ASSERT_TRUE((*one)->transact([&](Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(tx.put("t", "k", as_bytes("1"), 0));
    const auto other = (*two)->put("t", "k", as_bytes("2"), 0);
    EXPECT_FALSE(other);
    EXPECT_EQ(other.error().code(), Errc::kUnavailable);
    return {};
  }));
  EXPECT_TRUE((*two)->put("t", "k", as_bytes("2"), 1));
}

TEST_F(SqliteStoreTest, a_read_only_store_denies_writing) {
  ASSERT_TRUE((*open_sqlite_store({.path = path()}))->put("t", "k", as_bytes("1"), 0));
  auto store = open_sqlite_store({.path = path(), .read_only = true});
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->get("t", "k")->version, 1U);
  EXPECT_EQ((*store)->put("t", "k", as_bytes("2"), 1).error().code(), Errc::kDenied);
}

TEST_F(SqliteStoreTest, opening_tells_absent_foreign_and_newer_apart) {
  EXPECT_EQ(open_code({.path = path(), .create = false}), Errc::kUnavailable);
  EXPECT_EQ(open_code({.path = path(), .read_only = true}), Errc::kUnavailable);
  EXPECT_EQ(open_code({.path = (folder() / "no" / "such").string()}), Errc::kUnavailable);
  EXPECT_EQ(open_code({.path = ""}), Errc::kMalformed);
  std::ofstream(path()) << std::string(8192, 'x');
  EXPECT_EQ(open_code({.path = path()}), Errc::kMalformed);
  fs::remove(path());
  sql("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);");
  EXPECT_EQ(open_code({.path = path()}), Errc::kMalformed);
  fs::remove(path());
  ASSERT_TRUE(open_sqlite_store({.path = path()}));
  sql("PRAGMA user_version=2");
  EXPECT_EQ(open_code({.path = path()}), Errc::kUnsupported);
  sql("PRAGMA user_version=0");
  EXPECT_EQ(open_code({.path = path()}), Errc::kUnsupported);
}

TEST_F(SqliteStoreTest, a_symbolic_link_is_not_followed) {
  fs::create_symlink(folder() / "elsewhere", path());
  EXPECT_EQ(open_code({.path = path()}), Errc::kUnavailable);
}

TEST_F(SqliteStoreTest, a_version_that_no_writer_made_is_refused) {
  ASSERT_TRUE((*open_sqlite_store({.path = path()}))->put("t", "k", as_bytes("1"), 0));
  sql("UPDATE rows SET version=-1");
  auto store = open_sqlite_store({.path = path()});
  ASSERT_TRUE(store);
  const auto got = (*store)->get("t", "k");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Errc::kMalformed);
}

// In a child, because the limit holds for the whole process.
TEST_F(SqliteStoreTest, a_full_disk_is_unavailable_and_writes_nothing) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    auto store = open_sqlite_store({.path = path()});
    if (!store || !(*store)->put("t", "small", as_bytes("1"), 0)) _exit(10);
    const rlimit limit{256U << 10U, 256U << 10U};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(11);
    const auto done = (*store)->transact([](Transaction& tx) -> Result<void> {
      WARD_CHECK_OK(tx.put("t", "first", as_bytes("1"), 0));
      WARD_CHECK_OK(tx.put("t", "big", Buffer(4U << 20U, 1), 0));
      return {};
    });
    if (done || done.error().code() != Errc::kUnavailable) _exit(12);
    if ((*store)->get("t", "first")->version != 0) _exit(13);
    if (!(*store)->put("t", "small", as_bytes("2"), 1)) _exit(14);  // still works
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  auto store = open_sqlite_store({.path = path()});
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->get("t", "small")->version, 2U);
  EXPECT_EQ((*store)->get("t", "big")->version, 0U);
}

// The child writes the same number into two rows per transaction and tells of each step: 'a' in
// the middle of the transaction, 'c' after the commit.
[[noreturn]] void write_pairs_for_ever(const std::string& path, int out) {
  auto store = open_sqlite_store({.path = path});
  if (!store) _exit(1);
  const auto tell = [out](char what) {
    if (write(out, &what, 1) != 1) _exit(2);
  };
  while (true) {
    const auto done = (*store)->transact([&](Transaction& tx) -> Result<void> {
      WARD_TRY(const Row act, tx.get("t", "act"));
      WARD_CHECK_OK(tx.put("t", "act", Buffer(5000, 1), act.version));
      tell('a');
      WARD_TRY(const Row leaf, tx.get("t", "leaf"));
      WARD_CHECK_OK(tx.put("t", "leaf", Buffer(5000, 2), leaf.version));
      return {};
    });
    if (!done) _exit(3);
    tell('c');
  }
}

TEST_F(SqliteStoreTest, kill_in_the_middle_leaves_both_rows_or_neither) {
  std::uint64_t committed = 0;
  for (int round = 0; round < 40; ++round) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(ends[0]);
      write_pairs_for_ever(path(), ends[1]);
    }
    close(ends[1]);
    char step = 0;
    for (int i = 0; i <= round % 8; ++i) {
      ASSERT_EQ(read(ends[0], &step, 1), 1);
      if (step == 'c') ++committed;
    }
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    while (read(ends[0], &step, 1) == 1) {
      if (step == 'c') ++committed;
    }
    close(ends[0]);
    auto store = open_sqlite_store({.path = path()});
    ASSERT_TRUE(store);
    const auto act = (*store)->get("t", "act");
    const auto leaf = (*store)->get("t", "leaf");
    ASSERT_TRUE(act && leaf);
    EXPECT_EQ(act->version, leaf->version);
    EXPECT_GE(act->version, committed);      // what was told as done is there
    EXPECT_LE(act->version, committed + 1);  // at most one commit was not told any more
    committed = act->version;
  }
}

}  // namespace
}  // namespace ward::store
