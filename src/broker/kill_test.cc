#include <array>
#include <csignal>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/reader.h"
#include "broker/records.h"
#include "ledger/ledger.h"
#include "store/sqlite/sqlite_store.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"

// A release and its leaf stand or fall together, wherever the service is killed.
namespace ward::broker {
namespace {

using test_support::kNow;

constexpr const char* kPath = "hospital/key/records";

// release_for_ever writes one octet for each key that has left.
[[noreturn]] void release_for_ever(const std::string& database, int out) {
  auto store = store::open_sqlite_store({.path = database});
  if (!store) ::_exit(1);
  const test_support::World world(*std::move(store));
  world.set_up();
  const Broker broker(world.service());
  const test_support::Attester attester;
  const std::string token = attested(broker, attester, kNow);
  for (;;) {
    const auto jwe = broker.resource({.cookie = std::nullopt, .bearer = token}, kPath, kNow);
    if (!jwe || ::write(out, "x", 1) != 1) ::_exit(1);
  }
}

struct Found {
  std::uint64_t leaves = 0;   // of kind release
  std::uint64_t counted = 0;  // by the resource
};

Found look(const std::string& database) {
  Found out;
  const auto store = store::open_sqlite_store({.path = database});
  EXPECT_TRUE(store);
  if (!store) return out;
  const auto done = (*store)->read([&](store::View& view) -> Result<void> {
    WARD_TRY(const ledger::Head head, ledger::read_head(view));
    for (std::uint64_t i = 0; i < head.size; ++i) {
      WARD_TRY(const Buffer octets, ledger::read_leaf(view, i));
      WARD_TRY(const ledger::Leaf leaf, ledger::parse_leaf(octets));
      if (leaf.entry.kind == "release") ++out.leaves;
    }
    WARD_TRY(const store::Row row, view.get(kReleaseTable, kPath));
    if (row.value) {
      Reader r(*row.value);
      EXPECT_TRUE(r.u64be(out.counted));
    }
    return {};
  });
  EXPECT_TRUE(done);
  return out;
}

TEST(ReleaseKilled, leaves_both_the_leaf_and_the_release_or_neither) {
  for (std::size_t after = 1; after <= 8; ++after) {
    std::string folder = std::filesystem::temp_directory_path() / "ward-kill-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) release_for_ever(folder + "/wardd.db", pipe[1]);
    ::close(pipe[1]);
    std::size_t left = 0;  // keys that have left the service
    char octet = 0;
    while (left < after && ::read(pipe[0], &octet, 1) == 1)
      ++left;
    ASSERT_EQ(left, after);
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    while (::read(pipe[0], &octet, 1) == 1)
      ++left;
    ::close(pipe[0]);
    const Found found = look(folder + "/wardd.db");
    EXPECT_EQ(found.leaves, found.counted);
    EXPECT_GE(found.leaves, left);
    std::filesystem::remove_all(folder);
  }
}

}  // namespace
}  // namespace ward::broker
