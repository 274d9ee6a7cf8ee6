#include "test/support/syscall_observer.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace ward::test {
namespace {

struct Way {
  const char* kind;
  const char* call;
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.call; }

// A program that moves a page of text by one kind of call.
class SyscallObserverTest : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    char name[] = "/var/tmp/ward-observer-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    for (int i = 0; plain_.size() < 4096; ++i)
      plain_ += "line " + std::to_string(i) + " of the plaintext\n";
    plain_.resize(4096);
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  Transfers run(const Way& way) {
    const char mask = std::string(way.kind) == "file" ? '\0' : '\x55';
    std::string content = plain_;
    for (char& octet : content)
      octet = static_cast<char>(octet ^ mask);
    std::ofstream(folder_ / "file") << content;
    return observe(
        {WARD_MOVER, way.kind, way.call, folder_ / "file", std::to_string(mask)}, [] {}, [] {});
  }

  [[nodiscard]] bool found(const Transfers& moved) const {
    return moved.octets.find(plain_) != std::string::npos;
  }

  std::filesystem::path folder_;
  std::string plain_;
};

TEST_P(SyscallObserverTest, sees_what_it_moves) {
  const Transfers moved = run(GetParam());
  ASSERT_EQ(moved.exit, 0);
  EXPECT_TRUE(found(moved));
  EXPECT_TRUE(moved.unseen.empty()) << *moved.unseen.begin();
}

constexpr Way kWays[] = {{"take", "read"},
                         {"take", "readv"},
                         {"take", "recvfrom"},
                         {"take", "recvmsg"},
                         {"take", "recvmmsg"},
                         {"take", "thread"},
                         {"file", "pread64"},
                         {"file", "preadv"},
                         {"file", "preadv2"},
                         {"file", "sendfile"},
                         {"file", "splice"},
                         {"file", "mmap"},
                         {"file", "copy_file_range"},
                         {"give", "write"},
                         {"give", "pwrite64"},
                         {"give", "writev"},
                         {"give", "pwritev"},
                         {"give", "pwritev2"},
                         {"give", "sendto"},
                         {"give", "sendmsg"},
                         {"give", "sendmmsg"},
                         {"give", "mapped-write"},
                         {"give", "mapped-to-the-end"}};

INSTANTIATE_TEST_SUITE_P(Calls, SyscallObserverTest, testing::ValuesIn(kWays), [](const auto& one) {
  std::string name = one.param.call;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_F(SyscallObserverTest, sees_nothing_where_a_child_alone_handles_it) {
  const Transfers moved = run({"take", "nothing"});
  ASSERT_EQ(moved.exit, 0);
  EXPECT_GT(moved.calls, 10U);
  EXPECT_FALSE(found(moved));
}

TEST_F(SyscallObserverTest, names_a_call_that_it_cannot_look_into) {
  const Transfers moved = run({"give", "vmsplice"});
  ASSERT_EQ(moved.exit, 0);
  EXPECT_EQ(moved.unseen, std::set<std::string>{"vmsplice"});
}

}  // namespace
}  // namespace ward::test
