#include <algorithm>
#include <array>
#include <iterator>
#include <list>
#include <optional>

#include "advisory/advisory.h"
#include "advisory/tables.h"
#include "base/shell_word.h"
#include "base/text.h"

namespace ward::advisory {
namespace {

using attest::Appraisal;

// Truth is what facts say of a condition, from the worst for the platform to the best.
enum class Truth : std::uint8_t { kNo, kCannot, kUnknown, kYes };

// Finding is a truth with the facts that it rests on.
struct Finding {
  Truth truth = Truth::kYes;
  std::string why;
};

void add(std::string& text, std::string_view more) {
  if (more.empty() || text.find(more) != std::string::npos) return;
  if (!text.empty()) text += "; ";
  text += more;
}

// all_of is as true as the least true one, and says why that one is.
Finding all_of(const std::vector<Finding>& findings) {
  Finding out;
  for (const Finding& one : findings) {
    out.truth = std::min(out.truth, one.truth);
  }
  for (const Finding& one : findings) {
    if (one.truth == out.truth) add(out.why, one.why);
  }
  return out;
}

// any_of is as true as the most true one. No way at all: nothing closes it.
Finding any_of(const std::vector<Finding>& findings) {
  Finding out{.truth = Truth::kNo, .why = ""};
  for (const Finding& one : findings) {
    out.truth = std::max(out.truth, one.truth);
  }
  for (const Finding& one : findings) {
    if (one.truth != out.truth) continue;
    add(out.why, one.why);
    if (out.truth == Truth::kYes) break;
  }
  return out;
}

const attest::FieldFact* fact_of(const Appraisal& appraisal, std::string_view field) {
  const auto& facts = appraisal.facts.fields;
  const auto found = std::ranges::find_if(
      facts, [&](const attest::FieldFact& fact) { return field == fact.check->id; });
  return found == facts.end() ? nullptr : &*found;
}

Finding judge_condition(const Condition& condition, const Appraisal& appraisal) {
  const attest::FieldFact* fact = fact_of(appraisal, condition.field);
  if (fact == nullptr || fact->values.empty()) {
    return {Truth::kUnknown, "the evidence does not state " + condition.field};
  }
  const auto holds = [&](const std::string& value) {
    switch (condition.kind) {
      case Condition::Kind::kIs:
        return attest::is_accepted(fact->form, value, condition.values);
      case Condition::Kind::kIsNot:
        return !attest::is_accepted(fact->form, value, condition.values);
      case Condition::Kind::kAtLeast:
        return attest::is_at_least(value, condition.values.front());
    }
    return false;
  };
  std::string why = condition.field + " = " + join(fact->values);
  const bool yes = std::ranges::all_of(fact->values, holds);
  if (condition.kind == Condition::Kind::kAtLeast) {
    why += (yes ? ", at least " : ", less than ") + condition.values.front();
  }
  return {yes ? Truth::kYes : Truth::kNo, std::move(why)};
}

// The advisories of the maker's TCB documents that a row is verified to be of.
std::vector<std::string> advisories_of(const Attack& attack) {
  std::vector<std::string> out;
  for (const Item& item : attack.advisories) {
    if (item.verified && item.text.starts_with("INTEL-SA-")) out.push_back(item.text);
  }
  return out;
}

std::optional<Finding> listed_by_level(const Attack& attack, const Appraisal& appraisal) {
  for (const std::string& id : advisories_of(attack)) {
    if (std::ranges::count(appraisal.tcb.advisories, id) > 0) {
      return Finding{Truth::kNo, "Intel's TCB level lists " + id};
    }
  }
  return std::nullopt;
}

// behind says which part of the TCB Intel does not call UpToDate, and what it calls it; empty where
// there is none.
std::string behind(const attest::Tcb& tcb) {
  for (const attest::TcbPart& part : tcb.parts) {
    if (part.status != "UpToDate") return part.name + " " + part.status;
  }
  return tcb.status == "UpToDate" ? "" : "TCB " + tcb.status.value_or("unknown");
}

// not_listed takes "the level does not list it" for a statement only of a level that is up to date,
// and where the documents are new enough: an older document lists no advisory that came after it,
// and of levels that are not up to date Intel has listed advisories years later.
Finding not_listed(const Attack& attack, const Appraisal& appraisal) {
  if (auto open = listed_by_level(attack, appraisal)) return *std::move(open);
  const std::vector<std::string> ids = advisories_of(attack);
  std::uint64_t needed = 0;
  for (const std::string& id : ids) {
    const auto known = listed().find({id, appraisal.tee});
    if (known == listed().end()) {
      return {Truth::kCannot, "Intel's TCB documents of " + appraisal.tee + " never list " + id};
    }
    needed = std::max(needed, known->second);
  }
  const attest::Tcb& tcb = appraisal.tcb;
  if (!appraisal.facts.tcb_matched || tcb.parts.empty() || !tcb.status ||
      *tcb.status == "Revoked") {
    return {Truth::kUnknown, "no TCB level that Intel stands by matches"};
  }
  if (const std::string part = behind(tcb); !part.empty()) {
    return {Truth::kUnknown,
            "Intel calls its " + part + ": of such a level it has listed more advisories later"};
  }
  const std::string number = std::to_string(tcb.evaluation_number.value_or(0));
  if (tcb.evaluation_number.value_or(0) < needed) {
    return {Truth::kUnknown, "the TCB documents have evaluation number " + number + "; " +
                                 join(ids) + " is listed from " + std::to_string(needed)};
  }
  return {Truth::kYes,
          "Intel's TCB level does not list " + join(ids) + " (evaluation number " + number + ")"};
}

Finding judge_word(Word word, const Attack& attack, const Appraisal& appraisal) {
  switch (word) {
    case Word::kNotListed:
      return not_listed(attack, appraisal);
    case Word::kUnlessListed:
      return listed_by_level(attack, appraisal).value_or(Finding{});
    case Word::kUnknown:
      return {Truth::kUnknown, "nothing verified says which values of this evidence are enough"};
    case Word::kCannot:
      return {Truth::kCannot, "no field of such evidence shows it"};
  }
  return {Truth::kCannot, ""};
}

bool is_of(const Condition& condition, std::string_view tee) {
  return condition.field.starts_with(std::string(tee) + ".");
}

// for_tee is true where the way names fields of this TEE alone, or none.
bool for_tee(const Way& way, std::string_view tee) {
  const auto other = [&](const Condition& condition) { return !is_of(condition, tee); };
  return std::ranges::none_of(way.scope, other) && std::ranges::none_of(way.conditions, other);
}

Finding judge_scope(const Way& way, const Appraisal& appraisal) {
  std::vector<Finding> findings;
  for (const Condition& condition : way.scope) {
    findings.push_back(judge_condition(condition, appraisal));
  }
  return all_of(findings);
}

// ways_of are those for this TEE whose scope this platform may be in.
std::vector<const Way*> ways_of(const Attack& attack, const Appraisal& appraisal) {
  std::vector<const Way*> out;
  for (const Way& way : attack.closed_by) {
    if (for_tee(way, appraisal.tee) && judge_scope(way, appraisal).truth != Truth::kNo) {
      out.push_back(&way);
    }
  }
  return out;
}

Finding judge_way(const Way& way, const Attack& attack, const Appraisal& appraisal) {
  std::vector<Finding> findings;
  for (const Condition& condition : way.conditions) {
    findings.push_back(judge_condition(condition, appraisal));
  }
  for (const Word word : way.words) {
    findings.push_back(judge_word(word, attack, appraisal));
  }
  Finding out = all_of(findings);
  if (judge_scope(way, appraisal).truth == Truth::kYes) return out;
  // Which platform it is, is not known: neither is what closes the attack there.
  if (out.truth == Truth::kYes || out.truth == Truth::kNo) {
    out = {Truth::kUnknown, judge_scope(way, appraisal).why};
  }
  return out;
}

// affected says whether this platform is among those that the attack is known on.
Finding affected(const Attack& attack, const Appraisal& appraisal) {
  std::vector<Finding> findings;
  for (const Condition& condition : attack.affected_if) {
    if (!is_of(condition, appraisal.tee)) continue;
    findings.push_back(judge_condition(condition, appraisal));
    if (findings.back().truth == Truth::kNo) {
      findings.back().why += "; known on " + join(condition.values) + " alone";
    }
  }
  return all_of(findings);
}

Finding closed(const Attack& attack, const Appraisal& appraisal) {
  const Finding here = affected(attack, appraisal);
  if (here.truth == Truth::kNo) return {Truth::kYes, here.why};
  std::vector<Finding> findings;
  for (const Way* way : ways_of(attack, appraisal)) {
    findings.push_back(judge_way(*way, attack, appraisal));
  }
  Finding out = any_of(findings);
  if (out.truth == Truth::kNo && here.truth == Truth::kUnknown) return here;
  return out;
}

State state_of(Truth truth) {
  switch (truth) {
    case Truth::kNo:
      return State::kOpen;
    case Truth::kCannot:
      return State::kCannot;
    case Truth::kUnknown:
      return State::kNotShown;
    case Truth::kYes:
      return State::kClosed;
  }
  return State::kNotShown;
}

void add_lines(const Condition& condition, std::vector<std::string>& out) {
  static constexpr std::array kOptions = {"--accept-value ", "--refuse-value ", "--min-value "};
  for (const std::string& value : condition.values) {
    out.push_back(kOptions.at(static_cast<std::size_t>(condition.kind)) +
                  shell_word(condition.field + "=" + value));
  }
}

// listed_line is the line of a policy that demands documents that could list the advisories, and
// a level that lists none.
std::string listed_line(const Attack& attack, const std::string& tee) {
  std::uint64_t number = 0;
  const std::string out = "accept no TCB status but UpToDate";
  for (const std::string& id : advisories_of(attack)) {
    const auto known = listed().find({id, tee});
    if (known == listed().end()) return out + ", which does not show all of it";
    number = std::max(number, known->second);
  }
  return out + ", with --min-tcb-evaluation " + std::to_string(number);
}

bool is_sure(const Way& way) {
  return std::ranges::none_of(
      way.words, [](Word word) { return word == Word::kUnknown || word == Word::kCannot; });
}

std::vector<std::string> policy_of(const Attack& attack, const Appraisal& appraisal) {
  std::vector<std::string> out;
  const auto ways = ways_of(attack, appraisal);
  auto way = std::ranges::find_if(ways, [](const Way* one) { return is_sure(*one); });
  if (way == ways.end()) way = ways.begin();
  if (way != ways.end()) {
    for (const Condition& condition : (*way)->scope) {
      if (condition.values.size() == 1) add_lines(condition, out);
    }
    for (const Condition& condition : (*way)->conditions) {
      add_lines(condition, out);
    }
    if (std::ranges::count((*way)->words, Word::kNotListed) > 0) {
      out.push_back(listed_line(attack, appraisal.tee));
    }
  }
  if (!attack.policy.empty()) out.push_back(attack.policy);
  return out;
}

Exposure judge_attack(const Attack& attack, const Appraisal& appraisal) {
  Finding finding = closed(attack, appraisal);
  if (finding.truth == Truth::kYes && !appraisal.genuine) {
    finding = {Truth::kUnknown, "the evidence is not shown to be genuine"};
  }
  if (finding.truth == Truth::kYes && appraisal.development) {
    finding = {Truth::kUnknown, "a development platform: no maker vouches for its fields"};
  }
  return {.attack = &attack,
          .state = state_of(finding.truth),
          .why = std::move(finding.why),
          .policy = policy_of(attack, appraisal)};
}

// Beneath is the hardware that evidence stands on, judged under its own TEE's names: "azure.snp.x"
// of Azure's virtual TPM is SEV-SNP's "snp.x".
struct Beneath {
  Appraisal appraisal;
  std::string prefix;  // "azure."
  std::list<attest::CheckInfo> infos;
};

std::optional<Beneath> beneath(const Appraisal& above) {
  const auto hardware = std::ranges::find(above.claims, "hardware", &attest::Claim::name);
  if (hardware == above.claims.end()) return std::nullopt;
  Beneath out{.appraisal = above, .prefix = above.tee + ".", .infos = {}};
  out.appraisal.tee = join(attest::value_texts(hardware->value));
  for (attest::FieldFact& fact : out.appraisal.facts.fields) {
    if (!std::string_view(fact.check->id).starts_with(out.prefix)) continue;
    attest::CheckInfo info = *fact.check;
    info.id += out.prefix.size();
    fact.check = &out.infos.emplace_back(info);
  }
  return out;
}

// add_beneath adds the attacks on the hardware alone, with the fields as policies name them here.
void add_beneath(const Appraisal& above, std::vector<Exposure>& out) {
  const auto hardware = beneath(above);
  if (!hardware) return;
  const std::string own = hardware->appraisal.tee + ".";
  const auto rename = [&](std::string& text) {
    for (std::size_t at = text.find(own); at != std::string::npos;
         at = text.find(own, at + hardware->prefix.size() + own.size())) {
      text.insert(at, hardware->prefix);
    }
  };
  for (const Attack& attack : attacks()) {
    if (bears_on(attack, above.tee) || !bears_on(attack, hardware->appraisal.tee)) continue;
    Exposure exposure = judge_attack(attack, hardware->appraisal);
    rename(exposure.why);
    std::ranges::for_each(exposure.policy, rename);
    out.push_back(std::move(exposure));
  }
}

std::string_view maker_of(std::string_view tee) {
  const auto titles = tee_titles();
  const auto found =
      std::ranges::find_if(titles, [&](const TeeTitle& title) { return tee == title.name; });
  return found == titles.end() ? std::string_view() : std::string_view(found->maker);
}

}  // namespace

const char* to_text(State state) {
  switch (state) {
    case State::kOpen:
      return "open";
    case State::kNotShown:
      return "not shown";
    case State::kCannot:
      return "cannot be shown";
    case State::kClosed:
      return "closed";
  }
  return "not shown";
}

bool bears_on(const Attack& attack, std::string_view tee) {
  return std::ranges::any_of(attack.tees, [&](const Item& item) {
    return item.verified && (item.text == tee || item.text == "any" || item.text == maker_of(tee));
  });
}

std::vector<Exposure> judge(const attest::Appraisal& appraisal) {
  std::vector<Exposure> out;
  for (const Attack& attack : attacks()) {
    if (bears_on(attack, appraisal.tee)) out.push_back(judge_attack(attack, appraisal));
  }
  add_beneath(appraisal, out);
  return out;
}

}  // namespace ward::advisory
