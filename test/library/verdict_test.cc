// libward through its C ABI says what the pipeline says.
#include <gtest/gtest.h>

#include "codec/json_write.h"
#include "explain/explanation_json.h"
#include "tee/all.h"
#include "tee/x509/anchors.h"
#include "test/library/handles.h"
#include "test/support/vectors.h"
#include "verifier/verifier.h"

namespace ward::test {
namespace {

std::string json_of(const ward_appraisal* appraisal) {
  const char* json = nullptr;
  EXPECT_EQ(ward_appraisal_json(appraisal, &json, nullptr), WARD_OK);
  return json == nullptr ? "" : json;
}

// What the pipeline says, called as `ward verify` calls it.
std::string direct_json(const LibraryVector& v) {
  attest::Collateral collateral;
  std::vector<attest::Anchor> roots;
  for (const auto& [name, bytes] : v.documents) {
    collateral.documents.push_back({name, bytes});
    if (name == "root_ca.pem") roots = *x509::development_anchors(as_text(bytes));
  }
  const verifier::Verifier verifier(tee::all_schemes(), roots,
                                    {.name = "the caller's policy", .allow_development = true});
  const auto expect = [&](const char* fact) {
    return v.facts.contains(fact) ? attest::Expected{std::vector<Buffer>{v.octets(fact)}}
                                  : attest::Expected{attest::Unchecked{}};
  };
  const auto explained = explain::appraise(
      verifier, {.evidence = v.evidence,
                 .collateral = collateral,
                 .now = {v.at()},
                 .expected = {expect("report_data"), expect("measurement"), expect("workload")}});
  codec::JsonWriter writer(codec::JsonWriter::Style::kPretty);
  explain::write_explanation(writer, *explained);
  return *writer.take() + "\n";
}

TEST(LibraryVerdict, OwnVectorsAreAcceptedAndTheJsonIsThePipelines) {
  for (const LibraryVector& v : library_vectors()) {
    SCOPED_TRACE(v.tee);
    const auto policy = v.policy();
    const auto verifier = new_verifier(policy.get());
    const auto collateral = v.collateral();
    const auto request = v.request();
    const auto a = verify(verifier.get(), v.evidence, collateral.get(), request.get());
    EXPECT_EQ(ward_appraisal_verdict(a.get()), WARD_ACCEPTED);
    EXPECT_EQ(ward_appraisal_tee(a.get()), v.tee);
    EXPECT_EQ(ward_appraisal_summary(a.get()), v.accepted());
    EXPECT_EQ(ward_appraisal_development(a.get()), 1);
    EXPECT_EQ(ward_appraisal_time(a.get()), v.at());
    EXPECT_EQ(json_of(a.get()), direct_json(v));
    EXPECT_EQ(ward_appraisal_unchecked_count(a.get()), v.tee == "psa" ? 1U : 0U);
  }
}

TEST(LibraryVerdict, IsExplainedAsTheProgramDoes) {
  for (const LibraryVector& v : library_vectors()) {
    SCOPED_TRACE(v.tee);
    const auto policy = v.policy();
    const auto verifier = new_verifier(policy.get());
    const auto a = verify(verifier.get(), v.evidence, v.collateral().get(), v.request().get());
    const auto text_of = [&](ward_form form) {
      const char* text = nullptr;
      EXPECT_EQ(ward_appraisal_explain(a.get(), form, &text, nullptr), WARD_OK);
      const char* again = nullptr;
      EXPECT_EQ(ward_appraisal_explain(a.get(), form, &again, nullptr), WARD_OK);
      EXPECT_EQ(text, again) << "it lives as long as the appraisal";
      return std::string(text == nullptr ? "" : text);
    };
    EXPECT_TRUE(text_of(WARD_FORM_TREE).starts_with(v.accepted() + "\n"));
    EXPECT_NE(text_of(WARD_FORM_TREE).find("\nwhat it rests on\n"), std::string::npos);
    EXPECT_TRUE(text_of(WARD_FORM_SCRIPT).starts_with("#!/bin/sh\n"));
    EXPECT_TRUE(text_of(WARD_FORM_PAGE).starts_with("<!DOCTYPE html>"));
    const char* none = "";
    EXPECT_EQ(ward_appraisal_explain(a.get(), ward_form{}, &none, nullptr), WARD_ERROR_USAGE);
    EXPECT_EQ(none, nullptr);
    EXPECT_EQ(ward_appraisal_explain(nullptr, WARD_FORM_TREE, &none, nullptr), WARD_ERROR_USAGE);
    EXPECT_EQ(ward_appraisal_explain(a.get(), WARD_FORM_TREE, nullptr, nullptr), WARD_ERROR_USAGE);
    // Milan's reports can be forged.
    EXPECT_EQ(ward_appraisal_warning_count(a.get()) != 0,
              text_of(WARD_FORM_TREE).find("WARNING") != std::string::npos);
    EXPECT_EQ(ward_appraisal_warning_at(a.get(), ward_appraisal_warning_count(a.get())), nullptr);
    EXPECT_EQ(ward_appraisal_warning_count(nullptr), 0U);
  }
}

TEST(LibraryVerdict, EveryCheckAndClaimIsListed) {
  for (const LibraryVector& v : library_vectors()) {
    SCOPED_TRACE(v.tee);
    const auto policy = v.policy();
    const auto verifier = new_verifier(policy.get());
    const auto a =
        verify(verifier.get(), v.evidence, v.collateral().get(), unchecked_request(v.at()).get());
    ward_check check{.size = sizeof(ward_check)};
    std::size_t passed = 0;
    std::size_t i = 0;
    for (; ward_appraisal_check_at(a.get(), i, &check) == WARD_OK; ++i) {
      EXPECT_NE(std::string(check.id), "");
      EXPECT_NE(std::string(check.meaning), "");
      EXPECT_NE(check.outcome, WARD_FAILED) << check.id;
      EXPECT_EQ(check.not_done == WARD_NOT_DONE_NONE, check.outcome == WARD_PASSED) << check.id;
      passed += check.outcome == WARD_PASSED ? 1U : 0U;
      ward_check found{.size = sizeof(ward_check)};
      EXPECT_EQ(ward_appraisal_find_check(a.get(), check.id, &found), WARD_OK);
      EXPECT_STREQ(found.id, check.id);
    }
    EXPECT_EQ(i, ward_appraisal_check_count(a.get()));
    EXPECT_GT(passed, 5U);
    ward_claim claim{.size = sizeof(ward_claim)};
    std::size_t claims = 0;
    bool saw_data = false;
    for (; ward_appraisal_claim_at(a.get(), claims, &claim) == WARD_OK; ++claims)
      saw_data = saw_data || v.facts.at("report_data") == claim.text;
    EXPECT_EQ(claims, ward_appraisal_claim_count(a.get()));
    EXPECT_TRUE(saw_data);
    const std::size_t unchecked = v.facts.contains("measurement") || v.tee == "psa" ? 2 : 1;
    EXPECT_EQ(ward_appraisal_unchecked_count(a.get()), unchecked);
    EXPECT_STREQ(ward_appraisal_unchecked_at(a.get(), 0), "report_data");
    EXPECT_EQ(ward_appraisal_unchecked_at(a.get(), unchecked), nullptr);
    EXPECT_EQ(ward_appraisal_note_at(a.get(), ward_appraisal_note_count(a.get())), nullptr);
    ward_tcb tcb{.size = sizeof(ward_tcb)};
    ASSERT_EQ(ward_appraisal_tcb(a.get(), &tcb), WARD_OK);
    if (v.tee != "azure") {  // on either hardware
      EXPECT_EQ(tcb.status != nullptr, v.tee == "sgx" || v.tee == "tdx") << v.tee;
    }
    EXPECT_EQ(ward_appraisal_advisory(a.get(), tcb.advisory_count), nullptr);
  }
}

TEST(LibraryVerdict, WhatIsAlteredExpectedOtherwiseOrMissingIsNotAccepted) {
  for (const LibraryVector& v : library_vectors()) {
    SCOPED_TRACE(v.tee);
    const auto policy = v.policy();
    const auto verifier = new_verifier(policy.get());
    const auto collateral = v.collateral();
    const auto request = v.request();
    Buffer altered = v.evidence;
    altered[v.some_signed()] ^= 1U;
    const auto refused = verify(verifier.get(), altered, collateral.get(), request.get());
    EXPECT_EQ(ward_appraisal_verdict(refused.get()), WARD_REFUSED);

    const auto other = unchecked_request(v.at());
    const auto strict = new_policy();  // no development root, no permission
    const auto plain = new_verifier(strict.get());
    const auto development = verify(plain.get(), v.evidence, collateral.get(), other.get());
    EXPECT_EQ(ward_appraisal_verdict(development.get()), WARD_REFUSED);

    const auto alone = verify(verifier.get(), v.evidence, nullptr, request.get());
    EXPECT_EQ(ward_appraisal_verdict(alone.get()) == WARD_ACCEPTED,
              v.facts.contains("self_contained"));

    const auto wrong = new_request();
    const Buffer data(v.octets("report_data").size(), 0xa7);
    ASSERT_EQ(ward_request_set_time(wrong.get(), v.at(), nullptr), WARD_OK);
    ASSERT_EQ(ward_request_expect_report_data(wrong.get(), data.data(), data.size(), nullptr),
              WARD_OK);
    ASSERT_EQ(ward_request_measurement_unchecked(wrong.get(), nullptr), WARD_OK);
    ASSERT_EQ(ward_request_workload_unchecked(wrong.get(), nullptr), WARD_OK);
    const auto replayed = verify(verifier.get(), v.evidence, collateral.get(), wrong.get());
    EXPECT_EQ(std::string(ward_appraisal_summary(replayed.get())),
              "refused: " + v.tee + ".report_data.expected");
    // Any of several values is accepted.
    const Buffer right = v.octets("report_data");
    ASSERT_EQ(ward_request_expect_report_data(wrong.get(), right.data(), right.size(), nullptr),
              WARD_OK);
    const auto either = verify(verifier.get(), v.evidence, collateral.get(), wrong.get());
    EXPECT_EQ(ward_appraisal_verdict(either.get()), WARD_ACCEPTED);
  }
}

// A platform that the policy's demands refuse, one demand each.
TEST(LibraryVerdict, EachDemandOfAPolicyIsHeeded) {
  using Demand = ward_status (*)(ward_policy*);

  const struct {
    const char* tee;
    Demand demand;
    const char* refused;  // by this check; "" where it is accepted
  } kRows[] = {
      {"sgx", [](ward_policy* p) { return ward_policy_min_tcb_evaluation(p, 1, nullptr); }, ""},
      {"sgx", [](ward_policy* p) { return ward_policy_min_tcb_evaluation(p, 1U << 30U, nullptr); },
       "sgx.tcb.evaluation_number"},
      {"sgx",
       [](ward_policy* p) {
         return ward_policy_accept_value(p, "sgx.attributes.provision_key", "true", nullptr);
       },
       "sgx.attributes.provision_key"},
      {"sgx",
       [](ward_policy* p) {
         return ward_policy_refuse_value(p, "sgx.attributes.provision_key", "false", nullptr);
       },
       "sgx.attributes.provision_key"},
      {"sgx",
       [](ward_policy* p) {
         return ward_policy_min_value(p, "sgx.report_body.isv_svn", "65535", nullptr);
       },
       "sgx.report_body.isv_svn"},
      {"sgx", [](ward_policy* p) { return ward_policy_accept_tcb(p, "any", nullptr); }, ""},
      {"tdx", [](ward_policy* p) { return ward_policy_accept_tcb(p, "OutOfDate", nullptr); }, ""},
      {"sgx", [](ward_policy* p) { return ward_policy_min_tcb_date(p, 0, nullptr); }, ""},
      {"sgx", [](ward_policy* p) { return ward_policy_min_tcb_date(p, 4102444800, nullptr); },
       "sgx.tcb.date"},
      {"sgx", [](ward_policy* p) { return ward_policy_tolerate(p, "INTEL-SA-00615", 1, nullptr); },
       ""},
      {"tdx",
       [](ward_policy* p) {
         const std::string list = "# none of these\n0011223344556677\n";
         return ward_policy_accept_chips(p, list.data(), list.size(), nullptr);
       },
       "tdx.chip.accepted"},
      {"tdx", [](ward_policy* p) { return ward_policy_refuse_product(p, "Turin", nullptr); }, ""},
      {"tdx", [](ward_policy* p) { return ward_policy_allow_development(p, 0, nullptr); },
       "tdx.platform.development"},
      {"snp", [](ward_policy* p) { return ward_policy_allow_debug(p, 1, nullptr); }, ""},
  };

  for (const auto& row : kRows) {
    for (const LibraryVector& v : library_vectors()) {
      if (v.tee != row.tee) continue;
      SCOPED_TRACE(std::string(row.tee) + " " + row.refused);
      const auto policy = v.policy();
      ASSERT_EQ(row.demand(policy.get()), WARD_OK);
      const auto verifier = new_verifier(policy.get());
      const auto a = verify(verifier.get(), v.evidence, v.collateral().get(), v.request().get());
      const std::string want =
          *row.refused == '\0' ? "accepted" : std::string("refused: ") + row.refused;
      EXPECT_EQ(std::string(ward_appraisal_summary(a.get())), want);
    }
  }
}

TEST(LibraryVerdict, RevocationIsNeededUntilAPolicySaysOtherwise) {
  for (const LibraryVector& v : library_vectors()) {
    if (v.tee != "snp") continue;
    const auto policy = v.policy();
    const auto collateral = new_collateral();
    for (const auto& [name, bytes] : v.documents) {
      if (name == "crl.der") continue;
      ASSERT_EQ(
          ward_collateral_add(collateral.get(), name.c_str(), bytes.data(), bytes.size(), nullptr),
          WARD_OK);
    }
    const auto careful = new_verifier(policy.get());
    const auto a = verify(careful.get(), v.evidence, collateral.get(), v.request().get());
    EXPECT_EQ(ward_appraisal_verdict(a.get()), WARD_UNDETERMINED);
    ASSERT_EQ(ward_policy_require_revocation(policy.get(), 0, nullptr), WARD_OK);
    const auto verifier = new_verifier(policy.get());
    const auto b = verify(verifier.get(), v.evidence, collateral.get(), v.request().get());
    EXPECT_EQ(std::string(ward_appraisal_summary(b.get())), "accepted (not checked: revocation)");
  }
}

// Real hardware's evidence, where the vectors are at hand: the default policy on a real quote.
TEST(LibraryVerdict, RecordedEvidenceNeedsItsCollateral) {
  WARD_NEED_VECTORS();
  const Buffer quote = read_file(vectors_dir() / "sgx/sgx_v3_automata-network_c81a90ee.dat");
  const auto policy = new_policy();
  const auto verifier = new_verifier(policy.get());
  const auto request = unchecked_request(1716056571);  // 2024-05-18T18:22:51Z
  const auto a = verify(verifier.get(), quote, nullptr, request.get());
  EXPECT_EQ(ward_appraisal_verdict(a.get()), WARD_UNDETERMINED);
  EXPECT_EQ(ward_appraisal_development(a.get()), 0);

  ward_needs* listed = nullptr;
  ASSERT_EQ(ward_needs_of(quote.data(), quote.size(), &listed, nullptr), WARD_OK);
  const NeedsHandle needs(listed);
  ASSERT_GT(ward_needs_count(listed), 2U);
  ward_need need{.size = sizeof(ward_need)};
  bool tcb_info = false;
  for (std::size_t i = 0; ward_needs_at(listed, i, &need) == WARD_OK; ++i)
    tcb_info = tcb_info || std::string(need.kind).ends_with("tcb_info");
  EXPECT_TRUE(tcb_info);
}

TEST(LibraryVerdict, EveryDeclaredCheckIsListedUnderItsTee) {
  std::size_t tees = 0;
  ward_tee tee{.size = sizeof(ward_tee)};
  for (; ward_tee_at(tees, &tee) == WARD_OK; ++tees) {
    EXPECT_GT(tee.check_count, 0U);
    ward_check_info info{.size = sizeof(ward_check_info)};
    std::size_t i = 0;
    for (; ward_tee_check_at(tees, i, &info) == WARD_OK; ++i)
      EXPECT_TRUE(std::string(info.id).starts_with(std::string(tee.name) + ".")) << info.id;
    EXPECT_EQ(i, tee.check_count);
    EXPECT_EQ(ward_tee_check_at(tees, i, &info), WARD_ERROR_NOT_FOUND);
  }
  EXPECT_EQ(tees, ward_tee_count());
  EXPECT_EQ(tees, tee::all_schemes().size());
  ward_check_info info{.size = sizeof(ward_check_info)};
  EXPECT_EQ(ward_tee_check_at(tees, 0, &info), WARD_ERROR_NOT_FOUND);
}

}  // namespace
}  // namespace ward::test
