#include "broker/session.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace ward::broker {
namespace {

Session example() {
  Session session;
  session.version = protocol::kbs::Version::k0_2_0;
  session.tee = "sgx";
  session.nonce.fill(7);
  session.expires = {1700000300};
  return session;
}

SessionSealer sealer(std::uint8_t fill) {
  Secret<32> key;
  std::fill(key.expose_mut().begin(), key.expose_mut().end(), fill);
  return SessionSealer(std::move(key));
}

TEST(Session, opens_what_it_sealed) {
  crypto::SystemRng rng;
  const SessionSealer mine = sealer(1);
  const auto cookie = mine.seal(example(), rng);
  ASSERT_TRUE(cookie);
  const auto back = mine.open(*cookie);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, example());
  const auto again = mine.seal(example(), rng);
  ASSERT_TRUE(again);
  EXPECT_NE(*cookie, *again);
}

TEST(Session, of_one_use_is_none_of_the_other) {
  crypto::SystemRng rng;
  const SessionSealer mine = sealer(1);
  const auto kbs = mine.seal(example(), rng);
  const auto other = mine.seal(example(), rng, SessionUse::kAppraisal);
  ASSERT_TRUE(kbs && other);
  EXPECT_EQ(mine.open(*kbs, SessionUse::kAppraisal).error().code(), Errc::kUntrusted);
  EXPECT_EQ(mine.open(*other).error().code(), Errc::kUntrusted);
  EXPECT_EQ(*mine.open(*other, SessionUse::kAppraisal), example());
}

TEST(Session, refuses_every_changed_or_cut_cookie_and_another_key) {
  crypto::SystemRng rng;
  const SessionSealer mine = sealer(1);
  const auto cookie = mine.seal(example(), rng);
  ASSERT_TRUE(cookie);
  const auto refused = [](const Result<Session>& opened) {
    return !opened && opened.error().code() == Errc::kUntrusted;
  };
  const auto octets = from_base64(*cookie, Base64::kUrl);
  ASSERT_TRUE(octets);
  for (std::size_t i = 0; i < octets->size(); ++i) {
    Buffer flipped = *octets;
    flipped[i] ^= 1;
    EXPECT_TRUE(refused(mine.open(to_base64(flipped, Base64::kUrl)))) << i;
    EXPECT_TRUE(refused(mine.open(to_base64(Bytes(*octets).first(i), Base64::kUrl)))) << i;
  }
  EXPECT_TRUE(refused(mine.open(*cookie + "A")));
  EXPECT_TRUE(refused(mine.open("")));
  EXPECT_TRUE(refused(mine.open(std::string(5000, 'A'))));
  EXPECT_TRUE(refused(sealer(2).open(*cookie)));
}

TEST(Session, rows_are_in_order_of_expiry) {
  Session early = example();
  Session late = example();
  late.expires = {early.expires.seconds + 1};
  late.nonce.fill(0);
  EXPECT_LT(early.row_key(), late.row_key());
  const auto expiry = row_expiry(early.row_key());
  ASSERT_TRUE(expiry);
  EXPECT_EQ(*expiry, early.expires);
  for (const char* wrong : {"", "12", "zz00000000000000", "-000000000000001"}) {
    const auto refused = row_expiry(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code(), Errc::kMalformed);
  }
}

}  // namespace
}  // namespace ward::broker
