#include "keep/lease_book.h"

#include <algorithm>

namespace ward::keep {
namespace {

constexpr std::int64_t kOctets = 256;

// part is `share` 256ths of `of_ms`.
std::int64_t part(std::int64_t of_ms, std::uint8_t share) { return of_ms * share / kOctets; }

}  // namespace

void LeaseBook::released(std::size_t index, std::int64_t began_ms,
                         std::optional<std::uint32_t> seconds, std::uint8_t jitter) {
  Entry& entry = entries_.at(index);
  entry = {};
  if (!seconds) return;
  entry.life_ms = std::int64_t{*seconds} * 1000;
  entry.end_ms = began_ms + entry.life_ms;
  entry.next_ms = began_ms + entry.life_ms / 2 - part(entry.life_ms / 8, jitter);
}

void LeaseBook::missed(std::size_t index, std::int64_t now_ms, std::uint8_t jitter) {
  Entry& entry = entries_.at(index);
  if (entry.end_ms == kNever_ms) return;
  const std::int64_t longest = std::clamp(entry.life_ms / 8, kShortestPause_ms, kLongestPause_ms);
  entry.pause_ms =
      entry.pause_ms == 0 ? std::max(entry.life_ms / 32, kShortestPause_ms) : 2 * entry.pause_ms;
  entry.pause_ms = std::min(entry.pause_ms, longest);
  entry.next_ms = now_ms + entry.pause_ms + part(entry.pause_ms / 4, jitter);
}

std::vector<std::size_t> LeaseBook::due(std::int64_t now_ms) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].next_ms <= now_ms) out.push_back(i);
  }
  return out;
}

std::int64_t LeaseBook::next_ms() const {
  std::int64_t out = kNever_ms;
  for (const Entry& entry : entries_) {
    out = std::min(out, entry.next_ms);
  }
  return out;
}

std::int64_t LeaseBook::attempt_ms(std::int64_t now_ms) const {
  std::int64_t out = kNever_ms;
  for (const Entry& entry : entries_) {
    if (entry.end_ms == kNever_ms) continue;
    out =
        std::min({out, std::max(entry.life_ms / 4, kShortestAttempt_ms), warn_of(entry) - now_ms});
  }
  return std::max<std::int64_t>(out, 0);
}

std::int64_t LeaseBook::end_ms() const {
  std::int64_t out = kNever_ms;
  for (const Entry& entry : entries_) {
    out = std::min(out, entry.end_ms);
  }
  return out;
}

std::int64_t LeaseBook::warn_of(const Entry& entry) const {
  if (entry.end_ms == kNever_ms) return kNever_ms;
  return entry.end_ms - std::min(grace_ms_, entry.life_ms / 4);
}

std::int64_t LeaseBook::warn_ms() const {
  std::int64_t out = kNever_ms;
  for (const Entry& entry : entries_) {
    out = std::min(out, warn_of(entry));
  }
  return out;
}

std::optional<std::size_t> LeaseBook::first() const {
  const std::int64_t end = end_ms();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (end != kNever_ms && entries_[i].end_ms == end) return i;
  }
  return std::nullopt;
}

}  // namespace ward::keep
