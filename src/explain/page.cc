#include "explain/page.h"

#include "attest/appraisal_json.h"
#include "crypto/digest.h"
#include "explain/explanation_json.h"
#include "explain/page_parts.h"

namespace ward::explain {
namespace {

std::string source_digest(std::string_view source) {
  return "'sha256-" + to_base64(crypto::sha256(as_bytes(source)), Base64::kStandard) + "'";
}

// Nothing is loaded from anywhere, and no script runs but the page's own.
std::string content_policy() {
  return "default-src 'none'; script-src " + source_digest(page_script()) + "; style-src " +
         source_digest(page_style()) +
         "; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
         "trusted-types 'none'";
}

void write_head(Html& html, const Explanation& e) {
  html.open("head");
  html.empty("meta", {{"charset", "utf-8"}});
  html.empty("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", content_policy()}});
  html.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  html.empty("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  html.empty("meta", {{"name", "referrer"}, {"content", "no-referrer"}});
  html.element("title", std::string(attest::to_text(e.appraisal.verdict)) + ": " + e.appraisal.tee +
                            " evidence as of " + format_rfc3339(e.appraisal.at));
  html.own("\n<style>").raw(page_style()).own("</style>");
  html.close();
}

void write_json(Html& html, const std::string& json) {
  html.open("section", {{"id", "json"}, {"aria-labelledby", "json-title"}});
  html.element("h2", "The verdict for programs", {{"id", "json-title"}});
  html.open("p").text("The same verdict as JSON, ");
  html.element("code", attest::kAppraisalSchema);
  html.text(", as ").element("code", "ward verify --json").text(" prints it.").close();
  html.own(
      "\n<p class=\"tools needs-script\" hidden>"
      "<button type=\"button\" id=\"json-copy\">Copy</button> "
      "<button type=\"button\" id=\"json-save\">Save as a file</button> "
      "<span id=\"json-said\" role=\"status\"></span></p>");
  html.open("details");
  html.element("summary", "Show it");
  html.own("\n<pre id=\"json-text\" tabindex=\"0\">").text("").raw(json_for_html(json));
  html.own("</pre>").close().close();
}

void write_warnings(Html& html, const Explanation& e) {
  if (e.appraisal.warnings.empty()) return;
  html.open("section", {{"class", "unchecked"}, {"aria-labelledby", "warnings-title"}});
  html.element("h2", "Warning", {{"id", "warnings-title"}}).open("ul");
  for (const std::string& warning : e.appraisal.warnings) {
    html.element("li", warning);
  }
  html.close().close();
}

void write_footer(Html& html, const PageFacts& facts) {
  html.open("footer");
  html.open("p").text("Written by ").text(facts.made_by).text(". ");
  html.text(
      "This file is complete: it loads nothing and sends nothing. It holds the evidence and all "
      "documents that it rests on, so it names the platform as they do: pass it on to nobody who "
      "should not have those.");
  html.close().close();
}

}  // namespace

void write_mark(Html& html, Mark mark) {
  switch (mark) {
    case Mark::kGood:
      html.own(R"(<svg class="mark good" aria-hidden="true"><use href="#mark-good"></use></svg>)");
      return;
    case Mark::kBad:
      html.own(R"(<svg class="mark bad" aria-hidden="true"><use href="#mark-bad"></use></svg>)");
      return;
    case Mark::kOpen:
      html.own(R"(<svg class="mark open" aria-hidden="true"><use href="#mark-open"></use></svg>)");
      return;
  }
}

void write_row(Html& html, const char* name, std::string_view text) {
  if (text.empty()) return;
  html.open("div").element("dt", name).element("dd", text).close();
}

void write_code_row(Html& html, const char* name, std::string_view text) {
  if (text.empty()) return;
  html.open("div").element("dt", name).open("dd").element("code", text).close().close();
}

Result<std::string> page(const Explanation& explanation, const PageFacts& facts) {
  codec::JsonWriter writer(codec::JsonWriter::Style::kPretty);
  write_explanation(writer, explanation);
  WARD_TRY(const std::string json, writer.take());
  WARD_TRY(const std::string data, data_json(explanation.work));
  const Tree tree = tree_of(explanation.work);
  Html html;
  html.own("<!DOCTYPE html>");
  html.open("html", {{"lang", "en"}});
  write_head(html, explanation);
  html.open("body");
  // The marks' shapes: a disc, an octagon, a square on its corner.
  html.own(
      "\n<svg width=\"0\" height=\"0\" class=\"shapes\" aria-hidden=\"true\">"
      "<symbol id=\"mark-good\" viewBox=\"0 0 24 24\"><circle class=\"shape\" cx=\"12\" cy=\"12\" "
      "r=\"11\"></circle><path class=\"sign\" d=\"M7 12.5l3.5 3.5L17 9\"></path></symbol>"
      "<symbol id=\"mark-bad\" viewBox=\"0 0 24 24\"><path class=\"shape\" "
      "d=\"M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9z\"></path><path class=\"sign\" "
      "d=\"M8 8l8 8M16 8l-8 8\"></path></symbol>"
      "<symbol id=\"mark-open\" viewBox=\"0 0 24 24\"><path class=\"shape\" "
      "d=\"M12 .5L23.5 12 12 23.5.5 12z\"></path><path class=\"sign\" "
      "d=\"M9.3 9.5a2.7 2.7 0 1 1 4 2.4c-.9.5-1.3 1-1.3 2M12 17.2v.1\"></path></symbol></svg>");
  html.element("a", "Skip to the verdict", {{"class", "skip"}, {"href", "#main"}});
  html.open("main", {{"id", "main"}});
  write_verdict(html, explanation, facts);
  write_warnings(html, explanation);
  write_problems(html, explanation);
  write_tree(html, explanation, facts, tree);
  write_again(html, explanation, tree);
  write_attacks_section(html, explanation);
  write_checks_section(html, explanation);
  write_claims_section(html, explanation);
  write_json(html, json);
  html.close();
  write_footer(html, facts);
  html.own("\n<script type=\"application/json\" id=\"data\">").raw(json_for_html(data));
  html.own("</script>\n<script>").raw(page_script()).own("</script>");
  html.close().close().own("\n");
  return html.take();
}

}  // namespace ward::explain
