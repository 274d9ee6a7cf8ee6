#include "server/files.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/support/synced.h"

namespace ward::server {
namespace {

class Files : public testing::Test {
 protected:
  Files() : folder_(std::filesystem::temp_directory_path() / "ward-files-XXXXXX") {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
  }

  ~Files() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

  [[nodiscard]] std::size_t count() const {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_))
      ++n;
    return n;
  }

  std::string folder_;
};

TEST_F(Files, are_written_once_and_for_the_owner_only) {
  ASSERT_TRUE(write_new_file(path("a"), as_bytes("one")));

  struct stat status {};

  ASSERT_EQ(::stat(path("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto again = write_new_file(path("a"), as_bytes("two"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Errc::kStale);
  ASSERT_TRUE(replace_file(path("a"), as_bytes("three")));
  const auto text = read_file(path("a"), 5);
  ASSERT_TRUE(text);
  EXPECT_EQ(as_text(*text), "three");
  EXPECT_EQ(count(), 1U);
}

TEST_F(Files, are_on_the_disk_with_their_names) {
  const std::string folder = std::filesystem::canonical(folder_);
  (void)test::synced();
  ASSERT_TRUE(write_new_file(path("a"), as_bytes("one")));
  EXPECT_EQ(test::synced(), (std::vector<std::string>{folder + "/a", folder}));
  ASSERT_TRUE(replace_file(path("a"), as_bytes("two")));
  const auto replaced = test::synced();
  ASSERT_FALSE(replaced.empty());
  EXPECT_TRUE(replaced.front().starts_with(folder + "/a.new-")) << replaced.front();
  EXPECT_EQ(replaced.back(), folder);
  // Behind the rename too: the file, its first name, its last name.
  EXPECT_EQ(replaced.size(), 3U);
}

TEST_F(Files, leave_nothing_where_there_is_no_room) {
  const auto full = write_new_file("/dev/full", as_bytes("x"));
  ASSERT_FALSE(full);
  const auto absent = write_new_file(path("no/folder"), as_bytes("x"));
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code(), Errc::kUnavailable);
  EXPECT_EQ(count(), 0U);
}

TEST_F(Files, are_bounded_and_regular) {
  ASSERT_TRUE(write_new_file(path("a"), as_bytes("1234")));
  EXPECT_TRUE(read_file(path("a"), 4));
  const auto large = read_file(path("a"), 3);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code(), Errc::kLimit);
  for (const std::string& one : {path("none"), folder_, std::string("/dev/zero")}) {
    const auto refused = read_file(one, 100);
    ASSERT_FALSE(refused) << one;
    EXPECT_EQ(refused.error().code(), Errc::kUnavailable) << one;
  }
}

TEST_F(Files, with_secrets_must_be_closed_to_others) {
  ASSERT_TRUE(write_new_file(path("a"), as_bytes("secret")));
  EXPECT_TRUE(read_secret_file(path("a"), 100));
  ASSERT_EQ(::chmod(path("a").c_str(), 0640), 0);
  const auto open = read_secret_file(path("a"), 100);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code(), Errc::kDenied);
}

}  // namespace
}  // namespace ward::server
