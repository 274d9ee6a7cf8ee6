#pragma once

#include <filesystem>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "test/support/vectors.h"

// For tests over the real DCAP quotes and collateral of the vectors.
namespace ward::test {

using Row = std::map<std::string, std::string>;
using Ids = std::vector<std::string>;

std::filesystem::path vectors(const std::string& name);

// documents reads the named vectors as collateral; everything reads all DCAP collateral there is.
attest::Collateral documents(std::initializer_list<std::string> names);
attest::Collateral everything();

// row_documents are the six documents of a row of dcap/cases.tsv.
attest::Collateral row_documents(Row& row);

// judge appraises with all schemes and expects nothing of report data, measurement and workload.
attest::Appraisal judge(Bytes quote, const attest::Collateral& collateral, const std::string& at,
                        const attest::Policy& policy = {});

// expect_apart appraises a development platform's vector (tee/<own>, a folder with evidence and
// documents) and genuine evidence with the documents of both at hand and the development root
// trusted: hardware is judged as without it, and each is called what it is.
void expect_apart(const std::string& own, const Buffer& genuine,
                  const attest::Collateral& collateral, const std::string& at,
                  const attest::Policy& policy);

// lenient accepts one status, and debug; anything_good every status but Revoked, and debug.
attest::Policy lenient(const std::string& status);
attest::Policy anything_good();

// failed_of joins the failed checks' ids, for messages.
std::string failed_of(const attest::Appraisal& appraisal);

// claim_text is a claim's value as people read it; empty where there is no such claim.
std::string claim_text(const attest::Appraisal& appraisal, const std::string& name);

// expect_fields compares the claims of a file with what MANIFEST.tsv says of it, and its layout
// with its size.
void expect_fields(Row& row);

// expect_kind_fields does so for every file of the kind, and returns how many there are.
std::size_t expect_kind_fields(const std::string& kind);

// judge_cases compares ward's verdict on every row of dcap/cases.tsv whose quote lies in `folder`
// with Intel's QVL and Phala's JavaScript; every difference must be one that is explained there.
// Returns how many rows were judged.
std::size_t judge_cases(const std::string& folder);

// Expected is what a quote must come to with the whole mixture of collateral at hand.
struct Expected {
  const char* file;  // in the vectors
  const char* at;
  const char* status;  // null: no status can be had
  Ids failed;          // beside policy, which accepts any status and debug
};

// expect_mixture appraises with everything() and compares; no file of `kind` may be without a place
// in one of the lists: `others` are judged elsewhere.
void expect_mixture(const std::string& kind, const std::vector<Expected>& expected,
                    std::size_t others);

// Range is a run of octets of a quote and the check that a changed octet there must fail.
struct Range {
  std::size_t begin, end;
  std::string id;
};

// Sample is one good quote for the tests that damage it.
struct Sample {
  std::string file;
  std::string at;
  std::string status;
  attest::Collateral collateral;
};

// qe_ranges are the ranges behind the signed part, which all forms of quote have.
std::vector<Range> qe_ranges(Bytes quote, const std::string& tee);

// expect_flips flips one bit in every octet before the PCK chain.
void expect_flips(const Sample& sample, const std::vector<Range>& ranges);

// expect_chain_flips flips one bit in every octet of the PCK chain.
void expect_chain_flips(const Sample& sample);

// expect_cuts truncates at every length.
void expect_cuts(const Sample& sample, const std::string& tee);

// Moment is a time at which one document of a sample is not valid, and the check that says so.
struct Moment {
  const char* name;
  const char* at;
  const char* failed;
};

void expect_moments(const Sample& sample, const std::vector<Moment>& moments);

// expect_absences leaves one document of the sample away after the other, in the order of `ids`,
// each of which must then be absent.
void expect_absences(const Sample& sample, const Ids& ids);

}  // namespace ward::test
