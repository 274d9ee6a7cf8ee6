#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "apps/ward/ledger_cli.h"
#include "args/args.h"
#include "codec/json_write.h"
#include "ledger/audit.h"
#include "ledger/ledger.h"
#include "store/sqlite/sqlite_store.h"

// ward ledger verify|prove|list: audits the ledger of a trust service from its database.
namespace ward::cli {
namespace {

struct Options {
  std::string database;
  std::string key;  // text, or a file that holds it
  std::string checkpoint_file;
  std::string id;
  std::uint64_t from = 0;
  std::uint64_t count = 100;
  bool json = false;
};

// Longer files are no key and no checkpoint.
constexpr std::size_t kMaxFileBytes = ledger::kMaxNoteBytes;

int exit_code(Errc code) {
  return code == Errc::kUnavailable || code == Errc::kInternal ? kCouldNotTell : kRefused;
}

int fail_with(const Error& error) { return fail(exit_code(error.code()), error_text(error)); }

// open_database opens the ledger for reading; the exit code where that is none.
Result<std::unique_ptr<store::Store>, int> open_database(const std::string& path) {
  const auto about = [&](const Error& error) {
    return fail(exit_code(error.code()), path + ": " + error_text(error));
  };
  // SQLite has one word for all that is wrong with a file.
  if (const auto front = read_front(path, 1); !front) return about(front.error());
  auto store = store::open_sqlite_store({.path = path, .read_only = true});
  if (!store) return about(store.error());
  return *std::move(store);
}

int verify(const Options& options) {
  const auto key = ledger_key(options.key);
  if (!key) return key.error();
  std::optional<std::string> kept;
  if (!options.checkpoint_file.empty()) {
    auto text = read_text(options.checkpoint_file, kMaxFileBytes);
    if (!text) return own_file_failure(options.checkpoint_file, text.error());
    kept = *std::move(text);
  }
  const auto store = open_database(options.database);
  if (!store) return store.error();
  std::optional<ledger::Audit> audit;
  const auto done = (*store)->read([&](store::View& view) -> Result<void> {
    WARD_TRY(audit, ledger::audit(view, *key, kept));
    return {};
  });
  if (!done) return fail_with(done.error());
  const bool whole = audit->faults.empty() && !audit->more;
  const bool other_key = !audit->other_signer.empty();
  std::string told = other_key ? "" : audit_text(*audit, whole);
  if (options.json) {
    const auto text = audit_json(*audit, whole);
    if (!text) return fail_with(text.error());
    told = *text + '\n';
  }
  if (const int printed = print(told); printed != kAccepted) return printed;
  if (other_key) {
    return fail(kRefused, "this key signed nothing of this ledger: " + audit->other_signer + " did",
                "give the ledger_key of the service whose ledger it is; if it is this one, the "
                "ledger was replaced");
  }
  return whole ? kAccepted : fail(kRefused, "the ledger was altered");
}

int prove(const Options& options) {
  const auto key = ledger_key(options.key);
  if (!key) return key.error();
  const auto store = open_database(options.database);
  if (!store) return store.error();
  std::string text;
  const auto done = (*store)->read([&](store::View& view) -> Result<void> {
    WARD_TRY(const std::uint64_t index, ledger::find_leaf(view, options.id));
    WARD_TRY(const ledger::Proof proof, ledger::prove(view, index));
    WARD_CHECK_OK(ledger::check_proof(proof, *key));  // never hand out one that does not check
    WARD_TRY(text, ledger::to_json(proof, *key));
    return {};
  });
  if (!done) return fail_with(done.error());
  return print(text + '\n');
}

Result<std::string> entry_json(std::uint64_t index, Bytes octets) {
  codec::JsonWriter w;
  w.begin_object().member("schema", "ward.ledger-entry/1");
  WARD_CHECK_OK(ledger::write_entry(w, index, octets));
  return w.end_object().take();
}

// One JSON object per line: the entries as they stand, not judged.
int list(const Options& options) {
  const auto store = open_database(options.database);
  if (!store) return store.error();
  int code = kAccepted;
  const auto done = (*store)->read([&](store::View& view) -> Result<void> {
    WARD_TRY(const ledger::Head head, ledger::read_head(view));
    for (std::uint64_t i = options.from; i < head.size && i - options.from < options.count; ++i) {
      WARD_TRY(const Buffer octets, ledger::read_leaf(view, i));
      WARD_TRY(const std::string line, entry_json(i, octets));
      if (code = print(line + '\n'); code != kAccepted) break;
    }
    return {};
  });
  return done ? code : fail_with(done.error());
}

}  // namespace

Result<ledger::NoteKey, int> ledger_key(std::string text) {
  constexpr std::string_view kHint =
      "--key takes NAME+ID+BASE64, the line ledger_key of `wardd init`, or a file that holds it";
  const std::string given = text;
  if (text.find('+') == std::string::npos) {
    const auto file = read_text(text, kMaxFileBytes);
    if (!file) return own_file_failure(text, file.error(), kHint);
    text = file->substr(0, file->find('\n'));
  }
  auto key = ledger::NoteKey::parse(text);
  if (!key) return own_file_failure(given, key.error(), kHint);
  return *std::move(key);
}

Result<std::string> audit_json(const ledger::Audit& audit, bool whole) {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.ledger-audit/1");
  w.member("whole", whole).member("size", audit.size);
  w.member("root", whole ? std::optional<std::string>(to_hex(audit.root)) : std::nullopt);
  w.name("faults").begin_array();
  for (const ledger::Fault& fault : audit.faults) {
    w.begin_object().member("kind", to_text(fault.kind)).member("index", fault.index).end_object();
  }
  return w.end_array().member("more", audit.more).end_object().take();
}

std::string audit_text(const ledger::Audit& audit, bool whole) {
  if (whole) {
    return "whole: " + std::to_string(audit.size) + " entries, root " + to_hex(audit.root) + '\n';
  }
  std::string out;
  for (const ledger::Fault& fault : audit.faults) {
    out += std::string(to_text(fault.kind)) + ": " + std::to_string(fault.index) + '\n';
  }
  if (audit.more) out += "there may be more: what follows could not be compared\n";
  return out;
}

void add_ledger(args::Command& app, Action& action) {
  auto options = std::make_shared<Options>();
  args::Command* group = app.add_subcommand("ledger", "audit what a trust service did");
  group->require_subcommand(1);
  const auto with_key = [&](args::Command* command) {
    command
        ->add_option("--key", options->key,
                     "the ledger's public key: NAME+ID+BASE64, or a file that holds it")
        ->required();
  };

  args::Command* verify_command =
      group->add_subcommand("verify", "find entries that were changed, removed or moved");
  verify_command->add_option("DB", options->database, "database of wardd")->required();
  with_key(verify_command);
  verify_command->add_option("--checkpoint", options->checkpoint_file,
                             "a checkpoint kept from before: shows a ledger that was rolled back");
  verify_command->add_flag("--json", options->json, "print one JSON object");
  verify_command->callback([options, &action] { action = [options] { return verify(*options); }; });

  args::Command* prove_command =
      group->add_subcommand("prove", "print a proof that an entry is in the ledger, as JSON");
  prove_command->add_option("ID", options->id, "index or leaf hash of the entry")->required();
  prove_command->add_option("--db", options->database, "database of wardd")->required();
  with_key(prove_command);
  prove_command->callback([options, &action] { action = [options] { return prove(*options); }; });

  args::Command* list_command =
      group->add_subcommand("list", "print entries, one JSON object a line");
  list_command->add_option("DB", options->database, "database of wardd")->required();
  list_command->add_option("--from", options->from, "index of the first entry");
  list_command->add_option("--count", options->count, "at most so many");
  list_command->callback([options, &action] { action = [options] { return list(*options); }; });
  add_ledger_audit(*group, action);
}

}  // namespace ward::cli
