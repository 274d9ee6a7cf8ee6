#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/ward/admin_client.h"
#include "apps/ward/admin_pages.h"
#include "apps/ward/commands.h"
#include "apps/ward/person_options.h"
#include "args/args.h"

// ward tenant add|list|show|set|remove: the tenants of a running wardd, for its operators.
namespace ward::cli {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::string_view kPlace = "/v1/tenants";

struct Options : AdminOptions {
  std::string id;
  std::string administrator;
  PersonOptions proof;
  std::vector<std::string> quotas;  // "leases=100"
  bool suspend = false;
  bool resume = false;
};

bool is_id(const std::string& id) {
  return !id.empty() && id.size() <= 32 && id.front() != '-' &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

int wrong_id(const std::string& id) {
  return fail(kUsage, id + ": no tenant's id", "1 to 32 of a-z 0-9 -, the first no hyphen");
}

// write_quotas writes the member that --quota asks for; the exit code where one is no quota.
Result<void, int> write_quotas(JsonWriter& w, const Options& o) {
  if (o.quotas.empty()) return {};
  w.name("quotas").begin_object();
  for (const std::string& one : o.quotas) {
    const auto equals = one.find('=');
    const std::string number = equals == std::string::npos ? "" : one.substr(equals + 1);
    constexpr std::size_t kMostDigits = 18;
    if (equals == 0 || number.empty() || number.size() > kMostDigits ||
        number.find_first_not_of("0123456789") != std::string::npos) {
      return fail(kUsage, one + ": no quota", "--quota NAME=NUMBER; `ward tenant show` has names");
    }
    w.member(one.substr(0, equals), std::uint64_t{std::stoull(number)});
  }
  w.end_object();
  return {};
}

// write_administrator writes the member that --administrator asks for.
Result<void, int> write_administrator(JsonWriter& w, const Options& o) {
  if (o.administrator.empty()) return {};
  w.name("administrator").begin_object().member("name", o.administrator);
  w.member("role", "administrator");
  if (const auto done = write_person_proof(w, o.proof); !done) return done.error();
  w.end_object();
  return {};
}

std::string described(const JsonValue& one) {
  std::string out =
      text_of(one, "id") + " " + text_of(one, "state") + " since " + text_of(one, "created");
  const JsonValue* quotas = one.find("quotas");
  if (quotas == nullptr) return out;
  for (const auto& [name, value] : quotas->members()) {
    out += " " + name + "=" + std::to_string(value.as_uint().value_or(0));
  }
  return out;
}

// tell prints the tenant that the service answered with.
int tell(const Options& o, const AdminReply& reply) {
  if (reply.exit != kAccepted) return reply.exit;
  const auto body = page_of(reply.body);
  if (!body || !body->is_object() || text_of(*body, "id").empty()) return unreadable();
  if (!o.json) return print(line(described(*body)));
  JsonWriter w;
  w.copy(*body);
  return print_json(w);
}

int send(const Options& o, const std::string& target, JsonWriter& w) {
  const auto text = w.end_object().take();
  if (!text) return fail(kUsage, "what is asked for is not UTF-8");
  return tell(o, administer(o, {"POST", target, as_bytes(*text)}));
}

int add(const Options& o) {
  if (!is_id(o.id)) return wrong_id(o.id);
  JsonWriter w;
  w.begin_object().member("id", o.id);
  if (const auto done = write_quotas(w, o); !done) return done.error();
  if (const auto done = write_administrator(w, o); !done) return done.error();
  return send(o, std::string(kPlace), w);
}

int set(const Options& o) {
  if (!is_id(o.id)) return wrong_id(o.id);
  if (!o.suspend && !o.resume && o.quotas.empty() && o.administrator.empty()) {
    return fail(kUsage, "nothing is to be changed", "see `ward tenant set --help`");
  }
  if (o.administrator.empty() != o.proof.empty()) {
    return fail(kUsage, "--administrator NAME and what he signs in with belong together",
                "as for `ward admin add`");
  }
  JsonWriter w;
  w.begin_object();
  if (o.suspend || o.resume) w.member("suspended", o.suspend);
  if (const auto done = write_quotas(w, o); !done) return done.error();
  if (const auto done = write_administrator(w, o); !done) return done.error();
  return send(o, std::string(kPlace) + "/" + o.id, w);
}

int show(const Options& o) {
  if (!is_id(o.id)) return wrong_id(o.id);
  return tell(o, administer(o, {"GET", std::string(kPlace) + "/" + o.id, {}}));
}

int remove(const Options& o) {
  if (!is_id(o.id)) return wrong_id(o.id);
  return administer(o, {"DELETE", std::string(kPlace) + "/" + o.id, {}}).exit;
}

int list(const Options& o) {
  JsonWriter w;
  w.begin_object().member("schema", "ward.tenants/1").name("tenants").begin_array();
  std::string lines;
  const int done = list_all(o, std::string(kPlace), [&](const JsonValue& page) {
    if (!copy_items(page, "tenants", w)) return false;
    for (const JsonValue& one : page.find("tenants")->items()) {
      lines += line(described(one));
    }
    return true;
  });
  if (done != kAccepted) return done;
  if (!o.json) return print(lines);
  w.end_array().end_object();
  return print_json(w);
}

}  // namespace

void add_tenant(args::Command& app, Action& action) {
  args::Command* group = app.add_subcommand("tenant", "the tenants of a wardd, for its operators");
  group->require_subcommand(1);
  const auto o = std::make_shared<Options>();
  const auto add_one = [&](const char* name, const char* help, int (*run)(const Options&)) {
    args::Command* one = group->add_subcommand(name, help);
    add_admin_options(*one, *o);
    one->callback([o, &action, run] { action = [o, run] { return run(*o); }; });
    return one;
  };
  const auto id = [&](args::Command* one) {
    one->add_option("ID", o->id, "1 to 32 of a-z 0-9 -")->required()->type_name("");
  };
  const auto quotas = [&](args::Command* one) {
    one->add_option("--quota", o->quotas, "NAME=NUMBER, as `show` prints them; several times")
        ->allow_extra_args(false)
        ->type_name("QUOTA");
  };
  args::Command* made = add_one("add", "make a tenant, with its first administrator", add);
  id(made);
  made->add_option("--administrator", o->administrator, "the administrator's name")->required();
  add_person_options(*made, o->proof);
  quotas(made);
  (void)add_one("list", "all tenants, those that were removed among them", list);
  id(add_one("show", "one tenant's state and quotas", show));
  args::Command* changed =
      add_one("set", "change quotas, suspend or resume a tenant, give it an administrator", set);
  id(changed);
  auto* suspend = changed->add_flag("--suspend", o->suspend, "answer nothing for it but 403");
  changed->add_flag("--resume", o->resume, "serve it again")->excludes(suspend);
  changed->add_option("--administrator", o->administrator,
                      "a further administrator, or another key for one: both ledgers say so");
  add_person_options(*changed, o->proof);
  quotas(changed);
  id(add_one("remove", "end a suspended tenant: what it keeps can be opened by nobody any more",
             remove));
}

}  // namespace ward::cli
