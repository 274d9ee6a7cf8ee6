#include "apps/ward/maker_gate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <netinet/in.h>

namespace ward::cli {
namespace {

constexpr std::size_t kMapped = 12;  // octets before the IPv4 address in a mapped one
constexpr std::size_t kNetwork = 8;  // octets of an IPv6 address that one network has

}  // namespace

std::string address_of(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &peer, sizeof v4);
    const auto octets = std::bit_cast<std::array<char, 4>>(v4.sin_addr);
    return {octets.begin(), octets.end()};
  }
  if (peer.ss_family != AF_INET6) return {};
  sockaddr_in6 v6{};
  std::memcpy(&v6, &peer, sizeof v6);
  const auto octets = std::bit_cast<std::array<char, 16>>(v6.sin6_addr);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return {octets.begin() + kMapped, octets.end()};
  return {octets.begin(), octets.begin() + kNetwork};
}

MakerGate::Turn::~Turn() {
  if (gate_ == nullptr || outcome_ != Outcome::kWithin) return;
  {
    const std::lock_guard<std::mutex> lock(gate_->mutex_);
    --gate_->within_;
  }
  gate_->changed_.notify_all();
}

bool MakerGate::full_for(const std::string& address) const {
  if (within_ < limits_.within && open_.empty() && others_.empty()) return false;
  return others_.size() >= limits_.waiting ||
         static_cast<std::size_t>(std::ranges::count(others_, address)) >= limits_.waiting_of_one;
}

bool MakerGate::is_next(Queue::const_iterator place) const {
  if (within_ >= limits_.within) return false;
  return open_.empty() ? place == others_.begin() : place == open_.begin();
}

MakerGate::Turn MakerGate::enter(const Asker& asker, const std::stop_token& stop) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (std::chrono::steady_clock::now() >= asker.until) return {this, Outcome::kLate};
  if (!asker.open && full_for(asker.address)) return {this, Outcome::kFull};
  Queue& queue = asker.open ? open_ : others_;
  const auto place = queue.insert(queue.end(), asker.address);
  const bool came =
      changed_.wait_until(lock, stop, asker.until, [this, place] { return is_next(place); });
  queue.erase(place);
  const bool within = came && !stop.stop_requested();
  if (within) ++within_;
  lock.unlock();
  changed_.notify_all();  // who is next may be another now
  if (within) return {this, Outcome::kWithin};
  return {this, stop.stop_requested() ? Outcome::kStopped : Outcome::kLate};
}

std::size_t MakerGate::waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return open_.size() + others_.size();
}

}  // namespace ward::cli
