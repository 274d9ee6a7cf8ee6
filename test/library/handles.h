#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "ward/ward.h"

// What the tests of the C ABI share: handles that free themselves, and vectors of our own.
namespace ward::test {

// Freed calls the matching function of ward.h.
template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};

using ErrorHandle = std::unique_ptr<ward_error, Freed<ward_error_free>>;
using PolicyHandle = std::unique_ptr<ward_policy, Freed<ward_policy_free>>;
using CollateralHandle = std::unique_ptr<ward_collateral, Freed<ward_collateral_free>>;
using RequestHandle = std::unique_ptr<ward_request, Freed<ward_request_free>>;
using VerifierHandle = std::unique_ptr<ward_verifier, Freed<ward_verifier_free>>;
using AppraisalHandle = std::unique_ptr<ward_appraisal, Freed<ward_appraisal_free>>;
using NeedsHandle = std::unique_ptr<ward_needs, Freed<ward_needs_free>>;

PolicyHandle new_policy();
CollateralHandle new_collateral();
RequestHandle new_request();
VerifierHandle new_verifier(const ward_policy* policy);

// unchecked_request expects nothing.
RequestHandle unchecked_request(std::int64_t unix_s);

// LibraryVector is a folder of tee/<tee>/testdata/valid: evidence of a development platform.
struct LibraryVector {
  std::string tee;
  Buffer evidence;
  std::vector<std::pair<std::string, Buffer>> documents;  // name, octets; root_ca.pem is the root
  std::map<std::string, std::string> facts;  // of case.txt; of a name that stands again, the first

  [[nodiscard]] std::int64_t at() const;
  [[nodiscard]] Buffer octets(const char* fact) const;
  // The offset of an octet that is signed: a changed one is refused.
  [[nodiscard]] std::size_t some_signed() const;
  [[nodiscard]] CollateralHandle collateral() const;
  // The line of its verdict: PSA has no measurement, and the policy names no components.
  [[nodiscard]] std::string accepted() const;
  // A policy that accepts it.
  [[nodiscard]] PolicyHandle policy() const;
  // The request that expects what it states.
  [[nodiscard]] RequestHandle request() const;
};

std::vector<LibraryVector> library_vectors();

// pooled_vectors are those that may share one mixture of collateral, all of the TEEs whose
// platforms are remembered and one of each other: none of Azure's, whose virtual TPM would be
// compared with the event log of another.
std::vector<LibraryVector> pooled_vectors();

// verify returns the appraisal; the test fails where there is none.
AppraisalHandle verify(const ward_verifier* verifier, Bytes evidence,
                       const ward_collateral* collateral, const ward_request* request);

}  // namespace ward::test
