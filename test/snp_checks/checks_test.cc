// For every check of SEV-SNP evidence, in every form of report, a synthetic platform that differs
// from a good one in that fact alone.
#include <ostream>
#include <set>

#include <gtest/gtest.h>

#include "attest/field.h"
#include "tee/snp/trustee_json.h"
#include "test/snp_checks/cases.h"

namespace ward::soft {
namespace {

using namespace snp_fixture;  // NOLINT(google-build-using-namespace): written in its words
using attest::Outcome;
using attest::Verdict;
using Ids = std::vector<std::string>;

Appraisal run(const Case& c, const Face& face) {
  Stage s = good_stage(face);
  c.before(s);
  Made m = make(s);
  c.after(m, s);
  return judge(m, s);
}

TEST(SnpChecks, TheGoodPlatformPassesEveryCheckInEveryForm) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.name);
    const Appraisal a = run({.id = ""}, face);
    EXPECT_EQ(a.failed(), Ids{});
    EXPECT_EQ(a.verdict, Verdict::kAccepted);
    EXPECT_TRUE(a.development);
    EXPECT_TRUE(a.unchecked.empty());
    for (const attest::Check& c : a.checks)
      EXPECT_EQ(c.outcome, Outcome::kPassed) << c.info->id;
  }
}

// One case of one face.
struct FaceCase {
  Face face;
  Case wrong;
  std::size_t number = 0;  // among all of its list

  [[nodiscard]] std::string id() const { return "snp." + wrong.id; }
};

std::vector<FaceCase> of_every_face(const std::vector<Case>& cases) {
  std::vector<FaceCase> out;
  for (const Face& face : kFaces) {
    for (const Case& c : cases) {
      if (c.of(face)) out.push_back({face, c, out.size()});
    }
  }
  return out;
}

std::string case_name(const testing::TestParamInfo<FaceCase>& info) {
  std::string out =
      info.param.face.name + ("__" + info.param.id()) + "__" + std::to_string(info.param.number);
  std::ranges::replace(out, '.', '_');
  return out;
}

void PrintTo(const FaceCase& c, std::ostream* out) { *out << c.face.name << " " << c.id(); }

class WrongSnpFact : public testing::TestWithParam<FaceCase> {};

TEST_P(WrongSnpFact, FailsItsCheckAlone) {
  const Appraisal a = run(GetParam().wrong, GetParam().face);
  EXPECT_EQ(a.failed(), Ids{GetParam().id()});
  EXPECT_EQ(a.verdict, Verdict::kRefused);
}

INSTANTIATE_TEST_SUITE_P(Snp, WrongSnpFact, testing::ValuesIn(of_every_face(failing_cases())),
                         case_name);

class AbsentSnpDocument : public testing::TestWithParam<FaceCase> {};

TEST_P(AbsentSnpDocument, IsNamedByItsOwnCheck) {
  const Appraisal a = run(GetParam().wrong, GetParam().face);
  EXPECT_EQ(a.failed(), Ids{});
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  ASSERT_NE(a.check(GetParam().id()), nullptr);
  EXPECT_EQ(a.check(GetParam().id())->not_done, attest::NotDone::kAbsent);
}

INSTANTIATE_TEST_SUITE_P(Snp, AbsentSnpDocument, testing::ValuesIn(of_every_face(absent_cases())),
                         case_name);

const attest::Scheme& scheme() {
  for (const attest::Scheme* s : tee::all_schemes()) {
    if (std::string_view(s->info().name) == "snp") return *s;
  }
  std::abort();
}

// Another value than the report's, for a field of this form.
std::string another(const attest::FieldForm& form, const std::string& value) {
  using attest::FieldKind;
  switch (form.kind) {
    case FieldKind::kFlag:
      return value == "true" ? "false" : "true";
    case FieldKind::kNumber:
    case FieldKind::kBits:
      return value == "1" ? "2" : "1";
    case FieldKind::kVersion:
      return "9.9.9";
    case FieldKind::kOctets:
      return std::string(2 * form.size, '7');
    case FieldKind::kWord:
      return value == form.words.front() ? form.words.back() : form.words.front();
    case FieldKind::kText:
    case FieldKind::kItems:
      break;
  }
  return "another";
}

// The values of a good platform's fields, by the field's id.
attest::Facts good_facts(const Face& face) {
  const Stage s = good_stage(face);
  return judge(make(s), s).facts;
}

// FieldCase is one field of one face.
struct FieldCase {
  Face face;
  const attest::FieldInfo* field;
};

std::vector<FieldCase> field_cases() {
  std::vector<FieldCase> out;
  for (const Face& face : kFaces) {
    for (const attest::FieldInfo& field : scheme().info().fields)
      out.push_back({face, &field});
  }
  return out;
}

std::string field_name(const testing::TestParamInfo<FieldCase>& info) {
  std::string out = info.param.face.name + ("__" + std::string(info.param.field->id)) + "__";
  std::ranges::replace(out, '.', '_');
  return out;
}

void PrintTo(const FieldCase& c, std::ostream* out) { *out << c.face.name << " " << c.field->id; }

// What a good platform of this face says of the field.
attest::FieldFact good_fact(const FieldCase& c) {
  for (attest::FieldFact& fact : good_facts(c.face).fields) {
    if (std::string_view(fact.check->id) == c.field->id) return std::move(fact);
  }
  std::abort();
}

class SnpField : public testing::TestWithParam<FieldCase> {};

TEST_P(SnpField, IsJudgedByTheValuesThatAPolicyNames) {
  const attest::FieldFact field = good_fact(GetParam());
  const char* id = field.check->id;
  Stage s = good_stage(GetParam().face);
  const Made m = make(s);
  if (field.values.empty()) {
    s.policy.accepted_values[id] = {"1"};
    const Appraisal a = judge(m, s);
    EXPECT_EQ(a.verdict, Verdict::kUndetermined);
    EXPECT_EQ(a.check(id)->not_done, attest::NotDone::kAbsent);
    return;
  }
  const std::string& value = field.values.front();
  EXPECT_TRUE(attest::is_possible(field.form, value)) << value;
  s.policy.accepted_values[id] = {value};
  EXPECT_EQ(judge(m, s).verdict, Verdict::kAccepted);
  s.policy.accepted_values.clear();
  s.policy.refused_values[id] = {value};
  EXPECT_EQ(judge(m, s).failed(), Ids{id});
  // Words of which there is one have no other.
  if (field.form.kind == attest::FieldKind::kWord && field.form.words.size() == 1) return;
  s.policy.refused_values[id] = {another(field.form, value)};
  EXPECT_EQ(judge(m, s).verdict, Verdict::kAccepted);
  s.policy.refused_values.clear();
  s.policy.accepted_values[id] = {another(field.form, value)};
  EXPECT_EQ(judge(m, s).failed(), Ids{id});
}

INSTANTIATE_TEST_SUITE_P(Snp, SnpField, testing::ValuesIn(field_cases()), field_name);

TEST(SnpChecks, ALeastValueIsMetByItselfAndByWhatIsAboveIt) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.name);
    Stage s = good_stage(face);
    const Made m = make(s);
    const auto failed = [&](const char* field, const char* least) {
      s.policy.minimum_values = {{field, least}};
      return judge(m, s).failed();
    };
    EXPECT_EQ(failed("snp.reported_tcb.snp", "23"), Ids{});
    EXPECT_EQ(failed("snp.reported_tcb.snp", "24"), Ids{});
    EXPECT_EQ(failed("snp.reported_tcb.snp", "25"), Ids{"snp.reported_tcb.snp"});
    EXPECT_EQ(failed("snp.version.current", "1.55.40"), Ids{});
    EXPECT_EQ(failed("snp.version.current", "1.9.99"), Ids{});
    EXPECT_EQ(failed("snp.version.current", "1.55.41"), Ids{"snp.version.current"});
    EXPECT_EQ(failed("snp.version.committed", "2.0.0"), Ids{"snp.version.committed"});
  }
}

// Each case of a check, and of each field a value that is not accepted, stands above.
TEST(SnpChecks, EveryDeclaredCheckHasACaseHere) {
  std::set<std::string> covered;
  for (const Face& face : kFaces) {
    for (auto* list : {failing_cases, absent_cases}) {
      for (const Case& c : list()) {
        if (c.of(face)) covered.insert("snp." + c.id);
      }
    }
    for (const attest::FieldFact& field : good_facts(face).fields)
      covered.insert(field.check->id);
  }
  for (const char* here : {"snp.report.signature_algo", "snp.vek_chain.root",
                           "snp.vek_chain.product", "snp.vek.product_name"}) {
    covered.insert(here);
  }
  for (const attest::CheckInfo& info : scheme().info().checks)
    EXPECT_TRUE(covered.contains(info.id)) << info.id;
}

// What is wrong by more than one check at once, each with its reason.
TEST(SnpChecks, AnotherAlgorithm__snp_report_signature_algo__IsNamed) {
  Stage s = good_stage(kFaces[3]);
  s.world.report.signature_algo = 2;
  const Made m = make(s);
  attest::Findings findings;
  const Buffer evidence = m.whole();
  ASSERT_TRUE(scheme().verify(
      {.evidence = evidence, .collateral = m.documents, .anchors = {}, .now = kNow}, findings));
  std::vector<std::string> failed;
  for (const attest::Check& c : findings.checks) {
    if (c.outcome == Outcome::kFailed) failed.emplace_back(c.info->id);
  }
  EXPECT_EQ(failed, Ids{"snp.report.signature_algo"});
}

// A report of version 3 begins as an SGX quote does.
TEST(SnpChecks, ACutReportIsStillTakenForAReport) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.name);
    const Stage s = good_stage(face);
    Made m = make(s);
    for (const std::size_t size : {std::size_t{0x38}, snp::kReportSize - 1}) {
      m.evidence = to_buffer(Bytes(m.report).first(size));
      EXPECT_EQ(judge(m, s).failed(), Ids{"snp.report.form"}) << size;
    }
  }
}

TEST(SnpChecks, AnotherRoot__snp_vek_chain_root__IsNotTrusted) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.name);
    const Stage s = good_stage(face);
    const Made m = make(s);
    const Buffer evidence = m.whole();
    const verifier::Verifier verifier(tee::all_schemes(), {anchor_of(keys_of("two"))}, s.policy);
    const auto a = verifier.appraise(
        {.evidence = evidence, .collateral = m.documents, .now = kNow, .expected = s.expected});
    ASSERT_TRUE(a);
    EXPECT_EQ(a->failed(), Ids{"snp.vek_chain.root"});
  }
}

// A root of one line vouches for its own chips alone: its certificate's TCB is read as its own
// line's, so that the other line's report fits none of its facts.
TEST(SnpChecks, ALinesRootDoesNotVouchForAnothersChips) {
  for (const Face& face : kFaces) {
    if (face.form.version < 3) continue;
    SCOPED_TRACE(face.name);
    Stage s = good_stage(face);
    s.world.report.cpuid = face.turin() ? std::array<std::uint8_t, 3>{0x19, 0x11, 1}
                                        : std::array<std::uint8_t, 3>{0x1a, 0x02, 1};
    const Appraisal a = judge(make(s), s);
    EXPECT_EQ(a.verdict, Verdict::kRefused);
    const Ids failed = a.failed();
    EXPECT_TRUE(std::ranges::count(failed, "snp.vek_chain.product") == 1);
    EXPECT_TRUE(std::ranges::count(failed, "snp.vek.product_name") == 1);
  }
}

// Genoa and Milan have the same form of TCB: nothing but the product differs.
TEST(SnpChecks, AMilanRoot__snp_vek_chain_product__DoesNotVouchForGenoa) {
  Stage s = good_stage({"milan_3", {snp::Line::kMilan, 3, snp::SigningKey::kVcek}});
  s.world.report.cpuid = {0x19, 0x11, 1};
  EXPECT_EQ(judge(make(s), s).failed(), (Ids{"snp.vek_chain.product", "snp.vek.product_name"}));
}

TEST(SnpChecks, AMaskedChipIdIsNotComparedAndSaidSo) {
  Stage s = good_stage(kFaces[3]);
  s.world.report.chip_id.fill(0);
  const Appraisal a = judge(make(s), s);
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  EXPECT_EQ(a.check("snp.vek.hwid")->found, "CHIP_ID is masked");
  s.policy.accepted_values["snp.report.chip_id_masked"] = {"false"};
  EXPECT_EQ(judge(make(s), s).failed(), Ids{"snp.report.chip_id_masked"});
}

// Also where there is no chip to compare with.
TEST(SnpChecks, AChipsIdOfAnotherSizeIsNoVceksExtension) {
  for (const Face& face : kFaces) {
    if (face.vlek()) continue;
    SCOPED_TRACE(face.name);
    Stage s = good_stage(face);
    s.world.report.chip_id.fill(0);
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{7}, std::size_t{9}, std::size_t{63}}) {
      s.world.vcek.hwid->resize(size);
      EXPECT_EQ(judge(make(s), s).failed(), Ids{"snp.vek.extensions"}) << size;
    }
  }
}

TEST(SnpChecks, WithoutARevocationListThePolicyDecides) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.name);
    Stage s = good_stage(face);
    Made m = make(s);
    drop(m, "crl.der");
    EXPECT_EQ(judge(m, s).verdict, Verdict::kUndetermined);
    EXPECT_NE(judge(m, s).check("snp.crl.present")->expected.find("https://kdsintf.amd.com/"),
              std::string::npos);
    s.policy.require_revocation = false;
    const Appraisal a = judge(m, s);
    EXPECT_EQ(a.verdict, Verdict::kAccepted);
    EXPECT_EQ(a.unchecked, Ids{"revocation"});
    EXPECT_EQ(a.check("snp.ask.revocation")->not_done, attest::NotDone::kNotAsked);
  }
}

// AMD serves one list for VCEKs and one for VLEKs, of the same root.
TEST(SnpChecks, WhatAnyOfSeveralListsNamesIsRevoked) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.name);
    Stage s = good_stage(face);
    Made m = make(s);
    const Buffer newer = document(m, "crl.der");
    pki::CrlSpec older = s.world.crl;
    older.this_update = UnixTime{kFrom.seconds - 1000};
    const auto& ca = face.vlek() ? s.world.asvk_cert : s.world.ask_cert;
    older.revoked = {{.serial = ca.serial, .revoked_at = kFrom}};
    const auto by = [&](const AmdKeys& keys) {
      return *pki::build_crl(older, [&](Bytes tbs) {
        return keys.ark.sign(crypto::SignatureAlgorithm::kRsaPssSha384, tbs);
      });
    };
    m.documents.documents.push_back({"older.der", by(keys_of("one"))});
    EXPECT_EQ(judge(m, s).failed(), Ids{"snp.ask.revocation"});
    // What a stranger signed revokes nothing.
    m.documents.documents.back().bytes = by(keys_of("two"));
    EXPECT_EQ(judge(m, s).verdict, Verdict::kAccepted);
  }
}

// The JSON that Trustee's guests send says the same as the octets, with or without the chain in it.
TEST(SnpChecks, JsonIsJudgedAsTheReportThatItTellsOf) {
  for (const Face& face : kFaces) {
    SCOPED_TRACE(face.name);
    const Stage s = good_stage(face);
    Made m = make(s);
    snp::TrusteeJson json =
        snp::trustee_json(snp::report_parts(*snp::parse_report(m.report)), face.form.line);
    if (face.extended) json.cert_chain = snp::json_table(m.table);
    const Buffer text = to_buffer(as_bytes(json.text()));
    m.evidence = text;
    Appraisal a = judge(m, s);
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    json.member("guest_svn") = "4";
    m.evidence = to_buffer(as_bytes(json.text()));
    EXPECT_EQ(judge(m, s).failed(), Ids{"snp.report.signature"});
    m.evidence = concat({text, Buffer{'}'}});
    EXPECT_EQ(judge(m, s).failed(), Ids{"snp.report.form"});
  }
}

// A list that is there is judged, whatever the policy does without.
TEST(SnpChecks, ARevocationListThatIsGivenIsAlwaysJudged) {
  Stage s = good_stage(kFaces[3]);
  s.policy.require_revocation = false;
  s.world.crl.revoked = {{.serial = s.world.ask_cert.serial, .revoked_at = kFrom}};
  EXPECT_EQ(judge(make(s), s).failed(), Ids{"snp.ask.revocation"});
  s.world.crl.revoked.clear();
  s.world.crl.next_update = kFrom;
  EXPECT_EQ(judge(make(s), s).failed(), Ids{"snp.crl.next_update"});
}

TEST(SnpChecks, TheMissingCertificateIsNamedWithItsAddress) {
  Stage s = good_stage(kFaces[3]);
  Made m = make(s);
  drop(m, "vcek.der");
  const std::string chip = to_hex(Bytes(s.world.report.chip_id).first(8));
  EXPECT_NE(judge(m, s)
                .check("snp.vek.present")
                ->expected.find("https://kdsintf.amd.com/vcek/v1/Turin/" + chip +
                                "?fmcSPL=1&blSPL=4&teeSPL=0&snpSPL=24&ucodeSPL=219"),
            std::string::npos);
  drop(m, "ask.der");
}

TEST(SnpChecks, OfManyCertificatesTheOneOfThisChipAndTcbIsTaken) {
  for (const Face& face : kFaces) {
    if (face.extended) continue;
    SCOPED_TRACE(face.name);
    const Stage s = good_stage(face);
    Made m = make(s);
    attest::Collateral all;
    for (unsigned i = 0; i < 100; ++i) {
      Stage other = good_stage(face);
      other.world.vcek.tcb.microcode = static_cast<std::uint8_t>(i);
      other.world.vlek.tcb.microcode = static_cast<std::uint8_t>(i);
      other.world.vcek_cert.spki = keys_of("two").vcek.public_key().to_spki();
      other.world.vlek_cert.spki = keys_of("two").vlek.public_key().to_spki();
      const AmdCollateral c = *sign_amd_world(other.world, keys_of("one"));
      all.documents.push_back({"other.der", face.vlek() ? c.vlek : c.vcek});
    }
    for (attest::Document& d : m.documents.documents)
      all.documents.push_back(std::move(d));
    m.documents = std::move(all);
    const Appraisal a = judge(m, s);
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  }
}

TEST(SnpChecks, MilanIsAcceptedWithAWordOfCautionAndCanBeRefused) {
  Stage s = good_stage(kFaces[0]);
  const Made m = make(s);
  const Appraisal a = judge(m, s);
  EXPECT_EQ(a.verdict, Verdict::kAccepted);
  EXPECT_TRUE(std::ranges::any_of(
      a.warnings, [](const std::string& n) { return n.find("2605.12990") != std::string::npos; }));
  s.policy.refused_values["snp.product.line"] = {"Milan"};
  EXPECT_EQ(judge(m, s).failed(), Ids{"snp.product.line"});
}

}  // namespace
}  // namespace ward::soft
