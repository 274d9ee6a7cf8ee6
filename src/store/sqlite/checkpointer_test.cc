#include "store/sqlite/checkpointer.h"

#include <filesystem>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "store/sqlite/sqlite_store.h"

namespace ward::store::sqlite {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kPageBytes = 4096;
constexpr std::uintmax_t kFrameBytes = kPageBytes + 24;
constexpr std::size_t kMebibyte = std::size_t{1} << 20U;

class CheckpointerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ward-sqlite-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }

  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return (folder_ / "state.db").string(); }

  [[nodiscard]] std::uintmax_t database_bytes() const { return fs::file_size(path()); }

  [[nodiscard]] std::uintmax_t log_bytes() const { return fs::file_size(path() + "-wal"); }

 private:
  fs::path folder_;
};

// Committer writes pages as a store does, with the log in nobody's hands but the test's.
class Committer {
 public:
  explicit Committer(const std::string& path) {
    EXPECT_TRUE(open_sqlite_store({.path = path}));
    auto writing = Connection::open({.path = path.c_str()});
    auto copying = Connection::open({.path = path.c_str()});
    EXPECT_TRUE(writing && copying);
    writer.emplace(*std::move(writing));
    checkpointer.emplace(*std::move(copying));
    count_frames(writer->raw(), frames);
  }

  void commit(int pages) {
    const std::string sql = "INSERT INTO rows VALUES ('t', randomblob(16), 1, zeroblob(4096 * " +
                            std::to_string(pages) + "))";
    ASSERT_TRUE(writer->run(sql.c_str()));
  }

  int frames = 0;
  std::optional<Connection> writer;
  std::optional<Checkpointer> checkpointer;
};

TEST_F(CheckpointerTest, copies_beside_the_commits_when_enough_was_written) {
  Committer c(path());
  c.commit(Checkpointer::kEvery / 2);
  ASSERT_GT(c.frames, Checkpointer::kEvery / 2);
  c.checkpointer->committed(c.frames);
  const auto before = database_bytes();
  c.commit(Checkpointer::kEvery / 2);
  EXPECT_EQ(database_bytes(), before);  // SQLite itself copies nothing
  EXPECT_EQ(c.checkpointer->runs(), 0U);
  c.checkpointer->committed(c.frames);
  c.checkpointer->wait_for(1);
  EXPECT_GE(database_bytes(), before + Checkpointer::kEvery * kPageBytes);
  const int most = c.frames;
  c.commit(1);
  EXPECT_LT(c.frames, most);  // all was copied: the log begins anew
  c.checkpointer->committed(c.frames);
  for (std::uint64_t runs = 2; runs < 5; ++runs) {
    c.commit(Checkpointer::kEvery);
    c.checkpointer->committed(c.frames);
    c.checkpointer->wait_for(runs);
  }
  EXPECT_EQ(c.checkpointer->runs(), 4U);
}

TEST_F(CheckpointerTest, is_the_commits_own_work_where_the_log_is_long) {
  Committer c(path());
  c.commit(10);
  const auto before = database_bytes();
  c.checkpointer->committed(Checkpointer::kMostFrames);
  EXPECT_EQ(c.checkpointer->runs(), 1U);  // when it returns
  EXPECT_GT(database_bytes(), before);
}

TEST_F(CheckpointerTest, ends_while_it_is_asked_for_more) {
  Committer c(path());
  c.commit(Checkpointer::kEvery);
  c.checkpointer->committed(c.frames);
  c.checkpointer.reset();
  c.commit(1);
}

// Whatever is committed without a pause, a store's log is bounded.
TEST_F(CheckpointerTest, bounds_a_stores_log) {
  auto store = open_sqlite_store({.path = path()});
  ASSERT_TRUE(store);
  const Buffer value(kMebibyte, 7);
  const int writes = 3 * Checkpointer::kMostFrames / 257;
  for (int i = 0; i < writes; ++i) {
    ASSERT_TRUE(
        (*store)->put("t", std::to_string(i % 5), value, static_cast<std::uint64_t>(i / 5)));
  }
  EXPECT_LT(log_bytes(), (Checkpointer::kMostFrames + 600) * kFrameBytes);
  EXPECT_GT(database_bytes(), 5 * kMebibyte);
  for (int i = 0; i < 5; ++i) {
    const auto row = (*store)->get("t", std::to_string(i));
    ASSERT_TRUE(row && row->value);
    EXPECT_EQ(*row->value, value);
  }
}

}  // namespace
}  // namespace ward::store::sqlite
