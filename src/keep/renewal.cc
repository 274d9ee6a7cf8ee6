#include "keep/renewal.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "crypto/mac.h"
#include "crypto/secret_memory.h"
#include "keep/deadline.h"

namespace ward::keep {
namespace {

constexpr std::size_t kDigestKeyBytes = 32;
// How long the thread waits at most before it looks at its clock: poll(2) does not count while the
// machine is suspended. The workload's own timer does.
constexpr std::int64_t kLook_ms = 60'000;

void raise(const UniqueFd& event) {
  const std::uint64_t one = 1;
  (void)!::write(event.get(), &one, sizeof one);
}

void lower(const UniqueFd& event) {
  std::uint64_t count = 0;
  (void)!::read(event.get(), &count, sizeof count);
}

SecretBytes random_key(crypto::Rng& rng) {
  SecretBytes out(kDigestKeyBytes);
  rng.fill(out.expose_mut());
  return out;
}

}  // namespace

Renewal::Renewal(const AgentParts& parts, const crypto::PrivateKey& key,
                 std::function<std::int64_t()> clock)
    : parts_(parts),
      key_(key),
      broker_(*parts.keep->manifest.broker),
      clock_(std::move(clock)),
      digest_key_(random_key(*parts.rng)),
      digests_(parts.keep->manifest.inputs.size()),
      book_(parts.keep->manifest.inputs.size(), std::int64_t{broker_.grace_seconds} * 1000) {}

Renewal::~Renewal() { stop(); }

std::optional<Trouble> Renewal::released(std::size_t index, const ReleasedKey& key,
                                         std::int64_t began_ms) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return note(index, key, began_ms);
}

// note writes a key down, or says why the keep may not use it. Its digest is the first that came.
std::optional<Trouble> Renewal::note(std::size_t index, const ReleasedKey& key,
                                     std::int64_t began_ms) {
  const auto refuse = [&](const char* why) {
    return Trouble{.ending = Ending::kLeaseRefused,
                   .subject = resource(index),
                   .detail = why,
                   .decided = true};
  };
  if (broker_.leases == LeaseWish::kRequired && !key.seconds) {
    return refuse("the broker gives this key for good, and the manifest requires a lease");
  }
  if (broker_.leases == LeaseWish::kRefused && key.seconds) {
    return refuse("the broker gives this key for a time, and the manifest refuses leases");
  }
  const Buffer digest = crypto::hmac(crypto::Hash::kSha256, digest_key_.expose(), key.key.expose());
  if (digests_[index].empty()) digests_[index] = digest;
  if (!ct_equal(digests_[index], digest)) return refuse("its owner has put another key there");
  book_.released(index, began_ms, key.seconds, jitter());
  return std::nullopt;
}

std::optional<Trouble> Renewal::ended() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (refused_) return refused_;
  const auto first = book_.first();
  if (!first || (!closed_ && clock_() < book_.end_ms())) return std::nullopt;
  return Trouble{.ending = Ending::kLeaseExpired,
                 .subject = resource(*first),
                 .detail = missed_.empty() ? "it was not renewed in time" : missed_};
}

bool Renewal::bounds() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return book_.first().has_value();
}

Result<void> Renewal::start() {
  if (!bounds()) return {};
  changed_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  timer_.reset(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!changed_.valid() || !wake_.valid() || !timer_.valid()) {
    return Error(Errc::kInternal, "keep.renewal: descriptors");
  }
  // A signal is the workload's end, for the one thread that waits for it (keep/workload.cc).
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  if (::pthread_sigmask(SIG_BLOCK, &all, &before) != 0) {
    return Error(Errc::kInternal, "keep.renewal: signals");
  }
  thread_ = std::thread([this] { run(); });
  (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return {};
}

void Renewal::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  raise(wake_);
  parts_.connector->interrupt();
  thread_.join();
}

std::uint32_t Renewal::count() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return count_;
}

Warrant::Term Renewal::term() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (changed_.valid()) lower(changed_);
  const std::int64_t end = book_.end_ms();
  if (!refused_) return {.warn_ms = book_.warn_ms(), .end_ms = end};
  const std::int64_t grace = std::int64_t{broker_.grace_seconds} * 1000;
  return {.warn_ms = refused_ms_, .end_ms = std::min(refused_ms_ + grace, end)};
}

bool Renewal::close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = closed_ || refused_ || clock_() >= book_.warn_ms();
  return closed_;
}

void Renewal::set_timer(std::int64_t at_ms) {
  itimerspec when{};
  if (at_ms != kNever_ms) {
    const std::int64_t at = std::max<std::int64_t>(at_ms, 1);  // 0 would turn it off
    when.it_value.tv_sec = at / 1000;
    when.it_value.tv_nsec = at % 1000 * 1'000'000;
  }
  (void)::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void Renewal::run() {
  while (wait()) {
    on_secret_stack([this] { attempt(); });
  }
}

// wait is true once a key is due; false once there is nothing more to renew.
bool Renewal::wait() {
  for (;;) {
    std::int64_t left = 0;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stop_ || closed_ || refused_ || deaf_ || book_.next_ms() == kNever_ms) return false;
      left = book_.next_ms() - clock_();
      if (left <= 0) return true;
    }
    pollfd entry{.fd = wake_.get(), .events = POLLIN, .revents = 0};
    (void)::poll(&entry, 1, static_cast<int>(std::min(left, kLook_ms)));
  }
}

// attempt asks for the keys that are due.
void Renewal::attempt() {
  std::vector<std::size_t> due;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::int64_t now = clock_();
    due = book_.due(now);
    parts_.deadline->restart_within(book_.attempt_ms(now));
  }
  settle(renew(due), due);
}

std::optional<Trouble> Renewal::renew(const std::vector<std::size_t>& due) {
  BrokerSession session(parts_, key_);
  if (auto trouble = session.attest()) return trouble;
  for (const std::size_t index : due) {
    const std::int64_t began_ms = clock_();
    auto key = session.fetch(resource(index));
    if (!key) return key.error();
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = closed_ || clock_() >= book_.end_ms();  // what comes too late changes nothing
    if (closed_) return std::nullopt;
    if (auto trouble = note(index, *key, began_ms)) return trouble;
    ++count_;
    raise(changed_);
  }
  return std::nullopt;
}

// settle draws the consequence of an attempt. What is still due was not renewed.
void Renewal::settle(const std::optional<Trouble>& trouble, const std::vector<std::size_t>& due) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::int64_t now = clock_();
  if (!trouble) {
    missed_.clear();
    return;
  }
  if (trouble->decided) {
    refused_ = Trouble{.ending = Ending::kLeaseRefused,
                       .subject = trouble->subject,
                       .detail = trouble->detail,
                       .decided = true};
    refused_ms_ = now;
    raise(changed_);
    return;
  }
  // What was said counts for more than an attempt that ran out of time; so did one that stop() cut
  // off, whatever its connection says of that.
  const bool in_time = parts_.deadline->left_ms() > 0 && !stop_;
  if (in_time) {
    missed_ = trouble->subject + ": " + trouble->detail;
  } else if (missed_.empty()) {
    missed_ = trouble->subject + ": " + no_answer_within(*parts_.deadline);
  }
  deaf_ = trouble->subject == kDeviceSubject && !in_time;
  const std::vector<std::size_t> still = book_.due(now);
  for (const std::size_t index : due) {
    if (std::find(still.begin(), still.end(), index) != still.end()) {
      book_.missed(index, now, jitter());
    }
  }
}

std::uint8_t Renewal::jitter() {
  std::array<std::uint8_t, 1> octet{};
  parts_.rng->fill(octet);
  return octet[0];
}

const std::string& Renewal::resource(std::size_t index) const {
  return parts_.keep->manifest.inputs[index].resource;
}

}  // namespace ward::keep
