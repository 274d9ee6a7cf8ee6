#include <memory>
#include <optional>
#include <string>

#include "apps/ward/admin_client.h"
#include "apps/ward/commands.h"
#include "args/args.h"
#include "base/text.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "refval/refval.h"
#include "server/files.h"

// ward refval add|list|get|remove|import: the reference values of a running wardd.
namespace ward::cli {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::string_view kPlace = "/v1/reference-value/";

struct Options : AdminOptions {
  std::string id;
  std::string value;
  std::string expires;
  std::string file;
};

int unreadable() { return fail(kCouldNotTell, "the server's answer cannot be read"); }

int wrong_id(const std::string& id) {
  return fail(kUsage, id + ": no id of a reference value",
              "1 to 256 printable characters without blanks, quotes, %, ? and #");
}

// value_json is what was given as JSON; a word that is none is a text.
Result<std::string, int> value_json(const std::string& given) {
  std::string out = given;
  const auto parsed = codec::parse_json(as_bytes(given));
  if (!parsed) {
    if (given.empty() || std::string_view("[{\"").find(given.front()) != std::string_view::npos) {
      return fail(kUsage, "the value is no JSON: " + to_text(parsed.error()),
                  "a text that begins so is written as JSON: \"[...\"");
    }
    JsonWriter w;
    auto text = w.string(given).take();
    if (!text) return fail(kUsage, "the value is not UTF-8");
    out = *std::move(text);
  }
  if (const auto wrong = refval::check_value(as_bytes(out))) {
    return fail(kUsage, to_text(*wrong));
  }
  return out;
}

int post(const Options& options, Bytes message) {
  const AdminReply reply = administer(options, {"POST", "/v1/reference-values", message});
  if (reply.exit != kAccepted) return reply.exit;
  const auto body = codec::parse_json(reply.body);
  const JsonValue* set = body ? body->find("set") : nullptr;
  const auto number = set != nullptr ? set->as_uint() : std::nullopt;
  if (!number) return unreadable();
  const std::string text = std::to_string(*number);
  return print(options.json ? "{\"schema\":\"ward.refval/1\",\"set\":" + text + "}\n"
                            : text + (*number == 1 ? " value set\n" : " values set\n"));
}

int add(const Options& options) {
  if (!refval::is_id(options.id)) return wrong_id(options.id);
  if (!options.expires.empty() && !parse_rfc3339(options.expires)) {
    return not_a_time("--expires", options.expires);
  }
  const auto value = value_json(options.value);
  if (!value) return value.error();
  JsonWriter w;
  w.begin_object().member("schema", "ward.reference-values/1").name("values").begin_object();
  w.name(options.id).raw_json(*value).end_object();
  if (!options.expires.empty()) w.member("expires", options.expires);
  const auto text = w.end_object().take();
  if (!text) return fail(kUsage, error_text(text.error()));
  return post(options, as_bytes(*text));
}

int import(const Options& options) {
  const auto text = server::read_file(options.file, refval::kMaxMessageBytes);
  if (!text) return own_file_failure(options.file, text.error());
  const auto values = refval::parse_message(*text, {});
  if (!values) return fail(kUsage, options.file + ": " + to_text(values.error()));
  return post(options, *text);
}

// line writes one value for people.
std::optional<std::string> line(Bytes reply, const JsonValue& one) {
  const JsonValue* id = one.find("id");
  const JsonValue* value = one.find("value");
  const JsonValue* expires = one.find("expires");
  const JsonValue* expired = one.find("expired");
  if (id == nullptr || value == nullptr || expires == nullptr || expired == nullptr) {
    return std::nullopt;
  }
  return for_terminal(id->as_string().value_or("")) + " " +
         for_terminal(as_text(value->raw(reply))) +
         (expired->as_bool().value_or(true) ? "  EXPIRED " : "  until ") +
         for_terminal(expires->as_string().value_or("")) + "\n";
}

int get(const Options& options) {
  if (!refval::is_id(options.id)) return wrong_id(options.id);
  const AdminReply reply = administer(options, {"GET", std::string(kPlace) + options.id, {}});
  if (reply.exit != kAccepted) return reply.exit;
  const auto body = codec::parse_json(reply.body);
  if (!body) return unreadable();
  if (options.json) {
    JsonWriter w;
    w.begin_object().member("schema", "ward.refval-values/1").name("values").begin_array();
    const auto text = w.copy(*body).end_array().end_object().take();
    return text ? print(*text + "\n") : unreadable();
  }
  const auto text = line(reply.body, *body);
  return text ? print(*text) : unreadable();
}

int list(const Options& options) {
  std::string out;
  JsonWriter w;
  w.begin_object().member("schema", "ward.refval-values/1").name("values").begin_array();
  std::string after;
  do {
    const AdminReply reply =
        administer(options, {"GET", "/v1/reference-values?after=" + form_encode(after), {}});
    if (reply.exit != kAccepted) return reply.exit;
    const auto body = codec::parse_json(reply.body);
    const JsonValue* values = body ? body->find("values") : nullptr;
    const JsonValue* next = body ? body->find("next") : nullptr;
    if (values == nullptr || next == nullptr || !next->as_string()) return unreadable();
    for (const JsonValue& one : values->items()) {
      const auto text = line(reply.body, one);
      if (!text) return unreadable();
      out += *text;
      w.copy(one);
    }
    if (*next->as_string() == after && !after.empty()) return unreadable();
    after = *next->as_string();
  } while (!after.empty());
  if (!options.json) return print(out);
  const auto text = w.end_array().end_object().take();
  return text ? print(*text + "\n") : unreadable();
}

int remove(const Options& options) {
  if (!refval::is_id(options.id)) return wrong_id(options.id);
  const AdminReply reply = administer(options, {"DELETE", std::string(kPlace) + options.id, {}});
  if (reply.exit != kAccepted || !options.json) return reply.exit;
  JsonWriter w;
  w.begin_object().member("schema", "ward.refval/1").member("id", options.id);
  const auto text = w.member("removed", true).end_object().take();
  return text ? print(*text + "\n") : unreadable();
}

}  // namespace

void add_refval(args::Command& app, Action& action) {
  args::Command* group = app.add_subcommand(
      "refval", "what policies in Rego look up: reference values of a running wardd");
  group->require_subcommand(1);
  const auto o = std::make_shared<Options>();
  const auto command = [&](const char* name, const char* help, int (*run)(const Options&)) {
    args::Command* one = group->add_subcommand(name, help);
    add_admin_options(*one, *o);
    one->callback([o, &action, run] { action = [o, run] { return run(*o); }; });
    return one;
  };
  args::Command* add_app = command("add", "set one, in the place of an earlier one", add);
  add_app->add_option("ID", o->id, "as policies look it up: snp_launch_measurement")->required();
  add_app->add_option("VALUE", o->value, "JSON ([\"ab\",\"cd\"], true, 3), or a text")->required();
  add_app->add_option("--expires", o->expires, "it counts before this time (otherwise a year)");
  args::Command* import_app = command("import", "set all of a file", import);
  import_app->add_option("FILE", o->file, "ward.reference-values/1, or a message of Trustee's RVPS")
      ->required();
  (void)command("list", "all of them, those whose time is over among them", list);
  command("get", "one of them", get)->add_option("ID", o->id, "its id")->required();
  command("remove", "forget one", remove)->add_option("ID", o->id, "its id")->required();
}

}  // namespace ward::cli
