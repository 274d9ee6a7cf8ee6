// Reference values that are not there: undefined where that refuses, else they are named.

#include <map>

#include "test/support/rego.h"

namespace ward::policy::rego {
namespace {

constexpr std::string_view kMissing =
    "needs reference values that are not there, or have ended: `no`";

Documents documents() {
  return {.input = R"({"n":5,"m":"aa","list":["aa"]})",
          .data = {},
          .reference_values = R"({"min":3,"known":["aa","bb"],"empty":[]})",
          .now = {1'700'000'000}};
}

// told is `hardware` of a policy, or why there is none.
std::string told(const std::string& rules) {
  const auto policy = Policy::load("package policy\nimport rego.v1\n" + rules + "\n", "p.rego");
  if (!policy) return to_text(policy.error());
  const auto result = policy->trust_claims(documents());
  if (!result) {
    EXPECT_FALSE(result.error().undetermined) << rules;
    return result.error().reason;
  }
  return std::to_string(result->claims.front().second);
}

std::string asked(const char* condition) {
  return std::string("default hardware := 97\nhardware := 2 if {\n  ") + condition + "\n}\n";
}

// Nothing that is said of a value that is not there holds.
TEST(RegoNeeds, NothingHoldsOfAValueThatIsNotThere) {
  WARD_NEED_REGO();
  for (const auto* condition : {"input.n >= query_reference_value(\"no\")",
                                "input.n > query_reference_value(\"no\")",
                                "input.n <= query_reference_value(\"no\")",
                                "input.n < query_reference_value(\"no\")",
                                "input.n != query_reference_value(\"no\")",
                                "input.n == query_reference_value(\"no\")",
                                "null == query_reference_value(\"no\")",
                                "input.m in query_reference_value(\"no\")",
                                "query_reference_value(\"no\")",
                                "is_string(query_reference_value(\"no\"))",
                                "x := query_reference_value(\"no\")\n  input.n >= x",
                                "x = query_reference_value(\"no\")\n  input.n >= x",
                                "[x] = [query_reference_value(\"no\")]",
                                "count([query_reference_value(\"no\")]) == 1",
                                "count({query_reference_value(\"no\")}) == 1",
                                "count({\"a\": query_reference_value(\"no\")}) == 1",
                                "object.get({}, \"a\", query_reference_value(\"no\")) != 1",
                                "sprintf(\"%v\", [query_reference_value(\"no\")]) != \"\"",
                                "some x in query_reference_value(\"no\")\n  x != input.m",
                                "x := query_reference_value(\"no\")[_]\n  x != input.m",
                                "query_reference_value(\"no\").a != 1",
                                "0 - query_reference_value(\"no\") < 9",
                                "query_reference_value(\"no\") & {1} != {1}",
                                "input.n >= data.reference.no",
                                "input.m in data.reference.no",
                                "input.n != data.reference[\"no\"]"}) {
    EXPECT_EQ(told(asked(condition)), "97") << condition;
  }
}

// Where undefined would be an answer the value is needed.
TEST(RegoNeeds, WhatIsAskedWhereUndefinedHoldsIsNamed) {
  WARD_NEED_REGO();
  for (const auto* condition :
       {"not input.m in query_reference_value(\"no\")",
        "not input.n >= query_reference_value(\"no\")", "not query_reference_value(\"no\")",
        "(input.m in query_reference_value(\"no\")) == false",
        "x := input.m in query_reference_value(\"no\")\n  x == false",
        "count([x | some x in query_reference_value(\"no\")]) == 0",
        "count({x | some x in query_reference_value(\"no\"); x == input.m}) == 0",
        "every x in query_reference_value(\"no\") { x != input.m }",
        "every x in input.list { not x in query_reference_value(\"no\") }",
        "not input.m in data.reference.no", "every x in data.reference.no { x != input.m }"}) {
    EXPECT_THAT(told(asked(condition)), testing::EndsWith(kMissing)) << condition;
  }
  EXPECT_THAT(told(asked("not input.m in data.reference[input.m]")),
              testing::HasSubstr("p.rego:5:18: `data.reference` stands where"));
  EXPECT_THAT(told(asked("input.n == 5 with query_reference_value as count")),
              testing::HasSubstr("`query_reference_value` cannot be replaced"));
  EXPECT_THAT(told(asked("ward_reference_needed(\"known\")")),
              testing::HasSubstr("is no built-in that a policy may use"));
}

TEST(RegoNeeds, AreFollowedThroughRules) {
  WARD_NEED_REGO();
  const std::string in = "input.m in query_reference_value(\"no\")";
  for (const std::string& rules : {
           "bad if " + in + "\n" + asked("not bad"),
           "bad if worse\nworse if " + in + "\n" + asked("not bad"),
           "bad(x) if x in query_reference_value(\"no\")\n" + asked("not bad(input.m)"),
           "default bad := false\nbad if " + in + "\n" + asked("bad == false"),
           "bad := 1 if " + in + " else := 0\n" + asked("bad == 0"),
           "bad := query_reference_value(\"no\")\n" + asked("not input.m in bad"),
           "bad contains x if {\n  some x in query_reference_value(\"no\")\n}\n" +
               asked("count(bad) == 0"),
           "bad[x] := 1 if {\n  some x in query_reference_value(\"no\")\n}\n" +
               asked("count(bad) == 0"),
           "default hardware := 2\nhardware := 97 if " + in,
           "hardware := 97 if " + in + " else := 2",
           "hardware := 3 if " + in + " else := 2",
           "default executables := 33\nexecutables := 3 if " + in + "\n" +
               asked("executables == 33"),
           "hardware := 97 if " + in + "\nhardware := 2 if input.n == 5",
           "default trust_claims := {\"hardware\": 2}\ntrust_claims := {\"hardware\": 97} if " + in,
       }) {
    EXPECT_THAT(told(rules), testing::EndsWith(kMissing)) << rules;
  }
}

// As Trustee's own policies have it: a body that does not hold, and what stands behind it.
TEST(RegoNeeds, AWorseClaimMayStandBehind) {
  WARD_NEED_REGO();
  const std::string in = "input.m in query_reference_value(\"no\")";
  const std::string claims = "\ntrust_claims := {\"hardware\": hardware}\n";
  for (const auto& [rules, want] : std::map<std::string, std::string>{
           {"hardware := 3 if " + in + " else := 4", "4"},
           {"hardware := 3 if " + in + " else := 4 if " + in + " else := 33", "33"},
           {"default hardware := 33\nhardware := 3 if " + in + "\nelse := 4 if input.n == 5", "4"},
           {"default hardware := 97\nhardware := 3 if " + in + "\nhardware := 2 if input.n == 5",
            "2"},
           {"default hardware := 97\nhardware := 2 if ok\nok if " + in, "97"},
           {"default hardware := 97\nhardware := 2 if ok\nok if " + in + "\nok if input.n == 5",
            "2"}}) {
    EXPECT_EQ(told(rules), want) << rules;
    EXPECT_EQ(told(rules + claims), want) << rules;
  }
}

TEST(RegoNeeds, ReleasesNothingByAMissingValue) {
  WARD_NEED_REGO();
  const auto allowed = [](const std::string& rules) -> std::string {
    const auto policy = Policy::load("package policy\nimport rego.v1\n" + rules + "\n", "p.rego");
    if (!policy) return to_text(policy.error());
    const auto result = policy->allow(documents());
    return result ? "allowed" : result.error().reason;
  };
  EXPECT_THAT(allowed("default allow := true\nallow := false if input.m in "
                      "query_reference_value(\"no\")"),
              testing::EndsWith(kMissing));
  EXPECT_THAT(allowed("allow if not input.m in query_reference_value(\"no\")"),
              testing::EndsWith(kMissing));
  EXPECT_EQ(allowed("default allow := false\nallow if input.m in query_reference_value(\"no\")"),
            "p.rego: rule `allow` is false");
  EXPECT_EQ(allowed("allow if not input.m in query_reference_value(\"empty\")"), "allowed");
  EXPECT_EQ(allowed("allow if not input.m in query_reference_value(\"known\")"),
            "p.rego: rule `allow` is undefined: none of its bodies holds");
  EXPECT_EQ(allowed("allow if input.n >= query_reference_value(\"min\")"), "allowed");
}

// All that was asked for is named, but nothing that a guard kept from being asked.
TEST(RegoNeeds, NamesAllThatWasAskedFor) {
  WARD_NEED_REGO();
  EXPECT_EQ(
      told(asked(
          "count([1 | query_reference_value(\"b\")]) == 0\n  count([1 | "
          "query_reference_value(\"a\")]) == 0\n  not query_reference_value(\"known\") == 1")),
      "p.rego: rule `hardware` needs reference values that are not there, or have ended: "
      "`a`, `b`");
  EXPECT_EQ(told("default hardware := 97\nhardware := 2 if input.n == 5\nhardware := 2 if {\n  "
                 "input.tdx\n  not input.m in query_reference_value(\"no\")\n}\n"),
            "2");
}

}  // namespace
}  // namespace ward::policy::rego
