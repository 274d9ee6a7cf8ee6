// The agent in a real keep.
#include <spawn.h>
#include <sys/wait.h>

#include "test/support/agent_fixture.h"
#include "test/support/process_memory.h"

namespace ward::keep {
namespace {

TEST_F(KeepTest, sealed_input_becomes_sealed_output) {
  const RunReport report = run();
  ASSERT_EQ(report.ending, Ending::kDone) << report.subject << ": " << report.detail;
  if (test::has_memfd_secret()) {
    EXPECT_EQ(report.key_memory, SecretMemory::kSecret);
  }
  EXPECT_EQ(broker_.init_data(), workload_init_data_);
  const std::string& sealed = sink_.files.at("out.csv");
  const seal::ReadFn in = reading(sealed);
  auto head = seal::read_head(in);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->header.creator, "ward-keep");
  ASSERT_TRUE(head->header.provenance);
  EXPECT_EQ(head->header.provenance->token, kToken);
  EXPECT_EQ(head->header.provenance->init_data, workload_init_data_);
  ASSERT_EQ(head->header.provenance->inputs.size(), 1U);
  EXPECT_EQ(head->header.provenance->inputs[0].name, "records.csv");
  EXPECT_EQ(to_hex(head->header.provenance->inputs[0].id), file_id_);
  auto key = seal::unlock(*head, {.keys = nullptr, .identity = &*receiver_, .passphrase = nullptr});
  ASSERT_TRUE(key);
  std::string plain;
  ASSERT_TRUE(seal::open_body(*head, *key, in, appending(plain)));
  EXPECT_EQ(plain, secret_);
}

TEST_F(KeepTest, what_passes_the_operator_shows_no_plaintext) {
  ASSERT_EQ(run().ending, Ending::kDone);
  EXPECT_GT(exchanged_.size(), 1000U);
  EXPECT_FALSE(shows(exchanged_, secret_));
  EXPECT_FALSE(shows(sink_.files.at("out.csv"), secret_));
  EXPECT_TRUE(shows("xyz" + secret_, secret_));  // the search would have found it
}

TEST_F(KeepTest, the_brokers_refusal_is_reported_in_its_words) {
  broker_.refuse_with("workload is not accepted");
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kBrokerRefused);
  EXPECT_EQ(report.detail, "workload is not accepted");
  EXPECT_TRUE(sink_.files.empty());
}

TEST_F(KeepTest, another_broker_than_the_manifest_names_is_not_asked) {
  manifest_.broker->spki_sha256[0] ^= 1U;
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kBrokerUntrusted);
  EXPECT_EQ(broker_.init_data(), "");
}

TEST_F(KeepTest, an_input_under_another_resource_does_not_open) {
  manifest_.inputs[0].resource = "vendor/model/other";
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kBrokerUnreachable);  // 404: the broker has no such key
  EXPECT_EQ(report.subject, "vendor/model/other");
}

TEST_F(KeepTest, another_version_than_the_manifest_names_is_refused) {
  seal_input("records.csv.ward", "an older file under the same key");
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kInputRefused);
  EXPECT_EQ(report.subject, "records.csv");
  EXPECT_EQ(report.detail, "seal.file.id_mismatch: the file has another id");
}

TEST_F(KeepTest, a_changed_octet_of_an_input_is_refused) {
  std::fstream file(folder_ / "records.csv.ward", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-100, std::ios::end);
  file.put('\0');
  file.put('\1');
  file.close();
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kInputRefused);
  EXPECT_EQ(report.detail, "seal.file.segment_changed: a segment was changed");
}

TEST_F(KeepTest, an_output_that_was_not_written_is_named) {
  manifest_.argv = {"/app/probe", "exit", "0"};
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kOutputMissing);
  EXPECT_EQ(report.subject, "out.csv");
}

TEST_F(KeepTest, a_failing_workload_hands_out_nothing) {
  manifest_.argv = {"/app/probe", "exit", "3"};
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kWorkloadFailed);
  EXPECT_EQ(report.status, 3U);
  EXPECT_TRUE(sink_.files.empty());
}

TEST_F(KeepTest, the_launcher_never_holds_a_plaintext_octet) {
  write("manifest.toml", to_toml(manifest_));
  Relay relay(relay_.get(), broker_.port());
  for (const int fd : {relay_inside_.get(), output_inside_.get()})
    ASSERT_EQ(::fcntl(fd, F_SETFD, 0), 0);  // the launcher inherits these two
  int hold[2];
  ASSERT_EQ(::pipe2(hold, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, hold[0], 0);
  const std::string argv[] = {
      WARD_KEEP_LAUNCH, folder_ / "manifest.toml",           folder_,
      agent_,           std::to_string(relay_inside_.get()), std::to_string(output_inside_.get())};
  std::vector<char*> pointers;
  for (const std::string& argument : argv)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  char* const no_environment[] = {nullptr};
  pid_t launcher = 0;
  ASSERT_EQ(
      ::posix_spawn(&launcher, argv[0].c_str(), &actions, nullptr, pointers.data(), no_environment),
      0);
  ::posix_spawn_file_actions_destroy(&actions);
  relay_inside_.reset();
  output_inside_.reset();
  auto report = read_outputs(output_.get(), manifest_, 1U << 24U, sink_);
  relay.join();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->ending, Ending::kDone) << report->detail;
  const std::string memory = test::readable_memory(launcher);
  EXPECT_FALSE(shows(memory, secret_));
  EXPECT_NE(memory.find(manifest_.broker->url), std::string::npos);  // the search sees its heap
  EXPECT_TRUE(shows(test::readable_memory(::getpid()), secret_));  // and would find it where it is
  ::close(hold[1]);
  ::close(hold[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(launcher, &status, 0), launcher);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace ward::keep
