#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "codec/json.h"
#include "server/key_file.h"
#include "test/broker/world.h"
#include "test/support/wardd_fixture.h"

// A running service and its administrators.
namespace ward::wardd {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(Wardd, every_start_names_the_development_roots_that_it_trusts) {
  EXPECT_THAT(Running({}, made_.config).lines_before(), Not(HasSubstr("NOT A TEE")));
  const std::string config = test::read_text(made_.config);
  write("wardd.toml", config + "\n[[trust_root]]\nname = \"dev\"\nspki_sha256 = \"" +
                          std::string(64, 'a') + "\"\ndevelopment = true\n");
  const Running service({}, made_.config);
  EXPECT_THAT(service.lines_before(), HasSubstr("a development root is trusted: NOT A TEE"));
  EXPECT_THAT(service.lines_before(), HasSubstr("\"root\":\"dev\""));
}

TEST_F(Wardd, an_administrator_manages_secrets_and_policies) {
  Running service({}, made_.config);
  ASSERT_TRUE(service.started());
  const std::string at = url();
  const auto put = ward({"secret", "put", "hospital/key/records", "--file", "-"}, at, "the key");
  EXPECT_EQ(put.exit, 0) << put.err;
  EXPECT_EQ(put.out, "hospital/key/records version 1\n");
  EXPECT_EQ(ward({"secret", "get", "hospital/key/records"}, at).out, "the key");
  EXPECT_EQ(ward({"secret", "get", "hospital/key/records", "--json"}, at).out,
            "{\"schema\":\"ward.secret/1\",\"path\":\"hospital/key/"
            "records\",\"value\":\"dGhlIGtleQ==\"}\n");
  const auto output = ward({"secret", "get", "hospital/key/records", "-o", file("out")}, at);
  EXPECT_EQ(output.exit, 0) << output.err;
  EXPECT_EQ(test::read_text(file("out")), "the key");
  EXPECT_EQ(ward({"secret", "list"}, at).out, "hospital/key/records version 1, released 0 times\n");
  EXPECT_EQ(ward({"secret", "delete", "hospital/key/records", "--json"}, at).out,
            "{\"schema\":\"ward.secret/1\",\"path\":\"hospital/key/records\",\"deleted\":true}\n");
  const auto absent = ward({"secret", "get", "hospital/key/records", "--json"}, at);
  EXPECT_EQ(absent.exit, 3);
  const auto told = codec::parse_json(as_bytes(absent.out));
  ASSERT_TRUE(told) << absent.out;
  EXPECT_EQ(told->find("schema")->as_string(), "ward.error/1");
  EXPECT_EQ(told->find("exit")->as_uint(), 3U);
  const auto gone = ward({"secret", "get", "hospital/key/records", "-o", file("gone")}, at);
  EXPECT_EQ(gone.exit, 3);
  EXPECT_THAT(gone.err, StartsWith("ward: error: kbs.resource.exists: "));
  EXPECT_FALSE(std::filesystem::exists(file("gone")));

  write("evidence.json", broker::test_support::evidence_policy());
  write("results.json", broker::test_support::results_policy());
  const auto evidence = ward({"policy", "set", file("evidence.json"), "--for", "evidence"}, at);
  EXPECT_EQ(evidence.out, "version 1\n") << evidence.err;
  const auto results = ward(
      {"policy", "set", file("results.json"), "--for", "results", "--repository", "hospital"}, at);
  EXPECT_EQ(results.out, "version 1\n") << results.err;
  EXPECT_EQ(ward({"policy", "list"}, at).out, "evidence version 1\nresults hospital version 1\n");
  EXPECT_EQ(ward({"policy", "get", "--for", "evidence"}, at).out,
            broker::test_support::evidence_policy());
  EXPECT_EQ(service.stop(), 0);
}

TEST_F(Wardd, a_policy_that_does_not_parse_is_usage_and_never_sent) {
  write("wrong.json", "{\n  \"schema\": \"ward.evidence-policy/1\",\n  \"runtime\": []\n}\n");
  const auto checked =
      run_program({kBin + "/ward", "policy", "check", file("wrong.json"), "--for", "evidence"});
  EXPECT_EQ(checked.exit, 2);
  EXPECT_THAT(checked.err, HasSubstr("line 3, column 14: runtime: expected no member"));
  // Nothing listens there: the exit code shows that nobody was asked.
  const auto sent =
      ward({"policy", "set", file("wrong.json"), "--for", "evidence"}, "https://127.0.0.1:1");
  EXPECT_EQ(sent.exit, 2);
}

TEST_F(Wardd, a_service_that_is_down_is_told_in_one_line) {
  {
    Running service({}, made_.config);
    ASSERT_TRUE(service.started());
  }
  const auto down = ward({"secret", "list"}, url());
  EXPECT_EQ(down.exit, 3);
  EXPECT_EQ(down.out, "");
  EXPECT_TRUE(one_line(down.err, "ward")) << down.err;
  EXPECT_THAT(down.err, HasSubstr("nothing answers at the server's address"));
}

TEST_F(Wardd, another_server_or_another_administrator_is_refused) {
  Running service({}, made_.config);
  ASSERT_TRUE(service.started());
  const std::string at = url();
  Made pinned = made_;
  std::swap(pinned, made_);
  made_.server_spki = std::string(64, '0');
  const auto server = ward({"secret", "list"}, at);
  EXPECT_EQ(server.exit, 1);
  EXPECT_THAT(server.err, HasSubstr("the server's key is not the trusted one"));
  std::swap(pinned, made_);

  crypto::SystemRng rng;
  auto key = crypto::PrivateKey::generate(crypto::KeyType::kEd25519, rng);
  ASSERT_TRUE(key);
  const SecretBytes text =
      server::write_admin_key({"first", broker::Role::kAdministrator, *std::move(key)});
  ASSERT_TRUE(server::write_new_file(file("stranger.pem"), text.expose()));
  made_.admin_key = file("stranger.pem");
  const auto stranger = ward({"secret", "list"}, at);
  EXPECT_EQ(stranger.exit, 1);
  EXPECT_THAT(stranger.err, StartsWith("ward: error: kbs.admin.token: "));
  ASSERT_EQ(::chmod(made_.admin_key.c_str(), 0644), 0);
  const auto open = ward({"secret", "list"}, at);
  EXPECT_EQ(open.exit, 2);
  EXPECT_THAT(open.err, HasSubstr("group or others may read a secret"));
}

TEST_F(Wardd, a_full_disk_refuses_the_write_and_keeps_the_rest) {
  Running service({"prlimit", "--fsize=300000"}, made_.config);
  ASSERT_TRUE(service.started());
  const std::string at = url();
  EXPECT_EQ(ward({"secret", "put", "hospital/key/small", "--file", "-"}, at, "small").exit, 0);
  write("large", std::string(400000, 'x'));
  const auto full = ward({"secret", "put", "hospital/key/large", "--file", file("large")}, at);
  EXPECT_EQ(full.exit, 3);
  EXPECT_TRUE(one_line(full.err, "ward")) << full.err;
  EXPECT_EQ(ward({"secret", "list"}, at).out, "hospital/key/small version 1, released 0 times\n");
  EXPECT_EQ(ward({"secret", "get", "hospital/key/small"}, at).out, "small");
  EXPECT_EQ(service.stop(), 0);
  const auto audit = run_program(
      {kBin + "/ward", "ledger", "verify", file("wardd.db"), "--key", made_.ledger_key});
  EXPECT_EQ(audit.exit, 0) << audit.out << audit.err;
}

}  // namespace
}  // namespace ward::wardd
