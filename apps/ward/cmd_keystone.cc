#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "apps/ward/sealed_cli.h"
#include "args/args.h"
#include "codec/json_write.h"
#include "tee/keystone/measure.h"

// ward keystone measure: what a report of Keystone must state, from the files that are run.
namespace ward::cli {
namespace {

struct Options {
  std::string monitor;
  std::optional<std::uint64_t> monitor_size;
  std::string loader;
  std::string runtime;
  std::string eapp;
  bool json = false;

  [[nodiscard]] bool enclave() const {
    return !loader.empty() || !runtime.empty() || !eapp.empty();
  }
};

using Digest = crypto::Sha512Digest;

// read_own reads one of the caller's files, which is not empty.
Result<Buffer, int> read_own(const char* option, const std::string& path, std::size_t max) {
  auto out = read_file(path, max);
  if (!out) return own_file_failure(path, out.error());
  if (out->empty()) return fail(kUsage, std::string(option) + ": " + path + " is empty");
  return *std::move(out);
}

// Of a monitor no more is read than is measured: Linux may lie behind it.
Result<Digest, int> measured_monitor(const Options& o) {
  const std::size_t size = o.monitor_size.value_or(keystone::kMonitorSize);
  const auto image = read_front(o.monitor, std::min(size, keystone::kMaxMonitorSize));
  if (!image) return own_file_failure(o.monitor, image.error());
  const auto out = keystone::measure_monitor(*image, size);
  if (!out) return fail(kUsage, "--sm: " + error_text(out.error()));
  return *out;
}

Result<Digest, int> measured_enclave(const Options& o) {
  if (o.loader.empty() || o.runtime.empty() || o.eapp.empty()) {
    return fail(kUsage, "an enclave is made of three files: --loader, --runtime and --eapp",
                "the build of a Keystone application makes loader.bin, eyrie-rt and the "
                "application");
  }
  WARD_TRY(const Buffer loader, read_own("--loader", o.loader, keystone::kMaxFileSize));
  WARD_TRY(const Buffer runtime, read_own("--runtime", o.runtime, keystone::kMaxFileSize));
  WARD_TRY(const Buffer eapp, read_own("--eapp", o.eapp, keystone::kMaxFileSize));
  const auto out = keystone::measure_enclave({.loader = loader, .runtime = runtime, .eapp = eapp});
  if (!out) return fail(kUsage, error_text(out.error()));
  return *out;
}

int measure(const Options& o) {
  if (o.monitor.empty() && !o.enclave()) {
    return fail(kUsage, "nothing to measure",
                "name the security monitor with --sm, an enclave's files with --loader, --runtime "
                "and --eapp, or both");
  }
  if (o.monitor.empty() && o.monitor_size) {
    return fail(kUsage, "--sm-size is of the image that --sm names", "name it, or leave this out");
  }
  std::optional<std::string> monitor;
  std::optional<std::string> enclave;
  if (!o.monitor.empty()) {
    const auto digest = measured_monitor(o);
    if (!digest) return digest.error();
    monitor = to_hex(*digest);
  }
  if (o.enclave()) {
    const auto digest = measured_enclave(o);
    if (!digest) return digest.error();
    enclave = to_hex(*digest);
  }
  if (!o.json) {
    return print((monitor ? "measurement " + *monitor + "\n" : "") +
                 (enclave ? "workload " + *enclave + "\n" : ""));
  }
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.keystone-measurement/1");
  if (monitor) w.member("measurement", *monitor);
  if (enclave) w.member("workload", *enclave);
  const auto text = w.end_object().take();
  return text ? print(*text + '\n') : fail(kCouldNotTell, error_text(text.error()));
}

}  // namespace

void add_keystone(args::Command& app, Action& action) {
  args::Command* group =
      app.add_subcommand("keystone", "expected values of RISC-V Keystone's reports");
  group->require_subcommand(1);
  const auto o = std::make_shared<Options>();
  args::Command* c = group->add_subcommand(
      "measure",
      "compute the hashes of a security monitor and of an enclave, without running them");
  c->add_option(
       "--sm", o->monitor,
       "image that lies at the begin of RAM when the boot ROM measures it (fw_payload.bin)")
      ->type_name("FILE");
  c->add_option("--sm-size", o->monitor_size,
                "octets that the boot ROM measures; zeros stand behind a shorter image "
                "(" +
                    std::to_string(keystone::kMonitorSize) + ")")
      ->type_name("N");
  c->add_option("--loader", o->loader, "the enclave's loader (loader.bin)")->type_name("FILE");
  c->add_option("--runtime", o->runtime, "its runtime (eyrie-rt)")->type_name("FILE");
  c->add_option("--eapp", o->eapp, "its application")->type_name("FILE");
  c->add_flag("--json", o->json, "print one JSON object (ward.keystone-measurement/1)");
  c->callback([o, &action] { action = [o] { return measure(*o); }; });
}

}  // namespace ward::cli
