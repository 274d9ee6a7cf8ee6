#include "test/support/vectors.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace ward::test {
namespace {

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> out;
  std::string::size_type from = 0;
  for (;;) {
    const auto to = line.find(separator, from);
    out.push_back(line.substr(from, to == std::string::npos ? to : to - from));
    if (to == std::string::npos) return out;
    from = to + 1;
  }
}

}  // namespace

std::filesystem::path source_dir() { return WARD_SOURCE_DIR; }

std::filesystem::path vectors_dir() {
  // Tests set no environment while others run, so getenv is safe here.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  const char* named = std::getenv("WARD_VECTORS");
  const std::filesystem::path dir =
      named != nullptr ? std::filesystem::path(named) : source_dir() / "../shared/vectors";
  return std::filesystem::exists(dir / "MANIFEST.tsv") ? dir : std::filesystem::path();
}

bool required(std::string_view what) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  const char* list = std::getenv("WARD_REQUIRE");
  if (list == nullptr) return false;
  const auto items = split(list, ',');
  return std::find(items.begin(), items.end(), what) != items.end();
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << "cannot read " << path;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

Buffer read_file(const std::filesystem::path& path) { return to_buffer(as_bytes(read_text(path))); }

std::vector<std::map<std::string, std::string>> read_tsv(const std::filesystem::path& path) {
  std::istringstream in(read_text(path));
  std::vector<std::map<std::string, std::string>> rows;
  std::vector<std::string> names;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    const std::vector<std::string> fields = split(line, '\t');
    if (names.empty()) {
      names = fields;
      continue;
    }
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < names.size(); ++i) {
      row[names[i]] = i < fields.size() ? fields[i] : "";
    }
  }
  return rows;
}

void report_vectors(std::string_view kind, std::size_t in_manifest, std::size_t judged,
                    std::size_t differences) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  const char* path = std::getenv("WARD_REPORT");
  if (path == nullptr) return;
  std::ostringstream row;
  row << kind << '\t' << in_manifest << '\t' << judged << '\t' << differences << '\n';
  // One write in append mode: rows of tests that run at the same time do not mix.
  std::ofstream out(path, std::ios::binary | std::ios::app);
  out << row.str() << std::flush;
  EXPECT_TRUE(out.good()) << "cannot append to " << path;
}

void report_files(std::string_view kind, const std::set<std::string>& files,
                  std::size_t differences) {
  std::set<std::string> listed;
  for (auto& row : read_tsv(vectors_dir() / "MANIFEST.tsv")) {
    if (row["kind"] == kind) listed.insert(row["file"]);
  }
  for (const std::string& file : files) {
    EXPECT_TRUE(listed.contains(file)) << file << " is not listed as " << kind;
  }
  report_vectors(kind, listed.size(), files.size(), differences);
}

}  // namespace ward::test
