// Keys that come for a time: the agent in a real keep renews them while its workload runs, and ends
// it where it may not.
#include <signal.h>

#include "test/support/agent_fixture.h"

namespace ward::keep {
namespace {

class LeasedKeepTest : public KeepTest {
 protected:
  void works_for(int milliseconds) {
    manifest_.argv = {"/app/probe", "work", std::to_string(milliseconds), "/in/records.csv",
                      "/out/out.csv"};
  }
};

TEST_F(LeasedKeepTest, goes_on_beyond_its_first_lease_although_the_broker_was_away) {
  broker_.lease_for(3);
  broker_.script({503, 503}, "not now");
  manifest_.broker->grace_seconds = 0;
  works_for(3200);
  const RunReport report = run();
  ASSERT_EQ(report.ending, Ending::kDone) << report.subject << ": " << report.detail;
  EXPECT_GE(report.milliseconds, 3200U);
  EXPECT_GE(report.renewals, 1U);
  EXPECT_GE(broker_.attestations(), 3U + report.renewals);  // each attested anew
  EXPECT_FALSE(shows(exchanged_, secret_));
  EXPECT_FALSE(sink_.files.at("out.csv").empty());
}

TEST_F(LeasedKeepTest,
       a_refusal_ends_the_workload_within_its_lease_and_is_told_in_the_brokers_words) {
  broker_.lease_for(3);
  broker_.script({401}, "kbs.lease.unrevoked: The owner has revoked this workload's lease.");
  manifest_.broker->grace_seconds = 0;
  manifest_.argv = {"/app/probe", "ignore-signals"};
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kLeaseRefused);
  EXPECT_EQ(report.subject, "attestation");
  EXPECT_EQ(report.detail, "kbs.lease.unrevoked: The owner has revoked this workload's lease.");
  EXPECT_LE(report.milliseconds, 3000U);
  EXPECT_EQ(report.renewals, 0U);
  EXPECT_TRUE(sink_.files.empty());
}

TEST_F(LeasedKeepTest, a_workload_is_told_first_and_hands_out_nothing_even_where_it_returns_0) {
  broker_.lease_for(3);
  broker_.replace_key();
  manifest_.argv = {"/app/probe", "tidy", "/in/records.csv", "/out/out.csv"};
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kLeaseRefused);
  EXPECT_EQ(report.subject, kResource);
  EXPECT_EQ(report.detail, "its owner has put another key there");
  EXPECT_EQ(told()["tidied"], "1");
  EXPECT_TRUE(sink_.files.empty());
}

TEST_F(LeasedKeepTest, a_broker_that_stays_away_ends_the_workload_when_the_lease_ends) {
  broker_.lease_for(3);
  broker_.script(std::vector<unsigned>(100, 503), "not now");
  manifest_.broker->grace_seconds = 0;
  manifest_.argv = {"/app/probe", "ignore-signals"};
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kLeaseExpired);
  EXPECT_EQ(report.subject, kResource);
  EXPECT_EQ(report.detail, "attestation: not now");
  EXPECT_GE(broker_.attestations(), 2U);
  EXPECT_TRUE(sink_.files.empty());
}

// What a host can do that stops the agent alone: its workload runs on, and what it makes is not
// handed out.
TEST_F(LeasedKeepTest, an_agent_that_was_stopped_beyond_the_lease_hands_out_nothing) {
  broker_.lease_for(1);
  broker_.script(std::vector<unsigned>(100, 503), "not now");
  works_for(1200);
  Relay relay(relay_.get(), broker_.port());
  auto keep = launch(request());
  ASSERT_TRUE(keep);
  output_inside_.reset();
  relay_inside_.reset();
  std::thread device([&] {
    EchoDevice echo;
    EXPECT_TRUE((*keep)->attend(echo, {}));
  });
  std::string said;
  char block[256];
  while (said.find("works=1\n") == std::string::npos) {
    const ssize_t n = ::read(out_[0], block, sizeof block);
    ASSERT_GT(n, 0);
    said.append(block, static_cast<std::size_t>(n));
  }
  ASSERT_EQ(::kill((*keep)->pid(), SIGSTOP), 0);
  while (said.find("worked=1\n") == std::string::npos) {  // later than the lease
    const ssize_t n = ::read(out_[0], block, sizeof block);
    ASSERT_GT(n, 0);
    said.append(block, static_cast<std::size_t>(n));
  }
  ASSERT_EQ(::kill((*keep)->pid(), SIGCONT), 0);
  const auto report = read_outputs(output_.get(), manifest_, 1U << 24U, sink_);
  device.join();
  relay.join();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->ending, Ending::kLeaseExpired);
  EXPECT_TRUE(sink_.files.empty());
}

TEST_F(LeasedKeepTest, a_manifest_that_refuses_leases_runs_nothing_with_a_key_for_a_time) {
  broker_.lease_for(3600);
  manifest_.broker->leases = LeaseWish::kRefused;
  const RunReport report = run();
  EXPECT_EQ(report.ending, Ending::kLeaseRefused);
  EXPECT_EQ(report.subject, kResource);
  EXPECT_EQ(report.milliseconds, 0U);
}

TEST_F(LeasedKeepTest, a_manifest_that_requires_leases_runs_nothing_with_a_key_for_good) {
  manifest_.broker->leases = LeaseWish::kRequired;
  EXPECT_EQ(run().ending, Ending::kLeaseRefused);
}

TEST_F(LeasedKeepTest, a_workload_that_is_done_before_is_not_asked_for_again) {
  broker_.lease_for(3600);
  const RunReport report = run();
  ASSERT_EQ(report.ending, Ending::kDone) << report.detail;
  EXPECT_EQ(report.renewals, 0U);
  EXPECT_EQ(broker_.attestations(), 1U);
  EXPECT_LT(report.milliseconds, manifest_.limits.seconds * 1000);  // its end was seen
}

}  // namespace
}  // namespace ward::keep
