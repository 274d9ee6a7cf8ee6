#include "test/library/handles.h"

#include <algorithm>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "base/time.h"
#include "test/support/vectors.h"

namespace ward::test {
namespace fs = std::filesystem;

namespace {

template <class Handle, class New>
Handle made(New make) {
  typename Handle::pointer out = nullptr;
  EXPECT_EQ(make(&out, nullptr), WARD_OK);
  return Handle(out);
}

LibraryVector read_vector(const fs::path& folder, std::string tee) {
  LibraryVector out;
  out.tee = std::move(tee);
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name == "evidence") {
      out.evidence = read_file(entry.path());
    } else if (name == "case.txt") {
      std::ifstream in(entry.path());
      for (std::string key, value; in >> key >> value;) {
        out.facts.emplace(key, value);
      }
    } else {
      out.documents.emplace_back(name, read_file(entry.path()));
    }
  }
  std::ranges::sort(out.documents);
  return out;
}

}  // namespace

PolicyHandle new_policy() { return made<PolicyHandle>(ward_policy_new); }

CollateralHandle new_collateral() { return made<CollateralHandle>(ward_collateral_new); }

RequestHandle new_request() { return made<RequestHandle>(ward_request_new); }

VerifierHandle new_verifier(const ward_policy* policy) {
  return made<VerifierHandle>([&](ward_verifier** out, ward_error** error) {
    return ward_verifier_new(policy, out, error);
  });
}

RequestHandle unchecked_request(std::int64_t unix_s) {
  RequestHandle out = new_request();
  EXPECT_EQ(ward_request_set_time(out.get(), unix_s, nullptr), WARD_OK);
  EXPECT_EQ(ward_request_report_data_unchecked(out.get(), nullptr), WARD_OK);
  EXPECT_EQ(ward_request_measurement_unchecked(out.get(), nullptr), WARD_OK);
  EXPECT_EQ(ward_request_workload_unchecked(out.get(), nullptr), WARD_OK);
  return out;
}

std::int64_t LibraryVector::at() const { return parse_rfc3339(facts.at("at"))->seconds; }

Buffer LibraryVector::octets(const char* fact) const { return *from_hex(facts.at(fact)); }

std::size_t LibraryVector::some_signed() const {
  if (facts.contains("signed_octets")) return std::stoul(facts.at("signed_octets")) / 2;
  const std::string& range = facts.at("signed");  // BEGIN-END
  return (std::stoul(range) + std::stoul(range.substr(range.find('-') + 1))) / 2;
}

std::string LibraryVector::accepted() const {
  if (tee != "psa") return "accepted";
  return "accepted (platform only; not checked: psa.device.components)";
}

CollateralHandle LibraryVector::collateral() const {
  CollateralHandle out = new_collateral();
  for (const auto& [name, bytes] : documents) {
    EXPECT_EQ(ward_collateral_add(out.get(), name.c_str(), bytes.data(), bytes.size(), nullptr),
              WARD_OK);
  }
  return out;
}

PolicyHandle LibraryVector::policy() const {
  PolicyHandle out = new_policy();
  const auto root =
      std::ranges::find(documents, "root_ca.pem", [](const auto& one) { return one.first; });
  EXPECT_EQ(ward_policy_allow_development(out.get(), 1, nullptr), WARD_OK);
  EXPECT_EQ(ward_policy_add_development_roots(out.get(), root->second.data(), root->second.size(),
                                              nullptr),
            WARD_OK);
  return out;
}

RequestHandle LibraryVector::request() const {
  RequestHandle out = new_request();
  EXPECT_EQ(ward_request_set_time(out.get(), at(), nullptr), WARD_OK);
  const auto expect = [&](const char* fact, auto set, auto unchecked) {
    if (!facts.contains(fact)) {
      EXPECT_EQ(unchecked(out.get(), nullptr), WARD_OK);
      return;
    }
    const Buffer value = octets(fact);
    EXPECT_EQ(set(out.get(), value.data(), value.size(), nullptr), WARD_OK);
  };
  expect("report_data", ward_request_expect_report_data, ward_request_report_data_unchecked);
  expect("measurement", ward_request_expect_measurement, ward_request_measurement_unchecked);
  expect("workload", ward_request_expect_workload, ward_request_workload_unchecked);
  return out;
}

std::vector<LibraryVector> library_vectors() {
  std::vector<LibraryVector> out;
  ward_tee tee{.size = sizeof(ward_tee)};
  for (std::size_t i = 0; ward_tee_at(i, &tee) == WARD_OK; ++i) {
    const fs::path valid = source_dir() / "tee" / tee.name / "testdata/valid";
    for (const auto& folder : fs::directory_iterator(valid)) {
      out.push_back(read_vector(folder.path(), tee.name));
    }
  }
  EXPECT_FALSE(out.empty());
  // The first is of a TEE whose fields all have their sizes.
  std::stable_partition(out.begin(), out.end(),
                        [](const LibraryVector& v) { return v.tee == "sgx"; });
  return out;
}

std::vector<LibraryVector> pooled_vectors() {
  std::vector<LibraryVector> out = library_vectors();
  std::set<std::string> seen = {"azure"};
  std::erase_if(out, [&](const LibraryVector& v) {
    const bool remembered = v.tee == "sgx" || v.tee == "tdx" || v.tee == "snp";
    return !remembered && !seen.insert(v.tee).second;
  });
  return out;
}

AppraisalHandle verify(const ward_verifier* verifier, Bytes evidence,
                       const ward_collateral* collateral, const ward_request* request) {
  ward_appraisal* out = nullptr;
  ward_error* error = nullptr;
  const ward_status status = ward_verifier_verify(verifier, evidence.data(), evidence.size(),
                                                  collateral, request, &out, &error);
  EXPECT_EQ(status, WARD_OK) << ward_error_message(error);
  ward_error_free(error);
  return AppraisalHandle(out);
}

}  // namespace ward::test
