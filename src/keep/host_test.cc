#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keep/cgroup.h"
#include "keep/elf_kind.h"
#include "keep/names.h"
#include "keep/swap.h"

namespace ward::keep {
namespace {

// A folder with files that stand for /proc and /sys.
class HostTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ward-host-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }

  std::filesystem::path folder_;
};

constexpr const char* kHeading = "Filename\tType\tSize\tUsed\tPriority\n";

TEST_F(HostTest, no_swap_area_is_no_plain_swap) {
  write("swaps", kHeading);
  EXPECT_TRUE(plain_swap(folder_ / "swaps", folder_).empty());
}

TEST_F(HostTest, a_partition_and_a_file_are_plain_swap) {
  write("swaps", std::string(kHeading) + "/dev/sda2 partition 1 0 -2\n/swapfile file 1 0 -3\n");
  EXPECT_EQ(plain_swap(folder_ / "swaps", folder_),
            (std::vector<std::string>{"/dev/sda2", "/swapfile"}));
}

TEST_F(HostTest, compressed_memory_is_not_plain_but_its_backing_device_is) {
  write("swaps", std::string(kHeading) + "/dev/zram0 partition 1 0 100\n");
  write("zram0/backing_dev", "none\n");
  EXPECT_TRUE(plain_swap(folder_ / "swaps", folder_).empty());
  write("zram0/backing_dev", "/dev/sda3\n");
  EXPECT_EQ(plain_swap(folder_ / "swaps", folder_).size(), 1U);
}

TEST_F(HostTest, an_encrypted_mapping_is_not_plain) {
  write("swaps", std::string(kHeading) + "/dev/dm-1 partition 1 0 -2\n");
  for (const char* uuid : {"CRYPT-PLAIN-swap", "CRYPT-LUKS1-0a-swap", "CRYPT-LUKS2-0a-swap"}) {
    write("dm-1/dm/uuid", uuid);
    EXPECT_TRUE(plain_swap(folder_ / "swaps", folder_).empty()) << uuid;
  }
  for (const char* uuid : {"LVM-abc", "CRYPT-INTEGRITY-swap", "CRYPT-VERITY-0a-swap", "CRYPT-",
                           "CRYPT-PLAIN", "CRYPT-SUBDEV-x", ""}) {
    write("dm-1/dm/uuid", uuid);
    EXPECT_EQ(plain_swap(folder_ / "swaps", folder_).size(), 1U) << uuid;
  }
}

TEST_F(HostTest, swaps_that_cannot_be_read_count_as_plain) {
  EXPECT_EQ(plain_swap(folder_ / "absent", folder_), std::vector<std::string>{"unknown"});
}

TEST_F(HostTest, finds_version_1_groups_below_a_mounts_root) {
  write("cgroup", "8:pids:/box/me\n4:memory:/box\n0::/\n");
  write("mountinfo",
        "30 20 0:25 /box /cg/pids rw,relatime - cgroup cgroup rw,pids\n"
        "31 20 0:26 / /cg/memory rw shared:7 - cgroup cgroup rw,memory\n"
        "32 20 0:27 / /proc rw - proc proc rw\n");
  const auto places = find_cgroups(folder_);
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0].folder, "/cg/pids/me");
  EXPECT_EQ(places[0].controllers, std::vector<std::string>{"pids"});
  EXPECT_EQ(places[1].folder, "/cg/memory/box");
  EXPECT_FALSE(places[1].unified);
}

TEST_F(HostTest, version_2_counts_only_with_controllers_handed_down) {
  write("cgroup", "0::/user\n");
  write("mountinfo", "30 20 0:25 / " + folder_.string() + "/cg rw - cgroup2 cgroup2 rw\n");
  write("cg/user/cgroup.subtree_control", "\n");
  EXPECT_TRUE(find_cgroups(folder_).empty());
  write("cg/user/cgroup.subtree_control", "cpu memory pids\n");
  const auto places = find_cgroups(folder_);
  ASSERT_EQ(places.size(), 1U);
  EXPECT_TRUE(places[0].unified);
  EXPECT_EQ(places[0].folder, folder_ / "cg/user");
}

TEST_F(HostTest, group_bounds_only_what_could_be_written) {
  const Limits limits{
      .seconds = 1, .memory_bytes = 100, .processes = 3, .disk_bytes = 10, .open_files = 16};
  // A plain folder has no control files, and they cannot be made by writing to them.
  const std::vector<CgroupPlace> places = {
      {.folder = folder_, .unified = false, .controllers = {"memory", "pids"}}};
  KeepCgroup group(places, "keep", limits);
  EXPECT_EQ(group.bounds("memory"), "");
  EXPECT_EQ(group.bounds("processes"), "");
  EXPECT_EQ(group.bounds("swap"), "");
  // Nor does it take anybody, and what it does not take must not start.
  const auto added = group.add(::getpid());
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().what, "cgroup " + (folder_ / "keep").string() +
                                    " does not take the keep: No such file or directory");
}

TEST_F(HostTest, groups_of_a_launcher_that_is_gone_are_removed_and_no_others) {
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(gone, nullptr, 0), gone);
  const std::vector<std::string> stay = {group_name(::getpid(), 1), "ward-keep-x-1", "other",
                                         "ward-keep-" + std::to_string(gone)};
  for (const std::string& name : stay)
    std::filesystem::create_directory(folder_ / name);
  write(group_name(gone, 2) + "/busy", "");
  std::filesystem::create_directory(folder_ / group_name(gone, 1));
  const std::vector<CgroupPlace> places = {{.folder = folder_, .unified = true, .controllers = {}}};
  EXPECT_FALSE(remove_orphaned_groups(places));
  EXPECT_FALSE(std::filesystem::exists(folder_ / group_name(gone, 1)));
  std::filesystem::remove(folder_ / group_name(gone, 2) / "busy");
  EXPECT_TRUE(remove_orphaned_groups(places));
  EXPECT_FALSE(std::filesystem::exists(folder_ / group_name(gone, 2)));
  for (const std::string& name : stay)
    EXPECT_TRUE(std::filesystem::exists(folder_ / name)) << name;
}

TEST(ElfKind, sorts_executable_files) {
  const Buffer elf = {0x7f, 'E', 'L', 'F'};
  EXPECT_EQ(program_mode(elf, "/usr/bin/python3"), FileMode::kProgram);
  EXPECT_EQ(program_mode(elf, "/lib/x86_64-linux-gnu/libc.so.6"), FileMode::kData);
  EXPECT_EQ(program_mode(elf, "/usr/lib/a.so"), FileMode::kData);
  EXPECT_EQ(program_mode(elf, "/lib64/ld-linux-x86-64.so.2"), FileMode::kProgram);
  EXPECT_EQ(program_mode(as_bytes("#!/bin/sh"), "/bin/x"), FileMode::kScript);
  EXPECT_EQ(program_mode(as_bytes("text"), "/bin/x"), FileMode::kData);
  EXPECT_EQ(program_mode({}, "/bin/x"), FileMode::kData);
}

TEST(Names, clean_paths) {
  for (const char* path : {"/", "/a", "/a/b.c", "/a b", "/..a"})
    EXPECT_TRUE(is_clean_path(path)) << path;
  for (const char* path : {"", "a", "/a/", "//", "/a//b", "/.", "/a/../b", "/a/..", "/a\nb"})
    EXPECT_FALSE(is_clean_path(path)) << path;
}

TEST(Names, reserved_paths) {
  for (const char* path : {"/ward", "/ward/keep", "/in", "/in/x", "/proc/1", "/dev/null", "/tmp/a"})
    EXPECT_TRUE(is_reserved_path(path)) << path;
  for (const char* path : {"/", "/wards", "/usr/in", "/input"})
    EXPECT_FALSE(is_reserved_path(path)) << path;
}

TEST(Names, plain_names) {
  EXPECT_TRUE(is_plain_name("model.pt"));
  EXPECT_TRUE(is_plain_name(std::string(64, 'a')));
  EXPECT_FALSE(is_plain_name(std::string(65, 'a')));
  for (const char* name : {"", ".", "..", ".a", "a/b", "a b", "\xc3\xa4"})
    EXPECT_FALSE(is_plain_name(name)) << name;
}

}  // namespace
}  // namespace ward::keep
