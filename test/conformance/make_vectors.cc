// ward-make-vectors DIR: writes the vectors that the project holds itself,
// DIR/<tee>/testdata/{valid,invalid}/NAME/, as they stand in tee/. Every run makes the same octets.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/time.h"
#include "tee/own_vectors.h"
#include "tee/soft/cases/case.h"
#include "test/dcap_checks/platform_fixture.h"
#include "test/snp_checks/platform_fixture.h"

namespace ward::soft {
namespace {

using namespace fixture;  // NOLINT(google-build-using-namespace): written in its words
namespace fs = std::filesystem;

bool write_file(const fs::path& path, Bytes octets) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  const std::string_view text = as_text(octets);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  return static_cast<bool>(out.flush());
}

std::string facts(const attest::Expectations& expected, std::size_t signed_octets) {
  const UnixTime to{kFrom.seconds + 30LL * 86400};
  return "at " + format_rfc3339(kNow) + "\nvalid_from " + format_rfc3339(kFrom) + "\nvalid_to " +
         format_rfc3339(to) + "\nsigned_octets " + std::to_string(signed_octets) +
         "\nreport_data " + to_hex(std::get<1>(expected.report_data)[0]) + "\nmeasurement " +
         to_hex(std::get<1>(expected.measurement)[0]) + "\nworkload " +
         to_hex(std::get<1>(expected.workload)[0]) + "\n";
}

// Vector is one folder.
struct Vector {
  Buffer evidence;
  std::string facts;
  const attest::Collateral& documents;
};

bool write_vector(const fs::path& folder, const Vector& v) {
  bool good = write_file(folder / "evidence", v.evidence) &&
              write_file(folder / "case.txt", as_bytes(v.facts));
  for (const attest::Document& d : v.documents.documents) {
    good = good && write_file(folder / d.name, d.bytes);
  }
  return good;
}

fs::path valid(const fs::path& top, const std::string& tee) { return top / tee / "testdata/valid"; }

bool write_dcap(const fs::path& top) {
  for (const Face& face : kFaces) {
    Stage s = good_stage(face);
    s.signing = Signing::kRepeatable;
    const Made m = make(s);
    const std::size_t size = dcap::write_signed_part(m.parts).size();
    if (!write_vector(valid(top, face.tdx() ? "tdx" : "sgx") / face.name,
                      {dcap::write_quote(m.parts), facts(s.expected, size), m.documents})) {
      return false;
    }
  }
  return true;
}

bool write_snp(const fs::path& top) {
  static_assert(snp_fixture::kFrom == kFrom && snp_fixture::kNow == kNow);
  for (const snp_fixture::Face& face : snp_fixture::kFaces) {
    snp_fixture::Stage s = snp_fixture::good_stage(face);
    s.signing = Signing::kRepeatable;
    const snp_fixture::Made m = snp_fixture::make(s);
    const std::string whole = "whole_at " + std::to_string(snp::kReportSize) + "\n";
    const std::string more = face.extended ? whole : "";
    if (!write_vector(valid(top, "snp") / face.name,
                      {m.whole(), facts(s.expected, snp::kSignedSize) + more, m.documents})) {
      return false;
    }
  }
  return true;
}

// Those of TEEs that the software TEE does not show stand in their folders. These are those that
// `ward dev make` makes and a verifier does not accept, as it writes them.
bool write_cases(const fs::path& top) {
  const cases::Setting setting{.seed = to_buffer(as_bytes("ward vectors")), .at = kNow};
  cases::Makers makers(setting);
  for (const cases::Case& one : cases::all_cases()) {
    if (one.verdict == attest::Verdict::kAccepted) continue;
    const std::string& face = one.faces.front();
    const auto made = one.make(face, makers);
    if (!made) return false;
    for (const cases::CaseFile& file : cases::files_of(one, face, *made, setting)) {
      if (!write_file(top / one.tee / "testdata/invalid" / one.name / file.name, file.bytes)) {
        return false;
      }
    }
  }
  return true;
}

bool write_own(const fs::path& top) {
  for (const tee::TeeVectors& of : tee::all_own_vectors()) {
    for (const attest::OwnVector& v : of.vectors) {
      for (const attest::Document& file : v.files) {
        if (!write_file(top / of.tee / "testdata" / v.kind / v.name / file.name, file.bytes))
          return false;
      }
    }
  }
  return true;
}

int run(int argc, char** argv) {
  if (argc != 2) {
    (void)std::fputs("usage: ward-make-vectors DIR\n", stderr);
    return 2;
  }
  return write_dcap(argv[1]) && write_snp(argv[1]) && write_cases(argv[1]) && write_own(argv[1])
             ? 0
             : 1;
}

}  // namespace
}  // namespace ward::soft

int main(int argc, char** argv) { return ward::soft::run(argc, argv); }
