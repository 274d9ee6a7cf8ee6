#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/rng.h"
#include "protocol/channel/appraiser.h"
#include "protocol/channel/binding.h"
#include "protocol/channel/checks.h"
#include "protocol/channel/message.h"

namespace ward::protocol::channel {

// Refusal is why a channel ended.
struct Refusal {
  std::string check{};
  std::string found{};
  std::string expected{};
  std::string source{};         // document, policy or file that the expectation comes from
  bool by_peer = false;         // the peer says so; its texts are not to be believed
  bool could_not_tell = false;  // nothing was wrong, but something needed was absent
};

// Settings are one side's. Times are in milliseconds.
struct Settings {
  Role role = Role::kClient;
  bool gives = false;               // evidence, where the peer wants it
  bool wants = false;               // evidence of the peer
  std::int64_t reattest_ms = 0;     // how often the peer is asked again; 0: never
  std::int64_t max_age_ms = 0;      // of the peer's last accepted evidence; 0: any
  std::int64_t opening_ms = 30000;  // from the constructor until both sides accepted
  std::int64_t answer_ms = 30000;   // to a challenge
  // Between two rounds of the peer's: evidence that it asks for sooner is made when this is over.
  std::int64_t least_round_ms = 500;
};

// Ends are what TLS has shown.
struct Ends {
  std::string protocol{};  // the one that ALPN chose; "": none
  crypto::Sha256Digest own_key{};
  std::optional<crypto::Sha256Digest> peer_key{};    // nullopt: it has shown no certificate
  std::optional<crypto::Sha256Digest> pinned_key{};  // that the peer's must be
};

// Exporter is the TLS connection's (RFC 8446 section 7.5), with kExporterLabel.
class Exporter {
 public:
  Exporter() = default;
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;
  virtual ~Exporter() = default;

  [[nodiscard]] virtual Result<ExporterValue> value(Bytes context) const = 0;
};

enum class State : std::uint8_t {
  kOpening,  // no data passes
  kOpen,     // both sides have accepted
  kClosed,   // both sides have finished
  kRefused,  // refusal() says why
};

// Channel is one side of an attested channel, from the end of the TLS handshake on: octets in,
// octets out. It opens nothing and reads no clock: `now_ms` is a monotonic clock's. One thread at a
// time. What it is given by reference must outlive it.
class Channel {
 public:
  Channel(const Settings& settings, const Ends& ends, const Exporter& exporter,
          Appraiser& appraiser, crypto::Rng& rng, std::int64_t now_ms);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() = default;

  // receive takes octets of the peer's.
  void receive(Bytes octets, std::int64_t now_ms);

  // peer_ended: no more octets will come.
  void peer_ended();

  // tick does what is due at `now_ms`; to be called at due_ms() at the latest.
  void tick(std::int64_t now_ms);

  // due_ms is when tick must be called; nullopt: never, unless something is received or sent.
  [[nodiscard]] std::optional<std::int64_t> due_ms() const;

  // take_output hands over what must be sent to the peer, in order.
  [[nodiscard]] Buffer take_output();

  // take_data hands over octets for the program on this side. Nothing after a refusal.
  [[nodiscard]] Buffer take_data();

  // peer_finished: the peer's program sends no more.
  [[nodiscard]] bool peer_finished() const { return peer_finished_; }

  // sendable is how many octets send() takes now: what the peer's program has room for.
  [[nodiscard]] std::size_t sendable() const;

  // send passes octets of this side's program on, at most sendable() of them, and returns how many:
  // none unless the channel is open. Where the peer's evidence is too old it refuses instead.
  [[nodiscard]] std::size_t send(Bytes octets, std::int64_t now_ms);

  // taken: the program on this side has taken so many octets more of take_data().
  void taken(std::size_t octets);

  // finish: this side's program sends no more.
  void finish();

  // wanted is the report data of evidence that must be made now; nullopt: none. It stays until
  // give_evidence or fail_evidence is called.
  [[nodiscard]] const std::optional<ReportData>& wanted() const { return wanted_; }

  // challenged_ms is when the challenge came that the peer sent last; 0: none.
  [[nodiscard]] std::int64_t challenged_ms() const { return challenged_ms_; }

  void give_evidence(Bytes evidence);

  // fail_evidence ends the channel: this side could not make it.
  void fail_evidence(const std::string& why);

  // abandon ends the channel for a reason that lies outside it: TLS, the program, the machine.
  void abandon(CheckId id, const std::string& found, const std::string& expected,
               bool could_not_tell);

  // heard: the peer has said hello.
  [[nodiscard]] bool heard() const { return peer_.has_value(); }

  // rounds is how often the peer's evidence was accepted.
  [[nodiscard]] std::uint32_t rounds() const { return accepted_rounds_; }

  [[nodiscard]] State state() const { return state_; }

  // refusal has a value in State::kRefused alone.
  [[nodiscard]] const std::optional<Refusal>& refusal() const { return refusal_; }

 private:
  void on(const Hello& m, Bytes frame);
  void on(const Evidence& m, Bytes frame);
  void on(const Accept& m, Bytes frame);
  void on(const Challenge& m, Bytes frame);
  void on(const Data& m, Bytes frame);
  void on(const Window& m, Bytes frame);
  void on(const Finish& m, Bytes frame);
  void on(const Refuse& m, Bytes frame);

  bool ends_are_right();
  bool binding_is_right(const Binding& said, const Bound& bound);
  bool young_enough(std::int64_t born_ms);
  bool accepted(const Judgement& judgement);
  void want_evidence_for(std::uint32_t round, const Nonce& nonce);
  void want_what_is_held();
  void accept_opening();
  void open_if_done();
  void challenge();
  [[nodiscard]] crypto::Sha384Digest opening_transcript() const;
  [[nodiscard]] bool knows(const Nonce& nonce) const;
  void remember(const Nonce& nonce);
  void out_of_place(std::string_view what);
  void refuse(CheckId id, std::string found, std::string expected, bool could_not_tell = false);
  void refuse(Refusal refusal);
  void put(const Message& message);

  const Settings settings_;
  const Ends ends_;
  const Exporter& exporter_;
  Appraiser& appraiser_;
  crypto::Rng& rng_;

  State state_ = State::kOpening;
  std::optional<Refusal> refusal_;
  std::int64_t now_ms_;
  const std::int64_t began_ms_;
  Buffer in_;
  Buffer out_;
  Buffer data_;
  std::uint32_t credit_ = kWindow;  // octets that the peer still takes
  std::uint32_t room_ = kWindow;    // octets that the peer may still send
  std::uint32_t owed_ = 0;          // taken by the program here, and not yet told
  bool finished_ = false;
  bool peer_finished_ = false;

  Nonce nonce_{};  // of this side's hello
  std::optional<Hello> peer_;
  ExporterValue exported_{};
  std::deque<Nonce> nonces_;  // the latest of both sides'

  // The opening's frames, until it is over.
  Buffer own_hello_;
  Buffer peer_hello_;
  Buffer own_evidence_;
  Buffer peer_evidence_;
  bool accept_sent_ = false;
  bool accept_received_ = false;

  // Evidence that the peer wants.
  std::optional<ReportData> wanted_;
  std::optional<Nonce> held_;   // of a challenge that comes sooner than least_round_ms
  std::int64_t wanted_ms_ = 0;  // when evidence was wanted last
  std::int64_t challenged_ms_ = 0;
  Bound wanted_bound_;
  std::uint32_t peer_round_ = 0;
  Buffer peer_challenge_;
  std::optional<crypto::Sha384Digest> answered_;  // transcript of what was answered: `a` must come

  // Evidence that this side wants.
  std::uint32_t round_ = 0;
  Nonce open_nonce_{};
  std::int64_t asked_ms_;
  bool asked_ = false;  // a challenge is open
  Buffer own_challenge_;
  std::int64_t born_ms_ = 0;  // the nonce left that the last accepted evidence answers
  std::uint32_t accepted_rounds_ = 0;
};

}  // namespace ward::protocol::channel
