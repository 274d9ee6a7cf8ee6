#include "apps/ward/input.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "apps/ward/cli.h"
#include "base/file_error.h"

namespace ward::cli {
namespace {

struct Close {
  void operator()(std::FILE* f) const {
    (void)std::fclose(f);  // NOLINT(*-owning-memory): a unique_ptr's
  }
};

constexpr std::size_t kChunk = 64U << 10U;

Result<Buffer> read_stream(std::FILE* in, std::size_t max) {
  Buffer out;
  while (out.size() < max) {
    const std::size_t had = out.size();
    const std::size_t wanted = std::min(kChunk, max - had);
    out.resize(had + wanted);
    const std::size_t n = std::fread(out.data() + had, 1, wanted, in);
    out.resize(had + n);
    if (n < wanted) break;
  }
  if (std::ferror(in) != 0) return file_error(errno);
  return out;
}

}  // namespace

Result<Buffer> read_front(const std::string& path, std::size_t max) {
  if (path == "-") return read_stream(stdin, max);
  const std::unique_ptr<std::FILE, Close> in(std::fopen(path.c_str(), "rbe"));
  if (!in) return file_error(errno);
  return read_stream(in.get(), max);
}

Result<Buffer> read_file(const std::string& path, std::size_t max) {
  WARD_TRY(Buffer bytes, read_front(path, max + 1));
  if (bytes.size() > max) return Error(Errc::kLimit, "larger than ward reads: octets", max);
  return bytes;
}

Result<std::string> read_text(const std::string& path, std::size_t max) {
  WARD_TRY(const Buffer bytes, read_file(path, max));
  return std::string(as_text(bytes));
}

Buffer seed_octets(const std::string& text) {
  const auto hex = from_hex(text);
  return hex ? *hex : to_buffer(as_bytes(text));
}

UnixTime system_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::seconds>(now).count()};
}

Result<attest::Collateral, std::string> read_collateral(const std::string& path) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  std::error_code failed;
  if (fs::is_directory(path, failed)) {
    for (fs::recursive_directory_iterator at(path, failed), end; !failed && at != end;
         at.increment(failed)) {
      std::error_code type_failed;
      if (at->is_regular_file(type_failed)) files.push_back(at->path().string());
      if (files.size() > attest::kMaxDocuments) {
        return path + ": more files than ward reads: " + std::to_string(attest::kMaxDocuments);
      }
    }
    if (failed) return path + ": " + failed.message();
    std::ranges::sort(files);
  } else {
    files.push_back(path);
  }
  attest::Collateral out;
  for (const std::string& file : files) {
    auto bytes = read_file(file, attest::kMaxDocumentBytes);
    if (!bytes) return file + ": " + error_text(bytes.error());
    std::string name = file;
    if (files.size() > 1 && file.starts_with(path)) {
      name = file.substr(path.size());
      name.erase(0, std::min(name.find_first_not_of('/'), name.size()));
    }
    out.documents.push_back({std::move(name), *std::move(bytes)});
  }
  return out;
}

}  // namespace ward::cli
