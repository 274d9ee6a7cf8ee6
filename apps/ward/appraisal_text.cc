#include "apps/ward/appraisal_text.h"

#include <algorithm>

#include "apps/ward/cli.h"
#include "attest/appraisal_json.h"

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

std::string tcb_text(const attest::Tcb& tcb) {
  std::string out = tcb.status.value_or("no status");
  if (tcb.date) out += ", TCB date " + format_rfc3339(*tcb.date).substr(0, 10);
  if (tcb.evaluation_number) out += ", evaluation number " + std::to_string(*tcb.evaluation_number);
  for (std::size_t i = 0; i < tcb.advisories.size(); ++i) {
    out += i == 0 ? "; exposed to " : ", ";
    out += tcb.advisories[i];
  }
  return out;
}

std::string head(const Appraisal& a) {
  std::string out = attest::summary(a) + "\n";
  line(out, "evidence", a.tee + (a.development ? " (DEVELOPMENT PLATFORM, NOT A TEE)" : ""));
  line(out, "as of", format_rfc3339(a.at));
  line(out, "tcb", tcb_text(a.tcb));
  return out;
}

std::string from_text(const Check& check) {
  std::string out = attest::to_text(check.origin);
  if (!check.expected_from.empty()) out += ": " + check.expected_from;
  return out;
}

void problem(std::string& out, const Check& check) {
  line(out, check.outcome == Outcome::kFailed ? "failed" : "missing", check.info->id);
  line(out, "", check.info->meaning);
  if (!check.found.empty()) line(out, "  found", check.found);
  if (!check.expected.empty())
    line(out, "  expected", check.expected + " (" + from_text(check) + ")");
  line(out, "  source", check.info->reference);
  line(out, "  do", check.info->hint);
}

const char* mark(const Check& check) {
  switch (check.outcome) {
    case Outcome::kPassed:
      return "passed   ";
    case Outcome::kFailed:
      return "FAILED   ";
    case Outcome::kNotDone:
      return "not done ";
  }
  return "FAILED   ";
}

// What was passed over and what else is worth a word; a folder may hold much that is neither.
void add_notes(std::string& out, const Appraisal& a) {
  constexpr std::size_t kMaxShown = 4;
  const std::size_t shown = std::min(a.notes.size(), kMaxShown);
  for (std::size_t i = 0; i < shown; ++i)
    out += "  note       " + for_terminal(a.notes[i]) + "\n";
  if (a.notes.size() > shown) {
    out += "  note       " + std::to_string(a.notes.size() - shown) + " more with --explain\n";
  }
}

}  // namespace

std::string short_text(const Appraisal& a) {
  std::string out = head(a);
  for (const Check& check : a.checks) {
    if (check.outcome == Outcome::kFailed || check.not_done == NotDone::kAbsent)
      problem(out, check);
  }
  add_notes(out, a);
  return out;
}

std::string explain_text(const Appraisal& a) {
  std::string out = head(a) + "\nchecks\n";
  for (const Check& check : a.checks) {
    out += "  ";
    out += mark(check);
    out += check.info->id;
    if (check.outcome == Outcome::kNotDone)
      out += std::string(" (") + attest::to_text(check.not_done) + ")";
    out += '\n';
    if (!check.found.empty()) out += "             found    " + for_terminal(check.found) + "\n";
    if (!check.expected.empty()) {
      out += "             expected " +
             for_terminal(check.expected + " (" + from_text(check) + ")") + "\n";
    }
    if (check.outcome == Outcome::kFailed || check.not_done == NotDone::kAbsent) {
      out += std::string("             ") + check.info->meaning + "\n             do       " +
             check.info->hint + "\n";
    }
    out += std::string("             source   ") + check.info->reference + "\n";
  }
  out += "\nclaims\n";
  for (const attest::Claim& claim : a.claims) {
    out += "  " + for_terminal(claim.name + " = " + attest::claim_text(claim.value)) + "\n";
  }
  if (!a.notes.empty()) out += "\nnotes\n";
  for (const std::string& note : a.notes)
    out += "  " + for_terminal(note) + "\n";
  return out;
}

}  // namespace ward::cli
