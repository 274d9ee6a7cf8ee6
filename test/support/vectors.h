#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace ward::test {

// source_dir is the root of the checkout.
std::filesystem::path source_dir();

// vectors_dir is WARD_VECTORS, or ../shared/vectors beside the checkout; empty where neither
// exists.
std::filesystem::path vectors_dir();

// required is true where the comma-separated WARD_REQUIRE names `what`: its absence then fails a
// test.
bool required(std::string_view what);

// read_file returns the whole file and fails the current test where it cannot be read.
Buffer read_file(const std::filesystem::path& path);
std::string read_text(const std::filesystem::path& path);

// read_tsv returns one map (column name to field) per row; the first line names the columns.
std::vector<std::map<std::string, std::string>> read_tsv(const std::filesystem::path& path);

// report_vectors says how many files of one kind of MANIFEST.tsv a test judged, and in how many its
// verdict differs from the expected one. A row is appended to the file that WARD_REPORT names
// (./run test sets it and prints the table; rows of one kind are added up); without it, nothing
// happens.
void report_vectors(std::string_view kind, std::size_t in_manifest, std::size_t judged,
                    std::size_t differences);

// report_files is report_vectors for `files`, named as MANIFEST.tsv names them: the list is counted
// here, and a file that it does not have under `kind` fails the current test.
void report_files(std::string_view kind, const std::set<std::string>& files,
                  std::size_t differences = 0);

}  // namespace ward::test

// Skips the test with a plain line where the vectors are absent, and fails it where WARD_REQUIRE
// names them.
#define WARD_NEED_VECTORS()                                                                \
  if (ward::test::vectors_dir().empty()) {                                                 \
    if (ward::test::required("vectors")) FAIL() << "WARD_REQUIRE=vectors, but none found"; \
    GTEST_SKIP() << "no vectors: set WARD_VECTORS";                                        \
  }                                                                                        \
  static_assert(true)
