#include "tee/x509/ocsp.h"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "codec/der.h"
#include "codec/pem.h"
#include "pki/test_pki.h"
#include "test/support/vectors.h"

namespace ward::x509 {
namespace {

using pki::test::kFrom;
using pki::test::kNow;
using pki::test::kTo;

// Of the files that openssl wrote (testdata/SOURCE.md).
constexpr UnixTime kOpensslNow{1'796'000'000};

Buffer file(const char* name) {
  return test::read_file(test::source_dir() / "tee/x509/testdata" / name);
}

pki::Certificate certificate_of(const char* name) {
  return pki::parse_certificates(as_text(file(name)))->at(0);
}

// A CA with a leaf and a responder, and what the responder says of the leaf.
struct World {
  crypto::PrivateKey ca_key = pki::test::make_key("ca");
  crypto::PrivateKey leaf_key = pki::test::make_key("leaf");
  crypto::PrivateKey responder_key = pki::test::make_key("responder");
  pki::CertificateSpec ca_spec = pki::test::spec_of("CA", ca_key, "CA", ca_key, true);
  pki::CertificateSpec leaf_spec = pki::test::spec_of("Leaf", leaf_key, "CA", ca_key, false);
  pki::CertificateSpec responder_spec =
      pki::test::spec_of("Responder", responder_key, "CA", ca_key, false);
  const crypto::PrivateKey* responder_issuer = &ca_key;
  bool delegated = true;
  OcspStatus status = OcspStatus::kGood;
  UnixTime this_update = kFrom;
  std::optional<UnixTime> next_update = kTo;
  OcspHash hash = OcspHash::kSha384;

  World() {
    // extKeyUsage of id-kp-OCSPSigning, critical, as NVIDIA's responders have it.
    responder_spec.extensions.push_back(
        {{0x55, 0x1d, 0x25},
         true,
         {0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09}});
  }

  [[nodiscard]] pki::Certificate ca() const { return pki::test::built(ca_spec, ca_key); }

  [[nodiscard]] pki::Certificate leaf() const { return pki::test::built(leaf_spec, ca_key); }

  [[nodiscard]] Buffer response() const {
    OcspSingle single = ocsp_single(leaf(), ca(), hash);
    single.status = status;
    single.revoked_at = kFrom;
    single.this_update = this_update;
    single.next_update = next_update;
    const pki::Certificate responder = pki::test::built(responder_spec, *responder_issuer);
    const OcspSpec spec{
        .signature_algorithm = pki::test::kAlgorithm,
        .responder_key_hash = ocsp_key_hash(responder),
        .produced_at = kFrom,
        .singles = {single},
        .certificates = delegated ? std::vector<Buffer>{responder.der} : std::vector<Buffer>{}};
    return *build_ocsp_response(spec, pki::test::signer(delegated ? responder_key : ca_key));
  }
};

Named<OcspResponse> named(Bytes der) {
  return {"response.der", crypto::sha256(der), *parse_ocsp_response(der)};
}

// The facts that are wrong, by name.
std::vector<std::string> wrong(const std::vector<Named<OcspResponse>>& responses,
                               const pki::Certificate& leaf, const pki::Certificate& ca,
                               UnixTime now) {
  Signatures signatures;
  const OcspFacts facts = judge_ocsp(responses, leaf, ca, now, signatures);
  if (facts.response == nullptr) return {"absent"};
  std::vector<std::string> out;
  if (!facts.signature.passed) out.emplace_back("signature");
  if (!facts.this_update.passed) out.emplace_back("this_update");
  if (!facts.next_update.passed) out.emplace_back("next_update");
  if (!facts.status.passed) out.emplace_back("status");
  return out;
}

std::vector<std::string> wrong(const World& world, UnixTime now = kNow) {
  return wrong({named(world.response())}, world.leaf(), world.ca(), now);
}

using Names = std::vector<std::string>;

TEST(Ocsp, ReadsAndJudgesWhatOpensslWrote) {
  const pki::Certificate ca = certificate_of("ca.pem");
  const pki::Certificate leaf = certificate_of("leaf.pem");
  const auto judged = [&](const char* name) {
    return wrong({named(file(name))}, leaf, ca, kOpensslNow);
  };
  EXPECT_EQ(judged("delegated_good.der"), Names{});
  EXPECT_EQ(judged("direct_sha1.der"), Names{});
  EXPECT_EQ(judged("delegated_revoked.der"), Names{"status"});
  EXPECT_EQ(judged("delegated_unknown.der"), Names{"status"});
  EXPECT_EQ(wrong({named(file("delegated_good.der"))}, ca, ca, kOpensslNow), Names{"absent"});
}

TEST(Ocsp, TheInverseWritesWhatIsRead) {
  for (const OcspHash hash : {OcspHash::kSha1, OcspHash::kSha256, OcspHash::kSha384}) {
    World world;
    world.hash = hash;
    const OcspResponse response = *parse_ocsp_response(world.response());
    ASSERT_EQ(response.singles.size(), 1U);
    OcspSingle single = ocsp_single(world.leaf(), world.ca(), hash);
    single.status = OcspStatus::kGood;
    single.this_update = kFrom;
    single.next_update = kTo;
    EXPECT_EQ(response.singles[0], single);
    EXPECT_EQ(response.produced_at, kFrom);
    EXPECT_EQ(wrong(world), Names{});
  }
}

TEST(Ocsp, AResponseCountsAtItsTimesAlone) {
  World world;
  EXPECT_EQ(wrong(world, kFrom), Names{});
  EXPECT_EQ(wrong(world, kTo), Names{});
  World early;
  early.this_update = {kNow.seconds + 1};
  EXPECT_EQ(wrong(early), Names{"this_update"});
  World old;
  old.next_update = UnixTime{kNow.seconds - 1};
  EXPECT_EQ(wrong(old), Names{"next_update"});
  World endless;
  endless.next_update = std::nullopt;
  EXPECT_EQ(wrong(endless), Names{"next_update"});
}

TEST(Ocsp, OnlyTheIssuerAndWhomItAppointedMaySpeak) {
  World direct;
  direct.delegated = false;
  EXPECT_EQ(wrong(direct), Names{});
  World stranger;  // a certificate of another key's issue
  stranger.responder_issuer = &stranger.leaf_key;
  EXPECT_EQ(wrong(stranger), Names{"signature"});
  World unappointed;  // any certificate of the issuer's
  unappointed.responder_spec.extensions.pop_back();
  EXPECT_EQ(wrong(unappointed), Names{"signature"});
  World other_purpose;  // id-kp-serverAuth
  other_purpose.responder_spec.extensions.back().value.back() = 0x01;
  EXPECT_EQ(wrong(other_purpose), Names{"signature"});
  World malformed_purpose;
  malformed_purpose.responder_spec.extensions.back().value = {0x30, 0x02, 0x05, 0x00};
  EXPECT_EQ(wrong(malformed_purpose), Names{"signature"});
  World expired;
  expired.responder_spec.not_after = {kNow.seconds - 1};
  EXPECT_EQ(wrong(expired), Names{"signature"});
  World to_come;
  to_come.responder_spec.not_before = {kNow.seconds + 1};
  EXPECT_EQ(wrong(to_come), Names{"signature"});
  World other_name;
  other_name.responder_spec.issuer = pki::test::named("Other");
  EXPECT_EQ(wrong(other_name), Names{"signature"});
  World critical;
  critical.responder_spec.extensions.push_back({{0x55, 0x1d, 0x36}, true, {0x05, 0x00}});
  EXPECT_EQ(wrong(critical), Names{"signature"});
  World usage;
  usage.responder_spec.extensions[1] = pki::key_usage_extension(pki::key_usage::kCrlSign);
  EXPECT_EQ(wrong(usage), Names{"signature"});
}

TEST(Ocsp, OfSeveralTheOneThatCountsIsChosen) {
  const World good;
  World revoked;
  revoked.status = OcspStatus::kRevoked;
  revoked.next_update = UnixTime{kNow.seconds - 1};
  World forged = World();
  forged.status = OcspStatus::kRevoked;
  forged.responder_issuer = &forged.leaf_key;
  World old;
  old.next_update = UnixTime{kNow.seconds - 1};
  const auto judged = [&](const std::vector<const World*>& worlds) {
    std::vector<Named<OcspResponse>> all;
    for (const World* world : worlds)
      all.push_back(named(world->response()));
    return wrong(all, good.leaf(), good.ca(), kNow);
  };
  EXPECT_EQ(judged({&old, &good}), Names{});
  EXPECT_EQ(judged({&forged, &good}), Names{});
  // What was revoked once stays so, whatever was said before or after.
  EXPECT_EQ(judged({&good, &revoked}), (Names{"next_update", "status"}));
}

// What anybody can write crowds out none that counts, as long as it is not newer; and what is left
// out is told.
TEST(Ocsp, OfTooManyTheNewestThatAreNotOfTheFutureAreTried) {
  World good;
  good.this_update = {kNow.seconds - 100};
  const auto crowd = [&](std::size_t count, std::int64_t begin, OcspStatus status) {
    World forged;
    forged.responder_issuer = &forged.leaf_key;
    forged.this_update = {begin};
    forged.status = status;
    const OcspResponse one = *parse_ocsp_response(forged.response());
    std::vector<Named<OcspResponse>> out;
    for (std::size_t i = 0; i < count; ++i) {
      out.push_back({"forged", {}, one});
      out.back().value.fingerprint[0] ^= static_cast<std::uint8_t>(i);
    }
    return out;
  };
  const std::int64_t old = kNow.seconds - 200;
  const std::int64_t future = kNow.seconds + 1;
  for (const auto& [begin, status] :
       {std::pair(old, OcspStatus::kGood), std::pair(future, OcspStatus::kGood),
        std::pair(kNow.seconds, OcspStatus::kRevoked)}) {
    auto all = crowd(kMaxOcspTried + 1, begin, status);
    all.push_back(named(good.response()));
    Signatures signatures;
    const OcspFacts facts = judge_ocsp(all, good.leaf(), good.ca(), kNow, signatures);
    EXPECT_TRUE(facts.signature.passed && facts.this_update.passed && facts.status.passed);
    const std::string left_out = status == OcspStatus::kRevoked ? "1" : "2";
    EXPECT_EQ(facts.notes, Names{"left out: " + left_out + " of 66 OCSP responses on Leaf"});
  }
  // One that is revoked is not hidden behind newer words that it is good.
  World revoked;
  revoked.status = OcspStatus::kRevoked;
  auto all = crowd(kMaxOcspTried + 1, kNow.seconds, OcspStatus::kGood);
  all.push_back(named(revoked.response()));
  Signatures signatures;
  EXPECT_FALSE(judge_ocsp(all, good.leaf(), good.ca(), kNow, signatures).status.passed);
}

TEST(Ocsp, EveryCutAndEveryFlippedBitOfWhatIsSignedIsRefused) {
  const World world;
  const Buffer whole = world.response();
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_ocsp_response(Bytes(whole).first(size)).has_value()) << size;
  const OcspResponse good = *parse_ocsp_response(whole);
  const auto at = static_cast<std::size_t>(
      std::search(whole.begin(), whole.end(), good.tbs.begin(), good.tbs.end()) - whole.begin());
  for (std::size_t i = at; i < at + good.tbs.size(); ++i) {
    Buffer changed = whole;
    changed[i] ^= 1U;
    const auto response = parse_ocsp_response(changed);
    if (!response) continue;
    EXPECT_NE(wrong({{"changed", {}, *response}}, world.leaf(), world.ca(), kNow), Names{}) << i;
  }
}

Errc refused(Bytes der) {
  const auto out = parse_ocsp_response(der);
  EXPECT_FALSE(out.has_value());
  return out ? Errc::kInternal : out.error().code();
}

TEST(Ocsp, HasLimits) {
  EXPECT_EQ(refused(Buffer(kMaxOcspBytes + 1)), Errc::kLimit);
  const World world;
  const auto built = [&](std::size_t singles, std::size_t certificates) {
    const OcspSpec spec{.signature_algorithm = pki::test::kAlgorithm,
                        .responder_key_hash = Buffer(20),
                        .produced_at = kFrom,
                        .singles = std::vector<OcspSingle>(
                            singles, ocsp_single(world.leaf(), world.ca(), OcspHash::kSha1)),
                        .certificates = std::vector<Buffer>(certificates, world.leaf().der)};
    return *build_ocsp_response(spec, pki::test::signer(world.ca_key));
  };
  EXPECT_TRUE(parse_ocsp_response(built(kMaxOcspSingles, kMaxOcspCertificates)).has_value());
  EXPECT_EQ(refused(built(kMaxOcspSingles + 1, 0)), Errc::kLimit);
  EXPECT_EQ(refused(built(1, kMaxOcspCertificates + 1)), Errc::kLimit);
}

TEST(Ocsp, AResponderThatGaveNoAnswerIsNoAnswer) {
  EXPECT_EQ(refused(Buffer{0x30, 0x03, 0x0a, 0x01, 0x06}), Errc::kUnsupported);  // unauthorized
}

}  // namespace
}  // namespace ward::x509
