// Every construct and built-in that attestation users' policies have, in both syntaxes, against
// answers that were worked out by hand from the language's definition, and those of OPA
// (test/differential/opa, which says how they were recorded).

#include <ostream>
#include <string>
#include <vector>

#include "codec/json.h"
#include "test/support/rego.h"

namespace ward::policy::rego {
namespace {

struct Case {
  std::string name;
  std::string v0;  // what stands behind the package line
  std::string v1;
  std::string want;  // by hand
};

std::ostream& operator<<(std::ostream& out, const Case& test) { return out << test.name; }

// File is a document of test/differential/opa.
class File {
 public:
  explicit File(const std::string& name)
      : text_(test::read_text(test::source_dir() / "test/differential/opa" / name)),
        root_(codec::parse_json(as_bytes(text_))) {
    EXPECT_TRUE(root_) << name;
  }

  [[nodiscard]] const codec::JsonValue& root() const { return *root_; }

  [[nodiscard]] const codec::JsonValue& member(std::string_view name) const {
    return *root_->find(name);
  }

  // raw is a member as it is written.
  [[nodiscard]] std::string_view raw(std::string_view name) const {
    return as_text(member(name).raw(as_bytes(text_)));
  }

 private:
  std::string text_;
  Result<codec::JsonValue, Diag> root_;
};

std::string text_of(const codec::JsonValue& object, std::string_view name) {
  const codec::JsonValue* member = object.find(name);
  return member == nullptr ? "no member" : std::string(member->as_string().value_or("no text"));
}

const File& cases_file() {
  static const File one("cases.json");
  return one;
}

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const codec::JsonValue& one : cases_file().member("cases").items()) {
    out.push_back(
        {text_of(one, "name"), text_of(one, "v0"), text_of(one, "v1"), text_of(one, "want")});
  }
  return out;
}

Documents documents() {
  return {.input = cases_file().raw("input"),
          .data = cases_file().raw("data"),
          .reference_values = cases_file().raw("reference_values"),
          .now = {1'700'000'000}};
}

class Constructs : public testing::TestWithParam<Case> {};

TEST_P(Constructs, GiveTheLanguagesAnswer) {
  WARD_NEED_REGO();
  const Case& test = GetParam();
  for (const std::string& body : {test.v0, test.v1}) {
    // Imports stand before rules.
    const std::string text = "package policy\n" + body + "\nallow = true\n";
    EXPECT_EQ(evaluated(text, documents()), test.want) << text;
  }
}

// What is undefined in the language is for ward the reason why there is no value.
TEST_P(Constructs, AreWhatOpaMakesOfThem) {
  static const File recorded("recorded.json");
  const codec::JsonValue* answers = recorded.member("answers").find(GetParam().name);
  ASSERT_NE(answers, nullptr);
  const std::string undefined = "t.rego: rule `answer` is undefined: none of its bodies holds";
  for (const char* language : {"v0", "v1"}) {
    const std::string theirs = text_of(*answers, language);
    EXPECT_EQ(theirs == "undefined" ? undefined : theirs, GetParam().want) << language;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Constructs, testing::ValuesIn(cases()),
                         [](const auto& test) { return test.param.name; });

// The time of the cases is the one that they were recorded with.
TEST(ConstructsFile, SaysTheTimeThatIsAskedFor) {
  EXPECT_EQ(cases_file().raw("now_unix_s"), std::to_string(documents().now.seconds));
  EXPECT_EQ(cases().size(), 69U);
}

}  // namespace
}  // namespace ward::policy::rego
