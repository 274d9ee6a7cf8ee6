#include "broker/policy.h"

#include <map>

#include <gtest/gtest.h>

namespace ward::broker {
namespace {

constexpr const char* kWords[] = {"processor", "platform"};
constexpr attest::FieldInfo kFields[] = {
    {"x.report.flag", "flag", {.kind = attest::FieldKind::kFlag}},
    {"x.report.svn", "svn", {.kind = attest::FieldKind::kNumber, .size = 65535}},
    {"x.report.signer", "signer", {.kind = attest::FieldKind::kOctets, .size = 4}},
    {"x.pck.ca", "pck.ca", {.kind = attest::FieldKind::kWord, .words = kWords}},
    {"x.report.version", "version", {.kind = attest::FieldKind::kVersion}},
    {"x.log.items", "items", {.kind = attest::FieldKind::kItems, .size = 48}}};

Result<EvidencePolicy, Diag> parse_evidence(Bytes json) {
  return parse_evidence_policy(json, kFields);
}

const std::string kDigest(64, 'a');
const std::string kOther(96, 'b');

std::string evidence(const std::string& members) {
  return R"({"schema":"ward.evidence-policy/1")" + members + "}";
}

std::string results(const std::string& rules) {
  return R"({"schema":"ward.results-policy/1","releases":[)" + rules + "]}";
}

std::string rule(const std::string& more = "") {
  return R"({"resources":["key/records"],"workloads":[")" + kOther + R"("],"runtimes":[")" +
         kDigest + "\"]" + more + "}";
}

TEST(EvidencePolicy, names_dates_tolerated_advisories_and_chips) {
  const auto policy = parse_evidence(as_bytes(
      evidence(R"(,"runtimes":[],"min_tcb_date":"2024-03-13","tolerated_advisories":)"
               R"({"INTEL-SA-00615":"2026-12-31"},"accepted_chips":["00112233445566aa"])")));
  ASSERT_TRUE(policy) << to_text(policy.error());
  EXPECT_EQ(format_rfc3339(*policy->policy.min_tcb_date), "2024-03-13T00:00:00Z");
  EXPECT_EQ(format_rfc3339(policy->policy.tolerated.at("INTEL-SA-00615")), "2026-12-31T23:59:59Z");
  EXPECT_EQ(policy->policy.chips->size(), 1U);
  for (const char* wrong :
       {R"("min_tcb_date":"soon")", R"("min_tcb_date":5)", R"("tolerated_advisories":["A-1"])",
        R"("tolerated_advisories":{"all":"2026-12-31"})",
        R"("tolerated_advisories":{"CVE-2022-21123":"2026-12-31"})",
        R"("tolerated_advisories":{"INTEL-SA-00615":"for ever"})",
        R"("tolerated_advisories":{"INTEL-SA-1":"2026-12-31","intel-sa-1":"2026-12-31"})",
        R"("accepted_chips":[])", R"("accepted_chips":["00"])", R"("accepted_chips":["zz"])"}) {
    EXPECT_FALSE(parse_evidence(as_bytes(evidence(R"(,"runtimes":[],)" + std::string(wrong)))))
        << wrong;
  }
}

TEST(EvidencePolicy, reads_what_it_says_and_defaults_to_refusal) {
  const auto plain = parse_evidence(as_bytes(evidence(R"(,"runtimes":[])")));
  ASSERT_TRUE(plain) << to_text(plain.error());
  ASSERT_TRUE(plain->runtimes);
  EXPECT_TRUE(plain->runtimes->empty());
  EXPECT_EQ(plain->policy.accepted_tcb, std::vector<std::string>{"UpToDate"});
  EXPECT_FALSE(plain->policy.allow_debug);
  EXPECT_FALSE(plain->policy.allow_development);
  EXPECT_FALSE(plain->policy.accept_any_tcb);

  const auto wide = parse_evidence(
      as_bytes(evidence(R"(,"name":"lab","runtimes":[")" + kDigest +
                        R"("],"accepted_tcb":["UpToDate","SWHardeningNeeded"],"allow_debug":true,)"
                        R"("allow_development":true,"min_tcb_evaluation":17)")));
  ASSERT_TRUE(wide) << to_text(wide.error());
  EXPECT_EQ(wide->policy.name, "lab");
  EXPECT_EQ(wide->policy.accepted_tcb.size(), 2U);
  EXPECT_TRUE(wide->policy.allow_debug);
  EXPECT_TRUE(wide->policy.allow_development);
  EXPECT_EQ(wide->policy.min_tcb_evaluation, 17U);
  ASSERT_TRUE(wide->runtimes);
  ASSERT_EQ(wide->runtimes->size(), 1U);
  EXPECT_EQ(to_hex(wide->runtimes->front()), kDigest);
}

TEST(EvidencePolicy, leaves_the_measurement_to_rego_for_the_first_device_alone) {
  const auto cpu = parse_evidence(as_bytes(evidence(R"(,"rego":{"cpu":"package policy"})")));
  ASSERT_TRUE(cpu) << to_text(cpu.error());
  EXPECT_FALSE(cpu->runtimes);
  EXPECT_EQ(cpu->rego.at("cpu"), "package policy");
  for (const char* wrong :
       {R"(,"rego":{"gpu":"package policy"})", R"(,"rego":{})", R"(,"rego":"package policy")",
        R"(,"rego":{"dpu":"x"},"runtimes":[])", R"(,"rego":{"cpu":""},"runtimes":[])",
        R"(,"rego":{"cpu":1},"runtimes":[])"}) {
    EXPECT_FALSE(parse_evidence(as_bytes(evidence(wrong)))) << wrong;
  }
}

TEST(EvidencePolicy, names_the_place_that_is_wrong) {
  const std::string fine = R"(,"runtimes":[])";

  const struct {
    std::string text;
    std::string path;
  } kCases[] = {
      {"", ""},
      {"[]", ""},
      {R"({"schema":"ward.results-policy/1"})", "schema"},
      {evidence(""), "runtimes"},
      {evidence(R"(,"runtimes":"x")"), "runtimes"},
      {evidence(R"(,"runtimes":["zz"])"), "runtimes[0]"},
      {evidence(R"(,"runtimes":["aabb"])"), "runtimes[0]"},
      {evidence(R"(,"runtimes":[")" + std::string(130, 'a') + "\"]"), "runtimes[0]"},
      {evidence(R"(,"runtimes":[")" + kDigest + "\",\"" + std::string(64, 'A') + "\"]"),
       "runtimes[1]"},
      {evidence(fine + R"(,"alow_debug":true)"), "alow_debug"},
      {evidence(fine + R"(,"allow_debug":1)"), "allow_debug"},
      {evidence(fine + R"(,"allow_development":"yes")"), "allow_development"},
      {evidence(fine + R"(,"min_tcb_evaluation":-1)"), "min_tcb_evaluation"},
      {evidence(fine + R"(,"accepted_tcb":["Revoked"])"), "accepted_tcb"},
      {evidence(fine + R"(,"accepted_tcb":["A","A"])"), "accepted_tcb[1]"},
      {evidence(fine + R"(,"name":"")"), "name"},
  };

  for (const auto& row : kCases) {
    const auto parsed = parse_evidence(as_bytes(row.text));
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_EQ(parsed.error().path, row.path) << row.text;
  }
}

std::string values(const std::string& object) {
  return evidence(R"(,"runtimes":[],"accepted_values":)" + object);
}

TEST(EvidencePolicy, names_the_values_that_it_accepts_of_a_tees_own_fields) {
  const auto parsed = parse_evidence(
      as_bytes(values(R"({"x.report.flag":[true],"x.report.svn":[3,"4"],"x.pck.ca":["Platform"],)"
                      R"("x.report.signer":["00ffAA01"],"x.log.items":["ro quiet"]})")));
  ASSERT_TRUE(parsed) << to_text(parsed.error());
  const std::map<std::string, std::vector<std::string>> want = {{"x.report.flag", {"true"}},
                                                                {"x.report.svn", {"3", "4"}},
                                                                {"x.pck.ca", {"Platform"}},
                                                                {"x.report.signer", {"00ffAA01"}},
                                                                {"x.log.items", {"ro quiet"}}};
  EXPECT_EQ(parsed->policy.accepted_values, want);
  EXPECT_TRUE(parse_evidence(as_bytes(values("{}")))->policy.accepted_values.empty());
}

// A demand that no evidence could ever meet, or of a field that none has, is found on load.
TEST(EvidencePolicy, refuses_a_demand_that_could_never_be_met) {
  const std::string at = "accepted_values.";

  const struct {
    std::string object;
    std::string path;
    std::string expected;
  } kCases[] = {
      {"[]", "accepted_values", "an object: fields, with lists of values"},
      {R"({"x.report.flagg":[true]})", at + "x.report.flagg",
       "a field that a TEE has; did you mean x.report.flag?"},
      {R"({"pck.ca":["platform"]})", at + "pck.ca",
       "a field that a TEE has; did you mean x.pck.ca?"},
      {R"({"something":["x"]})", at + "something", "a field that a TEE has"},
      {R"({"x.report.flag":true})", at + "x.report.flag", "a list of 1 to 1024 values"},
      {R"({"x.report.flag":[]})", at + "x.report.flag", "a list of 1 to 1024 values"},
      {R"({"x.report.flag":[true,"yes"]})", at + "x.report.flag[1]", "true or false"},
      {R"({"x.report.flag":[1]})", at + "x.report.flag[0]", "true or false"},
      {R"({"x.report.flag":[null]})", at + "x.report.flag[0]", "true or false"},
      {R"({"x.report.flag":["true","TRUE"]})", at + "x.report.flag[1]", "each entry once"},
      {R"({"x.report.svn":[65536]})", at + "x.report.svn[0]", "a whole number of at most 65535"},
      {R"({"x.report.svn":[-1]})", at + "x.report.svn[0]", "a whole number of at most 65535"},
      {R"({"x.report.svn":["01"]})", at + "x.report.svn[0]", "a whole number of at most 65535"},
      {R"({"x.report.signer":["00ffaa"]})", at + "x.report.signer[0]", "4 octets in hex"},
      {R"({"x.report.signer":["00ffaa0"]})", at + "x.report.signer[0]", "4 octets in hex"},
      {R"({"x.report.signer":["00ffaa0g"]})", at + "x.report.signer[0]", "4 octets in hex"},
      {R"({"x.pck.ca":["root"]})", at + "x.pck.ca[0]", "one of: processor, platform"},
      {R"({"x.log.items":[")" + kDigest + "\"]}", at + "x.log.items[0]",
       "48 octets in hex, or a text of at most 4096 octets"},
  };

  for (const auto& row : kCases) {
    const auto parsed = parse_evidence(as_bytes(values(row.object)));
    ASSERT_FALSE(parsed) << row.object;
    EXPECT_EQ(parsed.error().path, row.path) << row.object;
    EXPECT_EQ(parsed.error().expected, row.expected) << row.object;
  }
}

TEST(EvidencePolicy, names_the_values_that_it_refuses_and_the_least_ones) {
  const auto parsed = parse_evidence(as_bytes(
      evidence(R"(,"runtimes":[],"refused_values":{"x.pck.ca":["platform"],"x.report.svn":[0,1]},)"
               R"("minimum_values":{"x.report.svn":24,"x.report.version":"1.55.40"},)"
               R"("require_revocation":false)")));
  ASSERT_TRUE(parsed) << to_text(parsed.error());
  const std::map<std::string, std::vector<std::string>> refused = {{"x.pck.ca", {"platform"}},
                                                                   {"x.report.svn", {"0", "1"}}};
  const std::map<std::string, std::string> least = {{"x.report.svn", "24"},
                                                    {"x.report.version", "1.55.40"}};
  EXPECT_EQ(parsed->policy.refused_values, refused);
  EXPECT_EQ(parsed->policy.minimum_values, least);
  EXPECT_TRUE(parsed->policy.accepted_values.empty());
  EXPECT_FALSE(parsed->policy.require_revocation);
}

TEST(EvidencePolicy, demands_revocation_where_it_says_nothing_of_it) {
  const auto parsed = parse_evidence(as_bytes(evidence(R"(,"runtimes":[])")));
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->policy.require_revocation);
  EXPECT_TRUE(parsed->policy.refused_values.empty());
  EXPECT_TRUE(parsed->policy.minimum_values.empty());
}

TEST(EvidencePolicy, refuses_what_is_no_refusal_and_no_least_value) {
  const struct {
    std::string member;
    std::string path;
    std::string expected;
  } kCases[] = {
      {R"("require_revocation":"no")", "require_revocation", "true or false"},
      {R"("require_revocation":0)", "require_revocation", "true or false"},
      {R"("require_revocation":null)", "require_revocation", "true or false"},
      {R"("require_crl":false)", "require_crl", ""},
      {R"("refused_values":[])", "refused_values", "an object: fields, with lists of values"},
      {R"("refused_values":"x.pck.ca")", "refused_values",
       "an object: fields, with lists of values"},
      {R"("refused_values":{"x.pck.ca":"platform"})", "refused_values.x.pck.ca",
       "a list of 1 to 1024 values"},
      {R"("refused_values":{"x.pck.ca":[]})", "refused_values.x.pck.ca",
       "a list of 1 to 1024 values"},
      {R"("refused_values":{"x.pck.ca":["root"]})", "refused_values.x.pck.ca[0]",
       "one of: processor, platform"},
      {R"("refused_values":{"x.pck.cab":["platform"]})", "refused_values.x.pck.cab",
       "a field that a TEE has; did you mean x.pck.ca?"},
      {R"("minimum_values":[])", "minimum_values", "an object: fields, each with its least value"},
      {R"("minimum_values":{"x.report.svm":1})", "minimum_values.x.report.svm",
       "a field that a TEE has; did you mean x.report.svn?"},
      {R"("minimum_values":{"x.report.svn":[1]})", "minimum_values.x.report.svn",
       "a whole number of at most 65535"},
      {R"("minimum_values":{"x.report.svn":65536})", "minimum_values.x.report.svn",
       "a whole number of at most 65535"},
      {R"("minimum_values":{"x.report.svn":-1})", "minimum_values.x.report.svn",
       "a whole number of at most 65535"},
      {R"("minimum_values":{"x.report.svn":1.5})", "minimum_values.x.report.svn",
       "a whole number of at most 65535"},
      {R"("minimum_values":{"x.report.svn":""})", "minimum_values.x.report.svn",
       "a whole number of at most 65535"},
      {R"("minimum_values":{"x.report.svn":null})", "minimum_values.x.report.svn",
       "a whole number of at most 65535"},
      {R"("minimum_values":{"x.report.version":"1.x"})", "minimum_values.x.report.version",
       "a version, numbers with points between them"},
      {R"("minimum_values":{"x.report.version":1.55})", "minimum_values.x.report.version",
       "a version, numbers with points between them"},
      {R"("minimum_values":{"x.report.flag":"true"})", "minimum_values.x.report.flag",
       "a field of numbers or versions: only they have a least value"},
      {R"("minimum_values":{"x.pck.ca":"platform"})", "minimum_values.x.pck.ca",
       "a field of numbers or versions: only they have a least value"},
  };

  for (const auto& row : kCases) {
    const auto parsed = parse_evidence(as_bytes(evidence(R"(,"runtimes":[],)" + row.member)));
    ASSERT_FALSE(parsed) << row.member;
    EXPECT_EQ(parsed.error().path, row.path) << row.member;
    if (!row.expected.empty()) {
      EXPECT_EQ(parsed.error().expected, row.expected) << row.member;
    }
  }
}

TEST(EvidencePolicy, bounds_the_values_of_a_field) {
  const auto with = [](std::size_t count) {
    std::string numbers;
    for (std::size_t i = 0; i < count; ++i)
      numbers += (i == 0 ? "" : ",") + std::to_string(i);
    return values(R"({"x.report.svn":[)" + numbers + "]}");
  };
  EXPECT_TRUE(parse_evidence(as_bytes(with(kMaxPolicyItems))));
  EXPECT_FALSE(parse_evidence(as_bytes(with(kMaxPolicyItems + 1))));
}

TEST(ResultsPolicy, finds_the_rule_of_a_resource) {
  const auto policy = parse_results_policy(as_bytes(results(rule())));
  ASSERT_TRUE(policy) << to_text(policy.error());
  ASSERT_NE(policy->rule_for("key/records"), nullptr);
  EXPECT_EQ(policy->rule_for("key/other"), nullptr);
  EXPECT_FALSE(policy->rules[0].signers);
  EXPECT_FALSE(policy->rules[0].allow_development);
}

TEST(ResultsPolicy, names_the_place_that_is_wrong) {
  const struct {
    std::string text;
    std::string path;
  } kCases[] = {
      {R"({"schema":"ward.results-policy/1"})", "releases"},
      {results("7"), "releases[0]"},
      {results(rule() + "," + rule()), "releases[1].resources"},
      {results(rule(R"(,"allow":true)")), "releases[0].allow"},
      {results(rule(R"(,"signers":[1])")), "releases[0].signers[0]"},
      {results(R"({"resources":["a"],"workloads":[],"runtimes":[]})"), "releases[0].resources"},
      {results(R"({"resources":["a/b/c"],"workloads":[],"runtimes":[]})"), "releases[0].resources"},
      {results(R"({"resources":["a/b"],"runtimes":[]})"), "releases[0].workloads"},
      {results(R"({"resources":["a/b"],"workloads":[]})"), "releases[0].runtimes"},
  };

  for (const auto& row : kCases) {
    const auto parsed = parse_results_policy(as_bytes(row.text));
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_EQ(parsed.error().path, row.path) << row.text;
  }
}

TEST(ResultsPolicy, bounds_its_lists) {
  const auto with = [](std::size_t count) {
    std::string names;
    for (std::size_t i = 0; i < count; ++i)
      names += (i == 0 ? "\"a/" : ",\"a/") + std::to_string(i) + "\"";
    return results(R"({"resources":[)" + names + R"(],"workloads":[],"runtimes":[]})");
  };
  EXPECT_TRUE(parse_results_policy(as_bytes(with(kMaxPolicyItems))));
  EXPECT_FALSE(parse_results_policy(as_bytes(with(kMaxPolicyItems + 1))));
}

TEST(ResultsPolicy, refuses_every_cut) {
  const std::string text = results(rule());
  for (std::size_t n = 0; n < text.size(); ++n)
    EXPECT_FALSE(parse_results_policy(as_bytes(std::string_view(text).substr(0, n)))) << n;
}

}  // namespace
}  // namespace ward::broker
