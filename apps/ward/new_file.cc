#include "apps/ward/new_file.h"

#include "apps/ward/cli.h"
#include "apps/ward/output_file.h"

namespace ward::cli {

int write_new_file(const std::string& path, std::string_view text) {
  auto file = OutputFile::create(path, OutputFile::Readers::kUmask);
  if (!file) return fail(kCouldNotTell, path + ": " + error_text(file.error()));
  auto done = file->write(as_bytes(text));
  if (done) done = file->commit(false);
  if (done) return kAccepted;
  if (done.error().code() == Errc::kDenied) {
    return fail(kUsage, path + ": exists already", "remove it, or name another file");
  }
  return fail(kCouldNotTell, path + ": " + error_text(done.error()));
}

}  // namespace ward::cli
