#include "test/conformance/own_vector.h"

#include <fstream>
#include <utility>

#include "tee/all.h"
#include "tee/x509/anchors.h"
#include "test/support/vectors.h"

namespace ward::conformance {

namespace fs = std::filesystem;

namespace {

void read_facts(Vector& out, const fs::path& path) {
  std::ifstream in(path);
  for (std::string key, value; in >> key >> value;) {
    if (key == "fails") out.fails.push_back(value);
    if (key == "open") out.open.push_back(value);
    if (key == "unasked") out.unasked.push_back(value);
    if (key == "signed_octets") out.is_signed.push_back({0, std::stoul(value)});
    if (key == "signed") {
      const std::size_t dash = value.find('-');
      out.is_signed.push_back({std::stoul(value), std::stoul(value.substr(dash + 1))});
    }
    out.facts[key] = value;
  }
}

Vector read_vector(const attest::Scheme& scheme, const fs::path& folder) {
  Vector out;
  out.name = std::string(scheme.info().name) + "/" + folder.filename().string();
  out.scheme = &scheme;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory()) continue;
    if (name == "evidence") {
      out.evidence = test::read_file(entry.path());
    } else if (name == "case.txt") {
      read_facts(out, entry.path());
    } else {
      out.collateral.documents.push_back({name, test::read_file(entry.path())});
      if (name != "root_ca.pem") continue;
      out.root = x509::development_anchors(as_text(out.collateral.documents.back().bytes))->at(0);
      out.root.name = "development";
    }
  }
  return out;
}

}  // namespace

attest::Expected Vector::value(const char* fact) const {
  if (!has(fact)) return attest::Unchecked{};
  return std::vector<Buffer>{*from_hex(facts.at(fact))};
}

std::vector<Vector> vectors_of(const char* kind) {
  std::vector<Vector> out;
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    const fs::path all = test::source_dir() / "tee" / scheme->info().name / "testdata" / kind;
    for (const auto& folder : fs::directory_iterator(all))
      out.push_back(read_vector(*scheme, folder.path()));
  }
  return out;
}

attest::Expectations expected_of(const Vector& v) {
  return {v.value("report_data"), v.value("measurement"), v.value("workload")};
}

attest::Appraisal Judge::operator()(const Vector& v, Bytes evidence, UnixTime now,
                                    attest::Expectations expected, attest::Work* work) const {
  const verifier::Verifier verifier(tee::all_schemes(), {v.root}, policy);
  auto out = verifier.appraise({.evidence = evidence,
                                .collateral = v.collateral,
                                .now = now,
                                .expected = std::move(expected),
                                .work = work});
  if (!out) return {};  // no such kind of evidence: refused, with no checks
  return *std::move(out);
}

}  // namespace ward::conformance
