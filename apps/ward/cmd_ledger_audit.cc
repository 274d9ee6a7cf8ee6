#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/ward/admin_client.h"
#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "apps/ward/ledger_cli.h"
#include "args/args.h"
#include "codec/json.h"
#include "ledger/audit.h"
#include "ledger/ledger.h"

// ward ledger audit: the ledger of a running wardd, from what its routes give.
namespace ward::cli {
namespace {

using codec::JsonValue;
using ledger::FaultKind;

struct Options : AdminOptions {
  std::string key;
  std::string checkpoint_file;
};

int unreadable() { return fail(kCouldNotTell, "the server's answer cannot be read"); }

// What is asked, one after the other. A checkpoint that came before the entries binds them.
struct Auditor {
  const Options& options;
  const ledger::NoteKey& key;
  ledger::Checkpoint present{};
  std::optional<ledger::Checkpoint> kept{};
  ledger::Audit audit{};
  ledger::TreeBuilder tree{};
  std::optional<ledger::NodeHash> kept_root{};  // of the tree with as many leaves as `kept`

  void fault(FaultKind kind, std::uint64_t index) {
    if (audit.faults.size() < ledger::kMaxFaults) {
      audit.faults.push_back({kind, index});
    } else {
      audit.more = true;
    }
  }
};

// take_entry adds one leaf to the tree; false where it is not what the route gives.
bool take_entry(Auditor& a, const JsonValue& entry) {
  const JsonValue* text = entry.find("leaf");
  const auto base64 = text != nullptr ? text->as_string() : std::nullopt;
  const auto octets = base64 ? from_base64(*base64, Base64::kStandard) : std::nullopt;
  if (!octets) return false;
  const std::uint64_t index = a.tree.size();
  const auto leaf = ledger::parse_leaf(*octets);
  if (!leaf) {
    a.fault(FaultKind::kChanged, index);
  } else if (leaf->index != index) {
    a.fault(FaultKind::kReordered, index);
  }
  (void)a.tree.add(ledger::leaf_hash(*octets));
  if (a.kept && a.kept->size == a.tree.size()) a.kept_root = a.tree.root();
  return true;
}

// take_entries asks for pages until the tree is as long as the checkpoint says; an exit code.
int take_entries(Auditor& a) {
  while (a.tree.size() < a.present.size) {
    const std::uint64_t before = a.tree.size();
    const std::string after = before == 0 ? "" : "?after=" + std::to_string(before - 1);
    const AdminReply reply = administer(a.options, {"GET", "/v1/ledger/entries" + after, {}});
    if (reply.exit != kAccepted) return reply.exit;
    const auto page = codec::parse_json(
        reply.body,
        {.max_bytes = std::size_t{64} << 20U, .max_depth = 16, .max_values = 1'000'000});
    const JsonValue* entries = page ? page->find("entries") : nullptr;
    if (entries == nullptr || !entries->is_array()) return unreadable();
    for (const JsonValue& entry : entries->items()) {
      if (a.tree.size() == a.present.size) break;
      if (!take_entry(a, entry)) return unreadable();
    }
    if (a.tree.size() == before) {
      a.fault(FaultKind::kRemoved, before);
      return kAccepted;
    }
  }
  return kAccepted;
}

std::optional<std::vector<ledger::NodeHash>> hashes_in(const JsonValue& proof) {
  const JsonValue* path = proof.find("path");
  if (path == nullptr || path->items().size() > ledger::kMaxProofHashes) return std::nullopt;
  std::vector<ledger::NodeHash> out;
  for (const JsonValue& item : path->items()) {
    const auto octets = from_hex(item.as_string().value_or(""));
    if (!octets || octets->size() != out.emplace_back().size()) return std::nullopt;
    std::copy(octets->begin(), octets->end(), out.back().begin());
  }
  return out;
}

// check_proofs asks for the proofs that others rely on: that the newest entry is there, and that
// the ledger goes on from the checkpoint that was kept, or from its first entry.
int check_proofs(Auditor& a) {
  const ledger::Checkpoint old = a.kept && a.kept_root ? *a.kept : a.present;
  const std::string sizes =
      "?from=" + std::to_string(old.size) + "&to=" + std::to_string(a.present.size);
  for (const std::string& target :
       {"/v1/ledger/proof/consistency" + sizes,
        "/v1/ledger/proof/inclusion?entry=" + std::to_string(a.present.size - 1)}) {
    const AdminReply reply = administer(a.options, {"GET", target, {}});
    if (reply.exit != kAccepted) return reply.exit;
    const auto proof = codec::parse_json(reply.body);
    const auto path = proof ? hashes_in(*proof) : std::nullopt;
    if (!path) return unreadable();
    const JsonValue* size = proof->find("size");  // the ledger may have grown meanwhile
    const JsonValue* note = proof->find("checkpoint");
    const JsonValue* leaf = proof->find("leaf");
    if (size == nullptr) {
      const ledger::Consistency claim{old.size, a.present.size, old.root, a.present.root};
      if (!ledger::verify_consistency(claim, *path)) a.fault(FaultKind::kNode, a.present.size);
      continue;
    }
    const auto octets = leaf != nullptr && leaf->as_string()
                            ? from_base64(*leaf->as_string(), Base64::kStandard)
                            : std::nullopt;
    if (!octets || note == nullptr || !note->as_string() || !size->as_uint()) return unreadable();
    const ledger::Proof claim{a.present.size - 1, *size->as_uint(), *octets, *path,
                              std::string(*note->as_string())};
    if (!ledger::check_proof(claim, a.key)) a.fault(FaultKind::kNode, a.present.size - 1);
  }
  return kAccepted;
}

int report(const Auditor& a) {
  const bool whole = a.audit.faults.empty() && !a.audit.more;
  std::string told = audit_text(a.audit, whole);
  if (a.options.json) {
    const auto text = audit_json(a.audit, whole);
    if (!text) return fail(kCouldNotTell, error_text(text.error()));
    told = *text + '\n';
  }
  if (const int printed = print(told); printed != kAccepted) return printed;
  return whole ? kAccepted : fail(kRefused, "the ledger is not the one that was signed");
}

int audit_entries(Auditor& a) {
  if (const int code = take_entries(a); code != kAccepted) return code;
  a.audit.size = a.present.size;
  a.audit.root = a.tree.root();
  const bool complete = a.tree.size() == a.present.size;
  if (complete && a.audit.root != a.present.root) {
    a.fault(FaultKind::kCheckpoint, a.present.size);
  }
  if (a.kept && a.kept_root != a.kept->root) a.fault(FaultKind::kRolledBack, a.kept->size);
  if (a.audit.faults.empty()) {
    if (const int code = check_proofs(a); code != kAccepted) return code;
  }
  return report(a);
}

int audit(const Options& options) {
  const auto key = ledger_key(options.key);
  if (!key) return key.error();
  Auditor a{options, *key};
  if (!options.checkpoint_file.empty()) {
    const auto text = read_text(options.checkpoint_file, ledger::kMaxNoteBytes);
    if (!text) return own_file_failure(options.checkpoint_file, text.error());
    const auto kept = ledger::open_checkpoint(*text, *key);
    if (!kept) return fail(kRefused, options.checkpoint_file + ": " + error_text(kept.error()));
    a.kept = *kept;
  }
  const AdminReply reply = administer(options, {"GET", "/v1/ledger/checkpoint", {}});
  if (reply.exit != kAccepted) return reply.exit;
  const auto present = ledger::open_checkpoint(as_text(reply.body), *key);
  if (!present) {
    return fail(kRefused, "the server's checkpoint: " + error_text(present.error()),
                "give the ledger_key of this service, as `wardd init` printed it");
  }
  a.present = *present;
  return audit_entries(a);
}

}  // namespace

void add_ledger_audit(args::Command& group, Action& action) {
  const auto options = std::make_shared<Options>();
  args::Command* one = group.add_subcommand(
      "audit", "verify the ledger of a running wardd from its entries and proofs");
  one->add_option("--key", options->key,
                  "the ledger's public key: NAME+ID+BASE64, or a file that holds it")
      ->required();
  one->add_option("--checkpoint", options->checkpoint_file,
                  "a checkpoint kept from before: shows a ledger that was rolled back");
  add_admin_options(*one, *options);
  one->callback([options, &action] { action = [options] { return audit(*options); }; });
}

}  // namespace ward::cli
