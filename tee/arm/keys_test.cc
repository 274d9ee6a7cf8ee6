#include "tee/arm/keys.h"

#include <gtest/gtest.h>

#include "codec/pem.h"
#include "crypto/sign.h"
#include "token/jwk.h"

namespace ward::arm {
namespace {

using crypto::KeyType;

crypto::PrivateKey key_of(std::string_view seed, KeyType type = KeyType::kP256) {
  crypto::SeededRng rng(as_bytes(seed));
  auto key = crypto::PrivateKey::generate(type, rng);
  EXPECT_TRUE(key);
  return *std::move(key);
}

attest::Document document(const char* name, const std::string& text) {
  return {name, to_buffer(as_bytes(text))};
}

std::string pem_of(const crypto::PublicKey& key) {
  return codec::to_pem("PUBLIC KEY", key.to_spki());
}

std::string jwk_of(const crypto::PublicKey& key) { return token::to_json({.key = key}); }

Keys read(const std::vector<attest::Document>& documents) {
  std::vector<const attest::Document*> list;
  for (const attest::Document& d : documents) {
    list.push_back(&d);
  }
  return read_keys(list, nullptr);
}

attest::Anchor anchor_of(const crypto::PublicKey& key) {
  attest::Anchor out{.name = "named"};
  out.spki_sha256 = crypto::sha256(key.to_spki());
  return out;
}

TEST(ArmKeys, PemAndJwkAndASetOfThemAreRead) {
  const auto one = key_of("one");
  const auto two = key_of("two", KeyType::kP384);
  const Keys keys = read({document("a.pem", pem_of(one.public_key())),
                          document("a.json", " " + jwk_of(one.public_key())),
                          document("set.json", "{\"keys\":[" + jwk_of(two.public_key()) + "]}")});
  ASSERT_EQ(keys.keys.size(), 2U);  // a copy is left out
  EXPECT_EQ(keys.keys[0].name, "a.pem");
  EXPECT_EQ(keys.keys[1].key.type(), KeyType::kP384);
  EXPECT_TRUE(keys.notes.empty());
}

TEST(ArmKeys, WhatIsNoneIsNoted) {
  const auto one = key_of("one");
  const Keys keys =
      read({document("text", "words"), document("empty", ""), document("other.json", "{\"a\":1}"),
            document("other.pem", codec::to_pem("CERTIFICATE", Buffer{1})),
            document("bad.pem", codec::to_pem("PUBLIC KEY", Buffer{1})),
            document("cut.pem", "-----BEGIN PUBLIC KEY-----")});
  EXPECT_TRUE(keys.keys.empty());
  EXPECT_EQ(keys.notes.size(), 6U);
}

TEST(ArmKeys, TheSignerIsFoundBeforeTheAnchorAndAlone) {
  const auto one = key_of("one");
  const auto two = key_of("two");
  const Keys keys =
      read({document("1", pem_of(one.public_key())), document("2", pem_of(two.public_key()))});
  ASSERT_EQ(keys.keys.size(), 2U);
  const attest::Anchor anchors[] = {anchor_of(two.public_key())};
  const auto never = [](const NamedKey&) { return false; };
  const auto is_first = [&](const NamedKey& key) { return key.name == "1"; };
  const auto any = [](const NamedKey&) { return true; };
  EXPECT_EQ(find_signer(keys, anchors, any), &keys.keys[1]);
  EXPECT_EQ(find_signer(keys, anchors, is_first), &keys.keys[0]);
  EXPECT_EQ(find_signer(keys, anchors, never), &keys.keys[1]);
  EXPECT_EQ(find_signer(keys, {}, never), nullptr);
  const Keys only = read({document("1", pem_of(one.public_key()))});
  EXPECT_EQ(find_signer(only, {}, never), &only.keys[0]);
  EXPECT_EQ(find_signer({}, anchors, any), nullptr);
}

// A bundle's other blocks are nobody's key, before one or behind it.
TEST(ArmKeys, BlocksOfAnotherKindStandBesideKeysInAnyOrder) {
  const auto one = key_of("one");
  const std::string key = pem_of(one.public_key());
  const std::string other = codec::to_pem("CERTIFICATE", Buffer{1});
  const std::string bad = codec::to_pem("PUBLIC KEY", Buffer{1});
  for (const std::string& text : {other + key, key + other, other + key + other}) {
    const Keys keys = read({document("bundle.pem", text)});
    ASSERT_EQ(keys.keys.size(), 1U);
    EXPECT_EQ(keys.keys[0].spki, one.public_key().to_spki());
    EXPECT_TRUE(keys.notes.empty());
  }
  for (const std::string& text : {bad + key, key + bad}) {
    const Keys keys = read({document("bundle.pem", text)});
    EXPECT_EQ(keys.keys.size(), 1U);
    EXPECT_EQ(keys.notes.size(), 1U) << "the one that cannot be read";
  }
}

// Whoever fills the collateral with keys does not push out the one that the relying party named.
TEST(ArmKeys, TheLimitIsOfKeysThatNobodyNamed) {
  std::vector<attest::Document> documents;
  crypto::SeededRng rng(as_bytes("many"));
  for (std::size_t i = 0; i < kMaxKeys + 2; ++i) {
    const auto key = crypto::PrivateKey::generate(KeyType::kEd25519, rng);
    ASSERT_TRUE(key);
    documents.push_back(document("key", pem_of(key->public_key())));
  }
  const Keys keys = read(documents);
  ASSERT_EQ(keys.keys.size(), kMaxKeys + 2);
  EXPECT_EQ(keys.notes, std::vector<std::string>{
                            "of 258 keys those named as roots and the first 256 are tried"});
  const auto is_at = [&](std::size_t place) {
    return [&keys, place](const NamedKey& key) { return &key == &keys.keys[place]; };
  };
  const attest::Anchor anchors[] = {anchor_of(keys.keys.back().key)};
  EXPECT_EQ(find_signer(keys, anchors, is_at(kMaxKeys + 1)), &keys.keys.back());
  EXPECT_EQ(find_signer(keys, {}, is_at(kMaxKeys - 1)), &keys.keys[kMaxKeys - 1]);
  EXPECT_EQ(find_signer(keys, {}, is_at(kMaxKeys)), nullptr);
  documents.pop_back();
  documents.pop_back();
  EXPECT_TRUE(read(documents).notes.empty());
}

}  // namespace
}  // namespace ward::arm
