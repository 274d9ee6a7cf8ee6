#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/seal/folder.h"
#include "test/support/program.h"
#include "test/support/vectors.h"

namespace ward::seal {

// CommandsTest runs the program itself in a folder with a file "a.txt", a resource key "k" and a
// passphrase "words".
class CommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    EXPECT_EQ(ward({"key", "new", "--kind", "resource", "-o", folder_ / "k"}).exit, 0);
    folder_.write("a.txt", as_bytes("the plaintext of a file"));
    folder_.write("words", as_bytes("open sesame\n"));
  }

  static test::ProgramResult ward(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), WARD_PROGRAM);
    return test::run_program(arguments);
  }

  test::ProgramResult seal_a(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "seal",  folder_ / "a.txt", "--resource", "a/b/c",
        "--key", folder_ / "k",     "--created",  "2026-01-02T03:04:05Z"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ward(arguments);
  }

  test::ProgramResult open_a(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "open", folder_ / "a.txt.sealed", "--resource-key", folder_ / "k", "-o", folder_ / "out"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ward(arguments);
  }

  std::string content(const std::string& name) { return test::read_text(folder_ / name); }

  [[nodiscard]] bool exists(const std::string& name) const {
    return std::filesystem::exists(folder_ / name);
  }

  void flip(const std::string& name, std::size_t from_end) {
    Buffer octets = test::read_file(folder_ / name);
    octets[octets.size() - from_end] ^= 1U;
    folder_.write(name, octets);
  }

  test::Folder folder_;
};

// expect_schema: `json` follows docs/schemas/`name`-1.json.
inline void expect_schema(const std::string& json, const std::string& name) {
  const auto ran =
      test::run_program({"python3", "-c",
                         "import json, jsonschema, sys\n"
                         "jsonschema.validate(json.load(sys.stdin), json.load(open(sys.argv[1])))",
                         (test::source_dir() / ("docs/schemas/" + name + "-1.json")).string()},
                        json);
  EXPECT_EQ(ran.exit, 0) << ran.err << json;
}

// expect_error: a refusal says so on stderr and nothing on stdout.
inline void expect_error(const test::ProgramResult& ran, int exit, const std::string& what) {
  EXPECT_EQ(ran.exit, exit) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, testing::StartsWith("ward: error: "));
  EXPECT_THAT(ran.err, testing::HasSubstr(what));
}

}  // namespace ward::seal
