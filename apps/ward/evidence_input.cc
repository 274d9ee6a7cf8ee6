#include "apps/ward/evidence_input.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "apps/ward/cli.h"
#include "apps/ward/evidence_kind.h"
#include "apps/ward/input.h"
#include "codec/pem.h"
#include "tee/all.h"
#include "tee/x509/anchors.h"
#include "token/jwk.h"

namespace ward::cli {

namespace {

// root_file reads a file of roots. Makers hand out bare keys as JWK, too: such a one is read as
// PEM.
Result<Buffer> root_file(const std::string& path) {
  WARD_TRY(Buffer file, read_file(path, attest::kMaxDocumentBytes));
  if (file.empty() || file.front() != '{') return file;
  WARD_TRY(const token::Jwk jwk, token::parse_jwk(file));
  return to_buffer(as_bytes(codec::to_pem("PUBLIC KEY", jwk.key.to_spki())));
}

}  // namespace

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
  std::vector<std::string> files = {roots.trust_root};
  for (const std::string& root : roots.hardware_roots) {
    files.push_back(root.substr(root.find('=') + 1));
  }
  for (const std::string& path : files) {
    if (path.empty()) continue;
    auto octets = root_file(path);
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
  command
      .add_option("--hardware-root", files.hardware_roots,
                  "TEE=FILE: a file with roots of hardware that ward does not pin, PEM "
                  "certificates or public keys, or one key as JWK (TPM vendors, an attestation "
                  "key, Arm's CPAK), of this TEE alone: you vouch for them; may be given again")
      ->allow_extra_args(false)
      ->type_name("TEE=FILE");
}

namespace {

// One file's roots go to `out`; the exit code of a mistake.
template <class AnchorsOf>
Result<void, int> add_roots(const std::string& path, std::string_view hint, AnchorsOf anchors_of,
                            std::vector<attest::Anchor>& out) {
  const auto text = root_file(path);
  if (!text) return own_file_failure(path, text.error(), hint);
  auto roots = anchors_of(as_text(*text));
  if (!roots) return own_file_failure(path, roots.error(), hint);
  std::ranges::move(*roots, std::back_inserter(out));
  return {};
}

}  // namespace

Result<std::vector<attest::Anchor>, int> named_roots(const RootFiles& files) {
  std::vector<attest::Anchor> out;
  if (!files.trust_root.empty()) {
    WARD_CHECK_OK(add_roots(files.trust_root, "--trust-root takes a PEM file",
                            x509::development_anchors, out));
  }
  for (const std::string& root : files.hardware_roots) {
    const std::size_t end = root.find('=');
    const std::string tee = root.substr(0, end);
    const auto known = std::ranges::any_of(tee::all_schemes(), [&](const attest::Scheme* scheme) {
      return scheme->info().name == tee;
    });
    if (end == std::string::npos || end + 1 == root.size() || !known) {
      std::string all;
      for (const attest::Scheme* scheme : tee::all_schemes()) {
        all += (all.empty() ? "" : ", ") + std::string(scheme->info().name);
      }
      return fail(kUsage,
                  "--hardware-root takes TEE=FILE: " + root +
                      (known ? " names no file" : " begins with no TEE"),
                  "tpm=ak.pem, for one; the TEEs: " + all);
    }
    WARD_CHECK_OK(add_roots(
        root.substr(end + 1),
        "--hardware-root takes TEE=FILE, and FILE is PEM or a public key's JWK",
        [&](std::string_view pem) { return x509::hardware_anchors(pem, tee); }, out));
  }
  return out;
}

}  // namespace ward::cli
