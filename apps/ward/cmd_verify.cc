#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/ward/appraisal_text.h"
#include "apps/ward/cli.h"
#include "apps/ward/commands.h"
#include "apps/ward/evidence_input.h"
#include "apps/ward/evidence_kind.h"
#include "apps/ward/expected_values.h"
#include "apps/ward/input.h"
#include "apps/ward/policy_options.h"
#include "apps/ward/verify_composite.h"
#include "apps/ward/verify_files.h"
#include "apps/ward/verify_result.h"
#include "args/args.h"
#include "attest/demands.h"
#include "attest/workload.h"
#include "explain/compare.h"
#include "explain/explanation_json.h"
#include "explain/tree.h"
#include "tee/all.h"
#include "verifier/verifier.h"

namespace ward::cli {
namespace {

struct Options {
  std::string file;
  std::vector<std::string> collateral;
  std::string at;
  std::string then;
  std::string now;
  std::string report_data;
  std::vector<std::string> measurements;
  std::vector<std::string> workloads;
  RootFiles roots;
  PolicyOptions policy;
  bool explain = false;
  bool json = false;
  VerifyFiles files;
#ifndef WARD_FIRST
  ResultOptions result;
  CompositeOptions composite;
#endif
};

Result<attest::Expectations, Usage> expectations(const Options& o, const attest::Scheme& scheme) {
  attest::Expectations out;
  const std::vector<std::string> data =
      o.report_data.empty() ? std::vector<std::string>{} : std::vector{o.report_data};
  const attest::SchemeInfo info = scheme.info();
  const std::string of = std::string(" of ") + info.name;
  WARD_TRY(out.report_data, expected_values(data, {.option = "--report-data",
                                                   .name = "the report data" + of,
                                                   .size = info.report_data_size,
                                                   .sizes = info.report_data_sizes}));
  WARD_TRY(out.measurement, expected_values(o.measurements, {.option = "--measurement",
                                                             .name = "the measurement" + of,
                                                             .size = info.measurement_size,
                                                             .sizes = info.measurement_sizes}));
  WARD_TRY(out.workload, workload_values(o.workloads, {.option = "--workload",
                                                       .name = "the workload field" + of,
                                                       .size = info.workload_size,
                                                       .sizes = info.workload_sizes}));
  return out;
}

// print_out prints the text, or what `write` writes where JSON was asked for; the verdict's exit
// code.
template <class Write>
int print_out(bool json, std::string text, attest::Verdict verdict, Write write) {
  if (json) {
    codec::JsonWriter writer(codec::JsonWriter::Style::kPretty);
    write(writer);
    auto taken = writer.take();
    if (!taken) return fail(kCouldNotTell, error_text(taken.error()));
    text = *std::move(taken) + "\n";
  }
  const int printed = cli::print(text);
  return printed == kAccepted ? exit_code(verdict) : printed;
}

int print(const Options& o, const explain::Explanation& e) {
  return print_out(o.json, o.explain ? explain::tree(e) : short_text(e), e.appraisal.verdict,
                   [&](codec::JsonWriter& out) { explain::write_explanation(out, e); });
}

int usage(const Usage& u) { return fail(kUsage, u.what, u.hint); }

// Subject is what is appraised, and by what: all that does not depend on the time.
struct Subject {
  verifier::Verifier verifier;
  const attest::Scheme* scheme;
  Buffer evidence;
  bool decoded;  // the file holds it as text
  attest::Collateral collateral;
  attest::Expectations expected;
};

// read_subject reads what the options name; the exit code of a mistake.
Result<Subject, int> read_subject(const Options& o) {
  const attest::Demands demands(tee::all_schemes(), kDemandOptions);
  WARD_TRY(auto policy, make_policy(o.policy, demands));
  WARD_TRY(auto roots, named_roots(o.roots));
  WARD_TRY(EvidenceFile file, read_evidence_file(o.file));
  Buffer evidence = std::move(file.octets);
  verifier::Verifier verifier(tee::all_schemes(), std::move(roots), std::move(policy));
  const attest::Scheme* scheme = judge_of(evidence);
  if (scheme == nullptr) return no_judge(o.file, evidence);
  if (const auto wrong = demands.misplaced(*scheme, verifier.policy())) return usage(*wrong);
  auto expected = expectations(o, *scheme);
  if (!expected) return usage(expected.error());
  WARD_TRY(auto collateral, read_all_collateral(o.collateral, o.roots));
  return Subject{std::move(verifier),   scheme,
                 std::move(evidence),   file.decoded,
                 std::move(collateral), *std::move(expected)};
}

Result<explain::Explanation, int> appraise(const Subject& subject, UnixTime at) {
  auto out = explain::appraise(subject.verifier, {.evidence = subject.evidence,
                                                  .collateral = subject.collateral,
                                                  .now = at,
                                                  .expected = subject.expected});
  if (!out) return fail(kCouldNotTell, error_text(out.error()));
  const attest::Demands demands(tee::all_schemes(), kDemandOptions);
  if (const auto wrong = demands.without_effect(out->appraisal, subject.verifier.policy())) {
    return usage(*wrong);
  }
  return *std::move(out);
}

// A time that an option names; this machine's where it names none.
Result<UnixTime, int> time_of(const char* option, const std::string& text) {
  if (text.empty()) return system_now();
  const auto time = parse_rfc3339(text);
  if (!time) return not_a_time(option, text);
  return *time;
}

// What changed between two times, and why.
int compare(const Options& o) {
  WARD_TRY(const UnixTime first, time_of("--then", o.then));
  WARD_TRY(const UnixTime second, time_of("--now", o.now));
  if (second < first) {
    return usage({"--now is before --then", "give the earlier time to --then"});
  }
  WARD_TRY(const Subject subject, read_subject(o));
  WARD_TRY(const explain::Explanation then, appraise(subject, first));
  WARD_TRY(const explain::Explanation now, appraise(subject, second));
  return print_out(o.json, explain::comparison_text(then, now), now.appraisal.verdict,
                   [&](codec::JsonWriter& out) { explain::write_comparison(out, then, now); });
}

#ifndef WARD_FIRST
int run_composite(const Options& o) {
  if (!o.files.show_work.empty() || !o.files.html.empty() || !o.result.file.empty()) {
    return usage({"--show-work, --html and --ear are about one part", "verify that part alone"});
  }
  const attest::Demands demands(tee::all_schemes(), kDemandOptions);
  WARD_TRY(auto policy, make_policy(o.policy, demands));
  WARD_TRY(auto roots, named_roots(o.roots));
  WARD_TRY(const UnixTime at, time_of("--at", o.at));
  WARD_TRY(const auto collateral, read_all_collateral(o.collateral, o.roots));
  const verifier::Verifier verifier(tee::all_schemes(), std::move(roots), std::move(policy));
  return verify_composite({.verifier = verifier,
                           .file = o.file,
                           .options = o.composite,
                           .report_data = o.report_data,
                           .measurements = o.measurements,
                           .workloads = o.workloads,
                           .collateral = collateral,
                           .at = at,
                           .explain = o.explain,
                           .json = o.json});
}
#endif

int run(const Options& o) {
  if (!o.then.empty()) {
#ifndef WARD_FIRST
    if (o.composite.asked()) return usage({"--then is about one part", "verify that part alone"});
#endif
    return compare(o);
  }
#ifndef WARD_FIRST
  if (o.composite.asked()) return run_composite(o);
  VerifyFiles files = o.files;
  files.ear = o.result.file;
  if (const auto wrong = misnamed(files)) return usage(*wrong);
#endif
  WARD_TRY(const UnixTime at, time_of("--at", o.at));
  WARD_TRY(const Subject subject, read_subject(o));
  WARD_TRY(const explain::Explanation explanation, appraise(subject, at));
#ifndef WARD_FIRST
  WARD_TRY(auto ear, result_file(o.result, explanation.appraisal, subject.verifier.policy().name));
  const int written = write_files(files, {.name = o.file, .decoded = subject.decoded},
                                  subject.scheme->info(), explanation, std::move(ear));
  if (written != kAccepted) return written;
#endif
  return print(o, explanation);
}

}  // namespace

void add_verify(args::Command& app, Action& action) {
  auto o = std::make_shared<Options>();
  args::Command* c = app.add_subcommand(
      "verify", "appraise evidence: is it genuine, current, and what you expect?");
  c->add_option("FILE", o->file, "evidence, as the platform made it; - is standard input")
      ->required();
  c->add_option(
       "--collateral", o->collateral,
       "a file, or a folder with any mixture of documents, event logs included; may be given "
       "again")
      ->allow_extra_args(false);
  auto* at =
      c->add_option("--at", o->at, "appraise as of this time (RFC 3339, UTC); now if not given");
  auto* then = c->add_option("--then", o->then,
                             "tell what has changed since this time, and why; the exit code is "
                             "--now's")
                   ->excludes(at);
  c->add_option("--now", o->now, "compare --then with this time; now if not given")->needs(then);
  c->add_option("--report-data", o->report_data, "the whole report data that you expect, in hex");
  c->add_option("--measurement", o->measurements,
                "an accepted launch measurement, in hex; may be given again");
  c->add_option(
      "--workload", o->workloads,
      "an accepted workload in hex: what `ward keep measure` prints, or the whole field (CONFIGID, "
      "MRCONFIGID, HOST_DATA); may be given again");
  add_root_options(*c, o->roots);
#ifndef WARD_FIRST
  add_composite_options(*c, o->composite);
#endif
  add_policy_options(*c, o->policy);
  auto* explain = c->add_flag("--explain", o->explain,
                              "the whole tree: what the verdict rests on, every check, what to do")
                      ->excludes(then);
  c->add_flag("--json", o->json, "print the appraisal as JSON (ward.appraisal/1)")
      ->excludes(explain);
#ifndef WARD_FIRST
  c->add_option("--show-work", o->files.show_work,
                "write a shell script that derives every signature and digest again, without ward")
      ->excludes(then);
  c->add_option("--html", o->files.html,
                "write the verdict and all that it rests on as one page, which verifies its "
                "signatures again in a browser")
      ->excludes(then);
  add_result_options(*c, o->result)->excludes(then);
#endif
  c->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace ward::cli
