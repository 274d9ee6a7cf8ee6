#include <memory>
#include <string>

#include "apps/ward/admin_client.h"
#include "apps/ward/admin_pages.h"
#include "apps/ward/commands.h"
#include "args/args.h"

// ward lease list|revoke|revoked|lift: for how long a running wardd's secrets were released.
namespace ward::cli {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

struct Options : AdminOptions {
  std::string id;
};

// is_id is true for what the service could have printed: nothing else is sent in a path.
bool is_id(const std::string& id) {
  return !id.empty() && id.size() <= 64 &&
         id.find_first_not_of("0123456789abcdef-") == std::string::npos;
}

// show prints a list of the service's: each item as one line, or all as JSON.
template <class Text>
int show(const Options& o, const std::string& name, const Text& text) {
  JsonWriter w;
  w.begin_object().member("schema", "ward." + name + "/1").name(name).begin_array();
  std::string lines;
  const int done = list_all(o, "/v1/" + name, [&](const JsonValue& page) {
    if (!copy_items(page, name, w)) return false;
    for (const JsonValue& one : page.find(name)->items()) {
      lines += line(text(one));
    }
    return true;
  });
  if (done != kAccepted) return done;
  if (!o.json) return print(lines);
  w.end_array().end_object();
  return print_json(w);
}

int list(const Options& o) {
  return show(o, "leases", [](const JsonValue& one) {
    const JsonValue* revoked = one.find("revoked");
    const bool is_revoked = revoked != nullptr && revoked->as_bool().value_or(false);
    return text_of(one, "id") + " " + text_of(one, "resource") + " until " + text_of(one, "until") +
           ", workload " + text_of(one, "workload") + (is_revoked ? ", revoked" : "");
  });
}

int revoked(const Options& o) {
  return show(o, "revocations", [](const JsonValue& one) {
    return text_of(one, "id") + " " + text_of(one, "resource") + " by " + text_of(one, "by") +
           " at " + text_of(one, "time") + ", workload " + text_of(one, "workload");
  });
}

int revoke(const Options& o) {
  if (!is_id(o.id)) return fail(kUsage, o.id + ": no id, as `ward lease list` prints it");
  const AdminReply reply = administer(o, {"DELETE", "/v1/leases/" + o.id, {}});
  if (reply.exit != kAccepted) return reply.exit;
  const auto body = page_of(reply.body);
  if (!body || !body->is_object()) return unreadable();
  JsonWriter w;
  w.begin_object().member("schema", "ward.revocation/1").member("id", text_of(*body, "id"));
  w.member("resource", text_of(*body, "resource")).member("workload", text_of(*body, "workload"));
  w.member("lease", text_of(*body, "lease")).member("by", text_of(*body, "by"));
  w.member("time", text_of(*body, "time")).end_object();
  if (o.json) return print_json(w);
  return print(line(text_of(*body, "resource") + " is released no more to workload " +
                    text_of(*body, "workload") + ", until `ward lease lift " +
                    text_of(*body, "id") + "`"));
}

int lift(const Options& o) {
  if (!is_id(o.id)) return fail(kUsage, o.id + ": no id, as `ward lease revoked` prints it");
  return administer(o, {"DELETE", "/v1/revocations/" + o.id, {}}).exit;
}

}  // namespace

void add_lease(args::Command& app, Action& action) {
  args::Command* group = app.add_subcommand(
      "lease", "for how long a wardd's secrets were released, and to whom no more");
  group->require_subcommand(1);
  const auto o = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* help, int (*run)(const Options&)) {
    args::Command* one = group->add_subcommand(name, help);
    add_admin_options(*one, *o);
    one->callback([o, &action, run] { action = [o, run] { return run(*o); }; });
    return one;
  };
  (void)add("list", "the leases that last", list);
  add("revoke", "release the secret of a lease no more to its workload", revoke)
      ->add_option("ID", o->id, "as `list` prints it")
      ->required();
  (void)add("revoked", "the workloads whose leases were revoked", revoked);
  add("lift", "take a revocation back", lift)
      ->add_option("ID", o->id, "as `revoked` prints it")
      ->required();
}

}  // namespace ward::cli
