#include "crypto/digest.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/sha3.h"

namespace ward::crypto {
namespace {

// FIPS 180-4 examples (NIST "SHA256.pdf", "SHA384.pdf", "SHA512.pdf": the message "abc").
TEST(Digest, AgreesWithFips180) {
  const Bytes abc = as_bytes("abc");
  EXPECT_EQ(to_hex(sha1(abc)), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(sha256(abc)),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha384(abc)),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
            "8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(to_hex(sha512(abc)),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

// FIPS 202's examples (NIST "SHA3-512_Msg0.pdf") and the message "abc".
TEST(Digest, AgreesWithFips202) {
  EXPECT_EQ(to_hex(sha3_512({})),
            "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a6"
            "15b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26");
  EXPECT_EQ(to_hex(sha3_512(as_bytes("abc"))),
            "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
            "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0");
}

TEST(Digest, HashesTheEmptyMessage) {
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Digest, ChoosesTheHashAtRunTime) {
  const Bytes data = as_bytes("some octets");
  EXPECT_TRUE(equal(digest(Hash::kSha256, data), sha256(data)));
  EXPECT_TRUE(equal(digest(Hash::kSha384, data), sha384(data)));
  EXPECT_TRUE(equal(digest(Hash::kSha512, data), sha512(data)));
  for (const Hash hash : {Hash::kSha256, Hash::kSha384, Hash::kSha512}) {
    EXPECT_EQ(digest(hash, data).size(), digest_size(hash));
  }
}

TEST(Hasher, GivesTheSameHoweverTheDataIsCut) {
  const std::string text(1000, 'w');
  for (const std::size_t cut : {0U, 1U, 63U, 64U, 65U, 999U, 1000U}) {
    Hasher hasher(Hash::kSha384);
    hasher.update(as_bytes(text).first(cut));
    hasher.update(as_bytes(text).subspan(cut));
    EXPECT_TRUE(equal(hasher.finish(), sha384(as_bytes(text)))) << cut;
  }
}

TEST(Hasher, MovesWithItsState) {
  Hasher first(Hash::kSha256);
  first.update(as_bytes("a"));
  Hasher second(std::move(first));
  second.update(as_bytes("bc"));
  EXPECT_TRUE(equal(second.finish(), sha256(as_bytes("abc"))));
}

TEST(HasherDeathTest, EndsTheProcessWhenUsedAfterFinish) {
  Hasher hasher(Hash::kSha256);
  const Buffer out = hasher.finish();
  EXPECT_DEATH(hasher.update(out), "");
}

}  // namespace
}  // namespace ward::crypto
