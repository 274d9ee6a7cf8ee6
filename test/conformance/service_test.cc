// What the service makes of evidence: every TEE's own vectors, as the KBS protocol carries them.
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "apps/wardd/evidence.h"
#include "base/bytes.h"
#include "broker/judgement.h"
#include "test/conformance/own_vector.h"

namespace ward {
namespace {

using attest::Outcome;
using conformance::Vector;

std::string sent(const Buffer& evidence) {
  const std::string text(as_text(evidence));
  if (text.starts_with('{')) return text;
  if (text.starts_with('[')) return R"({"device_evidence_list":)" + text + "}";
  return R"({"quote":")" + to_base64(evidence, Base64::kStandard) + "\"}";
}

std::string protocol_name(const attest::SchemeInfo& info) {
  return info.protocol_names.empty() ? info.name : info.protocol_names.front();
}

// Sent is what differs from a message that all is right with.
struct Sent {
  std::optional<Buffer> binding = {};
  std::optional<std::vector<Buffer>> runtimes = {};
};

attest::Appraisal appraised(const Vector& v, const Sent& how = {}) {
  const wardd::PipelineVerifier verifier({v.root}, v.collateral);
  broker::EvidencePolicy policy;
  policy.policy = conformance::Judge{}.policy;
  policy.runtimes = how.runtimes;
  if (!policy.runtimes && v.has("measurement")) {
    policy.runtimes = {{*from_hex(v.facts.at("measurement"))}};
  }
  const Buffer binding = how.binding.value_or(*from_hex(v.facts.at("report_data")));
  const std::string primary = sent(v.evidence);
  auto out = verifier.appraise({.tee = protocol_name(v.scheme->info()),
                                .primary_evidence = primary,
                                .additional_evidence = {},
                                .binding = binding,
                                .device_binding = binding,
                                .policy = policy,
                                .now = v.time("at"),
                                .whole_field = true});
  EXPECT_TRUE(out) << v.name << ": " << out.error().what();
  return out ? std::move(out->appraisal) : attest::Appraisal{};
}

std::string text_of(const std::optional<std::vector<attest::Check>>& failures) {
  if (!failures) return "nothing";
  std::string out = std::to_string(failures->size()) + " failures:";
  for (const attest::Check& check : *failures) {
    out += std::string(" ") + check.info->id;
  }
  return out;
}

// served_vectors are those of the TEEs whose workloads choose what their evidence binds.
std::vector<Vector> served_vectors() {
  std::vector<Vector> out = conformance::all_vectors();
  std::erase_if(out, [](const Vector& v) { return v.scheme->info().host_chooses_report_data; });
  return out;
}

TEST(Service, AcceptsWhatTheSchemeAcceptsWhateverPartsItsEvidenceLacks) {
  std::set<std::string> tees;
  bool lacking = false;
  for (const Vector& v : served_vectors()) {
    const attest::Appraisal a = appraised(v);
    EXPECT_EQ(text_of(broker::failures_of(a)), "nothing") << v.name;
    tees.insert(a.tee);
    lacking = lacking || std::ranges::any_of(v.unasked, [](const std::string& id) {
                return id.ends_with("event_log.form");
              });
  }
  EXPECT_TRUE(lacking);
  for (const char* tee :
       {"azure", "cca", "keystone", "nitro", "nvidia", "sgx", "snp", "tdx", "tpm"}) {
    EXPECT_TRUE(tees.contains(tee)) << tee;
  }
}

TEST(Service, RefusesOtherDataAndAnotherMeasurement) {
  for (const Vector& v : served_vectors()) {
    Buffer other = *from_hex(v.facts.at("report_data"));
    other.front() ^= 1U;
    EXPECT_NE(text_of(broker::failures_of(appraised(v, {.binding = other}))), "nothing") << v.name;
    const std::vector<Buffer> none;
    EXPECT_NE(text_of(broker::failures_of(appraised(v, {.runtimes = none}))), "nothing") << v.name;
  }
}

TEST(Service, RefusesEvidenceThatNobodyComparedWithWhatRunsOrWithWhoAsks) {
  for (const Vector& v : served_vectors()) {
    attest::Appraisal a = appraised(v);
    for (const attest::CheckInfo* info : {a.facts.report_data_check, a.facts.measurement_check}) {
      if (info == nullptr) continue;
      attest::Appraisal unasked = a;
      const auto check = std::ranges::find(unasked.checks, info, &attest::Check::info);
      ASSERT_NE(check, unasked.checks.end()) << v.name;
      check->outcome = Outcome::kNotDone;
      check->not_done = attest::NotDone::kNotAsked;
      EXPECT_EQ(text_of(broker::failures_of(unasked)), "1 failures: " + std::string(info->id));
    }
  }
}

}  // namespace
}  // namespace ward
