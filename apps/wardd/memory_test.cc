#include "apps/wardd/memory.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/socket.h"
#include "test/support/wardd_fixture.h"

// What keeps secrets out of swap and core files, and what a small process may not do.
namespace ward::wardd {
namespace {

using testing::HasSubstr;

constexpr std::size_t kRegionKib = (kSecretStackBytes + kSecretHeapBytes) / 1024;

class MemoryTest : public Wardd {
 protected:
  static std::string proc(pid_t pid, const char* file) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/" + file);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }

  // kib reads a line like "VmLck:      3584 kB".
  static std::size_t kib(pid_t pid, const std::string& name) {
    const std::string status = proc(pid, "status");
    const auto at = status.find(name + ":");
    EXPECT_NE(at, std::string::npos) << name;
    return at == std::string::npos ? 0 : std::stoul(status.substr(at + name.size() + 1));
  }

  // without_privilege are words before a command that then may lock `octets` and no more.
  static std::vector<std::string> without_privilege(const std::string& octets) {
    std::vector<std::string> out;
    if (::geteuid() == 0) out = {"setpriv", "--bounding-set", "-ipc_lock"};
    out.insert(out.end(), {"prlimit", "--memlock=" + octets + ":" + octets});
    return out;
  }

  // may_lock is true where this process may lock so much.
  static bool may_lock(std::size_t octets) {
    void* const at =
        ::mmap(nullptr, octets, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    const bool done = at != MAP_FAILED && ::mlock2(at, octets, MLOCK_ONFAULT) == 0;
    if (at != MAP_FAILED) ::munmap(at, octets);
    return done;
  }
};

TEST_F(MemoryTest, a_service_leaves_no_core_file_and_locks_all_that_it_may) {
  Running service({}, made_.config);
  ASSERT_TRUE(service.started());
  const std::string limits = proc(service.pid(), "limits");
  EXPECT_THAT(limits, testing::ContainsRegex("Max core file size +0 +0 "));
  if (may_lock(std::size_t{1} << 36U)) {  // more than any limit but none
    EXPECT_THAT(service.started_line(), HasSubstr("\"memory\":\"all locked\""));
    EXPECT_GE(kib(service.pid(), "VmLck"), kib(service.pid(), "VmRSS"));
  }
}

TEST_F(MemoryTest, under_a_limit_the_keys_are_locked_and_nothing_fails) {
  Running service(without_privilege("8388608"), made_.config);
  ASSERT_TRUE(service.started());
  EXPECT_THAT(service.started_line(), testing::AnyOf(HasSubstr("keys in memfd_secret"),
                                                     HasSubstr("keys in locked memory")));
  EXPECT_GE(kib(service.pid(), "VmLck"), kRegionKib);
  write("large", std::string(1U << 20U, 'x'));  // more than is left of the limit, several times
  for (const char* path : {"hospital/key/a", "hospital/key/b", "hospital/key/c"})
    EXPECT_EQ(ward({"secret", "put", path, "--file", file("large")}, url()).exit, 0);
  EXPECT_EQ(ward({"secret", "get", "hospital/key/c"}, url()).out.size(), 1U << 20U);
  EXPECT_EQ(service.stop(), 0);
}

TEST_F(MemoryTest, where_nothing_may_be_locked_it_serves_and_says_so) {
  Running service(without_privilege("0"), made_.config);
  ASSERT_TRUE(service.started());
  EXPECT_THAT(service.started_line(), HasSubstr("keys in ordinary memory"));
  EXPECT_EQ(ward({"secret", "list"}, url()).exit, 0);
}

TEST_F(MemoryTest, warns_where_plain_swap_meets_memory_that_is_not_locked) {
  const std::vector<std::string> swap = {"/dev/sda2", "/swapfile"};
  const Memory locked{.all_locked = true, .keys = SecretMemory::kSecret};
  const Memory keys_only{.all_locked = false, .keys = SecretMemory::kLocked};
  const Memory nothing{.all_locked = false, .keys = SecretMemory::kOrdinary};
  EXPECT_EQ(swap_warning(locked, swap), std::nullopt);
  EXPECT_EQ(swap_warning(nothing, {}), std::nullopt);
  const auto some = swap_warning(keys_only, swap);
  const auto all = swap_warning(nothing, swap);
  ASSERT_TRUE(some && all);
  EXPECT_THAT(*some, HasSubstr("/dev/sda2 is plain swap: decrypted resources may"));
  EXPECT_THAT(*all, HasSubstr("/dev/sda2 is plain swap: keys and decrypted resources may"));
}

TEST_F(MemoryTest, with_few_descriptors_silent_peers_keep_nobody_out) {
  Running service({"prlimit", "--nofile=80:80"}, made_.config);
  ASSERT_TRUE(service.started());
  const auto address = net::parse_https_url(url());
  ASSERT_TRUE(address);
  std::vector<std::unique_ptr<protocol::Transport>> silent;
  for (int i = 0; i < 100; ++i) {
    auto one = net::tcp_connect(address->host, address->port, 10000);
    ASSERT_TRUE(one);
    silent.push_back(*std::move(one));
  }
  // Ended to make room, not by the deadline of 20 s, which our 10 s do not wait for.
  for (std::size_t i = 0; i < 80; ++i) {
    std::array<std::uint8_t, 1> octet{};
    const auto n = silent[i]->read(octet);
    EXPECT_TRUE(n || std::string_view(n.error().what()) == "net.socket: receive") << i;
  }
  EXPECT_EQ(ward({"secret", "list"}, url()).exit, 0);
}

}  // namespace
}  // namespace ward::wardd
