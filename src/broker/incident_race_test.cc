// Incidents that are opened at the same time: each changes the policy that all others read.
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/incident.h"
#include "broker/records.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::administrator;
using test_support::Attester;
using test_support::kNow;
using test_support::message;
using test_support::open_session;
using test_support::Opened;
using test_support::World;
using testing::ElementsAre;

constexpr std::size_t kAtOnce = 6;

// The last is in no incident.
Buffer chip(std::size_t i) { return Buffer(16, static_cast<std::uint8_t>(0xd0 + i)); }

class IncidentRace : public testing::Test {
 protected:
  IncidentRace() { world_.set_up(); }

  // prove is the answer to a chip's evidence.
  Answer<std::string> prove(std::size_t i) {
    world_.verifier.chip = chip(i);
    Opened session = open_session(broker_, attester_, kNow);
    const std::string body = message(session, session.client.report_data());
    return broker_.attest(session.cookie, as_bytes(body), kNow);
  }

  std::string token_of(std::size_t i) {
    const auto answer = prove(i);
    EXPECT_TRUE(answer) << answer.error().body.detail;
    if (!answer) return {};
    const auto begin = answer->find(':') + 2;
    return answer->substr(begin, answer->rfind('"') - begin);
  }

  // releases is true where the result opens the resource.
  [[nodiscard]] bool releases(const std::string& token) const {
    return broker_.resource({.cookie = std::nullopt, .bearer = token}, "hospital/key/records", kNow)
        .has_value();
  }

  NewIncident of(std::size_t i) {
    const auto subject =
        incident_subject(world_.keys().platform_ids, IncidentOf::kChip, to_hex(chip(i)));
    EXPECT_TRUE(subject);
    return {.subject = subject.value_or(IncidentSubject{}), .note = "why", .apply = true};
  }

  World world_;
  Attester attester_;
  Broker broker_{world_.service()};
  Incidents incidents_{world_.service()};
};

TEST_F(IncidentRace, all_are_in_the_policy_and_refuse_the_results_there_are) {
  std::vector<std::string> tokens;
  std::vector<NewIncident> asked;
  for (std::size_t i = 0; i <= kAtOnce; ++i) {
    tokens.push_back(token_of(i));
    ASSERT_TRUE(releases(tokens.back()));
    if (i < kAtOnce) asked.push_back(of(i));
  }
  std::vector<std::vector<std::string>> failed(kAtOnce);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      threads.emplace_back([&, i] {
        const auto out = incidents_.open(administrator(), asked[i], kNow);
        if (!out) failed[i] = out.error().checks;
      });
    }
  }
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    // One at a time reads the ledger; what cannot wait for that is done.
    if (!failed[i].empty()) {
      EXPECT_THAT(failed[i], ElementsAre("kbs.incident.room"));
    }
    EXPECT_FALSE(releases(tokens[i])) << i;
    const auto again = prove(i);
    ASSERT_FALSE(again) << i;
    EXPECT_EQ(again.error().checks.front(), "kbs.evidence.platform_unaffected") << i;
  }
  EXPECT_TRUE(releases(tokens[kAtOnce]));
  EXPECT_TRUE(releases(token_of(kAtOnce)));
}

}  // namespace
}  // namespace ward::broker
