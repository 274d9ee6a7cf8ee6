// Policies that would go on for ever, or take all memory: each is refused with its reason, and the
// same one is refused again.

#include <functional>
#include <thread>

#include "test/support/rego.h"

namespace ward::policy::rego {
namespace {

struct Case {
  const char* name;
  std::string rules;
  const char* why;
};

// a0 := [1]; a1 := [a0, a0]; ...: little memory, 2^depth values when it is walked.
std::string doubled(int depth) {
  std::string out = "a0 := [1]\n";
  for (int i = 1; i <= depth; ++i) {
    const std::string below = "a" + std::to_string(i - 1);
    out.append("a").append(std::to_string(i)).append(" := [").append(below).append(", ");
    out.append(below).append("]\n");
  }
  return out;
}

std::string squared(int times) {
  std::string out = "x0 := 12345678901234567890\n";
  for (int i = 1; i <= times; ++i) {
    const std::string below = "x" + std::to_string(i - 1);
    out.append("x").append(std::to_string(i)).append(" := ").append(below).append(" * ");
    out.append(below).append("\n");
  }
  return out;
}

std::vector<Case> cases() {
  const std::string ten = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]";
  std::string loops;
  for (const char* const name : {"a", "b", "c", "d", "e", "f", "g", "h", "i"}) {
    loops += std::string("  some ") + name + " in " + ten + "\n";
  }
  return {
      {"nested loops", "allow if {\n" + loops + "  a + b + c + d > 1000\n}\n",
       "limit of 100000 steps"},
      {"comprehension", "allow if count([1 |\n" + loops + "]) > 0\n", "limit of"},
      {"text that grows",
       "allow if {\n  s0 := \"aaaaaaaaaa\"\n  s1 := replace(s0, \"a\", s0)\n  s2 := "
       "replace(s1, \"a\", s1)\n  s3 := replace(s2, \"a\", s2)\n  s4 := replace(s3, \"a\", s3)\n"
       "  count(s4) > 0\n}\n",
       "more than 512 KiB"},
      {"wide field", "allow if sprintf(\"%2000000000d\", [1]) == \"\"\n", "more than 512 KiB"},
      {"huge number", squared(40) + "allow if x40 > 0\n", "limit of memory"},
      {"huge number written out", squared(12) + "allow if sprintf(\"%d\", [x12]) == \"\"\n",
       "more than 512 KiB"},
      {"value that doubles, written out", doubled(40) + "allow if sprintf(\"%v\", [a40]) == \"\"\n",
       "more than 512 KiB"},
      {"value that doubles, as answer", doubled(40) + "allow := a40\n", "more than 512 KiB"},
      {"long number to read",
       "allow if to_number(replace(sprintf(\"%99d\", [1]), \" \", "
       "\"1111111111111111111111111111111111111111111111111111111111\")) > 0\n",
       "more than 512 KiB"},
  };
}

// Few steps, and time for a busy machine: what is met first is the same everywhere.
Documents documents() {
  return {.input = {},
          .data = {},
          .reference_values = {},
          .now = {},
          .limits = {.max_steps = 100'000, .max_memory_bytes = 8U << 20U, .max_time_ms = 60'000}};
}

TEST(RegoLimits, EndWhatGoesOnForEver) {
  WARD_NEED_REGO();
  for (const Case& test : cases()) {
    const auto policy = Policy::load("package policy\nimport rego.v1\n" + test.rules, "p.rego");
    ASSERT_TRUE(policy) << test.name << ": " << to_text(policy.error());
    for (int i = 0; i < 2; ++i) {
      const auto result = policy->allow(documents());
      ASSERT_FALSE(result) << test.name;
      EXPECT_TRUE(result.error().undetermined) << test.name << result.error().reason;
      EXPECT_THAT(result.error().reason, testing::HasSubstr(test.why)) << test.name;
      EXPECT_THAT(result.error().reason, testing::HasSubstr("`allow`")) << test.name;
    }
  }
}

// unending is what no limit of steps reaches: a comparison that is one step, of 2^depth values.
Policy unending(int depth) {
  std::string other = doubled(depth);
  for (std::size_t at = 0; (at = other.find('a', at)) != std::string::npos;) {
    other[at] = 'b';
  }
  const std::string last = std::to_string(depth);
  auto policy =
      Policy::load("package policy\nimport rego.v1\n" + doubled(depth) + other +
                       "allow if {\n  input.compare\n  a" + last + " == b" + last + "\n}\n",
                   "p.rego");
  if (!policy) ADD_FAILURE() << to_text(policy.error());
  return *std::move(policy);
}

Documents compare() {
  Documents asked = documents();
  asked.input = R"({"compare":true})";
  asked.limits.max_time_ms = 300;
  return asked;
}

// until asks again until `ends` is true of what comes; ctest ends a test that it never is true in.
Refusal until(const Policy& policy, const std::function<bool(const Refusal&)>& ends) {
  for (;;) {
    auto result = policy.allow(documents());
    if (!result && ends(result.error())) return result.error();
    std::this_thread::yield();
  }
}

// Its policy is not asked again while the step goes on, and is again when it has ended.
TEST(RegoLimits, EndAStepThatDoesNotEnd) {
  WARD_NEED_REGO();
  const Policy policy = unending(27);
  const auto result = policy.allow(compare());
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().undetermined);
  EXPECT_THAT(result.error().reason, testing::HasSubstr("its time in one step"));
  const auto meanwhile = policy.allow(documents());
  ASSERT_FALSE(meanwhile);
  EXPECT_THAT(meanwhile.error().reason, testing::HasSubstr("until that step ends"));
  const Refusal ended = until(policy, [](const Refusal& told) { return !told.undetermined; });
  EXPECT_THAT(ended.reason, testing::HasSubstr("is undefined"));
}

TEST(RegoLimits, OfStepsIsExact) {
  WARD_NEED_REGO();
  const auto policy = Policy::load(
      "package policy\nimport rego.v1\nallow if {\n  every x in [1, 2, 3] { x > 0 }\n}\n",
      "p.rego");
  ASSERT_TRUE(policy) << to_text(policy.error());
  Documents asked = documents();
  const auto allowed = [&](std::uint64_t steps) {
    asked.limits.max_steps = steps;
    return policy->allow(asked).has_value();
  };
  std::uint64_t least = 0;
  while (!allowed(least) && least < 1000) {
    ++least;
  }
  EXPECT_GT(least, 3U);
  EXPECT_LT(least, 1000U);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(allowed(least));
    EXPECT_FALSE(allowed(least - 1));
  }
}

// A limit inside `not`, or of a function that others follow, is no answer.
TEST(RegoLimits, AreNotSwallowed) {
  WARD_NEED_REGO();
  const std::string loop = "loop if sprintf(\"%2000000000d\", [1]) == \"\"\n";
  for (const auto* rules :
       {"allow if not loop\n", "default allow := true\nallow := false if loop\n",
        "f(x) := true if loop\nf(x) := true\nallow if f(1)\n",
        "allow if count([1 | not loop]) == 1\n"}) {
    const auto policy = Policy::load("package policy\nimport rego.v1\n" + loop + rules, "p.rego");
    ASSERT_TRUE(policy) << to_text(policy.error());
    const auto result = policy->allow(documents());
    ASSERT_FALSE(result) << rules;
    EXPECT_TRUE(result.error().undetermined) << rules;
  }
}

TEST(RegoLimits, OfChainsOfRules) {
  WARD_NEED_REGO();
  const auto chain = [](int rules) {
    std::string out = "package policy\nr0 := true\n";
    for (int i = 1; i < rules; ++i) {
      out += "r" + std::to_string(i) + " := r" + std::to_string(i - 1) + "\n";
    }
    return out + "allow := r" + std::to_string(rules - 1) + "\n";
  };
  const auto longest = Policy::load(chain(63), "p.rego");
  ASSERT_TRUE(longest) << to_text(longest.error());
  EXPECT_TRUE(longest->allow(documents()));
  const auto longer = Policy::load(chain(64), "p.rego");
  ASSERT_FALSE(longer);
  EXPECT_THAT(to_text(longer.error()), testing::HasSubstr("more than 64 rules"));
  const auto much = Policy::load(chain(9'000), "p.rego");
  ASSERT_FALSE(much);
  EXPECT_THAT(to_text(much.error()), testing::HasSubstr("more than 64 rules"));
}

TEST(RegoLimits, OfBodies) {
  WARD_NEED_REGO();
  const auto body = [](int expressions) {
    std::string out = "package policy\nallow if {\n";
    for (int i = 0; i < expressions; ++i) {
      out += "  x" + std::to_string(i) + " := 1\n";
    }
    return out + "}\n";
  };
  const auto longest = Policy::load(body(256), "p.rego");
  ASSERT_TRUE(longest) << to_text(longest.error());
  EXPECT_TRUE(longest->allow({}));
  const auto longer = Policy::load(body(257), "p.rego");
  ASSERT_FALSE(longer);
  EXPECT_THAT(to_text(longer.error()), testing::EndsWith("more than 256 expressions in one body"));
}

// What people write may be long: its size alone is no reason to refuse it.
TEST(RegoLimits, ALongPolicyIsAnswered) {
  WARD_NEED_REGO();
  std::string text = "package policy\nimport rego.v1\ndefault allow := false\n";
  for (int i = 0; i < 1'500; ++i) {
    text += "allow if input.measurement == \"0123456789abcdef" + std::to_string(i) + "\"\n";
  }
  const auto policy = Policy::load(text, "p.rego");
  ASSERT_TRUE(policy) << to_text(policy.error());
  EXPECT_TRUE(policy->allow({.input = R"({"measurement":"0123456789abcdef1499"})"}));
  EXPECT_FALSE(policy->allow({.input = R"({"measurement":"0123456789abcdef1500"})"}));
}

TEST(RegoLimits, OfBrackets) {
  WARD_NEED_REGO();
  const auto error = [](std::size_t depth, char open, char close) {
    const auto policy = Policy::load("package policy\nallow := " + std::string(depth, open) + "1" +
                                         std::string(depth, close) + "\n",
                                     "p.rego");
    return policy ? "loads" : to_text(policy.error());
  };
  const std::string many = "too much stands in brackets within brackets";
  EXPECT_EQ(error(16, '[', ']'), "loads");
  EXPECT_EQ(error(17, '[', ']'), "p.rego:2:26: " + many);
  EXPECT_EQ(error(100'000, '{', '}'), "p.rego:2:26: " + many);
  EXPECT_NE(error(100'000, '(', ')'), "loads");
  std::string wide = "package policy\nallow := [\n";
  for (int i = 0; i < 5'000; ++i) {
    wide += "[[[[[[[[[1]]]]]]]]],\n";
  }
  const auto policy = Policy::load(wide + "]\n", "p.rego");
  ASSERT_FALSE(policy);
  EXPECT_THAT(to_text(policy.error()), testing::HasSubstr(many));
  // Brackets in texts and remarks are none.
  const std::string none =
      "package policy\n# [[[[[[[[[[[[[[[[[[[[[[[\nallow := \"[[\\\"[[[[[[[[[[[[[[[[[[\" != "
      "`[[[[[[[[[[[[[[[[[[[[[`\n";
  const auto text = Policy::load(none, "p.rego");
  ASSERT_TRUE(text) << to_text(text.error());
  EXPECT_TRUE(text->allow({}));
}

std::string repeated(std::size_t times, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) {
    out += text;
    // A line has at most 16 KiB.
    if (i % 1'000 == 999) out += '\n';
  }
  return out;
}

// An expression that is as deep as one says: before, what is repeated, between, what closes it.
struct Shape {
  const char* name;
  const char* before;
  const char* more;
  const char* after;
  const char* close;
};

constexpr Shape kShapes[] = {
    {.name = "sum", .before = "0 == 1", .more = "+1", .after = "", .close = ""},
    {.name = "sum of negatives", .before = "0 == 1", .more = "-1", .after = "", .close = ""},
    {.name = "product", .before = "0 == 1", .more = "*1", .after = "", .close = ""},
    {.name = "union", .before = "0 == {1}", .more = "|{1}", .after = "", .close = ""},
    {.name = "intersection", .before = "0 == {1}", .more = "&{1}", .after = "", .close = ""},
    {.name = "less", .before = "1", .more = "<1", .after = "", .close = ""},
    {.name = "equal", .before = "1", .more = "==1", .after = "", .close = ""},
    {.name = "unequal", .before = "1", .more = " != 1", .after = "", .close = ""},
    {.name = "membership", .before = "1", .more = " in [1]", .after = "", .close = ""},
    {.name = "sign", .before = "0 == ", .more = "- ", .after = "x", .close = ""},
    {.name = "fields", .before = "input", .more = ".a", .after = "", .close = ""},
    {.name = "indexes", .before = "input", .more = "[0]", .after = "", .close = ""},
    {.name = "parentheses", .before = "", .more = "(", .after = "1", .close = ")"},
    {.name = "calls", .before = "", .more = "count(", .after = "[]", .close = ")"},
    {.name = "signs in calls", .before = "", .more = "count(-", .after = "1", .close = ")"},
    {.name = "lines", .before = "0 == 1", .more = "\n + # [\n1", .after = "", .close = ""},
    {.name = "raw texts", .before = "0 == 1", .more = "+`\"`", .after = "", .close = ""},
    {.name = "texts", .before = "0 == 1", .more = "+\"\\\"`\"", .after = "", .close = ""},
};

// shaped is the text of a policy with the shape in a rule's body, or, without `if`, in its head.
std::string shaped(const Shape& shape, std::size_t times, std::string_view package, bool in_body) {
  std::string out = "package " + std::string(package) + "\nimport rego.v1\nx := 1\nallow ";
  out += (in_body ? "if { " : ":= ") + std::string(shape.before) + repeated(times, shape.more);
  return out + shape.after + repeated(times, shape.close) + (in_body ? " }\n" : "\n");
}

TEST(RegoLimits, OfDepthOfExpressions) {
  WARD_NEED_REGO();
  for (const Shape& shape : kShapes) {
    for (const std::size_t times : {300U, 3'000U, 20'000U}) {
      for (const bool in_body : {true, false}) {
        for (const auto* const package : {"policy", "other"}) {
          const auto policy = Policy::load(shaped(shape, times, package, in_body), "p.rego");
          ASSERT_FALSE(policy) << shape.name;
          EXPECT_THAT(to_text(policy.error()), testing::HasSubstr("goes deeper than 250"))
              << shape.name;
        }
      }
    }
  }
}

// At the bound all that can be done with a policy is done, or refused by the engine's own bounds.
TEST(RegoLimits, OfDepthHoldBelow) {
  WARD_NEED_REGO();
  for (const Shape& shape : kShapes) {
    for (const bool in_body : {true, false}) {
      const auto policy = Policy::load(shaped(shape, 75, "policy", in_body), "p.rego");
      if (!policy) {
        EXPECT_THAT(to_text(policy.error()), testing::Not(testing::HasSubstr("deeper than 250")));
        continue;
      }
      (void)policy->allow(documents());
      (void)policy->value("x", documents());
    }
  }
}

TEST(RegoLimits, OfDepthAreExact) {
  WARD_NEED_REGO();
  const auto sum = [](std::size_t operators) {
    return "package policy\nallow := 1" + repeated(operators, "+1") + "\n";
  };
  // The operator of the rule, and a level of the term itself.
  const auto deepest = Policy::load(sum(248), "p.rego");
  ASSERT_TRUE(deepest) << to_text(deepest.error());
  EXPECT_EQ(*deepest->value("allow", documents()), "249");
  const auto deeper = Policy::load(sum(249), "p.rego");
  ASSERT_FALSE(deeper);
  EXPECT_EQ(to_text(deeper.error()),
            "p.rego:2:507: an expression goes deeper than 250 operators and brackets");
}

// What stands side by side is not deep, however much of it there is.
TEST(RegoLimits, OfDepthAreOfOneExpression) {
  WARD_NEED_REGO();
  std::string text = "package policy\nimport rego.v1\n";
  text += "list := [" + repeated(3'000, "1 + 1, ") + "1]\n";
  text += "object := {" + repeated(1'000, "`x`: -1, ") + "`y`: 2}\n";
  text += "allow if {\n" + repeated(200, "  list[0] == 2\n  # + + +\n") + "}\n";
  text += repeated(500, "allow if { input.a.b == 1; not input.c }\n");
  const auto policy = Policy::load(text, "p.rego");
  ASSERT_TRUE(policy) << to_text(policy.error());
  EXPECT_TRUE(policy->allow(documents()));
}

// weight is of rules that rest on each other: each is deep or loops, none more than it may alone.
std::string heavy(int rules, std::size_t levels, std::string_view level) {
  std::string out = "package policy\nimport rego.v1\na := [1]\nr0 := 1\n";
  for (int i = 1; i <= rules; ++i) {
    const std::string below = "r" + std::to_string(i - 1);
    out += "r" + std::to_string(i) + " := " + below + " + count([" + below;
    out += repeated(levels, level) + "])\n";
  }
  return out + "allow if r" + std::to_string(rules) + " > 0\n";
}

TEST(RegoLimits, OfWeightOfChains) {
  WARD_NEED_REGO();
  for (const auto* const level : {"+1", ", a[_]"}) {
    const auto light = Policy::load(heavy(30, 150, level), "p.rego");
    ASSERT_TRUE(light) << to_text(light.error());
    EXPECT_TRUE(light->allow(documents())) << level;
    const auto policy = Policy::load(heavy(60, 200, level), "p.rego");
    ASSERT_FALSE(policy) << level;
    EXPECT_THAT(to_text(policy.error()), testing::HasSubstr("more than 8000 levels and loops"));
  }
  const auto loops = Policy::load(heavy(1, 40'000, ",a[_]"), "p.rego");
  ASSERT_FALSE(loops);
  EXPECT_THAT(to_text(loops.error()), testing::HasSubstr("more than 8000 levels and loops"));
}

TEST(RegoLimits, OfDepthOfDocuments) {
  WARD_NEED_REGO();
  std::string input = std::string(100'000, '[') + std::string(100'000, ']');
  const auto policy = Policy::load("package policy\nallow if input[0]\n", "p.rego");
  ASSERT_TRUE(policy) << to_text(policy.error());
  const auto result = policy->allow({.input = input});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().reason, testing::HasSubstr("the input is not JSON"));
}

}  // namespace
}  // namespace ward::policy::rego
