#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/jcs.h"
#include "codec/json.h"
#include "protocol/kbs/message.h"
#include "test/support/vectors.h"
#include "token/jwe.h"
#include "token/jwk.h"

// The messages against those of the kbs-types crate, which Trustee's servers and clients share:
// what its program in test/differential/kbs_types read and wrote is recorded there.
namespace ward::protocol::kbs {
namespace {

// Older is a version before 0.4.0, and a release of the crate that has its messages.
struct Older {
  Version version;
  const char* crate;

  // message names one of ours.json: "attestation_" and "0_2_0".
  [[nodiscard]] std::string message(std::string name) const {
    name += to_text(version);
    std::ranges::replace(name, '.', '_');
    return name;
  }
};

constexpr Older kOlder[] = {
    {Version::k0_2_0, "0.12.0"}, {Version::k0_1_1, "0.7.0"}, {Version::k0_1_1, "0.6.0"}};

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

  // read_keys reads one attestation for each kind of key: three curves, two ways of RSA; or RSA
  // alone.
  static void read_keys(const codec::JsonValue& attestations, Version version,
                        std::string_view evidence) {
    using enum crypto::KeyType;
    std::vector<std::pair<crypto::KeyType, std::string>> kinds;
    for (const codec::JsonValue& one : attestations.items()) {
      const auto message = parse_attestation(as_bytes(*one.as_string()), version);
      ASSERT_TRUE(message) << *one.as_string();
      EXPECT_FALSE(message->init_data);
      EXPECT_EQ(message->primary_evidence, evidence);
      const auto key = token::parse_jwk(as_bytes(message->tee_pubkey));
      ASSERT_TRUE(key) << message->tee_pubkey;
      kinds.emplace_back(key->key.type(), key->alg);
    }
    decltype(kinds) all = {{kP256, "ECDH-ES+A256KW"},
                           {kP384, "ECDH-ES+A256KW"},
                           {kP521, "ECDH-ES+A256KW"},
                           {kRsa, "RSA-OAEP-256"},
                           {kRsa, "RSA1_5"}};
    if (kinds.size() == 1) all = {{kRsa, "RSA1_5"}};
    EXPECT_EQ(kinds, all);
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
  for (const Older& older : kOlder) {
    const std::string message = text(ours_, older.message("attestation_"));
    const auto read = parse_attestation(as_bytes(message), older.version);
    ASSERT_TRUE(read) << older.crate;
    EXPECT_EQ(*write_attestation(*read, older.version), message);
    EXPECT_EQ(*write_request({std::string(to_text(older.version)), "snp"}),
              text(ours_, older.message("request_")));
  }
  EXPECT_EQ(text(ours_, "response_0_2_0"), text(ours_, "response"));
  const auto jwe = token::parse_jwe(as_bytes(text(ours_, "response")));
  ASSERT_TRUE(jwe);
  EXPECT_EQ(token::to_json(*jwe), text(ours_, "response"));
}

TEST_F(KbsTypes, it_lost_and_changed_nothing) {
  std::set<std::string> seen;
  const auto compare = [&](const codec::JsonValue& read) {
    for (const auto& [name, value] : read.members()) {
      EXPECT_EQ(canonical(std::string(*value.as_string())), canonical(text(ours_, name))) << name;
      seen.insert(std::string(name));
    }
  };
  compare(*recorded_.find("read"));
  for (const Older& older : kOlder)
    compare(*recorded_.find(older.crate)->find("read"));
  for (const auto& [name, value] : ours_.members())
    EXPECT_TRUE(seen.contains(std::string(name))) << name << " was read by nobody";
  // Its client authenticates its own writing of the header: the same octets.
  const auto jwe = token::parse_jwe(as_bytes(text(ours_, "response")));
  EXPECT_EQ(text(recorded_, "aad"), jwe->protected_header);
  EXPECT_EQ(text(recorded_, "0.12.0 aad"), jwe->protected_header);
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
  read_keys(*theirs_.find("attestations"), Version::k0_4_0, R"({"quote":"AAAA"})");
}

TEST_F(KbsTypes, we_read_what_those_of_older_versions_write) {
  for (const Older& older : kOlder) {
    SCOPED_TRACE(older.crate);
    const codec::JsonValue& theirs = *recorded_.find(older.crate)->find("theirs");
    std::set<std::string> tees;
    for (const codec::JsonValue& one : theirs.find("requests")->items()) {
      const auto request = parse_request(as_bytes(*one.as_string()));
      ASSERT_TRUE(request) << *one.as_string();
      EXPECT_EQ(request->version, to_text(older.version));
      tees.insert(request->tee);
    }
    EXPECT_EQ(tees, (std::set<std::string>{"az-snp-vtpm", "az-tdx-vtpm", "cca", "csv", "se", "sgx",
                                           "snp", "tdx"}));
    EXPECT_TRUE(parse_challenge(as_bytes(text(theirs, "challenge"))));
    read_keys(*theirs.find("attestations"), older.version, R"({"quote":"AAAA"})");
  }
}

// What its types read as a reply before 0.2.0, which is no JWE, is of the form that we write.
TEST_F(KbsTypes, a_reply_of_0_1_1_has_the_form_that_it_reads) {
  const auto& attestations = recorded_.find("0.7.0")->find("theirs")->find("attestations")->items();
  const auto message =
      parse_attestation(as_bytes(*attestations.back().as_string()), Version::k0_1_1);
  const auto key = token::parse_jwk(as_bytes(message->tee_pubkey));
  ASSERT_TRUE(key);
  crypto::SystemRng rng;
  const auto reply =
      token::encrypt_kbs_0_1(key->key, as_bytes("secret"), rng, token::RsaWrap::kRsa15);
  ASSERT_TRUE(reply);
  const auto ours = codec::parse_json(as_bytes(*reply));
  const auto read = codec::parse_json(as_bytes(text(ours_, "response_0_1_1")));
  ASSERT_TRUE(ours && read);
  ASSERT_EQ(ours->members().size(), read->members().size());
  for (std::size_t i = 0; i < ours->members().size(); ++i)
    EXPECT_EQ(ours->members()[i].first, read->members()[i].first);
  EXPECT_EQ(text(*ours, "protected"), text(*read, "protected"));
  EXPECT_EQ(text(*ours, "tag"), text(*read, "tag"));
}

}  // namespace
}  // namespace ward::protocol::kbs
