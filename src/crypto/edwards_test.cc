#include "crypto/edwards.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "crypto/rng.h"
#include "crypto/sha3.h"
#include "crypto/sign.h"

namespace ward::crypto {
namespace {

Buffer hex(std::string_view digits) { return *from_hex(digits); }

// The device key that Keystone publishes (bootrom/test_dev_key.h), and the public key of the
// certificate authority of a Keystone extension whose seed is the former.
const Buffer kPublished = hex("0faad4ff01178583baa588966f7c1ff32564dd17d7dc2b46cb50a84a69270b4c");
const Buffer kAuthority = hex("95b2cdbd9c3fe928162f4d86c65e2c239bb439319d5047b1eee562d9cc726ac6");

TEST(Edwards, MakesTheKeyThatKeystonesCodeMade) {
  const auto key = EdwardsKey::from_seed(EdwardsHash::kSha3, kPublished);
  ASSERT_TRUE(key);
  EXPECT_EQ(to_hex(key->public_key()), to_hex(kAuthority));
  EXPECT_FALSE(EdwardsKey::from_seed(EdwardsHash::kSha3, Buffer(31)));
  EXPECT_FALSE(EdwardsKey::from_seed(EdwardsHash::kSha3, Buffer(33)));
}

// Certificates that Keystone's own code signed, published in a DICE example for it
// ("Manufacturer" and "Certificate Authority", self-signed): what is signed is SHA3-512 of the
// TBSCertificate.
struct Published {
  const char* name;
  Buffer key;
  Buffer tbs;
  Buffer signature;
};

const Published kCertificates[] = {
    {"manufacturer", kPublished,
     hex("3081aca003020102020400ffffff300706032b65700500301731153013060355040a0c0c4d616e756661"
         "637475726572301e170d3233303130313030303030305a170d3234303130313030303030305a30173115"
         "3013060355040a0c0c4d616e756661637475726572302c300706037b307805000321000faad4ff011785"
         "83baa588966f7c1ff32564dd17d7dc2b46cb50a84a69270b4ca316301430120603551d130101ff040830"
         "060101ff02010a"),
     hex("b1efe8eb43d92e9f0500cb63c333800f8a1e6c7b134c6410fbc648e4009bc4f3"
         "df12ab6979195fb60230403813a04259e25a3e138e9da11042930f58cd07fc06")},
    {"authority", kAuthority,
     hex("3081bda00302010202030f0f0f300706032b657005003020311e301c060355040a0c1543657274696669"
         "6361746520417574686f72697479301e170d3233303130313030303030305a170d323430313031303030"
         "3030305a3020311e301c060355040a0c15436572746966696361746520417574686f72697479302c3007"
         "06037b3078050003210095b2cdbd9c3fe928162f4d86c65e2c239bb439319d5047b1eee562d9cc726ac6"
         "a316301430120603551d130101ff040830060101ff02010a"),
     hex("417958407fa8ad8b36c9122a7710de1c9ac2268ab779fe7feb11fe6d97ac4d56"
         "31aa245a8deeca86ef6e295617d924d73d5f05983afe03035395e32a2b883003")}};

TEST(Edwards, VerifiesWhatKeystonesCodeSigned) {
  for (const Published& p : kCertificates) {
    SCOPED_TRACE(p.name);
    const Sha512Digest message = sha3_512(p.tbs);
    EXPECT_TRUE(verify_edwards(EdwardsHash::kSha3, p.key, message, p.signature));
    EXPECT_FALSE(verify_edwards(EdwardsHash::kSha512, p.key, message, p.signature));
    EXPECT_FALSE(verify_edwards(EdwardsHash::kSha3, p.key, p.tbs, p.signature));
  }
  // The authority's key is known, so that its signature can be made again, octet by octet.
  const auto key = EdwardsKey::from_seed(EdwardsHash::kSha3, kPublished);
  EXPECT_EQ(to_hex(key->sign(sha3_512(kCertificates[1].tbs))), to_hex(kCertificates[1].signature));
}

TEST(Edwards, WithSha512ItIsOpenSslsEd25519) {
  SeededRng rng(as_bytes("edwards"));
  for (std::size_t i = 0; i < 24; ++i) {
    const SecretBytes seed = [&] {
      SecretBytes out(kEdwardsSeedBytes);
      rng.fill(out.expose_mut());
      return out;
    }();
    const auto own = EdwardsKey::from_seed(EdwardsHash::kSha512, seed.expose());
    const auto theirs = PrivateKey::from_ed25519_seed(seed.expose());
    ASSERT_TRUE(own && theirs);
    const Buffer message(i * 7, static_cast<std::uint8_t>(i));
    const Buffer signature = own->sign(message);
    EXPECT_EQ(to_hex(signature), to_hex(*theirs->sign(SignatureAlgorithm::kEd25519, message)));
    EXPECT_TRUE(equal(own->public_key(), Bytes(theirs->public_key().to_spki()).last(32)));
    EXPECT_TRUE(verify_edwards(EdwardsHash::kSha512, own->public_key(), message, signature));
  }
}

TEST(Edwards, EveryFlippedBitIsRefused) {
  const auto key = EdwardsKey::from_seed(EdwardsHash::kSha3, Buffer(32, 7));
  const Buffer message = to_buffer(as_bytes("message"));
  const Buffer good = key->sign(message);
  const auto holds = [&](Bytes public_key, Bytes what, Bytes signature) {
    return verify_edwards(EdwardsHash::kSha3, public_key, what, signature);
  };
  ASSERT_TRUE(holds(key->public_key(), message, good));
  for (std::size_t bit = 0; bit < 8 * good.size(); bit += 3) {
    Buffer signature = good;
    signature[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(holds(key->public_key(), message, signature)) << bit;
  }
  for (std::size_t bit = 0; bit < 8 * kEdwardsKeyBytes; bit += 3) {
    Buffer other = to_buffer(key->public_key());
    other[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(holds(other, message, good)) << bit;
  }
  EXPECT_FALSE(holds(key->public_key(), Buffer{}, good));
  EXPECT_FALSE(holds(key->public_key(), message, Bytes(good).first(63)));
  EXPECT_FALSE(holds(key->public_key(), message, concat({good, Buffer{0}})));
  EXPECT_FALSE(holds(key->public_key().first(31), message, good));
}

// Keystone's own verifier looks at three bits of S alone, and takes S + order for another
// signature.
TEST(Edwards, AnSOfTheOrderOrMoreIsRefused) {
  const auto key = EdwardsKey::from_seed(EdwardsHash::kSha3, Buffer(32, 7));
  Buffer signature = key->sign(as_bytes("message"));
  Buffer order = hex("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed");
  std::ranges::reverse(order);
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    carry += static_cast<unsigned>(signature[32 + i]) + order[i];
    signature[32 + i] = static_cast<std::uint8_t>(carry & 0xffU);
    carry >>= 8U;
  }
  EXPECT_EQ(signature[63] & 224U, 0U);
  EXPECT_FALSE(
      verify_edwards(EdwardsHash::kSha3, key->public_key(), as_bytes("message"), signature));
}

// RFC 8032 section 5.1.3: y at or above the prime, x without a root, x = 0 with a sign; and points
// of small order, which are points.
TEST(Edwards, AKeyIsACanonicalPoint) {
  const Buffer signature = EdwardsKey::from_seed(EdwardsHash::kSha3, Buffer(32, 7))->sign({});
  for (const char* key : {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                          "0200000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000080",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "0000000000000000000000000000000000000000000000000000000000000000",
                          "0000000000000000000000000000000000000000000000000000000000000080"}) {
    EXPECT_FALSE(verify_edwards(EdwardsHash::kSha3, hex(key), {}, signature)) << key;
  }
}

// Of these keys R = the neutral point or the key itself, S = 0, hold for any message or for one in
// a few: a report of zeros would be signed.
TEST(Edwards, AKeyOfSmallOrderSignsNothing) {
  Buffer neutral(32);
  neutral[0] = 1;
  for (const char* key : {"0100000000000000000000000000000000000000000000000000000000000000",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "0000000000000000000000000000000000000000000000000000000000000000",
                          "0000000000000000000000000000000000000000000000000000000000000080",
                          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"}) {
    for (std::uint8_t i = 0; i < 64; ++i) {
      for (const Buffer& r : {neutral, hex(key)}) {
        EXPECT_FALSE(
            verify_edwards(EdwardsHash::kSha3, hex(key), Buffer{i}, concat({r, Buffer(32)})))
            << key;
      }
    }
  }
}

TEST(Edwards, FindsTheSeedOfAKey) {
  std::vector<EdwardsSeed> seeds(9);
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    seeds[i].fill(static_cast<std::uint8_t>(i));
  }
  const auto key = EdwardsKey::from_seed(EdwardsHash::kSha3, seeds[7]);
  EXPECT_EQ(find_seed(EdwardsHash::kSha3, key->public_key(), seeds), 7U);
  EXPECT_EQ(find_seed(EdwardsHash::kSha512, key->public_key(), seeds), std::nullopt);
  EXPECT_EQ(find_seed(EdwardsHash::kSha3, kPublished, seeds), std::nullopt);
  EXPECT_EQ(find_seed(EdwardsHash::kSha3, key->public_key().first(31), seeds), std::nullopt);
  EXPECT_EQ(find_seed(EdwardsHash::kSha3, Buffer(32, 0xff), seeds), std::nullopt);
  Buffer neutral(32);
  neutral[0] = 1;
  EXPECT_EQ(find_seed(EdwardsHash::kSha3, neutral, seeds), std::nullopt);
}

}  // namespace
}  // namespace ward::crypto
