#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/ward/admin_client.h"
#include "apps/ward/admin_pages.h"
#include "apps/ward/commands.h"
#include "apps/ward/key_files.h"
#include "apps/ward/output_file.h"
#include "apps/ward/person_options.h"
#include "apps/ward/sealed_cli.h"
#include "args/args.h"
#include "codec/pem.h"
#include "crypto/rng.h"
#include "server/key_file.h"

// ward admin key|add|list|remove: who administers a tenant of a running wardd.
namespace ward::cli {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::string_view kPlace = "/v1/administrators";

struct Options : AdminOptions {
  std::string name;
  std::string role;
  std::vector<std::string> repositories;
  PersonOptions proof;
  std::string output;
};

int wrong_name(const std::string& name) {
  return fail(kUsage, name + ": no administrator's name", "1 to 64 of A-Z a-z 0-9 . _ -");
}

// key makes a key file that --admin takes, and prints the public half, which `add` takes.
int key(const Options& o) {
  protect_process();
  if (!server::valid_name(o.name)) return wrong_name(o.name);
  crypto::SystemRng rng;
  auto made = crypto::PrivateKey::generate(crypto::KeyType::kEd25519, rng);
  if (!made) return fail(kCouldNotTell, error_text(made.error()));
  const std::string pem = codec::to_pem("PUBLIC KEY", made->public_key().to_spki());
  const auto role = broker::role_of(o.role);
  if (!role) return fail(kUsage, o.role + ": no role");
  const SecretBytes text = server::write_admin_key({o.name, *role, *std::move(made)});
  auto out = prepare_output(o.output, false, OutputFile::Readers::kOwner);
  auto done = out ? out->write(text.expose()) : Result<void>(out.error());
  if (done) done = out->commit(false);
  if (done) return print(pem);
  const bool taken = done.error().code() == Errc::kDenied;
  return fail(taken ? kUsage : kCouldNotTell, o.output + ": " + error_text(done.error()));
}

std::string described(const JsonValue& one) {
  std::string out = text_of(one, "name") + " " + text_of(one, "role");
  const JsonValue* list = one.find("repositories");
  std::string names;
  for (const JsonValue& item : list != nullptr ? list->items() : std::vector<JsonValue>()) {
    names += (names.empty() ? " of " : ", ") + std::string(item.as_string().value_or(""));
  }
  out += names;
  return out + person_proof_text(one) + ", " + text_of(one, "from");
}

int add(const Options& o) {
  if (!server::valid_name(o.name)) return wrong_name(o.name);
  JsonWriter w;
  w.begin_object().member("name", o.name).member("role", o.role).name("repositories").begin_array();
  for (const std::string& one : o.repositories) {
    w.string(one);
  }
  w.end_array();
  if (const auto done = write_person_proof(w, o.proof); !done) return done.error();
  const auto text = w.end_object().take();
  if (!text) return fail(kUsage, "what is asked for is not UTF-8");
  const AdminReply reply = administer(o, {"POST", std::string(kPlace), as_bytes(*text)});
  if (reply.exit != kAccepted) return reply.exit;
  const auto body = page_of(reply.body);
  if (!body || !body->is_object() || text_of(*body, "name").empty()) return unreadable();
  if (!o.json) return print(line(described(*body)));
  JsonWriter told;
  told.copy(*body);
  return print_json(told);
}

int list(const Options& o) {
  JsonWriter w;
  w.begin_object().member("schema", "ward.administrators/1").name("administrators").begin_array();
  std::string lines;
  const int done = list_all(o, std::string(kPlace), [&](const JsonValue& page) {
    if (!copy_items(page, "administrators", w)) return false;
    for (const JsonValue& one : page.find("administrators")->items()) {
      lines += line(described(one));
    }
    return true;
  });
  if (done != kAccepted) return done;
  if (!o.json) return print(lines);
  w.end_array().end_object();
  return print_json(w);
}

int remove(const Options& o) {
  if (!server::valid_name(o.name)) return wrong_name(o.name);
  return administer(o, {"DELETE", std::string(kPlace) + "/" + o.name, {}}).exit;
}

std::vector<std::string> role_names() {
  std::vector<std::string> out;
  for (const broker::Role role : broker::kRoles) {
    out.emplace_back(to_text(role));
  }
  return out;
}

}  // namespace

void add_admin(args::Command& app, Action& action) {
  args::Command* group = app.add_subcommand("admin", "who administers a wardd, or a tenant of it");
  group->require_subcommand(1);
  const auto o = std::make_shared<Options>();
  const auto add_one = [&](const char* name, const char* help, int (*run)(const Options&)) {
    args::Command* one = group->add_subcommand(name, help);
    one->callback([o, &action, run] { action = [o, run] { return run(*o); }; });
    return one;
  };
  const auto name_and_role = [&](args::Command* one) {
    one->add_option("NAME", o->name, "1 to 64 of A-Z a-z 0-9 . _ -")->required()->type_name("");
    one->add_option("--role", o->role, "what he may do (docs/tenants.md)")
        ->required()
        ->one_of(role_names())
        ->type_name("ROLE");
  };
  args::Command* made =
      add_one("key", "make an administrator's key (mode 0600); its public half is printed", key);
  name_and_role(made);
  made->add_option("-o,--output", o->output, "where to write the key")->required();
  args::Command* added = add_one("add", "register an administrator", add);
  add_admin_options(*added, *o);
  name_and_role(added);
  added->add_option("--repository", o->repositories, "of an owner; several times")
      ->allow_extra_args(false);
  add_person_options(*added, o->proof);
  add_admin_options(*add_one("list", "who administers it", list), *o);
  args::Command* removed = add_one("remove", "take somebody's rights", remove);
  add_admin_options(*removed, *o);
  removed->add_option("NAME", o->name, "as `list` prints it")->required()->type_name("");
}

}  // namespace ward::cli
