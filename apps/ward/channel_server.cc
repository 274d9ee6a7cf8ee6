#include "apps/ward/channel_server.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <list>
#include <memory>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "apps/ward/cli.h"
#include "base/printable.h"
#include "codec/json_write.h"
#include "net/socket.h"

namespace ward::cli {
namespace {

namespace channel = protocol::channel;

constexpr std::size_t kMaxConnections = 64;
constexpr int kConnect_ms = 10000;

std::uint64_t number() { return static_cast<std::uint64_t>(errno); }

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses numeric(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &list) != 0) return nullptr;
  return Addresses(list);
}

std::string with_port(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<std::uint16_t> port_of(int socket) {
  std::array<char, NI_MAXSERV> port{};
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
  if (::getsockname(socket, generic, &size) != 0 ||
      ::getnameinfo(generic, size, nullptr, 0, port.data(), port.size(), NI_NUMERICSERV) != 0) {
    return Error(Errc::kUnavailable, "the port is not known", number());
  }
  return static_cast<std::uint16_t>(std::stoul(port.data()));
}

void common(codec::JsonWriter& w, const char* event) {
  w.begin_object().member("schema", "ward.channel/1").member("event", event);
}

}  // namespace

std::string words_of(const channel::Refusal& refusal) {
  std::string out = refusal.check + ": found " + refusal.found + ", expected " + refusal.expected;
  if (!refusal.source.empty()) out += " (" + refusal.source + ")";
  return out;
}

void ChannelEvents::line(const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (json_) {
    (void)print(text + "\n");
    (void)std::fflush(stdout);
  } else {
    (void)std::fprintf(stderr, "ward: %s\n", for_terminal(text).c_str());
  }
}

ChannelEvents::Worst ChannelEvents::worst() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return worst_;
}

void ChannelEvents::count(const Carried& carried) {
  const int code = exit_code(carried);
  if (code == kAccepted) return;
  const auto& why = *carried.refusal;
  if (!why.by_peer && why.check == channel::check_info(channel::CheckId::kProgram).id) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (worst_.code != kAccepted && (worst_.code == kRefused || code != kRefused)) return;
  worst_ = {.code = code, .why = (why.by_peer ? "the other end refuses: " : "") + words_of(why)};
}

void ChannelEvents::listening(const std::string& address, const crypto::Sha256Digest& key) {
  if (!json_ && quiet_) return;
  if (!json_) return line("listening at " + address + ", TLS key " + to_hex(key));
  codec::JsonWriter w;
  common(w, "listening");
  w.member("address", address).member("key", to_hex(key));
  if (const auto text = w.end_object().take()) line(*text);
}

void ChannelEvents::attested(std::uint64_t connection, std::uint32_t rounds) {
  if (!json_ && (quiet_ || rounds > 1)) return;
  if (!json_) return line("connection " + std::to_string(connection) + ": open");
  codec::JsonWriter w;
  common(w, "attested");
  w.member("connection", connection).member("rounds", std::uint64_t{rounds});
  if (const auto text = w.end_object().take()) line(*text);
}

void ChannelEvents::ended(std::uint64_t connection, const Carried& c) {
  const int code = exit_code(c);
  count(c);
  if (!json_ && quiet_ && code == kAccepted) return;
  if (!json_) {
    std::string text = "connection " + std::to_string(connection) + ": ";
    if (!c.refusal) {
      text += "closed";
    } else {
      text += std::string(code == kRefused ? "refused" : "could not tell") +
              (c.refusal->by_peer ? " by the other end: " : ": ") + words_of(*c.refusal);
    }
    return line(text);
  }
  codec::JsonWriter w;
  common(w, !c.refusal ? "closed" : "refused");
  w.member("connection", connection).member("opened", c.opened);
  w.member("rounds", std::uint64_t{c.rounds});
  w.member("to_peer", c.to_peer).member("from_peer", c.from_peer);
  if (c.refusal) {
    w.member("check", c.refusal->check).member("found", c.refusal->found);
    w.member("expected", c.refusal->expected).member("source", c.refusal->source);
    w.member("by", c.refusal->by_peer ? "the other end" : "this end");
    w.member("could_not_tell", code == kCouldNotTell);
  }
  if (const auto text = w.end_object().take()) line(*text);
}

void ChannelEvents::command(int status) {
  if (!json_) return;
  codec::JsonWriter w;
  common(w, "command");
  w.member("status", static_cast<std::uint64_t>(status));
  if (const auto text = w.end_object().take()) line(*text);
}

Result<Listener> listen_on(const HostPort& where) {
  const Addresses addresses = numeric(where.host, std::to_string(where.port));
  if (!addresses) return Error(Errc::kMalformed, "not an IP address");
  Listener out;
  out.socket.reset(::socket(addresses->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (!out.socket.valid() ||
      ::setsockopt(out.socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(out.socket.get(), addresses->ai_addr, addresses->ai_addrlen) != 0 ||
      ::listen(out.socket.get(), SOMAXCONN) != 0) {
    return Error(Errc::kUnavailable, "cannot be listened on", number());
  }
  WARD_TRY(const std::uint16_t port, port_of(out.socket.get()));
  out.address = with_port(where.host, port);
  return out;
}

bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

void serve_connections(const Listener& listener, int stop, const Accepted& accepted) {
  struct Running {
    std::atomic<bool> done = false;
    std::jthread thread;
  };

  std::list<Running> running;  // at most kMaxConnections
  std::uint64_t count = 0;
  constexpr int kReap_ms = 200;  // where all places are taken
  while (true) {
    running.remove_if([](const Running& one) { return one.done.load(); });
    const bool full = running.size() >= kMaxConnections;
    std::array<pollfd, 2> fds{{{stop, POLLIN, 0}, {full ? -1 : listener.socket.get(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), full ? kReap_ms : -1) < 0 && errno != EINTR) return;
    if (fds[0].revents != 0) return;
    if (fds[1].revents == 0) continue;
    keep::UniqueFd socket(
        ::accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid()) continue;
    const int on = 1;
    (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Running& one = running.emplace_back();
    one.thread = std::jthread([&one, &accepted, n = ++count, s = std::move(socket)]() mutable {
      accepted(std::move(s), n);
      one.done = true;
    });
  }
}

Carried carry_out(ChannelEnd& end, const HostPort& peer, keep::UniqueFd local, int stop,
                  const std::function<void(std::uint32_t)>& told) {
  const auto connected = net::tcp_connect_fd(peer.host, peer.port, kConnect_ms);
  if (!connected) {
    const attest::CheckInfo& info = channel::check_info(channel::CheckId::kTlsHandshake);
    Carried out;
    out.refusal = channel::Refusal{
        .check = info.id,
        .found = with_port(peer.host, peer.port) + ": " + error_text(connected.error()),
        .expected = "an end of an attested channel",
        .source = info.reference,
        .could_not_tell = true};
    return out;
  }
  const keep::UniqueFd socket(*connected);
  Carried out =
      carry(end, socket.get(), {.connect = [&] { return std::move(local); }, .told = told}, stop);
  if (out.refusal) reset_connection(std::move(local));  // where the channel did not open
  return out;
}

}  // namespace ward::cli
