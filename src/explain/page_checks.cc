#include <algorithm>

#include "attest/appraisal_json.h"
#include "explain/page_parts.h"

// Every check, every claim and every note, for those who want to see all.
namespace ward::explain {
namespace {

using attest::Check;
using attest::Outcome;

Mark mark_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPassed:
      return Mark::kGood;
    case Outcome::kFailed:
      return Mark::kBad;
    case Outcome::kNotDone:
      return Mark::kOpen;
  }
  return Mark::kBad;
}

std::string outcome_text(const Check& check) {
  if (check.outcome == Outcome::kPassed) return "passed";
  if (check.outcome == Outcome::kFailed) return "failed";
  return std::string("not done: ") + attest::to_text(check.not_done);
}

void write_check(Html& html, const Check& check) {
  html.open("div", {{"class", "check"}, {"id", check.info->id}}).open("h3");
  write_mark(html, mark_of(check.outcome));
  html.text(" ").element("code", check.info->id).text(" ");
  html.element("span", outcome_text(check), {{"class", "outcome"}}).close().open("dl");
  write_row(html, "Found", check.found);
  write_row(html, "Expected", check.expected);
  if (!check.expected.empty()) write_row(html, "Expectation from", from_text(check));
  write_row(html, "Demanded by", check.info->reference);
  if (check.outcome != Outcome::kPassed) write_row(html, "If it fails", check.info->meaning);
  html.close().close();
}

void write_group(Html& html, const Group& group) {
  const Counts counts = counts_of(group.checks);
  if (counts.failed > 0) {
    html.own("\n<details open>");
  } else {
    html.own("\n<details>");
  }
  html.open("summary");
  write_mark(html, counts.failed > 0     ? Mark::kBad
                   : counts.not_done > 0 ? Mark::kOpen
                                         : Mark::kGood);
  std::string name = group.object;
  std::ranges::replace(name, '_', ' ');
  html.text(" ").element("span", name, {{"class", "object"}}).text(" ");
  std::string said;
  const auto add = [&](std::size_t n, const char* what) {
    if (n > 0) said = joined(std::move(said), std::to_string(n) + what);
  };
  add(counts.passed, " passed");
  add(counts.failed, " failed");
  add(counts.not_done, " not done");
  html.element("span", said, {{"class", "outcome"}}).close();
  for (const Check* check : group.checks) {
    write_check(html, *check);
  }
  html.own("\n</details>");
}

const char* vouched_text(const attest::Appraisal& a) {
  if (!a.genuine) return "Nobody vouches for these values: a check of the TEE itself did not pass.";
  return a.development ? "Nobody vouches for these values: a development platform says them, which "
                         "anybody can make."
                       : "Its maker vouches for these values.";
}

}  // namespace

void write_checks_section(Html& html, const Explanation& e) {
  html.open("section", {{"id", "checks"}, {"aria-labelledby", "checks-title"}});
  html.element("h2", "Every check", {{"id", "checks-title"}});
  html.element("p", count(e.appraisal.checks.size(), "check", "checks") +
                        ", by what they look at. Each names the document that demands it.");
  html.own(
      "\n<p class=\"tools needs-script\" hidden><button type=\"button\" id=\"checks-open\">Open "
      "all</button> <button type=\"button\" id=\"checks-close\">Close all</button></p>");
  html.open("div", {{"class", "groups"}});
  for (const Group& group : groups_of(e)) {
    if (!group.checks.empty()) write_group(html, group);
  }
  html.close().close();
}

void write_claims_section(Html& html, const Explanation& e) {
  const attest::Appraisal& a = e.appraisal;
  if (!a.claims.empty()) {
    html.open("section", {{"id", "claims"}, {"aria-labelledby", "claims-title"}});
    html.element("h2", "What the evidence says", {{"id", "claims-title"}});
    html.element("p", vouched_text(a));
    html.open("details").element("summary", count(a.claims.size(), "value", "values"));
    html.open("table", {{"class", "claims"}}).open("thead").open("tr");
    html.element("th", "Name", {{"scope", "col"}}).element("th", "Value", {{"scope", "col"}});
    html.close().close().open("tbody");
    for (const attest::Claim& claim : a.claims) {
      html.open("tr").element("th", claim.name, {{"scope", "row"}}).open("td");
      html.element("code", attest::claim_text(claim.value)).close().close();
    }
    html.close().close().close().close();
  }
  if (a.notes.empty()) return;
  html.open("section", {{"id", "notes"}, {"aria-labelledby", "notes-title"}});
  html.element("h2", "Notes", {{"id", "notes-title"}}).open("ul", {{"class", "notes"}});
  for (const std::string& note : a.notes) {
    html.element("li", note);
  }
  html.close().close();
}

}  // namespace ward::explain
