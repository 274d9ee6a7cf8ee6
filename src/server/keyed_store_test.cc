#include "server/keyed_store.h"

#include <gtest/gtest.h>

#include "store/memory/memory_store.h"

namespace ward::server {
namespace {

constexpr UnixTime kNow{1700000000};

class KeyedStoreTest : public testing::Test {
 protected:
  // act is one request that raises the counter, and its answer; the status it ends with.
  unsigned act(const std::string& key, const std::string& body = "x", UnixTime now = kNow,
               const std::string& actor = "first", unsigned status = 200) {
    KeyedStore::Scope scope(store_, rows_, rng_, request(key, body, now, actor));
    const auto found = scope.find();
    EXPECT_TRUE(found);
    if (found->state == KeyState::kOther) return 422;
    if (found->state == KeyState::kBegun) return 409;
    if (found->state == KeyState::kAnswered) {
      EXPECT_EQ(std::string(as_text(found->answer.body)), "answer to " + body);
      EXPECT_EQ(found->answer.header("content-type"), "text/x");
      return found->answer.status;
    }
    if (!raise()) return scope.full() ? 429 : 503;
    EXPECT_TRUE(scope.end(
        {status, {{"Content-Type", "text/x"}}, to_buffer(as_bytes("answer to " + body))}));
    return status;
  }

  static KeyedRequest request(const std::string& key, const std::string& body, UnixTime now,
                              const std::string& actor) {
    return {actor, key, digest_of({"POST", "/v1/x", {}, to_buffer(as_bytes(body))}), now};
  }

  bool raise() {
    return store_
        .transact([](store::Transaction& tx) -> Result<void> {
          WARD_TRY(const store::Row row, tx.get("counter", "x"));
          const auto written = tx.put("counter", "x", as_bytes("x"), row.version);
          if (!written) return written.error();
          return {};
        })
        .has_value();
  }

  std::uint64_t count() { return store_.get("counter", "x")->version; }

  std::size_t rows_of(std::string_view table) {
    std::size_t out = 0;
    EXPECT_TRUE(store_.read([&](store::View& view) -> Result<void> {
      WARD_TRY(const auto rows, view.list_keys(table, "", "", store::kMaxListed));
      out = rows.size();
      return {};
    }));
    return out;
  }

  crypto::SystemRng rng_;
  broker::SealedRows rows_{crypto::random_secret<32>(rng_)};
  KeyedStore store_{store::make_memory_store()};
};

TEST_F(KeyedStoreTest, the_same_request_is_done_once) {
  EXPECT_EQ(act("a"), 200U);
  EXPECT_EQ(act("a"), 200U);
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(act("a", "y"), 422U);
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(act("b", "y"), 200U);
  EXPECT_EQ(act("a", "x", kNow, "second"), 200U);  // another administrator's keys are his own
  EXPECT_EQ(count(), 3U);
}

TEST_F(KeyedStoreTest, a_key_counts_for_a_day) {
  EXPECT_EQ(act("a"), 200U);
  EXPECT_EQ(act("a", "y", {kNow.seconds + kKeyLife_s - 1}), 422U);
  EXPECT_EQ(act("a", "y", {kNow.seconds + kKeyLife_s}), 200U);
  EXPECT_EQ(count(), 2U);
  EXPECT_EQ(rows_of(kKeyTable), 1U);
  EXPECT_EQ(rows_of(kKeyTimeTable), 1U);
}

TEST_F(KeyedStoreTest, what_was_refused_leaves_its_key_free) {
  EXPECT_EQ(act("a", "x", kNow, "first", 403), 403U);
  EXPECT_EQ(rows_of(kKeyTable), 0U);
  EXPECT_EQ(rows_of(kKeyTimeTable), 0U);
  EXPECT_EQ(act("a", "y"), 200U);
}

TEST_F(KeyedStoreTest, an_act_whose_answer_was_lost_is_not_done_again) {
  {
    KeyedStore::Scope scope(store_, rows_, rng_, request("a", "x", kNow, "first"));
    ASSERT_TRUE(scope.find());
    EXPECT_TRUE(raise());  // and the process ends here
  }
  EXPECT_EQ(act("a"), 409U);
  EXPECT_EQ(act("a", "y"), 422U);
  EXPECT_EQ(count(), 1U);
}

TEST_F(KeyedStoreTest, of_two_at_once_one_is_done) {
  KeyedStore::Scope late(store_, rows_, rng_, request("a", "x", kNow, "first"));
  ASSERT_TRUE(late.find());
  std::thread([&] { EXPECT_EQ(act("a"), 200U); }).join();
  EXPECT_FALSE(raise());
  EXPECT_TRUE(late.collided());
  EXPECT_EQ(count(), 1U);
}

TEST_F(KeyedStoreTest, an_act_that_fails_leaves_no_key) {
  KeyedStore::Scope scope(store_, rows_, rng_, request("a", "x", kNow, "first"));
  EXPECT_FALSE(store_.transact([](store::Transaction&) -> Result<void> {
    return Error(Errc::kUnavailable, "test: the act fails");
  }));
  EXPECT_FALSE(scope.collided());
  EXPECT_EQ(rows_of(kKeyTable), 0U);
}

TEST_F(KeyedStoreTest, keys_are_bounded_in_number) {
  for (std::size_t i = 0; i < kMaxKeys; ++i) {
    ASSERT_EQ(act(std::to_string(i)), 200U) << i;
  }
  EXPECT_EQ(act("more"), 429U);
  EXPECT_EQ(act("0"), 200U);  // as it was answered
  EXPECT_EQ(count(), kMaxKeys);
  EXPECT_EQ(act("more", "x", kNow, "second"), 200U);
  EXPECT_EQ(act("more", "x", {kNow.seconds + kKeyLife_s}), 200U);
  EXPECT_EQ(rows_of(kKeyTable), 2U);
}

TEST_F(KeyedStoreTest, what_is_kept_can_only_be_read_with_the_services_key) {
  EXPECT_EQ(act("a", "needle"), 200U);
  ASSERT_TRUE(store_.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto rows, view.list(kKeyTable, "", "", 10));
    EXPECT_EQ(rows.size(), 1U);
    EXPECT_EQ(as_text(rows.front().value).find("needle"), std::string_view::npos);
    return {};
  }));
}

TEST(IdempotencyKey, is_a_string_of_a_structured_field) {
  EXPECT_EQ(key_of("\"8e03978e\""), "8e03978e");
  EXPECT_EQ(key_of("\"a b\""), "a b");
  EXPECT_EQ(key_of("\"" + std::string(kMaxKeyText, 'x') + "\""), std::string(kMaxKeyText, 'x'));
  for (const std::string& wrong :
       {std::string(), std::string("8e03978e"), std::string("\""), std::string("\"\""),
        std::string("\"a"), std::string("a\""), std::string("\"a\\b\""), std::string("\"a\"b\""),
        std::string("\"\x7f\""), std::string("\"\x01\""), std::string("\"\xC3\xA4\""),
        "\"" + std::string(kMaxKeyText + 1, 'x') + "\""}) {
    EXPECT_FALSE(key_of(wrong)) << wrong;
  }
}

TEST(IdempotencyKey, a_request_is_its_method_target_and_body) {
  const auto digest = [](const char* method, const char* target, const char* body) {
    return digest_of({method, target, {{"Authorization", body}}, to_buffer(as_bytes(body))});
  };
  const auto one = digest("POST", "/v1/x", "b");
  EXPECT_EQ(one, digest("POST", "/v1/x", "b"));
  EXPECT_NE(one, digest("PUT", "/v1/x", "b"));
  EXPECT_NE(one, digest("POST", "/v1/y", "b"));
  EXPECT_NE(one, digest("POST", "/v1/x", "c"));
  EXPECT_NE(digest("POST", "/v1/x", ""), digest("POS", "T/v1/x", ""));
  EXPECT_EQ(digest_of({"POST", "/", {{"A", "1"}}, {}}), digest_of({"POST", "/", {{"A", "2"}}, {}}));
}

}  // namespace
}  // namespace ward::server
