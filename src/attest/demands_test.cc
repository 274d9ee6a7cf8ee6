#include "attest/demands.h"

#include <gtest/gtest.h>

#include "attest/fields.h"

namespace ward::attest {
namespace {

constexpr DemandNames kNames{.accept_tcb = "tcb",
                             .accept_value = "accept",
                             .refuse_value = "refuse",
                             .min_value = "least",
                             .min_tcb_evaluation = "evaluation",
                             .min_tcb_date = "date",
                             .tolerate = "tolerate",
                             .refuse_product = "product",
                             .chips = "chips"};
constexpr FieldInfo kFields[] = {{.id = "x.flag", .claim = "flag", .form = kFlag},
                                 {.id = "x.svn", .claim = "svn", .form = number(255)}};
constexpr FieldInfo kOthers[] = {{.id = "y.svn", .claim = "svn", .form = number(255)}};
constexpr const char* kProducts[] = {"Milan"};
constexpr const char* kStatuses[] = {"UpToDate", "OutOfDate", "Revoked"};

// Kind is a scheme that has fields and statuses alone.
class Kind : public Scheme {
 public:
  Kind(const char* name, std::span<const FieldInfo> fields, std::span<const char* const> statuses)
      : name_(name), fields_(fields), statuses_(statuses) {}

  [[nodiscard]] SchemeInfo info() const override {
    return {.name = name_,
            .fields = fields_,
            .tcb_statuses = statuses_,
            .products = kProducts,
            .product_octets = 6};
  }

  [[nodiscard]] Recognition recognises(Bytes) const override { return Recognition::kNo; }

  [[nodiscard]] Result<std::vector<Claim>> inspect(Bytes) const override { return none(); }

  [[nodiscard]] Result<std::vector<LayoutField>> layout(Bytes) const override { return none(); }

  [[nodiscard]] Result<std::vector<CollateralRequest>> needs(Bytes) const override {
    return none();
  }

  [[nodiscard]] std::unique_ptr<const Prepared> prepare(const Collateral&) const override {
    return nullptr;
  }

  [[nodiscard]] Result<void> verify(const Job&, Findings&) const override { return none(); }

 private:
  static Error none() { return {Errc::kUnsupported, "a test's scheme"}; }

  const char* name_;
  std::span<const FieldInfo> fields_;
  std::span<const char* const> statuses_;
};

const Kind kX("x", kFields, kStatuses);
const Kind kY("y", kOthers, {});
const Scheme* const kAll[] = {&kX, &kY};
const Demands kDemands(kAll, kNames);

TEST(Demands, WhatAPolicyAcceptsIsAdded) {
  Policy policy;
  EXPECT_TRUE(kDemands.accept_tcb("OutOfDate", policy));
  EXPECT_TRUE(kDemands.accept_tcb("any", policy));
  EXPECT_TRUE(kDemands.accept_value("x.flag", "true", policy));
  EXPECT_TRUE(kDemands.refuse_value("x.svn", "3", policy));
  EXPECT_TRUE(kDemands.min_value("x.svn", "2", policy));
  EXPECT_EQ(policy.accepted_tcb, (std::vector<std::string>{"UpToDate", "OutOfDate"}));
  EXPECT_TRUE(policy.accept_any_tcb);
  EXPECT_EQ(policy.accepted_values.at("x.flag"), std::vector<std::string>{"true"});
  EXPECT_EQ(policy.refused_values.at("x.svn"), std::vector<std::string>{"3"});
  EXPECT_EQ(policy.minimum_values.at("x.svn"), "2");
}

TEST(Demands, PlatformsAreNamedByProductChipAndAdvisory) {
  Policy policy;
  EXPECT_TRUE(kDemands.tolerate("intel-sa-00615", UnixTime{7}, policy));
  EXPECT_EQ(policy.tolerated.at("INTEL-SA-00615").seconds, 7);
  EXPECT_TRUE(kDemands.refuse_product("milan", policy));
  EXPECT_TRUE(kDemands.refuse_product("00606a000000", policy));
  EXPECT_EQ(policy.refused_products, (std::vector<std::string>{"Milan", "00606a000000"}));
  EXPECT_TRUE(kDemands.chips(
      "# ours\n\n 00112233445566aa \r\n" + std::string(128, 'e') + " # the second\n", policy));
  ASSERT_EQ(policy.chips->size(), 2U);
  EXPECT_EQ(to_hex(policy.chips->at(0)), "00112233445566aa");
}

TEST(Demands, AMistakeIsToldInTheCallersWordsAndChangesNothing) {
  Policy policy;
  ASSERT_TRUE(kDemands.min_value("x.svn", "2", policy));

  const struct {
    Result<void, Mistake> got;
    const char* what;
    const char* hint;
  } kRows[] = {
      {kDemands.accept_tcb("Revoked", policy), "tcb: Revoked is never accepted",
       "take it off the list"},
      {kDemands.accept_tcb("uptodate", policy), "tcb: no TCB status: uptodate",
       "one of UpToDate, OutOfDate, Revoked, or any"},
      {kDemands.accept_value("x.flags", "true", policy), "accept: no field: x.flags",
       "did you mean x.flag?"},
      {kDemands.refuse_value("x.svn", "256", policy), "refuse: x.svn never has this value: 256",
       "write a whole number of at most 255"},
      {kDemands.min_value("x.flag", "true", policy), "least: x.flag has no order",
       "only numbers and versions have a least value; name its values with accept"},
      {kDemands.tolerate("everything", UnixTime{}, policy),
       "tolerate: no advisory's id: everything",
       "write it as the maker's documents do: INTEL-SA-00615, no CVE (`ward advisories` lists "
       "both)"},
      {kDemands.tolerate("CVE-2022-21123", UnixTime{}, policy),
       "tolerate: no advisory's id: CVE-2022-21123",
       "write it as the maker's documents do: INTEL-SA-00615, no CVE (`ward advisories` lists "
       "both)"},
      {kDemands.refuse_product("Rome", policy), "product: no product: Rome",
       "one of Milan; or an FMSPC in hex"},
      {kDemands.chips("# none\n", policy), "chips: a list without a chip accepts none",
       "put at least one id on it"},
      {kDemands.chips("00112233445566aa\n0011\n", policy), "chips: line 2 is no chip's id",
       "write one in hex a line, of 8 to 64 octets: CHIP_ID of SEV-SNP, PPID or platform instance "
       "id of Intel (`ward verify --json` prints them)"},
      {kDemands.chips(std::string(32, '0'), policy), "chips: line 1 is no chip's id",
       "write one in hex a line, of 8 to 64 octets: CHIP_ID of SEV-SNP, PPID or platform instance "
       "id of Intel (`ward verify --json` prints them)"},
      {kDemands.min_value("x.svn", "1", policy), "least: x.svn was given twice",
       "name the greater value alone"},
  };

  for (const auto& row : kRows) {
    ASSERT_FALSE(row.got) << row.what;
    EXPECT_EQ(row.got.error().what, row.what);
    EXPECT_EQ(row.got.error().hint, row.hint);
  }
  EXPECT_EQ(policy.accepted_tcb, Policy{}.accepted_tcb);
  EXPECT_TRUE(policy.accepted_values.empty());
  EXPECT_TRUE(policy.refused_values.empty());
  EXPECT_TRUE(policy.tolerated.empty());
  EXPECT_TRUE(policy.refused_products.empty());
  EXPECT_FALSE(policy.chips.has_value());
  EXPECT_EQ(policy.minimum_values.at("x.svn"), "2");
}

TEST(Demands, WhatTheEvidenceNeverStatesIsMisplaced) {
  Policy field;
  ASSERT_TRUE(kDemands.accept_value("y.svn", "1", field));
  EXPECT_FALSE(kDemands.misplaced(kY, field));
  ASSERT_TRUE(kDemands.misplaced(kX, field));
  EXPECT_EQ(kDemands.misplaced(kX, field)->what, "evidence of x has no field y.svn");

  EXPECT_FALSE(kDemands.misplaced(kY, Policy{}));
  for (const Policy& tcb : {Policy{.accept_any_tcb = true}, Policy{.min_tcb_evaluation = 1},
                            Policy{.accepted_tcb = {"UpToDate", "UpToDate"}}}) {
    EXPECT_FALSE(kDemands.misplaced(kX, tcb));
    ASSERT_TRUE(kDemands.misplaced(kY, tcb));
    EXPECT_EQ(kDemands.misplaced(kY, tcb)->what,
              "tcb, evaluation, date, tolerate: the maker of y states no TCB status");
  }
}

// A TEE may state a status on some of its hardware alone.
TEST(Demands, AStatusThatGenuineEvidenceDoesNotHaveIsNotDemanded) {
  static constexpr CheckInfo kStatus{"x.tcb.status", "", "", ""};
  Appraisal without;
  without.tee = "x";
  without.genuine = true;
  const Policy any{.accept_any_tcb = true};
  ASSERT_TRUE(kDemands.without_effect(without, any));
  EXPECT_EQ(kDemands.without_effect(without, any)->what,
            "tcb, evaluation, date, tolerate: the maker of x's hardware here states no TCB status");
  EXPECT_FALSE(kDemands.without_effect(without, Policy{}));
  Appraisal with = without;
  with.facts.tcb_status_check = &kStatus;
  EXPECT_FALSE(kDemands.without_effect(with, any));
  without.genuine = false;
  EXPECT_FALSE(kDemands.without_effect(without, any));
}

TEST(Demands, ValuesAreComparedWholeOrNotAtAll) {
  EXPECT_FALSE(wrong_size("data", 64, 64, "the report data of x"));
  EXPECT_FALSE(wrong_size("data", 1, 0, "it"));
  EXPECT_EQ(wrong_size("data", 0, 0, "it")->what, "data: no octets");
  EXPECT_EQ(wrong_size("data", 0, 64, "the report data of x")->what,
            "data: 0 octets, but the report data of x has 64");
  EXPECT_EQ(wrong_size("data", 65, 64, "the report data of x")->what,
            "data: 65 octets, but the report data of x has 64");
  constexpr std::size_t kSizes[] = {32, 48, 64};
  EXPECT_FALSE(wrong_size("data", 48, 0, "it", kSizes));
  EXPECT_EQ(wrong_size("data", 1, 0, "it", kSizes)->what,
            "data: 1 octets, but it has 32, 48 or 64");
  EXPECT_TRUE(wrong_size("data", 0, 0, "it", kSizes));
}

}  // namespace
}  // namespace ward::attest
