#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "apps/ward/channel_options.h"
#include "keep/fd.h"
#include "protocol/channel/channel.h"

// One connection of an attested channel: between its socket and the program's.
namespace ward::cli {

// Carried is how a connection ended.
struct Carried {
  bool opened = false;                                // both sides had accepted
  std::optional<protocol::channel::Refusal> refusal;  // nullopt: it ended in good order
  std::uint32_t rounds = 0;                           // how often the peer's evidence was accepted
  std::uint64_t to_peer = 0;                          // octets of the programs'
  std::uint64_t from_peer = 0;
};

// exit_code is the one of a connection: kAccepted, kRefused, or kCouldNotTell where nothing was
// wrong but something absent.
[[nodiscard]] int exit_code(const Carried& carried);

// Program is where the octets of this side come from and go to.
struct Program {
  // connect gives the program's stream socket, nonblocking, when the channel opens; not before. An
  // invalid descriptor: it cannot be reached. Not called where the channel does not open.
  std::function<keep::UniqueFd()> connect;

  // told is called with how often the peer's evidence was accepted: when the channel opens, before
  // connect, and whenever that number has grown.
  std::function<void(std::uint32_t)> told;
};

// reset_connection closes a program's socket so that it cannot take the end for that of its data.
void reset_connection(keep::UniqueFd socket);

// carry speaks the channel on `peer`, a connected nonblocking TCP socket, until it is over or
// `stop` (a descriptor) becomes readable. `end` is used from several threads. Where the channel is
// refused the program's connection is reset, never ended in good order.
[[nodiscard]] Carried carry(ChannelEnd& end, int peer, const Program& program, int stop);

}  // namespace ward::cli
