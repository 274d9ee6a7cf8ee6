// Many pieces of evidence in several threads, which share what is known of platforms.
#include "verifier/batch.h"

#include <mutex>
#include <stdexcept>

#include <gtest/gtest.h>

#include "test/dcap_checks/platform_fixture.h"
#include "test/snp_checks/platform_fixture.h"
#include "test/warm/whole_text.h"
#include "verifier/platform_cache.h"

namespace ward {
namespace {

using soft::fixture::kNow;

// Evidence of an SGX, a TDX and two SNP platforms, right and with a wrong octet in it.
struct Crowd {
  std::vector<Buffer> evidence;
  attest::Collateral documents;
  std::vector<attest::Anchor> roots;

  Crowd() {
    for (const auto& face : {soft::fixture::kSgx, soft::fixture::kTdx15}) {
      auto s = soft::fixture::good_stage(face);
      const auto m = soft::fixture::make(s);
      add(dcap::write_quote(m.parts), m.documents);
      roots = {{.spki_sha256 = crypto::sha256(s.keys.root.public_key().to_spki()),
                .name = "development",
                .development = true}};
    }
    for (const std::size_t i : {0U, 3U}) {
      const auto s = soft::snp_fixture::good_stage(soft::snp_fixture::kFaces[i]);
      const auto m = soft::snp_fixture::make(s);
      add(m.whole(), m.documents);
    }
    roots.push_back(soft::snp_fixture::anchor_of(soft::snp_fixture::keys_of("one")));
  }

  void add(Buffer right, const attest::Collateral& more) {
    documents.documents.insert(documents.documents.end(), more.documents.begin(),
                               more.documents.end());
    Buffer wrong = right;
    wrong[0x60] ^= 1U;
    evidence.push_back(std::move(right));
    evidence.push_back(std::move(wrong));
  }

  [[nodiscard]] std::vector<verifier::Request> requests(
      std::size_t count, const verifier::PreparedCollateral& prepared) const {
    static const attest::Collateral none;
    std::vector<verifier::Request> out;
    for (std::size_t i = 0; i < count; ++i) {
      out.push_back({.evidence = evidence[i % evidence.size()],
                     .collateral = none,
                     .now = kNow,
                     .expected = {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}},
                     .prepared = &prepared});
    }
    return out;
  }
};

const Crowd& crowd() {
  static const Crowd kCrowd;
  return kCrowd;
}

verifier::Verifier relier(std::size_t platforms) {
  attest::Policy policy;
  policy.allow_development = true;
  return {tee::all_schemes(), crowd().roots, policy,
          std::make_shared<verifier::PlatformCache>(verifier::CacheLimits{.platforms = platforms})};
}

std::vector<std::string> all_texts(const verifier::Verifier& verifier, std::size_t count,
                                   unsigned threads) {
  const verifier::PreparedCollateral prepared(tee::all_schemes(), crowd().documents);
  const auto requests = crowd().requests(count, prepared);
  std::vector<std::string> out(count);
  verifier::appraise_all(verifier, requests, threads,
                         [&](std::size_t i, const attest::Appraisal* a, const Error* error) {
                           EXPECT_TRUE(out[i].empty());
                           EXPECT_NE(a == nullptr, error == nullptr);
                           out[i] = a == nullptr ? error->what() : test::whole_text(*a);
                         });
  return out;
}

// Also where platforms are forgotten all the time, because there is room for one.
TEST(Batch, EachRequestIsAnsweredOnceAndLikeAlone) {
  constexpr std::size_t kCount = 200;
  const auto alone = all_texts(relier(0), crowd().evidence.size(), 1);
  for (const std::size_t room : {0U, 1U, 100U}) {
    for (const unsigned threads : {0U, 1U, 8U}) {
      const auto texts = all_texts(relier(room), kCount, threads);
      for (std::size_t i = 0; i < kCount; ++i)
        ASSERT_EQ(texts[i], alone[i % alone.size()]) << i << " " << threads;
    }
  }
  EXPECT_NE(alone[0].find("accepted"), std::string::npos);
  EXPECT_NE(alone[1].find("refused"), std::string::npos);
}

TEST(Batch, OfNothingIsNothing) {
  verifier::appraise_all(relier(1), {}, 0, [](auto, const auto*, const auto*) { FAIL(); });
}

TEST(Batch, SaysWhereThereIsNothingToAppraise) {
  const Buffer junk(100, std::uint8_t{0x11});
  const attest::Collateral none;
  const std::vector<verifier::Request> requests{
      {.evidence = junk,
       .collateral = none,
       .now = kNow,
       .expected = {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}}}};
  int calls = 0;
  verifier::appraise_all(relier(1), requests, 4, [&](std::size_t i, const auto* a, const Error* e) {
    EXPECT_EQ(i, 0U);
    EXPECT_EQ(a, nullptr);
    EXPECT_EQ(e->code(), Errc::kUnsupported);
    ++calls;
  });
  EXPECT_EQ(calls, 1);
}

TEST(Batch, EndsWithTheFirstExceptionOfItsCaller) {
  const verifier::PreparedCollateral prepared(tee::all_schemes(), crowd().documents);
  const auto requests = crowd().requests(1000, prepared);
  std::atomic<std::size_t> calls = 0;
  EXPECT_THROW(verifier::appraise_all(relier(10), requests, 4,
                                      [&](std::size_t, const auto*, const auto*) {
                                        if (++calls == 3) throw std::runtime_error("enough");
                                      }),
               std::runtime_error);
  EXPECT_LT(calls.load(), 100U);
}

}  // namespace
}  // namespace ward
