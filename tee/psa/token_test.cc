#include "tee/psa/token.h"

#include <gtest/gtest.h>

#include "codec/cbor_write.h"
#include "tee/psa/made/stage.h"
#include "tee/psa/scheme.h"

namespace ward::psa {
namespace {

constexpr Profile kProfiles[] = {Profile::kTfm, Profile::kSecond, Profile::kFirst};

std::string wrong(Bytes evidence) {
  const auto parsed = parse_token(evidence);
  const auto* error = std::get_if<FormError>(&parsed);
  return error == nullptr ? "" : error->found;
}

Buffer message_of(Bytes payload) {
  static const Buffer header = *from_hex("a10126");
  return token::write_cose_sign1({.tagged = true, .protected_header = header, .payload = payload});
}

TEST(PsaToken, WhatIsWrittenIsReadAgain) {
  for (const Profile profile : kProfiles) {
    const Buffer evidence = made::make(made::good_stage(profile));
    const auto parsed = parse_token(evidence);
    ASSERT_TRUE(std::holds_alternative<Token>(parsed));
    const Token& token = std::get<Token>(parsed);
    EXPECT_EQ(token.profile, profile);
    EXPECT_TRUE(token.unknown.empty());
    EXPECT_EQ(*write_claims(token), to_buffer(*token.message.payload));
  }
}

TEST(PsaToken, ATokenOfTheFirstProfileMayNameNoneAndMayHaveMeasuredNothing) {
  made::Stage s = made::good_stage(Profile::kFirst);
  s.names_profile = false;
  s.components.clear();
  const Buffer evidence = made::make(s);
  const auto parsed = parse_token(evidence);
  ASSERT_TRUE(std::holds_alternative<Token>(parsed));
  EXPECT_TRUE(std::get<Token>(parsed).components.empty());
  EXPECT_EQ(made::judge(s, evidence).verdict, attest::Verdict::kAccepted);
  // Then no component is an accepted one.
  s.policy.accepted_values["psa.device.components"] = {"BL=00"};
  EXPECT_NE(made::judge(s, evidence).verdict, attest::Verdict::kAccepted);
  for (const Profile profile : {Profile::kTfm, Profile::kSecond}) {
    made::Stage other = made::good_stage(profile);
    other.components.clear();
    EXPECT_NE(wrong(made::make(other)), "");
  }
}

TEST(PsaToken, CutAtEveryLengthItIsNone) {
  for (const Profile profile : kProfiles) {
    const Buffer evidence = made::make(made::good_stage(profile));
    for (std::size_t size = 0; size < evidence.size(); ++size) {
      EXPECT_NE(wrong(Bytes(evidence).first(size)), "") << size;
    }
    EXPECT_NE(wrong(concat({evidence, Buffer(1)})), "");
  }
}

TEST(PsaToken, SizesHaveTheirLimits) {
  const auto changed = [](auto change) {
    made::Stage s = made::good_stage();
    change(s);
    return wrong(made::make(s)).empty();
  };
  for (const std::size_t size : {std::size_t{32}, std::size_t{48}, std::size_t{64}}) {
    EXPECT_TRUE(changed([&](made::Stage& s) { s.nonce = Buffer(size); })) << size;
    EXPECT_FALSE(changed([&](made::Stage& s) { s.nonce = Buffer(size + 1); })) << size;
  }
  EXPECT_TRUE(changed([](made::Stage& s) { s.boot_seed = Buffer(kMinBootSeed); }));
  EXPECT_FALSE(changed([](made::Stage& s) { s.boot_seed = Buffer(kMinBootSeed - 1); }));
  EXPECT_TRUE(changed([](made::Stage& s) { s.boot_seed.reset(); }));
  EXPECT_TRUE(changed([](made::Stage& s) { s.client_id = -2147483648LL; }));
  EXPECT_FALSE(changed([](made::Stage& s) { s.client_id = -2147483649LL; }));
  EXPECT_NE(wrong(Buffer(kMaxToken + 1)), "");
}

Buffer claims_with(void (*more)(codec::CborWriter&)) {
  codec::CborWriter w;
  w.begin_map().member(10, Buffer(32)).member(256, Buffer(33, 1)).member(2396, Buffer(32));
  w.member(2394, 1).member(2395, 0x3000).name(2399).begin_array().begin_map();
  w.member(2, Buffer(32)).member(5, Buffer(32)).end_map().end_array();
  more(w);
  auto out = w.end_map().take();
  EXPECT_TRUE(out);
  return out ? *out : Buffer();
}

TEST(PsaToken, AProfileIsOneOfTheKnownAndKeysAreItsOwn) {
  const auto check = [](Bytes payload) {
    const Buffer message = message_of(payload);
    const auto parsed = parse_token(message);
    const auto* error = std::get_if<FormError>(&parsed);
    return error == nullptr ? CheckId::kEnd : error->check;
  };
  EXPECT_EQ(check(claims_with(
                [](codec::CborWriter& w) { w.member(265, "tag:psacertified.org,2023:psa#tfm"); })),
            CheckId::kEnd);
  EXPECT_EQ(check(claims_with([](codec::CborWriter& w) { w.member(265, 1); })), CheckId::kProfile);
  EXPECT_EQ(check(claims_with([](codec::CborWriter& w) { w.member(265, "PSA_IOT_PROFILE_1"); })),
            CheckId::kProfile);
  // Without a profile its keys are the first's, and none of them is there.
  EXPECT_EQ(check(claims_with([](codec::CborWriter&) {})), CheckId::kForm);
  EXPECT_EQ(check(claims_with([](codec::CborWriter& w) {
              w.member(265, "tag:psacertified.org,2023:psa#tfm");
              w.member(268, Buffer(8)).member(2397, Buffer(8));
            })),
            CheckId::kForm);
}

TEST(PsaToken, ClaimsThatAreNotKnownAreNamed) {
  const Buffer message = message_of(claims_with([](codec::CborWriter& w) {
    w.member(265, "tag:psacertified.org,2023:psa#tfm").member(77, 1);
  }));
  const auto parsed = parse_token(message);
  ASSERT_TRUE(std::holds_alternative<Token>(parsed));
  EXPECT_EQ(std::get<Token>(parsed).unknown,
            std::vector<std::string>{"claim 77 of the token is not known, and not judged"});
}

TEST(PsaToken, AMessageOfAnotherFormIsNone) {
  EXPECT_NE(wrong(message_of(Buffer{0x80})), "");
  EXPECT_NE(wrong(message_of({})), "");
  const Buffer header = *from_hex("a10126");
  EXPECT_NE(wrong(token::write_cose_sign1({.protected_header = header})), "");
}

TEST(PsaToken, IsRecognisedAndNamedWithoutAVerdict) {
  const Psa psa;
  for (const Profile profile : kProfiles) {
    const made::Stage s = made::good_stage(profile);
    const Buffer evidence = made::make(s);
    EXPECT_EQ(psa.recognises(evidence), attest::Recognition::kSure);
    EXPECT_EQ(psa.inspect(evidence)->front().name, "profile");
    EXPECT_EQ(psa.needs(evidence)->front().key, to_hex(s.instance_id));
    EXPECT_TRUE(psa.layout(evidence));
  }
  const Buffer evidence = made::make(made::good_stage());
  EXPECT_EQ(psa.recognises(Bytes(evidence).first(evidence.size() - 1)),
            attest::Recognition::kDamaged);
  EXPECT_EQ(psa.recognises(Buffer{0x80}), attest::Recognition::kNo);
  EXPECT_FALSE(psa.inspect(Buffer{0x80}));
  const Buffer other =
      message_of(claims_with([](codec::CborWriter& w) { w.member(265, "another"); }));
  EXPECT_EQ(psa.layout(other).error().code(), Errc::kUnsupported);
}

}  // namespace
}  // namespace ward::psa
