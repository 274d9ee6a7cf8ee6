#include <memory>
#include <string>

#include "apps/ward/case_folder.h"
#include "apps/ward/cli.h"
#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "args/args.h"
#include "base/bytes.h"
#include "codec/json_write.h"
#include "crypto/rng.h"
#include "tee/soft/attester/device_dir.h"

namespace ward::cli {
namespace {

constexpr unsigned kDefaultDays = 365;
constexpr unsigned kMaxDays = 3650;

struct Options {
  std::string dir;
  unsigned days = kDefaultDays;
  bool json = false;
};

int refuse_to_overwrite(const std::string& dir) {
  return fail(kUsage, dir + ": exists and is not an empty folder; nothing was changed",
              "name a folder that does not exist yet");
}

int run_init(const Options& o) {
  if (folder_taken(o.dir)) return refuse_to_overwrite(o.dir);
  const UnixTime at = system_now();
  crypto::SystemRng rng;
  const auto done = soft::init(o.dir, at, o.days, rng);
  if (!done) return fail(kCouldNotTell, done.error());
  if (o.json) {
    codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
    w.begin_object();
    w.name("schema").string("ward.dev_init/1");
    w.name("development").boolean(true);
    w.name("root").string(o.dir + "/root.pem");
    w.name("collateral").string(o.dir + "/collateral");
    w.name("device").string(o.dir + "/device");
    w.name("collateral_until").string(format_rfc3339({at.seconds + std::int64_t{o.days} * 86400}));
    w.end_object();
    const auto text = w.take();
    if (!text) return fail(kCouldNotTell, error_text(text.error()));
    return print(*text + '\n');
  }
  return print(
      "made a development platform in " + o.dir +
      "\n"
      "  root.pem     name it with --trust-root, together with --allow-development\n"
      "  collateral/  give it with --collateral; valid for " +
      std::to_string(o.days) +
      " days\n"
      "  device/, ca/ secrets: keep them with softd\n"
      "THIS IS NOT A TEE: the administrator of the machine can read everything in its keeps.\n");
}

}  // namespace

void add_dev(args::Command& app, Action& action) {
  auto o = std::make_shared<Options>();
  args::Command* dev = app.add_subcommand("dev", "the development platform (not a TEE)");
  dev->require_subcommand(1);
  args::Command* init =
      dev->add_subcommand("init", "make a development platform: root, collateral, device secrets");
  init->add_option("DIR", o->dir, "a folder that does not exist yet, or is empty")->required();
  init->add_option("--days", o->days, "how long the collateral is valid")
      ->in_range(1, kMaxDays)
      ->capture_default_str();
  init->add_flag("--json", o->json, "print JSON (ward.dev_init/1)");
  init->callback([o, &action] { action = [o] { return run_init(*o); }; });
  add_dev_make(*dev, action);
}

}  // namespace ward::cli
