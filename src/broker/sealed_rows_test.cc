#include "broker/sealed_rows.h"

#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "crypto/rng.h"
#include "store/memory/memory_store.h"

namespace ward::broker {
namespace {

class SealedRowsTest : public testing::Test {
 protected:
  static Secret<32> key(std::uint8_t octet) {
    Secret<32> out;
    std::fill(out.expose_mut().begin(), out.expose_mut().end(), octet);
    return out;
  }

  Result<std::uint64_t> put(std::string_view name, std::string_view value, std::uint64_t expected) {
    std::uint64_t version = 0;
    WARD_CHECK_OK(store_->transact([&](store::Transaction& tx) -> Result<void> {
      WARD_TRY(version, rows_.put(tx, "secret", name, as_bytes(value), expected, rng_));
      return {};
    }));
    return version;
  }

  Result<std::string> get(std::string_view name, std::string_view table = "secret") {
    return get_with(rows_, name, table);
  }

  Result<std::string> get_with(const SealedRows& rows, std::string_view name,
                               std::string_view table = "secret") {
    std::string out;
    WARD_CHECK_OK(store_->read([&](store::View& view) -> Result<void> {
      WARD_TRY(const SealedRow row, rows.get(view, table, name));
      out = row.value ? std::string(as_text(row.value->expose())) : "(absent)";
      return {};
    }));
    return out;
  }

  Buffer stored(std::string_view name) { return *store_->get("secret", name)->value; }

  // Puts octets where they stand as somebody with access to the database could, at a version.
  void plant(std::string_view table, std::string_view name, Bytes octets, std::uint64_t version) {
    ASSERT_TRUE(store_->transact([&](store::Transaction& tx) -> Result<void> {
      WARD_CHECK_OK(tx.forget(table, name));
      for (std::uint64_t v = 0; v < version; ++v)
        WARD_CHECK_OK(tx.put(table, name, octets, v));
      return {};
    }));
  }

  static Errc code(const Result<std::string>& r) {
    EXPECT_FALSE(r);
    return r ? Errc::kInternal : r.error().code();
  }

  std::unique_ptr<store::Store> store_ = store::make_memory_store();
  crypto::SeededRng rng_{as_bytes("sealed rows")};
  SealedRows rows_{key(1)};
};

TEST_F(SealedRowsTest, a_row_opens_where_and_as_it_was_sealed) {
  EXPECT_EQ(*get("a"), "(absent)");
  EXPECT_EQ(*put("a", "the secret", 0), 1U);
  EXPECT_EQ(*get("a"), "the secret");
  EXPECT_EQ(*put("a", "", 1), 2U);
  EXPECT_EQ(*get("a"), "");
}

TEST_F(SealedRowsTest, the_database_does_not_hold_the_value) {
  ASSERT_TRUE(put("a", "the secret", 0));
  EXPECT_EQ(as_text(stored("a")).find("secret"), std::string_view::npos);
}

TEST_F(SealedRowsTest, another_version_than_expected_is_stale) {
  ASSERT_TRUE(put("a", "one", 0));
  const auto again = put("a", "two", 0);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Errc::kStale);
  EXPECT_EQ(*get("a"), "one");
}

TEST_F(SealedRowsTest, a_row_of_another_key_or_table_does_not_open) {
  ASSERT_TRUE(put("a", "for a", 0));
  plant("secret", "b", stored("a"), 1);
  EXPECT_EQ(code(get("b")), Errc::kUntrusted);
  plant("other", "a", stored("a"), 1);
  EXPECT_EQ(code(get("a", "other")), Errc::kUntrusted);
}

TEST_F(SealedRowsTest, table_and_key_do_not_run_into_each_other) {
  ASSERT_TRUE(put("a", "for a", 0));
  const Buffer row = stored("a");
  plant("secre", "ta", row, 1);
  EXPECT_EQ(code(get("ta", "secre")), Errc::kUntrusted);
}

TEST_F(SealedRowsTest, an_older_row_under_a_newer_version_does_not_open) {
  ASSERT_TRUE(put("a", "old", 0));
  const Buffer old = stored("a");
  ASSERT_TRUE(put("a", "new", 1));
  plant("secret", "a", old, 2);
  EXPECT_EQ(code(get("a")), Errc::kUntrusted);
  plant("secret", "a", old, 3);
  EXPECT_EQ(code(get("a")), Errc::kUntrusted);
}

TEST_F(SealedRowsTest, another_master_key_does_not_open) {
  ASSERT_TRUE(put("a", "the secret", 0));
  EXPECT_EQ(code(get_with(SealedRows(key(2)), "a")), Errc::kUntrusted);
}

TEST_F(SealedRowsTest, every_flipped_bit_and_every_truncation_is_refused) {
  ASSERT_TRUE(put("a", "the secret", 0));
  const Buffer good = stored("a");
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Buffer bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    plant("secret", "a", bad, 1);
    EXPECT_EQ(code(get("a")), Errc::kUntrusted) << bit;
  }
  for (std::size_t n = 0; n < good.size(); ++n) {
    plant("secret", "a", Bytes(good).first(n), 1);
    EXPECT_EQ(code(get("a")), Errc::kUntrusted) << n;
  }
}

TEST_F(SealedRowsTest, the_same_value_is_never_sealed_to_the_same_octets) {
  ASSERT_TRUE(put("a", "the secret", 0));
  const Buffer one = stored("a");
  plant("secret", "a", {}, 0);
  ASSERT_TRUE(put("a", "the secret", 0));
  EXPECT_NE(stored("a"), one);
}

}  // namespace
}  // namespace ward::broker
