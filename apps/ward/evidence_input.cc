#include "apps/ward/evidence_input.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "apps/ward/cli.h"
#include "apps/ward/evidence_kind.h"
#include "apps/ward/input.h"
#include "tee/x509/anchors.h"

namespace ward::cli {

Result<EvidenceFile, int> read_evidence_file(const std::string& path) {
  const auto file = read_file(path, kMaxEvidence);
  if (!file) return fail(kCouldNotTell, path + ": " + error_text(file.error()));
  Buffer octets = plain_evidence(*file);
  const bool decoded = octets != *file;
  return EvidenceFile{.octets = std::move(octets), .decoded = decoded};
}

Result<Buffer, int> read_evidence(const std::string& path) {
  WARD_TRY(EvidenceFile file, read_evidence_file(path));
  return std::move(file.octets);
}

Result<attest::Collateral, int> read_all_collateral(const std::vector<std::string>& paths,
                                                    const RootFiles& roots) {
  attest::Collateral out;
  for (const std::string& path : paths) {
    auto read = read_collateral(path);
    if (!read) return fail(kCouldNotTell, read.error());
    std::ranges::move(read->documents, std::back_inserter(out.documents));
  }
  for (const std::string& path : {roots.trust_root, roots.hardware_root}) {
    if (path.empty()) continue;
    auto octets = read_file(path, attest::kMaxDocumentBytes);
    if (!octets) continue;  // named_roots says what is wrong
    const bool there = std::ranges::any_of(
        out.documents, [&](const attest::Document& d) { return equal(d.bytes, *octets); });
    if (!there) out.documents.push_back({path, *std::move(octets)});
  }
  return out;
}

void add_root_options(args::Command& command, RootFiles& files) {
  command.add_option("--trust-root", files.trust_root,
                     "PEM file with roots of development platforms");
  command.add_option(
      "--hardware-root", files.hardware_root,
      "PEM file with roots of hardware that ward does not pin, certificates or public "
      "keys (TPM vendors, an attestation key, Arm's CPAK): you vouch for them");
}

Result<std::vector<attest::Anchor>, int> named_roots(const RootFiles& files) {
  std::vector<attest::Anchor> out;
  const auto read = [&out](const std::string& path, std::string_view hint,
                           auto&& anchors_of) -> Result<void, int> {
    if (path.empty()) return {};
    const auto text = read_file(path, attest::kMaxDocumentBytes);
    if (!text) return own_file_failure(path, text.error(), hint);
    auto roots = anchors_of(as_text(*text));
    if (!roots) return own_file_failure(path, roots.error(), hint);
    std::ranges::move(*roots, std::back_inserter(out));
    return {};
  };
  WARD_CHECK_OK(read(files.trust_root, "--trust-root takes a PEM file", x509::development_anchors));
  WARD_CHECK_OK(
      read(files.hardware_root, "--hardware-root takes a PEM file", x509::hardware_anchors));
  return out;
}

}  // namespace ward::cli
