#pragma once

#include <array>
#include <cstdint>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ward::test {

// FullPort is a port of the own machine whose queue is full, so that a connection to it waits.
class FullPort {
 public:
  FullPort() : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
    EXPECT_EQ(::bind(listening_, generic, size), 0);
    EXPECT_EQ(::listen(listening_, 0), 0);
    EXPECT_EQ(::getsockname(listening_, generic, &size), 0);
    port_ = ntohs(address.sin_port);
    for (int& one : waiting_) {
      one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      (void)::connect(one, generic, size);
    }
  }

  FullPort(const FullPort&) = delete;
  FullPort& operator=(const FullPort&) = delete;

  ~FullPort() {
    for (const int one : waiting_) {
      ::close(one);
    }
    ::close(listening_);
  }

  [[nodiscard]] std::uint16_t number() const { return port_; }

 private:
  int listening_;
  std::array<int, 4> waiting_{};
  std::uint16_t port_ = 0;
};

}  // namespace ward::test
