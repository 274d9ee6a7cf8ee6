// ward key and ward inspect for sealed files, as a script sees them.
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "codec/json.h"
#include "test/seal/commands_fixture.h"

namespace ward::seal {
namespace {

using testing::HasSubstr;
using KeyTest = CommandsTest;
using InspectTest = CommandsTest;

mode_t mode_of(const std::string& path) {
  struct stat info {};

  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777U;
}

TEST_F(KeyTest, OpenSslReadsTheKeyThatWasMade) {
  ASSERT_EQ(ward({"key", "new", "-o", folder_ / "me.pem"}).exit, 0);
  EXPECT_EQ(
      test::run_program({"openssl", "pkey", "-in", folder_ / "me.pem", "-noout", "-check"}).exit,
      0);
  // And a PEM public key is taken as a recipient.
  ASSERT_EQ(test::run_program({"openssl", "pkey", "-in", folder_ / "me.pem", "-pubout", "-out",
                               folder_ / "pub.pem"})
                .exit,
            0);
  EXPECT_EQ(ward({"seal", folder_ / "a.txt", "--to", folder_ / "pub.pem"}).exit, 0);
  expect_error(ward({"seal", folder_ / "a.txt", "--to", folder_ / "me.pem", "--force"}), 2,
               "PEM of another kind than one PUBLIC KEY");
}

TEST_F(KeyTest, SecretKeysAreReadableByTheirOwnerAloneAndNotReplaced) {
  ASSERT_EQ(ward({"key", "new", "-o", folder_ / "me.pem"}).exit, 0);
  EXPECT_EQ(mode_of(folder_ / "me.pem"), 0600U);
  EXPECT_EQ(mode_of(folder_ / "k"), 0600U);
  const std::string before = content("k");
  EXPECT_EQ(before.size(), 32U);
  expect_error(ward({"key", "new", "--kind", "resource", "-o", folder_ / "k"}), 2,
               "exists already");
  EXPECT_EQ(content("k"), before);
  EXPECT_EQ(ward({"key", "new", "--kind", "resource", "-o", folder_ / "k", "--force"}).out, "");
  EXPECT_NE(content("k"), before);
  expect_error(ward({"key", "new", "--kind", "resource", "-o", folder_ / "no/k"}), 3,
               "its folder is not there");
  expect_error(ward({"key", "new", "--kind", "other", "-o", folder_ / "x"}), 2, "kind");
}

TEST_F(KeyTest, AKeyThatIsNotPkcs8SaysHowToMakeItSo) {
  ASSERT_EQ(test::run_program({"openssl", "ecparam", "-genkey", "-noout", "-name", "prime256v1",
                               "-out", folder_ / "sec1.pem"})
                .exit,
            0);
  std::filesystem::permissions(folder_ / "sec1.pem", std::filesystem::perms::owner_read);
  expect_error(ward({"key", "public", folder_ / "sec1.pem"}), 2, "openssl pkcs8 -topk8 -nocrypt");
  ASSERT_EQ(test::run_program({"openssl", "pkcs8", "-topk8", "-nocrypt", "-in",
                               folder_ / "sec1.pem", "-out", folder_ / "p8.pem"})
                .exit,
            0);
  std::filesystem::permissions(folder_ / "p8.pem", std::filesystem::perms::owner_read);
  EXPECT_EQ(ward({"key", "public", folder_ / "p8.pem"}).exit, 0);
}

// The three forms are of one key, whichever half they are made from; openssl agrees.
TEST_F(KeyTest, ThePublicHalfIsPrintedInEveryFormat) {
  const auto made = ward({"key", "new", "-o", folder_ / "me.pem", "--format", "pem"});
  ASSERT_EQ(made.exit, 0) << made.err;
  EXPECT_EQ(made.out,
            test::run_program({"openssl", "pkey", "-in", folder_ / "me.pem", "-pubout"}).out);
  const auto jwk = ward({"key", "public", folder_ / "me.pem"});
  folder_.write("me.jwk", as_bytes(jwk.out));
  folder_.write("me.pub", as_bytes(made.out));
  const auto spki = ward({"key", "public", folder_ / "me.pem", "--format", "spki-base64"});
  const auto der = from_base64(spki.out.substr(0, spki.out.size() - 1), Base64::kStandard);
  ASSERT_TRUE(der.has_value()) << spki.out;
  EXPECT_EQ(as_text(*der), test::run_program({"openssl", "pkey", "-in", folder_ / "me.pem",
                                              "-pubout", "-outform", "DER"})
                               .out);
  for (const std::string half : {"me.pem", "me.jwk", "me.pub"}) {
    EXPECT_EQ(ward({"key", "public", folder_ / half, "--format", "jwk"}).out, jwk.out) << half;
    EXPECT_EQ(ward({"key", "public", folder_ / half, "--format", "pem"}).out, made.out) << half;
    EXPECT_EQ(ward({"key", "public", folder_ / half, "--format", "spki-base64"}).out, spki.out);
  }
  const auto all = ward({"key", "public", folder_ / "me.jwk", "--json"});
  expect_schema(all.out, "ward.key");
  expect_schema(ward({"key", "new", "--kind", "resource", "-o", folder_ / "another", "--json"}).out,
                "ward.key");
  const auto value = codec::parse_json(as_bytes(all.out));
  ASSERT_TRUE(value.has_value()) << all.out;
  EXPECT_EQ(value->find("schema")->as_string(), "ward.key/1");
  EXPECT_EQ(value->find("pem")->as_string(), made.out);
  EXPECT_EQ(std::string(*value->find("spki_base64")->as_string()) + "\n", spki.out);
  EXPECT_THAT(jwk.out, HasSubstr(*value->find("kid")->as_string()));
}

TEST_F(KeyTest, WhatIsNoKeyIsNamedWithItsFile) {
  expect_error(ward({"key", "public", folder_ / "a.txt"}), 2, "a.txt: key file: not PEM");
  expect_error(ward({"key", "public", folder_ / "none"}), 3, "none: no such file");
  expect_error(ward({"key", "public", folder_ / "k", "--format", "der"}), 2, "format");
  ASSERT_EQ(
      test::run_program({"openssl", "genpkey", "-algorithm", "ed25519", "-out", folder_ / "ed.pem"})
          .exit,
      0);
  expect_error(ward({"key", "public", folder_ / "ed.pem"}), 2, "ed.pem: ");
}

TEST_F(InspectTest, PrintsTheHeadOfASealedFile) {
  ASSERT_EQ(seal_a({"--creator", "hospital", "--content-version", "7"}).exit, 0);
  const auto text = ward({"inspect", folder_ / "a.txt.sealed"});
  EXPECT_EQ(text.exit, 0) << text.err;
  EXPECT_EQ(text.err, "");
  for (const char* said : {"sealed file     version 1, AES256_GCM_HKDF_1MB\n",
                           "name            a.txt\n", "content version 7\n",
                           "creator         hospital\n", "created         2026-01-02T03:04:05Z\n",
                           "size            23\n", "slot            resource a/b/c\n"})
    EXPECT_THAT(text.out, HasSubstr(said));
  const auto json = ward({"inspect", "--json", folder_ / "a.txt.sealed"});
  expect_schema(json.out, "ward.sealed-file");
  const auto value = codec::parse_json(as_bytes(json.out));
  ASSERT_TRUE(value.has_value()) << json.out;
  EXPECT_EQ(value->find("schema")->as_string(), "ward.sealed-file/1");
  EXPECT_EQ(value->find("content_version")->as_uint(), 7U);
  EXPECT_EQ(value->find("slots")->items().at(0).find("resource")->as_string(), "a/b/c");
  EXPECT_TRUE(value->find("provenance")->kind() == codec::JsonValue::Kind::kNull);
}

TEST_F(InspectTest, LayoutCoversTheWholeHead) {
  ASSERT_EQ(seal_a().exit, 0);
  const auto text = ward({"inspect", "--layout", folder_ / "a.txt.sealed"});
  EXPECT_EQ(text.exit, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("\n0      8     magic       574152445345414c\n"));
  EXPECT_THAT(text.out, HasSubstr("from here to the end"));
  const auto json = ward({"inspect", "--layout", "--json", folder_ / "a.txt.sealed"});
  const auto value = codec::parse_json(as_bytes(json.out));
  ASSERT_TRUE(value.has_value()) << json.out;
  EXPECT_EQ(value->find("schema")->as_string(), "ward.sealed-file-layout/1");
  std::uint64_t next = 0;
  for (const codec::JsonValue& field : value->find("layout")->items()) {
    EXPECT_EQ(field.find("offset")->as_uint(), next);
    next += *field.find("size")->as_uint();
  }
  // Body: Tink's start, the plaintext and a tag.
  EXPECT_EQ(next + 40 + 23 + 16, content("a.txt.sealed").size());
}

TEST_F(InspectTest, ALargeFileAndStandardInputWillDo) {
  std::filesystem::resize_file(folder_ / "a.txt", 9'000'000);
  ASSERT_EQ(seal_a().exit, 0);
  const auto named = ward({"inspect", folder_ / "a.txt.sealed"});
  EXPECT_EQ(named.exit, 0) << named.err;
  EXPECT_THAT(named.out, HasSubstr("9000000"));
  const auto piped = test::run_program(
      {"sh", "-c", R"("$0" inspect - <"$1")", WARD_PROGRAM, folder_ / "a.txt.sealed"});
  EXPECT_EQ(piped.out, named.out);
}

TEST_F(InspectTest, AMalformedHeadIsRefusedAndAnotherVersionNotKnown) {
  ASSERT_EQ(seal_a().exit, 0);
  const std::string file = content("a.txt.sealed");
  folder_.write("cut", as_bytes(file.substr(0, 100)));
  expect_error(ward({"inspect", folder_ / "cut"}), 1, "the file was cut short");
  Buffer changed = to_buffer(as_bytes(file));
  changed[12] ^= 0xffU;
  folder_.write("changed", changed);
  expect_error(ward({"inspect", folder_ / "changed"}), 1, "malformed header");
  folder_.write("version_2",
                test::read_file(test::source_dir() / "src/seal/file/corpus/header_fuzz/version_2"));
  expect_error(ward({"inspect", folder_ / "version_2"}), 3, "version of the format (2)");
}

}  // namespace
}  // namespace ward::seal
