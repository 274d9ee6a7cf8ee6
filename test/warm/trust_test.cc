// What is known never extends trust: not beyond the validity of what it rests on, not against a
// newer revocation or another opinion of the maker, not to other roots, other keys or other
// platforms.
#include <gtest/gtest.h>

#include "test/dcap_checks/platform_fixture.h"
#include "test/snp_checks/platform_fixture.h"
#include "test/warm/whole_text.h"
#include "verifier/platform_cache.h"

namespace ward {
namespace {

using attest::Appraisal;
using attest::Verdict;
using soft::fixture::kFrom;
using soft::fixture::kNow;
using Ids = std::vector<std::string>;

// Relier is a relying party with a cache. Everything that it is told is told cold as well, and must
// be the same.
class Relier {
 public:
  explicit Relier(attest::Anchor root, verifier::CacheLimits limits = {.platforms = 16})
      : root_(std::move(root)), cache_(std::make_shared<verifier::PlatformCache>(limits)) {
    policy_.allow_development = true;
  }

  // limited is another one, with other roots, over the same cache.
  [[nodiscard]] Relier with_root(attest::Anchor root) const {
    Relier out = *this;
    out.root_ = std::move(root);
    return out;
  }

  Appraisal appraise(Bytes evidence, const attest::Collateral& documents, UnixTime now) const {
    const verifier::Request request{
        .evidence = evidence,
        .collateral = documents,
        .now = now,
        .expected = {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}}};
    const verifier::Verifier warm(tee::all_schemes(), {root_}, policy_, cache_);
    const verifier::Verifier cold(tee::all_schemes(), {root_}, policy_);
    Appraisal out = *warm.appraise(request);
    EXPECT_EQ(test::whole_text(out), test::whole_text(*cold.appraise(request)));
    return out;
  }

  [[nodiscard]] verifier::CacheCounts counts() const { return cache_->counts(); }

 private:
  attest::Anchor root_;
  attest::Policy policy_;
  std::shared_ptr<verifier::PlatformCache> cache_;
};

attest::Anchor root_of(const soft::DcapKeys& keys) {
  return {.spki_sha256 = crypto::sha256(keys.root.public_key().to_spki()),
          .name = "development",
          .development = true};
}

struct Quoted {
  soft::fixture::Stage stage;
  attest::Collateral documents;
  Buffer quote;
};

Quoted quoted(const soft::fixture::Face& face,
              const std::function<void(soft::fixture::Stage&)>& change = {}) {
  Quoted out{soft::fixture::good_stage(face), {}, {}};
  if (change) change(out.stage);
  const auto made = soft::fixture::make(out.stage);
  out.documents = made.documents;
  out.quote = dcap::write_quote(made.parts);
  return out;
}

// Every time at which a document of the good world begins or ends to be valid, and the seconds
// around it.
std::vector<UnixTime> interesting_times(const soft::fixture::Stage& s) {
  const auto& w = s.world;
  std::vector<UnixTime> out{kFrom, kNow};
  for (const auto* c : {&w.root_cert, &w.pck_ca_cert, &w.tcb_signing_cert, &w.pck_cert}) {
    out.push_back(c->not_before);
    out.push_back(c->not_after);
  }
  for (const auto* c : {&w.root_crl, &w.pck_crl}) {
    out.push_back(c->this_update);
    out.push_back(*c->next_update);
  }
  out.push_back(w.tcb_info.issue_date);
  out.push_back(w.tcb_info.next_update);
  out.push_back(w.qe_identity.issue_date);
  out.push_back(w.qe_identity.next_update);
  const auto size = out.size();
  for (std::size_t i = 0; i < size; ++i) {
    out.push_back({out[i].seconds - 1});
    out.push_back({out[i].seconds + 1});
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// The documents' validities end one after the other: forwards, backwards and to and fro.
TEST(Trust, EndsWithEachValidityAndReturnsWhereTimeRunsBackwards) {
  for (const auto& face : {soft::fixture::kSgx, soft::fixture::kTdx15}) {
    const Quoted q = quoted(face, [](soft::fixture::Stage& s) {
      std::int64_t day = 0;
      auto& w = s.world;
      for (auto* c : {&w.root_cert, &w.pck_ca_cert, &w.tcb_signing_cert, &w.pck_cert}) {
        c->not_before.seconds -= ++day * 86400;
        c->not_after.seconds += ++day * 86400;
      }
      for (auto* c : {&w.root_crl, &w.pck_crl}) {
        c->this_update.seconds -= ++day * 3600;
        c->next_update->seconds -= ++day * 3600;
      }
      for (dcap::SignedDocument* d :
           std::initializer_list<dcap::SignedDocument*>{&w.tcb_info, &w.qe_identity}) {
        d->issue_date.seconds -= ++day * 3600;
        d->next_update.seconds -= ++day * 3600;
      }
    });
    const Relier relier(root_of(q.stage.keys));
    auto times = interesting_times(q.stage);
    std::size_t accepted = 0;
    const auto all = [&] {
      for (const UnixTime t : times) {
        SCOPED_TRACE(format_rfc3339(t));
        if (relier.appraise(q.quote, q.documents, t).verdict == Verdict::kAccepted) ++accepted;
      }
    };
    all();
    std::ranges::reverse(times);
    all();
    for (const UnixTime t : times) {
      EXPECT_EQ(relier.appraise(q.quote, q.documents, kNow).verdict, Verdict::kAccepted);
      relier.appraise(q.quote, q.documents, t);
    }
    EXPECT_GT(accepted, 0U);
    EXPECT_LT(accepted, 2 * times.size());
    EXPECT_GT(relier.counts().hits, 0U);
    EXPECT_GT(relier.counts().outdated, 0U);
  }
}

TEST(Trust, OfAReportEndsWithEachValidityToo) {
  for (const auto& face : soft::snp_fixture::kFaces) {
    const auto s = soft::snp_fixture::good_stage(face);
    const auto m = soft::snp_fixture::make(s);
    const Relier relier(soft::snp_fixture::anchor_of(soft::snp_fixture::keys_of("one")));
    const auto& w = s.world;
    std::vector<UnixTime> times{kNow};
    for (const auto* c : {&w.ark_cert, &w.ask_cert, &w.asvk_cert, &w.vcek_cert, &w.vlek_cert}) {
      for (const UnixTime t : {c->not_before, c->not_after}) {
        times.insert(times.end(), {{t.seconds - 1}, t, {t.seconds + 1}, kNow});
      }
    }
    for (const UnixTime t : {w.crl.this_update, *w.crl.next_update}) {
      times.insert(times.end(), {{t.seconds - 1}, t, {t.seconds + 1}, kNow});
    }
    for (const UnixTime t : times)
      relier.appraise(m.whole(), m.documents, t);
    EXPECT_GT(relier.counts().hits, 0U);
  }
}

// A list that names the platform, its CA or the signer of TCB documents, fetched later.
TEST(Trust, EndsWithARevocation) {
  const Quoted good = quoted(soft::fixture::kSgx);
  const Relier relier(root_of(good.stage.keys));
  const std::pair<const char*, std::function<void(soft::fixture::Stage&)>> revocations[] = {
      {"sgx.pck.revocation",
       [](auto& s) {
         s.world.pck_crl.revoked = {{s.world.pck_cert.serial, kFrom}};
       }},
      {"sgx.pck_ca.revocation",
       [](auto& s) {
         s.world.root_crl.revoked = {{s.world.pck_ca_cert.serial, kFrom}};
       }},
      {"sgx.tcb_signing.revocation",
       [](auto& s) {
         s.world.root_crl.revoked = {{s.world.tcb_signing_cert.serial, kFrom}};
       }},
  };
  for (const auto& [id, revoke] : revocations) {
    SCOPED_TRACE(id);
    const Quoted revoked = quoted(soft::fixture::kSgx, revoke);
    EXPECT_EQ(relier.appraise(good.quote, good.documents, kNow).verdict, Verdict::kAccepted);
    EXPECT_EQ(relier.appraise(good.quote, good.documents, kNow).verdict, Verdict::kAccepted);
    const Appraisal a = relier.appraise(good.quote, revoked.documents, kNow);
    EXPECT_EQ(a.verdict, Verdict::kRefused);
    EXPECT_NE(a.check(id), nullptr);
    EXPECT_EQ(a.check(id)->outcome, attest::Outcome::kFailed);
  }
  EXPECT_GT(relier.counts().hits, 0U);
}

TEST(Trust, EndsWithTheRevocationOfAnIntermediateOfAmds) {
  auto s = soft::snp_fixture::good_stage(soft::snp_fixture::kFaces[3]);
  const auto good = soft::snp_fixture::make(s);
  const Relier relier(soft::snp_fixture::anchor_of(soft::snp_fixture::keys_of("one")));
  relier.appraise(good.whole(), good.documents, kNow);
  EXPECT_EQ(relier.appraise(good.whole(), good.documents, kNow).verdict, Verdict::kAccepted);
  EXPECT_EQ(relier.counts().hits, 1U);
  s.world.crl.revoked = {{s.world.ask_cert.serial, kFrom}};
  const auto revoked = soft::snp_fixture::make(s);
  EXPECT_EQ(relier.appraise(good.whole(), revoked.documents, kNow).failed(),
            Ids{"snp.ask.revocation"});
}

// The maker changes its mind: the same levels with another status, a quoting enclave that is not
// the one.
TEST(Trust, FollowsChangedCollateral) {
  for (const auto& face : {soft::fixture::kSgx, soft::fixture::kTdx10}) {
    const Quoted good = quoted(face);
    const Relier relier(root_of(good.stage.keys));
    const Quoted stale = quoted(face, [](auto& s) {
      for (auto& level : s.world.tcb_info.levels)
        level.status = dcap::TcbStatus::kOutOfDate;
    });
    const Quoted other_enclave =
        quoted(face, [](auto& s) { s.world.qe_identity.mr_signer.fill(0x77); });
    relier.appraise(good.quote, good.documents, kNow);
    const std::string tee = face.prefix();
    EXPECT_EQ(relier.appraise(good.quote, stale.documents, kNow).failed(), Ids{tee + "tcb.status"});
    EXPECT_EQ(relier.appraise(good.quote, other_enclave.documents, kNow).failed(),
              Ids{tee + "qe_report.mr_signer"});
    attest::Collateral fewer = good.documents;
    fewer.documents.pop_back();
    relier.appraise(good.quote, fewer, kNow);
    EXPECT_EQ(relier.appraise(good.quote, good.documents, kNow).verdict, Verdict::kAccepted);
  }
}

// One cache for relying parties with different roots.
TEST(Trust, IsNotSharedByThoseWhoTrustOthers) {
  const Quoted good = quoted(soft::fixture::kSgx);
  const Relier relier(root_of(good.stage.keys));
  relier.appraise(good.quote, good.documents, kNow);
  EXPECT_EQ(relier.appraise(good.quote, good.documents, kNow).verdict, Verdict::kAccepted);
  const Relier stranger = relier.with_root(root_of(good.stage.other));
  EXPECT_EQ(stranger.appraise(good.quote, good.documents, kNow).failed(),
            Ids{"sgx.pck_chain.root"});
  attest::Anchor hardware = root_of(good.stage.keys);
  hardware.development = false;
  EXPECT_FALSE(relier.with_root(hardware).appraise(good.quote, good.documents, kNow).development);
  EXPECT_TRUE(relier.appraise(good.quote, good.documents, kNow).development);
}

// With room for one platform alone, or for none, the answers are the same.
TEST(Trust, SurvivesEviction) {
  const Quoted a = quoted(soft::fixture::kSgx);
  const Quoted b = quoted(soft::fixture::kTdx10);
  for (const std::size_t room : {0U, 1U}) {
    const Relier relier(root_of(a.stage.keys), {.platforms = room});
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(relier.appraise(a.quote, a.documents, kNow).verdict, Verdict::kAccepted);
      EXPECT_EQ(relier.appraise(b.quote, b.documents, kNow).verdict, Verdict::kAccepted);
    }
    EXPECT_LE(relier.counts().platforms, room);
    EXPECT_EQ(relier.counts().hits, 0U);
  }
}

// Only what verified is remembered: a sender of wrong evidence cannot push out the good.
TEST(Trust, OfWhatIsWrongNothingIsRemembered) {
  const Quoted good = quoted(soft::fixture::kSgx);
  const Relier relier(root_of(good.stage.keys));
  Buffer forged = good.quote;
  forged[forged.size() - 100] ^= 1U;  // in the PCK chain
  relier.appraise(forged, good.documents, kNow);
  relier.appraise(good.quote, {}, kNow);
  EXPECT_EQ(relier.with_root(root_of(good.stage.other))
                .appraise(good.quote, good.documents, kNow)
                .verdict,
            Verdict::kRefused);
  EXPECT_EQ(relier.counts().platforms, 0U);
  // Only the quote's own signature is wrong: its header says something else of the platform.
  for (std::uint8_t i = 1; i < 4; ++i) {
    Buffer other = good.quote;
    other[dcap::header::UserData::kBegin] =
        static_cast<std::uint8_t>(other[dcap::header::UserData::kBegin] ^ i);
    EXPECT_EQ(relier.appraise(other, good.documents, kNow).failed(), Ids{"sgx.quote.signature"});
  }
  EXPECT_EQ(relier.counts().platforms, 0U);
  const auto s = soft::snp_fixture::good_stage(soft::snp_fixture::kFaces[0]);
  const auto m = soft::snp_fixture::make(s);
  const Relier of_amd(soft::snp_fixture::anchor_of(soft::snp_fixture::keys_of("one")));
  Buffer report = m.whole();
  report[0x50] ^= 1U;  // REPORT_DATA
  of_amd.appraise(report, m.documents, kNow);
  EXPECT_EQ(of_amd.counts().platforms, 0U);
}

// Other workloads on a known platform are warm; another platform, or another attestation key of the
// same, is not.
TEST(Trust, IsThePlatformsAndNotTheWorkloads) {
  for (const auto& face : soft::fixture::kFaces) {
    SCOPED_TRACE(face.name);
    const Quoted good = quoted(face);
    const Relier relier(root_of(good.stage.keys));
    relier.appraise(good.quote, good.documents, kNow);
    soft::fixture::Stage other = soft::fixture::good_stage(face);
    other.enclave.mr_enclave.fill(0x11);
    other.td.mr_td.fill(0x11);
    other.td.rt_mr[0].fill(0x12);
    other.td.mr_config_id.fill(0x13);
    dcap::QuoteParts parts = dcap::parts_of(*dcap::parse_quote(good.quote, face.form.tee()));
    parts.body = other.body();
    soft::fixture::sign_body(parts);
    const Appraisal a = relier.appraise(dcap::write_quote(parts), good.documents, kNow);
    EXPECT_EQ(a.facts.measurement[0], 0x11);
    EXPECT_EQ(relier.counts().hits, 1U);
    EXPECT_EQ(relier.counts().platforms, 1U);
    // The quoting enclave was vouched for anew: not the same octets, so nothing is known.
    relier.appraise(quoted(face).quote, good.documents, kNow);
    EXPECT_EQ(relier.counts().hits, 1U);
    EXPECT_EQ(relier.counts().platforms, 2U);
  }
}

// A report's signature holds under other keys than its own, which anyone can find: where a
// certificate with another key fits as well, which one is meant may differ from report to report.
TEST(Trust, OfAPlatformWithTwoFittingKeysNothingIsRemembered) {
  const auto s = soft::snp_fixture::good_stage(soft::snp_fixture::kFaces[3]);
  auto m = soft::snp_fixture::make(s);
  const auto& one = soft::snp_fixture::keys_of("one");
  const Relier relier(soft::snp_fixture::anchor_of(one));
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(relier.appraise(m.whole(), m.documents, kNow).verdict, Verdict::kAccepted);
  EXPECT_EQ(relier.counts().hits, 1U);
  // The same platform's certificate for another key.
  auto other = s.world;
  other.vcek_cert.spki = soft::snp_fixture::keys_of("two").vcek.public_key().to_spki();
  other.vcek_cert.serial = Buffer{0x11, 0x22};
  const auto collateral = soft::sign_amd_world(other, one);
  ASSERT_TRUE(collateral);
  m.documents.documents.push_back({"other.der", collateral->vcek});
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(relier.appraise(m.whole(), m.documents, kNow).verdict, Verdict::kAccepted);
  EXPECT_EQ(relier.counts().hits, 1U);
  EXPECT_EQ(relier.counts().platforms, 1U);
}

// A fleet's collateral has certificates of both kinds, and a VLEK's names no chip: the report says
// which kind signed it, so that the other's key is none that fits.
TEST(Trust, AKeyOfTheOtherKindIsNoFittingOne) {
  for (const auto& face : soft::snp_fixture::kFaces) {
    SCOPED_TRACE(face.name);
    const auto s = soft::snp_fixture::good_stage(face);
    auto m = soft::snp_fixture::make(s);
    const auto& one = soft::snp_fixture::keys_of("one");
    const auto collateral = soft::sign_amd_world(s.world, one);
    ASSERT_TRUE(collateral);
    m.documents.documents.push_back({"vcek too.der", collateral->vcek});
    m.documents.documents.push_back({"vlek too.der", collateral->vlek});
    m.documents.documents.push_back({"asvk too.der", collateral->asvk});
    m.documents.documents.push_back({"ask too.der", collateral->ask});
    const Relier relier(soft::snp_fixture::anchor_of(one));
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(relier.appraise(m.whole(), m.documents, kNow).verdict, Verdict::kAccepted);
    }
    EXPECT_EQ(relier.counts().hits, 1U);
    EXPECT_EQ(relier.counts().platforms, 1U);
  }
}

TEST(Trust, WorkIsAlwaysDoneWhereItIsAskedFor) {
  const Quoted good = quoted(soft::fixture::kSgx);
  const auto cache = std::make_shared<verifier::PlatformCache>();
  attest::Policy policy;
  policy.allow_development = true;
  const verifier::Verifier verifier(tee::all_schemes(), {root_of(good.stage.keys)}, policy, cache);
  const verifier::PreparedCollateral prepared(tee::all_schemes(), good.documents);
  const attest::Collateral none;
  for (int i = 0; i < 2; ++i) {
    attest::Work work;
    const auto a = verifier.appraise(
        {.evidence = good.quote,
         .collateral = none,
         .now = kNow,
         .expected = {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}},
         .work = &work,
         .prepared = &prepared});
    EXPECT_EQ(a->verdict, Verdict::kAccepted);
    EXPECT_EQ(work.signatures.size(), 10U);
  }
  EXPECT_EQ(cache->counts().hits + cache->counts().misses, 0U);
}

}  // namespace
}  // namespace ward
