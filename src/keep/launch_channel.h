#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "keep/deadline.h"
#include "keep/fd.h"
#include "keep/launch_options.h"
#include "keep/launcher.h"

// The socket between who wants a keep and the service that starts it (docs/protocols/softd.md).
// One connection is one keep; when the connection closes, the keep ends.
//
//   request   "WKL2" length(4, LE) the manifest's octets length(4, LE) options; with its first
//   octet
//             five descriptors
//   events    kind(1) length(4, LE) deterministic CBOR:
//             'S' the keep has started, 'F' it could not, 'X' it has ended
//
// 'S' or 'F' comes first; 'X' follows 'S' and is the last.
namespace ward::keep {

// LaunchFds are the descriptors that travel with a request: the folder of the sources, the stream
// to the broker (a unix stream socket), the stream of sealed outputs (such a socket, or a pipe),
// and where the workload's words go (keep/fd_kind.h, takes_text).
struct LaunchFds {
  UniqueFd root;
  UniqueFd relay;
  UniqueFd output;
  UniqueFd standard_output;
  UniqueFd standard_error;
};

// LaunchDemand is a request as the service received it; it owns the descriptors.
struct LaunchDemand {
  LaunchFds fds;
  Buffer manifest;  // the document, as a person wrote it
  LaunchOptions options;
};

// LaunchStarted says what was started and by what it is bound.
struct LaunchStarted {
  std::string platform;            // for people: what vouches for this keep, and its face
  bool development = false;        // the platform is no TEE
  std::string mark;                // then, for people: what that means; else empty
  std::string workload;            // lower-case hex
  std::string launch_measurement;  // of the ward-keep image on this platform, lower-case hex
  std::vector<Enforcement> enforcement;

  friend bool operator==(const LaunchStarted&, const LaunchStarted&) = default;
};

// LaunchEnded is waitpid(2)'s status: the code of exit, or the signal.
struct LaunchEnded {
  bool signalled = false;
  std::uint32_t number = 0;

  friend bool operator==(const LaunchEnded&, const LaunchEnded&) = default;
};

using LaunchEvent = std::variant<LaunchStarted, Failure, LaunchEnded>;

inline constexpr std::size_t kMaxEventBytes = std::size_t{64} << 10U;

// send_demand asks for a keep. The descriptors are borrowed. kUnavailable where nobody listens,
// errors of write_launch_options.
[[nodiscard]] Result<void> send_demand(int socket, const LaunchFds& fds, Bytes manifest,
                                       const LaunchOptions& options);

// receive_demand is the service's side: kTruncated, kMalformed (other octets, another number or
// another kind of descriptors, other options), kLimit (a manifest beyond kMaxManifestBytes, options
// beyond theirs), kUnavailable where all of it has not come by the deadline (borrowed; nullptr:
// none).
[[nodiscard]] Result<LaunchDemand> receive_demand(int socket, const Deadline* deadline = nullptr);

// send_event: a failure's text becomes valid_text (keep/text.h). kUnavailable where the other side
// is gone, kLimit.
[[nodiscard]] Result<void> send_event(int socket, const LaunchEvent& event);

// receive_event: kTruncated at the end of the stream, kMalformed, kLimit.
[[nodiscard]] Result<LaunchEvent> receive_event(int socket);

// EventOctets is an event as it is sent.
struct EventOctets {
  std::uint8_t kind = 0;
  Buffer octets;
};

// write_event and parse_event are an event's octets. kLimit, kMalformed.
[[nodiscard]] Result<EventOctets> write_event(const LaunchEvent& event);
[[nodiscard]] Result<LaunchEvent> parse_event(std::uint8_t kind, Bytes octets);

}  // namespace ward::keep
