// Where the agent's keys lie, as somebody with root on its machine sees them.
#include <algorithm>
#include <thread>

#include "test/support/agent_fixture.h"
#include "test/support/process_memory.h"

namespace ward::keep {
namespace {

// The agent of apps/ward-keep/held_keys_program.cc: it stays while an input's key is in use.
class HeldKeysTest : public KeepTest, public testing::WithParamInterface<test::MemoryReader> {
 protected:
  struct Observed {
    std::string kind;  // as the agent names its memory
    bool private_key;
    bool released_key;
    bool url;  // what it keeps in ordinary memory
  };

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to read the agent's memory";
    KeepTest::SetUp();
  }

  Observed observe(const char* agent) {
    agent_ = agent;
    Relay relay(relay_.get(), broker_.port());
    auto keep = launch(request());
    if (!keep) {
      ADD_FAILURE() << keep.error().what;
      return {};
    }
    relay_inside_.reset();
    std::thread device([&] {
      EchoDevice echo;
      EXPECT_TRUE((*keep)->attend(echo, {}));
    });
    std::string kind(32, '\0');
    const ssize_t n = ::read(out_[0], kind.data(), kind.size());
    const std::string memory = test::readable_memory((*keep)->pid(), GetParam());
    (*keep)->kill();
    device.join();
    kind.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return {.kind = kind,
            .private_key = shows_number(memory, private_scalar()),
            .released_key = test::holds(memory, broker_.key()),
            .url = test::holds(memory, as_bytes(manifest_.broker->url))};
  }

  // The first octets that the agent draws are its private key (PrivateKey::generate).
  static Buffer private_scalar() {
    crypto::SeededRng rng(as_bytes("keys that a test knows"));
    const SecretBytes scalar = crypto::random_secret(rng, 32);
    EXPECT_TRUE(crypto::PrivateKey::from_ec_scalar(crypto::KeyType::kP256, scalar.expose()));
    return to_buffer(scalar.expose());
  }

  // shows_number looks for both orders of octets: OpenSSL's numbers are little endian.
  static bool shows_number(const std::string& memory, Buffer number) {
    const bool big = test::holds(memory, number);
    std::reverse(number.begin(), number.end());
    return big || test::holds(memory, number);
  }
};

TEST_P(HeldKeysTest, root_does_not_read_keys_in_memfd_secret) {
  const Observed seen = observe(WARD_KEEP_HELD_SECRET);
  if (!test::has_memfd_secret()) GTEST_SKIP() << "this kernel has no memfd_secret";
  EXPECT_EQ(seen.kind, "memfd_secret");
  EXPECT_FALSE(seen.private_key);
  EXPECT_FALSE(seen.released_key);
  EXPECT_TRUE(seen.url);  // the observer does read this process
}

TEST_P(HeldKeysTest, root_reads_the_same_keys_in_ordinary_memory) {
  const Observed seen = observe(WARD_KEEP_HELD_ORDINARY);
  EXPECT_EQ(seen.kind, "ordinary memory");
  EXPECT_TRUE(seen.private_key);
  EXPECT_TRUE(seen.released_key);
  EXPECT_TRUE(seen.url);
}

INSTANTIATE_TEST_SUITE_P(Readers, HeldKeysTest,
                         testing::Values(test::MemoryReader::kProcMem,
                                         test::MemoryReader::kVmReadv),
                         [](const auto& one) {
                           return one.param == test::MemoryReader::kProcMem ? "proc_mem"
                                                                            : "process_vm_readv";
                         });

}  // namespace
}  // namespace ward::keep
