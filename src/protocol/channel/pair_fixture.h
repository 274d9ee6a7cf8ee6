#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "protocol/channel/channel.h"

// For tests: both ends of an attested channel, and what somebody between does to their messages.
namespace ward::protocol::channel::pair_fixture {

inline constexpr std::int64_t kStart_ms = 1'000'000;
inline constexpr std::int64_t kSecond_ms = 1000;

// Evidence of these tests is its report data.
class Echo final : public Appraiser {
 public:
  Judgement appraise(Bytes evidence, const ReportData& report_data) override {
    if (answer) return *answer;
    Judgement out;
    if (equal(evidence, report_data)) {
      out.verdict = attest::Verdict::kAccepted;
    } else {
      out.other_report_data = true;
    }
    return out;
  }

  std::optional<Judgement> answer;
};

// Exported gives what only those who know the connection's secret can compute.
class Exported final : public Exporter {
 public:
  explicit Exported(std::string secret) : secret_(std::move(secret)) {}

  Result<ExporterValue> value(Bytes context) const override {
    return crypto::sha256(concat({as_bytes(secret_), context}));
  }

 private:
  std::string secret_;
};

inline crypto::Sha256Digest key_of(std::string_view name) { return crypto::sha256(as_bytes(name)); }

// Side is one end, with what it stands on.
struct Side {
  Side(const Settings& settings, const Ends& ends, const std::string& secret, const char* seed)
      : exporter(secret),
        rng(as_bytes(seed)),
        channel(settings, ends, exporter, appraiser, rng, kStart_ms) {}

  Echo appraiser;
  Exported exporter;
  crypto::SeededRng rng;
  Channel channel;
};

// Facts of both ends; a test changes single facts.
struct Facts {
  Settings client{.role = Role::kClient, .gives = true, .wants = true};
  Settings server{.role = Role::kServer, .gives = true, .wants = true};
  Ends client_ends{
      .protocol = std::string(kAlpn), .own_key = key_of("client"), .peer_key = key_of("server")};
  Ends server_ends{
      .protocol = std::string(kAlpn), .own_key = key_of("server"), .peer_key = key_of("client")};
  std::string client_secret = "one connection";
  std::string server_secret = "one connection";
};

// Change is what somebody on the way does to a message; nullopt: it is dropped.
using Change = std::function<std::optional<Message>(Message)>;

// Pair are both ends, and the way between them.
struct Pair {
  explicit Pair(const Facts& facts = {})
      : client(facts.client, facts.client_ends, facts.client_secret, "client"),
        server(facts.server, facts.server_ends, facts.server_secret, "server") {}

  static void make_evidence(Side& side) {
    if (!side.channel.wanted()) return;
    const ReportData data = *side.channel.wanted();
    side.channel.give_evidence(data);
  }

  bool carry(Side& from, Side& to, const Change& change) {
    const Buffer octets = from.channel.take_output();
    Bytes rest = octets;
    while (!rest.empty()) {
      const auto head = parse_head(rest);
      const Bytes frame = rest.first(kHeadSize + head->size);
      rest = rest.subspan(frame.size());
      auto message = *parse_message(frame);
      last = message;
      const auto changed = change ? change(message) : std::optional(message);
      if (changed) to.channel.receive(write_message(*changed), now_ms);
    }
    return !octets.empty();
  }

  // run carries all that there is, until nobody says any more.
  void run() {
    bool more = true;
    while (more) {
      make_evidence(client);
      make_evidence(server);
      more = carry(client, server, to_server);
      make_evidence(server);
      more = carry(server, client, to_client) || more || client.channel.wanted().has_value() ||
             server.channel.wanted().has_value();
    }
  }

  void tick() {
    client.channel.tick(now_ms);
    server.channel.tick(now_ms);
  }

  std::int64_t now_ms = kStart_ms;
  Change to_server;
  Change to_client;
  std::optional<Message> last;
  Side client;
  Side server;
};

// The client's own refusal; "" where there is none.
inline std::string refusal_of(const Side& side) {
  const auto& why = side.channel.refusal();
  return why ? (why->by_peer ? "peer: " : "") + why->check : "";
}

// stopped_by is the check by which the client refused, where the server was told the same and
// nothing passes any more; else what was not so.
inline std::string stopped_by(Pair& pair) {
  const std::string check = refusal_of(pair.client);
  if (pair.client.channel.state() != State::kRefused) return "not refused: " + check;
  if (refusal_of(pair.server) != "peer: " + check) return "the server: " + refusal_of(pair.server);
  if (pair.client.channel.send(as_bytes("secret"), pair.now_ms) != 0 ||
      !pair.client.channel.take_output().empty() || !pair.client.channel.take_data().empty()) {
    return "octets pass after " + check;
  }
  return check;
}

// on_message edits messages of one kind.
template <class M>
Change on_message(std::function<void(M&)> edit) {
  return [edit](Message message) -> std::optional<Message> {
    if (auto* m = std::get_if<M>(&message)) edit(*m);
    return message;
  };
}

}  // namespace ward::protocol::channel::pair_fixture
