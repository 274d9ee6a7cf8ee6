// Every way to call libward wrongly is a status with a line that says what to do, never a crash.
#include <functional>

#include <gtest/gtest.h>

#include "test/library/handles.h"

namespace ward::test {
namespace {

// Row is one wrong call.
struct Row {
  const char* name;
  std::function<ward_status(ward_error**)> call;
  ward_status status;
  const char* message;
};

void expect_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    ward_error* error = nullptr;
    EXPECT_EQ(row.call(&error), row.status);
    const ErrorHandle owned(error);
    EXPECT_EQ(ward_error_status(error), row.status);
    EXPECT_STREQ(ward_error_message(error), row.message);
    EXPECT_NE(std::string(ward_error_hint(error)), "");
    EXPECT_EQ(row.call(nullptr), row.status);  // nobody need ask
  }
}

TEST(LibraryMisuse, APolicyThatCannotBeMetIsRefusedWhereItIsWritten) {
  const auto owned = new_policy();
  ward_policy* p = owned.get();
  const std::string too_long(WARD_MAX_TEXT_BYTES + 1, 'a');
  const Buffer no_pem = {'x'};
  const std::vector<Row> rows = {
      {"no policy", [](auto e) { return ward_policy_accept_tcb(nullptr, "any", e); },
       WARD_ERROR_USAGE, "ward_policy_accept_tcb: policy is NULL"},
      {"no status", [&](auto e) { return ward_policy_accept_tcb(p, nullptr, e); }, WARD_ERROR_USAGE,
       "ward_policy_accept_tcb: status is NULL"},
      {"revoked", [&](auto e) { return ward_policy_accept_tcb(p, "Revoked", e); }, WARD_ERROR_USAGE,
       "ward_policy_accept_tcb: Revoked is never accepted"},
      {"no such status", [&](auto e) { return ward_policy_accept_tcb(p, "Fine", e); },
       WARD_ERROR_USAGE, "ward_policy_accept_tcb: no TCB status: Fine"},
      {"no such field", [&](auto e) { return ward_policy_accept_value(p, "sgx.x", "1", e); },
       WARD_ERROR_USAGE, "ward_policy_accept_value: no field: sgx.x"},
      {"no value", [&](auto e) { return ward_policy_accept_value(p, "sgx.x", nullptr, e); },
       WARD_ERROR_USAGE, "ward_policy_accept_value: value is NULL"},
      {"no such value",
       [&](auto e) { return ward_policy_refuse_value(p, "sgx.attributes.kss", "yes", e); },
       WARD_ERROR_USAGE, "ward_policy_refuse_value: sgx.attributes.kss never has this value: yes"},
      {"no order",
       [&](auto e) { return ward_policy_min_value(p, "sgx.attributes.kss", "true", e); },
       WARD_ERROR_USAGE, "ward_policy_min_value: sgx.attributes.kss has no order"},
      {"not UTF-8", [&](auto e) { return ward_policy_set_name(p, "\xc3(", e); }, WARD_ERROR_USAGE,
       "ward_policy_set_name: name: not UTF-8"},
      {"line end", [&](auto e) { return ward_policy_set_name(p, "a\nb", e); }, WARD_ERROR_USAGE,
       "ward_policy_set_name: name: a control character"},
      {"long name", [&](auto e) { return ward_policy_set_name(p, too_long.c_str(), e); },
       WARD_ERROR_LIMIT, "ward_policy_set_name: name: longer than 8192 octets"},
      {"no date", [&](auto e) { return ward_policy_min_tcb_date(p, -1, e); }, WARD_ERROR_USAGE,
       "ward_policy_min_tcb_date: no time of 1970 to 9999"},
      {"no advisory", [&](auto e) { return ward_policy_tolerate(p, "", 0, e); }, WARD_ERROR_USAGE,
       "ward_policy_tolerate: no advisory's id: "},
      {"no product", [&](auto e) { return ward_policy_refuse_product(p, "Athens", e); },
       WARD_ERROR_USAGE, "ward_policy_refuse_product: no product: Athens"},
      {"no list", [&](auto e) { return ward_policy_accept_chips(p, nullptr, 3, e); },
       WARD_ERROR_USAGE, "ward_policy_accept_chips: 3 octets at NULL"},
      {"no chip", [&](auto e) { return ward_policy_accept_chips(p, "00\n", 3, e); },
       WARD_ERROR_USAGE, "ward_policy_accept_chips: line 1 is no chip's id"},
      {"no roots", [&](auto e) { return ward_policy_add_development_roots(p, nullptr, 0, e); },
       WARD_ERROR_USAGE, "ward_policy_add_development_roots: pem: no block"},
      {"not PEM", [&](auto e) { return ward_policy_add_development_roots(p, no_pem.data(), 1, e); },
       WARD_ERROR_USAGE, "ward_policy_add_development_roots: pem: no block"},
      {"octets at NULL",
       [&](auto e) { return ward_policy_add_development_roots(p, nullptr, 7, e); },
       WARD_ERROR_USAGE, "ward_policy_add_development_roots: 7 octets at NULL"},
      {"no out", [](auto e) { return ward_policy_new(nullptr, e); }, WARD_ERROR_USAGE,
       "ward_policy_new: out is NULL"},
  };
  expect_rows(rows);
  EXPECT_EQ(ward_policy_allow_debug(nullptr, 1, nullptr), WARD_ERROR_USAGE);
  EXPECT_EQ(ward_policy_allow_development(nullptr, 1, nullptr), WARD_ERROR_USAGE);
  EXPECT_EQ(ward_policy_require_revocation(nullptr, 1, nullptr), WARD_ERROR_USAGE);
  EXPECT_EQ(ward_policy_min_tcb_evaluation(nullptr, 1, nullptr), WARD_ERROR_USAGE);
  EXPECT_EQ(ward_policy_set_name(nullptr, "a", nullptr), WARD_ERROR_USAGE);
}

TEST(LibraryMisuse, NothingIsExpectedSilently) {
  const LibraryVector v = library_vectors().front();
  const auto policy = v.policy();
  const auto verifier = new_verifier(policy.get());
  const auto collateral = v.collateral();
  const auto request = new_request();
  ward_request* r = request.get();
  ward_appraisal* out = nullptr;
  const auto judge = [&](ward_error** e) {
    return ward_verifier_verify(verifier.get(), v.evidence.data(), v.evidence.size(),
                                collateral.get(), r, &out, e);
  };
  expect_rows({{"no time", judge, WARD_ERROR_USAGE, "the request has no time"}});
  ASSERT_EQ(ward_request_set_time(r, v.at(), nullptr), WARD_OK);
  expect_rows({{"no report data", judge, WARD_ERROR_USAGE,
                "the request does not say what is expected of report_data"}});
  ASSERT_EQ(ward_request_report_data_unchecked(r, nullptr), WARD_OK);
  expect_rows({{"no measurement", judge, WARD_ERROR_USAGE,
                "the request does not say what is expected of measurement"}});
  ASSERT_EQ(ward_request_measurement_unchecked(r, nullptr), WARD_OK);
  expect_rows({{"no workload", judge, WARD_ERROR_USAGE,
                "the request does not say what is expected of workload"}});
  const Buffer one = {1};
  ASSERT_EQ(ward_request_expect_workload(r, one.data(), one.size(), nullptr), WARD_OK);
  ward_error* error = nullptr;
  EXPECT_EQ(judge(&error), WARD_ERROR_USAGE);
  EXPECT_TRUE(std::string(ward_error_message(error))
                  .starts_with("ward_request_expect_workload: 1 octets, but the workload field of"))
      << ward_error_message(error);
  ward_error_free(error);
  EXPECT_EQ(out, nullptr);

  expect_rows({
      {"both", [&](auto e) { return ward_request_workload_unchecked(r, e); }, WARD_ERROR_USAGE,
       "ward_request_workload_unchecked: a value is expected"},
      {"both, the other way",
       [&](auto e) { return ward_request_expect_measurement(r, one.data(), 1, e); },
       WARD_ERROR_USAGE, "ward_request_expect_measurement: it was to be left unchecked"},
      {"no octets", [&](auto e) { return ward_request_expect_report_data(r, one.data(), 0, e); },
       WARD_ERROR_USAGE, "ward_request_expect_report_data: no octets"},
      {"before 1970", [&](auto e) { return ward_request_set_time(r, -1, e); }, WARD_ERROR_USAGE,
       "ward_request_set_time: no time of 1970 to 9999"},
      {"after 9999", [&](auto e) { return ward_request_set_time(r, INT64_MAX, e); },
       WARD_ERROR_USAGE, "ward_request_set_time: no time of 1970 to 9999"},
      {"no request", [&](auto e) { return ward_request_set_time(nullptr, 0, e); }, WARD_ERROR_USAGE,
       "ward_request_set_time: request is NULL"},
  });
}

TEST(LibraryMisuse, SizesAreBounded) {
  const Buffer evidence(WARD_MAX_EVIDENCE_BYTES + 1, 0);
  const Buffer document(WARD_MAX_DOCUMENT_BYTES + 1, 0);
  const auto collateral = new_collateral();
  const auto request = new_request();
  const auto policy = new_policy();
  const char* tee = nullptr;
  expect_rows({
      {"evidence",
       [&](auto e) { return ward_recognise(evidence.data(), evidence.size(), &tee, e); },
       WARD_ERROR_LIMIT, "ward_recognise: 4194305 octets, at most 4194304 are taken"},
      {"a size that cannot be", [&](auto e) { return ward_recognise(nullptr, SIZE_MAX, &tee, e); },
       WARD_ERROR_LIMIT, "ward_recognise: 18446744073709551615 octets, at most 4194304 are taken"},
      {"document",
       [&](auto e) {
         return ward_collateral_add(collateral.get(), "a", document.data(), document.size(), e);
       },
       WARD_ERROR_LIMIT, "ward_collateral_add: 8388609 octets, at most 8388608 are taken"},
      {"value",
       [&](auto e) {
         return ward_request_expect_workload(request.get(), document.data(),
                                             WARD_MAX_VALUE_BYTES + 1, e);
       },
       WARD_ERROR_LIMIT, "ward_request_expect_workload: 1025 octets, at most 1024 are taken"},
  });
  for (std::size_t i = 0; i < WARD_MAX_DOCUMENTS; ++i)
    ASSERT_EQ(ward_collateral_add(collateral.get(), "a", document.data(), 1, nullptr), WARD_OK);
  EXPECT_EQ(ward_collateral_count(collateral.get()), WARD_MAX_DOCUMENTS);
  for (std::size_t i = 0; i < WARD_MAX_VALUES; ++i) {
    ASSERT_EQ(ward_request_expect_workload(request.get(), document.data(), 1, nullptr), WARD_OK);
    ASSERT_EQ(ward_policy_accept_tcb(policy.get(), "UpToDate", nullptr), WARD_OK);
  }
  expect_rows({
      {"documents",
       [&](auto e) { return ward_collateral_add(collateral.get(), "a", document.data(), 1, e); },
       WARD_ERROR_LIMIT, "ward_collateral_add: more than 4096 documents"},
      {"values",
       [&](auto e) { return ward_request_expect_workload(request.get(), document.data(), 1, e); },
       WARD_ERROR_LIMIT, "ward_request_expect_workload: more than 4096 values"},
      {"demands", [&](auto e) { return ward_policy_accept_tcb(policy.get(), "UpToDate", e); },
       WARD_ERROR_LIMIT, "ward_policy_accept_tcb: more than 4096 demands"},
  });
}

TEST(LibraryMisuse, EvidenceThatNobodyKnowsIsNoVerdict) {
  const auto policy = new_policy();
  const auto verifier = new_verifier(policy.get());
  const auto request = unchecked_request(0);
  const Buffer strange(1000, 'x');
  ward_appraisal* out = nullptr;
  ward_needs* needs = nullptr;
  const char* tee = nullptr;
  const auto judge = [&](const std::uint8_t* octets, std::size_t size, ward_error** e) {
    return ward_verifier_verify(verifier.get(), octets, size, nullptr, request.get(), &out, e);
  };
  expect_rows({
      {"unknown", [&](auto e) { return judge(strange.data(), strange.size(), e); },
       WARD_ERROR_UNKNOWN_EVIDENCE, "ward_verifier_verify: no kind of evidence that ward knows"},
      {"empty", [&](auto e) { return judge(strange.data(), 0, e); }, WARD_ERROR_EMPTY_EVIDENCE,
       "ward_verifier_verify: the evidence is empty"},
      {"empty at NULL", [&](auto e) { return judge(nullptr, 0, e); }, WARD_ERROR_EMPTY_EVIDENCE,
       "ward_verifier_verify: the evidence is empty"},
      {"NULL", [&](auto e) { return judge(nullptr, 4, e); }, WARD_ERROR_USAGE,
       "ward_verifier_verify: 4 octets at NULL"},
      {"unknown kind",
       [&](auto e) { return ward_recognise(strange.data(), strange.size(), &tee, e); },
       WARD_ERROR_UNKNOWN_EVIDENCE, "ward_recognise: no kind of evidence that ward knows"},
      {"unknown needs",
       [&](auto e) { return ward_needs_of(strange.data(), strange.size(), &needs, e); },
       WARD_ERROR_UNKNOWN_EVIDENCE, "ward_needs_of: no kind of evidence that ward knows"},
      {"no verifier",
       [&](auto e) {
         return ward_verifier_verify(nullptr, strange.data(), 1, nullptr, request.get(), &out, e);
       },
       WARD_ERROR_USAGE, "ward_verifier_verify: verifier is NULL"},
      {"no request",
       [&](auto e) {
         return ward_verifier_verify(verifier.get(), strange.data(), 1, nullptr, nullptr, &out, e);
       },
       WARD_ERROR_USAGE, "ward_verifier_verify: request is NULL"},
      {"no out",
       [&](auto e) {
         return ward_verifier_verify(verifier.get(), strange.data(), 1, nullptr, request.get(),
                                     nullptr, e);
       },
       WARD_ERROR_USAGE, "ward_verifier_verify: out is NULL"},
      {"no policy",
       [&](auto e) {
         ward_verifier* made = nullptr;
         return ward_verifier_new(nullptr, &made, e);
       },
       WARD_ERROR_USAGE, "ward_verifier_new: policy is NULL"},
  });
}

// A demand of one TEE's own fields, and evidence of another: it would be dropped without a word.
TEST(LibraryMisuse, ADemandThatTheEvidenceCannotMeetIsNoVerdict) {
  for (const LibraryVector& v : library_vectors()) {
    const bool snp = v.tee == "snp";
    const auto policy = v.policy();
    ASSERT_EQ(snp ? ward_policy_accept_tcb(policy.get(), "any", nullptr)
                  : ward_policy_min_value(policy.get(), "snp.reported_tcb.snp", "1", nullptr),
              WARD_OK);
    const auto verifier = new_verifier(policy.get());
    ward_appraisal* out = nullptr;
    ward_error* error = nullptr;
    EXPECT_EQ(ward_verifier_verify(verifier.get(), v.evidence.data(), v.evidence.size(), nullptr,
                                   v.request().get(), &out, &error),
              WARD_ERROR_USAGE);
    EXPECT_EQ(
        std::string(ward_error_message(error)),
        snp ? "ward_policy_accept_tcb, ward_policy_min_tcb_evaluation, ward_policy_min_tcb_date, "
              "ward_policy_tolerate: the maker of snp states no TCB status"
            : "evidence of " + v.tee + " has no field snp.reported_tcb.snp");
    ward_error_free(error);
    EXPECT_EQ(out, nullptr);
  }
}

TEST(LibraryMisuse, NoHandleIsNoCrash) {
  ward_error_free(nullptr);
  ward_policy_free(nullptr);
  ward_verifier_free(nullptr);
  ward_collateral_free(nullptr);
  ward_request_free(nullptr);
  ward_appraisal_free(nullptr);
  ward_needs_free(nullptr);
  EXPECT_EQ(ward_error_status(nullptr), WARD_OK);
  EXPECT_STREQ(ward_error_message(nullptr), "");
  EXPECT_STREQ(ward_error_hint(nullptr), "");
  EXPECT_EQ(ward_collateral_count(nullptr), 0U);
  EXPECT_EQ(ward_collateral_add(nullptr, "a", nullptr, 0, nullptr), WARD_ERROR_USAGE);
  EXPECT_EQ(ward_needs_count(nullptr), 0U);
  ward_need need{.size = sizeof(ward_need)};
  EXPECT_EQ(ward_needs_at(nullptr, 0, &need), WARD_ERROR_USAGE);
  EXPECT_EQ(ward_appraisal_verdict(nullptr), WARD_REFUSED);
  EXPECT_STREQ(ward_appraisal_tee(nullptr), "");
  EXPECT_STREQ(ward_appraisal_summary(nullptr), "");
  EXPECT_EQ(ward_appraisal_development(nullptr), 1);
  EXPECT_EQ(ward_appraisal_time(nullptr), 0);
  EXPECT_EQ(ward_appraisal_advisory(nullptr, 0), nullptr);
  EXPECT_EQ(ward_appraisal_unchecked_count(nullptr), 0U);
  EXPECT_EQ(ward_appraisal_unchecked_at(nullptr, 0), nullptr);
  EXPECT_EQ(ward_appraisal_note_count(nullptr), 0U);
  EXPECT_EQ(ward_appraisal_note_at(nullptr, 0), nullptr);
  EXPECT_EQ(ward_appraisal_check_count(nullptr), 0U);
  EXPECT_EQ(ward_appraisal_claim_count(nullptr), 0U);
  ward_check check{.size = sizeof(ward_check)};
  EXPECT_EQ(ward_appraisal_check_at(nullptr, 0, &check), WARD_ERROR_USAGE);
  EXPECT_EQ(ward_appraisal_find_check(nullptr, "a", &check), WARD_ERROR_USAGE);
  ward_claim claim{.size = sizeof(ward_claim)};
  EXPECT_EQ(ward_appraisal_claim_at(nullptr, 0, &claim), WARD_ERROR_USAGE);
  ward_tcb tcb{.size = sizeof(ward_tcb)};
  EXPECT_EQ(ward_appraisal_tcb(nullptr, &tcb), WARD_ERROR_USAGE);
  const char* json = "x";
  EXPECT_EQ(ward_appraisal_json(nullptr, &json, nullptr), WARD_ERROR_USAGE);
  EXPECT_EQ(json, nullptr);
}

// Structures of older and newer callers.
TEST(LibraryMisuse, AStructureSaysItsSize) {
  // Newer is a ward_need that a later version made longer.
  struct Newer {
    ward_need known;
    std::uint64_t later;
  };

  const LibraryVector v = library_vectors().front();
  const auto policy = v.policy();
  const auto verifier = new_verifier(policy.get());
  const auto a = verify(verifier.get(), v.evidence, nullptr, v.request().get());
  EXPECT_EQ(ward_tee_at(0, nullptr), WARD_ERROR_USAGE);
  EXPECT_EQ(ward_appraisal_check_at(a.get(), 0, nullptr), WARD_ERROR_USAGE);
  ward_check check{};
  EXPECT_EQ(ward_appraisal_check_at(a.get(), 0, &check), WARD_ERROR_USAGE);
  check.size = sizeof(ward_check) - 1;
  EXPECT_EQ(ward_appraisal_check_at(a.get(), 0, &check), WARD_ERROR_USAGE);
  check.size = SIZE_MAX;
  EXPECT_EQ(ward_appraisal_check_at(a.get(), 0, &check), WARD_ERROR_USAGE);
  check.size = sizeof(ward_check);
  EXPECT_EQ(ward_appraisal_check_at(a.get(), 0, &check), WARD_OK);
  EXPECT_EQ(ward_appraisal_find_check(a.get(), "no.such.check", &check), WARD_ERROR_NOT_FOUND);
  EXPECT_EQ(ward_appraisal_find_check(a.get(), nullptr, &check), WARD_ERROR_USAGE);

  ward_needs* listed = nullptr;
  ASSERT_EQ(ward_needs_of(v.evidence.data(), v.evidence.size(), &listed, nullptr), WARD_OK);
  const NeedsHandle needs(listed);
  Newer newer{.known = {.size = sizeof(Newer)}, .later = 7};
  EXPECT_EQ(ward_needs_at(listed, 0, &newer.known), WARD_OK);
  EXPECT_EQ(newer.known.size, sizeof(Newer));
  EXPECT_NE(newer.known.kind, nullptr);
  EXPECT_EQ(newer.later, 0U);
  EXPECT_EQ(ward_needs_at(listed, ward_needs_count(listed), &newer.known), WARD_ERROR_NOT_FOUND);
}

}  // namespace
}  // namespace ward::test
