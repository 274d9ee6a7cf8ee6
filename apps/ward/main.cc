#include <algorithm>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "apps/ward/channel_commands.h"
#include "apps/ward/cli.h"
#include "apps/ward/commands.h"
#include "apps/ward/role.h"
#include "args/args.h"
#include "args/standard_streams.h"
#include "crypto/p384.h"

namespace {

using ward::cli::Register;

#ifdef WARD_FIRST  // what ./run builds before all the rest
constexpr Register kCommands[] = {ward::cli::add_verify};
#else
// In the order of `ward --help`.
constexpr Register kCommands[] = {
    ward::cli::add_demo,     ward::cli::add_up,         ward::cli::add_role,
    ward::cli::add_verify,   ward::cli::add_attest,     ward::cli::add_inspect,
    ward::cli::add_checks,   ward::cli::add_advisories, ward::cli::add_dev,
    ward::cli::add_keep,     ward::cli::add_seal,       ward::cli::add_open,
    ward::cli::add_key,      ward::cli::add_secret,     ward::cli::add_lease,
    ward::cli::add_sev,      ward::cli::add_keystone,   ward::cli::add_tpm,
    ward::cli::add_policy,   ward::cli::add_refval,     ward::cli::add_appraisal,
    ward::cli::add_ledger,   ward::cli::add_token,      ward::cli::add_login,
    ward::cli::add_tenant,   ward::cli::add_admin,      ward::cli::add_connect,
    ward::cli::add_proxy,    ward::cli::add_watch,      ward::cli::add_webhook,
    ward::cli::add_incident,
};
#endif

int run(int argc, char** argv) {
  ward::args::Program program(
      "ward",
      "ward: run code and use data on computers that you do not trust. Keys go only to code that\n"
      "has proved what it is, on a platform that has proved what it is.\n"
      "Exit: 0 accepted or done, 1 refused, 2 usage, 3 could not tell.",
      std::string("ward ") + WARD_VERSION + "\nP-384 signatures: " + ward::crypto::p384::name());
  program.command().require_subcommand(1);
  ward::cli::Action action;
  for (const Register add : kCommands) {
    add(program.command(), action);
  }
  const ward::args::Parsed parsed = program.parse(argc, argv);
  if (parsed.done) return ward::cli::kAccepted;
  if (!parsed.error.empty()) return ward::cli::fail(ward::cli::kUsage, parsed.error, parsed.hint);
  const int code = action ? action() : ward::cli::kUsage;
  if (std::fflush(stdout) != 0) {
    return ward::cli::fail(ward::cli::kCouldNotTell, "standard output cannot be written");
  }
  return code;
}

// asks_for_json looks for the flag itself: a command line that is wrong otherwise is told in JSON
// too.
bool asks_for_json(int argc, char** argv) {
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  const auto is = [](std::string_view what) {
    return [what](const char* word) { return word == what; };
  };
  const auto end = std::ranges::find_if(words, is("--"));  // behind it: a workload's own words
  return std::any_of(words.begin(), end, is("--json"));
}

}  // namespace

int main(int argc, char** argv) {
  int code = ward::cli::kCouldNotTell;
  if (!ward::args::hold_standard_streams()) return code;
  try {
    code = run(argc, argv);
  } catch (const std::exception& error) {  // out of memory, a library's own bug
    code = ward::cli::fail(ward::cli::kCouldNotTell, error.what());
  }
  return ward::cli::finish(code, asks_for_json(argc, argv));
}
