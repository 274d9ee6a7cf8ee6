#include <string>

#include <gtest/gtest.h>

#include "codec/pem.h"
#include "crypto/rng.h"
#include "server/key_file.h"
#include "server/token_algorithm.h"
#include "token/jws.h"

namespace ward::server {
namespace {

constexpr UnixTime kNow{1700000000};

crypto::PrivateKey new_key(crypto::KeyType type = crypto::KeyType::kP256) {
  crypto::SystemRng rng;
  return *crypto::PrivateKey::generate(type, rng);
}

std::string text_of(const TokenKeys& keys) {
  return std::string(as_text(write_token_keys(keys).expose()));
}

std::string pem(const crypto::PrivateKey& key) {
  return std::string(as_text(write_private_key(key).expose()));
}

std::string public_pem(const crypto::PrivateKey& key) {
  return codec::to_pem("PUBLIC KEY", key.public_key().to_spki());
}

Buffer spki(const crypto::PrivateKey& key) { return key.public_key().to_spki(); }

TEST(TokenKeyFile, one_key_is_a_file_as_it_always_was) {
  const auto key = new_key();
  const auto keys = parse_token_keys(as_bytes(pem(key)));
  ASSERT_TRUE(keys) << keys.error().what();
  EXPECT_EQ(spki(keys->signing), spki(key));
  EXPECT_FALSE(keys->next);
  EXPECT_TRUE(keys->retired.empty());
  EXPECT_EQ(text_of(*keys), pem(key));
}

TEST(TokenKeyFile, reads_what_it_writes) {
  TokenKeys keys{new_key(), new_key(), {}};
  keys.retired.push_back({new_key().public_key(), {kNow.seconds - 10}});
  keys.retired.push_back({new_key().public_key(), kNow});
  const auto back = parse_token_keys(as_bytes(text_of(keys)));
  ASSERT_TRUE(back) << back.error().what();
  EXPECT_EQ(spki(back->signing), spki(keys.signing));
  EXPECT_EQ(spki(*back->next), spki(*keys.next));
  ASSERT_EQ(back->retired.size(), 2U);
  EXPECT_EQ(back->retired[1].key.to_spki(), keys.retired[1].key.to_spki());
  EXPECT_EQ(back->retired[0].since.seconds, kNow.seconds - 10);
  EXPECT_EQ(public_halves(*back).size(), 4U);
}

TEST(TokenKeyFile, a_rotation_keeps_the_public_half_of_the_old_key_alone) {
  const auto old = new_key();
  auto keys = parse_token_keys(as_bytes(pem(old)));
  const auto turned = rotate(*std::move(keys), new_key(), Rotation::kSwitch, kNow);
  ASSERT_TRUE(turned);
  EXPECT_NE(spki(turned->signing), spki(old));
  ASSERT_EQ(turned->retired.size(), 1U);
  EXPECT_EQ(turned->retired[0].key.to_spki(), spki(old));
  const std::string text = text_of(*turned);
  EXPECT_EQ(text.find("PRIVATE KEY", text.find("END PRIVATE KEY") + 15), std::string::npos);
}

TEST(TokenKeyFile, a_key_that_was_published_is_the_one_that_comes_into_use) {
  const auto next = new_key();
  const Buffer wanted = spki(next);
  auto published =
      rotate({new_key(), std::nullopt, {}},
             *crypto::PrivateKey::from_pkcs8(next.to_pkcs8().expose()), Rotation::kPublish, kNow);
  ASSERT_TRUE(published);
  EXPECT_EQ(spki(*published->next), wanted);
  const auto again = parse_token_keys(as_bytes(text_of(*published)));
  const auto twice =
      rotate(*parse_token_keys(as_bytes(text_of(*published))), new_key(), Rotation::kPublish, kNow);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code(), Errc::kStale);
  const auto turned = rotate(*std::move(published), new_key(), Rotation::kSwitch, kNow);
  ASSERT_TRUE(turned);
  EXPECT_EQ(spki(turned->signing), wanted);
  EXPECT_FALSE(turned->next);
}

TEST(TokenKeyFile, retired_keys_stay_until_their_results_have_expired) {
  TokenKeys keys{new_key(), std::nullopt, {}};
  keys.retired.push_back({new_key().public_key(), kNow});
  drop_expired(keys, {kNow.seconds + kRetiredFor_s - 1});
  EXPECT_EQ(keys.retired.size(), 1U);
  drop_expired(keys, {kNow.seconds + kRetiredFor_s});
  EXPECT_TRUE(keys.retired.empty());
  // No result lives longer than an hour (wardd.toml's token_seconds).
  EXPECT_GE(kRetiredFor_s, 3600 + 300);
}

TEST(TokenKeyFile, of_a_compromised_file_nothing_is_left) {
  TokenKeys keys{new_key(), new_key(), {}};
  keys.retired.push_back({new_key().public_key(), kNow});
  const auto fresh = rotate(std::move(keys), new_key(), Rotation::kCompromised, kNow);
  ASSERT_TRUE(fresh);
  EXPECT_EQ(public_halves(*fresh).size(), 1U);
}

TEST(TokenKeyFile, is_bounded) {
  TokenKeys keys{new_key(), new_key(), {}};
  for (std::size_t i = 0; i < kMaxRetiredKeys; ++i) {
    keys.retired.push_back({new_key().public_key(), kNow});
  }
  const std::string text = text_of(keys);
  EXPECT_LT(text.size(), kMaxKeyFileBytes);
  EXPECT_TRUE(parse_token_keys(as_bytes(text)));
  const auto more =
      parse_token_keys(as_bytes(text + "retired: 2026-01-01T00:00:00Z\n" + public_pem(new_key())));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code(), Errc::kLimit);
  const auto turned = rotate(std::move(keys), new_key(), Rotation::kSwitch, kNow);
  ASSERT_FALSE(turned);
  EXPECT_EQ(turned.error().code(), Errc::kLimit);
}

TEST(TokenKeyFile, keys_of_every_kind_stand_beside_one_another) {
  TokenKeys keys{new_key(), std::nullopt, {}};
  std::vector<std::string> signs;
  for (const std::string_view algorithm : kTokenAlgorithms) {
    const auto type = token_key_type(algorithm);
    ASSERT_TRUE(type) << algorithm;
    auto turned = rotate(std::move(keys), new_key(*type), Rotation::kSwitch, kNow);
    ASSERT_TRUE(turned);
    auto read = parse_token_keys(as_bytes(text_of(*turned)));
    ASSERT_TRUE(read) << algorithm << ": " << read.error().what();
    keys = *std::move(read);
    EXPECT_EQ(token::to_text(signer_of(keys.signing).algorithm), algorithm);
    EXPECT_EQ(token::to_text(verifier_of(keys.signing.public_key()).algorithm), algorithm);
    const auto token = token::sign_jws(signer_of(keys.signing), "", as_bytes("{}"));
    ASSERT_TRUE(token);
    EXPECT_TRUE(token::verify_jws(*token, verifier_of(keys.signing.public_key())));
  }
  EXPECT_EQ(keys.retired.size(), kTokenAlgorithms.size());
  EXPECT_EQ(token_key_type("ES512").error().code(), Errc::kUnsupported);
  EXPECT_EQ(token_key_type("").error().code(), Errc::kUnsupported);
}

TEST(TokenKeyFile, what_is_no_such_file_is_refused) {
  const auto a = new_key();
  const auto b = new_key();
  const auto c = new_key();
  const auto p521 = new_key(crypto::KeyType::kP521);
  const std::string line = "retired: 2026-01-01T00:00:00Z\n";

  const struct {
    const char* name;
    std::string text;
    Errc want;
  } cases[] = {
      {"empty", "", Errc::kTruncated},
      {"public_first", line + public_pem(a) + pem(b), Errc::kMalformed},
      {"three_private", pem(a) + pem(b) + pem(c), Errc::kMalformed},
      {"private_behind_retired", pem(a) + line + public_pem(b) + pem(c), Errc::kMalformed},
      {"retired_without_its_time", pem(a) + public_pem(b), Errc::kMalformed},
      {"time_without_a_key", pem(a) + line, Errc::kMalformed},
      {"no_time", pem(a) + "retired: today\n" + public_pem(b), Errc::kMalformed},
      {"certificate", pem(a) + codec::to_pem("CERTIFICATE", Buffer(3)), Errc::kMalformed},
      {"one_key_twice", pem(a) + pem(a), Errc::kMalformed},
      {"one_key_twice_retired", pem(a) + line + public_pem(a), Errc::kMalformed},
      {"p521", pem(p521), Errc::kUnsupported},
      {"p521_retired", pem(a) + line + public_pem(p521), Errc::kUnsupported},
  };

  for (const auto& one : cases) {
    const auto keys = parse_token_keys(as_bytes(one.text));
    ASSERT_FALSE(keys) << one.name;
    EXPECT_EQ(keys.error().code(), one.want) << one.name << ": " << keys.error().what();
  }
}

}  // namespace
}  // namespace ward::server
