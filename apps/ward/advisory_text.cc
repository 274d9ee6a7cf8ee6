#include "apps/ward/advisory_text.h"

#include <algorithm>

#include "apps/ward/cli.h"

namespace ward::cli {
namespace {

using advisory::Attack;
using advisory::Entry;
using advisory::Item;
using advisory::Selection;
using advisory::State;

std::string items_text(const std::vector<Item>& items) {
  std::string out;
  for (const Item& item : items) {
    out += (out.empty() ? "" : ", ") + item.text + (item.verified ? "" : " (unverified)");
  }
  return out;
}

// ids_text is "CVE-2024-21944, AMD-SB-3015; https://badram.eu".
std::string ids_text(const Attack& attack) {
  std::string out = items_text(attack.cves);
  for (const auto* items : {&attack.advisories, &attack.references}) {
    if (items->empty()) continue;
    const char* between = items == &attack.references ? "; " : ", ";
    out += (out.empty() ? "" : between) + items_text(*items);
  }
  return out;
}

std::string named(const Attack& attack) {
  return attack.name + ", " + advisory::date_text(attack.date);
}

void line(std::string& out, std::string_view label, std::string_view text) {
  if (text.empty()) return;
  out += "    ";
  out += label;
  out.append(label.size() < 8 ? 8 - label.size() : 1, ' ');
  out += for_terminal(text);
  out += '\n';
}

// Names, broken into lines: they say no more than that.
std::string paragraph(const std::vector<std::string>& names, std::string_view indent = "    ") {
  constexpr std::size_t kWidth = 100;
  std::string out;
  std::string row;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string word = for_terminal(names[i]) + (i + 1 < names.size() ? "," : "");
    if (!row.empty() && row.size() + word.size() > kWidth) {
      out += std::string(indent) + row + "\n";
      row.clear();
    }
    row += (row.empty() ? "" : " ") + word;
  }
  return out + std::string(indent) + row + "\n";
}

std::string in_full(const Entry& entry) {
  std::string out = "  " + named(*entry.attack) + "\n";
  line(out, "fact", entry.exposure->why);
  for (const std::string& policy : entry.exposure->policy) {
    line(out, "policy", policy);
  }
  line(out, "fix", items_text(entry.attack->mitigated_by));
  line(out, "source", ids_text(*entry.attack));
  return out;
}

std::vector<const Entry*> of_state(const Selection& selection, State state) {
  std::vector<const Entry*> out;
  for (const Entry& entry : selection.entries) {
    if (entry.exposure && entry.exposure->state == state) out.push_back(&entry);
  }
  return out;
}

std::string heading(const char* text, std::size_t count) {
  return "\n" + std::string(text) + " (" + std::to_string(count) + ")\n";
}

// Group is a number of attacks of which the same is to be said.
struct Group {
  std::string key;
  std::vector<const Entry*> entries;
};

template <class Key>
std::vector<Group> grouped(const std::vector<const Entry*>& entries, Key key_of) {
  std::vector<Group> out;
  for (const Entry* entry : entries) {
    const std::string key = key_of(*entry);
    auto group = std::ranges::find(out, key, &Group::key);
    if (group == out.end()) group = out.insert(out.end(), {key, {}});
    group->entries.push_back(entry);
  }
  return out;
}

std::string policy_text(const Entry& entry) {
  std::string out;
  for (const std::string& one : entry.exposure->policy) {
    out += (out.empty() ? "" : "; ") + one;
  }
  return out;
}

// What cannot be shown is grouped by what can be done instead.
std::string cannot_text(const std::vector<const Entry*>& entries) {
  std::string out;
  for (const Group& group : grouped(entries, policy_text)) {
    std::vector<std::string> names;
    for (const Entry* entry : group.entries) {
      names.push_back(entry->attack->name);
    }
    out += "  " + for_terminal(group.key) + "\n" + paragraph(names);
  }
  return out;
}

// What is not shown for the same reason, and closed by the same line, is said once.
std::string not_shown_text(const std::vector<const Entry*>& entries) {
  const auto key = [](const Entry& entry) {
    return entry.exposure->why + "\n" + policy_text(entry);
  };
  std::string out;
  for (const Group& group : grouped(entries, key)) {
    if (group.entries.size() == 1) {
      out += in_full(*group.entries.front());
      continue;
    }
    std::vector<std::string> names;
    for (const Entry* entry : group.entries) {
      const std::string cves = items_text(entry->attack->cves);
      names.push_back(entry->attack->name + (cves.empty() ? "" : " (" + cves + ")"));
    }
    out += paragraph(names, "  ");
    line(out, "fact", group.entries.front()->exposure->why);
    line(out, "policy", policy_text(*group.entries.front()));
  }
  return out;
}

std::string closed_text(const std::vector<const Entry*>& entries) {
  std::string out;
  for (const Entry* entry : entries) {
    out += "  " + entry->attack->name + ": " + for_terminal(entry->exposure->why) + "\n";
  }
  return out;
}

std::string open_text(const std::vector<const Entry*>& entries) {
  std::string out;
  for (const Entry* entry : entries) {
    out += in_full(*entry);
  }
  return out;
}

std::string state_text(State state, const std::vector<const Entry*>& entries) {
  switch (state) {
    case State::kOpen:
      return open_text(entries);
    case State::kNotShown:
      return not_shown_text(entries);
    case State::kCannot:
      return cannot_text(entries);
    case State::kClosed:
      return closed_text(entries);
  }
  return "";
}

std::string undated_text(const Selection& selection) {
  if (selection.undated.empty()) return "";
  std::vector<std::string> names;
  for (const Attack* attack : selection.undated) {
    names.push_back(attack->name);
  }
  return heading("left out by a date that is unverified", names.size()) + paragraph(names);
}

}  // namespace

std::string attacks_text(const Selection& selection) {
  std::string out;
  for (const Entry& entry : selection.entries) {
    const Attack& attack = *entry.attack;
    out += named(attack) + ": " + attack.attack_class + "\n";
    line(out, "on", items_text(attack.tees));
    line(out, "source", ids_text(attack));
  }
  if (selection.entries.empty()) out = "no known attack\n";
  return out + undated_text(selection);
}

std::string exposures_text(const Selection& selection) {
  std::string out;
  for (const State state : {State::kOpen, State::kNotShown, State::kCannot, State::kClosed}) {
    const auto entries = of_state(selection, state);
    if (entries.empty()) continue;
    out += heading(advisory::to_text(state), entries.size()) + state_text(state, entries);
  }
  if (out.empty()) out = "\nno known attack\n";
  return out + undated_text(selection);
}

std::string platform_text(const attest::Appraisal& appraisal) {
  std::string out = for_terminal(appraisal.tee) + " platform as of " +
                    format_rfc3339(appraisal.at) + ", " +
                    (appraisal.genuine ? "evidence genuine" : "EVIDENCE NOT SHOWN TO BE GENUINE");
  if (appraisal.development) out += " (DEVELOPMENT PLATFORM, NOT A TEE)";
  out += "\n";
  for (const std::string& warning : appraisal.warnings) {
    out += "WARNING: " + for_terminal(warning) + "\n";
  }
  std::string others;
  for (const std::string& id : appraisal.tcb.advisories) {
    const bool known =
        std::ranges::any_of(advisory::attacks(), [&](const advisory::Attack& attack) {
          return std::ranges::find(attack.advisories, id, &advisory::Item::text) !=
                 attack.advisories.end();
        });
    if (!known) others += (others.empty() ? "" : ", ") + for_terminal(id);
  }
  if (!others.empty()) {
    out +=
        "The maker's TCB level lists these as well, of which no attack below is known: " + others +
        "\n";
  }
  return out;
}

}  // namespace ward::cli
