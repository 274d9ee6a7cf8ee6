#include <vector>

#include <gtest/gtest.h>

#include "protocol/channel/pair_fixture.h"

namespace ward::protocol::channel {
namespace {

using namespace pair_fixture;  // NOLINT(google-build-using-namespace): the fixture of these tests

TEST(ChannelAttack, a_relay_that_holds_the_servers_key_has_another_exporter) {
  Facts facts;
  facts.server_secret = "the relay's connection to the server";
  Pair pair(facts);
  pair.run();
  EXPECT_EQ(stopped_by(pair), "channel.exporter.same");
}

TEST(ChannelAttack, a_relay_with_a_key_of_its_own_is_named_by_the_key) {
  Facts facts;
  facts.server_secret = "the relay's connection to the server";
  facts.client_ends.peer_key = key_of("relay");
  facts.server.wants = false;
  Pair pair(facts);
  pair.run();
  EXPECT_EQ(stopped_by(pair), "channel.sender.key");
}

TEST(ChannelAttack, a_swapped_exporter_does_not_fit_the_report_data) {
  Facts facts;
  facts.server_secret = "another";
  Pair pair(facts);
  Nonce client_nonce{};
  Nonce server_nonce{};
  pair.to_client = [&](Message message) -> std::optional<Message> {
    // The relay says what the client wants to hear; the evidence it cannot change.
    if (auto* m = std::get_if<Evidence>(&message)) {
      m->binding.exporter = exporter_digest(
          *pair.client.exporter.value(exporter_context(client_nonce, server_nonce)));
    }
    if (auto* m = std::get_if<Hello>(&message)) server_nonce = m->nonce;
    return message;
  };
  pair.to_server = on_message<Hello>([&](Hello& m) { client_nonce = m.nonce; });
  pair.run();
  EXPECT_EQ(stopped_by(pair), "channel.report_data.bound");
}

TEST(ChannelAttack, evidence_for_another_receiver_is_refused) {
  Facts facts;
  facts.server_ends.peer_key = key_of("somebody else");
  facts.server.wants = false;
  Pair pair(facts);
  pair.run();
  EXPECT_EQ(stopped_by(pair), "channel.receiver.key");
}

struct Lie {
  const char* check;
  std::function<void(Binding&)> edit;
};

TEST(ChannelAttack, each_binding_is_compared) {
  const Lie lies[] = {
      {"channel.evidence.round", [](Binding& b) { b.round = 1; }},
      {"channel.evidence.role", [](Binding& b) { b.role = Role::kClient; }},
      {"channel.nonce.answered", [](Binding& b) { b.nonce[0] ^= 1U; }},
      {"channel.sender.key", [](Binding& b) { b.sender_key[31] ^= 1U; }},
      {"channel.exporter.same", [](Binding& b) { b.exporter[7] ^= 1U; }},
      {"channel.receiver.key", [](Binding& b) { b.receiver_key[0] ^= 0x80U; }},
  };
  for (const Lie& lie : lies) {
    Pair pair;
    pair.to_client = on_message<Evidence>([&](Evidence& m) { lie.edit(m.binding); });
    pair.run();
    EXPECT_EQ(stopped_by(pair), lie.check);
  }
}

TEST(ChannelAttack, a_flipped_bit_of_the_evidence_is_refused) {
  for (std::size_t i = 0; i < sizeof(ReportData); ++i) {
    Pair pair;
    pair.to_client = on_message<Evidence>([&](Evidence& m) { m.octets[i] ^= 1U; });
    pair.run();
    EXPECT_EQ(stopped_by(pair), "channel.report_data.bound");
  }
}

TEST(ChannelAttack, evidence_of_an_earlier_connection_answers_another_nonce) {
  std::optional<Evidence> recorded;
  {
    Pair pair;
    pair.to_client = on_message<Evidence>([&](Evidence& m) { recorded = m; });
    pair.run();
    ASSERT_EQ(pair.client.channel.state(), State::kOpen);
  }
  Facts facts;
  Pair pair(facts);
  // The same server, a client that draws another nonce.
  Side later(facts.client, facts.client_ends, facts.client_secret, "another draw");
  const Buffer hello = pair.server.channel.take_output();
  later.channel.receive(hello, kStart_ms);
  later.channel.receive(write_message(*recorded), kStart_ms);
  EXPECT_EQ(refusal_of(later), "channel.nonce.answered");
}

TEST(ChannelAttack, a_side_s_own_hello_or_evidence_sent_back_is_refused) {
  Facts facts;
  Side mirror(facts.client, facts.client_ends, facts.client_secret, "client");
  mirror.channel.receive(mirror.channel.take_output(), kStart_ms);
  EXPECT_EQ(refusal_of(mirror), "channel.nonce.fresh");

  Pair pair;
  pair.to_client = on_message<Evidence>([&](Evidence& m) {
    m.binding.role = Role::kClient;
    std::swap(m.binding.sender_key, m.binding.receiver_key);
  });
  pair.run();
  EXPECT_EQ(stopped_by(pair), "channel.evidence.role");
}

TEST(ChannelAttack, a_changed_hello_is_refused) {
  // The client does not see that the server wants evidence: their transcripts differ, if nothing
  // else does.
  Facts facts;
  facts.server.wants = false;
  Pair pair(facts);
  pair.to_server = on_message<Hello>([](Hello& m) { m.gives = false; });
  pair.run();
  EXPECT_EQ(pair.client.channel.state(), State::kRefused);
  EXPECT_TRUE(refusal_of(pair.client).ends_with("channel.transcript.same"));
}

TEST(ChannelAttack, an_acceptance_of_other_messages_is_refused) {
  Pair pair;
  pair.to_client = on_message<Accept>([](Accept& m) { m.transcript[47] ^= 1U; });
  pair.run();
  EXPECT_EQ(refusal_of(pair.client), "channel.transcript.same");
}

}  // namespace
}  // namespace ward::protocol::channel
