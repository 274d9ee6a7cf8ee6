#include "token/jwe.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "crypto/sign.h"
#include "test/support/vectors.h"
#include "token/jwk.h"

namespace ward::token {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

template <class T>
Errc code(const Result<T>& r) {
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

std::string url(std::string_view text) { return to_base64(as_bytes(text), Base64::kUrl); }

PrivateKey private_key(KeyType type, std::string_view seed) {
  crypto::SeededRng rng(as_bytes(seed));
  auto key = PrivateKey::generate(type, rng);
  EXPECT_TRUE(key);
  return *std::move(key);
}

// Gives the octets that it was given, then ends the test.
class FixedRng final : public crypto::Rng {
 public:
  explicit FixedRng(Buffer octets) : octets_(std::move(octets)) {}

  void fill(std::span<std::uint8_t> out) override {
    ASSERT_LE(out.size(), octets_.size() - at_) << "more randomness than the example has";
    std::copy_n(octets_.begin() + static_cast<std::ptrdiff_t>(at_), out.size(), out.begin());
    at_ += out.size();
  }

  [[nodiscard]] bool spent() const { return at_ == octets_.size(); }

 private:
  Buffer octets_;
  std::size_t at_ = 0;
};

class JweTest : public testing::Test {
 protected:
  [[nodiscard]] Jwe sealed(std::string_view text = "a secret") const {
    crypto::SeededRng rng(as_bytes("sealed"));
    auto jwe = encrypt_jwe(key_.public_key(), as_bytes(text), rng);
    EXPECT_TRUE(jwe);
    return *std::move(jwe);
  }

  [[nodiscard]] Jwe with_header(const std::string& header) const {
    Jwe jwe = sealed();
    jwe.protected_header = url(header);
    return jwe;
  }

  [[nodiscard]] std::string epk() const {
    const auto header = codec::parse_json(*from_base64(sealed().protected_header, Base64::kUrl));
    const Buffer document = *from_base64(sealed().protected_header, Base64::kUrl);
    return std::string(as_text(header->find("epk")->raw(document)));
  }

  PrivateKey key_ = private_key(KeyType::kP256, "jwe test");
};

TEST_F(JweTest, the_worked_example_byte_for_byte) {
  WARD_NEED_VECTORS();
  const Buffer file = test::read_file(test::vectors_dir() / "kbs" / "worked-example.json");
  const auto example = codec::parse_json(file);
  ASSERT_TRUE(example);
  const auto hex = [&](std::string_view name) {
    return *from_hex(*example->find(name)->as_string());
  };
  const codec::JsonValue& want = *example->find("jwe");
  const Buffer iv = *from_base64(*want.find("iv")->as_string(), Base64::kUrl);
  const auto receiver = parse_jwk(*example->find("jwk"));
  ASSERT_TRUE(receiver);
  FixedRng rng(concat({hex("cek"), iv, hex("eph_private_d_hex")}));
  const std::string plaintext(*example->find("plaintext")->as_string());
  const auto jwe = encrypt_jwe(receiver->key, as_bytes(plaintext), rng);
  ASSERT_TRUE(jwe) << jwe.error().what();
  EXPECT_TRUE(rng.spent());
  EXPECT_EQ(as_text(*from_base64(jwe->protected_header, Base64::kUrl)),
            *example->find("header")->as_string());
  for (const auto& [name, value] : want.members()) {
    EXPECT_NE(to_json(*jwe).find('"' + name + "\":\"" + std::string(*value.as_string()) + '"'),
              std::string::npos)
        << name;
  }
  const auto key = PrivateKey::from_ec_scalar(KeyType::kP256, hex("tee_private_d_hex"));
  ASSERT_TRUE(key);
  const auto opened = decrypt_jwe(*parse_jwe(as_bytes(to_json(*jwe))), *key);
  ASSERT_TRUE(opened);
  EXPECT_EQ(as_text(opened->expose()), plaintext);
}

TEST_F(JweTest, every_curve_and_rsa_round_trip_in_both_forms) {
  std::vector<PrivateKey> keys;
  keys.push_back(private_key(KeyType::kP256, "a"));
  keys.push_back(private_key(KeyType::kP384, "b"));
  keys.push_back(private_key(KeyType::kP521, "c"));
  keys.push_back(*PrivateKey::generate_rsa(2048));
  crypto::SeededRng rng(as_bytes("round trip"));
  for (const PrivateKey& key : keys) {
    for (const std::string& text : {std::string(), std::string("x"), std::string(70000, 'y')}) {
      const auto jwe = encrypt_jwe(key.public_key(), as_bytes(text), rng);
      ASSERT_TRUE(jwe) << jwe.error().what();
      EXPECT_EQ(*parse_jwe(as_bytes(to_json(*jwe))), *jwe);
      EXPECT_EQ(*parse_compact_jwe(to_compact(*jwe)), *jwe);
      const auto opened = decrypt_jwe(*jwe, key);
      ASSERT_TRUE(opened) << opened.error().what();
      EXPECT_EQ(as_text(opened->expose()), text);
    }
  }
}

TEST_F(JweTest, the_rsa_header_is_exact) {
  const PrivateKey key = *PrivateKey::generate_rsa(2048);
  crypto::SeededRng rng(as_bytes("rsa"));
  EXPECT_EQ(encrypt_jwe(key.public_key(), {}, rng)->protected_header,
            url(R"({"alg":"RSA-OAEP-256","enc":"A256GCM"})"));
}

// What old clients of the KBS protocol get is exact, and nothing here opens it.
TEST_F(JweTest, forms_for_old_clients_are_written_and_never_opened) {
  const PrivateKey key = *PrivateKey::generate_rsa(2048);
  crypto::SeededRng rng(as_bytes("old"));
  const auto pkcs1 = encrypt_jwe(key.public_key(), as_bytes("x"), rng, RsaWrap::kRsa15);
  ASSERT_TRUE(pkcs1);
  EXPECT_EQ(pkcs1->protected_header, url(R"({"alg":"RSA1_5","enc":"A256GCM"})"));
  EXPECT_EQ(code(decrypt_jwe(*pkcs1, key)), Errc::kUnsupported);

  const auto older = encrypt_kbs_0_1(key.public_key(), as_bytes("x"), rng, RsaWrap::kRsa15);
  ASSERT_TRUE(older);
  EXPECT_TRUE(older->starts_with(
      R"({"protected":"{\"alg\":\"RSA1_5\",\"enc\":\"A256GCM\"}","encrypted_key":")"));
  EXPECT_TRUE(older->ends_with(R"(","tag":""})"));
  const auto json = codec::parse_json(as_bytes(*older));
  ASSERT_TRUE(json);
  EXPECT_EQ(from_base64(*json->find("ciphertext")->as_string(), Base64::kUrl)->size(), 1U + 16U);
  EXPECT_EQ(code(parse_jwe(as_bytes(*older))), Errc::kMalformed);

  const auto ed25519 = private_key(KeyType::kEd25519, "x").public_key();
  EXPECT_EQ(code(encrypt_kbs_0_1(ed25519, {}, rng, RsaWrap::kRsa15)), Errc::kUnsupported);
}

TEST_F(JweTest, another_receiver_cannot_open) {
  EXPECT_EQ(code(decrypt_jwe(sealed(), private_key(KeyType::kP256, "other"))), Errc::kUntrusted);
  EXPECT_EQ(code(decrypt_jwe(sealed(), private_key(KeyType::kP384, "other"))), Errc::kMalformed);
  EXPECT_EQ(code(decrypt_jwe(sealed(), *PrivateKey::generate_rsa(2048))), Errc::kUnsupported);
  EXPECT_EQ(code(decrypt_jwe(sealed(), private_key(KeyType::kEd25519, "x"))), Errc::kUnsupported);
}

TEST_F(JweTest, an_ed25519_receiver_is_refused) {
  crypto::SeededRng rng(as_bytes("x"));
  EXPECT_EQ(code(encrypt_jwe(private_key(KeyType::kEd25519, "x").public_key(), {}, rng)),
            Errc::kUnsupported);
}

TEST_F(JweTest, every_flipped_bit_is_refused) {
  const Jwe good = sealed();
  const auto flip = [&](auto member, const char* name) {
    for (std::size_t bit = 0; bit < 8 * (good.*member).size(); ++bit) {
      Jwe bad = good;
      auto& octet = (bad.*member)[bit / 8];
      octet = static_cast<std::remove_reference_t<decltype(octet)>>(octet ^ (1 << (bit % 8)));
      EXPECT_EQ(code(decrypt_jwe(bad, key_)), Errc::kUntrusted) << name << ' ' << bit;
    }
  };
  flip(&Jwe::encrypted_key, "encrypted_key");
  flip(&Jwe::iv, "iv");
  flip(&Jwe::ciphertext, "ciphertext");
  flip(&Jwe::tag, "tag");
  for (std::size_t bit = 0; bit < 8 * good.protected_header.size(); ++bit) {
    Jwe bad = good;
    char& c = bad.protected_header[bit / 8];
    c = static_cast<char>(c ^ (1 << (bit % 8)));
    EXPECT_FALSE(decrypt_jwe(bad, key_)) << bit;
  }
}

TEST_F(JweTest, lengths_other_than_the_right_ones_are_malformed) {
  for (const int change : {-1, 1}) {
    const auto resized = [&](Buffer Jwe::*member) {
      Jwe bad = sealed();
      (bad.*member)
          .resize(static_cast<std::size_t>(static_cast<int>((bad.*member).size()) + change));
      return code(decrypt_jwe(bad, key_));
    };
    EXPECT_EQ(resized(&Jwe::iv), Errc::kMalformed);
    EXPECT_EQ(resized(&Jwe::tag), Errc::kMalformed);
    EXPECT_EQ(resized(&Jwe::encrypted_key), Errc::kMalformed);
    EXPECT_EQ(resized(&Jwe::ciphertext), Errc::kUntrusted);
  }
  for (Buffer Jwe::*member : {&Jwe::iv, &Jwe::tag, &Jwe::encrypted_key}) {
    Jwe bad = sealed();
    (bad.*member).clear();
    EXPECT_EQ(code(decrypt_jwe(bad, key_)), Errc::kMalformed);
    (bad.*member).resize(8, 1);
    EXPECT_EQ(code(decrypt_jwe(bad, key_)), Errc::kMalformed);
  }
}

struct HeaderCase {
  const char* name;
  std::string header;
  Errc want;
};

TEST_F(JweTest, headers_that_must_be_refused) {
  const std::string e = R"(,"epk":)" + epk() + "}";
  const std::string a = R"({"alg":"ECDH-ES+A256KW")";
  const std::string ok = a + R"(,"enc":"A256GCM")";
  const std::string x = "UIJzusTDaaRM6CJcjTzR0sX2qbxl__1LHhHPKamBBkY";
  const auto with_epk = [&](const std::string& value) { return ok + R"(,"epk":)" + value + "}"; };
  const std::vector<HeaderCase> cases = {
      {"not_json", "{", Errc::kMalformed},
      {"array", "[]", Errc::kMalformed},
      {"twice", ok + R"(,"enc":"A256GCM")" + e, Errc::kMalformed},
      {"alg_absent", R"({"enc":"A256GCM")" + e, Errc::kMalformed},
      {"alg_dir", R"({"alg":"dir","enc":"A256GCM")" + e, Errc::kUnsupported},
      {"alg_direct_agreement", R"({"alg":"ECDH-ES","enc":"A256GCM")" + e, Errc::kUnsupported},
      {"alg_a128kw", R"({"alg":"ECDH-ES+A128KW","enc":"A256GCM")" + e, Errc::kUnsupported},
      {"alg_rsa", R"({"alg":"RSA-OAEP-256","enc":"A256GCM")" + e, Errc::kUnsupported},
      {"alg_rsa1_5", R"({"alg":"RSA1_5","enc":"A256GCM")" + e, Errc::kUnsupported},
      {"enc_absent", a + e, Errc::kMalformed},
      {"enc_cbc", a + R"(,"enc":"A256CBC-HS512")" + e, Errc::kUnsupported},
      {"enc_128", a + R"(,"enc":"A128GCM")" + e, Errc::kUnsupported},
      {"crit", ok + R"(,"crit":["x"],"x":1)" + e, Errc::kUnsupported},
      {"zip", ok + R"(,"zip":"DEF")" + e, Errc::kUnsupported},
      {"jwk", ok + R"(,"jwk":{})" + e, Errc::kDenied},
      {"jku", ok + R"(,"jku":"https://a.test")" + e, Errc::kDenied},
      {"x5u", ok + R"(,"x5u":"https://a.test")" + e, Errc::kDenied},
      {"x5c", ok + R"(,"x5c":[])" + e, Errc::kDenied},
      {"epk_absent", ok + "}", Errc::kMalformed},
      {"epk_text", with_epk("\"x\""), Errc::kMalformed},
      {"epk_off_the_curve",
       with_epk(R"({"kty":"EC","crv":"P-256","x":")" + x + R"(","y":")" + x + "\"}"),
       Errc::kMalformed},
      {"epk_zero",
       with_epk(R"({"kty":"EC","crv":"P-256","x":")" + std::string(43, 'A') + R"(","y":")" +
                std::string(43, 'A') + "\"}"),
       Errc::kMalformed},
      {"epk_other_curve",
       with_epk(to_json(Jwk{private_key(KeyType::kP384, "e").public_key(), {}, {}, {}, {}})),
       Errc::kMalformed},
      {"epk_ed25519",
       with_epk(to_json(Jwk{private_key(KeyType::kEd25519, "e").public_key(), {}, {}, {}, {}})),
       Errc::kMalformed},
      {"epk_private", with_epk(R"({"kty":"EC","d":"AA"})"), Errc::kDenied},
      {"apu_number", ok + R"(,"apu":1)" + e, Errc::kMalformed},
      {"apu_base64", ok + R"(,"apu":"a=")" + e, Errc::kMalformed},
      {"apu_changes_the_key", ok + R"(,"apu":"QQ")" + e, Errc::kUntrusted},
      {"reordered", R"({"enc":"A256GCM","alg":"ECDH-ES+A256KW")" + e, Errc::kUntrusted},
  };
  ASSERT_TRUE(decrypt_jwe(with_header(ok + e), key_));  // exactly what encrypt_jwe wrote
  for (const HeaderCase& c : cases)
    EXPECT_EQ(code(decrypt_jwe(with_header(c.header), key_)), c.want) << c.name;
}

TEST_F(JweTest, json_forms_that_are_refused) {
  const std::string good = to_json(sealed());
  ASSERT_TRUE(parse_jwe(as_bytes(good)));
  for (std::size_t n = 0; n < good.size(); ++n)
    EXPECT_EQ(code(parse_jwe(as_bytes(good).first(n))), Errc::kMalformed) << n;
  const auto more = [&](const std::string& member) {
    return code(parse_jwe(as_bytes("{" + member + "," + good.substr(1))));
  };
  for (const char* name : {"recipients", "unprotected", "header", "aad"})
    EXPECT_EQ(more('"' + std::string(name) + "\":\"\""), Errc::kUnsupported) << name;
  EXPECT_EQ(more(R"("tag":"AA")"), Errc::kMalformed);  // twice
  for (const char* name : {"protected", "encrypted_key", "iv", "ciphertext", "tag"}) {
    std::string renamed = good;
    renamed.replace(renamed.find('"' + std::string(name) + '"'), 2, "\"_");
    EXPECT_EQ(code(parse_jwe(as_bytes(renamed))), Errc::kMalformed) << name;
  }
  EXPECT_EQ(code(parse_jwe(as_bytes("[]"))), Errc::kMalformed);
}

TEST_F(JweTest, compact_forms_that_are_refused) {
  const std::string good = to_compact(sealed());
  for (const std::string& bad : {std::string(), std::string("...."), good + ".", good + ".AA",
                                 good.substr(0, good.rfind('.')), good + "="}) {
    const auto parsed = parse_compact_jwe(bad);
    EXPECT_FALSE(parsed && decrypt_jwe(*parsed, key_)) << bad;
  }
  // A header that is no base64url would not be written as it was read.
  EXPECT_EQ(code(parse_compact_jwe("=.AA.AA.AA.AA")), Errc::kMalformed);
  EXPECT_EQ(code(parse_jwe(as_bytes(
                R"({"protected":"\\","encrypted_key":"","iv":"","ciphertext":"","tag":""})"))),
            Errc::kMalformed);
  EXPECT_EQ(code(parse_compact_jwe("a.b.c.d")), Errc::kMalformed);
  EXPECT_EQ(code(parse_compact_jwe("YQ.AA.AA.AA.AA.AA")), Errc::kMalformed);
  EXPECT_EQ(code(parse_compact_jwe("YQ.=.AA.AA.AA")), Errc::kMalformed);
}

TEST_F(JweTest, bounds_hold_at_the_limit_and_one_above) {
  crypto::SeededRng rng(as_bytes("bounds"));
  const auto largest = encrypt_jwe(key_.public_key(), Buffer(kMaxJwePlaintext, 1), rng);
  ASSERT_TRUE(largest);
  EXPECT_EQ(decrypt_jwe(*parse_jwe(as_bytes(to_json(*largest))), key_)->size(), kMaxJwePlaintext);
  EXPECT_EQ(code(encrypt_jwe(key_.public_key(), Buffer(kMaxJwePlaintext + 1, 1), rng)),
            Errc::kLimit);
  Jwe long_one = *largest;
  long_one.ciphertext.push_back(0);
  EXPECT_EQ(code(decrypt_jwe(long_one, key_)), Errc::kLimit);
  EXPECT_EQ(code(parse_jwe(Buffer(kMaxJweBytes + 1, ' '))), Errc::kLimit);
  EXPECT_EQ(code(parse_compact_jwe(std::string(kMaxJweBytes + 1, 'a'))), Errc::kLimit);
  Jwe header = sealed();
  header.protected_header.assign(kMaxJweHeaderBytes + 1, 'A');
  EXPECT_EQ(code(decrypt_jwe(header, key_)), Errc::kLimit);
  header.protected_header.assign(kMaxJweHeaderBytes, 'A');
  EXPECT_EQ(code(decrypt_jwe(header, key_)), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::token
