#include <vector>

#include <gtest/gtest.h>

#include "protocol/channel/pair_fixture.h"

namespace ward::protocol::channel {
namespace {

using namespace pair_fixture;  // NOLINT(google-build-using-namespace): the fixture of these tests

TEST(Channel, both_ways_of_attesting_open) {
  for (const int ways : {1, 2, 3}) {
    Facts facts;
    facts.client.gives = facts.server.wants = (ways & 1) != 0;
    facts.server.gives = facts.client.wants = (ways & 2) != 0;
    Pair pair(facts);
    pair.run();
    EXPECT_EQ(pair.client.channel.state(), State::kOpen) << ways;
    EXPECT_EQ(pair.server.channel.state(), State::kOpen) << ways;
    EXPECT_EQ(pair.client.channel.rounds(), (ways & 2) != 0 ? 1U : 0U);
    EXPECT_EQ(pair.server.channel.rounds(), (ways & 1) != 0 ? 1U : 0U);
  }
}

TEST(Channel, data_passes_both_ways_and_ends_in_order) {
  Pair pair;
  pair.run();
  const Buffer much(100'000, 7);
  EXPECT_EQ(pair.client.channel.send(much, pair.now_ms), much.size());
  pair.client.channel.finish();
  EXPECT_EQ(pair.server.channel.send(as_bytes("answer"), pair.now_ms), 6U);
  pair.run();
  EXPECT_EQ(pair.server.channel.take_data(), much);
  EXPECT_TRUE(pair.server.channel.peer_finished());
  EXPECT_EQ(as_text(pair.client.channel.take_data()), "answer");
  EXPECT_EQ(pair.server.channel.state(), State::kOpen);
  pair.server.channel.finish();
  pair.run();
  EXPECT_EQ(pair.client.channel.state(), State::kClosed);
  EXPECT_EQ(pair.server.channel.state(), State::kClosed);
  pair.client.channel.peer_ended();
  EXPECT_EQ(pair.client.channel.state(), State::kClosed);
}

TEST(Channel, no_more_data_is_on_the_way_than_the_window) {
  Pair pair;
  pair.run();
  const Buffer much(kWindow + 5, 7);
  EXPECT_EQ(pair.client.channel.send(much, pair.now_ms), kWindow);
  EXPECT_EQ(pair.client.channel.send(much, pair.now_ms), 0U);
  pair.run();
  EXPECT_EQ(pair.server.channel.take_data().size(), kWindow);
  pair.server.channel.taken(kWindow / 4 - 1);
  pair.run();
  EXPECT_EQ(pair.client.channel.sendable(), 0U);
  pair.server.channel.taken(1);
  pair.run();
  EXPECT_EQ(pair.client.channel.sendable(), kWindow / 4);
  // A peer that sends more, or grants what was not sent, is broken.
  pair.server.channel.receive(write_message(Data{Buffer(kMaxData)}), pair.now_ms);
  EXPECT_EQ(refusal_of(pair.server), "");
  for (std::size_t i = 0; i < 16; ++i) {
    pair.server.channel.receive(write_message(Data{Buffer(kMaxData)}), pair.now_ms);
  }
  EXPECT_EQ(refusal_of(pair.server), "channel.message.limit");
  pair.client.channel.receive(write_message(Window{kWindow}), pair.now_ms);
  EXPECT_EQ(refusal_of(pair.client), "channel.message.order");
}

TEST(Channel, octets_may_come_one_by_one) {
  Pair pair;
  Pair::make_evidence(pair.client);
  for (int turn = 0; turn < 4; ++turn) {
    for (auto [from, to] : {std::pair{&pair.client, &pair.server}, {&pair.server, &pair.client}}) {
      for (const std::uint8_t octet : from->channel.take_output()) {
        to->channel.receive(Bytes(&octet, 1), pair.now_ms);
      }
      Pair::make_evidence(*to);
    }
  }
  EXPECT_EQ(pair.client.channel.state(), State::kOpen);
  EXPECT_EQ(pair.server.channel.state(), State::kOpen);
}

TEST(ChannelRefusal, what_tls_has_shown_comes_first) {
  Facts facts;
  facts.client_ends.protocol = "";
  EXPECT_EQ(refusal_of(Pair(facts).client), "channel.tls.protocol");
  facts = {};
  facts.client_ends.protocol = "http/1.1";
  EXPECT_EQ(refusal_of(Pair(facts).client), "channel.tls.protocol");
  facts = {};
  facts.server_ends.peer_key.reset();
  EXPECT_EQ(refusal_of(Pair(facts).server), "channel.peer.key");
  facts = {};
  facts.client_ends.pinned_key = key_of("the right server");
  EXPECT_EQ(refusal_of(Pair(facts).client), "channel.server.key");
  facts.client_ends.pinned_key = key_of("server");
  EXPECT_EQ(refusal_of(Pair(facts).client), "");
}

TEST(ChannelRefusal, evidence_must_be_wanted_and_given) {
  Facts facts;
  facts.server.gives = false;
  Pair silent(facts);
  silent.run();
  EXPECT_EQ(refusal_of(silent.client), "channel.peer.attests");

  facts = {};
  facts.client.wants = facts.server.wants = false;
  Pair nobody(facts);
  nobody.run();
  EXPECT_EQ(refusal_of(nobody.server), "channel.evidence.wanted");
}

TEST(ChannelRefusal, the_appraisal_names_its_own_check) {
  Pair pair;
  Judgement chip;
  chip.check = "sgx.chip.accepted";
  chip.found = "00aa";
  chip.expected = "one of 1 chips";
  chip.source = "--chips";
  pair.client.appraiser.answer = chip;
  pair.run();
  EXPECT_EQ(stopped_by(pair), "sgx.chip.accepted");
  EXPECT_EQ(pair.client.channel.refusal()->found, "00aa");
  EXPECT_EQ(pair.client.channel.refusal()->source, "--chips");
  EXPECT_EQ(pair.server.channel.refusal()->found, "00aa");
  EXPECT_FALSE(pair.client.channel.refusal()->could_not_tell);
}

TEST(ChannelRefusal, an_open_verdict_is_no_acceptance) {
  Pair pair;
  Judgement open;
  open.verdict = attest::Verdict::kUndetermined;
  pair.client.appraiser.answer = open;
  pair.run();
  EXPECT_EQ(stopped_by(pair), "channel.evidence.appraised");
  EXPECT_TRUE(pair.client.channel.refusal()->could_not_tell);
}

TEST(ChannelRefusal, a_side_that_cannot_attest_says_so) {
  Pair pair;
  pair.server.channel.receive(pair.client.channel.take_output(), kStart_ms);
  ASSERT_TRUE(pair.server.channel.wanted());
  pair.server.channel.fail_evidence("softd does not answer");
  pair.carry(pair.server, pair.client, {});
  EXPECT_EQ(refusal_of(pair.client), "peer: channel.evidence.made");
  EXPECT_TRUE(pair.server.channel.refusal()->could_not_tell);
}

struct Misplaced {
  const char* name;
  Message message;
};

TEST(ChannelRefusal, no_message_comes_before_its_time) {
  const Misplaced cases[] = {{"data", Data{{1}}},
                             {"finish", Finish{}},
                             {"challenge", Challenge{.round = 1}},
                             {"evidence", Evidence{.binding = {}, .octets = {1}}},
                             {"accept", Accept{}}};
  for (const Misplaced& c : cases) {
    Pair pair;
    pair.client.channel.receive(write_message(c.message), kStart_ms);
    EXPECT_EQ(refusal_of(pair.client), "channel.message.order") << c.name;
    EXPECT_TRUE(pair.client.channel.take_data().empty());
  }
}

TEST(ChannelRefusal, no_message_comes_again) {
  const Misplaced cases[] = {{"hello", Hello{.gives = true, .nonce = {1}}},
                             {"evidence", Evidence{.binding = {}, .octets = {1}}},
                             {"accept", Accept{}}};
  for (const Misplaced& c : cases) {
    Pair pair;
    pair.run();
    pair.client.channel.receive(write_message(c.message), kStart_ms);
    EXPECT_EQ(refusal_of(pair.client), "channel.message.order") << c.name;
  }
  for (const Message& after : {Message(Data{{1}}), Message(Finish{})}) {
    Pair pair;
    pair.run();
    pair.client.channel.receive(write_message(Finish{}), kStart_ms);
    pair.client.channel.receive(write_message(after), kStart_ms);
    EXPECT_EQ(refusal_of(pair.client), "channel.message.order");
  }
}

TEST(ChannelRefusal, bad_octets_are_named) {
  Pair http;
  http.server.channel.receive(as_bytes("GET / HTTP/1.1\r\n\r\n"), kStart_ms);
  EXPECT_EQ(refusal_of(http.server), "channel.message.limit");
  Pair form;
  Buffer hello = form.client.channel.take_output();
  hello[kHeadSize] = 9;
  form.server.channel.receive(hello, kStart_ms);
  EXPECT_EQ(refusal_of(form.server), "channel.message.form");
}

TEST(ChannelRefusal, an_end_before_both_have_finished_is_refused) {
  Pair opening;
  opening.client.channel.peer_ended();
  EXPECT_EQ(refusal_of(opening.client), "channel.message.whole");
  Pair open;
  open.run();
  open.client.channel.receive(write_message(Finish{}), kStart_ms);
  open.client.channel.peer_ended();
  EXPECT_EQ(refusal_of(open.client), "channel.message.whole");
}

TEST(ChannelTime, an_opening_has_an_end) {
  Pair pair;
  EXPECT_EQ(pair.client.channel.due_ms(), kStart_ms + 30 * kSecond_ms);
  pair.client.channel.tick(kStart_ms + 30 * kSecond_ms - 1);
  EXPECT_EQ(pair.client.channel.state(), State::kOpening);
  pair.client.channel.tick(kStart_ms + 30 * kSecond_ms);
  EXPECT_EQ(refusal_of(pair.client), "channel.message.in_time");
}

Facts every(std::int64_t reattest_ms, std::int64_t max_age_ms) {
  Facts facts;
  facts.client.reattest_ms = reattest_ms;
  facts.client.max_age_ms = max_age_ms;
  return facts;
}

TEST(ChannelTime, evidence_is_asked_for_again_and_again) {
  Pair pair(every(10 * kSecond_ms, 15 * kSecond_ms));
  pair.run();
  for (std::uint32_t round = 1; round <= 50; ++round) {
    pair.now_ms = *pair.client.channel.due_ms();
    pair.tick();
    pair.run();
    ASSERT_EQ(pair.client.channel.rounds(), round + 1);
    ASSERT_EQ(pair.client.channel.send(as_bytes("x"), pair.now_ms), 1U);
    pair.run();
    ASSERT_EQ(as_text(pair.server.channel.take_data()), "x");
  }
  EXPECT_EQ(pair.now_ms, kStart_ms + 500 * kSecond_ms);
}

TEST(ChannelTime, a_round_that_comes_soon_is_answered_when_the_least_time_is_over) {
  Pair pair;
  pair.run();
  const std::int64_t least = Settings{}.least_round_ms;
  const auto ask = [&](std::uint32_t round) {
    const auto octet = static_cast<std::uint8_t>(round);
    pair.client.channel.receive(write_message(Challenge{.round = round, .nonce = {octet, 0xff}}),
                                pair.now_ms);
  };
  ask(1);
  EXPECT_FALSE(pair.client.channel.wanted());
  EXPECT_EQ(pair.client.channel.due_ms(), kStart_ms + least);
  pair.client.channel.tick(kStart_ms + least - 1);
  EXPECT_FALSE(pair.client.channel.wanted());
  pair.client.channel.tick(kStart_ms + least);
  EXPECT_TRUE(pair.client.channel.wanted());
}

TEST(ChannelTime, a_second_challenge_while_one_is_held_is_refused) {
  Pair pair;
  pair.run();
  for (const std::uint32_t round : {1U, 2U}) {
    const auto octet = static_cast<std::uint8_t>(round);
    pair.client.channel.receive(write_message(Challenge{.round = round, .nonce = {octet, 0xff}}),
                                pair.now_ms);
  }
  EXPECT_EQ(refusal_of(pair.client), "channel.message.order");
}

TEST(ChannelTime, a_round_that_is_not_answered_ends_the_channel) {
  Pair pair(every(10 * kSecond_ms, 0));
  pair.run();
  pair.to_client = [](const Message& m) -> std::optional<Message> {
    if (std::holds_alternative<Evidence>(m)) return std::nullopt;
    return m;
  };
  pair.now_ms += 10 * kSecond_ms;
  pair.tick();
  pair.run();
  pair.now_ms += 30 * kSecond_ms;
  pair.tick();
  pair.run();
  EXPECT_EQ(stopped_by(pair), "channel.reattest.in_time");
}

TEST(ChannelTime, a_round_that_is_refused_stops_the_traffic) {
  Pair pair(every(10 * kSecond_ms, 0));
  pair.run();
  Judgement worse;
  worse.check = "sgx.tcb.status";
  pair.client.appraiser.answer = worse;
  pair.now_ms += 10 * kSecond_ms;
  pair.tick();
  EXPECT_EQ(pair.server.channel.send(as_bytes("before"), pair.now_ms), 6U);
  pair.run();
  EXPECT_EQ(stopped_by(pair), "sgx.tcb.status");
}

TEST(ChannelTime, evidence_of_the_round_before_is_a_replay) {
  Pair pair(every(10 * kSecond_ms, 0));
  std::vector<Evidence> seen;
  pair.to_client = on_message<Evidence>([&](Evidence& m) {
    seen.push_back(m);
    if (seen.size() == 3) {
      m = seen[1];
      m.binding.round = 2;
    }
  });
  pair.run();
  for (int round = 0; round < 2; ++round) {
    pair.now_ms += 10 * kSecond_ms;
    pair.tick();
    pair.run();
  }
  EXPECT_EQ(stopped_by(pair), "channel.nonce.answered");
}

TEST(ChannelTime, a_nonce_that_was_used_is_not_answered) {
  Facts facts;
  facts.server.reattest_ms = 0;
  Pair pair(facts);
  std::vector<Nonce> seen;
  pair.to_client = on_message<Hello>([&](Hello& m) { seen.push_back(m.nonce); });
  pair.run();
  pair.client.channel.receive(write_message(Challenge{.round = 1, .nonce = seen.at(0)}),
                              pair.now_ms);
  EXPECT_EQ(refusal_of(pair.client), "channel.nonce.fresh");
  EXPECT_FALSE(pair.client.channel.wanted());
}

TEST(ChannelTime, a_challenge_of_another_round_is_refused) {
  for (const std::uint32_t round : {0U, 2U, 0xffffffffU}) {
    Pair pair;
    pair.run();
    pair.client.channel.receive(write_message(Challenge{.round = round, .nonce = {7}}), kStart_ms);
    EXPECT_EQ(refusal_of(pair.client), "channel.evidence.round") << round;
  }
}

TEST(ChannelTime, evidence_that_is_too_old_lets_no_octet_pass) {
  const auto aged = [](std::int64_t age_ms, const std::function<void(Pair&)>& act) {
    Pair pair(every(0, 5 * kSecond_ms));
    pair.run();
    pair.now_ms += age_ms;
    act(pair);
    return refusal_of(pair.client);
  };
  const auto sends = [](Pair& p) { (void)p.client.channel.send(as_bytes("x"), p.now_ms); };
  const auto receives = [](Pair& p) {
    p.client.channel.receive(write_message(Data{{1}}), p.now_ms);
  };
  const auto ticks = [](Pair& p) { p.tick(); };
  for (const std::function<void(Pair&)>& act :
       {std::function<void(Pair&)>(sends), std::function<void(Pair&)>(receives),
        std::function<void(Pair&)>(ticks)}) {
    EXPECT_EQ(aged(5 * kSecond_ms, act), "");
    EXPECT_EQ(aged(5 * kSecond_ms + 1, act), "channel.evidence.age");
  }
}

TEST(ChannelTime, evidence_that_comes_too_late_is_too_old_already) {
  Pair pair(every(0, 5 * kSecond_ms));
  pair.server.channel.receive(pair.client.channel.take_output(), kStart_ms);
  Pair::make_evidence(pair.server);
  pair.now_ms += 5 * kSecond_ms + 1;
  pair.run();
  EXPECT_EQ(stopped_by(pair), "channel.evidence.age");
}

}  // namespace
}  // namespace ward::protocol::channel
