#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/ward/evidence_input.h"
#include "apps/ward/maker_gate.h"
#include "apps/ward/own_evidence.h"
#include "apps/ward/policy_options.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "net/tls/engine.h"
#include "protocol/channel/channel.h"
#include "verifier/verifier.h"

// What `ward connect` and `ward proxy` are told of their end of an attested channel
// (docs/protocols/attested-tls.md).
namespace ward::cli {

// ChannelOptions are what was given; "": not given.
struct ChannelOptions {
  bool attest = false;   // this side gives evidence
  bool require = false;  // this side wants evidence
  OwnEvidence own;
  std::vector<std::string> measurements;
  std::vector<std::string> workloads;
  std::vector<std::string> collateral;
  RootFiles roots;
  PolicyOptions policy;
  std::string tls_key;
  std::string server_key;
  std::uint64_t reattest_s = 0;
  std::uint64_t max_age_s = 0;
};

// add_channel_options registers all but --require and --server-key, which are not every side's.
void add_channel_options(args::Command& command, ChannelOptions& options);

// PeerJudge appraises the peer's evidence as `ward verify` does, at this machine's time, with the
// collateral as its files are then. Safe from several threads: it keeps nothing.
class PeerJudge final : public protocol::channel::Appraiser {
 public:
  PeerJudge(verifier::Verifier verifier, const ChannelOptions& options)
      : verifier_(std::move(verifier)), options_(options) {}

  [[nodiscard]] protocol::channel::Judgement appraise(
      Bytes evidence, const protocol::channel::ReportData& report_data) override;

 private:
  verifier::Verifier verifier_;
  const ChannelOptions& options_;
};

// NoJudge is of a side that wants no evidence: it accepts none.
class NoJudge final : public protocol::channel::Appraiser {
 public:
  [[nodiscard]] protocol::channel::Judgement appraise(
      Bytes /*evidence*/, const protocol::channel::ReportData& /*report_data*/) override {
    return {};
  }
};

// How many `ward attest` that were killed may not have ended before no more are started.
inline constexpr std::size_t kMaxUnended = 16;

// maker_limits are a side's: who connects to a server may be anybody, and has few waiting places;
// all of a client's connections are to the one server that its options name.
[[nodiscard]] constexpr MakerLimits maker_limits(net::TlsSide side) {
  MakerLimits out;
  if (side == net::TlsSide::kClient) out.waiting_of_one = out.waiting;
  return out;
}

// ChannelEnd is one side, for any number of connections. Immutable but for its generator, its gate
// and what has not ended, which are thread safe.
struct ChannelEnd {
  net::TlsSide side;
  net::TlsContext context;
  crypto::Sha256Digest own_key{};
  std::optional<crypto::Sha256Digest> pinned_key;
  protocol::channel::Settings settings;
  std::unique_ptr<protocol::channel::Appraiser> judge;
  const ChannelOptions& options;
  crypto::SystemRng rng;
  MakerGate makers{maker_limits(side)};
  Unended unended{kMaxUnended};
};

// make_channel_end reads what the options name, and makes the TLS key where none is named. The exit
// code of a mistake. `options` must outlive it.
[[nodiscard]] Result<std::unique_ptr<ChannelEnd>, int> make_channel_end(
    net::TlsSide side, const ChannelOptions& options);

// HostPort is a TCP address.
struct HostPort {
  std::string host;  // without brackets
  std::uint16_t port = 0;
};

// host_port reads HOST:PORT, an IPv6 address in brackets; nullopt for anything else. Port 0 is for
// the caller to refuse.
[[nodiscard]] std::optional<HostPort> host_port(const std::string& text);

}  // namespace ward::cli
