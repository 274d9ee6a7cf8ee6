#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "attest/appraisal.h"
#include "base/time.h"

// What verification finds out of a platform, apart from the evidence of one workload on it, so that
// it need not be found out again for the next.
namespace ward::attest {

// Window is a range of time, both ends included.
struct Window {
  UnixTime from;
  UnixTime until;

  [[nodiscard]] bool holds(UnixTime at) const { return from <= at && at <= until; }

  friend bool operator==(const Window&, const Window&) = default;
};

// window_at is the range around `now` in which none of `changes` lies: each is a time from which on
// some comparison with a document's time comes out otherwise than the second before. They need not
// be sorted.
[[nodiscard]] Window window_at(std::span<const UnixTime> changes, UnixTime now);

// PlatformKey is a digest of everything that a platform's findings follow from but the time.
using PlatformKey = std::array<std::uint8_t, 32>;

// Platform is what a scheme found out of a platform. Immutable once it is kept; each scheme derives
// its own. It holds nothing that belongs to somebody else.
class Platform {
 public:
  Platform() = default;
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;
  virtual ~Platform() = default;

  // memory is about how many octets it occupies.
  [[nodiscard]] virtual std::size_t memory() const = 0;

  // In it all findings are the same, but for the texts that name the time of appraisal.
  Window window;
};

// PlatformStore remembers platforms that were verified. It may forget any at any time, and never
// extends trust: a platform counts inside its window only. Thread safe.
class PlatformStore {
 public:
  // Hold keeps a platform from being freed while it is looked at. It must not outlive its store,
  // and stays with the thread that got it.
  class Hold {
   public:
    Hold() = default;

    Hold(const Platform& platform, PlatformStore& store, std::size_t slot)
        : platform_(&platform), store_(&store), slot_(slot) {}

    Hold(Hold&& other) noexcept
        : platform_(std::exchange(other.platform_, nullptr)),
          store_(std::exchange(other.store_, nullptr)),
          slot_(other.slot_) {}

    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    Hold& operator=(Hold&&) = delete;

    ~Hold() {
      if (store_ != nullptr) store_->release(slot_);
    }

    // get is null where the platform is not known, or not at that time.
    [[nodiscard]] const Platform* get() const { return platform_; }

   private:
    const Platform* platform_ = nullptr;
    PlatformStore* store_ = nullptr;
    std::size_t slot_ = 0;
  };

  PlatformStore() = default;
  PlatformStore(const PlatformStore&) = delete;
  PlatformStore& operator=(const PlatformStore&) = delete;
  virtual ~PlatformStore() = default;

  // find looks for what is known of the platform at `now`.
  [[nodiscard]] virtual Hold find(const PlatformKey& key, UnixTime now) = 0;

  // keep remembers a platform; one with the same key is replaced.
  virtual void keep(const PlatformKey& key, std::shared_ptr<const Platform> platform) = 0;

 protected:
  // release ends the hold on `slot`, a number that find() chose.
  virtual void release(std::size_t slot) = 0;
};

}  // namespace ward::attest
