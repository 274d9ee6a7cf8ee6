#include "ledger/ledger.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ledger/audit.h"
#include "ledger/keys.h"
#include "store/memory/memory_store.h"
#include "test/ledger/test_signer.h"

namespace ward::ledger {
namespace {

constexpr std::string_view kOrigin = "wardd.test/ledger";

template <class T>
Errc code(const Result<T>& r) {
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

Entry entry(int n) {
  return {.time = {1000 + n},
          .kind = n % 2 == 0 ? "release" : "refusal",
          .actor = "keep-" + std::to_string(n),
          .subject = "default/key/records",
          .details = {{"n", std::to_string(n)}}};
}

class LedgerTest : public testing::Test {
 protected:
  static constexpr int kSize = 11;

  void SetUp() override {
    for (int n = 0; n < kSize; ++n)
      ASSERT_TRUE(add(entry(n)));
  }

  Result<Appended> add(const Entry& what) {
    std::optional<Appended> out;
    WARD_CHECK_OK(store_->transact([&](store::Transaction& tx) -> Result<void> {
      WARD_TRY(out, append(tx, signer_, what));
      return {};
    }));
    return *std::move(out);
  }

  void change(const store::Store::Body& body) { ASSERT_TRUE(store_->transact(body)); }

  // Replaces or removes a row as somebody with access to the database could.
  void set(std::string_view table, const std::string& key, std::optional<Buffer> value) {
    change([&](store::Transaction& tx) -> Result<void> {
      WARD_CHECK_OK(tx.forget(table, key));
      if (value) WARD_CHECK_OK(tx.put(table, key, *value, 0));
      return {};
    });
  }

  std::optional<Buffer> row(std::string_view table, const std::string& key) {
    return store_->get(table, key)->value;
  }

  template <class T>
  T reading(const std::function<Result<T>(store::View&)>& body) {
    std::optional<T> out;
    const auto done = store_->read([&](store::View& view) -> Result<void> {
      WARD_TRY(out, body(view));
      return {};
    });
    EXPECT_TRUE(done) << (done ? "" : done.error().what());
    return out ? *std::move(out) : T{};
  }

  Audit audited(std::optional<std::string> kept = std::nullopt) {
    return reading<Audit>([&](store::View& view) {
      return audit(view, signer_.key, kept ? std::optional<std::string_view>(*kept) : std::nullopt);
    });
  }

  Proof proof(std::uint64_t index) {
    return reading<Proof>([&](store::View& view) { return prove(view, index); });
  }

  std::string checkpoint(std::uint64_t size) {
    return reading<std::string>([&](store::View& view) { return read_checkpoint(view, size); });
  }

  store::Store& store() { return *store_; }

  NoteSigner& signer() { return signer_; }

 private:
  std::unique_ptr<store::Store> store_ = store::make_memory_store();
  NoteSigner signer_ = test_signer(kOrigin, 1);
};

using Faults = std::vector<Fault>;

TEST_F(LedgerTest, an_untouched_ledger_is_whole) {
  const Audit a = audited(checkpoint(5));
  EXPECT_EQ(a.faults, Faults{});
  EXPECT_FALSE(a.more);
  EXPECT_EQ(a.size, 11U);
  EXPECT_EQ(open_checkpoint(checkpoint(11), signer().key)->root, a.root);
}

TEST_F(LedgerTest, an_empty_ledger_is_whole) {
  const auto empty = store::make_memory_store();
  ASSERT_TRUE(empty->read([&](store::View& view) -> Result<void> {
    WARD_TRY(const Audit a, audit(view, signer().key));
    EXPECT_EQ(a.faults, Faults{});
    EXPECT_EQ(a.root, empty_root());
    return {};
  }));
}

TEST_F(LedgerTest, two_appends_in_one_transaction_follow_each_other) {
  change([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const Appended one, append(tx, signer(), entry(20)));
    WARD_TRY(const Appended two, append(tx, signer(), entry(21)));
    EXPECT_EQ(one.index, 11U);
    EXPECT_EQ(two.index, 12U);
    return {};
  });
  EXPECT_EQ(audited().faults, Faults{});
}

TEST_F(LedgerTest, a_transaction_that_fails_leaves_no_leaf) {
  EXPECT_EQ(code(store().transact([&](store::Transaction& tx) -> Result<void> {
              WARD_CHECK_OK(append(tx, signer(), entry(20)));
              return Error(Errc::kDenied, "test: the act failed");
            })),
            Errc::kDenied);
  EXPECT_EQ(audited().faults, Faults{});
  EXPECT_EQ(audited().size, 11U);
}

TEST_F(LedgerTest, a_signer_that_fails_leaves_no_leaf) {
  signer().sign = [](Bytes) -> Result<Buffer> {
    return Error(Errc::kUnavailable, "test: the key's device is gone");
  };
  EXPECT_EQ(code(add(entry(20))), Errc::kUnavailable);
  EXPECT_EQ(audited().size, 11U);
}

TEST_F(LedgerTest, a_clock_far_behind_the_newest_entry_is_stale) {
  Entry late = entry(0);
  late.time = {1010 - kMaxClockStepBack_s};
  EXPECT_TRUE(add(late));
  late.time = {1010 - kMaxClockStepBack_s - 1};
  EXPECT_EQ(code(add(late)), Errc::kStale);
  EXPECT_EQ(audited().faults, Faults{});
}

TEST_F(LedgerTest, a_corrected_clock_is_a_leaf_and_the_ledger_goes_on_from_it) {
  Entry future = entry(0);
  future.time = {9000000};
  ASSERT_TRUE(add(future));
  EXPECT_EQ(code(add(entry(kSize))), Errc::kStale);
  const auto correct = [&](UnixTime now) {
    return store().transact([&](store::Transaction& tx) -> Result<void> {
      const auto done = correct_clock(tx, signer(), "operator", now);
      if (!done) return done.error();
      return {};
    });
  };
  EXPECT_EQ(code(correct({9000000})), Errc::kStale);
  ASSERT_TRUE(correct({2000}));
  EXPECT_EQ(code(correct({2000})), Errc::kStale);
  Entry next = entry(kSize);
  next.time = {2001};
  ASSERT_TRUE(add(next));
  Entry early = entry(kSize);
  early.time = {2001 - kMaxClockStepBack_s - 1};
  EXPECT_EQ(code(add(early)), Errc::kStale);
  change([](store::Transaction& view) -> Result<void> {
    WARD_TRY(const Buffer octets, read_leaf(view, kSize + 1));
    WARD_TRY(const Leaf leaf, parse_leaf(octets));
    EXPECT_EQ(leaf.entry.kind, kClockCorrectedKind);
    EXPECT_EQ(leaf.entry.actor, "operator");
    EXPECT_EQ(leaf.entry.time.seconds, 2000);
    EXPECT_EQ(leaf.entry.details[0].second, format_rfc3339({9000000}));
    return {};
  });
  EXPECT_TRUE(audited().faults.empty());
}

TEST_F(LedgerTest, no_entry_but_correct_clock_sets_the_time_back) {
  Entry back = entry(kSize);
  back.kind = kClockCorrectedKind;
  EXPECT_EQ(code(add(back)), Errc::kMalformed);
}

TEST_F(LedgerTest, a_changed_leaf_is_named) {
  for (std::uint64_t i = 0; i < 11; ++i) {
    const auto original = row(kLeafTable, index_key(i));
    Entry other = entry(static_cast<int>(i));
    other.subject = "default/key/others";
    set(kLeafTable, index_key(i), *encode_leaf(i, other));
    EXPECT_EQ(audited().faults, (Faults{{FaultKind::kChanged, i}}));
    set(kLeafTable, index_key(i), original);
  }
  EXPECT_EQ(audited().faults, Faults{});
}

TEST_F(LedgerTest, a_changed_leaf_with_its_tree_made_to_fit_is_named_too) {
  Entry other = entry(4);
  other.subject = "default/key/others";
  const Buffer leaf = *encode_leaf(4, other);
  set(kLeafTable, index_key(4), leaf);
  set(kNodeTable, node_key(0, 4), to_buffer(leaf_hash(leaf)));
  const Audit a = audited();
  ASSERT_FALSE(a.faults.empty());
  EXPECT_EQ(a.faults[0], (Fault{FaultKind::kChanged, 4}));
  EXPECT_TRUE(a.more);
}

TEST_F(LedgerTest, a_removed_leaf_is_named) {
  for (std::uint64_t i = 0; i < 11; ++i) {
    const auto original = row(kLeafTable, index_key(i));
    set(kLeafTable, index_key(i), std::nullopt);
    EXPECT_EQ(audited().faults, (Faults{{FaultKind::kRemoved, i}})) << i;
    set(kLeafTable, index_key(i), original);
  }
}

TEST_F(LedgerTest, two_leaves_that_changed_places_are_named) {
  const auto two = row(kLeafTable, index_key(2));
  const auto seven = row(kLeafTable, index_key(7));
  set(kLeafTable, index_key(2), seven);
  set(kLeafTable, index_key(7), two);
  EXPECT_EQ(audited().faults, (Faults{{FaultKind::kReordered, 2}, {FaultKind::kReordered, 7}}));
}

TEST_F(LedgerTest, a_leaf_behind_the_end_is_extra) {
  set(kLeafTable, index_key(11), *encode_leaf(11, entry(11)));
  EXPECT_EQ(audited().faults, (Faults{{FaultKind::kExtra, 11}}));
}

TEST_F(LedgerTest, a_wrong_node_is_named) {
  Buffer node = *row(kNodeTable, node_key(1, 2));
  node[0] ^= 1U;
  set(kNodeTable, node_key(1, 2), node);
  EXPECT_EQ(audited().faults, (Faults{{FaultKind::kNode, 4}}));
}

TEST_F(LedgerTest, a_wrong_leaf_hash_is_named_as_a_node) {
  set(kNodeTable, node_key(0, 3), std::nullopt);
  EXPECT_EQ(audited().faults, (Faults{{FaultKind::kNode, 3}}));
}

TEST_F(LedgerTest, a_missing_or_foreign_checkpoint_is_named) {
  set(kCheckpointTable, index_key(6), std::nullopt);
  EXPECT_EQ(audited().faults, (Faults{{FaultKind::kCheckpoint, 6}}));
  set(kCheckpointTable, index_key(6),
      to_buffer(as_bytes(*sign_checkpoint(test_signer(kOrigin, 2), 6, {}))));
  EXPECT_EQ(audited().faults, (Faults{{FaultKind::kCheckpoint, 6}}));
  set(kCheckpointTable, index_key(6), to_buffer(as_bytes(checkpoint(5))));
  EXPECT_EQ(audited().faults, (Faults{{FaultKind::kCheckpoint, 6}}));
}

TEST_F(LedgerTest, a_head_that_was_set_back_shows_the_leaves_behind_it) {
  set(kHeadTable, "head", Buffer{0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 3, 0xf0});
  const Audit a = audited();
  EXPECT_EQ(a.faults, (Faults{{FaultKind::kExtra, 9}, {FaultKind::kExtra, 10}}));
}

TEST_F(LedgerTest, a_cut_off_end_is_named_by_its_checkpoint) {
  set(kHeadTable, "head", Buffer{0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 3, 0xf1});
  set(kLeafTable, index_key(10), std::nullopt);
  set(kNodeTable, node_key(0, 10), std::nullopt);
  EXPECT_EQ(audited().faults, (Faults{{FaultKind::kRemoved, 10}}));
}

TEST_F(LedgerTest, a_whole_older_state_is_told_by_a_kept_checkpoint_alone) {
  const std::string kept = checkpoint(11);
  set(kHeadTable, "head", Buffer{0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 3, 0xf1});
  set(kLeafTable, index_key(10), std::nullopt);
  set(kNodeTable, node_key(0, 10), std::nullopt);
  set(kCheckpointTable, index_key(11), std::nullopt);
  EXPECT_EQ(audited().faults, Faults{});
  EXPECT_EQ(audited(kept).faults, (Faults{{FaultKind::kRolledBack, 11}}));
}

TEST_F(LedgerTest, another_history_under_the_same_key_is_told_by_a_kept_checkpoint) {
  const std::string kept = *sign_checkpoint(signer(), 5, {});
  EXPECT_EQ(audited(kept).faults, (Faults{{FaultKind::kRolledBack, 5}}));
}

TEST_F(LedgerTest, a_missing_damaged_or_wrong_head_is_named) {
  set(kHeadTable, "head", Buffer{1, 2, 3});
  EXPECT_EQ(audited().faults[0], (Fault{FaultKind::kHead, 0}));
  EXPECT_EQ(audited().faults.size(), 12U);  // every leaf is behind the end
  set(kHeadTable, "head", Buffer{0, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 1});
  EXPECT_EQ(audited().faults, (Faults{{FaultKind::kHead, 0}}));
}

TEST_F(LedgerTest, a_kept_checkpoint_of_another_key_is_an_error) {
  const std::string kept = *sign_checkpoint(test_signer(kOrigin, 2), 5, {});
  EXPECT_EQ(code(store().read([&](store::View& view) -> Result<void> {
              WARD_CHECK_OK(audit(view, signer().key, kept));
              return {};
            })),
            Errc::kUntrusted);
}

TEST_F(LedgerTest, every_leaf_has_a_proof_that_checks) {
  for (std::uint64_t i = 0; i < 11; ++i) {
    const Proof p = proof(i);
    EXPECT_TRUE(check_proof(p, signer().key)) << i;
    Proof other = p;
    other.leaf.back() ^= 1U;
    EXPECT_EQ(code(check_proof(other, signer().key)), Errc::kUntrusted);
    other = p;
    other.index = (i + 1) % 11;
    EXPECT_FALSE(check_proof(other, signer().key));
    other = p;
    other.size = 10;
    EXPECT_EQ(code(check_proof(other, signer().key)), Errc::kUntrusted);
    EXPECT_EQ(code(check_proof(p, test_signer(kOrigin, 2).key)), Errc::kUntrusted);
  }
}

TEST_F(LedgerTest, entries_are_found_by_index_and_by_leaf_hash) {
  const std::string hash = to_hex(leaf_hash(proof(7).leaf));
  const auto find = [&](const std::string& id) {
    std::optional<std::uint64_t> out;
    const auto done = store().read([&](store::View& view) -> Result<void> {
      WARD_TRY(out, find_leaf(view, id));
      return {};
    });
    return done ? Result<std::uint64_t>(*out) : Result<std::uint64_t>(done.error());
  };
  EXPECT_EQ(*find("7"), 7U);
  EXPECT_EQ(*find(hash), 7U);
  EXPECT_EQ(code(find("11")), Errc::kUnavailable);
  EXPECT_EQ(code(find(std::string(64, '0'))), Errc::kUnavailable);
  EXPECT_EQ(code(find("")), Errc::kMalformed);
  EXPECT_EQ(code(find("7x")), Errc::kMalformed);
  EXPECT_EQ(code(find("-1")), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::ledger
