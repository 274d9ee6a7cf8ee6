#include <algorithm>
#include <array>

#include "explain/page_parts.h"

// What a reader who knows nothing of attestation reads: the verdict, and what to do.
namespace ward::explain {
namespace {

using attest::Appraisal;
using attest::Check;
using attest::NotDone;
using attest::Outcome;
using attest::Verdict;

template <class Condition>
std::size_t number_of(const Appraisal& a, Condition condition) {
  return static_cast<std::size_t>(std::ranges::count_if(a.checks, condition));
}

Mark mark_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAccepted:
      return Mark::kGood;
    case Verdict::kRefused:
      return Mark::kBad;
    case Verdict::kUndetermined:
      return Mark::kOpen;
  }
  return Mark::kBad;
}

const char* heading(const Appraisal& a) {
  switch (a.verdict) {
    case Verdict::kAccepted:
      return a.development ? "Accepted for development only" : "Accepted";
    case Verdict::kRefused:
      return "Refused";
    case Verdict::kUndetermined:
      return "Cannot tell";
  }
  return "Refused";
}

// Where the maker publishes no status and the policy names no least values, no level was judged.
const char* level(const Appraisal& a) {
  const bool judged = a.tcb.status.has_value() || a.facts.tcb_demanded;
  return judged ? " at an accepted security level" : ", whose security level nobody judged";
}

std::string lead(const Appraisal& a) {
  const std::size_t failed =
      number_of(a, [](const Check& c) { return c.outcome == Outcome::kFailed; });
  const std::size_t lacking =
      number_of(a, [](const Check& c) { return c.not_done == NotDone::kAbsent; });
  switch (a.verdict) {
    case Verdict::kAccepted:
      if (a.development) {
        return "Every check that was asked for passed, but this is a development platform: it "
               "protects nothing.";
      }
      return std::string("The evidence comes from a genuine platform") + level(a) +
             (a.unchecked.empty() ? ", and all that was asked for holds."
                                  : ". What is listed below as not checked is not known.");
    case Verdict::kRefused:
      return "Do not trust what sent this evidence: " +
             count(failed, "check failed", "checks failed") +
             (lacking == 0
                  ? "."
                  : ", and " + count(lacking, "lacks what it needs.", "lack what they need."));
    case Verdict::kUndetermined:
      return "Nothing is known to be wrong, but " +
             count(lacking, "check lacks what it needs", "checks lack what they need") +
             ". Treat the evidence as not accepted until that is there.";
  }
  return "";
}

const char* word_for(AdviceKind kind) {
  switch (kind) {
    case AdviceKind::kFetch:
      return "Get";
    case AdviceKind::kUpdate:
      return "Update";
    case AdviceKind::kAccept:
      return "Accept";
    case AdviceKind::kHint:
      return "Do";
  }
  return "Do";
}

struct Question {
  const char* name;
  const char* title;
  const char* meaning;
};

constexpr auto kQuestions = std::to_array<Question>({
    {"report_data", "report data",
     "whether the evidence was made for you and just now, or is old "
     "or somebody else's"},
    {"measurement", "measurement", "which program runs there"},
    {"workload", "workload", "which workload that program was given"},
    {"revocation", "revocation",
     "whether the maker has withdrawn one of the certificates since: no list was given, and the "
     "policy does without"},
});

void write_unchecked(Html& html, const Appraisal& a) {
  if (a.unchecked.empty()) return;
  html.open("div", {{"class", "unchecked"}});
  html.element("h2", "Not checked").open("ul");
  for (const std::string& name : a.unchecked) {
    const auto* known =
        std::ranges::find_if(kQuestions, [&](const Question& q) { return name == q.name; });
    html.open("li").element("strong", known == kQuestions.end() ? name : known->title);
    if (known != kQuestions.end()) html.text(": ").text(known->meaning);
    html.close();
  }
  html.close().close();
}

void write_tcb(Html& html, const Appraisal& a) {
  const attest::Tcb& tcb = a.tcb;
  if (tcb.status || a.facts.tcb_status_check != nullptr) {
    write_row(html, "Security level (TCB)", tcb.status.value_or("none could be told"));
  }
  if (!tcb.status && a.facts.tcb_status_check == nullptr) {
    write_row(html, "Security level (TCB)",
              a.facts.tcb_demanded ? "as the policy demands; the maker publishes no status"
                                   : "not judged: the maker publishes no status, and the policy "
                                     "names no least values");
  }
  if (tcb.date) write_row(html, "TCB date", format_rfc3339(*tcb.date).substr(0, 10));
  if (tcb.evaluation_number) {
    write_row(html, "TCB evaluation number", std::to_string(*tcb.evaluation_number));
  }
  std::string advisories;
  for (const std::string& advisory : tcb.advisories) {
    advisories += (advisories.empty() ? "" : ", ") + advisory;
  }
  write_row(html, "Exposed to advisories", advisories);
}

// The material whose validity ends first.
void write_end(Html& html, const Explanation& e) {
  const attest::Material* first = nullptr;
  for (const attest::Material& m : e.work.materials) {
    if (m.until && (first == nullptr || *m.until < *first->until)) first = &m;
  }
  if (first == nullptr) return;
  const std::int64_t days = days_left(*first, e.appraisal.at).value_or(0);
  const std::string left =
      days >= 0 ? count(static_cast<std::size_t>(days), "day", "days") + " later" : "already over";
  write_row(
      html, "First document to expire",
      format_rfc3339(*first->until).substr(0, 10) + " (" + left + "): " + material_title(*first));
}

void write_advice(Html& html, const Explanation& e, const Check& check) {
  std::vector<Advice> advice = advice_for(e, check);
  if (advice.empty()) advice.push_back({.check = check.info->id, .what = check.info->hint});
  html.open("div", {{"class", "advice"}}).element("h4", "What to do").open("ul");
  for (const Advice& a : advice) {
    html.open("li").element("span", word_for(a.kind), {{"class", "kind"}}).own("<div>");
    const bool command = a.kind == AdviceKind::kFetch || a.kind == AdviceKind::kAccept;
    html.own("<p>");
    if (command) {
      html.element("code", a.what);
    } else {
      html.text(a.what);
    }
    html.own("</p>");
    if (!a.meaning.empty()) html.element("p", a.meaning, {{"class", "soft"}});
    html.own("</div>").close();
  }
  html.close().close();
}

void write_problem(Html& html, const Explanation& e, const Check& check) {
  const bool failed = check.outcome == Outcome::kFailed;
  html.open("article", {{"class", failed ? "problem failed" : "problem missing"}});
  html.open("h3");
  write_mark(html, failed ? Mark::kBad : Mark::kOpen);
  html.open("span").element("span", failed ? "Wrong: " : "Missing: ", {{"class", "sort"}});
  html.text(check.info->meaning).close().close();
  html.open("dl");
  write_code_row(html, "Check", check.info->id);
  write_row(html, "Found", check.found);
  write_row(html, "Expected", check.expected);
  if (!check.expected.empty()) write_row(html, "Expectation from", from_text(check));
  write_row(html, "Demanded by", check.info->reference);
  html.close();
  write_advice(html, e, check);
  html.close();
}

}  // namespace

void write_verdict(Html& html, const Explanation& e, const PageFacts& facts) {
  const Appraisal& a = e.appraisal;
  if (a.development) {
    html.own(
        "\n<p class=\"development\"><strong>Development platform, not a TEE.</strong> Anybody can "
        "make such evidence, on any computer. It protects nothing and proves nothing.</p>");
  }
  const std::string kind = std::string("verdict ") + attest::to_text(a.verdict) +
                           (a.development ? " for-development" : "");
  html.open("section", {{"class", kind}, {"aria-labelledby", "verdict"}});
  write_mark(html, mark_of(a.verdict));
  html.open("div").element("p", "ward's verdict on " + a.tee + " evidence", {{"class", "brow"}});
  html.element("h1", heading(a), {{"id", "verdict"}});
  html.element("p", lead(a), {{"class", "lead"}}).close().close();
  html.own(
      "\n<p id=\"again-short\" class=\"again-short needs-script\" role=\"status\" hidden></p>");
  html.open("dl", {{"class", "facts"}});
  write_row(html, "Evidence", facts.evidence_kind.empty() ? a.tee : facts.evidence_kind);
  write_row(html, "File", facts.evidence_name);
  write_row(html, "As of", format_rfc3339(a.at));
  write_tcb(html, a);
  write_end(html, e);
  html.close();
  write_unchecked(html, a);
}

void write_problems(Html& html, const Explanation& e) {
  if (std::ranges::none_of(e.appraisal.checks, is_problem)) return;
  html.open("section", {{"id", "problems"}, {"aria-labelledby", "problems-title"}});
  const bool wrong = e.appraisal.verdict == Verdict::kRefused;
  html.element("h2", wrong ? "What is wrong, and what to do" : "What is missing, and what to do",
               {{"id", "problems-title"}});
  for (const Outcome outcome : {Outcome::kFailed, Outcome::kNotDone}) {
    for (const Check& check : e.appraisal.checks) {
      if (check.outcome == outcome && is_problem(check)) write_problem(html, e, check);
    }
  }
  const auto blocked = static_cast<std::size_t>(std::ranges::count_if(
      e.appraisal.checks, [](const Check& c) { return c.not_done == NotDone::kBlocked; }));
  if (blocked > 0) {
    html.element("p",
                 count(blocked, "more check was", "more checks were") +
                     " not done, because they rest on these.",
                 {{"class", "soft"}});
  }
  html.close();
}

}  // namespace ward::explain
