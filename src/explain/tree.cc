#include "explain/tree.h"

#include <algorithm>

#include "attest/appraisal_json.h"
#include "base/printable.h"
#include "crypto/digest.h"

namespace ward::explain {
namespace {

using attest::Check;
using attest::Material;
using attest::Outcome;

// Node is one line of the tree with what hangs below it.
struct Node {
  std::string text;
  std::vector<std::string> more;  // lines of the node itself
  std::vector<Node> below;
};

// NOLINTNEXTLINE(misc-no-recursion): as deep as the tree that this file makes
void print(const Node& node, const std::string& before, bool last, std::string& out) {
  out += before + (last ? "└─ " : "├─ ") + for_terminal(node.text) + "\n";
  const std::string inner = before + (last ? "   " : "│  ");
  const std::string own = inner + (node.below.empty() ? "   " : "│  ");
  for (const std::string& line : node.more) {
    out += own + for_terminal(line) + "\n";
  }
  for (std::size_t i = 0; i < node.below.size(); ++i) {
    print(node.below[i], inner, i + 1 == node.below.size(), out);
  }
}

std::string day(UnixTime time) { return format_rfc3339(time).substr(0, 10); }

Node material_node(const Material& material, UnixTime at) {
  Node out{.text = std::string(attest::to_text(material.kind)) + ": " + material.title};
  const std::string validity = validity_text(material, at);
  if (!validity.empty()) out.more.push_back("valid    " + validity);
  if (!material.name.empty()) out.more.push_back("from     " + material.name);
  out.more.push_back("sha256   " + to_hex(crypto::sha256(material.bytes)) + ", " +
                     count(material.bytes.size(), "octet", "octets"));
  return out;
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

Node check_node(const Check& check) {
  Node out{.text = std::string(mark(check)) + check.info->id};
  if (check.outcome == Outcome::kNotDone) {
    out.text += std::string(" (") + attest::to_text(check.not_done) + ")";
  }
  if (!check.found.empty()) out.more.push_back("found    " + check.found);
  if (!check.expected.empty()) {
    out.more.push_back("expected " + check.expected + " (" + from_text(check) + ")");
  }
  out.more.push_back(std::string("source   ") + check.info->reference);
  if (is_problem(check)) out.more.push_back(std::string("means    ") + check.info->meaning);
  return out;
}

// What the checks of one object came to: "3 passed", "2 passed, 1 FAILED".
std::string tally(const std::vector<const Check*>& checks) {
  const Counts counts = counts_of(checks);
  std::string out;
  const auto add = [&](std::size_t n, const char* what) {
    if (n != 0) out = joined(std::move(out), std::to_string(n) + " " + what);
  };
  add(counts.failed, "FAILED");
  add(counts.not_done, "not done");
  add(counts.passed, "passed");
  return out;
}

// One node per object: what it is of, then the checks.
std::vector<Node> object_nodes(const Explanation& e) {
  std::vector<Node> out;
  for (const Group& group : groups_of(e)) {
    Node node{.text = group.object};
    for (const Material* material : group.materials) {
      node.below.push_back(material_node(*material, e.appraisal.at));
    }
    for (const Check* check : group.checks) {
      node.below.push_back(check_node(*check));
    }
    if (!group.checks.empty()) node.text += ": " + tally(group.checks);
    out.push_back(std::move(node));
  }
  return out;
}

// What the check itself says stands last, behind what can be fetched, installed or accepted.
Node advice_node(const Explanation& e, const Check& check) {
  Node out{.text = check.info->id};
  const bool wrong = is_problem(check);
  if (wrong) out.more.emplace_back(check.info->meaning);
  if (wrong && !check.found.empty()) out.more.push_back("found    " + check.found);
  if (wrong && !check.expected.empty()) {
    out.more.push_back("expected " + check.expected + " (" + from_text(check) + ")");
  }
  for (const Advice& advice : advice_for(e, check)) {
    Node line{.text = std::string(to_text(advice.kind)) + ": " + advice.what};
    if (advice.kind == AdviceKind::kHint) line.text = advice.what;
    if (!advice.meaning.empty()) line.more.push_back("which means: " + advice.meaning);
    out.below.push_back(std::move(line));
  }
  return out;
}

void print_all(const char* title, const std::vector<Node>& nodes, std::string& out) {
  if (nodes.empty()) return;
  out += std::string("\n") + title + "\n";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    print(nodes[i], "", i + 1 == nodes.size(), out);
  }
}

std::vector<Node> advice_nodes(const Explanation& e) {
  std::vector<Node> out;
  for (const Check& check : e.appraisal.checks) {
    if (!advice_for(e, check).empty()) out.push_back(advice_node(e, check));
  }
  return out;
}

Node exposure_node(const advisory::Exposure& exposure) {
  Node out{.text = exposure.attack->name};
  const std::string ids =
      joined(verified_ids(exposure.attack->cves), verified_ids(exposure.attack->advisories));
  if (!ids.empty()) out.text += " (" + ids + ")";
  if (!exposure.why.empty()) out.more.push_back(exposure.why);
  for (const std::string& line : exposure.policy) {
    out.more.push_back("policy   " + line);
  }
  return out;
}

// Open ones in full; of the others how many, since `ward advisories` lists them.
std::vector<Node> attack_nodes(const Explanation& e) {
  using advisory::State;
  std::vector<Node> out;
  for (const State state : {State::kOpen, State::kNotShown, State::kCannot, State::kClosed}) {
    Node node;
    std::size_t number = 0;
    for (const advisory::Exposure& exposure : e.exposures) {
      if (exposure.state != state) continue;
      ++number;
      if (state == State::kOpen) node.below.push_back(exposure_node(exposure));
    }
    node.text = std::string(to_text(state)) + ": " + count(number, "known attack", "known attacks");
    if (number != 0) out.push_back(std::move(node));
  }
  return out;
}

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
  if (tcb.date) out += ", TCB date " + day(*tcb.date);
  if (tcb.evaluation_number) out += ", evaluation number " + std::to_string(*tcb.evaluation_number);
  for (std::size_t i = 0; i < tcb.advisories.size(); ++i) {
    out += i == 0 ? "; exposed to " : ", ";
    out += tcb.advisories[i];
  }
  return out;
}

}  // namespace

std::string head(const attest::Appraisal& a) {
  std::string out = for_terminal(attest::summary(a)) + "\n";
  line(out, "evidence", a.tee + (a.development ? " (DEVELOPMENT PLATFORM, NOT A TEE)" : ""));
  line(out, "as of", format_rfc3339(a.at));
  line(out, "tcb", tcb_text(a.tcb));
  for (const std::string& warning : a.warnings) {
    line(out, "WARNING", warning);
  }
  return out;
}

std::string validity_text(const Material& material, UnixTime at) {
  if (!material.from) return "";
  std::string out = day(*material.from) + " to " + (material.until ? day(*material.until) : "ever");
  if (at < *material.from) return out + ", not yet begun";
  const auto left = days_left(material, at);
  if (!left) return out;
  if (*left < 0) {
    return out + ", ended " + count(static_cast<std::size_t>(-*left), "day", "days") + " ago";
  }
  return out + ", " + count(static_cast<std::size_t>(*left), "day", "days") + " left";
}

std::string tree(const Explanation& e) {
  const attest::Appraisal& a = e.appraisal;
  std::string out = head(a);
  print_all("what it rests on", object_nodes(e), out);
  print_all("known attacks (`ward advisories` with this evidence lists them all)", attack_nodes(e),
            out);
  if (!a.claims.empty()) out += "\nclaims\n";
  for (const attest::Claim& claim : a.claims) {
    out += "  " + for_terminal(claim.name + " = " + attest::claim_text(claim.value)) + "\n";
  }
  if (!a.notes.empty()) out += "\nnotes\n";
  for (const std::string& note : a.notes) {
    out += "  " + for_terminal(note) + "\n";
  }
  out += "\nverdict: " + for_terminal(attest::summary(a)) + "\n";
  print_all("what to do", advice_nodes(e), out);
  return out;
}

}  // namespace ward::explain
