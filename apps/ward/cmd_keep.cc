#include <memory>
#include <string>
#include <vector>

#include "apps/ward/commands.h"
#include "apps/ward/keep_cli.h"
#include "apps/ward/soft_tee.h"
#include "args/args.h"
#include "codec/json_write.h"
#include "keep/fd.h"
#include "keep/infer.h"
#include "keep/launcher.h"

// ward keep new|measure: write a manifest for a command, and say what a manifest's identity is.
// cmd_keep_run.cc has `ward keep run`.
namespace ward::cli {
namespace {

struct Options {
  std::string manifest;
  std::string root = "/";
  std::string agent;
  std::string tee;
  std::string name = "workload";
  std::vector<std::string> command;
  std::vector<std::string> trees;
  std::vector<std::string> files;
  bool pin = false;
  bool init_data = false;
  bool runtime = false;
  bool json = false;
};

Result<keep::Measured, keep::Failure> measure(const keep::Manifest& manifest,
                                              const Options& options) {
  WARD_TRY(const keep::UniqueFd root, open_root(options.root));
  keep::LaunchRequest request{.manifest = &manifest, .root_fd = root.get()};
  request.agent = options.agent.empty() ? program_beside("ward-keep") : options.agent;
  return keep::measure(request);
}

Result<std::string> measured_json(const keep::Manifest& manifest, const keep::Measured& measured) {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.keep-measurement/1").member("name", manifest.name);
  w.member("workload", to_hex(measured.workload));
  w.member("manifest", to_hex(crypto::sha384(measured.canonical)));
  w.member("runtime", to_hex(crypto::sha256(measured.runtime)));
  w.name("launch_measurement").begin_object();
  for (const char* tee : {"soft-sgx", "soft-tdx", "soft-snp"}) {
    w.member(tee, to_hex(launch_measurement(**soft_face(tee), measured.runtime)));
  }
  w.end_object();
  w.member("init_data", measured.init_data);
  return w.end_object().take();
}

int show(const keep::Manifest& manifest, const keep::Measured& measured, const Options& options,
         const soft::Face* face) {
  if (options.json) {
    const auto text = measured_json(manifest, measured);
    if (!text) return fail(kCouldNotTell, error_text(text.error()));
    return print(*text + '\n');
  }
  if (options.init_data) return print(measured.init_data);
  if (face != nullptr) return print(to_hex(launch_measurement(*face, measured.runtime)) + '\n');
  return print(to_hex(measured.workload) + '\n');
}

int run_measure(const Options& options) {
  const soft::Face* face = nullptr;
  if (options.runtime || !options.tee.empty()) {
    const auto named = soft_face(options.tee.empty() ? "soft-sgx" : options.tee);
    if (!named) return fail_with(named.error());
    face = *named;
  }
  if (options.json + options.init_data + (face != nullptr) > 1) {
    return fail(kUsage, "--json, --init-data and --tee are alternatives",
                "one output at a time; --runtime is --tee soft-sgx, and --json has them all");
  }
  const auto loaded = load_manifest(options.manifest);
  if (!loaded) return manifest_failure(loaded.error());
  const auto measured = measure(loaded->manifest, options);
  if (!measured) return fail_with(measured.error());
  return show(loaded->manifest, *measured, options, face);
}

int run_new(const Options& options) {
  auto manifest = keep::infer_manifest({.name = options.name,
                                        .argv = options.command,
                                        .search_path = search_path(),
                                        .trees = options.trees,
                                        .more_files = options.files});
  if (!manifest) return fail_with(manifest.error());
  if (options.pin) {
    const auto measured = measure(*manifest, options);
    if (!measured) return fail_with(measured.error());
    const auto parsed = keep::parse_canonical(measured->canonical);
    if (!parsed) return fail(kCouldNotTell, error_text(parsed.error()));
    manifest = keep::pinned(*manifest, parsed->root);
  }
  const std::string text = keep::to_toml(*manifest);
  const auto again = keep::parse_manifest(as_bytes(text));
  if (!again) return fail(kUsage, "no manifest comes of this: " + to_text(again.error()));
  return print(text);
}

void add_measure(args::Command& keep, const std::shared_ptr<Options>& options, Action& action) {
  args::Command* measure = keep.add_subcommand(
      "measure", "print a manifest's identity: the workload digest that a policy names");
  measure->add_option("MANIFEST", options->manifest, "the manifest (TOML)")->required();
  measure->add_option("--root", options->root, "folder below which sources are looked up");
  measure->add_option("--agent", options->agent, "the ward-keep program");
  measure->add_flag("--init-data", options->init_data, "print the KBS init-data instead");
  measure->add_flag("--runtime", options->runtime,
                    "print the launch measurement of ward-keep instead, which a policy names under "
                    "`runtimes`: MRENCLAVE, MRTD or MEASUREMENT of the TEE that --tee names");
  measure->add_option("--tee", options->tee, "print that of this TEE (soft-sgx): " + soft_faces());
  measure->add_flag("--json", options->json, "all digests as JSON");
  measure->callback([options, &action] { action = [options] { return run_measure(*options); }; });
}

void add_new(args::Command& keep, const std::shared_ptr<Options>& options, Action& action) {
  args::Command* made = keep.add_subcommand(
      "new", "print a manifest for a command: ward keep new [OPTIONS] -- COMMAND ARGUMENTS...");
  made->add_option("--name", options->name, "name of the workload");
  made->add_option("--tree", options->trees, "folder to take whole; may be repeated")
      ->allow_extra_args(false);  // else it would take the `--` that begins the command
  made->add_option("--file", options->files, "further file to take; may be repeated")
      ->allow_extra_args(false);  // else it would take the `--` that begins the command
  made->add_flag("--pin", options->pin, "name every file alone, with its digest");
  made->add_option("--agent", options->agent, "the ward-keep program (for --pin)");
  made->add_option("COMMAND", options->command, "the command and its arguments")->required();
  made->callback([options, &action] { action = [options] { return run_new(*options); }; });
}

}  // namespace

void add_keep(args::Command& app, Action& action) {
  args::Command* keep = app.add_subcommand("keep", "workloads in attested, isolated keeps");
  keep->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  add_new(*keep, options, action);
  add_measure(*keep, options, action);
  add_keep_run(*keep, action);
}

}  // namespace ward::cli
