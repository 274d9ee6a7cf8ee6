#pragma once

#include <string>
#include <vector>

#include "attest/collateral.h"

namespace ward::attest {

// OwnVector is one folder below tee/<name>/testdata/ that the project makes itself: `evidence`,
// `case.txt` (test/conformance/README.md) and documents. A TEE's made/own_vectors.cc defines
// `std::vector<attest::OwnVector> own_vectors()` in the TEE's namespace; every call makes the same
// octets.
struct OwnVector {
  std::string kind;  // "valid", "invalid"
  std::string name;
  std::vector<Document> files;
};

}  // namespace ward::attest
