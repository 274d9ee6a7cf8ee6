#pragma once

#include "test/library/handles.h"

// What the tests of batches share.
namespace ward::test {

// answers_of is all that an appraisal answers but its explanation, as one text: the summary, what
// each accessor says, and the JSON without `materials` and `advice`.
std::string answers_of(const ward_appraisal* appraisal);

// verify_all returns answers_of each job, or "error STATUS: MESSAGE". The test fails where one was
// answered otherwise than once.
std::vector<std::string> verify_all(const ward_verifier* verifier, const ward_job* jobs,
                                    std::size_t count, const ward_collateral* collateral,
                                    unsigned threads);
std::vector<std::string> verify_all(const ward_verifier* verifier,
                                    const std::vector<ward_job>& jobs,
                                    const ward_collateral* collateral, unsigned threads);

ward_job job_of(Bytes evidence, const ward_request* request);

VerifierHandle new_verifier(const ward_policy* policy, std::size_t platforms);

// Crowd is every vector: right, altered in what is signed at two places, and a hundred years later;
// with one policy and one mixture of collateral.
struct Crowd {
  std::vector<LibraryVector> vectors = pooled_vectors();
  std::vector<Buffer> altered;
  std::vector<Buffer> altered_beside;
  std::vector<RequestHandle> requests;  // right and late for each vector
  PolicyHandle policy = new_policy();
  CollateralHandle collateral = new_collateral();

  Crowd();

  // Four for each vector, so often.
  [[nodiscard]] std::vector<ward_job> jobs(std::size_t times) const;

  // What ward_verifier_verify says of each of jobs(1).
  [[nodiscard]] std::vector<std::string> alone() const;
};

}  // namespace ward::test
