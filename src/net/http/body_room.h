#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

// Internal to the server.
namespace ward::net::http_server {

// Peer is where a connection comes from: an IPv4 address, or the /64 of an IPv6 one, which one host
// has to itself.
using Peer = std::array<std::uint8_t, 8>;

// BodyRoom is how many octets the bodies of requests may take at a time: all together, and those of
// one peer. Any thread may take of it and give back. It outlives its places.
class BodyRoom {
 public:
  // Place is what one body has of the room, until it ends.
  class Place {
   public:
    Place(BodyRoom& room, const Peer& peer, std::size_t octets)
        : room_(room), peer_(peer), octets_(octets) {}

    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    ~Place() { room_.give_back(peer_, octets_); }

   private:
    BodyRoom& room_;
    const Peer peer_;
    const std::size_t octets_;
  };

  BodyRoom(std::size_t all, std::size_t of_peer) : all_(all), of_peer_(of_peer) {}

  // take puts a place of `octets` into `into`, which is empty; false: there is not so much left.
  [[nodiscard]] bool take(const Peer& peer, std::size_t octets, std::optional<Place>& into) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto found = taken_of_.find(peer);
      const std::size_t own = found == taken_of_.end() ? 0 : found->second;
      if (octets > all_ - taken_ || octets > of_peer_ - own) return false;
      taken_of_[peer] = own + octets;  // this alone may throw
      taken_ += octets;
    }
    into.emplace(*this, peer, octets);
    return true;
  }

 private:
  void give_back(const Peer& peer, std::size_t octets) {
    const std::lock_guard<std::mutex> lock(mutex_);
    taken_ -= octets;
    const auto found = taken_of_.find(peer);
    found->second -= octets;
    if (found->second == 0) taken_of_.erase(found);
  }

  const std::size_t all_;
  const std::size_t of_peer_;
  std::mutex mutex_;
  std::size_t taken_ = 0;                 // never more than all_
  std::map<Peer, std::size_t> taken_of_;  // never more than of_peer_ each; those that have some
};

}  // namespace ward::net::http_server
