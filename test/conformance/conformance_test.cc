// What every TEE must do, over the list of all of them (docs/DESIGN.md 2): its own vectors verify;
// what is cut, changed, bound to something else or out of its time is refused, each by a reason.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "attest/appraisal_json.h"
#include "attest/identity.h"
#include "codec/json_write.h"
#include "tee/all.h"
#include "tee/identifying.h"
#include "tee/own_vectors.h"
#include "test/conformance/own_vector.h"
#include "test/support/vectors.h"

namespace ward {
namespace {

namespace fs = std::filesystem;
using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;
using namespace conformance;  // NOLINT(google-build-using-namespace): written in its words

TEST(Conformance, EveryTeeHasAVectorOfItsOwn) {
  std::set<const attest::Scheme*> seen;
  for (const Vector& v : all_vectors())
    seen.insert(v.scheme);
  EXPECT_EQ(seen.size(), tee::all_schemes().size());
  EXPECT_FALSE(seen.empty());
}

// Those that the TEEs' folders make themselves stand there as they are made: nobody changed one.
TEST(Conformance, AFoldersOwnVectorsAreWhatItMakes) {
  for (const tee::TeeVectors& of : tee::all_own_vectors()) {
    const fs::path all = test::source_dir() / "tee" / of.tee / "testdata";
    std::set<std::string> made;
    for (const attest::OwnVector& v : of.vectors) {
      for (const attest::Document& file : v.files) {
        const fs::path path = fs::path(v.kind) / v.name / file.name;
        EXPECT_EQ(test::read_file(all / path), file.bytes) << of.tee << " " << path;
        made.insert(path.string());
      }
    }
    for (const char* kind : {"valid", "invalid"}) {
      for (const auto& entry : fs::recursive_directory_iterator(all / kind)) {
        if (entry.is_directory()) continue;
        EXPECT_TRUE(made.contains(fs::relative(entry.path(), all).string())) << entry.path();
      }
    }
  }
}

TEST(Conformance, AValidVectorPassesEveryCheck) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    const Appraisal a = Judge{}(v);
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_TRUE(a.development);
    // Fields are judged where a policy names them, as are products, chips, dates and advisories.
    auto unasked = std::ranges::count_if(
        v.scheme->info().fields, [](const auto& field) { return field.form.usual == nullptr; });
    for (const auto* check : {a.facts.tcb_date_check, a.facts.tcb_advisories_check,
                              a.facts.product_check, a.facts.chip_check}) {
      if (check != nullptr) ++unasked;
    }
    if (a.facts.workload_check != nullptr && !v.has("workload")) ++unasked;  // it has no such field
    EXPECT_EQ(a.checks.size() + static_cast<std::size_t>(unasked), v.scheme->info().checks.size());
    for (const attest::Check& c : a.checks) {
      const bool optional = std::ranges::find(v.unasked, c.info->id) != v.unasked.end();
      EXPECT_EQ(c.outcome, optional ? Outcome::kNotDone : Outcome::kPassed) << c.info->id;
      EXPECT_EQ(c.not_done, optional ? attest::NotDone::kNotAsked : attest::NotDone::kNone)
          << c.info->id;
    }
    // Fields that say what runs in place of a measurement are fields.
    const auto& by = a.facts.measured_by;
    const bool fields = !by.empty() && a.unchecked == std::vector<std::string>{by.front()};
    EXPECT_TRUE(a.unchecked.empty() || !v.unasked.empty() || fields) << attest::summary(a);
  }
}

TEST(Conformance, AnInvalidVectorFailsItsOwnChecksAlone) {
  std::set<const attest::Scheme*> seen;
  for (const Vector& v : vectors_of("invalid")) {
    SCOPED_TRACE(v.name);
    seen.insert(v.scheme);
    const Appraisal a = Judge{}(v);
    EXPECT_NE(a.verdict, Verdict::kAccepted);
    EXPECT_EQ(attest::to_text(a.verdict), v.facts.at("verdict")) << attest::summary(a);
    EXPECT_EQ(a.failed(), v.fails);
    EXPECT_FALSE(v.fails.empty() && v.open.empty());
    for (const std::string& id : v.open) {
      ASSERT_NE(a.check(id), nullptr) << id;
      EXPECT_EQ(a.check(id)->outcome, Outcome::kNotDone) << id;
    }
    if (v.facts.contains("tcb_status")) {
      EXPECT_EQ(a.tcb.status, v.facts.at("tcb_status"));
    }
  }
  EXPECT_EQ(seen.size(), tee::all_schemes().size());
}

// The default policy of a folder is what the pipeline's default really is.
TEST(Conformance, TheDefaultPolicyIsStatedAsItIs) {
  const attest::Policy policy;
  std::string statuses;
  for (const std::string& status : policy.accepted_tcb)
    statuses += (statuses.empty() ? "" : ", ") + status;
  const auto flag = [](bool set) { return std::string(set ? "true" : "false"); };
  const std::map<std::string, std::string> real = {
      {"accepted_tcb", policy.accept_any_tcb ? "any" : statuses},
      {"allow_debug", flag(policy.allow_debug)},
      {"allow_development", flag(policy.allow_development)},
      {"min_tcb_evaluation",
       policy.min_tcb_evaluation ? std::to_string(*policy.min_tcb_evaluation) : "none"},
      {"min_tcb_date", policy.min_tcb_date ? "some" : "none"},
      {"tolerated_advisories", policy.tolerated.empty() ? "none" : "some"},
      {"accepted_chips", policy.chips ? "some" : "none"},
      {"require_revocation", flag(policy.require_revocation)},
      {"refused_values", policy.refused_values.empty() ? "none" : "some"},
      {"minimum_values", policy.minimum_values.empty() ? "none" : "some"},
  };
  ASSERT_TRUE(policy.accepted_values.empty());
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    const attest::SchemeInfo info = scheme->info();
    SCOPED_TRACE(info.name);
    std::map<std::string, std::string> stated;
    for (const attest::PolicyLine& line : info.default_policy) {
      EXPECT_TRUE(stated.emplace(line.line, line.value).second) << line.line;
      EXPECT_GT(std::string(line.why).size(), 20U) << line.line;
    }
    for (const auto& [line, value] : real)
      EXPECT_EQ(stated[line], value) << line;
    std::string roots;
    for (const attest::Anchor& anchor : info.anchors)
      roots += (roots.empty() ? "" : ", ") + anchor.name;
    EXPECT_EQ(stated["roots"], roots.empty() ? "none" : roots + ", by its key");
    std::string usual;
    for (const attest::FieldInfo& field : info.fields) {
      if (field.form.usual == nullptr) continue;
      usual += (usual.empty() ? "" : ", ") + std::string(field.id) + "=" + field.form.usual;
    }
    EXPECT_EQ(stated["accepted_values"], usual.empty() ? "none" : usual);
    EXPECT_EQ(stated["expectations"], "none");
    EXPECT_EQ(stated.size(), real.size() + 3);
  }
}

// The command line compares the length of an expected value with these.
TEST(Conformance, TheFieldsThatAreComparedHaveTheStatedSizes) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    const attest::SchemeInfo info = v.scheme->info();
    const attest::Facts facts = Judge{}(v).facts;
    const auto expect_size = [](const Buffer& fact, std::size_t stated) {
      EXPECT_TRUE(stated == 0 || fact.size() == stated) << fact.size() << ", not " << stated;
    };
    expect_size(facts.report_data, info.report_data_size);
    expect_size(facts.measurement, info.measurement_size);
    expect_size(facts.workload, info.workload_size);
    EXPECT_TRUE(v.has("report_data"));  // nothing else shows that evidence is fresh
  }
}

TEST(Conformance, EvidenceIsRecognisedByItsOwnTeeAlone) {
  for (const Vector& v : all_vectors()) {
    for (const attest::Scheme* scheme : tee::all_schemes()) {
      const bool sure = scheme->recognises(v.evidence) == attest::Recognition::kSure;
      EXPECT_EQ(sure, scheme == v.scheme) << v.name << " by " << scheme->info().name;
    }
    EXPECT_EQ(attest::recognise(tee::all_schemes(), v.evidence), v.scheme) << v.name;
  }
}

TEST(Conformance, TheLayoutCoversEveryOctetOnce) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    const auto layout = v.scheme->layout(v.evidence);
    ASSERT_TRUE(layout);
    std::size_t at = 0;
    for (const attest::LayoutField& field : *layout) {
      EXPECT_EQ(field.offset, at) << field.name;
      at += field.size;
    }
    EXPECT_EQ(at, v.evidence.size());
  }
}

// What is whole without what stands behind it (a report without its certificates) is not accepted.
TEST(Conformance, CutEvidenceIsRefusedAtEveryLength) {
  for (const Vector& v : all_vectors()) {
    const auto whole = v.facts.find("whole_at");
    const std::size_t whole_at =
        whole == v.facts.end() ? v.evidence.size() : std::stoul(whole->second);
    for (std::size_t n = 0; n < v.evidence.size(); ++n) {
      const Appraisal a = Judge{}(v, Bytes(v.evidence).first(n), v.time("at"), expected_of(v));
      const Verdict expected = n == whole_at ? Verdict::kUndetermined : Verdict::kRefused;
      ASSERT_EQ(a.verdict, expected) << v.name << " cut to " << n;
    }
  }
}

std::vector<std::string> names_of_tees() {
  std::vector<std::string> out;
  for (const attest::Scheme* scheme : tee::all_schemes())
    out.emplace_back(scheme->info().name);
  return out;
}

class FlippedBit : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Conformance, FlippedBit, ::testing::ValuesIn(names_of_tees()),
                         [](const auto& tee) { return tee.param; });

// Of a long part every third octet, so that each bit has its turn.
TEST_P(FlippedBit, OfTheSignedPartIsRefused) {
  constexpr std::size_t kLong = 2048;
  for (const Vector& v : all_vectors()) {
    if (v.scheme->info().name != GetParam()) continue;
    ASSERT_FALSE(v.is_signed.empty());
    for (const Range& range : v.is_signed) {
      ASSERT_LT(range.begin, range.end);
      ASSERT_LE(range.end, v.evidence.size());
      const std::size_t step = range.end - range.begin > kLong ? 3 : 1;
      for (std::size_t i = range.begin; i < range.end; i += step) {
        Buffer changed = v.evidence;
        changed[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
        const Appraisal a = Judge{}(v, changed, v.time("at"), expected_of(v));
        ASSERT_EQ(a.verdict, Verdict::kRefused) << v.name << " octet " << i;
      }
    }
  }
}

// Expectations are compared each under its own check; nothing else fails.
TEST(Conformance, AnotherExpectationIsRefusedByItsOwnCheck) {
  for (const Vector& v : all_vectors()) {
    const std::string tee = v.scheme->info().name;
    const auto expect_refused = [&](attest::Expected attest::Expectations::*member,
                                    const char* check) {
      attest::Expectations expected = expected_of(v);
      auto* values = std::get_if<std::vector<Buffer>>(&(expected.*member));
      if (values == nullptr) return;
      values->at(0).at(0) ^= 1U;
      EXPECT_EQ(Judge{}(v, v.evidence, v.time("at"), std::move(expected)).failed(),
                std::vector<std::string>{tee + check});
    };
    expect_refused(&attest::Expectations::report_data, ".report_data.expected");
    expect_refused(&attest::Expectations::measurement, ".measurement.expected");
    expect_refused(&attest::Expectations::workload, ".workload.expected");
  }
}

TEST(Conformance, ATimeBeforeOrAfterValidityIsRefused) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    if (v.has("timeless")) continue;
    const UnixTime before{v.time("valid_from").seconds - 1};
    const UnixTime after{v.time("valid_to").seconds + 1};
    const auto early = Judge{}(v, v.evidence, before, expected_of(v));
    const auto late = Judge{}(v, v.evidence, after, expected_of(v));
    EXPECT_EQ(early.verdict, Verdict::kRefused);
    EXPECT_EQ(late.verdict, Verdict::kRefused);
    EXPECT_NE(early.failed(), late.failed());
    EXPECT_EQ(Judge{}(v, v.evidence, v.time("valid_from"), expected_of(v)).verdict,
              Verdict::kAccepted);
    EXPECT_EQ(Judge{}(v, v.evidence, v.time("valid_to"), expected_of(v)).verdict,
              Verdict::kAccepted);
  }
}

TEST(Conformance, WithoutCollateralNothingIsAcceptedAndNothingIsCalledWrong) {
  for (Vector v : all_vectors()) {
    v.collateral.documents.clear();
    const Appraisal a = Judge{}(v);
    const Verdict expected = v.has("self_contained") ? Verdict::kAccepted : Verdict::kUndetermined;
    EXPECT_EQ(a.verdict, expected) << v.name << ": " << attest::summary(a);
  }
}

TEST(Conformance, ADevelopmentRootIsTrustedOnlyWhereNamedAndAllowed) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    const Judge production{attest::Policy{}};
    EXPECT_EQ(production(v).failed(), std::vector<std::string>{std::string(v.scheme->info().name) +
                                                               ".platform.development"});
    const verifier::Verifier makers_alone(tee::all_schemes(), {}, Judge{}.policy);
    const auto a = makers_alone.appraise({.evidence = v.evidence,
                                          .collateral = v.collateral,
                                          .now = v.time("at"),
                                          .expected = expected_of(v)});
    ASSERT_TRUE(a);
    EXPECT_EQ(a->verdict, Verdict::kRefused);
    EXPECT_FALSE(a->tcb.status);
  }
}

// What vouches for one kind of hardware may sign more than its own kind of evidence.
TEST(Conformance, ARootOfAnotherTeeVouchesForNothing) {
  for (Vector v : all_vectors()) {
    SCOPED_TRACE(v.name);
    v.root.tee = v.scheme->info().name;
    EXPECT_EQ(Judge{}(v).verdict, Verdict::kAccepted);
    v.root.tee = "another";
    EXPECT_EQ(Judge{}(v).verdict, Verdict::kRefused);
  }
}

TEST(Conformance, CheckIdsAreTheTeesOwnAndDeclaredOnce) {
  std::set<std::string> seen;
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    for (const attest::CheckInfo& c : scheme->info().checks) {
      EXPECT_TRUE(std::string_view(c.id).starts_with(std::string(scheme->info().name) + "."))
          << c.id;
      EXPECT_TRUE(seen.insert(c.id).second) << c.id;
      EXPECT_NE(std::string_view(c.reference), "");
      EXPECT_NE(std::string_view(c.meaning), "");
      EXPECT_NE(std::string_view(c.hint), "");
    }
  }
}

std::vector<std::string> machine_texts(const Appraisal& a) {
  std::vector<Buffer> ids = a.facts.chips;
  ids.insert(ids.end(), a.facts.devices.begin(), a.facts.devices.end());
  const auto names = tee::identifying(a.tee);
  std::vector<std::string> out;
  for (const attest::Claim& claim : a.claims) {
    if (std::ranges::find(names, claim.name) == names.end()) continue;
    if (const auto* octets = std::get_if<Buffer>(&claim.value)) ids.push_back(*octets);
    if (const auto* text = std::get_if<std::string>(&claim.value)) out.push_back(*text);
  }
  for (Buffer& id : ids) {
    while (id.size() > attest::kMinIdentifier && id.back() == 0) {
      id.pop_back();
    }
    if (!all_zero(id)) out.push_back(to_hex(id));
  }
  return out;
}

TEST(Conformance, WhatNamesTheMachineCanBeConcealed) {
  std::set<std::string> seen;  // names of claims and checks
  std::set<std::string> found;
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    Appraisal a = Judge{}(v);
    for (const attest::Claim& claim : a.claims) {
      seen.insert(a.tee + " " + claim.name);
    }
    for (const attest::CheckInfo& check : v.scheme->info().checks) {
      seen.insert(a.tee + " " + check.id);
    }
    const std::vector<std::string> texts = machine_texts(a);
    if (!texts.empty()) found.insert(a.tee);
    attest::conceal(
        attest::identity_of(tee::identifying(a.tee), a),
        [](Bytes) { return std::string("machine"); }, a);
    codec::JsonWriter w;
    attest::write_appraisal(w, a);
    const auto written = w.take();
    ASSERT_TRUE(written);
    for (const std::string& text : texts) {
      EXPECT_EQ(written->find(text), std::string::npos) << text;
    }
    EXPECT_EQ(a.verdict, Verdict::kAccepted);
  }
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    const std::string tee = scheme->info().name;
    EXPECT_TRUE(found.contains(tee)) << tee << " names no machine";
    for (const char* name : tee::identifying(tee)) {
      EXPECT_TRUE(seen.contains(tee + " " + name)) << tee << ": nothing is called " << name;
    }
  }
  EXPECT_TRUE(tee::identifying("toaster").empty());
}

}  // namespace
}  // namespace ward
