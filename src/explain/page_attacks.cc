#include <algorithm>

#include "explain/page_parts.h"

// The known attacks on this TEE, and what the evidence shows of each.
namespace ward::explain {
namespace {

using advisory::Exposure;
using advisory::State;

struct Kind {
  State state;
  Mark mark;
  const char* title;
  const char* means;
};

constexpr Kind kKinds[] = {
    {State::kOpen, Mark::kBad, "open", "What the evidence or its documents say leaves it open."},
    {State::kNotShown, Mark::kOpen, "not shown",
     "Such evidence could show it; this one does not, or nobody said by which values."},
    {State::kCannot, Mark::kOpen, "cannot be shown",
     "No field of such evidence shows it: who runs the machine and the workload must see to it."},
    {State::kClosed, Mark::kGood, "closed", "What the maker vouches for shows that it is closed."},
};

void write_exposure(Html& html, const Exposure& exposure) {
  html.open("div", {{"class", "check"}}).element("h3", exposure.attack->name).open("dl");
  write_row(html, "Known as", verified_ids(exposure.attack->cves));
  write_row(html, "Advisories", verified_ids(exposure.attack->advisories));
  write_row(html, "Why", exposure.why);
  for (const std::string& line : exposure.policy) {
    write_row(html, "Policy", line);
  }
  html.close().close();
}

const char* meaning(const Kind& kind, bool development) {
  if (kind.state != State::kClosed || !development) return kind.means;
  return "What the evidence says would show that it is closed, but nobody vouches for it: this is "
         "a "
         "development platform.";
}

void write_kind(Html& html, const Explanation& e, const Kind& kind) {
  const auto of_kind = [&](const Exposure& exposure) { return exposure.state == kind.state; };
  const auto number = std::ranges::count_if(e.exposures, of_kind);
  if (number == 0) return;
  html.open("details").open("summary");
  write_mark(html, kind.mark);
  html.text(" ").element("span", kind.title, {{"class", "object"}}).text(" ");
  html.element("span", count(static_cast<std::size_t>(number), "attack", "attacks"),
               {{"class", "outcome"}});
  html.close();
  html.element("p", meaning(kind, e.appraisal.development), {{"class", "check"}});
  for (const Exposure& exposure : e.exposures) {
    if (of_kind(exposure)) write_exposure(html, exposure);
  }
  html.close();
}

}  // namespace

void write_attacks_section(Html& html, const Explanation& e) {
  if (e.exposures.empty()) return;
  html.open("section", {{"id", "attacks"}, {"aria-labelledby", "attacks-title"}});
  html.element("h2", "Known attacks", {{"id", "attacks-title"}});
  html.element("p",
               "What has been published against this kind of TEE, and what this evidence shows of "
               "each. A verdict judges what its policy names: an open attack alone refuses "
               "nothing.");
  html.open("div", {{"class", "groups"}});
  for (const Kind& kind : kKinds) {
    write_kind(html, e, kind);
  }
  html.close().close();
}

}  // namespace ward::explain
