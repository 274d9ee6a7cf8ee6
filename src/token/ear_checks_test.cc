// The checks that a result lists: how they are written, and what a reader refuses.
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "codec/jcs.h"
#include "token/ear.h"

namespace ward::token {
namespace {

template <class T>
Errc code(const Result<T>& r) {
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

TEST(EarChecks, of_checks_that_passed_a_result_has_the_ids_and_of_others_all_that_is_known) {
  EarSubmod submod;
  submod.verdict = "refused";
  submod.tcb_status = "UpToDate";
  submod.checks = {{.id = "a.b", .outcome = "passed", .found = "x", .reference = "y"},
                   {.id = "a.c",
                    .outcome = "failed",
                    .found = "1",
                    .expected = "2",
                    .expected_from = "policy",
                    .reference = "r",
                    .hint = "h"},
                   {.id = "a.a", .outcome = "passed"},
                   {.id = "a.d_2", .outcome = "not_done", .hint = "h"}};
  const Ear ear{.issuer = "w", .issued = {1}, .expires = {2}, .submods = {submod}};
  const auto claims = codec::parse_json(as_bytes(*ear_payload(ear)));
  ASSERT_TRUE(claims);
  const auto* said = claims->find("submods")->find("cpu0")->find("ward.appraisal");
  EXPECT_EQ(*codec::canonical_json(*said),
            R"({"checks":[{"expected":"2","expected_from":"policy","found":"1","hint":"h",)"
            R"("id":"a.c","outcome":"failed","reference":"r"},{"hint":"h","id":"a.d_2",)"
            R"("outcome":"not_done"}],"development":false,"passed":["a.b","a.a"],)"
            R"("schema":"ward.ear-appraisal/2","tcb_advisories":[],"tcb_status":"UpToDate",)"
            R"("unchecked":[],"verdict":"refused"})");
  const auto view = view_ear(*claims);
  ASSERT_TRUE(view) << view.error().what();
  std::string read;
  for (const EarCheck& check : view->submods[0].checks) {
    read += check.id + " " + check.outcome + " " + check.found + check.expected +
            check.expected_from + check.reference + check.hint + ";";
  }
  EXPECT_EQ(read, "a.b passed ;a.a passed ;a.c failed 12policyrh;a.d_2 not_done h;");
}

// A sealed output keeps its result for years.
TEST(EarChecks, the_form_before_is_read_with_every_check_in_one_list) {
  const std::string head =
      R"({"eat_profile":"tag:github.com,2024:confidential-containers/Trustee","submods":{"a":)"
      R"({"ear.status":"none","ward.appraisal":{"schema":"ward.ear-appraisal/1",)"
      R"("development":false,"tcb_status":"","unchecked":[],"verdict":")";
  const auto read = [&](std::string_view verdict, std::string_view outcome,
                        const std::string& more = "") {
    const std::string check = R"({"id":"composite.part","outcome":")" + std::string(outcome) +
                              R"(","found":"x","expected":"","expected_from":"",)"
                              R"("reference":"","hint":""})";
    const std::string text =
        head + std::string(verdict) + R"(","checks":[)" + check + "," + check + "]" + more + "}}}}";
    return view_ear(*codec::parse_json(as_bytes(text)));
  };
  const auto view = read("accepted", "passed");
  ASSERT_TRUE(view) << view.error().what();
  ASSERT_EQ(view->submods[0].checks.size(), 2U);
  EXPECT_EQ(view->submods[0].checks[1].found, "x");
  EXPECT_TRUE(read("refused", "failed"));
  EXPECT_EQ(code(read("accepted", "failed")), Errc::kMalformed);
  EXPECT_EQ(code(read("accepted", "passed", R"(,"passed":[])")), Errc::kMalformed);
}

// The lists of checks, behind the members that are right.
TEST(EarChecks, checks_that_a_relying_party_refuses) {
  const std::string head =
      R"({"eat_profile":"tag:github.com,2024:confidential-containers/Trustee","submods":{"a":)"
      R"({"ear.status":"none","ward.appraisal":{"verdict":"accepted","development":false,)"
      R"("unchecked":[],)";
  const std::string two = R"("schema":"ward.ear-appraisal/2",)";
  std::string many;
  for (std::size_t i = 0; i < kMaxEarChecks; ++i) {
    many += (many.empty() ? "\"" : ",\"") + std::string("sgx.n") + std::to_string(i) + "\"";
  }
  const std::string undone = R"({"id":"a.b","outcome":"not_done"})";

  const struct {
    const char* name;
    std::string lists;
    std::optional<Errc> want;
  } cases[] = {
      {"none", two + R"("passed":[],"checks":[])", {}},
      {"one_of_each", two + R"("passed":["a.c"],"checks":[)" + undone + "]", {}},
      {"most", two + R"("passed":[)" + many + R"(],"checks":[])", {}},
      {"one_more", two + R"("passed":[)" + many + R"(],"checks":[)" + undone + "]", Errc::kLimit},
      {"schema_absent", R"("passed":[],"checks":[])", Errc::kMalformed},
      {"schema_number", R"("schema":2,"passed":[],"checks":[])", Errc::kMalformed},
      {"schema_later", R"("schema":"ward.ear-appraisal/3","passed":[],"checks":[])",
       Errc::kUnsupported},
      {"checks_absent", two + R"("passed":["a.b"])", Errc::kMalformed},
      {"checks_no_list", two + R"("passed":["a.b"],"checks":{})", Errc::kMalformed},
      {"passed_absent", two + R"("checks":[])", Errc::kMalformed},
      {"passed_no_list", two + R"("passed":"a.b","checks":[])", Errc::kMalformed},
      {"passed_number", two + R"("passed":[1],"checks":[])", Errc::kMalformed},
      {"passed_whole", two + R"("passed":[{"id":"a.b"}],"checks":[])", Errc::kMalformed},
      {"passed_twice", two + R"("passed":["a.b","a.c","a.b"],"checks":[])", Errc::kMalformed},
      {"in_both", two + R"("passed":["a.b"],"checks":[)" + undone + "]", Errc::kMalformed},
      {"undone_twice", two + R"("passed":[],"checks":[)" + undone + "," + undone + "]",
       Errc::kMalformed},
      {"failed", two + R"("passed":[],"checks":[{"id":"a.b","outcome":"failed"}])",
       Errc::kMalformed},
      {"passed_among_others", two + R"("passed":[],"checks":[{"id":"a.b","outcome":"passed"}])",
       Errc::kMalformed},
      {"outcome_unknown", two + R"("passed":[],"checks":[{"id":"a.b","outcome":"fine"}])",
       Errc::kMalformed},
      {"outcome_absent", two + R"("passed":[],"checks":[{"id":"a.b"}])", Errc::kMalformed},
      {"id_absent", two + R"("passed":[],"checks":[{"outcome":"not_done"}])", Errc::kMalformed},
      {"found_number",
       two + R"("passed":[],"checks":[{"id":"a.b","outcome":"not_done","found":1}])",
       Errc::kMalformed},
      {"id_empty", two + R"("passed":[""],"checks":[])", Errc::kMalformed},
      {"id_of_one_word", two + R"("passed":["signature"],"checks":[])", Errc::kMalformed},
      {"id_begins_with_dot", two + R"("passed":[".a.b"],"checks":[])", Errc::kMalformed},
      {"id_ends_with_dot", two + R"("passed":["a.b."],"checks":[])", Errc::kMalformed},
      {"id_without_a_word", two + R"("passed":["a..b"],"checks":[])", Errc::kMalformed},
      {"id_upper_case", two + R"("passed":["a.B"],"checks":[])", Errc::kMalformed},
      {"id_blank", two + R"("passed":["a.b "],"checks":[])", Errc::kMalformed},
      {"id_longest", two + R"("passed":["a.)" + std::string(126, 'b') + R"("],"checks":[])", {}},
      {"id_long", two + R"("passed":["a.)" + std::string(127, 'b') + R"("],"checks":[])",
       Errc::kMalformed},
  };

  for (const auto& c : cases) {
    const auto parsed = codec::parse_json(as_bytes(head + c.lists + "}}}}"));
    ASSERT_TRUE(parsed) << c.name;
    const auto view = view_ear(*parsed);
    EXPECT_EQ(view ? std::nullopt : std::optional(view.error().code()), c.want) << c.name;
  }
}

}  // namespace
}  // namespace ward::token
