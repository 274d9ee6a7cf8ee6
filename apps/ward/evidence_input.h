#pragma once

#include <string>
#include <vector>

#include "args/args.h"
#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "base/bytes.h"
#include "base/result.h"

// What commands that appraise evidence read. Each says what is wrong and returns the exit code.
namespace ward::cli {

// EvidenceFile is what a file of evidence holds.
struct EvidenceFile {
  Buffer octets;
  bool decoded = false;  // the file holds them as text: its own size and digest are others
};

// read_evidence_file reads evidence in any form that people keep it in (plain_evidence).
[[nodiscard]] Result<EvidenceFile, int> read_evidence_file(const std::string& path);

// read_evidence is its octets alone.
[[nodiscard]] Result<Buffer, int> read_evidence(const std::string& path);

// RootFiles are PEM files with roots beside the makers' pinned ones; "": none.
struct RootFiles {
  std::string trust_root;                   // of development platforms: results say so
  std::vector<std::string> hardware_roots;  // TEE=FILE: of hardware, as the user vouches
};

// add_root_options lets a command take them.
void add_root_options(args::Command& command, RootFiles& files);

// read_all_collateral reads files and folders (read_collateral), in their order, and the files of
// the roots where they are not among them: a root that is a bare key is needed itself.
[[nodiscard]] Result<attest::Collateral, int> read_all_collateral(
    const std::vector<std::string>& paths, const RootFiles& roots);

// named_roots reads them.
[[nodiscard]] Result<std::vector<attest::Anchor>, int> named_roots(const RootFiles& files);

}  // namespace ward::cli
