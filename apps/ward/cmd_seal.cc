#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "apps/ward/key_files.h"
#include "apps/ward/output_file.h"
#include "apps/ward/sealed_cli.h"
#include "apps/ward/terminal.h"
#include "args/args.h"
#include "codec/json_write.h"
#include "keys/soft/soft_keys.h"
#include "seal/file/sealed_file.h"

// ward seal FILE...: encrypts files to those who may open them.
namespace ward::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  std::vector<std::string> recipients;
  std::string resource;
  std::string key_file;
  std::string passphrase_file;
  bool passphrase = false;
  std::string output;
  std::string name;
  std::string creator;
  std::string created;
  std::uint64_t content_version = 1;
  bool force = false;
  bool json = false;
};

// Receivers holds what a request borrows.
struct Receivers {
  keys::SoftKeys keys;
  SecretBytes passphrase;
  std::vector<seal::Receiver> list;
  std::string about;  // the file that is being read
};

Result<void> load(const Options& options, Receivers& out) {
  if (!options.resource.empty()) {
    out.about = options.key_file;
    WARD_TRY(SecretBytes key, read_resource_key(options.key_file));
    WARD_CHECK_OK(out.keys.add_wrapping_key(options.resource, std::move(key)));
    out.list.emplace_back(seal::ToResource{.keys = &out.keys, .resource = options.resource});
  }
  for (const std::string& path : options.recipients) {
    out.about = path;
    WARD_TRY(crypto::PublicKey key, read_recipient(path));
    out.list.emplace_back(seal::ToRecipient{std::move(key)});
  }
  if (!options.passphrase_file.empty()) {
    out.about = options.passphrase_file;
    WARD_TRY(out.passphrase, read_passphrase(options.passphrase_file));
    out.list.emplace_back(seal::ToPassphrase{.passphrase = &out.passphrase});
  }
  if (options.passphrase) {
    out.about = "terminal";
    WARD_TRY(out.passphrase, ask_passphrase(true));
    out.list.emplace_back(seal::ToPassphrase{.passphrase = &out.passphrase});
  }
  return {};
}

std::string output_of(const Options& options, const std::string& file) {
  return options.output.empty() ? file + std::string(kSealedSuffix) : options.output;
}

// Says what is wrong with the command itself, before a file is touched.
std::optional<std::string> usage_fault(const Options& options) {
  if (options.resource.empty() && options.recipients.empty() && options.passphrase_file.empty() &&
      !options.passphrase) {
    return "nobody could open it: give --to, --resource, --passphrase or --passphrase-file";
  }
  if (options.resource.empty() != options.key_file.empty()) {
    return "--resource and --key belong together";
  }
  if (!options.resource.empty() && !seal::is_resource_path(options.resource)) {
    return "--resource is REPOSITORY/TYPE/TAG";
  }
  if (options.files.size() > 1 && (!options.output.empty() || !options.name.empty())) {
    return "-o and --name are for one file";
  }
  if (options.output == "-") return "a sealed file is not written to standard output";
  return std::nullopt;
}

Outcome seal_one(const Options& options, const Receivers& receivers, const std::string& file) {
  const std::string target = output_of(options, file);
  Outcome outcome{.file = file, .output = target, .head = {}, .error = {}, .about = file};
  InputFile in;
  if (auto opened = in.open(file); !opened) return outcome.with(opened.error());
  auto out = prepare_output(target, options.force, OutputFile::Readers::kUmask);
  if (!out) return outcome.with(out.error(), target);
  seal::SealRequest request;
  request.name =
      options.name.empty() ? std::filesystem::path(file).filename().string() : options.name;
  request.content_version = options.content_version;
  request.creator = options.creator;
  request.created = options.created.empty() ? system_now() : *parse_rfc3339(options.created);
  request.size = in.size();
  request.receivers = receivers.list;
  Progress progress("sealing", file, in.size());
  crypto::SystemRng rng;
  auto head = seal::seal(request, rng, in.reader([&](std::size_t n) { progress.add(n); }),
                         [&](Bytes bytes) { return out->write(bytes); });
  if (!head) return outcome.with(head.error());
  if (auto done = out->commit(options.force); !done) return outcome.with(done.error(), target);
  outcome.head = *std::move(head);
  return outcome;
}

int run(const Options& options) {
  protect_process();
  if (const auto fault = usage_fault(options)) {
    return fail(kUsage, *fault, "see `ward seal --help`");
  }
  if (!options.created.empty() && !parse_rfc3339(options.created)) {
    return not_a_time("--created", options.created);
  }
  Receivers receivers;
  if (const auto loaded = load(options, receivers); !loaded) {
    return own_file_failure(receivers.about, loaded.error());
  }
  std::vector<Outcome> outcomes;
  for (const std::string& file : options.files) {
    outcomes.push_back(seal_one(options, receivers, file));
  }
  return report("ward.seal/1", outcomes, options.json);
}

}  // namespace

void add_seal(args::Command& app, Action& action) {
  auto options = std::make_shared<Options>();
  args::Command* command = app.add_subcommand(
      "seal", "encrypt files to those who may open them (FILE becomes FILE.sealed)");
  command->add_option("FILE", options->files, "files to seal")->required()->type_name("");
  command
      ->add_option("--to", options->recipients,
                   "public key of a recipient (JWK or PEM, P-256); may be given again")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command
      ->add_option("--resource", options->resource,
                   "the key's place at the broker, for keeps that the broker accepts")
      ->type_name("REPOSITORY/TYPE/TAG");
  command->add_option("--key", options->key_file, "that key (`ward key new --kind resource`)")
      ->type_name("FILE");
  auto* ask = command->add_flag("--passphrase", options->passphrase, "ask for a passphrase");
  command->add_option("--passphrase-file", options->passphrase_file, "a passphrase on one line")
      ->type_name("FILE")
      ->excludes(ask);
  command->add_option("-o,--output", options->output, "where to write the sealed file")
      ->type_name("FILE");
  command->add_option("--name", options->name, "logical name (the file's own)")->type_name("NAME");
  command->add_option("--creator", options->creator, "who seals it")->type_name("TEXT");
  command
      ->add_option("--content-version", options->content_version,
                   "version number of the content, counted by its owner (1)")
      ->type_name("N");
  command->add_option("--created", options->created, "time to write, RFC 3339 in UTC (now)")
      ->type_name("TIME");
  command->add_flag("--force", options->force, "replace an output that exists");
  command->add_flag("--json", options->json, "print one JSON object (ward.seal/1)");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace ward::cli
