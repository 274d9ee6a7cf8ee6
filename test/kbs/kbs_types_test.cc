#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/jcs.h"
#include "codec/json.h"
#include "protocol/kbs/message.h"
#include "test/support/vectors.h"
#include "token/jwe.h"

// The messages against those of the kbs-types crate, which Trustee's servers and clients share:
// what its program in test/differential/kbs_types read and wrote is recorded there.
namespace ward::protocol::kbs {
namespace {

class KbsTypes : public testing::Test {
 protected:
  static codec::JsonValue document(const std::string& name) {
    const std::string text =
        test::read_text(test::source_dir() / "test/differential/kbs_types" / name);
    auto value = codec::parse_json(as_bytes(text));
    EXPECT_TRUE(value) << name;
    return *std::move(value);
  }

  static std::string text(const codec::JsonValue& object, std::string_view name) {
    const auto* member = object.find(name);
    EXPECT_NE(member, nullptr) << name;
    return member == nullptr ? "" : std::string(member->as_string().value_or(""));
  }

  static std::string canonical(const std::string& json) {
    const auto value = codec::parse_json(as_bytes(json));
    return value ? *codec::canonical_json(*value) : "not JSON: " + json;
  }

  codec::JsonValue ours_ = document("ours.json");
  codec::JsonValue recorded_ = document("recorded.json");
  const codec::JsonValue& theirs_ = *recorded_.find("theirs");
};

TEST_F(KbsTypes, what_it_read_is_what_we_write) {
  const std::string nonce = "1YTjXZbkMjPA7N9nX5jV9YoBf4JCs20WU3ZpVQqeT9Y=";
  EXPECT_EQ(*write_request({"0.4.0", "az-snp-vtpm"}), text(ours_, "request"));
  EXPECT_EQ(*write_challenge({nonce}), text(ours_, "challenge"));
  EXPECT_EQ(write_error({"PolicyDeny", "kbs.release.rule: no"}), text(ours_, "error"));
  for (const char* name : {"attestation", "attestation_without_init_data"}) {
    const auto message = parse_attestation(as_bytes(text(ours_, name)), Version::k0_4_0);
    ASSERT_TRUE(message) << name;
    EXPECT_EQ(*write_attestation(*message, Version::k0_4_0), text(ours_, name));
  }
  const auto jwe = token::parse_jwe(as_bytes(text(ours_, "response")));
  ASSERT_TRUE(jwe);
  EXPECT_EQ(token::to_json(*jwe), text(ours_, "response"));
}

TEST_F(KbsTypes, it_lost_and_changed_nothing) {
  const codec::JsonValue& read = *recorded_.find("read");
  for (const auto& [name, value] : ours_.members()) {
    EXPECT_EQ(canonical(text(read, name)), canonical(std::string(*value.as_string()))) << name;
  }
  // Its client authenticates its own writing of the header: the same octets.
  EXPECT_EQ(text(recorded_, "aad"),
            token::parse_jwe(as_bytes(text(ours_, "response")))->protected_header);
}

TEST_F(KbsTypes, we_read_what_it_writes) {
  ASSERT_EQ(theirs_.find("requests")->items().size(), 14U);
  for (const codec::JsonValue& one : theirs_.find("requests")->items()) {
    const auto request = parse_request(as_bytes(*one.as_string()));
    ASSERT_TRUE(request) << *one.as_string();
    EXPECT_THAT(std::string(*one.as_string()), testing::HasSubstr('"' + request->tee + '"'));
  }
  EXPECT_TRUE(parse_challenge(as_bytes(text(theirs_, "challenge"))));
  EXPECT_EQ(parse_error(as_bytes(text(theirs_, "error")))->type, "PolicyDeny");
  const auto with = parse_attestation(as_bytes(text(theirs_, "attestation")), Version::k0_4_0);
  ASSERT_TRUE(with) << to_text(with.error());
  ASSERT_TRUE(with->init_data);
  EXPECT_TRUE(init_data_digest(*with->init_data));
  EXPECT_EQ(with->primary_evidence, R"({"quote":"AAAA"})");
  const auto without =
      parse_attestation(as_bytes(text(theirs_, "attestation_without_init_data")), Version::k0_4_0);
  ASSERT_TRUE(without);
  EXPECT_FALSE(without->init_data);
  EXPECT_THAT(without->tee_pubkey, testing::HasSubstr("\"crv\":\"P-521\""));
}

}  // namespace
}  // namespace ward::protocol::kbs
