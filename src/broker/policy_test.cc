#include "broker/policy.h"

#include <gtest/gtest.h>

namespace ward::broker {
namespace {

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

TEST(EvidencePolicy, reads_what_it_says_and_defaults_to_refusal) {
  const auto plain = parse_evidence_policy(as_bytes(evidence(R"(,"runtimes":[])")));
  ASSERT_TRUE(plain) << to_text(plain.error());
  EXPECT_TRUE(plain->runtimes.empty());
  EXPECT_EQ(plain->policy.accepted_tcb, std::vector<std::string>{"UpToDate"});
  EXPECT_FALSE(plain->policy.allow_debug);
  EXPECT_FALSE(plain->policy.allow_development);
  EXPECT_FALSE(plain->policy.accept_any_tcb);

  const auto wide = parse_evidence_policy(
      as_bytes(evidence(R"(,"name":"lab","runtimes":[")" + kDigest +
                        R"("],"accepted_tcb":["UpToDate","SWHardeningNeeded"],"allow_debug":true,)"
                        R"("allow_development":true,"min_tcb_evaluation":17)")));
  ASSERT_TRUE(wide) << to_text(wide.error());
  EXPECT_EQ(wide->policy.name, "lab");
  EXPECT_EQ(wide->policy.accepted_tcb.size(), 2U);
  EXPECT_TRUE(wide->policy.allow_debug);
  EXPECT_TRUE(wide->policy.allow_development);
  EXPECT_EQ(wide->policy.min_tcb_evaluation, 17U);
  ASSERT_EQ(wide->runtimes.size(), 1U);
  EXPECT_EQ(to_hex(wide->runtimes[0]), kDigest);
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
    const auto parsed = parse_evidence_policy(as_bytes(row.text));
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_EQ(parsed.error().path, row.path) << row.text;
  }
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
