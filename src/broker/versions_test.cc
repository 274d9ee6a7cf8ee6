#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/broker.h"
#include "broker/facts.h"
#include "crypto/digest.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"
#include "token/jwe.h"
#include "token/jwk.h"

// The versions of the KBS protocol, the keys that each takes, and init-data.
namespace ward::broker {
namespace {

using protocol::kbs::Version;
using test_support::Attester;
using test_support::kNow;
using test_support::message;
using test_support::open_session;
using test_support::Opened;
using test_support::World;
using testing::HasSubstr;
using testing::StartsWith;

const crypto::PrivateKey& rsa() {
  static const crypto::PrivateKey key = *crypto::PrivateKey::generate_rsa(2048);
  return key;
}

class VersionsTest : public testing::Test {
 protected:
  VersionsTest() {
    world_.set_up();
    all_.options.kbs_0_1_1 = true;
    all_.options.rsa1_5 = true;
  }

  static std::string jwk(const crypto::PrivateKey& key, const std::string& alg) {
    return token::to_json(token::Jwk{key.public_key(), "", alg, "", {}});
  }

  // Asked is a session in some version, with the message that its client would send.
  struct Asked {
    std::string cookie;
    std::string body;
  };

  static Asked ask(const Service& service, Version version, const std::string& key) {
    const std::string request =
        R"({"version":")" + std::string(to_text(version)) + R"(","tee":"sgx","extra-params":""})";
    const auto challenged = Broker(service).auth(as_bytes(request), kNow);
    EXPECT_TRUE(challenged);
    if (!challenged) return {};
    const auto challenge = protocol::kbs::parse_challenge(as_bytes(challenged->body));
    protocol::kbs::Attestation out;
    out.tee_pubkey = key;
    const auto bound = protocol::kbs::bound_text(version, out, challenge->nonce);
    out.primary_evidence =
        R"({"report_data":")" + to_hex(protocol::kbs::report_data(*bound)) + "\"}";
    if (version == Version::k0_4_0) out.nonce = challenge->nonce;
    return {challenged->cookie, *protocol::kbs::write_attestation(out, version)};
  }

  static Answer<std::string> attest(const Service& service, const Asked& asked) {
    return Broker(service).attest(asked.cookie, as_bytes(asked.body), kNow);
  }

  static Answer<std::string> resource(const Service& service, const std::string& cookie) {
    auto out = Broker(service).resource({.cookie = cookie, .bearer = std::nullopt},
                                        "hospital/key/records", kNow);
    if (!out) return out.error();
    return std::move(out->jwe);
  }

  World world_;
  Attester attester_;
  Service usual_ = world_.service();
  Service all_ = world_.service();
};

TEST_F(VersionsTest, a_mismatch_names_what_is_served) {
  for (const char* asked : {"0.1.0", "0.1.1", "0.3.0", "0.4.1", "1.0.0"}) {
    const std::string request = R"({"version":")" + std::string(asked) + R"(","tee":"sgx"})";
    const auto answer = Broker(usual_).auth(as_bytes(request), kNow);
    ASSERT_FALSE(answer) << asked;
    EXPECT_EQ(answer.error().status, 401U);
    EXPECT_THAT(answer.error().body.detail,
                HasSubstr("KBS Client Protocol Version Mismatch: expect =0.4.0, =0.2.0 while the "
                          "request is " +
                          std::string(asked)));
    const bool could = asked == std::string("0.1.1");
    EXPECT_EQ(answer.error().body.detail.find("allow_kbs_0_1_1") != std::string::npos, could);
  }
  const auto older = Broker(all_).auth(as_bytes(R"({"version":"0.1.0","tee":"sgx"})"), kNow);
  ASSERT_FALSE(older);
  EXPECT_THAT(older.error().body.detail, HasSubstr("expect =0.4.0, =0.2.0, =0.1.1 while"));
  EXPECT_EQ(older.error().checks, std::vector<std::string>{"kbs.request.version"});
  const auto malformed = Broker(usual_).auth(as_bytes("{}"), kNow);
  ASSERT_FALSE(malformed);
  EXPECT_EQ(malformed.error().status, 400U);
  EXPECT_THAT(malformed.error().body.detail, StartsWith("kbs.message.form: "));
}

TEST_F(VersionsTest, a_tee_that_is_not_appraised_is_refused_at_once) {
  const auto answer = Broker(usual_).auth(as_bytes(R"({"version":"0.4.0","tee":"csv"})"), kNow);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().body.detail, StartsWith("kbs.request.tee: "));
  EXPECT_THAT(answer.error().body.detail, HasSubstr("\"csv\""));
}

TEST_F(VersionsTest, every_version_releases_to_the_key_that_its_evidence_binds) {
  for (const Version version : protocol::kbs::kVersions) {
    const Asked asked = ask(all_, version, attester_.jwk());
    const auto token = attest(all_, asked);
    ASSERT_TRUE(token) << token.error().body.detail;
    const auto body = resource(all_, asked.cookie);
    ASSERT_TRUE(body) << body.error().body.detail;
    const auto jwe = token::parse_jwe(as_bytes(*body));
    if (version == Version::k0_1_1) {
      EXPECT_THAT(*body, StartsWith(R"({"protected":"{\"alg\":\"ECDH-ES+A256KW\")"));
      EXPECT_FALSE(jwe);
      continue;
    }
    ASSERT_TRUE(jwe);
    const auto opened = token::decrypt_jwe(*jwe, attester_.key());
    ASSERT_TRUE(opened);
    EXPECT_EQ(as_text(opened->expose()), "the key");
  }
}

TEST_F(VersionsTest, a_body_of_another_version_is_refused) {
  for (const Version of : protocol::kbs::kVersions) {
    for (const Version session : protocol::kbs::kVersions) {
      if (of == session) continue;
      Asked asked = ask(all_, session, attester_.jwk());
      asked.body = ask(all_, of, attester_.jwk()).body;
      const auto answer = attest(all_, asked);
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().status, 400U);
      EXPECT_THAT(answer.error().body.detail, StartsWith("kbs.message.form: "));
      EXPECT_THAT(answer.error().body.detail, HasSubstr("which /auth chose"));
    }
  }
}

// Their messages carry no nonce: the evidence alone binds the session's.
TEST_F(VersionsTest, older_evidence_of_another_session_is_refused) {
  for (const Version version : {Version::k0_2_0, Version::k0_1_1}) {
    const Asked first = ask(all_, version, attester_.jwk());
    Asked second = ask(all_, version, attester_.jwk());
    second.body = first.body;
    const auto relayed = attest(all_, second);
    ASSERT_FALSE(relayed);
    EXPECT_THAT(relayed.error().body.detail, StartsWith("fake.report_data: "));
  }
}

TEST_F(VersionsTest, what_was_turned_off_since_serves_no_open_session_and_no_token) {
  const Asked old = ask(all_, Version::k0_1_1, attester_.jwk());
  const auto early = attest(usual_, old);
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().body.detail, HasSubstr("Version Mismatch"));
  ASSERT_TRUE(attest(all_, old));
  const auto late = resource(usual_, old.cookie);
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().body.detail, HasSubstr("Version Mismatch"));

  const Asked pkcs1 = ask(all_, Version::k0_4_0, jwk(rsa(), "RSA1_5"));
  ASSERT_TRUE(attest(all_, pkcs1));
  const auto off = resource(usual_, pkcs1.cookie);
  ASSERT_FALSE(off);
  EXPECT_THAT(off.error().body.detail, StartsWith("kbs.tee_pubkey.usable: "));
}

TEST_F(VersionsTest, rsa1_5_is_for_those_who_turned_it_on) {
  const std::string pkcs1 = jwk(rsa(), "RSA1_5");
  const auto off = attest(usual_, ask(usual_, Version::k0_4_0, pkcs1));
  ASSERT_FALSE(off);
  EXPECT_THAT(off.error().body.detail, StartsWith("kbs.tee_pubkey.usable: "));
  for (const Version version : protocol::kbs::kVersions) {
    const Asked asked = ask(all_, version, pkcs1);
    ASSERT_TRUE(attest(all_, asked));
    const auto body = resource(all_, asked.cookie);
    ASSERT_TRUE(body);
    if (version == Version::k0_1_1) {
      EXPECT_THAT(*body, HasSubstr(R"(\"RSA1_5\")"));
    } else {
      const auto header =
          from_base64(token::parse_jwe(as_bytes(*body))->protected_header, Base64::kUrl);
      EXPECT_EQ(as_text(*header), R"({"alg":"RSA1_5","enc":"A256GCM"})");
    }
  }
  const std::string oaep = jwk(rsa(), "RSA-OAEP-256");
  for (const Service* service : {&usual_, &all_}) {
    const Asked asked = ask(*service, Version::k0_2_0, oaep);
    ASSERT_TRUE(attest(*service, asked));
    const auto body = resource(*service, asked.cookie);
    ASSERT_TRUE(body);
    EXPECT_TRUE(token::decrypt_jwe(*token::parse_jwe(as_bytes(*body)), rsa()));
  }
}

class InitDataTest : public VersionsTest {
 protected:
  std::string with(const std::string& sent, const std::string& format = "toml") {
    Opened session =
        open_session(Broker(usual_), attester_, kNow, protocol::kbs::InitData{format, sent});
    const std::string body = message(session, session.client.report_data());
    const auto answer = Broker(usual_).attest(session.cookie, as_bytes(body), kNow);
    return answer ? "" : answer.error().body.detail;
  }
};

TEST_F(InitDataTest, it_must_be_what_was_measured) {
  const std::string manifest = "version = \"0.1.0\"\n";
  const auto digest = crypto::sha384(as_bytes(manifest));
  world_.verifier.workload.assign(digest.begin(), digest.end());
  world_.verifier.workload.resize(64);
  EXPECT_EQ(with(manifest), "");
  EXPECT_THAT(with(manifest + " "), StartsWith("kbs.init_data.digest: "));
}

TEST_F(InitDataTest, its_own_algorithm_digests_it) {
  const std::string manifest = "version = \"0.1.0\"\nalgorithm = \"SHA256\"\n";
  const auto digest = crypto::sha256(as_bytes(manifest));
  world_.verifier.workload.assign(digest.begin(), digest.end());
  EXPECT_EQ(with(manifest), "");
  EXPECT_THAT(with("algorithm = \"sm3\"\n"), StartsWith("kbs.init_data.form: "));
  EXPECT_THAT(with("algorithm = "), StartsWith("kbs.init_data.form: "));
  EXPECT_THAT(with(manifest, "json"), StartsWith("kbs.init_data.form: "));
}

TEST_F(InitDataTest, evidence_that_measures_none_makes_it_a_refusal) {
  world_.verifier.workload.clear();
  EXPECT_THAT(with("version = \"0.1.0\"\n"), StartsWith("kbs.init_data.bound: "));
}

TEST(CarriesInitData, in_a_field_whole_or_cut_and_in_a_pcr_extended) {
  const Buffer sha384 = to_buffer(crypto::sha384(as_bytes("init-data")));
  const Buffer sha256 = to_buffer(crypto::sha256(as_bytes("init-data")));
  const auto sized = [](Buffer digest, std::size_t size) {
    digest.resize(size);
    return digest;
  };
  const auto carries = [](Buffer field, Bytes digest, bool extended) {
    attest::Facts facts;
    facts.workload = std::move(field);
    facts.workload_is_extended = extended;
    return carries_init_data(facts, digest);
  };
  for (const Buffer& digest : {sha256, sha384}) {
    for (const std::size_t size : {32U, 48U, 64U}) {
      EXPECT_TRUE(carries(sized(digest, size), digest, false)) << size;
      EXPECT_FALSE(carries(sized(digest, size), digest, true)) << size;
      Buffer changed = sized(digest, size);
      changed.back() ^= 1U;
      EXPECT_FALSE(carries(changed, digest, false)) << size;
    }
    EXPECT_FALSE(carries(sized(digest, 31), digest, false));
    EXPECT_FALSE(carries(Buffer(), digest, false));
    // PCR 8 of SHA-256 and Nitro's of SHA-384, extended once from zeros.
    const Buffer small = to_buffer(crypto::sha256(concat({Buffer(32), sized(digest, 32)})));
    const Buffer large = to_buffer(crypto::sha384(concat({Buffer(48), sized(digest, 48)})));
    EXPECT_TRUE(carries(small, digest, true));
    EXPECT_TRUE(carries(large, digest, true));
    EXPECT_FALSE(carries(small, digest, false));
    EXPECT_FALSE(carries(Buffer(32), digest, true));
    EXPECT_FALSE(carries(Buffer(64), digest, true));
  }
  EXPECT_FALSE(carries(Buffer(32), {}, false));
}

}  // namespace
}  // namespace ward::broker
