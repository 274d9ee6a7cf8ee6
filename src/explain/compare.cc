#include "explain/compare.h"

#include <algorithm>

#include "base/printable.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "explain/explanation_json.h"
#include "explain/tree.h"

namespace ward::explain {
namespace {

using attest::Appraisal;
using attest::Check;
using attest::Material;
using attest::Outcome;

std::string outcome_text(const Check* check) {
  if (check == nullptr) return "not declared";
  std::string out = attest::to_text(check->outcome);
  if (check->outcome == Outcome::kNotDone) out = attest::to_text(check->not_done);
  return check->found.empty() ? out : out + ", found " + check->found;
}

std::string why(const Check& now) {
  std::string out;
  if (now.outcome == Outcome::kFailed) out = std::string(now.info->meaning) + " ";
  if (!now.expected.empty()) out += "Expected " + now.expected + " (" + from_text(now) + ").";
  return out;
}

// A check that rests on another one's failure is told by that one.
bool blocked(const Check* check) {
  return check != nullptr && check->not_done == attest::NotDone::kBlocked;
}

void add_checks(const Appraisal& then, const Appraisal& now, std::vector<Change>& out) {
  for (const Check& check : now.checks) {
    const Check* before = then.check(check.info->id);
    const bool same =
        before != nullptr && before->outcome == check.outcome && before->not_done == check.not_done;
    if (same || blocked(&check) || (blocked(before) && check.outcome == Outcome::kPassed)) continue;
    out.push_back({check.info->id, outcome_text(before), outcome_text(&check), why(check)});
  }
}

std::string list(const std::vector<std::string>& items) {
  return items.empty() ? "none" : join(items);
}

void add(std::vector<Change>& out, const char* what, std::string then, std::string now,
         const char* why) {
  if (then != now) out.push_back({what, std::move(then), std::move(now), why});
}

void add_tcb(const Appraisal& then, const Appraisal& now, std::vector<Change>& out) {
  const attest::Tcb& a = then.tcb;
  const attest::Tcb& b = now.tcb;
  const auto date = [](const std::optional<UnixTime>& time) {
    return time ? format_rfc3339(*time) : std::string("none");
  };
  const auto number = [](const std::optional<std::uint64_t>& n) {
    return n ? std::to_string(*n) : std::string("none");
  };
  if (!a.status || !b.status) {
    add(out, "tcb.status", a.status.value_or("none"), b.status.value_or("none"),
        "Without documents that pass their checks nobody judges the platform's TCB.");
    return;
  }
  add(out, "tcb.status", *a.status, *b.status,
      "The maker judges the same platform by another document.");
  add(out, "tcb.date", date(a.date), date(b.date), "");
  add(out, "tcb.evaluation_number", number(a.evaluation_number), number(b.evaluation_number),
      "Another TCB recovery's documents were the newest that fit.");
  add(out, "tcb.advisories", list(a.advisories), list(b.advisories),
      "The maker's documents list other advisories for what the platform has: they are added to, "
      "and "
      "corrected.");
}

bool same_bytes(const Material& a, const Material& b) {
  return a.kind == b.kind && a.bytes == b.bytes;
}

const Material* counterpart(const Material& material, const std::vector<Material>& list) {
  const auto found = std::ranges::find_if(
      list, [&](const Material& other) { return same_bytes(material, other); });
  return found == list.end() ? nullptr : &*found;
}

std::string name_of(const Material& material) {
  return material.name + " (sha256:" + to_hex(Bytes(crypto::sha256(material.bytes)).first(8)) + ")";
}

// Documents that only one of the two rests on, by what they are of.
void add_materials(const Explanation& then, const Explanation& now, std::vector<Change>& out) {
  std::vector<std::string> objects;
  for (const auto* work : {&then.work, &now.work}) {
    for (const Material& m : work->materials) {
      if (std::ranges::count(objects, m.object) == 0) objects.push_back(m.object);
    }
  }
  const auto others = [](const std::string& object, const attest::Work& work,
                         const attest::Work& other) {
    std::vector<std::string> names;
    for (const Material& m : work.materials) {
      if (m.object == object && counterpart(m, other.materials) == nullptr) {
        names.push_back(name_of(m));
      }
    }
    return list(names);
  };
  for (const std::string& object : objects) {
    add(out, object.c_str(), others(object, then.work, now.work),
        others(object, now.work, then.work), "Another document was the best at that time.");
  }
}

}  // namespace

namespace {

// Attacks that stand otherwise, and those that became public in between.
void add_attacks(const Explanation& then, const Explanation& now, std::vector<Change>& out) {
  for (const advisory::Exposure& after : now.exposures) {
    const auto before =
        std::ranges::find(then.exposures, after.attack, &advisory::Exposure::attack);
    const bool known = before != then.exposures.end();
    if (known && before->state == after.state) continue;
    out.push_back({"attack: " + after.attack->name, known ? to_text(before->state) : "none",
                   to_text(after.state), after.why});
  }
}

}  // namespace

std::vector<Change> changes(const Explanation& then, const Explanation& now) {
  std::vector<Change> out;
  add(out, "verdict", attest::summary(then.appraisal), attest::summary(now.appraisal), "");
  add_checks(then.appraisal, now.appraisal, out);
  add_tcb(then.appraisal, now.appraisal, out);
  add_materials(then, now, out);
  add_attacks(then, now, out);
  return out;
}

std::string comparison_text(const Explanation& then, const Explanation& now) {
  const std::string first = format_rfc3339(then.appraisal.at);
  const std::string second = format_rfc3339(now.appraisal.at);
  std::string out = "then " + first + ": " + for_terminal(attest::summary(then.appraisal)) + "\n";
  out += "now  " + second + ": " + for_terminal(attest::summary(now.appraisal)) + "\n";
  const auto all = changes(then, now);
  out += all.empty() ? "\nnothing changed\n" : "\nwhat changed\n";
  for (const Change& change : all) {
    out += "  " + for_terminal(change.what) + "\n    then " + for_terminal(change.then) +
           "\n    now  " + for_terminal(change.now) + "\n";
    if (!change.why.empty()) out += "    why  " + for_terminal(change.why) + "\n";
  }
  out += "\nvalidity of what it rests on\n";
  for (const Material& material : then.work.materials) {
    if (!material.from || counterpart(material, now.work.materials) != nullptr) continue;
    out += "  " + for_terminal(material.title) + "\n    then " +
           validity_text(material, then.appraisal.at) + "\n";
  }
  for (const Material& material : now.work.materials) {
    if (!material.from) continue;
    out += "  " + for_terminal(material.title) + "\n";
    if (counterpart(material, then.work.materials) != nullptr) {
      out += "    then " + validity_text(material, then.appraisal.at) + "\n";
    }
    out += "    now  " + validity_text(material, now.appraisal.at) + "\n";
  }
  return out;
}

void write_comparison(codec::JsonWriter& out, const Explanation& then, const Explanation& now) {
  out.begin_object();
  out.name("schema").string("ward.comparison/1");
  out.name("changes").begin_array();
  for (const Change& change : changes(then, now)) {
    out.begin_object();
    out.name("what").string(change.what);
    out.name("then").string(change.then);
    out.name("now").string(change.now);
    out.name("why").string(change.why);
    out.end_object();
  }
  out.end_array();
  out.name("then");
  write_explanation(out, then);
  out.name("now");
  write_explanation(out, now);
  out.end_object();
}

}  // namespace ward::explain
