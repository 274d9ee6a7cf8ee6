// One test for every back end: what store.h promises.
#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "store/memory/memory_store.h"
#include "store/prefixed_store.h"
#include "store/sqlite/sqlite_store.h"
#include "store/store.h"

namespace ward::store {
namespace {

// Owns a store and whatever it stands on.
class Place {
 public:
  Place() = default;
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  ~Place() {
    store.reset();
    below.reset();
    if (!folder.empty()) std::filesystem::remove_all(folder);
  }

  std::filesystem::path folder;
  std::unique_ptr<Store> below;  // what the store is a part of
  std::unique_ptr<Store> store;
};

struct Backend {
  const char* name;
  void (*make)(Place&);
  std::size_t table_bytes = kMaxTableBytes;  // of the longest name
};

void make_memory(Place& place) { place.store = make_memory_store(); }

void make_sqlite(Place& place) {
  std::string pattern = (std::filesystem::temp_directory_path() / "ward-store-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  place.folder = pattern;
  auto opened = open_sqlite_store({.path = (place.folder / "state.db").string()});
  ASSERT_TRUE(opened) << opened.error().what();
  place.store = *std::move(opened);
}

constexpr std::string_view kPrefix = "t.acme.";

void make_prefixed(Place& place) {
  place.below = make_memory_store();
  place.store = std::make_unique<PrefixedStore>(*place.below, std::string(kPrefix));
}

class StoreTest : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    GetParam().make(place_);
    ASSERT_NE(place_.store, nullptr);
  }

  Store& store() { return *place_.store; }

  Row row(std::string_view table, std::string_view key) {
    auto got = store().get(table, key);
    EXPECT_TRUE(got) << got.error().what();
    return got ? *got : Row{};
  }

  std::vector<std::string> keys(std::string_view prefix, std::string_view after,
                                std::size_t limit) {
    std::vector<std::string> out;
    EXPECT_TRUE(store().read([&](View& view) -> Result<void> {
      WARD_TRY(const auto rows, view.list("t", prefix, after, limit));
      for (const Listed& r : rows)
        out.push_back(r.key);
      std::vector<std::string> without_values;
      WARD_TRY(const auto listed, view.list_keys("t", prefix, after, limit));
      for (const ListedKey& r : listed) {
        without_values.push_back(r.key);
        WARD_TRY(const Row row, view.get("t", r.key));
        EXPECT_EQ(r.version, row.version);
      }
      EXPECT_EQ(without_values, out);
      return {};
    }));
    return out;
  }

 private:
  Place place_;
};

template <class T>
Errc code(const Result<T>& r) {
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

TEST_P(StoreTest, a_key_never_written_has_version_zero_and_no_value) {
  const Row r = row("t", "k");
  EXPECT_EQ(r.version, 0U);
  EXPECT_FALSE(r.value);
}

TEST_P(StoreTest, put_returns_the_version_and_get_the_value) {
  EXPECT_EQ(*store().put("t", "k", as_bytes("one"), 0), 1U);
  EXPECT_EQ(*store().put("t", "k", as_bytes("two"), 1), 2U);
  EXPECT_EQ(row("t", "k").version, 2U);
  EXPECT_EQ(as_text(*row("t", "k").value), "two");
}

TEST_P(StoreTest, an_empty_value_is_a_value) {
  ASSERT_TRUE(store().put("t", "k", {}, 0));
  ASSERT_TRUE(row("t", "k").value);
  EXPECT_TRUE(row("t", "k").value->empty());
}

TEST_P(StoreTest, tables_are_separate) {
  ASSERT_TRUE(store().put("a", "k", as_bytes("1"), 0));
  EXPECT_EQ(row("b", "k").version, 0U);
}

TEST_P(StoreTest, put_with_another_version_is_stale_and_changes_nothing) {
  ASSERT_TRUE(store().put("t", "k", as_bytes("one"), 0));
  for (const std::uint64_t wrong : {0ULL, 2ULL, 99ULL}) {
    EXPECT_EQ(code(store().put("t", "k", as_bytes("two"), wrong)), Errc::kStale);
  }
  EXPECT_EQ(code(store().put("t", "new", as_bytes("x"), 1)), Errc::kStale);
  EXPECT_EQ(as_text(*row("t", "k").value), "one");
}

TEST_P(StoreTest, an_erased_key_keeps_counting) {
  ASSERT_TRUE(store().put("t", "k", as_bytes("one"), 0));
  ASSERT_TRUE(store().transact([](Transaction& tx) -> Result<void> {
    WARD_TRY(const std::uint64_t v, tx.erase("t", "k", 1));
    EXPECT_EQ(v, 2U);
    return {};
  }));
  EXPECT_FALSE(row("t", "k").value);
  EXPECT_EQ(row("t", "k").version, 2U);
  EXPECT_EQ(code(store().put("t", "k", as_bytes("again"), 0)), Errc::kStale);
  EXPECT_EQ(*store().put("t", "k", as_bytes("again"), 2), 3U);
}

TEST_P(StoreTest, erase_of_nothing_or_of_another_version_is_stale) {
  ASSERT_TRUE(store().put("t", "k", as_bytes("one"), 0));
  const auto erase = [&](std::string_view key, std::uint64_t expected) {
    return code(store().transact([&](Transaction& tx) -> Result<void> {
      WARD_CHECK_OK(tx.erase("t", key, expected));
      return {};
    }));
  };
  EXPECT_EQ(erase("absent", 0), Errc::kStale);
  EXPECT_EQ(erase("k", 2), Errc::kStale);
  ASSERT_TRUE(store().transact([](Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(tx.erase("t", "k", 1));
    return {};
  }));
  EXPECT_EQ(erase("k", 2), Errc::kStale);
}

TEST_P(StoreTest, forget_drops_the_history) {
  ASSERT_TRUE(store().put("t", "k", as_bytes("one"), 0));
  ASSERT_TRUE(
      store().transact([](Transaction& tx) -> Result<void> { return tx.forget("t", "k"); }));
  EXPECT_EQ(row("t", "k").version, 0U);
  EXPECT_TRUE(
      store().transact([](Transaction& tx) -> Result<void> { return tx.forget("t", "k"); }));
}

TEST_P(StoreTest, list_is_in_octet_order_and_pages) {
  ASSERT_TRUE(store().transact([](Transaction& tx) -> Result<void> {
    for (const char* key : {"b", "a/2", "a/10", "a/1", "a", "\xff", "A"}) {
      WARD_CHECK_OK(tx.put("t", key, as_bytes(key), 0));
    }
    WARD_CHECK_OK(tx.put("u", "a/3", as_bytes("other table"), 0));
    return {};
  }));
  using Keys = std::vector<std::string>;
  EXPECT_EQ(keys("", "", 1000), (Keys{"A", "a", "a/1", "a/10", "a/2", "b", "\xff"}));
  EXPECT_EQ(keys("a/", "", 1000), (Keys{"a/1", "a/10", "a/2"}));
  EXPECT_EQ(keys("a/", "", 2), (Keys{"a/1", "a/10"}));
  EXPECT_EQ(keys("a/", "a/10", 2), (Keys{"a/2"}));
  EXPECT_EQ(keys("a/", "a/2", 2), Keys{});
  EXPECT_EQ(keys("", "b", 1), (Keys{"\xff"}));
}

TEST_P(StoreTest, list_leaves_erased_rows_out) {
  ASSERT_TRUE(store().transact([](Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(tx.put("t", "a", as_bytes("1"), 0));
    WARD_CHECK_OK(tx.put("t", "b", as_bytes("2"), 0));
    WARD_CHECK_OK(tx.erase("t", "a", 1));
    return {};
  }));
  EXPECT_EQ(keys("", "", 10), std::vector<std::string>{"b"});
}

TEST_P(StoreTest, keys_may_hold_any_octet) {
  const std::string key("a\0b\xff%_", 6);
  ASSERT_TRUE(store().put("t", key, as_bytes("x"), 0));
  EXPECT_EQ(keys(std::string_view("a\0", 2), "", 10), std::vector<std::string>{key});
  EXPECT_EQ(row("t", "a").version, 0U);
}

TEST_P(StoreTest, a_transaction_sees_its_own_writes) {
  ASSERT_TRUE(store().transact([](Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(tx.put("t", "k", as_bytes("one"), 0));
    WARD_TRY(const Row r, tx.get("t", "k"));
    EXPECT_EQ(r.version, 1U);
    WARD_CHECK_OK(tx.put("t", "k", as_bytes("two"), 1));
    WARD_TRY(const auto rows, tx.list("t", "", "", 10));
    EXPECT_EQ(rows.size(), 1U);
    return {};
  }));
  EXPECT_EQ(row("t", "k").version, 2U);
}

TEST_P(StoreTest, a_failed_body_leaves_nothing_and_its_error_comes_back) {
  ASSERT_TRUE(store().put("t", "old", as_bytes("old"), 0));
  const auto before = store().revision();
  const auto done = store().transact([](Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(tx.put("t", "new", as_bytes("1"), 0));
    WARD_CHECK_OK(tx.put("t", "old", as_bytes("2"), 1));
    WARD_CHECK_OK(tx.erase("t", "old", 2));
    WARD_CHECK_OK(tx.put("t", "old", as_bytes("3"), 3));
    WARD_CHECK_OK(tx.forget("t", "old"));
    return Error(Errc::kDenied, "test: refused", 7);
  });
  EXPECT_EQ(code(done), Errc::kDenied);
  EXPECT_EQ(done.error().value(), 7U);
  EXPECT_EQ(row("t", "new").version, 0U);
  EXPECT_EQ(row("t", "old").version, 1U);
  EXPECT_EQ(as_text(*row("t", "old").value), "old");
  EXPECT_EQ(*store().revision(), *before);
}

TEST_P(StoreTest, a_body_that_throws_leaves_nothing_and_the_store_goes_on) {
  ASSERT_TRUE(store().put("t", "old", as_bytes("old"), 0));
  EXPECT_THROW((void)store().transact([](Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(tx.put("t", "new", as_bytes("1"), 0));
    WARD_CHECK_OK(tx.erase("t", "old", 1));
    throw std::bad_alloc();
  }),
               std::bad_alloc);
  EXPECT_EQ(row("t", "new").version, 0U);
  EXPECT_EQ(as_text(*row("t", "old").value), "old");
  EXPECT_THROW((void)store().read([](View&) -> Result<void> { throw std::bad_alloc(); }),
               std::bad_alloc);
  EXPECT_TRUE(store().put("t", "old", as_bytes("newer"), 1));
  EXPECT_EQ(row("t", "old").version, 2U);  // no reader keeps its old state either
  EXPECT_EQ(*store().revision(), 2U);
}

TEST_P(StoreTest, revision_counts_transactions_that_wrote) {
  EXPECT_EQ(*store().revision(), 0U);
  ASSERT_TRUE(store().put("t", "a", {}, 0));
  ASSERT_TRUE(store().transact([](Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(tx.put("t", "b", {}, 0));
    WARD_CHECK_OK(tx.put("t", "c", {}, 0));
    return {};
  }));
  EXPECT_EQ(*store().revision(), 2U);
  ASSERT_TRUE(store().transact([](Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(tx.get("t", "b"));
    return {};
  }));
  EXPECT_EQ(*store().revision(), 2U);
}

struct Limit {
  const char* name;
  std::string table;
  std::string key;
  std::size_t value;
  std::optional<Errc> want;
};

TEST_P(StoreTest, bounds_hold_at_the_limit_and_one_above) {
  const std::vector<Limit> cases = {
      {"table_limit", std::string(GetParam().table_bytes, 't'), "k", 1, std::nullopt},
      {"table_above", std::string(GetParam().table_bytes + 1, 't'), "k", 1, Errc::kLimit},
      {"table_empty", "", "k", 1, Errc::kMalformed},
      {"table_case", "T", "k", 1, Errc::kMalformed},
      {"table_slash", "a/b", "k", 1, Errc::kMalformed},
      {"key_limit", "t", std::string(kMaxKeyBytes, 'k'), 1, std::nullopt},
      {"key_above", "t", std::string(kMaxKeyBytes + 1, 'k'), 1, Errc::kLimit},
      {"key_empty", "t", "", 1, Errc::kMalformed},
      {"value_limit", "t", "v", kMaxValueBytes, std::nullopt},
      {"value_above", "t", "w", kMaxValueBytes + 1, Errc::kLimit},
  };
  for (const Limit& c : cases) {
    const auto done = store().put(c.table, c.key, Buffer(c.value, 0x5a), 0);
    if (c.want) {
      EXPECT_EQ(code(done), *c.want) << c.name;
    } else {
      EXPECT_TRUE(done) << c.name;
      EXPECT_EQ(row(c.table, c.key).value->size(), c.value) << c.name;
    }
  }
  EXPECT_TRUE(store().read([](View& view) -> Result<void> {
    EXPECT_EQ(code(view.list("t", "", "", 0)), Errc::kLimit);
    EXPECT_EQ(code(view.list("t", "", "", kMaxListed + 1)), Errc::kLimit);
    EXPECT_EQ(code(view.list_keys("t", "", "", 0)), Errc::kLimit);
    EXPECT_EQ(code(view.list_keys("t", "", "", kMaxListed + 1)), Errc::kLimit);
    EXPECT_EQ(code(view.list("T", "", "", 1)), Errc::kMalformed);
    EXPECT_EQ(code(view.list("t", std::string(kMaxKeyBytes + 1, 'k'), "", 1)), Errc::kLimit);
    EXPECT_TRUE(view.list("t", std::string(kMaxKeyBytes, 'k'), "", kMaxListed));
    return {};
  }));
}

TEST_P(StoreTest, threads_that_count_by_compare_and_swap_lose_nothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::array<int, kThreads> failed{};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([this, &failed, t] {
        for (int i = 0; i < kEach; ++i) {
          const auto done = store().transact([](Transaction& tx) -> Result<void> {
            WARD_TRY(const Row r, tx.get("t", "count"));
            WARD_CHECK_OK(tx.put("t", "count", {}, r.version));
            return {};
          });
          if (!done) ++failed[static_cast<std::size_t>(t)];
        }
      });
    }
  }
  for (const int f : failed)
    EXPECT_EQ(f, 0);
  EXPECT_EQ(row("t", "count").version, std::uint64_t{kThreads} * kEach);
}

TEST_P(StoreTest, exactly_one_thread_inserts_a_nonce) {
  constexpr int kThreads = 8;
  std::array<bool, kThreads> won{};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([this, &won, t] {
        won[static_cast<std::size_t>(t)] = store().put("nonce", "n", {}, 0).has_value();
      });
    }
  }
  EXPECT_EQ(std::count(won.begin(), won.end(), true), 1);
}

// Acts of several threads may be made durable together: each is still alone in what it does.
TEST_P(StoreTest, acts_that_fail_among_others_leave_those_alone) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 30;
  std::array<std::size_t, kThreads> wrong{};
  const auto before = store().revision();
  ASSERT_TRUE(before);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([this, &wrong, t] {
        for (std::size_t i = 0; i < kEach; ++i) {
          const std::string key = std::to_string(t) + "/" + std::to_string(i);
          const std::size_t kind = (t + i) % 3;  // done, failed, thrown
          const auto act = [&](Transaction& tx) -> Result<void> {
            WARD_TRY(const Row shared, tx.get("t", "shared"));
            WARD_CHECK_OK(tx.put("t", "shared", as_bytes(key), shared.version));
            WARD_CHECK_OK(tx.put("t", key, as_bytes(key), 0));
            if (kind == 1) return Error(Errc::kDenied, "test: failed");
            if (kind == 2) throw std::runtime_error("test");
            return {};
          };
          bool right = false;
          try {
            const auto done = store().transact(act);
            right = kind == 0 ? done.has_value() : !done && done.error().code() == Errc::kDenied;
          } catch (const std::runtime_error&) {
            right = kind == 2;
          }
          const auto row = store().get("t", key);  // what is done is there for everyone
          right = right && row && row->value.has_value() == (kind == 0);
          if (!right) ++wrong[t];
        }
      });
    }
  }
  for (const std::size_t count : wrong)
    EXPECT_EQ(count, 0U);
  const std::uint64_t done = kThreads * kEach / 3;
  EXPECT_EQ(row("t", "shared").version, done);
  const auto after = store().revision();
  ASSERT_TRUE(after);
  EXPECT_EQ(*after, *before + done);
}

INSTANTIATE_TEST_SUITE_P(
    Backends, StoreTest,
    testing::Values(Backend{"memory", make_memory}, Backend{"sqlite", make_sqlite},
                    Backend{"prefixed", make_prefixed, kMaxTableBytes - kPrefix.size()}),
    [](const auto& backend) { return std::string(backend.param.name); });

// names_in are the keys of a table as one part of a store lists them.
std::vector<std::string> names_in(Store& store, std::string_view table) {
  std::vector<std::string> out;
  EXPECT_TRUE(store.read([&](View& view) -> Result<void> {
    WARD_TRY(const auto rows, view.list_keys(table, "", "", kMaxListed));
    for (const ListedKey& row : rows) {
      out.push_back(row.key);
    }
    return {};
  }));
  return out;
}

TEST(PrefixedStore, parts_of_one_store_share_nothing) {
  const auto whole = make_memory_store();
  PrefixedStore acme(*whole, "t.acme.");
  PrefixedStore other(*whole, "t.acme_2.");
  using Names = std::vector<std::string>;
  for (Store* store : {whole.get(), static_cast<Store*>(&acme), static_cast<Store*>(&other)}) {
    EXPECT_EQ(store->get("t", "k")->version, 0U);
    EXPECT_EQ(names_in(*store, "t"), Names{});
    ASSERT_TRUE(store->put("t", "k", as_bytes("mine"), 0));
    EXPECT_EQ(names_in(*store, "t"), Names{"k"});
    EXPECT_EQ(code(store->put("t", "k", as_bytes("again"), 0)), Errc::kStale);
  }
  ASSERT_TRUE(acme.transact([](Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(tx.erase("t", "k", 1));
    return tx.forget("t", "k");
  }));
  EXPECT_EQ(names_in(acme, "t"), Names{});
  EXPECT_EQ(names_in(other, "t"), Names{"k"});
  EXPECT_EQ(names_in(*whole, "t"), Names{"k"});
}

TEST(PrefixedStore, a_guard_is_asked_first_in_each_transaction_and_reading) {
  const auto whole = make_memory_store();
  PrefixedStore acme(*whole, "t.acme.", [](View& view) -> Result<void> {
    WARD_TRY(const Row row, view.get("switch", "acme"));
    if (row.version == 1) return {};
    return Error(Errc::kDenied, "test: shut");
  });
  EXPECT_FALSE(acme.get("table", "key"));
  ASSERT_TRUE(whole->put("switch", "acme", as_bytes("on"), 0));
  EXPECT_TRUE(acme.put("table", "key", as_bytes("1"), 0));
  ASSERT_TRUE(whole->put("switch", "acme", as_bytes("off"), 1));
  const auto late = acme.put("table", "key", as_bytes("2"), 1);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Errc::kDenied);
  EXPECT_FALSE(acme.get("table", "key"));
  EXPECT_EQ(whole->get("t.acme.table", "key")->version, 1U);
}

TEST(PrefixedStore, one_transaction_writes_into_two_parts_or_neither) {
  const auto whole = make_memory_store();
  PrefixedStore acme(*whole, "t.acme.");
  for (const bool fails : {true, false}) {
    const auto done = whole->transact([&](Transaction& tx) -> Result<void> {
      PrefixedTransaction part(tx, "t.acme.");
      WARD_CHECK_OK(tx.put("t", "a", as_bytes("1"), 0));
      WARD_CHECK_OK(part.put("t", "b", as_bytes("2"), 0));
      if (fails) return Error(Errc::kDenied, "test: refused");
      return {};
    });
    EXPECT_EQ(done.has_value(), !fails);
    EXPECT_EQ(whole->get("t", "a")->version, fails ? 0U : 1U);
    EXPECT_EQ(acme.get("t", "b")->version, fails ? 0U : 1U);
  }
}

}  // namespace
}  // namespace ward::store
