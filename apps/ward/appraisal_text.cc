#include "apps/ward/appraisal_text.h"

#include <algorithm>

#include "apps/ward/cli.h"
#include "explain/tree.h"

namespace ward::cli {
namespace {

using attest::Appraisal;
using attest::Check;
using attest::NotDone;
using attest::Outcome;

void line(std::string& out, std::string_view label, std::string_view text) {
  if (text.empty()) return;
  out += "  ";
  out += label;
  out.append(label.size() < 11 ? 11 - label.size() : 1, ' ');
  out += for_terminal(text);
  out += '\n';
}

void problem(std::string& out, const explain::Explanation& e, const Check& check) {
  line(out, check.outcome == Outcome::kFailed ? "failed" : "missing", check.info->id);
  line(out, "", check.info->meaning);
  if (!check.found.empty()) line(out, "  found", check.found);
  if (!check.expected.empty()) {
    line(out, "  expected", check.expected + " (" + explain::from_text(check) + ")");
  }
  line(out, "  source", check.info->reference);
  for (const explain::Advice& advice : explain::advice_for(e, check)) {
    if (advice.kind == explain::AdviceKind::kFetch) line(out, "  fetch", advice.what);
  }
  line(out, "  do", check.info->hint);
}

// What was passed over and what else is worth a word; a folder may hold much that is neither.
void add_notes(std::string& out, const Appraisal& a) {
  constexpr std::size_t kMaxShown = 4;
  const std::size_t shown = std::min(a.notes.size(), kMaxShown);
  for (std::size_t i = 0; i < shown; ++i) {
    out += "  note       " + for_terminal(a.notes[i]) + "\n";
  }
  if (a.notes.size() > shown) {
    out += "  note       " + std::to_string(a.notes.size() - shown) + " more with --explain\n";
  }
}

}  // namespace

std::string short_text(const explain::Explanation& e) {
  const Appraisal& a = e.appraisal;
  std::string out = explain::head(a);
  for (const Check& check : a.checks) {
    if (check.outcome == Outcome::kFailed || check.not_done == NotDone::kAbsent) {
      problem(out, e, check);
    }
  }
  add_notes(out, a);
  if (a.verdict != attest::Verdict::kAccepted) {
    line(out, "more",
         "--explain shows every check, what the platform lacks, and which option accepts what");
  }
  return out;
}

}  // namespace ward::cli
