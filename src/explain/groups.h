#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "explain/explanation.h"

// What the tree and the page both say of checks, materials and attacks.
namespace ward::explain {

// Group is what concerns one object: its materials and the checks that judge it. Borrowed.
struct Group {
  std::string object;  // "pck_chain"
  std::vector<const attest::Material*> materials;
  std::vector<const attest::Check*> checks;
};

// Counts are how many checks there are of each outcome.
struct Counts {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t not_done = 0;
};

// groups_of are the objects in the order of the checks, that of the evidence first; then those of
// materials that no check is of.
[[nodiscard]] std::vector<Group> groups_of(const Explanation& e);

[[nodiscard]] Counts counts_of(const std::vector<const attest::Check*>& checks);

// is_problem: it failed, or lacks what it needs.
[[nodiscard]] bool is_problem(const attest::Check& check);

// from_text is where a check's expectation comes from: "collateral: tcb_info.json (sha256:...)".
[[nodiscard]] std::string from_text(const attest::Check& check);

// verified_ids are the ids that were compared with their sources: "CVE-2017-5753, CVE-2017-5715".
[[nodiscard]] std::string verified_ids(const std::vector<advisory::Item>& items);

// joined puts ", " between two lists of which either may be empty.
[[nodiscard]] std::string joined(std::string first, const std::string& second);

// count is "1 check", "3 checks".
[[nodiscard]] std::string count(std::size_t n, const char* one, const char* many);

}  // namespace ward::explain
