// ward seal and open as a script sees them: exit code, stdout, stderr, and what is left.
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "codec/json.h"
#include "seal/file/header.h"
#include "test/seal/commands_fixture.h"
#include "test/seal/fixture.h"

namespace ward::seal {
namespace {

TEST_F(CommandsTest, SealsAndOpensWithAResourceKey) {
  const auto sealed = seal_a();
  EXPECT_EQ(sealed.exit, 0) << sealed.err;
  EXPECT_EQ(sealed.out, (folder_ / "a.txt.sealed") + "\n");
  EXPECT_EQ(sealed.err, "");
  const auto opened = open_a();
  EXPECT_EQ(opened.exit, 0) << opened.err;
  EXPECT_EQ(opened.out, (folder_ / "out") + "\n");
  EXPECT_EQ(opened.err,
            "ward: " + (folder_ / "a.txt.sealed") + ": not compared: name, id, content_version\n");
  EXPECT_EQ(content("out"), "the plaintext of a file");
  EXPECT_EQ(content("a.txt.sealed").find("plaintext"), std::string::npos);

  EXPECT_EQ(test::run_program({"stat", "-c", "%a", folder_ / "out"}).out, "600\n");
}

TEST_F(CommandsTest, APrivateKeyThatOthersMayReadIsRefusedWithTheRemedy) {
  ASSERT_EQ(seal_a().exit, 0);
  ASSERT_EQ(test::run_program({"chmod", "640", folder_ / "k"}).exit, 0);
  expect_error(open_a(), 1, "key file: group or others may read a private key");
  EXPECT_THAT(open_a().err, testing::HasSubstr("hint: `chmod 600 " + (folder_ / "k") + "`"));
  EXPECT_FALSE(exists("out"));
}

// Plaintext is for its owner; a sealed file is made to be passed on.
TEST_F(CommandsTest, TheUmaskSaysWhoMayReadASealedFile) {
  for (const std::string mask : {"022", "077"}) {
    const auto ran = test::run_program(
        {"sh", "-c",
         "umask " + mask + R"(; exec "$0" seal "$1" --resource a/b/c --key "$2" --force)",
         WARD_PROGRAM, folder_ / "a.txt", folder_ / "k"});
    EXPECT_EQ(ran.exit, 0) << ran.err;
    EXPECT_EQ(test::run_program({"stat", "-c", "%a", folder_ / "a.txt.sealed"}).out,
              mask == "022" ? "644\n" : "600\n");
  }
}

TEST_F(CommandsTest, SealsToARecipientAndAPassphraseAtOnce) {
  const auto made = ward({"key", "new", "-o", folder_ / "me.pem"});
  ASSERT_EQ(made.exit, 0) << made.err;
  folder_.write("me.jwk", as_bytes(made.out));
  EXPECT_EQ(ward({"key", "public", folder_ / "me.pem"}).out, made.out);
  ASSERT_EQ(ward({"seal", folder_ / "a.txt", "--to", folder_ / "me.jwk", "--passphrase-file",
                  folder_ / "words"})
                .exit,
            0);
  EXPECT_EQ(ward({"open", folder_ / "a.txt.sealed", "--identity", folder_ / "me.pem", "-o",
                  folder_ / "by_key"})
                .exit,
            0);
  EXPECT_EQ(ward({"open", folder_ / "a.txt.sealed", "--passphrase-file", folder_ / "words", "-o",
                  folder_ / "by_words"})
                .exit,
            0);
  EXPECT_EQ(content("by_key"), "the plaintext of a file");
  EXPECT_EQ(content("by_words"), "the plaintext of a file");
  expect_error(open_a(), 3, "no slot for this key");
}

// As a person types it; the terminal is `script`'s.
TEST_F(CommandsTest, APassphraseIsAskedForAtTheTerminal) {
  const auto typed = [&](const std::string& command, const std::string& input) {
    return test::run_program(
        {"script", "-qec", std::string(WARD_PROGRAM) + " " + command, "/dev/null"}, input);
  };
  const std::string a = folder_ / "a.txt";
  const auto differ = typed("seal --passphrase " + a, "open sesame\nopen simsim\n");
  EXPECT_EQ(differ.exit, 2) << differ.out;
  EXPECT_THAT(differ.out, testing::HasSubstr("the two differ"));
  EXPECT_FALSE(exists("a.txt.sealed"));
  // Ctrl-C ends it: by its own hand, or by the signal where the key came before the question.
  EXPECT_THAT(typed("seal --passphrase " + a, "\x03").exit, testing::AnyOf(2, 130));
  EXPECT_FALSE(exists("a.txt.sealed"));
  const auto sealed = typed("seal --passphrase " + a, "open sesame\nopen sesame\n");
  EXPECT_EQ(sealed.exit, 0) << sealed.out;
  const std::string open = "open --passphrase " + a + ".sealed -o " + (folder_ / "out");
  EXPECT_EQ(typed(open, "open simsim\n").exit, 1);
  const auto opened = typed(open, "open sesame\n");
  EXPECT_EQ(opened.exit, 0) << opened.out;
  EXPECT_EQ(content("out"), "the plaintext of a file");
  EXPECT_EQ(ward({"open", a + ".sealed", "--passphrase-file", folder_ / "words", "-o",
                  folder_ / "by_file"})
                .exit,
            0);
  // setsid: a process without a terminal.
  const auto none = test::run_program({"setsid", "-w", WARD_PROGRAM, "seal", "--passphrase", a});
  expect_error(none, 3, "no terminal to ask at");
}

TEST_F(CommandsTest, WritesTheSealedFileToStandardOutputNeverButThePlaintextWhenTold) {
  ASSERT_EQ(seal_a().exit, 0);
  expect_error(seal_a({"-o", "-"}), 2, "not written to standard output");
  const auto opened =
      ward({"open", folder_ / "a.txt.sealed", "--resource-key", folder_ / "k", "-o", "-"});
  EXPECT_EQ(opened.exit, 0);
  EXPECT_EQ(opened.out, "the plaintext of a file");
}

TEST_F(CommandsTest, NothingIsLeftOfAFileThatDoesNotAuthenticate) {
  ASSERT_EQ(seal_a().exit, 0);
  flip("a.txt.sealed", 1);
  const std::size_t before = folder_.count();
  expect_error(open_a(), 1, "a segment was changed (0)");
  EXPECT_EQ(folder_.count(), before);
}

TEST_F(CommandsTest, NothingIsLeftWhenTheLastOfManySegmentsIsCut) {
  folder_.write("a.txt", some_bytes(3 * kSegmentBytes));
  ASSERT_EQ(seal_a().exit, 0);
  std::filesystem::resize_file(folder_ / "a.txt.sealed", 3 * kSegmentBytes);
  const std::size_t before = folder_.count();
  expect_error(open_a(), 1, "the file was cut short");
  EXPECT_EQ(folder_.count(), before);
}

TEST_F(CommandsTest, AWrongKeyIsToldFromAChangedHeader) {
  ASSERT_EQ(seal_a().exit, 0);
  ASSERT_EQ(ward({"key", "new", "--kind", "resource", "-o", folder_ / "other"}).exit, 0);
  expect_error(ward({"open", folder_ / "a.txt.sealed", "--resource-key", folder_ / "other", "-o",
                     folder_ / "out"}),
               1, "wrong key");
  Buffer octets = test::read_file(folder_ / "a.txt.sealed");
  const std::size_t name = as_text(octets).find("a.txt");
  octets[name] = 'b';
  folder_.write("a.txt.sealed", octets);
  expect_error(open_a(), 1, "the header was changed");
  EXPECT_FALSE(exists("out"));
}

// The body's parts change places, are left out, or come from another file.
class SegmentsTest : public CommandsTest {
 protected:
  void SetUp() override {
    CommandsTest::SetUp();
    folder_.write("a.txt", some_bytes(4 * kSegmentBytes));
    ASSERT_EQ(seal_a().exit, 0);
    file_ = test::read_file(folder_ / "a.txt.sealed");
    const auto head = parse_head(file_);
    ASSERT_TRUE(head.has_value());
    body_ = head->bytes().size();
  }

  [[nodiscard]] Bytes segment(std::size_t i) const {
    return Bytes(file_).subspan(body_ + i * kSegmentBytes).first(kSegmentBytes);
  }

  void refuse(const Buffer& file, const std::string& why) {
    folder_.write("a.txt.sealed", file);
    const std::size_t before = folder_.count();
    expect_error(open_a(), 1, why);
    EXPECT_EQ(folder_.count(), before);
  }

  Buffer file_;
  std::size_t body_ = 0;
};

TEST_F(SegmentsTest, SwappedSegmentsAreReordered) {
  const Bytes rest = Bytes(file_).subspan(body_ + 3 * kSegmentBytes);
  refuse(concat({Bytes(file_).first(body_), segment(0), segment(2), segment(1), rest}),
         "segments were reordered (2)");
}

TEST_F(SegmentsTest, ADroppedSegmentIsACutFileOrAReorderedOne) {
  const Bytes rest = Bytes(file_).subspan(body_ + 3 * kSegmentBytes);
  refuse(concat({Bytes(file_).first(body_), segment(0), segment(1), rest}),
         "segments were reordered");
  refuse(concat({Bytes(file_).first(body_), segment(0), segment(1)}), "the file was cut short");
  refuse(concat({Bytes(file_).first(body_)}), "the file was cut short");
}

TEST_F(SegmentsTest, OctetsBehindTheEndAreNamed) {
  refuse(concat({file_, as_bytes("x")}), "data behind the end");
}

TEST_F(SegmentsTest, TheBodyOfAnotherFileUnderTheSameKeyIsAChangedSegment) {
  ASSERT_EQ(seal_a({"-o", folder_ / "other"}).exit, 0);
  const Buffer other = test::read_file(folder_ / "other");
  const auto head = parse_head(other);
  refuse(concat({Bytes(file_).first(body_), Bytes(other).subspan(head->bytes().size())}),
         "a segment was changed (0)");
}

TEST_F(SegmentsTest, AFlippedBitNamesItsSegment) {
  file_[body_ + 2 * kSegmentBytes + 77] ^= 0x10U;
  refuse(file_, "a segment was changed (2)");
}

TEST_F(CommandsTest, OtherFilesAreNotSealedFilesAndOtherVersionsNotKnown) {
  folder_.write("a.txt.sealed", as_bytes("something else altogether"));
  expect_error(open_a(), 1, "not a sealed file");
  folder_.write("a.txt.sealed", {});
  expect_error(open_a(), 1, "not a sealed file");
  folder_.write("a.txt.sealed",
                test::read_file(test::source_dir() / "src/seal/file/corpus/header_fuzz/version_2"));
  expect_error(open_a(), 3, "version of the format (2)");
}

TEST_F(CommandsTest, ASwappedFileIsFoundByNameAndId) {
  ASSERT_EQ(seal_a({"--name", "records"}).exit, 0);
  EXPECT_EQ(open_a({"--expect-name", "records"}).exit, 0);
  expect_error(open_a({"--force", "--expect-name", "weights"}), 1, "another name");
  expect_error(open_a({"--force", "--expect-id", std::string(32, '0')}), 1, "another id");
  expect_error(open_a({"--expect-id", "12"}), 2, "--expect-id: 1 octets, but a file's id has 16");
}

TEST_F(CommandsTest, AnOlderVersionOfTheContentIsRefused) {
  ASSERT_EQ(seal_a({"--content-version", "4"}).exit, 0);
  expect_error(open_a({"--min-content-version", "5"}), 1,
               "an older version of the content than is accepted (4)");
  EXPECT_FALSE(exists("out"));
  EXPECT_EQ(open_a({"--min-content-version", "4"}).exit, 0);
}

// The signal comes while the output is being written: it had no name yet.
TEST_F(CommandsTest, NothingIsLeftOfAProgramThatIsKilledWhileItWrites) {
  folder_.write("a.txt", some_bytes(3 * kSegmentBytes));
  const auto limited = [&](const std::string& command) {
    return test::run_program({"sh", "-c", "ulimit -f 2048; exec \"$0\" " + command, WARD_PROGRAM,
                              folder_ / "a.txt", folder_ / "k"});
  };
  const std::size_t before = folder_.count();
  EXPECT_EQ(limited("seal \"$1\" --resource a/b/c --key \"$2\"").exit, 128 + SIGXFSZ);
  EXPECT_EQ(folder_.count(), before);
  ASSERT_EQ(seal_a().exit, 0);
  EXPECT_EQ(limited("open \"$1.sealed\" --resource-key \"$2\" --force").exit, 128 + SIGXFSZ);
  EXPECT_EQ(folder_.count(), before + 1);
  EXPECT_TRUE(equal(test::read_file(folder_ / "a.txt"), some_bytes(3 * kSegmentBytes)));
}

TEST_F(CommandsTest, AFullDiskIsCouldNotTellAndLeavesNothing) {
  const std::string script =
      "mount -t tmpfs -o size=64k none \"$1/small\" || exit 77; "
      "\"$0\" open \"$1/a.txt.sealed\" --resource-key \"$1/k\" -o \"$1/small/out\"; code=$?; "
      "ls -A \"$1/small\"; exit $code";
  folder_.write("a.txt", some_bytes(kSegmentBytes));
  ASSERT_EQ(seal_a().exit, 0);
  std::filesystem::create_directory(folder_ / "small");
  const auto ran = test::run_program(
      {"unshare", "-rm", "sh", "-c", script, WARD_PROGRAM, folder_.path().string()});
  if (ran.exit == 77 || ran.err.starts_with("unshare:"))
    GTEST_SKIP() << "no namespaces: " << ran.err;
  expect_error(ran, 3, "the disk is full");
}

// Address space for a few segments, a file of many.
TEST_F(CommandsTest, MemoryIsBoundedWhateverTheSize) {
  std::filesystem::resize_file(folder_ / "a.txt", 200'000'000);
  const auto limited = [&](const std::string& command) {
    return test::run_program({"sh", "-c", "ulimit -v 131072; exec \"$0\" " + command, WARD_PROGRAM,
                              folder_ / "a.txt", folder_ / "k", folder_ / "out"});
  };
  const auto sealed = limited("seal \"$1\" --resource a/b/c --key \"$2\"");
  EXPECT_EQ(sealed.exit, 0) << sealed.err;
  const auto opened = limited("open \"$1.sealed\" --resource-key \"$2\" -o \"$3\"");
  EXPECT_EQ(opened.exit, 0) << opened.err;
  EXPECT_EQ(test::run_program({"cmp", folder_ / "a.txt", folder_ / "out"}).exit, 0);
}

TEST_F(CommandsTest, ProgressIsShownOnATerminalOnly) {
  std::filesystem::resize_file(folder_ / "a.txt", 40'000'000);
  const auto sealed = seal_a();
  EXPECT_EQ(sealed.err, "");
  const std::string command = std::string(WARD_PROGRAM) + " open " + (folder_ / "a.txt.sealed") +
                              " --resource-key " + (folder_ / "k") + " -o " + (folder_ / "out");
  const auto opened = test::run_program({"script", "-qec", command, "/dev/null"});
  EXPECT_EQ(opened.exit, 0) << opened.out;
  EXPECT_THAT(opened.out, testing::HasSubstr("opening " + (folder_ / "a.txt.sealed")));
  EXPECT_THAT(opened.out, testing::HasSubstr("% of 38 MiB"));
}

TEST_F(CommandsTest, AnOutputThatExistsIsReplacedOnlyWithForce) {
  ASSERT_EQ(seal_a().exit, 0);
  folder_.write("out", as_bytes("precious"));
  expect_error(open_a(), 2, "the file exists already");
  EXPECT_EQ(content("out"), "precious");
  expect_error(seal_a(), 2, "the file exists already");
  // A forced opening that fails leaves the old file as it was.
  const std::string good = content("a.txt.sealed");
  flip("a.txt.sealed", 1);
  expect_error(open_a({"--force"}), 1, "changed");
  EXPECT_EQ(content("out"), "precious");
  folder_.write("a.txt.sealed", as_bytes(good));
  EXPECT_EQ(open_a({"--force"}).exit, 0);
  EXPECT_EQ(content("out"), "the plaintext of a file");
}

TEST_F(CommandsTest, WhatIsAbsentIsCouldNotTell) {
  expect_error(open_a(), 3, "no such file");
  ASSERT_EQ(seal_a().exit, 0);
  expect_error(ward({"open", folder_ / "a.txt.sealed", "--resource-key", folder_ / "none", "-o",
                     folder_ / "out"}),
               3, "no such file");
  expect_error(ward({"open", folder_ / "a.txt.sealed", "--resource-key", folder_ / "k", "-o",
                     folder_ / "no/such/folder/out"}),
               3, "its folder is not there");
}

TEST_F(CommandsTest, UsageFaultsAreNamedBeforeAFileIsTouched) {
  const std::string a = folder_ / "a.txt";
  expect_error(ward({"seal", a}), 2, "nobody could open it");
  expect_error(ward({"seal", a, "--resource", "a/b/c"}), 2, "belong together");
  expect_error(ward({"seal", a, "--resource", "a/b", "--key", folder_ / "k"}), 2,
               "REPOSITORY/TYPE/TAG");
  expect_error(ward({"seal", a, "--resource", "a/b/c", "--key", a}), 2, "32 octets expected");
  expect_error(ward({"seal", a, "--passphrase-file", folder_ / "words", "--created", "yesterday"}),
               2, "--created: not a time: yesterday");
  expect_error(seal_a({"--name", "two\nlines"}), 1, "malformed header");
  expect_error(ward({"seal", folder_ / "nothing", "--passphrase-file", folder_ / "words"}), 3,
               "no such file");
  expect_error(ward({"seal", folder_.path().string(), "--passphrase-file", folder_ / "words"}), 3,
               "is a folder, not a file");
  expect_error(ward({"open", a}), 2, "no key");
  expect_error(ward({"open", a, "--resource-key", folder_ / "k"}), 2, "where to?");
  expect_error(open_a({"--allow-development"}), 2, "need --jwks");
  expect_error(open_a({"--min-content-version", "one"}), 2, "min-content-version");
  const auto both = ward({"open", a, "--resource-key", folder_ / "k", "-o", "-", "--json"});
  EXPECT_EQ(both.exit, 2);
  EXPECT_THAT(both.err, testing::HasSubstr("both write to standard output"));
  expect_schema(both.out, "ward.error");
  EXPECT_FALSE(exists("out"));
  EXPECT_FALSE(exists("a.txt.sealed"));
}

TEST_F(CommandsTest, SeveralFilesAreAllTriedAndARefusalWins) {
  folder_.write("b.txt", as_bytes("second"));
  ASSERT_EQ(
      ward({"seal", folder_ / "a.txt", folder_ / "b.txt", "--passphrase-file", folder_ / "words"})
          .exit,
      0);
  std::filesystem::remove(folder_ / "a.txt");
  std::filesystem::remove(folder_ / "b.txt");
  flip("a.txt.sealed", 1);
  const auto ran = ward({"open", folder_ / "none.sealed", folder_ / "a.txt.sealed",
                         folder_ / "b.txt.sealed", "--passphrase-file", folder_ / "words"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.out, (folder_ / "b.txt") + "\n");
  EXPECT_EQ(content("b.txt"), "second");
  EXPECT_FALSE(exists("a.txt"));
}

TEST_F(CommandsTest, JsonSaysWhatWasDoneAndWhyNot) {
  const auto sealed = seal_a({"--json", "--creator", "hospital"});
  ASSERT_EQ(sealed.exit, 0);
  expect_schema(sealed.out, "ward.seal");
  const auto value = codec::parse_json(as_bytes(sealed.out));
  ASSERT_TRUE(value.has_value()) << sealed.out;
  EXPECT_EQ(value->find("schema")->as_string(), "ward.seal/1");
  const auto& file = value->find("files")->items().at(0);
  EXPECT_EQ(file.find("ok")->as_bool(), true);
  EXPECT_EQ(file.find("name")->as_string(), "a.txt");
  EXPECT_EQ(file.find("creator")->as_string(), "hospital");
  EXPECT_EQ(file.find("created")->as_string(), "2026-01-02T03:04:05Z");
  EXPECT_EQ(file.find("size")->as_uint(), 23U);
  expect_schema(open_a({"--json"}).out, "ward.open");
  flip("a.txt.sealed", 1);
  const auto opened = open_a({"--json", "--force"});
  EXPECT_EQ(opened.exit, 1);
  expect_schema(opened.out, "ward.open");
  const auto refusal = codec::parse_json(as_bytes(opened.out));
  ASSERT_TRUE(refusal.has_value()) << opened.out;
  const auto& refused = refusal->find("files")->items().at(0);
  EXPECT_EQ(refused.find("reason")->as_string(), "segment_changed");
  std::vector<std::string> passed;
  for (const auto& one : refused.find("passed")->items())
    passed.emplace_back(*one.as_string());
  EXPECT_EQ(passed, (std::vector<std::string>{"not_sealed", "header_malformed", "header_limit",
                                              "unsupported_version", "unsupported_suite", "no_slot",
                                              "wrong_key", "header_changed"}));
}

TEST_F(CommandsTest, SecretsAreNeitherPrintedNorWritten) {
  const std::string key = content("k");
  ASSERT_EQ(key.size(), 32U);
  const auto sealed = seal_a({"--json"});
  const auto opened = open_a({"--json"});
  EXPECT_EQ(content("a.txt.sealed").find(key), std::string::npos);
  for (const std::string& text : {sealed.out, sealed.err, opened.out, opened.err})
    EXPECT_EQ(text.find(to_hex(as_bytes(key))), std::string::npos);
}

}  // namespace
}  // namespace ward::seal
