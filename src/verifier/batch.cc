#include "verifier/batch.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace ward::verifier {
namespace {

class Batch {
 public:
  Batch(const Verifier& verifier, std::span<const Request> requests, const Done& done)
      : verifier_(verifier), requests_(requests), done_(done) {}

  // work takes one request after the other until none is left.
  void work() noexcept {
    try {
      attest::Slate slate;
      for (std::size_t i = next_++; i < requests_.size(); i = next_++) {
        const auto result = verifier_.appraise(requests_[i], slate);
        done_(i, result ? &slate.appraisal() : nullptr, result ? nullptr : &result.error());
      }
    } catch (...) {
      next_ = requests_.size();
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }

  [[nodiscard]] std::exception_ptr failure() const { return failure_; }

 private:
  const Verifier& verifier_;
  std::span<const Request> requests_;
  const Done& done_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;  // guards the next
  std::exception_ptr failure_;
};

unsigned threads_for(unsigned wanted, std::size_t requests) {
  const unsigned most = wanted == 0 ? std::max(std::thread::hardware_concurrency(), 1U) : wanted;
  return static_cast<unsigned>(std::min<std::size_t>(most, requests));
}

}  // namespace

void appraise_all(const Verifier& verifier, std::span<const Request> requests, unsigned threads,
                  const Done& done) {
  Batch batch(verifier, requests, done);
  {
    std::vector<std::jthread> helpers;
    try {
      const unsigned wanted = threads_for(threads, requests.size());
      helpers.reserve(wanted);
      for (unsigned i = 1; i < wanted; ++i) {
        helpers.emplace_back([&batch] { batch.work(); });
      }
    } catch (const std::exception&) {
      // No more threads, or no memory for them: those that run, and this one, do the work.
    }
    batch.work();
  }
  if (batch.failure()) std::rethrow_exception(batch.failure());
}

}  // namespace ward::verifier
