#pragma once

#include <mutex>
#include <optional>
#include <thread>

#include "base/result.h"
#include "net/socket.h"

namespace ward::cli {

// BrokerDoor stands outside a keep and makes of each stream that comes out of it (keep/door.h) a
// connection to its broker, one at a time, without looking at the octets. It ends with the keep, or
// with the object.
class BrokerDoor {
 public:
  // `relay` is borrowed, the outer end of the keep's way out.
  BrokerDoor(int relay, net::Url broker);

  // failure is why the last connection could not be made or broke off; nullopt where it did not.
  // Safe from any thread.
  [[nodiscard]] std::optional<Error> failure();

 private:
  void serve(const std::stop_token& stop);

  int relay_;
  net::Url broker_;
  std::mutex mutex_;
  std::optional<Error> failure_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace ward::cli
