#pragma once

#include <string>

#include "apps/ward/cli.h"
#include "args/args.h"
#include "base/result.h"
#include "ledger/audit.h"
#include "ledger/note.h"

// What `ward ledger`'s commands share.
namespace ward::cli {

// ledger_key reads the key as text, or the first line of a file of that name. The exit code where
// it is neither, and the line for people was written.
[[nodiscard]] Result<ledger::NoteKey, int> ledger_key(std::string text);

// audit_json writes ward.ledger-audit/1, audit_text the same for people.
[[nodiscard]] Result<std::string> audit_json(const ledger::Audit& audit, bool whole);
[[nodiscard]] std::string audit_text(const ledger::Audit& audit, bool whole);

// add_ledger_audit adds `ward ledger audit`.
void add_ledger_audit(args::Command& group, Action& action);

}  // namespace ward::cli
