#include "apps/ward/verify_files.h"

#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "apps/ward/cli.h"
#include "apps/ward/new_file.h"
#include "crypto/digest.h"
#include "explain/page.h"
#include "explain/script.h"

namespace ward::cli {
namespace {

constexpr const char* kMadeBy = "ward " WARD_VERSION;

// The page goes to others: what folders there are here is not theirs to know.
std::string shown_name(const GivenEvidence& evidence) {
  if (evidence.name == "-") return "standard input";
  return std::filesystem::path(evidence.name).filename().string();
}

// Where a name leads: the folder without links, and the last part as it is written.
std::filesystem::path place_of(const std::string& name) {
  std::error_code problem;
  const auto path = std::filesystem::absolute(name, problem).lexically_normal();
  const auto folder = std::filesystem::weakly_canonical(path.parent_path(), problem);
  return problem ? path : folder / path.filename();
}

}  // namespace

std::optional<Usage> misnamed(const VerifyFiles& files) {
  const std::pair<const char*, const std::string*> all[] = {
      {"--show-work", &files.show_work}, {"--html", &files.html}, {"--ear", &files.ear}};
  for (const auto& [option, name] : all) {
    if (*name == "-") {
      return Usage{std::string(option) + " writes a file, and not -",
                   "name a file; the verdict is on stdout"};
    }
  }
  for (std::size_t i = 0; i < std::size(all); ++i) {
    for (std::size_t j = i + 1; j < std::size(all); ++j) {
      const std::string& one = *all[i].second;
      const std::string& other = *all[j].second;
      if (one.empty() || other.empty() || place_of(one) != place_of(other)) continue;
      return Usage{std::string(all[i].first) + " and " + all[j].first + " name one file: " + other,
                   "name two"};
    }
  }
  return std::nullopt;
}

int write_files(const VerifyFiles& files, const GivenEvidence& evidence,
                const attest::SchemeInfo& scheme, const explain::Explanation& explanation,
                std::optional<NewFile> ear) {
  std::vector<NewFile> all;
  std::string digest;
  if (!files.show_work.empty()) {
    all.push_back({files.show_work, explain::work_script(explanation, kMadeBy)});
  }
  if (!files.html.empty()) {
    auto page = explain::page(explanation, {.evidence_name = shown_name(evidence),
                                            .evidence_kind = scheme.title,
                                            .made_by = kMadeBy,
                                            .evidence_decoded = evidence.decoded});
    if (!page) return fail(kCouldNotTell, files.html + ": " + error_text(page.error()));
    digest = to_hex(crypto::sha256(as_bytes(*page)));
    all.push_back({files.html, *std::move(page)});
  }
  if (ear) all.push_back(*std::move(ear));
  if (all.empty()) return kAccepted;
  const int written = write_new_files(all);
  // The page cannot prove itself: its digest is said here.
  if (written == kAccepted && !digest.empty()) {
    (void)std::fprintf(stderr, "ward: wrote %s, SHA-256 %s\n", for_terminal(files.html).c_str(),
                       digest.c_str());
  }
  return written;
}

}  // namespace ward::cli
