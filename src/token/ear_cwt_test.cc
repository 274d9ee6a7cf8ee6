#include "token/ear_cwt.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "codec/cbor_write.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "token/cose.h"

namespace ward::token {
namespace {

using codec::CborWriter;
using crypto::KeyType;

template <class T>
Errc code(const Result<T>& r) {
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

Ear sample() {
  EarSubmod submod;
  submod.vector = {.configuration = 2, .executables = 3, .hardware = 2, .runtime_opaque = -2};
  submod.tee = "sgx";
  submod.tee_claims_json = R"({"quote.body.mr_enclave":"00","svn":-3,"list":[true,null,7]})";
  submod.runtime_data_json = R"({"nonce":"bm9uY2Vub25jZQ==","tee-pubkey":{"kty":"EC"}})";
  submod.nonce = to_buffer(as_bytes("noncenonce"));
  submod.verdict = "accepted";
  submod.tcb_status = "UpToDate";
  submod.checks = {{.id = "sgx.quote.signature", .outcome = "passed"},
                   {.id = "sgx.workload.expected", .outcome = "not_done", .hint = "ask"}};
  return {.issuer = "wardd.test",
          .verifier_build = "0.1.0",
          .audience = "broker.test",
          .id = "00ff",
          .issued = {1000},
          .expires = {1300},
          .submods = {submod}};
}

crypto::PrivateKey key_of(KeyType type) {
  crypto::SeededRng rng(as_bytes("cwt"));
  return *crypto::PrivateKey::generate(type, rng);
}

JwsKey trust(const crypto::PrivateKey& key) {
  return {native_algorithm(key.type()), key.public_key(), thumbprint(key.public_key())};
}

JwtExpectations expected() {
  return {.issuer = std::string("wardd.test"),
          .audience = std::string("broker.test"),
          .now = {1299},
          .max_age_s = std::nullopt,
          .rules = {}};
}

// A claim set of others: draft-ietf-rats-ear-03, figure 5.
CborWriter& figure_5(CborWriter& w) {
  w.begin_map().member(265, "tag:ietf.org,2026:rats/ear#03").member(6, 1666529184);
  w.name(1004).begin_map().member(0, "https://veraison-project.org").member(1, "vts 0.0.1");
  w.end_map().member(1002, as_bytes("lifeboatman")).name(266).begin_map();
  w.name("PSA").begin_map().member(1000, 96).name(1001).begin_map();
  w.member(0, 2).member(2, 96).member(4, 2).end_map().name(1003).begin_array();
  return w.text("https://veraison.example/policy/1/60a0068d").end_array().end_map().end_map();
}

TEST(EarCwt, the_claim_set_is_the_json_one_under_integer_keys) {
  const auto cbor = ear_cbor(sample());
  ASSERT_TRUE(cbor) << cbor.error().what();
  const auto map = codec::parse_cbor(*cbor);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->find(265)->as_text(), kIetfProfile);
  EXPECT_EQ(map->find(1)->as_text(), "wardd.test");
  EXPECT_EQ(map->find(4)->as_int(), 1300);
  EXPECT_TRUE(equal(*map->find(7)->as_bytes(), std::array<std::uint8_t, 2>{0, 0xff}));
  EXPECT_EQ(map->find(1000)->as_int(), 2);
  const codec::CborValue* cpu = map->find(266)->find("cpu0");
  EXPECT_EQ(cpu->find(1000)->as_int(), 2);
  EXPECT_EQ(cpu->find(1001)->find(2)->as_int(), 3);
  EXPECT_EQ(cpu->find(1001)->find(5)->as_int(), -2);
  EXPECT_EQ(cpu->find(1003)->items()[0].as_text(), "default");
  EXPECT_TRUE(equal(*cpu->find(10)->as_bytes(), as_bytes("noncenonce")));
  EXPECT_EQ(cpu->find(-70000)->find("sgx")->find("svn")->as_int(), -3);
  const codec::CborValue* reasons = cpu->find(kCwtWardAppraisal);
  EXPECT_EQ(reasons->find("verdict")->as_text(), "accepted");
  EXPECT_EQ(reasons->find("passed")->items()[0].as_text(), "sgx.quote.signature");
  EXPECT_EQ(reasons->find("checks")->items()[0].members().size(), 3U);
  EXPECT_LT(kCwtWardAppraisal, -65536);

  // And back: nothing is lost.
  const auto json = ear_json(*cbor);
  ASSERT_TRUE(json) << json.error().what();
  const auto parsed = codec::parse_json(as_bytes(*json));
  const auto direct = codec::parse_json(as_bytes(*ear_payload(sample(), EarProfile::kIetf)));
  ASSERT_TRUE(parsed && direct);
  EXPECT_EQ(parsed->members().size(), direct->members().size());
  const auto view = view_ear(*parsed);
  ASSERT_TRUE(view) << view.error().what();
  EXPECT_EQ(view->submods[0].checks[0].id, "sgx.quote.signature");
  EXPECT_EQ(view->submods[0].checks[1].hint, "ask");
  EXPECT_EQ(view->submods[0].vector.runtime_opaque, -2);
  EXPECT_TRUE(answers_nonce(*view, "bm9uY2Vub25jZQ"));
}

TEST(EarCwt, a_result_of_others_is_read_as_the_draft_has_it) {
  CborWriter w;
  const auto cbor = figure_5(w).end_map().take();
  ASSERT_TRUE(cbor);
  const auto json = ear_json(*cbor);
  ASSERT_TRUE(json) << json.error().what();
  const auto claims = codec::parse_json(as_bytes(*json));
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->find("ear_raw_evidence")->as_string(), "bGlmZWJvYXRtYW4");
  EXPECT_EQ(claims->find("ear_verifier_id")->find("build")->as_string(), "vts 0.0.1");
  const auto view = view_ear(*claims);
  ASSERT_TRUE(view);
  const EarView::Submod& psa = view->submods[0];
  EXPECT_EQ(psa.name, "PSA");
  EXPECT_EQ(psa.status, TrustTier::kContraindicated);
  EXPECT_EQ(psa.vector.executables, 96);
  EXPECT_EQ(psa.policy_ids[0], "https://veraison.example/policy/1/60a0068d");
  EXPECT_TRUE(psa.development);
}

TEST(EarCwt, a_signed_result_verifies_under_each_algorithm) {
  for (const KeyType type : {KeyType::kP256, KeyType::kP384, KeyType::kP521, KeyType::kEd25519}) {
    const crypto::PrivateKey key = key_of(type);
    const auto message = sign_ear_cwt(signer_of(key), sample());
    ASSERT_TRUE(message) << message.error().what();
    const JwsKey trusted[] = {
        trust(key_of(type == KeyType::kP256 ? KeyType::kP384 : KeyType::kP256)), trust(key)};
    const auto cwt = verify_cwt(*message, trusted, expected());
    ASSERT_TRUE(cwt) << cwt.error().what();
    EXPECT_EQ(cwt->expires.seconds, 1300);
    EXPECT_EQ(cwt->issued->seconds, 1000);
    EXPECT_TRUE(view_ear(cwt->claims));
    const auto cose = parse_cose_sign1(*message);
    ASSERT_TRUE(cose);
    EXPECT_EQ(cose->typ, "application/eat+cwt; eat_profile=\"tag:ietf.org,2026:rats/ear#03\"");
    EXPECT_EQ(as_text(*cose->protected_kid), thumbprint(key.public_key()));
    const std::array<std::uint8_t, 2> tag61 = {0xd8, 61};
    EXPECT_TRUE(verify_cwt(concat({tag61, *message}), trusted, expected()));
  }
}

TEST(EarCwt, every_truncation_and_every_flipped_bit_is_refused) {
  const crypto::PrivateKey key = key_of(KeyType::kEd25519);
  const JwsKey trusted[] = {trust(key)};
  const auto message = sign_ear_cwt(signer_of(key), sample());
  ASSERT_TRUE(message);
  for (std::size_t n = 0; n < message->size(); ++n) {
    EXPECT_FALSE(verify_cwt(Bytes(*message).first(n), trusted, expected())) << n;
  }
  for (std::size_t i = 0; i < message->size() * 8; ++i) {
    Buffer changed = *message;
    changed[i / 8] = static_cast<std::uint8_t>(changed[i / 8] ^ (1U << (i % 8)));
    EXPECT_FALSE(verify_cwt(changed, trusted, expected())) << i;
  }
  Buffer longer = *message;
  longer.push_back(0);
  EXPECT_EQ(code(verify_cwt(longer, trusted, expected())), Errc::kMalformed);
  const auto cbor = ear_cbor(sample());
  for (std::size_t n = 0; n < cbor->size(); ++n) {
    EXPECT_FALSE(ear_json(Bytes(*cbor).first(n))) << n;
  }
}

TEST(EarCwt, who_signed_it_for_whom_and_when_is_judged_as_for_a_jwt) {
  const crypto::PrivateKey key = key_of(KeyType::kP256);
  const JwsKey trusted[] = {trust(key)};
  const Buffer message = *sign_ear_cwt(signer_of(key), sample());
  const auto with = [&](void (*change)(JwtExpectations&)) {
    JwtExpectations wanted = expected();
    change(wanted);
    return code(verify_cwt(message, trusted, wanted));
  };
  EXPECT_EQ(with([](JwtExpectations& e) { e.issuer = std::string("other"); }), Errc::kDenied);
  EXPECT_EQ(with([](JwtExpectations& e) { e.audience = std::string("other"); }), Errc::kDenied);
  EXPECT_EQ(with([](JwtExpectations& e) { e.now = {1300}; }), Errc::kStale);
  EXPECT_EQ(with([](JwtExpectations& e) { e.now = {999}; }), Errc::kStale);

  const JwsKey other[] = {trust(key_of(KeyType::kP384))};
  EXPECT_EQ(code(verify_cwt(message, other, expected())), Errc::kUntrusted);  // no such kid
  const JwsKey algorithm[] = {{JwsAlgorithm::kEs384, key.public_key(), trust(key).kid}};
  EXPECT_EQ(code(verify_cwt(message, algorithm, expected())), Errc::kUnsupported);
  const JwsKey rsa[] = {{JwsAlgorithm::kRs256, key.public_key(), trust(key).kid}};
  EXPECT_EQ(code(verify_cwt(message, rsa, expected())), Errc::kUnsupported);
  EXPECT_EQ(code(verify_cwt(message, {}, expected())), Errc::kUntrusted);
}

TEST(EarCwt, messages_that_are_no_cwt_are_refused) {
  const crypto::PrivateKey key = key_of(KeyType::kEd25519);
  const JwsSigner signer = signer_of(key);
  const JwsKey trusted[] = {trust(key)};
  const Buffer payload = *ear_cbor(sample());
  const auto verified = [&](Bytes claims, const CoseForm& form) {
    return verify_cwt(*sign_cose_sign1(CoseAlgorithm::kEdDsa, signer.sign, claims, form), trusted,
                      expected());
  };
  EXPECT_TRUE(verified(payload, {}));  // no kid: the only key
  EXPECT_TRUE(verified(payload, {.tagged = false}));
  EXPECT_TRUE(verified(payload, {.typ = "application/eat+cwt"}));
  EXPECT_EQ(code(verified(payload, {.typ = "application/rim+cbor"})), Errc::kDenied);
  EXPECT_EQ(code(verified(payload, {.kid = as_bytes("other")})), Errc::kUntrusted);
  const JwsKey nameless[] = {{JwsAlgorithm::kEdDsa, key.public_key(), ""}};
  EXPECT_TRUE(verify_cwt(*sign_ear_cwt(signer, sample()), nameless, expected()));
  EXPECT_EQ(code(verified(payload, {.detached = true})), Errc::kMalformed);
  EXPECT_EQ(code(verified(Buffer(1, 0x80), {})), Errc::kMalformed);
  const Buffer untagged =
      *sign_cose_sign1(CoseAlgorithm::kEdDsa, signer.sign, payload, {.tagged = false});
  const std::array<std::uint8_t, 2> tag61 = {0xd8, 61};
  EXPECT_EQ(code(verify_cwt(concat({tag61, untagged}), trusted, expected())), Errc::kMalformed);
  EXPECT_EQ(code(verify_cwt(Buffer(kMaxCoseBytes + 1), trusted, expected())), Errc::kLimit);
}

struct Wrong {
  const char* name;
  void (*write)(CborWriter&);  // one more member
  Errc want;
};

TEST(EarCwt, claims_of_another_form_are_refused) {
  const std::vector<Wrong> cases = {
      {"time_text", [](CborWriter& w) { w.member(4, "1300"); }, Errc::kMalformed},
      {"time_tagged", [](CborWriter& w) { w.name(4).tag(1).uint(1300); }, Errc::kMalformed},
      {"nonce_text", [](CborWriter& w) { w.member(10, "nonce"); }, Errc::kMalformed},
      {"nonce_list_of_texts",
       [](CborWriter& w) { w.name(10).begin_array().text("nonce").end_array(); }, Errc::kMalformed},
      {"tier_unknown", [](CborWriter& w) { w.member(1000, 3); }, Errc::kMalformed},
      {"tier_text", [](CborWriter& w) { w.member(1000, "affirming"); }, Errc::kMalformed},
      {"issuer_tagged", [](CborWriter& w) { w.name(1).tag(32).text("uri"); }, Errc::kUnsupported},
      {"audience_of_numbers", [](CborWriter& w) { w.name(3).begin_map().member(1, 2).end_map(); },
       Errc::kUnsupported},
      {"beyond_64_bits",
       [](CborWriter& w) {
         const std::array<std::uint8_t, 9> least = {0x3b, 255, 255, 255, 255, 255, 255, 255, 255};
         w.name(1).raw(least);
       },
       Errc::kUnsupported}};
  for (const Wrong& c : cases) {
    CborWriter w;
    figure_5(w);
    c.write(w);
    const auto cbor = w.end_map().take();
    ASSERT_TRUE(cbor) << c.name;
    EXPECT_EQ(code(ear_json(*cbor)), c.want) << c.name;
  }
  CborWriter list;
  EXPECT_EQ(code(ear_json(*list.begin_array().end_array().take())), Errc::kMalformed);
}

struct WrongSubmod {
  const char* name;
  void (*write)(CborWriter&);  // the value of submods
};

TEST(EarCwt, submods_of_another_form_are_refused) {
  const std::vector<WrongSubmod> cases = {
      {"list", [](CborWriter& w) { w.begin_array().end_array(); }},
      {"numbered", [](CborWriter& w) { w.begin_map().name(1).begin_map().end_map().end_map(); }},
      {"no_map", [](CborWriter& w) { w.begin_map().member("a", 1).end_map(); }},
      {"vector_list",
       [](CborWriter& w) {
         w.begin_map().name("a").begin_map().name(1001).begin_array().end_array();
         w.end_map().end_map();
       }},
      {"vector_ninth", [](CborWriter& w) {
         w.begin_map().name("a").begin_map().name(1001).begin_map().member(8, 2).end_map();
         w.end_map().end_map();
       }}};
  for (const WrongSubmod& c : cases) {
    CborWriter w;
    w.begin_map().name(266);
    c.write(w);
    const auto cbor = w.end_map().take();
    ASSERT_TRUE(cbor) << c.name;
    EXPECT_EQ(code(ear_json(*cbor)), Errc::kMalformed) << c.name;
  }
}

TEST(EarCwt, claims_that_are_not_known_are_passed_over) {
  CborWriter w;
  figure_5(w).member("iss", "by name").member(9999, 1).name(-80000).tag(7).null();
  const auto json =
      ear_json(*w.member(7, Bytes(std::array<std::uint8_t, 1>{0xab})).end_map().take());
  ASSERT_TRUE(json) << json.error().what();
  const auto claims = codec::parse_json(as_bytes(*json));
  EXPECT_EQ(claims->find("iss"), nullptr);
  EXPECT_EQ(claims->find("jti")->as_string(), "ab");
  EXPECT_EQ(claims->members().size(), 6U);
}

TEST(EarCwt, results_that_cannot_be_written) {
  const auto with = [](void (*change)(Ear&)) {
    Ear ear = sample();
    change(ear);
    return code(ear_cbor(ear));
  };
  EXPECT_EQ(with([](Ear& e) { e.id = "no hex"; }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].tee_claims_json = R"({"a":1.5})"; }),
            Errc::kUnsupported);
  EXPECT_EQ(with([](Ear& e) { e.submods.clear(); }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].nonce = Buffer(7); }), Errc::kMalformed);
  EXPECT_EQ(with([](Ear& e) { e.submods[0].nonce = Buffer(65); }), Errc::kMalformed);
  Ear large = sample();
  const std::string half = R"({"a":")" + std::string(600'000, 'a') + "\"}";
  large.submods[0].tee_claims_json = half;
  large.submods[0].runtime_data_json = half;
  const crypto::PrivateKey key = key_of(KeyType::kP256);
  EXPECT_EQ(code(sign_ear_cwt(signer_of(key), large)), Errc::kLimit);
  JwsSigner rsa = signer_of(key);
  rsa.algorithm = JwsAlgorithm::kRs256;
  EXPECT_EQ(code(sign_ear_cwt(rsa, sample())), Errc::kUnsupported);
}

}  // namespace
}  // namespace ward::token
