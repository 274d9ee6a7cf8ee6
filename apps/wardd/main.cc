#include <csignal>
#include <cstdio>
#include <ctime>
#include <exception>
#include <string>

#include "apps/wardd/clock.h"
#include "apps/wardd/config.h"
#include "apps/wardd/init.h"
#include "apps/wardd/memory.h"
#include "apps/wardd/rotate.h"
#include "apps/wardd/serve.h"
#include "args/args.h"
#include "args/standard_streams.h"
#include "server/files.h"
#include "server/token_algorithm.h"

namespace {

using ward::wardd::Config;
using ward::wardd::Memory;

constexpr int kUsage = 2;
constexpr int kCouldNotTell = 3;

int fail(int code, const std::string& what, const std::string& hint = {}) {
  (void)std::fprintf(stderr, "wardd: error: %s\n", what.c_str());
  if (!hint.empty()) (void)std::fprintf(stderr, "wardd: hint: %s\n", hint.c_str());
  return code;
}

int init(const ward::wardd::InitOptions& options) {
  ward::crypto::SystemRng rng;
  const auto made = ward::wardd::initialise(options, {std::time(nullptr)}, rng);
  if (!made) {
    const bool usage =
        made.error().code() == ward::Errc::kStale || made.error().code() == ward::Errc::kMalformed;
    return fail(usage ? kUsage : kCouldNotTell, options.folder + ": " + made.error().what());
  }
  std::printf("config      %s\nadmin_key   %s\nserver_key  %s\ntoken_key   %s\nledger_key  %s\n",
              made->config.c_str(), made->admin_key.c_str(), made->server_spki.c_str(),
              made->token_key_id.c_str(), made->ledger_key.c_str());
  (void)std::fprintf(
      stderr,
      "wardd: the administrator's key belongs to a person, not to this machine: move it.\n"
      "wardd: server_key is what clients pin; ledger_key is what auditors need.\n"
      "wardd: start with: wardd --config %s\n",
      made->config.c_str());
  return 0;
}

// block_signals lets the serving thread wait for them.
void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

// What is done with a configuration.
enum class Act { kServe, kCheck, kClockCorrected, kPublish, kSwitch, kCompromised };

int rotate(const Config& config, ward::server::Rotation how, const std::string& algorithm) {
  ward::crypto::SystemRng rng;
  const auto done =
      ward::wardd::rotate_token_keys(config, how, algorithm, {std::time(nullptr)}, rng);
  if (!done) return fail(done.error().exit, done.error().what, done.error().hint);
  std::printf("%s", done->c_str());
  (void)std::fprintf(stderr, "wardd: start the service again: it reads %s when it starts.\n",
                     config.token_key.c_str());
  return 0;
}

// Order is an act, and by which algorithm a new key signs; empty: as the one before it.
struct Order {
  Act act = Act::kServe;
  std::string token_algorithm;
};

int run_act(const Config& config, const Order& order, const Memory& memory) {
  using ward::server::Rotation;
  const Act act = order.act;
  const std::string& algorithm = order.token_algorithm;
  if (act == Act::kPublish) return rotate(config, Rotation::kPublish, algorithm);
  if (act == Act::kSwitch) return rotate(config, Rotation::kSwitch, algorithm);
  if (act == Act::kCompromised) return rotate(config, Rotation::kCompromised, algorithm);
  if (act == Act::kClockCorrected) {
    const auto done = ward::wardd::correct_clock(config, {std::time(nullptr)});
    if (!done) return fail(done.error().exit, done.error().what, done.error().hint);
    std::printf("%s\n", done->c_str());
    return 0;
  }
  const bool check_only = act == Act::kCheck;
  const auto done = check_only ? ward::wardd::check(config) : ward::wardd::serve(config, memory);
  if (!done) return fail(done.error().exit, done.error().what, done.error().hint);
  if (check_only) std::printf("ok\n");
  return 0;
}

int run_service(const std::string& path, const Order& order, const Memory& memory) {
  const auto text = ward::server::read_file(path, ward::wardd::kMaxConfigBytes);
  if (!text) {
    const bool absent = text.error().code() == ward::Errc::kUnavailable;
    return fail(absent ? kCouldNotTell : kUsage, path + ": " + text.error().what(),
                absent ? "`wardd init DIR` makes DIR/wardd.toml" : "");
  }
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const auto config = ward::wardd::parse_config(ward::as_text(*text), folder);
  if (!config) return fail(kUsage, path + ": " + to_text(config.error()));
  block_signals();
  return run_act(*config, order, memory);
}

void add_token_algorithm(ward::args::Command& command, std::string& value,
                         const std::string& help) {
  const auto& known = ward::server::kTokenAlgorithms;
  command.add_option("--token-algorithm", value, help)->one_of({known.begin(), known.end()});
}

int run(int argc, char** argv, const Memory& memory) {
  ward::args::Program program(
      "wardd",
      "wardd: ward's trust service. It appraises evidence and releases keys by their owners'\n"
      "policies. Exit: 0 done, 1 refused, 2 usage, 3 could not tell.",
      "");
  ward::args::Command& app = program.command();
  std::string config;
  bool check_only = false;
  bool clock_corrected = false;
  ward::wardd::InitOptions options;
  app.add_option("--config", config, "configuration file (TOML)");
  app.add_flag("--check", check_only, "load everything, open the store, and end");
  app.add_flag("--clock-corrected", clock_corrected,
               "tell the ledger that its newest time was wrong and the clock is right now");
  ward::args::Command* make =
      app.add_subcommand("init", "make a new service: keys, certificate, config");
  make->add_option("DIR", options.folder, "a folder that does not exist yet")->required();
  make->add_option("--name", options.name, "issuer and audience of results");
  make->add_option("--listen", options.listen, "address:port; port 0 lets the system choose");
  make->add_option("--host", options.hosts, "names and addresses for the TLS certificate");
  add_token_algorithm(*make, options.token_algorithm, "how results are signed (ES256)");
  bool publish = false;
  bool compromised = false;
  ward::args::Command* turn = app.add_subcommand(
      "rotate", "sign results with a new key; the old one stays known until they have expired");
  turn->add_option("--config", config, "configuration file (TOML)")->required();
  auto* first = turn->add_flag("--publish", publish,
                               "only make the next key known, which the next `rotate` puts to use");
  turn->add_flag("--compromised", compromised,
                 "a new key alone: what the old ones signed is void at once")
      ->excludes(first);
  std::string algorithm;
  add_token_algorithm(*turn, algorithm, "of a new key (that of the key that signs)");
  app.require_subcommand(0, 1);
  const ward::args::Parsed parsed = program.parse(argc, argv);
  if (parsed.done) return 0;
  if (!parsed.error.empty()) return fail(kUsage, parsed.error, parsed.hint);
  if (make->given()) return init(options);
  if (turn->given()) {
    const Act act = publish ? Act::kPublish : compromised ? Act::kCompromised : Act::kSwitch;
    return run_service(config, {act, algorithm}, memory);
  }
  if (config.empty()) return fail(kUsage, "no configuration", "wardd --config FILE, or wardd init");
  if (check_only && clock_corrected) return fail(kUsage, "--check and --clock-corrected: one act");
  const Act act = clock_corrected ? Act::kClockCorrected : check_only ? Act::kCheck : Act::kServe;
  return run_service(config, {act, ""}, memory);
}

}  // namespace

int main(int argc, char** argv) {
  if (!ward::args::hold_standard_streams()) return kCouldNotTell;
  try {
    // A peer that is gone, and a file that may not grow, are errors where they happen.
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): it cannot fail
    std::signal(SIGXFSZ, SIG_IGN);  // NOLINT(cert-err33-c)
    return run(argc, argv, ward::wardd::protect_memory());
  } catch (const std::exception& error) {  // out of memory, a library's own bug
    return fail(kCouldNotTell, error.what());
  }
}
