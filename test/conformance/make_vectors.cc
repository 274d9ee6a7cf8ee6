// ward-make-vectors DIR: writes the vectors that the project holds itself, DIR/<tee>/<face>/, to be
// copied to tee/<tee>/testdata/valid. Everything but the signatures comes from a seed: a new run
// makes other signatures under the same keys.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/time.h"
#include "test/dcap_checks/platform_fixture.h"

namespace ward::soft {
namespace {

using namespace fixture;  // NOLINT(google-build-using-namespace): written in its words
namespace fs = std::filesystem;

bool write_file(const fs::path& path, Bytes octets) {
  std::ofstream out(path, std::ios::binary);
  const std::string_view text = as_text(octets);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  return static_cast<bool>(out.flush());
}

std::string facts(const Stage& s, std::size_t signed_octets) {
  const UnixTime to{kFrom.seconds + 30LL * 86400};
  return "at " + format_rfc3339(kNow) + "\nvalid_from " + format_rfc3339(kFrom) + "\nvalid_to " +
         format_rfc3339(to) + "\nsigned_octets " + std::to_string(signed_octets) +
         "\nreport_data " + to_hex(std::get<1>(s.expected.report_data)[0]) + "\nmeasurement " +
         to_hex(std::get<1>(s.expected.measurement)[0]) + "\nworkload " +
         to_hex(std::get<1>(s.expected.workload)[0]) + "\n";
}

bool write_vector(const fs::path& folder, const Stage& s, const Made& m) {
  fs::create_directories(folder);
  bool good =
      write_file(folder / "evidence", dcap::write_quote(m.parts)) &&
      write_file(folder / "case.txt", as_bytes(facts(s, dcap::write_signed_part(m.parts).size())));
  for (const attest::Document& d : m.documents.documents)
    good = good && write_file(folder / d.name, d.bytes);
  return good;
}

int run(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: ward-make-vectors DIR\n", stderr);
    return 2;
  }
  for (const Face& face : kFaces) {
    Stage s = good_stage(face);
    const Made m = make(s);
    const std::string tee = face.tdx() ? "tdx" : "sgx";
    if (!write_vector(fs::path(argv[1]) / tee / face.name, s, m)) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace ward::soft

int main(int argc, char** argv) { return ward::soft::run(argc, argv); }
