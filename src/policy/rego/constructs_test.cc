// Every construct and built-in that attestation users' policies have, in both syntaxes, against
// answers that were worked out by hand from the language's definition.

#include <ostream>

#include "test/support/rego.h"

namespace ward::policy::rego {
namespace {

struct Case {
  const char* name;
  const char* v0;  // what stands behind the package line; null: no such form
  const char* v1;
  const char* want;
};

std::ostream& operator<<(std::ostream& out, const Case& test) { return out << test.name; }

constexpr Case kConstructs[] = {
    {"default_alone", "default answer = 7", "default answer := 7", "7"},
    {"default_under_a_false_body", "default answer = 7\nanswer = 1 { input.n == 4 }",
     "default answer := 7\nanswer := 1 if input.n == 4", "7"},
    {"default_under_a_body_that_holds", "default answer = 7\nanswer = 1 { input.n == 3 }",
     "default answer := 7\nanswer := 1 if input.n == 3", "1"},
    {"several_bodies_of_one_rule", "answer { input.n == 1 }\nanswer { input.n == 3 }",
     "answer if input.n == 1\nanswer if input.n == 3", "true"},
    {"else", "answer = 1 { input.n == 1 } else = 2 { input.n == 3 } else = 3 { true }",
     "answer := 1 if { input.n == 1 } else := 2 if { input.n == 3 } else := 3", "2"},
    {"else_at_the_end", "answer = 1 { input.n == 1 } else = 3 { true }",
     "answer := 1 if { input.n == 1 } else := 3", "3"},
    {"assignment", "answer = y { x := input.n; y := x + 1 }",
     "answer := y if {\n x := input.n\n y := x + 1\n}", "4"},
    {"unification", "answer = y { [x, y] = [1, 2]; x == 1 }",
     "answer := y if {\n [x, y] = [1, 2]\n x == 1\n}", "2"},
    {"import_of_input", "import input.list as l\nanswer = l[1]",
     "import input.list as l\nanswer := l[1]", "20"},
    {"import_of_data", "import data.known\nanswer = known.a",
     "import data.known\nanswer := known.a", "5"},
    {"future_keywords",
     "import future.keywords.if\nimport future.keywords.in\nanswer if { 20 in input.list }",
     "import rego.v1\nanswer if 20 in input.list", "true"},
    {"in_list", "import future.keywords.in\nanswer { 30 in input.list }",
     "answer if 30 in input.list", "true"},
    {"in_values_of_an_object", "import future.keywords.in\nanswer { 2 in {\"a\": 1, \"b\": 2} }",
     "answer if 2 in {\"a\": 1, \"b\": 2}", "true"},
    {"in_null_does_not_hold",
     "import future.keywords.in\ndefault answer = 1\nanswer = 2 { 1 in null }",
     "default answer := 1\nanswer := 2 if 1 in null", "1"},
    {"some_index", "answer = i { some i; input.list[i] == 20 }",
     "answer := i if {\n some i\n input.list[i] == 20\n}", "1"},
    {"some_in", "import future.keywords.in\nanswer = x { some x in input.list; x > 25 }",
     "answer := x if {\n some x in input.list\n x > 25\n}", "30"},
    {"some_key_in", "import future.keywords.in\nanswer = k { some k, v in input.map; v == 2 }",
     "answer := k if {\n some k, v in input.map\n v == 2\n}", R"("b")"},
    {"every_holds",
     "import future.keywords.every\nimport future.keywords.in\nanswer { every x in input.list { x "
     "> 5 } }",
     "answer if every x in input.list { x > 5 }", "true"},
    {"every_does_not_hold",
     "import future.keywords.every\nimport future.keywords.in\ndefault answer = 0\n"
     "answer = 1 { every x in input.list { x > 15 } }",
     "default answer := 0\nanswer := 1 if every x in input.list { x > 15 }", "0"},
    {"every_of_nothing_holds",
     "import future.keywords.every\nimport future.keywords.in\nanswer { every x in [] { x > 5 } }",
     "answer if every x in [] { x > 5 }", "true"},
    {"not_of_false", "answer { not input.n == 4 }", "answer if not input.n == 4", "true"},
    {"not_of_undefined", "answer { not input.absent }", "answer if not input.absent", "true"},
    {"partial_set", "answer[x] { x := input.list[_]; x > 15 }",
     "answer contains x if {\n some x in input.list\n x > 15\n}", "[20,30]"},
    {"partial_object", "answer[k] = v { v := input.map[k]; v > 1 }",
     "answer[k] := v if {\n some k, v in input.map\n v > 1\n}", R"({"b":2})"},
    {"array_comprehension", "answer = [x | x := input.list[_]; x != 20]",
     "answer := [x | some x in input.list; x != 20]", "[10,30]"},
    {"set_comprehension", "answer = {x | x := [3, 1, 3][_]}", "answer := {x | some x in [3, 1, 3]}",
     "[1,3]"},
    {"object_comprehension", "answer = {k: w | v := input.map[k]; w := v * 2}",
     "answer := {k: w | some k, v in input.map; w := v * 2}", R"({"a":2,"b":4})"},
    {"function", "f(x) = y { y := x * 2 }\nanswer = f(21)",
     "f(x) := y if y := x * 2\nanswer := f(21)", "42"},
    {"function_that_is_true_or_undefined",
     "f(x) { x > 2 }\ndefault answer = 0\nanswer = 1 { f(1) }",
     "f(x) if x > 2\ndefault answer := 0\nanswer := 1 if f(1)", "0"},
    {"function_by_pattern", "f(\"a\") = 1 { true }\nf(\"b\") = 2 { true }\nanswer = f(\"b\")",
     "f(\"a\") := 1\nf(\"b\") := 2\nanswer := f(\"b\")", "2"},
    {"function_of_two_arguments", "f(a, b) = c { c := a - b }\nanswer = f(5, 3)",
     "f(a, b) := a - b\nanswer := f(5, 3)", "2"},
    {"rule_upon_rule", "base { input.n == 3 }\nanswer { base }",
     "base if input.n == 3\nanswer if base", "true"},
    {"rule_by_its_full_name", "base = 4\nanswer = data.policy.base",
     "base := 4\nanswer := data.policy.base", "4"},
    {"bracketed_name", "answer = input[\"odd-name\"]", "answer := input[\"odd-name\"]", R"("x")"},
    {"raw_string", "answer = `a\\b`", "answer := `a\\b`", R"("a\\b")"},
    {"arithmetic", "answer = ((2 + 3) * 4 - 6) / 7 + 9 % 5",
     "answer := ((2 + 3) * 4 - 6) / 7 + 9 % 5", "6"},
    {"union_and_intersection", "answer = ({1, 2} | {3}) & {2, 3}",
     "answer := ({1, 2} | {3}) & {2, 3}", "[2,3]"},
    {"difference_of_sets", "answer = {1, 2} - {2}", "answer := {1, 2} - {2}", "[1]"},
    {"comparisons", "answer { 1 < 2; 2 <= 2; 3 > 2; 3 >= 3; 1 != 2; \"a\" < \"b\" }",
     "answer if {\n 1 < 2\n 2 <= 2\n 3 > 2\n 3 >= 3\n 1 != 2\n \"a\" < \"b\"\n}", "true"},
    {"with_input", "a { input.n == 9 }\nanswer { a with input as {\"n\": 9} }",
     "a if input.n == 9\nanswer if a with input as {\"n\": 9}", "true"},
    {"comment_and_odd_blanks", "# why\nanswer=1 # here", "# why\nanswer  :=  1 # here", "1"},
    {"undefined_operand_is_no_value", "default answer = 0\nanswer = 1 { input.absent.deeper == 1 }",
     "default answer := 0\nanswer := 1 if input.absent.deeper == 1", "0"},
};

constexpr Case kBuiltins[] = {
    {"count", nullptr,
     "answer := [count([1, 2]), count({\"a\": 1}), count({1}), count(\"\u00e9a\")]", "[2,1,1,2]"},
    {"split", nullptr, "answer := split(\"a:b:\", \":\")", R"(["a","b",""])"},
    {"sprintf", nullptr, "answer := sprintf(\"%s-%d-%v-%x\", [\"a\", 4, [1], 255])",
     R"("a-4-[1]-ff")"},
    {"lower", nullptr, "answer := lower(\"AbC\")", R"("abc")"},
    {"upper", nullptr, "answer := upper(\"AbC\")", R"("ABC")"},
    {"to_number", nullptr, "answer := [to_number(\"12\"), to_number(true), to_number(null)]",
     "[12,1,0]"},
    {"is_string", nullptr, "answer if is_string(\"a\")", "true"},
    {"is_string_of_another", nullptr, "default answer := 0\nanswer := 1 if is_string(1)", "0"},
    {"is_number", nullptr, "answer if is_number(1.5)", "true"},
    {"is_array", nullptr, "answer if is_array([])", "true"},
    {"object_get", nullptr,
     "answer := [object.get(input.map, \"a\", 9), object.get(input.map, \"z\", 9)]", "[1,9]"},
    {"object_get_by_path", nullptr, "answer := object.get(input, [\"map\", \"b\"], 9)", "2"},
    {"object_union_n", nullptr,
     "answer := object.union_n([{\"a\": 1}, {\"a\": 2, \"b\": {\"c\": 3}}])",
     R"({"a":2,"b":{"c":3}})"},
    {"bits_and", nullptr, "answer := bits.and(12, 10)", "8"},
    {"base64", nullptr, "answer := base64.decode(\"YWI/\")", R"("ab?")"},
    {"base64url", nullptr, "answer := base64url.decode(\"YWI_\")", R"("ab?")"},
    {"now", nullptr, "answer := time.now_ns()", "1700000000000000000"},
    {"rfc3339", nullptr, "answer := time.parse_rfc3339_ns(\"2023-11-14T23:13:20.5+01:00\")",
     "1700000000500000000"},
    {"age", nullptr,
     "answer if time.now_ns() - time.parse_rfc3339_ns(\"2023-11-14T00:00:00Z\") < 24 * "
     "3600000000000",
     "true"},
    {"regex", nullptr, "answer := [regex.match(`^a[0-9]+$`, \"a12\"), regex.match(`^b`, \"a\")]",
     "[true,false]"},
    {"replace", nullptr, "answer := replace(\"a-b-c\", \"-\", \"+\")", R"("a+b+c")"},
    {"contains", nullptr, "answer := [contains(\"abc\", \"bc\"), contains(\"abc\", \"d\")]",
     "[true,false]"},
    {"print", nullptr, "answer if {\n print(\"seen\", input.n)\n true\n}", "true"},
    {"reference_value", nullptr, "answer := query_reference_value(\"m\")", R"(["aa","bb"])"},
    {"reference_value_that_is_absent", nullptr, "answer := query_reference_value(\"no\")",
     "t.rego: rule `answer` is undefined: none of its bodies holds"},
    {"measurement_in_reference_values", nullptr, "answer if \"bb\" in query_reference_value(\"m\")",
     "true"},
    {"measurement_in_absent_reference_values", nullptr,
     "answer := 2 if \"bb\" in query_reference_value(\"no\")",
     "t.rego: rule `answer` is undefined: none of its bodies holds"},
};

Documents documents() {
  return {.input = R"({"n":3,"list":[10,20,30],"map":{"a":1,"b":2},"odd-name":"x"})",
          .data = R"({"known":{"a":5}})",
          .reference_values = R"({"m":["aa","bb"]})",
          .now = {1'700'000'000}};
}

class Constructs : public testing::TestWithParam<Case> {};

TEST_P(Constructs, GiveTheLanguagesAnswer) {
  WARD_NEED_REGO();
  const Case& test = GetParam();
  for (const char* const body : {test.v0, test.v1}) {
    if (body == nullptr) continue;
    const std::string text = std::string("package policy\nallow = true\n") + body + "\n";
    // Imports stand before rules.
    const std::string ordered = std::string("package policy\n") + body + "\nallow = true\n";
    EXPECT_EQ(evaluated(ordered, documents()), test.want) << text;
  }
}

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Language, Constructs, testing::ValuesIn(kConstructs), name_of);
INSTANTIATE_TEST_SUITE_P(Builtins, Constructs, testing::ValuesIn(kBuiltins), name_of);

}  // namespace
}  // namespace ward::policy::rego
