#include <memory>
#include <string>

#include "apps/ward/admin_client.h"
#include "apps/ward/admin_pages.h"
#include "apps/ward/commands.h"
#include "args/args.h"
#include "broker/incident.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "ledger/note.h"
#include "server/files.h"
#include "token/jws.h"

// ward incident open|list|show|report|close: what was released to a machine, a workload or exposed
// platforms, and that nothing more is.
namespace ward::cli {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::size_t kMaxReport = 24U << 20U;

struct Options : AdminOptions {
  std::string id;
  std::string advisory;
  std::string chip;
  std::string workload;
  std::string note;
  bool apply = false;
  std::string verify;  // a file
  std::string ledger_key;
};

bool is_id(const std::string& id) {
  return id.size() == 16 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

int no_id(const std::string& id) {
  return fail(kUsage, id + ": no id, as `ward incident list` prints it");
}

std::uint64_t number_of(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  return value == nullptr ? 0 : value->as_uint().value_or(0);
}

// state_of says who opened one, why, and whether it is over; empty for a trial.
std::string state_of(const JsonValue& one) {
  if (text_of(one, "id").empty()) return {};
  const std::string closed = text_of(one, "closed_by");
  const std::string note = text_of(one, "note");
  std::string out = line("opened " + text_of(one, "opened") + " by " + text_of(one, "opened_by") +
                         (note.empty() ? "" : ": " + note));
  if (!closed.empty()) out += line("closed " + text_of(one, "closed") + " by " + closed);
  return out;
}

// text_of_incident is one for people: what it is about, what was released, what was done.
std::string text_of_incident(const JsonValue& one) {
  const std::string id = text_of(one, "id");
  std::string out = line((id.empty() ? "trial" : "incident " + id) + ": " + text_of(one, "of") +
                         " " + text_of(one, "subject"));
  out += state_of(one);
  const std::uint64_t leaves = number_of(one, "ledger_size");
  out += line("service " + text_of(one, "service") +
              (leaves == 0 ? ", whose ledger was not read: open another for the list"
                           : ", whose ledger had " + std::to_string(leaves) + " leaves"));
  const JsonValue* releases = one.find("releases");
  if (releases == nullptr || !releases->is_array()) return {};
  for (const JsonValue& release : releases->items()) {
    out += line("  " + text_of(release, "time") + " " +
                std::to_string(number_of(release, "index")) + " " + text_of(release, "resource") +
                " version " + text_of(release, "version") + " to " + text_of(release, "workload"));
  }
  const auto count = [&](const char* name, const std::string& text) {
    if (const std::uint64_t n = number_of(one, name); n != 0) {
      out += line(text + ": " + std::to_string(n));
    }
  };
  count("unlisted", "releases that are not listed here, but in the ledger");
  count("unknown", "releases of which the ledger does not say whether they are affected");
  count("tokens_refused", "results that were issued lately and are refused now");
  const JsonValue* rotate = one.find("rotate");
  if (rotate != nullptr && rotate->is_array()) {
    for (const JsonValue& path : rotate->items()) {
      out += line("rotate " + std::string(path.as_string().value_or("")));
    }
  }
  count("rotate_unlisted", "resources to rotate that are not listed here: ward secret list");
  const std::uint64_t before = number_of(one, "policy_before");
  const std::uint64_t after = number_of(one, "policy_after");
  if (before != after) {
    out +=
        line((id.empty() ? "would put" : "put") + std::string(" version ") + std::to_string(after) +
             " of the policy for evidence in force; back, once it is closed: ward policy " +
             "rollback --for evidence --to " + std::to_string(before));
  } else {
    out += line(after == 0 ? "there is no policy for evidence, so none is accepted"
                           : "the policy for evidence refuses it already");
  }
  return out;
}

int show_reply(const Options& o, const AdminReply& reply) {
  if (reply.exit != kAccepted) return reply.exit;
  const auto told = page_of(reply.body);
  if (!told || !told->is_object()) return unreadable();
  if (o.json) return print(std::string(as_text(reply.body)) + "\n");
  const std::string text = text_of_incident(*told);
  return text.empty() ? unreadable() : print(text);
}

int open(const Options& o) {
  const int subjects =
      (o.advisory.empty() ? 0 : 1) + (o.chip.empty() ? 0 : 1) + (o.workload.empty() ? 0 : 1);
  if (subjects != 1) {
    return fail(kUsage, "an incident is of one --advisory, --chip or --workload");
  }
  JsonWriter w;
  w.begin_object();
  if (!o.advisory.empty()) w.member("advisory", o.advisory);
  if (!o.chip.empty()) w.member("chip", o.chip);
  if (!o.workload.empty()) w.member("workload", o.workload);
  const auto body = w.member("note", o.note).member("apply", o.apply).end_object().take();
  if (!body) return fail(kUsage, "--note: not a text");
  const int done = show_reply(o, administer(o, {"POST", "/v1/incidents", as_bytes(*body)}));
  if (done == kAccepted && !o.apply && !o.json) {
    return print("nothing was changed: with --apply it is\n");
  }
  return done;
}

std::string described(const JsonValue& one) {
  const std::string closed = text_of(one, "closed_by");
  return line(text_of(one, "id") + " " + text_of(one, "opened") + " " + text_of(one, "of") + " " +
              text_of(one, "subject") + ", " + std::to_string(number_of(one, "releases")) +
              " releases, " + (closed.empty() ? "open" : "closed by " + closed) +
              (text_of(one, "note").empty() ? "" : ": " + text_of(one, "note")));
}

int list(const Options& o) {
  JsonWriter w;
  w.begin_object().member("schema", "ward.incidents/1").name("incidents").begin_array();
  std::string lines;
  const int done = list_all(o, "/v1/incidents", [&](const JsonValue& page) {
    if (!copy_items(page, "incidents", w)) return false;
    for (const JsonValue& one : page.find("incidents")->items()) {
      lines += described(one);
    }
    return true;
  });
  if (done != kAccepted) return done;
  if (!o.json) return print(lines);
  w.end_array().end_object();
  return print_json(w);
}

int show(const Options& o) {
  if (!is_id(o.id)) return no_id(o.id);
  return show_reply(o, administer(o, {"GET", "/v1/incidents/" + o.id, {}}));
}

int close(const Options& o) {
  if (!is_id(o.id)) return no_id(o.id);
  return show_reply(o, administer(o, {"POST", "/v1/incidents/" + o.id + "/close", {}}));
}

int report(const Options& o) {
  if (!is_id(o.id)) return no_id(o.id);
  const AdminReply reply = administer(o, {"GET", "/v1/incidents/" + o.id + "/report", {}});
  if (reply.exit != kAccepted) return reply.exit;
  return print(std::string(as_text(reply.body)) + "\n");
}

int verify(const Options& o) {
  const auto key = ledger::NoteKey::parse(o.ledger_key);
  if (!key) return fail(kUsage, "--key: " + error_text(key.error()));
  const auto text = server::read_file(o.verify, kMaxReport);
  if (!text) return own_file_failure(o.verify, text.error());
  std::string_view compact = as_text(*text);
  while (compact.ends_with('\n')) {
    compact.remove_suffix(1);
  }
  const auto verified =
      token::verify_jws(compact, {token::JwsAlgorithm::kEdDsa, key->key(), key->name()},
                        {.typ = broker::kIncidentReportType});
  if (!verified) return fail(kRefused, o.verify + ": " + error_text(verified.error()));
  const auto incident = page_of(verified->payload);
  if (!incident || !broker::parse_incident(verified->payload)) {
    return fail(kRefused, o.verify + ": no report of an incident");
  }
  if (o.json) return print(std::string(as_text(verified->payload)) + "\n");
  return print(text_of_incident(*incident));
}

}  // namespace

void add_incident(args::Command& app, Action& action) {
  args::Command* group = app.add_subcommand(
      "incident", "what was released to an affected machine or workload, and that no more is");
  group->require_subcommand(1);
  const auto o = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* help, int (*run)(const Options&)) {
    args::Command* one = group->add_subcommand(name, help);
    add_admin_options(*one, *o);
    one->callback([o, &action, run] { action = [o, run] { return run(*o); }; });
    return one;
  };
  args::Command* opened =
      add("open", "list what was released to it; with --apply also refuse it from now on", open);
  opened->add_option("--advisory", o->advisory, "platforms whose evidence shows this advisory");
  opened->add_option("--chip", o->chip, "this chip: its id in hex, or salted:... of a result");
  opened->add_option("--workload", o->workload, "this workload: its digest in hex");
  opened->add_option("--note", o->note, "why; it stands in the report");
  opened->add_flag("--apply", o->apply,
                   "tighten the policy, mark keys for rotation, keep a report");
  (void)add("list", "the incidents that there are", list);
  for (args::Command* one :
       {add("show", "one, with what was released", show),
        add("report", "its report, signed with the ledger's key (JWS)", report),
        add("close", "it is over; the policy stays as it is", close)}) {
    one->add_option("ID", o->id, "as `list` prints it")->required();
  }
  args::Command* check = group->add_subcommand("verify", "check a report, without the service");
  check->add_option("FILE", o->verify, "what `report` printed")->required();
  check->add_option("--key", o->ledger_key, "the ledger's key, as `wardd init` printed it")
      ->required();
  check->add_flag("--json", o->json, "print one JSON object");
  check->callback([o, &action] { action = [o] { return verify(*o); }; });
}

}  // namespace ward::cli
