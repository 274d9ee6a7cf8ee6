#include "apps/ward/keep_cli.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include <fcntl.h>

#include "apps/ward/cli.h"
#include "apps/ward/input.h"

namespace ward::cli {

int fail_with(const keep::Failure& failure, std::string_view hint) {
  switch (failure.code) {
    case Errc::kUnavailable:
    case Errc::kInternal:
    case Errc::kLimit:
      return fail(kCouldNotTell, failure.what, hint);
    case Errc::kTruncated:
    case Errc::kMalformed:
    case Errc::kUnsupported:
    case Errc::kUntrusted:
    case Errc::kStale:
    case Errc::kDenied:
      return fail(kRefused, failure.what, hint);
  }
  return fail(kCouldNotTell, failure.what, hint);
}

std::string program_beside(const char* name) {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / name;
}

Result<LoadedManifest, keep::Failure> load_manifest(const std::string& path) {
  auto document = read_file(path, keep::kMaxManifestBytes);
  if (!document) {
    return keep::Failure{.code = document.error().code(),
                         .what = path + ": " + error_text(document.error())};
  }
  auto manifest = keep::parse_manifest(*document);
  if (!manifest) {
    return keep::Failure{.code = Errc::kMalformed, .what = path + ": " + to_text(manifest.error())};
  }
  return LoadedManifest{.document = *std::move(document), .manifest = *std::move(manifest)};
}

int manifest_failure(const keep::Failure& failure) {
  return fail(failure.code == Errc::kUnavailable ? kCouldNotTell : kUsage, failure.what);
}

Result<keep::UniqueFd, keep::Failure> open_root(const std::string& path) {
  keep::UniqueFd root(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) {
    return keep::Failure{.code = Errc::kUnavailable, .what = path + ": no such folder"};
  }
  return root;
}

std::string search_path() {
  const char* path = std::getenv("PATH");
  return path != nullptr ? path : "/usr/bin:/bin";
}

}  // namespace ward::cli
