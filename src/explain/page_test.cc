#include "explain/page.h"

#include <gtest/gtest.h>

#include "attest/appraisal_json.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "crypto/digest.h"
#include "explain/page_parts.h"

namespace ward::explain {
namespace {

using attest::MaterialKind;
using attest::Outcome;
using attest::Verdict;

constexpr attest::CheckInfo kSignature = {"x.quote.signature", "SPEC 1", "It is not signed.",
                                          "Refuse it."};
constexpr attest::CheckInfo kCrl = {"x.crl.present", "SPEC 2", "There is no CRL.", "Get it."};

// Whatever a supplier of evidence, collateral or file names can think of.
const std::string kHostile =
    "\"'></script></style></title></pre><img src=http://leak.invalid/ onerror=alert(1)><!--"
    "<script>&lt;&amp;\x01\x1b[31m\u202e\u2028\u2066\xff\xc0\xbc";

std::size_t times(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++n;
  return n;
}

// A root, what it signed, and evidence that no known key signed.
Explanation sample() {
  Explanation e;
  e.appraisal.tee = "x";
  e.appraisal.at = {1'700'000'000};
  e.appraisal.checks = {{.info = &kSignature, .outcome = Outcome::kFailed, .found = "none"},
                        {.info = &kCrl, .not_done = attest::NotDone::kAbsent}};
  const auto add = [&](MaterialKind kind, const char* title, std::int64_t until) {
    return e.work.add({.kind = kind,
                       .object = title,
                       .title = title,
                       .name = title,
                       .bytes = to_buffer(as_bytes(title)),
                       .from = UnixTime{1'600'000'000},
                       .until = UnixTime{until}});
  };
  add(MaterialKind::kEvidence, "the evidence", 1'700'000'000);
  const std::size_t leaf = add(MaterialKind::kCertificate, "leaf", 1'700'000'000 - 86400);
  const std::size_t root = add(MaterialKind::kCertificate, "root", 1'900'000'000);
  e.work.signatures = {
      {&kSignature, "ES256", {root, 0, 1}, {}, {leaf, 0, 1}, {leaf, 1, 1}, {}, true},
      {&kSignature, "ES256", {root, 0, 1}, {}, {root, 0, 1}, {root, 1, 1}, {}, true},
      {&kSignature, "ES256", {leaf, 0, 1}, {}, {0, 0, 1}, {0, 1, 1}, {}, false}};
  e.work.digests = {{.check = &kSignature,
                     .algorithm = "SHA-256",
                     .message = {{root, 0, 1}},
                     .expected = {1, 2},
                     .expected_from = "the pinned key",
                     .holds = true}};
  return e;
}

// The same with every text hostile that does not come from ward's own tables.
Explanation poisoned() {
  Explanation e = sample();
  e.appraisal.tee = "x";
  e.appraisal.tcb.status = kHostile;
  e.appraisal.tcb.advisories = {kHostile};
  e.appraisal.claims = {{"claim", kHostile}, {"list", std::vector<std::string>{kHostile}}};
  e.appraisal.notes = {kHostile};
  e.appraisal.unchecked = {"report_data", "measurement"};
  for (attest::Check& check : e.appraisal.checks) {
    check.found = kHostile;
    check.expected = kHostile;
    check.expected_from = kHostile;
  }
  for (attest::Material& material : e.work.materials) {
    material.title = kHostile;
    material.name = kHostile;
    material.bytes = to_buffer(as_bytes(kHostile));
  }
  e.work.digests[0].expected_from = kHostile;
  Explanation out = explain(std::move(e.appraisal), std::move(e.work), {}, {});
  out.advice = {{AdviceKind::kAccept, kSignature.id, utf8(kHostile), utf8(kHostile)}};
  return out;
}

std::string between(const std::string& text, std::string_view begin, std::string_view end) {
  const std::size_t from = text.find(begin);
  if (from == std::string::npos) return "";
  const std::size_t to = text.find(end, from + begin.size());
  return text.substr(from + begin.size(), to - from - begin.size());
}

TEST(Page, NothingFromOutsideBecomesMarkup) {
  const auto clean = page(sample(), {"file", "kind", "ward"});
  const auto text = page(poisoned(), {kHostile, kHostile, "ward"});
  ASSERT_TRUE(clean);
  ASSERT_TRUE(text);
  EXPECT_EQ(times(*text, "<img"), 0U);
  EXPECT_EQ(times(*text, "<!--"), 0U);
  for (const char* tag : {"<script", "</script", "<style", "</style", "<title", "</title", "</pre"})
    EXPECT_EQ(times(*text, tag), times(*clean, tag)) << tag;
  EXPECT_TRUE(codec::is_utf8(*text));
  for (const char* unseen : {"\x01", "\x1b", "\u202e", "\u2028", "\u2066"})
    EXPECT_EQ(times(*text, unseen), 0U);
  EXPECT_NE(text->find("&lt;img src=http://leak.invalid/ onerror=alert(1)&gt;"), std::string::npos);
  EXPECT_NE(text->find("\\u202e\\u2028\\u2066\\xff\\xc0\\xbc"), std::string::npos);
}

TEST(Page, TheDataAndTheVerdictStayJson) {
  const auto text = page(poisoned(), {});
  ASSERT_TRUE(text);
  const std::string data = between(*text, "<script type=\"application/json\" id=\"data\">", "</");
  const std::string verdict = between(*text, "<pre id=\"json-text\" tabindex=\"0\">", "</pre>");
  const auto parsed = codec::parse_json(as_bytes(data));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->find("materials")->items()[0].find("base64")->as_string(),
            to_base64(as_bytes(kHostile), Base64::kStandard));
  for (const auto& material : parsed->find("materials")->items()) {
    const std::string file(*material.find("file")->as_string());
    EXPECT_EQ(
        file.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-."),
        std::string::npos)
        << file;
  }
  EXPECT_TRUE(codec::parse_json(as_bytes(verdict)));
}

TEST(Page, OneFileThatLoadsNothingAndRunsItsOwnScriptAlone) {
  const auto text = page(sample(), {});
  ASSERT_TRUE(text);
  const std::string policy = between(*text, "Content-Security-Policy\" content=\"", "\">");
  const auto digest = [](std::string_view source) {
    return "&#39;sha256-" + to_base64(crypto::sha256(as_bytes(source)), Base64::kStandard) +
           "&#39;;";
  };
  EXPECT_TRUE(policy.starts_with("default-src &#39;none&#39;; script-src "));
  EXPECT_EQ(between(policy, "script-src ", " "), digest(between(*text, "<script>", "</script>")));
  EXPECT_EQ(between(policy, "style-src ", " "), digest(between(*text, "<style>", "</style>")));
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  for (const char* way_out :
       {" src=", " style=", " onclick=", " onload=", "url(", "@import", "<link"})
    EXPECT_EQ(times(*text, way_out), 0U) << way_out;
}

TEST(Page, TheSameExplanationGivesTheSameOctets) {
  EXPECT_EQ(*page(sample(), {"a", "b", "c"}), *page(sample(), {"a", "b", "c"}));
}

TEST(Page, TheTreeHangsFromTheRootAndBeginsWithTheEvidencesBranch) {
  attest::Work work = sample().work;
  work.signatures[2].holds = true;
  const Tree tree = tree_of(work);
  EXPECT_EQ(tree.tops, std::vector<std::size_t>{2});
  EXPECT_TRUE(tree.apart.empty());
  EXPECT_EQ(tree.nodes[2].children, std::vector<std::size_t>{1});
  EXPECT_EQ(tree.nodes[1].children, std::vector<std::size_t>{0});
}

// The evidence's signature fails, though another signature in it holds.
TEST(Page, WhatDoesNotHoldHangsOnNothing) {
  Explanation e = sample();
  e.work.signatures.push_back(
      {&kSignature, "ES256", {1, 0, 1}, {}, {0, 0, 1}, {0, 1, 1}, {}, true});
  const Tree tree = tree_of(e.work);
  EXPECT_EQ(tree.tops, std::vector<std::size_t>{2});
  EXPECT_EQ(tree.apart, std::vector<std::size_t>{0});
  EXPECT_TRUE(tree.nodes[1].children.empty());
  const std::string text = *page(e, {});
  EXPECT_EQ(text.find("down to the evidence."), std::string::npos);
  EXPECT_NE(text.find("Apart: no known key vouches for these"), std::string::npos);
}

TEST(Page, ARootThatIsNotKnownVouchesForNothing) {
  Explanation e = sample();
  e.work.signatures[2].holds = true;
  EXPECT_NE(page(e, {})->find("a maker&#39;s root key, which ward knows beforehand, vouches"),
            std::string::npos);
  e.appraisal.development = true;
  EXPECT_EQ(page(e, {})->find("a maker&#39;s root key"), std::string::npos);
  EXPECT_NE(page(e, {})->find("a development root, which was named with --trust-root, vouches"),
            std::string::npos);
  e.work.digests[0].holds = false;
  EXPECT_TRUE(tree_of(e.work).tops.empty());
  EXPECT_EQ(tree_of(e.work).apart, std::vector<std::size_t>{2});
  EXPECT_EQ(page(e, {})->find("vouches for what hangs below it"), std::string::npos);
  EXPECT_NE(page(e, {})->find("nobody vouches for any of it"), std::string::npos);
}

// A device's key that was named is a root though nobody certified it; the digest of anything else
// that stands alone makes none of it.
TEST(Page, AKeyThatWasNamedVouchesForWhatItSigned) {
  Explanation e = sample();
  e.work.signatures = {{&kSignature, "ES256", {1, 0, 1}, {}, {0, 0, 1}, {0, 1, 1}, {}, true}};
  e.work.materials.resize(2);
  e.work.materials[1].kind = MaterialKind::kExtract;
  e.work.digests[0].message = {{1, 0, 1}};
  EXPECT_TRUE(tree_of(e.work).tops.empty());
  static constexpr attest::CheckInfo kRoot{"x.device_key.root", "test", "", ""};
  e.work.digests[0].check = &kRoot;
  const Tree tree = tree_of(e.work);
  EXPECT_EQ(tree.tops, std::vector<std::size_t>{1});
  EXPECT_EQ(tree.nodes[1].children, std::vector<std::size_t>{0});
  EXPECT_TRUE(tree.apart.empty());
  EXPECT_NE(page(e, {})->find("a key, which was named with --hardware-root, vouches"),
            std::string::npos);
  e.work.digests[0].expected.clear();
  e.work.digests[0].holds = false;
  EXPECT_NE(page(e, {})->find("nobody vouches for any of it"), std::string::npos);
}

// Two certificates that sign each other are no loop in the page.
TEST(Page, ATreeOfCertificatesThatSignEachOtherEnds) {
  attest::Work work = sample().work;
  work.signatures.push_back({&kSignature, "ES256", {1, 0, 1}, {}, {2, 0, 1}, {2, 1, 1}, {}, true});
  work.signatures.push_back({&kSignature, "ES256", {0, 0, 1}, {}, {2, 0, 1}, {2, 1, 1}, {}, true});
  EXPECT_EQ(tree_of(work).tops, std::vector<std::size_t>{2});
}

TEST(Page, AnExtractBelongsToWhatItWasTakenFrom) {
  attest::Work work = sample().work;
  const attest::Part part = work.part_or_extract(1, as_bytes("escaped otherwise"), "signed part");
  EXPECT_EQ(part.material, 3U);
  const Tree tree = tree_of(work);
  EXPECT_EQ(tree.owner[3], 1U);
  EXPECT_EQ(tree.tops, std::vector<std::size_t>{2});
}

TEST(Page, AVerdictIsToldInWordsAndBySeverity) {
  struct Case {
    Verdict verdict;
    bool development;
    const char* heading;
    const char* kind;
  };

  const Case cases[] = {
      {Verdict::kAccepted, false, ">Accepted</h1>", "\"verdict accepted\""},
      {Verdict::kAccepted, true, ">Accepted for development only</h1>",
       "\"verdict accepted for-development\""},
      {Verdict::kRefused, false, ">Refused</h1>", "\"verdict refused\""},
      {Verdict::kUndetermined, false, ">Cannot tell</h1>", "\"verdict undetermined\""}};
  for (const Case& c : cases) {
    Explanation e = sample();
    e.appraisal.verdict = c.verdict;
    e.appraisal.development = c.development;
    const auto text = page(e, {});
    ASSERT_TRUE(text);
    EXPECT_NE(text->find(c.heading), std::string::npos) << c.heading;
    EXPECT_NE(text->find(c.kind), std::string::npos) << c.kind;
    EXPECT_EQ(times(*text, "class=\"development\""), c.development ? 1U : 0U);
  }
}

// AMD publishes no status: an accepted report says nothing of a level that no policy demanded.
TEST(Page, AnAcceptedVerdictClaimsNoLevelThatNobodyJudged) {
  Explanation e = sample();
  e.appraisal.verdict = Verdict::kAccepted;
  const std::string claim = "at an accepted security level";
  EXPECT_EQ(page(e, {})->find(claim), std::string::npos);
  EXPECT_NE(page(e, {})->find("whose security level nobody judged"), std::string::npos);
  e.appraisal.facts.tcb_demanded = true;
  EXPECT_NE(page(e, {})->find(claim), std::string::npos);
  e.appraisal.facts.tcb_demanded = false;
  e.appraisal.tcb.status = "UpToDate";
  EXPECT_NE(page(e, {})->find(claim), std::string::npos);
}

TEST(Page, WhatFailedAndWhatIsMissingAreCountedApart) {
  Explanation e = sample();
  EXPECT_NE(page(e, {})->find("1 check failed, and 1 lacks what it needs."), std::string::npos);
  e.appraisal.checks.pop_back();
  EXPECT_NE(page(e, {})->find("1 check failed."), std::string::npos);
}

TEST(Page, NobodyVouchesForWhatADevelopmentPlatformSays) {
  const advisory::Attack attack{};
  Explanation e = sample();
  e.appraisal.genuine = true;
  e.appraisal.claims = {{"claim", std::string("value")}};
  e.exposures = {{.attack = &attack, .state = advisory::State::kClosed}};
  EXPECT_NE(page(e, {})->find("Its maker vouches for these values."), std::string::npos);
  EXPECT_NE(page(e, {})->find("What the maker vouches for shows"), std::string::npos);
  e.appraisal.development = true;
  EXPECT_EQ(page(e, {})->find("Its maker vouches"), std::string::npos);
  EXPECT_EQ(page(e, {})->find("What the maker vouches for"), std::string::npos);
  EXPECT_NE(page(e, {})->find("nobody vouches for it: this is a development platform"),
            std::string::npos);
}

TEST(Page, OctetsThatAFileHoldsAsTextAreNotTheFiles) {
  const std::string said = "of the octets that the file&#39;s text stands for";
  EXPECT_EQ(times(*page(sample(), {.evidence_name = "f"}), said), 0U);
  EXPECT_EQ(times(*page(sample(), {.evidence_name = "f", .evidence_decoded = true}), said), 1U);
}

TEST(Page, AnExplanationWithoutWorkIsAPageToo) {
  Explanation e = sample();
  e.work = {};
  const auto text = page(e, {});
  ASSERT_TRUE(text);
  EXPECT_EQ(text->find("id=\"rests\""), std::string::npos);
}

}  // namespace
}  // namespace ward::explain
