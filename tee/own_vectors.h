#pragma once

#include <string>
#include <vector>

#include "attest/own_vector.h"

namespace ward::tee {

// TeeVectors are the own vectors of one TEE.
struct TeeVectors {
  std::string tee;
  std::vector<attest::OwnVector> vectors;
};

// all_own_vectors makes those of every TEE whose folder holds made/own_vectors.cc. For tests and
// ward-make-vectors.
[[nodiscard]] std::vector<TeeVectors> all_own_vectors();

}  // namespace ward::tee
