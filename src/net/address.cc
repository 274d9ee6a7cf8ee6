#include "net/address.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

namespace ward::net {
namespace {

struct Block4 {
  std::uint32_t base;
  unsigned bits;
  AddressKind kind;
};

// The first that holds an address counts.
constexpr auto kBlocks4 = std::to_array<Block4>({
    {0x646464c8, 32, AddressKind::kForbidden},  // 100.100.100.200, credentials of Alibaba Cloud
    {0xa83f8110, 32, AddressKind::kForbidden},  // 168.63.129.16, WireServer of Azure
    {0x00000000, 8, AddressKind::kForbidden},   // this network
    {0x0a000000, 8, AddressKind::kPrivate},     // RFC 1918
    {0x64400000, 10, AddressKind::kPrivate},    // shared, RFC 6598
    {0x7f000000, 8, AddressKind::kLoopback},    //
    {0xa9fe0000, 16, AddressKind::kForbidden},  // link-local, RFC 3927
    {0xac100000, 12, AddressKind::kPrivate},    // RFC 1918
    {0xc0000000, 24, AddressKind::kForbidden},  // IETF's, RFC 6890
    {0xc0000200, 24, AddressKind::kForbidden},  // documentation, RFC 5737
    {0xc0a80000, 16, AddressKind::kPrivate},    // RFC 1918
    {0xc6120000, 15, AddressKind::kForbidden},  // benchmarks, RFC 2544
    {0xc6336400, 24, AddressKind::kForbidden},  // documentation
    {0xcb007100, 24, AddressKind::kForbidden},  // documentation
    {0xe0000000, 3, AddressKind::kForbidden},   // multicast, reserved, broadcast
});

AddressKind kind_of4(std::uint32_t address) {
  for (const Block4& block : kBlocks4) {
    const std::uint32_t mask = ~std::uint32_t{0} << (32U - block.bits);
    if ((address & mask) == block.base) return block.kind;
  }
  return AddressKind::kPublic;
}

using Octets = std::array<std::uint8_t, 16>;

std::uint32_t word(const Octets& octets, std::size_t at) {
  return std::uint32_t{octets.at(at)} << 24U | std::uint32_t{octets.at(at + 1)} << 16U |
         std::uint32_t{octets.at(at + 2)} << 8U | std::uint32_t{octets.at(at + 3)};
}

// is_cloud is true for what hands out credentials or the machine's configuration at a unique local
// address, beside the link-local ones: whole networks that these clouds use for nothing else.
bool is_cloud(const Octets& a) {
  struct Prefix {
    std::array<std::uint8_t, 6> octets;
  };

  constexpr auto kNetworks = std::to_array<Prefix>({
      {{0xfd, 0x00, 0x0e, 0xc2, 0, 0}},        // fd00:ec2::/48, Amazon
      {{0xfd, 0x20, 0x00, 0xce, 0, 0}},        // fd20:ce::/48, Google
      {{0xfd, 0x00, 0x00, 0x42, 0, 0}},        // fd00:42::/48, Scaleway
      {{0xfd, 0x00, 0xa9, 0xfe, 0xa9, 0xfe}},  // fd00:a9fe:a9fe::/48, Akamai (Linode)
  });
  return std::ranges::any_of(kNetworks, [&](const Prefix& one) {
    return std::equal(one.octets.begin(), one.octets.end(), a.begin());
  });
}

AddressKind kind_of6(const Octets& a) {
  constexpr Octets kOne{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  constexpr Octets kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
  constexpr Octets kNat64{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  constexpr std::size_t kPrefix = 12;
  if (a == kOne) return AddressKind::kLoopback;
  for (const Octets& carrier : {kMapped, kNat64}) {
    if (std::equal(a.begin(), a.begin() + kPrefix, carrier.begin())) {
      return kind_of4(word(a, kPrefix));
    }
  }
  if (a[0] == 0x20 && a[1] == 0x02) return kind_of4(word(a, 2));  // 6to4, RFC 3056
  if (is_cloud(a)) return AddressKind::kForbidden;
  if ((a[0] & 0xfeU) == 0xfc) return AddressKind::kPrivate;  // unique local, RFC 4193
  // All else that hosts have lies in 2000::/3, but for Teredo and documentation.
  const bool global = (a[0] & 0xe0U) == 0x20;
  const bool special =
      a[0] == 0x20 && a[1] == 0x01 && (a[2] == 0 || (a[2] == 0x0d && a[3] == 0xb8));
  return global && !special ? AddressKind::kPublic : AddressKind::kForbidden;
}

}  // namespace

AddressKind kind_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    return kind_of4(ntohl(in.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    Octets octets{};
    std::memcpy(octets.data(), &in.sin6_addr, octets.size());
    return kind_of6(octets);
  }
  return AddressKind::kForbidden;
}

}  // namespace ward::net
