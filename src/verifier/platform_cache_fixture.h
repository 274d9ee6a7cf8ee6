#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

#include "attest/platform.h"
#include "verifier/platform_cache.h"

// What the tests of the cache keep in it.
namespace ward::verifier {

inline constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
inline constexpr attest::Window kAllTime{{kFirst}, {kLast}};
inline constexpr UnixTime kNow{1'700'000'000};
inline constexpr std::size_t kPlenty = std::size_t{1} << 30;

// key_of is a key as a digest would be: the same for the same number.
inline attest::PlatformKey key_of(std::uint64_t number) {
  attest::PlatformKey out{};
  std::uint64_t state = number << 32;
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0) {  // SplitMix64
      state += 0x9e3779b97f4a7c15;
      word = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
      word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
      word ^= word >> 31;
    }
    out.at(i) = static_cast<std::uint8_t>(word >> (8 * (i % 8)));
  }
  return out;
}

// Known is a platform with a number, which counts how many of its kind are alive.
class Known final : public attest::Platform {
 public:
  Known(std::uint64_t its_number, std::size_t octets, attest::Window when, int* alive)
      : number(its_number), octets_(octets), alive_(alive) {
    window = when;
    if (alive_ != nullptr) ++*alive_;
  }

  Known(const Known&) = delete;
  Known& operator=(const Known&) = delete;

  ~Known() override {
    if (alive_ != nullptr) --*alive_;
  }

  [[nodiscard]] std::size_t memory() const override { return octets_; }

  const std::uint64_t number;

 private:
  std::size_t octets_;
  int* alive_;
};

inline std::shared_ptr<const attest::Platform> platform(std::uint64_t number,
                                                        int* alive = nullptr) {
  return std::make_shared<Known>(number, 100, kAllTime, alive);
}

inline std::shared_ptr<const attest::Platform> platform_of(std::size_t octets,
                                                           attest::Window window = kAllTime) {
  return std::make_shared<Known>(0, octets, window, nullptr);
}

inline std::optional<std::uint64_t> number_of(const attest::PlatformStore::Hold& hold) {
  if (hold.get() == nullptr) return std::nullopt;
  return static_cast<const Known*>(hold.get())->number;
}

inline std::optional<std::uint64_t> found(PlatformCache& cache, const attest::PlatformKey& key,
                                          UnixTime now = kNow) {
  return number_of(cache.find(key, now));
}

}  // namespace ward::verifier
