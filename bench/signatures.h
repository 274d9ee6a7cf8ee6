#pragma once

#include <span>
#include <string>
#include <vector>

#include "attest/work.h"
#include "base/result.h"
#include "bench/bare.h"
#include "bench/hot_paths.h"

// What a verification's signatures cost alone: taken from what the scheme wrote down of its work.
namespace ward::bench {

// signatures_of are the distinct signatures that a verdict rests on, ready to be verified by their
// library alone: the same key, message and signature count once, whatever form they stand in.
// kUnsupported for an algorithm that nothing here verifies: it must not be left out silently.
[[nodiscard]] Result<std::vector<Bare>> signatures_of(const attest::Work& work);

// quote_signature_of is the one signature over the evidence itself, which is new each time.
// kMalformed where there is none.
[[nodiscard]] Result<Bare> quote_signature_of(const attest::Work& work);

// sum_of is the base of a run that verifies all of these: "8 x ECDSA P-256 (OpenSSL 3.0.17)", the
// kinds joined by " + ".
[[nodiscard]] Base sum_of(std::string name, std::vector<Bare> all);

}  // namespace ward::bench
