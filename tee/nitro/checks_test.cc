// For every check of AWS Nitro evidence, a development platform that differs from a good one in
// that fact alone.
#include <algorithm>
#include <functional>
#include <ostream>
#include <set>

#include <gtest/gtest.h>

#include "attest/field.h"
#include "tee/nitro/document.h"
#include "tee/nitro/made/stage.h"
#include "tee/nitro/scheme.h"

namespace ward::nitro {
namespace {

using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;
using made::Stage;
using Ids = std::vector<std::string>;

struct Case {
  const char* check;
  const char* name;
  void (*change)(Stage&);
};

attest::Expected other(std::size_t size) { return std::vector<Buffer>{Buffer(size, 7)}; }

void replace_extension(Stage& s, std::size_t place, std::size_t at, pki::Extension extension) {
  s.chain[place].spec.extensions[at] = std::move(extension);
}

constexpr Case kCases[] = {
    {"document.form", "a_register_of_32_octets", [](Stage& s) { s.pcrs[5] = Buffer(32); }},
    {"document.form", "no_image_register", [](Stage& s) { s.pcrs.erase(kImagePcr); }},
    {"document.form", "no_module_id", [](Stage& s) { s.module_id.clear(); }},
    {"document.form", "no_time", [](Stage& s) { s.timestamp_ms = 0; }},
    {"document.algorithm", "es256", [](Stage& s) { s.algorithm = token::CoseAlgorithm::kEs256; }},
    {"document.digest", "sha512", [](Stage& s) { s.digest = "SHA512"; }},
    {"chain.root", "not_named", [](Stage& s) { s.anchors.clear(); }},
    {"chain.signature", "by_another",
     [](Stage& s) { s.chain[made::kZone].signer = made::kEnclave; }},
    {"chain.signature", "root_not_by_itself",
     [](Stage& s) { s.chain[made::kRoot].signer = made::kEnclave; }},
    {"chain.names", "issuer_of_another",
     [](Stage& s) { s.chain[made::kEnclave].spec.issuer = s.chain[made::kZone].spec.subject; }},
    {"chain.constraints", "leaf_is_a_ca",
     [](Stage& s) {
       replace_extension(s, made::kEnclave, 0, pki::basic_constraints_extension({.ca = true}));
     }},
    {"chain.constraints", "leaf_may_not_sign",
     [](Stage& s) {
       replace_extension(s, made::kEnclave, 1,
                         pki::key_usage_extension(pki::key_usage::kKeyCertSign));
     }},
    {"chain.constraints", "leaf_without_key_usage",
     [](Stage& s) { s.chain[made::kEnclave].spec.extensions.pop_back(); }},
    {"chain.constraints", "issuer_without_key_usage",
     [](Stage& s) { s.chain[made::kZone].spec.extensions.pop_back(); }},
    {"chain.constraints", "issuer_is_no_ca",
     [](Stage& s) {
       replace_extension(s, made::kInstance, 0, pki::basic_constraints_extension({.ca = false}));
     }},
    {"chain.constraints", "longer_than_allowed",
     [](Stage& s) {
       replace_extension(s, made::kRegion, 0,
                         pki::basic_constraints_extension({.ca = true, .path_len = 1}));
     }},
    {"chain.not_before", "region_of_tomorrow",
     [](Stage& s) { s.chain[made::kRegion].spec.not_before = UnixTime{made::kNow.seconds + 1}; }},
    {"chain.not_after", "instance_of_yesterday",
     [](Stage& s) { s.chain[made::kInstance].spec.not_after = UnixTime{made::kNow.seconds - 1}; }},
    {"chain.not_after", "a_document_of_yesterday",
     [](Stage& s) { s.now = UnixTime{made::kTo.seconds + 1}; }},
    {"chain.development_mark", "under_a_root_of_hardware",
     [](Stage& s) { s.anchors[0].development = false; }},
    {"document.signature", "by_another", [](Stage& s) { s.signer = made::kInstance; }},
    {"timestamp.certificate", "before_it",
     [](Stage& s) { s.timestamp_ms = static_cast<std::uint64_t>(made::kFrom.seconds) * 1000 - 1; }},
    {"timestamp.now", "after_it",
     [](Stage& s) { s.timestamp_ms = static_cast<std::uint64_t>(made::kNow.seconds + 1) * 1000; }},
    {"pcrs.debug", "no_launch_is_measured",
     [](Stage& s) {
       for (const std::uint32_t i : {kImagePcr, kKernelPcr, kApplicationPcr}) {
         s.pcrs[i] = Buffer(kPcrSize);
       }
       s.expected.measurement = std::vector<Buffer>{Buffer(kPcrSize)};
     }},
    {"pcrs.debug", "one_register_is_zero",
     [](Stage& s) { s.pcrs[kApplicationPcr] = Buffer(kPcrSize); }},
    {"report_data.expected", "another", [](Stage& s) { s.expected.report_data = other(64); }},
    {"report_data.expected", "none", [](Stage& s) { s.user_data.reset(); }},
    {"report_data.expected", "longer", [](Stage& s) { s.user_data->push_back(0); }},
    {"measurement.expected", "another", [](Stage& s) { s.expected.measurement = other(48); }},
    {"workload.expected", "another", [](Stage& s) { s.expected.workload = other(48); }},
    {"workload.expected", "none", [](Stage& s) { s.pcrs.erase(kWorkloadPcr); }},
    {"platform.development", "not_allowed", [](Stage& s) { s.policy.allow_development = false; }}};

std::string id_of(const Case& c) { return std::string("nitro.") + c.check; }

std::string underscored(std::string text) {
  std::ranges::replace(text, '.', '_');
  return text;
}

void PrintTo(const Case& c, std::ostream* out) { *out << c.check << " " << c.name; }

class WrongNitroFact : public testing::TestWithParam<Case> {};

TEST_P(WrongNitroFact, FailsItsCheckAlone) {
  Stage s = made::good_stage();
  GetParam().change(s);
  const Appraisal a = made::judge(s);
  EXPECT_EQ(a.failed(), Ids{id_of(GetParam())});
  EXPECT_EQ(a.verdict, Verdict::kRefused);
}

INSTANTIATE_TEST_SUITE_P(Nitro, WrongNitroFact, testing::ValuesIn(kCases), [](const auto& c) {
  return "n__" + underscored(id_of(c.param)) + "__" + c.param.name;
});

TEST(NitroChecks, TheGoodPlatformPassesEveryCheck) {
  for (const bool tagged : {false, true}) {
    Stage s = made::good_stage();
    s.tagged = tagged;
    const Appraisal a = made::judge(s);
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_TRUE(a.development);
    for (const attest::Check& c : a.checks) {
      EXPECT_EQ(c.outcome, Outcome::kPassed) << c.info->id;
    }
  }
}

// Payload of a good stage whose map has been changed.
TEST(NitroChecks, OctetsThatAreNoCertificate__nitro_certificate_form__AreNamed) {
  const Stage s = made::good_stage();
  const made::Made m = made::make(s);
  auto parsed = parse_document(m.evidence);
  ASSERT_TRUE(std::holds_alternative<Document>(parsed));
  Document& document = std::get<Document>(parsed);
  const Buffer garbage = {0x30, 0x00};
  const auto judged = [&] {
    return made::judge(s, made::sign_payload(s, *write_payload(document))).failed();
  };
  document.cabundle[1] = garbage;
  EXPECT_EQ(judged(), Ids{"nitro.certificate.form"});
  document.cabundle[1] = m.certificates[1];
  document.certificate = garbage;
  EXPECT_EQ(judged(), Ids{"nitro.certificate.form"});
}

std::string another(const attest::FieldForm& form, const std::string& value) {
  if (form.kind == attest::FieldKind::kNumber) return value == "1" ? "2" : "1";
  if (form.kind == attest::FieldKind::kOctets) return std::string(2 * form.size, '7');
  return "another";
}

class NitroField : public testing::TestWithParam<attest::FieldInfo> {};

TEST_P(NitroField, IsJudgedByTheValuesThatAPolicyNames) {
  const char* id = GetParam().id;
  Stage s = made::good_stage();
  const attest::Facts facts = made::judge(s).facts;
  const auto field = std::ranges::find_if(
      facts.fields, [&](const auto& f) { return std::string_view(f.check->id) == id; });
  ASSERT_NE(field, facts.fields.end());
  if (field->values.empty()) {
    s.policy.accepted_values[id] = {std::string(96, '0')};
    EXPECT_EQ(made::judge(s).verdict, Verdict::kUndetermined);
    EXPECT_EQ(made::judge(s).check(id)->not_done, attest::NotDone::kAbsent);
    return;
  }
  const std::string value = field->values.front();
  EXPECT_TRUE(attest::is_possible(field->form, value)) << value;
  s.policy.accepted_values[id] = {value};
  EXPECT_EQ(made::judge(s).verdict, Verdict::kAccepted);
  s.policy.accepted_values[id] = {another(field->form, value)};
  EXPECT_EQ(made::judge(s).failed(), Ids{id});
}

std::vector<attest::FieldInfo> all_fields() {
  const auto fields = Nitro{}.info().fields;
  return {fields.begin(), fields.end()};
}

INSTANTIATE_TEST_SUITE_P(Nitro, NitroField, testing::ValuesIn(all_fields()),
                         [](const auto& c) { return "n__" + underscored(c.param.id) + "__"; });

TEST(NitroChecks, EveryDeclaredCheckHasACaseHere) {
  std::set<std::string> covered{"nitro.certificate.form"};
  for (const Case& c : kCases) {
    covered.insert(id_of(c));
  }
  for (const attest::FieldInfo& field : all_fields()) {
    covered.insert(field.id);
  }
  for (const attest::CheckInfo& info : Nitro{}.info().checks) {
    EXPECT_TRUE(covered.contains(info.id)) << info.id;
  }
}

TEST(NitroChecks, ALeastTimestampSaysHowOldADocumentMayBe) {
  Stage s = made::good_stage();
  s.policy.minimum_values["nitro.document.timestamp"] = std::to_string(s.timestamp_ms);
  EXPECT_EQ(made::judge(s).verdict, Verdict::kAccepted);
  s.policy.minimum_values["nitro.document.timestamp"] = std::to_string(s.timestamp_ms + 1);
  EXPECT_EQ(made::judge(s).failed(), Ids{"nitro.document.timestamp"});
}

}  // namespace
}  // namespace ward::nitro
