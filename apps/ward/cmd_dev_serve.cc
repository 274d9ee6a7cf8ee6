#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include <unistd.h>

#include "apps/ward/cli.h"
#include "apps/ward/commands.h"
#include "apps/ward/dev_collateral.h"
#include "args/args.h"
#include "codec/json_write.h"
#include "net/http/server.h"

namespace ward::cli {
namespace {

struct Options {
  std::string dir;
  std::string listen = "127.0.0.1:0";
  bool json = false;
};

// What is asked for is short and has no body; nobody needs many connections to it.
net::ServerOptions bounds() {
  net::ServerOptions out;
  out.max_body_bytes = 1024;
  out.max_header_bytes = 16U << 10U;
  out.max_connections = 64;
  out.io_threads = 1;
  out.handler_threads = 1;
  return out;
}

// "ADDRESS:PORT", an IPv6 address in brackets.
bool read_listen(std::string_view text, net::ServerOptions& out) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  } else if (address.find(':') != std::string_view::npos) {
    return false;
  }
  unsigned port = 0;
  const std::string_view digits = text.substr(colon + 1);
  if (digits.empty() || digits.size() > 5) return false;
  for (const char c : digits) {
    if (c < '0' || c > '9') return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  if (port > 65535 || address.empty()) return false;
  out.address = std::string(address);
  out.port = static_cast<std::uint16_t>(port);
  return true;
}

std::string url_of(const net::ServerOptions& options, std::uint16_t port) {
  const bool v6 = options.address.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + options.address + "]" : options.address) + ":" +
         std::to_string(port);
}

int tell(const Options& o, const std::string& url) {
  std::string text = url +
                     "\nserving the collateral of a development platform until it is interrupted. "
                     "THIS IS NOT A TEE.\n";
  if (o.json) {
    codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
    w.begin_object();
    w.name("schema").string("ward.dev_serve/1");
    w.name("development").boolean(true);
    w.name("url").string(url);
    w.end_object();
    const auto json = w.take();
    if (!json) return fail(kCouldNotTell, error_text(json.error()));
    text = *json + '\n';
  }
  const int code = print(text);
  if (std::fflush(stdout) != 0) return fail(kCouldNotTell, "standard output cannot be written");
  return code;
}

int run_serve(const Options& o) {
  net::ServerOptions options = bounds();
  if (!read_listen(o.listen, options)) {
    return fail(kUsage, "--listen: not ADDRESS:PORT",
                "as in 127.0.0.1:8081; port 0 takes a free one");
  }
  const auto collateral = DevCollateral::load(o.dir);
  if (!collateral) {
    return fail(kCouldNotTell, collateral.error(),
                "`ward dev init DIR` makes a development platform");
  }
  // Before the server's threads begin: they inherit it, and the signal waits for sigwait.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  if (::pthread_sigmask(SIG_BLOCK, &ends, nullptr) != 0) {
    return fail(kCouldNotTell, "signals cannot be blocked");
  }
  const auto server = net::serve_http(
      options, [&](const protocol::HttpRequest& request) { return collateral->answer(request); });
  if (!server && server.error().code() == Errc::kMalformed) {
    return fail(kUsage, "--listen: not an IP address", "as in 127.0.0.1:8081");
  }
  if (!server) return fail(kCouldNotTell, o.listen + ": cannot be listened on");
  if (const int code = tell(o, url_of(options, (*server)->port())); code != kAccepted) return code;
  int which = 0;
  while (::sigwait(&ends, &which) != 0) {
  }
  (*server)->stop();
  return kAccepted;
}

}  // namespace

void add_dev_serve(args::Command& dev, Action& action) {
  auto o = std::make_shared<Options>();
  args::Command* c = dev.add_subcommand(
      "serve", "serve a platform's collateral over HTTP, as Intel's PCCS and AMD's KDS would");
  c->add_option("DIR", o->dir, "the folder that `ward dev init` made")->required();
  c->add_option("--listen", o->listen, "ADDRESS:PORT; port 0 takes a free one")
      ->capture_default_str();
  c->add_flag("--json", o->json, "print JSON (ward.dev_serve/1)");
  c->callback([o, &action] { action = [o] { return run_serve(*o); }; });
}

}  // namespace ward::cli
