#include <csignal>
#include <memory>
#include <string>

#include <sys/signalfd.h>

#include "apps/ward/channel_commands.h"
#include "apps/ward/channel_server.h"
#include "apps/ward/cli.h"
#include "apps/ward/listening.h"
#include "args/args.h"
#include "net/socket.h"

// ward proxy: one end of attested channels for any TCP program (docs/protocols/attested-tls.md).
namespace ward::cli {
namespace {

constexpr int kConnect_ms = 10000;

struct Options {
  std::string side;
  std::string listen;
  std::string to;
  ChannelOptions channel;
  bool json = false;
};

// Serving is all that runs.
struct Serving {
  ChannelEnd& end;
  Listener listener;
  HostPort to;
  int stop;
  ChannelEvents& events;
};

void serve_server(const Serving& s) {
  serve_connections(s.listener, s.stop, [&](keep::UniqueFd peer, std::uint64_t n) {
    const Program program{.connect =
                              [&] {
                                const auto fd =
                                    net::tcp_connect_fd(s.to.host, s.to.port, kConnect_ms);
                                return keep::UniqueFd(fd ? *fd : -1);
                              },
                          .told = [&](std::uint32_t rounds) { s.events.attested(n, rounds); }};
    s.events.ended(n, carry(s.end, peer.get(), program, s.stop));
  });
}

void serve_client(const Serving& s) {
  serve_connections(s.listener, s.stop, [&](keep::UniqueFd local, std::uint64_t n) {
    s.events.ended(n, carry_out(s.end, s.to, std::move(local), s.stop,
                                [&](std::uint32_t rounds) { s.events.attested(n, rounds); }));
  });
}

int run(const Options& o) {
  const bool client = o.side == "client";
  const auto listen = host_port(o.listen);
  const auto to = host_port(o.to);
  if (!listen) return fail(kUsage, "--listen: not ADDRESS:PORT", "as in 127.0.0.1:8081");
  if (!to || to->port == 0) return fail(kUsage, "--to: not HOST:PORT", "as in 127.0.0.1:8080");
  if (client && !is_loopback(listen->host)) {
    return fail(kUsage, "--listen: the client's side listens for this machine alone",
                "127.0.0.1:PORT: what comes there is not encrypted, and speaks in this end's name");
  }
  if (!client && !o.channel.server_key.empty()) {
    return fail(kUsage, "--server-key: this is the server's side, whose own key that would be",
                "--require evidence of the client, or let the client name the key");
  }
  const net::TlsSide side = client ? net::TlsSide::kClient : net::TlsSide::kServer;
  WARD_TRY(const auto end, make_channel_end(side, o.channel));
  auto listener = listen_on(*listen);
  if (!listener && listener.error().code() == Errc::kMalformed) {
    return fail(kUsage, "--listen: not an IP address", "as in 127.0.0.1:8081");
  }
  if (!listener) return fail(kCouldNotTell, o.listen + ": " + error_text(listener.error()));
  if (!block_ends()) return fail(kCouldNotTell, "signals cannot be blocked");
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  const keep::UniqueFd stop(::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!stop.valid()) return fail(kCouldNotTell, "signals cannot be read");
  ChannelEvents events(o.json, false);
  events.listening(listener->address, end->own_key);
  const Serving serving{*end, *std::move(listener), *to, stop.get(), events};
  if (client) {
    serve_client(serving);
  } else {
    serve_server(serving);
  }
  return kAccepted;
}

}  // namespace

void add_proxy(args::Command& app, Action& action) {
  const auto o = std::make_shared<Options>();
  args::Command* c = app.add_subcommand(
      "proxy",
      "one end of an attested channel for any TCP program, at the client's or the server's side");
  c->add_option("--side", o->side,
                "client: programs here reach --to, a ward proxy. server: what "
                "comes through channels reaches --to, a program here")
      ->required()
      ->one_of({"client", "server"});
  c->add_option("--listen", o->listen, "ADDRESS:PORT; port 0 takes a free one")->required();
  c->add_option("--to", o->to, "HOST:PORT")->required();
  c->add_flag("--require", o->channel.require, "want evidence of the other end");
  c->add_option("--server-key", o->channel.server_key,
                "client: the SHA-256 of the server's TLS key, which must be this one");
  add_channel_options(*c, o->channel);
  c->add_flag("--json", o->json, "print events as JSON, one a line (ward.channel/1)");
  c->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace ward::cli
