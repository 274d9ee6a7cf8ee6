#include "server/key_file.h"

#include <gtest/gtest.h>

#include "crypto/rng.h"

namespace ward::server {
namespace {

crypto::PrivateKey new_key(crypto::KeyType type) {
  crypto::SystemRng rng;
  return *crypto::PrivateKey::generate(type, rng);
}

TEST(AdminKeyFile, reads_what_it_writes) {
  const AdminKey key{"hospital-1", broker::Role::kOwner, new_key(crypto::KeyType::kEd25519)};
  const SecretBytes text = write_admin_key(key);
  const auto back = parse_admin_key(text.expose());
  ASSERT_TRUE(back) << back.error().what();
  EXPECT_EQ(back->name, "hospital-1");
  EXPECT_EQ(back->role, broker::Role::kOwner);
  EXPECT_EQ(back->key.public_key().to_spki(), key.key.public_key().to_spki());
}

TEST(AdminKeyFile, refuses_files_that_do_not_say_whose_they_are) {
  const SecretBytes pem = write_private_key(new_key(crypto::KeyType::kEd25519));
  const std::string key(as_text(pem.expose()));
  for (const char* head : {"", "name: a\n", "role: owner\n", "name: a\nrole: king\n",
                           "name: a b\nrole: owner\n", "name: \nrole: owner\n"}) {
    const auto refused = parse_admin_key(as_bytes(head + key));
    ASSERT_FALSE(refused) << head;
    EXPECT_EQ(refused.error().code(), Errc::kMalformed) << head;
  }
  const std::string head = "name: a\nrole: owner\n";
  EXPECT_TRUE(parse_admin_key(as_bytes(head + key)));
  const auto two = parse_admin_key(as_bytes(head + key + key));
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().code(), Errc::kMalformed);
  const auto none = parse_admin_key(as_bytes(head));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), Errc::kTruncated);
  const SecretBytes p384 = write_private_key(new_key(crypto::KeyType::kP384));
  const auto other = parse_admin_key(as_bytes(head + std::string(as_text(p384.expose()))));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Errc::kUnsupported);
}

}  // namespace
}  // namespace ward::server
