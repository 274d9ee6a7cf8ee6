#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "advisory/tables.h"
#include "attest/scheme.h"
#include "tee/all.h"

namespace ward::advisory {
namespace {

using attest::FieldInfo;

std::vector<Condition> conditions_of(const Attack& attack) {
  std::vector<Condition> out = attack.affected_if;
  for (const Way& way : attack.closed_by) {
    out.insert(out.end(), way.scope.begin(), way.scope.end());
    out.insert(out.end(), way.conditions.begin(), way.conditions.end());
  }
  return out;
}

TEST(Advisories, BothTablesParse) {
  const auto attacks = parse_attacks(attacks_table());
  ASSERT_TRUE(attacks) << attacks.error();
  // A row is never lost: the number changes with the tables, in the same commit.
  EXPECT_EQ(attacks->size(), 122U);
  const auto listed = parse_listed(listed_table());
  ASSERT_TRUE(listed) << listed.error();
  EXPECT_EQ(listed->size(), 27U);
}

TEST(Advisories, EveryRowNamesFieldsThatExistWithValuesThatTheyMayHave) {
  const std::vector<FieldInfo> fields = attest::all_fields(tee::all_schemes());
  for (const Attack& attack : attacks()) {
    for (const Condition& condition : conditions_of(attack)) {
      SCOPED_TRACE(attack.id + " " + condition.field);
      const FieldInfo* field = attest::find_field(fields, condition.field);
      ASSERT_NE(field, nullptr);
      for (const std::string& value : condition.values)
        EXPECT_TRUE(attest::is_possible(field->form, value)) << value;
      if (condition.kind == Condition::Kind::kAtLeast) {
        EXPECT_TRUE(attest::has_order(field->form));
      }
      const std::string tee = condition.field.substr(0, condition.field.find('.'));
      EXPECT_TRUE(std::ranges::any_of(
          attack.tees, [&](const Item& item) { return item.verified && item.text == tee; }))
          << "the row does not name " << tee;
    }
  }
}

TEST(Advisories, EveryNameOfATeeIsKnownAndTheOnesThatWardVerifiesAreThere) {
  std::set<std::string_view> names;
  for (const TeeTitle& title : tee_titles())
    EXPECT_TRUE(names.insert(title.name).second) << title.name;
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    EXPECT_TRUE(names.contains(scheme->info().name)) << scheme->info().name;
  }
}

TEST(Advisories, ARowThatNeedsAListingNamesAnAdvisoryThatIsVerified) {
  for (const Attack& attack : attacks()) {
    const bool needs = std::ranges::any_of(attack.closed_by, [](const Way& way) {
      return std::ranges::any_of(way.words, [](Word word) {
        return word == Word::kNotListed || word == Word::kUnlessListed;
      });
    });
    const bool has = std::ranges::any_of(attack.advisories, [](const Item& item) {
      return item.verified && item.text.starts_with("INTEL-SA-");
    });
    EXPECT_TRUE(!needs || has) << attack.id;
  }
}

TEST(Advisories, ADateThatIsNotVerifiedSaysSo) {
  const auto date_of = [](std::string_view id) {
    const auto found = std::ranges::find(attacks(), id, &Attack::id);
    return found == attacks().end() ? Date{} : found->date;
  };
  const Date badram = date_of("badram");
  EXPECT_EQ(badram.year, 2024);
  EXPECT_EQ(badram.month, 12U);
  EXPECT_EQ(badram.day, 10U);
  EXPECT_FALSE(badram.verified);
  const Date rmp = date_of("rmpocalypse");
  EXPECT_EQ(rmp.year, 2025);
  EXPECT_TRUE(rmp.verified);
  EXPECT_EQ(date_of("cachezoom").month, 0U);
  EXPECT_FALSE(date_of("old-microcode").known());
}

// Of a good row, one cell is exchanged.
struct Wrong {
  const char* name;
  std::size_t column;
  const char* cell;
  const char* want;  // of the error
};

constexpr Wrong kWrong[] = {
    {"no_cell", 1, "", "line 2: an empty cell"},
    {"one_cell_more", 1, "a\tb", "line 2: not as many cells as columns"},
    {"no_reference", 9, "-", "x: no verified reference"},
    {"reference_unverified", 9, "a (unverified)", "x: no verified reference"},
    {"no_tee", 10, "-", "x: tees"},
    {"strange_tee", 10, "snp; sgy", "x: tees"},
    {"no_such_day", 4, "2025-02-30", "x: disclosed: no date"},
    {"no_date", 4, "soon", "x: disclosed: no date"},
    {"half_a_date", 4, "2025-2", "x: disclosed: no date"},
    {"a_record", 4, "CVE record 2025-02-03",
     "x: disclosed: the date of a CVE record is not the attack's"},
    {"strange_word", 12, "perhaps", "x: closed_by: perhaps"},
    {"no_value", 12, "snp.a=", "x: closed_by: snp.a="},
    {"no_field", 12, "=a", "x: closed_by: =a"},
    {"two_least", 12, "snp.a>=1, 2", "x: closed_by: snp.a>=1, 2"},
    {"empty_way", 12, "unknown | ", "x: closed_by: "},
    {"bad_scope", 12, "Milan: unknown", "x: closed_by: Milan: unknown"},
    {"bad_condition", 11, "Milan", "x: affected_if: Milan"},
};

std::string table_with(std::size_t column, const std::string& cell) {
  std::vector<std::string> cells = {"x", "X", "-", "-",   "2025-01-31", "c",       "a",
                                    "-", "m", "r", "snp", "-",          "unknown", "-"};
  cells.at(column) = cell;
  const std::string_view all = attacks_table();
  std::string out(all.substr(0, all.find('\n')));
  for (std::size_t i = 0; i < cells.size(); ++i)
    out += (i == 0 ? "\n" : "\t") + cells[i];
  return out + "\n";
}

TEST(Advisories, AWrongRowIsRefusedAndSaysWhere) {
  EXPECT_TRUE(parse_attacks(table_with(0, "x")));
  for (const Wrong& wrong : kWrong) {
    SCOPED_TRACE(wrong.name);
    const auto parsed = parse_attacks(table_with(wrong.column, wrong.cell));
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error(), wrong.want);
  }
}

TEST(Advisories, AWrongTableIsRefused) {
  const std::string good = table_with(0, "x");
  const std::string row = good.substr(good.find('\n') + 1);
  EXPECT_EQ(parse_attacks(good + row).error(), "x: an id twice");
  EXPECT_EQ(parse_attacks(row).error(), "line 1: not the columns");
  EXPECT_EQ(parse_attacks(good.substr(0, good.size() - 1)).error(), "the last line does not end");
  const std::string head = "advisory\ttee\tevaluation_number\treference\n";
  EXPECT_EQ(parse_listed(head + "A\tsgx\t1x\tr\n").error(), "A sgx: evaluation_number");
  EXPECT_EQ(parse_listed(head + "A\tsgx\t1\tr\nA\tsgx\t2\tr\n").error(), "A sgx: twice");
}

}  // namespace
}  // namespace ward::advisory
