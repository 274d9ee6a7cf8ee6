#pragma once

#include <cstdint>

struct sockaddr;

namespace ward::net {

// AddressKind is where an address leads (RFC 6890 and IANA's special-purpose registries).
enum class AddressKind : std::uint8_t {
  kPublic,
  kPrivate,    // 10/8, 172.16/12, 192.168/16, 100.64/10; fc00::/7
  kLoopback,   // 127/8; ::1
  kForbidden,  // no host on the way: unspecified, link-local, multicast, reserved, for
               // documentation; other families. And the services of clouds that hand out
               // credentials, where they do not have a link-local address
};

// kind_of tells it. An IPv6 address that carries an IPv4 one (mapped, 64:ff9b::/96, 2002::/16) is
// what that is.
[[nodiscard]] AddressKind kind_of(const sockaddr& address);

}  // namespace ward::net
