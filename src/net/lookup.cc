#include "net/lookup.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <netdb.h>

namespace ward::net {
namespace {

using Addresses = std::vector<SocketAddress>;

Result<Addresses> ask_system(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return Error(Errc::kUnavailable, "net.tcp: the server's name is not known");
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
  Addresses out;
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) {
    SocketAddress address;
    if (one->ai_addrlen > sizeof address.storage) continue;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    out.push_back(address);
  }
  return out;
}

// Question is what one thread and its asker share.
struct Question {
  std::mutex mutex;
  std::condition_variable_any answered;
  std::optional<Result<Addresses>> answer;  // under mutex
};

}  // namespace

struct Lookups::Count {
  std::mutex mutex;
  std::size_t under_way = 0;
};

const sockaddr& SocketAddress::get() const {
  return *static_cast<const sockaddr*>(static_cast<const void*>(&storage));
}

Result<std::vector<SocketAddress>> addresses_of(const std::string& host, std::uint16_t port) {
  return ask_system(host, port, 0);
}

Lookups::Lookups(std::size_t most, Asker asker)
    : count_(std::make_shared<Count>()), most_(most), asker_(std::move(asker)) {}

Lookups::~Lookups() = default;

Result<std::vector<SocketAddress>> Lookups::find(const std::string& host, std::uint16_t port,
                                                 std::chrono::steady_clock::time_point end,
                                                 const std::stop_token& stop) {
  if (auto numeric = ask_system(host, port, AI_NUMERICHOST)) return numeric;
  {
    const std::lock_guard<std::mutex> lock(count_->mutex);
    if (count_->under_way == most_) {
      return Error(Errc::kLimit, "net.tcp: too many names are being looked up");
    }
    ++count_->under_way;
  }
  const auto question = std::make_shared<Question>();
  try {
    std::thread([question, count = count_, asker = asker_, host, port] {
      auto answer = asker(host, port);
      {
        const std::lock_guard<std::mutex> lock(question->mutex);
        question->answer = std::move(answer);
      }
      question->answered.notify_all();
      const std::lock_guard<std::mutex> lock(count->mutex);
      --count->under_way;
    }).detach();
  } catch (const std::system_error&) {
    const std::lock_guard<std::mutex> lock(count_->mutex);
    --count_->under_way;
    return Error(Errc::kUnavailable, "net.tcp: no thread to look a name up");
  }
  std::unique_lock<std::mutex> lock(question->mutex);
  const bool answered =
      question->answered.wait_until(lock, stop, end, [&] { return question->answer.has_value(); });
  if (answered) return *std::move(question->answer);
  if (stop.stop_requested()) return Error(Errc::kUnavailable, "net.tcp: the wait was ended");
  return Error(Errc::kUnavailable, "net.tcp: the server's name was not found in time");
}

}  // namespace ward::net
