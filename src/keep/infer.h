#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "keep/launcher.h"
#include "keep/manifest.h"

namespace ward::keep {

// InferRequest is a command line as a person would type it.
struct InferRequest {
  std::string name = "workload";
  std::vector<std::string> argv;   // argv[0] is looked up in `search_path` where it has no slash
  std::string search_path;         // the value of PATH
  std::vector<std::string> trees;  // folders to take whole: packages, data
  std::vector<std::string> more_files;  // single files to take, scripts beside the first one
};

// infer_manifest finds what a command needs: its program (and, for a script, its interpreter), the
// shared libraries that the dynamic linker would load for it and for every library below the trees,
// and for Python the standard library. Arguments that name existing files are taken too. It runs
// the dynamic linker in its listing mode and, for Python, the interpreter to ask for its folders;
// nothing of the workload. What a program opens by names of its own making cannot be found: it goes
// into `trees` or `more_files`. Limits are generous defaults for a person to tighten.
[[nodiscard]] Result<Manifest, Failure> infer_manifest(const InferRequest& request);

// pinned returns the manifest with every file named alone and its digest beside it, trees resolved,
// as `root` was measured: whoever reads it sees all that will be in the keep, and a file that
// changes later is refused by name.
[[nodiscard]] Manifest pinned(const Manifest& manifest, const MeasuredRoot& root);

}  // namespace ward::keep
