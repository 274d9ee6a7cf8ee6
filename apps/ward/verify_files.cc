#include "apps/ward/verify_files.h"

#include <cstdio>
#include <filesystem>

#include "apps/ward/cli.h"
#include "apps/ward/new_file.h"
#include "crypto/digest.h"
#include "explain/page.h"
#include "explain/script.h"

namespace ward::cli {
namespace {

constexpr const char* kMadeBy = "ward " WARD_VERSION;

int write_script(const std::string& path, const explain::Explanation& explanation) {
  if (path.empty()) return kAccepted;
  return write_new_file(path, explain::work_script(explanation, kMadeBy));
}

// The page cannot prove itself: its digest is said here.
int write_page(const std::string& path, const std::string& evidence,
               const attest::SchemeInfo& scheme, const explain::Explanation& explanation) {
  if (path.empty()) return kAccepted;
  // The page goes to others: what folders there are here is not theirs to know.
  const std::string name = std::filesystem::path(evidence).filename().string();
  const auto page =
      explain::page(explanation, {.evidence_name = evidence == "-" ? "standard input" : name,
                                  .evidence_kind = scheme.title,
                                  .made_by = kMadeBy});
  if (!page) return fail(kCouldNotTell, path + ": " + error_text(page.error()));
  const int written = write_new_file(path, *page);
  if (written != kAccepted) return written;
  std::fprintf(stderr, "ward: wrote %s, SHA-256 %s\n", for_terminal(path).c_str(),
               to_hex(crypto::sha256(as_bytes(*page))).c_str());
  return kAccepted;
}

}  // namespace

int write_files(const VerifyFiles& files, const std::string& evidence,
                const attest::SchemeInfo& scheme, const explain::Explanation& explanation) {
  const int script = write_script(files.show_work, explanation);
  return script == kAccepted ? write_page(files.html, evidence, scheme, explanation) : script;
}

}  // namespace ward::cli
