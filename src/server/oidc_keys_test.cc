#include "server/oidc_keys.h"

#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "crypto/rng.h"
#include "crypto/sign.h"

namespace ward::server {
namespace {

constexpr const char* kIssuer = "https://login.example";

std::string set_of(const std::vector<std::string>& kids) {
  crypto::SystemRng rng;
  std::vector<token::Jwk> keys;
  for (const std::string& kid : kids) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEd25519, rng);
    keys.push_back({key->public_key(), kid, "", "", {}});
  }
  return token::to_jwks_json(keys);
}

// An issuer that answers what the test wants, and counts.
class CachedKeysTest : public testing::Test {
 protected:
  CachedKeys cache_{{{kIssuer, {.fresh_s = 300, .refetch_s = 30, .kept_s = 3600}}},
                    [this](const std::string&) {
                      ++asked_;
                      return answer_;
                    }};

  // What became of a token of `kid`, `after_s` seconds behind the first.
  Errc ask(std::string_view kid, std::int64_t after_s) {
    const auto found = cache_.keys(kIssuer, kid, {1'800'000'000 + after_s});
    return found ? kFound : found.error().code();
  }

  static constexpr Errc kFound = Errc::kInternal;

  Result<std::string> answer_ = set_of({"a", "b"});
  int asked_ = 0;
};

TEST_F(CachedKeysTest, one_set_serves_until_it_is_no_longer_fresh) {
  EXPECT_EQ(ask("a", 0), kFound);
  EXPECT_EQ(ask("b", 299), kFound);
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(ask("b", 300), kFound);
  EXPECT_EQ(asked_, 2);
}

TEST_F(CachedKeysTest, a_new_key_is_fetched_at_once_and_a_taken_back_one_counts_no_more) {
  EXPECT_EQ(ask("a", 0), kFound);
  answer_ = set_of({"b", "c"});
  EXPECT_EQ(ask("c", 30), kFound);
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(ask("a", 60), Errc::kUntrusted);
}

TEST_F(CachedKeysTest, strangers_do_not_make_us_ask_the_issuer_more_often) {
  EXPECT_EQ(ask("a", 0), kFound);
  for (std::int64_t i = 1; i < 30; ++i) {
    EXPECT_EQ(ask("stranger", i), Errc::kUnavailable);
  }
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(ask("stranger", 30), Errc::kUntrusted);
  EXPECT_EQ(ask("stranger", 31), Errc::kUnavailable);
  EXPECT_EQ(ask("a", 31), kFound);
  EXPECT_EQ(asked_, 2);
}

TEST_F(CachedKeysTest, old_keys_serve_while_the_issuer_is_down_until_they_are_too_old) {
  EXPECT_EQ(ask("a", 0), kFound);
  answer_ = Error(Errc::kUnavailable, "test: down");
  EXPECT_EQ(ask("a", 300), kFound);
  EXPECT_EQ(ask("a", 310), kFound);
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(ask("c", 400), Errc::kUnavailable);
  EXPECT_EQ(ask("a", 3599), kFound);
  EXPECT_EQ(ask("a", 3600), Errc::kUnavailable);
  answer_ = set_of({"a"});
  EXPECT_EQ(ask("a", 3640), kFound);
}

TEST_F(CachedKeysTest, what_is_no_key_set_changes_nothing) {
  EXPECT_EQ(ask("a", 0), kFound);
  std::int64_t at = 300;
  for (const char* text : {"", "{}", "[]"}) {
    answer_ = std::string(text);
    EXPECT_EQ(ask("a", at), kFound) << text;
    at += 30;
  }
  EXPECT_EQ(asked_, 4);
}

TEST_F(CachedKeysTest, an_issuer_that_takes_its_last_key_back_has_none) {
  EXPECT_EQ(ask("a", 0), kFound);
  answer_ = std::string(R"({"keys":[]})");
  EXPECT_EQ(ask("a", 300), Errc::kUntrusted);
  EXPECT_EQ(ask("a", 301), Errc::kUnavailable);  // it is not asked again so soon
  answer_ = set_of({"a"});
  EXPECT_EQ(ask("a", 330), kFound);
}

TEST_F(CachedKeysTest, a_token_without_a_kid_can_be_of_a_lone_key_only) {
  EXPECT_FALSE(cache_.keys(kIssuer, std::nullopt, {1'800'000'000}));
  answer_ = set_of({"a"});
  EXPECT_TRUE(cache_.keys(kIssuer, std::nullopt, {1'800'000'400}));
  EXPECT_FALSE(cache_.keys(kIssuer, "", {1'800'000'401}));
}

TEST_F(CachedKeysTest, other_issuers_have_no_keys_and_are_not_asked) {
  const auto other = cache_.keys("https://evil.example", "a", {1'800'000'000});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Errc::kUntrusted);
  EXPECT_EQ(asked_, 0);
}

TEST_F(CachedKeysTest, a_clock_that_was_set_back_makes_keys_old) {
  EXPECT_EQ(ask("a", 1000), kFound);
  EXPECT_EQ(ask("a", 0), kFound);
  EXPECT_EQ(asked_, 2);
}

TEST_F(CachedKeysTest, warm_fetches_before_anybody_asks) {
  cache_.warm({1'800'000'000});
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(ask("a", 10), kFound);
  EXPECT_EQ(asked_, 1);
}

// One thread waits for the issuer; the others use the keys that there are.
TEST(CachedKeysThreads, nobody_waits_for_another_ones_fetch) {
  std::latch begun(1);
  std::latch go_on(1);
  int asked = 0;
  const std::string text = set_of({"a"});
  const CachedKeys cache({{kIssuer, {}}}, [&](const std::string&) -> Result<std::string> {
    if (++asked == 2) {
      begun.count_down();
      go_on.wait();
    }
    return text;
  });
  ASSERT_TRUE(cache.keys(kIssuer, "a", {1'800'000'000}));
  std::jthread slow([&] { EXPECT_TRUE(cache.keys(kIssuer, "a", {1'800'000'300})); });
  begun.wait();
  EXPECT_TRUE(cache.keys(kIssuer, "a", {1'800'000'301}));
  const auto other = cache.keys(kIssuer, "new", {1'800'000'301});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Errc::kUnavailable);
  go_on.count_down();
  slow.join();
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace ward::server
