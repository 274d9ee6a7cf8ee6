#include <vector>

#include "protocol/channel/message.h"
#include "test/channel/ends_fixture.h"

namespace ward::channel_fixture {
namespace {

using channel::State;

TEST(AttestedTls, a_thousand_honest_handshakes_open_and_carry_data) {
  constexpr int kHandshakes = 1000;
  for (int i = 0; i < kHandshakes; ++i) {
    Talk talk(good_policy(), i % 2 == 0);
    talk.run();
    ASSERT_EQ(talk.client.channel->state(), State::kOpen) << i << refusal_of(talk.client);
    ASSERT_EQ(talk.server.channel->state(), State::kOpen) << i << refusal_of(talk.server);
    ASSERT_EQ(talk.client.channel->send(as_bytes("question"), 0), 8U);
    ASSERT_EQ(talk.server.channel->send(as_bytes("answer"), 0), 6U);
    talk.client.channel->finish();
    talk.server.channel->finish();
    talk.run();
    ASSERT_EQ(as_text(talk.server.channel->take_data()), "question");
    ASSERT_EQ(as_text(talk.client.channel->take_data()), "answer");
    ASSERT_EQ(talk.client.channel->state(), State::kClosed);
    ASSERT_EQ(talk.server.channel->state(), State::kClosed);
  }
}

// Relay ends TLS on both sides, and says on each what it heard on the other, octet for octet.
class Relay {
 public:
  explicit Relay(const Identity& towards_client)
      : in_context_(*net::channel_context(TlsSide::kServer, towards_client.certificate,
                                          towards_client.key)),
        out_context_(
            *net::channel_context(TlsSide::kClient, bed().relay.certificate, bed().relay.key)),
        client(TlsSide::kClient, bed().client, bed().client_context),
        server(TlsSide::kServer, bed().server, bed().server_context),
        in_(TlsSide::kServer, towards_client, in_context_),
        out_(TlsSide::kClient, bed().relay, out_context_),
        client_judge_(*bed().guest, good_policy()),
        server_judge_(*bed().guest, good_policy()) {
    shake_hands(client, in_);
    shake_hands(out_, server);
    client.begin({.gives = false, .wants = true}, client_judge_, rng_);
    server.begin({.gives = true, .wants = false}, server_judge_, rng_);
  }

  void run() {
    for (int turn = 0; turn < 6; ++turn) {
      speak(client, in_, out_, server);
      speak(server, out_, in_, client);
    }
  }

 private:
  static void speak(End& from, End& heard, End& said, End& to) {
    Talk::give_evidence(from);
    ASSERT_TRUE(from.tls->write(from.channel->take_output()));
    carry(from, heard);
    ASSERT_TRUE(said.tls->write(heard.read()));
    carry(said, to);
    to.channel->receive(to.read(), 0);
  }

  net::TlsContext in_context_;
  net::TlsContext out_context_;
  crypto::SystemRng rng_;

 public:
  End client;
  End server;

 private:
  End in_;
  End out_;
  Judge client_judge_;
  Judge server_judge_;
};

TEST(AttestedTls, a_relay_that_holds_the_servers_tls_key_is_refused_by_the_exporter) {
  Relay relay(bed().server);
  relay.run();
  EXPECT_EQ(refusal_of(relay.client), "channel.exporter.same");
  EXPECT_EQ(refusal_of(relay.server), "peer: channel.exporter.same");
}

TEST(AttestedTls, a_relay_with_a_key_of_its_own_is_refused_by_the_key) {
  Relay relay(bed().relay);
  relay.run();
  EXPECT_EQ(refusal_of(relay.client), "channel.sender.key");
}

struct Worse {
  const char* check;
  std::function<void(attest::Policy&)> edit;
};

TEST(AttestedTls, what_the_policy_does_not_accept_is_refused_by_its_own_check) {
  const Worse cases[] = {
      {"sgx.chip.accepted",
       [](attest::Policy& p) { p.chips = std::vector<Buffer>{Buffer(16, 0x77)}; }},
      {"sgx.platform.development", [](attest::Policy& p) { p.allow_development = false; }},
      {"sgx.tcb.evaluation_number", [](attest::Policy& p) { p.min_tcb_evaluation = 1'000'000; }},
  };
  for (const Worse& c : cases) {
    attest::Policy policy = good_policy();
    c.edit(policy);
    Talk talk(policy);
    talk.run();
    EXPECT_EQ(refusal_of(talk.client), c.check);
    EXPECT_EQ(refusal_of(talk.server), std::string("peer: ") + c.check);
    EXPECT_FALSE(talk.client.channel->refusal()->expected.empty());
  }
}

TEST(AttestedTls, another_keep_than_the_expected_one_is_refused) {
  soft::Launch other = faces::good_launch();
  other.runtime.push_back('!');
  const auto guest = faces::start(*bed().platform, *soft::find_face("sgx"), other);
  Talk talk;
  talk.server.channel->receive({}, 0);
  ASSERT_TRUE(talk.pass(talk.client, talk.server, {}));
  const channel::ReportData data = *talk.server.channel->wanted();
  talk.server.channel->give_evidence(guest->evidence(data)->octets);
  talk.run();
  EXPECT_EQ(refusal_of(talk.client), "sgx.measurement.expected");
}

TEST(AttestedTls, collateral_that_has_expired_meanwhile_stops_the_traffic) {
  Talk talk;
  talk.run();
  ASSERT_EQ(talk.client.channel->state(), State::kOpen);
  talk.now_ms = 60'000;
  talk.client.channel->tick(talk.now_ms);
  talk.run();
  ASSERT_EQ(talk.client.channel->rounds(), 2U);
  talk.client_judge.now = UnixTime{faces::kFrom.seconds + 400 * std::int64_t{86400}};
  talk.now_ms = 120'000;
  talk.client.channel->tick(talk.now_ms);
  EXPECT_EQ(talk.server.channel->send(as_bytes("secret"), talk.now_ms), 6U);
  talk.run();
  EXPECT_EQ(talk.client.channel->state(), State::kRefused);
  EXPECT_TRUE(refusal_of(talk.client).starts_with("sgx.")) << refusal_of(talk.client);
  EXPECT_EQ(talk.client.channel->send(as_bytes("more"), talk.now_ms), 0U);
  EXPECT_TRUE(talk.client.channel->take_data().empty());
}

TEST(AttestedTls, no_flipped_bit_of_the_evidence_opens) {
  const Buffer good = bed().guest->evidence(faces::kReportData)->octets;
  constexpr std::size_t kStep = 23;
  for (std::size_t at = 0; at < good.size(); at += kStep) {
    Talk talk(good_policy(), false);
    ASSERT_TRUE(talk.pass(talk.client, talk.server, {}));
    const channel::ReportData data = *talk.server.channel->wanted();
    Buffer evidence = bed().guest->evidence(data)->octets;
    if (at + 1 >= evidence.size()) break;  // the newline behind the chain's PEM: nobody signs it
    evidence[at] ^= 0x10U;
    talk.server.channel->give_evidence(evidence);
    talk.run();
    ASSERT_NE(talk.client.channel->state(), State::kOpen) << at;
    ASSERT_FALSE(talk.client.channel->refusal()->check.empty());
    ASSERT_NE(talk.server.channel->state(), State::kOpen) << at;
  }
}

TEST(AttestedTls, a_flipped_bit_on_the_wire_never_opens) {
  constexpr std::size_t kHeader = 5;  // of a record: a length that is altered waits for more
  for (std::size_t at = 0; at < 64; ++at) {
    Talk talk;
    talk.on_the_way = [&](Buffer& octets) { octets[at % octets.size()] ^= 1U; };
    (void)talk.step();
    EXPECT_TRUE(at < kHeader || talk.server.broken) << at;
    EXPECT_NE(talk.client.channel->state(), State::kOpen) << at;
    EXPECT_NE(talk.server.channel->state(), State::kOpen) << at;
  }
}

TEST(AttestedTls, a_connection_that_is_cut_anywhere_never_opens) {
  for (std::size_t cut = 1; cut < 6000; cut += 301) {
    Talk talk;
    std::size_t passed = 0;
    talk.on_the_way = [&](Buffer& octets) {
      octets.resize(std::min(octets.size(), passed < cut ? cut - passed : 0));
      passed += octets.size();
    };
    talk.run();
    talk.client.channel->peer_ended();
    talk.server.channel->peer_ended();
    EXPECT_EQ(talk.client.channel->state(), State::kRefused) << cut;
    EXPECT_EQ(refusal_of(talk.client), "channel.message.whole") << cut;
  }
}

}  // namespace
}  // namespace ward::channel_fixture
