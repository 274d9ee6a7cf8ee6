#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "apps/ward/channel_carrier.h"
#include "apps/ward/channel_options.h"
#include "base/result.h"
#include "keep/fd.h"

// What `ward connect` and `ward proxy` listen on, and what they tell.
namespace ward::cli {

// ChannelEvents tells what happens: lines for people on stderr, or with --json one object a line
// (ward.channel/1) on stdout. Thread safe.
class ChannelEvents {
 public:
  // `quiet`: people are told of refusals alone.
  ChannelEvents(bool json, bool quiet) : json_(json), quiet_(quiet) {}

  // listening: `key` is this end's, as peers pin it.
  void listening(const std::string& address, const crypto::Sha256Digest& key);
  // attested: the channel is open, and the peer's evidence was accepted `rounds` times.
  void attested(std::uint64_t connection, std::uint32_t rounds);
  void ended(std::uint64_t connection, const Carried& carried);
  void command(int status);

  // Worst is the connection that ended worst: kRefused before kCouldNotTell. That the program here
  // broke off, or this end was told to stop, does not count.
  struct Worst {
    int code = kAccepted;
    std::string why;
  };

  [[nodiscard]] Worst worst() const;

 private:
  void line(const std::string& text);
  void count(const Carried& carried);

  const bool json_;
  const bool quiet_;
  mutable std::mutex mutex_;  // guards the streams and worst_
  Worst worst_;
};

// words_of says a refusal: "channel.exporter.same: found 00.., expected ff.. (document)".
[[nodiscard]] std::string words_of(const protocol::channel::Refusal& refusal);

// Listener is a listening TCP socket.
struct Listener {
  keep::UniqueFd socket;
  std::string address;  // "127.0.0.1:41234", with the port that the system chose
};

// listen_on listens at an IP address; port 0: the system chooses. kMalformed: no IP address;
// kUnavailable.
[[nodiscard]] Result<Listener> listen_on(const HostPort& where);

// is_loopback: nobody but this machine reaches it.
[[nodiscard]] bool is_loopback(const std::string& address);

// Accepted is what becomes of one accepted connection; it is called in a thread of its own, with
// the socket (nonblocking) and the connection's number, from 1 on.
using Accepted = std::function<void(keep::UniqueFd socket, std::uint64_t connection)>;

// serve_connections accepts until `stop` becomes readable, at most 64 at a time: others wait. It
// returns when the last of them has ended.
void serve_connections(const Listener& listener, int stop, const Accepted& accepted);

// carry_out connects to the peer and carries `local`, a program's connection.
[[nodiscard]] Carried carry_out(ChannelEnd& end, const HostPort& peer, keep::UniqueFd local,
                                int stop, const std::function<void(std::uint32_t)>& told);

}  // namespace ward::cli
