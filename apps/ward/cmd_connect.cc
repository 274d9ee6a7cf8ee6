#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/ward/channel_commands.h"
#include "apps/ward/channel_server.h"
#include "apps/ward/cli.h"
#include "args/args.h"
#include "protocol/channel/checks.h"
#include "tee/all.h"

extern char** environ;

// ward connect: runs a command whose connections to a loopback address go through attested
// channels (docs/protocols/attested-tls.md).
namespace ward::cli {
namespace {

struct Options {
  std::string server;
  std::vector<std::string> command;
  ChannelOptions channel;
  bool json = false;
};

constexpr const char* kVariable = "WARD_CONNECT";
constexpr int kPatience_ms = 3000;  // for connections that the command left behind

void raise(const keep::UniqueFd& event) {
  const std::uint64_t one = 1;
  (void)!::write(event.get(), &one, sizeof one);
}

// with_address puts the address wherever a word has {}.
std::vector<std::string> with_address(std::vector<std::string> words, const std::string& address) {
  for (std::string& word : words) {
    for (auto at = word.find("{}"); at != std::string::npos; at = word.find("{}", at)) {
      word.replace(at, 2, address);
      at += address.size();
    }
  }
  return words;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (std::string& word : words)
    out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

// spawn starts the command with our streams; with --json its stdout is our stderr.
Result<pid_t> spawn(std::vector<std::string> words, const std::string& address, bool json) {
  std::vector<std::string> variables = {std::string(kVariable) + "=" + address};
  for (char** one = environ; *one != nullptr; ++one) {
    if (!std::string_view(*one).starts_with("WARD_CONNECT=")) variables.emplace_back(*one);
  }
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(variables);
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  ::posix_spawn_file_actions_init(&actions);
  if (json) ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t child = -1;
  const int error =
      ::posix_spawnp(&child, argv[0], &actions, &attributes, argv.data(), envp.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return Error(Errc::kUnavailable, "cannot be started", static_cast<std::uint64_t>(error));
  }
  return child;
}

sigset_t watched() {
  sigset_t out;
  sigemptyset(&out);
  for (const int signal : {SIGINT, SIGTERM, SIGCHLD})
    sigaddset(&out, signal);
  return out;
}

// wait_for gives SIGINT and SIGTERM on to the command, and returns its exit code.
int wait_for(pid_t child, int signals) {
  while (true) {
    int status = 0;
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pollfd one{signals, POLLIN, 0};
    (void)::poll(&one, 1, -1);
    signalfd_siginfo info{};
    if (::read(signals, &info, sizeof info) != sizeof info) continue;
    if (info.ssi_signo != SIGCHLD) (void)::kill(child, static_cast<int>(info.ssi_signo));
  }
}

// hint_of is what to do about a check: of the channel's own, or of a TEE's.
std::string hint_of(const std::string& check) {
  const auto in = [&](std::span<const attest::CheckInfo> table) {
    const auto found = std::ranges::find(table, check, &attest::CheckInfo::id);
    return found == table.end() ? std::string() : std::string(found->hint);
  };
  std::string out = in(protocol::channel::check_table());
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    if (out.empty()) out = in(scheme->info().checks);
  }
  return out;
}

// refused says why there is no channel, and returns the code.
int refused(const Carried& carried, const std::string& server) {
  const std::string hint = hint_of(carried.refusal->check);
  return fail(exit_code(carried),
              server + (carried.refusal->by_peer ? ": the other end refuses: " : ": ") +
                  words_of(*carried.refusal),
              hint);
}

// probe opens one channel and ends it in good order, before anything is started: what is refused
// then, no command sees.
Carried probe(ChannelEnd& end, const HostPort& server, int stop) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    Carried out;
    out.refusal = protocol::channel::Refusal{
        .check = protocol::channel::check_info(protocol::channel::CheckId::kProgram).id,
        .found = "no socket",
        .could_not_tell = true};
    return out;
  }
  const keep::UniqueFd here(ends[0]);
  keep::UniqueFd there(ends[1]);
  (void)::shutdown(here.get(), SHUT_WR);
  return carry_out(end, server, std::move(there), stop, [](std::uint32_t) {});
}

int run(const Options& o) {
  const auto server = host_port(o.server);
  if (!server || server->port == 0) {
    return fail(kUsage, o.server + ": not HOST:PORT", "as in example.org:8443");
  }
  if (o.command.empty()) {
    return fail(kUsage, "no command", "ward connect HOST:PORT -- curl http://{}/");
  }
  WARD_TRY(const auto end, make_channel_end(net::TlsSide::kClient, o.channel));
  const keep::UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const sigset_t signals = watched();
  if (!stop.valid()) return fail(kCouldNotTell, "no descriptor");
  const Carried first = probe(*end, *server, stop.get());
  if (first.refusal) return refused(first, o.server);
  auto listener = listen_on({.host = "127.0.0.1", .port = 0});
  if (!listener) return fail(kCouldNotTell, error_text(listener.error()));
  if (::pthread_sigmask(SIG_BLOCK, &signals, nullptr) != 0) {
    return fail(kCouldNotTell, "signals cannot be blocked");
  }
  const keep::UniqueFd signalled(::signalfd(-1, &signals, SFD_CLOEXEC));
  ChannelEvents events(o.json, true);
  events.listening(listener->address, end->own_key);
  const keep::UniqueFd last(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));  // no more connections
  const keep::UniqueFd done(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  std::jthread serving([&] {
    serve_connections(*listener, last.get(), [&](keep::UniqueFd local, std::uint64_t n) {
      events.ended(n, carry_out(*end, *server, std::move(local), stop.get(),
                                [&](std::uint32_t rounds) { events.attested(n, rounds); }));
    });
    raise(done);
  });
  const auto child = spawn(with_address(o.command, listener->address), listener->address, o.json);
  const int status = child ? wait_for(*child, signalled.get()) : 0;
  raise(last);
  pollfd ended{done.get(), POLLIN, 0};
  (void)::poll(&ended, 1, kPatience_ms);
  raise(stop);
  serving.join();
  if (!child) return fail(kCouldNotTell, o.command[0] + ": " + error_text(child.error()));
  events.command(status);
  if (const auto worst = events.worst(); worst.code != kAccepted) {
    return fail(worst.code, o.server + ": " + worst.why);
  }
  if (status == 0) return kAccepted;
  return fail(kRefused, o.command[0] + ": exit " + std::to_string(status) +
                            "; the channel itself was accepted");
}

}  // namespace

void add_connect(args::Command& app, Action& action) {
  const auto o = std::make_shared<Options>();
  o->channel.require = true;
  args::Command* c = app.add_subcommand(
      "connect",
      "run a command whose connections to {} (WARD_CONNECT) go through an attested channel");
  c->add_option("SERVER", o->server, "HOST:PORT of a ward proxy --side server --attest")
      ->required();
  c->add_option(
      "COMMAND", o->command,
      "behind --: the command and its words; {} is the address that leads into the channel");
  c->add_option("--server-key", o->channel.server_key,
                "the SHA-256 of the server's TLS key, which must be this one");
  add_channel_options(*c, o->channel);
  c->add_flag(
      "--json", o->json,
      "print events as JSON, one a line (ward.channel/1); the command's stdout goes to stderr");
  c->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace ward::cli
