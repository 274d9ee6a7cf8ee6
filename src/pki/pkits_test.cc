#include <algorithm>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "pki/path.h"
#include "test/support/vectors.h"

namespace ward::pki {
namespace {

using test::read_file;
using test::read_tsv;
using test::vectors_dir;

// NIST's Public Key Interoperability Test Suite (PKITS), sections 4.1 to 4.7 and 4.13 to 4.16. Each
// row of tests.tsv is either left out below with the reason, or judged: what must validate has no
// fault, and what must not has exactly the faults of kFaults. A fault is named with the index of
// the certificate in the path (0 is the end entity).

struct Row {
  const char* test;
  const char* value;
};

// Tests that are not run: certificate policies are not processed (a critical policy extension is
// refused), and DSA is none of our algorithms.
constexpr std::string_view kPolicySections[] = {"4.8.", "4.9.", "4.10.", "4.11.", "4.12."};
constexpr std::string_view kDsaTests[] = {"4.1.4", "4.1.5", "4.1.6"};
constexpr std::size_t kPolicyTests = 88;

// Valid by PKITS, refused by ward: it does not process what they need, so it refuses by name.
constexpr Row kRefusedValid[] = {
    // The CRL is signed by a certificate outside the path.
    {"4.4.19", "crl_signature@0 crl_key_id@0 crl_key_usage@0"},
    {"4.5.4", "crl_signature@0 crl_key_id@0"},
    {"4.5.6", "crl_signature@0 crl_key_id@0"},
    // Two CRLs, each for some reasons.
    {"4.14.18", "crl_some_reasons@0"},
    {"4.14.19", "crl_some_reasons@0 crl_scope@0"},
    // Indirect CRL.
    {"4.14.22", "crl_indirect@0"},
    // The CRL is another issuer's.
    {"4.14.24", "no_crl@0"},
    {"4.14.25", "no_crl@0"},
    {"4.14.28", "crl_scope@0"},
    {"4.14.29", "crl_scope@0"},
    {"4.14.30", "no_crl@0"},
    {"4.14.33", "no_crl@0"},
    // A delta CRL beside the complete one.
    {"4.15.2", "crl_delta@0"},
    {"4.15.5", "revoked@0 crl_delta@0"},
    {"4.15.7", "crl_delta@0"},
    {"4.15.8", "crl_delta@0"},
};

// Invalid by PKITS, with the faults that ward must find. (4.1.2 and 4.4.4: the altered octet is the
// one that counts the unused bits of the signature, so the form is wrong already.)
constexpr Row kFaults[] = {
    {"4.1.2", "certificate does not parse: BadSignedCACert: pki.signed: form"},
    {"4.1.3", "signature@0"},
    {"4.2.1", "not_yet_valid@1"},
    {"4.2.2", "not_yet_valid@0"},
    {"4.2.5", "expired@1"},
    {"4.2.6", "expired@0"},
    {"4.2.7", "expired@0"},
    {"4.3.1", "name_chain@0 no_crl@0"},
    {"4.3.2", "name_chain@0 no_crl@0"},
    {"4.4.1", "no_crl@0"},
    {"4.4.2", "revoked@1"},
    {"4.4.3", "revoked@0"},
    {"4.4.4", "CRL does not parse: BadCRLSignatureCACRL: pki.signed: form"},
    {"4.4.5", "no_crl@0"},
    {"4.4.6", "no_crl@0"},
    {"4.4.8", "crl_unknown_critical@0"},
    {"4.4.9", "crl_unknown_critical@0"},
    {"4.4.10", "crl_unknown_critical@0"},
    {"4.4.11", "crl_expired@0"},
    {"4.4.12", "crl_expired@0"},
    {"4.4.15", "revoked@0"},
    {"4.4.18", "revoked@0"},
    {"4.4.20", "crl_signature@0 crl_key_id@0 crl_key_usage@0"},
    {"4.4.21", "crl_signature@0 crl_key_id@0 crl_key_usage@0"},
    {"4.5.2", "revoked@0"},
    {"4.5.5", "crl_signature@0 crl_key_id@0"},
    {"4.5.7", "crl_signature@0 crl_key_id@0"},
    {"4.5.8", "not_ca@1 key_usage@1"},
    {"4.6.1", "not_ca@1"},
    {"4.6.2", "not_ca@1"},
    {"4.6.3", "not_ca@1"},
    {"4.6.5", "path_length@2"},
    {"4.6.6", "path_length@2"},
    {"4.6.9", "path_length@2"},
    {"4.6.10", "path_length@2"},
    {"4.6.11", "path_length@3"},
    {"4.6.12", "path_length@3"},
    {"4.6.16", "path_length@3"},
    {"4.7.1", "key_usage@1"},
    {"4.7.2", "key_usage@1"},
    {"4.7.4", "crl_key_usage@0"},
    {"4.7.5", "crl_key_usage@0"},
    {"4.13.2", "name_constraints@0"},
    {"4.13.3", "name_constraints@0"},
    {"4.13.7", "name_constraints@0"},
    {"4.13.8", "name_constraints@0"},
    {"4.13.9", "name_constraints@0"},
    {"4.13.10", "name_constraints@0"},
    {"4.13.12", "name_constraints@0"},
    {"4.13.13", "name_constraints@0"},
    {"4.13.15", "name_constraints@0"},
    {"4.13.16", "name_constraints@0"},
    {"4.13.17", "name_constraints@0"},
    {"4.13.20", "name_constraints@0"},
    {"4.13.22", "name_constraints@0"},
    {"4.13.24", "name_constraints@0"},
    {"4.13.26", "name_constraints@0"},
    {"4.13.28", "name_constraints@0"},
    {"4.13.29", "name_constraints@0"},
    {"4.13.31", "name_constraints@0"},
    {"4.13.33", "name_constraints@0"},
    {"4.13.35", "name_constraints@0"},
    {"4.13.37", "name_constraints@0"},
    {"4.13.38", "name_constraints@0"},
    {"4.14.2", "revoked@0"},
    {"4.14.3", "crl_scope@0"},
    {"4.14.6", "revoked@0"},
    {"4.14.8", "crl_scope@0"},
    {"4.14.9", "crl_scope@0"},
    {"4.14.11", "crl_scope@0"},
    {"4.14.12", "crl_scope@0"},
    {"4.14.14", "crl_scope@0"},
    {"4.14.15", "crl_some_reasons@0"},
    {"4.14.16", "crl_some_reasons@0"},
    {"4.14.17", "crl_some_reasons@0"},
    {"4.14.20", "crl_some_reasons@0 crl_scope@0"},
    {"4.14.21", "crl_some_reasons@0 crl_scope@0"},
    {"4.14.23", "crl_indirect@0"},
    {"4.14.26", "no_crl@0"},
    {"4.14.27", "no_crl@0"},
    {"4.14.31", "no_crl@0"},
    {"4.14.32", "no_crl@0"},
    {"4.14.34", "crl_indirect@0"},
    {"4.14.35", "crl_indirect@0 crl_scope@0"},
    {"4.15.1", "crl_delta@0"},
    {"4.15.3", "revoked@0 crl_delta@0"},
    {"4.15.4", "crl_delta@0"},
    {"4.15.6", "revoked@0 crl_delta@0"},
    {"4.15.9", "revoked@0 crl_delta@0"},
    {"4.15.10", "crl_delta@0"},
    {"4.16.2", "unknown_critical@0"},
};

std::string find(std::span<const Row> rows, const std::string& test) {
  for (const Row& row : rows) {
    if (row.test == test) return row.value;
  }
  return "no row";
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');)
    out.push_back(word);
  return out;
}

// The path that ends in the last certificate of the list: at each step the certificate whose name
// and key fit, else the one whose name fits, else the one before it in the list.
std::vector<Certificate> build_path(const std::vector<Certificate>& given) {
  std::vector<Certificate> path{given.back()};
  std::size_t at = given.size() - 1;
  while (at > 0) {
    std::size_t next = at - 1;
    bool named = false;
    for (std::size_t i = at; i-- > 0;) {
      const Certificate& candidate = given[i];
      if (!given[at].issuer.matches(candidate.subject)) continue;
      const bool fits = candidate.public_key && signed_by(given[at], *candidate.public_key);
      if (fits || !named) next = i;
      named = true;
      if (fits) break;
    }
    path.push_back(given[next]);
    at = next;
  }
  return path;
}

std::string text(const std::vector<PathError>& faults) {
  std::string out;
  for (const PathError& error : faults) {
    if (!out.empty()) out += " ";
    out += std::string(to_string(error.fault)) + "@" + std::to_string(error.index);
  }
  return out;
}

// NIST's data is valid from 2010 to 2030.
constexpr UnixTime kAt{1577836800};  // 2020-01-01T00:00:00Z

std::string judge(const std::map<std::string, std::string>& row) {
  std::vector<Certificate> given;
  for (const std::string& name : split(row.at("certs"))) {
    const auto parsed =
        parse_certificate(read_file(vectors_dir() / "pkits/certs" / (name + ".crt")));
    if (!parsed) return "certificate does not parse: " + name + ": " + parsed.error().what();
    given.push_back(*parsed);
  }
  std::vector<Crl> crls;
  for (const std::string& name : split(row.at("crls"))) {
    const auto parsed = parse_crl(read_file(vectors_dir() / "pkits/crls" / (name + ".crl")));
    if (!parsed) return "CRL does not parse: " + name + ": " + parsed.error().what();
    crls.push_back(*parsed);
  }
  const PathOptions options{.at = kAt, .crls = crls};
  return text(check_path(build_path(given), given.front().spki_sha256, options));
}

bool policy_test(const std::string& test) {
  for (const std::string_view section : kPolicySections) {
    if (test.rfind(section, 0) == 0) return true;
  }
  return false;
}

bool dsa_test(const std::string& test) {
  return std::find(std::begin(kDsaTests), std::end(kDsaTests), test) != std::end(kDsaTests);
}

TEST(Pkits, EveryPathIsJudgedAsExpected) {
  WARD_NEED_VECTORS();
  const auto rows = read_tsv(vectors_dir() / "pkits/tests.tsv");
  ASSERT_EQ(rows.size(), 249U);
  std::size_t policies = 0;
  std::size_t dsa = 0;
  std::size_t judged = 0;
  std::size_t refused_valid = 0;
  for (const auto& row : rows) {
    const std::string& test = row.at("test");
    if (policy_test(test)) {
      ++policies;
      continue;
    }
    if (dsa_test(test)) {
      ++dsa;
      continue;
    }
    ++judged;
    const std::string got = judge(row);
    if (row.at("should_validate") == "false") {
      EXPECT_NE(got, "") << test << " " << row.at("title");
      EXPECT_EQ(got, find(kFaults, test)) << test << " " << row.at("title");
    } else if (const std::string reason = find(kRefusedValid, test); reason != "no row") {
      ++refused_valid;
      EXPECT_EQ(got, reason) << test << " " << row.at("title");
    } else {
      EXPECT_EQ(got, "") << test << " " << row.at("title");
    }
  }
  EXPECT_EQ(policies, kPolicyTests);
  EXPECT_EQ(dsa, std::size(kDsaTests));
  EXPECT_EQ(refused_valid, std::size(kRefusedValid));
  EXPECT_EQ(policies + dsa + judged, rows.size());
}

}  // namespace
}  // namespace ward::pki
