#include "apps/wardd/config.h"

#include <gtest/gtest.h>

#include "crypto/rng.h"
#include "crypto/sign.h"

namespace ward::wardd {
namespace {

std::string public_key() {
  crypto::SystemRng rng;
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEd25519, rng);
  return to_base64(key->public_key().to_spki(), Base64::kStandard);
}

const std::string kBase =
    "name = \"wardd.test\"\nlisten = \"127.0.0.1:0\"\nstore = \"wardd.db\"\n"
    "master_key = \"/keys/master.key\"\ntls_certificate = \"tls.pem\"\ntls_key = \"tls.key.pem\"\n"
    "token_key = \"token.key.pem\"\nledger_key = \"ledger.key.pem\"\n";

std::string person(const std::string& more = "role = \"administrator\"\n") {
  return "[[administrator]]\nname = \"first\"\n" + more + "public_key = \"" + public_key() + "\"\n";
}

std::string root(const std::string& more) {
  return "[[trust_root]]\nname = \"dev\"\nspki_sha256 = \"" + std::string(64, 'a') + "\"\n" + more;
}

TEST(WarddConfig, reads_paths_roots_and_people) {
  const auto config =
      parse_config(kBase + root("development = true\n") +
                       root("development = false\ntee = \"tpm\"\nkind = \"key\"\n") + person(),
                   "/etc/ward");
  ASSERT_TRUE(config) << to_text(config.error());
  EXPECT_EQ(config->store, "/etc/ward/wardd.db");
  EXPECT_EQ(config->master_key, "/keys/master.key");
  EXPECT_EQ(config->address, "127.0.0.1");
  EXPECT_EQ(config->port, 0);
  EXPECT_FALSE(config->bound_file);
  EXPECT_EQ(config->session_seconds, 300);
  EXPECT_FALSE(config->allow_kbs_0_1_1);
  EXPECT_FALSE(config->allow_rsa1_5);
  ASSERT_EQ(config->trust_roots.size(), 2U);
  EXPECT_TRUE(config->trust_roots[0].development);
  EXPECT_FALSE(config->trust_roots[0].bare_key);
  EXPECT_EQ(config->trust_roots[1].tee, "tpm");
  EXPECT_TRUE(config->trust_roots[1].bare_key);
  ASSERT_EQ(config->administrators.size(), 1U);
  EXPECT_EQ(config->administrators[0].actor.name, "first");
  EXPECT_FALSE(config->administrators[0].kbs_client);
}

TEST(WarddConfig, each_weakness_for_old_clients_has_its_own_line) {
  const auto older = parse_config(kBase + "allow_kbs_0_1_1 = true\n" + person(), "/x");
  ASSERT_TRUE(older);
  EXPECT_TRUE(older->allow_kbs_0_1_1);
  EXPECT_FALSE(older->allow_rsa1_5);
  const auto pkcs1 = parse_config(kBase + "allow_rsa1_5 = true\n" + person(), "/x");
  ASSERT_TRUE(pkcs1);
  EXPECT_FALSE(pkcs1->allow_kbs_0_1_1);
  EXPECT_TRUE(pkcs1->allow_rsa1_5);
  const auto client =
      parse_config(kBase + person("role = \"administrator\"\nkbs_client = true\n"), "/x");
  ASSERT_TRUE(client);
  EXPECT_TRUE(client->administrators[0].kbs_client);
}

TEST(WarddConfig, names_the_place_that_is_wrong) {
  const struct {
    std::string text;
    std::string path;
  } kCases[] = {
      {"name = ", ""},
      {"name = \"a\"\n", "listen"},
      {kBase, "administrator"},
      {"nmae = 1\n" + kBase + person(), "nmae"},
      {kBase + "token_seconds = 0\n" + person(), "token_seconds"},
      {kBase + "allow_rsa1_5 = 1\n" + person(), "allow_rsa1_5"},
      {kBase + "session_seconds = 3601\n" + person(), "session_seconds"},
      {kBase + person("role = \"king\"\n"), "administrator[0].role"},
      {kBase + person("role = \"owner\"\n"), "administrator[0].repositories"},
      {kBase + person("role = \"administrator\"\nrepositories = [\"a\"]\n"),
       "administrator[0].repositories"},
      {kBase + person() + person(), "administrator[1].name"},
      {kBase + "[[administrator]]\nname = \"a\"\nrole = \"administrator\"\npublic_key = \"AAAA\"\n",
       "administrator[0].public_key"},
      {kBase + "[[trust_root]]\nname = \"dev\"\nspki_sha256 = \"aa\"\ndevelopment = true\n" +
           person(),
       "trust_root[0].spki_sha256"},
      {kBase + "[[trust_root]]\nname = \"dev\"\nspki_sha256 = \"" + std::string(64, 'a') + "\"\n" +
           person(),
       "trust_root[0].development"},
      {kBase + root("development = false\n") + person(), "trust_root[0].tee"},
      {kBase + root("development = false\ntee = \"tmp\"\n") + person(), "trust_root[0].tee"},
      {kBase + root("development = true\ntee = \"tmp\"\n") + person(), "trust_root[0].tee"},
      {kBase + root("development = false\ntee = \"tpm\"\nkind = \"any\"\n") + person(),
       "trust_root[0].kind"},
  };

  for (const auto& row : kCases) {
    const auto config = parse_config(row.text, "/x");
    ASSERT_FALSE(config) << row.text;
    EXPECT_EQ(config.error().path, row.path) << row.text << to_text(config.error());
  }
  for (const char* listen : {"127.0.0.1", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:"}) {
    std::string text = kBase + person();
    text.replace(text.find("127.0.0.1:0"), 11, listen);
    const auto config = parse_config(text, "/x");
    ASSERT_FALSE(config) << listen;
    EXPECT_EQ(config.error().path, "listen");
  }
}

}  // namespace
}  // namespace ward::wardd
