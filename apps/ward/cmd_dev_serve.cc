#include <memory>
#include <string>

#include "apps/ward/cli.h"
#include "apps/ward/commands.h"
#include "apps/ward/dev_collateral.h"
#include "apps/ward/listening.h"
#include "args/args.h"
#include "codec/json_write.h"

namespace ward::cli {
namespace {

struct Options {
  std::string dir;
  std::string listen = "127.0.0.1:0";
  bool json = false;
};

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
  return print(text);
}

int run_serve(const Options& o) {
  const auto collateral = DevCollateral::load(o.dir);
  if (!collateral) {
    return fail(kCouldNotTell, collateral.error(),
                "`ward dev init DIR` makes a development platform");
  }
  return serve_until_end(
      {.listen = o.listen,
       .bounds = small_bounds(),
       .handler =
           [&](const protocol::HttpRequest& request) { return collateral->answer(request); }},
      [&](const std::string& url) { return tell(o, url); });
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
