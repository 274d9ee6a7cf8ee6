#include "base/shell_word.h"

#include <array>
#include <cctype>

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ward {
namespace {

// Whether a shell takes `word` for exactly `text`.
bool is_read_as(const std::string& word, std::string text) {
  std::string name = "sh";
  std::string option = "-c";
  std::string script =
      "[ $# = 1 ] && x=$1 && set -- " + word + " && [ $# = 1 ] && [ x\"$1\" = x\"$x\" ]";
  std::array<char*, 6> argv = {name.data(), option.data(), script.data(),
                               name.data(), text.data(),   nullptr};
  pid_t child = 0;
  if (posix_spawn(&child, "/bin/sh", nullptr, nullptr, argv.data(), environ) != 0) return false;
  int status = -1;
  return waitpid(child, &status, 0) == child && status == 0;
}

TEST(ShellWord, LeavesAloneWhatNoShellChanges) {
  for (const char* text : {"snp.product.line=Milan", "/a/b-c_d.e:1,2+3", "0"})
    EXPECT_EQ(shell_word(text), text);
}

TEST(ShellWord, QuotesEverythingElse) {
  EXPECT_EQ(shell_word("snp.product.name=Bergamo or Siena"), "'snp.product.name=Bergamo or Siena'");
  EXPECT_EQ(shell_word("it's"), R"('it'\''s')");
  EXPECT_EQ(shell_word(""), "''");
  for (int c = 1; c < 256; ++c) {
    const char octet = static_cast<char>(c);
    const bool plain = (c < 128 && std::isalnum(c) != 0) ||
                       std::string_view("_./:=,+-").find(octet) != std::string_view::npos;
    EXPECT_EQ(shell_word(std::string(1, octet)) == std::string(1, octet), plain) << c;
  }
}

TEST(ShellWord, APathIsNoOption) {
  EXPECT_EQ(shell_path("-n"), "./-n");
  EXPECT_EQ(shell_path("-"), "./-");
  EXPECT_EQ(shell_path("a-n"), "a-n");
  EXPECT_EQ(shell_path("-a b"), "'./-a b'");
}

TEST(ShellWord, AShellReadsTheTextBack) {
  for (const std::string text : {"plain", "", "a b", "it's", "''", "$(id)`id`\"\\", "*?[a]~#;&|<>!",
                                 "two\nlines", "-n", "\xc3\xa9"})
    EXPECT_TRUE(is_read_as(shell_word(text), text)) << text;
  EXPECT_FALSE(is_read_as("a b", "a b"));
}

}  // namespace
}  // namespace ward
