#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>

#include <CLI/CLI.hpp>

#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "codec/json_write.h"
#include "keep/fd.h"
#include "keep/infer.h"
#include "keep/launcher.h"

// ward keep new|measure: write a manifest for a command, and say what a manifest's identity is.
namespace ward::cli {
namespace {

struct Options {
  std::string manifest;
  std::string root = "/";
  std::string agent;
  std::string name = "workload";
  std::vector<std::string> command;
  std::vector<std::string> trees;
  std::vector<std::string> files;
  bool pin = false;
  bool init_data = false;
  bool json = false;
};

int fail_with(const keep::Failure& failure) {
  const bool cannot = failure.code == Errc::kUnavailable || failure.code == Errc::kInternal ||
                      failure.code == Errc::kLimit;
  return fail(cannot ? kCouldNotTell : kRefused, failure.what);
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// agent_path is ward-keep beside this program, where it is installed.
std::string agent_path(const Options& options) {
  if (!options.agent.empty()) return options.agent;
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "ward-keep";
}

Result<keep::Measured, keep::Failure> measure(const keep::Manifest& manifest,
                                              const Options& options) {
  const keep::UniqueFd root(::open(options.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid())
    return keep::Failure{.code = Errc::kUnavailable, .what = options.root + ": no such folder"};
  keep::LaunchRequest request{.manifest = &manifest, .root_fd = root.get()};
  request.agent = agent_path(options);
  return keep::measure(request);
}

Result<std::string> measured_json(const keep::Manifest& manifest, const keep::Measured& measured) {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.keep-measurement/1").member("name", manifest.name);
  w.member("workload", to_hex(measured.workload));
  w.member("manifest", to_hex(crypto::sha384(measured.canonical)));
  w.member("runtime", to_hex(crypto::sha256(measured.runtime)));
  w.member("init_data", measured.init_data);
  return w.end_object().take();
}

int show(const keep::Manifest& manifest, const keep::Measured& measured, const Options& options) {
  if (options.json) {
    const auto text = measured_json(manifest, measured);
    if (!text) return fail(kCouldNotTell, error_text(text.error()));
    print(*text + '\n');
  } else if (options.init_data) {
    print(measured.init_data);
  } else {
    print(to_hex(measured.workload) + '\n');
  }
  return kAccepted;
}

int run_measure(const Options& options) {
  const auto text = read_file(options.manifest, keep::kMaxManifestBytes);
  if (!text) return fail(kUsage, options.manifest + ": " + error_text(text.error()));
  const auto manifest = keep::parse_manifest(*text);
  if (!manifest) return fail(kUsage, options.manifest + ": " + to_text(manifest.error()));
  const auto measured = measure(*manifest, options);
  if (!measured) return fail_with(measured.error());
  return show(*manifest, *measured, options);
}

int run_new(const Options& options) {
  const char* path = std::getenv("PATH");
  auto manifest = keep::infer_manifest({.name = options.name,
                                        .argv = options.command,
                                        .search_path = path != nullptr ? path : "/usr/bin:/bin",
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
  print(keep::to_toml(*manifest));
  return kAccepted;
}

void add_measure(CLI::App& keep, const std::shared_ptr<Options>& options, Action& action) {
  CLI::App* measure = keep.add_subcommand(
      "measure", "print a manifest's identity: the workload digest that a policy names");
  measure->add_option("MANIFEST", options->manifest, "the manifest (TOML)")->required();
  measure->add_option("--root", options->root, "folder below which sources are looked up");
  measure->add_option("--agent", options->agent, "the ward-keep program");
  measure->add_flag("--init-data", options->init_data, "print the KBS init-data instead");
  measure->add_flag("--json", options->json, "all digests as JSON");
  measure->callback([options, &action] { action = [options] { return run_measure(*options); }; });
}

void add_new(CLI::App& keep, const std::shared_ptr<Options>& options, Action& action) {
  CLI::App* made = keep.add_subcommand(
      "new", "print a manifest for a command: ward keep new [OPTIONS] -- COMMAND ARGUMENTS...");
  made->add_option("--name", options->name, "name of the workload");
  made->add_option("--tree", options->trees, "folder to take whole; may be repeated")
      ->take_all()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  made->add_option("--file", options->files, "further file to take; may be repeated")
      ->take_all()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  made->add_flag("--pin", options->pin, "name every file alone, with its digest");
  made->add_option("--agent", options->agent, "the ward-keep program (for --pin)");
  made->add_option("COMMAND", options->command, "the command and its arguments")->required();
  made->callback([options, &action] { action = [options] { return run_new(*options); }; });
}

}  // namespace

void add_keep(CLI::App& app, Action& action) {
  CLI::App* keep = app.add_subcommand("keep", "workloads in attested, isolated keeps");
  keep->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  add_new(*keep, options, action);
  add_measure(*keep, options, action);
}

}  // namespace ward::cli
