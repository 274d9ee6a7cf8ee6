#include "apps/wardd/init.h"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/wardd/config.h"
#include "crypto/digest.h"
#include "pki/certificate.h"
#include "server/files.h"
#include "server/key_file.h"
#include "test/support/synced.h"
#include "test/support/vectors.h"

namespace ward::wardd {
namespace {

constexpr UnixTime kNow{1700000000};

class Init : public testing::Test {
 protected:
  Init() : folder_(std::filesystem::temp_directory_path() / "wardd-init-XXXXXX") {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    options_.folder = folder_ + "/service";
  }

  ~Init() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::size_t count() const {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_))
      ++n;
    return n;
  }

  std::string folder_;
  InitOptions options_;
  crypto::SystemRng rng_;
};

TEST_F(Init, makes_a_service_that_parses_and_whose_files_are_closed) {
  const auto made = initialise(options_, kNow, rng_);
  ASSERT_TRUE(made) << made.error().what();
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder)) {
    struct stat status {};

    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << entry.path();
  }
  const auto config = parse_config(test::read_text(made->config), options_.folder);
  ASSERT_TRUE(config) << to_text(config.error());
  const auto key = server::read_secret_file(made->admin_key, server::kMaxKeyFileBytes);
  ASSERT_TRUE(key);
  const auto admin = server::parse_admin_key(key->expose());
  ASSERT_TRUE(admin) << admin.error().what();
  EXPECT_EQ(admin->name, config->administrators[0].actor.name);
  EXPECT_EQ(admin->key.public_key().to_spki(), config->administrators[0].key->key.to_spki());
  EXPECT_EQ(count(), 1U);
}

TEST_F(Init, what_it_makes_is_on_the_disk_with_its_names) {
  (void)test::synced();
  ASSERT_TRUE(initialise(options_, kNow, rng_));
  const auto synced = test::synced();
  const auto holds = [&](const std::string& end) {
    return std::any_of(synced.begin(), synced.end(),
                       [&](const std::string& path) { return path.ends_with(end); });
  };
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder)) {
    EXPECT_TRUE(holds("/" + entry.path().filename().string())) << entry.path();
  }
  ASSERT_FALSE(synced.empty());
  EXPECT_EQ(synced.back(), std::filesystem::canonical(folder_));  // the new folder's own name
}

TEST_F(Init, the_certificate_is_the_keys_and_for_the_names) {
  options_.hosts = {"broker.example", "127.0.0.1"};
  const auto made = initialise(options_, kNow, rng_);
  ASSERT_TRUE(made);
  const auto chain = pki::parse_certificates(test::read_text(options_.folder + "/tls.pem"));
  ASSERT_TRUE(chain) << chain.error().what();
  const pki::Certificate& leaf = chain->front();
  EXPECT_EQ(to_hex(leaf.spki_sha256), made->server_spki);
  EXPECT_EQ(leaf.not_before, kNow);
  ASSERT_TRUE(leaf.public_key);
  EXPECT_TRUE(pki::signed_by(leaf, *leaf.public_key));
}

TEST_F(Init, no_two_services_share_a_secret) {
  const auto one = initialise(options_, kNow, rng_);
  ASSERT_TRUE(one);
  InitOptions other = options_;
  other.folder += "2";
  const auto two = initialise(other, kNow, rng_);
  ASSERT_TRUE(two);
  for (const char* name :
       {"master.key", "tls.key.pem", "token.key.pem", "ledger.key.pem", "admin.key.pem"}) {
    EXPECT_NE(test::read_file(options_.folder + "/" + name),
              test::read_file(other.folder + "/" + name))
        << name;
  }
}

TEST_F(Init, leaves_an_existing_folder_alone_and_nothing_half_made) {
  ASSERT_TRUE(initialise(options_, kNow, rng_));
  const auto master = test::read_file(options_.folder + "/master.key");
  const auto again = initialise(options_, kNow, rng_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Errc::kStale);
  EXPECT_EQ(test::read_file(options_.folder + "/master.key"), master);
  options_.folder = folder_ + "/no/such/service";
  const auto nowhere = initialise(options_, kNow, rng_);
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code(), Errc::kUnavailable);
  EXPECT_EQ(count(), 1U);
}

}  // namespace
}  // namespace ward::wardd
