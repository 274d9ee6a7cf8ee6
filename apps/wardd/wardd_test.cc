#include <array>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/wardd/certificate.h"
#include "apps/wardd/init.h"
#include "ledger/ledger.h"
#include "server/files.h"
#include "server/key_file.h"
#include "store/sqlite/sqlite_store.h"
#include "test/broker/world.h"
#include "test/support/program.h"
#include "test/support/vectors.h"

// Transcripts: command, stdout, stderr, exit code, over the real programs.
namespace ward::wardd {
namespace {

using test::ProgramResult;
using test::run_program;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kBin = WARD_BIN;
constexpr std::int64_t kDay_s = 86400;

UnixTime now() { return {std::time(nullptr)}; }

// Running is a wardd that has said that it started.
class Running {
 public:
  // `before` are words before the command: prlimit and its options.
  Running(std::vector<std::string> before, const std::string& config) {
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    std::vector<std::string> argv = std::move(before);
    for (const std::string& word : {kBin + "/wardd", std::string("--config"), config})
      argv.push_back(word);
    pid_ = ::fork();
    if (pid_ == 0) {
      std::vector<char*> pointers;
      for (std::string& one : argv)
        pointers.push_back(one.data());
      pointers.push_back(nullptr);
      ::dup2(pipe[1], STDERR_FILENO);
      ::execvp(pointers[0], pointers.data());
      ::_exit(127);
    }
    ::close(pipe[1]);
    log_ = pipe[0];
    read_until("\"event\":\"started\"");
    drain_ = std::jthread([this] { read_until(""); });
  }

  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  ~Running() {
    if (pid_ > 0) stop();
  }

  // stop ends it and returns its exit status.
  int stop() {
    ::kill(pid_, SIGTERM);
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    drain_.join();
    ::close(log_);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  [[nodiscard]] bool started() const { return started_; }

 private:
  // Reads lines until one holds `mark`; to the end where it is empty.
  void read_until(std::string_view mark) {
    std::string text;
    char c = 0;
    while (::read(log_, &c, 1) == 1) {
      text.push_back(c);
      if (mark.empty() || c != '\n') continue;
      started_ = text.find(mark) != std::string::npos;
      if (started_) return;
    }
    EXPECT_TRUE(mark.empty()) << text;
  }

  pid_t pid_ = -1;
  int log_ = -1;
  bool started_ = false;
  std::jthread drain_;
};

class Wardd : public testing::Test {
 protected:
  Wardd() : folder_(std::filesystem::temp_directory_path() / "wardd-test-XXXXXX") {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    InitOptions options;
    options.folder = folder_ + "/service";
    options.listen = "127.0.0.1:0";
    crypto::SystemRng rng;
    auto made = initialise(options, now(), rng);
    EXPECT_TRUE(made);
    if (made) made_ = *std::move(made);
  }

  ~Wardd() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string file(const std::string& name) const {
    return folder_ + "/service/" + name;
  }

  void write(const std::string& name, std::string_view text) const {
    ASSERT_TRUE(server::replace_file(file(name), as_bytes(text)));
  }

  [[nodiscard]] std::string url() const {
    std::string address = test::read_text(file("wardd.address"));
    address.pop_back();
    return "https://" + address;
  }

  // ward runs an administration command as the first administrator.
  [[nodiscard]] ProgramResult ward(std::vector<std::string> words, const std::string& at,
                                   const std::string& input = {}) const {
    words.insert(words.begin(), kBin + "/ward");
    for (const std::string& word :
         {std::string("--server"), at, std::string("--admin"), made_.admin_key,
          std::string("--server-key"), made_.server_spki})
      words.push_back(word);
    return run_program(words, input);
  }

  // one_line is true for exactly one line for people, beginning as ours do.
  static bool one_line(const std::string& err, std::string_view program) {
    return err.starts_with(std::string(program) + ": error: ") &&
           std::count(err.begin(), err.end(), '\n') == 1;
  }

  std::string folder_;
  Made made_;
};

TEST_F(Wardd, an_administrator_manages_secrets_and_policies) {
  Running service({}, made_.config);
  ASSERT_TRUE(service.started());
  const std::string at = url();
  const auto put = ward({"secret", "put", "hospital/key/records", "--file", "-"}, at, "the key");
  EXPECT_EQ(put.exit, 0) << put.err;
  EXPECT_EQ(put.out, "hospital/key/records version 1\n");
  EXPECT_EQ(ward({"secret", "get", "hospital/key/records"}, at).out, "the key");
  const auto output = ward({"secret", "get", "hospital/key/records", "-o", file("out")}, at);
  EXPECT_EQ(output.exit, 0) << output.err;
  EXPECT_EQ(test::read_text(file("out")), "the key");
  EXPECT_EQ(ward({"secret", "list"}, at).out, "hospital/key/records version 1, released 0 times\n");
  EXPECT_EQ(ward({"secret", "delete", "hospital/key/records"}, at).exit, 0);
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

TEST_F(Wardd, a_certificate_out_of_its_time_keeps_it_from_starting) {
  const auto key = server::parse_private_key(test::read_file(file("tls.key.pem")));
  ASSERT_TRUE(key);
  crypto::SystemRng rng;
  const auto expired = self_signed({.common_name = "wardd",
                                    .names = {"localhost"},
                                    .not_before = {now().seconds - 2 * kDay_s},
                                    .not_after = {now().seconds - kDay_s}},
                                   *key, rng);
  ASSERT_TRUE(expired);
  write("tls.pem", *expired);
  for (const std::string& more : {std::string("--check"), std::string()}) {
    std::vector<std::string> words = {kBin + "/wardd", "--config", made_.config};
    if (!more.empty()) words.push_back(more);
    const auto refused = run_program(words);
    EXPECT_EQ(refused.exit, 1);
    EXPECT_EQ(refused.out, "");
    EXPECT_THAT(refused.err, HasSubstr("the certificate has expired at "));
    EXPECT_FALSE(std::filesystem::exists(file("wardd.db")));
  }
}

TEST_F(Wardd, a_clock_before_the_ledger_keeps_it_from_starting) {
  ASSERT_EQ(run_program({kBin + "/wardd", "--check", "--config", made_.config}).out, "ok\n");
  const broker::test_support::World world;
  auto store = store::open_sqlite_store({.path = file("wardd.db")});
  ASSERT_TRUE(store);
  const ledger::Entry future{{now().seconds + kDay_s}, "test", "", "", {}};
  ASSERT_TRUE((*store)->transact([&](store::Transaction& tx) -> Result<void> {
    const auto appended = ledger::append(tx, world.keys().ledger, future);
    if (!appended) return appended.error();
    return {};
  }));
  store->reset();
  const auto refused = run_program({kBin + "/wardd", "--check", "--config", made_.config});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.err, HasSubstr("the clock stands before the newest entry of the ledger"));
}

TEST_F(Wardd, what_is_wrong_with_its_files_is_told_apart) {
  const auto check = [&] {
    return run_program({kBin + "/wardd", "--check", "--config", made_.config});
  };
  EXPECT_EQ(check().exit, 0);
  ASSERT_EQ(::chmod(file("master.key").c_str(), 0640), 0);
  EXPECT_EQ(check().exit, 1);
  ASSERT_EQ(::chmod(file("master.key").c_str(), 0600), 0);
  std::filesystem::rename(file("token.key.pem"), file("away"));
  EXPECT_EQ(check().exit, 3);
  std::filesystem::rename(file("away"), file("token.key.pem"));
  write("wardd.toml", "name = \"x\"\nnonsense = 1\n");
  const auto usage = check();
  EXPECT_EQ(usage.exit, 2);
  EXPECT_THAT(usage.err, HasSubstr("nonsense: expected no key of this name"));
  EXPECT_EQ(run_program({kBin + "/wardd"}).exit, 2);
  EXPECT_EQ(run_program({kBin + "/wardd", "init", folder_ + "/service"}).exit, 2);
}

}  // namespace
}  // namespace ward::wardd
