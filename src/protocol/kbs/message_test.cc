#include "protocol/kbs/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json.h"
#include "crypto/digest.h"
#include "test/support/vectors.h"

namespace ward::protocol::kbs {
namespace {

constexpr std::string_view kNonce = "1YTjXZbkMjPA7N9nX5jV9YoBf4JCs20WU3ZpVQqeT9Y=";
constexpr std::string_view kKey =
    R"({"alg":"ECDH-ES+A256KW","crv":"P-256","kty":"EC","x":"UIJz","y":"XTSE"})";

std::string attestation(std::string_view evidence = R"({"quote": "AAAA", "z":1})") {
  return R"({"init-data":null,"runtime-data":{"nonce":")" + std::string(kNonce) +
         R"(","tee-pubkey":)" + std::string(kKey) + R"(},"tee-evidence":{"primary_evidence":)" +
         std::string(evidence) + R"(,"additional_evidence":""}})";
}

std::string member(const codec::JsonValue& root, std::string_view name) {
  const auto* found = root.find(name);
  return found != nullptr && found->as_string() ? std::string(*found->as_string()) : "";
}

// The worked example of Trustee's protocol, recomputed by others (vectors/kbs).
TEST(KbsMessage, binds_the_worked_example_octet_for_octet) {
  WARD_NEED_VECTORS();
  const std::string text = test::read_text(test::vectors_dir() / "kbs/worked-example.json");
  const auto root = codec::parse_json(as_bytes(text));
  ASSERT_TRUE(root);
  ASSERT_NE(root->find("jwk"), nullptr);
  const std::string key(as_text(root->find("jwk")->raw(as_bytes(text))));

  const auto primary = runtime_data(member(*root, "nonce"), key, "");
  ASSERT_TRUE(primary);
  EXPECT_EQ(*primary, member(*root, "primary_runtime_data_jcs"));
  EXPECT_EQ(to_hex(report_data(*primary)), member(*root, "report_data_64"));

  const auto device = device_runtime_data(member(*root, "nonce"), key);
  ASSERT_TRUE(device);
  EXPECT_EQ(*device, member(*root, "device_runtime_data_jcs"));
  EXPECT_EQ(to_hex(report_data(*device)).substr(0, 96), member(*root, "device_sha384"));
}

TEST(KbsMessage, writes_and_reads_a_request) {
  const auto text = write_request({"0.4.0", "sgx"});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, R"({"version":"0.4.0","tee":"sgx","extra-params":""})");
  const auto back = parse_request(as_bytes(*text));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->version, "0.4.0");
  EXPECT_EQ(back->tee, "sgx");
}

TEST(KbsMessage, folds_older_spellings_and_refuses_unknown_tees) {
  EXPECT_EQ(canonical_tee("azsnpvtpm"), "az-snp-vtpm");
  EXPECT_EQ(canonical_tee("az-tdx-vtpm"), "az-tdx-vtpm");
  EXPECT_EQ(canonical_tee("nitro"), "nitro");
  EXPECT_EQ(canonical_tee("SGX"), std::nullopt);
  const auto refused = parse_request(as_bytes(R"({"version":"0.4.0","tee":"toaster"})"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().path, "tee");
}

TEST(KbsMessage, reads_a_request_of_trustees_client) {
  const auto request = parse_request(as_bytes(
      R"({"version":"0.4.0","tee":"tdx","extra-params":{"supported-hash-algorithms":["sha256"]}})"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->tee, "tdx");
}

TEST(KbsMessage, keeps_the_evidence_as_it_was_sent) {
  const std::string text = attestation();
  const auto parsed = parse_attestation(as_bytes(text), Version::k0_4_0);
  ASSERT_TRUE(parsed) << to_text(parsed.error());
  EXPECT_EQ(parsed->primary_evidence, R"({"quote": "AAAA", "z":1})");
  EXPECT_EQ(parsed->tee_pubkey, kKey);
  EXPECT_EQ(parsed->nonce, kNonce);
  EXPECT_FALSE(parsed->init_data);
}

TEST(KbsMessage, writes_what_it_reads) {
  const Attestation message{.init_data = InitData{"toml", "a = \"b\"\n"},
                            .nonce = std::string(kNonce),
                            .tee_pubkey = std::string(kKey),
                            .primary_evidence = R"({"quote":"AAAA"})",
                            .additional_evidence = R"({"nvidia":{}})"};
  const auto text = write_attestation(message, Version::k0_4_0);
  ASSERT_TRUE(text);
  const auto back = parse_attestation(as_bytes(*text), Version::k0_4_0);
  ASSERT_TRUE(back) << to_text(back.error());
  ASSERT_TRUE(back->init_data);
  EXPECT_EQ(back->init_data->body, message.init_data->body);
  EXPECT_EQ(back->additional_evidence, message.additional_evidence);
  EXPECT_EQ(back->primary_evidence, message.primary_evidence);
}

TEST(KbsMessage, names_what_is_missing_in_an_attestation) {
  const struct {
    std::string_view text;
    std::string_view path;
  } kCases[] = {
      {R"([])", ""},
      {R"({})", "runtime-data"},
      {R"({"init-data":7})", "init-data"},
      {R"({"init-data":{"format":"toml"}})", "init-data.body"},
      {R"({"runtime-data":{}})", "runtime-data.nonce"},
      {R"({"runtime-data":{"nonce":"x","tee-pubkey":"y"}})", "runtime-data.tee-pubkey"},
      {R"({"runtime-data":{"nonce":"x","tee-pubkey":{}}})", "tee-evidence"},
      {R"({"runtime-data":{"nonce":"x","tee-pubkey":{}},"tee-evidence":{}})",
       "tee-evidence.primary_evidence"},
      {R"({"runtime-data":{"nonce":"x","tee-pubkey":{}},"tee-evidence":{"primary_evidence":{}}})",
       "tee-evidence.additional_evidence"},
  };

  for (const auto& row : kCases) {
    const auto parsed = parse_attestation(as_bytes(row.text), Version::k0_4_0);
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_EQ(parsed.error().path, row.path) << row.text;
  }
}

TEST(KbsMessage, refuses_every_cut_of_an_attestation) {
  const std::string text = attestation();
  for (std::size_t n = 0; n < text.size(); ++n)
    EXPECT_FALSE(parse_attestation(as_bytes(std::string_view(text).substr(0, n)), Version::k0_4_0))
        << n;
}

// of_version is the same attestation in each version's shape.
std::string of_version(Version version) {
  const Attestation message{.init_data = std::nullopt,
                            .nonce = version == Version::k0_4_0 ? std::string(kNonce) : "",
                            .tee_pubkey = std::string(kKey),
                            .primary_evidence = R"({"quote":"AAAA"})",
                            .additional_evidence = ""};
  return *write_attestation(message, version);
}

TEST(KbsMessage, a_message_is_of_one_version_and_another_session_says_of_which) {
  EXPECT_EQ(of_version(Version::k0_2_0),
            R"({"tee-pubkey":)" + std::string(kKey) + R"(,"tee-evidence":{"quote":"AAAA"}})");
  EXPECT_EQ(of_version(Version::k0_1_1),
            R"({"tee-pubkey":)" + std::string(kKey) + R"(,"tee-evidence":"{\"quote\":\"AAAA\"}"})");
  for (const Version of : kVersions) {
    const std::string text = of_version(of);
    for (const Version session : kVersions) {
      const auto parsed = parse_attestation(as_bytes(text), session);
      if (of == session) {
        ASSERT_TRUE(parsed) << to_text(parsed.error());
        EXPECT_EQ(parsed->primary_evidence, R"({"quote":"AAAA"})");
        EXPECT_EQ(parsed->tee_pubkey, kKey);
        continue;
      }
      ASSERT_FALSE(parsed) << text;
      EXPECT_THAT(to_text(parsed.error()),
                  testing::HasSubstr("version " + std::string(to_text(session)) + ", which"));
      // Between the older ones only the evidence's form differs; a member tells 0.4.0 from both.
      const bool older = of != Version::k0_4_0 && session == Version::k0_4_0;
      EXPECT_THAT(
          to_text(parsed.error()),
          testing::HasSubstr(older ? "this is of 0.2.0" : "of " + std::string(to_text(of))));
    }
    for (std::size_t n = 0; n < text.size(); ++n)
      EXPECT_FALSE(parse_attestation(as_bytes(std::string_view(text).substr(0, n)), of)) << n;
  }
}

TEST(KbsMessage, older_messages_name_what_is_wrong) {
  const std::string key = R"({"tee-pubkey":{},)";

  const struct {
    Version version;
    std::string text;
    std::string_view path;
  } kCases[] = {
      {Version::k0_2_0, "{}", "tee-pubkey"},
      {Version::k0_2_0, R"({"tee-pubkey":"x"})", "tee-pubkey"},
      {Version::k0_2_0, R"({"tee-pubkey":{}})", "tee-evidence"},
      {Version::k0_2_0, key + R"("tee-evidence":[]})", "tee-evidence"},
      {Version::k0_2_0, key + R"("tee-evidence":{"primary_evidence":{}}})", "tee-evidence"},
      {Version::k0_2_0, key + R"("init-data":null,"tee-evidence":{}})", "init-data"},
      {Version::k0_1_1, R"({"tee-pubkey":{}})", "tee-evidence"},
      {Version::k0_1_1, key + R"("tee-evidence":"{"})", "tee-evidence"},
      {Version::k0_1_1, key + R"("tee-evidence":7})", "tee-evidence"},
  };

  for (const auto& row : kCases) {
    const auto parsed = parse_attestation(as_bytes(row.text), row.version);
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_EQ(parsed.error().path, row.path) << row.text;
  }
}

TEST(KbsMessage, older_versions_bind_nonce_and_key_and_carry_nothing_else) {
  Attestation message;
  message.tee_pubkey = kKey;
  for (const Version version : {Version::k0_1_1, Version::k0_2_0}) {
    EXPECT_EQ(*bound_text(version, message, kNonce), *device_runtime_data(kNonce, kKey));
    message.init_data = InitData{"toml", ""};
    const auto refused = write_attestation(message, version);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::kInternal);
    message.init_data.reset();
  }
  EXPECT_EQ(*bound_text(Version::k0_4_0, message, kNonce), *runtime_data(kNonce, kKey, ""));
}

TEST(KbsMessage, knows_its_versions_by_their_exact_text) {
  for (const Version version : kVersions)
    EXPECT_EQ(version_of(to_text(version)), version);
  for (const char* other : {"", "0.1.0", "0.3.0", "0.4", "0.4.0 ", "=0.4.0", "1.0.0"})
    EXPECT_EQ(version_of(other), std::nullopt) << other;
}

TEST(KbsMessage, bounds_a_message) {
  const std::string frame = attestation("\"\"");
  const std::string at_limit =
      attestation("\"" + std::string(kMaxMessageBytes - frame.size(), 'a') + "\"");
  EXPECT_EQ(at_limit.size(), kMaxMessageBytes);
  EXPECT_TRUE(parse_attestation(as_bytes(at_limit), Version::k0_4_0));
  EXPECT_FALSE(parse_attestation(as_bytes(at_limit + " "), Version::k0_4_0));
}

TEST(KbsMessage, refuses_a_challenge_of_another_size) {
  EXPECT_TRUE(parse_challenge(as_bytes(R"({"nonce":")" + std::string(kNonce) + R"("})")));
  EXPECT_FALSE(parse_challenge(as_bytes(R"({"nonce":"AAAA"})")));
  EXPECT_FALSE(parse_challenge(as_bytes(R"({"extra-params":""})")));
}

TEST(KbsMessage, writes_and_reads_errors) {
  const std::string text = write_error({"PolicyDeny", "check sgx.tcb.status failed"});
  EXPECT_EQ(text, R"({"type":"https://github.com/confidential-containers/kbs/errors/PolicyDeny",)"
                  R"("detail":"check sgx.tcb.status failed"})");
  const auto back = parse_error(as_bytes(text));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->type, "PolicyDeny");
}

TEST(KbsMessage, reads_resource_paths_of_three_pieces_only) {
  const auto path = parse_resource_path("hospital/key/records-1.v2");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->text(), "hospital/key/records-1.v2");
  for (const char* wrong : {"", "a", "a/b", "a/b/c/d", "a//c", "/a/b", "a/b/", "a/b/.c", "../b/c",
                            "a/b/c d", "a/b/c%2e", "a/b/\xc3\xa9"}) {
    const auto refused = parse_resource_path(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code(), Errc::kMalformed) << wrong;
  }
  EXPECT_TRUE(parse_resource_path("a/b/" + std::string(kMaxPathPiece, 'x')));
  const auto long_tag = parse_resource_path("a/b/" + std::string(kMaxPathPiece + 1, 'x'));
  ASSERT_FALSE(long_tag);
  EXPECT_EQ(long_tag.error().code(), Errc::kLimit);
}

TEST(KbsMessage, binds_no_key_that_is_not_an_object) {
  for (const char* wrong : {"", "[]", "\"x\"", "{", R"({"a":1,"a":2})"}) {
    const auto refused = runtime_data(kNonce, wrong, "");
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code(), Errc::kMalformed) << wrong;
  }
}

TEST(KbsInitData, is_digested_by_the_algorithm_that_it_names) {
  const struct {
    std::string body;
    Buffer want;
  } kCases[] = {
      {"", to_buffer(crypto::sha384({}))},
      {"algorithm = \"sha256\"", to_buffer(crypto::sha256(as_bytes("algorithm = \"sha256\"")))},
      {"algorithm='Sha384'", to_buffer(crypto::sha384(as_bytes("algorithm='Sha384'")))},
      {"algorithm=\"sha512\"\n[data]",
       to_buffer(crypto::sha512(as_bytes("algorithm=\"sha512\"\n[data]")))},
  };

  for (const auto& row : kCases) {
    const auto digest = init_data_digest({"toml", row.body});
    ASSERT_TRUE(digest) << row.body << to_text(digest.error());
    EXPECT_EQ(*digest, row.want) << row.body;
  }
  const InitData kWrong[] = {{"json", "{}"},
                             {"", ""},
                             {"toml", "a"},
                             {"toml", "algorithm = 256"},
                             {"toml", "algorithm = \"sm3\""},
                             {"toml", "\xff = 1"},
                             {"toml", "a = " + std::string(100000, '[')}};
  for (const InitData& wrong : kWrong)
    EXPECT_FALSE(init_data_digest(wrong)) << wrong.format << " " << wrong.body.substr(0, 20);
}

}  // namespace
}  // namespace ward::protocol::kbs
