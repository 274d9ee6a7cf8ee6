#include <gtest/gtest.h>

#include "apps/wardd/config.h"
#include "crypto/rng.h"
#include "crypto/sign.h"

namespace ward::wardd {
namespace {

using broker::Role;
using server::OidcToken;

const std::string kBase =
    "name = \"wardd.test\"\nlisten = \"127.0.0.1:0\"\nstore = \"wardd.db\"\n"
    "master_key = \"m\"\ntls_certificate = \"t\"\ntls_key = \"t\"\ntoken_key = \"t\"\n"
    "ledger_key = \"l\"\n";
const std::string kDigest(64, 'a');

std::string person(const std::string& name, const std::string& more) {
  return "[[administrator]]\nname = \"" + name + "\"\nrole = \"administrator\"\n" + more;
}

std::string oidc(const std::string& more = "clients = \"ward-cli\"\nca = \"ca.pem\"\n",
                 const std::string& name = "corp",
                 const std::string& issuer = "https://i.example") {
  return "[[oidc]]\nname = \"" + name + "\"\nissuer = \"" + issuer + "\"\naudience = \"urn:a\"\n" +
         more;
}

std::string rule(
    const std::string& more = "claim = \"groups\"\nvalue = \"x\"\nrole = \"auditor\"\n") {
  return "[[oidc.rule]]\n" + more;
}

TEST(WarddPeople, reads_certificates_and_providers) {
  const auto config = parse_config(
      kBase +
          "client_ca = \"clients.pem\"\nclient_crls = \"revoked.pem\"\n"
          "client_ca_tenants = [\"acme\"]\n" +
          person("a", "certificate_sha256 = \"" + kDigest + "\"\n") +
          person("b", "spki_sha256 = [\"" + kDigest + "\", \"" + std::string(64, 'b') + "\"]\n") +
          person("c", "certificate_name = [\"dns:ops.example\", \"uri:spiffe://e/c\"]\n") +
          person("d", "") +
          oidc("token = \"id\"\njwks = \"/keys.json\"\nalgorithms = [\"PS256\"]\n"
               "max_token_age_seconds = 60\nkeys_seconds = 10\nrefetch_seconds = 1\n"
               "keys_kept_seconds = 20\n") +
          rule("claim = [\"realm_access\", \"roles\"]\nvalue = \"x\"\nrole = \"owner\"\n"
               "repositories = [\"hospital\"]\n") +
          rule("claim = \"sub\"\nvalue = \"42\"\nadministrator = \"d\"\n") +
          oidc(std::string("clients = [\"x\", \"y\"]\nca = \"ca.pem\"\n"), "other", "https://o/") +
          rule(),
      "/etc/ward");
  ASSERT_TRUE(config) << to_text(config.error());
  EXPECT_EQ(config->client_ca, "/etc/ward/clients.pem");
  EXPECT_EQ(config->client_ca_tenants, (std::vector<std::string>{"acme"}));
  EXPECT_EQ(config->client_crls, "/etc/ward/revoked.pem");
  ASSERT_EQ(config->administrators.size(), 4U);
  EXPECT_EQ(config->administrators[0].certificate_sha256.size(), 1U);
  EXPECT_EQ(config->administrators[1].spki_sha256.size(), 2U);
  EXPECT_EQ(config->administrators[2].certificate_names.size(), 2U);
  EXPECT_FALSE(config->administrators[3].key);
  ASSERT_EQ(config->oidc.size(), 2U);
  const server::OidcProvider& corp = config->oidc[0].provider;
  EXPECT_EQ(config->oidc[0].jwks, "/keys.json");
  EXPECT_EQ(corp.token, OidcToken::kIdToken);
  EXPECT_EQ(corp.algorithms, std::vector{token::JwsAlgorithm::kPs256});
  EXPECT_EQ(corp.max_age_s, 60);
  EXPECT_EQ(corp.times.fresh_s, 10);
  EXPECT_EQ(corp.times.refetch_s, 1);
  EXPECT_EQ(corp.times.kept_s, 20);
  ASSERT_EQ(corp.rules.size(), 2U);
  EXPECT_EQ(corp.rules[0].claim, (std::vector<std::string>{"realm_access", "roles"}));
  EXPECT_EQ(corp.rules[0].actor.role, Role::kOwner);
  EXPECT_TRUE(corp.rules[0].actor.name.empty());
  EXPECT_EQ(corp.rules[1].actor.name, "d");
  EXPECT_EQ(corp.rules[1].actor.role, Role::kAdministrator);
  const server::OidcProvider& other = config->oidc[1].provider;
  EXPECT_EQ(config->oidc[1].ca, "/etc/ward/ca.pem");
  EXPECT_EQ(other.token, OidcToken::kAccessToken);
  EXPECT_EQ(other.clients, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(other.algorithms.size(), 4U);
}

TEST(WarddPeople, a_provider_alone_is_enough) {
  EXPECT_TRUE(parse_config(kBase + oidc() + rule(), "/x"));
}

TEST(WarddPeople, a_provider_may_be_for_tenants_alone) {
  const auto config = parse_config(
      kBase + oidc("clients = \"c\"\nca = \"c\"\ntenants = [\"acme\", \"*\"]\n"), "/x");
  ASSERT_TRUE(config) << to_text(config.error());
  EXPECT_EQ(config->oidc[0].provider.tenants, (std::vector<std::string>{"acme", "*"}));
}

TEST(WarddPeople, names_the_place_that_is_wrong) {
  const std::string good = "clients = \"c\"\nca = \"c\"\n";
  const std::string pin = "spki_sha256 = \"" + kDigest + "\"\n";

  const struct {
    std::string text;
    std::string path;
  } kCases[] = {
      {person("a", ""), "administrator[0].public_key"},
      {person("a", "kbs_client = true\n" + pin), "administrator[0].kbs_client"},
      {person("a", "spki_sha256 = \"aa\"\n"), "administrator[0].spki_sha256"},
      {person("a", "spki_sha256 = []\n"), "administrator[0].spki_sha256"},
      {person("a", "certificate_sha256 = 1\n"), "administrator[0].certificate_sha256"},
      {person("a", "certificate_name = \"dns:a\"\n"), "administrator[0].certificate_name"},
      {"client_ca = \"c\"\n" + person("a", "certificate_name = \"a.example\"\n"),
       "administrator[0].certificate_name"},
      {"client_ca = \"c\"\n" + person("a", "certificate_name = \"dns:\"\n"),
       "administrator[0].certificate_name"},
      {"client_crls = \"c\"\n" + person("a", pin), "client_crls"},
      {person("a", pin) + person("b", pin), "administrator[1].spki_sha256"},
      {"client_ca = \"c\"\n" + person("a", "certificate_name = \"dns:a\"\n") +
           person("b", "certificate_name = \"dns:a\"\n"),
       "administrator[1].certificate_name"},
      {oidc(good), "oidc[0].rule"},
      {oidc(good + "tenants = []\n"), "oidc[0].tenants"},
      {"client_ca = \"c\"\nclient_ca_tenants = [\"default\"]\n" + person("a", ""),
       "client_ca_tenants"},
      {"client_ca_tenants = \"*\"\n" + person("a", ""), "client_ca_tenants"},
      {oidc(good + "tenants = [\"default\"]\n"), "oidc[0].tenants"},
      {oidc("ca = \"c\"\n") + rule(), "oidc[0].clients"},
      {oidc("token = \"id\"\n" + good) + rule(), "oidc[0].clients"},
      {oidc("token = \"any\"\n" + good) + rule(), "oidc[0].token"},
      {oidc("clients = \"c\"\n") + rule(), "oidc[0].ca"},
      {oidc(good + "jwks = \"j\"\n") + rule(), "oidc[0].ca"},
      {oidc(good + "algorithms = [\"none\"]\n") + rule(), "oidc[0].algorithms"},
      {oidc(good + "algorithms = [\"HS256\"]\n") + rule(), "oidc[0].algorithms"},
      {oidc(good + "algorithms = []\n") + rule(), "oidc[0].algorithms"},
      {oidc(good + "refetch_seconds = 0\n") + rule(), "oidc[0].refetch_seconds"},
      {oidc(good + "max_token_age_seconds = 0\n") + rule(), "oidc[0].max_token_age_seconds"},
      {oidc(good + "keys_kept_seconds = 299\n") + rule(), "oidc[0].keys_kept_seconds"},
      {oidc(good + "nam = 1\n") + rule(), "oidc[0].nam"},
      {oidc(good, "a:b") + rule(), "oidc[0].name"},
      {oidc(good, "a", "http://i.example") + rule(), "oidc[0].issuer"},
      {oidc(good) + rule() + oidc(good) + rule(), "oidc[1].name"},
      {oidc(good) + rule() + oidc(good, "b") + rule(), "oidc[1].issuer"},
      {oidc(good) + rule("claim = []\nvalue = \"x\"\nrole = \"auditor\"\n"),
       "oidc[0].rule[0].claim"},
      {oidc(good) + rule("value = \"x\"\nrole = \"auditor\"\n"), "oidc[0].rule[0].claim"},
      {oidc(good) + rule("claim = \"a\"\nrole = \"auditor\"\n"), "oidc[0].rule[0].value"},
      {oidc(good) + rule("claim = \"a\"\nvalue = \"x\"\n"), "oidc[0].rule[0].role"},
      {oidc(good) + rule("claim = \"a\"\nvalue = \"x\"\nrole = \"owner\"\n"),
       "oidc[0].rule[0].repositories"},
      {person("a", pin) + oidc(good) +
           rule("claim = \"groups\"\nvalue = \"x\"\nadministrator = \"a\"\n"),
       "oidc[0].rule[0].administrator"},
      {oidc(good) + rule("claim = \"sub\"\nvalue = \"x\"\nadministrator = \"a\"\n"),
       "oidc[0].rule[0].administrator"},
      {person("a", pin) + oidc(good) +
           rule("claim = \"sub\"\nvalue = \"x\"\nadministrator = \"a\"\nrole = \"auditor\"\n"),
       "oidc[0].rule[0].administrator"},
  };

  for (const auto& row : kCases) {
    const auto config = parse_config(kBase + row.text, "/x");
    ASSERT_FALSE(config) << row.text;
    EXPECT_EQ(config.error().path, row.path) << row.text << to_text(config.error());
  }
}

}  // namespace
}  // namespace ward::wardd
