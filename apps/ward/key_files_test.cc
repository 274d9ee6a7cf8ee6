#include "apps/ward/key_files.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "codec/pem.h"
#include "crypto/rng.h"

namespace ward::cli {
namespace {

class KeyFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ward-key-files-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string file(const std::string& text, mode_t mode) const {
    const std::string path = folder_ / "key";
    std::ofstream(path) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  static std::string identity() {
    crypto::SystemRng rng;
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
    EXPECT_TRUE(key);
    return codec::to_pem("PRIVATE KEY", key->to_pkcs8().expose());
  }

  template <class T>
  static Errc code(const Result<T>& read) {
    return read ? Errc::kInternal : read.error().code();
  }

  std::filesystem::path folder_;
};

TEST_F(KeyFilesTest, a_private_key_that_others_may_read_is_refused) {
  const std::string pem = identity();
  for (const mode_t mode : {0640U, 0604U, 0644U, 0666U}) {
    EXPECT_EQ(code(read_identity(file(pem, mode))), Errc::kUntrusted) << mode;
    EXPECT_EQ(code(read_either_half(file(pem, mode))), Errc::kUntrusted) << mode;
    EXPECT_EQ(code(read_resource_key(file(std::string(32, 'k'), mode))), Errc::kUntrusted) << mode;
  }
  for (const mode_t mode : {0600U, 0400U, 0700U}) {
    EXPECT_TRUE(read_identity(file(pem, mode))) << mode;
    EXPECT_TRUE(read_either_half(file(pem, mode))) << mode;
    EXPECT_TRUE(read_resource_key(file(std::string(32, 'k'), mode))) << mode;
  }
}

TEST_F(KeyFilesTest, a_public_key_may_be_read_by_everybody) {
  const auto key = read_identity(file(identity(), 0600));
  ASSERT_TRUE(key);
  const std::string path = file(codec::to_pem("PUBLIC KEY", key->public_key().to_spki()), 0644);
  EXPECT_TRUE(read_recipient(path));
  EXPECT_TRUE(read_either_half(path));
}

// Nothing here may wait: the test would not end.
TEST_F(KeyFilesTest, a_fifo_and_a_device_are_no_key_files_and_a_folder_none_at_all) {
  const std::string fifo = folder_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& path : {fifo, std::string("/dev/zero")}) {
    EXPECT_EQ(code(read_identity(path)), Errc::kMalformed) << path;
    EXPECT_EQ(code(read_recipient(path)), Errc::kMalformed) << path;
    EXPECT_EQ(code(read_resource_key(path)), Errc::kMalformed) << path;
    EXPECT_EQ(code(read_passphrase(path)), Errc::kMalformed) << path;
  }
  EXPECT_EQ(code(read_identity(folder_.string())), Errc::kUnavailable);
  EXPECT_EQ(code(read_identity(folder_ / "absent")), Errc::kUnavailable);
}

TEST_F(KeyFilesTest, a_passphrase_ends_before_one_line_end_of_either_kind) {
  struct Case {
    const char* text;
    const char* want;
  };

  constexpr Case kCases[] = {{"words", "words"},       {"words\n", "words"},
                             {"words\r\n", "words"},   {"words\n\n", "words\n"},
                             {"words\r", "words\r"},   {"words\r\r\n", "words\r"},
                             {"a\r\nb\r\n", "a\r\nb"}, {"words\n\r\n", "words\n"}};
  for (const Case& c : kCases) {
    const auto read = read_passphrase(file(c.text, 0600));
    ASSERT_TRUE(read) << c.want;
    EXPECT_EQ(as_text(read->expose()), c.want);
  }
  for (const char* empty : {"", "\n", "\r\n"})
    EXPECT_EQ(code(read_passphrase(file(empty, 0600))), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::cli
