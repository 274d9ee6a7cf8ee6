#include "broker/kept_results.h"

#include <utility>

namespace ward::broker {
namespace {

// What a result takes beside its texts: facts, nodes, the key twice.
constexpr std::size_t kBeside = 2048;

std::size_t octets_of(const ProvedResult& result) {
  return result.claims.size() + result.facts.tee_pubkey.size() + kBeside;
}

}  // namespace

void KeptResults::keep(const std::string& session, Kept result) {
  const std::size_t octets = octets_of(*result);
  if (octets > kMostOctets) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!results_.try_emplace(session, std::move(result)).second) return;
  order_.push_back(session);
  octets_ += octets;
  while (octets_ > kMostOctets) {
    const auto oldest = results_.find(order_.front());
    octets_ -= octets_of(*oldest->second);
    results_.erase(oldest);
    order_.pop_front();
  }
}

KeptResults::Kept KeptResults::find(std::string_view session) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = results_.find(session);
  return found == results_.end() ? nullptr : found->second;
}

}  // namespace ward::broker
