// Appraisals of platforms that are known, beside those that find out everything anew: for every
// wrong fact that the tests of the TEEs know, and for every octet of the evidence, they state the
// same.
#include <gtest/gtest.h>

#include "test/dcap_checks/cases.h"
#include "test/snp_checks/cases.h"
#include "test/warm/whole_text.h"
#include "verifier/platform_cache.h"

namespace ward {
namespace {

namespace dcap_fixture = soft::fixture;
namespace snp_fixture = soft::snp_fixture;

// Scene is one appraisal with all that it needs.
struct Scene {
  Buffer evidence;
  attest::Collateral documents;
  attest::Anchor root;
  attest::Policy policy;
  attest::Expectations expected;
  UnixTime now;
};

Scene scene(const dcap_fixture::Made& m, const dcap_fixture::Stage& s) {
  return {m.quote ? *m.quote : dcap::write_quote(m.parts),
          m.documents,
          {.spki_sha256 = crypto::sha256(s.keys.root.public_key().to_spki()),
           .name = "development",
           .development = true},
          s.policy,
          s.expected,
          dcap_fixture::kNow};
}

Scene scene(const snp_fixture::Made& m, const snp_fixture::Stage& s) {
  return {m.whole(), m.documents, snp_fixture::anchor_of(snp_fixture::keys_of("one")),
          s.policy,  s.expected,  snp_fixture::kNow};
}

// Memory is a cache with what goes with it.
struct Memory {
  std::shared_ptr<verifier::PlatformCache> cache =
      std::make_shared<verifier::PlatformCache>(verifier::CacheLimits{.platforms = 64});
  attest::Slate slate;

  std::string appraise(const Scene& s, const verifier::PreparedCollateral* prepared = nullptr) {
    static const attest::Collateral none;
    const verifier::Verifier verifier(tee::all_schemes(), {s.root}, s.policy, cache);
    const auto done = verifier.appraise({.evidence = s.evidence,
                                         .collateral = prepared == nullptr ? s.documents : none,
                                         .now = s.now,
                                         .expected = s.expected,
                                         .prepared = prepared},
                                        slate);
    return done ? test::whole_text(slate.appraisal()) : "nothing to appraise";
  }

  [[nodiscard]] std::uint64_t hits() const { return cache->counts().hits; }
};

std::string cold(const Scene& s) {
  const verifier::Verifier verifier(tee::all_schemes(), {s.root}, s.policy);
  const auto out = verifier.appraise(
      {.evidence = s.evidence, .collateral = s.documents, .now = s.now, .expected = s.expected});
  return out ? test::whole_text(*out) : "nothing to appraise";
}

// The scene after a good platform with the same keys was appraised, after itself, and with its
// collateral prepared: always the same words.
void expect_the_same(const Scene& good, const Scene& s) {
  const std::string text = cold(s);
  Memory memory;
  memory.appraise(good);
  EXPECT_EQ(memory.appraise(s), text);
  EXPECT_EQ(memory.appraise(s), text);
  const verifier::PreparedCollateral good_prepared(tee::all_schemes(), good.documents);
  const verifier::PreparedCollateral prepared(tee::all_schemes(), s.documents);
  Memory other;
  other.appraise(good, &good_prepared);
  EXPECT_EQ(other.appraise(s, &prepared), text);
  EXPECT_EQ(other.appraise(s, &prepared), text);
}

template <class Face, class Stage, class Made, class Case>
void expect_all_the_same(const Face& face, const std::vector<Case>& cases,
                         Stage (*good_stage)(const Face&), Made (*make)(const Stage&)) {
  Stage good = good_stage(face);
  const Scene known = scene(make(good), good);
  for (const Case& c : cases) {
    if (!c.of(face)) continue;
    SCOPED_TRACE(std::string(face.name) + " " + c.id);
    Stage s = good_stage(face);
    c.before(s);
    Made m = make(s);
    c.after(m, s);
    expect_the_same(known, scene(m, s));
  }
}

TEST(Warm, EveryWrongFactOfAQuoteIsSeenLikeTheFirstTime) {
  for (const auto& face : dcap_fixture::kFaces) {
    expect_all_the_same(face, dcap_fixture::failing_cases(), dcap_fixture::good_stage,
                        dcap_fixture::make);
    expect_all_the_same(face, dcap_fixture::absent_cases(), dcap_fixture::good_stage,
                        dcap_fixture::make);
  }
}

TEST(Warm, EveryWrongFactOfAReportIsSeenLikeTheFirstTime) {
  for (const auto& face : snp_fixture::kFaces) {
    expect_all_the_same(face, snp_fixture::failing_cases(), snp_fixture::good_stage,
                        snp_fixture::make);
    expect_all_the_same(face, snp_fixture::absent_cases(), snp_fixture::good_stage,
                        snp_fixture::make);
  }
}

std::vector<Scene> good_scenes() {
  std::vector<Scene> out;
  for (const auto& face : dcap_fixture::kFaces) {
    dcap_fixture::Stage s = dcap_fixture::good_stage(face);
    out.push_back(scene(dcap_fixture::make(s), s));
  }
  for (const auto& face : snp_fixture::kFaces) {
    const snp_fixture::Stage s = snp_fixture::good_stage(face);
    out.push_back(scene(snp_fixture::make(s), s));
  }
  return out;
}

TEST(Warm, TheSecondTimeThePlatformIsKnown) {
  for (const Scene& s : good_scenes()) {
    Memory memory;
    const std::string first = memory.appraise(s);
    EXPECT_EQ(memory.hits(), 0U);
    EXPECT_EQ(memory.appraise(s), first);
    EXPECT_EQ(memory.hits(), 1U);
    EXPECT_EQ(first, cold(s));
    EXPECT_NE(first.find(" accepted "), std::string::npos) << first;
  }
}

TEST(Warm, ASlateDoesNotAnswerForWhatIsNoEvidence) {
  const Scene good = good_scenes().front();
  attest::Policy policy;
  policy.allow_development = true;
  const verifier::Verifier verifier(tee::all_schemes(), {good.root}, policy);
  attest::Slate slate;
  ASSERT_TRUE(verifier.appraise({.evidence = good.evidence,
                                 .collateral = good.documents,
                                 .now = good.now,
                                 .expected = good.expected},
                                slate));
  EXPECT_EQ(slate.appraisal().verdict, attest::Verdict::kAccepted);
  const Buffer junk(64, std::uint8_t{0x11});
  EXPECT_FALSE(verifier.appraise(
      {.evidence = junk, .collateral = good.documents, .now = good.now, .expected = good.expected},
      slate));
  EXPECT_EQ(slate.appraisal().verdict, attest::Verdict::kRefused);
  EXPECT_FALSE(slate.appraisal().genuine);
}

// As many documents as are looked at are prepared, and a log comes beside them.
TEST(Warm, ALogBeyondTheLimitOfDocumentsIsNotedTheSame) {
  dcap_fixture::Stage s = dcap_fixture::good_stage(dcap_fixture::kTdx15);
  Scene scene_with_log = scene(dcap_fixture::make(s), s);
  auto& documents = scene_with_log.documents.documents;
  const attest::Document log = documents.back();
  documents.pop_back();
  while (documents.size() < attest::kMaxDocuments)
    documents.push_back({"filler", Buffer{'x'}});
  const verifier::PreparedCollateral prepared(tee::all_schemes(), scene_with_log.documents);
  const attest::Collateral beside{.documents = {log}};
  documents.push_back(log);
  const verifier::Verifier verifier(tee::all_schemes(), {scene_with_log.root}, s.policy);
  const auto warm = verifier.appraise({.evidence = scene_with_log.evidence,
                                       .collateral = beside,
                                       .now = scene_with_log.now,
                                       .expected = s.expected,
                                       .prepared = &prepared});
  ASSERT_TRUE(warm);
  EXPECT_EQ(test::whole_text(*warm), cold(scene_with_log));
}

// One bit of every few octets, and lengths: after the good platform became known.
TEST(Warm, EveryChangedOctetIsSeenLikeTheFirstTime) {
  for (const Scene& good : good_scenes()) {
    Memory memory;
    memory.appraise(good);
    const verifier::PreparedCollateral prepared(tee::all_schemes(), good.documents);
    memory.appraise(good, &prepared);
    Scene s = good;
    // Strides that share no factor with the sizes of fields reach all kinds of places.
    for (std::size_t i = 0; i < good.evidence.size(); i += i < 700 ? 3 : 23) {
      s.evidence = good.evidence;
      s.evidence[i] = static_cast<std::uint8_t>(s.evidence[i] ^ (1U << (i % 8)));
      const std::string text = cold(s);
      ASSERT_EQ(memory.appraise(s, &prepared), text) << i;
      if (i % 16 == 0) {
        ASSERT_EQ(memory.appraise(s), text) << i;
      }
    }
    for (std::size_t size = 0; size < good.evidence.size(); size += 331) {
      s.evidence.assign(good.evidence.begin(),
                        good.evidence.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(memory.appraise(s, &prepared), cold(s)) << size;
    }
  }
}

}  // namespace
}  // namespace ward
