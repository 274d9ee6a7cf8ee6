#include "tee/sgx/sigstruct.h"

#include <gtest/gtest.h>

#include "test/support/vectors.h"

namespace ward::sgx {
namespace {

const crypto::PrivateKey& signer() {
  static const auto kKey = *crypto::PrivateKey::generate_rsa(3072, 3);
  return kKey;
}

Sigstruct good() {
  Sigstruct out;
  out.date = 0x20261129;
  out.sw_defined = 0x01020304;
  out.misc_select.fill(1);
  out.misc_mask.fill(2);
  out.cet_attributes = 3;
  out.cet_attributes_mask = 4;
  out.isv_family_id.fill(5);
  out.attributes.fill(6);
  out.attribute_mask.fill(7);
  out.enclave_hash.fill(8);
  out.isv_ext_prod_id.fill(9);
  out.isv_prod_id = 0x0b0a;
  out.isv_svn = 0x0d0c;
  return out;
}

const Buffer& good_octets() {
  static const Buffer kOctets = *sign_sigstruct(good(), signer());
  return kOctets;
}

// The seed was made by another program, with Python's numbers and `cryptography`'s signature.
TEST(Sigstruct, OfAnotherWriterVerifies) {
  const Buffer octets = test::read_file(test::source_dir() / "tee/sgx/corpus/sigstruct_fuzz/good");
  const auto parsed = parse_sigstruct(octets);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(verify_sigstruct(*parsed));
  EXPECT_EQ(parsed->isv_prod_id, 0x1234);
  EXPECT_EQ(parsed->isv_svn, 7);
  EXPECT_EQ(parsed->mr_signer(), crypto::sha256(Bytes(octets).subspan(128, 384)));
}

TEST(Sigstruct, IsReadAsItWasSigned) {
  ASSERT_EQ(good_octets().size(), kSigstructSize);
  const auto parsed = parse_sigstruct(good_octets());
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(verify_sigstruct(*parsed));
  EXPECT_EQ(write_sigstruct(*parsed), good_octets());
  EXPECT_EQ(parsed->date, 0x20261129U);
  EXPECT_EQ(parsed->isv_svn, 0x0d0c);
}

TEST(Sigstruct, IsRefusedAtEveryOtherSize) {
  for (std::size_t size = 0; size < kSigstructSize; ++size) {
    EXPECT_EQ(parse_sigstruct(Bytes(good_octets()).first(size)).error().code(), Errc::kTruncated)
        << size;
  }
  EXPECT_EQ(parse_sigstruct(concat({good_octets(), Buffer(1)})).error().code(), Errc::kMalformed);
}

// Every octet is signed, a part of key or signature, a quotient, or must have one value.
TEST(Sigstruct, EveryFlippedBitIsNoticed) {
  for (std::size_t at = 0; at < kSigstructSize; ++at) {
    Buffer flipped = good_octets();
    flipped[at] ^= 0x10U;
    const auto parsed = parse_sigstruct(flipped);
    if (!parsed) {
      EXPECT_EQ(parsed.error().code(), Errc::kMalformed) << at;
      continue;
    }
    const auto verified = verify_sigstruct(*parsed);
    ASSERT_FALSE(verified) << at;
    EXPECT_EQ(verified.error().code(), Errc::kUntrusted) << at;
  }
}

TEST(Sigstruct, HasAFixedFormWhereEinitChecksIt) {
  const std::size_t places[] = {0,   15,  17,  24,  39,   44,   127, 512,
                                513, 910, 911, 992, 1007, 1028, 1039};
  for (const std::size_t at : places) {
    Buffer changed = good_octets();
    changed[at] ^= 1U;
    EXPECT_EQ(parse_sigstruct(changed).error().code(), Errc::kMalformed) << at;
  }
  Sigstruct intel = good();
  intel.vendor = 0x8086;
  EXPECT_TRUE(verify_sigstruct(*parse_sigstruct(*sign_sigstruct(intel, signer()))));
}

TEST(Sigstruct, IsNotOfKeysThatEinitRefuses) {
  auto zero = *parse_sigstruct(good_octets());
  zero.modulus = {};
  EXPECT_EQ(verify_sigstruct(zero).error().code(), Errc::kUntrusted);
  auto full = *parse_sigstruct(good_octets());
  full.signature.fill(0xff);
  full.modulus.fill(0xff);
  EXPECT_EQ(verify_sigstruct(full).error().code(), Errc::kUntrusted);
  EXPECT_EQ(sign_sigstruct(good(), *crypto::PrivateKey::generate_rsa(3072, 65537)).error().code(),
            Errc::kUnsupported);
  EXPECT_EQ(sign_sigstruct(good(), *crypto::PrivateKey::generate_rsa(2048, 3)).error().code(),
            Errc::kUnsupported);
  crypto::SeededRng rng(as_bytes("ec"));
  EXPECT_EQ(sign_sigstruct(good(), *crypto::PrivateKey::generate(crypto::KeyType::kP256, rng))
                .error()
                .code(),
            Errc::kUnsupported);
}

}  // namespace
}  // namespace ward::sgx
