#include "tee/tpm/structures.h"

#include <gtest/gtest.h>

#include "base/writer.h"
#include "tee/tpm/made/stage.h"

namespace ward::tpm {
namespace {

Quote good_quote() { return stage::good_stage(stage::kFaces[0]).quote; }

TEST(TpmQuote, IsReadAndWrittenAlike) {
  for (const stage::Face& face : stage::kFaces) {
    const Quote quote = stage::good_stage(face).quote;
    const Buffer octets = write_quote(quote);
    const auto read = parse_quote(octets);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, quote);
    EXPECT_EQ(write_quote(*read), octets);
  }
}

TEST(TpmQuote, IsRefusedCutAtEveryLengthAndWithAnOctetBehind) {
  Buffer octets = write_quote(good_quote());
  for (std::size_t n = 0; n < octets.size(); ++n)
    EXPECT_FALSE(parse_quote(Bytes(octets).first(n))) << n;
  octets.push_back(0);
  EXPECT_EQ(parse_quote(octets).error().code(), Errc::kMalformed);
}

TEST(TpmQuote, MagicAndTypeAreReadWhateverTheySay) {
  Quote quote = good_quote();
  quote.magic = 1;
  quote.type = 2;
  EXPECT_EQ(parse_quote(write_quote(quote))->magic, 1U);
}

TEST(TpmQuote, HasItsLimits) {
  struct Row {
    const char* name;
    void (*change)(Quote&);
    bool good;
  };

  const Row kRows[] = {
      {"longest name", [](Quote& q) { q.qualified_signer.resize(kMaxName); }, true},
      {"longer name", [](Quote& q) { q.qualified_signer.resize(kMaxName + 1); }, false},
      {"longest data", [](Quote& q) { q.extra_data.resize(kMaxData); }, true},
      {"longer data", [](Quote& q) { q.extra_data.resize(kMaxData + 1); }, false},
      {"longest digest", [](Quote& q) { q.pcr_digest.resize(kMaxDigest); }, true},
      {"longer digest", [](Quote& q) { q.pcr_digest.resize(kMaxDigest + 1); }, false},
      {"most banks", [](Quote& q) { q.pcr_select.resize(kMaxBanks); }, true},
      {"more banks", [](Quote& q) { q.pcr_select.resize(kMaxBanks + 1); }, false},
      {"no bank", [](Quote& q) { q.pcr_select.clear(); }, true},
      {"least select", [](Quote& q) { q.pcr_select[0].select.resize(kMinSelect); }, true},
      {"less select", [](Quote& q) { q.pcr_select[0].select.resize(kMinSelect - 1); }, false},
      {"most select", [](Quote& q) { q.pcr_select[0].select.resize(kMaxSelect); }, true},
      {"more select", [](Quote& q) { q.pcr_select[0].select.resize(kMaxSelect + 1); }, false},
      {"not safe", [](Quote& q) { q.safe = 0; }, true},
      {"neither", [](Quote& q) { q.safe = 2; }, false},
  };

  for (const Row& row : kRows) {
    Quote quote = good_quote();
    row.change(quote);
    EXPECT_EQ(parse_quote(write_quote(quote)).has_value(), row.good) << row.name;
  }
}

TEST(TpmSignature, IsReadAndWrittenAlikeAndRefusedCut) {
  const Signature kAll[] = {{.scheme = alg::kRsassa, .rsa = Buffer(kMaxRsa, 7)},
                            {.scheme = alg::kRsapss, .hash = alg::kSha384, .rsa = Buffer(256, 7)},
                            {.scheme = alg::kEcdsa, .r = Buffer(kMaxParameter, 1), .s = {1}}};
  for (const Signature& signature : kAll) {
    Buffer octets = write_signature(signature);
    ASSERT_TRUE(parse_signature(octets));
    EXPECT_EQ(*parse_signature(octets), signature);
    for (std::size_t n = 0; n < octets.size(); ++n)
      EXPECT_FALSE(parse_signature(Bytes(octets).first(n))) << n;
    octets.push_back(0);
    EXPECT_EQ(parse_signature(octets).error().code(), Errc::kMalformed);
  }
  EXPECT_FALSE(parse_signature(write_signature({.rsa = Buffer(kMaxRsa + 1)})));
  EXPECT_FALSE(
      parse_signature(write_signature({.scheme = alg::kEcdsa, .r = Buffer(kMaxParameter + 1)})));
  for (const std::uint16_t scheme : {alg::kEcdaa, alg::kNull, std::uint16_t{5}}) {
    EXPECT_EQ(parse_signature(write_signature({.scheme = scheme})).error().code(),
              Errc::kUnsupported);
  }
}

Public storage_key() {
  Public out = public_of(stage::keys_of("one").ak_rsa.public_key(),
                         attribute::kRestricted | attribute::kDecrypt, alg::kNull, 0);
  out.symmetric = alg::kAes;
  out.symmetric_bits = 128;
  out.symmetric_mode = alg::kCfb;
  out.auth_policy = Buffer(32, 3);
  return out;
}

std::vector<Public> all_publics() {
  const stage::Keys& keys = stage::keys_of("one");
  std::vector<Public> out = {public_of(keys.ak_rsa.public_key(), 1, alg::kRsassa, alg::kSha256),
                             public_of(keys.ak_p256.public_key(), 1, alg::kEcdsa, alg::kSha256),
                             public_of(keys.ak_p384.public_key(), 1, alg::kEcdsa, alg::kSha384),
                             storage_key()};
  out.push_back(out[1]);
  out.back().scheme = alg::kEcdaa;
  out.back().ecdaa_count = 1;
  out.back().kdf = alg::kSha256;
  out.back().kdf_hash = alg::kSha256;
  return out;
}

TEST(TpmPublic, IsReadAndWrittenAlikeAndRefusedCut) {
  for (const Public& area : all_publics()) {
    Buffer octets = write_public(area);
    const auto read = parse_public(octets);
    ASSERT_TRUE(read) << text_of(read.error());
    EXPECT_EQ(*read, area);
    EXPECT_TRUE(read->key());
    for (std::size_t n = 0; n < octets.size(); ++n)
      EXPECT_FALSE(parse_public(Bytes(octets).first(n))) << n;
    octets.push_back(0);
    EXPECT_EQ(parse_public(octets).error().code(), Errc::kMalformed);
  }
}

TEST(TpmPublic, WhatIsNoKeyOfAKindThatWardKnowsIsRefused) {
  Public area = all_publics()[0];
  area.type = 0x0008;  // keyed hash
  EXPECT_EQ(parse_public(write_public(area)).error().code(), Errc::kUnsupported);
  area = all_publics()[0];
  area.scheme = alg::kEcdsa;
  EXPECT_EQ(parse_public(write_public(area)).error().code(), Errc::kUnsupported);
  area = all_publics()[0];
  area.key_bits = 2040;
  EXPECT_EQ(parse_public(write_public(area)).error().code(), Errc::kMalformed);
  area = all_publics()[1];
  area.curve = 0x20;  // SM2
  EXPECT_EQ(parse_public(write_public(area))->key().error().code(), Errc::kUnsupported);
  area = all_publics()[1];
  area.x[0] ^= 1U;
  EXPECT_FALSE(parse_public(write_public(area))->key()) << "not on the curve";
  area = all_publics()[1];
  area.x.assign(33, 1);
  EXPECT_EQ(parse_public(write_public(area))->key().error().code(), Errc::kMalformed);
}

TEST(TpmPublic, AKeyIsTheOneThatItWasMadeOf) {
  const stage::Keys& keys = stage::keys_of("one");
  for (const crypto::PrivateKey* key : {&keys.ak_rsa, &keys.ak_p256, &keys.ak_p384}) {
    const Public area = public_of(key->public_key(), 0, alg::kNull, 0);
    EXPECT_EQ(area.key()->to_spki(), key->public_key().to_spki());
  }
}

TEST(TpmPublic, LeadingZerosOfANumberMayLackOrBeThere) {
  EXPECT_EQ(fixed_width(Buffer{1, 2}, 3), (Buffer{0, 1, 2}));
  EXPECT_EQ(fixed_width(Buffer{0, 0, 1, 2}, 3), (Buffer{0, 1, 2}));
  EXPECT_EQ(fixed_width(Buffer{1, 0, 1, 2}, 3), std::nullopt);
  EXPECT_EQ(fixed_width(Buffer{}, 2), (Buffer{0, 0}));
}

TEST(TpmPublic, ANameIsItsHashAndTheDigestOfAll) {
  const Public area = all_publics()[0];
  EXPECT_EQ(area.name(), concat({Buffer{0x00, 0x0b}, crypto::sha256(write_public(area))}));
  Public other = area;
  other.name_alg = 0x0012;  // SM3
  EXPECT_EQ(other.name(), Buffer{});
}

TEST(TpmSelection, IsWrittenAndReadAsTools) {
  const auto selections = parse_selection("sha1:0,23+sha256:0,1,7");
  ASSERT_TRUE(selections);
  EXPECT_EQ(selection_text(*selections), "sha1:0,23+sha256:0,1,7");
  EXPECT_EQ((*selections)[0].select, (Buffer{1, 0, 0x80}));
  EXPECT_EQ((*selections)[1].pcrs(), (std::vector<std::uint32_t>{0, 1, 7}));
  EXPECT_EQ(selection_text({selection_of(alg::kSha256, {})}), "none");
  EXPECT_EQ(selection_of(alg::kSha256, {31}).select.size(), 4U);
  for (const char* wrong : {"", "sha256", "sha256:", "sha256:1,", "sha256:7,1", "sha256:1,1",
                            "sha256:32", "md5:1", "sha256:1+", "sha256:1+sha256:2", "sha256:-1"})
    EXPECT_FALSE(parse_selection(wrong)) << wrong;
}

TEST(TpmText, NamesWhatItKnows) {
  EXPECT_EQ(name_of(alg::kSha256), "sha256");
  EXPECT_EQ(name_of(0x0012), "0x0012");
  EXPECT_EQ(attributes_text(attribute::kFixedTpm | attribute::kSign | 1U), "bit0|fixedtpm|sign");
  EXPECT_EQ(attributes_text(0), "none");
}

}  // namespace
}  // namespace ward::tpm
