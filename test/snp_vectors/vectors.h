#pragma once

#include <map>
#include <string>
#include <vector>

#include "test/dcap_vectors/vectors.h"

// For tests over the real SEV-SNP reports and AMD certificates of the vectors. judge, claim_text
// and the like are those of the DCAP vectors.
namespace ward::test::snp {

// key_fields takes a row's key_fields apart: "name=value" by blanks.
std::map<std::string, std::string> key_fields(Row& row);

// octets reads the vector of this name; certificates all of snp/certs as collateral.
Buffer octets(const std::string& name);
attest::Collateral certificates();

// chain_of are signing key's certificate, intermediate and root of a report, by the file names that
// its row of the manifest and theirs state.
attest::Collateral chain_of(const std::string& report);

// all_but leaves one document away.
attest::Collateral all_but(attest::Collateral all, const std::string& name);

// without_revocation accepts debug, and does without a revocation list: AMD's are not in the
// vectors.
attest::Policy without_revocation();

// absent_of are the checks that were not done for want of a document.
Ids absent_of(const attest::Appraisal& appraisal);

// Judged is what a report must come to with all certificates at hand, at a time that is stated.
struct Judged {
  const char* file;
  const char* at;
  const char* vek;  // file of the certificate whose key signed it; null: none of them
};

// judged lists every report of snp/.
const std::vector<Judged>& judged();

}  // namespace ward::test::snp
