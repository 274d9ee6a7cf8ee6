#include "net/address.h"

#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace ward::net {
namespace {

template <class Address>
AddressKind kind_as(const Address& address) {
  return kind_of(*static_cast<const sockaddr*>(static_cast<const void*>(&address)));
}

AddressKind kind(const std::string& text) {
  if (text.find(':') == std::string::npos) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    EXPECT_EQ(::inet_pton(AF_INET, text.c_str(), &in.sin_addr), 1) << text;
    return kind_as(in);
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  EXPECT_EQ(::inet_pton(AF_INET6, text.c_str(), &in.sin6_addr), 1) << text;
  return kind_as(in);
}

struct Case {
  const char* address;
  AddressKind want;
};

TEST(Address, is_told_by_where_it_leads) {
  using enum AddressKind;
  for (const Case& one : {
           Case{"8.8.8.8", kPublic},
           Case{"9.255.255.255", kPublic},
           Case{"11.0.0.0", kPublic},
           Case{"10.0.0.0", kPrivate},
           Case{"10.255.255.255", kPrivate},
           Case{"100.63.255.255", kPublic},
           Case{"100.64.0.0", kPrivate},
           Case{"100.127.255.255", kPrivate},
           Case{"100.128.0.0", kPublic},
           Case{"127.0.0.1", kLoopback},
           Case{"127.255.255.255", kLoopback},
           Case{"169.254.169.254", kForbidden},
           Case{"169.253.255.255", kPublic},
           Case{"172.15.255.255", kPublic},
           Case{"172.16.0.0", kPrivate},
           Case{"172.31.255.255", kPrivate},
           Case{"172.32.0.0", kPublic},
           Case{"192.168.0.1", kPrivate},
           Case{"192.0.2.1", kForbidden},
           Case{"198.18.0.1", kForbidden},
           Case{"203.0.113.9", kForbidden},
           Case{"223.255.255.255", kPublic},
           Case{"224.0.0.1", kForbidden},
           Case{"255.255.255.255", kForbidden},
           Case{"0.0.0.0", kForbidden},
           Case{"::", kForbidden},
           Case{"::1", kLoopback},
           Case{"::ffff:127.0.0.1", kLoopback},
           Case{"::ffff:169.254.169.254", kForbidden},
           Case{"::ffff:8.8.8.8", kPublic},
           Case{"64:ff9b::a00:1", kPrivate},
           Case{"2002:7f00:1::", kLoopback},
           Case{"fc00::1", kPrivate},
           Case{"fd00:ec2::254", kForbidden},
           Case{"fd00:ec2::23", kForbidden},
           Case{"fd00:ec1::254", kPrivate},
           Case{"fd20:ce::254", kForbidden},
           Case{"fd00:42::42", kForbidden},
           Case{"fd00:a9fe:a9fe::1", kForbidden},
           Case{"fd00::1", kPrivate},
           Case{"100.100.100.200", kForbidden},
           Case{"100.100.100.199", kPrivate},
           Case{"::ffff:100.100.100.200", kForbidden},
           Case{"64:ff9b::6464:64c8", kForbidden},
           Case{"168.63.129.16", kForbidden},
           Case{"168.63.129.17", kPublic},
           Case{"192.0.0.192", kForbidden},
           Case{"fe80::1", kForbidden},
           Case{"ff02::1", kForbidden},
           Case{"2001:db8::1", kForbidden},
           Case{"2001::1", kForbidden},
           Case{"2606:4700:4700::1111", kPublic},
       }) {
    EXPECT_EQ(kind(one.address), one.want) << one.address;
  }
}

TEST(Address, of_another_family_is_forbidden) {
  sockaddr address{};
  address.sa_family = AF_UNIX;
  EXPECT_EQ(kind_of(address), AddressKind::kForbidden);
}

}  // namespace
}  // namespace ward::net
