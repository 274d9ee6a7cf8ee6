#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <sys/socket.h>

#include "base/result.h"

namespace ward::net {

// SocketAddress is an address as connect() takes it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr& get() const;
};

// addresses_of asks the system for a host's addresses, in its order: a name, or an address without
// brackets. It waits as long as the system does. kUnavailable: the name is not known.
[[nodiscard]] Result<std::vector<SocketAddress>> addresses_of(const std::string& host,
                                                              std::uint16_t port);

// Lookups looks names up for a caller that does not wait for ever. What the system was asked cannot
// be ended, so each question has a thread of its own, which is left behind where its answer comes
// too late: it holds nothing but what the question is about. At most `most` of them are under way.
// Safe from several threads, and may go while questions are under way.
class Lookups {
 public:
  // Asker is addresses_of; tests have their own.
  using Asker = std::function<Result<std::vector<SocketAddress>>(const std::string& host,
                                                                 std::uint16_t port)>;

  explicit Lookups(std::size_t most, Asker asker = addresses_of);
  Lookups(const Lookups&) = delete;
  Lookups& operator=(const Lookups&) = delete;
  ~Lookups();

  // find is addresses_of, until `end`. An address is taken as it is, without a question.
  // kUnavailable: the name is not known, or not in this time, or `stop`; kLimit: too many questions
  // are under way.
  [[nodiscard]] Result<std::vector<SocketAddress>> find(const std::string& host, std::uint16_t port,
                                                        std::chrono::steady_clock::time_point end,
                                                        const std::stop_token& stop);

 private:
  struct Count;

  // Shared with the threads, which may outlive this.
  std::shared_ptr<Count> count_;
  std::size_t most_;
  Asker asker_;
};

}  // namespace ward::net
