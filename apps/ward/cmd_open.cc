#include <algorithm>
#include <cstdio>
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
#include "keys/soft/soft_keys.h"
#include "seal/file/fault.h"
#include "seal/file/provenance.h"
#include "seal/file/sealed_file.h"

// ward open FILE...: authenticates and decrypts sealed files.
namespace ward::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string identity;
  std::string resource_key;
  std::string passphrase_file;
  bool passphrase = false;
  std::string output;
  std::string expect_name;
  std::string expect_id;
  std::string jwks;
  std::string issuer;
  std::string workload;
  std::vector<std::string> inputs;
  std::optional<std::uint64_t> min_content_version;
  bool any_workload = false;
  bool allow_warning = false;
  bool allow_development = false;
  bool unchecked_provenance = false;
  bool force = false;
  bool json = false;
};

// Opening is what the options name, read.
struct Opening {
  std::optional<crypto::PrivateKey> identity;
  SecretBytes resource_key;
  SecretBytes passphrase;
  std::vector<token::JwsKey> token_keys;
  std::optional<seal::FileId> id;
  std::optional<seal::Workload> workload;
  std::vector<seal::ExpectedInput> inputs;  // names point into Options
  std::string about;                        // the file that is being read
};

Result<void> load(const Options& options, Opening& out) {
  if (!options.identity.empty()) {
    out.about = options.identity;
    WARD_TRY(crypto::PrivateKey key, read_identity(options.identity));
    out.identity.emplace(std::move(key));
  }
  if (!options.resource_key.empty()) {
    out.about = options.resource_key;
    WARD_TRY(out.resource_key, read_resource_key(options.resource_key));
  }
  if (!options.passphrase_file.empty()) {
    out.about = options.passphrase_file;
    WARD_TRY(out.passphrase, read_passphrase(options.passphrase_file));
  }
  if (options.passphrase) {
    out.about = "terminal";
    WARD_TRY(out.passphrase, ask_passphrase(false));
  }
  if (!options.jwks.empty()) {
    out.about = options.jwks;
    WARD_TRY(out.token_keys, read_jwks(options.jwks));
  }
  return {};
}

// read_hex reads the N octets of `option`; what is wrong where it cannot.
template <std::size_t N>
std::optional<std::string> read_hex(const char* option, const std::string& text, const char* whose,
                                    std::optional<std::array<std::uint8_t, N>>& out) {
  const auto octets = hex_value(option, text, N, whose);
  if (!octets) return octets.error().what;
  out = to_array<N>(*octets);
  return std::nullopt;
}

// NAME=ID; the name may hold "=", the id cannot.
std::optional<std::string> read_inputs(const Options& options, Opening& opening) {
  for (const std::string& text : options.inputs) {
    const std::size_t split = text.rfind('=');
    if (split == std::string::npos || split == 0) {
      return "--expect-input is NAME=ID, the id 32 hex digits";
    }
    std::optional<seal::FileId> id;
    if (auto fault = read_hex("--expect-input", text.substr(split + 1), "a file's id", id)) {
      return fault;
    }
    opening.inputs.push_back({.name = std::string_view(text).substr(0, split), .id = *id});
  }
  return std::nullopt;
}

// Where an output came from is checked completely or not at all.
std::optional<std::string> provenance_usage_fault(const Options& options, Opening& opening) {
  const bool any = !options.issuer.empty() || !options.workload.empty() || options.any_workload ||
                   !options.inputs.empty() || options.allow_warning || options.allow_development;
  if (options.jwks.empty()) {
    if (any) {
      return "--issuer, --expect-workload, --any-workload, --expect-input, --allow-warning "
             "and --allow-development need --jwks";
    }
    return std::nullopt;
  }
  if (options.unchecked_provenance) return "--jwks and --unchecked-provenance exclude each other";
  if (options.issuer.empty()) return "--jwks needs --issuer: who must have issued the token";
  if (options.workload.empty() != options.any_workload) {
    return "--jwks needs either --expect-workload or --any-workload";
  }
  if (!options.workload.empty()) {
    auto fault = read_hex("--expect-workload", options.workload, "a workload", opening.workload);
    if (fault) return fault;
  }
  return read_inputs(options, opening);
}

std::optional<std::string> usage_fault(const Options& options, Opening& opening) {
  if (options.identity.empty() && options.resource_key.empty() && options.passphrase_file.empty() &&
      !options.passphrase) {
    return "no key: give --identity, --resource-key, --passphrase or --passphrase-file";
  }
  if (options.files.size() > 1 && !options.output.empty()) return "-o is for one file";
  if (options.files.size() > 1 &&
      !(options.expect_name.empty() && options.expect_id.empty() && !options.min_content_version)) {
    return "--expect-name, --expect-id and --min-content-version are for one file";
  }
  if (options.output == "-" && options.json) return "--json and -o - both write to standard output";
  if (!options.expect_id.empty()) {
    if (auto fault = read_hex("--expect-id", options.expect_id, "a file's id", opening.id)) {
      return fault;
    }
  }
  return provenance_usage_fault(options, opening);
}

Result<seal::FileKey> unlock(const seal::Head& head, const Opening& opening) {
  // The one key that was given serves whatever resource the file names.
  keys::SoftKeys keys;
  for (const seal::Slot& slot : head.header.slots) {
    const auto* resource = std::get_if<seal::ResourceSlot>(&slot);
    if (resource != nullptr && !opening.resource_key.empty() &&
        !keys.has_wrapping_key(resource->resource)) {
      WARD_CHECK_OK(keys.add_wrapping_key(resource->resource, opening.resource_key.clone()));
    }
  }
  return seal::unlock(head,
                      {.keys = &keys,
                       .identity = opening.identity ? &*opening.identity : nullptr,
                       .passphrase = opening.passphrase.empty() ? nullptr : &opening.passphrase});
}

// Notes which faults of the provenance were looked for and not found before `fault`, or all.
void note_origin(const Options& options, std::optional<seal::Fault> fault, Outcome& outcome) {
  using enum seal::Fault;
  for (const seal::Fault one : seal::kProvenanceOrder) {
    if (one == fault) return;
    const bool asked = !(one == kTokenWarning && options.allow_warning) &&
                       !(one == kDevelopment && options.allow_development) &&
                       !(one == kWorkload && options.any_workload) &&
                       !(one == kInputs && options.inputs.empty());
    if (asked) outcome.add_passed({one});
  }
}

// note_unchecked lists what was not compared because nobody asked, or because no option asks.
void note_unchecked(const seal::Head& head, const Options& options, Outcome& outcome) {
  std::vector<std::string_view>& out = outcome.unchecked.emplace();
  const auto note = [&](bool unchecked, std::string_view what) {
    if (unchecked) out.push_back(what);
  };
  note(options.expect_name.empty(), "name");
  note(options.expect_id.empty(), "id");
  note(!options.min_content_version, "content_version");
  if (!head.header.provenance) return;
  if (options.jwks.empty()) {
    out.emplace_back("provenance");
    return;
  }
  note(options.any_workload, "workload");
  const auto is_asked = [&](const seal::ProvenanceInput& input) {
    return std::any_of(options.inputs.begin(), options.inputs.end(), [&](const std::string& text) {
      return std::string_view(text).substr(0, text.rfind('=')) == input.name;
    });
  };
  const auto& inputs = head.header.provenance->inputs;
  note(!std::all_of(inputs.begin(), inputs.end(), is_asked), "inputs");
  note(!inputs.empty(), "input_digests");
  // The token binds it; which launch measurements are good was the verifier's policy alone.
  out.emplace_back("runtime");
}

// check_origin judges where the file came from, and notes it in `outcome`.
Result<void> check_origin(const seal::Head& head, const Options& options, const Opening& opening,
                          Outcome& outcome) {
  if (options.jwks.empty()) {
    if (!head.header.provenance) return {};
    if (!options.unchecked_provenance) return seal::fault_error(seal::Fault::kProvenanceUnchecked);
    outcome.provenance_unchecked = true;
    return {};
  }
  seal::ProvenanceExpectations expected{.token_keys = opening.token_keys,
                                        .issuer = options.issuer,
                                        .workload = token::Unchecked{},
                                        .inputs = opening.inputs,
                                        .allow_warning = options.allow_warning,
                                        .allow_development = options.allow_development,
                                        .now = system_now()};
  if (!options.any_workload) expected.workload = opening.workload.value();
  auto checked = seal::check_provenance(head, expected);
  note_origin(options, checked ? std::nullopt : seal::fault_of(checked.error()), outcome);
  if (!checked) return checked.error();
  outcome.provenance = *checked;
  return {};
}

std::string output_of(const Options& options, const std::string& file) {
  if (!options.output.empty()) return options.output;
  const std::size_t suffix = kSealedSuffix.size();
  if (file.size() > suffix && file.ends_with(kSealedSuffix) &&
      file[file.size() - suffix - 1] != '/') {
    return file.substr(0, file.size() - suffix);
  }
  return {};
}

seal::WriteFn to_stdout() {
  return [](Bytes bytes) -> Result<void> {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) {
      return Error(Errc::kUnavailable, "standard output cannot be written");
    }
    return {};
  };
}

Outcome open_one(const Options& options, const Opening& opening, const std::string& file) {
  Outcome outcome{
      .file = file, .output = output_of(options, file), .head = {}, .error = {}, .about = file};
  InputFile in;
  if (auto opened = in.open(file); !opened) return outcome.with(opened.error());
  Progress progress("opening", file, in.size());
  const seal::ReadFn read = in.reader([&](std::size_t n) { progress.add(n); });
  auto head = seal::read_head(read);
  if (!head) return outcome.with(head.error());
  using enum seal::Fault;
  outcome.add_passed(
      {kNotSealed, kHeaderMalformed, kHeaderLimit, kUnsupportedVersion, kUnsupportedSuite});
  const auto key = unlock(*head, opening);
  if (!key) return outcome.with(key.error());
  outcome.add_passed({kNoSlot, kWrongKey, kHeaderChanged});
  seal::Expectations expected{
      .name = {}, .id = opening.id, .min_content_version = options.min_content_version};
  if (!options.expect_name.empty()) expected.name = options.expect_name;
  if (auto fits = seal::expect(head->header, expected); !fits) return outcome.with(fits.error());
  if (expected.name) outcome.add_passed({kNameMismatch});
  if (expected.id) outcome.add_passed({kIdMismatch});
  if (expected.min_content_version) outcome.add_passed({kContentVersion});
  if (auto origin = check_origin(*head, options, opening, outcome); !origin) {
    return outcome.with(origin.error());
  }
  if (outcome.output == "-") {
    if (auto done = seal::open_body(*head, *key, read, to_stdout()); !done) {
      return outcome.with(done.error());
    }
  } else {
    auto out = prepare_output(outcome.output, options.force, OutputFile::Readers::kOwner);
    if (!out) return outcome.with(out.error(), outcome.output);
    const auto write = [&](Bytes bytes) { return out->write(bytes); };
    if (auto done = seal::open_body(*head, *key, read, write); !done) {
      return outcome.with(done.error());
    }
    if (auto done = out->commit(options.force); !done) {
      return outcome.with(done.error(), outcome.output);
    }
  }
  note_unchecked(*head, options, outcome);
  outcome.head = *std::move(head);
  return outcome;
}

int run(const Options& options) {
  protect_process();
  Opening opening;
  if (const auto fault = usage_fault(options, opening)) {
    return fail(kUsage, *fault, "see `ward open --help`");
  }
  for (const std::string& file : options.files) {
    if (!output_of(options, file).empty()) continue;
    // A file that is not there is that first, whatever it is called.
    if (file != "-") {
      if (const auto front = read_front(file, 1); !front) {
        return own_file_failure(file, front.error());
      }
    }
    return fail(kUsage, file + ": where to? the name does not end in .sealed", "give -o OUT");
  }
  if (const auto loaded = load(options, opening); !loaded) {
    return own_file_failure(opening.about, loaded.error());
  }
  std::vector<Outcome> outcomes;
  for (const std::string& file : options.files) {
    outcomes.push_back(open_one(options, opening, file));
  }
  return report("ward.open/1", outcomes, options.json);
}

void add_provenance_options(args::Command& command, Options& options) {
  const std::string group = "Where a keep's output came from";
  const auto add = [&](args::Option* option, const char* type = nullptr) {
    option->group(group);
    if (type != nullptr) option->type_name(type);
  };
  add(command.add_option("--jwks", options.jwks,
                         "the verifier's public keys: the file must be a keep's output, and is "
                         "checked before a byte is written"),
      "FILE");
  add(command.add_option("--issuer", options.issuer, "who must have issued the token"), "TEXT");
  add(command.add_option("--expect-workload", options.workload,
                         "the workload that must have made it: what `ward keep measure` prints"),
      "HEX");
  add(command.add_flag("--any-workload", options.any_workload,
                       "any workload that the issuer accepted will do"));
  add(command
          .add_option("--expect-input", options.inputs,
                      "a sealed file that it must have been made from; may be given again")
          ->allow_extra_args(false),
      "NAME=ID");
  add(command.add_flag(
      "--allow-warning", options.allow_warning,
      "accept a platform of known weaknesses that the verifier's policy accepted"));
  add(command.add_flag("--allow-development", options.allow_development,
                       "accept the output of a development platform, which protects nothing"));
  add(command.add_flag("--unchecked-provenance", options.unchecked_provenance,
                       "open it without checking where it came from"));
}

}  // namespace

void add_open(args::Command& app, Action& action) {
  auto options = std::make_shared<Options>();
  args::Command* command = app.add_subcommand(
      "open", "authenticate and decrypt sealed files (FILE.sealed becomes FILE)");
  command->add_option("FILE", options->files, "sealed files")->required()->type_name("");
  command->add_option("--identity", options->identity, "private key of a recipient (PEM, P-256)")
      ->type_name("FILE");
  command
      ->add_option("--resource-key", options->resource_key,
                   "the key that the broker keeps: 32 octets")
      ->type_name("FILE");
  auto* ask = command->add_flag("--passphrase", options->passphrase, "ask for the passphrase");
  command->add_option("--passphrase-file", options->passphrase_file, "a passphrase on one line")
      ->type_name("FILE")
      ->excludes(ask);
  command
      ->add_option("-o,--output", options->output,
                   "where to write; - is standard output, which then may receive the beginning of "
                   "a file whose end is refused: use it only if the exit code is checked")
      ->type_name("FILE");
  command->add_option("--expect-name", options->expect_name, "refuse a file of another name")
      ->type_name("NAME");
  command->add_option("--expect-id", options->expect_id, "refuse a file of another id")
      ->type_name("HEX");
  command
      ->add_option("--min-content-version", options->min_content_version,
                   "refuse an older version of the content")
      ->type_name("N");
  add_provenance_options(*command, *options);
  command->add_flag("--force", options->force, "replace an output that exists");
  command->add_flag("--json", options->json, "print one JSON object (ward.open/1)");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace ward::cli
