#include "test/library/batches.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace ward::test {
namespace {

constexpr std::int64_t kCentury = 36525LL * 86400;

std::string json_of(const ward_appraisal* appraisal) {
  const char* out = nullptr;
  EXPECT_EQ(ward_appraisal_json(appraisal, &out, nullptr), WARD_OK);
  std::string text = out == nullptr ? "" : out;
  const std::size_t end = text.find(",\n  \"materials\": [");
  return end == std::string::npos ? text : text.substr(0, end) + "\n}\n";
}

void add_list(std::string& out, const ward_appraisal* a, std::size_t count,
              const char* (*at)(const ward_appraisal*, std::size_t)) {
  for (std::size_t i = 0; i < count; ++i) {
    out += std::string(at(a, i)) + "\n";
  }
  EXPECT_EQ(at(a, count), nullptr);
}

void tell(void* user, std::size_t index, const ward_appraisal* appraisal, const ward_error* error) {
  std::string& mine = static_cast<std::vector<std::string>*>(user)->at(index);
  EXPECT_EQ(mine, "") << index;
  EXPECT_NE(appraisal == nullptr, error == nullptr) << index;
  if (appraisal != nullptr) {
    mine = answers_of(appraisal);
  } else {
    mine = "error " + std::to_string(ward_error_status(error)) + ": " + ward_error_message(error);
    EXPECT_STRNE(ward_error_hint(error), "");
  }
}

}  // namespace

std::string answers_of(const ward_appraisal* a) {
  std::string out = std::string(ward_appraisal_summary(a)) + "\n" + ward_appraisal_tee(a) + "\n" +
                    std::to_string(ward_appraisal_verdict(a)) +
                    std::to_string(ward_appraisal_development(a)) +
                    std::to_string(ward_appraisal_time(a)) + "\n";
  ward_check check{.size = sizeof(ward_check)};
  for (std::size_t i = 0; ward_appraisal_check_at(a, i, &check) == WARD_OK; ++i) {
    for (const char* text : {check.id, check.found, check.expected, check.expected_from,
                             check.reference, check.meaning, check.hint}) {
      out += std::string(text) + "|";
    }
    out += std::to_string(check.outcome) + std::to_string(check.not_done) +
           std::to_string(check.origin) + "\n";
  }
  ward_claim claim{.size = sizeof(ward_claim)};
  for (std::size_t i = 0; ward_appraisal_claim_at(a, i, &claim) == WARD_OK; ++i) {
    out += std::string(claim.name) + "=" + claim.text + "\n";
  }
  ward_tcb tcb{.size = sizeof(ward_tcb)};
  EXPECT_EQ(ward_appraisal_tcb(a, &tcb), WARD_OK);
  out += std::string(tcb.status == nullptr ? "" : tcb.status) + std::to_string(tcb.has_date) +
         std::to_string(tcb.date) + std::to_string(tcb.has_evaluation_number) +
         std::to_string(tcb.evaluation_number) + "\n";
  add_list(out, a, tcb.advisory_count, ward_appraisal_advisory);
  add_list(out, a, ward_appraisal_unchecked_count(a), ward_appraisal_unchecked_at);
  add_list(out, a, ward_appraisal_note_count(a), ward_appraisal_note_at);
  add_list(out, a, ward_appraisal_warning_count(a), ward_appraisal_warning_at);
  return out + json_of(a);
}

std::vector<std::string> verify_all(const ward_verifier* verifier, const ward_job* jobs,
                                    std::size_t count, const ward_collateral* collateral,
                                    unsigned threads) {
  std::vector<std::string> out(count);
  ward_error* error = nullptr;
  EXPECT_EQ(
      ward_verifier_verify_all(verifier, jobs, count, collateral, threads, tell, &out, &error),
      WARD_OK)
      << ward_error_message(error);
  ward_error_free(error);
  EXPECT_EQ(std::ranges::count(out, ""), 0);
  return out;
}

std::vector<std::string> verify_all(const ward_verifier* verifier,
                                    const std::vector<ward_job>& jobs,
                                    const ward_collateral* collateral, unsigned threads) {
  return verify_all(verifier, jobs.data(), jobs.size(), collateral, threads);
}

ward_job job_of(Bytes evidence, const ward_request* request) {
  return {.size = sizeof(ward_job),
          .evidence = evidence.data(),
          .evidence_size = evidence.size(),
          .request = request};
}

VerifierHandle new_verifier(const ward_policy* policy, std::size_t platforms) {
  ward_verifier* out = nullptr;
  EXPECT_EQ(ward_verifier_new_remembering(policy, platforms, &out, nullptr), WARD_OK);
  return VerifierHandle(out);
}

Crowd::Crowd() {
  EXPECT_EQ(ward_policy_allow_development(policy.get(), 1, nullptr), WARD_OK);
  for (const LibraryVector& v : vectors) {
    altered.push_back(v.evidence);
    altered.back()[v.some_signed()] ^= 1U;
    altered_beside.push_back(v.evidence);
    altered_beside.back()[v.some_signed() + 1] ^= 1U;
    requests.push_back(v.request());
    requests.push_back(v.request());
    EXPECT_EQ(ward_request_set_time(requests.back().get(), v.at() + kCentury, nullptr), WARD_OK);
    for (const auto& [name, octets] : v.documents) {
      EXPECT_EQ(ward_collateral_add(collateral.get(), name.c_str(), octets.data(), octets.size(),
                                    nullptr),
                WARD_OK);
      if (name != "root_ca.pem") continue;
      EXPECT_EQ(
          ward_policy_add_development_roots(policy.get(), octets.data(), octets.size(), nullptr),
          WARD_OK);
    }
  }
}

std::vector<ward_job> Crowd::jobs(std::size_t times) const {
  std::vector<ward_job> out;
  for (std::size_t n = 0; n < times; ++n) {
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      const ward_request* right = requests[2 * i].get();
      out.push_back(job_of(vectors[i].evidence, right));
      out.push_back(job_of(altered[i], right));
      out.push_back(job_of(altered_beside[i], right));
      out.push_back(job_of(vectors[i].evidence, requests[2 * i + 1].get()));
    }
  }
  return out;
}

std::vector<std::string> Crowd::alone() const {
  const auto verifier = test::new_verifier(policy.get());
  std::vector<std::string> out;
  for (const ward_job& job : jobs(1)) {
    const auto a = verify(verifier.get(), Bytes(job.evidence, job.evidence_size), collateral.get(),
                          job.request);
    out.push_back(answers_of(a.get()));
  }
  return out;
}

}  // namespace ward::test
