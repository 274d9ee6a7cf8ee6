#include "apps/ward/channel_carrier.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/ward/cli.h"
#include "apps/ward/own_evidence.h"

namespace ward::cli {
namespace {

namespace channel = protocol::channel;
using channel::CheckId;
using channel::State;

constexpr std::size_t kBlock = std::size_t{64} << 10U;
constexpr std::size_t kMaxWaiting = std::size_t{256} << 10U;  // octets for a socket that is slow
// For evidence, from when it was asked for: less than the peer waits, so that it is told why.
constexpr std::int64_t kEvidenceMs = 25000;
constexpr std::int64_t kSilentMs = 5000;  // of a peer that has not said hello
constexpr std::int64_t kLingerMs = 3000;  // for the last octets, and the peer's end

std::int64_t monotonic_ms() {
  timespec t{};
  ::clock_gettime(CLOCK_BOOTTIME, &t);
  return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}

std::string peer_address(int peer) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  void* const generic = &address;
  if (::getpeername(peer, static_cast<sockaddr*>(generic), &size) != 0) return {};
  return address_of(address);
}

// EvidenceMaker has evidence made in a thread, so that the connection goes on meanwhile. Its end
// ends what is at work.
class EvidenceMaker {
 public:
  explicit EvidenceMaker(ChannelEnd& end)
      : end_(end),
        ready_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        cancel_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  EvidenceMaker(const EvidenceMaker&) = delete;
  EvidenceMaker& operator=(const EvidenceMaker&) = delete;

  ~EvidenceMaker() {
    thread_.request_stop();
    raise(cancel_);
  }

  [[nodiscard]] int fd() const { return ready_.get(); }

  [[nodiscard]] bool busy() const { return thread_.joinable(); }

  // begin gives up at asker.until.
  void begin(const channel::ReportData& report_data, const Asker& asker) {
    thread_ = std::jthread([this, report_data, asker](const std::stop_token& stop) {
      made_.emplace(make(report_data, asker, stop));
      raise(ready_);
    });
  }

  // take is to be called when fd() is readable.
  Result<Buffer, EvidenceFault> take() {
    std::uint64_t count = 0;
    (void)!::read(ready_.get(), &count, sizeof count);
    thread_.join();
    Result<Buffer, EvidenceFault> out = *std::move(made_);
    made_.reset();
    return out;
  }

 private:
  static void raise(const keep::UniqueFd& event) {
    const std::uint64_t one = 1;
    (void)!::write(event.get(), &one, sizeof one);
  }

  [[nodiscard]] Result<Buffer, EvidenceFault> make(const channel::ReportData& report_data,
                                                   const Asker& asker,
                                                   const std::stop_token& stop) const {
    const MakerGate::Turn turn = end_.makers.enter(asker, stop);
    if (turn.outcome() == MakerGate::Outcome::kLate) {
      return EvidenceFault{.what = "this end made evidence for others until it was too late"};
    }
    if (!turn) return EvidenceFault{.what = "this end makes evidence for too many others"};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        asker.until - std::chrono::steady_clock::now());
    return own_evidence(
        end_.options.own, report_data,
        {.ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, kEvidenceMs)),
         .cancel = cancel_.get(),
         .unended = &end_.unended});
  }

  ChannelEnd& end_;
  keep::UniqueFd ready_;
  keep::UniqueFd cancel_;
  std::optional<Result<Buffer, EvidenceFault>> made_;  // the thread's until it is joined
  std::jthread thread_;
};

class TlsExporter final : public channel::Exporter {
 public:
  explicit TlsExporter(const net::TlsEngine& tls) : tls_(tls) {}

  [[nodiscard]] Result<channel::ExporterValue> value(Bytes context) const override {
    constexpr std::size_t kSize = sizeof(channel::ExporterValue);
    WARD_TRY(const Buffer out, tls_.exporter(channel::kExporterLabel, context, kSize));
    return *to_array<kSize>(out);
  }

 private:
  const net::TlsEngine& tls_;
};

channel::Refusal refusal_of(CheckId id, std::string found, std::string expected,
                            bool could_not_tell) {
  const attest::CheckInfo& info = channel::check_info(id);
  return {.check = info.id,
          .found = std::move(found),
          .expected = std::move(expected),
          .source = info.reference,
          .could_not_tell = could_not_tell};
}

// Pending are octets that a socket has not yet taken.
class Pending {
 public:
  void add(Bytes octets) { octets_.insert(octets_.end(), octets.begin(), octets.end()); }

  [[nodiscard]] std::size_t size() const { return octets_.size(); }

  // send gives them to the socket, as many as it takes; false where it is broken.
  bool send(int fd) {
    std::size_t sent = 0;
    while (sent < octets_.size()) {
      const ssize_t n = ::send(fd, octets_.data() + sent, octets_.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return false;
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    octets_.erase(octets_.begin(), octets_.begin() + static_cast<std::ptrdiff_t>(sent));
    return true;
  }

 private:
  Buffer octets_;
};

class Carrier {
 public:
  Carrier(ChannelEnd& end, int peer, const Program& program, int stop)
      : end_(end),
        peer_(peer),
        program_(program),
        stop_(stop),
        maker_(end),
        began_ms_(monotonic_ms()),
        heard_ms_(began_ms_) {}

  Carried run() {
    auto made = net::TlsEngine::make(end_.context, end_.side);
    if (!made) {
      out_.refusal = refusal_of(CheckId::kTlsHandshake, error_text(made.error()), "", true);
      return out_;
    }
    tls_ = *std::move(made);
    exporter_ = std::make_unique<TlsExporter>(*tls_);
    advance({});
    while (!over()) {
      step();
    }
    finish();
    return out_;
  }

 private:
  [[nodiscard]] bool over() const {
    if (out_.refusal) return true;
    if (!channel_) return false;
    if (channel_->state() == State::kRefused) return true;
    return channel_->state() == State::kClosed && to_program_.size() == 0;
  }

  // refuse ends it for a reason that TLS or a socket has.
  void refuse(CheckId id, std::string found, std::string expected, bool could_not_tell = false) {
    if (over()) return;
    if (channel_ && channel_->state() != State::kClosed) {
      channel_->abandon(id, found, expected, could_not_tell);
    } else {
      out_.refusal = refusal_of(id, std::move(found), std::move(expected), could_not_tell);
    }
  }

  // advance gives TLS what the peer sent, and the channel what TLS makes of it.
  void advance(Bytes octets) {
    tls_->receive(octets);
    if (!channel_) {
      const auto done = tls_->handshake();
      if (!done) {
        refuse(CheckId::kTlsHandshake, error_text(done.error()), "TLS 1.3 to its end");
        return;
      }
      if (!*done) return;
      begin();
    }
    std::array<std::uint8_t, kBlock / 4> block{};
    while (!over()) {
      const auto n = tls_->read(block);
      if (!n) {
        return refuse(CheckId::kTlsRecord, error_text(n.error()), "records that authenticate");
      }
      if (*n == 0) break;
      channel_->receive(Bytes(block).first(*n), monotonic_ms());
      take_data();
    }
    if (tls_->ended()) channel_->peer_ended();
  }

  void begin() {
    channel::Settings settings = end_.settings;
    settings.opening_ms -= std::min(settings.opening_ms, monotonic_ms() - began_ms_);
    const channel::Ends ends{.protocol = tls_->protocol(),
                             .own_key = end_.own_key,
                             .peer_key = tls_->peer_spki_sha256(),
                             .pinned_key = end_.pinned_key};
    channel_ = std::make_unique<channel::Channel>(settings, ends, *exporter_, *end_.judge, end_.rng,
                                                  monotonic_ms());
  }

  void take_data() {
    const Buffer data = channel_->take_data();
    out_.from_peer += data.size();
    to_program_.add(data);
  }

  void when_open() {
    if (!channel_ || channel_->state() != State::kOpen) return;
    if (!out_.opened || channel_->rounds() > out_.rounds) {
      out_.rounds = channel_->rounds();
      program_.told(out_.rounds);
    }
    if (out_.opened) return;
    out_.opened = true;
    local_ = program_.connect();
    if (!local_.valid()) {
      refuse(CheckId::kProgram, "a program that does not answer", "the program behind this end",
             true);
    }
  }

  // make_evidence has it made where it is wanted. In the opening the peer's time runs since the
  // connection began.
  void make_evidence() {
    if (!channel_ || !channel_->wanted() || maker_.busy()) return;
    const bool open = channel_->state() == State::kOpen;
    const std::int64_t asked_ms = open ? channel_->challenged_ms() : began_ms_;
    const std::chrono::milliseconds left(asked_ms + kEvidenceMs - monotonic_ms());
    maker_.begin(*channel_->wanted(), {.open = open,
                                       .address = peer_address(peer_),
                                       .until = std::chrono::steady_clock::now() + left});
  }

  void take_evidence() {
    const auto made = maker_.take();
    if (made) {
      channel_->give_evidence(*made);
    } else {
      channel_->fail_evidence(made.error().what);
    }
  }

  // flush has TLS encrypt what the channel says, and sends what the sockets take.
  bool flush() {
    if (channel_) {
      const Buffer said = channel_->take_output();
      if (const auto written = tls_->write(said); !written) return false;
    }
    to_peer_.add(tls_->take_output());
    return to_peer_.send(peer_);
  }

  void flush_program() {
    if (!local_.valid()) return;
    const std::size_t before = to_program_.size();
    const bool whole = to_program_.send(local_.get());
    channel_->taken(before - to_program_.size());
    if (!whole) {
      return refuse(CheckId::kProgram, "a connection that the program broke off",
                    "the program behind this end", true);
    }
    if (channel_->peer_finished() && to_program_.size() == 0 && !told_end_) {
      told_end_ = true;
      (void)::shutdown(local_.get(), SHUT_WR);
    }
  }

  // heard is true when the peer has said hello: before that nobody needs time to say something.
  [[nodiscard]] bool heard() const { return channel_ && channel_->heard(); }

  [[nodiscard]] int wait_ms() const {
    std::int64_t due = began_ms_ + end_.settings.opening_ms;
    if (channel_) {
      const auto next = channel_->due_ms();
      if (!next) return -1;
      due = *next;
    }
    if (!heard()) due = std::min(due, heard_ms_ + kSilentMs);
    return static_cast<int>(std::clamp<std::int64_t>(due - monotonic_ms(), 0, 60'000));
  }

  void step() {
    when_open();
    make_evidence();
    if (!flush()) {
      return refuse(CheckId::kMessageWhole, "a connection that broke", "finish of both sides");
    }
    flush_program();
    if (over()) return;
    const bool reads_program = local_.valid() && !program_ended_ && channel_->sendable() > 0 &&
                               to_peer_.size() < kMaxWaiting;
    std::array<pollfd, 4> fds{
        {{peer_gone_ ? -1 : peer_,
          static_cast<decltype(pollfd::events)>(POLLIN | (to_peer_.size() > 0 ? POLLOUT : 0)), 0},
         {reads_program || to_program_.size() > 0 ? local_.get() : -1,
          static_cast<decltype(pollfd::events)>((reads_program ? POLLIN : 0) |
                                                (to_program_.size() > 0 ? POLLOUT : 0)),
          0},
         {maker_.busy() ? maker_.fd() : -1, POLLIN, 0},
         {stop_, POLLIN, 0}}};
    const int n = ::poll(fds.data(), fds.size(), wait_ms());
    if (n < 0 && errno != EINTR) {
      return refuse(CheckId::kProgram, "poll failed", "a machine that works", true);
    }
    if (fds[3].revents != 0) {
      return refuse(CheckId::kProgram, "an end that was told to stop", "the program", true);
    }
    if (fds[2].revents != 0) take_evidence();
    if (fds[1].revents != 0) read_program(reads_program);
    if (fds[0].revents != 0) read_peer();
    be_in_time();
  }

  void be_in_time() {
    if (over()) return;
    const std::int64_t now = monotonic_ms();
    if (!heard() && now - heard_ms_ >= kSilentMs) {
      return refuse(CheckId::kMessageInTime, channel_ ? "no hello" : "no TLS handshake",
                    "an octet within " + std::to_string(kSilentMs / 1000) + " s");
    }
    if (channel_) return channel_->tick(now);
    if (now - began_ms_ < end_.settings.opening_ms) return;
    refuse(CheckId::kMessageInTime, "no end of the TLS handshake",
           "within " + std::to_string(end_.settings.opening_ms / 1000) + " s");
  }

  void read_program(bool wanted) {
    if (!wanted) return;
    std::array<std::uint8_t, kBlock> block{};
    const std::size_t most = std::min(block.size(), channel_->sendable());
    const ssize_t n = ::recv(local_.get(), block.data(), most, 0);
    if (n > 0) {
      out_.to_peer +=
          channel_->send(Bytes(block).first(static_cast<std::size_t>(n)), monotonic_ms());
    } else if (n == 0) {
      program_ended_ = true;
      channel_->finish();
    } else if (errno != EAGAIN && errno != EINTR) {
      refuse(CheckId::kProgram, "a connection that the program broke off",
             "the program behind this end", true);
    }
  }

  void read_peer() {
    std::array<std::uint8_t, kBlock> block{};
    const ssize_t n = ::recv(peer_, block.data(), block.size(), 0);
    if (n > 0) {
      heard_ms_ = monotonic_ms();
      return advance(Bytes(block).first(static_cast<std::size_t>(n)));
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    peer_gone_ = true;
    if (channel_) return channel_->peer_ended();
    refuse(CheckId::kTlsHandshake, "the end of the stream", "TLS 1.3 to its end");
  }

  // finish sends the last octets, says close_notify, and waits for the peer's end, so that a reset
  // does not take from it what was said last.
  void finish() {
    if (channel_) {
      out_.rounds = channel_->rounds();
      if (!out_.refusal) out_.refusal = channel_->refusal();
    }
    const bool sent = flush();
    tls_->close();
    if (sent) to_peer_.add(tls_->take_output());
    if (out_.refusal) reset_connection(std::move(local_));
    const std::int64_t until = monotonic_ms() + kLingerMs;
    bool shut = false;
    while (true) {
      if (!to_peer_.send(peer_)) return;
      if (to_peer_.size() == 0 && !shut) {
        shut = true;
        (void)::shutdown(peer_, SHUT_WR);
      }
      const std::int64_t left = until - monotonic_ms();
      std::array<pollfd, 2> fds{
          {{peer_, static_cast<decltype(pollfd::events)>(POLLIN | (shut ? 0 : POLLOUT)), 0},
           {stop_, POLLIN, 0}}};
      if (left <= 0 || ::poll(fds.data(), shut ? 2 : 1, static_cast<int>(left)) <= 0) return;
      if (shut && fds[1].revents != 0) return;
      std::array<std::uint8_t, kBlock / 4> passed_over{};
      if ((fds[0].revents & ~POLLOUT) == 0) continue;
      const ssize_t n = ::recv(peer_, passed_over.data(), passed_over.size(), 0);
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return;
    }
  }

  ChannelEnd& end_;
  const int peer_;
  const Program& program_;
  const int stop_;
  EvidenceMaker maker_;
  const std::int64_t began_ms_;
  std::int64_t heard_ms_;  // when the peer last sent an octet
  std::unique_ptr<net::TlsEngine> tls_;
  std::unique_ptr<TlsExporter> exporter_;
  std::unique_ptr<channel::Channel> channel_;
  keep::UniqueFd local_;
  Pending to_peer_;
  Pending to_program_;
  bool program_ended_ = false;
  bool told_end_ = false;
  bool peer_gone_ = false;  // its stream has ended
  Carried out_;
};

}  // namespace

int exit_code(const Carried& carried) {
  if (!carried.refusal) return kAccepted;
  if (carried.refusal->could_not_tell) return kCouldNotTell;
  if (!carried.refusal->by_peer) return kRefused;
  // What the peer says is absent on its side.
  for (const CheckId id : {CheckId::kProgram, CheckId::kEvidenceMade}) {
    if (carried.refusal->check == channel::check_info(id).id) return kCouldNotTell;
  }
  return kRefused;
}

void reset_connection(keep::UniqueFd socket) {
  if (!socket.valid()) return;
  const linger now{.l_onoff = 1, .l_linger = 0};
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

Carried carry(ChannelEnd& end, int peer, const Program& program, int stop) {
  return Carrier(end, peer, program, stop).run();
}

}  // namespace ward::cli
