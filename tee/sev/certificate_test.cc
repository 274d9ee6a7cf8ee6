#include "tee/sev/certificate.h"

#include <tuple>

#include <gtest/gtest.h>

#include "tee/sev/made/stage.h"

namespace ward::sev {
namespace {

Errc code_of(Bytes in) {
  const auto read = parse_certificates(in);
  return read ? Errc::kInternal : read.error().code();
}

// Every certificate of every face, one behind the other.
std::vector<Buffer> all_certificates() {
  std::vector<Buffer> out;
  for (const made::Face& face : made::kFaces) {
    const made::Made m = made::make(made::good_stage(face));
    for (const Buffer& c : {m.pdh, m.pek, m.oca, m.cek, m.ask, m.ark}) {
      out.push_back(c);
    }
  }
  return out;
}

TEST(SevCertificate, WhatIsReadIsWrittenAgain) {
  for (const Buffer& octets : all_certificates()) {
    const auto read = parse_certificates(octets);
    ASSERT_TRUE(read) << read.error().what();
    ASSERT_EQ(read->size(), 1U);
    EXPECT_EQ(read->front().raw, octets);
    EXPECT_EQ(write(read->front().parts), octets);
  }
}

TEST(SevCertificate, SaysWhoSignedIt) {
  const made::Face& face = made::kFaces[1];
  const made::Made m = made::make(made::good_stage(face));
  const auto chain = parse_certificates(m.chain());
  ASSERT_TRUE(chain && chain->size() == 6);
  const auto& [pdh, pek, oca, cek, ask, ark] =
      std::tie((*chain)[0], (*chain)[1], (*chain)[2], (*chain)[3], (*chain)[4], (*chain)[5]);
  EXPECT_TRUE(signed_by(pdh, pek));
  EXPECT_TRUE(signed_by(pek, oca));
  EXPECT_TRUE(signed_by(pek, cek));
  EXPECT_TRUE(signed_by(oca, oca));
  EXPECT_TRUE(signed_by(cek, ask));
  EXPECT_TRUE(signed_by(ask, ark));
  EXPECT_TRUE(signed_by(ark, ark));
  EXPECT_FALSE(signed_by(pek, pdh));
  EXPECT_FALSE(signed_by(pdh, cek));
  EXPECT_FALSE(signed_by(cek, ark));
  EXPECT_FALSE(signed_by(ark, ask));
  EXPECT_FALSE(signed_by(ask, cek));
}

TEST(SevCertificate, IsRefusedAtEveryOtherLength) {
  const made::Made m = made::make(made::good_stage(made::kFaces[0]));
  for (const Buffer& octets : {m.pek, m.ask}) {
    for (std::size_t n = 0; n < octets.size(); ++n) {
      ASSERT_EQ(code_of(Bytes(octets).first(n)), Errc::kTruncated) << n;
    }
    EXPECT_FALSE(parse_certificates(concat({octets, Buffer(1)})));
  }
  // An ARK may lack its signature, all of it.
  const made::Made large = made::make(made::good_stage(made::kFaces[1]));
  const std::size_t bare = large.ark.size() - 512;
  for (std::size_t n = 0; n < large.ark.size(); ++n) {
    const auto read = parse_certificates(Bytes(large.ark).first(n));
    ASSERT_EQ(read.has_value(), n == bare) << n;
  }
}

struct Wrong {
  const char* name;
  std::size_t offset;
  std::uint8_t value;
  Errc want;
};

TEST(SevCertificate, OctetsThatMeanNothingMustBeZeroAndOthersKnown) {
  const made::Made m = made::make(made::good_stage(made::kFaces[0]));
  const Wrong kWrong[] = {
      {"version", 0, 2, Errc::kMalformed},
      {"reserved", 6, 1, Errc::kMalformed},
      {"reserved", 7, 1, Errc::kMalformed},
      {"usage", 8, 5, Errc::kMalformed},
      {"key algorithm", 0xc, 3, Errc::kMalformed},
      {"curve", 0x10, 3, Errc::kUnsupported},
      {"behind QX", 0x14 + 48, 1, Errc::kMalformed},
      {"behind QY", 0x5c + 71, 1, Errc::kMalformed},
      {"behind the key", 0xa4, 1, Errc::kMalformed},
      {"end of the key", 0x413, 1, Errc::kMalformed},
      {"not on the curve", 0x14, 0, Errc::kMalformed},
      {"signer", 0x414, 9, Errc::kUnsupported},
      {"signature algorithm", 0x418, 1, Errc::kMalformed},
      {"behind the signature", 0x41c + 144, 1, Errc::kMalformed},
      {"end of the signature", 0x61b, 1, Errc::kMalformed},
      {"second signer", 0x61c, 9, Errc::kUnsupported},
      {"end of the second signature", 0x823, 1, Errc::kMalformed},
  };
  for (const Wrong& wrong : kWrong) {
    Buffer octets = m.pek;
    octets[wrong.offset] = octets[wrong.offset] == wrong.value ? 0xff : wrong.value;
    EXPECT_EQ(code_of(octets), wrong.want) << wrong.name;
  }
  Buffer empty = m.pdh;  // its second signature is empty, and states no algorithm
  empty[0x620] = 2;
  EXPECT_EQ(code_of(empty), Errc::kMalformed);
}

TEST(SevCertificate, OctetsOfAmdsOwnMustBeRightToo) {
  const made::Made m = made::make(made::good_stage(made::kFaces[0]));
  const Wrong kWrong[] = {
      {"version", 0, 2, Errc::kMalformed},
      {"usage", 0x24, 1, Errc::kUnsupported},
      {"reserved", 0x28, 1, Errc::kMalformed},
      {"reserved", 0x37, 1, Errc::kMalformed},
      {"exponent size", 0x39, 4, Errc::kUnsupported},
      {"modulus size", 0x3d, 4, Errc::kUnsupported},
      {"even exponent", 0x40, 2, Errc::kMalformed},
  };
  for (const Wrong& wrong : kWrong) {
    Buffer octets = m.ask;
    octets[wrong.offset] = wrong.value;
    EXPECT_EQ(code_of(octets), wrong.want) << wrong.name;
  }
}

TEST(SevCertificate, NoMoreThanTheLimitAreRead) {
  const made::Made m = made::make(made::good_stage(made::kFaces[0]));
  Buffer many;
  for (std::size_t i = 0; i < kMaxCertificates; ++i) {
    many.insert(many.end(), m.oca.begin(), m.oca.end());
  }
  EXPECT_TRUE(parse_certificates(many));
  many.insert(many.end(), m.oca.begin(), m.oca.end());
  EXPECT_EQ(code_of(many), Errc::kLimit);
}

}  // namespace
}  // namespace ward::sev
