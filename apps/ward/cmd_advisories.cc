#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "advisory/advisory_json.h"
#include "advisory/select.h"
#include "advisory/timeline.h"
#include "apps/ward/advisory_text.h"
#include "apps/ward/cli.h"
#include "apps/ward/commands.h"
#include "apps/ward/evidence_input.h"
#include "apps/ward/evidence_kind.h"
#include "apps/ward/input.h"
#include "apps/ward/output_file.h"
#include "apps/ward/sealed_cli.h"
#include "args/args.h"
#include "tee/all.h"
#include "verifier/verifier.h"

// ward advisories: the known attacks, and which of them a platform leaves open.
namespace ward::cli {
namespace {

using advisory::Selection;
using attest::Appraisal;

struct Options {
  std::string file;
  std::vector<std::string> collateral;
  std::string at;
  RootFiles roots;
  std::string tee;
  std::string since;
  std::string svg;
  bool force = false;
  bool json = false;
};

// The platform alone is judged here: what the workload and the policy are is another question.
attest::Policy platform_alone() {
  attest::Policy policy;
  policy.name = "advisories";
  policy.accept_any_tcb = true;
  policy.allow_debug = true;
  policy.allow_development = true;
  policy.require_revocation = false;
  return policy;
}

Result<Appraisal, int> appraise(const Options& o) {
  const auto at = o.at.empty() ? std::optional(system_now()) : parse_rfc3339(o.at);
  if (!at) return not_a_time("--at", o.at);
  WARD_TRY(std::vector<attest::Anchor> roots, named_roots(o.roots));
  WARD_TRY(const Buffer evidence, read_evidence(o.file));
  if (judge_of(evidence) == nullptr) return no_judge(o.file, evidence);
  WARD_TRY(const attest::Collateral collateral, read_all_collateral(o.collateral, o.roots));
  const verifier::Verifier verifier(tee::all_schemes(), std::move(roots), platform_alone());
  auto out = verifier.appraise(
      {.evidence = evidence,
       .collateral = collateral,
       .now = *at,
       .expected = {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}}});
  if (!out) return fail(kCouldNotTell, error_text(out.error()));
  return *std::move(out);
}

std::string title_of(const Options& o, const Appraisal* platform) {
  std::string out = "Known attacks";
  for (const advisory::TeeTitle& title : advisory::tee_titles()) {
    if (platform == nullptr && o.tee == title.name) out += ": " + title.title;
    if (platform != nullptr && platform->tee == title.name) {
      out += " and a platform of " + title.title + " as of " +
             format_rfc3339(platform->at).substr(0, 10);
    }
  }
  return o.since.empty() ? out : out + ", since " + o.since;
}

int write_svg(const Options& o, const Selection& selection, const Appraisal* platform) {
  const std::string svg = advisory::timeline_svg(selection, title_of(o, platform),
                                                 platform == nullptr ? o.tee : platform->tee);
  auto out = prepare_output(o.svg, o.force, OutputFile::Readers::kUmask);
  auto done = out ? out->write(as_bytes(svg)) : Result<void>(out.error());
  if (done) done = out->commit(o.force);
  if (done) return kAccepted;
  const bool taken = done.error().code() == Errc::kDenied;
  return fail(taken ? kUsage : kCouldNotTell, o.svg + ": " + error_text(done.error()),
              taken ? "--force replaces it" : "");
}

std::string json_text(const Selection& selection, const Appraisal* platform) {
  codec::JsonWriter out(codec::JsonWriter::Style::kPretty);
  advisory::write_selection(out, selection, platform);
  return *out.take() + "\n";
}

// What evidence that is not genuine comes to: refused where a check failed, else could not tell.
int exit_code(const Appraisal& platform) {
  if (platform.genuine) return kAccepted;
  return platform.verdict == attest::Verdict::kRefused ? kRefused : kCouldNotTell;
}

int show(const Options& o, const Selection& selection, const Appraisal* platform) {
  if (!o.svg.empty()) {
    if (const int code = write_svg(o, selection, platform); code != kAccepted) return code;
  }
  std::string text;
  if (o.json) {
    text = json_text(selection, platform);
  } else if (platform == nullptr) {
    text = attacks_text(selection);
  } else {
    text = platform_text(*platform) + exposures_text(selection);
  }
  const int printed = print(text);
  if (printed != kAccepted || platform == nullptr) return printed;
  if (!platform->genuine && !o.json) {
    return fail(exit_code(*platform), "the evidence is not shown to be genuine: nothing is closed",
                "ward verify says why, with the same options");
  }
  return exit_code(*platform);
}

int run(const Options& o) {
  advisory::Filter filter;
  if (!o.tee.empty()) filter.tee = o.tee;
  if (!o.since.empty()) {
    filter.since = advisory::parse_date(o.since);
    if (!filter.since) {
      return fail(kUsage, "--since: not a day: " + o.since, "write it as in 2025-10-14");
    }
  }
  if (o.file.empty()) {
    if (!o.collateral.empty() || !o.at.empty() || !o.roots.trust_root.empty() ||
        !o.roots.hardware_roots.empty()) {
      return fail(
          kUsage,
          "--collateral, --at, --trust-root and --hardware-root are about evidence: name its "
          "FILE");
    }
    return show(o, advisory::select(filter), nullptr);
  }
  const auto platform = appraise(o);
  if (!platform) return platform.error();
  return show(o, advisory::select(advisory::judge(*platform), filter), &*platform);
}

std::vector<std::string> tee_names() {
  std::vector<std::string> out;
  for (const advisory::TeeTitle& title : advisory::tee_titles()) {
    out.emplace_back(title.name);
  }
  return out;
}

}  // namespace

void add_advisories(args::Command& app, Action& action) {
  auto o = std::make_shared<Options>();
  args::Command* c = app.add_subcommand(
      "advisories", "list the known attacks; of evidence, which of them its platform leaves open");
  auto* file =
      c->add_option("FILE", o->file, "evidence, as the platform made it; - is standard input");
  c->add_option("--collateral", o->collateral,
                "a file, or a folder with any mixture of documents; may be given again")
      ->allow_extra_args(false);
  c->add_option("--at", o->at, "appraise as of this time (RFC 3339, UTC); now if not given");
  add_root_options(*c, o->roots);
  c->add_option("--tee", o->tee, "attacks on this TEE alone")->one_of(tee_names())->excludes(file);
  c->add_option("--since", o->since, "what became public on this day or later (2025-10-14)");
  c->add_option("--svg", o->svg, "write a timeline to this file, too");
  c->add_flag("--force", o->force, "replace a timeline that exists");
  c->add_flag("--json", o->json, "print one JSON object (ward.advisories/1)");
  c->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace ward::cli
