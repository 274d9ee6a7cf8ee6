#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include "apps/ward/case_folder.h"
#include "apps/ward/cli.h"
#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "args/args.h"
#include "base/bytes.h"
#include "base/file_error.h"
#include "base/time.h"
#include "codec/json_write.h"
#include "crypto/rng.h"
#include "tee/soft/attester/device_dir.h"

namespace ward::cli {
namespace {

constexpr unsigned kDefaultDays = 365;
constexpr unsigned kMaxDays = 3650;
constexpr std::size_t kMaxSeed = 1024;
constexpr UnixTime kNoMore{250'246'627'200};  // 9900-01-01: roots are valid for decades

struct Options {
  std::string dir;
  std::string at;
  std::string seed;
  std::string seed_file;
  std::vector<std::string> tees = {"sgx", "tdx", "snp"};
  unsigned days = kDefaultDays;
  bool json = false;
};

int refuse_to_overwrite(const std::string& dir) {
  return fail(kUsage, dir + ": exists and is not an empty folder; nothing was changed",
              "name a folder that does not exist yet");
}

// folder_above is where a folder of this name will stand.
std::string folder_above(const std::string& dir) {
  std::string name = dir;
  while (name.size() > 1 && name.back() == '/') {
    name.pop_back();
  }
  const std::string above = std::filesystem::path(name).parent_path().string();
  return above.empty() ? "." : above;
}

Result<soft::RandomSource, int> source_of(const Options& o) {
  if (!o.seed_file.empty()) {
    const auto seed = read_file(o.seed_file, kMaxSeed);
    if (!seed) return own_file_failure(o.seed_file, seed.error());
    if (seed->empty()) return fail(kUsage, o.seed_file + ": an empty seed");
    return soft::RandomSource(*seed);
  }
  if (o.seed.empty()) return soft::RandomSource();
  const Buffer seed = seed_octets(o.seed);
  if (seed.size() > kMaxSeed) return fail(kUsage, "--seed: more than 1024 octets");
  return soft::RandomSource(seed);
}

Result<UnixTime, int> time_of(const Options& o) {
  if (o.at.empty()) return system_now();
  const auto at = parse_rfc3339(o.at);
  if (!at) return not_a_time("--at", o.at);
  if (at->seconds >= kNoMore.seconds) {
    return fail(kUsage, "--at: no certificate is valid beyond the year 9999: " + o.at,
                "name a time before " + format_rfc3339(kNoMore));
  }
  return *at;
}

bool is_seeded(const Options& o) { return !o.seed.empty() || !o.seed_file.empty(); }

int print_made(const Options& o, const soft::InitOptions& made) {
  if (!o.json) {
    return print(
        "made a development platform in " + o.dir +
        "\n"
        "  root.pem     name it with --trust-root, together with --allow-development\n"
        "  collateral/  give it with --collateral; valid for " +
        std::to_string(o.days) +
        " days\n"
        "  device/, ca/ secrets: keep them with softd\n"
        "THIS IS NOT A TEE: the administrator of the machine can read everything in its keeps.\n" +
        (is_seeded(o) ? "MADE FROM A SEED: whoever knows it knows every key of this platform.\n"
                      : ""));
  }
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object();
  w.name("schema").string("ward.dev_init/1");
  w.name("development").boolean(true);
  w.name("root").string(o.dir + "/root.pem");
  w.name("collateral").string(o.dir + "/collateral");
  w.name("device").string(o.dir + "/device");
  w.name("tees").begin_array();
  for (const char* tee : {"sgx", "tdx"}) {
    if (made.intel) w.string(tee);
  }
  if (made.amd) w.string("snp");
  w.end_array();
  w.name("reproducible").boolean(is_seeded(o));
  w.name("collateral_from").string(format_rfc3339(made.from));
  w.name("collateral_until")
      .string(format_rfc3339({made.from.seconds + std::int64_t{made.days} * 86400}));
  w.end_object();
  const auto text = w.take();
  if (!text) return fail(kCouldNotTell, error_text(text.error()));
  return print(*text + '\n');
}

int run_init(const Options& o) {
  if (folder_taken(o.dir)) return refuse_to_overwrite(o.dir);
  const auto wanted = [&](std::string_view tee) {
    return std::ranges::find(o.tees, tee) != o.tees.end();
  };
  const auto at = time_of(o);
  if (!at) return at.error();
  const auto source = source_of(o);
  if (!source) return source.error();
  const soft::InitOptions options{
      .from = *at, .days = o.days, .intel = wanted("sgx") || wanted("tdx"), .amd = wanted("snp")};
  if (options.amd && ::isatty(STDERR_FILENO) == 1) {
    (void)std::fputs("ward: making three RSA keys of 4096 bits, as AMD's are: a few seconds\n",
                     stderr);
  }
  if (const std::string above = folder_above(o.dir); ::access(above.c_str(), F_OK) != 0) {
    return fail(kCouldNotTell, above + ": " + error_text(file_error(errno)),
                "make this folder first");
  }
  const auto done = soft::init(o.dir, options, *source);
  if (!done) return fail(kCouldNotTell, done.error());
  return print_made(o, options);
}

void add_init(args::Command& dev, const std::shared_ptr<Options>& o, Action& action) {
  args::Command* c =
      dev.add_subcommand("init", "make a development platform: roots, collateral, device secrets");
  c->add_option("DIR", o->dir, "a folder that does not exist yet, or is empty")->required();
  c->add_option("--tee", o->tees,
                "which faces it has; sgx and tdx are of one processor, so that either makes both")
      ->delimiter(',')
      ->one_of({"sgx", "tdx", "snp"})
      ->capture_default_str();
  c->add_option("--at", o->at, "from when on the collateral is valid (RFC 3339, UTC); now");
  c->add_option("--days", o->days, "how long the collateral is valid")
      ->in_range(1, kMaxDays)
      ->capture_default_str();
  args::Option* seed =
      c->add_option("--seed", o->seed,
                    "hex or text: the same seed, --at, --days and --tee give the same "
                    "files. Whoever knows it knows every "
                    "key: for tests, never for a secret");
  c->add_option("--seed-file", o->seed_file, "a file whose octets are the seed")->excludes(seed);
  c->add_flag("--json", o->json, "print JSON (ward.dev_init/1)");
  c->callback([o, &action] { action = [o] { return run_init(*o); }; });
}

}  // namespace

void add_dev(args::Command& app, Action& action) {
  auto o = std::make_shared<Options>();
  args::Command* dev = app.add_subcommand("dev", "the development platform (not a TEE)");
  dev->require_subcommand(1);
  add_init(*dev, o, action);
  add_dev_make(*dev, action);
  add_dev_serve(*dev, action);
  add_dev_sign(*dev, action);
}

}  // namespace ward::cli
