#pragma once

#include <string>
#include <string_view>

#include "base/diag.h"
#include "base/result.h"
#include "keep/fd.h"
#include "keep/launcher.h"
#include "keep/manifest.h"

// What the `ward keep` commands share.
namespace ward::cli {

// fail_with prints what could not be done and returns the exit code that fits.
int fail_with(const keep::Failure& failure, std::string_view hint = {});

// program_beside is the path of a program of ward's that lies beside this one.
[[nodiscard]] std::string program_beside(const char* name);

// load_manifest reads a manifest's document; kMalformed with the place where it does not parse.
struct LoadedManifest {
  Buffer document;
  keep::Manifest manifest;
};

[[nodiscard]] Result<LoadedManifest, keep::Failure> load_manifest(const std::string& path);

// manifest_failure prints what is wrong with a manifest that the command line names, and returns
// the exit code: absent 3, does not parse 2.
int manifest_failure(const keep::Failure& failure);

// open_root opens the folder below which sources are looked up.
[[nodiscard]] Result<keep::UniqueFd, keep::Failure> open_root(const std::string& path);

// search_path is PATH, or the usual folders where it is not set.
[[nodiscard]] std::string search_path();

}  // namespace ward::cli
