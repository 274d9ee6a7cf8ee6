// Which files the launcher reads, and with whose rights.
#include "keep/source_file.h"

#include <array>
#include <filesystem>

#include <grp.h>
#include <sys/stat.h>

#include "test/support/keep_fixture.h"

namespace ward::keep {
namespace {

constexpr gid_t kSomeGroup = 1937000123;
constexpr unsigned kNobody = 65534;

class SourceFileTest : public KeepFixture {
 protected:
  // of_host looks sources up below the machine's own root.
  LaunchRequest of_host() {
    root_.reset(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    LaunchRequest out = request();
    out.root_fd = root_.get();
    return out;
  }

  static Errc code(const Result<UniqueFd, Failure>& opened) {
    return opened ? Errc::kInternal : opened.error().code;
  }
};

TEST_F(SourceFileTest, views_of_the_kernel_are_no_files) {
  const LaunchRequest host = of_host();
  for (const char* path : {"/proc/self/status", "/proc/cpuinfo", "/sys/kernel/notes"}) {
    if (!std::filesystem::exists(path)) continue;
    const auto opened = open_source(host, path);
    ASSERT_EQ(code(opened), Errc::kDenied) << path;
    EXPECT_EQ(opened.error().what,
              std::string("source ") + path +
                  ": not on an ordinary file system (a view of the kernel?); copy it to one");
  }
  EXPECT_EQ(code(open_source(host, "/dev/null")), Errc::kDenied);
  EXPECT_EQ(code(open_source_folder(host, "/proc/self")), Errc::kDenied);
  EXPECT_TRUE(open_source(host, (folder_ / "a.txt").string()));
  EXPECT_TRUE(open_source_folder(host, folder_.string()));
}

TEST_F(SourceFileTest, a_tree_with_a_view_of_the_kernel_is_refused) {
  manifest_.files[0].source = (folder_ / "probe").string();
  manifest_.files[1].source = (folder_ / "a.txt").string();
  manifest_.trees = {{.path = "/lib", .source = "/proc/self"}};
  const auto measured = measure(of_host());
  ASSERT_FALSE(measured);
  EXPECT_EQ(measured.error().code, Errc::kDenied) << measured.error().what;
}

TEST_F(SourceFileTest, file_systems_are_ordinary_only_where_they_are_known) {
  EXPECT_TRUE(is_ordinary(0xef53));                 // ext4
  EXPECT_TRUE(is_ordinary(0x01021994));             // tmpfs
  EXPECT_TRUE(is_ordinary(0xffffffff9123683eULL));  // btrfs, of a signed f_type
  for (const std::uint64_t view : {0x9fa0ULL, 0x62656572ULL, 0x27e0ebULL, 0x63677270ULL,
                                   0x64626720ULL, 0x74726163ULL, 0x6e736673ULL, 0x1cd1ULL, 0ULL})
    EXPECT_FALSE(is_ordinary(view)) << view;
}

// Nothing of this may wait for the other end.
TEST_F(SourceFileTest, a_fifo_is_refused_at_once) {
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0666), 0);
  EXPECT_EQ(code(open_source(request(), "fifo")), Errc::kDenied);
  LaunchRequest wanted = request();
  wanted.agent = folder_ / "fifo";
  const auto measured = measure(wanted);
  ASSERT_FALSE(measured);
  EXPECT_EQ(measured.error().what, "agent " + wanted.agent + ": not a regular file");
}

// ForAnother opens as somebody else, while this process is in a group that he is not in.
class ForAnother : public SourceFileTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to act for another user";
    SourceFileTest::SetUp();
    const int count = ::getgroups(0, nullptr);
    before_.resize(static_cast<std::size_t>(count));
    ASSERT_EQ(::getgroups(count, before_.data()), count);
    ASSERT_EQ(::setgroups(1, &kSomeGroup), 0);
  }

  void TearDown() override {
    if (::geteuid() != 0) return;
    ASSERT_EQ(::setgroups(before_.size(), before_.data()), 0);
    SourceFileTest::TearDown();
  }

  LaunchRequest asked() const {
    LaunchRequest out = request();
    out.reader = FileReader{.uid = kNobody, .gid = kNobody};
    return out;
  }

  std::vector<gid_t> before_;
};

TEST_F(ForAnother, the_launchers_own_groups_open_nothing) {
  const std::string path = folder_ / "a.txt";
  ASSERT_EQ(::chown(path.c_str(), 0, kSomeGroup), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  EXPECT_EQ(code(open_source(asked(), "a.txt")), Errc::kDenied);
  std::filesystem::create_directory(folder_ / "tree");
  const std::string tree = folder_ / "tree";
  ASSERT_EQ(::chown(tree.c_str(), 0, kSomeGroup), 0);
  ASSERT_EQ(::chmod(tree.c_str(), 0750), 0);
  EXPECT_EQ(code(open_source_folder(asked(), "tree")), Errc::kDenied);
  gid_t group = 0;
  ASSERT_EQ(::getgroups(1, &group), 1);  // they are back
  EXPECT_EQ(group, kSomeGroup);
  EXPECT_TRUE(open_source(request(), "a.txt"));
}

TEST_F(ForAnother, his_own_group_opens_what_it_may_read) {
  const std::string path = folder_ / "a.txt";
  ASSERT_EQ(::chown(path.c_str(), 0, kNobody), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  EXPECT_TRUE(open_source(asked(), "a.txt"));
}

TEST_F(ForAnother, names_in_a_folder_that_he_may_only_list_are_not_looked_at) {
  std::filesystem::create_directory(folder_ / "tree");
  std::filesystem::create_symlink("secret", folder_ / "tree/link");
  ASSERT_EQ(::chmod((folder_ / "tree").c_str(), 0744), 0);
  const auto folder = open_source_folder(asked(), "tree");
  ASSERT_TRUE(folder);
  const auto item = look_at(asked(), folder->get(), "link");
  ASSERT_FALSE(item);
  EXPECT_EQ(item.error().code, Errc::kDenied);
  const auto mine = look_at(request(), folder->get(), "link");
  ASSERT_TRUE(mine);
  EXPECT_EQ(mine->target, "secret");
}

}  // namespace
}  // namespace ward::keep
