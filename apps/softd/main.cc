// softd: the "processor" of the software TEE. It holds the development platform's device root,
// alone starts and measures keeps, and vouches for them with genuine SGX and TDX quotes and SEV-SNP
// reports under roots that say that they are not a TEE's.
#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "apps/softd/connection.h"
#include "apps/softd/service.h"
#include "args/args.h"
#include "args/standard_streams.h"
#include "base/shell_word.h"
#include "keep/host.h"
#include "keep/keep_init.h"
#include "tee/soft/attester/device_dir.h"

namespace {

using namespace ward;  // NOLINT(google-build-using-namespace): a program in its words

constexpr int kDone = 0;
constexpr int kRefused = 1;
constexpr int kUsage = 2;
constexpr int kCouldNotTell = 3;

struct Options {
  std::string device;
  std::string agent;
  std::string socket;
  std::vector<unsigned> users;
  int connection = -1;
};

int fail(int code, const std::string& what, const std::string& hint = {}) {
  (void)std::fprintf(stderr, "softd: error: %s\n", what.c_str());
  if (!hint.empty()) (void)std::fprintf(stderr, "softd: hint: %s\n", hint.c_str());
  return code;
}

int fail_with(const keep::Failure& failure) {
  return fail(failure.code == Errc::kDenied ? kRefused : kCouldNotTell, failure.what);
}

std::string agent_of(const Options& options) {
  if (!options.agent.empty()) return options.agent;
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "ward-keep";
}

// hide_memory keeps the device root from core files and, as root, from every other user. An
// ordinary user's softd stays dumpable: an undumpable process may not map the user ids of its
// keeps, and the device root lies in that user's own files anyway.
bool hide_memory() {
  rlimit none{.rlim_cur = keep::kNoCore, .rlim_max = keep::kNoCore};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) {
    none = {.rlim_cur = 0, .rlim_max = 0};  // as much as was allowed to this process
    if (::setrlimit(RLIMIT_CORE, &none) != 0) return false;
  }
  return !keep::host_ids(0).privileged || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

int serve_socket(const Options& options, const soft::Platform& platform) {
  const softd::ServiceOptions service{.socket_path = options.socket,
                                      .users = {options.users.begin(), options.users.end()},
                                      .agent = agent_of(options)};
  auto listener = softd::listen_at(service);
  if (!listener) return fail_with(listener.error());
  if (keep::host_ids(0).privileged) {
    std::printf(
        "softd: listening on %s: a software TEE, not a TEE; as root: each keep has a user "
        "id of its own\n",
        options.socket.c_str());
  } else {
    std::printf(
        "softd: listening on %s: a software TEE, not a TEE; as user %u: nothing in a keep "
        "is kept from that same user\n",
        options.socket.c_str(), ::geteuid());
  }
  (void)std::fflush(stdout);
  const auto done = softd::serve(*std::move(listener), service, platform);
  return done ? kDone : fail_with(done.error());
}

int run(const Options& options) {
  if (options.socket.empty() == (options.connection < 0)) {
    return fail(kUsage, "give --socket PATH (or --connection FD)", "see `softd --help`");
  }
  if (!options.users.empty() && ::geteuid() != 0 && !keep::host_ids(0).privileged) {
    return fail(
        kUsage,
        "--allow-user: this user cannot read files with another one's rights, only with its "
        "own",
        "start softd as root to serve several users");
  }
  if (!hide_memory()) return fail(kCouldNotTell, "this process cannot hide its memory");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return fail(kCouldNotTell, "this process cannot give up new privileges");
  }
  const std::string agent = agent_of(options);
  if (::access(agent.c_str(), R_OK) != 0) {
    return fail(kCouldNotTell, agent + ": no such program", "name ward-keep with --agent");
  }
  if (const auto exposed = soft::exposed_secret(options.device)) {
    return fail(
        kRefused, *exposed + ": a secret that others may read",
        "`chmod 600 " + shell_path(*exposed) + "`; make a new platform if somebody read it");
  }
  const auto platform = soft::open_platform(options.device);
  if (!platform) {
    const std::string root = options.device + "/device/device_root";
    if (::access(root.c_str(), R_OK) != 0 && errno == EACCES) {
      return fail(kCouldNotTell, platform.error(), "the user who made the platform may read it");
    }
    return fail(kCouldNotTell, platform.error(),
                "`ward dev init DIR` makes a development platform");
  }
  (void)std::fprintf(stderr, "softd: %s\n", softd::kMark);
  if (!options.socket.empty()) return serve_socket(options, **platform);
  const auto done = softd::serve_one(options.connection, agent, **platform);
  return done ? kDone : fail_with(done.error());
}

int parse_and_run(int argc, char** argv) {
  args::Program program("softd",
                        "softd: the software TEE's processor: starts and measures keeps and "
                        "vouches for them under a\n"
                        "development root. It is not a TEE: root of this machine sees everything.\n"
                        "Exit: 0 done, 1 refused, 2 usage, 3 could not tell.",
                        "");
  args::Command& app = program.command();
  Options options;
  app.add_option("--device", options.device, "development platform, made by `ward dev init`")
      ->required();
  app.add_option("--socket", options.socket, "where to listen; only this user may connect");
  app.add_option("--allow-user", options.users, "uid that may start keeps too; may be given again");
  app.add_option("--agent", options.agent, "the ward-keep program (beside this one)");
  app.add_option("--connection", options.connection,
                 "serve this one inherited socket and end (ward keep run --device)");
  const args::Parsed parsed = program.parse(argc, argv);
  if (parsed.done) return kDone;
  if (!parsed.error.empty()) return fail(kUsage, parsed.error, parsed.hint);
  return run(options);
}

}  // namespace

int main(int argc, char** argv) {
  if (!args::hold_standard_streams()) return kCouldNotTell;
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    return fail(kCouldNotTell, error.what());
  }
}
