#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <sys/socket.h>

#include "keep/fd.h"

// Descriptors that travel over a unix socket with an octet (SCM_RIGHTS, unix(7)).
namespace ward::keep {

// No message of ours has more.
inline constexpr std::size_t kMaxSentFds = 8;

// send_with_fds sends one octet with at most kMaxSentFds descriptors (borrowed); no SIGPIPE. False
// with errno where it has not gone.
[[nodiscard]] bool send_with_fds(int socket, std::uint8_t octet, std::span<const int> fds);

// descriptors_of owns whatever came with a message that recvmsg(2) has filled.
[[nodiscard]] std::vector<UniqueFd> descriptors_of(msghdr& message);

}  // namespace ward::keep
