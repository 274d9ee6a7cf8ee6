#include "test/snp_vectors/vectors.h"

#include <sstream>

namespace ward::test::snp {
namespace {

// The manifest's row of a file.
Row row_of(const std::string& file) {
  for (Row& row : read_tsv(vectors("MANIFEST.tsv"))) {
    if (row["file"] == file) return row;
  }
  return {};
}

// The certificate whose digest begins like this: the manifest names a signer so (sigver_by).
std::string file_of(const std::string& digest) {
  for (const auto& entry : std::filesystem::directory_iterator(vectors("snp/certs"))) {
    const std::string name = entry.path().filename();
    if (name.ends_with("_" + digest + ".pem")) return "snp/certs/" + name;
  }
  return {};
}

}  // namespace

std::map<std::string, std::string> key_fields(Row& row) {
  std::map<std::string, std::string> out;
  std::istringstream words(row["key_fields"]);
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    if (equals != std::string::npos) out[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return out;
}

Buffer octets(const std::string& name) { return read_file(vectors(name)); }

attest::Collateral certificates() {
  attest::Collateral out;
  for (const auto& entry : std::filesystem::directory_iterator(vectors("snp/certs"))) {
    out.documents.push_back(
        {"snp/certs/" + entry.path().filename().string(), read_file(entry.path())});
  }
  return out;
}

attest::Collateral chain_of(const std::string& report) {
  const std::string what = row_of(report)["what"];
  const std::string vek = what.substr(what.rfind(' ') + 1);
  Row leaf = row_of(vek);
  const std::string ask = file_of(key_fields(leaf)["sigver_by"]);
  Row middle = row_of(ask);
  return documents({vek, ask, file_of(key_fields(middle)["sigver_by"])});
}

attest::Collateral all_but(attest::Collateral all, const std::string& name) {
  std::erase_if(all.documents, [&](const attest::Document& d) { return d.name == name; });
  return all;
}

attest::Policy without_revocation() {
  attest::Policy p;
  p.allow_debug = true;
  p.require_revocation = false;
  return p;
}

Ids absent_of(const attest::Appraisal& appraisal) {
  Ids out;
  for (const attest::Check& c : appraisal.checks) {
    if (c.not_done == attest::NotDone::kAbsent) out.emplace_back(c.info->id);
  }
  return out;
}

const std::vector<Judged>& judged() {
  static const std::vector<Judged> all = {
      {"snp/report_v2_vcek_120d77b2.bin", "2025-08-01T00:00:00Z",
       "snp/certs/SEV-VCEK-Milan-B0_3bbfb6ee.pem"},
      {"snp/report_v2_vcek_62213a90.bin", "2025-08-01T00:00:00Z", nullptr},
      {"snp/report_v2_vcek_8aa04429.bin", "2025-08-01T00:00:00Z", nullptr},
      {"snp/report_v2_vcek_fc4e6560.bin", "2025-08-01T00:00:00Z", nullptr},
      {"snp/report_v2_vlek_affb92f9.bin", "2025-01-01T00:00:00Z",
       "snp/certs/SEV-VLEK-Milan_1667eb61.pem"},
      {"snp/report_v3_vcek_14fd2b6e.bin", "2025-08-01T00:00:00Z", nullptr},
      {"snp/report_v3_vcek_227a641d.bin", "2025-08-01T00:00:00Z",
       "snp/certs/SEV-VCEK-Genoa_c065f729.pem"},
      {"snp/report_v3_vcek_2cf09fff.bin", "2025-08-01T00:00:00Z",
       "snp/certs/SEV-VCEK-Milan-B0_b67b09bf.pem"},
      {"snp/report_v3_vcek_810ea610.bin", "2025-08-01T00:00:00Z",
       "snp/certs/SEV-VCEK-Milan-B0_176f84a0.pem"},
      {"snp/report_v3_vcek_8a73d9be.bin", "2025-08-01T00:00:00Z", nullptr},
      {"snp/report_v3_vcek_8d8bfb3e.bin", "2025-08-01T00:00:00Z",
       "snp/certs/SEV-VCEK-Genoa_ab5a6bc8.pem"},
      {"snp/report_v3_vcek_c51f6f70.bin", "2025-08-01T00:00:00Z", nullptr},
      {"snp/report_v3_vlek_decdab94.bin", "2025-08-01T00:00:00Z",
       "snp/certs/SEV-VLEK-Milan_296a7c99.pem"},
      {"snp/report_v5_vcek_3f44a09b.bin", "2025-08-01T00:00:00Z",
       "snp/certs/SEV-VCEK-Turin_14889815.pem"},
  };
  return all;
}

}  // namespace ward::test::snp
