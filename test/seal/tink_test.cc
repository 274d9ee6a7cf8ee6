// Tink's own wheel opens our bodies, and we open Tink's.
#include <string>

#include <gtest/gtest.h>

#include "test/seal/fixture.h"
#include "test/seal/folder.h"
#include "test/support/program.h"
#include "test/support/vectors.h"

namespace ward::seal {
namespace {

class TinkTest : public SealedFixture {
 protected:
  void SetUp() override {
    if (tink({"check"}).exit == 0) return;
    ASSERT_FALSE(test::required("tink")) << "WARD_REQUIRE=tink, but it is not there";
    GTEST_SKIP()
        << "no Tink: python3 -m venv .venv && .venv/bin/pip install -r tools/requirements.txt";
  }

  static test::ProgramResult tink(std::vector<std::string> arguments) {
    const auto venv = test::source_dir() / ".venv/bin/python";
    arguments.insert(arguments.begin(), {exists(venv) ? venv.string() : "python3",
                                         (test::source_dir() / "test/seal/tink_body.py").string()});
    return test::run_program(arguments);
  }

  test::ProgramResult tink_body(const char* what, const FileKey& key, const Head& head,
                                const char* from, const char* to) const {
    folder_.write("header", head.octets);
    return tink(
        {what, to_hex(key.secret.expose()), folder_ / "header", folder_ / from, folder_ / to});
  }

  test::Folder folder_;
};

constexpr std::size_t kSizes[] = {0, 1, segment_plaintext_bytes(0), segment_plaintext_bytes(0) + 1,
                                  segment_plaintext_bytes(0) + 2 * segment_plaintext_bytes(1) + 9};

TEST_F(TinkTest, OpensTheBodyGivenTheFileKeyAndTheHeader) {
  for (const std::size_t size : kSizes) {
    const Buffer plaintext = some_bytes(size);
    const Buffer file = sealed(plaintext);
    const auto head = parse_head(file);
    ASSERT_TRUE(head.has_value());
    const auto key = unlock(*head, credentials());
    ASSERT_TRUE(key.has_value());
    folder_.write("body", Bytes(file).subspan(head->bytes().size()));
    const auto ran = tink_body("open", *key, *head, "body", "plain");
    ASSERT_EQ(ran.exit, 0) << ran.err;
    EXPECT_TRUE(equal(test::read_file(folder_ / "plain"), plaintext)) << size;
  }
}

TEST_F(TinkTest, RefusesTheBodyUnderAChangedHeader) {
  const Buffer file = sealed(some_bytes(10));
  auto head = parse_head(file);
  ASSERT_TRUE(head.has_value());
  const auto key = unlock(*head, credentials());
  folder_.write("body", Bytes(file).subspan(head->bytes().size()));
  head->octets.back() ^= 1U;
  EXPECT_EQ(tink_body("open", *key, *head, "body", "plain").exit, 1);
}

TEST_F(TinkTest, WritesBodiesThatOpenUnderOurHead) {
  for (const std::size_t size : kSizes) {
    const Buffer plaintext = some_bytes(size);
    const auto head = parse_head(sealed(plaintext));
    ASSERT_TRUE(head.has_value());
    const auto key = unlock(*head, credentials());
    ASSERT_TRUE(key.has_value());
    folder_.write("plain", plaintext);
    const auto ran = tink_body("seal", *key, *head, "plain", "body");
    ASSERT_EQ(ran.exit, 0) << ran.err;
    const Buffer body = test::read_file(folder_ / "body");
    Buffer out;
    const auto opened = open_body(*head, *key, reader_of(body), writer_to(out));
    ASSERT_TRUE(opened.has_value()) << size << ' ' << opened.error().what();
    EXPECT_TRUE(equal(out, plaintext)) << size;
  }
}

}  // namespace
}  // namespace ward::seal
