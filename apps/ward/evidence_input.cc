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

Result<attest::Collateral, int> read_all_collateral(const std::vector<std::string>& paths) {
  attest::Collateral out;
  for (const std::string& path : paths) {
    auto read = read_collateral(path);
    if (!read) return fail(kCouldNotTell, read.error());
    std::ranges::move(read->documents, std::back_inserter(out.documents));
  }
  return out;
}

Result<std::vector<attest::Anchor>, int> named_roots(const std::string& path) {
  constexpr std::string_view kHint = "--trust-root takes a PEM file";
  if (path.empty()) return std::vector<attest::Anchor>{};
  const auto text = read_file(path, attest::kMaxDocumentBytes);
  if (!text) return own_file_failure(path, text.error(), kHint);
  auto roots = x509::development_anchors(as_text(*text));
  if (!roots) return own_file_failure(path, roots.error(), kHint);
  return *std::move(roots);
}

}  // namespace ward::cli
