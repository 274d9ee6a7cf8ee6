#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "bench/hot_paths.h"
#include "crypto/rng.h"
#include "net/socket.h"
#include "net/tls/context.h"
#include "protocol/exchange.h"
#include "tee/soft/guest.h"

// A client of the KBS protocol that asks a running wardd again and again, as fast as it can or at
// times that are set beforehand. Its evidence is the software TEE's, made in this process.
namespace ward::bench {

// Target is what is asked: a service that runs, and what it releases.
struct Target {
  net::Url url;
  net::TlsContext context;  // trusts its key alone
  std::string resource;     // "repository/type/tag"
};

// now_ns reads the clock on the wall of durations.
[[nodiscard]] std::int64_t now_ns();

// Attester is one keep that proves itself. One thread at a time; `platform` and `target` outlive
// it.
class Attester {
 public:
  // make launches the keep, the same one each time. kUnsupported: no such TEE.
  [[nodiscard]] static Result<std::unique_ptr<Attester>> make(const soft::Platform& platform,
                                                              const std::string& tee,
                                                              const Target& target);

  Attester(std::unique_ptr<soft::Guest> guest, const Target& target)
      : guest_(std::move(guest)), target_(target) {}

  // handshake waits until `due_ns` of now_ns(), connects anew, goes through auth, attest and
  // resource, and opens what came. Returns the nanoseconds from `due_ns` on until the last reply
  // was there, without those in which this client made its evidence.
  [[nodiscard]] Result<std::int64_t> handshake(std::int64_t due_ns);

  // begin connects and asks for a challenge: an open session, for as long as the result lives.
  [[nodiscard]] Result<std::unique_ptr<protocol::Exchange>> begin();

  // visit connects anew and asks three times for what costs the service nothing: the connection of
  // a handshake, with as many requests, and nothing else of it.
  [[nodiscard]] Result<void> visit() const;

  [[nodiscard]] Buffer launch_measurement() const { return guest_->launch_measurement(); }

 private:
  [[nodiscard]] Result<std::unique_ptr<protocol::Exchange>> connect() const;

  std::unique_ptr<soft::Guest> guest_;
  const Target& target_;
  crypto::SystemRng rng_;
};

// attester_workload is what the keep's evidence says that it runs.
[[nodiscard]] std::array<std::uint8_t, 48> attester_workload();

// handshake_base is the cryptography that a service cannot do without in one handshake: of TLS its
// key agreement, its signature and the records' encryption (`traffic` octets); the evidence's own
// signature; the result's signature (who asks in the session that he attested in has it not
// verified again); two leaves' signatures; the agreement of the reply. What hashes and what
// encrypts a few octets is left out.
[[nodiscard]] Base handshake_base(const std::string& tee, std::size_t traffic);

}  // namespace ward::bench
