#include "policy/rego/policy.h"

#include <thread>

#include <gmock/gmock.h>

#include "test/support/rego.h"

namespace ward::policy::rego {
namespace {

// Of the form of Trustee's attestation policy of today.
constexpr std::string_view kToday = R"(package policy
import rego.v1

default executables := 33
default hardware := 97
default configuration := 36

executables := 3 if input.snp.measurement in query_reference_value("snp_launch_measurement")

hardware := 2 if {
  input.snp.reported_tcb_snp >= 20
  not input.snp.policy_debug_allowed
}

configuration := 2 if {
  input.snp.policy_debug_allowed == false
  input.snp.policy_migrate_ma == false
}

trust_claims := {
  "executables": executables,
  "hardware": hardware,
  "configuration": configuration,
  "file-system": 0,
}

extensions := {"measurement": input.snp.measurement, "at": time.now_ns()}
)";

// Of the form of Trustee's attestation policy up to 2025.
constexpr std::string_view kUpTo2025 = R"(package policy
import future.keywords.every

default executables = 33
default hardware = 97

executables = 3 {
  input.snp.measurement == data.reference.snp_launch_measurement[_]
}

hardware = 2 {
  input.snp.reported_tcb_snp >= 20
}
)";

constexpr std::string_view kRelease = R"(package policy

default allow = false

path := concat_path

concat_path = sprintf("%s/%s/%s", data["resource-path"])

allow {
  data.plugin == "resource"
  path == "default/key/one"
  affirming
}

affirming {
  input.submods.cpu0["ear.status"] == "affirming"
}
)";

constexpr std::string_view kGood =
    R"({"snp":{"measurement":"aa","reported_tcb_snp":22,"policy_debug_allowed":false,"policy_migrate_ma":false}})";

Policy loaded(std::string_view text) {
  auto policy = Policy::load(text, "p.rego");
  if (!policy) ADD_FAILURE() << to_text(policy.error());
  return *std::move(policy);
}

std::string load_error(std::string_view text) {
  const auto policy = Policy::load(text, "p.rego");
  return policy ? "loads" : to_text(policy.error());
}

Documents about(std::string_view input) {
  return {.input = input,
          .data = {},
          .reference_values = R"({"snp_launch_measurement":["aa","bb"]})",
          .now = {1'700'000'000}};
}

std::string claims(const Policy& policy, const Documents& documents) {
  const auto result = policy.trust_claims(documents);
  if (!result) return result.error().reason;
  std::string out;
  for (const auto& [name, value] : result->claims) {
    out += name + "=" + std::to_string(value) + " ";
  }
  return out + result->extensions;
}

TEST(RegoPolicy, OfTodaysContractGivesClaimsAndExtensions) {
  WARD_NEED_REGO();
  const Policy policy = loaded(kToday);
  EXPECT_TRUE(policy.keeps(Contract::kTrustClaims));
  EXPECT_EQ(policy.syntax(), "v1");
  EXPECT_EQ(claims(policy, about(kGood)),
            "configuration=2 executables=3 file-system=0 hardware=2 "
            R"({"at":1700000000000000000,"measurement":"aa"})");
  EXPECT_EQ(claims(policy, about(R"({"snp":{"measurement":"cc","reported_tcb_snp":2}})")),
            "configuration=36 executables=33 file-system=0 hardware=97 "
            R"({"at":1700000000000000000,"measurement":"cc"})");
}

// A claim that does not affirm says by which expression, what it saw, and what it did not find.
TEST(RegoPolicy, SaysWhyAClaimHasItsValue) {
  WARD_NEED_REGO();
  const Policy policy = loaded(kToday);
  const Documents other = about(R"({"snp":{"measurement":"cc","reported_tcb_snp":2}})");
  const std::string seen = policy.why({"executables"}, other);
  EXPECT_THAT(seen, testing::HasSubstr("p.rego:8:"));
  EXPECT_THAT(seen, testing::HasSubstr(": executables: input.snp.measurement in "
                                       "query_reference_value(\"snp_launch_measurement\")"));
  EXPECT_THAT(seen, testing::HasSubstr("\"cc\""));
  EXPECT_THAT(seen, testing::Not(testing::HasSubstr("reference value")));
  Documents none = other;
  none.reference_values = R"({"another":["cc"]})";
  EXPECT_THAT(policy.why({"executables"}, none),
              testing::HasSubstr("\nreference value snp_launch_measurement: there is none, or its "
                                 "time is over"));
  EXPECT_THAT(policy.why({"hardware"}, other), testing::HasSubstr("reported_tcb_snp"));
  EXPECT_EQ(policy.why({}, other), "");
  // No more rules than that are followed.
  EXPECT_THAT(policy.why({"executables", "hardware", "configuration"}, other),
              testing::Not(testing::HasSubstr(": configuration: ")));
  const Policy old = loaded(kUpTo2025);
  EXPECT_THAT(old.why({"executables"}, none),
              testing::HasSubstr("reference value snp_launch_measurement: "));
}

TEST(RegoPolicy, OfTheContractUpTo2025GivesItsRulesAsClaims) {
  WARD_NEED_REGO();
  const Policy policy = loaded(kUpTo2025);
  EXPECT_FALSE(policy.keeps(Contract::kTrustClaims));
  EXPECT_TRUE(policy.keeps(Contract::kTrustRules));
  EXPECT_EQ(policy.syntax(), "v0");
  EXPECT_EQ(claims(policy, about(kGood)), "executables=3 hardware=2 ");
  EXPECT_EQ(claims(policy, about(R"({"snp":{"measurement":"cc"}})")),
            "executables=33 hardware=97 ");
}

TEST(RegoPolicy, OfReleaseAllowsNothingButTrue) {
  WARD_NEED_REGO();
  const Policy policy = loaded(kRelease);
  Documents documents = {
      .input = R"({"submods":{"cpu0":{"ear.status":"affirming"}}})",
      .data = R"({"plugin":"resource","resource-path":["default","key","one"],"query":{}})"};
  EXPECT_TRUE(policy.allow(documents));
  documents.input = R"({"submods":{"cpu0":{"ear.status":"warning"}}})";
  const auto refused = policy.allow(documents);
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().undetermined);
  EXPECT_EQ(to_text(refused.error(), "p.rego"),
            "p.rego: rule `allow` is false\n"
            "p.rego:12:3: allow: affirming is undefined (affirming is undefined)\n"
            R"(p.rego:16:3: affirming: input.submods.cpu0["ear.status"] == "affirming" is false )"
            R"((input.submods.cpu0["ear.status"] is "warning"))");
  documents.data = R"({"plugin":"other","resource-path":["default","key","one"]})";
  const auto other = policy.allow(documents);
  ASSERT_FALSE(other);
  EXPECT_EQ(to_text(other.error(), "p.rego"),
            "p.rego: rule `allow` is false\n"
            R"(p.rego:10:3: allow: data.plugin == "resource" is false (data.plugin is "other"))");
}

struct Answer {
  const char* name;
  const char* rules;
  const char* want;
};

TEST(RegoPolicy, RefusesWhatIsNoAnswer) {
  WARD_NEED_REGO();
  constexpr Answer kAnswers[] = {
      {"undefined", "trust_claims := 1 if false",
       "p.rego: rule `trust_claims` is undefined: none of its bodies holds"},
      {"no object", "trust_claims := 1", "p.rego: rule `trust_claims` is not an object"},
      {"empty", "trust_claims := {}", "p.rego: rule `trust_claims` has no claim"},
      {"too large", "trust_claims := {\"hardware\": 128}",
       "p.rego: rule `trust_claims` does not fit: hardware is 128, not an integer from -128 to "
       "127"},
      {"too small", "trust_claims := {\"hardware\": -129}",
       "p.rego: rule `trust_claims` does not fit: hardware is -129, not an integer from -128 to "
       "127"},
      {"text", "trust_claims := {\"hardware\": \"2\"}",
       "p.rego: rule `trust_claims` does not fit: hardware is \"2\", not an integer from -128 to "
       "127"},
      {"fraction", "trust_claims := {\"hardware\": 2.5}",
       "p.rego: rule `trust_claims` does not fit: hardware is 2.5, not an integer from -128 to "
       "127"},
      {"unknown claim", "trust_claims := {\"hardwear\": 2}",
       "p.rego: rule `trust_claims` has `hardwear`, which is no claim of AR4SI"},
      {"twice", "trust_claims := {\"file-system\": 2, \"file_system\": 2}",
       "p.rego: rule `trust_claims` has `file-system` twice"},
      {"old rule undefined", "hardware := 2 if false",
       "p.rego: rule `hardware` is undefined: none of its bodies holds"},
      {"old rule too large", "hardware := 200",
       "p.rego: rule `hardware` does not fit: it is 200, not an integer from -128 to 127"},
      {"extensions are a list", "trust_claims := {\"hardware\": 2}\nextensions := [1]",
       "p.rego: rule `extensions` is no object, and no list of objects with a name each"},
      {"extensions are undefined", "trust_claims := {\"hardware\": 2}\nextensions := {} if false",
       "p.rego: rule `extensions` is undefined: none of its bodies holds"},
      {"bounds", "trust_claims := {\"hardware\": 127, \"executables\": -128}",
       "executables=-128 hardware=127 "},
      {"a release policy", "allow := true", "p.rego: rule `trust_claims` is not in the policy"},
      {"two values", "trust_claims := {\"hardware\": 2}\ntrust_claims := {\"hardware\": 3}",
       "p.rego:3:1: rule `trust_claims` cannot be evaluated: rule conflicts with rule at "
       "policy:2:1"},
      {"built-in that fails", "trust_claims := {\"hardware\": to_number(\"x\")}",
       "p.rego:2:39: rule `trust_claims` cannot be evaluated: could not parse string as number"}};
  for (const Answer& answer : kAnswers) {
    const Policy policy = loaded(std::string("package policy\n") + answer.rules + "\n");
    EXPECT_EQ(claims(policy, about("{}")), answer.want) << answer.name;
  }
}

TEST(RegoPolicy, ReleasesNothingOnOtherValues) {
  WARD_NEED_REGO();
  for (const auto* value : {"1", "\"true\"", "null", "[true]", "{\"allow\": true}"}) {
    const Policy policy = loaded(std::string("package policy\nallow := ") + value + "\n");
    const auto result = policy.allow({});
    ASSERT_FALSE(result) << value;
    EXPECT_THAT(result.error().reason, testing::HasSubstr("not a boolean")) << value;
  }
}

TEST(RegoPolicy, RefusesDocumentsThatAreNoJson) {
  WARD_NEED_REGO();
  const Policy policy = loaded("package policy\nallow := true\n");
  EXPECT_TRUE(policy.allow({}));
  for (const auto& documents :
       {Documents{.input = "{"}, Documents{.data = "[]"}, Documents{.data = "{\"a\":1"},
        Documents{.reference_values = "[]"}, Documents{.input = "\xff"}}) {
    const auto result = policy.allow(documents);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().reason, testing::HasSubstr("cannot be evaluated"))
        << documents.input;
  }
}

TEST(RegoPolicy, NamesLineAndColumnOfWhatDoesNotLoad) {
  WARD_NEED_REGO();
  const std::pair<std::string, std::string> faults[] = {
      {"package policy\nallow if {\n  input.a ==\n}\n", "p.rego:4:1: "},
      {"package policy\nallow {\n  input.a = = 1\n}\n", "p.rego:3:"},
      {"package policy\nimport rego.v1\nallow { true }\n", "p.rego:3:"},
      {"package policy\nallow if x == 1\n", "p.rego:2:10: use of undefined variable `x` is unsafe"},
      {"package other\nallow := true\n", "p.rego:1:1: expected `package policy`, not `other`"},
      {"package policy\nrelease := true\n", "p.rego: the policy has neither `trust_claims`"},
      {"package policy\nf(x) := f(x)\nallow := f(1)\n", "p.rego:2:9: recursion"},
      {"package policy\nf(x) := g(x)\ng(x) := f(x)\nallow := f(1)\n", "p.rego:3:9: recursion"},
      {"package policy\na := b\nb := a\nallow := a\n", "p.rego:3:6: recursion"},
      {"package policy\nallow if data.policy[input.x]\n", "p.rego:2:10: recursion"},
      {"", "p.rego:"},
      {"package policy\nallow := \"\xff\"\n", "p.rego: a policy is UTF-8"},
      {"package policy\nallow := true\n" + std::string(kMaxPolicyBytes, '#'),
       "p.rego: a policy is UTF-8 of at most 262144 octets"}};
  for (const auto& [text, want] : faults) {
    EXPECT_THAT(load_error(text), testing::StartsWith(want)) << text.substr(0, 80);
  }
}

TEST(RegoPolicy, TakesNoOtherBuiltin) {
  WARD_NEED_REGO();
  for (const auto* call :
       {"http.send({\"url\": \"http://127.0.0.1\"})", "net.lookup_ip_addr(\"a\")",
        "net.cidr_contains(\"10.0.0.0/8\", \"10.0.0.1\")", "rand.intn(\"a\", 5)", "opa.runtime()",
        "trace(\"a\")", "io.jwt.decode(\"a\")", "uuid.rfc4122(\"a\")", "walk(input)",
        "numbers.range(1, 1000000000)", "concat(\"\", [\"a\"])", "time.clock(1)",
        "startswith(\"a\", \"a\")", "json.unmarshal(\"1\")", "unknown(1)", "data.other.f(1)",
        "count.more(1)"}) {
    const std::string name(call, std::string_view(call).find('('));
    const std::string error =
        load_error("package policy\nallow if {\n  x := " + std::string(call) + "\n}\n");
    EXPECT_THAT(error, testing::StartsWith("p.rego:3:")) << call;
    EXPECT_THAT(error, testing::HasSubstr("`" + name + "` is no built-in that a policy may use"))
        << call;
  }
  EXPECT_EQ(load_error("package policy\nallow if {\n  count([1]) with count as sum\n}\n"),
            "p.rego:3:28: `sum` is no built-in that a policy may use");
  EXPECT_EQ(load_error("package policy\na := rand.intn(\"a\", 2)\nallow if {\n  true\n"
                       "  walk(input)\n}\n"),
            "p.rego:2:6: `rand.intn` is no built-in that a policy may use, nor a function of its "
            "own\n"
            "p.rego:5:3: `walk` is no built-in that a policy may use, nor a function of its own");
}

TEST(RegoPolicy, FunctionsOfItsOwnMayHaveAnyName) {
  WARD_NEED_REGO();
  const Policy policy =
      loaded("package policy\nstartswith(a, b) := true\nallow if startswith(1, 2)\n");
  EXPECT_TRUE(policy.allow({}));
  EXPECT_EQ(policy.rules(), (std::vector<std::string>{"allow", "startswith"}));
  EXPECT_EQ(loaded(kToday).builtins(),
            (std::vector<std::string>{"query_reference_value", "time.now_ns"}));
}

TEST(RegoPolicy, GivesTheSameAnswerEachTimeAndInThreads) {
  WARD_NEED_REGO();
  const Policy policy = loaded(kToday);
  const std::string first = claims(policy, about(kGood));
  std::vector<std::string> answers(8);
  {
    std::vector<std::jthread> threads;
    threads.reserve(answers.size());
    for (auto& answer : answers) {
      threads.emplace_back([&] { answer = claims(policy, about(kGood)); });
    }
  }
  EXPECT_THAT(answers, testing::Each(first));
}

TEST(RegoPolicy, TruncatedAtAnyLengthNeverEndsTheProgram) {
  WARD_NEED_REGO();
  for (const std::string_view text : {kToday, kUpTo2025, kRelease}) {
    for (std::size_t size = 0; size < text.size(); ++size) {
      const auto policy = Policy::load(text.substr(0, size), "p.rego");
      if (!policy) {
        EXPECT_FALSE(policy.error().faults.empty()) << size;
      }
    }
  }
}

}  // namespace
}  // namespace ward::policy::rego
