#include "tee/cca/token.h"

#include <gtest/gtest.h>

#include "codec/cbor_write.h"
#include "tee/cca/made/stage.h"
#include "tee/cca/scheme.h"

namespace ward::cca {
namespace {

using made::Form;

// Which check of form fails; kEnd where none does.
CheckId wrong(Bytes evidence) {
  Buffer storage;
  const auto octets = token_octets(evidence, storage);
  if (const auto* error = std::get_if<FormError>(&octets)) return error->check;
  const auto token = parse_token(std::get<Bytes>(octets));
  const auto* error = std::get_if<FormError>(&token);
  return error == nullptr ? CheckId::kEnd : error->check;
}

TEST(CcaToken, WhatIsWrittenIsReadAgain) {
  for (const Form form : {Form::kProfile, Form::kEarly}) {
    const Buffer evidence = made::make(made::good_stage(form));
    const auto parsed = parse_token(evidence);
    ASSERT_TRUE(std::holds_alternative<Token>(parsed));
    const auto& token = std::get<Token>(parsed);
    EXPECT_TRUE(token.unknown.empty());
    EXPECT_EQ(*write_platform_claims(token.platform), to_buffer(*token.platform.message.payload));
    EXPECT_EQ(*write_realm_claims(token.realm), to_buffer(*token.realm.message.payload));
    EXPECT_EQ(*write_token(token::write_cose_sign1(token.platform.message),
                           token::write_cose_sign1(token.realm.message)),
              evidence);
    Buffer storage;
    const std::string json = write_token_json(evidence);
    const auto octets = token_octets(as_bytes(json), storage);
    ASSERT_TRUE(std::holds_alternative<Bytes>(octets));
    EXPECT_EQ(to_buffer(std::get<Bytes>(octets)), evidence);
  }
}

TEST(CcaToken, CutAtEveryLengthItIsNone) {
  for (const Form form : {Form::kProfile, Form::kJson}) {
    const Buffer evidence = made::make(made::good_stage(form));
    for (std::size_t size = 0; size < evidence.size(); ++size) {
      EXPECT_NE(wrong(Bytes(evidence).first(size)), CheckId::kEnd) << size;
    }
  }
}

Buffer written(void (*fill)(codec::CborWriter&)) {
  codec::CborWriter w;
  fill(w);
  auto out = w.take();
  EXPECT_TRUE(out);
  return out ? *out : Buffer();
}

struct Other {
  const char* name;
  void (*fill)(codec::CborWriter&);
  CheckId want;
};

TEST(CcaToken, OtherFormsAreRefused) {
  constexpr Other kOthers[] = {
      {"no_tag", [](codec::CborWriter& w) { w.begin_map().end_map(); }, CheckId::kForm},
      {"other_tag", [](codec::CborWriter& w) { w.tag(907).begin_map().end_map(); }, CheckId::kForm},
      {"array", [](codec::CborWriter& w) { w.tag(399).begin_array().end_array(); }, CheckId::kForm},
      {"one_token",
       [](codec::CborWriter& w) { w.tag(399).begin_map().member(44234, Buffer(1)).end_map(); },
       CheckId::kForm},
      {"three_tokens",
       [](codec::CborWriter& w) {
         w.tag(399).begin_map().member(44234, Buffer(1)).member(44241, Buffer(1));
         w.member(1, 1).end_map();
       },
       CheckId::kForm},
      {"another_token",
       [](codec::CborWriter& w) {
         w.tag(399).begin_map().member(44234, Buffer(1)).member(44242, Buffer(1)).end_map();
       },
       CheckId::kForm},
      {"platform_text",
       [](codec::CborWriter& w) {
         w.tag(399).begin_map().member(44234, "text").member(44241, Buffer(1)).end_map();
       },
       CheckId::kPlatformForm},
      {"platform_no_cose",
       [](codec::CborWriter& w) {
         w.tag(399).begin_map().member(44234, Buffer(1)).member(44241, Buffer(1)).end_map();
       },
       CheckId::kPlatformForm}};
  for (const Other& other : kOthers) {
    EXPECT_EQ(wrong(written(other.fill)), other.want) << other.name;
  }
}

TEST(CcaToken, ATokenWithoutItsPayloadIsNone) {
  const Buffer evidence = made::make(made::good_stage());
  const auto parsed = parse_token(evidence);
  const auto& token = std::get<Token>(parsed);
  token::CoseSign1 detached = token.realm.message;
  detached.payload.reset();
  EXPECT_EQ(wrong(*write_token(token::write_cose_sign1(token.platform.message),
                               token::write_cose_sign1(detached))),
            CheckId::kRealmForm);
  detached = token.platform.message;
  detached.payload.reset();
  EXPECT_EQ(wrong(*write_token(token::write_cose_sign1(detached),
                               token::write_cose_sign1(token.realm.message))),
            CheckId::kPlatformForm);
}

TEST(CcaToken, ClaimsThatAreNoMapAreNone) {
  std::vector<std::string> unknown;
  PlatformToken platform;
  RealmToken realm;
  EXPECT_NE(read_platform_claims(Buffer{0x80}, platform, unknown), "");
  EXPECT_NE(read_realm_claims(Buffer{0x80}, realm, unknown), "");
  EXPECT_NE(read_realm_claims(Buffer{0xa0}, realm, unknown), "");
  EXPECT_NE(read_realm_claims({}, realm, unknown), "");
  EXPECT_NE(read_realm_claims(Buffer(arm::kMaxPayload + 1), realm, unknown), "");
}

TEST(CcaToken, ATokenThatIsTooLargeIsNone) {
  made::Stage s = made::good_stage();
  s.config = Buffer(arm::kMaxText);
  EXPECT_EQ(wrong(made::make(s)), CheckId::kEnd);
  s.config.push_back(0);
  EXPECT_EQ(wrong(made::make(s)), CheckId::kPlatformForm);
  EXPECT_EQ(wrong(Buffer(kMaxToken + 1, 0xd9)), CheckId::kForm);
}

TEST(CcaToken, JsonOfAnotherFormIsNone) {
  for (const char* json :
       {"{", "{}", "{\"token\":1}", "{\"token\":[1],\"more\":1}", "{\"token\":[-1]}",
        "{\"token\":[256]}", "{\"token\":[\"1\"]}", "{\"token\":[]}", "{\"other\":[1]}"}) {
    EXPECT_EQ(wrong(as_bytes(json)), CheckId::kForm) << json;
  }
}

TEST(CcaToken, InspectNamesWhatIsThereWithoutAVerdict) {
  const Cca cca;
  for (const Form form : {Form::kProfile, Form::kEarly, Form::kJson}) {
    const made::Stage s = made::good_stage(form);
    const Buffer evidence = made::make(s);
    EXPECT_EQ(cca.recognises(evidence), attest::Recognition::kSure);
    const auto claims = cca.inspect(evidence);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->front().name, "platform.profile");
    const auto needs = cca.needs(evidence);
    ASSERT_TRUE(needs);
    EXPECT_EQ(needs->front().key, to_hex(s.instance_id));
  }
  EXPECT_FALSE(cca.inspect(Buffer{0xd9, 0x01, 0x8f, 0xa0}));
  made::Stage s = made::good_stage();
  s.implementation_id.clear();
  EXPECT_FALSE(cca.layout(made::make(s)));
  s = made::good_stage();
  s.extensible.clear();
  EXPECT_FALSE(cca.needs(made::make(s)));
  EXPECT_EQ(cca.recognises(as_bytes("{\"attestation_report\":{}}")), attest::Recognition::kNo);
}

}  // namespace
}  // namespace ward::cca
