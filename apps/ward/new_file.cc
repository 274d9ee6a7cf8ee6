#include "apps/ward/new_file.h"

#include "apps/ward/cli.h"
#include "apps/ward/output_file.h"

namespace ward::cli {

int write_new_files(const std::vector<NewFile>& files) {
  std::vector<OutputFile> opened;
  opened.reserve(files.size());
  for (const NewFile& file : files) {
    auto output = OutputFile::create(file.path, OutputFile::Readers::kUmask);
    if (!output) return fail(kCouldNotTell, file.path + ": " + error_text(output.error()));
    if (const auto done = output->write(as_bytes(file.text)); !done) {
      return fail(kCouldNotTell, file.path + ": " + error_text(done.error()));
    }
    opened.push_back(*std::move(output));
  }
  std::vector<OutputFile*> all;
  for (OutputFile& file : opened) {
    all.push_back(&file);
  }
  const auto done = commit_together(all, false);
  if (done) return kAccepted;
  const CommitFailure& failure = done.error();
  if (failure.error.code() == Errc::kDenied) {
    return fail(kUsage, failure.path + ": exists already", "remove it, or name another file");
  }
  return fail(kCouldNotTell, failure.path + ": " + error_text(failure.error));
}

}  // namespace ward::cli
