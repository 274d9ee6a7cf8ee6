#include <array>
#include <memory>
#include <string>
#include <vector>

#include "apps/ward/admin_client.h"
#include "apps/ward/admin_pages.h"
#include "apps/ward/commands.h"
#include "apps/ward/input.h"
#include "apps/ward/policy_file.h"
#include "apps/ward/policy_rego.h"
#include "args/args.h"
#include "base/time.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "server/files.h"

// What a running wardd keeps of its appraisals: ward appraisal list|show|repeat, ward policy
// replay.
namespace ward::cli {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

struct Options : AdminOptions {
  std::string id;
  std::string file;
  std::string kind;  // "evidence" or "results"
  std::string repository;
  std::string since;
  std::string until;
  std::string at = "then";
  std::string collateral = "then";
  std::string policy;  // of repeat; empty: as `at` has it
  RegoRule rule;
  std::string device_class;  // of replay, of Rego for evidence
};

// is_time refuses a value that is no time; empty is none.
bool is_time(const std::string& text) { return text.empty() || parse_rfc3339(text).has_value(); }

bool is_when(const std::string& text) { return text == "then" || text == "now"; }

std::string joined(const JsonValue* list) {
  std::string out;
  if (list == nullptr) return out;
  for (const JsonValue& item : list->items()) {
    out += (out.empty() ? "" : " ") + std::string(item.as_string().value_or(""));
  }
  return out;
}

int list(const Options& o) {
  if (!is_time(o.since)) return not_a_time("--since", o.since);
  JsonWriter w;
  w.begin_object().member("schema", "ward.appraisals/1").name("appraisals").begin_array();
  std::string lines;
  const int done = list_all(o, "/v1/appraisals" + (o.since.empty() ? "" : "?since=" + o.since),
                            [&](const JsonValue& page) {
                              if (!copy_items(page, "appraisals", w)) return false;
                              for (const JsonValue& one : page.find("appraisals")->items()) {
                                const std::string failed = joined(one.find("failed"));
                                lines +=
                                    line(text_of(one, "id") + " " + text_of(one, "time") + " " +
                                         text_of(one, "tee") + " " + text_of(one, "verdict") +
                                         (failed.empty() ? "" : ": " + failed));
                              }
                              return true;
                            });
  if (done != kAccepted) return done;
  if (!o.json) return print(lines);
  w.end_array().end_object();
  return print_json(w);
}

// What a person is told of an archived record, in this order; lists with a blank between.
constexpr std::array<std::string_view, 14> kShown = {"id",
                                                     "time",
                                                     "tee",
                                                     "for",
                                                     "genuine",
                                                     "verdict",
                                                     "failed",
                                                     "binding",
                                                     "device_binding",
                                                     "init_data_digest",
                                                     "runtime_data",
                                                     "policy",
                                                     "policy_version",
                                                     "collateral"};

std::string value_text(const JsonValue& value) {
  if (value.is_array()) return joined(&value);
  if (value.is_object()) {
    auto text = JsonWriter().copy(value).take();
    return text ? *std::move(text) : std::string();
  }
  if (const auto flag = value.as_bool()) return *flag ? "true" : "false";
  if (const auto number = value.as_uint()) return std::to_string(*number);
  return std::string(value.as_string().value_or(""));
}

// digest_line is of evidence, which is not shown.
std::string digest_line(const JsonValue& record, const char* name) {
  const JsonValue* part = record.find(name);
  const JsonValue* size = part != nullptr ? part->find("size") : nullptr;
  if (size == nullptr) return {};
  return line(std::string(name) + ": " + std::to_string(size->as_uint().value_or(0)) +
              " octets, SHA-256 " + text_of(*part, "sha256"));
}

std::string lines_of_record(const JsonValue& record) {
  std::string out;
  for (const std::string_view name : kShown) {
    const JsonValue* value = record.find(name);
    const std::string text = value != nullptr ? value_text(*value) : std::string();
    const JsonValue* kept = record.find(std::string(name) + "_kept");
    const bool gone = kept != nullptr && !kept->as_bool().value_or(true);
    if (!text.empty()) out += line(std::string(name) + ": " + text + (gone ? ", not kept" : ""));
  }
  return out + digest_line(record, "primary_evidence") + digest_line(record, "additional_evidence");
}

int show(const Options& o) {
  const AdminReply reply = administer(o, {"GET", "/v1/appraisals/" + o.id, {}});
  if (reply.exit != kAccepted) return reply.exit;
  const auto record = codec::parse_json(reply.body, {.max_bytes = std::size_t{16} << 20U});
  if (!record) return unreadable();
  return o.json ? print(std::string(as_text(reply.body)) + "\n") : print(lines_of_record(*record));
}

// A folder or file of collateral, as the request carries it.
Result<void, int> write_collateral(const std::string& path, JsonWriter& w) {
  const auto collateral = read_collateral(path);
  if (!collateral) return fail(kCouldNotTell, collateral.error());
  w.name("collateral").begin_array();
  for (const attest::Document& document : collateral->documents) {
    w.begin_object().member("name", document.name);
    w.member("base64", to_base64(document.bytes, Base64::kStandard)).end_object();
  }
  w.end_array();
  return {};
}

// The exit code of a verdict, by its word.
int exit_of(const std::string& verdict) {
  if (verdict == "accepted") return kAccepted;
  return verdict == "refused" ? kRefused : kCouldNotTell;
}

// policy_of says under which policy an appraisal was repeated.
std::string policy_of(const JsonValue& appraisal) {
  const JsonValue* policy = appraisal.find("policy");
  const JsonValue* version = policy != nullptr ? policy->find("version") : nullptr;
  if (version == nullptr) return {};
  return ", under policy " + text_of(*policy, "name") + ", version " +
         std::to_string(version->as_uint().value_or(0)) +
         (text_of(*policy, "of") == "now" ? " (in force)" : " (of then)");
}

std::string lines_of(const JsonValue& appraisal) {
  std::string out = line(text_of(appraisal, "tee") + ", as of " + text_of(appraisal, "at") +
                         policy_of(appraisal) + ": " + text_of(appraisal, "summary"));
  const JsonValue* checks = appraisal.find("checks");
  if (checks == nullptr) return out;
  for (const JsonValue& check : checks->items()) {
    const std::string outcome = text_of(check, "outcome");
    if (outcome != "failed") continue;
    out += line("  " + text_of(check, "id") + ": found " + text_of(check, "found") + ", expected " +
                text_of(check, "expected"));
  }
  return out;
}

int repeat(const Options& o) {
  if (!is_when(o.at) && !is_time(o.at)) return not_a_time("--at", o.at);
  JsonWriter w;
  w.begin_object().member("at", o.at);
  if (is_when(o.collateral)) {
    w.member("collateral", o.collateral);
  } else if (const auto written = write_collateral(o.collateral, w); !written) {
    return written.error();
  }
  if (!o.policy.empty()) w.member("policy", o.policy);
  const auto body = w.end_object().take();
  if (!body) return unreadable();
  const AdminReply reply =
      administer(o, {"POST", "/v1/appraisals/" + o.id + "/repeat", as_bytes(*body)});
  if (reply.exit != kAccepted) return reply.exit;
  const auto appraisal = codec::parse_json(reply.body, {.max_bytes = std::size_t{16} << 20U});
  if (!appraisal) return unreadable();
  const int printed =
      o.json ? print(std::string(as_text(reply.body)) + "\n") : print(lines_of(*appraisal));
  return printed == kAccepted ? exit_of(text_of(*appraisal, "verdict")) : printed;
}

bool is_rego_evidence(const Options& o) { return o.kind == "evidence" && is_rego(o.file); }

// candidate_of reads the file: a policy in JSON, or Rego for a class of devices as it stands.
Result<Buffer, int> candidate_of(const Options& o) {
  if (is_rego_evidence(o) && !o.rule.given()) return read_rego_evidence(o.file);
  if (!o.device_class.empty()) {
    return fail(kUsage, "--class goes with a *.rego file for evidence");
  }
  return read_candidate(o.kind, o.file, o.rule);
}

Result<std::string> replay_body(const Options& o, const Buffer& candidate,
                                const std::string& after) {
  JsonWriter w;
  w.begin_object().member("for", o.kind);
  if (!o.repository.empty()) w.member("repository", o.repository);
  if (!o.since.empty()) w.member("since", o.since);
  if (!o.until.empty()) w.member("until", o.until);
  w.member("after", after).member("at", o.at).member("collateral", o.collateral);
  if (is_rego_evidence(o)) {
    w.member("class", o.device_class.empty() ? "cpu" : o.device_class);
    w.member("candidate", as_text(candidate));
  } else {
    w.name("candidate").raw_json(as_text(candidate));
  }
  return w.end_object().take();
}

// Outcome gathers what the steps of a replay say.
struct Outcome {
  std::uint64_t replayed = 0;
  std::size_t gains = 0;
  std::size_t losses = 0;
  std::size_t withheld = 0;  // of both
  JsonWriter changes;
  JsonWriter not_replayed;
  std::string lines;
  std::size_t missed = 0;
};

// lines_of_reasons writes checks, each behind `prefix`.
std::string lines_of_reasons(const JsonValue* reasons, const std::string& prefix) {
  std::string out;
  if (reasons == nullptr) return out;
  for (const JsonValue& reason : reasons->items()) {
    const std::string found = text_of(reason, "found");
    const std::string expected = text_of(reason, "expected");
    out += line(prefix + text_of(reason, "id") + (found.empty() ? "" : ": found " + found) +
                (expected.empty() ? "" : ", expected " + expected));
  }
  return out;
}

std::string lines_of_change(const JsonValue& change) {
  std::string out = text_of(change, "time") + " " + text_of(change, "id") + " " +
                    text_of(change, "tee") + " " + text_of(change, "change") + " " +
                    text_of(change, "access");
  const std::string workload = text_of(change, "workload");
  if (!workload.empty()) out += ", workload " + workload;
  return line(out) + lines_of_reasons(change.find("reasons"), "  ") +
         lines_of_reasons(change.find("withheld"), "  but: ");
}

// is_withheld is true of an access that nobody has, or gets, all the same.
bool is_withheld(const JsonValue& change) {
  const JsonValue* withheld = change.find("withheld");
  return withheld != nullptr && !withheld->items().empty();
}

bool take_step(const JsonValue& step, Outcome& out) {
  const JsonValue* replayed = step.find("replayed");
  if (replayed == nullptr || !replayed->as_uint()) return false;
  out.replayed += *replayed->as_uint();
  if (!copy_items(step, "changes", out.changes)) return false;
  if (!copy_items(step, "not_replayed", out.not_replayed)) return false;
  for (const JsonValue& change : step.find("changes")->items()) {
    ++(text_of(change, "change") == "gains" ? out.gains : out.losses);
    if (is_withheld(change)) ++out.withheld;
    out.lines += lines_of_change(change);
  }
  for (const JsonValue& one : step.find("not_replayed")->items()) {
    ++out.missed;
    out.lines += line(text_of(one, "id") + " not replayed: " + text_of(one, "why"));
  }
  return true;
}

int print_outcome(const Options& o, Outcome& out) {
  const auto changes = out.changes.end_array().take();
  const auto not_replayed = out.not_replayed.end_array().take();
  if (!changes || !not_replayed) return unreadable();
  if (!o.json) {
    const std::string withheld =
        out.withheld == 0 ? "" : "; " + std::to_string(out.withheld) + " withheld all the same";
    return print(out.lines + std::to_string(out.replayed) + " replayed, " +
                 std::to_string(out.missed) + " not; accesses: " + std::to_string(out.gains) +
                 " gained, " + std::to_string(out.losses) + " lost" + withheld + "\n");
  }
  JsonWriter w;
  w.begin_object().member("schema", "ward.replay/1").member("for", o.kind);
  if (!o.repository.empty()) w.member("repository", o.repository);
  w.member("replayed", out.replayed).name("changes").raw_json(*changes);
  w.name("not_replayed").raw_json(*not_replayed).end_object();
  return print_json(w);
}

int replay(const Options& o) {
  if ((o.kind == "evidence") != o.repository.empty()) {
    return fail(kUsage, "--repository goes with --for results, and only with it");
  }
  if (!is_time(o.since)) return not_a_time("--since", o.since);
  if (!is_time(o.until)) return not_a_time("--until", o.until);
  const auto candidate = candidate_of(o);
  if (!candidate) return candidate.error();
  Outcome out;
  out.changes.begin_array();
  out.not_replayed.begin_array();
  const int done = pages(
      [&](const std::string& after) {
        const auto body = replay_body(o, *candidate, after);
        if (!body) return AdminReply{unreadable(), {}};
        return administer(o, {"POST", "/v1/replay", as_bytes(*body)});
      },
      [&](const JsonValue& step) { return take_step(step, out); });
  return done == kAccepted ? print_outcome(o, out) : done;
}

void add_when(args::Command& c, Options& o) {
  c.add_option("--at", o.at, "then (each at its own time), or now")->one_of({"then", "now"});
  c.add_option("--collateral", o.collateral, "then (what the service held), or now")
      ->one_of({"then", "now"});
}

}  // namespace

void add_policy_replay(args::Command& policy, Action& action) {
  const auto o = std::make_shared<Options>();
  args::Command* c = policy.add_subcommand(
      "replay", "who would gain or lose access under a candidate, by what the service archived");
  c->add_option("--candidate", o->file, "policy, JSON or *.rego")->required();
  c->add_option("--for", o->kind, "evidence or results")
      ->required()
      ->one_of({"evidence", "results"});
  c->add_option("--repository", o->repository, "whose results policy");
  c->add_option("--since", o->since, "from this time on (otherwise all that is kept)");
  c->add_option("--until", o->until, "up to this time");
  c->add_option("--class", o->device_class, "of Rego for evidence: whose (otherwise cpu)")
      ->one_of({"cpu", "gpu", "switch"});
  add_rego_options(*c, o->rule);
  add_when(*c, *o);
  add_admin_options(*c, *o);
  c->callback([o, &action] { action = [o] { return replay(*o); }; });
}

void add_appraisal(args::Command& app, Action& action) {
  args::Command* group = app.add_subcommand(
      "appraisal", "what a running wardd keeps of its appraisals, and one of them again");
  group->require_subcommand(1);
  const auto o = std::make_shared<Options>();
  args::Command* list_app = group->add_subcommand("list", "the appraisals that are archived");
  list_app->add_option("--since", o->since, "from this time on");
  add_admin_options(*list_app, *o);
  list_app->callback([o, &action] { action = [o] { return list(*o); }; });
  args::Command* shown = group->add_subcommand("show", "one appraisal, as it is archived");
  shown->add_option("ID", o->id, "as `list` prints it")->required();
  add_admin_options(*shown, *o);
  shown->callback([o, &action] { action = [o] { return show(*o); }; });
  args::Command* one = group->add_subcommand("repeat", "appraise archived evidence again");
  one->add_option("ID", o->id, "as `list` prints it")->required();
  one->add_option("--at", o->at, "then, now, or a time");
  one->add_option("--collateral", o->collateral, "then, now, or a folder or file");
  one->add_option("--policy", o->policy,
                  "then (the version that it was judged by), or now (the one in force); otherwise "
                  "as --at is, now for a time")
      ->one_of({"then", "now"});
  add_admin_options(*one, *o);
  one->callback([o, &action] { action = [o] { return repeat(*o); }; });
}

}  // namespace ward::cli
